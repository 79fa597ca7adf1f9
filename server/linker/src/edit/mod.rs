//! Putting links into bodies, taking them out again, and leading them to where their pages have moved ([`rewrite()`]).
//!
//! Nothing but the link itself is written: the source around it stays as it is, byte by byte, and the text a reader sees
//! stays the same. What would read differently with a link in it is found by reading the result, and left out.

pub(crate) mod places;
mod rewrite;

use std::collections::HashSet;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::address::{self, Address};
use crate::body::{self, Format, FoundLink, Reading};
pub use crate::rules::{Refusal, Rules};
use places::Places;
pub use rewrite::{Rewritten, readdress, rewrite};

/// A link to put in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Where it leads: a path, or a full address.
    pub href: String,
    /// The words of the text it is put around, as they are written there.
    pub anchor: String,
    /// Where they begin in the source, in bytes; without it, or if they are not there any more, the first place that fits.
    #[serde(default)]
    pub at: Option<usize>,
}

/// A link that was put in, to be kept for [`undo`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insertion {
    /// Where it leads, as it is written.
    pub href: String,
    /// The words it is around.
    pub anchor: String,
    /// Where its opening begins in the changed source, in bytes.
    pub at: usize,
    /// Length of opening, words and closing in the changed source.
    pub length: usize,
}

impl Insertion {
    /// What of the source tells that the link is there, whatever else is changed: its address as it is written.
    pub fn mark(href: &str, format: Format) -> String {
        let escaped = href.replace('&', "&amp;");
        match format {
            Format::Markdown => format!("]({escaped})"),
            Format::Html => format!("href=\"{escaped}\""),
        }
    }
}

/// What [`crate::Linker::apply`] did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The changed source.
    pub body: String,
    /// The links that were put in, in the order of the source.
    pub inserted: Vec<Insertion>,
    /// Their places in the list handed in.
    pub places: Vec<usize>,
    /// Places in the list handed in, and why they were not.
    pub refused: Vec<(usize, Refusal)>,
}

/// What [`undo`] did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// The changed source.
    pub body: String,
    /// Places in the list handed in of those that are not in the text any more.
    pub missing: Vec<usize>,
}

/// More links than this are not put in at once.
const MOST_LINKS: usize = 500;
/// Readings spent on finding out which of several links cannot be put in.
const MOST_TRIES: usize = 32;

#[derive(Debug, Clone)]
struct Planned {
    index: usize,
    source: Range<usize>,
    open: String,
    close: String,
    href: String,
    anchor: String,
}

/// What is asked about a link besides the body it is put into.
pub(crate) trait Whole {
    /// Whether the link may be put in, with those that were before it.
    fn fits(&mut self, link: &Link) -> Result<(), Refusal>;

    /// The link has its place.
    fn put(&mut self, link: &Link);
}

/// Puts links into a body, the first of the list first. A second run with the same links puts in nothing. See
/// [`crate::Linker::apply`].
pub(crate) fn apply(source: &str, format: Format, links: &[Link], rules: &Rules, whole: &mut impl Whole) -> Applied {
    let reading = body::read(source, format);
    let mut refused: Vec<(usize, Refusal)> = Vec::new();
    let mut taken: HashSet<String> = targets(&reading.links, rules);
    let (mut count, most) = counted(&reading, rules);
    let mut places = Places::new(&reading, source, rules);
    let mut planned: Vec<Planned> = Vec::new();
    for (index, link) in links.iter().enumerate() {
        let room = index < MOST_LINKS && count < most;
        match plan(index, link, format, room, &taken, &mut places, whole) {
            Ok((plan, target)) => {
                whole.put(link);
                taken.insert(target);
                count += 1;
                planned.push(plan);
            }
            Err(refusal) => refused.push((index, refusal)),
        }
    }
    planned.sort_by_key(|p| p.source.start);
    let mut tries = MOST_TRIES;
    let kept = keep_harmless(source, format, &reading, Vec::new(), planned, &mut tries, &mut refused);
    refused.sort_unstable_by_key(|r| r.0);
    let (body, inserted) = write(source, &kept);
    Applied {
        body,
        inserted,
        places: kept.iter().map(|p| p.index).collect(),
        refused,
    }
}

