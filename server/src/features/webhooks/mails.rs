//! The mail that tells an account's owner of an endpoint that was switched off.

use igny8_data::{AuthError, JobRow, NewJob, Read, Tx, Variables, Why};
use serde::{Deserialize, Serialize};

use super::model::{Endpoint, EndpointDisabled, EndpointId};
use crate::app::App;
use crate::jobs::{JobError, JobType};
use crate::mail::{self, Mail};

const KIND: &str = "webhook_mail";

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Payload {
    endpoint: EndpointId,
}

/// Queues the mail.
pub fn enqueue(tx: &mut Tx<'_>, endpoint: EndpointId) {
    let payload = serde_json::to_value(Payload { endpoint }).expect("an id is JSON");
    tx.enqueue_for_account(NewJob::new(KIND, payload).attempts(mail::ATTEMPTS));
}

/// Sends the mails of this feature.
pub fn job() -> JobType {
    JobType::new(KIND, |app, job, context| async move {
        let mail = write(&app, &job, mail::payload_of(&job)?).await?;
        mail::send_once(&app, &job, &context, mail).await
    })
}

/// The mail; `None` when the endpoint is gone or on again.
async fn write(app: &App, job: &JobRow, payload: Payload) -> Result<Option<Mail>, JobError> {
    let actor = match app.db.system_actor(job.account, Why::Schedule).await {
        Ok(actor) => actor,
        Err(AuthError::Db(error)) => return Err(error.into()),
        Err(_) => return Ok(None),
    };
    let scope = actor.account::<Read>()?;
    let db = app.db.account(&scope);
    let row = db.get::<Endpoint>(payload.endpoint).await?;
    let Some((row, because)) = row.and_then(|row| row.disabled_because.map(|because| (row, because))) else {
        return Ok(None);
    };
    let sql = "SELECT VALUE email FROM user WHERE account = $account AND role = 'owner' AND disabled = false LIMIT 1;";
    let mut answer = db.query(sql, Variables::new(), "writing a mail").await?;
    let owner = answer.rows::<String>(0)?.pop();
    Ok(owner.map(|to| mail_of(to, &row, because, &app.config.public_url())))
}

fn mail_of(to: String, row: &Endpoint, because: EndpointDisabled, server: &str) -> Mail {
    // The path and the query may hold secrets.
    let host = url::Url::parse(&row.url).ok();
    let host = host.as_ref().and_then(url::Url::host_str).unwrap_or("unknown");
    let why = match because {
        EndpointDisabled::Gone => "It answered 410: nothing is to be sent there any more.",
        EndpointDisabled::Failing => "Nothing has arrived there for five days.",
    };
    Mail {
        to,
        subject: format!("A webhook was switched off: {host}"),
        text: format!(
            "IGNY8 sends no more events to {host} ({id}).\n\n{why}\n\nWhat the endpoint answered is in the delivery log. Once it works \
             again, switch it on and replay what failed:\n\n{server}/api/docs#webhook_update\n",
            id = row.id,
        ),
        reply_to: None,
    }
}
