//! Blocks: the typed parts a page is built from, beside or instead of a running text.
//!
//! A block is plain data like the rest of the snapshot. `text` fields are Markdown and take the same cleaning path as bodies; all
//! other text is plain. [`Block::visit`] walks every image, link and Markdown text of a block, so that whoever moves
//! files (folders, imports) need not know the sixteen types. `prepare` turns blocks into what templates see.
//!
//! In a folder of Markdown blocks are `[[blocks]]` tables of the front matter; see `renderer/FOLDERS.md`.

mod layout;
mod parts;
mod prepare;
mod prepare_kinds;
mod visit;

use serde::{Deserialize, Serialize};

pub use layout::PageLayout;
pub(crate) use layout::view as layout_view;
pub use parts::{Field, FieldKind, Item, Link, Panel, Stat, Testimonial};
pub(crate) use prepare::{blocks, plain_text, questions};
pub use visit::Part;

use crate::site::FaqItem;

/// One block of a page; `type` in files names its variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// The opening of a page. As the first block of a page without a text it takes the place of the page's own head.
    Hero(Hero),
    /// A running text, with a picture beside it if there is one.
    Text(Text),
    /// What something offers, or the steps of a process.
    Features(Features),
    Testimonials(Testimonials),
    /// Services, written here or taken from a section.
    Services(Services),
    /// Numbers that matter.
    Stats(Stats),
    /// One thing to do next.
    Cta(Cta),
    Image(Image),
    /// A video of this site, or a link to one elsewhere; nothing is loaded from other sites.
    Video(Video),
    Form(Form),
    /// Questions and answers; also in the page's FAQPage data.
    Faq(Faq),
    Quote(Quote),
    /// Pictures in a grid: a gallery, a portfolio, clients.
    Grid(Grid),
    /// One thing with a picture, a text and links.
    Card(Card),
    /// Entries written here, or the newest pages of a section.
    List(List),
    /// Texts that open one by one.
    Accordion(Accordion),
}

