//! OpenAI's chat-completions and embeddings protocol, as pure functions: what is sent, and what an answer says.
//!
//! Servers that speak it differ in four things, which are learnt from their refusals ([`Manner::learn`]): whether they
//! take a JSON schema, whether they take a format of the answer at all, what they call the largest length of an answer, and
//! whether they take a temperature.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{self, HeaderMap};
use serde_json::{Value, json};
use url::Url;

use super::{ChatAnswer, ChatRequest, ChatRole, ProviderError, Vectors};

/// How a server wants to be asked. As bits, to be shared between calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Manner(pub u8);

impl Manner {
    /// The schema is part of the prompt, and the server is only told to write JSON.
    pub const NO_SCHEMA: u8 = 1;
    /// `max_tokens` and `max_completion_tokens` change places.
    pub const OTHER_LENGTH: u8 = 2;
    pub const NO_TEMPERATURE: u8 = 4;
    /// Besides [`Self::NO_SCHEMA`]: the server is not told to write JSON; only the prompt says so.
    pub const NO_FORMAT: u8 = 8;

    pub fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    /// What to do differently after a refusal: a bit that is not set yet, or nothing.
    pub fn learn(self, request: &ChatRequest, base: &Url, status: u16, complaint: &str) -> Option<u8> {
        if !matches!(status, 400 | 422) {
            return None;
        }
        let complaint = complaint.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| complaint.contains(word));
        let about_length = complaint.contains(length_field(base, self)) && !says(&["too large", "at most", "maximum"]);
        [
            (
                Self::NO_SCHEMA,
                request.schema.is_some()
                    && says(&[
                        "response_format",
                        "response format",
                        "json_schema",
                        "json schema",
                        "invalid schema",
                        "structured output",
                        "grammar",
                    ]),
            ),
            (Self::OTHER_LENGTH, about_length),
            (
                Self::NO_TEMPERATURE,
                request.temperature.is_some() && complaint.contains("temperature"),
            ),
            // The last rung, and the widest net: whatever else fits comes first.
            (
                Self::NO_FORMAT,
                request.schema.is_some()
                    && self.has(Self::NO_SCHEMA)
                    && says(&[
                        "response_format",
                        "response format",
                        "json",
                        "structured output",
                        "grammar",
                    ]),
            ),
        ]
        .into_iter()
        .find_map(|(bit, fits)| (fits && !self.has(bit)).then_some(bit))
    }
}

/// OpenAI and Azure deprecated `max_tokens`; others know nothing else.
fn length_field(base: &Url, manner: Manner) -> &'static str {
    let host = base.host_str().unwrap_or_default();
    let newer = host == "api.openai.com" || host.ends_with(".openai.azure.com");
    if newer == manner.has(Manner::OTHER_LENGTH) {
        "max_tokens"
    } else {
        "max_completion_tokens"
    }
}

/// The address of an operation; the base's query stays.
pub fn endpoint(base: &Url, operation: &str) -> Url {
    let mut url = base.clone();
    let path = format!("{}/{operation}", base.path().trim_end_matches('/'));
    url.set_path(&path);
    url
}

/// The body of a chat request.
pub fn chat_body(base: &Url, model: &str, request: &ChatRequest, manner: Manner) -> Value {
    let mut system = request.system.clone();
    if let Some(answer) = request.schema.as_ref().filter(|_| manner.has(Manner::NO_SCHEMA)) {
        if !system.is_empty() {
            system += "\n\n";
        }
        system += "Answer with one JSON object that follows this JSON schema, and nothing else:\n";
        system += &answer.schema.to_string();
    }
    let mut messages = Vec::new();
    if !system.is_empty() {
        messages.push(json!({ "role": "system", "content": system }));
    }
    messages.extend(request.messages.iter().map(|message| {
        let role = match message.role {
            ChatRole::User => "user",
            ChatRole::Assistant => "assistant",
        };
        json!({ "role": role, "content": message.text })
    }));
    let mut body = json!({ "model": model, "messages": messages });
    body[length_field(base, manner)] = json!(request.max_output_tokens);
    if let Some(temperature) = request.temperature.filter(|_| !manner.has(Manner::NO_TEMPERATURE)) {
        // By way of text: 0.7 is to be sent, not 0.699999988079071.
        body["temperature"] = temperature.to_string().parse().unwrap_or(Value::Null);
    }
    if let Some(answer) = request.schema.as_ref().filter(|_| !manner.has(Manner::NO_FORMAT)) {
        body["response_format"] = if manner.has(Manner::NO_SCHEMA) {
            json!({ "type": "json_object" })
        } else {
            let schema = json!({ "name": answer.name, "schema": answer.schema, "strict": true });
            json!({ "type": "json_schema", "json_schema": schema })
        };
    }
    body
}

