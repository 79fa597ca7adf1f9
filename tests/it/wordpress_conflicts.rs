//! Edits of both sides of a real WordPress: what is shown of them, and that nothing else is written when they end.

use igny8_server::testing::body_of;
use poem::http::Method;
use serde_json::{Value, json};

use crate::trip::id;
use crate::wordpress_both::{ask, content_of, get, import, items, patch, publication_of, settle, term};
use crate::wordpress_out::Connected;

/// A post with what an import makes another form of: a thumbnail, HTML in its excerpt, an author whose name another user shares.
const MADE: &str = "
    foreach (['anna', 'berta'] as $name) {
        $twin = wp_insert_user(['user_login' => $name, 'user_pass' => $name, 'user_email' => \"$name@example.test\",
            'role' => 'author', 'display_name' => 'Same Name']);
        $post = wp_insert_post(['post_title' => \"By $name\", 'post_author' => $twin, 'post_status' => 'publish',
            'post_content' => '<!-- wp:paragraph --><p>One.</p><!-- /wp:paragraph -->',
            'post_excerpt' => 'Some <b>bold</b> words', 'post_date' => '2021-05-06 07:08:09']);
        $thumb = ['post_title' => 'Thumb', 'post_mime_type' => 'image/png', 'post_status' => 'inherit'];
        $image = wp_insert_attachment($thumb, 'thumb.png');
        update_post_meta($post, '_thumbnail_id', $image);
    }
    echo $post;";

/// A connected site with [`MADE`], all of it imported; the post, and its content.
async fn imported(name: &str) -> (Connected, String, Value) {
    let c = Connected::new(name, &[], json!({ "imports": "everything" })).await;
    let post = c.there.php(MADE);
    let discover = format!("{}/destinations/{}/discover", c.site, c.destination);
    let (status, found) = c.w.post(&c.w.a.admin, &discover, json!({})).await;
    assert_eq!(status, 200, "{found}");
    import(&c, true).await;
    let content = content_of(&c, &post).await;
    assert_eq!(
        (&content["author"], &content["excerpt"]),
        (&json!("Same Name"), &json!("Some bold words"))
    );
    (c, post, content)
}

/// All of a post there but its title and when it was changed.
fn rest_of(c: &Connected, post: &str) -> String {
    c.there.php(&format!(
        "$p = get_post({post});
         echo json_encode([get_post_meta({post}, '_thumbnail_id', true), $p->post_excerpt, $p->post_author, $p->post_content,
             $p->post_name, $p->post_status, $p->post_date, wp_get_post_categories({post}), wp_get_post_tags({post})]);"
    ))
}

fn title_of(c: &Connected, post: &str) -> String {
    c.there.php(&format!("echo get_post({post})->post_title;"))
}

/// Edits a post there, as WordPress stores it.
fn edit_there(c: &Connected, post: &str, fields: &str) {
    c.there.php(&format!(
        "kses_remove_filters(); sleep(1); wp_update_post(wp_slash(['ID' => {post}, {fields}]));"
    ));
}

async fn compared(c: &Connected, publication: &Value) -> Value {
    get(c, &format!("/publications/{}/conflict", id(publication))).await
}

/// Names of the fields in which both sides differ.
fn names(compared: &Value) -> Vec<&str> {
    let fields = compared["fields"].as_array().unwrap();
    fields.iter().map(|field| field["field"].as_str().unwrap()).collect()
}

fn field<'v>(compared: &'v Value, name: &str) -> &'v Value {
    let mut fields = compared["fields"].as_array().unwrap().iter();
    let found = fields.find(|field| field["field"] == name);
    found.unwrap_or_else(|| panic!("{name} is not in {compared}"))
}

async fn decide_for_ours(c: &Connected, publication: &Value) {
    let path = format!("{}/publications/{}/resolve", c.site, id(publication));
    let (status, resolved) = c.w.post(&c.w.a.editor, &path, json!({ "keep": "ours" })).await;
    assert_eq!(status, 200, "{resolved}");
}

