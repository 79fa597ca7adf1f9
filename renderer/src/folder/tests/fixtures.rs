//! Each fixture folder, as its generator would have published it.

use super::*;
use crate::site::{PageKind, SectionSort, SiteType};

#[test]
fn zola() {
    let folder = read_fixture("zola");
    assert_eq!(folder.layout, Layout::Zola);
    let settings = &folder.site.settings;
    assert_eq!(
        (
            settings.title.as_str(),
            settings.base_url.as_str(),
            settings.per_page,
            settings.feed_limit
        ),
        ("Harbour notes", "https://zola.example", 7, 15)
    );
    assert_eq!(settings.languages, ["fr"]);
    assert_eq!(settings.extra["accent"], "navy");

    let first = page(&folder, "/blog/first-tide/");
    assert_eq!(first.kind, PageKind::Post);
    assert_eq!(first.published_at.unwrap().to_rfc3339(), "2021-03-04T00:00:00+00:00");
    assert_eq!(first.section, "/blog/");
    assert_eq!(first.author.as_deref(), Some("Ada Example"));
    assert_eq!(first.extra["authors"][1], "Ben Example");
    assert_eq!(
        (&first.extra["template"], &first.extra["mood"]),
        (&"special.html".into(), &"calm".into())
    );
    assert_eq!(first.aliases, ["/old/first.html", "/older/first/"]);
    assert_eq!(first.terms["tags"], ["sea-level", "c-plus-plus"]);
    assert_eq!(first.excerpt, "Summary text with stress.");
    assert!(
        text(first).contains("[the second](/blog/second-tide/#rope)"),
        "{}",
        text(first)
    );
    assert!(text(first).contains("[missing](@/blog/none.md)"));
    assert!(text(first).contains("https://www.youtube.com/watch?v=abc-123"));
    assert!(text(first).contains("`{{closure}}`") && !text(first).contains("gallery"));
    assert_problem(&folder, "content/blog/2021-03-04-first-tide.md:19:", "@/blog/none.md");
    assert_problem(
        &folder,
        "content/blog/2021-03-04-first-tide.md:21:",
        "shortcode `gallery`",
    );

    let second = page(&folder, "/blog/second-tide/");
    assert_eq!(second.published_at.unwrap().to_rfc3339(), "2021-05-06T05:08:09+00:00");
    assert!(folder.drafts.contains(&second.id));
    assert!(
        text(second).contains("![rope](/blog/second-tide/rope.png \"A rope\")"),
        "{}",
        text(second)
    );
    assert!(text(second).contains("[up](/blog/first-tide/)"));

    let fixed = page(&folder, "/2019/12/31/Fixed-1.0/");
    assert_eq!(fixed.published_at.unwrap().to_rfc3339(), "2019-12-31T00:00:00+00:00");
    let (about, french) = (page(&folder, "/about/"), page(&folder, "/fr/about/"));
    assert_eq!((about.kind, french.language.as_str()), (PageKind::About, "fr"));
    assert!(about.translation_key.is_some() && about.translation_key == french.translation_key);

    let blog = &folder.site.sections[0];
    assert_eq!(
        (blog.path.as_str(), blog.sort, blog.per_page),
        ("/blog/", SectionSort::Weight, Some(3))
    );
    let tags = folder.site.taxonomies.iter().find(|t| t.name == "tags").unwrap();
    assert_eq!(
        (tags.per_page, tags.feed, tags.terms[0].name.as_str()),
        (Some(5), true, "Sea Level")
    );
    let media: Vec<_> = folder
        .site
        .media
        .iter()
        .map(|m| (m.path.as_str(), m.width, m.height))
        .collect();
    assert_eq!(
        media,
        [
            ("/blog/second-tide/notes.txt", None, None),
            ("/blog/second-tide/rope.png", Some(4), Some(3)),
            ("/img/map.png", Some(8), Some(2)),
        ]
    );
    assert!(folder.site.media.iter().all(|m| folder.files[&m.source].is_file()));
    assert_problem(&folder, "static/site.js", "scripts are not served");
    assert_problem(&folder, "content/blog/second/page.html", "HTML files are not served");
    assert_problem(&folder, "templates", "templates of the old theme");
}

