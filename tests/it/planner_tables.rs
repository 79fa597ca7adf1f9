//! Clusters and ideas as CSV files, out and in again.

use crate::views::{Plan, counts, id, texts};
use serde_json::{Value, json};

#[tokio::test]
async fn tables_of_clusters_come_back_unchanged() {
    let p = Plan::new().await;
    let recommended = json!({ "terms": ["a|b", "c"], "attributes": [{ "name": "size=x", "value": "1 \\ 2" }], "primary_keyword": "cold brew" });
    let top = p
        .cluster(
            "=SUM(A1)",
            json!({ "locked": true, "recommendations": recommended, "description": "Two\nlines, \"quoted\"" }),
        )
        .await;
    p.cluster(
        "Below",
        json!({ "parent": top, "role": "attribute", "context_type": "service_line" }),
    )
    .await;
    let text = p.export("clusters").await;
    assert!(text.contains("\"'=SUM(A1)\""), "no formula: {text}");
    let report = p.import("clusters/import", &text).await;
    assert_eq!(counts(&report), [0, 0, 2, 0], "{report}");
    // Elsewhere it makes the same clusters, whatever the order of its rows.
    let other = p.made("sectors", json!({ "name": "Tea" })).await;
    let (head, rows) = text.split_once("\r\n").unwrap();
    let moved = format!("{head}\r\n{}", rows.replace("\"coffee\"", "\"tea\""));
    let report = p.import("clusters/import?dry_run=true", &moved).await;
    assert_eq!(
        (counts(&report), p.names("clusters").await.len()),
        ([2, 0, 0, 0], 2),
        "{report}"
    );
    let report = p.import("clusters/import", &moved).await;
    assert_eq!(counts(&report), [2, 0, 0, 0], "{report}");
    let made = p.get(&format!("clusters?sector={other}&sort=name")).await;
    let (one, two) = (&made["items"][0], &made["items"][1]);
    assert_eq!(
        (&one["name"], &two["parent"]),
        (&json!("=SUM(A1)"), &one["id"]),
        "{made}"
    );
    assert_eq!((&one["recommendations"], &one["locked"]), (&recommended, &json!(true)));
    assert_eq!(one["description"], "Two\nlines, \"quoted\"");
    assert_eq!(counts(&p.import("clusters/import", &moved).await), [0, 0, 2, 0]);

    // What is wrong is said, the rest goes in; what has no column stays.
    let sector = &p.sector;
    let table =
        "Name;Role;Parent\nBelow;supporting;\nNew;hub;Below\nBad;boss;\nLost;hub;Nobody\nnew;hub;\nbelow;hub;New\n";
    let report = p.import(&format!("clusters/import?sector={sector}"), table).await;
    assert_eq!(counts(&report), [1, 1, 0, 4], "{report}");
    assert_eq!(
        texts(&report["problems"], "field"),
        ["role", "name", "name", "parent"],
        "{report}"
    );
    assert_eq!(report["problems"][0]["line"], 4, "{report}");
    let below = p.get(&format!("clusters?sector={sector}&search=below")).await;
    let below = &below["items"][0];
    assert_eq!(
        (&below["role"], &below["context_type"], &below["parent"]),
        (&json!("supporting"), &json!("service_line"), &Value::Null),
        "{below}"
    );
    let circle = p
        .import(&format!("clusters/import?sector={sector}"), "name,parent\nBelow,New\n")
        .await;
    assert_eq!(
        (counts(&circle), &circle["problems"][0]["field"]),
        ([0, 0, 0, 1], &json!("parent")),
        "{circle}"
    );
    for (member, status) in [(&p.w.a.viewer, 403), (&p.w.b.owner, 404)] {
        assert_eq!(p.import_as(member, "clusters/import", &text).await.0, status);
    }
    let (status, problem) = p.import_as(&p.w.a.editor, "clusters/import", "what\nis this\n").await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["field"]),
        (422, &json!("file")),
        "{problem}"
    );
}

#[tokio::test]
async fn tables_of_ideas_come_back_unchanged() {
    let p = Plan::new().await;
    let cluster = p.cluster("Brewing", json!({})).await;
    let (primary, other) = (
        p.keyword("cold brew", 900, Some(&cluster)).await,
        p.keyword("a | b", 5, Some(&cluster)).await,
    );
    let term = p
        .made("terms", json!({ "taxonomy": "blog_category", "name": "Methods" }))
        .await;
    let body = json!({
        "sector": p.sector, "title": "=HYPERLINK(1)", "brief": "Say\nmore.", "cluster": cluster, "cluster_role": "hub",
        "primary_keyword": primary, "secondary_keywords": [other], "terms": [term], "suggested_terms": ["x|y"],
        "attributes": [{ "name": "size=x", "value": "1 | 2" }, { "name": "colour", "value": "red" }],
        "content_type": "page", "content_structure": "guide", "word_count": 777,
        "outline": [{ "heading": "# One", "points": ["- a", "b"], "question": false }, { "heading": "Why?", "points": [], "question": true }],
    });
    let idea = p.made("ideas", body).await;
    p.made("ideas", json!({ "sector": p.sector, "title": "Second" })).await;
    let bulk = p.bulk("ideas", json!({ "action": "queue", "ids": [idea] })).await;
    assert_eq!(bulk["done"], 1, "{bulk}");
    let before = p.get(&format!("ideas/{idea}")).await;
    let text = p.export("ideas").await;
    let report = p.import("ideas/import", &text).await;
    assert_eq!(counts(&report), [0, 0, 2, 0], "{report}");
    assert_eq!(p.get(&format!("ideas/{idea}")).await, before);

    // Without ids they are known by what they aim at, or by title.
    let (status, _) = p.w.delete(&p.w.a.owner, &format!("{}/ideas/{idea}", p.site), 2).await;
    assert_eq!(status, 204);
    let report = p.import("ideas/import", &text).await;
    assert_eq!(counts(&report), [1, 0, 1, 0], "{report}");
    let made = p.get("ideas?search=hyperlink").await;
    let made = &made["items"][0];
    for field in [
        "title",
        "brief",
        "outline",
        "cluster",
        "cluster_role",
        "primary_keyword",
        "secondary_keywords",
        "terms",
        "suggested_terms",
        "attributes",
        "content_type",
        "content_structure",
        "word_count",
    ] {
        assert_eq!(made[field], before[field], "{field}");
    }
    assert_eq!(
        (&made["status"], &made["task"]),
        (&json!("new"), &Value::Null),
        "only a task makes an idea queued"
    );
    assert_eq!(counts(&p.import("ideas/import", &text).await), [0, 0, 2, 0]);

    let table = "title,primary_keyword,word_count,cluster,terms\n\
                 Renamed,cold brew,900,Brewing,blog_category:methods\nA,nothing such,900,,\nB,,1,,\nC,,,Nowhere,\nD,,,,no_such:x\nE,,,,\n";
    let report = p.import(&format!("ideas/import?sector={}", p.sector), table).await;
    assert_eq!(counts(&report), [1, 1, 0, 4], "{report}");
    assert_eq!(
        texts(&report["problems"], "field"),
        ["primary_keyword", "word_count", "cluster", "terms"],
        "{report}"
    );
    let renamed = p.get(&format!("ideas/{}", id(made))).await;
    assert_eq!(
        (&renamed["title"], &renamed["brief"]),
        (&json!("Renamed"), &json!("Say\nmore.")),
        "{renamed}"
    );
    for (member, status) in [(&p.w.a.viewer, 403), (&p.w.b.owner, 404)] {
        assert_eq!(p.import_as(member, "ideas/import", &text).await.0, status);
    }
}
