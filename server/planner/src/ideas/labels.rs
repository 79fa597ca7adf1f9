//! Words of ideas in the languages sites are mostly written in. Headings that pages of a structure have whatever they are
//! about fill an outline that keywords leave short. In other languages the keywords must do.

use super::Structure;
use igny8_text as text;

#[derive(Debug, Clone, Copy)]
enum Label {
    Basics,
    Needs,
    Steps,
    Mistakes,
    Criteria,
    Options,
    Differences,
    Choice,
    Strengths,
    Verdict,
    Included,
    Process,
    Prices,
    Contact,
}

const LANGUAGES: [&str; 7] = ["en", "de", "fr", "es", "it", "nl", "pt"];

impl Label {
    const ALL: [Label; 14] = [
        Label::Basics,
        Label::Needs,
        Label::Steps,
        Label::Mistakes,
        Label::Criteria,
        Label::Options,
        Label::Differences,
        Label::Choice,
        Label::Strengths,
        Label::Verdict,
        Label::Included,
        Label::Process,
        Label::Prices,
        Label::Contact,
    ];

    fn texts(self) -> [&'static str; 7] {
        match self {
            Label::Basics => [
                "The basics",
                "Die Grundlagen",
                "Les bases",
                "Lo básico",
                "Le basi",
                "De basis",
                "O essencial",
            ],
            Label::Needs => [
                "What you need",
                "Was man braucht",
                "Ce qu'il faut",
                "Qué se necesita",
                "Cosa serve",
                "Wat je nodig hebt",
                "O que é preciso",
            ],
            Label::Steps => [
                "Step by step",
                "Schritt für Schritt",
                "Étape par étape",
                "Paso a paso",
                "Passo dopo passo",
                "Stap voor stap",
                "Passo a passo",
            ],
            Label::Mistakes => [
                "Common mistakes",
                "Häufige Fehler",
                "Erreurs fréquentes",
                "Errores frecuentes",
                "Errori comuni",
                "Veelgemaakte fouten",
                "Erros comuns",
            ],
            Label::Criteria => [
                "What to look for",
                "Worauf es ankommt",
                "Les critères de choix",
                "En qué fijarse",
                "A cosa fare attenzione",
                "Waar je op let",
                "O que observar",
            ],
            Label::Options => [
                "The options",
                "Die Möglichkeiten",
                "Les options",
                "Las opciones",
                "Le opzioni",
                "De opties",
                "As opções",
            ],
            Label::Differences => [
                "The differences",
                "Die Unterschiede",
                "Les différences",
                "Las diferencias",
                "Le differenze",
                "De verschillen",
                "As diferenças",
            ],
            Label::Choice => [
                "Which one to choose",
                "Was für wen passt",
                "Lequel choisir",
                "Cuál elegir",
                "Quale scegliere",
                "Welke past bij wie",
                "Qual escolher",
            ],
            Label::Strengths => [
                "Strengths and weaknesses",
                "Stärken und Schwächen",
                "Points forts et faibles",
                "Ventajas e inconvenientes",
                "Pregi e difetti",
                "Sterke en zwakke punten",
                "Pontos fortes e fracos",
            ],
            Label::Verdict => [
                "Verdict",
                "Fazit",
                "Verdict",
                "Veredicto",
                "Verdetto",
                "Oordeel",
                "Veredito",
            ],
            Label::Included => [
                "What is included",
                "Was dazugehört",
                "Ce qui est compris",
                "Qué incluye",
                "Cosa comprende",
                "Wat erbij hoort",
                "O que está incluído",
            ],
            Label::Process => [
                "How it works",
                "Wie es abläuft",
                "Comment ça se passe",
                "Cómo funciona",
                "Come funziona",
                "Hoe het werkt",
                "Como funciona",
            ],
            Label::Prices => ["Prices", "Preise", "Tarifs", "Precios", "Prezzi", "Prijzen", "Preços"],
            Label::Contact => [
                "Contact", "Kontakt", "Contact", "Contacto", "Contatti", "Contact", "Contacto",
            ],
        }
    }
}

