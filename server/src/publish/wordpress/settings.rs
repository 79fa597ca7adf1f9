//! What a WordPress destination is told.

use std::collections::{BTreeMap, HashSet};

use igny8_outgoing::{Outgoing, OutgoingError};
use igny8_wordpress::{ApiRoot, Discovered, PostType, Taxonomy};
use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::api::validate::{Check, address};

/// Which content goes to a destination by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Sends {
    /// What is published, and what is approved with a time at which it will be.
    #[default]
    Published,
    /// Drafts and what is in review as well, as drafts and pending posts.
    Everything,
}

/// How bodies are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum BodyForm {
    /// As blocks of WordPress's editor.
    #[default]
    Blocks,
    /// As plain HTML, which the editor shows as one classic block.
    Html,
}

/// What comes back from a destination by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Imports {
    Nothing,
    /// What becomes of content that was published or imported: edits, statuses, addresses, deletions.
    #[default]
    Known,
    /// Posts and pages that are made there as well.
    Everything,
}

/// Minutes between two looks at a site, where nothing else is said.
const USUAL_INTERVAL: u32 = 15;
/// A day: beyond it, deletions there would stand here for too long.
const LONGEST_INTERVAL: u32 = 24 * 60;

/// A WordPress site and what goes there. The application password is not among it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WordpressSettings {
    /// The site's address, as people see it.
    pub url: String,
    /// Its REST API, as found.
    pub root: Option<ApiRoot>,
    /// Addresses that its REST API had before, by which content may still be known.
    pub former_roots: Vec<ApiRoot>,
    pub user: String,
    pub sends: Sends,
    /// Nothing goes there by itself: only content that somebody chose for it.
    pub chosen_only: bool,
    pub body: BodyForm,
    /// Slug of the post type for a type of content; empty: it does not go there.
    pub post_types: BTreeMap<String, String>,
    /// Slug of their taxonomy for one of ours; empty: its terms do not go there.
    pub taxonomies: BTreeMap<String, String>,
    /// Our taxonomy for one of theirs that none of ours becomes; empty: its terms do not come.
    pub custom_taxonomies: BTreeMap<String, String>,
    /// Id of their user for the name of an author.
    pub authors: BTreeMap<String, u64>,
    /// Id of their user for all other authors; the one who connects where there is none.
    pub default_author: Option<u64>,
    pub imports: Imports,
    /// Slugs of the post types that are imported besides those that content goes to.
    pub import_types: Vec<String>,
    /// Minutes between two looks at the site; 0 for the usual interval.
    pub import_every: u32,
}

/// Types of content, and post types where nothing else is said: WordPress has posts and pages everywhere. A text about a term has its
/// place in the term, which WordPress shows above its archive.
pub const POST_TYPES: [(&str, &str); 5] = [
    ("post", "post"),
    ("page", "page"),
    ("product", "page"),
    ("service", "page"),
    ("taxonomy", ""),
];

/// Our taxonomies, and theirs where nothing else is said; `cluster` and `sector` have one where our plugin is.
pub const TAXONOMIES: [(&str, &str); 8] = [
    ("blog_category", "category"),
    ("blog_tag", "post_tag"),
    ("product_category", "product_cat"),
    ("product_tag", "product_tag"),
    ("product_attribute", ""),
    ("service_category", "category"),
    ("cluster", "igny8_cluster"),
    ("sector", "igny8_sector"),
];

/// Taxonomies of our plugin: what is in them is filed by our clusters and sectors, and by nobody there.
const PLUGIN: [&str; 2] = ["igny8_cluster", "igny8_sector"];

/// Whether terms of one of [`TAXONOMIES`] are terms here as well.
fn has_terms(ours: &str) -> bool {
    !matches!(ours, "cluster" | "sector")
}

/// Entries of a mapping at most.
const MOST: usize = 500;

/// Former addresses of an API that are kept.
const MOST_ROOTS: usize = 10;

impl WordpressSettings {
    /// Slug of the post type that a type of content becomes.
    pub fn post_type(&self, kind: &str) -> Option<&str> {
        of(&self.post_types, &POST_TYPES, kind)
    }

    /// Slug of the taxonomy that one of ours becomes.
    pub fn taxonomy(&self, ours: &str) -> Option<&str> {
        of(&self.taxonomies, &TAXONOMIES, ours)
    }

