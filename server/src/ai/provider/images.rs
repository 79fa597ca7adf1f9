//! Models that draw, asked over the network: OpenAI's images API and Runware's. [`configured`] finds the account's; without one,
//! drawings are made locally.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use igny8_data::{Access, AccountScope, Clock, Select};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{NotUsable, ProviderError, Tried, headers_of, openai, scrubbed, secrets_of};
use crate::app::App;
use crate::features::integrations::{ImageProtocol, ImageSettings, Integration, IntegrationKind, KeyHeader, Secrets};
use igny8_outgoing::{Answer, Outgoing, Request};

/// The largest answer that is read: a picture of some megabytes in base64.
const LARGEST: usize = 48 << 20;
/// The largest picture that is fetched from an address.
const LARGEST_PICTURE: usize = 32 << 20;
/// Characters of a prompt; Runware takes 3,000, DALL-E 3 4,000, later models of OpenAI more.
const LONGEST_PROMPT: usize = 2_900;
/// And of one for DALL-E 2.
const LONGEST_OLD_PROMPT: usize = 1_000;

/// How much a picture may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    #[default]
    Basic,
    Premium,
}

/// What is to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    pub prompt: String,
    pub quality: Quality,
}

/// A configured model that draws. Cheap to clone.
#[derive(Clone)]
pub struct ImageProvider {
    inner: Arc<Inner>,
}

struct Inner {
    outgoing: Outgoing,
    clock: Clock,
    settings: ImageSettings,
    headers: reqwest::header::HeaderMap,
    secrets: Secrets,
}

impl ImageProvider {
    /// The provider of stored settings, whether they are enabled or not.
    ///
    /// # Errors
    /// [`ProviderError::NotAccepted`] when they cannot be read.
    pub fn of(app: &App, integration: &Integration) -> Result<Self, ProviderError> {
        let unreadable =
            |error: crate::features::integrations::model::Unreadable| ProviderError::NotAccepted(error.to_string());
        let settings = integration.image().map_err(unreadable)?;
        let secrets = integration.secrets(app.db.keys()).map_err(unreadable)?;
        let headers = headers_of(KeyHeader::Bearer, settings.organisation.as_deref(), &secrets).ok_or_else(|| {
            ProviderError::NotAccepted("its key or headers hold characters that cannot be sent".into())
        })?;
        Ok(Self {
            inner: Arc::new(Inner {
                outgoing: app.outgoing.clone(),
                clock: app.db.clock().clone(),
                settings,
                headers,
                secrets,
            }),
        })
    }

