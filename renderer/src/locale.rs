//! Dates and prices as readers of a language write them.

use chrono::{DateTime, Datelike, Locale, Utc};
use chrono_tz::Tz;

/// A language and a time zone.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    locale: Locale,
    pattern: &'static str,
    zone: Tz,
    symbol_first: bool,
    comma: bool,
}

impl Reader {
    /// For a BCP 47 tag and an IANA time zone; unknown ones read as English and UTC.
    pub fn new(language: &str, zone: Tz) -> Self {
        let base = language.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let pattern = match base.as_str() {
            "ja" | "zh" => "%Y年%-m月%-d日",
            "ko" => "%Y년 %-m월 %-d일",
            "de" | "da" | "nb" | "no" | "fi" | "cs" | "sk" | "sl" | "hr" | "et" | "lv" => "%-d. %B %Y",
            "es" | "pt" | "gl" => "%-d de %B de %Y",
            "hu" => "%Y. %B %-d.",
            _ if language.eq_ignore_ascii_case("en-US") => "%B %-d, %Y",
            _ => "%-d %B %Y",
        };
        let symbol_first = matches!(
            base.as_str(),
            "en" | "ja" | "zh" | "ko" | "nl" | "he" | "hi" | "th" | "tr"
        ) || language.eq_ignore_ascii_case("pt-BR");
        let comma = !matches!(base.as_str(), "en" | "ja" | "zh" | "ko" | "he" | "hi" | "th");
        Self {
            locale: locale(language, &base),
            pattern,
            zone,
            symbol_first,
            comma,
        }
    }

    /// `12 March 2026`.
    pub fn date(&self, moment: DateTime<Utc>) -> String {
        moment
            .with_timezone(&self.zone)
            .format_localized(self.pattern, self.locale)
            .to_string()
    }

    /// The moment in the reader's zone, for `<time datetime>`.
    pub fn iso(&self, moment: DateTime<Utc>) -> String {
        moment
            .with_timezone(&self.zone)
            .to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    }

    /// The year in the reader's zone.
    pub fn year(&self, moment: DateTime<Utc>) -> i32 {
        moment.with_timezone(&self.zone).year()
    }

    /// `€12.50`, `12,50 €`. `amount` is decimal text with a dot.
    pub fn price(&self, amount: &str, currency: &str) -> String {
        let (whole, cents) = amount.split_once('.').unwrap_or((amount, ""));
        let mut number = group(whole, if self.comma { '.' } else { ',' });
        if !cents.is_empty() {
            number.push(if self.comma { ',' } else { '.' });
            number.push_str(cents);
        }
        let symbol = match currency {
            "EUR" => "€",
            "GBP" => "£",
            "USD" => "$",
            "JPY" | "CNY" => "¥",
            "INR" => "₹",
            "KRW" => "₩",
            "BRL" => "R$",
            "PLN" => "zł",
            "CZK" => "Kč",
            "SEK" | "NOK" | "DKK" => "kr",
            other => other,
        };
        match (self.symbol_first, symbol.chars().count() > 2) {
            _ if symbol.is_empty() => number,
            (true, false) => format!("{symbol}{number}"),
            (true, true) => format!("{symbol}\u{a0}{number}"),
            (false, _) => format!("{number}\u{a0}{symbol}"),
        }
    }
}

/// What a language calls itself; the tag where that is not known here.
pub fn own_name(tag: &str) -> &str {
    let lower = tag.to_ascii_lowercase();
    let name = |key: &str| {
        OWN_NAMES
            .iter()
            .find(|(language, _)| *language == key)
            .map(|(_, name)| *name)
    };
    let base = lower.split('-').next().unwrap_or_default();
    name(&lower).or_else(|| name(base)).unwrap_or(tag)
}

/// By BCP 47 tag in lower case, as CLDR has them, with a capital where the language's own lists have one.
const OWN_NAMES: &[(&str, &str)] = &[
    ("af", "Afrikaans"),
    ("ar", "العربية"),
    ("az", "Azərbaycan"),
    ("be", "Беларуская"),
    ("bg", "Български"),
    ("bn", "বাংলা"),
    ("bs", "Bosanski"),
    ("ca", "Català"),
    ("cs", "Čeština"),
    ("cy", "Cymraeg"),
    ("da", "Dansk"),
    ("de", "Deutsch"),
    ("de-at", "Deutsch (Österreich)"),
    ("de-ch", "Deutsch (Schweiz)"),
    ("el", "Ελληνικά"),
    ("en", "English"),
    ("en-gb", "English (UK)"),
    ("en-us", "English (US)"),
    ("es", "Español"),
    ("es-mx", "Español (México)"),
    ("et", "Eesti"),
    ("eu", "Euskara"),
    ("fa", "فارسی"),
    ("fi", "Suomi"),
    ("fil", "Filipino"),
    ("fr", "Français"),
    ("fr-ca", "Français (Canada)"),
    ("ga", "Gaeilge"),
    ("gl", "Galego"),
    ("gu", "ગુજરાતી"),
    ("he", "עברית"),
    ("hi", "हिन्दी"),
    ("hr", "Hrvatski"),
    ("hu", "Magyar"),
    ("hy", "Հայերեն"),
    ("id", "Indonesia"),
    ("is", "Íslenska"),
    ("it", "Italiano"),
    ("ja", "日本語"),
    ("ka", "ქართული"),
    ("kk", "Қазақ тілі"),
    ("km", "ខ្មែរ"),
    ("kn", "ಕನ್ನಡ"),
    ("ko", "한국어"),
    ("lt", "Lietuvių"),
    ("lv", "Latviešu"),
    ("mk", "Македонски"),
    ("ml", "മലയാളം"),
    ("mr", "मराठी"),
    ("ms", "Melayu"),
    ("nb", "Norsk bokmål"),
    ("ne", "नेपाली"),
    ("nl", "Nederlands"),
    ("nn", "Norsk nynorsk"),
    ("no", "Norsk"),
    ("pa", "ਪੰਜਾਬੀ"),
    ("pl", "Polski"),
    ("pt", "Português"),
    ("pt-br", "Português (Brasil)"),
    ("pt-pt", "Português (Portugal)"),
    ("ro", "Română"),
    ("ru", "Русский"),
    ("sk", "Slovenčina"),
    ("sl", "Slovenščina"),
    ("sq", "Shqip"),
    ("sr", "Српски"),
    ("sv", "Svenska"),
    ("sw", "Kiswahili"),
    ("ta", "தமிழ்"),
    ("te", "తెలుగు"),
    ("th", "ไทย"),
    ("tr", "Türkçe"),
    ("uk", "Українська"),
    ("ur", "اردو"),
    ("uz", "O‘zbek"),
    ("vi", "Tiếng Việt"),
    ("zh", "中文"),
    ("zh-cn", "中文（简体）"),
    ("zh-hans", "简体中文"),
    ("zh-hant", "繁體中文"),
    ("zh-tw", "中文（繁體）"),
];

