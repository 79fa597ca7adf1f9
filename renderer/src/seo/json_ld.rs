//! Structured data as one graph, its nodes linked by `@id`.

use tera::Value;

use super::Crumb;
use super::script::Json;
use crate::address::Target;
use crate::images::MediaProblem;
use crate::locale::is_amount;
use crate::markdown::text;
use crate::plan::Plan;
use crate::prepare::{Card, Language, gallery};
use crate::site::{Availability, ContentStructure, Page, PageKind, Settings};

/// Who stands behind the site, by name.
fn publisher_name(settings: &Settings) -> &str {
    if settings.organisation.name.is_empty() {
        &settings.title
    } else {
        &settings.organisation.name
    }
}

/// The site and who stands behind it, which begin the graph of every page in a language.
pub(crate) fn site_nodes(plan: &Plan<'_>, language: usize) -> String {
    let settings = &plan.site.settings;
    let home = plan.address.absolute("/");
    // In each language the site is another.
    let site = plan.address.absolute(plan.home_path(language));
    let tag = &plan.languages[language];
    let organisation = &settings.organisation;
    let name = publisher_name(settings);
    let mut json = Json::default();
    json.open();
    json.text("@context", "https://schema.org");
    json.list_at("@graph");

    json.open();
    json.text("@type", "WebSite");
    json.joined("@id", &site, "#website");
    json.text("url", &site);
    json.text("name", &settings.title);
    json.reference("publisher", &home, "#organization");
    json.text("inLanguage", tag);
    json.some_text("description", &settings.description);
    json.close();

    json.open();
    let kind = organisation.schema_type();
    json.text("@type", kind);
    json.joined("@id", &home, "#organization");
    json.text("name", name);
    json.some_text("legalName", &organisation.legal_name);
    json.some_text("vatID", &organisation.vat_id);
    json.text("url", &home);
    json.some_text("email", &organisation.email);
    json.some_text("telephone", &organisation.phone);
    if !organisation.address_lines().is_empty() {
        json.open_at("address");
        json.text("@type", "PostalAddress");
        json.some_text("streetAddress", &organisation.address.join(", "));
        json.some_text("postalCode", &organisation.postal_code);
        json.some_text("addressLocality", &organisation.city);
        json.some_text("addressRegion", &organisation.region);
        json.some_text("addressCountry", &organisation.country);
        json.close();
    }
    if let Some(logo) = organisation.logo.as_deref().and_then(|l| plan.address.safe_image(l)) {
        let logo = plan.address.absolutise(&logo);
        json.text("logo", &logo);
        // A place is shown with a picture.
        if kind != "Organization" {
            json.text("image", &logo);
        }
    }
    let profiles = profiles(plan);
    if !profiles.is_empty() {
        json.list_at("sameAs");
        profiles.iter().for_each(|url| json.item(url));
        json.close_list();
    }
    json.close();
    json.finish()
}

/// Absolute addresses of the organisation's profiles elsewhere.
pub(crate) fn profiles(plan: &Plan<'_>) -> Vec<String> {
    let links = plan.site.settings.organisation.same_as.iter();
    let http = links.filter(|url| crate::address::is_http(url.trim()));
    http.filter_map(|url| plan.address.safe_href(url))
        .map(|url| plan.address.absolutise(&url))
        .collect()
}

/// The graph of one page.
pub(crate) struct Graph<'a> {
    plan: &'a Plan<'a>,
    language: &'a Language,
    home: String,
    /// Home page of the language.
    site: String,
    json: Json,
}

/// What a page is about, and what stands on it, for the node of the page itself.
#[derive(Debug, Default)]
pub(crate) struct About<'a> {
    /// Fragment of the node that the page is about: `#product`, `#list`.
    pub main: Option<&'static str>,
    /// Questions stand on it.
    pub faq: bool,
    pub published: Option<&'a str>,
    pub modified: Option<&'a str>,
    /// The page's picture as in [`crate::prepare::image_value`].
    pub image: Option<&'a Value>,
}

impl<'a> Graph<'a> {
    /// Begins with the site and its publisher.
    pub fn new(plan: &'a Plan<'a>, language: &'a Language) -> Self {
        Self {
            plan,
            language,
            home: plan.address.absolute("/"),
            site: plan.address.absolute(plan.home_path(plan.language(&language.tag))),
            json: Json::after(&language.site_nodes, 1024),
        }
    }

