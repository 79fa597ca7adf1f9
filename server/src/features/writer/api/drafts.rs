//! Drafts of tasks: having many written, and looking at a text section by section and against its brief.

use igny8_data::{JobId, Read, Select, SiteId, Write};
use igny8_writer::{brief_check, draft, merge, sections};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use serde_json::json;

use crate::ai::engine;
use crate::api::bulk::distinct;
use crate::api::{Caller, Error, FieldError, Result, Tag};
use crate::app::App;
use crate::features::content::model::BodyFormat;
use crate::features::content::{Content, ContentId};
use crate::features::writer::brief;
use crate::features::writer::generated::{self, Generated};
use crate::features::writer::model::{Task, TaskId};

/// Tasks whose drafts are wanted.
#[derive(Debug, Object)]
#[oai(rename = "TaskGenerateInput", deny_unknown_fields)]
pub struct GenerateIn {
    #[oai(validator(min_items = 1, max_items = 100))]
    pub ids: Vec<TaskId>,
    /// What is to be different from what is usual, for all of them.
    pub instructions: Option<String>,
}

/// What became of one task of many.
#[derive(Debug, Object)]
#[oai(
    rename = "TaskGenerateResult",
    skip_serializing_if_is_none,
    skip_serializing_if_is_empty
)]
pub struct GenerateResult {
    pub id: TaskId,
    /// The job that writes it: follow `/jobs/{job}`.
    pub job: Option<JobId>,
    /// The problem's code when none was queued.
    pub code: Option<String>,
    /// The problem in words.
    pub detail: Option<String>,
    #[oai(default)]
    pub errors: Vec<FieldError>,
}

/// What became of each task.
#[derive(Debug, Object)]
#[oai(rename = "TaskGenerateResults")]
pub struct GenerateOut {
    pub queued: u32,
    pub failed: u32,
    /// In the order of the request.
    pub results: Vec<GenerateResult>,
}

/// A section of a text.
#[derive(Debug, Object)]
#[oai(rename = "ContentSection")]
pub struct SectionOut {
    /// Names it for `generate_content`; empty for the text before the first heading.
    pub id: String,
    pub heading: String,
    pub words: u32,
    /// It is as it was generated; false where a person wrote or changed it, or nothing was generated.
    pub generated: bool,
}

/// The sections of a text.
#[derive(Debug, Object)]
#[oai(rename = "ContentSections")]
pub struct SectionsOut {
    pub items: Vec<SectionOut>,
}