#[test]
fn hugo() {
    let folder = read_fixture("hugo");
    assert_eq!(folder.layout, Layout::Hugo);
    let settings = &folder.site.settings;
    assert_eq!(
        (settings.base_url.as_str(), settings.description.as_str()),
        ("https://hugo.example/sub", "Cooking, mostly")
    );
    assert_eq!(
        (settings.language.as_str(), settings.time_zone.as_str()),
        ("en", "Europe/Lisbon")
    );
    assert_eq!(settings.languages, ["pt"]);
    let main: Vec<_> = folder.site.menus["main"]
        .iter()
        .map(|m| (m.label.as_str(), m.url.as_str()))
        .collect();
    assert_eq!(
        main,
        [
            ("Posts", "/posts/"),
            ("About", "/about/"),
            ("First: loaf", "/2020/02/first-loaf/")
        ]
    );
    assert_eq!(folder.site.menus["main"][0].children[0].url, "/first/");

    let first = page(&folder, "/2020/02/first-loaf/");
    assert_eq!((first.kind, first.section.as_str()), (PageKind::Post, "/posts/"));
    assert_eq!(first.terms["tags"], ["bread", "slow-food"]);
    assert_eq!(
        (&first.terms["categories"][0], &first.terms["chefs"][0]),
        (&"baking".into(), &"ana".into())
    );
    assert_eq!(first.aliases, ["/old-loaf/", "/2020/02/loaf-1/"]);
    assert_eq!(
        (first.excerpt.as_str(), &first.extra["rating"]),
        ("Flour and water", &5.into())
    );
    assert_eq!(first.extra["custom"], "kept");
    let body = text(first);
    assert!(
        body.contains("[the next](/2020/12/better-loaf/#crumb) and [this](/company/about/)"),
        "{body}"
    );
    assert!(body.contains("![A \\[loaf\\]](/img/loaf.png)\n*Fresh*"), "{body}");
    assert!(
        body.contains("Hot oven.") && !body.contains("< notice warning"),
        "{body}"
    );
    assert!(
        body.contains("{{< notice >}}") && body.contains("```go\nx := 1\n```"),
        "{body}"
    );
    assert_problem(&folder, "content/posts/first-loaf.md:22:", "shortcode `notice`");

    let second = page(&folder, "/2020/12/better-loaf/");
    assert!(folder.drafts.contains(&second.id), "expired");
    let bundle = page(&folder, "/2021/01/bundle/");
    assert_eq!(bundle.image.as_deref(), Some("/2021/01/bundle/crust.png"));
    assert_eq!(text(bundle), "![crust](/2021/01/bundle/crust.png)\n");
    assert_eq!(page(&folder, "/guides/deep-dive/").weight, Some(3));
    let about = page(&folder, "/company/about/");
    assert_eq!(
        (about.title.as_str(), about.aliases.as_slice()),
        ("About us", ["/company/about.html".to_owned()].as_slice())
    );
    assert!(folder.drafts.contains(&about.id));
    let pt = page(&folder, "/pt/2020/02/primeiro-pão/");
    assert_eq!(pt.translation_key, first.translation_key);
    let tags = folder.site.taxonomies.iter().find(|t| t.name == "tags").unwrap();
    let bread = tags.terms.iter().find(|t| t.slug == "bread").unwrap();
    assert_eq!(
        (bread.name.as_str(), bread.description.as_str()),
        ("Bread and rolls", "All things bread")
    );
    let mut sections: Vec<_> = folder.site.sections.iter().map(|s| s.path.as_str()).collect();
    sections.sort_unstable();
    assert_eq!(sections, ["/guides/", "/posts/", "/pt/posts/"]);
}

