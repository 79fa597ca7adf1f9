//! Sites and sectors as stored, and their rules.

use chrono::{DateTime, Utc};
use igny8_data::{AccountId, AccountScope, Manage, SectorId, SiteId, SiteScope, SurrealValue, record};
use igny8_renderer::theme::Theme;
use poem_openapi::{Enum, Object};

use crate::api::validate::Check;

/// What kind of site it is; decides the taxonomies and pages it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, SurrealValue, serde::Serialize, serde::Deserialize)]
#[oai(rename_all = "snake_case")]
#[surreal(crate = "surrealdb_types")]
#[surreal(untagged, rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum SiteType {
    Blog,
    Ecommerce,
    Company,
}

/// Where the site's pages are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, SurrealValue, serde::Serialize, serde::Deserialize)]
#[oai(rename_all = "snake_case")]
#[surreal(crate = "surrealdb_types")]
#[surreal(untagged, rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Hosting {
    Igny8,
    Wordpress,
    Both,
}

/// Items that one feed may have.
pub const MAX_FEED: i64 = 500;

/// How a list by date is cut into pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, SurrealValue, serde::Serialize, serde::Deserialize)]
#[oai(rename_all = "snake_case")]
#[surreal(crate = "surrealdb_types")]
#[surreal(untagged, rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Pagination {
    /// Pages are filled from the oldest piece on, so that a new one changes the first page alone.
    Stable,
    /// Pages are filled from the newest on, so that each changes with each new piece.
    Full,
}

/// A site as stored. Organisation, menus, sections and redirects are kept in the renderer's own form
/// ([`igny8_renderer::site`]), as JSON.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Site {
    pub id: SiteId,
    pub account: AccountId,
    pub name: String,
    pub slug: String,
    pub description: String,
    /// Name of the verified domain that is its own address ([`super::domains`]).
    pub domain: Option<String>,
    pub site_type: SiteType,
    pub hosting: Hosting,
    pub language: String,
    pub languages: Vec<String>,
    pub time_zone: String,
    /// Slug in the catalogue of industries.
    pub industry: Option<String>,
    pub per_page: i64,
    pub indexable: bool,
    pub theme: String,
    pub theme_options: serde_json::Value,
    pub organisation: serde_json::Value,
    pub menus: serde_json::Value,
    pub sections: Vec<serde_json::Value>,
    pub redirects: Vec<serde_json::Value>,
    /// Names, titles and addresses of the taxonomies where they are not the usual ones
    /// ([`igny8_renderer::site::Taxonomy`] without terms).
    #[surreal(default)]
    pub taxonomies: Vec<serde_json::Value>,
    /// Its menus are a plan's: they show what is there, and grow with it ([`crate::features::publishing::snapshot`]).
    #[surreal(default)]
    pub planned: bool,
    /// Files beside the pages ([`igny8_renderer::site::Outputs`]); the usual ones where nothing is said.
    #[surreal(default)]
    pub outputs: serde_json::Value,
    /// How lists by date are cut into pages.
    pub pagination: Option<Pagination>,
    /// Items in one feed.
    pub feed_limit: Option<i64>,
    /// Only approved content is published, and nobody but an admin approves their own text.
    #[surreal(default)]
    pub publishing_needs_approval: bool,
    /// [`Voice`], as JSON.
    #[surreal(default)]
    pub voice: serde_json::Value,
    /// [`crate::features::forms::FormSettings`], as JSON.
    #[surreal(default)]
    pub forms: serde_json::Value,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

record!(Site, SiteId, account, soft_delete);

/// How a site speaks, and of what: what AI functions are told besides its name and description.
#[derive(Debug, Clone, Default, PartialEq, Eq, Object, serde::Serialize, serde::Deserialize)]
#[oai(rename = "SiteVoice", deny_unknown_fields)]
#[serde(default)]
pub struct Voice {
    /// How its texts sound, in a few words: `warm, precise, no superlatives`.
    #[oai(default)]
    pub tone: String,
    /// For whom it is.
    #[oai(default)]
    pub audience: String,
    /// What may be stated as true, at most 30: `Every wheel is built by hand.`
    #[oai(default)]
    pub facts: Vec<String>,
}

impl Voice {
    /// What is stored; nothing where nothing was set.
    pub fn of(stored: &serde_json::Value) -> Self {
        serde_json::from_value(stored.clone()).unwrap_or_default()
    }

    pub fn check(&self, check: &mut Check) {
        check
            .text("voice.tone", &self.tone, 0, 300)
            .text("voice.audience", &self.audience, 0, 300);
        check.that(self.facts.len() <= 30, "voice.facts", "must be at most 30");
        for fact in &self.facts {
            check.text("voice.facts", fact, 1, 300);
        }
    }
}

