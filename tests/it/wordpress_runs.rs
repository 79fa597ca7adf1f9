//! Publishing to a real WordPress that is interrupted, refused or asked to wait: what becomes of the rest, and how it goes on.

use chrono::{DateTime, Duration, Utc};
use igny8_data::{Read, Value as Stored, Variables, Why};
use igny8_server::features::destinations::{inbound, send, state};
use igny8_wordpress::Post;
use serde_json::{Value, json};

use crate::trip::id;
use crate::wordpress_both::{choose, get};
use crate::wordpress_out::Connected;

async fn connected(name: &str) -> Connected {
    Connected::new(name, &[], json!({ "body": "html" })).await
}

/// Content that is published some time after what was published before.
async fn published(c: &Connected, title: &str, body: &str) -> Value {
    c.w.clock.advance(Duration::seconds(1));
    c.published(title, json!({ "body": body })).await
}

async fn destination(c: &Connected) -> Value {
    get(c, &format!("/destinations/{}", c.destination)).await
}

/// Statuses of publications, of some content.
async fn statuses(c: &Connected, contents: &[&Value]) -> Vec<String> {
    let mut all = Vec::new();
    for content in contents {
        all.push(c.publication(content).await["status"].as_str().unwrap().to_owned());
    }
    all
}

async fn post_of(c: &Connected, content: &Value) -> Post {
    let publication = c.publication(content).await;
    let mut posts = c.posts().await.into_iter();
    let found = posts.find(|post| publication["external_id"] == json!(post.id.to_string()));
    found.unwrap_or_else(|| panic!("{publication} is not there"))
}

/// Runs a statement over everything, and answers how many values it gives.
async fn rows(c: &Connected, sql: &str, binds: &[(&str, &str)]) -> usize {
    let mut variables = Variables::new();
    for (name, value) in binds {
        variables.insert(*name, (*value).to_owned());
    }
    let platform = c.w.app.db.platform(Why::Operator);
    let mut answer = platform.query(sql, variables, "testing").await.unwrap();
    answer.rows::<Stored>(0).unwrap().len()
}

async fn catch_up(c: &Connected) -> u64 {
    send::catch_up(c.w.app.clone()).await.unwrap()
}

/// Waits until something is asked of the site.
async fn asked(c: &Connected) {
    let asked = async {
        while c.there.requests().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let patience = std::time::Duration::from_secs(60);
    let waited = tokio::time::timeout(patience, asked).await;
    waited.expect("something is asked");
}

#[tokio::test]
async fn a_text_that_a_firewall_refuses_holds_up_no_other() {
    let mut c = connected("runs_refused").await;
    c.there.faults("always with DROP-TABLE status 403");
    let refused = published(&c, "Refused", "How DROP-TABLE works").await;
    let fine = published(&c, "Fine", "a").await;
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&refused, &fine]).await, ["failed", "published"]);
    let state = destination(&c).await;
    assert_eq!(
        (&state["connection"], &state["sync_status"]),
        (&json!("connected"), &json!("completed")),
        "{state}"
    );
    let told = c.publication(&refused).await;
    assert!(told["error"].as_str().unwrap().contains("firewall"), "{told}");

    // It is not sent again as it is, until its time comes.
    let place = format!("posts/{}", told["external_id"].as_str().unwrap());
    c.there.requests();
    c.edit(&fine, json!({ "title": "Fine, edited" })).await;
    c.w.run_jobs().await;
    let asked = c.there.requests();
    assert!(
        !asked.is_empty() && !asked.iter().any(|line| line.contains(&place)),
        "{asked:?}"
    );
    c.w.later(Duration::minutes(61)).await;
    c.w.run_jobs().await;
    assert!(c.there.requests().iter().any(|line| line.contains(&place)));
    assert_eq!(c.publication(&refused).await["attempts"], 2);

    // An edit mends it.
    c.edit(&refused, json!({ "body": "How tables go" })).await;
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&refused]).await, ["published"]);
    assert!(post_of(&c, &refused).await.content.contains("How tables go"));
}

