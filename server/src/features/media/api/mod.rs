//! `/sites/{site_id}/media`: upload, read, list, change, delete and restore, and the file itself.

mod files;
mod objects;
mod upload;

use igny8_data::{Deleted, Read, Select, SiteId, SiteScope, Write};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;

use super::{Media, MediaId, MediaKind};
use crate::api::patch::set;
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Error, Fetched, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;
use crate::features::content::published;

pub use objects::{MediaOut, MediaPatch};

use files::FileAnswer;
use upload::{UploadForm, Uploaded, bounded};

const SORTS: &[SortField] = &[
    SortField::same("created_at"),
    SortField::same("updated_at"),
    SortField::same("name"),
    SortField::same("bytes"),
];

pub struct MediaApi;

#[OpenApi(tag = "Tag::Media")]
impl MediaApi {
    /// Upload a file
    ///
    /// Its kind is found in its bytes: PNG, JPEG, GIF, WebP, AVIF, SVG (scripts and outside references are taken out), PDF, MP4
    /// and MP3 are accepted. A file the site has already is not stored again: the answer is the existing one, with status
    /// 200.
    #[oai(
        path = "/sites/:site_id/media",
        method = "post",
        operation_id = "media_upload",
        transform = "bounded"
    )]
    async fn upload(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        form: UploadForm,
    ) -> Result<Uploaded> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        upload::store(&app, &scope, form).await
    }

    /// List files
    #[oai(path = "/sites/:site_id/media", method = "get", operation_id = "media_list")]
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
        /// `created_at`, `updated_at`, `name` or `bytes`; `-` in front for descending.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        /// Text in name, alternative text or title.
        search: Query<Option<String>>,
        kind: Query<Option<MediaKind>>,
        /// Deleted files instead of the others; needs the right to change them.
        deleted: Query<Option<bool>>,
    ) -> Result<Json<Page<MediaOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let deleted = if deleted.0 == Some(true) {
            caller.actor().site::<Write>(&app.db, site_id.0).await?;
            Deleted::Only
        } else {
            Deleted::Without
        };
        let filter = format!("media|{}|{:?}|{:?}|{deleted:?}", scope.site(), search.0, kind.0);
        let page = PageRequest::new(
            &app.db,
            &filter,
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-created_at",
        )?;
        let mut select = Select::new().deleted(deleted).equals_some("kind", kind.0);
        if let Some(text) = search.0.as_deref().filter(|t| !t.is_empty()) {
            select = select.search(&["name", "alt", "title"], text);
        }
        let db = app.db.site(&scope);
        let list = page.list::<Media>(&db, select).await?;
        Ok(Json(list.page(MediaOut::from_row)))
    }

    /// Read what is known about a file
    #[oai(path = "/sites/:site_id/media/:media_id", method = "get", operation_id = "media_get")]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        media_id: Path<MediaId>,
    ) -> Result<Fetched<MediaOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        Ok(fetched(find(&app, &scope, media_id.0).await?))
    }

    /// Download a file
    ///
    /// Answers ranges and `If-None-Match`.
    #[oai(
        path = "/sites/:site_id/media/:media_id/file",
        method = "get",
        operation_id = "media_file"
    )]
    async fn file(
        &self,
        req: &poem::Request,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        media_id: Path<MediaId>,
    ) -> Result<FileAnswer> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let media = find(&app, &scope, media_id.0).await?;
        files::send(&app, media, req).await
    }

    /// Change alternative text or title
    #[oai(
        path = "/sites/:site_id/media/:media_id",
        method = "patch",
        operation_id = "media_update"
    )]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        media_id: Path<MediaId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<MediaPatch>,
    ) -> Result<Fetched<MediaOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let mut media = find(&app, &scope, media_id.0).await?;
        etag::check(if_match.0.as_deref(), media.rev)?;
        let Json(patch) = body;
        set(&mut media.alt, patch.alt);
        set(&mut media.title, patch.title);
        media.updated_at = app.db.clock().now();
        let mut check = Check::new();
        media.check(&mut check);
        check.finish()?;
        let mut tx = app.db.site(&scope).tx();
        published::changed(&app, &scope, &mut tx).await?;
        tx.replace(&mut media);
        tx.commit().await?;
        Ok(fetched(media))
    }

    /// Delete a file
    ///
    /// Pages that use it keep it until the next deployment. It can be restored until it is removed for good.
    #[oai(
        path = "/sites/:site_id/media/:media_id",
        method = "delete",
        operation_id = "media_delete"
    )]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        media_id: Path<MediaId>,
        /// ETag of the version to delete.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let mut media = find(&app, &scope, media_id.0).await?;
        etag::check(if_match.0.as_deref(), media.rev)?;
        let now = app.db.clock().now();
        (media.deleted_at, media.updated_at) = (Some(now), now);
        media.live_hash = None;
        let mut tx = app.db.site(&scope).tx();
        tx.replace(&mut media);
        tx.commit().await?;
        Ok(Done::Done)
    }

    /// Restore a deleted file
    #[oai(
        path = "/sites/:site_id/media/:media_id/restore",
        method = "post",
        operation_id = "media_restore"
    )]
    async fn restore(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        media_id: Path<MediaId>,
    ) -> Result<Fetched<MediaOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let deleted = db.get_deleted::<Media>(media_id.0, Deleted::Only).await?;
        let mut media = deleted.ok_or_else(Error::not_found)?;
        media.deleted_at = None;
        media.live_hash = Some(media.hash.clone());
        media.updated_at = app.db.clock().now();
        let mut tx = db.tx();
        tx.replace(&mut media);
        tx.commit().await.map_err(|error| match error {
            igny8_data::DbError::Duplicate { index } if index == "media_once" => Error::conflict(
                "duplicate",
                "The same file was uploaded again meanwhile; there is nothing to restore.",
            ),
            error => error.into(),
        })?;
        Ok(fetched(media))
    }
}

async fn find<A: igny8_data::Access>(app: &App, scope: &SiteScope<A>, id: MediaId) -> Result<Media> {
    app.db.site(scope).get::<Media>(id).await?.ok_or_else(Error::not_found)
}

fn fetched(media: Media) -> Fetched<MediaOut> {
    let rev = media.rev;
    Fetched::new(MediaOut::from_row(media), rev)
}
