//! The queue of jobs: in which order they are done, by whom, and what they leave behind together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;

use super::{Job, Outcome, Run};
use crate::incremental::JobMemo;
use crate::plan::{Listing, Plan};

/// What all jobs of a run leave behind besides their files, in no order.
#[derive(Default)]
pub(super) struct Total {
    pub pages: usize,
    pub files: usize,
    pub made: usize,
    pub bytes: u64,
    pub done: Vec<Done>,
    /// The sink ended the render early.
    pub stopped: bool,
}

/// A job that was done, now or in the render before.
pub(super) struct Done {
    /// Names it across renders.
    pub key: u64,
    /// The page that is on its file.
    pub page: Option<usize>,
    pub memo: Arc<JobMemo>,
}

impl Total {
    fn add(&mut self, outcome: Outcome) {
        self.pages += outcome.pages;
        self.files += outcome.files;
        self.made += outcome.made;
        self.bytes += outcome.bytes;
        self.done.extend(outcome.done);
    }

    fn join(mut self, mut other: Self) -> Self {
        self.pages += other.pages;
        self.files += other.files;
        self.made += other.made;
        self.bytes += other.bytes;
        self.done.append(&mut other.done);
        self.stopped |= other.stopped;
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
                total.add(outcome);
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
