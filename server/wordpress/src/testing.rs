//! A real WordPress on loopback, started when first asked for (`tests/wordpress/run`). Each test has a site of its own.
//!
//! ```ignore
//! let site = RealWordPress::new("links_of_posts");
//! site.faults("status 503 1\nlost 500");
//! let id = site.php("echo wp_insert_post(['post_title' => 'Hello', 'post_status' => 'publish']);");
//! ```

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use igny8_outgoing::Outgoing;

use crate::{ApiRoot, Credentials, WordPress};

/// A site of a WordPress that runs.
#[derive(Debug, Clone)]
pub struct RealWordPress {
    /// Ends with a slash.
    pub url: String,
    name: String,
    files: PathBuf,
    passwords: BTreeMap<String, String>,
}

impl RealWordPress {
    /// An empty site; `name` (of `a-z`, `0-9`, `_`) is the test's own, and the site that had it before is gone.
    ///
    /// # Panics
    /// When it cannot be had; tests only.
    pub fn new(name: &str) -> Self {
        Self::with(name, &[])
    }

    /// As [`RealWordPress::new`], with plugins by their files, such as `igny8/igny8.php`.
    ///
    /// # Panics
    /// When it cannot be had; tests only.
    pub fn with(name: &str, plugins: &[&str]) -> Self {
        let output = script()
            .arg("new")
            .arg(name)
            .args(plugins)
            .output()
            .expect("tests/wordpress/run is there");
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "no WordPress: {told}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let mut values: BTreeMap<String, String> = told
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| {
                (
                    name.trim_start_matches("WORDPRESS_").to_ascii_lowercase(),
                    value.to_owned(),
                )
            })
            .collect();
        Self {
            url: values.remove("url").expect("its address"),
            files: values.remove("files").expect("its folder").into(),
            name: name.to_owned(),
            passwords: values,
        }
    }

    /// The application password of `admin`, `editor` or `subscriber`.
    ///
    /// # Panics
    /// For other users; tests only.
    pub fn password(&self, user: &str) -> &str {
        &self.passwords[user]
    }

    /// Host and port, as `outgoing.allowed_hosts` names them.
    pub fn host(&self) -> &str {
        self.url
            .trim_start_matches("http://")
            .split('/')
            .next()
            .expect("a host")
    }

    /// A client that may call it and nothing else private.
    ///
    /// # Panics
    /// Never: its host is one.
    pub fn outgoing(&self) -> Outgoing {
        Outgoing::new(&[self.host().parse().expect("a host")])
    }

    /// A client for one of its users.
    ///
    /// # Panics
    /// For other users than those of [`RealWordPress::password`]; tests only.
    pub fn client(&self, user: &str) -> WordPress {
        let root: ApiRoot = format!("{}wp-json/", self.url).parse().expect("an address");
        let credentials = Credentials::new(user, self.password(user));
        WordPress::new(self.outgoing(), root, &credentials).expect("credentials")
    }

    /// Runs PHP inside the site, as its administrator; answers what it prints.
    ///
    /// # Panics
    /// When it fails; tests only.
    pub fn php(&self, code: &str) -> String {
        let mut running = script()
            .args(["php", &self.name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("tests/wordpress/run is there");
        running
            .stdin
            .take()
            .expect("it is piped")
            .write_all(code.as_bytes())
            .expect("it reads");
        let output = running.wait_with_output().expect("it ends");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{told}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        told
    }

    /// Lets the next requests to its REST API fail, one for each line (`tests/wordpress/router.php` says how); empty for none.
    ///
    /// # Panics
    /// When the file cannot be written; tests only.
    pub fn faults(&self, lines: &str) {
        std::fs::write(self.files.join("faults"), lines).expect("its folder is there");
    }

    /// What was asked of its REST API since the last call, `METHOD /path` each.
    pub fn requests(&self) -> Vec<String> {
        let file = self.files.join("requests.log");
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let _ = std::fs::remove_file(&file);
        text.lines().map(str::to_owned).collect()
    }

    /// How many of these requests were meant to change something.
    pub fn writes(&self) -> usize {
        let requests = self.requests();
        requests
            .iter()
            .filter(|line| !line.starts_with("GET ") && !line.starts_with("OPTIONS "))
            .count()
    }
}

fn script() -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    Command::new(folder.join("../../tests/wordpress/run"))
}
