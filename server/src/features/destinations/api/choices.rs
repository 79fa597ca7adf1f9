//! Where a piece of content goes.

use std::collections::HashMap;

use igny8_data::{Access, AuditEvent, DbError, JobPriority, Read, Select, SiteDb, SiteId, Write};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;

use super::objects::{ChoiceIn, PlaceOut, PublicationOut};
use crate::api::bulk::distinct;
use crate::api::{Caller, Error, FieldError, From, Result, Tag};
use crate::app::App;
use crate::features::content::{Content, ContentId};
use crate::features::destinations::decide::fits;
use crate::features::destinations::document::kind_of;
use crate::features::destinations::model::{Choice, Destination, DestinationId, Publication, PublicationStatus};
use crate::features::destinations::send;
use crate::publish::DestinationKind;
use crate::publish::wordpress::{WordpressSettings, kind_name};

const MOST: usize = 20;

pub struct ChoicesApi;

#[OpenApi(tag = "Tag::Publishing")]
impl ChoicesApi {
    /// Where a piece of content is
    ///
    /// Every destination that takes content one by one, with what is there of it.
    #[oai(
        path = "/sites/:site_id/content/:content_id/destinations",
        method = "get",
        operation_id = "content_destinations"
    )]
    async fn places(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
    ) -> Result<Json<Vec<PlaceOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let content = db.get::<Content>(content_id.0).await?.ok_or_else(Error::not_found)?;
        Ok(Json(places(&db, &content).await?))
    }

    /// Choose where a piece of content goes
    ///
    /// Publishes it at some destinations, takes it from there, or leaves it to what the destinations say. What goes there is what is
    /// here: a draft only goes to a destination that takes drafts.
    #[oai(
        path = "/sites/:site_id/content/:content_id/destinations",
        method = "post",
        operation_id = "content_destinations_choose"
    )]
    async fn choose(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        body: Json<ChoiceIn>,
    ) -> Result<Json<Vec<PlaceOut>>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let content = db.get::<Content>(content_id.0).await?.ok_or_else(Error::not_found)?;
        let Json(ChoiceIn { choice, destinations }) = body;
        let destinations = distinct(&destinations);
        if destinations.is_empty() || destinations.len() > MOST {
            let message = format!("must be 1 to {MOST}");
            return Err(Error::invalid(vec![FieldError::new("destinations", message)]));
        }
        let rows: Vec<Destination> = db.list(Select::new().one_of("id", destinations.clone())).await?;
        for id in &destinations {
            let row = rows.iter().find(|row| row.id == *id).ok_or_else(Error::not_found)?;
            if choice == Choice::Publish {
                takes(row, &content)?;
            }
        }
        let now = app.db.clock().now();
        let mut tx = db.tx();
        let mut there = publications(&db, content.id).await?;
        for row in &rows {
            let (is_new, mut publication) = match there.remove(&row.id) {
                Some(publication) => (false, publication),
                None => (true, Publication::new(app.db.ids().make(), row, content.id, now)),
            };
            publication.choice = choice;
            publication.updated_at = now;
            // A conflict stays one until somebody says whose copy stays.
            if publication.status != PublicationStatus::Conflict {
                publication.status = PublicationStatus::Pending;
                (publication.attempts, publication.retry_at) = (0, None);
                (publication.error, publication.failed_rev) = (None, None);
            }
            if is_new {
                tx.create(publication);
            } else {
                tx.replace(&mut publication);
            }
            if row.enabled {
                tx.enqueue(send::publish_job(row.id).priority(JobPriority::High));
            }
        }
        let detail = serde_json::json!({ "choice": choice, "destinations": destinations });
        tx.audit(AuditEvent::new("content.destinations_chosen", content.id, &from.0).detail(detail));
        tx.commit().await.map_err(|error| match error {
            DbError::Duplicate { .. } | DbError::Stale => {
                Error::unavailable("It is being published at this moment. Try again.")
            }
            error => error.into(),
        })?;
        Ok(Json(places(&db, &content).await?))
    }
}

/// Refuses what a destination does not take in the state it is in.
fn takes(row: &Destination, content: &Content) -> Result<()> {
    let settings: WordpressSettings = match row.kind {
        DestinationKind::Wordpress => row.settings().map_err(Error::internal)?,
        DestinationKind::ObjectStorage => {
            return Err(Error::rule(
                "takes_releases",
                format!("`{}` takes whole releases of the site, not single pieces.", row.name),
            ));
        }
    };
    if settings.post_type(kind_name(kind_of(content.content_type))).is_none() {
        return Err(Error::rule(
            "type_not_taken",
            format!(
                "Content of this type does not go to `{}`: its settings name no post type for it.",
                row.name
            ),
        ));
    }
    if !fits(&settings, content.status, content.publish_at) {
        return Err(Error::rule(
            "not_published",
            format!("`{}` takes what is published or scheduled. Publish it first.", row.name),
        ));
    }
    Ok(())
}

async fn publications<A: Access>(
    db: &SiteDb<'_, A>,
    content: ContentId,
) -> Result<HashMap<DestinationId, Publication>, DbError> {
    let rows: Vec<Publication> = db.list(Select::new().equals("content", content)).await?;
    Ok(rows.into_iter().map(|row| (row.destination, row)).collect())
}

async fn places<A: Access>(db: &SiteDb<'_, A>, content: &Content) -> Result<Vec<PlaceOut>> {
    let destinations: Vec<Destination> = db.list(Select::new()).await?;
    let mut there = publications(db, content.id).await?;
    let documents = destinations
        .into_iter()
        .filter(|row| row.kind == DestinationKind::Wordpress);
    Ok(documents
        .map(|row| {
            let settings: WordpressSettings = row.settings().unwrap_or_default();
            let taken = settings.post_type(kind_name(kind_of(content.content_type))).is_some();
            PlaceOut {
                destination: row.id,
                goes: row.enabled
                    && !settings.chosen_only
                    && taken
                    && fits(&settings, content.status, content.publish_at),
                publication: there.remove(&row.id).map(PublicationOut::from),
                name: row.name,
                kind: row.kind,
                enabled: row.enabled,
            }
        })
        .collect())
}
