//! Deployments: deploy, visit, change, deploy, go back; failures and crashes leave the live site as it is.

use std::path::{Path, PathBuf};

use igny8_data::{SiteId, Write};
use igny8_server::features::content::model::ContentType;
use igny8_server::features::content::{Content, Status};
use igny8_server::features::destinations::{Destination, releases};
use igny8_server::publish::DestinationKind;
use igny8_server::testing::{Tenant, World};
use serde_json::{Value, json};

use crate::trip::{Trip, id};

/// Publishes a page of a site.
pub async fn publish(w: &World, tenant: &Tenant, site: SiteId, slug: &str, title: &str, body: &str) -> Content {
    let owner = w.app.db.actor_of_user(tenant.owner.id).await.unwrap();
    let scope = owner.site::<Write>(&w.app.db, site).await.unwrap();
    let now = w.clock.now();
    let mut row = Content::new(
        w.app.db.ids().make(),
        &scope,
        ContentType::Post,
        "en".into(),
        title.into(),
        slug.into(),
        now,
    );
    row.body = body.into();
    row.path = row.derive_path();
    row.content_hash = row.reader_hash();
    row.status = Status::Published;
    row.published_at = Some(now);
    let mut tx = w.app.db.site(&scope).tx();
    tx.create(row.clone());
    tx.commit().await.unwrap();
    row
}

/// Deploys a site to the end; answers the deployment.
pub async fn deploy(w: &World, tenant: &Tenant, site: SiteId) -> Value {
    let path = format!("/sites/{site}/deployments");
    let (status, deployment) = w.post(&tenant.owner, &path, json!({})).await;
    assert_eq!(status, 202, "{deployment}");
    w.run_jobs().await;
    w.get(&tenant.owner, &format!("{path}/{}", deployment["id"].as_str().unwrap()))
        .await
        .1
}

async fn visit(w: &World, path: &str) -> (u16, String) {
    let answer = w.http.get(path).send().await;
    let status = answer.0.status().as_u16();
    (status, answer.0.into_body().into_string().await.unwrap_or_default())
}

#[tokio::test]
async fn deploy_visit_change_deploy_go_back() {
    let w = World::new().await;
    let site = w.a.sites[0];
    let path = format!("/sites/{site}/deployments");
    assert_eq!(visit(&w, "/sites/site-a0/").await.0, 404, "nothing is deployed");
    assert_eq!(w.get(&w.a.viewer, &format!("{path}/live")).await.0, 404);

    publish(&w, &w.a, site, "first", "The first post", "Hello **coffee**").await;
    let first = deploy(&w, &w.a, site).await;
    assert_eq!(
        (&first["status"], &first["live"], &first["version"]),
        (&json!("deployed"), &json!(true), &json!(1)),
        "{first}"
    );
    assert!(
        first["added"].as_i64().unwrap() > 3 && first["bytes"].as_i64().unwrap() > 0,
        "{first}"
    );
    let (status, page) = visit(&w, "/sites/site-a0/blog/first/").await;
    assert!(
        status == 200 && page.contains("<strong>coffee</strong>"),
        "{status} {page}"
    );
    assert_eq!(
        visit(&w, "/sites/site-b0/blog/first/").await.0,
        404,
        "not on another's site"
    );

    let same = deploy(&w, &w.a, site).await;
    assert_eq!(
        (&same["status"], &same["added"], &same["live"]),
        (&json!("deployed"), &json!(0), &json!(true)),
        "{same}"
    );
    assert_eq!(same["log"][0]["code"], "unchanged");

    publish(&w, &w.a, site, "second", "The second post", "More").await;
    let third = deploy(&w, &w.a, site).await;
    assert_eq!(
        (&third["version"], &third["scope"]),
        (&json!(3), &json!("incremental")),
        "{third}"
    );
    assert_eq!(visit(&w, "/sites/site-a0/blog/second/").await.0, 200);

    let back = |id: &Value| format!("{path}/{}/rollback", id.as_str().unwrap());
    assert_eq!(w.post(&w.b.owner, &back(&first["id"]), json!({})).await.0, 404);
    assert_eq!(w.post(&w.a.viewer, &back(&first["id"]), json!({})).await.0, 403);
    let (status, rolled) = w.post(&w.a.editor, &back(&first["id"]), json!({})).await;
    assert_eq!((status.as_u16(), &rolled["live"]), (200, &json!(true)), "{rolled}");
    assert_eq!(visit(&w, "/sites/site-a0/blog/second/").await.0, 404);
    assert_eq!(visit(&w, "/sites/site-a0/blog/first/").await.0, 200);
    let (_, list) = w.get(&w.a.viewer, &path).await;
    let states: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["status"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["rolled_back", "rolled_back", "deployed"], "{list}");
    assert_eq!(w.get(&w.a.viewer, &format!("{path}/live")).await.1["version"], 1);

    let fourth = deploy(&w, &w.a, site).await;
    assert_eq!(
        (&fourth["version"], &fourth["live"]),
        (&json!(4), &json!(true)),
        "{fourth}"
    );
    assert_eq!(
        visit(&w, "/sites/site-a0/blog/second/").await.0,
        200,
        "present content again"
    );
    assert_eq!(w.get(&w.b.owner, &path).await.0, 404);
    assert_eq!(w.post(&w.a.viewer, &path, json!({})).await.0, 403);

    // A deleted site is gone for visitors at once, and back with its restoring.
    assert_eq!(w.delete(&w.a.owner, &format!("/sites/{site}"), 1).await.0, 204);
    assert_eq!(visit(&w, "/sites/site-a0/blog/first/").await.0, 404);
    assert_eq!(
        w.post(&w.a.owner, &format!("/sites/{site}/restore"), json!({})).await.0,
        200
    );
    assert_eq!(visit(&w, "/sites/site-a0/blog/first/").await.0, 200);
}

