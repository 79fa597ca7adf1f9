//! A world for tests: the real router over a real database in memory, two accounts with two sites each, a clock to turn.
//!
//! Always two accounts, so that every test has somebody to leak to.

pub mod fake_provider;

use igny8_data::{AccountId, Clock, Db, Role, SessionId, SiteId, UserId, Variables, Why};
use poem::Response;
use poem::endpoint::BoxEndpoint;
use poem::http::{Method, StatusCode};
use poem::test::{TestClient, TestRequestBuilder};
use serde_json::{Value, json};

use crate::app::{App, make_sites_dir};
use crate::config::Config;

/// Everything a test needs. Folders vanish with it.
pub struct World {
    pub app: App,
    pub http: TestClient<BoxEndpoint<'static, Response>>,
    pub clock: Clock,
    pub a: Tenant,
    pub b: Tenant,
    pub folder: tempfile::TempDir,
}

/// One account with a member of each role and two sites; editor and viewer are granted the first site only.
pub struct Tenant {
    pub account: AccountId,
    pub sites: [SiteId; 2],
    pub owner: Member,
    pub admin: Member,
    pub editor: Member,
    pub viewer: Member,
}

#[derive(Clone)]
pub struct Member {
    pub id: UserId,
    pub email: String,
    /// An access token; ends 15 minutes of the world's clock after the start.
    pub token: String,
}

/// The password of every member of a world.
pub const PASSWORD: &str = "correct horse battery";

static FUNCTIONS: std::sync::Mutex<Vec<&'static crate::ai::Function>> = std::sync::Mutex::new(Vec::new());

/// Lets worlds have an AI function that the program does not have.
///
/// # Panics
/// When another test did, at the same time; tests only.
pub fn add_function<F: crate::ai::AiFunction>() {
    let function = Box::leak(Box::new(crate::ai::Function::of::<F>()));
    FUNCTIONS.lock().expect("no test panicked here").push(function);
}

pub(crate) fn function(name: &str) -> Option<&'static crate::ai::Function> {
    let added = FUNCTIONS.lock().ok()?;
    added.iter().copied().find(|function| function.name == name)
}

