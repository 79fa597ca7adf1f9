//! Whole ways through the API, from keywords to a page that visitors find.

use igny8_server::testing::World;
use igny8_server::testing::fake_provider::{FakeProvider, Received, Reply};
use serde_json::{Value, json};

use crate::openai::OpenAi;
use crate::trip::{ENGLISH, Page, Trip, assert_carried, check, id};

/// Keywords of a subject, the plain one most searched.
pub fn subject(name: &str, with: &[&str]) -> Vec<(String, u32)> {
    let mut all = vec![(name.to_owned(), 9_000)];
    for (n, words) in (1..).zip(with) {
        all.push((words.replace('~', name), 4_000 - 300 * n));
    }
    all
}

/// Forty keywords of a shop for coffee things.
fn coffee_keywords() -> Vec<(String, u32)> {
    [
        subject(
            "cold brew coffee",
            &[
                "best ~ maker",
                "~ vs iced coffee",
                "how to make ~",
                "~ recipe",
                "~ ratio",
                "~ maker",
                "~ concentrate",
                "~ at home",
                "what is ~",
            ],
        ),
        subject(
            "burr grinder",
            &[
                "best ~",
                "~ vs blade grinder",
                "how to clean a ~",
                "manual ~",
                "electric ~",
                "~ settings",
                "~ noise",
                "~ replacement burrs",
                "what is a ~",
            ],
        ),
        subject(
            "gooseneck kettle",
            &[
                "best ~",
                "~ vs regular kettle",
                "how to descale a ~",
                "electric ~",
                "stovetop ~",
                "~ temperature",
                "~ size",
                "~ lid",
                "what is a ~",
            ],
        ),
        subject(
            "milk frother",
            &[
                "best ~",
                "~ vs steam wand",
                "how to use a ~",
                "handheld ~",
                "automatic ~",
                "~ whisk",
                "~ cleaning",
                "~ noise",
                "what is a ~",
            ],
        ),
    ]
    .concat()
}

