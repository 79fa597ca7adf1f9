//! Images made smaller, from files to markup and releases.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use igny8_renderer::images::{ImageCache, ImageFormat, Prepared};
use igny8_renderer::release::{self, FolderMedia, Release, write_release};
use igny8_renderer::site::{Media, Page, PageKind, Site};
use igny8_renderer::{Diagnostic, Report, Severity, Theme, render_to};

use crate::support::{empty, live, page, page_with, released, rendered, text};

/// A picture that looks like a photo to an encoder: soft shapes and some noise.
fn photo(width: u32, height: u32, alpha: bool) -> image::DynamicImage {
    let mut noise = 7_u32;
    let image = image::RgbaImage::from_fn(width, height, |x, y| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let n = (noise >> 28) as u8;
        let wave = |a: u32, b: u32| ((f64::from(x * a + y * b) / 90.0).sin() * 90.0 + 120.0) as u8;
        let cover = if alpha && (x / 40 + y / 40) % 3 == 0 { 60 } else { 255 };
        image::Rgba([wave(2, 1) + n, wave(1, 3) + n, wave(3, 2) / 2 + n, cover])
    });
    if alpha {
        image::DynamicImage::ImageRgba8(image)
    } else {
        image::DynamicImage::ImageRgb8(image::DynamicImage::ImageRgba8(image).into_rgb8())
    }
}

fn png(image: &image::DynamicImage) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image.write_to(&mut out, image::ImageFormat::Png).expect("encoded");
    out.into_inner()
}

/// Words that must not be found in any variant.
const SECRET: &[u8] = b"38.7223N 9.1393W";

/// A JPEG with EXIF: an orientation, and a text that stands for the place.
fn jpeg(image: &image::DynamicImage, orientation: u8) -> Vec<u8> {
    let mut plain = Vec::new();
    let rgb = image.to_rgb8();
    jpeg_encoder::Encoder::new(&mut plain, 90)
        .encode(
            &rgb,
            rgb.width() as u16,
            rgb.height() as u16,
            jpeg_encoder::ColorType::Rgb,
        )
        .expect("encoded");
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0".to_vec();
    exif.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    // ImageDescription, whose text lies behind the directory.
    exif.extend([0x0e, 0x01, 2, 0, SECRET.len() as u8, 0, 0, 0, 38, 0, 0, 0]);
    exif.extend([0, 0, 0, 0]);
    exif.extend(SECRET);
    let mut out = plain[..2].to_vec();
    out.extend([0xff, 0xe1]);
    out.extend((exif.len() as u16 + 2).to_be_bytes());
    out.extend(exif);
    out.extend(&plain[2..]);
    out
}

/// An animated GIF of two frames, and the header of a PNG that would take 1.6 GB.
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\0\n\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0!\xf9\x04\0\n\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02L\x01\0;";

fn bomb() -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    out.extend(20_000_u32.to_be_bytes());
    out.extend(20_000_u32.to_be_bytes());
    out.extend([8, 6, 0, 0, 0]);
    out.extend(0x1234_5678_u32.to_be_bytes());
    out
}

