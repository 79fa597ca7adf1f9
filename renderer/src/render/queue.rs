//! The queue of jobs: in which order they are done, by whom, and what they leave behind together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;

use super::{Job, Outcome, Run};
use crate::diagnostic::Diagnostic;
use crate::incremental::JobMemo;
use crate::plan::{Listing, Plan};

/// What all jobs of a run leave behind besides their files, in no order.
#[derive(Default)]
pub(super) struct Total {
    pub pages: usize,
    pub files: usize,
    pub made: usize,
    pub bytes: u64,
    pub findings: Vec<Diagnostic>,
    /// By page: hashes of the ids on it.
    pub anchors: Vec<(usize, Vec<u64>)>,
    /// Pages that texts link to.
    pub links: Vec<usize>,
    /// Links to a place on a page: from, to, fragment.
    pub fragments: Vec<(String, String, String)>,
    /// What each job leaves to the next render.
    pub jobs: Vec<(u64, Arc<JobMemo>)>,
    /// The sink ended the render early.
    pub stopped: bool,
}

impl Total {
    fn add(&mut self, outcome: Outcome, plan: &Plan<'_>) {
        self.pages += outcome.pages;
        self.files += outcome.files;
        self.made += outcome.made;
        self.jobs.extend(outcome.job);
        self.bytes += outcome.bytes;
        self.findings.extend(outcome.findings);
        self.anchors.extend(outcome.anchors);
        self.links
            .extend(outcome.links.iter().filter_map(|path| plan.page_at(path)));
        self.fragments.extend(outcome.fragments);
    }

    fn join(mut self, mut other: Self) -> Self {
        self.pages += other.pages;
        self.files += other.files;
        self.made += other.made;
        self.jobs.append(&mut other.jobs);
        self.stopped |= other.stopped;
        self.bytes += other.bytes;
        self.findings.append(&mut other.findings);
        self.anchors.append(&mut other.anchors);
        self.links.append(&mut other.links);
        self.fragments.append(&mut other.fragments);
        self
    }
}

/// Does all `jobs` on the threads of the current pool, or none after a sink has said stop.
///
/// Every thread takes the next job when it is done with its last, so none waits while another has many left.
pub(super) fn run(run: &Run<'_>, mut jobs: Vec<Job>) -> Total {
    sort(run.plan, &mut jobs);
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    (0..rayon::current_num_threads())
        .into_par_iter()
        .with_max_len(1)
        .map(|_| {
            let mut total = Total::default();
            while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                if stopped.load(Ordering::Relaxed) {
                    total.stopped = true;
                    break;
                }
                let mut outcome = Outcome::default();
                if run.job(job, &mut outcome).is_break() {
                    stopped.store(true, Ordering::Relaxed);
                    total.stopped = true;
                }
                total.add(outcome, run.plan);
            }
            total
        })
        .reduce(Total::default, Total::join)
}

/// Puts jobs that show the same pages next to each other: pages by date, and parts of lists where the first page they show
/// stands. So the values of pages are made once and used by all, although not all are kept. What is no page comes first,
/// since some of it takes long.
fn sort(plan: &Plan<'_>, jobs: &mut [Job]) {
    let listed = |listing: &Listing, n: usize| listing.slice(n).first().map_or(0, |&page| plan.newest[page] + 1);
    jobs.sort_by_cached_key(|job| match *job {
        Job::Page(i) => plan.newest[i] + 1,
        Job::Home(i, n) => listed(&plan.homes[i].listing, n),
        Job::Section(i, n) => listed(&plan.sections[i].listing, n),
        Job::Term(i, n) => listed(&plan.terms[i].listing, n),
        _ => 0,
    });
}
