//! `App`: the handles that everything shares. Made once, cheap to clone.

use std::os::unix::fs::DirBuilderExt as _;
use std::sync::Arc;

use igny8_data::{Clock, Db, Ids, Migration};

use crate::config::Config;
use crate::features::billing::plans::{Plans, PlansError};
use crate::installation;

/// Schema files in the order they apply: numbered, forward-only, never changed once released. None rewrites the rows of a table that
/// grows with content: that is one transaction, which an embedded database keeps in memory as a whole.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "accounts",
        sql: include_str!("../schema/0001_accounts.surql"),
    },
    Migration {
        number: 2,
        name: "sites",
        sql: include_str!("../schema/0002_sites.surql"),
    },
    Migration {
        number: 3,
        name: "taxonomy",
        sql: include_str!("../schema/0003_taxonomy.surql"),
    },
    Migration {
        number: 4,
        name: "planner",
        sql: include_str!("../schema/0004_planner.surql"),
    },
    Migration {
        number: 5,
        name: "content",
        sql: include_str!("../schema/0005_content.surql"),
    },
    Migration {
        number: 6,
        name: "media",
        sql: include_str!("../schema/0006_media.surql"),
    },
    Migration {
        number: 7,
        name: "publishing",
        sql: include_str!("../schema/0007_publishing.surql"),
    },
    Migration {
        number: 8,
        name: "billing",
        sql: include_str!("../schema/0008_billing.surql"),
    },
    Migration {
        number: 9,
        name: "folders",
        sql: include_str!("../schema/0009_folders.surql"),
    },
    Migration {
        number: 10,
        name: "integrations",
        sql: include_str!("../schema/0010_integrations.surql"),
    },
    Migration {
        number: 11,
        name: "ai",
        sql: include_str!("../schema/0011_ai.surql"),
    },
    Migration {
        number: 12,
        name: "keyword_import",
        sql: include_str!("../schema/0012_keyword_import.surql"),
    },
    Migration {
        number: 13,
        name: "ideas",
        sql: include_str!("../schema/0013_ideas.surql"),
    },
    Migration {
        number: 14,
        name: "jobs",
        sql: include_str!("../schema/0014_jobs.surql"),
    },
    Migration {
        number: 15,
        name: "keyword_fields",
        sql: include_str!("../schema/0015_keyword_fields.surql"),
    },
    Migration {
        number: 16,
        name: "job_indexes",
        sql: include_str!("../schema/0016_job_indexes.surql"),
    },
    Migration {
        number: 17,
        name: "job_leases",
        sql: include_str!("../schema/0017_job_leases.surql"),
    },
    Migration {
        number: 18,
        name: "ai_answers",
        sql: include_str!("../schema/0018_ai_answers.surql"),
    },
    Migration {
        number: 19,
        name: "content_blocks",
        sql: include_str!("../schema/0019_content_blocks.surql"),
    },
    Migration {
        number: 20,
        name: "term_updates",
        sql: include_str!("../schema/0020_term_updates.surql"),
    },
    Migration {
        number: 21,
        name: "editorial",
        sql: include_str!("../schema/0021_editorial.surql"),
    },
    Migration {
        number: 22,
        name: "optimizer",
        sql: include_str!("../schema/0022_optimizer.surql"),
    },
    Migration {
        number: 23,
        name: "links",
        sql: include_str!("../schema/0023_links.surql"),
    },
    Migration {
        number: 24,
        name: "generated",
        sql: include_str!("../schema/0024_generated.surql"),
    },
    Migration {
        number: 25,
        name: "images",
        sql: include_str!("../schema/0025_images.surql"),
    },
    Migration {
        number: 26,
        name: "term_aliases",
        sql: include_str!("../schema/0026_term_aliases.surql"),
    },
    Migration {
        number: 27,
        name: "score_followups",
        sql: include_str!("../schema/0027_score_followups.surql"),
    },
    Migration {
        number: 28,
        name: "dotted_i",
        sql: include_str!("../schema/0028_dotted_i.surql"),
    },
    Migration {
        number: 29,
        name: "term_texts",
        sql: include_str!("../schema/0029_term_texts.surql"),
    },
    Migration {
        number: 30,
        name: "forms",
        sql: include_str!("../schema/0030_forms.surql"),
    },
    Migration {
        number: 32,
        name: "site_blueprints",
        sql: include_str!("../schema/0032_site_blueprints.surql"),
    },
    Migration {
        number: 34,
        name: "due_jobs_vectors",
        sql: include_str!("../schema/0034_due_jobs_vectors.surql"),
    },
    Migration {
        number: 35,
        name: "editorial_flow",
        sql: include_str!("../schema/0035_editorial_flow.surql"),
    },
    Migration {
        number: 37,
        name: "destinations",
        sql: include_str!("../schema/0037_destinations.surql"),
    },
    Migration {
        number: 38,
        name: "webhooks",
        sql: include_str!("../schema/0038_webhooks.surql"),
    },
    Migration {
        number: 39,
        name: "destination_kinds",
        sql: include_str!("../schema/0039_destination_kinds.surql"),
    },
    Migration {
        number: 40,
        name: "domains",
        sql: include_str!("../schema/0040_domains.surql"),
    },
    Migration {
        number: 41,
        name: "publication_paths",
        sql: include_str!("../schema/0041_publication_paths.surql"),
    },
    Migration {
        number: 42,
        name: "custom_taxonomies",
        sql: include_str!("../schema/0042_custom_taxonomies.surql"),
    },
    Migration {
        number: 43,
        name: "destination_pause",
        sql: include_str!("../schema/0043_destination_pause.surql"),
    },
    Migration {
        number: 44,
        name: "publication_writing",
        sql: include_str!("../schema/0044_publication_writing.surql"),
    },
    Migration {
        number: 45,
        name: "term_addresses",
        sql: include_str!("../schema/0045_term_addresses.surql"),
    },
];

