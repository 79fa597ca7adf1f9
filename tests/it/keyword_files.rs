//! Keyword files in and out.

use std::collections::BTreeSet;

use igny8_data::{Variables, Why};
use igny8_server::jobs::worker;
use igny8_server::testing::{Member, World, body_of};
use poem::http::{Method, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};

pub fn id(value: &Value) -> &str {
    value["id"].as_str().expect("an id")
}

pub async fn made(w: &World, path: &str, body: Value) -> String {
    let (status, answer) = w.post(&w.a.owner, path, body).await;
    assert_eq!(status, 201, "{answer}");
    id(&answer).to_owned()
}

pub async fn sector(w: &World) -> String {
    made(
        w,
        &format!("/sites/{}/sectors", w.a.sites[0]),
        json!({ "name": "Coffee" }),
    )
    .await
}

pub fn keywords(w: &World) -> String {
    format!("/sites/{}/keywords", w.a.sites[0])
}

pub async fn send(w: &World, member: &Member, path: &str, bytes: &[u8]) -> (StatusCode, Value) {
    let head = "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"keywords.csv\"\r\ncontent-type: text/csv\r\n\r\n";
    let body = [head.as_bytes(), bytes, b"\r\n--x--\r\n"].concat();
    let request = w
        .request(member, Method::POST, path)
        .header("content-type", "multipart/form-data; boundary=x");
    body_of(request.body(body).send().await).await
}

/// Imports a file as the editor and answers its report.
pub async fn import(w: &World, sector: &str, more: &str, bytes: &[u8]) -> Value {
    let import = run(w, sector, more, bytes).await;
    assert_eq!(import["state"], "done", "{import}");
    import["report"].clone()
}

pub async fn run(w: &World, sector: &str, more: &str, bytes: &[u8]) -> Value {
    let path = format!("{}/imports?sector={sector}{more}", keywords(w));
    let (status, asked) = send(w, &w.a.editor, &path, bytes).await;
    assert_eq!(status, 202, "{asked}");
    w.run_jobs().await;
    let (status, import) = w
        .get(&w.a.viewer, &format!("{}/imports/{}", keywords(w), id(&asked)))
        .await;
    assert_eq!(status, 200, "{import}");
    import
}

#[tokio::test]
async fn a_file_without_rows_says_so() {
    let w = World::new().await;
    let here = sector(&w).await;
    let report = import(&w, &here, "", b"Keyword,Volume\n").await;
    assert_eq!(counts(&report), [0; 4]);
    assert!(report["notes"].to_string().contains("no rows of keywords"), "{report}");
}

#[test]
fn columns_need_not_be_named() {
    let spec: Value = serde_json::from_str(igny8_server::api::description::text()).unwrap();
    let import = &spec["paths"]["/sites/{site_id}/keywords/imports"]["post"];
    let parameters = import["parameters"].as_array().unwrap();
    let column = parameters.iter().find(|p| p["name"] == "column").unwrap();
    assert_ne!(column["required"], true, "{column}");
}

pub fn counts(report: &Value) -> [u64; 4] {
    ["added", "changed", "unchanged", "wrong"].map(|name| report[name].as_u64().expect("a count"))
}

pub async fn text(w: &World, member: &Member, path: &str) -> (StatusCode, String) {
    let answer = w.request(member, Method::GET, path).send().await;
    let status = answer.0.status();
    (status, answer.0.into_body().into_string().await.unwrap())
}

/// Every keyword of the list, by text.
pub async fn all(w: &World) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let (status, page) = w
            .get(&w.a.viewer, &format!("{}?limit=200&sort=text{cursor}", keywords(w)))
            .await;
        assert_eq!(status, 200, "{page}");
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

pub async fn plan(w: &World, plan: &str) {
    let mut binds = Variables::new();
    binds.insert("id", w.a.account);
    binds.insert("plan", plan.to_owned());
    let rows = w.app.db.platform(Why::Operator);
    rows.query("UPDATE $id SET plan = $plan", binds, "testing")
        .await
        .unwrap();
}

