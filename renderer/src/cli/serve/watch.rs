//! Changes of files, gathered until they pause.

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// Editors write a file in several steps; a build waits until nothing has changed for so long.
const PAUSE: Duration = Duration::from_millis(80);
/// But not longer than this, for folders in which something always changes.
const AT_MOST: Duration = Duration::from_secs(2);

/// Watches folders or files.
pub fn start(paths: &[PathBuf]) -> Result<(RecommendedWatcher, Receiver<()>), String> {
    let (sender, changes) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading is no change; an error may hide one.
        if event.is_ok_and(|e| matches!(e.kind, EventKind::Access(_))) {
            return;
        }
        let _ = sender.send(());
    })
    .map_err(|e| format!("watching files: {e}"))?;
    for path in paths {
        watcher
            .watch(path, RecursiveMode::Recursive)
            .map_err(|e| format!("watching {}: {e}", path.display()))?;
    }
    Ok((watcher, changes))
}

/// Waits for a change and for the pause after it; false if there is nothing more to wait for.
pub fn next(changes: &Receiver<()>) -> bool {
    if changes.recv().is_err() {
        return false;
    }
    let start = Instant::now();
    while start.elapsed() < AT_MOST {
        match changes.recv_timeout(PAUSE) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
    true
}
