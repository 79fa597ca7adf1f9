//! Pages that nothing leads to.
//!
//! A page is an **orphan** (warning) if no text, menu or list of the site has it. Lists are archives of sections and terms and
//! home pages. A page that only lists lead to is not one, since visitors find it; how many there are is said once, as advice: a
//! link in a text is worth more to readers and to search engines.

use crate::address::Target;
use crate::diagnostic::Diagnostic;
use crate::plan::Plan;
use crate::site::{MenuItem, PageKind};

/// Examples named in the advice.
const EXAMPLES: usize = 5;

/// Marks made while pages are rendered: by page index, whether another page's text links to it.
pub(crate) struct Linked(Vec<bool>);

impl Linked {
    pub fn new(plan: &Plan<'_>) -> Self {
        Self(vec![false; plan.pages.rows().len()])
    }

    /// A text on the page at `from` links to the page with index `to`.
    pub fn mark(&mut self, to: usize) {
        if let Some(mark) = self.0.get_mut(to) {
            *mark = true;
        }
    }

    /// `switches` says that pages link to their translations, as the theme has it.
    pub fn check(mut self, plan: &Plan<'_>, switches: bool, findings: &mut Vec<Diagnostic>) {
        let mut menus = Vec::new();
        for items in plan.site.menus.values() {
            menu_pages(plan, items, 0, &mut menus);
        }
        for home in plan.homes.rows() {
            menus.extend(home.page);
        }
        if !plan.site.menus.contains_key("main") {
            // The menu that is made where there is none.
            let made = |kind: PageKind| matches!(kind, PageKind::About | PageKind::Contact);
            menus.extend((0..plan.pages.rows().len()).filter(|&i| made(plan.pages.rows()[i].page.kind)));
        }
        // The archives they are the texts of are in lists of terms and beside their pages.
        menus.extend(plan.terms.rows().iter().filter_map(|term| term.page));
        menus.into_iter().for_each(|page| self.mark(page));

        let mut listed = vec![false; plan.pages.rows().len()];
        for listing in plan.listings() {
            listing.items().iter().for_each(|&i| listed[i] = true);
        }
        for cluster in plan.clusters().iter().filter(|c| c.hub.is_some()) {
            // The hub lists its cluster, whose pages each name it.
            cluster.members.iter().for_each(|&i| listed[i] = true);
            if let Some(hub) = cluster.hub.filter(|_| !cluster.members.is_empty()) {
                listed[hub] = true;
            }
        }
        // A translation leads to the others if something leads to it.
        for (_, group) in plan.translation_groups().filter(|_| switches) {
            if group.iter().any(|&(_, page)| self.0[page] || listed[page]) {
                group.iter().for_each(|&(_, page)| self.0[page] = true);
            }
        }
        let mut only_listed = Vec::new();
        for (i, planned) in plan.pages.rows().iter().enumerate().filter(|(_, p)| p.page.indexable) {
            match (self.0[i], listed[i]) {
                (true, _) => {}
                (false, true) => only_listed.push(planned.path.as_str()),
                (false, false) => findings.push(Diagnostic::warning(
                    &planned.path,
                    "orphan",
                    "no text, menu or list of this site leads to this page",
                )),
            }
        }
        if !only_listed.is_empty() {
            let examples = only_listed
                .iter()
                .take(EXAMPLES)
                .copied()
                .collect::<Vec<_>>()
                .join(", ");
            let more = if only_listed.len() > EXAMPLES { ", …" } else { "" };
            let message = format!(
                "{} of {} pages are linked from lists only ({examples}{more}); a link in a text helps readers and search engines",
                only_listed.len(),
                plan.pages.rows().len()
            );
            findings.push(Diagnostic::info("", "only-listed", message));
        }
    }
}

fn menu_pages(plan: &Plan<'_>, items: &[MenuItem], depth: usize, out: &mut Vec<usize>) {
    // Deeper menus are not shown.
    if depth > 3 {
        return;
    }
    for item in items {
        if let Target::Site { path, .. } = plan.address.target(&item.url, "/") {
            out.extend(plan.page_at(&path));
        }
        menu_pages(plan, &item.children, depth + 1, out);
    }
}
