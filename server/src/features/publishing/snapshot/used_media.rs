//! Which files of a site its pages use: the others stay out of the release.

use std::collections::HashSet;

use igny8_renderer::blocks::Part;
use igny8_renderer::site as out;

use crate::features::media::Media;

/// Addresses of files that a page names: in its text, as featured or gallery images, in blocks and answers.
pub fn named_by(page: &out::Page) -> HashSet<String> {
    let mut named = HashSet::new();
    let (out::Body::Markdown(body) | out::Body::Html(body)) = &page.body;
    collect(body, &mut named);
    for text in page.image.iter().chain(&page.entity.gallery).chain([&page.excerpt]) {
        collect(text, &mut named);
    }
    for item in &page.faq {
        collect(&item.answer, &mut named);
    }
    for block in &page.blocks {
        block.clone().visit(&mut |part| {
            let (Part::Image(text) | Part::Link(text) | Part::Text(text)) = part;
            collect(text, &mut named);
        });
    }
    for value in page.extra.values() {
        collect(&value.to_string(), &mut named);
    }
    named
}

/// The files that the snapshot names anywhere: in pages (`named`), logos, options, menus.
pub fn of<'m>(
    site: &out::Site,
    named: impl Iterator<Item = &'m str>,
    media: impl Iterator<Item = &'m Media>,
) -> Vec<out::Media> {
    let mut named: HashSet<String> = named.map(str::to_owned).collect();
    for section in &site.sections {
        let (out::Body::Markdown(body) | out::Body::Html(body)) = &section.body;
        collect(body, &mut named);
    }
    for value in site.settings.theme_options.values() {
        collect(&value.to_string(), &mut named);
    }
    if let Some(logo) = &site.settings.organisation.logo {
        collect(logo, &mut named);
    }
    for items in site.menus.values() {
        for item in items {
            collect(&item.url, &mut named);
            item.children.iter().for_each(|child| collect(&child.url, &mut named));
        }
    }
    for redirect in &site.redirects {
        collect(&redirect.to, &mut named);
    }
    all(media.filter(|row| named.contains(row.public_path().as_str())).cloned())
}

/// Every file, by address.
pub fn all(media: impl IntoIterator<Item = Media>) -> Vec<out::Media> {
    let mut files: Vec<out::Media> = media
        .into_iter()
        .map(|row| out::Media {
            path: row.public_path(),
            source: row.hash,
            mime: row.mime,
            width: row.width.and_then(|n| u32::try_from(n).ok()),
            height: row.height.and_then(|n| u32::try_from(n).ok()),
            alt: row.alt,
            bytes: u64::try_from(row.bytes).unwrap_or(0),
            variants: Vec::new(),
            problem: None,
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// Collects what looks like the address of a file: `/media/` and a plain name.
fn collect(text: &str, named: &mut HashSet<String>) {
    for (at, found) in text.match_indices("/media/") {
        let name = &text[at + found.len()..];
        let end = name
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '.')
            .unwrap_or(name.len());
        let name = name[..end].trim_end_matches('.');
        if !name.is_empty() {
            named.insert(format!("{found}{name}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_addresses_in_text() {
        let mut named = HashSet::new();
        collect(
            "![a](/media/ab12.png) <img src='/media/cd34.webp'> see /media/ef56.pdf. [x](https://h.example/media/00.gif)",
            &mut named,
        );
        let mut named: Vec<_> = named.into_iter().collect();
        named.sort();
        assert_eq!(
            named,
            [
                "/media/00.gif",
                "/media/ab12.png",
                "/media/cd34.webp",
                "/media/ef56.pdf"
            ]
        );
    }
}
