//! Makes ideas for pages from clusters: a hub page and supporting pages that together cover the cluster's keywords.
//!
//! No keyword is aimed at twice: what ideas or content aim at already is left out, every other keyword is in exactly one new
//! idea. Without a provider the planner's algorithm makes the groups and the outlines; a model makes them itself, and
//! keywords it left out go to the idea they are most alike.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use igny8_data::{AccountId, Read, SectorId, Select, SiteDb, SiteId, SurrealValue, Tx, Variables, record};
use igny8_planner::cluster as planner;
use igny8_planner::ideas;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ai::{AiFunction, Ask, At, BuiltIn, Model, Phase, Placeholder, Prepared, Saved, Task, Values, Words};
use crate::api::validate::Check;
use crate::api::{Error, FieldError, Result};
use crate::features::content::model::{ContentStructure, ContentType};
use crate::features::planner::idea::{Heading, Idea, IdeaId, IdeaOrigin, MAX_KEYWORDS};
use crate::features::planner::model::{Cluster, ClusterId, ClusterRole, ContextType, Intent, KeywordId};
use crate::features::planner::text_key;
use crate::features::sites::model::{Sector, Site, SiteType, is_language};
use crate::features::taxonomy::{Taxonomy, TermId};
use crate::jobs::JobError;

pub struct GenerateIdeas;

/// For which clusters.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    sector: SectorId,
    /// Those that have no ideas when absent.
    #[serde(default)]
    clusters: Option<Vec<ClusterId>>,
    /// Language of the keywords; the site's when absent.
    #[serde(default)]
    language: Option<String>,
}

/// Clusters one task works on.
const MOST: usize = 200;
/// Phrases of a cluster that a model sees.
const SHOWN: usize = 150;
/// Ideas a model may have for one cluster.
const MOST_IDEAS: usize = 30;

const PLANNING: BuiltIn = BuiltIn {
    name: "plan_pages",
    about: "Plans the pages for a cluster of keywords.",
    text: include_str!("plan_pages.md"),
    placeholders: &[
        Placeholder {
            name: "cluster",
            about: "The cluster with its phrases, as JSON.",
            required: true,
            sample: r#"{"id":0,"name":"Cold brew","has_hub":false,"existing":[],"phrases":[{"id":0,"text":"cold brew","volume":900,"difficulty":31,"intent":"informational"}]}"#,
        },
        Placeholder {
            name: "language",
            about: "The language tag.",
            required: false,
            sample: r#""en""#,
        },
        Placeholder {
            name: "site_type",
            about: "`blog`, `ecommerce` or `company`.",
            required: false,
            sample: r#""blog""#,
        },
    ],
};

/// A keyword as far as ideas look at it.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Line {
    id: KeywordId,
    cluster: ClusterId,
    text: String,
    volume: i64,
    difficulty: Option<i64>,
    intent: Option<Intent>,
    serp_urls: Option<Vec<String>>,
}

/// An idea that is there.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct There {
    id: IdeaId,
    account: AccountId,
    site: SiteId,
    title: String,
    cluster: Option<ClusterId>,
    cluster_role: Option<ClusterRole>,
    primary_keyword: Option<KeywordId>,
    secondary_keywords: Vec<KeywordId>,
    rev: i64,
}

record!(There, IdeaId, site, soft_delete);

const COLUMNS: &[&str] = &[
    "id",
    "account",
    "site",
    "title",
    "cluster",
    "cluster_role",
    "primary_keyword",
    "secondary_keywords",
    "rev",
];

/// Content that aims at something.
#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Page {
    cluster: ClusterId,
    cluster_role: Option<ClusterRole>,
    primary_keyword: Option<String>,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct TermRow {
    id: TermId,
    name: String,
    taxonomy: Taxonomy,
}

/// A cluster with the keywords that nothing aims at, the most searched first.
#[derive(Debug, Clone)]
struct Work {
    id: ClusterId,
    ids: Vec<KeywordId>,
    cluster: ideas::Cluster,
    /// Titles of its ideas.
    existing: Vec<String>,
}

/// What was read.
pub struct Input {
    options: ideas::Options,
    site_type: SiteType,
    work: Vec<Work>,
    /// Ideas of these clusters that were there.
    known: Vec<IdeaId>,
    /// Clusters without ideas that one task has no room for.
    left: usize,
}

