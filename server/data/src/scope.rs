//! Scopes: proof that an actor may reach an account or a site, in the type of the access they have.
//!
//! A scope has no public constructor, is not serialisable and has no default; [`crate::grant`] is the only maker. A
//! job stores ids and asks again when it runs.
//!
//! ```compile_fail
//! // A scope cannot be made from ids.
//! let scope = igny8_data::SiteScope::<igny8_data::Write> { ..todo!() };
//! ```
//!
//! ```compile_fail
//! // Reading access has no writing methods.
//! fn write(db: &igny8_data::Db, scope: &igny8_data::SiteScope<igny8_data::Read>) {
//!     let _ = db.site(scope).tx();
//! }
//! ```

use std::marker::PhantomData;

use crate::identity::Actor;
use crate::ids::{AccountId, SectorId, SiteId};
use crate::role::Permission;

mod sealed {
    pub trait Sealed {}
}

/// A kind of access, fixed at compile time: the signature of a function tells what it may do.
pub trait Access: sealed::Sealed + Send + Sync + 'static {
    /// What the actor's role must allow.
    const NEEDS: Permission;
}

/// Access that may change rows.
pub trait CanWrite: Access {}

macro_rules! access {
    ($(#[$meta:meta])* $name:ident, $needs:ident $(, $write:ident)?) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub enum $name {}
        impl sealed::Sealed for $name {}
        impl Access for $name {
            const NEEDS: Permission = Permission::$needs;
        }
        $(impl $write for $name {})?
    };
}

access!(
    /// See rows.
    Read, Read
);
access!(
    /// Create and change content, planning and publishing.
    Write, Write, CanWrite
);
access!(
    /// Sites, members, keys, settings.
    Manage, Manage, CanWrite
);
access!(
    /// What only the owner may.
    Own, Own, CanWrite
);

/// Somebody who operates the installation.
#[derive(Debug)]
pub struct Operator {
    pub(crate) actor: Actor,
}

/// An account the actor may reach.
#[derive(Debug)]
pub struct AccountScope<A> {
    pub(crate) account: AccountId,
    pub(crate) actor: Actor,
    pub(crate) access: PhantomData<fn() -> A>,
}

/// A site the actor may reach.
#[derive(Debug)]
pub struct SiteScope<A> {
    pub(crate) account: AccountId,
    pub(crate) site: SiteId,
    pub(crate) actor: Actor,
    pub(crate) access: PhantomData<fn() -> A>,
}

/// A sector of a site the actor may reach.
#[derive(Debug)]
pub struct SectorScope<A> {
    pub(crate) site: SiteScope<A>,
    pub(crate) sector: SectorId,
}

impl<A: Access> AccountScope<A> {
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// Who is acting, for the record of who did what.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }
}

impl<A: Access> SiteScope<A> {
    pub fn account(&self) -> AccountId {
        self.account
    }

    pub fn site(&self) -> SiteId {
        self.site
    }

    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The same site with less access, for functions that only read.
    pub fn reading(&self) -> SiteScope<Read> {
        SiteScope {
            account: self.account,
            site: self.site,
            actor: self.actor.clone(),
            access: PhantomData,
        }
    }
}

impl<A: Access> SectorScope<A> {
    pub fn sector(&self) -> SectorId {
        self.sector
    }

    pub fn site(&self) -> &SiteScope<A> {
        &self.site
    }
}
