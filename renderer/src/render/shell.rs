//! What every page of a site shares: settings, menus, words, the theme's files.

use std::collections::HashMap;

use tera::{Context, Map, Value};

use crate::blocks::{PageLayout, layout_view};
use crate::diagnostic::Diagnostic;
use crate::incremental::Remembering;
use crate::incremental::facts::digest_of;
use crate::plan::Plan;
use crate::prepare::{Prepared, image_value, map, optional, taxonomy_kind, text_or_none};
use crate::site::{MenuItem, PageKind, SiteType};
use crate::theme::{OptionKind, Options, Theme, hashed_path};

/// Menus nested deeper than this are cut.
const MENU_DEPTH: usize = 4;
/// Newest pages that every page can show.
const RECENT: usize = 10;
/// Terms of each taxonomy that lists show beside themselves.
const TOPICS: usize = 16;

/// What every template sees of the site in one language.
pub(super) struct Shell {
    variables: Vec<(&'static str, Value)>,
    context: Context,
}

impl Shell {
    fn new(variables: Vec<(&'static str, Value)>) -> Self {
        let mut context = Context::new();
        for (name, value) in &variables {
            context.insert_value(*name, value.clone());
        }
        Self { variables, context }
    }

    /// To be filled with what one page adds.
    pub fn context(&self) -> Context {
        self.context.clone()
    }
}

/// Stylesheets made from the options: the name templates use, the site path, the content.
pub(super) fn option_styles(
    theme: &Theme,
    options: &Options,
    findings: &mut Vec<Diagnostic>,
) -> Vec<(String, String, Vec<u8>)> {
    let mut context = Context::new();
    context.insert_value("options", options.style.clone());
    context.insert_value("font_rules", Value::from(options.font_rules()));
    let mut styles = Vec::new();
    for name in &theme.option_styles {
        match theme.tera.render(name, &context) {
            Ok(css) => {
                let bytes = crate::theme::minify(&css).into_bytes();
                styles.push((name.clone(), hashed_path(name, &bytes), bytes));
            }
            Err(problem) => findings.push(Diagnostic::error(
                "",
                "template",
                format!("the stylesheet {name} failed: {problem}"),
            )),
        }
    }
    styles
}

/// One per language.
pub(super) fn shells(
    plan: &Plan<'_>,
    theme: &Theme,
    prepared: &Prepared,
    options: &Options,
    styles: &[(String, String, Vec<u8>)],
    findings: &mut Vec<Diagnostic>,
) -> Vec<Shell> {
    let assets: Map = theme
        .assets
        .iter()
        .map(|(name, asset)| (name.clone(), asset.path.as_str()))
        .chain(styles.iter().map(|(name, path, _)| (name.clone(), path.as_str())))
        .map(|(name, path)| (name.into(), Value::from(plan.address.href(path))))
        .collect();
    let assets = Value::from(assets);
    check_choices(plan, theme, findings);
    let style_urls: Vec<Value> = styles
        .iter()
        .map(|(_, path, _)| Value::from(plan.address.href(path)))
        .collect();
    (0..plan.languages.len())
        .map(|l| {
            let language = &prepared.languages[l];
            Shell::new(vec![
                ("site", site_value(plan, theme, prepared, l, findings)),
                ("lang", Value::from(language.tag.as_str())),
                ("languages", languages(plan, l, &[])),
                // Pages that are in one have their own.
                ("cluster", Value::none()),
                ("locale", Value::from(crate::locale::open_graph(&language.tag))),
                ("dir", Value::from(if language.rtl { "rtl" } else { "ltr" })),
                ("t", language.words_value.clone()),
                ("options", options.all.clone()),
                ("layout", site_layout(options)),
                ("assets", assets.clone()),
                ("option_styles", Value::from(style_urls.clone())),
                ("menus", menus(plan, l, findings)),
                ("sections", top_sections(plan, l)),
                ("recent", recent(plan, prepared, l)),
                ("term_cloud", term_cloud(plan, prepared, l)),
                ("topics", topics(plan, prepared, l)),
            ])
        })
        .collect()
}

/// Tells a memo what each template sees in each language.
pub(super) fn state(shells: &[Shell], theme: &Theme, remembering: &mut Remembering) {
    for (language, shell) in shells.iter().enumerate() {
        let mut digests: HashMap<&str, u64> = HashMap::new();
        for template in theme.templates() {
            let looked_at = shell
                .variables
                .iter()
                .filter(|(name, _)| theme.looks_at(template, name));
            let seen: Vec<u64> = looked_at
                .map(|(name, value)| *digests.entry(name).or_insert_with(|| digest_of(value)))
                .collect();
            remembering.frame(language, template, &seen);
        }
    }
}

fn site_value(plan: &Plan<'_>, theme: &Theme, prepared: &Prepared, l: usize, findings: &mut Vec<Diagnostic>) -> Value {
    let settings = &plan.site.settings;
    let organisation = &settings.organisation;
    let reader = &prepared.languages[l].reader;
    let logo = match logo(plan, theme) {
        Some(logo) => image_value(plan, logo, &settings.title, "", findings),
        None => Value::none(),
    };
    let email = organisation.email.trim();
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>\"':;?&/\\".contains(c);
    let email = if email.is_empty() || email.contains('@') && email.chars().all(plain) {
        email
    } else {
        let message = format!("the organisation's email {email:?} is not an email address; it is left out");
        findings.push(Diagnostic::warning("", "email", message));
        ""
    };
    let same_as: Vec<Value> = crate::seo::json_ld::profiles(plan)
        .into_iter()
        .map(Value::from)
        .collect();
    let home = plan.homes.iter().find(|h| h.language == l);
    let contact = plan
        .pages
        .rows()
        .iter()
        .find(|p| p.language == l && p.page.kind == PageKind::Contact);
    let search = plan
        .searches
        .iter()
        .find(|(language, _)| *language == l && theme.tera.contains_template(super::search::TEMPLATE));
    let search = search.map(|(_, path)| plan.address.href(path));
    // The site's own description is in its first language; others have it from their home pages.
    let described = home.filter(|_| l != 0).and_then(|home| {
        let section = home
            .section
            .map(|s| plan.sections.rows()[s].section.description.as_str());
        let page = home.page.map(|p| plan.pages.rows()[p].page.description.as_str());
        page.into_iter().chain(section).find(|text| !text.trim().is_empty())
    });
    let kind = match settings.site_type {
        SiteType::Blog => "blog",
        SiteType::Ecommerce => "ecommerce",
        SiteType::Company => "company",
    };
    map! {
        "title" => settings.title.as_str(),
        "description" => text_or_none(described.unwrap_or(&settings.description)),
        "base_url" => plan.address.base_url.as_str(),
        "base_path" => plan.address.base_path.as_str(),
        "kind" => kind,
        "language" => settings.language.as_str(),
        "indexable" => settings.indexable,
        "contact_url" => optional(contact.map(|p| plan.address.href(&p.path))),
        "search_url" => optional(search),
        "home_url" => plan.address.href(plan.home_path(l)),
        "feed_url" => optional(home.and_then(|h| h.listing.feeds.first().map(|&f| plan.address.href(&Plan::feed_path(&h.path, f))))),
        "touch_icon" => optional(touch_icon(plan)),
        "year" => reader.year(plan.site.generated_at),
        "name" => if organisation.name.is_empty() { settings.title.as_str() } else { organisation.name.as_str() },
        "organisation" => map! {
            "name" => text_or_none(&organisation.name),
            "email" => text_or_none(email),
            "phone" => text_or_none(&organisation.phone),
            "phone_link" => organisation.phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect::<String>(),
            "address" => organisation.address_lines().into_iter().map(Value::from).collect::<Vec<_>>(),
            "legal_name" => text_or_none(&organisation.legal_name),
            "vat_id" => text_or_none(&organisation.vat_id),
            "registration" => text_or_none(&organisation.registration),
            "privacy_url" => optional(organisation.privacy_url.as_deref().and_then(|url| plan.address.safe_href(url))),
            "same_as" => same_as,
            "logo" => logo,
        },
    }
}

/// The picture beside the site's name: the theme's option `logo`, else that of the organisation.
fn logo<'p>(plan: &'p Plan<'_>, theme: &Theme) -> Option<&'p str> {
    let settings = &plan.site.settings;
    let is_image = theme
        .options
        .get("logo")
        .is_some_and(|spec| spec.kind == OptionKind::Image);
    let own = settings.theme_options.get("logo").filter(|_| is_image);
    [
        own.and_then(|logo| logo.as_str()),
        settings.organisation.logo.as_deref(),
    ]
    .into_iter()
    .flatten()
    .find(|logo| !logo.is_empty())
}

/// Pictures and menus of the site that its theme has nothing to do with.
fn check_choices(plan: &Plan<'_>, theme: &Theme, findings: &mut Vec<Diagnostic>) {
    let images = theme.options.iter().filter(|(_, spec)| spec.kind == OptionKind::Image);
    for (name, _) in images {
        let given = plan
            .site
            .settings
            .theme_options
            .get(name)
            .and_then(|image| image.as_str());
        if let Some(given) = given.filter(|given| !given.is_empty())
            && let crate::address::Target::Site { path, .. } = plan.address.target(given, "/")
            && plan.media_at(&path).is_none()
        {
            let message = format!("theme option `{name}`: the image {path} is not on this site");
            findings.push(Diagnostic::warning("", "image-missing", message));
        }
    }
    for place in plan.site.menus.keys() {
        let languages = plan.languages.iter();
        let base = languages.filter_map(|tag| place.strip_suffix(tag.as_str())?.strip_suffix('-'));
        if !base
            .chain([place.as_str()])
            .any(|place| theme.menus.contains_key(place))
        {
            let places: Vec<&str> = theme.menus.keys().map(String::as_str).collect();
            let message = format!(
                "the theme shows no menu `{place}`; it has places for: {}",
                places.join(", ")
            );
            findings.push(Diagnostic::warning("", "menu-place", message));
        }
    }
}

/// The logo, if devices can put it on a screen as an icon: they read no drawings.
fn touch_icon(plan: &Plan<'_>) -> Option<String> {
    let logo = plan.site.settings.organisation.logo.as_deref()?;
    let crate::address::Target::Site { path, .. } = plan.address.target(logo, "/") else {
        return None;
    };
    let media = plan.media_at(&path)?;
    let raster = matches!(media.mime.as_str(), "image/png" | "image/jpeg");
    (raster && media.problem.is_none()).then(|| plan.address.href(&media.path))
}

/// For switching languages: each that the site has pages in, by its own name, leading to the version of what is shown (`versions`) or
/// else to its home page. Nothing if there is one language alone.
pub(super) fn languages(plan: &Plan<'_>, l: usize, versions: &[(usize, &str)]) -> Value {
    if plan.homes.rows().len() < 2 {
        return Value::from(Vec::<Value>::new());
    }
    let languages: Vec<Value> = plan
        .homes
        .iter()
        .map(|home| {
            let version = versions.iter().find(|(language, _)| *language == home.language);
            let path = version.map_or(home.path.as_str(), |(_, path)| path);
            let tag = plan.languages[home.language].as_str();
            map! {
                "lang" => tag, "name" => crate::locale::own_name(tag), "url" => plan.address.href(path),
                "current" => home.language == l, "same" => version.is_some(),
            }
        })
        .collect();
    Value::from(languages)
}

/// The site's layout: the theme option of that name.
fn site_layout(options: &Options) -> Value {
    let word = options.all.get_from_path("layout").and_then(Value::as_str);
    layout_view(word.and_then(PageLayout::parse).unwrap_or_default())
}

fn top_sections(plan: &Plan<'_>, l: usize) -> Value {
    let home = plan.homes.iter().find(|h| h.language == l);
    let sections: Vec<Value> = home
        .map(|h| h.groups.as_slice())
        .unwrap_or_default()
        .iter()
        .map(|&s| {
            let section = &plan.sections[s];
            map! { "title" => section.section.title.as_str(), "url" => plan.address.href(&section.path), "description" => text_or_none(&section.section.description) }
        })
        .collect();
    Value::from(sections)
}

/// The newest pages of the home page's list.
fn recent(plan: &Plan<'_>, prepared: &Prepared, l: usize) -> Value {
    let home = plan.homes.iter().find(|h| h.language == l);
    let newest = home.map(|h| h.listing.items()).unwrap_or_default();
    let cards: Vec<Value> = newest.iter().take(RECENT).map(|&p| prepared.value(plan, p)).collect();
    Value::from(cards)
}

/// All terms by taxonomy, in the order of their names.
fn term_cloud(plan: &Plan<'_>, prepared: &Prepared, l: usize) -> Value {
    let lists = plan.term_lists.iter().filter(|list| list.language == l);
    let clouds: Map = lists
        .map(|list| {
            let terms: Vec<Value> = list.terms.iter().map(|&t| prepared.term(plan, t)).collect();
            (list.taxonomy.name.clone().into(), Value::from(terms))
        })
        .collect();
    Value::from(clouds)
}

/// Taxonomies with their terms at the top, those with most pages first.
fn topics(plan: &Plan<'_>, prepared: &Prepared, l: usize) -> Value {
    let lists = plan.term_lists.iter().filter(|list| list.language == l);
    let topics: Vec<Value> = lists
        .map(|list| {
            let mut terms: Vec<usize> = list
                .terms
                .iter()
                .copied()
                .filter(|&t| plan.terms[t].parent.is_none() && !plan.terms[t].listing.items().is_empty())
                .collect();
            terms.sort_by_key(|&t| std::cmp::Reverse(plan.terms[t].listing.total()));
            let terms = terms.into_iter().take(TOPICS).map(|t| topic(plan, prepared, t));
            map! {
                "title" => list.taxonomy.title.as_str(),
                "terms" => terms.collect::<Vec<Value>>(),
                "url" => plan.address.href(&list.path),
                "kind" => taxonomy_kind(list.taxonomy.kind),
            }
        })
        .collect();
    Value::from(topics)
}

/// A term at the top with those below it.
fn topic(plan: &Plan<'_>, prepared: &Prepared, t: usize) -> Value {
    let term = &plan.terms[t];
    let children = term
        .children
        .iter()
        .take(TOPICS)
        .map(|&child| prepared.term(plan, child));
    map! {
        "name" => term.name.as_str(),
        "url" => plan.address.href(&term.listing.path),
        "count" => term.listing.total(),
        "children" => children.collect::<Vec<Value>>(),
    }
}

/// Menus by place. `main-de` stands for `main` on German pages; without any `main` one is made from the sections.
fn menus(plan: &Plan<'_>, l: usize, findings: &mut Vec<Diagnostic>) -> Value {
    let tag = &plan.languages[l];
    let mut out = Map::new();
    let all = &plan.site.menus;
    for place in all.keys() {
        let items = all.get(&format!("{place}-{tag}")).unwrap_or(&all[place]);
        out.insert(place.clone().into(), items_value(plan, items, MENU_DEPTH, findings));
    }
    if plan.site.makes_menu() {
        let home = plan.homes.iter().find(|h| h.language == l);
        let mut items: Vec<MenuItem> = Vec::new();
        for &s in home.map(|h| h.groups.as_slice()).unwrap_or_default() {
            items.push(MenuItem {
                label: plan.sections[s].section.title.clone(),
                url: plan.address.base_url.clone() + &crate::paths::encode(&plan.sections[s].path),
                children: Vec::new(),
            });
        }
        for kind in PageKind::IN_MADE_MENU {
            if let Some(page) = plan
                .pages
                .rows()
                .iter()
                .find(|p| p.language == l && p.page.kind == kind)
            {
                items.push(MenuItem {
                    label: page.page.title.clone(),
                    url: plan.address.absolute(&page.path),
                    children: Vec::new(),
                });
            }
        }
        out.insert("main".into(), items_value(plan, &items, 1, findings));
    }
    if !all.contains_key("footer") {
        out.insert("footer".into(), Value::from(Vec::<Value>::new()));
    }
    Value::from(out)
}

fn items_value(plan: &Plan<'_>, items: &[MenuItem], depth: usize, findings: &mut Vec<Diagnostic>) -> Value {
    let mut out = Vec::new();
    for item in items {
        let Some(url) = plan.address.safe_href(&item.url) else {
            findings.push(Diagnostic::warning(
                "",
                "link-refused",
                format!(
                    "the menu entry “{}” leads to {:?}, which is not allowed; it is left out",
                    item.label, item.url
                ),
            ));
            continue;
        };
        if let crate::address::Target::Site { path, .. } = plan.address.target(&item.url, "/") {
            use crate::markdown::{Known, Lookup};
            if plan.known(&path) == Known::No {
                findings.push(Diagnostic::warning(
                    "",
                    "link-missing",
                    format!(
                        "the menu entry “{}” leads to {path}, which is not on this site",
                        item.label
                    ),
                ));
            }
        }
        let children = if depth > 1 {
            items_value(plan, &item.children, depth - 1, findings)
        } else {
            Value::from(Vec::<Value>::new())
        };
        out.push(map! { "label" => item.label.as_str(), "url" => url, "children" => children });
    }
    Value::from(out)
}
