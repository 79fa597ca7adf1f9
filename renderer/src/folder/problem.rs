//! What a reader of a folder has to be told: never a reason to stop, always with a file to open.

use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing is lost; said so that every file is accounted for.
    Info,
    /// Read, but something of it was changed, dropped or not understood.
    Warning,
    /// The file was not read.
    Error,
}

/// Something about one file that its owner should know.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Path below the folder that was read, with `/` between parts.
    pub file: String,
    /// Line within the file, counted from 1.
    pub line: Option<usize>,
    pub severity: Severity,
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Info => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        match self.line {
            Some(line) => write!(f, "{}:{line}: {word}: {}", self.file, self.message),
            None => write!(f, "{}: {word}: {}", self.file, self.message),
        }
    }
}

/// Collects problems from parallel readers; [`Problems::finish`] puts them into an order that does not depend on timing.
#[derive(Debug, Default)]
pub(super) struct Problems(Mutex<Found>);

/// Problems of one file that are listed; a hostile file could have millions.
const LISTED: usize = 200;

#[derive(Debug, Default)]
struct Found {
    list: Vec<Problem>,
    by_file: HashMap<String, usize>,
}

impl Problems {
    pub fn push(&self, severity: Severity, file: &str, line: Option<usize>, message: impl Into<String>) {
        let problem = Problem {
            file: file.to_owned(),
            line,
            severity,
            message: message.into(),
        };
        // A poisoned lock only means another reader panicked while pushing; the list itself is still whole.
        let mut found = self.0.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(count) = found.by_file.get_mut(file) {
            *count += 1;
            if *count > LISTED {
                return;
            }
        } else {
            found.by_file.insert(file.to_owned(), 1);
        }
        found.list.push(problem);
    }

    pub fn info(&self, file: &str, message: impl Into<String>) {
        self.push(Severity::Info, file, None, message);
    }

    pub fn warn(&self, file: &str, line: Option<usize>, message: impl Into<String>) {
        self.push(Severity::Warning, file, line, message);
    }

    pub fn error(&self, file: &str, line: Option<usize>, message: impl Into<String>) {
        self.push(Severity::Error, file, line, message);
    }

    pub fn finish(self) -> Vec<Problem> {
        let Found { list: mut all, by_file } = self.0.into_inner().unwrap_or_else(|e| e.into_inner());
        for (file, count) in by_file.into_iter().filter(|(_, count)| *count > LISTED) {
            let message = format!("{} more problems in this file", count - LISTED);
            all.push(Problem {
                file,
                line: None,
                severity: Severity::Warning,
                message,
            });
        }
        all.sort_by(|a, b| (&a.file, a.line, &a.message).cmp(&(&b.file, b.line, &b.message)));
        all.dedup();
        all
    }
}
