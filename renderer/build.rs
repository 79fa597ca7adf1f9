//! Puts every file of `themes/` into the library, so that the binaries need no files around them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let themes = manifest.join("../themes");
    println!("cargo::rerun-if-changed={}", themes.display());

    let mut list = String::from("pub(crate) static FILES: &[(&str, &[u8])] = &[\n");
    for entry in walkdir::WalkDir::new(&themes).sort_by_file_name() {
        let entry = entry.expect("themes/ can be read");
        if !entry.file_type().is_file() {
            continue;
        }
        let name = slashed(entry.path().strip_prefix(&themes).expect("below themes/"));
        writeln!(list, "    ({name:?}, include_bytes!({:?})),", entry.path()).expect("writing to a string");
    }
    list.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("themes.rs"), list).expect("OUT_DIR can be written");
}

fn slashed(path: &Path) -> String {
    path.components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}