/// The locale as Open Graph writes it, with a region: `en_US`, `pt_BR`. Languages without a usual region here stand alone.
pub fn open_graph(tag: &str) -> String {
    let mut parts = tag.split('-');
    let base = parts.next().unwrap_or_default().to_ascii_lowercase();
    let region = parts.find(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_alphabetic()));
    if let Some(region) = region {
        return format!("{base}_{}", region.to_ascii_uppercase());
    }
    let found = locale(tag, &base).to_string();
    let found = found.split(['.', '@']).next().unwrap_or_default();
    if found.starts_with(&format!("{base}_")) {
        found.to_owned()
    } else {
        base
    }
}

/// True for decimal text like `12` or `12.50`.
pub fn is_amount(text: &str) -> bool {
    let (whole, cents) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |s: &str| !s.is_empty() && s.len() <= 15 && s.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && digits(cents)
}

fn group(whole: &str, separator: char) -> String {
    let mut out = String::with_capacity(whole.len() + whole.len() / 3);
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(c);
    }
    out
}

/// The C library's name for a language: `pt-BR` is `pt_BR`, `de` is `de_DE`.
fn locale(language: &str, base: &str) -> Locale {
    let parsed = |name: String| Locale::try_from(name.as_str()).ok();
    let region = language
        .split('-')
        .nth(1)
        .filter(|r| r.len() == 2)
        .map(str::to_ascii_uppercase);
    let usual = match base {
        "en" => "US",
        "da" => "DK",
        "cs" => "CZ",
        "sv" => "SE",
        "el" => "GR",
        "uk" => "UA",
        "ja" => "JP",
        "ko" => "KR",
        "zh" => "CN",
        "he" => "IL",
        "ar" => "EG",
        "hi" => "IN",
        "fa" => "IR",
        "et" => "EE",
        "sl" => "SI",
        "ca" => "ES",
        "nb" | "nn" => "NO",
        "vi" => "VN",
        _ => "",
    };
    region
        .and_then(|region| parsed(format!("{base}_{region}")))
        .or_else(|| parsed(format!("{base}_{usual}")))
        .or_else(|| parsed(format!("{base}_{}", base.to_ascii_uppercase())))
        .unwrap_or(Locale::en_US)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_by_language_and_zone() {
        let moment = DateTime::parse_from_rfc3339("2026-03-12T23:30:00Z")
            .expect("valid")
            .to_utc();
        let cases = [
            ("en", Tz::UTC, "12 March 2026"),
            ("en-US", Tz::UTC, "March 12, 2026"),
            ("en", Tz::Europe__Berlin, "13 March 2026"),
            ("de", Tz::UTC, "12. März 2026"),
            ("pt-BR", Tz::UTC, "12 de março de 2026"),
            ("fr", Tz::UTC, "12 mars 2026"),
            ("ja", Tz::UTC, "2026年3月12日"),
            ("xx", Tz::UTC, "12 March 2026"),
            ("", Tz::UTC, "12 March 2026"),
        ];
        for (language, zone, expected) in cases {
            assert_eq!(Reader::new(language, zone).date(moment), expected, "{language}");
        }
    }

    #[test]
    fn prices() {
        let cases = [
            ("en", "12.50", "EUR", "€12.50"),
            ("de", "1234567.5", "EUR", "1.234.567,5\u{a0}€"),
            ("en", "9", "CHF", "CHF\u{a0}9"),
            ("fr", "3.20", "USD", "3,20\u{a0}$"),
        ];
        for (language, amount, currency, expected) in cases {
            assert_eq!(Reader::new(language, Tz::UTC).price(amount, currency), expected);
        }
        for (text, ok) in [
            ("12", true),
            ("12.50", true),
            ("", false),
            ("1.", false),
            (".5", false),
            ("-1", false),
            ("1e9", false),
            ("<b>", false),
        ] {
            assert_eq!(is_amount(text), ok, "{text}");
        }
    }
}
