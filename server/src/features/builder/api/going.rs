//! From a plan to a site: hand-off, preview, going live.

use chrono::{DateTime, Utc};
use igny8_builder::wizard::State;
use igny8_data::{AuditEvent, Manage, SiteId, UserId, Write};
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};

use super::objects::PlanOut;
use super::opened;
use crate::api::validate::Check;
use crate::api::{Caller, Error, Fetched, FieldError, From, Result, Tag, etag};
use crate::app::App;
use crate::features::builder::desk::{Depth, Desk};
use crate::features::builder::live;
use crate::features::builder::made::{self, MAX_PAGES, Outcome};
use crate::features::builder::model::SiteBlueprintId;
use crate::features::planner::idea::IdeaId;
use crate::features::publishing::api::{MOST_HOURS, PreviewLinkIn, PreviewLinkOut};
use crate::features::writer::TaskId;
use crate::features::writer::model::Priority;
use crate::features::writer::queue::Given;
use crate::visitors::preview::{Link, PREFIX};

/// What pages become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "HandOffAs", rename_all = "snake_case")]
pub enum HandOffAs {
    Ideas,
    /// Ideas, and a task for each.
    Tasks,
}

/// Which pages to hand off.
#[derive(Debug, Object)]
#[oai(rename = "HandOff", deny_unknown_fields)]
pub struct HandOffIn {
    pub to: HandOffAs,
    /// Keys of pages; all that nothing was made of, without lists and the frame, when absent.
    pub pages: Option<Vec<String>>,
    /// Somebody who may work on the site; for tasks.
    pub assignee: Option<UserId>,
    pub due_at: Option<DateTime<Utc>>,
    pub priority: Option<Priority>,
}

/// What became of the pages.
#[derive(Debug, Object)]
#[oai(rename = "HandedOff")]
pub struct HandedOut {
    pub made: u32,
    /// Of which something was made before.
    pub known: u32,
    pub failed: u32,
    pub pages: Vec<HandedPageOut>,
    pub plan: PlanOut,
}

/// What became of a page.
#[derive(Debug, Object)]
#[oai(rename = "HandedOffPage", skip_serializing_if_is_none)]
pub struct HandedPageOut {
    pub page: String,
    pub idea: Option<IdeaId>,
    pub task: Option<TaskId>,
    pub known: bool,
    /// Why nothing was made of it.
    pub problem: Option<String>,
}

/// How to go live.
#[derive(Debug, Object)]
#[oai(rename = "SiteBlueprintDeploy", deny_unknown_fields)]
pub struct DeployIn {
    /// Keep the site's theme and its options as they are.
    #[oai(default)]
    pub keep_theme: bool,
}

/// What going live did.
#[derive(Debug, Object)]
#[oai(rename = "SiteBlueprintDeployed")]
pub struct DeployedOut {
    /// Content that moved to the addresses of the plan; the old ones lead there.
    pub moved: u32,
    /// Content that could not be moved, with why.
    pub not_moved: Vec<NotMovedOut>,
    pub plan: PlanOut,
}

/// Content that could not be moved.
#[derive(Debug, Object)]
#[oai(rename = "PageNotMoved")]
pub struct NotMovedOut {
    pub page: String,
    pub why: String,
}

pub struct GoingApi;

#[OpenApi(tag = "Tag::Builder")]
impl GoingApi {
    /// Hand pages of a plan off
    ///
    /// They become ideas or tasks with all that the plan knows: cluster, keywords, terms, outline, brief. A page of which something was
    /// made keeps it; an idea that aims at a page's keyword already becomes the page's. What is written for it goes to its address.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/hand-off",
        method = "post",
        operation_id = "site_blueprint_handoff"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn hand_off(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
        /// ETag of the version to hand off.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<HandOffIn>,
    ) -> Result<Fetched<HandedOut>> {
        let at = (site_id.0, blueprint_id.0);
        let (scope, mut desk) = opened(&app, &caller, at, if_match.0.as_deref(), Depth::Keywords).await?;
        let Json(body) = body;
        require_covered(&desk)?;
        let keys: Vec<String> = match body.pages {
            Some(keys) => {
                let mut seen = std::collections::HashSet::new();
                keys.into_iter().filter(|key| seen.insert(key.clone())).collect()
            }
            None => {
                let pages = desk.pages.sitemap.pages.iter();
                let open = pages.filter(|page| {
                    page.content_type.is_some() && !page.is_frame() && !desk.made.contains_key(&page.key)
                });
                open.take(MAX_PAGES).map(|page| page.key.clone()).collect()
            }
        };
        if keys.len() > MAX_PAGES {
            let message = format!("must be at most {MAX_PAGES}");
            return Err(Error::invalid(vec![FieldError::new("pages", message)]));
        }
        let given = (body.to == HandOffAs::Tasks).then_some(Given {
            assignee: body.assignee,
            due_at: body.due_at,
            priority: body.priority,
        });
        let outcomes = made::hand_off(&app, &scope, &mut desk, &keys, given, &from.0).await?;
        let count = |fits: &dyn Fn(&Outcome) -> bool| {
            u32::try_from(outcomes.iter().filter(|of| fits(of)).count()).unwrap_or(u32::MAX)
        };
        let out = HandedOut {
            made: count(&|of| of.result.is_ok() && !of.known),
            known: count(&|of| of.result.is_ok() && of.known),
            failed: count(&|of| of.result.is_err()),
            plan: PlanOut::of(&desk)?,
            pages: outcomes
                .into_iter()
                .map(|of| HandedPageOut {
                    page: of.key,
                    idea: of.idea,
                    task: of.task,
                    known: of.known,
                    problem: of.result.err().map(|error| error.into_problem().detail),
                })
                .collect(),
        };
        Ok(Fetched::new(out, desk.row.rev))
    }

