//! Structured data as one graph, its nodes linked by `@id`.

use serde_json::{Map, Value, json};

use super::Crumb;
use crate::locale::is_amount;
use crate::markdown::text;
use crate::plan::Plan;
use crate::prepare::{Card, Language};
use crate::site::{Availability, Page, PageKind};

/// What a graph is built from.
pub(crate) struct Graph<'a> {
    plan: &'a Plan<'a>,
    nodes: Vec<Value>,
}

impl<'a> Graph<'a> {
    /// The site and who stands behind it; every page has these.
    pub fn new(plan: &'a Plan<'a>, language: &Language) -> Self {
        let settings = &plan.site.settings;
        let home = plan.address.absolute("/");
        let organisation = &settings.organisation;
        let name = if organisation.name.is_empty() {
            &settings.title
        } else {
            &organisation.name
        };
        let mut publisher = Map::from_iter([
            ("@type".into(), json!("Organization")),
            ("@id".into(), json!(format!("{home}#organization"))),
            ("name".into(), json!(name)),
            ("url".into(), json!(home)),
        ]);
        put(&mut publisher, "email", &organisation.email);
        put(&mut publisher, "telephone", &organisation.phone);
        if !organisation.address.is_empty() {
            publisher.insert(
                "address".into(),
                json!({"@type": "PostalAddress", "streetAddress": organisation.address.join(", ")}),
            );
        }
        if let Some(logo) = organisation.logo.as_deref().and_then(|l| plan.address.safe_image(l)) {
            publisher.insert("logo".into(), json!(plan.address.absolutise(&logo)));
        }
        let profiles: Vec<&String> = organisation
            .same_as
            .iter()
            .filter(|url| crate::address::is_http(url))
            .collect();
        if !profiles.is_empty() {
            publisher.insert("sameAs".into(), json!(profiles));
        }
        let mut site = Map::from_iter([
            ("@type".into(), json!("WebSite")),
            ("@id".into(), json!(format!("{home}#website"))),
            ("url".into(), json!(home)),
            ("name".into(), json!(settings.title)),
            ("publisher".into(), json!({"@id": format!("{home}#organization")})),
            ("inLanguage".into(), json!(language.tag)),
        ]);
        put(&mut site, "description", &settings.description);
        Self {
            plan,
            nodes: vec![Value::Object(site), Value::Object(publisher)],
        }
    }

    fn id(&self, fragment: &str) -> Value {
        json!({"@id": format!("{}#{fragment}", self.plan.address.absolute("/"))})
    }

    /// The web page itself. `kind` is a schema.org type such as `WebPage`, `CollectionPage`, `AboutPage`.
    pub fn web_page(
        &mut self,
        kind: &str,
        url: &str,
        title: &str,
        description: &str,
        language: &Language,
        crumbs: &[Crumb],
    ) {
        let mut node = Map::from_iter([
            ("@type".into(), json!(kind)),
            ("@id".into(), json!(url)),
            ("url".into(), json!(url)),
            ("name".into(), json!(title)),
            ("isPartOf".into(), self.id("website")),
            ("inLanguage".into(), json!(language.tag)),
        ]);
        put(&mut node, "description", description);
        if crumbs.len() > 1 {
            node.insert("breadcrumb".into(), json!({"@id": format!("{url}#breadcrumb")}));
        }
        self.nodes.push(Value::Object(node));
        if crumbs.len() > 1 {
            let items: Vec<Value> = crumbs
                .iter()
                .enumerate()
                .map(|(i, crumb)| json!({"@type": "ListItem", "position": i + 1, "name": crumb.title, "item": self.plan.address.absolute(&crumb.path)}))
                .collect();
            self.nodes
                .push(json!({"@type": "BreadcrumbList", "@id": format!("{url}#breadcrumb"), "itemListElement": items}));
        }
    }

    /// The pages that an archive lists.
    pub fn item_list(&mut self, url: &str, items: &[usize]) {
        let items: Vec<Value> = items
            .iter()
            .enumerate()
            .map(|(i, &page)| json!({"@type": "ListItem", "position": i + 1, "url": self.plan.address.absolute(&self.plan.pages[page].path)}))
            .collect();
        if !items.is_empty() {
            self.nodes
                .push(json!({"@type": "ItemList", "@id": format!("{url}#list"), "itemListElement": items}));
        }
    }