impl World {
    /// A world at 2026-01-01T00:00:00Z.
    ///
    /// # Panics
    /// When the world cannot be made; tests only.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A world with a changed configuration.
    ///
    /// # Panics
    /// As [`World::new`].
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        // Captured by the test runner and shown with a failure.
        let _ = tracing_subscriber::fmt()
            .with_test_writer()
            .with_max_level(tracing::Level::WARN)
            .try_init();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut config = Config::defaults();
        config.data_dir = folder.path().join("data");
        config.sites_dir = folder.path().join("sites");
        config.database.url = "mem://".into();
        // `make test-remote`: the same tests over the network, each in a database of its own.
        if let Ok(url) = std::env::var("TEST_DATABASE_URL") {
            config.database.url = url;
            config.database.username = "root".into();
            config.database.password = "root".into();
            config.database.name = format!("test_{:032x}", rand::random::<u128>());
        }
        // Nothing listens there: no test asks a real DNS.
        config.domains.dns_servers = vec!["127.0.0.1:1".parse().expect("an address")];
        // Small hashes and wide limits: tests of these set their own.
        config.auth.argon2_memory_kib = 8;
        config.auth.argon2_passes = 1;
        for limit in [
            &mut config.limits.auth,
            &mut config.limits.sensitive_auth,
            &mut config.limits.writes,
            &mut config.limits.reads,
            &mut config.limits.ai,
            &mut config.limits.forms,
            &mut config.limits.forms_of_site,
            &mut config.limits.domain_asks,
        ] {
            *limit = 100_000;
        }
        change(&mut config);
        let clock = Clock::manual("2026-01-01T00:00:00Z");
        make_sites_dir(&config).expect("a folder for sites");
        let app = App::start(config, clock.clone()).await.expect("the application starts");
        let a = Tenant::make(&app, "a").await;
        let b = Tenant::make(&app, "b").await;
        let http = TestClient::new(crate::api::routes(&app));
        Self {
            app,
            http,
            clock,
            a,
            b,
            folder,
        }
    }

    /// A request as a member; send it with `.send().await`.
    pub fn request(
        &self,
        member: &Member,
        method: Method,
        path: &str,
    ) -> TestRequestBuilder<'_, BoxEndpoint<'static, Response>> {
        self.http
            .request(method, format!("/api/v1{path}"))
            .header("authorization", format!("Bearer {}", member.token))
    }

    /// Runs the jobs that are due, and those they queue, one after the other; answers how many. The world has no worker of
    /// its own.
    ///
    /// # Panics
    /// When the database fails; tests only.
    pub async fn run_jobs(&self) -> usize {
        let stop = tokio_util::sync::CancellationToken::new();
        let mut count = 0;
        while let Some((job, lease)) = crate::jobs::worker::claim(&self.app).await.expect("the queue") {
            crate::jobs::worker::run_one(&self.app, job, lease, &stop).await;
            count += 1;
        }
        count
    }

    /// Jobs that were claimed are left, as by a process that was killed: an embedded database frees them with its next start,
    /// another one when their leases end.
    ///
    /// # Panics
    /// When the database fails; tests only.
    pub async fn leave_jobs(&self) {
        self.app.db.release_left_jobs().await.expect("the queue");
        if self.app.db.is_remote() {
            self.clock
                .advance(igny8_data::queue::LEASE + chrono::Duration::seconds(1));
        }
    }

    /// The member with a new session.
    ///
    /// # Panics
    /// When they may not log in; tests only.
    pub async fn logged_in(&self, member: &Member) -> Member {
        let body = json!({ "email": member.email, "password": PASSWORD });
        let (status, answer) = body_of(self.http.post("/api/v1/auth/login").body_json(&body).send().await).await;
        let token = answer["tokens"]["access_token"].as_str();
        Member {
            token: token.unwrap_or_else(|| panic!("{status}: {answer}")).to_owned(),
            ..member.clone()
        }
    }

    /// Lets time pass, which no token outlives, and everybody of the first account log in again.
    pub async fn later(&mut self, by: chrono::Duration) {
        self.clock.advance(by);
        self.a.owner = self.logged_in(&self.a.owner).await;
        self.a.admin = self.logged_in(&self.a.admin).await;
        self.a.editor = self.logged_in(&self.a.editor).await;
        self.a.viewer = self.logged_in(&self.a.viewer).await;
    }

    /// Gives a site a domain by the operator's word; its revision rises by one.
    ///
    /// # Panics
    /// When another site has it; tests only.
    pub async fn give_domain(&self, tenant: &Tenant, site: SiteId, name: &str) {
        crate::features::sites::domains::claim_as_operator(&self.app, tenant.account, site, name)
            .await
            .expect("a domain that nobody has");
    }

    /// GET as a member: status and body.
    pub async fn get(&self, member: &Member, path: &str) -> (StatusCode, Value) {
        body_of(self.request(member, Method::GET, path).send().await).await
    }

    /// POST of JSON as a member: status and body.
    pub async fn post(&self, member: &Member, path: &str, body: Value) -> (StatusCode, Value) {
        body_of(self.request(member, Method::POST, path).body_json(&body).send().await).await
    }

    /// PATCH of JSON for a revision, as a member: status and body.
    pub async fn patch(&self, member: &Member, path: &str, rev: i64, body: Value) -> (StatusCode, Value) {
        let request = self
            .request(member, Method::PATCH, path)
            .header("if-match", format!("\"{rev}\""));
        body_of(request.body_json(&body).send().await).await
    }

    /// DELETE of a revision as a member: status and body.
    pub async fn delete(&self, member: &Member, path: &str, rev: i64) -> (StatusCode, Value) {
        let request = self
            .request(member, Method::DELETE, path)
            .header("if-match", format!("\"{rev}\""));
        body_of(request.send().await).await
    }
}

/// Status and JSON body of an answer: null when there is none, the text when it is not JSON.
pub async fn body_of(answer: poem::test::TestResponse) -> (StatusCode, Value) {
    let status = answer.0.status();
    let text = answer.0.into_body().into_string().await.unwrap_or_default();
    let body = serde_json::from_str(&text).unwrap_or_else(|_| match text.is_empty() {
        true => Value::Null,
        false => Value::String(text),
    });
    (status, body)
}

