//! Groups the keywords of a sector into clusters.
//!
//! The groups come from the planner's algorithm in any case: the same keywords give the same groups, every keyword is in one
//! or none, and no model can lose or invent one. A model helps where it knows more: its vectors say which phrases mean the
//! same, and it names and describes the groups.
//!
//! What people did stays: locked and hand-made clusters and their keywords, and keywords that a person put somewhere or took
//! out. New keywords join generated clusters where they fit. What would fit into a kept cluster is not put there but told in
//! the result.

mod naming;
mod read;
mod save;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use igny8_data::{Read, SectorId, Select, SurrealValue, Tx, Value as Row, Variables};
use igny8_planner::cluster as planner;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::naming::{NAMED_AT_ONCE, NAMING, Named, naming, read_names};
use self::read::{COLUMNS, Line, clusters, named_lines};
use super::{shortened, wrong};
use crate::ai::{AiFunction, At, BuiltIn, Model, Phase, Prepared, Saved, Task, Words};
use crate::api::Result;
use crate::api::validate::Check;
use crate::features::planner::model::{
    Attribute, ClusterId, ClusterRole, ContextType, Intent, KeywordId, MAX_ATTRIBUTES, Recommendations,
};
use crate::features::sites::model::{Sector, Site, is_language};
use crate::jobs::JobError;

pub struct AutoCluster;

/// What to cluster.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    sector: SectorId,
    /// Which keywords; all that are in no cluster when absent. Named ones may also come out of generated clusters.
    #[serde(default)]
    keywords: Option<Vec<KeywordId>>,
    /// From 0 (few, wide clusters) to 1 (many, narrow ones).
    #[serde(default = "half")]
    granularity: f64,
    /// Clusters of more different keywords than this are split, however alike they are: 3 to 10,000, 250 when absent.
    #[serde(default = "max_size")]
    max_size: usize,
    /// Language of the keywords; the site's when absent.
    #[serde(default)]
    language: Option<String>,
}

fn half() -> f64 {
    0.5
}

fn max_size() -> usize {
    planner::Options::default().max_size
}

/// Keywords of a sector that are looked at.
const MOST: usize = 100_000;
/// Keywords one request may name.
const MOST_NAMED: usize = 20_000;
/// Rows read at once.
const PAGE: usize = 5_000;
/// Above this many keywords vectors would fill the memory (1536 numbers each): texts alone must do.
const MOST_VECTORS: usize = 20_000;
/// Groups that would fit into kept clusters, told in the result.
const MOST_FITTING: usize = 50;

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Count {
    n: i64,
}

/// What was read.
pub struct Input {
    options: planner::Options,
    granularity: f64,
    /// Texts as the planner takes them; with the same places as `ids`.
    keywords: Vec<planner::Keyword>,
    ids: Vec<KeywordId>,
    /// The clusters they are in, with the same places.
    were: Vec<Option<ClusterId>>,
    kept: HashSet<ClusterId>,
    /// Clusters at the top: new ones may go below these.
    tops: HashSet<ClusterId>,
    read_at: DateTime<Utc>,
}

/// The groups, and names from a model by place.
pub struct Answer {
    clustering: planner::Clustering,
    names: BTreeMap<usize, Named>,
}

/// What becomes of the groups.
pub struct Plan {
    read_at: DateTime<Utc>,
    new: Vec<New>,
    joins: Vec<(ClusterId, Vec<KeywordId>)>,
    /// What would fit into clusters that stay as they are.
    fitting: Vec<(ClusterId, Vec<KeywordId>)>,
    unclustered: usize,
}

struct New {
    name: String,
    description: String,
    role: ClusterRole,
    context_type: ContextType,
    parent: Option<Parent>,
    recommendations: Recommendations,
    keywords: Vec<KeywordId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parent {
    /// Place in [`Plan::new`].
    New(usize),
    There(ClusterId),
}

impl AiFunction for AutoCluster {
    const NAME: &'static str = "auto_cluster";
    const ABOUT: &'static str = "Groups keywords of a sector into clusters.";
    const UNIT: &'static str = "keywords";
    const WORDS: Words = Words {
        prep: "Reading keywords",
        call: "Grouping keywords",
        asked: "Naming clusters",
        parse: "Checking clusters",
        save: "Saving clusters",
        done: "Clusters are ready",
    };
    const PROMPTS: &'static [BuiltIn] = &[NAMING];

