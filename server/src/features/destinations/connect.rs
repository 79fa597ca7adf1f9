//! Connecting a destination: found, tried, looked at.

use igny8_data::{Access, CanWrite, DbError, SiteDb};
use igny8_wordpress::{ApiRoot, Discovered, WordPress};

use super::inbound;
use super::model::{Destination, DestinationId, DestinationState, Unreadable};
use super::state;
use crate::app::App;
use crate::publish::PublishError;
use crate::publish::wordpress::{self, Wordpress, WordpressSettings};

impl From<Unreadable> for PublishError {
    fn from(error: Unreadable) -> Self {
        Self::Connection(error.to_string())
    }
}

/// Finds the REST API of a WordPress site, logs in, and looks at what the site has. The settings learn where the API is.
///
/// # Errors
/// [`PublishError`], with what to do about it.
pub async fn find(app: &App, settings: &mut WordpressSettings, password: &str) -> Result<Discovered, PublishError> {
    let failed = |error: igny8_wordpress::WordPressError| wordpress::failed(&error);
    let Some(address) = settings.address() else {
        return Err(PublishError::Connection(
            "The address of the site cannot be read.".into(),
        ));
    };
    settings.root = Some(
        Box::pin(ApiRoot::discover(&app.outgoing, &address))
            .await
            .map_err(failed)?,
    );
    let client = wordpress::client(&app.outgoing, settings, password)?;
    Box::pin(look(&client)).await
}

/// Logs in and looks at what the site has.
///
/// # Errors
/// [`PublishError`].
pub async fn look(client: &WordPress) -> Result<Discovered, PublishError> {
    let failed = |error: igny8_wordpress::WordPressError| wordpress::failed(&error);
    let user = client.check().await.map_err(failed)?;
    let missing = user.missing();
    if !missing.is_empty() {
        return Err(PublishError::Connection(format!(
            "The user may not do everything that is needed there ({} missing): connect an editor or administrator.",
            missing.join(", ")
        )));
    }
    Box::pin(client.discover()).await.map_err(failed)
}

/// The client of a WordPress destination.
///
/// # Errors
/// [`PublishError`].
pub fn client(app: &App, destination: &Destination) -> Result<(WordPress, WordpressSettings), PublishError> {
    let settings: WordpressSettings = destination.settings()?;
    let secrets = destination.secrets(app.db.keys())?;
    let password = secrets.password.ok_or(Unreadable("password"))?;
    let client = wordpress::client(&app.outgoing, &settings, &password)?;
    Ok((client, settings))
}

/// What a WordPress site has, as last looked at.
pub fn discovered(state: &DestinationState) -> Option<Discovered> {
    serde_json::from_value(state.discovered.clone()?).ok()
}

/// Keeps what imports learnt of a site, which a look at it does not find: the pictures of its galleries.
///
/// # Errors
/// When the database fails.
pub async fn keep_learnt<A: Access>(
    db: &SiteDb<'_, A>,
    destination: DestinationId,
    found: &mut Discovered,
) -> Result<(), DbError> {
    let before = state::of(db, destination).await?;
    if let Some(before) = before.as_ref().and_then(discovered) {
        found.keep_pictures_of(&before);
    }
    Ok(())
}

/// The publisher of a WordPress destination; looks at the site first where nobody has.
///
/// # Errors
/// [`PublishError`].
pub async fn publisher<A: CanWrite>(
    app: &App,
    db: &SiteDb<'_, A>,
    destination: &Destination,
) -> Result<Wordpress, PublishError> {
    let (client, settings) = client(app, destination)?;
    let database = |error: igny8_data::DbError| PublishError::retry(error.to_string());
    let known = state::of(db, destination.id).await.map_err(database)?;
    if let Some((state, discovered)) = known.as_ref().and_then(|state| Some((state, discovered(state)?))) {
        return Ok(Wordpress::new(client, discovered, settings).knowing(inbound::brought(state)));
    }
    let found = Box::pin(look(&client)).await?;
    let mut tx = db.tx();
    let now = app.db.clock().now();
    state::Change::new()
        .connection(None, now)
        .discovered(serde_json::to_value(&found).unwrap_or_default(), now)
        .add_to(&mut tx, destination.id);
    tx.commit().await.map_err(database)?;
    Ok(Wordpress::new(client, found, settings))
}
