//! Pages below each other in a real WordPress, their order, and links to what comes later.

use std::collections::BTreeMap;

use igny8_wordpress::testing::RealWordPress;
use igny8_wordpress::{Post, PostQuery, PostType};
use serde_json::{Value, json};

use crate::trip::id;
use crate::wordpress_both::{get, import};
use crate::wordpress_out::Connected;

/// Every page there, by its slug.
async fn pages(there: &RealWordPress) -> BTreeMap<String, Post> {
    let query = PostQuery {
        modified_after: None,
        offset: 0,
        limit: 100,
    };
    let client = there.client("admin");
    let page = client.posts(&PostType::pages(), &[], query).await.unwrap();
    page.items.into_iter().map(|post| (post.slug.clone(), post)).collect()
}

/// What a page stands below there, and its order.
fn place(pages: &BTreeMap<String, Post>, slug: &str) -> (u64, i64) {
    let page = pages.get(slug).unwrap_or_else(|| panic!("{slug} is not in {pages:?}"));
    (page.parent, page.menu_order)
}

async fn page(c: &Connected, title: &str, section: &str, weight: Option<i64>) -> Value {
    let mut more = json!({ "content_type": "page", "section": section, "body": "Text" });
    if let Some(weight) = weight {
        more["weight"] = json!(weight);
    }
    c.published(title, more).await
}

/// The post with a slug.
async fn post(c: &Connected, slug: &str) -> Post {
    let found = c.posts().await.into_iter().find(|post| post.slug == slug);
    found.unwrap_or_else(|| panic!("{slug} is not there"))
}

/// The text of the post with a slug.
async fn text(c: &Connected, slug: &str) -> String {
    post(c, slug).await.content
}

/// A link to the post with a slug, as it stands in a text.
async fn link(c: &Connected, slug: &str, suffix: &str) -> String {
    format!("href=\"{}{suffix}\"", post(c, slug).await.link)
}

#[tokio::test]
async fn pages_stand_there_as_they_stand_here() {
    let c = Connected::new("tree_out", &[], json!({ "body": "html" })).await;
    // Below a page that does not exist yet, and below one that goes out at the same time.
    let start = page(&c, "Start", "/docs/", Some(2)).await;
    let install = page(&c, "Install", "/docs/start/", Some(-7)).await;
    let below_nothing = c.published("Aside", json!({ "section": "/docs/", "weight": 5 })).await;
    c.w.run_jobs().await;
    let there = pages(&c.there).await;
    assert_eq!(place(&there, "start"), (0, 2));
    assert_eq!(place(&there, "install"), (there["start"].id, -7));
    let publication = c.publication(&below_nothing).await;
    assert_eq!(publication["status"], "published", "{publication}");
    assert_eq!(
        c.there
            .php("echo get_page_by_path('aside', OBJECT, 'post')->menu_order;"),
        "0"
    );

    page(&c, "Docs", "/", None).await;
    c.w.run_jobs().await;
    let there = pages(&c.there).await;
    let docs = there["docs"].id;
    assert_eq!(place(&there, "docs"), (0, 0));
    assert_eq!(place(&there, "start"), (docs, 2));
    assert_eq!(place(&there, "install"), (there["start"].id, -7));
    assert!(there["start"].link.ends_with("/docs/start/"), "{}", there["start"].link);
    let publication = c.publication(&start).await;
    assert_eq!(publication["external_url"], json!(there["start"].link), "{publication}");

    // It is as it should be: nothing is written.
    c.there.requests();
    c.publish_everything().await;
    c.publish_everything().await;
    assert_eq!(c.there.writes(), 0);

    // To the top again. What stands below it stays there, though its section names no page any more.
    c.edit(&start, json!({ "section": "/", "weight": null })).await;
    c.edit(&install, json!({ "title": "Install it" })).await;
    c.w.run_jobs().await;
    let there = pages(&c.there).await;
    assert_eq!(place(&there, "start"), (0, 0));
    assert_eq!(place(&there, "install"), (there["start"].id, -7));
    assert_eq!(there["install"].title, "Install it");

    // The page that it is to stand below was deleted there: it is sent all the same, and says so.
    c.there.php(&format!("wp_delete_post({docs}, true);"));
    c.edit(&start, json!({ "section": "/docs/", "title": "Begin" })).await;
    c.w.run_jobs().await;
    let there = pages(&c.there).await;
    assert_eq!(
        (place(&there, "start"), there["start"].title.as_str()),
        ((0, 0), "Begin")
    );
    let publication = c.publication(&start).await;
    assert_eq!(publication["status"], "published", "{publication}");
    let notes = publication["notes"].to_string();
    assert!(notes.contains("does not stand below"), "{notes}");
}

