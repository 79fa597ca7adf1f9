//! What holds for any file.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::keyword_file::text;

/// Text of cells as rows hold it: cleaned already.
fn cleaned() -> impl Strategy<Value = String> {
    prop_oneof![
        "[=+@'-]{0,2}[a-zA-Z0-9 ,;|\"\\\\=éñ咖–]{1,20}",
        "\\PC{1,12}",
        any::<String>(),
    ]
    .prop_map(|text| text::clean(&text).into_owned())
    .prop_filter("text", |text| {
        !text.is_empty() && !text.contains(char::REPLACEMENT_CHARACTER)
    })
}

fn keyword() -> impl Strategy<Value = String> {
    cleaned()
        .prop_map(|text| text::normalise(&text).into_owned())
        .prop_filter("a keyword", |text| {
            let visible = text.trim_matches(['\u{200c}', '\u{200d}', ' ']);
            !visible.is_empty() && text.chars().count() <= MAX_TEXT
        })
}

fn amount() -> impl Strategy<Value = f64> {
    prop_oneof![
        0.0..=MAX_CPC,
        Just(0.0),
        Just(1.0),
        0.0..0.01,
        (0_u32..100_000).prop_map(f64::from)
    ]
}

fn share() -> impl Strategy<Value = f64> {
    prop_oneof![0.0..=1.0, Just(0.0), Just(1.0)]
}

fn trend() -> impl Strategy<Value = Trend> {
    let month = (1990_u16..2100, 1_u8..=12).prop_map(|(year, month)| Month::new(year, month));
    (
        prop_oneof![Just(TrendScale::Searches), Just(TrendScale::Relative)],
        vec(option::of(amount()), 1..14),
        option::of(month),
    )
        .prop_filter("a value", |(_, values, _)| values.iter().any(Option::is_some))
        .prop_map(|(scale, values, end)| Trend {
            scale,
            values,
            end: end.flatten(),
        })
}

