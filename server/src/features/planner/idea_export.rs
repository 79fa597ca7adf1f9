//! Ideas as a CSV file, page by page, in the order of their titles.

use std::fmt::Write as _;

use bytes::Bytes;
use igny8_data::surrealdb_types::Value;
use igny8_data::{Access, DbError, Direction, Select, SiteScope};

use super::api::IdeaFilter;
use super::api::names;
use super::idea::{Idea, IdeaId};
use crate::app::App;

/// Ideas read at once.
const PAGE: usize = 500;

const HEADER: [&str; 15] = [
    "id",
    "title",
    "status",
    "cluster",
    "role",
    "content_type",
    "content_structure",
    "primary_keyword",
    "volume",
    "difficulty",
    "secondary_keywords",
    "word_count",
    "outline",
    "terms",
    "brief",
];

/// An export that is being written.
pub struct IdeaExport<A> {
    app: App,
    scope: SiteScope<A>,
    filter: IdeaFilter,
    last: Option<(String, IdeaId)>,
    begun: bool,
    ended: bool,
}

impl<A: Access> IdeaExport<A> {
    pub fn new(app: &App, scope: SiteScope<A>, filter: IdeaFilter) -> Self {
        Self {
            app: app.clone(),
            scope,
            filter,
            last: None,
            begun: false,
            ended: false,
        }
    }

    /// The next part of the file; `None` at its end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next(&mut self) -> Result<Option<Bytes>, DbError> {
        if self.ended {
            return Ok(None);
        }
        let db = self.app.db.site(&self.scope);
        let mut select: Select = self.filter.select().order("title", Direction::Ascending).limit(PAGE);
        if let Some((title, id)) = self.last.take() {
            select = select.after(Value::String(title), id);
        }
        let rows = db.list::<Idea>(select).await?;
        self.ended = rows.len() < PAGE;
        self.last = rows.last().map(|row| (row.title.clone(), row.id));
        let names = names::of(
            &db,
            rows.iter()
                .map(|row| (row.cluster, row.keywords(), row.terms.as_slice())),
        )
        .await?;
        let mut text = String::new();
        if !self.begun {
            text.push('\u{feff}');
            line(&mut text, HEADER.map(str::to_owned));
            self.begun = true;
        }
        for idea in rows {
            let primary = idea.primary_keyword.and_then(|id| names.keywords.get(&id));
            let number = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
            let secondary: Vec<&str> = idea
                .secondary_keywords
                .iter()
                .filter_map(|id| names.keywords.get(id))
                .map(|keyword| keyword.text.as_str())
                .collect();
            let headings: Vec<&str> = idea.outline.iter().map(|heading| heading.heading.as_str()).collect();
            let terms: Vec<&str> = idea
                .terms
                .iter()
                .filter_map(|id| names.terms.get(id))
                .chain(&idea.suggested_terms)
                .map(String::as_str)
                .collect();
            line(
                &mut text,
                [
                    idea.id.to_string(),
                    idea.title,
                    word(&idea.status),
                    idea.cluster
                        .and_then(|id| names.clusters.get(&id))
                        .cloned()
                        .unwrap_or_default(),
                    idea.cluster_role.as_ref().map(word).unwrap_or_default(),
                    word(&idea.content_type),
                    word(&idea.content_structure),
                    primary.map(|keyword| keyword.text.clone()).unwrap_or_default(),
                    number(primary.map(|keyword| keyword.volume)),
                    number(primary.and_then(|keyword| keyword.difficulty)),
                    secondary.join("|"),
                    idea.word_count.to_string(),
                    headings.join("\n"),
                    terms.join("|"),
                    idea.brief,
                ],
            );
        }
        Ok(Some(text.into()))
    }
}

/// How the API writes a choice.
fn word(choice: &impl serde::Serialize) -> String {
    serde_json::to_value(choice)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// A line of cells in quotes. One that a spreadsheet would run as a formula gets an apostrophe before it.
fn line(to: &mut String, cells: [String; 15]) {
    let cells = cells.map(|cell| {
        let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
        format!("\"{}{}\"", if formula { "'" } else { "" }, cell.replace('"', "\"\""))
    });
    let _ = write!(to, "{}\r\n", cells.join(","));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_no_formulas() {
        let mut text = String::new();
        let mut cells = [const { String::new() }; 15];
        cells[0] = "=1+1".into();
        cells[1] = "a \"b\", c\nd".into();
        line(&mut text, cells);
        assert!(text.starts_with("\"'=1+1\",\"a \"\"b\"\", c\nd\",\"\""), "{text}");
        assert!(text.ends_with("\r\n"));
    }
}