#[tokio::test]
async fn the_place_of_what_came_from_there_is_left_unless_it_is_changed_here() {
    let c = Connected::new("tree_in", &[], json!({ "imports": "everything" })).await;
    let made = |name: &str, fields: &str| -> u64 {
        let code = format!(
            "echo wp_insert_post(['post_type' => 'page', 'post_status' => 'publish', 'post_author' => 1,
                'post_title' => '{name}', 'post_content' => 'Theirs'{fields}]);"
        );
        c.there.php(&code).trim().parse().unwrap()
    };
    let about = made("About", "");
    made("Team", &format!(", 'post_parent' => {about}, 'menu_order' => 5"));
    // An order that no content here can have.
    made("Rules", &format!(", 'post_parent' => {about}, 'menu_order' => 2000000"));
    c.import().await;
    let (team, rules) = (c.content("Team").await, c.content("Rules").await);
    assert_eq!(
        (&team["section"], &team["weight"], &rules["weight"]),
        (&json!("/about/"), &json!(5), &Value::Null),
        "{team} {rules}"
    );
    c.edit(&team, json!({ "title": "The team" })).await;
    c.edit(&rules, json!({ "title": "The rules" })).await;
    c.settle().await;
    let there = pages(&c.there).await;
    assert_eq!(
        (there["team"].title.as_str(), place(&there, "team")),
        ("The team", (about, 5))
    );
    assert_eq!(
        (there["rules"].title.as_str(), place(&there, "rules")),
        ("The rules", (about, 2_000_000))
    );

    c.edit(&team, json!({ "weight": 9 })).await;
    c.settle().await;
    assert_eq!(place(&pages(&c.there).await, "team"), (about, 9));

    // Below a page that has no place there yet: it moves when that has one, and keeps its order.
    let company = json!({ "content_type": "page", "title": "Company", "section": "/", "body": "Ours" });
    let (status, company) = c.w.post(&c.w.a.owner, &format!("{}/content", c.site), company).await;
    assert_eq!(status, 201, "{company}");
    for moved in [&team, &rules] {
        c.edit(moved, json!({ "section": "/company/" })).await;
    }
    c.settle().await;
    assert_eq!(place(&pages(&c.there).await, "team"), (about, 9));
    c.set_status(&company, "published").await;
    c.settle().await;
    let there = pages(&c.there).await;
    let company = there["company"].id;
    assert_eq!(place(&there, "team"), (company, 9));
    assert_eq!(place(&there, "rules"), (company, 2_000_000));

    // Nothing of that is an edit of theirs.
    c.there.requests();
    c.import().await;
    c.publish_everything().await;
    assert_eq!(c.there.writes(), 0);
    assert_eq!(c.content("The team").await["section"], "/company/");

    c.edit(&team, json!({ "section": "/" })).await;
    c.settle().await;
    assert_eq!(place(&pages(&c.there).await, "team"), (0, 9));
    let publication = c.publication(&team).await;
    assert_eq!(publication["status"], "published", "{publication}");
}

