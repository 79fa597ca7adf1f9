//! One small file for each kind of export, with the traps each one has.

use super::*;

/// Rows of a file in which keywords repeat.
fn join(text: &str) -> Vec<KeywordRow> {
    let file = Joined::open(|| Ok(text.as_bytes()), &Options::default(), None).expect("a file");
    file.filter_map(Result::ok).collect()
}

const PLANNER_MONTHS: &str = "Searches: May 2025\tSearches: Jun 2025\tSearches: Jul 2025\tSearches: Aug 2025\tSearches: \
                              Sep 2025\tSearches: Oct 2025\tSearches: Nov 2025\tSearches: Dec 2025\tSearches: Jan \
                              2026\tSearches: Feb 2026\tSearches: Mar 2026\tSearches: Apr 2026";

fn keyword_planner(rows: &[&str]) -> Vec<u8> {
    let mut text = format!(
        "\u{feff}Keyword Stats 2026-06-09 at 21_25_18\n\"May 1, 2025 - April 30, 2026\"\nKeyword\tCurrency\tAvg. monthly \
         searches\tThree month change\tYoY change\tCompetition\tCompetition (indexed value)\tTop of page bid (low \
         range)\tTop of page bid (high range)\tAd impression share\tOrganic impression share\tOrganic average \
         position\tIn account?\tIn plan?\t{PLANNER_MONTHS}\n"
    );
    for row in rows {
        text.push_str(row);
        text.push('\n');
    }
    utf16le(&text)
}

#[test]
fn google_keyword_planner() {
    let bytes = keyword_planner(&[
        "cold brew\tUSD\t480\t-18%\t∞\tHigh\t88\t0.45\t1.85\t\t\t\t\t\t590\t480\t480\t390\t480\t480\t480\t590\t480\t480\t480\t480",
        "cold brew jar\tUSD\t10\t0%\t0%\tLow\t12\t\t\t\t\t\t\t\t10\t10\t10\t10\t10\t10\t10\t10\t10\t10\t10\t10",
    ]);
    let file = open(&bytes);
    let format = file.detected();
    assert_eq!(format.source, Source::GoogleKeywordPlanner);
    assert_eq!((format.encoding, format.delimiter), ("UTF-16LE", Delimiter::Tab));
    assert_eq!(format.header_line, Some(3));
    assert!(!format.volumes_are_ranges);
    assert_eq!(format.column(Field::Difficulty), None, "competition is not difficulty");
    let rows = rows(&bytes);
    let brew = &rows[0];
    assert_eq!(
        (brew.line, brew.text.as_str(), brew.volume),
        (4, "cold brew", Some(480))
    );
    assert_eq!(
        (brew.competition, brew.competition_level),
        (Some(0.88), Some(Competition::High))
    );
    assert_eq!(
        brew.cpc_range,
        Some(PriceRange {
            low: Some(0.45),
            high: Some(1.85)
        })
    );
    assert!(brew.price().is_some_and(|price| (price - 1.15).abs() < 1e-9));
    assert_eq!(brew.currency.as_deref(), Some("USD"));
    let trend = brew.trend.as_ref().expect("months");
    assert_eq!((trend.scale, trend.end), (TrendScale::Searches, Month::new(2026, 4)));
    assert_eq!((trend.values.len(), trend.values[0]), (12, Some(590.0)));
    assert_eq!(rows[1].currency.as_deref(), Some("USD"));
}

#[test]
fn google_keyword_planner_with_stand_ins_for_ranges() {
    let empty = "\t".repeat(11);
    let volumes = ["0", "50", "500", "5000", "50000", "500000", "5000000", ""];
    let lines: Vec<String> = volumes
        .iter()
        .map(|volume| format!("k{volume}\tEUR\t{volume}\t\t\tFaible\t5\t0,45\t1,85\t\t\t\t\t\t{empty}"))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let bytes = keyword_planner(&lines);
    let mut file = open(&bytes);
    assert!(file.detected().volumes_are_ranges);
    assert_eq!(file.detected().decimals, Decimals::Comma);
    let rows: Vec<KeywordRow> = file.by_ref().map(|row| row.expect("a row")).collect();
    assert_eq!(file.notes(), [Note::VolumesAreRanges]);
    let ranges: Vec<(u64, Option<u64>)> = rows
        .iter()
        .filter_map(|row| row.volume_range.map(|range| (range.low, range.high)))
        .collect();
    assert_eq!(
        ranges,
        [
            (0, Some(10)),
            (10, Some(100)),
            (100, Some(1_000)),
            (1_000, Some(10_000)),
            (10_000, Some(100_000)),
            (100_000, Some(1_000_000)),
            (1_000_000, Some(10_000_000)),
        ]
    );
    assert!(rows.iter().all(|row| row.volume.is_none() && row.trend.is_none()));
    assert_eq!(rows[7].searches(), None, "an empty volume is unknown, not zero");
    assert_eq!(rows[1].searches(), Some((31, VolumeSource::Range)));
    assert_eq!(rows[0].competition_level, Some(Competition::Low));
    assert_eq!(rows[0].cpc_range.and_then(|range| range.high), Some(1.85));
}

