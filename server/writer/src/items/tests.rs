use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Texts of several lines go together if the sides changed different ones.
fn lines(base: &str, mine: &str, theirs: &str) -> Option<String> {
    let [b, m, t] = [base, mine, theirs].map(|text| text.lines().collect::<Vec<_>>());
    if b.len() != m.len() || b.len() != t.len() {
        return None;
    }
    let merged = b
        .iter()
        .zip(m)
        .zip(t)
        .map(|((old, mine), theirs)| match (mine, theirs) {
            (mine, theirs) if mine == theirs || theirs == *old => Some(mine),
            (mine, theirs) => (mine == *old).then_some(theirs),
        });
    Some(merged.collect::<Option<Vec<_>>>()?.join("\n"))
}

fn merged(base: &Value, mine: &Value, theirs: &Value) -> Merged {
    let list = |value: &Value| value.as_array().cloned().expect("a list");
    merge(&list(base), &list(mine), &list(theirs), &lines)
}

fn hero(heading: &str, text: &str) -> Value {
    json!({ "type": "hero", "heading": heading, "text": text })
}

fn faq(question: &str, answer: &str) -> Value {
    json!({ "question": question, "answer": answer })
}

#[test]
fn what_two_people_changed_goes_together() {
    let stats = |value: &str| json!({ "type": "stats", "items": [{ "value": value, "label": "years" }] });
    let cta = json!({ "type": "cta", "heading": "Call" });
    let base = json!([hero("H", "a\nb"), stats("1"), cta]);
    for (what, mine, theirs, both) in [
        (
            "another block each",
            json!([hero("H", "A\nb"), stats("1"), cta]),
            json!([hero("H", "a\nb"), stats("2"), cta]),
            json!([hero("H", "A\nb"), stats("2"), cta]),
        ),
        (
            "another field of one block",
            json!([hero("Mine", "a\nb"), stats("1"), cta]),
            json!([hero("H", "theirs\nb"), stats("1"), cta]),
            json!([hero("Mine", "theirs\nb"), stats("1"), cta]),
        ),
        (
            "another line of one text",
            json!([hero("H", "A\nb"), stats("1"), cta]),
            json!([hero("H", "a\nB"), stats("1"), cta]),
            json!([hero("H", "A\nB"), stats("1"), cta]),
        ),
        (
            "one moved, one changed",
            json!([cta, hero("H", "a\nb"), stats("1")]),
            json!([hero("H", "a\nb"), stats("2"), cta]),
            json!([cta, hero("H", "a\nb"), stats("2")]),
        ),
        (
            "one took out, one added",
            json!([hero("H", "a\nb"), cta]),
            json!([hero("H", "a\nb"), stats("1"), cta, hero("New", "")]),
            json!([hero("H", "a\nb"), cta, hero("New", "")]),
        ),
        (
            "both added the same, and each something",
            json!([hero("H", "a\nb"), hero("Both", "x"), hero("Mine", ""), stats("1"), cta]),
            json!([
                hero("H", "a\nb"),
                hero("Both", "x"),
                stats("1"),
                cta,
                hero("Theirs", "")
            ]),
            json!([
                hero("H", "a\nb"),
                hero("Both", "x"),
                hero("Mine", ""),
                stats("1"),
                cta,
                hero("Theirs", "")
            ]),
        ),
        (
            "a field that was not there",
            json!([hero("H", "a\nb"), stats("1"), { "type": "cta", "heading": "Call", "anchor": "call" }]),
            json!([hero("H", "a\nb"), stats("1"), { "type": "cta" }]),
            json!([hero("H", "a\nb"), stats("1"), { "type": "cta", "anchor": "call" }]),
        ),
        (
            "an entry of one block each",
            json!([hero("H", "a\nb"), { "type": "stats", "items": [{ "value": "1", "label": "years" }, { "value": "9" }] }, cta]),
            json!([hero("H", "a\nb"), { "type": "stats", "items": [{ "value": "3", "label": "years" }] }, cta]),
            json!([hero("H", "a\nb"), { "type": "stats", "items": [{ "value": "3", "label": "years" }, { "value": "9" }] }, cta]),
        ),
    ] {
        assert_eq!(
            merged(&base, &mine, &theirs).whole().map(Value::Array),
            Some(both.clone()),
            "{what}"
        );
        // The other way round, but for the order of what both put at one place.
        let other = merged(&base, &theirs, &mine).whole().unwrap_or_default();
        let sorted = |list: &[Value]| {
            let mut texts: Vec<String> = list.iter().map(Value::to_string).collect();
            texts.sort_unstable();
            texts
        };
        assert_eq!(
            sorted(&other),
            sorted(both.as_array().expect("a list")),
            "{what}, the other way"
        );
    }
}

