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
        irregular: set(ENGLISH_IRREGULAR),
        others: set(ENGLISH_OTHERS),
        language: Language::English,
    });
    static GERMAN: LazyLock<Rules> = LazyLock::new(|| Rules {
        auxiliaries: set(GERMAN_AUXILIARIES),
        conjunctions: set(GERMAN_CONJUNCTIONS),
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

    /// The participle follows the auxiliary.
    fn english(&self, sentence: &[Piece<'_>]) -> bool {
        let mut open = false;
        for (i, piece) in sentence.iter().enumerate() {
            let word = piece.word;
            if self.auxiliaries.contains(word) {
                open = true;
            } else if self.conjunctions.contains(word) || is_gerund(word) {
                open = false;
            } else if open && self.is_english_participle(word) {
                let before = i.checked_sub(1).map_or("", |at| sentence[at].word);
                if !ENGLISH_DETERMINERS.contains(&before) {
                    return true;
                }
            }
            if piece.ends_clause {
                open = false;
            }
        }
        false
    }

    fn is_english_participle(&self, word: &str) -> bool {
        if self.irregular.contains(word) {
            return true;
        }
        if self.others.contains(word) || !word.ends_with("ed") || word.len() < 4 {
            return false;
        }
        !word.ends_with("eed")
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

/// A word in "-ing" begins a clause of its own; with a hyphen it is an adjective: "ground-breaking".
fn is_gerund(word: &str) -> bool {
    word.len() > 4
        && word.ends_with("ing")
        && !word.contains('-')
        && !matches!(word, "thing" | "bring" | "during" | "string" | "spring")
}

/// Directly before a participle they make it an adjective or a noun: "the used car", "of said changes".
const ENGLISH_DETERMINERS: &[&str] = &[
    "the", "a", "an", "my", "your", "his", "her", "its", "our", "their", "whose", "this", "that", "these", "those",
    "some", "any", "no", "every", "each", "all", "more", "most", "much", "as", "of", "for", "with", "from", "by", "on",
    "in", "about", "like", "first", "second", "third", "having",
];

const ENGLISH_AUXILIARIES: &str = "
am is are was were be been being isn't aren't wasn't weren't i'm you're he's she's it's we're they're that's what's
get gets got gotten getting having
";

/// Conjunctions, the "to" of infinitives, and auxiliaries of active forms.
const ENGLISH_CONJUNCTIONS: &str = "
and or but nor yet because although though while whereas whilst if unless lest until till when whenever where wherever who whom
whose which that than whatever how why after before since once whether what to has have i've you've we've they've do does did can
could
";

const ENGLISH_IRREGULAR: &str = "
arisen awoken beaten become begun bent bet bid bitten blown bound bought bred broken brought built burnt burst cast caught chosen
come cost crept cut dealt done drawn dreamt driven drunk dug eaten fallen fed felt fit fled flown forbidden forecast foreseen forgiven
forgotten fought found frozen given gone ground grown handwritten heard held hidden hit hung hurt kept known laid lain leant
leapt learnt led left lent let lit lost made meant met misled mistaken misunderstood mown outdone overcome overdone overheard
overseen overtaken overthrown overwritten paid proven put quit read rebuilt redone remade repaid reread rerun rethought retold
rewritten ridden risen run said sawn seen sent set sewn shaken shaven shed shone shot shown shrunk shut slain slept slid slit
smelt sold sought sown sped spelt spent spilt split spoilt spoken spread spun stolen stood stricken struck strung stuck stung sunk
swept sworn swollen swum swung taken taught thought thrown told torn trodden undergone understood undertaken undone unseen
unwritten upheld upset withdrawn withheld withstood woken won worn wound woven written wrung
";

/// Not participles, or adjectives that say a state.
const ENGLISH_OTHERS: &str = "
need indeed hundred hundreds seed speed feed shed sacred naked wicked rugged ragged jagged crooked wretched beloved kindred hatred
infrared biped moped based born aged red bed led bred sled fled excited ashamed concerned located
";

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
