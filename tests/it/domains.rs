//! Domains of sites, proven by a real DNS server on loopback, and served by `Host`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use chrono::Duration;
use igny8_data::{Role, SiteId, Variables, Why};
use igny8_server::features::sites::domains;
use igny8_server::testing::{Member, Tenant, World};
use poem::http::Method;
use poem::test::TestResponse;
use serde_json::{Value, json};
use simple_dns::rdata::{RData, TXT};
use simple_dns::{CLASS, CharacterString, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};

use crate::deployments::{deploy, publish};

/// How the server behaves.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Mood {
    #[default]
    Well,
    /// It answers that it cannot.
    Failing,
    /// It cuts what it sends by UDP.
    Cutting,
}

#[derive(Default)]
struct Zone {
    /// TXT records by name.
    texts: BTreeMap<String, Vec<String>>,
    mood: Mood,
    by_tcp: usize,
}

/// A DNS server that knows TXT records.
struct Dns {
    address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
    tasks: [tokio::task::JoinHandle<()>; 2],
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

impl Dns {
    async fn start() -> Self {
        let zone = Arc::new(Mutex::new(Zone::default()));
        // One port that is free for both.
        let (udp, tcp) = loop {
            let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
                break (udp, tcp);
            }
        };
        let address = udp.local_addr().unwrap();
        let held = zone.clone();
        let by_udp = tokio::spawn(async move {
            let mut buffer = [0; 1500];
            while let Ok((length, from)) = udp.recv_from(&mut buffer).await {
                let answer = answer(&held.lock().unwrap(), &buffer[..length], true);
                let _ = udp.send_to(&answer, from).await;
            }
        });
        let held = zone.clone();
        let by_tcp = tokio::spawn(async move {
            while let Ok((mut stream, _)) = tcp.accept().await {
                let Ok(length) = stream.read_u16().await else { continue };
                let mut question = vec![0; usize::from(length)];
                if stream.read_exact(&mut question).await.is_err() {
                    continue;
                }
                let answer = {
                    let mut zone = held.lock().unwrap();
                    zone.by_tcp += 1;
                    answer(&zone, &question, false)
                };
                let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
                let _ = stream.write_all(&[&length[..], &answer].concat()).await;
            }
        });
        Self {
            address,
            zone,
            tasks: [by_udp, by_tcp],
        }
    }

    async fn world(&self) -> World {
        World::with(|config| config.domains.dns_servers = vec![self.address.to_string().parse().unwrap()]).await
    }

    fn zone(&self) -> std::sync::MutexGuard<'_, Zone> {
        self.zone.lock().unwrap()
    }

    /// Puts a domain's proof into the DNS, beside what is there.
    fn prove(&self, domain: &Value) {
        let record = &domain["dns_record"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        self.zone()
            .texts
            .entry(text(&record["name"]))
            .or_default()
            .push(text(&record["value"]));
    }

    fn take_back(&self, domain: &Value) {
        let record = &domain["dns_record"];
        if let Some(texts) = self.zone().texts.get_mut(record["name"].as_str().unwrap()) {
            texts.retain(|text| record["value"] != *text);
        }
    }
}

fn answer(zone: &Zone, question: &[u8], udp: bool) -> Vec<u8> {
    let query = Packet::parse(question).unwrap();
    let mut reply = Packet::new_reply(query.id());
    reply.questions.clone_from(&query.questions);
    let asked = &query.questions[0];
    if zone.mood == Mood::Failing {
        *reply.rcode_mut() = RCODE::ServerFailure;
        return reply.build_bytes_vec().unwrap();
    }
    if zone.mood == Mood::Cutting && udp {
        reply.set_flags(PacketFlag::TRUNCATION);
        return reply.build_bytes_vec().unwrap();
    }
    match zone.texts.get(&asked.qname.to_string()) {
        Some(texts) if asked.qtype == QTYPE::TYPE(TYPE::TXT) => {
            for text in texts {
                // In two strings, as long records are.
                let (first, second) = text.split_at(text.len() / 2);
                let data = [first, second].into_iter().fold(TXT::new(), |data, part| {
                    data.with_char_string(CharacterString::try_from(part.to_owned()).unwrap())
                });
                let record = ResourceRecord::new(asked.qname.clone(), CLASS::IN, 60, RData::TXT(data));
                reply.answers.push(record);
            }
        }
        Some(_) => {}
        None => *reply.rcode_mut() = RCODE::NameError,
    }
    reply.build_bytes_vec().unwrap()
}

