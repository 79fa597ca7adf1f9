//! One attempt to send a message, and what follows from how it went.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration as Time, Instant};

use chrono::{DateTime, Duration, Utc};
use igny8_data::{AccountScope, AuditEvent, DbError, Origin, Tx, Variables, Write};
use igny8_outgoing::{Answer, OutgoingError, Request};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};

use super::model::{Attempt, Delivery, DeliveryStatus, Endpoint, EndpointDisabled, EndpointId, KEPT_ATTEMPTS};
use super::{mails, sign};
use crate::app::App;

/// How long a receiver may take for its whole answer.
pub const TIMEOUT: Time = Time::from_secs(15);
/// What is read of an answer, and what of it is kept.
const READ: usize = 64 << 10;
const KEPT: usize = 2_000;

/// Pauses before the second and further attempts, those of the specification's reference server: 27 and a half hours together.
pub const PAUSES: [Duration; 7] = [
    Duration::seconds(5),
    Duration::minutes(5),
    Duration::minutes(30),
    Duration::hours(2),
    Duration::hours(5),
    Duration::hours(10),
    Duration::hours(10),
];
/// The longest pause that a receiver may ask for.
const LONGEST_PAUSE: Duration = Duration::hours(24);
/// An endpoint where nothing arrived for so long is switched off.
pub const PATIENCE: Duration = Duration::days(5);

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    Delivered,
    /// The receiver says that it wants nothing any more.
    Gone,
    /// With the pause that the receiver asked for.
    Failed(Option<Duration>),
}

/// Sends a delivery once and stores what came of it. `off` is set when the endpoint was switched off for it.
///
/// # Errors
/// When the database fails; the message may have arrived then, and will arrive again.
pub async fn attempt(
    app: &App,
    scope: &AccountScope<Write>,
    endpoint: &Endpoint,
    delivery: Delivery,
    body: &str,
    off: &AtomicBool,
) -> Result<(), DbError> {
    let at = app.db.clock().now();
    let begun = Instant::now();
    let sent = request(app, endpoint, &delivery, body, at);
    let answered = match sent {
        Ok(request) => app.outgoing.send(request).await,
        Err(why) => Err(OutgoingError::Broken(why)),
    };
    let duration_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    let (verdict, mut attempt) = judge(answered, app.db.clock().now());
    (attempt.at, attempt.duration_ms) = (at, duration_ms);
    store(app, scope, endpoint, delivery, &verdict, &attempt, off).await
}

fn request(
    app: &App,
    endpoint: &Endpoint,
    delivery: &Delivery,
    body: &str,
    at: DateTime<Utc>,
) -> Result<Request, String> {
    let url = url::Url::parse(&endpoint.url).map_err(|_| "the endpoint's URL is none".to_owned())?;
    let secrets = endpoint.secrets(app.db.keys(), at).map_err(|error| error.to_string())?;
    let (id, timestamp) = (delivery.message.to_string(), at.timestamp());
    let signatures = sign::signatures(secrets.iter().map(String::as_str), &id, timestamp, body);
    let mut request = Request::new(Method::POST, url);
    request.headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    for (name, value) in [
        ("webhook-id", id),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", signatures),
    ] {
        let value = HeaderValue::from_str(&value).map_err(|_| "a header cannot be sent".to_owned())?;
        request.headers.insert(name, value);
    }
    request.body = Some(body.to_owned().into());
    (request.timeout, request.max_bytes, request.cut) = (TIMEOUT, READ, true);
    Ok(request)
}

fn judge(answered: Result<Answer, OutgoingError>, now: DateTime<Utc>) -> (Verdict, Attempt) {
    let mut attempt = Attempt {
        at: now,
        duration_ms: 0,
        status: None,
        error: None,
        answer: None,
    };
    let answer = match answered {
        Ok(answer) => answer,
        Err(why) => {
            if let OutgoingError::Redirected(to) = &why {
                attempt.status = Some(i64::from(to.status.as_u16()));
            }
            attempt.error = Some(why.to_string());
            return (Verdict::Failed(None), attempt);
        }
    };
    attempt.status = Some(i64::from(answer.status.as_u16()));
    let mut end = answer.body.len().min(KEPT);
    // A letter is not cut in two.
    while end < answer.body.len() && end > 0 && answer.body[end] & 0xC0 == 0x80 {
        end -= 1;
    }
    attempt.answer = (end > 0).then(|| String::from_utf8_lossy(&answer.body[..end]).replace('\0', "\u{fffd}"));
    if answer.status.is_success() {
        return (Verdict::Delivered, attempt);
    }
    attempt.error = Some(format!("the answer was {}", answer.status));
    if answer.status.as_u16() == 410 {
        return (Verdict::Gone, attempt);
    }
    let asked = answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    (Verdict::Failed(asked.and_then(|text| pause(text, now))), attempt)
}

