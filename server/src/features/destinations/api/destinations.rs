//! Setting destinations up and trying them.

use std::time::{Duration, Instant};

use igny8_data::{
    Access, AuditEvent, Deleted, JobPriority, Manage, Read, Select, SiteDb, SiteId, Tx, Variables, Write,
};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;

use super::objects::{
    DestinationIn, DestinationOut, DestinationPatch, DiscoveredOut, ImportIn, SyncEventOut, TestOut, WebhookOut,
};
use super::storage;
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Accepted, Caller, Created, Error, Fetched, From, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;
use crate::features::destinations::model::{
    Destination, DestinationId, Direction, Leaving, PublicationStatus, Secrets, SyncEvent, SyncResult,
};
use crate::features::destinations::{connect, inbound, leave, releases, send, state};
use crate::features::sites::Site;
use crate::publish::wordpress::{Imports, WordpressSettings};
use crate::publish::{DestinationKind, KnownKind, PublishError, ReleaseStore as _};

const SORTS: &[SortField] = &[SortField::same("created_at")];
const BY_TIME: &[SortField] = &[SortField::same("at")];

/// Destinations of one site.
pub(super) const MOST: u64 = 20;
/// How long somebody waits for a connection to be tried.
const PATIENCE: Duration = Duration::from_secs(90);

pub struct DestinationsApi;

