//! `/sites`: create, read, list, change, delete and restore.

use chrono::{DateTime, Utc};
use igny8_data::{AuditEvent, DbError, Deleted, Manage, Read, Select, SiteId, Tx, Variables, Write};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Object, OpenApi};

use crate::api::patch::{set, set_or_clear};
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Created, Error, Fetched, From, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;
use crate::features::billing::{Limits, limits};
use crate::features::content::published;
use crate::features::sites::domains::{self, Domain};
use crate::features::sites::model::{Hosting, Site, SiteType};

/// A site.
#[derive(Debug, Object)]
#[oai(rename = "Site", skip_serializing_if_is_none)]
pub struct SiteOut {
    pub id: SiteId,
    pub name: String,
    /// Unique across the installation; part of the site's address.
    pub slug: String,
    pub description: String,
    /// The verified domain that is the site's own address; without one the site is at `/sites/<slug>/`.
    pub domain: Option<String>,
    pub site_type: SiteType,
    pub hosting: Hosting,
    /// BCP 47 tag of the default language.
    pub language: String,
    /// Further languages.
    pub languages: Vec<String>,
    /// IANA time zone that dates are shown in.
    pub time_zone: String,
    /// Slug in the catalogue of industries.
    pub industry: Option<String>,
    /// Items on one archive page.
    pub per_page: i64,
    /// False keeps the site out of search engines.
    pub indexable: bool,
    /// Only approved content is published or scheduled, and whoever wrote a text last cannot approve it, unless they are an admin.
    pub publishing_needs_approval: bool,
    pub theme: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Set on deleted sites, which are removed for good after a while.
    pub deleted_at: Option<DateTime<Utc>>,
}

/// What a new site needs.
#[derive(Debug, Object)]
#[oai(rename = "SiteCreate", deny_unknown_fields, example)]
pub struct SiteIn {
    pub name: String,
    /// Made from the name when absent.
    pub slug: Option<String>,
    pub description: Option<String>,
    /// Claimed as with `POST /sites/{site_id}/domains`: it is the site's address once it is proven.
    pub domain: Option<String>,
    pub site_type: SiteType,
    pub hosting: Option<Hosting>,
    pub language: Option<String>,
    pub languages: Option<Vec<String>>,
    pub time_zone: Option<String>,
    pub industry: Option<String>,
}

impl poem_openapi::types::Example for SiteIn {
    fn example() -> Self {
        Self {
            name: "North Pier Coffee".into(),
            slug: Some("north-pier-coffee".into()),
            description: Some("A roastery and its journal".into()),
            domain: None,
            site_type: SiteType::Blog,
            hosting: None,
            language: Some("en".into()),
            languages: None,
            time_zone: Some("Europe/Lisbon".into()),
            industry: None,
        }
    }
}

/// What to change; absent fields stay, `null` empties where it can.
#[derive(Debug, Object)]
#[oai(rename = "SitePatch", deny_unknown_fields)]
pub struct SitePatch {
    pub name: Option<String>,
    pub slug: Option<String>,
    pub description: Option<String>,
    /// One of the site's verified domains; `null` for none, then the site is at `/sites/<slug>/`.
    #[oai(nullable)]
    pub domain: MaybeUndefined<String>,
    pub site_type: Option<SiteType>,
    pub hosting: Option<Hosting>,
    pub language: Option<String>,
    pub languages: Option<Vec<String>>,
    pub time_zone: Option<String>,
    #[oai(nullable)]
    pub industry: MaybeUndefined<String>,
    pub per_page: Option<i64>,
    pub indexable: Option<bool>,
    pub publishing_needs_approval: Option<bool>,
    pub theme: Option<String>,
}

impl SiteOut {
    fn from_row(s: Site) -> Self {
        Self {
            id: s.id,
            name: s.name,
            slug: s.slug,
            description: s.description,
            domain: s.domain,
            site_type: s.site_type,
            hosting: s.hosting,
            language: s.language,
            languages: s.languages,
            time_zone: s.time_zone,
            industry: s.industry,
            per_page: s.per_page,
            indexable: s.indexable,
            publishing_needs_approval: s.publishing_needs_approval,
            theme: s.theme,
            created_at: s.created_at,
            updated_at: s.updated_at,
            deleted_at: s.deleted_at,
        }
    }
}

const SORTS: &[SortField] = &[
    SortField::same("created_at"),
    SortField::same("updated_at"),
    SortField::same("name"),
];

pub struct SitesApi;

