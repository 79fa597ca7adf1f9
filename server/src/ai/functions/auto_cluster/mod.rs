//! Groups the keywords of a sector into clusters.
//!
//! The groups come from the planner's algorithm in any case: the same keywords give the same groups, every keyword is in one
//! or none, and no model can lose or invent one. A model helps where it knows more: its vectors say which phrases mean the
//! same, and it names and describes the groups.
//!
//! What people did stays: hand-made and locked clusters with their names and keywords, and keywords that a person put
//! somewhere or took out. New keywords join clusters where they fit, hand-made ones too; a locked or disabled cluster takes
//! none. What would fit into one is told in the result, and [`accept`] puts it there when a person says so.
//!
//! What is paid for is what was put into a cluster. Many keywords are saved in parts of whole clusters ([`split`]). When nothing has changed since all free keywords were looked at with
//! the same settings, there is nothing to do ([`read::state_of`]). [`preview`] shows the groups without saving them.

pub mod accept;
mod emptied;
mod naming;
pub mod preview;
mod read;
mod save;
mod split;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use igny8_data::{Read, SectorId, SiteScope, SurrealValue, Tx, Variables};
use igny8_planner::cluster as planner;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::naming::{NAMED_AT_ONCE, NAMING, Named, naming, read_names};
use self::read::{Lines, NotRead, Which, clusters, named_lines, state_of};
use super::{shortened, wrong};
use crate::ai::provider::{self, NotUsable, Provider};
use crate::ai::{AiFunction, At, BuiltIn, Model, Parts, Phase, Prepared, Saved, Task, Words};
use crate::api::Result;
use crate::api::validate::Check;
use crate::app::App;
use crate::features::billing::prices::Price;
use crate::features::planner::model::{
    Attribute, ClusterId, ClusterRole, ContextType, KeywordId, MAX_ATTRIBUTES, Recommendations,
};
use crate::features::sites::model::{Sector, is_language};
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
    /// Groups those of generated clusters anew, too.
    #[serde(default)]
    regroup: bool,
    /// From 0 (few, wide clusters) to 1 (many, narrow ones).
    #[serde(default = "half")]
    granularity: f64,
    /// Clusters of more different keywords than this are split, however alike they are: 3 to 10,000, 250 when absent.
    #[serde(default = "usual_size")]
    max_size: usize,
    /// Language of the keywords; the site's when absent.
    #[serde(default)]
    language: Option<String>,
}

fn half() -> f64 {
    0.5
}

fn usual_size() -> usize {
    planner::Options::default().max_size
}

/// Keywords one request may name.
const MOST_NAMED: usize = 20_000;
/// Above this many keywords vectors would fill the memory (1536 numbers each): texts alone must do.
const MOST_VECTORS: usize = 20_000;
/// Clusters that new keywords would fit into but may not join, told in the result, and keywords of each.
const MOST_FITTING: (usize, usize) = (50, 200);

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Count {
    n: i64,
}

/// What was read.
pub struct Input {
    options: planner::Options,
    granularity: f64,
    lines: Lines,
    /// What the groups depend on besides keywords and clusters.
    settings: String,
}

/// The groups, and names from a model by place.
pub struct Answer {
    clustering: planner::Clustering,
    names: BTreeMap<usize, Named>,
    notes: Vec<String>,
}

/// What becomes of the groups, or of some of them.
#[derive(Serialize, Deserialize)]
pub struct Plan {
    read_at: DateTime<Utc>,
    /// A part of it is saved already, so that it cannot be made anew: keywords that another run has clustered meanwhile stay
    /// there.
    begun: bool,
    new: Vec<New>,
    joins: Vec<(ClusterId, Vec<KeywordId>)>,
    /// What would fit into clusters that stay as they are.
    fitting: Vec<(ClusterId, Vec<KeywordId>)>,
    /// How many are in no group, or only in one of a cluster that stays as it is.
    unclustered: usize,
    /// Those of them that come out of the cluster they are in.
    leaving: Vec<KeywordId>,
    /// How many more stay where a person put them.
    #[serde(default)]
    by_hand: usize,
    /// What the sector was clustered with; none in all parts but the last.
    settings: Option<String>,
    /// What its user should know.
    notes: Vec<String>,
}

