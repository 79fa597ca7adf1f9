//! Tokens: how long somebody had a form before it was sent, though the page is a file.
//!
//! A script asks for one when somebody begins to write. It is the id that the message will have, with the time in it, signed for the
//! page: so nothing is stored for it, and a message sent twice with it is one message.

use chrono::{DateTime, Utc};
use igny8_data::tokens::Keys;
use igny8_data::{RecordKey as _, SiteId};

use super::model::SubmissionId;
use crate::features::content::ContentId;

/// Nobody fills in a form faster, in milliseconds.
pub const LEAST: i64 = 2_000;
/// A token is worth nothing after this time, in milliseconds.
pub const MOST: i64 = 6 * 60 * 60 * 1_000;

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// There is none: the visitor's browser runs no scripts, or is none.
    Missing,
    /// Not made here for this page, or too old.
    Worthless,
    /// Sent faster than people write.
    Early(SubmissionId),
    Good(SubmissionId),
}

/// A new token for a page.
pub fn make(keys: &Keys, id: SubmissionId, site: SiteId, page: ContentId) -> String {
    format!("{id}.{}", keys.link_secret(&name(id, site, page)))
}

/// Reads a token that came with a form of a page.
pub fn read(keys: &Keys, text: &str, site: SiteId, page: ContentId, now: DateTime<Utc>) -> Token {
    if text.is_empty() {
        return Token::Missing;
    }
    let read = text.split_once('.').and_then(|(id, secret)| {
        let id: SubmissionId = id.parse().ok()?;
        keys.is_link_secret(&name(id, site, page), secret).then_some(id)
    });
    let Some(id) = read else { return Token::Worthless };
    let made = i64::try_from(id.ulid().timestamp_ms()).unwrap_or(i64::MAX);
    match now.timestamp_millis().saturating_sub(made) {
        age if (LEAST..=MOST).contains(&age) => Token::Good(id),
        age if (0..LEAST).contains(&age) => Token::Early(id),
        _ => Token::Worthless,
    }
}

fn name(id: SubmissionId, site: SiteId, page: ContentId) -> String {
    format!("form/{site}/{page}/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;
    use igny8_data::{Clock, Ids};

    #[test]
    fn a_token_is_for_a_page_and_a_time() {
        let keys = Keys::derive(b"a secret of the installation", "test");
        let clock = Clock::manual("2026-01-01T00:00:00Z");
        let ids = Ids::seeded(clock.clone(), 1);
        let (id, site, page): (SubmissionId, SiteId, ContentId) = (ids.make(), ids.make(), ids.make());
        let text = make(&keys, id, site, page);
        let at = |ms: i64| read(&keys, &text, site, page, clock.now() + Duration::milliseconds(ms));
        for (after, token) in [
            (-1, Token::Worthless),
            (0, Token::Early(id)),
            (LEAST - 1, Token::Early(id)),
            (LEAST, Token::Good(id)),
            (MOST, Token::Good(id)),
            (MOST + 1, Token::Worthless),
        ] {
            assert_eq!(at(after), token, "{after}");
        }
        let later = clock.now() + Duration::minutes(1);
        let other: SubmissionId = ids.make();
        let moved = text.replace(&id.to_string(), &other.to_string());
        for bad in ["x", ".", &moved, &text[..text.len() - 1]] {
            assert_eq!(read(&keys, bad, site, page, later), Token::Worthless, "{bad}");
        }
        assert_eq!(read(&keys, "", site, page, later), Token::Missing);
        assert_eq!(read(&keys, &text, ids.make(), page, later), Token::Worthless);
        assert_eq!(read(&keys, &text, site, ids.make(), later), Token::Worthless);
        let elsewhere = Keys::derive(b"another", "test");
        assert_eq!(read(&elsewhere, &text, site, page, later), Token::Worthless);
    }
}
