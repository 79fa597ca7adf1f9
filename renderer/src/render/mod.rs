//! One render: prepare what is shared, then every file is one job in one flat parallel queue.

mod derived;
mod lists;
mod pages;
mod queue;
mod search;
mod share;
mod shell;

use std::ops::ControlFlow;
use std::sync::Arc;

use tera::{Context, Value};

use crate::address::Address;
use crate::bodies::Bodies;
use crate::check;
use crate::check::links::Linked;
use crate::check::texts;
use crate::diagnostic::Diagnostic;
use crate::images;
use crate::incremental::trace::{self, Fact};
use crate::incremental::{self, JobMemo, Left, Memo, Remembering};
use crate::markdown::{self, Html};
use crate::output::{FileKind, MadeFile, OutFile, Report, Sink};
use crate::paths;
use crate::plan::{Listing, Plan, Row};
use crate::prepare::Prepared;
use crate::related::Related;
use crate::site::{SNAPSHOT_VERSION, Site};
use crate::tables::HashMap;
use crate::theme::Theme;

/// Places that every page has, whatever its text.
const COMMON_ANCHORS: &[&str] = &["top", "main"];

/// One file to make.
enum Job {
    Page(usize),
    Home(usize, usize),
    Section(usize, usize),
    Term(usize, usize),
    TermList(usize),
    Search(usize),
    SearchScript,
    Feed(FeedOf),
    Redirect(usize),
    /// By language.
    NotFound(usize),
    Sitemaps,
    Robots,
    RedirectTables,
    Llms,
    Asset(usize),
    Share(usize),
}

#[derive(Clone, Copy)]
enum FeedOf {
    Home(usize),
    Section(usize),
    Term(usize),
}

/// What a job leaves behind besides its file.
#[derive(Default)]
struct Outcome {
    pages: usize,
    files: usize,
    made: usize,
    bytes: u64,
    findings: Vec<Diagnostic>,
    /// Hashes of the ids on a page.
    anchors: Option<(usize, Vec<u64>)>,
    /// Identities of pages that texts link to.
    links: Vec<u64>,
    /// Links to a place on a page: from, to, fragment.
    fragments: Vec<(String, String, String)>,
    /// One of the page's texts has a block of code.
    has_code: bool,
    /// The files themselves, where they are remembered.
    remembered: Vec<MadeFile>,
    done: Option<queue::Done>,
}

impl Outcome {
    fn take_html(&mut self, html: &mut Html, from: &str) {
        self.has_code |= html.has_code;
        self.findings.append(&mut html.findings);
        self.links
            .extend(html.links.drain(..).map(|link| trace::identity(link.as_str())));
        self.fragments.extend(
            html.fragments
                .drain(..)
                .map(|(to, fragment)| (from.to_owned(), to, fragment)),
        );
    }

    /// Ends the job: what is known of it goes to the report and to the next render.
    fn finish(&mut self, key: u64, reads: Vec<u64>) {
        let (page, anchors) = self.anchors.take().unzip();
        let left = Left {
            files: std::mem::take(&mut self.remembered),
            pages: self.pages,
            findings: std::mem::take(&mut self.findings),
            anchors,
            links: std::mem::take(&mut self.links),
            fragments: std::mem::take(&mut self.fragments),
        };
        let nothing = left.findings.is_empty()
            && left.anchors.is_none()
            && left.links.is_empty()
            && left.fragments.is_empty()
            && left.files.is_empty()
            && reads.is_empty();
        if !nothing {
            let memo = JobMemo::new(reads, left);
            self.done = Some(queue::Done { key, page, memo });
        }
    }
}

/// Shared by all jobs.
struct Run<'a> {
    plan: &'a Plan<'a>,
    theme: &'a Theme,
    prepared: &'a Prepared,
    related: Related,
    /// One per language: what every template sees.
    shells: Vec<shell::Shell>,
    /// Site path, content.
    assets: Vec<(String, &'a [u8])>,
    shares: share::Shares,
    sink: &'a dyn Sink,
    remembering: Option<&'a Remembering>,
    /// Words that the search of renders before has read.
    sums: Option<Arc<crate::search::Sums>>,
}