    /// The web page itself. `kind` is a schema.org type such as `WebPage`, `CollectionPage`, `AboutPage`.
    pub fn web_page(
        &mut self,
        kind: &str,
        url: &str,
        (title, description): (&str, &str),
        crumbs: &[Crumb],
        about: &About<'_>,
    ) {
        let image = about.image.and_then(|image| Some((image, text_of(image, "absolute")?)));
        let json = &mut self.json;
        json.open();
        json.text("@type", kind);
        json.text("@id", url);
        json.text("url", url);
        json.text("name", title);
        json.reference("isPartOf", &self.site, "#website");
        json.text("inLanguage", &self.language.tag);
        json.some_text("description", description);
        if let Some(date) = about.published {
            json.text("datePublished", date);
        }
        if let Some(date) = about.modified.or(about.published) {
            json.text("dateModified", date);
        }
        if let Some(main) = about.main {
            json.reference("mainEntity", url, main);
        }
        if about.faq {
            json.reference("hasPart", url, "#faq");
        }
        if image.is_some() {
            json.reference("primaryImageOfPage", url, "#primaryimage");
        }
        if crumbs.len() > 1 {
            json.reference("breadcrumb", url, "#breadcrumb");
        }
        json.close();
        if let Some((image, address)) = image {
            json.open();
            json.text("@type", "ImageObject");
            json.joined("@id", url, "#primaryimage");
            json.text("url", address);
            json.text("contentUrl", address);
            for (key, name) in [("width", "absolute_width"), ("height", "absolute_height")] {
                if let Some(side) = image.get_from_path(name).and_then(|v| v.as_i64()) {
                    json.number(key, side.unsigned_abs() as usize);
                }
            }
            json.some_text("caption", text_of(image, "alt").unwrap_or_default());
            json.close();
        }
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

    /// The pages that an archive or a hub lists.
    pub fn item_list(&mut self, url: &str, items: &[usize]) {
        if items.is_empty() {
            return;
        }
        let json = &mut self.json;
        json.open();
        json.text("@type", "ItemList");
        json.joined("@id", url, "#list");
        json.reference("mainEntityOfPage", url, "");
        json.number("numberOfItems", items.len());
        json.list_at("itemListElement");
        for (i, &page) in items.iter().enumerate() {
            json.open();
            json.text("@type", "ListItem");
            json.number("position", i + 1);
            json.text("url", &self.plan.address.absolute(self.plan.path_of(page)));
            json.close();
        }
        json.close_list();
        json.close();
    }

    /// What the page is about: an article, a product, a service. `image` says that the page has a picture.
    pub fn entity(&mut self, page: &Page, url: &str, card: &Card, image: bool) {
        let Some(kind) = entity_kind(page) else {
            return;
        };
        let json = &mut self.json;
        json.open();
        json.text("@type", kind);
        json.joined("@id", url, entity_fragment(page).unwrap_or_default());
        match page.kind {
            PageKind::Product => {
                json.text("name", &page.title);
                product(json, page, url);
            }
            PageKind::Service => {
                json.text("name", &page.title);
                json.reference("provider", &self.home, "#organization");
                json.some_text("areaServed", page.entity.area.as_deref().unwrap_or_default());
                offer(json, page, url);
            }
            _ => {
                json.text("headline", &text::truncate(&page.title, 110));
                if let Some(date) = &card.published {
                    json.text("datePublished", date);
                }
                if let Some(date) = card.updated.as_ref().or(card.published.as_ref()) {
                    json.text("dateModified", date);
                }
                author(json, page, &self.plan.site.settings, &self.home);
                publisher(json, "publisher", &self.plan.site.settings, &self.home);
                json.number("wordCount", card.words);
                json.text("inLanguage", &self.language.tag);
            }
        }
        json.reference("mainEntityOfPage", url, "");
        json.some_text("description", &card.description);
        let others = pictures(self.plan, page);
        if others.is_empty() {
            if image {
                json.reference("image", url, "#primaryimage");
            }
        } else {
            json.list_at("image");
            if image {
                json.open();
                json.joined("@id", url, "#primaryimage");
                json.close();
            }
            others.iter().for_each(|address| json.item(address));
            json.close_list();
        }
        json.close();
        self.review(page, url, card);
    }

    /// A review says how good it found something, or it is an article like others.
    fn review(&mut self, page: &Page, url: &str, card: &Card) {
        let rating = page.entity.rating_value.filter(|v| (0.0..=5.0).contains(v));
        let is_review = page.structure == Some(ContentStructure::Review);
        let (Some(rating), true) = (rating, is_review && page.kind != PageKind::Product) else {
            return;
        };
        let entity = &page.entity;
        let json = &mut self.json;
        json.open();
        json.text("@type", "Review");
        json.joined("@id", url, "#review");
        json.text("name", &page.title);
        json.open_at("itemReviewed");
        let is_product =
            entity.brand.is_some() || entity.sku.is_some() || entity.price.is_some() || entity.gtin.is_some();
        json.text("@type", if is_product { "Product" } else { "Thing" });
        json.text(
            "name",
            page.primary_keyword
                .as_deref()
                .filter(|k| !k.trim().is_empty())
                .unwrap_or(&page.title),
        );
        json.close();
        json.open_at("reviewRating");
        json.text("@type", "Rating");
        json.raw("ratingValue", &serde_json::Value::from(rating).to_string());
        json.number("bestRating", 5);
        json.close();
        if let Some(date) = &card.published {
            json.text("datePublished", date);
        }
        author(json, page, &self.plan.site.settings, &self.home);
        json.reference("isPartOf", url, "");
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
        json.reference("isPartOf", url, "");
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

/// The schema.org type of what a page is about.
fn entity_kind(page: &Page) -> Option<&'static str> {
    match (page.kind, page.structure) {
        (PageKind::Product, _) => Some("Product"),
        (PageKind::Service, _) => Some("Service"),
        (PageKind::Post, Some(structure)) if structure.is_article() => Some("Article"),
        (PageKind::Post, _) => Some("BlogPosting"),
        // Articles are dated; a page without a date is no article to a search engine.
        (PageKind::Page, Some(structure)) if structure.is_article() && page.published_at.is_some() => Some("Article"),
        _ => None,
    }
}

/// The fragment of that node.
pub(crate) fn entity_fragment(page: &Page) -> Option<&'static str> {
    match entity_kind(page)? {
        "Product" => Some("#product"),
        "Service" => Some("#service"),
        _ => Some("#article"),
    }
}

/// Who stands behind the site, with the name: some readers of articles look no further than this.
fn publisher(json: &mut Json, key: &'static str, settings: &Settings, home: &str) {
    json.open_at(key);
    json.text("@type", settings.organisation.schema_type());
    json.joined("@id", home, "#organization");
    json.text("name", publisher_name(settings));
    json.close();
}

fn author(json: &mut Json, page: &Page, settings: &Settings, home: &str) {
    match page.author.as_deref().filter(|a| !a.trim().is_empty()) {
        Some(author) => {
            json.open_at("author");
            json.text("@type", "Person");
            json.text("name", author);
            json.close();
        }
        None => publisher(json, "author", settings, home),
    }
}

fn text_of<'v>(value: &'v Value, key: &'static str) -> Option<&'v str> {
    value.get_from_path(key).and_then(|v| v.as_str())
}

/// Absolute addresses of the pictures of a product's gallery that can be shown, without the one that stands for it.
fn pictures(plan: &Plan<'_>, page: &Page) -> Vec<String> {
    if page.kind != PageKind::Product {
        return Vec::new();
    }
    let shown = |link: &&String| match plan.address.target(link, "/") {
        Target::Site { path, .. } => plan
            .media_at(&path)
            .is_some_and(|media| !matches!(media.problem, Some(MediaProblem::Missing(_)))),
        _ => true,
    };
    let links = gallery(page).iter().filter(shown);
    links
        .filter_map(|link| plan.address.safe_image(link))
        .map(|src| plan.address.absolutise(&src))
        .collect()
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
        json.number("ratingCount", count as usize);
        json.number("bestRating", 5);
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
    let Some(currency) = entity.currency.as_deref().filter(|c| c.len() == 3) else {
        return;
    };
    let Some(price) = entity.price.as_deref().filter(|p| is_amount(p)) else {
        // What a service costs is often from one amount to another.
        if let Some((low, high)) = entity.price_range.as_deref().and_then(range) {
            json.open_at("offers");
            json.text("@type", "AggregateOffer");
            json.text("url", url);
            json.text("lowPrice", &low);
            json.text("highPrice", &high);
            json.text("priceCurrency", currency);
            json.close();
        }
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

/// The two amounts of a range such as `€40–€90` or `1,200 to 1,500 EUR`.
fn range(text: &str) -> Option<(String, String)> {
    let mut amounts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
        let end = rest[start..].find(|c| !digits(c)).map_or(rest.len(), |n| start + n);
        let written = rest[start..end].trim_end_matches(['.', ',']);
        // What stands before three digits groups, what stands before others are cents.
        let amount = match written.rfind(['.', ',']) {
            Some(at) if written.len() - at == 4 => written.replace(['.', ','], ""),
            Some(at) => format!("{}.{}", written[..at].replace(['.', ','], ""), &written[at + 1..]),
            None => written.to_owned(),
        };
        amounts.push(amount);
        rest = &rest[end..];
    }
    match amounts.as_slice() {
        [low, high] if is_amount(low) && is_amount(high) => Some((low.clone(), high.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_two_amounts() {
        let cases = [
            ("€40–€90", Some(("40", "90"))),
            ("1,200 to 1.500,50 EUR", Some(("1200", "1500.50"))),
            ("from 40", None),
            ("40, 50 or 60", None),
            ("on request", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|(low, high): (&str, &str)| (low.to_owned(), high.to_owned()));
            assert_eq!(range(text), expected, "{text}");
        }
    }
}
