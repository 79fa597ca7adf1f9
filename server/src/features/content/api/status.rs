//! Editorial status, readiness and schedule.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use igny8_data::{Manage, Read, Select, SiteDb, SiteId, Variables, Write};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::items::fetched;
use super::moment::Moment;
use super::objects::ContentOut;
use super::{for_write, write_failed};
use crate::api::{Caller, Error, Fetched, FieldError, From, Page, PageRequest, Result, SortField, Tag};
use crate::app::App;
use crate::features::content::approval::Own;
use crate::features::content::model::{Content, ContentId, ContentType, Status};
use crate::features::content::readiness::Missing;
use crate::features::content::{Reason, publish, save, schedule};
use crate::features::planner::ClusterId;

/// The status to set.
#[derive(Debug, Object)]
#[oai(rename = "ContentStatusChange", deny_unknown_fields)]
pub struct StatusIn {
    pub status: Status,
    /// Publish although something is missing; for admins.
    pub force: Option<bool>,
}

/// Whether content can be published.
#[derive(Debug, Object)]
#[oai(rename = "ContentReadiness")]
pub struct ReadinessOut {
    pub ready: bool,
    /// What is missing, field by field.
    pub missing: Vec<Missing>,
}

/// When to publish and take back; at least one of them.
#[derive(Debug, Object)]
#[oai(rename = "ContentSchedule", deny_unknown_fields)]
pub struct ScheduleIn {
    /// In the future. A time with its offset, or one without in the site's time zone: `2026-07-01T09:00`. Of a local time that
    /// clocks show twice it is the first; one that they leave out is as much later as they are put forward. Absent for content
    /// that is published already.
    pub publish_at: Option<Moment>,
    /// After `publish_at`; in the same forms.
    pub unpublish_at: Option<Moment>,
    /// Publish although something is missing; for admins.
    pub force: Option<bool>,
}

/// What is planned for content.
#[derive(Debug, Object)]
#[oai(rename = "ContentScheduled", skip_serializing_if_is_none)]
pub struct ScheduleOut {
    /// In UTC.
    pub publish_at: Option<DateTime<Utc>>,
    /// In UTC.
    pub unpublish_at: Option<DateTime<Utc>>,
    /// IANA name of the site's time zone, to show the times in.
    pub time_zone: String,
    /// Why the last scheduled publication did not happen.
    pub error: Option<String>,
    pub status: Status,
}

/// Whether a piece of content of a list can be published.
#[derive(Debug, Object)]
#[oai(rename = "ContentReadinessEntry")]
pub struct ReadinessEntry {
    pub id: ContentId,
    pub title: String,
    pub status: Status,
    pub ready: bool,
    /// What is missing, field by field.
    pub missing: Vec<Missing>,
}

const SORTS: &[SortField] = &[
    SortField::same("updated_at"),
    SortField::same("title"),
    SortField::same("created_at"),
];

pub struct StatusApi;

