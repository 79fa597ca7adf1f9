//! A server on loopback that speaks OpenAI's protocol, and misbehaves when told to.
//!
//! ```ignore
//! let fake = FakeProvider::start().await;
//! let w = World::with(|config| fake.allow(config)).await;
//! fake.connect(&w, &w.a.owner).await;
//! fake.script([Reply::RateLimited("7"), Reply::Text("Hello".into())]);
//! fake.answer(|request| Reply::Text(format!("about {}", request.body["messages"])));
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream;
use poem::http::{HeaderValue, StatusCode, header};
use poem::listener::{Acceptor as _, Listener as _, TcpListener};
use poem::{Body, Endpoint, Request, Response};
use serde_json::{Value, json};

use super::{Member, World};
use crate::config::Config;

/// What the server does with a request.
#[derive(Clone)]
pub enum Reply {
    /// Answers with this text; for a request of vectors, with [`vector`] of each text.
    Text(String),
    /// Answers with this text and its own count of tokens.
    Counted(String, Value),
    /// A success with this body, whatever it is.
    Body(String),
    /// The answer is cut off here.
    Truncated(String),
    /// The model refuses with this text.
    Refusal(String),
    /// The content filter stops the answer.
    Filtered,
    /// 429 with this `Retry-After`.
    RateLimited(&'static str),
    /// An error of the protocol: status, code, message.
    Error(u16, &'static str, &'static str),
    /// Any status with a body that is not of the protocol.
    Status(u16, &'static str),
    /// A redirect to this address.
    Redirect(&'static str),
    /// The usual answer after this time.
    Slow(Duration),
    /// This text after this time.
    After(Duration, String),
    /// A body without end.
    Endless,
    /// A body that says it has ten gigabytes.
    Announced,
    /// A small body that unpacks to 64 megabytes.
    Bomb,
    /// The usual answer, packed.
    Packed,
    /// The connection ends in the middle of the answer.
    Broken,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub path: String,
    pub query: String,
    /// By lower-case name.
    pub headers: BTreeMap<String, String>,
    pub body: Value,
}

type Answer = Box<dyn Fn(&Received) -> Reply + Send>;

#[derive(Default)]
struct State {
    script: VecDeque<Reply>,
    answer: Option<Answer>,
    received: Vec<Received>,
}

/// The server; ends when dropped.
pub struct FakeProvider {
    /// `http://127.0.0.1:<port>/v1`.
    pub base_url: String,
    host: String,
    state: Arc<Mutex<State>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for FakeProvider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The key that [`FakeProvider::connect`] sets up.
pub const KEY: &str = "sk-canary-of-the-fake-provider";

impl FakeProvider {
    /// Starts on a free port.
    ///
    /// # Panics
    /// When there is none; tests only.
    pub async fn start() -> Self {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("a port");
        let address = acceptor.local_addr().remove(0);
        let host = address.as_socket_addr().expect("TCP").to_string();
        let state = Arc::new(Mutex::new(State::default()));
        let served = Served(state.clone());
        let task = tokio::spawn(async move {
            let _ = poem::Server::new_with_acceptor(acceptor).run(served).await;
        });
        Self {
            base_url: format!("http://{host}/v1"),
            host,
            state,
            task,
        }
    }

    /// Its host and port, as `outgoing.allowed_hosts` names them.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Lets a world call it.
    ///
    /// # Panics
    /// Never: its host is one.
    pub fn allow(&self, config: &mut Config) {
        let host = self.host.parse().expect("an address with a port");
        config.outgoing.allowed_hosts.push(host);
    }

    /// Sets it up as a member's account's chat provider, with the key [`KEY`], embeddings and prices; answers the
    /// integration.
    ///
    /// # Panics
    /// When it is not accepted; tests only.
    pub async fn connect(&self, world: &World, member: &Member) -> Value {
        let (status, made) = world.post(member, "/integrations", self.integration()).await;
        assert_eq!(status, 201, "{made}");
        made
    }

    /// What [`FakeProvider::connect`] posts to `/integrations`.
    pub fn integration(&self) -> Value {
        json!({
            "kind": "chat_provider",
            "name": "Fake",
            "chat": {
                "base_url": self.base_url,
                "model": "fake-chat",
                "embedding_model": "fake-embedding",
                "input_price": 1.0,
                "output_price": 2.0,
                "embedding_price": 10.0,
            },
            "key": KEY,
        })
    }

    /// What it does with the next requests, one each, before anything else.
    pub fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        self.lock().script.extend(replies);
    }

    /// What it does with requests that no script is left for; without it, it answers `{"ok": true}`.
    pub fn answer(&self, answer: impl Fn(&Received) -> Reply + Send + 'static) {
        self.lock().answer = Some(Box::new(answer));
    }

    /// The requests so far.
    pub fn received(&self) -> Vec<Received> {
        self.lock().received.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Served(Arc<Mutex<State>>);

impl Endpoint for Served {
    type Output = Response;

    async fn call(&self, mut req: Request) -> poem::Result<Response> {
        let text = req.take_body().into_string().await.unwrap_or_default();
        let mut headers = BTreeMap::new();
        for (name, value) in req.headers() {
            headers.insert(name.to_string(), value.to_str().unwrap_or_default().to_owned());
        }
        let received = Received {
            path: req.uri().path().to_owned(),
            query: req.uri().query().unwrap_or_default().to_owned(),
            headers,
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
        };
        let reply = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.received.push(received.clone());
            match (state.script.pop_front(), &state.answer) {
                (Some(reply), _) => reply,
                (None, Some(answer)) => answer(&received),
                (None, None) => usual(),
            }
        };
        if let Reply::Slow(time) = reply {
            tokio::time::sleep(time).await;
            return Ok(respond(&received, usual()));
        }
        if let Reply::After(time, text) = reply {
            tokio::time::sleep(time).await;
            return Ok(respond(&received, Reply::Text(text)));
        }
        Ok(respond(&received, reply))
    }
}

fn usual() -> Reply {
    Reply::Text(r#"{"ok": true}"#.into())
}

fn respond(received: &Received, reply: Reply) -> Response {
    let ok = |body: Value| as_json(StatusCode::OK, body.to_string());
    match reply {
        Reply::Text(_) if received.path.ends_with("/embeddings") => ok(vectors(&received.body)),
        Reply::Text(text) => {
            let usage = json!({ "prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500 });
            ok(completion(json!({ "content": text }), "stop", Some(usage)))
        }
        Reply::Counted(text, usage) => ok(completion(json!({ "content": text }), "stop", Some(usage))),
        Reply::Body(text) => as_json(StatusCode::OK, text),
        Reply::Truncated(text) => ok(completion(json!({ "content": text }), "length", None)),
        Reply::Refusal(text) => ok(completion(json!({ "content": null, "refusal": text }), "stop", None)),
        Reply::Filtered => ok(completion(json!({ "content": "" }), "content_filter", None)),
        Reply::RateLimited(wait) => {
            let mut response = error(429, "rate_limit_exceeded", "Rate limit reached");
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from_static(wait));
            response
        }
        Reply::Error(status, code, message) => error(status, code, message),
        Reply::Status(status, body) => Response::builder().status(code(status)).body(body),
        Reply::Redirect(target) => Response::builder()
            .status(StatusCode::TEMPORARY_REDIRECT)
            .header(header::LOCATION, target)
            .finish(),
        Reply::Slow(_) => respond(received, usual()),
        Reply::After(_, text) => respond(received, Reply::Text(text)),
        Reply::Endless => {
            let chunk = bytes::Bytes::from(vec![b' '; 64 * 1024]);
            let endless = stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
            Response::builder().body(Body::from_bytes_stream(endless))
        }
        Reply::Announced => {
            Response::builder()
                .header(header::CONTENT_LENGTH, "10737418240")
                .body(Body::from_bytes_stream(stream::repeat_with(|| {
                    Ok::<_, std::io::Error>(bytes::Bytes::from_static(&[b' '; 1024]))
                })))
        }
        Reply::Bomb => packed(&vec![b' '; 64 << 20]),
        Reply::Packed => {
            let usual = completion(json!({ "content": "{\"ok\": true}" }), "stop", None);
            packed(usual.to_string().as_bytes())
        }
        Reply::Broken => {
            let first = stream::once(async { Ok(bytes::Bytes::from_static(b"{\"choices\":")) });
            // Sent apart, so that the start is on its way when the end fails.
            let then = stream::once(async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                Err(std::io::Error::other("gone"))
            });
            Response::builder()
                .header(header::CONTENT_LENGTH, "1000")
                .body(Body::from_bytes_stream(futures_util::StreamExt::chain(first, then)))
        }
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn as_json(status: StatusCode, body: String) -> Response {
    Response::builder()
        .status(status)
        .content_type("application/json")
        .header("x-request-id", "req_fake")
        .body(body)
}

fn error(status: u16, name: &str, message: &str) -> Response {
    let body = json!({ "error": { "message": message, "type": "fake", "param": null, "code": name } });
    as_json(code(status), body.to_string())
}

fn packed(body: &[u8]) -> Response {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let packed = encoder
        .write_all(body)
        .and_then(|()| encoder.finish())
        .unwrap_or_default();
    Response::builder()
        .content_type("application/json")
        .header(header::CONTENT_ENCODING, "gzip")
        .body(packed)
}

/// A chat completion.
pub fn completion(mut message: Value, finish: &str, usage: Option<Value>) -> Value {
    message["role"] = json!("assistant");
    if message.get("refusal").is_none() {
        message["refusal"] = Value::Null;
    }
    let mut answer = json!({
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 1_767_225_600,
        "model": "fake-chat-2026-01-01",
        "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": finish }],
    });
    if let Some(usage) = usage {
        answer["usage"] = usage;
    }
    answer
}

fn vectors(body: &Value) -> Value {
    let texts = body["input"].as_array().cloned().unwrap_or_default();
    let row = |(index, text): (usize, &Value)| {
        let embedding = vector(text.as_str().unwrap_or_default());
        json!({ "object": "embedding", "index": index, "embedding": embedding })
    };
    let data: Vec<Value> = texts.iter().enumerate().map(row).collect();
    json!({
        "object": "list",
        "data": data,
        "model": body["model"],
        "usage": { "prompt_tokens": 8, "total_tokens": 8 },
    })
}

/// The vector of a text: its words, hashed into 16 numbers of length 1. Texts that share words are near.
pub fn vector(text: &str) -> Vec<f32> {
    let mut vector = [0.01_f32; 16];
    for word in text.to_lowercase().split_whitespace() {
        let hash = blake3::hash(word.as_bytes());
        vector[usize::from(hash.as_bytes()[0] % 16)] += 1.0;
    }
    let length = vector.iter().map(|n| n * n).sum::<f32>().sqrt();
    vector.iter().map(|n| n / length).collect()
}
