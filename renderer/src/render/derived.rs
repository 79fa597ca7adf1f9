//! Files that are not pages of the site's own: redirects, robots, sitemaps, the 404 page, theme assets.

use std::ops::ControlFlow;

use pulldown_cmark_escape::escape_html;
use tera::Value;

use super::{Outcome, Run};
use crate::incremental::trace::{self, Fact};
use crate::output::FileKind;
use crate::paths;
use crate::plan::To;
use crate::seo::{Head, document_title};
use crate::{llms, redirect_files, robots};

/// Newest pieces that the 404 page offers.
const NEWEST: usize = 5;

/// Templates of the pages around forms; a theme with a frame of its own need not have them.
pub(super) const SENT: &str = "form_sent.html";
pub(super) const UNSENT: &str = "form_problem.html";

impl Run<'_> {
    /// Servers show the one at the top of the language in which something is not there.
    pub(super) fn not_found(&self, l: usize, outcome: &mut Outcome) -> ControlFlow<()> {
        let plan = self.plan;
        let mut context = self.shells[l].context();
        let language = &self.prepared.languages[l];
        let path = plan.missing_path(l);
        let newest: Vec<Value> = plan
            .homes
            .iter()
            .find(|h| h.language == l)
            .map(|h| h.listing.items().iter().take(NEWEST).map(|&p| self.card(p)).collect())
            .unwrap_or_default();
        let head = Head {
            title: document_title(&language.words.get("not_found"), &plan.site.settings.title),
            short_title: language.words.get("not_found"),
            indexable: false,
            og_type: "website",
            ..Head::default()
        };
        context.insert_value("head", head.value());
        context.insert_value("newest", Value::from(newest));
        context.insert_value("current_url", Value::from(""));
        self.write_page("404.html", &mut context, l, &path, outcome)
    }

    /// What is shown after a form was sent. It stands with the site, whatever server the form was sent to.
    pub(super) fn sent(&self, i: usize, outcome: &mut Outcome) -> ControlFlow<()> {
        let (l, path) = &self.plan.sent_pages[i];
        self.bare(SENT, "form_sent", *l, path, outcome)
    }

    /// A page with a place for the form ([`crate::forms::SLOT`]) that was not right yet.
    pub(super) fn unsent(&self, l: usize, outcome: &mut Outcome) -> ControlFlow<()> {
        outcome.has_form = true;
        self.bare(UNSENT, "form_problem", l, &self.plan.unsent_path(l), outcome)
    }

    /// A page of the theme's words alone, which search engines do not show.
    fn bare(&self, template: &str, title: &str, l: usize, path: &str, outcome: &mut Outcome) -> ControlFlow<()> {
        let title = self.prepared.languages[l].words.get(title);
        let head = Head {
            title: document_title(&title, &self.plan.site.settings.title),
            short_title: title,
            indexable: false,
            og_type: "website",
            ..Head::default()
        };
        let mut context = self.shells[l].context();
        context.insert_value("head", head.value());
        context.insert_value("current_url", Value::from(""));
        self.write_page(template, &mut context, l, path, outcome)
    }

    /// A page for servers that know nothing of redirects.
    pub(super) fn redirect(&self, i: usize, outcome: &mut Outcome) -> ControlFlow<()> {
        let redirect = &self.plan.redirects[i];
        let (href, absolute) = match &redirect.to {
            To::Site(path, suffix) => {
                let href = format!("{}{suffix}", self.plan.address.href(path));
                let absolute = format!("{}{suffix}", self.plan.address.absolute(path));
                (href, absolute)
            }
            To::External(url) => (url.clone(), url.clone()),
        };
        let escaped = |text: &str| {
            let mut out = String::with_capacity(text.len());
            let _ = escape_html(&mut out, text);
            out
        };
        let (href, canonical) = (escaped(&href), escaped(&absolute));
        let lang = escaped(&self.prepared.languages[0].tag);
        let html = format!(
            "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n<title>{canonical}</title>\n<link rel=\"canonical\" href=\"{canonical}\">\n<meta name=\"robots\" content=\"noindex\">\n<meta http-equiv=\"refresh\" content=\"0; url={href}\">\n</head>\n<body>\n<p><a href=\"{href}\">{canonical}</a></p>\n</body>\n</html>\n"
        );
        self.write(
            paths::file_of(&redirect.from),
            html.into_bytes(),
            FileKind::Redirect,
            outcome,
        )
    }

    /// The redirects in the forms of several servers; see [`crate::redirect_files`].
    pub(super) fn redirect_tables(&self, outcome: &mut Outcome) -> ControlFlow<()> {
        for (name, text) in redirect_files::all(&self.plan.address, self.plan.redirects.iter().as_slice()) {
            self.write(name.to_owned(), text.into_bytes(), FileKind::Text, outcome)?;
        }
        ControlFlow::Continue(())
    }

    pub(super) fn robots(&self, outcome: &mut Outcome) -> ControlFlow<()> {
        let text = robots::text(self.plan);
        self.write("robots.txt".into(), text.into_bytes(), FileKind::Text, outcome)
    }

    pub(super) fn llms(&self, outcome: &mut Outcome) -> ControlFlow<()> {
        let settings = &self.plan.site.settings;
        if !settings.outputs.llms_txt || !settings.indexable {
            return ControlFlow::Continue(());
        }
        let text = llms::text(self.plan, self.prepared);
        self.write("llms.txt".into(), text.into_bytes(), FileKind::Text, outcome)
    }

    pub(super) fn sitemap(&self, n: usize, outcome: &mut Outcome) -> ControlFlow<()> {
        trace::read(Fact::Sitemap, || n as u64);
        let Some(path) = self.sitemaps.path(n) else {
            return ControlFlow::Continue(());
        };
        let xml = self.sitemaps.part(self.plan, n);
        self.write(paths::file_of(&path), xml.into_bytes(), FileKind::Sitemap, outcome)
    }

    pub(super) fn sitemap_index(&self, outcome: &mut Outcome) -> ControlFlow<()> {
        trace::read(Fact::SitemapIndex, || 0);
        let Some(xml) = self.sitemaps.index(self.plan) else {
            return ControlFlow::Continue(());
        };
        self.write("sitemap.xml".to_owned(), xml.into_bytes(), FileKind::Sitemap, outcome)
    }

    pub(super) fn asset(&self, i: usize, outcome: &mut Outcome) -> ControlFlow<()> {
        let (path, bytes) = &self.assets[i];
        self.write(paths::file_of(path), bytes.to_vec(), FileKind::Asset, outcome)
    }
}
