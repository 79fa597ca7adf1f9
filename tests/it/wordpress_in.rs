//! What comes back from a WordPress site, with a real one.

use std::collections::HashMap;
use std::time::Duration;

use igny8_server::testing::{World, body_of};
use igny8_wordpress::testing::RealWordPress;
use poem::http::StatusCode;
use serde_json::{Value, json};

use crate::trip::id;

/// A world with a WordPress that is connected to the first site of the first account.
pub struct Connected {
    pub w: World,
    pub there: RealWordPress,
    /// `/sites/…`
    pub site: String,
    destination: String,
    webhook: Value,
}

impl Connected {
    pub async fn new(name: &str, settings: Value) -> Self {
        Self::to(RealWordPress::new(name), settings).await
    }

    async fn to(there: RealWordPress, settings: Value) -> Self {
        let host = there.host().parse().unwrap();
        let w = World::with(|config| config.outgoing.allowed_hosts.push(host)).await;
        let site = format!("/sites/{}", w.a.sites[0]);
        let mut wordpress =
            json!({ "url": there.url, "user": "admin", "password": there.password("admin"), "imports": "everything" });
        wordpress
            .as_object_mut()
            .unwrap()
            .extend(settings.as_object().unwrap().clone());
        let body = json!({ "kind": "wordpress", "name": "Blog", "wordpress": wordpress });
        let (status, made) = w.post(&w.a.admin, &format!("{site}/destinations"), body).await;
        assert_eq!(status, 201, "{made}");
        there.requests();
        Self {
            destination: id(&made),
            webhook: made["webhook"].clone(),
            w,
            there,
            site,
        }
    }

    /// Runs what is due, and what follows it some seconds later.
    pub async fn settle(&self) {
        for _ in 0..4 {
            self.w.run_jobs().await;
            self.w.clock.advance(chrono::Duration::seconds(3));
        }
        self.w.run_jobs().await;
    }

    async fn ask(&self, full: bool) {
        let path = format!("{}/destinations/{}/import", self.site, self.destination);
        let (status, answer) = self.w.post(&self.w.a.admin, &path, json!({ "full": full })).await;
        assert_eq!(status, 202, "{answer}");
    }

    pub async fn import(&self, full: bool) {
        self.ask(full).await;
        self.settle().await;
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.w.get(&self.w.a.admin, &format!("{}{path}", self.site)).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Every item of a list.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = String::new();
        loop {
            let mark = if path.contains('?') { '&' } else { '?' };
            let page = self.get(&format!("{path}{mark}limit=200{next}")).await;
            items.extend(page["items"].as_array().unwrap().clone());
            match page["next"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => return items,
            }
        }
    }

    async fn state(&self) -> Value {
        self.get(&format!("/destinations/{}", self.destination)).await
    }

    /// The content of a post, whole.
    pub async fn content_of(&self, post: &str) -> Value {
        let publication = self.publication_of(post).await;
        self.get(&format!("/content/{}", publication["content"].as_str().unwrap()))
            .await
    }

    async fn publication_of(&self, post: &str) -> Value {
        let all = self.all("/publications").await;
        let mut found = all.into_iter().filter(|one| one["external_id"] == post);
        found.next().unwrap_or_else(|| panic!("post {post} has no publication"))
    }

