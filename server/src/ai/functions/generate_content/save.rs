//! From a text to rows: new content for a task, or new text in content that people may have worked on.

use chrono::{DateTime, Utc};
use igny8_data::{Tx, Variables};
use igny8_writer::draft::{Draft, Entity, Faq};
use igny8_writer::{merge, sections};
use serde_json::json;

use super::{Output, Payload, read, words_of};
use crate::ai::{Saved, Task};
use crate::api::validate::Check;
use crate::features::builder::made;
use crate::features::content::model::{self, Content, ContentType};
use crate::features::content::{ContentId, Reason, Status, save};
use crate::features::planner::KeywordId;
use crate::features::writer::generated::{self, Generated};
use crate::features::writer::model::TaskStatus;
use crate::features::writer::{self, Task as WriterTask};
use crate::jobs::JobError;

/// Secondary keywords that content keeps; a task may name more.
const KEYWORDS: usize = 50;

/// Makes the content of a task.
pub(super) async fn new(
    task: &Task<Payload>,
    output: &Output,
    draft: &Draft,
    tx: &mut Tx<'_>,
) -> Result<Saved, JobError> {
    let db = task.app.db.site(&task.scope);
    let now = task.app.db.clock().now();
    let mut row = the_task(task, output).await?;
    let known = &output.known;
    let wanted = igny8_text::slug(&draft.title, &known.brief.language);
    let mut content = Content::new(
        task.app.db.ids().make(),
        &task.scope,
        row.content_type,
        known.brief.language.clone(),
        draft.title.clone(),
        "to-be-made".to_owned(),
        now,
    );
    // What was planned as a page of the site goes where the plan has it.
    let place = made::place_of(&db, row.idea)
        .await
        .map_err(|error| JobError::Retry(error.into_problem().detail))?;
    let wanted = match &place {
        Some(place) => {
            made::put(&mut content, &place.page).map_err(|error| JobError::Retry(error.into_problem().detail))?;
            content.slug.clone()
        }
        // It is shown in the archive of its term, and must not take the address of a page of that name.
        None if content.content_type == ContentType::Taxonomy => format!("archive-{wanted}"),
        None => wanted,
    };
    content.slug = save::free_slug(&db, &content.section, &content.language, &wanted).await?;
    content.content_structure = row.content_structure;
    content.sector = Some(row.sector);
    content.body.clone_from(&draft.body);
    content.excerpt.clone_from(&draft.excerpt);
    content.seo_title.clone_from(&draft.seo_title);
    content.meta_description.clone_from(&draft.meta_description);
    if let Some(place) = &place
        && content.meta_description.is_empty()
    {
        content.meta_description.clone_from(&place.page.description);
    }
    content.faq = faq_of(draft);
    content.entity = entity_of(&draft.entity);
    content.primary_keyword = known.brief.primary.clone();
    content.attributes = row.attributes.clone();
    content.secondary_keywords = known.secondary.iter().take(KEYWORDS).cloned().collect();
    // As they are by now; what is gone since the brief was read is left out.
    let terms: Vec<_> = known.terms.iter().map(|(id, _)| *id).collect();
    content.terms = live(&db, &terms).await?;
    if let Some(cluster) = &known.cluster
        && db.get::<crate::features::planner::Cluster>(cluster.id).await?.is_some()
    {
        (content.cluster, content.cluster_role) = (Some(cluster.id), cluster.role);
    }
    checked(&content)?;
    save::create(
        &task.app.db,
        tx,
        task.scope.actor().who(),
        &mut content,
        Reason::Generated,
    );
    generated::keep(tx, None, &content, draft, now);
    if let Some(mut place) = place {
        (place.row.task, place.row.content, place.row.at) = (Some(row.id), Some(content.id), now);
        tx.replace(&mut place.row);
    }
    complete(tx, &mut row, content.id, now);
    Ok(saved(&content, output, json!({})))
}

