//! The wizard's steps: out of order, gone clusters, renamed terms, two people at once.

use igny8_builder::blueprint::{Blueprint, builtin};
use igny8_server::testing::{World, body_of};
use poem::http::Method;
use serde_json::{Value, json};

use crate::builder::{Plan, blog, business, company, status_of};
use crate::trip::{Trip, id};

fn reasons<'v>(plan: &'v Value, step: &str) -> Vec<&'v str> {
    let steps = plan["steps"].as_array().unwrap();
    let found = steps.iter().find(|of| of["step"] == step).unwrap();
    let reasons = found["reasons"].as_array().unwrap();
    reasons.iter().map(|of| of["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_step_says_what_is_missing() {
    let w = World::new().await;
    let t = Trip::new(&w, "plain.example", json!({})).await;
    let plan = Plan::begin(&t, json!({ "name": "First" })).await;
    let state = plan.get("").await;
    assert_eq!(
        (&state["state"], &state["step"]),
        (&json!("draft"), &json!("business_details"))
    );
    assert_eq!(status_of(&state, "business_details"), "in_progress");
    assert_eq!(
        reasons(&state, "business_details"),
        ["no_description", "no_audience", "no_brand"]
    );
    assert_eq!(status_of(&state, "sitemap"), "pending");

    // What the site says of itself counts for its plans.
    let mut settings = t.get("settings").await;
    settings["voice"] = json!({ "tone": "", "audience": "People in Leeds", "facts": [] });
    let (status, answer) = t.write(&w.a.admin, Method::PUT, "settings", "settings", settings).await;
    assert_eq!(status, 200, "{answer}");
    let state = plan.get("").await;
    assert_eq!(reasons(&state, "business_details"), ["no_description", "no_brand"]);

    // Out of order: each says what comes first.
    let (status, refused) = plan.send(&w.a.editor, "advance", json!({ "step": "coverage" })).await;
    assert_eq!((status, &refused["code"]), (422, &json!("step_blocked")), "{refused}");
    assert!(refused["errors"].as_array().unwrap().len() >= 4, "{refused}");
    assert!(
        refused["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("Business details"),
        "{refused}"
    );
    let input = json!({ "input": { "blueprint": plan.id } });
    let (status, refused) = w
        .post(&w.a.editor, &t.path("ai/generate_site_structure"), input.clone())
        .await;
    assert_eq!(
        (status.as_u16(), &refused["code"]),
        (422, &json!("steps_open")),
        "{refused}"
    );
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("The business is not described"),
        "{refused}"
    );
    let (status, refused) = w.post(&w.a.editor, &t.path("ai/generate_page"), input).await;
    assert_eq!(
        (status.as_u16(), &refused["code"]),
        (422, &json!("no_pages")),
        "{refused}"
    );
    let (status, refused) = plan.send(&w.a.editor, "hand-off", json!({ "to": "ideas" })).await;
    assert_eq!((status, &refused["code"]), (422, &json!("steps_open")), "{refused}");
    let (status, refused) = plan.send(&w.a.admin, "deploy", json!({})).await;
    assert_eq!((status, &refused["code"]), (422, &json!("steps_open")), "{refused}");

    let wrong = json!({ "blueprint": "castle" });
    let (status, refused) = w.post(&w.a.editor, &t.path("blueprints"), wrong).await;
    assert_eq!(
        (status.as_u16(), &refused["errors"][0]["field"]),
        (422, &json!("blueprint")),
        "{refused}"
    );
}

#[tokio::test]
async fn what_is_lost_re_opens_steps() {
    let w = World::new().await;
    let t = business(&w, &company()).await;
    let plan = Plan::begin(&t, json!({ "audience": "People in Leeds" })).await;
    plan.through().await;
    let before = plan.pages().await;

    // A cluster is deleted in the planner.
    let clusters = t.list("clusters?limit=200").await;
    let gone = &clusters[0];
    let path = format!("clusters/{}", id(gone));
    let (status, answer) = t.write(&w.a.editor, Method::DELETE, &path, &path, json!({})).await;
    assert_eq!(status, 204, "{answer}");
    let state = plan.get("").await;
    assert_eq!(state["state"], "business_details", "{state}");
    assert_eq!(status_of(&state, "clusters"), "in_progress");
    assert_eq!(reasons(&state, "clusters"), ["clusters_gone"]);
    assert_eq!(status_of(&state, "sitemap"), "blocked");
    let reopened = state["reopened"].as_array().unwrap();
    assert!(
        reopened
            .iter()
            .any(|of| of["step"] == "sitemap" && of["change"] == "cluster_deleted"),
        "{state}"
    );

    // Detach it, go on, plan anew: its pages are gone, the others are the same.
    plan.put("clusters", json!({ "detach_gone": true })).await;
    plan.advance("clusters").await;
    plan.advance("taxonomy").await;
    let told = plan.generate().await;
    assert!(told["removed"].as_i64() > Some(0), "{told}");
    let after = plan.pages().await;
    assert!(after.len() < before.len());
    assert!(after.iter().all(|page| page["cluster"] != gone["id"]));
    plan.advance("sitemap").await;
    plan.cover().await;
    let state = plan.advance("coverage").await;
    assert_eq!(state["state"], "coverage_validated");

    // All of it is in the history.
    let history = plan.get("history?limit=200").await;
    let actions: Vec<&str> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| of["action"].as_str().unwrap())
        .collect();
    for action in [
        "created",
        "advanced",
        "clusters_changed",
        "terms_accepted",
        "generated",
        "coverage_checked",
    ] {
        assert!(
            actions.contains(&format!("site_blueprint.{action}").as_str()),
            "{action}: {actions:?}"
        );
    }
}

