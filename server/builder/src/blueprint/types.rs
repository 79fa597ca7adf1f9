//! What a blueprint file says. The words here are what editors show ([`super::schema()`]).

use super::record::record;
use super::values::{Options, Words};
use crate::coverage::rule::{Level, Rule};
use crate::names::{
    BlockType, ContentType, FieldKind, Layout, Made, MenuPlace, PageType, Schema, SiteKind, Structure, TaxonomyKind,
    choice,
};

record! {
    /// A kind of site: what it is made of and how its parts belong together.
    Blueprint {
        /// Its name in addresses and files, as the file is called.
        key: String,
        /// Raised when a change would change sites that are planned with it.
        version: u32,
        /// What people call it.
        name: String,
        /// For whom it is, in a sentence or two.
        description: String,
        /// The kind of site that it makes.
        site_type: SiteKind,
        /// What each step of the wizard is about, for whoever walks through it.
        steps: Steps,
        /// The look to begin with.
        theme: ThemeSpec,
        /// Supporting pages of one cluster at most; what is beyond joins other pages.
        supporting_pages: u32,
        /// The ways in which content is filed.
        taxonomies: Vec<TaxonomySpec>,
        /// Kinds of pages.
        pages: Vec<PageSpec>,
        /// What stands in the menus.
        menus: Vec<MenuSpec>,
        /// Which pages lead to which others by links in their texts.
        links: Vec<LinkRule>,
        /// What is looked at before pages are written.
        coverage: Vec<CoverageRule>,
    }
}

record! {
    /// What each step of the wizard is about.
    Steps {
        /// What to say about the business, and what it is used for.
        business_details: String,
        /// Which clusters to attach.
        clusters: String,
        /// Which terms to make.
        taxonomy: String,
        /// What the pages are, and what may be changed.
        sitemap: String,
        /// What is looked at, and what a gap means.
        coverage: String,
        /// What happens with the pages.
        hand_off: String,
    }
}

record! {
    /// The theme that sites of this kind begin with.
    ThemeSpec {
        /// Its folder in `themes/`.
        name: String,
        /// Why this one.
        why: String,
        /// Options that differ from the theme's own defaults.
        options [default]: Options,
    }
}

record! {
    /// A way of filing content.
    TaxonomySpec {
        /// Which of those there are.
        kind: TaxonomyKind,
        /// Plural name in addresses and files: `categories`.
        name: String,
        /// Heading of the list of its terms.
        title: Words,
        /// Address below which its terms are: `/blog/category/`.
        url: String,
        /// Terms may be below others.
        hierarchical [default]: bool,
        /// There must be a term of it before pages are planned.
        required [default]: bool,
        /// What is filed under it.
        of: Vec<ContentType>,
        /// Content of these types is not published without a term of it.
        needed [default]: bool,
        /// What it is good for.
        why: String,
    }
}

record! {
    /// A kind of page.
    PageSpec {
        /// Its name in this file; where there is one such page, also that page's name.
        key: String,
        /// The template that shows it.
        kind as "type": PageType,
        /// What such pages are made for.
        made as "for": Vec<Made>,
        /// What people call it.
        name: String,
        /// What it is good for.
        why: String,
        /// Address: fixed where there is one such page (`/about/`), with `{slug}` where there are many. The archive of a term
        /// has its taxonomy's.
        url [default]: String,
        /// Its title where there is one such page. Other pages have the title that their keywords ask for.
        title [default]: Words,
        /// Its name in menus, where that is not the title.
        label [default]: Words,
        /// Kinds of pages that it stands below, the first that there is: for pages of a cluster the one of that cluster. The
        /// home page otherwise.
        parent [default]: Vec<String>,
        /// How its text is built, where there is one such page.
        structure [default]: Option<Structure>,
        /// How it is arranged; the site's layout when left out.
        layout [default]: Option<Layout>,
        /// It cannot be taken out of a plan.
        required [default]: bool,
        /// Words its text should have, where keywords do not say so.
        words [default]: Option<u32>,
        /// Title and description in search results.
        seo: SeoSpec,
        /// What to write, for whoever or whatever writes it: Markdown.
        prompt: String,
        /// What it is built from, beside or instead of a running text.
        blocks [default]: Vec<BlockSpec>,
    }
}