    async fn patch(&self, content: &Value, body: Value) -> Value {
        let path = format!("{}/content/{}", self.site, id(content));
        let rev = self
            .w
            .request(&self.w.a.admin, poem::http::Method::GET, &path)
            .send()
            .await;
        let etag = rev.0.headers()["etag"]
            .to_str()
            .unwrap()
            .trim_matches('"')
            .parse()
            .unwrap();
        let (status, answer) = self.w.patch(&self.w.a.admin, &path, etag, body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    pub async fn visit(&self, path: &str) -> (u16, String) {
        let answer = self.w.http.get(format!("/sites/site-a0{path}")).send().await;
        let status = answer.0.status().as_u16();
        (status, answer.0.into_body().into_string().await.unwrap_or_default())
    }

    /// Ids, revisions and times of all content: the same when nothing was written.
    async fn revisions(&self) -> Vec<(String, i64)> {
        let mut all: Vec<_> = self
            .all("/content")
            .await
            .iter()
            .map(|one| {
                (
                    id(one),
                    one["revision"].as_i64().unwrap(),
                    one["updated_at"].to_string(),
                )
            })
            .map(|(id, revision, at)| (format!("{id} {at}"), revision))
            .collect();
        all.sort();
        all
    }
}

/// Content as others make it: three levels of categories, every status, blocks, shortcodes, addresses of all kinds. Prints names and ids.
const OTHERS: &str = r#"
$tools = wp_insert_term('Tools & more', 'category', ['slug' => 'tools', 'description' => 'What <b>helps</b>'])['term_id'];
$saws = wp_insert_term('Saws', 'category', ['parent' => $tools])['term_id'];
$small = wp_insert_term('Small saws', 'category', ['parent' => $saws, 'slug' => 'small-saws'])['term_id'];
// A parent with a later id than its child.
$late = wp_insert_term('Late', 'category')['term_id'];
wp_update_term($tools, 'category', ['parent' => $late]);
function made($name, $fields) {
    $id = wp_insert_post(wp_slash($fields + ['post_status' => 'publish', 'post_author' => 1, 'post_title' => $name, 'post_date' => '2025-06-01 08:00:00']), true);
    if (is_wp_error($id)) { fwrite(STDERR, $name . $id->get_error_message()); exit(1); }
    echo "$name=$id\n";
    return $id;
}
made('blocks', ['post_content' => "<!-- wp:paragraph {\"align\":\"center\"} -->\n<p class=\"has-text-align-center\">Ein \u{1F34E} &amp; mehr</p>\n<!-- /wp:paragraph -->\n\n<!-- wp:latest-posts {\"postsToShow\":3} /-->", 'post_category' => [$small, $late], 'tags_input' => ['Blue', 'Red & green'], 'post_excerpt' => 'Short &amp; <em>sweet</em>', 'post_date' => '2020-02-29 12:34:56']);
made('classic', ['post_content' => "First line\r\nsecond line\n\n[gallery ids=\"1,2,3\" caption='a \\ \"b\"']\n\n[caption id=\"x\"]<img src=\"/a.png\"> text[/caption]\n<script>alert(1)</script>"]);
made('private', ['post_content' => 'For us alone', 'post_status' => 'private']);
made('locked', ['post_content' => 'Behind a word', 'post_password' => 'pass word']);
made('future', ['post_content' => 'Soon', 'post_status' => 'future', 'post_date' => '2099-01-01 10:00:00', 'post_date_gmt' => '2099-01-01 10:00:00']);
made('draft', ['post_content' => 'Not yet', 'post_status' => 'draft']);
made('pending', ['post_content' => 'Look at it', 'post_status' => 'pending']);
$sticky = made('sticky', ['post_content' => 'Stays']);
stick_post($sticky);
set_post_format($sticky, 'aside');
made('emoji', ['post_content' => 'Apple', 'post_name' => "\u{1F34E}-apple"]);
made('only-emoji', ['post_content' => 'Pear', 'post_title' => "\u{1F350}", 'post_name' => "\u{1F350}"]);
made('coffee', ['post_content' => 'Coffee', 'post_title' => '咖啡']);
made('twin1', ['post_title' => 'Twin', 'post_content' => 'One']);
made('twin2', ['post_title' => 'Twin', 'post_content' => 'Two']);
made('empty', ['post_title' => '', 'post_content' => 'Without a title', 'post_name' => 'without']);
$about = made('about', ['post_type' => 'page', 'post_content' => 'Who we are', 'menu_order' => 3]);
made('team', ['post_type' => 'page', 'post_content' => 'Who we all are', 'post_parent' => $about]);
made('long', ['post_title' => str_repeat('Long title ', 40), 'post_content' => str_repeat('word ', 20000)]);
wp_trash_post(made('thrown away', ['post_content' => 'Never to be seen']));
"#;

fn named(printed: &str) -> HashMap<String, String> {
    printed
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, id)| (name.to_owned(), id.to_owned()))
        .collect()
}

fn many(n: usize) -> String {
    format!(
        "wp_suspend_cache_addition(true); wp_defer_term_counting(true);
         for ($i = 0; $i < {n}; $i++) wp_insert_post(['post_title' => 'Same title', 'post_content' => \"Text $i\", 'post_status' => 'publish',
             'post_date' => '2021-05-06 07:08:09']);"
    )
}

