//! `/sites/{site}/settings`: what the rendered site says about itself, beside its name.

use igny8_data::{AuditEvent, Manage, SiteId};
use igny8_renderer::site as snapshot;
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use crate::api::validate::Check;
use crate::api::{Caller, Error, Fetched, From, Result, Tag, etag};
use crate::app::App;
use crate::features::content::published;
use crate::features::forms::settings::is_address;
use crate::features::forms::{FormSettings, api as forms};
use crate::features::sites::model::{MAX_FEED, Pagination, Site, Voice, is_language};

/// Settings of the rendered site.
#[derive(Debug, Clone, Object)]
#[oai(rename = "SiteSettings", deny_unknown_fields, skip_serializing_if_is_none)]
pub struct SettingsOut {
    /// Who stands behind the site.
    pub organisation: OrganisationOut,
    /// Menus by place: `main`, `footer`.
    pub menus: std::collections::HashMap<String, Vec<MenuItemOut>>,
    /// Folders of pages with an archive of their own.
    pub sections: Vec<SectionOut>,
    pub redirects: Vec<RedirectOut>,
    /// Options of the theme; `theme.toml` of the theme declares them.
    pub theme_options: serde_json::Value,
    /// Files beside the pages; the usual ones when absent.
    #[oai(default)]
    pub outputs: OutputsOut,
    /// How the site speaks; what AI functions are told.
    #[oai(default)]
    pub voice: Voice,
    /// What becomes of what visitors send by forms.
    #[oai(default)]
    pub forms: FormSettings,
}

/// Which files are written beside the pages, and how lists are cut.
#[derive(Debug, Clone, Object)]
#[oai(rename = "SiteOutputs", deny_unknown_fields, skip_serializing_if_is_none)]
pub struct OutputsOut {
    /// Formats of the feeds of home pages and sections; all three when absent.
    #[oai(default = "all_feeds")]
    pub feeds: Vec<FeedFormatOut>,
    /// Formats of the feeds of terms, which have summaries; all three when absent.
    #[oai(default = "all_feeds")]
    pub term_feeds: Vec<FeedFormatOut>,
    /// Items in one feed, 1 to 500; 20 when absent.
    #[oai(default = "feed_limit")]
    pub feed_limit: i64,
    /// `llms.txt`, an overview in Markdown for language models.
    #[oai(default = "yes")]
    pub llms_txt: bool,
    /// False asks crawlers that collect texts for language models to stay away (`robots.txt`).
    #[oai(default = "yes")]
    pub ai_crawlers: bool,
    /// A search page with its index; when absent, sites of up to 25,000 pages have one.
    pub search: Option<bool>,
    /// A picture of title and brand for every page that has none, for links to it that are shared.
    #[oai(default = "yes")]
    pub share_images: bool,
    /// `stable` when absent.
    #[oai(default = "stable")]
    pub pagination: Pagination,
    /// Kinds of findings that keep a deployment from going live unless it is forced, although others are only warned of them.
    #[oai(default)]
    pub strict: Vec<StrictOut>,
}

/// A kind of findings of the check before a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename = "StrictKind", rename_all = "snake_case")]
pub enum StrictOut {
    /// Links of texts, menus and redirects that lead nowhere or where they must not.
    Links,
    /// Links to places that their pages do not have.
    Anchors,
    /// Images that are not there, damaged, or without a description.
    Images,
    /// Titles that two pages share, or that are missing.
    Titles,
    /// Addresses that are wanted twice.
    Addresses,
    /// Structured data that lacks what search engines need.
    StructuredData,
    /// Pages that nothing leads to.
    Orphans,
}

/// The same kinds, as the API and as snapshots have them.
const STRICT: [(StrictOut, snapshot::Strict); 7] = [
    (StrictOut::Links, snapshot::Strict::Links),
    (StrictOut::Anchors, snapshot::Strict::Anchors),
    (StrictOut::Images, snapshot::Strict::Images),
    (StrictOut::Titles, snapshot::Strict::Titles),
    (StrictOut::Addresses, snapshot::Strict::Addresses),
    (StrictOut::StructuredData, snapshot::Strict::StructuredData),
    (StrictOut::Orphans, snapshot::Strict::Orphans),
];

/// How a feed is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename = "FeedFormat", rename_all = "snake_case")]
pub enum FeedFormatOut {
    /// `atom.xml`
    Atom,
    /// `rss.xml`
    Rss,
    /// `feed.json`
    Json,
}