fn set<T: PartialEq>(items: Vec<T>) -> Vec<T> {
    let mut kept = Vec::new();
    for item in items {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}

prop_compose! {
    fn figures()(
        volume in option::of(0..=MAX_VOLUME),
        range in option::of((0..=1_000_000_u64, option::of(0..=1_000_000_u64))),
        difficulty in option::of(0..=100_u8),
        cpc in option::of(amount()),
        bids in option::of((option::of(amount()), option::of(amount()))),
        currency in option::of("[A-Z]{3}"),
        competition in option::of(share()),
        position in option::of(1.0..1000.0_f64),
        clicks in option::of(0..1_000_000_000_u64),
        impressions in option::of(0..1_000_000_000_u64),
        ctr in option::of(share()),
        traffic in option::of(0..1_000_000_000_u64),
        trend in option::of(trend()),
    ) -> KeywordRow {
        KeywordRow {
            volume,
            volume_range: range.map(|(low, more)| VolumeRange { low, high: more.map(|more| low + more) }),
            difficulty,
            cpc,
            cpc_range: bids
                .filter(|(low, high)| low.is_some() || high.is_some())
                .map(|(low, high)| PriceRange { low, high }),
            currency,
            competition,
            position,
            clicks,
            impressions,
            ctr,
            traffic_potential: traffic,
            trend,
            ..KeywordRow::default()
        }
    }
}

prop_compose! {
    fn row()(
        figures in figures(),
        text in keyword(),
        original in option::of("[ -~]{0,4}[^ \u{0}-\u{1f}\u{7f}-\u{a0}]"),
        level in option::of(prop::sample::select(&Competition::ALL[..])),
        intents in vec(prop::sample::select(&Intent::ALL[..]), 0..4),
        flags in (option::of(any::<bool>()), option::of(any::<bool>()), option::of(any::<bool>())),
        names in (option::of(cleaned()), option::of(cleaned()), option::of(cleaned()), option::of(cleaned())),
        market in option::of("[a-z]{2}"),
        url in option::of(cleaned()),
        status in option::of(prop::sample::select(&Status::ALL[..])),
        lists in (vec(cleaned(), 0..3), vec(cleaned(), 0..3), vec(cleaned(), 0..3)),
        attributes in vec((cleaned(), cleaned()), 0..3),
    ) -> KeywordRow {
        let mut row = KeywordRow {
            text,
            original: original.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
            competition_level: level,
            branded: flags.0,
            local: flags.1,
            disabled: flags.2,
            parent_topic: names.0,
            grouping: Grouping { cluster: names.1, topic: names.2, page_type: names.3 },
            market,
            url,
            status,
            tags: lists.0,
            serp_features: lists.1,
            serp_urls: lists.2,
            attributes: attributes.into_iter().map(|(name, value)| Attribute { name, value }).collect(),
            ..figures
        };
        row.set_intents(set(intents));
        row
    }
}

/// Rows without what depends on the file.
fn bare(mut rows: Vec<KeywordRow>) -> Vec<KeywordRow> {
    for row in &mut rows {
        row.line = 0;
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..2000)) {
        if let Ok(file) = KeywordFile::open(bytes.as_slice()) {
            file.for_each(drop);
        }
    }

    #[test]
    fn any_text_below_a_header(text in "([a-z0-9 \"',;\t\r\n=+-]|[é咖\u{feff}\u{0}]){0,400}", tail in any::<String>()) {
        for header in ["Keyword,Volume,CPC,Trend,Intent\n", "Top queries\tClicks\tImpressions\tCTR\tPosition\n", ""] {
            let bytes = format!("{header}{text}{tail}").into_bytes();
            if let Ok(file) = KeywordFile::open(bytes.as_slice()) {
                let lines = bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1;
                let mut last = 0;
                let mut count = 0;
                for row in file {
                    let line = match row {
                        Ok(row) => {
                            prop_assert!(!row.text.is_empty() && row.text.chars().count() <= MAX_TEXT);
                            prop_assert_eq!(text::normalise(&row.text), row.text.as_str());
                            row.line
                        }
                        Err(problem) => problem.line,
                    };
                    prop_assert!(line > last && line <= lines as u64);
                    last = line;
                    count += 1;
                }
                prop_assert!(count <= lines);
            }
        }
    }

    #[test]
    fn any_cell_is_a_number_or_not(cell in "[0-9.,' –kKmM$€%<>+-]{0,12}") {
        let bytes = format!("Keyword\tVolume\tCPC\nk\t{cell}\t{cell}\n").into_bytes();
        let all: Vec<_> = open(&bytes).collect();
        prop_assert!(all.len() == 1);
    }

    #[test]
    fn normalising_twice_changes_nothing(text in any::<String>()) {
        let once = text::normalise(&text).into_owned();
        prop_assert_eq!(text::normalise(&once), once.as_str());
        prop_assert_eq!(text::text_key(&once), text::text_key(&text::text_key(&once)));
        let clean = text::clean(&text).into_owned();
        prop_assert_eq!(text::clean(&clean), clean.as_str());
    }

    #[test]
    fn written_rows_come_back(rows in vec(row(), 0..6)) {
        let mut seen = std::collections::HashSet::new();
        let rows: Vec<KeywordRow> = rows
            .into_iter()
            .filter(|row| seen.insert(text::text_key(&row.text)))
            .collect();
        let mut bytes = Vec::new();
        let count = write_csv(&mut bytes, &rows).expect("memory");
        prop_assert_eq!(count, rows.len() as u64);
        let file = open(&bytes);
        prop_assert_eq!(file.detected().source, Source::Igny8);
        let read: Result<Vec<KeywordRow>, RowProblem> = file.collect();
        prop_assert_eq!(bare(read.expect("rows")), rows);

        // No cell is a formula, and what is written of what was read is the same file.
        let mut csv = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.get(3..).unwrap_or_default());
        for record in csv.records() {
            for cell in &record.expect("a record") {
                prop_assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
            }
        }
    }

    #[test]
    fn the_same_rows_in_all_encodings(
        // No signs such as € after a letter such as ß: in a file without other accents, the bytes of "ß€" in Windows-1252
        // are a letter of West Africa in UTF-8, and nothing tells which is meant.
        cells in vec(("[a-zA-Z0-9 éüñß',;.\"-]{0,20}", "[0-9]{0,6}"), 1..20),
        delimiter in prop::sample::select(&[b',', b';', b'\t'][..]),
    ) {
        let mut csv = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
        csv.write_record(["Keyword", "Volume"]).expect("memory");
        for (text, volume) in &cells {
            csv.write_record([text, volume]).expect("memory");
        }
        let text = String::from_utf8(csv.into_inner().expect("memory")).expect("UTF-8");
        let outcome = |bytes: &[u8]| -> Vec<String> { open(bytes).map(|row| format!("{row:?}")).collect() };
        let expected = outcome(text.as_bytes());
        prop_assert_eq!(expected.len(), cells.len());
        let with_mark = format!("\u{feff}{text}");
        let (windows, _, _) = encoding_rs::WINDOWS_1252.encode(&text);
        for bytes in [with_mark.as_bytes(), &utf16le(&with_mark), &utf16be(&with_mark), &utf16le(&text), &windows] {
            prop_assert_eq!(&outcome(bytes), &expected);
        }
    }
}
