//! Pictures of content through the real router: described, drawn, put into their places.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use igny8_server::testing::fake_provider::{FakeProvider, KEY, Reply};
use igny8_server::testing::{Member, World};
use serde_json::{Value, json};

use crate::openai::OpenAi;

struct Studio<'a> {
    w: &'a World,
    who: &'a Member,
    site: String,
    content: String,
}

const BODY: &str = "Cold brew is easy.\n\n## What you need\n\nA jar.\n\n## Brewing\n\nWait for a night.\n";

impl<'a> Studio<'a> {
    async fn new(w: &'a World) -> Self {
        let mut studio = Self {
            w,
            who: &w.a.editor,
            site: w.a.sites[0].to_string(),
            content: String::new(),
        };
        let long = format!("{}{}", BODY, "A sentence of some words for a picture. ".repeat(20));
        let body = json!({ "content_type": "post", "title": "Cold brew", "body": long });
        let (status, content) = w.post(studio.who, &studio.path("content"), body).await;
        assert_eq!(status, 201, "{content}");
        studio.content = content["id"].as_str().unwrap().to_owned();
        studio
    }

    fn path(&self, rest: &str) -> String {
        format!("/sites/{}/{rest}", self.site)
    }

    /// Sets a server up as the account's provider of pictures, with OpenAI's protocol.
    async fn connect(&self, fake: &FakeProvider) {
        let integration = json!({
            "kind": "image_provider", "name": "Fake", "key": KEY,
            "image": { "protocol": "openai", "base_url": fake.base_url, "model": "gpt-image-1" },
        });
        let (status, made) = self.w.post(&self.w.a.owner, "/integrations", integration).await;
        assert_eq!(status, 201, "{made}");
    }

    async fn run(&self, function: &str, input: Value) -> Value {
        let path = self.path(&format!("ai/{function}"));
        let (status, task) = self.w.post(self.who, &path, json!({ "input": input })).await;
        assert_eq!(status, 202, "{task}");
        self.w.run_jobs().await;
        self.w
            .get(self.who, &format!("/jobs/{}", task["job"].as_str().unwrap()))
            .await
            .1
    }

    async fn images(&self) -> Vec<Value> {
        let (status, list) = self
            .w
            .get(self.who, &self.path("images?sort=created_at&limit=50"))
            .await;
        assert_eq!(status, 200, "{list}");
        let mut images = list["items"].as_array().unwrap().clone();
        // Made in one moment: the featured one first.
        images.sort_by_key(|image| image["kind"].as_str().unwrap().to_owned());
        images
    }

    async fn text(&self) -> Value {
        self.w
            .get(self.who, &self.path(&format!("content/{}", self.content)))
            .await
            .1
    }

    async fn media(&self, image: &Value) -> Value {
        let path = self.path(&format!("media/{}", image["media"].as_str().unwrap()));
        self.w.get(self.who, &path).await.1
    }

    async fn balance(&self) -> i64 {
        let (_, balance) = self.w.get(&self.w.a.owner, "/billing/balance").await;
        balance["plan_credits"].as_i64().unwrap() + balance["bonus_credits"].as_i64().unwrap()
    }
}

