use std::collections::BTreeSet;

use super::*;
use crate::brief_check::{self, Finding, Text};
use crate::sections::split;

fn brief(structure: Structure, language: &str) -> Brief {
    let heading = |text: &str, question| Heading {
        text: text.into(),
        points: vec!["A point".into()],
        question,
    };
    Brief {
        title: "Kettles vs Pots".into(),
        brief: "For those who choose.".into(),
        outline: vec![
            heading("Speed", false),
            heading("Care", false),
            heading("How loud is it?", true),
        ],
        primary: Some("kettles vs pots".into()),
        secondary: vec!["speed of kettles".into(), "quiet pots".into()],
        structure,
        words: 800,
        language: language.into(),
        hub: Some(Link {
            title: "Boiling".into(),
            path: Some("/boiling/".into()),
        }),
        supporting: vec![
            Link {
                title: "Planned".into(),
                path: None,
            },
            Link {
                title: "Pots".into(),
                path: Some("/pots/".into()),
            },
        ],
        about: "A shop in Porto.".into(),
        contact: Some(Link {
            title: "Contact".into(),
            path: Some("/contact/".into()),
        }),
        offers: Vec::new(),
        entity: Entity {
            brand: Some("Kett".into()),
            area: Some("Porto".into()),
            ..Entity::default()
        },
        attributes: vec![("Colour".into(), "Red".into())],
    }
}

#[test]
fn every_structure_has_a_shape_of_its_own_in_every_language() {
    for language in ["en", "de-AT", "tr"] {
        let bodies: BTreeSet<String> = Structure::ALL
            .iter()
            .map(|&s| compose(&brief(s, language)).body)
            .collect();
        let expected = if language == "tr" { 8 } else { 14 };
        assert!(bodies.len() >= expected, "{language}: {}", bodies.len());
        assert!(bodies.iter().all(|body| has_notes(body)));
    }
    let body = |structure| compose(&brief(structure, "en")).body;
    assert!(body(Structure::Guide).contains("## Step 1: Speed"));
    assert!(body(Structure::Comparison).contains("| Criterion | Kettles | Pots |"));
    assert!(body(Structure::Review).contains("## Cons"));
    assert!(body(Structure::Listicle).contains("## 2. Care"));
    assert!(body(Structure::ProductPage).contains("| Colour | Red |"));
    assert!(body(Structure::ClusterHub).contains("- Planned\n- [Pots](/pots/)"));
    assert!(!body(Structure::TagArchive).contains("##"));
    assert!(
        compose(&brief(Structure::Guide, "de"))
            .body
            .contains("## Schritt 1: Speed")
    );
}

#[test]
fn drafts_follow_their_outline() {
    for structure in Structure::ALL.into_iter().filter(|s| !s.is_archive()) {
        let draft = compose(&brief(structure, "en"));
        let asked = brief_check::Brief {
            headings: vec!["Speed".into(), "Care".into()],
            questions: vec!["How loud is it?".into()],
            primary: Some("kettles vs pots".into()),
            secondary: vec!["speed of kettles".into(), "quiet pots".into()],
            language: "en".into(),
            words: 0,
        };
        let text = Text {
            title: &draft.seo_title,
            description: &draft.meta_description,
            body: &draft.body,
            faq: &draft.faq,
        };
        assert_eq!(
            brief_check::check(&asked, &text),
            Vec::<Finding>::new(),
            "{structure:?}"
        );
    }
}

fn headed(structure: Structure, language: &str, headings: &[&str], keywords: &[&str]) -> Draft {
    let heading = |text: &&str| Heading {
        text: (*text).into(),
        ..Heading::default()
    };
    compose(&Brief {
        primary: Some("pour over".into()),
        outline: headings.iter().map(heading).collect(),
        secondary: keywords.iter().map(|keyword| (*keyword).into()).collect(),
        ..brief(structure, language)
    })
}

#[test]
fn keywords_stand_under_the_headings_they_belong_to() {
    let draft = headed(
        Structure::Article,
        "en",
        &[
            "What to look for",
            "The options",
            "Pour over review",
            "Best pour over",
            "Ratios",
        ],
        &[
            "pour over review",
            "best pour over",
            "pour over ratio",
            "gooseneck kettle",
        ],
    );
    let keywords: Vec<(String, String)> = split(&draft.body)
        .iter()
        .filter_map(|section| {
            let listed = section.text.lines().find_map(|line| line.split_once("Keywords: "))?;
            Some((section.heading.clone(), listed.1.to_owned()))
        })
        .collect();
    let expected = [
        ("What to look for", "gooseneck kettle"),
        ("Pour over review", "pour over review"),
        ("Best pour over", "best pour over"),
        ("Ratios", "pour over ratio"),
    ];
    let expected = expected.map(|(heading, listed)| (heading.to_owned(), listed.to_owned()));
    assert_eq!(keywords, expected);
}

