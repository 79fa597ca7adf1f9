//! Publications that are new, written down before anything is done for them.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use igny8_data::{DbError, Variables};

use super::super::model::{Publication, PublicationId};
use super::super::state;
use super::one::EXTERNAL;
use super::{Run, Stop};
use crate::features::content::model::Source;
use crate::features::content::{Content, ContentId};
use crate::publish::wordpress::origin_of;

impl Run<'_> {
    /// Writes down those of the publications that are new. One about which somebody says something at this moment is left out: a
    /// run of their own looks at it.
    pub(super) async fn begin(
        &self,
        send: &mut Vec<Publication>,
        new: &HashSet<ContentId>,
        rows: &HashMap<ContentId, Content>,
    ) -> Result<(), Stop> {
        let places = self.imported_from(rows, new).await?;
        let now = self.app.db.clock().now();
        let mut made = Vec::with_capacity(new.len());
        for publication in send.iter_mut() {
            if !new.contains(&publication.content) {
                continue;
            }
            let place = places.get(&publication.content).zip(rows.get(&publication.content));
            if let Some((post, content)) = place {
                self.adopt(publication, post, content, now);
            }
            made.push(publication.clone());
        }
        if made.is_empty() {
            return Ok(());
        }
        match self.create(made).await {
            Err(DbError::Duplicate { .. }) => {}
            created => {
                created?;
                return Ok(());
            }
        }
        for mut publication in std::mem::take(send) {
            if !new.contains(&publication.content) || self.begin_one(&mut publication).await? {
                send.push(publication);
            }
        }
        Ok(())
    }

    /// False where the row is there by now.
    async fn begin_one(&self, publication: &mut Publication) -> Result<bool, Stop> {
        loop {
            let has_place = publication.external_id.is_some();
            match self.create(vec![publication.clone()]).await {
                Ok(()) => return Ok(true),
                // The post that it was imported from is another's place by now.
                Err(DbError::Duplicate { index }) if index == EXTERNAL && has_place => {
                    let (id, content, now) = (publication.id, publication.content, publication.created_at);
                    *publication = Publication::new(id, self.destination, content, now);
                }
                Err(DbError::Duplicate { .. }) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn create(&self, made: Vec<Publication>) -> Result<(), DbError> {
        let mut tx = self.db.tx();
        state::guard(&mut tx, self.destination.id, self.lease);
        tx.create_all(made);
        tx.commit().await.map(|_| ())
    }

    /// Ids of the posts that an earlier connection to the same site imported as some content, where nothing else has them.
    async fn imported_from(
        &self,
        rows: &HashMap<ContentId, Content>,
        new: &HashSet<ContentId>,
    ) -> Result<HashMap<ContentId, String>, DbError> {
        let there = self.settings.place();
        let post_of = |row: &Content| {
            let (site, post) = origin_of(row.source_key.as_deref()?)?;
            (Some(site) == there).then(|| (row.id, post.to_string()))
        };
        let mut posts: Vec<(ContentId, String)> = Vec::new();
        for row in rows.values() {
            if row.source == Source::Wordpress && new.contains(&row.id) {
                posts.extend(post_of(row));
            }
        }
        if posts.is_empty() {
            return Ok(HashMap::new());
        }
        let (mut sql, mut binds) = (String::new(), Variables::new());
        binds.insert("destination", self.destination.id);
        for (n, (_, post)) in posts.iter().enumerate() {
            binds.insert(format!("post{n}"), post.clone());
            sql += &format!(
                "SELECT VALUE id FROM publication WITH INDEX publication_external WHERE destination = $destination \
                 AND external_id = $post{n} AND site = $site AND account = $account;"
            );
        }
        let mut answer = self.db.query(&sql, binds, "looking for imported posts").await?;
        let mut free = HashMap::with_capacity(posts.len());
        for (n, (content, post)) in posts.into_iter().enumerate() {
            if answer.rows::<PublicationId>(n)?.is_empty() {
                free.insert(content, post);
            }
        }
        Ok(free)
    }

    /// The post that content was imported from is its place. The first revision of its row is as it came from there.
    fn adopt(&self, publication: &mut Publication, post: &str, content: &Content, now: DateTime<Utc>) {
        let theirs = content.extra.get("wordpress");
        let text = |key: &str| theirs.and_then(|theirs| theirs.get(key)?.as_str());
        publication.external_id = Some(post.to_owned());
        publication.external_type = text("type").map(|of| self.publisher.kind_of(of).unwrap_or(of).to_owned());
        publication.external_status = text("status").map(str::to_owned);
        publication.external_url.clone_from(&content.source_url);
        publication.their_hash.clone_from(&content.imported_hash);
        publication.published_at = content.published_at;
        publication.agreed(1, None, now);
    }
}