    /// What the page is about: an article, a product, a service.
    pub fn entity(&mut self, page: &Page, url: &str, card: &Card, language: &Language) {
        let image = card
            .value
            .get_from_path("image.absolute")
            .and_then(|v| v.as_str().map(str::to_owned));
        let mut node = Map::new();
        match page.kind {
            PageKind::Post => {
                node.insert("@type".into(), json!("BlogPosting"));
                node.insert("@id".into(), json!(format!("{url}#article")));
                node.insert("headline".into(), json!(text::truncate(&page.title, 110)));
                if let Some(date) = page.published_at {
                    node.insert("datePublished".into(), json!(language.reader.iso(date)));
                }
                if let Some(date) = page.updated_at.or(page.published_at) {
                    node.insert("dateModified".into(), json!(language.reader.iso(date)));
                }
                node.insert(
                    "author".into(),
                    match page.author.as_deref().filter(|a| !a.trim().is_empty()) {
                        Some(author) => json!({"@type": "Person", "name": author}),
                        None => self.id("organization"),
                    },
                );
                node.insert("publisher".into(), self.id("organization"));
                node.insert("wordCount".into(), json!(card.words));
            }
            PageKind::Product => {
                node.insert("@type".into(), json!("Product"));
                node.insert("@id".into(), json!(format!("{url}#product")));
                node.insert("name".into(), json!(page.title));
                self.product(page, url, &mut node);
            }
            PageKind::Service => {
                node.insert("@type".into(), json!("Service"));
                node.insert("@id".into(), json!(format!("{url}#service")));
                node.insert("name".into(), json!(page.title));
                node.insert("provider".into(), self.id("organization"));
                put(&mut node, "areaServed", page.entity.area.as_deref().unwrap_or_default());
                if let Some(offer) = offer(page, url) {
                    node.insert("offers".into(), offer);
                }
            }
            _ => return,
        }
        node.insert("mainEntityOfPage".into(), json!({"@id": url}));
        node.insert("inLanguage".into(), json!(language.tag));
        if page.kind != PageKind::Post {
            node.remove("inLanguage");
        }
        put(&mut node, "description", &card.description);
        if let Some(image) = image {
            node.insert("image".into(), json!([image]));
        }
        self.nodes.push(Value::Object(node));
    }

    fn product(&self, page: &Page, url: &str, node: &mut Map<String, Value>) {
        let entity = &page.entity;
        if let Some(brand) = entity.brand.as_deref().filter(|b| !b.trim().is_empty()) {
            node.insert("brand".into(), json!({"@type": "Brand", "name": brand}));
        }
        put(node, "sku", entity.sku.as_deref().unwrap_or_default());
        put(node, "gtin", entity.gtin.as_deref().unwrap_or_default());
        if let Some(offer) = offer(page, url) {
            node.insert("offers".into(), offer);
        }
        if let (Some(value), Some(count)) = (
            entity.rating_value.filter(|v| (0.0..=5.0).contains(v)),
            entity.rating_count.filter(|c| *c > 0),
        ) {
            node.insert(
                "aggregateRating".into(),
                json!({"@type": "AggregateRating", "ratingValue": value, "reviewCount": count}),
            );
        }
        let properties: Vec<Value> = page
            .attributes
            .iter()
            .map(|(name, value)| json!({"@type": "PropertyValue", "name": name, "value": value}))
            .collect();
        if !properties.is_empty() {
            node.insert("additionalProperty".into(), json!(properties));
        }
    }

    /// Questions with their answers as plain text.
    pub fn faq(&mut self, url: &str, items: &[(String, String)]) {
        if items.is_empty() {
            return;
        }
        let questions: Vec<Value> = items
            .iter()
            .map(|(q, a)| json!({"@type": "Question", "name": q, "acceptedAnswer": {"@type": "Answer", "text": a}}))
            .collect();
        self.nodes
            .push(json!({"@type": "FAQPage", "@id": format!("{url}#faq"), "mainEntity": questions}));
    }

    /// The graph as text that is safe inside a script element.
    pub fn finish(self) -> String {
        for_script(&json!({"@context": "https://schema.org", "@graph": self.nodes}))
    }
}

fn put(node: &mut Map<String, Value>, key: &str, text: &str) {
    let text = text.trim();
    if !text.is_empty() {
        node.insert(key.into(), json!(text));
    }
}

fn offer(page: &Page, url: &str) -> Option<Value> {
    let entity = &page.entity;
    let price = entity.price.as_deref().filter(|p| is_amount(p))?;
    let currency = entity.currency.as_deref().filter(|c| c.len() == 3)?;
    let mut node = Map::from_iter([
        ("@type".into(), json!("Offer")),
        ("url".into(), json!(url)),
        ("price".into(), json!(price)),
        ("priceCurrency".into(), json!(currency)),
    ]);
    if let Some(availability) = entity.availability {
        let name = match availability {
            Availability::InStock => "InStock",
            Availability::OutOfStock => "OutOfStock",
            Availability::PreOrder => "PreOrder",
            Availability::Discontinued => "Discontinued",
        };
        node.insert("availability".into(), json!(format!("https://schema.org/{name}")));
    }
    Some(Value::Object(node))
}

/// JSON in which no `<`, `>` or `&` stands as itself, so that nothing in it can end the script element.
fn for_script(value: &Value) -> String {
    let json = value.to_string();
    let mut out = Vec::with_capacity(json.len() + 64);
    super::script::escape_json(&mut out, &json);
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_script() {
        let text = for_script(&json!({"a": "</script><!--&\u{2028}"}));
        assert_eq!(text, r#"{"a":"\u003c/script\u003e\u003c!--\u0026\u2028"}"#);
        assert_eq!(
            serde_json::from_str::<Value>(&text).expect("json")["a"],
            "</script><!--&\u{2028}"
        );
    }
}
