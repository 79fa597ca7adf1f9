//! Whole ways through the API: from keywords to a page that visitors find, in every kind of page, in other languages, with
//! texts that are very long or hostile.

use std::collections::BTreeSet;

use igny8_server::testing::World;
use igny8_server::testing::fake_provider::{FakeProvider, Received, Reply};
use poem::http::Method;
use serde_json::{Value, json};

use crate::openai::OpenAi;
use crate::trip::{ENGLISH, Page, Trip, assert_carried, check, id};

/// Keywords of a subject, the plain one most searched.
fn subject(name: &str, with: &[&str]) -> Vec<(String, u32)> {
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

/// A page of the table: where it stands, its template, its heading, what its data says it is.
type Kind = (&'static str, &'static str, &'static str, &'static [&'static str]);

#[tokio::test]
async fn every_kind_of_page_has_its_template_and_its_data() {
    let w = World::new().await;
    let t = Trip::new(&w, "shop.example", json!({ "site_type": "ecommerce" })).await;
    let editor = &w.a.editor;
    let cluster = json!({ "sector": t.sector, "name": "Kitchen" });
    let cluster = id(&t.made(editor, "clusters", cluster).await);
    let term = async |taxonomy: &str, name: &str| {
        let term = json!({ "taxonomy": taxonomy, "name": name });
        id(&t.made(editor, "terms", term).await)
    };
    let brewing = term("blog_category", "Brewing").await;
    let weekend = term("blog_tag", "Weekend").await;
    let kettles = term("product_category", "Kettles").await;
    let steel = term("product_tag", "Steel").await;
    let red = term("product_attribute", "Red").await;
    let repairs = term("service_category", "Repairs").await;
    let hero = json!([{ "type": "hero", "heading": "Come and see", "text": "On Sunday." }]);
    let contents = [
        json!({ "content_type": "post", "title": "Tea at noon", "terms": [brewing, weekend], "author": "The shop" }),
        json!({ "content_type": "post", "content_structure": "general", "title": "By the sea", "terms": [brewing] }),
        json!({ "content_type": "page", "title": "Delivery" }),
        json!({ "content_type": "page", "content_structure": "landing_page", "title": "Open day", "body": "", "blocks": hero }),
        json!({ "content_type": "page", "page_role": "home", "title": "The kettle shop" }),
        json!({ "content_type": "page", "page_role": "about", "title": "About us" }),
        json!({ "content_type": "page", "page_role": "contact", "title": "Contact" }),
        json!({
            "content_type": "product", "title": "Red kettle", "terms": [kettles, steel, red],
            "entity": { "price": "49.90", "currency": "EUR", "availability": "in_stock", "brand": "Example" },
            "attributes": [{ "name": "Volume", "value": "1 litre" }],
        }),
        json!({
            "content_type": "service", "title": "Kettle repair", "terms": [repairs],
            "entity": { "area": "Porto" }, "faq": [{ "question": "How long?", "answer": "A *day*." }],
        }),
        json!({ "content_type": "taxonomy", "content_structure": "category_archive", "title": "All of brewing", "terms": [brewing] }),
        json!({ "content_type": "taxonomy", "content_structure": "tag_archive", "title": "For weekends", "terms": [weekend] }),
        json!({ "content_type": "taxonomy", "content_structure": "category_archive", "title": "All kettles", "terms": [kettles] }),
        json!({ "content_type": "taxonomy", "content_structure": "attribute_archive", "title": "Red things", "terms": [red] }),
    ];
    let mut ids = Vec::new();
    for content in contents {
        let mut body = json!({ "body": "Some words about it.", "excerpt": "What it is.", "cluster": cluster });
        body.as_object_mut()
            .unwrap()
            .extend(content.as_object().unwrap().clone());
        ids.push(id(&t.made(editor, "content", body).await));
    }
    // The other structures are told by their data alone.
    let others = [
        ("post", "guide", "Article"),
        ("post", "comparison", "Article"),
        ("post", "review", "Article"),
        ("post", "listicle", "Article"),
        ("page", "guide", "Article"),
        ("page", "business_page", "WebPage"),
        ("page", "cluster_hub", "WebPage"),
        ("service", "service_page", "Service"),
    ];
    let mut addresses = Vec::new();
    for (content_type, structure, _) in others {
        let body = json!({
            "content_type": content_type, "content_structure": structure, "title": format!("A {content_type}: {structure}"),
            "body": "Some words about it.", "excerpt": "What it is.", "cluster": cluster, "terms": [brewing],
            "entity": if content_type == "service" { json!({ "area": "Porto" }) } else { json!({}) },
        });
        let made = t.made(editor, "content", body).await;
        addresses.push(made["path"].as_str().unwrap().to_owned());
        ids.push(id(&made));
    }
    // Nothing is missing, so an editor publishes all of it.
    let publish = json!({ "action": "status", "status": "published", "ids": ids });
    let done = t.ask("content/bulk", publish).await;
    assert_eq!(
        (&done["done"], &done["failed"]),
        (&json!(ids.len()), &json!(0)),
        "{done}"
    );
    w.run_jobs().await;
    t.live().await;

    let kinds: [Kind; 18] = [
        ("/blog/tea-at-noon/", "post", "Tea at noon", &["WebPage", "Article"]),
        ("/blog/by-the-sea/", "post", "By the sea", &["WebPage", "BlogPosting"]),
        ("/delivery/", "page", "Delivery", &["WebPage"]),
        ("/open-day/", "custom", "Come and see", &["WebPage"]),
        ("/", "home", "The kettle shop", &["WebPage", "WebSite", "Organization"]),
        ("/about-us/", "about", "About us", &["AboutPage"]),
        ("/contact/", "contact", "Contact", &["ContactPage"]),
        (
            "/shop/red-kettle/",
            "product-page",
            "Red kettle",
            &["ItemPage", "Product"],
        ),
        (
            "/services/kettle-repair/",
            "service-page",
            "Kettle repair",
            &["WebPage", "Service", "FAQPage"],
        ),
        (
            "/categories/brewing/",
            "list term-list category-list",
            "All of brewing",
            &["CollectionPage", "ItemList"],
        ),
        (
            "/tags/weekend/",
            "list term-list tag-list",
            "For weekends",
            &["CollectionPage", "ItemList"],
        ),
        (
            "/shop/category/kettles/",
            "list term-list shop-category",
            "All kettles",
            &["CollectionPage", "ItemList"],
        ),
        (
            "/shop/tag/steel/",
            "list term-list tag-list",
            "Steel",
            &["CollectionPage", "ItemList"],
        ),
        (
            "/shop/attribute/red/",
            "list term-list attribute-list",
            "Red things",
            &["CollectionPage", "ItemList"],
        ),
        (
            "/services/category/repairs/",
            "list term-list service-category",
            "Repairs",
            &["CollectionPage", "ItemList"],
        ),
        ("/blog/", "list blog-list", "Blog", &["CollectionPage", "ItemList"]),
        ("/shop/", "list products-list", "Shop", &["CollectionPage", "ItemList"]),
        (
            "/services/",
            "list services-list",
            "Services",
            &["CollectionPage", "ItemList"],
        ),
    ];
    let mut templates = BTreeSet::new();
    for (path, template, heading, types) in kinds {
        let page = t.visit(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!((page.template(), page.only("h1")), (template, heading), "{path}");
        assert_eq!(page.canonical(), format!("https://shop.example{path}"));
        for kind in types {
            page.node(kind);
        }
        templates.insert(template);
    }
    assert_eq!(
        templates.len(),
        16,
        "two kinds of posts share one, and two kinds of tags: {templates:?}"
    );
    for ((_, structure, kind), path) in others.iter().zip(&addresses) {
        let page = t.visit(path).await;
        assert_eq!(page.status, 200, "{path}");
        page.node(kind);
        let is_article = page.graph().iter().any(|node| node["@type"] == "Article");
        assert_eq!(is_article, *kind == "Article", "{structure}");
    }

    let product = t.visit("/shop/red-kettle/").await;
    let node = product.node("Product");
    assert_eq!(
        (
            &node["offers"]["price"],
            &node["offers"]["priceCurrency"],
            &node["offers"]["availability"],
            &node["brand"]["name"],
            &node["additionalProperty"][0]["value"],
        ),
        (
            &json!("49.90"),
            &json!("EUR"),
            &json!("https://schema.org/InStock"),
            &json!("Example"),
            &json!("1 litre")
        ),
        "{node}"
    );
    assert!(product.links_to("/shop/category/kettles/") && product.links_to("/shop/attribute/red/"));
    let service = t.visit("/services/kettle-repair/").await;
    assert_eq!(service.node("Service")["areaServed"], "Porto");
    let answer = &service.node("FAQPage")["mainEntity"][0]["acceptedAnswer"]["text"];
    assert_eq!(answer, "A day.");
    let post = t.visit("/blog/tea-at-noon/").await.node("Article");
    assert_eq!(post["author"]["name"], "The shop", "{post}");
    let listed = t.visit("/shop/category/kettles/").await.node("ItemList");
    assert_eq!(
        listed["itemListElement"][0]["url"],
        "https://shop.example/shop/red-kettle/"
    );
    // A text about a term stands at the term's address, and its own leads there.
    let own = t.visit("/all-of-brewing/").await;
    assert_eq!((own.status, own.location.as_str()), (301, "/categories/brewing/"));
}

const GERMAN: &str = "Gute Ergebnisse kommen von kleinen Schritten. Zuerst schaut man, was da ist, und dann, was fehlt. Danach \
    schreibt man beides auf. Wasser, Zeit und Wärme zählen mehr als jedes Gerät. Man ändert immer nur eine Sache, damit man \
    weiß, was geholfen hat. Was gut ist, bleibt, und der Rest kommt weg. Nach einer Woche ist das Neue leicht und kostet \
    nichts. Am besten probiert es auch ein anderer aus, denn zwei sehen mehr als einer.";

#[tokio::test]
async fn a_german_site_is_written_in_german() {
    let w = World::new().await;
    let t = Trip::new(&w, "waerme.example", json!({ "language": "de" })).await;
    let heat = subject(
        "wärmepumpe",
        &[
            "beste ~",
            "~ vergleich",
            "wie funktioniert eine ~",
            "~ kosten",
            "~ förderung",
            "~ altbau",
            "~ lautstärke",
            "~ wartung",
        ],
    );
    let sun = subject(
        "solaranlage",
        &[
            "~ speicher",
            "~ reinigen",
            "~ mieten",
            "~ balkon",
            "~ größe",
            "~ ertrag",
        ],
    );
    let (_, category, ideas) = t.planned(&[heat, sun].concat()).await;
    for idea in &ideas {
        let brief = idea["brief"].as_str().unwrap();
        assert!(
            brief.starts_with("Zielt auf „") && brief.contains("(Suchen im Monat: "),
            "{idea}"
        );
    }
    let drafts = t.drafted(&[&ideas[0]]).await;
    assert_carried(&drafts[0]);
    let draft = &drafts[0].content;
    let content = id(draft);
    assert_eq!(draft["language"], "de", "{draft}");
    assert!(
        draft["body"].as_str().unwrap().contains("> ✎ Dies ist ein Entwurf"),
        "{draft}"
    );
    // Marks are spelled out where the title has any.
    let (slug, title) = (draft["slug"].as_str().unwrap(), draft["title"].as_str().unwrap());
    assert!(slug.is_ascii(), "{slug}");
    assert_eq!(
        title.contains("ärmepumpe"),
        slug.contains("aermepumpe"),
        "{title}: {slug}"
    );
    t.mend(&content, GERMAN, "").await;

    let report = t.get(&format!("content/{content}/score")).await;
    for scored in ["reading_ease", "passive_voice", "transition_words", "sentence_length"] {
        assert_ne!(
            check(&report, scored)["light"],
            "not_scored",
            "{}",
            check(&report, scored)
        );
    }
    let ease = &check(&report, "reading_ease")["measured"];
    assert_eq!(ease["unit"], "reading_ease", "{ease}");
    let in_slug = check(&report, "keyword_in_slug");
    assert_eq!(in_slug["light"], "green", "{in_slug}");

    // By hand: whatever is typed finds it.
    let made = json!({ "content_type": "post", "title": "Über Öl und Wärme", "body": "Ein Text über Straßen." });
    let made = t.made(&w.a.editor, "content", made).await;
    assert_eq!(made["path"], "/blog/ueber-oel-und-waerme/", "{made}");
    for (search, found) in [
        ("%C3%BCber", true),
        ("%C3%96L", true),
        ("stra%C3%9Fen", true),
        ("schnee", false),
    ] {
        let list = t.list(&format!("content?search={search}")).await;
        assert_eq!(list.iter().any(|row| row["id"] == made["id"]), found, "{search}");
    }

    t.publish(&content).await;
    w.run_jobs().await;
    t.live().await;
    let page = t.visit(draft["path"].as_str().unwrap()).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.of("html", ("dir", "ltr"), "lang"), "de");
    assert_eq!(page.only("h1"), title);
    assert_eq!(page.node("WebPage")["inLanguage"], "de");
    assert!(page.text.contains("Gute Ergebnisse kommen von kleinen Schritten"));
    let archive = format!("/categories/{}/", category["slug"].as_str().unwrap());
    assert!(archive.is_ascii(), "{archive}");
    assert!(t.visit(&archive).await.links_to(draft["path"].as_str().unwrap()));
}

const TURKISH: &str = "İyi sonuçlar küçük adımlarla gelir. Önce elinizde ne olduğuna bakın, sonra eksikleri yazın. Su, zaman ve \
    sıcaklık her araçtan daha önemlidir. Her seferinde tek bir şeyi değiştirin ki neyin işe yaradığını bilesiniz. İşe yarayanı \
    koruyun, gerisini bırakın. Bir hafta sonra doğru alışkanlık yanlıştan daha kolaydır ve hiçbir şeye mal olmaz. Başka birine \
    de denetin, çünkü iki kişi tek kişiden daha çok şey fark eder.";

#[tokio::test]
async fn a_turkish_site_is_written_in_turkish() {
    let w = World::new().await;
    let t = Trip::new(&w, "isi.example", json!({ "language": "tr" })).await;
    let heat = subject(
        "ısı pompası",
        &[
            "en iyi ~",
            "istanbul ~",
            "~ nedir",
            "~ fiyatları",
            "~ bakımı",
            "~ kurulumu",
            "~ elektrik tüketimi",
            "~ yorumları",
        ],
    );
    let sun = subject(
        "güneş paneli",
        &[
            "~ kurulumu",
            "~ temizliği",
            "~ ömrü",
            "~ verimi",
            "~ ölçüleri",
            "balkon ~",
        ],
    );
    let (_, _, ideas) = t.planned(&[heat, sun].concat()).await;
    for idea in &ideas {
        // There are no sentences for it in this language, so it says the keywords alone.
        let primary = idea["primary_keyword"]["text"].as_str().unwrap();
        let brief = idea["brief"].as_str().unwrap();
        assert!(brief.starts_with(&format!("“{primary}”")), "{idea}");
    }
    let drafts = t.drafted(&[&ideas[0]]).await;
    assert_carried(&drafts[0]);
    let draft = &drafts[0].content;
    let content = id(draft);
    assert_eq!(draft["language"], "tr", "{draft}");
    let (slug, title) = (draft["slug"].as_str().unwrap(), draft["title"].as_str().unwrap());
    assert!(slug.is_ascii() && !slug.is_empty(), "{title}: {slug}");
    // There are no words for what to write in this language, so its notes say none of another.
    let body = draft["body"].as_str().unwrap();
    assert!(body.contains("> ✎ …") && !body.contains("This "), "{body}");
    t.mend(&content, TURKISH, "").await;
    let report = t.get(&format!("content/{content}/score")).await;
    let ease = check(&report, "reading_ease");
    assert_eq!(
        (&ease["light"], &ease["weight"], &ease["mend"]["key"]),
        (&json!("not_scored"), &json!(0.0), &json!("language_without_rules")),
        "{ease}"
    );
    let in_slug = check(&report, "keyword_in_slug");
    assert_eq!(in_slug["light"], "green", "{in_slug}");

    let made = json!({ "content_type": "post", "title": "İstanbul'da IŞIK ve ısı", "body": "Kısa bir yazı." });
    let made = t.made(&w.a.editor, "content", made).await;
    assert_eq!(made["path"], "/blog/istanbul-da-isik-ve-isi/", "{made}");
    // "istanbul", "İSTANBUL", "ışık", "IŞIK", "ısı", "ISI", "kısa".
    for (search, found) in [
        ("istanbul", true),
        ("%C4%B0STANBUL", true),
        ("%C4%B1%C5%9F%C4%B1k", true),
        ("I%C5%9EIK", true),
        ("%C4%B1s%C4%B1", true),
        ("ISI", true),
        ("k%C4%B1sa", true),
        ("kar", false),
    ] {
        let list = t.list(&format!("content?search={search}")).await;
        assert_eq!(list.iter().any(|row| row["id"] == made["id"]), found, "{search}");
    }

    t.publish(&content).await;
    w.run_jobs().await;
    t.live().await;
    let page = t.visit(draft["path"].as_str().unwrap()).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.of("html", ("dir", "ltr"), "lang"), "tr");
    assert_eq!(page.only("h1"), title);
    assert_eq!(page.node("WebPage")["inLanguage"], "tr");
    assert!(page.text.contains("İyi sonuçlar küçük adımlarla gelir."));
}

#[tokio::test]
async fn a_page_of_a_further_language_leaves_a_redirect_where_it_was() {
    let w = World::new().await;
    let t = Trip::new(&w, "pier.example", json!({ "languages": ["en", "de"] })).await;
    let post = json!({ "content_type": "post", "title": "Erster", "body": "Ein Text.", "language": "de" });
    let post = id(&t.made(&w.a.editor, "content", post).await);
    t.force(std::slice::from_ref(&post)).await;
    w.run_jobs().await;
    assert_eq!(t.visit("/de/blog/erster/").await.status, 200);
    let rest = format!("content/{post}");
    let moved = t.change(&rest, json!({ "slug": "zweiter" })).await;
    assert_eq!(moved["aliases"], json!(["/de/blog/erster/"]), "{moved}");
    w.run_jobs().await;
    let old = t.visit("/de/blog/erster/").await;
    assert_eq!((old.status, old.location.as_str()), (301, "/de/blog/zweiter/"));
    assert_eq!(t.visit("/blog/erster/").await.status, 404, "it never stood there");
    // Said to be English after all, it moves again.
    let moved = t.change(&rest, json!({ "language": "en" })).await;
    assert_eq!(
        moved["aliases"],
        json!(["/de/blog/erster/", "/de/blog/zweiter/"]),
        "{moved}"
    );
    w.run_jobs().await;
    t.live().await;
    assert_eq!(t.visit("/blog/zweiter/").await.status, 200);
    for old in ["/de/blog/erster/", "/de/blog/zweiter/"] {
        let old = t.visit(old).await;
        assert_eq!((old.status, old.location.as_str()), (301, "/blog/zweiter/"));
    }
}

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
