//! Content on its way to a real WordPress: as a whole, edited, interrupted, refused, in conflict, taken back.

use std::io::Cursor;

use chrono::Duration;
use igny8_server::testing::{World, body_of};
use igny8_wordpress::testing::RealWordPress;
use igny8_wordpress::{Post, PostQuery, PostType, Taxonomy};
use poem::http::Method;
use serde_json::{Value, json};

use crate::trip::id;

/// A world with a site that is connected to a WordPress of its own.
pub struct Connected {
    pub w: World,
    pub there: RealWordPress,
    /// `/sites/site_…`
    pub site: String,
    /// Its id.
    pub destination: String,
}

impl Connected {
    pub async fn new(name: &str, plugins: &[&str], settings: Value) -> Self {
        let there = RealWordPress::with(name, plugins);
        let w = World::with(|config| config.outgoing.allowed_hosts = vec![there.host().parse().unwrap()]).await;
        let site = format!("/sites/{}", w.a.sites[0]);
        let mut wordpress = json!({
            "url": there.url, "user": "editor", "password": there.password("editor"), "imports": "nothing",
        });
        for (key, value) in settings.as_object().unwrap() {
            wordpress[key] = value.clone();
        }
        let body = json!({ "kind": "wordpress", "name": "Blog", "wordpress": wordpress });
        let (status, made) = w.post(&w.a.admin, &format!("{site}/destinations"), body).await;
        assert_eq!(status, 201, "{made}");
        assert!(!made.to_string().contains(there.password("editor")), "{made}");
        w.run_jobs().await;
        there.requests();
        Self {
            destination: id(&made),
            w,
            there,
            site,
        }
    }

    /// Content that is published at once, with what a member sends besides title and type.
    pub async fn published(&self, title: &str, more: Value) -> Value {
        let mut body = json!({ "content_type": "post", "title": title });
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        let (status, made) = self
            .w
            .post(&self.w.a.owner, &format!("{}/content", self.site), body)
            .await;
        assert_eq!(status, 201, "{made}");
        self.set_status(&made, "published").await
    }

    pub async fn set_status(&self, content: &Value, status: &str) -> Value {
        let path = format!("{}/content/{}/status", self.site, id(content));
        let rev = self.rev(content).await;
        let request = self.w.request(&self.w.a.owner, Method::POST, &path);
        let request = request.header("if-match", format!("\"{rev}\""));
        let body = json!({ "status": status, "force": true });
        let (code, changed) = body_of(request.body_json(&body).send().await).await;
        assert_eq!(code, 200, "{changed}");
        changed
    }

    async fn rev(&self, content: &Value) -> i64 {
        let path = format!("{}/content/{}", self.site, id(content));
        let answer = self.w.request(&self.w.a.owner, Method::GET, &path).send().await;
        let etag = answer.0.headers()["etag"]
            .to_str()
            .unwrap()
            .trim_matches('"')
            .to_owned();
        etag.parse().unwrap()
    }

    pub async fn edit(&self, content: &Value, change: Value) {
        let rev = self.rev(content).await;
        let path = format!("{}/content/{}", self.site, id(content));
        let (status, changed) = self.w.patch(&self.w.a.owner, &path, rev, change).await;
        assert_eq!(status, 200, "{changed}");
    }

    /// What became of content at the destination.
    pub async fn publication(&self, content: &Value) -> Value {
        let path = format!("{}/content/{}/destinations", self.site, id(content));
        let (status, places) = self.w.get(&self.w.a.viewer, &path).await;
        assert_eq!(status, 200, "{places}");
        places[0]["publication"].clone()
    }

    /// Every post there, trash included.
    pub async fn posts(&self) -> Vec<Post> {
        let query = PostQuery {
            modified_after: None,
            offset: 0,
            limit: 100,
        };
        let client = self.there.client("admin");
        let page = client.posts(&PostType::posts(), &taxonomies(), query).await.unwrap();
        page.items
    }

    async fn destination(&self) -> Value {
        let path = format!("{}/destinations/{}", self.site, self.destination);
        self.w.get(&self.w.a.viewer, &path).await.1
    }

    pub async fn publish_everything(&self) {
        let path = format!("{}/destinations/{}/publish", self.site, self.destination);
        let (status, answer) = self.w.post(&self.w.a.editor, &path, json!({})).await;
        assert_eq!(status, 202, "{answer}");
        self.w.run_jobs().await;
    }

    /// Brings here what is there.
    pub async fn import(&self) {
        let path = format!("{}/destinations/{}/import", self.site, self.destination);
        let (status, answer) = self.w.post(&self.w.a.admin, &path, json!({ "full": true })).await;
        assert_eq!(status, 202, "{answer}");
        self.settle().await;
    }

    /// Runs what is due, and what follows it some seconds later.
    pub async fn settle(&self) {
        for _ in 0..4 {
            self.w.run_jobs().await;
            self.w.clock.advance(Duration::seconds(3));
        }
        self.w.run_jobs().await;
    }

