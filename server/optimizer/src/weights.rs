//! The checks and what each is worth.

use serde::{Deserialize, Serialize};

use crate::report::Group;

macro_rules! checks {
    ($($(#[$doc:meta])* $name:ident = $group:ident, $weight:literal;)*) => {
        /// A check.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum CheckId { $($(#[$doc])* $name,)* }

        impl CheckId {
            /// All checks, in the order of reports.
            pub const ALL: &'static [CheckId] = &[$(CheckId::$name,)*];

            /// What it is about.
            pub fn group(self) -> Group {
                match self { $(CheckId::$name => Group::$group,)* }
            }

            /// The most points it gives. A score is the share of points reached among the checks that could be scored.
            pub fn weight(self) -> u8 {
                match self { $(CheckId::$name => $weight,)* }
            }
        }
    };
}

// What a search engine reads first (title, text, links) is worth most; what only one kind of page has is worth less. A check that
// another one's fix can turn from "not scored" to red must weigh less than that one, so that no fix lowers a score.
checks! {
    /// The primary keyword in the title, best at its beginning.
    KeywordInTitle = Seo, 8;
    /// The primary keyword in the first paragraph, within one sentence.
    KeywordInIntroduction = Seo, 5;
    /// The primary keyword in a third to three quarters of the subheadings.
    KeywordInSubheadings = Seo, 4;
    /// The primary keyword in the slug.
    KeywordInSlug = Seo, 3;
    /// The primary keyword once or twice in the description.
    KeywordInDescription = Seo, 3;
    /// How often the primary keyword is used.
    KeywordDensity = Seo, 5;
    /// How many words with meaning the primary keyword has.
    KeywordLength = Seo, 2;
    /// How many of the secondary keywords are used.
    SecondaryKeywords = Seo, 4;
    /// Links to other pages whose text is the primary keyword.
    CompetingLinks = Seo, 2;
    /// The title fits into a result page.
    TitleWidth = Seo, 4;
    /// The description says enough.
    DescriptionLength = Seo, 3;
    /// The description is not cut in a result page.
    DescriptionWidth = Seo, 1;
    /// The text is long enough for what it is.
    TextLength = Seo, 8;
    /// It belongs to a cluster.
    Cluster = Seo, 3;
    /// It has taxonomy terms.
    Taxonomy = Seo, 2;
    /// At most one heading of the first level.
    SingleH1 = Structure, 2;
    /// No level of headings is left out.
    HeadingOrder = Structure, 3;
    /// Long texts have subheadings, none far from the next.
    SubheadingDistribution = Structure, 4;
    /// No paragraph is too long.
    ParagraphLength = Structure, 4;
    /// Few sentences are too long.
    SentenceLength = Readability, 5;
    /// No three sentences in a row begin alike.
    SentenceBeginnings = Readability, 2;
    /// Few sentences are in the passive voice.
    PassiveVoice = Readability, 3;
    /// Enough sentences are tied to the one before.
    TransitionWords = Readability, 3;
    /// Flesch's reading ease.
    ReadingEase = Readability, 3;
    /// Links to pages of the same site.
    InternalLinks = Links, 5;
    /// Links to other sites.
    ExternalLinks = Links, 2;
    /// Pages of the site that link here.
    InboundLinks = Links, 4;
    /// There is an image.
    Images = Media, 3;
    /// An image's alternative text has the primary keyword.
    KeywordInImages = Media, 2;
    /// Every image has an alternative text that describes it.
    ImageAlt = Media, 2;
    /// What search engines want to know of its type is there.
    StructuredData = Data, 5;
    /// It was looked after lately.
    Freshness = Data, 2;
}
