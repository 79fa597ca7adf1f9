//! What `/integrations` takes and gives.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use poem_openapi::types::{Example, MaybeUndefined};
use poem_openapi::{Enum, Object};
use url::Url;

use crate::ai::provider::{ProviderError, Tried};
use crate::api::patch::{set, set_or_clear};
use crate::api::validate::{self, Check};
use crate::features::integrations::model::{
    ChatSettings, ImageProtocol, ImageSettings, Integration, IntegrationId, IntegrationKind, KeyHeader, Settings,
};

/// A service outside, without its secrets.
#[derive(Debug, Object)]
#[oai(rename = "Integration", skip_serializing_if_is_none)]
pub struct IntegrationOut {
    pub id: IntegrationId,
    pub kind: IntegrationKind,
    pub name: String,
    pub enabled: bool,
    /// Of a chat provider.
    pub chat: Option<ChatSettingsOut>,
    /// Of a provider of pictures.
    pub image: Option<ImageSettingsOut>,
    pub key_set: bool,
    /// The key's last four characters, to recognise it; for those who manage the account.
    pub key_last_four: Option<String>,
    /// Names of the extra headers.
    pub header_names: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// How a chat provider is asked.
#[derive(Debug, Object)]
#[oai(rename = "ChatSettings", skip_serializing_if_is_none)]
pub struct ChatSettingsOut {
    pub base_url: String,
    pub model: String,
    pub embedding_model: Option<String>,
    pub organisation: Option<String>,
    pub key_header: KeyHeader,
    pub timeout_seconds: u32,
    /// US dollars for a million tokens it reads.
    pub input_price: Option<f64>,
    /// US dollars for a million tokens it writes.
    pub output_price: Option<f64>,
    /// US dollars for a million tokens of texts that it makes vectors of.
    pub embedding_price: Option<f64>,
}

#[derive(Debug, Object)]
#[oai(rename = "IntegrationCreate", deny_unknown_fields, example)]
pub struct IntegrationIn {
    pub kind: IntegrationKind,
    pub name: String,
    /// True unless said otherwise.
    pub enabled: Option<bool>,
    /// For a chat provider.
    pub chat: Option<ChatSettingsIn>,
    /// For a provider of pictures.
    pub image: Option<ImageSettingsIn>,
    /// Kept encrypted and never given out again.
    pub key: Option<String>,
    /// Extra headers of every request, at most 10; their values are kept like the key.
    pub headers: Option<BTreeMap<String, String>>,
}

impl Example for IntegrationIn {
    fn example() -> Self {
        Self {
            kind: IntegrationKind::ChatProvider,
            name: "OpenAI".into(),
            enabled: None,
            chat: Some(ChatSettingsIn {
                base_url: "https://api.openai.com/v1".into(),
                model: "gpt-4o-mini".into(),
                embedding_model: Some("text-embedding-3-small".into()),
                organisation: None,
                key_header: None,
                timeout_seconds: None,
                input_price: Some(0.15),
                output_price: Some(0.6),
                embedding_price: Some(0.02),
            }),
            image: None,
            key: Some("sk-example-of-a-key".into()),
            headers: None,
        }
    }
}

#[derive(Debug, Object)]
#[oai(rename = "ChatSettingsCreate", deny_unknown_fields)]
pub struct ChatSettingsIn {
    /// What `/chat/completions` is added to: `https://api.openai.com/v1`, for Azure
    /// `https://….openai.azure.com/openai/deployments/…?api-version=…`. Other than https and the public internet only as
    /// the operator allows (`outgoing.allowed_hosts`).
    pub base_url: String,
    pub model: String,
    /// For vectors of texts; without it, texts are compared locally.
    pub embedding_model: Option<String>,
    pub organisation: Option<String>,
    /// `bearer` unless said otherwise.
    pub key_header: Option<KeyHeader>,
    /// How long an answer may take: 5 to 600, 120 unless said otherwise.
    pub timeout_seconds: Option<u32>,
    /// US dollars for a million tokens it reads.
    pub input_price: Option<f64>,
    /// US dollars for a million tokens it writes.
    pub output_price: Option<f64>,
    /// US dollars for a million tokens of texts that it makes vectors of.
    pub embedding_price: Option<f64>,
}

/// What to change; absent fields stay.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct IntegrationPatch {
    pub name: Option<String>,
    pub enabled: Option<bool>,
    pub chat: Option<ChatSettingsPatch>,
    pub image: Option<ImageSettingsPatch>,
    /// `null` removes it.
    pub key: MaybeUndefined<String>,
    /// All of them, in the place of those before; `null` removes them.
    pub headers: MaybeUndefined<BTreeMap<String, String>>,
}

