//! Changing a plan by hand: all edits of a call or none.
//!
//! What a person changed is theirs: it is locked, so that planning anew leaves it as it is. A page's address does not follow from
//! where it stands in the tree, so moving it breaks no link.

mod apply;

use serde::{Deserialize, Serialize};

pub use self::apply::apply;
use super::page::{Aim, Menu, PagePlan};
use crate::names::Role;

/// Edits of one call.
pub const MAX_EDITS: usize = 5_000;

/// A change of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "edit", rename_all = "snake_case")]
pub enum Edit {
    /// Adds a page with a key that no other has; it comes last below its parent.
    Add {
        /// The page. Whether it is locked says whether it stays when the plan is made anew.
        page: Box<PagePlan>,
    },
    /// Takes a page out. Those below it move up; links and menus lose it.
    Delete {
        /// Its key.
        page: String,
    },
    /// Gives a page another title, name in menus, or address.
    Rename {
        /// Its key.
        page: String,
        /// Another title.
        #[serde(default)]
        title: Option<String>,
        /// Another name in menus.
        #[serde(default)]
        label: Option<String>,
        /// Another last part of the address.
        #[serde(default)]
        slug: Option<String>,
    },
    /// Puts a page, with all below it, somewhere else.
    Move {
        /// Its key.
        page: String,
        /// Key of the page it shall stand below; where it is when `None`.
        #[serde(default)]
        parent: Option<String>,
        /// Its place among those, from 0; the last when `None`.
        #[serde(default)]
        position: Option<u32>,
    },
    /// Keeps a page as it is when the plan is made anew.
    Lock {
        /// Its key.
        page: String,
    },
    /// Lets a page be made anew.
    Unlock {
        /// Its key.
        page: String,
    },
    /// Lets a page aim at other keywords.
    Aim {
        /// Its key.
        page: String,
        /// The keyword it should be found by.
        primary: Option<Aim>,
        /// Further ones; as they are when `None`.
        #[serde(default)]
        keywords: Option<Vec<Aim>>,
    },
    /// Lets a page aim at some keywords no more; if the primary is among them, the first that is left becomes it.
    Drop {
        /// Its key.
        page: String,
        /// Ids of the keywords.
        keywords: Vec<String>,
    },
    /// Gives a page to a cluster, or to none.
    Assign {
        /// Its key.
        page: String,
        /// The cluster.
        cluster: Option<String>,
        /// Its place in it.
        role: Option<Role>,
    },
    /// Files a page under terms, or takes it out.
    File {
        /// Its key.
        page: String,
        /// Terms it is filed under from now on.
        #[serde(default)]
        add: Vec<String>,
        /// Terms it is filed under no more.
        #[serde(default)]
        remove: Vec<String>,
    },
    /// Lets the text of a page link to others, or no more.
    Link {
        /// Its key.
        page: String,
        /// Keys of the pages it shall link to.
        #[serde(default)]
        add: Vec<String>,
        /// Keys of the pages it shall link to no more.
        #[serde(default)]
        remove: Vec<String>,
    },
    /// Puts another menu in the place of one.
    Menu {
        /// The menu.
        menu: Menu,
    },
    /// Takes an entry out of a menu, wherever in it that is.
    Unlist {
        /// Where the menu stands.
        place: crate::names::MenuPlace,
        /// Key of the page.
        page: String,
    },
    /// Lets the archive of a term follow when that is renamed.
    TermRenamed {
        /// The term.
        term: String,
        /// Its new name.
        name: String,
        /// Its new slug.
        slug: String,
    },
}

/// Why an edit was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Which of the edits, from 0.
    pub edit: usize,
    /// What sort of problem it is.
    pub code: ProblemCode,
    /// Key of the page it is about.
    pub page: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub mend: String,
}

crate::names::choice! {
    /// Sorts of refusals.
    ProblemCode, "problem" {
        /// More edits than one call may have.
        TooMany = "too_many",
        /// There is no such page.
        UnknownPage = "unknown_page",
        /// A page of that key is there already.
        KeyTaken = "key_taken",
        /// The site cannot be without the page.
        Required = "required",
        /// The page is locked.
        Locked = "locked",
        /// The title is empty or too long.
        Title = "title",
        /// The text cannot be a part of an address.
        Slug = "slug",
        /// Another page has the address.
        AddressTaken = "address_taken",
        /// The address follows from something else.
        AddressFixed = "address_fixed",
        /// The page would stand below itself.
        Circle = "circle",
        /// The page would be too deep.
        Deep = "deep",
        /// The parts of the page contradict each other.
        Inconsistent = "inconsistent",
        /// More of something than a page may have.
        Full = "full",
    }
}

impl Edit {
    /// Key of the page it is about; empty where it is about none.
    pub fn page(&self) -> &str {
        match self {
            Self::Add { page } => &page.key,
            Self::Delete { page }
            | Self::Rename { page, .. }
            | Self::Move { page, .. }
            | Self::Lock { page }
            | Self::Unlock { page }
            | Self::Aim { page, .. }
            | Self::Drop { page, .. }
            | Self::Assign { page, .. }
            | Self::File { page, .. }
            | Self::Link { page, .. }
            | Self::Unlist { page, .. } => page,
            Self::Menu { .. } | Self::TermRenamed { .. } => "",
        }
    }
}
