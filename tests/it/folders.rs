//! Folders in and out: the same again changes nothing, and what goes out comes back the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use igny8_data::{Read, SiteId, Variables, Why, Write};
use igny8_server::features::folders::{self, ImportReport, Options};
use igny8_server::testing::World;

fn demo() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../blueprints/demo")
}

async fn import(w: &World, site: SiteId, dir: &Path) -> ImportReport {
    let actor = w.app.db.system_actor(w.a.account, Why::Operator).await.unwrap();
    let scope = actor.site::<Write>(&w.app.db, site).await.unwrap();
    folders::import(&w.app, &scope, dir, Options::default(), Arc::new(()))
        .await
        .unwrap()
}

async fn export(w: &World, site: SiteId, dir: &Path) {
    let actor = w.app.db.system_actor(w.a.account, Why::Operator).await.unwrap();
    let scope = actor.site::<Read>(&w.app.db, site).await.unwrap();
    let report = folders::export(&w.app, &scope, dir).await.unwrap();
    assert_eq!(report.problems, []);
}

fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().display().to_string();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn copy(from: &Path, to: &Path) {
    for (name, bytes) in files(from) {
        if name.starts_with("art/") {
            continue;
        }
        let path = to.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_again_changes_nothing() {
    let w = World::new().await;
    let first = import(&w, w.a.sites[0], &demo()).await;
    assert!(first.created >= 30 && first.media >= 30 && first.settings, "{first:?}");
    assert_eq!((first.updated, first.unchanged, first.conflicts.len()), (0, 0, 0));
    let again = import(&w, w.a.sites[0], &demo()).await;
    assert_eq!(
        (again.created, again.updated, again.unchanged),
        (0, 0, first.created),
        "{again:?}"
    );
    assert_eq!(
        (again.terms, again.clusters, again.media, again.settings),
        (0, 0, 0, false)
    );
    assert_eq!(again.conflicts, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_taken_unless_they_meet_changes_here() {
    let w = World::new().await;
    let folder = w.folder.path().join("folder");
    copy(&demo(), &folder);
    let site = w.a.sites[0];
    import(&w, site, &folder).await;
    let edit = |name: &str| {
        let path = folder.join("content").join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text + "\nOne more sentence.\n").unwrap();
    };
    edit("blog/bike-chain-wear.md");
    let report = import(&w, site, &folder).await;
    assert_eq!(
        (report.created, report.updated, report.conflicts.len()),
        (0, 1, 0),
        "{report:?}"
    );

    let mut binds = Variables::new();
    binds.insert("site", site);
    let sql = "UPDATE content SET title = 'Ours', rev += 1 WHERE site = $site AND slug INSIDE ['bike-chain-wear', 'saddle-height'];";
    w.app
        .db
        .platform(Why::Operator)
        .query(sql, binds, "testing")
        .await
        .unwrap();
    edit("blog/bike-chain-wear.md");
    edit("blog/winter-cycling.md");
    let report = import(&w, site, &folder).await;
    assert_eq!(
        (report.created, report.updated, report.conflicts.len()),
        (0, 1, 1),
        "{report:?}"
    );
    assert!(report.conflicts[0].path.contains("bike-chain-wear"), "{report:?}");
    let mut binds = Variables::new();
    binds.insert("site", site);
    let sql = "SELECT VALUE title FROM content WHERE site = $site AND title = 'Ours';";
    let mut rows = w
        .app
        .db
        .platform(Why::Operator)
        .query(sql, binds, "testing")
        .await
        .unwrap();
    assert_eq!(
        rows.rows::<String>(0).unwrap().len(),
        2,
        "what was changed here is kept"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_out_comes_back_the_same() {
    let w = World::new().await;
    let (one, two) = (w.folder.path().join("one"), w.folder.path().join("two"));
    import(&w, w.a.sites[0], &demo()).await;
    export(&w, w.a.sites[0], &one).await;
    let back = import(&w, w.a.sites[1], &one).await;
    assert_eq!(back.conflicts, []);
    export(&w, w.a.sites[1], &two).await;
    let (one, two) = (files(&one), files(&two));
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    for (name, bytes) in &one {
        assert!(
            *bytes == two[name],
            "{name} differs:\n{}\n----\n{}",
            String::from_utf8_lossy(bytes),
            String::from_utf8_lossy(&two[name])
        );
    }
    assert!(one.len() > 60, "{} files", one.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn single_files_come_back_the_same() {
    let w = World::new().await;
    let (one, two, singles) = (
        w.folder.path().join("one"),
        w.folder.path().join("two"),
        w.folder.path().join("singles"),
    );
    let site = w.a.sites[0];
    import(&w, site, &demo()).await;
    export(&w, site, &one).await;
    // The frame of the folder, and instead of its pages a file of each, wherever.
    for (name, bytes) in files(&one) {
        if name.starts_with("content/") && !name.contains("_index.") {
            continue;
        }
        let path = singles.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let list = format!("/sites/{site}/content");
    let (_, page) = w.get(&w.a.viewer, &format!("{list}?limit=200")).await;
    let rows = page["items"].as_array().unwrap();
    assert!(rows.len() >= 30);
    for (n, row) in rows.iter().enumerate() {
        let path = format!("{list}/{}/markdown", row["id"].as_str().unwrap());
        let answer = w.request(&w.a.viewer, poem::http::Method::GET, &path).send().await;
        answer.assert_status_is_ok();
        let headers = answer.0.headers();
        assert_eq!(headers["content-type"], "text/markdown; charset=utf-8");
        assert!(
            headers["content-disposition"]
                .to_str()
                .unwrap()
                .starts_with("attachment; filename=\"")
        );
        let text = answer.0.into_body().into_string().await.unwrap();
        assert!(text.starts_with("+++\n"), "{text}");
        std::fs::write(singles.join(format!("content/file{n}.md")), text).unwrap();
    }
    let (status, _) = w
        .get(
            &w.b.owner,
            &format!("{list}/{}/markdown", rows[0]["id"].as_str().unwrap()),
        )
        .await;
    assert_eq!(status, 404);
    let back = import(&w, w.a.sites[1], &singles).await;
    assert_eq!(
        (back.created, back.conflicts.len()),
        (rows.len(), 0),
        "{:?}",
        back.problems
    );
    export(&w, w.a.sites[1], &two).await;
    let (one, two) = (files(&one), files(&two));
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    for (name, bytes) in &one {
        let read = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        // Whether links need a mark that they are public is told with all pages at hand.
        // And a file that came under another name says under which.
        let own = |line: &&str| *line != "raw_links = true" && !line.starts_with("id = \"content/file");
        let plain = |bytes: &[u8]| read(bytes).lines().filter(own).collect::<Vec<_>>().join("\n");
        assert!(
            plain(bytes) == plain(&two[name]),
            "{name} differs:\n{}\n----\n{}",
            read(bytes),
            read(&two[name])
        );
    }
}
