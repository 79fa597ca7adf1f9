//! Pages with a body of their own.

use std::ops::ControlFlow;

use tera::{Context, Value};

use super::shell::languages;
use super::{Outcome, Run, hash};
use crate::markdown::{self, Html, text};
use crate::plan::{Place, PlannedPage};
use crate::prepare::{gallery, image_value, map, optional};
use crate::seo::json_ld::{About, Graph, entity_fragment};
use crate::seo::{Crumb, Head, document_title};
use crate::site::{Availability, Body, PageKind, SectionSort};

/// Related pages shown.
const RELATED: usize = 3;
/// Whatever is shown is the beginning of this many.
pub(super) const MOST_RELATED: usize = RELATED;

impl Run<'_> {
    pub(super) fn page(&self, i: usize, outcome: &mut Outcome) -> ControlFlow<()> {
        let planned = &self.plan.pages[i];
        let crumbs = self.crumbs_to_page(planned);
        let names: &[&str] = match planned.page.kind {
            PageKind::Post => &["post.html", "page.html"],
            PageKind::Page | PageKind::Home if is_custom(&planned.page) => &["custom.html", "page.html"],
            PageKind::Page | PageKind::Home => &["page.html"],
            PageKind::Product => &["product.html", "page.html"],
            PageKind::Service => &["service.html", "page.html"],
            PageKind::About => &["about.html", "page.html"],
            PageKind::Contact => &["contact.html", "page.html"],
        };
        let template = self.theme.template(names);
        let mut context = self.page_context(i, template, outcome);
        let faq = self.faq(planned, outcome);
        let head = self.page_head(i, &crumbs, &faq.1, self.led_to(i, template));
        context.insert_value("breadcrumbs", self.crumbs_value(&crumbs));
        context.insert_value("faq", faq.0);
        context.insert_value("head", head.value());
        self.write_page(template, &mut context, planned.language, &planned.path, outcome)
    }

    /// The page's text and all that belongs to it, without what depends on where it is shown. What takes long to find is left
    /// out if `template` does not look at it.
    pub(super) fn page_context(&self, i: usize, template: &str, outcome: &mut Outcome) -> Context {
        let plan = self.plan;
        let planned = &plan.pages[i];
        let page = &planned.page;
        let value = self.card(i);
        let mut context = self.shells[planned.language].context();
        let has_image = !self.prepared.card(plan, i).image.is_none();
        let mut html = markdown::render(
            &plan.body(i, &mut outcome.findings),
            &self.text_context(&planned.path, &page.title, planned.language, "", !has_image),
        );
        let blocks = crate::blocks::blocks(plan, self.prepared, i, &mut html, !has_image);
        context.insert_value("blocks", blocks);
        if let Some(layout) = page.layout {
            context.insert_value("layout", crate::blocks::layout_view(layout));
        }
        outcome.anchors = Some((i, html.ids.iter().map(|id| hash(id)).collect()));
        outcome.take_html(&mut html, &planned.path);

        context.insert_value("page", value);
        context.insert_value("current_url", Value::from(plan.address.href(&planned.path)));
        context.insert_value("toc", toc(&html));
        context.insert_value("content", Value::safe_string(&html.body));
        let attributes: Vec<Value> = page
            .attributes
            .iter()
            .map(|(name, value)| map! { "name" => name.as_str(), "value" => value.as_str() })
            .collect();
        context.insert_value("attributes", Value::from(attributes));
        let gallery: Vec<Value> = gallery(page)
            .iter()
            .map(|link| image_value(plan, link, &page.title, &planned.path, &mut outcome.findings))
            .filter(|v| !v.is_none())
            .collect();
        context.insert_value("gallery", Value::from(gallery));
        if self.theme.looks_at(template, "related") {
            let related = self.related.of(plan, i, RELATED);
            let related: Vec<Value> = related.into_iter().map(|r| self.card(r)).collect();
            context.insert_value("related", Value::from(related));
        }
        if self.theme.looks_at(template, "cluster") {
            context.insert_value("cluster", self.cluster(i));
        }
        context.insert_value(
            "languages",
            languages(plan, planned.language, &plan.versions(Place::Page(i))),
        );
        let (before, after) = self.neighbours(planned);
        context.insert_value("before", before);
        context.insert_value("after", after);
        let others: Vec<Value> = plan
            .translations(i)
            .iter()
            .filter(|&&(l, _)| l != planned.language)
            .map(|&(l, p)| map! { "lang" => plan.languages[l].as_str(), "url" => plan.address.href(plan.path_of(p)), "title" => plan.title_of(p) })
            .collect();
        context.insert_value("translations", Value::from(others));
        context
    }

    /// The cluster that a page is in: all of it for its hub, the way to the hub for the others.
    fn cluster(&self, i: usize) -> Value {
        let plan = self.plan;
        let Some(cluster) = plan.cluster_of(i) else {
            return Value::none();
        };
        let is_hub = cluster.hub == Some(i);
        let hub = cluster.hub.filter(|_| !is_hub);
        let hub = hub.map(|h| map! { "title" => plan.title_of(h), "url" => plan.address.href(plan.path_of(h)) });
        let members = if is_hub { cluster.members.as_slice() } else { &[] };
        map! {
            "name" => cluster.name.as_str(),
            "is_hub" => is_hub,
            "hub" => optional(hub),
            "pages" => members.iter().map(|&p| self.card(p)).collect::<Vec<Value>>(),
        }
    }

    /// The pages that a hub shows, unless it is something of its own to search engines, as an article is.
    fn led_to(&self, i: usize, template: &str) -> Option<&[usize]> {
        let page = &self.plan.pages[i].page;
        let is_list = page.kind == PageKind::Page && entity_fragment(page).is_none();
        if !is_list || !self.theme.looks_at(template, "cluster") {
            return None;
        }
        let cluster = self.plan.cluster_of(i)?;
        let shown = cluster.hub == Some(i) && !cluster.members.is_empty();
        shown.then_some(cluster.members.as_slice())
    }

    /// Neighbours in the section's order, each with the word for it.
    fn neighbours(&self, planned: &PlannedPage<'_>) -> (Value, Value) {
        let Some((s, _)) = planned.section else {
            return (Value::none(), Value::none());
        };
        let section = &self.plan.sections[s];
        let words = &self.prepared.languages[planned.language].words;
        let (before, after) = match section.section.sort {
            SectionSort::Date => ("newer", "older"),
            SectionSort::Title | SectionSort::Weight => ("previous", "next"),
        };
        let (newer, older) = self.plan.neighbours(planned);
        let value = |page: Option<usize>, word: &str| {
            optional(page.map(|p| {
                map! { "title" => self.plan.title_of(p), "url" => self.plan.address.href(self.plan.path_of(p)), "label" => words.get(word) }
            }))
        };
        (value(newer, before), value(older, after))
    }

    /// Questions for the template, and as plain text for structured data.
    pub(super) fn faq(&self, planned: &PlannedPage<'_>, outcome: &mut Outcome) -> (Value, Vec<(String, String)>) {
        let mut plain = Vec::new();
        let mut shown = Vec::new();
        for (n, item) in planned.page.faq.iter().enumerate() {
            let prefix = format!("faq-{}-", n + 1);
            let mut html = markdown::render_fragment(
                &item.answer,
                &markdown::Context {
                    heading_level: 3,
                    ..self.text_context(&planned.path, "", planned.language, &prefix, false)
                },
            );
            for finding in &mut html.findings {
                finding.place = finding.place.in_answer(n + 1);
            }
            if let Some((_, anchors)) = &mut outcome.anchors {
                anchors.extend(html.ids.iter().map(|id| hash(id)));
            }
            outcome.take_html(&mut html, &planned.path);
            plain.push((item.question.trim().to_owned(), text::markdown_text(&item.answer, 5000)));
            shown.push(map! { "question" => item.question.as_str(), "answer" => Value::safe_string(&html.body) });
        }
        plain.extend(crate::blocks::questions(&planned.page.blocks));
        (Value::from(shown), plain)
    }

    /// `list` is what the page stands above: the text of an archive, or a hub.
    pub(super) fn page_head(
        &self,
        i: usize,
        crumbs: &[Crumb],
        faq: &[(String, String)],
        list: Option<&[usize]>,
    ) -> Head {
        let plan = self.plan;
        let settings = &plan.site.settings;
        let planned = &plan.pages[i];
        let page = &planned.page;
        let card = &self.prepared.card(plan, i);
        let language = &self.prepared.languages[planned.language];
        let url = plan.address.absolute(&planned.path);
        let canonical = planned.canonical.clone().unwrap_or_else(|| url.clone());
        let shown_title = if page.title.trim().is_empty() {
            planned.path.as_str()
        } else {
            page.title.trim()
        };
        let seo_title = page.seo_title.trim();

        let mut graph = Graph::new(plan, language);
        let page_type = match page.kind {
            _ if list.is_some() => "CollectionPage",
            PageKind::About => "AboutPage",
            PageKind::Contact => "ContactPage",
            PageKind::Product => "ItemPage",
            _ => "WebPage",
        };
        let share = self.share_of_page(i);
        let is_article = page.kind == PageKind::Post;
        let image = Some(&card.image).filter(|v| !v.is_none());
        // A picture of words stands for an article, but shows no product.
        let pictured = image.or(share.as_ref().filter(|_| is_article));
        let listed = list.filter(|pages| !pages.is_empty());
        let about = About {
            main: listed
                .map(|_| "#list")
                .or(entity_fragment(page).filter(|_| list.is_none())),
            faq: !faq.is_empty(),
            published: card.published.as_deref(),
            modified: card.updated.as_deref(),
            image: pictured,
        };
        graph.web_page(page_type, &url, (shown_title, &card.description), crumbs, &about);
        match list {
            Some(pages) => graph.item_list(&url, pages),
            None => graph.entity(page, &url, card, pictured.is_some()),
        }
        graph.faq(&url, faq);
        let feeds = planned.section.map(|(s, _)| &plan.sections[s]).filter(|s| s.render);
        Head {
            title: if seo_title.is_empty() {
                document_title(shown_title, &settings.title)
            } else {
                seo_title.to_owned()
            },
            short_title: if seo_title.is_empty() {
                shown_title.to_owned()
            } else {
                seo_title.to_owned()
            },
            description: card.description.clone(),
            canonical,
            indexable: page.indexable && settings.indexable,
            og_type: match page.kind {
                PageKind::Post => "article",
                PageKind::Product => "product",
                _ => "website",
            },
            image: image.cloned().or(share),
            published: card.published.clone().filter(|_| is_article),
            modified: card.updated.clone().filter(|_| is_article),
            author: page.author.clone().filter(|a| is_article && !a.trim().is_empty()),
            section: planned
                .section
                .filter(|_| is_article)
                .map(|(s, _)| plan.sections[s].section.title.clone()),
            tags: if is_article {
                planned
                    .terms
                    .iter()
                    .take(6)
                    .map(|&t| plan.terms[t].name.clone())
                    .collect()
            } else {
                Vec::new()
            },
            price: (page.kind == PageKind::Product).then(|| self.price(page)).flatten(),
            prev: None,
            next: None,
            alternates: plan.alternates(Place::Page(i)),
            feeds: feeds
                .map(|s| self.feed_links(&s.listing, &s.section.title))
                .unwrap_or_default(),
            json_ld: graph.finish(),
        }
    }

    /// Amount, currency and availability of a product for cards.
    fn price(&self, page: &crate::site::Page) -> Option<[String; 3]> {
        let amount = page.entity.price.clone().filter(|p| crate::locale::is_amount(p))?;
        let currency = page.entity.currency.clone().filter(|c| c.len() == 3)?;
        let availability = match page.entity.availability {
            Some(Availability::InStock) => "in stock",
            Some(Availability::OutOfStock | Availability::Discontinued) => "out of stock",
            Some(Availability::PreOrder) => "preorder",
            None => "",
        };
        Some([amount, currency, availability.to_owned()])
    }

    /// From the home page down to a page.
    fn crumbs_to_page(&self, planned: &PlannedPage<'_>) -> Vec<Crumb> {
        let mut crumbs = self.crumbs_above(&planned.path, planned.language);
        let title = planned.page.title.trim();
        let title = if title.is_empty() { planned.path.as_str() } else { title };
        crumbs.push(Crumb {
            title: title.to_owned(),
            path: planned.path.clone(),
        });
        crumbs
    }

    /// The home page and the sections above `path`.
    pub(super) fn crumbs_above(&self, path: &str, language: usize) -> Vec<Crumb> {
        let plan = self.plan;
        let mut crumbs = vec![Crumb {
            title: self.prepared.languages[language].words.get("home"),
            path: plan.home_path(language).to_owned(),
        }];
        for s in plan.ancestors(path) {
            let section = &plan.sections[s];
            if section.path != path {
                crumbs.push(Crumb {
                    title: section.section.title.clone(),
                    path: section.path.clone(),
                });
            }
        }
        crumbs
    }

    pub(super) fn crumbs_value(&self, crumbs: &[Crumb]) -> Value {
        let values: Vec<Value> = crumbs
            .iter()
            .map(|c| map! { "title" => c.title.as_str(), "url" => self.plan.address.href(&c.path) })
            .collect();
        Value::from(values)
    }
}

/// A page that is made of blocks alone.
fn is_custom(page: &crate::site::Page) -> bool {
    let (Body::Markdown(text) | Body::Html(text)) = &page.body;
    !page.blocks.is_empty() && text.trim().is_empty()
}

/// Headings of the second and third level; fewer than three are no table of contents.
fn toc(html: &Html) -> Value {
    let entries: Vec<Value> = html
        .toc
        .iter()
        .filter(|entry| (2..=3).contains(&entry.level) && !entry.title.is_empty())
        .map(|entry| map! { "level" => u64::from(entry.level), "id" => entry.id.as_str(), "title" => entry.title.as_str() })
        .collect();
    Value::from(if entries.len() < 3 { Vec::new() } else { entries })
}