#[OpenApi(tag = "Tag::Content")]
impl StatusApi {
    /// See what is missing to publish, piece by piece
    ///
    /// For content that is not published yet, or of one status.
    #[oai(
        path = "/sites/:site_id/content/readiness",
        method = "get",
        operation_id = "content_readiness_list"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn readiness_list(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// `updated_at`, `title` or `created_at`; `-` in front for descending.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        status: Query<Option<Status>>,
        content_type: Query<Option<ContentType>>,
        cluster: Query<Option<ClusterId>>,
    ) -> Result<Json<Page<ReadinessEntry>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let mut select = Select::new()
            .equals_some("status", status.0)
            .equals_some("content_type", content_type.0)
            .equals_some("cluster", cluster.0);
        if status.0.is_none() {
            select = select.compare("status", "!=", Status::Published);
        }
        let page = PageRequest::new(
            &app.db,
            &format!("readiness|{}|{select:?}", site_id.0),
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-updated_at",
        )?;
        let db = app.db.site(&scope);
        let list = page.list::<Content>(&db, select).await?;
        let mut missing = publish::missing_of(&db, &list.rows).await?.into_iter();
        let entry = |content: Content| {
            let missing = missing.next().unwrap_or_default();
            ReadinessEntry {
                id: content.id,
                title: content.title,
                status: content.status,
                ready: missing.is_empty(),
                missing,
            }
        };
        Ok(Json(list.page(entry)))
    }

    /// See what is missing to publish
    #[oai(
        path = "/sites/:site_id/content/:content_id/readiness",
        method = "get",
        operation_id = "content_readiness"
    )]
    async fn readiness(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
    ) -> Result<Json<ReadinessOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let content = db.get::<Content>(content_id.0).await?.ok_or_else(Error::not_found)?;
        let missing = publish::missing(&db, &content).await?;
        Ok(Json(ReadinessOut {
            ready: missing.is_empty(),
            missing,
        }))
    }

    /// Change the editorial status
    ///
    /// draft → review → approved → published; back to draft from each, from approved also to review. A draft may be
    /// published at once. What is not ready is refused with what is missing; an admin may force it, but for a second text of a
    /// term: its archive shows one. Another title, body or blocks take approved content back to review. Where the site's
    /// `publishing_needs_approval` is on, only approved content is ready, and whoever wrote a text last cannot approve it, unless
    /// they are an admin.
    #[oai(
        path = "/sites/:site_id/content/:content_id/status",
        method = "post",
        operation_id = "content_set_status"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn set_status(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<StatusIn>,
    ) -> Result<Fetched<ContentOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let force = body.force == Some(true);
        if force {
            let _ = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        }
        let db = app.db.site(&scope);
        let old = for_write(&db, content_id.0, if_match.0.as_deref()).await?;
        let mut new = old.clone();
        publish::set_status(&mut new, body.status, app.db.clock().now())?;
        if new.status == Status::Approved && old.status != Status::Approved {
            let own = Own::of(&caller, &app, &db, site_id.0, &[(old.id, old.revision)]).await?;
            own.check(&old)?;
        }
        let mut tx = db.tx();
        if new.status == Status::Published && old.status != Status::Published {
            waive(&db, &mut tx, &old, force, &from).await?;
        }
        if save::change(&app.db, &mut tx, caller.actor().who(), &old, &mut new, Reason::Edited)
            && let Err(error) = tx.commit().await
        {
            return Err(write_failed(&db, &new, old.rev, error).await);
        }
        Ok(fetched(new))
    }

    /// See what is planned
    #[oai(
        path = "/sites/:site_id/content/:content_id/schedule",
        method = "get",
        operation_id = "content_get_schedule"
    )]
    async fn get_schedule(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
    ) -> Result<Fetched<ScheduleOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let content = db.get::<Content>(content_id.0).await?.ok_or_else(Error::not_found)?;
        scheduled(&db, content).await
    }

    /// Plan publication
    ///
    /// Replaces what was planned. Readiness is checked now and again when the time has come; a time that passes while
    /// the server is down is made up for when it is back.
    #[oai(
        path = "/sites/:site_id/content/:content_id/schedule",
        method = "post",
        operation_id = "content_schedule"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn schedule(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<ScheduleIn>,
    ) -> Result<Fetched<ScheduleOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let force = body.force == Some(true);
        if force {
            let _ = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        }
        let db = app.db.site(&scope);
        let old = for_write(&db, content_id.0, if_match.0.as_deref()).await?;
        let mut new = old.clone();
        let zone = time_zone(&db).await?;
        new.publish_at = moment("publish_at", body.publish_at, zone)?;
        new.unpublish_at = moment("unpublish_at", body.unpublish_at, zone)?;
        check_times(&new, app.db.clock().now())?;
        new.schedule_forced = force;
        new.schedule_error = None;
        let mut tx = db.tx();
        if new.publish_at.is_some() {
            waive(&db, &mut tx, &old, force, &from).await?;
        }
        if save::change(&app.db, &mut tx, caller.actor().who(), &old, &mut new, Reason::Edited) {
            schedule::enqueue(&mut tx, &new);
            if let Err(error) = tx.commit().await {
                return Err(write_failed(&db, &new, old.rev, error).await);
            }
        }
        scheduled(&db, new).await
    }

    /// Take a plan back
    #[oai(
        path = "/sites/:site_id/content/:content_id/schedule",
        method = "delete",
        operation_id = "content_unschedule"
    )]
    async fn unschedule(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Fetched<ScheduleOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let old = for_write(&db, content_id.0, if_match.0.as_deref()).await?;
        let mut new = old.clone();
        (new.publish_at, new.unpublish_at) = (None, None);
        new.schedule_forced = false;
        let mut tx = db.tx();
        if save::change(&app.db, &mut tx, caller.actor().who(), &old, &mut new, Reason::Edited)
            && let Err(error) = tx.commit().await
        {
            return Err(write_failed(&db, &new, old.rev, error).await);
        }
        scheduled(&db, new).await
    }
}