record! {
    /// How pages show in search results. Texts fill in `{title}`, `{site}`, `{keyword}` and others.
    SeoSpec {
        /// Title where it is not the page's; the site's name is put behind it by the theme.
        title [default]: Words,
        /// Description; one that would have a hole is left out.
        description [default]: Words,
        /// What the page is by schema.org.
        schema: Schema,
        /// Search engines are asked to stay away.
        hidden [default]: bool,
    }
}

record! {
    /// A part of a page.
    BlockSpec {
        /// Which of those there are.
        kind as "type": BlockType,
        /// How it looks; the usual look when left out.
        variant [default]: String,
        /// What people call it.
        name: String,
        /// What it does for a reader.
        why: String,
        /// What to write, for whoever or whatever writes it: Markdown.
        prompt: String,
        /// Entries it should have.
        items [default]: Option<u32>,
        /// The kind of page (a list) whose pages it shows: `services`.
        from [default]: String,
        /// How many of them.
        limit [default]: Option<u32>,
        /// Kinds of pages that it leads to.
        links [default]: Vec<String>,
        /// Fields of a form.
        fields [default]: Vec<FieldSpec>,
    }
}

record! {
    /// A field of a form.
    FieldSpec {
        /// Name it is sent by.
        name: String,
        /// Words above it.
        label: Words,
        /// What it takes.
        kind: FieldKind,
        /// It must be filled in.
        required [default]: bool,
        /// A line under it.
        help [default]: Words,
        /// What a `select` offers.
        options [default]: Vec<String>,
    }
}

record! {
    /// A menu.
    MenuSpec {
        /// Where it stands.
        place: MenuPlace,
        /// What it is for.
        why: String,
        /// Its entries, in order.
        items: Vec<MenuItemSpec>,
    }
}

record! {
    /// An entry of a menu; several where there are several such pages.
    MenuItemSpec {
        /// A kind of page. Of many, those at the top of the plan and searched most are taken.
        page: String,
        /// Entries at most.
        limit [default]: Option<u32>,
        /// The kind of page that stands below each.
        below [default]: String,
        /// Entries below each at most.
        below_limit [default]: Option<u32>,
    }
}

record! {
    /// Which pages link to which.
    LinkRule {
        /// The kind of page with the link.
        from: String,
        /// The kind of page it leads to.
        to: String,
        /// What both have in common.
        within: Within,
        /// Links there must be, if there are so many pages to link to.
        least: u32,
        /// Links that are planned at most.
        most: u32,
        /// What it is good for.
        why: String,
    }
}

record! {
    /// Something that is looked at before pages are written.
    CoverageRule {
        /// What.
        rule: Rule,
        /// Whether the plan can be handed off without it.
        level: Level,
        /// How many there must be.
        least [default]: Option<u32>,
        /// Why it matters, for whoever has to mend it.
        why: String,
    }
}

choice! {
    /// What pages have in common that link to each other.
    Within, "thing in common" {
        /// The cluster.
        Cluster = "cluster",
        /// A term.
        Term = "term",
        /// The site and no more.
        Site = "site",
    }
}

impl Blueprint {
    /// The kind of page of that name.
    pub fn page(&self, key: &str) -> Option<&PageSpec> {
        self.pages.iter().find(|page| page.key == key)
    }

    /// The first kind of page that is made for something and is of a type that `fits`.
    pub fn made_for(&self, made: Made, fits: impl Fn(&PageSpec) -> bool) -> Option<&PageSpec> {
        self.pages.iter().find(|page| page.made.contains(&made) && fits(page))
    }

    /// The taxonomy of that kind.
    pub fn taxonomy(&self, kind: TaxonomyKind) -> Option<&TaxonomySpec> {
        self.taxonomies.iter().find(|taxonomy| taxonomy.kind == kind)
    }

    /// The kind of page that archives of a taxonomy's terms are; none where archives have no text of their own.
    pub fn archive(&self, kind: TaxonomyKind) -> Option<&PageSpec> {
        self.made_for(Made::Term, |page| page.kind.taxonomy() == Some(kind))
    }

    /// The taxonomy that content of a type is not published without.
    pub fn needed(&self, content: ContentType) -> Option<&TaxonomySpec> {
        self.taxonomies
            .iter()
            .find(|taxonomy| taxonomy.needed && taxonomy.of.contains(&content))
    }

    /// Taxonomies that must have a term.
    pub fn required_taxonomies(&self) -> impl Iterator<Item = TaxonomyKind> {
        self.taxonomies
            .iter()
            .filter(|taxonomy| taxonomy.required)
            .map(|taxonomy| taxonomy.kind)
    }
}
