//! `/sites/{site}/schedules`.

use chrono::{DateTime, Utc};
use igny8_data::{JobId, Read, SectorId, Select, SiteId, SiteScope, Variables, Write};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::cron::Times;
use super::model::{ScheduleAction, SiteSchedule, SiteScheduleId};
use crate::api::patch::set;
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Created, Error, Fetched, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;
use crate::features::planner::rules::{refused, require_sector};

/// Schedules of a site.
const MOST: i64 = 50;

/// Work of a site that comes again and again.
#[derive(Debug, Object)]
#[oai(rename = "SiteSchedule", skip_serializing_if_is_none)]
pub struct SiteScheduleOut {
    pub id: SiteScheduleId,
    pub name: String,
    pub action: ScheduleAction,
    pub sector: Option<SectorId>,
    pub cron: String,
    /// The expression in words.
    pub in_words: String,
    pub time_zone: String,
    pub enabled: bool,
    /// What came of the last run, or why it was switched off, where there is something to say.
    pub note: Option<String>,
    pub next_at: Option<DateTime<Utc>>,
    pub last_at: Option<DateTime<Utc>>,
    /// The job of the last run.
    pub last_job: Option<JobId>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl SiteScheduleOut {
    fn from_row(row: SiteSchedule) -> Self {
        let times = Times::parse(&row.cron, &row.time_zone, row.updated_at);
        Self {
            id: row.id,
            name: row.name,
            action: row.action,
            sector: row.sector,
            in_words: times.map(|times| times.in_words()).unwrap_or_default(),
            cron: row.cron,
            time_zone: row.time_zone,
            enabled: row.enabled,
            note: row.note,
            next_at: row.next_at,
            last_at: row.last_at,
            last_job: row.last_job,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }

    fn fetched(row: SiteSchedule) -> Fetched<Self> {
        let rev = row.rev;
        Fetched::new(Self::from_row(row), rev)
    }
}

/// A new schedule.
#[derive(Debug, Object)]
#[oai(rename = "SiteScheduleCreate", deny_unknown_fields, example)]
pub struct SiteScheduleIn {
    pub name: String,
    pub action: ScheduleAction,
    /// For what works on a sector: `auto_cluster`, `generate_ideas`.
    pub sector: Option<SectorId>,
    /// Five fields: minute, hour, day of month, month, day of week; or `@daily` and the like.
    pub cron: String,
    /// IANA name; the site's when absent.
    pub time_zone: Option<String>,
    pub enabled: Option<bool>,
}

impl poem_openapi::types::Example for SiteScheduleIn {
    fn example() -> Self {
        Self {
            name: "Every morning".into(),
            action: ScheduleAction::DeploySite,
            sector: None,
            cron: "0 6 * * MON-FRI".into(),
            time_zone: Some("Europe/Lisbon".into()),
            enabled: Some(true),
        }
    }
}

/// What to change; whoever does it is the one whose rights the schedule has from then on.
#[derive(Debug, Object)]
#[oai(rename = "SiteSchedulePatch", deny_unknown_fields)]
pub struct SiteSchedulePatch {
    pub name: Option<String>,
    pub cron: Option<String>,
    pub time_zone: Option<String>,
    pub enabled: Option<bool>,
}

const SORTS: &[SortField] = &[SortField::same("created_at"), SortField::same("name")];

pub struct SchedulesApi;

#[OpenApi(tag = "Tag::Jobs")]
impl SchedulesApi {
    /// List schedules
    #[oai(path = "/sites/:site_id/schedules", method = "get", operation_id = "schedule_list")]
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
        /// `created_at` or `name`; `-` in front for descending.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
    ) -> Result<Json<Page<SiteScheduleOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let page = PageRequest::new(
            &app.db,
            &format!("schedules|{}", site_id.0),
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-created_at",
        )?;
        let db = app.db.site(&scope);
        let list = page.list::<SiteSchedule>(&db, Select::new()).await?;
        Ok(Json(list.page(SiteScheduleOut::from_row)))
    }

