//! A site as it would look with its drafts, for whoever has a signed link: `/preview/<token>/…`.
//!
//! Nothing is written to the disk: the page that is asked for is rendered when it is asked for, from a snapshot that is kept
//! until something of the site changes. Pages reload by themselves then. The link is signed with the installation's key and
//! names its end, so it is in no table; search engines are told to stay away, and nothing is cached or sent on as a referrer.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use igny8_data::tokens::Keys;
use igny8_data::{AccountId, Denied, Read, SiteId, SiteScope, Variables, Why};
use igny8_renderer::{OutFile, Theme, paths, render_part, site as out};
use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{IntoResponse, Request, Response};
use tokio::sync::Semaphore;

use super::answer::{self, CONTENT_SECURITY_POLICY};
use super::path::SitePath;
use super::release::Opened;
use crate::app::App;
use crate::features::builder::{self, SiteBlueprint, SiteBlueprintId};
use crate::features::forms;
use crate::features::media::MediaStore;
use crate::features::publishing::snapshot;
use crate::features::sites::model::Site;

/// What stands before the token in addresses.
pub const PREFIX: &str = "/preview/";
/// Sites whose snapshots are kept.
const KEPT: usize = 4;
/// Pages rendered at once.
const AT_ONCE: usize = 2;
/// Whether something changed is asked at most this often for each site.
const LOOK: Duration = Duration::from_millis(700);
/// How long a question whether something changed is held open.
const HELD: Duration = Duration::from_secs(20);
const SCRIPT: &str = include_str!("preview.js");

/// What a link allows: to see a site of an account until some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub account: AccountId,
    pub site: SiteId,
    pub until: DateTime<Utc>,
    /// The plan that it is shown with: planned pages without a text stand there as placeholders.
    pub plan: Option<SiteBlueprintId>,
}

impl Link {
    /// The signed text that stands in the address.
    pub fn token(&self, keys: &Keys) -> String {
        let name = self.name();
        format!("{name}.{}", keys.link_secret(&format!("preview/{name}")))
    }

    /// Reads a token; `None` if it was not made here or its time is over.
    pub fn read(keys: &Keys, token: &str, now: DateTime<Utc>) -> Option<Self> {
        let (name, secret) = token.rsplit_once('.')?;
        if !keys.is_link_secret(&format!("preview/{name}"), secret) {
            return None;
        }
        let mut parts = name.split('.');
        let link = Self {
            account: parts.next()?.parse().ok()?,
            site: parts.next()?.parse().ok()?,
            until: DateTime::from_timestamp(parts.next()?.parse().ok()?, 0)?,
            plan: match parts.next() {
                Some(plan) => Some(plan.parse().ok()?),
                None => None,
            },
        };
        (link.until > now && parts.next().is_none()).then_some(link)
    }

    fn name(&self) -> String {
        let name = format!("{}.{}.{}", self.account, self.site, self.until.timestamp());
        match self.plan {
            Some(plan) => format!("{name}.{plan}"),
            None => name,
        }
    }
}

/// Snapshots of sites that somebody looks at.
pub struct Previews {
    kept: Mutex<VecDeque<Kept>>,
    turns: Semaphore,
}

impl Default for Previews {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            turns: Semaphore::new(AT_ONCE),
        }
    }
}

struct Kept {
    token: String,
    looked: Instant,
    shown: Arc<Shown>,
}

/// A site with its drafts.
struct Shown {
    /// Changes when anything of the site does.
    version: String,
    site: out::Site,
    theme: Arc<Theme>,
    /// Files that were made since somebody looks at this version.
    made: Mutex<HashMap<String, OutFile>>,
}

/// Files kept of one version.
const MADE: usize = 500;

impl Shown {
    /// What stands at a site path. A page is made together with the theme's files, which are asked for next.
    fn file(&self, path: &str) -> Option<OutFile> {
        let made = || self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let name = paths::file_of(path);
        if let Some(file) = made().get(&name) {
            return Some(file.clone());
        }
        let files = render_part(&self.site, &self.theme, path);
        let file = files.get(&name).cloned();
        let mut made = made();
        if made.len() >= MADE {
            made.clear();
        }
        made.extend(files);
        file
    }
}

impl Previews {
    fn kept(&self, token: &str, fresh: impl Fn(&Kept) -> bool) -> Option<Arc<Shown>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|k| k.token == token).filter(|k| fresh(k))?;
        Some(Arc::clone(&found.shown))
    }

    fn keep(&self, token: &str, shown: &Arc<Shown>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|k| k.token != token);
        kept.push_back(Kept {
            token: token.to_owned(),
            looked: Instant::now(),
            shown: Arc::clone(shown),
        });
        while kept.len() > KEPT {
            kept.pop_front();
        }
    }
}

/// Why there is nothing to show.
enum Nothing {
    /// Also whatever may not be seen.
    Here,
    Failed(String),
}