#[tokio::test]
async fn a_waiting_deployment_is_the_answer_to_the_next_request() {
    let w = World::new().await;
    let path = format!("/sites/{}/deployments", w.a.sites[0]);
    let posts = (0..6).map(|_| w.post(&w.a.owner, &path, json!({})));
    let answers = futures_util::future::join_all(posts).await;
    for (status, answer) in &answers {
        assert_eq!((status.as_u16(), &answer["id"]), (202, &answers[0].1["id"]), "{answer}");
    }
    assert_eq!(w.run_jobs().await, 1);

    let (_, deployment) = w.post(&w.a.owner, &path, json!({})).await;
    let job = format!("/jobs/{}", deployment["job"].as_str().unwrap());
    assert_eq!(w.post(&w.a.owner, &format!("{job}/cancel"), json!({})).await.0, 200);
    let (_, ended) = w
        .get(&w.a.owner, &format!("{path}/{}", deployment["id"].as_str().unwrap()))
        .await;
    assert_eq!(ended["status"], "failed", "{ended}");
    assert_eq!(
        w.post(
            &w.a.owner,
            &format!("{path}/{}/rollback", ended["id"].as_str().unwrap()),
            json!({})
        )
        .await
        .0,
        409
    );
}

#[tokio::test]
async fn crashes_are_mended() {
    let w = World::new().await;
    let site = w.a.sites[0];
    publish(&w, &w.a, site, "first", "The first post", "Hello").await;
    deploy(&w, &w.a, site).await;
    let folder = w.app.config.sites_dir.join("site-a0");
    let path = format!("/sites/{site}/deployments");

    // Killed while writing: the next attempt at the same job comes to its end.
    publish(&w, &w.a, site, "second", "The second post", "Hello").await;
    let (_, second) = w.post(&w.a.owner, &path, json!({})).await;
    std::fs::write(folder.join("releases/000002.json.1-2.tmp"), "{").unwrap();
    std::fs::write(folder.join("releases/000002.json"), "{\"files\":{}}").unwrap();
    let (job, _) = igny8_server::jobs::worker::claim(&w.app).await.unwrap().unwrap();
    assert_eq!(job.id.to_string(), second["job"].as_str().unwrap());
    assert_eq!(visit(&w, "/sites/site-a0/blog/first/").await.0, 200);
    w.leave_jobs().await;
    assert_eq!(w.run_jobs().await, 1);
    assert_eq!(visit(&w, "/sites/site-a0/blog/second/").await.0, 200);

    // Killed between the rows and the pointer, with rubbish left, and a deployment whose job is gone.
    let third = w.post(&w.a.owner, &path, json!({})).await.1;
    let sql = "DELETE job";
    w.app
        .db
        .platform(igny8_data::Why::Operator)
        .query(sql, Default::default(), "testing")
        .await
        .unwrap();
    std::fs::remove_file(folder.join("live")).unwrap();
    std::os::unix::fs::symlink("releases/000001.json", folder.join("live")).unwrap();
    assert_eq!(visit(&w, "/sites/site-a0/blog/second/").await.0, 404);
    std::fs::create_dir_all(folder.join("releases/000009")).unwrap();
    for _ in 0..2 {
        w.clock.advance(chrono::Duration::minutes(2));
        igny8_server::jobs::schedule::run_due(&w.app).await;
    }
    assert_eq!(
        std::fs::read_link(folder.join("live")).unwrap().to_str(),
        Some("releases/000002.json")
    );
    assert_eq!(visit(&w, "/sites/site-a0/blog/second/").await.0, 200);
    assert!(!folder.join("releases/000009").exists());
    let owner = w.app.db.actor_of_user(w.a.owner.id).await.unwrap();
    let scope = owner.site::<igny8_data::Read>(&w.app.db, site).await.unwrap();
    let id = third["id"].as_str().unwrap().parse().unwrap();
    let row = w
        .app
        .db
        .site(&scope)
        .get::<igny8_server::features::publishing::Deployment>(id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.status, igny8_server::features::publishing::DeploymentStatus::Failed);
}

