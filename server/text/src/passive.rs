//! Sentences in the passive voice, for English and German: an auxiliary and a participle within one clause.

use std::sync::LazyLock;

use crate::Language;
use crate::lists::Words;

/// A word in lower case, and whether a mark behind it ends its clause.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'t> {
    /// In lower case.
    pub word: &'t str,
    /// A comma, a dash or the like follows.
    pub ends_clause: bool,
}

/// What a language makes its passive of.
pub struct Rules {
    auxiliaries: Words,
    /// Words that begin another clause.
    conjunctions: Words,
    /// Verbs of their own between auxiliary and participle.
    active: Words,
    irregular: Words,
    /// What looks like a participle and is none.
    others: Words,
    language: Language,
}

/// The rules of a language, none where there are none here.
pub fn rules(language: Language) -> Option<&'static Rules> {
    fn set(list: &'static str) -> Words {
        list.split_whitespace().collect()
    }
    static ENGLISH: LazyLock<Rules> = LazyLock::new(|| Rules {
        auxiliaries: set(ENGLISH_AUXILIARIES),
        conjunctions: set(ENGLISH_CONJUNCTIONS),
        active: set(ENGLISH_ACTIVE),
        irregular: set(ENGLISH_IRREGULAR),
        others: set(ENGLISH_OTHERS),
        language: Language::English,
    });
    static GERMAN: LazyLock<Rules> = LazyLock::new(|| Rules {
        auxiliaries: set(GERMAN_AUXILIARIES),
        conjunctions: set(GERMAN_CONJUNCTIONS),
        active: Words::default(),
        irregular: set(GERMAN_IRREGULAR),
        others: set(GERMAN_OTHERS),
        language: Language::German,
    });
    match language {
        Language::English => Some(&ENGLISH),
        Language::German => Some(&GERMAN),
        _ => None,
    }
}

impl Rules {
    /// A sentence without such a word is not passive.
    pub fn is_auxiliary(&self, word: &str) -> bool {
        self.auxiliaries.contains(word)
    }

