//! Three versions of a text become one: what was generated, what a person made of it, and what is generated anew.
//!
//! A section that a person wrote, changed or took out stays as the person left it; all others become the new ones. Where both
//! sides have something of their own to say, the person's stands in the text and the new one is told as a conflict.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use crate::sections::{Section, split};

/// What became of a text. Sections are named by their ids ([`Section::id`]).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Merged {
    /// The text.
    pub body: String,
    /// Sections that stayed since a person wrote or changed them.
    pub kept: Vec<String>,
    /// Sections that are the new ones.
    pub replaced: Vec<String>,
    /// New sections that were left out since a person had taken out the old one.
    pub left_out: Vec<String>,
    /// Kept sections for which there is a different new text.
    pub conflicts: Vec<Conflict>,
}

/// A section that a person changed and that was generated anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The section.
    pub section: String,
    /// The new text that was not taken.
    pub new: String,
}

/// Brings together what was generated (`base`), what a person made of it (`mine`) and what is generated now (`theirs`).
pub fn merge(base: &str, mine: &str, theirs: &str) -> Merged {
    let (b, m, t) = (split(base), split(mine), split(theirs));
    let of = |sections: &[Section<'_>]| -> FxHashMap<String, String> {
        let pair = |s: &Section<'_>| (s.id.clone(), s.text.trim_end().to_owned());
        sections.iter().map(pair).collect()
    };
    let (base_of, mine_of, theirs_of) = (of(&b), of(&m), of(&t));
    let mut merged = Merged::default();
    let mut chosen: FxHashMap<&str, &str> = FxHashMap::default();
    for section in &m {
        let (id, text) = (section.id.as_str(), mine_of[&section.id].as_str());
        let new = theirs_of.get(id);
        if base_of.get(id).is_some_and(|old| old == text) {
            if let Some(new) = new {
                if new != text {
                    merged.replaced.push(id.to_owned());
                }
                chosen.insert(id, new);
            }
            continue;
        }
        chosen.insert(id, text);
        // No text before the first heading is nothing that a person wrote.
        if !text.is_empty() || base_of.contains_key(id) {
            merged.kept.push(id.to_owned());
        }
        if let Some(new) = new.filter(|new| *new != text && base_of.get(id) != Some(*new)) {
            merged.conflicts.push(Conflict {
                section: id.to_owned(),
                new: new.clone(),
            });
        }
    }
    for section in t.iter().filter(|section| !mine_of.contains_key(&section.id)) {
        if base_of.contains_key(&section.id) {
            merged.left_out.push(section.id.clone());
        } else {
            merged.replaced.push(section.id.clone());
            chosen.insert(&section.id, &theirs_of[&section.id]);
        }
    }
    let same = |a: &[Section<'_>], b: &[Section<'_>]| a.iter().map(|s| s.text).eq(b.iter().map(|s| s.text));
    if same(&b, &m) {
        theirs.clone_into(&mut merged.body);
        return merged;
    }
    let order = if reordered(&b, &m) {
        woven(&m, &t, &chosen)
    } else {
        woven(&t, &m, &chosen)
    };
    merged.body = joined(&order, &chosen);
    // Something left open (a code block, a tag) may swallow what was put behind it: then the person's text stays as it is.
    let after = split(&merged.body);
    let whole = after.len() == order.len() + usize::from(!order.contains(&""))
        && after.iter().filter(|s| chosen.contains_key(s.id.as_str())).count() >= order.len()
        && after.iter().all(|s| {
            chosen
                .get(s.id.as_str())
                .map_or(s.text.is_empty(), |text| *text == s.text.trim_end())
        });
    if whole { merged } else { untouched(mine, &m, &t) }
}

/// The person's text as it is, and all that is new as conflicts.
fn untouched(mine: &str, m: &[Section<'_>], t: &[Section<'_>]) -> Merged {
    let had: FxHashSet<(&str, &str)> = m.iter().map(|s| (s.id.as_str(), s.text.trim_end())).collect();
    let new = t.iter().filter(|s| !had.contains(&(s.id.as_str(), s.text.trim_end())));
    Merged {
        body: mine.to_owned(),
        kept: m.iter().map(|s| s.id.clone()).collect(),
        conflicts: new
            .map(|s| Conflict {
                section: s.id.clone(),
                new: s.text.trim_end().to_owned(),
            })
            .collect(),
        ..Merged::default()
    }
}

/// Whether a person put sections in another order.
fn reordered(base: &[Section<'_>], mine: &[Section<'_>]) -> bool {
    let places: FxHashMap<&str, usize> = base.iter().enumerate().map(|(n, s)| (s.id.as_str(), n)).collect();
    let order: Vec<usize> = mine.iter().filter_map(|s| places.get(s.id.as_str()).copied()).collect();
    !order.is_sorted()
}

