//! Full-text search of content: what is found, in which order, by whom, and what stays so when texts are edited.

use std::collections::BTreeSet;

use igny8_data::{Variables, Why};
use igny8_server::features::content::search;
use igny8_server::testing::{Member, World};
use poem::http::Method;
use serde_json::{Value, json};

use crate::content::{create, id};
use crate::large::{random, some_word, word};

/// Percent-encoded.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn listed(w: &World, who: &Member, site: &str, query: &str) -> (u16, Value) {
    let (status, answer) = w.get(who, &format!("/sites/{site}/content?{query}")).await;
    (status.as_u16(), answer)
}

/// Titles of what is found, in order.
async fn titles(w: &World, search: &str, more: &str) -> Vec<String> {
    let query = format!("limit=200&search={}{more}", encoded(search));
    let (status, page) = listed(w, &w.a.viewer, &w.a.sites[0].to_string(), &query).await;
    assert_eq!(status, 200, "{search}: {page}");
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["title"].as_str().unwrap().to_owned())
        .collect()
}

async fn post(w: &World, language: &str, title: &str, body: &str) -> Value {
    // So that each is later than the one before.
    w.clock.advance(chrono::Duration::milliseconds(1));
    create(
        w,
        json!({ "content_type": "post", "language": language, "title": title, "body": body }),
    )
    .await
}

async fn edited(w: &World, content: &Value, rev: i64, body: Value) -> u16 {
    let path = format!("/sites/{}/content/{}", w.a.sites[0], id(content));
    w.patch(&w.a.editor, &path, rev, body).await.0.as_u16()
}

#[tokio::test]
async fn words_are_found_in_any_inflection_of_their_language() {
    let w = World::new().await;
    post(
        &w,
        "en",
        "Heat pumps",
        "They warm houses. A boiler's cost varies; the café is well-known for node.js.",
    )
    .await;
    post(
        &w,
        "de",
        "Wärmepumpen im Altbau",
        "Alte Häuser stehen an großen Straßen.",
    )
    .await;
    post(&w, "tr", "IŞIK ve ısı pompası", "İstanbul'da kısa bir yazı.").await;
    post(&w, "ja", "水泵", "如何修理水泵").await;
    let (en, de, tr, ja) = ("Heat pumps", "Wärmepumpen im Altbau", "IŞIK ve ısı pompası", "水泵");
    for (search, expected) in [
        ("pump ", vec![en]),
        ("HOUSE warmed ", vec![en]),
        ("boiler ", vec![en]),
        ("cafe CAFÉ node ", vec![en]),
        ("pump nowhere ", vec![]),
        ("ump ", vec![]),
        ("haus strasse ", vec![de]),
        ("Haeuser STRASSEN ", vec![de]),
        ("Wärmepumpe ", vec![de]),
        ("waermepumpe ", vec![de]),
        ("warmepumpe ", vec![de]),
        ("Wärmep", vec![de]),
        // In English it is a form of “warm”.
        ("wärme ", vec![en]),
        ("istanbul ", vec![tr]),
        ("İSTANBUL ", vec![tr]),
        ("ısı ", vec![tr]),
        ("ISI isik ", vec![tr]),
        ("pompa ", vec![tr]),
        ("水泵 ", vec![ja]),
        ("泵水 ", vec![]),
        ("\"warm houses\"", vec![en]),
        ("„warm houses“", vec![en]),
        ("\"warm house\"", vec![]),
        ("\"houses warm\"", vec![]),
        ("\"pumps they\"", vec![]),
        ("costs \"warm houses\" pump ", vec![en]),
        ("\"warm", vec![en, de]),
        ("hou", vec![en]),
        ("hou ", vec![]),
        ("!?", vec![]),
    ] {
        assert_eq!(titles(&w, search, "").await, expected, "{search}");
    }
}

