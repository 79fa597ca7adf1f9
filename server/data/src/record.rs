//! What a row must tell about itself to be stored under a tenant.

use surrealdb_types::SurrealValue;

use crate::ids::{AccountId, RecordKey, SiteId};

/// A row with a typed id and a revision number that grows with each change.
pub trait Record: SurrealValue + Clone + Send + Sync + 'static {
    type Id: RecordKey + SurrealValue;
    /// Deleted rows keep a `deleted_at` time for a while and are invisible unless asked for.
    const SOFT_DELETE: bool;
    fn id(&self) -> Self::Id;
    fn rev(&self) -> i64;
    fn set_rev(&mut self, rev: i64);
    fn account(&self) -> AccountId;
}

/// A row of an account, outside any site.
pub trait AccountRecord: Record {}

/// A row of one site.
pub trait SiteRecord: Record {
    fn site(&self) -> SiteId;
}

/// Implements [`SiteRecord`] or [`AccountRecord`] for a struct with the fields `id`, `account`, `rev` (and `site`):
/// `record!(Content, ContentId, site, soft_delete);`, `record!(Site, SiteId, account, soft_delete);`
#[macro_export]
macro_rules! record {
    ($row:ty, $id:ty, site, soft_delete) => {
        $crate::record!(@record $row, $id, true);
        $crate::record!(@site $row);
    };
    ($row:ty, $id:ty, site) => {
        $crate::record!(@record $row, $id, false);
        $crate::record!(@site $row);
    };
    ($row:ty, $id:ty, account, soft_delete) => {
        $crate::record!(@record $row, $id, true);
        impl $crate::AccountRecord for $row {}
    };
    ($row:ty, $id:ty, account) => {
        $crate::record!(@record $row, $id, false);
        impl $crate::AccountRecord for $row {}
    };
    (@site $row:ty) => {
        impl $crate::SiteRecord for $row {
            fn site(&self) -> $crate::SiteId {
                self.site
            }
        }
    };
    (@record $row:ty, $id:ty, $soft:literal) => {
        impl $crate::Record for $row {
            type Id = $id;
            const SOFT_DELETE: bool = $soft;
            fn id(&self) -> $id {
                self.id
            }
            fn rev(&self) -> i64 {
                self.rev
            }
            fn set_rev(&mut self, rev: i64) {
                self.rev = rev;
            }
            fn account(&self) -> $crate::AccountId {
                self.account
            }
        }
    };
}
