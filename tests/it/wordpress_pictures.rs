//! Pictures that a real WordPress, or the web server before it, does not take.

use serde_json::{Value, json};

use crate::wordpress_out::Connected;

/// What is shown of content whose picture stayed behind.
async fn assert_went_without(c: &Connected, content: &Value, why: &str) {
    let publication = c.publication(content).await;
    assert_eq!(publication["status"], "published", "{why}: {publication}");
    let notes = publication["notes"].to_string();
    assert!(notes.contains("does not take the file"), "{why}: {publication}");
    let posts = c.posts().await;
    let post = posts
        .iter()
        .find(|post| Some(post.slug.as_str()) == content["slug"].as_str());
    let post = post.unwrap_or_else(|| panic!("{why}: it is not among {posts:?}"));
    assert!(post.content.contains("Beans."), "{why}: {}", post.content);
    assert!(
        !post.content.contains("/wp-content/uploads/"),
        "{why}: {}",
        post.content
    );
}

#[tokio::test]
async fn a_text_goes_out_without_the_picture_that_is_not_taken() {
    let c = Connected::new("pictures_refused", &[], json!({})).await;
    let picture = c.upload("cup.png", 7).await;
    let body = format!("Beans.\n\n![A cup]({})", picture["path"].as_str().unwrap());

    // Too large for the web server, which says so with a page of its own: the look for the file, then the file.
    c.there
        .faults("on media?context=edit&slug ok\non media?context=edit status 413");
    let large = c.published("Large", json!({ "body": body })).await;
    c.w.run_jobs().await;
    assert_went_without(&c, &large, "status 413").await;

    // WordPress refuses files with status 500.
    c.there
        .php("$path = wp_upload_dir()['path']; rename($path, $path . '-away'); file_put_contents($path, '');");
    let refused = c.published("Refused", json!({ "body": body })).await;
    let behind = c.published("Behind", json!({ "body": "No picture." })).await;
    c.w.run_jobs().await;
    assert_went_without(&c, &refused, "status 500").await;
    assert_eq!(c.publication(&behind).await["status"], "published");

    // It is sent with the next edit, once it is taken.
    c.there
        .php("$path = wp_upload_dir(null, false)['path']; unlink($path); rename($path . '-away', $path);");
    c.edit(&refused, json!({ "body": format!("{body}\n\nMore.") })).await;
    c.w.run_jobs().await;
    let publication = c.publication(&refused).await;
    let notes = publication["notes"].to_string();
    assert!(!notes.contains("does not take"), "{publication}");
    let posts = c.posts().await;
    let post = posts
        .iter()
        .find(|post| Some(post.slug.as_str()) == refused["slug"].as_str())
        .expect("it is there");
    assert!(post.content.contains("/wp-content/uploads/"), "{}", post.content);
}
