//! From pages in the making to ideas: titles, headings, lengths, terms.

use std::collections::BTreeSet;

use super::format;
use super::group::{Entry, Part};
use super::{Cluster, ContentType, Heading, Idea, Options, Structure, labels, title};
use crate::cluster::{Role, intent};
use igny8_text as text;

/// Headings made of keywords, and questions, at most.
const HEADINGS: usize = 12;
const QUESTIONS: usize = 8;
/// An outline with fewer headings gets those that its structure always has.
const FEW: usize = 4;
/// Terms suggested at most.
const TERMS: usize = 4;

pub(super) fn write(cluster: &Cluster, options: &Options, parts: &[Part]) -> Vec<Idea> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut with_text: BTreeSet<String> = BTreeSet::new();
    if cluster.has_text {
        with_text.insert(text::fold(&cluster.name));
    }
    parts
        .iter()
        .map(|part| {
            let supporting: &[Part] = match part.hub {
                true => parts.get(1..).unwrap_or_default(),
                false => &[],
            };
            idea(cluster, options, part, supporting, &mut taken, &mut with_text)
        })
        .collect()
}

fn idea(
    cluster: &Cluster,
    options: &Options,
    part: &Part,
    supporting: &[Part],
    taken: &mut BTreeSet<String>,
    with_text: &mut BTreeSet<String>,
) -> Idea {
    let (mut content_type, mut structure) = match part.hub {
        true => format::hub(options.site, cluster.context, part.sells),
        false => part.format.page(options.site, cluster.context, part.entries.len()),
    };
    let mut terms = terms(cluster, part);
    if content_type == ContentType::Taxonomy {
        let term = term_of(cluster, part, &options.language);
        let key = text::fold(&term);
        if !key.is_empty() && with_text.insert(key) {
            terms = vec![term];
        } else {
            (content_type, structure) = format::beside_archive(part.hub);
        }
    }
    let others: Vec<&Entry> = part.entries.iter().skip(1).chain(&part.absorbed).collect();
    let mut secondary: Vec<(&Entry, usize)> = Vec::new();
    for entry in &part.entries[..1] {
        secondary.extend(entry.members.iter().skip(1).map(|&k| (entry, k)));
    }
    secondary.extend(
        others
            .iter()
            .flat_map(|entry| entry.members.iter().map(|&k| (*entry, k))),
    );
    Idea {
        title: title_of(&cluster.name, part, supporting, structure, options, taken),
        role: match (part.hub, part.format) {
            (true, _) => Role::Hub,
            (false, format::Format::Attribute) => Role::Attribute,
            (false, _) => Role::Supporting,
        },
        content_type,
        structure,
        primary: part.entries[0].members[0],
        secondary: secondary.into_iter().map(|(_, k)| k).collect(),
        outline: outline(part, &others, supporting, structure, options),
        words: structure.words(others.len() + supporting.len()),
        terms,
    }
}

/// The primary keyword, with what else the page covers where that follows it in other keywords. A hub without a keyword of its
/// own is called what its cluster is.
fn title_of(
    name: &str,
    part: &Part,
    supporting: &[Part],
    structure: Structure,
    options: &Options,
    taken: &mut BTreeSet<String>,
) -> String {
    let primary = &part.entries[0];
    let language = &options.language;
    let own = |entry: &Entry| title::title(title::placeless(&entry.text), language);
    let of_cluster = Some(title::title(name, language)).filter(|title| {
        let free = |below: &Part| text::fold(&own(&below.entries[0])) != text::fold(title);
        part.stands_in && !text::fold(title).is_empty() && supporting.iter().all(free)
    });
    let (mut title, begin): (String, Vec<String>) = match of_cluster {
        Some(title) => (title, text::words(&text::fold(name)).map(str::to_owned).collect()),
        None => (own(primary), primary.words.clone()),
    };
    if matches!(structure, Structure::ClusterHub | Structure::Article | Structure::Guide) {
        let facets: Vec<String> = part
            .entries
            .iter()
            .chain(&part.absorbed)
            .filter(|entry| !entry.question && !begin.is_empty())
            .filter_map(|entry| {
                let suffix = entry.words.strip_prefix(begin.as_slice())?;
                let first = suffix.first()?;
                (suffix.len() <= 2 && !intent::is_frame(first) && first.chars().all(char::is_alphabetic))
                    .then(|| suffix.join(" "))
            })
            .take(3)
            .collect();
        title = title::with_facets(&title, &facets, language);
    }
    if title.trim().is_empty() {
        name.clone_into(&mut title);
    }
    if !taken.insert(text::fold(&title)) {
        title = title::title(&primary.text, language);
        taken.insert(text::fold(&title));
    }
    title
}

fn outline(
    part: &Part,
    others: &[&Entry],
    supporting: &[Part],
    structure: Structure,
    options: &Options,
) -> Vec<Heading> {
    let language = &options.language;
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut sections: Vec<Heading> = Vec::new();
    let mut questions: Vec<Heading> = Vec::new();
    let primary = &part.entries[0];
    if primary.question {
        taken.insert(text::fold(&title::heading(&primary.text, language)));
    }
    for entry in others {
        let heading = Heading {
            text: title::heading(title::placeless(&entry.text), language),
            question: entry.question,
            keywords: entry.members.clone(),
        };
        let (list, most) = match entry.question {
            true => (&mut questions, QUESTIONS),
            false => (&mut sections, HEADINGS),
        };
        if list.len() < most && !heading.text.is_empty() && taken.insert(text::fold(&heading.text)) {
            list.push(heading);
        }
    }
    // The hub leads to every page below it.
    for below in supporting.iter().take(HEADINGS) {
        let text = title::heading(title::placeless(&below.entries[0].text), language);
        if taken.insert(text::fold(&text)) {
            sections.push(Heading {
                text,
                question: false,
                keywords: Vec::new(),
            });
        }
    }
    if sections.len() < FEW {
        let plain = |text: &str| Heading {
            text: text.to_owned(),
            question: false,
            keywords: Vec::new(),
        };
        let (before, after) = labels::of(structure, language);
        sections.splice(0..0, before.into_iter().map(plain));
        sections.extend(after.into_iter().map(plain));
    }
    sections.extend(questions);
    sections
}

/// The term that a page is the text of: the cluster's, or one of its own for a part of the cluster's subject.
fn term_of(cluster: &Cluster, part: &Part, language: &str) -> String {
    // Words such as "buy" name nothing.
    let shortest = part.entries.iter().min_by_key(|entry| entry.words.len());
    match shortest {
        Some(entry) if !part.is_whole() => title::title(title::placeless(&entry.text), language),
        _ => cluster.name.clone(),
    }
}

/// The cluster's name, and recommended terms that the page's keywords have in them.
fn terms(cluster: &Cluster, part: &Part) -> Vec<String> {
    let texts: Vec<String> = part
        .entries
        .iter()
        .chain(&part.absorbed)
        .map(|e| text::fold(&e.text))
        .collect();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let within = |term: &str| {
        let term = format!(" {} ", text::fold(term));
        texts.iter().any(|text| format!(" {text} ").contains(&term))
    };
    let of_pages = cluster.terms.iter().filter(|term| within(term));
    std::iter::once(&cluster.name)
        .chain(of_pages)
        .filter(|term| !text::fold(term).is_empty() && seen.insert(text::fold(term)))
        .take(TERMS)
        .cloned()
        .collect()
}