const PLANNER: &str = "\u{feff}Keyword Stats 2026-06-09 at 21_25_18\n\"May 1, 2025 - April 30, 2026\"\n\
    Keyword\tCurrency\tAvg. monthly searches\tThree month change\tYoY change\tCompetition\t\
    Competition (indexed value)\tTop of page bid (low range)\tTop of page bid (high range)\n\
    cold brew\tUSD\t480\t-18%\t∞\tHigh\t88\t0.45\t1.85\ncold brew jar\tUSD\t10\t0%\t0%\tLow\t12\t\t\n";

#[tokio::test]
async fn files_of_several_tools() {
    let w = World::new().await;
    let here = sector(&w).await;
    let utf16: Vec<u8> = PLANNER.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let report = import(&w, &here, "", &utf16).await;
    assert_eq!(
        (&report["source"], &report["encoding"], counts(&report)),
        (&json!("Google Keyword Planner"), &json!("UTF-16LE"), [2, 0, 0, 0]),
        "{report}"
    );
    assert_eq!(report["header_line"], 3);
    let again = import(&w, &here, "", &utf16).await;
    assert_eq!(counts(&again), [0, 0, 2, 0], "{again}");
    let rows = all(&w).await;
    assert_eq!(
        (
            &rows[0]["text"],
            &rows[0]["volume"],
            &rows[0]["volume_source"],
            &rows[0]["cpc"]
        ),
        (&json!("cold brew"), &json!(480), &json!("stated"), &json!(1.15)),
        "{rows:#?}"
    );

    // What the own site was shown does not replace what a tool states; where it ranks is kept beside it.
    let console = "Top queries,Clicks,Impressions,CTR,Position\nCold Brew,12,\"1,345\",3.48%,4.2\nicy,0,3,0%,88\n";
    let report = import(&w, &here, "", console.as_bytes()).await;
    assert_eq!(counts(&report), [1, 1, 0, 0], "{report}");
    assert!(report["notes"].to_string().contains("impressions"), "{report}");
    let ahrefs = "Keyword,Volume,Difficulty,CPC,Parent Topic,Intents\ncold brew,900,31,2.5,coffee,\"Informational,Non-branded\"\n\
                  icy,70,2,,coffee,Commercial\n";
    let report = import(&w, &here, "", ahrefs.as_bytes()).await;
    assert_eq!(counts(&report), [0, 2, 0, 0], "{report}");
    let rows = all(&w).await;
    assert_eq!(
        (
            &rows[0]["volume"],
            &rows[0]["difficulty"],
            &rows[0]["parent_topic"],
            &rows[0]["intent"]
        ),
        (&json!(900), &json!(31), &json!("coffee"), &json!("informational")),
        "{rows:#?}"
    );
    assert_eq!(
        (&rows[2]["text"], &rows[2]["volume"], &rows[2]["volume_source"]),
        (&json!("icy"), &json!(70), &json!("stated"))
    );

    let list = "cold brew ratio\nＣＯＬＤ　ＢＲＥＷ\n";
    assert_eq!(counts(&import(&w, &here, "", list.as_bytes()).await), [1, 0, 1, 0]);
    for (bytes, words) in [
        (&b"PK\x03\x04 and so on"[..], "damaged"),
        (b"", "empty"),
        (b"Date,Clicks\n2026-01-01,4\n", "no keywords"),
    ] {
        let import = run(&w, &here, "", bytes).await;
        assert_eq!(import["state"], "failed", "{import}");
        let error = import["error"].as_str().unwrap();
        assert!(error.contains(words), "{error}");
    }
}

