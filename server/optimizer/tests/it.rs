//! What holds for every text.

use igny8_optimizer::coverage::Terms;
use igny8_optimizer::document::Document;
use igny8_optimizer::{
    CheckId, Comparison, ContentType, Entity, Input, Light, Picture, Report, Structure, says, score,
};
use igny8_text::Language;
use proptest::prelude::*;

const LANGUAGES: &[&str] = &[
    "en", "de", "tr", "ar", "zh", "fr", "ru", "es", "nl", "it", "pt", "fi", "", "x-y",
];

/// HTML as nobody should write it.
fn html() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,20}",
        proptest::sample::select(vec![
            "<p>",
            "</p>",
            "<h2>",
            "</h2>",
            "<h1>",
            "<h6>",
            "<ul><li>",
            "</ul>",
            "<table><td>",
            "<a href='/x'>",
            "<a href=#>",
            "</a>",
            "<img alt='x y'>",
            "<img",
            "<br>",
            "<br><br>",
            "<code>",
            "</code>",
            "<blockquote>",
            "<script>",
            "</script>",
            "<!--",
            "-->",
            "&amp;",
            "&#0;",
            "&nbsp;",
            "<title>",
            "<plaintext>",
            "<svg>",
            "\n\n",
            ". ",
            "? ",
            "“",
            "”",
            "…",
            "The pump was used. ",
            "Isı pompası. ",
            "İIıi ",
            "水泵。",
            "مضخة. ",
            "z.B. Die Pumpe wurde gebaut. ",
            "\u{0}",
            "\u{200b}",
            "\u{301}",
            "e-mail ",
        ])
        .prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

#[test]
fn titles_say_keywords_in_any_order() {
    for (title, keyword, language, expected) in [
        ("How to clean a French press", "Clean french presses", "en", true),
        ("Coffee: a beginner's guide", "coffee for beginners", "en", true),
        ("How to clean a French press", "\"clean french press\"", "en", false),
        ("How to clean a grinder", "clean french press", "en", false),
        ("Kaffeemühlen reinigen", "Kaffeemühle", "de", true),
        ("Anything", "", "en", false),
    ] {
        assert_eq!(says(title, keyword, language), expected, "{keyword}: {title}");
    }
}

