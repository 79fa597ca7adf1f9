//! Keywords that stand in a file more than once.

use super::*;
use proptest::prelude::*;

fn joined(text: &str, market: Option<&str>, limit: usize) -> (Vec<KeywordRow>, Vec<String>, Vec<Note>) {
    let mut file = Joined::open_within(|| Ok(text.as_bytes()), &Options::default(), market, limit).expect("a file");
    let (mut rows, mut said) = (Vec::new(), Vec::new());
    for row in file.by_ref() {
        match row {
            Ok(row) => rows.push(row),
            Err(problem) => said.push(problem.to_string()),
        }
    }
    (rows, said, file.notes())
}

#[test]
fn queries_with_a_row_for_each_page() {
    let text = "query,page,clicks,impressions,ctr,position\n\
                cold brew,https://a.example/2,1,900,0.001,11.5\nicy,https://a.example/3,2,3,0.6,2\n\
                Cold brew,https://a.example/1,9,100,0.09,4\n,,,,,\ncold brew,https://a.example/4,0,50,0,80\n";
    let (rows, said, _) = joined(text, None, WAITING_ALL);
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].text, "icy", "it waits for nothing");
    let row = &rows[1];
    assert_eq!((row.line, row.text.as_str()), (2, "cold brew"));
    assert_eq!(
        (row.position, row.clicks, row.impressions),
        (Some(4.0), Some(9), Some(900))
    );
    assert_eq!(row.url.as_deref(), Some("https://a.example/1"));
    assert_eq!(
        said,
        [
            "line 4: the keyword \"Cold brew\" is in line 2 already",
            "line 5: the row has no keyword",
            "line 6: the keyword \"cold brew\" is in line 2 already",
        ]
    );
}

const WAITING_ALL: usize = 1 << 30;

#[test]
fn of_several_markets_one_is_kept() {
    let text = "Keyword,Country,Volume,Difficulty\nflat white,us,900,30\nflat white,gb,800,20\nFlat White,gb,810,\n\
                flat white,de,70,5\nlatte,us,5,1\n";
    let kept = |market| {
        let (rows, said, notes) = joined(text, market, WAITING_ALL);
        assert_eq!(rows.len(), 2, "{said:?}");
        let row = rows.into_iter().find(|row| row.text != "latte").expect("a row");
        (row.market, row.volume, row.difficulty, said, notes)
    };
    let (market, volume, difficulty, said, notes) = kept(Some("uk"));
    assert_eq!(
        (market.as_deref(), volume, difficulty),
        (Some("uk"), Some(810), Some(20))
    );
    assert_eq!(
        said,
        [
            "line 4: the keyword \"Flat White\" is in line 2 already",
            "line 2: the keyword \"flat white\" is listed for the market \"us\" too; the figures of \"uk\" are kept",
            "line 5: the keyword \"flat white\" is listed for the market \"de\" too; the figures of \"uk\" are kept",
        ]
    );
    assert_eq!(notes, [Note::SeveralMarkets]);
    assert_eq!(kept(None).1, Some(900), "the most searched");
    assert_eq!(kept(Some("fr")).1, Some(900));
}

proptest! {
    /// However often the file is read, the rows are the same, and each is what joining one after the other gives.
    #[test]
    fn the_room_for_rows_does_not_matter(
        rows in prop::collection::vec((0u8..12, 0u32..1000, 1u8..40, prop::option::of(0u8..3)), 0..60),
    ) {
        let mut text = "Keyword,Search Volume,Position,URL,Country\n".to_owned();
        for (word, volume, place, market) in &rows {
            let market = market.map_or(String::new(), |n| format!("m{n}"));
            text += &format!("word {word},{volume},{place},https://a.example/{volume}/{place},{market}\n");
        }
        let (mut whole, mut said, notes) = joined(&text, Some("m1"), WAITING_ALL);
        let (mut parts, mut said_in_parts, notes_in_parts) = joined(&text, Some("m1"), 4_000);
        whole.sort_by(|a, b| a.text.cmp(&b.text));
        parts.sort_by(|a, b| a.text.cmp(&b.text));
        prop_assert_eq!(&whole, &parts);
        said.sort();
        said_in_parts.sort();
        prop_assert_eq!(said, said_in_parts);
        prop_assert_eq!(notes, notes_in_parts);
        let mut words: Vec<u8> = rows.iter().map(|row| row.0).collect();
        words.sort_unstable();
        words.dedup();
        prop_assert_eq!(whole.len(), words.len());
    }
}