#[tokio::test]
async fn signs_of_markdown_and_html_are_no_words() {
    let w = World::new().await;
    let markdown = "## A kettle\n\nPour **slowly**, see [the guide](https://pier.example/hidden-address \"unseen\") and `grams`.\n\n\
        ![Alternative](/media/picturename.png)\n\n| Left | Right |\n|---|---|\n| cellar | attic |\n\n<!-- secretnote -->\n";
    post(&w, "en", "Markdown", markdown).await;
    let html = "<div class=\"wrapper\"><h2 id=\"anchor\">A &amp; B</h2><script>var scripted = 1;</script><style>p{styled:1}</style>\
        <p>Pour slow&shy;ly<br>over<em>night</em>.</p><img src=\"/imagefile.png\"></div>";
    let html = json!({ "content_type": "post", "title": "Hypertext", "body": html, "body_format": "html" });
    create(&w, html).await;
    let blocks = json!([
        { "type": "hero", "heading": "Teapots", "text": "Read *on*.", "links": [{ "label": "Orders", "url": "/linkedpage/" }] },
        { "type": "faq", "items": [{ "question": "Porcelain?", "answer": "Always." }] },
    ]);
    create(
        &w,
        json!({ "content_type": "page", "title": "Blocks", "blocks": blocks }),
    )
    .await;
    for (search, expected) in [
        ("kettle slowly guide attic", vec!["Markdown"]),
        ("\"pour slowly\"", vec!["Markdown", "Hypertext"]),
        ("overnight", vec!["Hypertext"]),
        ("teapot read orders porcelain always ", vec!["Blocks"]),
    ] {
        let found: BTreeSet<String> = titles(&w, search, "").await.into_iter().collect();
        assert_eq!(found, expected.into_iter().map(str::to_owned).collect(), "{search}");
    }
    let signs = [
        "hidden",
        "unseen",
        "https",
        "picturename",
        "secretnote",
        "div",
        "wrapper",
        "anchor",
        "script",
        "scripted",
        "styled",
        "amp",
        "shy",
        "imagefile",
        "src",
        "br",
        "hero",
        "linkedpage",
    ];
    for sign in signs {
        assert_eq!(titles(&w, &format!("{sign} "), "").await, [] as [&str; 0], "{sign}");
    }
}

#[tokio::test]
async fn the_better_place_comes_first_and_is_shown() {
    let w = World::new().await;
    let filler = "Water and time say more than any device that is sold in a shop. ".repeat(20);
    post(
        &w,
        "en",
        "In the text",
        &format!("{filler} A kettle & <b>more</b>. {filler}"),
    )
    .await;
    post(
        &w,
        "en",
        "In a heading",
        &format!("{filler}\n\n## The kettle\n\n{filler}"),
    )
    .await;
    post(&w, "en", "A kettle in the title", &filler).await;
    post(&w, "en", "Nowhere", &filler).await;
    let best = ["A kettle in the title", "In a heading", "In the text"];
    assert_eq!(titles(&w, "kettle", "").await, best);
    assert_eq!(titles(&w, "kettle", "&sort=relevance").await, best);
    assert_eq!(titles(&w, "kettle", "&sort=title").await, best);
    assert_eq!(
        titles(&w, "kettle", "&sort=created_at").await,
        ["In the text", "In a heading", "A kettle in the title"]
    );

    let site = w.a.sites[0].to_string();
    let (_, page) = listed(&w, &w.a.viewer, &site, "search=kettles").await;
    let shown: Vec<&Value> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["highlight"])
        .collect();
    assert_eq!(shown[0]["title"], "A <mark>kettle</mark> in the title");
    let text = shown[2]["text"].as_str().unwrap();
    assert!(
        text.contains("A <mark>kettle</mark> &amp; more.") && text.len() < 400,
        "{text}"
    );
    assert!(
        shown[1]["text"].as_str().unwrap().contains("<mark>kettle</mark>"),
        "{}",
        shown[1]
    );
    // A mistyped word is found where nothing else is, which the marks show; nothing is done to what only looks alike.
    assert_eq!(titles(&w, "ketlte", "").await, best);
    assert_eq!(titles(&w, "\"ketlte\"", "").await, [] as [&str; 0]);
    let (_, page) = listed(&w, &w.a.viewer, &site, "search=ketlte").await;
    assert_eq!(
        page["items"][0]["highlight"]["title"],
        "A <mark>kettle</mark> in the title"
    );
    let bulk = json!({ "action": "status", "status": "review", "filter": { "search": "ketlte" } });
    let (_, done) = w.post(&w.a.editor, &format!("/sites/{site}/content/bulk"), bulk).await;
    assert_eq!(done["done"], 0, "{done}");
    let (_, page) = listed(&w, &w.a.viewer, &site, "").await;
    assert_eq!(page["items"][0]["highlight"], Value::Null);
    let (status, answer) = listed(&w, &w.a.viewer, &site, "sort=relevance").await;
    assert_eq!((status, &answer["errors"][0]["field"]), (422, &json!("sort")));
}