#[tokio::test]
async fn a_changed_first_step_re_opens_what_rests_on_it() {
    let w = World::new().await;
    let t = business(&w, &blog()).await;
    let plan = Plan::begin(&t, json!({ "audience": "People who brew" })).await;
    plan.through().await;
    let state = t
        .change(
            &plan.rest(""),
            json!({ "name": "Other", "audience": "People who drink" }),
        )
        .await;
    assert_eq!(
        (&state["state"], &state["reopened"]),
        (&json!("coverage_validated"), &json!([])),
        "{state}"
    );
    let state = t.change(&plan.rest(""), json!({ "blueprint": "company" })).await;
    let reopened: Vec<&str> = state["reopened"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| of["step"].as_str().unwrap())
        .collect();
    assert_eq!(reopened, ["taxonomy", "sitemap", "coverage"], "{state}");
    assert_eq!(state["state"], "clusters_ready");
    assert_eq!(
        reasons(&state, "taxonomy"),
        ["no_terms"],
        "a company has groups of services"
    );
}

#[tokio::test]
async fn two_people_in_one_wizard() {
    let w = World::new().await;
    let t = business(&w, &blog()).await;
    let plan = Plan::begin(&t, json!({ "audience": "People who brew" })).await;
    let read = w
        .request(&w.a.editor, Method::GET, &t.path(&plan.rest("")))
        .send()
        .await;
    let etag = read.0.headers()["etag"].to_str().unwrap().to_owned();
    let advance = json!({ "step": "business_details" });
    let first = w.request(&w.a.editor, Method::POST, &t.path(&plan.rest("advance")));
    let (status, answer) = body_of(first.header("if-match", etag.clone()).body_json(&advance).send().await).await;
    assert_eq!(status, 200, "{answer}");
    for (rest, body) in [
        ("advance", json!({ "step": "business_details" })),
        ("clusters", json!({ "all": true })),
        ("taxonomy/accept", json!({})),
        (
            "taxonomy/edits",
            json!({ "edits": [{ "edit": "delete", "term": "term_01jz8k3v5n6q7r8s9t0v1w2x3y" }] }),
        ),
        ("pages/edits", json!({ "edits": [{ "edit": "lock", "page": "home" }] })),
        ("coverage/check", json!({})),
        ("hand-off", json!({ "to": "ideas" })),
        ("deploy", json!({})),
    ] {
        let second = w.request(&w.a.admin, Method::POST, &t.path(&plan.rest(rest)));
        let (status, answer) = body_of(second.header("if-match", etag.clone()).body_json(&body).send().await).await;
        assert_eq!(
            (status.as_u16(), &answer["code"]),
            (412, &json!("stale")),
            "{rest}: {answer}"
        );
        assert!(answer["current_etag"].is_string(), "{answer}");
    }
}