#[tokio::test]
async fn a_slug_that_changed_hands_takes_no_pages_along() {
    let w = World::new().await;
    publish(&w, &w.a, w.a.sites[0], "first", "A secret of A", "Hello").await;
    deploy(&w, &w.a, w.a.sites[0]).await;
    let (status, body) = w
        .patch(
            &w.a.owner,
            &format!("/sites/{}", w.a.sites[0]),
            1,
            json!({ "slug": "moved" }),
        )
        .await;
    assert_eq!(status, 200, "{body}");
    let (status, body) = w
        .patch(
            &w.b.owner,
            &format!("/sites/{}", w.b.sites[0]),
            1,
            json!({ "slug": "site-a0" }),
        )
        .await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(visit(&w, "/sites/site-a0/blog/first/").await.0, 404);
    publish(&w, &w.b, w.b.sites[0], "other", "B's post", "Hello").await;
    deploy(&w, &w.b, w.b.sites[0]).await;
    assert_eq!(visit(&w, "/sites/site-a0/blog/other/").await.0, 200);
    assert_eq!(visit(&w, "/sites/site-a0/blog/first/").await.0, 404);
    assert_eq!(deploy(&w, &w.a, w.a.sites[0]).await["status"], "deployed");
    assert_eq!(visit(&w, "/sites/moved/blog/first/").await.0, 200);
}

#[tokio::test]
async fn pages_whose_site_is_missing_are_kept_for_a_day() {
    let w = World::new().await;
    for (tenant, site) in [(&w.a, w.a.sites[0]), (&w.b, w.b.sites[0])] {
        publish(&w, tenant, site, "first", "The first post", "Hello").await;
        assert_eq!(deploy(&w, tenant, site).await["status"], "deployed");
    }
    let root = &w.app.config.sites_dir;
    let mend = async || igny8_server::features::publishing::mend(w.app.clone()).await.unwrap();
    let aside = || {
        let paths = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
        let is_aside = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(".gone-");
        paths.filter(is_aside).collect::<Vec<_>>()
    };
    let folder = root.join("site-a0");
    let owner = std::fs::read_to_string(folder.join(".site")).unwrap();
    let unknown = w.app.db.ids().make::<SiteId>().to_string();

    // The database does not have the site: its pages are moved out of the way, and back when it has.
    std::fs::write(folder.join(".site"), &unknown).unwrap();
    mend().await;
    assert!(!folder.exists() && aside().len() == 1, "{:?}", aside());
    std::fs::write(aside()[0].join(".site"), owner).unwrap();
    mend().await;
    assert!(folder.exists() && aside().is_empty(), "{:?}", aside());
    assert_eq!(visit(&w, "/sites/site-a0/blog/first/").await.0, 200);

    // It was removed for good.
    std::fs::write(folder.join(".site"), &unknown).unwrap();
    mend().await;
    w.clock.advance(chrono::Duration::hours(23));
    mend().await;
    assert_eq!(aside().len(), 1);
    w.clock.advance(chrono::Duration::hours(2));
    mend().await;
    assert!(aside().is_empty(), "{:?}", aside());

    // A database without sites says nothing about folders.
    let platform = w.app.db.platform(igny8_data::Why::Operator);
    platform
        .query("DELETE site;", Default::default(), "testing")
        .await
        .unwrap();
    mend().await;
    assert!(
        root.join("site-b0/live").exists() && aside().is_empty(),
        "{:?}",
        aside()
    );
}

