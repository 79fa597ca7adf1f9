//! Headers of columns, as tools and people write them.

use crate::names::TaxonomyKind;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Field {
    Id,
    Name,
    Slug,
    /// The term above, by id, slug, name or path.
    Parent,
    Description,
    Taxonomy,
    Count,
    /// A term with all above it: `Clothing > Shirts`.
    Path,
    /// Several terms of a kind: `Clothing > Shirts, Sale`.
    Terms(Kind),
    /// The name of a property, and its values, by number.
    PropertyName(u8),
    PropertyValues(u8),
    /// Something that only products have.
    Product,
}

/// A kind of terms, as far as a header tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Of whatever the rows are.
    Category,
    Tag,
    Known(TaxonomyKind),
    /// Values of the property brand.
    Brand,
}

/// What the rows of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Terms,
    Products,
    Posts,
    Unknown,
}

const KNOWN: &[(Field, &[&str])] = &[
    (
        Field::Id,
        &["id", "term id", "category id", "tag id", "cat id", "term taxonomy id"],
    ),
    (
        Field::Name,
        &[
            "name",
            "term",
            "term name",
            "title",
            "category",
            "category name",
            "cat name",
            "tag",
            "tag name",
            "label",
            "value",
            "bezeichnung",
            "kategorie",
            "begriff",
            "nom",
            "catégorie",
            "nombre",
            "categoría",
            "nome",
            "categoria",
            "naam",
            "categorie",
        ],
    ),
    (
        Field::Slug,
        &[
            "slug",
            "term slug",
            "category slug",
            "tag slug",
            "category nicename",
            "nicename",
            "handle",
            "permalink",
        ],
    ),
    (
        Field::Parent,
        &[
            "parent",
            "parent id",
            "parent term",
            "parent term id",
            "parent name",
            "parent slug",
            "parent category",
            "category parent",
            "term parent",
            "parent path",
            "übergeordnet",
            "übergeordnete kategorie",
            "parente",
            "padre",
            "genitore",
            "bovenliggend",
            "superior",
        ],
    ),
    (
        Field::Description,
        &[
            "description",
            "term description",
            "category description",
            "beschreibung",
            "descripción",
            "descrizione",
            "beschrijving",
            "descrição",
        ],
    ),
    (
        Field::Taxonomy,
        &[
            "taxonomy",
            "term taxonomy",
            "vocabulary",
            "kind",
            "taxonomie",
            "taxonomía",
            "tassonomia",
            "taxonomia",
        ],
    ),
    (
        Field::Count,
        &[
            "count",
            "posts",
            "products",
            "product count",
            "post count",
            "anzahl",
            "used",
        ],
    ),
    (
        Field::Path,
        &[
            "path",
            "category path",
            "full path",
            "hierarchy",
            "breadcrumb",
            "full name",
        ],
    ),
    (
        Field::Terms(Kind::Category),
        &[
            "categories",
            "kategorien",
            "catégories",
            "categorías",
            "categorieën",
            "categorias",
            "post categories",
        ],
    ),
    (
        Field::Terms(Kind::Known(TaxonomyKind::ProductCategory)),
        &[
            "product categories",
            "product category",
            "product cat",
            "tax:product cat",
            "product type",
            "collection",
            "custom collections",
        ],
    ),
    (
        Field::Terms(Kind::Tag),
        &[
            "tags",
            "schlagwörter",
            "schlagworte",
            "étiquettes",
            "mots clés",
            "etiquetas",
            "post tags",
            "tag list",
        ],
    ),
    (
        Field::Terms(Kind::Known(TaxonomyKind::ProductTag)),
        &["product tags", "product tag", "tax:product tag"],
    ),
    (
        Field::Terms(Kind::Known(TaxonomyKind::ServiceCategory)),
        &["service categories", "service category"],
    ),
    (
        Field::Terms(Kind::Brand),
        &["brands", "brand", "vendor", "marke", "marken", "marque", "marca"],
    ),
    (
        Field::Product,
        &[
            "sku",
            "variant sku",
            "regular price",
            "sale price",
            "price",
            "variant price",
            "in stock?",
            "in stock",
            "stock",
            "stock status",
            "gtin, upc, ean, or isbn",
            "tax class",
            "preis",
            "artikelnummer",
        ],
    ),
];

/// Columns of a file with what they hold.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    fields: Vec<Option<Field>>,
}

/// The form in which headers are compared.
fn key(header: &str) -> String {
    igny8_text::fold(&header.replace(['_', '-'], " ").replace(['\u{feff}', '"', '*'], ""))
}

/// What a header means.
fn meaning(header: &str) -> Option<Field> {
    let key = key(header);
    let known = KNOWN.iter().find(|(_, names)| names.contains(&key.as_str()));
    if let Some((field, _)) = known {
        return Some(*field);
    }
    // `Attribute 1 name`, `Attribute 1 value(s)`, `Option1 Name`, `Option 1 values`.
    let rest = key
        .strip_prefix("attribute")
        .or_else(|| key.strip_prefix("option"))?
        .trim_start();
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let number: u8 = rest[..digits].parse().ok()?;
    match rest[digits..].trim() {
        "name" => Some(Field::PropertyName(number)),
        "value" | "values" | "value(s)" => Some(Field::PropertyValues(number)),
        _ => None,
    }
}