    /// Minutes between two looks at the site.
    pub fn interval(&self) -> u32 {
        if self.import_every == 0 {
            USUAL_INTERVAL
        } else {
            self.import_every
        }
    }

    /// Type of content that posts of a type become: the first that goes there, and else what comes nearest.
    pub fn content_kind(&self, post_type: &str) -> &'static str {
        let kinds = POST_TYPES.iter().map(|(kind, _)| *kind);
        let goes_there = kinds.clone().find(|kind| self.post_type(kind) == Some(post_type));
        let same_name = || kinds.clone().find(|kind| *kind == post_type);
        goes_there.or_else(same_name).unwrap_or("post")
    }

    /// Our taxonomy that one of theirs becomes.
    pub fn our_taxonomy(&self, theirs: &str) -> Option<&'static str> {
        let mut ours = TAXONOMIES.iter().map(|(ours, _)| *ours);
        ours.find(|ours| self.taxonomy(ours) == Some(theirs))
    }

    /// Slugs of their taxonomies that are the usual ones of ours, by these settings or where nothing is said.
    pub fn usual_slugs(&self) -> HashSet<String> {
        let usual = TAXONOMIES.iter().map(|(_, theirs)| *theirs);
        let all = usual.chain(self.taxonomies.values().map(String::as_str));
        all.filter(|slug| !slug.is_empty()).map(str::to_owned).collect()
    }

    /// Post types that are imported: where our content goes, and those that were chosen.
    pub fn imported_types(&self, found: &Discovered) -> Vec<PostType> {
        let kinds = ["post", "page", "product", "service"];
        let goes_there = |of: &PostType| kinds.iter().any(|kind| self.post_type(kind) == Some(of.slug.as_str()));
        let all = found.types.iter().map(|found| &found.post_type);
        all.filter(|of| goes_there(of) || self.import_types.contains(&of.slug))
            .cloned()
            .collect()
    }

    /// Our taxonomy that one of theirs becomes which is the usual one of none of ours; `None` where its terms do not come.
    pub fn custom_taxonomy(&self, theirs: &Taxonomy) -> Option<&str> {
        if PLUGIN.contains(&theirs.slug.as_str()) || self.our_taxonomy(&theirs.slug).is_some() {
            return None;
        }
        if let Some(set) = self.custom_taxonomies.get(&theirs.slug) {
            return (!set.is_empty()).then_some(set.as_str());
        }
        // Categories or tags that ours were told not to become.
        if TAXONOMIES.iter().any(|(_, usual)| *usual == theirs.slug) {
            return None;
        }
        let kind = theirs.types.first().map_or("post", |of| self.content_kind(of));
        Some(match (theirs.hierarchical, kind) {
            (true, "product") => "product_category",
            (true, "service") => "service_category",
            (true, _) => "blog_category",
            (false, "product") => "product_tag",
            (false, _) => "blog_tag",
        })
    }

    /// By slug of theirs our taxonomy, for all that posts of an imported type have and none of ours becomes.
    pub fn custom_taxonomies(&self, found: &Discovered) -> BTreeMap<String, String> {
        let types = self.imported_types(found);
        let is_imported = |theirs: &Taxonomy| types.iter().any(|of| of.taxonomies.contains(&theirs.slug));
        let all = found.taxonomies.iter().map(|found| &found.taxonomy);
        all.filter(|theirs| is_imported(theirs))
            .filter_map(|theirs| Some((theirs.slug.clone(), self.custom_taxonomy(theirs)?.to_owned())))
            .collect()
    }

    /// Which site it is, whatever the address of its API ([`ApiRoot::place`]).
    pub fn place(&self) -> Option<String> {
        self.root.as_ref().map(ApiRoot::place)
    }

    /// Keeps the addresses that the API had by these settings, where it has another one now.
    pub fn moved_from(&mut self, before: &Self) {
        for root in before.former_roots.iter().chain(&before.root) {
            if self.root.as_ref() != Some(root) && !self.former_roots.contains(root) {
                self.former_roots.push(root.clone());
            }
        }
        let surplus = self.former_roots.len().saturating_sub(MOST_ROOTS);
        self.former_roots.drain(..surplus);
    }

    /// The site's address.
    pub fn address(&self) -> Option<Url> {
        Url::parse(&self.url).ok()
    }

    /// Notes what is wrong with them; fields are named below `wordpress.`.
    pub fn check(&self, check: &mut Check, outgoing: &Outgoing) {
        let problem = match address(&self.url).map(|url| outgoing.check(&url)) {
            None => Some("must be an address such as https://example.com, without spaces and line breaks".to_owned()),
            Some(Err(error @ (OutgoingError::Address(_) | OutgoingError::Blocked(_)))) => Some(error.to_string()),
            Some(_) if self.url.len() > 500 => Some("must have at most 500 characters".to_owned()),
            Some(_) => None,
        };
        check.that(problem.is_none(), "wordpress.url", problem.unwrap_or_default());
        check.text("wordpress.user", &self.user, 1, 100);
        check.that(!self.user.contains(':'), "wordpress.user", "must not contain a colon");
        for (field, map, known) in [
            ("wordpress.post_types", &self.post_types, &POST_TYPES[..]),
            ("wordpress.taxonomies", &self.taxonomies, &TAXONOMIES[..]),
        ] {
            for (ours, theirs) in map {
                let known = known.iter().any(|(name, _)| name == ours);
                check.that(known, field, format!("`{ours}` is not one of ours"));
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
                let fits = theirs.len() <= 64 && theirs.chars().all(plain);
                check.that(fits, field, "must name slugs, or nothing for what does not go there");
            }
        }
        for (theirs, ours) in &self.custom_taxonomies {
            let known = ours.is_empty() || (has_terms(ours) && TAXONOMIES.iter().any(|(name, _)| name == ours));
            let message = format!("`{ours}` is not one of ours");
            check.that(known, "wordpress.custom_taxonomies", message);
            let fits = !theirs.is_empty() && theirs.len() <= 64;
            check.that(
                fits,
                "wordpress.custom_taxonomies",
                "must name taxonomies by their slugs",
            );
        }
        check.that(
            self.custom_taxonomies.len() <= MOST,
            "wordpress.custom_taxonomies",
            format!("must be at most {MOST}"),
        );
        check.that(
            self.import_every <= LONGEST_INTERVAL,
            "wordpress.import_every",
            format!("must be at most {LONGEST_INTERVAL} minutes"),
        );
        let named = |slug: &String| !slug.is_empty() && slug.len() <= 64;
        check.that(
            self.import_types.len() <= MOST && self.import_types.iter().all(named),
            "wordpress.import_types",
            "must name post types by their slugs",
        );
        check.that(
            self.authors.len() <= MOST,
            "wordpress.authors",
            format!("must be at most {MOST}"),
        );
        for name in self.authors.keys() {
            check.text("wordpress.authors", name, 1, 200);
        }
    }
}