/// Headings of a structure: those before what the keywords give, and those after it.
pub(super) fn of(structure: Structure, language: &str) -> (Vec<&'static str>, Vec<&'static str>) {
    let Some(at) = place(language) else {
        return (Vec::new(), Vec::new());
    };
    use Label::{
        Basics, Choice, Contact, Criteria, Differences, Included, Mistakes, Needs, Options, Prices, Process, Steps,
        Strengths, Verdict,
    };
    let (before, after): (&[Label], &[Label]) = match structure {
        Structure::Article | Structure::ClusterHub => (&[Basics], &[Mistakes]),
        Structure::Guide => (&[Needs, Steps], &[Mistakes]),
        Structure::Comparison => (&[Differences], &[Choice]),
        Structure::Review => (&[Strengths], &[Verdict]),
        Structure::Listicle => (&[Criteria, Options], &[Choice]),
        Structure::LandingPage | Structure::ServicePage => (&[Included, Process], &[Prices, Contact]),
        Structure::BusinessPage => (&[Process], &[Contact]),
        Structure::ProductPage => (&[Included], &[]),
        Structure::General | Structure::CategoryArchive | Structure::TagArchive | Structure::AttributeArchive => {
            (&[], &[])
        }
    };
    let texts = |labels: &[Label]| labels.iter().map(|label| label.texts()[at]).collect();
    (texts(before), texts(after))
}

/// Whether pages of some structure have this heading whatever they are about.
pub fn is_usual_heading(heading: &str, language: &str) -> bool {
    let heading = text::fold(heading);
    place(language).is_some_and(|at| {
        let mut labels = Label::ALL.iter();
        labels.any(|label| text::fold(label.texts()[at]) == heading)
    })
}

/// "and" between the last two of a list.
pub(super) fn and(language: &str) -> Option<&'static str> {
    let at = match language {
        "" => Some(0),
        language => place(language),
    };
    at.map(|at| ["and", "und", "et", "y", "e", "en", "e"][at])
}

/// What is said about an idea; `{}` stands for what it is said of.
pub(super) struct Sentences {
    /// The keyword it aims at.
    pub aims: &'static str,
    /// How often that is searched.
    pub searches: &'static str,
    /// How hard it is to rank for.
    pub difficulty: &'static str,
    /// The other keywords.
    pub answers: &'static str,
    /// How many are left out of these.
    pub more: &'static str,
}

/// In the order of [`LANGUAGES`].
const SENTENCES: [Sentences; 7] = [
    Sentences {
        aims: "Aims at “{}”",
        searches: "searches a month: {}",
        difficulty: "difficulty: {}",
        answers: "Also answers: {}",
        more: "and {} more",
    },
    Sentences {
        aims: "Zielt auf „{}“",
        searches: "Suchen im Monat: {}",
        difficulty: "Schwierigkeit: {}",
        answers: "Beantwortet auch: {}",
        more: "und {} mehr",
    },
    Sentences {
        aims: "Vise «\u{a0}{}\u{a0}»",
        searches: "recherches par mois\u{a0}: {}",
        difficulty: "difficulté\u{a0}: {}",
        answers: "Répond aussi à\u{a0}: {}",
        more: "et {} de plus",
    },
    Sentences {
        aims: "Apunta a «{}»",
        searches: "búsquedas al mes: {}",
        difficulty: "dificultad: {}",
        answers: "También responde a: {}",
        more: "y {} más",
    },
    Sentences {
        aims: "Punta a «{}»",
        searches: "ricerche al mese: {}",
        difficulty: "difficoltà: {}",
        answers: "Risponde anche a: {}",
        more: "e {} in più",
    },
    Sentences {
        aims: "Gericht op “{}”",
        searches: "zoekopdrachten per maand: {}",
        difficulty: "moeilijkheid: {}",
        answers: "Beantwoordt ook: {}",
        more: "en nog {}",
    },
    Sentences {
        aims: "Visa “{}”",
        searches: "pesquisas por mês: {}",
        difficulty: "dificuldade: {}",
        answers: "Responde também a: {}",
        more: "e mais {}",
    },
];

/// Sentences about an idea in a language.
pub(super) fn sentences(language: &str) -> Option<&'static Sentences> {
    place(language).map(|at| &SENTENCES[at])
}

/// The place of a language in the lists.
fn place(language: &str) -> Option<usize> {
    let primary = language
        .split(['-', '_'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    LANGUAGES.iter().position(|known| *known == primary)
}