    type Payload = Payload;
    type Input = Input;
    type Answer = Answer;
    type Output = Plan;

    fn example() -> Value {
        json!({
            "sector": "sect_01jz8k3v5n6q7r8s9t0v1w2x3y",
            "keywords": ["kw_01jz8k3v5n6q7r8s9t0v1w2x3y"],
            "granularity": 0.5,
            "max_size": 250,
            "language": "en",
        })
    }

    fn check(payload: &Payload, check: &mut Check) {
        check
            .that(
                (0.0..=1.0).contains(&payload.granularity),
                "input.granularity",
                "must be between 0 and 1",
            )
            .that(
                planner::Options::SIZES.contains(&payload.max_size),
                "input.max_size",
                "must be between 3 and 10000",
            )
            .that(
                payload.language.as_deref().is_none_or(is_language),
                "input.language",
                "must be a BCP 47 language tag such as en or pt-BR",
            )
            .that(
                payload
                    .keywords
                    .as_ref()
                    .is_none_or(|ids| (1..=MOST_NAMED).contains(&ids.len())),
                "input.keywords",
                format!("must be 1 to {MOST_NAMED}; leave it out for all that are in no cluster"),
            );
    }

    async fn units(at: &At<'_>, payload: &Payload) -> Result<i64> {
        let db = at.app.db.site(at.scope);
        if db.get::<Sector>(payload.sector).await?.is_none() {
            return Err(wrong("input.sector", "must be a sector of this site"));
        }
        let Some(named) = &payload.keywords else {
            let mut binds = Variables::new();
            binds.insert("sector", payload.sector);
            let sql = "SELECT count() AS n FROM keyword WHERE site = $site AND account = $account AND sector = $sector \
                       AND deleted_at IS NONE AND disabled = false AND cluster IS NONE \
                       AND (placed_by_hand ?? false) = false GROUP ALL;";
            let counted: Vec<Count> = db.query(sql, binds, "counting keywords").await?.rows(0)?;
            return Ok(counted.first().map_or(0, |c| c.n));
        };
        let named: HashSet<KeywordId> = named.iter().copied().collect();
        let found = named_lines(&db, payload.sector, &named).await?;
        if found.len() < named.len() {
            return Err(wrong(
                "input.keywords",
                "must be keywords of this sector that are not disabled",
            ));
        }
        let (kept, _) = clusters(&db, payload.sector).await?;
        let free = found.iter().filter(|line| line.free(Some(&named), &kept)).count();
        Ok(i64::try_from(free).unwrap_or(i64::MAX))
    }

    async fn prepare(task: &Task<Payload>) -> Result<Prepared<Input>, JobError> {
        let payload = &task.payload;
        let scope = task.scope.reading();
        let db = task.app.db.site(&scope);
        let read_at = task.app.db.clock().now();
        let language = match &payload.language {
            Some(language) => language.clone(),
            None => {
                let account = scope.actor().account::<Read>()?;
                let site = task.app.db.account(&account).get::<Site>(scope.site()).await?;
                site.map_or_else(|| "en".to_owned(), |site| site.language)
            }
        };
        let (kept, tops) = clusters(&db, payload.sector).await?;
        let named: Option<HashSet<KeywordId>> = payload.keywords.as_ref().map(|ids| ids.iter().copied().collect());
        let mut input = Input {
            options: planner::Options {
                language,
                max_size: payload.max_size,
                ..planner::Options::default()
            },
            granularity: payload.granularity,
            keywords: Vec::new(),
            ids: Vec::new(),
            were: Vec::new(),
            kept,
            tops,
            read_at,
        };
        let mut free = 0;
        let mut last: Option<(Row, KeywordId)> = None;
        loop {
            task.check()?;
            let mut select = Select::new()
                .equals("sector", payload.sector)
                .equals("disabled", false)
                .columns(COLUMNS)
                .order("text", igny8_data::Direction::Ascending)
                .limit(PAGE);
            if let Some((text, id)) = last.take() {
                select = select.after(text, id);
            }
            let lines = db.list::<Line>(select).await?;
            let full = lines.len() == PAGE;
            last = lines.last().map(|line| (line.text.clone().into_value(), line.id));
            for line in lines {
                let is_free = line.free(named.as_ref(), &input.kept);
                // Others in no cluster are not this task's.
                if is_free || line.cluster.is_some() {
                    free += i64::from(is_free);
                    input.take(line, is_free);
                }
            }
            if input.ids.len() > MOST {
                return Err(JobError::Fail(format!(
                    "The sector has more than {MOST} keywords to look at. Make several sectors of it."
                )));
            }
            if !full {
                break;
            }
            task.tell(Phase::Prep, 0.5, format!("Reading keywords: {}", input.ids.len()));
        }
        Ok(Prepared { input, units: free })
    }

