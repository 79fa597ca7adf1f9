//! The client against a real WordPress.

use std::collections::BTreeMap;

use bytes::Bytes;
use igny8_outgoing::Outgoing;
use igny8_wordpress::testing::RealWordPress;
use igny8_wordpress::{
    ApiRoot, Credentials, Outcome, Post, PostFields, PostPart, PostQuery, PostType, Taxonomy, TermFields, Upload,
    WordPress, WordPressError,
};

fn all(offset: u64, limit: u8) -> PostQuery {
    PostQuery {
        modified_after: None,
        offset,
        limit,
    }
}

fn of_posts() -> [Taxonomy; 2] {
    [Taxonomy::categories(), Taxonomy::tags()]
}

async fn found(site: &RealWordPress, address: &str) -> Result<String, WordPressError> {
    let root = ApiRoot::discover(&site.outgoing(), &address.parse().unwrap()).await;
    root.map(|root| root.to_string())
}

#[tokio::test]
async fn the_rest_api_is_found_from_whatever_address_people_have() {
    let site = RealWordPress::new("client_discovery");
    let url = &site.url;
    let root = format!("{url}wp-json/");
    site.php("wp_insert_post(['post_title' => 'Hello', 'post_name' => 'hello', 'post_status' => 'publish']);");
    for address in [
        "",
        "wp-admin/",
        "wp-admin/edit.php?post_type=page#x",
        "wp-login.php",
        "index.php",
        "wp-json/wp/v2",
        "hello/",
    ] {
        assert_eq!(
            found(&site, &format!("{url}{address}")).await.as_ref(),
            Ok(&root),
            "{address}"
        );
    }
    assert_eq!(
        found(&site, url.trim_end_matches('/')).await.as_ref(),
        Ok(&root),
        "without the last slash"
    );

    site.php("update_option('permalink_structure', '');");
    let plain = found(&site, url).await.unwrap();
    assert!(plain.contains("rest_route="), "{plain}");
    let client = WordPress::new(
        site.outgoing(),
        plain.parse().unwrap(),
        &Credentials::new("admin", site.password("admin")),
    )
    .unwrap();
    let made = client
        .create(
            &PostType::posts(),
            &PostFields {
                title: Some("Plain & simple".into()),
                ..Default::default()
            },
        )
        .await
        .unwrap();
    let read = client.post_of(&PostType::posts(), &of_posts(), made.id).await.unwrap();
    assert_eq!((read.title.as_str(), read.status.as_str()), ("Plain & simple", "draft"));
    assert_eq!(
        client
            .posts(&PostType::posts(), &of_posts(), all(0, 100))
            .await
            .unwrap()
            .items
            .len(),
        2
    );
    client.delete(&PostType::posts(), made.id).await.unwrap();

    let nothing = found(&site, &format!("http://{}/no_such_site/", site.host()))
        .await
        .unwrap_err();
    assert!(matches!(nothing, WordPressError::NotWordPress(_)), "{nothing}");
    let blocked = ApiRoot::discover(&Outgoing::new(&[]), &url.parse().unwrap())
        .await
        .unwrap_err();
    assert!(matches!(blocked, WordPressError::Address(_)), "{blocked}");
}

#[tokio::test]
async fn a_connection_says_who_we_are_and_what_we_may() {
    let site = RealWordPress::new("client_check");
    let admin = site.client("admin").check().await.unwrap();
    assert_eq!((admin.user.name.as_str(), admin.missing()), ("admin", vec![]));
    assert!(admin.can("manage_options"));
    let editor = site.client("editor").check().await.unwrap();
    assert_eq!((editor.can("manage_options"), editor.missing()), (false, vec![]));
    let subscriber = site.client("subscriber");
    assert!(subscriber.check().await.unwrap().missing().contains(&"publish_posts"));
    let refused = subscriber
        .create(
            &PostType::posts(),
            &PostFields {
                title: Some("x".into()),
                ..Default::default()
            },
        )
        .await;
    assert!(matches!(refused, Err(WordPressError::Forbidden { .. })), "{refused:?}");

    let root = format!("{}wp-json/", site.url);
    for (user, password) in [("admin", "wrong wrong wrong"), ("nobody", "x")] {
        let wordpress = WordPress::new(
            site.outgoing(),
            root.parse().unwrap(),
            &Credentials::new(user, password),
        )
        .unwrap();
        let error = wordpress.check().await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Fail);
        assert!(error.is_about_the_connection(), "{error:?}");
        assert!(
            matches!(
                error,
                WordPressError::NotAuthenticated | WordPressError::Credentials { .. }
            ),
            "{error:?}"
        );
        assert!(!format!("{error} {error:?} {wordpress:?}").contains("wrong wrong"));
    }
    assert!(WordPress::new(site.outgoing(), root.parse().unwrap(), &Credentials::new("a:b", "x")).is_err());
    site.php("delete_user_meta(get_user_by('login', 'editor')->ID, '_application_passwords');");
    let revoked = site.client("editor").check().await.unwrap_err();
    assert!(revoked.is_about_the_connection(), "{revoked:?}");
}