#[test]
fn only_entries_and_steps_are_numbered() {
    let entries = |structure, language, headings: &[&str]| -> Vec<String> {
        let body = headed(structure, language, headings, &[]).body;
        let headings = body.lines().filter_map(|line| line.strip_prefix("## "));
        headings
            .take_while(|heading| *heading != "Read on")
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(
        entries(
            Structure::Listicle,
            "en",
            &["What to look for", "Hario", "Kalita", "Which one to choose"]
        ),
        ["What to look for", "1. Hario", "2. Kalita", "Which one to choose"]
    );
    let steps = entries(
        Structure::Guide,
        "de",
        &["Schritt für Schritt", "Mahlen", "Häufige Fehler"],
    );
    for heading in ["Schritt für Schritt", "Schritt 1: Mahlen", "Häufige Fehler"] {
        assert!(steps.iter().any(|step| step == heading), "{steps:?}");
    }
}

#[test]
fn descriptions_say_more_than_the_title() {
    let described = |language: &str, about: &str, questions: &[&str], keywords: &[&str]| {
        let question = |text: &&str| Heading {
            text: (*text).into(),
            question: true,
            ..Heading::default()
        };
        let draft = compose(&Brief {
            outline: questions.iter().map(question).collect(),
            secondary: keywords.iter().map(|keyword| (*keyword).into()).collect(),
            about: about.into(),
            ..brief(Structure::Article, language)
        });
        draft.meta_description
    };
    for (language, about, questions, keywords, expected) in [
        (
            "en",
            "",
            &["Is it loud?"][..],
            &["quiet pots"][..],
            "Kettles vs Pots – Is it loud?",
        ),
        ("en", "", &[], &["quiet pots"], "Kettles vs Pots – covers: quiet pots."),
        ("tr", "", &[], &["quiet pots"], "Kettles vs Pots: quiet pots."),
        ("de", "Ein Laden.", &[], &[], "Kettles vs Pots – Ein Laden."),
        ("en", "", &[], &[], "This page is about Kettles vs Pots."),
    ] {
        assert_eq!(described(language, about, questions, keywords), expected);
    }
}

#[test]
fn texts_of_others_do_not_act() {
    let hostile = "x](javascript:alert) <script>\n## Own | `a` &amp; [!NOTE]";
    for structure in Structure::ALL {
        let mut brief = brief(structure, "en");
        brief.outline[0].text = hostile.into();
        brief.outline[0].points = vec![hostile.into()];
        brief.title = hostile.into();
        brief.primary = Some(hostile.into());
        brief.brief = hostile.into();
        brief.attributes = vec![(hostile.into(), hostile.into())];
        brief.supporting = vec![Link {
            title: hostile.into(),
            path: Some("//evil.example/".into()),
        }];
        let draft = compose(&brief);
        assert!(split(&draft.body).iter().all(|s| s.id != "own"), "{structure:?}");
        for event in pulldown_cmark::Parser::new_ext(&draft.body, crate::markdown()) {
            use pulldown_cmark::{Event, Tag};
            match event {
                Event::Html(_) | Event::InlineHtml(_) => panic!("{structure:?}: {}", draft.body),
                Event::Start(Tag::Link { dest_url, .. }) => {
                    assert!(["/boiling/", "/contact/"].contains(&&*dest_url), "{dest_url}");
                }
                _ => {}
            }
        }
        assert_eq!(crate::draft::problems(&draft), Vec::<String>::new());
    }
}

#[test]
fn services_say_where_they_are_offered() {
    let faq = compose(&brief(Structure::ServicePage, "en")).faq;
    assert_eq!(faq[0].answer, "It is available in Porto.");
    assert!(has_notes(&faq[1].answer));
    assert!(
        compose(&brief(Structure::ServicePage, "en"))
            .body
            .contains("**Get in touch:** [Contact](/contact/)")
    );
    assert_eq!(compose(&brief(Structure::Article, "en")).faq.len(), 1);
}

#[test]
fn pictures_are_described_where_they_stand() {
    for (body, expected) in [
        ("A ![b](/p.svg) c", "A ![new \\[jar\\]](/p.svg) c"),
        ("![](/p.svg \"title\")", "![new \\[jar\\]](/p.svg \"title\")"),
        (
            "![a](/q.svg) ![a [b](c)](/p.svg)",
            "![a](/q.svg) ![new \\[jar\\]](/p.svg)",
        ),
        (
            "`![b](/p.svg)`\n\n    ![b](/p.svg)",
            "`![b](/p.svg)`\n\n    ![b](/p.svg)",
        ),
        ("[b](/p.svg)", "[b](/p.svg)"),
    ] {
        assert_eq!(with_alt(body, "/p.svg", "new [jar]"), expected, "{body}");
    }
}