#[tokio::test]
async fn a_site_that_refuses_every_text_is_left_alone_and_taken_up_again() {
    let mut c = connected("runs_refusing").await;
    c.there.faults("always with title status 403");
    let mut all = Vec::new();
    for n in 0..5 {
        all.push(published(&c, &format!("Post {n}"), "a").await);
    }
    c.w.run_jobs().await;
    assert_eq!(c.there.writes(), 3, "it is not tried with each of them");
    assert_eq!(destination(&c).await["connection"], "error");
    assert_eq!(catch_up(&c).await, 0, "it has just failed");
    c.there.faults("");
    c.w.later(Duration::minutes(62)).await;
    assert_eq!(catch_up(&c).await, 1);
    assert_eq!(catch_up(&c).await, 0, "one job is enough");
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &all.iter().collect::<Vec<_>>()).await, ["published"; 5]);
    assert_eq!(c.posts().await.len(), 5);
    assert_eq!(destination(&c).await["connection"], "connected");
    c.w.clock.advance(Duration::minutes(5));
    assert_eq!(catch_up(&c).await, 0, "nothing is left");
}

#[tokio::test]
async fn whatever_became_of_the_job_what_is_left_is_published() {
    let mut c = connected("runs_left").await;
    // A site that shows a page to log in: the job gives up.
    c.there.faults("always login");
    let first = published(&c, "First", "a").await;
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&first]).await, ["failed"]);
    c.there.faults("");
    c.w.later(Duration::minutes(30)).await;
    assert_eq!(
        catch_up(&c).await,
        0,
        "somebody has to mend it, and it is tried each hour"
    );
    // Somebody finds that it works.
    let test = format!("{}/destinations/{}/test", c.site, c.destination);
    let (_, tested) = c.w.post(&c.w.a.admin, &test, json!({})).await;
    assert_eq!(tested["ok"], true, "{tested}");
    assert_eq!(catch_up(&c).await, 1);
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&first]).await, ["published"]);

    // A job that was cancelled before it began.
    let second = published(&c, "Second", "a").await;
    rows(&c, "DELETE job WHERE state = 'queued' RETURN BEFORE;", &[]).await;
    assert_eq!(catch_up(&c).await, 0, "what follows a change may be on its way");
    c.w.clock.advance(Duration::minutes(2));
    assert_eq!(catch_up(&c).await, 1);
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&second]).await, ["published"]);

    // One that died while it ran.
    let sql = "UPDATE destination_state SET sync_status = 'syncing' RETURN VALUE id;";
    assert_eq!(rows(&c, sql, &[]).await, 1);
    assert_eq!(catch_up(&c).await, 1);
    c.w.run_jobs().await;
    assert_eq!(destination(&c).await["sync_status"], "completed");
    assert_eq!(catch_up(&c).await, 0);
}

#[tokio::test]
async fn what_is_asked_for_during_a_run_is_done_by_the_next_one() {
    let c = connected("runs_reset").await;
    let draft = json!({ "content_type": "post", "title": "Draft", "body": "a" });
    let (status, draft) = c.w.post(&c.w.a.owner, &format!("{}/content", c.site), draft).await;
    assert_eq!(status, 201, "{draft}");
    let post = published(&c, "Post", "a").await;
    c.w.run_jobs().await;
    assert_eq!(c.posts().await.len(), 1);
    c.w.clock.advance(Duration::minutes(5));
    c.edit(&post, json!({ "title": "Post, edited" })).await;
    c.there.requests();
    c.there.faults("slow 4");
    let change = async {
        asked(&c).await;
        let path = format!("{}/destinations/{}", c.site, c.destination);
        let everything = json!({ "wordpress": { "sends": "everything" } });
        c.w.patch(&c.w.a.admin, &path, 1, everything).await
    };
    let (_, (status, changed)) = tokio::join!(c.w.run_jobs(), change);
    assert_eq!(status, 200, "{changed}");
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&draft, &post]).await, ["published", "published"]);
    assert_eq!(post_of(&c, &draft).await.status, "draft");
}

#[tokio::test]
async fn what_waits_for_a_place_is_sent_though_the_run_that_made_it_ended_early() {
    let c = connected("runs_waiting").await;
    let target = published(&c, "Target", "a").await;
    c.w.run_jobs().await;
    choose(&c, &target, "withhold").await;
    c.w.run_jobs().await;
    c.w.clock.advance(Duration::minutes(4));
    let linking = published(&c, "Linking", "See [it](/blog/target/).").await;
    c.w.run_jobs().await;
    c.w.clock.advance(Duration::minutes(4));
    choose(&c, &target, "publish").await;
    let last = published(&c, "Last", "a").await;
    c.there.faults("on slug= status 429 30");
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&target, &last]).await, ["published", "failed"]);
    let link = post_of(&c, &target).await.link;
    assert!(
        !post_of(&c, &linking).await.content.contains(&link),
        "the run ended before"
    );
    c.w.clock.advance(Duration::seconds(90));
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&last]).await, ["published"]);
    let text = post_of(&c, &linking).await.content;
    assert!(text.contains(&link), "{text}");
    c.there.requests();
    c.publish_everything().await;
    assert_eq!(c.there.writes(), 0, "once");
}