/// The body of a request for vectors.
pub fn embed_body(model: &str, texts: &[String]) -> Value {
    // Empty texts are refused, too long ones too: both are somebody's data, and no reason to fail.
    let text = |text: &String| match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => text[..end].to_owned(),
        None if text.trim().is_empty() => "-".to_owned(),
        None => text.clone(),
    };
    let input: Vec<String> = texts.iter().map(text).collect();
    json!({ "model": model, "input": input, "encoding_format": "float" })
}

/// Characters of a text that are sent for a vector: models read about 8,000 tokens.
const LONGEST_TEXT: usize = 8_000;

/// Texts and bytes sent for vectors at once.
const AT_ONCE: (usize, usize) = (96, 200_000);

/// Cuts a list of texts into parts to send.
pub fn parts(texts: &[String]) -> Vec<&[String]> {
    let mut parts = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, text) in texts.iter().enumerate() {
        let length = text.len().min(LONGEST_TEXT * 4);
        if at > start && (at - start == AT_ONCE.0 || bytes + length > AT_ONCE.1) {
            parts.push(&texts[start..at]);
            (start, bytes) = (at, 0);
        }
        bytes += length;
    }
    if start < texts.len() {
        parts.push(&texts[start..]);
    }
    parts
}

fn broken(why: &str) -> ProviderError {
    ProviderError::Broken(why.to_owned())
}

fn json_of(body: &[u8]) -> Result<Value, ProviderError> {
    let value: Value = serde_json::from_slice(body).map_err(|_| {
        let page = body.trim_ascii_start().starts_with(b"<");
        broken(if page {
            "it is a web page"
        } else if body.trim_ascii().is_empty() {
            "it is empty"
        } else {
            "it is not JSON"
        })
    })?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(broken("it is not a JSON object"))
    }
}

/// Tokens that an answer to a chat request took, also one that is of no use: as the provider counted, else estimated from
/// what was sent and what text came.
pub fn tokens(body: &[u8], sent: &Value) -> (i64, i64) {
    let Ok(answer) = json_of(body) else {
        return (0, 0);
    };
    if answer["choices"].get(0).is_none() && answer["usage"].is_null() {
        return (0, 0);
    }
    let text = text_of(&answer["choices"][0]["message"]["content"]).unwrap_or_default();
    (
        counted(&answer, "prompt_tokens").unwrap_or_else(|| estimate(&sent["messages"].to_string())),
        counted(&answer, "completion_tokens").unwrap_or_else(|| estimate(without_thoughts(&text))),
    )
}

/// Reads the answer to a chat request.
///
/// # Errors
/// [`ProviderError`] of what the answer says, or [`ProviderError::Broken`].
pub fn read_chat(body: &[u8], sent: &Value) -> Result<ChatAnswer, ProviderError> {
    let answer = json_of(body)?;
    if let Some(error) = error_in(&answer) {
        return Err(error);
    }
    let choice = answer["choices"].get(0).ok_or_else(|| broken("it holds no answer"))?;
    let message = &choice["message"];
    let text = text_of(&message["content"]);
    if let Some(refusal) = message["refusal"].as_str().filter(|text| !text.trim().is_empty()) {
        return Err(ProviderError::Refused(shown(refusal)));
    }
    match choice["finish_reason"].as_str() {
        Some("length") => {
            return Err(ProviderError::Truncated {
                partial: text.unwrap_or_default(),
            });
        }
        Some("content_filter") => return Err(filtered()),
        _ => {}
    }
    let text = text.ok_or_else(|| broken("its message has no text"))?;
    let text = without_thoughts(&text);
    if text.trim().is_empty() {
        return Err(broken("its text is empty"));
    }
    let (tokens_in, tokens_out) = tokens(body, sent);
    Ok(ChatAnswer {
        tokens_in,
        tokens_out,
        model: shown(
            answer["model"]
                .as_str()
                .filter(|m| !m.is_empty())
                .or(sent["model"].as_str())
                .unwrap_or_default(),
        ),
        request_id: None,
        text: text.to_owned(),
    })
}