#[OpenApi(tag = "Tag::Publishing")]
impl DestinationsApi {
    /// List destinations
    #[oai(
        path = "/sites/:site_id/destinations",
        method = "get",
        operation_id = "destination_list"
    )]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        with_total: Query<Option<bool>>,
    ) -> Result<Json<Page<DestinationOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let filter = format!("destinations|{}", scope.site());
        let page = PageRequest::new(
            &app.db,
            &filter,
            limit.0,
            None,
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "created_at",
        )?;
        let db = app.db.site(&scope);
        let list = page.list::<Destination>(&db, Select::new()).await?;
        let states = state::shown(&db, list.rows.iter().map(|row| row.id).collect()).await?;
        let state = |id: DestinationId| states.iter().find(|state| state.destination == id);
        Ok(Json(list.page(|row| DestinationOut::of(&row, state(row.id)))))
    }

    /// Set up a destination
    ///
    /// The connection is tried at once: what does not answer as it should is refused, with what is wrong. What is published goes
    /// there from then on, by itself or only where it is chosen (`chosen_only`). Object storage gets what is live: the whole site as
    /// files, after each deployment.
    #[oai(
        path = "/sites/:site_id/destinations",
        method = "post",
        operation_id = "destination_create"
    )]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        body: Json<DestinationIn>,
    ) -> Result<Created<DestinationOut>> {
        let scope = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let Json(body) = body;
        let mut check = Check::new();
        check.text("name", &body.name, 1, 120);
        if body.kind == DestinationKind::ObjectStorage {
            check.finish()?;
            return storage::create(&app, &scope, &from, body).await;
        }
        check.that(
            body.wordpress.is_some(),
            "wordpress",
            "must be given for the kind wordpress",
        );
        check.that(
            body.object_storage.is_none(),
            "object_storage",
            "belongs to the kind object_storage",
        );
        let mut secrets = Secrets::default();
        let mut settings = None;
        if let Some(wordpress) = body.wordpress {
            secrets.password = Some(password(&wordpress.password, &mut check));
            let given = wordpress.settings();
            given.check(&mut check, &app.outgoing);
            settings = Some(given);
        }
        check.finish()?;
        let Some(mut settings) = settings else {
            return Err(Error::rule(
                "not_yet",
                "Destinations of this kind cannot be set up here.",
            ));
        };
        if db.count::<Destination>(Select::new()).await? >= MOST {
            return Err(Error::rule(
                "too_many",
                format!("A site has at most {MOST} destinations."),
            ));
        }
        let now = app.db.clock().now();
        let started = Instant::now();
        let password = secrets.password.clone().unwrap_or_default();
        let found = patiently(connect::find(&app, &mut settings, &password))
            .await
            .map_err(|e| refused(&e))?;
        let earlier = earlier(&db, &mut settings, None).await?;
        let mut row = Destination {
            id: earlier.as_ref().map_or_else(|| app.db.ids().make(), |row| row.id),
            account: scope.account(),
            site: scope.site(),
            kind: body.kind,
            name: body.name.trim().to_owned(),
            enabled: body.enabled.unwrap_or(true),
            settings: serde_json::to_value(&settings).map_err(Error::internal)?,
            sealed: None,
            leaving: None,
            rev: earlier.as_ref().map_or(1, |row| row.rev),
            created_at: earlier.as_ref().map_or(now, |row| row.created_at),
            updated_at: now,
            deleted_at: None,
        };
        let webhook = WebhookOut {
            url: inbound::webhook_url(&app, row.id),
            secret: inbound::new_webhook_secret(&app),
        };
        secrets.webhook = Some(webhook.secret.clone());
        row.seal(app.db.keys(), app.db.ids().bytes(), &secrets);
        let mut state = state::fresh(&app.db, &row);
        state.import_at = imports(&row, &settings).then_some(now);
        state.connection = crate::features::destinations::Connection::Connected;
        state.checked_at = Some(now);
        state.discovered = Some(serde_json::to_value(&found).map_err(Error::internal)?);
        state.discovered_at = Some(now);
        let detail = serde_json::json!({ "kind": row.kind, "host": host(&settings) });
        let known = state::shown_of(&db, row.id).await?;
        let mark = row.rev;
        let mut tx = db.tx();
        if let Some(earlier) = &earlier {
            taken_up_again(&mut tx, &mut row, earlier, &settings);
        } else {
            tx.create(row.clone());
        }
        if let Some(known) = known {
            (state.id, state.rev) = (known.id, known.rev);
            // While a job empties it, it waits for that.
            (state.held_by, state.held_fence) = (known.held_by, known.held_fence);
            state.cursor = inbound::anew(&known.cursor, mark);
            tx.replace(&mut state);
        } else {
            tx.create(state.clone());
        }
        note(&app, &mut tx, &row, "test", None, started);
        if row.enabled {
            tx.enqueue(send::publish_job(row.id));
        }
        tx.audit(AuditEvent::new("destination.created", row.id, &from.0).detail(detail));
        tx.commit().await?;
        let path = format!("/sites/{}/destinations/{}", row.site, row.id);
        let mut out = DestinationOut::of(&row, Some(&state));
        out.webhook = Some(webhook);
        Ok(Created::new(out, row.rev, path))
    }

    /// Read a destination
    ///
    /// Its password or key is never given out.
    #[oai(
        path = "/sites/:site_id/destinations/:destination_id",
        method = "get",
        operation_id = "destination_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        destination_id: Path<DestinationId>,
    ) -> Result<Fetched<DestinationOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let row = found(&db, destination_id.0).await?;
        let state = state::shown_of(&db, row.id).await?;
        Ok(Fetched::new(DestinationOut::of(&row, state.as_ref()), row.rev))
    }

    /// Change a destination
    ///
    /// With another address, user or password the connection is tried at once. A new password takes up what failed without it. An
    /// address on another host needs the password again; it must be the same WordPress, since what is there is known by its ids.
    /// What object storage has in a place that the destination leaves stays there, as its log says.
    #[oai(
        path = "/sites/:site_id/destinations/:destination_id",
        method = "patch",
        operation_id = "destination_update"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        destination_id: Path<DestinationId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<DestinationPatch>,
    ) -> Result<Fetched<DestinationOut>> {
        let scope = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut row = found(&db, destination_id.0).await?;
        etag::check(if_match.0.as_deref(), row.rev)?;
        let Json(body) = body;
        let mut check = Check::new();
        if let Some(name) = &body.name {
            check.text("name", name, 1, 120);
            name.trim().clone_into(&mut row.name);
        }
        let switched_on = body.enabled == Some(true) && !row.enabled;
        crate::api::patch::set(&mut row.enabled, body.enabled);
        let fits = body.wordpress.is_none() || row.kind == DestinationKind::Wordpress;
        check.that(fits, "wordpress", "belongs to the kind wordpress");
        let fits = body.object_storage.is_none() || row.kind == DestinationKind::ObjectStorage;
        check.that(fits, "object_storage", "belongs to the kind object_storage");
        check.finish()?;
        let started = Instant::now();
        let now = app.db.clock().now();
        let mut change = state::Change::new();
        let mut changes_state = false;
        let (mut taxonomies_changed, mut tried, mut resettled, mut moved) = (false, false, false, None);
        if let Some(patch) = body.wordpress {
            let before: WordpressSettings = row.settings().unwrap_or_default();
            let mut settings = before.clone();
            // Secrets that cannot be read any more are replaced by what is sent now.
            let mut secrets = row.secrets(app.db.keys()).unwrap_or_default();
            let new_password = patch.password.clone();
            patch.apply(&mut settings);
            let mut check = Check::new();
            settings.check(&mut check, &app.outgoing);
            let origin = |settings: &WordpressSettings| settings.address().map(|url| url.origin());
            if let Some(new) = &new_password {
                secrets.password = Some(password(new, &mut check));
            } else {
                let anew = "must be sent again, since the address moves to another host";
                check.that(origin(&before) == origin(&settings), "wordpress.password", anew);
                check.that(
                    secrets.password.is_some(),
                    "wordpress.password",
                    "must be sent again: the stored one cannot be read",
                );
            }
            check.finish()?;
            if before.url != settings.url || before.user != settings.user || new_password.is_some() {
                tried = true;
                let password = secrets.password.clone().unwrap_or_default();
                let mut found = patiently(connect::find(&app, &mut settings, &password))
                    .await
                    .map_err(|e| refused(&e))?;
                connect::keep_learnt(&db, row.id, &mut found).await?;
                if before.root != settings.root {
                    earlier(&db, &mut settings, Some(row.id)).await?;
                    settings.moved_from(&before);
                }
                change = change
                    .connection(None, now)
                    .discovered(serde_json::to_value(&found).map_err(Error::internal)?, now);
                changes_state = true;
            }
            taxonomies_changed = before.taxonomies != settings.taxonomies;
            resettled = before != settings;
            if comes_from_elsewhere(&before, &settings) {
                // What was passed over until now carries old dates.
                change = change.import_anew(row.rev);
            }
            row.settings = serde_json::to_value(&settings).map_err(Error::internal)?;
            if new_password.is_some() {
                row.seal(app.db.keys(), app.db.ids().bytes(), &secrets);
            }
        }
        if let Some(patch) = body.object_storage {
            moved = storage::change(&app, &db, &mut row, &patch).await?;
            change = change.connection(None, now);
            (tried, resettled, changes_state) = (true, true, true);
        }
        row.updated_at = now;
        let mut tx = db.tx();
        tx.replace(&mut row);
        if resettled || switched_on {
            // What goes where follows other rules now.
            change = change.considered_at(None);
        }
        if (resettled || body.enabled.is_some())
            && row.kind == DestinationKind::Wordpress
            && let Ok(settings) = row.settings()
        {
            change = change.import_at(imports(&row, &settings).then_some(now));
            changes_state = true;
        }
        if changes_state {
            change.add_to(&mut tx, row.id);
        }
        if tried {
            note(&app, &mut tx, &row, "test", None, started);
            take_up(&mut tx, row.id, now);
        }
        if let Some(moved) = moved {
            state::note(&app.db, &mut tx, &row, moved);
        }
        if taxonomies_changed {
            forget_terms(&mut tx, row.id);
        }
        if row.enabled && (tried || resettled || switched_on) {
            tx.enqueue(match row.kind {
                DestinationKind::Wordpress => send::publish_job(row.id),
                DestinationKind::ObjectStorage => releases::mirror_job(row.id, false),
            });
        }
        tx.audit(AuditEvent::new("destination.changed", row.id, &from.0));
        tx.commit().await?;
        let state = state::shown_of(&db, row.id).await?;
        Ok(Fetched::new(DestinationOut::of(&row, state.as_ref()), row.rev))
    }

    /// Remove a destination
    ///
    /// With its password, for good. `published` says what becomes of what is there: with `keep` it stays as it is, with `trash` it is
    /// taken from visitors in the background first.
    #[oai(
        path = "/sites/:site_id/destinations/:destination_id",
        method = "delete",
        operation_id = "destination_delete"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        destination_id: Path<DestinationId>,
        /// What becomes of what is there.
        published: Query<Leaving>,
        /// ETag of the version that is removed.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let scope = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut row = found(&db, destination_id.0).await?;
        etag::check(if_match.0.as_deref(), row.rev)?;
        let now = app.db.clock().now();
        row.deleted_at = Some(now);
        row.updated_at = now;
        row.leaving = Some(published.0);
        let mut tx = db.tx();
        match published.0 {
            Leaving::Keep => row.sealed = None,
            // Its password goes with the last of what is there.
            Leaving::Trash => {
                tx.enqueue(leave::leave_job(row.id));
            }
        }
        let detail = serde_json::json!({ "kind": row.kind, "name": row.name, "published": published.0 });
        tx.replace(&mut row)
            .audit(AuditEvent::new("destination.deleted", row.id, &from.0).detail(detail));
        tx.commit().await?;
        Ok(Done::Done)
    }

    /// Make a new secret for the plugin
    ///
    /// From then on messages that are signed with the old one are refused.
    #[oai(
        path = "/sites/:site_id/destinations/:destination_id/webhook",
        method = "post",
        operation_id = "destination_webhook_rotate"
    )]
    async fn rotate_webhook(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        destination_id: Path<DestinationId>,
    ) -> Result<Json<WebhookOut>> {
        let scope = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut row = wordpress_of(&db, destination_id.0).await?;
        let mut secrets = row
            .secrets(app.db.keys())
            .map_err(|error| Error::rule("unreadable", error.to_string()))?;
        let webhook = WebhookOut {
            url: inbound::webhook_url(&app, row.id),
            secret: inbound::new_webhook_secret(&app),
        };
        secrets.webhook = Some(webhook.secret.clone());
        row.seal(app.db.keys(), app.db.ids().bytes(), &secrets);
        row.updated_at = app.db.clock().now();
        let mut tx = db.tx();
        tx.replace(&mut row)
            .audit(AuditEvent::new("destination.webhook_rotated", row.id, &from.0));
        tx.commit().await?;
        Ok(Json(webhook))
    }

    /// Import from a WordPress site
    ///
    /// Brings here what changed there, at once and in the background.
    #[oai(
        path = "/sites/:site_id/destinations/:destination_id/import",
        method = "post",
        operation_id = "destination_import"
    )]
    async fn import(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        destination_id: Path<DestinationId>,
        body: Json<ImportIn>,
    ) -> Result<Accepted<DestinationOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let row = wordpress_of(&db, destination_id.0).await?;
        if !row.enabled {
            return Err(Error::rule("switched_off", "The destination is switched off."));
        }
        let mut tx = db.tx();
        tx.enqueue(inbound::import_job(row.id, body.0.full).priority(JobPriority::High))
            .audit(AuditEvent::new("destination.import_requested", row.id, &from.0));
        tx.commit().await?;
        let state = state::shown_of(&db, row.id).await?;
        Ok(Accepted::Accepted(Json(DestinationOut::of(&row, state.as_ref()))))
    }

    /// Test the connection
    #[oai(
        path = "/sites/:site_id/destinations/:destination_id/test",
        method = "post",
        operation_id = "destination_test"
    )]
    async fn test(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        destination_id: Path<DestinationId>,
    ) -> Result<Json<TestOut>> {
        let scope = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let row = found(&db, destination_id.0).await?;
        let account = scope.actor().account::<Read>()?;
        let site = app.db.account(&account).get::<Site>(scope.site()).await?;
        let site = site.ok_or_else(Error::not_found)?;
        let started = Instant::now();
        let tried = patiently(try_out(&app, &site, &row)).await;
        let problem = tried.as_ref().err().map(ToString::to_string);
        let mut tx = db.tx();
        state::Change::new()
            .connection(problem.clone(), app.db.clock().now())
            .add_to(&mut tx, row.id);
        note(&app, &mut tx, &row, "test", problem.clone(), started);
        tx.commit().await?;
        Ok(Json(TestOut {
            ok: problem.is_none(),
            temporary: matches!(tried, Err(PublishError::Retry { .. })),
            problem,
            duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        }))
    }

    /// Look at what a WordPress site has
    ///
    /// Post types, taxonomies, users and plugins that matter, as they are now.
    #[oai(
        path = "/sites/:site_id/destinations/:destination_id/discover",
        method = "post",
        operation_id = "destination_discover"
    )]
    async fn discover(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        destination_id: Path<DestinationId>,
    ) -> Result<Json<DiscoveredOut>> {
        let scope = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let row = wordpress_of(&db, destination_id.0).await?;
        let started = Instant::now();
        let looked = async {
            let (client, _) = connect::client(&app, &row)?;
            connect::look(&client).await
        };
        let mut looked = patiently(looked).await;
        let problem = looked.as_ref().err().map(ToString::to_string);
        let now = app.db.clock().now();
        let mut change = state::Change::new().connection(problem.clone(), now);
        if let Ok(found) = &mut looked {
            connect::keep_learnt(&db, row.id, found).await?;
            change = change.discovered(serde_json::to_value(&*found).map_err(Error::internal)?, now);
        }
        let mut tx = db.tx();
        change.add_to(&mut tx, row.id);
        note(&app, &mut tx, &row, "discover", problem, started);
        tx.commit().await?;
        let looked = looked.map_err(|error| refused(&error))?;
        Ok(Json(DiscoveredOut::from(&looked)))
    }

    /// Publish everything
    ///
    /// Compares everything that goes there with what was last sent, and brings it up to date. Otherwise only what changes is looked at.
    /// A destination in object storage gets every file of the live release anew, whatever is there.
    #[oai(
        path = "/sites/:site_id/destinations/:destination_id/publish",
        method = "post",
        operation_id = "destination_publish"
    )]
    async fn publish(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        destination_id: Path<DestinationId>,
    ) -> Result<Accepted<DestinationOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let row = found(&db, destination_id.0).await?;
        if !row.enabled {
            return Err(Error::rule("switched_off", "The destination is switched off."));
        }
        let mut tx = db.tx();
        let job = match row.kind {
            DestinationKind::Wordpress => {
                state::Change::new().considered_at(None).add_to(&mut tx, row.id);
                send::publish_job(row.id)
            }
            DestinationKind::ObjectStorage => releases::mirror_job(row.id, true),
        };
        tx.enqueue(job.priority(JobPriority::High)).audit(AuditEvent::new(
            "destination.publish_requested",
            row.id,
            &from.0,
        ));
        tx.commit().await?;
        let state = state::shown_of(&db, row.id).await?;
        Ok(Accepted::Accepted(Json(DestinationOut::of(&row, state.as_ref()))))
    }

    /// List what was done with a destination
    ///
    /// Of the last 90 days.
    #[oai(
        path = "/sites/:site_id/destinations/:destination_id/events",
        method = "get",
        operation_id = "destination_events"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn events(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        destination_id: Path<DestinationId>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        result: Query<Option<SyncResult>>,
    ) -> Result<Json<Page<SyncEventOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let row = found(&db, destination_id.0).await?;
        let filter = format!("sync_events|{}|{:?}", row.id, result.0);
        let page = PageRequest::new(
            &app.db,
            &filter,
            limit.0,
            None,
            cursor.0.as_deref(),
            with_total.0,
            BY_TIME,
            "-at",
        )?;
        let select = Select::new()
            .equals("destination", row.id)
            .equals_some("result", result.0);
        let list = page.list::<SyncEvent>(&db, select).await?;
        Ok(Json(list.page(SyncEventOut::from)))
    }
}