/// Ideas by cluster, in the order of [`Input::work`].
pub struct Answer(Vec<Vec<Proposed>>);

/// An idea; keywords are places in [`Work::ids`].
#[derive(Debug, Clone, PartialEq)]
struct Proposed {
    title: String,
    brief: Option<String>,
    role: ClusterRole,
    content_type: ContentType,
    content_structure: ContentStructure,
    primary: usize,
    secondary: Vec<usize>,
    outline: Vec<Heading>,
    word_count: i64,
    terms: Vec<String>,
}

/// What is stored.
pub struct Plan {
    clusters: Vec<ClusterId>,
    known: Vec<IdeaId>,
    left: usize,
    new: Vec<New>,
}

struct New {
    cluster: ClusterId,
    primary: KeywordId,
    secondary: Vec<KeywordId>,
    brief: String,
    idea: Proposed,
}

impl AiFunction for GenerateIdeas {
    const NAME: &'static str = "generate_ideas";
    const ABOUT: &'static str = "Makes ideas for pages that cover the keywords of clusters.";
    const UNIT: &'static str = "clusters";
    const WORDS: Words = Words {
        prep: "Reading clusters",
        call: "Planning pages",
        asked: "Planning pages",
        parse: "Checking ideas",
        save: "Saving ideas",
        done: "Ideas are ready",
    };
    const PROMPTS: &'static [BuiltIn] = &[PLANNING];

    type Payload = Payload;
    type Input = Input;
    type Answer = Answer;
    type Output = Plan;

    fn example() -> Value {
        json!({
            "sector": "sect_01jz8k3v5n6q7r8s9t0v1w2x3y",
            "clusters": ["clus_01jz8k3v5n6q7r8s9t0v1w2x3y"],
            "language": "en",
        })
    }

    fn check(payload: &Payload, check: &mut Check) {
        check
            .that(
                payload
                    .clusters
                    .as_ref()
                    .is_none_or(|ids| (1..=MOST).contains(&ids.len())),
                "input.clusters",
                format!("must be 1 to {MOST}; leave it out for all that have no ideas"),
            )
            .that(
                payload.language.as_deref().is_none_or(is_language),
                "input.language",
                "must be a BCP 47 language tag such as en or pt-BR",
            );
    }

    async fn units(at: &At<'_>, payload: &Payload) -> Result<i64> {
        let db = at.app.db.site(at.scope);
        if db.get::<Sector>(payload.sector).await?.is_none() {
            return Err(wrong("input.sector", "must be a sector of this site"));
        }
        let found = read(&db, payload).await?;
        if let Some(named) = &payload.clusters {
            let named: HashSet<ClusterId> = named.iter().copied().collect();
            if found.named < named.len() {
                return Err(wrong(
                    "input.clusters",
                    "must be clusters of this sector that are not disabled",
                ));
            }
        }
        Ok(i64::try_from(found.work.len()).unwrap_or(i64::MAX))
    }

    async fn prepare(task: &Task<Payload>) -> Result<Prepared<Input>, JobError> {
        let payload = &task.payload;
        let scope = task.scope.reading();
        let db = task.app.db.site(&scope);
        let account = scope.actor().account::<Read>()?;
        let site = task.app.db.account(&account).get::<Site>(scope.site()).await?;
        let (site_type, own) = site.map_or((SiteType::Blog, "en".to_owned()), |site| {
            (site.site_type, site.language)
        });
        task.tell(Phase::Prep, 0.3, "Reading keywords");
        let found = read(&db, payload).await?;
        task.check()?;
        let units = i64::try_from(found.work.len()).unwrap_or(i64::MAX);
        let input = Input {
            options: ideas::Options {
                language: payload.language.clone().unwrap_or(own),
                site: match site_type {
                    SiteType::Blog => ideas::SiteKind::Blog,
                    SiteType::Ecommerce => ideas::SiteKind::Ecommerce,
                    SiteType::Company => ideas::SiteKind::Company,
                },
                ..ideas::Options::default()
            },
            site_type,
            work: found.work,
            known: found.known,
            left: found.left,
        };
        Ok(Prepared { input, units })
    }

