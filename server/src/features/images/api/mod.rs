//! `/sites/{site}/images`: the pictures of content.

use chrono::{DateTime, Utc};
use igny8_data::{Access, DbError, Read, Select, SiteDb, SiteId, SiteScope, Variables, Write};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::model::{Image, ImageId, ImageKind, ImageStatus};
use super::place;
use crate::api::patch::set;
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Created, Error, Fetched, FieldError, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;
use crate::features::content::{Content, ContentId, Reason, published, save};
use crate::features::media::{Media, MediaId, MediaKind};
use crate::features::planner::rules::require_live;

const SORTS: &[SortField] = &[SortField::same("created_at")];

/// A picture of content, drawn or to be drawn.
#[derive(Debug, Object)]
#[oai(rename = "Image", skip_serializing_if_is_none)]
pub struct ImageOut {
    pub id: ImageId,
    pub content: ContentId,
    pub kind: ImageKind,
    /// What is to be seen.
    pub prompt: String,
    /// For who cannot see it.
    pub alt: String,
    /// Id of the section it stands in, as `…/sections` lists them; absent for the featured one.
    pub section: Option<String>,
    pub status: ImageStatus,
    /// The file.
    pub media: Option<MediaId>,
    /// Why it could not be drawn.
    pub error: Option<String>,
    /// What drew it: a model's name, or `local`.
    pub model: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A new picture.
#[derive(Debug, Object)]
#[oai(rename = "ImageCreate", deny_unknown_fields)]
pub struct ImageIn {
    pub content: ContentId,
    /// Id of the section it is for; without it, it is the featured one.
    pub section: Option<String>,
    /// What is to be seen; may be left out with a file.
    pub prompt: Option<String>,
    pub alt: Option<String>,
    /// An image of the site, instead of one that is to be drawn.
    pub media: Option<MediaId>,
}

/// What to change; absent fields stay.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct ImagePatch {
    pub prompt: Option<String>,
    pub alt: Option<String>,
    /// An image of the site, in the place of what was drawn.
    pub media: Option<MediaId>,
}

impl From<Image> for ImageOut {
    fn from(row: Image) -> Self {
        Self {
            id: row.id,
            content: row.content,
            kind: row.kind,
            prompt: row.prompt,
            alt: row.alt,
            section: row.section,
            status: row.status,
            media: row.media,
            error: row.error,
            model: row.model,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

pub struct ImagesApi;

#[OpenApi(tag = "Tag::Writer")]
impl ImagesApi {
    /// List pictures of content
    #[oai(path = "/sites/:site_id/images", method = "get", operation_id = "image_list")]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// `created_at`; `-` in front for descending.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        content: Query<Option<ContentId>>,
        kind: Query<Option<ImageKind>>,
        status: Query<Option<ImageStatus>>,
    ) -> Result<Json<Page<ImageOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let select = Select::new()
            .equals_some("content", content.0)
            .equals_some("kind", kind.0)
            .equals_some("status", status.0);
        let page = PageRequest::new(
            &app.db,
            &format!("images|{}|{select:?}", site_id.0),
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-created_at",
        )?;
        let db = app.db.site(&scope);
        let list = page.list::<Image>(&db, select).await?;
        Ok(Json(list.page(ImageOut::from)))
    }

    /// Ask for a picture
    ///
    /// `generate_images` draws it; `generate_image_prompts` says what could be seen. A place has one picture: the featured
    /// one, and one in each section.
    #[oai(path = "/sites/:site_id/images", method = "post", operation_id = "image_create")]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<ImageIn>,
    ) -> Result<Created<ImageOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let Json(body) = body;
        let now = app.db.clock().now();
        let mut row = Image::new(app.db.ids().make(), &scope, body.content, body.section, now);
        row.prompt = body.prompt.unwrap_or_default().trim().to_owned();
        row.alt = body.alt.unwrap_or_default().trim().to_owned();
        if let Some(media) = body.media {
            own_file(&db, &mut row, media).await?;
        }
        checked(&row)?;
        if db.get::<Content>(row.content).await?.is_none() {
            return Err(Error::invalid(vec![FieldError::new(
                "content",
                "must be content of this site",
            )]));
        }
        let mut tx = db.tx();
        require_live(&mut tx, &[row.content]);
        tx.create(row.clone());
        tx.commit().await.map_err(refused)?;
        let (rev, path) = (row.rev, format!("/sites/{}/images/{}", row.site, row.id));
        Ok(Created::new(row.into(), rev, path))
    }

    /// Read a picture of content
    #[oai(
        path = "/sites/:site_id/images/:image_id",
        method = "get",
        operation_id = "image_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        image_id: Path<ImageId>,
    ) -> Result<Fetched<ImageOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        Ok(fetched(find(&app.db.site(&scope), image_id.0).await?))
    }

    /// Change a picture of content
    ///
    /// With another prompt it waits to be drawn again; the file it has stays until then. Another `alt` is written where the
    /// picture stands; another file gets there when it is put into its place.
    #[oai(
        path = "/sites/:site_id/images/:image_id",
        method = "patch",
        operation_id = "image_update"
    )]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        image_id: Path<ImageId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<ImagePatch>,
    ) -> Result<Fetched<ImageOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut row = find(&db, image_id.0).await?;
        etag::check(if_match.0.as_deref(), row.rev)?;
        let Json(body) = body;
        let alt = row.alt.clone();
        if body.prompt.as_ref().is_some_and(|prompt| prompt.trim() != row.prompt) {
            row.status = ImageStatus::Pending;
        }
        set(&mut row.prompt, body.prompt.map(|prompt| prompt.trim().to_owned()));
        set(&mut row.alt, body.alt.map(|alt| alt.trim().to_owned()));
        if let Some(media) = body.media {
            own_file(&db, &mut row, media).await?;
        }
        checked(&row)?;
        row.updated_at = app.db.clock().now();
        let mut tx = db.tx();
        tx.replace(&mut row);
        tx.commit().await.map_err(refused)?;
        if row.alt != alt && row.media.is_some() {
            put(&app, &scope, &row, Put::Describe).await?;
        }
        Ok(fetched(row))
    }

    /// Delete a picture of content
    ///
    /// Its file stays among the site's media, and on the page if it was put there.
    #[oai(
        path = "/sites/:site_id/images/:image_id",
        method = "delete",
        operation_id = "image_delete"
    )]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        image_id: Path<ImageId>,
        /// ETag of the version to delete.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut row = find(&db, image_id.0).await?;
        etag::check(if_match.0.as_deref(), row.rev)?;
        let now = app.db.clock().now();
        row.set_deleted(now);
        row.updated_at = now;
        let mut tx = db.tx();
        tx.replace(&mut row);
        tx.commit().await.map_err(refused)?;
        Ok(Done::Done)
    }

    /// Put a picture into its place
    ///
    /// At the head of its content, or behind the heading of its section, instead of the file it had there before. A second time
    /// nothing changes.
    #[oai(
        path = "/sites/:site_id/images/:image_id/place",
        method = "post",
        operation_id = "image_place"
    )]
    async fn place(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        image_id: Path<ImageId>,
    ) -> Result<Fetched<ImageOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let row = find(&app.db.site(&scope), image_id.0).await?;
        put(&app, &scope, &row, Put::Place).await?;
        Ok(fetched(row))
    }
}

