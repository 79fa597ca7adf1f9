//! Deployments that read and render only what changed come to what a deployment from nothing comes to, byte for byte.

use std::collections::BTreeMap;

use igny8_data::SiteId;
use igny8_renderer::release::{ContentHash, Release, current};
use igny8_server::testing::{World, body_of};
use poem::http::Method;
use serde_json::{Value, json};

use crate::deployments::deploy;

/// Numbers that are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

/// The files of a site's live release, with the contents that their hashes say.
fn files(w: &World) -> BTreeMap<String, Vec<u8>> {
    let folder = w.app.config.sites_dir.join("site-a0");
    let version = current(&folder).unwrap().unwrap();
    let release = Release::open(&folder, &version, None).unwrap();
    let read = |path: &str, entry: &igny8_renderer::release::Entry| {
        let content = release.content(&folder, path, entry);
        let bytes = std::fs::read(&content).unwrap();
        assert_eq!(ContentHash::of(&bytes), entry.hash, "{path}");
        for suffix in ["gz", "br"].iter().filter(|_| entry.compressed) {
            assert!(
                std::fs::exists(format!("{}.{suffix}", content.display())).unwrap(),
                "{path}.{suffix}"
            );
        }
        // The folder for other servers has the same.
        assert!(
            std::fs::read(folder.join("current").join(path)).unwrap() == bytes,
            "{path}"
        );
        bytes
    };
    release
        .files()
        .map(|(path, entry)| (path.to_owned(), read(path, entry)))
        .collect()
}

async fn items(w: &World, path: &str) -> Vec<Value> {
    let (status, list) = w.get(&w.a.owner, &format!("{path}?limit=200")).await;
    assert_eq!(status, 200, "{list}");
    list["items"].as_array().unwrap().clone()
}

/// The revision of a row.
async fn rev_of(w: &World, path: &str) -> i64 {
    let answer = w.request(&w.a.owner, Method::GET, path).send().await;
    let etag = answer.0.header("etag").unwrap_or_default().to_owned();
    etag.trim_matches('"').parse().unwrap()
}

/// One change, as an author makes it.
async fn change(w: &World, site: SiteId, chance: &mut Chance, n: usize) {
    let base = format!("/sites/{site}");
    let content = items(w, &format!("{base}/content")).await;
    let terms = items(w, &format!("{base}/terms")).await;
    let owner = &w.a.owner;
    let page = &content[chance.below(content.len())];
    let address = format!("{base}/content/{}", page["id"].as_str().unwrap());
    let rev = rev_of(w, &address).await;
    let term = &terms[chance.below(terms.len())];
    let of_term = format!("{base}/terms/{}", term["id"].as_str().unwrap());
    let term_rev = rev_of(w, &of_term).await;
    let other = content[chance.below(content.len())]["path"]
        .as_str()
        .unwrap()
        .to_owned();
    let (status, answer) = match chance.below(11) {
        0..3 => {
            w.patch(
                owner,
                &address,
                rev,
                json!({ "body": format!("Text {n} with [a link]({other}).") }),
            )
            .await
        }
        3 => {
            w.patch(owner, &address, rev, json!({ "title": format!("Title {n}") }))
                .await
        }
        4 => {
            w.patch(owner, &address, rev, json!({ "slug": format!("moved-{n}") }))
                .await
        }
        5 => w.patch(owner, &address, rev, json!({ "terms": [term["id"]] })).await,
        6 => {
            let new = json!({ "content_type": "post", "title": format!("New {n}"), "body": "New text.", "terms": [term["id"]] });
            let (status, made) = w.post(owner, &format!("{base}/content"), new).await;
            assert_eq!(status, 201, "{made}");
            let status = format!("{base}/content/{}/status", made["id"].as_str().unwrap());
            let request = w.request(owner, Method::POST, &status).header("if-match", "\"1\"");
            body_of(
                request
                    .body_json(&json!({ "status": "published", "force": true }))
                    .send()
                    .await,
            )
            .await
        }
        7 => w.delete(owner, &address, rev).await,
        8 => {
            w.patch(owner, &of_term, term_rev, json!({ "name": format!("Term {n}") }))
                .await
        }
        9 => {
            w.patch(owner, &of_term, term_rev, json!({ "slug": format!("term-{n}") }))
                .await
        }
        _ => {
            let rev = rev_of(w, &base).await;
            w.patch(owner, &base, rev, json!({ "description": format!("About {n}") }))
                .await
        }
    };
    assert!(status.is_success(), "{status} {answer}");
}

#[tokio::test]
async fn changes_come_to_what_a_deployment_from_nothing_comes_to() {
    for seed in 1..4 {
        let w = World::new().await;
        let site = w.a.sites[0];
        let mut chance = Chance(seed);
        let base = format!("/sites/{site}");
        for name in ["Beans", "Water", "Cups"] {
            let term = json!({ "taxonomy": "blog_tag", "name": name });
            let (status, made) = w.post(&w.a.owner, &format!("{base}/terms"), term).await;
            assert_eq!(status, 201, "{made}");
        }
        for n in 0..12 {
            crate::deployments::publish(&w, &w.a, site, &format!("post-{n}"), &format!("Post {n}"), "A text.").await;
        }
        deploy(&w, &w.a, site).await;
        let mut changes = 0;
        for _ in 0..14 {
            for _ in 0..=chance.below(3) {
                change(&w, site, &mut chance, changes).await;
                changes += 1;
            }
            match chance.below(5) {
                // The process ends: what is remembered is lost.
                0 => w.app.renders.forget(),
                // Killed in the middle: the job was claimed, and is run again.
                1 => {
                    igny8_server::jobs::worker::claim(&w.app).await.unwrap();
                    w.leave_jobs().await;
                }
                _ => {}
            }
            // Longer than what a look for changes overlaps the one before.
            w.clock.advance(chrono::Duration::seconds([1, 40][chance.below(2)]));
            w.run_jobs().await;
        }
        let deployed = deploy(&w, &w.a, site).await;
        assert_eq!(deployed["status"], "deployed", "{deployed}");
        let patched = files(&w);

        w.app.renders.forget();
        let folder = w.app.config.sites_dir.join("site-a0");
        std::fs::remove_dir_all(&folder).unwrap();
        let whole = deploy(&w, &w.a, site).await;
        assert_eq!(
            (&whole["status"], &whole["scope"]),
            (&json!("deployed"), &json!("full")),
            "{whole}"
        );
        let whole = files(&w);
        assert_eq!(
            patched.keys().collect::<Vec<_>>(),
            whole.keys().collect::<Vec<_>>(),
            "seed {seed}"
        );
        for (path, bytes) in &whole {
            assert!(patched[path] == *bytes, "{path} is stale, seed {seed}");
        }
    }
}