/// The last destination that was removed and led to the same WordPress site, whatever the address of its API was: it knows what of
/// ours is there.
///
/// Refuses where there is one that was not removed, besides `own`: of two, each takes what the other sends for something else, and
/// everything is there twice.
async fn earlier<A: Access>(
    db: &SiteDb<'_, A>,
    settings: &mut WordpressSettings,
    own: Option<DestinationId>,
) -> Result<Option<Destination>> {
    let there = settings.place();
    let mut same: Vec<Destination> = db.list(Select::new().deleted(Deleted::With)).await?;
    same.retain(|row| {
        let known = row.settings::<WordpressSettings>();
        row.kind == DestinationKind::Wordpress && Some(row.id) != own && known.is_ok_and(|known| known.place() == there)
    });
    if let Some(row) = same.iter().find(|row| row.deleted_at.is_none()) {
        return Err(Error::conflict(
            "already_connected",
            format!(
                "This WordPress site is connected already, as `{}` ({}). Change that destination, or remove it first.",
                row.name, row.id
            ),
        ));
    }
    let last = same.into_iter().max_by_key(|row| row.deleted_at);
    if let Some(before) = last.as_ref().and_then(|row| row.settings::<WordpressSettings>().ok()) {
        settings.moved_from(&before);
    }
    Ok(last)
}

