//! The one client for every request this server sends to an address that a user gave.
//!
//! **Invariants.** Nothing but the public internet is called ([`address`]), unless the operator's `outgoing.allowed_hosts`
//! names the host. Names are checked by the client's resolver, whose addresses are the ones that are dialled, so a name
//! that changes its address between check and call gains nothing; addresses written as numbers are checked before. Answers
//! are bounded in size (unpacked) and time; redirects are not followed unless asked for, each hop is checked like a first
//! request, and nothing of the caller's headers goes to another origin. No proxy is taken from the environment.

mod address;
mod body;

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use url::{Host, Url};

/// How long a connection may take to be made, with name and TLS.
const CONNECT: Duration = Duration::from_secs(10);

/// Why there is no answer. The texts name the host that the caller named, and nothing that was found out about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutgoingError {
    /// The address itself is not one to call.
    #[error("{0}")]
    Address(String),
    /// It leads into a private network.
    #[error(
        "`{0}` is not on the public internet; the operator of this installation can allow it in outgoing.allowed_hosts"
    )]
    Blocked(String),
    #[error("there is no host `{0}`")]
    NoSuchHost(String),
    #[error("the connection to `{host}` failed: {why}")]
    Connect { host: String, why: String },
    #[error("no answer within {} seconds", .0.as_secs_f32())]
    TimedOut(Duration),
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the address redirects to another address at `{}`; give that address itself", .0.origin)]
    Redirected(Redirect),
    #[error("{0}")]
    Broken(String),
}

/// A redirect that was not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    pub status: StatusCode,
    /// Scheme, host and port of where it leads to; the rest may hold secrets.
    pub origin: String,
}

/// What is sent.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    pub url: Url,
    /// Only sent to the origin of `url`.
    pub headers: HeaderMap,
    pub body: Option<bytes::Bytes>,
    /// For everything together, redirects and the whole answer included.
    pub timeout: Duration,
    /// Largest answer, unpacked.
    pub max_bytes: usize,
    /// Redirects followed, for GET and HEAD.
    pub redirects: u8,
    /// An answer that is larger is cut there, and no failure.
    pub cut: bool,
    /// Also without TLS, on port 80: for what is public and proves itself, whoever sends it on the way.
    pub plain: bool,
}

impl Request {
    /// A request without headers and redirects, for half a minute and one megabyte.
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
            timeout: Duration::from_secs(30),
            max_bytes: 1 << 20,
            redirects: 0,
            cut: false,
            plain: false,
        }
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Where it came from, after redirects.
    pub url: Url,
}

/// Sends requests. Cheap to clone; connections are shared.
#[derive(Clone)]
pub struct Outgoing {
    guarded: reqwest::Client,
    /// For hosts that the operator allows; their names are not filtered.
    open: reqwest::Client,
    allowed: Arc<[AllowedHost]>,
}

impl Outgoing {
    pub fn new(allowed: &[AllowedHost]) -> Self {
        Self::with_lookup(allowed, Arc::new(|host| Box::pin(lookup(host))))
    }

    /// One that asks `lookup` for the addresses of names, instead of the system.
    pub fn with_lookup(allowed: &[AllowedHost], lookup: Lookup) -> Self {
        let client = |public_only| client(PublicOnly(public_only, lookup.clone()));
        Self {
            guarded: client(true),
            open: client(false),
            allowed: allowed.into(),
        }
    }

    /// Whether an address may be called, as far as it can be told without asking for its name.
    ///
    /// # Errors
    /// [`OutgoingError::Address`], [`OutgoingError::Blocked`].
    pub fn check(&self, url: &Url) -> Result<(), OutgoingError> {
        self.client_for(url, false).map(|_| ())
    }

