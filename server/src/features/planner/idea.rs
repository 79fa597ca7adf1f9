//! Ideas as stored, and their rules.

use chrono::{DateTime, Utc};
use igny8_data::{AccountId, CanWrite, SectorId, SiteId, SiteScope, SurrealValue, Tx, id_type, record};
use poem_openapi::{Enum, Object};

use super::model::{Attribute, ClusterId, ClusterRole, KeywordId, check_attributes, choice};
use super::rules::{require_clusters, require_keywords, require_live, require_sector};
use crate::api::validate::Check;
use crate::features::content::model::{ContentStructure, ContentType};
use crate::features::taxonomy::TermId;
use crate::features::writer::TaskId;

id_type!(
    /// A page that could be written.
    IdeaId, "idea", "idea_"
);

choice!(IdeaStatus {
    /// Nothing was made of it yet.
    New,
    /// A task waits or is worked on.
    Queued,
    /// It was written.
    Completed,
});
choice!(IdeaOrigin {
    /// Made by a person.
    Manual,
    /// Made by `generate_ideas`.
    Generated,
});

/// A heading of an outline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Object, SurrealValue, serde::Serialize, serde::Deserialize)]
#[surreal(crate = "surrealdb_types")]
#[oai(deny_unknown_fields)]
pub struct Heading {
    pub heading: String,
    /// What the section says, point by point.
    #[oai(default)]
    #[surreal(default)]
    #[serde(default)]
    pub points: Vec<String>,
    /// It belongs into the page's questions and answers.
    #[oai(default)]
    #[surreal(default)]
    #[serde(default)]
    pub question: bool,
}

/// Headings of one outline, points of a heading.
pub const MAX_HEADINGS: usize = 60;
pub const MAX_POINTS: usize = 20;
/// Secondary keywords of one idea.
pub const MAX_KEYWORDS: usize = 2_000;
/// Terms, and names of terms, of one idea.
pub const MAX_TERMS: usize = 50;

/// What an idea and the task made of it have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan<'a> {
    pub title: &'a str,
    pub brief: &'a str,
    pub outline: &'a [Heading],
    pub word_count: i64,
    pub secondary: usize,
    pub terms: usize,
    pub attributes: &'a [Attribute],
    pub prompt: Option<&'a str>,
    pub role_without_cluster: bool,
}

impl Plan<'_> {
    /// Checks what a request may have set, in the request's own field names.
    pub fn check(&self, check: &mut Check) {
        check
            .text("title", self.title, 1, 200)
            .text("brief", self.brief, 0, 20_000)
            .that(
                (50..=20_000).contains(&self.word_count),
                "word_count",
                "must be between 50 and 20000",
            )
            .that(
                self.outline.len() <= MAX_HEADINGS,
                "outline",
                format!("must have at most {MAX_HEADINGS} headings"),
            )
            .that(
                self.secondary <= MAX_KEYWORDS,
                "secondary_keywords",
                format!("must be at most {MAX_KEYWORDS}"),
            )
            .that(self.terms <= MAX_TERMS, "terms", format!("must be at most {MAX_TERMS}"))
            .that(!self.role_without_cluster, "cluster_role", "needs a cluster");
        check_attributes(check, self.attributes);
        for (n, heading) in self.outline.iter().take(MAX_HEADINGS).enumerate() {
            check
                .text(&format!("outline.{n}.heading"), &heading.heading, 1, 300)
                .that(
                    heading.points.len() <= MAX_POINTS,
                    &format!("outline.{n}.points"),
                    format!("must be at most {MAX_POINTS}"),
                );
            for point in heading.points.iter().take(MAX_POINTS) {
                check.text(&format!("outline.{n}.points"), point, 1, 500);
            }
        }
        if let Some(prompt) = self.prompt {
            check.text("prompt", prompt, 1, 50_000);
        }
    }
}

