//! The installation's secret: made at the first start, readable by its owner alone.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Where the secret is kept.
pub fn secret_file(data_dir: &Path) -> PathBuf {
    data_dir.join("secret.key")
}

/// Reads the installation's secret, making it when there is none yet. Two processes starting at once agree on one.
///
/// # Errors
/// When the file cannot be read or written, is too short, or others than its owner may read it.
pub fn installation_secret(data_dir: &Path) -> io::Result<[u8; 32]> {
    let path = secret_file(data_dir);
    match fs::File::open(&path) {
        Ok(mut file) => {
            let mode = file.metadata()?.permissions().mode();
            if mode & 0o077 != 0 {
                let message = format!(
                    "{} may be read by others than its owner; run: chmod 600 {}",
                    path.display(),
                    path.display()
                );
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
            }
            let mut secret = [0; 32];
            file.read_exact(&mut secret)
                .map_err(|e| io::Error::new(e.kind(), format!("{} is not a key file: {e}", path.display())))?;
            Ok(secret)
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let secret: [u8; 32] = rand::random();
            let temporary = data_dir.join(format!("secret.key.{}", std::process::id()));
            let mut file = fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&temporary)?;
            file.write_all(&secret)?;
            file.sync_all()?;
            // A link, unlike a rename, fails when another process was first; then its secret is the one.
            let linked = fs::hard_link(&temporary, &path);
            fs::remove_file(&temporary)?;
            match linked {
                Ok(()) => Ok(secret),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => installation_secret(data_dir),
                Err(e) => Err(e),
            }
        }
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_kept_to_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let first = installation_secret(folder.path()).unwrap();
        assert_eq!(installation_secret(folder.path()).unwrap(), first);
        let path = secret_file(folder.path());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(
            installation_secret(folder.path())
                .unwrap_err()
                .to_string()
                .contains("chmod 600")
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
