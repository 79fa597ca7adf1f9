//! `/sites/{site}/content/calendar`: what happens on which day, in the site's time zone.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, TimeZone as _, Utc};
use chrono_tz::Tz;
use igny8_data::{Read, SiteId, SurrealValue, Variables};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};

use super::status::time_zone;
use crate::api::{Caller, Error, FieldError, Result, Tag};
use crate::app::App;
use crate::features::content::model::{ContentId, ContentType, Status};
use crate::features::planner::model::choice;
use crate::features::writer::TaskId;
use crate::features::writer::model::TaskStatus;

/// Days with what happens on them.
#[derive(Debug, Object)]
pub struct ContentCalendar {
    /// IANA name of the site's time zone, in which days begin and end.
    pub time_zone: String,
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// Days on which something happens.
    pub days: Vec<CalendarDay>,
    /// More happens than a calendar shows; ask for fewer days.
    pub cut_off: bool,
}

#[derive(Debug, Object)]
pub struct CalendarDay {
    pub date: NaiveDate,
    /// In the order of their times.
    pub entries: Vec<CalendarEntry>,
}

choice!(
    /// What happens.
    CalendarEvent {
        /// It was published.
        Published,
        /// It will be published.
        Publish,
        /// It will be taken back.
        Unpublish,
        /// A task is due.
        Due,
    }
);

/// Something that happens to content or a task.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct CalendarEntry {
    pub event: CalendarEvent,
    pub at: DateTime<Utc>,
    pub title: String,
    pub content_type: ContentType,
    /// Of content.
    pub content: Option<ContentId>,
    pub status: Option<Status>,
    /// Of a task.
    pub task: Option<TaskId>,
    pub task_status: Option<TaskStatus>,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Piece {
    id: ContentId,
    title: String,
    content_type: ContentType,
    status: Status,
    at: DateTime<Utc>,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Due {
    id: TaskId,
    title: String,
    content_type: ContentType,
    status: TaskStatus,
    at: DateTime<Utc>,
}

/// Days of a calendar, and entries of each kind.
const DAYS: i64 = 100;
const ENTRIES: usize = 2_000;

pub struct CalendarApi;

#[OpenApi(tag = "Tag::Content")]
impl CalendarApi {
    /// Calendar of a site
    ///
    /// What was and will be published, what will be taken back, and which tasks are due, day by day in the site's time zone.
    #[oai(
        path = "/sites/:site_id/content/calendar",
        method = "get",
        operation_id = "content_calendar"
    )]
    async fn calendar(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// The first day; the first of this month when absent.
        from: Query<Option<NaiveDate>>,
        /// The last day, at most 100 days later; the last of that month when absent.
        to: Query<Option<NaiveDate>>,
    ) -> Result<Json<ContentCalendar>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let zone = time_zone(&db).await?;
        let wrong = |field: &str, message: &str| Error::invalid(vec![FieldError::new(field, message)]);
        let today = app.db.clock().now().with_timezone(&zone).date_naive();
        let from = from.0.unwrap_or_else(|| today.with_day(1).unwrap_or(today));
        let month = || from.with_day(1)?.checked_add_months(Months::new(1))?.pred_opt();
        let to = to.0.or_else(month).ok_or_else(|| wrong("to", "must be a day"))?;
        if !(0..DAYS).contains(&(to - from).num_days()) {
            return Err(wrong("to", "must be on or after `from`, and less than 100 days later"));
        }
        let after = to
            .checked_add_days(Days::new(1))
            .ok_or_else(|| wrong("to", "must be a day"))?;
        let (Some(begin), Some(end)) = (start(from, zone), start(after, zone)) else {
            return Err(wrong("from", "must be a day"));
        };
        let mut binds = Variables::new();
        binds.insert("begin", begin);
        binds.insert("end", end);
        let most = ENTRIES + 1;
        let within = |table: &str, field: &str, and: &str| {
            format!(
                "SELECT id, title, content_type, status, {field} AS at FROM {table} WHERE site = $site \
                 AND account = $account AND {field} >= $begin AND {field} < $end AND deleted_at IS NONE{and} \
                 ORDER BY at ASC LIMIT {most};"
            )
        };
        let sql = [
            within("content", "published_at", " AND status = 'published'"),
            within("content", "publish_at", ""),
            within("content", "unpublish_at", ""),
            within("task", "due_at", " AND status != 'cancelled'"),
        ]
        .concat();
        let mut answer = db.query(&sql, binds, "reading a calendar").await?;
        let mut entries: Vec<CalendarEntry> = Vec::new();
        let mut cut_off = false;
        for (n, event) in [
            CalendarEvent::Published,
            CalendarEvent::Publish,
            CalendarEvent::Unpublish,
        ]
        .into_iter()
        .enumerate()
        {
            let rows: Vec<Piece> = answer.rows(n)?;
            cut_off |= rows.len() > ENTRIES;
            entries.extend(rows.into_iter().take(ENTRIES).map(|row| CalendarEntry {
                event,
                at: row.at,
                title: row.title,
                content_type: row.content_type,
                content: Some(row.id),
                status: Some(row.status),
                task: None,
                task_status: None,
            }));
        }
        let rows: Vec<Due> = answer.rows(3)?;
        cut_off |= rows.len() > ENTRIES;
        entries.extend(rows.into_iter().take(ENTRIES).map(|row| CalendarEntry {
            event: CalendarEvent::Due,
            at: row.at,
            title: row.title,
            content_type: row.content_type,
            content: None,
            status: None,
            task: Some(row.id),
            task_status: Some(row.status),
        }));
        entries.sort_by(|a, b| (a.at, &a.title).cmp(&(b.at, &b.title)));
        let mut days: BTreeMap<NaiveDate, Vec<CalendarEntry>> = BTreeMap::new();
        for entry in entries {
            let date = entry.at.with_timezone(&zone).date_naive();
            days.entry(date).or_default().push(entry);
        }
        Ok(Json(ContentCalendar {
            time_zone: zone.name().to_owned(),
            from,
            to,
            days: days
                .into_iter()
                .map(|(date, entries)| CalendarDay { date, entries })
                .collect(),
            cut_off,
        }))
    }
}

/// When a day begins. Where the clock is put forward at midnight, it begins later.
fn start(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    (0..4).find_map(|hour| {
        let local = zone.from_local_datetime(&day.and_hms_opt(hour, 0, 0)?);
        local.earliest().map(|at| at.with_timezone(&Utc))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_in_their_zone() {
        for (zone, day, begins) in [
            ("UTC", "2026-03-01", "2026-03-01T00:00:00Z"),
            ("Europe/Lisbon", "2026-07-01", "2026-06-30T23:00:00Z"),
            ("America/New_York", "2026-03-08", "2026-03-08T05:00:00Z"),
            // The clock was put forward at midnight.
            ("America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z"),
        ] {
            let begin = start(day.parse().unwrap(), zone.parse().unwrap()).unwrap();
            assert_eq!(begin, begins.parse::<DateTime<Utc>>().unwrap(), "{zone} {day}");
        }
    }
}
