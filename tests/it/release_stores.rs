//! What every destination of releases promises, tried against the real thing.

use std::collections::BTreeMap;
use std::io::{Seek as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use igny8_data::SiteId;
use igny8_server::publish::object_storage::{ObjectStorage, ObjectStorageSettings};
use igny8_server::publish::publisher::{ReleaseFile, ReleaseOrder, ReleaseSource, Watch};
use igny8_server::publish::{PublishError, ReleaseStore};
use igny8_storage::testing::{BUCKET, Fate, Line, S3, WRITER, settings};
use igny8_storage::{Compression, Encoding};

/// The other side, as a visitor sees it.
trait Beyond {
    async fn get(&self, path: &str) -> Option<Vec<u8>>;
    /// Requests that changed something since the last time this was asked.
    fn writes(&self) -> usize;
    fn fails(&self, how: Fault);
}

enum Fault {
    Down,
    /// From the third write on.
    DownLater,
    Key,
    None,
}

#[derive(Clone)]
struct Release(BTreeMap<&'static str, &'static str>);

impl Release {
    fn order(&self, name: &str) -> ReleaseOrder {
        let file = |(path, text): (&&'static str, &&'static str)| ReleaseFile {
            path: (*path).into(),
            hash: *blake3::hash(text.as_bytes()).as_bytes(),
            bytes: text.len() as u64,
            compressed: false,
            immutable: path.starts_with("assets/"),
            content_type: if path.starts_with("assets/") {
                "text/css"
            } else {
                "text/html"
            }
            .into(),
            redirect: None,
        };
        ReleaseOrder {
            release: name.into(),
            files: self.0.iter().map(file).collect(),
            whole: false,
            now: chrono::DateTime::from_timestamp(1_900_000_000, 0).unwrap(),
        }
    }
}

impl ReleaseSource for Release {
    fn open(&self, file: &ReleaseFile, _: Option<Encoding>) -> std::io::Result<Option<std::fs::File>> {
        let mut content = tempfile::tempfile()?;
        content.write_all(self.0[file.path.as_str()].as_bytes())?;
        content.rewind()?;
        Ok(Some(content))
    }
}

struct Patient;

impl Watch for Patient {
    fn progress(&self, _: usize, _: usize) {}
    fn goes_on(&self) -> bool {
        true
    }
    async fn confirm(&self) -> bool {
        true
    }
}

async fn assert_is(there: &impl Beyond, release: &Release, not: &[&str]) {
    for (path, text) in &release.0 {
        assert_eq!(there.get(path).await.as_deref(), Some(text.as_bytes()), "{path}");
    }
    for path in not {
        assert_eq!(there.get(path).await, None, "{path}");
    }
}

/// The promises.
async fn contract(store: &impl ReleaseStore, there: &impl Beyond) {
    let one = Release(BTreeMap::from([
        ("index.html", "home, styled by 1"),
        ("a/index.html", "a"),
        ("assets/style.1.css", "1"),
    ]));
    let two = Release(BTreeMap::from([
        ("index.html", "home, styled by 2"),
        ("b/index.html", "b"),
        ("assets/style.2.css", "2"),
    ]));
    let mirror = async |release: &Release, name: &str| {
        let source: Arc<dyn ReleaseSource> = Arc::new(release.clone());
        store.mirror(&release.order(name), source, &Patient).await
    };
    store.check().await.unwrap();
    assert_is(there, &Release(BTreeMap::new()), &["index.html"]).await;

    // Brought there, and again with the same: nothing is written.
    let done = mirror(&one, "1").await.unwrap();
    assert_eq!((done.files, done.uploaded), (3, 3));
    assert_is(there, &one, &[]).await;
    there.writes();
    assert_eq!(mirror(&one, "1").await.unwrap().uploaded, 0);
    assert_eq!(there.writes(), 0);

    // Another release takes its place; what open pages need stays for a while.
    mirror(&two, "2").await.unwrap();
    assert_is(there, &two, &["a/index.html"]).await;
    assert!(there.get("assets/style.1.css").await.is_some());

    // Down, and a withdrawn key: told apart, and what is there stays whole.
    there.fails(Fault::Down);
    assert!(matches!(mirror(&one, "1").await, Err(PublishError::Retry { .. })));
    assert!(matches!(store.check().await, Err(PublishError::Retry { .. })));
    there.fails(Fault::Key);
    assert!(matches!(mirror(&one, "1").await, Err(PublishError::Connection(_))));
    assert!(matches!(store.check().await, Err(PublishError::Connection(_))));
    there.fails(Fault::None);
    assert_is(there, &two, &[]).await;

    // Broken off half-way: the front page is the old one, and whatever release is next is there whole.
    for (broken_off, next, gone) in [
        (&one, &two, "a/index.html"),
        (&one, &one, "b/index.html"),
        (&two, &one, "b/index.html"),
    ] {
        there.fails(Fault::DownLater);
        assert!(matches!(mirror(broken_off, "3").await, Err(PublishError::Retry { .. })));
        there.fails(Fault::None);
        mirror(next, "4").await.unwrap();
        assert_is(there, next, &[gone]).await;
    }

    // Emptied, also the second time.
    store.empty(&Patient).await.unwrap();
    let all = [
        "index.html",
        "a/index.html",
        "b/index.html",
        "assets/style.1.css",
        "assets/style.2.css",
    ];
    assert_is(there, &Release(BTreeMap::new()), &all).await;
    assert_eq!(store.empty(&Patient).await.unwrap(), 0);
    mirror(&one, "5").await.unwrap();
    assert_is(there, &one, &[]).await;
}

struct Bucket {
    service: S3,
    line: Line,
}

impl Beyond for Bucket {
    async fn get(&self, path: &str) -> Option<Vec<u8>> {
        let url = format!("http://{}/{BUCKET}/site/{path}", self.service.endpoint);
        #[expect(clippy::disallowed_methods, reason = "a visitor of the bucket, which is on loopback")]
        let answer = reqwest::get(url).await.unwrap();
        match answer.status().as_u16() {
            200 => Some(answer.bytes().await.unwrap().to_vec()),
            404 => None,
            other => panic!("{other}"),
        }
    }

    fn writes(&self) -> usize {
        self.line
            .seen()
            .iter()
            .filter(|entry| !entry.starts_with("GET "))
            .count()
    }

    fn fails(&self, how: Fault) {
        let count = AtomicUsize::new(0);
        self.line.judge(move |method, _| match how {
            Fault::None => Fate::Passes,
            Fault::Down => Fate::Answered(503, ""),
            Fault::Key => Fate::Answered(403, "<Error><Code>InvalidAccessKeyId</Code></Error>"),
            Fault::DownLater if method == "PUT" && count.fetch_add(1, Ordering::SeqCst) >= 2 => Fate::Down,
            Fault::DownLater => Fate::Passes,
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn object_storage_keeps_the_contract() {
    let service = S3::start().await;
    let line = Line::to(service.endpoint).await;
    let settings = ObjectStorageSettings {
        prefix: "site".into(),
        compression: Compression::None,
        ..settings(line.address)
    };
    let outgoing = igny8_outgoing::Outgoing::new(&[line.address.to_string().parse().unwrap()]);
    let site: SiteId = "site_01hqz8x7v9k2m4n6p8r0s2t4w6".parse().unwrap();
    let store = ObjectStorage::new(&outgoing, settings, WRITER.1, site).unwrap();
    contract(&store, &Bucket { service, line }).await;
}