struct Place {
    dir: tempfile::TempDir,
    theme: Theme,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        fs::create_dir(dir.path().join("media")).expect("made");
        Self {
            dir,
            theme: Theme::builtin("ember").expect("compiles"),
        }
    }

    fn cache(&self) -> ImageCache {
        ImageCache::new(self.dir.path().join("cache"))
    }

    fn source(&self) -> FolderMedia {
        FolderMedia(self.dir.path().join("media"))
    }

    fn site_dir(&self) -> PathBuf {
        self.dir.path().join("site")
    }

    /// Writes a file and gives its media entry, with the size that its header says.
    fn put(&self, name: &str, mime: &str, bytes: &[u8]) -> Media {
        fs::write(self.dir.path().join("media").join(name), bytes).expect("written");
        let size = imagesize::blob_size(bytes).ok();
        let side = |n: usize| u32::try_from(n).expect("small");
        Media {
            path: format!("/media/{name}"),
            source: name.to_owned(),
            mime: mime.to_owned(),
            width: size.map(|s| side(s.width)),
            height: size.map(|s| side(s.height)),
            alt: format!("A picture called {name}"),
            bytes: bytes.len() as u64,
            variants: Vec::new(),
            problem: None,
        }
    }

    fn prepare(&self, site: &mut Site) -> Prepared {
        self.cache().prepare(site, None, &self.source())
    }

    /// A whole release, as the server makes one; what was encoded and drawn for it.
    fn release(&self, version: &str, site: Site) -> (Release, Report, Prepared, usize) {
        let cache = self.cache();
        self.release_with(&cache, version, site)
    }

    /// The same with a cache that may know what it has looked at.
    fn release_with(&self, cache: &ImageCache, version: &str, mut site: Site) -> (Release, Report, Prepared, usize) {
        let prepared = cache.prepare(&mut site, None, &self.source());
        let (mut report, mut drawn) = (Report::default(), 0);
        let dir = self.site_dir();
        let before = live(&dir);
        let written = write_release(&dir, version, before.as_ref(), &cache.source(&self.source()), |sink| {
            let cached = cache.sink(sink);
            report = render_to(&site, &self.theme, &cached);
            drawn = cached.drawn();
            Some(report.media.clone())
        });
        cache.sweep(&report).expect("swept");
        let written = written.expect("written").expect("kept");
        release::publish(&dir, &written.release).expect("live");
        (written.release, report, prepared, drawn)
    }

    fn file(&self, version: &str, name: &str) -> Vec<u8> {
        released(&self.site_dir(), version, name).expect("a file of the release")
    }
}

/// A site whose one page shows all of `media` in its text.
fn showing(media: Vec<Media>) -> Site {
    let mut site = empty();
    let text: String = media.iter().map(|m| format!("![]({})\n\n", m.path)).collect();
    site.pages = vec![page_with("/shown/", &text).into()];
    site.media = media;
    site
}

fn found<'r>(report: &'r Report, code: &str) -> Vec<&'r Diagnostic> {
    report.diagnostics.iter().filter(|d| d.code == code).collect()
}

#[test]
fn a_photo_is_offered_in_sizes_and_formats() {
    let place = Place::new();
    let mut site = showing(vec![place.put(
        "kettle.jpg",
        "image/jpeg",
        &jpeg(&photo(1400, 700, false), 1),
    )]);
    assert_eq!(place.prepare(&mut site), Prepared { images: 1, encoded: 1 });
    let variants = &site.media[0].variants;
    let widths = |format| -> Vec<u32> {
        variants
            .iter()
            .filter(|v| v.format == format)
            .map(|v| v.width)
            .collect()
    };
    assert_eq!(widths(ImageFormat::Webp), [320, 480, 640, 960, 1400]);
    assert_eq!(
        widths(ImageFormat::Jpeg),
        [320, 480, 640, 960],
        "the file itself is the largest"
    );
    let html = rendered(&site);
    let html = text(&html, "shown/index.html");
    assert!(
        html.contains("<picture><source type=\"image/webp\" srcset=\"/demo/assets/img/kettle-320."),
        "{html}"
    );
    assert!(html.contains(" 1400w\" sizes=\"(min-width: 54rem)"), "{html}");
    assert!(
        html.contains("width=\"1400\" height=\"700\" fetchpriority=\"high\" decoding=\"async\"></picture>"),
        "the first is not lazy: {html}"
    );
}

#[test]
fn the_cameras_turn_is_applied_and_what_it_knew_left_out() {
    let place = Place::new();
    for orientation in 1..=8 {
        let image = photo(400, 200, false);
        let name = format!("turned-{orientation}.jpg");
        let mut site = showing(vec![place.put(&name, "image/jpeg", &jpeg(&image, orientation))]);
        let (_, report, ..) = place.release(&format!("{orientation}"), std::mem::replace(&mut site, empty()));
        let want = if orientation >= 5 { (320, 640) } else { (320, 160) };
        let mut seen = 0;
        for file in report.media.iter().filter(|m| m.path.starts_with("/assets/img/")) {
            let bytes = place.file(&orientation.to_string(), &file.path[1..]);
            assert!(!bytes.windows(SECRET.len()).any(|w| w == SECRET), "{}", file.path);
            assert!(!bytes.windows(4).any(|w| w == b"Exif" || w == b"EXIF"), "{}", file.path);
            let decoded = image::load_from_memory(&bytes).expect("an image");
            assert_eq!(
                (Some(decoded.width()), Some(decoded.height())),
                (file.width, file.height)
            );
            if file.width == Some(320) && want.0 == 320 && orientation < 5 {
                assert_eq!(file.height, Some(want.1));
            }
            seen += 1;
        }
        assert!(seen > 0, "{orientation}");
        let html = String::from_utf8(place.file(&orientation.to_string(), "shown/index.html")).expect("text");
        let size = if orientation >= 5 {
            "width=\"200\" height=\"400\""
        } else {
            "width=\"400\" height=\"200\""
        };
        assert!(html.contains(size), "{orientation}: {html}");
    }
}

