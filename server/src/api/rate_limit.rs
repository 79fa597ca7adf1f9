//! Requests a minute, by kind of request and by who asks.
//!
//! Token buckets (governor's, on its own monotonic clock): a full minute's worth may be used at once, then it refills
//! evenly. Signed-in requests are counted per account and kind of credential; before login, per client address and
//! account name. State is in memory, per process, and forgets keys that are full again. Answers say how much is left, in
//! the headers of draft-ietf-httpapi-ratelimit-headers-10.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use igny8_data::Actor;
use poem::Request;
use poem::http::{HeaderMap, HeaderValue, Method};

use super::error::{Error, Result};
use crate::config::Limits;

/// A kind of request with a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Auth,
    SensitiveAuth,
    Writes,
    Reads,
}

type Limiter = RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// One kind of request: what everybody has of it, and what each has left.
struct Bucket {
    name: &'static str,
    per_minute: u32,
    limiter: Limiter,
}

impl Bucket {
    fn new(name: &'static str, per_minute: u32) -> Self {
        let quota = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
        Self {
            name,
            per_minute: quota.get(),
            limiter: RateLimiter::keyed(Quota::per_minute(quota)).with_middleware(),
        }
    }
}

/// The buckets of one process.
pub struct RateLimits {
    auth: Bucket,
    sensitive: Bucket,
    writes: Bucket,
    reads: Bucket,
    ai: Bucket,
    forms: Bucket,
    forms_of_site: Bucket,
    domain_asks: Bucket,
    key_writes: Bucket,
    key_reads: Bucket,
    checks: AtomicU64,
}

/// Checks between two clean-ups of buckets that are full again.
const CLEAN_EVERY: u64 = 10_000;

/// How the request being answered was counted: what the answer's headers say. Of several counts the tightest.
#[derive(Debug, Clone, Default)]
pub struct Counted(Arc<Mutex<Option<Standing>>>);

#[derive(Debug, Clone, Copy)]
struct Standing {
    name: &'static str,
    per_minute: u32,
    left: u32,
}

tokio::task_local! {
    static COUNTED: Counted;
}

/// Runs a request whose counts go into `counted`.
pub async fn scope<F: Future>(counted: Counted, request: F) -> F::Output {
    COUNTED.scope(counted, request).await
}

/// The counts of the request of this task, to take along into another one.
pub fn current() -> Counted {
    COUNTED.try_with(Clone::clone).unwrap_or_default()
}

impl Counted {
    fn note(&self, standing: Standing) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.is_none_or(|before| standing.left <= before.left) {
            *noted = Some(standing);
        }
    }

    /// Writes `RateLimit-Policy` and `RateLimit`, if the request was counted.
    pub fn write(&self, headers: &mut HeaderMap) {
        let noted = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Standing { name, per_minute, left }) = noted else {
            return;
        };
        // Seconds until the bucket is full again: it refills evenly, in one minute.
        let full_in = u64::from(per_minute - left.min(per_minute)) * 60;
        let full_in = full_in.div_ceil(u64::from(per_minute));
        for (header, value) in [
            ("ratelimit-policy", format!("\"{name}\";q={per_minute};w=60")),
            ("ratelimit", format!("\"{name}\";r={left};t={full_in}")),
        ] {
            headers.insert(header, HeaderValue::from_str(&value).expect("names and numbers"));
        }
    }
}

impl RateLimits {
    pub fn new(limits: &Limits) -> Self {
        let factor = limits.api_key_factor.max(1);
        Self {
            auth: Bucket::new("auth", limits.auth),
            sensitive: Bucket::new("sensitive-auth", limits.sensitive_auth),
            writes: Bucket::new("writes", limits.writes),
            reads: Bucket::new("reads", limits.reads),
            ai: Bucket::new("ai", limits.ai),
            forms: Bucket::new("forms", limits.forms),
            forms_of_site: Bucket::new("forms-of-site", limits.forms_of_site),
            domain_asks: Bucket::new("domain-asks", limits.domain_asks),
            key_writes: Bucket::new("writes", limits.writes.saturating_mul(factor)),
            key_reads: Bucket::new("reads", limits.reads.saturating_mul(factor)),
            checks: AtomicU64::new(0),
        }
    }

