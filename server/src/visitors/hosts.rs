//! Which site a host name or a slug stands for, remembered for a moment.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use igny8_data::{AccountId, DbError, SiteId, SurrealValue, Variables, Why};

use crate::api::Error;
use crate::app::App;

/// A site that visitors can see.
#[derive(Debug, Clone, PartialEq, Eq, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct PublicSite {
    pub id: SiteId,
    pub account: AccountId,
    /// Names its folder.
    pub slug: String,
    /// The host that is its own address; others that it has lead there.
    pub domain: Option<String>,
}

/// How visitors name a site.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Name {
    Domain(String),
    Slug(String),
}

/// What was found, or that nothing was, for each name asked for.
#[derive(Default)]
pub struct Hosts {
    known: Mutex<HashMap<Name, Known>>,
    pub(super) redirects: super::redirects::Cache,
    pub(super) asks: Asks,
    /// The live releases of sites that were asked for.
    pub releases: igny8_renderer::release::LiveReleases,
}

struct Known {
    site: Option<PublicSite>,
    at: Instant,
    /// [`igny8_data::Db::sites_changed`] before the question.
    changes: u64,
}

/// Changes by this process count at once; those by another one after this time.
const LIFE: Duration = Duration::from_secs(2);
/// Names remembered. Strangers can ask for any host, so the number is bounded.
const MOST: usize = 10_000;

/// Questions of proxies for hosts that are not in memory. Strangers can make up any number, and one proxy asks for everybody:
/// so too many of them refuse nobody, but are looked up one at a time.
#[derive(Default)]
pub(super) struct Asks {
    too_many: AtomicBool,
    turn: tokio::sync::Mutex<()>,
}

/// How long a question waits for its turn; proxies wait a little longer.
const PATIENCE: Duration = Duration::from_secs(5);

impl Asks {
    /// Waits until a host may be looked up; to be held meanwhile.
    pub(super) async fn turn(&self) -> Result<Option<tokio::sync::MutexGuard<'_, ()>>, Error> {
        if !self.too_many.load(Ordering::Relaxed) {
            return Ok(None);
        }
        match tokio::time::timeout(PATIENCE, self.turn.lock()).await {
            Ok(turn) => Ok(Some(turn)),
            Err(_) => Err(Error::too_many_requests(1)),
        }
    }

    /// A host was looked up in vain; whether there may be more of these.
    pub(super) fn missed(&self, more: bool) {
        self.too_many.store(!more, Ordering::Relaxed);
    }
}

impl Hosts {
    /// The site of a name, if there is one that is not deleted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, app: &App, name: Name) -> Result<Option<PublicSite>, DbError> {
        let changes = app.db.sites_changed();
        if let Some(site) = self.remembered(&name, changes) {
            return Ok(site);
        }
        let (named, value) = match &name {
            // Only what is proven is served.
            Name::Domain(domain) => (
                "(SELECT VALUE site FROM domain WHERE verified_name = $value) WHERE",
                domain,
            ),
            Name::Slug(slug) => ("site WHERE slug = $value AND", slug),
        };
        let mut binds = Variables::new();
        binds.insert("value", value.clone());
        let sql = format!(
            "SELECT id, account, slug, domain FROM {named} deleted_at IS NONE AND account.status != 'cancelled' LIMIT 1;"
        );
        let mut answer = app
            .db
            .platform(Why::Visitor)
            .query(&sql, binds, "finding a site for a visitor")
            .await?;
        let site = answer.rows::<PublicSite>(0)?.pop();
        let mut known = self.lock();
        if known.len() >= MOST {
            known.retain(|_, k| k.changes == changes && k.at.elapsed() < LIFE);
            if known.len() >= MOST {
                known.clear();
            }
        }
        let entry = Known {
            site: site.clone(),
            at: Instant::now(),
            changes,
        };
        known.insert(name, entry);
        Ok(site)
    }

    /// Whether a name is remembered to have a site, or to have none.
    pub(super) fn knows(&self, app: &App, name: &Name) -> bool {
        self.remembered(name, app.db.sites_changed()).is_some()
    }

    fn remembered(&self, name: &Name, changes: u64) -> Option<Option<PublicSite>> {
        let known = self.lock();
        let found = known.get(name)?;
        (found.changes == changes && found.at.elapsed() < LIFE).then(|| found.site.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Name, Known>> {
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The host a request is for, in its one spelling: lower case, without port and final dot.
pub fn host_of(req: &poem::Request) -> Option<String> {
    let text = match req.uri().host() {
        Some(host) => host,
        None => req.header("host")?,
    };
    let name = match text.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => text,
    };
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    (!name.is_empty() && name.len() <= 253).then_some(name)
}

/// Whether a host is this server's own: the address people use for it, `localhost`, or a bare IP address. Such a host is
/// never looked up, so no site can take it over.
pub fn is_own(app: &App, host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if host == "localhost" || host.ends_with(".localhost") || bare.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    let own = url::Url::parse(&app.config.public_url()).ok();
    own.as_ref().and_then(url::Url::host_str) == Some(host)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn too_many_hosts_are_looked_up_one_at_a_time() {
        let asks = Asks::default();
        let (one, other) = (asks.turn().await.unwrap(), asks.turn().await.unwrap());
        assert!(one.is_none() && other.is_none(), "at once");
        asks.missed(false);
        let one = asks.turn().await.unwrap();
        assert!(one.is_some() && asks.turn().now_or_never().is_none());
        drop(one);
        assert!(asks.turn().await.unwrap().is_some());
        asks.missed(true);
        assert!(asks.turn().await.unwrap().is_none());
    }
}
