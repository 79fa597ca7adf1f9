//! How often our lights are those of Yoast's open analysis.
//!
//! `cargo run --release -p igny8-optimizer --example yoast -- INPUTS SCORES [--stems] [--show ID]`
//!
//! `INPUTS` has a JSON object a line: id, title, description, slug, html, keyphrase; `SCORES` one with id and the points of each
//! assessment under `seo` and `readability`. The analysis these scores are from matches words, not stems: `--stems` compares
//! what our users get. `--show` lists the texts on which we disagree about one assessment. Ends with an error where an assessment
//! has the same light on fewer than 95 % of the texts.

use igny8_optimizer::{CheckId, Input, Light, Matching, score};
use serde_json::Value;
use std::collections::HashMap;
use std::process::ExitCode;

/// Their names, ours. Left out: `titleWidth`, which was measured as 0, and `functionWordsInKeyphrase`, which is grey.
const ASSESSMENTS: &[(&str, CheckId)] = &[
    ("introductionKeyword", CheckId::KeywordInIntroduction),
    ("keyphraseLength", CheckId::KeywordLength),
    ("keyphraseDensity", CheckId::KeywordDensity),
    ("metaDescriptionKeyword", CheckId::KeywordInDescription),
    ("metaDescriptionLength", CheckId::DescriptionLength),
    ("subheadingsKeyword", CheckId::KeywordInSubheadings),
    ("textCompetingLinks", CheckId::CompetingLinks),
    ("imageKeyphrase", CheckId::KeywordInImages),
    ("images", CheckId::Images),
    ("textLength", CheckId::TextLength),
    ("externalLinks", CheckId::ExternalLinks),
    ("keyphraseInSEOTitle", CheckId::KeywordInTitle),
    ("internalLinks", CheckId::InternalLinks),
    ("slugKeyword", CheckId::KeywordInSlug),
    ("singleH1", CheckId::SingleH1),
    ("subheadingsTooLong", CheckId::SubheadingDistribution),
    ("textParagraphTooLong", CheckId::ParagraphLength),
    ("textSentenceLength", CheckId::SentenceLength),
    ("textTransitionWords", CheckId::TransitionWords),
    ("passiveVoice", CheckId::PassiveVoice),
    ("sentenceBeginnings", CheckId::SentenceBeginnings),
];

/// Texts of a hundred that must have the same light, for each assessment.
const LEAST: usize = 95;

/// Where the texts were published.
const HOST: &str = "18f.gsa.gov";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn read(path: &str) -> Result<Vec<Value>, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    text.lines()
        .map(|line| serde_json::from_str(line).map_err(|e| format!("{path}: {e}")))
        .collect()
}

fn run() -> Result<(), String> {
    let (mut files, mut matching, mut show) = (Vec::new(), Matching::Words, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--stems" => matching = Matching::Stems,
            "--show" => show = Some(arguments.next().ok_or("--show needs the name of an assessment")?),
            _ => files.push(argument),
        }
    }
    let [inputs, scores] = &files[..] else {
        return Err("Usage: yoast INPUTS SCORES [--stems] [--show ID]".into());
    };
    let inputs = read(inputs)?;
    let theirs: HashMap<String, Value> = read(scores)?
        .into_iter()
        .map(|row| (text(&row, "id").to_owned(), row))
        .collect();
    let mut agreed: HashMap<&str, (usize, usize)> = HashMap::new();
    let (mut words, mut ease, mut texts) = (0.0, 0.0, 0.0);
    for row in &inputs {
        let Some(scores) = theirs.get(text(row, "id")) else {
            continue;
        };
        let report = score(&Input {
            title: text(row, "title"),
            meta_description: text(row, "description"),
            slug: text(row, "slug"),
            body: text(row, "html"),
            primary_keyword: Some(text(row, "keyphrase")),
            matching,
            site_host: HOST,
            ..Input::default()
        });
        for &(name, id) in ASSESSMENTS {
            let Some(points) = scores["seo"][name].as_i64().or(scores["readability"][name].as_i64()) else {
                continue;
            };
            let Some(check) = report.check(id) else { continue };
            let (same, all) = agreed.entry(name).or_default();
            *all += 1;
            *same += usize::from(check.light == light(points));
            if check.light != light(points) && show.as_deref() == Some(name) {
                println!(
                    "{}: theirs {points}, ours {} (measured {:?}), keyword {:?}",
                    text(row, "id"),
                    check.rating,
                    check.measured.map(|m| (m.value * 100.0).round() / 100.0),
                    text(row, "keyphrase"),
                );
            }
        }
        texts += 1.0;
        let close = |theirs: &Value, ours: f64| theirs.as_f64().map_or(0.0, |t| (t - ours).abs());
        words += close(
            &scores["words"],
            f64::from(u32::try_from(report.statistics.words).unwrap_or(u32::MAX)),
        );
        let ours = report.check(CheckId::ReadingEase).and_then(|c| c.measured);
        ease += ours.map_or(0.0, |m| close(&scores["flesch"], m.value));
    }
    if texts == 0.0 {
        return Err("No text of the inputs has scores.".into());
    }
    let mut below = Vec::new();
    for (name, id) in ASSESSMENTS {
        let (same, all) = agreed.get(name).copied().unwrap_or_default();
        let share = f64::from(u32::try_from(same * 1000 / all.max(1)).unwrap_or(0)) / 10.0;
        println!("{share:5.1} %  {same:4} of {all:4}  {name} = {id:?}");
        if same * 100 < all.max(1) * LEAST {
            below.push(*name);
        }
    }
    println!(
        "mean difference: {:.1} words, {:.1} of reading ease",
        words / texts,
        ease / texts
    );
    if below.is_empty() {
        return Ok(());
    }
    Err(format!("Below {LEAST} %: {}.", below.join(", ")))
}

fn text<'v>(row: &'v Value, key: &str) -> &'v str {
    row[key].as_str().unwrap_or_default()
}

fn light(points: i64) -> Light {
    match points {
        ..=4 => Light::Red,
        5..=7 => Light::Orange,
        8.. => Light::Green,
    }
}
