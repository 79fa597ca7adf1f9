//! Links as requests and answers show them.

use chrono::{DateTime, Utc};
use igny8_linker::graph::PageRef;
use poem_openapi::{Enum, Object};

use crate::features::content::ContentId;
use crate::features::linker::model::{Link, LinkDirection, LinkId, LinkOrigin, LinkStatus};
use crate::features::linker::standing::Standing;
use crate::features::planner::{ClusterId, ClusterRole};

/// A page of a site.
#[derive(Debug, Clone, Object)]
#[oai(rename = "LinkedPage", skip_serializing_if_is_none)]
pub struct PageOut {
    /// Absent for archives, which no content is behind.
    pub content: Option<ContentId>,
    /// Where visitors find it: `/blog/brewing-times/`.
    pub path: String,
    pub title: String,
}

impl PageOut {
    pub fn of(standing: &Standing, page: &PageRef) -> Self {
        let (content, path) = standing.named(page);
        let title = match page.title.as_str() {
            "" => path.clone(),
            title => title.to_owned(),
        };
        Self { content, path, title }
    }
}

/// Why a link does not lead straight to a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "DeadLinkReason", rename_all = "snake_case")]
pub enum WhyOut {
    /// Nothing is there.
    Unknown,
    /// The page is not published.
    Draft,
    /// The page has moved; a redirect leads to it.
    Redirected,
    /// Its redirects lead in a circle, or are too many.
    RedirectLoop,
}

impl From<igny8_linker::graph::Why> for WhyOut {
    fn from(why: igny8_linker::graph::Why) -> Self {
        use igny8_linker::graph::Why;
        match why {
            Why::Unknown => Self::Unknown,
            Why::Draft => Self::Draft,
            Why::Redirected => Self::Redirected,
            Why::RedirectLoop => Self::RedirectLoop,
        }
    }
}

/// A link that is suggested, in a text, or was.
#[derive(Debug, Object)]
#[oai(rename = "Link", skip_serializing_if_is_none)]
pub struct LinkOut {
    pub id: LinkId,
    pub source: ContentId,
    pub target: ContentId,
    /// What they are called now; absent when they were deleted.
    pub source_title: Option<String>,
    pub target_title: Option<String>,
    pub status: LinkStatus,
    pub origin: LinkOrigin,
    /// The source's cluster, when it was suggested.
    pub cluster: Option<ClusterId>,
    /// The target's role in its own cluster, then.
    pub cluster_role: Option<ClusterRole>,
    pub direction: LinkDirection,
    /// The words it goes around.
    pub anchor: String,
    /// Where it begins in the body, in bytes; a hint, since bodies change.
    pub at: Option<i64>,
    /// The sentence around it.
    pub context: String,
    /// 0 to 100.
    pub score: Option<f64>,
    /// One sentence.
    pub reason: String,
    /// The address that was put in.
    pub href: Option<String>,
    /// Id of the user or key, or the name of the system's part.
    pub suggested_by: Option<String>,
    pub applied_by: Option<String>,
    pub applied_at: Option<DateTime<Utc>>,
    /// Who undid or dismissed it.
    pub ended_by: Option<String>,
    /// When it was undone, dismissed or found gone.
    pub ended_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl LinkOut {
    pub fn of(link: Link, title: impl Fn(ContentId) -> Option<String>) -> Self {
        Self {
            id: link.id,
            source: link.source,
            target: link.target,
            source_title: title(link.source),
            target_title: title(link.target),
            status: link.status,
            origin: link.origin,
            cluster: link.cluster,
            cluster_role: link.cluster_role,
            direction: link.direction,
            anchor: link.anchor,
            at: link.at,
            context: link.context,
            score: link.score,
            reason: link.reason,
            href: link.href,
            suggested_by: link.suggested_by,
            applied_by: link.applied_by,
            applied_at: link.applied_at,
            ended_by: link.ended_by,
            ended_at: link.ended_at,
            created_at: link.created_at,
            updated_at: link.updated_at,
        }
    }
}

/// A link to put in: what a suggestion says.
#[derive(Debug, Object)]
#[oai(rename = "LinkWish", deny_unknown_fields)]
pub struct WishIn {
    pub target: ContentId,
    /// The words it goes around, as the text says them.
    pub anchor: String,
    /// Where they begin in the body, in bytes; without it, or when they are not there any more, the first place that fits.
    pub at: Option<u64>,
}

/// What became of one link.
#[derive(Debug, Object)]
#[oai(rename = "LinkResult", skip_serializing_if_is_none)]
pub struct ResultOut {
    pub source: Option<ContentId>,
    pub target: Option<ContentId>,
    /// The row that stands for it; absent where a person had written the link.
    pub link: Option<LinkId>,
    /// It is as asked for.
    pub ok: bool,
    /// `already` when it was so before; else the problem's code.
    pub code: Option<String>,
    /// The problem in words.
    pub detail: Option<String>,
}

impl ResultOut {
    /// `result` is false for what was so before.
    pub fn of(
        source: Option<ContentId>,
        target: Option<ContentId>,
        link: Option<LinkId>,
        result: crate::api::Result<bool>,
    ) -> Self {
        let (ok, code, detail) = match result {
            Ok(new) => (true, (!new).then(|| "already".to_owned()), None),
            Err(error) => {
                let problem = error.into_problem();
                (false, Some(problem.code), Some(problem.detail))
            }
        };
        Self {
            source,
            target,
            link,
            ok,
            code,
            detail,
        }
    }
}
