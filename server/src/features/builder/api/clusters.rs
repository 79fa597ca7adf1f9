//! The clusters of a plan: attach and detach, what each has, and which are missing.

use std::collections::{HashMap, HashSet};

use igny8_builder::names::Role;
use igny8_builder::wizard::Change;
use igny8_data::{Access, AuditEvent, SectorId, Select, SiteDb, SiteId, SurrealValue, Variables};
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use serde_json::json;

use super::objects::PlanOut;
use super::{opened, shown};
use crate::api::validate::Check;
use crate::api::{Caller, Error, Fetched, From, Result, Tag};
use crate::app::App;
use crate::features::builder::desk::{Depth, Desk};
use crate::features::builder::model::{Attached, SiteBlueprintId};
use crate::features::planner::model::ContextType;
use crate::features::planner::rules::{refused, require_clusters};
use crate::features::planner::{Cluster, ClusterId, ClusterRole};

/// Clusters that are suggested.
const SUGGESTED: usize = 50;

/// The clusters of a plan.
#[derive(Debug, Object)]
#[oai(rename = "SiteBlueprintClusters")]
pub struct ClustersOut {
    /// In their order: by priority, then by searches.
    pub items: Vec<AttachedOut>,
    /// Clusters of the sector that are not attached, those that are missed most first.
    pub suggestions: Vec<SuggestionOut>,
    /// What clusters that are attached lack.
    pub missing: Vec<MissingOut>,
}

/// A cluster of a plan, with its coverage.
#[derive(Debug, Object)]
#[oai(rename = "AttachedCluster", skip_serializing_if_is_none)]
pub struct AttachedOut {
    pub cluster: ClusterId,
    /// Absent when it was deleted in the planner.
    pub name: Option<String>,
    /// It was deleted in the planner: detach it.
    pub gone: bool,
    pub role: Option<ClusterRole>,
    pub priority: i64,
    pub keywords: u64,
    /// Searches a month for all of these.
    pub volume: u64,
    /// Keywords that pages of the plan aim at.
    pub covered_keywords: u64,
    /// Planned pages.
    pub pages: u64,
    /// Key of its hub page.
    pub hub: Option<String>,
    pub supporting: u64,
    /// Planned pages of which an idea or a text was made.
    pub made: u64,
    /// Terms that are mapped to it.
    pub terms: Vec<String>,
}

/// Why a cluster is suggested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Enum)]
#[oai(rename = "ClusterSuggestionReason", rename_all = "snake_case")]
pub enum Why {
    /// The wider subject of one that is attached.
    AboveAttached,
    /// A narrower subject of one that is attached.
    BelowAttached,
    /// It is searched.
    Searched,
}

/// A cluster that could be attached.
#[derive(Debug, Object)]
#[oai(rename = "ClusterSuggestion")]
pub struct SuggestionOut {
    pub cluster: ClusterId,
    pub name: String,
    pub role: ClusterRole,
    pub keywords: i64,
    pub volume: i64,
    pub why: Why,
}

/// What is missing.
#[derive(Debug, Object)]
#[oai(rename = "ClusterGapOfPlan", skip_serializing_if_is_none)]
pub struct MissingOut {
    /// Stable name, for programs.
    pub code: String,
    pub message: String,
    pub cluster: Option<String>,
}

/// A cluster to attach, or an attached one with another role or priority.
#[derive(Debug, Object)]
#[oai(rename = "ClusterAttach", deny_unknown_fields)]
pub struct AttachIn {
    pub cluster: ClusterId,
    /// The cluster's own when absent.
    pub role: Option<ClusterRole>,
    /// Smaller comes first; 0 when absent.
    pub priority: Option<i64>,
}

/// Which clusters to attach and detach.
#[derive(Debug, Object)]
#[oai(rename = "SiteBlueprintClustersChange", deny_unknown_fields)]
pub struct ClustersIn {
    #[oai(default)]
    pub attach: Vec<AttachIn>,
    #[oai(default)]
    pub detach: Vec<ClusterId>,
    /// Attach all clusters of the sector that are not disabled.
    #[oai(default)]
    pub all: bool,
    /// Detach those that were deleted in the planner.
    #[oai(default)]
    pub detach_gone: bool,
}

pub struct PlanClustersApi;

