use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use igny8_renderer::release::{
    self, ContentHash, FolderMedia, FolderOptions, LiveReleases, Release, ReleaseError, Written, write_folder,
    write_release,
};
use igny8_renderer::site::Body;
use igny8_renderer::{Site, Theme, render_to};

use crate::support::{live, page_with, released, small};

struct Place {
    dir: tempfile::TempDir,
    theme: Theme,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        fs::create_dir(dir.path().join("media")).expect("made");
        for name in ["kettle", "beans", "grinder"] {
            let svg = format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\"><title>{name}</title>{}</svg>",
                "<path/>".repeat(80)
            );
            fs::write(dir.path().join(format!("media/{name}.svg")), svg).expect("written");
        }
        Self {
            dir,
            theme: Theme::builtin("ember").expect("compiles"),
        }
    }

    fn media(&self) -> FolderMedia {
        FolderMedia(self.dir.path().join("media"))
    }

    fn site_dir(&self) -> std::path::PathBuf {
        self.dir.path().join("site")
    }

    /// As the server does it, without going live.
    fn write(&self, version: &str, site: &Site) -> Result<Option<Written>, ReleaseError> {
        let dir = self.site_dir();
        write_release(&dir, version, live(&dir).as_ref(), &self.media(), |sink| {
            Some(render_to(site, &self.theme, sink).media)
        })
    }

    /// As the server does it, to the end.
    fn deploy(&self, version: &str, site: &Site) -> Written {
        let dir = self.site_dir();
        let written = self.write(version, site).expect("written").expect("kept");
        release::publish(&dir, &written.release).expect("published");
        release::settle(&dir).expect("settled");
        release::finish(&dir, &written.fresh).expect("finished");
        release::unfold(&dir, &written.release).expect("unfolded");
        written
    }

    fn go_back(&self, version: &str) {
        let dir = self.site_dir();
        let release = Release::open(&dir, version, None).expect("whole");
        release::publish(&dir, &release).expect("published");
        release::unfold(&dir, &release).expect("unfolded");
    }

    fn live(&self, file: &str) -> Option<String> {
        let version = release::current(&self.site_dir()).expect("read").expect("one is live");
        released(&self.site_dir(), &version, file).map(|bytes| String::from_utf8(bytes).expect("text"))
    }
}

/// That folder is the release and its compressed forms, and nothing else.
fn assert_unfolded(dir: &Path) {
    let release = live(dir).expect("one is live");
    let mut expected = BTreeMap::new();
    for (path, entry) in release.files() {
        let content = release.content(dir, path, entry);
        expected.insert(std::path::PathBuf::from(path), fs::read(&content).expect("there"));
        for suffix in ["gz", "br"].iter().filter(|_| entry.compressed) {
            let compressed = fs::read(format!("{}.{suffix}", content.display())).expect("compressed");
            expected.insert(format!("{path}.{suffix}").into(), compressed);
        }
    }
    let there = files_below(&dir.join("current/"));
    assert!(there == expected, "{:?} {:?}", there.keys(), expected.keys());
}

fn changed() -> Site {
    let mut site = small();
    site.pages.push(page_with("/new/", "A new page.").into());
    site
}

#[test]
fn a_release_is_whole_and_what_did_not_change_is_shared() {
    let place = Place::new();
    let dir = place.site_dir();
    let first = place.write("1", &small()).expect("written").expect("kept");
    assert_eq!((first.shared, first.added), (0, first.release.len()));
    assert_eq!(release::current(&dir).expect("read"), None, "writing does not publish");
    release::publish(&dir, &first.release).expect("published");
    assert_eq!(first.release.uncompressed(&dir).len(), first.fresh.len());
    release::finish(&dir, &first.fresh).expect("finished");
    assert!(first.release.uncompressed(&dir).is_empty());

    for (path, entry) in first.release.files() {
        let file = first.release.content(&dir, path, entry);
        let bytes = fs::read(&file).expect("there");
        assert_eq!(ContentHash::of(&bytes), entry.hash, "{path}");
        assert_eq!(bytes.len() as u64, entry.bytes, "{path}");
        for suffix in ["gz", "br"] {
            assert_eq!(
                Path::new(&format!("{}.{suffix}", file.display())).exists(),
                entry.compressed,
                "{path}.{suffix}"
            );
        }
        if entry.compressed {
            let mut gzip =
                flate2::read::GzDecoder::new(fs::File::open(format!("{}.gz", file.display())).expect("there"));
            let mut back = Vec::new();
            std::io::copy(&mut gzip, &mut back).expect("gzip");
            assert!(back == bytes, "{path}.gz");
            let mut back = Vec::new();
            brotli::BrotliDecompress(
                &mut fs::File::open(format!("{}.br", file.display())).expect("there"),
                &mut back,
            )
            .expect("brotli");
            assert!(back == bytes, "{path}.br");
        }
    }
    assert!(first.release.get("media/kettle.svg").expect("there").compressed);
    assert!(
        first
            .release
            .files()
            .any(|(path, e)| path.ends_with(".css") && e.immutable)
    );

    let second = place.write("2", &changed()).expect("written").expect("kept");
    let all = second.release.len();
    assert!(second.shared > 10 && second.shared < all, "{}", second.shared);
    assert_eq!(second.shared + second.changed + second.added, all);
    assert_eq!(second.release.base(), "1", "only what is different is listed");
    assert_eq!(Release::open(&dir, "2", None).expect("read").len(), all);
    let read = Release::open(&dir, "2", Some(&first.release)).expect("read");
    assert_eq!(read.bytes(), second.release.bytes());
    assert!(
        second.release.since(&read).is_empty()
            && read.since(&first.release).len() == second.changed + second.added + second.removed
    );

    // Back to the first state: nothing has to be written, what was added goes, and what went comes back.
    release::publish(&dir, &second.release).expect("published");
    let third = place.write("3", &small()).expect("written").expect("kept");
    assert_eq!(
        (third.removed, third.changed, third.added),
        (second.added, second.changed, second.removed)
    );
    assert!(third.release.since(&first.release).is_empty());
}

