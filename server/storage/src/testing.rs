//! SeaweedFS, started for one test, and a line to it that is listened to and can break.
//!
//! Chosen since it is a storage service people run, checks signatures and rights, and comes as one program in a package that
//! is installed in seconds (`.ci/setup storage`).

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use crate::Settings;

/// The bucket everybody may read, as the buckets of web sites are.
pub const BUCKET: &str = "sites";

/// A running service with one bucket; gone when dropped.
pub struct S3 {
    pub endpoint: SocketAddr,
    weed: Child,
    _folder: tempfile::TempDir,
}

/// Access keys and their secrets: of somebody who may do everything, and of somebody who may only read.
pub const WRITER: (&str, &str) = ("AKWRITER", "secret/of+the-writer");
pub const READER: (&str, &str) = ("AKREADER", "secret/of+the-reader");

impl S3 {
    /// Starts one and waits until it answers.
    ///
    /// # Panics
    /// When it does not start, for instance since it is not installed.
    pub async fn start() -> Self {
        for _ in 0..3 {
            if let Some(running) = Self::try_start().await {
                return running;
            }
        }
        panic!("SeaweedFS does not start");
    }

    async fn try_start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let rights = folder.path().join("s3.json");
        std::fs::write(&rights, rights_of().to_string()).expect("its settings");
        // Another process may take one of them before it does: then it ends, and is started again with others.
        let ports = free_ports();
        let mut command = Command::new(weed());
        command
            .arg("server")
            .arg("-dir")
            .arg(folder.path())
            .arg("-s3.config")
            .arg(&rights);
        for (name, port) in NAMES.iter().zip(ports) {
            command.arg(format!("-{name}={port}"));
        }
        command.args([
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-s3",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.autoCreateBucket=false",
            "-master.volumeSizeLimitMB=64",
            "-volume.max=0",
            "-volume.preStopSeconds=0",
        ]);
        let log = std::fs::File::create(folder.path().join("log")).expect("a log");
        command
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let weed = command.spawn().expect("SeaweedFS starts");
        let mut running = Self {
            endpoint: (Ipv4Addr::LOCALHOST, ports[0]).into(),
            weed,
            _folder: folder,
        };
        let filer = SocketAddr::from((Ipv4Addr::LOCALHOST, ports[2]));
        // A folder of the file store below is a bucket.
        let make = format!(
            "POST /buckets/{BUCKET}/ HTTP/1.1\r\nHost: filer\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let ask = format!("GET /{BUCKET}/nothing HTTP/1.1\r\nHost: s3\r\nConnection: close\r\n\r\n");
        let (mut made, mut answer) = (Vec::new(), Vec::new());
        for _ in 0..300 {
            if running.weed.try_wait().expect("its state").is_some() {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            if !made.starts_with(b"HTTP/1.1 201") {
                made = say(filer, make.as_bytes()).await;
                continue;
            }
            answer = say(running.endpoint, ask.as_bytes()).await;
            if answer.starts_with(b"HTTP/1.1 404") {
                return Some(running);
            }
        }
        panic!(
            "SeaweedFS does not answer: {} {}",
            String::from_utf8_lossy(&made),
            String::from_utf8_lossy(&answer)
        );
    }

    /// Settings for a copy in the bucket, by [`WRITER`].
    pub fn settings(&self) -> Settings {
        settings(self.endpoint)
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.weed.kill();
        let _ = self.weed.wait();
    }
}

/// Settings for a copy in the bucket by [`WRITER`], of the service that is reached at an address.
pub fn settings(endpoint: SocketAddr) -> Settings {
    Settings {
        endpoint: Some(Url::parse(&format!("http://{endpoint}")).expect("an address")),
        bucket: BUCKET.into(),
        access_key_id: WRITER.0.into(),
        ..Settings::default()
    }
}

const NAMES: [&str; 8] = [
    "s3.port",
    "s3.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
];

fn free_ports() -> [u16; 8] {
    let held = [(); 8].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port"));
    held.map(|listener| listener.local_addr().expect("its address").port())
}

fn rights_of() -> serde_json::Value {
    let may = |name: &str, (id, secret): (&str, &str), actions: &[&str]| {
        serde_json::json!({
            "name": name,
            "credentials": [{ "accessKey": id, "secretKey": secret }],
            "actions": actions,
        })
    };
    let everybody = serde_json::json!({ "name": "anonymous", "actions": [format!("Read:{BUCKET}")] });
    let read = [format!("Read:{BUCKET}"), format!("List:{BUCKET}")];
    serde_json::json!({ "identities": [
        may("writer", WRITER, &["Read", "Write", "List"]),
        may("reader", READER, &read.each_ref().map(String::as_str)),
        everybody,
    ] })
}

/// Where `.ci/setup storage` puts it: beside what cargo builds.
fn weed() -> PathBuf {
    let test = std::env::current_exe().expect("the test's own path");
    let places = test.ancestors().map(|folder| folder.join("tools/bin/weed"));
    let found = places.into_iter().find(|path| path.exists());
    found.unwrap_or_else(|| panic!("the tests need an S3 server; run `.ci/setup storage`"))
}

async fn say(to: SocketAddr, request: &[u8]) -> Vec<u8> {
    let said = async {
        let mut line = TcpStream::connect(to).await?;
        line.write_all(request).await?;
        let mut answer = Vec::new();
        line.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    said.await.unwrap_or_default()
}

/// What becomes of a request.
#[derive(Debug, Clone)]
pub enum Fate {
    Passes,
    /// The service never sees it.
    Answered(u16, &'static str),
    /// It is done, and the line breaks before the answer.
    Lost,
    /// The line breaks, from now on for everything.
    Down,
}

type Judge = Box<dyn Fn(&str, &str) -> Fate + Send + Sync>;

/// A line to a service that notes what goes over it.
pub struct Line {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    to: SocketAddr,
    seen: Mutex<Vec<String>>,
    judge: Mutex<Judge>,
    down: std::sync::atomic::AtomicBool,
}

impl Line {
    /// Opens one; everything passes.
    pub async fn to(to: SocketAddr) -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            to,
            seen: Mutex::default(),
            judge: Mutex::new(Box::new(|_, _| Fate::Passes)),
            down: false.into(),
        });
        let all = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, Arc::clone(&all)));
            }
        });
        Self { address, shared, task }
    }

    /// Decides what becomes of requests, by method and path with query; the line is up again.
    pub fn judge(&self, judge: impl Fn(&str, &str) -> Fate + Send + Sync + 'static) {
        *self.shared.judge.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(judge);
        self.shared.down.store(false, std::sync::atomic::Ordering::SeqCst);
    }

    /// `METHOD path` of the requests that passed since this was asked before, as they were answered.
    pub fn seen(&self) -> Vec<String> {
        let words = |head: String| {
            let mut words = head.split(' ');
            Some(format!("{} {}", words.next()?, words.next()?))
        };
        self.heads().into_iter().filter_map(words).collect()
    }

    /// The same with their headers.
    pub fn heads(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One request, one connection.
async fn pass(mut client: TcpStream, shared: Arc<Shared>) -> std::io::Result<()> {
    let mut request = Vec::new();
    let head = loop {
        if let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if client.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    };
    let text = String::from_utf8_lossy(&request[..head]).into_owned();
    let mut words = text.split_ascii_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let header = |name: &str| {
        text.lines().find_map(|line| {
            let (this, value) = line.split_once(':')?;
            this.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    let length: usize = header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while request.len() < head + 4 + length {
        if client.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let fate = if shared.down.load(std::sync::atomic::Ordering::SeqCst) {
        Fate::Down
    } else {
        shared.judge.lock().unwrap_or_else(PoisonError::into_inner)(method, path)
    };
    match fate {
        Fate::Down => {
            shared.down.store(true, std::sync::atomic::Ordering::SeqCst);
            return Ok(());
        }
        Fate::Answered(status, body) => {
            let answer = format!(
                "HTTP/1.1 {status} Said\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            return client.write_all(answer.as_bytes()).await;
        }
        Fate::Passes | Fate::Lost => {}
    }
    // The service closes when it has answered. Its name and this header are no part of the signature.
    request.splice(head..head, *b"\r\nConnection: close");
    let answer = say(shared.to, &request).await;
    shared.seen.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    if matches!(fate, Fate::Passes) {
        client.write_all(&answer).await?;
    }
    Ok(())
}