#[tokio::test]
async fn a_site_made_by_others_is_imported_whole_and_once() {
    let c = Connected::new("in_whole", json!({})).await;
    let ids = named(&c.there.php(&format!("{}{OTHERS}", many(210))));
    c.import(false).await;
    let state = c.state().await;
    assert_eq!(
        (&state["sync_status"], &state["connection"]),
        (&json!("completed"), &json!("connected")),
        "{state}"
    );
    assert_eq!(c.there.writes(), 0, "an import writes nothing there");
    let all = c.all("/content").await;
    assert_eq!(all.len(), 210 + ids.len() - 1);
    assert!(
        all.iter()
            .all(|one| one["source"] == "wordpress" && one["sync_status"] == "imported")
    );
    let paths: std::collections::HashSet<&str> = all.iter().map(|one| one["path"].as_str().unwrap()).collect();
    assert_eq!(paths.len(), all.len(), "each has an address of its own");

    // Every byte of every text.
    let code = "foreach (get_posts(['post_type' => ['post', 'page'], 'post_status' => 'any', 'numberposts' => -1]) as $p) echo $p->ID, '=', md5($p->post_content), \"\\n\";";
    let there = named(&c.there.php(code));
    let publications = c.all("/publications").await;
    assert_eq!(publications.len(), all.len());
    for publication in publications
        .iter()
        .filter(|one| ids.values().any(|id| one["external_id"] == json!(id)))
    {
        let content = c
            .get(&format!("/content/{}", publication["content"].as_str().unwrap()))
            .await;
        let body = content["body"].as_str().unwrap();
        let escaped = body.replace('\'', "\\x27");
        assert!(!escaped.is_empty());
        let hash = c
            .there
            .php(&format!("echo md5(base64_decode('{}'));", base64(body.as_bytes())));
        assert_eq!(
            Some(&hash),
            there.get(publication["external_id"].as_str().unwrap()),
            "{body}"
        );
        assert_eq!(content["body_format"], "html");
    }

    let blocks = c.content_of(&ids["blocks"]).await;
    assert_eq!(blocks["excerpt"], "Short & sweet");
    assert_eq!(blocks["published_at"], "2020-02-29T12:34:56+00:00");
    assert_eq!(
        (&blocks["path"], &blocks["author"]),
        (&json!("/blocks/"), &json!("admin"))
    );
    let terms = c.all("/terms").await;
    let term = |name: &str| {
        terms
            .iter()
            .find(|term| term["name"] == name)
            .unwrap_or_else(|| panic!("{name}: {terms:?}"))
    };
    assert_eq!(term("Small saws")["parent"], term("Saws")["id"]);
    assert_eq!(term("Saws")["parent"], term("Tools & more")["id"]);
    assert_eq!(term("Tools & more")["parent"], term("Late")["id"]);
    assert_eq!(term("Tools & more")["description"], "What helps");
    let filed: Vec<&Value> = blocks["terms"].as_array().unwrap().iter().collect();
    assert_eq!(filed.len(), 4);
    for name in ["Small saws", "Late", "Blue", "Red & green"] {
        assert!(filed.contains(&&term(name)["id"]), "{name}");
    }
    for (name, status) in [
        ("private", "published"),
        ("locked", "published"),
        ("future", "approved"),
        ("draft", "draft"),
        ("pending", "review"),
    ] {
        assert_eq!(c.content_of(&ids[name]).await["status"], status, "{name}");
    }
    assert_eq!(
        c.content_of(&ids["future"]).await["publish_at"],
        "2099-01-01T10:00:00+00:00"
    );
    let sticky = c.content_of(&ids["sticky"]).await;
    assert_eq!(
        (
            &sticky["extra"]["wordpress"]["sticky"],
            &sticky["extra"]["wordpress"]["format"]
        ),
        (&json!(true), &json!("aside"))
    );
    assert_eq!(
        c.content_of(&ids["locked"]).await["extra"]["wordpress"]["password"],
        "pass word"
    );
    assert_eq!(c.content_of(&ids["emoji"]).await["path"], "/apple/");
    assert_eq!(c.content_of(&ids["coffee"]).await["path"], "/咖啡/");
    assert_eq!(c.content_of(&ids["team"]).await["path"], "/about/team/");
    assert_eq!(c.content_of(&ids["empty"]).await["title"], "Untitled");
    assert_ne!(
        c.content_of(&ids["twin1"]).await["path"],
        c.content_of(&ids["twin2"]).await["path"]
    );

    // Again, and again from the beginning: nothing.
    let before = c.revisions().await;
    for full in [false, true] {
        c.import(full).await;
        assert_eq!(c.revisions().await, before, "full: {full}");
        assert_eq!(c.all("/publications").await.len(), publications.len());
        assert_eq!(c.all("/terms").await.len(), terms.len());
    }
    assert_eq!(c.there.writes(), 0);
    let events = c.all(&format!("/destinations/{}/events", c.destination)).await;
    let imports = events.iter().filter(|event| event["what"] == "import").count();
    assert_eq!(imports, 1, "a look that finds nothing is no event: {events:?}");

    // It is content like any other.
    let scored = c.all("/content?status=published").await;
    let without: Vec<_> = scored.iter().filter(|one| !one["score"].is_number()).collect();
    assert!(without.is_empty(), "what is imported is scored: {without:?}");
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[tokio::test]
async fn a_copy_of_the_site_shows_what_visitors_of_the_site_see() {
    let c = Connected::new("in_copy", json!({})).await;
    c.there.php(OTHERS);
    c.import(false).await;
    let (status, deployment) =
        c.w.post(&c.w.a.admin, &format!("{}/deployments", c.site), json!({}))
            .await;
    assert_eq!(status, 202, "{deployment}");
    c.settle().await;
    for (path, text) in [
        ("/blocks/", "Ein \u{1f34e} &amp; mehr"),
        ("/about/team/", "Who we all are"),
        ("/sticky/", "Stays"),
    ] {
        let (status, page) = c.visit(path).await;
        assert_eq!(status, 200, "{path}");
        assert!(page.contains(text), "{path}: {page}");
    }
    let (_, classic) = c.visit("/classic/").await;
    assert!(!classic.contains("alert(1)"), "scripts are taken out when it is shown");
    for path in ["/private/", "/locked/", "/future/", "/draft/", "/pending/"] {
        assert_eq!(c.visit(path).await.0, 404, "{path}");
    }
    let (_, home) = c.visit("/").await;
    let (_, feed) = c.visit("/feed.xml").await;
    let (_, map) = c.visit("/sitemap.xml").await;
    for text in ["For us alone", "Behind a word", "/private/", "/locked/"] {
        assert!(![&home, &feed, &map].iter().any(|page| page.contains(text)), "{text}");
    }
}

#[tokio::test]
async fn edits_there_are_revisions_here_and_both_sides_a_conflict() {
    let c = Connected::new("in_edits", json!({})).await;
    let ids = named(&c.there.php(OTHERS));
    c.import(false).await;
    c.there.writes();
    let post = &ids["classic"];
    let before = c.content_of(post).await;
    c.there.php(&format!("sleep(1); wp_update_post(wp_slash(['ID' => {post}, 'post_title' => 'New \\ title', 'post_content' => 'New text', 'post_name' => 'moved']));"));
    c.import(false).await;
    let after = c.content_of(post).await;
    assert_eq!(
        (&after["title"], &after["body"]),
        (&json!("New \\ title"), &json!("New text"))
    );
    assert_eq!(
        (&after["path"], &after["aliases"]),
        (&json!("/moved/"), &json!(["/classic/"])),
        "the old address leads to the new one"
    );
    assert_eq!(after["revision"].as_i64(), before["revision"].as_i64().map(|n| n + 1));
    let revisions = c.all(&format!("/content/{}/revisions", id(&after))).await;
    assert!(
        revisions.iter().any(|revision| revision["reason"] == "imported"),
        "{revisions:?}"
    );
    assert_eq!(c.there.writes(), 0, "what came from there is not sent back");

    // Filed elsewhere there, nothing else.
    c.there.php(&format!("sleep(1); wp_set_post_categories({post}, [get_term_by('slug', 'small-saws', 'category')->term_id]); wp_update_post(['ID' => {post}]);"));
    c.import(false).await;
    let filed = c.content_of(post).await;
    assert_eq!(filed["terms"].as_array().unwrap().len(), 1);
    assert_eq!(
        filed["revision"], after["revision"],
        "a category is no revision of the text"
    );

    // Both at once, with the plain edit here on its way when the one there is found.
    let post = &ids["blocks"];
    let content = c.content_of(post).await;
    c.patch(&content, json!({ "title": "Ours" })).await;
    c.there.php(&format!(
        "sleep(1); wp_update_post(['ID' => {post}, 'post_content' => 'Theirs']);"
    ));
    c.import(false).await;
    let publication = c.publication_of(post).await;
    assert_eq!(publication["status"], "conflict", "{publication}");
    let kept = c.content_of(post).await;
    assert_eq!(
        (&kept["title"], &kept["body"]),
        (&json!("Ours"), &content["body"]),
        "nothing is overwritten"
    );
    assert_eq!(
        c.there.php(&format!(
            "echo get_post({post})->post_title, '|', get_post({post})->post_content;"
        )),
        "blocks|Theirs"
    );
    c.import(true).await;
    assert_eq!(
        c.publication_of(post).await["status"],
        "conflict",
        "it stays one until somebody decides"
    );

    let path = format!("{}/publications/{}/resolve", c.site, id(&publication));
    let (status, answer) = c.w.post(&c.w.a.admin, &path, json!({ "keep": "theirs" })).await;
    assert_eq!(
        (status, &answer["status"]),
        (StatusCode::OK, &json!("published")),
        "{answer}"
    );
    let theirs = c.content_of(post).await;
    assert_eq!(
        (&theirs["title"], &theirs["body"]),
        (&json!("blocks"), &json!("Theirs"))
    );
    c.settle().await;
    assert_eq!(c.there.writes(), 0);

    // A conflict that changes while somebody looks at it is looked at again.
    c.patch(&theirs, json!({ "body": "Ours again" })).await;
    c.there.php(&format!(
        "sleep(1); wp_update_post(['ID' => {post}, 'post_content' => 'Theirs again']);"
    ));
    c.import(false).await;
    assert_eq!(c.publication_of(post).await["status"], "conflict");
    c.there.php(&format!(
        "wp_update_post(['ID' => {post}, 'post_content' => 'And again']);"
    ));
    let (status, _) = c.w.post(&c.w.a.admin, &path, json!({ "keep": "theirs" })).await;
    assert_eq!(status, 503);
    assert_eq!(c.content_of(post).await["body"], "Ours again");
    let (status, answer) = c.w.post(&c.w.a.admin, &path, json!({ "keep": "theirs" })).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(c.content_of(post).await["body"], "And again");

    // A scheduled post whose time came is no edit.
    let post = &ids["future"];
    c.there.php(&format!("sleep(1); wp_publish_post({post});"));
    c.import(false).await;
    assert_eq!(
        (
            c.publication_of(post).await["status"].clone(),
            c.content_of(post).await["status"].clone()
        ),
        (json!("published"), json!("published"))
    );
}

#[tokio::test]
async fn what_is_deleted_there_is_retracted_here() {
    let c = Connected::new("in_deleted", json!({})).await;
    let ids = named(&c.there.php(OTHERS));
    c.import(false).await;
    let (trashed, deleted) = (&ids["twin1"], &ids["twin2"]);
    c.there.php(&format!(
        "sleep(1); wp_trash_post({trashed}); wp_delete_post({deleted}, true);"
    ));
    c.import(false).await;
    for (post, there) in [(trashed, "trash"), (deleted, "gone")] {
        let publication = c.publication_of(post).await;
        assert_eq!(
            (&publication["status"], &publication["external_status"]),
            (&json!("removed"), &json!(there)),
            "{publication}"
        );
        let content = c.content_of(post).await;
        assert_eq!(content["status"], "draft");
        assert!(!content["body"].as_str().unwrap().is_empty(), "the text is not lost");
    }
    assert_eq!(c.there.writes(), 0);
    // Thrown away, and fetched back.
    c.there.php(&format!(
        "sleep(1); wp_untrash_post({trashed}); wp_publish_post({trashed});"
    ));
    c.import(false).await;
    assert_eq!(
        (
            c.publication_of(trashed).await["status"].clone(),
            c.content_of(trashed).await["status"].clone()
        ),
        (json!("published"), json!("published"))
    );
    // A new post that carries an old date is found, too.
    let old = c.there.php("echo wp_insert_post(['post_title' => 'Found late', 'post_content' => 'x', 'post_status' => 'publish', 'post_date' => '2001-01-01 00:00:00']);");
    c.import(false).await;
    assert_eq!(c.content_of(&old).await["title"], "Found late");
    assert_eq!(c.there.writes(), 0);
}

#[tokio::test]
async fn an_import_that_is_stopped_goes_on_where_it_was() {
    let mut c = Connected::new("in_stopped", json!({})).await;
    c.there.php(&many(230));
    // The site goes away after the first lot: it does not answer with fewer posts either.
    c.there.faults(&["on offset=100 status 502"; 5].join("\n"));
    c.ask(false).await;
    c.w.run_jobs().await;
    assert_eq!(c.all("/content").await.len(), 100);
    let state = c.state().await;
    assert_eq!(state["sync_status"], "error", "{state}");
    assert_eq!(
        state["connection"], "connected",
        "a site that fails for once is no broken connection"
    );
    c.there.requests();
    c.w.later(chrono::Duration::minutes(10)).await;
    c.settle().await;
    assert_eq!(c.all("/content").await.len(), 230);
    let again = c.there.requests();
    assert!(
        !again
            .iter()
            .any(|line| line.contains("/posts?") && line.contains("offset=0") && line.contains("content.raw")),
        "what is done is not read again: {again:?}"
    );
    assert_eq!(c.state().await["sync_status"], "completed");

    // Killed without a word: another worker goes on when the lease has run out.
    let mut c = Connected::new("in_killed", json!({})).await;
    c.there.php(&many(230));
    c.there.faults("on offset=100 slow 6");
    c.ask(false).await;
    let killed = tokio::time::timeout(Duration::from_secs(5), async {
        loop {
            c.w.run_jobs().await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(killed.await.is_err());
    assert!(c.all("/content").await.len() < 230);
    c.w.later(chrono::Duration::minutes(2)).await;
    c.settle().await;
    assert_eq!(
        c.all("/content").await.len(),
        230,
        "nothing is lost, nothing is there twice"
    );
    assert_eq!(c.all("/publications").await.len(), 230);
}

#[tokio::test]
async fn a_site_that_misbehaves_is_told_apart_from_one_that_is_wrong() {
    let mut c = Connected::new("in_faults", json!({})).await;
    c.there.php(OTHERS);
    c.import(false).await;
    let before = c.revisions().await;
    for (fault, connection) in [
        ("always status 500", "connected"),
        ("always status 429 30", "connected"),
        ("always cut", "connected"),
        ("always text [{\"id\":", "connected"),
        ("always text {}", "connected"),
        ("always login", "error"),
        ("always redirect https://elsewhere.example/", "error"),
        ("always status 403", "error"),
    ] {
        c.there.faults(fault);
        c.ask(true).await;
        c.w.run_jobs().await;
        let state = c.state().await;
        assert_eq!(
            (&state["sync_status"], &state["connection"]),
            (&json!("error"), &json!(connection)),
            "{fault}: {state}"
        );
        assert_eq!(c.revisions().await, before, "{fault}");
        c.there.faults("");
        c.w.later(chrono::Duration::hours(2)).await;
        c.import(false).await;
        let state = c.state().await;
        assert_eq!(
            (&state["sync_status"], &state["connection"]),
            (&json!("completed"), &json!("connected")),
            "after {fault}: {state}"
        );
    }
    assert_eq!(c.revisions().await, before);
    // A password that is revoked.
    c.there.php("delete_user_meta(1, '_application_passwords');");
    c.import(false).await;
    let state = c.state().await;
    assert_eq!(state["connection"], "error");
    assert!(
        state["connection_error"].as_str().unwrap().contains("password"),
        "{state}"
    );
}

#[tokio::test]
async fn sites_are_looked_at_when_their_time_comes() {
    let mut c = Connected::new("in_polled", json!({ "import_every": 30 })).await;
    c.there
        .php("wp_insert_post(['post_title' => 'First', 'post_status' => 'publish']);");
    let app = c.w.app.clone();
    let look = || igny8_server::features::destinations::inbound::look_at_destinations(app.clone());
    assert_eq!(look().await.unwrap(), 1, "at once");
    assert_eq!(look().await.unwrap(), 0);
    c.settle().await;
    assert_eq!(c.all("/content").await.len(), 1);
    c.there
        .php("wp_insert_post(['post_title' => 'Second', 'post_status' => 'publish']);");
    c.w.later(chrono::Duration::minutes(20)).await;
    assert_eq!(look().await.unwrap(), 0);
    c.w.later(chrono::Duration::minutes(11)).await;
    assert_eq!(look().await.unwrap(), 1);
    c.settle().await;
    assert_eq!(c.all("/content").await.len(), 2);
}

#[tokio::test]
async fn what_people_make_there_stays_there_unless_it_is_wanted() {
    let c = Connected::new("in_known", json!({ "imports": "known" })).await;
    c.there.php(OTHERS);
    c.import(false).await;
    assert_eq!(c.all("/content").await.len(), 0);
    assert_eq!(c.all("/terms").await.len(), 0);
    assert_eq!(c.state().await["sync_status"], "completed");
}

/// A message as the plugin sends it.
pub fn signed(secret: &str, id: &str, at: i64, body: &str) -> String {
    use base64::Engine as _;
    use hmac::{KeyInit as _, Mac as _};
    let engine = base64::engine::general_purpose::STANDARD;
    let key = engine.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", engine.encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn webhooks_are_believed_by_their_signature() {
    let c = Connected::new("in_hooks", json!({})).await;
    let post = c
        .there
        .php("echo wp_insert_post(['post_title' => 'Told', 'post_status' => 'publish']);");
    let (url, secret) = (
        c.webhook["url"].as_str().unwrap(),
        c.webhook["secret"].as_str().unwrap(),
    );
    let path = format!("/hooks/wordpress/{}", c.destination);
    assert!(url.ends_with(&path), "{url}");
    let body = format!(r#"{{"event":"posts.changed","posts":[{{"id":{post},"type":"post","change":"saved"}}]}}"#);
    let now = c.w.clock.now().timestamp();
    let send = async |path: &str, at: i64, signature: &str, body: &str| {
        let request =
            c.w.http
                .post(path)
                .header("webhook-id", "msg_1")
                .header("webhook-timestamp", at.to_string());
        let request = request
            .header("webhook-signature", signature)
            .content_type("application/json")
            .body(body.to_owned());
        request.send().await.0.status().as_u16()
    };
    let good = signed(secret, "msg_1", now, &body);
    let other = signed("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "msg_1", now, &body);
    let old = signed(secret, "msg_1", now - 600, &body);
    for (path, at, signature, body, expected) in [
        (path.as_str(), now, other.as_str(), body.as_str(), 401),
        (&path, now, "", &body, 401),
        (&path, now, &good, "{}", 401),
        (&path, now + 1, &good, &body, 401),
        (&path, now - 600, &old, &body, 401),
        (
            "/hooks/wordpress/dest_01h00000000000000000000000",
            now,
            &good,
            &body,
            401,
        ),
        ("/hooks/wordpress/nothing", now, &good, &body, 404),
    ] {
        assert_eq!(
            send(path, at, signature, body).await,
            expected,
            "{path} {at} {signature}"
        );
    }
    let long = format!("{{\"posts\":[],\"x\":\"{}\"}}", "x".repeat(100_000));
    assert_eq!(send(&path, now, &signed(secret, "msg_1", now, &long), &long).await, 413);
    c.w.run_jobs().await;
    assert_eq!(
        c.all("/content").await.len(),
        0,
        "nothing of that asked the site for anything"
    );
    assert_eq!(c.there.requests(), Vec::<String>::new());
    assert_eq!(send(&path, now, &good, &body).await, 202);
    assert_eq!(send(&path, now, &good, &body).await, 202, "twice is no harm");
    c.w.run_jobs().await;
    assert_eq!(c.all("/content").await.len(), 1);
    assert_eq!(c.content_of(&post).await["title"], "Told");
    let made = c.all("/content").await;
    c.there.php(&format!("wp_delete_post({post}, true);"));
    let now = c.w.clock.now().timestamp();
    assert_eq!(send(&path, now, &signed(secret, "msg_1", now, &body), &body).await, 202);
    c.w.run_jobs().await;
    assert_eq!(c.publication_of(&post).await["external_status"], "gone", "{made:?}");
}

/// A server that writes down what it is sent.
async fn listener() -> (
    u16,
    tokio::sync::mpsc::UnboundedReceiver<(HashMap<String, String>, String)>,
) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = Vec::new();
            let mut chunk = [0; 4096];
            let (head, body) = loop {
                let n = stream.read(&mut chunk).await.unwrap_or(0);
                bytes.extend_from_slice(&chunk[..n]);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                if let Some((head, body)) = text.split_once("\r\n\r\n") {
                    let length = head
                        .to_ascii_lowercase()
                        .lines()
                        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                    if body.len() >= length.unwrap_or(0) || n == 0 {
                        break (head.to_owned(), body.to_owned());
                    }
                }
                if n == 0 {
                    break (text, String::new());
                }
            };
            let headers = head.lines().filter_map(|line| line.split_once(": "));
            let headers = headers
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect();
            let _ = stream
                .write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .await;
            let _ = sender.send((headers, body));
        }
    });
    (port, receiver)
}

#[tokio::test]
async fn the_plugin_tells_what_changed_and_signs_it() {
    let there = RealWordPress::with("in_plugin", &["igny8/igny8.php"]);
    let mut c = Connected::to(there, json!({})).await;
    let (port, mut received) = listener().await;
    let secret = c.webhook["secret"].as_str().unwrap().to_owned();
    c.there.php(&format!("update_option('igny8_webhook_url', 'http://127.0.0.1:{port}/hook'); update_option('igny8_webhook_secret', '{secret}');"));
    let mut told = async || {
        tokio::time::timeout(Duration::from_secs(20), received.recv())
            .await
            .expect("a message")
            .unwrap()
    };
    let post = c.there.php("echo wp_insert_post(['post_title' => 'Told', 'post_status' => 'publish']); wp_insert_post(['post_type' => 'page', 'post_title' => 'Page', 'post_status' => 'draft']);");
    let (headers, body) = told().await;
    let message: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        message["posts"].as_array().unwrap().len(),
        2,
        "one message for a request: {message}"
    );
    assert_eq!(
        message["posts"][0],
        json!({ "id": post.parse::<u64>().unwrap(), "type": "post", "change": "saved" })
    );
    // What it sent is taken here, when it is now.
    let at: i64 = headers["webhook-timestamp"].parse().unwrap();
    assert_eq!(
        headers["webhook-signature"],
        signed(&secret, &headers["webhook-id"], at, &body)
    );
    let until_now = chrono::Duration::seconds(at - c.w.clock.now().timestamp());
    c.w.later(until_now).await;
    let mut request = c.w.http.post(format!("/hooks/wordpress/{}", c.destination)).body(body);
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature", "content-type"] {
        request = request.header(name, headers[name].clone());
    }
    assert_eq!(body_of(request.send().await).await.0, 202);
    c.w.run_jobs().await;
    assert_eq!(c.content_of(&post).await["title"], "Told");

    c.there.php(&format!("wp_trash_post({post});"));
    assert_eq!(
        serde_json::from_str::<Value>(&told().await.1).unwrap()["posts"][0]["change"],
        "trashed"
    );
    c.there.php(&format!("wp_delete_post({post}, true);"));
    assert_eq!(
        serde_json::from_str::<Value>(&told().await.1).unwrap()["posts"][0]["change"],
        "deleted"
    );
    // What we write ourselves is no news.
    let client = c.there.client("admin");
    let fields = igny8_wordpress::PostFields {
        title: Some("Ours".into()),
        meta: serde_json::Map::from_iter([
            ("_igny8_content_id".into(), "cont_x".into()),
            ("_igny8_keyword_ids".into(), json!(["key_a", "key_b"])),
        ]),
        ..Default::default()
    };
    let made = client
        .create(&igny8_wordpress::PostType::posts(), &fields)
        .await
        .unwrap();
    assert_eq!(made.meta_text("_igny8_content_id"), Some("cont_x"));
    assert_eq!(made.meta["_igny8_keyword_ids"], json!(["key_a", "key_b"]));
    c.there
        .php("wp_insert_post(['post_title' => 'Last', 'post_status' => 'publish']);");
    let last: Value = serde_json::from_str(&told().await.1).unwrap();
    assert_eq!(last["posts"].as_array().unwrap().len(), 1);
    assert_ne!(last["posts"][0]["id"], made.id);
    // Strangers neither read nor write what is kept for us.
    let stranger = c.there.client("subscriber").discover().await;
    assert!(stranger.is_err(), "whoever may not edit is not connected");
    let page = c.there.php("$_SERVER['REQUEST_URI'] = '/'; wp_set_current_user(1); require_once ABSPATH . 'wp-admin/includes/template.php'; require_once WP_PLUGIN_DIR . '/igny8/includes/settings.php'; require_once ABSPATH . 'wp-admin/includes/plugin.php'; update_option('igny8_webhook_url', 'https://x.example/\"><script>'); igny8_page();");
    assert!(
        page.contains("name=\"_wpnonce\"") && !page.contains("\"><script>") && !page.contains(&secret),
        "{page}"
    );
}

