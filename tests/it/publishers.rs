//! What every publisher of documents promises, tried against the real thing.

use std::collections::{BTreeMap, BTreeSet};

use igny8_server::publish::wordpress::{BodyForm, Wordpress, WordpressSettings};
use igny8_server::publish::{
    Document, DocumentFile, DocumentKind, DocumentStatus, DocumentTerm, Journal, Known, KnownKind, Part, PublishError,
    Publisher, Receipt, RemoteState, TermStep, Writing,
};
use igny8_wordpress::testing::RealWordPress;

/// The other side, as somebody sees it who goes there.
trait Beyond {
    /// Titles of what visitors see.
    async fn visible(&self) -> Vec<String>;
    /// How much is there, visible or not.
    async fn places(&self) -> usize;
    /// Somebody changes the title of something.
    async fn edit(&self, id: &str, title: &str);
    /// Somebody deletes something for good.
    async fn delete(&self, id: &str);
    /// Requests that changed something since the last time this was asked.
    fn writes(&self) -> usize;
    /// The next requests are answered so, or not at all.
    fn fails(&self, how: Fault);
}

enum Fault {
    Down,
    Password,
    /// What is written is done, and the answer to it lost.
    Lost,
    None,
}

/// What was kept last: what was there, and what was to be written.
#[derive(Default)]
struct Kept(Option<(String, String)>);

impl Journal for Kept {
    async fn about_to_write(&mut self, there: &str, writing: &str) -> Result<(), PublishError> {
        self.0 = Some((there.to_owned(), writing.to_owned()));
        Ok(())
    }
}

impl Kept {
    /// What is known of a place after an attempt whose answer was lost.
    fn after(&mut self, at: &Receipt) -> Receipt {
        let (hash, writing) = self.0.take().expect("something was to be written");
        Receipt {
            remote: Some(RemoteState { hash, modified: None }),
            writing: Some(Writing {
                hash: writing,
                at: chrono::DateTime::UNIX_EPOCH,
            }),
            ..at.clone()
        }
    }
}

/// A journal that nothing can be kept in.
struct Full;

impl Journal for Full {
    async fn about_to_write(&mut self, _: &str, _: &str) -> Result<(), PublishError> {
        Err(PublishError::retry("It is full."))
    }
}

fn document(key: &str, title: &str) -> Document {
    Document {
        key: key.to_owned(),
        content: format!("cont_{key}"),
        kind: DocumentKind::Post,
        title: title.to_owned(),
        slug: format!("slug-of-{key}"),
        place: None,
        html: "<h2>A</h2>\n<p>b</p>".into(),
        changed: None,
        foreign: false,
        excerpt: "c".into(),
        status: DocumentStatus::Published,
        date: None,
        language: "en".into(),
        author: None,
        terms: vec![DocumentTerm {
            taxonomy: "blog_category".into(),
            path: vec![
                TermStep {
                    id: "t1".into(),
                    name: "Above".into(),
                    slug: "above".into(),
                    description: String::new(),
                },
                TermStep {
                    id: "t2".into(),
                    name: "Below".into(),
                    slug: "below".into(),
                    description: String::new(),
                },
            ],
        }],
        featured: None,
        files: Vec::new(),
        seo_title: String::new(),
        seo_description: String::new(),
        canonical_url: None,
        indexable: true,
        meta: BTreeMap::new(),
        extra: serde_json::Value::Null,
    }
}

