//! The words of site building: what pages, blocks, taxonomies and menus can be.
//!
//! They are the renderer's and the planner's own. `tests/it/blueprints.rs` holds the renderer's against these, so that a
//! blueprint cannot name what would not be shown.

pub use igny8_planner::cluster::{ContextType, Role};
pub use igny8_planner::ideas::{ContentType, SiteKind, Structure};

/// A few values, by the words that files and APIs have for them.
pub trait Choice: Copy + PartialEq + 'static {
    /// What such a value is called in messages: `page type`.
    const NOUN: &'static str;
    /// Each value with its word and what it means.
    const ALL: &'static [(Self, &'static str, &'static str)];

    /// The word for it.
    fn word(self) -> &'static str {
        let found = Self::ALL.iter().find(|(value, _, _)| *value == self);
        found.map_or("", |(_, word, _)| word)
    }

    /// The value of a word.
    fn parse(word: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, known, _)| *known == word);
        found.map(|(value, _, _)| *value)
    }
}

/// Gives a type its words; in a test each must be the word that serde writes.
macro_rules! words {
    ($name:ident, $noun:literal { $($(#[doc = $doc:literal])* $variant:ident = $word:literal,)* }) => {
        impl $crate::names::Choice for $name {
            const NOUN: &'static str = $noun;
            const ALL: &'static [(Self, &'static str, &'static str)] =
                &[$((Self::$variant, $word, concat!($($doc,)*))),*];
        }
    };
}

/// Declares a choice.
macro_rules! choice {
    ($(#[doc = $about:literal])* $name:ident, $noun:literal { $($(#[doc = $doc:literal])* $variant:ident = $word:literal,)* }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[doc = $doc])* #[serde(rename = $word)] $variant,)*
        }

        $crate::names::words!($name, $noun { $($(#[doc = $doc])* $variant = $word,)* });
    };
}

pub(crate) use {choice, words};

words!(SiteKind, "site type" {
    /// Posts above all.
    Blog = "blog",
    /// A shop with products and categories.
    Ecommerce = "ecommerce",
    /// A company with services.
    Company = "company",
});

words!(ContentType, "content type" {
    /// A dated text.
    Post = "post",
    /// A page by itself.
    Page = "page",
    /// Something that is sold.
    Product = "product",
    /// Something that is done for others.
    Service = "service",
    /// The text of a term's archive.
    Taxonomy = "taxonomy",
});

words!(Structure, "content structure" {
    /// Explains something.
    Article = "article",
    /// Says how something is done.
    Guide = "guide",
    /// Sets things beside each other.
    Comparison = "comparison",
    /// Judges one thing.
    Review = "review",
    /// A list of the best, or of kinds.
    Listicle = "listicle",
    /// Leads to one action.
    LandingPage = "landing_page",
    /// Says something about the business.
    BusinessPage = "business_page",
    /// Offers a service.
    ServicePage = "service_page",
    /// Anything else.
    General = "general",
    /// The page that leads to all of a cluster.
    ClusterHub = "cluster_hub",
    /// Shows a product.
    ProductPage = "product_page",
    /// Words above the list of a category.
    CategoryArchive = "category_archive",
    /// Words above the list of a tag.
    TagArchive = "tag_archive",
    /// Words above the list of a value of an attribute.
    AttributeArchive = "attribute_archive",
});

words!(Role, "cluster role" {
    /// The wide subject the others belong to; the page that leads to all others.
    Hub = "hub",
    /// A narrower subject; a page below the hub.
    Supporting = "supporting",
    /// A subject with values of an attribute: colours, sizes.
    Attribute = "attribute",
});

choice! {
    /// What a page looks like: each has a template of its own.
    PageType, "page type" {
        /// The page at `/`.
        Home = "home",
        /// Who stands behind the site.
        About = "about",
        /// How to get in touch.
        Contact = "contact",
        /// Made of blocks alone.
        Custom = "custom",
        /// A running text by itself.
        Page = "page",
        /// The list of posts.
        Blog = "blog",
        /// The list of products.
        Products = "products",
        /// The list of services.
        Services = "services",
        /// A dated text.
        Post = "post",
        /// A product.
        Product = "product",
        /// A service.
        Service = "service",
        /// Posts of a category.
        Category = "category",
        /// Posts of a tag.
        Tag = "tag",
        /// Products of a category.
        ProductCategory = "product_category",
        /// Products of a tag.
        ProductTag = "product_tag",
        /// Products with a value of an attribute.
        ProductAttribute = "product_attribute",
        /// Services of a category.
        ServiceCategory = "service_category",
    }
}

choice! {
    /// What a page is in the data: a piece of content, a section of the site, or the archive of a term.
    Entity, "entity" {
        /// Content of type `page`.
        Page = "page",
        /// Content of type `post`.
        Post = "post",
        /// Content of type `product`.
        Product = "product",
        /// Content of type `service`.
        Service = "service",
        /// A folder of pages, whose list stands at its address. It has a text and no blocks.
        Section = "section",
        /// A term's archive; its text is content of type `taxonomy`.
        Term = "term",
    }
}

choice! {
    /// What pages of one kind are made for.
    Made, "purpose" {
        /// The site: one page.
        Site = "site",
        /// Each cluster: the page that leads to all of it.
        Hub = "hub",
        /// Keywords of a cluster that want a page of their own.
        Supporting = "supporting",
        /// Each term of a taxonomy.
        Term = "term",
    }
}

choice! {
    /// The taxonomies a site can have.
    TaxonomyKind, "taxonomy" {
        /// What a blog is about, from wide to narrow.
        BlogCategory = "blog_category",
        /// What posts have in common across categories.
        BlogTag = "blog_tag",
        /// What kind of thing a product is.
        ProductCategory = "product_category",
        /// What products have in common across categories.
        ProductTag = "product_tag",
        /// Properties of products, with their values below.
        ProductAttribute = "product_attribute",
        /// What kind of work a service is.
        ServiceCategory = "service_category",
    }
}

choice! {
    /// How a page is arranged.
    Layout, "layout" {
        /// What suits the kind of site.
        Default = "default",
        /// One narrow column.
        Minimal = "minimal",
        /// A lead story, then cards in columns.
        Magazine = "magazine",
        /// Products in a dense grid, categories beside them.
        Ecommerce = "ecommerce",
        /// Large pictures.
        Portfolio = "portfolio",
        /// Newest first, with a column beside.
        Blog = "blog",
        /// Sections of cards, a way to get in touch at the end.
        Corporate = "corporate",
    }
}

choice! {
    /// The parts that pages are built from.
    BlockType, "block type" {
        /// The opening of a page.
        Hero = "hero",
        /// A running text, with a picture beside it if there is one.
        Text = "text",
        /// What something offers, or the steps of a process.
        Features = "features",
        /// What customers said.
        Testimonials = "testimonials",
        /// Services, written here or taken from a section.
        Services = "services",
        /// Numbers that matter.
        Stats = "stats",
        /// One thing to do next.
        Cta = "cta",
        /// A picture.
        Image = "image",
        /// A video.
        Video = "video",
        /// Sends its fields to the site's owner.
        Form = "form",
        /// Questions and answers.
        Faq = "faq",
        /// What somebody said.
        Quote = "quote",
        /// Pictures in a grid.
        Grid = "grid",
        /// One thing with a picture, a text and links.
        Card = "card",
        /// Entries written here, or the newest pages of a section.
        List = "list",
        /// Texts that open one by one.
        Accordion = "accordion",
    }
}

choice! {
    /// What a field of a form takes.
    FieldKind, "kind of field" {
        /// A line of text.
        Text = "text",
        /// A person's name.
        Name = "name",
        /// An email address.
        Email = "email",
        /// A telephone number.
        Tel = "tel",
        /// Several lines of text.
        Textarea = "textarea",
        /// One of its options.
        Select = "select",
        /// Yes or no.
        Checkbox = "checkbox",
        /// Hidden from people: a form that comes with it filled in was sent by a program.
        Honeypot = "honeypot",
    }
}

choice! {
    /// Where menus stand.
    MenuPlace, "place of a menu" {
        /// At the top of every page.
        Main = "main",
        /// At the bottom of every page.
        Footer = "footer",
    }
}

choice! {
    /// What a page is to search engines, by schema.org.
    Schema, "schema.org type" {
        /// A page.
        WebPage = "WebPage",
        /// A page about who stands behind the site.
        AboutPage = "AboutPage",
        /// A page with ways to get in touch.
        ContactPage = "ContactPage",
        /// A list of pages.
        CollectionPage = "CollectionPage",
        /// A text, with its author and date.
        Article = "Article",
        /// A product, with its price and availability.
        Product = "Product",
        /// A service, with its area and price range.
        Service = "Service",
    }
}

impl PageType {
    /// What such a page is in the data.
    pub fn entity(self) -> Entity {
        match self {
            Self::Home | Self::About | Self::Contact | Self::Custom | Self::Page => Entity::Page,
            Self::Blog | Self::Products | Self::Services => Entity::Section,
            Self::Post => Entity::Post,
            Self::Product => Entity::Product,
            Self::Service => Entity::Service,
            Self::Category
            | Self::Tag
            | Self::ProductCategory
            | Self::ProductTag
            | Self::ProductAttribute
            | Self::ServiceCategory => Entity::Term,
        }
    }

    /// The taxonomy whose archives it is for.
    pub fn taxonomy(self) -> Option<TaxonomyKind> {
        match self {
            Self::Category => Some(TaxonomyKind::BlogCategory),
            Self::Tag => Some(TaxonomyKind::BlogTag),
            Self::ProductCategory => Some(TaxonomyKind::ProductCategory),
            Self::ProductTag => Some(TaxonomyKind::ProductTag),
            Self::ProductAttribute => Some(TaxonomyKind::ProductAttribute),
            Self::ServiceCategory => Some(TaxonomyKind::ServiceCategory),
            _ => None,
        }
    }

    /// How the renderer marks it for search engines.
    pub fn schema(self) -> Schema {
        match self {
            Self::Home | Self::Custom | Self::Page => Schema::WebPage,
            Self::About => Schema::AboutPage,
            Self::Contact => Schema::ContactPage,
            Self::Post => Schema::Article,
            Self::Product => Schema::Product,
            Self::Service => Schema::Service,
            _ => Schema::CollectionPage,
        }
    }
}

impl Entity {
    /// The type of its content; a section is none.
    pub fn content_type(self) -> Option<ContentType> {
        match self {
            Self::Page => Some(ContentType::Page),
            Self::Post => Some(ContentType::Post),
            Self::Product => Some(ContentType::Product),
            Self::Service => Some(ContentType::Service),
            Self::Term => Some(ContentType::Taxonomy),
            Self::Section => None,
        }
    }
}

impl TaxonomyKind {
    /// How the texts of its archives are built.
    pub fn structure(self) -> Structure {
        match self {
            Self::BlogCategory | Self::ProductCategory | Self::ServiceCategory => Structure::CategoryArchive,
            Self::BlogTag | Self::ProductTag => Structure::TagArchive,
            Self::ProductAttribute => Structure::AttributeArchive,
        }
    }

    /// The taxonomies that a site of a kind must have.
    pub fn of_site(site: SiteKind) -> &'static [Self] {
        match site {
            SiteKind::Blog => &[Self::BlogCategory, Self::BlogTag],
            SiteKind::Ecommerce => &[
                Self::ProductCategory,
                Self::ProductTag,
                Self::ProductAttribute,
                Self::BlogCategory,
                Self::BlogTag,
            ],
            SiteKind::Company => &[Self::ServiceCategory, Self::BlogCategory, Self::BlogTag],
        }
    }
}

impl BlockType {
    /// The looks it can have, the usual one first; none if there is only one.
    pub fn variants(self) -> &'static [&'static str] {
        match self {
            Self::Hero => &["split", "center", "cover"],
            Self::Features => &["grid", "rows", "steps"],
            Self::Cta => &["band", "panel"],
            Self::Image => &["text", "wide", "full"],
            Self::Grid => &["tiles", "logos", "cards"],
            Self::Card => &["side", "above"],
            Self::List => &["rows", "cards", "checks", "plain"],
            _ => &[],
        }
    }

    /// Whether it has entries of its own.
    pub fn has_items(self) -> bool {
        matches!(
            self,
            Self::Features
                | Self::Testimonials
                | Self::Services
                | Self::Stats
                | Self::Faq
                | Self::Grid
                | Self::List
                | Self::Accordion
        )
    }

    /// Whether it can show the pages of a section.
    pub fn shows_section(self) -> bool {
        matches!(self, Self::Services | Self::List)
    }

    /// Whether it has links of its own.
    pub fn has_links(self) -> bool {
        matches!(self, Self::Hero | Self::Text | Self::Cta | Self::Card)
    }
}

/// Words, each once, that are those serde writes, each with what it means.
#[cfg(test)]
pub(crate) fn check<T: Choice + serde::Serialize + std::fmt::Debug>() {
    for (n, &(value, word, about)) in T::ALL.iter().enumerate() {
        assert_eq!(serde_json::to_value(value).unwrap(), word, "{value:?}");
        assert_eq!((value.word(), T::parse(word)), (word, Some(value)));
        assert!(about.trim().ends_with('.'), "{word} says what it means");
        assert!(T::ALL[..n].iter().all(|(_, other, _)| *other != word), "{word} twice");
    }
    assert_eq!(T::parse("nothing of the kind"), None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_that_serde_writes() {
        check::<SiteKind>();
        check::<ContentType>();
        check::<Structure>();
        check::<Role>();
        check::<PageType>();
        check::<Entity>();
        check::<Made>();
        check::<TaxonomyKind>();
        check::<Layout>();
        check::<BlockType>();
        check::<FieldKind>();
        check::<MenuPlace>();
        check::<Schema>();
        assert_eq!((SiteKind::ALL.len(), Structure::ALL.len()), (3, 14));
        assert_eq!((Layout::ALL.len(), BlockType::ALL.len()), (7, 16));
    }

    #[test]
    fn archives_have_a_taxonomy_and_nothing_else_does() {
        for &(kind, word, _) in PageType::ALL {
            assert_eq!(kind.taxonomy().is_some(), kind.entity() == Entity::Term, "{word}");
        }
        for &(kind, word, _) in TaxonomyKind::ALL {
            let types = PageType::ALL
                .iter()
                .filter(|(page, _, _)| page.taxonomy() == Some(kind));
            assert_eq!(types.count(), 1, "{word}");
        }
    }
}