#[tokio::test]
async fn a_site_is_looked_at() {
    let site = RealWordPress::with("client_discover", &["igny8/igny8.php"]);
    site.php("for ($i = 0; $i < 3; $i++) wp_insert_post(['post_title' => \"P$i\", 'post_status' => $i ? 'publish' : 'private']); wp_trash_post(wp_insert_post(['post_title' => 'gone', 'post_status' => 'publish'])); wp_insert_term('A', 'category');");
    let found = site.client("admin").discover().await.unwrap();
    assert_eq!(found.site.name, "A test site");
    assert!(found.site.takes_application_passwords());
    let posts = found.types.iter().find(|of| of.post_type.slug == "post").unwrap();
    assert_eq!((posts.post_type.rest_base.as_str(), posts.count), ("posts", Some(3)));
    assert!(
        found
            .types
            .iter()
            .all(|of| !of.post_type.slug.starts_with("wp_") && of.post_type.slug != "attachment")
    );
    let category = found
        .taxonomies
        .iter()
        .find(|of| of.taxonomy.slug == "category")
        .unwrap();
    assert_eq!((category.count, category.taxonomy.hierarchical), (Some(2), true));
    assert_eq!(found.user_count, Some(3));
    assert!(found.plugins.igny8 && !found.plugins.yoast);
    assert!(
        found.takes_meta(&PostType::posts(), "_igny8_content_id") && !found.takes_meta(&PostType::posts(), "_no_such")
    );
    let stored = serde_json::to_value(&found).unwrap();
    assert_eq!(
        serde_json::from_value::<igny8_wordpress::Discovered>(stored).unwrap(),
        found
    );

    let bare = RealWordPress::new("client_discover_bare")
        .client("editor")
        .discover()
        .await
        .unwrap();
    assert!(!bare.plugins.igny8 && !bare.takes_meta(&PostType::posts(), "_igny8_content_id"));
    assert_eq!(bare.types.len(), 2, "{:?}", bare.types);
}

const BLOCKS: &str = "<!-- wp:heading {\"level\":3} -->\n<h3 class=\"wp-block-heading\">Ein \u{1f34e} Apfel</h3>\n<!-- /wp:heading -->\n\n<!-- wp:gallery {\"ids\":[1,2]} -->\n<figure class=\"wp-block-gallery\"></figure>\n<!-- /wp:gallery -->\n[gallery ids=\"1,2\" caption='a \\\\ \"b\"']\n\n<script>alert(1)</script>";