#[tokio::test]
async fn bad_rows_dry_runs_and_what_people_set() {
    let w = World::new().await;
    let here = sector(&w).await;
    let brewing = made(
        &w,
        &format!("/sites/{}/clusters", w.a.sites[0]),
        json!({ "sector": here, "name": "Brewing" }),
    )
    .await;
    let file = format!(
        "keyword,volume,difficulty,cluster\ncold brew,900,30,brewing\n,1,1,\ncold  BREW,1,1,\n{},1,1,\npour over,x,20,\npour over,9,20,Unheard of\ndrip,40,\n",
        "y".repeat(201)
    );
    let before = import(&w, &here, "&dry_run=true", file.as_bytes()).await;
    assert!(all(&w).await.is_empty(), "a dry run changes nothing");
    let report = import(&w, &here, "", file.as_bytes()).await;
    assert_eq!(counts(&before), counts(&report));
    assert_eq!(report["added"], 3, "{report}");
    assert_eq!(
        (&report["wrong"], &report["repeated"], &report["warnings"]),
        (&json!(2), &json!(2), &json!(1)),
        "{report}"
    );
    let problems = report["problems"].as_array().unwrap();
    let told: Vec<(u64, &str)> = problems
        .iter()
        .map(|p| (p["line"].as_u64().unwrap(), p["code"].as_str().unwrap()))
        .collect();
    for expected in [(3, "empty"), (5, "too_long"), (6, "warning")] {
        assert!(told.contains(&expected), "{expected:?} in {told:?}");
    }
    assert_eq!(report["unknown_clusters"], 1);
    let rows = all(&w).await;
    assert_eq!(
        (&rows[0]["cluster"], &rows[0]["status"]),
        (&json!(brewing), &json!("mapped")),
        "{rows:#?}"
    );

    // Status, cluster and `disabled` stay as people set them; figures are the file's.
    let path = format!("{}/{}", keywords(&w), id(&rows[0]));
    let change = json!({ "cluster": null, "status": "used", "disabled": true, "volume": 7 });
    assert_eq!(w.patch(&w.a.editor, &path, 1, change).await.0, 200);
    let report = import(&w, &here, "&make_clusters=true", file.as_bytes()).await;
    // "pour over" was in no cluster, so it goes where the file says.
    assert_eq!(counts(&report), [0, 2, 1, 2], "{report}");
    let (_, row) = w.get(&w.a.viewer, &path).await;
    assert_eq!(
        (&row["cluster"], &row["status"], &row["disabled"], &row["volume"]),
        (&Value::Null, &json!("used"), &json!(true), &json!(900)),
        "{row}"
    );
    let report = import(
        &w,
        &here,
        "&make_clusters=true",
        b"keyword,cluster\nmoka,Pots\nmoka pot,POTS\n",
    )
    .await;
    assert_eq!(counts(&report), [2, 0, 0, 0], "{report}");
    let (_, pots) = w
        .get(&w.a.viewer, &format!("/sites/{}/clusters?search=pots", w.a.sites[0]))
        .await;
    assert_eq!(pots["items"][0]["keyword_count"], 2, "{pots}");
}

#[tokio::test]
async fn columns_chosen_by_hand() {
    let w = World::new().await;
    let here = sector(&w).await;
    let file = "Made by us;;\nWhat they type;Demand;Remark\ncafé;1.200;x\n";
    let bytes: Vec<u8> = file.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let import_failed = run(&w, &here, "", &bytes).await;
    assert!(
        import_failed["error"]
            .as_str()
            .unwrap()
            .contains("No column holds keywords"),
        "{import_failed}"
    );
    let more = "&column=What%20they%20type&column=2:volume&column=Remark:ignore&header=2&delimiter=semicolon\
                &encoding=windows-1252";
    let report = import(&w, &here, more, &bytes).await;
    assert_eq!(counts(&report), [1, 0, 0, 0], "{report}");
    assert_eq!(
        (
            &report["header_line"],
            &report["encoding"],
            &report["columns"][1]["used_for"]
        ),
        (&json!(2), &json!("windows-1252"), &json!("searches a month"))
    );
    let rows = all(&w).await;
    assert_eq!((&rows[0]["text"], &rows[0]["volume"]), (&json!("café"), &json!(1200)));
    let missing = run(&w, &here, "&column=Volumen:volume", &bytes).await;
    assert!(
        missing["error"].as_str().unwrap().contains("no column \"Volumen\""),
        "{missing}"
    );
    let path = format!(
        "{}/imports?sector={here}&column=3:nonsense&header=0&delimiter=x&encoding=klingon",
        keywords(&w)
    );
    let (status, problem) = send(&w, &w.a.editor, &path, &bytes).await;
    assert_eq!(status, 422, "{problem}");
    let fields: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["column", "header", "delimiter", "encoding"], "{problem}");
}

