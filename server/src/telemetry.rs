//! Logs: text for people or JSON for machines, filtered by `log.level`.

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

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
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).try_init(),
    };
    if let Some(error) = wrong {
        tracing::warn!(%error, "log.level is not a filter; using info");
    }
}