fn path(site: SiteId) -> String {
    format!("/sites/{site}/domains")
}

async fn add(w: &World, tenant: &Tenant, site: usize, name: &str) -> Value {
    let (status, made) = w
        .post(&tenant.owner, &path(tenant.sites[site]), json!({ "name": name }))
        .await;
    assert_eq!(status, 201, "{made}");
    made
}

async fn check(w: &World, member: &Member, tenant: &Tenant, site: usize, domain: &Value) -> Value {
    let path = format!("{}/{}/check", path(tenant.sites[site]), domain["id"].as_str().unwrap());
    let (status, checked) = w.post(member, &path, json!({})).await;
    assert_eq!(status, 200, "{checked}");
    checked
}

async fn domain_of(w: &World, member: &Member, tenant: &Tenant) -> Value {
    w.get(member, &format!("/sites/{}", tenant.sites[0])).await.1["domain"].clone()
}

async fn visit(w: &World, host: &str, path: &str) -> TestResponse {
    w.http.get(path).header("host", host).send().await
}

async fn ask(w: &World, name: &str) -> u16 {
    let path = format!("/_igny8/domains/ask?domain={name}");
    let answer = w.http.get(path).header("host", "igny8:8080").send().await;
    let status = answer.0.status().as_u16();
    assert_eq!(answer.0.into_body().into_string().await.unwrap(), "", "nothing is told");
    status
}

fn location(answer: &TestResponse) -> (u16, &str) {
    let to = answer.0.headers().get("location").map_or("", |to| to.to_str().unwrap());
    (answer.0.status().as_u16(), to)
}

/// Every link of a page to its own host leads to something, with one redirect at the most.
async fn assert_no_dead_links(w: &World, host: &str, path: &str) {
    let page = visit(w, host, path).await;
    assert_eq!(page.0.status(), 200, "{host}{path}");
    let html = page.0.into_body().into_string().await.unwrap();
    let links = ["href=\"/", "src=\"/"]
        .into_iter()
        .flat_map(|name| html.split(name).skip(1));
    let links = links.filter_map(|rest| rest.split(['"', '#']).next());
    let links: Vec<String> = links
        .filter(|rest| !rest.starts_with('/'))
        .map(|rest| format!("/{rest}"))
        .collect();
    assert!(links.iter().any(|link| link.contains("/assets/")), "{links:?}");
    for link in links {
        let mut answer = visit(w, host, &link).await;
        let moved = match location(&answer) {
            (301, to) => Some(to.to_owned()),
            _ => None,
        };
        if let Some(to) = moved {
            assert!(to.starts_with('/'), "{link} of {host}{path} leads to {to}");
            answer = visit(w, host, &to).await;
        }
        assert_eq!(answer.0.status(), 200, "{link} of {host}{path}");
    }
}

async fn manager(w: &World, tenant: &Tenant) -> Member {
    let name = w.app.db.ids().make::<igny8_data::UserId>().to_string().replace('_', "");
    Member::make(&w.app, tenant.account, Role::Admin, &name).await
}