impl Columns {
    pub(super) fn read<'h>(headers: impl Iterator<Item = &'h str>) -> Self {
        let mut fields: Vec<Option<Field>> = Vec::new();
        for header in headers {
            let field = meaning(header).filter(|field| *field == Field::Product || !fields.contains(&Some(*field)));
            fields.push(field);
        }
        Self { fields }
    }

    /// A list of names without a header.
    pub(super) fn list() -> Self {
        Self {
            fields: vec![Some(Field::Name)],
        }
    }

    /// The place of a column.
    pub(super) fn at(&self, field: Field) -> Option<usize> {
        self.fields.iter().position(|of| *of == Some(field))
    }

    /// Columns with several terms in a cell.
    pub(super) fn lists(&self) -> impl Iterator<Item = (usize, Kind)> + '_ {
        self.fields.iter().enumerate().filter_map(|(at, field)| match field {
            Some(Field::Terms(kind)) => Some((at, *kind)),
            _ => None,
        })
    }

    /// Columns of properties: of names, and of their values.
    pub(super) fn properties(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.fields.iter().enumerate().filter_map(|(at, field)| match field {
            Some(Field::PropertyName(number)) => Some((at, self.at(Field::PropertyValues(*number))?)),
            _ => None,
        })
    }

    pub(super) fn shape(&self) -> Shape {
        let has_lists = self.lists().next().is_some() || self.properties().next().is_some();
        let product = self.at(Field::Product).is_some() || self.properties().next().is_some();
        let named_taxonomy = self.at(Field::Taxonomy).is_some();
        let product_terms = self.lists().any(|(_, kind)| {
            matches!(
                kind,
                Kind::Known(TaxonomyKind::ProductCategory | TaxonomyKind::ProductTag)
            )
        });
        if has_lists && !named_taxonomy {
            // `Name, Brand` alone is rather a table of brands than one of products.
            return if product || product_terms {
                Shape::Products
            } else {
                Shape::Posts
            };
        }
        if self.at(Field::Name).is_some() || self.at(Field::Path).is_some() {
            Shape::Terms
        } else {
            Shape::Unknown
        }
    }

    /// What each column is used for.
    pub(super) fn uses(&self, header: Option<&csv::StringRecord>) -> Vec<super::ColumnUse> {
        let shape = self.shape();
        let of = |(at, field): (usize, &Option<Field>)| super::ColumnUse {
            header: header
                .and_then(|header| header.get(at))
                .map(super::text::clean)
                .unwrap_or_default(),
            used_for: field.and_then(|field| label(field, shape)),
        };
        self.fields.iter().enumerate().map(of).collect()
    }
}

fn label(field: Field, shape: Shape) -> Option<&'static str> {
    match (field, shape) {
        (Field::Terms(Kind::Category), _) => Some("categories"),
        (Field::Terms(Kind::Tag), _) => Some("tags"),
        (Field::Terms(Kind::Brand), _) => Some("brands"),
        (Field::Terms(Kind::Known(kind)), _) => Some(crate::names::Choice::word(kind)),
        (Field::PropertyName(_), _) => Some("name of a property"),
        (Field::PropertyValues(_), _) => Some("values of a property"),
        (_, Shape::Products | Shape::Posts) | (Field::Product, _) => None,
        (Field::Id, _) => Some("id"),
        (Field::Name, _) => Some("name"),
        (Field::Slug, _) => Some("slug"),
        (Field::Parent, _) => Some("parent"),
        (Field::Description, _) => Some("description"),
        (Field::Taxonomy, _) => Some("taxonomy"),
        (Field::Count, _) => Some("count"),
        (Field::Path, _) => Some("path"),
    }
}

/// Headers for a message.
pub(super) fn named<'h>(headers: impl Iterator<Item = &'h str>) -> String {
    const SHOWN: usize = 20;
    let all: Vec<String> = headers
        .take(SHOWN)
        .map(|header| format!("{:?}", super::text::clean(header).chars().take(40).collect::<String>()))
        .collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_in_the_form_headers_are_compared_in_and_named_once() {
        let mut seen = std::collections::HashSet::new();
        for name in KNOWN.iter().flat_map(|(_, names)| names.iter()) {
            assert_eq!(key(name), *name);
            assert!(seen.insert(*name), "{name} twice");
        }
    }

    #[test]
    fn files_are_told_apart() {
        for (headers, shape) in [
            (
                "term_id,term_taxonomy_id,name,slug,description,parent,count",
                Shape::Terms,
            ),
            ("Name,Parent,Taxonomy", Shape::Terms),
            ("Category path", Shape::Terms),
            ("ID,Type,SKU,Name,Categories,Tags,Parent", Shape::Products),
            (
                "Handle,Title,Vendor,Product Category,Tags,Option1 Name,Option1 Value",
                Shape::Products,
            ),
            ("Title,Content,Categories,Tags", Shape::Posts),
            ("Colour,Size", Shape::Unknown),
        ] {
            assert_eq!(Columns::read(headers.split(',')).shape(), shape, "{headers}");
        }
        assert_eq!(meaning("Attribute 12 value(s)"), Some(Field::PropertyValues(12)));
        assert_eq!(meaning("Attribute 1 visible"), None);
        assert_eq!(meaning("Option1 Name"), Some(Field::PropertyName(1)));
    }
}
