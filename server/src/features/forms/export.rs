//! Messages as a CSV file: a column for each field that one of them has.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use igny8_data::{Direction, Read, Select, SiteScope, SurrealValue as _};

use super::api::Filter;
use super::model::{Submission, SubmissionId};
use crate::api::Result;
use crate::app::App;
use crate::features::planner::table;

/// Messages read at once.
const PAGE: usize = 200;
/// Columns of fields; what is beyond stands in the last one, with its names.
const MOST_COLUMNS: usize = 60;
const FIXED: [&str; 7] = ["id", "created_at", "status", "page", "language", "email", "consent"];

/// An export that is being written.
pub struct Export {
    app: App,
    scope: SiteScope<Read>,
    filter: Filter,
    /// Names of the fields that have a column.
    columns: Vec<String>,
    last: Option<(DateTime<Utc>, SubmissionId)>,
    begun: bool,
    ended: bool,
}

impl Export {
    /// Begins an export; looks at all messages once for their columns.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn new(app: &App, scope: SiteScope<Read>, filter: Filter) -> Result<Self> {
        let mut export = Self {
            app: app.clone(),
            scope,
            filter,
            columns: Vec::new(),
            last: None,
            begun: false,
            ended: false,
        };
        while let Some(rows) = export.rows().await? {
            for entry in rows.iter().flat_map(|row| &row.fields) {
                if export.columns.len() < MOST_COLUMNS && !export.columns.contains(&entry.name) {
                    export.columns.push(entry.name.clone());
                }
            }
        }
        (export.last, export.ended) = (None, false);
        Ok(export)
    }

    async fn rows(&mut self) -> Result<Option<Vec<Submission>>> {
        if self.ended {
            return Ok(None);
        }
        let mut select: Select = self
            .filter
            .select()
            .order("created_at", Direction::Ascending)
            .limit(PAGE);
        if let Some((at, id)) = self.last {
            select = select.after(at.into_value(), id);
        }
        let rows: Vec<Submission> = self.app.db.site(&self.scope).list(select).await?;
        self.ended = rows.len() < PAGE;
        self.last = rows.last().map(|row| (row.created_at, row.id));
        Ok(Some(rows))
    }

    /// The next part of the file; `None` at its end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let Some(rows) = self.rows().await? else {
            return Ok(None);
        };
        let fixed = FIXED.iter().map(|name| (*name).to_owned());
        // A field may be called as a column is.
        let own = self.columns.iter().map(|name| format!("field.{name}"));
        let header: Vec<String> = fixed.chain(own).chain(["other".to_owned()]).collect();
        let header = (!self.begun).then_some(header);
        self.begun = true;
        let rows = rows.iter().map(|row| self.row(row));
        let bytes = table::write_rows(header.as_deref(), rows).map_err(crate::api::Error::internal)?;
        Ok(Some(Bytes::from(bytes)))
    }

    fn row(&self, row: &Submission) -> Vec<String> {
        let status = serde_json::to_value(row.status).ok();
        let mut cells = vec![
            row.id.to_string(),
            row.created_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            status.and_then(|s| s.as_str().map(str::to_owned)).unwrap_or_default(),
            row.page.clone(),
            row.language.clone(),
            row.email.clone().unwrap_or_default(),
            row.consent.clone().unwrap_or_default(),
        ];
        let of = |name: &String| row.fields.iter().find(|entry| entry.name == *name);
        cells.extend(
            self.columns
                .iter()
                .map(|name| of(name).map(|e| e.value.clone()).unwrap_or_default()),
        );
        let rest = row.fields.iter().filter(|entry| !self.columns.contains(&entry.name));
        let rest: Vec<String> = rest.map(|entry| format!("{}: {}", entry.name, entry.value)).collect();
        cells.push(rest.join("\n"));
        cells
    }
}