/// What to change; absent fields stay.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct ChatSettingsPatch {
    pub base_url: Option<String>,
    pub model: Option<String>,
    pub embedding_model: MaybeUndefined<String>,
    pub organisation: MaybeUndefined<String>,
    pub key_header: Option<KeyHeader>,
    pub timeout_seconds: Option<u32>,
    pub input_price: MaybeUndefined<f64>,
    pub output_price: MaybeUndefined<f64>,
    pub embedding_price: MaybeUndefined<f64>,
}

/// How a provider of pictures is asked.
#[derive(Debug, Object)]
#[oai(rename = "ImageSettings", skip_serializing_if_is_none)]
pub struct ImageSettingsOut {
    pub protocol: ImageProtocol,
    pub base_url: String,
    pub model: String,
    /// For pictures of premium quality.
    pub premium_model: Option<String>,
    pub organisation: Option<String>,
    pub timeout_seconds: u32,
    /// US dollars for a picture.
    pub image_price: Option<f64>,
    /// US dollars for a picture of premium quality.
    pub premium_price: Option<f64>,
}

#[derive(Debug, Object)]
#[oai(rename = "ImageSettingsCreate", deny_unknown_fields)]
pub struct ImageSettingsIn {
    pub protocol: ImageProtocol,
    /// `https://api.openai.com/v1`, to which `/images/generations` is added; for Runware `https://api.runware.ai/v1`. Those
    /// when absent.
    pub base_url: Option<String>,
    pub model: String,
    /// For pictures of premium quality; `model` in its best quality when absent.
    pub premium_model: Option<String>,
    pub organisation: Option<String>,
    /// How long a picture may take: 5 to 600, 180 unless said otherwise.
    pub timeout_seconds: Option<u32>,
    /// US dollars for a picture.
    pub image_price: Option<f64>,
    /// US dollars for a picture of premium quality.
    pub premium_price: Option<f64>,
}

/// What to change; absent fields stay.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct ImageSettingsPatch {
    pub protocol: Option<ImageProtocol>,
    pub base_url: Option<String>,
    pub model: Option<String>,
    pub premium_model: MaybeUndefined<String>,
    pub organisation: MaybeUndefined<String>,
    pub timeout_seconds: Option<u32>,
    pub image_price: MaybeUndefined<f64>,
    pub premium_price: MaybeUndefined<f64>,
}

