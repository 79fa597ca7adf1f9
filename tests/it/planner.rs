//! Keywords and clusters through the API.

use igny8_server::testing::World;
use serde_json::{Value, json};

fn id(value: &Value) -> &str {
    value["id"].as_str().expect("an id")
}

async fn sector(w: &World, site: usize, name: &str) -> String {
    let path = format!("/sites/{}/sectors", w.a.sites[site]);
    let (status, sector) = w.post(&w.a.owner, &path, json!({ "name": name })).await;
    assert_eq!(status, 201, "{sector}");
    id(&sector).to_owned()
}

#[tokio::test]
async fn the_life_of_a_keyword() {
    let w = World::new().await;
    let (here, other, elsewhere) = (
        sector(&w, 0, "Coffee").await,
        sector(&w, 0, "Tea").await,
        sector(&w, 1, "Far").await,
    );
    let list = format!("/sites/{}/keywords", w.a.sites[0]);
    let clusters = format!("/sites/{}/clusters", w.a.sites[0]);
    let (status, cluster) = w
        .post(&w.a.editor, &clusters, json!({ "sector": here, "name": "Brewing" }))
        .await;
    assert_eq!(status, 201, "{cluster}");

    let body =
        json!({ "sector": here, "text": "Cold  Brew", "volume": 900, "difficulty": 31, "intent": "informational" });
    let (status, keyword) = w.post(&w.a.editor, &list, body).await;
    assert_eq!(
        (status.as_u16(), &keyword["text"], &keyword["status"]),
        (201, &json!("Cold Brew"), &json!("new"))
    );
    let path = format!("{list}/{}", id(&keyword));
    for text in ["cold brew", " COLD\u{a0}BREW "] {
        let (status, problem) = w
            .post(&w.a.editor, &list, json!({ "sector": here, "text": text }))
            .await;
        assert_eq!(
            (status.as_u16(), &problem["errors"][0]["field"]),
            (409, &json!("text")),
            "{problem}"
        );
    }
    assert_eq!(
        w.post(&w.a.editor, &list, json!({ "sector": other, "text": "cold brew" }))
            .await
            .0,
        201
    );
    for (body, field) in [
        (json!({ "sector": elsewhere, "text": "x" }), "sector"),
        (
            json!({ "sector": other, "text": "x", "cluster": id(&cluster) }),
            "cluster",
        ),
        (json!({ "sector": here, "text": " " }), "text"),
        (json!({ "sector": here, "text": "x", "volume": -1 }), "volume"),
        (json!({ "sector": here, "text": "x", "difficulty": 101 }), "difficulty"),
    ] {
        let (status, problem) = w.post(&w.a.editor, &list, body).await;
        assert_eq!(
            (status.as_u16(), &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{problem}"
        );
    }
    for (who, status) in [(&w.b.owner, 404), (&w.a.viewer, 200)] {
        assert_eq!(w.get(who, &path).await.0, status);
    }
    assert_eq!(w.patch(&w.a.viewer, &path, 1, json!({ "volume": 1 })).await.0, 403);
    let (status, changed) = w
        .patch(&w.a.editor, &path, 1, json!({ "cluster": id(&cluster), "cpc": 1.5 }))
        .await;
    assert_eq!(
        (status.as_u16(), &changed["status"]),
        (200, &json!("mapped")),
        "{changed}"
    );
    assert_eq!(w.patch(&w.a.editor, &path, 1, json!({ "volume": 1 })).await.0, 412);
    assert_eq!(
        w.patch(&w.a.editor, &path, 2, json!({ "difficulty": null })).await.1["difficulty"],
        Value::Null
    );

    assert_eq!(w.delete(&w.a.editor, &path, 3).await.0, 204);
    let (status, again) = w
        .post(&w.a.editor, &list, json!({ "sector": here, "text": "cold brew" }))
        .await;
    assert_eq!(status, 201, "a deleted keyword can be added again: {again}");
    assert_eq!(w.post(&w.a.editor, &format!("{path}/restore"), json!({})).await.0, 409);
    assert_eq!(w.delete(&w.a.editor, &format!("{list}/{}", id(&again)), 1).await.0, 204);
    assert_eq!(w.post(&w.a.editor, &format!("{path}/restore"), json!({})).await.0, 200);
}

#[tokio::test]
async fn every_dotted_i_is_one_keyword() {
    let w = World::new().await;
    let here = sector(&w, 0, "Cities").await;
    let list = format!("/sites/{}/keywords", w.a.sites[0]);
    let add = async |text: &str| {
        let body = json!({ "sector": here, "text": text });
        w.post(&w.a.editor, &list, body).await.0.as_u16()
    };
    let sql = async |sql: &str| {
        let platform = w.app.db.platform(igny8_data::Why::Operator);
        platform.query(sql, Default::default(), "testing").await.unwrap();
    };
    assert_eq!(add("İstanbul turu").await, 201);
    for text in ["istanbul turu", "i\u{307}stanbul turu", "ISTANBUL TURU"] {
        assert_eq!(add(text).await, 409, "{text:?}");
    }
    assert_eq!(add("İzmir").await, 201);
    // As keys were made before, with a second row that they let in, and the migration again.
    sql("UPDATE keyword SET text_key = 'i\u{307}stanbul turu' WHERE text = 'İstanbul turu'").await;
    sql("UPDATE keyword SET text_key = 'i\u{307}zmir' WHERE text = 'İzmir'").await;
    assert_eq!(add("izmir").await, 201);
    let migrations = igny8_server::app::MIGRATIONS;
    let migration = migrations.iter().find(|m| m.name == "dotted_i").unwrap();
    for _ in 0..2 {
        sql(migration.sql).await;
    }
    for text in ["istanbul turu", "izmir"] {
        assert_eq!(add(text).await, 409, "{text:?}");
    }
    let (_, keywords) = w.get(&w.a.viewer, &list).await;
    assert_eq!(keywords["items"].as_array().unwrap().len(), 3, "{keywords}");
}

#[tokio::test]
async fn filters_sorts_and_bulk_of_keywords() {
    let w = World::new().await;
    let here = sector(&w, 0, "Coffee").await;
    let list = format!("/sites/{}/keywords", w.a.sites[0]);
    let (_, cluster) = w
        .post(
            &w.a.editor,
            &format!("/sites/{}/clusters", w.a.sites[0]),
            json!({ "sector": here, "name": "C" }),
        )
        .await;
    let mut ids = Vec::new();
    for n in 0..9 {
        let mut body = json!({ "sector": here, "text": format!("keyword {n}"), "volume": 100 * (n % 3) });
        if n % 2 == 0 {
            body["difficulty"] = json!(50);
            body["intent"] = json!("commercial");
        }
        ids.push(id(&w.post(&w.a.editor, &list, body).await.1).to_owned());
    }
    let total = async |filter: &str| {
        let (status, page) = w.get(&w.a.viewer, &format!("{list}?with_total=true&{filter}")).await;
        assert_eq!(status, 200, "{page}");
        assert_eq!(
            page["items"].as_array().unwrap().len() as u64,
            page["total"].as_u64().unwrap(),
            "{filter}"
        );
        page["total"].as_u64().unwrap()
    };
    for (filter, expected) in [
        ("", 9),
        ("min_volume=100", 6),
        ("min_volume=100&max_volume=100", 3),
        ("max_difficulty=50", 5),
        ("min_difficulty=51", 0),
        ("intent=commercial", 5),
        ("search=KEYWORD%203", 1),
        ("unassigned=true", 9),
        ("status=mapped", 0),
        ("disabled=true", 0),
    ] {
        assert_eq!(total(filter).await, expected, "{filter}");
    }
    for sort in [
        "created_at",
        "-created_at",
        "text",
        "-text",
        "volume",
        "-volume",
        "difficulty",
        "-difficulty",
    ] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let (status, page) = w.get(&w.a.viewer, &format!("{list}?limit=2&sort={sort}{cursor}")).await;
            assert_eq!(status, 200, "{page}");
            seen.extend(page["items"].as_array().unwrap().iter().map(|k| id(k).to_owned()));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let mut unique = seen.clone();
        unique.sort();
        unique.dedup();
        assert_eq!((seen.len(), unique.len()), (9, 9), "{sort}");
    }
    let (_, foreign) = w
        .post(
            &w.b.owner,
            &format!("/sites/{}/sectors", w.b.sites[0]),
            json!({ "name": "S" }),
        )
        .await;
    let body = json!({ "sector": id(&foreign), "text": "theirs" });
    let (_, theirs) = w
        .post(&w.b.owner, &format!("/sites/{}/keywords", w.b.sites[0]), body)
        .await;
    let body = json!({ "action": "assign_cluster", "cluster": id(&cluster), "ids": [ids[0], id(&theirs), ids[1]] });
    for kind in ["keywords", "ideas", "tasks", "content"] {
        let prefix = match kind {
            "keywords" => "kw",
            "ideas" => "idea",
            "tasks" => "task",
            _ => "cont",
        };
        let unsaid = json!({ "action": "assign_cluster", "ids": [format!("{prefix}_01jz8k3v5n6q7r8s9t0v1w2x3y")] });
        let path = format!("/sites/{}/{kind}/bulk", w.a.sites[0]);
        let (status, problem) = w.post(&w.a.editor, &path, unsaid).await;
        assert_eq!(
            (status.as_u16(), &problem["errors"][0]["field"]),
            (422, &json!("cluster")),
            "{kind}: {problem}"
        );
    }
    let (status, bulk) = w.post(&w.a.editor, &format!("{list}/bulk"), body.clone()).await;
    let (_, keyword) = w.get(&w.a.viewer, &format!("{list}/{}", ids[0])).await;
    assert_eq!(keyword["placed_by_hand"], true, "{keyword}");
    assert_eq!(
        (status.as_u16(), &bulk["done"], &bulk["results"][1]["code"]),
        (200, &json!(2), &json!("not_found")),
        "{bulk}"
    );
    assert_eq!(w.post(&w.a.viewer, &format!("{list}/bulk"), body).await.0, 403);
    assert_eq!(total("status=mapped").await, 2);
    for (body, filter, expected) in [
        (json!({ "action": "disable", "ids": ids }), "disabled=true", 9),
        (
            json!({ "action": "status", "status": "used", "ids": [ids[2]] }),
            "status=used",
            1,
        ),
        (json!({ "action": "delete", "ids": [ids[3], ids[4]] }), "", 7),
        (json!({ "action": "restore", "ids": [ids[3]] }), "", 8),
    ] {
        let (status, bulk) = w.post(&w.a.editor, &format!("{list}/bulk"), body).await;
        assert_eq!((status.as_u16(), &bulk["failed"]), (200, &json!(0)), "{bulk}");
        assert_eq!(total(filter).await, expected, "{filter}");
    }
}

