//! `igny8 demo`: a site to look at, in data of its own beside a real installation's.

mod files;
mod plan;

use std::io::{self, Write as _};
use std::net::{IpAddr, TcpListener};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use igny8_data::{Actor, Role, UserId, Variables, Why, Write};

use super::progress::Progress;
use super::{CommandResult, database, serve, site, user};
use crate::app::{App, make_sites_dir};
use crate::backup::Progress as _;
use crate::config::Config;
use crate::features::sites::Site;
use crate::features::{folders, publishing};

const EMAIL: &str = "demo@igny8.example";
const ACCOUNT: &str = "demo";
const SLUG: &str = "demo";
/// Ports tried after a busy one.
const PORTS: u16 = 20;

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  igny8 demo
  IGNY8_HTTP__PORT=9000 igny8 demo

The demo keeps its data in data_dir/demo and never touches an installation beside it. The next start is quicker and
shows the same password. To begin afresh, remove that folder.")]
pub struct Args {}

pub async fn run(mut config: Config, _: Args) -> CommandResult {
    config.data_dir = config.data_dir.join("demo");
    config.sites_dir = config.data_dir.join("sites");
    config.database.url = "surrealkv".into();
    database::free(&config)
        .await
        .map_err(|in_use| format!("{in_use}\n(is another `igny8 demo` running?)"))?;
    config.http.port = free_port(config.http.host, config.http.port)?;
    let password = {
        std::fs::create_dir_all(&config.data_dir)?;
        password(&config.data_dir.join("password"))?
    };
    make_sites_dir(&config)?;
    let app = App::start(config, igny8_data::Clock::system()).await?;
    let prepared = prepare(&app, &password).await;
    let (actor, site) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            app.db.close().await?;
            return Err(error);
        }
    };
    let told = tokio::spawn(tell(app.clone(), actor, site, password));
    let served = serve::serve(app, true).await;
    told.abort();
    served
}

/// Account, user, plan and content, as far as they are missing; asks for a deployment when there is something new.
async fn prepare(app: &App, password: &str) -> Result<(Actor, Site), Box<dyn std::error::Error + Send + Sync>> {
    let mut binds = Variables::new();
    binds.insert("email", EMAIL.to_owned());
    let sql = "SELECT VALUE id FROM user WHERE email_key = $email;";
    let mut found = app
        .db
        .platform(Why::Operator)
        .query(sql, binds, "looking for the demo's user")
        .await?;
    if found.rows::<UserId>(0)?.is_empty() {
        let (_, account) = user::add(app, EMAIL, ACCOUNT, password, Role::Owner, None).await?;
        // Room to try things out.
        let mut binds = Variables::new();
        binds.insert("account", account);
        let sql = "UPDATE $account SET plan = 'growth' RETURN NONE;";
        app.db
            .platform(Why::Operator)
            .query(sql, binds, "choosing a plan")
            .await?;
    }
    let (actor, site) = match site::find(app, SLUG).await? {
        Some(found) => found,
        None => {
            let account = site::account(app, Some(ACCOUNT)).await?;
            site::create(app, account, "Demo", SLUG).await?
        }
    };
    let scope = actor.site::<Write>(&app.db, site.id).await?;
    // What was imported is remembered, so that a start with the same files has nothing to read.
    let marker = app.config.data_dir.join("imported");
    let current = files::hash();
    let known = std::fs::read_to_string(&marker).is_ok_and(|text| text == current);
    if !known {
        let progress = Arc::new(Progress::new("files", None));
        progress.step("preparing the demo");
        plan::import(app, &scope).await?;
        let folder = tempfile::tempdir()?;
        files::unpack(folder.path())?;
        folders::import(
            app,
            &scope,
            folder.path(),
            folders::Options::default(),
            progress.clone(),
        )
        .await?;
        progress.finish();
        std::fs::write(&marker, &current)?;
    }
    if !known || publishing::live(app, &scope).await?.is_none() {
        publishing::request(app, &scope, false).await?;
    }
    Ok((actor, site))
}

/// Waits for the site to be live and says where everything is.
async fn tell(app: App, actor: Actor, site: Site, password: String) {
    let live = async {
        loop {
            if let Ok(scope) = actor.site::<Write>(&app.db, site.id).await
                && let Ok(Some(_)) = publishing::live(&app, &scope).await
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(120), live).await.is_err() {
        eprintln!("igny8: the demo site is not published yet; the log above may say why");
    }
    let url = app.config.public_url();
    let text = format!(
        "\n  The demo site    {url}/sites/{SLUG}/\n  API and its docs {url}/api/docs\n  Login            {EMAIL}\n  \
         Password         {password}\n\n  Ctrl-C stops it. Its data: {}\n",
        app.config.data_dir.display()
    );
    // A closed standard output is no reason to stop serving.
    let _ = io::stdout().write_all(text.as_bytes());
    let _ = io::stdout().flush();
}

/// The first port from the wanted one on that nobody listens on.
fn free_port(host: IpAddr, wanted: u16) -> Result<u16, String> {
    (wanted..=wanted.saturating_add(PORTS))
        .find(|port| TcpListener::bind((host, *port)).is_ok())
        .ok_or_else(|| {
            format!(
                "ports {wanted} to {} are all in use; set IGNY8_HTTP__PORT",
                wanted.saturating_add(PORTS)
            )
        })
}

/// The demo's password: made once, kept readable by its owner alone.
fn password(file: &Path) -> io::Result<String> {
    match std::fs::read_to_string(file) {
        Ok(text) if text.trim().len() >= 12 => return Ok(text.trim().to_owned()),
        Ok(_) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    // Without letters and digits that look alike.
    const LETTERS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let bytes: [u8; 15] = rand::random();
    let letters = bytes.map(|b| char::from(LETTERS[usize::from(b) % LETTERS.len()]));
    let text: String = letters
        .chunks(5)
        .map(|part| part.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join("-");
    let temporary: PathBuf = file.with_extension("new");
    let mut out = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    out.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    writeln!(out, "{text}")?;
    out.sync_all()?;
    std::fs::rename(&temporary, file)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        let first = password(&file).unwrap();
        assert_eq!(first.len(), 17, "{first}");
        assert_eq!(password(&file).unwrap(), first);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_busy_port_is_passed_over() {
        let busy = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = busy.local_addr().unwrap().port();
        if port < u16::MAX - PORTS {
            assert_ne!(free_port("127.0.0.1".parse().unwrap(), port).unwrap(), port);
        }
    }
}
