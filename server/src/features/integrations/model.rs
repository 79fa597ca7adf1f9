//! Integrations as stored, and the rules of their settings.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use igny8_data::tokens::Keys;
use igny8_data::{AccountId, SurrealValue, id_type, record};
use poem_openapi::Enum;
use reqwest::header::HeaderName;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::api::validate::Check;
use igny8_outgoing::{Outgoing, OutgoingError, secret_header};

id_type!(
    /// A service outside.
    IntegrationId, "integration", "int_"
);

/// What a service is for, and how it is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, SurrealValue, Serialize, Deserialize)]
#[oai(rename_all = "snake_case")]
#[surreal(crate = "surrealdb_types")]
#[surreal(untagged, rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum IntegrationKind {
    /// A model that writes: any server with OpenAI's chat-completions API. An account has one at most.
    ChatProvider,
    /// A model that draws: OpenAI's images API or Runware's. An account has one at most.
    ImageProvider,
}

/// The protocol of a provider of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum ImageProtocol {
    /// `images/generations` of OpenAI and servers like it.
    Openai,
    /// Runware's tasks.
    Runware,
}

/// Where the key goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum, Serialize, Deserialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum KeyHeader {
    /// `Authorization: Bearer …`: OpenAI and most others.
    #[default]
    Bearer,
    /// `api-key: …`: Azure.
    ApiKey,
}

/// A service outside.
#[derive(Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Integration {
    pub id: IntegrationId,
    pub account: AccountId,
    pub kind: IntegrationKind,
    /// The kind, where an account has one at most; a unique index keeps it so.
    pub slot: Option<String>,
    pub name: String,
    pub enabled: bool,
    /// [`ChatSettings`] for a chat provider, [`ImageSettings`] for one of pictures.
    pub settings: serde_json::Value,
    sealed: Option<String>,
    pub key_last_four: Option<String>,
    /// Names of the extra headers, whose values are sealed.
    pub header_names: Vec<String>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

record!(Integration, IntegrationId, account);

/// What a chat provider needs to know, apart from secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatSettings {
    /// What `/chat/completions` and `/embeddings` are added to; its query stays.
    #[serde(with = "as_text")]
    pub base_url: Url,
    pub model: String,
    pub embedding_model: Option<String>,
    pub organisation: Option<String>,
    pub key_header: KeyHeader,
    pub timeout_seconds: u32,
    /// US dollars for a million tokens.
    pub input_price: Option<f64>,
    pub output_price: Option<f64>,
    #[serde(default)]
    pub embedding_price: Option<f64>,
}

/// What a provider of pictures needs to know, apart from secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageSettings {
    pub protocol: ImageProtocol,
    /// What `/images/generations` is added to; for Runware the whole address.
    #[serde(with = "as_text")]
    pub base_url: Url,
    pub model: String,
    /// For pictures of premium quality; the same one in its best quality when absent.
    pub premium_model: Option<String>,
    pub organisation: Option<String>,
    pub timeout_seconds: u32,
    /// US dollars for a picture.
    pub image_price: Option<f64>,
    pub premium_price: Option<f64>,
}

/// The settings of any kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Settings {
    Chat(ChatSettings),
    Image(ImageSettings),
}

/// `url`'s own serde support is a feature that SurrealDB would be compiled again for.
mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de};
    use url::Url;

    pub fn serialize<S: Serializer>(url: &Url, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(url.as_str())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
        Url::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// What is kept encrypted.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    pub key: Option<String>,
    pub headers: BTreeMap<String, String>,
}