#[tokio::test]
async fn rows_of_one_keyword_are_joined_and_of_markets_the_sites_own_counts() {
    let w = World::new().await;
    let here = sector(&w).await;
    let pages = "query,page,clicks,impressions,ctr,position\ncold brew,https://a.example/2,1,90,0.01,11.5\n\
                 cold brew,https://a.example/1,9,40,0.22,4\nicy,https://a.example/3,0,3,0,71\n";
    for expected in [[2, 0, 0, 0], [0, 0, 2, 0]] {
        let report = import(&w, &here, "", pages.as_bytes()).await;
        assert_eq!(
            (counts(&report), &report["repeated"]),
            (expected, &json!(1)),
            "{report}"
        );
    }
    let rows = all(&w).await;
    assert_eq!(
        (&rows[0]["volume"], &rows[0]["volume_source"], &rows[0]["search_data"]),
        (
            &json!(90),
            &json!("impressions"),
            &json!({ "position": 4.0, "url": "https://a.example/1", "clicks": 9, "impressions": 90, "ctr": 0.22 })
        ),
        "{rows:#?}"
    );
    let ranking = |which: bool| format!("{}?ranking={which}&sort=text", keywords(&w));
    let (_, page) = w.get(&w.a.viewer, &ranking(true)).await;
    assert_eq!(page["items"].as_array().unwrap().len(), 2, "{page}");
    let markets = "Keyword,Country,Volume\nlatte,us,900\nlatte,gb,500\nmocha,de,5\nmocha,us,7\n";
    let path = format!("/sites/{}", w.a.sites[0]);
    let (_, site) = w.get(&w.a.owner, &path).await;
    let rev = site["rev"].as_i64().unwrap_or(1);
    let (status, answer) = w.patch(&w.a.owner, &path, rev, json!({ "language": "en-GB" })).await;
    assert_eq!(status, 200, "{answer}");
    let report = import(&w, &here, "", markets.as_bytes()).await;
    assert_eq!(
        (counts(&report), &report["other_markets"]),
        ([2, 0, 0, 0], &json!(2)),
        "{report}"
    );
    assert!(report["notes"].to_string().contains("several markets"), "{report}");
    let rows = all(&w).await;
    let volumes: Vec<(&str, i64)> = rows
        .iter()
        .map(|row| (row["text"].as_str().unwrap(), row["volume"].as_i64().unwrap()))
        .collect();
    assert_eq!(volumes, [("cold brew", 90), ("icy", 3), ("latte", 500), ("mocha", 7)]);
    let (_, page) = w.get(&w.a.viewer, &ranking(false)).await;
    assert_eq!(page["items"].as_array().unwrap().len(), 2, "{page}");
}

#[tokio::test]
async fn what_tools_say_of_the_results_goes_in_and_out() {
    let w = World::new().await;
    let here = sector(&w).await;
    let positions = "Keyword,Position,Search Volume,Keyword Difficulty,CPC,URL,Competition,Trends,SERP Features by Keyword,\
                     Keyword Intents,Position Type\n\
                     cold brew,4,12100,38,0.65,https://a.example/1,0.84,\"[100,82,64]\",\"Sitelinks, AI overview\",informational,Organic\n";
    import(&w, &here, "", positions.as_bytes()).await;
    let data = all(&w).await[0]["search_data"].clone();
    assert_eq!(
        data,
        json!({
            "position": 4.0, "url": "https://a.example/1", "competition": 0.84,
            "trend": { "scale": "relative", "values": [1.0, 0.82, 0.64] },
            "serp_features": ["Sitelinks", "AI overview"],
        })
    );
    let planner = "Keyword\tCurrency\tAvg. monthly searches\tCompetition (indexed value)\tSearches: Jan 2026\t\
                   Searches: Feb 2026\tSearches: Mar 2026\ncold brew\tEUR\t480\t88\t590\t\t480\n";
    import(&w, &here, "", planner.as_bytes()).await;
    let row = all(&w).await[0].clone();
    assert_eq!(
        (
            &row["volume"],
            &row["search_data"]["trend"],
            &row["search_data"]["position"]
        ),
        (
            &json!(480),
            &json!({ "scale": "searches", "values": [590.0, null, 480.0], "end": "2026-03" }),
            &json!(4.0)
        ),
        "{row:#}"
    );
    let (_, csv) = text(&w, &w.a.viewer, &format!("{}/export.csv", keywords(&w))).await;
    assert_eq!(
        counts(&import(&w, &here, "", csv.as_bytes()).await),
        [0, 0, 1, 0],
        "{csv}"
    );
    let other = made(
        &w,
        &format!("/sites/{}/sectors", w.a.sites[0]),
        json!({ "name": "Copy" }),
    )
    .await;
    import(&w, &other, "", csv.as_bytes()).await;
    let rows = all(&w).await;
    assert_eq!(rows[0]["search_data"], rows[1]["search_data"], "{csv}");
}