#[tokio::test]
async fn an_edit_is_found_at_once_and_what_was_there_is_not() {
    let w = World::new().await;
    let content = post(&w, "en", "First words", "An apple a day.").await;
    assert_eq!(titles(&w, "apple", "").await.len(), 1);
    assert_eq!(
        edited(
            &w,
            &content,
            1,
            json!({ "title": "Other words", "body": "A pear a day." })
        )
        .await,
        200
    );
    for (search, found) in [("apple ", 0), ("first ", 0), ("pears ", 1), ("other ", 1)] {
        assert_eq!(titles(&w, search, "").await.len(), found, "{search}");
    }
    // A stale write changes nothing that is found.
    assert_eq!(edited(&w, &content, 1, json!({ "body": "A plum a day." })).await, 412);
    assert_eq!(
        (titles(&w, "plum ", "").await.len(), titles(&w, "pear ", "").await.len()),
        (0, 1)
    );

    let path = format!("/sites/{}/content/{}", w.a.sites[0], id(&content));
    assert_eq!(w.delete(&w.a.editor, &path, 2).await.0, 204);
    assert_eq!(titles(&w, "pear", "").await.len(), 0);
    assert_eq!(titles(&w, "pear", "&deleted=true").await.len(), 1);
    assert_eq!(w.post(&w.a.editor, &format!("{path}/restore"), json!({})).await.0, 200);
    assert_eq!(titles(&w, "pear", "").await.len(), 1);
    assert_eq!(titles(&w, "pear", "&deleted=true").await.len(), 0);

    // Deleted for good, nothing of it is left, though nothing else was changed.
    assert_eq!(w.delete(&w.a.editor, &path, 4).await.0, 204);
    let days = |more: i64| chrono::Duration::days(w.app.config.jobs.keep_deleted_days + more);
    w.clock.advance(days(-1));
    assert!(is_kept(&w, &content).await, "it may be restored");
    w.clock.advance(chrono::Duration::days(2));
    igny8_server::jobs::purge::deleted(w.app.clone()).await.unwrap();
    assert!(!is_kept(&w, &content).await);
}

#[tokio::test]
async fn what_was_deleted_for_good_while_nobody_looked_is_not_kept() {
    let w = World::new().await;
    let content = post(&w, "en", "Kettle", "Old text.").await;
    assert!(is_kept(&w, &content).await);
    let path = format!("/sites/{}/content/{}", w.a.sites[0], id(&content));
    assert_eq!(w.delete(&w.a.editor, &path, 1).await.0, 204);
    let kept = chrono::Duration::days(w.app.config.jobs.keep_deleted_days + 1);
    w.clock.advance(kept);
    igny8_server::jobs::purge::deleted(w.app.clone()).await.unwrap();
    assert!(!is_kept(&w, &content).await);
}

/// Whether the index has a text of this content.
async fn is_kept(w: &World, content: &Value) -> bool {
    let owner = w.app.db.actor_of_user(w.a.owner.id).await.unwrap();
    let scope = owner.site::<igny8_data::Read>(&w.app.db, w.a.sites[0]).await.unwrap();
    let index = search::follow(&w.app, &scope, false).await.unwrap();
    let id: igny8_server::features::content::ContentId = id(content).parse().unwrap();
    index.text(igny8_data::RecordKey::ulid(id).0).unwrap().is_some()
}

