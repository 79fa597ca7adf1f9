//! Plans of sites as stored, and their rules.

use chrono::{DateTime, Utc};
use igny8_builder::blueprint::Blueprint;
use igny8_builder::wizard::Wizard;
use igny8_data::{AccountId, CanWrite, SectorId, SiteId, SiteScope, SurrealValue, id_type, record};
use poem_openapi::Enum;
use serde_json::Value;

use crate::api::validate::Check;
use crate::features::content::ContentId;
use crate::features::planner::idea::IdeaId;
use crate::features::planner::model::choice;
use crate::features::planner::{ClusterId, ClusterRole};
use crate::features::writer::TaskId;

id_type!(
    /// A plan of a site.
    SiteBlueprintId, "site_blueprint", "plan_"
);
id_type!(
    /// The pages of a plan; its ULID is the plan's.
    SitePlanId, "site_plan", "pages_"
);
id_type!(
    /// What became of a planned page.
    PlannedPageId, "planned_page", "ppage_"
);

choice!(PlanStatus {
    /// Being made.
    Draft,
    /// The site follows it. A site has one such plan.
    Live,
    /// Was live once.
    Retired,
});

/// Clusters of one plan.
pub const MAX_CLUSTERS: usize = 2_000;
/// Gaps that are waived in one plan.
pub const MAX_WAIVERS: usize = 2_000;

/// A cluster that is attached to a plan.
#[derive(Debug, Clone, PartialEq, Eq, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Attached {
    pub cluster: ClusterId,
    /// Its place among the others; the planner's when nobody chose.
    pub role: Option<ClusterRole>,
    /// Smaller comes first; equal ones by searches.
    pub priority: i64,
}

/// A plan of a site as stored; its pages are apart ([`super::plan`]).
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct SiteBlueprint {
    pub id: SiteBlueprintId,
    pub account: AccountId,
    pub site: SiteId,
    /// Whose clusters it is made from.
    pub sector: Option<SectorId>,
    pub name: String,
    /// Counts the plans of the site, from 1.
    pub version: i64,
    /// Name of the blueprint file.
    pub kind: String,
    /// The file's version when it was last looked at.
    pub kind_version: i64,
    pub status: PlanStatus,
    /// True while it is the live one.
    pub live: Option<bool>,
    /// For whom the site is.
    pub audience: String,
    pub clusters: Vec<Attached>,
    /// [`igny8_builder::coverage::Waiver`]s with who and when.
    pub waivers: Vec<Value>,
    /// [`Wizard`].
    pub wizard: Value,
    /// The coverage was looked at, and nothing that it rests on changed since.
    pub checked: bool,
    /// Gaps that were found that are neither mended nor waived.
    pub open: i64,
    pub pages: i64,
    /// The revision of the pages that is live.
    pub deployed_rev: Option<i64>,
    pub deployed_at: Option<DateTime<Utc>>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

record!(SiteBlueprint, SiteBlueprintId, site, soft_delete);

/// What became of a planned page. Keys follow from what a page is for, so the plans of a site share these rows.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct PlannedPage {
    pub id: PlannedPageId,
    pub account: AccountId,
    pub site: SiteId,
    /// [`igny8_builder::sitemap::PagePlan::key`]; unique within the site.
    pub key: String,
    /// The plan that it was handed off from last.
    pub blueprint: Option<SiteBlueprintId>,
    pub idea: Option<IdeaId>,
    pub task: Option<TaskId>,
    pub content: Option<ContentId>,
    /// Blocks as they were generated last: what differs from them is a person's.
    pub generated: Option<Vec<Value>>,
    pub rev: i64,
    pub at: DateTime<Utc>,
}

record!(PlannedPage, PlannedPageId, site);

impl SiteBlueprint {
    /// A new plan with nothing in it.
    pub fn new<A: CanWrite>(
        id: SiteBlueprintId,
        scope: &SiteScope<A>,
        kind: &Blueprint,
        version: i64,
        now: DateTime<Utc>,
    ) -> Self {
        let mut plan = Self {
            id,
            account: scope.account(),
            site: scope.site(),
            sector: None,
            name: format!("{} {version}", kind.name),
            version,
            kind: kind.key.clone(),
            kind_version: i64::from(kind.version),
            status: PlanStatus::Draft,
            live: None,
            audience: String::new(),
            clusters: Vec::new(),
            waivers: Vec::new(),
            wizard: Value::Null,
            checked: false,
            open: 0,
            pages: 0,
            deployed_rev: None,
            deployed_at: None,
            rev: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        };
        plan.set_wizard(&Wizard::default());
        plan
    }

    /// How far it is. What a newer program stored begins anew.
    pub fn wizard(&self) -> Wizard {
        serde_json::from_value(self.wizard.clone()).unwrap_or_default()
    }

    pub fn set_wizard(&mut self, wizard: &Wizard) {
        // Sets and maps of words: writing them as JSON cannot fail.
        self.wizard = serde_json::to_value(wizard).unwrap_or_default();
    }

    /// Checks what a request may have set, in the request's own field names.
    pub fn check(&self, check: &mut Check) {
        check
            .text("name", &self.name, 1, 120)
            .text("audience", &self.audience, 0, 500)
            .that(
                self.clusters.len() <= MAX_CLUSTERS,
                "attach",
                format!("a plan has at most {MAX_CLUSTERS} clusters"),
            )
            .that(
                self.clusters.iter().all(|of| (0..=1_000_000).contains(&of.priority)),
                "attach.priority",
                "must be between 0 and 1000000",
            );
    }
}

impl PlannedPage {
    /// A page of which nothing was made yet.
    pub fn new<A: CanWrite>(id: PlannedPageId, scope: &SiteScope<A>, key: &str, now: DateTime<Utc>) -> Self {
        Self {
            id,
            account: scope.account(),
            site: scope.site(),
            key: key.to_owned(),
            blueprint: None,
            idea: None,
            task: None,
            content: None,
            generated: None,
            rev: 1,
            at: now,
        }
    }
}
