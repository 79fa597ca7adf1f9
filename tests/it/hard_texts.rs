//! Texts that are very long or hostile.

use igny8_server::testing::World;
use poem::http::Method;
use serde_json::{Value, json};

use crate::trip::{Trip, id};

/// More than a thousand paragraphs of a hundred words, no two alike, with a heading before every tenth.
fn hundred_thousand_words() -> String {
    let mut body = String::new();
    for n in 0..1_010 {
        if n % 10 == 0 {
            body += &format!("## Part {}\n\n", n / 10 + 1);
        }
        for k in 0..10 {
            body += &format!("In paragraph {n} the sentence {k} says little of water. ");
        }
        body += "\n\n";
    }
    body
}

#[tokio::test]
async fn a_hundred_thousand_words_are_one_text() {
    let w = World::new().await;
    let t = Trip::new(&w, "pier.example", json!({})).await;
    let target = json!({ "content_type": "post", "title": "Gooseneck kettles", "body": "They pour slowly." });
    let target = id(&t.made(&w.a.editor, "content", target).await);
    t.force(std::slice::from_ref(&target)).await;
    let body = hundred_thousand_words();
    let made = json!({ "content_type": "page", "title": "All of it", "body": body });
    let content = id(&t.made(&w.a.editor, "content", made).await);
    let rest = format!("content/{content}");

    let sentence = "In paragraph 500 the sentence 5 says little of water.";
    let edited = body.replace(sentence, "Here gooseneck kettles are named.");
    let changed = t.change(&rest, json!({ "body": edited })).await;
    assert_eq!((&changed["revision"], &changed["body"]), (&json!(2), &json!(edited)));
    let report = t.get(&format!("{rest}/score")).await;
    assert!(
        report["statistics"]["words"].as_i64() >= Some(100_000),
        "{}",
        report["statistics"]
    );
    let sections = t.get(&format!("{rest}/sections")).await;
    assert_eq!(sections["items"].as_array().unwrap().len(), 101);
    t.get(&format!("{rest}/brief")).await;
    let found = t.list("content?search=gooseneck%20named").await;
    assert_eq!((found.len(), &found[0]["id"]), (1, &json!(content)));
    let suggestions = t.get(&format!("{rest}/links/suggestions?limit=5")).await;
    assert!(suggestions["room"].as_i64() > Some(900), "{suggestions}");
    let link = json!({ "links": [{ "source": content, "target": target, "anchor": "gooseneck kettles" }] });
    let applied = t.ask("links/apply", link).await;
    assert_eq!(applied["done"], 1, "{applied}");

    t.force(std::slice::from_ref(&content)).await;
    w.run_jobs().await;
    t.live().await;
    let page = t.visit("/all-of-it/").await;
    assert_eq!((page.status, page.all("h2").count()), (200, 101));
    assert!(page.links_to("/blog/gooseneck-kettles/") && page.text.contains("In paragraph 999 the sentence 9"));

    let compared = t.get(&format!("{rest}/revisions/compare?from=1&to=2")).await;
    assert_eq!(
        (
            &compared["body"]["added"],
            &compared["body"]["removed"],
            &compared["body"]["too_long"]
        ),
        (&json!(1), &json!(1), &json!(false)),
    );
    let restore = format!("{rest}/revisions/1/restore");
    let (status, restored) = t.write(&w.a.editor, Method::POST, &restore, &rest, json!({})).await;
    assert_eq!((status, &restored["body"]), (200, &json!(body)));
    w.run_jobs().await;
    assert!(t.visit("/all-of-it/").await.text.contains(sentence));

    // Where it ends is said.
    let too_long = json!({ "body": "word ".repeat(420_000) });
    let (status, refused) = t.write(&w.a.editor, Method::PATCH, &rest, &rest, too_long).await;
    assert_eq!(status, 422, "{refused}");
    assert_eq!(
        refused["errors"][0],
        json!({ "field": "body", "message": "must be at most 2 MiB" }),
        "{refused}"
    );
    let more = json!({ "body": "word ".repeat(1_000_000) });
    let (status, refused) = t.write(&w.a.editor, Method::PATCH, &rest, &rest, more).await;
    assert_eq!(status, 413, "{refused}");
    let limit = w.app.config.http.max_body_bytes.to_string();
    assert!(refused["detail"].as_str().unwrap().contains(&limit), "{refused}");
}