#[test]
fn what_can_be_seen_through_stays_so() {
    let place = Place::new();
    let mut site = showing(vec![place.put("glass.png", "image/png", &png(&photo(700, 350, true)))]);
    place.prepare(&mut site);
    let cache = place.cache();
    let source = place.source();
    let source = cache.source(&source);
    assert!(!site.media[0].variants.is_empty());
    for variant in &site.media[0].variants {
        let mut as_media = site.media[0].clone();
        as_media.source.clone_from(&variant.source);
        let path = igny8_renderer::release::MediaSource::path(&source, &as_media).expect("a path");
        let decoded = image::load_from_memory(&fs::read(path).expect("there")).expect("an image");
        assert!(decoded.color().has_alpha(), "{variant:?}");
        assert!(decoded.to_rgba8().pixels().any(|p| p.0[3] < 100), "{variant:?}");
    }
}

#[test]
fn what_cannot_be_made_smaller_is_passed_on_and_said() {
    let place = Place::new();
    let whole = jpeg(&photo(900, 600, false), 1);
    let media = vec![
        place.put("cut.png", "image/png", &png(&photo(600, 400, false))[..5_000]),
        place.put("bomb.png", "image/png", &bomb()),
        place.put("moving.gif", "image/gif", GIF),
        place.put("no-image.jpg", "image/jpeg", b"just words"),
        place.put(
            "drawing.svg",
            "image/svg+xml",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'><script>x()</script><path d='M0 0'/></svg>",
        ),
        place.put("fine.jpg", "image/jpeg", &whole),
        Media {
            source: "gone.jpg".into(),
            path: "/media/gone.jpg".into(),
            ..place.put("x.jpg", "image/jpeg", &whole)
        },
    ];
    let (manifest, report, prepared, _) = place.release("1", showing(media));
    assert_eq!(
        (prepared.images, prepared.encoded),
        (4, 4),
        "the missing one is not counted"
    );
    let broken: Vec<&str> = found(&report, "image-broken").iter().map(|d| d.page.as_str()).collect();
    assert_eq!(broken, ["/shown/", "/shown/"], "{:?}", report.diagnostics);
    let missing = found(&report, "media-missing");
    assert!(
        missing.len() == 1 && missing[0].severity == Severity::Error && missing[0].message.contains("/media/gone.jpg"),
        "{missing:?}"
    );
    assert_eq!(missing[0].page, "/shown/");
    assert!(report.has_errors() && !report.stops_release());
    let untouched = found(&report, "image-untouched");
    assert!(
        untouched.len() == 1 && untouched[0].message.contains("20000"),
        "{untouched:?}"
    );
    // What is there goes out as it is; only the drawing is cleaned.
    assert_eq!(place.file("1", "media/moving.gif"), GIF);
    assert_eq!(place.file("1", "media/bomb.png"), bomb());
    let drawing = String::from_utf8(place.file("1", "media/drawing.svg")).expect("text");
    assert!(
        drawing.contains("M0 0") && !drawing.contains("script") && !drawing.contains("onload"),
        "{drawing}"
    );
    assert!(manifest.get("media/gone.jpg").is_none() && manifest.get("media/fine.jpg").is_some());
    let html = String::from_utf8(place.file("1", "shown/index.html")).expect("text");
    assert!(
        html.contains("A picture called x.jpg") && !html.contains("gone.jpg"),
        "{html}"
    );
    assert_eq!(html.matches("<picture>").count(), 1, "{html}");
}