fn png(colour: u8) -> String {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(48, 32, image::Rgb([colour, 80, 120]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    STANDARD.encode(bytes.into_inner())
}

#[tokio::test]
async fn local_pictures_are_drawn_and_stand_where_they_belong() {
    let w = World::new().await;
    let s = Studio::new(&w).await;
    let before = s.balance().await;
    let job = s
        .run(
            "generate_image_prompts",
            json!({ "contents": [s.content], "in_article": 1 }),
        )
        .await;
    assert_eq!(job["state"], "done", "{job}");
    let images = s.images().await;
    let kinds: Vec<&Value> = images.iter().map(|image| &image["kind"]).collect();
    assert_eq!(kinds, [&json!("featured"), &json!("in_article")], "{images:?}");
    assert_eq!(
        (&images[1]["section"], &images[1]["status"]),
        (&json!("brewing"), &json!("pending"))
    );
    assert_eq!(s.balance().await, before - 2);

    let job = s.run("generate_images", json!({ "content": s.content })).await;
    assert_eq!(job["state"], "done", "{job}");
    assert_eq!(job["result"]["not_placed"], json!([]), "{job}");
    assert_eq!(s.balance().await, before - 2 - 2);
    let images = s.images().await;
    assert!(
        images
            .iter()
            .all(|image| image["status"] == "generated" && image["model"] == "local"),
        "{images:?}"
    );
    let text = s.text().await;
    assert_eq!(text["featured_image"], images[0]["media"]);
    let media = s.media(&images[1]).await;
    assert_eq!(
        (&media["mime"], &media["alt"]),
        (&json!("image/svg+xml"), &json!("Brewing"))
    );
    let shown = format!(
        "## Brewing\n\n![Brewing]({})\n\nWait for a night.",
        media["path"].as_str().unwrap()
    );
    assert!(text["body"].as_str().unwrap().contains(&shown), "{text}");

    // Nothing is left to do, and a place that is taken is not asked for twice.
    let (status, problem) = w
        .post(
            s.who,
            &s.path("ai/generate_images"),
            json!({ "input": { "content": s.content } }),
        )
        .await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (422, &json!("nothing_to_do")),
        "{problem}"
    );
    let job = s
        .run(
            "generate_image_prompts",
            json!({ "contents": [s.content], "in_article": 1 }),
        )
        .await;
    assert_eq!(
        (&job["result"]["images"], &job["result"]["kept"]),
        (&json!([]), &json!(2)),
        "{job}"
    );
    let again = json!({ "content": s.content, "prompt": "A jar" });
    assert_eq!(w.post(s.who, &s.path("images"), again).await.0, 409);

    // Put there again: nothing happens twice.
    let path = s.path(&format!("images/{}/place", images[1]["id"].as_str().unwrap()));
    assert_eq!(w.post(s.who, &path, json!({})).await.0, 200);
    assert_eq!(s.text().await["revision"], text["revision"]);
}

#[tokio::test]
async fn a_provider_draws_and_what_it_refuses_costs_nothing() {
    let fake = FakeProvider::start().await;
    let w = World::with(|config| fake.allow(config)).await;
    let s = Studio::new(&w).await;
    for (protocol, base) in [
        ("openai", fake.base_url.clone()),
        ("runware", format!("{}/tasks", fake.base_url)),
    ] {
        let integration = json!({
            "kind": "image_provider", "name": "Fake", "key": KEY,
            "image": { "protocol": protocol, "base_url": base, "model": "gpt-image-1", "premium_model": "fine", "image_price": 0.04 },
        });
        let (status, made) = w.post(&w.a.owner, "/integrations", integration).await;
        assert_eq!(status, 201, "{made}");
        let (_, functions) = w.get(s.who, "/ai/functions").await;
        let drawn = functions["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|f| f["name"] == "generate_images")
            .unwrap();
        assert_eq!(
            (&functions["served_by"], &drawn["served_by"]),
            (&json!("local"), &json!("provider"))
        );
        let picture = |colour: u8| {
            let data = png(colour);
            Reply::Body(match protocol {
                "openai" => json!({ "created": 1_767_225_600, "data": [{ "b64_json": data }] }).to_string(),
                _ => json!({ "data": [{ "imageBase64Data": data }] }).to_string(),
            })
        };
        let refused = Reply::Body(match protocol {
            "openai" => {
                json!({ "error": { "code": "content_policy_violation", "message": "No.", "status": 400 } }).to_string()
            }
            _ => json!({ "errors": [{ "code": "invalidProviderContent", "message": "No." }] }).to_string(),
        });
        let test = format!("/integrations/{}/test", made["id"].as_str().unwrap());
        fake.script([picture(1)]);
        let (status, verdict) = w.post(&w.a.owner, &test, json!({})).await;
        assert_eq!((status.as_u16(), &verdict["verdict"]), (200, &json!("ok")), "{verdict}");

        let mut ids = Vec::new();
        for section in ["what you need", "brewing"] {
            let body = json!({ "content": s.content, "section": section, "prompt": format!("A picture of {section}"), "alt": "A [jar]" });
            let (status, image) = w.post(s.who, &s.path("images"), body).await;
            assert_eq!(status, 201, "{image}");
            ids.push(image["id"].clone());
        }
        let before = s.balance().await;
        fake.script([picture(2), refused.clone()]);
        let job = s
            .run("generate_images", json!({ "images": ids, "quality": "premium" }))
            .await;
        assert_eq!(job["state"], "done", "{job}");
        assert_eq!(job["result"]["failed"].as_array().unwrap().len(), 1, "{job}");
        assert_eq!(
            s.balance().await,
            before - 4,
            "premium counts as four, refused as nothing"
        );
        let asked = fake.received().pop().unwrap();
        let sent = if protocol == "openai" {
            OpenAi::new().check_all(&fake.received());
            &asked.body
        } else {
            &asked.body[0]
        };
        assert_eq!(sent["model"], "fine");
        assert_eq!(asked.headers["authorization"], format!("Bearer {KEY}"));
        let images = s.images().await;
        let states: Vec<&Value> = images.iter().map(|image| &image["status"]).collect();
        assert!(
            states.contains(&&json!("generated")) && states.contains(&&json!("failed")),
            "{images:?}"
        );
        let text = s.text().await;
        assert!(
            text["body"].as_str().unwrap().contains("![A \\[jar\\]](/media/"),
            "{text}"
        );

        // What is no picture is not stored, and one that fails alone costs nothing.
        let failed = images.iter().find(|image| image["status"] == "failed").unwrap();
        let html = Reply::Body(json!({ "data": [{ "b64_json": STANDARD.encode("<script>alert(1)</script>"), "imageBase64Data": STANDARD.encode("<html>") }] }).to_string());
        fake.script([html]);
        let before = s.balance().await;
        let job = s.run("generate_images", json!({ "images": [failed["id"]] })).await;
        assert_eq!(job["state"], "failed", "{job}");
        assert_eq!(s.balance().await, before);
        let (_, transcripts) = w.get(&w.a.owner, "/ai/transcripts?limit=50").await;
        assert!(!transcripts.to_string().contains(KEY));

        for image in s.images().await {
            let path = s.path(&format!("images/{}", image["id"].as_str().unwrap()));
            let (_, current) = w.get(s.who, &path).await;
            assert_eq!(current["id"], image["id"]);
            let answer = w.request(s.who, poem::http::Method::GET, &path).send().await;
            let etag = answer.0.headers()["etag"].to_str().unwrap().to_owned();
            let gone = w
                .request(s.who, poem::http::Method::DELETE, &path)
                .header("if-match", etag)
                .send()
                .await;
            gone.assert_status(poem::http::StatusCode::NO_CONTENT);
        }
        let path = format!("/integrations/{}", made["id"].as_str().unwrap());
        assert_eq!(w.delete(&w.a.owner, &path, 1).await.0, 204);
    }
}

#[tokio::test]
async fn of_pictures_that_fail_together_the_cause_is_told() {
    let fake = FakeProvider::start().await;
    let w = World::with(|config| fake.allow(config)).await;
    let s = Studio::new(&w).await;
    s.connect(&fake).await;
    let mut ids = Vec::new();
    for section in ["what you need", "brewing"] {
        let body = json!({ "content": s.content, "section": section, "prompt": format!("A picture of {section}") });
        let (status, image) = w.post(s.who, &s.path("images"), body).await;
        assert_eq!(status, 201, "{image}");
        ids.push(image["id"].clone());
        // They are drawn in the order of their ids.
        w.clock.advance(chrono::Duration::seconds(1));
    }
    // The first waits, and is stopped because the second fails.
    fake.answer(|request| match request.body["prompt"].as_str() {
        Some("A picture of what you need") => Reply::RateLimited("1"),
        _ => Reply::Error(401, "invalid_api_key", "No such key"),
    });
    let before = s.balance().await;
    let job = s.run("generate_images", json!({ "images": ids })).await;
    assert_eq!(job["state"], "failed", "{job}");
    let error = job["error"].as_str().unwrap();
    assert!(error.contains("No such key") && !error.contains("stopped"), "{error}");
    assert_eq!(s.balance().await, before);
}

#[tokio::test]
async fn a_drawn_picture_that_the_site_has_is_the_same_file() {
    let fake = FakeProvider::start().await;
    let w = World::with(|config| fake.allow(config)).await;
    let s = Studio::new(&w).await;
    s.connect(&fake).await;
    let data = png(9);
    let mut form = b"--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n".to_vec();
    form.extend(STANDARD.decode(&data).unwrap());
    form.extend(b"\r\n--edge--\r\n");
    let upload = w
        .request(s.who, poem::http::Method::POST, &s.path("media"))
        .content_type("multipart/form-data; boundary=edge");
    let (status, media) = igny8_server::testing::body_of(upload.body(form).send().await).await;
    assert_eq!(status, 201, "{media}");
    for section in ["what you need", "brewing"] {
        let body =
            json!({ "content": s.content, "section": section, "prompt": format!("A jar, {section}"), "alt": "A jar" });
        assert_eq!(w.post(s.who, &s.path("images"), body).await.0, 201);
    }
    fake.answer(move |_| Reply::Body(json!({ "created": 1_767_225_600, "data": [{ "b64_json": data }] }).to_string()));
    let job = s.run("generate_images", json!({ "content": s.content })).await;
    assert_eq!(job["state"], "done", "{job}");
    for image in s.images().await {
        assert_eq!(
            (&image["status"], &image["media"]),
            (&json!("generated"), &media["id"]),
            "{image}"
        );
    }
    let (_, files) = w.get(s.who, &s.path("media?with_total=true")).await;
    assert_eq!(
        (&files["total"], &files["items"][0]["name"]),
        (&json!(1), &json!("a.png")),
        "{files}"
    );
}

#[tokio::test]
async fn pictures_of_ones_own_and_rules() {
    let w = World::new().await;
    let s = Studio::new(&w).await;
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\"><script>alert(1)</script><rect width=\"9\" height=\"9\"/></svg>";
    let upload = w
        .request(s.who, poem::http::Method::POST, &s.path("media"))
        .content_type("multipart/form-data; boundary=edge")
        .body(format!(
            "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.svg\"\r\n\r\n{svg}\r\n--edge--\r\n"
        ));
    let (status, media) = igny8_server::testing::body_of(upload.send().await).await;
    assert_eq!(status, 201, "{media}");
    let (status, image) = w
        .post(
            s.who,
            &s.path("images"),
            json!({ "content": s.content, "media": media["id"], "alt": "Mine" }),
        )
        .await;
    assert_eq!(
        (status.as_u16(), &image["status"]),
        (201, &json!("uploaded")),
        "{image}"
    );
    let path = s.path(&format!("images/{}", image["id"].as_str().unwrap()));
    assert_eq!(w.post(s.who, &format!("{path}/place"), json!({})).await.0, 200);
    assert_eq!(s.text().await["featured_image"], media["id"]);

    for (body, field) in [
        (json!({ "content": s.content, "section": "x" }), "prompt"),
        (
            json!({ "content": s.content, "section": "x", "media": "med_01jz8k3v5n6q7r8s9t0v1w2x3y" }),
            "media",
        ),
        (
            json!({ "content": "cont_01jz8k3v5n6q7r8s9t0v1w2x3y", "prompt": "A jar" }),
            "content",
        ),
    ] {
        let (status, problem) = w.post(s.who, &s.path("images"), body).await;
        assert_eq!(
            (status.as_u16(), &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{problem}"
        );
    }
    for input in [
        json!({ "images": [image["id"]], "content": s.content }),
        json!({}),
        json!({ "images": ["img_01jz8k3v5n6q7r8s9t0v1w2x3y"] }),
        json!({ "images": [image["id"]] }),
    ] {
        let (status, problem) = w
            .post(s.who, &s.path("ai/generate_images"), json!({ "input": input }))
            .await;
        assert_eq!(status, 422, "{problem}");
    }
    assert_eq!(w.post(&w.a.viewer, &format!("{path}/place"), json!({})).await.0, 403);
    assert_eq!(w.post(&w.b.owner, &format!("{path}/place"), json!({})).await.0, 404);
}

#[tokio::test]
async fn another_file_and_another_text_reach_the_page() {
    let w = World::new().await;
    let s = Studio::new(&w).await;
    let upload = async |name: &str, colour: u8| {
        let mut form = format!("--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n")
            .into_bytes();
        form.extend(STANDARD.decode(png(colour)).unwrap());
        form.extend(b"\r\n--edge--\r\n");
        let request = w
            .request(s.who, poem::http::Method::POST, &s.path("media"))
            .content_type("multipart/form-data; boundary=edge");
        let (status, media) = igny8_server::testing::body_of(request.body(form).send().await).await;
        assert_eq!(status, 201, "{media}");
        media
    };
    let place = async |image: &str| {
        let (status, placed) = w
            .post(s.who, &s.path(&format!("images/{image}/place")), json!({}))
            .await;
        assert_eq!(status, 200, "{placed}");
        s.text().await["body"].as_str().unwrap().to_owned()
    };
    let change = async |image: &str, body: Value| {
        let path = s.path(&format!("images/{image}"));
        let etag = w.request(s.who, poem::http::Method::GET, &path).send().await;
        let etag = etag.0.headers()["etag"]
            .to_str()
            .unwrap()
            .trim_matches('"')
            .parse()
            .unwrap();
        let (status, changed) = w.patch(s.who, &path, etag, body).await;
        assert_eq!(status, 200, "{changed}");
    };
    let drawn = json!({ "content": s.content, "section": "brewing", "prompt": "A jar", "alt": "A jar" });
    let (_, image) = w.post(s.who, &s.path("images"), drawn).await;
    let image = image["id"].as_str().unwrap();
    let job = s.run("generate_images", json!({ "images": [image] })).await;
    assert_eq!(job["result"]["not_placed"], json!([]), "{job}");
    let before = s.text().await["body"].as_str().unwrap().to_owned();
    assert_eq!(before.matches("![").count(), 1, "{before}");

    // Two files of one's own, of which only the second was put there: the drawn one is gone.
    let (one, two) = (upload("one.png", 1).await, upload("two.png", 2).await);
    change(image, json!({ "media": one["id"] })).await;
    change(image, json!({ "media": two["id"], "alt": "My jar" })).await;
    let body = place(image).await;
    let shown = format!("## Brewing\n\n![My jar]({})\n\nWait", two["path"].as_str().unwrap());
    assert!(body.contains(&shown) && body.matches("![").count() == 1, "{body}");
    // Back to the first, and another text for it by itself.
    change(image, json!({ "media": one["id"] })).await;
    assert_eq!(
        place(image).await,
        body.replace(two["path"].as_str().unwrap(), one["path"].as_str().unwrap())
    );
    change(image, json!({ "alt": "A [tall] jar" })).await;
    let described = s.text().await["body"].as_str().unwrap().to_owned();
    assert!(described.contains("![A \\[tall\\] jar](/media/"), "{described}");
    assert_eq!(place(image).await, described, "a second time nothing changes");

    // Of the featured one the file says it.
    let featured = json!({ "content": s.content, "media": two["id"], "alt": "Before" });
    let (_, featured) = w.post(s.who, &s.path("images"), featured).await;
    let featured_id = featured["id"].as_str().unwrap();
    place(featured_id).await;
    assert_eq!(s.media(&featured).await["alt"], "Before");
    change(featured_id, json!({ "alt": "After" })).await;
    assert_eq!(s.media(&featured).await["alt"], "After");
}
