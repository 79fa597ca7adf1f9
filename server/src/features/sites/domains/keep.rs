//! What follows from a look for a proof, and looking again.

use igny8_data::{
    AccountId, AccountScope, AuditEvent, AuthError, CanWrite, DbError, Denied, Direction, JobRow, NewJob, Origin,
    Select, SiteId, SiteScope, SurrealValue, Tx, Variables, Why, Write,
};
use serde::{Deserialize, Serialize};

use super::model::{Domain, DomainId, DomainProof, DomainStatus};
use super::proof::{Found, Proof};
use crate::app::App;
use crate::features::content::published;
use crate::features::sites::Site;
use crate::jobs::{JobContext, JobError, JobType};

const KIND: &str = "check_domain";

/// Domains that one round queues; the next round follows soon.
const MOST: usize = 200;

/// Times a row is read again because somebody else was faster.
const ATTEMPTS: usize = 5;

/// A site that its domains are changed of, with the account around it, whose row the site's is.
pub struct Of<'a, A> {
    pub app: &'a App,
    pub site: &'a SiteScope<A>,
    pub account: &'a AccountScope<A>,
}

impl<A: CanWrite> Of<'_, A> {
    /// Looks for a domain's proof and stores what was found.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn check(&self, domain: Domain) -> Result<Domain, DbError> {
        let proof = Proof::of(self.app.db.keys(), domain.account, domain.site, &domain.name);
        let found = self.app.prover.look(&domain.name, &proof).await;
        self.settle(domain, found).await
    }

    async fn settle(&self, mut domain: Domain, mut found: Found) -> Result<Domain, DbError> {
        let mut attempts = 0;
        loop {
            match self.store(&domain, &found).await {
                Err(DbError::Duplicate { index }) if index == "domain_verified" && attempts < ATTEMPTS => {
                    if !give_up_unproven(self.app, &domain.name).await? {
                        let why = "Another site of this installation has this domain, and its proof is there too: remove \
                                   the TXT record of that site.";
                        found = Found::Missing(why.into());
                    }
                }
                Err(DbError::Stale) if attempts < ATTEMPTS => {
                    match self.app.db.site(self.site).get::<Domain>(domain.id).await? {
                        Some(newer) => domain = newer,
                        // Removed meanwhile.
                        None => return Ok(domain),
                    }
                }
                stored => return stored,
            }
            attempts += 1;
        }
    }

    async fn store(&self, old: &Domain, found: &Found) -> Result<Domain, DbError> {
        let app = self.app;
        let now = app.db.clock().now();
        let mut domain = old.clone();
        let lost = match found {
            Found::Proven(by) => {
                domain.verify(*by, now);
                false
            }
            Found::Missing(why) => domain.miss(why.clone(), now),
            Found::Unknown(why) => {
                domain.postpone(why.clone(), now);
                false
            }
        };
        let mut tx = app.db.account(self.account).tx();
        tx.replace(&mut domain);
        if domain.status == DomainStatus::Verified && old.status != DomainStatus::Verified {
            self.make_primary(&mut tx, &domain, false).await?;
            tx.audit(AuditEvent::new("domain.verified", domain.id, &Origin::default()).detail(told(&domain)));
        }
        if lost {
            self.take_away(&mut tx, &domain).await?;
            tx.audit(AuditEvent::new("domain.lost", domain.id, &Origin::default()).detail(told(&domain)));
        }
        tx.commit().await?;
        Ok(domain)
    }

    /// Makes a verified domain the site's own address; only where it has none, unless told otherwise.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn make_primary(&self, tx: &mut Tx<'_>, domain: &Domain, instead: bool) -> Result<(), DbError> {
        let Some(mut site) = self.site().await? else {
            return Ok(());
        };
        if (site.domain.is_some() && !instead) || site.domain.as_ref() == Some(&domain.name) {
            return Ok(());
        }
        site.domain = Some(domain.name.clone());
        self.replace(tx, &mut site).await
    }

    /// Takes a domain from the site's address, where it is that: the other verified one that comes first by name takes its
    /// place.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_away(&self, tx: &mut Tx<'_>, domain: &Domain) -> Result<(), DbError> {
        let Some(mut site) = self.site().await? else {
            return Ok(());
        };
        if site.domain.as_ref() != Some(&domain.name) {
            return Ok(());
        }
        let verified = Select::new()
            .equals("status", DomainStatus::Verified)
            .order("name", Direction::Ascending);
        let verified = self.app.db.site(self.site).list::<Domain>(verified).await?;
        let next = verified.into_iter().find(|other| other.id != domain.id);
        site.domain = next.as_ref().map(|next| next.name.clone());
        if let Some(mut next) = next {
            // Replaced, so that one that is lost in this moment is noticed.
            tx.replace(&mut next);
        }
        self.replace(tx, &mut site).await
    }

    async fn site(&self) -> Result<Option<Site>, DbError> {
        self.app.db.account(self.account).get::<Site>(self.site.site()).await
    }

    async fn replace(&self, tx: &mut Tx<'_>, site: &mut Site) -> Result<(), DbError> {
        site.updated_at = self.app.db.clock().now();
        tx.replace(site);
        // Addresses in its pages are others from now on.
        published::changed(self.app, self.site, tx).await
    }
}

