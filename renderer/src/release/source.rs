//! Where the bytes of media files are.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::manifest::ContentHash;
use crate::site::Media;

/// Where the bytes of media files are.
pub trait MediaSource: Send + Sync {
    /// The file that holds the bytes of `media`.
    fn path(&self, media: &Media) -> io::Result<PathBuf>;

    /// True if that file is never changed, so that a release may link it instead of copying.
    fn may_link(&self, media: &Media) -> bool {
        let _ = media;
        false
    }

    /// The hash of that file, where it is known without looking.
    fn hash(&self, media: &Media) -> Option<ContentHash> {
        let _ = media;
        None
    }

    /// True if that file is a drawing (SVG) of which everything that could act is gone already.
    fn is_clean(&self, media: &Media) -> bool {
        let _ = media;
        false
    }
}

/// Media below a folder: [`Media::source`] is a path relative to it.
#[derive(Debug, Clone)]
pub struct FolderMedia(pub PathBuf);

impl MediaSource for FolderMedia {
    fn path(&self, media: &Media) -> io::Result<PathBuf> {
        let relative = Path::new(&media.source);
        let plain = relative
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir));
        if !plain {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("the media source {:?} leads out of the folder", media.source),
            ));
        }
        Ok(self.0.join(relative))
    }
}

/// Media wherever they are: the path of each [`Media::source`].
#[derive(Debug, Clone, Default)]
pub struct MappedMedia(pub BTreeMap<String, PathBuf>);

impl MediaSource for MappedMedia {
    fn path(&self, media: &Media) -> io::Result<PathBuf> {
        let missing = || {
            io::Error::new(
                io::ErrorKind::NotFound,
                format!("nothing is known of the media source {:?}", media.source),
            )
        };
        self.0.get(&media.source).cloned().ok_or_else(missing)
    }
}
