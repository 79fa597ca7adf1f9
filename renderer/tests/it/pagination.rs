use igny8_renderer::site::{PageKind, Pagination, SiteType};

use crate::support::{empty, page, rendered, text};

fn with_posts(n: usize, per_page: usize) -> igny8_renderer::Site {
    let mut site = empty();
    site.settings.site_type = SiteType::Blog;
    site.settings.per_page = per_page;
    site.sections = serde_json::from_str(
        r#"[{"path":"/blog/","title":"Blog","body":{"format":"markdown","text":"Intro."},"language":"en"}]"#,
    )
    .expect("a section");
    for i in 0..n {
        let mut post = page(
            PageKind::Post,
            &format!("/blog/{i:03}/"),
            "/blog/",
            &format!("Post {i}"),
        );
        post.published_at = Some(site.generated_at - chrono::Duration::hours(i as i64));
        site.pages.push(post.into());
    }
    site
}

#[test]
fn edges() {
    // posts, per page, pagers
    for (n, per_page, pagers) in [
        (0, 2, 1),
        (1, 2, 1),
        (2, 2, 1),
        (3, 2, 2),
        (4, 2, 2),
        (5, 2, 3),
        (7, 0, 1),
        (3, 1, 3),
    ] {
        let site = rendered(&with_posts(n, per_page));
        assert_eq!(site.report.diagnostics, [], "{n} posts");
        for base in ["", "blog/"] {
            let last = if pagers == 1 {
                format!("{base}index.html")
            } else {
                format!("{base}page/{pagers}/index.html")
            };
            assert!(site.files.contains_key(&last), "{n} posts by {per_page}: {last}");
            assert!(
                !site
                    .files
                    .contains_key(&format!("{base}page/{}/index.html", pagers + 1)),
                "{n} posts by {per_page}"
            );
            assert_eq!(site.files.contains_key(&format!("{base}page/1/index.html")), pagers > 1);
        }
    }
}

#[test]
fn every_post_is_on_exactly_one_page_of_the_list() {
    let site = rendered(&with_posts(11, 3));
    let pages = [
        "blog/index.html",
        "blog/page/2/index.html",
        "blog/page/3/index.html",
        "blog/page/4/index.html",
    ];
    for i in 0..11 {
        let link = format!("<a href=\"/demo/blog/{i:03}/\">");
        assert_eq!(
            pages.iter().filter(|p| text(&site, p).contains(&link)).count(),
            1,
            "post {i}"
        );
    }
    assert!(text(&site, "blog/index.html").contains("Intro."));
    assert!(
        !text(&site, "blog/page/2/index.html").contains("Intro."),
        "the intro is not repeated"
    );
}

/// Links of a list's pages: which posts are on which.
fn places(posts: usize, per_page: usize, pagination: Pagination) -> Vec<Vec<usize>> {
    let mut site = with_posts(posts, per_page);
    site.settings.pagination = pagination;
    let site = rendered(&site);
    let page = |n: usize| match n {
        1 => "blog/index.html".to_owned(),
        n => format!("blog/page/{n}/index.html"),
    };
    (1..)
        .map(page)
        .take_while(|path| site.files.contains_key(path))
        .map(|path| {
            let html = text(&site, &path);
            let shown = |i: &usize| html.contains(&format!("<a href=\"/demo/blog/{i:03}/\">"));
            // Counted from the oldest, so that a post keeps its number when there are more.
            (0..posts).filter(shown).map(|i| posts - i).rev().collect()
        })
        .collect()
}

#[test]
fn a_new_post_changes_the_first_page_alone() {
    for (posts, first) in [
        (10, 10),
        (12, 12),
        (14, 14),
        (15, 5),
        (19, 9),
        (20, 10),
        (24, 14),
        (25, 5),
    ] {
        assert_eq!(places(posts, 10, Pagination::Stable)[0].len(), first, "{posts} posts");
    }
    let mut before = places(15, 4, Pagination::Stable);
    for posts in 16..30 {
        let now = places(posts, 4, Pagination::Stable);
        let kept = |pages: &[Vec<usize>]| pages[1..].iter().rev().cloned().collect::<Vec<_>>();
        assert!(
            kept(&now).starts_with(&kept(&before)),
            "{posts} posts: {now:?} after {before:?}"
        );
        assert!((2..=5).contains(&now[0].len()), "{posts} posts: {now:?}");
        before = now;
    }
    let full = places(15, 4, Pagination::Full);
    assert_eq!(full.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 4, 3]);
}

#[test]
fn a_page_in_the_way_of_a_pager_is_reported_and_nothing_is_lost() {
    let mut site = with_posts(5, 2);
    site.pages
        .push(page(PageKind::Page, "/blog/page/2/", "/", "In the way").into());
    let site = rendered(&site);
    assert!(site.report.has_errors());
    let list = text(&site, "blog/index.html");
    assert!((0..5).all(|i| list.contains(&format!("/demo/blog/{i:03}/"))));
}

#[test]
fn a_term_with_every_page_and_cyclic_parents() {
    let mut site = with_posts(30, 10);
    site.taxonomies = serde_json::from_str(
        r#"[{"name":"tags","title":"Tags","kind":"blog_tag","path":"/tags/","terms":[{"slug":"a","name":"A","parent":"b","language":"en"},{"slug":"b","name":"B","parent":"a","language":"en"},{"slug":"own","name":"Own","parent":"own","language":"en"}]}]"#,
    )
    .expect("a taxonomy");
    for post in &mut site.pages {
        post.terms
            .insert("tags".into(), vec!["a".into(), "own".into(), "a".into(), "../x".into()]);
    }
    let site = rendered(&site);
    assert!(!site.report.has_errors(), "{:?}", site.report.diagnostics);
    for path in [
        "tags/a/page/3/index.html",
        "tags/b/page/3/index.html",
        "tags/own/page/3/index.html",
        "tags/-x/index.html",
    ] {
        assert!(
            site.files.contains_key(path),
            "{path} in {:?}",
            site.files.keys().collect::<Vec<_>>()
        );
    }
}
