//! One file in all encodings, with all delimiters, with columns in any order.

use super::*;

const HEADER: [&str; 5] = ["Keyword", "Volume", "Difficulty", "CPC", "Intent"];
const ROWS: [[&str; 5]; 4] = [
    ["café crème", "1,234", "12", "1.25", "Commercial, Informational"],
    ["mother's day – gifts", "1.2K", "", "0.5", "I"],
    ["piña; colada | \"fresca\"", "100 - 1K", "100", "2", ""],
    ["two\nlines", "0", "5", "", "n/a"],
];

fn file(delimiter: u8, order: &[usize]) -> String {
    let mut csv = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    for row in std::iter::once(&HEADER).chain(&ROWS) {
        csv.write_record(order.iter().map(|column| row[*column]))
            .expect("memory");
    }
    String::from_utf8(csv.into_inner().expect("memory")).expect("UTF-8")
}

#[test]
fn the_same_rows_whatever_the_file() {
    let expected = rows(file(b',', &[0, 1, 2, 3, 4]).as_bytes());
    assert_eq!(expected.len(), 4);
    assert_eq!(expected[3].text, "two lines");
    assert_eq!(expected[3].original.as_deref(), Some("two\nlines"));
    for delimiter in [b',', b';', b'\t', b'|'] {
        for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]] {
            let text = file(delimiter, &order);
            let with_mark = format!("\u{feff}{text}");
            let (windows, _, unmappable) = encoding_rs::WINDOWS_1252.encode(&text);
            assert!(!unmappable);
            for (bytes, encoding) in [
                (text.as_bytes().to_vec(), "UTF-8"),
                (with_mark.as_bytes().to_vec(), "UTF-8"),
                (utf16le(&with_mark), "UTF-16LE"),
                (utf16be(&with_mark), "UTF-16BE"),
                (utf16le(&text), "UTF-16LE"),
                (utf16be(&text), "UTF-16BE"),
                (windows.to_vec(), "windows-1252"),
            ] {
                assert_eq!(open(&bytes).detected().encoding, encoding);
                assert_eq!(
                    rows(&bytes),
                    expected,
                    "{encoding}, {:?}, {order:?}",
                    char::from(delimiter)
                );
            }
        }
    }
}

#[test]
fn texts_are_normalised_and_kept() {
    let rows = rows("Keyword\n  ＣＯＬＤ\u{a0}\u{200b} brew \ncafe\u{301}\n".as_bytes());
    assert_eq!(rows[0].text, "COLD brew");
    assert_eq!(rows[0].original.as_deref(), Some("ＣＯＬＤ\u{a0}\u{200b} brew"));
    assert_eq!(
        (rows[1].text.as_str(), rows[1].original.as_deref()),
        ("café", Some("cafe\u{301}"))
    );
}
