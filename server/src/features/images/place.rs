//! Putting a picture where it belongs: at the head of its content, or into a section of the text.

use std::ops::Range;

use igny8_writer::{compose, sections};

use super::model::{Image, ImageKind};
use crate::features::content::Content;
use crate::features::content::model::BodyFormat;
use crate::features::media::Media;

/// Why a picture stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotPlaced {
    #[error("The text is HTML: put the picture into it by hand.")]
    Html,
    #[error("The text does not have the section any more: choose another one.")]
    NoSection,
    #[error("The section leaves something open in which the picture would disappear: put it in by hand.")]
    Spills,
}

/// Puts a picture into its place in `content`, where one of `earlier` stood if any did, with its text for who cannot see it; a
/// second time nothing changes. The text of a featured picture is its file's.
///
/// # Errors
/// Why there is no such place.
pub fn place(image: &Image, media: &Media, earlier: &[Media], content: &mut Content) -> Result<(), NotPlaced> {
    if image.kind == ImageKind::Featured {
        content.featured_image = Some(media.id);
        return Ok(());
    }
    let path = media.public_path();
    let own = own_section(image, content);
    if !content.body[own.clone()].contains(&path) {
        // The newest last.
        let mut before = earlier.iter().rev().map(Media::public_path);
        let there = |range: Range<usize>, old: &String| content.body[range].contains(old);
        let whole = 0..content.body.len();
        let old = before
            .clone()
            .find_map(|old| there(own.clone(), &old).then(|| (own.clone(), old)))
            // Somebody moved it.
            .or_else(|| before.find_map(|old| there(whole.clone(), &old).then(|| (whole.clone(), old))));
        if let Some((range, old)) = old {
            let new = content.body[range.clone()].replace(&old, &path);
            content.body.replace_range(range, &new);
        } else if !content.body.contains(&path) {
            if content.body_format == BodyFormat::Html {
                return Err(NotPlaced::Html);
            }
            let section = image.section.as_deref().unwrap_or_default();
            let block = compose::picture(&image.alt, &path);
            content.body = sections::with_block(&content.body, section, &block).map_err(|refused| match refused {
                sections::Refused::Missing => NotPlaced::NoSection,
                sections::Refused::Spills => NotPlaced::Spills,
            })?;
            return Ok(());
        }
    }
    describe(image, media, content);
    Ok(())
}

/// Writes the picture's text for who cannot see it where the picture stands in `content`; whether it stands there.
pub fn describe(image: &Image, media: &Media, content: &mut Content) -> bool {
    if image.kind == ImageKind::Featured {
        return content.featured_image == Some(media.id);
    }
    let path = media.public_path();
    if content.body_format == BodyFormat::Html || !content.body.contains(&path) {
        return false;
    }
    let own = own_section(image, content);
    let range = if content.body[own.clone()].contains(&path) {
        own
    } else {
        0..content.body.len()
    };
    let new = compose::with_alt(&content.body[range.clone()], &path, &image.alt);
    content.body.replace_range(range, &new);
    true
}

/// Where the section that a picture is for stands; nowhere when there is none.
fn own_section(image: &Image, content: &Content) -> Range<usize> {
    let section = image.section.as_deref().unwrap_or_default();
    let mut all = sections::split(&content.body).into_iter();
    all.find(|found| found.id == section).map_or(0..0, |found| found.range)
}
