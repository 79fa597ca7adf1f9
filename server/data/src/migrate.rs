//! Applying `server/schema/*.surql`: numbered, forward-only, each once, checked by checksum.

use surrealdb_types::{SurrealValue, Variables};

use crate::backup::AppliedMigration;
use crate::connect::Db;
use crate::error::DbError;

/// One schema file.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    pub number: u32,
    /// File name without number and ending: `accounts`.
    pub name: &'static str,
    pub sql: &'static str,
}

#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error(
        "schema file {number:04}_{name} is not the one that was applied to this database: restore the file as it was and \
         put the change into a new, higher-numbered file"
    )]
    Changed { number: u32, name: String },
    #[error(
        "this database has schema {number:04}_{name}, which this program does not know: it was last used by a newer \
         version. Start that version or a later one"
    )]
    Unknown { number: u32, name: String },
    #[error("schema file {number:04}_{name}: {source}")]
    Failed { number: u32, name: String, source: DbError },
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Db {
    /// Brings the schema up to date and returns the names of what was applied. Safe to run at every start and by several
    /// processes at once: every file is written so that applying it again changes nothing.
    ///
    /// # Errors
    /// When an applied file has changed, the database is newer than the program, or a file does not apply.
    pub async fn migrate(&self, migrations: &[Migration]) -> Result<Vec<&'static str>, MigrateError> {
        let base = "DEFINE TABLE IF NOT EXISTS schema_migration SCHEMAFULL;\
             DEFINE FIELD IF NOT EXISTS number ON schema_migration TYPE int;\
             DEFINE FIELD IF NOT EXISTS name ON schema_migration TYPE string;\
             DEFINE FIELD IF NOT EXISTS checksum ON schema_migration TYPE string;\
             DEFINE FIELD IF NOT EXISTS applied_at ON schema_migration TYPE datetime;";
        self.run_retrying(base, Variables::new(), "preparing migrations")
            .await?;
        let applied: Vec<AppliedMigration> = self
            .run(
                "SELECT number, name, checksum FROM schema_migration ORDER BY number",
                Variables::new(),
                "reading migrations",
            )
            .await?
            .rows(0)?;
        for row in &applied {
            match migrations.iter().find(|m| i64::from(m.number) == row.number) {
                None => {
                    let number = u32::try_from(row.number).unwrap_or_default();
                    return Err(MigrateError::Unknown {
                        number,
                        name: row.name.clone(),
                    });
                }
                Some(m) if checksum(m.sql) != row.checksum => {
                    return Err(MigrateError::Changed {
                        number: m.number,
                        name: m.name.to_owned(),
                    });
                }
                Some(_) => {}
            }
        }
        let mut done = Vec::new();
        for m in migrations {
            if applied.iter().any(|row| row.number == i64::from(m.number)) {
                continue;
            }
            let mut binds = Variables::new();
            binds.insert("m_number", i64::from(m.number));
            binds.insert("m_name", m.name.to_owned());
            binds.insert("m_checksum", checksum(m.sql));
            binds.insert("m_at", self.clock().now());
            let sql = format!(
                "{}\nUPSERT type::record('schema_migration', $m_number) CONTENT \
                 {{ number: $m_number, name: $m_name, checksum: $m_checksum, applied_at: $m_at }};",
                m.sql
            );
            self.run_retrying(&sql, binds, "applying a migration")
                .await
                .map_err(|source| MigrateError::Failed {
                    number: m.number,
                    name: m.name.to_owned(),
                    source,
                })?;
            tracing::info!(
                migration = m.name,
                number = m.number,
                "applied schema file {:04}_{}",
                m.number,
                m.name
            );
            done.push(m.name);
        }
        Ok(done)
    }
}

#[derive(SurrealValue)]
struct Applied {
    applied_at: chrono::DateTime<chrono::Utc>,
}

impl Db {
    /// When the first schema file was applied: tells this database from every other, such as one that its backup was restored
    /// into. What is kept elsewhere of its rows names it.
    ///
    /// # Errors
    /// When the database fails, or nothing was ever applied.
    pub async fn made_at(&self) -> Result<String, DbError> {
        let sql = "SELECT applied_at, number FROM schema_migration ORDER BY number LIMIT 1;";
        let mut answer = self.run(sql, Variables::new(), "reading migrations").await?;
        let first = answer.rows::<Applied>(0)?.pop();
        let first = first.ok_or_else(|| DbError::internal("reading migrations", "none was applied"))?;
        Ok(first.applied_at.to_rfc3339())
    }
}

impl Migration {
    /// What tells an applied file from a changed one.
    pub fn checksum(&self) -> String {
        checksum(self.sql)
    }
}

fn checksum(sql: &str) -> String {
    blake3::hash(sql.as_bytes()).to_hex().to_string()
}
