use std::io::Write;

use igny8_renderer::site::{Body, Page, PageKind};
use igny8_renderer::{FileKind, Site, Theme, render};

use crate::support::{empty, page, sample, small};

/// What is wrong apart from what the samples have on purpose: long titles, a page nothing leads to.
fn findings(report: &igny8_renderer::Report) -> Vec<igny8_renderer::Diagnostic> {
    let mut findings = report.diagnostics.clone();
    findings.retain(|finding| !["title-long", "orphan"].contains(&finding.code));
    findings
}

/// What the server's content security policy lets through: no inline scripts or styles, nothing from elsewhere.
#[test]
fn every_theme_renders_every_kind_of_page_under_a_strict_policy() {
    for name in Theme::builtin_names() {
        let theme = Theme::builtin(&name).expect("compiles");
        for site in [small(), empty(), sample("blog"), sample("shop"), sample("company")] {
            let rendered = render(&site, &theme);
            assert_eq!(findings(&rendered.report), [], "{name}");
            for (path, file) in rendered.files.iter().filter(|(_, f)| f.kind == FileKind::Page) {
                let html = std::str::from_utf8(&file.bytes).expect("text");
                assert!(
                    !html.contains(" style=") && !html.contains("<style"),
                    "{name}: inline style in {path}"
                );
                let data = html.matches("<script type=\"application/ld+json\">").count();
                let files = html.matches("<script type=\"module\" src=\"/").count();
                // Where there is code, a button that copies it.
                let copy = html.matches(" defer data-copy=\"").count();
                assert_eq!(copy, usize::from(html.contains("<pre")), "{name}: {path}");
                // The visitor's choice of light or dark.
                let scheme = html.matches("<script src=\"/").count() - copy;
                assert!(
                    scheme <= 1 && scheme == html.matches("id=\"scheme\"").count(),
                    "{name}: {path}"
                );
                let scripts = html.matches("<script").count();
                assert_eq!(scripts, data + files + scheme + copy, "{name}: {path}");
                assert!(
                    files == 0 || path.ends_with("search/index.html"),
                    "{name}: {path} needs a script"
                );
                assert_eq!(html.matches("<h1").count(), 1, "{name}: {path} has one h1");
                assert_eq!(html.matches("<main").count(), 1, "{name}: {path}");
                assert!(html.contains("class=\"skip\""), "{name}: {path} has a skip link");
                assert!(html.len() < 30 * 1024, "{name}: {path} has {} bytes", html.len());
                let mut ids = std::collections::HashSet::new();
                for part in html.split(" id=\"").skip(1) {
                    let id = part.split('"').next().unwrap_or_default();
                    assert!(ids.insert(id), "{name}: {path} has the id {id} twice");
                }
            }
        }
    }
}

