//! What goes to and fro between a site and a real WordPress: edits of both sides, one after the other.

use chrono::Duration;
use igny8_server::testing::body_of;
use poem::http::Method;
use serde_json::{Value, json};

use crate::trip::id;
use crate::wordpress_out::Connected;

/// Runs what is due, and what follows it some seconds later.
pub async fn settle(c: &Connected) {
    for _ in 0..4 {
        c.w.run_jobs().await;
        c.w.clock.advance(Duration::seconds(3));
    }
    c.w.run_jobs().await;
}

pub async fn ask(c: &Connected, what: &str, body: Value) {
    let path = format!("{}/destinations/{}/{what}", c.site, c.destination);
    let (status, answer) = c.w.post(&c.w.a.owner, &path, body).await;
    assert_eq!(status, 202, "{answer}");
}

/// Imports, and finds that it went well.
pub async fn import(c: &Connected, full: bool) {
    ask(c, "import", json!({ "full": full })).await;
    settle(c).await;
    let state = get(c, &format!("/destinations/{}", c.destination)).await;
    assert_eq!(state["sync_status"], "completed", "{state}");
}

pub async fn get(c: &Connected, path: &str) -> Value {
    let (status, body) = c.w.get(&c.w.a.owner, &format!("{}{path}", c.site)).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

pub async fn items(c: &Connected, path: &str) -> Vec<Value> {
    get(c, &format!("{path}?limit=200")).await["items"]
        .as_array()
        .unwrap()
        .clone()
}

/// Changes whatever is at a path.
pub async fn patch(c: &Connected, path: &str, change: Value) {
    let path = format!("{}{path}", c.site);
    let answer = c.w.request(&c.w.a.owner, Method::GET, &path).send().await;
    let etag = answer.0.headers()["etag"].to_str().unwrap().to_owned();
    let request = c.w.request(&c.w.a.owner, Method::PATCH, &path).header("if-match", etag);
    let (status, changed) = body_of(request.body_json(&change).send().await).await;
    assert_eq!(status, 200, "{changed}");
}

pub async fn publication_of(c: &Connected, post: &str) -> Value {
    let mut all = items(c, "/publications").await.into_iter();
    let found = all.find(|one| one["external_id"] == post);
    found.unwrap_or_else(|| panic!("post {post} has no publication"))
}

/// The content of a post, whole.
pub async fn content_of(c: &Connected, post: &str) -> Value {
    let publication = publication_of(c, post).await;
    get(c, &format!("/content/{}", publication["content"].as_str().unwrap())).await
}

pub async fn term(c: &Connected, name: &str) -> Value {
    let terms = items(c, "/terms").await;
    let found = terms.iter().find(|term| term["name"] == name);
    found.unwrap_or_else(|| panic!("{name}: {terms:?}")).clone()
}

pub async fn choose(c: &Connected, content: &Value, choice: &str) {
    let path = format!("{}/content/{}/destinations", c.site, id(content));
    let body = json!({ "choice": choice, "destinations": [c.destination] });
    let (status, answer) = c.w.post(&c.w.a.owner, &path, body).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn what_is_fetched_out_of_the_bin_there_is_seen_again() {
    let c = Connected::new("both_fetched", &[], json!({ "imports": "everything" })).await;
    let content = c.published("Ours", json!({ "body": "Some *text*" })).await;
    settle(&c).await;
    import(&c, false).await;
    let post = c.posts().await[0].id.to_string();
    choose(&c, &content, "withhold").await;
    settle(&c).await;
    assert_eq!(c.posts().await[0].status, "trash");
    import(&c, true).await;
    assert_eq!(publication_of(&c, &post).await["status"], "removed");

    // As a draft it is still away.
    c.there.php(&format!("sleep(1); wp_untrash_post({post});"));
    import(&c, false).await;
    assert_eq!(publication_of(&c, &post).await["status"], "removed");
    c.there.php(&format!("sleep(1); wp_publish_post({post});"));
    import(&c, false).await;
    let publication = publication_of(&c, &post).await;
    assert_eq!(
        (&publication["status"], &publication["choice"]),
        (&json!("published"), &json!("automatic")),
        "{publication}"
    );
    let kept = content_of(&c, &post).await;
    assert_eq!(
        (&kept["status"], &kept["body"], &kept["body_format"]),
        (&json!("published"), &json!("Some *text*"), &json!("markdown")),
        "nobody edited the text there"
    );
    c.there.php(&format!(
        "kses_remove_filters(); sleep(1); wp_update_post(['ID' => {post}, 'post_title' => 'Theirs']);"
    ));
    import(&c, false).await;
    assert_eq!(content_of(&c, &post).await["title"], "Theirs");
    assert_eq!(c.posts().await[0].status, "publish");
}

#[tokio::test]
async fn a_title_that_is_edited_there_makes_no_foreign_text() {
    let c = Connected::new("both_body", &[], json!({ "imports": "everything" })).await;
    let body = "<h2 onclick=\"x()\">Head</h2><p>One word</p><script>alert(1)</script>";
    let content = c
        .published("Ours", json!({ "body_format": "html", "body": body }))
        .await;
    settle(&c).await;
    let post = c.posts().await[0].id.to_string();
    let text = async || c.posts().await[0].content.clone();
    let assert_is_ours = |text: &str, word: &str| {
        assert!(text.contains("<!-- wp:heading") && text.contains(word), "{text}");
        assert!(!text.contains("onclick") && !text.contains("script"), "{text}");
    };
    assert_is_ours(&text().await, "One word");
    import(&c, false).await;
    c.there.php(&format!(
        "kses_remove_filters(); sleep(1); wp_update_post(['ID' => {post}, 'post_title' => 'Theirs']);"
    ));
    import(&c, false).await;
    assert_eq!(content_of(&c, &post).await["title"], "Theirs");
    c.edit(&content, json!({ "body": body.replace("One", "Another") }))
        .await;
    settle(&c).await;
    assert_is_ours(&text().await, "Another word");

    // Once the text is edited there it is in WordPress's form, and goes on being so.
    let theirs = "<!-- wp:paragraph --><p class=\"wide\">Theirs</p><!-- /wp:paragraph -->[gallery ids=\"1,2\"]";
    c.there.php(&format!(
        "kses_remove_filters(); sleep(1); wp_update_post(wp_slash(['ID' => {post}, 'post_content' => '{theirs}']));"
    ));
    import(&c, false).await;
    assert_eq!(content_of(&c, &post).await["body"], theirs);
    let edited = format!("{theirs}<p onclick=\"x()\">Ours</p><script>alert(1)</script>");
    c.edit(&content, json!({ "body": edited })).await;
    settle(&c).await;
    assert_eq!(text().await, format!("{theirs}<p>Ours</p>"));
}

#[tokio::test]
async fn questions_of_imported_content_are_there_once() {
    let c = Connected::new("both_faq", &[], json!({ "imports": "everything" })).await;
    let post = c.there.php(
        "echo wp_insert_post(['post_title' => 'Asked', 'post_content' => '<p>Text</p>', 'post_status' => 'publish']);",
    );
    import(&c, false).await;
    let content = content_of(&c, &post).await;
    let faq = json!([{ "question": "Is it good?", "answer": "It is." }]);
    c.edit(&content, json!({ "faq": faq })).await;
    settle(&c).await;
    let asked = async || c.posts().await[0].content.matches("Is it good?").count();
    assert_eq!(asked().await, 1);
    c.there.php(&format!(
        "kses_remove_filters(); sleep(1);
         wp_update_post(wp_slash(['ID' => {post}, 'post_content' => get_post({post})->post_content . '<p>More</p>']));"
    ));
    import(&c, false).await;
    let taken = content_of(&c, &post).await;
    assert_eq!(taken["faq"], json!([]), "they are a part of the text there");
    let body = format!("{}<p>And more</p>", taken["body"].as_str().unwrap());
    c.edit(&content, json!({ "body": body })).await;
    settle(&c).await;
    assert_eq!(asked().await, 1);
}

#[tokio::test]
async fn questions_that_follow_blocks_are_blocks() {
    let c = Connected::new("both_faq_blocks", &[], json!({ "imports": "everything" })).await;
    let post = c.there.php(
        "echo wp_insert_post(['post_title' => 'Asked', 'post_status' => 'publish',
            'post_content' => '<!-- wp:paragraph --><p>Text</p><!-- /wp:paragraph -->']);",
    );
    import(&c, false).await;
    let content = content_of(&c, &post).await;
    let faq = json!([{ "question": "Is it good?", "answer": "It is." }]);
    c.edit(&content, json!({ "faq": faq })).await;
    settle(&c).await;
    let text = c.posts().await[0].content.clone();
    assert!(text.contains("Is it good?"), "{text}");
    let outside = c.there.php(&format!(
        "foreach (parse_blocks(get_post({post})->post_content) as $block) {{
             if (!$block['blockName']) {{ echo trim($block['innerHTML']); }}
         }}"
    ));
    assert_eq!(outside, "", "{text}");
}