/// What handlers, jobs and commands work with.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

pub struct Inner {
    pub config: Config,
    pub db: Db,
    pub metrics: crate::metrics::Metrics,
    /// Cancelled when the process begins to stop: no new work, not ready.
    pub stop: tokio_util::sync::CancellationToken,
    pub visitors: crate::visitors::Hosts,
    pub previews: crate::visitors::preview::Previews,
    pub limits: crate::api::rate_limit::RateLimits,
    pub renders: crate::features::publishing::Renders,
    pub plans: Plans,
    pub outgoing: igny8_outgoing::Outgoing,
    pub prover: crate::features::sites::domains::Prover,
    pub blocking: crate::ai::Blocking,
    /// For scoring texts, which people wait for: apart from the long algorithms of `blocking`.
    pub scoring: crate::ai::Blocking,
    pub graphs: crate::ai::Graphs,
    pub linkers: crate::features::linker::Linkers,
    pub searches: crate::features::content::search::Searches,
    pub followers: crate::jobs::Followers,
    /// Its name; see [`installation`].
    pub installation: String,
}

impl std::ops::Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.inner
    }
}

/// Why the application could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{what}: {source}")]
    Io { what: String, source: std::io::Error },
    #[error("billing.plans_file: {0}")]
    Plans(#[from] PlansError),
    #[error("starting metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    #[error(transparent)]
    Db(#[from] igny8_data::DbError),
    #[error(transparent)]
    Migrate(#[from] igny8_data::MigrateError),
    #[error(transparent)]
    SitesDir(#[from] installation::ClaimError),
}

impl StartError {
    /// Another configuration is needed.
    pub fn is_configuration(&self) -> bool {
        matches!(self, Self::SitesDir(installation::ClaimError::Foreign(_)))
    }
}

/// Makes the folder of the sites, for what serves and writes them, and sees to it that no other installation has it.
///
/// # Errors
/// When it cannot be made, or is another installation's.
pub fn make_sites_dir(config: &Config) -> Result<(), StartError> {
    let made = std::fs::create_dir_all(&config.sites_dir);
    made.map_err(io(&format!("making sites_dir ({})", config.sites_dir.display())))?;
    installation::claim(&config.sites_dir, &installation::name(&secret(config)?))?;
    Ok(())
}

/// The secret of the installation, which its first start makes.
fn secret(config: &Config) -> Result<[u8; 32], StartError> {
    if let Some(parent) = config.data_dir.parent() {
        std::fs::create_dir_all(parent).map_err(io("making the folder of data_dir"))?;
    }
    // It holds everything of everybody.
    let mut made = std::fs::DirBuilder::new();
    let made = made.recursive(true).mode(0o700).create(&config.data_dir);
    made.map_err(io("making data_dir"))?;
    crate::secrets::installation_secret(&config.data_dir).map_err(io("reading the key file"))
}

fn io(what: &str) -> impl FnOnce(std::io::Error) -> StartError + use<> {
    let what = what.to_owned();
    move |source| StartError::Io { what, source }
}

impl App {
    /// Opens the database, brings its schema up to date and gathers the handles.
    ///
    /// # Errors
    /// When a folder cannot be made, the database cannot be opened or is newer than the program.
    pub async fn start(config: Config, clock: Clock) -> Result<Self, StartError> {
        let secret = secret(&config)?;
        let plans = match config.billing.plans_file.as_os_str().is_empty() {
            true => Plans::builtin(),
            false => Plans::read(&config.billing.plans_file)?,
        };
        let keys = igny8_data::tokens::Keys::derive(&secret, &config.public_url());
        let mut settings = config.database_settings().map_err(io("finding the database folder"))?;
        settings.place = crate::jobs::place::of(&config.data_dir).map_err(io("naming data_dir"))?;
        let allowed = &config.outgoing.allowed_hosts;
        let outgoing = igny8_outgoing::Outgoing::new(allowed);
        let db = Db::open(&settings, clock.clone(), Ids::random(clock), keys).await?;
        db.migrate(MIGRATIONS).await?;
        Ok(Self {
            inner: Arc::new(Inner {
                metrics: crate::metrics::Metrics::new()?,
                stop: Default::default(),
                visitors: Default::default(),
                previews: Default::default(),
                limits: crate::api::rate_limit::RateLimits::new(&config.limits),
                renders: crate::features::publishing::Renders::new(&config),
                plans,
                prover: crate::features::sites::domains::Prover::new(&config.domains.dns_servers, allowed, &outgoing),
                outgoing,
                blocking: Default::default(),
                scoring: Default::default(),
                graphs: Default::default(),
                linkers: crate::features::linker::Linkers::new(&config),
                searches: crate::features::content::search::Searches::new(&config),
                followers: Default::default(),
                installation: installation::name(&secret),
                config,
                db,
            }),
        })
    }
}
