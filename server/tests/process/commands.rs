//! Commands where not everything is there that a server needs.

use std::process::{Command, Stdio};

use crate::installation::succeed;

#[test]
fn a_user_is_made_where_no_site_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let command = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_igny8"));
        command
            .args(args)
            .current_dir(folder.path())
            .env("IGNY8_SITES_DIR", "file/sites")
            .env("IGNY8_LOG__LEVEL", "error")
            // For the tests, not for the program, which refuses settings that it does not know.
            .env_remove("IGNY8_CRASH_ROUNDS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    };
    let create = ["user", "create", "ada@example.com", "--name", "Ada", "--password-stdin"];
    succeed(command(&create), b"correct horse battery\n");
    let output = command(&["worker"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("sites_dir"), "{told}");
}
