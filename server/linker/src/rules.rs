//! What makes a link good enough to put in: where, how many, and with which words.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::page::Page;
use crate::terms::Analyzer;

/// The rules that [`crate::Linker::apply`] and suggestions keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    /// Words of a body for each internal link it may have.
    pub words_per_link: usize,
    /// Links that a paragraph may have.
    pub per_paragraph: usize,
    /// Sentences without a link between two with one.
    pub sentences_between: usize,
    /// Words an anchor has at least, unless it is a name.
    pub shortest_anchor: usize,
    /// Words an anchor has at most.
    pub longest_anchor: usize,
    /// Characters an anchor has at most.
    pub anchor_chars: usize,
    /// Language tag of the body.
    pub language: String,
    /// Path of the page that the body is of.
    pub path: String,
    /// Keywords the page itself is to be found by; never an anchor to another page.
    pub own_keyphrases: Vec<String>,
    /// Paths that are never linked to.
    pub do_not_link: Vec<String>,
    /// Addresses that the page leads to beside the body, and need not be linked to again.
    pub linked: Vec<String>,
    /// Names under which the site is reached, for links that are written out.
    pub hosts: Vec<String>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            words_per_link: 100,
            per_paragraph: 2,
            sentences_between: 1,
            shortest_anchor: 2,
            longest_anchor: 6,
            anchor_chars: 60,
            language: "en".to_owned(),
            path: String::new(),
            own_keyphrases: Vec::new(),
            do_not_link: Vec::new(),
            linked: Vec::new(),
            hosts: Vec::new(),
        }
    }
}

impl Rules {
    /// These rules for the body of one page.
    pub fn of(&self, page: &Page) -> Self {
        let own = page.primary_keyword.iter().cloned();
        Self {
            language: page.language.clone(),
            path: page.path.clone(),
            own_keyphrases: self.own_keyphrases.iter().cloned().chain(own).collect(),
            linked: self.linked.iter().cloned().chain(page.linked_beside()).collect(),
            ..self.clone()
        }
    }
}

/// Why a link was not put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The body links to the target already.
    AlreadyLinked,
    /// The target is the page itself.
    OwnPage,
    /// The target is on the list of what is never linked to.
    DoNotLink,
    /// The address is none that a link may have.
    BadAddress,
    /// The body has as many links as its length allows.
    TooMany,
    /// The text does not have the anchor where a link may be.
    NotFound,
    /// Its sentence has a link, or the next to it has.
    Crowded,
    /// Its paragraph has as many links as it may.
    ParagraphFull,
    /// The anchor is cut out of a word or goes over the end of a sentence.
    NotWords,
    /// Too few or too many words or characters.
    AnchorLength,
    /// The anchor begins or ends with a word that says nothing.
    StopWordEdge,
    /// The anchor says nothing about where it leads.
    Generic,
    /// The anchor is what the page itself is to be found by.
    OwnKeyphrase,
    /// Links with this anchor lead to another page of the site.
    Competing,
    /// Too many of the links to the page have this anchor.
    Monotonous,
    /// The source would read differently with the link in it.
    WouldChangeText,
}

impl Refusal {
    /// What is wrong and what to do about it, in a sentence or two for a person.
    pub fn message(self) -> &'static str {
        match self {
            Self::AlreadyLinked => "The text links to this page already.",
            Self::OwnPage => "A page does not link to itself: choose another page.",
            Self::DoNotLink => "This page is on the list of pages that are not linked to: choose another one.",
            Self::BadAddress => "This address cannot be linked to: give the path of a page.",
            Self::TooMany => "The text has as many internal links as its length allows: take one out, or write more.",
            Self::NotFound => {
                "The anchor is not in the text where a link may be: choose words of a paragraph or list, outside of links and code."
            }
            Self::Crowded => {
                "This sentence or the one beside it has a link already: choose words further away, or take that link out."
            }
            Self::ParagraphFull => {
                "This paragraph has as many links as it may: choose words of another one, or take a link out."
            }
            Self::NotWords => "An anchor is made of whole words of one sentence: begin and end it with a word.",
            Self::AnchorLength => {
                "An anchor has two to six words, or is a name, and at most sixty characters: choose such words."
            }
            Self::StopWordEdge => {
                "An anchor does not begin or end with a word such as \"the\" or \"of\": leave it out."
            }
            Self::Generic => "The anchor says nothing about the page it leads to: choose words that say what is there.",
            Self::OwnKeyphrase => {
                "The anchor is a keyword of this page, which would compete with the other: choose other words."
            }
            Self::Competing => {
                "Links with these words lead to another page of the site, and the two would compete for them: choose other words, \
                 or take those links out first."
            }
            Self::Monotonous => {
                "Too many of the links to this page have these words: choose other words of the text that say what is there."
            }
            Self::WouldChangeText => {
                "A link at this place would change how the text reads: choose other words, or another place."
            }
        }
    }
}

