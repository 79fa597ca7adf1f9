//! Which page has which share image: all those without a picture of their own, and lists.

use std::ops::ControlFlow;
use std::sync::Arc;

use rayon::prelude::*;
use tera::Value;

use super::Run;
use crate::colour::Rgb;
use crate::incremental::{Remembering, ShareMemo, trace};
use crate::plan::{Plan, PlannedPage};
use crate::prepare::{Prepared, map};
use crate::share_image::{self, Look, ShareImage};
use crate::site::PageKind;
use crate::tables::{HashMap, with_room};
use crate::theme::Options;

/// The share images of a site; pages that say the same have the same one.
#[derive(Default)]
pub(super) struct Shares {
    images: Vec<Arc<ShareImage>>,
    /// By page; none for those with a picture.
    pages: Vec<Option<usize>>,
    /// By section.
    sections: Vec<usize>,
    /// For lists that are none of a section.
    site: Option<usize>,
    /// By page, for the next render.
    memos: Vec<Option<ShareMemo>>,
}

impl Shares {
    pub fn new(plan: &Plan<'_>, prepared: &Prepared, options: &Options, remembering: Option<&Remembering>) -> Self {
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
        let make = |title: &str, label: &str| Arc::new(ShareImage::new(title, label, &settings.title, look));
        let own = |planned: &PlannedPage<'_>| {
            let section = planned.section.map(|(s, _)| plan.sections.rows()[s].section);
            let label = section.filter(|s| s.path != "/").map_or("", |s| s.title.as_str());
            let words = trace::identity(&(planned.title(), label));
            let kept = remembering.and_then(|remembering| remembering.share(planned, words));
            kept.unwrap_or_else(|| ShareMemo {
                words,
                image: make(planned.title(), label),
            })
        };
        let pages = plan.pages.rows();
        shares.memos = (0..pages.len())
            .into_par_iter()
            .with_min_len(256)
            .map(|i| {
                let has_none = prepared.card(plan, i).image.is_none() && pages[i].page.kind != PageKind::Home;
                has_none.then(|| own(&pages[i]))
            })
            .collect();
        let mut known: HashMap<u64, usize> = with_room(pages.len());
        let images = &mut shares.images;
        let mut add = |image: Arc<ShareImage>| {
            // Keys are hashes, so hashes of them are as good.
            *known.entry(trace::identity(image.key())).or_insert_with(|| {
                images.push(image);
                images.len() - 1
            })
        };
        let site = add(make("", ""));
        let sections = plan.sections.rows().iter();
        shares.sections = sections.map(|s| add(make(&s.section.title, ""))).collect();
        let of_pages = shares
            .memos
            .iter()
            .zip(pages)
            .enumerate()
            .map(|(i, (memo, planned))| match memo {
                Some(memo) => Some(add(Arc::clone(&memo.image))),
                None => (planned.page.kind == PageKind::Home && prepared.card(plan, i).image.is_none()).then_some(site),
            });
        shares.pages = of_pages.collect();
        shares.site = Some(site);
        shares
    }

    /// How many there are to draw.
    pub fn len(&self) -> usize {
        self.images.len()
    }

    /// Site path of the `i`th.
    pub fn path(&self, i: usize) -> String {
        format!("/{}", self.images[i].file())
    }

    /// Their keys, sorted.
    pub fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.images.iter().map(|image| image.key().to_owned()).collect();
        keys.par_sort_unstable();
        keys
    }

    /// By page, for the next render.
    pub fn memos(&self) -> &[Option<ShareMemo>] {
        &self.memos
    }
}

impl Run<'_> {
    /// Hands over the `i`th share image.
    pub(super) fn share(&self, i: usize, outcome: &mut super::Outcome) -> ControlFlow<()> {
        // A site that was exported and read again brings them as files of its own.
        if self.plan.media().next().is_some() && self.plan.media_at(&self.shares.path(i)).is_some() {
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