/// Lets content pass that is ready, or that an admin publishes anyway; the latter is put on record.
async fn waive(
    db: &SiteDb<'_, Write>,
    tx: &mut igny8_data::Tx<'_>,
    content: &Content,
    force: bool,
    from: &From,
) -> Result<()> {
    let missing = publish::missing(db, content).await?;
    if missing.is_empty() {
        return Ok(());
    }
    if !force {
        return Err(publish::not_ready(missing));
    }
    publish::record_waiver(tx, content.id, missing, &from.0);
    Ok(())
}

fn check_times(content: &Content, now: DateTime<Utc>) -> Result<()> {
    let published = content.status == Status::Published;
    let mut errors = Vec::new();
    let mut wrong = |field: &str, message: &str| errors.push(FieldError::new(field, message));
    match content.publish_at {
        Some(_) if published => wrong("publish_at", "must be absent: it is published already"),
        Some(at) if at <= now => wrong("publish_at", "must be in the future; to publish now, set the status"),
        None if content.unpublish_at.is_none() => wrong("publish_at", "or unpublish_at must be given"),
        None if !published => wrong("publish_at", "must be given: it is not published"),
        _ => {}
    }
    if content
        .unpublish_at
        .is_some_and(|at| at <= content.publish_at.unwrap_or(now).max(now))
    {
        wrong("unpublish_at", "must be in the future and after publish_at");
    }
    let far = now + chrono::Duration::days(3_660);
    if content.publish_at.max(content.unpublish_at).is_some_and(|at| at > far) {
        wrong("publish_at", "and unpublish_at must be within ten years");
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Error::invalid(errors))
    }
}

/// To the millisecond, as it is stored.
fn moment(field: &str, moment: Option<Moment>, zone: Tz) -> Result<Option<DateTime<Utc>>> {
    let Some(moment) = moment else { return Ok(None) };
    let at = moment.in_zone(zone);
    let at = at.ok_or_else(|| Error::invalid(vec![FieldError::new(field, "must be a time of a calendar")]))?;
    Ok(Some(chrono::SubsecRound::trunc_subsecs(at, 3)))
}

/// The site's time zone.
pub(super) async fn time_zone<A: igny8_data::Access>(db: &SiteDb<'_, A>) -> Result<Tz> {
    let sql = "SELECT VALUE time_zone FROM ONLY $site WHERE account = $account;";
    let mut answer = db.query(sql, Variables::new(), "reading a site's time zone").await?;
    let name: Option<String> = answer.one(0)?;
    Ok(name.and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC))
}

async fn scheduled<A: igny8_data::Access>(db: &SiteDb<'_, A>, content: Content) -> Result<Fetched<ScheduleOut>> {
    let time_zone = time_zone(db).await?;
    let out = ScheduleOut {
        publish_at: content.publish_at,
        unpublish_at: content.unpublish_at,
        time_zone: time_zone.name().to_owned(),
        error: content.schedule_error,
        status: content.status,
    };
    Ok(Fetched::new(out, content.rev))
}
