//! `igny8 domain NAME --site SLUG`.

use igny8_data::{DbError, Record as _};

use super::{CommandResult, database, site};
use crate::app::App;
use crate::config::Config;
use crate::features::sites::domains;

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  igny8 domain www.example.com --site blog
  igny8 domain shop.lan --site shop    where there is no DNS to prove it by

The domain becomes the site's own address and is never checked. With the embedded database the server must be stopped.
Accounts add domains by themselves: POST /api/v1/sites/{site}/domains.")]
pub struct Args {
    /// The host name.
    name: String,
    /// Slug of the site.
    #[arg(long)]
    site: String,
}

pub async fn run(config: Config, args: Args) -> CommandResult {
    let app = database::app(config).await?;
    let result = claim(&app, &args).await;
    app.db.close().await?;
    result
}

async fn claim(app: &App, args: &Args) -> CommandResult {
    let name = domains::name::parse(&args.name).map_err(|why| format!("`{}` {why}", args.name))?;
    let (_, site) = site::existing(app, &args.site).await?;
    match domains::claim_as_operator(app, site.account(), site.id, &name).await {
        Ok(_) => {
            println!("{name} is the address of {}.", site.slug);
            Ok(())
        }
        Err(DbError::Duplicate { index }) if index == "domain_verified" => {
            Err(format!("another site has {name}: remove it there first").into())
        }
        Err(error) => Err(error.into()),
    }
}
