//! How much of a site's plan is written, what the gaps are worth, and which pages compete.

use std::collections::HashSet;

use igny8_data::{Read, SectorId, SiteId};
use igny8_planner::coverage as planner;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};

use crate::api::{Caller, Error, FieldError, Result, Tag};
use crate::app::App;
use crate::features::content::ContentId;
use crate::features::planner::coverage::{self, Plan};
use crate::features::planner::model::{ClusterId, ClusterRole};
use crate::features::publishing::address_of;
use crate::features::sites::{Sector, Site};

/// How much of a plan is written. Disabled keywords and clusters are not counted.
#[derive(Debug, Object)]
pub struct PlanCoverage {
    /// Of all keywords.
    pub coverage: CoverageNumbers,
    /// Keywords in no cluster.
    pub unassigned_keywords: u64,
    pub clusters: ClusterStates,
    /// Hubs, the most valuable gaps first; at most `limit`.
    pub hubs: Vec<HubCoverage>,
    /// All of them.
    pub hub_count: u64,
    /// Clusters with keywords that no published page aims at, the most valuable first; at most `limit`.
    pub gaps: Vec<ClusterGaps>,
    /// All of them.
    pub gap_count: u64,
    /// Pages that compete with each other; at most `limit`.
    pub rivals: Vec<RivalPages>,
    /// All of them.
    pub rival_count: u64,
}

/// Counts of keywords and their searches a month; searches of variants (the same words in other forms or order) count once.
#[derive(Debug, Object)]
pub struct CoverageNumbers {
    pub keywords: u64,
    /// Keywords that some content aims at, published or not.
    pub written: u64,
    /// Keywords that published content aims at.
    pub live: u64,
    /// `live` of `keywords`, 0 to 1.
    pub keyword_coverage: f64,
    pub volume: u64,
    pub volume_written: u64,
    pub volume_live: u64,
    /// `volume_live` of `volume`, 0 to 1.
    pub volume_coverage: f64,
}

/// How many clusters are how far.
#[derive(Debug, Default, Object)]
pub struct ClusterStates {
    pub total: u64,
    /// With a published page whose title holds the words of the keyword it aims at.
    pub covered: u64,
    /// With pages, but none like that.
    pub weak: u64,
    /// Without a page.
    pub gap: u64,
}

/// How far a cluster is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum CoverageState {
    /// A published page's title holds the words of the keyword it aims at.
    Covered,
    /// There are pages, but none like that.
    Weak,
    /// There is no page.
    Gap,
}

/// A hub: a cluster with this role and those below it, down to the next hub.
#[derive(Debug, Object)]
pub struct HubCoverage {
    pub cluster: ClusterId,
    pub name: String,
    /// Clusters it is made of, its own among them.
    pub clusters: u64,
    /// Those with a published page.
    pub live_clusters: u64,
    /// `live_clusters` of `clusters`, 0 to 1.
    pub cluster_coverage: f64,
    /// It has a published hub page.
    pub hub_page: bool,
    /// Its other published pages.
    pub supporting_pages: u64,
    /// Those that the hub page's text links to.
    pub linked_from_hub: u64,
    /// Those whose text links to the hub page.
    pub linking_to_hub: u64,
    /// ½ · cluster coverage + ¼ for a hub page + ¼ · share of the links there should be; 0 to 1.
    pub completeness: f64,
    /// Sum of its clusters' gap values.
    pub gap_value: f64,
}

/// What a cluster lacks, and what that is worth.
#[derive(Debug, Object)]
pub struct ClusterGaps {
    pub cluster: ClusterId,
    pub name: String,
    pub role: ClusterRole,
    pub state: CoverageState,
    /// `no_hub`, `few_supporting_pages`, `top_keyword_uncovered`.
    pub gaps: Vec<String>,
    pub coverage: CoverageNumbers,
    /// Visits a month that pages for its keywords without one could bring, weighted by intent and divided by effort.
    pub gap_value: f64,
    /// Searches a month of these keywords, each × (1 − difficulty ÷ 100).
    pub opportunity: f64,
}

/// Why pages compete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum RivalReason {
    /// They aim at one keyword, or at variants of it.
    SamePrimaryKeyword,
    /// They are hub pages of one cluster.
    SameHub,
}

/// Published pages of one language that compete for the same searches.
#[derive(Debug, Object)]
pub struct RivalPages {
    pub reason: RivalReason,
    pub pages: Vec<RivalPage>,
}

/// A page that competes with others.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct RivalPage {
    pub id: ContentId,
    pub title: String,
    pub path: String,
    pub primary_keyword: Option<String>,
    pub cluster: Option<ClusterId>,
}

/// Entries of each list when nothing else is asked for, and at most.
const SHOWN: u32 = 50;
const MOST: u32 = 200;

pub struct CoverageApi;

