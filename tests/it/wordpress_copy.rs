//! The static copy of an imported WordPress site: what it shows, where its links lead, which old addresses still answer.

use igny8_server::testing::body_of;
use poem::http::Method;
use serde_json::{Value, json};

use crate::wordpress_in::Connected;

async fn deploy(c: &Connected) {
    let path = format!("{}/deployments", c.site);
    let (status, deployment) = c.w.post(&c.w.a.admin, &path, json!({})).await;
    assert_eq!(status, 202, "{deployment}");
    c.settle().await;
}

/// Where an address of the copy leads, if it leads on.
async fn leads_to(c: &Connected, path: &str) -> Option<String> {
    let answer = c.w.http.get(format!("/sites/site-a0{path}")).send().await;
    let location = answer.0.headers().get("location")?.to_str().unwrap().to_owned();
    assert_eq!(answer.0.status().as_u16(), 301, "{path}");
    Some(location)
}

/// Codes of what the live deployment found, with the addresses they are about.
async fn found(c: &Connected) -> Vec<(String, String)> {
    let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let mut found = Vec::new();
    // The import's own was first, and the one that was asked for found nothing to do.
    for deployment in c.get("/deployments").await["items"].as_array().unwrap() {
        let one = c.get(&format!("/deployments/{}", text(deployment, "id"))).await;
        let log = one["log"].as_array().unwrap();
        found.extend(log.iter().map(|line| (text(line, "code"), text(line, "page"))));
    }
    found
}

/// Other bases of archives, a page of the posts that is called otherwise, and a page at the address of an archive.
const RENAMED: &str = r#"
update_option('category_base', '/themen');
update_option('tag_base', '/marken');
$home = home_url('/');
function renamed($title, $fields) {
    return wp_insert_post($fields + ['post_title' => $title, 'post_status' => 'publish', 'post_author' => 1]);
}
$tools = wp_insert_term('Werkzeug', 'category', ['slug' => 'werkzeug'])['term_id'];
$saws = wp_insert_term('Saegen', 'category', ['slug' => 'saegen', 'parent' => $tools])['term_id'];
$front = renamed('Front', ['post_type' => 'page', 'post_content' => 'Welcome']);
$posts = renamed('News', ['post_type' => 'page', 'post_name' => 'news', 'post_content' => '']);
update_option('show_on_front', 'page');
update_option('page_on_front', $front);
update_option('page_for_posts', $posts);
$brands = renamed('Brands', ['post_type' => 'page', 'post_name' => 'marken', 'post_content' => 'All brands']);
renamed('Blue', ['post_type' => 'page', 'post_name' => 'blau', 'post_content' => 'About blue', 'post_parent' => $brands]);
renamed('One', ['post_content' => "<a href='{$home}themen/werkzeug/saegen/'>deep</a> <a href='{$home}themen/werkzeug/saegen/page/2/'>further</a>
<a href='{$home}marken/gruen/'>tag</a> <a href='{$home}marken/blau/'>page</a> <a href='{$home}news/'>news</a>
<a href='{$home}news/page/2/'>older</a> <a href='{$home}?page_id=$posts'>id</a> <a href='{$home}themen/other/'>gone</a>",
    'post_category' => [$saws], 'tags_input' => ['Gruen', 'Blau']]);
echo $home;
"#;

