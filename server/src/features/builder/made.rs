//! From planned pages to ideas, tasks and content, and back: what became of a page, and where content that is written for one
//! belongs.

use std::collections::{HashMap, HashSet};

use igny8_builder::names::{Choice as _, PageType};
use igny8_builder::sitemap::{self, PagePlan};
use igny8_data::{
    Access, AuditEvent, CanWrite, DbError, Origin, Select, SiteDb, SiteScope, SurrealValue, Tx, Variables, Write,
};
use serde_json::json;

use super::desk::{Desk, term_ids};
use super::model::{PlannedPage, SiteBlueprint};
use super::plan;
use super::words::same;
use crate::api::validate::Check;
use crate::api::{Error, Result};
use crate::app::App;
use crate::features::content::Content;
use crate::features::content::model::PageRole;
use crate::features::planner::idea::{
    Heading, Idea, IdeaId, IdeaOrigin, IdeaStatus, MAX_HEADINGS, MAX_KEYWORDS, MAX_TERMS,
};
use crate::features::planner::rules::{refused, require_clusters, require_keywords, require_live, require_sector};
use crate::features::planner::{ClusterId, KeywordId};
use crate::features::taxonomy::TermId;
use crate::features::writer::TaskId;
use crate::features::writer::model::{Priority, Task, require_assignee};
use crate::features::writer::queue::{self, Given};

/// Pages of one call.
pub const MAX_PAGES: usize = 2_000;
/// Pages whose rows are written together.
const BATCH: usize = 100;
/// Characters of a brief.
const BRIEF: usize = 20_000;
/// Words of a page that the plan gives no number.
const WORDS: i64 = 300;

/// What became of one page.
#[derive(Debug)]
pub struct Outcome {
    pub key: String,
    pub idea: Option<IdeaId>,
    pub task: Option<TaskId>,
    /// It was handed off before.
    pub known: bool,
    pub result: Result<()>,
}

/// An idea that aims at a keyword already.
#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Aims {
    id: IdeaId,
    target: KeywordId,
}

