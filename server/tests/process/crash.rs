//! `kill -9` at any moment: nothing acknowledged is lost, no visitor gets half a site, the next start takes seconds.
//!
//! Some rounds by default; `IGNY8_CRASH_ROUNDS=200` for more.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::installation::{Installation, names};

pub fn rounds() -> u64 {
    std::env::var("IGNY8_CRASH_ROUNDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(5)
}

/// Spread over a moment, the same in every run.
pub fn moment(round: u64, most: u64) -> Duration {
    Duration::from_millis(round.wrapping_mul(7919) % most + 20)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_write_is_lost() {
    let installation = Installation::new(1).await;
    let acknowledged: Arc<Mutex<Vec<String>>> = Arc::default();
    for round in 0..rounds() {
        let (server, _) = installation.serve().await;
        let server = Arc::new(server);
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (server, acknowledged) = (Arc::clone(&server), Arc::clone(&acknowledged));
                tokio::spawn(async move {
                    for n in 0.. {
                        let name = format!("Site {round} {writer} {n}");
                        let body = json!({ "name": name, "site_type": "blog" });
                        match server.send(Method::POST, "/sites", Some(body)).await {
                            Some((status, site)) if status == 201 => {
                                let id = site["id"].as_str().unwrap().to_owned();
                                acknowledged.lock().unwrap().push(id);
                            }
                            Some((status, body)) => panic!("{status} {body}"),
                            None => return,
                        }
                    }
                })
            })
            .collect();
        tokio::time::sleep(moment(round, 900)).await;
        // The writers hold the server too; what they send after this fails, which ends them.
        server.kill();
        for writer in writers {
            writer.await.unwrap();
        }
    }
    let acknowledged = acknowledged.lock().unwrap().clone();
    assert!(!acknowledged.is_empty(), "nothing was written at all");
    let (server, started) = installation.serve().await;
    assert!(started < Duration::from_secs(30), "start-up took {started:?}");
    for id in &acknowledged {
        let (status, body) = server.send(Method::GET, &format!("/sites/{id}"), None).await.unwrap();
        assert_eq!(status, 200, "{id} was acknowledged and is lost: {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_never_gets_half_a_site() {
    const PAGES: usize = 40;
    let installation = Installation::new(PAGES).await;
    let (server, _) = installation.serve().await;
    let (_, sites) = server.send(Method::GET, "/sites", None).await.unwrap();
    let site = sites["items"][0]["id"].as_str().unwrap().to_owned();
    let first = server.deploy_and_wait(&site).await;
    assert_eq!(first["status"], "deployed", "{first}");
    server.kill();

    for round in 0..rounds() {
        let (server, _) = installation.serve().await;
        let path = format!("/sites/{site}/deployments");
        server
            .send(Method::POST, &path, Some(json!({ "force": true })))
            .await
            .unwrap();
        tokio::time::sleep(moment(round, 1_500)).await;
        server.kill();

        let (server, started) = installation.serve().await;
        assert!(started < Duration::from_secs(30), "start-up took {started:?}");
        let (status, sitemap) = server.visit("/sitemap.xml").await;
        assert_eq!(status, 200);
        let addresses: Vec<&str> = sitemap
            .split("<loc>")
            .skip(1)
            .filter_map(|rest| rest.split("</loc>").next())
            .collect();
        assert!(addresses.len() >= PAGES, "{} addresses", addresses.len());
        for address in addresses {
            let at = address.find("/sites/blog").expect("an address of the site") + "/sites/blog".len();
            let (status, page) = server.visit(&address[at..]).await;
            assert_eq!(status, 200, "{address}");
            assert!(page.trim_end().ends_with("</html>"), "{address} is cut off");
        }
        let last = server.deploy_and_wait(&site).await;
        assert_eq!(last["status"], "deployed", "{last}");
        server.kill();
    }
    let releases = names(&installation.site_folder().join("releases"));
    assert!(releases.len() <= 6, "releases were left behind: {releases:?}");
}