    fn client_for(&self, url: &Url, plain: bool) -> Result<&reqwest::Client, OutgoingError> {
        let refused = |why: &str| Err(OutgoingError::Address(why.to_owned()));
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return refused("an address begins with https:// and a host");
        };
        if !matches!(url.scheme(), "https" | "http") {
            return refused("an address begins with https://");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refused("an address must not hold a user name or a password");
        }
        if self.allowed.iter().any(|allowed| allowed.matches(&host, port)) {
            return Ok(&self.open);
        }
        let private = match host {
            Host::Ipv4(ip) => !address::is_public(IpAddr::V4(ip)),
            Host::Ipv6(ip) => !address::is_public(IpAddr::V6(ip)),
            Host::Domain(name) => {
                let name = name.trim_end_matches('.');
                name == "localhost" || name.ends_with(".localhost")
            }
        };
        if private {
            return Err(OutgoingError::Blocked(host.to_string()));
        }
        if plain && url.scheme() == "http" && port == 80 {
            return Ok(&self.guarded);
        }
        if url.scheme() != "https" {
            return refused("an address must begin with https://");
        }
        // What listens below is not the web, and need not hear from us.
        if port != 443 && port < 1024 {
            return refused("the port must be 443 or at least 1024");
        }
        Ok(&self.guarded)
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`OutgoingError`].
    pub async fn send(&self, request: Request) -> Result<Answer, OutgoingError> {
        let timeout = request.timeout;
        match tokio::time::timeout(timeout, self.follow(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(OutgoingError::TimedOut(timeout)),
        }
    }

    async fn follow(&self, mut request: Request) -> Result<Answer, OutgoingError> {
        loop {
            let client = self.client_for(&request.url, request.plain)?;
            let mut sent = client
                .request(request.method.clone(), request.url.clone())
                .headers(request.headers.clone())
                .header(header::ACCEPT_ENCODING, "gzip");
            if let Some(body) = &request.body {
                sent = sent.body(body.clone());
            }
            let host = request.url.host_str().unwrap_or_default();
            let mut response = sent.send().await.map_err(|error| failed(&error, host))?;
            if let Some(target) = redirect(&request.url, &response) {
                let safe = matches!(request.method, Method::GET | Method::HEAD);
                if !safe || request.redirects == 0 {
                    let origin = target.map(|target| target.origin().ascii_serialization());
                    return Err(OutgoingError::Redirected(Redirect {
                        status: response.status(),
                        origin: origin.unwrap_or_else(|| "an address that is none".into()),
                    }));
                }
                let target = target.ok_or_else(|| OutgoingError::Broken("it redirects to no address".into()))?;
                if target.origin() != request.url.origin() {
                    request.headers.clear();
                }
                request.url = target;
                request.redirects -= 1;
                continue;
            }
            let length = response.headers().get(header::CONTENT_LENGTH);
            let announced = length.and_then(|text| text.to_str().ok()?.parse::<usize>().ok());
            let too_large = announced.is_some_and(|bytes| bytes > request.max_bytes);
            if request.method != Method::HEAD && !request.cut && too_large {
                return Err(OutgoingError::TooLarge(request.max_bytes));
            }
            let mut sink = body::Sink::new(response.headers(), request.max_bytes)?;
            let (status, headers) = (response.status(), response.headers().clone());
            let mut whole = true;
            while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error, host))? {
                match sink.take(&chunk) {
                    Err(OutgoingError::TooLarge(_)) if request.cut => {
                        whole = false;
                        break;
                    }
                    taken => taken?,
                }
            }
            return Ok(Answer {
                status,
                headers,
                body: if whole { sink.finish()? } else { sink.so_far() },
                url: request.url,
            });
        }
    }
}

/// Where an answer redirects to; the inner option is empty when that is no address.
fn redirect(from: &Url, response: &reqwest::Response) -> Option<Option<Url>> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(header::LOCATION)?;
    Some(location.to_str().ok().and_then(|text| from.join(text).ok()))
}

#[expect(clippy::disallowed_methods, reason = "this is the one guarded client")]
fn client(resolver: PublicOnly) -> reqwest::Client {
    reqwest::Client::builder()
        .dns_resolver(Arc::new(resolver))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(CONNECT)
        .pool_idle_timeout(Duration::from_secs(30))
        .user_agent(concat!("IGNY8/", env!("CARGO_PKG_VERSION")))
        .build()
        .expect("its settings are constants")
}

/// What went wrong, without the address (which may hold secrets in its query).
fn failed(error: &reqwest::Error, host: &str) -> OutgoingError {
    let host = host.to_owned();
    let mut cause: &dyn std::error::Error = error;
    loop {
        match cause.downcast_ref::<Unresolved>() {
            Some(Unresolved::Private) => return OutgoingError::Blocked(host),
            Some(Unresolved::Unknown) => return OutgoingError::NoSuchHost(host),
            None => {}
        }
        match cause.source() {
            Some(source) => cause = source,
            None => break,
        }
    }
    if error.is_timeout() {
        return OutgoingError::TimedOut(CONNECT);
    }
    let why = cause.to_string();
    OutgoingError::Connect { host, why }
}

