//! How far a long command is: a bar on a terminal, a line now and then elsewhere. On standard error, so that results can be
//! piped.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Progress of a command.
pub struct Progress {
    /// `None` when standard error is not a terminal.
    bar: Option<ProgressBar>,
    unit: &'static str,
    state: Mutex<(String, Instant)>,
    count: AtomicU64,
}

/// Between two lines when there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

impl Progress {
    /// Counts `unit`s; `total` makes it a bar with an end.
    pub fn new(unit: &'static str, total: Option<u64>) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let (bar, template) = match total {
                Some(total) => (
                    ProgressBar::new(total),
                    "{msg:24} {wide_bar} {human_pos}/{human_len} {elapsed}",
                ),
                None => (ProgressBar::new_spinner(), "{spinner} {msg:24} {human_pos} {elapsed}"),
            };
            bar.enable_steady_tick(Duration::from_millis(120));
            bar.with_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self {
            bar,
            unit,
            state: Mutex::new((String::new(), Instant::now())),
            count: AtomicU64::new(0),
        }
    }

    /// Ends the display; what was achieved is for the caller to say.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn show(&self, n: u64) {
        match &self.bar {
            Some(bar) => bar.set_position(n),
            None => {
                let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if state.1.elapsed() >= EVERY {
                    state.1 = Instant::now();
                    eprintln!("{}: {n} {}", state.0, self.unit);
                }
            }
        }
    }
}

impl crate::backup::Progress for Progress {
    fn step(&self, what: &str) {
        self.count.store(0, Ordering::Relaxed);
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
        }
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner).0 = what.to_owned();
    }

    fn add(&self, n: u64) {
        let now = self.count.fetch_add(n, Ordering::Relaxed) + n;
        self.show(now);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

/// A count of bytes for people: `3.4 MiB`.
pub fn bytes(n: u64) -> String {
    indicatif::HumanBytes(n).to_string()
}