#[tokio::test]
async fn what_is_due_soon_does_not_wait_for_what_is_due_later() {
    let c = connected("runs_due").await;
    let often = published(&c, "Often", "a").await;
    c.w.run_jobs().await;
    rows(&c, "UPDATE publication SET attempts = 7 RETURN VALUE id;", &[]).await;
    c.there.faults("status 500");
    c.edit(&often, json!({ "title": "Often, edited" })).await;
    c.w.run_jobs().await;
    let told = c.publication(&often).await;
    let retry_at: DateTime<Utc> = told["retry_at"].as_str().unwrap().parse().unwrap();
    assert!(retry_at > c.w.clock.now() + Duration::hours(23), "{told}");
    c.there.faults("status 500");
    let once = published(&c, "Once", "a").await;
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&once]).await, ["failed"]);
    c.w.clock.advance(Duration::minutes(3));
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&often, &once]).await, ["failed", "published"]);
}

#[tokio::test]
async fn a_site_that_asks_for_a_pause_gets_one() {
    let mut c = Connected::new("runs_pause", &[], json!({ "body": "html", "imports": "everything" })).await;
    let mut all = vec![published(&c, "Post", "a").await];
    c.there.faults("status 429 7200");
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&all[0]]).await, ["failed"]);
    c.there.requests();
    let look = async |c: &Connected| inbound::look_at_destinations(c.w.app.clone()).await.unwrap();
    for n in 0..3 {
        c.w.later(Duration::minutes(20)).await;
        all.push(published(&c, &format!("Post {n}"), "a").await);
        let path = format!("{}/destinations/{}/import", c.site, c.destination);
        let (status, answer) = c.w.post(&c.w.a.admin, &path, json!({ "full": true })).await;
        assert_eq!(status, 202, "{answer}");
        assert_eq!(look(&c).await, 0);
        assert_eq!(catch_up(&c).await, 0);
        c.w.run_jobs().await;
    }
    assert_eq!(c.there.requests(), Vec::<String>::new());
    let waiting = "SELECT VALUE id FROM job WHERE state = 'queued' AND kind = $kind;";
    let of = async |c: &Connected, kind: &str| rows(c, waiting, &[("kind", kind)]).await;
    assert!(
        of(&c, "publish_documents").await <= 2,
        "the one that failed, and one for all that came meanwhile"
    );
    assert_eq!(of(&c, "import_wordpress").await, 1);
    c.w.later(Duration::hours(1)).await;
    c.w.later(Duration::minutes(1)).await;
    for _ in 0..4 {
        c.w.run_jobs().await;
        c.w.clock.advance(Duration::seconds(3));
    }
    assert_eq!(statuses(&c, &all.iter().collect::<Vec<_>>()).await, ["published"; 4]);
    let asked = c.there.requests();
    assert!(
        asked.iter().any(|line| line.contains("offset=")),
        "what is there is read: {asked:?}"
    );

    // What an import is told holds for publishing as well.
    c.there.faults("status 429 600");
    c.import().await;
    c.there.requests();
    c.edit(&all[0], json!({ "title": "Edited" })).await;
    c.w.run_jobs().await;
    assert_eq!(c.there.requests(), Vec::<String>::new());
    c.w.later(Duration::minutes(11)).await;
    c.settle().await;
    assert_eq!(post_of(&c, &all[0]).await.title, "Edited");
}

#[tokio::test]
async fn a_place_that_is_other_content_here_holds_up_one_document() {
    let c = connected("runs_taken").await;
    let other = published(&c, "Other", "a").await;
    c.w.run_jobs().await;
    // Looked for by its slug; then the draft is made, and the answer is lost.
    c.there.faults("ok\nlost 500");
    let held = published(&c, "Held up", "a").await;
    c.w.run_jobs().await;
    let posts = c.posts().await;
    let draft = posts.iter().find(|post| post.status == "draft").expect("it was made");
    let (was, now) = (post_of(&c, &other).await.id.to_string(), draft.id.to_string());
    let sql = "UPDATE publication SET external_id = $now WHERE external_id = $was RETURN VALUE id;";
    assert_eq!(rows(&c, sql, &[("now", now.as_str()), ("was", was.as_str())]).await, 1);
    c.w.clock.advance(Duration::minutes(2));
    let behind = published(&c, "Behind", "a").await;
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&held, &behind]).await, ["failed", "published"]);
    let told = c.publication(&held).await;
    assert!(
        told["error"].as_str().unwrap().contains(&format!("post {now}")),
        "{told}"
    );
    assert_eq!(destination(&c).await["sync_status"], "completed");
}