async fn keep_ours(c: &Connected, publication: &Value) {
    decide_for_ours(c, publication).await;
    settle(c).await;
}

#[tokio::test]
async fn a_conflict_shows_what_was_changed_on_which_side() {
    let c = Connected::new("conflicts_shown", &[], json!({ "body": "html" })).await;
    let content = c
        .published("Ours", json!({ "body": "one\n\ntwo words\n\nthree" }))
        .await;
    settle(&c).await;
    let post = c.posts().await[0].id.to_string();
    edit_there(
        &c,
        &post,
        &format!(
            "'post_content' => str_replace('two', 'zwei', get_post({post})->post_content), 'post_password' => 'hush-hush',
             'post_author' => 1, 'post_category' => [wp_insert_term('News', 'category')['term_id']]"
        ),
    );
    c.edit(&content, json!({ "title": "Ours, edited" })).await;
    settle(&c).await;
    let publication = c.publication(&content).await;
    assert_eq!(publication["status"], "conflict", "{publication}");

    let compared = compared(&c, &publication).await;
    assert_eq!(
        names(&compared),
        ["title", "body", "terms", "author", "showing"],
        "{compared}"
    );
    assert!(!compared.to_string().contains("hush-hush"), "{compared}");
    for (name, here, there) in [
        ("title", true, false),
        ("body", false, true),
        ("terms", false, true),
        ("author", false, true),
        ("showing", false, true),
    ] {
        let field = field(&compared, name);
        assert_eq!(
            (&field["changed_here"], &field["changed_there"]),
            (&json!(here), &json!(there)),
            "{field}"
        );
    }
    let body = field(&compared, "body");
    assert_eq!(body["ours"], "one\n\ntwo words\n\nthree");
    assert!(
        body["ours_as_sent"].as_str().unwrap().contains("<p>two words</p>"),
        "{body}"
    );
    assert!(body["theirs"].as_str().unwrap().contains("<p>zwei words</p>"), "{body}");
    assert_eq!(
        (&body["difference"]["added"], &body["difference"]["removed"]),
        (&json!(1), &json!(1)),
        "one changed word is one changed line: {body}"
    );
    let terms = field(&compared, "terms");
    assert_eq!(
        (&terms["ours"], &terms["theirs"]),
        (&json!(""), &json!("News")),
        "{terms}"
    );
    assert_eq!(field(&compared, "author")["theirs"], "admin");
    assert!(
        field(&compared, "showing")["theirs"]
            .as_str()
            .unwrap()
            .contains("password: yes")
    );

    // What is here goes over what they changed, but for what nothing here decides about.
    keep_ours(&c, &publication).await;
    let there = &c.posts().await[0];
    assert_eq!(there.title, "Ours, edited");
    assert!(there.content.contains("two words"), "{}", there.content);
    assert_eq!(there.password, "hush-hush");
    assert_eq!(c.publication(&content).await["status"], "published");
}

#[tokio::test]
async fn a_conflict_that_an_import_finds_shows_the_same() {
    let (c, post, content) = imported("conflicts_found").await;
    edit_there(&c, &post, "'post_title' => 'Theirs', 'tags_input' => ['Fresh']");
    c.edit(&content, json!({ "excerpt": "Other words" })).await;
    import(&c, true).await;
    let publication = publication_of(&c, &post).await;
    assert_eq!(publication["status"], "conflict", "{publication}");
    let compared = compared(&c, &publication).await;
    assert_eq!(names(&compared), ["title", "excerpt", "terms"], "{compared}");
    assert_eq!(field(&compared, "terms")["theirs"], "Fresh\nUncategorized");
    let excerpt = field(&compared, "excerpt");
    assert_eq!(
        (&excerpt["ours"], &excerpt["theirs"], &excerpt["changed_there"]),
        (&json!("Other words"), &json!("Some <b>bold</b> words"), &json!(false))
    );
}