/// Puts a new text into the place of the old one, around what people made of it.
pub(super) async fn whole(
    task: &Task<Payload>,
    output: &Output,
    id: ContentId,
    draft: &Draft,
    tx: &mut Tx<'_>,
) -> Result<Saved, JobError> {
    let db = task.app.db.site(&task.scope);
    let now = task.app.db.clock().now();
    let old = draft_of(task, id).await?;
    let before = generated::of(&db, id).await?;
    let base = before.as_ref().and_then(Generated::draft);
    let mut new = old.clone();
    let merged = if task.payload.keep_edits {
        merge::merge(base.as_ref().map_or("", |base| &base.body), &old.body, &draft.body)
    } else {
        merge::Merged {
            body: draft.body.clone(),
            ..merge::Merged::default()
        }
    };
    new.body.clone_from(&merged.body);
    let keeps = Keeps {
        edits: task.payload.keep_edits,
        base: base.as_ref(),
    };
    let mut kept_fields = Vec::new();
    for (name, mine, was, theirs) in [
        (
            "seo_title",
            &mut new.seo_title,
            base.as_ref().map(|b| &b.seo_title),
            &draft.seo_title,
        ),
        (
            "meta_description",
            &mut new.meta_description,
            base.as_ref().map(|b| &b.meta_description),
            &draft.meta_description,
        ),
        (
            "excerpt",
            &mut new.excerpt,
            base.as_ref().map(|b| &b.excerpt),
            &draft.excerpt,
        ),
    ] {
        if keeps.mine(mine.as_str(), was.map(String::as_str), theirs) {
            kept_fields.push(name);
        } else {
            mine.clone_from(theirs);
        }
    }
    let faq_was = base.as_ref().map(faq_of);
    if keeps.edits && !new.faq.is_empty() && faq_was.as_ref() != Some(&new.faq) {
        kept_fields.push("faq");
    } else {
        new.faq = faq_of(draft);
    }
    fill(&mut new.entity, &draft.entity);
    checked(&new)?;
    let changed = save::change(
        &task.app.db,
        tx,
        task.scope.actor().who(),
        &old,
        &mut new,
        Reason::Generated,
    );
    if changed {
        generated::keep(tx, before, &new, draft, now);
    }
    if task.payload.task.is_some() {
        let mut row = the_task(task, output).await?;
        complete(tx, &mut row, id, now);
    }
    let mut saved = saved(
        &new,
        output,
        json!({
            "kept_sections": merged.kept,
            "kept_fields": kept_fields,
            "left_out_sections": merged.left_out,
            "not_taken": merged.conflicts,
        }),
    );
    saved.units = (!changed).then_some(0);
    Ok(saved)
}

/// Puts a new text into the place of one section.
pub(super) async fn section(
    task: &Task<Payload>,
    output: &Output,
    content: ContentId,
    text: &str,
    tx: &mut Tx<'_>,
) -> Result<Saved, JobError> {
    let db = task.app.db.site(&task.scope);
    let now = task.app.db.clock().now();
    let old = draft_of(task, content).await?;
    let id = task.payload.section.as_deref().unwrap_or_default();
    if read::section_of(&old.body, id) != output.section_was.as_deref() {
        return Err(JobError::Fail(
            "The section was changed while it was being written, so the new text was not put in its place; nothing was \
             charged."
                .into(),
        ));
    }
    let replaced = |body: &str| sections::replace(body, id, text);
    let mut new = old.clone();
    new.body = replaced(&old.body)
        .map_err(|refused| JobError::Fail(format!("The section cannot be exchanged: {refused}.")))?;
    checked(&new)?;
    let changed = save::change(
        &task.app.db,
        tx,
        task.scope.actor().who(),
        &old,
        &mut new,
        Reason::Generated,
    );
    let before = generated::of(&db, content).await?;
    let base = before.as_ref().and_then(Generated::draft);
    // The new section counts as generated: writing all anew may replace it, unless somebody changes it first.
    if changed
        && let Some(base) = base
        && let Ok(body) = replaced(&base.body)
    {
        generated::keep(tx, before, &new, &Draft { body, ..base }, now);
    }
    let mut saved = saved(&new, output, json!({ "section": id }));
    saved.units = (!changed).then_some(0);
    Ok(saved)
}

/// Whose field stays.
struct Keeps<'a> {
    edits: bool,
    base: Option<&'a Draft>,
}

impl Keeps<'_> {
    /// Whether a field stays as it is: somebody wrote it, or there is nothing new.
    fn mine(&self, mine: &str, was: Option<&str>, theirs: &str) -> bool {
        let edited = self.base.is_none() || was != Some(mine);
        theirs.is_empty() || (self.edits && edited && !mine.is_empty() && mine != theirs)
    }
}

