//! The checks themselves. None of them changes anything.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use igny8_data::{Clock, Why};

use super::Check;
use crate::app::MIGRATIONS;
use crate::cli::{database, progress};
use crate::config::Config;
use crate::{installation, secrets};

/// Below this much free space a folder is warned about, and below this much nothing more should be written.
const LITTLE_SPACE: u64 = 1 << 30;
const NO_SPACE: u64 = 100 << 20;
/// For anything that answers over the network.
const PATIENCE: Duration = Duration::from_secs(5);

pub async fn all(config: &Config) -> Vec<Check> {
    vec![
        folder("data_dir", &config.data_dir),
        sites_dir(config),
        key(config),
        database(config).await,
        port(config),
        public_url(config),
        mail(config),
        passwords(config),
        clock(&Clock::system()),
        blueprints(igny8_builder::blueprint::builtin()),
    ]
}

fn folder(name: &'static str, path: &Path) -> Check {
    let shown = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // A folder that is not there yet is made at the first start: what matters is the folder above.
    let existing: PathBuf = shown
        .ancestors()
        .find(|p| p.exists())
        .map_or_else(|| shown.clone(), Path::to_owned);
    let shown = shown.display();
    if !existing.is_dir() {
        let mend = format!("move the file {} away, or set {name}", existing.display());
        return Check::fail(name, format!("{shown} cannot be a folder"), mend);
    }
    if let Err(error) = tempfile::tempfile_in(&existing) {
        let mend = format!(
            "give the user who runs igny8 the right to write into {}",
            existing.display()
        );
        return Check::fail(name, format!("{shown} cannot be written: {error}"), mend);
    }
    let Ok(space) = rustix::fs::statvfs(&existing) else {
        return Check::warn(
            name,
            format!("{shown} does not tell its free space"),
            "look at the file system by hand",
        );
    };
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let found = format!("{shown}, {} free", progress::bytes(free));
    match free {
        ..NO_SPACE => Check::fail(name, found, "free some space: writes will fail soon"),
        NO_SPACE..LITTLE_SPACE => Check::warn(name, found, "free some space"),
        _ => Check::ok(name, found),
    }
}

/// The folder of the sites, which no other installation may have.
fn sites_dir(config: &Config) -> Check {
    let (name, path) = ("sites_dir", &config.sites_dir);
    let check = folder(name, path);
    // Without a key the first start makes one that no folder knows.
    let own = if secrets::secret_file(&config.data_dir).exists() {
        match secrets::installation_secret(&config.data_dir) {
            Ok(secret) => Some(installation::name(&secret)),
            // Told by the check of the key.
            Err(_) => return check,
        }
    } else {
        None
    };
    let shown = path.display();
    match installation::owner(path) {
        Ok(owner) if owner.is_none() || owner == own => check,
        Ok(_) => Check::fail(
            name,
            format!("{shown} is another installation's"),
            installation::remedy(path),
        ),
        Err(error) => Check::fail(
            name,
            format!("{shown} does not tell whose it is: {error}"),
            "let the user who runs igny8 read what is in it",
        ),
    }
}

fn key(config: &Config) -> Check {
    let path = secrets::secret_file(&config.data_dir);
    let shown = path.display();
    match std::fs::metadata(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Check::ok("key", "made at the first start"),
        Err(e) => Check::fail("key", format!("{shown}: {e}"), "let the user who runs igny8 read it"),
        Ok(file) if file.permissions().mode() & 0o077 != 0 => Check::fail(
            "key",
            format!("{shown} may be read by others"),
            format!("chmod 600 {shown}"),
        ),
        Ok(file) if file.len() < 32 => {
            Check::fail("key", format!("{shown} is cut short"), "bring it back from a backup")
        }
        Ok(_) => Check::ok("key", format!("{shown}, readable by its owner alone")),
    }
}

