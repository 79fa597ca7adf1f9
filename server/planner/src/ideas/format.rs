//! What kind of page a keyword's wording asks for, and which type and structure that is on which site.

use crate::cluster::intent::{self, Modifier};
use crate::cluster::{ContextType, Intent};

use super::{ContentType, SiteKind, Structure};

/// What a page does for its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Format {
    /// Explains something.
    Inform,
    /// Says how something is done.
    Guide,
    /// Lists the best, or kinds, examples, ideas.
    List,
    /// Compares two or more named things.
    Versus,
    /// Judges one thing.
    Review,
    /// Says what something costs.
    Price,
    /// Sells.
    Buy,
    /// Offers a service, here or somewhere.
    Service,
    /// Is a place to reach: log-in, contact, opening hours.
    Visit,
    /// Shows things with one property.
    Attribute,
}

/// What a searcher is about to do: pages of different wishes are different pages, even for the same words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Wish {
    Know,
    Consider,
    Act,
}

const LISTS: &[&str] = &[
    "best",
    "top",
    "rated",
    "recommended",
    "alternative",
    "alternatives",
    "ideas",
    "examples",
    "tips",
    "types",
    "kinds",
    "list",
    "ranking",
    "beste",
    "besten",
    "meilleur",
    "meilleure",
    "meilleurs",
    "meilleures",
    "mejor",
    "mejores",
    "migliore",
    "migliori",
    "ideen",
    "idées",
    "tipps",
];
const VERSUS: &[&str] = &[
    "vs",
    "versus",
    "compare",
    "compared",
    "comparison",
    "difference",
    "differences",
    "vergleich",
    "unterschied",
    "comparatif",
    "comparativa",
    "diferencia",
    "differenza",
    "verschil",
    "gegen",
];
const REVIEWS: &[&str] = &[
    "review",
    "reviews",
    "test",
    "testbericht",
    "avis",
    "opiniones",
    "recensione",
    "recensioni",
    "beoordeling",
    "erfahrungen",
];
const GUIDES: &[&str] = &[
    "guide",
    "tutorial",
    "diy",
    "learn",
    "instructions",
    "recipe",
    "recipes",
    "steps",
    "checklist",
    "setup",
    "anleitung",
    "rezept",
    "recette",
    "receta",
    "ricetta",
    "recept",
    "plan",
    "plans",
];
const PRICES: &[&str] = &[
    "price", "prices", "pricing", "cost", "costs", "quote", "quotes", "preis", "preise", "kosten", "prix", "coût",
    "precio", "precios", "prezzo", "prezzi", "prijs",
];
/// Words that a question about how something is done begins with.
const HOWS: &[&str] = &["how", "wie", "comment", "cómo", "como", "come", "hoe"];
/// Words that questions begin with.
const QUESTIONS: &[&str] = &[
    "how", "what", "why", "when", "where", "who", "which", "whose", "can", "could", "does", "do", "did", "is", "are",
    "should", "will", "would", "wie", "was", "warum", "wann", "wo", "wer", "welche", "welcher", "welches", "kann",
    "ist", "sind", "comment", "pourquoi", "quand", "quoi", "quel", "quelle", "combien", "cómo", "qué", "cuándo",
    "cuánto", "perché", "cosa", "quanto", "hoe", "wat", "waarom", "wanneer",
];
/// Questions of this kind are about an amount and answered in a sentence, not about how something is done.
const AMOUNTS: &[&str] = &[
    "long", "much", "many", "often", "big", "old", "far", "viel", "lange", "oft", "groß",
];

/// Words that only say that something is to be explained.
const EXPLAINS: &[&str] = &[
    "guide",
    "tutorial",
    "explained",
    "instructions",
    "anleitung",
    "meaning",
    "definition",
];

/// Whether a word says what is wished rather than what it is about.
pub(super) fn is_wish(word: &str) -> bool {
    [LISTS, VERSUS, REVIEWS, PRICES, QUESTIONS, EXPLAINS]
        .iter()
        .any(|list| list.contains(&word))
}

