//! `llms.txt` after <https://llmstxt.org>: what the site is, and its most useful pages as links with a line each.

use crate::markdown::text::collapse;
use crate::plan::{Plan, PlannedPage};
use crate::prepare::Prepared;
use crate::site::PageKind;

/// Links in one list; who wants all reads the sitemap.
const LISTED: usize = 50;

/// The overview, in the site's first language.
pub(crate) fn text(plan: &Plan<'_>, prepared: &Prepared) -> String {
    let settings = &plan.site.settings;
    let language = &prepared.languages[0];
    let mut out = String::with_capacity(4096);
    out.push_str("# ");
    line(
        &mut out,
        if settings.title.trim().is_empty() {
            &plan.address.base_url
        } else {
            &settings.title
        },
    );
    if !settings.description.trim().is_empty() {
        out.push_str("\n> ");
        line(&mut out, &settings.description);
    }
    let shown = |p: &PlannedPage<'_>| p.language == 0 && p.is_indexed();
    let mut list = |title: &str, description: &str, items: &mut dyn Iterator<Item = usize>| {
        let mut begun = false;
        for i in items.filter(|&i| shown(&plan.pages[i])).take(LISTED) {
            if !begun {
                out.push_str("\n## ");
                line(&mut out, title);
                if !description.trim().is_empty() {
                    out.push('\n');
                    line(&mut out, description);
                }
                out.push('\n');
                begun = true;
            }
            link(
                &mut out,
                &plan.pages[i].page.title,
                &plan.address.absolute(&plan.pages[i].path),
                &prepared.card(plan, i).summary,
            );
        }
    };
    let alone = |kind: fn(PageKind) -> bool| plan.alone().filter(move |&i| kind(plan.pages.rows()[i].page.kind));
    list(
        &language.words.get("pages"),
        "",
        &mut alone(|kind| kind != PageKind::Post),
    );
    for section in plan.sections.iter().filter(|s| s.render) {
        list(
            &section.section.title,
            &section.section.description,
            &mut section.listing.items().iter().copied(),
        );
    }
    list(
        &language.words.get("posts"),
        "",
        &mut alone(|kind| kind == PageKind::Post),
    );
    out.push_str("\n## Optional\n\n");
    link(&mut out, "Sitemap", &plan.address.absolute("/sitemap.xml"), "");
    for home in plan.homes.iter().filter(|h| h.language == 0) {
        for &format in &home.listing.feeds {
            link(
                &mut out,
                format.file(),
                &plan.address.absolute(&Plan::feed_path(&home.path, format)),
                "",
            );
        }
    }
    out
}

/// One line of text, without what would begin a block of Markdown elsewhere.
fn line(out: &mut String, text: &str) {
    out.push_str(&collapse(text));
    out.push('\n');
}

fn link(out: &mut String, title: &str, url: &str, note: &str) {
    out.push_str("- [");
    for c in collapse(title).chars() {
        if matches!(c, '[' | ']' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push_str("](");
    out.push_str(&url.replace('(', "%28").replace(')', "%29"));
    out.push(')');
    let note = collapse(note);
    if !note.is_empty() {
        out.push_str(": ");
        out.push_str(&note);
    }
    out.push('\n');
}
