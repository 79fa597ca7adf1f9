//! Structured data as one graph, its nodes linked by `@id`.

use tera::Value;

use super::Crumb;
use super::script::Json;
use crate::locale::is_amount;
use crate::markdown::text;
use crate::plan::Plan;
use crate::prepare::{Card, Language};
use crate::site::{Availability, Page, PageKind};

/// The site and who stands behind it, which begin the graph of every page in a language.
pub(crate) fn site_nodes(plan: &Plan<'_>, tag: &str) -> String {
    let settings = &plan.site.settings;
    let home = plan.address.absolute("/");
    let organisation = &settings.organisation;
    let name = if organisation.name.is_empty() {
        &settings.title
    } else {
        &organisation.name
    };
    let mut json = Json::default();
    json.open();
    json.text("@context", "https://schema.org");
    json.list_at("@graph");

    json.open();
    json.text("@type", "WebSite");
    json.joined("@id", &home, "#website");
    json.text("url", &home);
    json.text("name", &settings.title);
    json.reference("publisher", &home, "#organization");
    json.text("inLanguage", tag);
    json.some_text("description", &settings.description);
    json.close();

    json.open();
    json.text("@type", "Organization");
    json.joined("@id", &home, "#organization");
    json.text("name", name);
    json.text("url", &home);
    json.some_text("email", &organisation.email);
    json.some_text("telephone", &organisation.phone);
    if !organisation.address.is_empty() {
        json.open_at("address");
        json.text("@type", "PostalAddress");
        json.text("streetAddress", &organisation.address.join(", "));
        json.close();
    }
    if let Some(logo) = organisation.logo.as_deref().and_then(|l| plan.address.safe_image(l)) {
        json.text("logo", &plan.address.absolutise(&logo));
    }
    let mut profiles = organisation
        .same_as
        .iter()
        .filter(|url| crate::address::is_http(url))
        .peekable();
    if profiles.peek().is_some() {
        json.list_at("sameAs");
        profiles.for_each(|url| json.item(url));
        json.close_list();
    }
    json.close();
    json.finish()
}

/// The graph of one page.
pub(crate) struct Graph<'a> {
    plan: &'a Plan<'a>,
    language: &'a Language,
    home: String,
    json: Json,
}

impl<'a> Graph<'a> {
    /// Begins with the site and its publisher.
    pub fn new(plan: &'a Plan<'a>, language: &'a Language) -> Self {
        Self {
            plan,
            language,
            home: plan.address.absolute("/"),
            json: Json::after(&language.site_nodes, 1024),
        }
    }

    /// The web page itself. `kind` is a schema.org type such as `WebPage`, `CollectionPage`, `AboutPage`.
    pub fn web_page(&mut self, kind: &str, url: &str, title: &str, description: &str, crumbs: &[Crumb]) {
        let json = &mut self.json;
        json.open();
        json.text("@type", kind);
        json.text("@id", url);
        json.text("url", url);
        json.text("name", title);
        json.reference("isPartOf", &self.home, "#website");
        json.text("inLanguage", &self.language.tag);
        json.some_text("description", description);
        if crumbs.len() > 1 {
            json.reference("breadcrumb", url, "#breadcrumb");
        }
        json.close();
        if crumbs.len() > 1 {
            json.open();
            json.text("@type", "BreadcrumbList");
            json.joined("@id", url, "#breadcrumb");
            json.list_at("itemListElement");
            for (i, crumb) in crumbs.iter().enumerate() {
                json.open();
                json.text("@type", "ListItem");
                json.number("position", i + 1);
                json.text("name", &crumb.title);
                json.text("item", &self.plan.address.absolute(&crumb.path));
                json.close();
            }
            json.close_list();
            json.close();
        }
    }

    /// The pages that an archive lists.
    pub fn item_list(&mut self, url: &str, items: &[usize]) {
        if items.is_empty() {
            return;
        }
        let json = &mut self.json;
        json.open();
        json.text("@type", "ItemList");
        json.joined("@id", url, "#list");
        json.list_at("itemListElement");
        for (i, &page) in items.iter().enumerate() {
            json.open();
            json.text("@type", "ListItem");
            json.number("position", i + 1);
            json.text("url", &self.plan.address.absolute(&self.plan.pages[page].path));
            json.close();
        }
        json.close_list();
        json.close();
    }