#[tokio::test]
async fn nothing_in_our_own_text_runs_there() {
    for (name, form) in [("both_codes", "blocks"), ("both_codes_html", "html")] {
        let c = Connected::new(name, &[], json!({ "imports": "everything", "body": form })).await;
        let body = "[ran] [[ran]] <kbd>[ran]</kbd> `[ran]` [link](https://e.example/?a=[ran] \"[ran]\")\n\n\
            ```\n[ran]x[/ran]\n```";
        let faq = json!([{ "question": "[ran]?", "answer": "<var>[ran]</var>" }]);
        let content = c.published("Codes", json!({ "body": body, "faq": faq })).await;
        settle(&c).await;
        let post = c.posts().await[0].id.to_string();
        let shown = c.there.php(&format!(
            "add_shortcode('ran', function () {{ return 'It ran'; }});
             echo do_shortcode('[ran]'), '|', apply_filters('the_content', get_post({post})->post_content);"
        ));
        let (run, shown) = shown.split_once('|').unwrap();
        assert_eq!(run, "It ran");
        assert!(shown.contains("ran]") && !shown.contains("It ran"), "{shown}");

        // What is there is what was sent: nothing is sent again, and nothing comes back as an edit.
        c.there.requests();
        ask(&c, "publish", json!({})).await;
        settle(&c).await;
        assert_eq!(c.there.writes(), 0);
        import(&c, true).await;
        assert_eq!(content_of(&c, &post).await["body"], body);
        assert_eq!(publication_of(&c, &post).await["status"], "published", "{content}");
    }
}

