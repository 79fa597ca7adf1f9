//! Sites in several languages.

use igny8_renderer::site::{Body, PageKind, Section, Site};

use crate::support::{empty, page, rendered, text};

fn site() -> Site {
    let mut site = empty();
    site.settings.languages = vec!["de".into(), "ja".into()];
    site.taxonomies = crate::support::small().taxonomies;
    for (language, root) in [("en", "/"), ("de", "/de/"), ("ja", "/ja/")] {
        let section = serde_json::json!({
            "path": format!("{root}blog/"), "title": format!("Blog {language}"), "language": language,
            "body": { "format": "markdown", "text": "" },
        });
        site.sections
            .push(serde_json::from_value::<Section>(section).expect("a section"));
        let mut post = page(
            PageKind::Post,
            &format!("{root}blog/one/"),
            &format!("{root}blog/"),
            &format!("One {language}"),
        );
        post.language = language.into();
        post.body = Body::Markdown(format!("Text in {language}."));
        post.published_at = "2026-01-01T00:00:00Z".parse().ok();
        post.terms.insert("tags".into(), vec!["tea".into()]);
        // The Japanese post is no translation.
        post.translation_key = (language != "ja").then(|| "one".into());
        site.pages.push(post.into());
    }
    site
}

#[test]
fn the_switch_leads_to_the_translation_or_else_home() {
    let site = rendered(&site());
    assert_eq!(site.report.diagnostics, []);
    let html = text(&site, "blog/one/index.html");
    for part in [
        "<a href=\"/demo/blog/one/\" lang=\"en\" hreflang=\"en\" aria-current=\"true\">English</a>",
        "<a href=\"/demo/de/blog/one/\" lang=\"de\" hreflang=\"de\">Deutsch</a>",
        "<a href=\"/demo/ja/\" lang=\"ja\" hreflang=\"ja\">日本語</a>",
        "<link rel=\"alternate\" hreflang=\"de\" href=\"https://example.com/demo/de/blog/one/\">",
        "<meta property=\"og:locale\" content=\"en_US\">",
        "<meta property=\"og:locale:alternate\" content=\"de_DE\">",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    assert!(!html.contains("hreflang=\"ja\" href=\"https"));
}

#[test]
fn archives_name_their_translations() {
    let site = rendered(&site());
    let sitemap = text(&site, "sitemap.xml").to_owned();
    for (file, path) in [
        ("blog/index.html", "blog/"),
        ("tags/tea/index.html", "tags/tea/"),
        ("tags/index.html", "tags/"),
    ] {
        let html = text(&site, file);
        for (tag, root) in [("en", ""), ("de", "de/"), ("ja", "ja/"), ("x-default", "")] {
            let link = format!("hreflang=\"{tag}\" href=\"https://example.com/demo/{root}{path}\"");
            assert!(
                html.contains(&format!("<link rel=\"alternate\" {link}>")),
                "{file}: {link}"
            );
            assert!(sitemap.contains(&link), "sitemap: {link}");
        }
        assert!(
            html.contains(&format!("<a href=\"/demo/ja/{path}\" lang=\"ja\"")),
            "{file}"
        );
    }
}

#[test]
fn keys_join_what_has_other_addresses() {
    let mut site = site();
    site.sections[1].path = "/de/notizen/".into();
    site.pages[1].section = "/de/notizen/".into();
    let path = "hreflang=\"de\" href=\"https://example.com/demo/de/notizen/\"";
    assert!(!text(&rendered(&site), "blog/index.html").contains(path));
    for section in &mut site.sections[..2] {
        section.translation_key = Some("notes".into());
    }
    let after = rendered(&site);
    assert!(text(&after, "blog/index.html").contains(path));
    assert!(!text(&after, "blog/index.html").contains("https://example.com/demo/ja/blog/"));
}

#[test]
fn each_language_has_a_page_for_what_is_missing_and_a_site_node() {
    let site = rendered(&site());
    assert!(text(&site, "404.html").contains("Page not found"));
    let german = text(&site, "de/404.html");
    assert!(german.contains("<html lang=\"de\"") && german.contains("Seite nicht gefunden"));
    assert!(text(&site, "ja/404.html").contains("ページが見つかりません"));
    assert!(!text(&site, "sitemap.xml").contains("404"));
    assert!(text(&site, "de/blog/index.html").contains("\"@id\":\"https://example.com/demo/de/#website\""));
    assert!(text(&site, "blog/index.html").contains("\"@id\":\"https://example.com/demo/#website\""));
}

#[test]
fn a_language_without_words_is_reported() {
    let mut site = site();
    site.settings.languages.push("xx".into());
    let codes: Vec<_> = rendered(&site).report.diagnostics.into_iter().map(|d| d.code).collect();
    assert_eq!(codes, ["words-missing"]);
    for tag in ["nn", "no", "pt-BR", "zh-Hant", "en-GB", "it", "uk", "ko"] {
        site.settings.languages = vec!["de".into(), "ja".into(), tag.into()];
        let found = rendered(&site).report.diagnostics;
        assert_eq!(found, [], "{tag}");
    }
}

/// A translation of a page that nothing leads to is as lost as that page.
#[test]
fn translations_lead_to_each_other_alone() {
    let mut site = empty();
    site.settings.languages = vec!["de".into()];
    for (language, path) in [("en", "/a/"), ("de", "/de/a/")] {
        let mut page = page(PageKind::Page, path, "/", &format!("Title {language}"));
        page.language = language.into();
        page.body = Body::Markdown(format!("Text {language}."));
        page.translation_key = Some("a".into());
        site.pages.push(page.into());
    }
    let orphans = |site: &Site| {
        rendered(site)
            .report
            .diagnostics
            .iter()
            .filter(|d| d.code == "orphan")
            .count()
    };
    assert_eq!(orphans(&site), 2);
    let mut home = page(PageKind::Home, "/", "/", "Home");
    home.body = Body::Markdown("[a](/a/)".into());
    site.pages.push(home.into());
    assert_eq!(orphans(&site), 0);
}
