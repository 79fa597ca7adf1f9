//! What each AI function costs, in credits.

use std::collections::BTreeMap;

use poem_openapi::Object;
use serde::{Deserialize, Serialize};

/// Credits for an amount of work: `credits` for every `per` units begun, at least `least`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub struct Price {
    pub credits: i64,
    /// Units (keywords, clusters, words, pages) that these credits pay for.
    #[serde(default = "one")]
    #[oai(default = "one")]
    pub per: i64,
    #[serde(default)]
    #[oai(default)]
    pub least: i64,
}

fn one() -> i64 {
    1
}

impl Price {
    pub const fn each(credits: i64) -> Self {
        Self {
            credits,
            per: 1,
            least: 0,
        }
    }

    /// What so many units cost; nothing costs nothing.
    pub fn of(self, units: i64) -> i64 {
        if units <= 0 {
            return 0;
        }
        let begun = units.saturating_add(self.per.max(1) - 1) / self.per.max(1);
        begun.saturating_mul(self.credits.max(0)).max(self.least)
    }
}

/// Prices by function. What the installation's configuration does not name has the price that the function declares.
pub const DECLARED: &[(&str, Price)] = &[
    (
        "auto_cluster",
        Price {
            credits: 1,
            per: 5,
            least: 1,
        },
    ),
    ("generate_ideas", Price::each(2)),
    (
        "generate_content",
        Price {
            credits: 1,
            per: 100,
            least: 3,
        },
    ),
    ("generate_image_prompts", Price::each(2)),
    ("generate_images", Price::each(1)),
    ("generate_images_premium", Price::each(4)),
    ("generate_site_structure", Price::each(10)),
    ("generate_page", Price::each(3)),
    ("optimize_content", Price::each(5)),
    ("suggest_links", Price::each(3)),
];

/// The price of a function in an installation.
pub fn price(overrides: &BTreeMap<String, Price>, function: &str) -> Price {
    let declared = || {
        DECLARED
            .iter()
            .find(|(name, _)| *name == function)
            .map(|(_, price)| *price)
    };
    overrides
        .get(function)
        .copied()
        .or_else(declared)
        .unwrap_or(Price::each(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_begun_are_paid() {
        let none = BTreeMap::new();
        for (function, units, credits) in [
            ("auto_cluster", 0, 0),
            ("auto_cluster", 1, 1),
            ("auto_cluster", 5, 1),
            ("auto_cluster", 6, 2),
            ("auto_cluster", 240, 48),
            ("generate_content", 100, 3),
            ("generate_content", 1200, 12),
            ("generate_ideas", 7, 14),
        ] {
            assert_eq!(price(&none, function).of(units), credits, "{function} {units}");
        }
        let own = BTreeMap::from([("auto_cluster".to_owned(), Price::each(0))]);
        assert_eq!(price(&own, "auto_cluster").of(100), 0);
    }
}
