//! AI providers: a real server on loopback, real requests, and everything that goes wrong with them.
//!
//! What is sent is checked against OpenAI's own description of its API (`fixtures/openai.json`).

use std::time::{Duration, Instant};

use igny8_data::{Read, Why};
use igny8_server::ai::provider::images::{self, Drawing, Quality};
use igny8_server::ai::provider::{
    AnswerSchema, ChatMessage, ChatRequest, ChatRole, NotUsable, Provider, ProviderError, configured,
};
use igny8_server::features::integrations::{Integration, Settings};
use igny8_server::testing::fake_provider::{FakeProvider, KEY, Received, Reply, completion, vector};
use igny8_server::testing::{Member, World, body_of};
use poem::http::Method;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::openai::OpenAi;

fn question(schema: bool) -> ChatRequest {
    let message = |role, text: &str| ChatMessage {
        role,
        text: text.into(),
    };
    ChatRequest {
        system: "You write about tides.".into(),
        messages: vec![
            message(ChatRole::User, "Name one."),
            message(ChatRole::Assistant, "Spring tide."),
            message(ChatRole::User, "Another."),
        ],
        schema: schema.then(|| AnswerSchema {
            name: "tide".into(),
            schema: json!({
                "type": "object",
                "properties": { "name": { "type": "string" } },
                "required": ["name"],
                "additionalProperties": false,
            }),
        }),
        max_output_tokens: 300,
        temperature: Some(0.7),
    }
}

async fn world() -> (World, FakeProvider) {
    let fake = FakeProvider::start().await;
    let world = World::with(|config| fake.allow(config)).await;
    (world, fake)
}

async fn provider(w: &World, member: &Member) -> Provider {
    found(w, member).await.unwrap().expect("a provider is configured")
}

async fn found(w: &World, member: &Member) -> Result<Option<Provider>, NotUsable> {
    let actor = w.app.db.actor_of_user(member.id).await.unwrap();
    configured(&w.app, &actor.account::<Read>().unwrap()).await
}

