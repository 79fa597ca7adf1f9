//! What an import did, for people and programs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;

use igny8_planner::keyword_file::{Format, Note, RowProblem, RowProblemKind, Use};
use poem_openapi::Object;
use serde::{Deserialize, Serialize};

use super::batch::Done;
use crate::features::billing::Limits;

/// Problems that the report itself holds; the file of problems holds all.
const SHOWN: usize = 100;
/// Columns that the report names.
const COLUMNS: usize = 100;

/// What an import did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Object)]
#[oai(rename = "KeywordImportReport", skip_serializing_if_is_none)]
pub struct ImportReport {
    /// The tool the file was recognised as: `Google Keyword Planner`, `table`, `list of keywords`.
    pub source: String,
    pub encoding: String,
    /// What separates cells.
    pub delimiter: String,
    /// Line of the header, from 1.
    pub header_line: Option<u64>,
    /// Columns in the file's order, and what each was used for.
    pub columns: Vec<ImportColumn>,
    /// Nothing was changed; the counts say what would be.
    pub dry_run: bool,
    pub added: u64,
    pub changed: u64,
    pub unchanged: u64,
    /// Further rows of keywords that came before in the file; each was joined to the first.
    pub repeated: u64,
    /// Rows with figures of another market than the one that was kept: the site's, else the most searched.
    #[serde(default)]
    pub other_markets: u64,
    /// Rows that were left out.
    pub wrong: u64,
    /// Cells that could not be read, in rows that went in without them.
    pub warnings: u64,
    /// Keywords that came without their cluster, since the sector has none of this name.
    pub unknown_clusters: u64,
    /// Rows left out, by reason.
    pub reasons: Vec<ImportReason>,
    /// The first problems, by line; the import's CSV file has all.
    pub problems: Vec<ImportProblem>,
    /// What else is worth knowing about the file.
    pub notes: Vec<String>,
}

/// A column of an imported file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Object)]
#[oai(rename = "KeywordImportColumn", skip_serializing_if_is_none)]
pub struct ImportColumn {
    pub name: String,
    /// `searches a month`; absent when it was left out.
    pub used_for: Option<String>,
    /// Why it was left out.
    pub ignored: Option<String>,
}

/// How many rows were left out for a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Object)]
#[oai(rename = "KeywordImportReason")]
pub struct ImportReason {
    /// `empty`, `too_long`, `damaged`, `unclosed_quote`, `row_too_large`, `unreadable` or `plan_limit`.
    pub code: String,
    pub count: u64,
}

/// What is wrong with a row of an imported file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Object)]
#[oai(rename = "KeywordImportProblem")]
pub struct ImportProblem {
    /// Line of the file, from 1.
    pub line: u64,
    /// As in `reasons`, or `warning` for a cell of a row that went in. The file of problems also has `repeated` and
    /// `other_market`.
    pub code: String,
    /// In words.
    pub reason: String,
}

/// Something to say about a row.
#[derive(Debug, Clone)]
pub struct Problem {
    pub line: u64,
    pub code: &'static str,
    pub reason: String,
}

const WARNING: &str = "warning";
const REPEATED: &str = "repeated";
const OTHER_MARKET: &str = "other_market";
const LIMIT: &str = "plan_limit";

impl Problem {
    pub fn warning(line: u64, reason: String) -> Self {
        let code = WARNING;
        Self { line, code, reason }
    }

    pub const fn limit(line: u64, reason: String) -> Self {
        let code = LIMIT;
        Self { line, code, reason }
    }

    pub fn of(problem: &RowProblem) -> Self {
        let code = match &problem.kind {
            RowProblemKind::Empty => "empty",
            RowProblemKind::TooLong { .. } => "too_long",
            RowProblemKind::Damaged { .. } => "damaged",
            RowProblemKind::Duplicate { .. } => REPEATED,
            RowProblemKind::OtherMarket { .. } => OTHER_MARKET,
            RowProblemKind::UnclosedQuote => "unclosed_quote",
            RowProblemKind::TooLarge => "row_too_large",
            _ => "unreadable",
        };
        Self {
            line: problem.line,
            code,
            reason: problem.kind.to_string(),
        }
    }
}

/// The file of all problems: CSV with line, code and reason.
pub struct ProblemFile(csv::Writer<BufWriter<File>>);

