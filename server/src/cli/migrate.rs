//! `igny8 migrate`: bring the database's schema up to date.

use super::{CommandResult, database};
use crate::config::Config;

pub async fn run(config: Config) -> CommandResult {
    // Starting applies what is missing.
    let app = database::app(config).await?;
    app.db.close().await?;
    println!("The schema is up to date.");
    Ok(())
}