fn of<'a>(
    set: &'a BTreeMap<String, String>,
    usual: &'static [(&'static str, &'static str)],
    key: &str,
) -> Option<&'a str> {
    let usual = || usual.iter().find(|(name, _)| *name == key).map(|(_, theirs)| *theirs);
    let found = set.get(key).map(String::as_str).or_else(usual)?;
    (!found.is_empty()).then_some(found)
}

/// Settings of a WordPress destination.
#[derive(Debug, Object)]
#[oai(rename = "WordpressSettings", skip_serializing_if_is_none)]
pub struct WordpressOut {
    pub url: String,
    /// Where its REST API was found.
    pub api_root: Option<String>,
    pub user: String,
    pub sends: Sends,
    pub chosen_only: bool,
    pub body: BodyForm,
    /// By type of content the slug of the post type it becomes; empty for what does not go there.
    pub post_types: BTreeMap<String, String>,
    /// By our taxonomy the slug of theirs; empty for what does not go there.
    pub taxonomies: BTreeMap<String, String>,
    /// By slug of theirs our taxonomy, for those that none of `taxonomies` names; empty for what does not come.
    pub custom_taxonomies: BTreeMap<String, String>,
    /// By name of an author the id of their user.
    pub authors: BTreeMap<String, u64>,
    pub default_author: Option<u64>,
    pub imports: Imports,
    /// Slugs of the post types that are imported besides those that content goes to.
    pub import_types: Vec<String>,
    /// Minutes between two looks at the site.
    pub import_every: u32,
}

