//! What a job reads of the site, noted while it runs.
//!
//! Everything that can differ between two renders of one site is a **fact** with a key ([`Fact`]): a page, its card, the
//! items of a list, whether an address is taken. The accessors of the plan and of the prepared values note the key of each fact
//! they give away, so that a job cannot read one unnoticed. Notes are kept by thread: work that a job hands to other threads
//! must be covered by a fact that the job itself reads.

use std::cell::RefCell;
use std::hash::{Hash, Hasher};

use crate::tables;

thread_local! {
    static NOTES: RefCell<Option<Vec<u64>>> = const { RefCell::new(None) };
}

/// Kinds of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Fact {
    /// Everything about a page but where lists show it.
    Page = 1,
    /// Address, title and language of a page.
    PageName,
    /// A page as templates see it.
    Card,
    /// A section without its pages.
    Section,
    /// A term without its pages.
    Term,
    /// What a link to a term needs.
    TermLink,
    /// A home page without its lists.
    Home,
    TermList,
    Redirect,
    /// All rows of a table of the plan.
    All,
    /// All items of a list, in order.
    Items,
    /// The items of one pager.
    Slice,
    /// How many items and pagers a list has.
    Count,
    /// The newest items of a list, which its feeds show.
    Newest,
    /// Something has this address.
    Claimed,
    Media,
    /// Pages with one translation key.
    Translations,
    /// The pages of a cluster.
    Cluster,
    /// The pages before and after a page in its section.
    Neighbours,
    /// Which pages are in no section, with their kinds.
    Alone,
    Related,
    /// What a template sees of the site in one language.
    Frame,
    /// Addresses in one of the sitemap's files, and when each was modified.
    Sitemap,
    /// When what is in each of the sitemap's files was modified last.
    SitemapIndex,
}

impl Fact {
    /// The key of the fact of this kind about the thing that `identity` stands for.
    pub fn key(self, identity: u64) -> u64 {
        // An odd factor keeps different identities different; kinds move them far apart.
        (identity ^ (self as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xff51_afd7_ed55_8ccd)
    }
}

/// A number for a thing by its name.
pub(crate) fn identity(of: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = tables::digest();
    of.hash(&mut hasher);
    hasher.finish()
}

/// Notes that the fact is read, if a job is being watched on this thread.
pub(crate) fn read(fact: Fact, identity: impl FnOnce() -> u64) {
    NOTES.with_borrow_mut(|notes| {
        if let Some(notes) = notes {
            let key = fact.key(identity());
            if notes.last() != Some(&key) {
                notes.push(key);
            }
        }
    });
}

/// Runs `work` and gives the keys of all facts it read on this thread, sorted, each once.
pub(crate) fn watch<T>(work: impl FnOnce() -> T) -> (T, Vec<u64>) {
    let outer = NOTES.replace(Some(Vec::with_capacity(64)));
    let done = work();
    let mut notes = NOTES.replace(outer).unwrap_or_default();
    notes.sort_unstable();
    notes.dedup();
    (done, notes)
}

/// Runs `work` without noting what it reads: its outcome is a fact of its own, which the caller notes.
pub(crate) fn unwatched<T>(work: impl FnOnce() -> T) -> T {
    let outer = NOTES.take();
    let done = work();
    NOTES.set(outer);
    done
}
