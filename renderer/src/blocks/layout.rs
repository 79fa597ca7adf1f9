//! Layouts: how a site arranges its home page, its lists and the column beside a text.
//!
//! Every theme has the option `layout` (a choice of these names); a page can have its own ([`crate::site::Page::layout`]). A layout
//! says what stands where; what it looks like is the theme's.

use serde::{Deserialize, Serialize};
use tera::Value;

use crate::prepare::map;

/// The seven layouts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageLayout {
    /// What suits the kind of site: posts as rows, products and services as cards.
    #[default]
    Default,
    /// One narrow column, titles and dates.
    Minimal,
    /// A lead story, then cards in columns.
    Magazine,
    /// Products in a dense grid, categories beside the list.
    Ecommerce,
    /// Large pictures.
    Portfolio,
    /// Newest first, with a column about the site beside it.
    Blog,
    /// Sections of cards, and a way to get in touch at the end of every page.
    Corporate,
}

impl PageLayout {
    pub const ALL: [Self; 7] = [
        Self::Default,
        Self::Minimal,
        Self::Magazine,
        Self::Ecommerce,
        Self::Portfolio,
        Self::Blog,
        Self::Corporate,
    ];

    /// The word in files, options and class names.
    pub fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Minimal => "minimal",
            Self::Magazine => "magazine",
            Self::Ecommerce => "ecommerce",
            Self::Portfolio => "portfolio",
            Self::Blog => "blog",
            Self::Corporate => "corporate",
        }
    }

    /// The layout of that name.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|l| l.word() == word)
    }
}

/// What templates see of a layout: its name; how each kind is listed (`rows`, `cards`, `tiles`, `plain`); whether a lead story opens a
/// list of posts; whether a side column stands beside lists; whether a page ends with a way to get in touch.
pub(crate) fn view(layout: PageLayout) -> Value {
    let (post, product, service) = match layout {
        PageLayout::Default | PageLayout::Blog => ("rows", "cards", "cards"),
        PageLayout::Minimal => ("plain", "rows", "rows"),
        PageLayout::Magazine | PageLayout::Ecommerce | PageLayout::Corporate => ("cards", "cards", "cards"),
        PageLayout::Portfolio => ("tiles", "tiles", "tiles"),
    };
    map! {
        "name" => layout.word(),
        "post" => post,
        "product" => product,
        "service" => service,
        "lead" => matches!(layout, PageLayout::Default | PageLayout::Magazine),
        "side" => matches!(layout, PageLayout::Blog | PageLayout::Ecommerce),
        "contact" => layout == PageLayout::Corporate,
        "pictures" => layout != PageLayout::Minimal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_files() {
        for layout in PageLayout::ALL {
            assert_eq!(serde_json::to_value(layout).expect("serialises"), layout.word());
            assert_eq!(PageLayout::parse(layout.word()), Some(layout));
        }
        assert_eq!(PageLayout::parse("wide"), None);
    }
}
