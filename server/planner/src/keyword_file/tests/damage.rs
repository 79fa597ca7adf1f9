//! Files with something wrong.

use std::io::{self, Read};

use super::*;

#[test]
fn wrong_rows_are_reported_and_the_rest_is_read() {
    let long = "x".repeat(201);
    let text = format!(
        "Keyword,Volume,Difficulty,CPC\ngood,1,2,3\n,5,,\n  ,5,,\n{long},1,,\nGOOD,9,,\nbad volume,many,,\nbad \
         difficulty,1,101,\nbad price,1,2,-3\nlast,1,,\n,,,\n"
    );
    let said = texts(text.as_bytes());
    assert_eq!(
        said,
        [
            "good".to_owned(),
            "line 3: the row has no keyword".to_owned(),
            "line 4: the row has no keyword".to_owned(),
            format!(
                "line 5: the keyword has 201 characters, more than 200: \"{}…\"",
                "x".repeat(60)
            ),
            "line 6: the keyword \"GOOD\" is in line 2 already".to_owned(),
            "bad volume".to_owned(),
            "bad difficulty".to_owned(),
            "bad price".to_owned(),
            "last".to_owned(),
            "line 11: the row has no keyword".to_owned(),
        ]
    );
    let exactly = "é".repeat(200);
    assert_eq!(texts(format!("Keyword\n{exactly}\n").as_bytes()), [exactly]);
}