#[tokio::test]
async fn posts_are_written_and_read_byte_for_byte() {
    let site = RealWordPress::new("client_posts");
    let client = site.client("admin");
    let posts = PostType::posts();
    let (term, _) = client
        .make_term(
            &Taxonomy::categories(),
            &TermFields {
                name: Some("News".into()),
                ..Default::default()
            },
        )
        .await
        .unwrap();
    let fields = PostFields {
        slug: Some("igny8-1".into()),
        title: Some("A & B <i>\"c\"</i> \u{1f34e} \\o/".into()),
        content: Some(BLOCKS.into()),
        excerpt: Some("Short & sweet".into()),
        date_gmt: Some("2020-02-29T12:34:56Z".parse().unwrap()),
        status: Some("publish".into()),
        password: Some("pass word".into()),
        terms: BTreeMap::from([("categories".into(), vec![term.id])]),
        format: Some("aside".into()),
        ..Default::default()
    };
    let made = client.create(&posts, &fields).await.unwrap();
    let read = client.post_of(&posts, &of_posts(), made.id).await.unwrap();
    assert_eq!(read.content, BLOCKS);
    assert_eq!(
        (Some(read.title.clone()), Some(read.excerpt.clone())),
        (fields.title.clone(), fields.excerpt.clone())
    );
    assert_eq!(
        (read.date_gmt, read.password.as_str(), read.format.as_str()),
        (fields.date_gmt, "pass word", "aside")
    );
    assert_eq!(read.terms(&Taxonomy::categories()), [term.id]);
    assert_eq!(
        client
            .post_by_slug(&posts, &of_posts(), "igny8-1")
            .await
            .unwrap()
            .map(|post| post.id),
        Some(made.id)
    );
    assert_eq!(client.post_by_slug(&posts, &of_posts(), "igny8-2").await.unwrap(), None);

    // The same again changes nothing that counts; each part that people edit does.
    let hash = |post: &Post| post.hash(&of_posts());
    let again = client.update(&posts, made.id, &fields).await.unwrap();
    assert_eq!(hash(&again), hash(&read));
    use PostPart::{Content, Showing, Slug, Status, Terms, Title};
    for (code, expected) in [
        (
            "wp_update_post(wp_slash(['ID' => ID, 'post_title' => 'Other']));",
            vec![Title],
        ),
        (
            "wp_update_post(wp_slash(['ID' => ID, 'post_content' => 'Other', 'post_name' => 'other']));",
            vec![Content, Slug],
        ),
        (
            "wp_update_post(wp_slash(['ID' => ID, 'post_status' => 'private', 'post_password' => '']));",
            vec![Status, Showing],
        ),
        ("wp_set_post_terms(ID, ['x'], 'post_tag');", vec![Terms]),
        ("stick_post(ID);", vec![Showing]),
        ("update_post_meta(ID, 'views', 7);", vec![]),
    ] {
        let before = hash(&client.post_of(&posts, &of_posts(), made.id).await.unwrap());
        site.php(&format!(
            "$id = {}; {}",
            made.id,
            code.replace("ID,", "$id,").replace("(ID)", "($id)")
        ));
        let after = hash(&client.post_of(&posts, &of_posts(), made.id).await.unwrap());
        assert_eq!(PostPart::changed(&before, &after), expected, "{code}");
    }
    assert_eq!(PostPart::changed("", &hash(&read)), PostPart::ALL);

    client.trash(&posts, made.id).await.unwrap();
    client.trash(&posts, made.id).await.unwrap();
    assert_eq!(client.post_of(&posts, &[], made.id).await.unwrap().status, "trash");
    client.delete(&posts, made.id).await.unwrap();
    client.delete(&posts, made.id).await.unwrap();
    let gone = client.post_of(&posts, &[], made.id).await.unwrap_err();
    assert_eq!(gone.outcome(), Outcome::Gone);
    assert_eq!(
        client.update(&posts, made.id, &fields).await.unwrap_err().outcome(),
        Outcome::Gone
    );
}