/// What a [`Lookup`] finds.
pub type Looked = Pin<Box<dyn Future<Output = std::io::Result<Vec<SocketAddr>>> + Send>>;
/// Finds the addresses of a host; their port does not matter.
pub type Lookup = Arc<dyn Fn(String) -> Looked + Send + Sync>;

async fn lookup(host: String) -> std::io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((host, 0)).await?.collect())
}

/// Resolves names; with `true`, to public addresses only.
struct PublicOnly(bool, Lookup);

#[derive(Debug, thiserror::Error)]
enum Unresolved {
    #[error("not on the public internet")]
    Private,
    #[error("no such host")]
    Unknown,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let looked = (self.1)(name.as_str().to_owned());
        let public_only = self.0;
        Box::pin(async move {
            let all = looked.await.map_err(|_| Unresolved::Unknown)?;
            if all.is_empty() {
                return Err(Unresolved::Unknown.into());
            }
            let kept: Vec<SocketAddr> = all
                .into_iter()
                .filter(|address| !public_only || address::is_public(address.ip()))
                .collect();
            if kept.is_empty() {
                return Err(Unresolved::Private.into());
            }
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

/// A host of `outgoing.allowed_hosts`: `localhost:11434`, `ollama.lan`, `[fd00::1]:8080`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct AllowedHost {
    host: Host,
    /// Every port when absent.
    port: Option<u16>,
}

impl AllowedHost {
    fn matches(&self, host: &Host<&str>, port: u16) -> bool {
        let same = match (&self.host, host) {
            (Host::Domain(allowed), Host::Domain(name)) => allowed == name.trim_end_matches('.'),
            (Host::Ipv4(allowed), Host::Ipv4(ip)) => allowed == ip,
            (Host::Ipv6(allowed), Host::Ipv6(ip)) => allowed == ip,
            _ => false,
        };
        same && self.port.is_none_or(|allowed| allowed == port)
    }
}

impl FromStr for AllowedHost {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a host such as `localhost:11434` or `ollama.lan`");
        let (host, port) = match text.rsplit_once(':') {
            // The colons of an IPv6 address are inside brackets.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().map_err(|_| wrong())?)),
            _ => (text, None),
        };
        let host = Host::parse(host).map_err(|_| wrong())?;
        Ok(Self { host, port })
    }
}

impl TryFrom<String> for AllowedHost {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// A header whose value stays out of logs; `None` when it cannot be sent.
pub fn secret_header(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value)
        .ok()
        .filter(|value| value.to_str().is_ok())?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn outgoing(allowed: &[&str]) -> Outgoing {
        let allowed: Vec<AllowedHost> = allowed.iter().map(|text| text.parse().unwrap()).collect();
        Outgoing::new(&allowed)
    }

    #[test]
    fn addresses_are_checked_before_anything_is_sent() {
        let outgoing = outgoing(&["localhost:11434", "10.1.2.3", "[fd00::1]:8080", "Ollama.LAN"]);
        for (address, allowed) in [
            ("https://api.openai.com/v1", true),
            ("https://example.com:8443/", true),
            ("https://1.1.1.1/", true),
            ("http://example.com/", false),
            ("ftp://example.com/", false),
            ("file:///etc/passwd", false),
            ("data:text/plain,x", false),
            ("https://user@example.com/", false),
            ("https://:secret@example.com/", false),
            ("https://example.com:25/", false),
            // Every spelling of loopback and metadata.
            ("https://localhost/", false),
            ("https://LOCALHOST./", false),
            ("https://a.localhost/", false),
            ("https://127.0.0.1/", false),
            ("https://127.0.0.1./", false),
            ("https://127.1/", false),
            ("https://2130706433/", false),
            ("https://0x7f000001/", false),
            ("https://0177.0.0.1/", false),
            ("https://0/", false),
            ("https://169.254.169.254/latest/meta-data", false),
            ("https://１６９.254.169.254/", false),
            ("https://[::1]/", false),
            ("https://[::]/", false),
            ("https://[::ffff:127.0.0.1]/", false),
            ("https://[::ffff:a9fe:a9fe]/", false),
            ("https://[64:ff9b::a9fe:a9fe]/", false),
            // What the operator allows, and its neighbours.
            ("http://localhost:11434/v1", true),
            ("http://LOCALHOST.:11434/v1", true),
            ("http://localhost:11435/v1", false),
            ("http://localhost/v1", false),
            ("http://127.0.0.1:11434/v1", false),
            ("http://10.1.2.3/", true),
            ("https://10.1.2.3:22/", true),
            ("http://10.1.2.4/", false),
            ("http://[fd00::1]:8080/", true),
            ("http://[fd00::1]/", false),
            ("http://ollama.lan/", true),
            ("http://x.ollama.lan/", false),
            ("http://user@ollama.lan/", false),
        ] {
            let url = Url::parse(address).unwrap();
            assert_eq!(outgoing.check(&url).is_ok(), allowed, "{address}");
        }
        for wrong in ["", "http://localhost", "localhost:port", "a b", "::1"] {
            assert!(wrong.parse::<AllowedHost>().is_err(), "{wrong}");
        }
    }