/// The pause of a `Retry-After` (RFC 9110): seconds, or a date.
fn pause(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    let pause = match text.parse::<u32>() {
        Ok(seconds) => Duration::seconds(i64::from(seconds)),
        Err(_) => DateTime::<Utc>::from(httpdate::parse_http_date(text).ok()?) - now,
    };
    Some(pause.clamp(Duration::zero(), LONGEST_PAUSE))
}

/// Brings a delivery's row up to an attempt.
fn note(delivery: &mut Delivery, verdict: &Verdict, attempt: &Attempt, now: DateTime<Utc>) {
    delivery.attempts += 1;
    delivery.response_status = attempt.status;
    delivery.error.clone_from(&attempt.error);
    delivery
        .log
        .push(serde_json::to_value(attempt).expect("texts and numbers are JSON"));
    let surplus = delivery.log.len().saturating_sub(KEPT_ATTEMPTS);
    delivery.log.drain(..surplus);
    delivery.updated_at = now;
    delivery.next_at = None;
    match verdict {
        Verdict::Delivered => {
            delivery.status = DeliveryStatus::Delivered;
            delivery.delivered_at = Some(now);
        }
        Verdict::Gone => delivery.status = DeliveryStatus::Failed,
        Verdict::Failed(asked) => {
            let made = usize::try_from(delivery.attempts - 1).unwrap_or(usize::MAX);
            match PAUSES.get(made) {
                Some(usual) => {
                    delivery.status = DeliveryStatus::Pending;
                    delivery.next_at = Some(now + asked.map_or(*usual, |asked| asked.max(*usual)));
                }
                None => delivery.status = DeliveryStatus::Failed,
            }
        }
    }
}

async fn store(
    app: &App,
    scope: &AccountScope<Write>,
    endpoint: &Endpoint,
    mut delivery: Delivery,
    verdict: &Verdict,
    attempt: &Attempt,
    off: &AtomicBool,
) -> Result<(), DbError> {
    let db = app.db.account(scope);
    let now = app.db.clock().now();
    loop {
        let read = delivery.id;
        note(&mut delivery, verdict, attempt, now);
        let mut tx = db.tx();
        tx.replace(&mut delivery);
        let mut binds = Variables::new();
        binds.insert("endpoint", endpoint.id);
        binds.insert("now", now);
        binds.insert("too_long", now - PATIENCE);
        let standing = match verdict {
            Verdict::Delivered => "failing_since = NONE, rev += 1 WHERE failing_since IS NOT NONE",
            Verdict::Gone | Verdict::Failed(_) => "failing_since = $now, rev += 1 WHERE failing_since IS NONE",
        };
        tx.statement(
            &format!("UPDATE $endpoint SET {standing} AND account = $account RETURN NONE"),
            binds,
        );
        let (because, condition) = match verdict {
            Verdict::Delivered => (None, ""),
            Verdict::Gone => (Some(EndpointDisabled::Gone), "true"),
            Verdict::Failed(_) => (Some(EndpointDisabled::Failing), "failing_since <= $too_long"),
        };
        if let Some(because) = because {
            switch_off(&mut tx, endpoint, because, condition, now);
        }
        match tx.commit().await {
            Ok(_) => break,
            Err(DbError::Stale) => match db.get::<Delivery>(read).await? {
                // Somebody replayed it meanwhile, or switched the endpoint off: that it arrived counts all the same.
                Some(newer) if newer.status == DeliveryStatus::Pending || *verdict == Verdict::Delivered => {
                    delivery = newer;
                }
                // It was given up, or removed with its endpoint.
                _ => break,
            },
            Err(error) => return Err(error),
        }
    }
    let failing = endpoint.failing_since.is_some_and(|since| since <= now - PATIENCE);
    if *verdict == Verdict::Gone || (failing && *verdict != Verdict::Delivered) {
        off.store(true, Ordering::Release);
    }
    Ok(())
}

/// Switches an endpoint off for a reason, if it is on and the condition holds, and tells the account's owner.
fn switch_off(tx: &mut Tx<'_>, endpoint: &Endpoint, because: EndpointDisabled, condition: &str, now: DateTime<Utc>) {
    let holds = format!(
        "(SELECT VALUE id FROM ONLY $endpoint WHERE account = $account AND enabled = true AND ({condition})) IS NOT NONE"
    );
    tx.when(&holds, |tx| {
        let reason = tx.bind(because);
        tx.statement(
            &format!(
                "UPDATE $endpoint SET enabled = false, disabled_because = {reason}, updated_at = $now, rev += 1 \
                 WHERE account = $account RETURN NONE"
            ),
            Variables::new(),
        );
        give_up(tx, endpoint.id, now);
        mails::enqueue(tx, endpoint.id);
        tx.audit(
            AuditEvent::new("webhook.disabled", endpoint.id, &Origin::default())
                .detail(serde_json::json!({ "because": because })),
        );
    });
}