impl WordpressOut {
    /// With what is in effect for what the site was found to have.
    pub fn of(settings: &WordpressSettings, found: Option<&Discovered>) -> Self {
        let mut custom_taxonomies = settings.custom_taxonomies.clone();
        custom_taxonomies.extend(found.map(|found| settings.custom_taxonomies(found)).unwrap_or_default());
        let all = |usual: &[(&str, &str)], set: &BTreeMap<String, String>| {
            let usual = usual
                .iter()
                .map(|(ours, theirs)| ((*ours).to_owned(), (*theirs).to_owned()));
            usual.chain(set.clone()).collect()
        };
        Self {
            url: settings.url.clone(),
            api_root: settings.root.as_ref().map(ToString::to_string),
            user: settings.user.clone(),
            sends: settings.sends,
            chosen_only: settings.chosen_only,
            body: settings.body,
            post_types: all(&POST_TYPES, &settings.post_types),
            taxonomies: all(&TAXONOMIES, &settings.taxonomies),
            custom_taxonomies,
            authors: settings.authors.clone(),
            default_author: settings.default_author,
            imports: settings.imports,
            import_types: settings.import_types.clone(),
            import_every: settings.interval(),
        }
    }
}

/// A WordPress site to connect. Its REST API is found from its address, also in a sub-folder and without pretty permalinks.
#[derive(Debug, Object)]
#[oai(rename = "WordpressCreate", deny_unknown_fields)]
pub struct WordpressIn {
    /// The site's address, as people see it.
    pub url: String,
    /// A user who may edit and publish, an editor or administrator.
    pub user: String,
    /// An application password of that user (Users → Profile → Application Passwords). Kept encrypted and never given out again.
    pub password: String,
    #[oai(default)]
    pub sends: Sends,
    /// True: nothing goes there by itself, only content that somebody chose for it.
    #[oai(default)]
    pub chosen_only: bool,
    /// Counts for what is sent from then on: what is there changes its form with its next edit.
    #[oai(default)]
    pub body: BodyForm,
    /// By type of content the slug of the post type it becomes, where it is not the usual one; empty for what is not to go there.
    #[oai(default)]
    pub post_types: BTreeMap<String, String>,
    /// By our taxonomy the slug of theirs, where it is not the usual one; empty for what is not to go there.
    #[oai(default)]
    pub taxonomies: BTreeMap<String, String>,
    /// Our taxonomy for each of theirs that none of `taxonomies` names; empty: it does not come. Where nothing is said, one with
    /// levels becomes the category of the type of content that its posts become, another the tag of it; WordPress's own categories
    /// and tags do not come where they are told to be none of ours. What came from one of theirs goes back into it.
    #[oai(default)]
    pub custom_taxonomies: BTreeMap<String, String>,
    /// By name of an author the id of their user.
    #[oai(default)]
    pub authors: BTreeMap<String, u64>,
    pub default_author: Option<u64>,
    /// What comes back from there by itself.
    #[oai(default)]
    pub imports: Imports,
    /// Slugs of the post types that are imported besides those that content goes to.
    #[oai(default)]
    pub import_types: Vec<String>,
    /// Minutes between two looks at the site, at most 1440; 0 for the usual interval.
    #[oai(default)]
    pub import_every: u32,
}

impl WordpressIn {
    pub fn settings(self) -> WordpressSettings {
        WordpressSettings {
            url: self.url.trim().to_owned(),
            root: None,
            former_roots: Vec::new(),
            user: self.user.trim().to_owned(),
            sends: self.sends,
            chosen_only: self.chosen_only,
            body: self.body,
            post_types: self.post_types,
            taxonomies: self.taxonomies,
            custom_taxonomies: self.custom_taxonomies,
            authors: self.authors,
            default_author: self.default_author,
            imports: self.imports,
            import_types: self.import_types,
            import_every: self.import_every,
        }
    }
}

/// What to change of a WordPress destination; what is left out stays.
#[derive(Debug, Object)]
#[oai(rename = "WordpressUpdate", deny_unknown_fields)]
pub struct WordpressPatch {
    /// On another host, `password` must be sent again.
    pub url: Option<String>,
    pub user: Option<String>,
    /// A new application password.
    pub password: Option<String>,
    pub sends: Option<Sends>,
    pub chosen_only: Option<bool>,
    pub body: Option<BodyForm>,
    /// As a whole.
    pub post_types: Option<BTreeMap<String, String>>,
    /// As a whole.
    pub taxonomies: Option<BTreeMap<String, String>>,
    /// As a whole. Terms that came already stay where they are.
    pub custom_taxonomies: Option<BTreeMap<String, String>>,
    /// As a whole.
    pub authors: Option<BTreeMap<String, u64>>,
    /// 0 for none.
    pub default_author: Option<u64>,
    pub imports: Option<Imports>,
    /// As a whole.
    pub import_types: Option<Vec<String>>,
    pub import_every: Option<u32>,
}