#[test]
fn jekyll() {
    let folder = read_fixture("jekyll");
    assert_eq!(folder.layout, Layout::Jekyll);
    assert_eq!(folder.site.settings.base_url, "https://jekyll.example/diary");
    let hill = page(&folder, "/walks/hills/2019/01/02/Big-Hill/");
    assert_eq!(hill.published_at.unwrap().to_rfc3339(), "2019-01-02T08:00:00+00:00");
    assert_eq!(hill.terms["categories"], ["walks", "hills"]);
    assert_eq!(
        (hill.author.as_deref(), hill.excerpt.as_str()),
        (Some("Cleo Example"), "Short part.")
    );
    assert_eq!(hill.aliases, ["/hill.html", "/walks/hills/2019/01/02/Big-Hill.html"]);
    let body = text(hill);
    assert!(body.contains("````ruby\nputs \"```\"\n````"), "{body}");
    // Jekyll takes the date in the site's time zone, where it was still the year before.
    assert!(body.contains("[old](/2018/12/31/eve/)"), "{body}");
    assert!(body.contains("[guide](/guides/boots/) or [about](/about/)"), "{body}");
    assert!(
        body.contains("[1](https://git.example/diary/issues/1) and [map](/assets/map.png)."),
        "{body}"
    );
    assert!(
        body.contains("{{ kept }}") && !body.contains("gallery") && !body.contains("p.title"),
        "{body}"
    );
    assert!(body.contains("yes ") && !body.contains("no "), "{body}");
    assert_problem(&folder, "_posts/2019-01-02-Big-Hill.md:20:", "include gallery.html");
    assert_problem(&folder, "_posts/2019-01-02-Big-Hill.md:24:", "page.unknown");
    assert!(folder.drafts.contains("_posts/2018-12-31-eve.markdown"));
    assert!(folder.drafts.contains("_drafts/soon.md"));
    let coast = page(&folder, "/coast/2020/coast/");
    assert_eq!(
        (coast.title.as_str(), coast.terms["categories"][0].as_str()),
        ("Coast", "trips")
    );
    let boots = page(&folder, "/guides/boots/");
    assert_eq!(
        (boots.section.as_str(), text(boots)),
        ("/guides/", "![map](/assets/map.png)\n")
    );
    let about = page(&folder, "/about/");
    assert!(text(about).starts_with("[home](/) "), "{}", text(about));
    assert_problem(&folder, "about.md:5:", "2019/01/02/nothing.html");
    assert_eq!(text(page(&folder, "/")), "<p>Hello <a href=\"/about/\">you</a></p>\n");
    for (file, part) in [
        ("_notes", "without `output: true`"),
        ("_includes", "templates of the old theme"),
        ("list.html", "template page"),
        ("README.md", "excluded"),
        ("drafts.txt", "excluded"),
        ("loose.md", "no front matter"),
        ("assets/main.css", "styles belong to the theme"),
    ] {
        assert_problem(&folder, file, part);
    }
}

#[test]
fn plain() {
    let folder = read_fixture("plain");
    assert_eq!(folder.layout, Layout::Plain);
    let site = &folder.site;
    assert_eq!(
        (site.settings.site_type, site.settings.per_page),
        (SiteType::Ecommerce, 12)
    );
    assert_eq!(site.settings.organisation.logo.as_deref(), Some("/logo.png"));
    assert_eq!(site.settings.theme_options["accent"], "#804000");
    assert_eq!(site.settings.extra["founded"], 1999);
    assert_eq!(site.menus["main"][0].children[0].url, "/shop/brazil/");
    assert_eq!(site.redirects[0].to, "/shop/");
    assert_eq!(text(page(&folder, "/")), "Buy [Brazil](/shop/brazil/).\n");
    let brazil = page(&folder, "/shop/brazil/");
    assert_eq!((brazil.kind, brazil.section.as_str()), (PageKind::Product, "/shop/"));
    assert_eq!(
        (brazil.entity.price.as_deref(), brazil.entity.rating_count),
        (Some("12.5"), Some(12))
    );
    assert_eq!(brazil.entity.availability, Some(crate::site::Availability::InStock));
    assert_eq!(brazil.entity.gallery, ["/logo.png"]);
    assert_eq!(brazil.image.as_deref(), Some("/shop/brazil.png"));
    assert_eq!(
        (brazil.attributes["origin"].as_str(), brazil.faq[0].answer.as_str()),
        ("Cerrado", "No, *whole*.")
    );
    assert_eq!(brazil.cluster.as_ref().unwrap().name, "Beans");
    assert_eq!(
        (&brazil.extra["unknown"], &brazil.extra["entity"]["roaster"]),
        (&"kept".into(), &"ours".into())
    );
    assert_eq!(brazil.terms["tags"], ["dark", "nutty"]);
    let opening = page(&folder, "/blog/opening/");
    // Midnight in Berlin.
    assert_eq!(opening.published_at.unwrap().to_rfc3339(), "2022-02-01T23:00:00+00:00");
    assert!(folder.drafts.contains(&opening.id));
    assert_eq!(page(&folder, "/de/laden/").language, "de");
    let serious = folder.problems.iter().filter(|p| p.severity == Severity::Error).count();
    assert_eq!(serious, 0, "{:?}", problems(&folder));
}

