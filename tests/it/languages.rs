//! Sites in other languages than English, from keywords to pages.

use igny8_server::testing::World;
use serde_json::{Value, json};

use crate::journey::subject;
use crate::trip::{Page, Trip, assert_carried, check, id};

/// Whatever is typed into the search, percent-encoded, finds the content or does not.
async fn assert_finds(t: &Trip<'_>, content: &str, searches: &[(&str, bool)]) {
    for (search, found) in searches {
        let list = t.list(&format!("content?search={search}")).await;
        assert_eq!(list.iter().any(|row| row["id"] == content), *found, "{search}");
    }
}

/// The page of a draft, published: it is in its language, under its title.
async fn published(w: &World, t: &Trip<'_>, draft: &Value) -> Page {
    t.publish(&id(draft)).await;
    w.run_jobs().await;
    t.live().await;
    let page = t.visit(draft["path"].as_str().unwrap()).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.of("html", ("dir", "ltr"), "lang"), draft["language"]);
    assert_eq!(page.only("h1"), draft["title"]);
    assert_eq!(page.node("WebPage")["inLanguage"], draft["language"]);
    page
}

const GERMAN: &str = "Gute Ergebnisse kommen von kleinen Schritten. Zuerst schaut man, was da ist, und dann, was fehlt. Danach \
    schreibt man beides auf. Wasser, Zeit und Wärme zählen mehr als jedes Gerät. Man ändert immer nur eine Sache, damit man \
    weiß, was geholfen hat. Was gut ist, bleibt, und der Rest kommt weg. Nach einer Woche ist das Neue leicht und kostet \
    nichts. Am besten probiert es auch ein anderer aus, denn zwei sehen mehr als einer.";

#[tokio::test]
async fn a_german_site_is_written_in_german() {
    let w = World::new().await;
    let t = Trip::new(&w, "waerme.example", json!({ "language": "de" })).await;
    let heat = subject(
        "wärmepumpe",
        &[
            "beste ~",
            "~ vergleich",
            "wie funktioniert eine ~",
            "~ kosten",
            "~ förderung",
            "~ altbau",
            "~ lautstärke",
            "~ wartung",
        ],
    );
    let sun = subject(
        "solaranlage",
        &[
            "~ speicher",
            "~ reinigen",
            "~ mieten",
            "~ balkon",
            "~ größe",
            "~ ertrag",
        ],
    );
    let (_, category, ideas) = t.planned(&[heat, sun].concat()).await;
    for idea in &ideas {
        let brief = idea["brief"].as_str().unwrap();
        assert!(
            brief.starts_with("Zielt auf „") && brief.contains("(Suchen im Monat: "),
            "{idea}"
        );
    }
    let drafts = t.drafted(&[&ideas[0]]).await;
    assert_carried(&drafts[0]);
    let draft = &drafts[0].content;
    let content = id(draft);
    assert_eq!(draft["language"], "de", "{draft}");
    assert!(
        draft["body"].as_str().unwrap().contains("> ✎ Dies ist ein Entwurf"),
        "{draft}"
    );
    // Marks are spelled out where the title has any.
    let (slug, title) = (draft["slug"].as_str().unwrap(), draft["title"].as_str().unwrap());
    assert!(slug.is_ascii(), "{slug}");
    assert_eq!(
        title.contains("ärmepumpe"),
        slug.contains("aermepumpe"),
        "{title}: {slug}"
    );
    t.mend(&content, GERMAN, "").await;

    let report = t.get(&format!("content/{content}/score")).await;
    for scored in ["reading_ease", "passive_voice", "transition_words", "sentence_length"] {
        assert_ne!(
            check(&report, scored)["light"],
            "not_scored",
            "{}",
            check(&report, scored)
        );
    }
    let ease = &check(&report, "reading_ease")["measured"];
    assert_eq!(ease["unit"], "reading_ease", "{ease}");
    let in_slug = check(&report, "keyword_in_slug");
    assert_eq!(in_slug["light"], "green", "{in_slug}");

    // By hand: whatever is typed finds it.
    let made = json!({ "content_type": "post", "title": "Über Öl und Wärme", "body": "Ein Text über Straßen." });
    let made = t.made(&w.a.editor, "content", made).await;
    assert_eq!(made["path"], "/blog/ueber-oel-und-waerme/", "{made}");
    let finds = [
        ("%C3%BCber", true),
        ("%C3%96L", true),
        ("stra%C3%9Fen", true),
        ("schnee", false),
    ];
    assert_finds(&t, &id(&made), &finds).await;

    let page = published(&w, &t, draft).await;
    assert!(page.text.contains("Gute Ergebnisse kommen von kleinen Schritten"));
    let archive = format!("/categories/{}/", category["slug"].as_str().unwrap());
    assert!(archive.is_ascii(), "{archive}");
    assert!(t.visit(&archive).await.links_to(draft["path"].as_str().unwrap()));
}