impl Tenant {
    async fn make(app: &App, name: &str) -> Self {
        let db = &app.db;
        let account: AccountId = db.ids().make();
        let sites: [SiteId; 2] = [db.ids().make(), db.ids().make()];
        insert(
            db,
            account,
            json!({ "name": format!("Account {name}"), "status": "active", "plan": "growth" }),
        )
        .await;
        let mut tx = db.platform(Why::Operator).tx(account, None);
        crate::features::billing::open(&mut tx, app, account, app.plans.first());
        tx.commit().await.expect("credits");
        for (n, site) in sites.iter().enumerate() {
            insert_with(
                db,
                *site,
                account,
                json!({
                    "name": format!("Site {name}{n}"), "slug": format!("site-{name}{n}"), "description": "", "site_type": "blog",
                    "hosting": "igny8", "language": "en", "languages": [], "time_zone": "UTC", "per_page": 20, "indexable": true,
                    "theme": "ember", "theme_options": {}, "organisation": {}, "menus": {}, "sections": [], "redirects": [],
                }),
            )
            .await;
        }
        let mut members = Vec::new();
        for role in [Role::Owner, Role::Admin, Role::Editor, Role::Viewer] {
            members.push(Member::make(app, account, role, name).await);
        }
        for member in &members[2..] {
            let mut binds = Variables::new();
            binds.insert("key", igny8_data::grant::access_key(member.id, sites[0]));
            binds.insert("account", account);
            binds.insert("user", member.id);
            binds.insert("site", sites[0]);
            binds.insert("now", db.clock().now());
            let sql = "CREATE type::record('site_access', $key) CONTENT { account: $account, user: $user, site: $site, created_at: $now }";
            db.platform(Why::Operator)
                .query(sql, binds, "making a world")
                .await
                .expect("a grant");
        }
        let mut members = members.into_iter();
        let mut next = || members.next().expect("four members were made");
        Self {
            account,
            sites,
            owner: next(),
            admin: next(),
            editor: next(),
            viewer: next(),
        }
    }
}

impl Member {
    /// Adds a member of an account with a session of their own.
    ///
    /// # Panics
    /// When the database refuses; tests only.
    pub async fn make(app: &App, account: AccountId, role: Role, name: &str) -> Self {
        let db = &app.db;
        let id: UserId = db.ids().make();
        let email = format!("{}@{name}.example", role.name());
        let hash = crate::features::accounts::passwords::hash(&app.config.auth, PASSWORD.into()).await;
        let hash = hash.unwrap_or_else(|_| panic!("a hash"));
        insert_with(
            db,
            id,
            account,
            json!({ "email": email, "email_key": email, "name": role.name(), "password_hash": hash, "role": role.name(), "disabled": false }),
        )
        .await;
        let session: SessionId = db.ids().make();
        let now = db.clock().now();
        let mut binds = Variables::new();
        binds.insert("id", session);
        binds.insert("account", account);
        binds.insert("user", id);
        binds.insert("now", now);
        binds.insert("ends", now + chrono::Duration::days(7));
        let sql = "CREATE $id CONTENT { account: $account, user: $user, generation: 0, rotated_at: $now, expires_at: $ends, \
                   rev: 1, created_at: $now }";
        db.platform(Why::Operator)
            .query(sql, binds, "making a world")
            .await
            .expect("a session");
        let (token, _) = db.keys().sign_access(id, session, now);
        Self { id, email, token }
    }
}

async fn insert<K: igny8_data::RecordKey + igny8_data::SurrealValue>(db: &Db, id: K, row: Value) {
    let mut binds = Variables::new();
    binds.insert("id", id);
    binds.insert("row", row);
    binds.insert("now", db.clock().now());
    let sql = "CREATE $id CONTENT object::extend($row, { rev: 1, created_at: $now, updated_at: $now })";
    db.platform(Why::Operator)
        .query(sql, binds, "making a world")
        .await
        .expect("a row");
}

async fn insert_with<K: igny8_data::RecordKey + igny8_data::SurrealValue>(
    db: &Db,
    id: K,
    account: AccountId,
    row: Value,
) {
    let mut binds = Variables::new();
    binds.insert("id", id);
    binds.insert("row", row);
    binds.insert("account", account);
    binds.insert("now", db.clock().now());
    let sql =
        "CREATE $id CONTENT object::extend($row, { account: $account, rev: 1, created_at: $now, updated_at: $now })";
    db.platform(Why::Operator)
        .query(sql, binds, "making a world")
        .await
        .expect("a row");
}
