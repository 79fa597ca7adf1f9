//! What setting up destinations in object storage has for itself.

use std::time::Instant;

use igny8_data::{Access, AuditEvent, Manage, Select, SiteDb, SiteId, SiteScope};

use super::destinations::{MOST, note, patiently, refused};
use super::objects::{DestinationIn, DestinationOut};
use crate::api::validate::Check;
use crate::api::{Created, Error, From, Result};
use crate::app::App;
use crate::features::destinations::model::{Connection, Destination, DestinationId, Direction, Secrets, SyncResult};
use crate::features::destinations::{releases, state};
use crate::publish::ReleaseStore as _;
use crate::publish::object_storage::{ObjectStorage, ObjectStorageIn, ObjectStorageSettings};

/// Sets one up: its place is tried, and the live release goes there.
pub(super) async fn create(
    app: &App,
    scope: &SiteScope<Manage>,
    from: &From,
    body: DestinationIn,
) -> Result<Created<DestinationOut>> {
    let db = app.db.site(scope);
    let mut check = Check::new();
    check.that(body.wordpress.is_none(), "wordpress", "belongs to the kind wordpress");
    let given = body.object_storage.unwrap_or_default();
    let mut settings = ObjectStorageSettings::default();
    let mut secrets = Secrets::default();
    apply(&given, &mut settings, &mut secrets, &mut check);
    check.finish()?;
    if db.count::<Destination>(Select::new()).await? >= MOST {
        return Err(Error::rule(
            "too_many",
            format!("A site has at most {MOST} destinations."),
        ));
    }
    place_is_free(&db, &settings, None).await?;
    let started = Instant::now();
    try_out(app, &settings, &secrets, scope.site()).await?;
    let now = app.db.clock().now();
    let mut row = Destination {
        id: app.db.ids().make(),
        account: scope.account(),
        site: scope.site(),
        kind: body.kind,
        name: body.name.trim().to_owned(),
        enabled: body.enabled.unwrap_or(true),
        settings: serde_json::to_value(&settings).map_err(Error::internal)?,
        sealed: None,
        leaving: None,
        rev: 1,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    row.seal(app.db.keys(), app.db.ids().bytes(), &secrets);
    let mut state = state::fresh(&app.db, &row);
    state.connection = Connection::Connected;
    state.checked_at = Some(now);
    let detail = serde_json::json!({ "kind": row.kind, "host": settings.origin(), "bucket": settings.bucket });
    let mut tx = db.tx();
    tx.create(row.clone()).create(state.clone());
    note(app, &mut tx, &row, "test", None, started);
    if row.enabled {
        tx.enqueue(releases::mirror_job(row.id, false));
    }
    tx.audit(AuditEvent::new("destination.created", row.id, &from.0).detail(detail));
    tx.commit().await?;
    let path = format!("/sites/{}/destinations/{}", row.site, row.id);
    Ok(Created::new(DestinationOut::of(&row, Some(&state)), row.rev, path))
}

/// Changes one, whose place is tried then. What is in a place it leaves stays there, which is to be noted.
pub(super) async fn change<A: Access>(
    app: &App,
    db: &SiteDb<'_, A>,
    row: &mut Destination,
    patch: &ObjectStorageIn,
) -> Result<Option<state::Noted>> {
    let started = Instant::now();
    let before: ObjectStorageSettings = row.settings().unwrap_or_default();
    // Secrets that cannot be read any more are replaced by what is sent now.
    let mut secrets = row.secrets(app.db.keys()).unwrap_or_default();
    let mut settings = before.clone();
    let mut check = Check::new();
    if patch.secret_access_key.is_none() && before.origin() != patched_origin(&before, patch) {
        // A key is only ever sent to the service it was entered for.
        secrets.password = None;
    }
    apply(patch, &mut settings, &mut secrets, &mut check);
    check.finish()?;
    place_is_free(db, &settings, Some(row.id)).await?;
    try_out(app, &settings, &secrets, row.site).await?;
    row.settings = serde_json::to_value(&settings).map_err(Error::internal)?;
    if patch.secret_access_key.is_some() {
        row.seal(app.db.keys(), app.db.ids().bytes(), &secrets);
    }
    // What cannot be read any more names no place.
    let left = !before.bucket.is_empty() && !before.is_same_place(&settings);
    Ok(left.then(|| moved(&before, started)))
}

fn moved(before: &ObjectStorageSettings, started: Instant) -> state::Noted {
    let (bucket, origin) = (&before.bucket, before.origin());
    let left = match before.prefix.as_str() {
        "" => format!("in the bucket `{bucket}` at {origin}"),
        prefix => format!("below `{prefix}/` in the bucket `{bucket}` at {origin}"),
    };
    state::Noted {
        what: "moved",
        direction: Direction::Out,
        result: SyncResult::Done,
        message: format!(
            "The copy goes to another place from now on. What is {left} stays there: remove it at the service."
        ),
        counts: serde_json::json!({}),
        took: started.elapsed(),
    }
}

/// Refuses a place that another destination of the site has: each would remove what the other has there.
async fn place_is_free<A: Access>(
    db: &SiteDb<'_, A>,
    place: &ObjectStorageSettings,
    own: Option<DestinationId>,
) -> Result<()> {
    match releases::at_place(db, place, own).await? {
        None => Ok(()),
        Some(row) => Err(Error::conflict(
            "already_connected",
            format!(
                "`{}` ({}) already brings this site there. Change that destination, or take another prefix.",
                row.name, row.id
            ),
        )),
    }
}

fn patched_origin(before: &ObjectStorageSettings, patch: &ObjectStorageIn) -> String {
    let mut after = before.clone();
    patch.apply(&mut after);
    after.origin()
}

fn apply(given: &ObjectStorageIn, settings: &mut ObjectStorageSettings, secrets: &mut Secrets, check: &mut Check) {
    for (field, what) in given.apply(settings) {
        check.that(false, &format!("object_storage.{field}"), what);
    }
    if let Some(secret) = &given.secret_access_key {
        secrets.password = Some(secret.trim().to_owned());
    }
    let problem = match &secrets.password {
        Some(secret) => igny8_storage::settings::secret_problem(secret),
        None => Some("must be sent: there is none for this service"),
    };
    if let Some(problem) = problem {
        check.that(false, "object_storage.secret_access_key", problem);
    }
}

async fn try_out(app: &App, settings: &ObjectStorageSettings, secrets: &Secrets, site: SiteId) -> Result<()> {
    let secret = secrets.password.as_deref().unwrap_or_default();
    let tried = async {
        ObjectStorage::new(&app.outgoing, settings.clone(), secret, site)?
            .check()
            .await
    };
    patiently(tried).await.map_err(|error| refused(&error))
}