    fn local(input: &Input) -> Answer {
        let plan = |work: &Work| {
            ideas::plan(&work.cluster, &input.options)
                .into_iter()
                .map(proposed)
                .collect()
        };
        Answer(input.work.iter().map(plan).collect())
    }

    async fn ask(input: Arc<Input>, model: &Model<'_>) -> Result<Answer, JobError> {
        let asks = (0..input.work.len()).map(|place| planning(&input, place)).collect();
        let mut answers = model
            .ask_each(asks, |n, answer| read_ideas(n, &input.work[n], &answer))
            .await?;
        for (work, ideas) in input.work.iter().zip(&mut answers) {
            complete(work, ideas, &input.options.language);
        }
        Ok(Answer(answers))
    }

    fn settle(input: &Input, answer: Answer) -> Result<Plan, String> {
        let mut plan = Plan {
            clusters: Vec::new(),
            known: input.known.clone(),
            left: input.left,
            new: Vec::new(),
        };
        for (work, proposals) in input.work.iter().zip(answer.0) {
            plan.clusters.push(work.id);
            let mut aimed: HashSet<usize> = HashSet::new();
            for mut idea in proposals {
                let all = idea.secondary.iter().chain([&idea.primary]);
                for &place in all {
                    if place >= work.ids.len() || !aimed.insert(place) {
                        return Err(format!("Two ideas for {} aim at one keyword.", work.cluster.name));
                    }
                }
                let brief = match idea.brief.take() {
                    Some(brief) => brief,
                    None => brief(work, &idea),
                };
                idea.title = shortened(&idea.title, 200);
                if idea.title.is_empty() {
                    idea.title.clone_from(&work.cluster.name);
                }
                for heading in &mut idea.outline {
                    heading.heading = shortened(&heading.heading, 300);
                }
                idea.outline.retain(|heading| !heading.heading.is_empty());
                idea.terms = idea.terms.iter().map(|term| shortened(term, 120)).collect();
                plan.new.push(New {
                    cluster: work.id,
                    primary: work.ids[idea.primary],
                    secondary: idea.secondary.iter().map(|&place| work.ids[place]).collect(),
                    brief,
                    idea,
                });
            }
        }
        Ok(plan)
    }

    async fn save(task: &Task<Payload>, plan: &Plan, tx: &mut Tx<'_>) -> Result<Saved, JobError> {
        let (scope, sector) = (&task.scope, task.payload.sector);
        let now = task.app.db.clock().now();
        let db = task.app.db.site(scope);
        // As they are now: minutes have passed.
        let sql = "SELECT id, name, taxonomy FROM term WHERE site = $site AND account = $account \
                   AND deleted_at IS NONE LIMIT 10000;\
                   SELECT VALUE target FROM idea WHERE site = $site AND target INSIDE $primaries AND account = $account;";
        let mut binds = Variables::new();
        binds.insert("primaries", plan.new.iter().map(|new| new.primary).collect::<Vec<_>>());
        let mut answer = db.query(sql, binds, "reading terms").await?;
        let mut terms: HashMap<(String, Taxonomy), TermId> = HashMap::new();
        for row in answer.rows::<TermRow>(0)? {
            terms.entry((text_key(&row.name), row.taxonomy)).or_insert(row.id);
        }
        // Somebody was faster by hand: that idea stays, this one is left out.
        let taken: HashSet<KeywordId> = answer.rows::<KeywordId>(1)?.into_iter().collect();
        let mut covered = 0;
        let rows: Vec<Idea> = plan
            .new
            .iter()
            .filter(|new| !taken.contains(&new.primary))
            .map(|new| {
                let mut row = Idea::new(task.app.db.ids().make(), scope, sector, &new.idea.title, now);
                row.origin = IdeaOrigin::Generated;
                row.brief.clone_from(&new.brief);
                row.outline.clone_from(&new.idea.outline);
                (row.cluster, row.cluster_role) = (Some(new.cluster), Some(new.idea.role));
                (row.content_type, row.content_structure) = (new.idea.content_type, new.idea.content_structure);
                row.set_keywords(Some(new.primary), new.secondary.clone());
                covered += 1 + row.secondary_keywords.len();
                row.word_count = new.idea.word_count;
                for name in &new.idea.terms {
                    let of = |taxonomy: &Taxonomy| terms.get(&(text_key(name), *taxonomy)).copied();
                    match taxonomies(row.content_type).iter().find_map(of) {
                        Some(id) if !row.terms.contains(&id) => row.terms.push(id),
                        Some(_) => {}
                        None => row.suggested_terms.push(name.clone()),
                    }
                }
                row
            })
            .collect();
        let created = rows.len();
        let mut binds = Variables::new();
        binds.insert("planned", plan.clusters.clone());
        binds.insert("planned_known", plan.known.clone());
        binds.insert("planned_sector", sector);
        binds.insert("planned_now", now);
        // The clusters are written, so that two tasks for one of them collide; what the other made is seen then.
        tx.statement(
            "IF array::len((UPDATE $planned SET status = 'mapped', rev += 1, updated_at = $planned_now \
             WHERE site = $site AND account = $account AND sector = $planned_sector AND deleted_at IS NONE \
             RETURN VALUE id)) != array::len($planned) { THROW 'cluster_changed' }",
            binds,
        );
        tx.statement(
            "IF array::len((SELECT VALUE id FROM idea WHERE site = $site AND cluster INSIDE $planned \
             AND account = $account AND deleted_at IS NONE AND origin = 'generated' AND id NOT INSIDE $planned_known \
             LIMIT 1)) > 0 { THROW 'ideas_made_meanwhile' }",
            Variables::new(),
        );
        tx.create_all(rows);
        Ok(Saved {
            result: json!({
                "ideas_created": created,
                "clusters_mapped": plan.clusters.len(),
                "keywords_covered": covered,
                "clusters_left": plan.left,
            }),
            target: Some(sector.to_string()),
        })
    }
}

