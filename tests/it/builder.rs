//! Site building: from a file of keywords to a live site by API calls alone, for three kinds of business.

use std::collections::{BTreeSet, HashSet, VecDeque};

use igny8_server::testing::{Member, World, body_of};
use poem::http::Method;
use serde_json::{Value, json};

use crate::journey::subject;
use crate::trip::{Page, Trip, id};

/// A plan that is being worked at.
pub struct Plan<'a> {
    pub t: &'a Trip<'a>,
    pub id: String,
}

/// What a business says of itself.
pub struct Business {
    pub host: &'static str,
    pub kind: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    pub keywords: Vec<(String, u32)>,
}

impl<'a> Plan<'a> {
    pub async fn begin(t: &'a Trip<'a>, body: Value) -> Self {
        let made = t.made(&t.w.a.editor, "blueprints", body).await;
        Self { t, id: id(&made) }
    }

    pub fn rest(&self, rest: &str) -> String {
        match rest {
            "" => format!("blueprints/{}", self.id),
            rest => format!("blueprints/{}/{rest}", self.id),
        }
    }

    pub async fn get(&self, rest: &str) -> Value {
        self.t.get(&self.rest(rest)).await
    }

    /// A write to the plan as it is now: status and answer.
    pub async fn send(&self, who: &Member, rest: &str, body: Value) -> (u16, Value) {
        self.t
            .write(who, Method::POST, &self.rest(rest), &self.rest(""), body)
            .await
    }

    /// A write that must go well.
    pub async fn put(&self, rest: &str, body: Value) -> Value {
        let (status, answer) = self.send(&self.t.w.a.editor, rest, body).await;
        assert_eq!(status, 200, "{rest}: {answer}");
        answer
    }

    pub async fn advance(&self, step: &str) -> Value {
        let plan = self.put("advance", json!({ "step": step })).await;
        assert_eq!(status_of(&plan, step), "complete", "{plan}");
        plan
    }

    pub async fn pages(&self) -> Vec<Value> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("pages?limit=200{cursor}")).await;
            all.extend(page["items"].as_array().unwrap().clone());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }

    pub async fn generate(&self) -> Value {
        self.t
            .run("generate_site_structure", json!({ "blueprint": self.id }))
            .await
    }

    /// Mends what can be mended in one call and waives the rest, until nothing is open.
    pub async fn cover(&self) {
        for _ in 0..200 {
            let report = self.put("coverage/check", json!({})).await;
            let open: Vec<&Value> = report["violations"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|of| of["level"] == "must")
                .collect();
            let Some(first) = open.first() else {
                assert_eq!(report["open"], 0, "{report}");
                return;
            };
            let place = json!({ "rule": first["rule"], "place": first["place"] });
            let mended = match first["mend"]["by"] == "by_hand" {
                true => false,
                false => self.send(&self.t.w.a.editor, "coverage/mend", place.clone()).await.0 == 200,
            };
            if !mended {
                let mut waiver = place;
                waiver["reason"] = json!("Comes later.");
                self.put("coverage/waivers", waiver).await;
            }
        }
        panic!("the gaps do not end");
    }

    /// All steps up to the coverage.
    pub async fn through(&self) {
        self.advance("business_details").await;
        self.put("clusters", json!({ "all": true })).await;
        self.advance("clusters").await;
        self.put("taxonomy/accept", json!({})).await;
        self.advance("taxonomy").await;
        self.generate().await;
        self.advance("sitemap").await;
        self.cover().await;
        self.advance("coverage").await;
    }

    pub async fn deploy(&self) -> Value {
        let (status, answer) = self.send(&self.t.w.a.admin, "deploy", json!({})).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }
}

pub fn status_of<'v>(plan: &'v Value, step: &str) -> &'v str {
    let steps = plan["steps"].as_array().unwrap_or_else(|| panic!("{plan}"));
    let found = steps.iter().find(|of| of["step"] == step).unwrap();
    found["status"].as_str().unwrap()
}

/// What the first step asks for.
pub async fn described(t: &Trip<'_>) {
    let mut settings = t.get("settings").await;
    settings["organisation"]["email"] = json!("hello@site.example");
    settings["organisation"]["phone"] = json!("+44 20 1234 5678");
    settings["theme_options"] = json!({ "brand_color": "#b4451f" });
    let (status, answer) = t
        .write(&t.w.a.admin, Method::PUT, "settings", "settings", settings)
        .await;
    assert_eq!(status, 200, "{answer}");
}

/// Imports keywords and groups them.
pub async fn clustered(t: &Trip<'_>, keywords: &[(String, u32)]) {
    let mut csv = "keyword,volume\n".to_owned();
    for (text, volume) in keywords {
        csv += &format!("{text},{volume}\n");
    }
    t.import(&csv).await;
    t.run("auto_cluster", json!({ "sector": t.sector })).await;
}

