//! Putting a picture where it belongs: at the head of its content, or into a section of the text.

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

/// Puts a picture into its place in `content`, where `before` stood if anything did; a second time nothing changes.
///
/// # Errors
/// Why there is no such place.
pub fn place(image: &Image, media: &Media, before: Option<&Media>, content: &mut Content) -> Result<(), NotPlaced> {
    if image.kind == ImageKind::Featured {
        content.featured_image = Some(media.id);
        return Ok(());
    }
    let path = media.public_path();
    if content.body.contains(&path) {
        return Ok(());
    }
    if let Some(old) = before.map(Media::public_path).filter(|old| content.body.contains(old)) {
        content.body = content.body.replace(&old, &path);
        return Ok(());
    }
    if content.body_format == BodyFormat::Html {
        return Err(NotPlaced::Html);
    }
    let section = image.section.as_deref().unwrap_or_default();
    let block = compose::picture(&image.alt, &path);
    content.body = sections::with_block(&content.body, section, &block).map_err(|refused| match refused {
        sections::Refused::Missing => NotPlaced::NoSection,
        sections::Refused::Spills => NotPlaced::Spills,
    })?;
    Ok(())
}
