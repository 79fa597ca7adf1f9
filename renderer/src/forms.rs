//! Forms that the site's own server takes: what the page and the server must agree on, and the markup of both.
//!
//! A form block without an `action` is sent to [`crate::site::Settings::forms`]. The page shows it empty; the server shows it again,
//! filled in, when something is wrong with it and the visitor has no scripts ([`html`]).

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use tera::{Context, Value};

use crate::blocks::{Field, FieldKind, Form};
use crate::paths;
use crate::prepare::{map, optional, text_or_none};
use crate::theme::Theme;

/// Field of the server's token, which tells how long somebody had the form before it was sent.
pub const TOKEN: &str = "_token";
/// Field that people do not see: who fills it in is a program.
pub const TRAP: &str = "website_address";
/// Below the home page of a language: the page that is shown after a form was sent.
pub const SENT: &str = "form-sent/";
/// Below the home page of a language: the file that the server shows around a form that is not right yet.
pub const UNSENT: &str = "_form.html";
/// Where the form belongs in that file.
pub const SLOT: &str = "<!-- form -->";

/// The template of a form, without what stands around it in a block.
const TEMPLATE: &str = "form.html";

/// Where a page's form is sent: below `server`, the page's id and the number of the block, from 1.
pub fn action(server: &str, page: &str, number: usize) -> String {
    format!("{server}/{}/{number}", paths::segment(page))
}

/// A field with the name it is sent by.
#[derive(Debug, Clone)]
pub struct Named<'f> {
    /// Its place among the form's fields, from 1.
    pub n: usize,
    pub name: Cow<'f, str>,
    pub field: &'f Field,
}

/// The fields of a form that have a name of their own, and the numbers and names of the others.
pub fn fields(form: &Form) -> (Vec<Named<'_>>, Vec<(usize, &str)>) {
    let taken: &[&str] = if form.action.trim().is_empty() {
        &[TOKEN, TRAP]
    } else {
        &[]
    };
    let mut named: Vec<Named<'_>> = Vec::with_capacity(form.fields.len());
    let mut unnamed = Vec::new();
    for (i, field) in form.fields.iter().enumerate() {
        let name = match is_name(&field.name) {
            true => Cow::Borrowed(field.name.as_str()),
            false => Cow::Owned(field.name.chars().filter(|c| is_of_name(*c)).collect()),
        };
        let usable = is_name(&name) && !taken.contains(&&*name) && !named.iter().any(|other| other.name == name);
        if usable {
            named.push(Named { n: i + 1, name, field });
        } else {
            unnamed.push((i + 1, field.name.as_str()));
        }
    }
    (named, unnamed)
}

/// Whether a field can be sent by this name.
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 100 && name.chars().all(is_of_name)
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']')
}

/// The words above a field: its label, else made from its name.
pub fn label(field: &Field) -> String {
    match field.label.trim() {
        "" => {
            let words = field.name.replace(['_', '-', '.', '[', ']'], " ");
            let mut letters = words.trim().chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            first.chain(letters).collect()
        }
        label => label.to_owned(),
    }
}

/// Characters that a field takes.
pub fn limit(kind: FieldKind) -> usize {
    match kind {
        FieldKind::Textarea => 10_000,
        FieldKind::Email => 254,
        FieldKind::Tel => 60,
        FieldKind::Name => 200,
        FieldKind::Text | FieldKind::Select | FieldKind::Checkbox | FieldKind::Consent | FieldKind::Honeypot => 300,
    }
}

/// What is wrong with a field of a form that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// It is empty.
    Required,
    /// It is no mail address.
    Email,
    /// It has more characters than [`limit`] says.
    Long,
    /// What must be agreed to was not.
    Consent,
    /// It is none of the options.
    Choice,
}

impl Problem {
    /// Key of the theme's words about it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Required => "form_required",
            Self::Email => "form_email",
            Self::Long => "form_long",
            Self::Consent => "form_consent",
            Self::Choice => "form_choice",
        }
    }
}