#[tokio::test]
async fn a_choice_while_it_is_sent_concerns_one_document() {
    let c = connected("runs_choice").await;
    let first = published(&c, "First", "a").await;
    let second = published(&c, "Second", "a").await;
    c.w.run_jobs().await;
    for (content, title) in [(&first, "First, edited"), (&second, "Second, edited")] {
        c.edit(content, json!({ "title": title })).await;
    }
    c.there.requests();
    c.there.faults("slow 4");
    let change = async {
        asked(&c).await;
        choose(&c, &first, "publish").await;
    };
    tokio::join!(c.w.run_jobs(), change);
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&first, &second]).await, ["published", "published"]);
    assert_eq!(c.publication(&first).await["choice"], "publish");
    let titles = [post_of(&c, &first).await.title, post_of(&c, &second).await.title];
    assert_eq!(titles, ["First, edited", "Second, edited"]);
    let sql = "SELECT VALUE id FROM job WHERE kind = 'publish_documents' AND error IS NOT NONE;";
    assert_eq!(rows(&c, sql, &[]).await, 0, "no run ended for it");
}

/// What was told of conflicts.
async fn told(c: &Connected) -> Vec<Value> {
    let platform = c.w.app.db.platform(Why::Operator);
    let sql = "SELECT VALUE data FROM webhook_message WHERE event = 'sync.conflict';";
    let mut answer = platform.query(sql, Variables::new(), "testing").await.unwrap();
    answer.rows::<Value>(0).unwrap()
}

#[tokio::test]
async fn a_conflict_is_told_once_by_whoever_finds_it() {
    let c = Connected::new("runs_conflict", &[], json!({ "body": "html", "imports": "known" })).await;
    let hook = json!({ "url": format!("http://{}/nothing/", c.there.host()), "events": ["sync.conflict"] });
    let (status, made) = c.w.post(&c.w.a.owner, "/webhooks", hook).await;
    assert_eq!(status, 201, "{made}");
    let (sent, read) = (published(&c, "Sent", "one").await, published(&c, "Read", "one").await);
    c.settle().await;
    let places = [post_of(&c, &sent).await.id, post_of(&c, &read).await.id];
    let theirs = |place: u64, title: &str| {
        let code = format!("sleep(1); wp_update_post(['ID' => {place}, 'post_title' => '{title}']);");
        c.there.php(&code);
    };

    // Found when it is sent.
    theirs(places[0], "Theirs");
    c.edit(&sent, json!({ "excerpt": "x" })).await;
    c.w.run_jobs().await;
    let all = told(&c).await;
    assert_eq!(all.len(), 1, "{all:?}");
    let publication = c.publication(&sent).await;
    for (field, expected) in [
        ("site", &json!(c.w.a.sites[0].to_string())),
        ("content", &json!(id(&sent))),
        ("destination", &json!(c.destination)),
        ("external_id", &publication["external_id"]),
    ] {
        assert_eq!(&all[0][field], expected, "{all:?}");
    }
    let fields = all[0]["fields"].to_string();
    assert!(
        fields.contains("\"title\"") && fields.contains("\"excerpt\""),
        "{fields}"
    );
    c.edit(&sent, json!({ "excerpt": "y" })).await;
    c.publish_everything().await;
    assert_eq!(told(&c).await.len(), 1, "it was one before");

    // Found by an import.
    theirs(places[1], "Theirs");
    c.edit(&read, json!({ "excerpt": "x" })).await;
    c.import().await;
    assert_eq!(c.publication(&read).await["status"], "conflict");
    let all = told(&c).await;
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all.iter().any(|one| one["content"] == json!(id(&read))), "{all:?}");
    theirs(places[1], "Theirs again");
    c.import().await;
    assert_eq!(told(&c).await.len(), 2, "it was one before");
}

/// Edits content, and loses the answer to what is written of it.
async fn lost(c: &Connected, content: &Value, change: Value, text: &str) {
    c.there.faults(&format!("always with {text} lost 500"));
    c.edit(content, change).await;
    c.w.run_jobs().await;
    c.there.faults("");
    assert_eq!(statuses(c, &[content]).await, ["failed"]);
}