/// Tokens as the answer says; counts that cannot be are as good as none.
fn counted(answer: &Value, field: &str) -> Option<i64> {
    answer["usage"][field]
        .as_i64()
        .filter(|n| (0..=100_000_000).contains(n))
}

/// Tokens of a text: about four bytes each, in English as in Chinese.
fn estimate(text: &str) -> i64 {
    i64::try_from(text.len().div_ceil(4)).unwrap_or(i64::MAX)
}

fn filtered() -> ProviderError {
    ProviderError::Refused("the provider's content filter stopped it".into())
}

/// The text of a message: a string, or the text parts of a list.
fn text_of(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let texts: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            (!texts.is_empty()).then(|| texts.concat())
        }
        _ => None,
    }
}

/// Some local servers leave what a model thinks in front of what it says.
fn without_thoughts(text: &str) -> &str {
    text.trim_start()
        .strip_prefix("<think>")
        .and_then(|rest| rest.split_once("</think>"))
        .map_or(text, |(_, said)| said.trim_start())
}

/// Reads the vectors of the texts that were sent, in their order.
///
/// # Errors
/// As [`read_chat`].
pub fn read_vectors(body: &[u8], sent: &[String]) -> Result<Vectors, ProviderError> {
    let count = sent.len();
    let answer = json_of(body)?;
    if let Some(error) = error_in(&answer) {
        return Err(error);
    }
    let data = answer["data"].as_array().ok_or_else(|| broken("it holds no vectors"))?;
    let mut vectors = vec![Vec::new(); count];
    for (at, row) in data.iter().enumerate() {
        let index = row["index"]
            .as_u64()
            .map_or(at, |index| usize::try_from(index).unwrap_or(usize::MAX));
        let slot = vectors.get_mut(index).filter(|slot| slot.is_empty());
        let slot = slot.ok_or_else(|| broken("its vectors are not those asked for"))?;
        let numbers = row["embedding"]
            .as_array()
            .ok_or_else(|| broken("its vectors are no lists"))?;
        #[expect(clippy::cast_possible_truncation, reason = "models compute in less")]
        let number = |number: &Value| number.as_f64().map(|n| n as f32).filter(|n| n.is_finite());
        *slot = numbers
            .iter()
            .map(number)
            .collect::<Option<_>>()
            .ok_or_else(|| broken("its vectors hold other than numbers"))?;
    }
    let length = vectors.first().map_or(0, Vec::len);
    if length == 0 || vectors.iter().any(|vector| vector.len() != length) {
        return Err(broken("its vectors are missing or differ in length"));
    }
    let tokens = counted(&answer, "prompt_tokens").unwrap_or_else(|| sent.iter().map(|text| estimate(text)).sum());
    Ok(Vectors { vectors, tokens })
}