    /// The content with a title.
    pub async fn content(&self, title: &str) -> Value {
        let path = format!("{}/content?limit=200", self.site);
        let (status, list) = self.w.get(&self.w.a.viewer, &path).await;
        assert_eq!(status, 200, "{list}");
        let found = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["title"] == title);
        found.unwrap_or_else(|| panic!("{title} is not in {list}")).clone()
    }

    /// A post that somebody else makes there; answers its id.
    fn made_there(&self, title: &str, status: &str, date: &str) -> u64 {
        let body = "<!-- wp:paragraph --><p>Theirs</p><!-- /wp:paragraph -->";
        let code = format!(
            "echo wp_insert_post(['post_title' => '{title}', 'post_content' => '{body}', 'post_status' => '{status}',
                'post_author' => 1, 'post_date' => '{date}', 'post_date_gmt' => '{date}', 'tags_input' => ['Old']]);"
        );
        self.there.php(&code).trim().parse().unwrap()
    }

    async fn post(&self, id: u64) -> Post {
        let found = self.posts().await.into_iter().find(|post| post.id == id);
        found.unwrap_or_else(|| panic!("post {id} is not there"))
    }

    pub async fn upload(&self, name: &str, seed: u8) -> Value {
        let mut bytes = Cursor::new(Vec::new());
        let picture = image::RgbImage::from_fn(32, 16, |x, y| image::Rgb([x as u8, y as u8, seed]));
        picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        let mut body = format!(
            "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: image/png\r\n\r\n"
        )
        .into_bytes();
        body.extend(bytes.into_inner());
        body.extend(b"\r\n--edge\r\ncontent-disposition: form-data; name=\"alt\"\r\n\r\nA picture\r\n--edge--\r\n");
        let request = self
            .w
            .request(&self.w.a.editor, Method::POST, &format!("{}/media", self.site))
            .content_type("multipart/form-data; boundary=edge");
        let (status, made) = body_of(request.body(body).send().await).await;
        assert!(status.is_success(), "{made}");
        made
    }
}

fn taxonomies() -> [Taxonomy; 2] {
    [Taxonomy::categories(), Taxonomy::tags()]
}