#[tokio::test]
async fn every_filter_and_sort_holds_for_what_is_found() {
    let w = World::new().await;
    let site = w.a.sites[0].to_string();
    let sector = w
        .post(&w.a.owner, &format!("/sites/{site}/sectors"), json!({ "name": "One" }))
        .await
        .1;
    let cluster = json!({ "sector": id(&sector), "name": "Brewing" });
    let cluster = w.post(&w.a.editor, &format!("/sites/{site}/clusters"), cluster).await.1;
    let term = json!({ "taxonomy": "blog_tag", "name": "Tag" });
    let term = w.post(&w.a.editor, &format!("/sites/{site}/terms"), term).await.1;
    let (cluster, term) = (id(&cluster), id(&term));
    let pieces = [
        json!({ "content_type": "post", "cluster": cluster, "terms": [term], "author": "Ada" }),
        json!({ "content_type": "page", "cluster": cluster, "language": "pt" }),
        json!({ "content_type": "post", "content_structure": "guide", "terms": [term] }),
        json!({ "content_type": "product", "author": "Bo" }),
    ];
    for (n, piece) in pieces.into_iter().enumerate() {
        let mut body = json!({ "title": format!("Number {n}"), "body": "A kettle." });
        body.as_object_mut().unwrap().extend(piece.as_object().unwrap().clone());
        create(&w, body).await;
        let other =
            json!({ "title": format!("Other {n}"), "content_type": "post", "cluster": cluster, "terms": [term] });
        create(&w, other).await;
    }
    let filters = [
        ("", vec![0, 1, 2, 3]),
        ("content_type=post", vec![0, 2]),
        ("content_structure=guide", vec![2]),
        (&format!("cluster={cluster}"), vec![0, 1]),
        ("unassigned_cluster=true", vec![2, 3]),
        (&format!("term={term}"), vec![0, 2]),
        ("unassigned_term=true", vec![1, 3]),
        (&format!("term={term}&cluster={cluster}"), vec![0]),
        ("language=pt", vec![1]),
        ("author=Bo", vec![3]),
        ("status=draft", vec![0, 1, 2, 3]),
        ("status=published", vec![]),
        ("scheduled=false", vec![0, 1, 2, 3]),
        ("scheduled=true", vec![]),
        ("light=none", vec![0, 1, 2, 3]),
        ("score_min=0", vec![]),
        ("deleted=true", vec![]),
    ];
    for (filter, expected) in filters {
        for sort in ["relevance", "title", "-created_at", "updated_at", "score"] {
            let query = format!("search=kettle&with_total=true&sort={sort}&{filter}");
            let (status, page) = listed(&w, &w.a.viewer, &site, &query).await;
            assert_eq!(status, 200, "{page}");
            let mut found: Vec<String> = page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["title"].as_str().unwrap().to_owned())
                .collect();
            found.sort();
            let expected: Vec<String> = expected.iter().map(|n| format!("Number {n}")).collect();
            assert_eq!(found, expected, "{query}");
            assert_eq!(page["total"], expected.len(), "{query}");
        }
    }
    // What a filter names in a bulk action is what the list shows.
    let bulk = json!({ "action": "status", "status": "review", "filter": { "search": "kettle", "term": term } });
    let (_, done) = w.post(&w.a.editor, &format!("/sites/{site}/content/bulk"), bulk).await;
    assert_eq!(done["done"], 2, "{done}");
    assert_eq!(
        titles(&w, "kettle", "&status=review&sort=title").await,
        ["Number 0", "Number 2"]
    );
    let all = json!({ "action": "delete", "filter": { "search": "???" } });
    let (_, done) = w.post(&w.a.editor, &format!("/sites/{site}/content/bulk"), all).await;
    assert_eq!(done["done"], 0, "nothing is found by no word: {done}");
}

