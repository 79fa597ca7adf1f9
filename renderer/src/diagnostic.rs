//! What a render wants its reader to know: a bad page does not stop the others.

use serde::Serialize;

/// How bad it is. Errors keep a release from going out unless it is forced, but for those that leave out one picture or one page
/// ([`crate::Report::stops_release`]); warnings and advice never do, unless a site is strict about their kind ([`crate::site::Strict`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something is missing from the output or wrong in it.
    Error,
    /// The output is whole, and could be better: a visitor or a search engine will notice.
    Warning,
    /// Advice.
    Info,
}

/// Where in the texts of a page something is, counted from 1. The default is nowhere in particular.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// Block of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<u32>,
    /// Question of the page whose answer it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<u32>,
    /// Line of the source: of the block's or the answer's text, else of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

impl Place {
    /// True if it says nothing.
    pub fn is_nowhere(&self) -> bool {
        *self == Self::default()
    }

    /// A line of a body.
    pub fn line(line: usize) -> Self {
        Self {
            line: u32::try_from(line).ok(),
            ..Self::default()
        }
    }

    /// The same in a block.
    pub fn in_block(self, block: usize) -> Self {
        Self {
            block: u32::try_from(block).ok(),
            ..self
        }
    }

    /// The same in the answer to a question.
    pub fn in_answer(self, question: usize) -> Self {
        Self {
            question: u32::try_from(question).ok(),
            ..self
        }
    }
}

/// `block 2, line 3`.
impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [("block", self.block), ("question", self.question), ("line", self.line)];
        let mut before = "";
        for (word, number) in parts {
            if let Some(number) = number {
                write!(f, "{before}{word} {number}")?;
                before = ", ";
            }
        }
        Ok(())
    }
}

/// One finding, with the page it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Site path of the page, or empty for the whole site.
    pub page: String,
    /// Where on that page, if it is in one of its texts.
    #[serde(skip_serializing_if = "Place::is_nowhere")]
    pub place: Place,
    /// Stable name of the kind of finding, for filters: `link-missing`.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl Diagnostic {
    /// An error about `page`.
    pub fn error(page: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            page: page.into(),
            place: Place::default(),
            code,
            message: message.into(),
        }
    }

    /// A warning about `page`.
    pub fn warning(page: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            page: page.into(),
            place: Place::default(),
            code,
            message: message.into(),
        }
    }

    /// Advice about `page`.
    pub fn info(page: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Info,
            page: page.into(),
            place: Place::default(),
            code,
            message: message.into(),
        }
    }

    /// The same, in a place of its page.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// The message with the place before it: `line 12: the link …`.
    pub fn text(&self) -> String {
        if self.place.is_nowhere() {
            self.message.clone()
        } else {
            format!("{}: {}", self.place, self.message)
        }
    }
}

impl Severity {
    /// The word for it: `error`, `warning`, `info`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let level = self.severity.name();
        let page = if self.page.is_empty() { "site" } else { &self.page };
        write!(f, "{level}[{}] {page}: {}", self.code, self.text())
    }
}
