//! Files of texts to group: every row comes out, as it is written.

use super::*;

fn written(text: &str, columns: &[&str]) -> (Vec<String>, KeywordFile<&'static [u8]>) {
    let options = Options {
        columns: columns.iter().map(|c| c.parse().expect("a choice")).collect(),
        every_row: true,
        ..Options::default()
    };
    let bytes: &'static [u8] = text.as_bytes().to_vec().leak();
    let mut file = KeywordFile::open_with(bytes, &options).expect("a file");
    let rows = file
        .by_ref()
        .map(|row| row.map_or_else(|problem| problem.to_string(), |row| row.original.unwrap_or(row.text)))
        .collect();
    (rows, file)
}

#[test]
fn a_list_comes_out_as_it_is_written() {
    let long = "why was i charged ".repeat(60);
    let lines = [
        "\"exact phrase\"",
        "\"half",
        "a \"b\" c",
        "\"a\" b, c",
        "same",
        "same",
        "Same",
        "ﬁlter\u{a0}coffee",
        "damaged \u{fffd}",
        "'=1+1",
        "# 1 song",
        long.trim_end(),
        "ends with\"",
    ];
    assert_eq!(written(&lines.join("\n"), &[]).0, lines);
    assert_eq!(written(&lines.join("\r\n"), &["1"]).0, lines);
}

#[test]
fn labelled_texts_need_no_header() {
    let lines = [
        ("card", "where's \"my\" card, please"),
        ("card", "\"lost it"),
        ("top_up", "top up, now"),
        ("top_up", "did you say, \"no\""),
        ("top_up", "\"no\", he said, twice"),
    ];
    let text = lines.map(|(label, text)| format!("{label}\t{text}\n")).concat();
    let texts = lines.map(|(_, text)| text);
    assert_eq!(written(&text, &[]).0, texts);
    assert_eq!(written(&text, &["2"]).0, texts);
    assert_eq!(written(&text, &["1"]).0, lines.map(|(label, _)| label));
    let turned = lines.map(|(label, text)| format!("{text}\t{label}\n")).concat();
    let (found, file) = written(&turned, &[]);
    assert_eq!(found, texts);
    assert_eq!(file.detected().columns[0].field(), Some(Field::Keyword));
}

#[test]
fn a_table_keeps_its_quoted_cells() {
    let text = "category,text\r\na,\"one,\r\ntwo \"\"x\"\"\"\r\na,\"damaged\r\nb,y\r\nb,y\r\n";
    assert_eq!(written(text, &["text"]).0, ["one,\r\ntwo \"x\"", "\"damaged", "y", "y"]);
}