/// What [`read`] found.
struct Found {
    work: Vec<Work>,
    known: Vec<IdeaId>,
    /// Clusters that were asked for by name and are there.
    named: usize,
    left: usize,
}

/// The clusters meant that have keywords nothing aims at.
async fn read(db: &SiteDb<'_, Read>, payload: &Payload) -> Result<Found, igny8_data::DbError> {
    let select = Select::new().equals("sector", payload.sector).equals("disabled", false);
    let mut clusters = db.list::<Cluster>(select).await?;
    let select = Select::new().equals("sector", payload.sector).columns(COLUMNS);
    let there = db.list::<There>(select).await?;
    let with: HashSet<ClusterId> = there.iter().filter_map(|idea| idea.cluster).collect();
    match &payload.clusters {
        Some(named) => clusters.retain(|cluster| named.contains(&cluster.id)),
        None => clusters.retain(|cluster| !with.contains(&cluster.id)),
    }
    clusters.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    let named = clusters.len();
    let aimed: HashSet<KeywordId> = there
        .iter()
        .flat_map(|idea| idea.primary_keyword.iter().chain(&idea.secondary_keywords))
        .copied()
        .collect();
    let mut found = Found {
        work: Vec::new(),
        known: Vec::new(),
        named,
        left: 0,
    };
    for some in clusters.chunks(50) {
        let mut binds = Variables::new();
        let mut sql = String::new();
        for (n, cluster) in some.iter().enumerate() {
            binds.insert(format!("c{n}"), cluster.id);
            sql += &format!(
                "SELECT id, cluster, text, volume, difficulty, intent, serp_urls FROM keyword WITH INDEX keyword_by_cluster \
                 WHERE site = $site AND cluster = $c{n} AND account = $account AND deleted_at IS NONE \
                 AND disabled = false ORDER BY volume DESC, text ASC, id ASC LIMIT {MAX_KEYWORDS};"
            );
        }
        binds.insert("ids", some.iter().map(|cluster| cluster.id).collect::<Vec<_>>());
        sql += "SELECT cluster, cluster_role, primary_keyword FROM content WHERE site = $site AND account = $account \
                AND deleted_at IS NONE AND cluster INSIDE $ids;";
        let mut answer = db.query(&sql, binds, "reading keywords of clusters").await?;
        let mut lines: Vec<Vec<Line>> = Vec::with_capacity(some.len());
        for n in 0..some.len() {
            lines.push(answer.rows(n)?);
        }
        let pages: Vec<Page> = answer.rows(some.len())?;
        for (cluster, mut lines) in some.iter().zip(lines) {
            let own: Vec<&Page> = pages.iter().filter(|page| page.cluster == cluster.id).collect();
            let written: HashSet<String> = own
                .iter()
                .filter_map(|page| page.primary_keyword.as_deref().map(text_key))
                .collect();
            lines.retain(|line| !aimed.contains(&line.id) && !written.contains(&text_key(&line.text)));
            if lines.is_empty() {
                continue;
            }
            if found.work.len() == MOST {
                found.left += 1;
                continue;
            }
            let ideas: Vec<&There> = there.iter().filter(|idea| idea.cluster == Some(cluster.id)).collect();
            found.known.extend(ideas.iter().map(|idea| idea.id));
            let has_hub = ideas.iter().any(|idea| idea.cluster_role == Some(ClusterRole::Hub))
                || own.iter().any(|page| page.cluster_role == Some(ClusterRole::Hub));
            found.work.push(Work {
                id: cluster.id,
                ids: lines.iter().map(|line| line.id).collect(),
                existing: ideas.iter().map(|idea| idea.title.clone()).collect(),
                cluster: ideas::Cluster {
                    name: cluster.name.clone(),
                    role: match cluster.role {
                        ClusterRole::Hub => planner::Role::Hub,
                        ClusterRole::Supporting => planner::Role::Supporting,
                        ClusterRole::Attribute => planner::Role::Attribute,
                    },
                    context: match cluster.context_type {
                        ContextType::Topic => planner::ContextType::Topic,
                        ContextType::Attribute => planner::ContextType::Attribute,
                        ContextType::ServiceLine => planner::ContextType::ServiceLine,
                    },
                    keywords: lines.into_iter().map(keyword).collect(),
                    terms: cluster.recommendations.terms.clone(),
                    has_hub,
                },
            });
        }
    }
    Ok(found)
}

