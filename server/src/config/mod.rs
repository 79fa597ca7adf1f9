//! What can be set: built-in defaults, then `igny8.toml`, then `IGNY8_*` in the environment.
//!
//! `config.default.toml` is both the built-in defaults and their documentation. A wrong key or value is refused with
//! its name and where it came from.

use std::path::{Path, PathBuf};
use std::time::Duration;

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::Deserialize;

use crate::ai::function;
use crate::features::billing::prices::Price;
use crate::features::sites::domains::DnsServer;

/// The built-in defaults with their documentation.
pub const DEFAULTS: &str = include_str!("../../config.default.toml");

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub data_dir: PathBuf,
    pub sites_dir: PathBuf,
    pub http: Http,
    pub database: Database,
    pub auth: Auth,
    pub limits: Limits,
    pub jobs: Jobs,
    pub billing: Billing,
    pub publishing: Publishing,
    pub linker: Linker,
    pub outgoing: Outgoing,
    pub domains: Domains,
    pub mail: Mail,
    pub log: Log,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub host: std::net::IpAddr,
    pub port: u16,
    pub public_url: String,
    pub max_body_bytes: usize,
    pub max_upload_bytes: usize,
    pub max_import_bytes: usize,
    pub cors_origins: Vec<String>,
    pub trusted_proxies: usize,
    pub shutdown_seconds: u64,
    pub metrics_public: bool,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: String,
    pub namespace: String,
    pub name: String,
    pub username: String,
    pub password: String,
    pub block_cache_bytes: u64,
    pub memtable_bytes: u64,
    pub query_seconds: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    pub open_registration: bool,
    pub reset_minutes: i64,
    pub invitation_days: i64,
    pub argon2_memory_kib: u32,
    pub argon2_passes: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub auth: u32,
    pub sensitive_auth: u32,
    pub ai: u32,
    pub images: u32,
    pub writes: u32,
    pub reads: u32,
    pub forms: u32,
    pub forms_of_site: u32,
    pub domain_asks: u32,
    pub api_key_factor: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    pub workers: usize,
    pub in_server: bool,
    pub keep_finished_days: i64,
    pub keep_deleted_days: i64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Billing {
    pub plans_file: PathBuf,
    pub prices: std::collections::BTreeMap<String, Price>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publishing {
    pub keep_releases: usize,
    pub folders: bool,
    pub render_threads: usize,
    pub remembered_pages: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linker {
    pub remembered_pages: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outgoing {
    pub allowed_hosts: Vec<igny8_outgoing::AllowedHost>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domains {
    pub dns_servers: Vec<DnsServer>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub smtp_host: String,
    pub smtp_port: u16,
    pub smtp_username: String,
    pub smtp_password: String,
    pub smtp_encryption: Encryption,
    pub from: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    Starttls,
    Tls,
    None,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

// Secrets stay out of logs that print a whole configuration.
impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database")
            .field("url", &self.url)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail")
            .field("smtp_host", &self.smtp_host)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{0}")]
    Wrong(Box<figment::Error>),
    #[error("{key}: {message}")]
    Invalid { key: &'static str, message: String },
    #[error("there is no configuration file {}", .0.display())]
    NoFile(PathBuf),
}

impl Config {
    /// Reads the configuration; `file` is `igny8.toml` in the current folder unless named.
    ///
    /// # Errors
    /// A key that does not exist, a value of the wrong type or out of bounds: the message names it and its source.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        if let Some(named) = file.filter(|f| !f.is_file()) {
            return Err(ConfigError::NoFile(named.to_owned()));
        }
        let config: Self = layers(file).extract().map_err(|e| ConfigError::Wrong(Box::new(e)))?;
        config.validate()?;
        Ok(config)
    }

    /// The built-in defaults alone.
    pub fn defaults() -> Self {
        Figment::from(Toml::string(DEFAULTS))
            .extract()
            .expect("a test keeps the built-in defaults valid")
    }

    fn validate(&self) -> Result<(), ConfigError> {
        let invalid = |key, message: &str| {
            Err(ConfigError::Invalid {
                key,
                message: message.to_owned(),
            })
        };
        if !self.http.public_url.is_empty() && url::Url::parse(&self.http.public_url).is_err() {
            return invalid(
                "http.public_url",
                "must be an absolute address such as https://cms.example.com",
            );
        }
        if self.auth.argon2_memory_kib < 8 || self.auth.argon2_passes < 1 {
            return invalid("auth.argon2_memory_kib", "argon2 needs at least 8 KiB and one pass");
        }
        if self.jobs.workers == 0 {
            return invalid("jobs.workers", "must be at least 1");
        }
        if self.publishing.keep_releases == 0 {
            return invalid(
                "publishing.keep_releases",
                "must be at least 1: the live release is one of them",
            );
        }
        if self.mail.from.parse::<lettre::message::Mailbox>().is_err() {
            return invalid(
                "mail.from",
                "must be a mail address such as `IGNY8 <no-reply@example.com>`",
            );
        }
        if let Some(unknown) = self.billing.prices.keys().find(|name| function::find(name).is_none()) {
            let known: Vec<&str> = function::all().iter().map(|function| function.name).collect();
            return invalid(
                "billing.prices",
                &format!("there is no function `{unknown}`; there are {}", known.join(", ")),
            );
        }
        let limits = &self.limits;
        if [
            limits.auth,
            limits.sensitive_auth,
            limits.ai,
            limits.images,
            limits.writes,
            limits.reads,
            limits.forms,
            limits.forms_of_site,
            limits.domain_asks,
        ]
        .contains(&0)
        {
            return invalid("limits", "every limit must be at least 1 a minute");
        }
        Ok(())
    }

    /// Where people reach this server, without a slash at the end.
    pub fn public_url(&self) -> String {
        if self.http.public_url.is_empty() {
            format!("http://localhost:{}", self.http.port)
        } else {
            self.http.public_url.trim_end_matches('/').to_owned()
        }
    }

    /// What the data layer needs to open the database.
    ///
    /// # Errors
    /// When the current folder is gone, so that no absolute path can be made.
    pub fn database_settings(&self) -> std::io::Result<igny8_data::Settings> {
        let url = if self.database.url == "surrealkv" {
            format!(
                "surrealkv://{}",
                std::path::absolute(self.data_dir.join("db"))?.display()
            )
        } else {
            self.database.url.clone()
        };
        Ok(igny8_data::Settings {
            url,
            username: self.database.username.clone(),
            password: self.database.password.clone(),
            namespace: self.database.namespace.clone(),
            database: self.database.name.clone(),
            block_cache_bytes: self.database.block_cache_bytes,
            memtable_bytes: self.database.memtable_bytes,
            query_timeout: Duration::from_secs(self.database.query_seconds),
            place: String::new(),
        })
    }
}

fn layers(file: Option<&Path>) -> Figment {
    let file = file.unwrap_or(Path::new("igny8.toml"));
    let defaults = Figment::from(Toml::string(DEFAULTS));
    // Without a name, the file is one that may be there.
    let with_file = if file.is_file() {
        defaults.merge(Toml::file_exact(file))
    } else {
        defaults
    };
    with_file
        // IGNY8_CONFIG names the file, it is not a key in it.
        .merge(Env::prefixed("IGNY8_").ignore(&["config"]).split("__"))
}

/// A setting that is not the built-in default.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Setting {
    pub key: String,
    /// As text; secrets are not shown.
    pub value: String,
    /// The file or the environment's variable it came from.
    pub source: String,
}

/// The settings that a file or the environment changed, by key.
pub fn changed(file: Option<&Path>) -> Vec<Setting> {
    let figment = layers(file);
    let mut settings = Vec::new();
    let Ok(all) = figment.extract::<figment::value::Dict>() else {
        return settings;
    };
    let sections = all.iter().flat_map(|(name, value)| match value.as_dict() {
        Some(section) => section
            .iter()
            .map(|(key, value)| (format!("{name}.{key}"), value))
            .collect(),
        None => vec![(name.clone(), value)],
    });
    for (key, value) in sections {
        let Some(metadata) = figment.get_metadata(value.tag()) else {
            continue;
        };
        let source = match &metadata.source {
            Some(figment::Source::File(path)) => path.display().to_string(),
            _ if metadata.name.contains("environment") => {
                format!("IGNY8_{}", key.replace('.', "__").to_uppercase())
            }
            _ => continue,
        };
        let secret = key.contains("password");
        let value = if secret { "(not shown)".to_owned() } else { shown(value) };
        settings.push(Setting { key, value, source });
    }
    settings
}

fn shown(value: &figment::value::Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        Config::defaults().validate().unwrap();
    }

    #[test]
    fn a_wrong_key_or_value_names_itself() {
        for (text, named) in [
            ("[http]\nprot = 1", "prot"),
            ("[http]\nport = \"many\"", "http.port"),
            ("[log]\nformat = \"xml\"", "log.format"),
            ("colour = 1", "colour"),
            ("[outgoing]\nallowed_hosts = [\"http://x\"]", "outgoing.allowed_hosts"),
        ] {
            let figment = Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(text));
            let message = figment.extract::<Config>().unwrap_err().to_string();
            assert!(message.contains(named), "{message}");
        }
    }
}
