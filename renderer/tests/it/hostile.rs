use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts, states};
use igny8_renderer::site::{Body, PageKind};
use igny8_renderer::{FileKind, Rendered, Site};
use serde_json::Value;

use crate::support::{page_with, rendered, small};

const PAYLOADS: &[&str] = &[
    "\"><script>alert(1)</script><img src=x onerror=alert(1)>",
    "'><svg onload=alert(1)>",
    "</script><script>alert(1)</script>",
    "javascript:alert(1)",
    "</title></style></textarea><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}<script>alert(1)</script>",
    "data:text/html,<script>alert(1)</script>",
    "\u{202e}\u{0}\u{7}]]><script>alert(1)</script>",
];

/// Collects what could run.
#[derive(Default)]
struct Finder {
    found: RefCell<Vec<String>>,
}

impl TokenSink for Finder {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else {
            return TokenSinkResult::Continue;
        };
        if tag.kind == TagKind::EndTag {
            return TokenSinkResult::Continue;
        }
        let name = tag.name.to_string();
        let attribute = |wanted: &str| {
            tag.attrs
                .iter()
                .find(|a| &*a.name.local == wanted)
                .map(|a| a.value.to_string())
        };
        // Pages have the base's own script, the search page its own and a form without which it would be none.
        let is_ours = match name.as_str() {
            "script" => {
                let own = ["/demo/assets/search.", "/demo/assets/scheme."];
                attribute("src").is_some_and(|src| own.iter().any(|o| src.starts_with(o)) && src.ends_with(".js"))
            }
            "form" => attribute("role").as_deref() == Some("search"),
            _ => false,
        };
        if name == "script" && !is_ours && attribute("type").as_deref() != Some("application/ld+json") {
            self.found.borrow_mut().push("script".into());
        }
        if !is_ours && ["style", "iframe", "object", "embed", "base", "form", "svg", "math"].contains(&name.as_str()) {
            self.found.borrow_mut().push(name.clone());
        }
        for a in &tag.attrs {
            let key = a.name.local.to_string();
            let value: String = a
                .value
                .chars()
                .filter(|c| !c.is_whitespace() && !c.is_control())
                .collect::<String>()
                .to_lowercase();
            if key.starts_with("on") || key == "style" || key == "srcdoc" {
                self.found.borrow_mut().push(format!("{name} {key}"));
            }
            let is_url = ["href", "src", "action", "cite", "srcset"].contains(&key.as_str())
                || key == "content" && value.starts_with("0;url=");
            if is_url
                && (value.contains("javascript:") && !value.contains("/javascript:")
                    || value.starts_with("data:")
                    || value.starts_with("vbscript:"))
            {
                self.found.borrow_mut().push(format!("{name} {key}={value}"));
            }
        }
        if name == "script" {
            return TokenSinkResult::RawData(states::RawKind::ScriptData);
        }
        if name == "title" {
            return TokenSinkResult::RawData(states::RawKind::Rcdata);
        }
        TokenSinkResult::Continue
    }
}

fn assert_harmless(rendered: &Rendered, why: &str) {
    let mut pages = 0;
    for (path, file) in &rendered.files {
        let text = String::from_utf8_lossy(&file.bytes);
        match file.kind {
            FileKind::Page | FileKind::Redirect => {
                pages += 1;
                let queue = BufferQueue::default();
                queue.push_back(StrTendril::from_slice(&text));
                let tokenizer = Tokenizer::new(Finder::default(), TokenizerOpts::default());
                while !matches!(tokenizer.feed(&queue), html5ever::TokenizerResult::Done) {}
                tokenizer.end();
                let found = tokenizer.sink.found.into_inner();
                assert!(found.is_empty(), "{path} with {why:?}: {found:?}");
            }
            FileKind::Feed | FileKind::Sitemap => {
                assert!(!text.contains("<script"), "{path} with {why:?}")
            }
            _ => {}
        }
    }
    assert!(pages > 3, "{why:?}");
}