/// All files of a release with their hashes.
fn hashes(release: &Release) -> BTreeMap<String, String> {
    release
        .files()
        .map(|(name, entry)| (name.to_owned(), entry.hash.to_string()))
        .collect()
}

#[test]
fn the_next_release_encodes_nothing_and_links_all() {
    let place = Place::new();
    let site = || {
        let mut site = showing(vec![place.put(
            "kettle.jpg",
            "image/jpeg",
            &jpeg(&photo(900, 500, false), 1),
        )]);
        site.pages
            .push(page(PageKind::Post, "/plain/", "/", "A page without a picture").into());
        site
    };
    let (first, _, prepared, drawn) = place.release("1", site());
    assert_eq!(prepared, Prepared { images: 1, encoded: 1 });
    // The two pages and the site itself.
    assert_eq!(drawn, 3);
    let (second, report, prepared, drawn) = place.release("2", site());
    assert_eq!((prepared, drawn), (Prepared { images: 1, encoded: 0 }, 0));
    assert_eq!(hashes(&first), hashes(&second));
    let variants: Vec<&Media> = report
        .media
        .iter()
        .filter(|m| m.path.starts_with("/assets/img/"))
        .collect();
    assert!(!variants.is_empty());
    for variant in variants {
        let name = &variant.path[1..];
        let entry = second.get(name).expect("there");
        assert!(entry.immutable, "{name}");
        assert_eq!(
            first.content(&place.site_dir(), name, entry),
            second.content(&place.site_dir(), name, entry),
            "{name}"
        );
    }

    // From nothing, the same bytes.
    fs::remove_dir_all(place.dir.path().join("cache")).expect("removed");
    let (third, _, prepared, _) = place.release("3", site());
    assert_eq!(prepared.encoded, 1);
    assert_eq!(hashes(&first), hashes(&third));
}

#[test]
fn damaged_entries_are_made_again() {
    let place = Place::new();
    let mut site = showing(vec![place.put(
        "a.jpg",
        "image/jpeg",
        &jpeg(&photo(500, 300, false), 1),
    )]);
    assert_eq!(place.prepare(&mut site).encoded, 1);
    let entry = fs::read_dir(place.dir.path().join("cache/img"))
        .expect("read")
        .next()
        .expect("one")
        .expect("one")
        .path();
    fs::write(entry.join("320.webp"), b"").expect("damaged");
    assert_eq!(place.prepare(&mut site).encoded, 1);
    assert_eq!(place.prepare(&mut site).encoded, 0);
    assert!(fs::metadata(entry.join("320.webp")).expect("there").len() > 0);
}

#[test]
fn what_nobody_uses_is_swept_in_time() {
    let place = Place::new();
    let media = place.put("a.jpg", "image/jpeg", &jpeg(&photo(500, 300, false), 1));
    place.release("1", showing(vec![media.clone()]));
    let entries = |folder: &str| {
        fs::read_dir(place.dir.path().join("cache").join(folder))
            .expect("read")
            .count()
    };
    assert_eq!((entries("img"), entries("share")), (1, 2));
    // The page still says the same, so it keeps its share image; the image is no longer there.
    let mut without = showing(vec![]);
    without.pages[0].title = "Another title".into();
    for version in 2..6 {
        place.release(&version.to_string(), without.clone());
        assert_eq!(entries("img"), 1, "{version}");
    }
    place.release("6", without);
    assert_eq!((entries("img"), entries("share")), (0, 2));
}

#[test]
fn images_that_nothing_mentions_are_not_made_smaller() {
    let place = Place::new();
    let mut site = showing(vec![place.put(
        "a b.jpg",
        "image/jpeg",
        &jpeg(&photo(500, 300, false), 1),
    )]);
    site.pages[0] = page_with("/shown/", "![Tea](</media/a b.jpg>)").into();
    assert_eq!(place.prepare(&mut site).images, 1, "by its name");
    site.pages[0] = page_with("/shown/", "![Tea](/media/a%20b.jpg)").into();
    assert_eq!(place.prepare(&mut site).images, 1, "as addresses say it");
    site.pages[0] = page_with("/shown/", "Nothing.").into();
    assert_eq!(place.prepare(&mut site).images, 0);
    assert_eq!(site.media[0].variants, []);
}

