//! Mails about comments: to who is mentioned, and to who began the thread that somebody answers in.
//!
//! One job for each mail, so that one address that fails keeps no other mail back. It stores ids: what the mail says is read when it
//! is written, and nothing is sent about what was deleted or to somebody who may no longer see the site.

use igny8_data::{AuthError, Denied, JobRow, NewJob, Read, Tx, UserId, Variables, Why};
use serde::{Deserialize, Serialize};

use super::comment::{Comment, CommentId};
use super::people::{self, MAY_SEE};
use crate::app::App;
use crate::features::content::ContentId;
use crate::jobs::{JobError, JobType};
use crate::mail::{self, Mail};

const KIND: &str = "comment_mail";

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Payload {
    comment: CommentId,
    to: UserId,
}

/// Queues a mail to each.
pub fn enqueue(tx: &mut Tx<'_>, comment: CommentId, to: &[UserId]) {
    for &to in to {
        let payload = serde_json::to_value(Payload { comment, to }).expect("ids are JSON");
        tx.enqueue(NewJob::new(KIND, payload).attempts(mail::ATTEMPTS));
    }
}

/// Sends the mails of this feature.
pub fn job() -> JobType {
    JobType::new(KIND, |app, job, context| async move {
        let mail = write(&app, &job, mail::payload_of(&job)?).await?;
        mail::send_once(&app, &job, &context, mail).await
    })
}

/// The mail; `None` when there is nothing to send any more.
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
    let db = app.db.site(&scope);
    let Some(comment) = db.get::<Comment>(payload.comment).await? else {
        return Ok(None);
    };
    let mut binds = Variables::new();
    binds.insert("about", comment.content);
    let sql = "SELECT VALUE title FROM ONLY $about WHERE site = $site AND account = $account AND deleted_at IS NONE;";
    let title: Option<String> = db.query(sql, binds, "writing a mail").await?.one(0)?;
    let Some(title) = title else { return Ok(None) };
    let account = actor.account::<Read>()?;
    let mut binds = Variables::new();
    binds.insert("to", payload.to);
    binds.insert("of_site", site);
    let sql = format!(
        "SELECT VALUE email FROM [$to] WHERE account = $account AND {MAY_SEE};\
         SELECT VALUE name FROM ONLY $of_site WHERE account = $account;"
    );
    let mut answer = app.db.account(&account).query(&sql, binds, "writing a mail").await?;
    let Some(to) = answer.rows::<String>(0)?.pop() else {
        return Ok(None);
    };
    let site_name: String = answer.one(1)?.unwrap_or_default();
    let names = people::names(app, &account, [comment.author.as_str()].into_iter()).await?;
    let author = names.get(&comment.author).map_or("Somebody", String::as_str);
    let mentioned = comment.mentions.contains(&payload.to);
    let url = app.config.public_url();
    Ok(Some(mail_of(&Facts {
        to,
        author,
        mentioned,
        title: &title,
        site: &site_name,
        quote: comment.quote.as_deref(),
        text: &comment.text,
        url: &url,
        content: comment.content,
    })))
}

struct Facts<'a> {
    to: String,
    author: &'a str,
    mentioned: bool,
    title: &'a str,
    site: &'a str,
    quote: Option<&'a str>,
    text: &'a str,
    url: &'a str,
    content: ContentId,
}

fn mail_of(facts: &Facts<'_>) -> Mail {
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (author, title) = (line(facts.author), line(facts.title));
    let did = if facts.mentioned {
        "mentioned you"
    } else {
        "answered you"
    };
    let quote = facts
        .quote
        .map(|quote| quote.lines().map(|line| format!("> {line}\n")).collect::<String>() + "\n")
        .unwrap_or_default();
    Mail {
        to: facts.to.clone(),
        subject: format!("{author} {did}: {title}"),
        text: format!(
            "{author} {did} in a comment on \u{201c}{title}\u{201d} ({site}).\n\n{quote}{text}\n\nAnswer it in IGNY8: {url} \
             ({content})\n",
            site = line(facts.site),
            text = facts.text.trim(),
            url = facts.url,
            content = facts.content,
        ),
        reply_to: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use igny8_data::{Clock, Ids};

    #[test]
    fn names_cannot_add_lines_to_a_mail() {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 1);
        let mail = mail_of(&Facts {
            to: "ana@example.com".into(),
            author: "Eve\r\nBcc: all@example.com",
            mentioned: true,
            title: "Mills\nand more",
            site: "Coffee",
            quote: Some("one\ntwo"),
            text: "Is that so?",
            url: "https://cms.example",
            content: ids.make(),
        });
        assert_eq!(mail.subject, "Eve Bcc: all@example.com mentioned you: Mills and more");
        assert!(
            mail.text.contains("\n\n> one\n> two\n\nIs that so?\n\n"),
            "{}",
            mail.text
        );
    }
}