const TURKISH: &str = "İyi sonuçlar küçük adımlarla gelir. Önce elinizde ne olduğuna bakın, sonra eksikleri yazın. Su, zaman ve \
    sıcaklık her araçtan daha önemlidir. Her seferinde tek bir şeyi değiştirin ki neyin işe yaradığını bilesiniz. İşe yarayanı \
    koruyun, gerisini bırakın. Bir hafta sonra doğru alışkanlık yanlıştan daha kolaydır ve hiçbir şeye mal olmaz. Başka birine \
    de denetin, çünkü iki kişi tek kişiden daha çok şey fark eder.";

#[tokio::test]
async fn a_turkish_site_is_written_in_turkish() {
    let w = World::new().await;
    let t = Trip::new(&w, "isi.example", json!({ "language": "tr" })).await;
    let heat = subject(
        "ısı pompası",
        &[
            "en iyi ~",
            "istanbul ~",
            "~ nedir",
            "~ fiyatları",
            "~ bakımı",
            "~ kurulumu",
            "~ elektrik tüketimi",
            "~ yorumları",
        ],
    );
    let sun = subject(
        "güneş paneli",
        &[
            "~ kurulumu",
            "~ temizliği",
            "~ ömrü",
            "~ verimi",
            "~ ölçüleri",
            "balkon ~",
        ],
    );
    let (_, _, ideas) = t.planned(&[heat, sun].concat()).await;
    for idea in &ideas {
        // There are no sentences for it in this language, so it says the keywords alone.
        let primary = idea["primary_keyword"]["text"].as_str().unwrap();
        let brief = idea["brief"].as_str().unwrap();
        assert!(brief.starts_with(&format!("“{primary}”")), "{idea}");
    }
    let drafts = t.drafted(&[&ideas[0]]).await;
    assert_carried(&drafts[0]);
    let draft = &drafts[0].content;
    let content = id(draft);
    assert_eq!(draft["language"], "tr", "{draft}");
    let (slug, title) = (draft["slug"].as_str().unwrap(), draft["title"].as_str().unwrap());
    assert!(slug.is_ascii() && !slug.is_empty(), "{title}: {slug}");
    // There are no words for what to write in this language, so its notes say none of another.
    let body = draft["body"].as_str().unwrap();
    assert!(body.contains("> ✎ …") && !body.contains("This "), "{body}");
    t.mend(&content, TURKISH, "").await;
    let report = t.get(&format!("content/{content}/score")).await;
    let ease = check(&report, "reading_ease");
    assert_eq!(
        (&ease["light"], &ease["weight"], &ease["mend"]["key"]),
        (&json!("not_scored"), &json!(0.0), &json!("language_without_rules")),
        "{ease}"
    );
    let in_slug = check(&report, "keyword_in_slug");
    assert_eq!(in_slug["light"], "green", "{in_slug}");

    let made = json!({ "content_type": "post", "title": "İstanbul'da IŞIK ve ısı", "body": "Kısa bir yazı." });
    let made = t.made(&w.a.editor, "content", made).await;
    assert_eq!(made["path"], "/blog/istanbul-da-isik-ve-isi/", "{made}");
    // "istanbul", "İSTANBUL", "ışık", "IŞIK", "ısı", "ISI", "kısa".
    let finds = [
        ("istanbul", true),
        ("%C4%B0STANBUL", true),
        ("%C4%B1%C5%9F%C4%B1k", true),
        ("I%C5%9EIK", true),
        ("%C4%B1s%C4%B1", true),
        ("ISI", true),
        ("k%C4%B1sa", true),
        ("kar", false),
    ];
    assert_finds(&t, &id(&made), &finds).await;

    let page = published(&w, &t, draft).await;
    assert!(page.text.contains("İyi sonuçlar küçük adımlarla gelir."));
}

#[tokio::test]
async fn a_page_of_a_further_language_leaves_a_redirect_where_it_was() {
    let w = World::new().await;
    let t = Trip::new(&w, "pier.example", json!({ "languages": ["en", "de"] })).await;
    let post = json!({ "content_type": "post", "title": "Erster", "body": "Ein Text.", "language": "de" });
    let post = id(&t.made(&w.a.editor, "content", post).await);
    t.force(std::slice::from_ref(&post)).await;
    w.run_jobs().await;
    assert_eq!(t.visit("/de/blog/erster/").await.status, 200);
    let rest = format!("content/{post}");
    let moved = t.change(&rest, json!({ "slug": "zweiter" })).await;
    assert_eq!(moved["aliases"], json!(["/de/blog/erster/"]), "{moved}");
    w.run_jobs().await;
    let old = t.visit("/de/blog/erster/").await;
    assert_eq!((old.status, old.location.as_str()), (301, "/de/blog/zweiter/"));
    assert_eq!(t.visit("/blog/erster/").await.status, 404, "it never stood there");
    // Said to be English after all, it moves again.
    let moved = t.change(&rest, json!({ "language": "en" })).await;
    assert_eq!(
        moved["aliases"],
        json!(["/de/blog/erster/", "/de/blog/zweiter/"]),
        "{moved}"
    );
    w.run_jobs().await;
    t.live().await;
    assert_eq!(t.visit("/blog/zweiter/").await.status, 200);
    for old in ["/de/blog/erster/", "/de/blog/zweiter/"] {
        let old = t.visit(old).await;
        assert_eq!((old.status, old.location.as_str()), (301, "/blog/zweiter/"));
    }
}