#[test]
fn every_place_of_an_image_offers_its_sizes() {
    let place = Place::new();
    let picture = |name: &str| place.put(name, "image/jpeg", &jpeg(&photo(700, 400, false), 1));
    let mut site = empty();
    site.media = vec![picture("lead.jpg"), picture("second.jpg"), picture("block.jpg")];
    let mut product: Page = page(PageKind::Product, "/kettle/", "/", "Kettle");
    product.image = Some("/media/lead.jpg".into());
    product.entity.gallery = vec!["/media/second.jpg".into()];
    product.blocks = vec![
        serde_json::from_value(serde_json::json!({"type": "image", "image": "/media/block.jpg", "alt": "A block"}))
            .expect("a block"),
    ];
    let mut other = page(PageKind::Page, "/other/", "/", "Other");
    other.body = igny8_renderer::site::Body::Html(
        "<picture><source srcset=\"/x.webp\"><img src=\"/media/lead.jpg\" alt=\"A kettle\"></picture>".into(),
    );
    site.pages = vec![product.into(), other.into()];
    place.prepare(&mut site);
    for theme in Theme::builtin_names() {
        let out = igny8_renderer::render(&site, &Theme::builtin(&theme).expect("compiles"));
        let html = text(&out, "kettle/index.html");
        for name in ["lead-320", "second-320", "block-320"] {
            assert!(
                html.contains(&format!(
                    "<picture><source type=\"image/webp\" srcset=\"/demo/assets/img/{name}."
                )),
                "{theme}: {name}"
            );
        }
        assert_eq!(html.matches("fetchpriority=\"high\"").count(), 1, "{theme}: {html}");
        let html = text(&out, "other/index.html");
        assert!(!html.contains("/x.webp"), "{html}");
        assert_eq!(
            html.matches("<picture>").count(),
            html.matches("</picture>").count(),
            "{html}"
        );
    }
    // Readers of feeds get one file of each.
    let out = rendered(&site);
    for (path, file) in &out.files {
        if path.ends_with("atom.xml") {
            assert!(!String::from_utf8_lossy(&file.bytes).contains("srcset"), "{path}");
        }
    }
}

#[test]
fn pages_without_a_picture_have_a_share_image() {
    let mut site = empty();
    site.pages = vec![
        page(PageKind::Post, "/tea/", "/", "Brewing times, compared").into(),
        page(PageKind::Page, "/jp/", "/", "コーヒーの時間").into(),
    ];
    let out = rendered(&site);
    let html = text(&out, "tea/index.html");
    let from = html.find("assets/share/").expect("named");
    let name = &html[from..from + "assets/share/".len() + 36];
    let image = image::load_from_memory(&out.files[name].bytes).expect("an image");
    assert_eq!((image.width(), image.height()), (1200, 630));
    for tag in [
        "property=\"og:image:width\" content=\"1200\"",
        "property=\"og:image:height\" content=\"630\"",
        "property=\"og:image:alt\" content=\"Brewing times, compared\"",
        "name=\"twitter:card\" content=\"summary_large_image\"",
    ] {
        assert!(html.contains(tag), "{tag} in {html}");
    }
    assert_eq!(
        html.matches(name).count(),
        4,
        "the cards of both kinds, and address and content in the page's data"
    );
    assert_eq!(out.report.share_images.len(), 3);
    assert_eq!(rendered(&site), out, "the same each time");

    site.settings.outputs.share_images = false;
    let out = rendered(&site);
    assert!(!out.files.keys().any(|path| path.starts_with("assets/share/")));
    assert!(text(&out, "tea/index.html").contains("content=\"summary\""));
}

#[test]
fn a_missing_file_costs_no_release_even_unannounced() {
    let place = Place::new();
    let media = place.put("a.jpg", "image/jpeg", &jpeg(&photo(300, 200, false), 1));
    let site = showing(vec![media]);
    fs::remove_file(place.dir.path().join("media/a.jpg")).expect("removed");
    // Written without a look at the files.
    let written = write_release(&place.site_dir(), "1", None, &place.source(), |sink| {
        Some(render_to(&site, &place.theme, sink).media)
    });
    let written = written.expect("written").expect("kept");
    assert_eq!(written.release.missing(), ["media/a.jpg"]);
    assert!(released(&place.site_dir(), "1", "shown/index.html").is_some());
}

