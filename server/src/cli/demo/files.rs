//! The demo's files (`blueprints/demo`), part of the binary.

use std::io;
use std::path::Path;

include!(concat!(env!("OUT_DIR"), "/demo.rs"));

/// A file of the demo as text.
pub fn text(name: &str) -> Option<&'static str> {
    let (_, bytes) = FILES.iter().find(|(file, _)| *file == name)?;
    std::str::from_utf8(bytes).ok()
}

/// Changes with any file, and with the program, whose way of importing may have changed.
pub fn hash() -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
    for (name, bytes) in FILES {
        hasher.update(name.as_bytes());
        hasher.update(blake3::hash(bytes).as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// Writes the folder to be imported.
pub fn unpack(folder: &Path) -> io::Result<()> {
    let site = |name: &str| name == "site.toml" || name.starts_with("content/") || name.starts_with("static/");
    // The alternative texts are in site.toml too.
    for (name, bytes) in FILES
        .iter()
        .filter(|(name, _)| site(name) && !name.ends_with("alt.toml"))
    {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, bytes)?;
    }
    Ok(())
}