/// Ten thousand posts, in parts of a hundred. Takes minutes: `cargo nextest run --workspace --run-ignored only -E 'test(ten_thousand)'`.
#[tokio::test]
#[ignore = "takes minutes"]
async fn ten_thousand_posts_are_imported_once() {
    let c = Connected::new("in_ten_thousand", json!({})).await;
    c.there.php(
        "global $wpdb;
         for ($lot = 0; $lot < 100; $lot++) {
             $rows = [];
             for ($i = 0; $i < 100; $i++) {
                 $n = $lot * 100 + $i;
                 $rows[] = $wpdb->prepare(\"(1, '2025-01-01', '2025-01-01', '2025-01-01', '2025-01-01', %s, 'Post', '', 'publish', %s, '', '', '')\", str_repeat(\"Word $n \", 300), \"post-$n\");
             }
             $wpdb->query(\"INSERT INTO $wpdb->posts (post_author, post_date, post_date_gmt, post_modified, post_modified_gmt, post_content, post_title, post_excerpt, post_status, post_name, to_ping, pinged, post_content_filtered) VALUES \" . implode(',', $rows));
         }",
    );
    let begun = std::time::Instant::now();
    c.ask(false).await;
    let (job, lease) = igny8_server::jobs::worker::claim(&c.w.app).await.unwrap().unwrap();
    assert_eq!(job.kind, "import_wordpress");
    let stop = tokio_util::sync::CancellationToken::new();
    igny8_server::jobs::worker::run_one(&c.w.app, job, lease, &stop).await;
    eprintln!(
        "10,000 posts in {:.0?}, {} requests",
        begun.elapsed(),
        c.there.requests().len()
    );
    assert_eq!(c.state().await["sync_status"], "completed");
    assert_eq!(c.all("/content").await.len(), 10_000);
    let begun = std::time::Instant::now();
    c.ask(false).await;
    let (job, lease) = igny8_server::jobs::worker::claim(&c.w.app).await.unwrap().unwrap();
    igny8_server::jobs::worker::run_one(&c.w.app, job, lease, &stop).await;
    let requests = c.there.requests();
    eprintln!("nothing new in {:.0?}, {} requests", begun.elapsed(), requests.len());
    assert!(
        requests.len() < 10,
        "a look that finds nothing asks little: {requests:?}"
    );
}

/// A front page, an empty page for posts, a page below another, and a post that links to all sorts of things at its own site.
const LINKED: &str = r#"
function linked($title, $fields) {
    return wp_insert_post($fields + ['post_title' => $title, 'post_status' => 'publish', 'post_author' => 1]);
}
$saws = wp_insert_term('Saws', 'category', ['slug' => 'saws'])['term_id'];
$one = linked('One', ['post_content' => 'The first', 'post_category' => [$saws]]);
$home = home_url('/');
linked('Two', ['post_content' => "<a href='{$home}one/'>path</a> <a href='{$home}?p=$one'>id</a> <a href='{$home}category/saws/'>filed</a> <a href='{$home}nowhere/'>gone</a>"]);
$front = linked('Front', ['post_type' => 'page', 'post_content' => 'Welcome']);
$posts = linked('Journal', ['post_type' => 'page', 'post_name' => 'blog', 'post_content' => '']);
update_option('show_on_front', 'page');
update_option('page_on_front', $front);
update_option('page_for_posts', $posts);
$above = linked('Above', ['post_type' => 'page', 'post_content' => 'What stands above']);
linked('Below', ['post_type' => 'page', 'post_content' => 'What stands below', 'post_parent' => $above]);
echo $home;
"#;

#[tokio::test]
async fn a_copy_of_the_site_leads_to_itself() {
    let c = Connected::new("in_linked", json!({})).await;
    let home = c.there.php(LINKED);
    c.import(false).await;
    let (status, deployment) =
        c.w.post(&c.w.a.admin, &format!("{}/deployments", c.site), json!({}))
            .await;
    assert_eq!(status, 202, "{deployment}");
    c.settle().await;
    let (status, two) = c.visit("/two/").await;
    assert_eq!(status, 200, "{two}");
    for link in [
        "<a href=\"/sites/site-a0/one/\">path</a>",
        "<a href=\"/sites/site-a0/one/\">id</a>",
        "<a href=\"/sites/site-a0/categories/saws/\">filed</a>",
        &format!("{}nowhere/\"", home.trim()),
    ] {
        assert!(two.contains(link), "{link}: {two}");
    }
    let all = c.all("/content").await;
    let stored = all.iter().find(|one| one["title"] == "Two").unwrap();
    let stored = c.get(&format!("/content/{}", id(stored))).await;
    assert!(
        stored["body"].as_str().unwrap().contains("?p="),
        "it is kept as it came: {stored}"
    );

    let (status, list) = c.visit("/blog/").await;
    assert_eq!(status, 200, "{list}");
    for text in ["Journal", "/sites/site-a0/one/", "/sites/site-a0/two/"] {
        assert!(list.contains(text), "{text}: {list}");
    }
    for (path, text) in [
        ("/above/", "What stands above"),
        ("/above/below/", "What stands below"),
        ("/", "Welcome"),
    ] {
        let (status, page) = c.visit(path).await;
        assert!(status == 200 && page.contains(text), "{path}: {page}");
    }
    let live = c.get("/deployments/live").await;
    let log = live["log"].as_array().unwrap();
    assert!(log.iter().all(|line| line["code"] != "path-conflict"), "{live}");
}