#[tokio::test]
async fn a_conflict_shows_nothing_that_we_wrote_as_their_edit() {
    let (c, post, content) = imported("conflicts_lost").await;
    c.there.faults("always with Second lost 500");
    c.edit(&content, json!({ "title": "Second" })).await;
    c.w.run_jobs().await;
    c.there.faults("");
    assert_eq!(title_of(&c, &post), "Second");
    edit_there(&c, &post, "'post_excerpt' => 'Their words'");
    c.edit(&content, json!({ "title": "Third" })).await;
    settle(&c).await;
    let publication = publication_of(&c, &post).await;
    assert_eq!(publication["status"], "conflict", "{publication}");
    let compared = compared(&c, &publication).await;
    assert_eq!(names(&compared), ["title", "excerpt"], "{compared}");
    assert_eq!(field(&compared, "title")["changed_there"], false, "{compared}");
    assert_eq!(field(&compared, "excerpt")["changed_there"], true, "{compared}");
}

#[tokio::test]
async fn a_term_that_is_called_otherwise_there_is_no_difference() {
    let (c, post, content) = imported("conflicts_named").await;
    let asia = c.there.php("echo wp_insert_term('Asia', 'category')['term_id'];");
    edit_there(&c, &post, &format!("'post_category' => [{asia}]"));
    import(&c, true).await;
    let ours = format!("/terms/{}", id(&term(&c, "Asia").await));
    c.there.php(&format!(
        "wp_update_term({asia}, 'category', ['name' => 'Asia there']);"
    ));
    patch(&c, &ours, json!({ "name": "Asia here" })).await;
    settle(&c).await;
    edit_there(&c, &post, "'post_title' => 'Theirs', 'tags_input' => ['Fresh']");
    c.edit(&content, json!({ "title": "Ours" })).await;
    settle(&c).await;
    let publication = publication_of(&c, &post).await;
    assert_eq!(publication["status"], "conflict", "{publication}");
    let shown = compared(&c, &publication).await;
    assert_eq!(names(&shown), ["title", "terms"], "{shown}");
    let terms = field(&shown, "terms");
    assert_eq!(
        (&terms["ours"], &terms["theirs"]),
        (&json!("Asia here"), &json!("Asia here\nFresh")),
        "{terms}"
    );
}

#[tokio::test]
async fn a_conflict_that_ends_for_ours_changes_nothing_else() {
    let (c, post, content) = imported("conflicts_ours").await;
    let before = rest_of(&c, &post);
    edit_there(&c, &post, "'post_title' => 'Theirs, edited'");
    c.edit(&content, json!({ "title": "Ours" })).await;
    settle(&c).await;
    let publication = publication_of(&c, &post).await;
    assert_eq!(publication["status"], "conflict", "{publication}");
    let compared = compared(&c, &publication).await;
    assert_eq!(names(&compared), ["title"], "{compared}");
    keep_ours(&c, &publication).await;
    assert_eq!(publication_of(&c, &post).await["status"], "published");
    assert_eq!(
        (title_of(&c, &post), rest_of(&c, &post)),
        ("Ours".into(), before.clone())
    );

    // An address that they changed is ours again, though it was not changed here.
    edit_there(&c, &post, "'post_name' => 'their-address'");
    c.edit(&content, json!({ "title": "Ours again" })).await;
    settle(&c).await;
    let publication = publication_of(&c, &post).await;
    assert_eq!(publication["status"], "conflict", "{publication}");
    keep_ours(&c, &publication).await;
    assert_eq!((title_of(&c, &post), rest_of(&c, &post)), ("Ours again".into(), before));
}