/// Whether the words are a question.
pub(super) fn is_question(words: &[String]) -> bool {
    words.len() > 1 && words.first().is_some_and(|word| QUESTIONS.contains(&word.as_str()))
}

/// The format that a keyword's words ask for; a known intent decides where they ask for nothing.
pub(super) fn of(words: &[String], intent: Option<Intent>) -> Format {
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let kinds: Vec<Modifier> = words.iter().filter_map(|word| intent::modifier(word)).collect();
    if has(VERSUS) {
        return Format::Versus;
    }
    if is_question(words) {
        let amount = words.get(1).is_some_and(|word| AMOUNTS.contains(&word.as_str()));
        return match HOWS.contains(&words[0].as_str()) && !amount {
            true => Format::Guide,
            false if has(PRICES) => Format::Price,
            false => Format::Inform,
        };
    }
    if has(REVIEWS) {
        Format::Review
    } else if has(LISTS) {
        Format::List
    } else if has(GUIDES) {
        Format::Guide
    } else if has(PRICES) {
        Format::Price
    } else if kinds.contains(&Modifier::Service) || kinds.contains(&Modifier::Place) {
        Format::Service
    } else if kinds.contains(&Modifier::Buy) {
        Format::Buy
    } else if kinds.contains(&Modifier::Visit) {
        Format::Visit
    } else {
        match intent {
            Some(Intent::Transactional) => Format::Buy,
            Some(Intent::Navigational) => Format::Visit,
            Some(Intent::Commercial | Intent::Informational) | None => Format::Inform,
        }
    }
}

impl Format {
    pub(super) fn wish(self) -> Wish {
        match self {
            Format::Inform | Format::Guide | Format::Visit | Format::Attribute => Wish::Know,
            Format::List | Format::Versus | Format::Review => Wish::Consider,
            Format::Price | Format::Buy | Format::Service => Wish::Act,
        }
    }

    /// The type and structure of a supporting page.
    pub(super) fn page(self, site: SiteKind, context: ContextType, keywords: usize) -> (ContentType, Structure) {
        use ContentType::{Page, Post, Product, Service, Taxonomy};
        use SiteKind::{Blog, Company, Ecommerce};
        match (self, site) {
            (Format::Guide, _) => (Post, Structure::Guide),
            (Format::List, _) => (Post, Structure::Listicle),
            (Format::Versus, _) => (Post, Structure::Comparison),
            (Format::Review, _) => (Post, Structure::Review),
            (Format::Attribute, Ecommerce) => (Taxonomy, Structure::AttributeArchive),
            (Format::Inform | Format::Attribute, _) => (Post, Structure::Article),
            (Format::Price, Blog | Ecommerce) => (Post, Structure::Guide),
            (Format::Price, Company) if context == ContextType::ServiceLine => (Service, Structure::ServicePage),
            (Format::Price, Company) => (Page, Structure::BusinessPage),
            (Format::Buy, Blog) => (Page, Structure::LandingPage),
            // One phrase names one product; several name a range of them.
            (Format::Buy, Ecommerce) if keywords == 1 => (Product, Structure::ProductPage),
            (Format::Buy, Ecommerce) => (Taxonomy, Structure::CategoryArchive),
            (Format::Buy, Company) => (Page, Structure::LandingPage),
            (Format::Service, Blog) => (Post, Structure::Article),
            (Format::Service, Ecommerce) => (Page, Structure::LandingPage),
            (Format::Service, Company) => (Service, Structure::ServicePage),
            (Format::Visit, Company) => (Page, Structure::BusinessPage),
            (Format::Visit, Blog | Ecommerce) => (Page, Structure::General),
        }
    }
}

/// The type and structure of a hub page.
pub(super) fn hub(site: SiteKind, context: ContextType, sells: bool) -> (ContentType, Structure) {
    use ContentType::{Page, Service, Taxonomy};
    match (site, context) {
        (SiteKind::Ecommerce, ContextType::Attribute) => (Taxonomy, Structure::AttributeArchive),
        (SiteKind::Blog, ContextType::Attribute) => (Taxonomy, Structure::TagArchive),
        (SiteKind::Ecommerce, _) if sells => (Taxonomy, Structure::CategoryArchive),
        (SiteKind::Company, ContextType::ServiceLine) => (Service, Structure::ServicePage),
        _ => (Page, Structure::ClusterHub),
    }
}

