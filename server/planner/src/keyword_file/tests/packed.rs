//! Archives and workbooks.

use std::io::{Cursor, Read as _, Write as _};

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::*;

/// An archive of files.
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::best());
        packer.write_all(content).expect("memory");
        let packed = packer.finish().expect("memory");
        let mut head = Vec::new();
        for half in [20_u16, 0, 8, 0, 0] {
            head.extend_from_slice(&half.to_le_bytes());
        }
        for whole in [0, packed.len(), content.len()] {
            head.extend_from_slice(&u32::try_from(whole).expect("small").to_le_bytes());
        }
        head.extend_from_slice(&u16::try_from(name.len()).expect("short").to_le_bytes());
        head.extend_from_slice(&[0; 2]);
        directory.extend_from_slice(b"PK\x01\x02\x14\0");
        directory.extend_from_slice(&head);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&u32::try_from(out.len()).expect("small").to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&head);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(&packed);
    }
    let start = out.len();
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    for _ in 0..2 {
        let count = u16::try_from(files.len().min(65_535)).expect("few");
        out.extend_from_slice(&count.to_le_bytes());
    }
    for whole in [directory.len(), start] {
        out.extend_from_slice(&u32::try_from(whole).expect("small").to_le_bytes());
    }
    out.extend_from_slice(&[0; 2]);
    out
}

fn unpacked(bytes: &[u8]) -> Result<KeywordFile<Text>, FileProblem> {
    let open = || Ok(Cursor::new(bytes.to_vec()));
    let packed = Packed::look(open, &Options::default())?;
    KeywordFile::open_with(packed.open(open()?)?, &packed.options(&Options::default()))
}

fn all(bytes: &[u8]) -> Vec<KeywordRow> {
    let file = unpacked(bytes).unwrap_or_else(|problem| panic!("{problem}"));
    file.map(|row| row.unwrap_or_else(|problem| panic!("{problem}")))
        .collect()
}

fn said(bytes: &[u8]) -> String {
    match unpacked(bytes) {
        Ok(file) => file
            .filter_map(Result::err)
            .map(|problem| problem.to_string())
            .collect(),
        Err(problem) => problem.to_string(),
    }
}

/// A workbook of sheets.
fn workbook(strings: &str, sheets: &[(&str, &str)]) -> Vec<u8> {
    let mut book = "<?xml version=\"1.0\"?><workbook xmlns:r=\"urn:r\"><sheets>".to_owned();
    let mut links = "<Relationships>".to_owned();
    let mut files = vec![("xl/sharedStrings.xml".to_owned(), format!("<sst>{strings}</sst>"))];
    for (n, (name, rows)) in sheets.iter().enumerate() {
        book += &format!("<sheet name=\"{name}\" sheetId=\"{n}\" r:id=\"rId{n}\"/>");
        links += &format!("<Relationship Id=\"rId{n}\" Target=\"worksheets/sheet{n}.xml\"/>");
        let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
        files.push((format!("xl/worksheets/sheet{n}.xml"), sheet));
    }
    files.push(("xl/workbook.xml".to_owned(), book + "</sheets></workbook>"));
    files.push(("xl/_rels/workbook.xml.rels".to_owned(), links + "</Relationships>"));
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_bytes()))
        .collect();
    zip(&files)
}

const QUERIES: &str = "Top queries,Clicks,Impressions,CTR,Position\ncold brew,12,345,3.48%,4.2\n";

#[test]
fn the_queries_of_search_console() {
    let archive = zip(&[
        ("__MACOSX/._Queries.csv", b"\0\0\0"),
        (
            "Chart.csv",
            b"Date,Clicks,Impressions,CTR,Position\n2026-06-01,1,2,50%,3\n",
        ),
        (
            "Countries.csv",
            b"Country,Clicks,Impressions,CTR,Position\nItaly,1,2,50%,3\n",
        ),
        ("Filters.csv", b"Filter,Value\nSearch type,Web\n"),
        ("Queries.csv", QUERIES.as_bytes()),
        (
            "Pages.csv",
            b"Top pages,Clicks,Impressions,CTR,Position\nhttps://a.example/,1,2,50%,3\n",
        ),
    ]);
    let rows = all(&archive);
    assert_eq!(
        (rows.len(), rows[0].text.as_str(), rows[0].impressions),
        (1, "cold brew", Some(345))
    );
    let pages = zip(&[(
        "Pages.csv",
        b"Top pages,Clicks,Impressions,CTR,Position\nhttps://a.example/,1,2,50%,3\n",
    )]);
    assert!(said(&pages).contains("table of pages"), "{}", said(&pages));
    let other = zip(&[("photo.jpg", b"jpg"), ("more.zip", &archive)]);
    assert!(said(&other).contains("without a table of keywords"));
}

