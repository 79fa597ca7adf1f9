//! `igny8 backup FILE` and `igny8 restore FILE`.

use std::path::PathBuf;
use std::sync::Arc;

use igny8_data::Clock;

use super::progress::{Progress, bytes};
use super::{CommandResult, database};
use crate::app::MIGRATIONS;
use crate::config::Config;

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  igny8 backup igny8-2026-11-23.backup
  tar --zstd -tf igny8-2026-11-23.backup       what is in it

With the embedded database the server must be stopped. The file holds the installation's key and is made readable by its
owner alone: keep it as safe as the installation.")]
pub struct BackupArgs {
    /// The file to write; it must not exist.
    file: PathBuf,
}

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  igny8 restore igny8-2026-11-23.backup
  IGNY8_DATA_DIR=/srv/igny8 igny8 restore igny8-2026-11-23.backup
  igny8 restore --check igny8-2026-11-23.backup

The sites are not in a backup: deploy each again afterwards (igny8 deploy --site SLUG).")]
pub struct RestoreArgs {
    /// The backup to read.
    file: PathBuf,
    /// Only check that the file is whole and fits this program.
    #[arg(long)]
    check: bool,
}

pub async fn backup(config: Config, args: BackupArgs) -> CommandResult {
    if config.database.url == "surrealkv" && !config.data_dir.join("db").is_dir() {
        return Err(format!("there is no database in {}", config.data_dir.display()).into());
    }
    let db = database::plain(&config).await?;
    let progress = Arc::new(Progress::new("rows", None));
    let saved = crate::backup::save(&db, &config.data_dir, &args.file, progress.clone()).await;
    progress.finish();
    db.close().await?;
    let manifest = saved?;
    let size = std::fs::metadata(&args.file)?.len();
    println!(
        "{}: {} rows in {} tables, {} media files ({}), the installation's key; {} in all, readable by you alone.",
        args.file.display(),
        manifest.rows(),
        manifest.tables.len(),
        manifest.media_files,
        bytes(manifest.media_bytes),
        bytes(size)
    );
    Ok(())
}

pub async fn restore(config: Config, args: RestoreArgs) -> CommandResult {
    let progress = Arc::new(Progress::new("rows", None));
    if args.check {
        let (header, manifest) = crate::backup::verify(&args.file, MIGRATIONS, &*progress)?;
        progress.finish();
        println!(
            "{} is whole: written {} by igny8 {}, {} rows, {} media files.",
            args.file.display(),
            header.created_at.format("%Y-%m-%d %H:%M UTC"),
            header.program,
            manifest.rows(),
            manifest.media_files
        );
        return Ok(());
    }
    let manifest = crate::backup::restore(&config, &args.file, MIGRATIONS, Clock::system(), progress.clone()).await?;
    progress.finish();
    println!(
        "Restored {} rows and {} media files into {}. Every table has the counts and hashes of the backup.\n\
         Deploy each site again to publish it: igny8 deploy --site SLUG",
        manifest.rows(),
        manifest.media_files,
        config.data_dir.display()
    );
    Ok(())
}
