//! From the bytes of a request to a message, by the rules of the form on the page.

use std::collections::HashMap;

use igny8_renderer::blocks::{FieldKind, Form};
use igny8_renderer::forms::{self, Problem, TOKEN, TRAP};

use super::model::Entry;
use super::settings::is_address;

/// Fields that are looked at.
const MOST_FIELDS: usize = 100;
/// Fields that are kept although the form has none of that name: somebody wrote while the page was changed.
const MOST_UNKNOWN: usize = 10;
/// Characters of such a field.
const MOST_OF_UNKNOWN: usize = 2_000;

/// What was sent, by name, each name once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent(Vec<(String, String)>);

impl Sent {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn read(body: &[u8]) -> Self {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(body).take(MOST_FIELDS) {
            if !pairs.iter().any(|(known, _)| *known == name) {
                pairs.push((name.into_owned(), value.into_owned()));
            }
        }
        Self(pairs)
    }

    /// What was sent by a name; nothing is the same as an empty text.
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// By name, for a form that is shown again.
    pub fn values(&self) -> HashMap<&str, &str> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }
}

/// A message that keeps to the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// In the order of the form.
    pub entries: Vec<Entry>,
    /// Where it can be answered.
    pub email: Option<String>,
    /// Who wrote it, if the form asks for it.
    pub name: Option<String>,
    /// What was agreed to.
    pub consent: Option<String>,
    /// Text that stands where no sentence belongs: names, telephone numbers.
    pub short: Vec<String>,
    /// Longer texts.
    pub long: Vec<String>,
}

impl Message {
    /// All that was written.
    pub fn text(&self) -> String {
        let values: Vec<&str> = self.entries.iter().map(|entry| entry.value.as_str()).collect();
        values.join("\n")
    }
}

/// Whether a field was filled in that people do not see.
pub fn is_trapped(form: &Form, sent: &Sent) -> bool {
    let mut hidden = form.fields.iter().filter(|field| field.kind == FieldKind::Honeypot);
    !sent.get(TRAP).trim().is_empty() || hidden.any(|field| !sent.get(&field.name).trim().is_empty())
}

/// Reads what was sent.
///
/// # Errors
/// What is wrong, by the names of the fields.
pub fn read(form: &Form, sent: &Sent) -> Result<Message, HashMap<String, Problem>> {
    let mut problems = HashMap::new();
    let mut message = Message::default();
    let (fields, _) = forms::fields(form);
    for named in &fields {
        let field = named.field;
        let has_lines = field.kind == FieldKind::Textarea;
        let value = clean(sent.get(&named.name), has_lines);
        let problem = match field.kind {
            FieldKind::Honeypot => continue,
            FieldKind::Consent if value.is_empty() => Some(Problem::Consent),
            _ if value.is_empty() => forms::is_required(field).then_some(Problem::Required),
            _ if value.chars().count() > forms::limit(field.kind) => Some(Problem::Long),
            FieldKind::Email if !is_address(&value) => Some(Problem::Email),
            FieldKind::Select if !field.options.iter().any(|option| option.trim() == value) => Some(Problem::Choice),
            _ => None,
        };
        if let Some(problem) = problem {
            problems.insert(named.name.clone().into_owned(), problem);
            continue;
        }
        if value.is_empty() {
            continue;
        }
        let label = forms::label(field);
        match field.kind {
            FieldKind::Email if message.email.is_none() => message.email = Some(value.clone()),
            FieldKind::Name if message.name.is_none() => message.name = Some(value.clone()),
            _ => {}
        }
        match field.kind {
            FieldKind::Consent => {
                let before = message.consent.take().map(|text| text + "\n").unwrap_or_default();
                message.consent = Some(before + &label);
                continue;
            }
            FieldKind::Textarea => message.long.push(value.clone()),
            FieldKind::Text | FieldKind::Name | FieldKind::Tel => message.short.push(value.clone()),
            FieldKind::Email | FieldKind::Select | FieldKind::Checkbox | FieldKind::Honeypot => {}
        }
        message.entries.push(Entry {
            name: named.name.clone().into_owned(),
            label,
            value: match field.kind {
                FieldKind::Checkbox => "yes".to_owned(),
                _ => value,
            },
        });
    }
    let is_new = |name: &str| {
        let known = fields.iter().any(|named| named.name == name) || form.fields.iter().any(|field| field.name == name);
        forms::is_name(name) && name != TOKEN && name != TRAP && !known
    };
    for (name, value) in sent.0.iter().filter(|(name, _)| is_new(name)).take(MOST_UNKNOWN) {
        let value: String = clean(value, true).chars().take(MOST_OF_UNKNOWN).collect();
        if !value.is_empty() {
            message.long.push(value.clone());
            message.entries.push(Entry {
                name: name.clone(),
                label: name.clone(),
                value,
            });
        }
    }
    // A form of optional fields that says nothing.
    if problems.is_empty()
        && message.entries.is_empty()
        && let Some(first) = fields.iter().find(|named| named.field.kind != FieldKind::Honeypot)
    {
        problems.insert(first.name.clone().into_owned(), Problem::Required);
    }
    match problems.is_empty() {
        true => Ok(message),
        false => Err(problems),
    }
}