    fn local(input: &Input) -> Answer {
        Answer {
            clustering: planner::Graph::new(&input.keywords, &input.options).cluster(input.granularity),
            names: BTreeMap::new(),
        }
    }

    async fn ask(input: Arc<Input>, model: &Model<'_>) -> Result<Answer, JobError> {
        let mut vectors = Vec::new();
        if model.embeds() && input.keywords.len() <= MOST_VECTORS {
            let texts: Vec<String> = input.keywords.iter().map(|keyword| keyword.text.clone()).collect();
            vectors = model.embed(&texts).await?;
        }
        model.tell(0.3, "Grouping keywords");
        let of = input.clone();
        let clustering = model
            .compute(move || {
                if vectors.is_empty() {
                    return Self::local(&of).clustering;
                }
                let keywords: Vec<planner::Keyword> = of
                    .keywords
                    .iter()
                    .zip(vectors)
                    .map(|(keyword, vector)| planner::Keyword {
                        embedding: Some(vector),
                        ..keyword.clone()
                    })
                    .collect();
                planner::Graph::new(&keywords, &of.options).cluster(of.granularity)
            })
            .await?;
        let heirs = input.heirs(&clustering);
        let new: Vec<usize> = (0..clustering.clusters.len())
            .filter(|place| clustering.clusters[*place].id.is_none() && !heirs.contains_key(place))
            .collect();
        let batches: Vec<&[usize]> = new.chunks(NAMED_AT_ONCE).collect();
        let asks = batches
            .iter()
            .map(|places| naming(&input, &clustering, places))
            .collect();
        let names = model
            .ask_each(asks, |n, answer| read_names(batches[n], &answer))
            .await?;
        Ok(Answer {
            names: names.into_iter().flatten().collect(),
            clustering,
        })
    }

    fn settle(input: &Input, answer: Answer) -> Result<Plan, String> {
        let Answer { clustering, mut names } = answer;
        let ids = |places: &[usize]| -> Vec<KeywordId> {
            places
                .iter()
                .filter(|&&place| input.keywords[place].fixed.is_none())
                .map(|&place| input.ids[place])
                .collect()
        };
        let heirs = input.heirs(&clustering);
        let mut there: HashMap<usize, ClusterId> = heirs.clone();
        for (place, cluster) in clustering.clusters.iter().enumerate() {
            if let Some(id) = &cluster.id {
                let id = id.parse().map_err(|_| "A cluster has an id of another kind.")?;
                there.insert(place, id);
            }
        }
        // Places of the new clusters among themselves; existing ones keep their ids.
        let mut place_of: HashMap<usize, Parent> = HashMap::new();
        let mut count = 0;
        for place in 0..clustering.clusters.len() {
            match there.get(&place) {
                None => {
                    place_of.insert(place, Parent::New(count));
                    count += 1;
                }
                Some(id) => {
                    if input.tops.contains(id) {
                        place_of.insert(place, Parent::There(*id));
                    }
                }
            }
        }
        let mut plan = Plan {
            read_at: input.read_at,
            new: Vec::new(),
            joins: Vec::new(),
            fitting: Vec::new(),
            unclustered: clustering
                .unclustered
                .iter()
                .filter(|&&place| input.keywords[place].fixed.is_none())
                .count(),
        };
        for (place, cluster) in clustering.clusters.into_iter().enumerate() {
            let keywords = ids(&cluster.keywords);
            if let Some(&id) = there.get(&place) {
                if keywords.is_empty() {
                    continue;
                }
                if input.kept.contains(&id) {
                    plan.unclustered += keywords.len();
                    plan.fitting.push((id, keywords));
                } else {
                    plan.joins.push((id, keywords));
                }
                continue;
            }
            let named = names.remove(&place).unwrap_or(Named {
                name: cluster.name,
                description: cluster.description,
            });
            plan.new.push(New {
                name: shortened(&named.name, 110),
                description: shortened(&named.description, 1_000),
                role: match cluster.role {
                    planner::Role::Hub => ClusterRole::Hub,
                    planner::Role::Supporting => ClusterRole::Supporting,
                    planner::Role::Attribute => ClusterRole::Attribute,
                },
                context_type: match cluster.context_type {
                    planner::ContextType::Topic => ContextType::Topic,
                    planner::ContextType::Attribute => ContextType::Attribute,
                    planner::ContextType::ServiceLine => ContextType::ServiceLine,
                },
                parent: cluster.parent.and_then(|place| place_of.get(&place).copied()),
                recommendations: recommendations(cluster.recommendations),
                keywords,
            });
        }
        Ok(plan)
    }