#[tokio::test]
async fn all_of_it_goes_out_and_an_edit_updates_it() {
    let c = Connected::new("out_whole", &["igny8/igny8.php"], json!({})).await;
    let terms = format!("{}/terms", c.site);
    let made = async |body: Value| {
        let (status, made) = c.w.post(&c.w.a.editor, &terms, body).await;
        assert_eq!(status, 201, "{made}");
        made
    };
    let above = made(json!({ "name": "Drinks & more", "taxonomy": "blog_category" })).await;
    let below = made(json!({ "name": "Coffee", "taxonomy": "blog_category", "parent": id(&above) })).await;
    let tag = made(json!({ "name": "Filter", "taxonomy": "blog_tag" })).await;
    let picture = c.upload("Große Tasse.jpg", 1).await;
    let (featured, inline) = (
        c.upload("featured.png", 2).await,
        picture["path"].as_str().unwrap().to_owned(),
    );
    c.published("Water", json!({ "body": "Just *water*." })).await;
    let body = format!("## Beans\n\n![A cup]({inline})\n\nSee [water](/blog/water/) & <https://e.example/?a=1&b=2>.");
    let post = c
        .published(
            "Coffee & cake",
            json!({
                "body": body, "excerpt": "All about coffee", "seo_title": "Coffee, explained", "meta_description": "What coffee is.",
                "terms": [id(&below), id(&tag)], "featured_image": id(&featured), "author": "Somebody",
            }),
        )
        .await;
    c.w.run_jobs().await;

    let posts = c.posts().await;
    assert_eq!(posts.len(), 2, "{posts:?}");
    let there = posts
        .iter()
        .find(|there| Some(there.slug.as_str()) == post["slug"].as_str())
        .unwrap_or_else(|| panic!("{} is not among {posts:?}", post["slug"]));
    let water = posts
        .iter()
        .find(|post| post.slug == "water")
        .expect("the other one too");
    assert_eq!(there.status, "publish");
    assert_eq!(there.title.replace("&amp;", "&"), "Coffee & cake");
    assert_eq!(there.excerpt, "All about coffee");
    assert_eq!(there.date_gmt.unwrap().to_rfc3339(), "2026-01-01T00:00:00+00:00");
    for part in [
        "<!-- wp:heading -->",
        "<h2 class=\"wp-block-heading\" id=\"beans\">Beans</h2>",
        "<!-- wp:image {\"id\":",
        "/wp-content/uploads/",
        &format!("<a href=\"{}\">water</a>", water.link),
        "https://e.example/?a=1&amp;b=2",
    ] {
        assert!(there.content.contains(part), "{part}\n{}", there.content);
    }
    assert!(!there.content.contains("/media/"), "{}", there.content);
    assert_ne!(there.featured_media, 0);
    let admin = c.there.client("admin");
    let category = admin
        .term(&taxonomies()[0], there.terms(&taxonomies()[0])[0])
        .await
        .unwrap();
    let parent = admin.term(&taxonomies()[0], category.parent).await.unwrap();
    assert_eq!(
        (category.name.as_str(), parent.name.as_str()),
        ("Coffee", "Drinks &amp; more")
    );
    assert_eq!(there.terms(&taxonomies()[1]).len(), 1);
    assert_eq!(there.meta_text("_igny8_content_id"), Some(id(&post).as_str()));
    assert_eq!(
        c.there.php("echo wp_count_attachments('image')->{'image/png'} ?? 0;"),
        "2"
    );

    let publication = c.publication(&post).await;
    assert_eq!(
        (
            &publication["status"],
            &publication["external_url"],
            &publication["external_status"]
        ),
        (&json!("published"), &json!(there.link), &json!("publish")),
        "{publication}"
    );
    let notes = publication["notes"].to_string();
    assert!(notes.contains("`Somebody`"), "the author has no user there: {notes}");
    assert_eq!(c.destination().await["sync_status"], "completed");

    // Nothing has changed: nothing is written, however often.
    c.there.requests();
    c.publish_everything().await;
    c.publish_everything().await;
    assert_eq!(c.there.writes(), 0);

    c.edit(&post, json!({ "title": "Coffee and cake" })).await;
    c.w.run_jobs().await;
    let posts = c.posts().await;
    assert_eq!(posts.len(), 2, "it is updated");
    let edited = posts.iter().find(|post| post.id == there.id).unwrap();
    assert_eq!(
        (edited.title.as_str(), &edited.content),
        ("Coffee and cake", &there.content)
    );
    assert_eq!(
        c.there.php("echo wp_count_attachments('image')->{'image/png'} ?? 0;"),
        "2",
        "sent once"
    );

    // A term that is renamed is renamed there.
    let path = format!("{terms}/{}", id(&below));
    let (status, renamed) = c.w.patch(&c.w.a.editor, &path, 1, json!({ "name": "Espresso" })).await;
    assert_eq!(status, 200, "{renamed}");
    c.w.run_jobs().await;
    assert_eq!(
        admin.term(&taxonomies()[0], category.id).await.unwrap().name,
        "Espresso"
    );

    // What links to something that comes later is sent again when it has an address.
    let late = json!({ "content_type": "post", "title": "Late", "body": "x" });
    let (_, late) = c.w.post(&c.w.a.owner, &format!("{}/content", c.site), late).await;
    c.published("Early", json!({ "body": "See [late](/blog/late/)." }))
        .await;
    c.w.run_jobs().await;
    c.set_status(&late, "published").await;
    c.w.run_jobs().await;
    let posts = c.posts().await;
    let link = &posts.iter().find(|post| post.slug == "late").unwrap().link;
    let early = posts.iter().find(|post| post.slug == "early").unwrap();
    assert!(early.content.contains(link.as_str()), "{}", early.content);

    let events = format!("{}/destinations/{}/events", c.site, c.destination);
    let (_, events) = c.w.get(&c.w.a.viewer, &events).await;
    assert!(events["items"].as_array().unwrap().len() >= 4, "{events}");
    assert!(!events.to_string().contains(c.there.password("editor")));
}