#[test]
fn google_keyword_planner_of_earlier_years() {
    let text = "Keyword\tMin search volume\tMax search volume\tCompetition\ncold brew\t1,000\t10,000\tHigh\n";
    let file = open(text.as_bytes());
    assert_eq!(file.detected().source, Source::GoogleKeywordPlanner);
    assert_eq!(
        rows(text.as_bytes())[0].volume_range,
        Some(VolumeRange {
            low: 1000,
            high: Some(10_000)
        })
    );
    let text = "Keyword,Avg. monthly searches,Competition\ncold brew,1K – 10K,High\nicy,100 - 1K,--\n";
    let ranges: Vec<_> = rows(text.as_bytes())
        .iter()
        .map(|row| row.volume_range.map(|r| r.low))
        .collect();
    assert_eq!(ranges, [Some(1000), Some(100)]);
    // A segment column and months in between change nothing.
    let text = "Keyword,Currency,Segmentation,Avg. monthly searches,Competition\ncold brew,USD,All,500,Low\n";
    assert_eq!(rows(text.as_bytes())[0].volume_range.map(|r| r.high), Some(Some(1000)));
}

#[test]
fn google_keyword_planner_forecasts_are_refused() {
    let said = refused(&utf16le(
        "\u{feff}Keyword Forecasts 2026-06-09\n\"May\"\nKeyword\tClicks\nx\t1\n",
    ));
    assert!(said.contains("forecasts") && said.contains("Keyword Stats"), "{said}");
}

#[test]
fn google_search_console() {
    let text = "Top queries,Clicks,Impressions,CTR,Position\ncold brew,12,\"1,345\",45.61%,4.2\nicy,0,3,0%,88\n";
    let mut file = open(text.as_bytes());
    assert_eq!(file.detected().source, Source::GoogleSearchConsole);
    let row = file.next().expect("a row").expect("a keyword");
    assert_eq!(
        (row.clicks, row.impressions, row.position),
        (Some(12), Some(1345), Some(4.2))
    );
    assert_eq!(row.ctr, Some(0.4561));
    assert_eq!(row.volume, None);
    assert_eq!(row.searches(), Some((1345, VolumeSource::Impressions)));
    assert_eq!(file.by_ref().count(), 1);
    assert_eq!(file.notes(), [Note::ImpressionsNotVolume]);
}