#[tokio::test]
async fn an_edit_after_a_lost_answer_replaces_what_was_written() {
    let c = connected("runs_lost").await;
    let post = published(&c, "First", "a").await;
    c.w.run_jobs().await;
    lost(&c, &post, json!({ "title": "Second" }), "Second").await;
    assert_eq!(post_of(&c, &post).await.title, "Second");
    // Lost once more, and then not even begun.
    c.w.clock.advance(Duration::seconds(5));
    lost(&c, &post, json!({ "title": "Third" }), "Third").await;
    assert_eq!(post_of(&c, &post).await.title, "Third");
    c.there.faults("always with Fourth status 500");
    c.edit(&post, json!({ "title": "Fourth" })).await;
    c.w.run_jobs().await;
    c.there.faults("");
    assert_eq!(statuses(&c, &[&post]).await, ["failed"]);
    c.edit(&post, json!({ "title": "Fifth", "excerpt": "Words" })).await;
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&post]).await, ["published"]);
    let there = post_of(&c, &post).await;
    assert_eq!((there.title.as_str(), there.excerpt.as_str()), ("Fifth", "Words"));

    // So does taking it away.
    lost(&c, &post, json!({ "title": "Sixth" }), "Sixth").await;
    choose(&c, &post, "withhold").await;
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&post]).await, ["removed"]);
}

#[tokio::test]
async fn an_edit_there_after_a_lost_answer_is_no_conflict_where_ours_is_there() {
    let c = Connected::new("runs_lost_tag", &[], json!({ "imports": "known" })).await;
    let post = published(&c, "First", "a").await;
    c.w.run_jobs().await;
    lost(&c, &post, json!({ "title": "Second" }), "Second").await;
    let there = post_of(&c, &post).await.id;
    c.there.php(&format!(
        "wp_set_post_tags({there}, 'theirs'); wp_update_post(['ID' => {there}]);"
    ));
    c.import().await;
    assert_eq!(statuses(&c, &[&post]).await, ["published"]);
    let here = get(&c, &format!("/content/{}", id(&post))).await;
    assert_eq!(here["title"], "Second");
}

#[tokio::test]
async fn what_wordpress_made_of_what_was_written_is_ours() {
    let c = connected("runs_numbered").await;
    c.there
        .php("wp_insert_post(['post_title' => 'Theirs', 'post_name' => 'taken', 'post_status' => 'publish']);");
    let post = published(&c, "First", "a").await;
    c.w.run_jobs().await;
    lost(&c, &post, json!({ "slug": "taken" }), "taken").await;
    assert_eq!(post_of(&c, &post).await.slug, "taken-2");
    // The test's clock is not WordPress's.
    let attempted = "UPDATE publication SET writing_at = time::now() WHERE writing IS NOT NONE RETURN VALUE id;";
    assert_eq!(rows(&c, attempted, &[]).await, 1);
    c.edit(&post, json!({ "title": "Second" })).await;
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&post]).await, ["published"]);
    let there = post_of(&c, &post).await;
    assert_eq!((there.title.as_str(), there.slug.as_str()), ("Second", "taken-2"));
    let kept = "SELECT VALUE id FROM publication WHERE writing IS NOT NONE OR writing_at IS NOT NONE;";
    assert_eq!(rows(&c, kept, &[]).await, 0, "both agree");
}

#[tokio::test]
async fn an_import_takes_nothing_that_we_wrote_for_an_edit_of_theirs() {
    let c = Connected::new("runs_lost_in", &[], json!({ "body": "html", "imports": "known" })).await;
    let post = published(&c, "First", "a").await;
    c.settle().await;
    lost(&c, &post, json!({ "title": "Second" }), "Second").await;
    // The next attempt does not get as far as reading the post.
    let place = c.publication(&post).await["external_id"].as_str().unwrap().to_owned();
    c.there.faults(&format!("on posts/{place} status 500"));
    c.edit(&post, json!({ "title": "Third" })).await;
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&post]).await, ["failed"]);
    c.import().await;
    assert_eq!(statuses(&c, &[&post]).await, ["failed"], "it is no conflict");
    assert_eq!(post_of(&c, &post).await.title, "Second", "its time has not come");
    c.w.clock.advance(Duration::minutes(2));
    c.settle().await;
    assert_eq!(statuses(&c, &[&post]).await, ["published"]);
    assert_eq!(post_of(&c, &post).await.title, "Third");
}

