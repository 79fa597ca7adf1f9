//! Which installation a folder of sites is of. Of two that shared one, each would take the other's sites for leftovers and move
//! them away.

use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// In the folder of the sites. No slug begins with a dot, and visitors get only what is in a release.
const FILE: &str = ".installation";

/// Why a folder of sites cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    #[error("sites_dir ({}) is another installation's: {}", .0.display(), remedy(.0))]
    Foreign(PathBuf),
    #[error("cannot tell whose sites_dir ({}) is: {}", .0.display(), .1)]
    Io(PathBuf, #[source] io::Error),
}

/// What to do where a folder is another installation's.
pub fn remedy(sites_dir: &Path) -> String {
    format!(
        "give this one a folder of its own (sites_dir, IGNY8_SITES_DIR). If the other one is gone for good, or was this one \
         with an earlier key, remove the file {}; what is left of its sites is moved away and removed after a day",
        sites_dir.join(FILE).display()
    )
}

/// The name of the installation that has a secret. It follows from that, so that a restored backup and workers on other machines
/// have it too; nothing of the secret follows from it.
pub fn name(secret: &[u8; 32]) -> String {
    let name = blake3::derive_key("IGNY8 2026 installation name", secret);
    blake3::Hash::from_bytes(name).to_hex().to_string()
}

/// The name of the installation whose folder of sites this is; none when nobody has it yet.
///
/// # Errors
/// When the disk refuses.
pub fn owner(sites_dir: &Path) -> io::Result<Option<String>> {
    match std::fs::read_to_string(sites_dir.join(FILE)) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        read => Ok(Some(read?.trim().to_owned())),
    }
}

/// Makes a folder of sites the one of the installation of this name, unless another one has it.
///
/// # Errors
/// [`ClaimError`].
pub fn claim(sites_dir: &Path, name: &str) -> Result<(), ClaimError> {
    let io = |error| ClaimError::Io(sites_dir.to_owned(), error);
    if owner(sites_dir).map_err(io)?.is_none()
        && let Err(error) = write(sites_dir, name)
    {
        match error.kind() {
            // Another process was first.
            ErrorKind::AlreadyExists => {}
            // Who cannot write there moves nothing away there.
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => return Ok(()),
            _ => return Err(io(error)),
        }
    }
    match owner(sites_dir).map_err(io)? {
        Some(owner) if owner == name => Ok(()),
        _ => Err(ClaimError::Foreign(sites_dir.to_owned())),
    }
}

/// Writes the whole file in one step, if there is none.
fn write(sites_dir: &Path, name: &str) -> io::Result<()> {
    // Other users may have installations.
    let mut file = tempfile::Builder::new()
        .prefix(".installation-")
        .permissions(std::fs::Permissions::from_mode(0o644))
        .tempfile_in(sites_dir)?;
    writeln!(file, "{name}")?;
    file.as_file().sync_all()?;
    file.persist_noclobber(sites_dir.join(FILE))
        .map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_installation() {
        let (one, other) = (name(&[1; 32]), name(&[2; 32]));
        assert_ne!(one, other);
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(owner(folder.path()).unwrap(), None);
        // Processes of one installation that start at once.
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| claim(folder.path(), &one).unwrap());
            }
        });
        assert_eq!(owner(folder.path()).unwrap().as_ref(), Some(&one));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let refused = claim(folder.path(), &other).unwrap_err().to_string();
        for part in ["another installation's", "IGNY8_SITES_DIR", "/.installation;"] {
            assert!(refused.contains(part), "{refused}");
        }
        claim(folder.path(), &one).unwrap();
        // The first one is gone.
        std::fs::remove_file(folder.path().join(FILE)).unwrap();
        claim(folder.path(), &other).unwrap();
        assert!(matches!(claim(folder.path(), &one), Err(ClaimError::Foreign(_))));
    }

    #[test]
    fn a_folder_that_is_not_there_is_nobodys() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        for missing in [file, folder.path().join("missing")] {
            assert_eq!(owner(&missing).unwrap(), None);
            let refused = claim(&missing, "one");
            assert!(matches!(refused, Err(ClaimError::Io(..))), "{refused:?}");
        }
    }
}
