//! Terms and clusters that were renamed.

use chrono::{DateTime, Utc};
use igny8_data::Variables;

use super::super::{mappings, state};
use super::{Run, Stop, stopped};
use crate::features::planner::Cluster;
use crate::features::taxonomy::TermId;
use crate::publish::{DocumentTerm, KnownKind, PublishError, Publisher as _, TermStep};

impl Run<'_> {
    /// Brings terms and clusters that were renamed up to date, as far as the destination has them.
    pub(super) async fn terms(&mut self, since: DateTime<Utc>) -> Result<(), Stop> {
        let mut binds = Variables::new();
        binds.insert("since", since);
        let sql = "SELECT VALUE id FROM term WITH INDEX term_by_updated WHERE site = $site AND updated_at >= $since \
                   AND account = $account AND deleted_at IS NONE;\
                   SELECT * FROM cluster WITH INDEX cluster_by_updated WHERE site = $site AND updated_at >= $since \
                   AND account = $account AND deleted_at IS NONE;";
        let mut answer = self.db.query(sql, binds, "looking for renamed terms").await?;
        let terms: Vec<TermId> = answer.rows(0)?;
        let clusters: Vec<Cluster> = answer.rows(1)?;
        let mut documents: Vec<DocumentTerm> = self.maker.term_paths(terms).await?;
        documents.extend(
            clusters
                .into_iter()
                .filter(|row| row.site == self.destination.site)
                .map(|cluster| DocumentTerm {
                    taxonomy: "cluster".into(),
                    path: vec![TermStep {
                        id: cluster.id.to_string(),
                        slug: igny8_text::slug(&cluster.name, &self.maker.site().language),
                        name: cluster.name,
                        description: String::new(),
                    }],
                }),
        );
        for terms in documents.chunks(100) {
            let ids = terms
                .iter()
                .flat_map(|term| &term.path)
                .map(|step| (KnownKind::Term, step.id.clone()));
            let mut ids: Vec<(KnownKind, String)> = ids.collect();
            ids.sort_unstable();
            ids.dedup();
            let mut known = mappings::of(&self.db, self.destination.id, &ids).await?;
            for term in terms {
                let is_there = term
                    .path
                    .last()
                    .is_some_and(|step| known.get(KnownKind::Term, &step.id).is_some());
                if !is_there {
                    continue;
                }
                match self.publisher.file(term, &mut known).await {
                    Ok(problems) => {
                        self.refused = 0;
                        self.counts.tell(problems);
                    }
                    // The next document with it tells.
                    Err(PublishError::Fail(_)) => {}
                    Err(PublishError::Connection(why)) => {
                        if !self.is_about_one().await {
                            return Err(Stop::Connection(why));
                        }
                    }
                    Err(error) => return Err(stopped(error)),
                }
            }
            let mut tx = self.db.tx();
            state::guard(&mut tx, self.destination.id, self.lease);
            mappings::save(&self.app.db, &mut tx, self.destination, &mut known);
            tx.commit().await?;
        }
        Ok(())
    }
}
