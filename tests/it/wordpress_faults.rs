//! Imports from a real WordPress that is interrupted, too weak, half gone, elsewhere, or another one.

use chrono::Duration;
use igny8_data::{Variables, Why};
use igny8_wordpress::testing::RealWordPress;
use serde_json::{Value, json};

use crate::trip::id;
use crate::wordpress_both::{ask, content_of, get, import, items, publication_of, settle};
use crate::wordpress_in::signed;
use crate::wordpress_out::Connected;

async fn connected(name: &str, plugins: &[&str]) -> Connected {
    Connected::new(name, plugins, json!({ "imports": "everything" })).await
}

/// Takes the pretty permalinks away, and with them the address of the API.
const PLAIN: &str = "global $wp_rewrite; $wp_rewrite->set_permalink_structure(''); flush_rewrite_rules();";

/// Makes published posts there that carry an old date.
fn make(c: &Connected, count: usize) {
    c.there.php(&format!(
        "for ($i = 0; $i < {count}; $i++) wp_insert_post(['post_title' => \"Post $i\", 'post_content' => \"Text $i\",
             'post_status' => 'publish', 'post_date' => '2021-05-06 07:08:09']);"
    ));
}

/// What imports said, the last one first.
async fn told(c: &Connected) -> Vec<String> {
    let events = items(c, &format!("/destinations/{}/events", c.destination)).await;
    let imports = events.iter().filter(|event| event["what"] == "import");
    imports
        .map(|event| event["message"].as_str().unwrap().to_owned())
        .collect()
}

async fn published(c: &Connected) -> usize {
    let all = items(c, "/content").await;
    all.iter().filter(|one| one["status"] == "published").count()
}

/// Runs statements on the database.
async fn run(c: &Connected, sql: &str, binds: Variables) {
    let platform = c.w.app.db.platform(Why::Operator);
    platform.query(sql, binds, "testing").await.unwrap();
}

#[tokio::test]
async fn a_place_that_was_reserved_is_no_content() {
    let settings = json!({ "imports": "everything", "body": "html" });
    let c = Connected::new("faults_place", &[], settings).await;
    // Looked for by its slug; then the draft is made, and the answer is lost.
    c.there.faults("ok\nlost 500");
    let ours = c.published("Ours", json!({ "body": "Text" })).await;
    c.w.run_jobs().await;
    assert_eq!(c.publication(&ours).await["status"], "failed");
    assert_eq!(c.posts().await.len(), 1, "the draft was made");
    import(&c, true).await;
    assert_eq!(items(&c, "/content").await.len(), 1, "it is the publishing job's");

    c.w.clock.advance(Duration::minutes(2));
    settle(&c).await;
    import(&c, true).await;
    let posts = c.posts().await;
    let publication = c.publication(&ours).await;
    assert_eq!(
        (&publication["status"], &publication["external_id"]),
        (&json!("published"), &json!(posts[0].id.to_string())),
        "{publication}"
    );
    assert_eq!((posts.len(), items(&c, "/content").await.len()), (1, 1));
}

#[tokio::test]
async fn a_site_is_asked_for_as_many_posts_as_it_can_answer_with() {
    let c = connected("faults_weak", &["recipes/weak.php"]).await;
    make(&c, 60);
    c.there.php("update_option('weak_most', 10);");
    c.there.requests();
    ask(&c, "import", json!({ "full": false })).await;
    c.w.run_jobs().await;
    assert_eq!(items(&c, "/content").await.len(), 60, "{:?}", told(&c).await);
    let asked = c.there.requests();
    let texts = asked
        .iter()
        .filter(|line| line.contains("/posts?") && line.contains("excerpt.raw"));
    assert_eq!(
        texts.filter(|line| line.contains("per_page=100&")).count(),
        1,
        "what was too much is not asked for again: {asked:?}"
    );

    // One that breaks every answer that it is in.
    let broken = c.there.php(
        "$all = get_posts(['numberposts' => 1, 'orderby' => 'ID', 'order' => 'ASC', 'offset' => 30]);
         update_option('weak_post', $all[0]->ID);
         wp_insert_post(['post_title' => 'Behind it', 'post_status' => 'publish']);
         echo $all[0]->ID;",
    );
    import(&c, true).await;
    c.content("Behind it").await;
    let told = told(&c).await;
    let named = format!("Post {broken} was not imported: the WordPress site failed with status 500: Out of memory.");
    assert!(told.iter().any(|line| line.ends_with(&named)), "{told:?}");
    assert_eq!(published(&c).await, 61);
}

