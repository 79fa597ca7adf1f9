//! Logs: text for people or JSON for machines, filtered by `log.level`.

use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{Metadata, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Log, LogFormat};

/// Whether the process is about to end and closes its database.
static CLOSES: AtomicBool = AtomicBool::new(false);

/// The database is closed now, as the last thing: its engine is closed once more with what still holds it, and complains of that.
/// Whether the data was written is what [`igny8_data::Db::close`] answers.
pub fn engine_closes() {
    CLOSES.store(true, Ordering::Relaxed);
}

fn is_news(of: &Metadata<'_>) -> bool {
    !(CLOSES.load(Ordering::Relaxed) && of.target().starts_with("surreal"))
}

/// What every log line passes.
fn news<S: Subscriber>() -> impl Layer<S> {
    dynamic_filter_fn(|of, _| is_news(of))
}

/// Starts logging to standard error. A wrong filter falls back to `info` and says so.
pub fn init(log: &Log) {
    // The engine below is talkative at `info`; its warnings are kept unless nobody wants any.
    let most = match log.level.as_str() {
        level @ ("off" | "error") => level,
        _ => "warn",
    };
    let quiet = format!("surrealdb={most},surrealkv={most},surrealmx={most},poem={most}");
    let (filter, wrong) = match EnvFilter::try_new(format!("{quiet},{}", log.level)) {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new(format!("{quiet},info")), Some(error)),
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first one's settings.
    let _ = match log.format {
        LogFormat::Text => builder.with_target(false).finish().with(news()).try_init(),
        LogFormat::Json => {
            let builder = builder.json().flatten_event(true).with_current_span(true);
            builder.finish().with(news()).try_init()
        }
    };
    if let Some(error) = wrong {
        tracing::warn!(%error, "log.level is not a filter; using info");
    }
}