#[tokio::test]
async fn terms_that_are_renamed_after_going_live_lead_on() {
    let w = World::new().await;
    let t = business(&w, &blog()).await;
    let plan = Plan::begin(&t, json!({ "audience": "People who brew" })).await;
    plan.through().await;
    let handed = plan.put("hand-off", json!({ "to": "tasks" })).await;
    assert_eq!(handed["failed"], 0, "{handed}");
    plan.advance("hand_off").await;
    plan.deploy().await;
    let tasks = t.list("tasks?limit=200").await;
    let ids: Vec<&Value> = tasks.iter().map(|task| &task["id"]).collect();
    let asked = t.ask("tasks/generate", json!({ "ids": ids })).await;
    w.run_jobs().await;
    let mut contents = Vec::new();
    for of in asked["results"].as_array().unwrap() {
        contents.push(t.result_of(&of["job"]).await["content"].as_str().unwrap().to_owned());
    }
    t.force(&contents).await;
    w.run_jobs().await;
    t.live().await;

    // A category that stands in a menu.
    let settings = t.get("settings").await;
    let terms = t.list("terms?taxonomy=blog_category&limit=200").await;
    let menus = settings["menus"].to_string();
    let in_menu = |term: &&Value| menus.contains(&format!("/{}/\"", term["slug"].as_str().unwrap()));
    let term = terms
        .iter()
        .find(in_menu)
        .unwrap_or_else(|| panic!("{menus} {terms:#?}"));
    let old = term["slug"].as_str().unwrap();
    let all = plan.pages().await;
    let archive = all.iter().find(|page| page["term"] == term["id"]).unwrap();
    let old_path = archive["address"].as_str().unwrap().to_owned();
    assert!(t.visit("/").await.links_to(&old_path), "{old}");
    t.change(
        &format!("terms/{}", id(term)),
        json!({ "name": "Slow coffee", "slug": "slow-coffee" }),
    )
    .await;
    w.run_jobs().await;
    t.live().await;
    let new_path = old_path.replace(old, "slow-coffee");
    let home = t.visit("/").await;
    assert!(home.links_to(&new_path) && !home.links_to(&old_path), "{}", home.text);
    assert!(home.text.contains("Slow coffee"));
    assert_eq!(t.visit(&new_path).await.status, 200);
    let moved = t.visit(&old_path).await;
    assert_eq!((moved.status, moved.location.as_str()), (301, new_path.as_str()));
    // The plan follows, without a step that re-opens.
    let archive = plan.get(&format!("pages?term={}&page_type=category", id(term))).await;
    assert_eq!(archive["items"][0]["address"], json!(new_path), "{archive}");
    let state = plan.get("").await;
    assert_eq!(
        (&state["state"], &state["changed_since_live"]),
        (&json!("handed_off"), &json!(false)),
        "{state}"
    );
}