#[tokio::test]
async fn keywords_become_pages_that_visitors_find() {
    let w = World::new().await;
    let t = Trip::new(&w, "pier.example", json!({ "name": "North Pier Coffee" })).await;
    t.other_posts().await;
    let keywords = coffee_keywords();
    assert_eq!(keywords.len(), 40);
    let (cluster, category, ideas) = t.planned(&keywords).await;
    assert!(ideas.len() > 1, "a hub and what supports it: {ideas:#?}");
    for idea in &ideas {
        assert!(idea["terms"].as_array().unwrap().contains(&category["id"]), "{idea}");
    }
    let drafts = t.drafted(&ideas.iter().take(3).collect::<Vec<_>>()).await;
    drafts.iter().for_each(assert_carried);
    let (hub, post) = (&drafts[0].content, &drafts[1].content);
    let (hub_id, post_id) = (id(hub), id(post));
    let address = |content: &Value| content["path"].as_str().unwrap().to_owned();
    let (hub_path, post_path) = (address(hub), address(post));

    // As it was composed it has notes to its author, which keep it from visitors.
    let (status, refused) = t.set_status(&w.a.editor, &hub_id, "published").await;
    assert_eq!((status, &refused["code"]), (422, &json!("not_ready")), "{refused}");
    assert_eq!(refused["errors"][0]["field"], "body", "{refused}");
    t.mend(&hub_id, ENGLISH, "").await;
    assert_eq!(t.get(&format!("content/{hub_id}/readiness")).await["ready"], true);
    assert_eq!(t.set_status(&w.a.viewer, &hub_id, "review").await.0, 403);
    t.publish(&hub_id).await;
    w.run_jobs().await;
    t.live().await;
    assert_eq!(t.visit(&hub_path).await.status, 200);
    assert_eq!(t.visit(&post_path).await.status, 404, "a draft");

    // The page below it: words, pictures, a link to its hub.
    let subject = hub["primary_keyword"].as_str().unwrap();
    let mention = format!("Whoever is new to {subject} can begin there.");
    t.mend(&post_id, ENGLISH, &mention).await;
    t.run(
        "generate_image_prompts",
        json!({ "contents": [post_id], "in_article": 1 }),
    )
    .await;
    let drawn = t.run("generate_images", json!({ "content": post_id })).await;
    assert_eq!(drawn["not_placed"], json!([]), "{drawn}");
    let row = t.get(&format!("content/{post_id}")).await;
    let featured = t
        .get(&format!("media/{}", row["featured_image"].as_str().unwrap()))
        .await;
    let inside = row["body"].as_str().unwrap().split("](/media/").nth(1);
    let inside = format!("/media/{}", inside.unwrap().split(')').next().unwrap());
    let found = t.run("suggest_links", json!({ "content": [post_id] })).await;
    assert!(found["links_suggested"].as_i64() >= Some(1), "{found}");
    let suggested = t
        .list(&format!("links?status=suggested&source={post_id}&target={hub_id}"))
        .await;
    assert_eq!(suggested.len(), 1, "a link to the hub comes first");
    assert_eq!(suggested[0]["cluster"], cluster["id"], "{suggested:?}");
    let applied = t
        .ask("links/bulk", json!({ "action": "apply", "ids": [suggested[0]["id"]] }))
        .await;
    assert_eq!(applied["done"], 1, "{applied}");
    let row = t.get(&format!("content/{post_id}")).await;
    assert!(
        row["body"].as_str().unwrap().contains(&format!("]({hub_path})")),
        "{row}"
    );

    let report = t.get(&format!("content/{post_id}/score")).await;
    assert!((1..=100).contains(&report["score"].as_i64().unwrap()), "{report}");
    for green in ["cluster", "taxonomy", "keyword_in_title", "keyword_in_slug"] {
        assert_eq!(check(&report, green)["light"], "green", "{}", check(&report, green));
    }
    assert!(report["statistics"]["internal_links"].as_i64() >= Some(1), "{report}");
    assert_eq!(report["statistics"]["images"], 2, "{report}");

    t.publish(&post_id).await;
    for other in &drafts[2..] {
        t.mend(&id(&other.content), ENGLISH, "").await;
        t.publish(&id(&other.content)).await;
    }
    w.run_jobs().await;
    let live = t.live().await;
    assert_eq!(live["scope"], "incremental", "{live}");

    let page = t.visit(&post_path).await;
    let full = format!("https://pier.example{post_path}");
    assert_eq!(page.status, 200);
    assert_eq!(page.template(), "post");
    assert_eq!(page.only("title"), post["seo_title"].as_str().unwrap());
    assert_eq!(page.only("h1"), post["title"].as_str().unwrap());
    assert_eq!(page.canonical(), full);
    assert_eq!(
        page.of("meta", ("name", "description"), "content"),
        post["meta_description"].as_str().unwrap()
    );
    let mut tags = page
        .all("meta")
        .filter(|meta| meta.attribute("property") == Some("article:tag"));
    assert!(
        tags.any(|tag| tag.attribute("content") == category["name"].as_str()),
        "{}",
        page.text
    );
    let article = page.node("Article");
    assert_eq!(
        (&article["headline"], &article["mainEntityOfPage"]["@id"]),
        (&post["title"], &json!(full)),
        "{article}"
    );
    assert!(
        article["datePublished"].as_str().unwrap().starts_with("2026-01-01"),
        "{article}"
    );
    let whole = page.node("WebPage");
    assert_eq!(whole["mainEntity"]["@id"], json!(format!("{full}#article")), "{whole}");
    assert_eq!(
        page.node("BreadcrumbList")["itemListElement"][1]["item"],
        "https://pier.example/blog/"
    );
    let of_category = format!("/categories/{}/", category["slug"].as_str().unwrap());
    let mut terms = page.all("a").filter(|link| link.attribute("rel") == Some("tag"));
    assert!(
        terms.any(|term| term.attribute("href") == Some(of_category.as_str())),
        "{}",
        page.text
    );
    assert!(page.links_to(&hub_path), "{}", page.text);
    let pictures: Vec<&str> = page.all("img").filter_map(|img| img.attribute("src")).collect();
    for picture in [featured["path"].as_str().unwrap(), inside.as_str()] {
        assert!(pictures.contains(&picture), "{picture} in {pictures:?}");
        assert_eq!(t.visit(picture).await.status, 200, "{picture}");
    }

    // Its cluster's hub, the archive of its category, maps and feeds lead to it.
    let overview = t.visit(&hub_path).await;
    for page in &drafts[1..] {
        assert!(overview.links_to(&address(&page.content)), "{}", overview.text);
    }
    let named = |page: &Page, name: &str| {
        let mut headings = page.all("h2");
        headings.any(|h| h.attribute("id") == Some("cluster") && h.text.contains(name))
    };
    assert!(named(&overview, cluster["name"].as_str().unwrap()), "{}", overview.text);
    assert!(t.visit(&of_category).await.links_to(&post_path));
    assert!(t.visit("/blog/").await.links_to(&post_path));
    let sitemap = t.visit("/sitemap.xml").await.text;
    for path in drafts
        .iter()
        .map(|page| address(&page.content))
        .chain([of_category.clone()])
    {
        assert!(
            sitemap.contains(&format!("<loc>https://pier.example{path}</loc>")),
            "{sitemap}"
        );
    }
    for feed in ["/atom.xml", "/blog/atom.xml", &format!("{of_category}atom.xml")] {
        let feed = t.visit(feed).await.text;
        assert!(feed.contains(&format!("<id>{full}</id>")), "{feed}");
    }

    // Other names reach visitors, and old addresses lead on.
    t.change(
        &format!("clusters/{}", id(&cluster)),
        json!({ "name": "Slow mornings" }),
    )
    .await;
    t.change(&format!("terms/{}", id(&category)), json!({ "slug": "slow-mornings" }))
        .await;
    let moved = t
        .change(&format!("content/{post_id}"), json!({ "slug": "renamed" }))
        .await;
    assert_eq!(moved["aliases"], json!([post_path]), "{moved}");
    assert!(w.run_jobs().await > 0, "by themselves");
    t.live().await;
    for (old, new) in [
        (of_category.as_str(), "/categories/slow-mornings/"),
        (post_path.as_str(), "/blog/renamed/"),
    ] {
        let from = t.visit(old).await;
        assert_eq!((from.status, from.location.as_str()), (301, new), "{old}");
    }
    let page = t.visit("/blog/renamed/").await;
    assert_eq!(page.canonical(), "https://pier.example/blog/renamed/");
    assert!(page.links_to("/categories/slow-mornings/"), "{}", page.text);
    let overview = t.visit(&hub_path).await;
    assert!(
        named(&overview, "Slow mornings") && overview.links_to("/blog/renamed/"),
        "{}",
        overview.text
    );
    let sitemap = t.visit("/sitemap.xml").await.text;
    assert!(!sitemap.contains(&format!("<loc>{full}</loc>")), "{sitemap}");

    // Each step was paid for once.
    let (_, usage) = w.get(&w.a.owner, "/billing/usage?limit=200").await;
    let used = usage["items"].as_array().unwrap().iter();
    let used: i64 = used.map(|row| row["credits"].as_i64().unwrap()).sum();
    let (_, balance) = w.get(&w.a.owner, "/billing/balance").await;
    let left = balance["plan_credits"].as_i64().unwrap() + balance["bonus_credits"].as_i64().unwrap();
    assert_eq!(used + left, 1_000, "{usage}");
}

