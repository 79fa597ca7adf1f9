//! What keywords and clusters say of a page's subject, as attributes of the page.

use std::collections::HashSet;

use crate::features::planner::model::{Attribute, MAX_ATTRIBUTES};
use crate::features::planner::text_key;

/// The attributes of a cluster and of its keywords.
#[derive(Debug, Clone, Default)]
pub(super) struct Stated {
    /// By the keywords' places.
    pub(super) keywords: Vec<Vec<Attribute>>,
    pub(super) cluster: Vec<Attribute>,
    /// The cluster was made by hand, so its attributes are of all its pages. Clustering collects what any keyword says.
    pub(super) by_hand: bool,
}

impl Stated {
    /// The attributes of a page that aims at some keywords: what the primary one says, then what the others agree on, then
    /// what the cluster says. A page has one value of a name; where a step knows several, it says nothing about the page.
    pub(super) fn of_page(&self, text: &str, primary: usize, secondary: &[usize]) -> Vec<Attribute> {
        let of = |place: &usize| self.keywords.get(*place).into_iter().flatten();
        let words = |text: &str| format!(" {} ", text_key(text));
        let text = words(text);
        let said = |a: &&Attribute| !text_key(&a.value).is_empty() && text.contains(&words(&a.value));
        let mut page = Vec::new();
        add(&mut page, of(&primary));
        add(&mut page, secondary.iter().flat_map(of));
        add(&mut page, self.cluster.iter().filter(said));
        if self.by_hand {
            add(&mut page, self.cluster.iter());
        }
        page.truncate(MAX_ATTRIBUTES);
        page
    }
}

/// Adds the attributes whose name is new and has one value.
fn add<'a>(page: &mut Vec<Attribute>, attributes: impl Iterator<Item = &'a Attribute>) {
    let known: HashSet<String> = page.iter().map(|a| text_key(&a.name)).collect();
    // In their own order, each name with its only value, if it is one.
    let mut found: Vec<(String, Option<&Attribute>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for attribute in attributes {
        let name = text_key(&attribute.name);
        if known.contains(&name) {
            continue;
        }
        let place = *places.entry(name.clone()).or_insert_with(|| {
            found.push((name, Some(attribute)));
            found.len() - 1
        });
        let only = &mut found[place].1;
        if only.is_some_and(|only| text_key(&only.value) != text_key(&attribute.value)) {
            *only = None;
        }
    }
    page.extend(found.into_iter().filter_map(|(_, only)| only.cloned()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<Attribute> {
        let parts = text.split(' ').filter_map(|part| part.split_once('='));
        parts
            .map(|(name, value)| Attribute {
                name: name.into(),
                value: value.into(),
            })
            .collect()
    }

    #[test]
    fn a_page_has_one_value_of_a_name() {
        for (primary, others, cluster, by_hand, expected) in [
            ("", &[][..], "", true, ""),
            ("colour=red", &[], "", false, "colour=red"),
            ("colour=red", &["Colour=blue size=xl"], "", false, "colour=red size=xl"),
            ("", &["colour=red", "colour=blue size=xl"], "", false, "size=xl"),
            ("", &["colour=red", "colour=Red"], "", false, "colour=red"),
            // Of what clustering found, only what the page's own keyword says.
            ("", &[], "material=linen colour=red", false, "material=linen"),
            ("", &[], "material=line", false, ""),
            (
                "",
                &[],
                "material=linen colour=red colour=blue fit=slim",
                true,
                "material=linen fit=slim",
            ),
            ("material=silk", &[], "material=linen", true, "material=silk"),
            ("colour=red colour=blue", &[], "", true, ""),
        ] {
            let mut keywords = vec![list(primary)];
            keywords.extend(others.iter().map(|other| list(other)));
            let secondary: Vec<usize> = (1..keywords.len()).collect();
            let stated = Stated {
                keywords,
                cluster: list(cluster),
                by_hand,
            };
            let page = stated.of_page("Linen summer dress", 0, &secondary);
            assert_eq!(page, list(expected), "{primary:?} {others:?} {cluster:?}");
        }
    }
}
