use std::io::Write;

use igny8_renderer::{FileKind, Theme, render};

use crate::support::{empty, small};

/// What the server's content security policy lets through: no inline scripts or styles, nothing from elsewhere.
#[test]
fn every_theme_renders_every_kind_of_page_under_a_strict_policy() {
    for name in Theme::builtin_names() {
        let theme = Theme::builtin(&name).expect("compiles");
        for site in [small(), empty()] {
            let rendered = render(&site, &theme);
            assert_eq!(rendered.report.diagnostics, [], "{name}");
            for (path, file) in rendered.files.iter().filter(|(_, f)| f.kind == FileKind::Page) {
                let html = std::str::from_utf8(&file.bytes).expect("text");
                assert!(
                    !html.contains(" style=") && !html.contains("<style"),
                    "{name}: inline style in {path}"
                );
                let data = html.matches("<script type=\"application/ld+json\">").count();
                let files = html.matches("<script type=\"module\" src=\"/demo/assets/").count();
                assert_eq!(html.matches("<script").count(), data + files, "{name}: {path}");
                assert!(
                    files == 0 || path.ends_with("search/index.html"),
                    "{name}: {path} needs a script"
                );
                assert_eq!(html.matches("<h1").count(), 1, "{name}: {path} has one h1");
                assert_eq!(html.matches("<main").count(), 1, "{name}: {path}");
                assert!(html.contains("class=\"skip\""), "{name}: {path} has a skip link");
            }
        }
    }
}

#[test]
fn stylesheets_stay_small() {
    for name in Theme::builtin_names() {
        let rendered = render(&small(), &Theme::builtin(&name).expect("compiles"));
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        for (_, file) in rendered.files.iter().filter(|(path, _)| path.ends_with(".css")) {
            gzip.write_all(&file.bytes).expect("memory");
        }
        let bytes = gzip.finish().expect("memory").len();
        assert!(bytes > 500 && bytes <= 14 * 1024, "{name}: {bytes}");
    }
}

#[test]
fn options_reach_the_stylesheet_and_change_its_name() {
    let theme = Theme::builtin("ember").expect("compiles");
    let style = |site: &igny8_renderer::Site| {
        let rendered = render(site, &theme);
        let (path, file) = rendered
            .files
            .iter()
            .find(|(path, _)| path.starts_with("assets/options."))
            .expect("made from options");
        (path.clone(), String::from_utf8(file.bytes.clone()).expect("text"))
    };
    let plain = style(&small());
    let mut site = small();
    site.settings
        .theme_options
        .insert("brand_color".into(), "#0077b6".into());
    let blue = style(&site);
    assert!(blue.1.contains("--brand:#0077b6"), "{}", blue.1);
    assert_ne!(plain.0, blue.0);
}