#[test]
fn google_search_console_in_other_languages() {
    for text in [
        "Häufigste Suchanfragen;Klicks;Impressionen;Klickrate;Durchschnittliche Position\nkaltbrüh;12;1.345;45,61 %;4,2\n",
        "Requêtes les plus fréquentes,Clics,Impressions,CTR,Position\nkaltbrüh,12,1345,\"45,61 %\",\"4,2\"\n",
        "Consultas principales,Clics,Impresiones,CTR,Posición\nkaltbrüh,12,1345,45.61%,4.2\n",
        "Query principali,Clic,Impressioni,CTR,Posizione\nkaltbrüh,12,1345,45.61%,4.2\n",
        "Populairste zoekopdrachten,Klikken,Vertoningen,CTR,Positie\nkaltbrüh,12,1345,45.61%,4.2\n",
        "Najpopularniejsze zapytania,Kliknięcia,Wyświetlenia,CTR,Pozycja\nkaltbrüh,12,1345,45.61%,4.2\n",
        "Mest populære forespørgsler,Klik,Eksponeringer,CTR,Placering\nkaltbrüh,12,1345,45.61%,4.2\n",
        "Suosituimmat haut,Klikkaukset,Näyttökerrat,CTR,Sijainti\nkaltbrüh,12,1345,\"45,61 %\",\"4,2\"\n",
        "Leggyakoribb lekérdezések,Kattintások,Megjelenítések,CTR,Pozíció\nkaltbrüh,12,1345,\"45,61%\",\"4,2\"\n",
        "Cele mai populare interogări,Clicuri,Afișări,CTR,Poziție\nkaltbrüh,12,1345,\"45,61%\",\"4,2\"\n",
        "طلبات البحث,النقرات,مرات الظهور,CTR,الموضع\nkaltbrüh,12,1345,45.61%,4.2\n",
        "热门查询,点击次数,展示,点击率,排名\nkaltbrüh,12,1345,45.61%,4.2\n",
        "上位のクエリ,クリック数,表示回数,CTR,掲載順位\nkaltbrüh,12,1345,45.61%,4.2\n",
    ] {
        let rows = rows(text.as_bytes());
        let row = &rows[0];
        assert_eq!(
            (row.text.as_str(), row.clicks, row.impressions, row.ctr, row.position),
            ("kaltbrüh", Some(12), Some(1345), Some(0.4561), Some(4.2)),
            "{text}"
        );
    }
}

#[test]
fn google_search_console_in_a_language_that_is_not_known() {
    let text =
        "Vinsælustu leitir,Smellir,Birtingar,Smellihlutfall,Staða\nkalt kaffi,12,1345,45.61%,4.2\nkaffi,0,9,0%,71\n";
    let file = open(text.as_bytes());
    assert_eq!(file.detected().source, Source::GoogleSearchConsole);
    let row = &rows(text.as_bytes())[0];
    assert_eq!(
        (row.text.as_str(), row.clicks, row.impressions),
        ("kalt kaffi", Some(12), Some(1345))
    );
    assert_eq!((row.ctr, row.position), (Some(0.4561), Some(4.2)));
    for other in [
        "Lönd,Smellir,Birtingar,Smellihlutfall,Staða\nÍsland,12,1345,45.61%,4.2\n",
        "Síður,Smellir,Birtingar,Smellihlutfall,Staða\nhttps://a.example/x,12,1345,45.61%,4.2\n",
        "Dagar,Smellir,Birtingar,Smellihlutfall,Staða\n2026-06-01,12,1345,45.61%,4.2\n",
    ] {
        assert!(
            refused(other.as_bytes()).contains("no column holds keywords"),
            "{other}"
        );
    }
}

#[test]
fn other_tools() {
    for (text, volume, difficulty, cpc) in [
        (
            "Keyword,Location,Language,Avg. Search Volume (Last Known Values),Avg. CPC (Last Known Values),Avg. PPC,KD\n\
             cold brew,Anywhere,Any,1200,0.9,12,31\n",
            Some(1200),
            Some(31),
            Some(0.9),
        ),
        (
            "Keyword,Search vol.,CPC,Competition,Difficulty,KEI,Results\ncold brew,\"1,200\",$0.90,0.12,31,5,9\n",
            Some(1200),
            Some(31),
            Some(0.9),
        ),
        (
            "Keyword,SearchVolume,KeywordDifficulty,ExactCostPerClick,Rank\ncold brew,1200,31,$0.90,4\n",
            Some(1200),
            Some(31),
            Some(0.9),
        ),
        (
            "Keyword,Modifier Type,Modifier,Suggestion,Search Volume,CPC\ncoffee,Questions,how,cold brew,1200,0.9\n",
            Some(1200),
            None,
            Some(0.9),
        ),
        (
            "Keyword,Volume,\"Cost Per Click, $\",\"Competition, %\",Found results,KD\ncold brew,1200,0.9,12,9,31\n",
            Some(1200),
            Some(31),
            Some(0.9),
        ),
        (
            "\"Keyword\",\"Vol (US)\",\"CPC (US)\",\"Comp (US)\",\"Volume (Global)\"\ncold brew,1200,$0.90,0.1,99999\n",
            Some(1200),
            None,
            Some(0.9),
        ),
        (
            "Keywords,Average Search Volume,Trend,Average CPC,Competition,Search Volume 2026-01,Search Volume 2026-02\n\
             cold brew,1200,5%,0.9,12,1000,1400\n",
            Some(1200),
            None,
            Some(0.9),
        ),
        (
            "Keyword;Suchvolumen;Suchanfragen: Jan. 2026;Suchanfragen: Feb. 2026\ncold brew;1.200;1.000;1.400\n",
            Some(1200),
            None,
            None,
        ),
    ] {
        let rows = rows(text.as_bytes());
        let row = &rows[0];
        assert_eq!(
            (row.text.as_str(), row.volume, row.difficulty, row.cpc),
            ("cold brew", volume, difficulty, cpc),
            "{text}"
        );
        if text.contains("2026") {
            assert_eq!(
                row.trend.as_ref().and_then(|trend| trend.end),
                Month::new(2026, 2),
                "{text}"
            );
        }
    }
}