    async fn save(task: &Task<Payload>, plan: &Plan, tx: &mut Tx<'_>) -> Result<Saved, JobError> {
        save::save(task, plan, tx).await
    }
}

impl Input {
    /// Which new groups are clusters that are there, by place: such as share more than half of all their keywords (their
    /// Jaccard index is above 0.5, so that no two groups are one cluster). They keep their names, and what hangs on them.
    fn heirs(&self, clustering: &planner::Clustering) -> HashMap<usize, ClusterId> {
        let mut sizes: HashMap<ClusterId, usize> = HashMap::new();
        for cluster in self.were.iter().flatten() {
            *sizes.entry(*cluster).or_default() += 1;
        }
        let mut heirs = HashMap::new();
        for (place, group) in clustering.clusters.iter().enumerate() {
            if group.id.is_some() {
                continue;
            }
            let mut shared: HashMap<ClusterId, usize> = HashMap::new();
            for cluster in group.keywords.iter().filter_map(|&keyword| self.were[keyword]) {
                *shared.entry(cluster).or_default() += 1;
            }
            for (cluster, both) in shared {
                let either = group.keywords.len() + sizes[&cluster] - both;
                if both * 2 > either && !self.kept.contains(&cluster) {
                    heirs.insert(place, cluster);
                }
            }
        }
        heirs
    }

    fn take(&mut self, line: Line, free: bool) {
        self.ids.push(line.id);
        self.were.push(line.cluster);
        self.keywords.push(planner::Keyword {
            text: line.text,
            language: None,
            volume: u64::try_from(line.volume).ok().filter(|volume| *volume > 0),
            #[expect(clippy::cast_precision_loss, reason = "0 to 100")]
            difficulty: line.difficulty.map(|difficulty| difficulty as f32),
            intent: line.intent.map(|intent| match intent {
                Intent::Informational => planner::Intent::Informational,
                Intent::Commercial => planner::Intent::Commercial,
                Intent::Transactional => planner::Intent::Transactional,
                Intent::Navigational => planner::Intent::Navigational,
            }),
            serp_urls: line.serp_urls.unwrap_or_default(),
            parent_topic: line.parent_topic,
            embedding: None,
            fixed: line.cluster.filter(|_| !free).map(|cluster| cluster.to_string()),
        });
    }
}

fn recommendations(of: planner::Recommendations) -> Recommendations {
    Recommendations {
        terms: of
            .terms
            .iter()
            .take(MAX_ATTRIBUTES)
            .map(|term| shortened(term, 120))
            .collect(),
        attributes: of
            .attributes
            .into_iter()
            .take(MAX_ATTRIBUTES)
            .map(|attribute| Attribute {
                name: shortened(&attribute.name, 100),
                value: shortened(&attribute.value, 500),
            })
            .collect(),
        primary_keyword: Some(shortened(&of.primary_keyword, 200)).filter(|keyword| !keyword.is_empty()),
    }
}