#[test]
fn going_live_going_back_and_pruning() {
    let place = Place::new();
    let dir = place.site_dir();
    place.deploy("1", &small());
    assert_unfolded(&dir);
    let second = place.write("2", &changed()).expect("written").expect("kept");
    assert_eq!(place.live("new/index.html"), None);
    release::publish(&dir, &second.release).expect("published");
    assert!(place.live("new/index.html").expect("there").contains("A new page."));
    release::finish(&dir, &second.fresh).expect("finished");
    release::unfold(&dir, &second.release).expect("unfolded");
    assert_unfolded(&dir);
    place.go_back("1");
    assert_eq!(place.live("new/index.html"), None);
    assert_unfolded(&dir);
    for version in ["9", "10", "11"] {
        place.write(version, &small()).expect("written");
    }
    assert_eq!(release::releases(&dir).expect("read"), ["1", "2", "9", "10", "11"]);
    assert_eq!(release::prune(&dir, 2).expect("pruned"), ["2", "9"]);
    assert_eq!(
        release::releases(&dir).expect("read"),
        ["1", "10", "11"],
        "the live one stays"
    );
    assert!(place.live("index.html").expect("there").contains("roasted on the hill"));
}

#[test]
fn what_no_release_has_is_removed_in_time() {
    let place = Place::new();
    let dir = place.site_dir();
    let count = || {
        walkdir::WalkDir::new(dir.join("objects"))
            .into_iter()
            .filter(|e| e.as_ref().is_ok_and(|e| e.file_type().is_file()))
            .count()
    };
    place.deploy("1", &changed());
    let mut site = small();
    // Another title of the site changes every page, so all is listed anew.
    site.settings.title = "Another name".into();
    let second = place.deploy("2", &site);
    assert_eq!(second.release.base(), "2");
    let before = count();
    assert_eq!(release::prune(&dir, 1).expect("pruned"), ["1"]);
    assert!(count() < before * 2 / 3, "{} of {before}", count());
    assert_unfolded(&dir);
}

#[test]
fn many_small_changes_end_in_a_whole_list() {
    let place = Place::new();
    let dir = place.site_dir();
    let mut site = small();
    place.deploy("1", &site);
    let mut bases = std::collections::BTreeSet::new();
    let Body::Markdown(text) = site.pages[0].body.clone() else {
        panic!("the fixture is Markdown")
    };
    for version in 2..80 {
        // A text alone: a title is in many lists, and this site is small.
        site.pages[0].body = Body::Markdown(format!("{text}\n\nVersion {version}."));
        let written = place
            .write(&version.to_string(), &site)
            .expect("written")
            .expect("kept");
        release::publish(&dir, &written.release).expect("published");
        bases.insert(written.release.base().to_owned());
        release::prune(&dir, 3).expect("pruned");
        let kept = release::releases(&dir).expect("read");
        assert!(kept.len() <= 4, "three, and what they build on: {kept:?}");
        for version in kept {
            let release = Release::open(&dir, &version, None).expect("whole");
            assert!(
                release
                    .files()
                    .all(|(path, e)| release.content(&dir, path, e).is_file())
            );
        }
    }
    assert_eq!(bases.len(), 2, "{bases:?}");
}