/// Connects the same WordPress as another destination.
async fn connect(c: &Connected) -> (u16, Value) {
    let body = json!({ "kind": "wordpress", "name": "Again", "wordpress": {
        "url": c.there.url, "user": "editor", "password": c.there.password("editor"), "imports": "everything",
    } });
    let path = format!("{}/destinations", c.site);
    let (status, answer) = c.w.post(&c.w.a.admin, &path, body).await;
    (status.as_u16(), answer)
}

#[tokio::test]
async fn the_same_site_with_other_permalinks_has_nothing_twice() {
    let c = connected("faults_root", &[]).await;
    let theirs = c.there.php(
        "echo wp_insert_post(['post_title' => 'Theirs', 'post_content' => 'x', 'post_status' => 'publish',
             'post_date' => '2021-05-06 07:08:09']);",
    );
    import(&c, false).await;
    c.published("Ours", json!({ "body": "Text" })).await;
    settle(&c).await;
    assert_eq!(c.posts().await.len(), 2);

    let count = "echo count(get_posts(['post_status' => 'any,trash', 'numberposts' => -1]));";
    c.there.php(PLAIN);
    let (status, refused) = connect(&c).await;
    assert_eq!(
        (status, &refused["code"]),
        (409, &json!("already_connected")),
        "{refused}"
    );
    let path = format!("{}/destinations/{}?published=keep", c.site, c.destination);
    assert_eq!(c.w.delete(&c.w.a.admin, &path, 1).await.0, 204);
    let (status, made) = connect(&c).await;
    assert_eq!((status, id(&made)), (201, c.destination.clone()), "{made}");
    let root = made["wordpress"]["api_root"].as_str().unwrap();
    assert!(root.contains("rest_route="), "{root}");
    settle(&c).await;
    import(&c, true).await;
    assert_eq!(
        (items(&c, "/content").await.len(), c.there.php(count)),
        (2, "2".to_owned())
    );

    // Nothing is known of an imported post but where it came from, in keys of either form.
    let present = format!("{}/faults_root#{theirs}", c.there.host());
    let former = format!("{}wp-json/#{theirs}", c.there.url);
    for key in [&present, &former] {
        let mut binds = Variables::new();
        binds.insert("post", theirs.clone());
        binds.insert("present", present.clone());
        binds.insert("key", key.clone());
        let sql = "UPDATE content SET source_key = $key WHERE source_key = $present RETURN NONE; \
                   DELETE publication WHERE external_id = $post RETURN NONE;";
        run(&c, sql, binds).await;
        import(&c, true).await;
        assert_eq!(items(&c, "/content").await.len(), 2, "{key}");
        assert_eq!(content_of(&c, &theirs).await["title"], "Theirs", "{key}");
    }
    assert_eq!(c.there.php(count), "2");
}

#[tokio::test]
async fn an_api_that_has_another_address_is_found_again() {
    let c = connected("faults_moved", &[]).await;
    make(&c, 2);
    import(&c, false).await;
    c.there.php(PLAIN);
    make(&c, 1);
    import(&c, false).await;
    assert_eq!(items(&c, "/content").await.len(), 3);
    let destination = get(&c, &format!("/destinations/{}", c.destination)).await;
    let root = destination["wordpress"]["api_root"].as_str().unwrap();
    assert!(root.contains("rest_route="), "{root}");
    assert_eq!(destination["connection"], "connected", "{destination}");
}