impl ProblemFile {
    /// # Errors
    /// When the disk refuses.
    pub fn new(file: File) -> std::io::Result<Self> {
        let mut csv = csv::Writer::from_writer(BufWriter::new(file));
        csv.write_record(["line", "code", "reason"])?;
        Ok(Self(csv))
    }

    fn write(&mut self, problem: &Problem) -> std::io::Result<()> {
        // A reason quotes the file: no spreadsheet may take it for a formula.
        let reason = match problem.reason.starts_with(['=', '+', '-', '@', '\t', '\r']) {
            true => format!("'{}", problem.reason),
            false => problem.reason.clone(),
        };
        self.0
            .write_record([&problem.line.to_string(), problem.code, &reason])?;
        Ok(())
    }
}

/// Counts while an import runs.
pub struct Tally {
    report: ImportReport,
    reasons: BTreeMap<&'static str, u64>,
    shown: Vec<Problem>,
    file: Option<ProblemFile>,
    write_error: Option<String>,
}

impl Tally {
    pub fn new(dry_run: bool, file: Option<ProblemFile>) -> Self {
        Self {
            report: ImportReport {
                dry_run,
                ..ImportReport::default()
            },
            reasons: BTreeMap::new(),
            shown: Vec::new(),
            file,
            write_error: None,
        }
    }

    pub fn format(&mut self, format: &Format) {
        let report = &mut self.report;
        report.source = format.source.label().to_owned();
        report.encoding = format.encoding.to_owned();
        report.delimiter = format.delimiter.to_string();
        report.header_line = format.header_line;
        report.columns = format
            .columns
            .iter()
            .take(COLUMNS)
            .map(|column| ImportColumn {
                name: column.name.chars().take(200).collect(),
                used_for: column.field().map(|field| field.label().to_owned()),
                ignored: match column.used_for {
                    Use::Ignored(why) => Some(why.to_owned()),
                    Use::Field(_) => None,
                },
            })
            .collect();
    }

    pub fn problem(&mut self, problem: Problem) {
        match problem.code {
            REPEATED => self.report.repeated += 1,
            OTHER_MARKET => self.report.other_markets += 1,
            WARNING => self.report.warnings += 1,
            code => {
                self.report.wrong += 1;
                *self.reasons.entry(code).or_default() += 1;
            }
        }
        if let Some(Err(error)) = self.file.as_mut().map(|file| file.write(&problem)) {
            self.write_error = Some(error.to_string());
            self.file = None;
        }
        // What is lost by no row is only in the file.
        if self.shown.len() < SHOWN && !matches!(problem.code, REPEATED | OTHER_MARKET) {
            self.shown.push(problem);
        }
    }

    pub fn add(&mut self, done: Done) {
        self.report.added += done.added;
        self.report.changed += done.changed;
        self.report.unchanged += done.unchanged;
        self.report.unknown_clusters += done.unknown_clusters;
        for problem in done.problems {
            self.problem(problem);
        }
    }

    /// Rows dealt with.
    pub fn rows(&self) -> u64 {
        let report = &self.report;
        report.added + report.changed + report.unchanged + report.repeated + report.other_markets + report.wrong
    }

    pub fn used_up(&mut self, used_up: bool, limits: &Limits) {
        if used_up {
            let why = limits.keywords_used_up();
            self.report.notes.push(format!("Not all keywords went in: {why}."));
        }
    }

    pub fn finish(mut self, notes: Vec<Note>) -> ImportReport {
        self.report.notes.extend(notes.iter().map(ToString::to_string));
        if self.rows() == 0 {
            let note = "The file has no rows of keywords: nothing stands below its header.";
            self.report.notes.push(note.to_owned());
        }
        if let Some(Err(error)) = self.file.take().map(|mut file| file.0.flush()) {
            self.write_error = Some(error.to_string());
        }
        if let Some(error) = self.write_error {
            self.report
                .notes
                .push(format!("The file of problems is not complete: {error}"));
        }
        self.shown.sort_by_key(|problem| problem.line);
        self.report.problems = self
            .shown
            .into_iter()
            .map(|problem| ImportProblem {
                line: problem.line,
                code: problem.code.to_owned(),
                reason: problem.reason,
            })
            .collect();
        self.report.reasons = self
            .reasons
            .into_iter()
            .map(|(code, count)| ImportReason {
                code: code.to_owned(),
                count,
            })
            .collect();
        self.report
    }
}
