//! The audit log: who changed access to what, from where. Rows are only ever added.

use chrono::{DateTime, Utc};
use surrealdb_types::SurrealValue;

use crate::identity::Who;
use crate::ids::{AccountId, AuditId, SiteId};

/// One entry as a feature reports it; tenant, actor and time are added by the unit of work.
#[derive(Debug, Clone, Default)]
pub struct AuditEvent {
    /// `user.role_changed`, `api_key.created`: noun, dot, past tense.
    pub action: &'static str,
    /// Id of what was acted on.
    pub target: String,
    /// What changed, without secrets.
    pub detail: serde_json::Value,
    pub origin: Origin,
}

/// Where a request came from.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: Option<String>,
}

/// A stored entry.
#[derive(Debug, Clone, SurrealValue)]
pub struct AuditRow {
    pub id: AuditId,
    pub account: AccountId,
    pub site: Option<SiteId>,
    /// A user's, key's or system's name, as text: it outlives what it names.
    pub actor: String,
    pub action: String,
    pub target: String,
    pub detail: serde_json::Value,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: Option<String>,
    pub rev: i64,
    pub at: DateTime<Utc>,
}

crate::record!(AuditRow, AuditId, account);

impl AuditEvent {
    pub fn new(action: &'static str, target: impl ToString, origin: &Origin) -> Self {
        Self {
            action,
            target: target.to_string(),
            detail: serde_json::json!({}),
            origin: origin.clone(),
        }
    }

    /// Adds what changed.
    pub fn detail(mut self, detail: serde_json::Value) -> Self {
        self.detail = detail;
        self
    }

    pub(crate) fn row(
        self,
        id: AuditId,
        account: AccountId,
        site: Option<SiteId>,
        who: Who,
        at: DateTime<Utc>,
    ) -> AuditRow {
        AuditRow {
            id,
            account,
            site,
            actor: who.to_string(),
            action: self.action.to_owned(),
            target: self.target,
            detail: self.detail,
            ip: self.origin.ip,
            user_agent: self.origin.user_agent,
            request_id: self.origin.request_id,
            rev: 1,
            at,
        }
    }
}