#[tokio::test]
async fn taken_back_and_brought_back() {
    let c = Connected::new("out_back", &[], json!({ "body": "html" })).await;
    let post = c.published("Here and gone", json!({ "body": "a" })).await;
    c.w.run_jobs().await;
    let place = c.posts().await[0].id;
    assert_eq!(c.posts().await[0].content.trim(), "<p>a</p>");
    for (here, there) in [("draft", "draft"), ("review", "pending"), ("draft", "draft")] {
        c.set_status(&post, here).await;
        c.w.run_jobs().await;
        assert_eq!(c.posts().await[0].status, there);
        let now = c.publication(&post).await;
        assert_eq!(
            (&now["status"], &now["external_status"]),
            (&json!("published"), &json!(there)),
            "{now}"
        );
    }
    c.set_status(&post, "published").await;
    c.w.run_jobs().await;
    let posts = c.posts().await;
    assert_eq!(
        (
            posts.len(),
            posts[0].id,
            posts[0].status.as_str(),
            posts[0].slug.as_str()
        ),
        (1, place, "publish", "here-and-gone")
    );

    // Thrown away there: it is not sent again by itself, and comes back when somebody wants it to.
    c.there.php(&format!("wp_trash_post({place});"));
    c.edit(&post, json!({ "body": "b" })).await;
    c.w.run_jobs().await;
    let publication = c.publication(&post).await;
    assert_eq!(
        (
            &publication["status"],
            &publication["choice"],
            &publication["external_status"]
        ),
        (&json!("removed"), &json!("withhold"), &json!("trash")),
        "{publication}"
    );
    assert_eq!(c.posts().await[0].status, "trash");
    let path = format!("{}/content/{}/destinations", c.site, id(&post));
    let choice = json!({ "choice": "publish", "destinations": [c.destination] });
    assert_eq!(c.w.post(&c.w.a.viewer, &path, choice.clone()).await.0, 403);
    assert_eq!(c.w.post(&c.w.b.owner, &path, choice.clone()).await.0, 404);
    assert_eq!(c.w.post(&c.w.a.editor, &path, choice.clone()).await.0, 200);
    c.w.run_jobs().await;
    let posts = c.posts().await;
    assert_eq!(
        (posts.len(), posts[0].status.as_str(), posts[0].content.trim()),
        (1, "publish", "<p>b</p>")
    );

    // Deleted for good there, and wanted again: a new place, once.
    c.there.php(&format!("wp_delete_post({place}, true);"));
    c.edit(&post, json!({ "body": "c" })).await;
    c.w.run_jobs().await;
    let now = c.publication(&post).await;
    assert_eq!(
        (&now["status"], &now["external_status"]),
        (&json!("removed"), &json!("gone")),
        "{now}"
    );
    c.w.post(&c.w.a.editor, &path, choice).await;
    c.w.run_jobs().await;
    let posts = c.posts().await;
    assert_eq!((posts.len(), posts[0].content.trim()), (1, "<p>c</p>"));

    let choice = json!({ "choice": "withhold", "destinations": [c.destination] });
    assert_eq!(c.w.post(&c.w.a.editor, &path, choice).await.0, 200);
    c.w.run_jobs().await;
    assert_eq!(c.posts().await[0].status, "trash");

    // A destination that is removed with what is there.
    c.published("Another", json!({ "body": "x" })).await;
    c.w.run_jobs().await;
    let path = format!("{}/destinations/{}", c.site, c.destination);
    assert_eq!(
        c.w.delete(&c.w.a.editor, &format!("{path}?published=trash"), 1).await.0,
        403
    );
    assert_eq!(
        c.w.delete(&c.w.a.admin, &format!("{path}?published=trash"), 1).await.0,
        204
    );
    c.w.run_jobs().await;
    assert!(c.posts().await.iter().all(|post| post.status == "trash"));
    assert_eq!(c.w.get(&c.w.a.viewer, &path).await.0, 404);
}

#[tokio::test]
async fn what_came_from_there_stays_there_until_it_is_deleted() {
    let c = Connected::new("out_imported", &[], json!({ "imports": "everything" })).await;
    let planned = c.made_there("Planned", "future", "2099-01-01 10:00:00");
    let shown = c.made_there("Shown", "publish", "2025-06-01 08:00:00");
    c.import().await;

    // An edit of what was approved has to be approved again: it waits there as it does here.
    let content = c.content("Planned").await;
    c.edit(&content, json!({ "title": "Planned, edited" })).await;
    c.settle().await;
    assert_eq!(c.content("Planned, edited").await["status"], "review");
    let there = c.post(planned).await;
    assert_eq!(
        (there.status.as_str(), there.title.as_str()),
        ("pending", "Planned, edited")
    );

    // Deleted for good there, edited here, and wanted again: all of it is there again.
    c.there.php(&format!("wp_delete_post({shown}, true);"));
    let content = c.content("Shown").await;
    c.edit(&content, json!({ "title": "Shown again" })).await;
    c.settle().await;
    let now = c.publication(&content).await;
    assert_eq!(
        (&now["status"], &now["external_status"]),
        (&json!("removed"), &json!("gone")),
        "{now}"
    );
    let path = format!("{}/content/{}/destinations", c.site, id(&content));
    let choice = json!({ "choice": "publish", "destinations": [c.destination] });
    assert_eq!(c.w.post(&c.w.a.editor, &path, choice).await.0, 200);
    c.settle().await;
    let posts = c.posts().await;
    let again = posts
        .iter()
        .find(|post| post.title == "Shown again")
        .expect("it is there");
    assert_eq!((again.status.as_str(), again.slug.as_str()), ("publish", "shown"));
    assert!(again.content.contains("<p>Theirs</p>"), "{}", again.content);

    // Deleted here while it was edited there: somebody has to see that first.
    c.there.php(&format!(
        "wp_update_post(['ID' => {}, 'post_title' => 'Kept']);",
        again.id
    ));
    let path = format!("{}/content/{}", c.site, id(&content));
    let rev = c.rev(&content).await;
    assert_eq!(c.w.delete(&c.w.a.owner, &path, rev).await.0, 204);
    c.settle().await;
    let list = format!("{}/publications?content={}", c.site, id(&content));
    let publication = c.w.get(&c.w.a.viewer, &list).await.1["items"][0].clone();
    assert_eq!(publication["status"], "conflict", "{publication}");
    let there = c.post(again.id).await;
    assert_eq!((there.status.as_str(), there.title.as_str()), ("publish", "Kept"));
    let path = format!("{}/publications/{}", c.site, id(&publication));
    let (status, compared) = c.w.get(&c.w.a.viewer, &format!("{path}/conflict")).await;
    assert_eq!(status, 200, "{compared}");
    let resolve = format!("{path}/resolve");
    let (status, refused) = c.w.post(&c.w.a.editor, &resolve, json!({ "keep": "theirs" })).await;
    assert_eq!(
        (status.as_u16(), &refused["code"]),
        (409, &json!("deleted_here")),
        "{refused}"
    );
    let (status, answer) = c.w.post(&c.w.a.editor, &resolve, json!({ "keep": "ours" })).await;
    assert_eq!(status, 200, "{answer}");
    c.settle().await;
    assert_eq!(c.post(again.id).await.status, "trash");
}

