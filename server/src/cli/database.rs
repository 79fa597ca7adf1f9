//! The database, for commands: waits a moment for it, and says in plain words who has it when it is taken.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use igny8_data::{Clock, Db, Ids};

use crate::app::App;
use crate::config::Config;

/// The embedded database is held by another process.
#[derive(Debug, thiserror::Error)]
#[error(
    "the database in {} is in use{}. An embedded database has one user at a time: stop the server first (or do the same \
     through its API), then try again", folder.display(), process.as_ref().map(|p| format!(" by process {p}")).unwrap_or_default()
)]
pub struct InUse {
    folder: PathBuf,
    process: Option<String>,
}

/// Starts the application for a command.
///
/// # Errors
/// [`InUse`], or what keeps the application from starting.
pub async fn app(config: Config) -> Result<App, Box<dyn std::error::Error + Send + Sync>> {
    free(&config).await?;
    Ok(App::start(config, Clock::system()).await?)
}

/// Opens the database as it is, without bringing its schema up to date, and with no limit on how long a query takes.
///
/// # Errors
/// [`InUse`], or what keeps the database from opening.
pub async fn plain(config: &Config) -> Result<Db, Box<dyn std::error::Error + Send + Sync>> {
    free(config).await?;
    let secret = crate::secrets::installation_secret(&config.data_dir)?;
    let keys = igny8_data::tokens::Keys::derive(&secret, &config.public_url());
    let mut settings = config.database_settings()?;
    settings.query_timeout = Duration::from_secs(24 * 3600);
    let clock = Clock::system();
    Ok(Db::open(&settings, clock.clone(), Ids::random(clock), keys).await?)
}

/// Waits up to two seconds (a server that has just been stopped lets go a moment later) for the database to be free.
///
/// # Errors
/// When another process holds it.
pub async fn free(config: &Config) -> Result<(), InUse> {
    for attempt in 0.. {
        match holder(config) {
            Some(in_use) if attempt == 8 => return Err(in_use),
            Some(_) => tokio::time::sleep(Duration::from_millis(250)).await,
            None => break,
        }
    }
    Ok(())
}

/// Who holds an embedded database's folder, if anybody does. The engine keeps a lock on this file; when its way changes,
/// the worst is that opening waits longer and fails with the engine's own words.
pub fn holder(config: &Config) -> Option<InUse> {
    let url = config.database_settings().ok()?.url;
    let folder = PathBuf::from(url.strip_prefix("surrealkv://")?);
    let path = folder.join("LOCK");
    let file = File::open(&path).ok()?;
    // The lock taken here ends with `file`.
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let process = std::fs::read_to_string(&path).unwrap_or_default().trim().to_owned();
            Some(InUse {
                folder,
                process: (!process.is_empty()).then_some(process),
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_database_in_use_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::defaults();
        config.data_dir = folder.path().join("data");
        assert!(holder(&config).is_none(), "nothing there yet");
        std::fs::create_dir_all(&config.data_dir).unwrap();
        let db = plain(&config).await.unwrap();
        let text = holder(&config).unwrap().to_string();
        assert!(text.contains("stop the server"), "{text}");
        assert!(text.contains(&std::process::id().to_string()), "{text}");
        db.close().await.unwrap();
        drop(db);
        free(&config).await.unwrap();
    }
}