#[tokio::test]
async fn a_domain_is_served_once_it_is_proven() {
    let dns = Dns::start().await;
    let w = dns.world().await;
    let site = w.a.sites[0];
    publish(&w, &w.a, site, "first", "The first post", "Words.").await;
    deploy(&w, &w.a, site).await;
    let made = add(&w, &w.a, 0, "Bücher.example").await;
    assert_eq!(
        (
            &made["name"],
            &made["status"],
            &made["primary"],
            &made["dns_record"]["type"]
        ),
        (
            &json!("xn--bcher-kva.example"),
            &json!("pending"),
            &json!(false),
            &json!("TXT")
        ),
        "{made}"
    );
    assert_eq!(made["dns_record"]["name"], "_igny8.xn--bcher-kva.example");
    let host = "xn--bcher-kva.example";
    let unseen = check(&w, &w.a.owner, &w.a, 0, &made).await;
    assert_eq!(unseen["status"], "pending");
    let error = unseen["error"].as_str().unwrap();
    assert!(
        error.contains("There is no TXT record _igny8.xn--bcher-kva.example"),
        "{error}"
    );
    assert_eq!(
        (
            visit(&w, host, "/blog/first/").await.0.status().as_u16(),
            ask(&w, host).await
        ),
        (404, 404)
    );
    let file = made["file"]["url"]
        .as_str()
        .unwrap()
        .strip_prefix("http://xn--bcher-kva.example")
        .unwrap()
        .to_owned();
    assert_eq!(
        visit(&w, host, &file).await.0.status(),
        404,
        "a claim proves nothing by itself"
    );

    dns.zone()
        .texts
        .insert("_igny8.xn--bcher-kva.example".into(), vec!["v=spf1 -all".into()]);
    let other = check(&w, &w.a.owner, &w.a, 0, &made).await;
    assert!(
        other["error"].as_str().unwrap().contains("says something else"),
        "{other}"
    );
    dns.prove(&made);
    let seen = check(&w, &w.a.owner, &w.a, 0, &made).await;
    assert_eq!(
        (&seen["status"], &seen["proven_by"], &seen["primary"], &seen["error"]),
        (&json!("verified"), &json!("dns"), &json!(true), &Value::Null),
        "{seen}"
    );
    assert_eq!(domain_of(&w, &w.a.viewer, &w.a).await, host);
    w.run_jobs().await;
    let page = visit(&w, host, "/blog/first/").await;
    assert_eq!((page.0.status().as_u16(), ask(&w, host).await), (200, 200));
    let html = page.0.into_body().into_string().await.unwrap();
    assert!(
        html.contains("https://xn--bcher-kva.example/blog/first/"),
        "deployed with its own address"
    );
    let proof = visit(&w, host, &file).await;
    assert_eq!(
        proof.0.into_body().into_string().await.unwrap(),
        made["file"]["content"].as_str().unwrap()
    );

    // With `www.` in front: the same proof, and it leads to the first.
    let www = add(&w, &w.a, 0, "www.bücher.example").await;
    assert_eq!(www["dns_record"], made["dns_record"]);
    assert_eq!(check(&w, &w.a.owner, &w.a, 0, &www).await["primary"], false);
    let moved = visit(&w, "www.xn--bcher-kva.example", "/blog/first/?a=b").await;
    assert_eq!(location(&moved), (301, "https://xn--bcher-kva.example/blog/first/?a=b"));
    let turn = format!("{}/{}/primary", path(site), www["id"].as_str().unwrap());
    let (status, turned) = w.post(&w.a.owner, &turn, json!({})).await;
    assert_eq!((status.as_u16(), &turned["primary"]), (200, &json!(true)), "{turned}");
    let moved = visit(&w, host, "/").await;
    assert_eq!(location(&moved), (301, "https://www.xn--bcher-kva.example/"));
    w.run_jobs().await;
    let page = visit(&w, "www.xn--bcher-kva.example", "/blog/first/").await;
    let html = page.0.into_body().into_string().await.unwrap();
    assert!(
        html.contains("https://www.xn--bcher-kva.example/blog/first/"),
        "deployed anew"
    );

    // Removed: the other one is the site's address again.
    let (_, list) = w.get(&w.a.viewer, &path(site)).await;
    // Claimed in the same moment of the world's clock, so in any order.
    let names: std::collections::BTreeMap<_, _> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| (d["name"].as_str().unwrap(), &d["primary"]))
        .collect();
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        [("www.xn--bcher-kva.example", &json!(true)), (host, &json!(false))]
    );
    let one = format!("{}/{}", path(site), www["id"].as_str().unwrap());
    let answer = w.request(&w.a.owner, Method::GET, &one).send().await;
    let rev = answer.0.headers()["etag"]
        .to_str()
        .unwrap()
        .trim_matches('"')
        .parse()
        .unwrap();
    assert_eq!(w.delete(&w.a.owner, &one, rev).await.0, 204);
    assert_eq!(domain_of(&w, &w.a.viewer, &w.a).await, host);
    assert_eq!(visit(&w, "www.xn--bcher-kva.example", "/").await.0.status(), 404);
    assert_eq!(visit(&w, host, "/blog/first/").await.0.status(), 200);
}