impl Default for OutputsOut {
    fn default() -> Self {
        Self {
            feeds: all_feeds(),
            term_feeds: all_feeds(),
            feed_limit: feed_limit(),
            llms_txt: true,
            ai_crawlers: true,
            search: None,
            share_images: true,
            pagination: stable(),
            strict: Vec::new(),
        }
    }
}

fn all_feeds() -> Vec<FeedFormatOut> {
    vec![FeedFormatOut::Atom, FeedFormatOut::Rss, FeedFormatOut::Json]
}
fn feed_limit() -> i64 {
    20
}
fn yes() -> bool {
    true
}
fn stable() -> Pagination {
    Pagination::Stable
}

#[derive(Debug, Clone, Object)]
#[oai(rename = "Organisation", deny_unknown_fields, skip_serializing_if_is_none)]
pub struct OrganisationOut {
    #[oai(default)]
    pub name: String,
    #[oai(default)]
    pub email: String,
    #[oai(default)]
    pub phone: String,
    /// Postal address, one line per entry: all of it, or street and number where the fields below say the rest.
    #[oai(default)]
    pub address: Vec<String>,
    #[oai(default)]
    pub postal_code: String,
    #[oai(default)]
    pub city: String,
    /// State, province or county.
    #[oai(default)]
    pub region: String,
    /// ISO 3166-1 alpha-2: `PT`.
    #[oai(default)]
    pub country: String,
    /// Public path of the logo: `/media/…`.
    pub logo: Option<String>,
    /// Profiles elsewhere.
    #[oai(default)]
    pub same_as: Vec<String>,
    /// What sort of organisation it is; all but `organization` are places that people go to and need an address.
    #[oai(default = "organization")]
    pub kind: OrganisationKindOut,
    /// The name in contracts and registers, where it is another.
    #[oai(default)]
    pub legal_name: String,
    /// VAT or sales tax number.
    #[oai(default)]
    pub vat_id: String,
    /// Register and number in it.
    #[oai(default)]
    pub registration: String,
    /// Path or address of what is said about personal data; forms and the footer lead to it.
    pub privacy_url: Option<String>,
}

/// What sort of organisation stands behind a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename = "OrganisationKind", rename_all = "snake_case")]
pub enum OrganisationKindOut {
    Organization,
    LocalBusiness,
    Store,
    ProfessionalService,
}

fn organization() -> OrganisationKindOut {
    OrganisationKindOut::Organization
}

#[derive(Debug, Clone, Object)]
#[oai(rename = "MenuItem", deny_unknown_fields)]
pub struct MenuItemOut {
    pub label: String,
    /// Path on the site (`/blog/`) or absolute address.
    pub url: String,
    /// One level of entries below.
    #[oai(default)]
    pub children: Vec<MenuLinkOut>,
}

#[derive(Debug, Clone, Object)]
#[oai(rename = "MenuLink", deny_unknown_fields)]
pub struct MenuLinkOut {
    pub label: String,
    pub url: String,
}

#[derive(Debug, Clone, Object)]
#[oai(rename = "SiteSection", deny_unknown_fields, skip_serializing_if_is_none)]
pub struct SectionOut {
    /// `/blog/`.
    pub path: String,
    pub title: String,
    #[oai(default)]
    pub description: String,
    /// Text above the list, Markdown.
    #[oai(default)]
    pub body: String,
    /// Language tag; the site's when absent.
    pub language: Option<String>,
    /// `date` (newest first), `title` or `weight`.
    #[oai(default = "by_date")]
    pub sort: SectionSortOut,
    /// Items on one page; the site's when absent, 0 for all on one.
    pub per_page: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, poem_openapi::Enum)]
#[oai(rename = "SiteSectionSort", rename_all = "snake_case")]
pub enum SectionSortOut {
    Date,
    Title,
    Weight,
}

fn by_date() -> SectionSortOut {
    SectionSortOut::Date
}

#[derive(Debug, Clone, Object)]
#[oai(rename = "SiteRedirect", deny_unknown_fields)]
pub struct RedirectOut {
    /// Old path on the site.
    pub from: String,
    /// Path on the site or absolute address.
    pub to: String,
}

pub struct SiteSettingsApi;