#[tokio::test]
async fn a_folder_that_cannot_be_tidied_holds_up_no_other() {
    let w = World::new().await;
    for (tenant, site) in [(&w.a, w.a.sites[0]), (&w.b, w.b.sites[0])] {
        for slug in ["first", "second"] {
            publish(&w, tenant, site, slug, "A post", "Hello").await;
            assert_eq!(deploy(&w, tenant, site).await["status"], "deployed");
        }
    }
    // In the order in which they are looked at.
    let entries = std::fs::read_dir(&w.app.config.sites_dir).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let folders: Vec<PathBuf> = paths.filter(|path| path.join(".site").exists()).collect();
    let [locked, behind] = folders.as_slice() else {
        panic!("{folders:?}");
    };
    let lock = locked.join(".lock");
    std::fs::remove_file(&lock).unwrap();
    std::fs::create_dir(&lock).unwrap();
    std::fs::remove_file(behind.join("live")).unwrap();
    std::os::unix::fs::symlink("releases/000001.json", behind.join("live")).unwrap();

    let mend = async || igny8_server::features::publishing::mend(w.app.clone()).await;
    let told = mend().await.unwrap_err().to_string();
    assert!(told.contains(locked.to_str().unwrap()), "{told}");
    let live = std::fs::read_link(behind.join("live")).unwrap();
    assert_eq!(live.to_str(), Some("releases/000002.json"));

    std::fs::remove_dir(&lock).unwrap();
    mend().await.unwrap();
}

#[tokio::test]
async fn folders_of_another_installation_are_left_alone() {
    let w = World::new().await;
    let (site, taken) = (w.a.sites[0], w.b.sites[0]);
    publish(&w, &w.a, site, "first", "The first post", "Hello").await;
    assert_eq!(deploy(&w, &w.a, site).await["status"], "deployed");
    let root = &w.app.config.sites_dir;
    let claim = root.join(".installation");
    let own = std::fs::read_to_string(&claim).unwrap();
    for path in ["/sites/.installation", "/sites/.installation/"] {
        assert_eq!(visit(&w, path).await.0, 404, "{path}");
    }
    let names = || {
        let entries = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name());
        entries.collect::<std::collections::BTreeSet<_>>()
    };
    let mend = async || igny8_server::features::publishing::mend(w.app.clone()).await;
    mend().await.unwrap();

    // Another one has the folder now, a site with a slug of this one, and one that this one does not know.
    std::fs::write(&claim, "another\n").unwrap();
    for slug in ["site-b0", "elsewhere"] {
        std::fs::create_dir(root.join(slug)).unwrap();
        let owner = w.app.db.ids().make::<SiteId>().to_string();
        std::fs::write(root.join(slug).join(".site"), owner).unwrap();
    }
    let before = names();
    let refused = mend().await.unwrap_err().to_string();
    for part in ["another installation", "IGNY8_SITES_DIR", ".installation"] {
        assert!(refused.contains(part), "{refused}");
    }
    publish(&w, &w.b, taken, "first", "The first post", "Hello").await;
    let failed = deploy(&w, &w.b, taken).await;
    assert_eq!(failed["status"], "failed", "{failed}");
    assert_eq!(names(), before);
    assert_eq!(visit(&w, "/sites/site-a0/blog/first/").await.0, 200);

    // That one is gone for good, which somebody says by removing the file.
    std::fs::remove_file(&claim).unwrap();
    mend().await.unwrap();
    assert_eq!(std::fs::read_to_string(&claim).unwrap(), own);
    assert!(!root.join("elsewhere").exists() && root.join("site-a0").exists());
    assert_eq!(deploy(&w, &w.b, taken).await["status"], "deployed");
    assert_eq!(visit(&w, "/sites/site-b0/blog/first/").await.0, 200);
}