/// The ids of all pages of a list.
async fn paged(w: &World, query: &str, mut between: impl AsyncFnMut(usize)) -> Vec<String> {
    let site = w.a.sites[0].to_string();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let (status, page) = listed(w, &w.a.viewer, &site, &format!("{query}{cursor}")).await;
        assert_eq!(status, 200, "{page}");
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| id(item).to_owned()));
        between(seen.len()).await;
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

#[tokio::test]
async fn pages_have_each_piece_once() {
    let w = World::new().await;
    let mut all = BTreeSet::new();
    for n in 0..23 {
        let made = post(&w, "en", &format!("Kettle {}", n / 3), &"kettle ".repeat(n % 5)).await;
        all.insert(id(&made).to_owned());
        post(&w, "en", "Other", "Pots.").await;
    }
    for sort in [
        "relevance",
        "title",
        "-title",
        "created_at",
        "-updated_at",
        "score",
        "-published_at",
    ] {
        let seen = paged(&w, &format!("search=kettle&limit=4&sort={sort}"), async |_| {}).await;
        assert_eq!(seen.len(), 23, "{sort}");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), all, "{sort}");
    }
    // Of texts that nobody touches, each comes once, though others come and go and every score moves.
    let seen = paged(&w, "search=kettle&limit=4", async |seen| {
        if seen < 20 {
            post(&w, "en", "Kettle kettle kettle", "kettle").await;
        }
    })
    .await;
    let old: Vec<&String> = seen.iter().filter(|id| all.contains(*id)).collect();
    assert_eq!(old.len(), 23);
    assert_eq!(old.into_iter().collect::<BTreeSet<_>>().len(), 23);
    // A cursor is of its search.
    let site = w.a.sites[0].to_string();
    let (_, page) = listed(&w, &w.a.viewer, &site, "search=kettle&limit=4").await;
    let next = page["next"].as_str().unwrap();
    for other in ["search=pots", "search=kettle&sort=title", "search="] {
        let (status, _) = listed(&w, &w.a.viewer, &site, &format!("{other}&limit=4&cursor={next}")).await;
        assert_eq!(status, 422, "{other}");
    }
}

#[tokio::test]
async fn nobody_finds_what_is_another_sites() {
    let w = World::new().await;
    let body = json!({ "content_type": "post", "title": "Kettle", "body": "canaryword" });
    for (who, site) in [
        (&w.a.owner, w.a.sites[0]),
        (&w.a.owner, w.a.sites[1]),
        (&w.b.owner, w.b.sites[0]),
    ] {
        let (status, made) = w.post(who, &format!("/sites/{site}/content"), body.clone()).await;
        assert_eq!(status, 201, "{made}");
        let (_, page) = listed(&w, who, &site.to_string(), "search=canaryword").await;
        let items = page["items"].as_array().unwrap();
        assert_eq!(items.iter().map(id).collect::<Vec<_>>(), [id(&made)], "{page}");
    }
    let (_, page) = listed(&w, &w.b.owner, &w.b.sites[1].to_string(), "search=canaryword").await;
    assert_eq!(page["items"], json!([]));
    for site in [w.a.sites[0], w.a.sites[1]] {
        assert_eq!(
            listed(&w, &w.b.owner, &site.to_string(), "search=canaryword").await.0,
            404
        );
    }
}

#[tokio::test]
async fn hostile_searches_are_refused_or_find_nothing() {
    let w = World::new().await;
    post(&w, "en", "Kettle", "Text.").await;
    let site = w.a.sites[0].to_string();
    let long = [
        "x".repeat(10_000),
        "a ".repeat(40),
        "\"".repeat(10_000),
        "水".repeat(33),
    ];
    for text in long {
        let (status, answer) = listed(&w, &w.a.viewer, &site, &format!("search={}", encoded(&text))).await;
        assert_eq!(status, 422, "{answer}");
        assert_eq!(answer["errors"][0]["field"], "search", "{answer}");
    }
    // What other engines take for operators divides words here, and words are only words.
    for (text, found) in [
        ("+kettle -text", 1),
        ("(kettle)", 1),
        ("\"kettle", 1),
        ("title:kettle OR body:*", 0),
        ("kettle NOT text", 0),
        ("kettle~2", 0),
        ("[a TO z]", 0),
        ("k*", 0),
        ("/.*/", 0),
        ("((((", 0),
        ("\"\"\"", 0),
        ("kettle/en", 0),
        ("language=en", 0),
        ("deleted:false", 0),
        ("\0", 0),
        ("\u{202e}", 0),
        ("🦀", 0),
        ("'; DELETE content; --", 0),
        ("$site", 0),
        ("%", 0),
    ] {
        let (status, page) = listed(&w, &w.a.viewer, &site, &format!("search={}", encoded(text))).await;
        assert_eq!(status, 200, "{text}: {page}");
        assert_eq!(page["items"].as_array().unwrap().len(), found, "{text}: {page}");
    }
    assert_eq!(titles(&w, "kettle", "").await, ["Kettle"], "everything is still there");
}

