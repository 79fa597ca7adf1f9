//! Every kind of page through the API: its address, its template, what its data says it is.

use std::collections::BTreeSet;

use igny8_server::testing::World;
use serde_json::json;

use crate::trip::{Trip, id};

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