#[tokio::test]
async fn what_is_sent_is_what_openai_describes() {
    let (w, fake) = world().await;
    let made = fake.connect(&w, &w.a.owner).await;
    let path = format!("/integrations/{}", made["id"].as_str().unwrap());
    let headers = json!({ "chat": { "organisation": "org-1" }, "headers": { "X-Team": "blue-team" } });
    assert_eq!(w.patch(&w.a.admin, &path, 1, headers).await.0, 200);
    let provider = provider(&w, &w.a.viewer).await;
    let go = CancellationToken::new();
    let mut openai = OpenAi::new();

    for schema in [false, true] {
        let answer = provider.chat(&question(schema), &go).await.unwrap();
        assert_eq!(answer.text, r#"{"ok": true}"#);
        assert_eq!((answer.tokens_in, answer.tokens_out), (1000, 500));
        assert_eq!(answer.model, "fake-chat-2026-01-01");
        assert_eq!(answer.request_id.as_deref(), Some("req_fake"));
    }
    assert_eq!(provider.cost_micros(1000, 500), 2000);
    let texts: Vec<String> = (0..200).map(|n| format!("keyword {n}")).collect();
    let vectors = provider.embed(&texts, &go).await.unwrap();
    assert_eq!(vectors.vectors.len(), 200);
    assert_eq!(vectors.vectors[199], vector("keyword 199"));
    assert_eq!(vectors.tokens, 24, "three parts of 8");
    assert!(provider.embed(&[], &go).await.unwrap().vectors.is_empty());

    let received = fake.received();
    assert_eq!(openai.check_all(&received), 5, "two questions and three parts of texts");
    for request in &received {
        let chat = request.path == "/v1/chat/completions";
        assert!(chat || request.path == "/v1/embeddings", "{}", request.path);
        assert_eq!(request.headers["authorization"], format!("Bearer {KEY}"));
        assert_eq!(request.headers["openai-organization"], "org-1");
        assert_eq!(request.headers["x-team"], "blue-team");
        assert_eq!(request.headers["content-type"], "application/json");
        assert_eq!(request.headers["accept-encoding"], "gzip");
    }
    let format = &received[1].body["response_format"];
    assert_eq!(
        (&format["type"], &format["json_schema"]["strict"]),
        (&json!("json_schema"), &json!(true))
    );
    let roles: Vec<_> = received[0].body["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["role"])
        .collect();
    assert_eq!(roles, ["system", "user", "assistant", "user"]);

    // The controls: the fake's own answers are OpenAI's too, and the schemas notice mistakes.
    let usage = json!({ "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 });
    openai.check(
        "CreateChatCompletionResponse",
        &completion(json!({ "content": "x" }), "stop", Some(usage)),
    );
    for (field, wrong) in [
        ("max_output_tokens", json!(1)),
        ("temperature", json!(3)),
        ("messages", json!([])),
        ("response_format", json!({ "type": "json" })),
        (
            "messages",
            json!([{ "role": "user", "content": "x", "colour": "blue" }]),
        ),
        (
            "response_format",
            json!({ "type": "json_schema", "json_schema": { "name": "x", "stict": true } }),
        ),
    ] {
        let mut body = received[1].body.clone();
        body[field] = wrong;
        assert!(
            openai.problem("CreateChatCompletionRequest", &body).is_some(),
            "{field}"
        );
    }
}

#[tokio::test]
async fn azure_is_asked_in_its_way() {
    let (w, fake) = world().await;
    let body = json!({
        "kind": "chat_provider",
        "name": "Azure",
        "chat": {
            "base_url": format!("{}/deployments/m?api-version=2024-10-21", fake.base_url),
            "model": "m",
            "key_header": "api_key",
        },
        "key": KEY,
    });
    assert_eq!(w.post(&w.a.admin, "/integrations", body).await.0, 201);
    let provider = provider(&w, &w.a.owner).await;
    assert!(!provider.embeds());
    let go = CancellationToken::new();
    provider.chat(&question(false), &go).await.unwrap();
    let embedded = provider.embed(&["x".into()], &go).await;
    assert!(matches!(embedded, Err(ProviderError::NotAccepted(_))), "{embedded:?}");
    let request = &fake.received()[0];
    assert_eq!(request.path, "/v1/deployments/m/chat/completions");
    assert_eq!(request.query, "api-version=2024-10-21");
    assert_eq!(request.headers["api-key"], KEY);
    assert!(!request.headers.contains_key("authorization"));
}

#[tokio::test]
async fn every_way_to_fail_is_told_apart() {
    let (w, fake) = world().await;
    fake.connect(&w, &w.a.owner).await;
    let provider = provider(&w, &w.a.owner).await;
    let go = CancellationToken::new();
    let seconds = |n| Some(Duration::from_secs(n));
    let text = || String::new();
    for (reply, expected, retryable) in [
        (
            Reply::RateLimited("7"),
            ProviderError::RateLimited {
                retry_after: seconds(7),
            },
            true,
        ),
        (
            Reply::RateLimited("Thu, 01 Jan 1970 00:00:00 GMT"),
            ProviderError::RateLimited {
                retry_after: seconds(0),
            },
            true,
        ),
        (
            Reply::Error(429, "insufficient_quota", "Pay"),
            ProviderError::NotAccepted(text()),
            false,
        ),
        (
            Reply::Error(500, "server_error", "Oh"),
            ProviderError::Unavailable(text()),
            true,
        ),
        (Reply::Status(502, "<html>"), ProviderError::Unavailable(text()), true),
        (
            Reply::Error(401, "invalid_api_key", "Incorrect key sk-canary-of-the-fake-provider"),
            ProviderError::NotAccepted(text()),
            false,
        ),
        (Reply::Error(403, "x", "No"), ProviderError::NotAccepted(text()), false),
        (
            Reply::Error(404, "model_not_found", "No"),
            ProviderError::NotAccepted(text()),
            false,
        ),
        (Reply::Error(400, "x", "No"), ProviderError::NotAccepted(text()), false),
        (
            Reply::Error(400, "content_filter", "No"),
            ProviderError::Refused(text()),
            false,
        ),
        (Reply::Filtered, ProviderError::Refused(text()), false),
        (
            Reply::Refusal("I will not.".into()),
            ProviderError::Refused(text()),
            false,
        ),
        (
            Reply::Truncated("Neap ti".into()),
            ProviderError::Truncated {
                partial: "Neap ti".into(),
            },
            false,
        ),
        (
            Reply::Body("{\"choices\":[{".into()),
            ProviderError::Broken(text()),
            true,
        ),
        (Reply::Body("<html>".into()), ProviderError::Broken(text()), true),
        (Reply::Body("{}".into()), ProviderError::Broken(text()), true),
        (Reply::Broken, ProviderError::Unavailable(text()), true),
        (
            Reply::Redirect("http://169.254.169.254/latest/meta-data/"),
            ProviderError::NotAccepted(text()),
            false,
        ),
        (Reply::Redirect("/elsewhere"), ProviderError::NotAccepted(text()), false),
        (Reply::Endless, ProviderError::TooLarge, false),
        (Reply::Announced, ProviderError::TooLarge, false),
        (Reply::Bomb, ProviderError::TooLarge, false),
    ] {
        fake.script([reply]);
        let before = fake.received().len();
        let error = provider.chat(&question(false), &go).await.unwrap_err();
        assert_eq!(
            fake.received().len(),
            before + 1,
            "one request, no hidden repeats: {error}"
        );
        match &expected {
            ProviderError::RateLimited { .. } | ProviderError::Truncated { .. } => assert_eq!(error, expected),
            _ => assert_eq!(error.code(), expected.code(), "{error}"),
        }
        assert_eq!(error.is_retryable(), retryable, "{error}");
        for text in [error.for_user(), error.to_string(), format!("{error:?}")] {
            assert!(!text.contains(KEY) && !text.contains("127.0.0.1/"), "{text}");
        }
        assert!(error.for_user().ends_with('.'), "{}", error.for_user());
    }
    // Usage that is missing or cannot be is estimated.
    for usage in [
        json!(null),
        json!({}),
        json!({ "prompt_tokens": -5, "completion_tokens": "many" }),
    ] {
        fake.script([Reply::Counted("Neap tide.".into(), usage)]);
        let answer = provider.chat(&question(false), &go).await.unwrap();
        assert!(answer.tokens_in > 20 && answer.tokens_out == 3, "{answer:?}");
    }
    fake.script([Reply::Packed]);
    assert!(provider.chat(&question(false), &go).await.is_ok());
}

#[tokio::test]
async fn a_server_without_schemas_is_told_in_words_once() {
    let (w, fake) = world().await;
    fake.connect(&w, &w.a.owner).await;
    let provider = provider(&w, &w.a.owner).await;
    let go = CancellationToken::new();
    let refusal = || Reply::Error(400, "x", "'response_format.type' must be one of text, json_object");
    let length = || {
        Reply::Error(
            400,
            "x",
            "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
        )
    };
    fake.script([refusal(), length()]);
    provider.chat(&question(true), &go).await.unwrap();
    provider.chat(&question(true), &go).await.unwrap();
    let received = fake.received();
    assert_eq!(received.len(), 4, "what was learnt is kept");
    let mut openai = OpenAi::new();
    openai.check_all(&received);
    for request in &received[1..] {
        assert_eq!(request.body["response_format"], json!({ "type": "json_object" }));
        let system = request.body["messages"][0]["content"].as_str().unwrap();
        assert!(system.contains("JSON schema") && system.contains(r#""additionalProperties":false"#));
    }
    assert_eq!(received[3].body["max_completion_tokens"], 300);
    // Refused altogether, the format is left out: learnt once, too.
    fake.script([Reply::Error(
        400,
        "x",
        "Unrecognized request argument supplied: response_format",
    )]);
    provider.chat(&question(true), &go).await.unwrap();
    provider.chat(&question(true), &go).await.unwrap();
    let received = fake.received();
    assert_eq!(received.len(), 7, "what was learnt is kept");
    openai.check_all(&received[5..]);
    for request in &received[5..] {
        assert_eq!(request.body.get("response_format"), None);
        let system = request.body["messages"][0]["content"].as_str().unwrap();
        assert!(system.contains("JSON schema"), "{system}");
    }
    fake.script([refusal()]);
    let error = provider.chat(&question(true), &go).await.unwrap_err();
    assert_eq!((error.code(), fake.received().len()), ("not_accepted", 8), "not again");
}

#[tokio::test]
async fn pictures_are_asked_for_as_openai_describes() {
    let (w, fake) = world().await;
    let mut openai = OpenAi::new();
    let picture = json!({ "created": 1_767_225_600, "data": [{ "b64_json": "UE5H" }] });
    openai.check("ImagesResponse", &picture);
    fake.answer(move |_| Reply::Body(picture.to_string()));
    let actor = w.app.db.actor_of_user(w.a.viewer.id).await.unwrap();
    let account = actor.account::<Read>().unwrap();
    let go = CancellationToken::new();
    // What the description says in words: characters of a prompt, sizes and qualities of each model.
    let of_gpt: [&[&str]; 2] = [
        &["auto", "1024x1024", "1536x1024", "1024x1536"],
        &["auto", "low", "medium", "high"],
    ];
    let models: [(&str, usize, [&[&str]; 2]); 4] = [
        ("gpt-image-1", 32_000, of_gpt),
        ("gpt-image-2", 32_000, of_gpt),
        (
            "dall-e-3",
            4_000,
            [&["1024x1024", "1792x1024", "1024x1792"], &["standard", "hd"]],
        ),
        ("dall-e-2", 1_000, [&["256x256", "512x512", "1024x1024"], &["standard"]]),
    ];
    for (model, longest, [sizes, qualities]) in models {
        let integration = json!({
            "kind": "image_provider", "name": "Fake", "key": KEY,
            "image": { "protocol": "openai", "base_url": fake.base_url, "model": model },
        });
        let (status, made) = w.post(&w.a.owner, "/integrations", integration).await;
        assert_eq!(status, 201, "{made}");
        let provider = images::configured(&w.app, &account).await.unwrap();
        let provider = provider.expect("a provider of pictures is configured");
        let before = fake.received().len();
        for quality in [Quality::Basic, Quality::Premium] {
            let drawing = Drawing {
                prompt: "\u{e9}".repeat(40_000),
                quality,
            };
            assert_eq!(provider.draw(&drawing, [7; 16], &go).await.unwrap(), b"PNG", "{model}");
        }
        let all = fake.received();
        let received = &all[before..];
        assert_eq!(openai.check_all(received), 2, "{model}");
        for Received {
            path, headers, body, ..
        } in received
        {
            assert_eq!(path, "/v1/images/generations");
            assert_eq!(headers["authorization"], format!("Bearer {KEY}"));
            let prompt = body["prompt"].as_str().unwrap();
            assert!((500..=longest).contains(&prompt.chars().count()), "{model}");
            assert!(sizes.contains(&body["size"].as_str().unwrap()), "{body}");
            let quality = body["quality"].as_str();
            assert!(quality.is_none_or(|quality| qualities.contains(&quality)), "{body}");
            // Each belongs to one family of models.
            assert_eq!(
                body.get("response_format").is_some(),
                model.starts_with("dall-e"),
                "{body}"
            );
            assert_eq!(
                body.get("output_format").is_some(),
                model.starts_with("gpt-image"),
                "{body}"
            );
        }
        let path = format!("/integrations/{}", made["id"].as_str().unwrap());
        assert_eq!(w.delete(&w.a.owner, &path, 1).await.0, 204);
    }
    // The control: the schema notices mistakes.
    let good = fake.received()[0].body.clone();
    for (field, wrong) in [
        ("prompt", Value::Null),
        ("n", json!(11)),
        ("quality", json!("best")),
        ("output_format", json!("gif")),
        ("colour", json!("blue")),
    ] {
        let mut body = good.clone();
        body[field] = wrong;
        assert!(openai.problem("CreateImageRequest", &body).is_some(), "{field}");
    }
}

#[tokio::test]
async fn slow_answers_end_and_stop_is_heard() {
    let (w, fake) = world().await;
    let made = fake.connect(&w, &w.a.owner).await;
    let path = format!("/integrations/{}", made["id"].as_str().unwrap());
    let patch = json!({ "chat": { "timeout_seconds": 5 } });
    assert_eq!(w.patch(&w.a.owner, &path, 1, patch).await.0, 200);
    let provider = provider(&w, &w.a.owner).await;
    fake.answer(|_| Reply::Slow(Duration::from_secs(60)));
    let stop = CancellationToken::new();
    let (slow, question) = (provider.clone(), question(false));
    let started = Instant::now();
    let go = CancellationToken::new();
    let (timed_out, cancelled) = tokio::join!(slow.chat(&question, &go), async {
        let asked = provider.chat(&question, &stop);
        let soon = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            stop.cancel();
        };
        tokio::join!(asked, soon).0
    });
    assert_eq!(cancelled.unwrap_err(), ProviderError::Cancelled);
    let error = timed_out.unwrap_err();
    assert_eq!(error.code(), "unavailable");
    assert!(error.for_user().contains("5 seconds"), "{}", error.for_user());
    assert!(started.elapsed() < Duration::from_secs(20));
    // Nobody listens there any more.
    drop(fake);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let error = provider.chat(&question, &CancellationToken::new()).await.unwrap_err();
    assert_eq!(error.code(), "unavailable");
}

#[tokio::test]
async fn without_a_provider_there_is_none_and_it_is_the_accounts_own() {
    let (w, fake) = world().await;
    assert!(found(&w, &w.a.owner).await.unwrap().is_none());
    let made = fake.connect(&w, &w.a.owner).await;
    let path = format!("/integrations/{}", made["id"].as_str().unwrap());
    assert_eq!(provider(&w, &w.a.editor).await.model(), "fake-chat");
    assert!(found(&w, &w.b.owner).await.unwrap().is_none(), "not another account's");
    // The installation itself, as in a job that a key or a schedule asked for.
    let system = w.app.db.system_actor(w.a.account, Why::Queue).await.unwrap();
    let scope = system.account::<Read>().unwrap();
    assert!(configured(&w.app, &scope).await.unwrap().is_some());
    assert_eq!(w.patch(&w.a.owner, &path, 1, json!({ "enabled": false })).await.0, 200);
    assert!(found(&w, &w.a.owner).await.unwrap().is_none(), "not enabled");
    assert_eq!(w.patch(&w.a.owner, &path, 2, json!({ "enabled": true })).await.0, 200);
    assert!(found(&w, &w.a.owner).await.unwrap().is_some());
    // Ciphertext moved to another row, as somebody with the database could: an error the user sees, not another key.
    let other = fake.connect(&w, &w.b.owner).await;
    let sql = "UPDATE type::record('integration', $to) SET sealed = (SELECT VALUE sealed FROM ONLY type::record('integration', $from))";
    let key = |made: &Value| made["id"].as_str().unwrap().trim_start_matches("int_").to_owned();
    let mut binds = igny8_data::Variables::new();
    binds.insert("from", key(&made));
    binds.insert("to", key(&other));
    w.app
        .db
        .platform(Why::Operator)
        .query(sql, binds, "moving a secret")
        .await
        .unwrap();
    let error = found(&w, &w.b.owner).await.err().expect("it does not open");
    assert!(
        matches!(&error, NotUsable::Provider(ProviderError::NotAccepted(text)) if text.contains("enter")),
        "{error}"
    );
    let path = format!("/integrations/{}", other["id"].as_str().unwrap());
    let (_, verdict) = w.post(&w.b.owner, &format!("{path}/test"), json!({})).await;
    assert_eq!(verdict["verdict"], "not_accepted", "{verdict}");
    assert_eq!(w.patch(&w.b.owner, &path, 1, json!({ "key": KEY })).await.0, 200);
    assert!(found(&w, &w.b.owner).await.unwrap().is_some(), "entered again");
    assert_eq!(w.delete(&w.b.owner, &path, 2).await.0, 204);
    assert!(found(&w, &w.b.owner).await.unwrap().is_none());
}

#[tokio::test]
async fn keys_are_never_given_out() {
    let (w, fake) = world().await;
    let made = fake.connect(&w, &w.a.owner).await;
    assert_eq!(
        (&made["key_set"], &made["key_last_four"]),
        (&json!(true), &json!("ider"))
    );
    let path = format!("/integrations/{}", made["id"].as_str().unwrap());
    let hush = json!({ "headers": { "x-secret-thing": "hush-hush-value" } });
    assert_eq!(w.patch(&w.a.owner, &path, 1, hush).await.0, 200);
    let test = format!("{path}/test");
    fake.script([Reply::Error(
        401,
        "x",
        "Wrong: Bearer sk-canary-of-the-fake-provider, hush-hush-value",
    )]);
    let tested = w.post(&w.a.owner, &test, json!({})).await;
    assert_eq!(tested.1["verdict"], "not_accepted");
    let mut seen = vec![tested.1.to_string()];
    for member in [&w.a.owner, &w.a.viewer] {
        let (_, one) = w.get(member, &path).await;
        assert_eq!(one["key_set"], true);
        assert_eq!(one["header_names"], json!(["x-secret-thing"]));
        seen.push(one.to_string());
        seen.push(w.get(member, "/integrations").await.1.to_string());
    }
    seen.push(w.get(&w.a.owner, "/audit").await.1.to_string());
    for text in &seen {
        assert!(!text.contains(KEY) && !text.contains("hush-hush"), "{text}");
    }
    let viewed = w.get(&w.a.viewer, &path).await.1;
    assert!(viewed.get("key_last_four").is_none(), "{viewed}");
    // As stored.
    let sql = "SELECT * FROM integration;";
    let mut answer = w
        .app
        .db
        .platform(Why::Operator)
        .query(sql, Default::default(), "looking")
        .await
        .unwrap();
    let rows: Vec<igny8_data::Value> = answer.rows(0).unwrap();
    let text = format!("{rows:?}");
    assert!(
        text.contains("x-secret-thing") && !text.contains(KEY) && !text.contains("hush-hush"),
        "{text}"
    );
}

#[tokio::test]
async fn the_key_stays_with_the_host_it_was_entered_for() {
    let (w, fake) = world().await;
    let made = fake.connect(&w, &w.a.owner).await;
    let path = format!("/integrations/{}", made["id"].as_str().unwrap());
    let moved = json!({ "chat": { "base_url": "https://evil.example/v1" } });
    let (status, problem) = w.patch(&w.a.admin, &path, 1, moved.clone()).await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["field"]),
        (422, &json!("key")),
        "{problem}"
    );
    // The same host is another path of the same owner.
    let same = json!({ "chat": { "base_url": format!("{}/more", fake.base_url) } });
    assert_eq!(w.patch(&w.a.admin, &path, 1, same).await.0, 200);
    let mut anew = moved;
    anew["key"] = json!(null);
    let (status, changed) = w.patch(&w.a.admin, &path, 2, anew).await;
    assert_eq!(
        (status.as_u16(), &changed["key_set"]),
        (200, &json!(false)),
        "{changed}"
    );
    assert_eq!(w.patch(&w.a.admin, &path, 2, json!({ "name": "x" })).await.0, 412);
    assert_eq!(w.delete(&w.a.admin, &path, 2).await.0, 412);
}

#[tokio::test]
async fn settings_are_checked() {
    let (w, fake) = world().await;
    let valid = json!({
        "kind": "chat_provider",
        "name": "x",
        "chat": { "base_url": "https://llm.example/v1", "model": "m" },
    });
    for (field, wrong) in [
        ("name", json!(" ")),
        ("key", json!("two words")),
        ("key", json!("line\nbreak")),
        ("headers.host", json!({ "Host": "evil.example" })),
        ("headers.authorization", json!({ "Authorization": "x" })),
        ("headers.x-a", json!({ "x-a": "a\r\nb: c" })),
        ("chat.base_url", json!("llm.example")),
        ("chat.base_url", json!("https://llm.example/v1\n/x")),
        ("chat.base_url", json!("https://llm.example/v 1")),
        ("chat.base_url", json!("http://llm.example/v1")),
        ("chat.base_url", json!("https://user:pass@llm.example/v1")),
        ("chat.base_url", json!("https://169.254.169.254/v1")),
        ("chat.base_url", json!("https://[::ffff:127.0.0.1]/v1")),
        ("chat.base_url", json!("https://0x7f.1/v1")),
        ("chat.base_url", json!("https://localhost./v1")),
        ("chat.base_url", json!("http://127.0.0.1:1/v1")),
        ("chat.base_url", json!("https://llm.example/v1?key=secret")),
        ("chat.base_url", json!("https://llm.example/v1/chat/completions")),
        ("chat.base_url", json!("file:///etc/passwd")),
        ("chat.model", json!("")),
        ("chat.timeout_seconds", json!(4)),
        ("chat.input_price", json!(-1.0)),
    ] {
        let mut body = valid.clone();
        match field.split_once('.') {
            Some(("chat", name)) => body["chat"][name] = wrong.clone(),
            Some((name, _)) => body[name] = wrong.clone(),
            None => body[field] = wrong.clone(),
        }
        let (status, problem) = w.post(&w.a.owner, "/integrations", body).await;
        assert_eq!(
            (status.as_u16(), &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{wrong}: {problem}"
        );
    }
    assert_eq!(w.post(&w.a.editor, "/integrations", valid.clone()).await.0, 403);
    assert_eq!(w.post(&w.a.admin, "/integrations", valid.clone()).await.0, 201);
    let (status, problem) = w.post(&w.a.admin, "/integrations", valid).await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &json!("duplicate")));
    assert!(fake.received().is_empty(), "nothing was called");
}

#[tokio::test]
async fn a_connection_is_tested() {
    let (w, fake) = world().await;
    let made = fake.connect(&w, &w.a.owner).await;
    let path = format!("/integrations/{}", made["id"].as_str().unwrap());
    let test = format!("{path}/test");
    let (status, verdict) = w.post(&w.a.admin, &test, json!({})).await;
    assert_eq!(status, 200, "{verdict}");
    assert_eq!(verdict["verdict"], "ok", "{verdict}");
    assert_eq!(
        (&verdict["model"], &verdict["schemas"], &verdict["embedding_length"]),
        (&json!("fake-chat-2026-01-01"), &json!(true), &json!(16))
    );
    let embedding_fails = [
        Reply::Text("x".into()),
        Reply::Error(404, "model_not_found", "No such model"),
    ];
    for (replies, expected) in [
        (vec![Reply::Error(401, "invalid_api_key", "No")], "not_accepted"),
        (embedding_fails.to_vec(), "not_accepted"),
        (vec![Reply::RateLimited("3")], "rate_limited"),
        (vec![Reply::Error(503, "x", "No")], "unavailable"),
        (vec![Reply::Refusal("No".into())], "refused"),
        (vec![Reply::Body("<html>".into())], "broken"),
        (vec![Reply::Endless], "too_large"),
        (vec![Reply::Redirect("http://169.254.169.254/")], "not_accepted"),
        (vec![Reply::Truncated("{".into())], "ok"),
    ] {
        fake.script(replies);
        let (status, verdict) = w.post(&w.a.admin, &test, json!({})).await;
        assert_eq!(
            (status.as_u16(), &verdict["verdict"]),
            (200, &json!(expected)),
            "{verdict}"
        );
        assert!(verdict["message"].as_str().unwrap().len() > 10);
    }
    assert_eq!(w.post(&w.a.editor, &test, json!({})).await.0, 403);
    assert_eq!(w.post(&w.b.owner, &test, json!({})).await.0, 404);
    let (_, audit) = w.get(&w.a.owner, "/audit").await;
    assert!(audit.to_string().contains("integration.tested"), "{audit}");

    let before = fake.received().len();
    // The operator takes the host off the list: what is stored is blocked all the same.
    let body = json!({
        "kind": "chat_provider",
        "name": "x",
        "chat": { "base_url": fake.base_url, "model": "m" },
    });
    let strict = World::with(|config| config.limits.ai = 2).await;
    let (_, problem) = strict.post(&strict.a.owner, "/integrations", body).await;
    assert!(problem.to_string().contains("outgoing.allowed_hosts"), "{problem}");
    let mut settings = json!({
        "base_url": fake.base_url, "model": "m", "embedding_model": null, "organisation": null,
        "key_header": "bearer", "timeout_seconds": 5, "input_price": null, "output_price": null, "embedding_price": null,
    });
    let mut row = Integration::new(
        strict.app.db.ids().make(),
        strict.a.account,
        "x".into(),
        &Settings::Chat(serde_json::from_value(settings.clone()).unwrap()),
        strict.app.db.clock().now(),
    );
    let mut tx = strict.app.db.platform(Why::Operator).tx(strict.a.account, None);
    tx.create(row.clone());
    tx.commit().await.unwrap();
    let test = format!("/integrations/{}/test", row.id);
    let (_, verdict) = strict.post(&strict.a.owner, &test, json!({})).await;
    assert_eq!(verdict["verdict"], "blocked", "{verdict}");
    // A name that leads to loopback.
    settings["base_url"] = json!(
        fake.base_url
            .replace("http", "https")
            .replace("127.0.0.1", "ip6-localhost")
    );
    row.settings = settings;
    let mut tx = strict.app.db.platform(Why::Operator).tx(strict.a.account, None);
    tx.replace(&mut row);
    tx.commit().await.unwrap();
    let (_, verdict) = strict.post(&strict.a.owner, &test, json!({})).await;
    let verdict = verdict["verdict"].as_str().unwrap();
    assert!(["blocked", "unavailable"].contains(&verdict), "{verdict}");
    let third = strict
        .request(&strict.a.owner, Method::POST, &test)
        .body_json(&json!({}));
    let (status, problem) = body_of(third.send().await).await;
    assert_eq!((status.as_u16(), &problem["code"]), (429, &json!("too_many_requests")));
    assert_eq!(fake.received().len(), before, "the strict world called nothing");
}

#[tokio::test]
async fn jobs_find_the_provider_of_their_account() {
    let (w, fake) = world().await;
    fake.connect(&w, &w.a.owner).await;
    let (app, account) = (w.app.clone(), w.a.account);
    // On another thread, as a job is: everything on the way can be sent.
    let job = tokio::spawn(async move {
        let actor = app.db.system_actor(account, Why::Queue).await.unwrap();
        let provider = configured(&app, &actor.account::<Read>().unwrap())
            .await
            .unwrap()
            .unwrap();
        provider.chat(&question(true), &CancellationToken::new()).await
    });
    assert_eq!(job.await.unwrap().unwrap().text, r#"{"ok": true}"#);
}
