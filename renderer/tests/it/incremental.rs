//! After any change, a render that remembers gives the files and the report of a render of everything.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use igny8_renderer::site::{
    Body, ClusterRef, ClusterRole, ContentStructure, FaqItem, FeedFormat, MenuItem, Page, PageKind, PageLayout,
    Pagination, Redirect, SectionSort, Site, TermRef,
};
use igny8_renderer::{
    MadeFile, Memo, OutFile, Report, Sink, Theme, render, render_again, render_again_unreviewed, review,
};
use proptest::prelude::*;

use crate::support::{page, sample, small};

type Files = BTreeMap<String, Vec<u8>>;

/// Keeps files of the render before.
struct Keeping<'a> {
    before: &'a Files,
    /// The memo is of a render whose files were not kept.
    lost_some: bool,
    now: Mutex<Files>,
    name: String,
    follows: String,
}

impl Sink for Keeping<'_> {
    fn names(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn follows(&self) -> Option<&str> {
        Some(&self.follows)
    }

    fn keeps_all_but(&self, files: &mut dyn Iterator<Item = &MadeFile>) -> bool {
        let mut now = self.before.clone();
        for file in files {
            let was = now.remove(&file.path).expect("what the sink has is what was made");
            assert_eq!(file.hash, *blake3::hash(&was).as_bytes());
        }
        assert!(!self.lost_some);
        *self.now.lock().expect("no panic") = now;
        true
    }

    fn file(&self, file: OutFile) -> ControlFlow<()> {
        if let Some(hash) = file.hash {
            assert_eq!(hash, *blake3::hash(&file.bytes).as_bytes());
        }
        let twice = self.now.lock().expect("no panic").insert(file.path, file.bytes);
        assert_eq!(twice, None);
        ControlFlow::Continue(())
    }

    fn keeps(&self, files: &[MadeFile]) -> bool {
        let has = |file: &MadeFile| {
            let bytes = self.before.get(&file.path);
            bytes.is_some_and(|bytes| file.hash == *blake3::hash(bytes).as_bytes() && file.bytes == bytes.len() as u64)
        };
        if !files.iter().all(has) {
            assert!(self.lost_some, "{files:?}");
            return false;
        }
        let mut now = self.now.lock().expect("no panic");
        for file in files {
            assert_eq!(now.insert(file.path.clone(), self.before[&file.path].clone()), None);
        }
        true
    }

    fn has(&self, path: &str) -> bool {
        let Some(bytes) = self.before.get(path) else {
            return false;
        };
        let twice = self
            .now
            .lock()
            .expect("no panic")
            .insert(path.to_owned(), bytes.clone());
        assert_eq!(twice, None);
        true
    }
}

/// Ends every render at its first new file.
struct Ending(String);

impl Sink for Ending {
    fn file(&self, _: OutFile) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn keeps(&self, _: &[MadeFile]) -> bool {
        true
    }

    fn names(&self) -> Option<&str> {
        Some("nothing")
    }

    fn follows(&self) -> Option<&str> {
        Some(&self.0)
    }

    fn keeps_all_but(&self, _: &mut dyn Iterator<Item = &MadeFile>) -> bool {
        true
    }
}

/// A site that is rendered again and again.
struct Again {
    memo: Memo,
    files: Files,
    lost_some: bool,
    /// Renders so far, and the one whose files are kept.
    round: usize,
    kept: usize,
    /// Renders of which only what changed was looked at.
    unreviewed: usize,
}

impl Again {
    fn new() -> Self {
        Self {
            memo: Memo::default(),
            files: Files::new(),
            lost_some: false,
            round: 0,
            kept: 0,
            unreviewed: 0,
        }
    }

    fn sink(&mut self) -> (Keeping<'_>, &mut Memo) {
        self.round += 1;
        let sink = Keeping {
            before: &self.files,
            lost_some: self.lost_some,
            now: Mutex::default(),
            name: self.round.to_string(),
            follows: self.kept.to_string(),
        };
        (sink, &mut self.memo)
    }

    /// Ends a render of the site at its first new file.
    fn end(&mut self, site: &Site, theme: &Theme) {
        render_again(
            &Arc::new(site.clone()),
            theme,
            &Ending(self.kept.to_string()),
            &mut self.memo,
        );
    }