/// What came of a test.
#[derive(Debug, Object)]
#[oai(rename = "IntegrationTest", skip_serializing_if_is_none)]
pub struct TestOut {
    pub verdict: TestVerdict,
    /// What happened and what to do, for people.
    pub message: String,
    /// The model that answered, as the provider names it.
    pub model: Option<String>,
    /// Of a chat provider: whether it keeps to a given JSON schema by itself; otherwise the schema is part of the prompt.
    pub schemas: Option<bool>,
    /// Length of its vectors, with an embedding model.
    pub embedding_length: Option<u64>,
    pub milliseconds: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum TestVerdict {
    Ok,
    /// Key, model, address or bill: see the message.
    NotAccepted,
    RateLimited,
    /// Down, slow or out of reach.
    Unavailable,
    /// The model refused.
    Refused,
    /// It is no OpenAI-compatible API.
    Broken,
    TooLarge,
    /// An address that this server does not call.
    Blocked,
    /// The server is stopping.
    Cancelled,
}

impl IntegrationOut {
    pub fn of(row: &Integration, manages: bool) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            name: row.name.clone(),
            enabled: row.enabled,
            chat: match row.settings() {
                Ok(Settings::Chat(chat)) => Some(ChatSettingsOut::of(chat)),
                _ => None,
            },
            image: match row.settings() {
                Ok(Settings::Image(image)) => Some(ImageSettingsOut::of(image)),
                _ => None,
            },
            key_set: row.key_last_four.is_some(),
            key_last_four: row.key_last_four.clone().filter(|four| manages && !four.is_empty()),
            header_names: row.header_names.clone(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl ChatSettingsOut {
    fn of(chat: ChatSettings) -> Self {
        Self {
            base_url: chat.base_url.into(),
            model: chat.model,
            embedding_model: chat.embedding_model,
            organisation: chat.organisation,
            key_header: chat.key_header,
            timeout_seconds: chat.timeout_seconds,
            input_price: chat.input_price,
            output_price: chat.output_price,
            embedding_price: chat.embedding_price,
        }
    }
}

impl ImageSettingsOut {
    fn of(image: ImageSettings) -> Self {
        Self {
            protocol: image.protocol,
            base_url: image.base_url.into(),
            model: image.model,
            premium_model: image.premium_model,
            organisation: image.organisation,
            timeout_seconds: image.timeout_seconds,
            image_price: image.image_price,
            premium_price: image.premium_price,
        }
    }
}

impl IntegrationIn {
    /// The settings of its kind, unless they are missing or their address is none.
    pub fn settings(&mut self, check: &mut Check) -> Option<Settings> {
        let (chat, image) = (self.chat.take(), self.image.take());
        let (is_chat, is_image) = match self.kind {
            IntegrationKind::ChatProvider => (true, false),
            IntegrationKind::ImageProvider => (false, true),
        };
        for (field, given, wanted) in [("chat", chat.is_some(), is_chat), ("image", image.is_some(), is_image)] {
            let message = if wanted {
                "must be given for this kind"
            } else {
                "does not belong to this kind"
            };
            check.that(given == wanted, field, message);
        }
        match self.kind {
            IntegrationKind::ChatProvider => chat?.into_settings(check).map(Settings::Chat),
            IntegrationKind::ImageProvider => image?.into_settings(check).map(Settings::Image),
        }
    }
}

impl ImageSettingsIn {
    fn into_settings(self, check: &mut Check) -> Option<ImageSettings> {
        let usual = match self.protocol {
            ImageProtocol::Openai => "https://api.openai.com/v1",
            ImageProtocol::Runware => "https://api.runware.ai/v1",
        };
        Some(ImageSettings {
            protocol: self.protocol,
            base_url: address("image.base_url", self.base_url.as_deref().unwrap_or(usual), check)?,
            model: self.model.trim().to_owned(),
            premium_model: self.premium_model,
            organisation: self.organisation,
            timeout_seconds: self.timeout_seconds.unwrap_or(180),
            image_price: self.image_price,
            premium_price: self.premium_price,
        })
    }
}

impl ImageSettingsPatch {
    fn apply(self, image: &mut ImageSettings, check: &mut Check) {
        set(&mut image.protocol, self.protocol);
        set(
            &mut image.base_url,
            self.base_url.and_then(|text| address("image.base_url", &text, check)),
        );
        set(&mut image.model, self.model.map(|model| model.trim().to_owned()));
        set_or_clear(&mut image.premium_model, self.premium_model);
        set_or_clear(&mut image.organisation, self.organisation);
        set(&mut image.timeout_seconds, self.timeout_seconds);
        set_or_clear(&mut image.image_price, self.image_price);
        set_or_clear(&mut image.premium_price, self.premium_price);
    }
}

/// Applies what is sent for the kind of the settings; tells whether anything was.
pub fn apply(
    settings: &mut Settings,
    chat: Option<ChatSettingsPatch>,
    image: Option<ImageSettingsPatch>,
    check: &mut Check,
) -> bool {
    match (settings, chat, image) {
        (_, None, None) => return false,
        (Settings::Chat(settings), Some(patch), None) => patch.apply(settings, check),
        (Settings::Image(settings), None, Some(patch)) => patch.apply(settings, check),
        (Settings::Chat(_), _, Some(_)) => {
            check.that(false, "image", "does not belong to this kind");
        }
        (Settings::Image(_), Some(_), _) => {
            check.that(false, "chat", "does not belong to this kind");
        }
    }
    true
}

impl ChatSettingsIn {
    /// The settings, unless the address is none.
    fn into_settings(self, check: &mut Check) -> Option<ChatSettings> {
        Some(ChatSettings {
            base_url: address("chat.base_url", &self.base_url, check)?,
            model: self.model.trim().to_owned(),
            embedding_model: self.embedding_model,
            organisation: self.organisation,
            key_header: self.key_header.unwrap_or_default(),
            timeout_seconds: self.timeout_seconds.unwrap_or(120),
            input_price: self.input_price,
            output_price: self.output_price,
            embedding_price: self.embedding_price,
        })
    }
}

impl ChatSettingsPatch {
    fn apply(self, chat: &mut ChatSettings, check: &mut Check) {
        set(
            &mut chat.base_url,
            self.base_url.and_then(|text| address("chat.base_url", &text, check)),
        );
        set(&mut chat.model, self.model.map(|model| model.trim().to_owned()));
        set_or_clear(&mut chat.embedding_model, self.embedding_model);
        set_or_clear(&mut chat.organisation, self.organisation);
        set(&mut chat.key_header, self.key_header);
        set(&mut chat.timeout_seconds, self.timeout_seconds);
        set_or_clear(&mut chat.input_price, self.input_price);
        set_or_clear(&mut chat.output_price, self.output_price);
        set_or_clear(&mut chat.embedding_price, self.embedding_price);
    }
}

fn address(field: &str, text: &str, check: &mut Check) -> Option<Url> {
    let url = validate::address(text.trim());
    let message = "must be an address such as https://api.openai.com/v1, without spaces and line breaks";
    check.that(url.is_some(), field, message);
    url
}

impl TestOut {
    pub fn of(tried: Result<Tried, ProviderError>, took: Duration) -> Self {
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        match tried {
            Ok(tried) => Self {
                verdict: TestVerdict::Ok,
                message: "The provider answered.".into(),
                model: Some(tried.model),
                schemas: tried.schemas,
                embedding_length: tried.embedding_length.map(|length| length as u64),
                milliseconds,
            },
            Err(error) => Self {
                verdict: TestVerdict::of(&error),
                message: error.for_user(),
                model: None,
                schemas: None,
                embedding_length: None,
                milliseconds,
            },
        }
    }
}

impl TestVerdict {
    fn of(error: &ProviderError) -> Self {
        match error {
            // Cut off is answered.
            ProviderError::Truncated { .. } => Self::Ok,
            ProviderError::RateLimited { .. } => Self::RateLimited,
            ProviderError::Unavailable(_) | ProviderError::Overloaded { .. } => Self::Unavailable,
            ProviderError::NotAccepted(_) => Self::NotAccepted,
            ProviderError::Refused(_) => Self::Refused,
            ProviderError::Broken(_) => Self::Broken,
            ProviderError::TooLarge => Self::TooLarge,
            ProviderError::Blocked(_) => Self::Blocked,
            ProviderError::Cancelled => Self::Cancelled,
        }
    }

    /// As in the API.
    pub fn name(self) -> String {
        use poem_openapi::types::ToJSON as _;
        self.to_json()
            .and_then(|json| json.as_str().map(str::to_owned))
            .unwrap_or_default()
    }
}
