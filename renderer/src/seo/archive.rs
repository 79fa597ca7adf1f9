//! What an archive says of itself to search engines where nobody has written it: its name, how much it holds, what comes first.

use crate::markdown::text::{collapse, truncate};
use crate::plan::{Listing, Plan};
use crate::prepare::Language;
use crate::site::PageKind;

/// Characters that result pages show.
const MADE: usize = 160;
/// More than this nobody shows, even if an author wrote it.
const WRITTEN: usize = 320;
/// Titles looked at; fewer find room.
const TITLES: usize = 6;

/// The description of the `n`th pager of a list of pages. `written` is the author's, which the first pager takes; the others need words
/// of their own, since they show other pages.
pub(crate) fn of_listing(
    plan: &Plan<'_>,
    language: &Language,
    listing: &Listing,
    n: usize,
    name: &str,
    written: &str,
) -> String {
    let written = collapse(written);
    if n == 1 && !written.is_empty() {
        return truncate(&written, WRITTEN);
    }
    let pages = listing.slice(n);
    let words = &language.words;
    let lead = if n > 1 {
        format!("{name} – {} {n} / {}.", words.get("page"), listing.pagers())
    } else if pages.is_empty() {
        return truncate(&collapse(&plan.site.settings.description), WRITTEN);
    } else {
        let what = match listing.kind {
            PageKind::Post => "posts",
            PageKind::Product => "products",
            PageKind::Service => "services",
            _ => "pages",
        };
        format!("{name}. {}: {}.", words.get(what), listing.total())
    };
    let titles = pages.iter().take(TITLES).map(|&page| plan.title_of(page));
    made(lead, titles, pages.len())
}

/// The description of the list of a taxonomy's terms, by their names.
pub(crate) fn of_terms<'n>(language: &Language, name: &str, names: impl ExactSizeIterator<Item = &'n str>) -> String {
    let count = names.len();
    let lead = format!("{name}. {}: {count}.", language.words.get("topics"));
    made(lead, names, count)
}

/// `lead`, and as many of `names` as there is room for; `of` is how many there are.
fn made<'n>(mut lead: String, names: impl Iterator<Item = &'n str>, of: usize) -> String {
    let mut said = 0;
    for name in names {
        let name = collapse(name);
        let room = MADE.saturating_sub(lead.chars().count() + 4);
        if said > 0 && name.chars().count() > room {
            break;
        }
        lead.push_str(if said == 0 { " " } else { " · " });
        lead.push_str(&truncate(&name, room.max(20)));
        said += 1;
    }
    if said < of && !lead.ends_with('…') {
        lead.push_str(" …");
    }
    lead
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_names_as_there_is_room_for() {
        let all = |names: &[&str], of| made("Tea. Posts: 3.".into(), names.iter().copied(), of);
        assert_eq!(all(&["One", "Two, too"], 2), "Tea. Posts: 3. One · Two, too");
        assert_eq!(all(&["One"], 3), "Tea. Posts: 3. One …");
        assert_eq!(all(&[], 0), "Tea. Posts: 3.");
        let long = "word ".repeat(60);
        for names in [&[long.as_str()][..], &["Short", long.as_str()][..]] {
            let text = all(names, names.len());
            assert!(text.chars().count() <= MADE && text.ends_with('…'), "{text}");
        }
    }
}
