//! What visitors' browsers ask for: `POST /forms/<site>/<page>/<block>` sends a form, `GET` gives a token for it.
//!
//! An ordinary post is answered with a redirect to the site's own page of thanks, or with a page of the site's theme that has the form
//! in it as it was filled in. Who asks for JSON (the theme's script) gets JSON; scripts of other sites than the form's own may not
//! read it.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use igny8_data::{AccountId, DbError, RecordKey as _, SiteId, SurrealValue, Variables, Why};
use igny8_renderer::blocks::{Block, Form};
use igny8_renderer::forms::{self as pages, Problem, TOKEN};
use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Request, Response};
use serde_json::json;

use super::message::{self, Message, Sent};
use super::model::{self, SENDER_DAYS, Submission, SubmissionId, SubmissionStatus};
use super::settings::FormSettings;
use super::spam::{self, Sign, Way};
use super::token::{self, Token};
use super::{address, mails};
use crate::api::auth::client_ip;
use crate::api::rate_limit::network;
use crate::app::App;
use crate::features::content::ContentId;
use crate::features::publishing::address_of;
use crate::features::sites::Site;
use crate::visitors::{PublicSite, page_of};

/// What stands before site, page and block in addresses.
pub const PREFIX: &str = "/forms/";
/// Bytes that a form may send: the largest text in letters of four bytes, each written with percent signs, and some fields more.
const MOST_BYTES: usize = 160 << 10;
/// Messages of a site that are kept of one day. More are no conversation, and are refused.
const MOST_A_DAY: usize = 1_000;
/// Spam of a site that is kept of one day. More is thrown away.
const MOST_SPAM_A_DAY: usize = 300;
/// Messages that are mailed in an hour; the others wait in the list.
const MAILED_AN_HOUR: usize = 30;

/// A form of a page, as it was found.
struct Found {
    site: Site,
    content: ContentId,
    title: String,
    language: String,
    number: usize,
    form: Form,
}

/// How the asker wants to be told.
struct Asker {
    /// A script: it reads JSON.
    json: bool,
    /// Its `Origin`, if it is one of the site's own.
    own: Option<HeaderValue>,
    /// It says that it is another site's.
    foreign: bool,
    sender: String,
}

/// Answers a request for `rest`, what follows [`PREFIX`].
pub async fn serve(app: &App, rest: &str, req: &mut Request) -> Response {
    let mut response = match find(app, rest, req).await {
        Ok((found, asker)) => {
            let mut response = answer(app, &found, &asker, req).await;
            let headers = response.headers_mut();
            headers.append(header::VARY, HeaderValue::from_static("Origin, Accept"));
            if let Some(own) = asker.own {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, own);
            }
            response
        }
        Err(status) => plain(status),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-robots-tag", "noindex, nofollow"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let bare = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(bare);
    response
}

