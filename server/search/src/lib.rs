//! Full-text search of a site's content: an index in a folder of its own, what is asked of it, and excerpts with the words that
//! were found. Knows no database: a caller brings documents and says which conditions they fulfil.

#![forbid(unsafe_code)]

mod document;
mod find;
mod index;
mod mark;
mod query;

pub use document::Document;
pub use find::Hit;
pub use index::{Index, SearchError};
pub use mark::Marker;
pub use query::{MAX_CHARACTERS, MAX_WORDS, Query, TooLong};

#[cfg(test)]
mod tests;
