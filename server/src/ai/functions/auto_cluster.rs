//! Groups the keywords of a sector into clusters.
//!
//! The groups come from the planner's algorithm in any case: the same keywords give the same groups, every keyword is in one
//! or none, and no model can lose or invent one. A model helps where it knows more: its vectors say which phrases mean the
//! same, and it names and describes the groups.
//!
//! What people did stays: locked and hand-made clusters and their keywords, and keywords that a person put somewhere or took
//! out. New keywords join generated clusters where they fit. What would fit into a kept cluster is not put there but told in
//! the result.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use igny8_data::{
    AccountId, Read, SectorId, Select, SiteDb, SiteId, SurrealValue, Tx, Value as Row, Variables, record,
};
use igny8_planner::cluster as planner;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ai::{AiFunction, Ask, At, BuiltIn, Model, Phase, Placeholder, Prepared, Saved, Task, Values, Words};
use crate::api::validate::Check;
use crate::api::{Error, FieldError, Result};
use crate::features::planner::model::{
    Attribute, Cluster, ClusterId, ClusterOrigin, ClusterRole, ContextType, Intent, KeywordId, MAX_ATTRIBUTES,
    Recommendations,
};
use crate::features::planner::rules::{require_clusters, require_sector};
use crate::features::planner::text_key;
use crate::features::sites::model::{Sector, Site, is_language};
use crate::features::taxonomy::tree::one_at_a_time;
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
    /// Language of the keywords; the site's when absent.
    #[serde(default)]
    language: Option<String>,
}

fn half() -> f64 {
    0.5
}

/// Keywords of a sector that are looked at.
const MOST: usize = 100_000;
/// Keywords one request may name.
const MOST_NAMED: usize = 20_000;
/// Rows read at once.
const PAGE: usize = 5_000;
/// Above this many keywords vectors would fill the memory (1536 numbers each): texts alone must do.
const MOST_VECTORS: usize = 20_000;
/// Clusters named by one question, and phrases shown of each.
const NAMED_AT_ONCE: usize = 20;
const SHOWN: usize = 15;
/// Groups that would fit into kept clusters, told in the result.
const MOST_FITTING: usize = 50;

const NAMING: BuiltIn = BuiltIn {
    name: "name_clusters",
    about: "Names and describes new clusters.",
    text: include_str!("name_clusters.md"),
    placeholders: &[
        Placeholder {
            name: "clusters",
            about: "The clusters with their phrases, as JSON.",
            required: true,
            sample: r#"[{"id":0,"suggestion":"Cold brew","phrases":["cold brew","cold brew ratio","how to make cold brew"]}]"#,
        },
        Placeholder {
            name: "language",
            about: "The language tag.",
            required: false,
            sample: r#""en""#,
        },
    ],
};

/// A keyword as far as clustering looks at it.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Line {
    id: KeywordId,
    account: AccountId,
    site: SiteId,
    text: String,
    volume: i64,
    difficulty: Option<i64>,
    intent: Option<Intent>,
    cluster: Option<ClusterId>,
    placed_by_hand: Option<bool>,
    parent_topic: Option<String>,
    serp_urls: Option<Vec<String>>,
    rev: i64,
}

record!(Line, KeywordId, site, soft_delete);

const COLUMNS: &[&str] = &[
    "id",
    "account",
    "site",
    "text",
    "volume",
    "difficulty",
    "intent",
    "cluster",
    "placed_by_hand",
    "parent_topic",
    "serp_urls",
    "rev",
];

impl Line {
    fn by_hand(&self) -> bool {
        self.placed_by_hand == Some(true)
    }

    /// Whether it is to be grouped: named or all that are free, unless a person placed it.
    fn free(&self, named: Option<&HashSet<KeywordId>>, kept: &HashSet<ClusterId>) -> bool {
        match (named, self.cluster) {
            (None, None) => !self.by_hand(),
            (None, Some(_)) => false,
            // Who names a keyword that was taken out wants it back in.
            (Some(named), None) => named.contains(&self.id),
            (Some(named), Some(cluster)) => named.contains(&self.id) && !self.by_hand() && !kept.contains(&cluster),
        }
    }
}

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

