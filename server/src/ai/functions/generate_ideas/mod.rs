//! Makes ideas for pages from clusters: a hub page and supporting pages that together cover the cluster's keywords.
//!
//! No keyword is aimed at twice: what ideas, tasks or content of the site aim at already is left out, every other keyword is
//! in exactly one new idea. Without a provider the planner's algorithm makes the groups and the outlines, of the most searched
//! keywords; a model makes them itself. Keywords that neither looked at go to the idea they are most alike.

mod aimed;
mod attributes;
mod local;
mod pages;
mod read;
mod rest;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use igny8_data::{Read, SectorId, SurrealValue, Tx, Variables};
use igny8_planner::ideas;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::local::{brief, proposed};
use self::pages::{PLANNING, planning, read_ideas};
use self::read::read;
use self::rest::complete;
use super::{shortened, wrong};
use crate::ai::{AiFunction, At, BuiltIn, Model, Phase, Prepared, Saved, Task, Words};
use crate::api::Result;
use crate::api::validate::Check;
use crate::features::billing::prices::Price;
use crate::features::content::model::{ContentStructure, ContentType};
use crate::features::planner::idea::{Heading, Idea, IdeaId, IdeaOrigin};
use crate::features::planner::model::{Attribute, ClusterId, ClusterRole, KeywordId};
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
/// Keywords of a cluster that the planner groups; its time grows with their square.
const GROUPED: usize = 2_000;

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
    attributes: attributes::Stated,
    /// Titles of its ideas.
    existing: Vec<String>,
}

/// What was read.
pub struct Input {
    options: ideas::Options,
    site_type: SiteType,
    work: Vec<Work>,
    /// Keys of the names of terms whose archives have a text, planned or written.
    texts: HashSet<String>,
    /// Ideas of these clusters that were there.
    known: Vec<IdeaId>,
    /// Clusters without ideas that one task has no room for.
    left: usize,
    /// Keywords of the planned clusters that one task has no room for.
    keywords_left: usize,
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

impl Proposed {
    /// Makes a text about a term that of its first one alone, or another page when the archive of that has one.
    fn one_text(&mut self, texts: &mut HashSet<String>) {
        self.terms.truncate(1);
        if self.terms.first().is_none_or(|term| texts.insert(text_key(term))) {
            return;
        }
        let hub = self.role == ClusterRole::Hub;
        let (content_type, structure) = ideas::beside_archive(hub);
        (self.content_type, self.content_structure) = local::kind(content_type, structure);
        self.word_count = self.word_count.max(i64::from(structure.words(self.secondary.len())));
    }
}

/// What is stored.
pub struct Plan {
    clusters: Vec<ClusterId>,
    known: Vec<IdeaId>,
    left: usize,
    keywords_left: usize,
    new: Vec<New>,
}

struct New {
    cluster: ClusterId,
    primary: Target,
    secondary: Vec<Target>,
    brief: String,
    attributes: Vec<Attribute>,
    idea: Proposed,
}

/// A keyword that an idea aims at.
struct Target {
    id: KeywordId,
    text: String,
}

impl AiFunction for GenerateIdeas {
    const NAME: &'static str = "generate_ideas";
    const ABOUT: &'static str = "Makes ideas for pages that cover the keywords of clusters.";
    const UNIT: &'static str = "clusters";
    const PRICE: Price = Price::each(2);
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
            texts: found.texts,
            known: found.known,
            left: found.left,
            keywords_left: found.keywords_left,
        };
        Ok(Prepared { input, units })
    }

    fn local(input: &Input) -> Answer {
        let plan = |work: &Work| {
            let some = (work.ids.len() > GROUPED).then(|| ideas::Cluster {
                keywords: work.cluster.keywords[..GROUPED].to_vec(),
                ..work.cluster.clone()
            });
            let planned = ideas::plan(some.as_ref().unwrap_or(&work.cluster), &input.options);
            let mut ideas: Vec<Proposed> = planned.into_iter().map(proposed).collect();
            complete(work, &mut ideas, &input.options.language);
            ideas
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
            keywords_left: input.keywords_left,
            new: Vec::new(),
        };
        let mut texts = input.texts.clone();
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
                    None => brief(work, &idea, &input.options.language),
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
                if idea.content_type == ContentType::Taxonomy {
                    idea.one_text(&mut texts);
                }
                let target = |place: usize| Target {
                    id: work.ids[place],
                    text: work.cluster.keywords[place].text.clone(),
                };
                plan.new.push(New {
                    cluster: work.id,
                    attributes: work.attributes.of_page(
                        &work.cluster.keywords[idea.primary].text,
                        idea.primary,
                        &idea.secondary,
                    ),
                    primary: target(idea.primary),
                    secondary: idea.secondary.iter().map(|&place| target(place)).collect(),
                    brief,
                    idea,
                });
            }
            plan.keywords_left += work.ids.len() - aimed.len();
        }
        Ok(plan)
    }

    async fn save(task: &Task<Payload>, plan: &Plan, tx: &mut Tx<'_>) -> Result<Saved, JobError> {
        let (scope, sector) = (&task.scope, task.payload.sector);
        let now = task.app.db.clock().now();
        let db = task.app.db.site(scope);
        // As they are now: minutes have passed.
        let sql = "SELECT id, name, taxonomy FROM term WHERE site = $site AND account = $account \
                   AND deleted_at IS NONE LIMIT 10000;";
        let mut answer = db.query(sql, Variables::new(), "reading terms").await?;
        let mut terms: HashMap<(String, Taxonomy), TermId> = HashMap::new();
        for row in answer.rows::<TermRow>(0)? {
            terms.entry((text_key(&row.name), row.taxonomy)).or_insert(row.id);
        }
        // Somebody was faster by hand: that page stays, this one is left out.
        let taken = aimed::of(&db, sector).await?;
        let free = |target: &&Target| !taken.has(target.id, &target.text);
        let (mut covered, mut left) = (0, plan.keywords_left);
        let rows: Vec<Idea> = plan
            .new
            .iter()
            .filter(|new| {
                let free = free(&&new.primary);
                left += if free { 0 } else { new.secondary.len() };
                free
            })
            .map(|new| {
                let mut row = Idea::new(task.app.db.ids().make(), scope, sector, &new.idea.title, now);
                row.origin = IdeaOrigin::Generated;
                row.brief.clone_from(&new.brief);
                row.outline.clone_from(&new.idea.outline);
                (row.cluster, row.cluster_role) = (Some(new.cluster), Some(new.idea.role));
                (row.content_type, row.content_structure) = (new.idea.content_type, new.idea.content_structure);
                let secondary = new.secondary.iter().filter(free).map(|target| target.id);
                row.set_keywords(Some(new.primary.id), secondary.collect());
                covered += 1 + row.secondary_keywords.len();
                row.word_count = new.idea.word_count;
                row.attributes.clone_from(&new.attributes);
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
             AND account = $account AND deleted_at IS NONE AND origin = 'generated' AND !(id INSIDE $planned_known) \
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
                "keywords_left": left,
            }),
            target: Some(sector.to_string()),
            units: None,
        })
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
