//! Headers of columns, as tools and people write them.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;

use super::field::Field;
use super::number;
use super::row::{Intent, Month};

/// What a header means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Use(Field),
    /// Known, and of no use here, with the reason.
    Ignore(&'static str),
    Unknown,
}

/// A header, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// The header in the form headers are compared in.
    pub name: String,
    pub meaning: Meaning,
    /// ISO 4217 code a price's header names: `CPC (USD)`.
    pub currency: Option<String>,
    /// First and last month a trend's header names: `SV trend (09-2024 - 08-2026)`.
    pub months: Option<(Month, Month)>,
}

/// The form in which headers are compared: NFKC, lower case, underscores and hyphens as spaces, without the marks that
/// come and go between versions of a tool (`Avg.`, `KD %`, `In plan?`) and without byte order marks and quotation marks
/// that a second program added.
pub(super) fn header_key(header: &str) -> String {
    // Headers are short; a cell of a megabyte is none.
    let header = header
        .char_indices()
        .nth(200)
        .map_or(header, |(at, _)| header.get(..at).unwrap_or_default());
    let lower: String = header
        .nfkc()
        .flat_map(char::to_lowercase)
        .nfkc()
        .filter(|c| !matches!(c, '\u{feff}' | '\u{200b}' | '"' | '?' | '.' | '*'))
        .map(|c| {
            if matches!(c, '_' | '-') || c.is_control() {
                ' '
            } else {
                c
            }
        })
        .collect();
    let mut key = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    if key.ends_with(['%', ':']) {
        key.pop();
        key.truncate(key.trim_end().len());
    }
    key
}

impl Header {
    pub fn read(header: &str) -> Self {
        let name = header_key(header);
        let plain = |meaning| Self {
            name: name.clone(),
            meaning,
            currency: None,
            months: None,
        };
        let meaning = meaning_of(&name);
        if meaning != Meaning::Unknown {
            return plain(meaning);
        }
        // `Searches: May 2025`; the key has lost nothing the month needs.
        if let Some(month) = name.strip_prefix("searches:") {
            return plain(Meaning::Use(Field::MonthSearches(named_month(month))));
        }
        // `CPC (USD)`, `SV trend (09-2024 - 08-2026)`, `Keyword Difficulty (%)`.
        let in_brackets = name
            .strip_suffix([')', ']'])
            .and_then(|rest| rest.rsplit_once(['(', '[']));
        if let Some((base, inside)) = in_brackets {
            let mut header = plain(meaning_of(base.trim_end()));
            if is_price(header.meaning) {
                header.currency = currency_code(inside);
            }
            header.months = numbered_months(inside);
            return header;
        }
        // `CPC USD`, `CPC in €`.
        if let Some((base, last)) = name.rsplit_once([' ', ',']) {
            let base = base.trim_end_matches([' ', ',']);
            let meaning = meaning_of(base.strip_suffix(" in").unwrap_or(base));
            if is_price(meaning) && currency_code(last).is_some() {
                return Self {
                    currency: currency_code(last),
                    ..plain(meaning)
                };
            }
        }
        plain(Meaning::Unknown)
    }

    pub fn field(&self) -> Option<Field> {
        match self.meaning {
            Meaning::Use(field) => Some(field),
            _ => None,
        }
    }
}

const fn is_price(meaning: Meaning) -> bool {
    matches!(meaning, Meaning::Use(Field::Cpc | Field::CpcMin | Field::CpcMax))
}

/// `usd`, `in usd`, `$`.
fn currency_code(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches("in ").trim();
    if let Some(code) = number::currency(text) {
        return Some(code.to_owned());
    }
    // Any other code: there are 180 currencies, and three letters in the header of a price are one.
    (text.len() == 3 && text.bytes().all(|b| b.is_ascii_lowercase())).then(|| text.to_ascii_uppercase())
}

/// `may 2025`.
fn named_month(text: &str) -> Option<Month> {
    const NAMES: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let (name, year) = text.trim().split_once(' ')?;
    let start = name.get(..3)?;
    let number = NAMES.iter().position(|known| *known == start)?;
    Month::new(year.trim().parse().ok()?, u8::try_from(number).ok()? + 1)
}