#[test]
fn google_search_console_comparing_periods() {
    let columns = |now: &str, then: &str| {
        let pairs: Vec<String> = ["Clicks", "Impressions", "CTR", "Position"]
            .iter()
            .map(|metric| format!("{now} {metric},{then} {metric}"))
            .collect();
        format!("Top queries,{}\n", pairs.join(","))
    };
    for (header, current) in [
        (columns("Last 28 days", "Previous 28 days"), 3),
        (columns("Last 3 months", "Same period last year"), 3),
        (columns("Previous 28 days", "Last 28 days"), 1),
        (columns("6/14/26 - 6/21/26", "6/1/26 - 6/13/26"), 3),
        (columns("6/1/26 - 6/13/26", "6/14/26 - 6/21/26"), 1),
        (columns("2026-06-29 - 2026-06-30", "2026-07-01 - 2026-07-02"), 1),
    ] {
        let text = format!("{header}cold brew,3,1,30,10,10%,10%,3.5,1.5\n");
        let file = open(text.as_bytes());
        assert_eq!(file.detected().source, Source::GoogleSearchConsole);
        let row = &rows(text.as_bytes())[0];
        assert_eq!(
            (row.clicks, row.impressions),
            (Some(current), Some(current * 10)),
            "{header}"
        );
    }
}

#[test]
fn google_search_console_by_api() {
    let text = "query,page,clicks,impressions,ctr,position\ncold brew,https://a.example/1,1,4,0.25,8.0\ncold \
                brew,https://a.example/2,3,4,0.75,2.0\n";
    let row = &join(text)[0];
    assert_eq!((row.ctr, row.line), (Some(0.75), 2));
    assert_eq!(
        (row.position, row.url.as_deref()),
        (Some(2.0), Some("https://a.example/2"))
    );
}

#[test]
fn google_search_console_other_tables_are_refused() {
    for (text, table) in [
        (
            "Top pages,Clicks,Impressions,CTR,Position\nhttps://a.example/,1,2,50%,1\n",
            "pages",
        ),
        (
            "Pages les plus populaires,Clics,Impressions,CTR,Position\nhttps://a.example/,1,2,50%,1\n",
            "pages",
        ),
        (
            "Top pages,Last 28 days Clicks,Previous 28 days Clicks\nhttps://a.example/,1,2\n",
            "pages",
        ),
        (
            "Country,Clicks,Impressions,CTR,Position\nGermany,1,2,50%,1\n",
            "countries",
        ),
        ("Device,Clicks,Impressions,CTR,Position\nMobile,1,2,50%,1\n", "devices"),
        (
            "Search Appearance,Clicks,Impressions,CTR,Position\nVideos,1,2,50%,1\n",
            "search appearances",
        ),
        ("Date,Clicks,Impressions,CTR,Position\n2026-01-01,1,2,50%,1\n", "days"),
        ("Filter,Value\nSearch type,Web\n", "filters"),
    ] {
        let said = refused(text.as_bytes());
        assert!(said.contains(table) && said.contains("Queries.csv"), "{said}");
    }
}

#[test]
fn google_search_console_cuts_off() {
    let mut text = "Top queries,Clicks,Impressions,CTR,Position\n".to_owned();
    for n in 0..1000 {
        text.push_str(&format!("q{n},0,1,0%,10\n"));
    }
    let mut file = open(text.as_bytes());
    assert_eq!(file.by_ref().count(), 1000);
    assert!(file.notes().contains(&Note::RowsCutOff));
}

