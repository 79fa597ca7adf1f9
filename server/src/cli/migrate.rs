//! `igny8 migrate`: bring the database's schema up to date.

use igny8_data::Clock;

use super::CommandResult;
use crate::app::App;
use crate::config::Config;

pub async fn run(config: Config) -> CommandResult {
    // Starting applies what is missing.
    let app = App::start(config, Clock::system()).await?;
    app.db.close().await?;
    println!("The schema is up to date.");
    Ok(())
}
