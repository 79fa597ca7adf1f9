//! Terms that are gone here, at a WordPress site that has them from us.

use igny8_data::{SurrealValue, Variables};

use super::{Run, Stop, stopped};
use crate::features::destinations::mappings;
use crate::features::taxonomy::{Taxonomy, TermId};
use crate::publish::{KnownKind, PublishError};

/// A term that was deleted, or merged into another.
#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Deleted {
    id: TermId,
    taxonomy: Taxonomy,
}

impl Run<'_> {
    /// Deletes those that were made there for ours and that no post has any more; so after posts were sent. What is still used is
    /// looked at again when everything is.
    pub(super) async fn retire(&mut self) -> Result<(), Stop> {
        let mut binds = Variables::new();
        binds.insert("since", self.since);
        let sql = "SELECT id, taxonomy FROM term WITH INDEX term_by_updated WHERE site = $site AND updated_at >= $since \
                   AND account = $account AND deleted_at IS NOT NONE;";
        let mut answer = self.db.query(sql, binds, "looking for deleted terms").await?;
        let deleted: Vec<Deleted> = answer.rows(0)?;
        let keys = deleted.iter().map(|term| (KnownKind::Term, term.id.to_string()));
        let keys: Vec<(KnownKind, String)> = keys.collect();
        let known = mappings::of(&self.db, self.destination.id, &keys).await?;
        for term in deleted {
            let ours = term.id.to_string();
            let entry = known.get(KnownKind::Term, &ours).filter(|entry| entry.made);
            let Some(entry) = entry else {
                continue;
            };
            let taxonomy = serde_json::to_value(term.taxonomy).unwrap_or_default();
            // The step that cannot be taken back.
            self.context.confirm(&self.app.db).await?;
            match self
                .publisher
                .retire(taxonomy.as_str().unwrap_or_default(), entry)
                .await
            {
                Ok(true) => mappings::forget_term(&self.db, self.destination.id, self.lease, ours).await?,
                // Used, or not for us to delete.
                Ok(false) | Err(PublishError::Fail(_) | PublishError::Gone) => {}
                // A firewall that lets nobody delete anything.
                Err(PublishError::Connection(why)) => {
                    if !self.is_about_one().await {
                        return Err(Stop::Connection(why));
                    }
                }
                Err(error) => return Err(stopped(error)),
            }
        }
        Ok(())
    }
}
