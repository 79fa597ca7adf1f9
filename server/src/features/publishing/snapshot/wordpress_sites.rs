//! What the WordPress sites that content came from say of themselves, as far as a copy of them needs it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use igny8_data::{DbError, Read, SiteDb, Variables};
use igny8_wordpress::{GalleryPictures, Picture, PostsPage, Surroundings, gallery_pictures};
use serde::Deserialize;
use url::Url;

use super::own_links::{Origin, place};
use crate::features::content::Content;
use crate::features::destinations::DestinationId;

/// The WordPress sites of a site, those that were removed too.
#[derive(Debug, Default)]
pub struct WordpressSites(Vec<WordpressSite>);

/// One of them.
#[derive(Debug)]
pub struct WordpressSite {
    /// Host and path.
    pub home: String,
    /// The page that lists its posts.
    pub posts_page: Option<PostsPage>,
    /// Texts of the blocks that posts share, by their ids.
    blocks: BTreeMap<u64, String>,
    /// Pictures of galleries, by their ids.
    pictures: BTreeMap<u64, Picture>,
    /// Ids of those that are attached to posts, by these.
    attached: BTreeMap<u64, Vec<u64>>,
}

/// What the posts of a site share, with all that is shown of it.
#[derive(Debug, Hash)]
pub struct Shared<'a> {
    home: &'a str,
    blocks: &'a BTreeMap<u64, String>,
    /// What is known of the pictures that galleries of the blocks name.
    pictures: Vec<Option<&'a Picture>>,
}

/// What is known of the sites that a row may come from.
#[derive(Debug, Default)]
pub struct Around<'a> {
    sites: Vec<&'a WordpressSite>,
    /// The row's id there.
    post: u64,
}

impl Surroundings for Around<'_> {
    fn block(&self, id: u64) -> Option<&str> {
        let mut sites = self.sites.iter();
        sites.find_map(|site| site.blocks.get(&id)).map(String::as_str)
    }

    fn picture(&self, id: u64) -> Option<&Picture> {
        let mut pictures = self.sites.iter().filter_map(|site| site.pictures.get(&id));
        pictures.find(|picture| !picture.url.is_empty())
    }

    fn attached(&self) -> &[u64] {
        let mut sites = self.sites.iter();
        let attached = sites.find_map(|site| site.attached.get(&self.post));
        attached.map(Vec::as_slice).unwrap_or_default()
    }
}

/// What is kept of a destination's state ([`igny8_wordpress::Discovered`]).
#[derive(Deserialize)]
struct Kept {
    site: igny8_wordpress::Site,
    #[serde(default)]
    shared_blocks: BTreeMap<u64, String>,
    #[serde(default)]
    pictures: BTreeMap<u64, Picture>,
    #[serde(default)]
    attached: BTreeMap<u64, Vec<u64>>,
}

impl WordpressSites {
    /// Reads them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read(db: &SiteDb<'_, Read>) -> Result<Self, DbError> {
        let sql = "SELECT VALUE id FROM destination WITH INDEX destination_by_site WHERE site = $site AND account = $account \
                   AND kind = 'wordpress';";
        let mut answer = db.query(sql, Variables::new(), "listing WordPress sites").await?;
        let ids: Vec<DestinationId> = answer.rows(0)?;
        let mut all = Vec::with_capacity(ids.len());
        for id in ids {
            let mut binds = Variables::new();
            binds.insert("destination", id);
            let sql = "SELECT VALUE discovered FROM destination_state WITH INDEX destination_state_of \
                       WHERE destination = $destination AND site = $site AND account = $account \
                       AND discovered IS NOT NONE;";
            let mut answer = db
                .query(sql, binds, "reading what is known of a WordPress site")
                .await?;
            let kept: Vec<serde_json::Value> = answer.rows(0)?;
            all.extend(kept.into_iter().filter_map(WordpressSite::of));
        }
        Ok(Self(all))
    }

    pub fn all(&self) -> &[WordpressSite] {
        &self.0
    }

    /// What the text of a row shows that is not in it.
    pub fn around(&self, row: &Content) -> Around<'_> {
        if self
            .0
            .iter()
            .all(|site| site.blocks.is_empty() && site.pictures.is_empty())
        {
            return Around::default();
        }
        Origin::of(row).map_or_else(Around::default, |origin| self.at(&origin))
    }

    fn at(&self, origin: &Origin) -> Around<'_> {
        Around {
            sites: self.0.iter().filter(|site| site.home == origin.home()).collect(),
            post: origin.post(),
        }
    }

    /// A digest of what is known of the pictures of a text's galleries.
    pub fn digest_of(&self, origin: &Origin, galleries: &GalleryPictures) -> u64 {
        if galleries.is_empty() {
            return 0;
        }
        let around = self.at(origin);
        let attached = if galleries.attached { around.attached() } else { &[] };
        let mut hasher = DefaultHasher::new();
        attached.hash(&mut hasher);
        for id in galleries.ids.iter().chain(attached) {
            around.picture(*id).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// All blocks, of each site.
    pub fn blocks(&self) -> Vec<Shared<'_>> {
        self.0.iter().map(WordpressSite::shared).collect()
    }
}

impl WordpressSite {
    fn of(discovered: serde_json::Value) -> Option<Self> {
        let kept: Kept = serde_json::from_value(discovered).ok()?;
        Some(Self {
            home: place(&Url::parse(&kept.site.home).ok()?)?,
            posts_page: kept.site.posts_page,
            blocks: kept.shared_blocks,
            pictures: kept.pictures,
            attached: kept.attached,
        })
    }

    fn shared(&self) -> Shared<'_> {
        let named = self.blocks.values().flat_map(|text| gallery_pictures(text).ids);
        Shared {
            home: &self.home,
            blocks: &self.blocks,
            pictures: named.map(|id| self.pictures.get(&id)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_galleries_in_shared_blocks_are_shared_too() {
        let hash = |known: &[(u64, &str)]| {
            let picture = |url: &str| Picture {
                url: url.to_owned(),
                ..Picture::default()
            };
            let sites = WordpressSites(vec![WordpressSite {
                home: "a.example/".to_owned(),
                posts_page: None,
                blocks: BTreeMap::from([(5, "[gallery ids=\"7,8\"]".to_owned())]),
                pictures: known.iter().map(|(id, url)| (*id, picture(url))).collect(),
                attached: BTreeMap::new(),
            }]);
            let mut hasher = DefaultHasher::new();
            sites.blocks().hash(&mut hasher);
            hasher.finish()
        };
        let before = hash(&[(7, ""), (8, "")]);
        assert_ne!(hash(&[(7, "https://a.example/7.jpg"), (8, "")]), before);
        assert_eq!(hash(&[(7, ""), (8, ""), (9, "https://a.example/9.jpg")]), before);
    }
}