#[tokio::test]
async fn types_and_taxonomies_that_go_away_hold_up_nothing() {
    let settings = json!({ "imports": "everything", "import_types": ["recipe"] });
    let mut c = Connected::new("faults_gone", &["recipes/recipes.php"], settings).await;
    let made = c.there.php(
        "$part = wp_insert_term('Part one', 'series')['term_id'];
         $old = ['post_content' => 'x', 'post_status' => 'publish', 'post_date' => '2021-05-06 07:08:09'];
         $recipe = wp_insert_post($old + ['post_type' => 'recipe', 'post_title' => 'Margherita']);
         $post = wp_insert_post($old + ['post_title' => 'How to bake']);
         wp_set_object_terms($post, [$part], 'series');
         echo \"$recipe $post\";",
    );
    let (recipe, post) = made.split_once(' ').unwrap();
    import(&c, false).await;
    let before = content_of(&c, post).await;
    assert!(!before["terms"].as_array().unwrap().is_empty(), "{before}");

    let plugin = "require_once ABSPATH . 'wp-admin/includes/plugin.php';";
    c.there
        .php(&format!("{plugin} deactivate_plugins('recipes/recipes.php');"));
    c.there.php(&format!(
        "sleep(1); wp_update_post(['ID' => {post}, 'post_title' => 'How to bake bread']);
         wp_insert_post(['post_title' => 'New', 'post_status' => 'publish']);"
    ));
    import(&c, true).await;
    let after = content_of(&c, post).await;
    assert_eq!(
        (&after["title"], &after["terms"]),
        (&json!("How to bake bread"), &before["terms"]),
        "its terms are not taken away"
    );
    c.content("New").await;
    assert_eq!(content_of(&c, recipe).await["status"], "published");
    let said = told(&c).await;
    for name in ["`recipe`", "`cuisine`", "`series`"] {
        assert!(said[0].contains(name), "{name}: {said:?}");
    }
    import(&c, true).await;
    assert_eq!(told(&c).await, said, "it is said once");

    // What comes is noticed within a day.
    c.there
        .php(&format!("{plugin} activate_plugin('recipes/recipes.php');"));
    c.there.php(&format!(
        "sleep(1); wp_update_post(['ID' => {recipe}, 'post_title' => 'Marinara']);"
    ));
    c.w.later(Duration::hours(25)).await;
    import(&c, false).await;
    assert_eq!(content_of(&c, recipe).await["title"], "Marinara");
    assert_eq!(content_of(&c, post).await["terms"], before["terms"]);
}

#[tokio::test]
async fn a_site_that_lost_most_of_its_posts_takes_nothing_away() {
    let c = connected("faults_lost", &[]).await;
    make(&c, 30);
    import(&c, false).await;
    c.there.php(
        "foreach (get_posts(['numberposts' => 25]) as $post) wp_delete_post($post->ID, true);
         wp_insert_post(['post_title' => 'New', 'post_status' => 'publish']);",
    );
    import(&c, false).await;
    assert_eq!(published(&c).await, 31);
    let said = told(&c).await;
    assert!(said[0].contains("25 of 31") && said[0].contains("`full`"), "{said:?}");

    // They were deleted on purpose.
    import(&c, true).await;
    assert_eq!(published(&c).await, 6, "{:?}", told(&c).await);
}

/// A post that is imported, edited here, and in the bin there since.
async fn binned(c: &Connected, title: &str) -> String {
    let post = c.there.php(&format!(
        "echo wp_insert_post(['post_title' => '{title}', 'post_content' => 'x', 'post_status' => 'publish']);"
    ));
    import(c, false).await;
    let content = content_of(c, &post).await;
    c.edit(&content, json!({ "title": format!("{title}, edited") })).await;
    c.there.php(&format!("sleep(1); wp_trash_post({post});"));
    for full in [false, true] {
        import(c, full).await;
        let publication = publication_of(c, &post).await;
        assert_eq!(publication["status"], "conflict", "{publication}");
        assert_eq!(content_of(c, &post).await["status"], "published");
    }
    post
}

async fn resolve(c: &Connected, post: &str, keep: &str) -> Value {
    let publication = publication_of(c, post).await;
    let path = format!("{}/publications/{}/resolve", c.site, id(&publication));
    let (status, answer) = c.w.post(&c.w.a.owner, &path, json!({ "keep": keep })).await;
    assert_eq!(status, 200, "{answer}");
    settle(c).await;
    answer
}

