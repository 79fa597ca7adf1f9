//! What comes back from a WordPress site: posts, pages and terms that are made or edited there.
//!
//! A job ([`job`]) reads the site in parts ([`walk`]), each stored in one unit of work with where it got to ([`cursor`]), so one that
//! is killed goes on from there. First terms, parents before children ([`terms`]); then posts in the order of their ids
//! ([`posts`], [`convert`]); last, ids are compared, for what was deleted and for what carries an old date. Later runs read what
//! changed since the last one; they compare ids when the site's count is another one, and once a day, and read all terms once a
//! day. Of a taxonomy whose terms came with no run before ([`cursor::Cursor::brought`]) every post is read again, for what is in it
//! ([`bring`]).
//!
//! What asks for it: the schedule ([`poll`]), somebody who does not want to wait, or the plugin's webhook ([`receive`]).
//!
//! **Invariants.** A post is one piece of content, however often it is imported. The text is kept byte for byte. What was
//! edited here and there waits as a conflict. A post that visitors may not see without a password or at all is marked as
//! hidden ([`convert::HIDDEN`]) and is in no release.

mod bring;
pub mod convert;
mod cursor;
pub mod poll;
mod posts;
pub mod receive;
mod renew;
mod signature;
mod source;
mod surroundings;
mod terms;
mod theirs;
mod walk;

pub use cursor::{anew, brought};
pub use poll::look_at_destinations;
pub use receive::{new_webhook_secret, webhook_url};
pub use theirs::take_theirs;
pub use walk::{IMPORT_WORDPRESS, import_job, import_some_job, job};