/// `09 2024 08 2026`, as the key of `09-2024 - 08-2026` is.
fn numbered_months(text: &str) -> Option<(Month, Month)> {
    let mut parts = text.split([' ', '–', '/']).filter(|part| !part.is_empty());
    let mut month = || {
        let number = parts.next()?.parse().ok()?;
        Month::new(parts.next()?.parse().ok()?, number)
    };
    let (first, last) = (month()?, month()?);
    (first <= last).then_some((first, last))
}

/// What a header's key means by itself, whatever the file.
fn meaning_of(key: &str) -> Meaning {
    static MEANINGS: LazyLock<HashMap<&str, Meaning>> = LazyLock::new(|| {
        let known = KNOWN
            .iter()
            .flat_map(|&(field, names)| names.iter().map(move |&name| (name, Meaning::Use(field))));
        let ignored = IGNORED
            .iter()
            .flat_map(|&(reason, names)| names.iter().map(move |&name| (name, Meaning::Ignore(reason))));
        known.chain(ignored).collect()
    });
    MEANINGS.get(key).copied().unwrap_or(Meaning::Unknown)
}

/// Search Console's names of the column with the queries.
pub(super) const SEARCH_CONSOLE_QUERIES: &[&str] = &[
    "top queries",
    "queries",
    "häufigste suchanfragen",
    "die häufigsten suchanfragen",
    "requêtes les plus fréquentes",
    "principales requêtes",
    "consultas principales",
    "principales consultas",
    "query principali",
    "populairste zoekopdrachten",
    "principais consultas",
    "consultas mais frequentes",
    "najpopularniejsze zapytania",
    "en popüler sorgular",
    "nejčastější dotazy",
    "vanligaste sökfrågorna",
    "上位のクエリ",
    "인기 검색어",
    "热门查询",
    "поисковый запрос",
    "популярные запросы",
];

/// Search Console's names of columns of its other tables, with what they hold.
pub(super) const SEARCH_CONSOLE_OTHER: &[(&str, &[&str])] = &[
    (
        "pages",
        &[
            "top pages",
            "pages",
            "page",
            "häufigste seiten",
            "die häufigsten seiten",
            "pages les plus populaires",
            "pages les plus fréquentes",
            "páginas principales",
            "principais páginas",
            "pagine principali",
            "populairste paginas",
            "najpopularniejsze strony",
            "上位のページ",
        ],
    ),
    (
        "countries",
        &["country", "countries", "land", "länder", "pays", "país", "paese", "国"],
    ),
    (
        "devices",
        &[
            "device",
            "devices",
            "gerät",
            "geräte",
            "appareil",
            "dispositivo",
            "デバイス",
        ],
    ),
    (
        "search appearances",
        &[
            "search appearance",
            "darstellung in der suche",
            "apparence dans les résultats de recherche",
        ],
    ),
    ("days", &["date", "datum", "fecha", "data", "日付"]),
];

const CLICKS: &[&str] = &[
    "clicks",
    "klicks",
    "clics",
    "clic",
    "klikken",
    "cliques",
    "kliknięcia",
    "tıklama",
    "tıklamalar",
    "kliknutí",
    "klick",
    "クリック数",
    "클릭수",
    "点击次数",
    "клики",
];
const IMPRESSIONS: &[&str] = &[
    "impressions",
    "impressionen",
    "impresiones",
    "impressioni",
    "impressões",
    "vertoningen",
    "wyświetlenia",
    "görüntüleme",
    "gösterimler",
    "zobrazení",
    "visningar",
    "表示回数",
    "노출수",
    "展示次数",
    "показы",
];
const CTR: &[&str] = &["ctr", "klickrate", "klickfrekvens", "클릭률", "点击率", "url ctr"];
const POSITION: &[&str] = &[
    "position",
    "current position",
    "average position",
    "avg position",
    "durchschnittliche position",
    "position moyenne",
    "posición",
    "posición media",
    "posizione",
    "posizione media",
    "posição",
    "positie",
    "pozycja",
    "ortalama konum",
    "konum",
    "průměrná pozice",
    "pozice",
    "genomsnittlig position",
    "掲載順位",
    "평균 게재순위",
    "平均排名",
    "позиция",
    "rank",
    "ranking",
];

/// Metrics Search Console doubles when periods are compared, with the period before the name.
pub(super) const SEARCH_CONSOLE_METRICS: [(Field, &[&str]); 4] = [
    (Field::Clicks, CLICKS),
    (Field::Impressions, IMPRESSIONS),
    (Field::Ctr, CTR),
    (Field::Position, POSITION),
];