    /// Counts a signed-in request against its account.
    ///
    /// # Errors
    /// 429 with the seconds to wait.
    pub fn actor(&self, actor: &Actor, req: &Request) -> Result<()> {
        let reading = matches!(*req.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        let bucket = match (actor.is_api_key(), reading) {
            (false, true) => &self.reads,
            (false, false) => &self.writes,
            (true, true) => &self.key_reads,
            (true, false) => &self.key_writes,
        };
        self.take(bucket, actor.account_id().to_string())
    }

    /// Counts a request that asks an AI provider, beside its count as a request.
    ///
    /// # Errors
    /// 429 with the seconds to wait.
    pub fn ai(&self, actor: &Actor) -> Result<()> {
        self.take(&self.ai, actor.account_id().to_string())
    }

    /// Counts a request before login. `name` is the normalised mail address or nothing: the key is never text that a
    /// client can vary without changing whom it means.
    ///
    /// # Errors
    /// 429 with the seconds to wait.
    pub fn anonymous(&self, class: Class, ip: Option<&str>, name: &str) -> Result<()> {
        let bucket = if class == Class::SensitiveAuth {
            &self.sensitive
        } else {
            &self.auth
        };
        self.take(bucket, format!("{}|{name}", ip.map(network).unwrap_or_default()))
    }

    /// Counts what a visitor asks of a site's forms; `sender` is their [`network`].
    ///
    /// # Errors
    /// 429 with the seconds to wait.
    pub fn form_sender(&self, site: &str, sender: &str) -> Result<()> {
        self.take(&self.forms, format!("{site}|{sender}"))
    }

    /// Counts a message to a site.
    ///
    /// # Errors
    /// 429 with the seconds to wait.
    pub fn form_site(&self, site: &str) -> Result<()> {
        self.take(&self.forms_of_site, site.to_owned())
    }

    /// Counts a question for a host that this installation does not answer for.
    ///
    /// # Errors
    /// When there were too many.
    pub fn domain_ask(&self, ip: Option<&str>) -> Result<()> {
        self.take(&self.domain_asks, ip.map(network).unwrap_or_default())
    }

    fn take(&self, bucket: &Bucket, key: String) -> Result<()> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % CLEAN_EVERY == CLEAN_EVERY - 1 {
            for bucket in [
                &self.auth,
                &self.sensitive,
                &self.writes,
                &self.reads,
                &self.ai,
                &self.forms,
                &self.forms_of_site,
                &self.domain_asks,
                &self.key_writes,
                &self.key_reads,
            ] {
                bucket.limiter.retain_recent();
            }
        }
        let (left, answer) = match bucket.limiter.check_key(&key) {
            Ok(state) => (state.remaining_burst_capacity(), Ok(())),
            Err(not_until) => {
                let wait = not_until.wait_time_from(DefaultClock::default().now());
                (0, Err(Error::too_many_requests(wait.as_secs() + 1)))
            }
        };
        current().note(Standing {
            name: bucket.name,
            per_minute: bucket.per_minute,
            left,
        });
        answer
    }
}

/// An IPv4 address as it is, an IPv6 address by its /64: one customer has a whole /64 to vary.
pub fn network(ip: &str) -> String {
    match ip.parse::<std::net::Ipv6Addr>() {
        Ok(v6) => format!("{:x?}", &v6.segments()[..4]),
        Err(_) => ip.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_reached_per_key_and_class() {
        let limits = RateLimits::new(&crate::config::Config::defaults().limits);
        for _ in 0..5 {
            limits
                .anonymous(Class::SensitiveAuth, Some("192.0.2.1"), "a@example.com")
                .unwrap();
        }
        assert!(matches!(
            limits.anonymous(Class::SensitiveAuth, Some("192.0.2.1"), "a@example.com"),
            Err(Error::TooManyRequests(_, 1..=13))
        ));
        limits
            .anonymous(Class::SensitiveAuth, Some("192.0.2.1"), "b@example.com")
            .unwrap();
        limits
            .anonymous(Class::SensitiveAuth, Some("192.0.2.2"), "a@example.com")
            .unwrap();
        limits
            .anonymous(Class::Auth, Some("192.0.2.1"), "a@example.com")
            .unwrap();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    }

    #[tokio::test]
    async fn answers_say_how_much_is_left() {
        let limits = RateLimits::new(&crate::config::Config::defaults().limits);
        let counted = Counted::default();
        scope(counted.clone(), async {
            limits.anonymous(Class::Auth, Some("192.0.2.1"), "").unwrap();
            limits.anonymous(Class::SensitiveAuth, Some("192.0.2.1"), "").unwrap();
        })
        .await;
        let mut headers = HeaderMap::new();
        counted.write(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"sensitive-auth\";q=5;w=60");
        assert_eq!(headers["ratelimit"], "\"sensitive-auth\";r=4;t=12");
        headers.clear();
        Counted::default().write(&mut headers);
        assert!(headers.is_empty());
    }
}
