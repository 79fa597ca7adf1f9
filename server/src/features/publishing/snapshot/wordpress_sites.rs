//! What the WordPress sites that content came from say of themselves, as far as a copy of them needs it.

use std::collections::BTreeMap;

use igny8_data::{DbError, Read, SiteDb, Variables};
use igny8_wordpress::PostsPage;
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
}

/// What is kept of a destination's state ([`igny8_wordpress::Discovered`]).
#[derive(Deserialize)]
struct Kept {
    site: igny8_wordpress::Site,
    #[serde(default)]
    shared_blocks: BTreeMap<u64, String>,
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

    /// The blocks that a row shares with others of its site.
    pub fn blocks_of(&self, row: &Content) -> Option<&BTreeMap<u64, String>> {
        if self.0.iter().all(|site| site.blocks.is_empty()) {
            return None;
        }
        let origin = Origin::of(row)?;
        let sites = self.0.iter().filter(|site| site.home == origin.home());
        let mut blocks = sites.map(|site| &site.blocks);
        blocks.find(|blocks| !blocks.is_empty())
    }

    /// All blocks, of each site.
    pub fn blocks(&self) -> Vec<(&str, &BTreeMap<u64, String>)> {
        self.0.iter().map(|site| (site.home.as_str(), &site.blocks)).collect()
    }
}

impl WordpressSite {
    fn of(discovered: serde_json::Value) -> Option<Self> {
        let kept: Kept = serde_json::from_value(discovered).ok()?;
        Some(Self {
            home: place(&Url::parse(&kept.site.home).ok()?)?,
            posts_page: kept.site.posts_page,
            blocks: kept.shared_blocks,
        })
    }
}
