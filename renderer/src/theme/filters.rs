//! Filters that templates have beyond Tera's own; all pure.

use tera::{Kwargs, State, Tera, TeraResult, Value};

use crate::images::sizes::Sizes;
use crate::markdown::text;

/// Registers them. This must come before templates are added.
pub(super) fn register(tera: &mut Tera, sizes: &Sizes) {
    tera.register_filter("shorten", shorten);
    tera.register_filter("host", host);
    tera.register_filter("take", take);
    tera.register_filter("json", json);
    let sizes = sizes.clone();
    // `{{ "card" | image_sizes }}`: how wide images are shown in that place.
    tera.register_filter("image_sizes", move |place: &str, _: Kwargs, _: &State| -> String {
        sizes.at(place).to_owned()
    });
}

/// `{{ text | shorten(length=120) }}`: at most so many characters, cut between words.
fn shorten(value: &str, kwargs: Kwargs, _: &State) -> TeraResult<String> {
    Ok(text::truncate(value, kwargs.must_get::<usize>("length")?))
}

/// `{{ url | host }}`: the host name of an address, for showing where a link leads.
fn host(value: &str, _: Kwargs, _: &State) -> String {
    let host = url::Url::parse(value)
        .ok()
        .and_then(|u| u.host_str().map(str::to_owned))
        .unwrap_or_else(|| value.to_owned());
    host.strip_prefix("www.").map(str::to_owned).unwrap_or(host)
}

/// `{% for x in list | take(n=3) %}`: the first so many.
fn take(value: Vec<Value>, kwargs: Kwargs, _: &State) -> TeraResult<Vec<Value>> {
    let n = kwargs.must_get::<usize>("n")?;
    Ok(value.into_iter().take(n).collect())
}

/// `{{ page.title | json }}`: as JSON that may stand in a script element, for structured data that a theme writes itself.
fn json(value: &Value, _: Kwargs, _: &State) -> TeraResult<Value> {
    let text = serde_json::to_string(value).map_err(tera::Error::message)?;
    // What scripts read otherwise than JSON can only be within strings.
    let mut out = text
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026");
    if out.contains(['\u{2028}', '\u{2029}']) {
        out = out.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    }
    Ok(Value::safe_string(&out))
}