#[tokio::test]
async fn the_same_site_connected_again_has_nothing_twice() {
    let c = Connected::new("out_again", &[], json!({ "imports": "everything" })).await;
    let theirs = c.made_there("Theirs", "publish", "2025-06-01 08:00:00");
    c.import().await;
    let tag = json!({ "name": "Filter", "taxonomy": "blog_tag" });
    let (status, tag) = c.w.post(&c.w.a.editor, &format!("{}/terms", c.site), tag).await;
    assert_eq!(status, 201, "{tag}");
    let ours = c.published("Ours", json!({ "body": "a", "terms": [id(&tag)] })).await;
    c.settle().await;
    let count = "echo wp_count_terms(['taxonomy' => ['category', 'post_tag'], 'hide_empty' => false]);";
    let terms = c.there.php(count);
    assert_eq!(c.posts().await.len(), 2);

    // Nothing differs there: nothing is written, and nothing is told.
    let published = async || {
        let path = format!("{}/destinations/{}/events?limit=200", c.site, c.destination);
        let events = c.w.get(&c.w.a.viewer, &path).await.1;
        let all = events["items"].as_array().unwrap().iter();
        all.filter(|event| event["what"] == "publish").count()
    };
    let told = published().await;
    c.there.requests();
    c.edit(&ours, json!({ "canonical_url": "https://elsewhere.example/ours" }))
        .await;
    c.settle().await;
    assert_eq!((c.there.writes(), published().await), (0, told));

    let path = format!("{}/destinations", c.site);
    let connect = json!({ "kind": "wordpress", "name": "Blog again", "wordpress": {
        "url": c.there.url, "user": "editor", "password": c.there.password("editor"), "imports": "everything",
    } });
    let (status, refused) = c.w.post(&c.w.a.admin, &path, connect.clone()).await;
    assert_eq!(
        (status.as_u16(), &refused["code"]),
        (409, &json!("already_connected")),
        "{refused}"
    );
    assert!(refused.to_string().contains(&c.destination), "{refused}");

    let one = format!("{path}/{}?published=keep", c.destination);
    assert_eq!(c.w.delete(&c.w.a.admin, &one, 1).await.0, 204);
    let (status, made) = c.w.post(&c.w.a.admin, &path, connect).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(
        (id(&made), &made["name"]),
        (c.destination.clone(), &json!("Blog again"))
    );
    c.there.requests();
    c.settle().await;
    c.import().await;
    assert_eq!(c.there.writes(), 0);
    assert_eq!((c.posts().await.len(), c.there.php(count)), (2, terms));
    let place = c.publication(&ours).await["external_id"].clone();
    c.edit(&ours, json!({ "title": "Ours, edited" })).await;
    c.settle().await;
    let posts = c.posts().await;
    let edited = posts
        .iter()
        .find(|post| post.title == "Ours, edited")
        .expect("it is updated");
    assert_eq!((posts.len(), json!(edited.id.to_string())), (2, place));

    // Nothing is known of an imported post but where it came from.
    let mut binds = igny8_data::Variables::new();
    binds.insert("post", theirs.to_string());
    let platform = c.w.app.db.platform(igny8_data::Why::Operator);
    let sql = "DELETE publication WHERE external_id = $post RETURN NONE;";
    platform.query(sql, binds, "testing").await.unwrap();
    c.there.requests();
    c.publish_everything().await;
    assert_eq!((c.there.writes(), c.posts().await.len()), (0, 2));
    let content = c.content("Theirs").await;
    let publication = c.publication(&content).await;
    assert_eq!(
        (&publication["status"], &publication["external_id"]),
        (&json!("published"), &json!(theirs.to_string())),
        "{publication}"
    );
}