/// The promises.
async fn contract(publisher: &impl Publisher, there: &impl Beyond) {
    let (mut known, mut journal) = (Known::default(), Kept::default());
    publisher.check().await.unwrap();
    let first = document("pub_1", "One");

    // A place is made once, whoever was killed after making it, and nobody sees it.
    let place = publisher.reserve(&first).await.unwrap();
    assert_eq!(publisher.reserve(&first).await.unwrap().id, place.id);
    assert_eq!((there.places().await, there.visible().await.len()), (1, 0));

    // Published, and published again with the same: one, and nothing more is written.
    let sent = publisher
        .publish(&first, &place, &mut known, &mut journal)
        .await
        .unwrap();
    assert_eq!(sent.id, place.id);
    assert_eq!(there.visible().await, ["One"]);
    there.writes();
    let again = publisher
        .publish(&first, &sent, &mut known, &mut journal)
        .await
        .unwrap();
    assert_eq!((there.writes(), &again.remote), (0, &sent.remote));
    assert_eq!(journal.0, None, "nothing was written over what was known to be there");
    // The receipt of the last write was lost: it is seen that what is there is what was to be there.
    publisher
        .publish(&first, &place, &mut known, &mut journal)
        .await
        .unwrap();
    assert_eq!((there.writes(), there.places().await), (0, 1));
    // What was made on the way is known, and found again without being known.
    assert!(known.get(KnownKind::Term, "t2").is_some());
    publisher
        .publish(&first, &sent, &mut Known::default(), &mut journal)
        .await
        .unwrap();
    assert_eq!(there.places().await, 1);

    // An edit updates.
    let edited = document("pub_1", "One, edited");
    let sent = publisher
        .publish(&edited, &sent, &mut known, &mut journal)
        .await
        .unwrap();
    assert_eq!(
        (there.visible().await, there.places().await),
        (vec!["One, edited".to_owned()], 1)
    );

    assert!(journal.0.take().is_some());

    // Nothing is written that was not kept before. Where the answer is lost, what was written is ours, and another text replaces
    // it; but not what somebody wrote over it.
    let [second, third] = ["One, second", "One, third"].map(|title| document("pub_1", title));
    there.writes();
    let unkept = publisher.publish(&second, &sent, &mut known, &mut Full).await;
    assert!(matches!(unkept, Err(PublishError::Retry { .. })));
    assert_eq!(there.writes(), 0);
    there.fails(Fault::Lost);
    let lost = publisher.publish(&second, &sent, &mut known, &mut journal).await;
    assert!(matches!(lost, Err(PublishError::Retry { .. })));
    let after = journal.after(&sent);
    let lost = publisher.publish(&third, &after, &mut known, &mut journal).await;
    assert!(matches!(lost, Err(PublishError::Retry { .. })));
    there.fails(Fault::None);
    assert_eq!(there.visible().await, ["One, third"]);
    let after = journal.after(&after);
    let sent = publisher
        .publish(&edited, &after, &mut known, &mut journal)
        .await
        .unwrap();
    assert_eq!(
        (there.visible().await, &sent.writing),
        (vec!["One, edited".to_owned()], &None)
    );
    there.fails(Fault::Lost);
    let lost = publisher.publish(&third, &sent, &mut known, &mut journal).await;
    assert!(matches!(lost, Err(PublishError::Retry { .. })));
    there.fails(Fault::None);
    there.edit(&sent.id, "Theirs").await;
    let after = journal.after(&sent);
    let written = publisher.publish(&edited, &after, &mut known, &mut journal).await;
    assert!(matches!(written, Err(PublishError::Conflict(_))), "{written:?}");

    // Edited there meanwhile: told, with their copy, and not overwritten.
    match publisher.publish(&first, &sent, &mut known, &mut journal).await {
        Err(PublishError::Conflict(copy)) => assert_eq!(copy.title, "Theirs"),
        other => panic!("{other:?}"),
    }
    assert_eq!(there.visible().await, ["Theirs"]);
    // Parts that were not changed here are left as they are there, and what was edited of them is still to be seen.
    let mut part = document("pub_1", "Not sent");
    part.changed = Some(BTreeSet::from([Part::Excerpt]));
    there.writes();
    let unseen = publisher.publish(&part, &sent, &mut known, &mut journal).await.unwrap();
    assert_eq!((there.writes(), &unseen.remote), (0, &sent.remote));
    part.excerpt = "d".into();
    let seen = Receipt {
        remote: None,
        ..sent.clone()
    };
    let sent = publisher.publish(&part, &seen, &mut known, &mut journal).await.unwrap();
    assert_eq!(there.visible().await, ["Theirs"]);

    // Down, and a wrong password: told apart, and nothing is lost or doubled.
    let mut second = document("pub_2", "Two");
    there.fails(Fault::Down);
    assert!(matches!(
        publisher.reserve(&second).await,
        Err(PublishError::Retry { .. })
    ));
    there.fails(Fault::Password);
    assert!(matches!(
        publisher.reserve(&second).await,
        Err(PublishError::Connection(_))
    ));
    there.fails(Fault::None);
    let place = publisher.reserve(&second).await.unwrap();
    // Everything goes to a place that is new, whatever was changed.
    second.changed = Some(BTreeSet::from([Part::Title]));
    publisher
        .publish(&second, &place, &mut known, &mut journal)
        .await
        .unwrap();
    assert_eq!(
        (there.places().await, there.visible().await),
        (2, vec!["Theirs".to_owned(), "Two".to_owned()])
    );

    // Edited there meanwhile: not removed either, until somebody has seen that.
    there.edit(&sent.id, "Kept").await;
    match publisher.remove(&sent).await {
        Err(PublishError::Conflict(copy)) => assert_eq!(copy.title, "Kept"),
        other => panic!("{other:?}"),
    }
    assert_eq!(there.visible().await, ["Kept", "Two"]);
    let seen = Receipt {
        remote: None,
        ..sent.clone()
    };

    // Removed: not visible, also the second time, and brought back to the same place.
    publisher.remove(&seen).await.unwrap();
    assert_eq!(there.visible().await, ["Two"]);
    publisher.remove(&sent).await.unwrap();
    let removed = Receipt {
        status: Some("trash".into()),
        remote: None,
        ..sent.clone()
    };
    let back = publisher
        .publish(&edited, &removed, &mut known, &mut journal)
        .await
        .unwrap();
    assert_eq!((back.id.as_str(), there.visible().await.len()), (sent.id.as_str(), 2));

    // Deleted there: gone for publishing, and fine for removing.
    there.delete(&back.id).await;
    assert!(matches!(
        publisher.publish(&edited, &back, &mut known, &mut journal).await,
        Err(PublishError::Gone)
    ));
    publisher.remove(&back).await.unwrap();
}

