//! All rows of the database out and in again, for backups. Rows travel as lines of JSON that keep SurrealDB's types.

use futures_util::StreamExt as _;
use surrealdb::method::{ItemStream, StreamItem};
use surrealdb_types::{SurrealValue, Value, Variables};

use crate::error::{DbError, sort};
use crate::platform::PlatformDb;

/// The table of applied schema files; a backup names them in its header instead.
pub(crate) const MIGRATIONS_TABLE: &str = "schema_migration";

/// A schema file that was applied to a database.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, SurrealValue)]
pub struct AppliedMigration {
    pub number: i64,
    pub name: String,
    pub checksum: String,
}

/// One row on its way into a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DumpedRow {
    pub table: String,
    /// The row with its types (`{"Datetime":"…"}`), without a line break.
    pub line: String,
}

/// Rows as they were when it began, one at a time: memory stays bounded however large the database is.
pub struct Dump {
    items: ItemStream,
}

const DOING: &str = "reading rows for a backup";

impl PlatformDb<'_> {
    /// The names of all tables with rows of the product, in alphabetical order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tables(&self) -> Result<Vec<String>, DbError> {
        let info = self
            .db()
            .run("INFO FOR DB;", Variables::new(), "listing tables")
            .await?
            .value(0)?;
        let Value::Object(info) = info else {
            return Err(DbError::internal("listing tables", "unexpected answer"));
        };
        let Some(Value::Object(tables)) = info.get("tables") else {
            return Err(DbError::internal("listing tables", "no tables in the answer"));
        };
        let names = tables
            .keys()
            .map(ToString::to_string)
            .filter(|name| name != MIGRATIONS_TABLE);
        let mut names: Vec<String> = names.collect();
        names.sort();
        match names.iter().find(|name| !is_table_name(name)) {
            Some(odd) => Err(DbError::internal(
                "listing tables",
                format!("a table is called `{odd}`"),
            )),
            None => Ok(names),
        }
    }

    /// The schema files applied to this database, by number.
    ///
    /// # Errors
    /// When the database fails, or nothing was ever applied.
    pub async fn applied_migrations(&self) -> Result<Vec<AppliedMigration>, DbError> {
        let sql = format!("SELECT number, name, checksum FROM {MIGRATIONS_TABLE} ORDER BY number;");
        self.db()
            .run(&sql, Variables::new(), "reading migrations")
            .await?
            .rows(0)
    }

    /// Reads all rows of the tables in one transaction: as they were at one moment, by table and key.
    ///
    /// # Errors
    /// When a name is not one of [`Self::tables`], or the database fails.
    pub fn dump(&self, tables: &[String]) -> Result<Dump, DbError> {
        let mut sql = String::from("BEGIN;\n");
        for table in tables {
            if !is_table_name(table) {
                return Err(DbError::internal(DOING, format!("`{table}` is not a table's name")));
            }
            sql += &format!("SELECT * FROM {table};\n");
        }
        sql += "COMMIT;";
        let items = self.db().stream(&sql).map_err(|e| sort(&e, DOING))?;
        Ok(Dump { items })
    }

    /// True when no table has a row (or there are no tables yet).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_empty(&self) -> Result<bool, DbError> {
        for table in self.tables().await? {
            let sql = format!("SELECT VALUE id FROM {table} LIMIT 1;");
            let mut found = self.db().run(&sql, Variables::new(), "looking for rows").await?;
            if !found.rows::<Value>(0)?.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Stores rows of one table again, all of the batch or none. Their ids must be free.
    ///
    /// # Errors
    /// When a line is not one of a dump, a row does not fit the schema, or an id is taken.
    pub async fn load(&self, table: &str, lines: &[impl AsRef<str>]) -> Result<(), DbError> {
        let doing = "storing rows of a backup";
        if !is_table_name(table) || table == MIGRATIONS_TABLE {
            return Err(DbError::internal(doing, format!("`{table}` is not a table's name")));
        }
        let mut rows = Vec::with_capacity(lines.len());
        for line in lines {
            let row: Value = serde_json::from_str(line.as_ref()).map_err(|e| DbError::internal(doing, e))?;
            match table_of(&row) {
                Some(of) if of == table => rows.push(row),
                _ => return Err(DbError::internal(doing, format!("a row is not one of {table}"))),
            }
        }
        let mut binds = Variables::new();
        binds.insert("rows", rows);
        let sql = format!("INSERT INTO {table} $rows RETURN NONE;");
        self.db().run_retrying(&sql, binds, doing).await.map(|_| ())
    }
}

impl Dump {
    /// The next row; `None` after the last, and then all of them are sure to be of one moment.
    ///
    /// # Errors
    /// When the database fails; the rows so far are then worth nothing.
    pub async fn next(&mut self) -> Result<Option<DumpedRow>, DbError> {
        while let Some(item) = self.items.next().await {
            match item.map_err(|e| sort(&e, DOING))? {
                StreamItem::StatementEnd { result, .. } => result.map_err(|e| sort(&e, DOING))?,
                StreamItem::Row { value, .. } => {
                    // BEGIN and COMMIT report a value of their own.
                    let Some(table) = table_of(&value) else { continue };
                    let table = table.to_owned();
                    let line = serde_json::to_string(&value).map_err(|e| DbError::internal(DOING, e))?;
                    return Ok(Some(DumpedRow { table, line }));
                }
            }
        }
        Ok(None)
    }
}

fn table_of(row: &Value) -> Option<&str> {
    match row {
        Value::Object(row) => match row.get("id") {
            Some(Value::RecordId(id)) => Some(id.table.as_str()),
            _ => None,
        },
        _ => None,
    }
}

fn is_table_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