#[OpenApi(tag = "Tag::Builder")]
impl PlanClustersApi {
    /// List the clusters of a plan
    ///
    /// With what each has and lacks, and which could be attached.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/clusters",
        method = "get",
        operation_id = "site_blueprint_clusters_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
    ) -> Result<Fetched<ClustersOut>> {
        let desk = shown(&app, &caller, site_id.0, blueprint_id.0, Depth::Names).await?;
        let scope = caller.actor().site::<igny8_data::Read>(&app.db, site_id.0).await?;
        let suggestions = suggestions(&app.db.site(&scope), &desk).await?;
        let out = ClustersOut {
            items: attached(&desk),
            missing: missing(&desk),
            suggestions,
        };
        Ok(Fetched::new(out, desk.row.rev))
    }

    /// Attach and detach clusters
    ///
    /// `reopened` of the answer says which steps have to be done again.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/clusters",
        method = "post",
        operation_id = "site_blueprint_clusters_change"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn change(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<ClustersIn>,
    ) -> Result<Fetched<PlanOut>> {
        let at = (site_id.0, blueprint_id.0);
        let (scope, mut desk) = opened(&app, &caller, at, if_match.0.as_deref(), Depth::Names).await?;
        let Json(body) = body;
        let sector = desk
            .row
            .sector
            .ok_or_else(|| Error::rule("no_sector", "The plan has no sector. Choose one in the first step."))?;
        let db = app.db.site(&scope);
        let mut attach = body.attach;
        if body.all {
            let named: HashSet<ClusterId> = attach.iter().map(|of| of.cluster).collect();
            let there: HashSet<ClusterId> = desk.row.clusters.iter().map(|of| of.cluster).collect();
            let all = of_sector(&db, sector).await?;
            let new = all.into_iter().filter(|id| !named.contains(id) && !there.contains(id));
            attach.extend(new.map(|cluster| AttachIn {
                cluster,
                role: None,
                priority: None,
            }));
        }
        let mut detach: HashSet<ClusterId> = body.detach.into_iter().collect();
        if body.detach_gone {
            let living: HashSet<&str> = desk.clusters.iter().map(|of| of.id.as_str()).collect();
            let ids = desk.row.clusters.iter().map(|of| of.cluster);
            detach.extend(ids.filter(|id| !living.contains(id.to_string().as_str())));
        }
        let mut new: Vec<ClusterId> = Vec::new();
        let mut changes: Vec<Change> = Vec::new();
        for of in attach {
            match desk.row.clusters.iter_mut().find(|there| there.cluster == of.cluster) {
                Some(there) => {
                    if of.role.is_some() && of.role != there.role {
                        there.role = of.role;
                        changes.push(Change::ClusterRole);
                    }
                    if let Some(priority) = of.priority.filter(|priority| *priority != there.priority) {
                        there.priority = priority;
                        changes.push(Change::ClusterPriority);
                    }
                }
                None => {
                    desk.row.clusters.push(Attached {
                        cluster: of.cluster,
                        role: of.role,
                        priority: of.priority.unwrap_or(0),
                    });
                    new.push(of.cluster);
                    changes.push(Change::ClusterAttached);
                }
            }
        }
        let before = desk.row.clusters.len();
        desk.row.clusters.retain(|of| !detach.contains(&of.cluster));
        let detached = before - desk.row.clusters.len();
        if detached > 0 {
            changes.push(Change::ClusterDetached);
        }
        let mut check = Check::new();
        desk.row.check(&mut check);
        check.finish()?;
        desk.take_clusters_anew(&app, &scope.reading()).await?;
        let mut seen: HashSet<Change> = HashSet::new();
        for change in changes.into_iter().filter(|change| seen.insert(*change)) {
            desk.changed(change);
        }
        let mut tx = db.tx();
        new.retain(|id| !detach.contains(id));
        require_clusters(&mut tx, &new, Some(sector));
        desk.save(&mut tx, app.db.clock().now());
        tx.audit(
            AuditEvent::new("site_blueprint.clusters_changed", desk.row.id, &from.0)
                .detail(json!({ "attached": new.len(), "detached": detached })),
        );
        tx.commit().await.map_err(refused)?;
        PlanOut::fetched(&desk)
    }
}

/// Clusters of a sector that are not disabled.
async fn of_sector<A: Access>(db: &SiteDb<'_, A>, sector: SectorId) -> Result<Vec<ClusterId>> {
    let mut binds = Variables::new();
    binds.insert("sector", sector);
    let sql = "SELECT VALUE id FROM cluster WHERE site = $site AND account = $account AND sector = $sector \
               AND disabled = false AND deleted_at IS NONE ORDER BY id;";
    Ok(db.query(sql, binds, "listing clusters of a sector").await?.rows(0)?)
}