#[tokio::test]
async fn the_tree_of_clusters_comes_in_and_goes_out() {
    let w = World::new().await;
    let here = sector(&w).await;
    let clusters = format!("/sites/{}/clusters?limit=200&sector=", w.a.sites[0]);
    let tree = async |sector: &str| {
        let (_, page) = w.get(&w.a.viewer, &format!("{clusters}{sector}")).await;
        let items = page["items"].as_array().unwrap().clone();
        let name = |id: &Value| {
            items
                .iter()
                .find(|c| c["id"] == *id)
                .map_or(String::new(), |c| c["name"].to_string())
        };
        let mut lines: Vec<String> = items
            .iter()
            .map(|c| {
                format!(
                    "{} {} {} {}",
                    c["name"],
                    c["role"],
                    name(&c["parent"]),
                    c["keyword_count"]
                )
            })
            .collect();
        lines.sort();
        lines
    };
    // The pages before the pillar, and one keyword that was there already.
    import(&w, &here, "", b"keyword\nfree video editor\n").await;
    let strategy = "Database,Keyword,Seed keyword,Page,Topic,Page type,Volume\n\
                    us,free video editor,video,Free editors,Video editing,Sub page,90\n\
                    us,video editor for mac,video,Free editors,Video editing,Sub page,80\n\
                    us,video editing,video,Editing basics,Video editing,Pillar page,900\n\
                    us,cut a clip,video,Cutting,Video editing,Sub page,10\nus,other,video,,,,1\n";
    let report = import(&w, &here, "&make_clusters=true", strategy.as_bytes()).await;
    assert_eq!(counts(&report), [4, 1, 0, 0], "{report}");
    let expected = [
        "\"Cutting\" \"supporting\" \"Editing basics\" 1",
        "\"Editing basics\" \"hub\"  1",
        "\"Free editors\" \"supporting\" \"Editing basics\" 2",
    ];
    assert_eq!(tree(&here).await, expected);
    let again = import(&w, &here, "&make_clusters=true", strategy.as_bytes()).await;
    assert_eq!(counts(&again), [0, 0, 5, 0], "{again}");
    let (_, csv) = text(&w, &w.a.viewer, &format!("{}/export.csv?sector={here}", keywords(&w))).await;
    assert_eq!(
        counts(&import(&w, &here, "&make_clusters=true", csv.as_bytes()).await),
        [0, 0, 5, 0]
    );
    let other = made(
        &w,
        &format!("/sites/{}/sectors", w.a.sites[0]),
        json!({ "name": "Copy" }),
    )
    .await;
    import(&w, &other, "&make_clusters=true", csv.as_bytes()).await;
    assert_eq!(tree(&other).await, expected);
    // Groups in a circle end somewhere.
    let circle = "keyword,cluster,topic\na1,A,B\nb1,B,C\nc1,C,A\n";
    let third = made(
        &w,
        &format!("/sites/{}/sectors", w.a.sites[0]),
        json!({ "name": "Circle" }),
    )
    .await;
    import(&w, &third, "&make_clusters=true", circle.as_bytes()).await;
    assert_eq!(
        tree(&third).await,
        [
            "\"A\" \"supporting\" \"B\" 1",
            "\"B\" \"supporting\" \"C\" 1",
            "\"C\" \"hub\"  1",
        ]
    );
}

