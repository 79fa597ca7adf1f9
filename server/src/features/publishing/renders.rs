//! The threads that render, apart from those that answer requests, and what deployments leave to the next ones.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use igny8_data::SiteId;
use igny8_renderer::images::ImageCache;
use igny8_renderer::{Memo, Theme, ThemeError};
use tokio::sync::Semaphore;

use super::standing::Standing;
use crate::config::Config;

/// One render at a time: it uses every thread given to it, and a second one beside it would only double the memory.
pub struct Renders {
    threads: usize,
    turns: Arc<Semaphore>,
    left: LeftBehind,
    themes: Mutex<HashMap<String, Arc<Theme>>>,
}

/// What a deployment of a site leaves to the next one.
#[derive(Default)]
pub struct Left {
    pub standing: Standing,
    pub memo: Memo,
    /// Knows which images it has looked at.
    pub images: Option<ImageCache>,
}

impl Left {
    fn pages(&self) -> usize {
        self.standing.pages().max(self.memo.pages())
    }
}

/// What is left of sites, the last deployed at the end, bounded by the pages of all together.
struct LeftBehind {
    most_pages: usize,
    kept: Mutex<VecDeque<(SiteId, Left)>>,
}

impl LeftBehind {
    fn take(&self, site: SiteId) -> Left {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(of, _)| *of == site);
        at.and_then(|at| kept.remove(at))
            .map(|(_, left)| left)
            .unwrap_or_default()
    }

    fn put(&self, site: SiteId, left: Left) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(of, _)| *of != site);
        kept.push_back((site, left));
        let mut pages: usize = kept.iter().map(|(_, left)| left.pages()).sum();
        while pages > self.most_pages
            && let Some((_, left)) = kept.pop_front()
        {
            pages -= left.pages();
        }
    }
}

impl Renders {
    pub fn new(config: &Config) -> Self {
        Self {
            threads: config.publishing.render_threads,
            turns: Arc::new(Semaphore::new(1)),
            left: LeftBehind {
                most_pages: config.publishing.remembered_pages,
                kept: Mutex::default(),
            },
            themes: Mutex::default(),
        }
    }

    /// What the last deployment of a site left to the next, taken out; empty if it was forgotten.
    pub fn take_left(&self, site: SiteId) -> Left {
        self.left.take(site)
    }

    /// Keeps what a deployment left to the next.
    pub fn keep_left(&self, site: SiteId, left: Left) {
        self.left.put(site, left);
    }

    /// Forgets what deployments left, as the end of the process does.
    pub fn forget(&self) {
        self.left.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// A theme of the program, compiled once. Blocking.
    ///
    /// # Errors
    /// When there is no such theme.
    pub fn theme(&self, name: &str) -> Result<Arc<Theme>, ThemeError> {
        let known = || self.themes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(theme) = known().get(name) {
            return Ok(Arc::clone(theme));
        }
        let theme = Arc::new(Theme::builtin(name)?);
        known().insert(name.to_owned(), Arc::clone(&theme));
        Ok(theme)
    }

    /// Runs work that nobody waits for on one thread, beside whatever is rendered.
    ///
    /// # Errors
    /// When the thread cannot be started or the work panicked.
    pub async fn run_aside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> std::io::Result<T> {
        let done = tokio::task::spawn_blocking(move || Ok(pool(1)?.install(work)));
        done.await.map_err(std::io::Error::other)?
    }

    /// Runs work that takes long on the render threads, when it is its turn.
    ///
    /// # Errors
    /// When the threads cannot be started or the work panicked.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> std::io::Result<T> {
        let permit = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(std::io::Error::other)?;
        let threads = self.threads;
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            Ok(pool(threads)?.install(work))
        });
        done.await.map_err(std::io::Error::other)?
    }
}

/// Made for each render: idle threads between deployments would only hold memory.
fn pool(threads: usize) -> std::io::Result<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|n| format!("render-{n}"))
        .stack_size(4 << 20)
        .build()
        .map_err(std::io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_bounded_by_pages() {
        let left = LeftBehind {
            most_pages: 0,
            kept: Mutex::default(),
        };
        let site: SiteId = "site_01hzzzzzzzzzzzzzzzzzzzzzzz".parse().unwrap();
        left.put(site, Left::default());
        assert_eq!(left.kept.lock().unwrap().len(), 1, "an empty one costs nothing");
        assert_eq!(left.take(site).pages(), 0);
        assert!(left.kept.lock().unwrap().is_empty(), "taken out");
    }
}