/// Puts the payload into every text of the snapshot but those whose form the reader itself demands.
fn poison(value: &mut Value, key: &str, payload: &str) {
    const FORMS: &[&str] = &[
        "kind",
        "format",
        "feeds",
        "term_feeds",
        "language",
        "languages",
        "base_url",
        "site_type",
        "generated_at",
        "published_at",
        "updated_at",
        "version",
        "sort",
        "availability",
        "pagination",
        "role",
        "path",
        "section",
        "id",
    ];
    match value {
        Value::String(text) if !FORMS.contains(&key) => *text = format!("{payload}{text}"),
        Value::Array(items) => items.iter_mut().for_each(|item| poison(item, key, payload)),
        Value::Object(map) => {
            let keys: Vec<String> = map.keys().cloned().collect();
            for k in keys {
                if let Some(inner) = map.get_mut(&k) {
                    poison(inner, &k, payload);
                }
                if ["attributes", "extra", "theme_options", "menus"].contains(&key)
                    && let Some(inner) = map.remove(&k)
                {
                    map.insert(format!("{k}{payload}"), inner);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn nothing_runs_whatever_field_it_is_in() {
    for payload in PAYLOADS {
        let mut json = serde_json::to_value(small()).expect("serialises");
        poison(&mut json, "", payload);
        let mut site: Site = serde_json::from_value(json).expect("still a snapshot");
        // Some fields where the payload is the whole value.
        for page in &mut site.pages {
            page.author = Some((*payload).into());
            page.canonical_url = Some((*payload).into());
            page.entity.gallery = vec![(*payload).into()];
            page.terms.insert("tags".into(), vec![(*payload).into()]);
            page.aliases.push((*payload).into());
        }
        site.settings.organisation.email = (*payload).into();
        site.settings.organisation.same_as = vec![(*payload).into()];
        assert_harmless(&rendered(&site), payload);
    }
}

#[test]
fn nothing_runs_in_bodies() {
    let bodies = [
        "<script>alert(1)</script>",
        "[a](javascript:alert(1)) [b](java&#x09;script:alert(1)) [c](<javascript:x>) ![d](javascript:x) <javascript:alert(1)>",
        "[a]: javascript:x\n\n[a] ![a]",
        "<a href=\"javascript:x\" onclick=y style=z>a</a>\n<iframe src=x></iframe>\n<form action=/x><input name=p></form>",
        "<img src=x onerror=alert(1)><svg><script>alert(1)</script></svg><math><mtext></p><style><img src=x onerror=y></style>",
        "## <img src=x onerror=y> {#\"onx=y}\n\n```\"onx=y\n<script>\n```",
        "<p title='\"><script>alert(1)</script>'>x</p><!--><script>alert(1)</script>-->",
        "| <b onx=y> |\n|---|\n| <script>x</script> |\n\n[^1]\n\n[^1]: <img src=x onerror=y>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<a href='data:text/html,<script>x</script>'>a</a><base href=//evil.org/><meta http-equiv=refresh content='0;url=javascript:x'>",
    ];
    for body in bodies {
        let mut site = small();
        let mut html = page_with("/as-html/", "");
        html.body = Body::Html(body.into());
        let mut faq = page_with("/as-markdown/", body);
        faq.kind = PageKind::Service;
        faq.faq = vec![igny8_renderer::site::FaqItem {
            question: body.into(),
            answer: body.into(),
        }];
        site.pages.extend([html, faq].map(Into::into));
        for section in &mut site.sections {
            section.body = Body::Markdown(body.into());
        }
        assert_harmless(&rendered(&site), body);
    }
}

#[test]
fn great_texts_and_strange_names_do_no_harm() {
    let mut site = small();
    site.pages
        .push(page_with("/headings/", &"# Same\n\n".repeat(10_000)).into());
    site.pages
        .push(page_with("/nested/", &format!("{}x", "> ".repeat(20_000))).into());
    site.pages.push(page_with("/brackets/", &"[![".repeat(20_000)).into());
    site.pages.push(page_with("/emphasis/", &"*a_ ".repeat(20_000)).into());
    site.pages.push(page_with("/html/", &"<div>".repeat(5_000)).into());
    site.pages.push(page_with("/مرحبا/😀/", "rtl").into());
    site.pages
        .push(page_with(&format!("/{}/", "é".repeat(150)), "too long").into());
    site.pages.push(page_with("/nul\0/", "nul").into());
    let site = rendered(&site);
    assert!(site.files.contains_key("headings/index.html") && site.files.contains_key("مرحبا/😀/index.html"));
    assert_eq!(
        site.report.diagnostics.iter().filter(|d| d.code == "page-path").count(),
        2
    );
}
