//! The groups a file puts its keywords into, and how they stand to each other.

use std::collections::HashMap;

use super::row::Grouping;
use super::text::text_key;

/// Groups of one file that are remembered.
const MOST: usize = 100_000;

/// What a group is to those it stands with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The others stand below it.
    Hub,
    Supporting,
    Attribute,
}

/// A group's place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Name of the group it stands below.
    pub hub: Option<String>,
    pub part: Option<Part>,
}

/// The groups that a file names, with their places. Names are compared as keywords are ([`text_key`]).
///
/// Semrush's strategies name a topic and its pages, one of which is the topic's pillar: that page is the hub of the others.
/// Elsewhere the topic itself is the hub.
#[derive(Debug, Clone, Default)]
pub struct Groups {
    places: HashMap<String, Place>,
    /// The pillar page of each topic.
    pillars: HashMap<String, String>,
}

impl Grouping {
    /// The group the keyword itself is in: its page, or its topic where it names no page.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.cluster.as_deref().or(self.topic.as_deref())
    }
}

impl Groups {
    /// The place of a group.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<Place> {
        let key = text_key(name);
        let mut place = self.places.get(&key)?.clone();
        if let Some(topic) = place.hub.as_deref().map(text_key)
            && let Some(pillar) = self.pillars.get(&topic)
        {
            place.hub = Some(pillar.clone());
        }
        place.hub = place.hub.filter(|hub| text_key(hub) != key);
        Some(place)
    }

    /// Remembers what a row says. What was said first counts.
    pub(super) fn add(&mut self, grouping: &Grouping) {
        let Some(name) = grouping.group() else { return };
        let key = text_key(name);
        if self.places.len() >= MOST && !self.places.contains_key(&key) {
            return;
        }
        let page_type = grouping.page_type.as_deref().unwrap_or_default().to_lowercase();
        let is_pillar = page_type.starts_with("pillar");
        let part = match page_type.as_str() {
            _ if is_pillar => Some(Part::Hub),
            "hub" => Some(Part::Hub),
            "attribute" => Some(Part::Attribute),
            "" => None,
            _ => Some(Part::Supporting),
        };
        if let Some(topic) = grouping.topic.as_deref().filter(|_| is_pillar) {
            let pillar = || name.to_owned();
            self.pillars.entry(text_key(topic)).or_insert_with(pillar);
        }
        let place = self.places.entry(key).or_default();
        place.part = place.part.or(part);
        if place.hub.is_none() {
            place.hub.clone_from(&grouping.topic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(rows: &[(&str, &str, &str)]) -> Groups {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let mut groups = Groups::default();
        for (cluster, topic, page_type) in rows {
            groups.add(&Grouping {
                cluster: some(cluster),
                topic: some(topic),
                page_type: some(page_type),
            });
        }
        groups
    }

    fn place(groups: &Groups, name: &str) -> (Option<String>, Option<Part>) {
        groups.place(name).map_or((None, None), |place| (place.hub, place.part))
    }

    #[test]
    fn the_pillar_page_is_the_hub_of_its_topic() {
        let found = groups(&[
            ("Free editors", "Video editing", "Sub page"),
            ("Editing basics", "Video editing", "Pillar page"),
            ("Paid editors", "video  editing", ""),
            ("Alone", "", "Sub page"),
        ]);
        let hub = Some("Editing basics".to_owned());
        assert_eq!(place(&found, "free editors"), (hub.clone(), Some(Part::Supporting)));
        assert_eq!(place(&found, "Editing basics"), (None, Some(Part::Hub)));
        assert_eq!(place(&found, "Paid editors"), (hub, None));
        assert_eq!(place(&found, "Alone"), (None, Some(Part::Supporting)));
        assert_eq!(found.place("unknown"), None);
    }

    #[test]
    fn a_tree_of_several_levels() {
        let found = groups(&[
            ("pump parts", "sump pumps", "supporting"),
            ("sump pumps", "", "hub"),
            ("pump switches", "pump parts", "attribute"),
            ("", "basements", ""),
        ]);
        assert_eq!(place(&found, "sump pumps"), (None, Some(Part::Hub)));
        assert_eq!(place(&found, "pump parts").0.as_deref(), Some("sump pumps"));
        assert_eq!(place(&found, "pump switches").0.as_deref(), Some("pump parts"));
        assert_eq!(place(&found, "basements"), (None, None), "not below itself");
    }
}