#[tokio::test]
async fn whatever_is_interrupted_there_is_one_post() {
    let c = Connected::new("out_once", &[], json!({ "body": "html" })).await;
    // Looked for by its slug; then the draft is made, and the answer is lost.
    c.there.faults("ok\nlost 500");
    let first = c.published("First", json!({ "body": "a" })).await;
    c.w.run_jobs().await;
    let now = c.publication(&first).await;
    assert_eq!(now["status"], "failed", "{now}");
    assert_eq!(c.posts().await.len(), 1, "the draft was made");
    c.w.clock.advance(Duration::minutes(2));
    c.w.run_jobs().await;
    let posts = c.posts().await;
    assert_eq!(
        (posts.len(), posts[0].status.as_str(), posts[0].slug.as_str()),
        (1, "publish", "first")
    );
    let now = c.publication(&first).await;
    assert_eq!(now["status"], "published", "{now}");

    // Looked for, made, read, written, and the last answer is lost.
    c.there.faults("ok\nok\nok\nlost 500");
    let second = c.published("Second", json!({ "body": "b" })).await;
    c.w.run_jobs().await;
    let now = c.publication(&second).await;
    assert_eq!(now["status"], "failed", "{now}");
    c.w.clock.advance(Duration::minutes(2));
    c.w.run_jobs().await;
    assert_eq!(c.posts().await.len(), 2);
    let now = c.publication(&second).await;
    assert_eq!(now["status"], "published", "{now}");

    // The same with an update.
    c.there.faults("ok\nlost 502");
    c.edit(&second, json!({ "title": "Second, again" })).await;
    c.w.run_jobs().await;
    let now = c.publication(&second).await;
    assert_eq!(now["status"], "failed", "{now}");
    c.w.clock.advance(Duration::minutes(2));
    c.w.run_jobs().await;
    let publication = c.publication(&second).await;
    assert_eq!(
        (&publication["status"], &publication["attempts"]),
        (&json!("published"), &json!(0)),
        "{publication}"
    );
    assert_eq!(c.posts().await.len(), 2);
}

#[tokio::test]
async fn a_site_that_is_down_or_busy_gets_it_later() {
    let mut c = Connected::new("out_down", &[], json!({ "body": "html" })).await;
    c.there.faults("always status 500");
    let mut all = Vec::new();
    for n in 0..5 {
        all.push(c.published(&format!("Post {n}"), json!({ "body": "a" })).await);
    }
    c.w.run_jobs().await;
    let destination = c.destination().await;
    assert_eq!(destination["sync_status"], "error", "{destination}");
    let list = format!("{}/publications?status=failed", c.site);
    let (_, failed) = c.w.get(&c.w.a.viewer, &list).await;
    let failed = failed["items"].as_array().unwrap();
    assert!(
        failed.len() == 3 && failed[0]["error"].as_str().unwrap().contains("500"),
        "{failed:?}"
    );
    let asked = c.there.requests().len();
    assert!(asked <= 3, "it is not asked for each of them: {asked}");
    c.there.faults("");
    c.w.later(Duration::hours(1)).await;
    c.w.run_jobs().await;
    let posts = c.posts().await;
    assert_eq!(posts.len(), 5, "{posts:?}");
    assert!(posts.iter().all(|post| post.status == "publish"), "{posts:?}");

    c.there.faults("status 429 30");
    c.edit(&all[0], json!({ "title": "Busy" })).await;
    c.w.run_jobs().await;
    let now = c.publication(&all[0]).await;
    assert_eq!(now["status"], "failed", "{now}");
    c.there.requests();
    c.w.clock.advance(Duration::seconds(20));
    c.w.run_jobs().await;
    assert_eq!(c.there.requests().len(), 0, "it comes back when it was told to");
    c.w.clock.advance(Duration::seconds(90));
    c.w.run_jobs().await;
    let now = c.publication(&all[0]).await;
    assert_eq!(now["status"], "published", "{now}");
}

#[tokio::test]
async fn a_password_that_ends_is_told_and_a_new_one_takes_up() {
    let c = Connected::new("out_password", &[], json!({ "body": "html" })).await;
    c.there
        .php("WP_Application_Passwords::delete_all_application_passwords(get_user_by('login', 'editor')->ID);");
    let post = c.published("Waiting", json!({ "body": "a" })).await;
    c.w.run_jobs().await;
    let failed = c.publication(&post).await;
    assert!(
        failed["status"] == "failed" && failed["error"].as_str().unwrap().contains("application password"),
        "{failed}"
    );
    let destination = c.destination().await;
    assert_eq!(
        (&destination["connection"], &destination["sync_status"]),
        (&json!("error"), &json!("error")),
        "{destination}"
    );
    let path = format!("{}/destinations/{}", c.site, c.destination);
    let (_, tested) = c.w.post(&c.w.a.admin, &format!("{path}/test"), json!({})).await;
    assert_eq!(tested["ok"], false, "{tested}");
    let wrong = json!({ "wordpress": { "password": "abcd efgh" } });
    let (status, refused) = c.w.patch(&c.w.a.admin, &path, 1, wrong).await;
    assert_eq!(
        (status.as_u16(), &refused["code"]),
        (422, &json!("connection_failed")),
        "{refused}"
    );
    let made = "[$p] = WP_Application_Passwords::create_new_application_password(get_user_by('login', 'editor')->ID, ['name' => 'n']); echo $p;";
    let new = c.there.php(made);
    let (status, changed) =
        c.w.patch(
            &c.w.a.admin,
            &path,
            1,
            json!({ "wordpress": { "password": new.trim() } }),
        )
        .await;
    assert_eq!(status, 200, "{changed}");
    c.w.run_jobs().await;
    let now = c.publication(&post).await;
    assert_eq!(now["status"], "published", "{now}");
    assert_eq!(c.destination().await["connection"], "connected");
}