    /// Draws; `random` becomes the name of the task. The bytes that come may be anything: they are inspected like an upload
    /// before they are stored.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn draw(
        &self,
        drawing: &Drawing,
        random: [u8; 16],
        stop: &CancellationToken,
    ) -> Result<Vec<u8>, ProviderError> {
        let settings = &self.inner.settings;
        let model = self.model(drawing.quality);
        let longest = if model.starts_with("dall-e-2") {
            LONGEST_OLD_PROMPT
        } else {
            LONGEST_PROMPT
        };
        let prompt: String = drawing.prompt.chars().take(longest).collect();
        let (url, body) = match settings.protocol {
            ImageProtocol::Openai => (
                openai::endpoint(&settings.base_url, "images/generations"),
                openai_body(model, &prompt, drawing.quality),
            ),
            ImageProtocol::Runware => (
                settings.base_url.clone(),
                runware_body(model, &prompt, drawing.quality, &uuid(random)),
            ),
        };
        let mut request = Request::new(Method::POST, url);
        request.headers = self.inner.headers.clone();
        request.body = Some(body.to_string().into());
        request.timeout = self.timeout();
        request.max_bytes = LARGEST;
        let answer = self.send(request, stop).await?;
        let found = match settings.protocol {
            ImageProtocol::Openai if !answer.status.is_success() => Err(self.refusal(&answer)),
            ImageProtocol::Openai => read_openai(&answer.body),
            ImageProtocol::Runware => match read_runware(&answer.body) {
                // Its own list of errors says more than the status.
                Err(error @ ProviderError::Broken(_)) if answer.status.is_success() => Err(error),
                Err(ProviderError::Broken(_)) => Err(self.refusal(&answer)),
                other => other,
            },
        };
        match found.map_err(|error| scrubbed(error, &self.secrets()))? {
            Found::Bytes(bytes) => Ok(bytes),
            Found::At(address) => self.fetch(&address, stop).await,
        }
    }

    /// Draws one small picture.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn try_out(&self, random: [u8; 16], stop: &CancellationToken) -> Result<Tried, ProviderError> {
        let drawing = Drawing {
            prompt: "A grey circle on white".into(),
            quality: Quality::Basic,
        };
        self.draw(&drawing, random, stop).await?;
        Ok(Tried {
            model: self.model(Quality::Basic).to_owned(),
            schemas: None,
            embedding_length: None,
        })
    }

    /// The picture at an address that the provider gave: without the key, which is for the provider alone.
    async fn fetch(&self, address: &str, stop: &CancellationToken) -> Result<Vec<u8>, ProviderError> {
        let url = Url::parse(address).map_err(|_| ProviderError::Broken("its picture has no address".into()))?;
        let mut request = Request::new(Method::GET, url);
        request.timeout = self.timeout();
        request.max_bytes = LARGEST_PICTURE;
        let answer = self.send(request, stop).await?;
        if answer.status.is_success() {
            return Ok(answer.body);
        }
        Err(ProviderError::Unavailable(format!(
            "its picture is answered with status {}",
            answer.status.as_u16()
        )))
    }

    async fn send(&self, request: Request, stop: &CancellationToken) -> Result<Answer, ProviderError> {
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(ProviderError::Cancelled),
            answer = self.inner.outgoing.send(request) => answer.map_err(ProviderError::from),
        }
    }

    fn refusal(&self, answer: &Answer) -> ProviderError {
        let now = self.inner.clock.now();
        openai::read_error(answer.status.as_u16(), &answer.headers, &answer.body, now)
    }

    /// The model that draws in a quality.
    pub fn model(&self, quality: Quality) -> &str {
        let settings = &self.inner.settings;
        match (quality, &settings.premium_model) {
            (Quality::Premium, Some(model)) => model,
            _ => &settings.model,
        }
    }

    /// What a picture costs at the provider, in millionths of a US dollar; 0 where its price is not known.
    pub fn cost_micros(&self, quality: Quality) -> i64 {
        let settings = &self.inner.settings;
        let price = match quality {
            Quality::Basic => settings.image_price,
            Quality::Premium => settings.premium_price,
        };
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        let micros = (price.unwrap_or(0.0) * 1_000_000.0).round() as i64;
        micros
    }

    /// What must never appear in a transcript or a log.
    pub(crate) fn secrets(&self) -> Vec<String> {
        secrets_of(&self.inner.secrets)
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs(self.inner.settings.timeout_seconds.into())
    }
}

/// A UUID of version 4, which Runware wants to know a task by.
fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// A picture, or where it is.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Bytes(Vec<u8>),
    At(String),
}

/// The body of OpenAI's `images/generations`: wide pictures, in the words of the model's family.
fn openai_body(model: &str, prompt: &str, quality: Quality) -> Value {
    let mut body = json!({ "model": model, "prompt": prompt, "n": 1 });
    let more = if model.starts_with("dall-e-2") {
        json!({ "size": "1024x1024", "response_format": "b64_json" })
    } else if model.starts_with("dall-e") {
        let quality = match quality {
            Quality::Basic => "standard",
            Quality::Premium => "hd",
        };
        json!({ "size": "1792x1024", "quality": quality, "response_format": "b64_json" })
    } else {
        let quality = match quality {
            Quality::Basic => "medium",
            Quality::Premium => "high",
        };
        json!({ "size": "1536x1024", "quality": quality, "output_format": "webp" })
    };
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}

/// Runware's list with one task. Sizes are multiples of 64.
fn runware_body(model: &str, prompt: &str, quality: Quality, task: &str) -> Value {
    let (width, height) = match quality {
        Quality::Basic => (1_216, 832),
        Quality::Premium => (1_536, 1_024),
    };
    // It refuses prompts of one or two characters.
    let prompt = format!("{prompt:3}");
    json!([{
        "taskType": "imageInference", "taskUUID": task, "model": model, "positivePrompt": prompt,
        "width": width, "height": height, "numberResults": 1, "outputType": "base64Data", "outputFormat": "WEBP",
        "includeCost": true, "safety": { "checkContent": true },
    }])
}

fn broken(why: &str) -> ProviderError {
    ProviderError::Broken(why.to_owned())
}

fn decoded(text: &str) -> Result<Found, ProviderError> {
    let text = text.split_once(";base64,").map_or(text, |(_, data)| data);
    let bytes = STANDARD
        .decode(text.trim())
        .map_err(|_| broken("its picture is not base64"))?;
    Ok(Found::Bytes(bytes))
}

fn read_openai(body: &[u8]) -> Result<Found, ProviderError> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| broken("it is not JSON"))?;
    if let Some(error) = openai::error_in(&answer) {
        return Err(error);
    }
    let first = &answer["data"][0];
    match (first["b64_json"].as_str(), first["url"].as_str()) {
        (Some(data), _) if !data.is_empty() => decoded(data),
        (_, Some(url)) if url.starts_with("data:") => decoded(url),
        (_, Some(url)) => Ok(Found::At(url.to_owned())),
        _ => Err(broken("it holds no picture")),
    }
}