const KNOWN: &[(Field, &[&str])] = &[
    (
        Field::Keyword,
        &[
            "keyword",
            "keywords",
            "query",
            "search query",
            "search queries",
            "search term",
            "search terms",
            "search phrase",
            "searchterm",
            "term",
            "phrase",
            "key phrase",
            "keyphrase",
            "search keyword",
            "keyword phrase",
            "suchbegriff",
            "suchbegriffe",
            "suchanfrage",
            "suchanfragen",
            "schlüsselwort",
            "schlüsselwörter",
            "suchwort",
            "mot clé",
            "mots clés",
            "requête",
            "requêtes",
            "palabra clave",
            "palabras clave",
            "término de búsqueda",
            "consulta",
            "consultas",
            "palavra chave",
            "palavras chave",
            "parola chiave",
            "parole chiave",
            "zoekwoord",
            "zoekwoorden",
            "zoekterm",
            "słowo kluczowe",
            "słowa kluczowe",
            "klíčové slovo",
            "klíčová slova",
            "sökord",
            "søgeord",
            "søkeord",
            "avainsana",
            "anahtar kelime",
            "anahtar kelimeler",
            "kulcsszó",
            "cuvânt cheie",
            "ключевое слово",
            "ключевые слова",
            "ключевая фраза",
            "запрос",
            "từ khóa",
            "từ khoá",
            "キーワード",
            "検索キーワード",
            "クエリ",
            "키워드",
            "검색어",
            "关键词",
            "关键字",
            "關鍵字",
        ],
    ),
    (Field::Keyword, SEARCH_CONSOLE_QUERIES),
    (Field::Original, &["original"]),
    (
        Field::Volume,
        &[
            "volume",
            "search volume",
            "searchvolume",
            "avg monthly searches",
            "average monthly searches",
            "avg monthly search volume",
            "monthly searches",
            "monthly volume",
            "monthly search volume",
            "average monthly search volume",
            "searches",
            "volume range",
            "sv",
            "msv",
            "vol",
            "suchvolumen",
            "durchschnittl suchanfragen pro monat",
            "durchschn suchanfragen pro monat",
            "durchschnittliche suchanfragen pro monat",
            "durchschnittliche monatliche suchanfragen",
            "suchanfragen pro monat",
            "nombre moyen de recherches mensuelles",
            "nbre moy de recherches mensuelles",
            "volume de recherche",
            "promedio de búsquedas mensuales",
            "volumen",
            "volumen de búsqueda",
            "volumen de búsquedas",
            "media de ricerche mensili",
            "volume di ricerca",
            "média de pesquisas mensais",
            "volume de busca",
            "volume de pesquisa",
            "gem aantal zoekopdrachten per maand",
            "zoekvolume",
            "liczba wyszukiwań",
            "średnia miesięczna liczba wyszukiwań",
            "hledanost",
            "sökvolym",
            "số lượt tìm kiếm trung bình hằng tháng",
            "số lượt tìm kiếm trung bình hàng tháng",
            "частотность",
            "検索ボリューム",
            "月間平均検索ボリューム",
            "검색량",
            "搜索量",
        ],
    ),
    (
        Field::VolumeMin,
        &[
            "min volume",
            "minimum volume",
            "min search volume",
            "volume min",
            "volume minimum",
        ],
    ),
    (
        Field::VolumeMax,
        &[
            "max volume",
            "maximum volume",
            "max search volume",
            "volume max",
            "volume maximum",
        ],
    ),
    (
        Field::Difficulty,
        &[
            "difficulty",
            "kd",
            "kd index",
            "keyword difficulty",
            "keyword difficulty index",
            "keyword difficulty score",
            "seo difficulty",
            "search difficulty",
            "organic difficulty",
            "sd",
            "schwierigkeit",
            "keyword schwierigkeit",
            "difficulté",
            "dificultad",
            "dificultad de palabra clave",
            "difficoltà",
            "dificuldade",
            "moeilijkheid",
            "trudność",
            "độ khó",
        ],
    ),
    (
        Field::Cpc,
        &[
            "cpc",
            "avg cpc",
            "average cpc",
            "cost per click",
            "suggested bid",
            "kosten pro klick",
            "klickpreis",
            "coût par clic",
            "coste por clic",
            "costo per clic",
            "custo por clique",
        ],
    ),
    (
        Field::CpcMin,
        &[
            "cpc min",
            "top of page bid (low range)",
            "gebot für obere positionen (niedriger bereich)",
            "enchère en haut de page (fourchette basse)",
            "puja por la parte superior de la página (intervalo bajo)",
            "giá thầu đầu trang (phạm vi thấp)",
        ],
    ),
    (
        Field::CpcMax,
        &[
            "cpc max",
            "top of page bid (high range)",
            "gebot für obere positionen (hoher bereich)",
            "enchère en haut de page (fourchette haute)",
            "puja por la parte superior de la página (intervalo alto)",
            "giá thầu đầu trang (phạm vi cao)",
        ],
    ),
    (
        Field::Currency,
        &["currency", "währung", "devise", "moneda", "valuta", "moeda"],
    ),
    (
        Field::Competition,
        &[
            "competition",
            "competitive density",
            "com",
            "wettbewerb",
            "wettbewerbsdichte",
            "concurrence",
            "competencia",
            "concorrenza",
            "concorrência",
            "mức độ cạnh tranh",
        ],
    ),
    (
        Field::CompetitionIndex,
        &[
            "competition (indexed value)",
            "competition index",
            "wettbewerb (indexierter wert)",
            "concurrence (valeur indexée)",
            "competencia (valor indexado)",
            "concorrenza (valore indicizzato)",
            "concorrência (valor indexado)",
            "mức độ cạnh tranh (giá trị được lập chỉ mục)",
            "paid difficulty",
            "pd",
        ],
    ),
    (Field::CompetitionLevel, &["competition level"]),
    (
        Field::Intents,
        &[
            "intent",
            "intents",
            "search intent",
            "keyword intent",
            "keyword intents",
            "user intent",
            "main intent",
            "suchintention",
            "suchabsicht",
            "intention",
            "intention de recherche",
            "intención",
            "intención de búsqueda",
            "intenzione",
            "intenção",
            "intentie",
            "intencja",
            "ý định tìm kiếm",
        ],
    ),
    (Field::IntentFlag(Intent::Informational), &["informational"]),
    (Field::IntentFlag(Intent::Commercial), &["commercial"]),
    (Field::IntentFlag(Intent::Transactional), &["transactional"]),
    (Field::IntentFlag(Intent::Navigational), &["navigational"]),
    (Field::Branded, &["branded"]),
    (Field::Local, &["local"]),
    (Field::ParentTopic, &["parent topic", "parent keyword"]),
    (
        Field::Market,
        &["market", "database", "country", "country code", "locale", "location"],
    ),
    (
        Field::Cluster,
        &[
            "cluster",
            "group",
            "keyword group",
            "cluster name",
            "page",
            "gruppe",
            "groupe",
            "grupo",
            "nhóm",
            "cụm",
        ],
    ),
    (Field::Topic, &["topic", "pillar", "thema", "sujet", "tema", "chủ đề"]),
    (Field::PageType, &["page type"]),
    (Field::Tags, &["tags", "tag", "labels"]),
    (Field::Position, POSITION),
    (
        Field::Url,
        &[
            "url",
            "current url",
            "ranking url",
            "landing page",
            "top page",
            "address",
        ],
    ),
    (Field::Clicks, CLICKS),
    (Field::Impressions, IMPRESSIONS),
    (Field::Ctr, CTR),
    (Field::TrafficPotential, &["traffic potential", "tp"]),
    (Field::Trend, &["trend", "trends", "sv trend"]),
    (Field::TrendScale, &["trend scale"]),
    (Field::TrendEnd, &["trend end"]),
    (Field::SerpFeatures, &["serp features", "serp features by keyword"]),
    (Field::SerpUrls, &["serp urls", "serp url", "top urls", "top 10 urls"]),
    (Field::Attributes, &["attributes"]),
    (Field::Status, &["status"]),
    (Field::Disabled, &["disabled"]),
];

