//! Commands where not everything is there that a server needs.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::installation::succeed;

fn command(folder: &Path, sites: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_igny8"));
    command
        .args(args)
        .current_dir(folder)
        .env("IGNY8_SITES_DIR", sites)
        .env("IGNY8_LOG__LEVEL", "error")
        // For the tests, not for the program, which refuses settings that it does not know.
        .env_remove("IGNY8_CRASH_ROUNDS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
fn a_user_is_made_where_no_site_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let command = |args: &[&str]| command(folder.path(), "file/sites", args);
    let create = ["user", "create", "ada@example.com", "--name", "Ada", "--password-stdin"];
    succeed(command(&create), b"correct horse battery\n");
    let output = command(&["worker"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("sites_dir"), "{told}");
}

#[test]
fn a_folder_of_sites_has_one_installation() {
    let folder = tempfile::tempdir().unwrap();
    let run = |data: &str, args: &[&str]| {
        let mut command = command(folder.path(), "sites", args);
        let output = command.env("IGNY8_DATA_DIR", data).output().unwrap();
        let told = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&told).into_owned())
    };
    // There is no such site; but its folder is looked at first.
    let deploy = ["deploy", "--site", "blog"];
    let file = folder.path().join("sites/.installation");
    // A folder from before there was such a file.
    std::fs::create_dir_all(folder.path().join("sites/blog")).unwrap();
    let (code, told) = run("one", &deploy);
    assert!(code == Some(1) && file.exists(), "{code:?} {told}");

    for args in [&["serve"] as &[&str], &["serve", "--no-worker"], &["worker"], &deploy] {
        let (code, told) = run("two", args);
        assert_eq!(code, Some(3), "{args:?} {told}");
        for part in ["another installation's", "IGNY8_SITES_DIR", "sites/.installation"] {
            assert!(told.contains(part), "{args:?} {told}");
        }
    }
    let (code, told) = run("two", &["doctor"]);
    assert!(
        code == Some(1) && told.contains("another installation's"),
        "{code:?} {told}"
    );
    let (code, told) = run("two", &[&deploy as &[&str], &["--queue"]].concat());
    assert_eq!(code, Some(1), "it writes no site: {told}");

    // The same installation elsewhere, and restored from a backup.
    let [key, copy] = ["one", "copy"].map(|data| folder.path().join(data).join("secret.key"));
    std::fs::create_dir(copy.parent().unwrap()).unwrap();
    std::fs::copy(key, copy).unwrap();
    for data in ["copy", "one"] {
        let (code, told) = run(data, &deploy);
        assert_eq!(code, Some(1), "{data} {told}");
        let (_, told) = run(data, &["doctor"]);
        assert!(!told.contains("another installation's"), "{told}");
    }
    // The first one is gone.
    std::fs::remove_file(&file).unwrap();
    assert_eq!(run("two", &deploy).0, Some(1));
    assert_eq!(run("one", &deploy).0, Some(3));
}
