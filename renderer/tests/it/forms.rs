//! Forms that the site's server takes.

use igny8_renderer::forms::{SLOT, TRAP};
use igny8_renderer::site::{Block, Body, PageKind, Site};
use igny8_renderer::{Memo, MemorySink, Theme, render, render_again, render_one};

use crate::support::{empty, page, rendered, text};

const FORM: &str = r#"[{"type":"form","heading":"Write to us","fields":[{"name":"mail","kind":"email","required":true},
    {"name":"text","kind":"textarea","required":true},{"name":"ok","kind":"consent","label":"You may answer me."}]}]"#;

fn site() -> Site {
    let mut site = empty();
    site.settings.forms = Some("https://cms.example/forms/site_1".into());
    site.settings.languages = vec!["de".into()];
    site.settings.organisation.privacy_url = Some("/privacy/".into());
    let mut with = page(PageKind::Page, "/x/", "/", "A page");
    with.id = "cont 1".into();
    with.body = Body::Markdown(String::new());
    with.blocks = serde_json::from_str::<Vec<Block>>(FORM).expect("blocks");
    site.pages.push(with.into());
    site.pages
        .push(page(PageKind::Page, "/privacy/", "/", "Privacy").into());
    let mut german = page(PageKind::Page, "/de/y/", "/de/", "Eine Seite");
    german.language = "de".into();
    site.pages.push(german.into());
    site
}

#[test]
fn a_form_without_an_address_goes_to_the_sites_server() {
    let out = rendered(&site());
    let codes: Vec<_> = out
        .report
        .diagnostics
        .iter()
        .map(|d| (d.page.as_str(), d.code))
        .collect();
    assert!(!codes.iter().any(|(_, code)| code.starts_with("form")), "{codes:?}");
    let html = text(&out, "x/index.html");
    for part in [
        "action=\"https://cms.example/forms/site_1/cont-1/1\"",
        "name=\"_token\" value=\"\"",
        "maxlength=\"10000\"",
        "type=\"checkbox\" value=\"1\" required data-consent",
        "<a class=\"form-privacy\" href=\"/demo/privacy/\">Privacy</a>",
        "role=\"alert\" tabindex=\"-1\" hidden",
        "data-required=\"Please fill this in.\"",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    assert!(
        html.contains(&format!("name=\"{TRAP}\"")) && html.contains("/assets/form."),
        "{html}"
    );
    assert!(
        !text(&out, "privacy/index.html").contains("/assets/form."),
        "no script where there is no form"
    );

    let sent = text(&out, "form-sent/index.html");
    assert!(
        sent.contains("<h1>Thank you</h1>") && sent.contains("content=\"noindex\""),
        "{sent}"
    );
    assert!(text(&out, "de/form-sent/index.html").contains("<h1>Vielen Dank</h1>"));
    for name in ["_form.html", "de/_form.html"] {
        let page = text(&out, name);
        assert_eq!(page.matches(SLOT).count(), 1, "{page}");
        assert!(page.contains("/assets/form.") && page.contains("noindex"), "{page}");
    }
    assert!(!text(&out, "sitemap.xml").contains("form"));
}

#[test]
fn without_a_server_it_is_left_out() {
    let mut site = site();
    site.settings.forms = None;
    let out = rendered(&site);
    assert!(out.report.diagnostics.iter().any(|d| d.code == "form-action"));
    assert!(!text(&out, "x/index.html").contains("<form class=\"form\""));
    assert!(
        !out.files
            .keys()
            .any(|path| path.contains("form-sent") || path.ends_with("_form.html"))
    );
}

#[test]
fn without_a_form_there_are_no_pages_for_it() {
    let mut site = site();
    site.pages.remove(0);
    let out = rendered(&site);
    assert!(
        !out.files
            .keys()
            .any(|path| path.contains("form-sent") || path.ends_with("_form.html"))
    );
}

#[test]
fn a_page_of_the_sites_own_says_thanks() {
    let mut site = site();
    site.pages
        .push(page(PageKind::Page, "/form-sent/", "/", "We have it").into());
    let out = rendered(&site);
    assert!(text(&out, "form-sent/index.html").contains("We have it"));
    assert!(text(&out, "de/form-sent/index.html").contains("Vielen Dank"));
}

#[test]
fn every_theme_has_the_pages_and_renders_them_alone_and_again() {
    let site = site();
    for name in Theme::builtin_names() {
        let theme = Theme::builtin(&name).expect("compiles");
        let whole = render(&site, &theme);
        for path in ["/form-sent/", "/_form.html", "/de/_form.html"] {
            let one = render_one(&site, &theme, path).unwrap_or_else(|| panic!("{name}: {path}"));
            assert_eq!(whole.files[&one.path].bytes, one.bytes, "{name}: {path}");
        }
        // When the form goes, its pages go.
        let (mut memo, first) = (Memo::default(), MemorySink::default());
        render_again(&std::sync::Arc::new(site.clone()), &theme, &first, &mut memo);
        let mut without = site.clone();
        without.pages.remove(0);
        let second = MemorySink::default();
        render_again(&std::sync::Arc::new(without.clone()), &theme, &second, &mut memo);
        assert!(!second.into_files().contains_key("_form.html"), "{name}");
    }
}

#[test]
fn who_stands_behind_a_site_is_in_its_data_and_its_footer() {
    let mut site = site();
    let organisation = &mut site.settings.organisation;
    *organisation = serde_json::from_value(serde_json::json!({
        "name": "North Pier", "kind": "store", "legal_name": "North Pier, Lda.", "vat_id": "PT 123456789",
        "registration": "CRC Porto 4711", "address": ["1 Quay"], "postal_code": "4050-123", "city": "Porto", "country": "PT",
        "phone": "+351 22 555 0118", "privacy_url": "/privacy/",
    }))
    .expect("an organisation");
    let mut contact = page(PageKind::Contact, "/contact/", "/", "Contact");
    contact.body = Body::Markdown(String::new());
    site.pages.push(contact.into());
    let out = rendered(&site);
    let html = text(&out, "contact/index.html");
    for part in [
        "\"@type\":\"Store\"",
        "\"legalName\":\"North Pier, Lda.\"",
        "\"vatID\":\"PT 123456789\"",
        "\"streetAddress\":\"1 Quay\",\"postalCode\":\"4050-123\",\"addressLocality\":\"Porto\",\"addressCountry\":\"PT\"",
        "1 Quay<br>4050-123 Porto",
        "© 2026 North Pier, Lda. · CRC Porto 4711 · VAT number PT 123456789 · <a href=\"/demo/privacy/\">Privacy</a>",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    // A place without an address is none.
    site.settings.organisation =
        serde_json::from_value(serde_json::json!({ "name": "X", "kind": "store" })).expect("one");
    assert!(text(&rendered(&site), "contact/index.html").contains("\"@type\":\"Organization\""));
}

#[test]
fn addresses_are_written_as_on_letters() {
    use igny8_renderer::site::Organisation;
    for (country, expected) in [
        ("PT", vec!["1 Quay", "97201 Portland, OR"]),
        ("US", vec!["1 Quay", "Portland, OR 97201"]),
        ("GB", vec!["1 Quay", "Portland, OR, 97201"]),
    ] {
        let organisation = Organisation {
            address: vec!["1 Quay".into(), " ".into()],
            postal_code: "97201".into(),
            city: "Portland".into(),
            region: "OR".into(),
            country: country.into(),
            ..Organisation::default()
        };
        assert_eq!(organisation.address_lines(), expected, "{country}");
    }
    assert!(Organisation::default().address_lines().is_empty());
}