fn skip<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Declares a block with what all blocks have: an anchor, a heading and a text.
macro_rules! block {
    ($(#[$meta:meta])* $name:ident { $($(#[$of:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            /// Place on the page that links can lead to (`#prices`); made from the block's number when empty.
            #[serde(skip_serializing_if = "skip")]
            pub anchor: String,
            /// Plain text; may be empty.
            #[serde(skip_serializing_if = "skip")]
            pub heading: String,
            /// Markdown under the heading; may be empty.
            #[serde(skip_serializing_if = "skip")]
            pub text: String,
            $($(#[$of])* #[serde(skip_serializing_if = "skip")] pub $field: $kind,)*
        }
    };
}

/// Declares the looks a block can have; the first is the usual one.
macro_rules! variants {
    ($(#[$meta:meta])* $name:ident { $(#[$d:meta])* $first:ident = $first_word:literal, $($(#[$of:meta])* $other:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $(#[$d])*
            #[default]
            $first,
            $($(#[$of])* $other,)*
        }

        impl $name {
            /// The word in files and in class names.
            pub fn word(self) -> &'static str {
                match self {
                    Self::$first => $first_word,
                    $(Self::$other => $word,)*
                }
            }
        }
    };
}

variants! {
    /// How a hero stands.
    HeroVariant {
        /// Text and picture side by side.
        Split = "split",
        /// Text in the middle, picture under it.
        Center = "center",
        /// On a ground of the brand's colour, or on the picture.
        Cover = "cover",
    }
}
variants! {
    /// How features are arranged.
    FeaturesVariant {
        Grid = "grid",
        /// One under the other, with a line between.
        Rows = "rows",
        /// Numbered, for a process.
        Steps = "steps",
    }
}
variants! {
    /// How a call to action stands.
    CtaVariant {
        /// Across the page.
        Band = "band",
        /// A box in the text column.
        Panel = "panel",
    }
}
variants! {
    /// How wide a picture is.
    Width {
        /// As wide as the text.
        Text = "text",
        Wide = "wide",
        /// From edge to edge.
        Full = "full",
    }
}
variants! {
    /// What a grid shows.
    GridVariant {
        /// Pictures with captions.
        Tiles = "tiles",
        /// Small pictures in a row: clients, awards, partners.
        Logos = "logos",
        /// Cards with a picture, a heading and a text.
        Cards = "cards",
    }
}
variants! {
    /// How a card stands.
    CardVariant {
        /// Picture beside the text.
        Side = "side",
        /// Picture above the text.
        Above = "above",
    }
}
variants! {
    /// How a list stands.
    ListVariant {
        Rows = "rows",
        Cards = "cards",
        /// With a tick before each entry.
        Checks = "checks",
        /// Titles only.
        Plain = "plain",
    }
}

block! {
    /// [`Block::Hero`].
    Hero {
        /// A few words above the heading.
        kicker: String,
        /// Public path of a picture.
        image: Option<String>,
        /// What the picture shows, where the media list does not say.
        alt: String,
        /// The first is the main one.
        links: Vec<Link>,
        variant: HeroVariant,
    }
}
block! {
    /// [`Block::Text`].
    Text {
        image: Option<String>,
        alt: String,
        links: Vec<Link>,
    }
}
block! {
    /// [`Block::Features`].
    Features {
        items: Vec<Item>,
        variant: FeaturesVariant,
    }
}
block! {
    /// [`Block::Testimonials`].
    Testimonials {
        items: Vec<Testimonial>,
    }
}
block! {
    /// [`Block::Services`].
    Services {
        items: Vec<Item>,
        /// Path of a section whose pages are shown after the items: `/services/`.
        section: Option<String>,
        /// How many of them; six when 0.
        limit: u32,
    }
}
block! {
    /// [`Block::Stats`].
    Stats {
        items: Vec<Stat>,
    }
}
block! {
    /// [`Block::Cta`].
    Cta {
        links: Vec<Link>,
        variant: CtaVariant,
    }
}
block! {
    /// [`Block::Image`].
    Image {
        image: Option<String>,
        alt: String,
        /// Plain text under the picture.
        caption: String,
        /// Where a click on the picture leads.
        url: Option<String>,
        variant: Width,
    }
}
block! {
    /// [`Block::Video`].
    Video {
        /// A video file of this site, or the address of a page elsewhere that shows it.
        url: String,
        /// A picture shown before the video starts.
        image: Option<String>,
        alt: String,
        caption: String,
    }
}
block! {
    /// [`Block::Form`]: sends its fields by POST, without a script.
    Form {
        /// Where the fields go: an http address or a path on this site. Empty for the server that the site comes from
        /// ([`crate::site::Settings::forms`]), which keeps what is sent and mails it.
        action: String,
        fields: Vec<Field>,
        /// Words on the button; the theme has some when empty.
        button: String,
    }
}
block! {
    /// [`Block::Faq`].
    Faq {
        items: Vec<FaqItem>,
    }
}
block! {
    /// [`Block::Quote`]: `text` is what was said.
    Quote {
        /// Who said it.
        name: String,
        /// Who that is.
        role: String,
        image: Option<String>,
        alt: String,
        /// Where it can be read.
        url: Option<String>,
    }
}
block! {
    /// [`Block::Grid`].
    Grid {
        items: Vec<Item>,
        variant: GridVariant,
    }
}
block! {
    /// [`Block::Card`].
    Card {
        kicker: String,
        image: Option<String>,
        alt: String,
        links: Vec<Link>,
        variant: CardVariant,
    }
}
block! {
    /// [`Block::List`].
    List {
        items: Vec<Item>,
        /// Path of a section whose first pages are shown after the items: `/blog/`.
        section: Option<String>,
        /// How many of them; six when 0.
        limit: u32,
        variant: ListVariant,
    }
}
block! {
    /// [`Block::Accordion`].
    Accordion {
        items: Vec<Panel>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_read_and_write_without_defaults() {
        let cases = [
            r#"{"type":"hero","heading":"H","variant":"cover"}"#,
            r#"{"type":"text","text":"*a*"}"#,
            r#"{"type":"features","items":[{"heading":"A"}],"variant":"steps"}"#,
            r#"{"type":"testimonials","items":[{"text":"Good","name":"N"}]}"#,
            r#"{"type":"services","section":"/services/","limit":3}"#,
            r#"{"type":"stats","items":[{"value":"12","label":"years"}]}"#,
            r#"{"type":"cta","links":[{"label":"Call","url":"tel:1"}],"variant":"panel"}"#,
            r#"{"type":"image","image":"/a.png","variant":"full"}"#,
            r#"{"type":"video","url":"/a.mp4"}"#,
            r#"{"type":"form","action":"/send","fields":[{"name":"email","kind":"email","required":true}]}"#,
            r#"{"type":"faq","items":[{"question":"Q","answer":"A"}]}"#,
            r#"{"type":"quote","text":"Q","name":"N"}"#,
            r#"{"type":"grid","items":[{"image":"/a.png"}],"variant":"logos"}"#,
            r#"{"type":"card","heading":"H","variant":"above"}"#,
            r#"{"type":"list","items":[{"heading":"A"}],"variant":"checks"}"#,
            r#"{"type":"accordion","items":[{"heading":"A","text":"B"}]}"#,
        ];
        for json in cases {
            let block: Block = serde_json::from_str(json).unwrap_or_else(|e| panic!("{json}: {e}"));
            assert_eq!(serde_json::to_string(&block).expect("serialises"), json);
        }
        for bad in [
            r#"{"type":"carousel"}"#,
            r#"{"type":"text","txt":"a"}"#,
            r#"{"heading":"a"}"#,
            r#"{"type":"hero","variant":"huge"}"#,
        ] {
            assert!(serde_json::from_str::<Block>(bad).is_err(), "{bad}");
        }
    }
}