#[tokio::test]
async fn going_back_leaves_what_went_live_meanwhile() {
    let w = World::new().await;
    let site = w.a.sites[0];
    publish(&w, &w.a, site, "first", "The first post", "Hello").await;
    let first = deploy(&w, &w.a, site).await;
    publish(&w, &w.a, site, "second", "The second post", "Hello").await;
    deploy(&w, &w.a, site).await;
    let folder = w.app.config.sites_dir.join("site-a0");
    let live = || std::fs::read_link(folder.join("live")).unwrap();
    let path = format!("/sites/{site}/deployments");
    let back = format!("{path}/{}/rollback", first["id"].as_str().unwrap());

    // One that waits does not keep it from going back at once.
    assert_eq!(w.post(&w.a.owner, &path, json!({})).await.0, 202);
    assert_eq!(w.post(&w.a.owner, &back, json!({})).await.0, 200);
    assert_eq!(live().to_str(), Some("releases/000001.json"));
    w.run_jobs().await;
    assert_eq!(live().to_str(), Some("releases/000003.json"));

    // While it waits for the folder another deployment goes live.
    let query = async |sql: &str| {
        let platform = w.app.db.platform(igny8_data::Why::Operator);
        platform.query(sql, Default::default(), "testing").await.unwrap()
    };
    let third = "SELECT VALUE status FROM deployment WHERE version = 3;";
    let lock = igny8_renderer::release::lock(&folder).unwrap();
    let mut going_back = std::pin::pin!(w.post(&w.a.owner, &back, json!({})));
    while query(third).await.rows::<String>(0).unwrap() != ["rolled_back"] {
        let early = tokio::time::timeout(std::time::Duration::from_millis(20), going_back.as_mut()).await;
        assert!(early.is_err(), "{early:?}");
    }
    query("UPDATE deployment SET status = 'deployed', rev += 1 WHERE version = 3;").await;
    drop(lock);
    assert_eq!(going_back.await.0, 200);
    assert_eq!(live().to_str(), Some("releases/000003.json"));
}

