//! Plans of a site: create, read, list, change, delete; completing steps; their history.

use igny8_builder::names::Choice as _;
use igny8_builder::wizard::{Change, Step};
use igny8_data::{AuditEvent, AuditRow, DbError, Deleted, Read, SectorId, Select, SiteId, SiteScope, Variables, Write};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use serde_json::json;

use super::objects::{AdvanceIn, PlanIn, PlanOut, PlanPatch, SummaryOut, WizardStep};
use super::{opened, saved, shown};
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Created, Error, Fetched, FieldError, From, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;
use crate::features::builder::business::Business;
use crate::features::builder::catalogue;
use crate::features::builder::desk::{Depth, Desk, aside};
use crate::features::builder::model::{PlanStatus, SiteBlueprint, SiteBlueprintId};
use crate::features::builder::plan::{Pages, SitePlan};
use crate::features::builder::words::same;
use crate::features::planner::rules::{refused, require_sector};
use crate::features::sites::model::{Sector, SiteType};

const SORTS: &[SortField] = &[SortField::same("version"), SortField::same("created_at")];
const HISTORY: &[SortField] = &[SortField::same("at")];
/// Plans of one site.
const MOST: i64 = 100;
/// Times a version is counted again because somebody else was faster.
const ATTEMPTS: usize = 5;

/// Something that was done to a plan.
#[derive(Debug, Object)]
#[oai(rename = "SiteBlueprintEvent")]
pub struct EventOut {
    /// `site_blueprint.advanced`: noun, dot, past tense.
    pub action: String,
    /// A user's or key's id, or `system:…`.
    pub actor: String,
    pub detail: serde_json::Value,
    pub at: chrono::DateTime<chrono::Utc>,
}

pub struct PlansApi;

