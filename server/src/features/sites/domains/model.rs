//! Domains as stored.

use chrono::{DateTime, Duration, Utc};
use igny8_data::{AccountId, SiteId, SurrealValue, id_type, record};
use poem_openapi::Enum;

use crate::features::planner::model::choice;

id_type!(
    /// A host name of a site, or the claim to one.
    DomainId, "domain", "dom_"
);

choice!(DomainStatus {
    /// It waits for its proof and is not served.
    Pending,
    /// It is served.
    Verified,
    /// No proof came within a week, or the proof was gone for a week. It can be checked again.
    Failed,
});

choice!(
    /// How it was proven.
    DomainProof {
        Dns,
        File,
        /// The operator of the installation said so: it is not looked at again.
        Operator,
    }
);

/// A host name of a site, or the claim to one.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Domain {
    pub id: DomainId,
    pub account: AccountId,
    pub site: SiteId,
    /// In lower case and punycode.
    pub name: String,
    /// The name while it is verified; unique in the installation.
    pub verified_name: Option<String>,
    pub status: DomainStatus,
    pub proven_by: Option<DomainProof>,
    /// What the last check found wrong.
    pub error: Option<String>,
    /// When it was claimed, or checked again after it had failed.
    pub asked_at: DateTime<Utc>,
    pub checked_at: Option<DateTime<Utc>>,
    pub verified_at: Option<DateTime<Utc>>,
    /// Since when a verified one is not proven any more.
    pub unproven_since: Option<DateTime<Utc>>,
    pub next_check_at: Option<DateTime<Utc>>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

record!(Domain, DomainId, site);

/// How long a claim waits for its proof, and a verified domain may be without.
pub const PATIENCE: Duration = Duration::days(7);

impl Domain {
    /// A claim.
    pub fn new(id: DomainId, account: AccountId, site: SiteId, name: String, now: DateTime<Utc>) -> Self {
        Self {
            id,
            account,
            site,
            name,
            verified_name: None,
            status: DomainStatus::Pending,
            proven_by: None,
            error: None,
            asked_at: now,
            checked_at: None,
            verified_at: None,
            unproven_since: None,
            next_check_at: Some(now + Duration::minutes(1)),
            rev: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// It is proven.
    pub fn verify(&mut self, by: DomainProof, now: DateTime<Utc>) {
        if self.status != DomainStatus::Verified {
            self.verified_at = Some(now);
        }
        self.status = DomainStatus::Verified;
        self.verified_name = Some(self.name.clone());
        self.proven_by = Some(by);
        (self.error, self.unproven_since) = (None, None);
        self.next_check_at = (by != DomainProof::Operator).then(|| now + Duration::days(1));
        self.checked(now);
    }

    /// It is not proven. Answers whether it was verified and is not any more.
    pub fn miss(&mut self, why: String, now: DateTime<Utc>) -> bool {
        self.checked(now);
        self.error = Some(why);
        if self.status != DomainStatus::Verified {
            let waited = now - self.asked_at;
            if waited >= PATIENCE {
                self.status = DomainStatus::Failed;
                self.next_check_at = None;
            } else {
                self.next_check_at = Some(now + pause(waited));
            }
            return false;
        }
        let since = *self.unproven_since.get_or_insert(now);
        let lost = now - since >= PATIENCE;
        if lost {
            self.lose(now);
        } else {
            self.next_check_at = Some(now + Duration::hours(6));
        }
        lost
    }

    /// Nobody could say.
    pub fn postpone(&mut self, why: String, now: DateTime<Utc>) {
        self.checked(now);
        self.error = Some(why);
        let waiting = self.status != DomainStatus::Verified;
        if waiting && now - self.asked_at >= PATIENCE {
            self.status = DomainStatus::Failed;
            self.next_check_at = None;
        } else {
            self.next_check_at = Some(now + Duration::minutes(30));
        }
    }

    /// It is not served any more.
    pub fn lose(&mut self, now: DateTime<Utc>) {
        self.status = DomainStatus::Failed;
        (self.verified_name, self.proven_by, self.unproven_since) = (None, None, None);
        self.next_check_at = None;
        self.updated_at = now;
    }

    /// Waits for its proof again, if it had failed.
    pub fn ask_again(&mut self, now: DateTime<Utc>) {
        if self.status == DomainStatus::Failed {
            self.status = DomainStatus::Pending;
            self.asked_at = now;
        }
    }

    fn checked(&mut self, now: DateTime<Utc>) {
        self.checked_at = Some(now);
        self.updated_at = now;
    }
}

/// Until the next look at a claim that has waited so long: often while somebody sits in front of it.
fn pause(waited: Duration) -> Duration {
    if waited < Duration::hours(1) {
        Duration::minutes(5)
    } else if waited < Duration::days(1) {
        Duration::minutes(30)
    } else {
        Duration::hours(6)
    }
}

#[cfg(test)]
mod tests {
    use igny8_data::{Clock, Ids};

    use super::*;

    fn domain() -> (Domain, DateTime<Utc>) {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 1);
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        (
            Domain::new(ids.make(), ids.make(), ids.make(), "a.example".into(), now),
            now,
        )
    }

    #[test]
    fn a_claim_is_looked_at_for_a_week() {
        let (mut domain, begun) = domain();
        let mut looks = 0;
        while let Some(now) = domain.next_check_at {
            assert_eq!(domain.status, DomainStatus::Pending);
            assert!(!domain.miss("not there".into(), now));
            looks += 1;
            assert!(looks < 200);
        }
        assert_eq!(domain.status, DomainStatus::Failed);
        assert!(domain.checked_at.unwrap() - begun >= PATIENCE);
        domain.ask_again(domain.updated_at);
        assert_eq!(domain.status, DomainStatus::Pending);
    }

    #[test]
    fn a_verified_domain_may_be_unproven_for_a_week() {
        let (mut domain, begun) = domain();
        domain.verify(DomainProof::Dns, begun);
        assert_eq!(domain.verified_name.as_deref(), Some("a.example"));
        let day = Duration::days(1);
        assert!(!domain.miss("gone".into(), begun + day));
        domain.postpone("no answer".into(), begun + day * 30);
        assert_eq!(domain.status, DomainStatus::Verified, "silence proves nothing");
        domain.verify(DomainProof::File, begun + day * 2);
        assert_eq!((domain.unproven_since, domain.verified_at), (None, Some(begun)));
        assert!(!domain.miss("gone".into(), begun + day * 3));
        assert!(!domain.miss("gone".into(), begun + day * 9));
        assert_eq!(domain.status, DomainStatus::Verified);
        assert!(domain.miss("gone".into(), begun + day * 10));
        assert_eq!((domain.status, domain.verified_name), (DomainStatus::Failed, None));
    }

    #[test]
    fn what_the_operator_says_is_not_looked_at() {
        let (mut domain, now) = domain();
        domain.verify(DomainProof::Operator, now);
        assert_eq!(domain.next_check_at, None);
    }
}