/// What a model says to each question on the way from keywords to a text.
fn answered(request: &Received) -> Reply {
    if request.path.ends_with("/embeddings") {
        return Reply::Text(String::new());
    }
    let message = request.body["messages"][1]["content"].as_str().unwrap();
    let data = |name: &str| -> Value {
        let rest = message.split(&format!("<data name=\"{name}\">")).nth(1);
        let text = rest.and_then(|rest| rest.split("</data>").next());
        text.map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
    };
    let (clusters, cluster, page) = (data("clusters"), data("cluster"), data("page"));
    if let Some(clusters) = clusters.as_array() {
        let name = |cluster: &Value| {
            let name = format!("All about {}", cluster["suggestion"].as_str().unwrap());
            json!({ "id": cluster["id"], "name": name, "description": "Said by a model." })
        };
        let named: Vec<Value> = clusters.iter().map(name).collect();
        return Reply::Text(json!({ "clusters": named }).to_string());
    }
    if cluster.is_object() {
        let phrases = cluster["phrases"].as_array().unwrap();
        let idea = |n: usize, role: &str, kind: &str, structure: &str, secondary: Vec<usize>| {
            json!({
                "title": format!("{} in short", phrases[n]["text"].as_str().unwrap()), "brief": "Said by a model.", "role": role,
                "content_type": kind, "content_structure": structure, "primary": n, "secondary": secondary,
                "headings": ["What it is", "How it is done"], "questions": ["Is it hard?"], "word_count": 300,
                "terms": [cluster["name"]],
            })
        };
        let rest: Vec<usize> = (2..phrases.len()).collect();
        let ideas = [
            idea(0, "hub", "page", "cluster_hub", Vec::new()),
            idea(1, "supporting", "post", "guide", rest),
        ];
        return Reply::Text(json!({ "cluster": cluster["id"], "ideas": ideas }).to_string());
    }
    let mut body = format!("This is about {}.\n", page["primary_keyword"].as_str().unwrap());
    for link in data("links").as_array().unwrap() {
        let (title, to) = (&link["title"], &link["address"]);
        body += &format!(
            "\nMore is in [{}]({}).\n",
            title.as_str().unwrap(),
            to.as_str().unwrap()
        );
    }
    let mut faq = Vec::new();
    for heading in page["outline"].as_array().unwrap() {
        if heading["question"] == true {
            faq.push(json!({ "question": heading["heading"], "answer": "Not for those who take their time." }));
        } else {
            body += &format!("\n## {}\n\n{ENGLISH}\n", heading["heading"].as_str().unwrap());
        }
    }
    let said = json!({
        "seo_title": format!("{} explained", page["title"].as_str().unwrap()), "meta_description": "What a model knows of it.",
        "excerpt": "Said by a model.", "body": body, "faq": faq,
        "data": { "brand": "", "price": "", "currency": "", "sku": "", "area": "", "price_range": "" },
    });
    Reply::Text(said.to_string())
}

