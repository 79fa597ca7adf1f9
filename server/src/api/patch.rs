//! Merging a PATCH into a row: absent stays, a value replaces, `null` empties.

use poem_openapi::types::MaybeUndefined;

/// Replaces a value when one was sent.
pub fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// Replaces or empties a value when the field was sent.
pub fn set_or_clear<T>(field: &mut Option<T>, value: MaybeUndefined<T>) {
    match value {
        MaybeUndefined::Undefined => {}
        MaybeUndefined::Null => *field = None,
        MaybeUndefined::Value(value) => *field = Some(value),
    }
}
