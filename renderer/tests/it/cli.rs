use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{empty, page_with};

fn run(args: &[&str], dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_igny8-render"))
        .args(args)
        .current_dir(dir)
        .output()
        .expect("runs")
}

fn folder_with_site(site: &igny8_renderer::Site) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(
        dir.path().join("site.json"),
        serde_json::to_vec(site).expect("serialises"),
    )
    .expect("written");
    dir
}

#[test]
fn builds_a_snapshot_and_says_so_in_one_line() {
    let dir = folder_with_site(&empty());
    let args = [
        "build",
        "site.json",
        "--out",
        "out",
        "--json",
        "--base-url",
        "https://other.org",
        "--threads",
        "1",
        "--compress",
    ];
    let output = run(&args, dir.path());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(text.lines().count(), 1);
    let line: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(line["pages"], 2);
    assert!(line["ms"]["total"].is_number() && line["bytes"].as_u64() > Some(1000));
    assert_eq!(line["diagnostics"], serde_json::json!([]));
    let home = fs::read_to_string(dir.path().join("out/index.html")).expect("there");
    assert!(home.contains("https://other.org/"));
    assert!(dir.path().join("out/index.html.br").exists());
}

#[test]
fn exit_codes_tell_what_happened() {
    let mut bad = empty();
    bad.pages.push(page_with("no-slash", "x").into());
    let dir = folder_with_site(&bad);
    fs::create_dir(dir.path().join("full")).expect("made");
    fs::write(dir.path().join("full/own.txt"), "mine").expect("written");
    fs::write(dir.path().join("broken.json"), "{").expect("written");
    let cases: [(&[&str], i32, &str); 6] = [
        (&["build", "site.json", "--out", "out"], 1, "page-path"),
        (&["build", "site.json", "--out", "full"], 1, "not made by igny8-render"),
        (
            &["build", "site.json", "--out", "out", "--theme", "nothing"],
            1,
            "ember",
        ),
        (&["build", "broken.json", "--out", "out"], 1, "not a snapshot"),
        (&["build", "missing", "--out", "out"], 1, "neither a folder"),
        (&["build", "site.json"], 2, "--out"),
    ];
    for (args, code, words) in cases {
        let output = run(args, dir.path());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: {said}");
    }
    assert!(dir.path().join("full/own.txt").exists());
    assert!(
        dir.path().join("out/index.html").exists(),
        "a bad page does not keep the others from being written"
    );
}