#[tokio::test]
async fn old_addresses_of_archives_and_of_the_posts_lead_on() {
    let c = Connected::new("copy_renamed", json!({})).await;
    let home = c.there.php(RENAMED);
    c.import(false).await;
    let path = format!("{}/settings", c.site);
    let answer = c.w.request(&c.w.a.owner, Method::GET, &path).send().await;
    let etag = answer.0.headers()["etag"].clone();
    let mut settings = body_of(answer).await.1;
    settings["menus"] = json!({ "main": [
        { "label": "Newest", "url": "/news/" },
        { "label": "Sawing", "url": format!("{}themen/werkzeug/saegen/", home.trim()) },
    ] });
    let request = c.w.request(&c.w.a.owner, Method::PUT, &path).header("if-match", etag);
    let (status, answer) = body_of(request.body_json(&settings).send().await).await;
    assert_eq!(status, 200, "{answer}");
    deploy(&c).await;

    let (status, one) = c.visit("/one/").await;
    assert_eq!(status, 200, "{one}");
    for link in [
        "\"/sites/site-a0/categories/saegen/\">deep<",
        "\"/sites/site-a0/categories/saegen/\">further<",
        "\"/sites/site-a0/tags/gruen/\">tag<",
        "\"/sites/site-a0/marken/blau/\">page<",
        "\"/sites/site-a0/blog/\">news<",
        "\"/sites/site-a0/blog/\">older<",
        "\"/sites/site-a0/blog/\">id<",
        "themen/other/\">gone<",
    ] {
        assert!(one.contains(link), "{link}: {one}");
    }
    for (old, new) in [
        ("/themen/werkzeug/saegen/", Some("/sites/site-a0/categories/saegen/")),
        ("/themen/werkzeug/", Some("/sites/site-a0/categories/werkzeug/")),
        ("/marken/gruen/", Some("/sites/site-a0/tags/gruen/")),
        ("/news/", Some("/sites/site-a0/blog/")),
        // A page stands there.
        ("/marken/blau/", None),
    ] {
        assert_eq!(leads_to(&c, old).await.as_deref(), new, "{old}");
    }
    assert!(c.visit("/marken/blau/").await.1.contains("About blue"));
    let (_, list) = c.visit("/blog/").await;
    assert!(list.contains("News") && list.contains("/sites/site-a0/one/"), "{list}");
    let (_, front) = c.visit("/").await;
    assert!(
        front.contains("Welcome") && !front.contains("/sites/site-a0/news/"),
        "{front}"
    );
    for link in ["/sites/site-a0/blog/\"", "/sites/site-a0/categories/saegen/\""] {
        assert!(front.contains(link), "{link}: {front}");
    }
    let found = found(&c).await;
    let is_noise = |code: &str| code == "path-conflict" || code == "redirect";
    assert!(!found.iter().any(|(code, _)| is_noise(code)), "{found:?}");
}

/// A block that posts share, with another in it, and a post that has columns and the block.
const SHARED: &str = r#"
function shared($type, $title, $content) {
    return wp_insert_post(['post_type' => $type, 'post_title' => $title, 'post_content' => $content, 'post_status' => 'publish', 'post_author' => 1]);
}
$inner = shared('wp_block', 'Inner', "<!-- wp:paragraph -->\n<p>Inner words</p>\n<!-- /wp:paragraph -->");
$outer = shared('wp_block', 'Outer', "<!-- wp:paragraph -->\n<p>Outer words</p>\n<!-- /wp:paragraph -->\n<!-- wp:block {\"ref\":$inner} /-->");
shared('post', 'Sharing', "<!-- wp:columns -->\n<div class=\"wp-block-columns\"><!-- wp:column -->\n<div class=\"wp-block-column\"><!-- wp:block {\"ref\":$outer} /--></div>\n<!-- /wp:column --></div>\n<!-- /wp:columns -->");
echo $inner;
"#;