#[test]
fn a_workbook_of_semrush() {
    let strings = "<si><t>Keyword</t></si><si><t>Intent</t></si><si><t>Volume</t></si><si><t>CPC (USD)</t></si>\
                   <si><t>SERP Features</t></si><si><r><t>cold </t></r><r><rPr><b/></rPr><t>brew</t></r></si>\
                   <si><t>flat &amp; white&#233;</t><rPh><t>reading</t></rPh></si>\
                   <si><t xml:space=\"preserve\">Sitelinks, \"Image\"\npack</t></si>";
    let rows = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c><c r=\"C1\" t=\"s\"><v>2</v></c>\
                <c r=\"D1\" t=\"inlineStr\"><is><t>Keyword Difficulty</t></is></c><c r=\"E1\" t=\"s\"><v>3</v></c>\
                <c r=\"F1\" t=\"s\"><v>4</v></c></row>\
                <row r=\"2\"><c r=\"A2\" t=\"s\"><v>5</v></c><c r=\"B2\" t=\"str\"><f>A1</f><v>Commercial</v></c>\
                <c r=\"C2\"><v>1200</v></c><c r=\"D2\"><v>31</v></c><c r=\"E2\"><v>0.65000000000000002</v></c>\
                <c r=\"F2\" t=\"s\"><v>7</v></c></row>\
                <row r=\"5\"><c r=\"A5\" t=\"s\"><v>6</v></c><c r=\"C5\"><v>9E1</v></c><c r=\"D5\" t=\"e\"><v>#N/A</v></c></row>";
    let book = workbook(
        strings,
        &[
            ("About", "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>"),
            ("Sheet 1", rows),
        ],
    );
    let rows = all(&book);
    assert_eq!(rows.len(), 2);
    let row = &rows[0];
    assert_eq!(
        (row.line, row.text.as_str(), row.volume, row.difficulty, row.cpc),
        (2, "cold brew", Some(1200), Some(31), Some(0.65))
    );
    assert_eq!(
        (row.intent, row.currency.as_deref()),
        (Some(Intent::Commercial), Some("USD"))
    );
    assert_eq!(row.serp_features, ["Sitelinks", "\"Image\" pack"]);
    assert_eq!(
        (rows[1].line, rows[1].text.as_str(), rows[1].volume),
        (5, "flat & whiteé", Some(90))
    );
    assert_eq!(rows[1].difficulty, None);
}

#[test]
fn a_workbook_of_search_console() {
    let cell = |at: &str, text: &str| format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let header = |first: &str| {
        let names = [first, "Clicks", "Impressions", "CTR", "Position"];
        let cells = names
            .iter()
            .zip(["A1", "B1", "C1", "D1", "E1"])
            .map(|(name, at)| cell(at, name));
        format!("<row r=\"1\">{}</row>", cells.collect::<String>())
    };
    let numbers =
        "<c r=\"B2\"><v>12</v></c><c r=\"C2\"><v>345</v></c><c r=\"D2\"><v>0.0348</v></c><c r=\"E2\"><v>4.2</v></c>";
    let sheet =
        |first: &str, value: &str| format!("{}<row r=\"2\">{}{numbers}</row>", header(first), cell("A2", value));
    let book = workbook(
        "",
        &[
            ("Chart", &sheet("Date", "2026-06-01")),
            ("Queries", &sheet("Top queries", "cold brew")),
            ("Pages", &sheet("Top pages", "https://a.example/")),
        ],
    );
    let row = &all(&book)[0];
    assert_eq!(
        (row.text.as_str(), row.clicks, row.ctr),
        ("cold brew", Some(12), Some(0.0348))
    );
}

#[test]
fn hostile_archives_end_soon() {
    // Megabytes of rows in kilobytes.
    let bomb = "cold brew,1\n".repeat(3_000_000);
    let bomb = format!("Keyword,Volume\n{bomb}");
    let bomb = zip(&[("Queries.csv", bomb.as_bytes())]);
    assert!(bomb.len() < 200_000);
    let problems = said(&bomb);
    assert!(
        problems.contains("unpacks to far more"),
        "{}",
        &problems[problems.len().saturating_sub(300)..]
    );
    // A text that never ends, in a cell and among the shared ones.
    let long = "x".repeat(20_000_000);
    let cell = format!("<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>{long}</t></is></c></row>");
    for (book, what) in [
        (workbook("", &[("a", &cell)]), "cell"),
        (workbook(&format!("<si><t>{long}</t></si>"), &[]), "string"),
    ] {
        assert!(
            said(&book).contains("large") || said(&book).contains("far more"),
            "{what}: {}",
            said(&book)
        );
    }
    // Shared texts without end.
    let strings = "<si><t>a</t></si>".repeat(1_000_000);
    assert!(
        said(&workbook(&strings, &[("a", "")])).contains("read at once")
            || said(&workbook(&strings, &[])).contains("far more")
    );
    // Far more columns than there can be, and rows that are not there.
    let cells: String = (0..200_000).map(|_| "<c><v>1</v></c>").collect();
    let rows = format!(
        "<row r=\"1\"><c t=\"inlineStr\"><is><t>Keyword</t></is></c></row>\
         <row r=\"999999999999\"><c r=\"A1\" t=\"str\"><v>far</v></c>{cells}</row><row r=\"3\"><c><v>7</v></c></row>"
    );
    let found = unpacked(&workbook("", &[("a", &rows)])).map(|file| file.filter_map(Result::ok).count());
    assert_eq!(found.unwrap_or_else(|problem| panic!("{problem}")), 1);
    // More files than an archive of keywords has.
    let names: Vec<String> = (0..40_000).map(|n| format!("{n}.csv")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    assert!(said(&zip(&files)).contains("damaged"));
    for damaged in [
        &zip(&[("Queries.csv", QUERIES.as_bytes())])[..60],
        b"PK\x03\x04",
        b"PK\x05\x06\0\0",
    ] {
        assert!(!said(damaged).is_empty());
    }
}

#[test]
fn what_is_no_archive_is_read_as_it_is() {
    assert_eq!(all(QUERIES.as_bytes()).len(), 1);
    let packed = Packed::look(|| Ok(Cursor::new(b"x".to_vec())), &Options::default()).expect("a file");
    let mut text = String::new();
    let mut from = packed.open(Cursor::new(b"x".to_vec())).expect("a file");
    from.read_to_string(&mut text).expect("memory");
    assert_eq!(text, "x");
}