#[tokio::test]
async fn lists_are_whole_and_in_parts() {
    let site = RealWordPress::new("client_lists");
    site.php(
        "for ($i = 0; $i < 23; $i++) wp_insert_post(['post_title' => 'Same', 'post_status' => ['publish', 'draft', 'private', 'pending', 'future'][$i % 5], 'post_date' => $i % 5 == 4 ? '2099-01-01 00:00:00' : '2020-01-01 00:00:00']);
         wp_trash_post(wp_insert_post(['post_title' => 'Gone', 'post_status' => 'publish']));
         $third = get_posts(['post_status' => 'any', 'orderby' => 'ID', 'order' => 'ASC', 'numberposts' => 1, 'offset' => 2]);
         update_option('wp_page_for_privacy_policy', $third[0]->ID);",
    );
    let client = site.client("editor");
    let posts = PostType::posts();
    let mut ids = Vec::new();
    let mut offset = 0;
    loop {
        let page = client.posts(&posts, &of_posts(), all(offset, 10)).await.unwrap();
        assert_eq!(page.total, Some(24));
        assert!(page.at.is_some());
        ids.extend(page.items.iter().map(|post| post.id));
        offset += 10;
        if !page.more {
            break;
        }
    }
    let behind = client.posts(&posts, &of_posts(), all(30, 10)).await.unwrap();
    assert_eq!((behind.items.len(), behind.total, behind.more), (0, None, false));
    // The third is what the site's settings name as its privacy policy, which only administrators may edit.
    let hidden: Vec<u64> = (ids[0]..=ids[ids.len() - 1]).filter(|id| !ids.contains(id)).collect();
    assert_eq!(hidden, [ids[0] + 2]);
    assert_eq!(
        site.client("admin")
            .posts(&posts, &[], all(0, 100))
            .await
            .unwrap()
            .items
            .len(),
        24
    );
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!((sorted.len(), &sorted), (23, &ids));
    let listed = client.listed(&posts, all(0, 100)).await.unwrap().items;
    assert_eq!(listed.len(), 23);
    assert_eq!(listed.iter().filter(|post| post.status == "trash").count(), 1);

    let last = &client.post_of(&posts, &[], ids[0]).await.unwrap();
    let since = PostQuery {
        modified_after: last.modified_gmt,
        ..all(0, 100)
    };
    site.php(&format!(
        "sleep(1); wp_update_post(['ID' => {}, 'post_title' => 'Newer']);",
        ids[0]
    ));
    let changed = client.listed(&posts, since).await.unwrap().items;
    assert!(changed.iter().any(|post| post.id == ids[0]), "{changed:?}");
}

#[tokio::test]
async fn terms_are_made_once_and_nested() {
    let site = RealWordPress::new("client_terms");
    let client = site.client("editor");
    let categories = Taxonomy::categories();
    let named = |name: &str, parent: u64| TermFields {
        name: Some(name.into()),
        parent: Some(parent),
        ..Default::default()
    };
    let (top, _) = client.make_term(&categories, &named("Tools & more", 0)).await.unwrap();
    let (below, is_new) = client.make_term(&categories, &named("Saws", top.id)).await.unwrap();
    assert_eq!((below.parent, is_new), (top.id, true));
    let (same, is_new) = client.make_term(&categories, &named("Saws", top.id)).await.unwrap();
    assert_eq!((same.id, is_new), (below.id, false));
    let (elsewhere, _) = client.make_term(&categories, &named("Saws", 0)).await.unwrap();
    assert_ne!(
        elsewhere.id, below.id,
        "the same name below another parent is another term"
    );
    assert_eq!(
        client
            .term_by_slug(&categories, &top.slug)
            .await
            .unwrap()
            .map(|term| term.id),
        Some(top.id)
    );
    let tags = Taxonomy::tags();
    let (tag, _) = client
        .make_term(
            &tags,
            &TermFields {
                name: Some("Blue".into()),
                slug: Some("blue".into()),
                ..Default::default()
            },
        )
        .await
        .unwrap();
    let (same, _) = client
        .make_term(
            &tags,
            &TermFields {
                name: Some("Blue".into()),
                slug: Some("blue".into()),
                ..Default::default()
            },
        )
        .await
        .unwrap();
    assert_eq!(same.id, tag.id);
    let renamed = client
        .update_term(
            &tags,
            tag.id,
            &TermFields {
                name: Some("Navy".into()),
                ..Default::default()
            },
        )
        .await
        .unwrap();
    assert_eq!((renamed.name.as_str(), renamed.slug.as_str()), ("Navy", "blue"));
    let all = client.terms(&categories, 0, 100).await.unwrap();
    assert_eq!((all.total, all.items.len()), (Some(4), 4));
    assert_eq!(
        client.term(&categories, 9999).await.unwrap_err().outcome(),
        Outcome::Gone
    );
}

/// A picture of one dot.
const DOT: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