#[tokio::test]
async fn what_failed_is_tried_when_the_site_said_or_when_it_is_another_text() {
    let c = connected("runs_again").await;
    let post = published(&c, "First", "a").await;
    c.w.run_jobs().await;
    c.there.faults("status 429 7");
    c.edit(&post, json!({ "title": "Second" })).await;
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&post]).await, ["failed"]);
    c.w.clock.advance(Duration::seconds(8));
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&post]).await, ["published"]);

    for title in ["Third", "Fourth"] {
        c.there.faults("status 500");
        c.edit(&post, json!({ "title": title })).await;
        c.w.run_jobs().await;
        assert_eq!(c.publication(&post).await["attempts"], 1, "{title}");
    }
    c.edit(&post, json!({ "title": "Fifth" })).await;
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&post]).await, ["published"]);
    assert_eq!(post_of(&c, &post).await.title, "Fifth");

    // What waits for another attempt says nothing of the last one.
    let publication = id(&c.publication(&post).await);
    let destination = json!({ "destination": c.destination });
    for (path, body) in [
        (format!("{}/publications/{publication}/retry", c.site), json!({})),
        (format!("{}/publications/retry", c.site), destination),
    ] {
        c.there.faults("status 500");
        c.edit(&post, json!({ "title": path })).await;
        c.w.run_jobs().await;
        assert!(c.publication(&post).await["error"].is_string(), "{path}");
        let (status, answer) = c.w.post(&c.w.a.owner, &path, body).await;
        assert_eq!(status, 200, "{answer}");
        let waiting = c.publication(&post).await;
        assert_eq!(
            (&waiting["status"], &waiting["error"]),
            (&json!("pending"), &Value::Null),
            "{path}"
        );
        c.w.run_jobs().await;
        assert_eq!(statuses(&c, &[&post]).await, ["published"], "{path}");
    }
}

#[tokio::test]
async fn a_site_that_is_connected_again_while_it_is_emptied_keeps_what_is_there() {
    let c = connected("runs_back").await;
    let (first, second) = (published(&c, "First", "a").await, published(&c, "Second", "b").await);
    c.w.run_jobs().await;
    assert_eq!(statuses(&c, &[&first, &second]).await, ["published", "published"]);
    let path = format!("{}/destinations", c.site);
    let one = format!("{path}/{}?published=trash", c.destination);
    assert_eq!(c.w.delete(&c.w.a.admin, &one, 1).await.0, 204);
    c.there.requests();
    c.there.faults("slow 8");
    let again = async {
        asked(&c).await;
        let body = json!({ "kind": "wordpress", "name": "Blog", "wordpress": {
            "url": c.there.url, "user": "editor", "password": c.there.password("editor"), "imports": "nothing",
            "body": "html",
        } });
        c.w.post(&c.w.a.admin, &path, body).await
    };
    let (_, (status, made)) = tokio::join!(c.w.run_jobs(), again);
    assert_eq!((status.as_u16(), id(&made)), (201, c.destination.clone()), "{made}");
    c.settle().await;
    assert_eq!(statuses(&c, &[&first, &second]).await, ["published", "published"]);
    let there: Vec<String> = c.posts().await.into_iter().map(|post| post.status).collect();
    assert_eq!(there, ["publish", "publish"]);
}

#[tokio::test]
async fn what_is_shown_of_a_destination_leaves_out_what_is_large() {
    let c = connected("runs_shown").await;
    let sql = "UPDATE destination_state SET discovered.shared_blocks = { '5': 'A text' } RETURN VALUE id;";
    assert_eq!(rows(&c, sql, &[]).await, 1);
    let owner = c.w.app.db.actor_of_user(c.w.a.owner.id).await.unwrap();
    let scope = owner.site::<Read>(&c.w.app.db, c.w.a.sites[0]).await.unwrap();
    let db = c.w.app.db.site(&scope);
    let of = c.destination.parse().unwrap();
    let whole = state::of(&db, of).await.unwrap().unwrap().discovered.unwrap();
    let shown = state::shown_of(&db, of).await.unwrap().unwrap().discovered.unwrap();
    assert_eq!(whole["shared_blocks"]["5"], "A text");
    assert!(
        shown.get("shared_blocks").is_none() && shown.get("pictures").is_none(),
        "{shown}"
    );
    assert_eq!(shown["types"], whole["types"]);
    let listed = get(&c, "/destinations").await;
    assert_eq!(listed["items"][0], destination(&c).await);
}