#[test]
fn questions_are_told_by_their_words_and_places() {
    let base = json!([faq("Why?", "Because."), faq("When?", "Now."), faq("Who?", "We.")]);
    // One puts another word into a question and moves a second; the other writes their answers.
    let mine = json!([faq("Who?", "We."), faq("Why then?", "Because."), faq("When?", "Now.")]);
    let theirs = json!([
        faq("Why?", "Because."),
        faq("When?", "Soon."),
        faq("Who?", "All of us.")
    ]);
    let both = json!([
        faq("Who?", "All of us."),
        faq("Why then?", "Because."),
        faq("When?", "Soon.")
    ]);
    assert_eq!(merged(&base, &mine, &theirs).whole().map(Value::Array), Some(both));
}

#[test]
fn what_contradicts_names_its_item_and_shows_both_sides() {
    let base =
        json!([hero("H", "a"), { "type": "cta", "links": [{ "label": "Go", "url": "/a" }] }, faq("Why?", "Because.")]);
    let conflicts = |mine: &Value, theirs: &Value| -> Vec<Conflict> {
        let merged = merged(&base, mine, theirs);
        assert_eq!(merged.whole(), None);
        let conflicts = merged.items.into_iter().filter_map(|item| match item {
            Item::Conflict(conflict) => Some(*conflict),
            Item::Agreed(_) => None,
        });
        conflicts.collect()
    };
    let links = |label: &str| json!({ "type": "cta", "links": [{ "label": label, "url": "/a" }] });
    // A field of an entry, in a block whose other fields go together.
    let found = conflicts(
        &json!([hero("Mine", "a"), links("Buy"), faq("Why?", "Because.")]),
        &json!([hero("H", "new"), links("Order"), faq("Why?", "Because.")]),
    );
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].base.as_ref().map(|b| b.0), found[0].merged.clone()),
        (Some(1), Some(links("Buy")))
    );
    // The label is what an entry is called, so that it is told by its place.
    assert_eq!(
        found[0].fields,
        [Field {
            path: "links.0.label".to_owned(),
            base: json!("Go"),
            mine: json!("Buy"),
            theirs: json!("Order"),
        }]
    );
    // Taken out by one, changed by the other.
    let found = conflicts(
        &json!([hero("H", "a"), links("Go")]),
        &json!([hero("H", "a"), links("Go"), faq("Why?", "So.")]),
    );
    assert_eq!(
        (found[0].name.as_str(), &found[0].mine, found[0].fields.len()),
        ("Why?", &None, 0)
    );
    assert_eq!(found[0].theirs, Some((2, faq("Why?", "So."))));
    // Two answers to one new question.
    let with = |answer: &str| {
        json!([
            hero("H", "a"),
            links("Go"),
            faq("Why?", "Because."),
            faq("How?", answer)
        ])
    };
    let found = conflicts(&with("So."), &with("Thus."));
    assert_eq!(
        (found[0].name.as_str(), &found[0].base, found[0].fields[0].path.as_str()),
        ("How?", &None, "answer")
    );
    // Both put them in another order.
    let orders = merged(
        &base,
        &json!([links("Go"), hero("H", "a"), faq("Why?", "Because.")]),
        &json!([faq("Why?", "Because."), hero("H", "a"), links("Go")]),
    );
    assert!(orders.both_reordered && orders.whole().is_none());
    assert_eq!(orders.items[0], Item::Agreed(links("Go")));
}

#[test]
fn long_lists_in_an_item_are_one_value() {
    let long = |first: &str| {
        let mut items = vec![json!({}); MOST_ENTRIES + 1];
        items[0] = json!({ "label": first });
        json!([{ "type": "stats", "items": items }])
    };
    assert_eq!(
        merged(&long("a"), &long("a"), &long("b")).whole().map(Value::Array),
        Some(long("b"))
    );
    assert_eq!(merged(&long("a"), &long("c"), &long("b")).whole(), None);
}

fn list() -> impl Strategy<Value = Vec<Value>> {
    let item = ("[AB]", "[xy]{0,2}", "[pq]?")
        .prop_map(|(kind, heading, text)| json!({ "type": kind, "heading": heading, "text": text }));
    prop::collection::vec(item, 0..6)
}

proptest! {
    #[test]
    fn what_one_side_left_alone_is_as_the_other_has_it(base in list(), other in list()) {
        prop_assert_eq!(merge(&base, &base, &other, &lines).whole(), Some(other.clone()));
        prop_assert_eq!(merge(&base, &other, &base, &lines).whole(), Some(other.clone()));
        prop_assert_eq!(merge(&base, &other, &other, &lines).whole(), Some(other));
    }

    #[test]
    fn nothing_new_is_lost(base in list(), mine in list(), theirs in list()) {
        let merged = merge(&base, &mine, &theirs, &lines);
        let texts: Vec<String> = merged.items.iter().map(|item| format!("{item:?}")).collect();
        for own in mine.iter().chain(&theirs).filter(|own| !base.contains(own)) {
            for field in ["heading", "text"] {
                let text = format!("{:?}", own[field].as_str().unwrap_or_default());
                let old = base.iter().any(|item| item[field] == own[field]);
                prop_assert!(old || texts.iter().any(|item| item.contains(&text)), "{} is lost in {:?}", own, merged);
            }
        }
    }
}