    /// Renders for nothing: the memo is kept, the files are not, as when a release is given up.
    fn render_and_give_up(&mut self, site: &Site, theme: &Theme) {
        let (sink, memo) = self.sink();
        render_again(&Arc::new(site.clone()), theme, &sink, memo);
        self.lost_some = true;
    }

    /// Renders and compares with a render of everything.
    fn render(&mut self, site: &Site, theme: &Theme) -> Report {
        let shared = Arc::new(site.clone());
        let (sink, memo) = self.sink();
        let at_once = sink.name.ends_with(['1', '3', '5', '7', '9']);
        let mut report = if at_once {
            render_again_unreviewed(&shared, theme, &sink, memo)
        } else {
            render_again(&shared, theme, &sink, memo)
        };
        let made = report.made;
        self.files = sink.now.into_inner().expect("no panic");
        (self.lost_some, self.kept) = (false, self.round);
        let full = render(site, theme);
        if report.unreviewed {
            self.unreviewed += 1;
            let found = report.diagnostics.iter().chain(&report.advice);
            let all = |d| full.report.diagnostics.contains(d) || full.report.advice.contains(d);
            assert!({ found }.all(all), "{:?}", report.diagnostics);
            review(&mut self.memo, theme, &mut report);
            assert!(!report.unreviewed, "something is left");
            (report.media, report.share_images) = (full.report.media.clone(), full.report.share_images.clone());
        }
        assert_eq!(
            self.files.keys().collect::<Vec<_>>(),
            full.files.keys().collect::<Vec<_>>()
        );
        for (path, file) in &full.files {
            if self.files[path] != file.bytes {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                similar_lines(path, &text(&self.files[path]), &text(&file.bytes));
            }
        }
        report.made = full.report.made;
        assert_eq!(report, full.report);
        report.made = made;
        report
    }
}

fn similar_lines(path: &str, stale: &str, right: &str) {
    let line = stale.lines().zip(right.lines()).find(|(a, b)| a != b);
    panic!("{path} is stale: {line:?}");
}

/// Sixty posts and some pages that depend on each other in every way there is.
fn connected() -> Site {
    let mut site = small();
    // They are drawn anew by each of the many renders here; the samples have them.
    site.settings.outputs.share_images = false;
    for i in 0..36usize {
        let mut post = page(
            PageKind::Post,
            &format!("/blog/post-{i}/"),
            "/blog/",
            &format!("Post {i}"),
        );
        post.published_at = Some(
            format!("2025-{:02}-{:02}T08:00:00Z", i % 12 + 1, i % 28 + 1)
                .parse()
                .expect("a moment"),
        );
        let tags = [i % 3, i % 5 + 3].map(|t| format!("tag-{t}"));
        post.terms.insert("tags".into(), tags.to_vec());
        post.cluster = (i % 4 == 0).then(|| cluster(i % 8, ClusterRole::Supporting));
        post.body = Body::Markdown(format!(
            "Text of {i}.\n\n## Part one\n\nSee [another](/blog/post-{}/#part-one) and [more](/blog/post-{}/).\n\n## Part two\n\n## Part three\n",
            (i + 7) % 36,
            (i + 11) % 40,
        ));
        site.pages.push(post.into());
    }
    site
}

fn cluster(n: usize, role: ClusterRole) -> ClusterRef {
    ClusterRef {
        id: format!("cluster-{n}"),
        name: format!("Cluster {n}"),
        role,
    }
}