/// The stored settings or secrets cannot be read: they are of another version or another installation's key.
#[derive(Debug, thiserror::Error)]
#[error("the stored {0} of the integration cannot be read; enter them again")]
pub struct Unreadable(pub &'static str);

impl Integration {
    /// A new one with these settings.
    pub fn new(id: IntegrationId, account: AccountId, name: String, settings: &Settings, now: DateTime<Utc>) -> Self {
        let (kind, slot) = match settings {
            Settings::Chat(_) => (IntegrationKind::ChatProvider, "chat_provider"),
            Settings::Image(_) => (IntegrationKind::ImageProvider, "image_provider"),
        };
        let mut row = Self {
            id,
            account,
            kind,
            slot: Some(slot.into()),
            name,
            enabled: true,
            settings: serde_json::json!({}),
            sealed: None,
            key_last_four: None,
            header_names: Vec::new(),
            rev: 1,
            created_at: now,
            updated_at: now,
        };
        row.set(settings);
        row
    }

    /// Of a chat provider.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn chat(&self) -> Result<ChatSettings, Unreadable> {
        serde_json::from_value(self.settings.clone()).map_err(|_| Unreadable("settings"))
    }

    /// Of a provider of pictures.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn image(&self) -> Result<ImageSettings, Unreadable> {
        serde_json::from_value(self.settings.clone()).map_err(|_| Unreadable("settings"))
    }

    /// Those of its kind.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn settings(&self) -> Result<Settings, Unreadable> {
        match self.kind {
            IntegrationKind::ChatProvider => self.chat().map(Settings::Chat),
            IntegrationKind::ImageProvider => self.image().map(Settings::Image),
        }
    }

    /// Replaces its settings by others of its kind.
    pub fn set(&mut self, settings: &Settings) {
        self.settings = match settings {
            Settings::Chat(chat) => serde_json::to_value(chat),
            Settings::Image(image) => serde_json::to_value(image),
        }
        .expect("plain data");
    }

    /// Encrypts and keeps the secrets.
    pub fn seal(&mut self, keys: &Keys, salt: [u8; 32], secrets: &Secrets) {
        let plain = serde_json::to_vec(secrets).expect("plain data");
        self.sealed = (*secrets != Secrets::default()).then(|| keys.seal(&self.place(), &plain, salt));
        self.header_names = secrets.headers.keys().cloned().collect();
        // Of a short key four characters would be too much of it.
        let last_four = |key: &String| {
            let chars: Vec<char> = key.chars().collect();
            chars[chars.len().saturating_sub(if chars.len() < 12 { 0 } else { 4 })..]
                .iter()
                .collect()
        };
        self.key_last_four = secrets.key.as_ref().map(last_four);
    }

    /// # Errors
    /// When they cannot be read, as after the installation's key was replaced.
    pub fn secrets(&self, keys: &Keys) -> Result<Secrets, Unreadable> {
        let Some(sealed) = &self.sealed else {
            return Ok(Secrets::default());
        };
        let plain = keys.open_sealed(&self.place(), sealed);
        let secrets = plain.and_then(|plain| serde_json::from_slice(&plain).ok());
        secrets.ok_or(Unreadable("secrets"))
    }

    fn place(&self) -> String {
        format!("integration/{}/{}/secrets", self.account, self.id)
    }
}

/// Names of query parameters that are never secret.
const QUERY: &[&str] = &["api-version", "version", "deployment"];

/// Headers that the client or the protocol sets, or that would change whom the request seems to come from.
const NOT_EXTRA: &[&str] = &[
    "accept",
    "accept-charset",
    "accept-encoding",
    "api-key",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "openai-organization",
    "origin",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
];

impl Settings {
    /// Where requests go.
    pub fn base_url(&self) -> &Url {
        match self {
            Self::Chat(chat) => &chat.base_url,
            Self::Image(image) => &image.base_url,
        }
    }

    /// Notes what is wrong with them; fields are named below `chat.` or `image.`.
    pub fn check(&self, check: &mut Check, outgoing: &Outgoing) {
        match self {
            Self::Chat(chat) => chat.check(check, outgoing),
            Self::Image(image) => image.check(check, outgoing),
        }
    }
}

/// What is wrong with the address of a provider, to which `added` is appended.
fn problem_of(url: &Url, added: &str, outgoing: &Outgoing) -> Option<String> {
    match outgoing.check(url) {
        Err(error @ (OutgoingError::Address(_) | OutgoingError::Blocked(_))) => Some(error.to_string()),
        _ if url.as_str().len() > 500 => Some("must have at most 500 characters".into()),
        _ if url.fragment().is_some() => Some("must not have a fragment (#…)".into()),
        _ if url.path().trim_end_matches('/').ends_with(added) => {
            Some(format!("must end before {added}, which is added to it"))
        }
        _ => url
            .query_pairs()
            .find(|(name, _)| !QUERY.contains(&name.to_ascii_lowercase().as_str()))
            .map(|(name, _)| {
                format!(
                    "must not have the query parameter `{name}`: only {} are known; secrets belong into `key` or `headers`",
                    QUERY.join(", ")
                )
            }),
    }
}

impl ImageSettings {
    fn check(&self, check: &mut Check, outgoing: &Outgoing) {
        let problem = problem_of(&self.base_url, "/images/generations", outgoing);
        check.that(problem.is_none(), "image.base_url", problem.unwrap_or_default());
        check.text("image.model", &self.model, 1, 200);
        for (field, text) in [
            ("image.premium_model", &self.premium_model),
            ("image.organisation", &self.organisation),
        ] {
            if let Some(text) = text {
                check.text(field, text, 1, 200);
            }
        }
        let sendable = self
            .organisation
            .as_ref()
            .is_none_or(|text| secret_header(text).is_some());
        check.that(sendable, "image.organisation", "must be plain ASCII text");
        check.that(
            (5..=600).contains(&self.timeout_seconds),
            "image.timeout_seconds",
            "must be 5 to 600",
        );
        for (field, price) in [
            ("image.image_price", self.image_price),
            ("image.premium_price", self.premium_price),
        ] {
            check.that(
                price.is_none_or(|price| (0.0..=100.0).contains(&price)),
                field,
                "must be 0 to 100 US dollars for a picture",
            );
        }
    }
}

