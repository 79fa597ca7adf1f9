//! Mail: through SMTP where it is configured, else into files below `data_dir/mail` that their owner can read.
//!
//! Sent by jobs, so that a mail server that is down or a stop of the process loses none; what each mail says is in the
//! feature that sends it.

use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use igny8_data::JobRow;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::config::{Config, Encryption};
use crate::jobs::{JobContext, JobError};

/// A plain-text mail.
#[derive(Debug, Clone)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
    /// Whom an answer goes to, when it is not the sender.
    pub reply_to: Option<String>,
}

/// Why a mail did not leave.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("the mail cannot be written: {0}")]
    Message(String),
    #[error("the mail server refused: {0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
    #[error("the mail file cannot be written: {0}")]
    File(#[from] std::io::Error),
}

/// Where mail is written without SMTP settings.
pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("mail")
}

impl MailError {
    /// Whether another attempt can succeed: not when the message or the address is at fault.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Message(_) => false,
            Self::Smtp(error) => !error.is_permanent(),
            Self::File(_) => true,
        }
    }
}

/// Attempts of a job that sends a mail: with the queue's growing pauses a mail server may be away for hours.
pub const ATTEMPTS: i64 = 12;

/// What a job says of the mail it sends.
///
/// # Errors
/// When it does not say that.
pub fn payload_of<P: DeserializeOwned>(job: &JobRow) -> Result<P, JobError> {
    serde_json::from_value(job.payload.clone())
        .map_err(|error| JobError::Fail(format!("The job cannot be read: {error}.")))
}

/// Sends a job's mail, if there still is one to be sent, unless the job is another worker's by now; answers the job's result.
///
/// # Errors
/// What became of it, for the job's reader; the operator finds the cause in the log.
pub async fn send_once(
    app: &App,
    job: &JobRow,
    context: &JobContext,
    mail: Option<Mail>,
) -> Result<serde_json::Value, JobError> {
    let sent = mail.is_some();
    if let Some(mail) = mail {
        context.confirm(&app.db).await?;
        send_from_job(&app.config, job, mail).await?;
    }
    Ok(serde_json::json!({ "sent": sent }))
}

/// [`send`] for a job, which is named after its id: a mail server that is away is tried again.
async fn send_from_job(config: &Config, job: &JobRow, mail: Mail) -> Result<(), JobError> {
    send(config, &job.id.to_string(), mail).await.map_err(|error| {
        tracing::warn!(%error, job = %job.id, "mail was not sent");
        if error.is_transient() {
            JobError::Retry("The mail server did not take the mail.".into())
        } else {
            JobError::Fail("The mail server refused the mail; the operator finds the reason in the log.".into())
        }
    })
}

/// Sends a mail, or writes it to a file named after `id`; a file that is there already is the same mail.
///
/// # Errors
/// When the address is not one, the server refuses or the file cannot be written.
pub async fn send(config: &Config, id: &str, mail: Mail) -> Result<(), MailError> {
    let problem = |e: &dyn std::fmt::Display| MailError::Message(e.to_string());
    let mut message = Message::builder()
        .from(config.mail.from.parse().map_err(|e| problem(&e))?)
        .to(mail.to.parse().map_err(|e| problem(&e))?);
    if let Some(reply_to) = &mail.reply_to {
        // An address alone: no name that somebody else chose.
        let address: lettre::Address = reply_to.parse().map_err(|e| problem(&e))?;
        message = message.reply_to(lettre::message::Mailbox::new(None, address));
    }
    let message = message.subject(mail.subject).body(mail.text).map_err(|e| problem(&e))?;
    let settings = &config.mail;
    if settings.smtp_host.is_empty() {
        let folder = folder(&config.data_dir);
        let file = folder.join(format!("{id}.eml"));
        let bytes = message.formatted();
        let written = tokio::task::spawn_blocking(move || {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
            let mut open = std::fs::OpenOptions::new();
            std::io::Write::write_all(&mut open.write(true).create_new(true).mode(0o600).open(file)?, &bytes)
        });
        return match written.await.map_err(|e| problem(&e))? {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            written => Ok(written?),
        };
    }
    let host = &settings.smtp_host;
    let mut transport = match settings.smtp_encryption {
        Encryption::Starttls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host)?,
        Encryption::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(host)?,
        Encryption::None => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host),
    }
    .port(settings.smtp_port);
    if !settings.smtp_username.is_empty() {
        transport = transport.credentials(Credentials::new(
            settings.smtp_username.clone(),
            settings.smtp_password.clone(),
        ));
    }
    transport.build().send(message).await?;
    Ok(())
}
