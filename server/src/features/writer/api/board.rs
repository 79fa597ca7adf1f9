//! `/sites/{site}/tasks/board`: tasks by status.

use chrono::{DateTime, Utc};
use igny8_data::{Direction, Read, SectorId, SiteId, UserId};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::filter::TaskFilter;
use super::objects::TaskOut;
use crate::api::{Caller, Error, FieldError, Result, Tag};
use crate::app::App;
use crate::features::content::model::ContentType;
use crate::features::planner::ClusterId;
use crate::features::planner::api::names;
use crate::features::writer::model::{Priority, Task, TaskStatus};

/// Tasks by status.
#[derive(Debug, Object)]
pub struct TaskBoard {
    /// Queued, in progress, completed, cancelled.
    pub columns: Vec<TaskColumn>,
}

/// The tasks of one status.
#[derive(Debug, Object)]
pub struct TaskColumn {
    pub status: TaskStatus,
    /// All of them.
    pub count: u64,
    /// What is due first, then what has no date, the newest first; at most `limit`.
    pub tasks: Vec<TaskOut>,
}

/// Tasks of a column when nothing else is asked for, and at most.
const SHOWN: u32 = 50;
const MOST: u32 = 100;

pub struct BoardApi;

#[OpenApi(tag = "Tag::Writer")]
impl BoardApi {
    /// Board of tasks
    ///
    /// A column for each status, with what is due first at its top. `task_list` with a status has the rest of a column.
    #[oai(path = "/sites/:site_id/tasks/board", method = "get", operation_id = "task_board")]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn board(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Tasks of a column, at most 100; 50 when absent.
        limit: Query<Option<u32>>,
        sector: Query<Option<SectorId>>,
        cluster: Query<Option<ClusterId>>,
        assignee: Query<Option<UserId>>,
        /// Tasks of nobody.
        unassigned: Query<Option<bool>>,
        priority: Query<Option<Priority>>,
        content_type: Query<Option<ContentType>>,
        /// Tasks that are due before this time.
        due_before: Query<Option<DateTime<Utc>>>,
    ) -> Result<Json<TaskBoard>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let limit = limit.0.unwrap_or(SHOWN);
        if !(1..=MOST).contains(&limit) {
            let message = format!("must be between 1 and {MOST}");
            return Err(Error::invalid(vec![FieldError::new("limit", message)]));
        }
        let limit = limit as usize;
        let filter = TaskFilter {
            sector: sector.0,
            cluster: cluster.0,
            assignee: assignee.0,
            unassigned: unassigned.0 == Some(true),
            priority: priority.0,
            content_type: content_type.0,
            due_before: due_before.0,
            ..TaskFilter::default()
        };
        let db = app.db.site(&scope);
        let mut columns = Vec::new();
        for status in [
            TaskStatus::Queued,
            TaskStatus::InProgress,
            TaskStatus::Completed,
            TaskStatus::Cancelled,
        ] {
            let select = filter.select().equals("status", status);
            let count = db.count::<Task>(select.clone()).await?;
            let ever = DateTime::<Utc>::UNIX_EPOCH;
            // NONE is smaller than every time: tasks without a date would come first.
            let dated = select.clone().compare("due_at", ">", ever);
            let mut tasks = db
                .list::<Task>(dated.order("due_at", Direction::Ascending).limit(limit))
                .await?;
            if tasks.len() < limit && filter.due_before.is_none() {
                let rest = select.is_none("due_at").order("created_at", Direction::Descending);
                tasks.extend(db.list::<Task>(rest.limit(limit - tasks.len())).await?);
            }
            let named = tasks
                .iter()
                .map(|row| (row.cluster, row.keywords(), row.terms.as_slice()));
            let names = names::of(&db, named).await?;
            columns.push(TaskColumn {
                status,
                count,
                tasks: tasks.into_iter().map(|row| TaskOut::from_row(row, &names)).collect(),
            });
        }
        Ok(Json(TaskBoard { columns }))
    }
}