/// How much of a site is rendered.
#[derive(Default)]
pub(crate) enum How<'h> {
    #[default]
    All,
    /// Not files that cannot have changed since the render that left this memo. It is replaced by one of this render, unless the
    /// sink ended this early.
    Again(&'h mut Memo),
    /// The file that stands at this site path, with what is made along with it, and the theme's files.
    Only(&'h str),
}

/// Renders `site` into `sink` on the rayon pool that is current.
pub(crate) fn render_to(site: &Site, bodies: &dyn Bodies, theme: &Theme, sink: &dyn Sink, how: How<'_>) -> Report {
    let (mut memo, only) = match how {
        How::All => (None, None),
        How::Again(memo) => (Some(memo), None),
        How::Only(path) => (None, Some(path)),
    };
    let mut findings = Vec::new();
    if site.version != SNAPSHOT_VERSION {
        findings.push(Diagnostic::error(
            "",
            "version",
            format!(
                "the snapshot has version {}, this renderer reads {SNAPSHOT_VERSION}",
                site.version
            ),
        ));
        return Report {
            diagnostics: findings,
            ..Report::default()
        };
    }
    let address = Address::new(&site.settings.base_url).unwrap_or_else(|problem| {
        findings.push(Diagnostic::error(
            "",
            "base-url",
            format!("{problem}; http://localhost is used instead"),
        ));
        Address {
            base_url: "http://localhost".into(),
            base_path: String::new(),
        }
    });
    let options = crate::theme::resolve_options(&theme.options, &site.settings.theme_options, &address, &mut findings);
    let styles = shell::option_styles(theme, &options, &mut findings);
    let mut assets: Vec<(String, &[u8])> = theme
        .assets
        .values()
        .map(|asset| (asset.path.clone(), asset.bytes.as_slice()))
        .chain(styles.iter().map(|(_, path, bytes)| (path.clone(), bytes.as_slice())))
        .collect();
    for (path, bytes) in options.font_files() {
        assets.push((path, bytes));
    }
    let asset_paths: Vec<String> = assets.iter().map(|(path, _)| path.clone()).collect();

    let plan = Plan::new(site, bodies, address, &asset_paths, &mut findings);
    let sums = memo.as_deref().map(|memo| Arc::clone(&memo.sums));
    let mut remembering = memo.as_deref_mut().map(|memo| {
        let frame = incremental::frame_of(&plan, theme);
        (Remembering::new(std::mem::take(memo), &plan, frame), Vec::new())
    });
    let prepared = Prepared::new(&plan, theme, remembering.as_mut(), &mut findings);
    let shells = shell::shells(&plan, theme, &prepared, &options, &styles, &mut findings);
    let mut related = Related::default();
    if let Some((remembering, _)) = &mut remembering {
        shell::state(&shells, theme, remembering);
        if theme.templates().any(|name| theme.looks_at(name, "related")) {
            related.known = Some(remembering.related(&plan, pages::MOST_RELATED));
        }
        remembering.close();
    }
    let remembered = remembering.as_ref().map(|(remembering, _)| remembering);
    let run = Run {
        plan: &plan,
        theme,
        prepared: &prepared,
        related,
        shells,
        assets,
        shares: share::Shares::new(&plan, &prepared, &options, remembered),
        sink,
        remembering: remembered,
        sums: sums.clone(),
    };

    let mut jobs = run.jobs();
    if let Some(path) = only {
        jobs.retain(|job| matches!(job, Job::Asset(_)) || run.makes(job, path));
    }
    let total = queue::run(&run, jobs);
    let share_images = run.shares.keys();
    let shares = run.shares.into_memos();

    let mut report = Report {
        media: images::released(plan.media()),
        share_images,
        pages: total.pages,
        files: total.files,
        made: total.made,
        bytes: total.bytes,
        ..Report::default()
    };
    let lefts = total.done.iter().map(|done| &done.memo.left);
    findings.extend(lefts.clone().flat_map(|left| &left.findings).cloned());
    let mut linked = Linked::new(&plan);
    let pages: HashMap<u64, usize> = plan
        .pages
        .rows()
        .iter()
        .enumerate()
        .map(|(i, p)| (p.identity, i))
        .collect();
    let links = lefts.clone().flat_map(|left| &left.links);
    links
        .filter_map(|link| pages.get(link))
        .for_each(|&page| linked.mark(page));
    check_fragments(&plan, &total.done, &mut findings);
    let switches = theme.looks_at("page.html", "languages");
    linked.check(&plan, switches, &mut findings);
    let remembered = remembering.as_ref().map(|(remembering, _)| remembering);
    let texts = texts::check(&plan, &prepared, remembered, &mut findings);
    report.judge(&site.settings.outputs.strict, findings);
    if let (Some(memo), Some((remembering, cards))) = (memo, remembering) {
        *memo = if total.stopped {
            remembering.into_former()
        } else {
            let done = total.done.into_iter().map(|done| (done.key, done.memo));
            remembering.into_memo(&plan, cards, shares, texts, done)
        };
        memo.sums = sums.unwrap_or_default();
    }
    report
}

fn check_fragments(plan: &Plan<'_>, done: &[queue::Done], findings: &mut Vec<Diagnostic>) {
    let mut fragments = done.iter().flat_map(|done| &done.memo.left.fragments).peekable();
    if fragments.peek().is_none() {
        return;
    }
    let with_anchors = done
        .iter()
        .filter_map(|done| Some((done.page?, done.memo.left.anchors.as_ref()?)));
    let anchors: HashMap<&str, &Vec<u64>> = with_anchors
        .map(|(page, ids)| (plan.pages.rows()[page].path.as_str(), ids))
        .collect();
    for (from, to, fragment) in fragments {
        // Pages made by the theme alone (archives) have no text whose places could be missed.
        let Some(ids) = anchors.get(to.as_str()) else {
            continue;
        };
        if !COMMON_ANCHORS.contains(&fragment.as_str()) && !ids.contains(&hash(fragment)) {
            let message = format!("a link leads to #{fragment} on {to}, and there is no such place");
            let place = check::places::of_fragment(plan, from, fragment);
            findings.push(Diagnostic::warning(from, "anchor-missing", message).at(place));
        }
    }
}

fn hash(text: &str) -> u64 {
    trace::identity(text)
}

impl<'a> Run<'a> {
    fn jobs(&self) -> Vec<Job> {
        let plan = self.plan;
        let home_pages: Vec<usize> = plan.homes.iter().filter_map(|h| h.page).collect();
        let mut jobs = Vec::with_capacity(plan.pages.len() * 2 + 16);
        if self.has_search() {
            // The longest job comes first.
            jobs.extend((0..plan.searches.len()).map(Job::Search));
            jobs.push(Job::SearchScript);
        }
        let alone = |i: &usize| !home_pages.contains(i) && plan.pages[*i].text_of.is_none();
        jobs.extend((0..plan.pages.len()).filter(alone).map(Job::Page));
        for (i, home) in plan.homes.iter().enumerate() {
            jobs.extend((1..=home.listing.pagers()).map(|n| Job::Home(i, n)));
            if !home.listing.feeds.is_empty() {
                jobs.push(Job::Feed(FeedOf::Home(i)));
            }
        }
        for (i, section) in plan.sections.iter().enumerate().filter(|(_, s)| s.render) {
            jobs.extend((1..=section.listing.pagers()).map(|n| Job::Section(i, n)));
            if !section.listing.feeds.is_empty() {
                jobs.push(Job::Feed(FeedOf::Section(i)));
            }
        }
        for (i, term) in plan.terms.iter().enumerate() {
            jobs.extend((1..=term.listing.pagers()).map(|n| Job::Term(i, n)));
            if !term.listing.feeds.is_empty() {
                jobs.push(Job::Feed(FeedOf::Term(i)));
            }
        }
        jobs.extend((0..plan.term_lists.len()).map(Job::TermList));
        jobs.extend((0..plan.redirects.len()).map(Job::Redirect));
        jobs.extend((0..self.assets.len()).map(Job::Asset));
        jobs.extend((0..self.shares.len()).map(Job::Share));
        // Without a page in a language nothing is looked for there.
        jobs.push(Job::NotFound(0));
        let others = plan.homes.iter().map(|h| h.language).filter(|l| *l != 0);
        jobs.extend(others.map(Job::NotFound));
        jobs.extend([Job::Sitemaps, Job::Robots, Job::Llms, Job::RedirectTables]);
        jobs
    }

    /// Whether a job makes the file at a site path.
    fn makes(&self, job: &Job, wanted: &str) -> bool {
        let plan = self.plan;
        let pager = |listing: &Listing, n| paths::pager(&listing.path, n) == wanted;
        let feed = |listing: &Listing| {
            let mut feeds = listing.feeds.iter();
            feeds.any(|&format| Plan::feed_path(&listing.path, format) == wanted)
        };
        match *job {
            Job::Page(i) => plan.pages[i].path == wanted,
            Job::Home(i, n) => pager(&plan.homes[i].listing, n),
            Job::Section(i, n) => pager(&plan.sections[i].listing, n),
            Job::Term(i, n) => pager(&plan.terms[i].listing, n),
            Job::TermList(i) => plan.term_lists[i].path == wanted,
            Job::Search(i) => plan.searches[i].1 == wanted || wanted.starts_with("/assets/search/"),
            Job::SearchScript => crate::search::script().0 == wanted,
            Job::Feed(FeedOf::Home(i)) => feed(&plan.homes[i].listing),
            Job::Feed(FeedOf::Section(i)) => feed(&plan.sections[i].listing),
            Job::Feed(FeedOf::Term(i)) => feed(&plan.terms[i].listing),
            Job::Redirect(i) => plan.redirects[i].from == wanted,
            Job::NotFound(l) => plan.missing_path(l) == wanted,
            Job::Sitemaps => wanted.starts_with("/sitemap"),
            Job::Robots => wanted == "/robots.txt",
            Job::RedirectTables => wanted == "/_redirects" || wanted.starts_with("/redirects."),
            Job::Llms => wanted == "/llms.txt",
            Job::Asset(i) => self.assets[i].0 == wanted,
            Job::Share(i) => self.shares.path(i) == wanted,
        }
    }

    /// Does a job, or takes over what it left behind in the render before.
    fn job(&self, job: &Job, outcome: &mut Outcome) -> ControlFlow<()> {
        // Share images have a memory of their own: a sink keeps them by what they say.
        let Some(remembering) = self.remembering.filter(|_| !matches!(job, Job::Share(_))) else {
            let flow = self.make(job, outcome);
            outcome.finish(0, Vec::new());
            return flow;
        };
        let key = self.job_identity(job);
        if let Some(memo) = remembering.job(key).filter(|memo| self.sink.keeps(&memo.left.files)) {
            let kept = &memo.left;
            outcome.pages = kept.pages;
            outcome.files = kept.files.len();
            outcome.bytes = kept.files.iter().map(|file| file.bytes).sum();
            let page = match *job {
                Job::Page(i) => Some(i),
                Job::Home(i, _) => self.plan.homes.rows()[i].page,
                Job::Term(i, _) => self.plan.terms.rows()[i].page,
                _ => None,
            };
            outcome.done = Some(queue::Done {
                key,
                page,
                memo: Arc::clone(memo),
            });
            return ControlFlow::Continue(());
        }
        let (flow, reads) = trace::watch(|| self.make(job, outcome));
        outcome.finish(key, reads);
        flow
    }

    /// Names a job across renders.
    fn job_identity(&self, job: &Job) -> u64 {
        let plan = self.plan;
        let (kind, of, n) = match *job {
            Job::Page(i) => (0, plan.pages.rows()[i].identity, 0),
            Job::Home(i, n) => (1, plan.homes.rows()[i].listing.identity, n),
            Job::Section(i, n) => (2, plan.sections.rows()[i].listing.identity, n),
            Job::Term(i, n) => (3, plan.terms.rows()[i].listing.identity, n),
            Job::TermList(i) => (4, plan.term_lists.rows()[i].identity(), 0),
            Job::Search(i) => (5, i as u64, 0),
            Job::SearchScript => (6, 0, 0),
            Job::Feed(FeedOf::Home(i)) => (7, plan.homes.rows()[i].listing.identity, 0),
            Job::Feed(FeedOf::Section(i)) => (8, plan.sections.rows()[i].listing.identity, 0),
            Job::Feed(FeedOf::Term(i)) => (9, plan.terms.rows()[i].listing.identity, 0),
            Job::Redirect(i) => (10, plan.redirects.rows()[i].identity(), 0),
            Job::NotFound(l) => (11, l as u64, 0),
            Job::Sitemaps => (12, 0, 0),
            Job::Robots => (13, 0, 0),
            Job::RedirectTables => (14, 0, 0),
            Job::Llms => (15, 0, 0),
            Job::Asset(i) => (16, trace::identity(self.assets[i].0.as_str()), 0),
            Job::Share(i) => (17, i as u64, 0),
        };
        trace::identity(&(kind, of, n))
    }

    fn make(&self, job: &Job, outcome: &mut Outcome) -> ControlFlow<()> {
        match *job {
            Job::Page(i) => self.page(i, outcome),
            Job::Home(i, n) => self.home(i, n, outcome),
            Job::Section(i, n) => self.section(i, n, outcome),
            Job::Term(i, n) => self.term(i, n, outcome),
            Job::TermList(i) => self.term_list(i, outcome),
            Job::Search(i) => self.search(i, outcome),
            Job::SearchScript => self.search_script(outcome),
            Job::Feed(of) => self.feed(of, outcome),
            Job::Redirect(i) => self.redirect(i, outcome),
            Job::NotFound(l) => self.not_found(l, outcome),
            Job::Sitemaps => self.sitemaps(outcome),
            Job::Robots => self.robots(outcome),
            Job::RedirectTables => self.redirect_tables(outcome),
            Job::Llms => self.llms(outcome),
            Job::Asset(i) => self.asset(i, outcome),
            Job::Share(i) => self.share(i, outcome),
        }
    }

    /// Renders a template and hands the page over; a template that fails leaves the page out and says so.
    fn write_page(
        &self,
        template: &str,
        context: &mut Context,
        language: usize,
        path: &str,
        outcome: &mut Outcome,
    ) -> ControlFlow<()> {
        context.insert_value("has_code", Value::from(outcome.has_code));
        trace::read(Fact::Frame, || incremental::frame_identity(language, template));
        let mut bytes = Vec::with_capacity(16 * 1024);
        match self.theme.tera.render_to(template, context, &mut bytes) {
            Ok(()) => {
                outcome.pages += 1;
                if let Ok(html) = std::str::from_utf8(&bytes) {
                    outcome.findings.extend(check::page::inspect(path, html));
                }
                self.write(paths::file_of(path), bytes, FileKind::Page, outcome)
            }
            Err(problem) => {
                outcome.findings.push(Diagnostic::error(
                    path,
                    "template",
                    format!("the page is left out, its template {template} failed: {problem}"),
                ));
                ControlFlow::Continue(())
            }
        }
    }

    fn write(&self, path: String, bytes: Vec<u8>, kind: FileKind, outcome: &mut Outcome) -> ControlFlow<()> {
        outcome.files += 1;
        outcome.made += 1;
        outcome.bytes += bytes.len() as u64;
        let hash = self.remembering.map(|_| *blake3::hash(&bytes).as_bytes());
        outcome.remembered.extend(hash.map(|hash| MadeFile {
            path: path.clone(),
            kind,
            hash,
            bytes: bytes.len() as u64,
        }));
        self.sink.file(OutFile {
            path,
            bytes,
            kind,
            hash,
        })
    }

    /// A page as templates see it.
    fn card(&self, i: usize) -> Value {
        self.prepared.value(self.plan, i)
    }

    /// Where bodies on the page at `path` stand.
    fn text_context<'b>(
        &'b self,
        path: &'b str,
        title: &'b str,
        language: usize,
        id_prefix: &'b str,
        first_image_eager: bool,
    ) -> markdown::Context<'b> {
        markdown::Context {
            address: &self.plan.address,
            page: path,
            lookup: self.plan,
            labels: &self.prepared.languages[language].labels,
            title,
            image_sizes: &self.prepared.languages[language].image_sizes,
            first_image_eager,
            heading_level: 2,
            syntax: self.plan.site.settings.markdown,
            id_prefix,
        }
    }
}
