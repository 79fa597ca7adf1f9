//! Terms that go to and fro between a site and a real WordPress: of taxonomies that only that has, and those of all.

use std::time::Duration;

use igny8_server::testing::body_of;
use poem::http::Method;
use serde_json::{Value, json};

use crate::trip::id;
use crate::wordpress_both::{ask, content_of, get, import, items, patch, settle, term};
use crate::wordpress_out::Connected;

/// A post type `recipe` with the taxonomy `cuisine`, and `series` of posts.
const RECIPES: &[&str] = &["recipes/recipes.php"];

/// A category and a cuisine of one name, a cuisine below it, a series, and a recipe and a post that have them.
const MADE: &str = "
    $category = wp_insert_term('Italian', 'category', ['slug' => 'italian'])['term_id'];
    $italian = wp_insert_term('Italian', 'cuisine', ['slug' => 'italian'])['term_id'];
    $pizza = wp_insert_term('Pizza', 'cuisine', ['slug' => 'pizza', 'parent' => $italian])['term_id'];
    $part = wp_insert_term('Part one', 'series', ['slug' => 'part-one'])['term_id'];
    $old = ['post_content' => 'x', 'post_status' => 'publish', 'post_date' => '2021-05-06 07:08:09'];
    $recipe = wp_insert_post($old + ['post_type' => 'recipe', 'post_title' => 'Margherita']);
    wp_set_object_terms($recipe, [$pizza], 'cuisine');
    $post = wp_insert_post($old + ['post_title' => 'How to bake', 'post_category' => [$category]]);
    wp_set_object_terms($post, [$part], 'series');
    echo \"$italian $pizza $recipe $post\";";

/// A connected site with [`MADE`], and the ids of cuisine, the one below, recipe and post.
async fn with_recipes(name: &str, custom: Value) -> (Connected, [String; 4]) {
    let settings = json!({ "imports": "everything", "import_types": ["recipe"], "custom_taxonomies": custom });
    let c = Connected::new(name, RECIPES, settings).await;
    let made = c.there.php(MADE);
    let ids: Vec<String> = made.split(' ').map(str::to_owned).collect();
    (c, ids.try_into().unwrap())
}

/// The term with a name that came from a taxonomy there.
async fn term_of(c: &Connected, taxonomy: &str, name: &str) -> Value {
    let terms = items(c, "/terms").await;
    let is_it = |term: &&Value| term["external_taxonomy"] == taxonomy && term["name"] == name;
    let found = terms.iter().find(is_it);
    found.unwrap_or_else(|| panic!("{taxonomy} {name}: {terms:?}")).clone()
}

/// Names of the terms that a post has there.
fn names(c: &Connected, post: &str, taxonomy: &str) -> String {
    c.there.php(&format!(
        "echo implode(',', wp_get_object_terms({post}, '{taxonomy}', ['fields' => 'names']));"
    ))
}

