//! The one door: an [`Actor`] asks for an account or a site and gets a scope or a refusal.
//!
//! Order of checks: the account is open for this kind of access → the role allows it → the site belongs to the account
//! and is granted → (per row) the row belongs to the site.

use std::marker::PhantomData;

use surrealdb_types::{SurrealValue, Variables};

use crate::connect::Db;
use crate::error::DbError;
use crate::identity::{AccountStatus, Actor, Who};
use crate::ids::{RecordKey, SectorId, SiteId, UserId};
use crate::role::Permission;
use crate::scope::{Access, AccountScope, Operator, SectorScope, SiteScope};

/// Why a scope was not granted.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// Foreign, missing, deleted and not granted are one answer: 404.
    #[error("no such site")]
    NotFound,
    /// The actor can see the thing but may not do this with it: 403.
    #[error("the role does not allow this")]
    Role,
    /// Suspended accounts only read: 403.
    #[error("the account is suspended")]
    Suspended,
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Actor {
    /// Proof that the actor operates the installation, for endpoints across accounts. Each use is to be audited.
    ///
    /// # Errors
    /// [`Denied::Role`] for everybody else.
    pub fn operator(&self) -> Result<Operator, Denied> {
        match (self.role.allows(Permission::Operate), self.user()) {
            (true, Some(_)) => Ok(Operator { actor: self.clone() }),
            _ => Err(Denied::Role),
        }
    }

    /// Access to the actor's own account.
    ///
    /// # Errors
    /// [`Denied::Role`] when the role does not allow `A`, [`Denied::Suspended`] for more than reading in a suspended
    /// account.
    pub fn account<A: Access>(&self) -> Result<AccountScope<A>, Denied> {
        self.may::<A>()?;
        // A key for one site has no business with the account around it, except to read what sites share.
        if self.only_site.is_some() && A::NEEDS != Permission::Read {
            return Err(Denied::Role);
        }
        Ok(AccountScope {
            account: self.account,
            actor: self.clone(),
            access: PhantomData,
        })
    }

    /// Access to one site of the actor's account.
    ///
    /// # Errors
    /// [`Denied::NotFound`] when the actor cannot see the site, [`Denied::Role`] or [`Denied::Suspended`] when they can
    /// but not do this.
    pub async fn site<A: Access>(&self, db: &Db, site: SiteId) -> Result<SiteScope<A>, Denied> {
        if self.only_site.is_some_and(|only| only != site) {
            return Err(Denied::NotFound);
        }
        let needs_grant = match self.who {
            Who::User { user, .. } if self.role.needs_site_access() => Some(user),
            // A key is bounded by its own site, or was made by an admin for all of them.
            _ => None,
        };
        let mut binds = Variables::new();
        binds.insert("site", site);
        binds.insert("account", self.account);
        let mut sql = "SELECT VALUE id FROM ONLY $site WHERE account = $account AND deleted_at IS NONE;".to_owned();
        if let Some(user) = needs_grant {
            binds.insert("access_key", access_key(user, site));
            sql += "SELECT VALUE site FROM ONLY type::record('site_access', $access_key) WHERE account = $account;";
        }
        let mut answer = db.run(&sql, binds, "checking access to a site").await?;
        answer.one::<SiteId>(0)?.ok_or(Denied::NotFound)?;
        if needs_grant.is_some() {
            answer.one::<SiteId>(1)?.ok_or(Denied::NotFound)?;
        }
        self.may::<A>()?;
        Ok(SiteScope {
            account: self.account,
            site,
            actor: self.clone(),
            access: PhantomData,
        })
    }

    /// The sites an actor who needs grants can see; `None` when they see all of the account's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn granted_sites(&self, db: &Db) -> Result<Option<Vec<SiteId>>, DbError> {
        if let Some(only) = self.only_site {
            return Ok(Some(vec![only]));
        }
        let Some(user) = self.user().filter(|_| self.role.needs_site_access()) else {
            return Ok(None);
        };
        let mut binds = Variables::new();
        binds.insert("user", user);
        binds.insert("account", self.account);
        let sql = "SELECT VALUE site FROM site_access WHERE user = $user AND account = $account;";
        db.run(sql, binds, "listing granted sites").await?.rows(0).map(Some)
    }

    fn may<A: Access>(&self) -> Result<(), Denied> {
        if !self.role.allows(A::NEEDS) {
            return Err(Denied::Role);
        }
        if self.status == AccountStatus::Suspended && A::NEEDS != Permission::Read {
            return Err(Denied::Suspended);
        }
        Ok(())
    }
}

impl<A: Access> SiteScope<A> {
    /// Access to one active sector of the site.
    ///
    /// # Errors
    /// [`Denied::NotFound`] when the sector is not one of this site.
    pub async fn sector(self, db: &Db, sector: SectorId) -> Result<SectorScope<A>, Denied> {
        let mut binds = Variables::new();
        binds.insert("sector", sector);
        binds.insert("site", self.site);
        let sql = "SELECT VALUE id FROM ONLY $sector WHERE site = $site AND deleted_at IS NONE;";
        let found: Option<SectorId> = db.run(sql, binds, "checking a sector").await?.one(0)?;
        found.ok_or(Denied::NotFound)?;
        Ok(SectorScope { site: self, sector })
    }
}

/// Key of the SiteUserAccess row of a user and a site: one row per pair, by construction.
pub fn access_key(user: UserId, site: SiteId) -> String {
    format!("{}_{}", user.key(), site.key())
}

/// A SiteUserAccess row.
#[derive(Debug, Clone, SurrealValue)]
pub struct SiteAccess {
    pub account: crate::ids::AccountId,
    pub user: UserId,
    pub site: SiteId,
    pub created_at: chrono::DateTime<chrono::Utc>,
}