/// Whoever wrote the code, and wherever on the page it stands.
#[test]
fn blocks_of_code_bring_the_script_that_copies_them() {
    let fenced = "```rust\nlet x = 1;\n```\n";
    let of = |path: &str, body: Body| Page {
        body,
        ..page(PageKind::Page, path, "/", path)
    };
    let mut block = of("/block/", Body::Markdown(String::new()));
    block.blocks = serde_json::from_value(serde_json::json!([{ "type": "text", "text": fenced }])).expect("blocks");
    let mut answer = of("/answer/", Body::Markdown(String::new()));
    answer.faq =
        serde_json::from_value(serde_json::json!([{ "question": "How?", "answer": fenced }])).expect("questions");
    let mut site = empty();
    site.pages = [
        of("/fenced/", Body::Markdown(fenced.into())),
        of("/mixed/", Body::Markdown("<b>x</b>\n\n    indented\n".into())),
        of("/html/", Body::Html("<pre>as typed</pre>".into())),
        block,
        answer,
        of("/none/", Body::Markdown("`inline` alone".into())),
    ]
    .map(Into::into)
    .to_vec();
    let rendered = render(&site, &Theme::builtin("ember").expect("compiles"));
    for path in ["fenced", "mixed", "html", "block", "answer", "none"] {
        let html = std::str::from_utf8(&rendered.files[&format!("{path}/index.html")].bytes).expect("text");
        let script = html
            .split("<script src=\"")
            .find(|part| part.contains(" defer data-copy=\"Copy\" data-copied=\"Copied\">"));
        assert_eq!(script.is_some(), path != "none", "{path}");
        if let Some(script) = script {
            let address = script.split('"').next().expect("an address");
            let file = address.strip_prefix("/demo/").expect("on this site");
            assert!(rendered.files.contains_key(file), "{path}: {file}");
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
            .find(|(path, _)| path.starts_with("assets/style."))
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

/// Each layout changes every theme's home page, and a page can have its own.
#[test]
fn layouts_arrange_home_pages_and_lists() {
    use igny8_renderer::site::PageLayout;
    for name in Theme::builtin_names() {
        let theme = Theme::builtin(&name).expect("compiles");
        let mut homes = std::collections::BTreeSet::new();
        for layout in PageLayout::ALL {
            let mut site = sample("blog");
            site.settings
                .theme_options
                .insert("layout".into(), layout.word().into());
            let about = site.pages.iter_mut().find(|p| p.path == "/about/").expect("there");
            about.layout = Some(PageLayout::Minimal);
            let rendered = render(&site, &theme);
            assert_eq!(findings(&rendered.report), [], "{name} {layout:?}");
            let html = |path: &str| String::from_utf8(rendered.files[path].bytes.clone()).expect("text");
            assert!(html("notes/index.html").contains(&format!(" layout-{}\"", layout.word())));
            assert!(html("about/index.html").contains(" layout-minimal\""));
            let home = html("index.html");
            let main = &home[home.find("<main").expect("main")..home.find("</main>").expect("main")];
            homes.insert(main.to_owned());
        }
        assert_eq!(homes.len(), 7, "{name}: homes that look like each other's");
    }
}

#[test]
fn page_types_have_templates_of_their_own() {
    for name in Theme::builtin_names() {
        let theme = Theme::builtin(&name).expect("compiles");
        let mut classes = std::collections::BTreeSet::new();
        let pages = [
            ("blog", "index.html"),
            ("blog", "about/index.html"),
            ("blog", "contact/index.html"),
            ("blog", "start/index.html"),
            ("blog", "notes/index.html"),
            ("blog", "notes/fog/index.html"),
            ("blog", "categories/index.html"),
            ("blog", "categories/headlands/index.html"),
            ("shop", "shop/index.html"),
            ("shop", "shop/notebook-a5/index.html"),
            ("shop", "delivery/index.html"),
            ("company", "services/index.html"),
            ("company", "services/kitchens/index.html"),
        ];
        for (site, path) in pages {
            let rendered = render(&sample(site), &theme);
            let html = String::from_utf8(rendered.files[path].bytes.clone()).expect("text");
            let body = html.split("<body id=\"top\" class=\"").nth(1).expect("a body");
            let class = body.split(" layout-").next().expect("a layout").to_owned();
            assert!(
                classes.insert(class.clone()),
                "{name}: {path} looks like another page: {class}"
            );
        }
    }
}

/// What is shown where links are shared stands in the words of both vocabularies.
#[test]
fn cards_say_the_same_as_open_graph() {
    let site = render(&small(), &Theme::builtin("ember").expect("compiles"));
    let content = |html: &str, key: &str| {
        let at = html.find(&format!("\"{key}\" content=\""))?;
        html[at..].split('"').nth(3).map(str::to_owned)
    };
    let mut pages = 0;
    for (path, file) in site.files.iter().filter(|(_, f)| f.kind == FileKind::Page) {
        let html = std::str::from_utf8(&file.bytes).expect("text");
        for (twitter, graph) in [
            ("twitter:title", "og:title"),
            ("twitter:description", "og:description"),
            ("twitter:image", "og:image"),
            ("twitter:image:alt", "og:image:alt"),
        ] {
            assert_eq!(content(html, twitter), content(html, graph), "{path}: {twitter}");
        }
        assert!(content(html, "twitter:title").is_some(), "{path}");
        pages += usize::from(content(html, "twitter:image:alt").is_some());
    }
    assert!(pages > 10, "{pages}");
}

#[test]
fn a_product_shows_all_its_pictures_and_the_first_where_none_is_featured() {
    let of = |image: Option<&str>| {
        let mut site = small();
        let kettle = site
            .pages
            .iter_mut()
            .find(|p| p.path == "/shop/gooseneck-kettle/")
            .expect("there");
        kettle.image = image.map(str::to_owned);
        kettle.entity.gallery = ["/media/beans.svg", "/media/grinder.svg", "/media/none.svg"]
            .map(str::to_owned)
            .to_vec();
        let rendered = render(&site, &Theme::builtin("ember").expect("compiles"));
        let html = String::from_utf8(rendered.files["shop/gooseneck-kettle/index.html"].bytes.clone()).expect("text");
        let list = String::from_utf8(rendered.files["shop/index.html"].bytes.clone()).expect("text");
        let start = html.find("application/ld+json\">").expect("data") + 21;
        let data: serde_json::Value =
            serde_json::from_str(html[start..].split("</script>").next().expect("an end")).expect("JSON");
        let nodes = data["@graph"].as_array().expect("a graph").clone();
        let node = |kind: &str| nodes.iter().find(|n| n["@type"] == kind).cloned().unwrap_or_default();
        (
            html,
            list,
            node("Product")["image"].clone(),
            node("ImageObject")["url"].clone(),
        )
    };
    let primary = serde_json::json!({ "@id": "https://example.com/demo/shop/gooseneck-kettle/#primaryimage" });
    let url = |name: &str| format!("https://example.com/demo/media/{name}.svg");
    let (_, _, images, first) = of(Some("/media/kettle.svg"));
    assert_eq!(images, serde_json::json!([primary, url("beans"), url("grinder")]));
    assert_eq!(first, url("kettle"));
    let (html, list, images, first) = of(None);
    assert_eq!(images, serde_json::json!([primary, url("grinder")]));
    assert_eq!(first, url("beans"));
    assert!(html.contains(&format!("property=\"og:image\" content=\"{}\"", url("beans"))));
    let shown = html
        .split("class=\"gallery-all")
        .nth(1)
        .and_then(|part| part.split("</ul>").next())
        .expect("pictures");
    assert_eq!(shown.matches("<img").count(), 2, "each once: {shown}");
    assert!(list.contains("/demo/media/beans.svg"));
}

#[test]
fn families_of_letters_come_from_the_site_if_they_are_chosen() {
    for name in Theme::builtin_names() {
        let theme = Theme::builtin(&name).expect("compiles");
        let of = |options: serde_json::Value| {
            let mut site = small();
            site.settings.theme_options = serde_json::from_value(options).expect("options");
            let rendered = render(&site, &theme);
            let fonts: Vec<String> = rendered
                .files
                .keys()
                .filter(|p| p.ends_with(".woff2"))
                .cloned()
                .collect();
            let style = rendered
                .files
                .iter()
                .find(|(path, _)| path.starts_with("assets/style."))
                .expect("made")
                .1;
            (
                fonts,
                String::from_utf8(style.bytes.clone()).expect("text"),
                findings(&rendered.report),
            )
        };
        // Not `text-size-adjust`, which every stylesheet has.
        let stand_ins = |style: &str| style.matches(";size-adjust:").count();
        let (fonts, style, _) = of(serde_json::json!({}));
        assert!(fonts.is_empty() && !style.contains("@font-face"), "{name}: {fonts:?}");
        let (fonts, style, found) = of(serde_json::json!({
            "heading_font": "source-serif", "body_font": "inter", "accent_color": "#00ff88", "brand_color": "#0077b6",
        }));
        assert_eq!((fonts.len(), found), (6, Vec::new()), "{name}");
        for font in &fonts {
            assert!(
                style.contains(&format!("url({})", font.trim_start_matches("assets/"))),
                "{name}: {font}"
            );
        }
        assert_eq!(stand_ins(&style), 2, "{name}");
        assert!(
            style.contains("--body:\"Inter\",\"Inter stand-in\",var(--sans)"),
            "{name}: {style}"
        );
        let (_, branded, _) = of(serde_json::json!({ "brand_color": "#0077b6" }));
        let accent = |style: &str| {
            style
                .split("--accent:")
                .nth(1)
                .and_then(|s| s.split(';').next())
                .map(str::to_owned)
        };
        assert_ne!(accent(&style), accent(&branded), "{name}");
        // One family for both is brought once.
        let (fonts, style, _) = of(serde_json::json!({ "heading_font": "inter", "body_font": "inter" }));
        assert_eq!((fonts.len(), stand_ins(&style)), (2, 1), "{name}");
    }
}

#[test]
fn logos_and_menus_are_checked_against_the_theme() {
    let theme = Theme::builtin("ember").expect("compiles");
    let mut site = small();
    site.settings
        .theme_options
        .insert("logo".into(), "/media/beans.svg".into());
    let menu = site.menus["footer"].clone();
    site.menus.insert("footer-de".into(), menu.clone());
    let rendered = render(&site, &theme);
    assert_eq!(findings(&rendered.report), []);
    let html = String::from_utf8(rendered.files["index.html"].bytes.clone()).expect("text");
    let name = html
        .split("class=\"site-name\"")
        .nth(1)
        .and_then(|s| s.split("</a>").next())
        .expect("the name");
    assert!(name.contains("/demo/media/beans.svg"), "{name}");

    site.menus.insert("sidebar".into(), menu);
    site.settings
        .theme_options
        .insert("hero_image".into(), "/media/gone.svg".into());
    let found: Vec<&str> = render(&site, &theme)
        .report
        .diagnostics
        .iter()
        .map(|d| d.code)
        .collect();
    assert_eq!(found, ["image-missing", "menu-place"]);
}

/// A site of nothing but its name has a home page that says so, without headings over nothing. How its people can be reached may stand
/// below, if that is known.
#[test]
fn an_empty_home_is_whole() {
    for name in Theme::builtin_names() {
        let theme = Theme::builtin(&name).expect("compiles");
        let main = |site: &Site| {
            let rendered = render(site, &theme);
            assert_eq!(rendered.report.diagnostics, [], "{name}");
            let html = String::from_utf8(rendered.files["index.html"].bytes.clone()).expect("text");
            html[html.find("<main").expect("main")..html.find("</main>").expect("an end")].to_owned()
        };
        let mut site = empty();
        let reached = main(&site);
        let bands = reached.matches("contact-band").count();
        assert_eq!(bands, usize::from(name == "meridian"), "{name}: {reached}");
        for heading in ["<h2", "<section"] {
            assert_eq!(
                reached.matches(heading).count(),
                bands,
                "{name}: {heading} in {reached}"
            );
        }

        site.settings.organisation.email.clear();
        site.settings.organisation.phone.clear();
        let main = main(&site);
        assert!(main.contains("<h1"), "{name}: {main}");
        for nothing in ["<ul></ul>", "<ol></ol>", "<h2", "<section"] {
            assert!(!main.contains(nothing), "{name}: {nothing} in {main}");
        }
    }
}
