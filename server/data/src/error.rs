//! What can go wrong between us and the database, sorted by what the caller should do about it.

use surrealdb_types::{AlreadyExistsError, ErrorDetails, QueryError};

/// A failed database operation.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Another writer was faster; the whole unit of work may be tried again. Surfaces only when the bounded retries of
    /// [`Tx::commit`](crate::Tx::commit) are used up.
    #[error("the database kept finding conflicting writes")]
    Conflict,
    /// A unique index (its name) or a record id already holds this value.
    #[error("duplicate value in {index}")]
    Duplicate { index: String },
    /// The row was changed or removed since it was read.
    #[error("the row was changed by someone else")]
    Stale,
    /// A condition of the unit of work did not hold: the code given to [`Tx::require`](crate::Tx::require).
    #[error("condition `{0}` does not hold")]
    Refused(String),
    #[error("the database did not answer in time")]
    Timeout,
    /// A row came back for another tenant than asked: a bug, never shown as data.
    #[error("a row of {table} belongs to another tenant")]
    WrongTenant { table: &'static str },
    /// Everything else is a fault of ours or of the installation.
    #[error("database error while {doing}: {message}")]
    Internal { doing: &'static str, message: String },
}

impl DbError {
    pub(crate) fn internal(doing: &'static str, message: impl ToString) -> Self {
        Self::Internal {
            doing,
            message: message.to_string(),
        }
    }

    /// True for the errors that a later attempt can cure.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Conflict | Self::Timeout)
    }
}

/// Finds the one error that explains a failed query: statements beside the culprit report only "not executed".
pub(crate) fn worst(errors: impl IntoIterator<Item = surrealdb_types::Error>, doing: &'static str) -> Option<DbError> {
    let (mut found, mut skipped): (Option<DbError>, Option<DbError>) = (None, None);
    for error in errors {
        // In a failed transaction every other statement reports one of these two.
        if let ErrorDetails::Query(Some(QueryError::NotExecuted | QueryError::Cancelled)) = error.details() {
            skipped.get_or_insert(sort(&error, doing));
            continue;
        }
        let sorted = sort(&error, doing);
        if matches!(sorted, DbError::Conflict) {
            return Some(sorted);
        }
        if matches!(found, None | Some(DbError::Internal { .. })) {
            found = Some(sorted);
        }
    }
    found.or(skipped)
}

/// Sorts one error. SurrealDB 3.3 reports broken unique indexes and conflicts at commit as text only; the table test
/// `every_kind_of_failure_is_told_apart` is the alarm for an upgrade that words them otherwise.
pub(crate) fn sort(error: &surrealdb_types::Error, doing: &'static str) -> DbError {
    let message = error.message();
    match error.details() {
        ErrorDetails::Query(Some(QueryError::TransactionConflict)) => DbError::Conflict,
        ErrorDetails::Query(Some(QueryError::TimedOut { .. } | QueryError::Cancelled)) => DbError::Timeout,
        ErrorDetails::AlreadyExists(Some(AlreadyExistsError::Record { id })) => DbError::Duplicate {
            index: id.split(':').next().unwrap_or_default().to_owned(),
        },
        _ if message.contains("This transaction can be retried") => DbError::Conflict,
        _ if error.is_thrown() => {
            let code = message.strip_prefix("An error occurred: ").unwrap_or(message);
            if code == "stale" {
                DbError::Stale
            } else {
                DbError::Refused(code.to_owned())
            }
        }
        _ => match message
            .split_once("Database index `")
            .and_then(|(_, rest)| rest.split_once('`'))
        {
            Some((index, rest)) if rest.starts_with(" already contains") => DbError::Duplicate {
                index: index.to_owned(),
            },
            _ => DbError::internal(doing, message),
        },
    }
}
