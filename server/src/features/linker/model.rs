//! Links between pieces of content as stored.

use chrono::{DateTime, Utc};
use igny8_data::{AccountId, SiteId, SurrealValue, id_type, record};
use igny8_linker::body::Format;
use igny8_linker::edit::Insertion;
use igny8_linker::suggest::Direction;
use poem_openapi::Enum;

use crate::features::content::ContentId;
use crate::features::content::model::BodyFormat;
use crate::features::planner::model::choice;
use crate::features::planner::{ClusterId, ClusterRole};

id_type!(
    /// A link from one piece of content to another.
    LinkId, "link", "link_"
);

choice!(LinkStatus {
    /// Proposed, not in the body.
    Suggested,
    /// In the body.
    Applied,
    /// Was in the body and was taken out again.
    Undone,
    /// Not wanted: it is not suggested again.
    Dismissed,
    /// Was in the body until somebody edited it away.
    Gone,
});
choice!(
    /// Who chose a link.
    LinkOrigin {
        /// A person, from what is suggested while they look.
        Manual,
        /// The AI function `suggest_links`.
        Generated,
    }
);
choice!(
    /// Where a link leads in the plan of the site.
    LinkDirection {
        /// To the hub of the page's cluster.
        ToHub,
        /// From a hub to a page of its cluster.
        ToSupport,
        /// To another page of the same cluster.
        Sibling,
        /// To a page of another cluster, or where one of the two has none.
        CrossTopic,
    }
);

impl From<Direction> for LinkDirection {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::ToHub => Self::ToHub,
            Direction::ToSupport => Self::ToSupport,
            Direction::Sibling => Self::Sibling,
            Direction::CrossTopic => Self::CrossTopic,
        }
    }
}

/// A link as stored: one row for a source and a target, whatever becomes of it.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Link {
    pub id: LinkId,
    pub account: AccountId,
    pub site: SiteId,
    pub source: ContentId,
    pub target: ContentId,
    pub status: LinkStatus,
    pub origin: LinkOrigin,
    /// The source's, when it was suggested.
    pub cluster: Option<ClusterId>,
    /// The target's in its own cluster, then.
    pub cluster_role: Option<ClusterRole>,
    pub direction: LinkDirection,
    /// The words it goes around, as the text says them.
    pub anchor: String,
    /// Where it begins in the body, in bytes; a hint, since bodies change.
    pub at: Option<i64>,
    /// The sentence around it.
    pub context: String,
    /// 0 to 100; none for what a person chose.
    pub score: Option<f64>,
    /// One sentence for people.
    pub reason: String,
    /// Of what was put in: its address, the part of the source that tells whether it is there, and its length in bytes.
    pub href: Option<String>,
    pub mark: Option<String>,
    pub length: Option<i64>,
    /// A user's or key's id, or the system's name.
    pub suggested_by: Option<String>,
    pub applied_by: Option<String>,
    pub applied_at: Option<DateTime<Utc>>,
    /// Who undid or dismissed it, and when it ended.
    pub ended_by: Option<String>,
    pub ended_at: Option<DateTime<Utc>>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

record!(Link, LinkId, site);

impl Link {
    /// Makes it one that is in a body.
    pub fn apply(&mut self, insertion: &Insertion, format: Format, who: String, now: DateTime<Utc>) {
        self.status = LinkStatus::Applied;
        self.anchor.clone_from(&insertion.anchor);
        self.place(&insertion.href, format);
        self.at = i64::try_from(insertion.at).ok();
        self.length = i64::try_from(insertion.length).ok();
        (self.applied_by, self.applied_at) = (Some(who), Some(now));
        (self.ended_by, self.ended_at) = (None, None);
        self.updated_at = now;
    }

    /// Says which address it has in the body.
    pub fn place(&mut self, href: &str, format: Format) {
        self.mark = Some(Insertion::mark(href, format));
        self.href = Some(href.to_owned());
    }

    /// Ends it.
    pub fn end(&mut self, status: LinkStatus, who: String, now: DateTime<Utc>) {
        self.status = status;
        (self.ended_by, self.ended_at) = (Some(who), Some(now));
        self.updated_at = now;
    }

    /// What was put in, to take it out again.
    pub fn insertion(&self) -> Option<Insertion> {
        let number = |n: Option<i64>| n.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        Some(Insertion {
            href: self.href.clone()?,
            anchor: self.anchor.clone(),
            at: number(self.at),
            length: number(self.length),
        })
    }
}

/// How a body is written, as the algorithms call it.
pub fn format_of(format: BodyFormat) -> Format {
    match format {
        BodyFormat::Markdown => Format::Markdown,
        BodyFormat::Html => Format::Html,
    }
}