#[tokio::test]
async fn who_proves_a_name_has_it() {
    let dns = Dns::start().await;
    let w = dns.world().await;
    // A claims first, B owns it.
    let of_a = add(&w, &w.a, 0, "shop.example").await;
    let of_b = add(&w, &w.b, 0, "shop.example").await;
    assert_ne!(of_a["dns_record"]["value"], of_b["dns_record"]["value"]);
    dns.prove(&of_b);
    assert_eq!(check(&w, &w.b.owner, &w.b, 0, &of_b).await["status"], "verified");
    assert_eq!(check(&w, &w.a.owner, &w.a, 0, &of_a).await["status"], "pending");
    assert_eq!(domain_of(&w, &w.b.owner, &w.b).await, "shop.example");

    // Both records are there: it stays with who has it.
    dns.prove(&of_a);
    let refused = check(&w, &w.a.owner, &w.a, 0, &of_a).await;
    assert_eq!(refused["status"], "pending");
    assert!(
        refused["error"]
            .as_str()
            .unwrap()
            .contains("Another site of this installation"),
        "{refused}"
    );
    assert!(
        !refused.to_string().contains(&w.b.sites[0].to_string()),
        "nothing is told of who"
    );
    // B's goes, and with it the name.
    dns.take_back(&of_b);
    let taken = check(&w, &w.a.owner, &w.a, 0, &of_a).await;
    assert_eq!(
        (&taken["status"], &taken["primary"]),
        (&json!("verified"), &json!(true)),
        "{taken}"
    );
    assert_eq!(domain_of(&w, &w.b.owner, &w.b).await, Value::Null);
    let lost = format!("{}/{}", path(w.b.sites[0]), of_b["id"].as_str().unwrap());
    let (_, lost) = w.get(&w.b.owner, &lost).await;
    assert_eq!(
        (&lost["status"], &lost["primary"]),
        (&json!("failed"), &json!(false)),
        "{lost}"
    );

    // What the operator gave away nobody takes.
    let operated = add(&w, &w.b, 1, "given.example").await;
    w.give_domain(&w.a, w.a.sites[1], "given.example").await;
    dns.prove(&operated);
    assert_eq!(check(&w, &w.b.owner, &w.b, 1, &operated).await["status"], "pending");
    // Nor does a deleted site keep what it cannot prove.
    let deleted = format!("/sites/{}", w.a.sites[0]);
    let rev = w.request(&w.a.owner, Method::GET, &deleted).send().await;
    let rev = rev.0.headers()["etag"]
        .to_str()
        .unwrap()
        .trim_matches('"')
        .parse()
        .unwrap();
    assert_eq!(w.delete(&w.a.owner, &deleted, rev).await.0, 204);
    dns.take_back(&of_a);
    dns.prove(&of_b);
    assert_eq!(check(&w, &w.b.owner, &w.b, 0, &of_b).await["status"], "verified");
    assert_eq!(
        w.post(&w.a.owner, &format!("{deleted}/restore"), json!({})).await.0,
        200
    );
    assert_eq!(domain_of(&w, &w.a.owner, &w.a).await, Value::Null);
}