#[tokio::test]
async fn a_conflict_that_goes_on_after_a_decision_changes_nothing_else() {
    for found_by_import in [false, true] {
        let name = if found_by_import {
            "conflicts_on_in"
        } else {
            "conflicts_on"
        };
        let (c, post, content) = imported(name).await;
        let before = rest_of(&c, &post);
        edit_there(&c, &post, "'post_name' => 'their-address'");
        c.edit(&content, json!({ "title": "Ours" })).await;
        settle(&c).await;
        let publication = publication_of(&c, &post).await;
        assert_eq!(publication["status"], "conflict", "{publication}");
        decide_for_ours(&c, &publication).await;

        // Before ours is there, they go on.
        edit_there(&c, &post, "'post_title' => 'Theirs'");
        if found_by_import {
            c.there.faults(&format!("on posts/{post} status 500"));
            c.w.run_jobs().await;
            c.there.faults("");
            assert_eq!(publication_of(&c, &post).await["status"], "failed");
            import(&c, true).await;
        } else {
            settle(&c).await;
        }
        let publication = publication_of(&c, &post).await;
        assert_eq!(publication["status"], "conflict", "{publication}");
        let compared = compared(&c, &publication).await;
        assert_eq!(names(&compared), ["title", "slug"], "{compared}");
        assert_eq!(field(&compared, "slug")["changed_here"], false, "{compared}");
        keep_ours(&c, &publication).await;
        assert_eq!(publication_of(&c, &post).await["status"], "published");
        assert_eq!((title_of(&c, &post), rest_of(&c, &post)), ("Ours".into(), before));
    }
}

#[tokio::test]
async fn what_is_deleted_here_and_restored_is_there_as_it_was() {
    let (c, post, content) = imported("conflicts_restored").await;
    let (title, before) = (title_of(&c, &post), rest_of(&c, &post));
    let path = format!("{}/content/{}", c.site, id(&content));
    let answer = c.w.request(&c.w.a.owner, Method::GET, &path).send().await;
    let etag = answer.0.headers()["etag"].to_str().unwrap().to_owned();
    let request =
        c.w.request(&c.w.a.owner, Method::DELETE, &path)
            .header("if-match", etag);
    let (status, _) = body_of(request.send().await).await;
    assert_eq!(status, 204);
    settle(&c).await;
    assert_eq!(c.there.php(&format!("echo get_post({post})->post_status;")), "trash");
    let (status, restored) = c.w.post(&c.w.a.owner, &format!("{path}/restore"), json!({})).await;
    assert_eq!(status, 200, "{restored}");
    settle(&c).await;
    assert_eq!((title_of(&c, &post), rest_of(&c, &post)), (title, before));
}

#[tokio::test]
async fn more_edits_than_are_remembered_send_nothing_else() {
    let (c, post, content) = imported("conflicts_many").await;
    let before = rest_of(&c, &post);
    let destination = format!("/destinations/{}", c.destination);
    patch(&c, &destination, json!({ "enabled": false })).await;
    for n in 0..22 {
        c.edit(&content, json!({ "title": format!("Title {n}") })).await;
    }
    settle(&c).await;
    assert_ne!(title_of(&c, &post), "Title 21");
    patch(&c, &destination, json!({ "enabled": true })).await;
    ask(&c, "publish", json!({})).await;
    settle(&c).await;
    assert_eq!((title_of(&c, &post), rest_of(&c, &post)), ("Title 21".into(), before));
}

#[tokio::test]
async fn a_picture_that_was_deleted_there_is_sent_again() {
    let c = Connected::new("conflicts_pictures", &[], json!({ "body": "html" })).await;
    let picture = c.upload("cup.png", 7).await;
    let body = format!("Beans.\n\n![A cup]({})", picture["path"].as_str().unwrap());
    let content = c.published("Shown", json!({ "body": body })).await;
    settle(&c).await;
    let files = "$all = get_posts(['post_type' => 'attachment', 'post_status' => 'inherit', 'numberposts' => -1]);";
    let count = || c.there.php(&format!("{files} echo count($all);"));
    assert_eq!(count(), "1");
    c.there.php(&format!(
        "{files} foreach ($all as $file) wp_delete_attachment($file->ID, true);"
    ));
    assert_eq!(count(), "0");
    c.edit(&content, json!({ "body": format!("{body}\n\nMore.") })).await;
    settle(&c).await;
    assert_eq!(count(), "1");
    let text = c.posts().await[0].content.clone();
    let address = c
        .there
        .php(&format!("{files} echo wp_get_attachment_url($all[0]->ID);"));
    assert!(text.contains(&address) && text.contains("More."), "{address}: {text}");
}