    /// What the page is about: an article, a product, a service. `share` stands for a page without a picture.
    pub fn entity(&mut self, page: &Page, url: &str, card: &Card, share: Option<&Value>) {
        let json = &mut self.json;
        match page.kind {
            PageKind::Post => {
                json.open();
                json.text("@type", "BlogPosting");
                json.joined("@id", url, "#article");
                json.text("headline", &text::truncate(&page.title, 110));
                if let Some(date) = &card.published {
                    json.text("datePublished", date);
                }
                if let Some(date) = card.updated.as_ref().or(card.published.as_ref()) {
                    json.text("dateModified", date);
                }
                match page.author.as_deref().filter(|a| !a.trim().is_empty()) {
                    Some(author) => {
                        json.open_at("author");
                        json.text("@type", "Person");
                        json.text("name", author);
                        json.close();
                    }
                    None => json.reference("author", &self.home, "#organization"),
                }
                json.reference("publisher", &self.home, "#organization");
                json.number("wordCount", card.words);
            }
            PageKind::Product => {
                json.open();
                json.text("@type", "Product");
                json.joined("@id", url, "#product");
                json.text("name", &page.title);
                product(json, page, url);
            }
            PageKind::Service => {
                json.open();
                json.text("@type", "Service");
                json.joined("@id", url, "#service");
                json.text("name", &page.title);
                json.reference("provider", &self.home, "#organization");
                json.some_text("areaServed", page.entity.area.as_deref().unwrap_or_default());
                offer(json, page, url);
            }
            _ => return,
        }
        json.reference("mainEntityOfPage", url, "");
        if page.kind == PageKind::Post {
            json.text("inLanguage", &self.language.tag);
        }
        json.some_text("description", &card.description);
        // A picture of words stands for an article, but shows no product.
        let share = share.filter(|_| page.kind == PageKind::Post);
        let image = Some(&card.image).filter(|i| !i.is_none()).or(share);
        if let Some(image) = image.and_then(|i| i.get_from_path("absolute")).and_then(|v| v.as_str()) {
            json.list_at("image");
            json.item(image);
            json.close_list();
        }
        json.close();
    }

    /// Questions with their answers as plain text.
    pub fn faq(&mut self, url: &str, items: &[(String, String)]) {
        if items.is_empty() {
            return;
        }
        let json = &mut self.json;
        json.open();
        json.text("@type", "FAQPage");
        json.joined("@id", url, "#faq");
        json.list_at("mainEntity");
        for (question, answer) in items {
            json.open();
            json.text("@type", "Question");
            json.text("name", question);
            json.open_at("acceptedAnswer");
            json.text("@type", "Answer");
            json.text("text", answer);
            json.close();
            json.close();
        }
        json.close_list();
        json.close();
    }

    /// The graph as text that is safe inside a script element.
    pub fn finish(mut self) -> String {
        self.json.close_list();
        self.json.close();
        self.json.finish()
    }
}

fn product(json: &mut Json, page: &Page, url: &str) {
    let entity = &page.entity;
    if let Some(brand) = entity.brand.as_deref().filter(|b| !b.trim().is_empty()) {
        json.open_at("brand");
        json.text("@type", "Brand");
        json.text("name", brand);
        json.close();
    }
    json.some_text("sku", entity.sku.as_deref().unwrap_or_default());
    json.some_text("gtin", entity.gtin.as_deref().unwrap_or_default());
    offer(json, page, url);
    if let (Some(value), Some(count)) = (
        entity.rating_value.filter(|v| (0.0..=5.0).contains(v)),
        entity.rating_count.filter(|c| *c > 0),
    ) {
        json.open_at("aggregateRating");
        json.text("@type", "AggregateRating");
        json.raw("ratingValue", &serde_json::Value::from(value).to_string());
        json.number("reviewCount", count as usize);
        json.close();
    }
    if !page.attributes.is_empty() {
        json.list_at("additionalProperty");
        for (name, value) in &page.attributes {
            json.open();
            json.text("@type", "PropertyValue");
            json.text("name", name);
            json.text("value", value);
            json.close();
        }
        json.close_list();
    }
}

fn offer(json: &mut Json, page: &Page, url: &str) {
    let entity = &page.entity;
    let (Some(price), Some(currency)) = (
        entity.price.as_deref().filter(|p| is_amount(p)),
        entity.currency.as_deref().filter(|c| c.len() == 3),
    ) else {
        return;
    };
    json.open_at("offers");
    json.text("@type", "Offer");
    json.text("url", url);
    json.text("price", price);
    json.text("priceCurrency", currency);
    if let Some(availability) = entity.availability {
        let name = match availability {
            Availability::InStock => "InStock",
            Availability::OutOfStock => "OutOfStock",
            Availability::PreOrder => "PreOrder",
            Availability::Discontinued => "Discontinued",
        };
        json.joined("availability", "https://schema.org/", name);
    }
    json.close();
}