const WORLDWIDE: &str = "worldwide, not the market's figure";
const BY_PAGE: &str = "about the page, the same for all its keywords";
const FORECAST: &str = "a forecast, not a measured figure";
const CHANGE: &str = "a change over time; the figures themselves are used";
const PAST: &str = "an earlier period";
const TRAFFIC: &str = "what the ranking page gets, not what is searched";
const ADS: &str = "about the account's advertisements";
const NUMBERING: &str = "numbers the rows";

const IGNORED: &[(&str, &[&str])] = &[
    (NUMBERING, &["#", "no", "nr", "id", "index", "row"]),
    (
        WORLDWIDE,
        &["global volume", "global traffic potential", "global search volume"],
    ),
    (BY_PAGE, &["content references", "competitors"]),
    (FORECAST, &["sv forecasting trend", "forecast", "forecasting trend"]),
    (
        CHANGE,
        &[
            "three month change",
            "yoy change",
            "organic traffic change",
            "position change",
            "traffic change",
            "thay đổi trong 3 tháng",
            "thay đổi so với cùng kỳ năm trước",
        ],
    ),
    (
        PAST,
        &[
            "previous position",
            "previous url",
            "previous organic traffic",
            "previous position kind",
            "previous traffic",
        ],
    ),
    (
        TRAFFIC,
        &[
            "traffic",
            "traffic cost",
            "current organic traffic",
            "organic traffic",
            "estimated visits",
        ],
    ),
    (
        ADS,
        &[
            "ad impression share",
            "organic impression share",
            "organic average position",
            "in account",
            "in plan",
        ],
    ),
    ("one value for each segment of the searchers", &["segmentation"]),
    ("a list's starting point, not this keyword", &["seed keyword", "seed"]),
    (
        "how many pages match, which says little about demand",
        &["number of results", "results"],
    ),
    ("the price of a search, not of a click", &["cps"]),
    (
        "of all searches, not of the own page's",
        &["organic ctr", "click potential", "return rate"],
    ),
    (
        "the tool's own score",
        &[
            "priority",
            "importance",
            "my score",
            "relevance",
            "on page difficulty",
            "off page difficulty",
        ],
    ),
    (
        "when the tool last looked",
        &[
            "last update",
            "last updated",
            "first seen",
            "timestamp",
            "date analyzed",
        ],
    ),
    ("the tool's own catalogue", &["category", "languages", "language"]),
    (
        "how the page ranks, not the keyword",
        &["position type", "current position kind", "type"],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_headers() {
        for (header, key) in [
            ("Keyword", "keyword"),
            ("\u{feff}\"Keyword\"", "keyword"),
            ("Avg. monthly searches", "avg monthly searches"),
            (" KD % ", "kd"),
            ("serp_urls", "serp urls"),
            ("In plan?", "in plan"),
            ("Mot-clé", "mot clé"),
            ("Mot-cle\u{301}", "mot clé"),
        ] {
            assert_eq!(header_key(header), key, "{header:?}");
        }
    }

    #[test]
    fn every_name_is_in_the_form_headers_are_compared_in_and_named_once() {
        let mut seen = std::collections::HashSet::new();
        let known = KNOWN.iter().flat_map(|(_, names)| names.iter());
        let ignored = IGNORED.iter().flat_map(|(_, names)| names.iter());
        for name in known.chain(ignored) {
            assert_eq!(&header_key(name), name);
            assert!(seen.insert(*name), "{name} twice");
        }
    }

    #[test]
    fn headers_with_additions() {
        let cpc = Header::read("CPC (USD)");
        assert_eq!((cpc.field(), cpc.currency.as_deref()), (Some(Field::Cpc), Some("USD")));
        for header in ["CPC, EUR", "CPC (€)", "cpc eur", "CPC in EUR"] {
            assert_eq!(Header::read(header).currency.as_deref(), Some("EUR"), "{header}");
        }
        let trend = Header::read("SV trend (09-2024 - 08-2026)");
        assert_eq!(trend.field(), Some(Field::Trend));
        assert_eq!(trend.months, Month::new(2024, 9).zip(Month::new(2026, 8)));
        assert!(matches!(
            Header::read("SV Forecasting trend (09-2026 - 09-2027)").meaning,
            Meaning::Ignore(_)
        ));
        assert_eq!(
            Header::read("Searches: May 2025").field(),
            Some(Field::MonthSearches(Month::new(2025, 5)))
        );
        assert!(matches!(Header::read("Traffic (%)").meaning, Meaning::Ignore(_)));
        assert_eq!(Header::read("Colour").meaning, Meaning::Unknown);
    }
}