    /// Create a schedule
    ///
    /// It has the rights that you have at the time of each run.
    #[oai(
        path = "/sites/:site_id/schedules",
        method = "post",
        operation_id = "schedule_create"
    )]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<SiteScheduleIn>,
    ) -> Result<Created<SiteScheduleOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let Json(body) = body;
        let now = app.db.clock().now();
        let time_zone = match body.time_zone {
            Some(zone) => zone,
            None => zone_of(&app, &scope).await?,
        };
        let mut schedule = SiteSchedule {
            id: app.db.ids().make(),
            account: scope.account(),
            site: scope.site(),
            name: body.name,
            action: body.action,
            sector: body.sector,
            cron: body.cron.trim().to_owned(),
            time_zone,
            user: scope.actor().user(),
            enabled: body.enabled.unwrap_or(true),
            note: None,
            next_at: None,
            last_at: None,
            last_job: None,
            rev: 1,
            created_at: now,
            updated_at: now,
        };
        let mut check = Check::new();
        schedule.check(&mut check, now);
        check.finish()?;
        let mut tx = app.db.site(&scope).tx();
        if let Some(sector) = schedule.sector {
            require_sector(&mut tx, sector);
        }
        tx.require(
            &format!(
                "array::len((SELECT VALUE id FROM site_schedule WHERE site = $site AND account = $account)) < {MOST}"
            ),
            Variables::new(),
            "too_many_schedules",
        );
        tx.create(schedule.clone());
        tx.commit().await.map_err(|error| match error {
            igny8_data::DbError::Refused(code) if code == "too_many_schedules" => Error::rule(
                "too_many_schedules",
                format!("A site can have {MOST} schedules. Delete one first."),
            ),
            error => refused(error),
        })?;
        let path = format!("/sites/{}/schedules/{}", schedule.site, schedule.id);
        Ok(Created::new(SiteScheduleOut::from_row(schedule), 1, path))
    }

    /// Read a schedule
    #[oai(
        path = "/sites/:site_id/schedules/:schedule_id",
        method = "get",
        operation_id = "schedule_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        schedule_id: Path<SiteScheduleId>,
    ) -> Result<Fetched<SiteScheduleOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let row = app.db.site(&scope).get::<SiteSchedule>(schedule_id.0).await?;
        Ok(SiteScheduleOut::fetched(row.ok_or_else(Error::not_found)?))
    }

    /// Change a schedule
    ///
    /// It has your rights from then on.
    #[oai(
        path = "/sites/:site_id/schedules/:schedule_id",
        method = "patch",
        operation_id = "schedule_update"
    )]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        schedule_id: Path<SiteScheduleId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<SiteSchedulePatch>,
    ) -> Result<Fetched<SiteScheduleOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let row = db.get::<SiteSchedule>(schedule_id.0).await?;
        let mut row = row.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), row.rev)?;
        let Json(body) = body;
        let now = app.db.clock().now();
        set(&mut row.name, body.name);
        set(&mut row.cron, body.cron.map(|cron| cron.trim().to_owned()));
        set(&mut row.time_zone, body.time_zone);
        set(&mut row.enabled, body.enabled);
        (row.user, row.note, row.updated_at, row.next_at) = (scope.actor().user(), None, now, None);
        let mut check = Check::new();
        row.check(&mut check, now);
        check.finish()?;
        let mut tx = db.tx();
        tx.replace(&mut row);
        tx.commit().await.map_err(refused)?;
        Ok(SiteScheduleOut::fetched(row))
    }

    /// Delete a schedule
    #[oai(
        path = "/sites/:site_id/schedules/:schedule_id",
        method = "delete",
        operation_id = "schedule_delete"
    )]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        schedule_id: Path<SiteScheduleId>,
        /// ETag of the version to delete.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let row = db.get::<SiteSchedule>(schedule_id.0).await?;
        let row = row.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), row.rev)?;
        let mut tx = db.tx();
        tx.delete(row.id);
        tx.commit().await.map_err(refused)?;
        Ok(Done::Done)
    }
}

async fn zone_of(app: &App, scope: &SiteScope<Write>) -> Result<String> {
    let sql = "SELECT VALUE time_zone FROM ONLY $site WHERE account = $account;";
    let mut answer = app
        .db
        .site(scope)
        .query(sql, Variables::new(), "reading a site's time zone")
        .await?;
    Ok(answer.one(0)?.unwrap_or_else(|| "UTC".to_owned()))
}