fn keyword(line: Line) -> planner::Keyword {
    planner::Keyword {
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
        ..planner::Keyword::new(line.text)
    }
}

/// The planner's idea as a proposal.
fn proposed(idea: ideas::Idea) -> Proposed {
    use ideas::Structure as S;
    Proposed {
        title: idea.title,
        brief: None,
        role: match idea.role {
            planner::Role::Hub => ClusterRole::Hub,
            planner::Role::Supporting => ClusterRole::Supporting,
            planner::Role::Attribute => ClusterRole::Attribute,
        },
        content_type: match idea.content_type {
            ideas::ContentType::Post => ContentType::Post,
            ideas::ContentType::Page => ContentType::Page,
            ideas::ContentType::Product => ContentType::Product,
            ideas::ContentType::Service => ContentType::Service,
            ideas::ContentType::Taxonomy => ContentType::Taxonomy,
        },
        content_structure: match idea.structure {
            S::Article => ContentStructure::Article,
            S::Guide => ContentStructure::Guide,
            S::Comparison => ContentStructure::Comparison,
            S::Review => ContentStructure::Review,
            S::Listicle => ContentStructure::Listicle,
            S::LandingPage => ContentStructure::LandingPage,
            S::BusinessPage => ContentStructure::BusinessPage,
            S::ServicePage => ContentStructure::ServicePage,
            S::General => ContentStructure::General,
            S::ClusterHub => ContentStructure::ClusterHub,
            S::ProductPage => ContentStructure::ProductPage,
            S::CategoryArchive => ContentStructure::CategoryArchive,
            S::TagArchive => ContentStructure::TagArchive,
            S::AttributeArchive => ContentStructure::AttributeArchive,
        },
        primary: idea.primary,
        secondary: idea.secondary,
        outline: idea
            .outline
            .into_iter()
            .map(|heading| Heading {
                heading: heading.text,
                points: Vec::new(),
                question: heading.question,
            })
            .collect(),
        word_count: i64::from(idea.words),
        terms: idea.terms,
    }
}