#[tokio::test]
async fn what_was_there_before_is_found_and_a_lost_index_is_made_anew() {
    let w = World::new().await;
    let content = post(&w, "en", "Kettle", "Old text.").await;
    // As before there were indexes: none is here, and the schedule asks for them.
    let count = search::keep(w.app.clone()).await.unwrap();
    assert_eq!(count, 4, "one for each site");
    w.run_jobs().await;
    let folder = w.app.config.data_dir.join("search").join("1");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 4);
    assert_eq!(search::keep(w.app.clone()).await.unwrap(), 0);
    assert_eq!(titles(&w, "old", "").await, ["Kettle"]);
    // One that nobody wrote to for long is looked at.
    let key = w.a.sites[0].to_string().strip_prefix("site_").unwrap().to_owned();
    let note = std::fs::File::options()
        .write(true)
        .open(folder.join(key).join("meta.json"));
    note.unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(search::keep(w.app.clone()).await.unwrap(), 1);

    // Its folder is lost while it is open, and it is made anew with the next change.
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(edited(&w, &content, 1, json!({ "body": "New text." })).await, 200);
    assert_eq!(titles(&w, "new", "").await, ["Kettle"]);
    assert_eq!(titles(&w, "old ", "").await, [] as [&str; 0]);

    // A site that is gone takes its index along.
    let path = format!("/sites/{}", w.a.sites[1]);
    let etag = w.request(&w.a.owner, Method::GET, &path).send().await;
    let etag = etag.0.header("etag").unwrap().to_owned();
    let gone = w
        .request(&w.a.owner, Method::DELETE, &path)
        .header("if-match", etag)
        .send()
        .await;
    assert!(gone.0.status().is_success());
    let key = w.a.sites[1].to_string().strip_prefix("site_").unwrap().to_owned();
    for stale in [folder.join(&key), folder.with_file_name("0").join("x")] {
        std::fs::create_dir_all(stale).unwrap();
    }
    search::keep(w.app.clone()).await.unwrap();
    w.run_jobs().await;
    let left: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(!left.contains(&key));
    assert!(!folder.with_file_name("0").exists(), "of an earlier form");
}

#[tokio::test]
async fn an_index_of_another_database_says_nothing() {
    let w = World::new().await;
    post(&w, "en", "Kettle", "Old text.").await;
    assert_eq!(titles(&w, "old", "").await, ["Kettle"]);
    // As when a backup is restored into a new database beside the old indexes: rows are others, with revisions that were there.
    let run = async |sql: &str| {
        let platform = w.app.db.platform(Why::Operator);
        platform.query(sql, Variables::new(), "testing").await.unwrap();
    };
    run("UPDATE content SET body = 'Restored text.' RETURN NONE;").await;
    assert_eq!(
        titles(&w, "restored", "").await,
        [] as [&str; 0],
        "neither moment nor revision tells"
    );
    run("UPDATE schema_migration SET applied_at = applied_at + 1h RETURN NONE;").await;
    assert_eq!(titles(&w, "restored", "").await, ["Kettle"]);
    assert_eq!(titles(&w, "old ", "").await, [] as [&str; 0]);
}

