//! What belongs to `auto_cluster` besides running it: looking first, and taking in what would fit.

use igny8_data::{JobId, Read, SectorId, SiteId, Write};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use crate::ai::functions::accept::accept;
use crate::ai::functions::preview::{self, Group, Knobs, Member, Preview};
use crate::api::{Caller, Result, Tag};
use crate::app::App;
use crate::features::planner::model::{ClusterId, ClusterRole, ContextType, KeywordId};

/// A keyword of a group.
#[derive(Debug, Object)]
pub struct GroupedKeyword {
    pub id: KeywordId,
    pub text: String,
    /// How like it is to the group as a whole, 0 to 1.
    pub similarity: f32,
    /// Whether it would be put there; else it is there.
    pub joins: bool,
}

/// A group with keywords that would be put into a cluster.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct KeywordGroup {
    /// The cluster it is; a new one when absent.
    pub cluster: Option<ClusterId>,
    /// That cluster is locked or disabled: a task does not put them there, it tells that they would fit.
    pub closed: bool,
    /// For a cluster that is there only a suggestion.
    pub name: String,
    pub role: ClusterRole,
    pub context_type: ContextType,
    /// Mean of its keywords' similarities.
    pub cohesion: f32,
    /// How many keywords it has.
    pub size: u64,
    /// Searches a month of all of them, where any are known.
    pub volume: Option<u64>,
    /// Its primary keyword first, then the most searched; at most 50.
    pub keywords: Vec<GroupedKeyword>,
}

/// What grouping a sector would make.
#[derive(Debug, Object)]
pub struct Grouping {
    /// The most searched first; at most 200.
    pub groups: Vec<KeywordGroup>,
    /// Clusters that would be made.
    pub clusters_created: u64,
    /// Clusters that would take keywords in.
    pub clusters_joined: u64,
    /// Keywords that are to be grouped.
    pub keywords: u64,
    /// Those that fit nowhere, or only into a cluster that takes none.
    pub keywords_unclustered: u64,
    /// Keywords that a task would first have the provider's embedding model read, so that it may group them and those like them
    /// otherwise than this shows. None without such a model, or above 20,000 keywords.
    pub keywords_without_vectors: u64,
    /// Whether the keywords were still in memory, which is what makes an answer quick.
    pub remembered: bool,
}

/// Where keywords were found for a cluster.
#[derive(Debug, Object)]
#[oai(rename = "ClusterTakeIn", deny_unknown_fields)]
pub struct TakeIn {
    /// A finished `auto_cluster` task whose result has the cluster under `would_fit`.
    pub job: JobId,
}

/// What a cluster took in.
#[derive(Debug, Object)]
#[oai(rename = "ClusterTookIn")]
pub struct TookIn {
    pub keywords_mapped: u64,
}

pub struct GroupingApi;

#[OpenApi(tag = "Tag::Ai")]
impl GroupingApi {
    /// Preview the grouping of a sector
    ///
    /// What `auto_cluster` would make of it at a granularity; nothing is saved or charged. For a knob: the keywords are kept
    /// in memory for some minutes, so that the next granularity is answered at once. At most 30,000 keywords. They are
    /// grouped by their texts, what their file said of them, and the provider's vectors that earlier tasks have got; only a
    /// task asks for more of these.
    #[oai(
        path = "/sites/:site_id/sectors/:sector_id/grouping",
        method = "get",
        operation_id = "sector_grouping_preview"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn preview(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        sector_id: Path<SectorId>,
        /// From 0 (few, wide groups) to 1 (many, narrow ones); 0.5 unless given.
        granularity: Query<Option<f64>>,
        /// Keywords of a group at most, 3 to 1,000; 250 unless given.
        max_size: Query<Option<u32>>,
        /// Language of the keywords; the site's unless given.
        language: Query<Option<String>>,
        /// Also the keywords of generated clusters that are not locked, not only those in no cluster.
        regroup: Query<Option<bool>>,
    ) -> Result<Json<Grouping>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let knobs = Knobs {
            sector: sector_id.0,
            granularity: granularity.0,
            max_size: max_size.0.map(|size| usize::try_from(size).unwrap_or(usize::MAX)),
            language: language.0,
            regroup: regroup.0.unwrap_or(false),
        };
        Ok(Json(preview::preview(&app, &scope, knobs).await?.into()))
    }

    /// Take in what would fit
    ///
    /// Clustering puts nothing into locked clusters but tells what would fit into one. This puts it there, as if a person had
    /// placed each keyword: those that are still in no cluster.
    #[oai(
        path = "/sites/:site_id/clusters/:cluster_id/take_in",
        method = "post",
        operation_id = "cluster_take_in"
    )]
    async fn take_in(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        cluster_id: Path<ClusterId>,
        body: Json<TakeIn>,
    ) -> Result<Json<TookIn>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let count = accept(&app, &scope, cluster_id.0, body.0.job).await?;
        Ok(Json(TookIn {
            keywords_mapped: count as u64,
        }))
    }
}

impl From<Preview> for Grouping {
    fn from(of: Preview) -> Self {
        Self {
            groups: of.groups.into_iter().map(KeywordGroup::from).collect(),
            clusters_created: of.new as u64,
            clusters_joined: of.joined as u64,
            keywords: of.keywords as u64,
            keywords_unclustered: of.unclustered as u64,
            keywords_without_vectors: of.without_vectors as u64,
            remembered: of.remembered,
        }
    }
}

impl From<Group> for KeywordGroup {
    fn from(of: Group) -> Self {
        Self {
            cluster: of.cluster,
            closed: of.closed,
            name: of.name,
            role: of.role,
            context_type: of.context_type,
            cohesion: of.cohesion,
            size: of.size as u64,
            volume: of.volume,
            keywords: of.keywords.into_iter().map(GroupedKeyword::from).collect(),
        }
    }
}

impl From<Member> for GroupedKeyword {
    fn from(of: Member) -> Self {
        Self {
            id: of.id,
            text: of.text,
            similarity: of.similarity,
            joins: of.joins,
        }
    }
}