#[tokio::test]
async fn an_edit_there_while_files_arrive_is_a_conflict() {
    let c = Connected::new(
        "conflicts_meanwhile",
        &["recipes/meanwhile.php"],
        json!({ "body": "html" }),
    )
    .await;
    let content = c.published("Ours", json!({ "body": "Beans." })).await;
    settle(&c).await;
    let post = c.posts().await[0].id.to_string();
    c.there.php(&format!("update_option('meanwhile', {post});"));
    let picture = c.upload("cup.png", 7).await;
    let body = format!("Beans.\n\n![A cup]({})", picture["path"].as_str().unwrap());
    c.edit(&content, json!({ "title": "Ours, edited", "body": body })).await;
    settle(&c).await;
    assert_eq!(c.there.php("echo get_option('meanwhile', 'saved');"), "saved");
    let publication = c.publication(&content).await;
    assert_eq!(publication["status"], "conflict", "{publication}");
    let there = &c.posts().await[0];
    assert_eq!(there.title, "Saved meanwhile");
    assert!(!there.content.contains("<img"), "{}", there.content);

    keep_ours(&c, &publication).await;
    let there = &c.posts().await[0];
    assert_eq!(there.title, "Ours, edited");
    assert!(there.content.contains("<img"), "{}", there.content);
}

/// Whether the destination's log says something of what was done.
async fn is_told(c: &Connected, what: &str, text: &str) -> bool {
    let events = items(c, &format!("/destinations/{}/events", c.destination)).await;
    let mut of_it = events.iter().filter(|event| event["what"] == what);
    of_it.any(|event| event["message"].as_str().unwrap().contains(text))
}

#[tokio::test]
async fn a_term_that_is_renamed_on_both_sides_is_overwritten_on_neither() {
    let c = Connected::new("conflicts_terms", &[], json!({ "imports": "everything" })).await;
    let europe = c
        .there
        .php("echo wp_insert_term('Europe', 'category', ['slug' => 'europe'])['term_id'];");
    import(&c, true).await;
    let ours = format!("/terms/{}", id(&term(&c, "Europe").await));
    let name_there = || c.there.php(&format!("echo get_term({europe})->name;"));
    c.there
        .php(&format!("wp_update_term({europe}, 'category', ['name' => 'Europa']);"));
    patch(
        &c,
        &ours,
        json!({ "name": "The old world", "description": "A continent" }),
    )
    .await;
    settle(&c).await;
    assert_eq!(name_there(), "Europa");
    assert_eq!(
        c.there.php(&format!("echo get_term({europe})->description;")),
        "A continent",
        "what changed here alone is written"
    );
    assert!(is_told(&c, "publish", "“Europa”").await);

    // Whatever looks next leaves both as they are.
    import(&c, true).await;
    assert_eq!(get(&c, &ours).await["name"], "The old world");
    assert!(is_told(&c, "import", "“Europa”").await);
    ask(&c, "publish", json!({})).await;
    settle(&c).await;
    assert_eq!(name_there(), "Europa");

    // Made the same, they go on together.
    patch(&c, &ours, json!({ "name": "Europa" })).await;
    settle(&c).await;
    import(&c, true).await;
    patch(&c, &ours, json!({ "name": "Europe again" })).await;
    settle(&c).await;
    assert_eq!(name_there(), "Europe again");
    c.there
        .php(&format!("wp_update_term({europe}, 'category', ['name' => 'Last']);"));
    import(&c, true).await;
    assert_eq!(get(&c, &ours).await["name"], "Last");
}

