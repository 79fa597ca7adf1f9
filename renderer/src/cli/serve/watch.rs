//! Changes of files, gathered until they pause.
//!
//! By looking, not by the system's notifications: works on every file system (network, containers), and the crate for
//! them would change how the server's dependencies are built.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Time between two looks; longer where a look takes long, so that looking stays a small part of a core.
const INTERVAL: Duration = Duration::from_millis(250);
/// A build waits until nothing has changed between two looks, but not longer than this: in some folders something always
/// changes.
const AT_MOST: Duration = Duration::from_secs(2);

/// Watched folders or files, as they were when last looked at.
pub struct Watch {
    paths: Vec<PathBuf>,
    seen: u64,
    look_took: Duration,
}

impl Watch {
    pub fn new(paths: Vec<PathBuf>) -> Self {
        let mut watch = Self {
            paths,
            seen: 0,
            look_took: Duration::ZERO,
        };
        watch.seen = watch.look();
        watch
    }

    /// Waits for a change and for the pause after it.
    pub fn wait(&mut self) {
        loop {
            std::thread::sleep(INTERVAL.max(self.look_took * 10));
            let now = self.look();
            if now != self.seen {
                self.seen = now;
                break;
            }
        }
        let start = Instant::now();
        while start.elapsed() < AT_MOST {
            std::thread::sleep(INTERVAL / 3);
            let now = self.look();
            if now == self.seen {
                break;
            }
            self.seen = now;
        }
    }

    /// A number for the names, sizes and times of everything there. What cannot be read counts as not there.
    fn look(&mut self) -> u64 {
        let start = Instant::now();
        let mut hasher = DefaultHasher::new();
        for path in &self.paths {
            for entry in walkdir::WalkDir::new(path).sort_by_file_name().into_iter().flatten() {
                let Ok(metadata) = entry.metadata() else { continue };
                if metadata.is_file() {
                    entry.path().hash(&mut hasher);
                    metadata.len().hash(&mut hasher);
                    metadata.modified().ok().hash(&mut hasher);
                }
            }
        }
        self.look_took = start.elapsed();
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_a_changed_and_a_removed_file_are_changes() {
        let folder = tempfile::tempdir().unwrap();
        let mut watch = Watch::new(vec![folder.path().to_owned()]);
        let file = folder.path().join("deep/page.md");
        let mut before = watch.look();
        assert_eq!(before, watch.look());
        let steps: [&dyn Fn(); 3] = [
            &|| {
                std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                std::fs::write(&file, "one").unwrap();
            },
            &|| std::fs::write(&file, "three").unwrap(),
            &|| std::fs::remove_file(&file).unwrap(),
        ];
        for step in steps {
            step();
            let now = watch.look();
            assert_ne!(now, before);
            before = now;
        }
    }
}
