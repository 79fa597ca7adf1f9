//! Puts the files of `blueprints/` into the library, so that the server needs no files around it and a further kind of site is
//! a further file.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

/// Files of that folder that are something else.
const OTHERS: [&str; 2] = ["industries", "plans"];

fn main() {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let folder = manifest.join("../../blueprints");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<(String, PathBuf)> = fs::read_dir(&folder)
        .expect("blueprints/ can be read")
        .map(|entry| entry.expect("blueprints/ can be read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path)))
        .filter(|(name, _)| !OTHERS.contains(&name.as_str()))
        .collect();
    files.sort();
    let mut list = String::from("static FILES: &[(&str, &str)] = &[\n");
    for (name, path) in files {
        println!("cargo::rerun-if-changed={}", path.display());
        writeln!(list, "    ({name:?}, include_str!({path:?})),").expect("writing to a string");
    }
    list.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("blueprints.rs"), list).expect("OUT_DIR can be written");
}