#[test]
fn releases_of_former_versions_stay_live_and_are_taken_over() {
    let place = Place::new();
    let dir = place.site_dir();
    // What a former version left: a folder for the release, a manifest with more in it, and `current` as the pointer.
    let first = place.write("1", &small()).expect("written").expect("kept").release;
    release::finish(&dir, &first.uncompressed(&dir)).expect("finished");
    let mut files = serde_json::Map::new();
    for (path, entry) in first.files() {
        let (from, to) = (first.content(&dir, path, entry), dir.join("releases/1").join(path));
        fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        fs::copy(&from, &to).expect("copied");
        for suffix in ["gz", "br"].iter().filter(|_| entry.compressed) {
            fs::copy(
                format!("{}.{suffix}", from.display()),
                format!("{}.{suffix}", to.display()),
            )
            .expect("copied");
        }
        let old = serde_json::json!({ "hash": entry.hash.to_string(), "bytes": entry.bytes, "mime": "text/html", "compressed": entry.compressed });
        files.insert(path.to_owned(), old);
    }
    let manifest = serde_json::json!({ "files": files, "linked": 3 });
    fs::write(dir.join("releases/1.json"), manifest.to_string()).expect("written");
    fs::remove_dir_all(dir.join("objects")).expect("removed");
    std::os::unix::fs::symlink("releases/1", dir.join("current")).expect("linked");

    assert_eq!(release::current(&dir).expect("read").as_deref(), Some("1"));
    assert!(place.live("index.html").expect("there").contains("roasted on the hill"));
    let second = place.deploy("2", &changed());
    assert!(second.shared > 10, "{}", second.shared);
    assert!(second.release.uncompressed(&dir).is_empty());
    assert_unfolded(&dir);
    place.go_back("1");
    assert!(place.live("new/index.html").is_none() && dir.join("current/index.html").is_file());
    place.go_back("2");
    assert_unfolded(&dir);
    release::prune(&dir, 1).expect("pruned");
    assert!(!dir.join("releases/1").exists());
    assert_unfolded(&dir);
}

#[test]
fn a_crash_at_any_point_leaves_the_old_site_live() {
    let place = Place::new();
    let dir = place.site_dir();
    place.deploy("1", &small());
    let before = place.live("index.html");

    // While the manifest is written; folders of former versions; while links are made; while a folder is brought up to date.
    fs::create_dir_all(dir.join("releases/2.tmp/blog")).expect("made");
    fs::create_dir_all(dir.join("releases/3/blog")).expect("made");
    fs::write(dir.join("releases/4.json.17-0.tmp"), "{").expect("written");
    std::os::unix::fs::symlink("releases/3.json", dir.join("live.tmp")).expect("linked");
    std::os::unix::fs::symlink("trees/b", dir.join("current.tmp")).expect("linked");
    fs::create_dir_all(dir.join("trees/b/half")).expect("made");
    fs::write(dir.join("trees/b/half/index.html"), "half").expect("written");
    assert_eq!(place.live("index.html"), before);
    assert!(matches!(
        Release::open(&dir, "3", None),
        Err(ReleaseError::Incomplete(_))
    ));

    let removed = release::sweep(&dir).expect("swept");
    assert_eq!(
        removed,
        [
            "current.tmp",
            "live.tmp",
            "releases/2.tmp",
            "releases/3",
            "releases/4.json.17-0.tmp",
        ]
    );
    assert_eq!(release::sweep(&dir).expect("swept"), Vec::<String>::new());
    assert_eq!(place.live("index.html"), before);

    // An object that was half-written when the machine went down is told by its content.
    let second = place.write("2", &changed()).expect("written").expect("kept");
    let entry = second.release.get("new/index.html").expect("there");
    let object = second.release.content(&dir, "new/index.html", entry);
    let whole = fs::read(&object).expect("there");
    fs::write(&object, &whole[..whole.len() / 2]).expect("damaged");
    release::discard(&dir, "2").expect("discarded");
    place.deploy("2", &changed());
    assert!(fs::read(&object).expect("there") == whole);
    assert_unfolded(&dir);
}

#[test]
fn live_releases_are_known_by_their_pointer() {
    let place = Place::new();
    let dir = place.site_dir();
    let known = LiveReleases::default();
    assert!(known.get(&dir).expect("read").is_none());
    place.deploy("1", &small());
    assert_eq!(known.get(&dir).expect("read").expect("one").version(), "1");
    let second = place.write("2", &changed()).expect("written").expect("kept");
    known.publish(&dir, &second.release).expect("published");
    assert_eq!(known.get(&dir).expect("read").expect("one").version(), "2");
    // Another process goes back, and the folder changes hands.
    place.go_back("1");
    assert!(
        known
            .get(&dir)
            .expect("read")
            .expect("one")
            .get("new/index.html")
            .is_none()
    );
    fs::rename(&dir, place.dir.path().join("aside")).expect("moved");
    assert!(known.get(&dir).expect("read").is_none());
    place.deploy("1", &changed());
    assert!(
        known
            .get(&dir)
            .expect("read")
            .expect("one")
            .get("new/index.html")
            .is_some()
    );
}

