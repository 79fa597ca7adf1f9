//! Accounts, users, sessions, keys and mailed secrets as stored, and their rules.

use chrono::{DateTime, Utc};
use igny8_data::tokens::Keys;
use igny8_data::{AccountId, AccountStatus, ApiKeyId, Role, SessionId, SiteId, SurrealValue, UserId, id_type, record};
use unicode_normalization::UnicodeNormalization as _;

use crate::api::validate::Check;

id_type!(
    /// A secret sent by mail: a password reset or an invitation.
    MailedTokenId, "mailed_token", "mail_"
);

/// A tenant.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Account {
    pub id: AccountId,
    pub name: String,
    pub status: AccountStatus,
    pub plan: String,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A person with a login.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct User {
    pub id: UserId,
    pub account: AccountId,
    pub email: String,
    pub email_key: String,
    pub name: String,
    /// PHC string; empty for a user who never set a password.
    pub password_hash: String,
    pub role: Role,
    pub disabled: bool,
    pub last_login_at: Option<DateTime<Utc>>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

record!(User, UserId, account);

/// One login of one user.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Session {
    pub id: SessionId,
    pub account: AccountId,
    pub user: UserId,
    pub generation: i64,
    pub rotated_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub revoked_why: Option<String>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
}

record!(Session, SessionId, account);

/// A program's credential.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub account: AccountId,
    pub site: Option<SiteId>,
    pub name: String,
    pub role: Role,
    pub secret_hash: String,
    pub last_four: String,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub created_by: Option<UserId>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
}

record!(ApiKey, ApiKeyId, account);

/// A password reset or an invitation.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct MailedToken {
    pub id: MailedTokenId,
    pub account: AccountId,
    /// `password_reset` or `invitation`.
    pub kind: String,
    pub user: Option<UserId>,
    pub email: String,
    pub email_key: String,
    pub name: String,
    pub role: Option<Role>,
    pub sites: Vec<SiteId>,
    pub invited_by: Option<UserId>,
    pub expires_at: DateTime<Utc>,
    pub used_at: Option<DateTime<Utc>>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
}

record!(MailedToken, MailedTokenId, account);

impl MailedToken {
    /// What the mailed link carries: `<id>.<secret>`. Made from the installation's key, never stored.
    pub fn secret(&self, keys: &Keys) -> String {
        format!("{}.{}", self.id, keys.link_secret(&self.id.to_string()))
    }

    /// The id in a mailed link, if the link is one of this installation's.
    pub fn id_of_secret(keys: &Keys, text: &str) -> Option<MailedTokenId> {
        let (id, secret) = text.split_once('.')?;
        keys.is_link_secret(id, secret).then(|| id.parse().ok())?
    }
}

/// The one spelling of a mail address that is unique: NFKC, lower case, trimmed.
pub fn email_key(email: &str) -> String {
    email.trim().nfkc().collect::<String>().to_lowercase()
}

/// Checks a mail address.
pub fn check_email(check: &mut Check, field: &str, email: &str) {
    let valid = email.len() <= 254 && email.trim().parse::<lettre::Address>().is_ok();
    check.that(valid, field, "must be a mail address such as name@example.com");
}

/// Checks a new password: long enough to be worth guessing against, short enough to be hashed.
pub fn check_password(check: &mut Check, field: &str, password: &str) {
    let length = password.chars().count();
    check.that((10..=200).contains(&length), field, "must have 10 to 200 characters");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address() {
        for email in ["ada@example.com", " Ada@Example.COM ", "\u{ff41}da@example.com"] {
            assert_eq!(email_key(email), "ada@example.com");
        }
    }
}