async fn database(config: &Config) -> Check {
    let name = "database";
    if let Some(in_use) = database::holder(config) {
        return Check::ok(name, format!("not looked into: {in_use}"));
    }
    if config.database.url == "surrealkv" && !config.data_dir.join("db").exists() {
        return Check::ok(name, "none yet; made at the first start");
    }
    let where_to = "check the section [database] of the configuration, and that the server it names runs";
    let db = match database::plain(config).await {
        Ok(db) => db,
        Err(error) => return Check::fail(name, error.to_string(), where_to),
    };
    let applied = db.platform(Why::Operator).applied_migrations().await;
    let _ = db.close().await;
    let applied = match applied {
        Ok(applied) => applied,
        Err(error) => return Check::warn(name, format!("opens, without a schema: {error}"), "igny8 migrate"),
    };
    for row in &applied {
        let known = MIGRATIONS.iter().find(|m| i64::from(m.number) == row.number);
        if known.is_none_or(|m| m.checksum() != row.checksum) {
            let found = format!(
                "has schema file {:04}_{}, which this program does not know so",
                row.number, row.name
            );
            return Check::fail(
                name,
                found,
                "use the version of igny8 that was last used with it, or a later one",
            );
        }
    }
    match MIGRATIONS.len() - applied.len().min(MIGRATIONS.len()) {
        0 => Check::ok(
            name,
            format!("opens; {} schema files applied, none missing", applied.len()),
        ),
        n => Check::warn(
            name,
            format!("opens; {n} schema files are not applied yet"),
            "igny8 migrate, or start the server",
        ),
    }
}

/// Blueprint files: everything that is wrong with any of them, with line and mend.
fn blueprints(files: &[(&str, &str)]) -> Check {
    let name = "blueprints";
    let mut wrong: Vec<String> = Vec::new();
    let mut kinds: Vec<&str> = Vec::new();
    for (file, text) in files {
        match igny8_builder::blueprint::Blueprint::parse(text, None) {
            Ok(blueprint) if blueprint.key != *file => {
                wrong.push(format!(
                    "{file}.toml: its key is {:?}; call both the same",
                    blueprint.key
                ));
            }
            Ok(_) => kinds.push(file),
            Err(mistakes) => wrong.extend(mistakes.iter().map(|mistake| format!("{file}.toml:{mistake}"))),
        }
    }
    match wrong.len() {
        0 => Check::ok(name, format!("{} can be read: {}", kinds.len(), kinds.join(", "))),
        n => Check::fail(
            name,
            format!("{n} mistakes:\n{}", wrong.join("\n")),
            "mend the files in blueprints/ as each line says, and build the program again",
        ),
    }
}

fn port(config: &Config) -> Check {
    let address = SocketAddr::new(config.http.host, config.http.port);
    match TcpListener::bind(address) {
        Ok(_) => Check::ok("port", format!("{address} is free")),
        Err(e) if e.kind() == std::io::ErrorKind::AddrInUse => {
            if answers_as_igny8(address) {
                Check::ok("port", format!("igny8 answers on {address}"))
            } else {
                let found = format!("another program listens on {address}");
                Check::fail("port", found, "stop it, or set http.port (IGNY8_HTTP__PORT)")
            }
        }
        Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => {
            let mend = "ports below 1024 need rights of their own: take a higher one behind a proxy";
            Check::fail("port", format!("{address}: {e}"), mend)
        }
        Err(e) => Check::fail(
            "port",
            format!("{address}: {e}"),
            "set http.host to an address of this machine",
        ),
    }
}

/// Asks for the API's description, whose first lines name the product.
fn answers_as_igny8(mut address: SocketAddr) -> bool {
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET /api/schema.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut start = Vec::new();
        stream.take(4096).read_to_end(&mut start)?;
        Ok(String::from_utf8_lossy(&start).contains("IGNY8"))
    };
    ask().unwrap_or(false)
}

fn public_url(config: &Config) -> Check {
    let (name, url) = ("public_url", config.public_url());
    let local =
        |host: &str| host == "localhost" || host.ends_with(".localhost") || host == "127.0.0.1" || host == "[::1]";
    let Some(parsed) = url::Url::parse(&url).ok() else {
        return Check::fail(
            name,
            url,
            "set http.public_url to an address such as https://cms.example.com",
        );
    };
    let host = parsed.host_str().unwrap_or_default().to_owned();
    if config.http.public_url.is_empty() && !config.http.host.is_loopback() {
        let found =
            format!("{url}, though others can reach this server: links in mail would lead to their own machines");
        return Check::warn(name, found, "set http.public_url to the address people use");
    }
    if parsed.scheme() != "https" && !local(&host) {
        return Check::warn(
            name,
            format!("{url} is not encrypted"),
            "put a proxy with TLS in front, and use https",
        );
    }
    Check::ok(name, url)
}

fn mail(config: &Config) -> Check {
    let mail = &config.mail;
    if mail.smtp_host.is_empty() {
        let found = format!("mail is written to files in {}", config.data_dir.join("mail").display());
        return Check::warn("mail", found, "set mail.smtp_host to send it");
    }
    let server = format!("{}:{}", mail.smtp_host, mail.smtp_port);
    let reached = server
        .to_socket_addrs()
        .map_err(|e| e.to_string())
        .and_then(|mut found| found.next().ok_or_else(|| "no address".to_owned()))
        .and_then(|address| TcpStream::connect_timeout(&address, PATIENCE).map_err(|e| e.to_string()));
    match reached {
        Ok(_) => Check::ok("mail", format!("{server} answers; mail comes from {}", mail.from)),
        Err(error) => Check::fail(
            "mail",
            format!("{server}: {error}"),
            "check mail.smtp_host and mail.smtp_port",
        ),
    }
}