impl WordpressPatch {
    /// Changes the settings by what was sent, the password aside.
    pub fn apply(self, settings: &mut WordpressSettings) {
        use crate::api::patch::set;
        set(&mut settings.url, self.url.map(|url| url.trim().to_owned()));
        set(&mut settings.user, self.user.map(|user| user.trim().to_owned()));
        set(&mut settings.sends, self.sends);
        set(&mut settings.chosen_only, self.chosen_only);
        set(&mut settings.body, self.body);
        set(&mut settings.post_types, self.post_types);
        set(&mut settings.taxonomies, self.taxonomies);
        set(&mut settings.custom_taxonomies, self.custom_taxonomies);
        set(&mut settings.authors, self.authors);
        set(&mut settings.imports, self.imports);
        set(&mut settings.import_types, self.import_types);
        set(&mut settings.import_every, self.import_every);
        if let Some(author) = self.default_author {
            settings.default_author = (author != 0).then_some(author);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taxonomy(slug: &str, hierarchical: bool, of: &str) -> Taxonomy {
        Taxonomy {
            slug: slug.into(),
            hierarchical,
            types: vec![of.into()],
            ..Taxonomy::tags()
        }
    }

    #[test]
    fn what_custom_taxonomies_become() {
        let set = |entries: &[(&str, &str)]| {
            let entries = entries
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            entries.collect::<BTreeMap<_, _>>()
        };
        let settings = WordpressSettings {
            post_types: set(&[("service", "offer")]),
            custom_taxonomies: set(&[("mood", ""), ("series", "blog_category"), ("post_tag", "blog_category")]),
            ..WordpressSettings::default()
        };
        for (theirs, expected) in [
            (taxonomy("cuisine", true, "recipe"), Some("blog_category")),
            (taxonomy("color", false, "recipe"), Some("blog_tag")),
            (taxonomy("brand", true, "product"), Some("product_category")),
            (taxonomy("label", false, "product"), Some("product_tag")),
            (taxonomy("sector", true, "offer"), Some("service_category")),
            (taxonomy("series", false, "post"), Some("blog_category")),
            (taxonomy("mood", false, "post"), None),
            (taxonomy("post_tag", false, "post"), None),
            (taxonomy("igny8_cluster", false, "post"), None),
        ] {
            assert_eq!(settings.custom_taxonomy(&theirs), expected, "{}", theirs.slug);
        }
        let without = WordpressSettings {
            taxonomies: set(&[("cluster", ""), ("sector", ""), ("blog_tag", "")]),
            ..WordpressSettings::default()
        };
        for slug in ["igny8_cluster", "post_tag"] {
            assert_eq!(without.custom_taxonomy(&taxonomy(slug, false, "post")), None, "{slug}");
        }
        let named = WordpressSettings {
            custom_taxonomies: set(&[("igny8_cluster", "blog_tag"), ("post_tag", "blog_category")]),
            ..without
        };
        for (slug, expected) in [("igny8_cluster", None), ("post_tag", Some("blog_category"))] {
            assert_eq!(
                named.custom_taxonomy(&taxonomy(slug, false, "post")),
                expected,
                "{slug}"
            );
        }
    }

    #[test]
    fn former_addresses_of_an_api_are_kept() {
        let at = |root: &str| WordpressSettings {
            root: Some(root.parse().unwrap()),
            ..WordpressSettings::default()
        };
        let (first, mut second) = (at("http://a.example/wp-json/"), at("https://a.example/?rest_route=/"));
        second.moved_from(&first);
        second.moved_from(&first);
        let mut again = at("http://a.example/wp-json/");
        again.moved_from(&second);
        let texts = |settings: &WordpressSettings| -> Vec<String> {
            settings.former_roots.iter().map(ToString::to_string).collect()
        };
        assert_eq!(texts(&second), ["http://a.example/wp-json/"]);
        assert_eq!(texts(&again), ["https://a.example/?rest_route=%2F"]);
        assert_eq!(
            (first.place(), second.place()),
            (again.place(), Some("a.example".into()))
        );
        assert_eq!(WordpressSettings::default().place(), None);
    }
}
