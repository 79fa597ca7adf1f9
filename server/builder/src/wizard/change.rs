//! What rests on what: which steps a change re-opens, and why.

use serde::Serialize;

use super::Step;
use crate::names::choice;

choice! {
    /// Something of a plan that was changed.
    Change, "change" {
        /// Another kind of site.
        SiteType = "site_type",
        /// Another place where the site is served.
        Hosting = "hosting",
        /// Another sector.
        Sector = "sector",
        /// The site's language.
        Language = "language",
        /// The business's name.
        Name = "name",
        /// What the business says of itself.
        Description = "description",
        /// For whom the site is.
        Audience = "audience",
        /// Logo, colours, fonts, tone, contact data.
        Brand = "brand",
        /// Another blueprint, or another version of it.
        Blueprint = "blueprint",
        /// A cluster was attached.
        ClusterAttached = "cluster_attached",
        /// A cluster was detached.
        ClusterDetached = "cluster_detached",
        /// A cluster of the plan was deleted in the planner.
        ClusterDeleted = "cluster_deleted",
        /// A cluster's role.
        ClusterRole = "cluster_role",
        /// A cluster's priority.
        ClusterPriority = "cluster_priority",
        /// Keywords of clusters came, went or moved.
        Keywords = "keywords",
        /// A term was added.
        TermAdded = "term_added",
        /// A term was deleted or merged into another.
        TermRemoved = "term_removed",
        /// A term was put below another.
        TermMoved = "term_moved",
        /// A term was renamed.
        TermRenamed = "term_renamed",
        /// A term was mapped to other clusters.
        TermMapped = "term_mapped",
        /// The pages were planned anew.
        Regenerated = "regenerated",
        /// Pages came, went, or aim at something else.
        Pages = "pages",
        /// Pages were renamed, moved or put in another order.
        Arrangement = "arrangement",
        /// Pages were locked or unlocked.
        Locks = "locks",
        /// A gap was waived.
        Waived = "waived",
        /// A waiver was withdrawn.
        WaiverWithdrawn = "waiver_withdrawn",
        /// What the step needs is not there any more.
        Lost = "lost",
    }
}

/// A step that has to be done again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reopened {
    /// Which.
    pub step: Step,
    /// What was changed.
    pub change: Change,
    /// Why the step rests on that, for people.
    pub why: &'static str,
}

/// Why a step is open whose gate does not hold any more.
pub(super) const LOST: &str = "Something that the step needs is not there any more.";

/// The steps that a change re-opens.
pub fn reopens(change: Change) -> &'static [(Step, &'static str)] {
    use Step::{Clusters, Coverage, HandOff, Sitemap, Taxonomy};
    match change {
        Change::SiteType => &[
            (Taxonomy, "Another kind of site needs other taxonomies."),
            (Sitemap, "Another kind of site has other pages."),
            (Coverage, "Another kind of site is held against other rules."),
            (HandOff, "Other pages may have to be handed off."),
        ],
        Change::Blueprint => &[
            (Taxonomy, "The blueprint says which taxonomies are needed."),
            (Sitemap, "The blueprint says which pages there are."),
            (Coverage, "The blueprint says what is looked at."),
            (HandOff, "Other pages may have to be handed off."),
        ],
        Change::Sector => &[
            (Clusters, "Clusters belong to a sector."),
            (Sitemap, "Pages are made from the sector's clusters."),
            (Coverage, "Other clusters have to be covered."),
            (HandOff, "Other pages may have to be handed off."),
        ],
        Change::Language => &[
            (Sitemap, "Titles and addresses are made in the site's language."),
            (Coverage, "Titles and keywords are compared in the site's language."),
        ],
        Change::ClusterAttached => &[
            (Taxonomy, "The new cluster has to be mapped to a term."),
            (Sitemap, "The new cluster has no pages."),
            (Coverage, "The new cluster has to be covered."),
            (HandOff, "The new cluster's pages have to be handed off."),
        ],
        Change::ClusterDetached => &[
            (Sitemap, "Pages of the detached cluster are still planned."),
            (Coverage, "The detached cluster need not be covered any more."),
            (HandOff, "Pages of the detached cluster may have been handed off."),
        ],
        Change::ClusterDeleted => &[
            (Clusters, "A cluster of the plan was deleted."),
            (Sitemap, "Pages of the deleted cluster are still planned."),
            (Coverage, "The deleted cluster need not be covered any more."),
            (HandOff, "Pages of the deleted cluster may have been handed off."),
        ],
        Change::ClusterRole => &[
            (Sitemap, "The role of a cluster says which pages it gets."),
            (Coverage, "The role of a cluster says what it needs."),
        ],
        Change::Keywords => &[(
            Coverage,
            "Pages may aim at keywords that are elsewhere now, or at none.",
        )],
        Change::TermAdded => &[
            (Sitemap, "The new term has no page."),
            (Coverage, "The new term has to be covered."),
            (HandOff, "The new term's page has to be handed off."),
        ],
        Change::TermRemoved => &[
            (Taxonomy, "Clusters may be mapped to no term any more."),
            (Sitemap, "Pages are filed under a term that is gone."),
            (Coverage, "Pages may lack a term that they need."),
        ],
        Change::TermMoved => &[(Sitemap, "The pages of terms stand below each other as the terms do.")],
        Change::TermMapped => &[
            (Sitemap, "Pages are filed under the terms of their cluster."),
            (Coverage, "Other pages are filed under the term."),
        ],
        Change::Regenerated | Change::Pages => &[
            (Coverage, "Other pages cover other clusters."),
            (HandOff, "Pages may be new."),
        ],
        Change::Arrangement => &[(Coverage, "Titles, addresses and places in the tree are looked at.")],
        Change::WaiverWithdrawn => &[(Coverage, "The gap that was waived is open again.")],
        // Used by texts and themes when they are made; names of terms and the order of clusters follow by themselves.
        Change::Hosting
        | Change::Name
        | Change::Description
        | Change::Audience
        | Change::Brand
        | Change::ClusterPriority
        | Change::TermRenamed
        | Change::Locks
        | Change::Waived
        | Change::Lost => &[],
    }
}