#[OpenApi(tag = "Tag::Sites")]
impl SitesApi {
    /// List sites
    ///
    /// Those of the account that the caller may see.
    #[oai(path = "/sites", method = "get", operation_id = "site_list")]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// `created_at`, `updated_at` or `name`; `-` in front for descending.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        /// Text in name, slug or domain.
        search: Query<Option<String>>,
        site_type: Query<Option<SiteType>>,
        /// Deleted sites instead of the others; needs the role admin.
        deleted: Query<Option<bool>>,
    ) -> Result<Json<Page<SiteOut>>> {
        let scope = caller.actor().account::<Read>()?;
        let deleted = if deleted.0 == Some(true) {
            caller.actor().account::<Manage>()?;
            Deleted::Only
        } else {
            Deleted::Without
        };
        let filter = format!(
            "sites|{}|{:?}|{:?}|{deleted:?}",
            caller.actor().who(),
            search.0,
            site_type.0
        );
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
        let mut select = Select::new().deleted(deleted).equals_some("site_type", site_type.0);
        if let Some(text) = search.0.as_deref().filter(|t| !t.is_empty()) {
            select = select.search(&["name", "slug", "domain"], text);
        }
        if let Some(sites) = caller.actor().granted_sites(&app.db).await? {
            select = select.one_of("id", sites);
        }
        let db = app.db.account(&scope);
        let list = page.list::<Site>(&db, select).await?;
        Ok(Json(list.page(SiteOut::from_row)))
    }

    /// Create a site
    #[oai(path = "/sites", method = "post", operation_id = "site_create")]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        body: Json<SiteIn>,
    ) -> Result<Created<SiteOut>> {
        let scope = caller.actor().account::<Manage>()?;
        let Json(body) = body;
        let slug = body.slug.unwrap_or_else(|| slug::slugify(&body.name));
        let mut site = Site::new(
            app.db.ids().make(),
            &scope,
            body.name.trim().to_owned(),
            slug,
            body.site_type,
            app.db.clock().now(),
        );
        site.description = body.description.unwrap_or_default();
        site.hosting = body.hosting.unwrap_or(site.hosting);
        site.language = body.language.unwrap_or(site.language);
        site.languages = body.languages.unwrap_or_default();
        site.time_zone = body.time_zone.unwrap_or(site.time_zone);
        site.industry = body.industry;
        let mut check = Check::new();
        site.check(&mut check);
        let domain = body
            .domain
            .map(|text| domains::named(&mut check, &app, "domain", &text));
        check.finish()?;
        let limits = Limits::of(&app, caller.actor()).await?;
        let mut tx = app.db.account(&scope).tx();
        limits.require_site(&mut tx);
        if let Some(name) = domain {
            let id = app.db.ids().make();
            tx.create(Domain::new(id, site.account, site.id, name, site.created_at));
        }
        tx.create(site.clone())
            .audit(AuditEvent::new("site.created", site.id, &from.0));
        tx.commit()
            .await
            .map_err(|error| limits.refused(error).unwrap_or_else(taken))?;
        let (rev, path) = (site.rev, format!("/sites/{}", site.id));
        Ok(Created::new(SiteOut::from_row(site), rev, path))
    }

    /// Read a site
    #[oai(path = "/sites/:site_id", method = "get", operation_id = "site_get")]
    async fn get(&self, caller: Caller, app: Data<&App>, site_id: Path<SiteId>) -> Result<Fetched<SiteOut>> {
        let site = read(caller.actor(), &app, site_id.0).await?;
        let rev = site.rev;
        Ok(Fetched::new(SiteOut::from_row(site), rev))
    }

    /// Change a site
    ///
    /// The default language stays while content in it, or in the new one, is published: its addresses would change.
    #[oai(path = "/sites/:site_id", method = "patch", operation_id = "site_update")]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<SitePatch>,
    ) -> Result<Fetched<SiteOut>> {
        let scope = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        let account = caller.actor().account::<Manage>()?;
        let db = app.db.account(&account);
        let mut site = db.get::<Site>(site_id.0).await?.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), site.rev)?;
        let Json(patch) = body;
        let language = site.language.clone();
        let domain = site.domain.clone();
        patch.apply(&mut site);
        site.updated_at = app.db.clock().now();
        let mut check = Check::new();
        site.check(&mut check);
        if let Some(text) = site.domain.clone().filter(|_| site.domain != domain) {
            let name = domains::named(&mut check, &app, "domain", &text);
            if !name.is_empty() && !domains::is_verified(&app, &scope, &name).await? {
                let unproven = "is not a verified domain of this site: add it with POST /sites/{site_id}/domains and prove it first";
                check.that(false, "domain", unproven);
            }
            site.domain = Some(name);
        }
        check.finish()?;
        let mut tx = db.tx();
        if site.language != language {
            require_unmoved(&mut tx, site.id, [&language, &site.language].map(String::as_str));
        }
        published::changed(&app, &scope, &mut tx).await?;
        tx.replace(&mut site)
            .audit(AuditEvent::new("site.changed", site.id, &from.0));
        tx.commit().await.map_err(taken)?;
        let rev = site.rev;
        Ok(Fetched::new(SiteOut::from_row(site), rev))
    }

    /// Delete a site
    ///
    /// It disappears at once, for visitors too, and can be restored until it is removed for good.
    #[oai(path = "/sites/:site_id", method = "delete", operation_id = "site_delete")]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        /// ETag of the version to delete.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let _ = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        let account = caller.actor().account::<Manage>()?;
        let db = app.db.account(&account);
        let mut site = db.get::<Site>(site_id.0).await?.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), site.rev)?;
        site.deleted_at = Some(app.db.clock().now());
        let mut tx = db.tx();
        tx.replace(&mut site)
            .audit(AuditEvent::new("site.deleted", site.id, &from.0));
        tx.commit().await?;
        Ok(Done::Done)
    }

    /// Restore a deleted site
    #[oai(path = "/sites/:site_id/restore", method = "post", operation_id = "site_restore")]
    async fn restore(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
    ) -> Result<Fetched<SiteOut>> {
        let account = caller.actor().account::<Manage>()?;
        let db = app.db.account(&account);
        let mut site = db
            .get_deleted::<Site>(site_id.0, Deleted::Only)
            .await?
            .ok_or_else(Error::not_found)?;
        site.deleted_at = None;
        site.updated_at = app.db.clock().now();
        let limits = Limits::of(&app, caller.actor()).await?;
        let mut tx = db.tx();
        limits.require_site(&mut tx);
        limits::forget_count(&mut tx);
        tx.replace(&mut site)
            .audit(AuditEvent::new("site.restored", site.id, &from.0));
        tx.commit()
            .await
            .map_err(|error| limits.refused(error).unwrap_or_else(Error::from))?;
        // Its address may be another by now. Apart, since nobody has access to a deleted site.
        let scope = caller.actor().site::<Write>(&app.db, site.id).await?;
        let mut tx = app.db.site(&scope).tx();
        published::changed(&app, &scope, &mut tx).await?;
        tx.commit().await?;
        let rev = site.rev;
        Ok(Fetched::new(SiteOut::from_row(site), rev))
    }
}