#[test]
fn semrush_keyword_magic() {
    let text = "Keyword,Intent,Volume,Trend,Keyword Difficulty,CPC (USD),Competitive Density,SERP Features,Number of \
                Results\n\"cold brew\",\"Commercial, \
                Informational\",40500,\"0.20,1.00,0.82,0.02,0.01,0.01,0.01,0.01,0.01,0.02,0.05,0.09\",43,0.87,1.00,\"\
                Sitelinks, AI Overview, Image pack\",3010000000\nicy brew,,0,,,0.00,0,,\n";
    let file = open(text.as_bytes());
    let format = file.detected();
    assert_eq!(format.source, Source::SemrushKeywordMagic);
    assert!(matches!(format.columns[8].used_for, Use::Ignored(_)));
    assert_eq!(format.columns[2].samples, ["40500", "0"]);
    let rows = rows(text.as_bytes());
    let row = &rows[0];
    assert_eq!(
        (row.intent, row.other_intents.as_slice()),
        (Some(Intent::Commercial), [Intent::Informational].as_slice())
    );
    assert_eq!(
        (row.volume, row.difficulty, row.cpc),
        (Some(40_500), Some(43), Some(0.87))
    );
    assert_eq!((row.currency.as_deref(), row.competition), (Some("USD"), Some(1.0)));
    let trend = row.trend.as_ref().expect("a trend");
    assert_eq!(
        (trend.scale, trend.end, trend.values.len()),
        (TrendScale::Relative, None, 12)
    );
    assert_eq!(row.serp_features, ["Sitelinks", "AI Overview", "Image pack"]);
    assert_eq!(
        (rows[1].volume, rows[1].difficulty),
        (Some(0), None),
        "an empty difficulty is unknown"
    );

    let short = "Keyword,Intent,Volume,Keyword Difficulty,CPC (USD),SERP Features\ncold brew,I,90,85.18,0.1,\n";
    assert_eq!(open(short.as_bytes()).detected().source, Source::SemrushKeywordMagic);
    assert_eq!(self::rows(short.as_bytes())[0].difficulty, Some(85));
    let old = "Keyword,Volume,Keyword Difficulty,CPC (USD),Competitive Density,Number of Results,SERP Features,Trend\ncold \
               brew,90,85.18,0.1,0.4,100,,\n";
    assert_eq!(open(old.as_bytes()).detected().source, Source::SemrushKeywordMagic);
}

#[test]
fn semrush_strategy_builder() {
    let text = "Database,Keyword,Seed keyword,Page,Topic,Page type,Tags,Volume,Keyword Difficulty,CPC (USD),Competitive \
                Density,Number of Results,Intent,SERP Features,Trend,Click potential,Content references,Competitors\nus,cold \
                brew,coffee,Cold brew guide,Coffee,Sub page,\"a, b\",880,22,1.2,0.5,100,Informational,\"Site \
                Links\",\"0.1,1\",60,\"\"\"a.example\"\":\"\"https://a.example/\"\"\n\"\"b.example\"\":\"\"https://b.example/\
                \"\"\",\"x\ny\"\nau,flat white,coffee,,,,,10,,,,,,,,,,\n";
    let file = open(text.as_bytes());
    assert_eq!(file.detected().source, Source::SemrushStrategyBuilder);
    let rows = rows(text.as_bytes());
    let row = &rows[0];
    assert_eq!((row.market.as_deref(), row.volume), (Some("us"), Some(880)));
    assert_eq!(row.grouping.cluster.as_deref(), Some("Cold brew guide"));
    assert_eq!(row.grouping.topic.as_deref(), Some("Coffee"));
    assert_eq!(row.grouping.page_type.as_deref(), Some("Sub page"));
    assert_eq!(row.tags, ["a", "b"]);
    assert!(
        row.serp_urls.is_empty(),
        "references belong to the page, not to the keyword"
    );
    assert_eq!((rows[1].line, rows[1].text.as_str()), (5, "flat white"));
}