#[tokio::test]
async fn a_term_that_is_moved_on_both_sides_is_overwritten_on_neither() {
    for import_first in [false, true] {
        let name = if import_first {
            "conflicts_moved_in"
        } else {
            "conflicts_moved"
        };
        let c = Connected::new(name, &[], json!({ "imports": "everything" })).await;
        let made = c.there.php(
            "$ids = []; $ids[] = wp_insert_term('Europe', 'category')['term_id'];
             foreach (['Germany', 'France'] as $name)
                 $ids[] = wp_insert_term($name, 'category', ['parent' => $ids[0]])['term_id'];
             $ids[] = wp_insert_term('Asia', 'category')['term_id']; echo implode(' ', $ids);",
        );
        let [europe, germany, france, asia] = made.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{made}");
        };
        import(&c, true).await;
        let parent_of = |term: &str| c.there.php(&format!("echo get_term({term}, 'category')->parent;"));
        let above = id(&term(&c, "Asia").await);

        // To the top there, and below another one here.
        c.there
            .php(&format!("wp_update_term({germany}, 'category', ['parent' => 0]);"));
        let ours = format!("/terms/{}", id(&term(&c, "Germany").await));
        patch(&c, &ours, json!({ "parent": above })).await;
        if import_first {
            import(&c, true).await;
            assert!(is_told(&c, "import", "“Germany”").await);
        }
        settle(&c).await;
        assert_eq!(parent_of(germany), "0", "import first: {import_first}");
        assert_eq!(get(&c, &ours).await["parent"], above);
        assert!(is_told(&c, "publish", "“Germany”").await);

        // What it stood below was deleted there: nobody moved it.
        c.there.php(&format!("wp_delete_term({europe}, 'category');"));
        assert_eq!(parent_of(france), "0");
        let ours = format!("/terms/{}", id(&term(&c, "France").await));
        patch(&c, &ours, json!({ "parent": above })).await;
        if import_first {
            import(&c, true).await;
        }
        settle(&c).await;
        assert_eq!(parent_of(france), asia, "import first: {import_first}");
    }
}

#[tokio::test]
async fn a_term_of_ours_that_is_renamed_there_before_any_import_is_not_overwritten() {
    let c = Connected::new("conflicts_unseen", &[], json!({})).await;
    let terms = format!("{}/terms", c.site);
    let body = json!({ "taxonomy": "blog_tag", "name": "Salt & pepper" });
    let (status, made) = c.w.post(&c.w.a.owner, &terms, body).await;
    assert_eq!(status, 201, "{made}");
    c.published("Filed", json!({ "terms": [made["id"]], "body": "One" }))
        .await;
    settle(&c).await;
    let ours = format!("/terms/{}", id(&made));
    let names = "echo implode(' ', get_terms(['taxonomy' => 'post_tag', 'hide_empty' => false, 'fields' => 'names']));";
    patch(&c, &ours, json!({ "name": "Salt & vinegar" })).await;
    settle(&c).await;
    assert_eq!(c.there.php(names), "Salt &amp; vinegar", "nobody edited it there");
    c.there.php(
        "$t = get_term_by('slug', 'salt-pepper', 'post_tag');
         wp_update_term($t->term_id, 'post_tag', ['name' => 'Spices']);",
    );
    assert_eq!(c.there.php(names), "Spices");
    patch(&c, &ours, json!({ "name": "Herbs" })).await;
    settle(&c).await;
    assert_eq!(c.there.php(names), "Spices");
    assert!(is_told(&c, "publish", "“Spices”").await);
}