#[test]
fn odd() {
    let folder = read_fixture("odd");
    assert_eq!(folder.layout, Layout::Plain);
    let hello = page(&folder, "/hello-world/");
    assert_eq!(hello.title, "Hello there");
    assert!(
        text(hello)
            .trim_start()
            .starts_with("Text with [good](/sub/a-..-b/), [bad](gone.md)"),
        "{}",
        text(hello)
    );
    let dated = page(&folder, "/dated/");
    assert_eq!((dated.title.as_str(), dated.kind), ("Dated", PageKind::Post));
    assert_eq!(page(&folder, "/مرحبا/").title, "سلام");
    assert!(
        folder.site.pages.iter().any(|p| p.path.starts_with("/sub/page-")),
        "emoji"
    );
    assert_eq!(page(&folder, "/sub/same/").id, "sub/Same.md");
    assert_eq!(page(&folder, "/sub/typed/").extra["weight"], "heavy");
    let sub = folder.site.sections.iter().find(|s| s.path == "/sub/").unwrap();
    assert_eq!(sub.title, "Sub");
    for (file, part) in [
        ("hello world.md:3:", "`gone.md`"),
        ("sub/page.md:3:", "slug `a/../b` is not safe"),
        ("sub/broken.md:", "YAML"),
        ("sub/typed.md:3:", "`date` is not a date"),
        ("sub/typed.md:4:", "`weight` is not a whole number"),
        ("sub/latin1.md:2:", "not valid UTF-8"),
        ("sub/open.md:1:", "never closed"),
        ("sub/same2.md:", "that of sub/Same.md already"),
        ("sub/page.html:", "HTML files are not served"),
        ("fake.png:", "not an image"),
        (".:", ".hidden.md"),
        ("vendor:", "folder not read"),
        (".:", "no address of the site"),
    ] {
        assert_problem(&folder, file, part);
    }
}

/// Every file is a page, a section, media, the configuration, or named in a problem (itself or its folder).
#[test]
fn every_file_is_accounted_for() {
    for name in ["zola", "hugo", "jekyll", "plain", "odd"] {
        let folder = read_fixture(name);
        let root = fixture(name);
        let mut known: Vec<String> = folder.site.media.iter().map(|m| m.source.clone()).collect();
        known.extend(folder.site.pages.iter().map(|p| p.id.clone()));
        known.extend(folder.problems.iter().map(|p| p.file.clone()));
        for entry in walkdir::WalkDir::new(&root)
            .into_iter()
            .map(Result::unwrap)
            .filter(|e| e.file_type().is_file())
        {
            let rel = entry.path().strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            let config = rel.contains("config.") || rel.starts_with("hugo.") || rel == "site.toml";
            let described = config || rel.contains("_index.") || rel.starts_with(".hidden");
            let found = known.iter().any(|k| *k == rel || paths::below(&rel, k).is_some());
            assert!(described || found, "{name}: {rel}");
        }
    }
}

