//! Old addresses that lead to new ones; chains are cut short.

use std::collections::BTreeMap;

use super::{Owner, Plan};
use crate::address::Target;
use crate::diagnostic::Diagnostic;
use crate::markdown::{Known, Lookup};
use crate::paths;

/// Redirects that are followed one after the other, so that hostile input cannot make this slow.
const MAX_CHAIN: usize = 100;

/// One redirect, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedRedirect {
    /// Old site path.
    pub from: String,
    /// New site path, or an absolute address elsewhere.
    pub to: To,
}

/// Where a redirect leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// A site path and what follows it (`?q#f`).
    Site(String, String),
    /// An absolute http address.
    External(String),
}

impl Plan<'_> {
    pub(super) fn plan_redirects(&mut self, findings: &mut Vec<Diagnostic>) {
        let mut wanted: BTreeMap<String, To> = BTreeMap::new();
        let mut add = |from: String, to: To, page: &str, findings: &mut Vec<Diagnostic>| match wanted.get(&from) {
            Some(first) if *first != to => findings.push(Diagnostic::warning(
                page,
                "redirect",
                format!("{from} already leads elsewhere; the second redirect is left out"),
            )),
            Some(_) => {}
            None => {
                wanted.insert(from, to);
            }
        };

        let mut aliases: Vec<(String, String)> = Vec::new();
        for planned in self.pages.rows() {
            // The text of a term stands at the term's address; its own leads there.
            let own = planned.of_term.map(|_| &planned.page.path);
            for alias in planned.page.aliases.iter().chain(own) {
                match paths::normalise(&decoded(alias)) {
                    Ok(from) if from != planned.path => aliases.push((from, planned.path.clone())),
                    Ok(_) => {}
                    Err(problem) => findings.push(Diagnostic::warning(
                        &planned.path,
                        "redirect",
                        format!("the alias {alias:?} is left out: {problem}"),
                    )),
                }
            }
        }
        for term in self.terms.iter() {
            let (to, old) = (&term.listing.path, term.term.map_or(&[][..], |t| &t.aliases));
            let Some((base, _)) = to.trim_end_matches('/').rsplit_once('/') else {
                continue;
            };
            for slug in old.iter().filter(|slug| **slug != term.slug) {
                aliases.push((format!("{base}/{}/", paths::segment(slug)), to.clone()));
            }
        }
        for (from, to) in aliases {
            add(from, To::Site(to.clone(), String::new()), &to, findings);
        }
        let mut redirects: Vec<_> = self.site.redirects.iter().collect();
        redirects.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
        for redirect in redirects {
            let from = match paths::normalise(&decoded(&redirect.from)) {
                Ok(from) => from,
                Err(problem) => {
                    findings.push(Diagnostic::warning(
                        "",
                        "redirect",
                        format!("the redirect from {:?} is left out: {problem}", redirect.from),
                    ));
                    continue;
                }
            };
            match self.address.target(&redirect.to, "/") {
                Target::Site { path, suffix } => {
                    let path = if self.known(&path) == Known::WithSlash {
                        format!("{path}/")
                    } else {
                        path
                    };
                    add(from, To::Site(path, suffix.into_owned()), "", findings);
                }
                Target::External(url) if crate::address::is_http(&url) => {
                    add(from, To::External(url.into_owned()), "", findings)
                }
                _ => findings.push(Diagnostic::warning(
                    "",
                    "redirect",
                    format!(
                        "the redirect from {from} leads to {:?}, which is not an address; it is left out",
                        redirect.to
                    ),
                )),
            }
        }
        for listing in self
            .listings()
            .filter(|l| l.pagers() > 1)
            .map(|l| l.path.clone())
            .collect::<Vec<_>>()
        {
            add(
                format!("{}/page/1/", listing.trim_end_matches('/')),
                To::Site(listing, String::new()),
                "",
                findings,
            );
        }

        for (from, to) in &wanted {
            if self.claimed.contains_key(from) {
                findings.push(Diagnostic::warning(
                    from,
                    "redirect",
                    format!("{from} has a page of its own; the redirect from it is left out"),
                ));
                continue;
            }
            let Some(to) = self.follow(to, &wanted) else {
                findings.push(Diagnostic::error(
                    from,
                    "redirect",
                    format!("the redirect from {from} leads in a circle, or over more than {MAX_CHAIN} others; it is left out"),
                ));
                continue;
            };
            if let To::Site(path, _) = &to
                && self.known(path) == Known::No
                && !wanted.contains_key(path)
            {
                findings.push(Diagnostic::warning(
                    from,
                    "link-missing",
                    format!("the redirect from {from} leads to {path}, which is not on this site"),
                ));
            }
            self.redirects.push(PlannedRedirect { from: from.clone(), to });
        }
        for redirect in std::mem::take(self.redirects.rows_mut()) {
            if self.claim(&redirect.from, Owner::Redirect, findings) {
                self.redirects.push(redirect);
            }
        }
    }

    /// Every list that has pagers.
    pub fn listings(&self) -> impl Iterator<Item = &super::Listing> {
        let sections = self.sections.iter().filter(|s| s.render).map(|s| &s.listing);
        sections
            .chain(self.terms.iter().map(|t| &t.listing))
            .chain(self.homes.iter().map(|h| &h.listing))
    }

    fn follow(&self, to: &To, all: &BTreeMap<String, To>) -> Option<To> {
        let mut at = to;
        for _ in 0..MAX_CHAIN {
            match at {
                To::Site(path, _) if !self.claimed.contains_key(path) => match all.get(path) {
                    Some(next) => at = next,
                    None => return Some(at.clone()),
                },
                _ => return Some(at.clone()),
            }
        }
        None
    }
}

/// An old path as people copy it from an address bar: without what follows `?` or `#`, percent signs read.
fn decoded(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    percent_encoding::percent_decode_str(path)
        .decode_utf8_lossy()
        .into_owned()
}