/// What an answer that is not a success says.
pub fn read_error(status: u16, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> ProviderError {
    let answer = serde_json::from_slice(body).unwrap_or(Value::Null);
    let retry_after = retry_after(headers, now);
    error_of(status, &answer, retry_after)
}

/// An error inside of an answer that calls itself a success, as gateways write it.
pub fn error_in(answer: &Value) -> Option<ProviderError> {
    let error = answer.get("error").filter(|error| !error.is_null())?;
    let code = error["code"].as_u64().or_else(|| error["status"].as_u64());
    let status = code
        .and_then(|code| u16::try_from(code).ok())
        .filter(|code| (400..600).contains(code));
    Some(error_of(status.unwrap_or(502), answer, None))
}

fn error_of(status: u16, answer: &Value, retry_after: Option<Duration>) -> ProviderError {
    let code = code_of(answer);
    let said = match complaint_of(answer) {
        text if text.is_empty() => String::new(),
        text => format!(". It says: “{}”", shown(&text)),
    };
    let said = said.trim_end_matches('.');
    let not_accepted = |what: &str| ProviderError::NotAccepted(format!("{what} (status {status}){said}"));
    match status {
        _ if matches!(
            code.as_str(),
            "content_filter" | "content_policy_violation" | "moderation_blocked"
        ) =>
        {
            filtered()
        }
        402 => not_accepted("your credit there is used up"),
        429 if matches!(code.as_str(), "insufficient_quota" | "billing_hard_limit_reached") => {
            not_accepted("your credit there is used up")
        }
        429 => ProviderError::RateLimited { retry_after },
        401 => not_accepted("the key is missing or not valid"),
        403 => not_accepted("the key may not do this"),
        404 | 405 => not_accepted("there is no such model, or the address is not that of the API"),
        413 => not_accepted("the request is too long for it"),
        503 | 529 => ProviderError::Overloaded { status, retry_after },
        408 | 409 | 425 | 500.. => ProviderError::Unavailable(format!("it answers with status {status}{said}")),
        _ if code == "context_length_exceeded" => not_accepted("the request is too long for the model"),
        _ => not_accepted("it does not take the request as it is"),
    }
}

fn code_of(answer: &Value) -> String {
    let error = &answer["error"];
    let code = error["code"].as_str().or(error["type"].as_str());
    // Azure tells the filter one level deeper, too.
    let inner = error["innererror"]["code"].as_str();
    if inner == Some("ResponsibleAIPolicyViolation") {
        return "content_filter".into();
    }
    code.unwrap_or_default().to_ascii_lowercase()
}

/// What a server complains about, wherever it says so.
pub fn complaint(body: &[u8]) -> String {
    let answer: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let param = answer["error"]["param"].as_str().unwrap_or_default();
    format!("{param} {}", complaint_of(&answer))
}

fn complaint_of(answer: &Value) -> String {
    let places = [
        &answer["error"]["message"],
        &answer["error"],
        &answer["message"],
        &answer["detail"],
    ];
    if let Some(text) = places.iter().find_map(|place| place.as_str()) {
        return text.to_owned();
    }
    // FastAPI's list of wrong fields.
    answer["detail"].as_array().map_or_else(String::new, |list| {
        let say = |item: &Value| format!("{} {}", item["loc"], item["msg"].as_str().unwrap_or_default());
        list.iter().take(3).map(say).collect::<Vec<_>>().join("; ")
    })
}

/// A foreign text as it may be shown: short, on one line.
fn shown(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    let text = words.join(" ");
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// How long to wait, at most an hour. Dates are compared with the server's own clock where it tells it.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_secs(3600);
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(ms) = text("retry-after-ms")
        .and_then(|ms| ms.parse::<f64>().ok())
        .filter(|ms| *ms >= 0.0)
    {
        return Some(Duration::try_from_secs_f64(ms / 1000.0).map_or(LONGEST, |wait| wait.min(LONGEST)));
    }
    let wait = text(header::RETRY_AFTER.as_str())?;
    if let Ok(seconds) = wait.parse::<f64>() {
        let wait = Duration::try_from_secs_f64(seconds.max(0.0));
        return Some(wait.map_or(LONGEST, |wait| wait.min(LONGEST)));
    }
    let until = httpdate::parse_http_date(wait).ok()?;
    let now = text(header::DATE.as_str())
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or(now.into());
    Some(until.duration_since(now).unwrap_or_default().min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::super::{AnswerSchema, ChatMessage};
    use super::*;

    fn request() -> ChatRequest {
        ChatRequest {
            system: "Be brief.".into(),
            messages: vec![ChatMessage {
                role: ChatRole::User,
                text: "Hello".into(),
            }],
            schema: Some(AnswerSchema {
                name: "greeting".into(),
                schema: json!({ "type": "object" }),
            }),
            max_output_tokens: 100,
            temperature: Some(0.7),
        }
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn operations_are_added_to_the_base_and_its_query_stays() {
        for (base, expected) in [
            (
                "https://api.openai.com/v1",
                "https://api.openai.com/v1/chat/completions",
            ),
            (
                "https://api.openai.com/v1/",
                "https://api.openai.com/v1/chat/completions",
            ),
            ("http://localhost:11434", "http://localhost:11434/chat/completions"),
            (
                "https://x.openai.azure.com/openai/deployments/m?api-version=2024-10-21",
                "https://x.openai.azure.com/openai/deployments/m/chat/completions?api-version=2024-10-21",
            ),
        ] {
            assert_eq!(endpoint(&url(base), "chat/completions").as_str(), expected);
        }
    }

    #[test]
    fn a_server_is_asked_as_it_wants() {
        let (openai, other) = (url("https://api.openai.com/v1"), url("https://llm.example/v1"));
        let request = request();
        let body = chat_body(&openai, "m", &request, Manner(0));
        assert_eq!(body["max_completion_tokens"], 100);
        assert_eq!(body["temperature"].to_string(), "0.7");
        assert_eq!(body["response_format"]["json_schema"]["name"], "greeting");
        assert_eq!(chat_body(&other, "m", &request, Manner(0))["max_tokens"], 100);
        let body = chat_body(&other, "m", &request, Manner(7));
        assert_eq!(body["max_completion_tokens"], 100);
        assert_eq!(body["max_tokens"], Value::Null);
        assert_eq!(body["temperature"], Value::Null);
        assert_eq!(body["response_format"], json!({ "type": "json_object" }));
        let bare = chat_body(&other, "m", &request, Manner(Manner::NO_SCHEMA | Manner::NO_FORMAT));
        assert_eq!(bare["response_format"], Value::Null);
        assert_eq!(bare["messages"], body["messages"], "the schema is in the prompt");
        let system = body["messages"][0]["content"].as_str().unwrap();
        assert!(
            system.starts_with("Be brief.\n\n") && system.contains("JSON") && system.ends_with(r#"{"type":"object"}"#)
        );

        let learn = |base: &Url, manner, status, text: &str| Manner(manner).learn(&request, base, status, text);
        let length = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        for (base, manner, status, text, learnt) in [
            (
                &other,
                0,
                400,
                "'response_format' is not supported",
                Some(Manner::NO_SCHEMA),
            ),
            (
                &other,
                0,
                422,
                "[\"body\",\"response_format\",\"type\"] unexpected value",
                Some(Manner::NO_SCHEMA),
            ),
            (
                &other,
                1,
                400,
                "'response_format' is not supported",
                Some(Manner::NO_FORMAT),
            ),
            (&other, 1, 400, "JSON mode is not supported", Some(Manner::NO_FORMAT)),
            (&other, 0, 400, "failed to parse grammar", Some(Manner::NO_SCHEMA)),
            (&other, 1, 400, "failed to parse grammar", Some(Manner::NO_FORMAT)),
            (&other, 9, 400, "'response_format' is not supported", None),
            (&other, 0, 500, "'response_format' is not supported", None),
            (&other, 0, 400, length, Some(Manner::OTHER_LENGTH)),
            (&other, 2, 400, length, None),
            (
                &openai,
                0,
                400,
                "Unrecognized request argument: max_completion_tokens",
                Some(Manner::OTHER_LENGTH),
            ),
            (
                &other,
                0,
                400,
                "max_tokens is too large: 100. This model supports at most 50",
                None,
            ),
            (
                &other,
                0,
                400,
                "Unsupported value: 'temperature' does not support 0.7",
                Some(Manner::NO_TEMPERATURE),
            ),
            (&other, 0, 400, "there is no such model", None),
        ] {
            assert_eq!(learn(base, manner, status, text), learnt, "{text}");
        }
    }

    #[test]
    fn answers_are_read_with_suspicion() {
        let sent = chat_body(&url("https://llm.example"), "asked", &request(), Manner(0));
        let read = |body: Value| read_chat(body.to_string().as_bytes(), &sent);
        let choice =
            |message: Value, finish: &str| json!({ "choices": [{ "message": message, "finish_reason": finish }] });
        let mut good = choice(json!({ "content": "Hi" }), "stop");
        let answer = read(good.clone()).unwrap();
        assert_eq!(
            (answer.text.as_str(), answer.model.as_str(), answer.tokens_out),
            ("Hi", "asked", 1)
        );
        assert!(answer.tokens_in > 10);
        good["model"] = json!("answered");
        for (usage, tokens) in [
            (json!({ "prompt_tokens": 12, "completion_tokens": 3 }), 3),
            (json!({ "prompt_tokens": 12, "completion_tokens": -3 }), 1),
            (json!({ "completion_tokens": 1e30 }), 1),
            (json!({ "completion_tokens": "three" }), 1),
            (json!([]), 1),
            (json!(null), 1),
        ] {
            good["usage"] = usage;
            assert_eq!(read(good.clone()).unwrap().tokens_out, tokens, "{good}");
        }
        assert_eq!(read(good).unwrap().model, "answered");
        let parts = choice(
            json!({ "content": [{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }] }),
            "stop",
        );
        assert_eq!(read(parts).unwrap().text, "ab");
        let thought = choice(json!({ "content": "<think>hm</think>\n{}" }), "stop");
        assert_eq!(read(thought).unwrap().text, "{}");
        let truncated = ProviderError::Truncated {
            partial: "Hi th".into(),
        };
        for (body, expected) in [
            (choice(json!({ "content": "Hi th" }), "length"), truncated),
            (
                choice(json!({ "content": null }), "length"),
                ProviderError::Truncated { partial: String::new() },
            ),
            (choice(json!({ "content": "x" }), "content_filter"), filtered()),
            (
                choice(json!({ "content": null, "refusal": "I can't\nhelp." }), "stop"),
                ProviderError::Refused("I can't help.".into()),
            ),
            (
                choice(json!({ "content": null }), "tool_calls"),
                broken("its message has no text"),
            ),
            (choice(json!({ "content": " " }), "stop"), broken("its text is empty")),
            (json!({ "choices": [] }), broken("it holds no answer")),
            (json!({ "choices": "x" }), broken("it holds no answer")),
            (json!([]), broken("it is not a JSON object")),
            (
                json!({ "error": { "code": 429, "message": "x" } }),
                ProviderError::RateLimited { retry_after: None },
            ),
        ] {
            assert_eq!(read(body).unwrap_err(), expected);
        }
        for (body, why) in [
            ("<html>", "it is a web page"),
            ("", "it is empty"),
            ("{\"choices\":", "it is not JSON"),
        ] {
            assert_eq!(read_chat(body.as_bytes(), &sent).unwrap_err(), broken(why));
        }
        assert_eq!(read_chat(b"\xff\xfe", &sent).unwrap_err(), broken("it is not JSON"));
        let deep = "[".repeat(100_000);
        assert_eq!(read_chat(deep.as_bytes(), &sent).unwrap_err(), broken("it is not JSON"));
    }

    #[test]
    fn vectors_come_in_the_order_of_their_texts() {
        let texts = |count| vec!["eight by".to_owned(); count];
        let read = |data: Value, count| {
            let answer = json!({ "data": data }).to_string();
            read_vectors(answer.as_bytes(), &texts(count)).map(|read| read.vectors)
        };
        for (usage, tokens) in [(json!({ "prompt_tokens": 7 }), 7), (json!({}), 4), (json!(null), 4)] {
            let data = json!([{ "embedding": [1] }, { "embedding": [2] }]);
            let answer = json!({ "data": data, "usage": usage }).to_string();
            assert_eq!(read_vectors(answer.as_bytes(), &texts(2)).unwrap().tokens, tokens);
        }
        let two = json!([{ "index": 1, "embedding": [3, 4] }, { "index": 0, "embedding": [1, 2.5] }]);
        assert_eq!(read(two.clone(), 2).unwrap(), [[1.0, 2.5], [3.0, 4.0]]);
        assert_eq!(
            read(json!([{ "embedding": [1] }, { "embedding": [2] }]), 2).unwrap(),
            [[1.0], [2.0]]
        );
        for (data, count) in [
            (two.clone(), 1),
            (two.clone(), 3),
            (
                json!([{ "index": 0, "embedding": [1] }, { "index": 0, "embedding": [2] }]),
                2,
            ),
            (
                json!([{ "index": 0, "embedding": [1] }, { "index": 1, "embedding": [1, 2] }]),
                2,
            ),
            (json!([{ "index": 0, "embedding": "AAAA" }]), 1),
            (json!([{ "index": 0, "embedding": [null] }]), 1),
            (json!([{ "index": 0, "embedding": [1e300] }]), 1),
            (json!([{ "index": 0, "embedding": [] }]), 1),
            (json!({}), 1),
        ] {
            assert!(
                matches!(read(data.clone(), count), Err(ProviderError::Broken(_))),
                "{data}"
            );
        }
        let body = embed_body("m", &["a".into(), " ".into(), "ü".repeat(9000)]);
        assert_eq!(body["input"][1], "-");
        assert_eq!(body["input"][2].as_str().unwrap().chars().count(), 8000);
        let texts: Vec<String> = (0..200).map(|n| "x".repeat(if n < 100 { 1 } else { 40_000 })).collect();
        let lengths: Vec<usize> = parts(&texts).iter().map(|part| part.len()).collect();
        assert_eq!(lengths.iter().sum::<usize>(), 200);
        assert_eq!(lengths[..3], [96, 10, 6]);
        assert!(parts(&[]).is_empty());
    }

    #[test]
    fn refusals_are_sorted_by_what_to_do() {
        let read = |status, body: Value| {
            read_error(
                status,
                &HeaderMap::new(),
                body.to_string().as_bytes(),
                DateTime::UNIX_EPOCH,
            )
        };
        let error = |code: &str| json!({ "error": { "message": "No.\u{7} Way", "code": code } });
        for (status, body, code, words) in [
            (
                401,
                error("invalid_api_key"),
                "not_accepted",
                "key is missing or not valid",
            ),
            (403, error(""), "not_accepted", "may not"),
            (404, error("model_not_found"), "not_accepted", "no such model"),
            (402, error(""), "not_accepted", "credit"),
            (429, error("insufficient_quota"), "not_accepted", "credit"),
            (429, error("rate_limit_exceeded"), "rate_limited", "Try again"),
            (400, error("context_length_exceeded"), "not_accepted", "too long"),
            (400, error("content_filter"), "refused", "filter"),
            (
                400,
                json!({ "error": { "innererror": { "code": "ResponsibleAIPolicyViolation" } } }),
                "refused",
                "filter",
            ),
            (400, error("x"), "not_accepted", "“No. Way”"),
            (
                422,
                json!({ "detail": [{ "loc": ["body", "n"], "msg": "too many" }] }),
                "not_accepted",
                "too many",
            ),
            (418, json!("teapot"), "not_accepted", "status 418"),
            (408, json!(null), "unavailable", "408"),
            (500, error(""), "unavailable", "500"),
            (529, json!({ "message": "overloaded" }), "unavailable", "overloaded"),
        ] {
            let error = read(status, body);
            assert_eq!(error.code(), code, "{status}");
            assert!(error.for_user().contains(words), "{status}: {}", error.for_user());
        }
        let long = read(400, json!({ "message": "x".repeat(5000) })).for_user();
        assert!(long.chars().count() < 600, "{long}");
    }

    #[test]
    fn waiting_is_told_in_seconds_or_as_a_date() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        for (lines, seconds) in [
            (&[("retry-after", "7")][..], Some(7.0)),
            (&[("retry-after", "1.5")], Some(1.5)),
            (&[("retry-after", "-1")], Some(0.0)),
            (&[("retry-after", "99999999999999")], Some(3600.0)),
            (&[("retry-after", "NaN")], Some(0.0)),
            (&[("retry-after", "soon")], None),
            (&[("retry-after-ms", "250"), ("retry-after", "7")], Some(0.25)),
            (&[("retry-after", "Thu, 01 Jan 2026 00:00:30 GMT")], Some(30.0)),
            (&[("retry-after", "Wed, 31 Dec 2025 00:00:30 GMT")], Some(0.0)),
            (
                &[
                    ("retry-after", "Thu, 01 Jan 2026 00:00:30 GMT"),
                    ("date", "Thu, 01 Jan 2026 00:00:10 GMT"),
                ],
                Some(20.0),
            ),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.insert(*name, value.parse().unwrap());
            }
            assert_eq!(
                retry_after(&headers, now),
                seconds.map(Duration::from_secs_f64),
                "{lines:?}"
            );
        }
    }
}