/// How many more links a body may have.
pub fn room(source: &str, format: Format, rules: &Rules) -> usize {
    let reading = body::read(source, format);
    let (count, most) = counted(&reading, rules);
    most.saturating_sub(count)
}

/// Internal links, the same target twice too, and how many there may be.
fn counted(reading: &Reading, rules: &Rules) -> (usize, usize) {
    let internal = reading.links.iter().filter(|l| internal(&l.href, rules).is_some());
    (internal.count(), reading.words / rules.words_per_link.max(1))
}

fn plan(
    index: usize,
    link: &Link,
    format: Format,
    room: bool,
    taken: &HashSet<String>,
    places: &mut Places<'_>,
    whole: &mut impl Whole,
) -> Result<(Planned, String), Refusal> {
    let target = allowed_target(&link.href, places.rules())?;
    if taken.contains(&target) {
        return Err(Refusal::AlreadyLinked);
    }
    if !room {
        return Err(Refusal::TooMany);
    }
    let (open, close, href) = markup(&link.href, format)?;
    whole.fits(link)?;
    let planned = Planned {
        index,
        source: places.take(&link.anchor, link.at)?,
        open,
        close,
        href,
        anchor: link.anchor.clone(),
    };
    Ok((planned, target))
}

/// Those of the links that leave the text and the other links as they are. `kept` are known to.
fn keep_harmless(
    source: &str,
    format: Format,
    before: &Reading,
    kept: Vec<Planned>,
    new: Vec<Planned>,
    tries: &mut usize,
    refused: &mut Vec<(usize, Refusal)>,
) -> Vec<Planned> {
    if new.is_empty() {
        return kept;
    }
    let mut all = kept.clone();
    all.extend(new.iter().cloned());
    all.sort_by_key(|p| p.source.start);
    if *tries == 0 {
        refused.extend(new.iter().map(|p| (p.index, Refusal::WouldChangeText)));
        return kept;
    }
    *tries -= 1;
    let (body, inserted) = write(source, &all);
    if is_harmless(before, &body::read(&body, format), &inserted) {
        return all;
    }
    if new.len() == 1 {
        refused.extend(new.iter().map(|p| (p.index, Refusal::WouldChangeText)));
        return kept;
    }
    let mut first = new;
    let second = first.split_off(first.len() / 2);
    let kept = keep_harmless(source, format, before, kept, first, tries, refused);
    keep_harmless(source, format, before, kept, second, tries, refused)
}

fn is_harmless(before: &Reading, after: &Reading, inserted: &[Insertion]) -> bool {
    let text = |reading: &Reading| -> Vec<(body::Kind, String)> {
        reading.blocks.iter().map(|b| (b.kind, b.text.clone())).collect()
    };
    let mut expected: Vec<(&str, String)> = before
        .links
        .iter()
        .map(|l| (l.href.as_str(), l.anchor.clone()))
        .collect();
    expected.extend(inserted.iter().map(|i| (i.href.as_str(), one_line(&i.anchor))));
    let mut there: Vec<(&str, String)> = after
        .links
        .iter()
        .map(|l| (l.href.as_str(), l.anchor.clone()))
        .collect();
    expected.sort_unstable();
    there.sort_unstable();
    text(before) == text(after)
        && expected == there
        && inserted
            .iter()
            .all(|i| after.links.iter().any(|l| l.source == (i.at..i.at + i.length)))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn write(source: &str, planned: &[Planned]) -> (String, Vec<Insertion>) {
    let extra: usize = planned.iter().map(|p| p.open.len() + p.close.len()).sum();
    let mut out = String::with_capacity(source.len() + extra);
    let mut inserted = Vec::with_capacity(planned.len());
    let mut at = 0;
    for plan in planned {
        out.push_str(&source[at..plan.source.start]);
        let start = out.len();
        out.push_str(&plan.open);
        out.push_str(&source[plan.source.clone()]);
        out.push_str(&plan.close);
        at = plan.source.end;
        inserted.push(Insertion {
            href: plan.href.clone(),
            anchor: plan.anchor.clone(),
            at: start,
            length: out.len() - start,
        });
    }
    out.push_str(&source[at..]);
    (out, inserted)
}

/// Opening and closing of a link, and the address as a reader of the source gets it.
fn markup(href: &str, format: Format) -> Result<(String, String, String), Refusal> {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    // What would end an address or an attribute early, or mean something else in the source.
    const ENCODED: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'\'')
        .add(b'<')
        .add(b'>')
        .add(b'(')
        .add(b')')
        .add(b'[')
        .add(b']')
        .add(b'\\')
        .add(b'`')
        .add(b'*')
        .add(b'|')
        .add(b'{')
        .add(b'}');
    let href: String = href
        .trim()
        .chars()
        .map(|c| {
            if c.is_ascii() {
                utf8_percent_encode(c.encode_utf8(&mut [0; 4]), ENCODED).to_string()
            } else {
                c.to_string()
            }
        })
        .collect();
    if href.is_empty() || href.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Refusal::BadAddress);
    }
    let escaped = href.replace('&', "&amp;");
    Ok(match format {
        Format::Markdown => ("[".to_owned(), format!("]({escaped})"), href),
        Format::Html => (format!("<a href=\"{escaped}\">"), "</a>".to_owned(), href),
    })
}

