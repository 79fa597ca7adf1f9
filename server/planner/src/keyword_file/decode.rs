//! Bytes of a file to UTF-8, piece by piece, whatever its encoding.

use std::io::{self, Read};

use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::problem::FileProblem;

const BUFFER: usize = 64 * 1024;

/// Reads a file as UTF-8.
///
/// The encoding comes from the byte order mark, else from the zero bytes UTF-16 is full of, else from the first
/// characters that are not ASCII: UTF-8 if they are valid, else Windows-1252. So a file of a million English rows may
/// still say at its end what it is written in.
pub(super) struct Decoded<R> {
    from: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    ended: bool,
    bytes_read: u64,
    state: State,
    damaged: bool,
}

enum State {
    /// Nothing but ASCII so far, in an encoding that holds ASCII as it is.
    Ascii,
    In(Box<Decoder>),
    Done(&'static Encoding),
}

impl<R: Read> Decoded<R> {
    /// Starts to read; `label` names an encoding in place of the one that would be found.
    pub fn open(from: R, label: Option<&str>) -> Result<Self, FileProblem> {
        let mut decoded = Self {
            from,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            ended: false,
            bytes_read: 0,
            state: State::Ascii,
            damaged: false,
        };
        while decoded.end < decoded.buffer.len() && !decoded.ended {
            decoded.fill_bytes()?;
        }
        let head = decoded.bytes();
        refuse_other_files(head)?;
        if let Some(label) = label {
            let encoding =
                Encoding::for_label(label.as_bytes()).ok_or_else(|| FileProblem::UnknownEncoding(label.to_owned()))?;
            if let Some((_, length)) = Encoding::for_bom(head).filter(|&(found, _)| found == encoding) {
                decoded.start += length;
            }
            decoded.decode_as(encoding);
        } else if let Some((encoding, length)) = Encoding::for_bom(head) {
            decoded.start += length;
            decoded.decode_as(encoding);
        } else if let Some(encoding) = utf16_by_zeros(head)? {
            decoded.decode_as(encoding);
        }
        Ok(decoded)
    }

    /// Bytes taken from the file so far.
    pub const fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// The encoding as far as it is known: a file of ASCII only counts as UTF-8.
    pub fn encoding(&self) -> &'static Encoding {
        match &self.state {
            State::Ascii => UTF_8,
            State::In(decoder) => decoder.encoding(),
            State::Done(encoding) => encoding,
        }
    }

    /// Whether bytes came up that are no text in the file's encoding.
    pub const fn damaged(&self) -> bool {
        self.damaged
    }

    /// Appends some more text. `false`: there is none.
    pub fn read_more(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        loop {
            if self.start == self.end && !self.ended {
                self.fill_bytes()?;
            }
            if matches!(self.state, State::Done(_)) {
                return Ok(false);
            }
            let before = out.len();
            if matches!(self.state, State::Ascii) {
                self.copy_ascii(out)?;
            } else {
                self.decode(out);
            }
            if out.len() > before {
                return Ok(true);
            }
        }
    }

    fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    fn decode_as(&mut self, encoding: &'static Encoding) {
        self.state = State::In(Box::new(encoding.new_decoder_without_bom_handling()));
    }

    fn copy_ascii(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let ascii = Encoding::ascii_valid_up_to(self.bytes());
        out.extend_from_slice(self.bytes().get(..ascii).unwrap_or_default());
        self.start += ascii;
        if self.start == self.end {
            if self.ended {
                self.state = State::Done(UTF_8);
            }
            return Ok(());
        }
        // Here is the first character that is not ASCII. What comes after it helps to judge it.
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        while self.end < self.buffer.len() && !self.ended {
            self.fill_bytes()?;
        }
        let encoding = if looks_like_utf8(self.bytes(), self.ended) {
            UTF_8
        } else {
            WINDOWS_1252
        };
        self.decode_as(encoding);
        Ok(())
    }

    fn decode(&mut self, out: &mut Vec<u8>) {
        let State::In(decoder) = &mut self.state else { return };
        let from = self.buffer.get(self.start..self.end).unwrap_or_default();
        let room = decoder.max_utf8_buffer_length(from.len()).unwrap_or(4 * BUFFER).max(16);
        let before = out.len();
        out.resize(before + room, 0);
        let (result, read, written, damaged) =
            decoder.decode_to_utf8(from, out.get_mut(before..).unwrap_or_default(), self.ended);
        out.truncate(before + written);
        self.start += read;
        self.damaged |= damaged;
        if self.ended && result == encoding_rs::CoderResult::InputEmpty {
            self.state = State::Done(decoder.encoding());
        }
    }

