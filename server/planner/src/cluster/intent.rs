//! What a keyword's wording says apart from its topic: intent and modifiers.

use super::keyword::Intent;
use igny8_text::Language;

/// What kind of addition to the topic a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Modifier {
    Question,
    Compare,
    Buy,
    Visit,
    Service,
    Place,
    Attribute(&'static str),
}

const QUESTIONS: &[&str] = &[
    "how",
    "what",
    "why",
    "when",
    "where",
    "who",
    "which",
    "whose",
    "can",
    "does",
    "do",
    "is",
    "are",
    "should",
    "will",
    "guide",
    "tutorial",
    "tips",
    "ideas",
    "examples",
    "meaning",
    "definition",
    "explained",
    "diy",
    "learn",
    "causes",
    "symptoms",
    "benefits",
    "history",
    "wie",
    "was",
    "warum",
    "wann",
    "wo",
    "comment",
    "pourquoi",
    "quand",
    "quoi",
    "cómo",
    "como",
    "qué",
    "que",
    "cuándo",
    "perché",
    "cosa",
    "quando",
    "hoe",
    "wat",
    "waarom",
];
const COMPARES: &[&str] = &[
    "best",
    "top",
    "review",
    "reviews",
    "vs",
    "versus",
    "compare",
    "comparison",
    "alternative",
    "alternatives",
    "rated",
    "ranking",
    "recommended",
    "beste",
    "test",
    "vergleich",
    "meilleur",
    "meilleure",
    "avis",
    "mejor",
    "mejores",
    "opiniones",
    "migliore",
    "migliori",
    "beoordeling",
];
const BUYS: &[&str] = &[
    "buy",
    "price",
    "prices",
    "pricing",
    "cost",
    "costs",
    "cheap",
    "cheapest",
    "discount",
    "coupon",
    "deal",
    "deals",
    "sale",
    "order",
    "shop",
    "store",
    "purchase",
    "hire",
    "rent",
    "rental",
    "quote",
    "quotes",
    "book",
    "booking",
    "delivery",
    "wholesale",
    "affordable",
    "kaufen",
    "preis",
    "preise",
    "günstig",
    "acheter",
    "prix",
    "comprar",
    "precio",
    "barato",
    "comprare",
    "prezzo",
    "kopen",
    "prijs",
];
const VISITS: &[&str] = &[
    "login", "signin", "website", "homepage", "www", "com", "contact", "hours", "portal", "app",
];
const SERVICES: &[&str] = &[
    "service",
    "services",
    "repair",
    "repairs",
    "installation",
    "installer",
    "installers",
    "replacement",
    "maintenance",
    "contractor",
    "contractors",
    "company",
    "companies",
    "agency",
    "consultant",
    "consulting",
    "plumber",
    "plumbers",
    "cleaning",
    "inspection",
    "support",
    "emergency",
    "dienst",
    "reparatur",
    "réparation",
    "servicio",
    "reparación",
    "servizio",
];
const PLACES: &[&str] = &["near", "nearby", "local", "nearest"];
/// Services that are also what those who offer them are called, or a subject.
const TRADES: &[&str] = &[
    "plumber",
    "plumbers",
    "contractor",
    "contractors",
    "agency",
    "consultant",
    "consulting",
    "cleaning",
    "inspection",
];
/// Words that need to be told what they are of.
const OF_SOMETHING: &[&str] = &[
    "color", "colors", "colour", "colours", "size", "sizes", "type", "types", "farbe", "farben", "größe", "größen",
    "nähe",
];
/// Words that stand between things that are compared.
const BETWEEN: &[&str] = &["vs", "versus", "gegen"];
/// Words that are values of an attribute, with its name.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    (
        "colour",
        &[
            "black", "white", "red", "blue", "green", "yellow", "grey", "gray", "brown", "pink", "purple", "orange",
            "silver", "gold", "beige", "navy",
        ],
    ),
    (
        "size",
        &[
            "small",
            "medium",
            "large",
            "mini",
            "big",
            "xl",
            "xxl",
            "tiny",
            "compact",
            "oversized",
            "tall",
            "wide",
        ],
    ),
    (
        "material",
        &[
            "steel",
            "stainless",
            "iron",
            "plastic",
            "wood",
            "wooden",
            "leather",
            "cotton",
            "pvc",
            "copper",
            "aluminum",
            "aluminium",
            "glass",
            "ceramic",
            "wool",
            "silk",
            "brass",
            "concrete",
            "bamboo",
            "rubber",
        ],
    ),
    (
        "audience",
        &[
            "men",
            "mens",
            "women",
            "womens",
            "kids",
            "children",
            "baby",
            "boys",
            "girls",
            "beginners",
            "seniors",
        ],
    ),
    (
        "price",
        &["cheap", "affordable", "luxury", "budget", "premium", "free", "discount"],
    ),
    ("condition", &["new", "used", "refurbished", "vintage", "second-hand"]),
    (
        "type",
        &[
            "automatic",
            "manual",
            "electric",
            "portable",
            "wireless",
            "solar",
            "digital",
            "submersible",
            "cordless",
        ],
    ),
];
const UNITS: &[&str] = &[
    "hp", "v", "volt", "volts", "watt", "watts", "w", "kw", "inch", "inches", "in", "cm", "mm", "m", "ft", "feet",
    "kg", "g", "lb", "lbs", "oz", "l", "ml", "gallon", "gallons", "gph", "gpm", "gb", "tb", "amp", "amps", "psi",
];