/// What the audit log tells of a domain.
pub fn told(domain: &Domain) -> serde_json::Value {
    serde_json::json!({ "name": domain.name, "status": domain.status, "proven_by": domain.proven_by })
}

/// Somebody has proven a name that another site has: the other one keeps it only if its TXT record is still there. Answers whether it is
/// free now. That a name leads to this server, which also keeps a file's proof alive, does not count against who has just proven it.
async fn give_up_unproven(app: &App, name: &str) -> Result<bool, DbError> {
    let mut binds = Variables::new();
    binds.insert("name", name.to_owned());
    let sql = "SELECT * FROM domain WHERE verified_name = $name;";
    let platform = app.db.platform(Why::Visitor);
    let Some(mut holder) = platform
        .query(sql, binds, "finding who has a domain")
        .await?
        .rows::<Domain>(0)?
        .pop()
    else {
        return Ok(true);
    };
    let proof = Proof::of(app.db.keys(), holder.account, holder.site, name);
    if holder.proven_by == Some(DomainProof::Operator) || !matches!(app.prover.in_dns(&proof).await, Found::Missing(_))
    {
        return Ok(false);
    }
    let now = app.db.clock().now();
    holder.lose(now);
    holder.error = Some("Another site has proven that this domain is its own.".into());
    let actor = match app.db.system_actor(holder.account, Why::Schedule).await {
        Ok(actor) => actor,
        Err(AuthError::Db(error)) => return Err(error),
        Err(_) => return Ok(false),
    };
    let lost = AuditEvent::new("domain.lost", holder.id, &Origin::default()).detail(told(&holder));
    let scopes = (
        actor.account::<Write>(),
        actor.site::<Write>(&app.db, holder.site).await,
    );
    let stored = if let (Ok(account), Ok(site)) = &scopes {
        let of = Of { app, site, account };
        let mut tx = app.db.account(account).tx();
        tx.replace(&mut holder);
        of.take_away(&mut tx, &holder).await?;
        tx.audit(lost);
        tx.commit().await
    } else {
        // A deleted site, or a suspended account: nothing is deployed, and nobody sees it.
        let mut tx = platform.tx(holder.account, None);
        let mut binds = Variables::new();
        binds.insert("holder_site", holder.site);
        binds.insert("holder_name", name.to_owned());
        tx.replace(&mut holder)
            .statement(
                "UPDATE $holder_site SET domain = (SELECT VALUE name FROM domain WHERE site = $holder_site \
                 AND account = $account AND status = 'verified' AND name != $holder_name ORDER BY name LIMIT 1)[0], \
                 rev += 1 WHERE account = $account AND domain = $holder_name RETURN NONE",
                binds,
            )
            .audit(lost);
        tx.commit().await
    };
    match stored {
        Ok(_) => Ok(true),
        // Looked at in this moment by its own job: the next attempt sees what came of it.
        Err(DbError::Stale) => Ok(true),
        Err(error) => Err(error),
    }
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Payload {
    domain: DomainId,
}

/// Queues a look at domains whose time has come; answers how many.
///
/// # Errors
/// When the database fails.
pub async fn check_due(app: App) -> Result<u64, JobError> {
    #[derive(SurrealValue)]
    #[surreal(crate = "surrealdb_types")]
    struct Due {
        id: DomainId,
        account: AccountId,
        site: SiteId,
    }
    let mut binds = Variables::new();
    binds.insert("now", app.db.clock().now());
    // NONE is before every time.
    let sql = format!(
        "SELECT id, account, site FROM domain WITH INDEX domain_due WHERE next_check_at <= $now \
         AND next_check_at IS NOT NONE LIMIT {MOST};"
    );
    let platform = app.db.platform(Why::Schedule);
    let due: Vec<Due> = platform
        .query(&sql, binds, "looking for domains to check")
        .await?
        .rows(0)?;
    for domain in &due {
        let payload = serde_json::to_value(Payload { domain: domain.id }).expect("an id is JSON");
        let job = NewJob::new(KIND, payload).key(format!("{KIND}/{}", domain.id));
        let mut tx = platform.tx(domain.account, Some(domain.site));
        tx.enqueue(job);
        tx.commit().await?;
    }
    Ok(due.len() as u64)
}

/// The job that looks at a domain.
pub fn job() -> JobType {
    JobType::new(KIND, |app: App, job: JobRow, _: JobContext| async move {
        let payload: Payload = serde_json::from_value(job.payload.clone())
            .map_err(|error| JobError::Fail(format!("The job cannot be read: {error}.")))?;
        let site = job
            .site
            .ok_or_else(|| JobError::Fail("The job names no site.".into()))?;
        let actor = match app.db.system_actor(job.account, Why::Schedule).await {
            Ok(actor) => actor,
            Err(AuthError::Db(error)) => return Err(error.into()),
            Err(_) => return Ok(serde_json::json!({ "reason": "the account is gone" })),
        };
        let scopes = (actor.account::<Write>(), actor.site::<Write>(&app.db, site).await);
        let (Ok(account), Ok(scope)) = &scopes else {
            if let Err(Denied::Db(error)) = scopes.1 {
                return Err(error.into());
            }
            // A deleted site or a suspended account: not now, and perhaps later.
            postpone(&app, job.account, payload.domain).await?;
            return Ok(serde_json::json!({ "reason": "the site is not served" }));
        };
        let Some(domain) = app.db.site(scope).get::<Domain>(payload.domain).await? else {
            return Ok(serde_json::json!({ "reason": "the domain was removed" }));
        };
        let now = app.db.clock().now();
        if domain.next_check_at.is_none_or(|at| at > now) {
            return Ok(serde_json::json!({ "reason": "it was looked at already" }));
        }
        let of = Of {
            app: &app,
            site: scope,
            account,
        };
        let domain = of.check(domain).await?;
        Ok(told(&domain))
    })
}

async fn postpone(app: &App, account: AccountId, domain: DomainId) -> Result<(), DbError> {
    let mut binds = Variables::new();
    binds.insert("domain", domain);
    binds.insert("later", app.db.clock().now() + chrono::Duration::days(1));
    let mut tx = app.db.platform(Why::Schedule).tx(account, None);
    tx.statement(
        "UPDATE $domain SET next_check_at = $later, rev += 1 WHERE account = $account RETURN NONE",
        binds,
    );
    tx.commit().await.map(|_| ())
}

/// Gives a site a domain without a proof, and makes it the site's address: the operator's word.
///
/// # Errors
/// [`DbError::Duplicate`] of `domain_verified` when another site has it.
pub async fn claim_as_operator(app: &App, account: AccountId, site: SiteId, name: &str) -> Result<Domain, DbError> {
    let now = app.db.clock().now();
    let mut binds = Variables::new();
    binds.insert("site", site);
    binds.insert("name", name.to_owned());
    let platform = app.db.platform(Why::Operator);
    let sql = "SELECT * FROM domain WHERE site = $site AND name = $name; SELECT * FROM ONLY $site;";
    let mut answer = platform.query(sql, binds, "finding a domain").await?;
    let old = answer.rows::<Domain>(0)?.pop();
    let row: Option<Site> = answer.one(1)?;
    let mut tx = platform.tx(account, None);
    let mut domain = old
        .clone()
        .unwrap_or_else(|| Domain::new(app.db.ids().make(), account, site, name.to_owned(), now));
    domain.verify(DomainProof::Operator, now);
    match old {
        Some(_) => tx.replace(&mut domain),
        None => tx.create(domain.clone()),
    };
    if let Some(mut row) = row {
        row.domain = Some(name.to_owned());
        row.updated_at = now;
        tx.replace(&mut row);
    }
    tx.audit(AuditEvent::new("domain.verified", domain.id, &Origin::default()).detail(told(&domain)));
    // Pages name their address.
    if let Ok(actor) = app.db.system_actor(account, Why::Operator).await
        && let Ok(scope) = actor.site::<Write>(&app.db, site).await
    {
        published::changed(app, &scope, &mut tx).await?;
    }
    tx.commit().await?;
    Ok(domain)
}
