//! Keywords: plan limits, the catalogue, coverage, what is deleted.

use crate::keyword_files::{all, counts, id, import, keywords, made, plan, sector};
use igny8_data::{Variables, Why};
use igny8_server::testing::World;
use serde_json::{Value, json};

#[tokio::test]
async fn a_plan_bounds_keywords_sites_and_members() {
    let w = World::new().await;
    let here = sector(&w).await;
    let list = keywords(&w);
    // The free plan: 1,000 keywords, 1 site, 2 members, 2 sectors.
    plan(&w, "free").await;
    let many: String = (0..998).map(|n| format!("keyword {n}\n")).collect();
    let report = import(&w, &here, "", many.as_bytes()).await;
    assert_eq!(counts(&report), [998, 0, 0, 0], "{report}");
    let more = "one more\ntwo more\nthree more\nfour more\nkeyword 1\n";
    let dry = import(&w, &here, "&dry_run=true", more.as_bytes()).await;
    assert_eq!(counts(&dry), [2, 0, 1, 2], "{dry}");
    let report = import(&w, &here, "", more.as_bytes()).await;
    assert_eq!(counts(&report), [2, 0, 1, 2], "{report}");
    assert_eq!(
        (&report["reasons"][0], report["problems"].as_array().unwrap().len()),
        (&json!({ "code": "plan_limit", "count": 2 }), 2),
        "{report}"
    );
    let one = |n: usize| json!({ "sector": here, "text": format!("typed {n}") });
    let (status, problem) = w.post(&w.a.editor, &list, one(0)).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (422, &json!("plan_limit")),
        "{problem}"
    );
    assert!(
        problem["detail"].as_str().unwrap().contains("1000 keywords"),
        "{problem}"
    );

    // A place becomes free, and many want it.
    let (_, page) = w.get(&w.a.editor, &format!("{list}?limit=1")).await;
    let gone = format!("{list}/{}", id(&page["items"][0]));
    let rev = 1;
    assert_eq!(w.delete(&w.a.editor, &gone, rev).await.0, 204);
    let tries = (1..7).map(|n| w.post(&w.a.editor, &list, one(n)));
    let answers = futures_util::future::join_all(tries).await;
    let made = answers.iter().filter(|(status, _)| *status == 201).count();
    assert_eq!(made, 1, "{answers:?}");
    let (status, problem) = w.post(&w.a.editor, &format!("{gone}/restore"), json!({})).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (422, &json!("plan_limit")),
        "{problem}"
    );
    let body = json!({ "action": "restore", "ids": [id(&page["items"][0])] });
    let (_, bulk) = w.post(&w.a.editor, &format!("{list}/bulk"), body).await;
    assert_eq!(bulk["results"][0]["code"], "plan_limit", "{bulk}");
    let body = json!({ "sector": here, "industry": "bicycles" });
    let (status, problem) = w.post(&w.a.editor, &format!("{list}/add-to-workflow"), body).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (422, &json!("plan_limit")),
        "{problem}"
    );

    // The account has two sites and four members already.
    let site = json!({ "name": "Third", "site_type": "blog" });
    let (status, problem) = w.post(&w.a.owner, "/sites", site.clone()).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (422, &json!("plan_limit")),
        "{problem}"
    );
    let guest = |n: usize| json!({ "email": format!("guest{n}@a.example"), "name": "Guest", "role": "viewer" });
    let (status, problem) = w.post(&w.a.owner, "/invitations", guest(0)).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (422, &json!("plan_limit")),
        "{problem}"
    );
    let sectors = format!("/sites/{}/sectors", w.a.sites[0]);
    assert_eq!(w.post(&w.a.owner, &sectors, json!({ "name": "Second" })).await.0, 201);
    let (status, problem) = w.post(&w.a.owner, &sectors, json!({ "name": "Third" })).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (422, &json!("plan_limit")),
        "{problem}"
    );

    // Three sites and five members: one more of each, once, whoever is first.
    plan(&w, "starter").await;
    let sites = (0..4).map(|n| {
        w.post(
            &w.a.owner,
            "/sites",
            json!({ "name": format!("New {n}"), "site_type": "blog" }),
        )
    });
    let answers = futures_util::future::join_all(sites).await;
    assert_eq!(
        answers.iter().filter(|(status, _)| *status == 201).count(),
        1,
        "{answers:?}"
    );
    let guests = (0..4).map(|n| w.post(&w.a.owner, "/invitations", guest(n)));
    let answers = futures_util::future::join_all(guests).await;
    assert_eq!(
        answers.iter().filter(|(status, _)| *status == 201).count(),
        1,
        "{answers:?}"
    );
    // The larger plan has room for keywords at once.
    assert_eq!(w.post(&w.a.editor, &list, one(99)).await.0, 201);

    // A deleted site makes room, and takes it again when it comes back.
    let (_, spare) = w.get(&w.a.owner, "/sites?search=new").await;
    let path = format!("/sites/{}", id(&spare["items"][0]));
    assert_eq!(w.delete(&w.a.owner, &path, 1).await.0, 204);
    assert_eq!(w.post(&w.a.owner, "/sites", site).await.0, 201);
    assert_eq!(w.post(&w.a.owner, &format!("{path}/restore"), json!({})).await.0, 422);
}

