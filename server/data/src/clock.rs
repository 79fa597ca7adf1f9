//! The application's clock: the system's in production, one that tests turn by hand.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Duration, SubsecRound, Utc};

/// Tells the time, to the millisecond (what JSON, ids and the database agree on). Cheap to clone; clones share the hand.
#[derive(Clone, Default)]
pub struct Clock {
    manual: Option<Arc<Mutex<DateTime<Utc>>>>,
    wrong_by: Duration,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at an RFC 3339 time until moved.
    ///
    /// # Panics
    /// If the text is not a time; it is written in a test.
    pub fn manual(at: &str) -> Self {
        let at = at.parse().expect("an RFC 3339 time");
        Self {
            manual: Some(Arc::new(Mutex::new(at))),
            ..Self::default()
        }
    }

    /// The system's clock as on a machine where it is wrong, for tests of what must not depend on it.
    pub fn wrong_by(by: Duration) -> Self {
        Self {
            wrong_by: by,
            ..Self::default()
        }
    }

    /// Whether it stands still until it is moved.
    pub fn is_manual(&self) -> bool {
        self.manual.is_some()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.manual {
            Some(hand) => *hand.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
            None => (Utc::now() + self.wrong_by).trunc_subsecs(3),
        }
    }

    /// Moves a manual clock forward; a system clock stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Some(hand) = &self.manual {
            *hand.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += by;
        }
    }
}
