//! `/audit`: who changed access to what.

use chrono::{DateTime, Utc};
use igny8_data::{AuditId, AuditRow, Manage, Select, SiteId};
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use crate::api::{Caller, Page, PageRequest, Result, SortField, Tag};
use crate::app::App;

/// An entry of the audit log.
#[derive(Debug, Object)]
#[oai(rename = "AuditEvent", skip_serializing_if_is_none)]
pub struct AuditOut {
    pub id: AuditId,
    /// A user's or key's id, or `system:…`.
    pub actor: String,
    /// `user.changed`, `api_key.created`: noun, dot, past tense.
    pub action: String,
    /// Id of what was acted on.
    pub target: String,
    pub detail: serde_json::Value,
    pub site: Option<SiteId>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: Option<String>,
    pub at: DateTime<Utc>,
}

const SORTS: &[SortField] = &[SortField::same("at")];

pub struct AuditApi;

#[OpenApi(tag = "Tag::Account")]
impl AuditApi {
    /// Read the audit log
    #[oai(path = "/audit", method = "get", operation_id = "audit_list")]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// `at`, or `-at` (newest first, the default).
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        actor: Query<Option<String>>,
        action: Query<Option<String>>,
        target: Query<Option<String>>,
        /// Not before.
        since: Query<Option<DateTime<Utc>>>,
        /// Not after.
        until: Query<Option<DateTime<Utc>>>,
    ) -> Result<Json<Page<AuditOut>>> {
        let scope = caller.actor().account::<Manage>()?;
        let filter = format!(
            "audit|{}|{:?}|{:?}|{:?}|{:?}|{:?}",
            scope.account(),
            actor.0,
            action.0,
            target.0,
            since.0,
            until.0
        );
        let page = PageRequest::new(
            &app.db,
            &filter,
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-at",
        )?;
        let mut select = Select::new()
            .equals_some("actor", actor.0)
            .equals_some("action", action.0)
            .equals_some("target", target.0);
        if let Some(since) = since.0 {
            select = select.compare("at", ">=", since);
        }
        if let Some(until) = until.0 {
            select = select.compare("at", "<=", until);
        }
        let db = app.db.account(&scope);
        let list = page.list::<AuditRow>(&db, select).await?;
        let out = |row: AuditRow| AuditOut {
            id: row.id,
            actor: row.actor,
            action: row.action,
            target: row.target,
            detail: row.detail,
            site: row.site,
            ip: row.ip,
            user_agent: row.user_agent,
            request_id: row.request_id,
            at: row.at,
        };
        Ok(Json(list.page(out)))
    }
}