impl Plan {
    fn empty(read_at: DateTime<Utc>) -> Self {
        Self {
            read_at,
            begun: false,
            new: Vec::new(),
            joins: Vec::new(),
            fitting: Vec::new(),
            unclustered: 0,
            leaving: Vec::new(),
            by_hand: 0,
            settings: None,
            notes: Vec::new(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct New {
    /// Its place among all new ones.
    place: usize,
    name: String,
    description: String,
    role: ClusterRole,
    context_type: ContextType,
    parent: Option<Parent>,
    recommendations: Recommendations,
    keywords: Vec<KeywordId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Parent {
    /// [`New::place`].
    New(usize),
    There(ClusterId),
}

impl AiFunction for AutoCluster {
    const NAME: &'static str = "auto_cluster";
    const ABOUT: &'static str = "Groups keywords of a sector into clusters.";
    const UNIT: &'static str = "keywords";
    const PRICE: Price = Price {
        credits: 1,
        per: 5,
        least: 1,
    };
    const WORDS: Words = Words {
        prep: "Reading keywords",
        call: "Grouping keywords",
        asked: "Naming clusters",
        parse: "Checking clusters",
        save: "Saving clusters",
        done: "Clusters are ready",
    };
    const PROMPTS: &'static [BuiltIn] = &[NAMING];
    const PARTS: Option<Parts<Self>> = Some(Parts::new(
        |task, plan| split::split(plan, split::at_once(&task.app)),
        split::sum,
    ));

    type Payload = Payload;
    type Input = Input;
    type Answer = Answer;
    type Output = Plan;

    fn example() -> Value {
        json!({
            "sector": "sect_01jz8k3v5n6q7r8s9t0v1w2x3y",
            "keywords": ["kw_01jz8k3v5n6q7r8s9t0v1w2x3y"],
            "regroup": false,
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
        let which = Which::of(payload);
        let kept = clusters(&db, payload.sector).await?.kept;
        if let Which::Named(named) = &which {
            let found = named_lines(&db, payload.sector, named).await?;
            if found.len() < named.len() {
                return Err(wrong(
                    "input.keywords",
                    "must be keywords of this sector that are not disabled",
                ));
            }
            let free = found.iter().filter(|line| line.free(&which, &kept)).count();
            return Ok(i64::try_from(free).unwrap_or(i64::MAX));
        }
        let mut binds = Variables::new();
        binds.insert("sector", payload.sector);
        let mut free = "cluster IS NONE".to_owned();
        if payload.regroup {
            binds.insert("kept", kept.into_iter().collect::<Vec<_>>());
            free = "(cluster IS NONE OR !(cluster INSIDE $kept))".to_owned();
        }
        let sql = format!(
            "SELECT count() AS n FROM keyword WHERE site = $site AND account = $account AND sector = $sector \
             AND deleted_at IS NONE AND disabled = false AND {free} AND (placed_by_hand ?? false) = false GROUP ALL;\
             SELECT VALUE clustered FROM ONLY $sector WHERE site = $site AND account = $account;"
        );
        let mut answer = db.query(&sql, binds, "counting keywords").await?;
        let counted = answer.rows::<Count>(0)?.first().map_or(0, |c| c.n);
        // The same again would leave the same keywords behind.
        let settings = settings(at.app, at.scope, payload).await?;
        if let Some(state) = answer
            .one::<String>(1)?
            .as_deref()
            .and_then(|last| last.strip_prefix(&settings))
        {
            let mut binds = Variables::new();
            binds.insert("sector", payload.sector);
            let sql = format!("RETURN {};", state_of("$sector"));
            let now = db.query(&sql, binds, "looking for changes").await?.one::<String>(0)?;
            if now.as_deref() == Some(state) {
                return Ok(0);
            }
        }
        Ok(counted)
    }

    async fn prepare(task: &Task<Payload>) -> Result<Prepared<Input>, JobError> {
        let payload = &task.payload;
        let scope = task.scope.reading();
        let db = task.app.db.site(&scope);
        let told = |count: usize| {
            task.tell(Phase::Prep, 0.5, format!("Reading keywords: {count}"));
            task.check()
        };
        let lines = Lines::read(&db, payload.sector, &Which::of(payload), usize::MAX, &told).await;
        let lines = lines.map_err(|error| match error {
            NotRead::Db(error) => error.into(),
            NotRead::Stopped(error) => error,
            NotRead::TooMany(most) => JobError::Fail(format!(
                "The sector has more than {most} keywords to look at. Make several sectors of it."
            )),
        })?;
        let units = i64::try_from(lines.free).unwrap_or(i64::MAX);
        let input = Input {
            options: options(&task.app, &scope, payload).await?,
            granularity: payload.granularity,
            lines,
            settings: settings(&task.app, &scope, payload).await?,
        };
        Ok(Prepared { input, units })
    }

    fn local(input: &Input) -> Answer {
        Answer {
            clustering: planner::Graph::new(&input.lines.keywords, &input.options).cluster(input.granularity),
            names: BTreeMap::new(),
            notes: Vec::new(),
        }
    }

    async fn ask(input: Arc<Input>, model: &Model<'_>) -> Result<Answer, JobError> {
        let mut vectors = Vec::new();
        let mut notes = Vec::new();
        let count = input.lines.keywords.len();
        if model.embeds() && count > MOST_VECTORS {
            notes.push(format!(
                "The {count} keywords were grouped by their texts alone: the provider's vectors are used for up to \
                 {MOST_VECTORS}. Smaller sectors are grouped better."
            ));
        } else if model.embeds() {
            let texts: Vec<String> = input
                .lines
                .keywords
                .iter()
                .map(|keyword| keyword.text.clone())
                .collect();
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
                    .lines
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
        let heirs = input.lines.heirs(&clustering);
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
            notes,
        })
    }

    fn settle(input: &Input, answer: Answer) -> Result<Plan, String> {
        let Answer {
            clustering,
            mut names,
            notes,
        } = answer;
        let lines = &input.lines;
        let ids = |places: &[usize]| -> Vec<KeywordId> {
            places
                .iter()
                .filter(|&&place| lines.keywords[place].fixed.is_none())
                .map(|&place| lines.ids[place])
                .collect()
        };
        let heirs = input.lines.heirs(&clustering);
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
                    if lines.clusters.tops.contains(id) {
                        place_of.insert(place, Parent::There(*id));
                    }
                }
            }
        }
        let mut plan = Plan {
            by_hand: lines.by_hand,
            settings: Some(input.settings.clone()),
            notes,
            ..Plan::empty(lines.read_at)
        };
        let left_over = |plan: &mut Plan, places: &[usize]| {
            for &place in places.iter().filter(|&&place| lines.keywords[place].fixed.is_none()) {
                plan.unclustered += 1;
                plan.leaving.extend(lines.were[place].map(|_| lines.ids[place]));
            }
        };
        left_over(&mut plan, &clustering.unclustered);
        for (place, cluster) in clustering.clusters.into_iter().enumerate() {
            let keywords = ids(&cluster.keywords);
            if let Some(&id) = there.get(&place) {
                if keywords.is_empty() {
                    continue;
                }
                if lines.clusters.closed.contains(&id) {
                    left_over(&mut plan, &cluster.keywords);
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
                place: plan.new.len(),
                name: shortened(&named.name, 110),
                description: shortened(&named.description, 1_000),
                role: role_of(cluster.role),
                context_type: context_type_of(cluster.context_type),
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

/// Everything the groups depend on that is not in keywords and clusters.
async fn settings(
    app: &App,
    scope: &SiteScope<Read>,
    payload: &Payload,
) -> std::result::Result<String, igny8_data::DbError> {
    let embedder = embedder(app, scope).await?;
    let vectors = embedder.as_ref().map_or("", Provider::embedding_model);
    let language = options(app, scope, payload).await?.language;
    let (granularity, max_size, regroup) = (payload.granularity, payload.max_size, payload.regroup);
    Ok(json!([granularity, max_size, regroup, language, vectors]).to_string())
}

/// The account's provider, if it has one whose model makes vectors.
async fn embedder(app: &App, scope: &SiteScope<Read>) -> std::result::Result<Option<Provider>, igny8_data::DbError> {
    // Who may read a site may read its account.
    let Ok(account) = scope.actor().account::<Read>() else {
        return Ok(None);
    };
    match provider::configured(app, &account).await {
        Ok(provider) => Ok(provider.filter(Provider::embeds)),
        Err(NotUsable::Provider(_)) => Ok(None),
        Err(NotUsable::Db(error)) => Err(error),
    }
}

async fn options(
    app: &App,
    scope: &SiteScope<Read>,
    payload: &Payload,
) -> std::result::Result<planner::Options, igny8_data::DbError> {
    let language = match &payload.language {
        Some(language) => language.clone(),
        None => {
            let sql = "SELECT VALUE language FROM ONLY $site WHERE account = $account;";
            let db = app.db.site(scope);
            let own = db
                .query(sql, Variables::new(), "reading a site")
                .await?
                .one::<String>(0)?;
            own.unwrap_or_else(|| "en".to_owned())
        }
    };
    Ok(planner::Options {
        language,
        max_size: payload.max_size,
        ..planner::Options::default()
    })
}

impl Lines {
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
                if both * 2 > either && !self.clusters.kept.contains(&cluster) {
                    heirs.insert(place, cluster);
                }
            }
        }
        heirs
    }
}

fn role_of(role: planner::Role) -> ClusterRole {
    match role {
        planner::Role::Hub => ClusterRole::Hub,
        planner::Role::Supporting => ClusterRole::Supporting,
        planner::Role::Attribute => ClusterRole::Attribute,
    }
}

fn context_type_of(context_type: planner::ContextType) -> ContextType {
    match context_type {
        planner::ContextType::Topic => ContextType::Topic,
        planner::ContextType::Attribute => ContextType::Attribute,
        planner::ContextType::ServiceLine => ContextType::ServiceLine,
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