/// What kind of modifier a word is, if any.
pub(crate) fn modifier(word: &str) -> Option<Modifier> {
    let has = |list: &[&str]| list.contains(&word);
    if has(PLACES) {
        Some(Modifier::Place)
    } else if has(COMPARES) {
        Some(Modifier::Compare)
    } else if has(BUYS) {
        Some(Modifier::Buy)
    } else if has(SERVICES) {
        Some(Modifier::Service)
    } else if has(VISITS) {
        Some(Modifier::Visit)
    } else if has(QUESTIONS) {
        Some(Modifier::Question)
    } else {
        attribute_name(word).map(Modifier::Attribute)
    }
}

/// Whether a word only says what is wished of a thing, or names a property of it: no name has only such words.
pub(crate) fn only_adds(word: &str) -> bool {
    match modifier(word) {
        None | Some(Modifier::Attribute(_)) => OF_SOMETHING.contains(&word),
        Some(Modifier::Service) => !TRADES.contains(&word),
        Some(_) => true,
    }
}

/// Whether a word stands between things that are compared.
pub(crate) fn compares(word: &str) -> bool {
    BETWEEN.contains(&word)
}

fn attribute_name(word: &str) -> Option<&'static str> {
    ATTRIBUTES
        .iter()
        .find(|(_, values)| values.contains(&word))
        .map(|(name, _)| *name)
}

/// Intent as far as the wording shows it; most keywords show none.
pub(crate) fn read(words: &[String]) -> Option<Intent> {
    let kinds: Vec<Modifier> = words.iter().filter_map(|w| modifier(w)).collect();
    let has = |kind: Modifier| kinds.contains(&kind);
    // "how much does it cost" asks; "best price" compares; the first kind that says more wins.
    let asks = words.first().is_some_and(|w| modifier(w) == Some(Modifier::Question));
    if asks {
        Some(Intent::Informational)
    } else if has(Modifier::Compare) {
        Some(Intent::Commercial)
    } else if has(Modifier::Buy) || has(Modifier::Place) {
        Some(Intent::Transactional)
    } else if has(Modifier::Visit) {
        Some(Intent::Navigational)
    } else if has(Modifier::Question) {
        Some(Intent::Informational)
    } else if has(Modifier::Service) {
        Some(Intent::Commercial)
    } else {
        None
    }
}

/// The attribute values a keyword names: `("colour", "black")`, `("size", "1/2 hp")`.
pub(crate) fn attributes(words: &[String]) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    for (i, word) in words.iter().enumerate() {
        // A word may be a value and something else besides: "cheap" is a price as well as a wish to buy.
        if let Some(name) = attribute_name(word) {
            out.push((name, word.clone()));
        }
        let number = word.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ',');
        if number && let Some(unit) = words.get(i + 1).filter(|w| UNITS.contains(&w.as_str())) {
            out.push(("size", format!("{word} {unit}")));
        } else if number && word.len() == 4 && (word.starts_with("19") || word.starts_with("20")) {
            out.push(("year", word.clone()));
        } else if !number
            && let Some(split) = word.find(|c: char| !c.is_ascii_digit())
            && split > 0
            && UNITS.contains(&&word[split..])
        {
            out.push(("size", format!("{} {}", &word[..split], &word[split..])));
        }
    }
    out
}