async fn terms_of(c: &Connected, post: &str) -> Vec<String> {
    let content = content_of(c, post).await;
    let terms = content["terms"].as_array().unwrap();
    terms.iter().map(|term| term.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn terms_of_custom_taxonomies_come_and_go_back_where_they_belong() {
    let (c, [italian, pizza, recipe, post]) = with_recipes("terms_custom", json!({})).await;
    import(&c, false).await;
    let (category, cuisine) = (
        term_of(&c, "category", "Italian").await,
        term_of(&c, "cuisine", "Italian").await,
    );
    assert_eq!(
        (&cuisine["taxonomy"], &cuisine["slug"]),
        (&json!("blog_category"), &json!(format!("italian-{italian}"))),
        "{cuisine}"
    );
    assert_eq!(category["slug"], "italian");
    let below = term_of(&c, "cuisine", "Pizza").await;
    assert_eq!(below["parent"], cuisine["id"]);
    assert!(
        below["external_url"].as_str().unwrap().contains("/cuisine/pizza"),
        "{below}"
    );
    let series = term_of(&c, "series", "Part one").await;
    assert_eq!(series["taxonomy"], "blog_tag");
    assert_eq!(terms_of(&c, &recipe).await, [id(&below)]);
    let mut filed = terms_of(&c, &post).await;
    filed.sort();
    let mut expected = [id(&category), id(&series)];
    expected.sort();
    assert_eq!(filed, expected);
    let shown = get(&c, &format!("/destinations/{}", c.destination)).await;
    assert_eq!(
        shown["wordpress"]["custom_taxonomies"],
        json!({ "cuisine": "blog_category", "series": "blog_tag" })
    );

    // A new one below a cuisine is a cuisine.
    let body = json!({ "taxonomy": "blog_category", "name": "Pasta", "parent": cuisine["id"] });
    let (status, pasta) = c.w.post(&c.w.a.owner, &format!("{}/terms", c.site), body).await;
    assert_eq!(status, 201, "{pasta}");
    let content = content_of(&c, &recipe).await;
    c.edit(&content, json!({ "terms": [pasta["id"]], "force": true })).await;
    patch(&c, &format!("/terms/{}", id(&below)), json!({ "name": "Pizze" })).await;
    settle(&c).await;
    assert_eq!(names(&c, &recipe, "cuisine"), "Pasta");
    let shown =
        "echo get_term_by('slug', 'pasta', 'cuisine')->parent, term_exists('Pasta', 'category') ? ' twice' : '';";
    assert_eq!(c.there.php(shown), italian);
    assert_eq!(c.there.php(&format!("echo get_term({pizza})->name;")), "Pizze");
    c.edit(&content, json!({ "terms": [], "force": true })).await;
    settle(&c).await;
    assert_eq!(names(&c, &recipe, "cuisine"), "");

    // What was deleted there is made anew where it was.
    c.there.php(&format!("wp_delete_term({pizza}, 'cuisine');"));
    import(&c, true).await;
    c.edit(&content, json!({ "terms": [below["id"]], "force": true })).await;
    settle(&c).await;
    assert_eq!(names(&c, &recipe, "cuisine"), "Pizze");
    assert_eq!(
        c.there.php("echo term_exists('Pizze', 'category') ? 'twice' : 'once';"),
        "once"
    );
    import(&c, true).await;
    assert_eq!(terms_of(&c, &recipe).await, [id(&below)]);
}

#[tokio::test]
async fn posts_that_are_here_bring_terms_of_taxonomies_that_come_later() {
    let (c, [_, _, recipe, post]) = with_recipes("terms_later", json!({ "cuisine": "", "series": "" })).await;
    import(&c, false).await;
    let content = content_of(&c, &recipe).await;
    assert_eq!(content["terms"], json!([]));
    let change = json!({ "wordpress": { "custom_taxonomies": { "cuisine": "blog_tag" } } });
    patch(&c, &format!("/destinations/{}", c.destination), change).await;

    // Nothing here knows of them yet: they are not taken away there.
    let category = term_of(&c, "category", "Italian").await;
    c.edit(&content, json!({ "terms": [category["id"]], "force": true }))
        .await;
    settle(&c).await;
    assert_eq!(names(&c, &recipe, "cuisine"), "Pizza");
    c.there.writes();
    import(&c, false).await;
    let pizza = term_of(&c, "cuisine", "Pizza").await;
    assert_eq!(pizza["taxonomy"], "blog_tag");
    let filed = terms_of(&c, &recipe).await;
    assert!(
        filed.len() == 2 && filed.contains(&id(&category)) && filed.contains(&id(&pizza)),
        "{filed:?}"
    );
    let series = term_of(&c, "series", "Part one").await;
    assert!(terms_of(&c, &post).await.contains(&id(&series)));
    assert_eq!(c.there.writes(), 0, "what came from there is not sent back");

    // What is taken away here is not brought again.
    c.edit(&content, json!({ "terms": [], "force": true })).await;
    settle(&c).await;
    assert_eq!(names(&c, &recipe, "cuisine"), "");
    import(&c, true).await;
    assert_eq!(terms_of(&c, &recipe).await, Vec::<String>::new());
}

#[tokio::test]
async fn settings_of_custom_taxonomies_are_checked() {
    let c = Connected::new("terms_checked", RECIPES, json!({})).await;
    let path = format!("{}/destinations/{}", c.site, c.destination);
    for custom in [
        json!({ "cuisine": "cluster" }),
        json!({ "cuisine": "cuisine" }),
        json!({ "": "blog_tag" }),
    ] {
        let answer = c.w.request(&c.w.a.owner, Method::GET, &path).send().await;
        let etag = answer.0.headers()["etag"].to_str().unwrap().to_owned();
        let request = c.w.request(&c.w.a.owner, Method::PATCH, &path);
        let body = json!({ "wordpress": { "custom_taxonomies": custom } });
        let answer = request.header("if-match", etag).body_json(&body).send().await;
        let (status, refused) = body_of(answer).await;
        assert_eq!(status, 422, "{custom}: {refused}");
    }
}

#[tokio::test]
async fn terms_that_exchange_their_slugs_there_do_so_here() {
    let c = Connected::new("terms_swapped", &[], json!({ "imports": "everything" })).await;
    let made = c.there.php(
        "$a = wp_insert_term('First', 'category', ['slug' => 'one'])['term_id'];
         $b = wp_insert_term('Second', 'category', ['slug' => 'two'])['term_id'];
         $c = wp_insert_term('Third', 'category', ['slug' => 'three'])['term_id'];
         echo \"$a $b $c\";",
    );
    let [a, b, third] = made.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{made}");
    };
    import(&c, true).await;
    c.there.php(&format!(
        "wp_update_term({a}, 'category', ['slug' => 'between']);
         wp_update_term({b}, 'category', ['slug' => 'one']);
         wp_update_term({a}, 'category', ['slug' => 'two', 'name' => 'Former first']);
         wp_update_term({third}, 'category', ['slug' => 'tres']);"
    ));
    import(&c, true).await;
    for (name, slug) in [("Former first", "two"), ("Second", "one"), ("Third", "tres")] {
        assert_eq!(term(&c, name).await["slug"], slug, "{name}");
    }
    let before = items(&c, "/terms").await;
    c.there.writes();
    ask(&c, "publish", json!({})).await;
    settle(&c).await;
    import(&c, true).await;
    assert_eq!(c.there.writes(), 0, "what came from there is not sent back");
    assert_eq!(items(&c, "/terms").await, before);
}

/// Whether an event of the destination says so.
async fn is_told(c: &Connected, what: &str) -> bool {
    let events = items(c, &format!("/destinations/{}/events", c.destination)).await;
    let mut messages = events.iter().filter_map(|event| event["message"].as_str());
    messages.any(|message| message.contains(what))
}

#[tokio::test]
async fn a_slug_that_cannot_be_had_here_is_told() {
    let c = Connected::new("terms_refused", &[], json!({ "imports": "everything" })).await;
    let made = c.there.php(
        "$a = wp_insert_term('First', 'category', ['slug' => 'one'])['term_id'];
         $b = wp_insert_term('Second', 'category', ['slug' => 'two'])['term_id'];
         echo \"$a $b\";",
    );
    let (first, second) = made.split_once(' ').unwrap();
    import(&c, true).await;
    let path = format!("{}/terms/{}", c.site, id(&term(&c, "Second").await));
    let answer = c.w.request(&c.w.a.owner, Method::GET, &path).send().await;
    let etag = answer.0.headers()["etag"].to_str().unwrap().to_owned();
    let request = c.w.request(&c.w.a.owner, Method::DELETE, &path);
    let (status, deleted) = body_of(request.header("if-match", etag).send().await).await;
    assert!(status.is_success(), "{deleted}");
    c.there.php(&format!(
        "wp_update_term({second}, 'category', ['slug' => 'zwei']);
         wp_update_term({first}, 'category', ['slug' => 'two']);"
    ));
    import(&c, true).await;
    assert_eq!(term(&c, "First").await["slug"], "one", "a deleted term keeps its slug");
    assert!(is_told(&c, "“First” has the slug `two` in WordPress; a deleted term has it").await);
}

#[tokio::test]
async fn many_terms_that_are_missing_at_once_are_doubted() {
    let c = Connected::new("terms_doubted", &[], json!({ "imports": "everything" })).await;
    c.there
        .php("for ($i = 0; $i < 25; $i++) wp_insert_term(\"Tag $i\", 'post_tag');");
    import(&c, true).await;
    c.there.php(
        "$some = ['taxonomy' => 'post_tag', 'hide_empty' => false, 'fields' => 'ids', 'number' => 22];
         foreach (get_terms($some) as $id) wp_delete_term($id, 'post_tag');",
    );
    let asked_for = |c: &Connected| {
        let asked = c.there.requests();
        asked.iter().filter(|request| request.contains("/wp/v2/tags/")).count()
    };
    asked_for(&c);
    import(&c, true).await;
    assert_eq!(asked_for(&c), 0, "none is looked for, or forgotten");
    assert!(is_told(&c, "22 of 25 terms of the taxonomy `post_tag` are not there any more").await);
    import(&c, true).await;
    assert_eq!(asked_for(&c), 22, "everything was asked for after it was told");
}

#[tokio::test]
async fn terms_that_the_user_may_not_edit_hold_nothing_up() {
    let plugins = [RECIPES[0], "recipes/guarded.php"];
    let c = Connected::new("terms_guarded", &plugins, json!({ "imports": "everything" })).await;
    let post = c.there.php(
        "$series = wp_insert_term('Part one', 'series', ['slug' => 'part-one'])['term_id'];
         $mood = wp_insert_term('Calm', 'mood', ['slug' => 'calm'])['term_id'];
         $post = wp_insert_post(['post_title' => 'Filed', 'post_content' => 'x', 'post_status' => 'publish',
             'post_date' => '2021-05-06 07:08:09']);
         wp_set_object_terms($post, [$series], 'series');
         wp_set_object_terms($post, [$mood], 'mood');
         echo $post;",
    );
    import(&c, false).await;
    let content = content_of(&c, &post).await;
    let series = term_of(&c, "series", "Part one").await;
    assert!(terms_of(&c, &post).await.contains(&id(&series)));
    assert!(is_told(&c, "The terms of the taxonomy `mood` cannot be read").await);

    // They are not asked for with each look, nor is everything read for them.
    c.there.requests();
    import(&c, false).await;
    let asked = c.there.requests();
    assert!(!asked.iter().any(|request| request.contains("/mood")), "{asked:?}");

    // What could not be read is not taken away there.
    c.edit(&content, json!({ "terms": [], "force": true })).await;
    settle(&c).await;
    let filed = (names(&c, &post, "series"), names(&c, &post, "mood"));
    assert_eq!(filed, (String::new(), "Calm".to_owned()));

    // As soon as they can be read, they come.
    c.there.php("get_role('editor')->add_cap('manage_options');");
    import(&c, true).await;
    import(&c, false).await;
    let calm = term_of(&c, "mood", "Calm").await;
    assert!(terms_of(&c, &post).await.contains(&id(&calm)));

    // When they cannot again, content keeps them, whatever else it is filed under there.
    c.there.php("get_role('editor')->remove_cap('manage_options');");
    import(&c, true).await;
    c.there.php(&format!(
        "sleep(1); wp_set_object_terms({post}, ['Late'], 'post_tag'); wp_update_post(['ID' => {post}]);"
    ));
    import(&c, false).await;
    let late = term_of(&c, "post_tag", "Late").await;
    let filed = terms_of(&c, &post).await;
    assert!(filed.contains(&id(&late)) && filed.contains(&id(&calm)), "{filed:?}");
}

#[tokio::test]
async fn archives_of_terms_are_followed_without_a_change() {
    let c = Connected::new("terms_archives", &[], json!({ "imports": "everything" })).await;
    c.there
        .php("wp_insert_term('Europe', 'category', ['slug' => 'europe']);");
    import(&c, true).await;
    let before = term(&c, "Europe").await;
    assert!(
        before["external_url"].as_str().unwrap().ends_with("/category/europe/"),
        "{before}"
    );
    let events = format!("/destinations/{}/events", c.destination);
    let told = items(&c, &events).await.len();
    c.there.php("update_option('category_base', 'topics');");
    import(&c, true).await;
    let after = term(&c, "Europe").await;
    assert!(
        after["external_url"].as_str().unwrap().ends_with("/topics/europe/"),
        "{after}"
    );
    assert_eq!(after["updated_at"], before["updated_at"]);
    assert_eq!(items(&c, &events).await.len(), told, "no term was changed");
}

#[tokio::test]
async fn settings_that_change_while_an_import_runs_have_the_last_word() {
    let c = Connected::new("terms_meanwhile", &[], json!({ "imports": "known" })).await;
    c.there.php(
        "for ($i = 0; $i < 3; $i++) wp_insert_post(['post_title' => \"Old $i\", 'post_content' => 'x',
             'post_status' => 'publish', 'post_date' => '2021-05-06 07:08:09']);",
    );
    ask(&c, "import", json!({})).await;
    c.there.requests();
    c.there.faults("slow 4");
    let is_asked = async {
        while c.there.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let change = async {
        let asked = tokio::time::timeout(Duration::from_secs(60), is_asked).await;
        asked.expect("the import asks for something");
        let path = format!("/destinations/{}", c.destination);
        patch(&c, &path, json!({ "wordpress": { "imports": "everything" } })).await;
        get(&c, &path).await
    };
    let (_, changed) = tokio::join!(c.w.run_jobs(), change);
    assert_eq!(changed["sync_status"], "syncing", "the import still runs: {changed}");
    c.there.faults("");
    settle(&c).await;
    import(&c, false).await;
    assert_eq!(items(&c, "/content").await.len(), 3);
}

