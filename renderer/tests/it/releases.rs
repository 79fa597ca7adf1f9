use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use igny8_renderer::release::{self, FolderMedia, Manifest, ReleaseError, write_folder, write_release};
use igny8_renderer::{Site, Theme, render_to};

use crate::support::{page_with, small};

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

    fn write(&self, version: &str, site: &Site) -> Result<Option<Manifest>, ReleaseError> {
        write_release(&self.site_dir(), version, &self.media(), |sink| {
            Some(render_to(site, &self.theme, sink).media)
        })
    }

    fn live(&self, file: &str) -> String {
        fs::read_to_string(self.site_dir().join("current").join(file)).expect("a live file")
    }
}

fn changed() -> Site {
    let mut site = small();
    site.pages.push(page_with("/new/", "A new page.").into());
    site
}

#[test]
fn a_release_is_whole_and_what_did_not_change_is_shared() {
    let place = Place::new();
    let site_dir = place.site_dir();
    let first = place.write("1", &small()).expect("written").expect("kept");
    assert_eq!(first.linked, 0);
    assert_eq!(
        release::current(&site_dir).expect("read"),
        None,
        "writing does not publish"
    );
    release::publish(&site_dir, "1").expect("published");

    for (path, entry) in &first.files {
        let file = site_dir.join("releases/1").join(path);
        let bytes = fs::read(&file).expect("there");
        assert_eq!(blake3::hash(&bytes).to_hex().to_string(), entry.hash, "{path}");
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
    assert!(first.files["media/kettle.svg"].compressed);
    assert!(
        first
            .files
            .iter()
            .any(|(path, e)| path.ends_with(".css") && e.immutable)
    );
    assert!(
        !site_dir.join("releases/1/manifest.json").exists(),
        "visitors cannot fetch the manifest"
    );

    let second = place.write("2", &changed()).expect("written").expect("kept");
    assert!(
        second.linked > 10 && second.linked < second.files.len(),
        "{}",
        second.linked
    );
    let inode = |version: &str, file: &str| {
        fs::metadata(site_dir.join("releases").join(version).join(file))
            .expect("there")
            .ino()
    };
    assert_eq!(inode("1", "media/kettle.svg.br"), inode("2", "media/kettle.svg.br"));
    assert_eq!(inode("1", "about/index.html"), inode("2", "about/index.html"));
    assert_ne!(inode("1", "sitemap.xml"), inode("2", "sitemap.xml"));
    assert_eq!(Manifest::read(&site_dir.join("releases/2.json")).expect("read"), second);
}

#[test]
fn going_live_going_back_and_pruning() {
    let place = Place::new();
    let dir = place.site_dir();
    place.write("1", &small()).expect("written");
    release::publish(&dir, "1").expect("published");
    place.write("2", &changed()).expect("written");
    assert!(!dir.join("current/new/index.html").exists());
    release::publish(&dir, "2").expect("published");
    assert!(place.live("new/index.html").contains("A new page."));
    release::publish(&dir, "1").expect("rolled back");
    assert!(!dir.join("current/new/index.html").exists());
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
    assert!(place.live("index.html").contains("roasted on the hill"));
}

#[test]
fn a_crash_at_any_point_leaves_the_old_site_live() {
    let place = Place::new();
    let dir = place.site_dir();
    place.write("1", &small()).expect("written");
    release::publish(&dir, "1").expect("published");
    let before = place.live("index.html");

    // While files are written; after the folder was renamed, before the manifest; while the manifest is written; while the link is made;
    // while an old release is removed.
    fs::create_dir_all(dir.join("releases/2.tmp/blog")).expect("made");
    fs::create_dir_all(dir.join("releases/3/blog")).expect("made");
    fs::write(dir.join("releases/4.json.tmp"), "{").expect("written");
    std::os::unix::fs::symlink("releases/3", dir.join("current.tmp")).expect("linked");
    fs::write(dir.join("releases/5.json"), "{}").expect("written");
    assert_eq!(place.live("index.html"), before);
    assert!(matches!(release::publish(&dir, "3"), Err(ReleaseError::Incomplete(_))));
    assert!(matches!(release::publish(&dir, "5"), Err(ReleaseError::Incomplete(_))));

    let removed = release::sweep(&dir).expect("swept");
    assert_eq!(
        removed,
        [
            "current.tmp",
            "releases/2.tmp",
            "releases/3",
            "releases/4.json.tmp",
            "releases/5.json"
        ]
    );
    assert_eq!(release::sweep(&dir).expect("swept"), Vec::<String>::new());
    assert_eq!(place.live("index.html"), before);
    place.write("2", &changed()).expect("written after the crash");
    release::publish(&dir, "2").expect("published");
}

#[test]
fn what_fails_leaves_nothing() {
    let place = Place::new();
    let dir = place.site_dir();
    let stopped = write_release(&dir, "1", &place.media(), |sink| {
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
    let escaped = write_release(&dir, "1", &outside, |sink| {
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
        write_folder(&out, false, &place.media(), |sink| {
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
    let refused = write_folder(&own, false, &place.media(), |_| Some(Vec::new()));
    assert!(matches!(refused, Err(ReleaseError::Foreign(_))));
    assert!(own.join("thesis.txt").exists());
    let left: Vec<String> = fs::read_dir(place.dir.path())
        .expect("read")
        .map(|e| e.expect("entry").file_name().to_string_lossy().into_owned())
        .filter(|n| n.starts_with('.'))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}