pub fn blog() -> Business {
    Business {
        host: "blog.example",
        kind: "blog",
        name: "North Pier Coffee",
        description: "Coffee that is made slowly. Notes on beans, water and patience.",
        keywords: [
            subject(
                "cold brew coffee",
                &[
                    "how to make ~",
                    "~ ratio",
                    "~ vs iced coffee",
                    "best coffee for ~",
                    "~ recipe",
                    "what is ~",
                ],
            ),
            subject(
                "pour over coffee",
                &[
                    "~ ratio",
                    "how to make ~",
                    "best ~ maker",
                    "~ vs drip coffee",
                    "~ grind size",
                ],
            ),
        ]
        .concat(),
    }
}

pub fn shop() -> Business {
    Business {
        host: "shop.example",
        kind: "ecommerce",
        name: "Fell & Foot",
        description: "Boots and poles for long days. Sent from the village they are tried in.",
        keywords: [
            subject(
                "hiking boots",
                &[
                    "buy ~",
                    "best ~",
                    "leather ~",
                    "how to clean ~",
                    "~ vs trail runners",
                    "waterproof ~",
                ],
            ),
            subject(
                "trekking poles",
                &["buy ~", "carbon ~", "best ~", "how to use ~", "~ size"],
            ),
            vec![("order scarpa kailash trek gtx".to_owned(), 90)],
        ]
        .concat(),
    }
}

pub fn company() -> Business {
    Business {
        host: "company.example",
        kind: "company",
        name: "Riley Plumbing",
        description: "Boilers and drains in Leeds. A plumber comes the same day.",
        keywords: [
            subject(
                "boiler repair",
                &["~ near me", "emergency ~", "~ cost", "~ service", "how to avoid ~"],
            ),
            subject(
                "drain cleaning",
                &["~ service", "~ near me", "~ cost", "how to do ~ at home", "what is ~"],
            ),
        ]
        .concat(),
    }
}

/// A business with everything up to the first step.
pub async fn business<'a>(w: &'a World, of: &Business) -> Trip<'a> {
    let about = json!({ "name": of.name, "description": of.description, "site_type": of.kind });
    let t = Trip::new(w, of.host, about).await;
    described(&t).await;
    clustered(&t, &of.keywords).await;
    t
}

/// Every page that visitors can reach from the home page; no link leads nowhere.
async fn walked(t: &Trip<'_>) -> Vec<(String, Page)> {
    let mut seen: HashSet<String> = HashSet::from(["/".to_owned()]);
    let mut open: VecDeque<String> = VecDeque::from(["/".to_owned()]);
    let mut pages = Vec::new();
    while let Some(path) = open.pop_front() {
        let page = t.visit(&path).await;
        assert_eq!(page.status, 200, "{path} is linked to and not there");
        for link in page.all("a").filter_map(|a| a.attribute("href")) {
            let plain = link.split(['#', '?']).next().unwrap_or_default();
            if plain.starts_with('/') && plain.ends_with('/') && seen.insert(plain.to_owned()) {
                open.push_back(plain.to_owned());
            }
        }
        pages.push((path, page));
    }
    pages
}

