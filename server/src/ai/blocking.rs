//! Where algorithms compute: outside the threads that answer requests, and not all at once.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::jobs::JobError;

/// Places for computing. Cheap to clone.
#[derive(Clone)]
pub struct Blocking(Arc<Semaphore>);

impl Default for Blocking {
    /// A place for every other core: the algorithms use several threads themselves.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(cores.div_ceil(2))))
    }
}

impl Blocking {
    /// Computes something once a place is free. When told to stop, the answer is not waited for.
    ///
    /// # Errors
    /// When told to stop, or the computation panics.
    pub async fn run<T: Send + 'static>(
        &self,
        stop: &CancellationToken,
        compute: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JobError> {
        let work = async {
            let place = self.0.clone().acquire_owned().await;
            // The place is given back when the computation ends, not when somebody stops waiting for it.
            let computed = tokio::task::spawn_blocking(move || {
                let _place = place;
                compute()
            });
            computed.await.map_err(|error| {
                tracing::error!(%error, "a computation panicked");
                JobError::Retry("Something went wrong on our side; it is logged under the job's id.".into())
            })
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(JobError::Retry("The job was stopped.".into())),
            done = work => done,
        }
    }
}