#[OpenApi(tag = "Tag::Builder")]
impl PlansApi {
    /// List plans of a site
    #[oai(
        path = "/sites/:site_id/blueprints",
        method = "get",
        operation_id = "site_blueprint_list"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// `version` or `created_at`; `-` in front for descending.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        status: Query<Option<PlanStatus>>,
    ) -> Result<Json<Page<SummaryOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let page = PageRequest::new(
            &app.db,
            &format!("site_blueprints|{}|{:?}", site_id.0, status.0),
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-version",
        )?;
        let select = Select::new().equals_some("status", status.0);
        let list = page.list::<SiteBlueprint>(&app.db.site(&scope), select).await?;
        Ok(Json(list.page(SummaryOut::from_row)))
    }

    /// Begin a plan
    ///
    /// Of a kind of site, or as the next version of another plan.
    #[oai(
        path = "/sites/:site_id/blueprints",
        method = "post",
        operation_id = "site_blueprint_create"
    )]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        body: Json<PlanIn>,
    ) -> Result<Created<PlanOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let Json(body) = body;
        let id = made(&app, &scope, body, &from).await?;
        let desk = Desk::open(&app, &scope.reading(), id, Depth::Names).await?;
        let path = format!("/sites/{}/blueprints/{id}", site_id.0);
        Ok(Created::new(PlanOut::of(&desk)?, desk.row.rev, path))
    }

    /// Read a plan with its steps
    ///
    /// Each step says what is missing and what to do. What changed elsewhere since (clusters deleted, terms renamed) re-opens steps.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id",
        method = "get",
        operation_id = "site_blueprint_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
    ) -> Result<Fetched<PlanOut>> {
        let desk = shown(&app, &caller, site_id.0, blueprint_id.0, Depth::Names).await?;
        PlanOut::fetched(&desk)
    }

    /// Change a plan's first step
    ///
    /// `reopened` says which steps have to be done again.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id",
        method = "patch",
        operation_id = "site_blueprint_update"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<PlanPatch>,
    ) -> Result<Fetched<PlanOut>> {
        let at = (site_id.0, blueprint_id.0);
        let (scope, mut desk) = opened(&app, &caller, at, if_match.0.as_deref(), Depth::Names).await?;
        let Json(patch) = body;
        let mut changed: Vec<&str> = Vec::new();
        if let Some(name) = patch.name {
            desk.row.name = name.trim().to_owned();
            changed.push("name");
        }
        if let Some(audience) = patch.audience {
            desk.row.audience = audience.trim().to_owned();
            desk.business = Business::of(&desk.site, &desk.row);
            desk.brand.audience.clone_from(&desk.business.audience);
            desk.changed(Change::Audience);
            changed.push("audience");
        }
        let mut tx = app.db.site(&scope).tx();
        if let Some(sector) = patch.sector.filter(|sector| Some(*sector) != desk.row.sector) {
            require_sector(&mut tx, sector);
            desk.row.sector = Some(sector);
            desk.row.clusters.clear();
            desk.clusters.clear();
            desk.settle_seen();
            desk.changed(Change::Sector);
            changed.push("sector");
        }
        if let Some(kind) = patch.blueprint.filter(|kind| *kind != desk.row.kind) {
            let kind = catalogue::find(&kind).ok_or_else(|| unknown_kind(&kind))?;
            (desk.kind, desk.row.kind) = (kind, kind.key.clone());
            desk.row.kind_version = i64::from(kind.version);
            desk.changed(Change::Blueprint);
            changed.push("blueprint");
        }
        checked(&desk.row)?;
        desk.save(&mut tx, app.db.clock().now());
        tx.audit(AuditEvent::new("site_blueprint.changed", desk.row.id, &from.0).detail(json!({ "fields": changed })));
        tx.commit().await.map_err(refused)?;
        PlanOut::fetched(&desk)
    }

    /// Delete a plan
    ///
    /// The live one cannot be deleted. Terms, ideas and content that were made with it stay.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id",
        method = "delete",
        operation_id = "site_blueprint_delete"
    )]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
        /// ETag of the version to delete.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let row = db.get::<SiteBlueprint>(blueprint_id.0).await?;
        let mut row = row.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), row.rev)?;
        if row.status == PlanStatus::Live {
            return Err(Error::conflict(
                "plan_live",
                "The site follows this plan. Let another one go live first.",
            ));
        }
        let now = app.db.clock().now();
        (row.deleted_at, row.updated_at) = (Some(now), now);
        let mut tx = db.tx();
        tx.replace(&mut row)
            .audit(AuditEvent::new("site_blueprint.deleted", row.id, &from.0));
        tx.commit().await?;
        Ok(Done::Done)
    }

    /// Complete a step
    ///
    /// Refused with all that is missing, each with what to do. Completing the step of the coverage looks at it first.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/advance",
        method = "post",
        operation_id = "site_blueprint_advance"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn advance(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<AdvanceIn>,
    ) -> Result<Fetched<PlanOut>> {
        let step: Step = same(&body.0.step)?;
        let depth = match body.0.step {
            WizardStep::Coverage => Depth::Keywords,
            _ => Depth::Names,
        };
        let at = (site_id.0, blueprint_id.0);
        let (scope, mut desk) = opened(&app, &caller, at, if_match.0.as_deref(), depth).await?;
        if step == Step::Coverage {
            desk = aside(move || {
                let report = desk.report();
                desk.keep_report(&report);
                desk
            })
            .await?;
        }
        let facts = desk.facts();
        if let Err(reasons) = desk.wizard.advance(step, &facts) {
            let mut error = Error::rule(
                "step_blocked",
                "The step cannot be completed: see `errors` for what is missing.",
            );
            if let Error::Unprocessable(Json(problem)) = &mut error {
                let field = |reason: &igny8_builder::wizard::Reason| {
                    FieldError::new(reason.at.word(), format!("{} {}", reason.message, reason.mend))
                };
                problem.errors = reasons.iter().map(field).collect();
            }
            return Err(error);
        }
        let detail = json!({ "step": step, "state": desk.wizard.state() });
        saved(&app, &scope, &mut desk, ("site_blueprint.advanced", detail), &from.0).await?;
        PlanOut::fetched(&desk)
    }

    /// What was done to a plan
    ///
    /// The newest first.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/history",
        method = "get",
        operation_id = "site_blueprint_history"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn history(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// `at`, or `-at` (newest first, the default).
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
    ) -> Result<Json<Page<EventOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let row = app.db.site(&scope).get::<SiteBlueprint>(blueprint_id.0).await?;
        let row = row.ok_or_else(Error::not_found)?;
        let page = PageRequest::new(
            &app.db,
            &format!("site_blueprint_history|{}", row.id),
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            HISTORY,
            "-at",
        )?;
        let account = caller.actor().account::<Read>()?;
        let select = Select::new().equals("target", row.id.to_string());
        let list = page.list::<AuditRow>(&app.db.account(&account), select).await?;
        Ok(Json(list.page(|row| EventOut {
            action: row.action,
            actor: row.actor,
            detail: row.detail,
            at: row.at,
        })))
    }
}