#[tokio::test]
async fn terms_follow_both_sides() {
    let mut c = Connected::new("both_terms", &[], json!({ "imports": "everything" })).await;
    let made = c.there.php(
        "$europe = wp_insert_term('Europe', 'category', ['slug' => 'europe'])['term_id'];
         $asia = wp_insert_term('Asia', 'category')['term_id'];
         $small = wp_insert_term('Small', 'post_tag')['term_id'];
         $post = wp_insert_post(['post_title' => 'Filed', 'post_content' => 'x', 'post_status' => 'publish',
             'post_category' => [$europe], 'tags_input' => ['Small']]);
         echo \"$europe $asia $small $post\";",
    );
    let [europe, asia, small, post] = made.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{made}");
    };
    import(&c, true).await;

    // Renamed there, slug and all: taken, and not set back.
    c.there.php(&format!(
        "wp_update_term({europe}, 'category', ['name' => 'Europa', 'slug' => 'europa']);"
    ));
    c.there.writes();
    import(&c, true).await;
    assert_eq!(term(&c, "Europa").await["slug"], "europa");
    ask(&c, "publish", json!({})).await;
    settle(&c).await;
    assert_eq!(c.there.writes(), 0, "what came from there is not sent back");
    let shown = format!("$t = get_term({europe}); echo $t->name, ' ', $t->slug;");
    assert_eq!(c.there.php(&shown), "Europa europa");

    // The first change here goes out, also while everything is looked at, and alone.
    c.there
        .php(&format!("wp_update_term({small}, 'post_tag', ['slug' => 'theirs']);"));
    ask(&c, "publish", json!({})).await;
    let tag = id(&term(&c, "Small").await);
    patch(&c, &format!("/terms/{tag}"), json!({ "name": "Tiny" })).await;
    settle(&c).await;
    let shown = format!("$t = get_term({small}); echo $t->name, ' ', $t->slug;");
    assert_eq!(c.there.php(&shown), "Tiny theirs");
    let (above, below) = (id(&term(&c, "Europa").await), id(&term(&c, "Asia").await));
    patch(&c, &format!("/terms/{below}"), json!({ "parent": above })).await;
    settle(&c).await;
    assert_eq!(c.there.php(&format!("echo get_term({asia})->parent;")), europe);

    // Renamed and deleted there, without a full import.
    c.there
        .php(&format!("wp_update_term({small}, 'post_tag', ['name' => 'Little']);"));
    c.w.later(Duration::hours(25)).await;
    import(&c, false).await;
    assert_eq!(id(&term(&c, "Little").await), tag);
    assert!(
        content_of(&c, post).await["terms"]
            .as_array()
            .unwrap()
            .contains(&json!(above))
    );
    c.there.php(&format!("wp_delete_term({europe}, 'category');"));
    c.w.later(Duration::hours(25)).await;
    import(&c, false).await;
    let filed = content_of(&c, post).await;
    assert!(!filed["terms"].as_array().unwrap().contains(&json!(above)), "{filed}");
}

