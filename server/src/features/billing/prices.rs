//! What AI functions cost, in credits: each declares its price ([`crate::ai::AiFunction::PRICE`]), and an installation can
//! set its own (`billing.prices`).

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

#[cfg(test)]
impl Price {
    /// Credits for units, or [`Price::each`] of none, which says that it is free.
    fn is_decided(self) -> bool {
        self == Self::each(0) || (self.credits > 0 && self.per > 0 && self.least >= 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_begun_are_paid() {
        let clustering = Price {
            credits: 1,
            per: 5,
            least: 1,
        };
        let writing = Price {
            credits: 1,
            per: 100,
            least: 3,
        };
        for (price, units, credits) in [
            (clustering, 0, 0),
            (clustering, 1, 1),
            (clustering, 5, 1),
            (clustering, 6, 2),
            (clustering, 240, 48),
            (writing, 100, 3),
            (writing, 1200, 12),
            (Price::each(2), 7, 14),
            (Price::each(0), 100, 0),
        ] {
            assert_eq!(price.of(units), credits, "{price:?} {units}");
        }
    }

    /// Who changes one changes what people pay. A function that is not among them yet breaks nothing, but has a price.
    #[test]
    fn declared_prices() {
        let functions = crate::ai::function::all();
        let clustering = Price {
            credits: 1,
            per: 5,
            least: 1,
        };
        let writing = Price {
            credits: 1,
            per: 100,
            least: 3,
        };
        for (name, price) in [
            ("auto_cluster", clustering),
            ("generate_ideas", Price::each(2)),
            ("generate_content", writing),
            ("generate_image_prompts", Price::each(2)),
            ("generate_images", Price::each(1)),
            ("suggest_links", Price::each(3)),
            ("optimize_content", Price::each(5)),
            ("generate_site_structure", Price::each(10)),
            ("generate_page", Price::each(3)),
        ] {
            let function = functions.iter().find(|f| f.name == name);
            assert_eq!(function.map(|f| f.declared), Some(price), "{name}");
        }
        for function in functions {
            assert!(
                function.declared.is_decided(),
                "{}: {:?}",
                function.name,
                function.declared
            );
        }
    }

    #[test]
    fn a_price_is_decided_or_said_to_be_free() {
        let price = |credits, per, least| Price { credits, per, least };
        for (price, decided) in [
            (Price::each(0), true),
            (Price::each(2), true),
            (price(1, 5, 1), true),
            (price(0, 5, 0), false),
            (price(0, 1, 3), false),
            (price(1, 0, 0), false),
            (price(-1, 1, 0), false),
            (price(1, 1, -1), false),
        ] {
            assert_eq!(price.is_decided(), decided, "{price:?}");
        }
    }
}
