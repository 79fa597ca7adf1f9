//! A rewrite, or its undoing, and the content as people have changed it since.

use igny8_writer::merge::{Conflict, merge};

use super::model::{Fields, value};
use crate::features::content::model::{BodyFormat, Content};

/// What becomes of content.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// Fields that get another value.
    pub fields: Fields,
    /// Fields that people changed since. Of these only sections of a Markdown body are taken over that nobody touched.
    pub moved: Vec<&'static str>,
    /// Sections of the body that stay as people left them.
    pub kept: Vec<String>,
    /// Sections that people took out, and that stay out.
    pub left_out: Vec<String>,
    /// Sections of which there is another text that is not taken.
    pub conflicts: Vec<Conflict>,
}

impl Brought {
    /// Whether all is taken over but what nobody else touched.
    pub fn is_whole(&self) -> bool {
        self.moved.is_empty()
    }
}

/// Takes content from some values to others where it still has them; where people changed a field, theirs stays. The body is
/// brought together section by section. Takes time for long texts.
pub fn bring(content: &Content, from: &Fields, to: &Fields, format: BodyFormat) -> Brought {
    let mut brought = Brought::default();
    for name in to.names() {
        let (now, was) = (value(content, name), from.get(name));
        let Some(wanted) = to.get(name) else { continue };
        let is_body = name == "body";
        let same_kind = !is_body || content.body_format == format;
        if now == wanted && same_kind {
            continue;
        }
        if Some(now) == was && same_kind {
            brought.fields.set(name, Some(wanted.clone()));
            continue;
        }
        brought.moved.push(name);
        if let Some(was) = was
            && is_body
            && same_kind
            && format == BodyFormat::Markdown
        {
            let merged = merge(was, now, wanted);
            if merged.body != *now {
                brought.fields.body = Some(merged.body);
            }
            brought.kept = merged.kept;
            brought.left_out = merged.left_out;
            brought.conflicts = merged.conflicts;
        }
    }
    brought
}
