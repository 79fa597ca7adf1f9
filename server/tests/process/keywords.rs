//! Keyword files by the commands.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use super::installation::{Installation, succeed};

fn report(text: &str) -> Value {
    serde_json::from_str(text.lines().last().unwrap_or_default()).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[tokio::test]
async fn keywords_in_and_out_also_after_a_kill() {
    let installation = Installation::new(1).await;
    let at = |name: &str| installation.folder.path().join(name).display().to_string();
    let mut file = "Keyword,Volume,Difficulty\n,1,1\n".to_owned();
    for n in 0..3_000 {
        writeln!(file, "cold brew {n},{n},{}", n % 101).unwrap();
    }
    std::fs::write(at("keywords.csv"), file).unwrap();
    let (from, problems) = (at("keywords.csv"), at("problems.csv"));
    let mut import = vec![
        "keywords", "import", &from, "--site", "blog", "--sector", "coffee", "--json",
    ];
    let unknown = installation.command(&import).output().unwrap();
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there is no sector `coffee`"));
    import.push("--create");

    // Killed somewhere, then run again: nothing is missing or there twice.
    let mut child = installation.command(&import).spawn().unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let _ = child.kill();
    child.wait().unwrap();
    import.extend(["--problems", &problems]);
    let first = report(&succeed(installation.command(&import), b""));
    assert_eq!(first["wrong"], 1, "{first}");
    let known = first["added"].as_u64().unwrap() + first["unchanged"].as_u64().unwrap();
    assert_eq!((known, &first["changed"]), (3_000, &Value::from(0)), "{first}");
    assert!(std::fs::read_to_string(&problems).unwrap().contains("2,empty,"));
    let second = report(&succeed(installation.command(&import), b""));
    assert_eq!(second["unchanged"], 3_000, "{second}");

    let out = at("out.csv");
    succeed(
        installation.command(&["keywords", "export", "--site", "blog", "--out", &out]),
        b"",
    );
    assert_eq!(std::fs::read_to_string(&out).unwrap().lines().count(), 3_001);
    import[2] = &out;
    let third = report(&succeed(installation.command(&import), b""));
    assert_eq!(
        (&third["source"], &third["unchanged"]),
        (&"IGNY8".into(), &3_000.into()),
        "{third}"
    );
}

#[tokio::test]
async fn clustering_needs_no_installation() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("list.txt");
    let words = [
        "cold brew coffee",
        "cold brew coffee ratio",
        "best cold brew coffee",
        "cold brew coffee recipe",
        "bike repair",
        "bike repair near me",
        "bike repair cost",
        "mobile bike repair",
    ];
    std::fs::write(&file, words.join("\n")).unwrap();
    let run = |more: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_igny8"));
        command
            .args(["keywords", "cluster", file.to_str().unwrap()])
            .args(more)
            .current_dir(folder.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let clusters: Value = serde_json::from_str(&run(&["--json"])).unwrap();
    assert_eq!(clusters["clusters"].as_array().unwrap().len(), 2, "{clusters}");
    assert!(run(&[]).contains("2 clusters of 8 keywords"));
    let csv = run(&["--csv", "--granularity", "0.4"]);
    assert_eq!(csv.lines().count(), 9, "{csv}");
    assert!(!folder.path().join("data").exists());
}

#[tokio::test]
async fn clustering_gives_every_row_as_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let long = "why was i charged for a card payment that i have not made ".repeat(12);
    let texts = [
        long.trim_end(),
        "Why was I charged twice?",
        "why was I charged twice?",
        "why was I charged twice?",
        "\"Charged\", they said, twice",
        "\"charged twice",
        "ﬁnd my card",
        "where is my card, please",
        "where is my card",
        "???",
    ];
    let labelled: String = texts.iter().map(|text| format!("label\t{text}\n")).collect();
    let table: String = texts
        .iter()
        .map(|text| format!("x,\"{}\",1\n", text.replace('"', "\"\"")))
        .collect();
    for (name, content, more) in [
        ("list.txt", texts.join("\n"), vec![]),
        ("labelled.tsv", labelled.clone(), vec![]),
        ("chosen.tsv", labelled, vec!["--column", "2"]),
        (
            "named.csv",
            format!("a,What they ask,b\n{table}"),
            vec!["--column", "what they ask"],
        ),
        ("bare.csv", table, vec!["--column", "2", "--header", "none"]),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        let run = |how: &str| {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_igny8"));
            command
                .args(["keywords", "cluster", file.to_str().unwrap(), how])
                .args(&more);
            let output = command.current_dir(folder.path()).output().unwrap();
            assert!(
                output.status.success(),
                "{name}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            output.stdout
        };
        let csv = run("--csv");
        let mut rows = csv::Reader::from_reader(&csv[3..]);
        let written: Vec<String> = rows.records().map(|row| row.unwrap()[0].to_owned()).collect();
        assert_eq!(written, texts, "{name}: all rows in their order");
        let json: Value = serde_json::from_slice(&run("--json")).unwrap();
        let clusters = json["clusters"].as_array().unwrap();
        let lists = clusters
            .iter()
            .map(|cluster| &cluster["keywords"])
            .chain([&json["unclustered"]]);
        let mut written: Vec<&str> = lists
            .flat_map(|list| list.as_array().unwrap())
            .map(|text| text.as_str().unwrap())
            .collect();
        let mut all = texts.to_vec();
        written.sort_unstable();
        all.sort_unstable();
        assert_eq!(written, all, "{name}");
    }
}