#[tokio::test]
async fn blocks_that_posts_share_are_shown_and_followed() {
    let c = Connected::new("copy_shared", json!({})).await;
    let inner = c.there.php(SHARED);
    c.import(false).await;
    deploy(&c).await;
    let (status, page) = c.visit("/sharing/").await;
    assert_eq!(status, 200, "{page}");
    for part in [
        "<div class=\"wp-block-columns\">",
        "<div class=\"wp-block-column\">",
        "<p>Outer words</p>",
        "<p>Inner words</p>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let all = c.all("/content").await;
    let stored = all.iter().find(|one| one["title"] == "Sharing").unwrap();
    let stored = c.get(&format!("/content/{}", stored["id"].as_str().unwrap())).await;
    let body = stored["body"].as_str().unwrap();
    assert!(
        body.contains("<!-- wp:block {\"ref\":") && !body.contains("Outer"),
        "it is kept as it came: {body}"
    );

    let change = "wp_update_post(['ID' => (int) '{}', 'post_content' => '<!-- wp:paragraph --><p>Other words</p><!-- /wp:paragraph -->']);";
    c.there.php(&change.replace("{}", inner.trim()));
    c.import(true).await;
    deploy(&c).await;
    let (_, page) = c.visit("/sharing/").await;
    assert!(page.contains("Other words") && !page.contains("Inner words"), "{page}");
    let again = c.get(&format!("/content/{}", stored["id"].as_str().unwrap())).await;
    assert_eq!(again["revision"], stored["revision"], "the post itself did not change");
}

/// Texts with the galleries that WordPress had before blocks: pictures by their ids, and those that are attached.
const GALLERIES: &str = r#"
function pictured($name, $post) {
    $id = wp_insert_attachment(['post_title' => $name, 'post_excerpt' => "Of <em>$name</em>", 'post_mime_type' => 'image/png',
        'post_author' => 1], "2024/05/$name.png", $post);
    update_post_meta($id, '_wp_attachment_image_alt', "The $name");
    return $id;
}
function told($title, $content) {
    return wp_insert_post(wp_slash(['post_title' => $title, 'post_content' => $content, 'post_status' => 'publish', 'post_author' => 1,
        'post_date' => '2021-05-06 07:08:09']));
}
[$one, $two] = [pictured('one', 0), pictured('two', 0)];
told('Named', "Before\n\n[gallery ids=\"$two,$one,999999\" columns=\"2\" link=\"file\"]\n\nAfter");
$attached = told('Attached', '[gallery size="large"]');
pictured('three', $attached);
echo "$one $attached";
"#;

#[tokio::test]
async fn galleries_of_classic_texts_show_their_pictures() {
    let c = Connected::new("copy_galleries", json!({})).await;
    let made = c.there.php(GALLERIES);
    let (one, attached) = made.trim().split_once(' ').unwrap();
    c.import(false).await;
    let asked = c.there.requests();
    let looked = asked.iter().filter(|request| request.contains("/media?"));
    assert_eq!(looked.count(), 2, "those of all posts together: {asked:?}");
    deploy(&c).await;
    let (status, page) = c.visit("/named/").await;
    assert_eq!(status, 200, "{page}");
    for part in [
        "<figure class=\"wp-block-gallery\"><figure><a ",
        "/2024/05/one.png\"",
        "alt=\"The two\"",
        "Of <em>two</em></figcaption>",
        "<p>After</p>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let gallery = page.split_once("<figure class=\"wp-block-gallery\">").unwrap().1;
    assert!(
        gallery.find("2024/05/two.png") < gallery.find("2024/05/one.png") && !gallery.contains("[gallery"),
        "{page}"
    );
    let (_, page) = c.visit("/attached/").await;
    assert!(page.contains("/2024/05/three.png\""), "{page}");

    // Nothing of a post says that a picture is another one, or that there are more.
    let all = c.all("/content").await;
    let named = all.iter().find(|one| one["title"] == "Named").unwrap();
    let named = format!("/content/{}", named["id"].as_str().unwrap());
    let before = c.get(&named).await;
    c.there.php(&format!(
        "update_post_meta({one}, '_wp_attachment_image_alt', 'Another');
         wp_insert_attachment(['post_title' => 'four', 'post_mime_type' => 'image/png', 'post_author' => 1], '2024/05/four.png', {attached});"
    ));
    c.import(true).await;
    deploy(&c).await;
    let (_, page) = c.visit("/named/").await;
    assert!(page.contains("alt=\"Another\""), "{page}");
    let (_, page) = c.visit("/attached/").await;
    assert!(page.contains("2024/05/four.png"), "{page}");
    let after = c.get(&named).await;
    assert_eq!(after["revision"], before["revision"], "the post itself did not change");

    // Looking at what the site has leaves what is known of them.
    let destinations = c.get("/destinations").await;
    let destination = destinations["items"][0]["id"].as_str().unwrap();
    let path = format!("{}/destinations/{destination}/discover", c.site);
    let (status, found) = c.w.post(&c.w.a.admin, &path, json!({})).await;
    assert_eq!(status, 200, "{found}");
    c.there.php(&format!(
        "sleep(1); wp_update_post(['ID' => {attached}, 'post_title' => 'Attached again']);"
    ));
    c.import(false).await;
    deploy(&c).await;
    assert!(c.visit("/named/").await.1.contains("2024/05/one.png"));
}

#[tokio::test]
async fn addresses_that_archives_had_lead_on_after_a_rename() {
    let c = Connected::new("copy_renames", json!({})).await;
    let made = c.there.php(
        "$europe = wp_insert_term('Europe', 'category', ['slug' => 'europe'])['term_id'];
         $germany = wp_insert_term('Germany', 'category', ['slug' => 'germany', 'parent' => $europe])['term_id'];
         $local = wp_insert_term('Local', 'category', ['slug' => 'local', 'parent' => $germany])['term_id'];
         wp_insert_post(['post_title' => 'One', 'post_content' => 'x', 'post_status' => 'publish', 'post_category' => [$local],
             'tags_input' => ['Alpha']]);
         echo $germany, ' ', get_term_by('slug', 'alpha', 'post_tag')->term_id;",
    );
    let (germany, alpha) = made.trim().split_once(' ').unwrap();
    c.import(false).await;
    deploy(&c).await;
    assert_eq!(
        leads_to(&c, "/tag/alpha/").await.as_deref(),
        Some("/sites/site-a0/tags/alpha/")
    );
    c.there.php(&format!(
        "wp_update_term({germany}, 'category', ['slug' => 'deutschland']);
         wp_update_term({alpha}, 'post_tag', ['slug' => 'alpha-wp']);"
    ));
    c.import(true).await;
    deploy(&c).await;
    for (old, new) in [
        ("/tag/alpha/", "tags/alpha-wp/"),
        ("/tag/alpha-wp/", "tags/alpha-wp/"),
        ("/category/europe/germany/", "categories/deutschland/"),
        ("/category/europe/deutschland/", "categories/deutschland/"),
        ("/category/europe/germany/local/", "categories/local/"),
    ] {
        let new = format!("/sites/site-a0/{new}");
        assert_eq!(leads_to(&c, old).await, Some(new), "{old}");
    }

    // What has an address goes before what had it.
    c.there.php(&format!(
        "wp_update_term({alpha}, 'post_tag', ['slug' => 'beta']);
         $new = wp_insert_term('New', 'post_tag', ['slug' => 'alpha'])['term_id'];
         wp_insert_post(['post_title' => 'Two', 'post_content' => 'x', 'post_status' => 'publish', 'tags_input' => ['New']]);"
    ));
    c.import(true).await;
    deploy(&c).await;
    assert_eq!(
        leads_to(&c, "/tag/alpha/").await.as_deref(),
        Some("/sites/site-a0/tags/alpha/")
    );
    assert_eq!(
        leads_to(&c, "/tag/alpha-wp/").await.as_deref(),
        Some("/sites/site-a0/tags/beta/")
    );
}

/// Pages at the addresses of what the copy makes by itself.
const IN_THE_WAY: &str = r#"
function in_the_way($title, $fields) {
    return wp_insert_post($fields + ['post_title' => $title, 'post_status' => 'publish', 'post_author' => 1, 'post_type' => 'page']);
}
$saws = wp_insert_term('Saws', 'category', ['slug' => 'saws'])['term_id'];
in_the_way('A post', ['post_type' => 'post', 'post_content' => 'Of saws', 'post_category' => [$saws], 'tags_input' => ['Blue']]);
$all = in_the_way('All of it', ['post_name' => 'categories', 'post_content' => 'Our own list']);
in_the_way('On saws', ['post_name' => 'saws', 'post_content' => 'Our own text', 'post_parent' => $all]);
foreach (['search', 'tags', 'category', 'tag', '404', 'feed', 'assets', 'media'] as $name) {
    in_the_way("Page $name", ['post_name' => $name, 'post_content' => "Words of $name"]);
}
"#;

#[tokio::test]
async fn pages_go_before_lists_that_want_their_addresses() {
    let c = Connected::new("copy_in_the_way", json!({})).await;
    c.there.php(IN_THE_WAY);
    c.import(false).await;
    deploy(&c).await;
    for (path, text) in [
        ("/categories/", "Our own list"),
        ("/categories/saws/", "Our own text"),
        ("/search/", "Words of search"),
        ("/tags/", "Words of tags"),
        ("/category/", "Words of category"),
        ("/tag/", "Words of tag"),
        ("/a-post/", "Of saws"),
    ] {
        let (status, page) = c.visit(path).await;
        assert!(status == 200 && page.contains(text), "{path}: {status} {page}");
    }
    // What is left out for them is told.
    let found = found(&c).await;
    for (code, path) in [
        ("path-conflict", "/categories/saws/"),
        ("list-left-out", "/tags/"),
        ("list-left-out", "/search/"),
    ] {
        assert!(
            found.contains(&(code.to_owned(), path.to_owned())),
            "{code} {path}: {found:?}"
        );
    }
}

/// Texts from before blocks in which paragraphs are hard to tell.
const CLASSIC: [&str; 28] = [
    "One\ntwo\n\nthree",
    "<blockquote>Said</blockquote>\nAfter",
    "Before\n<blockquote>\n\nOne\n\nTwo\n\n</blockquote>\n\nAfter",
    "<blockquote><p>Done</p></blockquote>\n\nAfter",
    "<blockquote>One\ntwo\n\nthree</blockquote>\nAfter",
    "<blockquote>Outer\n\n<blockquote>Inner</blockquote>\n\nOuter</blockquote>",
    "Text\n<ul>\n<li>a</li>\n<li>b\nc</li>\n</ul>\nText",
    "Text\n<ol><li>a</li><li>b</li></ol>Text",
    "<ul>\n<li>a\n\n<ul>\n<li>b</li>\n</ul>\n</li>\n</ul>",
    "Text\n<pre>x\n\n<b>y</b>\n</pre>\nText",
    "<pre>a</pre><pre>b</pre>",
    "<div>\n<div>Inner</div>\nrest</div>",
    "<div class=\"a\">\n\nText\n\n<p>Done</p>\nmore\n\n</div>\nAfter",
    "One <!-- a note --> two\nthree",
    "<!-- alone -->\n\nText",
    "One\n\n<!--more-->\n\nTwo",
    "One\n<!--more-->\nTwo",
    "<table>\n<tr>\n<td>a\nb</td>\n<td>c</td>\n</tr>\n</table>\nAfter",
    "<table><tbody><tr><td>a</td></tr></tbody></table>",
    "[caption id=\"attachment_1\" align=\"alignnone\" width=\"300\"]<img src=\"/a.png\" width=\"300\" height=\"200\" /> A text[/caption]\n\nAfter",
    "<img src=\"/a.png\" />\nText beside\n\n<a href=\"/b\"><img src=\"/a.png\" /></a>",
    "<h2>Title</h2>\nText\n<hr />\nMore\n<hr>",
    "<dl><dt>a</dt>\n<dd>b</dd></dl>\nAfter",
    "a<br />\nb<br><br>c",
    "<figure>\n<img src=\"/a.png\">\n<figcaption>c</figcaption>\n</figure>\nText",
    "<a\nhref=\"/b\">two\nlines</a>",
    "<details><summary>s</summary>\nt\n\nu</details>",
    "<em>one\n\ntwo</em>",
];

/// The elements and words of a text: without comments, attributes and white space at tags, and without what shows nothing.
fn skeleton(html: &str) -> String {
    let (mut out, mut rest) = (String::new(), html);
    while let Some(at) = rest.find('<') {
        out.push_str(rest[..at].trim());
        let tag = &rest[at..];
        let mark = if tag.starts_with("<!--") { "-->" } else { ">" };
        let end = tag.find(mark).map_or(tag.len(), |end| end + mark.len());
        if mark == ">" {
            let name = tag[1..end].split([' ', '\n', '>']).next().unwrap();
            out.push_str(&format!("<{}>", name.trim_end_matches('/')));
        }
        rest = &tag[end..];
    }
    out.push_str(rest.trim());
    let mut out = out.split_whitespace().collect::<Vec<_>>().join(" ");
    for (what, with) in [("<p><br>", "<p>"), ("<br></p>", "</p>"), ("<p></p>", "")] {
        out = out.replace(what, with);
    }
    out
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[test]
fn classic_texts_are_shown_as_wordpress_shows_them() {
    let there = igny8_wordpress::testing::RealWordPress::new("copy_classic");
    let all: Vec<String> = CLASSIC.iter().map(|text| base64(text)).collect();
    let code = "
        add_theme_support('html5', ['caption']);
        foreach (explode(' ', 'TEXTS') as $text) {
            $id = wp_insert_post(wp_slash(['post_title' => 'x', 'post_status' => 'publish', 'post_content' => base64_decode($text)]));
            $post = rest_do_request(new WP_REST_Request('GET', \"/wp/v2/posts/$id\"))->get_data();
            echo base64_encode($post['content']['rendered']), \"\\n\";
        }";
    let shown = there.php(&code.replace("TEXTS", &all.join(" ")));
    let shown: Vec<&str> = shown.lines().collect();
    assert_eq!(shown.len(), CLASSIC.len());
    for (raw, theirs) in CLASSIC.iter().zip(shown) {
        use base64::Engine as _;
        let theirs = base64::engine::general_purpose::STANDARD.decode(theirs).unwrap();
        let theirs = String::from_utf8(theirs).unwrap();
        let ours = igny8_wordpress::shown(raw);
        assert_eq!(
            skeleton(&ours),
            skeleton(&theirs),
            "{raw}\nours: {ours}\ntheirs: {theirs}"
        );
    }
}
