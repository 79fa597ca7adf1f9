//! Ideas as a CSV file, page by page, in the order of their titles; an import takes it back unchanged.

use std::collections::HashMap;

use bytes::Bytes;
use igny8_data::surrealdb_types::Value;
use igny8_data::{Access, DbError, Direction, SectorId, Select, SiteScope};

use super::api::IdeaFilter;
use super::api::names;
use super::idea::{Heading, Idea, IdeaId};
use super::table::{self, cut, escaped, join, plain, word, written_attributes};
use crate::api::{Error, Result};
use crate::app::App;
use crate::features::sites::Sector;
use crate::features::taxonomy::{Taxonomy, Term, TermId};

/// Ideas read at once.
const PAGE: usize = 500;

/// `volume` and `difficulty` are for readers; an import leaves them alone.
const HEADER: [&str; 20] = [
    "id",
    "title",
    "sector",
    "status",
    "origin",
    "disabled",
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
    "suggested_terms",
    "attributes",
    "brief",
];

/// An export that is being written.
pub struct IdeaExport<A> {
    app: App,
    scope: SiteScope<A>,
    filter: IdeaFilter,
    sectors: HashMap<SectorId, String>,
    terms: HashMap<TermId, String>,
    last: Option<(String, IdeaId)>,
    begun: bool,
    ended: bool,
}

impl<A: Access> IdeaExport<A> {
    /// Begins an export of the ideas meant.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn new(app: &App, scope: SiteScope<A>, filter: IdeaFilter) -> Result<Self, DbError> {
        let db = app.db.site(&scope);
        let sectors = db.list::<Sector>(Select::new()).await?;
        let terms = db.list::<Term>(Select::new()).await?;
        Ok(Self {
            app: app.clone(),
            filter,
            sectors: sectors.into_iter().map(|sector| (sector.id, sector.slug)).collect(),
            terms: terms
                .into_iter()
                .map(|term| (term.id, term_name(term.taxonomy, &term.language, &term.slug)))
                .collect(),
            last: None,
            begun: false,
            ended: false,
            scope,
        })
    }

    /// The next part of the file; `None` at its end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
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
        let names = names::of(&db, rows.iter().map(|row| (row.cluster, row.keywords(), &[][..]))).await?;
        let cells = rows.into_iter().map(|idea| {
            let primary = idea.primary_keyword.and_then(|id| names.keywords.get(&id));
            let number = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
            let secondary = idea.secondary_keywords.iter().filter_map(|id| names.keywords.get(id));
            [
                idea.id.to_string(),
                idea.title,
                self.sectors.get(&idea.sector).cloned().unwrap_or_default(),
                word(&idea.status),
                word(&idea.origin),
                idea.disabled.to_string(),
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
                join(secondary.map(|keyword| &keyword.text)),
                idea.word_count.to_string(),
                written_outline(&idea.outline),
                join(idea.terms.iter().filter_map(|id| self.terms.get(id))),
                join(&idea.suggested_terms),
                written_attributes(&idea.attributes),
                idea.brief,
            ]
        });
        let header = (!self.begun).then_some(&HEADER);
        self.begun = true;
        Ok(Some(table::write(header, cells).map_err(Error::internal)?.into()))
    }
}

/// How a file names a term: `blog_category:brewing`, with `@de` behind it where the language is another than the site's.
pub(super) fn term_name(taxonomy: Taxonomy, language: &str, slug: &str) -> String {
    format!("{}:{slug}@{language}", word(&taxonomy))
}

/// A line for each heading (`# …`), question (`? …`) and point (`- …`).
pub(super) fn written_outline(outline: &[Heading]) -> String {
    let lines = outline.iter().flat_map(|heading| {
        let sign = if heading.question { '?' } else { '#' };
        let points = heading.points.iter().map(|point| ('-', point));
        std::iter::once((sign, &heading.heading)).chain(points)
    });
    let lines: Vec<String> = lines
        .map(|(sign, text)| format!("{sign} {}", escaped(text, &[])))
        .collect();
    lines.join("\n")
}

/// The outline of such lines; a line without a sign is a heading.
pub(super) fn read_outline(cell: &str) -> Vec<Heading> {
    let mut outline: Vec<Heading> = Vec::new();
    for line in cut(cell, '\n')
        .into_iter()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        let of = |sign: char| {
            line.strip_prefix(sign)
                .and_then(|rest| rest.strip_prefix(' '))
                .map(plain)
        };
        match (of('-'), outline.last_mut()) {
            (Some(point), Some(heading)) => heading.points.push(point),
            _ => outline.push(Heading {
                question: of('?').is_some(),
                heading: of('?').or_else(|| of('#')).unwrap_or_else(|| plain(line)),
                points: Vec::new(),
            }),
        }
    }
    outline
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlines_come_back() {
        let outline = vec![
            Heading {
                heading: "- What \\n it is".into(),
                points: vec!["# one".into(), "two\nlines".into()],
                question: false,
            },
            Heading {
                heading: "Why?".into(),
                points: Vec::new(),
                question: true,
            },
        ];
        let written = written_outline(&outline);
        assert_eq!(read_outline(&written), outline, "{written}");
        assert_eq!(read_outline("Plain\n\n - \n").len(), 2);
    }
}
