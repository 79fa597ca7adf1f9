//! The gates: what each step needs to be complete, and how it is said.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Step;
use crate::names::{Choice as _, TaxonomyKind, choice};

/// What is known of a plan, as far as gates look at it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Facts {
    /// Step 1.
    pub business: Business,
    /// Step 2.
    pub clusters: Clusters,
    /// Step 3.
    pub taxonomy: Terms,
    /// Step 4.
    pub sitemap: Pages,
    /// Step 5.
    pub coverage: Coverage,
    /// Step 6.
    pub hand_off: HandOff,
}

/// What is said of the business: true where something is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Business {
    /// Active sectors of the site.
    pub sectors: u32,
    /// A site type was chosen.
    pub site_type: bool,
    /// Where the site is served was chosen.
    pub hosting: bool,
    /// It has a name.
    pub name: bool,
    /// It has a description.
    pub description: bool,
    /// It is said for whom it is.
    pub audience: bool,
    /// The brand has what the theme and structured data need: a colour, and a way to get in touch.
    pub brand: bool,
}

/// The clusters of the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Clusters {
    /// Attached and there.
    pub attached: u32,
    /// Those of them without a role.
    pub without_role: u32,
    /// Attached, and deleted since in the planner.
    pub gone: u32,
}

/// The terms of the site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Terms {
    /// How many there are of each kind.
    pub by_kind: BTreeMap<TaxonomyKind, u32>,
    /// Kinds that must have one ([`crate::blueprint::Blueprint::required_taxonomies`]).
    pub required: Vec<TaxonomyKind>,
    /// Attached clusters that no term is mapped to.
    pub clusters_without: u32,
}

/// The pages of the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pages {
    /// All of them.
    pub pages: u32,
    /// Those that belong to a cluster or term that is gone.
    pub gone_names: u32,
    /// Those that cannot be at their address or place.
    pub broken: u32,
}

/// What the last look at the plan found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Coverage {
    /// The plan as it is now was looked at.
    pub checked: bool,
    /// Broken rules of level `must` that are not waived.
    pub open: u32,
}

/// What became of the pages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HandOff {
    /// Pages that became ideas, tasks or content.
    pub handed: u32,
}

choice! {
    /// What can be missing.
    ReasonCode, "reason" {
        /// An earlier step is not complete.
        EarlierStep = "earlier_step",
        /// The site has no sector.
        NoSector = "no_sector",
        /// No site type was chosen.
        NoSiteType = "no_site_type",
        /// No hosting was chosen.
        NoHosting = "no_hosting",
        /// The business has no name.
        NoName = "no_name",
        /// The business has no description.
        NoDescription = "no_description",
        /// Nobody said for whom the site is.
        NoAudience = "no_audience",
        /// The brand lacks something.
        NoBrand = "no_brand",
        /// No cluster is attached.
        NoClusters = "no_clusters",
        /// Clusters have no role.
        ClustersWithoutRole = "clusters_without_role",
        /// Attached clusters were deleted.
        ClustersGone = "clusters_gone",
        /// A taxonomy that is needed has no term.
        NoTerms = "no_terms",
        /// Clusters are mapped to no term.
        ClustersWithoutTerm = "clusters_without_term",
        /// No pages are planned.
        NoPages = "no_pages",
        /// Pages belong to what is gone.
        PagesOfGone = "pages_of_gone",
        /// Pages cannot be where they are.
        PagesBroken = "pages_broken",
        /// The plan was not looked at since it was changed.
        Unchecked = "unchecked",
        /// Rules are broken.
        CoverageOpen = "coverage_open",
        /// No page was handed off.
        NothingHandedOff = "nothing_handed_off",
    }
}

/// Something that is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// What.
    pub code: ReasonCode,
    /// The step that it keeps from being completed.
    pub step: Step,
    /// What is missing, in words.
    pub message: String,
    /// What to do, in words.
    pub mend: String,
    /// Where to do it.
    pub at: Step,
    /// How many there are of it; 1 where there is nothing to count.
    pub count: u32,
    /// The taxonomy that it is about.
    pub taxonomy: Option<TaxonomyKind>,
}

impl Reason {
    fn new(step: Step, code: ReasonCode, message: impl Into<String>, mend: &str) -> Self {
        Self {
            code,
            step,
            message: message.into(),
            mend: mend.to_owned(),
            at: step,
            count: 1,
            taxonomy: None,
        }
    }

    pub(super) fn earlier(step: Step, earlier: Step) -> Self {
        let message = format!("The step {} is not complete.", named(earlier));
        Self {
            at: earlier,
            ..Self::new(step, ReasonCode::EarlierStep, message, "Complete it first.")
        }
    }
}

fn named(step: Step) -> &'static str {
    match step {
        Step::BusinessDetails => "“Business details”",
        Step::Clusters => "“Clusters”",
        Step::Taxonomy => "“Taxonomy”",
        Step::Sitemap => "“Sitemap”",
        Step::Coverage => "“Coverage”",
        Step::HandOff => "“Hand-off”",
    }
}

