//! Which of a theme's templates a render came by, for `theme check`: a template that no sample shows was not looked at.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tera::{Kwargs, State, Tera, TeraResult, Value};

/// The function by which a template says that it is shown.
const NOTE: &str = "igny8_shown";

/// What was shown: templates by name, and components as `components.html, component card`.
#[derive(Debug, Clone, Default)]
pub(super) struct Reach {
    all: BTreeSet<String>,
    shown: Arc<Mutex<BTreeSet<String>>>,
}

impl Reach {
    /// Has templates say that they are shown. A template that extends another says so in its blocks, since nothing else of it is shown.
    pub fn watch(&mut self, templates: &mut [(String, String)]) {
        for (name, text) in templates {
            *text = self.amend(name, text);
        }
    }

    /// Must come before templates are added.
    pub fn register(&self, tera: &mut Tera) {
        let shown = Arc::clone(&self.shown);
        tera.register_function(NOTE, move |kwargs: Kwargs, _: &State| -> TeraResult<Value> {
            let name = kwargs.must_get::<String>("name")?;
            shown.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
            Ok(Value::safe_string(""))
        });
    }

    /// What no render came by.
    pub fn missed(&self) -> Vec<String> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        self.all.difference(&shown).cloned().collect()
    }

    fn amend(&mut self, name: &str, text: &str) -> String {
        let name = name.replace(['"', '\\'], "");
        let inner = |tag: &str| tag[2..tag.len() - 2].trim_matches('-').trim().to_owned();
        let mut tags = Vec::new();
        let mut at = 0;
        while let Some(open) = text[at..].find("{%")
            && let Some(length) = text[at + open..].find("%}")
        {
            let end = at + open + length + 2;
            tags.push((end, inner(&text[at + open..end])));
            at = end;
        }
        let extends = tags.first().is_some_and(|(_, tag)| tag.starts_with("extends "));
        let components = tags.iter().any(|(_, tag)| tag.starts_with("component "));
        let mut out = String::with_capacity(text.len() + tags.len() * 48);
        let mut note = |out: &mut String, part: String, trims: bool| {
            out.push_str(&format!(
                "{{{{ {NOTE}(name=\"{part}\") {}}}}}",
                if trims { "-" } else { "" }
            ));
            self.all.insert(part);
        };
        if !extends && !components {
            note(&mut out, name.clone(), false);
        }
        let mut at = 0;
        for (end, tag) in tags {
            out.push_str(&text[at..end]);
            at = end;
            let trims = text[..end].ends_with("-%}");
            if let Some(rest) = tag.strip_prefix("component ") {
                let of = rest.split(['(', ' ']).next().unwrap_or_default();
                note(&mut out, format!("{name}, component {of}"), trims);
            } else if extends && tag.starts_with("block ") {
                note(&mut out, name.clone(), trims);
            }
        }
        out.push_str(&text[at..]);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_and_components_say_that_they_are_shown() {
        let mut templates = [
            (
                "a.html",
                "{% include \"b.html\" %}{% if no %}{% include \"c.html\" %}{% endif %}",
            ),
            ("b.html", "{{ <x /> }}"),
            ("c.html", "never"),
            ("d.html", "{% extends \"e.html\" %}{% block one -%} 1{% endblock %}"),
            ("e.html", "[{% block one %}{% endblock %}]"),
            (
                "parts.html",
                "{% component x() %}x{% endcomponent x %}{% component y() %}y{% endcomponent y %}",
            ),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()));
        let mut reach = Reach::default();
        reach.watch(&mut templates);
        let mut tera = Tera::default();
        reach.register(&mut tera);
        tera.add_raw_templates(templates.iter().map(|(n, t)| (n.as_str(), t.as_str())))
            .expect("compiles");
        let context = tera::Context::new();
        assert_eq!(tera.render("a.html", &context).expect("renders"), "x");
        assert_eq!(tera.render("d.html", &context).expect("renders"), "[1]");
        assert_eq!(reach.missed(), ["c.html", "parts.html, component y"]);
    }
}