#[tokio::test]
async fn what_was_edited_here_and_thrown_away_there_waits_for_somebody() {
    let c = connected("faults_binned", &[]).await;
    let gone = binned(&c, "Gone").await;
    let answer = resolve(&c, &gone, "theirs").await;
    assert_eq!(
        (&answer["status"], &answer["external_status"]),
        (&json!("removed"), &json!("trash")),
        "{answer}"
    );
    let content = content_of(&c, &gone).await;
    assert_eq!(
        (&content["status"], &content["title"]),
        (&json!("draft"), &json!("Gone, edited"))
    );

    let kept = binned(&c, "Kept").await;
    resolve(&c, &kept, "ours").await;
    let status = c.there.php(&format!(
        "echo get_post({kept})->post_status, '|', get_post({kept})->post_title;"
    ));
    assert_eq!(status, "publish|Kept, edited");
    assert_eq!(publication_of(&c, &kept).await["status"], "published");
}

#[tokio::test]
async fn what_an_import_brings_is_told_of() {
    let c = connected("faults_told", &[]).await;
    let hook = json!({ "url": format!("{}hook", c.there.url), "events": ["content.published"] });
    let (status, made) = c.w.post(&c.w.a.owner, "/webhooks", hook).await;
    assert_eq!(status, 201, "{made}");
    let other = RealWordPress::new("faults_other");
    let body = json!({ "kind": "wordpress", "name": "Other", "wordpress": {
        "url": other.url, "user": "editor", "password": other.password("editor"), "imports": "nothing",
    } });
    let (status, made) = c.w.post(&c.w.a.admin, &format!("{}/destinations", c.site), body).await;
    assert_eq!(status, 201, "{made}");
    c.w.run_jobs().await;
    let events = async || {
        let platform = c.w.app.db.platform(Why::Operator);
        let sql = "SELECT VALUE event FROM webhook_message;";
        let mut answer = platform.query(sql, Variables::new(), "testing").await.unwrap();
        answer.rows::<String>(0).unwrap()
    };
    let there = "echo count(get_posts(['numberposts' => -1]));";

    make(&c, 3);
    import(&c, false).await;
    assert_eq!(other.php(there), "3", "the other destination gets it");
    assert_eq!(
        events().await,
        Vec::<String>::new(),
        "of what was there before nobody wants to hear"
    );
    c.there.php(
        "wp_insert_post(['post_title' => 'News', 'post_content' => 'x', 'post_status' => 'publish']);
         wp_insert_post(['post_title' => 'Secret', 'post_content' => 'x', 'post_status' => 'private']);",
    );
    import(&c, false).await;
    assert_eq!(events().await, ["content.published"]);
    assert_eq!(
        get(&c, &format!("/content/{}", id(&c.content("News").await))).await["status"],
        "published"
    );
}

#[tokio::test]
async fn nothing_comes_from_where_nothing_is_to_come_from() {
    let c = Connected::new("faults_nothing", &[], json!({ "imports": "nothing" })).await;
    c.published("Ours", json!({ "body": "Text" })).await;
    settle(&c).await;
    let post = c.posts().await[0].id;
    let path = format!("{}/destinations/{}/webhook", c.site, c.destination);
    let (status, webhook) = c.w.post(&c.w.a.admin, &path, json!({})).await;
    assert_eq!(status, 200, "{webhook}");
    c.there.php(&format!(
        "sleep(1); wp_update_post(['ID' => {post}, 'post_title' => 'Theirs']);"
    ));
    c.there.requests();

    let body = format!(r#"{{"event":"posts.changed","posts":[{{"id":{post},"type":"post","change":"saved"}}]}}"#);
    let now = c.w.clock.now().timestamp();
    let signature = signed(webhook["secret"].as_str().unwrap(), "msg_1", now, &body);
    let request = c.w.http.post(format!("/hooks/wordpress/{}", c.destination));
    let request = request
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", now.to_string())
        .header("webhook-signature", signature)
        .content_type("application/json");
    assert_eq!(request.body(body).send().await.0.status().as_u16(), 202);
    settle(&c).await;
    assert_eq!(c.there.requests(), Vec::<String>::new());
    c.content("Ours").await;
}