    /// Answers the given lists of addresses one after the other, the last one for ever.
    fn fixed(answers: &'static [&'static [&'static str]]) -> Lookup {
        let asked = AtomicUsize::new(0);
        Arc::new(move |_| {
            let answer = answers[asked.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1)];
            let addresses = answer
                .iter()
                .map(|ip| SocketAddr::new(ip.parse().unwrap(), 0))
                .collect();
            Box::pin(async move { Ok(addresses) })
        })
    }

    const PRIVATE: &[&[&str]] = &[
        &["127.0.0.1"],
        &["169.254.169.254"],
        &["::1", "10.0.0.1", "::ffff:127.0.0.1", "fd00:ec2::254"],
    ];

    #[tokio::test]
    async fn names_lead_to_public_addresses_only() {
        let get = async |lookup: Lookup| {
            let mut request = Request::new(Method::GET, Url::parse("https://evil.example/?q").unwrap());
            request.timeout = Duration::from_secs(5);
            Outgoing::with_lookup(&[], lookup).send(request).await.unwrap_err()
        };
        for answer in PRIVATE {
            let lookup: Lookup = fixed(std::slice::from_ref(answer));
            assert_eq!(get(lookup).await, OutgoingError::Blocked("evil.example".into()));
        }
        assert_eq!(
            get(fixed(&[&[]])).await,
            OutgoingError::NoSuchHost("evil.example".into())
        );
    }

    #[tokio::test]
    async fn the_addresses_that_are_dialled_are_the_checked_ones() {
        // A name that first leads to a public address and then to a private one, and one that leads to both.
        let resolve = async |resolver: &PublicOnly| {
            let kept = resolver.resolve("evil.example".parse().unwrap()).await;
            kept.map_or(0, Iterator::count)
        };
        let rebinding = PublicOnly(true, fixed(&[&["1.1.1.1"], &["127.0.0.1"]]));
        assert_eq!((resolve(&rebinding).await, resolve(&rebinding).await), (1, 0));
        let mixed = || fixed(&[&["127.0.0.1", "1.1.1.1", "::1"]]);
        assert_eq!(resolve(&PublicOnly(true, mixed())).await, 1);
        assert_eq!(resolve(&PublicOnly(false, mixed())).await, 3);
    }

    /// A server on loopback that answers each path with a status and a place to go to, and otherwise with the headers it got.
    async fn serve(routes: &'static [(&'static str, u16, &'static str)]) -> u16 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        let mut byte = [0];
                        if stream.read(&mut byte).await.unwrap_or(0) == 0 {
                            return;
                        }
                        head.push(byte[0]);
                    }
                    let head = String::from_utf8(head).unwrap();
                    let path = head.split(' ').nth(1).unwrap();
                    let answer = match routes.iter().find(|(from, ..)| *from == path) {
                        Some((_, status, to)) => {
                            let to = to.replace("PORT", &port.to_string());
                            format!("HTTP/1.1 {status} Moved\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
                        }
                        None => format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{head}", head.len()),
                    };
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        port
    }