/// The form that is meant, and who asks.
async fn find(app: &App, rest: &str, req: &Request) -> Result<(Found, Asker), StatusCode> {
    let mut parts = rest.split('/');
    let site = parts.next().and_then(|part| part.parse::<SiteId>().ok());
    let content = parts.next().and_then(|part| part.parse::<ContentId>().ok());
    let number = parts.next().and_then(|part| part.parse::<usize>().ok());
    let (Some(site), Some(content), Some(number), None) = (site, content, number, parts.next()) else {
        return Err(StatusCode::NOT_FOUND);
    };
    let sender = client_ip(req, app.config.http.trusted_proxies);
    let sender = sender.map(|ip| network(&ip.to_string())).unwrap_or_default();
    // Before the database is asked for anything.
    if app.limits.form_sender(&site.to_string(), &sender).is_err() {
        return Err(StatusCode::TOO_MANY_REQUESTS);
    }
    let failed = |error: DbError| {
        tracing::warn!(%error, "cannot find a form");
        StatusCode::SERVICE_UNAVAILABLE
    };
    let found = read(app, site, content, number).await.map_err(failed)?;
    let found = found.ok_or(StatusCode::NOT_FOUND)?;
    let origin = req.headers().get(header::ORIGIN).cloned();
    // Browsers write `null` where a page keeps its address to itself.
    let origin = origin.filter(|origin| origin.as_bytes() != b"null");
    let owns = |origin: &HeaderValue| {
        let own = [address_of(app, &found.site), app.config.public_url()];
        own.iter()
            .filter_map(|url| origin_of(url))
            .any(|own| own.as_bytes() == origin.as_bytes())
    };
    let accept = req.header(header::ACCEPT).unwrap_or_default();
    let asker = Asker {
        json: accept.contains("application/json"),
        foreign: origin.as_ref().is_some_and(|origin| !owns(origin)),
        own: origin.filter(owns),
        sender,
    };
    Ok((found, asker))
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Page {
    account: AccountId,
    title: String,
    language: String,
    blocks: Vec<serde_json::Value>,
}

async fn read(app: &App, site: SiteId, content: ContentId, number: usize) -> Result<Option<Found>, DbError> {
    let mut binds = Variables::new();
    binds.insert("site", site);
    binds.insert("page", content);
    let sql = "SELECT * FROM ONLY $site WHERE deleted_at IS NONE AND account.status != 'cancelled';\
               SELECT account, title, language, blocks FROM ONLY $page WHERE site = $site AND deleted_at IS NONE;";
    let platform = app.db.platform(Why::Visitor);
    let mut answer = platform.query(sql, binds, "finding a form").await?;
    let (site, page) = (answer.one::<Site>(0)?, answer.one::<Page>(1)?);
    let (Some(site), Some(page)) = (site, page) else {
        return Ok(None);
    };
    if page.account != site.account {
        return Ok(None);
    }
    let own = |(n, value): (usize, serde_json::Value)| match serde_json::from_value(value) {
        Ok(Block::Form(form)) if form.action.trim().is_empty() => Some((n + 1, form)),
        _ => None,
    };
    let mut forms: Vec<(usize, Form)> = page.blocks.into_iter().enumerate().filter_map(own).collect();
    // The page may have changed since the visitor read it; then its first form is the best guess.
    let at = forms.iter().position(|(n, _)| *n == number).unwrap_or(0);
    if forms.is_empty() {
        return Ok(None);
    }
    let (number, form) = forms.swap_remove(at);
    Ok(Some(Found {
        site,
        content,
        title: page.title,
        language: page.language,
        number,
        form,
    }))
}

async fn answer(app: &App, found: &Found, asker: &Asker, req: &mut Request) -> Response {
    match *req.method() {
        Method::GET | Method::HEAD => {
            let id: SubmissionId = app.db.ids().make();
            let text = token::make(app.db.keys(), id, found.site.id, found.content);
            json_answer(
                StatusCode::OK,
                json!({ "token": text, "wait_ms": token::LEAST, "life_ms": token::MOST }),
            )
        }
        Method::OPTIONS => {
            let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
            let headers = response.headers_mut();
            headers.insert(
                header::ACCESS_CONTROL_ALLOW_METHODS,
                HeaderValue::from_static("GET, POST"),
            );
            headers.insert(
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                HeaderValue::from_static("Accept, Content-Type"),
            );
            response
        }
        Method::POST => match posted(app, found, asker, req).await {
            Ok(()) => sent(app, found, asker).await,
            Err(Refused::Form(sent, problems)) => again(app, found, asker, &sent, &problems, None).await,
            Err(Refused::Busy(sent)) => again(app, found, asker, &sent, &HashMap::new(), Some("form_wait")).await,
            Err(Refused::Failed(sent)) => again(app, found, asker, &sent, &HashMap::new(), Some("form_failed")).await,
            Err(Refused::Status(status)) => plain(status),
        },
        _ => {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED);
            response
                .headers_mut()
                .insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
            response
        }
    }
}

/// Why a message was not taken.
enum Refused {
    Form(Sent, HashMap<String, Problem>),
    Busy(Sent),
    Failed(Sent),
    Status(StatusCode),
}

async fn posted(app: &App, found: &Found, asker: &Asker, req: &mut Request) -> Result<(), Refused> {
    let kind = req.content_type().unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(Refused::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let bytes = req.take_body().into_bytes_limit(MOST_BYTES).await;
    let bytes = bytes.map_err(|error| {
        Refused::Status(match error {
            poem::error::ReadBodyError::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        })
    })?;
    let sent = Sent::read(&bytes);
    let site = found.site.id;
    if app.limits.form_site(&site.to_string()).is_err() {
        return Err(Refused::Busy(sent));
    }
    let now = app.db.clock().now();
    let way = Way {
        trapped: message::is_trapped(&found.form, &sent),
        token: token::read(app.db.keys(), sent.get(TOKEN), site, found.content, now),
        foreign: asker.foreign,
    };
    let message = match message::read(&found.form, &sent) {
        Ok(message) => message,
        // A program is told nothing of what it did wrong.
        Err(_) if way.trapped => return Ok(()),
        Err(problems) => return Err(Refused::Form(sent, problems)),
    };
    let signs = spam::signs(&message, &way);
    match keep(app, found, asker, &way, (message, &signs), now).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Refused::Busy(sent)),
        Err(error) => {
            tracing::error!(%error, %site, "a visitor's message could not be stored");
            Err(Refused::Failed(sent))
        }
    }
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct OfToday {
    status: SubmissionStatus,
    mailed: bool,
    created_at: DateTime<Utc>,
}