#[tokio::test]
async fn terms_are_defined_imported_nested_merged_and_renamed() {
    let w = World::new().await;
    let t = business(&w, &blog()).await;
    let plan = Plan::begin(&t, json!({ "audience": "People who brew" })).await;
    let read = plan.get("taxonomy").await;
    assert!(!read["proposals"].as_array().unwrap().is_empty(), "{read}");
    let category = |word: &str, name: &str, parent: Value| json!({ "edit": "add", "term": word, "taxonomy": "blog_category", "name": name, "parent": parent });
    let edits = json!({ "edits": [
        category("a", "Brewing", Value::Null), category("b", "Filters", json!("a")), category("c", "Paper filters", Value::Null),
    ] });
    let done = plan.put("taxonomy/edits", edits).await;
    let made: Vec<&str> = done["made"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap())
        .collect();
    assert_eq!(made.len(), 3, "{done}");
    // A circle, and what else cannot be: nothing is done, each says why.
    let edits = json!({ "edits": [
        { "edit": "nest", "term": made[0], "parent": made[1] },
        { "edit": "rename", "term": made[2], "slug": "Not A Slug" },
        { "edit": "rename", "term": made[2], "name": "Cones" },
    ] });
    let (status, refused) = plan.send(&w.a.editor, "taxonomy/edits", edits).await;
    assert_eq!(
        (status, refused["errors"].as_array().unwrap().len()),
        (422, 2),
        "{refused}"
    );
    assert_eq!(t.get(&format!("terms/{}", made[2])).await["name"], "Paper filters");
    let edits = json!({ "edits": [
        { "edit": "rename", "term": made[1], "name": "All filters", "slug": "all-filters" },
        { "edit": "merge", "term": made[2], "into": made[1] },
    ] });
    let done = plan.put("taxonomy/edits", edits).await;
    assert_eq!((&done["changed"], &done["merged"]), (&json!(1), &json!(1)), "{done}");
    assert_eq!(t.get(&format!("terms/{}", made[1])).await["slug"], "all-filters");
    let (status, _) = w.get(&w.a.viewer, &t.path(&format!("terms/{}", made[2]))).await;
    assert_eq!(status, 404);

    // A file: twice the same makes nothing new.
    let csv =
        "term_id,name,slug,taxonomy,parent\n7,Beans,beans,category,0\n8,Roasts,roasts,category,7\n9,,,category,0\n";
    let import = async |dry_run: bool| {
        let file = format!(
            "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"terms.csv\"\r\ncontent-type: text/csv\r\n\r\n{csv}\r\n--x--\r\n"
        );
        let read = w
            .request(&w.a.editor, Method::GET, &t.path(&plan.rest("")))
            .send()
            .await;
        let etag = read.0.headers()["etag"].to_str().unwrap().to_owned();
        let path = t.path(&plan.rest(&format!("taxonomy/import?taxonomy=blog_category&dry_run={dry_run}")));
        let request = w.request(&w.a.editor, Method::POST, &path).header("if-match", etag);
        let request = request
            .header("content-type", "multipart/form-data; boundary=x")
            .body(file);
        let (status, answer) = body_of(request.send().await).await;
        assert_eq!(status, 200, "{answer}");
        answer
    };
    let told = import(true).await;
    assert_eq!((&told["new"], &told["known"]), (&json!(2), &json!(0)), "{told}");
    assert_eq!(told["problems"].as_array().unwrap().len(), 1, "{told}");
    let told = import(false).await;
    assert_eq!(told["new"], 2, "{told}");
    let roasts = t.list("terms?search=roasts").await;
    assert!(
        roasts[0]["parent"].is_string() && roasts[0]["external_id"] == "8",
        "{roasts:?}"
    );
    assert_eq!(import(false).await["new"], 0);
}

