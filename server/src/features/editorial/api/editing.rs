//! Who is editing, and who may see a site.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use igny8_data::{DbError, Read, Role, SiteId, UserId, Write};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::content;
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Error, Result, Tag};
use crate::app::App;
use crate::features::content::ContentId;
use crate::features::editorial::editing::{self, Editing};
use crate::features::editorial::people;

/// Somebody who may see a site: who can be mentioned, and with a role that writes be given tasks.
#[derive(Debug, Object)]
#[oai(rename = "SitePerson")]
pub struct PersonOut {
    pub id: UserId,
    pub name: String,
    pub role: Role,
}

/// People of a site.
#[derive(Debug, Object)]
pub struct SitePeople {
    /// By name, at most 1000.
    pub items: Vec<PersonOut>,
}

/// A piece of content that is open in an editor.
#[derive(Debug, Object)]
#[oai(rename = "ContentEditing", skip_serializing_if_is_none)]
pub struct EditingOut {
    pub content: ContentId,
    pub user: UserId,
    pub name: Option<String>,
    pub since: DateTime<Utc>,
    /// When it counts as closed unless it is renewed.
    pub until: DateTime<Utc>,
    /// It is you, perhaps in another window.
    pub yours: bool,
}

/// Editors that are open.
#[derive(Debug, Object)]
pub struct ContentEditings {
    /// The newest first, at most 500.
    pub items: Vec<EditingOut>,
}

/// Whether content is open in an editor.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ContentEditingState {
    pub editing: Option<EditingOut>,
}

/// An editor that opens, or is still open.
#[derive(Debug, Object)]
#[oai(rename = "ContentEditingOpen", deny_unknown_fields)]
pub struct OpenIn {
    /// Any text that tells this window from your others; the same at each renewal.
    pub window: String,
    /// Although somebody else has it open.
    pub take_over: Option<bool>,
}

pub struct EditingApi;

#[OpenApi(tag = "Tag::Content")]
impl EditingApi {
    /// List who may see the site
    ///
    /// By name, for mentions and tasks.
    #[oai(path = "/sites/:site_id/people", method = "get", operation_id = "site_people")]
    async fn people(&self, caller: Caller, app: Data<&App>, site_id: Path<SiteId>) -> Result<Json<SitePeople>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let account = scope.actor().account::<Read>()?;
        let people = people::of_site(&app, &account, scope.site()).await?;
        let items = people
            .into_iter()
            .map(|person| PersonOut {
                id: person.id,
                name: person.name,
                role: person.role,
            })
            .collect();
        Ok(Json(SitePeople { items }))
    }

    /// List what is being edited
    #[oai(
        path = "/sites/:site_id/content/editing",
        method = "get",
        operation_id = "content_editing_list"
    )]
    async fn list(&self, caller: Caller, app: Data<&App>, site_id: Path<SiteId>) -> Result<Json<ContentEditings>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let open = editing::open_on(&app.db.site(&scope), app.db.clock().now()).await?;
        let items = named(&caller, &app, open).await?;
        Ok(Json(ContentEditings { items }))
    }

    /// See who is editing
    #[oai(
        path = "/sites/:site_id/content/:content_id/editing",
        method = "get",
        operation_id = "content_editing_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
    ) -> Result<Json<ContentEditingState>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        content(&db, content_id.0).await?;
        let open = editing::of(&db, content_id.0, app.db.clock().now()).await?;
        let editing = named(&caller, &app, open.into_iter().collect()).await?.pop();
        Ok(Json(ContentEditingState { editing }))
    }

    /// Open content in an editor
    ///
    /// Shows others that you are editing, for a minute: send it again every twenty seconds. 409 `being_edited` when
    /// somebody else has it open; `take_over` makes it yours. It keeps nobody from saving: a save names the version it was
    /// made to.
    #[oai(
        path = "/sites/:site_id/content/:content_id/editing",
        method = "put",
        operation_id = "content_editing_open"
    )]
    async fn open(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        body: Json<OpenIn>,
    ) -> Result<Json<ContentEditingState>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let user = person(&caller)?;
        Check::new().text("window", &body.window, 1, 64).finish()?;
        let now = app.db.clock().now();
        let mut tx = db.tx();
        let take_over = body.take_over == Some(true);
        editing::open(&mut tx, content_id.0, user, &body.window, take_over, now);
        let refused = match tx.commit().await {
            Ok(_) => None,
            Err(DbError::Refused(code)) => Some(code),
            Err(error) => return Err(error.into()),
        };
        let open = editing::of(&db, content_id.0, now).await?;
        let editing = named(&caller, &app, open.into_iter().collect()).await?.pop();
        match refused {
            None => Ok(Json(ContentEditingState { editing })),
            Some(code) if code == "being_edited" => {
                let who = match &editing {
                    Some(editing) if editing.yours => "You have it open in another window".to_owned(),
                    Some(EditingOut { name: Some(name), .. }) => format!("{name} has it open"),
                    _ => "Somebody has it open".to_owned(),
                };
                let detail = format!("{who}. Read it, or take it over with take_over.");
                Err(Error::conflict("being_edited", detail))
            }
            Some(_) => Err(Error::not_found()),
        }
    }

    /// Close an editor
    ///
    /// Does nothing when it is not this window that has the content open.
    #[oai(
        path = "/sites/:site_id/content/:content_id/editing",
        method = "delete",
        operation_id = "content_editing_close"
    )]
    async fn close(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        /// As it was opened with.
        window: Query<String>,
    ) -> Result<Done> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let user = person(&caller)?;
        content(&db, content_id.0).await?;
        let mut tx = db.tx();
        editing::close(&mut tx, content_id.0, user, &window.0);
        tx.commit().await?;
        Ok(Done::Done)
    }
}

fn person(caller: &Caller) -> Result<UserId> {
    let message = "Only people edit; a program with an API key saves with If-Match and needs no editor.";
    caller
        .actor()
        .user()
        .ok_or_else(|| Error::forbidden("only_people", message))
}

async fn named(caller: &Caller, app: &App, open: Vec<Editing>) -> Result<Vec<EditingOut>> {
    let account = caller.actor().account::<Read>()?;
    let ids: Vec<String> = open.iter().map(|editing| editing.user.to_string()).collect();
    let names: HashMap<String, String> = people::names(app, &account, ids.iter().map(String::as_str)).await?;
    let me = caller.actor().user();
    let out = |(editing, id): (Editing, String)| EditingOut {
        content: editing.content,
        user: editing.user,
        name: names.get(&id).cloned(),
        since: editing.since,
        until: editing.until,
        yours: me == Some(editing.user),
    };
    Ok(open.into_iter().zip(ids).map(out).collect())
}