/// [`Rules`] about anchors, ready to be asked often.
pub(crate) struct AnchorCheck<'a> {
    rules: &'a Rules,
    stop_words: &'static HashSet<String>,
    analyzer: Analyzer,
    own: Vec<Vec<u64>>,
}

impl<'a> AnchorCheck<'a> {
    pub(crate) fn new(rules: &'a Rules) -> Self {
        let mut analyzer = Analyzer::new(&rules.language);
        let own = rules.own_keyphrases.iter().map(|k| sorted(analyzer.content(k)));
        Self {
            rules,
            stop_words: igny8_text::index::stop_words(&rules.language),
            own: own.filter(|k| !k.is_empty()).collect(),
            analyzer,
        }
    }

    pub(crate) fn rules(&self) -> &'a Rules {
        self.rules
    }

    /// Whether these words may be an anchor; `starts_sentence` where they come first.
    pub(crate) fn check(&mut self, anchor: &str, starts_sentence: bool) -> Result<(), Refusal> {
        let rules = self.rules;
        if anchor.chars().count() > rules.anchor_chars {
            return Err(Refusal::AnchorLength);
        }
        let words: Vec<&str> = igny8_text::index::tokens(anchor).map(|(_, word)| word).collect();
        let count = count(&words);
        let name = words.len() == 1 && is_name(words[0], starts_sentence, &rules.language);
        if count > rules.longest_anchor || (count < rules.shortest_anchor && !name) {
            return Err(Refusal::AnchorLength);
        }
        let stops = |word: Option<&&str>| {
            word.is_none_or(|w| self.stop_words.contains(igny8_text::index::fold_word(w).as_ref()))
        };
        if stops(words.first()) || stops(words.last()) {
            return Err(Refusal::StopWordEdge);
        }
        if is_generic(anchor) {
            return Err(Refusal::Generic);
        }
        if !self.own.is_empty() && self.own.contains(&sorted(self.analyzer.content(anchor))) {
            return Err(Refusal::OwnKeyphrase);
        }
        Ok(())
    }
}

/// Words as far as length goes: scripts without spaces come character by character, of which two make about a word.
pub(crate) fn count(words: &[&str]) -> usize {
    let small = words.iter().filter(|w| w.chars().all(is_spaceless)).count();
    words.len() - small + small.div_ceil(2)
}