#[test]
fn reading_twice_is_the_same() {
    for name in ["zola", "hugo", "jekyll", "plain", "odd"] {
        assert_eq!(read_fixture(name), read_fixture(name), "{name}");
    }
}

#[test]
fn broken_configuration_names_its_line() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("site.toml"), "[site]\ntitle = \n").unwrap();
    let error = read(dir.path(), &options()).unwrap_err();
    assert!(error.to_string().starts_with("site.toml:2: TOML"), "{error}");
    let missing = read(&dir.path().join("none"), &options()).unwrap_err();
    assert!(matches!(missing, FolderError::Open { .. }));
}

#[cfg(unix)]
#[test]
fn links_out_of_the_folder_are_not_followed() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret.md"), "# Secret").unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), dir.path().join("folder")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret.md"), dir.path().join("file.md")).unwrap();
    let folder = read(dir.path(), &options()).unwrap();
    assert!(folder.site.pages.is_empty());
    assert_problem(&folder, "folder", "symbolic links");
    assert_problem(&folder, "file.md", "symbolic links");
}

#[test]
fn limits_are_problems() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("big.md"), "x".repeat(2000)).unwrap();
    std::fs::write(dir.path().join("small.md"), "x").unwrap();
    let folder = read(
        dir.path(),
        &ReadOptions {
            max_page_bytes: 1000,
            ..options()
        },
    )
    .unwrap();
    assert_eq!(folder.site.pages.len(), 1);
    assert_problem(&folder, "big.md", "larger than");
    let many = read(
        dir.path(),
        &ReadOptions {
            max_files: 1,
            ..options()
        },
    );
    assert!(matches!(many, Err(FolderError::TooManyFiles { limit: 1 })));
}

/// HTML ends at an empty line in Markdown, so a dropped loop must not leave one; lines in the report stay those of the file.
#[test]
fn dropped_loops_leave_html_whole() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("_posts")).unwrap();
    let text = "---\ntitle: T\n---\n<ul>\n  {% for x in site.y %}\n  <li>{{ x }}</li>\n  {% endfor %}\n  <li>end</li>\n</ul>\n\n[gone](gone.md)\n";
    std::fs::write(dir.path().join("_posts/2020-01-02-x.md"), text).unwrap();
    let folder = read(dir.path(), &options()).unwrap();
    assert_eq!(
        self::text(&folder.site.pages[0]),
        "<ul>\n  <li>end</li>\n</ul>\n\n[gone](gone.md)\n"
    );
    assert_problem(&folder, "_posts/2020-01-02-x.md:11:", "gone.md");
}

/// Texts made to be slow or to flood the report: they are read, and the report stays short.
#[test]
fn hostile_texts_are_read() {
    let patterns = [
        "{% highlight x %}",
        "{% if a %}",
        "{% for a in b %}",
        "{% x %}",
        "{{ x }}",
        "{{",
        "{%",
        "{% raw %}",
        "{{< x >}}",
        "{{< highlight x >}}",
        "{{< figure src=\"",
        "{{ x(a=\"",
        "{% x() %}",
        "![](x.png)",
        "[a](b.md)\n",
        "[a](",
        "![",
        "<a href=\"",
        "<img src='x'>\n",
        "[a]: b.md\n\n",
        "){:",
        "`",
        "{: .a}\n",
    ];
    for layout in [Layout::Zola, Layout::Hugo, Layout::Jekyll, Layout::Plain] {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["content", "_posts"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
            for (i, pattern) in patterns.iter().enumerate() {
                let text = format!("---\ntitle: T\n---\n{}", pattern.repeat(100_000 / pattern.len()));
                std::fs::write(dir.path().join(folder).join(format!("2020-01-02-x{i}.md")), text).unwrap();
            }
        }
        let folder = read(
            dir.path(),
            &ReadOptions {
                layout: Some(layout),
                ..options()
            },
        )
        .unwrap();
        assert!(folder.site.pages.len() >= patterns.len(), "{layout:?}");
        assert!(
            folder.problems.len() <= 250 * patterns.len(),
            "{layout:?}: {}",
            folder.problems.len()
        );
    }
}