/// Makes ideas of pages, and tasks of these if `tasks` says what they have besides. A page that something was made of already
/// keeps it; an idea that aims at the page's keyword becomes the page's.
///
/// # Errors
/// When the plan has no sector, the assignee may not work on the site, or the database fails; what was made by then stays.
pub async fn hand_off(
    app: &App,
    scope: &SiteScope<Write>,
    desk: &mut Desk,
    keys: &[String],
    tasks: Option<Given>,
    origin: &Origin,
) -> Result<Vec<Outcome>> {
    let db = app.db.site(scope);
    let now = app.db.clock().now();
    let sector = desk
        .row
        .sector
        .ok_or_else(|| Error::rule("no_sector", "The plan has no sector. Choose one in the first step."))?;
    let names: HashMap<String, String> = desk
        .names()
        .into_iter()
        .map(|(id, name)| (id.to_owned(), name.to_owned()))
        .collect();
    let living: HashSet<KeywordId> = desk
        .clusters
        .iter()
        .flat_map(|of| &of.keywords)
        .filter_map(|keyword| keyword.id.parse().ok())
        .collect();
    let mut rows: HashMap<String, PlannedPage> = HashMap::new();
    for some in keys.chunks(BATCH) {
        let select = Select::new().one_of("key", some.to_vec());
        let found = db.list::<PlannedPage>(select).await?;
        rows.extend(found.into_iter().map(|row| (row.key.clone(), row)));
    }
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(keys.len());
    let mut new: Vec<(usize, PagePlan, Idea)> = Vec::new();
    for key in keys {
        let mut outcome = Outcome {
            key: key.clone(),
            idea: None,
            task: None,
            known: false,
            result: Ok(()),
        };
        match desk.page(key) {
            None => outcome.result = Err(Error::not_found()),
            Some(page) if page.content_type.is_none() => {
                outcome.result = Err(Error::rule(
                    "no_content",
                    "A list shows itself: there is nothing to write. Its title and description go live with the plan.",
                ));
            }
            Some(page) => {
                let made = desk.made.get(key);
                outcome.idea = made.and_then(|made| made.idea);
                outcome.task = made.and_then(|made| made.task);
                outcome.known = made.is_some_and(|made| made.idea.is_some() || made.content.is_some());
                if !outcome.known {
                    let mut idea = Idea::new(app.db.ids().make(), scope, sector, &page.title, now);
                    fill(desk, page, &names, &living, &mut idea)?;
                    new.push((outcomes.len(), page.clone(), idea));
                }
            }
        }
        outcomes.push(outcome);
    }
    adopt(&db, &mut new, &mut outcomes).await?;
    let mut queue_later: Vec<usize> = outcomes
        .iter()
        .enumerate()
        .filter(|(_, of)| of.known && of.idea.is_some() && of.task.is_none())
        .map(|(at, _)| at)
        .collect();
    let batches = new.len().div_ceil(BATCH).max(1);
    for batch in 0..batches {
        let some = new.iter().skip(batch * BATCH).take(BATCH);
        let mut tx = db.tx();
        if let Some(assignee) = tasks.and_then(|given| given.assignee) {
            require_assignee(&mut tx, assignee);
        }
        let (mut ideas, mut made, mut queued): (Vec<Idea>, Vec<PlannedPage>, Vec<Task>) = Default::default();
        for (at, page, idea) in some {
            let mut idea = idea.clone();
            let adopted = outcomes[*at].idea;
            let mut task = None;
            if adopted.is_none()
                && let Some(given) = tasks
            {
                let mut row = Task::of_idea(app.db.ids().make(), scope, &idea, now);
                (row.assignee, row.due_at) = (given.assignee, given.due_at);
                row.priority = given.priority.unwrap_or(Priority::Normal);
                (idea.status, idea.task) = (IdeaStatus::Queued, Some(row.id));
                task = Some(row.id);
                queued.push(row);
            }
            let id = adopted.unwrap_or(idea.id);
            if adopted.is_none() {
                ideas.push(idea);
            } else {
                queue_later.push(*at);
            }
            (outcomes[*at].idea, outcomes[*at].task) = (Some(id), task);
            let mut row = match rows.get(&page.key) {
                Some(row) => row.clone(),
                None => PlannedPage::new(app.db.ids().make(), scope, &page.key, now),
            };
            (row.blueprint, row.idea, row.task, row.at) = (Some(desk.row.id), Some(id), task, now);
            if rows.contains_key(&page.key) {
                tx.replace(&mut row);
            } else {
                made.push(row);
            }
        }
        require(&mut tx, sector, &ideas);
        tx.create_all(ideas).create_all(queued).create_all(made);
        if batch + 1 == batches {
            for outcome in outcomes.iter().filter(|of| of.result.is_ok()) {
                let entry = desk
                    .made
                    .entry(outcome.key.clone())
                    .or_insert_with(|| super::desk::Made {
                        key: outcome.key.clone(),
                        idea: None,
                        task: None,
                        content: None,
                    });
                (entry.idea, entry.task) = (outcome.idea, outcome.task.or(entry.task));
            }
            desk.save(&mut tx, now);
            tx.audit(
                AuditEvent::new("site_blueprint.handed_off", desk.row.id, origin)
                    .detail(json!({ "pages": new.len(), "tasks": tasks.is_some() })),
            );
        }
        tx.commit().await.map_err(taken)?;
    }
    if let Some(given) = tasks {
        for at in queue_later {
            let Some(idea) = outcomes[at].idea else { continue };
            match queue::queue(app, scope, idea, given).await {
                Ok(task) => {
                    outcomes[at].task = Some(task.id);
                    name_task(&db, &outcomes[at].key, task.id).await?;
                }
                // What is written already needs no task.
                Err(Error::Conflict(_)) => {}
                Err(error) => outcomes[at].result = Err(error),
            }
        }
    }
    Ok(outcomes)
}

/// Lets pages have the ideas that aim at their keywords already: no keyword is planned for twice.
async fn adopt<A: Access>(
    db: &SiteDb<'_, A>,
    new: &mut [(usize, PagePlan, Idea)],
    outcomes: &mut [Outcome],
) -> Result<()> {
    let targets: Vec<KeywordId> = new.iter().filter_map(|(_, _, idea)| idea.target).collect();
    let mut there: HashMap<KeywordId, IdeaId> = HashMap::new();
    for some in targets.chunks(BATCH) {
        // One look-up by the index each.
        let (mut binds, mut sql) = (Variables::new(), String::new());
        for (n, target) in some.iter().enumerate() {
            binds.insert(format!("target{n}"), *target);
            sql += &format!(
                "SELECT id, target FROM idea WHERE site = $site AND target = $target{n} AND account = $account;"
            );
        }
        let mut answer = db.query(&sql, binds, "looking for ideas of planned pages").await?;
        for n in 0..some.len() {
            there.extend(answer.rows::<Aims>(n)?.into_iter().map(|aims| (aims.target, aims.id)));
        }
    }
    // Two pages that aim at one keyword: the second is for its other keywords alone.
    let mut seen: HashSet<KeywordId> = HashSet::new();
    for (at, _, idea) in new {
        let Some(target) = idea.target else { continue };
        if let Some(&other) = there.get(&target) {
            outcomes[*at].idea = Some(other);
        } else if !seen.insert(target) {
            (idea.primary_keyword, idea.target) = (None, None);
        }
    }
    Ok(())
}