/// A destination that was removed is connected anew: what is there is known, so nothing is made a second time.
fn taken_up_again(tx: &mut Tx<'_>, row: &mut Destination, earlier: &Destination, settings: &WordpressSettings) {
    let before: WordpressSettings = earlier.settings().unwrap_or_default();
    tx.replace(row);
    take_up(tx, row.id, row.updated_at);
    if before.taxonomies != settings.taxonomies {
        forget_terms(tx, row.id);
    }
}

/// Their terms are not ours any more, since our taxonomies became others there; those of custom ones are where they were.
fn forget_terms(tx: &mut Tx<'_>, destination: DestinationId) {
    let mut binds = Variables::new();
    binds.insert("retaxed", destination);
    binds.insert("retaxed_kind", KnownKind::Term);
    tx.statement(
        "DELETE mapping WHERE destination = $retaxed AND kind = $retaxed_kind AND site = $site AND account = $account \
         AND taxonomy IS NONE RETURN NONE",
        binds,
    );
}

/// A destination of the site.
pub(super) async fn found<A: Access>(db: &SiteDb<'_, A>, id: DestinationId) -> Result<Destination> {
    db.get::<Destination>(id).await?.ok_or_else(Error::not_found)
}

async fn wordpress_of<A: Access>(db: &SiteDb<'_, A>, id: DestinationId) -> Result<Destination> {
    let row = found(db, id).await?;
    if row.kind == DestinationKind::Wordpress {
        Ok(row)
    } else {
        Err(Error::rule("not_wordpress", "This is for WordPress sites."))
    }
}

