//! The threads that render, apart from those that answer requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use igny8_data::SiteId;
use igny8_renderer::Memo;
use tokio::sync::Semaphore;

use crate::config::Config;

/// One render at a time: it uses every thread given to it, and a second one beside it would only double the memory.
pub struct Renders {
    threads: usize,
    turns: Arc<Semaphore>,
    memos: Memos,
}

/// What renders remember of sites, the last rendered at the end, bounded by the pages of all together.
struct Memos {
    most_pages: usize,
    kept: Mutex<VecDeque<(SiteId, Memo)>>,
}

impl Memos {
    fn take(&self, site: SiteId) -> Memo {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(of, _)| *of == site);
        at.and_then(|at| kept.remove(at))
            .map(|(_, memo)| memo)
            .unwrap_or_default()
    }

    fn put(&self, site: SiteId, memo: Memo) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(of, _)| *of != site);
        kept.push_back((site, memo));
        let mut pages: usize = kept.iter().map(|(_, memo)| memo.pages()).sum();
        while pages > self.most_pages
            && let Some((_, memo)) = kept.pop_front()
        {
            pages -= memo.pages();
        }
    }
}

impl Renders {
    pub fn new(config: &Config) -> Self {
        Self {
            threads: config.publishing.render_threads,
            turns: Arc::new(Semaphore::new(1)),
            memos: Memos {
                most_pages: config.publishing.remembered_pages,
                kept: Mutex::default(),
            },
        }
    }

    /// What the last render of a site left to the next, taken out; empty if it was forgotten.
    pub fn take_memo(&self, site: SiteId) -> Memo {
        self.memos.take(site)
    }

    /// Keeps what a render left to the next.
    pub fn keep_memo(&self, site: SiteId, memo: Memo) {
        self.memos.put(site, memo);
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
            // Made for each render: idle threads between deployments would only hold memory.
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .thread_name(|n| format!("render-{n}"))
                .stack_size(4 << 20)
                .build()
                .map_err(std::io::Error::other)?;
            Ok(pool.install(work))
        });
        done.await.map_err(std::io::Error::other)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memos_are_bounded_by_pages() {
        let memos = Memos {
            most_pages: 0,
            kept: Mutex::default(),
        };
        let site: SiteId = "site_01hzzzzzzzzzzzzzzzzzzzzzzz".parse().unwrap();
        memos.put(site, Memo::default());
        assert_eq!(memos.kept.lock().unwrap().len(), 1, "an empty one costs nothing");
        assert_eq!(memos.take(site).pages(), 0);
        assert!(memos.kept.lock().unwrap().is_empty(), "taken out");
    }
}
