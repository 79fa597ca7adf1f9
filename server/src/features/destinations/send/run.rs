//! A run: what it looks at, and what follows for each piece of content.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use igny8_data::queue::Lease;
use igny8_data::{DbError, Read, SiteDb, SiteScope, Variables, Write};

use super::super::decide::{self, Action, Candidate};
use super::super::document::{self, Maker};
use super::super::mappings;
use super::super::model::{Destination, DestinationState, Publication, PublicationStatus};
use super::one::go_on;
use super::{Counts, Stop};
use crate::app::App;
use crate::features::content::{Content, ContentId};
use crate::features::publishing::snapshot::rows_of;
use crate::jobs::JobContext;
use crate::publish::Known;
use crate::publish::wordpress::{Wordpress, WordpressSettings};

/// Longest time between the moment that a row carries and its being visible.
const OVERLAP: chrono::Duration = chrono::Duration::seconds(30);
/// Rows looked at together.
const CHUNK: usize = document::BATCH;
const COLUMNS: &str = "id, rev, status, content_type, publish_at, (deleted_at IS NONE) AS live";

/// A run over what may differ from what is there.
pub(super) struct Run<'a> {
    pub(super) app: &'a App,
    pub(super) db: SiteDb<'a, Write>,
    pub(super) reading: &'a SiteScope<Read>,
    pub(super) destination: &'a Destination,
    pub(super) settings: WordpressSettings,
    pub(super) publisher: Wordpress,
    pub(super) maker: Maker<'a>,
    pub(super) lease: Lease,
    pub(super) context: &'a JobContext,
    pub(super) counts: &'a mut Counts,
    /// Documents that failed for the moment, one after the other.
    pub(super) failing: usize,
    /// Documents that something in front of the site refused, one after the other.
    pub(super) refused: usize,
    /// What changed before this was looked at.
    pub(super) since: DateTime<Utc>,
}

