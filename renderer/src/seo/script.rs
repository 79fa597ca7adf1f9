//! JSON that may stand in a script element.

/// Appends JSON with `<`, `>` and `&` as `\\u` escapes, so that nothing in it can end the element or begin a comment, and the two
/// line ends that scripts read and JSON does not. All of them can only be within strings.
pub fn escape_json(out: &mut Vec<u8>, json: &str) {
    let bytes = json.as_bytes();
    let mut from = 0;
    let mut i = 0;
    while i < bytes.len() {
        let (escape, length): (&[u8], usize) = match bytes[i] {
            b'<' => (b"\\u003c", 1),
            b'>' => (b"\\u003e", 1),
            b'&' => (b"\\u0026", 1),
            0xE2 if bytes[i..].starts_with(b"\xE2\x80\xA8") => (b"\\u2028", 3),
            0xE2 if bytes[i..].starts_with(b"\xE2\x80\xA9") => (b"\\u2029", 3),
            _ => {
                i += 1;
                continue;
            }
        };
        out.extend_from_slice(&bytes[from..i]);
        out.extend_from_slice(escape);
        i += length;
        from = i;
    }
    out.extend_from_slice(&bytes[from..]);
}
