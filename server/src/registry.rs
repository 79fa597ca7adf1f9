//! The lists of what the product is made of. The only file that names every feature; AI functions have a list of their own
//! ([`crate::ai::functions`]).

use poem_openapi::OpenApi;

use crate::features;
use crate::jobs::JobType;
use crate::jobs::purge::{self, FoundBy, SoftDeleted};
use crate::jobs::schedule::Schedule;

/// Every operation of the API, by feature.
pub fn apis() -> impl OpenApi + 'static {
    (
        features::accounts::api::apis(),
        features::billing::api::apis(),
        features::sites::api::apis(),
        (
            features::integrations::api::IntegrationsApi,
            features::webhooks::api::WebhooksApi,
            features::webhooks::api::DeliveriesApi,
        ),
        crate::jobs::api::JobsApi,
        features::media::api::MediaApi,
        features::publishing::api::DeploymentsApi,
        features::publishing::api::PreviewApi,
        features::destinations::api::apis(),
        (
            features::schedules::api::SchedulesApi,
            features::taxonomy::api::TermsApi,
            features::forms::api::FormsApi,
        ),
        // A tuple of APIs has at most 16 elements.
        (
            features::planner::api::KeywordsApi,
            features::planner::api::ClustersApi,
            features::planner::api::RegroupApi,
            features::planner::api::CoverageApi,
            features::planner::api::ClusterDetailApi,
            features::planner::api::MatrixApi,
            features::planner::api::ClusterTransferApi,
            features::planner::api::SeedsApi,
            features::planner::api::TransferApi,
            features::planner::api::IdeasApi,
            features::planner::api::IdeaTransferApi,
            features::writer::api::TasksApi,
            features::writer::api::BoardApi,
            features::writer::api::DraftsApi,
            features::images::api::ImagesApi,
        ),
        crate::ai::api::apis(),
        features::linker::api::apis(),
        features::builder::api::apis(),
        (
            features::content::api::ContentApi,
            features::content::api::StatusApi,
            features::content::api::BulkApi,
            features::content::api::RevisionsApi,
            features::content::api::CalendarApi,
            features::editorial::api::CommentsApi,
            features::editorial::api::EditingApi,
            features::editorial::api::MergeApi,
            features::optimizer::api::ScoresApi,
            features::optimizer::api::ScoreCoverageApi,
            features::optimizer::api::OptimizerApi,
            features::optimizer::api::OptimizationsApi,
        ),
    )
}

/// Every kind of background job.
pub fn jobs() -> Vec<JobType> {
    let mut jobs = vec![
        crate::ai::engine::job(),
        features::accounts::mails::job(),
        features::builder::live::job(),
        features::content::schedule::job(),
        features::content::search::job(),
        features::destinations::inbound::job(),
        features::editorial::mails::job(),
        features::forms::mails::job(),
        features::linker::job(),
        features::optimizer::keep::job(),
        features::planner::import::job::job(),
        features::publishing::deploy_job(),
        features::publishing::site_changed_job(),
        features::sites::domains::job(),
        features::webhooks::job(),
        features::webhooks::mails::job(),
    ];
    jobs.extend(features::destinations::jobs());
    jobs
}

/// Everything done periodically.
pub fn schedules() -> Vec<Schedule> {
    use chrono::Duration;
    vec![
        Schedule::new("purge_finished", Duration::hours(1), purge::finished),
        Schedule::new("purge_transcripts", Duration::hours(1), crate::ai::transcript::purge),
        Schedule::new("purge_ai_answers", Duration::hours(1), crate::ai::kept::purge),
        Schedule::new("purge_ai_vectors", Duration::hours(1), crate::ai::vectors::purge),
        Schedule::new("renew_credits", Duration::minutes(10), features::billing::renew),
        Schedule::new("forget_messages", Duration::hours(1), features::forms::keep::forget),
        Schedule::new(
            "forget_sync_events",
            Duration::hours(1),
            features::destinations::forget_events,
        ),
        Schedule::new("purge_deleted", Duration::hours(1), purge::deleted),
        Schedule::new("purge_media_files", Duration::hours(1), features::media::purge_files),
        Schedule::new(
            "purge_imports",
            Duration::hours(1),
            features::planner::import::job::purge_files,
        ),
        Schedule::new("keep_search", Duration::hours(1), features::content::search::keep),
        Schedule::new("age_scores", Duration::minutes(15), features::optimizer::keep::age),
        Schedule::new(
            "look_at_destinations",
            Duration::seconds(30),
            features::destinations::inbound::look_at_destinations,
        ),
        Schedule::new(
            "publish_left_behind",
            Duration::minutes(5),
            features::destinations::send::catch_up,
        ),
        Schedule::new(
            "mirror_releases",
            Duration::minutes(5),
            features::destinations::releases::catch_up,
        ),
        Schedule::new("site_schedules", Duration::seconds(15), features::schedules::run_due),
        Schedule::new("mend_deployments", Duration::minutes(1), features::publishing::mend),
        Schedule::new(
            "check_domains",
            Duration::minutes(1),
            features::sites::domains::check_due,
        ),
        Schedule::new(
            "revive_webhooks",
            Duration::minutes(5),
            features::webhooks::keep::revive,
        ),
        Schedule::new("purge_webhooks", Duration::hours(1), features::webhooks::keep::purge),
    ]
}

