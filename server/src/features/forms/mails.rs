//! Mails about messages: one job for each recipient, so that one address that fails keeps no other back.
//!
//! What a visitor wrote stands in the text of the mail alone. The one header that comes from it is the address to answer to, which was
//! checked when the message came and is parsed again.

use igny8_data::{AuthError, Denied, JobRow, NewJob, Read, Why};
use serde::{Deserialize, Serialize};

use super::model::{Submission, SubmissionId};
use super::settings::FormSettings;
use crate::app::App;
use crate::features::sites::Site;
use crate::jobs::{JobError, JobType};
use crate::mail::{self, Mail};

const KIND: &str = "form_mail";

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Payload {
    submission: SubmissionId,
    to: String,
}

/// The job that mails a message to an address.
pub fn job_of(submission: SubmissionId, to: String) -> NewJob {
    let payload = serde_json::to_value(Payload { submission, to }).expect("an id and a text are JSON");
    NewJob::new(KIND, payload).attempts(mail::ATTEMPTS)
}

/// Sends the mails of this feature.
pub fn job() -> JobType {
    JobType::new(KIND, |app, job, context| async move {
        let mail = write(&app, &job, mail::payload_of(&job)?).await?;
        mail::send_once(&app, &job, &context, mail).await
    })
}

/// The mail; `None` when there is nothing to send any more, or not to this address.
async fn write(app: &App, job: &JobRow, payload: Payload) -> Result<Option<Mail>, JobError> {
    let Some(site) = job.site else {
        return Err(JobError::Fail("The job names no site.".into()));
    };
    let actor = match app.db.system_actor(job.account, Why::Schedule).await {
        Ok(actor) => actor,
        Err(AuthError::Db(error)) => return Err(error.into()),
        Err(_) => return Ok(None),
    };
    let scope = match actor.site::<Read>(&app.db, site).await {
        Ok(scope) => scope,
        Err(Denied::Db(error)) => return Err(error.into()),
        Err(_) => return Ok(None),
    };
    let Ok(account) = actor.account::<Read>() else {
        return Ok(None);
    };
    let row = app.db.site(&scope).get::<Submission>(payload.submission).await?;
    let site = app.db.account(&account).get::<Site>(site).await?;
    let (Some(row), Some(site)) = (row, site) else {
        return Ok(None);
    };
    if !FormSettings::of(&site).recipients(&site).contains(&payload.to) {
        return Ok(None);
    }
    Ok(Some(mail_of(payload.to, &row, &site.name, &app.config.public_url())))
}

fn mail_of(to: String, row: &Submission, site: &str, url: &str) -> Mail {
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (site, page) = (line(site), line(&row.page));
    let fields: String = row
        .fields
        .iter()
        .map(
            |entry| match entry.value.contains('\n') || entry.value.chars().count() > 60 {
                true => format!("{}:\n\n{}\n\n", line(&entry.label), entry.value),
                false => format!("{}: {}\n", line(&entry.label), entry.value),
            },
        )
        .collect();
    let consent = match &row.consent {
        Some(consent) => format!("Agreed to: {}\n", line(consent)),
        None => String::new(),
    };
    // Addresses in letters that not all mail servers know are in the text alone.
    let reply_to = row.email.clone().filter(|email| email.is_ascii());
    let answer = match &reply_to {
        Some(_) => "Answering this mail writes to whoever sent the message.",
        None => "The message has no address to answer to.",
    };
    Mail {
        to,
        subject: format!("Message from {site}: {page}"),
        text: format!(
            "Somebody wrote on the page \u{201c}{page}\u{201d} of {site}:\n\n{}\n{consent}\n{answer}\nAll messages are in IGNY8: {url} ({})\n",
            fields.trim_end(),
            row.id,
        ),
        reply_to,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use igny8_data::{Clock, Ids};

    use super::super::model::{Entry, SubmissionStatus};
    use super::*;

    fn row(fields: &[(&str, &str)], email: Option<&str>) -> Submission {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 1);
        let entry = |(label, value): &(&str, &str)| Entry {
            name: "n".into(),
            label: (*label).into(),
            value: (*value).into(),
        };
        let now = DateTime::UNIX_EPOCH;
        Submission {
            id: ids.make(),
            account: ids.make(),
            site: ids.make(),
            content: None,
            page: "Contact\r\nBcc: all@example.com".into(),
            language: "en".into(),
            status: SubmissionStatus::New,
            fields: fields.iter().map(entry).collect(),
            text: String::new(),
            email: email.map(str::to_owned),
            consent: Some("You may answer me.".into()),
            signs: Vec::new(),
            sender: None,
            sender_until: None,
            mailed: true,
            expires_at: now,
            rev: 1,
            created_at: now,
            updated_at: now,
        }
    }

    #[test]
    fn a_visitor_writes_no_headers() {
        let row = row(
            &[("Name", "Eve"), ("Message", "One\nTo: all@example.com")],
            Some("eve@example.com"),
        );
        let mail = mail_of("me@example.com".into(), &row, "Coffee\nX-A: b", "https://cms.example");
        assert_eq!(mail.subject, "Message from Coffee X-A: b: Contact Bcc: all@example.com");
        assert_eq!(mail.reply_to.as_deref(), Some("eve@example.com"));
        assert!(
            mail.text.contains("Name: Eve\nMessage:\n\nOne\nTo: all@example.com\n"),
            "{}",
            mail.text
        );
        assert!(mail.text.contains("Agreed to: You may answer me."));
    }

    #[test]
    fn addresses_in_other_letters_are_not_headers() {
        let mail = mail_of("me@example.com".into(), &row(&[], Some("jörg@example.com")), "S", "u");
        assert_eq!(mail.reply_to, None);
    }
}