fn unknown_kind(key: &str) -> Error {
    let keys: Vec<&str> = catalogue::all().iter().map(|kind| kind.key.as_str()).collect();
    let message = format!("there is no {key:?}; it must be one of {}", keys.join(", "));
    Error::invalid(vec![FieldError::new("blueprint", message)])
}

fn checked(row: &SiteBlueprint) -> Result<()> {
    let mut check = Check::new();
    row.check(&mut check);
    check.finish()
}

/// Makes a plan.
async fn made(app: &App, scope: &SiteScope<Write>, body: PlanIn, from: &From) -> Result<SiteBlueprintId> {
    let db = app.db.site(scope);
    let before = match body.copy_of {
        None => None,
        Some(id) => {
            let wrong = || Error::invalid(vec![FieldError::new("copy_of", "must be a plan of this site")]);
            match Desk::open(app, &scope.reading(), id, Depth::Names).await {
                Ok(desk) => Some(desk),
                Err(Error::NotFound(_)) => return Err(wrong()),
                Err(error) => return Err(error),
            }
        }
    };
    let kind = match (&body.blueprint, &before) {
        (Some(key), _) => catalogue::find(key).ok_or_else(|| unknown_kind(key))?,
        (None, Some(before)) => before.kind,
        (None, None) => {
            let sql = "SELECT VALUE site_type FROM ONLY $site WHERE account = $account;";
            let mut answer = db.query(sql, Variables::new(), "reading a site's type").await?;
            let site_type = answer.one::<SiteType>(0)?.ok_or_else(Error::not_found)?;
            catalogue::usual(site_type).ok_or_else(|| Error::internal("no blueprint for the type of site"))?
        }
    };
    let sector: Option<SectorId> = match body.sector.or(before.as_ref().and_then(|desk| desk.row.sector)) {
        Some(sector) => Some(sector),
        None => {
            let select = Select::new().equals("active", true).limit(2);
            match db.list::<Sector>(select).await?.as_slice() {
                [one] => Some(one.id),
                _ => None,
            }
        }
    };
    for _ in 0..ATTEMPTS {
        let now = app.db.clock().now();
        let sql = "SELECT VALUE version FROM site_blueprint WHERE site = $site AND account = $account \
                   ORDER BY version DESC LIMIT 1;";
        let mut answer = db.query(sql, Variables::new(), "counting plans").await?;
        let version = answer.rows::<i64>(0)?.pop().unwrap_or(0) + 1;
        let there = db
            .count::<SiteBlueprint>(Select::new().deleted(Deleted::Without))
            .await?;
        if i64::try_from(there).unwrap_or(i64::MAX) >= MOST {
            let message = format!("A site has at most {MOST} plans. Delete one first.");
            return Err(Error::rule("too_many_plans", message));
        }
        let mut row = SiteBlueprint::new(app.db.ids().make(), scope, kind, version, now);
        let mut pages = Pages::default();
        if let Some(before) = &before {
            row.audience.clone_from(&before.row.audience);
            row.clusters.clone_from(&before.row.clusters);
            row.waivers.clone_from(&before.row.waivers);
            row.wizard.clone_from(&before.row.wizard);
            row.pages = before.row.pages;
            (row.checked, row.open) = (before.row.checked, before.row.open);
            // What is live is the other's.
            pages = Pages {
                live: Default::default(),
                ..before.pages.clone()
            };
        }
        row.sector = sector;
        if let Some(name) = &body.name {
            row.name = name.trim().to_owned();
        }
        if let Some(audience) = &body.audience {
            row.audience = audience.trim().to_owned();
        }
        checked(&row)?;
        let mut tx = db.tx();
        if let Some(sector) = sector {
            require_sector(&mut tx, sector);
        }
        tx.create(row.clone())
            .create(SitePlan::new(row.account, row.site, row.id, &pages))
            .audit(
                AuditEvent::new("site_blueprint.created", row.id, &from.0)
                    .detail(json!({ "version": version, "blueprint": kind.key, "copy_of": body.copy_of })),
            );
        match tx.commit().await {
            Ok(_) => return Ok(row.id),
            Err(DbError::Duplicate { .. }) => {}
            Err(error) => return Err(refused(error)),
        }
    }
    Err(Error::unavailable("Others begin plans at this moment. Try again."))
}
