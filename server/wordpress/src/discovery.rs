//! What a site has: post types, taxonomies, people, and plugins that matter to us.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::client::{LIST, OBJECT, Sent, read, total};
use crate::{Page, Picture, PostType, Site, Taxonomy, User, WordPress, WordPressError, lenient};

/// Looked at at most; a site with more is not asked about the rest.
const MOST: usize = 40;

/// Shared blocks looked at, and bytes of their texts that are kept.
const SHARED: u64 = 500;
const SHARED_BYTES: usize = 512 << 10;

/// Letters of a text that are kept, and bytes of a name of the site's own: its plugins' names for meta are shorter.
const LONGEST: usize = 255;

/// What a site has. It can be stored, since every part of it has a bound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Discovered {
    pub site: Site,
    pub types: Vec<TypeFound>,
    pub taxonomies: Vec<TaxonomyFound>,
    /// The first hundred.
    pub users: Vec<User>,
    pub user_count: Option<u64>,
    pub plugins: Plugins,
    /// Texts of the blocks that posts share, by their ids, as far as there is room.
    #[serde(default)]
    pub shared_blocks: BTreeMap<u64, String>,
    /// Pictures that galleries of texts name by their ids; whoever reads the texts adds them.
    #[serde(default)]
    pub pictures: BTreeMap<u64, Picture>,
    /// Ids of pictures that are attached to posts whose galleries show these, by the posts' ids.
    #[serde(default)]
    pub attached: BTreeMap<u64, Vec<u64>>,
}

/// A post type with what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeFound {
    #[serde(flatten)]
    pub post_type: PostType,
    /// Posts in any status but trash.
    pub count: Option<u64>,
    /// Keys of meta that can be read and written.
    pub meta_keys: Vec<String>,
}

/// A taxonomy with what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxonomyFound {
    #[serde(flatten)]
    pub taxonomy: Taxonomy,
    pub count: Option<u64>,
}

/// Plugins that change what publishing means, told by the namespaces of their REST routes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plugins {
    pub yoast: bool,
    pub rank_math: bool,
    pub woocommerce: bool,
    /// Ours (`deploy/wordpress/igny8`).
    pub igny8: bool,
}

impl Plugins {
    pub fn of(namespaces: &[String]) -> Self {
        let has = |name: &str| {
            let versioned =
                |text: &String| text == name || text.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
            namespaces.iter().any(versioned)
        };
        Self {
            yoast: has("yoast"),
            rank_math: has("rankmath"),
            woocommerce: has("wc"),
            igny8: has("igny8"),
        }
    }
}

impl Discovered {
    /// The post type with a slug.
    pub fn post_type(&self, slug: &str) -> Option<&PostType> {
        self.types
            .iter()
            .map(|found| &found.post_type)
            .find(|of| of.slug == slug)
    }

    /// The taxonomies of a post type.
    pub fn taxonomies_of(&self, of: &PostType) -> Vec<Taxonomy> {
        let all = self.taxonomies.iter().map(|found| &found.taxonomy);
        all.filter(|taxonomy| of.taxonomies.contains(&taxonomy.slug))
            .cloned()
            .collect()
    }

    /// Takes over the pictures that were known of the same site before.
    pub fn keep_pictures_of(&mut self, before: &Self) {
        let place = |site: &Site| {
            let home = site.home.trim_end_matches('/');
            home.split_once("://").map_or(home, |(_, place)| place).to_owned()
        };
        if self.pictures.is_empty() && place(&self.site) == place(&before.site) {
            self.pictures.clone_from(&before.pictures);
            self.attached.clone_from(&before.attached);
        }
    }

    /// Whether a key of meta can be set on posts of a type.
    #[cfg(feature = "testing")]
    pub fn takes_meta(&self, of: &PostType, key: &str) -> bool {
        let mut types = self.types.iter();
        types.any(|found| found.post_type.slug == of.slug && found.meta_keys.iter().any(|known| known == key))
    }
}

impl WordPress {
    /// Looks at what the site has: two requests for each post type, one for each taxonomy, and about eight.
    ///
    /// # Errors
    /// [`WordPressError`]; a count that cannot be had is none.
    pub async fn discover(&self) -> Result<Discovered, WordPressError> {
        let mut site = self.site().await?.bounded();
        let mut types = Vec::new();
        let found = self.kinds::<PostType>("wp/v2/types").await?;
        for mut post_type in found.into_iter().filter(PostType::is_content).take(MOST) {
            shorten(&mut post_type.name);
            keep_names(&mut post_type.taxonomies);
            let route = post_type.route();
            types.push(TypeFound {
                count: self.count(&route, &[("context", "edit"), ("status", "any")]).await?,
                meta_keys: self.meta_keys(&route).await?,
                post_type,
            });
        }
        let mut taxonomies = Vec::new();
        let found = self.kinds::<Taxonomy>("wp/v2/taxonomies").await?;
        for mut taxonomy in found.into_iter().filter(Taxonomy::is_content).take(MOST) {
            shorten(&mut taxonomy.name);
            keep_names(&mut taxonomy.types);
            let count = self.count(&taxonomy.route(), &[("hide_empty", "false")]).await?;
            taxonomies.push(TaxonomyFound { taxonomy, count });
        }
        let users = match self.users(0, 100).await {
            Err(error) if of_one_request(&error) => None,
            users => Some(users?),
        };
        site.posts_page = match Box::pin(self.posts_page()).await {
            Err(error) if of_one_request(&error) => None,
            page => page?,
        };
        let shared_blocks = match Box::pin(self.shared_blocks()).await {
            Err(error) if of_one_request(&error) => BTreeMap::new(),
            blocks => blocks?,
        };
        let bounded = |mut user: User| {
            shorten(&mut user.name);
            shorten(&mut user.slug);
            user
        };
        Ok(Discovered {
            plugins: Plugins::of(&site.namespaces),
            user_count: users.as_ref().and_then(|users| users.total),
            users: users.map_or_else(Vec::new, |users| users.items.into_iter().map(bounded).collect()),
            site,
            types,
            taxonomies,
            shared_blocks,
            pictures: BTreeMap::new(),
            attached: BTreeMap::new(),
        })
    }

