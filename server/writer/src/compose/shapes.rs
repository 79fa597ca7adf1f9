//! What each structure consists of.

use igny8_planner::ideas::is_usual_heading;

use super::page::{Page, inline, link};
use super::{Heading, Structure};
use crate::plain;

pub(super) fn write(page: &mut Page<'_>) {
    if page.brief.structure.is_archive() {
        return archive(page);
    }
    let brief: Vec<String> = Some(page.brief.brief.clone())
        .into_iter()
        .filter(|text| !text.trim().is_empty())
        .collect();
    page.note(
        "This is a draft to be written over. It says nothing that was not known; replace every note like this one.",
        "Dies ist ein Entwurf zum Überschreiben. Er behauptet nichts, was nicht bekannt war; bitte jeden Hinweis wie diesen ersetzen.",
        &brief,
    );
    match page.brief.structure {
        Structure::Guide => guide(page),
        Structure::Comparison => comparison(page),
        Structure::Review => review(page),
        Structure::Listicle => listicle(page),
        Structure::LandingPage => landing(page),
        Structure::BusinessPage => business(page),
        Structure::ServicePage => service(page),
        Structure::ClusterHub => hub(page),
        Structure::ProductPage => product(page),
        Structure::General => general(page),
        _ => article(page),
    }
}

/// "This guide is about …", as a sentence with the topic in it.
fn about(page: &mut Page<'_>, english: &'static str, german: &'static str) {
    let topic = inline(&page.topic());
    let text = match page.word(english, german) {
        "" => format!("**{topic}**"),
        word => format!("{word} **{topic}**."),
    };
    page.say(&text);
}