#[tokio::test]
async fn an_edit_on_both_sides_waits_for_somebody() {
    let c = Connected::new("out_conflict", &[], json!({ "body": "html" })).await;
    let post = c.published("Ours", json!({ "body": "one\n\ntwo" })).await;
    c.w.run_jobs().await;
    let place = c.posts().await[0].id;
    c.there
        .php(&format!("wp_update_post(['ID' => {place}, 'post_title' => 'Theirs']);"));
    c.edit(&post, json!({ "body": "one\n\nthree" })).await;
    c.w.run_jobs().await;
    let publication = c.publication(&post).await;
    assert_eq!(publication["status"], "conflict", "{publication}");
    assert_eq!(c.posts().await[0].title, "Theirs", "nothing was overwritten");
    let path = format!("{}/publications/{}", c.site, id(&publication));
    let (status, compared) = c.w.get(&c.w.a.viewer, &format!("{path}/conflict")).await;
    assert_eq!(status, 200, "{compared}");
    let title = compared["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|field| field["field"] == "title")
        .unwrap();
    assert_eq!(
        (&title["ours"], &title["theirs"]),
        (&json!("Ours"), &json!("Theirs")),
        "{compared}"
    );
    assert_eq!(title["difference"]["hunks"].as_array().unwrap().len(), 1);
    assert_eq!(c.w.get(&c.w.b.owner, &format!("{path}/conflict")).await.0, 404);

    // Another edit does not go over it either.
    c.edit(&post, json!({ "excerpt": "x" })).await;
    c.publish_everything().await;
    assert_eq!(
        (c.posts().await[0].title.as_str(), c.posts().await[0].excerpt.as_str()),
        ("Theirs", "")
    );
    let (status, resolved) =
        c.w.post(&c.w.a.editor, &format!("{path}/resolve"), json!({ "keep": "ours" }))
            .await;
    assert_eq!(status, 200, "{resolved}");
    c.w.run_jobs().await;
    let now = &c.posts().await[0];
    assert_eq!((now.title.as_str(), now.excerpt.as_str()), ("Ours", "x"));
    assert!(now.content.contains("three"));
    let now = c.publication(&post).await;
    assert_eq!(now["status"], "published", "{now}");
    let (status, none) =
        c.w.post(&c.w.a.editor, &format!("{path}/resolve"), json!({ "keep": "ours" }))
            .await;
    assert_eq!((status.as_u16(), &none["code"]), (409, &json!("no_conflict")));
}

#[tokio::test]
async fn what_is_planned_is_planned_there() {
    let c = Connected::new("out_planned", &[], json!({ "body": "html" })).await;
    let content = json!({ "content_type": "post", "title": "Later", "body": "a" });
    let (_, post) = c.w.post(&c.w.a.owner, &format!("{}/content", c.site), content).await;
    c.set_status(&post, "review").await;
    c.w.run_jobs().await;
    assert_eq!(c.posts().await.len(), 0, "what is in review stays here");
    c.set_status(&post, "approved").await;
    let path = format!("{}/content/{}/schedule", c.site, id(&post));
    let rev = c.rev(&post).await;
    let plan = json!({ "publish_at": "2027-05-01T10:00:00+02:00", "force": true });
    let request =
        c.w.request(&c.w.a.owner, Method::POST, &path)
            .header("if-match", format!("\"{rev}\""));
    let (status, planned) = body_of(request.body_json(&plan).send().await).await;
    assert_eq!(status, 200, "{planned}");
    c.w.run_jobs().await;
    let there = &c.posts().await[0];
    assert_eq!(
        (there.status.as_str(), there.date_gmt.unwrap().to_rfc3339().as_str()),
        ("future", "2027-05-01T08:00:00+00:00")
    );
    // Its time comes there first: that is no edit.
    c.there.php(&format!("wp_publish_post({});", there.id));
    c.set_status(&post, "published").await;
    c.edit(&post, json!({ "title": "Now" })).await;
    c.w.run_jobs().await;
    let publication = c.publication(&post).await;
    assert_eq!(publication["status"], "published", "{publication}");
    let there = &c.posts().await[0];
    assert_eq!((there.status.as_str(), there.title.as_str()), ("publish", "Now"));
}

#[tokio::test]
async fn only_what_is_chosen_goes_where_people_choose() {
    let c = Connected::new("out_chosen", &[], json!({ "body": "html", "chosen_only": true })).await;
    let chosen = c.published("Chosen", json!({ "body": "a" })).await;
    c.published("Not chosen", json!({ "body": "b" })).await;
    c.w.run_jobs().await;
    assert_eq!(c.posts().await.len(), 0);
    let path = format!("{}/content/{}/destinations", c.site, id(&chosen));
    let choice = json!({ "choice": "publish", "destinations": [c.destination] });
    c.w.post(&c.w.a.editor, &path, choice.clone()).await;
    c.w.run_jobs().await;
    let posts = c.posts().await;
    assert_eq!((posts.len(), posts[0].title.as_str()), (1, "Chosen"));
    let draft = json!({ "content_type": "post", "title": "Draft" });
    let (_, draft) = c.w.post(&c.w.a.owner, &format!("{}/content", c.site), draft).await;
    let path = format!("{}/content/{}/destinations", c.site, id(&draft));
    let (status, refused) = c.w.post(&c.w.a.editor, &path, choice).await;
    assert_eq!(
        (status.as_u16(), &refused["code"]),
        (422, &json!("not_published")),
        "{refused}"
    );
}

#[tokio::test]
async fn a_connection_is_tried_before_it_is_kept() {
    let there = RealWordPress::new("out_connect");
    let w = World::with(|config| config.outgoing.allowed_hosts = vec![there.host().parse().unwrap()]).await;
    let path = format!("/sites/{}/destinations", w.a.sites[0]);
    let connect = async |url: &str, user: &str, password: &str| {
        let wordpress = json!({ "url": url, "user": user, "password": password });
        let body = json!({ "kind": "wordpress", "name": "Blog", "wordpress": wordpress });
        w.post(&w.a.admin, &path, body).await
    };
    let good = there.password("editor").to_owned();
    for (url, user, password, code, text) in [
        (
            there.url.as_str(),
            "editor",
            "wrong",
            "connection_failed",
            "application password",
        ),
        (
            &there.url,
            "subscriber",
            there.password("subscriber"),
            "connection_failed",
            "editor",
        ),
        (
            &format!("http://{}/nothing/", there.host()),
            "editor",
            &good,
            "connection_failed",
            "WordPress",
        ),
        ("http://127.0.0.1:9/", "editor", &good, "validation", "wordpress.url"),
        ("nonsense", "editor", &good, "validation", "wordpress.url"),
        (
            &format!("{}a\tb", there.url),
            "editor",
            &good,
            "validation",
            "wordpress.url",
        ),
        (&there.url, "", &good, "validation", "wordpress.user"),
    ] {
        let (status, refused) = connect(url, user, password).await;
        assert_eq!(status, 422, "{refused}");
        let told = refused.to_string();
        assert!(
            told.contains(text) && (code == "validation" || refused["code"] == code),
            "{told}"
        );
        assert!(!told.contains(&good), "{told}");
    }
    let body = json!({ "kind": "wordpress", "name": "Blog",
        "wordpress": { "url": there.url, "user": "editor", "password": good } });
    assert_eq!(
        w.post(&w.a.editor, &path, body.clone()).await.0,
        403,
        "settings are for admins"
    );
    assert_eq!(w.post(&w.b.owner, &path, body.clone()).await.0, 404);
    let (status, made) = w.post(&w.a.admin, &path, body).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(
        (&made["connection"], &made["password_set"]),
        (&json!("connected"), &json!(true))
    );
    let one = format!("{path}/{}", id(&made));
    let (_, found) = w.post(&w.a.admin, &format!("{one}/discover"), json!({})).await;
    let types: Vec<&str> = found["types"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| of["slug"].as_str().unwrap())
        .collect();
    assert!(types.contains(&"post") && types.contains(&"page"), "{found}");
    assert_eq!(
        (&found["igny8"], &found["takes_seo"]),
        (&json!(false), &json!(false)),
        "{found}"
    );
    // Moved to another host, the password must be sent again.
    let moved = json!({ "wordpress": { "url": "https://other.example/" } });
    let (status, refused) = w.patch(&w.a.admin, &one, 1, moved).await;
    assert!(
        status == 422 && refused.to_string().contains("wordpress.password"),
        "{refused}"
    );
    let (_, stored) = w.get(&w.a.viewer, &one).await;
    assert!(
        !stored.to_string().contains(there.password("editor")) && stored["webhook"].is_null(),
        "{stored}"
    );
    assert_eq!(w.get(&w.b.owner, &one).await.0, 404);
}
