//! A render after which only the texts of a few pages are others: most edits.
//!
//! Nothing is elsewhere, called otherwise or in another order, so the plan of the render before is taken as it is, and the work does
//! not grow with the site but for looking which pages are the same. What the files are together (links to places, orphans, texts
//! said twice) can be looked at later, when visitors have the page ([`crate::review`]).

use std::sync::Arc;

use self_cell::self_cell;

use super::{Frame, How, Job, Parts, Run, queue, render_planned, share, shell, sorted, whole};
use crate::bodies::InPages;
use crate::diagnostic::Diagnostic;
use crate::images;
use crate::incremental::facts::ByKey;
use crate::incremental::{Memo, Remembering};
use crate::output::{Report, Sink};
use crate::plan::Plan;
use crate::prepare::Prepared;
use crate::related::Related;
use crate::site::{Page, SharedPage, Site};
use crate::sitemap::Sitemaps;
use crate::theme::Theme;

/// With more pages that differ, everything is planned anew.
const MOST_PAGES: usize = 100;

self_cell!(
    struct OwnPlan {
        owner: Arc<Site>,
        #[covariant]
        dependent: Plan,
    }
);

/// What the render before left for this one.
pub(crate) struct Kept {
    plan: OwnPlan,
    frame: Frame,
    /// [`Theme::fingerprint`].
    theme: u64,
    prepared: Prepared,
    shares: share::Shares,
    sitemaps: Sitemaps,
    jobs: ByKey<Job>,
    /// Places in the plan by [`crate::plan::PlannedPage::place`].
    rows: Vec<u32>,
    /// What was found that is no matter of one page.
    findings: Vec<Diagnostic>,
    /// Counts of the render before.
    counts: Report,
    /// What the sink called the files of the render before.
    release: String,
}

/// Renders `site` again. If `whole` is false, a report may lack what only a look at all pages shows; it says so
/// ([`Report::unreviewed`]).
pub(crate) fn render_again(site: &Arc<Site>, theme: &Theme, sink: &dyn Sink, memo: &mut Memo, whole: bool) -> Report {
    if let Some(mut report) = render_changed(site, theme, sink, memo) {
        if whole && report.unreviewed {
            if let Some(kept) = &memo.kept {
                report.media = images::released(kept.plan.borrow_dependent().media());
                report.share_images = kept.shares.keys();
            }
            if let Some(found) = review(memo, theme) {
                (report.diagnostics, report.advice) = found;
            }
            report.unreviewed = false;
        }
        return report;
    }
    let mut findings = Vec::new();
    let Some(frame) = Frame::of(site, theme, &mut findings) else {
        return Report {
            diagnostics: findings,
            ..Report::default()
        };
    };
    let plan = OwnPlan::new(Arc::clone(site), |site| {
        frame.plan(site, &InPages, theme, &mut findings)
    });
    let (report, parts) = render_planned(plan.borrow_dependent(), theme, &frame, sink, How::Again(memo), findings);
    if let (Some(parts), Some(release)) = (parts, sink.names())
        && !report.stops_release()
    {
        memo.kept = Kept::new(plan, frame, theme, parts, &report, release).map(Box::new);
    }
    report
}

/// What a look at all pages shows: errors and warnings, and advice.
pub(crate) fn review(memo: &mut Memo, theme: &Theme) -> Option<(Vec<Diagnostic>, Vec<Diagnostic>)> {
    let kept = memo.kept.take()?;
    let plan = kept.plan.borrow_dependent();
    let mut findings: Vec<Diagnostic> = kept.findings.clone();
    findings.extend(memo.of_cards().cloned());
    let page = |key: u64| kept.jobs.get(&key).and_then(|job| job.page(plan));
    let lefts = || memo.lefts().map(|(key, left)| (page(key), left));
    let known = |i: usize| memo.texts(plan.pages.rows()[i].identity);
    let texts = whole(plan, &kept.prepared, theme, lefts, known, &mut findings);
    memo.keep_texts(plan, texts);
    memo.kept = Some(kept);
    Some(sorted(findings))
}

impl Kept {
    fn new(
        plan: OwnPlan,
        frame: Frame,
        theme: &Theme,
        mut parts: Parts,
        report: &Report,
        release: &str,
    ) -> Option<Self> {
        let planned = plan.borrow_dependent();
        let mut rows = vec![u32::MAX; plan.borrow_owner().pages.len()];
        for (row, page) in planned.pages.rows().iter().enumerate() {
            *rows.get_mut(page.place)? = u32::try_from(row).ok()?;
        }
        parts.prepared.forget_values();
        let counts = Report {
            pages: report.pages,
            files: report.files,
            bytes: report.bytes,
            ..Report::default()
        };
        Some(Self {
            plan,
            frame,
            theme: theme.fingerprint,
            prepared: parts.prepared,
            shares: parts.shares,
            sitemaps: parts.sitemaps,
            jobs: parts.jobs,
            rows,
            findings: parts.findings,
            counts,
            release: release.to_owned(),
        })
    }

    /// Whether the site is that of the render before but for its pages.
    fn is_of(&self, site: &Site, theme: &Theme) -> bool {
        let Site {
            version,
            generated_at,
            settings,
            pages,
            sections,
            taxonomies,
            menus,
            media,
            redirects,
        } = self.plan.borrow_owner().as_ref();
        // From what is cheap to compare to what is dear.
        self.theme == theme.fingerprint
            && *version == site.version
            // Of the moment, pages say the year.
            && self.prepared.languages.iter().all(|l| l.reader.year(*generated_at) == l.reader.year(site.generated_at))
            && pages.len() == site.pages.len()
            && *settings == site.settings
            && *menus == site.menus
            && *sections == site.sections
            && *redirects == site.redirects
            && *taxonomies == site.taxonomies
            && *media == site.media
    }