/// What a page is for, from what is known of its keywords.
fn brief(work: &Work, idea: &Proposed) -> String {
    let of = |place: usize| &work.cluster.keywords[place];
    let primary = of(idea.primary);
    let mut text = format!("Aims at \u{201c}{}\u{201d}", primary.text);
    let mut known = Vec::new();
    known.extend(primary.volume.map(|volume| format!("{volume} searches a month")));
    known.extend(
        primary
            .difficulty
            .map(|difficulty| format!("difficulty {difficulty:.0}")),
    );
    if !known.is_empty() {
        text += &format!(" ({})", known.join(", "));
    }
    text.push('.');
    if !idea.secondary.is_empty() {
        let shown: Vec<&str> = idea
            .secondary
            .iter()
            .take(5)
            .map(|&place| of(place).text.as_str())
            .collect();
        text += &format!(" Also answers: {}", shown.join(", "));
        match idea.secondary.len() - shown.len() {
            0 => text.push('.'),
            more => text += &format!(" and {more} more."),
        }
    }
    text
}

/// The question about the cluster in this place.
fn planning(input: &Input, place: usize) -> Ask {
    let work = &input.work[place];
    let phrases: Vec<Value> = work
        .cluster
        .keywords
        .iter()
        .take(SHOWN)
        .enumerate()
        .map(|(n, keyword)| {
            json!({
                "id": n,
                "text": keyword.text,
                "volume": keyword.volume,
                "difficulty": keyword.difficulty,
                "intent": keyword.intent,
            })
        })
        .collect();
    let existing: Vec<&String> = work.existing.iter().take(50).collect();
    let text = json!({ "type": "string" });
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    Ask {
        prompt: PLANNING.name,
        values: Values::new()
            .with(
                "cluster",
                json!({
                    "id": place,
                    "name": work.cluster.name,
                    "has_hub": work.cluster.has_hub,
                    "existing": existing,
                    "phrases": phrases,
                }),
            )
            .with("language", input.options.language.clone())
            .with("site_type", json!(input.site_type)),
        schema: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["cluster", "ideas"],
            "properties": {
                "cluster": { "type": "integer" },
                "ideas": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": false,
                        "required": [
                            "title", "brief", "role", "content_type", "content_structure", "primary", "secondary",
                            "headings", "questions", "word_count", "terms",
                        ],
                        "properties": {
                            "title": text,
                            "brief": text,
                            "role": { "type": "string", "enum": ["hub", "supporting", "attribute"] },
                            "content_type": {
                                "type": "string",
                                "enum": ["post", "page", "product", "service", "taxonomy"],
                            },
                            "content_structure": {
                                "type": "string",
                                "enum": [
                                    "article", "guide", "comparison", "review", "listicle", "landing_page",
                                    "business_page", "service_page", "general", "cluster_hub", "product_page",
                                    "category_archive", "tag_archive", "attribute_archive",
                                ],
                            },
                            "primary": { "type": "integer" },
                            "secondary": { "type": "array", "items": { "type": "integer" } },
                            "headings": texts,
                            "questions": texts,
                            "word_count": { "type": "integer" },
                            "terms": texts,
                        },
                    },
                },
            },
        }),
        max_output_tokens: 8_000,
        temperature: Some(0.4),
    }
}

/// An idea as a model answers it.
#[derive(Deserialize)]
struct Answered {
    title: String,
    brief: String,
    role: ClusterRole,
    content_type: ContentType,
    content_structure: ContentStructure,
    primary: i64,
    secondary: Vec<i64>,
    headings: Vec<String>,
    questions: Vec<String>,
    word_count: i64,
    terms: Vec<String>,
}