async fn name_task<A: CanWrite>(db: &SiteDb<'_, A>, key: &str, task: TaskId) -> Result<()> {
    let mut binds = Variables::new();
    binds.insert("named_key", key.to_owned());
    binds.insert("named_task", task);
    let mut tx = db.tx();
    tx.statement(
        "UPDATE planned_page SET task = $named_task, rev += 1 WHERE site = $site AND key = $named_key \
         AND account = $account RETURN NONE",
        binds,
    );
    tx.commit().await?;
    Ok(())
}

/// What ideas name must be the site's own, alive, and of the sector.
fn require(tx: &mut Tx<'_>, sector: igny8_data::SectorId, ideas: &[Idea]) {
    fn all<T: Copy + Eq + std::hash::Hash>(of: impl Iterator<Item = T>) -> Vec<T> {
        of.collect::<HashSet<T>>().into_iter().collect()
    }
    let clusters: Vec<ClusterId> = all(ideas.iter().filter_map(|idea| idea.cluster));
    let keywords: Vec<KeywordId> = all(ideas.iter().flat_map(Idea::keywords));
    let terms: Vec<TermId> = all(ideas.iter().flat_map(|idea| idea.terms.iter().copied()));
    require_sector(tx, sector);
    require_clusters(tx, &clusters, Some(sector));
    require_keywords(tx, &keywords, sector);
    require_live(tx, &terms);
}

fn taken(error: DbError) -> Error {
    match error {
        DbError::Duplicate { .. } => Error::conflict(
            "handed_off",
            "Somebody handed some of these pages off at this moment, or an idea aims at one of their keywords by now. Try again.",
        ),
        error => refused(error),
    }
}

/// What a page says to an idea.
fn fill(
    desk: &Desk,
    page: &PagePlan,
    names: &HashMap<String, String>,
    living: &HashSet<KeywordId>,
    idea: &mut Idea,
) -> Result<()> {
    idea.origin = IdeaOrigin::Generated;
    if let Some(content_type) = page.content_type {
        idea.content_type = same(&content_type)?;
    }
    if let Some(structure) = page.structure {
        idea.content_structure = same(&structure)?;
    }
    let is_there = |id: &String| desk.clusters.iter().any(|of| of.id == *id);
    idea.cluster = page
        .cluster
        .as_ref()
        .filter(|id| is_there(id))
        .and_then(|id| id.parse().ok());
    idea.cluster_role = match page.role.filter(|_| idea.cluster.is_some()) {
        Some(role) => Some(same(&role)?),
        None => None,
    };
    let alive = |id: &KeywordId| living.contains(id);
    let primary = page.primary.as_ref().and_then(|aim| aim.id.parse().ok()).filter(alive);
    let mut secondary = Desk::keyword_ids(&page.keywords);
    secondary.retain(alive);
    secondary.truncate(MAX_KEYWORDS);
    idea.set_keywords(primary, secondary);
    if page.words > 0 {
        idea.word_count = i64::from(page.words).clamp(50, 20_000);
    } else {
        idea.word_count = WORDS;
    }
    // The text of an archive is one about its first term.
    let own: Vec<String> = page.term.iter().chain(&page.terms).cloned().collect();
    let mut terms = term_ids(&own);
    let mut seen: HashSet<TermId> = HashSet::new();
    terms.retain(|id| desk.term_rows.contains_key(&id.to_string()) && seen.insert(*id));
    terms.truncate(MAX_TERMS);
    idea.terms = terms;
    idea.outline = page
        .outline
        .iter()
        .take(MAX_HEADINGS)
        .map(|heading| Heading {
            heading: heading.text.chars().take(300).collect(),
            points: Vec::new(),
            question: heading.question,
        })
        .collect();
    idea.brief = brief(desk, page, names);
    let mut check = Check::new();
    idea.check(&mut check);
    check.finish()
}