/// A site as prompts tell of it; what is not known is left out.
pub fn told(name: &str, description: &str, voice: &Voice, organisation: &serde_json::Value) -> serde_json::Value {
    let mut told = serde_json::Map::new();
    let mut tell = |key: &str, text: &str| {
        if !text.trim().is_empty() {
            told.insert(key.to_owned(), text.into());
        }
    };
    tell("name", name);
    tell("about", description);
    tell("audience", &voice.audience);
    tell("tone", &voice.tone);
    for key in ["city", "region", "country"] {
        tell(key, organisation[key].as_str().unwrap_or_default());
    }
    let company = organisation["name"].as_str().filter(|company| *company != name);
    tell("company", company.unwrap_or_default());
    if !voice.facts.is_empty() {
        told.insert("facts".to_owned(), voice.facts.clone().into());
    }
    told.into()
}

impl Site {
    /// The site as prompts tell of it.
    pub fn told(&self) -> serde_json::Value {
        told(
            &self.name,
            &self.description,
            &Voice::of(&self.voice),
            &self.organisation,
        )
    }
}

/// A field of business within a site; keywords, clusters and content belong to one.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Sector {
    pub id: SectorId,
    pub account: AccountId,
    pub site: SiteId,
    pub name: String,
    pub slug: String,
    pub description: String,
    pub active: bool,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

record!(Sector, SectorId, site, soft_delete);

impl Site {
    /// A new site with the settings every site starts with.
    pub fn new(
        id: SiteId,
        scope: &AccountScope<Manage>,
        name: String,
        slug: String,
        site_type: SiteType,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            site_type,
            ..Self::blank(id, scope.account(), name, slug, now)
        }
    }

    /// [`Site::new`] for the operator's commands: a blog, in an account they name.
    pub(crate) fn blank(id: SiteId, account: AccountId, name: String, slug: String, now: DateTime<Utc>) -> Self {
        Self {
            id,
            account,
            name,
            slug,
            description: String::new(),
            domain: None,
            site_type: SiteType::Blog,
            hosting: Hosting::Igny8,
            language: "en".into(),
            languages: Vec::new(),
            time_zone: "UTC".into(),
            industry: None,
            per_page: 20,
            indexable: true,
            theme: "ember".into(),
            theme_options: serde_json::json!({}),
            organisation: serde_json::json!({}),
            menus: serde_json::json!({}),
            sections: Vec::new(),
            redirects: Vec::new(),
            taxonomies: Vec::new(),
            planned: false,
            outputs: serde_json::json!({}),
            pagination: None,
            feed_limit: None,
            publishing_needs_approval: false,
            voice: serde_json::json!({}),
            forms: serde_json::json!({}),
            rev: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    /// Checks what a request may have set, in the request's own field names.
    pub fn check(&self, check: &mut Check) {
        check
            .text("name", &self.name, 1, 120)
            .slug("slug", &self.slug)
            .text("description", &self.description, 0, 500);
        check.that(
            self.slug.is_ascii(),
            "slug",
            "must be plain ASCII: it is part of the site's address",
        );
        for (field, tag) in
            std::iter::once(("language", &self.language)).chain(self.languages.iter().map(|tag| ("languages", tag)))
        {
            check.that(
                is_language(tag),
                field,
                "must be a BCP 47 language tag such as en or pt-BR",
            );
        }
        check.that(self.languages.len() <= 50, "languages", "must be at most 50");
        check.that(
            self.time_zone.parse::<chrono_tz::Tz>().is_ok(),
            "time_zone",
            "must be an IANA time zone such as Europe/Lisbon",
        );
        check.that(
            (1..=500).contains(&self.per_page),
            "per_page",
            "must be between 1 and 500",
        );
        let themes = Theme::builtin_names();
        check.that(
            themes.contains(&self.theme),
            "theme",
            format!("must be one of {}", themes.join(", ")),
        );
    }
}

impl Sector {
    pub fn new(id: SectorId, scope: &SiteScope<Manage>, name: String, slug: String, now: DateTime<Utc>) -> Self {
        Self {
            id,
            account: scope.account(),
            site: scope.site(),
            name,
            slug,
            description: String::new(),
            active: true,
            rev: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    pub fn check(&self, check: &mut Check) {
        check
            .text("name", &self.name, 1, 120)
            .slug("slug", &self.slug)
            .text("description", &self.description, 0, 500);
    }
}

/// The shape of a BCP 47 tag: a language of two or three letters, then subtags.
pub fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_lowercase())
        && tag.len() <= 35
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_are_told_what_is_known() {
        let voice = Voice {
            tone: "warm".into(),
            facts: vec!["Since 1999.".into()],
            ..Voice::default()
        };
        let organisation = serde_json::json!({ "name": "Pier", "city": "Porto" });
        assert_eq!(
            told("Pier", "Coffee", &voice, &organisation),
            serde_json::json!({ "name": "Pier", "about": "Coffee", "tone": "warm", "city": "Porto", "facts": ["Since 1999."] })
        );
        assert_eq!(
            told("", "", &Voice::default(), &serde_json::json!({})),
            serde_json::json!({})
        );
    }

    #[test]
    fn language_tags() {
        for good in ["en", "pt-BR", "zh-Hant-TW", "gsw"] {
            assert!(is_language(good), "{good}");
        }
        for bad in ["", "e", "EN", "english", "en_GB", "en-", "../en", "en-\0"] {
            assert!(!is_language(bad), "{bad}");
        }
    }
}
