//! A client for the REST API of WordPress (5.7 and later): found, checked, read and written.
//!
//! ```no_run
//! # async fn example(outgoing: igny8_outgoing::Outgoing) -> Result<(), igny8_wordpress::WordPressError> {
//! use igny8_wordpress::{ApiRoot, Credentials, PostFields, PostType, WordPress};
//!
//! let address = "https://example.com/blog".parse().expect("an address");
//! let root = ApiRoot::discover(&outgoing, &address).await?;
//! let wordpress = WordPress::new(outgoing, root, &Credentials::new("editor", "abcd efgh ijkl mnop qrst uvwx"))?;
//! let checked = wordpress.check().await?;
//! let draft = PostFields { title: Some("Hello".into()), ..PostFields::default() };
//! let post = wordpress.create(&PostType::posts(), &draft).await?;
//! # Ok(()) }
//! ```
//!
//! **Everything that comes back is hostile**: answers are bounded in size and time, read by types that take what WordPress
//! and its plugins really send (`[]` for an empty object, `false` for nothing, numbers as text), and never repeated to a
//! user unshortened. **Every error says whether trying again can help** ([`WordPressError::outcome`]). The password is in no
//! error and in no debug output.
//!
//! Nothing is repeated here: WordPress has no idempotency keys, so what is safe to repeat is known by the caller only.
//! To create without duplicates, look by slug first ([`WordPress::post_by_slug`], [`WordPress::media_by_slug`]).

#![forbid(unsafe_code)]

mod client;
mod discovery;
mod error;
mod lenient;
mod media;
mod people;
mod post;
mod post_type;
mod posts;
mod root;
mod shown;
mod site;
mod terms;
#[cfg(feature = "testing")]
pub mod testing;

pub use client::{Credentials, Page, WordPress};
pub use discovery::{Discovered, Plugins, TaxonomyFound, TypeFound};
pub use error::{Outcome, WordPressError};
pub use media::{Media, Picture, Upload};
pub use people::{Checked, User};
pub use post::{Post, PostFields, PostPart};
pub use post_type::{PostType, Taxonomy};
pub use posts::{Listed, PostQuery};
pub use root::ApiRoot;
#[cfg(any(test, feature = "testing"))]
pub use shown::shown;
pub use shown::{GalleryPictures, Surroundings, gallery_pictures, shared_blocks, shown_with};
pub use site::{PostsPage, Site};
pub use terms::{Term, TermFields};

/// Keys of post meta that carry what search engines are told: of Yoast SEO and of Rank Math, title first.
///
/// Source: the meta keys both plugins document for their own posts. They can be read and written over REST where something
/// registers them (`deploy/wordpress/igny8` does).
pub const SEO_KEYS: [[&str; 2]; 2] = [
    ["_yoast_wpseo_title", "_yoast_wpseo_metadesc"],
    ["rank_math_title", "rank_math_description"],
];

/// How keys of our own post meta begin.
pub const META_PREFIX: &str = "_igny8_";