fn attached(desk: &Desk) -> Vec<AttachedOut> {
    let known: HashMap<&str, &igny8_builder::sitemap::Cluster> =
        desk.clusters.iter().map(|of| (of.id.as_str(), of)).collect();
    #[derive(Default)]
    struct Of {
        pages: u64,
        hub: Option<String>,
        supporting: u64,
        made: u64,
        covered: HashSet<String>,
    }
    let mut pages: HashMap<&str, Of> = HashMap::new();
    for page in &desk.pages.sitemap.pages {
        let Some(cluster) = &page.cluster else { continue };
        let of = pages.entry(cluster).or_default();
        of.pages += 1;
        match page.role {
            Some(Role::Hub) => of.hub = of.hub.take().or_else(|| Some(page.key.clone())),
            Some(_) => of.supporting += 1,
            None => {}
        }
        of.made += u64::from(desk.made.contains_key(&page.key));
        let aims = page.primary.iter().chain(&page.keywords);
        of.covered.extend(aims.map(|aim| aim.id.clone()));
    }
    let mut items: Vec<AttachedOut> = desk
        .row
        .clusters
        .iter()
        .map(|row| {
            let id = row.cluster.to_string();
            let cluster = known.get(id.as_str());
            let of = pages.remove(id.as_str()).unwrap_or_default();
            let (keywords, volume) = desk.numbers.get(&id).copied().unwrap_or_default();
            let terms = desk.terms.iter().filter(|term| term.clusters.contains(&id));
            AttachedOut {
                cluster: row.cluster,
                name: cluster.map(|of| of.name.clone()),
                gone: cluster.is_none(),
                role: row
                    .role
                    .or_else(|| crate::features::builder::words::same(&cluster?.role).ok()),
                priority: row.priority,
                keywords,
                volume,
                covered_keywords: of.covered.len() as u64,
                pages: of.pages,
                hub: of.hub,
                supporting: of.supporting,
                made: of.made,
                terms: terms.map(|term| term.id.clone()).collect(),
            }
        })
        .collect();
    items.sort_by(|a, b| (a.priority, b.volume, &a.name).cmp(&(b.priority, a.volume, &b.name)));
    items
}

/// What attached clusters lack among themselves.
fn missing(desk: &Desk) -> Vec<MissingOut> {
    let there: HashSet<&str> = desk.clusters.iter().map(|of| of.id.as_str()).collect();
    let mut out = Vec::new();
    let mut tell = |code: &str, message: String, cluster: Option<&str>| {
        out.push(MissingOut {
            code: code.to_owned(),
            message,
            cluster: cluster.map(str::to_owned),
        });
    };
    for of in &desk.clusters {
        if of.parent.as_deref().is_some_and(|above| !there.contains(above)) {
            let message = format!("The wider subject of “{}” is not attached.", of.name);
            tell("no_parent", message, Some(&of.id));
        }
        if desk.numbers.get(&of.id).is_none_or(|(keywords, _)| *keywords == 0) {
            let message = format!("“{}” has no keywords: it gets a hub page and nothing else.", of.name);
            tell("no_keywords", message, Some(&of.id));
        }
    }
    if !desk.clusters.is_empty() && !desk.clusters.iter().any(|of| of.role == Role::Hub) {
        tell(
            "no_hub",
            "No cluster is a hub: nothing holds the others together.".to_owned(),
            None,
        );
    }
    out
}

/// A cluster that is not attached.
#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Volume {
    cluster: ClusterId,
    n: i64,
    volume: i64,
}

async fn suggestions<A: Access>(db: &SiteDb<'_, A>, desk: &Desk) -> Result<Vec<SuggestionOut>> {
    let Some(sector) = desk.row.sector else {
        return Ok(Vec::new());
    };
    let there: HashSet<ClusterId> = desk.row.clusters.iter().map(|of| of.cluster).collect();
    let above: HashSet<&str> = desk.clusters.iter().filter_map(|of| of.parent.as_deref()).collect();
    let select = Select::new().equals("sector", sector).equals("disabled", false);
    let mut others = db.list::<Cluster>(select).await?;
    others.retain(|of| !there.contains(&of.id) && of.context_type != ContextType::Attribute);
    let why = |of: &Cluster| {
        if above.contains(of.id.to_string().as_str()) {
            Why::AboveAttached
        } else if of.parent.is_some_and(|parent| there.contains(&parent)) {
            Why::BelowAttached
        } else {
            Why::Searched
        }
    };
    // Numbers are counted for a bounded number of them, related ones first.
    others.sort_by_key(|of| (why(of), of.id));
    others.truncate(SUGGESTED * 4);
    let (mut binds, mut sql) = (Variables::new(), String::new());
    for (n, of) in others.iter().enumerate() {
        binds.insert(format!("c{n}"), of.id);
        sql += &format!(
            "SELECT cluster, count() AS n, math::sum(volume) AS volume FROM keyword WITH INDEX keyword_by_cluster \
             WHERE site = $site AND cluster = $c{n} AND account = $account AND deleted_at IS NONE AND disabled = false \
             GROUP BY cluster;"
        );
    }
    let mut numbers: HashMap<ClusterId, Volume> = HashMap::new();
    if !others.is_empty() {
        let mut answer = db.query(&sql, binds, "counting keywords of clusters").await?;
        for n in 0..others.len() {
            numbers.extend(answer.rows::<Volume>(n)?.into_iter().map(|of| (of.cluster, of)));
        }
    }
    let mut out: Vec<SuggestionOut> = others
        .iter()
        .map(|of| SuggestionOut {
            cluster: of.id,
            name: of.name.clone(),
            role: of.role,
            keywords: numbers.get(&of.id).map_or(0, |of| of.n),
            volume: numbers.get(&of.id).map_or(0, |of| of.volume),
            why: why(of),
        })
        .collect();
    out.sort_by(|a, b| (a.why, b.volume, &a.name).cmp(&(b.why, a.volume, &b.name)));
    out.truncate(SUGGESTED);
    Ok(out)
}