/// Makes a file another one of the same length and time of change, in a folder that does not tell either: whoever looks at it again sees
/// the difference.
fn swap_unseen(path: &std::path::Path, from: &[u8], to: &[u8]) {
    let meta = fs::metadata(path).expect("there");
    let bytes = fs::read(path).expect("read");
    let at = bytes.windows(from.len()).position(|w| w == from).expect("in it");
    let mut other = bytes.clone();
    other[at..at + to.len()].copy_from_slice(to);
    let folder = path.parent().expect("a folder");
    let folder_changed = fs::metadata(folder).and_then(|meta| meta.modified()).expect("known");
    // Beside it and over it, since releases may link to the file.
    let beside = path.with_extension("other");
    fs::write(&beside, other).expect("written");
    let file = fs::File::options().write(true).open(&beside).expect("opens");
    file.set_modified(meta.modified().expect("known")).expect("set");
    fs::rename(&beside, path).expect("moved");
    // A cache knows by this time that something was taken out of an entry.
    let folder = fs::File::open(folder).expect("opens");
    folder.set_modified(folder_changed).expect("set");
}

#[test]
fn a_deployment_looks_only_at_files_that_are_new() {
    let place = Place::new();
    let photo = place.put("kettle.jpg", "image/jpeg", &jpeg(&photo(700, 400, false), 1));
    let drawing = place.put(
        "logo.svg",
        "image/svg+xml",
        b"<svg xmlns=\"http://www.w3.org/2000/svg\"><title>One</title><script>x()</script></svg>",
    );
    let site = showing(vec![photo, drawing]);
    let cache = place.cache();
    let (first, _, prepared, _) = place.release_with(&cache, "1", site.clone());
    assert_eq!(prepared, Prepared { images: 1, encoded: 1 });
    let logo = place.file("1", "media/logo.svg");
    assert!(!String::from_utf8_lossy(&logo).contains("script"));

    // The original photo, the drawing and a variant change without a sign: nobody opens them again.
    let media = place.dir.path().join("media");
    swap_unseen(&media.join("kettle.jpg"), SECRET, &[b'x'; SECRET.len()]);
    swap_unseen(&media.join("logo.svg"), b"One", b"Two");
    let entry = fs::read_dir(place.dir.path().join("cache/img")).expect("there").next();
    let variant = entry.expect("one").expect("read").path().join("320.webp");
    swap_unseen(&variant, b"RIFF", b"JUNK");
    let (second, _, prepared, _) = place.release_with(&cache, "2", site.clone());
    assert_eq!(prepared, Prepared { images: 1, encoded: 0 });
    for (path, entry) in first
        .files()
        .filter(|(path, _)| path.starts_with("assets/img/") || path.ends_with(".svg"))
    {
        assert_eq!(second.get(path).map(|e| e.hash), Some(entry.hash), "{path}");
    }
    // Another process looks.
    place.release("3", site);
    assert!(String::from_utf8_lossy(&place.file("3", "media/logo.svg")).contains("Two"));
}

#[test]
fn what_a_site_still_shows_is_kept_in_the_cache() {
    let place = Place::new();
    let site = showing(vec![
        place.put("kettle.jpg", "image/jpeg", &jpeg(&photo(400, 300, false), 1)),
        place.put(
            "logo.svg",
            "image/svg+xml",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"><title>One</title></svg>",
        ),
    ]);
    let cache = place.cache();
    for version in 1..=8 {
        let mut prepared_site = site.clone();
        let prepared = cache.prepare(&mut prepared_site, None, &place.source());
        assert_eq!(prepared.encoded, usize::from(version == 1), "{version}");
        // As the server does: the list of media went to the release.
        cache.sweep(&Report::default()).expect("swept");
    }
    assert_eq!(
        fs::read_dir(place.dir.path().join("cache/svg")).expect("there").count(),
        1
    );
}