/// What somebody has written into a form, and what is wrong with it.
#[derive(Debug, Clone, Default)]
pub struct Filled<'w> {
    /// By the names of the fields.
    pub values: HashMap<&'w str, &'w str>,
    pub problems: HashMap<&'w str, Problem>,
    /// The theme's words by their keys; needed with problems.
    pub words: HashMap<&'static str, String>,
    /// What is wrong with all of it.
    pub general: Option<String>,
    /// The server's token.
    pub token: Option<String>,
}

/// How a form stands on a page.
pub(crate) struct Look<'l> {
    /// Number of its block.
    pub number: usize,
    pub action: &'l str,
    /// The site's server takes it.
    pub own: bool,
    pub button: &'l str,
    pub privacy: Option<&'l str>,
}

/// A form as templates see it.
pub(crate) fn value(look: &Look<'_>, fields: &[Named<'_>], filled: &Filled<'_>) -> Value {
    let id = |named: &Named<'_>| format!("f{}-{}", look.number, named.n);
    let said = |problem: &Problem| filled.words.get(problem.word()).cloned().unwrap_or_default();
    let problems: Vec<Value> = fields
        .iter()
        .filter_map(|named| Some((named, filled.problems.get(&*named.name)?)))
        .map(|(named, problem)| map! { "id" => id(named), "label" => label(named.field), "text" => said(problem) })
        .collect();
    let shown: Vec<Value> = fields
        .iter()
        .map(|named| {
            let problem = filled.problems.get(&*named.name);
            let written = filled.values.get(&*named.name).copied();
            field_value(look, named, &id(named), written, problem.map(said))
        })
        .collect();
    map! {
        "action" => look.action,
        "own" => look.own,
        "fields" => shown,
        "button" => text_or_none(look.button),
        "trap" => map! { "id" => format!("f{}-trap", look.number), "name" => TRAP },
        "token" => map! { "name" => TOKEN, "value" => optional(filled.token.as_deref()) },
        "privacy_url" => optional(look.privacy),
        "problems" => problems,
        "problem" => optional(filled.general.as_deref()),
    }
}

fn field_value(look: &Look<'_>, named: &Named<'_>, id: &str, written: Option<&str>, problem: Option<String>) -> Value {
    let field = named.field;
    let (kind, autocomplete) = match field.kind {
        FieldKind::Text => ("text", None),
        FieldKind::Name => ("text", Some("name")),
        FieldKind::Email => ("email", Some("email")),
        FieldKind::Tel => ("tel", Some("tel")),
        FieldKind::Textarea => ("textarea", None),
        FieldKind::Select => ("select", None),
        FieldKind::Checkbox | FieldKind::Consent => ("checkbox", None),
        FieldKind::Honeypot => ("honeypot", None),
    };
    let options: Vec<Value> = field
        .options
        .iter()
        .map(|option| option.trim())
        .filter(|option| !option.is_empty())
        .map(|option| map! { "text" => option, "selected" => written == Some(option) })
        .collect();
    let has_help = !field.help.trim().is_empty();
    let described = [problem.is_some().then_some("problem"), has_help.then_some("help")];
    let described: Vec<String> = described
        .into_iter()
        .flatten()
        .map(|what| format!("{id}-{what}"))
        .collect();
    let bounded = look.own && matches!(kind, "text" | "email" | "tel" | "textarea");
    map! {
        "id" => id,
        "name" => &*named.name,
        "label" => label(field),
        "kind" => kind,
        "consent" => field.kind == FieldKind::Consent,
        "autocomplete" => optional(autocomplete),
        "required" => is_required(field),
        "help" => text_or_none(&field.help),
        "options" => options,
        "most" => optional(bounded.then(|| limit(field.kind) as u64)),
        "value" => optional(written.filter(|text| !text.is_empty())),
        "problem" => optional(problem),
        "described" => text_or_none(&described.join(" ")),
    }
}