/// Tables whose rows have `deleted_at` and are removed for good some days after it; sites come by themselves.
pub const SOFT_DELETED: &[SoftDeleted] = &[
    SoftDeleted {
        table: "content",
        found_by: FoundBy::Time,
        parts: &[
            ("revision", "content"),
            ("comment", "content"),
            ("editing", "content"),
            ("generated", "content"),
            ("image", "content"),
            ("link", "source"),
            ("link", "target"),
            ("content_score", "content"),
            ("optimization", "content"),
            ("publication", "content"),
        ],
        named_by: &[
            ("task", "content = NONE", "content INSIDE $gone"),
            ("submission", "content = NONE", "content INSIDE $gone"),
            (
                "planned_page",
                "content = NONE, generated = NONE",
                "content INSIDE $gone",
            ),
        ],
    },
    SoftDeleted::alone("comment"),
    SoftDeleted::alone("image"),
    SoftDeleted {
        table: "cluster",
        found_by: FoundBy::Time,
        parts: &[],
        named_by: &[
            ("content", "cluster = NONE, cluster_role = NONE", "cluster INSIDE $gone"),
            ("keyword", "cluster = NONE", "cluster INSIDE $gone"),
            ("idea", "cluster = NONE, cluster_role = NONE", "cluster INSIDE $gone"),
            ("task", "cluster = NONE, cluster_role = NONE", "cluster INSIDE $gone"),
            ("cluster", "parent = NONE", "parent INSIDE $gone"),
            ("link", "cluster = NONE", "cluster INSIDE $gone"),
            (
                "term",
                "clusters = array::complement(clusters, $gone)",
                "clusters CONTAINSANY $gone",
            ),
        ],
    },
    SoftDeleted {
        table: "destination",
        found_by: FoundBy::Time,
        parts: &[
            ("destination_state", "destination"),
            ("mapping", "destination"),
            ("publication", "destination"),
            ("sync_event", "destination"),
        ],
        named_by: &[],
    },
    SoftDeleted {
        table: "idea",
        found_by: FoundBy::Time,
        parts: &[],
        named_by: &[
            ("task", "idea = NONE, queued_for = NONE", "idea INSIDE $gone"),
            ("planned_page", "idea = NONE", "idea INSIDE $gone"),
        ],
    },
    SoftDeleted {
        table: "keyword",
        found_by: FoundBy::Key {
            index: "keyword_text",
            field: "text_key",
        },
        parts: &[],
        named_by: &[
            (
                "idea",
                "primary_keyword = NONE, target = NONE",
                "primary_keyword INSIDE $gone",
            ),
            (
                "idea",
                "secondary_keywords = array::complement(secondary_keywords, $gone)",
                "secondary_keywords CONTAINSANY $gone",
            ),
            ("task", "primary_keyword = NONE", "primary_keyword INSIDE $gone"),
            (
                "task",
                "secondary_keywords = array::complement(secondary_keywords, $gone)",
                "secondary_keywords CONTAINSANY $gone",
            ),
        ],
    },
    SoftDeleted {
        table: "media",
        found_by: FoundBy::Time,
        parts: &[],
        named_by: &[
            ("content", "featured_image = NONE", "featured_image INSIDE $gone"),
            ("image", "media = NONE, status = 'pending'", "media INSIDE $gone"),
        ],
    },
    SoftDeleted::alone("sector"),
    SoftDeleted {
        table: "site_blueprint",
        found_by: FoundBy::Time,
        parts: &[("site_plan", "blueprint")],
        named_by: &[("planned_page", "blueprint = NONE", "blueprint INSIDE $gone")],
    },
    SoftDeleted {
        table: "task",
        found_by: FoundBy::Time,
        parts: &[],
        named_by: &[
            ("idea", "task = NONE", "task INSIDE $gone"),
            ("planned_page", "task = NONE", "task INSIDE $gone"),
        ],
    },
    SoftDeleted {
        table: "term",
        found_by: FoundBy::Time,
        parts: &[],
        named_by: &[
            (
                "content",
                "terms = array::complement(terms, $gone)",
                "terms CONTAINSANY $gone",
            ),
            (
                "idea",
                "terms = array::complement(terms, $gone)",
                "terms CONTAINSANY $gone",
            ),
            (
                "task",
                "terms = array::complement(terms, $gone)",
                "terms CONTAINSANY $gone",
            ),
            ("term", "parent = NONE", "parent INSIDE $gone"),
        ],
    },
];

/// Tables whose rows belong to a site and go with it.
pub const OF_SITES: &[&str] = &[
    "ai_answer",
    "ai_transcript",
    "cluster",
    "comment",
    "content",
    "content_score",
    "deployment",
    "destination",
    "destination_state",
    "domain",
    "editing",
    "generated",
    "idea",
    "image",
    "keyword",
    "link",
    "mapping",
    "media",
    "optimization",
    "planned_page",
    "publication",
    "revision",
    "score_state",
    "sector",
    "site_access",
    "site_blueprint",
    "site_plan",
    "site_schedule",
    "submission",
    "sync_event",
    "task",
    "term",
    "tree_guard",
    "webhook_delivery",
    "webhook_endpoint",
    "webhook_message",
];