/// Stores a message and queues its mails; false when the site has had too many today.
async fn keep(
    app: &App,
    found: &Found,
    asker: &Asker,
    way: &Way,
    (message, signs): (Message, &[Sign]),
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let site = &found.site;
    let platform = app.db.platform(Why::Visitor);
    let mut binds = Variables::new();
    binds.insert("site", site.id);
    binds.insert("account", site.account);
    binds.insert("day", now - Duration::days(1));
    let sql = format!(
        "SELECT status, mailed, created_at FROM submission WHERE site = $site AND created_at > $day AND account = $account \
         LIMIT {};",
        MOST_A_DAY + MOST_SPAM_A_DAY
    );
    let mut answer = platform.query(&sql, binds, "counting messages").await?;
    let today: Vec<OfToday> = answer.rows(0)?;
    let spam = today.iter().filter(|row| row.status == SubmissionStatus::Spam).count();
    let is_spam = spam::is_spam(signs);
    if is_spam && spam >= MOST_SPAM_A_DAY {
        return Ok(true);
    }
    if !is_spam && today.len() - spam >= MOST_A_DAY {
        return Ok(false);
    }
    let hour = now - Duration::hours(1);
    let mailed = today.iter().filter(|row| row.mailed && row.created_at > hour).count();
    let settings = FormSettings::of(site);
    let to = match is_spam || mailed >= MAILED_AN_HOUR {
        true => Vec::new(),
        false => settings.recipients(site),
    };
    let status = match is_spam {
        true => SubmissionStatus::Spam,
        false => SubmissionStatus::New,
    };
    let day = now.format("%F");
    let known_by = format!("{}/{day}/{}", site.id, asker.sender);
    let row = Submission {
        id: match way.token {
            Token::Good(id) | Token::Early(id) => id,
            Token::Missing | Token::Worthless => same_today(app, found, &known_by, &message, now),
        },
        account: site.account,
        site: site.id,
        content: Some(found.content),
        page: found.title.clone(),
        language: found.language.clone(),
        status,
        text: message.text(),
        email: message.email,
        consent: message.consent,
        fields: message.entries,
        signs: signs.iter().map(|sign| sign.word().to_owned()).collect(),
        sender: Some(hash(app, "sender", &known_by)[..32].to_owned()),
        sender_until: Some(now + Duration::days(SENDER_DAYS)),
        mailed: !to.is_empty(),
        expires_at: model::expires(now, status, &settings),
        rev: 1,
        created_at: now,
        updated_at: now,
    };
    let id = row.id;
    let mut tx = platform.tx(site.account, Some(site.id));
    tx.create(row);
    for to in to {
        tx.enqueue(mails::job_of(id, to));
    }
    match tx.commit().await {
        Ok(_) => Ok(true),
        // Sent twice: by an impatient finger, or by a browser that was asked to load the page again.
        Err(DbError::Duplicate { index }) if index == SubmissionId::TABLE => Ok(true),
        Err(error) => Err(error),
    }
}

fn hash(app: &App, what: &str, of: &str) -> String {
    app.db.keys().hash_secret(&format!("form {what}/{of}"))
}

/// The id of a message without a token: the same for the same words from the same sender on one day, so that it is stored once.
fn same_today(app: &App, found: &Found, known_by: &str, message: &Message, now: DateTime<Utc>) -> SubmissionId {
    let all = serde_json::to_string(&message.entries).unwrap_or_default();
    let hash = hash(app, "message", &format!("{known_by}/{}/{all}", found.content));
    let words = u128::from_str_radix(&hash[..20], 16).unwrap_or_default();
    let midnight = now.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    let millis = u64::try_from(midnight.timestamp_millis()).unwrap_or_default();
    SubmissionId::from_ulid(igny8_data::ids::Ulid::from_parts(millis, words))
}