#[tokio::test]
async fn terms_that_are_merged_away_leave_where_they_were_made() {
    let c = Connected::new("terms_merged", &[], json!({})).await;
    c.there.php("wp_insert_term('Own', 'post_tag', ['slug' => 'own']);");
    let mut made = Vec::new();
    for name in ["Kept", "Merged", "Own", "Shared"] {
        let body = json!({ "taxonomy": "blog_tag", "name": name });
        let (status, term) = c.w.post(&c.w.a.owner, &format!("{}/terms", c.site), body).await;
        assert_eq!(status, 201, "{term}");
        made.push(term["id"].clone());
    }
    c.published("Filed", json!({ "terms": made, "body": "One" })).await;
    settle(&c).await;
    let tags = "echo implode(' ', get_terms(['taxonomy' => 'post_tag', 'hide_empty' => false, 'orderby' => 'slug', 'fields' => 'names']));";
    assert_eq!(c.there.php(tags), "Kept Merged Own Shared");
    c.there.php(
        "$id = wp_insert_post(['post_title' => 'Theirs', 'post_content' => 'x', 'post_status' => 'draft']);
         wp_set_object_terms($id, ['Shared'], 'post_tag');",
    );
    for term in &made[1..] {
        let path = format!("{}/terms/{}", c.site, term.as_str().unwrap());
        let answer = c.w.request(&c.w.a.owner, Method::GET, &path).send().await;
        let etag = answer.0.headers()["etag"].to_str().unwrap().to_owned();
        let request = c.w.request(&c.w.a.owner, Method::POST, &format!("{path}/merge"));
        let body = json!({ "into": made[0] });
        let answer = request.header("if-match", etag).body_json(&body).send().await;
        let (status, merged) = body_of(answer).await;
        assert_eq!(status, 200, "{merged}");
    }
    settle(&c).await;
    assert_eq!(
        c.there.php(tags),
        "Kept Own Shared",
        "what is WordPress's own and what others use stays"
    );
    let posts = c.posts().await;
    let post = posts.iter().find(|post| post.title == "Filed").unwrap();
    assert_eq!(names(&c, &post.id.to_string(), "post_tag"), "Kept");
}