#[test]
fn semrush_organic_positions() {
    let text = "Keyword,Position,Previous position,Search Volume,Keyword Difficulty,CPC,URL,Traffic,Traffic (%),Traffic \
                Cost,Competition,Number of Results,Trends,Timestamp,SERP Features by Keyword,Keyword Intents,Position \
                Type\ncold brew,11,9,12100,38,0.65,https://a.example/2,40,0.1,25,0.84,98000000,\"[100,82,64]\",2026-06-28,\
                \"people_also_ask,organic\",informational,Organic\ncold \
                brew,4,6,12100,38,0.65,https://a.example/1,480,1.2,310,0.84,98000000,\"[100,82,64]\",2026-06-28,ai_overview,\"\
                informational, transactional\",Organic\n";
    let mut file = open(text.as_bytes());
    assert_eq!(file.detected().source, Source::SemrushOrganicPositions);
    let row = file.next().expect("a row").expect("a keyword");
    assert_eq!((row.volume, row.position), (Some(12_100), Some(11.0)));
    assert_eq!(
        row.trend.as_ref().expect("a trend").values,
        [Some(1.0), Some(0.82), Some(0.64)]
    );
    assert_eq!(row.serp_features, ["people_also_ask"]);
    let row = &join(text)[0];
    assert_eq!((row.volume, row.position), (Some(12_100), Some(4.0)));
    assert_eq!(row.url.as_deref(), Some("https://a.example/1"));
    assert_eq!(
        row.intents().collect::<Vec<_>>(),
        [Intent::Informational, Intent::Transactional]
    );
}

#[test]
fn semrush_api() {
    let text =
        "database;Keyword;Search Volume;Keyword Difficulty Index;Intent\nus;cold brew;8100;68;1,0\nuk;icy;590;18;3\n";
    let file = open(text.as_bytes());
    assert_eq!(file.detected().source, Source::SemrushApi);
    assert_eq!(file.detected().delimiter, Delimiter::Semicolon);
    let rows = rows(text.as_bytes());
    assert_eq!((rows[0].market.as_deref(), rows[0].difficulty), (Some("us"), Some(68)));
    assert_eq!(
        rows[0].intents().collect::<Vec<_>>(),
        [Intent::Informational, Intent::Commercial]
    );
    assert_eq!(rows[1].intent, Some(Intent::Transactional));
    let text = "Keyword;Search Volume;CPC;Competition;Number of Results;Keyword Difficulty Index\ncold \
                brew;8100;0.855;0.84;100;68.4\n";
    let row = &self::rows(text.as_bytes())[0];
    assert_eq!(
        (row.cpc, row.competition, row.difficulty),
        (Some(0.855), Some(0.84), Some(68))
    );
}

#[test]
fn ahrefs_keywords_explorer() {
    let header = "#,Keyword,Country,Difficulty,Volume,CPC,CPS,Parent Keyword,Last Update,SERP Features,Global \
                  volume,Traffic potential,Global traffic potential,First seen,Intents,Languages,SV trend (11-2025 - \
                  02-2026),SV Forecasting trend (03-2026 - 03-2027),Category";
    let row = "1,cold brew,gb,24,9000,0.5,1.1,cold brew coffee,2026-02-27,\"People also \
               ask,Thumbnail\",15000,21000,60000,2015-09-01,\"Informational,Commercial,Non-branded,Non-local\",English,\"2600, \
               2100, 1300, 900\",\"1, 2\",Food";
    let comma = format!("{header}\n{row}\n");
    let format = open(comma.as_bytes()).detected().clone();
    assert_eq!(format.source, Source::AhrefsKeywordsExplorer);
    let rows = rows(comma.as_bytes());
    let brew = &rows[0];
    assert_eq!(
        (brew.volume, brew.difficulty),
        (Some(9000), Some(24)),
        "never the worldwide volume"
    );
    assert_eq!(
        (brew.market.as_deref(), brew.traffic_potential),
        (Some("uk"), Some(21_000))
    );
    assert_eq!(brew.parent_topic.as_deref(), Some("cold brew coffee"));
    assert_eq!((brew.branded, brew.local), (Some(false), Some(false)));
    assert_eq!(
        brew.intents().collect::<Vec<_>>(),
        [Intent::Informational, Intent::Commercial]
    );
    let trend = brew.trend.as_ref().expect("a trend");
    assert_eq!((trend.scale, trend.end), (TrendScale::Searches, Month::new(2026, 2)));
    assert!(brew.notes.is_empty(), "{:?}", brew.notes);

    // The same as UTF-16 with tabs, the tool's other kind of export.
    let mut csv = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(comma.as_bytes());
    let mut tabs = csv::WriterBuilder::new().delimiter(b'\t').from_writer(Vec::new());
    for record in csv.records() {
        tabs.write_record(&record.expect("a record")).expect("memory");
    }
    let tabs = String::from_utf8(tabs.into_inner().expect("memory")).expect("UTF-8");
    let bytes = utf16le(&format!("\u{feff}{tabs}"));
    assert_eq!(open(&bytes).detected().source, Source::AhrefsKeywordsExplorer);
    assert_eq!(self::rows(&bytes), rows);

    let old = "#,Keyword,Country,Difficulty,Volume,CPC,Clicks,CPS,Return Rate,Parent Keyword,Last Update,SERP \
               Features,Global volume\n1,cold brew,us,,10,,5,0.9,1.2,coffee,2020-01-01,,100\n";
    assert_eq!(open(old.as_bytes()).detected().source, Source::AhrefsKeywordsExplorer);
    assert_eq!(self::rows(old.as_bytes())[0].difficulty, None);
    let topic = "\u{feff}\"Keyword\",\"Country\",\"Difficulty\",\"Volume\",\"Parent Topic\"\n\"cold brew\",\"United \
                 States\",57,\"22,200\",\"coffee\"\n";
    let row = &self::rows(topic.as_bytes())[0];
    assert_eq!(
        (row.volume, row.parent_topic.as_deref()),
        (Some(22_200), Some("coffee"))
    );
}

