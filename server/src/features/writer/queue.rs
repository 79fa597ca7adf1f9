//! Making tasks of ideas.

use chrono::{DateTime, Utc};
use igny8_data::{CanWrite, DbError, SiteScope, UserId};

use super::api::wrong;
use super::model::{Priority, Task, require_assignee};
use crate::api::{Error, Result};
use crate::app::App;
use crate::features::planner::idea::{Idea, IdeaId, IdeaStatus};

/// Times an idea is read again because somebody else was faster.
const ATTEMPTS: usize = 5;

/// What a new task has besides what its idea says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given {
    /// Somebody who may work on the site.
    pub assignee: Option<UserId>,
    pub due_at: Option<DateTime<Utc>>,
    pub priority: Option<Priority>,
}

/// The task of an idea: the one that stands for it, or a new one.
///
/// # Errors
/// 404 without the idea; 409 when it is disabled, or completed without a task; 422 when the assignee may not work on the site.
pub async fn queue<A: CanWrite>(app: &App, scope: &SiteScope<A>, id: IdeaId, given: Given) -> Result<Task> {
    let db = app.db.site(scope);
    for _ in 0..ATTEMPTS {
        let mut idea = db.get::<Idea>(id).await?.ok_or_else(Error::not_found)?;
        if let Some(task) = idea.task
            && let Some(task) = db.get::<Task>(task).await?
        {
            return Ok(task);
        }
        if idea.status == IdeaStatus::Completed {
            return Err(Error::conflict("idea_completed", "The idea is completed already."));
        }
        if idea.disabled {
            return Err(Error::conflict("idea_disabled", "The idea is disabled."));
        }
        let now = app.db.clock().now();
        let mut task = Task::of_idea(app.db.ids().make(), scope, &idea, now);
        (task.assignee, task.due_at) = (given.assignee, given.due_at);
        task.priority = given.priority.unwrap_or(task.priority);
        (idea.status, idea.task, idea.updated_at) = (IdeaStatus::Queued, Some(task.id), now);
        let mut tx = db.tx();
        if let Some(assignee) = task.assignee {
            require_assignee(&mut tx, assignee);
        }
        tx.create(task.clone());
        tx.replace(&mut idea);
        match tx.commit().await {
            Ok(_) => return Ok(task),
            Err(DbError::Stale | DbError::Duplicate { .. }) => {}
            Err(error) => return Err(wrong(error)),
        }
    }
    Err(Error::unavailable("The idea is being changed by others. Try again."))
}