#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    name: String,
    description: String,
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
                ..planner::Options::default()
            },
            granularity: payload.granularity,
            keywords: Vec::new(),
            ids: Vec::new(),
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
        let new: Vec<usize> = (0..clustering.clusters.len())
            .filter(|&place| clustering.clusters[place].id.is_none())
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
        // Places of the new clusters among themselves; existing ones keep their ids.
        let mut place_of: HashMap<usize, Parent> = HashMap::new();
        let mut count = 0;
        for (place, cluster) in clustering.clusters.iter().enumerate() {
            match &cluster.id {
                None => {
                    place_of.insert(place, Parent::New(count));
                    count += 1;
                }
                Some(id) => {
                    let id: ClusterId = id.parse().map_err(|_| "A cluster has an id of another kind.")?;
                    if input.tops.contains(&id) {
                        place_of.insert(place, Parent::There(id));
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
            if let Some(id) = &cluster.id {
                let id: ClusterId = id.parse().map_err(|_| "A cluster has an id of another kind.")?;
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
        let (scope, sector) = (&task.scope, task.payload.sector);
        let now = task.app.db.clock().now();
        // As they are now: minutes have passed.
        let select = Select::new().equals("sector", sector);
        let there = task.app.db.site(scope).list::<Cluster>(select).await?;
        let mut taken: HashSet<String> = there.iter().filter_map(|cluster| cluster.name_key.clone()).collect();
        let there: HashMap<ClusterId, &Cluster> = there.iter().map(|cluster| (cluster.id, cluster)).collect();
        let new_ids: Vec<ClusterId> = plan.new.iter().map(|_| task.app.db.ids().make()).collect();
        let mut parents = Vec::new();
        let rows: Vec<Cluster> = plan
            .new
            .iter()
            .zip(&new_ids)
            .map(|(new, id)| {
                let mut row = Cluster::new(*id, scope, sector, &free_name(&new.name, &mut taken), now);
                row.description.clone_from(&new.description);
                (row.role, row.context_type, row.origin) = (new.role, new.context_type, ClusterOrigin::Generated);
                row.recommendations = new.recommendations.clone();
                row.parent = match new.parent {
                    Some(Parent::New(place)) => Some(new_ids[place]),
                    Some(Parent::There(id)) if there.contains_key(&id) => {
                        parents.push(id);
                        Some(id)
                    }
                    Some(Parent::There(_)) | None => None,
                };
                row
            })
            .collect();
        let joins: Vec<&(ClusterId, Vec<KeywordId>)> = plan
            .joins
            .iter()
            .filter(|(id, _)| there.get(id).is_some_and(|cluster| !keeps(cluster)))
            .collect();
        parents.sort_unstable_by_key(ToString::to_string);
        parents.dedup();

        one_at_a_time(tx);
        require_sector(tx, sector);
        require_clusters(tx, &parents, Some(sector));
        if !joins.is_empty() {
            let mut binds = Variables::new();
            binds.insert("joined", joins.iter().map(|(id, _)| *id).collect::<Vec<_>>());
            // Written, so that whoever locks or deletes one of them in this moment collides with this.
            tx.statement(
                "IF array::len((UPDATE $joined SET rev += 1 WHERE site = $site AND account = $account \
                 AND deleted_at IS NONE AND locked = false AND origin = 'generated' RETURN VALUE id)) \
                 != array::len($joined) { THROW 'cluster_changed' }",
                binds,
            );
        }
        tx.create_all(rows);
        let of_new = plan.new.iter().zip(&new_ids).map(|(new, id)| (*id, &new.keywords));
        let of_joins = joins.iter().map(|(id, keywords)| (*id, keywords));
        let groups: Vec<Row> = of_new
            .chain(of_joins)
            .map(|(id, keywords)| vec![id.into_value(), keywords.clone().into_value()].into_value())
            .collect();
        // Only keywords that were named come out of the clusters they are in.
        let free: Vec<ClusterId> = there
            .values()
            .filter(|cluster| task.payload.keywords.is_some() && !keeps(cluster))
            .map(|cluster| cluster.id)
            .collect();
        let new_keywords = plan.new.iter().map(|new| &new.keywords);
        let all: Vec<KeywordId> = new_keywords
            .chain(joins.iter().map(|(_, keywords)| keywords))
            .flatten()
            .copied()
            .collect();
        let mapped = all.len();
        let mut binds = Variables::new();
        binds.insert("groups", groups);
        binds.insert("group_all", all);
        binds.insert("group_sector", sector);
        binds.insert("group_free", free);
        binds.insert("group_read_at", plan.read_at);
        binds.insert("group_now", now);
        // All in one transaction, since keywords without the charge, or the charge without keywords, must not be. A keyword
        // that somebody placed, deleted or moved since it was read stays where it is. What another run has clustered
        // meanwhile makes this plan void.
        tx.statement(
            "IF array::len((SELECT VALUE id FROM $group_all WHERE site = $site AND account = $account \
             AND cluster IS NOT NONE AND !(cluster INSIDE $group_free) AND (placed_by_hand ?? false) = false \
             LIMIT 1)) > 0 { THROW 'clustered_meanwhile' }",
            Variables::new(),
        );
        tx.statement(
            "FOR $group IN $groups { LET $into = $group[0]; LET $which = $group[1]; \
             UPDATE $which SET cluster = $into, placed_by_hand = NONE, \
             status = IF status = 'used' { 'used' } ELSE { 'mapped' }, rev += 1, updated_at = $group_now \
             WHERE site = $site AND account = $account AND sector = $group_sector AND deleted_at IS NONE \
             AND (cluster IS NONE OR cluster INSIDE $group_free) \
             AND ((placed_by_hand ?? false) = false OR updated_at <= $group_read_at) RETURN NONE }",
            binds,
        );
        let fitting: Vec<Value> = plan
            .fitting
            .iter()
            .take(MOST_FITTING)
            .map(|(cluster, keywords)| {
                json!({
                    "cluster": cluster,
                    "count": keywords.len(),
                    "keywords": keywords.iter().take(20).collect::<Vec<_>>(),
                })
            })
            .collect();
        Ok(Saved {
            result: json!({
                "clusters_created": plan.new.len(),
                "clusters_joined": joins.len(),
                "keywords_mapped": mapped,
                "keywords_unclustered": plan.unclustered,
                "would_fit": fitting,
            }),
            target: Some(sector.to_string()),
        })
    }
}

impl Input {
    fn take(&mut self, line: Line, free: bool) {
        self.ids.push(line.id);
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

/// Clustering leaves it as it is.
fn keeps(cluster: &Cluster) -> bool {
    cluster.locked || cluster.disabled || cluster.origin == ClusterOrigin::Manual
}

/// The clusters of a sector that stay as they are, and those without a parent.
async fn clusters(
    db: &SiteDb<'_, Read>,
    sector: SectorId,
) -> Result<(HashSet<ClusterId>, HashSet<ClusterId>), igny8_data::DbError> {
    let rows = db.list::<Cluster>(Select::new().equals("sector", sector)).await?;
    let kept = rows.iter().filter(|cluster| keeps(cluster)).map(|cluster| cluster.id);
    let tops = rows.iter().filter(|cluster| cluster.parent.is_none());
    Ok((kept.collect(), tops.map(|cluster| cluster.id).collect()))
}

async fn named_lines(
    db: &SiteDb<'_, Read>,
    sector: SectorId,
    named: &HashSet<KeywordId>,
) -> Result<Vec<Line>, igny8_data::DbError> {
    let mut binds = Variables::new();
    binds.insert("ids", named.iter().copied().collect::<Vec<_>>());
    binds.insert("sector", sector);
    let sql = format!(
        "SELECT {} FROM $ids WHERE site = $site AND account = $account AND sector = $sector AND deleted_at IS NONE \
         AND disabled = false;",
        COLUMNS.join(", ")
    );
    db.query(&sql, binds, "reading keywords").await?.rows(0)
}

fn wrong(field: &str, message: &str) -> Error {
    Error::invalid(vec![FieldError::new(field, message)])
}

/// The question that names the clusters in these places.
fn naming(input: &Input, clustering: &planner::Clustering, places: &[usize]) -> Ask {
    let clusters: Vec<Value> = places
        .iter()
        .map(|&place| {
            let cluster = &clustering.clusters[place];
            let phrases: Vec<&str> = cluster
                .keywords
                .iter()
                .take(SHOWN)
                .map(|&keyword| input.keywords[keyword].text.as_str())
                .collect();
            json!({ "id": place, "suggestion": cluster.name, "phrases": phrases })
        })
        .collect();
    Ask {
        prompt: NAMING.name,
        values: Values::new()
            .with("clusters", clusters)
            .with("language", input.options.language.clone()),
        schema: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["clusters"],
            "properties": {
                "clusters": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["id", "name", "description"],
                        "properties": {
                            "id": { "type": "integer" },
                            "name": { "type": "string" },
                            "description": { "type": "string" },
                        },
                    },
                },
            },
        }),
        max_output_tokens: 4_000,
        temperature: Some(0.2),
    }
}

/// Names for exactly these places: nothing invented, nothing left out.
fn read_names(places: &[usize], answer: &Value) -> Result<Vec<(usize, Named)>, String> {
    let mut names = BTreeMap::new();
    for entry in answer["clusters"].as_array().into_iter().flatten() {
        let id = entry["id"].as_u64().and_then(|id| usize::try_from(id).ok());
        let place = id
            .filter(|id| places.contains(id))
            .ok_or_else(|| format!("there is no group with the id {}", entry["id"]))?;
        let line = |field: &str, most: usize| {
            let text = entry[field].as_str().unwrap_or_default();
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let fits = !text_key(&text).is_empty() && text.chars().count() <= most && !text.contains(char::is_control);
            fits.then_some(text)
                .ok_or_else(|| format!("the {field} of group {place} must have 1 to {most} characters"))
        };
        let named = Named {
            name: line("name", 100)?,
            description: line("description", 600)?,
        };
        if names.insert(place, named).is_some() {
            return Err(format!("group {place} is named twice"));
        }
    }
    match places.iter().find(|place| !names.contains_key(place)) {
        Some(missing) => Err(format!("group {missing} is missing")),
        None => Ok(names.into_iter().collect()),
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

fn shortened(text: &str, most: usize) -> String {
    text.trim().chars().take(most).collect::<String>().trim_end().to_owned()
}

/// The name, with a number behind it when it is taken.
fn free_name(name: &str, taken: &mut HashSet<String>) -> String {
    let name = if text_key(name).is_empty() { "Cluster" } else { name };
    let mut free = name.to_owned();
    let mut number = 1;
    while !taken.insert(text_key(&free)) {
        number += 1;
        free = format!("{name} ({number})");
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_free() {
        let mut taken = HashSet::from(["cold brew".to_owned()]);
        for (name, free) in [
            ("Cold  Brew", "Cold  Brew (2)"),
            ("Cold brew", "Cold brew (3)"),
            ("Tea", "Tea"),
            ("", "Cluster"),
        ] {
            assert_eq!(free_name(name, &mut taken), free);
        }
    }

    #[test]
    fn answers_name_the_clusters_asked_for_and_no_others() {
        let answer = |entries: &[(i64, &str)]| {
            let entries: Vec<Value> = entries
                .iter()
                .map(|(id, name)| json!({ "id": id, "name": name, "description": "What it is." }))
                .collect();
            json!({ "clusters": entries })
        };
        let read = |entries: &[(i64, &str)]| read_names(&[3, 7], &answer(entries));
        let good = read(&[(7, " Cold \n brew"), (3, "Tea")]).unwrap();
        assert_eq!(good[1].1.name, "Cold brew");
        for (entries, problem) in [
            (&[(3, "Tea")][..], "group 7 is missing"),
            (&[(3, "Tea"), (7, "A"), (8, "B")], "there is no group with the id 8"),
            (&[(3, "Tea"), (-1, "A")], "there is no group with the id -1"),
            (&[(3, "Tea"), (3, "A")], "group 3 is named twice"),
            (
                &[(3, " "), (7, "A")],
                "the name of group 3 must have 1 to 100 characters",
            ),
        ] {
            assert_eq!(read(entries).unwrap_err(), problem);
        }
    }
}
