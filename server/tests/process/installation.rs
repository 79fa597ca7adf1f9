//! An installation in a temporary folder, and its server as a child process.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use igny8_data::{AccountId, Clock, Db, Ids, SessionId, UserId, Variables, Why, tokens::Keys};
use igny8_server::config::Config;
use reqwest::StatusCode;
use serde_json::{Value, json};

pub struct Installation {
    pub folder: tempfile::TempDir,
    pub port: u16,
    pub token: String,
    /// Settings of its processes besides the usual ones.
    pub env: Vec<(String, String)>,
    /// A database server and a database of its own there; else the database is in the folder.
    remote: Option<(String, String)>,
}

impl Installation {
    /// An account with a logged-in owner and a site `blog` of some pages; no server runs yet.
    pub async fn new(pages: usize) -> Self {
        Self::with(pages, None).await
    }

    /// [`Installation::new`] on a database server (its root's password is `root`).
    pub async fn remote(pages: usize, url: String) -> Self {
        let database = format!("test_{:032x}", rand::random::<u128>());
        Self::with(pages, Some((url, database))).await
    }

    async fn with(pages: usize, remote: Option<(String, String)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // Plans bound nothing here.
        let plans = "[[plans]]\nslug = 'all'\nname = 'All'\nmonthly_credits = 100000\nlimits = { sectors = 100 }\n";
        std::fs::write(folder.path().join("plans.toml"), plans).unwrap();
        let mut this = Self {
            folder,
            port,
            token: String::new(),
            env: Vec::new(),
            remote,
        };
        if let Some((url, database)) = &this.remote {
            let pairs = [
                ("URL", url),
                ("NAME", database),
                ("USERNAME", &"root".into()),
                ("PASSWORD", &"root".into()),
            ];
            this.env = pairs
                .map(|(name, value)| (format!("IGNY8_DATABASE__{name}"), value.clone()))
                .to_vec();
        }
        this.user("owner@example.com");
        this.write_pages(pages, 0);
        let content = this.folder.path().join("folder").display().to_string();
        succeed(this.command(&["import", &content, "--site", "blog", "--create"]), b"");
        this.token = this.login("owner@example.com").await;
        this
    }

    /// Makes a user, and an account for it.
    fn user(&self, email: &str) {
        let made = self.command(&["user", "create", email, "--name", "Owner", "--password-stdin"]);
        succeed(made, b"correct horse battery\n");
    }

    /// Another account: a token of its owner. No server may run.
    pub async fn another(&self, email: &str) -> String {
        self.user(email);
        self.login(email).await
    }

