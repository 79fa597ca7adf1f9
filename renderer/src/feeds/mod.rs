//! Feeds: Atom (RFC 4287), RSS 2.0 and JSON Feed 1.1, made from one list of items.
//!
//! Feeds of home pages and sections carry whole texts, those of terms summaries: a site has few of the former and can have
//! hundreds of the latter, most of which nobody reads.

mod absolute;
mod atom;
mod json;
mod rss;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::plan::{Listing, Plan, PlannedPage};
use crate::prepare::Prepared;
use crate::site::{FeedFormat, Page};

pub(crate) use absolute::absolute;

/// Items a feed can have at most, whatever the settings say.
const MAX_ITEMS: usize = 500;

/// One piece in a feed.
pub(crate) struct Item<'a> {
    planned: &'a PlannedPage<'a>,
    url: String,
    summary: &'a str,
    changed: Option<DateTime<Utc>>,
    /// The body with absolute addresses.
    content: Option<String>,
}

impl Item<'_> {
    fn page(&self) -> &Page {
        &self.planned.page
    }

    fn title(&self) -> &str {
        match self.page().title.trim() {
            "" => &self.planned.path,
            title => title,
        }
    }

    fn author(&self) -> Option<&str> {
        self.page().author.as_deref().map(str::trim).filter(|a| !a.is_empty())
    }
}

/// The newest dated pages of a list.
pub(crate) struct Feed<'a> {
    plan: &'a Plan<'a>,
    listing: &'a Listing,
    /// Of the list, with the site's.
    title: &'a str,
    /// May be empty.
    subtitle: &'a str,
    language: &'a str,
    items: Vec<Item<'a>>,
    /// The newest change of an item; a feed does not change because it was made again.
    updated: DateTime<Utc>,
}

impl<'a> Feed<'a> {
    /// `content` gives the body of a page by its index, with absolute addresses.
    pub fn new(
        plan: &'a Plan<'a>,
        prepared: &'a Prepared,
        listing: &'a Listing,
        (title, subtitle): (&'a str, &'a str),
        mut content: impl FnMut(usize) -> Option<String>,
    ) -> Self {
        let newest = listing.newest(plan, plan.site.settings.feed_limit.clamp(1, MAX_ITEMS));
        let items: Vec<Item<'a>> = newest
            .into_iter()
            .map(|i| {
                let planned = &plan.pages[i];
                Item {
                    planned,
                    url: plan.address.absolute(&planned.path),
                    summary: &prepared.card(plan, i).summary,
                    changed: planned.page.updated_at.max(planned.date()),
                    content: content(i),
                }
            })
            .collect();
        Self {
            plan,
            listing,
            title,
            subtitle,
            language: &prepared.languages[listing.language].tag,
            updated: items
                .iter()
                .filter_map(|item| item.changed)
                .max()
                .unwrap_or(plan.site.generated_at),
            items,
        }
    }

    /// The feed in one format.
    pub fn write(&self, format: FeedFormat) -> String {
        match format {
            FeedFormat::Atom => atom::write(self),
            FeedFormat::Rss => rss::write(self),
            FeedFormat::Json => json::write(self),
        }
    }

    /// The feed's own address.
    fn own(&self, format: FeedFormat) -> String {
        self.plan.address.absolute(&Plan::feed_path(&self.listing.path, format))
    }

    /// Address of the list.
    fn home(&self) -> String {
        self.plan.address.absolute(&self.listing.path)
    }

    /// Who stands behind the site.
    fn author(&self) -> &str {
        let settings = &self.plan.site.settings;
        [&settings.organisation.name, &settings.title]
            .into_iter()
            .map(|name| name.trim())
            .find(|name| !name.is_empty())
            .unwrap_or(&self.plan.address.base_url)
    }

    fn terms<'t>(&'t self, item: &'t Item<'_>) -> impl Iterator<Item = (&'t str, &'t str)> {
        let terms = item.planned.terms.iter().map(|&t| &self.plan.terms[t]);
        terms.map(|term| (term.slug.as_str(), term.name.as_str()))
    }
}

fn stamp(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}