#[tokio::test]
async fn seed_keywords_of_the_catalogue() {
    let w = World::new().await;
    let here = sector(&w).await;
    let (status, page) = w
        .get(
            &w.a.viewer,
            "/seed-keywords?industry=bicycles&industry_sector=bike-fitting&with_total=true&limit=4",
        )
        .await;
    assert_eq!(
        (status.as_u16(), page["items"].as_array().unwrap().len()),
        (200, 4),
        "{page}"
    );
    let total = page["total"].as_u64().unwrap();
    let next = page["next"].as_str().unwrap();
    let (_, rest) = w
        .get(
            &w.a.viewer,
            &format!("/seed-keywords?industry=bicycles&industry_sector=bike-fitting&limit=200&cursor={next}"),
        )
        .await;
    assert_eq!(rest["items"].as_array().unwrap().len() as u64, total - 4);
    assert_eq!(
        w.get(&w.a.viewer, &format!("/seed-keywords?cursor={next}")).await.0,
        422
    );
    for (filter, field, value) in [
        ("intent=commercial", "intent", "commercial"),
        ("search=KNEE", "text", "knee pain cycling"),
    ] {
        let (_, page) = w
            .get(&w.a.viewer, &format!("/seed-keywords?industry=bicycles&{filter}"))
            .await;
        let items = page["items"].as_array().unwrap();
        assert!(!items.is_empty() && items.iter().all(|k| k[field] == value), "{page}");
    }
    let (_, none) = w.get(&w.a.viewer, "/seed-keywords?min_volume=99999999").await;
    assert_eq!(none["items"], json!([]));

    let take = format!("{}/add-to-workflow", keywords(&w));
    w.post(
        &w.a.editor,
        &keywords(&w),
        json!({ "sector": here, "text": "Bike Fit COST", "volume": 5 }),
    )
    .await;
    let chosen = json!({ "sector": here, "industry": "bicycles", "industry_sector": "bike-fitting", "keywords": ["bike fit cost", "handlebar width"] });
    let (status, taken) = w.post(&w.a.editor, &take, chosen.clone()).await;
    assert_eq!(
        (status.as_u16(), &taken),
        (200, &json!({ "added": 1, "known": 1 })),
        "{taken}"
    );
    let rows = all(&w).await;
    assert_eq!(
        (&rows[0]["text"], &rows[0]["volume"]),
        (&json!("Bike Fit COST"), &json!(5)),
        "{rows:#?}"
    );
    let body = json!({ "sector": here, "industry": "bicycles", "industry_sector": "bike-fitting" });
    let (_, taken) = w.post(&w.a.editor, &take, body.clone()).await;
    assert_eq!(taken, json!({ "added": total - 2, "known": 2 }));
    assert_eq!(
        w.post(&w.a.editor, &take, body.clone()).await.1,
        json!({ "added": 0, "known": total })
    );
    for (key, value, field) in [
        ("industry", json!("nothing"), "industry"),
        ("industry_sector", json!("nothing"), "industry_sector"),
        ("keywords", json!(["knee pain cycling", "nothing"]), "keywords.1"),
        ("sector", json!("sect_01jz8k3v5n6q7r8s9t0v1w2x3y"), "sector"),
    ] {
        let mut body = body.clone();
        body[key] = value;
        let (status, problem) = w.post(&w.a.editor, &take, body).await;
        assert_eq!(
            (status.as_u16(), &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{problem}"
        );
    }
    assert_eq!(w.post(&w.a.viewer, &take, chosen.clone()).await.0, 403);
    assert_eq!(w.post(&w.b.owner, &take, chosen).await.0, 404);
}

#[tokio::test]
async fn options_coverage_and_matrix() {
    let w = World::new().await;
    let here = sector(&w).await;
    let site = w.a.sites[0];
    let clusters = format!("/sites/{site}/clusters");
    let brewing = made(&w, &clusters, json!({ "sector": here, "name": "Brewing" })).await;
    let empty = made(&w, &clusters, json!({ "sector": here, "name": "Empty" })).await;
    for (text, volume, cluster, intent) in [
        ("cold brew", 900, Some(&brewing), "informational"),
        ("cold brew ratio", 100, Some(&brewing), "informational"),
        ("coffee shop", 50, None, "transactional"),
    ] {
        let mut body = json!({ "sector": here, "text": text, "volume": volume, "intent": intent });
        if let Some(cluster) = cluster {
            body["cluster"] = json!(cluster);
        }
        made(&w, &keywords(&w), body).await;
    }
    let (status, options) = w.get(&w.a.viewer, &format!("{}/filter-options", keywords(&w))).await;
    assert_eq!(status, 200, "{options}");
    let sorted = |name: &str| {
        let mut values: Vec<String> = options[name]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_str().unwrap().to_owned())
            .collect();
        values.sort();
        values
    };
    assert_eq!(sorted("statuses"), ["mapped", "new"]);
    assert_eq!(sorted("intents"), ["informational", "transactional"]);
    assert_eq!(options["clusters"], json!([{ "id": brewing, "name": "Brewing" }]));
    assert_eq!(
        (&options["unassigned"], &options["disabled"], &options["max_volume"]),
        (&json!(true), &json!(false), &json!(900))
    );

    let terms = format!("/sites/{site}/terms");
    let term = |name: &str, clusters: Value| json!({ "taxonomy": "blog_category", "name": name, "clusters": clusters });
    let methods = made(&w, &terms, term("Methods", json!([brewing, empty]))).await;
    let beans = made(&w, &terms, term("Beans", json!([]))).await;
    made(&w, &terms, term("Unused", json!([]))).await;
    let content = json!({
        "content_type": "post", "title": "Ratios", "cluster": brewing, "cluster_role": "supporting",
        "primary_keyword": "Cold Brew Ratio", "terms": [methods, beans],
    });
    let post = made(&w, &format!("/sites/{site}/content"), content).await;

    let path = format!("{clusters}/{brewing}/coverage");
    let (status, coverage) = w.get(&w.a.viewer, &path).await;
    assert_eq!(status, 200, "{coverage}");
    let codes: Vec<&str> = coverage["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| w["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["no_hub", "few_supporting_pages", "top_keyword_uncovered"]);
    assert_eq!(
        (&coverage["covered"], &coverage["content"][0]["id"]),
        (&json!(1), &json!(post))
    );
    assert_eq!(
        (&coverage["keywords"][0]["text"], &coverage["keywords"][1]["primary_of"]),
        (&json!("cold brew"), &json!([post])),
        "{coverage}"
    );
    assert_eq!(w.get(&w.b.owner, &path).await.0, 404);

    let (status, matrix) = w.get(&w.a.viewer, &format!("{clusters}/matrix")).await;
    assert_eq!(status, 200, "{matrix}");
    let names = |list: &str| {
        matrix[list]
            .as_array()
            .unwrap()
            .iter()
            .map(|x| x["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (names("clusters"), names("terms")),
        (
            vec!["Brewing".into(), "Empty".into()],
            vec!["Beans".into(), "Methods".to_owned()]
        )
    );
    let cell = |cluster: &str, term: &str| {
        let found = matrix["cells"]
            .as_array()
            .unwrap()
            .iter()
            .find(|c| c["cluster"] == cluster && c["term"] == term);
        found.map(|c| (c["content"].as_u64().unwrap(), c["linked"].as_bool().unwrap()))
    };
    assert_eq!(cell(&brewing, &methods), Some((1, true)));
    assert_eq!(cell(&brewing, &beans), Some((1, false)));
    assert_eq!(cell(&empty, &methods), Some((0, true)), "a hole");
    assert_eq!(cell(&empty, &beans), None);
    assert_eq!(w.get(&w.b.owner, &format!("{clusters}/matrix")).await.0, 404);
}

#[tokio::test]
async fn deleted_keywords_are_purged_and_forgotten() {
    let w = World::new().await;
    let (site, sector) = (format!("/sites/{}", w.a.sites[0]), sector(&w).await);
    let keyword = async |text: &str| made(&w, &keywords(&w), json!({ "sector": sector, "text": text })).await;
    let (kept, gone) = (keyword("cold brew").await, keyword("cold brew ratio").await);
    let idea = json!({ "title": "Cold brew", "sector": sector, "primary_keyword": kept, "secondary_keywords": [gone] });
    let idea = made(&w, &format!("{site}/ideas"), idea).await;
    assert_eq!(
        w.delete(&w.a.owner, &format!("{}/{gone}", keywords(&w)), 1).await.0,
        204
    );
    // As if the idea had been saved in the very moment of the deletion.
    let platform = w.app.db.platform(Why::Operator);
    let sql = "UPDATE idea SET secondary_keywords = (SELECT VALUE id FROM keyword WHERE deleted_at IS NOT NONE);";
    platform.query(sql, Variables::new(), "testing").await.unwrap();
    let count = async |sql: &str| {
        let mut answer = platform.query(sql, Variables::new(), "testing").await.unwrap();
        answer.rows::<igny8_data::Value>(0).unwrap().len()
    };
    let named = "SELECT VALUE id FROM idea WHERE array::len(secondary_keywords) > 0;";
    let stored = "SELECT VALUE id FROM keyword;";
    for (days, left) in [(29, 1), (2, 0)] {
        w.clock.advance(chrono::Duration::days(days));
        igny8_server::jobs::purge::deleted(w.app.clone()).await.unwrap();
        assert_eq!((count(stored).await, count(named).await), (1 + left, left), "{idea}");
    }
}