    /// Markdown files whose text names the version.
    pub fn write_pages(&self, pages: usize, version: usize) {
        let blog = self.folder.path().join("folder/content/blog");
        std::fs::create_dir_all(&blog).unwrap();
        for n in 0..pages {
            let text = format!(
                "+++\ntitle = \"Page {n}\"\ndate = 2026-01-01\ntags = [\"tag-{}\"]\n+++\n\nversion-{version}-of-{n}. {}\n",
                n % 7,
                "Some more words for this page. ".repeat(40)
            );
            std::fs::write(blog.join(format!("page-{n}.md")), text).unwrap();
        }
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_igny8"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env("IGNY8_HTTP__PORT", self.port.to_string())
            .env("IGNY8_BILLING__PLANS_FILE", self.folder.path().join("plans.toml"))
            .env("IGNY8_LIMITS__WRITES", "1000000")
            .env("IGNY8_LIMITS__READS", "1000000")
            .env("IGNY8_LIMITS__AI", "1000000")
            // For the tests, not for the program, which refuses settings that it does not know.
            .env_remove("IGNY8_CRASH_ROUNDS")
            .env("IGNY8_LOG__LEVEL", "error")
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts the server and waits until it answers. Says how long that took.
    pub async fn serve(&self) -> (Server, Duration) {
        self.serve_with(&[]).await
    }

    /// [`Installation::serve`] with more arguments.
    pub async fn serve_with(&self, args: &[&str]) -> (Server, Duration) {
        let begun = Instant::now();
        let mut command = self.command(&[&["serve"], args].concat());
        let server = Server {
            child: Mutex::new(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()),
            base: format!("http://127.0.0.1:{}", self.port),
            token: self.token.clone(),
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(60))
                .build()
                .unwrap(),
        };
        loop {
            if server
                .http
                .get(format!("{}/api/schema.json", server.base))
                .send()
                .await
                .is_ok()
            {
                return (server, begun.elapsed());
            }
            assert!(
                server.child.lock().unwrap().try_wait().unwrap().is_none(),
                "the server ended by itself"
            );
            assert!(begun.elapsed() < Duration::from_secs(60), "the server does not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Starts a worker, with a data folder of its own if named, as on another machine of the installation.
    pub fn worker(&self, data: Option<&str>) -> Worker {
        let mut command = self.command(&["worker"]);
        if let Some(data) = data {
            let folder = self.folder.path().join(data);
            std::fs::create_dir_all(&folder).unwrap();
            let key = folder.join("secret.key");
            if !key.exists() {
                std::fs::copy(self.folder.path().join("data/secret.key"), key).unwrap();
            }
            command.env("IGNY8_DATA_DIR", &folder);
        }
        Worker(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// A session of a user, entered into the stopped installation's database.
    async fn login(&self, email: &str) -> String {
        let mut config = Config::defaults();
        config.data_dir = self.folder.path().join("data");
        config.http.port = self.port;
        if let Some((url, database)) = &self.remote {
            (config.database.url, config.database.name) = (url.clone(), database.clone());
            (config.database.username, config.database.password) = ("root".into(), "root".into());
        }
        let secret = igny8_server::secrets::installation_secret(&config.data_dir).unwrap();
        let keys = Keys::derive(&secret, &config.public_url());
        let clock = Clock::system();
        let settings = config.database_settings().unwrap();
        let db = Db::open(&settings, clock.clone(), Ids::random(clock), keys)
            .await
            .unwrap();
        let sql =
            "SELECT VALUE id FROM user WHERE email = $email; SELECT VALUE account FROM user WHERE email = $email;";
        let rows = db.platform(Why::Operator);
        let mut binds = Variables::new();
        binds.insert("email", email.to_owned());
        let mut answer = rows.query(sql, binds, "testing").await.unwrap();
        let user: UserId = answer.rows(0).unwrap()[0];
        let account: AccountId = answer.rows(1).unwrap()[0];
        let session: SessionId = db.ids().make();
        let now = db.clock().now();
        let mut binds = Variables::new();
        binds.insert("id", session);
        binds.insert("account", account);
        binds.insert("user", user);
        binds.insert("now", now);
        binds.insert("ends", now + chrono::Duration::days(7));
        let sql = "CREATE $id CONTENT { account: $account, user: $user, generation: 0, rotated_at: $now, expires_at: $ends, \
                   rev: 1, created_at: $now }";
        rows.query(sql, binds, "testing").await.unwrap();
        let (token, _) = db.keys().sign_access(user, session, now);
        db.close().await.unwrap();
        token
    }

    pub fn site_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("sites-data/blog")
    }
}

/// A running worker; killed when dropped.
pub struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running server; killed when dropped.
pub struct Server {
    child: Mutex<Child>,
    pub base: String,
    token: String,
    http: reqwest::Client,
}

impl Server {
    /// A request with JSON; `None` when the connection broke.
    pub async fn send(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> Option<(StatusCode, Value)> {
        self.send_as(&self.token, method, path, body).await
    }

    /// [`Server::send`] as somebody else.
    pub async fn send_as(
        &self,
        token: &str,
        method: reqwest::Method,
        path: &str,
        body: Option<Value>,
    ) -> Option<(StatusCode, Value)> {
        let mut request = self
            .http
            .request(method, format!("{}/api/v1{path}", self.base))
            .bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.ok()?;
        let status = answer.status();
        Some((status, answer.json().await.ok()?))
    }

    /// Appends to the text of a piece of content, whatever its revision; `None` when the server does not answer any more.
    pub async fn append(&self, site: &str, content: &str, text: &str) -> Option<StatusCode> {
        let address = format!("{}/api/v1/sites/{site}/content/{content}", self.base);
        let read = self.http.get(&address).bearer_auth(&self.token).send().await.ok()?;
        let etag = read.headers().get("etag")?.clone();
        let row: Value = read.json().await.ok()?;
        let body = format!("{}\n\n{text}\n", row["body"].as_str()?);
        let request = self
            .http
            .patch(&address)
            .bearer_auth(&self.token)
            .header("if-match", etag);
        Some(
            request
                .json(&serde_json::json!({ "body": body }))
                .send()
                .await
                .ok()?
                .status(),
        )
    }

    /// Uploads a file.
    pub async fn upload(
        &self,
        token: &str,
        path: &str,
        name: &'static str,
        text: String,
    ) -> Option<(StatusCode, Value)> {
        let part = reqwest::multipart::Part::text(text).file_name(name);
        let form = reqwest::multipart::Form::new().part("file", part);
        let request = self.http.post(format!("{}/api/v1{path}", self.base)).bearer_auth(token);
        let answer = request.multipart(form).send().await.ok()?;
        let status = answer.status();
        Some((status, answer.json().await.ok()?))
    }

    /// A page as a visitor gets it.
    pub async fn visit(&self, path: &str) -> (StatusCode, String) {
        let answer = self
            .http
            .get(format!("{}/sites/blog{path}", self.base))
            .send()
            .await
            .unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// `kill -9`.
    pub fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub async fn deploy_and_wait(&self, site: &str) -> Value {
        let path = format!("/sites/{site}/deployments");
        let (status, asked) = self
            .send(reqwest::Method::POST, &path, Some(json!({ "force": true })))
            .await
            .expect("an answer");
        assert_eq!(status, 202, "{asked}");
        let path = format!("{path}/{}", asked["id"].as_str().unwrap());
        let begun = Instant::now();
        loop {
            let (_, now) = self.send(reqwest::Method::GET, &path, None).await.expect("an answer");
            if !matches!(now["status"].as_str(), Some("pending" | "deploying")) {
                return now;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(120),
                "the deployment does not end: {now}"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(child) = self.child.get_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Runs a command to its end.
pub fn succeed(mut command: Command, input: &[u8]) -> String {
    use std::io::Write as _;
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// Names in a folder, sorted; empty when there is none.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