#[tokio::test]
async fn pages_are_edited_locked_and_planned_anew() {
    let w = World::new().await;
    let t = business(&w, &company()).await;
    let plan = Plan::begin(&t, json!({ "audience": "People in Leeds" })).await;
    plan.through().await;
    let pages = plan.pages().await;
    let below = |hub: &Value| pages.iter().find(|page| page["parent"] == hub["key"]);
    let hubs = pages.iter().filter(|page| page["role"] == "hub");
    let (hub, post) = hubs.filter_map(|hub| Some((hub, below(hub)?))).next().unwrap();
    let edits = json!({ "edits": [
        { "edit": "rename", "page": post["key"], "title": "What we do at night", "slug": "at-night" },
        { "edit": "add", "kind": "landing", "title": "Prices", "cluster": hub["cluster"], "parent": hub["key"] },
    ] });
    let state = plan.put("pages/edits", edits).await;
    assert_eq!(
        state["state"], "sitemap_ready",
        "the coverage is looked at anew: {state}"
    );
    // All or none, with every refusal.
    let edits = json!({ "edits": [
        { "edit": "move", "page": hub["key"], "parent": post["key"] },
        { "edit": "move", "page": post["key"], "parent": hub["key"] },
        { "edit": "delete", "page": "home" },
        { "edit": "rename", "page": "nothing", "title": "X" },
        { "edit": "rename", "page": hub["key"], "slug": "Not A Slug" },
    ] });
    let (status, refused) = plan.send(&w.a.editor, "pages/edits", edits).await;
    assert_eq!(status, 422, "{refused}");
    let fields: Vec<&str> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| of["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["edits.0", "edits.2", "edits.3", "edits.4"], "{refused}");
    // Planning anew leaves what a person made.
    let told = t.get(&plan.rest("comparison")).await;
    assert!(!told["removed"].as_array().unwrap().contains(&post["key"]), "{told}");
    plan.generate().await;
    let after = plan.pages().await;
    let kept = after.iter().find(|page| page["key"] == post["key"]).unwrap();
    assert_eq!(
        (&kept["title"], &kept["locked"]),
        (&json!("What we do at night"), &json!(true))
    );
    assert!(kept["address"].as_str().unwrap().ends_with("/at-night/"));
    assert!(
        after
            .iter()
            .any(|page| page["title"] == "Prices" && page["locked"] == true)
    );

    // A version of it, compared with the first.
    let copy = Plan::begin(&t, json!({ "copy_of": plan.id })).await;
    let state = copy.get("").await;
    assert_eq!(state["version"], 2);
    let edits = json!({ "edits": [{ "edit": "rename", "page": post["key"], "title": "By night" }] });
    copy.put("pages/edits", edits).await;
    let told = t.get(&plan.rest(&format!("comparison?with={}", copy.id))).await;
    assert_eq!(
        told["changed"],
        json!([{ "page": post["key"], "fields": ["title"] }]),
        "{told}"
    );
    let matrix = plan.get("matrix").await;
    assert!(
        matrix["rows"]
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row["hub"].is_string()),
        "{matrix}"
    );
}

#[tokio::test]
async fn gaps_are_mended_in_one_call_or_waived_with_a_reason() {
    let w = World::new().await;
    let t = business(&w, &company()).await;
    let plan = Plan::begin(&t, json!({ "audience": "People in Leeds" })).await;
    plan.through().await;
    let pages = plan.pages().await;
    let hub = pages.iter().find(|page| page["role"] == "hub").unwrap();
    let edits = json!({ "edits": [{ "edit": "delete", "page": hub["key"] }] });
    plan.put("pages/edits", edits).await;
    let report = plan.get("coverage?rule=hub_page").await;
    let gap = &report["violations"][0];
    assert_eq!(
        (&gap["place"]["cluster"], &gap["mend"]["by"]),
        (&hub["cluster"], &json!("edits")),
        "{report}"
    );
    assert!(!gap["why"].as_str().unwrap().is_empty());
    let (status, refused) = plan.send(&w.a.editor, "advance", json!({ "step": "coverage" })).await;
    assert_eq!(status, 422, "{refused}");

    let waiver = |reason: &str| json!({ "rule": "hub_page", "place": gap["place"], "reason": reason });
    assert_eq!(plan.send(&w.a.editor, "coverage/waivers", waiver("x")).await.0, 422);
    let report = plan.put("coverage/waivers", waiver("It comes in spring.")).await;
    let waived = &report["waived"][0];
    assert_eq!(
        (&waived["reason"], &waived["by"]),
        (&json!("It comes in spring."), &json!(w.a.editor.id.to_string()))
    );
    plan.put(
        "coverage/waivers/withdraw",
        json!({ "rule": "hub_page", "place": gap["place"] }),
    )
    .await;
    let mended = plan
        .put("coverage/mend", json!({ "rule": "hub_page", "place": gap["place"] }))
        .await;
    assert_eq!(mended["mended"], 1, "{mended}");
    assert!(plan.pages().await.iter().any(|page| page["key"] == hub["key"]));
    let (status, refused) = plan
        .send(
            &w.a.editor,
            "coverage/mend",
            json!({ "rule": "hub_page", "place": gap["place"] }),
        )
        .await;
    assert_eq!(
        (status, &refused["code"]),
        (409, &json!("nothing_to_mend")),
        "{refused}"
    );
}