/// Something of the brief that a text does not do.
#[derive(Debug, Object)]
#[oai(rename = "BriefFinding")]
pub struct FindingOut {
    /// Such as `heading_missing`, `too_short`.
    pub kind: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// A text held against the brief of its task.
#[derive(Debug, Object)]
#[oai(rename = "BriefCheck", skip_serializing_if_is_none)]
pub struct BriefOut {
    /// The task that it was written for; without one, keywords, title and description are looked at.
    pub task: Option<TaskId>,
    pub items: Vec<FindingOut>,
}

pub struct DraftsApi;

#[OpenApi(tag = "Tag::Writer")]
impl DraftsApi {
    /// Have drafts written
    ///
    /// Queues `generate_content` for each task, as a job of its own: what fails for one is done for the others. Each
    /// needs its credits; 402 is told for those that they do not suffice for.
    #[oai(
        path = "/sites/:site_id/tasks/generate",
        method = "post",
        operation_id = "task_generate"
    )]
    async fn generate(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<GenerateIn>,
    ) -> Result<Json<GenerateOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        app.limits.ai(caller.actor())?;
        let Json(body) = body;
        let ids = distinct(&body.ids);
        let mut out = GenerateOut {
            queued: 0,
            failed: 0,
            results: Vec::with_capacity(ids.len()),
        };
        for id in ids {
            let input = json!({ "task": id, "instructions": body.instructions });
            let mut result = GenerateResult {
                id,
                job: None,
                code: None,
                detail: None,
                errors: Vec::new(),
            };
            match engine::run_ai_task(&app, &scope, "generate_content", &input, None).await {
                Ok(job) => {
                    out.queued += 1;
                    result.job = Some(job);
                }
                Err(error) => {
                    out.failed += 1;
                    let problem = error.into_problem();
                    (result.code, result.detail) = (Some(problem.code), Some(problem.detail));
                    result.errors = problem.errors;
                }
            }
            out.results.push(result);
        }
        Ok(Json(out))
    }

    /// List a text's sections
    ///
    /// Each can be written anew by `generate_content` with its id as `section`. A text is cut at its headings of the second
    /// level.
    #[oai(
        path = "/sites/:site_id/content/:content_id/sections",
        method = "get",
        operation_id = "content_sections"
    )]
    async fn sections(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
    ) -> Result<Json<SectionsOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let content = db.get::<Content>(content_id.0).await?.ok_or_else(Error::not_found)?;
        markdown(&content)?;
        let base = generated::of(&db, content.id)
            .await?
            .as_ref()
            .and_then(Generated::draft);
        let work = move || {
            let base = base.map_or(String::new(), |draft| draft.body);
            // What a merge would keep is what people wrote.
            let kept = merge::merge(&base, &content.body, &base).kept;
            let items = sections::split(&content.body)
                .into_iter()
                .filter(|section| !section.id.is_empty() || !section.text.trim().is_empty())
                .map(|section| SectionOut {
                    words: u32::try_from(igny8_text::index::tokens(section.text).count()).unwrap_or(u32::MAX),
                    generated: !base.is_empty() && !kept.contains(&section.id),
                    id: section.id,
                    heading: section.heading,
                });
            SectionsOut { items: items.collect() }
        };
        tokio::task::spawn_blocking(work)
            .await
            .map(Json)
            .map_err(Error::internal)
    }

    /// Hold a text against its brief
    ///
    /// Headings, questions and keywords of the task that it was written for, its length, and the widths of title and
    /// description.
    #[oai(
        path = "/sites/:site_id/content/:content_id/brief",
        method = "get",
        operation_id = "content_brief_check"
    )]
    async fn brief(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
    ) -> Result<Json<BriefOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let content = db.get::<Content>(content_id.0).await?.ok_or_else(Error::not_found)?;
        markdown(&content)?;
        let tasks = db
            .list::<Task>(Select::new().equals("content", content.id).limit(1))
            .await?;
        let task = tasks.into_iter().next();
        let asked = brief::read(&db, task.as_ref(), Some(&content), None).await?.to_check();
        let work = move || {
            let faq: Vec<draft::Faq> = content
                .faq
                .iter()
                .map(|faq| draft::Faq {
                    question: faq.question.clone(),
                    answer: faq.answer.clone(),
                })
                .collect();
            let title = if content.seo_title.is_empty() {
                &content.title
            } else {
                &content.seo_title
            };
            let text = brief_check::Text {
                title,
                description: &content.meta_description,
                body: &content.body,
                faq: &faq,
            };
            let findings = brief_check::check(&asked, &text);
            findings.iter().map(out).collect()
        };
        let items = tokio::task::spawn_blocking(work).await.map_err(Error::internal)?;
        Ok(Json(BriefOut {
            task: task.map(|task| task.id),
            items,
        }))
    }
}

/// Sections and briefs are of Markdown.
fn markdown(content: &Content) -> Result<()> {
    match content.body_format {
        BodyFormat::Markdown => Ok(()),
        BodyFormat::Html => Err(Error::rule(
            "html_body",
            "Its text is HTML, which is not looked at section by section. Turn it into Markdown first.",
        )),
    }
}

fn out(finding: &brief_check::Finding) -> FindingOut {
    let kind = serde_json::to_value(finding)
        .ok()
        .and_then(|value| Some(value["kind"].as_str()?.to_owned()));
    FindingOut {
        kind: kind.unwrap_or_default(),
        message: finding.text(),
    }
}