#[test]
fn what_fails_leaves_nothing() {
    let place = Place::new();
    let dir = place.site_dir();
    let stopped = write_release(&dir, "1", None, &place.media(), |sink| {
        render_to(&small(), &place.theme, sink);
        None
    });
    assert!(matches!(stopped, Ok(None)));
    assert_eq!(fs::read_dir(dir.join("releases")).expect("there").count(), 0);

    for version in ["", "..", "a/b", "1.tmp", "x y"] {
        assert!(
            matches!(place.write(version, &small()), Err(ReleaseError::Version(_))),
            "{version:?}"
        );
    }
    let outside = FolderMedia(dir.clone());
    let mut site = small();
    for media in &mut site.media {
        media.source = "../../etc/passwd".into();
    }
    let escaped = write_release(&dir, "1", None, &outside, |sink| {
        Some(render_to(&site, &place.theme, sink).media)
    });
    assert!(escaped.expect_err("refused").to_string().contains("leads out"));
}

#[test]
fn a_release_is_never_changed() {
    let place = Place::new();
    place.write("1", &small()).expect("written");
    assert!(matches!(place.write("1", &changed()), Err(ReleaseError::Exists(_))));
}

#[test]
fn a_build_replaces_only_its_own_folder() {
    let place = Place::new();
    let out = place.dir.path().join("out");
    let build = |site: &Site| {
        write_folder(&out, FolderOptions::default(), &place.media(), |sink| {
            Some(render_to(site, &place.theme, sink).media)
        })
    };
    build(&changed()).expect("built");
    assert!(out.join("new/index.html").exists() && !out.join("index.html.gz").exists());
    build(&small()).expect("built again");
    assert!(!out.join("new").exists(), "stale files vanish");

    let own = place.dir.path().join("mine");
    fs::create_dir(&own).expect("made");
    fs::write(own.join("thesis.txt"), "years of work").expect("written");
    let refused = write_folder(&own, FolderOptions::default(), &place.media(), |_| Some(Vec::new()));
    assert!(matches!(refused, Err(ReleaseError::Foreign(_))));
    assert!(own.join("thesis.txt").exists());
    let left: Vec<String> = fs::read_dir(place.dir.path())
        .expect("read")
        .map(|e| e.expect("entry").file_name().to_string_lossy().into_owned())
        .filter(|n| n.starts_with('.'))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn a_remembered_folder_is_brought_up_to_date() {
    let place = Place::new();
    let (out, memory) = (place.dir.path().join("out"), place.dir.path().join("memory.json"));
    let build = |site: &Site, compress: bool| {
        let options = FolderOptions {
            compress,
            remember: Some(&memory),
        };
        write_folder(&out, options, &place.media(), |sink| {
            Some(render_to(site, &place.theme, sink).media)
        })
        .expect("written")
        .expect("kept")
    };
    let same_as_new = |site: &Site, compress: bool| {
        let fresh = place.dir.path().join("fresh");
        let options = FolderOptions {
            compress,
            remember: None,
        };
        write_folder(&fresh, options, &place.media(), |sink| {
            Some(render_to(site, &place.theme, sink).media)
        })
        .expect("written");
        assert!(files_below(&out) == files_below(&fresh));
    };
    let first = build(&small(), true);
    assert_eq!((first.written, first.removed), (first.files, 0));
    assert_eq!(build(&small(), true).written, 0);
    let second = build(&changed(), true);
    assert!(
        second.written > 0 && second.written < second.files / 2,
        "{}",
        second.written
    );
    same_as_new(&changed(), true);
    // Files that somebody wrote or removed are made again.
    fs::write(out.join("about/index.html"), "mine").expect("written");
    fs::remove_file(out.join("sitemap.xml")).expect("removed");
    let third = build(&small(), true);
    assert!(third.removed > 0, "the new page");
    assert!(!out.join("new").exists());
    same_as_new(&small(), true);
    // Another way of writing starts over, and so does what broke off.
    assert!(build(&small(), false).written > 20);
    same_as_new(&small(), false);
    fs::remove_file(&memory).expect("removed");
    assert!(build(&small(), false).written > 20);
    same_as_new(&small(), false);
}

fn files_below(dir: &Path) -> BTreeMap<std::path::PathBuf, Vec<u8>> {
    let dir = &dir.canonicalize().expect("there");
    let files = walkdir::WalkDir::new(dir).into_iter().map(|entry| entry.expect("read"));
    files
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let name = entry.path().strip_prefix(dir).expect("below").to_owned();
            (name, fs::read(entry.path()).expect("read"))
        })
        .collect()
}
