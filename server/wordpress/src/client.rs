//! One request to a WordPress and what its answer means.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{self, HeaderMap, HeaderName};
use http::{HeaderValue, Method};
use igny8_outgoing::{Answer, Outgoing, Request, secret_header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{CONTENT_TOO_LARGE, OF_UPLOADS};
use crate::lenient::List;
use crate::{ApiRoot, WordPressError};

/// What one object, or a list of small ones, may be: 8 MB.
pub(crate) const OBJECT: usize = 8 << 20;
/// What a page of posts may be, with their whole texts: 32 MB.
pub(crate) const LIST: usize = 32 << 20;
/// How long WordPress may take. A write calls whatever plugins hang on it, so it gets as long as PHP is given by most hosts.
const PATIENCE: Duration = Duration::from_secs(60);
/// Objects of a list that are believed: a site that says that it has more would be read for ever.
const MOST: u64 = 5_000_000;
/// The longest time to come back after that is believed.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);
/// As much of a message as is repeated to a user.
const MESSAGE: usize = 300;

/// A user name and an application password (Users → Profile → Application Passwords).
#[derive(Clone)]
pub struct Credentials {
    user: String,
    password: String,
}

impl Credentials {
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            password: password.into(),
        }
    }

    /// The value of the `Authorization` header, kept out of logs.
    fn header(&self) -> Result<HeaderValue, WordPressError> {
        if self.user.is_empty() || self.user.contains(':') || self.user.chars().any(char::is_control) {
            return Err(WordPressError::Credentials {
                message: "a user name must not be empty nor contain a colon".into(),
            });
        }
        let both = format!("{}:{}", self.user, self.password);
        let encoded = base64::engine::general_purpose::STANDARD.encode(both);
        secret_header(&format!("Basic {encoded}")).ok_or(WordPressError::NotAuthenticated)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// A WordPress site, as one of its users. Cheap to clone.
#[derive(Clone)]
pub struct WordPress {
    outgoing: Outgoing,
    root: ApiRoot,
    authorization: HeaderValue,
}

impl fmt::Debug for WordPress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WordPress")
            .field("root", &self.root.to_string())
            .finish_non_exhaustive()
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// Fewer than asked for also where more follow: WordPress counts what the user may not see, and leaves it out.
    pub items: Vec<T>,
    /// How many there are in all, when the site says so.
    pub total: Option<u64>,
    /// Whether more follow, `limit` further on.
    pub more: bool,
    /// The site's clock when it answered, when it says so.
    pub at: Option<DateTime<Utc>>,
}

/// What is sent.
pub(crate) enum Sent<'a> {
    Nothing,
    Json(&'a Value),
    Form { content_type: String, body: Bytes },
}

impl WordPress {
    /// For a root that is known; asks nothing.
    ///
    /// # Errors
    /// [`WordPressError::Credentials`] when user and password cannot be sent.
    pub fn new(outgoing: Outgoing, root: ApiRoot, credentials: &Credentials) -> Result<Self, WordPressError> {
        let authorization = credentials.header()?;
        Ok(Self {
            outgoing,
            root,
            authorization,
        })
    }

    pub fn root(&self) -> &ApiRoot {
        &self.root
    }