/// Whether a word says how something is asked for rather than what, in any language: never a name by itself.
pub(crate) fn is_frame(word: &str) -> bool {
    FRAMES.iter().any(|(_, words)| words.contains(&word))
}

/// Whether it says so in a list of this language: "los" does not in "los angeles plumber", nor "die" in "die cutting machine".
/// Lists of every language have English in them.
pub(crate) fn is_frame_in(word: &str, language: Language) -> bool {
    FRAMES
        .iter()
        .filter(|(of, _)| *of == language || *of == Language::English)
        .any(|(_, words)| words.contains(&word))
}

/// Whether a word of grammar may be what a name is about: "no code website builder", "all terrain tires".
pub(crate) fn may_name(word: &str) -> bool {
    ["all", "more", "no", "not", "up"].contains(&word)
}

/// Words of questions, requests and grammar in the languages keyword lists mostly come in.
const FRAMES: &[(Language, &[&str])] = &[
    (
        Language::English,
        &[
            "a", "about", "all", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can",
            "could", "did", "do", "does", "for", "from", "get", "give", "had", "has", "have", "how", "i", "i'd", "i'm",
            "i've", "if", "in", "into", "is", "isn't", "it", "just", "know", "let", "like", "many", "me", "more",
            "much", "my", "need", "no", "not", "of", "on", "or", "our", "please", "should", "so", "some", "tell",
            "that", "the", "their", "them", "there", "they", "this", "to", "up", "want", "was", "we", "were", "what",
            "what's", "when", "where", "which", "who", "why", "will", "with", "would", "you", "your",
        ],
    ),
    (
        Language::German,
        &[
            "der", "die", "das", "ein", "eine", "und", "oder", "ist", "für", "mit", "von", "zu", "im", "den", "dem",
            "wie", "was",
        ],
    ),
    (
        Language::French,
        &[
            "le", "la", "les", "un", "une", "de", "des", "du", "et", "ou", "est", "pour", "avec", "en",
        ],
    ),
    (
        Language::Spanish,
        &[
            "el", "la", "los", "las", "una", "un", "y", "o", "es", "para", "con", "por", "de", "en",
        ],
    ),
    (
        Language::Italian,
        &[
            "il", "lo", "la", "le", "gli", "e", "di", "per", "che", "con", "un", "una",
        ],
    ),
    (Language::Dutch, &["het", "een", "van", "voor", "met", "de", "en"]),
    (
        Language::Portuguese,
        &[
            "o", "a", "os", "as", "um", "uma", "e", "de", "do", "da", "em", "para", "por", "com", "que",
        ],
    ),
    (
        Language::Turkish,
        &[
            "ve", "bir", "ile", "için", "mi", "mı", "ne", "nasıl", "nedir", "hangi", "kaç",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn intent_is_read_from_the_wording() {
        for (text, intent) in [
            ("how much does a sump pump cost", Some(Intent::Informational)),
            ("best sump pump", Some(Intent::Commercial)),
            ("buy sump pump", Some(Intent::Transactional)),
            ("plumber near me", Some(Intent::Transactional)),
            ("zoeller website", Some(Intent::Navigational)),
            ("sump pump", None),
        ] {
            assert_eq!(read(&words(text)), intent, "{text}");
        }
    }

    #[test]
    fn attributes_are_named_values() {
        assert_eq!(
            attributes(&words("black leather boots")),
            [("colour", "black".into()), ("material", "leather".into())]
        );
        assert_eq!(attributes(&words("pump 2 hp")), [("size", "2 hp".into())]);
        assert_eq!(
            attributes(&words("12v pump 2024")),
            [("size", "12 v".into()), ("year", "2024".into())]
        );
    }
}
