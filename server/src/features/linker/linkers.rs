//! The links of sites in memory: one [`Standing`] for each site that was asked about lately, brought up to date for each answer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use igny8_data::{Read, SiteId, SiteScope};
use tokio::sync::Semaphore;

use super::standing::Standing;
use crate::ai::Blocking;
use crate::api::{Error, Result};
use crate::app::App;
use crate::config::Config;
use crate::features::sites::model::Site;
use crate::jobs::JobError;

/// The sites that are remembered, bounded by the pages of all together.
pub struct Linkers {
    pub(super) most_pages: usize,
    kept: Mutex<VecDeque<Kept>>,
    /// Sites are read as a whole one after the other: a second one beside it would only double the memory.
    pub(super) turns: Semaphore,
    /// Not those of jobs, which may take minutes.
    blocking: Blocking,
}

struct Kept {
    site: SiteId,
    standing: Arc<tokio::sync::Mutex<Standing>>,
    pages: usize,
}

impl Linkers {
    pub fn new(config: &Config) -> Self {
        Self {
            most_pages: config.linker.remembered_pages,
            kept: Mutex::default(),
            turns: Semaphore::new(1),
            blocking: Blocking::default(),
        }
    }

    /// What is known of a site, as the one used last; empty if it was forgotten.
    fn of(&self, site: SiteId) -> Arc<tokio::sync::Mutex<Standing>> {
        let mut kept = self.kept();
        let at = kept.iter().position(|kept| kept.site == site);
        let one = at.and_then(|at| kept.remove(at)).unwrap_or_else(|| Kept {
            site,
            standing: Arc::default(),
            pages: 0,
        });
        let standing = Arc::clone(&one.standing);
        kept.push_back(one);
        standing
    }

    /// Notes how large a site is; the ones unused for longest make room.
    fn used(&self, site: SiteId, pages: usize) {
        let mut kept = self.kept();
        if let Some(one) = kept.iter_mut().find(|kept| kept.site == site) {
            one.pages = pages;
        }
        let mut all: usize = kept.iter().map(|kept| kept.pages).sum();
        while all > self.most_pages
            && let Some(oldest) = kept.pop_front()
        {
            all -= oldest.pages;
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, VecDeque<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Computes something outside the threads that answer requests, when there is room.
    ///
    /// # Errors
    /// 503 when the server stops; 500 when the computation panics.
    pub async fn compute<T: Send + 'static>(app: &App, compute: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let computed = app.linkers.blocking.run(&app.stop, compute).await;
        computed.map_err(|error| match error {
            JobError::Retry(why) if app.stop.is_cancelled() => Error::unavailable(why),
            error => Error::internal(error),
        })
    }
}

/// Runs something on the links of a site as they are now.
///
/// # Errors
/// 404 when the site is gone; 422 when it has more pages than are looked at; when the database fails.
pub async fn with<T: Send + 'static>(
    app: &App,
    scope: &SiteScope<Read>,
    work: impl FnOnce(&Standing) -> T + Send + 'static,
) -> Result<T> {
    let (app, scope) = (app.clone(), scope.reading());
    let request = crate::api::request_id::current();
    // In a task of its own: a client that goes away in the middle must not leave half of it.
    let done = tokio::spawn(crate::api::request_id::scope(request, async move {
        let account = scope.actor().account::<Read>()?;
        let site = app.db.account(&account).get::<Site>(scope.site()).await?;
        let site = Arc::new(site.ok_or_else(Error::not_found)?);
        let mut kept = app.linkers.of(site.id).lock_owned().await;
        // Lost when it fails or panics: then the next one reads everything.
        let standing = std::mem::take(&mut *kept);
        let standing = standing.brought_up(&app, &scope, &site).await?;
        let pages = standing.pages();
        let (standing, out) = Linkers::compute(&app, move || {
            let out = work(&standing);
            (standing, out)
        })
        .await?;
        *kept = standing;
        app.linkers.used(site.id, pages);
        Ok::<T, Error>(out)
    }));
    done.await.map_err(Error::internal)?
}

/// How a job ends that could not do this.
pub fn as_job(error: Error) -> JobError {
    let again = matches!(error, Error::Internal(_) | Error::Unavailable(..));
    let why = error.into_problem().detail;
    if again {
        JobError::Retry(why)
    } else {
        JobError::Fail(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sites_unused_for_longest_make_room() {
        let mut config = Config::defaults();
        config.linker.remembered_pages = 100;
        let linkers = Linkers::new(&config);
        let site = |n: u8| -> SiteId { format!("site_01jz8k3v5n6q7r8s9t0v1w2x3{n}").parse().unwrap() };
        let known = |linkers: &Linkers| -> Vec<SiteId> { linkers.kept().iter().map(|kept| kept.site).collect() };
        for n in 1..=3 {
            linkers.of(site(n));
            linkers.used(site(n), 40);
        }
        assert_eq!(known(&linkers), [site(2), site(3)]);
        linkers.of(site(2));
        linkers.of(site(4));
        linkers.used(site(4), 50);
        assert_eq!(known(&linkers), [site(2), site(4)]);
        linkers.used(site(4), 101);
        assert!(known(&linkers).is_empty(), "none is larger than all together may be");
    }
}