struct There(RealWordPress);

impl Beyond for There {
    async fn visible(&self) -> Vec<String> {
        let told = self.0.php("foreach (get_posts(['numberposts' => -1, 'orderby' => 'ID', 'order' => 'ASC']) as $p) { echo $p->post_title, \"\\n\"; }");
        told.lines().map(str::to_owned).collect()
    }

    async fn places(&self) -> usize {
        let told = self
            .0
            .php("echo count(get_posts(['numberposts' => -1, 'post_status' => ['any', 'trash']]));");
        told.trim().parse().unwrap()
    }

    async fn edit(&self, id: &str, title: &str) {
        self.0
            .php(&format!("wp_update_post(['ID' => {id}, 'post_title' => '{title}']);"));
    }

    async fn delete(&self, id: &str) {
        self.0.php(&format!("wp_delete_post({id}, true);"));
    }

    fn writes(&self) -> usize {
        self.0.writes()
    }

    fn fails(&self, how: Fault) {
        self.0.faults(match how {
            Fault::Down => "always status 503",
            Fault::Password => "always login",
            Fault::Lost => "always with title lost 500",
            Fault::None => "",
        });
    }
}

#[tokio::test]
async fn wordpress_keeps_the_contract() {
    for (name, body) in [("contract_html", BodyForm::Html), ("contract_blocks", BodyForm::Blocks)] {
        let there = RealWordPress::new(name);
        let client = there.client("editor");
        let discovered = client.discover().await.unwrap();
        let settings = WordpressSettings {
            body,
            ..WordpressSettings::default()
        };
        contract(&Wordpress::new(client, discovered, settings), &There(there)).await;
    }
}