/// What is done to the page of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Put {
    /// It gets into its place.
    Place,
    /// Where it stands already, its text for who cannot see it is written.
    Describe,
}

/// Times a place is looked for again because the content was changed meanwhile.
const ATTEMPTS: usize = 4;

async fn put(app: &App, scope: &SiteScope<Write>, row: &Image, how: Put) -> Result<()> {
    let db = app.db.site(scope);
    let missing = || {
        Error::rule(
            "no_file",
            "It has no file yet: have it drawn, or give it an image of the site.",
        )
    };
    let media = row.media.ok_or_else(missing)?;
    let mut media = db.get::<Media>(media).await?.ok_or_else(missing)?;
    let earlier = earlier(&db, row).await?;
    for _ in 0..ATTEMPTS {
        let old = db.get::<Content>(row.content).await?.ok_or_else(Error::not_found)?;
        let mut new = old.clone();
        match how {
            Put::Place => place::place(row, &media, &earlier, &mut new)
                .map_err(|error| Error::rule("no_place", error.to_string()))?,
            Put::Describe if place::describe(row, &media, &mut new) => {}
            Put::Describe => return Ok(()),
        }
        let mut check = Check::new();
        new.check(&mut check);
        check.finish()?;
        let mut tx = db.tx();
        let mut changes = save::change(&app.db, &mut tx, scope.actor().who(), &old, &mut new, Reason::Edited);
        // What pages say of a featured picture is said by its file.
        if row.kind == ImageKind::Featured && !row.alt.is_empty() && row.alt != media.alt {
            let mut media = media.clone();
            media.alt.clone_from(&row.alt);
            media.updated_at = app.db.clock().now();
            published::changed(app, scope, &mut tx).await?;
            tx.replace(&mut media);
            changes = true;
        }
        if !changes {
            return Ok(());
        }
        match tx.commit().await {
            Ok(_) => return Ok(()),
            Err(DbError::Stale) => media = db.get::<Media>(media.id).await?.ok_or_else(missing)?,
            Err(error) => return Err(save::refused(error)),
        }
    }
    Err(Error::unavailable("The content is being changed by others. Try again."))
}

/// The files that a picture had before, deleted ones too, in its order.
///
/// # Errors
/// When the database fails.
pub async fn earlier<A: Access>(db: &SiteDb<'_, A>, row: &Image) -> Result<Vec<Media>, DbError> {
    if row.earlier.is_empty() {
        return Ok(Vec::new());
    }
    let mut binds = Variables::new();
    binds.insert("earlier", row.earlier.clone());
    let sql = "SELECT * FROM $earlier WHERE site = $site AND account = $account;";
    let found: Vec<Media> = db.query(sql, binds, "reading earlier files").await?.rows(0)?;
    let of = |id: &MediaId| found.iter().find(|media| media.id == *id).cloned();
    Ok(row.earlier.iter().filter_map(of).collect())
}

async fn own_file<A: Access>(db: &SiteDb<'_, A>, row: &mut Image, media: MediaId) -> Result<()> {
    let found = db
        .get::<Media>(media)
        .await?
        .filter(|media| media.kind == MediaKind::Image);
    if found.is_none() {
        return Err(Error::invalid(vec![FieldError::new(
            "media",
            "must be an image of this site",
        )]));
    }
    row.set_file(ImageStatus::Uploaded, media, None);
    Ok(())
}

async fn find<A: Access>(db: &SiteDb<'_, A>, id: ImageId) -> Result<Image> {
    db.get::<Image>(id).await?.ok_or_else(Error::not_found)
}

fn fetched(row: Image) -> Fetched<ImageOut> {
    let rev = row.rev;
    Fetched::new(row.into(), rev)
}

fn checked(row: &Image) -> Result<()> {
    let mut check = Check::new();
    row.check(&mut check);
    check.finish()
}

fn refused(error: DbError) -> Error {
    match error {
        DbError::Duplicate { index } if index == "image_place" => Error::duplicate(
            "section",
            "The place has a picture already: change that one, or delete it first.",
        ),
        error => crate::features::planner::rules::refused(error),
    }
}
