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
    let (_, content) = server
        .send(Method::GET, &format!("/sites/{site}/content?limit=200"), None)
        .await
        .unwrap();
    let pages = content["items"].as_array().unwrap().clone();
    server.kill();

    for round in 0..rounds() {
        let (server, _) = installation.serve().await;
        let server = Arc::new(server);
        // Changes that deploy by themselves, one after the other, the first after a start from everything, the next from memory.
        let writer = {
            let (server, site, pages) = (Arc::clone(&server), site.clone(), pages.clone());
            tokio::spawn(async move {
                for page in pages.iter().cycle().skip(usize::try_from(round).unwrap()) {
                    let id = page["id"].as_str().unwrap();
                    if server.append(&site, id, &format!("Round {round}.")).await.is_none() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(60)).await;
                }
            })
        };
        tokio::time::sleep(moment(round, 2_500)).await;
        server.kill();
        writer.await.unwrap();

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
    let folder = installation.site_folder();
    let releases = names(&folder.join("releases"));
    // The newest five, and the one that they build on.
    assert!(releases.len() <= 7, "releases were left behind: {releases:?}");

    // What came of all that is what a deployment from nothing comes to, byte for byte, also in the folder for other servers.
    let patched = files_of(&folder);
    let aside = folder.with_file_name("aside");
    std::fs::rename(&folder, &aside).unwrap();
    let (server, _) = installation.serve().await;
    let whole = server.deploy_and_wait(&site).await;
    assert_eq!(
        (&whole["status"], &whole["scope"]),
        (&json!("deployed"), &json!("full")),
        "{whole}"
    );
    server.kill();
    let whole = files_of(&folder);
    assert_eq!(patched.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>());
    for (path, hash) in &whole {
        assert_eq!(patched[path], *hash, "{path}");
    }
}

/// The files of the live release by path; each must have the content that its hash says.
fn files_of(folder: &std::path::Path) -> std::collections::BTreeMap<String, String> {
    use igny8_renderer::release::{ContentHash, Release, current};
    let version = current(folder).unwrap().unwrap();
    let release = Release::open(folder, &version, None).unwrap();
    release
        .files()
        .map(|(path, entry)| {
            let bytes = std::fs::read(release.content(folder, path, entry)).unwrap();
            assert_eq!(ContentHash::of(&bytes), entry.hash, "{path}");
            (path.to_owned(), entry.hash.to_string())
        })
        .collect()
}
