//! Blueprint files: kinds of sites, as TOML.
//!
//! A file is read in one go and all that is wrong with it is told, with line, place and what to do: first what stands there
//! (`record`), then whether its parts agree (`check`). The parts are read on their own for that (`raw`), so that a typo in one
//! table does not hide a wrong name in another.

mod check;
mod check_pages;
mod mistake;
pub mod pattern;
mod raw;
mod record;
mod schema;
#[cfg(test)]
mod tests;
mod themes;
mod types;

use toml::de::DeTable;

pub use mistake::{Code, Mistake};
pub use record::{Options, Words};
pub use schema::schema;
pub use themes::{ThemeOption, Themes};
pub use types::{
    BlockSpec, Blueprint, CoverageRule, FieldSpec, LinkRule, MenuItemSpec, MenuSpec, PageSpec, SeoSpec, Steps,
    TaxonomySpec, ThemeSpec, Within,
};

use self::raw::Entry;
use self::record::{Read as _, Reader};

/// Bytes of a file.
pub const MAX_BYTES: usize = 1024 * 1024;

// The files of `blueprints/` by name, without their ending.
include!(concat!(env!("OUT_DIR"), "/blueprints.rs"));

/// The built-in files: name without its ending, and text.
pub fn builtin() -> &'static [(&'static str, &'static str)] {
    FILES
}

impl Blueprint {
    /// Reads a file. With `themes`, its theme must be one of them.
    ///
    /// # Errors
    /// All that is wrong with it, in the order of the file.
    pub fn parse(text: &str, themes: Option<&Themes>) -> Result<Self, Vec<Mistake>> {
        let mut reader = Reader::new(text);
        if text.len() > MAX_BYTES {
            reader.note(
                &(0..0),
                Code::WrongValue,
                "the file is too large",
                "keep it below 1 MiB",
            );
            return Err(reader.finish());
        }
        let (document, problems) = DeTable::parse_recoverable(text);
        for problem in &problems {
            let span = problem.span().unwrap_or(0..0);
            reader.note(&span, Code::Syntax, problem.message(), "see https://toml.io");
        }
        // What follows from broken syntax is no mistake of its own.
        if !problems.is_empty() {
            return Err(reader.finish());
        }
        let span = document.span();
        let node = toml::Spanned::new(span, toml::de::DeValue::Table(document.into_inner()));
        let blueprint = Self::read(&node, &mut reader);
        check::check(Entry::whole(&node), themes, &mut reader);
        match blueprint {
            Some(blueprint) if reader.is_empty() => Ok(blueprint),
            _ => Err(reader.finish()),
        }
    }
}