/// Every section of the outline with a note on what to write. Headings that pages of a structure have whatever they are about
/// are none of its entries or steps, and are not numbered.
fn sections(
    page: &mut Page<'_>,
    english: &'static str,
    german: &'static str,
    number: impl Fn(&Page<'_>, usize) -> String,
) {
    let list = page.new_sections();
    let keywords = page.keywords_of(&list);
    let mut numbered = 0;
    for (heading, keywords) in list.iter().zip(&keywords) {
        let before = if is_usual_heading(&heading.text, &page.brief.language) {
            String::new()
        } else {
            numbered += 1;
            number(page, numbered)
        };
        page.heading(&before, &heading.text);
        let points = page.points(heading, keywords);
        page.note(english, german, &points);
    }
    if list.is_empty() {
        let whole = Heading::default();
        let keywords = page.keywords_of(&[&whole]).concat();
        let points = page.points(&whole, &keywords);
        page.note(english, german, &points);
    }
}

fn unnumbered(_: &Page<'_>, _: usize) -> String {
    String::new()
}

/// A section that the structure always has, where there are words for its heading.
fn own(page: &mut Page<'_>, heading: (&'static str, &'static str), note: (&'static str, &'static str)) {
    let text = page.word(heading.0, heading.1);
    if page.heading("", text) {
        page.note(note.0, note.1, &[]);
    }
}

/// Where readers can go on.
fn related(page: &mut Page<'_>) {
    let brief = page.brief;
    let links: Vec<_> = brief
        .hub
        .iter()
        .chain(&brief.supporting)
        .filter(|to| to.path.is_some())
        .cloned()
        .collect();
    if !links.is_empty() {
        page.heading("", page.word("Read on", "Weiterlesen"));
        page.links(&links);
    }
}

fn contact(page: &mut Page<'_>) {
    if let Some(to) = page.brief.contact.clone().filter(|to| to.path.is_some()) {
        let word = match page.word("Get in touch:", "Kontakt aufnehmen:") {
            "" => String::new(),
            word => format!("**{word}** "),
        };
        page.say(&format!("{word}{}", link(&to)));
    }
}

fn article(page: &mut Page<'_>) {
    about(
        page,
        "This article is about the subject",
        "In diesem Artikel geht es um das Thema",
    );
    sections(
        page,
        "Explain this to somebody who reads about it for the first time. Give the source of every number.",
        "So erklären, dass es versteht, wer zum ersten Mal davon liest. Zu jeder Zahl die Quelle nennen.",
        unnumbered,
    );
    own(
        page,
        ("In short", "Kurz gesagt"),
        (
            "Sum up in two or three sentences what a reader should remember.",
            "In zwei, drei Sätzen zusammenfassen, was hängen bleiben soll.",
        ),
    );
    related(page);
}

fn guide(page: &mut Page<'_>) {
    about(
        page,
        "This guide leads step by step through",
        "Diese Anleitung führt Schritt für Schritt durch das Thema",
    );
    own(
        page,
        ("What you need", "Was Sie brauchen"),
        (
            "List tools, materials, time and previous knowledge.",
            "Werkzeug, Material, Zeit und Vorkenntnisse auflisten.",
        ),
    );
    sections(
        page,
        "Say what to do, in what order, and how to tell that it worked.",
        "Sagen, was in welcher Reihenfolge zu tun ist und woran man erkennt, dass es geklappt hat.",
        |page, n| match page.word("Step", "Schritt") {
            "" => format!("{n}. "),
            word => format!("{word} {n}: "),
        },
    );
    own(
        page,
        ("When something goes wrong", "Wenn etwas nicht klappt"),
        (
            "Name the mistakes you have seen and how to mend them.",
            "Fehler nennen, die Sie selbst gesehen haben, und wie man sie behebt.",
        ),
    );
    related(page);
}

/// What is compared: the two sides of "a vs b" in title or keyword, else the outline's headings.
fn options(page: &Page<'_>) -> Vec<String> {
    let texts = [Some(page.topic()), Some(plain(&page.brief.title))];
    for text in texts.into_iter().flatten() {
        let lower = text.to_lowercase();
        for between in [" vs. ", " vs ", " versus ", " oder ", " or "] {
            let parts: Vec<&str> = lower.split(between).collect();
            if parts.len() > 1 && lower.len() == text.len() {
                let mut at = 0;
                return parts
                    .iter()
                    .map(|part| {
                        let cased = text.get(at..at + part.len()).unwrap_or(part).trim().to_owned();
                        at += part.len() + between.len();
                        cased
                    })
                    .filter(|part| !part.is_empty())
                    .take(6)
                    .collect();
            }
        }
    }
    page.sections()
        .iter()
        .map(|heading| plain(&heading.text))
        .take(6)
        .collect()
}

fn comparison(page: &mut Page<'_>) {
    about(
        page,
        "This comparison puts side by side:",
        "Dieser Vergleich stellt gegenüber:",
    );
    let options = options(page);
    let mut criteria: Vec<String> = page
        .sections()
        .iter()
        .flat_map(|h| h.points.iter().map(|p| plain(p)))
        .collect();
    criteria.extend(page.sections().iter().map(|h| plain(&h.text)));
    criteria.retain(|text| !text.is_empty() && !options.contains(text));
    criteria.truncate(8);
    if criteria.is_empty() {
        criteria.push("…".to_owned());
    }
    if !options.is_empty() {
        let mut head = vec![page.word("Criterion", "Kriterium").to_owned()];
        head.extend(options.iter().map(|text| inline(text)));
        let rows: Vec<Vec<String>> = criteria
            .iter()
            .map(|text| {
                std::iter::once(inline(text))
                    .chain(options.iter().map(|_| "–".to_owned()))
                    .collect()
            })
            .collect();
        page.table(&head, &rows);
        page.note(
            "Fill in the table with what you have measured or can prove.",
            "Die Tabelle mit dem füllen, was Sie gemessen haben oder belegen können.",
            &[],
        );
    }
    sections(
        page,
        "Compare the options in this respect, with their strengths and weaknesses.",
        "Die Möglichkeiten in dieser Hinsicht vergleichen, mit Stärken und Schwächen.",
        unnumbered,
    );
    own(
        page,
        ("Which one for whom", "Was passt zu wem"),
        (
            "Say for whom each option is the better one.",
            "Sagen, für wen welche Möglichkeit die bessere ist.",
        ),
    );
    related(page);
}

fn facts(page: &mut Page<'_>) {
    let entity = &page.brief.entity;
    let price = entity.price.as_ref().map(|price| {
        let currency = entity.currency.as_deref().unwrap_or_default();
        format!("{price} {currency}").trim().to_owned()
    });
    let known = [
        (page.word("Brand", "Marke"), entity.brand.clone()),
        ("SKU", entity.sku.clone()),
        (page.word("Price", "Preis"), price),
        (page.word("Availability", "Verfügbarkeit"), entity.availability.clone()),
        (page.word("Area", "Gebiet"), entity.area.clone()),
        (page.word("Price range", "Preisspanne"), entity.price_range.clone()),
    ];
    let own = known
        .into_iter()
        .filter_map(|(name, value)| Some(vec![name.to_owned(), inline(&value?)]));
    let more = page
        .brief
        .attributes
        .iter()
        .map(|(name, value)| vec![inline(name), inline(value)]);
    let rows: Vec<Vec<String>> = own.chain(more).collect();
    if rows.is_empty() {
        page.note(
            "Enter the product's or service's data.",
            "Die Daten des Produkts oder der Leistung eintragen.",
            &[],
        );
    } else {
        let head = [
            page.word("Property", "Eigenschaft").to_owned(),
            page.word("Value", "Wert").to_owned(),
        ];
        page.table(&head, &rows);
    }
}

fn review(page: &mut Page<'_>) {
    about(page, "This review looks at", "Dieser Test betrachtet");
    facts(page);
    sections(
        page,
        "Say how you tested this, what you found, and how you rate it.",
        "Sagen, wie Sie das geprüft haben, was dabei herauskam und wie Sie es bewerten.",
        unnumbered,
    );
    own(
        page,
        ("Pros", "Vorteile"),
        (
            "List what you found good in use.",
            "Auflisten, was sich im Gebrauch bewährt hat.",
        ),
    );
    own(
        page,
        ("Cons", "Nachteile"),
        (
            "List what you found wanting.",
            "Auflisten, was gefehlt oder gestört hat.",
        ),
    );
    own(
        page,
        ("Verdict", "Fazit"),
        (
            "Say for whom it is worth its price, and for whom not.",
            "Sagen, für wen es den Preis wert ist und für wen nicht.",
        ),
    );
    related(page);
}

fn listicle(page: &mut Page<'_>) {
    about(page, "This list collects", "Diese Liste sammelt");
    page.note(
        "Say how the entries were chosen.",
        "Sagen, wie die Einträge ausgewählt wurden.",
        &[],
    );
    sections(
        page,
        "Say what it is, for whom it is, and why it is on the list.",
        "Sagen, was es ist, für wen es ist und warum es auf der Liste steht.",
        |_, n| format!("{n}. "),
    );
    related(page);
}

fn landing(page: &mut Page<'_>) {
    let title = inline(&page.brief.title);
    page.say(&format!("**{title}**"));
    page.note(
        "State the promise in one sentence that you can keep.",
        "Das Versprechen in einem Satz nennen, den Sie halten können.",
        &[],
    );
    contact(page);
    sections(
        page,
        "Say what the customer gains by this.",
        "Sagen, was der Kunde davon hat.",
        unnumbered,
    );
    own(
        page,
        ("What customers say", "Was Kunden sagen"),
        (
            "Quote real customers, with their consent.",
            "Echte Kunden zitieren, mit deren Einverständnis.",
        ),
    );
    offers(page);
    contact(page);
}

fn offers(page: &mut Page<'_>) {
    let offers = page.brief.offers.clone();
    if !offers.is_empty() {
        page.heading("", page.word("What we offer", "Unser Angebot"));
        page.links(&offers);
    }
}

fn business(page: &mut Page<'_>) {
    page.say(&inline(&page.brief.about));
    if page.brief.about.trim().is_empty() {
        page.note(
            "Say in two sentences who you are.",
            "In zwei Sätzen sagen, wer Sie sind.",
            &[],
        );
    }
    offers(page);
    sections(
        page,
        "Say what a customer wants to know about this.",
        "Sagen, was Kunden darüber wissen wollen.",
        unnumbered,
    );
    own(
        page,
        ("Who we are", "Wer wir sind"),
        (
            "Tell your story and introduce the people.",
            "Ihre Geschichte erzählen und die Menschen vorstellen.",
        ),
    );
    contact(page);
}

fn service(page: &mut Page<'_>) {
    about(
        page,
        "This page is about the service",
        "Auf dieser Seite geht es um die Leistung",
    );
    facts(page);
    sections(
        page,
        "Say what is included and what the customer has to do.",
        "Sagen, was enthalten ist und was der Kunde tun muss.",
        unnumbered,
    );
    own(
        page,
        ("How it works", "So läuft es ab"),
        (
            "Describe the steps from the first call to the end.",
            "Die Schritte vom ersten Anruf bis zum Abschluss beschreiben.",
        ),
    );
    if page.brief.entity.price_range.is_none() {
        own(
            page,
            ("What it costs", "Was es kostet"),
            ("Say what the price depends on.", "Sagen, wovon der Preis abhängt."),
        );
    }
    related(page);
    contact(page);
}

fn general(page: &mut Page<'_>) {
    page.say(&inline(&page.brief.about));
    sections(page, "Write this section.", "Diesen Abschnitt schreiben.", unnumbered);
    contact(page);
}

fn hub(page: &mut Page<'_>) {
    about(
        page,
        "This page is the overview of",
        "Diese Seite gibt den Überblick über das Thema",
    );
    let supporting = page.brief.supporting.clone();
    if !supporting.is_empty() {
        page.heading("", page.word("All parts of the subject", "Alle Teile des Themas"));
        page.links(&supporting);
    }
    sections(
        page,
        "Introduce this part in a paragraph and lead to its page.",
        "Diesen Teil in einem Absatz vorstellen und auf seine Seite führen.",
        unnumbered,
    );
}

fn product(page: &mut Page<'_>) {
    about(
        page,
        "This page is about the product",
        "Auf dieser Seite geht es um das Produkt",
    );
    page.note(
        "Say what it is for and what sets it apart.",
        "Sagen, wofür es ist und was es auszeichnet.",
        &[],
    );
    page.heading("", page.word("Properties", "Eigenschaften"));
    facts(page);
    sections(
        page,
        "Describe this as it is.",
        "Dies so beschreiben, wie es ist.",
        unnumbered,
    );
    own(
        page,
        ("Delivery", "Lieferung"),
        (
            "Say how and when it is delivered.",
            "Sagen, wie und wann geliefert wird.",
        ),
    );
    related(page);
}

fn archive(page: &mut Page<'_>) {
    match page.brief.structure {
        Structure::TagArchive => about(page, "Everything tagged", "Alles mit dem Schlagwort"),
        Structure::AttributeArchive => about(page, "Everything with the property", "Alles mit der Eigenschaft"),
        _ => about(page, "Everything in the category", "Alles aus der Kategorie"),
    }
    let points: Vec<String> = page.sections().iter().map(|heading| heading.text.clone()).collect();
    page.note(
        "Say in one or two sentences how to choose.",
        "In ein, zwei Sätzen sagen, wie man auswählt.",
        &points,
    );
}