/// The chosen sections in the order of the first list; those only in the second follow what they follow there.
fn woven<'a>(first: &'a [Section<'_>], second: &'a [Section<'_>], chosen: &FxHashMap<&str, &str>) -> Vec<&'a str> {
    let chosen_of = |sections: &'a [Section<'_>]| {
        let ids = sections.iter().map(|s| s.id.as_str());
        ids.filter(|id| chosen.contains_key(id)).collect::<Vec<_>>()
    };
    let skeleton = chosen_of(first);
    let there: FxHashSet<&str> = skeleton.iter().copied().collect();
    let mut behind: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
    let mut anchor = "";
    for id in chosen_of(second) {
        if there.contains(id) {
            anchor = id;
        } else {
            behind.entry(anchor).or_default().push(id);
        }
    }
    let mut order = Vec::new();
    if !there.contains("") {
        order.extend(behind.remove("").unwrap_or_default());
    }
    for id in skeleton {
        order.push(id);
        order.extend(behind.remove(id).unwrap_or_default());
    }
    order
}

fn joined(order: &[&str], chosen: &FxHashMap<&str, &str>) -> String {
    let texts = order
        .iter()
        .filter_map(|id| chosen.get(id))
        .filter(|text| !text.is_empty());
    let mut body = texts.copied().collect::<Vec<&str>>().join("\n\n");
    if !body.is_empty() {
        body.push('\n');
    }
    body
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BASE: &str = "Intro.\n\n## A\n\na\n\n## B\n\nb\n\n## C\n\nc\n";
    const THEIRS: &str = "New intro.\n\n## A\n\nnew a\n\n## B\n\nnew b\n\n## D\n\nd\n\n## C\n\nnew c\n";

    #[test]
    fn what_a_person_wrote_stays_and_the_rest_is_new() {
        let mine = "Intro.\n\n## A\n\na\n\n## Mine\n\nown\n\n## B\n\nb, mended\n";
        let merged = merge(BASE, mine, THEIRS);
        assert_eq!(
            merged.body,
            "New intro.\n\n## A\n\nnew a\n\n## Mine\n\nown\n\n## B\n\nb, mended\n\n## D\n\nd\n"
        );
        assert_eq!(merged.kept, ["mine", "b"]);
        assert_eq!(merged.replaced, ["", "a", "d"]);
        assert_eq!(merged.left_out, ["c"]);
        assert_eq!(merged.conflicts.len(), 1);
        assert_eq!(
            (merged.conflicts[0].section.as_str(), merged.conflicts[0].new.as_str()),
            ("b", "## B\n\nnew b")
        );
    }

    #[test]
    fn untouched_texts_are_exchanged_whole() {
        assert_eq!(merge(BASE, BASE, THEIRS).body, THEIRS);
        assert!(merge(BASE, BASE, THEIRS).kept.is_empty());
        let mine = BASE.replace("\nb\n", "\nmine\n");
        assert_eq!(merge(BASE, &mine, BASE).body, mine);
        assert!(merge(BASE, &mine, BASE).conflicts.is_empty());
    }

    #[test]
    fn the_order_a_person_made_stays() {
        let mine = "Intro.\n\n## C\n\nc\n\n## A\n\na\n\n## B\n\nb\n";
        let body = merge(BASE, mine, THEIRS).body;
        assert_eq!(
            body,
            "New intro.\n\n## C\n\nnew c\n\n## A\n\nnew a\n\n## B\n\nnew b\n\n## D\n\nd\n"
        );
    }

    #[test]
    fn an_open_code_block_swallows_nothing() {
        let mine = "Intro.\n\n## A\n\n```\nopen\n";
        let merged = merge(BASE, mine, "New.\n\n## A\n\na\n\n## E\n\ne\n");
        assert_eq!(merged.body, mine);
        assert!(merged.conflicts.iter().any(|conflict| conflict.section == "e"));
    }

    fn text() -> impl Strategy<Value = String> {
        let piece = (
            prop::sample::select(vec!["## A", "## B", "## C", "# D", "```", "> q", ""]),
            "[xyz]{0,2}",
        )
            .prop_map(|(head, text)| format!("{head}\n\n{text}\n\n"));
        prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn nothing_a_person_edited_is_lost(base in text(), mine in text(), theirs in text()) {
            let merged = merge(&base, &mine, &theirs);
            let old: Vec<(String, String)> = split(&base).iter().map(|s| (s.id.clone(), s.text.trim_end().to_owned())).collect();
            let after: Vec<String> = split(&merged.body).iter().map(|s| s.text.trim_end().to_owned()).collect();
            for section in split(&mine) {
                let own = (section.id.clone(), section.text.trim_end().to_owned());
                if !own.1.is_empty() && !old.contains(&own) {
                    prop_assert!(after.contains(&own.1), "{:?} is lost in {:?}", own, merged.body);
                }
            }
        }

        #[test]
        fn what_nobody_touched_is_the_new_text(base in text(), theirs in text()) {
            prop_assert_eq!(merge(&base, &base, &theirs).body, theirs);
        }
    }
}
