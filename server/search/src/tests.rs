//! The index by itself: what is found, in what order, after what was written.

use super::*;

fn document(id: u128, language: &str, title: &str, text: &str) -> Document {
    Document {
        id,
        rev: 1,
        language: language.into(),
        title: title.into(),
        texts: vec![text.into()],
        facts: vec![format!("odd={}", id % 2)],
        ..Document::default()
    }
}

fn found(index: &Index, query: &str) -> Vec<u128> {
    let query = Query::parse(query).unwrap();
    index.find(&query, &[]).unwrap().into_iter().map(|hit| hit.id).collect()
}

fn open(folder: &tempfile::TempDir) -> Index {
    Index::open(folder.path()).unwrap()
}

#[test]
fn words_are_found_by_their_language() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(&folder);
    let documents = [
        document(1, "en", "Heat pumps", "They heat houses. The cost of a pump varies."),
        document(2, "de-AT", "Wärmepumpen im Altbau", "Alte Häuser und große Straßen."),
        document(3, "tr", "IŞIK ve ısı pompası", "İstanbul'da kısa bir yazı."),
        document(4, "zh", "水泵", "如何修理水泵。"),
    ];
    index.write(&documents, 0, "a", false).unwrap();
    for (query, expected) in [
        ("pump", vec![1]),
        ("PUMP ", vec![1]),
        ("houses cost ", vec![1]),
        ("houses nowhere", vec![]),
        ("house", vec![1]),
        ("haus ", vec![2]),
        ("Haeuser", vec![2]),
        ("hauser strasse ", vec![2]),
        ("warmepumpe ", vec![2]),
        ("Wärmep", vec![2]),
        ("Wärmep ", vec![]),
        ("isik", vec![3]),
        ("ISI POMPA ", vec![3]),
        ("istanbul", vec![3]),
        ("İSTANBUL", vec![3]),
        ("水泵", vec![4]),
        ("泵水", vec![]),
        ("\"heat houses\"", vec![1]),
        ("\"houses heat\"", vec![]),
        ("\"houses the cost\"", vec![1]),
        ("\"heat house\"", vec![]),
        ("\"pumps they\"", vec![]),
        ("\"", vec![]),
        ("?!", vec![]),
    ] {
        assert_eq!(found(&index, query), expected, "{query}");
    }
}

#[test]
fn mistyped_words_are_found_where_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(&folder);
    let documents = [
        document(1, "en", "Coffee grinders", "Burr and blade."),
        document(2, "en", "Toffee", "It is sweet."),
        document(3, "en", "Water", "Kettles that pour."),
    ];
    index.write(&documents, 0, "", false).unwrap();
    for (query, expected, near) in [
        ("ketle ", vec![3], true),
        ("ketles", vec![3], true),
        ("coffee ", vec![1], false),
        ("cofee ", vec![1], true),
        ("ocffee", vec![1], true),
        ("coffee grindrs", vec![1], true),
        ("offee ", vec![1, 2], true),
        ("cofee swete", vec![], true),
        ("\"cofee\"", vec![], false),
        ("\"cofee grinders\" blade", vec![], true),
        ("bade", vec![], false),
        ("cofe", vec![], false),
    ] {
        let (hits, by) = index.find_or_near(Query::parse(query).unwrap(), &[]).unwrap();
        let mut ids: Vec<u128> = hits.iter().map(|hit| hit.id).collect();
        ids.sort_unstable();
        assert_eq!((ids, by.is_near()), (expected, near), "{query}");
    }
    assert!(found(&index, "cofee ").is_empty(), "only where it may be");
    let odd = index.find_or_near(Query::parse("offee ").unwrap(), &["odd=1".into()]);
    assert_eq!(odd.unwrap().0.len(), 1, "conditions hold");
}

#[test]
fn the_better_place_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(&folder);
    let filler = "Water and time say more than any device that is sold in a shop.";
    let mut heading = document(2, "en", "Something", filler);
    heading.headings = vec!["The kettle".into()];
    let documents = [
        document(1, "en", "Something", &format!("{filler} A kettle.")),
        heading,
        document(3, "en", "The kettle", filler),
        document(4, "en", "Something", &format!("{filler} Many kettles.")),
        document(5, "en", "Something", filler),
    ];
    index.write(&documents, 0, "", false).unwrap();
    assert_eq!(
        found(&index, "kettle "),
        [3, 2, 1, 4],
        "title, heading, the word itself, its plural"
    );
    let odd = index.find(&Query::parse("kettle").unwrap(), &["odd=1".into()]).unwrap();
    assert_eq!(odd.iter().map(|hit| hit.id).collect::<Vec<_>>(), [3, 1]);
    let plain = index.find(&Query::parse("kettle").unwrap(), &[]).unwrap();
    assert_eq!(
        odd[0].score, plain[0].score,
        "conditions do not change what a text is worth"
    );
}

#[test]
fn what_is_written_replaces_what_was_there_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(&folder);
    let many: Vec<Document> = (0..20).map(|id| document(id, "en", "Old", "old words")).collect();
    for one in &many {
        index.write(std::slice::from_ref(one), 0, "first", false).unwrap();
    }
    assert_eq!(found(&index, "old ").len(), 20);
    let mut edited = document(7, "en", "New", "new words");
    edited.rev = 2;
    let mut deleted = document(8, "en", "Old", "deleted words");
    deleted.deleted = Some(1_000);
    index.write(&[edited, deleted], 0, "second", true).unwrap();
    assert_eq!(found(&index, "old ").len(), 19);
    assert_eq!(found(&index, "new "), [7]);
    assert_eq!(found(&index, "deleted "), [8]);
    assert_eq!(index.revisions(&[6, 7, 20]).unwrap(), [(6, 1), (7, 2)].into());
    assert_eq!(index.text(7).unwrap().as_deref(), Some("new words"));
    assert_eq!(index.text(20).unwrap(), None);

    drop(index);
    let index = open(&folder);
    assert_eq!(index.note().unwrap().as_deref(), Some("second"));
    assert!(Index::written_at(folder.path()).is_some());
    assert!(Index::written_at(&folder.path().join("none")).is_none());
    index.write(&[], 1_001, "third", false).unwrap();
    assert_eq!(found(&index, "deleted ").len(), 0, "deleted long enough");
    assert_eq!(found(&index, "words ").len(), 19);
    index.clear().unwrap();
    assert_eq!((found(&index, "words ").len(), index.note().unwrap()), (0, None));
}

#[test]
fn a_broken_folder_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder)
        .write(&[document(1, "en", "One", "")], 0, "x", false)
        .unwrap();
    std::fs::write(folder.path().join("meta.json"), "{").unwrap();
    let index = open(&folder);
    assert_eq!(index.note().unwrap(), None);
    index.write(&[document(1, "en", "One", "")], 0, "x", false).unwrap();
    assert_eq!(found(&index, "one"), [1]);
}

#[test]
fn hostile_queries_and_texts_are_only_words() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(&folder);
    let odd = [
        "a/en",
        "language=en",
        "\0\u{1}",
        "/",
        &"x".repeat(70_000),
        &"é".repeat(70_000),
    ]
    .join(" ");
    index.write(&[document(1, "x=/y\0", &odd, &odd)], 0, "", false).unwrap();
    for query in [
        "a/en",
        "language=en",
        "\"a en\"",
        "/*",
        "\0",
        "((((",
        "\"\"\"",
        "^~2:[* TO *]",
    ] {
        let _ = found(&index, query);
    }
    assert_eq!(found(&index, &"x".repeat(300)), [1], "cut alike in text and query");
}