    /// Whether a clause of the sentence is passive.
    pub fn is_passive(&self, sentence: &[Piece<'_>]) -> bool {
        match self.language {
            Language::German => self.german(sentence),
            _ => self.english(sentence),
        }
    }

    /// The participle follows the auxiliary within one clause, with nothing but adverbs, nouns and the like between them: an
    /// active verb has another subject, and what it has behind it is its object.
    fn english(&self, sentence: &[Piece<'_>]) -> bool {
        let (mut open, mut other_verb, mut before) = (false, false, "");
        for piece in sentence {
            // "open-sourced" is a participle and a word before it.
            for word in piece.word.split(['-', '\u{2010}', '\u{2011}']) {
                let mut opens = false;
                if self.auxiliaries.contains(word) {
                    (open, other_verb, opens) = (true, false, true);
                } else if self.conjunctions.contains(word) || is_gerund(word) || contracts(word) {
                    open = false;
                }
                let part_of_noun = !opens && ENGLISH_DETERMINERS.contains(&before);
                if open && !other_verb && !part_of_noun && self.is_english_participle(word) {
                    return true;
                }
                other_verb |= self.active.contains(word);
                before = word;
            }
            if piece.ends_clause {
                open = false;
            }
        }
        false
    }

    fn is_english_participle(&self, word: &str) -> bool {
        if self.others.contains(word) {
            return false;
        }
        let with_prefix = || {
            let stems = ENGLISH_PREFIXES.iter().filter_map(|prefix| word.strip_prefix(prefix));
            stems
                .into_iter()
                .any(|stem| stem.len() > 2 && self.irregular.contains(stem))
        };
        if self.irregular.contains(word) || with_prefix() {
            return true;
        }
        word.len() >= 4 && word.ends_with("ed") && !is_english_state(word)
    }

    /// The participle stands before or behind the auxiliary.
    fn german(&self, sentence: &[Piece<'_>]) -> bool {
        let (mut auxiliary, mut participle) = (false, false);
        for piece in sentence {
            let word = piece.word;
            if self.conjunctions.contains(word) {
                (auxiliary, participle) = (false, false);
            } else if self.auxiliaries.contains(word) {
                auxiliary = true;
            } else if self.is_german_participle(word) {
                participle = true;
            }
            if auxiliary && participle {
                return true;
            }
            if piece.ends_clause {
                (auxiliary, participle) = (false, false);
            }
        }
        false
    }

    fn is_german_participle(&self, word: &str) -> bool {
        if self.irregular.contains(word) {
            return true;
        }
        if self.others.contains(word) || word.len() < 5 {
            return false;
        }
        let ends = word.ends_with('t') || word.ends_with("en");
        let with_ge = |word: &str| {
            word.strip_prefix("ge").is_some_and(|stem| stem.len() > 2) && ends && !self.others.contains(word)
        };
        with_ge(word)
            || word.ends_with("iert")
            || GERMAN_SEPARABLE
                .iter()
                .any(|prefix| word.strip_prefix(prefix).is_some_and(with_ge))
            || (word.ends_with('t') && word.len() > 6 && GERMAN_FIXED.iter().any(|prefix| word.starts_with(prefix)))
    }
}

/// A word in "-ing" begins a clause of its own.
fn is_gerund(word: &str) -> bool {
    word.len() > 4 && word.ends_with("ing") && !word.ends_with("thing") && word != "cling"
}

/// "we've", "they'll": what follows belongs to an active form.
fn contracts(word: &str) -> bool {
    word.ends_with("'ve") || word.ends_with("'ll")
}

/// Adjectives that say how something is, by their form: "unlimited", "nonaligned", "certified". Verbs that undo something are
/// none ("unlocked"), nor are everyday verbs in "-y" ("applied").
fn is_english_state(word: &str) -> bool {
    let negated = word.starts_with("un") && !word.starts_with("under") && !word.starts_with("uni");
    if negated {
        return !ENGLISH_UNDOING.contains(&word);
    }
    word.ends_with("eed")
        || word.starts_with("non")
        || (word.ends_with("ied") && !ENGLISH_IED.iter().any(|verb| word.ends_with(verb)))
}

/// Directly before a participle they make it an adjective or a noun, or a phrase of their own: "the used car", "of said changes".
const ENGLISH_DETERMINERS: &[&str] = &[
    "the",
    "a",
    "an",
    "my",
    "your",
    "his",
    "her",
    "its",
    "our",
    "their",
    "mine",
    "yours",
    "hers",
    "ours",
    "theirs",
    "whose",
    "this",
    "that",
    "these",
    "those",
    "some",
    "any",
    "no",
    "every",
    "each",
    "all",
    "many",
    "more",
    "most",
    "much",
    "several",
    "few",
    "fewer",
    "less",
    "little",
    "enough",
    "plenty",
    "lot",
    "lots",
    "bit",
    "kind",
    "kinds",
    "as",
    "of",
    "for",
    "with",
    "without",
    "from",
    "by",
    "on",
    "onto",
    "upon",
    "in",
    "into",
    "at",
    "to",
    "about",
    "above",
    "across",
    "after",
    "against",
    "along",
    "among",
    "around",
    "behind",
    "below",
    "beneath",
    "beside",
    "between",
    "beyond",
    "down",
    "except",
    "like",
    "near",
    "off",
    "out",
    "over",
    "past",
    "per",
    "through",
    "throughout",
    "toward",
    "towards",
    "under",
    "up",
    "versus",
    "via",
    "away",
    "apart",
    "aside",
    "ago",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "having",
];

const ENGLISH_AUXILIARIES: &str = "
am is are was were be been being isn't aren't wasn't weren't i'm you're he's she's it's we're they're that's what's
get gets got gotten getting having
";

/// Words that begin another clause, and the "to" of infinitives.
const ENGLISH_CONJUNCTIONS: &str = "
and or but because although though while whereas unless if lest until till when whenever where wherever who whom whose which that
than how why after before since once whether what as provided supposing to do does won't
";

/// Auxiliaries of active forms, verbs that join a subject with what it is, verbs of saying, and verbs of little meaning.
const ENGLISH_ACTIVE: &str = "
can cannot can't could couldn't may might must shall should shouldn't will would wouldn't ought need needs needn't dare dares
have haven't has hasn't had hadn't did didn't done don't doesn't i'd you'd he'd she'd it'd we'd they'd there's here's
appear appears appeared become becomes became come comes came keep keeps kept remain remains remained stay stays stayed turn turns
turned seem seems seemed
say says said ask asks asked claimed stated explain explains explained think thinks talks talked announces announced tells told
discusses discussed suggests suggested understands understood
let lets let's make makes made want go goes went gone take takes took taken put puts use used try tries tried mean means meant called
based add adds added contain contains contained consist consists consisted ensure ensures ensured showed shown
";

const ENGLISH_PREFIXES: &[&str] = &["re", "over", "under", "mis", "pre"];

const ENGLISH_IRREGULAR: &str = "
arisen awoken beat beaten become begun bent bet bid bidden bitten blown bound bought broadcast broken brought built burnt burst bust
cast caught chosen clung come cost crept cut dealt done drawn dreamt driven drunk dug dwelt eaten fallen felt fit fled flown flung
forbidden forecast foreseen forgiven forgotten forsaken fought found frozen given gone gotten ground grown had heard held hidden
hit hung hurt input kept knelt knit known laid lain leant leapt learnt left lent let lit lost made meant met mistaken mown offset
overcome paid partaken proofread proven put quit read retrofit rid ridden risen run rung said sat sawn seen sent set sewn shaken
shaven shone shorn shot shown shrunk shut slain slept slid slit slung smelt snuck sold sought sown spat spelt spent spilt spit split
spoilt spoken spread sprung spun stolen stood strewn stricken striven struck strung stuck stung stunk sublet sung sunk swept sworn
swollen swum swung taken taught thought thrown thrust told torn trod trodden typeset unbound undone unwound upheld upset wept
withdrawn withheld withstood woken won worn wound woven written handwritten wrung outdone outgrown outrun outsold
";

/// Not participles, or adjectives that say a state rather than what was done.
const ENGLISH_OTHERS: &str = "
need hundred hundreds sacred naked wicked rugged ragged jagged crooked wretched beloved kindred hatred infrared biped moped shed shred
bed embed red sled led fed sped
based concerned excited ashamed located related interrelated died titled termed themed talented flawed fated famed reputed
curated tenured indebted freed inexperienced multifaceted nuanced opinionated outmoded oversized midsized
disaffected disaggregated misaligned parallelized hardcoded barcoded rescinded so-called
";

/// "un-" takes back what was done: verbs, not adjectives.
const ENGLISH_UNDOING: &[&str] = &[
    "unlocked",
    "unpacked",
    "unloaded",
    "unveiled",
    "uncovered",
    "unleashed",
    "unearthed",
    "undermined",
    "unfolded",
    "unsubscribed",
    "unplugged",
    "uninstalled",
    "united",
];

/// Everyday verbs in "-y" whose participles say what was done.
const ENGLISH_IED: &[&str] = &[
    "applied",
    "implied",
    "supplied",
    "replied",
    "multiplied",
    "relied",
    "carried",
    "married",
    "worried",
    "hurried",
    "buried",
    "tried",
    "fried",
    "dried",
    "cried",
    "copied",
    "emptied",
    "identified",
    "modified",
    "satisfied",
    "terrified",
    "allied",
    "complied",
    "tallied",
    "rallied",
    "accredited",
];

const GERMAN_AUXILIARIES: &str = "
werde wirst wird werden werdet wurde wurdest wurden wurdet worden würde würdest würden würdet
";

const GERMAN_CONJUNCTIONS: &str = "
und oder aber denn sondern dass daß weil wenn falls ob obwohl obgleich damit indem nachdem bevor ehe sobald solange sodass während
wo wie
";

const GERMAN_IRREGULAR: &str = "
getan gemacht begonnen befohlen befunden behalten bekommen beraten berufen beschlossen beschrieben besessen besprochen bestanden
bestochen betreten betrieben betroffen betrogen bewiesen beworben bezogen empfangen empfohlen empfunden entfallen enthalten
entkommen entlassen entnommen entschieden entsprochen entstanden entworfen entzogen erfahren erfunden ergriffen erhalten erhoben
erkannt erlassen ernannt erschlagen erschossen ersonnen erworben erwiesen erzogen genannt hinterlassen misslungen
missverstanden unterbrochen unterhalten unternommen unterschieden unterschrieben untersagt untersucht überfahren überfallen
übergeben überholt übernommen überprüft übersehen übersetzt übertragen übertrieben überwiesen überwunden verboten verbracht
verbrannt verbunden verdorben vergangen vergeben vergessen verglichen vergraben verhalten verlassen verliehen verloren vermieden
vermessen vernommen verraten verschlossen verschoben verschrieben verschwiegen verschwunden versprochen verstanden vertreten
vertrieben verwiesen verwendet verzogen widerrufen widersprochen zerbrochen zerrissen zerstört abgebrochen umgeben umfasst
wiederholt vollbracht vollzogen durchsucht durchgeführt
";

/// What looks like a participle and is none: infinitives, nouns, adverbs.
const GERMAN_OTHERS: &str = "
geben gehen gelten gehören gelingen genießen geraten geschehen gestalten gestehen gewinnen gewähren gewöhnen gefallen gebrauchen
gedenken gefährden gelangen genehmigen genügen gestatten gebären gerinnen geleiten gehorchen geloben
gegen gestern gesamt gesamten gering geringen gerecht gerechten geeignet geeigneten geschäft gesicht gesetz gebiet gerät gewicht
gedicht gericht geschlecht gespenst gewalt gestalt gebot gehalt geburt geduld gefahren gründen garten gebäuden gedanken gezeiten
geschichten gegeben gegenden gesten genauen gesunden gemeinsamen gelegenheiten gemeinden getränken gut genug gesund
besteht bedeutet verlangt entsteht verschieden verschiedenen bereit bereits berecht besucht bericht verdacht verlust
erst erstellt ergebnis entspricht vielleicht bekannt berühmt bestimmt versucht
";

const GERMAN_SEPARABLE: &[&str] = &[
    "ab", "an", "auf", "aus", "bei", "durch", "ein", "fest", "fort", "frei", "gut", "her", "heraus", "herunter",
    "hervor", "hin", "hinaus", "hinzu", "los", "mit", "nach", "nieder", "statt", "teil", "um", "vor", "voran",
    "voraus", "vorbei", "weg", "weiter", "wieder", "zu", "zurück", "zusammen", "über", "unter", "bereit", "dar",
    "dazu", "hoch", "herunter", "rein", "raus",
];

/// Verbs with these never take "ge".
const GERMAN_FIXED: &[&str] = &["be", "emp", "ent", "er", "miss", "ver", "zer", "über", "unter"];

#[cfg(test)]
mod tests {
    use super::*;

    fn passive(language: Language, text: &str) -> bool {
        let lower = text.to_lowercase();
        let words: Vec<&str> = lower.split(' ').collect();
        let pieces: Vec<Piece<'_>> = words
            .iter()
            .map(|word| Piece {
                word: word.trim_end_matches([',', '.']),
                ends_clause: word.ends_with(','),
            })
            .collect();
        rules(language).is_some_and(|rules| rules.is_passive(&pieces))
    }

    #[test]
    fn english() {
        let cases = [
            ("The book was written by him.", true),
            ("They are easily deceived.", true),
            ("Being eaten is no fun.", true),
            ("She got fired.", true),
            ("It isn't used.", true),
            ("The site was open-sourced.", true),
            ("We wrote the book.", false),
            ("He is a wanted man.", false),
            ("It was the used car.", false),
            ("It is red.", false),
            ("It was what they wanted.", false),
            ("They are happy and wanted more.", false),
            ("They are happy, asked again.", false),
            ("It is running used code.", false),
            ("We need a hundred.", false),
            ("There is need.", false),
            ("We are having it repaired.", true),
            ("Having used it we go.", false),
            ("It was our first shot.", false),
            ("The office is located here.", false),
            ("Seats are unlimited.", false),
            ("The door was unlocked.", true),
            ("The nurse is certified.", false),
            ("The rule was applied.", true),
            ("The house was rebuilt.", true),
            ("It is good we've tested it.", false),
            ("He is glad they have finished.", false),
            ("The form may be sent.", true),
            ("We are in need.", false),
        ];
        for (text, expected) in cases {
            assert_eq!(passive(Language::English, text), expected, "{text}");
        }
    }

    #[test]
    fn german() {
        let cases = [
            ("Der Kuchen wurde gegessen.", true),
            ("Das Haus wird gerade gebaut.", true),
            ("Sie sagt, dass der Vertrag unterschrieben wurde.", true),
            ("Die Daten werden gespeichert.", true),
            ("Die Pumpe wird eingesetzt.", true),
            ("Das Gerät wurde installiert.", true),
            ("Der Preis wurde verändert.", true),
            ("Wir werden morgen gehen.", false),
            ("Er wird gewinnen.", false),
            ("Es wird kalt.", false),
            ("Er hat den Kuchen gegessen.", false),
            ("Es wurde spät, gegessen hatten wir schon.", false),
        ];
        for (text, expected) in cases {
            assert_eq!(passive(Language::German, text), expected, "{text}");
        }
        assert!(rules(Language::French).is_none());
    }
}
