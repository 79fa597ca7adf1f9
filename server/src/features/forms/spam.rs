//! Whether a message is spam, told by what it is and how it came. Nobody outside is asked, and no words are forbidden.
//!
//! Each sign has a weight; what weighs [`SPAM`] or more is put aside. One doubtful thing alone never is enough: a visitor without
//! scripts has no token, and a customer may send links.

use super::message::Message;
use super::token::Token;

/// What weighs so much is spam.
pub const SPAM: u32 = 5;

/// How a message came.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// A field was filled in that people do not see.
    pub trapped: bool,
    pub token: Token,
    /// A page of another site sent it.
    pub foreign: bool,
}

/// Something that spam has more often than other messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    Trap,
    /// Sent faster than people write.
    Early,
    NoToken,
    WorthlessToken,
    ForeignPage,
    Link,
    Links,
    ManyLinks,
    /// In a field for a name or a number.
    LinkInName,
    /// Links as HTML or as in forums.
    Markup,
    Shouting,
    /// The same text in several fields.
    Repeated,
}

impl Sign {
    /// Its name in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Early => "early",
            Self::NoToken => "no_token",
            Self::WorthlessToken => "worthless_token",
            Self::ForeignPage => "foreign_page",
            Self::Link => "link",
            Self::Links => "links",
            Self::ManyLinks => "many_links",
            Self::LinkInName => "link_in_name",
            Self::Markup => "markup",
            Self::Shouting => "shouting",
            Self::Repeated => "repeated",
        }
    }

    fn weight(self) -> u32 {
        match self {
            Self::Trap => SPAM,
            Self::Early | Self::Markup | Self::ManyLinks => 4,
            Self::LinkInName => 3,
            Self::NoToken | Self::WorthlessToken | Self::ForeignPage | Self::Links | Self::Repeated => 2,
            Self::Link | Self::Shouting => 1,
        }
    }
}

/// The signs of a message.
pub fn signs(message: &Message, way: &Way) -> Vec<Sign> {
    let mut signs = Vec::new();
    let mut note = |sign: Sign, is: bool| {
        if is {
            signs.push(sign);
        }
    };
    note(Sign::Trap, way.trapped);
    note(Sign::Early, matches!(way.token, Token::Early(_)));
    note(Sign::NoToken, way.token == Token::Missing);
    note(Sign::WorthlessToken, way.token == Token::Worthless);
    note(Sign::ForeignPage, way.foreign);
    let all: Vec<&str> = message.short.iter().chain(&message.long).map(String::as_str).collect();
    let links: usize = all.iter().map(|text| links(text)).sum();
    note(Sign::Link, (1..=2).contains(&links));
    note(Sign::Links, (3..=5).contains(&links));
    note(Sign::ManyLinks, links > 5);
    note(Sign::LinkInName, message.short.iter().any(|text| self::links(text) > 0));
    note(Sign::Markup, all.iter().any(|text| has_markup(text)));
    note(Sign::Shouting, message.long.iter().any(|text| shouts(text)));
    let repeated = |text: &&str| text.chars().count() > 3 && all.iter().filter(|other| *other == text).count() > 1;
    note(Sign::Repeated, all.iter().any(repeated));
    signs
}

/// Whether signs are enough.
pub fn is_spam(signs: &[Sign]) -> bool {
    signs.iter().map(|sign| sign.weight()).sum::<u32>() >= SPAM
}

/// Addresses of the web in a text.
fn links(text: &str) -> usize {
    let lower = text.to_lowercase();
    let schemes = lower.matches("http://").count() + lower.matches("https://").count();
    let bare = lower.matches("www.").count() - lower.matches("://www.").count();
    schemes + bare
}

fn has_markup(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["<a ", "[url", "[link", "href="]
        .iter()
        .any(|mark| lower.contains(mark))
}

fn shouts(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_uppercase() || c.is_lowercase());
    let (all, large) = letters.fold((0_u32, 0_u32), |(all, large), c| {
        (all + 1, large + u32::from(c.is_uppercase()))
    });
    all > 40 && large * 10 > all * 7
}

#[cfg(test)]
mod tests {
    use super::*;
    use igny8_data::{Clock, Ids};

    fn good() -> Way {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 1);
        Way {
            trapped: false,
            token: Token::Good(ids.make()),
            foreign: false,
        }
    }

    fn bare() -> Way {
        Way {
            token: Token::Missing,
            ..good()
        }
    }

    fn says(short: &str, long: &str) -> Message {
        Message {
            short: vec![short.to_owned()],
            long: vec![long.to_owned()],
            ..Message::default()
        }
    }

    #[test]
    fn what_people_write_is_no_spam() {
        let three = "Compare https://a.example/1, https://a.example/2 and www.b.example, please.";
        for (way, short, long) in [
            (good(), "Ana", "Do you true wheels?"),
            (bare(), "Ana", "Do you true wheels?"),
            (bare(), "Ana", "It is this one: https://bikes.example/42"),
            (good(), "Ana", three),
            (bare(), "Ana", three),
            (
                good(),
                "Ana",
                "I NEED A NEW WHEEL FOR MY BICYCLE BEFORE FRIDAY, PLEASE CALL ME",
            ),
            (bare(), "陳", "你好，請問你們修理輪組嗎？"),
        ] {
            let signs = signs(&says(short, long), &way);
            assert!(!is_spam(&signs), "{long}: {signs:?}");
        }
    }

    #[test]
    fn what_programs_send_is() {
        let many = "see https://x.example ".repeat(6);
        let early = Way {
            token: Token::Early(Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 1).make()),
            ..good()
        };
        let trapped = Way {
            trapped: true,
            ..good()
        };
        let foreign = Way {
            foreign: true,
            ..bare()
        };
        for (way, short, long) in [
            (trapped, "Ana", "Do you true wheels?"),
            (bare(), "Ana", many.as_str()),
            (bare(), "https://x.example", "Hello"),
            (bare(), "Ana", "<a href=\"https://x.example\">best</a>"),
            (early, "Ana", "https://x.example"),
            (foreign, "Ana", "https://x.example"),
            (bare(), "buy now www.x.example", "buy now www.x.example"),
        ] {
            let signs = signs(&says(short, long), &way);
            assert!(is_spam(&signs), "{long}: {signs:?}");
        }
    }

    #[test]
    fn links_are_counted_once() {
        for (text, count) in [
            ("https://www.a.example", 1),
            ("www.a.example and http://b.example", 2),
            ("none", 0),
        ] {
            assert_eq!(links(text), count, "{text}");
        }
    }
}