/// Whether anything comes from there by itself.
fn imports(row: &Destination, settings: &WordpressSettings) -> bool {
    row.enabled && settings.imports != Imports::Nothing
}

/// Whether other posts or terms are imported than before.
fn comes_from_elsewhere(before: &WordpressSettings, now: &WordpressSettings) -> bool {
    before.imports != now.imports
        || before.import_types != now.import_types
        || before.post_types != now.post_types
        || before.taxonomies != now.taxonomies
        || before.custom_taxonomies != now.custom_taxonomies
}

async fn try_out(app: &App, site: &Site, row: &Destination) -> Result<(), PublishError> {
    match row.kind {
        DestinationKind::Wordpress => {
            let (client, _) = connect::client(app, row)?;
            connect::look(&client).await.map(|_| ())
        }
        DestinationKind::ObjectStorage => {
            releases::store(app, row)?.check().await?;
            releases::base_of(app, site, row).map(|_| ())
        }
    }
}

pub(super) async fn patiently<T>(work: impl Future<Output = Result<T, PublishError>>) -> Result<T, PublishError> {
    let too_slow = || PublishError::retry("The destination takes too long to answer.");
    // Boxed: what is asked of a site is much, and would make the handlers' own futures large.
    tokio::time::timeout(PATIENCE, Box::pin(work))
        .await
        .unwrap_or_else(|_| Err(too_slow()))
}

