//! Links and pictures of blocks, made to work on the site like those of a text.

use super::config::Config;
use super::links::{self, Found, From, Index};
use super::problem::Problems;
use crate::blocks::{Block, Part};

/// Rewrites every link, picture and text of `blocks`. Pictures that lead to nothing are added to `missing`.
pub(super) fn rewrite(
    blocks: &mut [Block],
    from: &From,
    index: &Index,
    config: &Config,
    problems: &Problems,
    missing: &mut Vec<String>,
) {
    let mut see = |part: Part<'_>| match part {
        Part::Text(text) => {
            if text.contains(['(', '[', '<'])
                && let Some(linked) = links::markdown(text, from, index, config, problems)
            {
                *text = linked;
            }
        }
        Part::Image(image) => match index.picture(image, from, config) {
            Ok(public) => *image = public,
            Err(()) => missing.push(image.clone()),
        },
        // The renderer reports links that lead nowhere.
        Part::Link(link) => {
            if let Found::To(path) = index.resolve(link, from, config) {
                *link = path;
            }
        }
    };
    for block in blocks {
        block.visit(&mut see);
    }
}