impl ChatSettings {
    /// Notes what is wrong with them; fields are named below `chat.`.
    pub fn check(&self, check: &mut Check, outgoing: &Outgoing) {
        let problem = problem_of(&self.base_url, "/chat/completions", outgoing);
        check.that(problem.is_none(), "chat.base_url", problem.unwrap_or_default());
        check.text("chat.model", &self.model, 1, 200);
        for (field, text) in [
            ("chat.embedding_model", &self.embedding_model),
            ("chat.organisation", &self.organisation),
        ] {
            if let Some(text) = text {
                check.text(field, text, 1, 200);
            }
        }
        if let Some(organisation) = &self.organisation {
            let sendable = secret_header(organisation).is_some();
            check.that(sendable, "chat.organisation", "must be plain ASCII text");
        }
        check.that(
            (5..=600).contains(&self.timeout_seconds),
            "chat.timeout_seconds",
            "must be 5 to 600",
        );
        for (field, price) in [
            ("chat.input_price", self.input_price),
            ("chat.output_price", self.output_price),
            ("chat.embedding_price", self.embedding_price),
        ] {
            check.that(
                price.is_none_or(|price| (0.0..=10_000.0).contains(&price)),
                field,
                "must be 0 to 10000 US dollars for a million tokens",
            );
        }
    }
}

impl Secrets {
    /// Notes what is wrong with them.
    pub fn check(&self, check: &mut Check) {
        if let Some(key) = &self.key {
            let fits = (1..=2000).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
            check.that(fits, "key", "must be 1 to 2000 ASCII characters without spaces");
        }
        check.that(self.headers.len() <= 10, "headers", "must be at most 10");
        for (name, value) in &self.headers {
            let field = format!("headers.{name}");
            let known = name.parse::<HeaderName>().is_ok_and(|parsed| parsed.as_str() == name);
            check.that(
                known && name.len() <= 100,
                &field,
                "must be a header's name in lower case",
            );
            let taken = NOT_EXTRA.contains(&name.as_str())
                || ["sec-", "proxy-", "x-forwarded-", "x-real-", "x-amz-", "metadata"]
                    .iter()
                    .any(|start| name.starts_with(start));
            check.that(!taken, &field, "is not one to set here");
            let sendable = value.len() <= 2000 && secret_header(value).is_some();
            check.that(sendable, &field, "must be at most 2000 visible ASCII characters");
        }
    }
}

#[cfg(test)]
mod tests {
    use igny8_data::{Clock, Ids, RecordKey as _};

    use super::*;

    fn integration() -> Integration {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 7);
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let settings = Settings::Chat(ChatSettings {
            base_url: "https://example.com/v1".parse().unwrap(),
            model: "x".into(),
            embedding_model: None,
            organisation: None,
            key_header: KeyHeader::Bearer,
            timeout_seconds: 60,
            input_price: None,
            output_price: None,
            embedding_price: None,
        });
        Integration::new(ids.make(), ids.make(), "x".into(), &settings, now)
    }

    #[test]
    fn secrets_open_in_their_row_of_their_account_only() {
        let keys = Keys::derive(&[7; 32], "test");
        let mut row = integration();
        assert!(row.secrets(&keys).unwrap() == Secrets::default());
        let secrets = Secrets {
            key: Some("sk-0123456789abcdef".into()),
            headers: BTreeMap::from([("x-team".into(), "hush".into())]),
        };
        row.seal(&keys, [1; 32], &secrets);
        assert_eq!(row.key_last_four.as_deref(), Some("cdef"));
        assert_eq!(row.header_names, ["x-team"]);
        assert!(row.secrets(&keys).unwrap() == secrets);
        let mut moved = row.clone();
        moved.account = AccountId::from_ulid(row.id.ulid());
        assert!(moved.secrets(&keys).is_err());
        let mut moved = row.clone();
        moved.id = IntegrationId::from_ulid(row.account.ulid());
        assert!(moved.secrets(&keys).is_err());
        assert!(row.secrets(&Keys::derive(&[8; 32], "test")).is_err());
        row.seal(
            &keys,
            [2; 32],
            &Secrets {
                key: Some("short".into()),
                ..Secrets::default()
            },
        );
        assert_eq!(row.key_last_four.as_deref(), Some(""));
    }

    #[test]
    fn extra_headers_leave_the_protocol_alone() {
        for (name, value, fits) in [
            ("x-team", "blue", true),
            ("http-referer", "https://example.com", true),
            ("x-title", "IGNY8", true),
            ("X-Team", "blue", false),
            ("host", "evil.example", false),
            ("authorization", "Bearer x", false),
            ("api-key", "x", false),
            ("transfer-encoding", "chunked", false),
            ("content-length", "0", false),
            ("x-forwarded-for", "127.0.0.1", false),
            ("proxy-authorization", "x", false),
            ("metadata-flavor", "Google", false),
            ("x-aws-ec2-metadata-token", "x", true),
            ("a b", "x", false),
            ("x\r\ny", "x", false),
            ("x-a", "x\r\nhost: evil", false),
            ("x-a", "ü", false),
        ] {
            let secrets = Secrets {
                key: None,
                headers: BTreeMap::from([(name.into(), value.into())]),
            };
            let mut check = Check::new();
            secrets.check(&mut check);
            assert_eq!(check.finish().is_ok(), fits, "{name}: {value}");
        }
    }
}