#[test]
fn a_cell_that_cannot_be_read_costs_only_itself() {
    let text = "Keyword,Volume,Difficulty,CPC\na,many,3,1\nb,1,Hard,2\nc,1,101,-3\nd,1,2,cheap\ne,1,2,1-x\n";
    let said: Vec<String> = rows(text.as_bytes())
        .iter()
        .map(|row| {
            let notes: Vec<String> = row.notes.iter().map(ToString::to_string).collect();
            format!(
                "{} {:?} {:?} {:?} {}",
                row.text,
                row.volume,
                row.difficulty,
                row.cpc,
                notes.join("; ")
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            "a None Some(3) Some(1.0) Volume: \"many\" is not a number",
            "b Some(1) None Some(2.0) Difficulty: \"Hard\" is not a number",
            "c Some(1) None None Difficulty: \"101\" is not between 0 and 100; CPC: \"-3\" is not between 0 and 1000000",
            "d Some(1) Some(2) None CPC: \"cheap\" is not a price",
            "e Some(1) Some(2) None CPC: \"1-x\" is not a price",
        ]
    );
}

#[test]
fn what_a_keyword_does_without_is_noted() {
    let rows = rows(b"Keyword,Volume,Intent,Clicks,Trend,Branded\ncold brew,1,Curious,few,up,perhaps\n");
    let notes: Vec<String> = rows[0].notes.iter().map(ToString::to_string).collect();
    assert_eq!(rows[0].volume, Some(1));
    assert_eq!(
        notes,
        [
            "Intent: \"Curious\" names an intent that is not known",
            "Clicks: \"few\" is not a number",
            "Branded: \"perhaps\" is neither true nor false",
            "Trend: \"up\" is no trend",
        ]
    );
}

#[test]
fn duplicates_by_case_space_and_quotation_marks() {
    let said = texts("Keyword\nMother's Day\nmother’s  day\nMOTHER'S DAY\nmothers day\n".as_bytes());
    assert_eq!(
        said,
        [
            "Mother's Day",
            "line 3: the keyword \"mother’s day\" is in line 2 already",
            "line 4: the keyword \"MOTHER'S DAY\" is in line 2 already",
            "mothers day",
        ]
    );
}

#[test]
fn an_unclosed_quotation_mark_costs_one_line() {
    let mut text = "Keyword,Volume\na,1\n\"b,2\nc,3\n".to_owned();
    assert_eq!(texts(text.as_bytes())[0], "a");
    text.push_str("d,\"4\"\ne,5\n");
    let said = texts(text.as_bytes());
    assert!(said[1].starts_with("line 3: a quotation mark"), "{said:?}");
    assert_eq!([&said[0], &said[2], &said[3], &said[4]], ["a", "c", "d", "e"]);
    // In a file far longer than a row may be.
    let mut text = "Keyword,Volume\na,1\n\"b,2\n".to_owned();
    for n in 0..300_000 {
        text.push_str(&format!("k{n},1\n"));
    }
    assert!(text.len() > 2 * MAX_ROW);
    let said = texts(text.as_bytes());
    assert_eq!(said.len(), 300_002);
    assert!(said[1].starts_with("line 3: a quotation mark"));
}

#[test]
fn a_huge_cell_costs_its_row() {
    for huge in ["x".repeat(3 * MAX_ROW), format!("\"{}\"", "x".repeat(3 * MAX_ROW))] {
        let text = format!("Keyword,Volume,Notes\na,1,\nb,2,{huge}\nc,3,\n");
        assert_eq!(
            texts(text.as_bytes()),
            ["a", "line 3: the row is longer than 1024 kB", "c"]
        );
    }
}

#[test]
fn a_huge_first_row() {
    assert_eq!(
        texts(format!("Keyword\n{}\nc\n", "x".repeat(3 * MAX_ROW)).as_bytes()),
        ["line 2: the row is longer than 1024 kB", "c"]
    );
    let cells = format!("Keyword,Volume\n{}\nc,1\n", ",".repeat(MAX_ROW / 2));
    assert_eq!(texts(cells.as_bytes()), ["line 2: the row has no keyword", "c"]);
}

#[test]
fn damaged_characters_cost_their_row() {
    let mut bytes = "Keyword\ncafé\ncrème\nthé\ngâteau\n".as_bytes().to_vec();
    bytes.extend_from_slice(b"na\xefve\nlatte\n");
    let mut file = open(&bytes);
    let said: Vec<String> = file
        .by_ref()
        .map(|row| row.map_or_else(|problem| problem.to_string(), |row| row.text))
        .collect();
    assert_eq!(said.len(), 6);
    assert!(
        said[4].contains("line 6") && said[4].contains("save the file as UTF-8"),
        "{said:?}"
    );
    assert_eq!(file.notes(), [Note::Damaged]);
}

#[test]
fn files_that_are_no_tables() {
    for (bytes, part) in [
        (b"".as_slice(), "empty"),
        (b"\n\n  \r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"PK\x03\x04\x14\x00\x06\x00Queries.csv", "Queries.csv"),
        (
            b"GIF89a\x01\x00\x01\x00\x00\xff\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x00;",
            "not a text file",
        ),
        (b"foo,bar\n1,2\n3,4\n", "no column holds keywords"),
    ] {
        let said = refused(bytes);
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn only_a_header() {
    assert_eq!(texts(b"Keyword,Volume\n"), Vec::<String>::new());
    assert_eq!(texts(b"Keyword,Volume"), Vec::<String>::new());
}

/// Gives its bytes one by one, then fails.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match (self.0.split_first(), to.first_mut()) {
            (Some((byte, rest)), Some(to)) => {
                *to = *byte;
                self.0 = rest;
                Ok(1)
            }
            _ => Err(io::Error::other("the line went dead")),
        }
    }
}

#[test]
fn a_source_that_fails() {
    let long = format!("Keyword\n{}", "cold brew\n".repeat(40_000));
    let mut file = KeywordFile::open(Failing(long.as_bytes())).expect("a head");
    assert!(file.next().is_some_and(|row| row.is_ok()));
    let last = file.by_ref().last().expect("an end");
    assert!(last.is_err_and(|problem| problem.to_string().contains("the line went dead")));
    assert!(file.next().is_none());
    assert!(KeywordFile::open(Failing(b"Keyword\n")).is_err());
}

#[test]
fn progress() {
    let mut text = "Keyword\n".to_owned();
    for n in 0..100_000 {
        text.push_str(&format!("keyword {n}\n"));
    }
    let mut file = open(text.as_bytes());
    let at_start = file.bytes_read();
    assert!(at_start > 0 && at_start < text.len() as u64);
    assert_eq!(file.by_ref().count(), 100_000);
    assert_eq!((file.bytes_read(), file.rows_read()), (text.len() as u64, 100_000));
}