#[tokio::test]
async fn what_is_below_a_page_that_is_moved_here_moves_along() {
    let c = Connected::new("tree_along", &[], json!({ "imports": "everything" })).await;
    let made = |name: &str, parent: u64| -> u64 {
        let code = format!(
            "echo wp_insert_post(['post_type' => 'page', 'post_status' => 'publish', 'post_author' => 1, 'post_title' => '{name}',
                'post_content' => 'Theirs', 'post_parent' => {parent}, 'post_date' => '2021-05-06 07:08:09']);"
        );
        c.there.php(&code).trim().parse().unwrap()
    };
    let about = made("About", 0);
    made("Second", 0);
    let child = made("Child", about);
    let leaf = made("Leaf", child);
    made("Below", leaf);
    made("Edited", child);
    import(&c, false).await;
    let (child, edited) = (c.content("Child").await, c.content("Edited").await);
    assert_eq!(edited["section"], "/about/child/", "{edited}");
    c.edit(&child, json!({ "section": "/second/" })).await;
    c.settle().await;
    // An edit here in between tells its new address, before anything looked at it there.
    c.edit(&edited, json!({ "title": "Edited here" })).await;
    c.settle().await;
    let publication = c.publication(&edited).await;
    let url = publication["external_url"].as_str().unwrap();
    assert!(url.ends_with("/second/child/edited/"), "{publication}");

    import(&c, false).await;
    for (title, section, before) in [
        ("Child", "/second/", "/about/child/"),
        ("Leaf", "/second/child/", "/about/child/leaf/"),
        ("Below", "/second/child/leaf/", "/about/child/leaf/below/"),
        ("Edited here", "/second/child/", "/about/child/edited/"),
    ] {
        let content = c.content(title).await;
        let content = get(&c, &format!("/content/{}", id(&content))).await;
        assert_eq!(content["section"], section, "{content}");
        let aliases = content["aliases"].as_array().unwrap();
        assert!(aliases.contains(&json!(before)), "its old address leads on: {content}");
        let publication = c.publication(&content).await;
        assert_eq!(publication["status"], "published", "{publication}");
        assert_eq!(publication["external_url"], content["source_url"], "{publication}");
    }

    // That is all: nothing is sent back, and nothing is looked at again.
    c.there.requests();
    import(&c, false).await;
    c.publish_everything().await;
    let asked = c.there.requests();
    let again = |request: &&String| request.contains("include=") || request.starts_with("POST ");
    assert_eq!(asked.iter().find(again), None, "{asked:?}");
}

#[tokio::test]
async fn links_to_what_does_not_exist_yet_are_mended_when_it_does() {
    let c = Connected::new("tree_links", &[], json!({ "body": "html", "imports": "everything" })).await;
    let (status, site) =
        c.w.patch(&c.w.a.owner, &c.site, 1, json!({ "languages": ["en", "de"] }))
            .await;
    assert_eq!(status, 200, "{site}");
    let body = "[later](/blog/later/?a=1#b), [spaeter](/de/blog/spaeter/), [theirs](/theirs/), [file](/files/a.pdf).";
    let early = c.published("Early", json!({ "body": body })).await;
    c.published("Moved", json!({ "body": "See [it](/blog/new-name/)." }))
        .await;
    let renamed = c.published("Old name", json!({ "body": "x" })).await;
    c.settle().await;
    for path in ["/blog/later/", "/de/blog/spaeter/", "/theirs/", "/files/a.pdf"] {
        let text = text(&c, "early").await;
        assert!(text.contains(&format!("/sites/site-a0{path}")), "{path}: {text}");
    }

    c.published("Later", json!({ "body": "x" })).await;
    c.published("Spaeter", json!({ "body": "x", "language": "de" })).await;
    c.edit(&renamed, json!({ "slug": "new-name" })).await;
    c.settle().await;
    let early_text = text(&c, "early").await;
    let later = link(&c, "later", "?a=1#b").await;
    assert!(early_text.contains(&later), "{later}: {early_text}");
    let spaeter = link(&c, "spaeter", "").await;
    assert!(early_text.contains(&spaeter), "{spaeter}: {early_text}");
    let (new_name, moved) = (link(&c, "new-name", "").await, text(&c, "moved").await);
    assert!(moved.contains(&new_name), "{new_name}: {moved}");

    // What an import brings has its place there. The title was edited there meanwhile, which makes the text none of theirs.
    c.there.php(
        "kses_remove_filters(); $early = get_page_by_path('early', OBJECT, 'post')->ID; sleep(1);
        wp_update_post(['ID' => $early, 'post_title' => 'Edited']);
        wp_insert_post(['post_title' => 'Theirs', 'post_content' => 'Theirs', 'post_status' => 'publish', 'post_author' => 1,
            'post_date' => '2025-06-01 08:00:00']);",
    );
    c.import().await;
    let early_text = text(&c, "early").await;
    let theirs = link(&c, "theirs", "").await;
    assert!(early_text.contains(&theirs), "{theirs}: {early_text}");
    assert!(early_text.contains("/sites/site-a0/files/a.pdf"), "{early_text}");
    let publication = c.publication(&early).await;
    assert_eq!(publication["status"], "published", "{publication}");
    c.there.requests();
    c.publish_everything().await;
    assert_eq!(c.there.writes(), 0);
    assert_eq!(id(&c.content("Edited").await), id(&early));
}