#[OpenApi(tag = "Tag::Sites")]
impl SiteSettingsApi {
    /// Read a site's settings
    #[oai(
        path = "/sites/:site_id/settings",
        method = "get",
        operation_id = "site_settings_get"
    )]
    async fn get(&self, caller: Caller, app: Data<&App>, site_id: Path<SiteId>) -> Result<Fetched<SettingsOut>> {
        let site = super::sites::read(caller.actor(), &app, site_id.0).await?;
        Ok(Fetched::new(SettingsOut::of(&site)?, site.rev))
    }

    /// Replace a site's settings
    ///
    /// The ETag is the site's.
    #[oai(
        path = "/sites/:site_id/settings",
        method = "put",
        operation_id = "site_settings_replace"
    )]
    async fn replace(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<SettingsOut>,
    ) -> Result<Fetched<SettingsOut>> {
        let scope = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        let account = caller.actor().account::<Manage>()?;
        let db = app.db.account(&account);
        let mut site = db.get::<Site>(site_id.0).await?.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), site.rev)?;
        let Json(body) = body;
        body.check()?;
        body.check_options(&app, &site).await?;
        let kept = FormSettings::of(&site);
        body.store(&mut site)?;
        let keeps = FormSettings::of(&site);
        site.updated_at = app.db.clock().now();
        let mut tx = db.tx();
        published::changed(&app, &scope, &mut tx).await?;
        if (kept.keep_days, kept.spam_days) != (keeps.keep_days, keeps.spam_days) {
            forms::keep_anew(&mut tx, site.id, &keeps);
        }
        tx.replace(&mut site)
            .audit(AuditEvent::new("site.settings_changed", site.id, &from.0));
        tx.commit().await?;
        Ok(Fetched::new(SettingsOut::of(&site)?, site.rev))
    }
}

impl SettingsOut {
    /// The stored form is the renderer's; this is the same in the API's words.
    fn of(site: &Site) -> Result<Self> {
        let organisation: snapshot::Organisation = stored(&site.organisation)?;
        let menus: indexmap::IndexMap<String, Vec<snapshot::MenuItem>> = stored(&site.menus)?;
        let sections: Vec<snapshot::Section> = site.sections.iter().map(stored).collect::<Result<_>>()?;
        let redirects: Vec<snapshot::Redirect> = site.redirects.iter().map(stored).collect::<Result<_>>()?;
        let item = |item: snapshot::MenuItem| MenuItemOut {
            label: item.label,
            url: item.url,
            children: item
                .children
                .into_iter()
                .map(|c| MenuLinkOut {
                    label: c.label,
                    url: c.url,
                })
                .collect(),
        };
        let section = |s: snapshot::Section| SectionOut {
            path: s.path,
            title: s.title,
            description: s.description,
            body: match s.body {
                snapshot::Body::Markdown(text) | snapshot::Body::Html(text) => text,
            },
            language: Some(s.language),
            sort: match s.sort {
                snapshot::SectionSort::Date => SectionSortOut::Date,
                snapshot::SectionSort::Title => SectionSortOut::Title,
                snapshot::SectionSort::Weight => SectionSortOut::Weight,
            },
            per_page: s.per_page.and_then(|n| u32::try_from(n).ok()),
        };
        Ok(Self {
            organisation: OrganisationOut::of(organisation),
            menus: menus
                .into_iter()
                .map(|(place, items)| (place, items.into_iter().map(item).collect()))
                .collect(),
            sections: sections.into_iter().map(section).collect(),
            redirects: redirects
                .into_iter()
                .map(|r| RedirectOut { from: r.from, to: r.to })
                .collect(),
            theme_options: site.theme_options.clone(),
            outputs: OutputsOut::of(site)?,
            voice: Voice::of(&site.voice),
            forms: FormSettings::of(site),
        })
    }