#[tokio::test]
async fn a_job_that_goes_on_reports_what_it_did_in_all() {
    let w = World::new().await;
    let here = sector(&w).await;
    import(&w, &here, "", b"keyword,volume\nnumber 5,1\nnumber 3999,3999\n").await;
    let rows: String = (0..4_000).map(|n| format!("number {n},{n}\n")).collect();
    let path = format!("{}/imports?sector={here}", keywords(&w));
    let (_, asked) = send(&w, &w.a.editor, &path, format!("keyword,volume\n{rows}").as_bytes()).await;
    let (job, lease) = worker::claim(&w.app).await.unwrap().unwrap();
    let kind = igny8_server::jobs::job_type(&job.kind).unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let stopping = async {
        let list = format!("{}?limit=1&with_total=true", keywords(&w));
        while w.get(&w.a.viewer, &list).await.1["total"].as_u64().unwrap() < 500 {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        stop.cancel();
    };
    let running = worker::attempt(&w.app, kind, job, lease, &stop, std::time::Duration::ZERO);
    let (ended, ()) = futures_util::future::join(running, stopping).await;
    w.app.db.finish_job(lease, ended).await.unwrap();
    w.run_jobs().await;
    let (_, import) = w
        .get(&w.a.viewer, &format!("{}/imports/{}", keywords(&w), id(&asked)))
        .await;
    assert_eq!(counts(&import["report"]), [3_998, 1, 1, 0], "{import}");
}

#[tokio::test]
async fn who_may_import_and_see_it() {
    let w = World::new().await;
    let here = sector(&w).await;
    let path = format!("{}/imports?sector={here}", keywords(&w));
    for (member, status) in [(&w.b.owner, 404), (&w.a.viewer, 403)] {
        assert_eq!(send(&w, member, &path, b"cold brew\n").await.0, status);
    }
    let far = made(
        &w,
        &format!("/sites/{}/sectors", w.a.sites[1]),
        json!({ "name": "Far" }),
    )
    .await;
    let (status, problem) = send(
        &w,
        &w.a.editor,
        &format!("{}/imports?sector={far}", keywords(&w)),
        b"x\n",
    )
    .await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["field"]),
        (422, &json!("sector")),
        "{problem}"
    );
    let imports = w.app.config.data_dir.join("imports");
    assert_eq!(
        std::fs::read_dir(&imports).unwrap().count(),
        0,
        "a refused file is not kept"
    );

    let (status, asked) = send(&w, &w.a.editor, &path, b"Keyword,Volume\ncold brew,1\n,2\n").await;
    assert_eq!((status.as_u16(), &asked["state"]), (202, &json!("queued")), "{asked}");
    let import = format!("{}/imports/{}", keywords(&w), id(&asked));
    let problems = format!("{import}/problems.csv");
    assert_eq!(text(&w, &w.a.viewer, &problems).await.1, "line,code,reason\n");
    w.run_jobs().await;
    let (status, csv) = text(&w, &w.a.viewer, &problems).await;
    assert_eq!(status, 200);
    assert!(csv.contains("3,empty,"), "{csv}");
    for path in [&import, &problems] {
        assert_eq!(w.get(&w.b.owner, path).await.0, 404);
    }
    let (_, other) = w
        .post(
            &w.b.owner,
            &format!("/sites/{}/sectors", w.b.sites[0]),
            json!({ "name": "S" }),
        )
        .await;
    let theirs = format!("/sites/{}/keywords/imports/{}", w.b.sites[0], id(&asked));
    assert_eq!(w.get(&w.b.owner, &theirs).await.0, 404);
    let (status, _) = send(
        &w,
        &w.b.owner,
        &format!("/sites/{}/keywords/imports?sector={}", w.b.sites[0], id(&other)),
        b"cold brew\n",
    )
    .await;
    assert_eq!(status, 202);
    w.run_jobs().await;
    assert_eq!(all(&w).await.len(), 1, "each account has its own");

    // Somebody who lost the right meanwhile does not import.
    let (_, asked) = send(&w, &w.a.editor, &path, b"too late\n").await;
    let member = format!("/members/{}", w.a.editor.id);
    assert_eq!(
        w.patch(&w.a.owner, &member, 1, json!({ "role": "viewer" })).await.0,
        200
    );
    w.run_jobs().await;
    let (_, import) = w
        .get(&w.a.owner, &format!("{}/imports/{}", keywords(&w), id(&asked)))
        .await;
    assert_eq!(import["state"], "failed", "{import}");
    assert_eq!(all(&w).await.len(), 1);
}