/// Whether a form is not taken without the field.
pub fn is_required(field: &Field) -> bool {
    field.kind == FieldKind::Consent || field.required && field.kind != FieldKind::Honeypot
}

/// A form that was sent and is not right yet, as it stands in the place of [`SLOT`].
///
/// # Errors
/// When the theme's template fails.
pub fn html(
    theme: &Theme,
    form: &Form,
    number: usize,
    (action, language): (&str, &str),
    privacy: Option<&str>,
    mut filled: Filled<'_>,
) -> Result<String, tera::Error> {
    let words = theme.words(language);
    for problem in [
        Problem::Required,
        Problem::Email,
        Problem::Long,
        Problem::Consent,
        Problem::Choice,
    ] {
        filled.words.insert(problem.word(), words.get(problem.word()));
    }
    let look = Look {
        number,
        action,
        own: true,
        button: &form.button,
        privacy,
    };
    let mut context = Context::new();
    context.insert_value("block", value(&look, &fields(form).0, &filled));
    context.insert_value("t", words.value());
    theme.tera.render(TEMPLATE, &context)
}

/// A word of the theme in a language.
pub fn word(theme: &Theme, language: &str, key: &str) -> String {
    theme.words(language).get(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(action: &str, names: &[&str]) -> Form {
        let field = |name: &&str| Field {
            name: (*name).to_owned(),
            ..Field::default()
        };
        Form {
            action: action.into(),
            fields: names.iter().map(field).collect(),
            ..Form::default()
        }
    }

    #[test]
    fn fields_have_names_of_their_own() {
        let names = ["name", "é", "name", "", TRAP, "a.b[c]"];
        let own = form("", &names);
        let (named, unnamed) = fields(&own);
        assert_eq!(
            named.iter().map(|f| (f.n, &*f.name)).collect::<Vec<_>>(),
            [(1, "name"), (6, "a.b[c]")]
        );
        assert_eq!(unnamed.len(), 4);
        // Another server may call its fields as it likes.
        assert_eq!(fields(&form("https://a.example/", &names)).0.len(), 3);
    }

    #[test]
    fn labels_are_made_from_names() {
        for (name, written, expected) in [
            ("your-email", "", "Your email"),
            ("a_b[c]", " ", "A b c"),
            ("x", " Ours ", "Ours"),
        ] {
            let field = Field {
                name: name.into(),
                label: written.into(),
                ..Field::default()
            };
            assert_eq!(label(&field), expected);
        }
    }

    #[test]
    fn a_form_comes_back_with_what_was_written_and_what_is_wrong() {
        let theme = Theme::builtin("ember").expect("compiles");
        let json = r#"{"fields":[{"name":"mail","kind":"email","required":true,"help":"For the answer"},
            {"name":"text","kind":"textarea"},{"name":"what","kind":"select","options":["A","B"]},{"name":"ok","kind":"consent","label":"I agree"}]}"#;
        let form: Form = serde_json::from_str(json).expect("a form");
        let filled = Filled {
            values: HashMap::from([("mail", "a\"><script>"), ("text", "</textarea><b>"), ("what", "B")]),
            problems: HashMap::from([("mail", Problem::Email), ("ok", Problem::Consent)]),
            token: Some("t1".into()),
            ..Filled::default()
        };
        let html = html(&theme, &form, 3, ("/forms/x", "de"), Some("/privacy/"), filled).expect("renders");
        for part in [
            "aria-describedby=\"f3-1-problem f3-1-help\"",
            "aria-invalid=\"true\"",
            "href=\"#f3-1\"",
            "id=\"f3-4-problem\"",
            "<option selected>B</option>",
            "value=\"t1\"",
            "href=\"/privacy/\"",
            "Bitte",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
        assert!(!html.contains("<script>") && !html.contains("<b>"), "{html}");
    }
}