fn counted(count: u32, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

/// What keeps a step from being complete, whatever the others are.
pub fn missing(step: Step, facts: &Facts) -> Vec<Reason> {
    use ReasonCode as Code;
    let mut out: Vec<Reason> = Vec::new();
    let mut need = |holds: bool, code: Code, message: &str, mend: &str| {
        if !holds {
            out.push(Reason::new(step, code, message, mend));
        }
    };
    match step {
        Step::BusinessDetails => {
            let of = &facts.business;
            need(
                of.name,
                Code::NoName,
                "The business has no name.",
                "Say what it is called.",
            );
            need(
                of.site_type,
                Code::NoSiteType,
                "No kind of site is chosen.",
                "Choose blog, shop or company.",
            );
            need(
                of.hosting,
                Code::NoHosting,
                "It is not chosen where the site is served.",
                "Choose IGNY8, WordPress or both.",
            );
            need(
                of.sectors > 0,
                Code::NoSector,
                "The site has no active sector.",
                "Add a sector, or take one from the catalogue.",
            );
            need(
                of.description,
                Code::NoDescription,
                "The business is not described.",
                "Say in a sentence or two what it does.",
            );
            need(
                of.audience,
                Code::NoAudience,
                "It is not said for whom the site is.",
                "Describe the people it is for.",
            );
            need(
                of.brand,
                Code::NoBrand,
                "The brand has no colour or no way to get in touch.",
                "Choose a colour, and give an email address or a telephone number.",
            );
        }
        Step::Clusters => {
            let of = &facts.clusters;
            need(
                of.attached > 0,
                Code::NoClusters,
                "No cluster is attached.",
                "Attach at least one; cluster your keywords first if there are none.",
            );
            let message = counted(of.without_role, "cluster has no role.", "clusters have no role.");
            need(
                of.without_role == 0,
                Code::ClustersWithoutRole,
                &message,
                "Choose hub, supporting or attribute.",
            );
            let message = counted(
                of.gone,
                "attached cluster was deleted.",
                "attached clusters were deleted.",
            );
            need(of.gone == 0, Code::ClustersGone, &message, "Detach them.");
        }
        Step::Taxonomy => {
            let of = &facts.taxonomy;
            for kind in of
                .required
                .iter()
                .filter(|kind| of.by_kind.get(kind).is_none_or(|count| *count == 0))
            {
                let message = format!("There is no {}.", kind.word().replace('_', " "));
                let mend = "Take a proposal, import terms, or make one.";
                out.push(Reason {
                    taxonomy: Some(*kind),
                    ..Reason::new(step, Code::NoTerms, message, mend)
                });
            }
            if of.clusters_without > 0 {
                let message = counted(
                    of.clusters_without,
                    "cluster is mapped to no term.",
                    "clusters are mapped to no term.",
                );
                out.push(Reason::new(
                    step,
                    Code::ClustersWithoutTerm,
                    message,
                    "Say which term each belongs to.",
                ));
            }
        }
        Step::Sitemap => {
            let of = &facts.sitemap;
            need(
                of.pages > 0,
                Code::NoPages,
                "No pages are planned.",
                "Generate the sitemap.",
            );
            let message = counted(
                of.gone_names,
                "page belongs to a cluster or term that is gone.",
                "pages belong to clusters or terms that are gone.",
            );
            need(
                of.gone_names == 0,
                Code::PagesOfGone,
                &message,
                "Generate the sitemap anew, or give them others.",
            );
            let message = counted(
                of.broken,
                "page cannot be at its address or place.",
                "pages cannot be at their addresses or places.",
            );
            need(
                of.broken == 0,
                Code::PagesBroken,
                &message,
                "Give them other addresses, or move them.",
            );
        }
        Step::Coverage => {
            let of = &facts.coverage;
            need(
                of.checked,
                Code::Unchecked,
                "The plan was not looked at since it was changed.",
                "Check the coverage.",
            );
            let message = counted(of.open, "gap is open.", "gaps are open.");
            need(
                of.open == 0,
                Code::CoverageOpen,
                &message,
                "Mend each, or waive it with a reason.",
            );
        }
        Step::HandOff => need(
            facts.hand_off.handed > 0,
            Code::NothingHandedOff,
            "No page was handed off.",
            "Choose pages and make ideas, tasks or texts of them.",
        ),
    }
    for reason in &mut out {
        reason.count = match reason.code {
            Code::ClustersWithoutRole => facts.clusters.without_role,
            Code::ClustersGone => facts.clusters.gone,
            Code::ClustersWithoutTerm => facts.taxonomy.clusters_without,
            Code::PagesOfGone => facts.sitemap.gone_names,
            Code::PagesBroken => facts.sitemap.broken,
            Code::CoverageOpen => facts.coverage.open,
            _ => 1,
        };
    }
    out
}