/// One change of a site, chosen by numbers.
fn edit(site: &mut Site, what: u8, n: usize) {
    let count = site.pages.len().max(1);
    let other = site.pages.get(n * 7 % count).map_or("/".to_owned(), |p| p.path.clone());
    let media = site.media.first().map(|m| m.path.clone());
    // One page, as late as it is needed: others are looked at before.
    macro_rules! page {
        () => {{
            let page: &mut Page = &mut site.pages[n % count];
            page
        }};
    }
    match what {
        0 => {
            let (Body::Markdown(text) | Body::Html(text)) = &mut page!().body;
            text.push_str(&format!("\n\nMore words {n}.\n"));
        }
        1 => page!().title = format!("Title {n}"),
        2 => page!().published_at = format!("20{:02}-06-01T00:00:00Z", n % 30).parse().ok(),
        3 => {
            let page = page!();
            page.aliases.push(page.path.clone());
            page.path = format!("/blog/moved-{n}/");
        }
        4 => page!()
            .terms
            .entry("tags".into())
            .or_default()
            .push(format!("tag-{}", n % 11)),
        5 => page!().terms.clear(),
        6 if count > 3 => drop(site.pages.remove(n % count)),
        7 => {
            let mut post = crate::support::page(
                PageKind::Post,
                &format!("/blog/new-{n}/"),
                "/blog/",
                &format!("New {n}"),
            );
            post.published_at = "2026-01-01T00:00:00Z".parse().ok();
            post.terms.insert("tags".into(), vec![format!("tag-{}", n % 9)]);
            site.pages.push(post.into());
        }
        8 => {
            page!().cluster = Some(cluster(
                n % 8,
                if n.is_multiple_of(2) {
                    ClusterRole::Hub
                } else {
                    ClusterRole::Supporting
                },
            ))
        }
        9 => {
            let item = MenuItem {
                label: format!("Menu {n}"),
                url: other,
                children: Vec::new(),
            };
            site.menus.entry("main".into()).or_default().push(item);
        }
        10 => site.settings.title = format!("Site {n}"),
        11 => drop(
            site.settings
                .theme_options
                .insert("brand_color".into(), format!("#{:06x}", n % 0xff_ffff).into()),
        ),
        12 if !site.sections.is_empty() => {
            let count = site.sections.len();
            let section = &mut site.sections[n % count];
            match n % 4 {
                0 => section.title = format!("Section {n}"),
                1 => section.sort = SectionSort::Title,
                2 => section.render = !section.render,
                _ => section.per_page = Some(n % 5),
            }
        }
        13 => {
            if let Some(taxonomy) = site.taxonomies.first_mut() {
                let count = taxonomy.terms.len().max(1);
                let above = taxonomy.terms.first().map(|t| t.slug.clone());
                if let Some(term) = taxonomy.terms.get_mut(n % count) {
                    match n % 4 {
                        3 => term.aliases = vec![format!("old-{n}"), "older".into()],
                        0 => term.name = format!("Term {n}"),
                        1 => term.parent = above.filter(|a| *a != term.slug),
                        _ => term.description = format!("About {n}"),
                    }
                }
            }
        }
        14 => {
            let count = site.media.len().max(1);
            match site.media.get_mut(n % count) {
                Some(file) if n.is_multiple_of(3) => file.alt = format!("Alt {n}"),
                Some(file) if n % 3 == 1 => file.width = Some(100 + n as u32 % 50),
                Some(_) => drop(site.media.remove(n % count)),
                None => {}
            }
        }
        15 => site.redirects.push(Redirect {
            from: format!("/old-{n}/"),
            to: other,
        }),
        16 => page!().translation_key = Some(format!("key-{}", n % 3)),
        17 => page!().indexable = n.is_multiple_of(2),
        18 => page!().image = media,
        19 => page!().weight = Some(n as i64 % 10),
        20 => {
            let (Body::Markdown(text) | Body::Html(text)) = &mut page!().body;
            *text = format!("Only [a link]({other}) and [a place]({other}#part-two).");
        }
        21 => page!().description = format!("Description {n}"),
        22 => {
            page!().section = if n.is_multiple_of(2) {
                "/blog/".into()
            } else {
                "/".into()
            }
        }
        23 => {
            page!().kind = [
                PageKind::Post,
                PageKind::Page,
                PageKind::Product,
                PageKind::Service,
                PageKind::About,
                PageKind::Contact,
            ][n % 6]
        }
        24 => site.generated_at += chrono::Duration::days(200 * (n as i64 % 4)),
        25 => page!().language = if n.is_multiple_of(2) { "de".into() } else { "en".into() },
        26 => site.pages.swap(n % count, n * 3 % count),
        27 => page!().author = Some(format!("Author {n}")),
        28 => site.settings.indexable = !n.is_multiple_of(3),
        29 => page!().updated_at = "2026-02-02T00:00:00Z".parse().ok(),
        30 => {
            let outputs = &mut site.settings.outputs;
            match n % 6 {
                0 => outputs.llms_txt = !outputs.llms_txt,
                1 => outputs.search = Some(n.is_multiple_of(4)),
                2 => outputs.share_images = !outputs.share_images,
                3 => outputs.feeds = vec![FeedFormat::Json],
                4 => outputs.term_feeds = FeedFormat::ALL.to_vec(),
                _ => outputs.ai_crawlers = !outputs.ai_crawlers,
            }
        }
        31 => match n % 3 {
            0 => site.settings.pagination = Pagination::Full,
            1 => site.settings.per_page = n % 7 + 1,
            _ => site.settings.feed_limit = n % 9 + 1,
        },
        32 => page!().faq.push(FaqItem {
            question: format!("Question {n}?"),
            answer: format!("See [this]({other})."),
        }),
        33 => {
            let block = match n % 4 {
                0 => {
                    serde_json::json!({ "type": "text", "heading": format!("Heading {n}"), "text": format!("Words {n}.") })
                }
                1 => serde_json::json!({ "type": "list", "heading": "Newest", "section": "/blog/" }),
                2 => serde_json::json!({ "type": "cta", "heading": format!("Do {n}") }),
                _ => serde_json::json!({ "type": "quote", "text": format!("Said {n}.") }),
            };
            page!().blocks.push(serde_json::from_value(block).expect("a block"));
        }
        34 => page!().layout = Some(PageLayout::parse(["minimal", "magazine", "portfolio"][n % 3]).expect("a layout")),
        35 => {
            let entity = &mut page!().entity;
            entity.price = Some(format!("{n}.50"));
            entity.currency = Some("EUR".into());
            entity.rating_value = Some(n as f64 % 5.0);
            entity.rating_count = Some(n as u32);
            entity.gallery.extend(media);
        }
        36 => {
            if let Some(taxonomy) = site.taxonomies.first_mut() {
                let count = taxonomy.terms.len().max(1);
                if let Some(term) = taxonomy.terms.get_mut(n % count) {
                    term.slug = format!("renamed-{n}");
                }
            }
        }
        37 => match n % 4 {
            0 => page!().seo_title = format!("For searchers {n}"),
            1 => page!().canonical_url = Some(format!("https://other.example/{n}/")),
            2 => page!().excerpt = format!("In short {n}"),
            _ => drop(
                page!()
                    .attributes
                    .insert(format!("Property {}", n % 3), format!("Value {n}")),
            ),
        },
        38 => drop(page!().extra.insert("note".into(), n.into())),
        39 => drop(site.menus.shift_remove("main")),
        40 => {
            let (Body::Markdown(text) | Body::Html(text)) = &mut page!().body;
            *text = format!("![A picture]({})", media.unwrap_or_default());
        }
        41 => page!().keywords = vec![format!("word {}", n % 5), "shared words".into()],
        42 => page!().canonical_url = Some(other),
        43 => {
            page!().term = Some(TermRef {
                taxonomy: "tags".into(),
                slug: format!("tag-{}", n % 12),
            })
        }
        44 => page!().structure = Some(ContentStructure::Review),
        45 => {
            let page = page!();
            page.body = Body::Html("<center><a href='/x y'></a><table align=right><tr><td>1</table></center>".into());
            page.terms
                .insert("tags".into(), (0..50).map(|i| format!("tag-{i}")).collect());
        }
        46 => {
            let key = Some(format!("key-{}", n % 2));
            if let Some(section) = site.sections.last_mut() {
                section.language = if n.is_multiple_of(2) { "de".into() } else { "en".into() };
                section.translation_key = key;
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_change_comes_to_the_files_of_a_whole_render(
        which in 0..4usize,
        edits in prop::collection::vec((prop::collection::vec((0u8..47, 0usize..1000), 1..4), 0u8..5), 1..7),
    ) {
        let theme = Theme::builtin(["ember", "harbor", "meridian", "ember"][which]).expect("compiles");
        let mut site = match which {
            0 | 3 => connected(),
            1 => sample("shop"),
            _ => sample("company"),
        };
        let mut again = Again::new();
        again.render(&site, &theme);
        for (edits, fate) in edits {
            for (what, n) in edits {
                edit(&mut site, what, n);
            }
            match fate {
                0 => again.render_and_give_up(&site, &theme),
                1 => again.end(&site, &theme),
                _ => drop(again.render(&site, &theme)),
            }
        }
        again.render(&site, &theme);
    }
}

#[test]
fn each_change_alone_comes_to_the_files_of_a_whole_render() {
    let theme = Theme::builtin("ember").expect("compiles");
    let site = connected();
    let mut again = Again::new();
    again.render(&site, &theme);
    for what in 0..47 {
        for n in [3, 40, 41] {
            let mut edited = site.clone();
            edit(&mut edited, what, n);
            again.render(&edited, &theme);
        }
        // Also the way back: what was added goes, what was changed is as before.
        again.render(&site, &theme);
    }
}

#[test]
fn what_did_not_change_is_not_made() {
    let theme = Theme::builtin("ember").expect("compiles");
    let mut again = Again::new();
    let mut site = connected();
    let all = again.render(&site, &theme);
    assert_eq!(all.made + all.share_images.len(), all.files);
    assert_eq!(again.render(&site.clone(), &theme).made, 0, "nothing changed");
    // A copy whose pages are not shared is as good.
    let copy: Site = serde_json::from_value(serde_json::to_value(&site).expect("JSON")).expect("a site");
    assert_eq!(again.render(&copy, &theme).made, 0, "nothing changed");

    let before = again.files.clone();
    let post = site
        .pages
        .iter_mut()
        .find(|p| p.path == "/blog/post-20/")
        .expect("there");
    let Body::Markdown(text) = &mut post.body else {
        unreachable!()
    };
    text.push_str("\nMore words at the end.\n");
    let made = again.render(&site, &theme).made;
    let changed = again
        .files
        .iter()
        .filter(|(path, bytes)| before.get(*path) != Some(bytes))
        .count();
    assert!(changed > 0 && changed <= made, "{changed} {made}");
    assert!(made < all.files / 3, "{made} of {} were made for one text", all.files);

    // What only one page says changes no other.
    let before = again.files.clone();
    let post = site
        .pages
        .iter_mut()
        .find(|p| p.path == "/blog/post-3/")
        .expect("there");
    post.attributes.insert("Colour".into(), "Blue".into());
    again.render(&site, &theme);
    let changed: Vec<&str> = again
        .files
        .iter()
        .filter(|(path, bytes)| before.get(*path) != Some(bytes))
        .map(|(path, _)| path.as_str())
        .collect();
    assert!(
        changed.iter().all(|path| path.starts_with("blog/post-3/")
            || path.starts_with("assets/search/")
            || path.starts_with("search/")),
        "{changed:?}"
    );
}

/// A copy of a theme's folder.
fn copy_of(theme: &str) -> tempfile::TempDir {
    let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../themes")
        .join(theme);
    let dir = tempfile::tempdir().expect("a folder");
    for entry in walkdir::WalkDir::new(&from) {
        let entry = entry.expect("read");
        let to = dir.path().join(entry.path().strip_prefix(&from).expect("below"));
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(to).expect("made");
        } else {
            std::fs::copy(entry.path(), to).expect("copied");
        }
    }
    dir
}

#[test]
fn a_changed_file_of_the_theme_counts() {
    let dir = copy_of("ember");
    let site = connected();
    let mut again = Again::new();
    let mut render = |what: &str| {
        let theme = Theme::from_dir(dir.path()).expect(what);
        let made = again.render(&site, &theme).made;
        assert!(made > 0, "{what}");
        assert_eq!(again.render(&site, &theme).made, 0, "{what}");
    };
    render("as it is");
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        std::fs::write(&path, before + text).expect("written");
    };
    write("templates/style.css", "\n.a-new-rule { color: red }\n");
    render("a stylesheet");
    write("templates/header.html", "<p>More of a header</p>");
    render("a template that others include");
    write(
        "templates/tag.html",
        "<h1>{{ list.title }}</h1>{% for item in list.items %}<p>{{ item.words }} {{ item.title }}</p>{% endfor %}",
    );
    render("a template that the base has as well");
    write("words/en.toml", "newer = \"Later\"\n");
    render("words");
    write("assets/new.txt", "A file");
    render("a new file");
    std::fs::remove_file(dir.path().join("templates/tag.html")).expect("removed");
    render("a file that went");
}

#[test]
fn a_text_alone_changes_little() {
    let theme = Theme::builtin("ember").expect("compiles");
    let mut again = Again::new();
    let mut site = connected();
    site.settings.outputs.search = Some(false);
    let all = again.render(&site, &theme);
    // Seen on its own page and nowhere else: not among the newest, which are in feeds.
    let post = site
        .pages
        .iter_mut()
        .filter(|p| p.kind == PageKind::Post)
        .min_by_key(|p| p.published_at)
        .expect("there");
    post.faq.push(FaqItem {
        question: "Why?".into(),
        answer: "Because.".into(),
    });
    let made = again.render(&site, &theme).made;
    assert!(
        made > 0 && made <= 14,
        "{made} of {} files were made for an answer",
        all.files
    );
}

#[test]
fn what_concerns_the_whole_site_can_be_looked_at_later() {
    let theme = Theme::builtin("ember").expect("compiles");
    let mut again = Again::new();
    let mut site = connected();
    again.render(&site, &theme);
    for n in 0..8 {
        let (Body::Markdown(text) | Body::Html(text)) = &mut site.pages[n * 3].body;
        // Links to places that are there and places that are not.
        text.push_str(&format!(
            "\n\nSee [there](/blog/post-{n}/#part-three) and [here](#nowhere-{n}).\n"
        ));
        again.render(&site, &theme);
    }
    assert_eq!(again.unreviewed, 4, "every other render was made at once");
    site.pages[5].title = "Another title".into();
    again.render(&site, &theme);
    again.render(&site, &theme);
    assert!(again.unreviewed <= 5);
}

#[test]
fn the_search_of_a_large_site_follows() {
    let theme = Theme::builtin("ember").expect("compiles");
    let mut site = small();
    site.settings.outputs.share_images = false;
    site.settings.outputs.search = Some(true);
    for n in 0..500 {
        let mut page = page(PageKind::Page, &format!("/page-{n}/"), "/", &format!("Page {n}"));
        page.body = Body::Markdown(format!("Words of {n}."));
        site.pages.push(page.into());
    }
    let mut again = Again::new();
    again.render(&site, &theme);
    let search = |files: &Files| -> Files {
        let of_search = files.iter().filter(|(path, _)| path.contains("search/"));
        of_search.map(|(path, bytes)| (path.clone(), bytes.clone())).collect()
    };
    let before = search(&again.files);
    assert!(before.len() > 2, "{:?}", before.keys());
    for word in ["xylophone", "zeppelin"] {
        let Body::Markdown(text) = &mut site.pages[100].body else {
            unreachable!()
        };
        text.push_str(&format!("\n\nA {word}.\n"));
        let (sink, memo) = again.sink();
        let report = render_again_unreviewed(&Arc::new(site.clone()), &theme, &sink, memo);
        assert!(report.behind && report.unreviewed);
        again.files = sink.now.into_inner().expect("no panic");
        again.kept = again.round;
        assert!(search(&again.files) == before, "as it was");
    }
    // Whoever does not ask for haste gets everything.
    let (sink, memo) = again.sink();
    let report = render_again(&Arc::new(site.clone()), &theme, &sink, memo);
    assert!(!report.behind && !report.unreviewed && report.made > 0);
    again.files = sink.now.into_inner().expect("no panic");
    assert!(
        again.files
            == render(&site, &theme)
                .files
                .into_iter()
                .map(|(path, file)| (path, file.bytes))
                .collect()
    );
    assert!(search(&again.files) != before);
}

#[test]
fn another_theme_starts_over() {
    let site = small();
    let mut again = Again::new();
    again.render(&site, &Theme::builtin("ember").expect("compiles"));
    let other = again.render(&site, &Theme::builtin("harbor").expect("compiles"));
    assert_eq!(other.made + other.share_images.len(), other.files);
    // A memo follows one site; of another it knows nothing.
    let mut copy = site.clone();
    copy.settings.base_url = "https://other.example".into();
    let other = again.render(&copy, &Theme::builtin("harbor").expect("compiles"));
    assert!(other.made > other.files / 2);
}

#[test]
fn a_render_that_was_ended_leaves_the_memo_as_it_was() {
    let theme = Theme::builtin("ember").expect("compiles");
    let mut site = small();
    let mut again = Again::new();
    again.render(&site, &theme);
    site.pages[0].title = "Another title".into();
    again.end(&site, &theme);
    assert!(again.render(&site, &theme).made > 0);
    assert_eq!(again.render(&site, &theme).made, 0);
}
