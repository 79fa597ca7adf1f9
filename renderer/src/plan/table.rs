//! Rows of the plan that note who reads them; see [`crate::incremental::trace`].

use std::ops::{Index, IndexMut};

use super::{PlannedHome, PlannedPage, PlannedRedirect, PlannedSection, PlannedTerm, PlannedTermList};
use crate::incremental::trace::{self, Fact};

/// Something the plan has many of.
pub trait Row {
    /// The kind of the fact that reading a row is.
    const FACT: Fact;
    /// Names the row across renders.
    fn identity(&self) -> u64;
}

macro_rules! rows {
    ($($row:ty, $fact:ident, $path:expr;)*) => {
        $(impl Row for $row {
            const FACT: Fact = Fact::$fact;
            fn identity(&self) -> u64 {
                #[allow(clippy::redundant_closure_call, reason = "one way to say it for all rows")]
                ($path)(self)
            }
        })*
    };
}

rows! {
    PlannedPage<'_>, Page, |row: &Self| row.identity;
    PlannedSection<'_>, Section, |row: &Self| row.listing.identity;
    PlannedTerm<'_>, Term, |row: &Self| row.listing.identity;
    PlannedHome, Home, |row: &Self| row.listing.identity;
    PlannedTermList<'_>, TermList, |row: &Self| trace::identity(row.path.as_str());
    PlannedRedirect, Redirect, |row: &Self| trace::identity(row.from.as_str());
}

/// Rows by index.
#[derive(Debug)]
pub struct Table<T>(Vec<T>);

impl<T: Row> Table<T> {
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// All rows, unnoticed: for planning and for what looks at the whole site after the jobs.
    pub fn rows(&self) -> &[T] {
        &self.0
    }

    pub fn rows_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }

    pub fn push(&mut self, row: T) {
        self.0.push(row);
    }

    /// All rows; whoever asks depends on each.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        Self::read_all();
        self.0.iter()
    }

    #[allow(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        Self::read_all();
        self.0.len()
    }

    fn read_all() {
        trace::read(Fact::All, || T::FACT as u64);
    }
}

impl<T: Row> Index<usize> for Table<T> {
    type Output = T;

    fn index(&self, i: usize) -> &T {
        let row = &self.0[i];
        trace::read(T::FACT, || row.identity());
        row
    }
}

impl<T: Row> IndexMut<usize> for Table<T> {
    fn index_mut(&mut self, i: usize) -> &mut T {
        &mut self.0[i]
    }
}