    fn check(&self) -> Result<()> {
        let mut check = Check::new();
        self.organisation.check(&mut check);
        self.voice.check(&mut check);
        self.forms.check(&mut check);
        check.that(self.menus.len() <= 10, "menus", "must be at most 10");
        for (place, items) in &self.menus {
            check.slug("menus", place);
            check.that(items.len() <= 50, "menus", "a menu has at most 50 entries");
            let links = items.iter().flat_map(|i| {
                let below = i.children.iter().map(|c| (&c.label, &c.url));
                std::iter::once((&i.label, &i.url)).chain(below)
            });
            for (label, url) in links {
                check.text("menus.label", label, 1, 80);
                check.that(
                    is_target(url),
                    "menus.url",
                    "must be a path such as /blog/ or an absolute http or https address",
                );
            }
        }
        check.that(self.sections.len() <= 200, "sections", "must be at most 200");
        let mut paths = std::collections::HashSet::new();
        for section in &self.sections {
            check.that(is_path(&section.path), "sections.path", "must be a path such as /blog/");
            check.that(
                paths.insert(&section.path),
                "sections.path",
                format!("{} is given twice", section.path),
            );
            check.text("sections.title", &section.title, 1, 200).text(
                "sections.description",
                &section.description,
                0,
                500,
            );
            check.text("sections.body", &section.body, 0, 50_000);
            check.that(
                section.per_page.is_none_or(|n| n <= 500),
                "sections.per_page",
                "must be at most 500",
            );
            let language = section.language.as_deref();
            check.that(
                language.is_none_or(is_language),
                "sections.language",
                "must be a language tag such as en",
            );
        }
        check.that(self.redirects.len() <= 5_000, "redirects", "must be at most 5,000");
        for redirect in &self.redirects {
            check.that(
                is_path(&redirect.from),
                "redirects.from",
                "must be a path such as /old/",
            );
            check.that(
                is_target(&redirect.to),
                "redirects.to",
                "must be a path or an absolute http or https address",
            );
        }
        check.that(self.theme_options.is_object(), "theme_options", "must be an object");
        check.that(
            (1..=MAX_FEED).contains(&self.outputs.feed_limit),
            "outputs.feed_limit",
            format!("must be between 1 and {MAX_FEED}"),
        );
        for (field, feeds) in [
            ("outputs.feeds", &self.outputs.feeds),
            ("outputs.term_feeds", &self.outputs.term_feeds),
        ] {
            let twice = feeds.iter().enumerate().any(|(n, feed)| feeds[..n].contains(feed));
            check.that(!twice, field, "must name each format once");
        }
        check.finish()
    }

    /// Colours, fonts and layout: options that the site's theme has must be such as it takes. Those of other themes are kept.
    async fn check_options(&self, app: &App, site: &Site) -> Result<()> {
        let (held, name) = (app.clone(), site.theme.clone());
        let theme = tokio::task::spawn_blocking(move || held.renders.theme(&name)).await;
        // A theme that is gone takes nothing; deployments say so.
        let Ok(Ok(theme)) = theme else { return Ok(()) };
        let mut check = Check::new();
        for (name, value) in self.theme_options.as_object().into_iter().flatten() {
            if let Some(problem) = theme.options.get(name).and_then(|option| option.problem(value)) {
                check.that(false, &format!("theme_options.{name}"), problem);
            }
        }
        check.finish()
    }

    fn store(self, site: &mut Site) -> Result<()> {
        let mut menus: Vec<_> = self.menus.into_iter().collect();
        menus.sort_by(|a, b| a.0.cmp(&b.0));
        let link = |c: MenuLinkOut| snapshot::MenuItem {
            label: c.label,
            url: c.url,
            children: Vec::new(),
        };
        let item = |i: MenuItemOut| snapshot::MenuItem {
            label: i.label,
            url: i.url,
            children: i.children.into_iter().map(link).collect(),
        };
        let menus: indexmap::IndexMap<String, Vec<snapshot::MenuItem>> = menus
            .into_iter()
            .map(|(place, items)| (place, items.into_iter().map(item).collect()))
            .collect();
        // What the API does not speak of (weight, extra front matter of an import) is kept.
        let before: Vec<snapshot::Section> = site.sections.iter().map(stored).collect::<Result<_>>()?;
        let language = site.language.clone();
        let section = |s: SectionOut| {
            let old = before.iter().find(|b| b.path == s.path);
            snapshot::Section {
                path: s.path,
                title: s.title,
                description: s.description,
                body: snapshot::Body::Markdown(s.body),
                language: s.language.unwrap_or_else(|| language.clone()),
                sort: match s.sort {
                    SectionSortOut::Date => snapshot::SectionSort::Date,
                    SectionSortOut::Title => snapshot::SectionSort::Title,
                    SectionSortOut::Weight => snapshot::SectionSort::Weight,
                },
                per_page: s.per_page.map(|n| n as usize),
                translation_key: old.and_then(|b| b.translation_key.clone()),
                render: old.is_none_or(|b| b.render),
                weight: old.and_then(|b| b.weight),
                extra: old.map(|b| b.extra.clone()).unwrap_or_default(),
            }
        };
        site.sections = self
            .sections
            .into_iter()
            .map(|s| json(section(s)))
            .collect::<Result<_>>()?;
        site.redirects = self
            .redirects
            .into_iter()
            .map(|r| json(snapshot::Redirect { from: r.from, to: r.to }))
            .collect::<Result<_>>()?;
        site.organisation = json(self.organisation.stored())?;
        site.voice = json(self.voice)?;
        site.forms = json(self.forms)?;
        site.menus = json(menus)?;
        site.theme_options = self.theme_options;
        self.outputs.store(site)
    }
}