/// Ideas for exactly this cluster and its phrases, none of them aimed at twice.
fn read_ideas(place: usize, work: &Work, answer: &Value) -> Result<Vec<Proposed>, String> {
    if answer["cluster"].as_u64().and_then(|id| usize::try_from(id).ok()) != Some(place) {
        return Err(format!("there is no cluster with the id {}", answer["cluster"]));
    }
    let answered: Vec<Answered> =
        serde_json::from_value(answer["ideas"].clone()).map_err(|error| format!("ideas are not readable: {error}"))?;
    if !(1..=MOST_IDEAS).contains(&answered.len()) {
        return Err(format!("there must be 1 to {MOST_IDEAS} ideas"));
    }
    let hubs = answered.iter().filter(|idea| idea.role == ClusterRole::Hub).count();
    if hubs != usize::from(!work.cluster.has_hub) {
        return Err(match work.cluster.has_hub {
            true => "the hub page is there already: no idea may have the role hub".to_owned(),
            false => format!("exactly one idea must have the role hub, not {hubs}"),
        });
    }
    let shown = work.ids.len().min(SHOWN);
    let mut aimed: HashSet<usize> = HashSet::new();
    let mut titles: BTreeSet<String> = work.existing.iter().map(|title| text_key(title)).collect();
    let mut ideas = Vec::with_capacity(answered.len());
    for idea in answered {
        let mut phrase = |id: i64| -> Result<usize, String> {
            let place = usize::try_from(id)
                .ok()
                .filter(|place| *place < shown)
                .ok_or_else(|| format!("there is no phrase with the id {id}"))?;
            match aimed.insert(place) {
                true => Ok(place),
                false => Err(format!("phrase {id} is in two places")),
            }
        };
        let primary = phrase(idea.primary)?;
        // Named again as a secondary one of the same page it harms nothing.
        let others = idea.secondary.into_iter().filter(|id| *id != idea.primary);
        let secondary = others.map(phrase).collect::<Result<Vec<_>, _>>()?;
        let title = line("title", &idea.title, 200)?;
        if !titles.insert(text_key(&title)) {
            return Err(format!("the title \u{201c}{title}\u{201d} is there twice"));
        }
        let brief = idea.brief.trim().to_owned();
        if brief.is_empty() || brief.chars().count() > 5_000 || brief.contains('\0') {
            return Err("a brief must have 1 to 5000 characters".to_owned());
        }
        if !(1..=30).contains(&idea.headings.len()) || idea.questions.len() > 20 || idea.terms.len() > 10 {
            return Err("an idea must have 1 to 30 headings, at most 20 questions and 10 terms".to_owned());
        }
        if !(100..=10_000).contains(&idea.word_count) {
            return Err("word_count must be between 100 and 10000".to_owned());
        }
        let heading = |text: &String, question: bool| {
            line("heading", text, 300).map(|heading| Heading {
                heading,
                points: Vec::new(),
                question,
            })
        };
        let headings = idea.headings.iter().map(|text| heading(text, false));
        let questions = idea.questions.iter().map(|text| heading(text, true));
        ideas.push(Proposed {
            title,
            brief: Some(brief),
            role: idea.role,
            content_type: idea.content_type,
            content_structure: idea.content_structure,
            primary,
            secondary,
            outline: headings.chain(questions).collect::<Result<_, _>>()?,
            word_count: idea.word_count,
            terms: idea
                .terms
                .iter()
                .map(|term| line("term", term, 120))
                .collect::<Result<_, _>>()?,
        });
    }
    Ok(ideas)
}

/// A line of text with something in it.
fn line(field: &str, text: &str, most: usize) -> Result<String, String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = !text_key(&text).is_empty() && text.chars().count() <= most && !text.contains(char::is_control);
    fits.then_some(text)
        .ok_or_else(|| format!("a {field} must have 1 to {most} characters"))
}

/// Puts what a model left out, or did not see, to the ideas it is most alike.
fn complete(work: &Work, ideas: &mut [Proposed], language: &str) {
    let placed: HashSet<usize> = ideas
        .iter()
        .flat_map(|idea| idea.secondary.iter().copied().chain([idea.primary]))
        .collect();
    let rest: Vec<usize> = (0..work.ids.len()).filter(|place| !placed.contains(place)).collect();
    let text = |place: usize| work.cluster.keywords[place].text.as_str();
    let groups: Vec<Vec<&str>> = ideas
        .iter()
        .map(|idea| {
            idea.secondary
                .iter()
                .chain([&idea.primary])
                .map(|&place| text(place))
                .collect()
        })
        .collect();
    let texts: Vec<&str> = rest.iter().map(|&place| text(place)).collect();
    let Some(into) = ideas::fitting(&groups, &texts, language) else {
        return;
    };
    for (place, into) in rest.into_iter().zip(into) {
        ideas[into].secondary.push(place);
    }
}