#[tokio::test]
async fn another_verified_domain_takes_the_place_of_a_lost_one() {
    let dns = Dns::start().await;
    let w = dns.world().await;
    let site = w.a.sites[0];
    publish(&w, &w.a, site, "first", "The first post", "Words.").await;
    let mut own = Vec::new();
    for name in ["a-shop.example", "b-shop.example", "c-shop.example", "d-shop.example"] {
        let made = add(&w, &w.a, 0, name).await;
        dns.prove(&made);
        let checked = check(&w, &w.a.owner, &w.a, 0, &made).await;
        assert_eq!(checked["primary"], json!(own.is_empty()), "{checked}");
        own.push(made);
    }
    deploy(&w, &w.a, site).await;
    let taken = async |nth: usize| {
        let claim = add(&w, &w.b, 0, own[nth]["name"].as_str().unwrap()).await;
        dns.take_back(&own[nth]);
        dns.prove(&claim);
        let checked = check(&w, &w.b.owner, &w.b, 0, &claim).await;
        assert_eq!(checked["status"], "verified", "{checked}");
    };
    taken(0).await;
    assert_eq!(domain_of(&w, &w.a.viewer, &w.a).await, "b-shop.example");
    w.run_jobs().await;
    let page = visit(&w, "b-shop.example", "/blog/first/").await;
    assert_eq!(page.0.status().as_u16(), 200);
    let html = page.0.into_body().into_string().await.unwrap();
    assert!(html.contains("https://b-shop.example/blog/first/"), "deployed anew");

    // Also while the site lies in the bin.
    let deleted = format!("/sites/{site}");
    let answer = w.request(&w.a.owner, Method::GET, &deleted).send().await;
    let rev = answer.0.headers()["etag"]
        .to_str()
        .unwrap()
        .trim_matches('"')
        .parse()
        .unwrap();
    assert_eq!(w.delete(&w.a.owner, &deleted, rev).await.0, 204);
    taken(1).await;
    let restore = format!("{deleted}/restore");
    assert_eq!(w.post(&w.a.owner, &restore, json!({})).await.0, 200);
    assert_eq!(domain_of(&w, &w.a.viewer, &w.a).await, "c-shop.example");
    w.run_jobs().await;
    let page = visit(&w, "c-shop.example", "/blog/first/").await;
    let html = page.0.into_body().into_string().await.unwrap();
    assert!(
        html.contains("https://c-shop.example/blog/first/"),
        "deployed for what it is at now: {html}"
    );

    // A week without a proof.
    dns.take_back(&own[2]);
    for days in [2, 8] {
        w.clock.advance(Duration::days(days));
        domains::check_due(w.app.clone()).await.unwrap();
        w.run_jobs().await;
    }
    let admin = manager(&w, &w.a).await;
    assert_eq!(domain_of(&w, &admin, &w.a).await, "d-shop.example");
    let page = visit(&w, "d-shop.example", "/blog/first/").await;
    assert_eq!(page.0.status().as_u16(), 200);
    let html = page.0.into_body().into_string().await.unwrap();
    assert!(html.contains("https://d-shop.example/blog/first/"), "deployed anew");
}