/// The step in which a change is made.
pub fn step_of(change: Change) -> Option<Step> {
    Some(match change {
        Change::SiteType
        | Change::Hosting
        | Change::Sector
        | Change::Language
        | Change::Name
        | Change::Description
        | Change::Audience
        | Change::Brand
        | Change::Blueprint => Step::BusinessDetails,
        Change::ClusterAttached
        | Change::ClusterDetached
        | Change::ClusterDeleted
        | Change::ClusterRole
        | Change::ClusterPriority
        | Change::Keywords => Step::Clusters,
        Change::TermAdded | Change::TermRemoved | Change::TermMoved | Change::TermRenamed | Change::TermMapped => {
            Step::Taxonomy
        }
        Change::Regenerated | Change::Pages | Change::Arrangement | Change::Locks => Step::Sitemap,
        Change::Waived | Change::WaiverWithdrawn => Step::Coverage,
        Change::Lost => return None,
    })
}

pub(super) fn why(change: Change, step: Step) -> &'static str {
    let found = reopens(change).iter().find(|(reopened, _)| *reopened == step);
    found.map_or(LOST, |(_, why)| why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{Choice as _, check};

    #[test]
    fn nothing_re_opens_a_step_before_it() {
        check::<Change>();
        for &(change, word, _) in Change::ALL {
            let steps: Vec<Step> = reopens(change).iter().map(|(step, _)| *step).collect();
            assert!(steps.is_sorted_by(|a, b| a < b), "{word}");
            let Some(own) = step_of(change) else {
                continue;
            };
            // Only what is lost from outside re-opens the step it belongs to.
            let outside = matches!(
                change,
                Change::ClusterDeleted | Change::TermRemoved | Change::WaiverWithdrawn
            );
            assert!(
                steps.iter().all(|step| *step > own || (outside && *step == own)),
                "{word}"
            );
        }
    }

    #[test]
    fn what_rests_on_what() {
        let steps = |change: Change| -> Vec<Step> { reopens(change).iter().map(|(step, _)| *step).collect() };
        use Step::{Clusters, Coverage, HandOff, Sitemap, Taxonomy};
        for (change, expected) in [
            (Change::Brand, vec![]),
            (Change::Name, vec![]),
            (Change::SiteType, vec![Taxonomy, Sitemap, Coverage, HandOff]),
            (Change::ClusterDeleted, vec![Clusters, Sitemap, Coverage, HandOff]),
            (Change::TermRenamed, vec![]),
            (Change::Arrangement, vec![Coverage]),
            (Change::Waived, vec![]),
        ] {
            assert_eq!(steps(change), expected, "{change:?}");
        }
    }
}
