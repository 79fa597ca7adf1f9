//! The TypeScript client's example against a running server: from a token to a page that a visitor can read.

use std::path::Path;
use std::process::Command;

use super::installation::{Installation, succeed};

#[tokio::test(flavor = "multi_thread")]
async fn the_example_publishes_a_page() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/client");
    assert!(
        package.join("node_modules").is_dir(),
        "the client's packages are not installed; `make test` does that, or: npm --prefix openapi/client ci"
    );
    let out = tempfile::tempdir_in(&package).unwrap();
    let compile = Command::new("node")
        .current_dir(&package)
        .args(["node_modules/typescript/bin/tsc", "--outDir"])
        .arg(out.path())
        .output()
        .unwrap();
    assert!(compile.status.success(), "{}", String::from_utf8_lossy(&compile.stdout));

    let installation = Installation::new(1).await;
    let (server, _) = installation.serve().await;
    let mut example = Command::new("node");
    example
        .arg(out.path().join("examples/publish.js"))
        .env("IGNY8_URL", &server.base)
        .env("IGNY8_TOKEN", &installation.token)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let url = tokio::task::spawn_blocking(move || succeed(example, b""))
        .await
        .unwrap();
    let page = reqwest::get(url.trim()).await.unwrap();
    assert_eq!(page.status(), 200, "{url}");
    assert!(page.text().await.unwrap().contains("Tide tables for beginners"));
}
