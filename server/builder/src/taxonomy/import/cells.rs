//! From the cells of a row to terms.

use super::headers::{Columns, Field, Kind, Shape};
use super::text::{clean, slug, split};
use super::tree::{Above, Entry, Found};
use super::{MAX_DESCRIPTION, RowProblemCode};
use crate::names::{Choice as _, TaxonomyKind};

/// Terms of one cell.
const MOST_OF_CELL: usize = 200;

/// Takes the terms of a row.
pub(super) fn row(columns: &Columns, line: u64, row: &csv::StringRecord, found: &mut Found<'_>) {
    match columns.shape() {
        Shape::Products => lists(columns, line, row, found, true),
        Shape::Posts => lists(columns, line, row, found, false),
        Shape::Terms | Shape::Unknown => term(columns, line, row, found),
    }
}

/// A row that is a term.
fn term(columns: &Columns, line: u64, row: &csv::StringRecord, found: &mut Found<'_>) {
    let cell = |field: Field| {
        columns
            .at(field)
            .and_then(|at| row.get(at))
            .map(clean)
            .filter(|cell| !cell.is_empty())
    };
    let taxonomy = cell(Field::Taxonomy);
    let (kind, property) = match taxonomy.as_deref().map(kind_of) {
        Some(Some((kind, property))) => (Some(kind), property),
        Some(None) => (found.kind(), None),
        None => (found.kind(), None),
    };
    let Some(kind) = kind else {
        let named = taxonomy.map_or_else(
            || "the row names no taxonomy".to_owned(),
            |named| format!("there is no taxonomy {named:?}"),
        );
        let message =
            format!("{named}; choose one for the file, or write blog_category, product_category and the like");
        return found.problem(line, RowProblemCode::UnknownTaxonomy, message);
    };
    // A property of a shop is the term above its values.
    let above_all = property.and_then(|property| {
        found.add(Entry {
            external_taxonomy: taxonomy.clone(),
            ..Entry::named(kind, &property, line)
        })
    });
    let mut names: Vec<String> = match (cell(Field::Path), cell(Field::Name)) {
        (Some(path), name) => {
            let mut parts = parts_of_path(&path);
            // The path may end with the term itself or with the one above it.
            if let Some(name) = name.filter(|name| {
                parts
                    .last()
                    .is_none_or(|last| igny8_text::fold(last) != igny8_text::fold(name))
            }) {
                parts.push(name);
            }
            parts
        }
        (None, Some(name)) => parts_of_path(&name),
        (None, None) => Vec::new(),
    };
    let Some(name) = names.pop() else {
        return found.problem(line, RowProblemCode::NoName, "the row has no name".to_owned());
    };
    let mut above = above_all;
    for name in names {
        above = found.add(Entry {
            above: above.map_or(Above::Top, Above::Place),
            ..Entry::named(kind, &name, line)
        });
    }
    let parent = cell(Field::Parent).filter(|parent| parent != "0");
    let count = cell(Field::Count).and_then(|count| count.parse().ok()).unwrap_or(0);
    let description = columns
        .at(Field::Description)
        .and_then(|at| row.get(at))
        .unwrap_or_default();
    found.add(Entry {
        above: match (above, parent) {
            (Some(above), _) => Above::Place(above),
            (None, Some(parent)) => Above::Named(parent),
            (None, None) => Above::Top,
        },
        slug: columns.at(Field::Slug).and_then(|at| row.get(at)).map(slug),
        description: description
            .trim()
            .chars()
            .filter(|c| !c.is_control() || *c == '\n')
            .take(MAX_DESCRIPTION)
            .collect(),
        external_id: cell(Field::Id),
        external_taxonomy: taxonomy,
        count,
        ..Entry::named(kind, &name, line)
    });
}

/// A row that has terms.
fn lists(columns: &Columns, line: u64, row: &csv::StringRecord, found: &mut Found<'_>, products: bool) {
    for (at, kind) in columns.lists() {
        let cell = row.get(at).unwrap_or_default();
        let (kind, property) = match (kind, products) {
            (Kind::Category, true) => (TaxonomyKind::ProductCategory, None),
            (Kind::Category, false) => (TaxonomyKind::BlogCategory, None),
            (Kind::Tag, true) => (TaxonomyKind::ProductTag, None),
            (Kind::Tag, false) => (TaxonomyKind::BlogTag, None),
            (Kind::Known(kind), _) => (kind, None),
            (Kind::Brand, _) => (TaxonomyKind::ProductAttribute, Some("Brand")),
        };
        let above = property
            .filter(|_| !cell.trim().is_empty())
            .and_then(|property| found.add(Entry::named(kind, property, line)));
        paths(cell, kind, above, line, found);
    }
    // Shopify names a property in the first row of a product only.
    let product = columns.at(Field::Slug).and_then(|at| row.get(at)).unwrap_or_default();
    found.product(product);
    for (name_at, values_at) in columns.properties() {
        let name = found.property(name_at, row.get(name_at).map(clean).unwrap_or_default());
        let values = row.get(values_at).unwrap_or_default();
        // Shops write this for products that come in one form.
        if name.is_empty() || values.trim().is_empty() || (name == "Title" && values.trim() == "Default Title") {
            continue;
        }
        let kind = TaxonomyKind::ProductAttribute;
        if let Some(above) = found.add(Entry::named(kind, &property_name(&name), line)) {
            paths(values, kind, Some(above), line, found);
        }
    }
}

/// The terms of a cell: `Clothing > Shirts, Sale`, `Red | Blue`.
fn paths(cell: &str, kind: TaxonomyKind, above: Option<usize>, line: u64, found: &mut Found<'_>) {
    let at = if cell.contains('|') { '|' } else { ',' };
    for path in split(cell, at).into_iter().take(MOST_OF_CELL) {
        let mut above = above;
        let parts = parts_of_path(&clean(&path));
        let last = parts.len();
        for (n, name) in parts.into_iter().enumerate() {
            above = found.add(Entry {
                above: above.map_or(Above::Top, Above::Place),
                // Only what the row itself has is counted.
                count: u64::from(n + 1 == last),
                again: true,
                ..Entry::named(kind, &name, line)
            });
            if above.is_none() {
                break;
            }
        }
    }
}

fn parts_of_path(path: &str) -> Vec<String> {
    split(path, '>')
        .into_iter()
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

/// A taxonomy by its name where the file comes from, with the property that it is the values of.
fn kind_of(name: &str) -> Option<(TaxonomyKind, Option<String>)> {
    let plain = igny8_text::fold(name).replace([' ', '-'], "_");
    if let Some(property) = plain.strip_prefix("pa_") {
        return Some((TaxonomyKind::ProductAttribute, Some(property_name(property))));
    }
    let kind = match plain.as_str() {
        "category" | "categories" | "post_category" => TaxonomyKind::BlogCategory,
        "post_tag" | "tag" | "tags" => TaxonomyKind::BlogTag,
        "product_cat" | "product_categories" => TaxonomyKind::ProductCategory,
        "product_tags" => TaxonomyKind::ProductTag,
        "attribute" | "product_attributes" => TaxonomyKind::ProductAttribute,
        "service_cat" | "service_categories" | "services_category" => TaxonomyKind::ServiceCategory,
        other => TaxonomyKind::parse(other)?,
    };
    Some((kind, None))
}

/// `pa_shoe-size` is the property `Shoe size`.
fn property_name(name: &str) -> String {
    let name = name.strip_prefix("pa_").unwrap_or(name).replace(['_', '-'], " ");
    let mut letters = name.trim().chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
