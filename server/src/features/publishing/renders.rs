//! The threads that render, apart from those that answer requests.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::config::Config;

/// One render at a time: it uses every thread given to it, and a second one beside it would only double the memory.
pub struct Renders {
    threads: usize,
    turns: Arc<Semaphore>,
}

impl Renders {
    pub fn new(config: &Config) -> Self {
        Self {
            threads: config.publishing.render_threads,
            turns: Arc::new(Semaphore::new(1)),
        }
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