/// What the blueprint asks of a page, filled in: its prompt, its parts, and where it leads.
pub fn brief(desk: &Desk, page: &PagePlan, names: &HashMap<String, String>) -> String {
    let mut out = prompt(desk, page, names);
    for block in &page.blocks {
        let text = sitemap::prompt(&block.prompt, page, &desk.brand, names_of(desk, page, names));
        out += &format!("\n\n{} ({}): {}", block.name, block.kind.word(), text.trim());
    }
    let links = page.links.iter().filter_map(|key| desk.page(key));
    let links: Vec<String> = links.map(|to| format!("- {} ({})", to.title, to.address())).collect();
    if !links.is_empty() {
        out += &format!("\n\nThe page leads to:\n{}", links.join("\n"));
    }
    out.trim().chars().take(BRIEF).collect()
}

/// The prompt of a page's kind, filled in.
pub fn prompt(desk: &Desk, page: &PagePlan, names: &HashMap<String, String>) -> String {
    let text = desk.kind.page(&page.kind).map_or("", |spec| spec.prompt.as_str());
    sitemap::prompt(text, page, &desk.brand, names_of(desk, page, names))
        .trim()
        .to_owned()
}

fn names_of<'a>(desk: &Desk, page: &PagePlan, names: &'a HashMap<String, String>) -> sitemap::Names<'a> {
    let name = |id: &Option<String>| id.as_ref().and_then(|id| names.get(id)).map_or("", String::as_str);
    let taxonomy = page
        .term
        .as_ref()
        .and_then(|id| desk.terms.iter().find(|term| term.id == *id));
    let taxonomy = taxonomy.and_then(|term| desk.kind.taxonomy(term.kind));
    sitemap::Names {
        cluster: name(&page.cluster),
        term: name(&page.term),
        taxonomy: taxonomy.map_or("", |spec| spec.title.in_language(&desk.site.language)),
    }
}

/// The template that shows a page, as content says it.
pub fn role_of(page: &PagePlan) -> PageRole {
    match page.page_type {
        PageType::Home => PageRole::Home,
        PageType::About => PageRole::About,
        PageType::Contact => PageRole::Contact,
        _ => PageRole::Page,
    }
}

/// The planned page that content is written for.
pub struct Place {
    pub row: PlannedPage,
    pub page: PagePlan,
}

/// The planned page of an idea, in the plan it was handed off from.
///
/// # Errors
/// When the database fails.
pub async fn place_of<A: Access>(db: &SiteDb<'_, A>, idea: Option<IdeaId>) -> Result<Option<Place>> {
    let Some(idea) = idea else { return Ok(None) };
    let row = db
        .list::<PlannedPage>(Select::new().equals("idea", idea).limit(1))
        .await?
        .pop();
    let Some((row, plan)) = row.and_then(|row| row.blueprint.map(|plan| (row, plan))) else {
        return Ok(None);
    };
    if db.get::<SiteBlueprint>(plan).await?.is_none() {
        return Ok(None);
    }
    let Some(stored) = plan::read(db, plan).await? else {
        return Ok(None);
    };
    let page = stored.pages()?.sitemap.page(&row.key).cloned();
    Ok(page.map(|page| Place { row, page }))
}

/// Puts content where it is planned. Its slug is what is wanted: whether that is free is for the caller to see.
///
/// # Errors
/// Never: the words are the same.
pub fn put(content: &mut Content, page: &PagePlan) -> Result<()> {
    content.page_role = role_of(page);
    // The text of an archive is shown at the archive's address; its own must not be that of a page of the same name.
    content.slug = match page.slug.as_str() {
        slug if page.term.is_some() => format!("archive-{slug}"),
        "" => "home".to_owned(),
        slug => slug.to_owned(),
    };
    if page.term.is_none() {
        content.section.clone_from(&page.section);
    }
    content.indexable = !page.hidden;
    content.layout = match page.layout {
        Some(layout) => Some(same(&layout)?),
        None => content.layout,
    };
    if content.seo_title.trim().is_empty() {
        content.seo_title.clone_from(&page.seo_title);
    }
    if content.meta_description.trim().is_empty() {
        content.meta_description.clone_from(&page.description);
    }
    Ok(())
}