#[tokio::test]
async fn the_size_of_files_is_bounded() {
    let w = World::with(|config| {
        config.http.max_import_bytes = 300_000;
        config.http.max_upload_bytes = 1_000;
    })
    .await;
    let here = sector(&w).await;
    let path = format!("{}/imports?sector={here}", keywords(&w));
    let (status, problem) = send(&w, &w.a.editor, &path, &vec![b'x'; 400_000]).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (413, &json!("too_large")),
        "{problem}"
    );
    let many: String = (0..1_200).map(|n| format!("keyword number {n}\n")).collect();
    let report = import(&w, &here, "", many.as_bytes()).await;
    assert_eq!(counts(&report), [1_200, 0, 0, 0], "{report}");
    assert_eq!(counts(&import(&w, &here, "", many.as_bytes()).await), [0, 0, 1_200, 0]);
    let (_, csv) = text(&w, &w.a.viewer, &format!("{}/export.csv", keywords(&w))).await;
    assert_eq!(csv.lines().count(), 1_201);
    let report = import(&w, &here, "", csv.as_bytes()).await;
    assert_eq!(
        (&report["source"], counts(&report)),
        (&json!("IGNY8"), [0, 0, 1_200, 0]),
        "{report}"
    );
    let answer = w
        .request(
            &w.a.viewer,
            Method::GET,
            &format!("{}/export.csv?search=number%2011", keywords(&w)),
        )
        .send()
        .await;
    assert_eq!(answer.0.headers()["content-type"], "text/csv; charset=utf-8");
    let some = answer.0.into_body().into_string().await.unwrap();
    assert_eq!(some.lines().count(), 1 + 111);
    assert_eq!(w.get(&w.b.owner, &format!("{}/export.csv", keywords(&w))).await.0, 404);
}

/// A keyword as the API takes it; texts of every kind, among them formulas and what normalising changes.
fn keyword() -> impl Strategy<Value = Value> {
    (
        "[=+@'-]{0,1}[a-z0-9 ,;|\"\\\\éñ咖ﬁ½A-C\u{a0}\u{200c}]{1,12}",
        proptest::option::of(0..1_000_000_u64),
        proptest::option::of(0..=100_u8),
        proptest::option::of(0.0..100.0_f64),
        proptest::option::of(prop::sample::select(
            &["informational", "commercial", "transactional", "navigational"][..],
        )),
        proptest::option::of("[ -~é]{1,20}"),
        proptest::collection::vec(("[a-z|;,]{1,8}", "[ -~]{0,8}"), 0..3),
        proptest::collection::vec("https://[a-z|]{1,5}\\.example/[a-z,?=]{0,6}", 0..3),
        any::<bool>(),
    )
        .prop_map(
            |(text, volume, difficulty, cpc, intent, topic, attributes, urls, disabled)| {
                let attributes: Vec<_> = attributes
                    .into_iter()
                    .map(|(name, value)| json!({ "name": name, "value": value }))
                    .collect();
                let mut body = json!({ "text": text, "attributes": attributes, "serp_urls": urls });
                let given = [
                    ("volume", json!(volume)),
                    ("difficulty", json!(difficulty)),
                    ("cpc", json!(cpc)),
                    ("intent", json!(intent)),
                    ("parent_topic", json!(topic)),
                ];
                for (name, value) in given {
                    if !value.is_null() {
                        body[name] = value;
                    }
                }
                json!({ "body": body, "disabled": disabled })
            },
        )
}