/// Ends what waits for an endpoint that is switched off: it can be replayed.
pub fn give_up(tx: &mut Tx<'_>, endpoint: EndpointId, now: DateTime<Utc>) {
    let (endpoint, now) = (tx.bind(endpoint), tx.bind(now));
    tx.statement(
        &format!(
            "UPDATE webhook_delivery SET status = 'failed', next_at = NONE, error = 'the endpoint was switched off', \
             updated_at = {now}, rev += 1 WHERE endpoint = {endpoint} AND status = 'pending' AND account = $account RETURN NONE"
        ),
        Variables::new(),
    );
}

#[cfg(test)]
mod tests {
    use igny8_data::{Clock, Ids};
    use reqwest::StatusCode;

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &[u8]) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: map,
            body: body.to_vec(),
            url: "https://x.example/".parse().unwrap(),
        }
    }

    #[test]
    fn what_answers_mean() {
        let now: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let verdict = |status, headers: &[(&'static str, &str)]| judge(Ok(answer(status, headers, b"x")), now).0;
        for status in [200, 201, 204, 299] {
            assert_eq!(verdict(status, &[]), Verdict::Delivered, "{status}");
        }
        assert_eq!(verdict(410, &[]), Verdict::Gone);
        for (status, header, pause) in [
            (500, None, None),
            (404, None, None),
            (304, None, None),
            (429, Some("120"), Some(Duration::seconds(120))),
            (503, Some("Thu, 01 Jan 2026 00:10:00 GMT"), Some(Duration::minutes(10))),
            (503, Some("Wed, 31 Dec 2025 00:10:00 GMT"), Some(Duration::zero())),
            (503, Some("999999999"), Some(LONGEST_PAUSE)),
            (503, Some("soon"), None),
            (503, Some("-5"), None),
        ] {
            let headers: Vec<_> = header.iter().map(|value| ("retry-after", *value)).collect();
            assert_eq!(verdict(status, &headers), Verdict::Failed(pause), "{status} {header:?}");
        }
        assert_eq!(
            judge(Err(OutgoingError::Broken("no route".into())), now)
                .1
                .error
                .as_deref(),
            Some("no route")
        );
    }

    #[test]
    fn the_beginning_of_an_answer_is_kept() {
        let kept = |body: &[u8]| judge(Ok(answer(500, &[], body)), DateTime::UNIX_EPOCH).1.answer;
        assert_eq!(kept(b""), None);
        assert_eq!(kept("é".repeat(3_000).as_bytes()).unwrap(), "é".repeat(1_000));
        let odd = format!("x{}", "é".repeat(3_000));
        assert_eq!(kept(odd.as_bytes()).unwrap(), format!("x{}", "é".repeat(999)));
        assert_eq!(kept(b"\xff\0").unwrap(), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn a_delivery_is_tried_for_a_day_and_then_given_up() {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 1);
        let begun: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let message = super::super::model::Message {
            id: ids.make(),
            account: ids.make(),
            site: None,
            event: "credits.low".into(),
            data: serde_json::json!({}),
            body: None,
            waiting: None,
            rev: 1,
            created_at: begun,
        };
        let mut delivery = Delivery::new(ids.make(), ids.make(), &message, begun);
        let (_, attempt) = judge(Err(OutgoingError::Broken("down".into())), begun);
        let mut now = begun;
        let mut times = Vec::new();
        while delivery.status == DeliveryStatus::Pending {
            now = delivery.next_at.unwrap();
            times.push((now - begun).num_seconds());
            note(&mut delivery, &Verdict::Failed(None), &attempt, now);
        }
        assert_eq!(times, [0, 5, 305, 2_105, 9_305, 27_305, 63_305, 99_305]);
        assert_eq!((delivery.status, delivery.next_at), (DeliveryStatus::Failed, None));
        for _ in 0..50 {
            delivery.replay(now);
            note(
                &mut delivery,
                &Verdict::Failed(Some(Duration::minutes(1))),
                &attempt,
                now,
            );
            assert_eq!(delivery.next_at, Some(now + Duration::minutes(1)));
        }
        assert_eq!(delivery.log.len(), KEPT_ATTEMPTS);
        note(&mut delivery, &Verdict::Delivered, &attempt, now);
        assert_eq!((delivery.status, delivery.next_at), (DeliveryStatus::Delivered, None));
    }
}