#[tokio::test]
async fn imports_that_are_turned_on_later_bring_everything() {
    let c = Connected::new("both_later", &[], json!({ "imports": "nothing" })).await;
    c.there.php(
        "for ($i = 0; $i < 3; $i++) wp_insert_post(['post_title' => \"Old $i\", 'post_content' => 'x',
             'post_status' => 'publish', 'post_date' => '2021-05-06 07:08:09']);",
    );
    import(&c, false).await;
    assert_eq!(items(&c, "/content").await.len(), 0);
    let change = json!({ "wordpress": { "imports": "everything" } });
    patch(&c, &format!("/destinations/{}", c.destination), change).await;
    import(&c, false).await;
    assert_eq!(items(&c, "/content").await.len(), 3);
}

#[tokio::test]
async fn a_post_of_content_that_was_only_chosen_for_it_stops_no_import() {
    let settings = json!({ "imports": "everything", "chosen_only": true });
    let c = Connected::new("both_chosen", &["igny8/igny8.php"], settings).await;
    let content = c.published("Ours", json!({ "body": "Text" })).await;
    choose(&c, &content, "withhold").await;
    settle(&c).await;
    let code = format!(
        "$id = wp_insert_post(['post_title' => 'Theirs', 'post_content' => 'x', 'post_status' => 'publish']);
         update_post_meta($id, '_igny8_content_id', '{}'); echo $id;",
        id(&content)
    );
    let post = c.there.php(&code);
    import(&c, true).await;
    let publication = publication_of(&c, &post).await;
    assert_eq!(
        (&publication["content"], &publication["status"]),
        (&json!(id(&content)), &json!("conflict")),
        "{publication}"
    );
}

#[tokio::test]
async fn pages_follow_the_one_above_them() {
    let c = Connected::new("both_moved", &[], json!({ "imports": "everything" })).await;
    let made = c.there.php(
        "$about = wp_insert_post(['post_type' => 'page', 'post_title' => 'About', 'post_content' => 'x', 'post_status' => 'publish']);
         $team = wp_insert_post(['post_type' => 'page', 'post_title' => 'Team', 'post_content' => 'y', 'post_status' => 'publish',
             'post_parent' => $about]);
         echo \"$about $team\";",
    );
    let (about, team) = made.split_once(' ').unwrap();
    import(&c, false).await;
    assert_eq!(content_of(&c, team).await["path"], "/about/team/");
    c.there.php(&format!(
        "kses_remove_filters(); sleep(3); wp_update_post(['ID' => {about}, 'post_name' => 'who']);"
    ));
    import(&c, false).await;
    assert_eq!(content_of(&c, about).await["path"], "/who/");
    assert_eq!(content_of(&c, team).await["path"], "/who/team/");
}