#[tokio::test]
async fn domains_are_looked_at_again() {
    let dns = Dns::start().await;
    let w = dns.world().await;
    let site = w.a.sites[0];
    publish(&w, &w.a, site, "first", "The first post", "Words.").await;
    deploy(&w, &w.a, site).await;
    let made = add(&w, &w.a, 0, "shop.example").await;
    let look = async || {
        let queued = domains::check_due(w.app.clone()).await.unwrap();
        w.run_jobs().await;
        queued
    };
    assert_eq!(look().await, 0, "not at once");
    dns.prove(&made);
    w.clock.advance(Duration::minutes(2));
    assert_eq!(look().await, 1);
    assert_eq!(ask(&w, "shop.example").await, 200, "seen without anybody's asking");
    assert_eq!(look().await, 0);

    // The record goes: a week's patience. That nobody answers is no proof of anything.
    dns.take_back(&made);
    w.clock.advance(Duration::days(2));
    assert_eq!(look().await, 1);
    dns.zone().mood = Mood::Failing;
    w.clock.advance(Duration::days(9));
    assert_eq!(look().await, 1);
    assert_eq!(
        (
            ask(&w, "shop.example").await,
            visit(&w, "shop.example", "/").await.0.status().as_u16()
        ),
        (200, 200)
    );
    dns.zone().mood = Mood::Well;
    w.clock.advance(Duration::hours(1));
    assert_eq!(look().await, 1);
    assert_eq!(
        (
            ask(&w, "shop.example").await,
            visit(&w, "shop.example", "/").await.0.status().as_u16()
        ),
        (404, 404)
    );
    let admin = manager(&w, &w.a).await;
    let (_, list) = w.get(&admin, &path(site)).await;
    assert_eq!(list["items"][0]["status"], "failed", "{list}");
    assert_eq!(domain_of(&w, &admin, &w.a).await, Value::Null);
    w.clock.advance(Duration::days(30));
    assert_eq!(look().await, 0, "nobody looks any more");

    // Asked again, it waits again; a claim that is never proven fails after a week.
    let admin = manager(&w, &w.a).await;
    assert_eq!(check(&w, &admin, &w.a, 0, &made).await["status"], "pending");
    for _ in 0..200 {
        w.clock.advance(Duration::hours(1));
        look().await;
    }
    let admin = manager(&w, &w.a).await;
    let (_, list) = w.get(&admin, &path(site)).await;
    assert_eq!(list["items"][0]["status"], "failed", "{list}");
    dns.prove(&made);
    assert_eq!(check(&w, &admin, &w.a, 0, &made).await["status"], "verified");
}

#[tokio::test]
async fn answers_by_tcp_and_no_answers() {
    let dns = Dns::start().await;
    let w = dns.world().await;
    let made = add(&w, &w.a, 0, "shop.example").await;
    dns.prove(&made);
    dns.zone().mood = Mood::Failing;
    let unknown = check(&w, &w.a.owner, &w.a, 0, &made).await;
    assert_eq!(unknown["status"], "pending");
    assert!(
        unknown["error"].as_str().unwrap().contains("could not be looked at"),
        "{unknown}"
    );
    dns.zone().mood = Mood::Cutting;
    assert_eq!(check(&w, &w.a.owner, &w.a, 0, &made).await["status"], "verified");
    assert!(dns.zone().by_tcp > 0);
}

#[tokio::test]
async fn names_that_nobody_can_have_are_refused() {
    let w = World::with(|config| config.http.public_url = "https://cms.example".into()).await;
    for name in [
        "",
        "localhost",
        "127.0.0.1",
        "[::1]",
        "co.uk",
        "github.io",
        "https://shop.example",
        "shop.example:8080",
        "cms.example",
        "CMS.example.",
        "shop",
    ] {
        let (status, refused) = w.post(&w.a.owner, &path(w.a.sites[0]), json!({ "name": name })).await;
        assert_eq!(
            (status.as_u16(), &refused["errors"][0]["field"]),
            (422, &json!("name")),
            "{name}: {refused}"
        );
    }
    add(&w, &w.a, 0, "shop.example").await;
    let twice = json!({ "name": "SHOP.example" });
    assert_eq!(w.post(&w.a.owner, &path(w.a.sites[0]), twice.clone()).await.0, 409);
    assert_eq!(w.post(&w.a.editor, &path(w.a.sites[0]), twice.clone()).await.0, 403);
    assert_eq!(w.post(&w.b.owner, &path(w.a.sites[0]), twice).await.0, 404);
    for n in 1..20 {
        add(&w, &w.a, 0, &format!("shop{n}.example")).await;
    }
    let more = json!({ "name": "shop20.example" });
    let (status, refused) = w.post(&w.a.owner, &path(w.a.sites[0]), more).await;
    assert_eq!((status.as_u16(), &refused["code"]), (422, &json!("too_many_domains")));
    assert_eq!(ask(&w, "cms.example").await, 200, "the installation's own");
    for name in ["", "localhost", "127.0.0.1", "shop.example", "other.example"] {
        assert_eq!(ask(&w, name).await, 404, "{name}");
    }
}