/// The way on after a message was taken.
async fn sent(app: &App, found: &Found, asker: &Asker) -> Response {
    if asker.json {
        return json_answer(StatusCode::OK, json!({ "status": "sent" }));
    }
    let path = format!("{}{}", home_of(found), pages::SENT);
    let there = page_of(app, public(found), &path).await.is_some();
    if !there {
        // A preview of a site that was never deployed.
        let head = word(app, found, "form_sent").await;
        let text = word(app, found, "form_sent_text").await;
        let html = format!("<h1>{}</h1>\n<p>{}</p>", escaped(&head), escaped(&text));
        return document(StatusCode::OK, found, &head, &html);
    }
    let mut response = plain(StatusCode::SEE_OTHER);
    let to = format!("{}{path}", address_of(app, &found.site));
    if let Ok(to) = HeaderValue::from_str(&to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

/// The form again, with what is wrong.
async fn again(
    app: &App,
    found: &Found,
    asker: &Asker,
    sent: &Sent,
    problems: &HashMap<String, Problem>,
    general: Option<&'static str>,
) -> Response {
    let status = match general {
        None => StatusCode::UNPROCESSABLE_ENTITY,
        Some("form_wait") => StatusCode::TOO_MANY_REQUESTS,
        Some(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    if asker.json {
        let errors: Vec<serde_json::Value> = problems
            .iter()
            .map(|(field, problem)| json!({ "field": field, "code": problem }))
            .collect();
        return json_answer(
            status,
            json!({ "code": general.unwrap_or("invalid"), "errors": errors }),
        );
    }
    let general = match general {
        Some(key) => Some(word(app, found, key).await),
        None => None,
    };
    // Whoever has read what is wrong needs no more than a moment to mend it, and has no script to ask for a token.
    let id: SubmissionId = app.db.ids().make();
    let filled = pages::Filled {
        values: sent.values(),
        problems: problems
            .iter()
            .map(|(name, problem)| (name.as_str(), *problem))
            .collect(),
        words: HashMap::new(),
        general,
        token: Some(token::make(app.db.keys(), id, found.site.id, found.content)),
    };
    let base = address_of(app, &found.site);
    let privacy = found.site.organisation["privacy_url"]
        .as_str()
        .map(|url| match url.starts_with('/') {
            true => format!("{base}{url}"),
            false => url.to_owned(),
        });
    let privacy = privacy.filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    let server = address(&app.config, found.site.id);
    let action = pages::action(&server, &found.content.to_string(), found.number);
    let theme = theme_of(app, found).await;
    let form = theme.as_ref().map(|theme| {
        let at = (action.as_str(), found.language.as_str());
        pages::html(theme, &found.form, found.number, at, privacy.as_deref(), filled)
    });
    let Some(Ok(form)) = form else {
        tracing::error!(site = %found.site.id, "a theme cannot show a form");
        return plain(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let path = format!("{}{}", home_of(found), pages::UNSENT);
    match page_of(app, public(found), &path).await {
        Some(page) if page.contains(pages::SLOT) => framed(status, &page.replacen(pages::SLOT, &form, 1), &base),
        _ => {
            let head = word(app, found, "form_problem").await;
            document(status, found, &head, &format!("<h1>{}</h1>\n{form}", escaped(&head)))
        }
    }
}

/// A page of the site, given out by this server: what it loads comes from where the site is.
fn framed(status: StatusCode, page: &str, base: &str) -> Response {
    let origin = origin_of(base).unwrap_or_default();
    let mut page = page.to_owned();
    for name in ["href", "src", "srcset"] {
        page = page.replace(&format!(" {name}=\"/"), &format!(" {name}=\"{origin}/"));
    }
    let policy = format!(
        "default-src 'none'; img-src {origin} http: https: data:; style-src {origin}; script-src {origin}; \
         font-src {origin}; connect-src 'self'; form-action 'self' https:; base-uri 'none'; frame-ancestors 'none'"
    );
    let mut response = html(status, page);
    set(response.headers_mut(), header::CONTENT_SECURITY_POLICY, &policy);
    response
}

/// A page without a theme.
fn document(status: StatusCode, found: &Found, title: &str, body: &str) -> Response {
    let (lang, title) = (escaped(&found.language), escaped(title));
    let text = format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    );
    let mut response = html(status, text);
    let policy = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    set(response.headers_mut(), header::CONTENT_SECURITY_POLICY, policy);
    response
}

fn html(status: StatusCode, text: String) -> Response {
    Response::builder()
        .status(status)
        .content_type("text/html; charset=utf-8")
        .body(text)
}

fn json_answer(status: StatusCode, body: serde_json::Value) -> Response {
    Response::builder()
        .status(status)
        .content_type("application/json")
        .body(body.to_string())
}

fn plain(status: StatusCode) -> Response {
    crate::visitors::answer::plain(status)
}

fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn public(found: &Found) -> PublicSite {
    PublicSite {
        id: found.site.id,
        account: found.site.account,
        slug: found.site.slug.clone(),
        domain: found.site.domain.clone(),
    }
}

/// Path of the home page in the page's language.
fn home_of(found: &Found) -> String {
    match found.language == found.site.language {
        true => "/".to_owned(),
        false => format!("/{}/", found.language),
    }
}

async fn theme_of(app: &App, found: &Found) -> Option<std::sync::Arc<igny8_renderer::Theme>> {
    let (held, name) = (app.clone(), found.site.theme.clone());
    let theme = tokio::task::spawn_blocking(move || held.renders.theme(&name)).await;
    theme.ok().and_then(Result::ok)
}

/// A word of the site's theme in the page's language.
async fn word(app: &App, found: &Found, key: &str) -> String {
    match theme_of(app, found).await {
        Some(theme) => pages::word(&theme, &found.language, key),
        None => String::new(),
    }
}

fn origin_of(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    Some(url.origin().ascii_serialization())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