fn read_runware(body: &[u8]) -> Result<Found, ProviderError> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| broken("it is not JSON"))?;
    if let Some(error) = answer["errors"].get(0) {
        let code = error["code"].as_str().unwrap_or_default();
        let said: String = error["message"].as_str().unwrap_or(code).chars().take(300).collect();
        return Err(match code {
            code if code.contains("Content") || code.contains("content") || code.contains("moderation") => {
                ProviderError::Refused(said)
            }
            "timeoutProvider" | "providerUnavailable" | "internalServerError" => ProviderError::Unavailable(said),
            code if code.contains("RateLimit") || code.contains("tooManyRequests") => {
                ProviderError::RateLimited { retry_after: None }
            }
            _ => ProviderError::NotAccepted(said),
        });
    }
    let first = &answer["data"][0];
    if first["NSFWContent"] == true {
        return Err(ProviderError::Refused(
            "the provider's content filter stopped it".into(),
        ));
    }
    let data = first["imageBase64Data"].as_str().or(first["imageDataURI"].as_str());
    match (data, first["imageURL"].as_str()) {
        (Some(data), _) => decoded(data),
        (None, Some(url)) => Ok(Found::At(url.to_owned())),
        _ => Err(broken("it holds no picture")),
    }
}

/// The account's provider of pictures; `None` when none is set up and enabled.
///
/// # Errors
/// When the database fails, or the stored settings cannot be used.
pub async fn configured<A: Access>(app: &App, scope: &AccountScope<A>) -> Result<Option<ImageProvider>, NotUsable> {
    let select = Select::new().equals("slot", "image_provider").equals("enabled", true);
    let rows = app.db.account(scope).list::<Integration>(select).await?;
    let row = rows.iter().find(|row| row.kind == IntegrationKind::ImageProvider);
    Ok(row.map(|row| ImageProvider::of(app, row)).transpose()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_in_the_words_of_the_model() {
        for (model, quality, size, says) in [
            ("gpt-image-1", Quality::Basic, "1536x1024", "medium"),
            ("gpt-image-1.5", Quality::Premium, "1536x1024", "high"),
            ("dall-e-3", Quality::Premium, "1792x1024", "hd"),
        ] {
            let body = openai_body(model, "A jar", quality);
            assert_eq!(
                (&body["size"], &body["quality"]),
                (&json!(size), &json!(says)),
                "{model}"
            );
            assert_eq!(
                body.get("response_format").is_some(),
                model.starts_with("dall-e"),
                "{model}"
            );
        }
        let task = &runware_body("runware:101@1", "A", Quality::Basic, "x")[0];
        assert!(task["positivePrompt"].as_str().unwrap().len() >= 3);
        assert!(
            task["width"].as_u64().unwrap().is_multiple_of(64) && task["height"].as_u64().unwrap().is_multiple_of(64)
        );
    }

    #[test]
    fn what_an_answer_says() {
        let bytes = Found::Bytes(b"PNG".to_vec());
        for (body, expected) in [
            (json!({ "data": [{ "b64_json": "UE5H" }] }), Ok(bytes)),
            (
                json!({ "data": [{ "url": "https://x.example/a" }] }),
                Ok(Found::At("https://x.example/a".into())),
            ),
            (json!({ "data": [] }), Err("broken")),
            (json!({ "data": [{ "b64_json": "?" }] }), Err("broken")),
        ] {
            let found = read_openai(body.to_string().as_bytes()).map_err(|error| error.code());
            assert_eq!(found, expected, "{body}");
        }
        for (body, expected) in [
            (
                json!({ "data": [{ "imageBase64Data": "UE5H" }] }),
                Ok(Found::Bytes(b"PNG".to_vec())),
            ),
            (
                json!({ "data": [{ "imageBase64Data": "UE5H", "NSFWContent": true }] }),
                Err("refused"),
            ),
            (
                json!({ "errors": [{ "code": "invalidModel", "message": "No such model" }] }),
                Err("not_accepted"),
            ),
            (
                json!({ "errors": [{ "code": "invalidProviderContent" }] }),
                Err("refused"),
            ),
            (json!({ "errors": [{ "code": "timeoutProvider" }] }), Err("unavailable")),
            (json!({}), Err("broken")),
        ] {
            let found = read_runware(body.to_string().as_bytes()).map_err(|error| error.code());
            assert_eq!(found, expected, "{body}");
        }
    }
}