#[tokio::test]
async fn the_sites_own_field_takes_verified_names_only() {
    let dns = Dns::start().await;
    let w = dns.world().await;
    let new = json!({ "name": "New", "site_type": "blog", "domain": "new.example" });
    let (status, made) = w.post(&w.a.owner, "/sites", new).await;
    assert_eq!((status.as_u16(), &made["domain"]), (201, &Value::Null), "{made}");
    let site = format!("/sites/{}", made["id"].as_str().unwrap());
    let (_, list) = w.get(&w.a.owner, &format!("{site}/domains")).await;
    assert_eq!(list["items"][0]["status"], "pending", "{list}");
    let rev = async || {
        let answer = w.request(&w.a.owner, Method::GET, &site).send().await;
        answer.0.headers()["etag"]
            .to_str()
            .unwrap()
            .trim_matches('"')
            .parse::<i64>()
            .unwrap()
    };
    let set = async |domain: Value| {
        w.patch(&w.a.owner, &site, rev().await, json!({ "domain": domain }))
            .await
    };
    for name in ["new.example", "other.example", "localhost"] {
        let (status, refused) = set(json!(name)).await;
        assert_eq!(
            (status.as_u16(), &refused["errors"][0]["field"]),
            (422, &json!("domain")),
            "{name}: {refused}"
        );
    }
    dns.prove(&list["items"][0]);
    let id = list["items"][0]["id"].as_str().unwrap();
    let (_, seen) = w
        .post(&w.a.owner, &format!("{site}/domains/{id}/check"), json!({}))
        .await;
    assert_eq!(seen["primary"], true, "{seen}");
    assert_eq!(set(Value::Null).await.1["domain"], Value::Null);
    assert_eq!(set(json!("NEW.example")).await.1["domain"], "new.example");
    // One of another site of the account is none of this one's.
    w.give_domain(&w.a, w.a.sites[0], "given.example").await;
    assert_eq!(set(json!("given.example")).await.0, 422);
}

#[tokio::test]
async fn domains_of_before_stay() {
    let w = World::new().await;
    publish(&w, &w.a, w.a.sites[0], "first", "The first post", "Words.").await;
    deploy(&w, &w.a, w.a.sites[0]).await;
    let platform = w.app.db.platform(Why::Operator);
    let mut binds = Variables::new();
    binds.insert("site", w.a.sites[0]);
    let sql = "UPDATE $site SET domain = 'old.example';";
    platform.query(sql, binds, "testing").await.unwrap();
    let migration = igny8_server::app::MIGRATIONS.iter().find(|m| m.number == 40).unwrap();
    for _ in 0..2 {
        platform
            .query(migration.sql, Variables::new(), "testing")
            .await
            .unwrap();
    }
    assert_eq!(visit(&w, "old.example", "/blog/first/").await.0.status(), 200);
    let (_, list) = w.get(&w.a.owner, &path(w.a.sites[0])).await;
    let domain = &list["items"][0];
    assert_eq!(
        (
            &domain["name"],
            &domain["status"],
            &domain["proven_by"],
            &domain["primary"]
        ),
        (
            &json!("old.example"),
            &json!("verified"),
            &json!("operator"),
            &json!(true)
        ),
        "{list}"
    );
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn made_up_names_keep_no_domain_from_its_certificate() {
    let w = World::with(|config| config.limits.domain_asks = 3).await;
    w.give_domain(&w.a, w.a.sites[0], "shop.example").await;
    // All at once, through one proxy.
    let mut names: Vec<String> = (0..20).map(|n| format!("n{n}.example")).collect();
    names[10] = "shop.example".into();
    let answers = futures_util::future::join_all(names.iter().map(|name| ask(&w, name))).await;
    for (n, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer, if n == 10 { 200 } else { 404 }, "{n}");
    }
    w.give_domain(&w.b, w.b.sites[0], "other.example").await;
    assert_eq!(ask(&w, "other.example").await, 200, "also afterwards");
    assert_eq!(ask(&w, "localhost").await, 200, "its own");
}

