//! What is about to be written to a place, kept with its publication before it is.

use igny8_data::DbError;

use super::super::model::Publication;
use super::super::state;
use super::Run;
use crate::publish::{Journal, PublishError};

/// Keeps with a publication what is about to be written there.
pub(super) struct Keeping<'r, 'a> {
    run: &'r Run<'a>,
    publication: &'r mut Publication,
    /// Why it was not kept, and so nothing was written.
    pub(super) lost: Option<DbError>,
}

impl<'r, 'a> Keeping<'r, 'a> {
    pub(super) fn new(run: &'r Run<'a>, publication: &'r mut Publication) -> Self {
        Self {
            run,
            publication,
            lost: None,
        }
    }
}

impl Journal for Keeping<'_, '_> {
    async fn about_to_write(&mut self, there: &str, writing: &str) -> Result<(), PublishError> {
        let mut row = self.publication.clone();
        row.their_hash = Some(there.to_owned());
        (row.writing, row.writing_at) = (Some(writing.to_owned()), Some(self.run.app.db.clock().now()));
        let mut tx = self.run.db.tx();
        state::guard(&mut tx, self.run.destination.id, self.run.lease);
        tx.replace(&mut row);
        match tx.commit().await {
            Ok(_) => {
                *self.publication = row;
                Ok(())
            }
            Err(error) => {
                self.lost = Some(error);
                Err(PublishError::retry("The database did not answer."))
            }
        }
    }
}
