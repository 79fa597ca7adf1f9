//! What a site does with what its forms bring.

use poem_openapi::Object;
use serde::{Deserialize, Serialize};

use crate::api::validate::Check;
use crate::features::sites::Site;

/// Addresses that get mails.
const MOST: usize = 5;

/// What becomes of what visitors send by forms.
#[derive(Debug, Clone, PartialEq, Eq, Object, Serialize, Deserialize)]
#[oai(rename = "SiteForms", deny_unknown_fields)]
#[serde(default)]
pub struct FormSettings {
    /// Who gets a mail about each message: at most 5 addresses. The organisation's address when empty; without that, nobody.
    #[oai(default)]
    pub recipients: Vec<String>,
    /// Days that messages are kept, 1 to 3650.
    #[oai(default = "keep_days")]
    pub keep_days: i64,
    /// Days that spam is kept, 1 to 365.
    #[oai(default = "spam_days")]
    pub spam_days: i64,
}

fn keep_days() -> i64 {
    365
}
fn spam_days() -> i64 {
    30
}

impl Default for FormSettings {
    fn default() -> Self {
        Self {
            recipients: Vec::new(),
            keep_days: keep_days(),
            spam_days: spam_days(),
        }
    }
}

impl FormSettings {
    /// Those of a site; the usual ones where nothing is stored.
    pub fn of(site: &Site) -> Self {
        serde_json::from_value(site.forms.clone()).unwrap_or_default()
    }

    pub fn check(&self, check: &mut Check) {
        check
            .that(
                self.recipients.len() <= MOST,
                "forms.recipients",
                format!("must be at most {MOST}"),
            )
            .that(
                self.recipients.iter().all(|to| is_address(to)),
                "forms.recipients",
                "must be mail addresses",
            )
            .that(
                (1..=3_650).contains(&self.keep_days),
                "forms.keep_days",
                "must be between 1 and 3650",
            )
            .that(
                (1..=365).contains(&self.spam_days),
                "forms.spam_days",
                "must be between 1 and 365",
            );
    }

    /// Who gets mails about what is sent to the site.
    pub fn recipients(&self, site: &Site) -> Vec<String> {
        let own = site.organisation["email"].as_str().filter(|to| is_address(to));
        let mut to = match self.recipients.is_empty() {
            true => own.into_iter().map(str::to_owned).collect(),
            false => self.recipients.clone(),
        };
        to.dedup();
        to
    }
}

/// Whether mail can be sent there. Stricter than the standard: no quoted parts, no comments, a domain with a point.
pub fn is_address(text: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>()[]\\,;:\"".contains(c);
    let domain = text.rsplit_once('@').map_or("", |(_, domain)| domain);
    text.len() <= 254 && text.chars().all(plain) && domain.contains('.') && text.parse::<lettre::Address>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in ["ana@example.com", "a.b+c@mail.example.co.uk", "jörg@example.com"] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "ana",
            "ana@",
            "@example.com",
            "ana@localhost",
            "ana@example.com\r\nBcc: all@example.com",
            "ana@example.com, bob@example.com",
            "Ana <ana@example.com>",
            "\"a b\"@example.com",
            "a@b@example.com",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_not_said_is_usual() {
        let read: FormSettings = serde_json::from_value(serde_json::json!({})).unwrap();
        assert_eq!(read, FormSettings::default());
    }
}