#[tokio::test]
async fn a_release_comes_back_only_where_its_links_live() {
    let dns = Dns::start().await;
    let w = dns.world().await;
    let site = w.a.sites[0];
    let deployments = format!("/sites/{site}/deployments");
    let live = async || w.get(&w.a.viewer, &format!("{deployments}/live")).await.1;
    let back = async |deployment: &Value| {
        let path = format!("{deployments}/{}/rollback", deployment["id"].as_str().unwrap());
        w.post(&w.a.owner, &path, json!({})).await
    };
    let (host, below) = ("shop.example", "/sites/site-a0/blog/first/");
    publish(&w, &w.a, site, "first", "The first post", "Words.").await;
    let first = deploy(&w, &w.a, site).await;
    assert_no_dead_links(&w, "localhost", below).await;

    // Its pages are for the path until it is deployed for the domain, and again after going back.
    let made = add(&w, &w.a, 0, host).await;
    dns.prove(&made);
    assert_eq!(check(&w, &w.a.owner, &w.a, 0, &made).await["status"], "verified");
    assert_no_dead_links(&w, host, "/blog/first/").await;
    w.run_jobs().await;
    let second = live().await;
    assert_ne!(second["id"], first["id"]);
    assert_no_dead_links(&w, host, "/blog/first/").await;
    let (status, body) = back(&first).await;
    assert_eq!(status, 200, "{body}");
    let page = visit(&w, host, "/blog/first/").await;
    let html = page.0.into_body().into_string().await.unwrap();
    assert!(html.contains("\"/sites/site-a0/assets/"), "{html}");
    assert_no_dead_links(&w, host, "/blog/first/").await;
    assert_eq!(back(&second).await.0, 200);
    assert_no_dead_links(&w, host, "/blog/first/").await;

    // The other way round there is nothing to lead on from: the paths at this server are not the site's.
    let one = format!("{}/{}", path(site), made["id"].as_str().unwrap());
    let answer = w.request(&w.a.owner, Method::GET, &one).send().await;
    let rev = answer.0.headers()["etag"]
        .to_str()
        .unwrap()
        .trim_matches('"')
        .parse()
        .unwrap();
    assert_eq!(w.delete(&w.a.owner, &one, rev).await.0, 204);
    w.run_jobs().await;
    let third = live().await;
    assert_no_dead_links(&w, "localhost", below).await;
    let (status, refused) = back(&second).await;
    assert_eq!(
        (status.as_u16(), &refused["code"]),
        (409, &json!("release_of_another_address")),
        "{refused}"
    );
    let detail = refused["detail"].as_str().unwrap();
    assert!(
        detail.contains("http://localhost:8080/sites/site-a0") && detail.contains("Deploy the site again"),
        "{detail}"
    );
    assert_eq!(live().await["id"], third["id"]);
    assert_no_dead_links(&w, "localhost", below).await;
    assert_eq!(back(&first).await.0, 200);
    assert_no_dead_links(&w, "localhost", below).await;
}
