//! The few questions asked of the DNS: TXT records and addresses.
//!
//! A stub: it asks recursive servers, those of the configuration or of the system, one after the other, by UDP and, for answers that do
//! not fit, by TCP. Nothing is kept, since what is asked for has just been changed by whoever waits for it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use simple_dns::rdata::{OPT, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

/// How long a server may take, and how often each is asked.
const TIMEOUT: Duration = Duration::from_secs(3);
const ROUNDS: usize = 2;
/// What a datagram may hold (RFC 9715).
const DATAGRAM: u16 = 1232;
/// Where the system names its servers.
const SYSTEM: &str = "/etc/resolv.conf";

/// A server of `domains.dns_servers`: `10.0.0.53`, `127.0.0.1:5353`, `[fd00::53]:53`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct DnsServer(pub SocketAddr);

impl FromStr for DnsServer {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let with_port = text.parse::<SocketAddr>();
        let address = with_port.or_else(|_| text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53)));
        address
            .map(Self)
            .map_err(|_| format!("`{text}` is not the address of a DNS server such as `10.0.0.53` or `127.0.0.1:5353`"))
    }
}

impl TryFrom<String> for DnsServer {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// Why a question has no answer. That a name does not exist is one.
#[derive(Debug, thiserror::Error)]
pub enum DnsError {
    #[error("no DNS server is configured")]
    NoServer,
    #[error("the DNS did not answer: {0}")]
    NoAnswer(String),
}

/// Asks servers.
#[derive(Debug, Clone)]
pub struct Dns {
    /// Those of the system when empty.
    servers: Vec<SocketAddr>,
}

impl Dns {
    pub fn new(servers: &[DnsServer]) -> Self {
        Self {
            servers: servers.iter().map(|server| server.0).collect(),
        }
    }

    /// The TXT records of a name, each as one text; none where there are none.
    ///
    /// # Errors
    /// When no server answers.
    pub async fn txt(&self, name: &str) -> Result<Vec<String>, DnsError> {
        self.ask(name, TYPE::TXT, &|data| match data {
            RData::TXT(text) => String::try_from(text.clone()).ok(),
            _ => None,
        })
        .await
    }