impl OrganisationOut {
    fn of(o: snapshot::Organisation) -> Self {
        Self {
            name: o.name,
            email: o.email,
            phone: o.phone,
            address: o.address,
            postal_code: o.postal_code,
            city: o.city,
            region: o.region,
            country: o.country,
            logo: o.logo,
            same_as: o.same_as,
            kind: match o.kind {
                snapshot::OrganisationKind::Organization => OrganisationKindOut::Organization,
                snapshot::OrganisationKind::LocalBusiness => OrganisationKindOut::LocalBusiness,
                snapshot::OrganisationKind::Store => OrganisationKindOut::Store,
                snapshot::OrganisationKind::ProfessionalService => OrganisationKindOut::ProfessionalService,
            },
            legal_name: o.legal_name,
            vat_id: o.vat_id,
            registration: o.registration,
            privacy_url: o.privacy_url,
        }
    }

    fn stored(self) -> snapshot::Organisation {
        snapshot::Organisation {
            name: self.name,
            email: self.email,
            phone: self.phone,
            address: self.address,
            postal_code: self.postal_code,
            city: self.city,
            region: self.region,
            country: self.country,
            logo: self.logo,
            same_as: self.same_as,
            kind: match self.kind {
                OrganisationKindOut::Organization => snapshot::OrganisationKind::Organization,
                OrganisationKindOut::LocalBusiness => snapshot::OrganisationKind::LocalBusiness,
                OrganisationKindOut::Store => snapshot::OrganisationKind::Store,
                OrganisationKindOut::ProfessionalService => snapshot::OrganisationKind::ProfessionalService,
            },
            legal_name: self.legal_name,
            vat_id: self.vat_id,
            registration: self.registration,
            privacy_url: self.privacy_url,
        }
    }

    fn check(&self, check: &mut Check) {
        for (field, text, most) in [
            ("organisation.name", &self.name, 120),
            ("organisation.legal_name", &self.legal_name, 200),
            ("organisation.registration", &self.registration, 200),
            ("organisation.postal_code", &self.postal_code, 20),
            ("organisation.city", &self.city, 100),
            ("organisation.region", &self.region, 100),
        ] {
            check.text(field, text, 0, most);
            check.that(!text.contains(['\n', '\r']), field, "must be one line");
        }
        check
            .that(
                self.email.is_empty() || is_address(&self.email),
                "organisation.email",
                "must be a mail address such as hello@example.com",
            )
            .that(
                is_phone(&self.phone),
                "organisation.phone",
                "must be a telephone number such as +351 22 555 0118",
            )
            .that(
                is_vat_id(&self.vat_id),
                "organisation.vat_id",
                "must be letters and digits, such as PT 123456789",
            )
            .that(
                self.country.is_empty() || is_country(&self.country),
                "organisation.country",
                "must be two capital letters such as PT (ISO 3166-1)",
            );
        check.that(
            self.address.len() <= 10,
            "organisation.address",
            "must have at most 10 lines",
        );
        for line in &self.address {
            check.text("organisation.address", line, 0, 200);
        }
        let somewhere = !self.clone().stored().address_lines().is_empty();
        check.that(
            somewhere || self.kind == OrganisationKindOut::Organization,
            "organisation.kind",
            "needs an address: it says that people can go there",
        );
        for (field, url) in [
            ("organisation.logo", &self.logo),
            ("organisation.privacy_url", &self.privacy_url),
        ] {
            check.that(
                url.as_deref().is_none_or(|url| is_path(url) || is_absolute(url)),
                field,
                "must be a path such as /privacy/ or an absolute http or https address",
            );
        }
        check.that(self.same_as.len() <= 30, "organisation.same_as", "must be at most 30");
        for url in &self.same_as {
            check.that(
                is_absolute(url),
                "organisation.same_as",
                "must be absolute http or https addresses",
            );
        }
    }
}