/// Text without control characters; with `lines` it may have more than one line.
fn clean(text: &str, lines: bool) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept = |c: char| match c {
        '\n' if lines => Some('\n'),
        '\n' | '\t' => Some(' '),
        // Marks that turn the direction of what is shown, and invisible ones.
        '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => None,
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => None,
        c => Some(c),
    };
    let text: String = text.chars().filter_map(kept).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        serde_json::from_str(
            r#"{"fields":[{"name":"name","kind":"name","label":"Your name"},{"name":"mail","kind":"email","required":true},
                {"name":"what","kind":"select","options":["Repair"," Wheels "]},{"name":"text","kind":"textarea","required":true},
                {"name":"ok","kind":"consent","label":"You may answer me."},{"name":"url","kind":"honeypot"}]}"#,
        )
        .unwrap()
    }

    fn problems(body: &str) -> Vec<(String, Problem)> {
        let mut found: Vec<_> = read(&form(), &Sent::read(body.as_bytes()))
            .unwrap_err()
            .into_iter()
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    #[test]
    fn a_message_is_read_by_the_rules_of_its_form() {
        let body = "name=Ana%0D%0ABcc%3A+x&mail=ana%40example.com&what=Wheels&text=One%0D%0ATwo%00&ok=1&mail=second%40example.com&_token=t&extra=E";
        let message = read(&form(), &Sent::read(body.as_bytes())).unwrap();
        let of = |name: &str| {
            message
                .entries
                .iter()
                .find(|e| e.name == name)
                .map(|e| e.value.as_str())
        };
        assert_eq!(of("name"), Some("Ana Bcc: x"), "one line");
        assert_eq!(of("text"), Some("One\nTwo"));
        assert_eq!(of("extra"), Some("E"), "the page may have changed meanwhile");
        assert_eq!((of("_token"), of("ok")), (None, None));
        assert_eq!(message.email.as_deref(), Some("ana@example.com"));
        assert_eq!(message.consent.as_deref(), Some("You may answer me."));
        assert_eq!(message.entries[0].label, "Your name");
    }

    #[test]
    fn what_is_wrong_is_named() {
        use Problem::{Choice, Consent, Email, Long, Required};
        let named = |list: &[(&str, Problem)]| list.iter().map(|(n, p)| ((*n).to_owned(), *p)).collect::<Vec<_>>();
        assert_eq!(
            problems(""),
            named(&[("mail", Required), ("ok", Consent), ("text", Required)])
        );
        assert_eq!(
            problems("mail=a%40b&text=+%0A+&ok=1&what=Other"),
            named(&[("mail", Email), ("text", Required), ("what", Choice)])
        );
        let long = format!(
            "mail=a%40example.com&ok=1&text={}&name={}",
            "x".repeat(10_001),
            "x".repeat(201)
        );
        assert_eq!(problems(&long), named(&[("name", Long), ("text", Long)]));
    }

    #[test]
    fn a_form_of_optional_fields_must_say_something() {
        let form: Form = serde_json::from_str(r#"{"fields":[{"name":"a","kind":"text"}]}"#).unwrap();
        assert_eq!(
            read(&form, &Sent::read(b"a=+")),
            Err(HashMap::from([("a".to_owned(), Problem::Required)]))
        );
    }

    #[test]
    fn hidden_fields_are_traps() {
        for (body, trapped) in [
            ("url=x", true),
            ("website_address=x", true),
            ("url=&website_address=+", false),
            ("", false),
        ] {
            assert_eq!(is_trapped(&form(), &Sent::read(body.as_bytes())), trapped, "{body}");
        }
    }

    #[test]
    fn many_fields_are_not_read() {
        let body: String = (0..1_000).map(|n| format!("f{n}=x&")).collect();
        assert_eq!(Sent::read(body.as_bytes()).0.len(), MOST_FIELDS);
        let body = format!("mail=a%40example.com&ok=1&text=x&{body}");
        assert_eq!(
            read(&form(), &Sent::read(body.as_bytes())).unwrap().entries.len(),
            2 + MOST_UNKNOWN
        );
    }
}