    pub(crate) fn outgoing(&self) -> &Outgoing {
        &self.outgoing
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        route: &str,
        query: &[(&str, &str)],
        sent: Sent<'_>,
        max_bytes: usize,
    ) -> Result<Answer, WordPressError> {
        let mut request = Request::new(method, self.root.route(route, query));
        request.max_bytes = max_bytes;
        request.timeout = PATIENCE;
        request
            .headers
            .insert(header::AUTHORIZATION, self.authorization.clone());
        request
            .headers
            .insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let (content_type, body) = match sent {
            Sent::Nothing => (None, None),
            Sent::Json(value) => (Some("application/json".to_owned()), Some(value.to_string().into())),
            Sent::Form { content_type, body } => {
                // At 100 kB a second an upload is slow, and not yet lost.
                request.timeout += Duration::from_secs(u64::try_from(body.len() / 100_000).unwrap_or(0));
                (Some(content_type), Some(body))
            }
        };
        if let Some(content_type) = content_type.and_then(|text| HeaderValue::try_from(text).ok()) {
            request.headers.insert(header::CONTENT_TYPE, content_type);
        }
        request.body = body;
        let own = self.root.url().origin().ascii_serialization();
        match self.outgoing.send(request).await.map_err(WordPressError::from) {
            Ok(answer) => checked(answer, &self.root),
            Err(WordPressError::Redirected(to)) if to == own => Err(WordPressError::RedirectedWithin),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        route: &str,
        query: &[(&str, &str)],
        max_bytes: usize,
    ) -> Result<T, WordPressError> {
        let answer = self.send(Method::GET, route, query, Sent::Nothing, max_bytes).await?;
        read(&answer, &self.root)
    }

    /// `limit` (1 to 100) objects of a list, without the first `offset`.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        route: &str,
        query: &[(&str, &str)],
        (offset, limit): (u64, u8),
        max_bytes: usize,
    ) -> Result<Page<T>, WordPressError> {
        let limit = u64::from(limit.clamp(1, 100));
        let (from, most) = (offset.to_string(), limit.to_string());
        let mut query = query.to_vec();
        query.extend([("per_page", &*most), ("offset", &*from)]);
        let answer = self.send(Method::GET, route, &query, Sent::Nothing, max_bytes).await?;
        let List(mut items) = read::<List<T>>(&answer, &self.root)?;
        // Those beyond come with the next part, also where a plugin sends as many as it likes.
        items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        // Behind the last one WordPress counts none at all.
        let total = total(&answer.headers).filter(|total| *total > 0 || offset == 0);
        let next = offset.saturating_add(limit);
        Ok(Page {
            more: match total {
                Some(total) => next < total.min(MOST),
                None => next < MOST && u64::try_from(items.len()).is_ok_and(|count| count == limit),
            },
            items,
            total,
            at: date(&answer.headers),
        })
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        route: &str,
        query: &[(&str, &str)],
        body: &impl Serialize,
    ) -> Result<T, WordPressError> {
        let body = serde_json::to_value(body).map_err(|error| WordPressError::Garbled(error.to_string()))?;
        let answer = self.send(Method::POST, route, query, Sent::Json(&body), OBJECT).await?;
        read(&answer, &self.root)
    }
}

/// The total of a list, of its header.
pub(crate) fn total(headers: &HeaderMap) -> Option<u64> {
    let header = headers.get(HeaderName::from_static("x-wp-total"))?;
    header.to_str().ok()?.trim().parse().ok()
}

fn date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let text = headers.get(header::DATE)?.to_str().ok()?;
    DateTime::parse_from_rfc2822(text).ok().map(|time| time.to_utc())
}

/// Reads a success.
pub(crate) fn read<T: DeserializeOwned>(answer: &Answer, root: &ApiRoot) -> Result<T, WordPressError> {
    let body = json_part(&answer.body);
    let error = match serde_json::from_slice(body) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    if let Some(page) = page(&answer.body) {
        return Err(page.instead_of_data(root));
    }
    // Only the kind and the place: the text may be of somebody's page.
    let why = match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Data => "it is not what WordPress documents",
        _ => "it is not JSON",
    };
    Err(WordPressError::Garbled(why.into()))
}

/// The JSON of an answer into which PHP printed a warning, or that begins with a byte order mark.
fn json_part(body: &[u8]) -> &[u8] {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    // JSON of WordPress has neither a slash nor a line break that is not escaped, so the last of these ends a warning.
    const END: &[u8] = b"<br />\n";
    if body.first() == Some(&b'<')
        && let Some(at) = body.windows(END.len()).rposition(|window| window == END)
    {
        return body[at + END.len()..].trim_ascii();
    }
    body
}

/// A web page that came instead of data.
enum HtmlPage {
    Login,
    Other,
}

impl HtmlPage {
    fn instead_of_data(self, root: &ApiRoot) -> WordPressError {
        match self {
            Self::Login => WordPressError::LoginPage,
            Self::Other => WordPressError::NotWordPress(root.to_string()),
        }
    }
}

fn page(body: &[u8]) -> Option<HtmlPage> {
    let start = body[..body.len().min(1024)].trim_ascii_start();
    if start.first() != Some(&b'<') {
        return None;
    }
    let text = String::from_utf8_lossy(&body[..body.len().min(256 << 10)]).to_ascii_lowercase();
    let asks = [
        "type=\"password\"",
        "type='password'",
        "type=password",
        "id=\"loginform\"",
    ];
    Some(if asks.iter().any(|sign| text.contains(sign)) {
        HtmlPage::Login
    } else {
        HtmlPage::Other
    })
}

/// An error as WordPress sends it.
#[derive(serde::Deserialize)]
struct Refusal {
    #[serde(deserialize_with = "crate::lenient::text")]
    code: String,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    message: String,
    #[serde(default, deserialize_with = "crate::lenient::object")]
    data: serde_json::Map<String, Value>,
}

impl Refusal {
    /// Whether WordPress refuses what was sent, though the status says that it failed.
    fn is_final(&self) -> bool {
        FINAL.contains(&self.code.as_str()) || self.code.starts_with(OF_UPLOADS)
    }
}