fn internal(href: &str, rules: &Rules) -> Option<String> {
    match address::resolve(href, &rules.path, &rules.hosts) {
        Address::Internal(path) => Some(path),
        _ => None,
    }
}

fn targets(links: &[FoundLink], rules: &Rules) -> HashSet<String> {
    let hrefs = links.iter().map(|l| &l.href).chain(&rules.linked);
    hrefs.filter_map(|href| internal(href, rules)).collect()
}

fn allowed_target(href: &str, rules: &Rules) -> Result<String, Refusal> {
    let target = internal(href, rules).ok_or(Refusal::BadAddress)?;
    if !rules.path.is_empty() && target == address::normal(&rules.path) {
        return Err(Refusal::OwnPage);
    }
    if rules.do_not_link.iter().any(|path| address::normal(path) == target) {
        return Err(Refusal::DoNotLink);
    }
    Ok(target)
}

/// Takes links out again that [`crate::Linker::apply`] put in. If nothing else was changed, the body is what it was before, byte by
/// byte; otherwise only the link goes: the one with the same address and the same words that is nearest to its old place.
pub fn undo(source: &str, format: Format, insertions: &[Insertion]) -> Undone {
    let reading = body::read(source, format);
    let mut free: Vec<&FoundLink> = reading.links.iter().collect();
    let mut cuts: Vec<Range<usize>> = Vec::new();
    let mut missing = Vec::new();
    for (index, insertion) in insertions.iter().enumerate() {
        let anchor = one_line(&insertion.anchor);
        let found = free
            .iter()
            .enumerate()
            .filter(|(_, l)| l.href == insertion.href && l.anchor == anchor && is_plain(source, format, l))
            .min_by_key(|(_, l)| l.source.start.abs_diff(insertion.at))
            .map(|(i, _)| i);
        match found {
            Some(i) => {
                let link = free.swap_remove(i);
                cuts.push(link.source.start..link.inner.start);
                cuts.push(link.inner.end..link.source.end);
            }
            None => missing.push(index),
        }
    }
    cuts.sort_unstable_by_key(|c| c.start);
    let mut body = String::with_capacity(source.len());
    let mut at = 0;
    for cut in cuts {
        body.push_str(&source[at..cut.start]);
        at = cut.end;
    }
    body.push_str(&source[at..]);
    Undone { body, missing }
}

/// Whether a link is written as we write them, so that taking its ends away leaves its words.
fn is_plain(source: &str, format: Format, link: &FoundLink) -> bool {
    let slice = |range: Range<usize>| source.get(range).unwrap_or_default();
    let open = slice(link.source.start..link.inner.start);
    let close = slice(link.inner.end..link.source.end);
    match format {
        Format::Markdown => open == "[" && close.starts_with("](") && close.ends_with(')'),
        Format::Html => open.starts_with("<a ") && close == "</a>",
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