async fn from_keywords_to_a_live_site(of: Business) {
    let begun = std::time::Instant::now();
    let w = World::new().await;
    let t = business(&w, &of).await;
    let plan = Plan::begin(&t, json!({ "audience": "People who look for it" })).await;
    assert_eq!(plan.get("").await["blueprint"], of.kind);
    plan.through().await;
    let pages = plan.pages().await;
    let kinds: BTreeSet<&str> = pages.iter().map(|page| page["page_type"].as_str().unwrap()).collect();
    for kind in ["home", "about", "contact"] {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }

    // Everything becomes tasks, the frame is made at once.
    let handed = plan.put("hand-off", json!({ "to": "tasks" })).await;
    assert_eq!(handed["failed"], 0, "{handed}");
    assert!(handed["made"].as_i64() > Some(3), "{handed}");
    let state = plan.advance("hand_off").await;
    assert_eq!(state["state"], "handed_off");
    let made = t.run("generate_page", json!({ "blueprint": plan.id })).await;
    assert_eq!(made["left"], json!([]), "{made}");
    // Pages of the site itself belong to no cluster.
    for page in made["pages"].as_array().unwrap() {
        let ready = t
            .get(&format!("content/{}/readiness", page["content"].as_str().unwrap()))
            .await;
        assert!(!ready.to_string().contains("Choose the cluster"), "{page}: {ready}");
    }
    let frame: Vec<String> = made["pages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|page| page["notes_to_author"] == false)
        .map(|page| page["content"].as_str().unwrap().to_owned())
        .collect();
    assert!(frame.len() >= 3, "{made}");

    // The whole site can be seen before a word is written.
    let (status, link) = w
        .post(&w.a.editor, &t.path(&plan.rest("preview-links")), json!({ "hours": 1 }))
        .await;
    assert_eq!(status, 200, "{link}");
    let url = link["url"].as_str().unwrap();
    let base = &url[url.find("/preview/").unwrap()..];
    for page in &pages {
        let address = page["address"].as_str().unwrap();
        let answer = w.http.get(format!("{base}{}", &address[1..])).send().await;
        assert_eq!(answer.0.status(), 200, "{address} in the preview: {page}");
    }

    // Live with the frame alone: nothing leads to what is not written.
    plan.deploy().await;
    t.force(&frame).await;
    w.run_jobs().await;
    t.live().await;
    let first = walked(&t).await;
    let home = t.visit("/").await;
    let about = t.visit("/about/").await;
    let contact = t.visit("/contact/").await;
    let looks: BTreeSet<&str> = [&home, &about, &contact].map(|page| page.template()).into();
    assert_eq!(looks.len(), 3, "home never looks like contact: {looks:?}");
    contact.node("ContactPage");
    about.node("AboutPage");

    // The site grows with its content.
    let tasks = t.list("tasks?limit=200").await;
    // Texts of archives first: none may take the address of a page of its name.
    let (archives, others): (Vec<&Value>, Vec<&Value>) = tasks
        .iter()
        .take(12)
        .partition(|task| task["content_type"] == "taxonomy");
    let mut contents = Vec::new();
    for some in [archives, others] {
        let ids: Vec<&Value> = some.iter().map(|task| &task["id"]).collect();
        if ids.is_empty() {
            continue;
        }
        let asked = t.ask("tasks/generate", json!({ "ids": ids })).await;
        w.run_jobs().await;
        for of in asked["results"].as_array().unwrap() {
            contents.push(t.result_of(&of["job"]).await["content"].as_str().unwrap().to_owned());
        }
    }
    t.force(&contents).await;
    w.run_jobs().await;
    t.live().await;
    let then = walked(&t).await;
    assert!(then.len() > first.len(), "{} {}", first.len(), then.len());
    let planned: BTreeSet<&str> = pages.iter().map(|page| page["address"].as_str().unwrap()).collect();
    for content in &contents {
        let row = t.get(&format!("content/{content}")).await;
        if row["content_type"] != "taxonomy" {
            let path = row["path"].as_str().unwrap();
            assert!(planned.contains(path), "{path} is not where it was planned: {row}");
            let page = t.visit(path).await;
            assert_eq!(page.status, 200, "{path}");
            assert_eq!(page.node("BreadcrumbList")["@type"], "BreadcrumbList");
        }
    }
    assert!(begun.elapsed().as_secs() < 120, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_blog_from_keywords_to_a_live_site() {
    from_keywords_to_a_live_site(blog()).await;
}

#[tokio::test]
async fn a_shop_from_keywords_to_a_live_site() {
    from_keywords_to_a_live_site(shop()).await;
}

#[tokio::test]
async fn a_company_from_keywords_to_a_live_site() {
    from_keywords_to_a_live_site(company()).await;
}

#[tokio::test]
async fn kinds_of_sites_are_listed() {
    let w = World::new().await;
    let (status, kinds) = w.get(&w.a.viewer, "/blueprints").await;
    assert_eq!(status, 200);
    let keys: Vec<&str> = kinds["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| of["key"].as_str().unwrap())
        .collect();
    assert_eq!(keys, ["blog", "company", "ecommerce"]);
    let (status, kind) = w.get(&w.a.viewer, "/blueprints/company").await;
    assert_eq!((status.as_u16(), &kind["site_type"]), (200, &json!("company")));
    assert_eq!(kind["steps"].as_array().unwrap().len(), 6);
    assert_eq!(w.get(&w.a.viewer, "/blueprints/nothing").await.0, 404);
}

#[tokio::test]
async fn viewers_look_and_strangers_do_not() {
    let w = World::new().await;
    let t = business(&w, &blog()).await;
    let plan = Plan::begin(&t, json!({})).await;
    let path = t.path(&plan.rest(""));
    assert_eq!(w.get(&w.a.viewer, &path).await.0, 200);
    let advance = json!({ "step": "business_details" });
    assert_eq!(plan.send(&w.a.viewer, "advance", advance.clone()).await.0, 403);
    assert_eq!(
        plan.send(&w.a.editor, "deploy", json!({})).await.0,
        403,
        "settings are an admin's"
    );
    assert_eq!(w.get(&w.b.owner, &path).await.0, 404);
    let own = format!("/sites/{}/blueprints/{}", w.b.sites[0], plan.id);
    assert_eq!(w.get(&w.b.owner, &own).await.0, 404);
    let request = w.request(&w.a.editor, Method::POST, &t.path(&plan.rest("advance")));
    assert_eq!(body_of(request.body_json(&advance).send().await).await.0, 428);
}