impl OutputsOut {
    fn of(site: &Site) -> Result<Self> {
        let outputs: snapshot::Outputs = match site.outputs.is_object() {
            true => stored(&site.outputs)?,
            false => snapshot::Outputs::default(),
        };
        let formats = |feeds: Vec<snapshot::FeedFormat>| {
            let format = |feed| match feed {
                snapshot::FeedFormat::Atom => FeedFormatOut::Atom,
                snapshot::FeedFormat::Rss => FeedFormatOut::Rss,
                snapshot::FeedFormat::Json => FeedFormatOut::Json,
            };
            feeds.into_iter().map(format).collect()
        };
        Ok(Self {
            feeds: formats(outputs.feeds),
            term_feeds: formats(outputs.term_feeds),
            feed_limit: site.feed_limit.unwrap_or_else(feed_limit),
            llms_txt: outputs.llms_txt,
            ai_crawlers: outputs.ai_crawlers,
            search: outputs.search,
            share_images: outputs.share_images,
            pagination: site.pagination.unwrap_or_else(stable),
            strict: STRICT
                .iter()
                .filter(|(_, kind)| outputs.strict.contains(kind))
                .map(|&(kind, _)| kind)
                .collect(),
        })
    }

    fn store(self, site: &mut Site) -> Result<()> {
        let formats = |feeds: Vec<FeedFormatOut>| {
            let format = |feed| match feed {
                FeedFormatOut::Atom => snapshot::FeedFormat::Atom,
                FeedFormatOut::Rss => snapshot::FeedFormat::Rss,
                FeedFormatOut::Json => snapshot::FeedFormat::Json,
            };
            feeds.into_iter().map(format).collect()
        };
        site.outputs = json(snapshot::Outputs {
            feeds: formats(self.feeds),
            term_feeds: formats(self.term_feeds),
            llms_txt: self.llms_txt,
            ai_crawlers: self.ai_crawlers,
            search: self.search,
            share_images: self.share_images,
            strict: STRICT
                .iter()
                .filter(|(kind, _)| self.strict.contains(kind))
                .map(|&(_, kind)| kind)
                .collect(),
        })?;
        site.feed_limit = Some(self.feed_limit);
        site.pagination = Some(self.pagination);
        Ok(())
    }
}

fn stored<T: serde::de::DeserializeOwned>(value: &serde_json::Value) -> Result<T> {
    serde_json::from_value(value.clone()).map_err(Error::internal)
}

fn json<T: serde::Serialize>(value: T) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(Error::internal)
}

fn is_absolute(url: &str) -> bool {
    url.len() <= 2_000 && url::Url::parse(url).is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.has_host())
}

/// A number as people write it, or nothing.
fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let known = |c: char| c.is_ascii_digit() || " +()/-.".contains(c);
    text.is_empty() || text.len() <= 60 && digits >= 3 && text.chars().all(known)
}

/// Numbers of taxpayers differ from country to country; all are letters and digits.
fn is_vat_id(text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || " .-/+*".contains(c);
    let digits = text.chars().any(|c| c.is_ascii_digit());
    text.is_empty() || text.len() <= 40 && digits && text.chars().all(known)
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}

fn is_path(path: &str) -> bool {
    path.len() <= 1_000
        && path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(['\\', '\0', '?', '#'])
        && !path.chars().any(char::is_control)
        && path.split('/').all(|segment| segment != ".." && segment != ".")
}

fn is_target(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    is_path(path)
        || is_absolute(url)
        || url
            .strip_prefix("mailto:")
            .or_else(|| url.strip_prefix("tel:"))
            .is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contact_and_legal_data() {
        for (phone, vat_id, country, right) in [
            ("", "", "", [true, true, false]),
            ("+351 22 555-01.18", "PT 123 456 789", "PT", [true, true, true]),
            ("(020) 7946/0018", "DE123456789", "de", [true, true, false]),
            ("call me", "none", "PRT", [false, false, false]),
            ("+1\r\nX: y", "PT1\n", "P1", [false, false, false]),
            ("12", "12;", "ÄÖ", [false, false, false]),
        ] {
            let found = [is_phone(phone), is_vat_id(vat_id), is_country(country)];
            assert_eq!(found, right, "{phone:?} {vat_id:?} {country:?}");
        }
    }

    #[test]
    fn targets_of_links() {
        for good in [
            "/",
            "/blog/",
            "/a/?q=1#x",
            "https://example.com/x",
            "mailto:a@example.com",
        ] {
            assert!(is_target(good), "{good}");
        }
        for bad in [
            "",
            "blog",
            "//evil.example",
            "javascript:alert(1)",
            "/../x",
            "/a\\b",
            "data:text/html,x",
            "https://",
        ] {
            assert!(!is_target(bad), "{bad}");
        }
    }
}
