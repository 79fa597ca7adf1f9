//! Full-text search of a site's content: words and phrases in title, headings and text, with the other conditions of a list.
//!
//! Each site has an index in a folder of its own ([`igny8_search`]), below `data_dir/search`, made of its rows and of nothing
//! else: whoever deletes it loses only the time that making it anew takes. It is brought up to date before each answer
//! ([`follow()`]), so what was saved is found at once, by whichever process.

mod facts;
mod follow;
mod keep;
mod list;
mod sites;
mod text;

pub use facts::Facts;
pub use follow::follow;
pub use keep::{job, keep};
pub use list::{Found, Highlight, highlights, ids};
pub use sites::Searches;

/// The kind of job that makes the index of a site that has none in this place, or one that nobody looked at for long.
pub const INDEX_SITE: &str = "index_site";