/// What WordPress refuses with status 500 or 501, as if it had failed: terms, and a bin where there is none.
const FINAL: [&str; 5] = [
    "duplicate_term_slug",
    "empty_term_name",
    "invalid_term",
    "missing_parent",
    "rest_trash_not_supported",
];

/// What WordPress answers, with 404, about objects that are not there: posts of any type and media, terms, users. Other codes are
/// of plugins, gateways or routes, and say nothing about one object.
const NOT_THERE: [&str; 3] = ["rest_post_invalid_id", "rest_term_invalid", "rest_user_invalid_id"];

/// What WordPress answers, with 404, when it has no such post type or taxonomy for us.
const NO_ROUTE: [&str; 3] = ["rest_no_route", "rest_type_invalid", "rest_taxonomy_invalid"];

/// Lets successes through and sorts everything else.
pub(crate) fn checked(answer: Answer, root: &ApiRoot) -> Result<Answer, WordPressError> {
    if answer.status.is_success() {
        return Ok(answer);
    }
    let status = answer.status.as_u16();
    let refusal = serde_json::from_slice::<Refusal>(json_part(&answer.body)).ok();
    let after = retry_after(&answer.headers);
    if status == 429 || (status == 503 && after.is_some()) {
        return Err(WordPressError::Busy { status, after });
    }
    if status >= 500 && !refusal.as_ref().is_some_and(Refusal::is_final) {
        let message = refusal.map(|refusal| shortened(&refusal.message)).unwrap_or_default();
        return Err(WordPressError::Server { status, message });
    }
    let Some(Refusal { code, message, data }) = refusal else {
        return Err(match (status, page(&answer.body)) {
            (_, Some(HtmlPage::Login)) => WordPressError::LoginPage,
            (401 | 403 | 405 | 406 | 409 | 418 | 451, _) => WordPressError::Firewalled { status },
            (408 | 425, _) => WordPressError::Busy { status, after },
            (404 | 410, _) => WordPressError::NotWordPress(root.to_string()),
            (300..=399, _) => WordPressError::Redirected(root.url().origin().ascii_serialization()),
            (CONTENT_TOO_LARGE, _) => WordPressError::too_large(
                "the web server takes no request of this size; raise its limit (client_max_body_size of nginx, \
                 LimitRequestBody of Apache)",
            ),
            _ => WordPressError::Refused {
                status,
                code: "unknown".into(),
                message: String::new(),
            },
        });
    };
    let (code, message) = (code.chars().take(100).collect::<String>(), shortened(&message));
    let term = data.get("term_id").and_then(crate::lenient::as_number);
    if let ("term_exists", Some(id)) = (code.as_str(), term) {
        return Err(WordPressError::TermExists(id));
    }
    let status = forbidden_parameter(&data).unwrap_or(status);
    Err(match (status, code.as_str()) {
        // Whom it does not know WordPress answers so, also after a wrong password; some versions name what is wrong with it.
        (401, code) if code.starts_with("rest_") => WordPressError::NotAuthenticated,
        (401, _) => WordPressError::Credentials { message },
        (403, _) => WordPressError::Forbidden { code, message },
        (404, code) if NO_ROUTE.contains(&code) => WordPressError::NoRoute,
        (404, code) if NOT_THERE.contains(&code) => WordPressError::Gone,
        // A post that is in the bin was to be thrown away; 410 has no other meaning in WordPress.
        (410, "rest_already_trashed") => WordPressError::Gone,
        _ => WordPressError::Refused { status, code, message },
    })
}

/// 401 or 403 where the refusal is of a parameter that only some users may give: WordPress answers 400, and says inside who may.
fn forbidden_parameter(data: &serde_json::Map<String, Value>) -> Option<u16> {
    let details = data.get("details")?.as_object()?.values();
    let mut statuses = details.filter_map(|of| of.pointer("/data/status")?.as_u64()?.try_into().ok());
    statuses.find(|status| matches!(status, 401 | 403))
}

/// A message without markup, in a length that can be shown.
fn shortened(message: &str) -> String {
    let mut text = String::new();
    for token in html5gum::Tokenizer::new(message).flatten() {
        if let html5gum::Token::String(part) = token {
            text.push_str(&String::from_utf8_lossy(&part));
        }
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown: String = text.chars().filter(|c| !c.is_control()).take(MESSAGE).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// When to come back: seconds, or a date, which is taken by the site's own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let after = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let then = DateTime::parse_from_rfc2822(text).ok()?.to_utc();
            (then - date(headers)?).to_std().unwrap_or_default()
        }
    };
    Some(after.min(LONGEST_WAIT))
}
