//! Archives and home pages.

use std::ops::ControlFlow;

use tera::Value;

use super::pages::MOST_RELATED;
use super::shell::languages;
use super::{FeedOf, Outcome, Run};
use crate::feeds;
use crate::markdown;
use crate::output::FileKind;
use crate::paths;
use crate::plan::{Listing, Place, Plan, PlannedTerm};
use crate::prepare::{kind_name, map, optional, taxonomy_kind, text_or_none};
use crate::seo::json_ld::{About, Graph};
use crate::seo::{Crumb, Head, archive, document_title};
use crate::site::{Body, FeedFormat, PageKind, TaxonomyKind};

/// Pieces of each section that a home page shows.
const HOME_ITEMS: usize = 6;
/// Pager links shown on each side of the current one.
const PAGER_REACH: usize = 2;

/// Pages of each term that a list of terms shows, unless there are many terms.
const TERM_ITEMS: usize = 3;
const MANY_TERMS: usize = 24;
/// Archives of terms with no more pages than this lead on to related ones.
const FEW: usize = 3;

/// What an author wrote about a term.
fn description_of<'t>(term: &PlannedTerm<'t>) -> &'t str {
    term.term.map_or("", |t| t.description.as_str())
}

/// What the head of an archive is made from.
struct ListHead<'a> {
    listing: &'a Listing,
    n: usize,
    title: &'a str,
    /// What an author wrote; may be empty.
    description: &'a str,
    /// Names of the terms, for a list of them.
    names: Option<&'a [&'a str]>,
    crumbs: &'a [Crumb],
    place: Place,
}

