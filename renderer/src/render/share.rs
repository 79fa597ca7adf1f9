//! Which page has which share image: all those without a picture of their own, and lists.

use std::collections::HashMap;
use std::ops::ControlFlow;

use tera::Value;

use super::Run;
use crate::colour::Rgb;
use crate::plan::Plan;
use crate::prepare::{Prepared, map};
use crate::share_image::{self, Look, ShareImage};
use crate::site::PageKind;
use crate::theme::Options;

/// The share images of a site; pages that say the same have the same one.
#[derive(Default)]
pub(super) struct Shares {
    images: Vec<ShareImage>,
    keys: Vec<String>,
    /// By page; none for those with a picture.
    pages: Vec<Option<usize>>,
    /// By section.
    sections: Vec<usize>,
    /// For lists that are none of a section.
    site: Option<usize>,
}

impl Shares {
    pub fn new(plan: &Plan<'_>, prepared: &Prepared, options: &Options) -> Self {
        let settings = &plan.site.settings;
        let mut shares = Self::default();
        if !settings.outputs.share_images {
            return shares;
        }
        let brand = options
            .all
            .get_from_path("brand_color.hex")
            .and_then(|hex| hex.as_str());
        let look = Look::new(brand.and_then(Rgb::parse));
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut add = |title: &str, label: &str| {
            let image = ShareImage::new(title, label, &settings.title, look);
            let key = image.key();
            *known.entry(key.clone()).or_insert_with(|| {
                shares.images.push(image);
                shares.keys.push(key);
                shares.images.len() - 1
            })
        };
        let site = add("", "");
        let sections = plan.sections.rows().iter().map(|s| add(&s.section.title, "")).collect();
        let pages = plan.pages.rows().iter().enumerate().map(|(i, planned)| {
            if !prepared.card(plan, i).image.is_none() {
                return None;
            }
            if planned.page.kind == PageKind::Home {
                return Some(site);
            }
            let section = planned.section.map(|(s, _)| &plan.sections.rows()[s].section);
            let label = section.filter(|s| s.path != "/").map_or("", |s| s.title.as_str());
            Some(add(planned.title(), label))
        });
        let pages = pages.collect();
        (shares.pages, shares.sections, shares.site) = (pages, sections, Some(site));
        shares
    }

    /// How many there are to draw.
    pub fn len(&self) -> usize {
        self.images.len()
    }

    /// Site path of the `i`th.
    pub fn path(&self, i: usize) -> String {
        format!("/{}", share_image::file_of(&self.keys[i]))
    }

    /// Their keys, sorted.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = self.keys.clone();
        keys.sort();
        keys
    }
}

impl Run<'_> {
    /// Hands over the `i`th share image.
    pub(super) fn share(&self, i: usize, outcome: &mut super::Outcome) -> ControlFlow<()> {
        // A site that was exported and read again brings them as files of its own.
        let path = self.shares.path(i);
        if self.plan.media_at(&path).is_some() {
            return ControlFlow::Continue(());
        }
        outcome.files += 1;
        self.sink.share(&self.shares.images[i])
    }

    /// For the head of a page without a picture.
    pub(super) fn share_of_page(&self, i: usize) -> Option<Value> {
        let planned = &self.plan.pages[i];
        // Its title is on the image.
        let _ = planned.section.map(|(s, _)| &self.plan.sections[s]);
        let image = self.shares.pages.get(i).copied().flatten()?;
        Some(self.share_value(image, planned.title()))
    }

    /// For the heads of a section's archive.
    pub(super) fn share_of_section(&self, s: usize) -> Option<Value> {
        let image = self.shares.sections.get(s).copied()?;
        Some(self.share_value(image, &self.plan.sections[s].section.title))
    }

    /// For the heads of all other lists.
    pub(super) fn share_of_site(&self) -> Option<Value> {
        Some(self.share_value(self.shares.site?, &self.plan.site.settings.title))
    }

    fn share_value(&self, image: usize, alt: &str) -> Value {
        let path = self.shares.path(image);
        map! {
            "absolute" => self.plan.address.absolute(&path),
            "absolute_width" => share_image::WIDTH,
            "absolute_height" => share_image::HEIGHT,
            "alt" => alt,
        }
    }
}