impl Run<'_> {
    pub(super) async fn all(&mut self, known: Option<DestinationState>) -> Result<(), Stop> {
        // The epoch: everything is looked at.
        let considered = known
            .and_then(|state| state.considered_at)
            .filter(|at| *at > DateTime::UNIX_EPOCH);
        self.since = considered.map_or(DateTime::UNIX_EPOCH, |at| at - OVERLAP);
        self.terms(self.since).await?;
        let why = if considered.is_some() {
            decide::Why::Changed
        } else {
            decide::Why::All
        };
        self.context.progress(2.0, "Looking for what has changed");
        let candidates = self.candidates().await?;
        let total = candidates.len();
        for (n, chunk) in candidates.chunks(CHUNK).enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "a percentage")]
            let percent = 2.0 + 93.0 * (n * CHUNK) as f64 / total.max(1) as f64;
            self.context
                .progress(percent, format!("{} of {total} looked at", n * CHUNK));
            Box::pin(self.chunk(chunk, why)).await?;
        }
        // What names content that has a place since now.
        let waiting = self.waiting().await?;
        for chunk in waiting.chunks(CHUNK) {
            Box::pin(self.chunk(chunk, decide::Why::All)).await?;
        }
        Box::pin(self.retire()).await
    }

    /// Content that may differ from what is there, in the order of its ids: what refers to what came later is sent again.
    async fn candidates(&self) -> Result<Vec<Candidate>, DbError> {
        let mut binds = Variables::new();
        binds.insert("since", self.since);
        binds.insert("destination", self.destination.id);
        binds.insert("pending", PublicationStatus::Pending);
        binds.insert("failed", PublicationStatus::Failed);
        binds.insert("now", self.app.db.clock().now());
        let sql = format!(
            "SELECT {COLUMNS} FROM content WITH INDEX content_by_updated WHERE site = $site AND updated_at >= $since \
             AND account = $account;\
             SELECT VALUE content FROM publication WITH INDEX publication_by_status WHERE destination = $destination \
             AND status = $pending AND site = $site AND account = $account;\
             SELECT VALUE content FROM publication WITH INDEX publication_by_status WHERE destination = $destination \
             AND status = $failed AND site = $site AND account = $account AND retry_at != NONE AND retry_at <= $now;"
        );
        let mut answer = self.db.query(&sql, binds, "looking for content to publish").await?;
        let mut candidates: Vec<Candidate> = answer.rows(0)?;
        let found: HashSet<ContentId> = candidates.iter().map(|candidate| candidate.id).collect();
        let mut due: Vec<ContentId> = answer.rows(1)?;
        due.extend(answer.rows::<ContentId>(2)?);
        due.retain(|id| !found.contains(id));
        candidates.extend(self.of_ids(due).await?);
        candidates.sort_unstable_by_key(|candidate| candidate.id);
        candidates.dedup_by_key(|candidate| candidate.id);
        Ok(candidates)
    }

    pub(super) async fn of_ids(&self, ids: Vec<ContentId>) -> Result<Vec<Candidate>, DbError> {
        let mut found = Vec::with_capacity(ids.len());
        let sql = format!("SELECT {COLUMNS} FROM $ids WHERE site = $site AND account = $account;");
        for ids in ids.chunks(200) {
            let mut binds = Variables::new();
            binds.insert("ids", ids.to_vec());
            let mut answer = self.db.query(&sql, binds, "reading content to publish").await?;
            found.extend(answer.rows::<Candidate>(0)?);
        }
        Ok(found)
    }

    /// Brings some content up to date.
    async fn chunk(&mut self, candidates: &[Candidate], why: decide::Why) -> Result<(), Stop> {
        self.context.check()?;
        let mut publications = self.publications(candidates).await?;
        let now = self.app.db.clock().now();
        let (mut send, mut new) = (Vec::new(), HashSet::new());
        for candidate in candidates {
            let publication = publications.remove(&candidate.id);
            match decide::decide(candidate, publication.as_ref(), &self.settings, why, now) {
                Action::Nothing => {}
                Action::Send => {
                    let publication = publication.unwrap_or_else(|| {
                        new.insert(candidate.id);
                        Publication::new(self.app.db.ids().make(), self.destination, candidate.id, now)
                    });
                    send.push(publication);
                }
                Action::Remove => {
                    if let Some(publication) = publication {
                        go_on(Box::pin(self.remove(publication, candidate.rev)).await)?;
                    }
                }
                Action::Forget => {
                    if let Some(mut publication) = publication {
                        publication.status = PublicationStatus::Removed;
                        (publication.error, publication.retry_at, publication.conflict) = (None, None, None);
                        go_on(self.save(&mut publication, &mut Known::default(), None).await)?;
                    }
                }
            }
        }
        if send.is_empty() {
            return Ok(());
        }
        let ids: Vec<ContentId> = send.iter().map(|publication| publication.content).collect();
        let tenant = (self.destination.account, self.destination.site);
        let reading = self.app.db.site(self.reading);
        let rows: Vec<Content> = rows_of(&reading, tenant, ids, "deleted_at IS NONE").await?;
        let mut rows: HashMap<ContentId, Content> = rows.into_iter().map(|row| (row.id, row)).collect();
        self.begin(&mut send, &new, &rows).await?;
        let both = send
            .into_iter()
            .filter_map(|publication| Some((rows.remove(&publication.content)?, publication)));
        let mut made = Box::pin(self.maker.documents(both.collect())).await?;
        // An address there follows from those of the pages above it.
        made.sort_by_key(|(content, ..)| content.section.matches('/').count());
        let documents = made.iter().map(|(_, _, made)| &made.document);
        let mut known = mappings::of_documents(&self.db, self.destination.id, documents).await?;
        for (content, publication, made) in made {
            go_on(Box::pin(self.send(content, publication, made, &mut known)).await)?;
        }
        Ok(())
    }

    async fn publications(&self, candidates: &[Candidate]) -> Result<HashMap<ContentId, Publication>, DbError> {
        let (mut sql, mut binds) = (String::new(), Variables::new());
        binds.insert("destination", self.destination.id);
        for (n, candidate) in candidates.iter().enumerate() {
            binds.insert(format!("content{n}"), candidate.id);
            sql += &format!(
                "SELECT * FROM publication WITH INDEX publication_content WHERE destination = $destination \
                 AND content = $content{n} AND site = $site AND account = $account;"
            );
        }
        let mut answer = self.db.query(&sql, binds, "reading publications").await?;
        let mut found = HashMap::with_capacity(candidates.len());
        for n in 0..candidates.len() {
            found.extend(answer.rows::<Publication>(n)?.into_iter().map(|row| (row.content, row)));
        }
        Ok(found)
    }
}
