//! `/sites/{site}/sectors`: create, read, list, change, delete and restore.

use chrono::{DateTime, Utc};
use igny8_data::{DbError, Deleted, Manage, Read, SectorId, Select, SiteId};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use crate::api::patch::set;
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Created, Error, Fetched, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;
use crate::features::billing::Limits;
use crate::features::sites::model::Sector;

/// A sector of a site.
#[derive(Debug, Object)]
#[oai(rename = "Sector", skip_serializing_if_is_none)]
pub struct SectorOut {
    pub id: SectorId,
    pub site: SiteId,
    pub name: String,
    pub slug: String,
    pub description: String,
    /// Planning happens in active sectors only.
    pub active: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

/// What a new sector needs.
#[derive(Debug, Object)]
#[oai(rename = "SectorCreate", deny_unknown_fields)]
pub struct SectorIn {
    pub name: String,
    /// Made from the name when absent.
    pub slug: Option<String>,
    pub description: Option<String>,
}

/// What to change; absent fields stay.
#[derive(Debug, Object)]
#[oai(rename = "SectorPatch", deny_unknown_fields)]
pub struct SectorPatch {
    pub name: Option<String>,
    pub slug: Option<String>,
    pub description: Option<String>,
    pub active: Option<bool>,
}

impl SectorOut {
    pub(super) fn from_row(s: Sector) -> Self {
        Self {
            id: s.id,
            site: s.site,
            name: s.name,
            slug: s.slug,
            description: s.description,
            active: s.active,
            created_at: s.created_at,
            updated_at: s.updated_at,
            deleted_at: s.deleted_at,
        }
    }
}

const SORTS: &[SortField] = &[SortField::same("created_at"), SortField::same("name")];

pub struct SectorsApi;

#[OpenApi(tag = "Tag::Sites")]
impl SectorsApi {
    /// List sectors of a site
    #[oai(path = "/sites/:site_id/sectors", method = "get", operation_id = "sector_list")]
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
        /// `created_at` or `name`; `-` in front for descending.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        /// Text in the name.
        search: Query<Option<String>>,
        /// Deleted sectors instead of the others.
        deleted: Query<Option<bool>>,
    ) -> Result<Json<Page<SectorOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let deleted = if deleted.0 == Some(true) {
            Deleted::Only
        } else {
            Deleted::Without
        };
        let filter = format!("sectors|{}|{:?}|{deleted:?}", site_id.0, search.0);
        let page = PageRequest::new(
            &app.db,
            &filter,
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "created_at",
        )?;
        let mut select = Select::new().deleted(deleted);
        if let Some(text) = search.0.as_deref().filter(|t| !t.is_empty()) {
            select = select.search(&["name"], text);
        }
        let db = app.db.site(&scope);
        let list = page.list::<Sector>(&db, select).await?;
        Ok(Json(list.page(SectorOut::from_row)))
    }

    /// Create a sector
    #[oai(path = "/sites/:site_id/sectors", method = "post", operation_id = "sector_create")]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<SectorIn>,
    ) -> Result<Created<SectorOut>> {
        let scope = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        let Json(body) = body;
        let slug = body.slug.unwrap_or_else(|| slug::slugify(&body.name));
        let mut sector = Sector::new(
            app.db.ids().make(),
            &scope,
            body.name.trim().to_owned(),
            slug,
            app.db.clock().now(),
        );
        sector.description = body.description.unwrap_or_default();
        let mut check = Check::new();
        sector.check(&mut check);
        check.finish()?;
        let limits = Limits::of(&app, caller.actor()).await?;
        let mut tx = app.db.site(&scope).tx();
        limits.require_sector(&mut tx);
        tx.create(sector.clone());
        tx.commit().await.map_err(|error| refused(&limits, error))?;
        let (rev, path) = (sector.rev, format!("/sites/{}/sectors/{}", sector.site, sector.id));
        Ok(Created::new(SectorOut::from_row(sector), rev, path))
    }

    /// Read a sector
    #[oai(
        path = "/sites/:site_id/sectors/:sector_id",
        method = "get",
        operation_id = "sector_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        sector_id: Path<SectorId>,
    ) -> Result<Fetched<SectorOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let sector = app
            .db
            .site(&scope)
            .get::<Sector>(sector_id.0)
            .await?
            .ok_or_else(Error::not_found)?;
        let rev = sector.rev;
        Ok(Fetched::new(SectorOut::from_row(sector), rev))
    }

    /// Change a sector
    #[oai(
        path = "/sites/:site_id/sectors/:sector_id",
        method = "patch",
        operation_id = "sector_update"
    )]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        sector_id: Path<SectorId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<SectorPatch>,
    ) -> Result<Fetched<SectorOut>> {
        let scope = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut sector = db.get::<Sector>(sector_id.0).await?.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), sector.rev)?;
        let Json(patch) = body;
        let opens = patch.active == Some(true) && !sector.active;
        set(&mut sector.name, patch.name.map(|n| n.trim().to_owned()));
        set(&mut sector.slug, patch.slug);
        set(&mut sector.description, patch.description);
        set(&mut sector.active, patch.active);
        sector.updated_at = app.db.clock().now();
        let mut check = Check::new();
        sector.check(&mut check);
        check.finish()?;
        let limits = Limits::of(&app, caller.actor()).await?;
        let mut tx = db.tx();
        if opens {
            limits.require_sector(&mut tx);
        }
        tx.replace(&mut sector);
        tx.commit().await.map_err(|error| refused(&limits, error))?;
        let rev = sector.rev;
        Ok(Fetched::new(SectorOut::from_row(sector), rev))
    }

    /// Delete a sector
    ///
    /// It can be restored until it is removed for good.
    #[oai(
        path = "/sites/:site_id/sectors/:sector_id",
        method = "delete",
        operation_id = "sector_delete"
    )]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        sector_id: Path<SectorId>,
        /// ETag of the version to delete.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let scope = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut sector = db.get::<Sector>(sector_id.0).await?.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), sector.rev)?;
        sector.deleted_at = Some(app.db.clock().now());
        let mut tx = db.tx();
        tx.replace(&mut sector);
        tx.commit().await?;
        Ok(Done::Done)
    }

    /// Restore a deleted sector
    #[oai(
        path = "/sites/:site_id/sectors/:sector_id/restore",
        method = "post",
        operation_id = "sector_restore"
    )]
    async fn restore(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        sector_id: Path<SectorId>,
    ) -> Result<Fetched<SectorOut>> {
        let scope = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut sector = db
            .get_deleted::<Sector>(sector_id.0, Deleted::Only)
            .await?
            .ok_or_else(Error::not_found)?;
        sector.deleted_at = None;
        sector.updated_at = app.db.clock().now();
        let limits = Limits::of(&app, caller.actor()).await?;
        let mut tx = db.tx();
        if sector.active {
            limits.require_sector(&mut tx);
        }
        tx.replace(&mut sector);
        tx.commit().await.map_err(|error| refused(&limits, error))?;
        let rev = sector.rev;
        Ok(Fetched::new(SectorOut::from_row(sector), rev))
    }
}

/// A slug that is there, or a sector more than the plan allows.
pub(super) fn refused(limits: &Limits, error: DbError) -> Error {
    limits.refused(error).unwrap_or_else(|error| match error {
        DbError::Duplicate { .. } => Error::duplicate("slug", "The site has a sector with this slug already."),
        error => error.into(),
    })
}
