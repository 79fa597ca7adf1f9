//! Scores: of content as it is and as an editor has it, of texts from elsewhere, kept ones in lists.

use igny8_data::{Role, Variables, Why};
use igny8_server::features::optimizer::keep;
use igny8_server::testing::{Member, Tenant, World};
use poem::http::Method;
use serde_json::{Value, json};

use crate::content::{create, id};

const SENTENCES: &str =
    "Put the coffee into a jar and pour cold water over it. Then it waits in the fridge for a night. ";

fn site(tenant: &Tenant) -> String {
    format!("/sites/{}", tenant.sites[0])
}

fn check<'r>(report: &'r Value, name: &str) -> &'r Value {
    let checks = report["checks"].as_array().unwrap_or_else(|| panic!("{report}"));
    checks
        .iter()
        .find(|check| check["id"] == name)
        .unwrap_or_else(|| panic!("no check {name}"))
}

/// A post whose text is long enough to be measured.
async fn post(w: &World, title: &str, more: Value) -> Value {
    let mut body = json!({ "content_type": "post", "title": title, "body": SENTENCES.repeat(16) });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    create(w, body).await
}

async fn score_of(w: &World, content: &Value) -> Value {
    let (status, report) = w
        .get(&w.a.viewer, &format!("{}/content/{}/score", site(&w.a), id(content)))
        .await;
    assert_eq!(status, 200, "{report}");
    report
}

async fn sql(w: &World, sql: &str) {
    let platform = w.app.db.platform(Why::Operator);
    platform.query(sql, Variables::new(), "testing").await.unwrap();
}