/// Gives a site a bucket to which its releases go.
async fn add_bucket(w: &World, tenant: &Tenant, site: SiteId) {
    let owner = w.app.db.actor_of_user(tenant.owner.id).await.unwrap();
    let scope = owner.site::<Write>(&w.app.db, site).await.unwrap();
    let now = w.clock.now();
    let mut tx = w.app.db.site(&scope).tx();
    tx.create(Destination {
        id: w.app.db.ids().make(),
        account: scope.account(),
        site,
        kind: DestinationKind::ObjectStorage,
        name: "Bucket".into(),
        enabled: true,
        settings: json!({}),
        sealed: None,
        leaving: None,
        rev: 1,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    });
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_site_in_the_bin_is_behind_nowhere() {
    let w = World::new().await;
    let site = w.a.sites[0];
    publish(&w, &w.a, site, "first", "The first post", "Hello").await;
    deploy(&w, &w.a, site).await;
    add_bucket(&w, &w.a, site).await;
    let behind = async || releases::catch_up(w.app.clone()).await.unwrap();
    assert_eq!(behind().await, 1);
    let path = format!("/sites/{site}");
    assert_eq!(w.delete(&w.a.owner, &path, 1).await.0, 204);
    assert_eq!(behind().await, 0);
    assert_eq!(w.post(&w.a.owner, &format!("{path}/restore"), json!({})).await.0, 200);
    assert_eq!(behind().await, 1);
}

#[tokio::test]
async fn a_release_for_a_path_does_not_come_back_where_it_is_copied() {
    let w = World::new().await;
    let site = w.a.sites[0];
    publish(&w, &w.a, site, "first", "The first post", "Hello").await;
    let first = deploy(&w, &w.a, site).await;
    w.give_domain(&w.a, site, "pier.example").await;
    w.run_jobs().await;
    add_bucket(&w, &w.a, site).await;

    // A bucket does not lead on from below the slug, as this server does.
    let back = format!("/sites/{site}/deployments/{}/rollback", first["id"].as_str().unwrap());
    let (status, refused) = w.post(&w.a.owner, &back, json!({})).await;
    assert_eq!(
        (status.as_u16(), &refused["code"]),
        (409, &json!("release_of_another_address")),
        "{refused}"
    );
    let platform = w.app.db.platform(igny8_data::Why::Operator);
    let sql = "UPDATE destination SET enabled = false, rev += 1";
    platform.query(sql, Default::default(), "testing").await.unwrap();
    assert_eq!(w.post(&w.a.owner, &back, json!({})).await.0, 200);
}

#[tokio::test]
async fn a_release_for_another_path_of_the_server_does_not_come_back() {
    let w = World::new().await;
    let site = w.a.sites[0];
    publish(&w, &w.a, site, "first", "The first post", "Hello").await;
    let first = deploy(&w, &w.a, site).await;
    publish(&w, &w.a, site, "second", "The second post", "Hello").await;
    let second = deploy(&w, &w.a, site).await;
    let objects = w.app.config.sites_dir.join("site-a0/objects");
    let (now, before) = ("\"/sites/site-a0/assets/", "\"/cms/sites/site-a0/assets/");
    let back = format!("/sites/{site}/deployments/{}/rollback", first["id"].as_str().unwrap());

    // As when the server was below /cms.
    assert!(replace_in(&objects, now, before) > 0);
    let (status, refused) = w.post(&w.a.owner, &back, json!({})).await;
    assert_eq!(
        (status.as_u16(), &refused["code"]),
        (409, &json!("release_of_another_address")),
        "{refused}"
    );
    let (_, live) = w.get(&w.a.viewer, &format!("/sites/{site}/deployments/live")).await;
    assert_eq!(live["id"], second["id"]);

    replace_in(&objects, before, now);
    let (status, body) = w.post(&w.a.owner, &back, json!({})).await;
    assert_eq!(status, 200, "{body}");
}

/// Replaces a part of the texts in a folder; answers in how many it was.
fn replace_in(folder: &Path, from: &str, to: &str) -> usize {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: PathBuf| {
        if path.is_dir() {
            return replace_in(&path, from, to);
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        if !text.contains(from) {
            return 0;
        }
        std::fs::write(&path, text.replace(from, to)).unwrap();
        1
    };
    paths.map(of).sum()
}

#[tokio::test]
async fn a_failed_deployment_leaves_the_live_one() {
    let w = World::new().await;
    let site = w.a.sites[0];
    publish(&w, &w.a, site, "first", "The first post", "Hello").await;
    deploy(&w, &w.a, site).await;
    publish(&w, &w.a, site, "second", "The second post", "Hello").await;
    let releases = w.app.config.sites_dir.join("site-a0/releases");
    // A file where the folder of the next release must be written.
    std::fs::remove_dir_all(releases.join("000001.json")).ok();
    let sql = "UPDATE site SET theme = 'gone' WHERE slug = 'site-a0'";
    w.app
        .db
        .platform(igny8_data::Why::Operator)
        .query(sql, Default::default(), "testing")
        .await
        .unwrap();
    let failed = deploy(&w, &w.a, site).await;
    assert_eq!(failed["status"], "failed", "{failed}");
    assert!(failed["error"].as_str().unwrap().contains("theme"), "{failed}");
    assert_eq!(visit(&w, "/sites/site-a0/blog/first/").await.0, 200);
    assert_eq!(visit(&w, "/sites/site-a0/blog/second/").await.0, 404);
}

#[tokio::test]
async fn a_change_of_published_content_deploys_by_itself() {
    let w = World::new().await;
    let site = w.a.sites[0];
    let owner = w.app.db.actor_of_user(w.a.owner.id).await.unwrap();
    let scope = owner.site::<Write>(&w.app.db, site).await.unwrap();
    let changed = async || {
        let mut tx = w.app.db.site(&scope).tx();
        igny8_server::features::content::publishing_changed(&mut tx, site);
        tx.commit().await.unwrap();
    };
    publish(&w, &w.a, site, "first", "The first post", "Hello").await;
    for _ in 0..3 {
        changed().await;
    }
    assert_eq!(
        w.run_jobs().await,
        1,
        "several changes ask once, and are deployed by that job"
    );
    assert_eq!(visit(&w, "/sites/site-a0/blog/first/").await.0, 200);
    let path = format!("/sites/{site}/deployments");
    let (_, list) = w.get(&w.a.viewer, &format!("{path}?with_total=true")).await;
    assert_eq!(
        (&list["total"], &list["items"][0]["status"]),
        (&json!(1), &json!("deployed")),
        "{list}"
    );

    let change = w
        .patch(
            &w.a.owner,
            &format!("/sites/{site}"),
            1,
            json!({ "hosting": "wordpress" }),
        )
        .await;
    assert_eq!(change.0, 200, "{}", change.1);
    changed().await;
    assert_eq!(w.run_jobs().await, 1, "a site that is hosted elsewhere is not deployed");
    assert_eq!(w.post(&w.a.owner, &path, json!({})).await.0, 422);
    let change = w
        .patch(&w.a.owner, &format!("/sites/{site}"), 2, json!({ "hosting": "both" }))
        .await;
    assert_eq!(change.0, 200, "{}", change.1);

    // Asked for by hand as well: whichever runs first, nothing fails.
    let (status, _) = w.post(&w.a.owner, &path, json!({})).await;
    assert_eq!(status, 202);
    changed().await;
    w.run_jobs().await;
    let (_, list) = w
        .get(&w.a.viewer, &format!("{path}?status=failed&with_total=true"))
        .await;
    assert_eq!(list["total"], 0, "{list}");
}

#[tokio::test]
async fn errors_in_pages_stop_a_deployment_unless_forced() {
    let w = World::new().await;
    let site = w.a.sites[0];
    publish(&w, &w.a, site, "first", "The first post", "Hello").await;
    deploy(&w, &w.a, site).await;
    publish(&w, &w.a, site, "second", "The second post", "Hello").await;
    // An address that cannot become a file: the API refuses it, the renderer must too.
    let sql = "UPDATE content SET path = '/a/../x/' WHERE slug = 'second'";
    let platform = w.app.db.platform(igny8_data::Why::Operator);
    platform.query(sql, Default::default(), "testing").await.unwrap();
    let failed = deploy(&w, &w.a, site).await;
    assert_eq!(failed["status"], "failed", "{failed}");
    assert_eq!(failed["log"][0]["level"], "error", "{failed}");
    assert_eq!(visit(&w, "/sites/site-a0/blog/first/").await.0, 200);
    let releases = w.app.config.sites_dir.join("site-a0/releases");
    assert_eq!(std::fs::read_dir(releases).unwrap().count(), 1, "no rubbish");

    let path = format!("/sites/{site}/deployments");
    let (_, forced) = w.post(&w.a.owner, &path, json!({ "force": true })).await;
    w.run_jobs().await;
    let item = format!("{path}/{}", forced["id"].as_str().unwrap());
    let (_, forced) = w.get(&w.a.owner, &item).await;
    assert_eq!(
        (&forced["status"], &forced["log"][0]["level"]),
        (&json!("deployed"), &json!("error")),
        "{forced}"
    );
}

#[tokio::test]
async fn a_page_in_the_way_of_a_list_stops_no_deployment() {
    let w = World::new().await;
    let t = Trip::new(&w, "pier.example", json!({})).await;
    let mut ids = Vec::new();
    for (content_type, title) in [("post", "Tea"), ("page", "Blog")] {
        let body = json!({ "content_type": content_type, "title": title, "body": format!("Words of {title}.") });
        ids.push(id(&t.made(&w.a.editor, "content", body).await));
    }
    t.force(&ids).await;
    w.run_jobs().await;
    // With nothing but a text it is what the list says.
    let live = t.get("deployments/live").await;
    assert!(
        live["log"]
            .as_array()
            .unwrap()
            .iter()
            .all(|line| line["level"] != "error"),
        "{live}"
    );
    let list = t.visit("/blog/").await.text;
    assert!(list.contains("Words of Blog.") && list.contains("/blog/tea/"), "{list}");
    // A list has no place for the rest of a page.
    t.change(
        &format!("content/{}", ids[1]),
        json!({ "faq": [{ "question": "Why tea?", "answer": "It is warm." }] }),
    )
    .await;
    w.run_jobs().await;
    let live = t.get("deployments/live").await;
    let log = live["log"].as_array().unwrap();
    let errors: Vec<&Value> = log.iter().filter(|line| line["level"] == "error").collect();
    assert_eq!(errors.len(), 1, "{live}");
    assert_eq!(
        (&live["status"], &errors[0]["code"], &errors[0]["page"]),
        (&json!("deployed"), &json!("path-conflict"), &json!("/blog/")),
        "{live}"
    );
    assert!(t.visit("/blog/").await.text.contains("Words of Blog."));
    t.change(&format!("content/{}", ids[0]), json!({ "title": "Green tea" }))
        .await;
    w.run_jobs().await;
    let tea = t.visit("/blog/tea/").await;
    assert_eq!((tea.status, tea.only("h1")), (200, "Green tea"));
}
