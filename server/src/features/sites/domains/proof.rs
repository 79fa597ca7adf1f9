//! Whether a name is the account's: a TXT record below it, or a file on the server it leads to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use igny8_data::tokens::Keys;
use igny8_data::{AccountId, SiteId};
use igny8_outgoing::{AllowedHost, Outgoing, OutgoingError, Request};
use reqwest::Method;

use super::dns::{Dns, DnsServer};
use super::model::DomainProof;
use super::name;

/// How long a server may take to give out the file.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What is to be put where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Name of the TXT record.
    pub record: String,
    /// Path of the file.
    pub path: String,
    /// What record and file say.
    pub value: String,
}

impl Proof {
    /// The proof of a site for a name, the same for `www.` before it. It follows from the installation's key, so nothing of it is
    /// stored; it is no secret, but nobody else can know it before it is in its place.
    pub fn of(keys: &Keys, account: AccountId, site: SiteId, name: &str) -> Self {
        let base = name::base(name);
        let mut token = keys.hash_secret(&format!("domain/{account}/{site}/{base}"));
        token.truncate(32);
        Self {
            record: format!("_igny8.{base}"),
            path: path_of(&token),
            value: format!("igny8-verify={token}"),
        }
    }
}

fn path_of(token: &str) -> String {
    format!("{PATH}{token}.txt")
}

/// What paths of these files begin with.
pub const PATH: &str = "/.well-known/igny8-";

/// What a look for a proof found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Proven(DomainProof),
    /// It is not there; in words for whoever is to put it there.
    Missing(String),
    /// Nobody answered who would know.
    Unknown(String),
}

/// Looks for proofs.
pub struct Prover {
    dns: Dns,
    outgoing: Outgoing,
}

impl Prover {
    /// With servers of its own, the addresses of hosts are asked of them too.
    pub fn new(servers: &[DnsServer], allowed: &[AllowedHost], usual: &Outgoing) -> Self {
        let dns = Dns::new(servers);
        let outgoing = if servers.is_empty() {
            usual.clone()
        } else {
            let asked = dns.clone();
            let lookup = move |host: String| -> igny8_outgoing::Looked {
                let dns = asked.clone();
                Box::pin(async move {
                    let found = dns.addresses(&host).await.map_err(std::io::Error::other)?;
                    Ok(found.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect())
                })
            };
            Outgoing::with_lookup(allowed, Arc::new(lookup))
        };
        Self { dns, outgoing }
    }

    /// Looks for the record, and for the file on the name's own server.
    pub async fn look(&self, name: &str, proof: &Proof) -> Found {
        let in_dns = self.in_dns(proof).await;
        if matches!(in_dns, Found::Proven(_)) {
            return in_dns;
        }
        let origins = [format!("https://{name}"), format!("http://{name}")];
        match self.as_file(&origins, proof).await {
            Ok(()) => Found::Proven(DomainProof::File),
            Err(why) => match in_dns {
                Found::Missing(text) => Found::Missing(format!("{text} Nor is there the file {}: {why}.", proof.path)),
                unknown => unknown,
            },
        }
    }

    /// Looks for the record alone.
    pub async fn in_dns(&self, proof: &Proof) -> Found {
        match self.dns.txt(&proof.record).await {
            Ok(texts) if texts.iter().any(|text| text.trim() == proof.value) => Found::Proven(DomainProof::Dns),
            Ok(texts) if texts.is_empty() => Found::Missing(format!(
                "There is no TXT record {} yet; a new one can take an hour to be seen.",
                proof.record
            )),
            Ok(_) => Found::Missing(format!("The TXT record {} says something else.", proof.record)),
            Err(error) => Found::Unknown(format!(
                "The domain could not be looked at: {error}. It is tried again."
            )),
        }
    }

    /// Looks for the file below some origins. No redirect is followed: what another host says proves nothing.
    ///
    /// # Errors
    /// Why it is not there, in a few words.
    pub async fn as_file(&self, origins: &[String], proof: &Proof) -> Result<(), String> {
        let mut why = String::new();
        for origin in origins {
            let Ok(url) = url::Url::parse(&format!("{origin}{}", proof.path)) else {
                continue;
            };
            let mut request = Request::new(Method::GET, url);
            (request.timeout, request.max_bytes, request.cut, request.plain) = (TIMEOUT, 4_096, true, true);
            why = match self.outgoing.send(request).await {
                // The whole of it, so that a server which repeats what it was asked for proves nothing.
                Ok(answer) if answer.status.is_success() && answer.body.trim_ascii() == proof.value.as_bytes() => {
                    return Ok(());
                }
                Ok(answer) if answer.status.is_success() => "it says something else".into(),
                Ok(answer) => format!("the server answered {}", answer.status),
                Err(error @ OutgoingError::Redirected(_)) => {
                    error.to_string().replace("; give that address itself", "")
                }
                Err(error) => error.to_string(),
            };
        }
        Err(why)
    }
}

#[cfg(test)]
mod tests {
    use igny8_data::{Clock, Ids};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    fn proof() -> Proof {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 1);
        Proof::of(
            &Keys::derive(&[7; 32], "test"),
            ids.make(),
            ids.make(),
            "www.shop.example",
        )
    }

    #[test]
    fn a_proof_is_of_one_site_and_name() {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 1);
        let keys = Keys::derive(&[7; 32], "test");
        let (account, site) = (ids.make(), ids.make());
        let of = |account, site, name| Proof::of(&keys, account, site, name);
        let own = of(account, site, "shop.example");
        assert_eq!(own, of(account, site, "www.shop.example"), "one proof for both");
        assert_eq!(own.record, "_igny8.shop.example");
        for other in [
            of(ids.make(), site, "shop.example"),
            of(account, ids.make(), "shop.example"),
            of(account, site, "blog.shop.example"),
        ] {
            assert_ne!(own.value, other.value);
        }
    }

    /// A server that answers every request with a status and a body in which `PATH` is the path that was asked for.
    async fn serve(status: &'static str, headers: &'static str, body: String) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = [0; 4096];
                let length = stream.read(&mut head).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..length]).into_owned();
                let body = body.replace("PATH", head.split(' ').nth(1).unwrap_or_default());
                let answer = format!(
                    "HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        host
    }

    #[tokio::test]
    async fn a_file_proves_a_name_if_it_says_so_and_nothing_else() {
        let proof = proof();
        let value = &proof.value;
        for (status, headers, body, proven) in [
            ("200 OK", "", value.clone(), true),
            ("200 OK", "", format!("{value}\r\n"), true),
            ("200 OK", "", format!("There is no PATH here. {value}"), false),
            ("200 OK", "", "PATH".into(), false),
            ("200 OK", "", format!("{value}{}", " ".repeat(9_000)), true),
            ("404 Not Found", "", value.clone(), false),
            ("302 Found", "location: https://evil.example/\r\n", value.clone(), false),
        ] {
            let host = serve(status, headers, body.clone()).await;
            let allowed = [host.parse().unwrap()];
            let prover = Prover::new(&[], &allowed, &Outgoing::new(&allowed));
            let found = prover.as_file(&[format!("http://{host}")], &proof).await;
            assert_eq!(found.is_ok(), proven, "{status} {body}: {found:?}");
        }
    }

    #[tokio::test]
    async fn a_private_server_is_not_asked() {
        let proof = proof();
        let host = serve("200 OK", "", proof.value.clone()).await;
        let prover = Prover::new(&[], &[], &Outgoing::new(&[]));
        let found = prover.as_file(&[format!("http://{host}")], &proof).await;
        assert!(found.unwrap_err().contains("not on the public internet"));
    }
}