fn passwords(config: &Config) -> Check {
    let auth = &config.auth;
    let found = format!(
        "argon2id with {} KiB and {} passes",
        auth.argon2_memory_kib, auth.argon2_passes
    );
    if auth.argon2_memory_kib < 19_456 || auth.argon2_passes < 2 {
        return Check::warn("passwords", found, "take at least 19456 KiB and 2 passes (OWASP)");
    }
    Check::ok("passwords", found)
}

fn clock(clock: &Clock) -> Check {
    let now = clock.now();
    let found = now.format("%Y-%m-%d %H:%M UTC").to_string();
    // Older than this program: tokens and schedules would be wrong.
    if now.timestamp() < 1_760_000_000 {
        return Check::fail("clock", found, "set the machine's clock (timedatectl set-ntp true)");
    }
    Check::ok("clock", found)
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn blueprint_files_are_checked_with_line_and_mend() {
        let files = igny8_builder::blueprint::builtin();
        assert_eq!(blueprints(files).state, State::Ok);
        let (name, text) = files[0];
        let broken = text.replacen("site_type = ", "site_typ = ", 1);
        let found = blueprints(&[(name, &broken), ("other", text)]);
        assert_eq!(found.state, State::Fail);
        for part in [&format!("{name}.toml:"), "site_typ", "other.toml: its key is"] {
            assert!(found.found.contains(part), "{}", found.found);
        }
    }

    #[test]
    fn folders_keys_and_ports() {
        let temporary = tempfile::tempdir().unwrap();
        let mut config = Config::defaults();
        config.data_dir = temporary.path().join("a/b");
        assert_eq!(folder("data_dir", &config.data_dir).state, State::Ok);
        assert!(!config.data_dir.exists(), "a check makes nothing");
        assert_eq!(key(&config).state, State::Ok);
        std::fs::create_dir_all(&config.data_dir).unwrap();
        secrets::installation_secret(&config.data_dir).unwrap();
        let path = secrets::secret_file(&config.data_dir);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let found = key(&config);
        assert_eq!(found.state, State::Fail);
        assert!(found.mend.unwrap().starts_with("chmod 600"));
        std::fs::write(temporary.path().join("file"), "").unwrap();
        assert_eq!(folder("data_dir", &temporary.path().join("file")).state, State::Fail);

        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        config.http.port = other.local_addr().unwrap().port();
        let answer = std::thread::spawn(move || {
            let (mut stream, _) = other.accept().unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nsomething else").unwrap();
        });
        assert_eq!(port(&config).state, State::Fail);
        answer.join().unwrap();
    }

    #[test]
    fn another_installations_sites_are_told() {
        let temporary = tempfile::tempdir().unwrap();
        let mut config = Config::defaults();
        config.sites_dir = temporary.path().join("sites");
        let installations = ["one", "other", "new"].map(|name| temporary.path().join(name));
        config.data_dir = installations[0].clone();
        crate::app::make_sites_dir(&config).unwrap();
        std::fs::create_dir_all(&installations[1]).unwrap();
        secrets::installation_secret(&installations[1]).unwrap();
        for (data_dir, wanted) in installations.iter().zip([State::Ok, State::Fail, State::Fail]) {
            config.data_dir = data_dir.clone();
            let check = sites_dir(&config);
            // A disk that is almost full is warned about.
            assert_eq!(check.state == State::Fail, wanted == State::Fail, "{check:?}");
            let mend = check.mend.unwrap_or_default();
            assert_eq!(mend.contains(".installation"), wanted == State::Fail, "{mend}");
        }
        assert!(!installations[2].exists(), "a check makes nothing");
    }

    #[test]
    fn addresses() {
        for (public, host, wanted) in [
            ("", "127.0.0.1", State::Ok),
            ("", "0.0.0.0", State::Warn),
            ("http://cms.example.com", "0.0.0.0", State::Warn),
            ("https://cms.example.com", "0.0.0.0", State::Ok),
            ("http://localhost:9000", "127.0.0.1", State::Ok),
        ] {
            let mut config = Config::defaults();
            config.http.public_url = public.into();
            config.http.host = host.parse().unwrap();
            assert_eq!(public_url(&config).state, wanted, "{public} on {host}");
        }
    }
}