    #[tokio::test]
    async fn an_answer_can_be_cut_instead_of_refused() {
        let port = serve(&[]).await;
        let allowed = format!("127.0.0.1:{port}");
        let outgoing = outgoing(&[&allowed]);
        let url = Url::parse(&format!("http://{allowed}/{}", "x".repeat(1_000))).unwrap();
        let mut request = Request::new(Method::GET, url);
        request.max_bytes = 100;
        let refused = outgoing.send(request.clone()).await;
        assert!(matches!(refused, Err(OutgoingError::TooLarge(100))));
        request.cut = true;
        let answer = outgoing.send(request).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 100));
        assert!(answer.body.starts_with(b"GET /xxx"));
    }

    #[test]
    fn without_tls_only_where_it_was_asked_for() {
        let outgoing = outgoing(&[]);
        for (address, plain, allowed) in [
            ("http://example.com/", true, true),
            ("http://example.com/", false, false),
            ("http://example.com:8080/", true, false),
            ("http://localhost/", true, false),
            ("http://10.0.0.1/", true, false),
        ] {
            let url = Url::parse(address).unwrap();
            assert_eq!(outgoing.client_for(&url, plain).is_ok(), allowed, "{address} {plain}");
        }
    }

    #[tokio::test]
    async fn each_step_of_a_redirect_is_a_request_of_its_own() {
        let port = serve(&[
            ("/here", 302, "/there?x"),
            ("/twice", 301, "/here"),
            ("/round", 307, "/round"),
            ("/elsewhere", 308, "http://127.0.0.2:PORT/"),
            ("/metadata", 302, "http://169.254.169.254/latest/meta-data/"),
            ("/file", 302, "file:///etc/passwd"),
            ("/nowhere", 302, "http://["),
        ])
        .await;
        let allowed = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        let outgoing = outgoing(&allowed.each_ref().map(String::as_str));
        let send = async |method: Method, path: &str, redirects: u8| {
            let url = Url::parse(&format!("http://127.0.0.1:{port}{path}")).unwrap();
            let mut request = Request::new(method, url);
            request.redirects = redirects;
            request
                .headers
                .insert("authorization", secret_header("Bearer secret").unwrap());
            request.timeout = Duration::from_secs(5);
            outgoing.send(request).await
        };
        let got = send(Method::GET, "/twice", 2).await.unwrap();
        assert_eq!(got.url.path(), "/there");
        assert!(String::from_utf8_lossy(&got.body).contains("Bearer secret"));

        let refused = send(Method::GET, "/here", 0).await.unwrap_err().to_string();
        assert_eq!(
            refused,
            format!("the address redirects to another address at `http://127.0.0.1:{port}`; give that address itself")
        );
        let redirected = |answer| matches!(answer, Err(OutgoingError::Redirected(_)));
        assert!(redirected(send(Method::GET, "/here", 0).await));
        assert!(redirected(send(Method::GET, "/twice", 1).await));
        assert!(redirected(send(Method::GET, "/round", 5).await));
        assert!(redirected(send(Method::POST, "/here", 5).await));
        let blocked = |host: &str| Err(OutgoingError::Blocked(host.into()));
        let url = |answer: Result<Answer, OutgoingError>| answer.map(|answer| answer.url);
        assert_eq!(url(send(Method::GET, "/elsewhere", 5).await), blocked("127.0.0.2"));
        assert_eq!(url(send(Method::GET, "/metadata", 5).await), blocked("169.254.169.254"));
        assert!(matches!(
            send(Method::GET, "/file", 5).await,
            Err(OutgoingError::Address(_))
        ));
        assert!(matches!(
            send(Method::GET, "/nowhere", 5).await,
            Err(OutgoingError::Broken(_))
        ));
    }

    #[tokio::test]
    async fn secrets_stay_with_the_origin_they_are_for() {
        let port = serve(&[("/", 302, "http://localhost:PORT/there")]).await;
        let allowed = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        let outgoing = outgoing(&allowed.each_ref().map(String::as_str));
        let mut request = Request::new(Method::GET, Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap());
        request.redirects = 1;
        request
            .headers
            .insert("authorization", secret_header("Bearer secret").unwrap());
        let got = outgoing.send(request).await.unwrap();
        assert_eq!(got.url.host_str(), Some("localhost"));
        assert!(!String::from_utf8_lossy(&got.body).contains("secret"));
    }
}
