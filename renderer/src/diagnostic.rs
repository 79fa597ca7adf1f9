//! What a render wants its reader to know: a bad page does not stop the others.

use serde::Serialize;

/// How bad it is. Errors stop a deploy unless it is forced; warnings and advice never do.
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

/// One finding, with the page it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Site path of the page, or empty for the whole site.
    pub page: String,
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
            code,
            message: message.into(),
        }
    }

    /// A warning about `page`.
    pub fn warning(page: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            page: page.into(),
            code,
            message: message.into(),
        }
    }

    /// Advice about `page`.
    pub fn info(page: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Info,
            page: page.into(),
            code,
            message: message.into(),
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
        write!(f, "{level}[{}] {page}: {}", self.code, self.message)
    }
}