#[tokio::test]
async fn files_are_sent_once_and_found_again() {
    let site = RealWordPress::new("client_media");
    let client = site.client("editor");
    let upload = Upload {
        name: "d\u{f6}t \"1\".gif".into(),
        mime_type: "image/gif".into(),
        slug: "igny8-0123456789abcdef".into(),
        alt_text: "A dot \u{1f34e} & \"more\"".into(),
        bytes: Bytes::from_static(DOT),
    };
    assert_eq!(client.media_by_slug(&upload.slug).await.unwrap(), None);
    let made = client.upload(&upload).await.unwrap();
    assert_eq!(
        (made.slug.as_str(), made.alt_text.as_str(), made.mime_type.as_str()),
        (&*upload.slug, &*upload.alt_text, "image/gif")
    );
    assert_eq!((made.media_details.width, made.media_details.height), (1, 1));
    assert_eq!(client.media_by_slug(&upload.slug).await.unwrap().as_ref(), Some(&made));
    let changed = client.set_alt_text(made.id, "Other").await.unwrap();
    assert_eq!(changed.alt_text, "Other");
    assert_eq!(client.media_of(&[made.id, 99_999]).await.unwrap(), [changed]);
    let script = Upload {
        name: "x.php".into(),
        mime_type: "application/x-php".into(),
        ..upload.clone()
    };
    let refused = client.upload(&script).await.unwrap_err();
    assert!(refused.is_about_a_file(), "{refused:?}");
    site.faults("status 413");
    let large = client.upload(&upload).await.unwrap_err();
    assert!(large.is_about_a_file(), "{large:?}");
    client.delete_media(made.id).await.unwrap();
    client.delete_media(made.id).await.unwrap();
    assert_eq!(client.media_by_slug(&upload.slug).await.unwrap(), None);
}

#[tokio::test]
async fn what_goes_wrong_on_the_way_is_told_apart() {
    let site = RealWordPress::new("client_faults");
    let client = site.client("editor");
    for (fault, retry) in [
        ("status 500", true),
        ("status 502", true),
        ("status 503 7", true),
        ("status 429 120", true),
        ("cut", true),
        ("text {\"id\":", true),
        ("text <b>Warning</b>", false),
        ("login", false),
        ("redirect https://elsewhere.example/", false),
        ("redirect /wp-login.php", false),
        ("status 403", false),
        ("status 401", false),
    ] {
        site.faults(fault);
        let error = client.check().await.unwrap_err();
        assert_eq!(
            matches!(error.outcome(), Outcome::Retry { .. }),
            retry,
            "{fault}: {error:?}"
        );
        client.check().await.unwrap();
    }
    site.faults("lost 500");
    let fields = PostFields {
        title: Some("Once".into()),
        slug: Some("igny8-once".into()),
        ..Default::default()
    };
    let lost = client.create(&PostType::posts(), &fields).await.unwrap_err();
    assert!(matches!(lost.outcome(), Outcome::Retry { .. }), "{lost:?}");
    let there = client
        .post_by_slug(&PostType::posts(), &[], "igny8-once")
        .await
        .unwrap();
    assert!(there.is_some(), "a lost answer is found again by its slug");
}

#[tokio::test]
async fn the_page_of_the_posts_and_the_shared_blocks_are_found() {
    let site = RealWordPress::new("client_surroundings");
    let client = site.client("admin");
    assert_eq!(client.posts_page().await, Ok(None));
    assert!(client.shared_blocks().await.unwrap().is_empty());
    let made = site.php(
        "$page = wp_insert_post(['post_type' => 'page', 'post_title' => 'News', 'post_status' => 'publish']);
         $block = wp_insert_post(['post_type' => 'wp_block', 'post_title' => 'x', 'post_content' => '<p>Shared</p>', 'post_status' => 'publish']);
         update_option('show_on_front', 'page');
         update_option('page_for_posts', $page);
         echo \"$page $block\";",
    );
    let (page, block) = made.split_once(' ').unwrap();
    let found = client.discover().await.unwrap();
    let news = found.site.posts_page.unwrap();
    assert_eq!(news.id.to_string(), page);
    assert_eq!(news.link, format!("{}news/", site.url));
    let block: u64 = block.parse().unwrap();
    assert_eq!(found.shared_blocks[&block], "<p>Shared</p>");
    // Whom it does not say so sees it.
    let editor = site.client("editor");
    assert_eq!(editor.posts_page().await, Ok(Some(news)));
    assert_eq!(editor.shared_blocks().await.unwrap().len(), 1);
}
