//! JSON that may stand in a script element, written straight into a text.
//!
//! Structured data is on every page, and its values are known one by one: a tree of values made first and written after would
//! cost several times what writing costs.

use std::fmt::Write as _;

/// Writes JSON from its beginning to its end. Commas are put where they belong; braces and brackets are the caller's to close.
#[derive(Debug, Default, Clone)]
pub(crate) struct Json {
    out: String,
}

impl Json {
    /// Begins with what another writer has written so far.
    pub fn after(head: &str, room: usize) -> Self {
        let mut out = String::with_capacity(head.len() + room);
        out.push_str(head);
        Self { out }
    }

    pub fn finish(self) -> String {
        self.out
    }

    fn comma(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with(['{', '[', ':']) {
            self.out.push(',');
        }
    }

    /// Opens an object, as a value or as the next item of a list.
    pub fn open(&mut self) {
        self.comma();
        self.out.push('{');
    }

    pub fn close(&mut self) {
        self.out.push('}');
    }

    /// The key of the next value. Keys are ours and need no escapes.
    pub fn key(&mut self, key: &'static str) {
        self.comma();
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    /// `"key":{`
    pub fn open_at(&mut self, key: &'static str) {
        self.key(key);
        self.out.push('{');
    }

    /// `"key":[`
    pub fn list_at(&mut self, key: &'static str) {
        self.key(key);
        self.out.push('[');
    }

    pub fn close_list(&mut self) {
        self.out.push(']');
    }

    /// A text as the next item of a list.
    pub fn item(&mut self, text: &str) {
        self.comma();
        self.begin();
        self.more(text);
        self.end();
    }

    pub fn text(&mut self, key: &'static str, text: &str) {
        self.key(key);
        self.begin();
        self.more(text);
        self.end();
    }

    /// Two texts as one value, such as an address and its fragment.
    pub fn joined(&mut self, key: &'static str, first: &str, second: &str) {
        self.key(key);
        self.begin();
        self.more(first);
        self.more(second);
        self.end();
    }

    /// The text without white space around it, if there is any.
    pub fn some_text(&mut self, key: &'static str, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            self.text(key, text);
        }
    }

    pub fn number(&mut self, key: &'static str, n: usize) {
        self.key(key);
        let _ = write!(self.out, "{n}");
    }

    /// `"key":{"@id":"<address><fragment>"}`
    pub fn reference(&mut self, key: &'static str, address: &str, fragment: &str) {
        self.open_at(key);
        self.joined("@id", address, fragment);
        self.close();
    }

    /// A value that is JSON already and holds no text.
    pub fn raw(&mut self, key: &'static str, json: &str) {
        self.key(key);
        self.out.push_str(json);
    }

    fn begin(&mut self) {
        self.out.push('"');
    }

    fn more(&mut self, text: &str) {
        escape(&mut self.out, text);
    }

    fn end(&mut self) {
        self.out.push('"');
    }
}

/// What a byte needs within a JSON string in a script element.
const PLAIN: [bool; 256] = {
    let mut table = [true; 256];
    let mut i = 0;
    while i < 0x20 {
        table[i] = false;
        i += 1;
    }
    table[b'"' as usize] = false;
    table[b'\\' as usize] = false;
    table[b'<' as usize] = false;
    table[b'>' as usize] = false;
    table[b'&' as usize] = false;
    // U+2028 and U+2029, line ends to scripts, begin with it; so do common quotes and dashes.
    table[0xE2] = false;
    table
};

/// Appends the inside of a JSON string. `<`, `>` and `&` become `\u` escapes, so that nothing in it can end the script element or
/// begin a comment.
pub(crate) fn escape(out: &mut String, text: &str) {
    let bytes = text.as_bytes();
    let mut from = 0;
    let mut i = 0;
    while i < bytes.len() {
        let byte = bytes[i];
        if PLAIN[usize::from(byte)] {
            i += 1;
            continue;
        }
        let (escape, length) = match byte {
            b'"' => ("\\\"", 1),
            b'\\' => ("\\\\", 1),
            b'\n' => ("\\n", 1),
            b'\r' => ("\\r", 1),
            b'\t' => ("\\t", 1),
            0x08 => ("\\b", 1),
            0x0C => ("\\f", 1),
            b'<' => ("\\u003c", 1),
            b'>' => ("\\u003e", 1),
            b'&' => ("\\u0026", 1),
            0xE2 if bytes[i..].starts_with("\u{2028}".as_bytes()) => ("\\u2028", 3),
            0xE2 if bytes[i..].starts_with("\u{2029}".as_bytes()) => ("\\u2029", 3),
            0xE2 => {
                i += 3;
                continue;
            }
            control => {
                out.push_str(&text[from..i]);
                let _ = write!(out, "\\u{control:04x}");
                i += 1;
                from = i;
                continue;
            }
        };
        out.push_str(&text[from..i]);
        out.push_str(escape);
        i += length;
        from = i;
    }
    out.push_str(&text[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_as_a_json_writer_does() {
        let all: String = (0..0x2030).filter_map(char::from_u32).collect();
        let texts = [
            "",
            "plain",
            "\"quoted\" \\ back",
            "a\u{8}b\u{c}c\n\r\t\0\u{1f}\u{7f}",
            "“dash – ellipsis…” é 日本 😀",
            "</script><!--&\u{2028}\u{2029}",
            &all,
        ];
        for text in texts {
            let mut json = Json::default();
            json.open();
            json.text("a", text);
            json.close();
            let json = json.finish();
            assert!(!json.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{json}");
            let read: serde_json::Value = serde_json::from_str(&json).expect("JSON");
            assert_eq!(read["a"], text);
            let plain = serde_json::json!({ "a": text }).to_string();
            let plain = plain
                .replace('<', "\\u003c")
                .replace('>', "\\u003e")
                .replace('&', "\\u0026");
            let plain = plain.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
            assert_eq!(json, plain);
        }
    }

    #[test]
    fn puts_commas() {
        let mut json = Json::default();
        json.open();
        json.text("a", "{");
        json.list_at("b");
        json.item("[");
        json.item("x");
        json.open();
        json.number("n", 7);
        json.some_text("none", "  ");
        json.close();
        json.close_list();
        json.reference("c", "/x/", "#y");
        json.open_at("d");
        json.close();
        json.raw("e", "4.5");
        json.close();
        assert_eq!(
            json.finish(),
            r##"{"a":"{","b":["[","x",{"n":7}],"c":{"@id":"/x/#y"},"d":{},"e":4.5}"##
        );
    }
}