/// What a connection that does not work means to who sets it up.
pub(super) fn refused(error: &PublishError) -> Error {
    Error::rule("connection_failed", error.to_string())
}

fn password(given: &str, check: &mut Check) -> String {
    let given = given.trim();
    let fits = (1..=500).contains(&given.len()) && !given.chars().any(char::is_control);
    check.that(fits, "wordpress.password", "must have 1 to 500 characters");
    given.to_owned()
}

fn host(settings: &WordpressSettings) -> Option<String> {
    Some(settings.address()?.host_str()?.to_owned())
}

pub(super) fn note(
    app: &App,
    tx: &mut Tx<'_>,
    row: &Destination,
    what: &'static str,
    problem: Option<String>,
    started: Instant,
) {
    let noted = state::Noted {
        what,
        direction: Direction::Out,
        result: if problem.is_some() {
            SyncResult::Failed
        } else {
            SyncResult::Done
        },
        message: problem.unwrap_or_else(|| "The connection works.".into()),
        counts: serde_json::json!({}),
        took: started.elapsed(),
    };
    state::note(&app.db, tx, row, noted);
}

/// Lets what failed be tried again with the next run.
pub(super) fn take_up(tx: &mut Tx<'_>, destination: DestinationId, now: chrono::DateTime<chrono::Utc>) {
    let mut binds = Variables::new();
    binds.insert("taken_up", destination);
    binds.insert("taken_failed", PublicationStatus::Failed);
    binds.insert("taken_pending", PublicationStatus::Pending);
    binds.insert("taken_at", now);
    tx.statement(
        "UPDATE publication SET status = $taken_pending, attempts = 0, retry_at = NONE, error = NONE, \
         failed_rev = NONE, updated_at = $taken_at, rev += 1 \
         WHERE destination = $taken_up AND status = $taken_failed AND site = $site AND account = $account RETURN NONE",
        binds,
    );
}
