//! Requests a minute, by kind of request and by who asks.
//!
//! Token buckets (governor's, on its own monotonic clock): a full minute's worth may be used at once, then it refills
//! evenly. Signed-in requests are counted per account and kind of credential; before login, per client address and
//! account name. State is in memory, per process, and forgets keys that are full again.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use igny8_data::Actor;
use poem::Request;
use poem::http::Method;

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

/// The buckets of one process.
pub struct RateLimits {
    auth: DefaultKeyedRateLimiter<String>,
    sensitive: DefaultKeyedRateLimiter<String>,
    writes: DefaultKeyedRateLimiter<String>,
    reads: DefaultKeyedRateLimiter<String>,
    key_writes: DefaultKeyedRateLimiter<String>,
    key_reads: DefaultKeyedRateLimiter<String>,
    checks: AtomicU64,
}

/// Checks between two clean-ups of buckets that are full again.
const CLEAN_EVERY: u64 = 10_000;

impl RateLimits {
    pub fn new(limits: &Limits) -> Self {
        let per_minute = |n: u32| RateLimiter::keyed(Quota::per_minute(NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN)));
        let factor = limits.api_key_factor.max(1);
        Self {
            auth: per_minute(limits.auth),
            sensitive: per_minute(limits.sensitive_auth),
            writes: per_minute(limits.writes),
            reads: per_minute(limits.reads),
            key_writes: per_minute(limits.writes.saturating_mul(factor)),
            key_reads: per_minute(limits.reads.saturating_mul(factor)),
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

    fn take(&self, bucket: &DefaultKeyedRateLimiter<String>, key: String) -> Result<()> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % CLEAN_EVERY == CLEAN_EVERY - 1 {
            for bucket in [
                &self.auth,
                &self.sensitive,
                &self.writes,
                &self.reads,
                &self.key_writes,
                &self.key_reads,
            ] {
                bucket.retain_recent();
            }
        }
        bucket.check_key(&key).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            Error::too_many_requests(wait.as_secs() + 1)
        })
    }
}

/// An IPv4 address as it is, an IPv6 address by its /64: one customer has a whole /64 to vary.
fn network(ip: &str) -> String {
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
}
