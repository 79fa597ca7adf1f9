use std::process::Command;

/// The renderer is used without a server: nothing of the network or the database may come with it.
#[test]
fn no_runtime_network_or_database() {
    let banned = [
        "tokio",
        "reqwest",
        "hyper",
        "surrealdb",
        "surrealdb-core",
        "poem",
        "openssl",
        "tiny_http",
        "axum",
        "mio",
    ];
    let output = Command::new(env!("CARGO"))
        .arg("tree")
        .args([
            "--package",
            "igny8-renderer",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--offline",
            "--locked",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8_lossy(&output.stdout);
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"tera"), "the list is of this crate");
    for banned in banned {
        assert!(!names.contains(&banned), "{banned} came into the renderer");
    }
}
