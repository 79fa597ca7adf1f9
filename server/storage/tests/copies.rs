//! Copies against a real S3 service, over a line that is listened to and broken.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Utc};
use igny8_outgoing::{Answer, Outgoing, Request};
use igny8_storage::testing::{BUCKET, Fate, Line, READER, S3, WRITER, settings};
use igny8_storage::{
    Compression, Done, Encoding, File, Order, Settings, Source, StorageError, Store, Watch, check, empty, mirror,
};
use url::Url;

/// A release in memory.
#[derive(Clone, Default)]
struct Release(BTreeMap<&'static str, Vec<u8>>);

impl Release {
    fn of(files: &[(&'static str, &str)]) -> Self {
        Self(
            files
                .iter()
                .map(|(path, text)| (*path, text.as_bytes().to_vec()))
                .collect(),
        )
    }

    fn files(&self) -> Vec<File> {
        let file = |(path, content): (&&'static str, &Vec<u8>)| {
            let content_type = match path.rsplit('.').next() {
                Some("html") => "text/html; charset=utf-8",
                Some("css") => "text/css; charset=utf-8",
                Some("xml") => "text/xml; charset=utf-8",
                _ => "image/webp",
            };
            File {
                path: (*path).into(),
                hash: *blake3::hash(content).as_bytes(),
                bytes: content.len() as u64,
                compressed: content_type.starts_with("text/"),
                immutable: path.starts_with("assets/"),
                content_type: content_type.into(),
                redirect: content.starts_with(b"moved").then(|| "/a/".into()),
            }
        };
        self.0.iter().map(file).collect()
    }
}

impl Source for Release {
    fn open(&self, file: &File, encoding: Option<Encoding>) -> std::io::Result<Option<std::fs::File>> {
        let content = &self.0[file.path.as_str()];
        let content = match encoding {
            None => content.clone(),
            Some(Encoding::Gzip) => {
                let mut packed = Vec::new();
                flate2::read::GzEncoder::new(content.as_slice(), flate2::Compression::fast())
                    .read_to_end(&mut packed)?;
                packed
            }
            Some(Encoding::Brotli) => return Ok(None),
        };
        let mut file = tempfile::tempfile()?;
        std::io::Write::write_all(&mut file, &content)?;
        std::io::Seek::rewind(&mut file)?;
        Ok(Some(file))
    }
}

/// Goes on for so many files.
struct Until(AtomicUsize);

impl Until {
    fn the_end() -> Self {
        Self(usize::MAX.into())
    }
}

impl Watch for Until {
    fn progress(&self, done: usize, all: usize) {
        assert!(done <= all);
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
    fn goes_on(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }
    async fn confirm(&self) -> bool {
        self.goes_on()
    }
}

fn outgoing() -> Outgoing {
    Outgoing::new(&["127.0.0.1".parse().unwrap()])
}

fn store(settings: Settings) -> Store {
    Store::new(settings, WRITER.1, &outgoing()).unwrap()
}

fn at(hours: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_900_000_000 + hours * 3600, 0).unwrap()
}

async fn copy_at(
    store: &Store,
    name: &str,
    release: &Release,
    hours: i64,
    watch: &Until,
) -> Result<Done, StorageError> {
    let order = Order {
        release: name.into(),
        files: release.files(),
        whole: false,
        now: at(hours),
    };
    mirror(store, "site_1", &order, Arc::new(release.clone()), watch).await
}

async fn copy(store: &Store, name: &str, release: &Release) -> Result<Done, StorageError> {
    copy_at(store, name, release, 0, &Until::the_end()).await
}

/// What a visitor gets, with the body as it was sent.
async fn visit(service: &S3, key: &str) -> Answer {
    let url = Url::parse(&format!("http://{}/{BUCKET}/{key}", service.endpoint)).unwrap();
    let request = Request {
        max_bytes: 32 << 20,
        ..Request::new(http::Method::GET, url)
    };
    outgoing().send(request).await.unwrap()
}

/// What visitors get is this release and nothing of it is missing.
async fn assert_whole(service: &S3, prefix: &str, release: &Release) {
    for (path, content) in &release.0 {
        let answer = visit(service, &format!("{prefix}{path}")).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.body == *content, "{path} has other contents");
    }
}

fn writes(seen: &[String]) -> Vec<&str> {
    let prefix = format!("PUT /{BUCKET}/");
    let paths = seen.iter().filter_map(|entry| entry.strip_prefix(&prefix));
    paths.filter(|path| !path.starts_with(".igny8/")).collect()
}

fn first() -> Release {
    Release::of(&[
        ("index.html", "<p>home with assets/site.1.css</p>"),
        ("a/index.html", "<p>a</p>"),
        ("café/index.html", "<p>café</p>"),
        ("old/index.html", "moved"),
        ("404.html", "<p>nothing</p>"),
        ("sitemap.xml", "<urlset/>"),
        ("assets/site.1.css", "p { color: red }"),
        ("assets/1.webp", "no text"),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_changes_goes_up_and_the_front_page_comes_last() {
    let service = S3::start().await;
    let line = Line::to(service.endpoint).await;
    let store = store(settings(line.address));
    let release = first();
    let done = copy(&store, "1", &release).await.unwrap();
    assert_eq!((done.files, done.uploaded, done.removed), (8, 8, 0));
    assert_whole(&service, "", &release).await;
    let seen = line.seen();
    let order = writes(&seen);
    assert_eq!(order.len(), 8, "{order:?}");
    let step = |path: &str| match path {
        _ if path.starts_with("assets/") => 0,
        "sitemap.xml" => 2,
        "index.html" => 3,
        _ => 1,
    };
    assert!(order.is_sorted_by_key(|path| step(path)), "{order:?}");
    assert!(order.contains(&"caf%C3%A9/index.html"), "{order:?}");

    // Nothing changed: nothing is written.
    let done = copy(&store, "1", &release).await.unwrap();
    assert_eq!((done.uploaded, done.removed), (0, 0));
    assert!(line.seen().iter().all(|entry| entry.starts_with("GET ")));

    // One page is edited, one is gone, the style has a new name.
    let mut second = release.clone();
    second
        .0
        .insert("index.html", b"<p>home with assets/site.2.css</p>".to_vec());
    second.0.insert("assets/site.2.css", b"p { color: blue }".to_vec());
    second.0.remove("assets/site.1.css");
    second.0.remove("a/index.html");
    let done = copy(&store, "2", &second).await.unwrap();
    assert_eq!((done.uploaded, done.removed), (2, 1));
    assert_eq!(done.clean_at, Some(at(24)));
    assert_eq!(writes(&line.seen()), ["assets/site.2.css", "index.html"]);
    assert_whole(&service, "", &second).await;
    assert_eq!(visit(&service, "a/index.html").await.status, 404);
    assert_eq!(
        visit(&service, "assets/site.1.css").await.status,
        200,
        "open pages still need it"
    );

    // Back to the first release: what is still there does not go up again.
    let done = copy(&store, "1", &release).await.unwrap();
    assert_eq!((done.uploaded, done.removed), (2, 0));
    assert_eq!(writes(&line.seen()), ["a/index.html", "index.html"]);
    assert_whole(&service, "", &release).await;

    // After a day what nobody needs goes; what is needed again stays.
    let done = copy_at(&store, "1", &release, 23, &Until::the_end()).await.unwrap();
    assert_eq!((done.removed, done.clean_at), (0, Some(at(24))));
    let done = copy_at(&store, "1", &release, 25, &Until::the_end()).await.unwrap();
    assert_eq!((done.uploaded, done.removed, done.clean_at), (0, 1, None));
    assert_eq!(visit(&service, "assets/site.2.css").await.status, 404);
    assert_whole(&service, "", &release).await;

    // All of it can be taken away.
    assert_eq!(empty(&store, "site_1", &Until::the_end()).await.unwrap(), 8);
    for path in release.0.keys().copied().chain([".igny8/manifest.json.gz"]) {
        assert_eq!(visit(&service, path).await.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptying_ends_between_two_requests() {
    let service = S3::start().await;
    let store = store(service.settings());
    let name = |n: usize| -> &'static str { format!("a/{n}.html").leak() };
    let names: Vec<&'static str> = (0..150).map(name).collect();
    let files: Vec<(&'static str, &str)> = names.iter().map(|name| (*name, "<p>a page</p>")).collect();
    let release = Release::of(&files);
    copy(&store, "1", &release).await.unwrap();
    let stopped = empty(&store, "site_1", &Until(1.into())).await;
    assert!(matches!(stopped, Err(StorageError::Stopped)), "{stopped:?}");
    let mut left = 0;
    for name in &names {
        left += usize::from(visit(&service, name).await.status == 200);
    }
    assert_eq!(left, 50);
    // Nothing that was removed is taken for there.
    let done = copy(&store, "1", &release).await.unwrap();
    assert_eq!(done.uploaded, 150);
    assert_whole(&service, "", &release).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_say_what_they_are() {
    let service = S3::start().await;
    let line = Line::to(service.endpoint).await;
    let release = first();
    let with = Settings {
        redirect_headers: true,
        ..settings(line.address)
    };
    copy(&store(with.clone()), "1", &release).await.unwrap();
    let header = |answer: &Answer, name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    for (key, kind, cache, encoding) in [
        (
            "index.html",
            "text/html; charset=utf-8",
            "public, max-age=0, must-revalidate",
            Some("gzip"),
        ),
        (
            "sitemap.xml",
            "text/xml; charset=utf-8",
            "public, max-age=0, must-revalidate",
            Some("gzip"),
        ),
        (
            "assets/site.1.css",
            "text/css; charset=utf-8",
            "public, max-age=31536000, immutable",
            Some("gzip"),
        ),
        (
            "assets/1.webp",
            "image/webp",
            "public, max-age=31536000, immutable",
            None,
        ),
    ] {
        let answer = visit(&service, key).await;
        assert_eq!(header(&answer, "content-type").as_deref(), Some(kind), "{key}");
        assert_eq!(header(&answer, "cache-control").as_deref(), Some(cache), "{key}");
        assert_eq!(header(&answer, "content-encoding").as_deref(), encoding, "{key}");
    }
    // This service keeps no such header, but checks that it is signed.
    let heads = line.heads();
    let moved = heads.iter().find(|head| head.starts_with("PUT /sites/old/index.html"));
    assert!(
        moved.unwrap().contains("x-amz-website-redirect-location: /a/"),
        "{moved:?}"
    );
    assert_eq!(
        heads.iter().filter(|head| head.contains("redirect-location: ")).count(),
        1
    );
    // Other settings are other objects, and only those they are about go up.
    let other = Settings {
        compression: Compression::None,
        page_cache: "public, max-age=60".into(),
        ..with
    };
    let done = copy(&store(other), "1", &release).await.unwrap();
    assert_eq!(done.uploaded, 7, "all but the picture");
    let answer = visit(&service, "index.html").await;
    assert_eq!(header(&answer, "cache-control").as_deref(), Some("public, max-age=60"));
    assert_eq!(header(&answer, "content-encoding"), None);
    assert_whole(&service, "", &release).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_breaks_off_anywhere_is_completed() {
    let service = S3::start().await;
    let line = Line::to(service.endpoint).await;
    let store = store(settings(line.address));
    let one = first();
    let mut two = Release::default();
    for (path, content) in &one.0 {
        two.0.insert(path, [content.as_slice(), b" again"].concat());
    }
    two.0.insert("b/index.html", b"<p>b</p>".to_vec());
    two.0.remove("a/index.html");
    copy(&store, "1", &one).await.unwrap();
    // The line goes down with the n-th write, which is done or not: of the manifest, files, removed pages, and the manifest.
    for (n, done) in [
        (0, false),
        (1, true),
        (4, false),
        (8, true),
        (8, false),
        (9, true),
        (9, false),
        (10, true),
    ] {
        let count = AtomicUsize::new(0);
        line.judge(move |method, _| match (method, count.load(Ordering::SeqCst)) {
            ("GET", _) => Fate::Passes,
            (_, at) if at > n => Fate::Down,
            _ if count.fetch_add(1, Ordering::SeqCst) < n => Fate::Passes,
            _ if done => Fate::Lost,
            _ => Fate::Down,
        });
        let broken = copy(&store, "2", &two).await;
        line.judge(|_, _| Fate::Passes);
        assert!(matches!(broken, Err(StorageError::Retry { .. })), "{n}: {broken:?}");
        let front = visit(&service, "index.html").await.body;
        assert!(front == one.0["index.html"] || front == two.0["index.html"], "{n}");
        if front == two.0["index.html"] {
            assert_whole(&service, "", &two).await;
        }
        // Sometimes what is wanted next is the release from before.
        if n % 3 != 0 {
            copy(&store, "2", &two).await.unwrap();
            assert_whole(&service, "", &two).await;
            assert_eq!(visit(&service, "a/index.html").await.status, 404);
        }
        copy(&store, "1", &one).await.unwrap();
        assert_whole(&service, "", &one).await;
        assert_eq!(visit(&service, "b/index.html").await.status, 404, "{n}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_can_be_stopped_and_goes_on() {
    let service = S3::start().await;
    let store = store(service.settings());
    let release = first();
    let stopped = copy_at(&store, "1", &release, 0, &Until(AtomicUsize::new(2))).await;
    assert!(matches!(stopped, Err(StorageError::Stopped)), "{stopped:?}");
    assert_eq!(
        visit(&service, "index.html").await.status,
        404,
        "nothing of a part is shown"
    );
    copy(&store, "1", &release).await.unwrap();
    assert_whole(&service, "", &release).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_files_go_up_in_parts() {
    let service = S3::start().await;
    let line = Line::to(service.endpoint).await;
    let store = store(settings(line.address));
    let mut release = Release::of(&[("index.html", "<p>home</p>")]);
    let noise = |length: usize| {
        (0..length)
            .map(|i| u8::try_from(i * i % 251).unwrap())
            .collect::<Vec<_>>()
    };
    release.0.insert("assets/large.webp", noise((20 << 20) + 3));
    release.0.insert("assets/even.webp", noise(16 << 20));
    release.0.insert("assets/empty.webp", Vec::new());
    // A part is refused for a while, another is lost.
    let count = AtomicUsize::new(0);
    line.judge(move |_, path| {
        match path
            .contains("partNumber=2")
            .then(|| count.fetch_add(1, Ordering::SeqCst))
        {
            Some(0) => Fate::Answered(503, "<Error><Code>SlowDown</Code><Message>Slow down</Message></Error>"),
            Some(1) => Fate::Lost,
            _ => Fate::Passes,
        }
    });
    copy(&store, "1", &release).await.unwrap();
    assert_whole(&service, "", &release).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sites_share_a_bucket_and_never_a_folder() {
    let service = S3::start().await;
    let blog = store(Settings {
        prefix: "blog".into(),
        ..service.settings()
    });
    let shop = store(Settings {
        prefix: "shop/en".into(),
        ..service.settings()
    });
    let (one, two) = (first(), Release::of(&[("index.html", "<p>shop</p>")]));
    copy(&blog, "1", &one).await.unwrap();
    copy(&shop, "1", &two).await.unwrap();
    assert_whole(&service, "blog/", &one).await;
    assert_whole(&service, "shop/en/", &two).await;
    let order = Order {
        release: "1".into(),
        files: two.files(),
        whole: true,
        now: at(0),
    };
    let refused = mirror(&blog, "site_2", &order, Arc::new(two.clone()), &Until::the_end()).await;
    assert!(
        matches!(&refused, Err(StorageError::Fail(why)) if why.contains("another site")),
        "{refused:?}"
    );
    assert!(check(&blog, "site_2").await.is_err());
    empty(&shop, "site_1", &Until::the_end()).await.unwrap();
    assert_whole(&service, "blog/", &one).await;
}

/// Waits for the other copy once the place was found free.
struct Together<'a>(&'a tokio::sync::Barrier, AtomicUsize);

impl Watch for Together<'_> {
    fn progress(&self, _: usize, _: usize) {}
    fn goes_on(&self) -> bool {
        true
    }
    async fn confirm(&self) -> bool {
        if self.1.fetch_add(1, Ordering::SeqCst) == 0 {
            self.0.wait().await;
        }
        true
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_sites_that_begin_at_the_same_moment_one_goes_on() {
    let service = S3::start().await;
    let owners = ["site_1", "site_2"];
    let releases = [
        Release::of(&[("index.html", "<p>one</p>"), ("one/index.html", "<p>1</p>")]),
        Release::of(&[("index.html", "<p>two</p>"), ("two/index.html", "<p>2</p>")]),
    ];
    // The second pair is at a service that makes nothing under a condition.
    for (places, conditions) in [
        (["race", "race"], true),
        (["plain", "plain"], false),
        (["nest", "nest/in"], true),
    ] {
        let lines = [Line::to(service.endpoint).await, Line::to(service.endpoint).await];
        for line in &lines {
            let puts = AtomicUsize::new(0);
            line.judge(move |method, _| {
                if !conditions && method == "PUT" && puts.fetch_add(1, Ordering::SeqCst) == 0 {
                    Fate::Answered(501, "<Error><Code>NotImplemented</Code></Error>")
                } else {
                    Fate::Passes
                }
            });
        }
        let stores = [0, 1].map(|n: usize| {
            store(Settings {
                prefix: places[n].into(),
                ..settings(lines[n].address)
            })
        });
        let meeting = tokio::sync::Barrier::new(2);
        let begin = async |n: usize| {
            let order = Order {
                release: "1".into(),
                files: releases[n].files(),
                whole: false,
                now: at(0),
            };
            let watch = Together(&meeting, AtomicUsize::new(0));
            mirror(&stores[n], owners[n], &order, Arc::new(releases[n].clone()), &watch).await
        };
        let (one, two) = tokio::join!(begin(0), begin(1));
        let ended = [one, two];
        let went_on = ended.iter().filter(|ended| ended.is_ok()).count();
        // Of two places, one in the other, both may be given up.
        assert!(
            went_on == 1 || went_on == 0 && places[0] != places[1],
            "{places:?}: {ended:?}"
        );
        for (n, ended) in ended.iter().enumerate() {
            let place = format!("{}/", places[n]);
            if ended.is_ok() {
                assert_whole(&service, &place, &releases[n]).await;
                check(&stores[n], owners[n]).await.unwrap();
                continue;
            }
            for path in releases[n].0.keys().filter(|path| **path != "index.html") {
                assert_eq!(visit(&service, &format!("{place}{path}")).await.status, 404, "{path}");
            }
            if places[0] == places[1] {
                let refused = check(&stores[n], owners[n]).await;
                assert!(
                    matches!(&refused, Err(StorageError::Fail(why)) if why.contains("another site")),
                    "{refused:?}"
                );
            } else {
                let manifest = visit(&service, &format!("{place}.igny8/manifest.json.gz")).await;
                assert_eq!(manifest.status, 404, "{place} is still taken");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_begins_only_where_nothing_is() {
    let service = S3::start().await;
    let line = Line::to(service.endpoint).await;
    let place = |prefix: &str| {
        store(Settings {
            prefix: prefix.into(),
            ..settings(line.address)
        })
    };
    let release = first();
    copy(&place("nest/blog"), "1", &release).await.unwrap();
    for (prefix, word) in [
        ("", "inside this place"),
        ("nest", "inside this place"),
        ("nest/blog/a", "inside another copy"),
    ] {
        for refused in [
            check(&place(prefix), "site_2").await.map(|_| ()),
            check(&place(prefix), "site_1").await.map(|_| ()),
            copy(&place(prefix), "1", &release).await.map(|_| ()),
        ] {
            assert!(
                matches!(&refused, Err(StorageError::Fail(why)) if why.contains(word)),
                "{prefix}: {refused:?}"
            );
        }
    }
    assert_whole(&service, "nest/blog/", &release).await;
    for (prefix, owner) in [("nest/shop", "site_2"), ("nest/blog", "site_1")] {
        check(&place(prefix), owner).await.unwrap();
    }
    // The list is removed and the files are not: nobody knows any more whose they are.
    let count = AtomicUsize::new(0);
    line.judge(move |method, _| {
        if method == "POST" && count.fetch_add(1, Ordering::SeqCst) == 0 {
            Fate::Answered(200, "<DeleteResult><Deleted><Key>x</Key></Deleted></DeleteResult>")
        } else {
            Fate::Passes
        }
    });
    empty(&place("nest/blog"), "site_1", &Until::the_end()).await.unwrap();
    line.judge(|_, _| Fate::Passes);
    line.seen();
    for refused in [
        check(&place("nest/blog"), "site_1").await.map(|_| ()),
        copy(&place("nest/blog"), "2", &release).await.map(|_| ()),
    ] {
        assert!(
            matches!(&refused, Err(StorageError::Fail(why)) if why.contains("such as `nest/blog/")),
            "{refused:?}"
        );
    }
    assert!(line.seen().iter().all(|entry| entry.starts_with("GET ")));
    assert_whole(&service, "nest/blog/", &release).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_try_says_what_is_wrong() {
    let service = S3::start().await;
    let line = Line::to(service.endpoint).await;
    let of = |change: &dyn Fn(&mut Settings), (id, secret): (&str, &str)| {
        let mut settings = settings(line.address);
        settings.access_key_id = id.into();
        change(&mut settings);
        Store::new(settings, secret, &outgoing())
    };
    assert_eq!(check(&of(&|_| (), WRITER).unwrap(), "site_1").await.unwrap(), None);
    copy(&store(service.settings()), "7", &first()).await.unwrap();
    assert_eq!(
        check(&of(&|_| (), WRITER).unwrap(), "site_1").await.unwrap().as_deref(),
        Some("7")
    );
    for (change, who, word) in [
        (
            &(|_: &mut Settings| ()) as &dyn Fn(&mut Settings),
            ("AKWRITER", "wrong"),
            "secret access key is wrong",
        ),
        (&|_| (), ("AKNOBODY", "wrong"), "does not know this access key"),
        (&|_| (), READER, "s3:PutObject"),
        (
            &|settings| settings.bucket = "missing".into(),
            WRITER,
            "no bucket of this name",
        ),
    ] {
        let error = check(&of(change, who).unwrap(), "site_1").await.unwrap_err();
        assert!(
            matches!(&error, StorageError::Fail(why) if why.contains(word)),
            "{word}: {error:?}"
        );
        assert!(!error.to_string().contains("wrong-"), "{error}");
    }
    // What passes by itself, and what does not.
    let store = of(&|_| (), WRITER).unwrap();
    for (status, body, retry) in [
        (503, "<Error><Code>SlowDown</Code></Error>", true),
        (500, "", true),
        (403, "<Error><Code>RequestTimeTooSkewed</Code></Error>", false),
        (301, "<Error><Code>PermanentRedirect</Code></Error>", false),
    ] {
        line.judge(move |_, _| Fate::Answered(status, body));
        let error = check(&store, "site_1").await.unwrap_err();
        assert_eq!(
            matches!(error, StorageError::Retry { .. }),
            retry,
            "{status}: {error:?}"
        );
    }
    line.judge(|_, _| Fate::Down);
    assert!(matches!(check(&store, "site_1").await, Err(StorageError::Retry { .. })));
    // A web server that is no S3 service.
    line.judge(|method, _| {
        if method == "GET" {
            Fate::Answered(404, "<html>")
        } else {
            Fate::Answered(200, "")
        }
    });
    assert!(check(&store, "site_1").await.is_err());
}

#[tokio::test]
async fn private_addresses_are_not_called() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let nobody = Outgoing::new(&[]);
    let refused = Store::new(settings(address), WRITER.1, &nobody);
    assert!(
        matches!(&refused, Err(StorageError::Fail(why)) if why.contains("public internet")),
        "{:?}",
        refused.err()
    );
    // Numbers of the metadata services, in other spellings.
    for endpoint in [
        "http://169.254.169.254",
        "https://[fd00:ec2::254]",
        "https://2852039166",
        "https://localhost",
    ] {
        let settings = Settings {
            endpoint: Some(Url::parse(endpoint).unwrap()),
            ..settings(address)
        };
        assert!(Store::new(settings, WRITER.1, &nobody).is_err(), "{endpoint}");
    }
    let unasked = tokio::time::timeout(std::time::Duration::from_millis(50), listener.accept()).await;
    assert!(unasked.is_err(), "nobody called");
}