/// The type and structure of a page that would be the text of a term's archive, if that had none already.
pub fn beside_archive(hub: bool) -> (ContentType, Structure) {
    match hub {
        true => (ContentType::Page, Structure::ClusterHub),
        false => (ContentType::Page, Structure::LandingPage),
    }
}

impl Structure {
    /// Words of a page that covers one keyword, words for each further one, and the most.
    fn lengths(self) -> (u32, u32, u32) {
        match self {
            Structure::ClusterHub => (1500, 100, 4000),
            Structure::Guide => (1100, 100, 3000),
            Structure::Comparison | Structure::Listicle => (1000, 100, 3000),
            Structure::Review => (900, 80, 2500),
            Structure::Article => (800, 80, 2500),
            Structure::ServicePage => (700, 60, 1500),
            Structure::LandingPage | Structure::BusinessPage | Structure::General => (500, 50, 1200),
            Structure::ProductPage => (350, 30, 800),
            Structure::CategoryArchive | Structure::AttributeArchive | Structure::TagArchive => (250, 25, 600),
        }
    }

    /// Words a page should have that covers this many further things, in steps of 50.
    pub fn words(self, further: usize) -> u32 {
        let (base, each, most) = self.lengths();
        let further = u32::try_from(further).unwrap_or(u32::MAX);
        let words = base.saturating_add(each.saturating_mul(further)).min(most);
        words.div_ceil(50) * 50
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn wording_asks_for_formats() {
        for (text, intent, format) in [
            ("cold brew", None, Format::Inform),
            ("how to make cold brew", None, Format::Guide),
            ("how long does cold brew last", None, Format::Inform),
            ("how much does a boiler cost", None, Format::Price),
            ("cold brew recipe", None, Format::Guide),
            ("best cold brew maker", None, Format::List),
            ("cold brew vs iced coffee", None, Format::Versus),
            ("what is the difference between a and b", None, Format::Versus),
            ("hario mizudashi review", None, Format::Review),
            ("boiler price", None, Format::Price),
            ("buy cold brew maker", None, Format::Buy),
            ("boiler repair near me", None, Format::Service),
            ("hario login", None, Format::Visit),
            ("hario mizudashi", Some(Intent::Transactional), Format::Buy),
            ("hario", Some(Intent::Navigational), Format::Visit),
            ("how to buy", Some(Intent::Transactional), Format::Guide),
            ("what", None, Format::Inform),
        ] {
            assert_eq!(of(&words(text), intent), format, "{text}");
        }
    }

    #[test]
    fn every_structure_has_its_place() {
        use Structure as S;
        let formats = [
            Format::Inform,
            Format::Guide,
            Format::List,
            Format::Versus,
            Format::Review,
            Format::Price,
            Format::Buy,
            Format::Service,
            Format::Visit,
            Format::Attribute,
        ];
        let contexts = [ContextType::Topic, ContextType::Attribute, ContextType::ServiceLine];
        let mut reached: Vec<S> = Vec::new();
        for site in [SiteKind::Blog, SiteKind::Ecommerce, SiteKind::Company] {
            for context in contexts {
                for sells in [false, true] {
                    reached.push(hub(site, context, sells).1);
                }
                for format in formats {
                    reached.extend([1, 2].map(|n| format.page(site, context, n).1));
                }
            }
        }
        for structure in [
            S::Article,
            S::Guide,
            S::Comparison,
            S::Review,
            S::Listicle,
            S::LandingPage,
            S::BusinessPage,
            S::ServicePage,
            S::General,
            S::ClusterHub,
            S::ProductPage,
            S::CategoryArchive,
            S::TagArchive,
            S::AttributeArchive,
        ] {
            assert!(reached.contains(&structure), "{structure:?}");
            assert_eq!(structure.words(3) % 50, 0);
            assert!(structure.words(usize::MAX) <= 4000);
        }
    }
}
