//! Which images a site mentions: those that nothing does are not worth encoding.

use std::collections::HashSet;
use std::sync::Mutex;

use aho_corasick::AhoCorasick;
use rayon::prelude::*;

use super::ImageFormat;
use crate::bodies::Bodies;
use crate::site::{Body, Media, Site};

/// Indices of the raster images in [`Site::media`] whose file names stand somewhere in the site. A name that stands there by chance
/// costs an image that nobody asked for; one that is written in a way not seen here costs its image the smaller forms.
pub(super) fn images(site: &Site, bodies: &dyn Bodies) -> Vec<usize> {
    let candidates: Vec<usize> = (0..site.media.len())
        .filter(|&i| ImageFormat::of_mime(&site.media[i].mime).is_some())
        .collect();
    let mut names: Vec<String> = Vec::new();
    let mut owners: Vec<usize> = Vec::new();
    for &i in &candidates {
        let plain = file_name(&site.media[i]);
        let encoded = crate::paths::encode(plain);
        for name in [(plain != encoded).then(|| plain.to_owned()), Some(encoded)]
            .into_iter()
            .flatten()
        {
            if !name.is_empty() {
                names.push(name);
                owners.push(i);
            }
        }
    }
    if names.is_empty() {
        return Vec::new();
    }
    // Too many names for one automaton do not happen; all images are then taken.
    let Ok(finder) = AhoCorasick::new(&names) else {
        return candidates;
    };
    let found: Mutex<HashSet<usize>> = Mutex::default();
    let look = |text: &[u8]| {
        let here: HashSet<usize> = finder
            .find_overlapping_iter(text)
            .map(|at| owners[at.pattern().as_usize()])
            .collect();
        if !here.is_empty() {
            found.lock().unwrap_or_else(|e| e.into_inner()).extend(here);
        }
    };
    site.pages.par_iter().for_each(|page| {
        look(&json(page));
        // A text that cannot be read is reported when it is rendered.
        if let Ok(Some(Body::Markdown(text) | Body::Html(text))) = bodies.body(page) {
            look(text.as_bytes());
        }
    });
    look(&json(&site.settings));
    look(&json(&site.sections));
    let found = found.into_inner().unwrap_or_else(|e| e.into_inner());
    candidates.into_iter().filter(|i| found.contains(i)).collect()
}

fn file_name(media: &Media) -> &str {
    media.path.rsplit('/').next().unwrap_or_default()
}

fn json(of: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(of).unwrap_or_default()
}