/// Pieces of a large site, and words of each.
const PIECES: usize = 10_000;
const WORDS: usize = 1_500;

/// Few words are frequent, most are rare.
fn long_body(number: usize) -> String {
    let mut random = random(number);
    let mut body = String::new();
    for n in 0..WORDS {
        body += &some_word(&mut random);
        body += if n % 100 == 99 { ".\n\n" } else { " " };
    }
    body
}

/// Prints figures; run it by itself:
///
/// `cargo nextest run --release --workspace --run-ignored only --no-capture -E 'test(content_search)'`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes and prints figures"]
async fn ten_thousand_pieces() {
    use igny8_server::features::content::Content;
    use igny8_server::features::content::model::ContentType;
    let w = World::new().await;
    let site = w.a.sites[0];
    let owner = w.app.db.actor_of_user(w.a.owner.id).await.unwrap();
    let scope = owner.site::<igny8_data::Write>(&w.app.db, site).await.unwrap();
    for numbers in (0..PIECES).collect::<Vec<_>>().chunks(250) {
        let mut tx = w.app.db.site(&scope).tx();
        for &n in numbers {
            let (title, slug) = (format!("{} {}", word(n), word(n * 7 % 30_000)), format!("page-{n}"));
            let (id, now) = (w.app.db.ids().make(), w.clock.now());
            let mut row = Content::new(id, &scope, ContentType::Post, "en".into(), title, slug, now);
            row.body = long_body(n);
            row.path = row.derive_path();
            tx.create(row);
        }
        tx.commit().await.unwrap();
        w.clock.advance(chrono::Duration::seconds(1));
    }
    w.clock.advance(chrono::Duration::seconds(60));
    let begun = std::time::Instant::now();
    search::follow(&w.app, &scope.reading(), true).await.unwrap();
    println!("the index is made in {:.1} s", begun.elapsed().as_secs_f64());
    let folder = w.app.config.data_dir.join("search").join("1");
    let sizes = walk(&folder).into_iter().map(|path| path.metadata().unwrap().len());
    println!("and has {} MB", sizes.sum::<u64>() >> 20);
    let (often, rare) = (word(1), word(4_000));
    let queries = [
        ("a frequent word", format!("search={often}%20")),
        ("three words", format!("search={often}%20{}%20{}%20", word(9), word(70))),
        ("a rare word", format!("search={rare}%20")),
        ("one letter begun", "search=b".to_owned()),
        (
            "a phrase of frequent words",
            format!("search=%22{often}%20{}%22", word(2)),
        ),
        ("a frequent word by title", format!("search={often}%20&sort=title")),
        ("a rare word by title", format!("search={rare}%20&sort=title")),
        ("a frequent word, not scored", format!("search={often}%20&light=none")),
        ("a frequent word, counted", format!("search={often}%20&with_total=true")),
        ("no search", "sort=title".to_owned()),
    ];
    for (what, query) in &queries {
        measured(what, async || {
            assert_eq!(listed(&w, &w.a.owner, &site.to_string(), query).await.0, 200);
        })
        .await;
    }
    let made = post(&w, "en", "Kettle", &long_body(1)).await;
    let mut rev = 1;
    measured("a save", async || {
        assert_eq!(
            edited(
                &w,
                &made,
                rev,
                json!({ "body": long_body(usize::try_from(rev).unwrap()) })
            )
            .await,
            200
        );
        rev += 1;
    })
    .await;
    measured("a save and a search behind it", async || {
        assert_eq!(
            edited(
                &w,
                &made,
                rev,
                json!({ "body": long_body(usize::try_from(rev).unwrap()) })
            )
            .await,
            200
        );
        rev += 1;
        assert_eq!(titles(&w, "kettle", "").await.len(), 1);
    })
    .await;
}

async fn measured(what: &str, mut work: impl AsyncFnMut()) {
    work().await;
    let begun = std::time::Instant::now();
    for _ in 0..10 {
        work().await;
    }
    println!("{what}: {:.1} ms", begun.elapsed().as_secs_f64() * 100.0);
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push(path);
        }
    }
    files
}
