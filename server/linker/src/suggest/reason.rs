//! Why a link is suggested, for a machine and for a person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Direction;
use super::anchor::How;
use crate::index::Evidence;

/// The strongest reason for a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonKey {
    /// The target is the hub of the page's topic.
    Hub,
    /// The page is the hub of the target's topic.
    HubSupport,
    /// The text says what the target is called: its title, a keyword, an anchor term.
    Named,
    /// Other pages link to the target with these words.
    KnownAnchor,
    /// The text says a part of what the target is called.
    PartlyNamed,
    /// Pages like this one link to the target.
    SimilarPages,
    /// Both are about the same.
    SimilarText,
}

/// Why a link is suggested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// For a machine.
    pub key: ReasonKey,
    /// What the sentence is made of: `anchor`, `target`, `direction`.
    pub parameters: BTreeMap<String, String>,
    /// One English sentence.
    pub message: String,
}

impl Reason {
    pub(super) fn new(direction: Direction, how: How, anchor: &str, title: &str, evidence: &Evidence) -> Self {
        let key = match (direction, how) {
            (Direction::ToHub, _) => ReasonKey::Hub,
            (Direction::ToSupport, _) => ReasonKey::HubSupport,
            (_, How::Named) => ReasonKey::Named,
            (_, How::KnownAnchor) => ReasonKey::KnownAnchor,
            _ if evidence.similar_link > 0.7 => ReasonKey::SimilarPages,
            _ if evidence.coverage >= 0.4 => ReasonKey::PartlyNamed,
            _ => ReasonKey::SimilarText,
        };
        let sentence = match key {
            ReasonKey::Hub => {
                format!("“{title}” is the hub of this page's topic, which every page of the topic links to.")
            }
            ReasonKey::HubSupport => format!("This page is the hub of the topic that “{title}” belongs to."),
            ReasonKey::Named => format!("“{anchor}” is what “{title}” is called."),
            ReasonKey::KnownAnchor => format!("Other pages link to “{title}” with words like “{anchor}”."),
            ReasonKey::PartlyNamed => format!("“{anchor}” says what “{title}” is about."),
            ReasonKey::SimilarPages => format!("Pages like this one link to “{title}”."),
            ReasonKey::SimilarText => format!("“{title}” is about the same as this passage."),
        };
        let direction = match direction {
            Direction::ToHub => "to_hub",
            Direction::ToSupport => "to_support",
            Direction::Sibling => "sibling",
            Direction::CrossTopic => "cross_topic",
        };
        let pairs = [("anchor", anchor), ("target", title), ("direction", direction)];
        Self {
            key,
            parameters: pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            message: sentence,
        }
    }
}