pub(super) async fn read(actor: &igny8_data::Actor, app: &App, id: SiteId) -> Result<Site> {
    let _ = actor.site::<Read>(&app.db, id).await?;
    let account = actor.account::<Read>()?;
    app.db
        .account(&account)
        .get::<Site>(id)
        .await?
        .ok_or_else(Error::not_found)
}

impl SitePatch {
    fn apply(self, site: &mut Site) {
        set(&mut site.name, self.name.map(|n| n.trim().to_owned()));
        set(&mut site.slug, self.slug);
        set(&mut site.description, self.description);
        set_or_clear(&mut site.domain, self.domain);
        set(&mut site.site_type, self.site_type);
        set(&mut site.hosting, self.hosting);
        set(&mut site.language, self.language);
        set(&mut site.languages, self.languages);
        set(&mut site.time_zone, self.time_zone);
        set_or_clear(&mut site.industry, self.industry);
        set(&mut site.per_page, self.per_page);
        set(&mut site.indexable, self.indexable);
        set(&mut site.publishing_needs_approval, self.publishing_needs_approval);
        set(&mut site.theme, self.theme);
    }
}

/// Content in the default language has no tag in its address: when that language changes, what is published in the old and in
/// the new one must have no address yet.
fn require_unmoved(tx: &mut Tx<'_>, site: SiteId, languages: [&str; 2]) {
    let mut binds = Variables::new();
    binds.insert("moved_site", site);
    binds.insert("moved", languages.map(str::to_owned).to_vec());
    tx.require(
        "array::is_empty((SELECT VALUE id FROM content WHERE site = $moved_site AND account = $account \
         AND deleted_at IS NONE AND status = 'published' AND language INSIDE $moved LIMIT 1))",
        binds,
        "language_in_use",
    );
}

fn taken(error: DbError) -> Error {
    match error {
        DbError::Refused(code) if code == "language_in_use" => Error::rule(
            "language_in_use",
            "Content in the old or in the new default language is published, and its addresses would change: visitors would not \
             find it any more. To publish in a further language, add that to `languages`. To change the default language all \
             the same, first set that content to draft.",
        ),
        DbError::Duplicate { index } if index == "site_slug" => {
            Error::duplicate("slug", "This slug is taken; choose another.")
        }
        error => error.into(),
    }
}