#[tokio::test]
async fn clusters_and_their_numbers() {
    let w = World::new().await;
    let (here, elsewhere) = (sector(&w, 0, "Coffee").await, sector(&w, 1, "Far").await);
    let list = format!("/sites/{}/clusters", w.a.sites[0]);
    let (status, cluster) = w
        .post(&w.a.editor, &list, json!({ "sector": here, "name": "Cold brew" }))
        .await;
    assert_eq!(status, 201, "{cluster}");
    let path = format!("{list}/{}", id(&cluster));
    assert_eq!(
        w.post(&w.a.editor, &list, json!({ "sector": here, "name": "COLD  brew" }))
            .await
            .0,
        409
    );
    let (status, problem) = w
        .post(&w.a.editor, &list, json!({ "sector": elsewhere, "name": "X" }))
        .await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["field"]),
        (422, &json!("sector"))
    );
    let (_, child) = w
        .post(
            &w.a.editor,
            &list,
            json!({ "sector": here, "name": "Child", "parent": id(&cluster) }),
        )
        .await;
    let (status, problem) = w.patch(&w.a.editor, &path, 1, json!({ "parent": id(&child) })).await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["field"]),
        (422, &json!("parent")),
        "{problem}"
    );

    let keywords = format!("/sites/{}/keywords", w.a.sites[0]);
    for (text, volume, difficulty) in [
        ("cold brew", 900, Some(30)),
        ("cold brew ratio", 300, Some(20)),
        ("cold drip", 10, None),
    ] {
        let mut body = json!({ "sector": here, "text": text, "volume": volume, "cluster": id(&cluster) });
        if let Some(difficulty) = difficulty {
            body["difficulty"] = json!(difficulty);
        }
        let (status, keyword) = w.post(&w.a.editor, &keywords, body).await;
        assert_eq!(status, 201, "{keyword}");
    }
    let numbers = async || {
        let (_, page) = w.get(&w.a.viewer, &format!("{list}?sort=name&search=cold")).await;
        let c = &page["items"][0];
        (
            c["keyword_count"].clone(),
            c["total_volume"].clone(),
            c["mean_difficulty"].clone(),
            c["content_count"].clone(),
            c["gaps"].clone(),
        )
    };
    let gaps = json!(["no_hub", "few_supporting_pages", "top_keyword_uncovered"]);
    assert_eq!(numbers().await, (json!(3), json!(1210), json!(25.0), json!(0), gaps));
    let content = format!("/sites/{}/content", w.a.sites[0]);
    for (n, (role, keyword)) in [("hub", "Cold Brew"), ("supporting", "x"), ("supporting", "y")]
        .into_iter()
        .enumerate()
    {
        let body = json!({ "content_type": "post", "title": format!("P{n}"), "cluster": id(&cluster), "cluster_role": role, "primary_keyword": keyword });
        let (status, post) = w.post(&w.a.editor, &content, body).await;
        assert_eq!(status, 201, "{post}");
    }
    assert_eq!(
        numbers().await,
        (json!(3), json!(1210), json!(25.0), json!(3), json!([]))
    );

    for (who, status) in [(&w.b.owner, 404), (&w.a.viewer, 200)] {
        assert_eq!(w.get(who, &path).await.0, status);
    }
    assert_eq!(w.delete(&w.a.viewer, &path, 1).await.0, 403);
    let (status, problem) = w.delete(&w.a.editor, &path, 1).await;
    assert_eq!(status, 204, "{problem}");
    let (_, page) = w
        .get(
            &w.a.viewer,
            &format!("{keywords}?unassigned=true&status=new&with_total=true"),
        )
        .await;
    assert_eq!(page["total"], 3, "{page}");
    let (_, page) = w
        .get(
            &w.a.viewer,
            &format!("{content}?unassigned_cluster=true&with_total=true"),
        )
        .await;
    assert_eq!(page["total"], 3, "{page}");
    let (_, child) = w.get(&w.a.viewer, &format!("{list}/{}", id(&child))).await;
    assert_eq!(child["parent"], Value::Null);
    assert_eq!(w.post(&w.a.editor, &format!("{path}/restore"), json!({})).await.0, 200);
    let body = json!({ "action": "disable", "ids": [id(&cluster), "clus_01jz8k3v5n6q7r8s9t0v1w2x3y"] });
    let (_, bulk) = w.post(&w.a.editor, &format!("{list}/bulk"), body).await;
    assert_eq!(
        (&bulk["done"], &bulk["results"][1]["code"]),
        (&json!(1), &json!("not_found")),
        "{bulk}"
    );
}