#[tokio::test]
async fn a_hostile_text_runs_nowhere_and_its_author_is_told() {
    let w = World::new().await;
    let t = Trip::new(&w, "pier.example", json!({})).await;
    let attack = "A text. <script>alert('body')</script> <img src=x onerror=alert(1)>\n\n\
        [click](javascript:alert(2)) [data](data:text/html;base64,PHNjcmlwdD4=) ![p](javascript:alert(3))\n\n\
        <a href=\"JaVa&#x09;Script:alert(4)\" onclick=\"alert(5)\">here</a> <iframe src=\"https://evil.example/\"></iframe>\n\n\
        <svg onload=alert(6)></svg> <form action=\"javascript:alert(7)\"><input autofocus onfocus=alert(8)></form>\n\n\
        <style>body { background: url(javascript:alert(9)) }</style> <meta http-equiv=refresh content=\"0;url=javascript:x\">\n\n\
        </script></title><script>alert(10)</script> And an end.";
    let breakout = "\"'></script></title><script>alert(11)</script><img src=x onerror=alert(12)>";
    let mut posts = Vec::new();
    for format in ["markdown", "html"] {
        let body = json!({
            "content_type": "post", "title": format!("{format} {breakout}"), "slug": format!("a-{format}"), "body": attack,
            "body_format": format, "excerpt": breakout, "seo_title": breakout, "meta_description": breakout, "author": breakout,
            "primary_keyword": breakout, "faq": [{ "question": breakout, "answer": attack }],
            "attributes": [{ "name": breakout, "value": breakout }],
        });
        let made = t.made(&w.a.editor, "content", body).await;
        assert_eq!(made["body"], attack, "what somebody wrote is kept as it is");
        posts.push(id(&made));
    }
    let (editor, of) = (&w.a.editor, t.path(&format!("content/{}", posts[0])));
    let read = w.request(editor, Method::GET, &of).send().await;
    for (name, value) in [
        ("content-type", "application/json; charset=utf-8"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(read.0.headers()[name], value);
    }
    // Addresses that others are led to are looked at when they are entered.
    for (change, field) in [
        (json!({ "canonical_url": "javascript:alert(1)" }), "canonical_url"),
        (
            json!({ "blocks": [{ "type": "cta", "links": [{ "label": "Go", "url": "javascript:alert(1)" }] }] }),
            "blocks.0",
        ),
    ] {
        let rest = format!("content/{}", posts[0]);
        let (status, refused) = t.write(editor, Method::PATCH, &rest, &rest, change).await;
        assert_eq!(
            (status, &refused["errors"][0]["field"]),
            (422, &json!(field)),
            "{refused}"
        );
    }

    let links = t.ask("preview-links", json!({ "hours": 1 })).await;
    let preview = links["url"].as_str().unwrap();
    let preview = &preview[preview.find("/preview/").unwrap()..];
    t.force(&posts).await;
    w.run_jobs().await;
    let live = t.live().await;
    for (path, readable) in [
        ("/blog/a-markdown/", true),
        ("/blog/a-html/", true),
        ("/blog/", false),
        ("/", false),
    ] {
        let page = t.visit(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.runs(), [] as [String; 0], "{path}: {}", page.text);
        page.graph();
        if readable {
            assert!(page.text.contains("And an end."), "{path}: {}", page.text);
            assert!(
                page.only("h1").contains("<script>alert(11)</script>"),
                "shown as it was typed"
            );
        }
    }
    for feed in ["/atom.xml", "/rss.xml"] {
        let feed = t.visit(feed).await;
        assert!(feed.status == 200 && !feed.text.contains("<script"), "{}", feed.text);
    }
    // Its author is told what was left out.
    let log = live["log"].as_array().unwrap();
    for code in ["link-refused", "image-refused"] {
        for page in ["/blog/a-markdown/", "/blog/a-html/"] {
            let told = |line: &Value| line["code"] == code && line["page"] == page;
            assert!(log.iter().any(told), "{page} {code}: {live}");
        }
    }

    // Nor in a preview, which is another host's.
    let other = Trip {
        w: &w,
        site: t.site.clone(),
        host: "localhost",
        sector: String::new(),
    };
    for post in ["blog/a-markdown/", "blog/a-html/"] {
        let page = other.visit(&format!("{preview}{post}")).await;
        assert_eq!((page.status, page.runs()), (200, Vec::new()), "{}", page.text);
    }
}