#[tokio::test]
async fn wordpress_keeps_tags_that_it_takes_for_one_another() {
    let there = RealWordPress::new("contract_tags");
    there.php("wp_insert_term('C++', 'post_tag', ['slug' => 'c']);");
    let client = there.client("editor");
    let discovered = client.discover().await.unwrap();
    let publisher = Wordpress::new(client, discovered, WordpressSettings::default());
    let mut one = document("pub_1", "One");
    one.terms = vec![DocumentTerm {
        taxonomy: "blog_tag".into(),
        path: vec![TermStep {
            id: "t1".into(),
            name: "C#".into(),
            slug: "c-sharp".into(),
            description: String::new(),
        }],
    }];
    let (mut known, mut journal) = (Known::default(), Kept::default());
    let place = publisher.reserve(&one).await.unwrap();
    let sent = publisher.publish(&one, &place, &mut known, &mut journal).await.unwrap();
    let tags = format!(
        "echo implode(',', wp_get_post_tags({}, ['fields' => 'names']));",
        sent.id
    );
    assert_eq!(there.php(&tags).trim(), "C#");
    one.title = "One, edited".into();
    one.changed = Some(BTreeSet::from([Part::Title]));
    publisher.publish(&one, &sent, &mut known, &mut journal).await.unwrap();
    assert_eq!(there.php(&tags).trim(), "C#");
}

#[tokio::test]
async fn wordpress_gets_each_file_once_and_goes_on_without_one_that_it_does_not_take() {
    let there = RealWordPress::new("contract_files");
    let client = there.client("editor");
    let discovered = client.discover().await.unwrap();
    let publisher = Wordpress::new(client, discovered, WordpressSettings::default());
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(8, 4, image::Rgb([1, 2, 3]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    let file = |name: &str, bytes: &[u8], ending: &str, mime: &str| {
        let hash = blake3::hash(bytes).to_hex().to_string();
        let path = folder.path().join(&hash);
        std::fs::write(&path, bytes).unwrap();
        DocumentFile {
            path: format!("/media/{}.{ending}", &hash[..32]),
            hash,
            name: name.into(),
            mime: mime.into(),
            alt: "Alt".into(),
            title: String::new(),
            file: path,
        }
    };
    let png = file("Grüße aus ../x.jpg", bytes.get_ref(), "png", "image/png");
    let svg = file(
        "x.svg",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "svg",
        "image/svg+xml",
    );
    let mut one = document("pub_1", "One");
    one.html = format!(
        "<p><img src=\"{}\" alt=\"x\"></p><p><img src='{}'></p>",
        png.path, svg.path
    );
    one.featured = Some(png.hash.clone());
    one.files = vec![png.clone(), svg];
    let (mut known, mut journal) = (Known::default(), Kept::default());
    let place = publisher.reserve(&one).await.unwrap();
    let sent = publisher.publish(&one, &place, &mut known, &mut journal).await.unwrap();
    assert_eq!(sent.notes.len(), 1, "{:?}", sent.notes);
    let mut two = document("pub_2", "Two");
    two.featured = Some(png.hash.clone());
    two.files = vec![png.clone()];
    let place = publisher.reserve(&two).await.unwrap();
    // Known, and found again by whoever does not know.
    publisher.publish(&two, &place, &mut known, &mut journal).await.unwrap();
    publisher
        .publish(&two, &place, &mut Known::default(), &mut journal)
        .await
        .unwrap();
    let count =
        "echo count(get_posts(['post_type' => 'attachment', 'post_status' => 'inherit', 'numberposts' => -1]));";
    assert_eq!(there.php(count).trim(), "1");
    // Deleted there: sent again.
    let image = known.get(KnownKind::Media, &png.hash).unwrap().external_id.clone();
    there.php(&format!("wp_delete_attachment({image}, true);"));
    let mut three = document("pub_3", "Three");
    three.featured = Some(png.hash.clone());
    three.files = vec![png];
    let place = publisher.reserve(&three).await.unwrap();
    publisher
        .publish(&three, &place, &mut known, &mut journal)
        .await
        .unwrap();
    assert_eq!(there.php(count).trim(), "1");
}
