//! How long a large site takes: reading all of it, and following one change. Prints figures; run it by itself:
//!
//! `cargo nextest run --release --workspace --run-ignored only --no-capture -E 'test(links_speed)'`

use std::fmt::Write as _;
use std::time::Instant;

use igny8_data::Write;
use igny8_server::features::content::model::ContentType;
use igny8_server::features::content::{Content, Status};
use igny8_server::testing::World;
use serde_json::{Value, json};

use crate::large::{random, some_word, word};

const PAGES: usize = 10_000;

/// About a thousand words with five links to pages nearby; few words are frequent, most are rare.
fn body(number: usize) -> String {
    let mut random = random(number);
    let mut body = String::new();
    for paragraph in 0..10 {
        for _ in 0..8 {
            body.push_str("The");
            for _ in 0..11 {
                let _ = write!(body, " {}", some_word(&mut random));
            }
            body.push_str(". ");
        }
        if paragraph % 2 == 0 {
            let other = (number + random(40)) % PAGES;
            let _ = write!(
                body,
                "See [{} {}](/blog/page-{other}/).",
                word(other),
                word(other * 7 % 30_000)
            );
        }
        body.push_str("\n\n");
    }
    body
}

async fn timed<T>(what: &str, work: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let out = work.await;
    println!("{what}: {:.1} ms", begun.elapsed().as_secs_f64() * 1_000.0);
    out
}

#[tokio::test]
#[ignore = "takes minutes and prints figures"]
async fn ten_thousand_pages() {
    let w = World::new().await;
    let site = w.a.sites[0];
    let owner = w.app.db.actor_of_user(w.a.owner.id).await.unwrap();
    let scope = owner.site::<Write>(&w.app.db, site).await.unwrap();
    let now = w.clock.now();
    for numbers in (0..PAGES).collect::<Vec<_>>().chunks(250) {
        let rows = numbers.iter().map(|&n| {
            let title = format!("{} {}", word(n), word(n * 7 % 30_000));
            let slug = format!("page-{n}");
            let mut row = Content::new(
                w.app.db.ids().make(),
                &scope,
                ContentType::Post,
                "en".into(),
                title,
                slug,
                now,
            );
            row.body = body(n);
            row.path = row.derive_path();
            row.content_hash = row.reader_hash();
            (row.status, row.published_at) = (Status::Published, Some(now));
            row
        });
        let mut tx = w.app.db.site(&scope).tx();
        tx.create_all(rows.collect::<Vec<_>>());
        tx.commit().await.unwrap();
    }
    let get = async |rest: String| -> Value {
        let (status, answer) = w.get(&w.a.owner, &format!("/sites/{site}/{rest}")).await;
        assert_eq!(status, 200, "{answer}");
        answer
    };
    println!("{PAGES} pages of {} words", body(7).split_whitespace().count());
    let report = timed("everything read, and the report", get("links/report".into())).await;
    assert_eq!(report["pages"], PAGES);
    timed("the report again", get("links/report".into())).await;
    timed("a map of 500", get("links/map".into())).await;
    let list = get("content?limit=1".into()).await;
    let content = list["items"][0]["id"].as_str().unwrap().to_owned();
    let row = get(format!("content/{content}")).await;
    timed("links of one page", get(format!("content/{content}/links"))).await;
    let text = format!("{}\n\nA new [link](/blog/page-1/) here.", row["body"].as_str().unwrap());
    let (status, answer) = w
        .patch(
            &w.a.owner,
            &format!("/sites/{site}/content/{content}"),
            1,
            json!({ "body": text }),
        )
        .await;
    assert_eq!(status, 200, "{answer}");
    let links = timed(
        "links of one page, which was changed",
        get(format!("content/{content}/links")),
    )
    .await;
    assert!(
        links["outbound"]
            .as_array()
            .unwrap()
            .iter()
            .any(|link| link["anchor"] == "link"),
        "{links}"
    );
    timed("links of one page again", get(format!("content/{content}/links"))).await;
    timed(
        "suggestions for it",
        get(format!("content/{content}/links/suggestions")),
    )
    .await;
    timed(
        "suggestions to it",
        get(format!("content/{content}/links/suggestions?to=this")),
    )
    .await;
    let (status, _) = w
        .patch(
            &w.a.owner,
            &format!("/sites/{site}/content/{content}"),
            2,
            json!({ "slug": "moved" }),
        )
        .await;
    assert_eq!(status, 200);
    timed(
        "links of one page, which moved",
        get(format!("content/{content}/links")),
    )
    .await;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(line) = status.lines().find(|line| line.starts_with("VmRSS")) {
        println!("memory, the database with it: {line}");
    }
}
