//! What search engines want to know of its type is there.

use super::{Context, Outcome, percent};
use crate::input::{ContentType, Structure};
use crate::report::{Bound, Unit};

/// A field, whether it is there, and whether search engines show nothing without it.
struct Field {
    name: &'static str,
    present: bool,
    required: bool,
}

pub(super) fn check(c: &Context<'_>) -> Outcome {
    let fields = fields(c);
    if fields.is_empty() {
        return Outcome::not_scored(
            "structured_data.not_needed",
            "Not scored: pages of this type need no data.",
        );
    }
    let missing: Vec<&str> = fields.iter().filter(|f| !f.present).map(|f| f.name).collect();
    let required = fields.iter().filter(|f| !f.present && f.required).count();
    let rating = rate(required, missing.len());
    let share = percent(fields.len() - missing.len(), fields.len());
    let outcome = Outcome::new(rating, share, Unit::Percent, Bound::min(100));
    if rating == 9 {
        return outcome;
    }
    outcome
        .mend(
            "structured_data.missing",
            "Search engines show more of a page that tells them more. Fill in: {missing}.",
            &[("missing", &missing.join(", "))],
        )
        .examples(missing)
}

fn rate(required: usize, missing: usize) -> i16 {
    match (required, missing) {
        (0, 0) => 9,
        (0, _) => 6,
        _ => 3,
    }
}

fn fields(c: &Context<'_>) -> Vec<Field> {
    let input = c.input;
    let entity = &input.entity;
    let has = |value: Option<&str>| value.is_some_and(|value| !value.trim().is_empty());
    let must = |name, present| Field {
        name,
        present,
        required: true,
    };
    let may = |name, present| Field {
        name,
        present,
        required: false,
    };
    let image = c.alts().next().is_some();
    let mut fields = match input.content_type {
        ContentType::Post => vec![
            must("author", has(input.author)),
            must("date", input.published_at.or(input.revised_at).is_some()),
            may("image", image),
        ],
        ContentType::Product => vec![
            must("price", has(entity.price)),
            must("currency", has(entity.currency)),
            must("availability", has(entity.availability)),
            must("image", image),
            may("brand", has(entity.brand)),
            may("sku or gtin", has(entity.sku) || has(entity.gtin)),
            may("rating", entity.rating.is_some()),
        ],
        ContentType::Service => vec![
            must("area", has(entity.area)),
            may("price range", has(entity.price_range)),
        ],
        ContentType::Page | ContentType::Taxonomy => Vec::new(),
    };
    let asks = matches!(
        input.structure,
        Structure::Guide | Structure::ClusterHub | Structure::ServicePage
    );
    if asks || input.faq > 0 {
        fields.push(may("questions and answers", input.faq > 0));
    }
    fields
}

#[cfg(test)]
mod tests {
    use crate::checks::rating;
    use crate::input::{ContentType, Entity, Input, Picture, Structure};
    use crate::weights::CheckId;

    #[test]
    fn types() {
        let picture = [Picture { alt: "x" }];
        let post = Input {
            author: Some("Sam"),
            published_at: Some(0),
            pictures: &picture,
            ..Input::default()
        };
        let product = Input {
            content_type: ContentType::Product,
            structure: Structure::ProductPage,
            pictures: &picture,
            entity: Entity {
                price: Some("12.50"),
                currency: Some("EUR"),
                availability: Some("in_stock"),
                brand: Some("Acme"),
                gtin: Some("4006381333931"),
                rating: Some(4.5),
                ..Entity::default()
            },
            ..Input::default()
        };
        let service = Input {
            content_type: ContentType::Service,
            structure: Structure::ServicePage,
            faq: 2,
            entity: Entity {
                area: Some("Bonn"),
                price_range: Some("€40–€90"),
                ..Entity::default()
            },
            ..Input::default()
        };
        let with = |input: Input<'static>, entity: Entity<'static>| Input { entity, ..input };
        let bare = Input {
            content_type: ContentType::Product,
            ..Input::default()
        };
        let cases = [
            (post, Some(9)),
            (Input { author: None, ..post }, Some(3)),
            (
                Input {
                    author: Some(" "),
                    ..post
                },
                Some(3),
            ),
            (
                Input {
                    published_at: None,
                    ..post
                },
                Some(3),
            ),
            (
                Input {
                    published_at: None,
                    revised_at: Some(1),
                    ..post
                },
                Some(9),
            ),
            (Input { pictures: &[], ..post }, Some(6)),
            (
                Input {
                    structure: Structure::Guide,
                    ..post
                },
                Some(6),
            ),
            (
                Input {
                    structure: Structure::Guide,
                    faq: 1,
                    ..post
                },
                Some(9),
            ),
            (product, Some(9)),
            (
                Input {
                    entity: Entity {
                        rating: None,
                        ..product.entity
                    },
                    ..product
                },
                Some(6),
            ),
            (
                Input {
                    entity: Entity {
                        currency: None,
                        ..product.entity
                    },
                    ..product
                },
                Some(3),
            ),
            (with(bare, Entity::default()), Some(3)),
            (service, Some(9)),
            (Input { faq: 0, ..service }, Some(6)),
            (
                Input {
                    entity: Entity::default(),
                    ..service
                },
                Some(3),
            ),
            (
                Input {
                    content_type: ContentType::Page,
                    ..Input::default()
                },
                None,
            ),
            (
                Input {
                    content_type: ContentType::Page,
                    faq: 3,
                    ..Input::default()
                },
                Some(9),
            ),
        ];
        for (i, (input, expected)) in cases.iter().enumerate() {
            assert_eq!(rating(input, CheckId::StructuredData), *expected, "case {i}");
        }
    }
}