/// Items of a list of content.
async fn listed(w: &World, query: &str) -> Vec<Value> {
    let (status, list) = w
        .get(&w.a.viewer, &format!("{}/content?limit=100&{query}", site(&w.a)))
        .await;
    assert_eq!(status, 200, "{list}");
    list["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_score_grows_as_its_checks_are_mended() {
    let w = World::new().await;
    let post = post(&w, "Coffee", json!({ "primary_keyword": "cold brew ratio" })).await;
    let path = format!("{}/content/{}", site(&w.a), id(&post));
    let mut before = score_of(&w, &post).await;
    assert_eq!(
        (&before["entry_point"], &before["etag"], &before["statistics"]["words"]),
        (&json!("writer"), &json!("\"1\""), &json!(336)),
        "{before}"
    );
    for check in before["checks"].as_array().unwrap() {
        let (green, mend) = (check["light"] == "green", &check["mend"]);
        assert_eq!(mend.is_null(), green, "what is not green says why: {check}");
        if !green {
            let text = mend["text"].as_str().unwrap();
            assert!(text.ends_with(['.', '?', '!']) && !text.contains('{'), "{check}");
        }
    }
    let groups: Vec<&str> = before["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|g| g["group"].as_str().unwrap())
        .collect();
    assert_eq!(groups, ["seo", "structure", "readability", "links", "media", "data"]);
    let first = before["score"].clone();
    let fixes = before["fixes"].as_array().unwrap().len();
    assert!(fixes > 3, "{before}");
    let description = "The cold brew ratio decides how strong coffee gets that waits in cold water for a night: one part of \
                       it to eight parts of water.";
    for (rev, (name, change)) in [
        ("keyword_in_title", json!({ "title": "Cold brew ratio" })),
        ("description_length", json!({ "meta_description": description })),
        ("keyword_in_slug", json!({ "slug": "cold-brew-ratio" })),
        ("structured_data", json!({ "author": "Ada Example", "body": format!("![A jar of cold brew](/media/a.png)\n\n{}", SENTENCES.repeat(16)) })),
    ]
    .into_iter()
    .enumerate()
    {
        assert_ne!(check(&before, name)["light"], "green", "{name}");
        let (status, changed) = w.patch(&w.a.editor, &path, i64::try_from(rev).unwrap() + 1, change).await;
        assert_eq!(status, 200, "{changed}");
        let after = score_of(&w, &post).await;
        assert_eq!(check(&after, name)["light"], "green", "{name}: {after}");
        assert!(check(&after, name)["points"].as_f64() > check(&before, name)["points"].as_f64(), "{name}");
        assert!(after["score"].as_i64() >= before["score"].as_i64(), "{name}: {} {}", before["score"], after["score"]);
        before = after;
    }
    assert!(before["score"].as_i64() > first.as_i64(), "{first} {}", before["score"]);
}

#[tokio::test]
async fn fields_that_are_not_saved_are_scored_and_stay_so() {
    let w = World::new().await;
    let post = post(&w, "Coffee", json!({ "primary_keyword": "cold brew ratio" })).await;
    let path = format!("{}/content/{}/score", site(&w.a), id(&post));
    let saved = score_of(&w, &post).await;
    let preview = async |change: Value| {
        let (status, report) = w.post(&w.a.viewer, &path, change.clone()).await;
        assert_eq!(status, 200, "{change}: {report}");
        report
    };
    assert_eq!(preview(json!({})).await["checks"], saved["checks"]);
    let titled = preview(json!({ "title": "Cold brew ratio" })).await;
    assert_eq!(check(&titled, "keyword_in_title")["light"], "green");
    assert!(titled["score"].as_i64() > saved["score"].as_i64());
    // An editor is empty at times.
    let empty = preview(
        json!({ "title": "", "body": "", "slug": "", "primary_keyword": null, "blocks": [{ "type": "?" }, 1] }),
    )
    .await;
    assert_eq!(check(&empty, "title_width")["mend"]["key"], "title_width.missing");
    assert_eq!(empty["statistics"]["words"], 0);
    let blocks = json!([{ "type": "faq", "heading": "Questions", "items": [{ "question": "How long?", "answer": "A [night](/night/)." }] }]);
    let built = preview(json!({ "body": "", "blocks": blocks, "content_structure": "guide" })).await;
    assert_eq!(
        (&built["statistics"]["headings"], &built["statistics"]["internal_links"]),
        (&json!(2), &json!(1)),
        "{built}"
    );
    assert!(
        !check(&built, "structured_data")["examples"]
            .to_string()
            .contains("questions"),
        "{built}"
    );

    let long = "x".repeat((2 << 20) + 1);
    for (change, field) in [
        (json!({ "body": long }), "body"),
        (json!({ "title": "x".repeat(1_001) }), "title"),
    ] {
        let (status, refused) = w.post(&w.a.viewer, &path, change).await;
        assert_eq!(
            (status.as_u16(), &refused["errors"][0]["field"]),
            (422, &json!(field)),
            "{refused}"
        );
    }
    assert_eq!(
        score_of(&w, &post).await["checks"],
        saved["checks"],
        "nothing is stored"
    );
    assert_eq!(score_of(&w, &post).await["etag"], "\"1\"");
}

#[tokio::test]
async fn german_is_read_as_german() {
    let w = World::new().await;
    let body = "Gute Kaffeemühlen mahlen gleichmäßig. Deshalb schmeckt der Kaffee. Das Mahlwerk wird von einem Motor gedreht. ".repeat(20);
    let german = create(
        &w,
        json!({ "content_type": "post", "title": "Kaffeemühlen im Vergleich", "language": "de", "primary_keyword": "Kaffeemühle", "body": body }),
    )
    .await;
    let report = score_of(&w, &german).await;
    for green in ["keyword_in_title", "keyword_in_introduction", "transition_words"] {
        assert_eq!(
            check(&report, green)["light"],
            "green",
            "{green}: {}",
            check(&report, green)
        );
    }
    for scored in [
        "passive_voice",
        "reading_ease",
        "sentence_length",
        "sentence_beginnings",
    ] {
        assert_ne!(check(&report, scored)["light"], "not_scored", "{scored}");
    }
    assert_eq!(check(&report, "passive_voice")["measured"]["unit"], "percent");
    // Welsh has no rules, which is said and counts for nothing.
    let path = format!("{}/content/{}/score", site(&w.a), id(&german));
    let (_, welsh) = w.post(&w.a.viewer, &path, json!({ "language": "cy" })).await;
    let reading = check(&welsh, "reading_ease");
    assert_eq!(
        (&reading["light"], &reading["weight"], &reading["mend"]["key"]),
        (&json!("not_scored"), &json!(0.0), &json!("language_without_rules")),
        "{welsh}"
    );
}

#[tokio::test]
async fn whoever_may_read_a_site_may_score() {
    let w = World::new().await;
    let post = post(&w, "Coffee", json!({})).await;
    let score = format!("content/{}/score", id(&post));
    let text = json!({ "title": "T", "body": "B" });
    for (who, site, status) in [
        (&w.a.viewer, w.a.sites[0], 200),
        (&w.a.editor, w.a.sites[0], 200),
        // Without a grant for the site.
        (&w.a.editor, w.a.sites[1], 404),
        (&w.b.owner, w.a.sites[0], 404),
    ] {
        let path = |rest: &str| format!("/sites/{site}/{rest}");
        assert_eq!(w.get(who, &path(&score)).await.0, status);
        assert_eq!(w.post(who, &path(&score), json!({})).await.0, status);
        assert_eq!(w.post(who, &path("optimizer/score"), text.clone()).await.0, status);
        assert_eq!(w.get(who, &path("optimizer")).await.0, status);
    }
    // Content of another site of the account.
    assert_eq!(
        w.get(&w.a.owner, &format!("/sites/{}/{score}", w.a.sites[1])).await.0,
        404
    );
    let rescore = format!("{}/optimizer/rescore", site(&w.a));
    for (who, status) in [(&w.a.viewer, 403), (&w.b.owner, 404), (&w.a.editor, 202)] {
        assert_eq!(w.post(who, &rescore, json!({})).await.0, status);
    }
}

#[tokio::test]
async fn a_text_from_elsewhere_is_only_text() {
    let w = World::new().await;
    let path = format!("{}/optimizer/score", site(&w.a));
    let body = "<p>Coffee <b>and</b> water.</p><script>alert('words that nobody reads')</script>\
                <style>p { color: red }</style><p onclick='x()'>A <a href='https://other.example/'>link</a>.</p>\
                <img src=x onerror=alert(1)>";
    let text = |more: Value| {
        let mut text = json!({ "title": "Coffee", "body": body, "body_format": "html", "primary_keyword": "coffee" });
        text.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        text
    };
    let (status, report) = w.post(&w.a.viewer, &path, text(json!({}))).await;
    assert_eq!(status, 200, "{report}");
    assert_eq!(
        (
            &report["statistics"]["words"],
            &report["statistics"]["external_links"],
            &report["entry_point"]
        ),
        (&json!(5), &json!(1), &json!("external")),
        "{report}"
    );
    assert!(!report.to_string().contains("alert"), "{report}");
    assert_eq!(check(&report, "cluster")["mend"]["key"], "cluster.elsewhere");
    assert_eq!((&report["etag"], &report["kept"]), (&Value::Null, &Value::Null));
    for (point, light) in [("writer", "red"), ("wordpress", "not_scored"), ("manual", "not_scored")] {
        let (_, report) = w.post(&w.a.viewer, &path, text(json!({ "entry_point": point }))).await;
        assert_eq!(
            (&report["entry_point"], &check(&report, "cluster")["light"]),
            (&json!(point), &json!(light))
        );
    }
    // The site's own host and language.
    let german = json!({ "title": "Kaffeemühlen", "body": "Gute Kaffeemühlen. [Mehr](https://www.shop-a.example/mehr)", "primary_keyword": "Kaffeemühle" });
    w.give_domain(&w.a, w.a.sites[0], "shop-a.example").await;
    let change = json!({ "language": "de" });
    assert_eq!(w.patch(&w.a.owner, &site(&w.a), 2, change).await.0, 200);
    let (_, report) = w.post(&w.a.viewer, &path, german).await;
    assert_eq!(check(&report, "keyword_in_title")["light"], "green");
    assert_eq!(report["statistics"]["internal_links"], 1, "{report}");
    for (text, status, field) in [
        (text(json!({ "body": "x".repeat((2 << 20) + 1) })), 422, "body"),
        (text(json!({ "language": "German" })), 422, "language"),
        (text(json!({ "title": "x".repeat(1_001) })), 422, "title"),
    ] {
        let (got, refused) = w.post(&w.a.viewer, &path, text).await;
        assert_eq!(
            (got.as_u16(), &refused["errors"][0]["field"]),
            (status, &json!(field)),
            "{refused}"
        );
    }
    assert_eq!(
        w.post(&w.a.viewer, &path, text(json!({ "entry_point": "moon" })))
            .await
            .0,
        400
    );
    assert!(listed(&w, "").await.is_empty(), "nothing is stored");
}

#[tokio::test]
async fn kept_scores_follow_changes_and_disturb_nobody() {
    let w = World::new().await;
    let first = post(&w, "Coffee", json!({ "primary_keyword": "cold brew ratio" })).await;
    let other = post(&w, "Tea", json!({})).await;
    let content = format!("{}/content", site(&w.a));
    let path = format!("{content}/{}", id(&first));
    let publish = json!({ "status": "published", "force": true });
    let request = w.request(&w.a.admin, Method::POST, &format!("{path}/status"));
    let published = request.header("if-match", "\"1\"").body_json(&publish).send().await;
    assert_eq!(published.0.status().as_u16(), 200);
    assert_eq!(score_of(&w, &first).await["kept"], Value::Null);
    assert!(listed(&w, "light=none").await.len() == 2);
    let kinds = async || {
        let platform = w.app.db.platform(Why::Operator);
        let sql = "SELECT VALUE kind FROM job WHERE state = 'queued';";
        let mut answer = platform.query(sql, Variables::new(), "testing").await.unwrap();
        let mut kinds = answer.rows::<String>(0).unwrap();
        kinds.sort();
        kinds
    };
    assert_eq!(
        kinds().await,
        ["score_site", "site_changed"],
        "each once, however many changes"
    );
    w.run_jobs().await;
    let deployments = format!("{}/deployments?with_total=true", site(&w.a));
    assert_eq!(w.get(&w.a.viewer, &deployments).await.1["total"], 1);

    let report = score_of(&w, &first).await;
    assert_eq!(
        (&report["kept"]["score"], &report["kept"]["current"]),
        (&report["score"], &json!(true)),
        "{report}"
    );
    let of = async |content: &Value| {
        let items = listed(&w, "").await;
        let item = items.into_iter().find(|item| item["id"] == content["id"]).unwrap();
        (item["score"].clone(), item["etag"].clone(), item["updated_at"].clone())
    };
    let (score, etag, updated_at) = of(&first).await;
    assert_eq!((&score, &etag), (&report["score"], &json!("\"2\"")), "no new revision");
    assert!(of(&other).await.0.is_i64());

    // A change is scored, and deployed once; the score of the other is left alone.
    w.clock.advance(chrono::Duration::minutes(5));
    let change = json!({ "title": "Cold brew ratio" });
    assert_eq!(w.patch(&w.a.editor, &path, 2, change).await.0, 200);
    let stale = score_of(&w, &first).await;
    assert_eq!(
        (&stale["kept"]["score"], &stale["kept"]["current"]),
        (&score, &json!(false))
    );
    assert_eq!(
        of(&first).await.0,
        score,
        "until it is scored again the former one stays"
    );
    w.run_jobs().await;
    let (better, etag, later) = of(&first).await;
    assert!(
        better.as_i64() > score.as_i64() && etag == "\"3\"" && later != updated_at,
        "{better} {etag}"
    );
    assert_eq!(better, score_of(&w, &first).await["score"]);
    assert_eq!(w.get(&w.a.viewer, &deployments).await.1["total"], 2);
    assert_eq!(kinds().await, [] as [&str; 0]);
    let (_, jobs) = w.get(&w.a.owner, "/jobs?kind=score_site&limit=1").await;
    assert_eq!(
        jobs["items"][0]["result"],
        json!({ "looked_at": 2, "scored": 1 }),
        "{jobs}"
    );

    // Deleted content is not counted, and comes back with its restoring.
    let summary = async || w.get(&w.a.viewer, &format!("{}/optimizer", site(&w.a))).await.1;
    let counted = |summary: &Value| {
        ["red", "orange", "green"]
            .iter()
            .map(|light| summary[light].as_i64().unwrap())
            .sum::<i64>()
    };
    let both = summary().await;
    assert_eq!((counted(&both), &both["not_scored"]), (2, &json!(0)), "{both}");
    let failing = both["failing"].as_array().unwrap();
    let cluster = failing.iter().find(|check| check["id"] == "cluster").unwrap();
    assert_eq!(
        (&cluster["red"], &cluster["orange"], &cluster["group"]),
        (&json!(2), &json!(0), &json!("seo"))
    );
    let times: Vec<i64> = failing
        .iter()
        .map(|c| c["red"].as_i64().unwrap() + c["orange"].as_i64().unwrap())
        .collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{failing:?}");
    let mean = (better.as_f64().unwrap() + of(&other).await.0.as_f64().unwrap()) / 2.0;
    assert_eq!(both["mean"].as_f64(), Some(mean));
    assert_eq!(
        w.delete(&w.a.editor, &format!("{content}/{}", id(&other)), 1).await.0,
        204
    );
    w.run_jobs().await;
    let one = summary().await;
    assert_eq!(
        (counted(&one), &one["mean"]),
        (1, &json!(better.as_f64().unwrap())),
        "{one}"
    );
    w.post(&w.a.editor, &format!("{content}/{}/restore", id(&other)), json!({}))
        .await;
    w.run_jobs().await;
    assert_eq!(counted(&summary().await), 2);
    assert_eq!(
        counted(&w.get(&w.b.owner, &format!("{}/optimizer", site(&w.b))).await.1),
        0
    );
}

/// Gives content a status.
async fn set_status(w: &World, content: &Value, status: &str) {
    let bulk = json!({ "action": "status", "status": status, "force": true, "ids": [id(content)] });
    let (_, done) = w.post(&w.a.owner, &format!("{}/content/bulk", site(&w.a)), bulk).await;
    assert_eq!(done["done"], 1, "{done}");
}

#[tokio::test]
async fn scores_follow_the_links_of_other_pages() {
    let w = World::new().await;
    let linking = json!({ "body": format!("See [mills](/blog/mills/). {}", SENTENCES.repeat(4)) });
    let mills = post(&w, "Mills", json!({ "slug": "mills" })).await;
    let mut others = Vec::new();
    for title in ["Beans", "Kettles", "Filters"] {
        let other = post(&w, title, linking.clone()).await;
        set_status(&w, &other, "published").await;
        others.push(other);
    }
    let draft = post(&w, "Draft", linking).await;
    set_status(&w, &mills, "published").await;
    let light = async |content: &Value| check(&score_of(&w, content).await, "inbound_links")["light"].clone();
    assert_eq!(light(&mills).await, "not_scored", "nobody has looked yet");
    // After each of these, what is kept, what lists show and what is scored now are one.
    let counted = async || {
        w.run_jobs().await;
        let report = score_of(&w, &mills).await;
        assert_eq!(
            (&report["kept"]["score"], &report["kept"]["current"]),
            (&report["score"], &json!(true)),
            "{report}"
        );
        let items = listed(&w, "").await;
        let item = items.into_iter().find(|item| item["id"] == mills["id"]).unwrap();
        assert_eq!(item["score"], report["score"], "{item}");
        let found = check(&report, "inbound_links");
        (
            found["light"].clone(),
            found["measured"]["value"].clone(),
            item["etag"].clone(),
        )
    };
    assert_eq!(
        counted().await,
        (json!("green"), json!(3.0), json!("\"2\"")),
        "a draft does not count"
    );
    assert_eq!(light(&draft).await, "not_scored", "nobody can link to it");
    assert_eq!(light(&others[0]).await, "red");

    // The page that is linked to stays as it is; only its score is another one.
    w.clock.advance(chrono::Duration::minutes(1));
    let path = |content: &Value| format!("{}/content/{}", site(&w.a), id(content));
    let change = json!({ "body": SENTENCES.repeat(4) });
    assert_eq!(w.patch(&w.a.owner, &path(&others[0]), 2, change).await.0, 200);
    assert_eq!(light(&mills).await, "green", "as it is kept");
    assert_eq!(counted().await, (json!("orange"), json!(2.0), json!("\"2\"")));
    let (_, jobs) = w.get(&w.a.owner, "/jobs?kind=score_site&limit=1").await;
    assert_eq!(
        jobs["items"][0]["result"]["scored"], 2,
        "the text and the page it linked to: {jobs}"
    );
    assert_eq!(w.delete(&w.a.owner, &path(&others[1]), 2).await.0, 204);
    assert_eq!(counted().await, (json!("orange"), json!(1.0), json!("\"2\"")));
    set_status(&w, &others[2], "draft").await;
    assert_eq!(counted().await, (json!("red"), json!(0.0), json!("\"2\"")));
    // A text that nobody else sees changes nothing for others.
    let (status, changed) = w
        .patch(&w.a.editor, &path(&draft), 1, json!({ "title": "Another" }))
        .await;
    assert_eq!(status, 200, "{changed}");
    assert_eq!(counted().await.0, "red");
    set_status(&w, &mills, "draft").await;
    assert_eq!(counted().await.0, "not_scored");
}

#[tokio::test]
async fn kept_scores_age() {
    let w = World::new().await;
    let article = post(&w, "Article", json!({})).await;
    let review = post(&w, "Review", json!({ "content_structure": "review" })).await;
    create(
        &w,
        json!({ "content_type": "page", "title": "Of no time", "body": "Short." }),
    )
    .await;
    w.run_jobs().await;
    // Everybody's session has ended by then.
    let later = async |days: i64| {
        w.clock.advance(chrono::Duration::days(days));
        Member::make(&w.app, w.a.account, Role::Owner, &format!("later-{days}")).await
    };
    let listed = async |who: &Member, content: &Value| {
        let (_, list) = w.get(who, &format!("{}/content", site(&w.a))).await;
        let mut items = list["items"].as_array().unwrap().iter();
        items.find(|item| item["id"] == content["id"]).unwrap().clone()
    };
    let light_and_kept = async |who: &Member, content: &Value| {
        let path = format!("{}/content/{}/score", site(&w.a), id(content));
        let (_, report) = w.get(who, &path).await;
        // What lists filter and sort by.
        assert_eq!(listed(who, content).await["score"], report["kept"]["score"], "{report}");
        let current = report["kept"]["current"] == true;
        let light = check(&report, "freshness")["light"].clone();
        (
            light,
            report["score"].as_i64(),
            report["kept"]["score"].as_i64(),
            current,
        )
    };
    assert_eq!(keep::age(w.app.clone()).await.unwrap(), 0, "nothing is old");
    let who = later(170).await;
    assert_eq!(keep::age(w.app.clone()).await.unwrap(), 0);
    let (light, fresh, kept, current) = light_and_kept(&who, &review).await;
    assert_eq!((light, current, kept), (json!("green"), true, fresh));

    // Half a year is long for a review, and nothing for an article.
    let who = later(11).await;
    let (light, _, kept, current) = light_and_kept(&who, &review).await;
    assert_eq!(
        (light, kept, current),
        (json!("orange"), fresh, false),
        "not yet scored anew"
    );
    assert_eq!(keep::age(w.app.clone()).await.unwrap(), 1, "one site");
    assert_eq!(keep::age(w.app.clone()).await.unwrap(), 0, "asked for once");
    w.run_jobs().await;
    let (_, jobs) = w.get(&who, "/jobs?kind=score_site&limit=1").await;
    assert_eq!(jobs["items"][0]["result"]["scored"], 1, "{jobs}");
    let (_, live, kept, current) = light_and_kept(&who, &review).await;
    assert_eq!((kept, current), (live, true));
    assert_eq!(light_and_kept(&who, &article).await.0, "green");

    // When all have passed their last limit, there is nothing left to wait for.
    for days in [185, 400] {
        let who = later(days).await;
        assert_eq!(keep::age(w.app.clone()).await.unwrap(), 1, "{days}");
        w.run_jobs().await;
        for content in [&article, &review] {
            let (_, live, kept, current) = light_and_kept(&who, content).await;
            assert_eq!((kept, current), (live, true), "{days}");
        }
    }
    let who = later(1_000).await;
    let (light, live, ..) = light_and_kept(&who, &review).await;
    assert_eq!(light, "red");
    assert!(live < fresh, "{live:?} {fresh:?}");
    assert_eq!(keep::age(w.app.clone()).await.unwrap(), 0);
    let item = listed(&who, &review).await;
    assert_eq!(
        (&item["etag"], &item["updated_at"]),
        (&json!("\"1\""), &review["updated_at"]),
        "nobody edited it"
    );
}

#[tokio::test]
async fn all_is_scored_anew_when_asked_for() {
    let w = World::new().await;
    for n in 0..27 {
        create(
            &w,
            json!({ "content_type": "post", "title": format!("Post {n}"), "body": "Short." }),
        )
        .await;
    }
    w.run_jobs().await;
    // As an older program may have scored.
    sql(&w, "UPDATE content SET score = 1; UPDATE content_score SET score = 1").await;
    assert_eq!(listed(&w, "score_max=1").await.len(), 27);
    w.clock.advance(chrono::Duration::minutes(10));
    let (status, task) = w
        .post(&w.a.editor, &format!("{}/optimizer/rescore", site(&w.a)), json!({}))
        .await;
    assert_eq!(status, 202, "{task}");
    w.run_jobs().await;
    let (_, job) = w
        .get(&w.a.owner, &format!("/jobs/{}", task["job"].as_str().unwrap()))
        .await;
    assert_eq!(
        (&job["state"], &job["result"]["scored"]),
        (&json!("done"), &json!(27)),
        "{job}"
    );
    assert!(listed(&w, "score_max=1").await.is_empty());
    // The next change looks at what changed only. Later by a minute, so that its job is the newest of the list.
    w.clock.advance(chrono::Duration::minutes(1));
    create(&w, json!({ "content_type": "post", "title": "Another" })).await;
    w.run_jobs().await;
    let (_, jobs) = w.get(&w.a.owner, "/jobs?kind=score_site&limit=1").await;
    assert_eq!(jobs["items"][0]["result"]["scored"], 1, "{jobs}");
}

#[tokio::test]
async fn lists_filter_and_sort_by_score() {
    let w = World::new().await;
    for title in ["Red", "Orange", "Green", "None"] {
        create(&w, json!({ "content_type": "post", "title": title })).await;
    }
    sql(
        &w,
        "UPDATE content SET score = 49 WHERE title = 'Red'; UPDATE content SET score = 79 WHERE title = 'Orange'; \
         UPDATE content SET score = 80 WHERE title = 'Green'",
    )
    .await;
    let titles = async |query: &str| {
        let items = listed(&w, query).await;
        items
            .iter()
            .map(|item| item["title"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let cases: [(&str, &[&str]); 11] = [
        ("light=red", &["Red"]),
        ("light=orange", &["Orange"]),
        ("light=green", &["Green"]),
        ("light=none", &["None"]),
        ("score_max=79", &["Red", "Orange"]),
        ("score_min=79", &["Orange", "Green"]),
        ("score_min=50&score_max=79", &["Orange"]),
        ("score_min=50&light=red", &[]),
        ("score_max=100&light=green", &["Green"]),
        ("sort=score", &["None", "Red", "Orange", "Green"]),
        ("sort=-score", &["Green", "Orange", "Red", "None"]),
    ];
    for (query, expected) in cases {
        let sort = if query.contains("sort") { "" } else { "&sort=score" };
        assert_eq!(titles(&format!("{query}{sort}")).await, expected, "{query}");
    }
    assert_eq!(
        w.get(&w.a.viewer, &format!("{}/content?light=blue", site(&w.a)))
            .await
            .0,
        400
    );
    // The same conditions for bulk actions.
    let bulk = json!({ "action": "delete", "filter": { "light": "red" } });
    let (_, done) = w.post(&w.a.editor, &format!("{}/content/bulk", site(&w.a)), bulk).await;
    assert_eq!(done["done"], 1, "{done}");
    assert_eq!(titles("sort=score").await, ["None", "Orange", "Green"]);
}

#[tokio::test]
async fn coverage_is_learnt_from_the_cluster() {
    let w = World::new().await;
    let made = async |kind: &str, body: Value| {
        let (status, made) = w.post(&w.a.owner, &format!("{}/{kind}", site(&w.a)), body).await;
        assert_eq!(status, 201, "{made}");
        id(&made).to_owned()
    };
    let sector = made("sectors", json!({ "name": "Coffee" })).await;
    let cluster = made("clusters", json!({ "sector": sector, "name": "Cold brew" })).await;
    made(
        "keywords",
        json!({ "sector": sector, "text": "cold brew ratio", "volume": 90, "cluster": cluster }),
    )
    .await;
    for n in 0..3 {
        let body =
            format!("Steep the grounds overnight. A paper filter keeps the fine grounds back, number {n}. ").repeat(9);
        made(
            "content",
            json!({ "content_type": "post", "title": format!("Brew {n}"), "body": body, "cluster": cluster }),
        )
        .await;
    }
    post(
        &w,
        "Elsewhere",
        json!({ "body": "Bicycles need air in their tyres. ".repeat(20) }),
    )
    .await;
    let text = post(
        &w,
        "Mine",
        json!({ "cluster": cluster, "body": "Cold brew needs a paper filter and time. ".repeat(10) }),
    )
    .await;
    let path = format!("{}/content/{}/score/coverage", site(&w.a), id(&text));
    let (status, coverage) = w.get(&w.a.viewer, &path).await;
    assert_eq!(status, 200, "{coverage}");
    assert_eq!(
        (&coverage["siblings"], &coverage["keywords"]),
        (&json!(3), &json!(1)),
        "{coverage}"
    );
    let term = |text: &str| {
        let terms = coverage["terms"].as_array().unwrap();
        terms
            .iter()
            .find(|term| term["text"] == text)
            .unwrap_or_else(|| panic!("{text}: {coverage}"))
    };
    assert_eq!(
        (&term("ratio")["state"], &term("ratio")["keyword"]),
        (&json!("missing"), &json!(true))
    );
    assert_eq!(term("grounds")["state"], "missing");
    assert_eq!(term("paper filter")["uses"], 10);
    assert!(!coverage.to_string().contains("tyres"), "{coverage}");
    let (status, refused) = w
        .get(
            &w.a.viewer,
            &format!(
                "{}/content/{}/score/coverage",
                site(&w.a),
                id(&post(&w, "Alone", json!({})).await)
            ),
        )
        .await;
    assert_eq!((status.as_u16(), &refused["code"]), (422, &json!("no_cluster")));
    assert_eq!(w.get(&w.b.owner, &path).await.0, 404);
}
