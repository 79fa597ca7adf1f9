//! Puts the demo's files into the library, so that `igny8 demo` needs nothing around the binary.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let demo = manifest.join("../blueprints/demo");
    println!("cargo::rerun-if-changed={}", demo.display());
    let mut files = Vec::new();
    for name in ["site.toml", "content", "static", "keywords.csv", "clusters.toml"] {
        collect(&demo.join(name), &mut files);
    }
    files.sort();
    let mut list = String::from("pub(crate) static FILES: &[(&str, &[u8])] = &[\n");
    for path in files {
        let name = path
            .strip_prefix(&demo)
            .expect("below the demo's folder")
            .display()
            .to_string();
        writeln!(list, "    ({name:?}, include_bytes!({path:?})),").expect("writing to a string");
    }
    list.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("demo.rs"), list).expect("OUT_DIR can be written");
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder of the demo can be read") {
            collect(&entry.expect("a folder of the demo can be read").path(), files);
        }
    } else {
        files.push(path.to_owned());
    }
}