#[test]
fn ahrefs_site_explorer() {
    let text = "Keyword,Volume,KD,CPC,Previous organic traffic,Current organic traffic,Organic traffic change,Previous \
                position,Current position,Position change,Previous position kind,Current position kind,Current URL,Previous \
                URL,Branded,Local,Informational,Commercial,Transactional,Navigational\ncold \
                brew,900,12,0.4,10,20,10,8,5,3,Organic,Organic,https://a.example/1,https://a.example/0,false,TRUE,TRUE,false,\
                TRUE,FALSE\n";
    let file = open(text.as_bytes());
    assert_eq!(file.detected().source, Source::AhrefsSiteExplorer);
    let row = &rows(text.as_bytes())[0];
    assert_eq!(
        (row.position, row.url.as_deref()),
        (Some(5.0), Some("https://a.example/1"))
    );
    assert_eq!(
        (row.branded, row.local, row.difficulty),
        (Some(false), Some(true), Some(12))
    );
    assert_eq!(
        row.intents().collect::<Vec<_>>(),
        [Intent::Informational, Intent::Transactional]
    );
}

#[test]
fn moz() {
    let text = "# -------------------------------------\nList Name,Coffee\nTotal Keywords,2\nTotal Volume Range,30301 - \
                300000\nAverage Organic CTR,73\nLast Updated,2026-03-17T18:28:18+00:00\n# \
                -------------------------------------\nKeyword,Locale,Min Volume,Max Volume,Difficulty,Organic \
                CTR,Importance,Priority,Date Analyzed\ncold brew,en-US,118001,300000,66,64,3,84,2026-03-17T18:28:06+00:00\n";
    let file = open(text.as_bytes());
    assert_eq!(
        (file.detected().source, file.detected().header_line),
        (Source::Moz, Some(8))
    );
    let row = &rows(text.as_bytes())[0];
    assert_eq!(
        row.volume_range,
        Some(VolumeRange {
            low: 118_001,
            high: Some(300_000)
        })
    );
    assert_eq!(
        (row.difficulty, row.ctr, row.market.as_deref()),
        (Some(66), None, Some("en-us"))
    );

    let text = "# ------        \nKeyword Coffee\nSuggestion Type Mix\nVolume Minimum  33100\n# ------        \n        \
                \nDate Analyzed, Keyword,Locale,Relevance,Volume Range,Difficulty\n2026-03-15,cold \
                brew,en-US,7,118001..300000,66\n2026-03-15,icy,en-US,7,11-50,no data\n";
    let rows = rows(text.as_bytes());
    assert_eq!(rows[0].volume_range.map(|range| range.low), Some(118_001));
    assert_eq!(
        (rows[1].volume_range.map(|range| range.low), rows[1].difficulty),
        (Some(11), None)
    );
}

