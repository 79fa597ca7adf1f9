//! Whole files, read through the public interface.

mod damage;
mod encodings;
mod every_row;
mod formats;
mod joined;
mod mapping;
mod packed;
mod properties;

use super::*;

/// A file of bytes that can be read.
fn open(bytes: &[u8]) -> KeywordFile<&[u8]> {
    match KeywordFile::open(bytes) {
        Ok(file) => file,
        Err(problem) => panic!("{problem}"),
    }
}

/// A file whose rows are all right.
fn rows(bytes: &[u8]) -> Vec<KeywordRow> {
    open(bytes)
        .map(|row| row.unwrap_or_else(|problem| panic!("{problem}")))
        .collect()
}

/// Rows as their texts, problems as what they say.
fn texts(bytes: &[u8]) -> Vec<String> {
    said(open(bytes))
}

fn said(file: KeywordFile<&[u8]>) -> Vec<String> {
    file.map(|row| match row {
        Ok(row) => row.text,
        Err(problem) => problem.to_string(),
    })
    .collect()
}

/// What is said of a file nothing can be read from.
fn refused(bytes: &[u8]) -> String {
    match KeywordFile::open(bytes) {
        Ok(file) => panic!("taken for {:?}", file.detected()),
        Err(problem) => problem.to_string(),
    }
}

fn utf16le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn utf16be(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}
