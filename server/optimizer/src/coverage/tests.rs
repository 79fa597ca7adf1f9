use super::*;
use igny8_text::Language;

fn read(html: &str) -> Document {
    Document::read(html, Language::English, "example.com")
}

fn learn(references: &[&str], keywords: &[&str], contrast: &[&str]) -> Terms {
    let references: Vec<Document> = references.iter().map(|html| read(html)).collect();
    let contrast: Vec<Document> = contrast.iter().map(|html| read(html)).collect();
    let references: Vec<&Document> = references.iter().collect();
    let contrast: Vec<&Document> = contrast.iter().collect();
    Terms::learn(&references, keywords, &contrast, "en", DEFAULT_TERMS)
}

#[test]
fn percentiles_lie_between_neighbours() {
    let cases = [
        (&[][..], 0.5, 0.0),
        (&[3.0], 0.9, 3.0),
        (&[1.0, 2.0, 3.0, 4.0, 5.0], 0.25, 2.0),
        (&[0.0, 10.0], 0.75, 7.5),
    ];
    for (values, share, expected) in cases {
        assert!((percentile(values, share) - expected).abs() < 1e-9);
    }
}

#[test]
fn terms_of_many_references_are_important_and_common_words_are_not() {
    let references = [
        "<p>The sump pump moves water. A float switch starts the sump pump. Read our website.</p>",
        "<p>Check valves hold water back. The sump pump has a float switch. Read our website.</p>",
        "<p>Sump pumps need a float switch. Unicorns. Read our website.</p>",
    ];
    let contrast = [
        "<p>Read our website about cats.</p>",
        "<p>Read our website about dogs.</p>",
    ];
    let terms = learn(&references, &[], &contrast);
    let place = |text: &str| terms.terms().iter().position(|term| term.text == text);
    assert!(place("sump pump") < place("water"));
    assert!(place("float switch").is_some());
    assert!(place("float switch") < place("website"));
    assert_eq!(place("unicorns"), None, "of one text only");
    assert_eq!(place("the"), None);
    let sum: f64 = terms.terms().iter().map(|term| term.importance).sum();
    assert!((sum - 1.0).abs() < 1e-9);
}

#[test]
fn a_text_is_told_what_it_lacks_and_overdoes() {
    let references = ["<p>A sump pump with a float switch moves water out.</p>"; 3];
    let terms = learn(&references, &["battery backup"], &[]);
    let state = |html: &str, text: &str| {
        let coverage = terms.score(&read(html));
        coverage
            .terms
            .iter()
            .find(|term| term.text == text)
            .map(|term| term.state)
    };
    let cases = [
        ("<p>Cats.</p>", "float switch", State::Missing),
        ("<p>A float switch.</p>", "float switch", State::Good),
        ("<p>Cats.</p>", "battery backup", State::Missing),
        ("<p>Battery backups.</p>", "battery backup", State::Good),
        (&"<p>Water water water.</p>".repeat(9), "water", State::Overused),
    ];
    for (html, text, expected) in cases {
        assert_eq!(state(html, text), Some(expected), "{html} {text}");
    }
    let score = |html: &str| terms.score(&read(html)).score;
    assert_eq!(score("<p>Cats.</p>"), Some(0));
    assert!(score("<p>A sump pump.</p>") < score("<p>A sump pump with a float switch.</p>"));
    assert_eq!(
        score("<p>A sump pump with a float switch moves water out. Battery backup.</p>"),
        Some(100)
    );
}

#[test]
fn ranges_follow_the_length() {
    let words = |n: usize| {
        format!(
            "<p>{}</p>",
            "Zebra one two three four five six seven eight nine. ".repeat(n)
        )
    };
    let terms = learn(&[&words(10), &words(20)], &[], &[]);
    let range = |html: &str| {
        let coverage = terms.score(&read(html));
        let term = coverage.terms.iter().find(|term| term.text == "zebra").cloned();
        term.map(|term| (term.min, term.max, term.state))
    };
    assert_eq!(range(&words(30)), Some((30, 30, State::Good)));
    assert_eq!(
        range(&"<p>cat dog cow pig hen ox ass</p>".repeat(100)).map(|r| (r.0, r.2)),
        Some((70, State::Missing))
    );
}

#[test]
fn nothing_to_learn_from_is_no_score() {
    let terms = learn(&["", "<p>the</p>"], &[], &[]);
    assert_eq!(terms.score(&read("<p>x</p>")).score, None);
}

#[test]
fn learning_is_the_same_whatever_the_order() {
    let a = [
        "<p>Red fox runs.</p>",
        "<p>Red fox sleeps.</p>",
        "<p>Brown fox runs.</p>",
    ];
    let b = [a[2], a[0], a[1]];
    assert_eq!(learn(&a, &[], &[]), learn(&b, &[], &[]));
}