#[test]
fn ubersuggest() {
    for text in [
        "\u{feff}Keyword,Search Intent,Search Volume,Cost per Click,Paid Difficulty,Search Difficulty\ncold \
         brew,C,900,\"12.75\",31,22\n",
        "No,Keywords,Volume,CPC,PD,SD,Intent\n1,cold brew,900,$12.75,31,22,commercial\n",
        "Keyword,Search Volume,SEO Difficulty,Paid Difficulty,CPC,Intent\ncold brew,900,22,31,12.75,Commercial\n",
    ] {
        assert_eq!(open(text.as_bytes()).detected().source, Source::Ubersuggest, "{text}");
        let row = &rows(text.as_bytes())[0];
        assert_eq!(
            (row.volume, row.difficulty, row.cpc, row.competition, row.intent),
            (Some(900), Some(22), Some(12.75), Some(0.31), Some(Intent::Commercial)),
            "{text}"
        );
    }
}

#[test]
fn tables_made_by_hand() {
    let text = "sep=;\r\nSuchbegriff;Suchvolumen;KD;CPC (EUR);Intent;SERP URLs\r\nkaltbrüh \
                kaffee;12.100;46;1.234,50;Kommerziell;https://a.example/1 | https://b.example/2\r\n";
    let file = open(text.as_bytes());
    assert_eq!(
        (file.detected().source, file.detected().header_line),
        (Source::Table, Some(2))
    );
    let row = &rows(text.as_bytes())[0];
    assert_eq!((row.line, row.volume, row.cpc), (3, Some(12_100), Some(1234.5)));
    assert_eq!(
        (row.currency.as_deref(), row.intent),
        (Some("EUR"), Some(Intent::Commercial))
    );
    assert_eq!(row.serp_urls, ["https://a.example/1", "https://b.example/2"]);
    for (volume, expected) in [
        ("\"22,200\"", 22_200),
        ("1.2K", 1200),
        ("\"1,2K\"", 1200),
        ("1 234", 1234),
        ("1\u{a0}234", 1234),
        ("1.234", 1234),
        ("2M", 2_000_000),
    ] {
        let text = format!("Query,Volume\ncold brew,{volume}\n");
        assert_eq!(rows(text.as_bytes())[0].volume, Some(expected), "{volume}");
    }
    // A header of several lines.
    let text = "Made by us\nKeyword,\"Search\nVolume\"\ncold brew,7\n";
    let row = &rows(text.as_bytes())[0];
    assert_eq!((row.line, row.volume), (4, Some(7)));
    // Columns in any order, unknown ones between, rows shorter than the header.
    let text = "Notes\tDifficulty\tSearch Term\tVolume\nx\t5\tcold brew\t10\ny\t\ticy\n";
    let rows = rows(text.as_bytes());
    assert_eq!((rows[0].difficulty, rows[0].volume), (Some(5), Some(10)));
    assert_eq!((rows[1].difficulty, rows[1].volume), (None, None));
}

#[test]
fn attributes_and_groups_made_by_hand() {
    let text = "Keyword,Cluster,Attributes,Status\ncold brew,Coffee,\"material: linen, colour: blue\",new\n";
    let row = &rows(text.as_bytes())[0];
    assert_eq!(row.grouping.cluster.as_deref(), Some("Coffee"));
    assert_eq!(row.status, Some(Status::New));
    let attributes: Vec<(&str, &str)> = row
        .attributes
        .iter()
        .map(|attribute| (attribute.name.as_str(), attribute.value.as_str()))
        .collect();
    assert_eq!(attributes, [("material", "linen"), ("colour", "blue")]);
}

#[test]
fn lists() {
    for text in [
        "cold brew\nflat white, hot\n\n\"latte\"\n",
        "\u{feff}cold brew\r\nflat white, hot\r\nlatte",
        "Keyword\rcold brew\rflat white, hot\rlatte\r",
        "keywords\ncold brew\nflat white, hot\nlatte\n",
    ] {
        let file = open(text.as_bytes());
        assert_eq!(
            (file.detected().source, file.detected().delimiter),
            (Source::List, Delimiter::None)
        );
        assert_eq!(
            texts(text.as_bytes()),
            ["cold brew", "flat white, hot", "latte"],
            "{text:?}"
        );
    }
    // Words that head columns are keywords too.
    assert_eq!(texts(b"seo tools\nkeyword\nquery\n"), ["seo tools", "keyword", "query"]);
    assert_eq!(texts(b"cold brew"), ["cold brew"]);
}

#[test]
fn exports_put_one_after_another() {
    let text = "Keyword,Volume\na,1\nKeyword,Volume\nb,2\n";
    assert_eq!(texts(text.as_bytes()), ["a", "b"]);
}
