//! Rows of one account or one site: the handles that a scope opens.

use surrealdb_types::{SurrealValue, Variables};

use crate::connect::{Answer, Db};
use crate::error::DbError;
use crate::ids::RecordKey;
use crate::record::{AccountRecord, Record, SiteRecord};
use crate::scope::{Access, AccountScope, CanWrite, SiteScope};
use crate::select::{Deleted, Select};
use crate::tx::Tx;

/// Whatever rows of a kind can be listed through: the rows of one account, or of one site.
pub trait Lists<T> {
    fn db(&self) -> &Db;

    /// The rows of a query.
    ///
    /// # Errors
    /// When the database fails or a row does not decode.
    fn rows(&self, select: Select) -> impl Future<Output = Result<Vec<T>, DbError>> + Send;

    /// How many rows a query has.
    ///
    /// # Errors
    /// When the database fails.
    fn total(&self, select: Select) -> impl Future<Output = Result<u64, DbError>> + Send;
}

/// Rows of one account.
pub struct AccountDb<'a, A> {
    db: &'a Db,
    scope: &'a AccountScope<A>,
}

/// Rows of one site.
pub struct SiteDb<'a, A> {
    db: &'a Db,
    scope: &'a SiteScope<A>,
}

impl Db {
    pub fn account<'a, A: Access>(&'a self, scope: &'a AccountScope<A>) -> AccountDb<'a, A> {
        AccountDb { db: self, scope }
    }

    pub fn site<'a, A: Access>(&'a self, scope: &'a SiteScope<A>) -> SiteDb<'a, A> {
        SiteDb { db: self, scope }
    }
}

#[derive(SurrealValue)]
struct Count {
    n: i64,
}

macro_rules! reading {
    ($handle:ident, $record:ident, $tenant:literal, $named:literal) => {
        impl<'a, A: Access> $handle<'a, A> {
            pub fn db(&self) -> &'a Db {
                self.db
            }

            /// One row that is not deleted; foreign and missing are both `None`.
            ///
            /// # Errors
            /// When the database fails or the row does not decode.
            pub async fn get<T: $record>(&self, id: T::Id) -> Result<Option<T>, DbError> {
                self.get_deleted(id, Deleted::Without).await
            }

            /// One row, saying what to do about deleted ones.
            ///
            /// # Errors
            /// As [`Self::get`].
            pub async fn get_deleted<T: $record>(&self, id: T::Id, deleted: Deleted) -> Result<Option<T>, DbError> {
                let mut binds = self.tenant();
                binds.insert("id", id);
                let deleted = match deleted {
                    _ if !T::SOFT_DELETE => "",
                    Deleted::Without => " AND deleted_at IS NONE",
                    Deleted::Only => " AND deleted_at IS NOT NONE",
                    Deleted::With => "",
                };
                let sql = format!(concat!("SELECT * FROM ONLY $id WHERE ", $tenant, "{};"), deleted);
                let row = self.db.run(&sql, binds, "reading a row").await?.one::<T>(0)?;
                row.map(|row| self.own(row)).transpose()
            }

            /// The rows of a query.
            ///
            /// # Errors
            /// As [`Self::get`].
            pub async fn list<T: $record>(&self, select: Select) -> Result<Vec<T>, DbError> {
                let (sql, mut binds) = select.sql(T::Id::TABLE, $tenant, T::SOFT_DELETE);
                binds.extend(self.tenant());
                let rows = self.db.run(&sql, binds, "listing rows").await?.rows::<T>(0)?;
                rows.into_iter().map(|row| self.own(row)).collect()
            }

            /// How many rows a query has: a scan, so only where a number was asked for.
            ///
            /// # Errors
            /// When the database fails.
            pub async fn count<T: $record>(&self, select: Select) -> Result<u64, DbError> {
                let (sql, mut binds) = select.count_sql(T::Id::TABLE, $tenant, T::SOFT_DELETE);
                binds.extend(self.tenant());
                let count: Vec<Count> = self.db.run(&sql, binds, "counting rows").await?.rows(0)?;
                Ok(count.first().map_or(0, |c| u64::try_from(c.n).unwrap_or(0)))
            }

            /// A query that [`Select`] cannot say. The text must name the tenant's variable in every statement that
            /// reads rows; that it is named at all is checked here, the tenancy tests prove the rest.
            ///
            /// # Errors
            /// When the database fails, or the text forgets the tenant.
            pub async fn query(&self, sql: &str, mut binds: Variables, doing: &'static str) -> Result<Answer, DbError> {
                if !sql.contains($named) {
                    return Err(DbError::internal(
                        doing,
                        concat!("the query does not mention ", $named),
                    ));
                }
                binds.extend(self.tenant());
                self.db.run(sql, binds, doing).await
            }
        }

        impl<A: Access, T: $record> Lists<T> for $handle<'_, A> {
            fn db(&self) -> &Db {
                self.db
            }

            async fn rows(&self, select: Select) -> Result<Vec<T>, DbError> {
                self.list(select).await
            }

            async fn total(&self, select: Select) -> Result<u64, DbError> {
                self.count::<T>(select).await
            }
        }

        impl<'a, A: CanWrite> $handle<'a, A> {
            /// A unit of work: what is added to it happens together or not at all.
            pub fn tx(&self) -> Tx<'a> {
                self.begin()
            }
        }
    };
}

reading!(AccountDb, AccountRecord, "account = $account", "$account");
reading!(SiteDb, SiteRecord, "site = $site AND account = $account", "$site");

impl<'a, A: Access> AccountDb<'a, A> {
    fn tenant(&self) -> Variables {
        let mut binds = Variables::new();
        binds.insert("account", self.scope.account);
        binds
    }

    /// A second look at what came back: a row of another tenant is a bug of a query, never data.
    fn own<T: AccountRecord>(&self, row: T) -> Result<T, DbError> {
        if row.account() == self.scope.account {
            Ok(row)
        } else {
            Err(DbError::WrongTenant {
                table: <T as Record>::Id::TABLE,
            })
        }
    }
}

impl<'a, A: CanWrite> AccountDb<'a, A> {
    fn begin(&self) -> Tx<'a> {
        Tx::new(self.db, self.scope.account, None, self.scope.actor.who())
    }
}

impl<A: Access> SiteDb<'_, A> {
    fn tenant(&self) -> Variables {
        let mut binds = Variables::new();
        binds.insert("account", self.scope.account);
        binds.insert("site", self.scope.site);
        binds
    }

    fn own<T: SiteRecord>(&self, row: T) -> Result<T, DbError> {
        if row.account() == self.scope.account && row.site() == self.scope.site {
            Ok(row)
        } else {
            Err(DbError::WrongTenant {
                table: <T as Record>::Id::TABLE,
            })
        }
    }
}

impl<'a, A: CanWrite> SiteDb<'a, A> {
    fn begin(&self) -> Tx<'a> {
        Tx::new(
            self.db,
            self.scope.account,
            Some(self.scope.site),
            self.scope.actor.who(),
        )
    }
}