    /// The addresses of a host.
    ///
    /// # Errors
    /// When no server answers.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, DnsError> {
        let read = |data: &RData<'_>| match data {
            RData::A(a) => Some(IpAddr::V4(Ipv4Addr::from(a.address))),
            RData::AAAA(aaaa) => Some(IpAddr::V6(Ipv6Addr::from(aaaa.address))),
            _ => None,
        };
        let (v4, v6) = tokio::join!(self.ask(host, TYPE::A, &read), self.ask(host, TYPE::AAAA, &read));
        match (v4, v6) {
            (Err(error), Err(_)) => Err(error),
            (v4, v6) => Ok([v4.unwrap_or_default(), v6.unwrap_or_default()].concat()),
        }
    }

    async fn ask<T>(
        &self,
        name: &str,
        kind: TYPE,
        read: &(dyn Fn(&RData<'_>) -> Option<T> + Sync),
    ) -> Result<Vec<T>, DnsError> {
        let servers = match self.servers.is_empty() {
            true => system().await,
            false => self.servers.clone(),
        };
        let mut why = None;
        for _ in 0..ROUNDS {
            for server in &servers {
                match tokio::time::timeout(TIMEOUT, ask_one(*server, name, kind, read)).await {
                    Ok(Ok(found)) => return Ok(found),
                    Ok(Err(error)) => why = Some(error.to_string()),
                    Err(_) => why = Some("no answer in time".to_owned()),
                }
            }
        }
        Err(why.map_or(DnsError::NoServer, DnsError::NoAnswer))
    }
}

async fn ask_one<T>(
    server: SocketAddr,
    name: &str,
    kind: TYPE,
    read: &(dyn Fn(&RData<'_>) -> Option<T> + Sync),
) -> io::Result<Vec<T>> {
    let id = rand::random::<u16>();
    let question = question(id, name, kind)?;
    let answer = by_udp(server, &question, id, name, kind).await?;
    match understood(&answer, id, name, kind, read)? {
        Some(found) => Ok(found),
        None => {
            let answer = by_tcp(server, &question).await?;
            let found = understood(&answer, id, name, kind, read)?;
            found.ok_or_else(|| io::Error::other("an answer by TCP was cut"))
        }
    }
}

fn question(id: u16, name: &str, kind: TYPE) -> io::Result<Vec<u8>> {
    let name = Name::new(name).map_err(io::Error::other)?;
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    packet
        .questions
        .push(Question::new(name, QTYPE::TYPE(kind), QCLASS::CLASS(CLASS::IN), false));
    *packet.opt_mut() = Some(OPT {
        opt_codes: Vec::new(),
        udp_packet_size: DATAGRAM,
        version: 0,
    });
    packet.build_bytes_vec().map_err(io::Error::other)
}

async fn by_udp(server: SocketAddr, question: &[u8], id: u16, name: &str, kind: TYPE) -> io::Result<Vec<u8>> {
    let own: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    // A port of its own for each question, and datagrams of that server only.
    let socket = UdpSocket::bind((own, 0)).await?;
    socket.connect(server).await?;
    socket.send(question).await?;
    let mut buffer = vec![0; 4096];
    loop {
        let length = socket.recv(&mut buffer).await?;
        // Somebody who guesses is not listened to: the real answer may still come.
        if is_answer(&buffer[..length], id, name, kind) {
            buffer.truncate(length);
            return Ok(buffer);
        }
    }
}

async fn by_tcp(server: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), question].concat()).await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

fn is_answer(bytes: &[u8], id: u16, name: &str, kind: TYPE) -> bool {
    Packet::parse(bytes).is_ok_and(|packet| is_of(&packet, id, name, kind))
}

fn is_of(packet: &Packet<'_>, id: u16, name: &str, kind: TYPE) -> bool {
    let asked = |q: &Question<'_>| q.qtype == QTYPE::TYPE(kind) && q.qname.to_string().eq_ignore_ascii_case(name);
    packet.id() == id
        && packet.has_flags(PacketFlag::RESPONSE)
        && packet.questions.len() == 1
        && packet.questions.iter().all(asked)
}

/// What an answer says; `None` when it was cut.
fn understood<T>(
    bytes: &[u8],
    id: u16,
    name: &str,
    kind: TYPE,
    read: &dyn Fn(&RData<'_>) -> Option<T>,
) -> io::Result<Option<Vec<T>>> {
    let packet = Packet::parse(bytes).map_err(io::Error::other)?;
    if !is_of(&packet, id, name, kind) {
        return Err(io::Error::other("an answer to another question"));
    }
    if packet.has_flags(PacketFlag::TRUNCATION) {
        return Ok(None);
    }
    match packet.rcode() {
        RCODE::NoError => Ok(Some(
            packet.answers.iter().filter_map(|record| read(&record.rdata)).collect(),
        )),
        RCODE::NameError => Ok(Some(Vec::new())),
        code => Err(io::Error::other(format!("{code:?}"))),
    }
}

/// The system's servers; none where it names none.
async fn system() -> Vec<SocketAddr> {
    let text = tokio::fs::read_to_string(SYSTEM).await.unwrap_or_default();
    servers_of(&text)
}

fn servers_of(text: &str) -> Vec<SocketAddr> {
    let server = |line: &str| {
        let mut words = line.split_whitespace();
        let named = words.next() == Some("nameserver");
        // A zone (`fe80::1%eth0`) is not understood here.
        named.then(|| words.next()?.parse::<DnsServer>().ok()).flatten()
    };
    text.lines().filter_map(server).map(|server| server.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_addresses() {
        for (text, address) in [
            ("10.0.0.53", "10.0.0.53:53"),
            ("127.0.0.1:5353", "127.0.0.1:5353"),
            ("fd00::53", "[fd00::53]:53"),
            ("[fd00::53]:5353", "[fd00::53]:5353"),
        ] {
            assert_eq!(text.parse::<DnsServer>().unwrap().0.to_string(), address);
        }
        for wrong in ["", "dns.example", "10.0.0.53:", "10.0.0.53:dns"] {
            assert!(wrong.parse::<DnsServer>().is_err(), "{wrong}");
        }
        let file = "# made by hand\nsearch lan\nnameserver 10.0.0.53\n  nameserver fd00::53 # two\nnameserver\nnameserver fe80::1%eth0\n";
        let servers: Vec<String> = servers_of(file).iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["10.0.0.53:53", "[fd00::53]:53"]);
    }

    #[test]
    fn only_answers_to_the_question_are_read() {
        let asked = question(7, "_igny8.example.com", TYPE::TXT).unwrap();
        let query = Packet::parse(&asked).unwrap();
        assert!(
            !is_of(&query, 7, "_igny8.example.com", TYPE::TXT),
            "a question is no answer"
        );
        let mut reply = query.clone().into_reply();
        for (id, name, kind, is) in [
            (7, "_IGNY8.example.COM", TYPE::TXT, true),
            (8, "_igny8.example.com", TYPE::TXT, false),
            (7, "_igny8.example.org", TYPE::TXT, false),
            (7, "_igny8.example.com", TYPE::A, false),
        ] {
            assert_eq!(is_of(&reply, id, name, kind), is, "{id} {name} {kind:?}");
        }
        *reply.rcode_mut() = RCODE::ServerFailure;
        let bytes = reply.build_bytes_vec().unwrap();
        let read = |_: &RData<'_>| Some(());
        assert!(understood(&bytes, 7, "_igny8.example.com", TYPE::TXT, &read).is_err());
        assert!(understood(b"no packet", 7, "_igny8.example.com", TYPE::TXT, &read).is_err());
    }
}