    /// Make a preview link of a plan
    ///
    /// Shows the whole planned site, drafts and placeholders for what is not written, to whoever has the link.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/preview-links",
        method = "post",
        operation_id = "site_blueprint_preview"
    )]
    async fn preview(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
        body: Json<PreviewLinkIn>,
    ) -> Result<Json<PreviewLinkOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let desk = Desk::open(&app, &scope.reading(), blueprint_id.0, Depth::Names).await?;
        let mut check = Check::new();
        check.that(
            (1..=MOST_HOURS).contains(&body.0.hours),
            "hours",
            format!("must be from 1 to {MOST_HOURS}"),
        );
        check.finish()?;
        let link = Link {
            account: scope.account(),
            site: scope.site(),
            until: app.db.clock().now() + chrono::Duration::hours(i64::from(body.0.hours)),
            plan: Some(desk.row.id),
        };
        let mut tx = app.db.site(&scope).tx();
        tx.audit(AuditEvent::new("site_blueprint.preview_created", desk.row.id, &from.0));
        tx.commit().await?;
        Ok(Json(PreviewLinkOut {
            url: format!("{}{PREFIX}{}/", app.config.public_url(), link.token(app.db.keys())),
            expires_at: link.until,
        }))
    }

    /// Let a plan go live
    ///
    /// Makes the site's menus, lists, taxonomies, addresses and theme those of the plan. The site goes live in parts as content arrives:
    /// menus and blocks lead to what is there, and grow with it. Pages that moved since the plan before leave their old addresses
    /// leading to the new ones.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/deploy",
        method = "post",
        operation_id = "site_blueprint_deploy"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn deploy(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
        /// ETag of the version to go live.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<DeployIn>,
    ) -> Result<Fetched<DeployedOut>> {
        let scope = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        let account = caller.actor().account::<Manage>()?;
        let mut desk = Desk::open(&app, &scope.reading(), blueprint_id.0, Depth::Names).await?;
        etag::check(if_match.0.as_deref(), desk.row.rev)?;
        require_covered(&desk)?;
        let done = live::deploy(&app, &account, &scope, &mut desk, body.0.keep_theme, &from.0).await?;
        let out = DeployedOut {
            moved: done.moved,
            not_moved: done
                .not_moved
                .into_iter()
                .map(|(page, why)| NotMovedOut { page, why })
                .collect(),
            plan: PlanOut::of(&desk)?,
        };
        Ok(Fetched::new(out, desk.row.rev))
    }
}

/// The plan must have nothing open before something is made of it.
fn require_covered(desk: &Desk) -> Result<()> {
    let mut wizard = desk.wizard.clone();
    wizard.settle(&desk.facts());
    if matches!(wizard.state(), State::CoverageValidated | State::HandedOff) {
        return Ok(());
    }
    let mut error = Error::rule(
        "steps_open",
        "The steps up to the coverage must be complete first: see `errors` for what is missing.",
    );
    if let Error::Unprocessable(Json(problem)) = &mut error {
        use igny8_builder::names::Choice as _;
        for view in desk.steps().into_iter().take(5) {
            if view.status == igny8_builder::wizard::Status::Complete {
                continue;
            }
            let reasons = view.reasons.iter();
            problem
                .errors
                .extend(reasons.map(|of| FieldError::new(view.step.word(), format!("{} {}", of.message, of.mend))));
            if view.reasons.is_empty() {
                let message = "The step can be completed: complete it.";
                problem.errors.push(FieldError::new(view.step.word(), message));
            }
        }
    }
    Err(error)
}