/// The task as it is now, if it still wants this draft.
async fn the_task(task: &Task<Payload>, output: &Output) -> Result<WriterTask, JobError> {
    let db = task.app.db.site(&task.scope);
    let gone = || JobError::Fail("The task was deleted or cancelled meanwhile; nothing was charged.".into());
    let id = task.payload.task.ok_or_else(gone)?;
    let row = db.get::<writer::Task>(id).await?.ok_or_else(gone)?;
    if row.status == TaskStatus::Cancelled {
        return Err(gone());
    }
    let there = match row.content {
        Some(content) => db.get::<Content>(content).await?.map(|row| row.id),
        None => None,
    };
    if there != output.draft_was {
        return Err(JobError::Fail(
            "The task got another draft meanwhile, which stays; nothing was charged.".into(),
        ));
    }
    Ok(row)
}

/// The content as it is now, if it still is a draft.
async fn draft_of(task: &Task<Payload>, id: ContentId) -> Result<Content, JobError> {
    let row = task.app.db.site(&task.scope).get::<Content>(id).await?;
    row.filter(|row| matches!(row.status, Status::Draft | Status::Review))
        .ok_or_else(|| {
            JobError::Fail(
                "The content was deleted, approved or published meanwhile, so its text stays; nothing was charged."
                    .into(),
            )
        })
}

/// The task is done: its draft is there, and its keywords have content.
fn complete(tx: &mut Tx<'_>, row: &mut WriterTask, content: ContentId, now: DateTime<Utc>) {
    let before = (row.status, row.content);
    row.content = Some(content);
    row.set_status(TaskStatus::Completed, now);
    if before == (row.status, row.content) {
        return;
    }
    row.updated_at = now;
    let keywords: Vec<KeywordId> = row.keywords().collect();
    tx.replace(row);
    row.follow(tx, now);
    let mut binds = Variables::new();
    binds.insert("written_for", keywords);
    binds.insert("written_at", now);
    tx.statement(
        "UPDATE $written_for SET status = 'used', rev += 1, updated_at = $written_at WHERE site = $site \
         AND account = $account AND deleted_at IS NONE AND status != 'used' RETURN NONE",
        binds,
    );
}

async fn live(
    db: &igny8_data::SiteDb<'_, igny8_data::Write>,
    terms: &[crate::features::taxonomy::TermId],
) -> Result<Vec<crate::features::taxonomy::TermId>, JobError> {
    let names =
        crate::features::planner::api::names::of(db, std::iter::once((None, std::iter::empty(), terms))).await?;
    Ok(terms
        .iter()
        .copied()
        .filter(|id| names.terms.contains_key(id))
        .collect())
}

fn checked(content: &Content) -> Result<(), JobError> {
    let mut check = Check::new();
    content.check(&mut check);
    check.finish().map_err(|error| {
        let problem = error.into_problem();
        let fields: Vec<String> = problem
            .errors
            .iter()
            .take(5)
            .map(|error| format!("{} {}", error.field, error.message))
            .collect();
        JobError::Fail(format!("The draft cannot be stored: {}.", fields.join("; ")))
    })
}

fn faq_of(draft: &Draft) -> Vec<model::Faq> {
    let faq = |faq: &Faq| model::Faq {
        question: faq.question.trim().to_owned(),
        answer: faq.answer.trim().to_owned(),
    };
    draft.faq.iter().map(faq).collect()
}

fn entity_of(entity: &Entity) -> model::Entity {
    let mut row = model::Entity::default();
    fill(&mut row, entity);
    row
}

/// Fills what is empty; what somebody entered stays. Which field belongs to which type was decided before.
fn fill(row: &mut model::Entity, entity: &Entity) {
    if row.price.is_none() && row.currency.is_none() {
        (row.price, row.currency) = (entity.price.clone(), entity.currency.clone());
    }
    for (mine, theirs) in [
        (&mut row.brand, &entity.brand),
        (&mut row.sku, &entity.sku),
        (&mut row.area, &entity.area),
        (&mut row.price_range, &entity.price_range),
    ] {
        if mine.is_none() {
            mine.clone_from(theirs);
        }
    }
}

fn saved(content: &Content, output: &Output, more: serde_json::Value) -> Saved {
    let mut result = json!({
        "content": content.id,
        "words": words_of(&content.body),
        "notes_to_author": igny8_writer::compose::has_notes(&content.body),
        "not_as_asked": output.findings,
    });
    if let (Some(result), serde_json::Value::Object(more)) = (result.as_object_mut(), more) {
        result.extend(more);
    }
    Saved {
        result,
        target: Some(content.id.to_string()),
        units: None,
    }
}
