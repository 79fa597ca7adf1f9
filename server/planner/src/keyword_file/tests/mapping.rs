//! Columns chosen by hand.

use super::*;

fn choice(column: impl Into<ColumnRef>, field: Option<Field>) -> ColumnChoice {
    ColumnChoice {
        column: column.into(),
        field,
    }
}

impl From<usize> for ColumnRef {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl From<&str> for ColumnRef {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

fn open_with(text: &str, columns: Vec<ColumnChoice>) -> Result<KeywordFile<&[u8]>, FileProblem> {
    let options = Options {
        columns,
        ..Options::default()
    };
    KeywordFile::open_with(text.as_bytes(), &options)
}

#[test]
fn columns_by_name() {
    let text = "Exported by us\nWhat they type,Monthly demand\ncold brew,100\n";
    let Err(FileProblem::NoKeywordColumn { columns }) = KeywordFile::open(text.as_bytes()) else {
        panic!("no header is known");
    };
    assert_eq!(columns, ["What they type", "Monthly demand"], "to choose from");
    let columns = vec![
        choice("what they type", Some(Field::Keyword)),
        choice("Monthly Demand", Some(Field::Volume)),
    ];
    let mut file = open_with(text, columns).expect("a file");
    assert_eq!(file.detected().header_line, Some(2));
    let row = file.next().expect("a row").expect("a keyword");
    assert_eq!((row.text.as_str(), row.volume), ("cold brew", Some(100)));
}

#[test]
fn columns_by_number() {
    let text = "cold brew;100;x\nlatte;200;y\n";
    let columns = vec![choice(0, Some(Field::Keyword)), choice(1, Some(Field::Volume))];
    let file = open_with(text, columns.clone()).expect("a file");
    assert_eq!(file.detected().header_line, None);
    assert_eq!(said(file), ["cold brew", "latte"]);
    let headed = format!("From us\n\nphrase x;demand;z\n{text}");
    let file = open_with(&headed, columns.clone()).expect("a file");
    assert_eq!(file.detected().header_line, Some(3));
    assert_eq!(said(file), ["cold brew", "latte"]);
    let headed = format!("phrase x;demand;z\n{text}");
    let file = open_with(&headed, columns).expect("a file");
    assert_eq!(file.detected().header_line, Some(1));
    assert_eq!(said(file), ["cold brew", "latte"]);
}

#[test]
fn choices_beat_the_detection() {
    let text = "Keyword,Query,Volume,KD\na,b,1,2\n";
    let columns = vec![choice("Query", Some(Field::Keyword)), choice("KD", None)];
    let mut file = open_with(text, columns).expect("a file");
    let uses: Vec<Option<Field>> = file.detected().columns.iter().map(Column::field).collect();
    assert_eq!(uses, [None, Some(Field::Keyword), Some(Field::Volume), None]);
    let row = file.next().expect("a row").expect("a keyword");
    assert_eq!((row.text.as_str(), row.volume, row.difficulty), ("b", Some(1), None));
}

#[test]
fn wrong_choices() {
    let said = |columns| open_with("Keyword,Volume\na,1\n", columns).err().map(|e| e.to_string());
    assert_eq!(
        said(vec![choice("Colour", Some(Field::Tags))]).as_deref(),
        Some("the file has no column \"Colour\" (columns: \"Keyword\", \"Volume\")")
    );
    let misspelt = said(vec!["Volume:volum".parse().expect("a column")]).expect("a refusal");
    assert!(
        misspelt.contains("\"volum\" is no field") && misspelt.contains("volume, "),
        "{misspelt}"
    );
    assert!(said(vec![choice(7, Some(Field::Tags))]).is_some());
    assert!(said(vec![choice("Keyword", None)]).is_some_and(|said| said.contains("no column holds keywords")));
}

#[test]
fn header_delimiter_and_encoding_by_hand() {
    let with = |text: &[u8], options: &Options| match KeywordFile::open_with(text, options) {
        Ok(file) => file
            .map(|row| row.map_or_else(|p| p.to_string(), |row| row.text))
            .collect(),
        Err(problem) => vec![problem.to_string()],
    };
    let options = Options {
        header: HeaderAt::Absent,
        delimiter: Some(Delimiter::None),
        ..Options::default()
    };
    assert_eq!(with(b"keyword\na, b\nc, d\n", &options), ["keyword", "a, b", "c, d"]);
    let options = Options {
        header: HeaderAt::Line(3),
        ..Options::default()
    };
    assert_eq!(with(b"Keyword,Volume\nx,1\nKeyword,KD\na,5\n", &options), ["a"]);
    let options = Options {
        header: HeaderAt::Line(9),
        ..Options::default()
    };
    assert_eq!(
        with(b"Keyword\na\n", &options),
        ["the file ends before line 9, which should hold the header"]
    );
    let options = Options {
        encoding: Some("windows-1251".to_owned()),
        ..Options::default()
    };
    let (russian, _, _) = encoding_rs::WINDOWS_1251.encode("Keyword\nкофе\n");
    assert_eq!(with(&russian, &options), ["кофе"]);
}

#[test]
fn choices_in_words() {
    let index = |n, field| Ok(choice(n, field));
    for (text, chosen) in [
        ("2", index(1, Some(Field::Keyword))),
        ("Phrase", Ok(choice("Phrase", Some(Field::Keyword)))),
        ("Phrase:keyword", Ok(choice("Phrase", Some(Field::Keyword)))),
        ("a: b:Search Volume", Ok(choice("a: b", Some(Field::Volume)))),
        (
            "Searches: May 2025",
            Ok(choice("Searches: May 2025", Some(Field::Keyword))),
        ),
        ("3:ignore", index(2, None)),
        ("0", Err(ChoiceProblem::Column)),
        (":volume", Err(ChoiceProblem::Column)),
        ("3:nonsense", Err(ChoiceProblem::Field("nonsense".to_owned()))),
    ] {
        assert_eq!(text.parse(), chosen, "{text}");
    }
    assert_eq!("semicolon".parse(), Ok(Delimiter::Semicolon));
    assert_eq!("\t".parse(), Ok(Delimiter::Tab));
    assert_eq!(":".parse::<Delimiter>(), Err(ChoiceProblem::Delimiter));
    assert_eq!("3".parse(), Ok(HeaderAt::Line(3)));
    assert_eq!("none".parse(), Ok(HeaderAt::Absent));
    assert_eq!("0".parse::<HeaderAt>(), Err(ChoiceProblem::Header));
    assert_eq!(encoding("latin1").as_deref(), Ok("windows-1252"));
    assert!(encoding("latin9000").is_err());
}