#[OpenApi(tag = "Tag::Planner")]
impl CoverageApi {
    /// Coverage of a plan
    ///
    /// Of a site, or of one of its sectors: how many keywords and searches have a page, how complete its hubs are, what the
    /// gaps are worth, and which published pages compete with each other.
    #[oai(path = "/sites/:site_id/coverage", method = "get", operation_id = "coverage_get")]
    async fn coverage(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Of one sector.
        sector: Query<Option<SectorId>>,
        /// Entries of each list, at most 200; 50 when absent.
        limit: Query<Option<u32>>,
    ) -> Result<Json<PlanCoverage>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let limit = limit.0.unwrap_or(SHOWN);
        if !(1..=MOST).contains(&limit) {
            let message = format!("must be between 1 and {MOST}");
            return Err(Error::invalid(vec![FieldError::new("limit", message)]));
        }
        let account = caller.actor().account::<Read>()?;
        let site = app.db.account(&account).get::<Site>(site_id.0).await?;
        let site = site.ok_or_else(Error::not_found)?;
        let db = app.db.site(&scope);
        if let Some(sector) = sector.0
            && db.get::<Sector>(sector).await?.is_none()
        {
            return Err(Error::invalid(vec![FieldError::new(
                "sector",
                "must be a sector of this site",
            )]));
        }
        let plan = coverage::read(&db, &site, &address_of(&app, &site), sector.0).await?;
        Ok(Json(PlanCoverage::of(&plan, sector.0.is_some(), limit as usize)))
    }
}

impl PlanCoverage {
    fn of(plan: &Plan, of_sector: bool, limit: usize) -> Self {
        let report = &plan.report;
        let mut clusters = ClusterStates::default();
        for of in &report.clusters {
            clusters.total += 1;
            match of.state {
                planner::State::Covered => clusters.covered += 1,
                planner::State::Weak => clusters.weak += 1,
                planner::State::Gap => clusters.gap += 1,
            }
        }
        let mut hubs: Vec<&planner::HubReport> = report.hubs.iter().collect();
        hubs.sort_by(|a, b| b.gap_value.total_cmp(&a.gap_value).then(a.cluster.cmp(&b.cluster)));
        let mut gaps: Vec<(usize, &planner::ClusterReport)> = report
            .clusters
            .iter()
            .enumerate()
            .filter(|(_, of)| of.coverage.live < of.coverage.keywords || of.state != planner::State::Covered)
            .collect();
        gaps.sort_by(|a, b| b.1.gap_value.total_cmp(&a.1.gap_value).then(a.0.cmp(&b.0)));
        // Of a sector are the conflicts in which one of its clusters takes part.
        let own: HashSet<ClusterId> = plan.clusters.iter().map(|cluster| cluster.id).collect();
        let ours = |rivals: &&planner::Rivals| {
            let known = |at: &usize| plan.pages[*at].cluster.is_some_and(|id| own.contains(&id));
            !of_sector || rivals.pages.iter().any(known)
        };
        let rivals: Vec<&planner::Rivals> = report.rivals.iter().filter(ours).collect();
        Self {
            coverage: CoverageNumbers::of(report.total),
            unassigned_keywords: report.unassigned,
            clusters,
            hub_count: hubs.len() as u64,
            hubs: hubs
                .into_iter()
                .take(limit)
                .map(|hub| HubCoverage::of(plan, hub))
                .collect(),
            gap_count: gaps.len() as u64,
            gaps: gaps
                .into_iter()
                .take(limit)
                .map(|(at, of)| ClusterGaps::of(plan, at, of))
                .collect(),
            rival_count: rivals.len() as u64,
            rivals: rivals
                .into_iter()
                .take(limit)
                .map(|of| RivalPages::of(plan, of))
                .collect(),
        }
    }
}

impl CoverageNumbers {
    fn of(coverage: planner::Coverage) -> Self {
        Self {
            keywords: coverage.keywords,
            written: coverage.written,
            live: coverage.live,
            keyword_coverage: coverage.keyword_coverage(),
            volume: coverage.volume,
            volume_written: coverage.volume_written,
            volume_live: coverage.volume_live,
            volume_coverage: coverage.volume_coverage(),
        }
    }
}

impl HubCoverage {
    fn of(plan: &Plan, hub: &planner::HubReport) -> Self {
        let cluster = &plan.clusters[hub.cluster];
        Self {
            cluster: cluster.id,
            name: cluster.name.clone(),
            clusters: hub.clusters,
            live_clusters: hub.live_clusters,
            cluster_coverage: hub.cluster_coverage(),
            hub_page: hub.pillar,
            supporting_pages: hub.supports,
            linked_from_hub: hub.linked_from_pillar,
            linking_to_hub: hub.linking_to_pillar,
            completeness: hub.completeness,
            gap_value: hub.gap_value,
        }
    }
}

impl ClusterGaps {
    fn of(plan: &Plan, at: usize, of: &planner::ClusterReport) -> Self {
        let cluster = &plan.clusters[at];
        Self {
            cluster: cluster.id,
            name: cluster.name.clone(),
            role: cluster.role,
            state: match of.state {
                planner::State::Covered => CoverageState::Covered,
                planner::State::Weak => CoverageState::Weak,
                planner::State::Gap => CoverageState::Gap,
            },
            gaps: of.gaps.iter().map(|gap| (*gap).to_owned()).collect(),
            coverage: CoverageNumbers::of(of.coverage),
            gap_value: of.gap_value,
            opportunity: of.opportunity,
        }
    }
}

impl RivalPages {
    fn of(plan: &Plan, rivals: &planner::Rivals) -> Self {
        Self {
            reason: match rivals.reason {
                planner::Rivalry::SamePrimaryKeyword => RivalReason::SamePrimaryKeyword,
                planner::Rivalry::SameHub => RivalReason::SameHub,
            },
            pages: rivals
                .pages
                .iter()
                .map(|at| &plan.pages[*at])
                .map(|page| RivalPage {
                    id: page.id,
                    title: page.title.clone(),
                    path: page.path.clone(),
                    primary_keyword: page.primary_keyword.clone(),
                    cluster: page.cluster,
                })
                .collect(),
        }
    }
}