#[tokio::test]
async fn a_slug_that_another_term_has_there_holds_nothing_up() {
    let c = Connected::new("both_taken", &[], json!({})).await;
    let terms = format!("{}/terms", c.site);
    let body = json!({ "taxonomy": "blog_tag", "name": "Alpha" });
    let (status, alpha) = c.w.post(&c.w.a.owner, &terms, body).await;
    assert_eq!(status, 201, "{alpha}");
    let content = c
        .published("Filed", json!({ "terms": [alpha["id"]], "body": "One" }))
        .await;
    let other = c.published("Other", json!({ "body": "One" })).await;
    settle(&c).await;
    c.there
        .php("wp_insert_term('Occupied', 'post_tag', ['slug' => 'occupied']);");

    let change = json!({ "name": "Taken", "slug": "occupied" });
    patch(&c, &format!("/terms/{}", id(&alpha)), change).await;
    c.edit(&other, json!({ "body": "Two" })).await;
    c.edit(&content, json!({ "body": "Two" })).await;
    settle(&c).await;
    let state = get(&c, &format!("/destinations/{}", c.destination)).await;
    assert_eq!(state["sync_status"], "completed", "{state}");
    let texts: Vec<bool> = c
        .posts()
        .await
        .iter()
        .map(|post| post.content.contains("Two"))
        .collect();
    assert_eq!(texts, [true, true]);
    let shown = "$t = get_term_by('slug', 'alpha', 'post_tag'); echo $t->name, ' ', $t->count;";
    assert_eq!(c.there.php(shown), "Taken 1", "all but the slug is there");
    let publications = items(&c, "/publications").await;
    let notes: String = publications.iter().map(|one| one["notes"].to_string()).collect();
    assert!(notes.contains("`occupied`"), "{notes}");

    // Once it is free it goes there.
    c.there
        .php("$t = get_term_by('slug', 'occupied', 'post_tag'); wp_delete_term($t->term_id, 'post_tag');");
    c.edit(&content, json!({ "body": "Three" })).await;
    settle(&c).await;
    assert_eq!(
        c.there
            .php("$t = get_term_by('slug', 'occupied', 'post_tag'); echo $t->name;"),
        "Taken"
    );
}

#[tokio::test]
async fn a_post_whose_time_came_there_is_seen() {
    let mut c = Connected::new("both_due", &[], json!({ "imports": "everything" })).await;
    let post = c.there.php(
        "echo wp_insert_post(['post_title' => 'Later', 'post_content' => 'x', 'post_status' => 'future',
             'post_date' => '2098-01-01 00:00:00', 'post_date_gmt' => '2098-01-01 00:00:00']);",
    );
    import(&c, true).await;
    assert_eq!(content_of(&c, &post).await["status"], "approved");
    // As WordPress does it: the time of the last change stays.
    c.there.php(&format!("wp_publish_post({post});"));
    import(&c, false).await;
    c.w.later(Duration::days(366 * 73)).await;
    import(&c, false).await;
    assert_eq!(content_of(&c, &post).await["status"], "published");
}

#[tokio::test]
async fn a_picture_s_description_goes_with_the_next_edit() {
    let c = Connected::new("both_alt", &[], json!({})).await;
    let media = c.upload("a.png", 1).await;
    let content = c
        .published("Shown", json!({ "featured_image": media["id"], "body": "One" }))
        .await;
    settle(&c).await;
    let alt = "$all = get_posts(['post_type' => 'attachment']); echo count($all), ' ',
               get_post_meta($all[0]->ID, '_wp_attachment_image_alt', true);";
    assert_eq!(c.there.php(alt), "1 A picture");
    patch(&c, &format!("/media/{}", id(&media)), json!({ "alt": "Second alt" })).await;
    c.edit(&content, json!({ "featured_image": null })).await;
    settle(&c).await;
    c.edit(&content, json!({ "featured_image": media["id"] })).await;
    settle(&c).await;
    assert_eq!(c.there.php(alt), "1 Second alt");
}