#[test]
fn what_is_exported_is_imported_unchanged() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(10 << 20)
        .build()
        .unwrap();
    // One world for all cases: each case has a sector of its own, emptied afterwards.
    let w = runtime.block_on(World::new());
    let here = runtime.block_on(sector(&w));
    let other = runtime.block_on(made(
        &w,
        &format!("/sites/{}/sectors", w.a.sites[0]),
        json!({ "name": "Copy" }),
    ));
    let config = ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(some in proptest::collection::vec(keyword(), 1..8))| {
        runtime.block_on(async {
            let list = keywords(&w);
            for one in &some {
                let mut body = one["body"].clone();
                body["sector"] = json!(here);
                let (status, answer) = w.post(&w.a.editor, &list, body).await;
                if status == 201 && one["disabled"] == true {
                    let path = format!("{list}/{}", id(&answer));
                    w.patch(&w.a.editor, &path, 1, json!({ "disabled": true })).await;
                }
            }
            let before = all(&w).await;
            let (_, csv) = text(&w, &w.a.viewer, &format!("{list}/export.csv")).await;
            if !before.is_empty() {
                let report = import(&w, &here, "", csv.as_bytes()).await;
                assert_eq!(counts(&report), [0, 0, before.len() as u64, 0], "{report}\n{csv}\n{before:#?}");
                assert_eq!(before, all(&w).await);
                // Into another sector, twice.
                let report = import(&w, &other, "", csv.as_bytes()).await;
                assert_eq!(counts(&report), [before.len() as u64, 0, 0, 0], "{report}\n{csv}");
                let report = import(&w, &other, "", csv.as_bytes()).await;
                assert_eq!(counts(&report), [0, 0, before.len() as u64, 0], "{report}\n{csv}");
            }
            let ids: Vec<String> = all(&w).await.iter().map(|k| id(k).to_owned()).collect();
            for ids in ids.chunks(200) {
                w.post(&w.a.editor, &format!("{list}/bulk"), json!({ "action": "delete", "ids": ids })).await;
            }
        });
    });
}

#[tokio::test]
async fn a_stopped_import_goes_on_and_races_find_the_same_rows() {
    let w = World::new().await;
    let here = sector(&w).await;
    let many: String = (0..600).map(|n| format!("keyword number {n}\n")).collect();
    let first: String = many.lines().take(350).map(|line| format!("{line}\n")).collect();
    import(&w, &here, "", first.as_bytes()).await;
    let report = import(&w, &here, "", many.as_bytes()).await;
    assert_eq!(counts(&report), [250, 0, 350, 0], "{report}");

    // Two imports of one file at once, and somebody typing some of it.
    let file: String = (0..300).map(|n| format!("other {n},{n}\n")).collect();
    let file = format!("keyword,volume\n{file}");
    let path = format!("{}/imports?sector={here}", keywords(&w));
    let (a, b) = (
        send(&w, &w.a.editor, &path, file.as_bytes()).await.1,
        send(&w, &w.a.editor, &path, file.as_bytes()).await.1,
    );
    let typing = async {
        for n in (0..300).step_by(30) {
            let body = json!({ "sector": here, "text": format!("OTHER {n}"), "volume": n });
            w.post(&w.a.editor, &keywords(&w), body).await;
        }
    };
    futures_util::future::join3(w.run_jobs(), w.run_jobs(), typing).await;
    let mut added = 0;
    for asked in [a, b] {
        let (_, import) = w
            .get(&w.a.viewer, &format!("{}/imports/{}", keywords(&w), id(&asked)))
            .await;
        assert_eq!(import["state"], "done", "{import}");
        let [new, changed, unchanged, wrong] = counts(&import["report"]);
        assert_eq!((changed, new + unchanged, wrong), (0, 300, 0), "{import}");
        added += new;
    }
    assert!(added <= 300);
    let texts: BTreeSet<String> = all(&w)
        .await
        .iter()
        .map(|k| k["text"].as_str().unwrap().to_lowercase())
        .collect();
    assert_eq!(texts.len(), 600 + 300);
}
