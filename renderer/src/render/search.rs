//! Search pages and what they read.

use std::ops::ControlFlow;

use tera::Value;

use super::{Outcome, Run};
use crate::output::FileKind;
use crate::paths;
use crate::prepare::map;
use crate::search;
use crate::seo::{Head, document_title};

/// The template a theme has if it wants search.
pub(super) const TEMPLATE: &str = "search.html";

impl Run<'_> {
    /// There is a search page, and the theme has a template for it.
    pub(super) fn has_search(&self) -> bool {
        !self.plan.searches.is_empty() && self.theme.tera.contains_template(TEMPLATE)
    }

    /// The search page of one language and its index.
    pub(super) fn search(&self, i: usize, outcome: &mut Outcome) -> ControlFlow<()> {
        let plan = self.plan;
        let (l, path) = &plan.searches[i];
        let language = &self.prepared.languages[*l];
        let index = search::build(plan, self.prepared, *l, self.sums.as_deref());
        for (file, text) in index.files {
            self.write(paths::file_of(&file), text.into_bytes(), FileKind::Asset, outcome)?;
        }
        let title = language.words.get("search");
        let head = Head {
            title: document_title(&title, &plan.site.settings.title),
            short_title: title,
            // Its results are no pages of their own.
            indexable: false,
            og_type: "website",
            ..Head::default()
        };
        let mut context = self.shells[*l].context();
        let url = plan.address.href(path);
        context.insert_value("head", head.value());
        context.insert_value(
            "search",
            map! {
                "url" => url.as_str(),
                "index" => plan.address.href(&index.manifest),
                "script" => plan.address.href(&search::script().0),
            },
        );
        context.insert_value("current_url", Value::from(url));
        self.write_page(TEMPLATE, &mut context, *l, path, outcome)
    }

    pub(super) fn search_script(&self, outcome: &mut Outcome) -> ControlFlow<()> {
        let (path, script) = search::script();
        self.write(
            paths::file_of(&path),
            script.as_bytes().to_vec(),
            FileKind::Asset,
            outcome,
        )
    }
}