#[tokio::test]
async fn a_provider_takes_part_in_each_step() {
    let fake = FakeProvider::start().await;
    let w = World::with(|config| fake.allow(config)).await;
    fake.connect(&w, &w.a.owner).await;
    fake.answer(answered);
    let t = Trip::new(&w, "pier.example", json!({})).await;
    let (cluster, category, ideas) = t.planned(&coffee_keywords()[..20]).await;
    assert!(cluster["name"].as_str().unwrap().starts_with("All about "), "{cluster}");
    assert_eq!(
        (ideas.len(), &ideas[0]["brief"]),
        (2, &json!("Said by a model.")),
        "{ideas:#?}"
    );

    // One after the other, so that the second can lead to the first.
    let hub = t.drafted(&[&ideas[0]]).await;
    t.publish(&id(&hub[0].content)).await;
    let post = t.drafted(&[&ideas[1]]).await;
    t.publish(&id(&post[0].content)).await;
    assert_carried(&hub[0]);
    assert_carried(&post[0]);
    w.run_jobs().await;
    t.live().await;

    let path = post[0].content["path"].as_str().unwrap();
    let page = t.visit(path).await;
    assert_eq!((page.status, page.template()), (200, "post"), "{}", page.text);
    assert_eq!(page.only("h1"), ideas[1]["title"].as_str().unwrap());
    assert!(page.only("title").ends_with(" explained"), "{}", page.text);
    assert_eq!(page.canonical(), format!("https://pier.example{path}"));
    assert!(
        page.text.contains("Good results come from small steps"),
        "{}",
        page.text
    );
    assert_eq!(page.node("Article")["headline"], ideas[1]["title"]);
    let questions = page.node("FAQPage");
    assert_eq!(questions["mainEntity"][0]["name"], "Is it hard?", "{questions}");
    let of_hub = hub[0].content["path"].as_str().unwrap();
    let of_category = format!("/categories/{}/", category["slug"].as_str().unwrap());
    assert!(page.links_to(of_hub) && page.links_to(&of_category), "{}", page.text);
    assert!(t.visit(of_hub).await.links_to(path));

    let received = fake.received();
    assert!(
        OpenAi::new().check_all(&received) >= 5,
        "naming, planning, two texts, vectors"
    );
    let (_, usage) = w.get(&w.a.owner, "/billing/usage?limit=200").await;
    for row in usage["items"].as_array().unwrap() {
        assert_ne!(row["model"], "local", "{row}");
    }
}