    /// Texts of the blocks that posts share, by their ids. Of what is more than is kept the newest are missing.
    ///
    /// # Errors
    /// [`WordPressError`].
    pub async fn shared_blocks(&self) -> Result<BTreeMap<u64, String>, WordPressError> {
        let parameters = [
            ("context", "edit"),
            ("orderby", "id"),
            ("order", "asc"),
            ("_fields", "id,content.raw"),
        ];
        let (mut blocks, mut offset, mut bytes) = (BTreeMap::new(), 0, 0);
        loop {
            let page: Page<Shared> = match self.list("wp/v2/blocks", &parameters, (offset, 100), LIST).await {
                Ok(page) => page,
                Err(WordPressError::NoRoute | WordPressError::Forbidden { .. }) => return Ok(blocks),
                Err(error) => return Err(error),
            };
            for Shared { id, content } in page.items {
                if bytes + content.len() <= SHARED_BYTES && !content.contains('\0') {
                    bytes += content.len();
                    blocks.insert(id, content);
                }
            }
            offset += 100;
            if !page.more || offset >= SHARED {
                return Ok(blocks);
            }
        }
    }

    /// Post types or taxonomies; one that cannot be read is left out.
    async fn kinds<T: for<'a> Deserialize<'a>>(&self, route: &str) -> Result<Vec<T>, WordPressError> {
        let all: Value = self.get(route, &[("context", "edit")], OBJECT).await?;
        let Value::Object(all) = all else {
            return Ok(Vec::new());
        };
        Ok(all
            .into_iter()
            .filter_map(|(_, kind)| serde_json::from_value(kind).ok())
            .collect())
    }

    async fn count(&self, route: &str, more: &[(&str, &str)]) -> Result<Option<u64>, WordPressError> {
        let mut parameters = vec![("per_page", "1"), ("_fields", "id")];
        parameters.extend(more);
        match self
            .send(http::Method::GET, route, &parameters, Sent::Nothing, OBJECT)
            .await
        {
            Ok(answer) => Ok(total(&answer.headers)),
            Err(error) if of_one_request(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keys of meta, of the schema that a route describes itself by.
    async fn meta_keys(&self, route: &str) -> Result<Vec<String>, WordPressError> {
        let described = match self
            .send(http::Method::OPTIONS, route, &[], Sent::Nothing, OBJECT)
            .await
        {
            Ok(answer) => read::<Described>(&answer, self.root()).unwrap_or_default(),
            Err(error) if of_one_request(&error) => Described::default(),
            Err(error) => return Err(error),
        };
        let properties = described.schema.get("properties");
        let meta = properties.and_then(|all| all.get("meta")?.get("properties")?.as_object());
        let mut keys = meta.map_or_else(Vec::new, |meta| meta.keys().cloned().collect());
        keep_names(&mut keys);
        Ok(keys)
    }
}

/// Leaves the beginning of a text.
pub(crate) fn shorten(text: &mut String) {
    if let Some((at, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(at);
    }
}

/// Leaves the first few hundred names, without those that are none.
pub(crate) fn keep_names(names: &mut Vec<String>) {
    names.retain(|name| name.len() <= LONGEST);
    names.truncate(500);
}

/// Whether an error speaks of one route alone, so that the rest can still be looked at.
fn of_one_request(error: &WordPressError) -> bool {
    matches!(
        error,
        WordPressError::Forbidden { .. }
            | WordPressError::Firewalled { .. }
            | WordPressError::Refused { .. }
            | WordPressError::NoRoute
            | WordPressError::Gone
            | WordPressError::Garbled(_)
            | WordPressError::TooLarge(_)
            | WordPressError::Server { .. }
    )
}

/// A block that posts share.
#[derive(Deserialize)]
struct Shared {
    #[serde(deserialize_with = "lenient::number")]
    id: u64,
    #[serde(default, deserialize_with = "lenient::text")]
    content: String,
}

#[derive(Default, Deserialize)]
struct Described {
    #[serde(default, deserialize_with = "lenient::object")]
    schema: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_site_has_a_bound() {
        let long = "é".repeat(100_000);
        let site: Site = serde_json::from_value(serde_json::json!({
            "name": long, "home": "https://a.example", "namespaces": ["wp/v2", long],
            "authentication": { "application-passwords": { "endpoints": { "authorization": long } }, (long.clone()): true },
        }))
        .unwrap();
        let site = site.bounded();
        assert_eq!(
            (site.name.chars().count(), site.home.as_str()),
            (LONGEST, "https://a.example")
        );
        assert_eq!(site.namespaces, ["wp/v2"]);
        assert!(site.takes_application_passwords());
        assert!(serde_json::to_string(&site).unwrap().len() < 2000);
    }

    #[test]
    fn plugins_are_told_by_their_namespaces() {
        let of = |names: &[&str]| Plugins::of(&names.iter().map(|&name| name.into()).collect::<Vec<String>>());
        assert_eq!(of(&["oembed/1.0", "wp/v2", "wcx/v1", "yoastish"]), Plugins::default());
        let all = of(&["yoast/v1", "rankmath/v1/an", "wc/v3", "igny8/v1"]);
        assert_eq!([all.yoast, all.rank_math, all.woocommerce, all.igny8], [true; 4]);
    }
}