fn is_spaceless(c: char) -> bool {
    matches!(c, '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// A proper noun by the way it is written. German writes every noun with a capital, so there it takes more.
fn is_name(word: &str, starts_sentence: bool, language: &str) -> bool {
    let mut chars = word.chars();
    let first = chars.next().is_some_and(char::is_uppercase);
    let rest = chars.clone().any(char::is_uppercase)
        || (word.chars().any(char::is_alphabetic) && word.chars().any(char::is_numeric));
    let capital_tells = !starts_sentence && crate::page::primary(language) != "de";
    word.chars().count() > 1 && (rest || (first && capital_tells))
}

/// The stems of a wording, whatever their order and number.
pub(crate) fn sorted(mut stems: Vec<u64>) -> Vec<u64> {
    stems.sort_unstable();
    stems.dedup();
    stems
}

/// What two anchors have in common that say the same words in any order or number; 0 for one without words.
pub(crate) fn anchor_key(anchor: &str, analyzer: &mut Analyzer) -> u64 {
    key_of(analyzer.content(anchor))
}

/// [`anchor_key`] of stems.
pub(crate) fn key_of(stems: Vec<u64>) -> u64 {
    let stems = sorted(stems);
    stems
        .iter()
        .fold(u64::from(!stems.is_empty()), |h, s| h.rotate_left(7) ^ s)
}

/// Anchors that could lead anywhere, folded.
const GENERIC: &[&str] = &[
    "click",
    "click here",
    "here",
    "read more",
    "read this",
    "read on",
    "more",
    "more here",
    "more info",
    "more information",
    "learn more",
    "find out more",
    "see more",
    "see here",
    "details",
    "more details",
    "link",
    "this link",
    "website",
    "web site",
    "this website",
    "page",
    "this page",
    "article",
    "this article",
    "post",
    "this post",
    "blog",
    "blog post",
    "this blog post",
    "our blog",
    "previous post",
    "recent post",
    "last post",
    "our website",
    "continue reading",
    "go here",
    "check it out",
    "check this out",
    "download",
    "download here",
    "visit",
    "visit site",
    "homepage",
    "source",
    "hier",
    "hier klicken",
    "klicken sie hier",
    "mehr",
    "mehr erfahren",
    "mehr lesen",
    "mehr dazu",
    "mehr infos",
    "weiterlesen",
    "weitere informationen",
    "dieser artikel",
    "dieser beitrag",
    "diese seite",
    "zur seite",
    "startseite",
    "cliquez ici",
    "ici",
    "en savoir plus",
    "lire la suite",
    "plus",
    "cet article",
    "cette page",
    "voir plus",
    "haga clic aquí",
    "clic aquí",
    "aquí",
    "leer más",
    "más información",
    "saber más",
    "ver más",
    "este artículo",
    "esta página",
    "clicca qui",
    "qui",
    "leggi di più",
    "leggi tutto",
    "scopri di più",
    "questo articolo",
    "clique aqui",
    "aqui",
    "leia mais",
    "saiba mais",
    "ver mais",
    "este artigo",
    "klik hier",
    "lees meer",
    "lees verder",
    "meer informatie",
    "dit artikel",
    "buraya tıklayın",
    "tıklayın",
    "buraya",
    "burada",
    "devamını oku",
    "daha fazla",
    "daha fazla bilgi",
    "bu yazı",
    "bu sayfa",
    "点击这里",
    "这里",
    "了解更多",
    "阅读更多",
    "更多",
];

/// Whether an anchor says nothing about its target, in any of the languages we know such anchors of.
pub(crate) fn is_generic(anchor: &str) -> bool {
    static SET: std::sync::LazyLock<HashSet<String>> =
        std::sync::LazyLock::new(|| GENERIC.iter().map(|g| igny8_text::fold(g)).collect());
    let folded = igny8_text::fold(anchor);
    let folded = folded.trim_matches(|c: char| !c.is_alphanumeric());
    folded.is_empty() || SET.contains(folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_judged_by_their_words() {
        let rules = Rules {
            own_keyphrases: vec!["cold brew ratio".to_owned()],
            ..Rules::default()
        };
        for (anchor, first, want) in [
            ("espresso grinder", false, Ok(())),
            ("grinder", false, Err(Refusal::AnchorLength)),
            ("Grinder", true, Err(Refusal::AnchorLength)),
            ("Chemex", false, Ok(())),
            ("OpenFEC", true, Ok(())),
            ("the espresso grinder", false, Err(Refusal::StopWordEdge)),
            ("grinder for the", false, Err(Refusal::StopWordEdge)),
            ("Read more", false, Err(Refusal::StopWordEdge)),
            ("blog post", false, Err(Refusal::Generic)),
            ("brewing ratios", false, Ok(())),
            ("ratios of cold brewing", false, Err(Refusal::OwnKeyphrase)),
            ("cold brew ratios", false, Err(Refusal::OwnKeyphrase)),
            (
                "one grinder two grinders three grinders four",
                false,
                Err(Refusal::AnchorLength),
            ),
            ("水泵维修", false, Ok(())),
        ] {
            assert_eq!(AnchorCheck::new(&rules).check(anchor, first), want, "{anchor}");
        }
        let german = Rules {
            language: "de".to_owned(),
            ..Rules::default()
        };
        let mut german = AnchorCheck::new(&german);
        assert_eq!(german.check("Mühle", false), Err(Refusal::AnchorLength));
        assert_eq!(german.check("gute Mühle", false), Ok(()));
    }
}
