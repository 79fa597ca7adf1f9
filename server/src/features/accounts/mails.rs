//! What the accounts feature sends by mail, each as a job queued with the change it is about.
//!
//! A job stores ids only. The secret of a link is made from the installation's key when the mail is written
//! ([`igny8_data::tokens::Keys::link_secret`]), so it is in no table, and a mail can be sent again.

use chrono::{DateTime, Utc};
use igny8_data::{AccountId, NewJob, UserId, Variables, Why};
use serde::{Deserialize, Serialize};

use super::model::{MailedToken, MailedTokenId, User};
use crate::app::App;
use crate::jobs::{JobError, JobType};
use crate::mail::{self, Mail};

const KIND: &str = "send_mail";

/// A mail to be sent.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(tag = "mail", rename_all = "snake_case")]
pub enum AccountMail {
    /// The link of a password reset or an invitation. `at` tells one sending from the next.
    Link { token: MailedTokenId, at: DateTime<Utc> },
    /// A password was set through a mailed link.
    PasswordChanged { user: UserId, at: DateTime<Utc> },
}

impl AccountMail {
    /// The job that sends it.
    pub fn job(self) -> NewJob {
        let payload = serde_json::to_value(self).expect("ids and times are plain data");
        NewJob::new(KIND, payload)
            .attempts(mail::ATTEMPTS)
            .priority(igny8_data::JobPriority::High)
    }
}

/// Sends the mails of this feature.
pub fn job() -> JobType {
    JobType::new(KIND, |app, job, context| async move {
        // None of what was used, taken back or removed in the meantime.
        let mail = match mail::payload_of(&job)? {
            AccountMail::Link { token, .. } => link(&app, job.account, token).await?,
            AccountMail::PasswordChanged { user, .. } => password_changed(&app, job.account, user).await?,
        };
        mail::send_once(&app, &job, &context, mail).await
    })
}

async fn link(app: &App, account: AccountId, id: MailedTokenId) -> Result<Option<Mail>, JobError> {
    let mut binds = Variables::new();
    binds.insert("id", id);
    binds.insert("account", account);
    binds.insert("now", app.db.clock().now());
    let sql = "SELECT * FROM ONLY $id WHERE account = $account AND used_at IS NONE AND expires_at > $now;\
               SELECT VALUE name FROM ONLY $account;";
    let platform = app.db.platform(Why::Authentication);
    let mut answer = platform.query(sql, binds, "writing a mail").await?;
    let Some(token) = answer.one::<MailedToken>(0)? else {
        return Ok(None);
    };
    let account_name: String = answer.one(1)?.unwrap_or_default();
    let secret = token.secret(app.db.keys());
    let url = app.config.public_url();
    let hours = (token.expires_at - app.db.clock().now()).num_hours() + 1;
    let (subject, text) = match token.role {
        Some(role) if token.kind == "invitation" => (
            format!("Invitation to {}", account_name.replace(['\r', '\n'], " ")),
            format!(
                "You are invited to {account_name} as {}.\n\nOpen this link within {} days to choose a password:\n\n\
                 {url}/invitation#{secret}\n",
                role.name(),
                (hours + 23) / 24,
            ),
        ),
        _ => (
            "A new password for IGNY8".to_owned(),
            format!(
                "Somebody, hopefully you, asked for a new password for {}.\n\nOpen this link before {} UTC:\n\n\
                 {url}/reset-password#{secret}\n\nIf it was not you, there is nothing to do: the old password stays.\n",
                token.email,
                token.expires_at.format("%H:%M"),
            ),
        ),
    };
    Ok(Some(Mail {
        to: token.email,
        subject,
        text,
        reply_to: None,
    }))
}

async fn password_changed(app: &App, account: AccountId, id: UserId) -> Result<Option<Mail>, JobError> {
    let mut binds = Variables::new();
    binds.insert("id", id);
    binds.insert("account", account);
    let platform = app.db.platform(Why::Authentication);
    let sql = "SELECT * FROM ONLY $id WHERE account = $account;";
    let user: Option<User> = platform.query(sql, binds, "writing a mail").await?.one(0)?;
    Ok(user.map(|user| Mail {
        to: user.email,
        subject: "Your IGNY8 password was changed".into(),
        text: "Your password was just set anew and all your sessions were ended.\n\n\
               If this was not you, ask for another reset at once and tell the owner of your account.\n"
            .into(),
        reply_to: None,
    }))
}
