//! Clusters against terms, with the pages in each cell. Only cells that hold something, or should, are kept.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::names::{Role, TaxonomyKind};
use crate::sitemap::Input;
use crate::sitemap::build::Making;

/// Pages that a cell names; the rest is counted.
pub const MAX_PAGES: usize = 20;

/// How a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CellState {
    /// There are pages.
    Covered,
    /// The term is mapped to the cluster, and there is no page.
    Hole,
    /// Two of the pages aim at one keyword, or are both hubs.
    Duplicate,
}

/// The pages of a cluster that are filed under a term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// The term.
    pub term: String,
    /// How it is.
    pub state: CellState,
    /// How many pages there are.
    pub count: u32,
    /// Keys of the first of them.
    pub pages: Vec<String>,
}

/// A cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The cluster.
    pub cluster: String,
    /// Its name.
    pub name: String,
    /// Its pages, whatever they are filed under.
    pub pages: u32,
    /// Its hub page.
    pub hub: Option<String>,
    /// Its supporting pages.
    pub supporting: u32,
    /// Cells that hold something or should, in the order of the columns.
    pub cells: Vec<Cell>,
}

/// A term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// The term.
    pub term: String,
    /// Its name.
    pub name: String,
    /// Its taxonomy.
    pub kind: TaxonomyKind,
    /// Pages of all clusters filed under it.
    pub pages: u32,
}

/// All cells of a plan.
#[derive(Debug, Clone)]
pub struct Matrix {
    rows: Vec<Row>,
    columns: Vec<Column>,
    holes: u32,
    duplicates: u32,
}

/// A part of the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MatrixPage {
    /// Its rows.
    pub rows: Vec<Row>,
    /// The columns in which these rows have a cell.
    pub columns: Vec<Column>,
    /// Rows of the whole.
    pub all_rows: u32,
    /// Columns of the whole.
    pub all_columns: u32,
    /// Holes of the whole: cells, and clusters without any.
    pub holes: u32,
    /// Duplicates of the whole.
    pub duplicates: u32,
}

/// The matrix of a plan (`input.before`): clusters by priority and searches, terms by taxonomy and name.
pub fn matrix(input: Input<'_>) -> Matrix {
    let making = Making::new(input);
    let rows: HashMap<&str, usize> = making
        .clusters
        .iter()
        .enumerate()
        .map(|(at, of)| (of.id.as_str(), at))
        .collect();
    let mut cells: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (column, term) in making.terms.iter().enumerate() {
        for cluster in &term.clusters {
            if let Some(&row) = rows.get(cluster.as_str()) {
                cells.entry((row, column)).or_default();
            }
        }
    }
    let pages = &input.before.pages;
    let mut all: Vec<Row> = making
        .clusters
        .iter()
        .map(|cluster| Row {
            cluster: cluster.id.clone(),
            name: cluster.name.clone(),
            pages: 0,
            hub: None,
            supporting: 0,
            cells: Vec::new(),
        })
        .collect();
    let mut columns: Vec<Column> = making
        .terms
        .iter()
        .map(|term| Column {
            term: term.id.clone(),
            name: term.name.clone(),
            kind: term.kind,
            pages: 0,
        })
        .collect();
    for (at, page) in pages.iter().enumerate() {
        let row = page.cluster.as_deref().and_then(|cluster| rows.get(cluster)).copied();
        let mut of_page: Vec<usize> = page
            .terms
            .iter()
            .chain(&page.term)
            .filter_map(|term| making.term_at.get(term.as_str()).copied())
            .collect();
        of_page.sort_unstable();
        of_page.dedup();
        for &column in &of_page {
            columns[column].pages += 1;
            if let Some(row) = row {
                cells.entry((row, column)).or_default().push(at);
            }
        }
        if let Some(row) = row.map(|row| &mut all[row]) {
            row.pages += 1;
            match page.role {
                Some(Role::Hub) => row.hub = row.hub.take().or_else(|| Some(page.key.clone())),
                Some(Role::Supporting | Role::Attribute) => row.supporting += 1,
                None => {}
            }
        }
    }
    let (mut holes, mut duplicates) = (0, 0);
    for ((row, column), there) in cells {
        let mut aimed: HashMap<String, usize> = HashMap::new();
        let mut hubs = 0;
        for page in there.iter().map(|&at| &pages[at]) {
            hubs += usize::from(page.role == Some(Role::Hub));
            if let Some(aim) = &page.primary {
                *aimed.entry(making.stems.variant(&aim.text)).or_default() += 1;
            }
        }
        let state = match there.len() {
            0 => CellState::Hole,
            _ if hubs > 1 || aimed.values().any(|count| *count > 1) => CellState::Duplicate,
            _ => CellState::Covered,
        };
        holes += u32::from(state == CellState::Hole);
        duplicates += u32::from(state == CellState::Duplicate);
        all[row].cells.push(Cell {
            term: making.terms[column].id.clone(),
            state,
            count: u32::try_from(there.len()).unwrap_or(u32::MAX),
            pages: there.iter().take(MAX_PAGES).map(|&at| pages[at].key.clone()).collect(),
        });
    }
    holes += u32::try_from(all.iter().filter(|row| row.cells.is_empty()).count()).unwrap_or(u32::MAX);
    Matrix {
        rows: all,
        columns,
        holes,
        duplicates,
    }
}

impl Matrix {
    /// A part of it: `limit` rows from the place `from`.
    pub fn page(&self, from: usize, limit: usize) -> MatrixPage {
        let rows: Vec<Row> = self.rows.iter().skip(from).take(limit).cloned().collect();
        let used: std::collections::HashSet<&str> = rows
            .iter()
            .flat_map(|row| &row.cells)
            .map(|cell| cell.term.as_str())
            .collect();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        MatrixPage {
            columns: self
                .columns
                .iter()
                .filter(|column| used.contains(column.term.as_str()))
                .cloned()
                .collect(),
            all_rows: number(self.rows.len()),
            all_columns: number(self.columns.len()),
            holes: self.holes,
            duplicates: self.duplicates,
            rows,
        }
    }
}
