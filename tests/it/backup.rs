//! Backups: what comes back is what went in, type by type; nothing else is accepted.

use std::collections::BTreeMap;
use std::sync::Arc;

use igny8_data::{AccountId, Clock, JobId, SurrealValue as _, Value, Variables, Why};
use igny8_server::app::{App, MIGRATIONS};
use igny8_server::backup::{self, BackupError};
use igny8_server::config::Config;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::json;

fn config(folder: &std::path::Path) -> Config {
    let mut config = Config::defaults();
    config.data_dir = folder.join("data");
    config.sites_dir = folder.join("sites");
    config
}

/// Any JSON, with the numbers and texts that formats like to spoil.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(|b| json!(b)),
        any::<i64>().prop_map(|n| json!(n)),
        any::<f64>()
            .prop_filter("JSON has no others", |n| n.is_finite())
            .prop_map(|n| json!(n)),
        any::<String>().prop_map(|s| json!(s)),
        Just(json!("2026-01-01T00:00:00Z")),
        Just(json!("site:abc")),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|v| json!(v)),
            prop::collection::btree_map("[a-zA-Z0-9 é$_.-]{1,8}", inner, 0..5).prop_map(|m| json!(m)),
        ]
    })
}

/// An installation on the disk with an account, its jobs (free JSON, times, NONE and present optionals) and media.
async fn installation(folder: &std::path::Path, seed: &[serde_json::Value]) -> (Config, App) {
    let config = config(folder);
    let app = App::start(config.clone(), Clock::system()).await.unwrap();
    let account: AccountId = app.db.ids().make();
    let now = app.db.clock().now();
    let mut binds = Variables::new();
    binds.insert("id", account);
    binds.insert("now", now);
    let rows: Vec<Value> = seed
        .iter()
        .enumerate()
        .map(|(n, payload)| {
            let id: JobId = app.db.ids().make();
            let mut row = igny8_data::surrealdb_types::Object::new();
            let mut set = |key: &str, value: Value| {
                row.insert(key.to_owned(), value);
            };
            set("id", id.into_value());
            set("account", account.into_value());
            set("kind", "test".to_owned().into_value());
            set("payload", json!({ "value": payload }).into_value());
            set("state", "done".to_owned().into_value());
            set("run_at", now.into_value());
            set("attempts", (n as i64).into_value());
            set("max_attempts", 5i64.into_value());
            set("fence", 0i64.into_value());
            set("progress", (n as f64 / 3.0).into_value());
            set("message", String::new().into_value());
            set("rev", 1i64.into_value());
            set("created_at", now.into_value());
            set("result", payload.clone().into_value());
            if n % 2 == 0 {
                set("finished_at", now.into_value());
                set("unique_key", format!("key {n}").into_value());
            }
            Value::Object(row)
        })
        .collect();
    binds.insert("rows", rows);
    let sql = "CREATE $id CONTENT { name: 'Ä \\'quoted\\'', status: 'active', plan: 'free', rev: 1, created_at: $now, \
               updated_at: $now }; INSERT INTO job $rows RETURN NONE;";
    app.db
        .platform(Why::Operator)
        .query(sql, binds, "testing")
        .await
        .unwrap();
    for bytes in [b"one".as_slice(), b"", &[0u8; 300_000]] {
        let hash = blake3::hash(bytes).to_hex().to_string();
        let path = config.data_dir.join("media").join(&hash[..2]).join(&hash);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    (config, app)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_is_what_went_in() {
    let folder = tempfile::tempdir().unwrap();
    let mut runner = TestRunner::deterministic();
    let seed: Vec<_> = (0..1_200)
        .map(|_| any_json().new_tree(&mut runner).unwrap().current())
        .collect();
    let (old, app) = installation(&folder.path().join("old"), &seed).await;
    let first = folder.path().join("first.backup");
    let saved = backup::save(&app.db, &old.data_dir, &first, Arc::new(()))
        .await
        .unwrap();
    app.db.close().await.unwrap();
    assert_eq!(
        (
            saved.tables["job"].rows,
            saved.tables["account"].rows,
            saved.media_files
        ),
        (1_200, 1, 3)
    );
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(&first).unwrap().permissions().mode() & 0o777, 0o600);

    let again = backup::save(&app.db, &old.data_dir, &first, Arc::new(())).await;
    assert!(matches!(again, Err(BackupError::Exists(_))), "no backup is overwritten");

    let new = config(&folder.path().join("new"));
    let restored = backup::restore(&new, &first, MIGRATIONS, Clock::system(), Arc::new(()))
        .await
        .unwrap();
    assert_eq!(restored, saved);
    let files = |config: &Config| -> BTreeMap<_, _> {
        let names = ["secret.key".to_owned()]
            .into_iter()
            .chain([b"one".as_slice(), b"", &[0u8; 300_000]].map(|b| {
                let hash = blake3::hash(b).to_hex().to_string();
                format!("media/{}/{hash}", &hash[..2])
            }));
        names
            .map(|name| (name.clone(), std::fs::read(config.data_dir.join(name)).unwrap()))
            .collect()
    };
    assert_eq!(files(&new), files(&old));

    let app = App::start(new.clone(), Clock::system()).await.unwrap();
    let second = folder.path().join("second.backup");
    assert_eq!(
        backup::save(&app.db, &new.data_dir, &second, Arc::new(()))
            .await
            .unwrap(),
        saved
    );
    app.db.close().await.unwrap();

    let refused = backup::restore(&new, &first, MIGRATIONS, Clock::system(), Arc::new(())).await;
    assert!(
        matches!(refused, Err(BackupError::NotEmpty(_))),
        "into an empty folder only"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_backup_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (old, app) = installation(&folder.path().join("old"), &[json!("x")]).await;
    let whole = folder.path().join("whole.backup");
    backup::save(&app.db, &old.data_dir, &whole, Arc::new(()))
        .await
        .unwrap();
    app.db.close().await.unwrap();
    backup::verify(&whole, MIGRATIONS, &()).unwrap();
    let bytes = std::fs::read(&whole).unwrap();

    let plain = zstd::decode_all(bytes.as_slice()).unwrap();
    let changed = {
        let mut plain = plain.clone();
        let at = plain
            .windows(9)
            .position(|w| w == b"Strand\":\"" || w == b"\"active\"}")
            .unwrap();
        plain[at + 1] ^= 1;
        zstd::encode_all(plain.as_slice(), 1).unwrap()
    };
    let without_manifest = {
        let at = plain.windows(13).position(|w| w == b"manifest.json").unwrap();
        zstd::encode_all(&plain[..at], 1).unwrap()
    };
    let damaged = [
        ("cut short", bytes[..bytes.len() / 2].to_vec()),
        ("changed", changed),
        ("without manifest", without_manifest),
        ("something else", b"# Notes\n".to_vec()),
        ("empty", Vec::new()),
    ];
    for (what, bytes) in damaged {
        let path = folder.path().join("damaged.backup");
        std::fs::write(&path, bytes).unwrap();
        let new = config(&folder.path().join("new"));
        let refused = backup::restore(&new, &path, MIGRATIONS, Clock::system(), Arc::new(())).await;
        assert!(
            matches!(refused, Err(BackupError::Damaged { .. })),
            "{what}: {refused:?}"
        );
        assert!(!new.data_dir.exists(), "{what}: nothing was made");
    }
    let older = backup::verify(&whole, &MIGRATIONS[..1], &());
    assert!(
        matches!(older, Err(BackupError::Schema { .. })),
        "a program that knows less refuses: {older:?}"
    );
}