#[tokio::test]
async fn pages_are_generated_around_what_people_made() {
    let w = World::new().await;
    let t = business(&w, &company()).await;
    let plan = Plan::begin(&t, json!({ "audience": "People in Leeds" })).await;
    plan.through().await;
    let before = w.get(&w.a.owner, "/billing/balance").await.1;
    let made = t
        .run("generate_page", json!({ "blueprint": plan.id, "pages": ["home"] }))
        .await;
    let page = &made["pages"][0];
    assert!(
        page["left_out"]
            .as_array()
            .unwrap()
            .iter()
            .any(|of| of["block"] == "In numbers"),
        "nothing is made up: {made}"
    );
    let content = format!("content/{}", page["content"].as_str().unwrap());
    let row = t.get(&content).await;
    assert_eq!(
        (&row["page_role"], &row["path"]),
        (&json!("home"), &json!("/")),
        "{row}"
    );
    let mut blocks = row["blocks"].as_array().unwrap().clone();
    assert!(blocks.len() >= 2, "{row}");
    blocks[0]["heading"] = json!("We come today");
    let own = json!({ "type": "quote", "anchor": "own", "text": "They came.", "name": "A neighbour" });
    blocks.push(own);
    t.change(&content, json!({ "blocks": blocks })).await;
    let made = t
        .run("generate_page", json!({ "blueprint": plan.id, "pages": ["home"] }))
        .await;
    let anchor = blocks[0]["anchor"].clone();
    assert_eq!(made["pages"][0]["kept"], json!([anchor, "own"]), "{made}");
    let row = t.get(&content).await;
    assert_eq!(row["blocks"][0]["heading"], "We come today");
    // The one block that is named is made anew.
    t.run(
        "generate_page",
        json!({ "blueprint": plan.id, "pages": ["home"], "section": anchor }),
    )
    .await;
    let row = t.get(&content).await;
    assert_ne!(row["blocks"][0]["heading"], "We come today");
    assert!(
        row["blocks"]
            .as_array()
            .unwrap()
            .iter()
            .any(|block| block["anchor"] == "own")
    );
    let after = w.get(&w.a.owner, "/billing/balance").await.1;
    let total = |of: &Value| of["total"].as_i64().unwrap_or_else(|| panic!("{of}"));
    assert_eq!(total(&before) - total(&after), 9, "three pages");
    // What is published is not written over.
    t.publish(page["content"].as_str().unwrap()).await;
    let asked = t
        .ask(
            "ai/generate_page",
            json!({ "input": { "blueprint": plan.id, "pages": ["home"] } }),
        )
        .await;
    w.run_jobs().await;
    let (_, job) = w
        .get(&w.a.editor, &format!("/jobs/{}", asked["job"].as_str().unwrap()))
        .await;
    assert_eq!(job["state"], "failed", "{job}");
    let wrong = json!({ "input": { "blueprint": plan.id, "pages": ["nothing"] } });
    let (status, refused) = w.post(&w.a.editor, &t.path("ai/generate_page"), wrong).await;
    assert_eq!(
        (status.as_u16(), &refused["errors"][0]["field"]),
        (422, &json!("input.pages")),
        "{refused}"
    );
}

#[test]
fn a_broken_blueprint_is_told_with_line_and_mend() {
    let (_, text) = builtin()[0];
    let broken = text
        .replacen("site_type = ", "site_typ = ", 1)
        .replacen("type = \"hero\"", "type = \"heros\"", 1);
    let mistakes = Blueprint::parse(&broken, None).unwrap_err();
    let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|line| line.contains("site_typ")), "{told:#?}");
    assert!(told.iter().any(|line| line.contains("hero")), "{told:#?}");
    assert!(
        mistakes
            .iter()
            .all(|mistake| mistake.line > 0 && !mistake.mend.is_empty())
    );
}