/// An idea as stored.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Idea {
    pub id: IdeaId,
    pub account: AccountId,
    pub site: SiteId,
    pub sector: SectorId,
    pub title: String,
    pub brief: String,
    pub outline: Vec<Heading>,
    /// A cluster of the same sector.
    pub cluster: Option<ClusterId>,
    pub cluster_role: Option<ClusterRole>,
    pub content_type: ContentType,
    pub content_structure: ContentStructure,
    /// A keyword of the same sector.
    pub primary_keyword: Option<KeywordId>,
    /// The primary keyword; `None` while deleted. Unique within the site.
    pub target: Option<KeywordId>,
    /// Keywords of the same sector.
    pub secondary_keywords: Vec<KeywordId>,
    pub word_count: i64,
    pub terms: Vec<TermId>,
    pub suggested_terms: Vec<String>,
    /// What the page's subject is known to be; its content gets them.
    pub attributes: Vec<Attribute>,
    pub status: IdeaStatus,
    pub origin: IdeaOrigin,
    pub disabled: bool,
    pub task: Option<TaskId>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

record!(Idea, IdeaId, site, soft_delete);

impl Idea {
    /// A new idea made by hand.
    pub fn new<A: CanWrite>(
        id: IdeaId,
        scope: &SiteScope<A>,
        sector: SectorId,
        title: &str,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            account: scope.account(),
            site: scope.site(),
            sector,
            title: title.trim().to_owned(),
            brief: String::new(),
            outline: Vec::new(),
            cluster: None,
            cluster_role: None,
            content_type: ContentType::Post,
            content_structure: ContentStructure::Article,
            primary_keyword: None,
            target: None,
            secondary_keywords: Vec::new(),
            word_count: 1_000,
            terms: Vec::new(),
            suggested_terms: Vec::new(),
            attributes: Vec::new(),
            status: IdeaStatus::New,
            origin: IdeaOrigin::Manual,
            disabled: false,
            task: None,
            rev: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    /// Sets what it aims at; the primary keyword is not a secondary one besides.
    pub fn set_keywords(&mut self, primary: Option<KeywordId>, mut secondary: Vec<KeywordId>) {
        let mut seen: std::collections::HashSet<KeywordId> = primary.into_iter().collect();
        secondary.retain(|keyword| seen.insert(*keyword));
        self.primary_keyword = primary;
        self.target = primary.filter(|_| self.deleted_at.is_none());
        self.secondary_keywords = secondary;
    }

    /// Checks what a request may have set, in the request's own field names.
    pub fn check(&self, check: &mut Check) {
        Plan {
            title: &self.title,
            brief: &self.brief,
            outline: &self.outline,
            word_count: self.word_count,
            secondary: self.secondary_keywords.len(),
            terms: self.terms.len(),
            attributes: &self.attributes,
            prompt: None,
            role_without_cluster: self.cluster.is_none() && self.cluster_role.is_some(),
        }
        .check(check);
        check.that(
            self.suggested_terms.len() <= MAX_TERMS,
            "suggested_terms",
            format!("must be at most {MAX_TERMS}"),
        );
        for term in self.suggested_terms.iter().take(MAX_TERMS) {
            check.text("suggested_terms", term, 1, 120);
        }
    }

    /// All that it aims at, the primary first.
    pub fn keywords(&self) -> impl Iterator<Item = KeywordId> + '_ {
        self.primary_keyword
            .into_iter()
            .chain(self.secondary_keywords.iter().copied())
    }

    /// What it names must be the site's own, alive, and of its sector.
    pub fn require(&self, tx: &mut Tx<'_>) {
        require_named(
            tx,
            self.sector,
            self.cluster,
            &self.keywords().collect::<Vec<_>>(),
            &self.terms,
        );
    }
}

/// What ideas and tasks name must be the site's own, alive, and of the sector.
pub fn require_named(
    tx: &mut Tx<'_>,
    sector: SectorId,
    cluster: Option<ClusterId>,
    keywords: &[KeywordId],
    terms: &[TermId],
) {
    require_sector(tx, sector);
    require_clusters(tx, &cluster.into_iter().collect::<Vec<_>>(), Some(sector));
    require_keywords(tx, keywords, sector);
    require_live(tx, terms);
}