impl Run<'_> {
    pub(super) fn section(&self, i: usize, n: usize, outcome: &mut Outcome) -> ControlFlow<()> {
        let plan = self.plan;
        let planned = &plan.sections[i];
        let listing = &planned.listing;
        let path = paths::pager(&planned.path, n);
        let mut context = self.shells[listing.language].context();
        let mut crumbs = self.crumbs_above(&planned.path, listing.language);
        crumbs.push(Crumb {
            title: planned.section.title.clone(),
            path: planned.path.clone(),
        });
        let body = self.body(
            &planned.section.body,
            &path,
            &planned.section.title,
            listing.language,
            n,
            outcome,
        );
        let children: Vec<Value> = planned
            .children
            .iter()
            .map(|&c| {
                let child = &plan.sections[c];
                map! { "title" => child.section.title.as_str(), "url" => plan.address.href(&child.path), "description" => text_or_none(&child.section.description), "count" => child.listing.total() }
            })
            .collect();
        context.insert_value(
            "list",
            self.list_value(
                listing,
                n,
                &planned.section.title,
                &planned.section.description,
                body,
                children,
                "section",
            ),
        );
        let own = planned.section.extra.get("layout").and_then(|l| l.as_str());
        if let Some(layout) = own.and_then(crate::blocks::PageLayout::parse) {
            context.insert_value("layout", crate::blocks::layout_view(layout));
        }
        context.insert_value("breadcrumbs", self.crumbs_value(&crumbs));
        context.insert_value("current_url", Value::from(plan.address.href(&planned.path)));
        context.insert_value(
            "languages",
            languages(plan, listing.language, &plan.versions(Place::Section(i))),
        );
        let mut head = self.list_head(&ListHead {
            listing,
            n,
            title: &planned.section.title,
            description: &planned.section.description,
            names: None,
            crumbs: &crumbs,
            place: Place::Section(i),
        });
        head.image = self.share_of_section(i);
        context.insert_value("head", head.value());
        self.write_page(
            self.theme.template(match listing.kind {
                PageKind::Post => &["blog.html", "section.html", "list.html"],
                PageKind::Product => &["products.html", "section.html", "list.html"],
                PageKind::Service => &["services.html", "section.html", "list.html"],
                _ => &["section.html", "list.html"],
            }),
            &mut context,
            listing.language,
            &path,
            outcome,
        )
    }

    pub(super) fn term(&self, i: usize, n: usize, outcome: &mut Outcome) -> ControlFlow<()> {
        let plan = self.plan;
        let term = &plan.terms[i];
        let taxonomy = &plan.site.taxonomies[term.taxonomy];
        let listing = &term.listing;
        let path = paths::pager(&listing.path, n);
        let description = description_of(term);
        let mut crumbs = self.crumbs_above(&listing.path, listing.language);
        let all = plan
            .term_lists
            .iter()
            .find(|l| l.language == listing.language && l.taxonomy.name == taxonomy.name);
        crumbs.extend(all.map(|l| Crumb {
            title: taxonomy.title.clone(),
            path: l.path.clone(),
        }));
        let mut above = Vec::new();
        let mut at = term.parent;
        while let Some(parent) = at.filter(|_| above.len() < 12) {
            above.push(Crumb {
                title: plan.terms[parent].name.clone(),
                path: plan.terms[parent].listing.path.clone(),
            });
            at = plan.terms[parent].parent;
        }
        crumbs.extend(above.into_iter().rev());
        crumbs.push(Crumb {
            title: term.name.clone(),
            path: listing.path.clone(),
        });
        let children: Vec<Value> = term.children.iter().map(|&c| self.child_term(c, 0)).collect();
        let template = self.theme.template(match taxonomy.kind {
            TaxonomyKind::BlogCategory => &["category.html", "term.html", "list.html"],
            TaxonomyKind::BlogTag | TaxonomyKind::ProductTag => &["tag.html", "term.html", "list.html"],
            TaxonomyKind::ProductCategory => &["product_category.html", "term.html", "list.html"],
            TaxonomyKind::ProductAttribute => &["product_attribute.html", "term.html", "list.html"],
            TaxonomyKind::ServiceCategory => &["service_category.html", "term.html", "list.html"],
        });

        // The text of the archive stands above its first page; the others are the list alone.
        let text = term.page.map(|p| (p, &plan.pages[p]));
        let mut head = self.list_head(&ListHead {
            listing,
            n,
            title: &term.title,
            description,
            names: None,
            crumbs: &crumbs,
            place: Place::Term(i),
        });
        let (mut context, title, description, body);
        match text {
            Some((p, planned)) if n == 1 => {
                context = self.page_context(p, template, outcome);
                let faq = self.faq(planned, outcome);
                context.insert_value("faq", faq.0);
                let own = self.page_head(p, &crumbs, &faq.1, Some(listing.slice(1)));
                head = Head {
                    title: own.title,
                    short_title: own.short_title,
                    description: if own.description.is_empty() {
                        head.description
                    } else {
                        own.description
                    },
                    canonical: own.canonical,
                    image: own.image,
                    json_ld: own.json_ld,
                    ..head
                };
                title = planned.title().to_owned();
                let lead = [
                    planned.page.excerpt.as_str(),
                    &planned.page.description,
                    description_of(term),
                ];
                description = lead
                    .into_iter()
                    .find(|l| !l.trim().is_empty())
                    .unwrap_or_default()
                    .to_owned();
                body = self
                    .has_text(p, outcome)
                    .then(|| context.get("content").cloned())
                    .flatten()
                    .unwrap_or_else(Value::none);
            }
            _ => {
                context = self.shells[listing.language].context();
                title = text
                    .map_or(term.name.as_str(), |(_, planned)| planned.title())
                    .to_owned();
                description = description_of(term).to_owned();
                body = Value::none();
            }
        }
        if let Some((_, planned)) = text {
            head.indexable &= planned.page.indexable;
        }
        context.insert_value(
            "list",
            self.list_value(listing, n, &title, &description, body, children, "term"),
        );
        context.insert_value("term", self.prepared.term(plan, i));
        if self.theme.looks_at(template, "related") {
            context.insert_value("related", Value::from(self.beside_few(listing)));
        }
        context.insert_value("breadcrumbs", self.crumbs_value(&crumbs));
        context.insert_value("current_url", Value::from(plan.address.href(&listing.path)));
        context.insert_value(
            "languages",
            languages(plan, listing.language, &plan.versions(Place::Term(i))),
        );
        context.insert_value("head", head.value());
        self.write_page(template, &mut context, listing.language, &path, outcome)
    }

    /// A term below what is shown, with the first `most` of its pages.
    fn child_term(&self, c: usize, most: usize) -> Value {
        let child = &self.plan.terms[c];
        let description = description_of(child);
        let shown = if most == 0 { &[][..] } else { child.listing.slice(1) };
        let items: Vec<Value> = shown.iter().take(most).map(|&p| self.card(p)).collect();
        map! { "title" => child.name.as_str(), "url" => self.plan.address.href(&child.listing.path), "description" => text_or_none(description), "count" => child.listing.total(), "items" => items }
    }

    /// What a list of few pages goes on with: pages related to them.
    fn beside_few(&self, listing: &Listing) -> Vec<Value> {
        if listing.total() > FEW {
            return Vec::new();
        }
        let items = listing.items();
        let mut beside: Vec<usize> = Vec::new();
        for &item in items {
            for page in self.related.of(self.plan, item, MOST_RELATED) {
                if !items.contains(&page) && !beside.contains(&page) {
                    beside.push(page);
                }
            }
        }
        beside.into_iter().take(MOST_RELATED).map(|p| self.card(p)).collect()
    }

    /// All terms of a taxonomy.
    pub(super) fn term_list(&self, i: usize, outcome: &mut Outcome) -> ControlFlow<()> {
        let plan = self.plan;
        let list = &plan.term_lists[i];
        let mut crumbs = self.crumbs_above(&list.path, list.language);
        crumbs.push(Crumb {
            title: list.taxonomy.title.clone(),
            path: list.path.clone(),
        });
        let most = if list.terms.len() > MANY_TERMS { 0 } else { TERM_ITEMS };
        let children: Vec<Value> = list.terms.iter().map(|&t| self.child_term(t, most)).collect();
        let names: Vec<&str> = list.terms.iter().map(|&t| plan.terms[t].name.as_str()).collect();
        let listing = Listing::new(list.path.clone(), Vec::new(), list.language);
        let mut context = self.shells[list.language].context();
        context.insert_value(
            "list",
            self.list_value(&listing, 1, &list.taxonomy.title, "", Value::none(), children, "terms"),
        );
        context.insert_value("taxonomy", map! { "name" => list.taxonomy.name.as_str(), "title" => list.taxonomy.title.as_str(), "kind" => taxonomy_kind(list.taxonomy.kind) });
        context.insert_value("breadcrumbs", self.crumbs_value(&crumbs));
        context.insert_value("current_url", Value::from(plan.address.href(&list.path)));
        context.insert_value(
            "languages",
            languages(plan, list.language, &plan.versions(Place::TermList(i))),
        );
        let head = self.list_head(&ListHead {
            listing: &listing,
            n: 1,
            title: &list.taxonomy.title,
            description: "",
            names: Some(&names),
            crumbs: &crumbs,
            place: Place::TermList(i),
        });
        context.insert_value("head", head.value());
        self.write_page(
            self.theme.template(&["terms.html", "list.html"]),
            &mut context,
            list.language,
            &list.path,
            outcome,
        )
    }

    /// The `n`th page of a home page: the author's, or one made from the settings.
    pub(super) fn home(&self, i: usize, n: usize, outcome: &mut Outcome) -> ControlFlow<()> {
        let plan = self.plan;
        let settings = &plan.site.settings;
        let home = &plan.homes[i];
        let language = &self.prepared.languages[home.language];
        let path = paths::pager(&home.path, n);
        let section = home.section.map(|s| plan.sections[s].section);
        let mut head;
        let mut context;
        let (title, description);
        if let Some(p) = home.page {
            context = self.page_context(p, "home.html", outcome);
            let faq = self.faq(&plan.pages[p], outcome);
            context.insert_value("faq", faq.0);
            let crumbs = [Crumb {
                title: language.words.get("home"),
                path: home.path.clone(),
            }];
            head = self.page_head(p, &crumbs, &faq.1, None);
            title = plan.pages[p].page.title.clone();
            description = plan.pages[p].page.excerpt.clone();
            if plan.pages[p].page.seo_title.trim().is_empty()
                && settings.title == title
                && !settings.description.is_empty()
            {
                head.title = document_title(
                    &settings.title,
                    &crate::markdown::text::truncate(&settings.description, 70),
                );
            }
        } else {
            context = self.shells[home.language].context();
            context.insert_value("faq", Value::from(Vec::<Value>::new()));
            title = section
                .map(|s| s.title.clone())
                .filter(|t| !t.trim().is_empty())
                .unwrap_or_else(|| settings.title.clone());
            description = section
                .map(|s| s.description.clone())
                .filter(|d| !d.trim().is_empty())
                .unwrap_or_else(|| settings.description.clone());
            let body = match section {
                Some(s) => self.body(&s.body, &path, &title, home.language, n, outcome),
                None => Value::none(),
            };
            context.insert_value("content", body);
            head = self.list_head(&ListHead {
                listing: &home.listing,
                n,
                title: &settings.title,
                description: &description,
                names: None,
                crumbs: &[],
                place: Place::Home,
            });
        }
        if n > 1 {
            let paged = self.list_head(&ListHead {
                listing: &home.listing,
                n,
                title: &settings.title,
                description: &settings.description,
                names: None,
                crumbs: &[],
                place: Place::Home,
            });
            outcome.anchors = None;
            head = paged;
        } else {
            head.next = self.pager_url(&home.listing, 2);
        }
        head.feeds = self.feed_links(&home.listing, &settings.title);
        // Further pagers are about the list alone.
        let groups = if n == 1 { home.groups.as_slice() } else { &[] };
        let groups: Vec<Value> = groups
            .iter()
            .map(|&s| {
                let planned = &plan.sections[s];
                let items: Vec<Value> = planned
                    .listing
                    .items()
                    .iter()
                    .take(HOME_ITEMS)
                    .map(|&p| self.card(p))
                    .collect();
                map! {
                    "title" => planned.section.title.as_str(),
                    "description" => text_or_none(&planned.section.description),
                    "url" => plan.address.href(&planned.path),
                    "kind" => kind_name(planned.listing.kind),
                    "count" => planned.listing.total(),
                    "items" => items,
                }
            })
            .collect();
        context.insert_value("groups", Value::from(groups));
        let alone: Vec<Value> = home.pages.iter().map(|&p| self.card(p)).collect();
        context.insert_value("alone", Value::from(alone));
        let list = self.list_value(
            &home.listing,
            n,
            &title,
            &description,
            Value::none(),
            Vec::new(),
            "home",
        );
        context.insert_value("list", list);
        context.insert_value("is_first", Value::from(n == 1));
        context.insert_value("current_url", Value::from(plan.address.href(&home.path)));
        context.insert_value("head", head.value());
        self.write_page("home.html", &mut context, home.language, &path, outcome)
    }

    /// False if a page has no text of its own.
    fn has_text(&self, page: usize, outcome: &mut Outcome) -> bool {
        let body = self.plan.body(page, &mut outcome.findings);
        let (Body::Markdown(source) | Body::Html(source)) = body.as_ref();
        !source.trim().is_empty()
    }

    fn body(&self, body: &Body, path: &str, title: &str, language: usize, n: usize, outcome: &mut Outcome) -> Value {
        let (Body::Markdown(source) | Body::Html(source)) = body;
        // The text above a list belongs to its first page; repeated it would only be a duplicate.
        if n > 1 || source.trim().is_empty() {
            return Value::none();
        }
        let mut html = markdown::render(body, &self.text_context(path, title, language, "", true));
        outcome.take_html(&mut html, path);
        Value::safe_string(&html.body)
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "one call per kind of archive; a struct would be filled and read once"
    )]
    fn list_value(
        &self,
        listing: &Listing,
        n: usize,
        title: &str,
        description: &str,
        body: Value,
        children: Vec<Value>,
        of: &str,
    ) -> Value {
        let items: Vec<Value> = listing.slice(n).iter().map(|&p| self.card(p)).collect();
        let count = listing.pagers();
        let near: Vec<Value> = (1..=count)
            .filter(|&p| p == 1 || p == count || p.abs_diff(n) <= PAGER_REACH)
            .map(|p| map! { "number" => p, "url" => optional(self.pager_url(listing, p)), "current" => p == n, "gap" => p > 1 && p.abs_diff(n) > PAGER_REACH && p == count || p == 1 && n > PAGER_REACH + 2 })
            .collect();
        map! {
            "of" => of,
            "title" => title,
            "description" => text_or_none(description),
            "body" => body,
            "kind" => kind_name(listing.kind),
            "mixed" => items.iter().any(|item| item.get_from_path("kind").and_then(Value::as_str) != Some(kind_name(listing.kind))),
            "url" => self.plan.address.href(&listing.path),
            "feed_url" => optional(listing.feeds.first().map(|&f| self.plan.address.href(&Plan::feed_path(&listing.path, f)))),
            "items" => items,
            "children" => children,
            "total" => listing.total(),
            "pager" => map! {
                "number" => n,
                "count" => count,
                "prev" => optional(n.checked_sub(1).and_then(|p| self.pager_url(listing, p))),
                "next" => optional(self.pager_url(listing, n + 1)),
                "pages" => near,
            },
        }
    }

    fn pager_url(&self, listing: &Listing, n: usize) -> Option<String> {
        (1..=listing.pagers())
            .contains(&n)
            .then(|| self.plan.address.href(&paths::pager(&listing.path, n)))
    }

    fn list_head(&self, of: &ListHead<'_>) -> Head {
        let plan = self.plan;
        let settings = &plan.site.settings;
        let listing = of.listing;
        let language = &self.prepared.languages[listing.language];
        let is_home = of.crumbs.is_empty();
        let title = if of.n > 1 {
            format!("{} – {} {}", of.title, language.words.get("page"), of.n)
        } else {
            of.title.to_owned()
        };
        let description = match of.names {
            Some(names) => archive::of_terms(language, of.title, names.iter().copied()),
            None => archive::of_listing(plan, language, listing, of.n, of.title, of.description),
        };
        let canonical = plan.address.absolute(&paths::pager(&listing.path, of.n));
        let mut graph = Graph::new(plan, language);
        let items = listing.slice(of.n);
        let about = About {
            main: (!items.is_empty()).then_some("#list"),
            ..About::default()
        };
        graph.web_page("CollectionPage", &canonical, (&title, &description), of.crumbs, &about);
        graph.item_list(&canonical, items);
        let full_title = match (is_home, of.n) {
            (true, 1) => document_title(
                &settings.title,
                &crate::markdown::text::truncate(&settings.description, 70),
            ),
            (true, _) => title.clone(),
            (false, _) => document_title(&title, &settings.title),
        };
        Head {
            title: full_title,
            short_title: title,
            description,
            canonical,
            indexable: settings.indexable,
            og_type: "website",
            prev: of.n.checked_sub(1).and_then(|p| self.pager_url(listing, p)),
            next: self.pager_url(listing, of.n + 1),
            feeds: self.feed_links(listing, of.title),
            image: self.share_of_site(),
            json_ld: graph.finish(),
            // The pages of a list need not be cut alike in other languages.
            alternates: if of.n == 1 {
                plan.alternates(of.place)
            } else {
                Vec::new()
            },
            ..Head::default()
        }
    }

    pub(super) fn feed(&self, of: FeedOf, outcome: &mut Outcome) -> ControlFlow<()> {
        let plan = self.plan;
        let site = &plan.site.settings;
        let within = |name: &str| document_title(name, &site.title);
        let (listing, title, subtitle) = match of {
            FeedOf::Home(i) => (&plan.homes[i].listing, site.title.clone(), site.description.as_str()),
            FeedOf::Section(i) => (
                &plan.sections[i].listing,
                within(&plan.sections[i].section.title),
                plan.sections[i].section.description.as_str(),
            ),
            FeedOf::Term(i) => (
                &plan.terms[i].listing,
                within(&plan.terms[i].name),
                description_of(&plan.terms[i]),
            ),
        };
        let whole = !matches!(of, FeedOf::Term(_));
        let feed = feeds::Feed::new(plan, self.prepared, listing, (&title, subtitle), |i| {
            whole.then(|| self.feed_content(i))
        });
        for &format in &listing.feeds {
            let path = paths::file_of(&Plan::feed_path(&listing.path, format));
            self.write(path, feed.write(format).into_bytes(), FileKind::Feed, outcome)?;
        }
        ControlFlow::Continue(())
    }

    /// The body of a page for a feed. What is wrong with it the page itself reports.
    fn feed_content(&self, i: usize) -> String {
        let planned = &self.plan.pages[i];
        let context = markdown::Context {
            image_sizes: "",
            ..self.text_context(&planned.path, &planned.page.title, planned.language, "", true)
        };
        let html = markdown::render(&self.plan.body(i, &mut Vec::new()), &context);
        feeds::absolute(
            &html.body,
            &self.plan.address,
            &self.plan.address.absolute(&planned.path),
        )
    }

    /// Links to the feeds of a list: address, title, MIME type.
    pub(super) fn feed_links(&self, listing: &Listing, title: &str) -> Vec<(String, String, &'static str)> {
        let link = |&format: &FeedFormat| {
            let href = self.plan.address.href(&Plan::feed_path(&listing.path, format));
            (href, title.to_owned(), format.mime())
        };
        listing.feeds.iter().map(link).collect()
    }
}