#[tokio::test]
async fn a_term_whose_answer_was_lost_is_no_edit_of_theirs() {
    let c = Connected::new("conflicts_lost", &[], json!({})).await;
    let body = json!({ "taxonomy": "blog_tag", "name": "Salt" });
    let (status, made) = c.w.post(&c.w.a.owner, &format!("{}/terms", c.site), body).await;
    assert_eq!(status, 201, "{made}");
    c.published("Filed", json!({ "terms": [made["id"]], "body": "One" }))
        .await;
    settle(&c).await;
    let ours = format!("/terms/{}", id(&made));
    let names = "echo implode(' ', get_terms(['taxonomy' => 'post_tag', 'hide_empty' => false, 'fields' => 'names']));";
    c.there.faults("always with Pepper lost 500");
    patch(&c, &ours, json!({ "name": "Pepper" })).await;
    settle(&c).await;
    c.there.faults("");
    assert_eq!(c.there.php(names), "Pepper");
    patch(&c, &ours, json!({ "name": "Sugar" })).await;
    settle(&c).await;
    assert_eq!(c.there.php(names), "Sugar");
    assert!(!is_told(&c, "publish", "Sugar").await);
}

#[tokio::test]
async fn what_may_not_be_removed_there_is_told_and_tried_again() {
    let c = Connected::new("conflicts_leave", &[], json!({})).await;
    c.published("Kept", json!({ "body": "a" })).await;
    c.published("Gone", json!({ "body": "b" })).await;
    settle(&c).await;
    // An author may remove their own posts alone.
    c.there.php(
        "$kept = get_page_by_path('kept', OBJECT, 'post'); wp_update_post(['ID' => $kept->ID, 'post_author' => 1]);
         get_user_by('login', 'editor')->set_role('author');",
    );
    let path = format!("{}/destinations/{}?published=trash", c.site, c.destination);
    let destination = format!("{}/destinations/{}", c.site, c.destination);
    let answer = c.w.request(&c.w.a.admin, Method::GET, &destination).send().await;
    let etag = answer.0.headers()["etag"].to_str().unwrap().to_owned();
    let request =
        c.w.request(&c.w.a.admin, Method::DELETE, &path)
            .header("if-match", etag);
    let (status, _) = body_of(request.send().await).await;
    assert_eq!(status, 204);
    settle(&c).await;
    let statuses = async || {
        let posts = c.posts().await.into_iter();
        let mut all: Vec<(String, String)> = posts.map(|post| (post.title, post.status)).collect();
        all.sort_unstable();
        all
    };
    let pair = |title: &str, status: &str| (title.to_owned(), status.to_owned());
    assert_eq!(statuses().await, [pair("Gone", "trash"), pair("Kept", "publish")]);
    let jobs = async || c.w.get(&c.w.a.owner, "/jobs?kind=leave_destination").await.1["items"][0].clone();
    let job = jobs().await;
    assert_eq!(job["state"], "failed", "{job}");
    assert!(
        job["error"].as_str().unwrap().starts_with("1 removed; 1 still there"),
        "{job}"
    );
    let mut binds = igny8_data::Variables::new();
    binds.insert("what", "leave".to_owned());
    let platform = c.w.app.db.platform(igny8_data::Why::Operator);
    let sql = "SELECT VALUE message FROM sync_event WHERE what = $what;";
    let mut told = platform.query(sql, binds, "testing").await.unwrap();
    let told: Vec<String> = told.rows(0).unwrap();
    assert!(told.len() == 1 && told[0].starts_with("1 removed"), "{told:?}");

    // The password is still there for another attempt.
    c.there.php("get_user_by('login', 'editor')->set_role('editor');");
    let path = format!("/jobs/{}/retry", id(&job));
    let (status, answer) = c.w.post(&c.w.a.owner, &path, json!({})).await;
    assert_eq!(status, 200, "{answer}");
    settle(&c).await;
    assert_eq!(statuses().await, [pair("Gone", "trash"), pair("Kept", "trash")]);
    assert_eq!(jobs().await["state"], "done");
}