    /// The pages that differ, with their places in the plan; none if something else than their texts does.
    fn differing(&self, site: &Site) -> Option<Vec<(usize, SharedPage)>> {
        let rows = self.plan.borrow_dependent().pages.rows();
        let before = &self.plan.borrow_owner().pages;
        let mut found = Vec::new();
        for ((place, page), &row) in site.pages.iter().enumerate().zip(&self.rows) {
            // A page that was left out is in no row.
            let Some(planned) = rows.get(row as usize) else {
                if !page.is(&before[place]) {
                    return None;
                }
                continue;
            };
            if page.is(&planned.page) {
                continue;
            }
            if found.len() == MOST_PAGES || !stands_alike(&planned.page, page) {
                return None;
            }
            found.push((row as usize, page.clone()));
        }
        Some(found)
    }
}

/// Whether two states of a page are planned alike: what differs is what the page itself and its cards say.
fn stands_alike(a: &Page, b: &Page) -> bool {
    let Page {
        id,
        kind,
        path,
        section,
        title,
        seo_title: _,
        description: _,
        excerpt: _,
        body: _,
        language,
        translation_key,
        published_at,
        updated_at,
        author: _,
        terms,
        image,
        weight,
        aliases,
        canonical_url,
        indexable,
        primary_keyword,
        keywords,
        structure,
        term,
        cluster,
        entity: _,
        attributes: _,
        faq: _,
        blocks: _,
        layout: _,
        extra: _,
    } = a;
    *id == b.id
        && *kind == b.kind
        && *path == b.path
        && *section == b.section
        && *title == b.title
        && *language == b.language
        && *translation_key == b.translation_key
        && *published_at == b.published_at
        // Pages without a date of publication are sorted by this one.
        && (published_at.is_some() || *updated_at == b.updated_at)
        && *terms == b.terms
        && *image == b.image
        && *weight == b.weight
        && *aliases == b.aliases
        && *canonical_url == b.canonical_url
        && *indexable == b.indexable
        && *primary_keyword == b.primary_keyword
        && *keywords == b.keywords
        && *structure == b.structure
        && *term == b.term
        && *cluster == b.cluster
}

/// Renders what follows from the pages that differ; none if that is not all there is to do.
fn render_changed(site: &Site, theme: &Theme, sink: &dyn Sink, memo: &mut Memo) -> Option<Report> {
    let mut kept = memo.kept.take()?;
    if sink.follows() != Some(kept.release.as_str()) || !kept.is_of(site, theme) {
        return None;
    }
    let release = sink.names()?.to_owned();
    let differing = kept.differing(site)?;
    let pages: Vec<usize> = differing.iter().map(|(row, _)| *row).collect();
    kept.plan.with_dependent_mut(|_, plan| {
        for (row, page) in differing {
            plan.pages.rows_mut()[row].page = page;
        }
    });
    let plan = kept.plan.borrow_dependent();
    let mut remembering = Remembering::further(std::mem::take(memo), plan, &pages);
    let cards = remembering.cards_of(plan, &pages, |i| kept.prepared.make_card(plan, i));
    kept.prepared
        .put(cards.iter().map(|(i, card)| (*i, Arc::clone(&card.card))));
    let mut unused = Vec::new();
    let shells = shell::shells(
        plan,
        theme,
        &kept.prepared,
        &kept.frame.options,
        &kept.frame.styles,
        &mut unused,
    );
    shell::state(&shells, theme, &mut remembering);
    kept.sitemaps.date(plan);
    remembering.sitemaps(plan, &kept.sitemaps);
    let stale = remembering.stale();
    let jobs: Option<Vec<Job>> = stale.iter().map(|(key, _)| kept.jobs.get(key).copied()).collect();
    let files = || stale.iter().flat_map(|(_, memo)| &memo.left.files);
    let Some(jobs) = jobs.filter(|_| sink.keeps_all_but(&mut files())) else {
        *memo = remembering.into_former();
        return None;
    };
    let mut related = Related::default();
    if theme.templates().any(|name| theme.looks_at(name, "related")) {
        related.known = Some(remembering.kinship());
    }
    let run = Run {
        plan,
        theme,
        prepared: &kept.prepared,
        related,
        shells,
        assets: kept.frame.assets(theme),
        shares: &kept.shares,
        sitemaps: &kept.sitemaps,
        sink,
        remembering: Some(&remembering),
    };
    let total = queue::run(&run, jobs);
    let mut report = Report {
        made: total.made,
        unreviewed: true,
        ..kept.counts.clone()
    };
    let before = stale.iter().map(|(_, memo)| &memo.left);
    for left in before {
        report.pages -= left.pages;
        report.files -= left.files.len();
        report.bytes -= left.files.iter().map(|file| file.bytes).sum::<u64>();
    }
    report.pages += total.pages;
    report.files += total.files;
    report.bytes += total.bytes;
    let of_jobs = total.done.iter().flat_map(|done| &done.memo.left.findings);
    let of_cards = cards.iter().flat_map(|(_, card)| card.findings.iter());
    (report.diagnostics, report.advice) = sorted(of_jobs.chain(of_cards).cloned().collect());
    if total.stopped {
        *memo = remembering.into_former();
        return Some(report);
    }
    let done = total.done.into_iter().map(|done| (done.key, done.memo));
    *memo = remembering.into_further_memo(plan, &pages, cards, &stale, done);
    kept.prepared.forget_values();
    kept.counts = Report {
        pages: report.pages,
        files: report.files,
        bytes: report.bytes,
        ..Report::default()
    };
    kept.release = release;
    memo.kept = Some(kept);
    Some(report)
}