    /// Reads once more into the buffer.
    fn fill_bytes(&mut self) -> io::Result<()> {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
        let Some(room) = self.buffer.get_mut(self.end..).filter(|room| !room.is_empty()) else {
            return Ok(());
        };
        let read = loop {
            match self.from.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        // A reader that claims more than there was room for is broken; it must not break us.
        let read = read.min(room.len());
        self.end += read;
        self.bytes_read += read as u64;
        self.ended = read == 0;
        Ok(())
    }
}

impl<'a> Decoded<&'a [u8]> {
    /// Text that is decoded already.
    pub fn text(text: &'a [u8]) -> Self {
        let mut decoded = Self {
            from: text,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            ended: false,
            bytes_read: 0,
            state: State::Ascii,
            damaged: false,
        };
        decoded.decode_as(UTF_8);
        decoded
    }
}

/// Other kinds of files, by their first bytes.
fn refuse_other_files(head: &[u8]) -> Result<(), FileProblem> {
    if head.is_empty() {
        return Err(FileProblem::Empty);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Err(FileProblem::Zip);
    }
    if head.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        return Err(FileProblem::Excel);
    }
    for (start, kind) in [
        (b"%PDF-".as_slice(), "a PDF"),
        (b"\x1F\x8B", "a compressed file"),
        (b"{\\rtf", "a text document"),
    ] {
        if head.starts_with(start) {
            return Err(FileProblem::OtherKind(kind));
        }
    }
    let text = head.trim_ascii_start();
    let starts = |with: &[u8]| {
        text.get(..with.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    if starts(b"<!doctype html") || starts(b"<html") || starts(b"<table") {
        return Err(FileProblem::OtherKind("a web page"));
    }
    if starts(b"<?xml") {
        return Err(FileProblem::OtherKind("an XML file"));
    }
    let json = text.split_first().is_some_and(|(first, rest)| {
        let next = rest.trim_ascii_start().first();
        (*first == b'{' && next == Some(&b'"')) || (*first == b'[' && matches!(next, Some(b'{' | b'[')))
    });
    if json {
        return Err(FileProblem::OtherKind("a JSON file"));
    }
    Ok(())
}

/// UTF-16 without a byte order mark: every other byte of its ASCII characters is zero.
fn utf16_by_zeros(head: &[u8]) -> Result<Option<&'static Encoding>, FileProblem> {
    let zeros = |parity: usize| head.iter().skip(parity).step_by(2).filter(|&&byte| byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    // Even a Chinese keyword file has a tab or a line break every few characters.
    let enough = head.len().div_ceil(50).max(2);
    if odd >= enough && odd > even * 4 {
        Ok(Some(UTF_16LE))
    } else if even >= enough && even > odd * 4 {
        Ok(Some(UTF_16BE))
    } else if even + odd >= enough {
        Err(FileProblem::Binary)
    } else {
        Ok(None)
    }
}

/// Whether bytes are UTF-8, perhaps with a few damaged characters. Text of another encoding is hardly ever valid UTF-8.
fn looks_like_utf8(bytes: &[u8], complete: bool) -> bool {
    let (mut characters, mut damages) = (0_usize, 0_usize);
    let mut chunks = bytes.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        characters += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        let cut_off = chunks.peek().is_none() && !complete && chunk.invalid().len() < 4;
        if !chunk.invalid().is_empty() && !cut_off {
            damages += 1;
        }
    }
    characters >= damages * 4
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], label: Option<&str>) -> (String, &'static str, bool) {
        let mut decoded = Decoded::open(bytes, label).expect("a text file");
        let mut out = Vec::new();
        while decoded.read_more(&mut out).expect("reading memory") {}
        (
            String::from_utf8(out).expect("UTF-8"),
            decoded.encoding().name(),
            decoded.damaged(),
        )
    }

    #[test]
    fn encodings() {
        let utf16 = |text: &str, little: bool| -> Vec<u8> {
            text.encode_utf16()
                .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
                .collect()
        };
        let text = "Keyword\tVolume\ncafé crème\t100\n";
        for (bytes, encoding) in [
            (text.as_bytes().to_vec(), "UTF-8"),
            (format!("\u{feff}{text}").into_bytes(), "UTF-8"),
            (utf16(text, true), "UTF-16LE"),
            (utf16(text, false), "UTF-16BE"),
            (utf16(&format!("\u{feff}{text}"), true), "UTF-16LE"),
            (utf16(&format!("\u{feff}{text}"), false), "UTF-16BE"),
            (WINDOWS_1252.encode(text).0.into_owned(), "windows-1252"),
        ] {
            assert_eq!(decoded(&bytes, None), (text.to_owned(), encoding, false));
        }
        let chinese = "关键词\t搜索量\n咖啡\t100\n冷萃咖啡机\t20\n";
        assert_eq!(
            decoded(&utf16(chinese, true), None),
            (chinese.to_owned(), "UTF-16LE", false)
        );
        let (russian, _, _) = encoding_rs::WINDOWS_1251.encode("кофе");
        assert_eq!(decoded(&russian, Some("windows-1251")).0, "кофе");
    }

    #[test]
    fn the_first_accent_may_come_late() {
        for encoding in [UTF_8, WINDOWS_1252] {
            // Around the end of the buffer, where a character may be cut in two.
            for length in BUFFER - 3..BUFFER + 3 {
                let text = format!("{}é café au lait\n", "a".repeat(length));
                let (bytes, _, _) = encoding.encode(&text);
                let (out, found, damaged) = decoded(&bytes, None);
                assert!(out == text, "{} at {length}", encoding.name());
                assert_eq!((found, damaged), (encoding.name(), false));
            }
        }
    }

    #[test]
    fn one_damaged_character_does_not_change_the_encoding() {
        let mut bytes = "é".repeat(20).into_bytes();
        bytes.push(0xff);
        let (text, encoding, damaged) = decoded(&bytes, None);
        assert_eq!((encoding, damaged), ("UTF-8", true));
        assert!(text.ends_with('\u{fffd}'));
    }

    #[test]
    fn other_files_are_refused() {
        let problem = |bytes: &[u8]| Decoded::open(bytes, None).err().map(|p| p.to_string());
        for (bytes, part) in [
            (b"".as_slice(), "empty"),
            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1rest", "Excel"),
            (b"PK\x03\x04........Queries.csv", "ZIP"),
            (b"%PDF-1.7", "PDF"),
            (b"  <!DOCTYPE html><p>", "web page"),
            (b"{\"keywords\": []}", "JSON"),
            (b"\x7fELF\x01\x01\x00\x00\x00\x00\x00\x00\x02\x00", "not a text file"),
        ] {
            let said = problem(bytes);
            assert!(said.as_deref().is_some_and(|said| said.contains(part)), "{said:?}");
        }
        assert!(Decoded::open(b"a".as_slice(), Some("klingon")).is_err());
    }
}
