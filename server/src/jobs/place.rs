//! What tells one data folder from another: a job that needs a file of it is run by processes that have the file.

use std::io::{self, Write as _};
use std::path::Path;

/// Reads the name of a data folder, making it when there is none yet. Two processes starting at once agree on one.
///
/// # Errors
/// When the file cannot be read or written.
pub fn of(data_dir: &Path) -> io::Result<String> {
    let path = data_dir.join("place");
    match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut file = tempfile::NamedTempFile::new_in(data_dir)?;
            writeln!(file, "{:032x}", rand::random::<u128>())?;
            // It fails when another process was first; then its name is the one.
            match file.persist_noclobber(&path) {
                Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
                Ok(_) | Err(_) => of(data_dir),
            }
        }
        read => Ok(read?.trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_folder_keeps_its_name() {
        let [one, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let name = super::of(one.path()).unwrap();
        assert_eq!((name.len(), &super::of(one.path()).unwrap()), (32, &name));
        assert_ne!(super::of(other.path()).unwrap(), name);
    }
}