fn check_report(report: &Report) {
    assert!(report.score <= 100);
    assert_eq!(report.checks.len(), CheckId::ALL.len());
    for check in &report.checks {
        assert!(check.points >= 0.0 && check.points <= check.weight, "{check:?}");
        // What is green whatever was measured says why.
        let without_bound = check.bound.min.is_none() && check.bound.max.is_none();
        match (check.light, &check.mend) {
            (Light::Green, Some(_)) => assert!(without_bound, "{check:?}"),
            (light, mend) => assert_eq!(mend.is_some(), light != Light::Green, "{check:?}"),
        }
        assert_eq!(check.light == Light::NotScored, check.weight == 0.0, "{check:?}");
        if let Some(mend) = &check.mend {
            let open = mend
                .params
                .iter()
                .any(|(name, _)| mend.text.contains(&format!("{{{name}}}")));
            assert!(!open, "every parameter is filled in: {mend:?}");
        }
        if let Some(measured) = check.measured {
            assert!(measured.value.is_finite(), "{check:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn any_html_is_scored_and_always_the_same(
        body in html(),
        keyword in "\\PC{0,30}",
        secondary in proptest::collection::vec("\\PC{0,12}", 0..4),
        title in "\\PC{0,40}",
        language in 0..LANGUAGES.len(),
        cornerstone: bool,
    ) {
        let input = Input {
            title: &title,
            meta_description: &title,
            slug: &keyword,
            body: &body,
            language: LANGUAGES[language],
            primary_keyword: Some(&keyword),
            synonyms: &secondary,
            secondary_keywords: &secondary,
            cornerstone,
            site_host: "example.com",
            ..Input::default()
        };
        let report = score(&input);
        check_report(&report);
        prop_assert_eq!(&report, &score(&input));
        let json = serde_json::to_string(&report).expect("a report is data");
        let back: Report = serde_json::from_str(&json).expect("what was written is read");
        prop_assert_eq!(back.score, report.score);
    }

    #[test]
    fn blocks_words_and_sentences_fit_together(body in html(), language in 0..LANGUAGES.len()) {
        let document = Document::read(&body, Language::of(LANGUAGES[language]), "example.com");
        let in_blocks: usize = document.blocks().iter().map(|b| document.words_of(b).len()).sum();
        let in_sentences: usize = document.sentences().map(|s| s.words().len()).sum();
        let uses: u32 = document.vocabulary().uses().iter().sum();
        prop_assert_eq!(in_blocks, document.words().len());
        prop_assert_eq!(in_sentences, document.words().len());
        prop_assert_eq!(uses as usize, document.words().len());
        for sentence in document.sentences() {
            prop_assert!(!sentence.words().is_empty());
            prop_assert!(!sentence.text().is_empty());
        }
    }

    #[test]
    fn coverage_is_a_share(references in proptest::collection::vec(html(), 0..4), body in html()) {
        let read = |html: &String| Document::read(html, Language::English, "");
        let read_all: Vec<Document> = references.iter().map(read).collect();
        let terms = Terms::learn(&read_all.iter().collect::<Vec<_>>(), &["sump pump"], &[], "en", 20);
        let coverage = terms.score(&read(&body));
        prop_assert!(coverage.score.is_none_or(|score| score <= 100));
        prop_assert_eq!(coverage.terms.len(), terms.terms().len());
        for term in &coverage.terms {
            prop_assert!(term.min >= 1 && term.min <= term.max && term.importance.is_finite());
        }
    }

    /// Mending what a check complains about, as it says, never lowers the score of a draft whose other numbers are not at a bound:
    /// where the only uses of a keyword are in competing links, rewording those must bring uses elsewhere.
    #[test]
    fn mending_raises_the_score(faults in proptest::collection::vec(any::<bool>(), Fault::ALL.len()), order in any::<u64>()) {
        let mut open: Vec<Fault> = Fault::ALL.iter().copied().zip(&faults).filter(|(_, on)| **on).map(|(fault, _)| fault).collect();
        let mut before = Draft::with(&open).score();
        let mut seed = order;
        while !open.is_empty() {
            let at = usize::try_from(seed % open.len() as u64).unwrap_or(0);
            seed = seed.rotate_left(7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mended = open.remove(at);
            let after = Draft::with(&open).score();
            let lost = Comparison::new(&before, &after).worse;
            prop_assert!(after.score >= before.score, "{mended:?} with {open:?}: {} to {}, worse: {lost:?}", before.score, after.score);
            before = after;
        }
        prop_assert_eq!(before.light, Light::Green);
    }
}

/// Something that is wrong with a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    NoKeywordInTitle,
    LongTitle,
    NoDescription,
    LongDescription,
    ForeignSlug,
    NoIntroduction,
    NoSubheadings,
    SkippedHeading,
    TwoH1,
    LongParagraph,
    LongSentences,
    SameBeginnings,
    Passive,
    NoTransitions,
    Stuffed,
    CompetingLink,
    NoInternalLink,
    NoExternalLink,
    NoImage,
    NoAlt,
    Orphan,
    NoCluster,
    NoTerms,
    NoAuthor,
    Old,
    NoSecondary,
}

impl Fault {
    const ALL: &'static [Fault] = &[
        Fault::NoKeywordInTitle,
        Fault::LongTitle,
        Fault::NoDescription,
        Fault::LongDescription,
        Fault::ForeignSlug,
        Fault::NoIntroduction,
        Fault::NoSubheadings,
        Fault::SkippedHeading,
        Fault::TwoH1,
        Fault::LongParagraph,
        Fault::LongSentences,
        Fault::SameBeginnings,
        Fault::Passive,
        Fault::NoTransitions,
        Fault::Stuffed,
        Fault::CompetingLink,
        Fault::NoInternalLink,
        Fault::NoExternalLink,
        Fault::NoImage,
        Fault::NoAlt,
        Fault::Orphan,
        Fault::NoCluster,
        Fault::NoTerms,
        Fault::NoAuthor,
        Fault::Old,
        Fault::NoSecondary,
    ];
}

/// A good article, less its faults.
struct Draft {
    faults: Vec<Fault>,
    title: String,
    description: &'static str,
    body: String,
    secondary: Vec<String>,
}

impl Draft {
    fn with(faults: &[Fault]) -> Draft {
        let has = |fault| faults.contains(&fault);
        let mut title = if has(Fault::NoKeywordInTitle) {
            "How to keep a cellar dry"
        } else {
            "Sump pump: how to keep a cellar dry"
        }
        .to_owned();
        if has(Fault::LongTitle) {
            title.push_str(" in every season of the year, with a plan for the worst of storms");
        }
        let description = match (has(Fault::NoDescription), has(Fault::LongDescription)) {
            (true, _) => "",
            (_, true) => {
                "A sump pump keeps the cellar dry. Read how to choose the right size, how to fit it in a day, what it costs in a year, and what to do when the power is out and the rain does not stop."
            }
            _ => {
                "A sump pump keeps the cellar dry. Read how to choose the right size, how to fit it in a day, and what it costs to run it."
            }
        };
        Draft {
            faults: faults.to_vec(),
            title,
            description,
            body: body(&has),
            secondary: vec!["float switch".into(), "check valve".into()],
        }
    }

    fn score(&self) -> Report {
        let has = |fault| self.faults.contains(&fault);
        let now = 2_000_000_000;
        let changed = if has(Fault::Old) {
            now - 900 * 86_400
        } else {
            now - 86_400
        };
        let report = score(&Input {
            title: &self.title,
            meta_description: self.description,
            slug: if has(Fault::ForeignSlug) {
                "dry-cellar"
            } else {
                "sump-pump"
            },
            body: &self.body,
            primary_keyword: Some("sump pump"),
            secondary_keywords: &self.secondary,
            has_cluster: !has(Fault::NoCluster),
            terms: usize::from(!has(Fault::NoTerms)),
            author: (!has(Fault::NoAuthor)).then_some("The editors"),
            published_at: Some(changed),
            revised_at: Some(changed),
            now,
            inbound_links: Some(if has(Fault::Orphan) { 0 } else { 4 }),
            site_host: "example.com",
            ..Input::default()
        });
        check_report(&report);
        report
    }
}

fn body(has: &dyn Fn(Fault) -> bool) -> String {
    let mut html = String::new();
    if has(Fault::TwoH1) {
        html.push_str("<h1>One</h1><h1>Two</h1>");
    }
    html.push_str(if has(Fault::NoIntroduction) {
        "<p>Rain is hard on a house.</p>"
    } else {
        "<p>A sump pump is the heart of a dry house.</p>"
    });
    let themes = [
        "What a sump pump does",
        "Where to put it",
        "How a sump pump is run",
        "What it costs",
        "When to call for help",
    ];
    for (i, theme) in themes.iter().enumerate() {
        if !has(Fault::NoSubheadings) {
            let level = if i == 2 && has(Fault::SkippedHeading) { 4 } else { 2 };
            html.push_str(&format!("<h{level}>{theme}</h{level}>"));
        }
        html.push_str("<p>");
        for (j, subject) in ["Rain", "Snow", "Ice", "Storms"].iter().enumerate() {
            let tie = if has(Fault::NoTransitions) {
                ""
            } else {
                " because the soil is wet"
            };
            html.push_str(&format!(
                "{subject} can fill the pit in a night{tie}. You should look at it each week. "
            ));
            if j == 1 {
                html.push_str(if i % 2 == 0 {
                    "The sump pump will lift it out. "
                } else {
                    "A good motor will lift it out. "
                });
            }
        }
        html.push_str("</p>");
    }
    if !has(Fault::NoSecondary) {
        html.push_str("<p>But test the float switch first. Then open the check valve.</p>");
    }
    // What is mended is worded or divided differently, not left out.
    let dig = "Dig it deep, so it lasts. Line it well, so it holds. ";
    html.push_str(&if has(Fault::LongParagraph) {
        format!("<p>{}</p>", dig.repeat(14))
    } else {
        format!("<p>{}</p>", dig.repeat(7)).repeat(2)
    });
    let run = if has(Fault::LongSentences) {
        "If the pit is dug in the deep end of the yard and the pipe runs down to the road then all of the rain will go off. "
    } else {
        "If the pit is dug in the deep end of the yard it holds more. Then the pipe runs down to the road. So rain goes off. "
    };
    html.push_str(&format!("<h2>How the rain goes off</h2><p>{}</p>", run.repeat(3)).repeat(4));
    html.push_str(if has(Fault::SameBeginnings) {
        "<p>It is so old. It is so loud. It is so slow.</p>"
    } else {
        "<p>It is so old. But it is loud. So it is slow.</p>"
    });
    let dug = if has(Fault::Passive) {
        "So the pit was dug. Then the pipe was cut. "
    } else {
        "So we dug the pit. Then you cut the pipe. "
    };
    html.push_str(&format!("<p>{}</p>", dug.repeat(12)));
    let buy = if has(Fault::Stuffed) {
        "So buy a sump pump. Then fit the sump pump. "
    } else {
        "So buy a good motor. Then fit the new motor. "
    };
    html.push_str(&format!(
        "<h2>How to fit a sump pump</h2>{0}{0}",
        format!("<p>{}Ask for a sump pump.</p>", buy.repeat(8))
    ));
    if !has(Fault::NoInternalLink) {
        let anchor = if has(Fault::CompetingLink) {
            "sump pump"
        } else {
            "drains for a yard"
        };
        html.push_str(&format!("<p>So read on: <a href='/drains/'>{anchor}</a>.</p>"));
    }
    if !has(Fault::NoExternalLink) {
        html.push_str("<p>If in doubt, see <a href='https://example.org/'>the code</a>.</p>");
    }
    if !has(Fault::NoImage) {
        html.push_str(if has(Fault::NoAlt) {
            "<img src='a.png'>"
        } else {
            "<img src='a.png' alt='A sump pump in its pit'>"
        });
    }
    if has(Fault::NoTransitions) {
        for (tie, plain) in [
            ("So ", "Now "),
            ("Then ", "Here "),
            (", so ", " and "),
            ("But ", "Now "),
            ("If ", "Where "),
        ] {
            html = html.replace(tie, plain);
        }
    }
    html
}

#[test]
fn a_good_article_is_good_and_its_report_says_so() {
    let report = Draft::with(&[]).score();
    let open: Vec<CheckId> = report.fixes().iter().map(|check| check.id).collect();
    assert!(report.score >= 97, "{} {open:?}", report.score);
    let bad = Draft::with(Fault::ALL).score();
    assert!(bad.score + 40 < report.score, "{}", bad.score);
    let gains: Vec<f64> = bad.fixes().iter().map(|check| check.weight - check.points).collect();
    assert!(gains.is_sorted_by(|a, b| a >= b), "what brings most comes first");
}

#[test]
fn each_fault_is_seen_by_its_check() {
    let cases = [
        (Fault::NoKeywordInTitle, CheckId::KeywordInTitle),
        (Fault::LongTitle, CheckId::TitleWidth),
        (Fault::NoDescription, CheckId::DescriptionLength),
        (Fault::LongDescription, CheckId::DescriptionWidth),
        (Fault::ForeignSlug, CheckId::KeywordInSlug),
        (Fault::NoIntroduction, CheckId::KeywordInIntroduction),
        (Fault::NoSubheadings, CheckId::SubheadingDistribution),
        (Fault::SkippedHeading, CheckId::HeadingOrder),
        (Fault::TwoH1, CheckId::SingleH1),
        (Fault::LongParagraph, CheckId::ParagraphLength),
        (Fault::SameBeginnings, CheckId::SentenceBeginnings),
        (Fault::Passive, CheckId::PassiveVoice),
        (Fault::NoTransitions, CheckId::TransitionWords),
        (Fault::Stuffed, CheckId::KeywordDensity),
        (Fault::CompetingLink, CheckId::CompetingLinks),
        (Fault::NoInternalLink, CheckId::InternalLinks),
        (Fault::NoExternalLink, CheckId::ExternalLinks),
        (Fault::NoImage, CheckId::Images),
        (Fault::NoAlt, CheckId::ImageAlt),
        (Fault::Orphan, CheckId::InboundLinks),
        (Fault::NoCluster, CheckId::Cluster),
        (Fault::NoTerms, CheckId::Taxonomy),
        (Fault::NoAuthor, CheckId::StructuredData),
        (Fault::Old, CheckId::Freshness),
        (Fault::NoSecondary, CheckId::SecondaryKeywords),
    ];
    let good = Draft::with(&[]).score();
    for (fault, id) in cases {
        let worse = Comparison::new(&good, &Draft::with(&[fault]).score()).worse;
        assert!(worse.contains(&id), "{fault:?}: {worse:?}");
    }
}

#[test]
fn languages_without_rules_are_not_scored_and_say_why() {
    let german = "Die Pumpe läuft, weil das Wasser steigt. Außerdem ist der Keller alt. Wir bauen sie ein. ".repeat(20);
    let turkish = "Isı pompası sessiz çalışır. Su soğuk olsa da evi ısıtır. İşte bu yüzden çok sevilir. ".repeat(20);
    let arabic = "المضخة في القبو. الماء كثير. نحن نحب المضخة. ".repeat(20);
    let chinese = "水泵在地下室。水很多。我们喜欢水泵。".repeat(20);
    let not_scored = |language: &str, body: &str| {
        let report = score(&Input {
            language,
            body,
            primary_keyword: Some("Pumpe"),
            ..Input::default()
        });
        check_report(&report);
        let readability = [
            CheckId::SentenceLength,
            CheckId::SentenceBeginnings,
            CheckId::PassiveVoice,
            CheckId::TransitionWords,
            CheckId::ReadingEase,
        ];
        readability
            .into_iter()
            .filter(|id| report.check(*id).is_some_and(|check| check.light == Light::NotScored))
            .collect::<Vec<_>>()
    };
    use CheckId::{PassiveVoice, ReadingEase, SentenceBeginnings, SentenceLength, TransitionWords};
    assert_eq!(not_scored("de", &german), []);
    assert_eq!(not_scored("tr", &turkish), [PassiveVoice, TransitionWords, ReadingEase]);
    assert_eq!(
        not_scored("ar", &arabic),
        [SentenceBeginnings, PassiveVoice, TransitionWords, ReadingEase]
    );
    let all = [
        SentenceLength,
        SentenceBeginnings,
        PassiveVoice,
        TransitionWords,
        ReadingEase,
    ];
    assert_eq!(not_scored("zh", &chinese), all);
}

#[test]
fn a_body_of_a_hundred_thousand_words_is_scored() {
    let body = format!(
        "<h2>Pumps</h2>{}",
        "<p>The pump lifts the water out of the old pit.</p>".repeat(10_000)
    );
    let report = score(&Input {
        body: &body,
        primary_keyword: Some("pump"),
        ..Input::default()
    });
    check_report(&report);
    assert_eq!(report.statistics.words, 100_001);
    assert_eq!(report.statistics.paragraphs, 10_000);
}

#[test]
fn products_and_services_are_scored_by_their_data() {
    let pictures = [Picture {
        alt: "A blue pump on a bench",
    }];
    let product = Input {
        content_type: ContentType::Product,
        structure: Structure::ProductPage,
        pictures: &pictures,
        entity: Entity {
            price: Some("1"),
            currency: Some("EUR"),
            availability: Some("in_stock"),
            ..Entity::default()
        },
        ..Input::default()
    };
    let full = Input {
        entity: Entity {
            brand: Some("Acme"),
            sku: Some("A1"),
            rating: Some(5.0),
            ..product.entity
        },
        ..product
    };
    let comparison = Comparison::new(&score(&product), &score(&full));
    assert_eq!(comparison.better, [CheckId::StructuredData]);
    assert!(comparison.difference > 0);
}