/// The taxonomies that content of a type is filed under.
fn taxonomies(content_type: ContentType) -> &'static [Taxonomy] {
    match content_type {
        ContentType::Post => &[Taxonomy::BlogCategory, Taxonomy::BlogTag],
        ContentType::Product => &[
            Taxonomy::ProductCategory,
            Taxonomy::ProductTag,
            Taxonomy::ProductAttribute,
        ],
        ContentType::Service => &[Taxonomy::ServiceCategory],
        ContentType::Page => &[Taxonomy::ServiceCategory, Taxonomy::BlogCategory],
        ContentType::Taxonomy => &[
            Taxonomy::ProductCategory,
            Taxonomy::BlogCategory,
            Taxonomy::ServiceCategory,
        ],
    }
}

fn wrong(field: &str, message: &str) -> Error {
    Error::invalid(vec![FieldError::new(field, message)])
}

fn shortened(text: &str, most: usize) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    text.trim().chars().take(most).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(has_hub: bool) -> Work {
        let texts = ["cold brew", "cold brew ratio", "cold brew maker"];
        Work {
            id: "clus_01jz8k3v5n6q7r8s9t0v1w2x3y".parse().unwrap(),
            ids: (0..3)
                .map(|n| format!("kw_01jz8k3v5n6q7r8s9t0v1w2x3{n}").parse().unwrap())
                .collect(),
            cluster: ideas::Cluster {
                name: "Cold brew".into(),
                role: planner::Role::Hub,
                context: planner::ContextType::Topic,
                keywords: texts.map(planner::Keyword::new).to_vec(),
                terms: Vec::new(),
                has_hub,
            },
            existing: vec!["Old page".into()],
        }
    }

    fn idea(title: &str, role: &str, primary: i64, secondary: &[i64]) -> Value {
        json!({
            "title": title, "brief": "What it says.", "role": role, "content_type": "post",
            "content_structure": "guide", "primary": primary, "secondary": secondary, "headings": ["One"],
            "questions": ["Why?"], "word_count": 900, "terms": ["Coffee"],
        })
    }

    #[test]
    fn answers_aim_at_what_was_asked_for_and_once() {
        let read = |cluster: i64, ideas: Vec<Value>| {
            read_ideas(4, &work(false), &json!({ "cluster": cluster, "ideas": ideas }))
        };
        let good = read(
            4,
            vec![idea("Hub", "hub", 0, &[0]), idea(" A \n b", "supporting", 1, &[2])],
        )
        .unwrap();
        assert_eq!(
            (good[1].title.as_str(), good[1].secondary.as_slice()),
            ("A b", &[2][..])
        );
        assert!(good[0].outline[1].question && good[0].secondary.is_empty());
        for (cluster, ideas, problem) in [
            (3, vec![idea("A", "hub", 0, &[])], "no cluster with the id 3"),
            (4, vec![], "1 to 30 ideas"),
            (
                4,
                vec![idea("A", "supporting", 0, &[])],
                "exactly one idea must have the role hub",
            ),
            (4, vec![idea("A", "hub", 3, &[])], "no phrase with the id 3"),
            (4, vec![idea("A", "hub", -1, &[])], "no phrase with the id -1"),
            (
                4,
                vec![idea("A", "hub", 0, &[1]), idea("B", "supporting", 1, &[])],
                "phrase 1 is in two places",
            ),
            (
                4,
                vec![idea("A", "hub", 0, &[]), idea("a", "supporting", 1, &[])],
                "is there twice",
            ),
            (4, vec![idea("OLD  page", "hub", 0, &[])], "is there twice"),
            (4, vec![idea(" ", "hub", 0, &[])], "a title must have"),
        ] {
            let error = read(cluster, ideas).unwrap_err();
            assert!(error.contains(problem), "{error} / {problem}");
        }
        let second = json!({ "cluster": 4, "ideas": [idea("A", "hub", 0, &[])] });
        assert!(read_ideas(4, &work(true), &second).is_err(), "a second hub");
    }

    #[test]
    fn nothing_is_left_out() {
        let work = work(false);
        let answer =
            json!({ "cluster": 0, "ideas": [idea("Hub", "hub", 0, &[]), idea("Maker", "supporting", 2, &[])] });
        let mut ideas = read_ideas(0, &work, &answer).unwrap();
        complete(&work, &mut ideas, "en");
        assert_eq!(ideas[0].secondary, [1]);
    }
}