impl From<Denied> for Nothing {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Db(error) => Self::Failed(error.to_string()),
            _ => Self::Here,
        }
    }
}

impl From<igny8_data::DbError> for Nothing {
    fn from(error: igny8_data::DbError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Answers a request for `rest`, what follows [`PREFIX`].
pub async fn serve(app: &App, rest: &str, req: &Request) -> Response {
    let mut response = match find(app, rest, req).await {
        Ok(response) => response,
        Err(Nothing::Here) => answer::plain(StatusCode::NOT_FOUND),
        Err(Nothing::Failed(why)) => {
            tracing::error!(%why, "cannot show a preview");
            answer::plain(StatusCode::INTERNAL_SERVER_ERROR)
        }
    };
    let headers = response.headers_mut();
    for (name, value) in [
        ("cache-control", "private, no-store"),
        ("x-robots-tag", "noindex, nofollow"),
        // The address is the secret.
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", CONTENT_SECURITY_POLICY),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn find(app: &App, rest: &str, req: &Request) -> Result<Response, Nothing> {
    if !matches!(*req.method(), Method::GET | Method::HEAD) {
        return Ok(answer::plain(StatusCode::METHOD_NOT_ALLOWED));
    }
    let (token, raw) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let link = Link::read(app.db.keys(), token, app.db.clock().now()).ok_or(Nothing::Here)?;
    let base = format!("{PREFIX}{token}");
    if raw.is_empty() {
        return Ok(answer::moved(&format!("{base}/"), req.uri().query()));
    }
    match raw {
        "/~preview.js" => {
            return Ok(Response::builder()
                .content_type("text/javascript; charset=utf-8")
                .body(SCRIPT));
        }
        "/~changed" => return changed(app, &link, req.uri().query().unwrap_or_default()).await,
        _ => {}
    }
    let path = SitePath::parse(raw).ok_or(Nothing::Here)?;
    let shown = shown(app, token, &link).await?;
    let wanted = path.plain();
    if let Some(media) = shown.site.media.iter().find(|media| media.path == wanted) {
        return file(app, media, req).await;
    }
    let permit = app.previews.turns.acquire().await;
    let (held, asked, instead) = (Arc::clone(&shown), wanted.clone(), path.missing());
    let rendered = tokio::task::spawn_blocking(move || {
        let found = held.file(&asked);
        let missing = found.is_none();
        let with_slash = format!("{}/", asked.trim_end_matches('/'));
        if missing && !asked.ends_with('/') && held.file(&with_slash).is_some() {
            return Rendered::Folder(with_slash);
        }
        match found.or_else(|| instead.iter().find_map(|name| held.file(&format!("/{name}")))) {
            Some(file) => Rendered::File(file, missing),
            None => Rendered::Nothing,
        }
    })
    .await;
    drop(permit);
    match rendered.map_err(|error| Nothing::Failed(error.to_string()))? {
        Rendered::Nothing => Err(Nothing::Here),
        Rendered::Folder(path) => Ok(answer::moved(&format!("{base}{}", paths::encode(&path)), None)),
        Rendered::File(file, missing) => Ok(page(file, missing, &base, &shown.version)),
    }
}

enum Rendered {
    File(OutFile, bool),
    /// The same with a slash at its end.
    Folder(String),
    Nothing,
}

/// A rendered file; pages get the script that reloads them.
fn page(file: OutFile, missing: bool, base: &str, version: &str) -> Response {
    let mut bytes = file.bytes;
    if file.path.ends_with(".html") {
        let script = format!("<script src=\"{base}/~preview.js\" data-version=\"{version}\" defer></script>\n");
        let end = b"</body>";
        let at = bytes.windows(end.len()).rposition(|w| w == end);
        bytes.splice(
            at.unwrap_or(bytes.len())..at.unwrap_or(bytes.len()),
            script.into_bytes(),
        );
    }
    let status = if missing { StatusCode::NOT_FOUND } else { StatusCode::OK };
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, answer::content_type(&file.path))
        .body(bytes)
}

async fn file(app: &App, media: &out::Media, req: &Request) -> Result<Response, Nothing> {
    let (store, source, name) = (MediaStore::of(app), media.source.clone(), media.path.clone());
    let opened = tokio::task::spawn_blocking(move || {
        let file = std::fs::File::open(store.path(&source)?)?;
        let metadata = file.metadata()?;
        Ok::<_, std::io::Error>(Opened::new(file, &metadata, name.trim_start_matches('/')))
    });
    let opened = opened.await.map_err(std::io::Error::other).and_then(|opened| opened);
    match opened {
        Ok(opened) => Ok(answer::file(opened, StatusCode::OK, &answer::Ask::of(req)).await),
        Err(_) => Err(Nothing::Here),
    }
}

/// 200 as soon as the site is not as it was at the version that the page shows, 204 if it stays so for a while.
async fn changed(app: &App, link: &Link, query: &str) -> Result<Response, Nothing> {
    let since = url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "since")
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default();
    let scope = scope(app, link).await?;
    let end = Instant::now() + HELD;
    while version(app, &scope, link.plan).await?.1 == since {
        if Instant::now() >= end || app.stop.is_cancelled() {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(StatusCode::OK.into_response())
}

async fn scope(app: &App, link: &Link) -> Result<SiteScope<Read>, Nothing> {
    match app.db.system_actor(link.account, Why::Visitor).await {
        Ok(actor) => Ok(actor.site::<Read>(&app.db, link.site).await?),
        Err(igny8_data::AuthError::Db(error)) => Err(error.into()),
        Err(_) => Err(Nothing::Here),
    }
}

/// The site's row, and a text that changes when anything of the site does.
async fn version(app: &App, scope: &SiteScope<Read>, plan: Option<SiteBlueprintId>) -> Result<(Site, String), Nothing> {
    let account = scope.actor().account::<Read>()?;
    let site = app.db.account(&account).get::<Site>(scope.site()).await?;
    let site = site.ok_or(Nothing::Here)?;
    let newest = |table: &str| {
        format!(
            "SELECT VALUE updated_at FROM {table} WHERE site = $site AND account = $account ORDER BY updated_at DESC LIMIT 1;"
        )
    };
    let sql: String = ["content", "media", "term", "cluster"].map(newest).concat();
    let mut answer = app
        .db
        .site(scope)
        .query(&sql, Variables::new(), "looking for changes of a site")
        .await?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&site.rev.to_le_bytes());
    if let Some(plan) = plan {
        let row = app.db.site(scope).get::<SiteBlueprint>(plan).await?;
        hasher.update(&row.ok_or(Nothing::Here)?.rev.to_le_bytes());
    }
    for statement in 0..4 {
        let newest = answer.rows::<DateTime<Utc>>(statement)?.pop();
        hasher.update(format!("{newest:?}").as_bytes());
    }
    Ok((site, hasher.finalize().to_hex()[..16].to_owned()))
}

async fn shown(app: &App, token: &str, link: &Link) -> Result<Arc<Shown>, Nothing> {
    if let Some(shown) = app.previews.kept(token, |kept| kept.looked.elapsed() < LOOK) {
        return Ok(shown);
    }
    let scope = scope(app, link).await?;
    let (site, version) = version(app, &scope, link.plan).await?;
    let shown = match app.previews.kept(token, |kept| kept.shown.version == version) {
        Some(shown) => shown,
        None => {
            let address = format!("{}{PREFIX}{token}", app.config.public_url());
            let (mut snapshot, name) =
                match link.plan {
                    None => {
                        let snapshot = snapshot::with_drafts(&app.db.site(&scope), &site, address).await?;
                        (snapshot, site.theme.clone())
                    }
                    Some(plan) => builder::preview::snapshot(app, &scope, plan, address)
                        .await
                        .map_err(|error| match error {
                            crate::api::Error::NotFound(_) => Nothing::Here,
                            error => Nothing::Failed(error.into_problem().detail),
                        })?,
                };
            snapshot.settings.forms = Some(forms::address(&app.config, site.id));
            let held = app.clone();
            let theme = tokio::task::spawn_blocking(move || held.renders.theme(&name)).await;
            let theme = theme.map_err(|error| Nothing::Failed(error.to_string()))?;
            Arc::new(Shown {
                version,
                site: snapshot,
                theme: theme.map_err(|error| Nothing::Failed(error.to_string()))?,
                made: Mutex::default(),
            })
        }
    };
    app.previews.keep(token, &shown);
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_signed_and_end() {
        let keys = Keys::derive(b"a secret of the installation", "test");
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let link = Link {
            account: "acct_01hzzzzzzzzzzzzzzzzzzzzzzz".parse().unwrap(),
            site: "site_01hzzzzzzzzzzzzzzzzzzzzzzz".parse().unwrap(),
            until: now + chrono::Duration::hours(1),
            plan: None,
        };
        let token = link.token(&keys);
        assert_eq!(Link::read(&keys, &token, now), Some(link));
        let planned = Link {
            plan: Some("plan_01hzzzzzzzzzzzzzzzzzzzzzzz".parse().unwrap()),
            ..link
        };
        assert_eq!(Link::read(&keys, &planned.token(&keys), now), Some(planned));
        assert_eq!(Link::read(&keys, &token, link.until), None, "its time is over");
        let later = token.replacen(&link.until.timestamp().to_string(), "1900000000", 1);
        for forged in ["", "x", &token[..token.len() - 2], &later, "a.b.c.d"] {
            assert_eq!(Link::read(&keys, forged, now), None, "{forged}");
        }
        let other = Keys::derive(b"another secret", "test");
        assert_eq!(Link::read(&other, &token, now), None);
    }
}
