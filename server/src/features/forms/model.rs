//! What was sent, as stored.

use chrono::{DateTime, Duration, Utc};
use igny8_data::{AccountId, SiteId, SurrealValue, id_type, record};
use poem_openapi::{Enum, Object};

use super::settings::FormSettings;
use crate::features::content::ContentId;
use crate::features::planner::model::choice;

id_type!(
    /// What a visitor sent by a form.
    SubmissionId, "submission", "subm_"
);

choice!(SubmissionStatus {
    /// Nobody has looked at it.
    New,
    Read,
    /// Not mailed, and forgotten earlier.
    Spam,
    /// Done.
    Archived,
});

/// One field as it was filled in.
#[derive(Debug, Clone, PartialEq, Eq, Object, SurrealValue, serde::Serialize, serde::Deserialize)]
#[surreal(crate = "surrealdb_types")]
#[oai(rename = "SubmissionField")]
pub struct Entry {
    /// Name it was sent by.
    pub name: String,
    /// The words above it.
    pub label: String,
    pub value: String,
}

/// What a visitor sent.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Submission {
    pub id: SubmissionId,
    pub account: AccountId,
    pub site: SiteId,
    /// The page with the form, while it is there.
    pub content: Option<ContentId>,
    /// What that page was called.
    pub page: String,
    pub language: String,
    pub status: SubmissionStatus,
    pub fields: Vec<Entry>,
    /// All that was written, for searching.
    pub text: String,
    /// Where it can be answered.
    pub email: Option<String>,
    /// What was agreed to, in the words of the form.
    pub consent: Option<String>,
    /// Why it may be spam, by the words of [`super::spam::Sign`].
    pub signs: Vec<String>,
    /// Keyed hash of the sender's address, of one day alone; goes at `sender_until`.
    pub sender: Option<String>,
    pub sender_until: Option<DateTime<Utc>>,
    /// Whether mails about it were queued.
    pub mailed: bool,
    pub expires_at: DateTime<Utc>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

record!(Submission, SubmissionId, site);

/// How long the hash of an address is kept.
pub const SENDER_DAYS: i64 = 7;

impl Submission {
    /// Sets the status, and with it how long it is kept.
    pub fn set_status(&mut self, status: SubmissionStatus, settings: &FormSettings, now: DateTime<Utc>) {
        self.status = status;
        self.expires_at = expires(self.created_at, status, settings);
        self.updated_at = now;
    }
}

/// Until when something is kept.
pub fn expires(created: DateTime<Utc>, status: SubmissionStatus, settings: &FormSettings) -> DateTime<Utc> {
    let days = match status {
        SubmissionStatus::Spam => settings.spam_days.min(settings.keep_days),
        SubmissionStatus::New | SubmissionStatus::Read | SubmissionStatus::Archived => settings.keep_days,
    };
    created + Duration::days(days)
}
