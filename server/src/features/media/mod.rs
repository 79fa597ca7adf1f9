//! Media: images and files of a site. What a file is, its bytes say; its name is only a label.
//!
//! **Invariants.** Bytes are stored once under their hash, below `data_dir/media`; no name of a user's reaches the disk.
//! A row exists only for bytes that are stored. The file goes when the last row of any account that uses it is purged;
//! nothing in the API tells one account that another has the same bytes.

pub mod api;
pub(crate) mod inspect;
mod keep;
pub(crate) mod model;
mod store;

use igny8_data::id_type;

pub use keep::{Kept, NotKept, keep};
pub use model::{Label, Media, MediaKind};
pub use store::{MediaStore, blocking, purge_files};

id_type!(
    /// An uploaded file of a site.
    MediaId, "media", "med_"
);
