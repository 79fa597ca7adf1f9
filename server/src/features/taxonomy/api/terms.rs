//! Create, read, list, change, merge, delete and restore terms.

use std::collections::HashMap;

use igny8_data::{Access, Deleted, Read, Select, SiteDb, SiteId, SiteScope, Variables, Write};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;

use super::objects::{Counted, MergeIn, TermAction, TermBulkIn, TermIn, TermOut, TermPatch};
use crate::api::bulk::{Bulk, distinct};
use crate::api::patch::{set, set_or_clear};
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Created, Error, Fetched, FieldError, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;
use crate::features::builder::live;
use crate::features::content::published;
use crate::features::planner::rules::{refused, require_clusters};
use crate::features::taxonomy::model::{Taxonomy, Term, TermId};
use crate::features::taxonomy::{remove, tree};

const SORTS: &[SortField] = &[SortField::same("name"), SortField::same("created_at")];

pub struct TermsApi;

#[OpenApi(tag = "Tag::Taxonomy")]
impl TermsApi {
    /// List terms
    #[oai(path = "/sites/:site_id/terms", method = "get", operation_id = "term_list")]
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
        /// `name` or `created_at`; `-` in front for descending.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        /// Text in name or slug.
        search: Query<Option<String>>,
        taxonomy: Query<Option<Taxonomy>>,
        language: Query<Option<String>>,
        /// Terms directly below this one.
        parent: Query<Option<TermId>>,
        /// Terms without a parent.
        unassigned_parent: Query<Option<bool>>,
        /// Deleted terms instead of the others.
        deleted: Query<Option<bool>>,
    ) -> Result<Json<Page<TermOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let deleted = if deleted.0 == Some(true) {
            Deleted::Only
        } else {
            Deleted::Without
        };
        let top = unassigned_parent.0 == Some(true);
        let filter = format!(
            "terms|{}|{:?}|{:?}|{:?}|{:?}|{top}|{deleted:?}",
            site_id.0, search.0, taxonomy.0, language.0, parent.0
        );
        let page = PageRequest::new(
            &app.db,
            &filter,
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "name",
        )?;
        let mut select = Select::new()
            .deleted(deleted)
            .equals_some("taxonomy", taxonomy.0)
            .equals_some("language", language.0)
            .equals_some("parent", parent.0);
        if top {
            select = select.is_none("parent");
        }
        if let Some(text) = search.0.as_deref().filter(|t| !t.is_empty()) {
            select = select.search(&["name", "slug"], text);
        }
        let db = app.db.site(&scope);
        let list = page.list::<Term>(&db, select).await?;
        let counts = counts(&db, list.rows.iter().map(|term| term.id).collect()).await?;
        let out = |term: Term| {
            let count = counts.get(&term.id).copied().unwrap_or(0);
            TermOut::from_row(term, count)
        };
        Ok(Json(list.page(out)))
    }

    /// Create a term
    #[oai(path = "/sites/:site_id/terms", method = "post", operation_id = "term_create")]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<TermIn>,
    ) -> Result<Created<TermOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let Json(body) = body;
        let language = match body.language {
            Some(language) => language,
            None => crate::features::sites::language_of(&app.db.site(&scope)).await?,
        };
        let name = body.name.trim().to_owned();
        let slug = body.slug.unwrap_or_else(|| igny8_text::slug(&name, &language));
        let (id, now) = (app.db.ids().make(), app.db.clock().now());
        let mut term = Term::new(id, &scope, body.taxonomy, language, name, slug, now);
        term.parent = body.parent;
        term.description = body.description.unwrap_or_default();
        term.clusters = distinct(&body.clusters.unwrap_or_default());
        term.external_id = body.external_id;
        term.external_taxonomy = body.external_taxonomy;
        checked(&term)?;
        let mut tx = app.db.site(&scope).tx();
        tree::require_parent(&mut tx, &term);
        require_clusters(&mut tx, &term.clusters, None);
        tx.create(term.clone());
        tx.commit().await.map_err(taken)?;
        let (rev, path) = (term.rev, format!("/sites/{}/terms/{}", term.site, term.id));
        Ok(Created::new(TermOut::from_row(term, 0), rev, path))
    }

    /// Read a term
    #[oai(path = "/sites/:site_id/terms/:term_id", method = "get", operation_id = "term_get")]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        term_id: Path<TermId>,
    ) -> Result<Fetched<TermOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let term = db.get::<Term>(term_id.0).await?.ok_or_else(Error::not_found)?;
        fetched(&db, term).await
    }

    /// Change a term
    ///
    /// With another slug its old address leads to the new one.
    #[oai(
        path = "/sites/:site_id/terms/:term_id",
        method = "patch",
        operation_id = "term_update"
    )]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        term_id: Path<TermId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<TermPatch>,
    ) -> Result<Fetched<TermOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut term = db.get::<Term>(term_id.0).await?.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), term.rev)?;
        let Json(patch) = body;
        let (parent, clusters) = (term.parent, term.clusters.clone());
        set(&mut term.name, patch.name.map(|n| n.trim().to_owned()));
        if let Some(slug) = patch.slug {
            term.set_slug(slug);
        }
        set_or_clear(&mut term.parent, patch.parent);
        set(&mut term.description, patch.description);
        set(&mut term.clusters, patch.clusters.map(|ids| distinct(&ids)));
        set_or_clear(&mut term.external_id, patch.external_id);
        set_or_clear(&mut term.external_taxonomy, patch.external_taxonomy);
        term.updated_at = app.db.clock().now();
        checked(&term)?;
        let mut tx = db.tx();
        if term.parent != parent {
            tree::require_parent(&mut tx, &term);
        }
        let added: Vec<_> = term
            .clusters
            .iter()
            .filter(|id| !clusters.contains(id))
            .copied()
            .collect();
        require_clusters(&mut tx, &added, None);
        tx.replace(&mut term);
        published::changed(&app, &scope, &mut tx).await?;
        live::terms_changed(&app, &scope, &mut tx).await?;
        tx.commit().await.map_err(taken)?;
        fetched(&db, term).await
    }

    /// Delete a term
    ///
    /// The terms below it move up to its parent; content, ideas and tasks lose it. It can be restored, without them, until it is removed
    /// for good. A text of its archive whose next term has one becomes a draft. At WordPress destinations posts lose it, too; the term
    /// itself is deleted there if it was made for this one and no post has it any more. Terms of WordPress's own stay.
    #[oai(
        path = "/sites/:site_id/terms/:term_id",
        method = "delete",
        operation_id = "term_delete"
    )]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        term_id: Path<TermId>,
        /// ETag of the version to delete.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut term = db.get::<Term>(term_id.0).await?.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), term.rev)?;
        remove::delete(&app, &scope, &mut term).await?;
        Ok(Done::Done)
    }

    /// Restore a deleted term
    #[oai(
        path = "/sites/:site_id/terms/:term_id/restore",
        method = "post",
        operation_id = "term_restore"
    )]
    async fn restore(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        term_id: Path<TermId>,
    ) -> Result<Fetched<TermOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let term = restored(&app, &scope, term_id.0).await?;
        fetched(&app.db.site(&scope), term).await
    }

    /// Merge a term into another
    ///
    /// Its content, ideas, tasks, clusters and the terms below it go to the other term, and its addresses lead there; then it is
    /// deleted. The text of its archive becomes a draft if the other term has one. At WordPress destinations posts change over to the
    /// other term; the one that was merged away is deleted there if it was made for this one and no post has it any more. Terms of
    /// WordPress's own stay.
    #[oai(
        path = "/sites/:site_id/terms/:term_id/merge",
        method = "post",
        operation_id = "term_merge"
    )]
    async fn merge(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        term_id: Path<TermId>,
        /// ETag of the version to merge away.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<MergeIn>,
    ) -> Result<Fetched<TermOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut term = db.get::<Term>(term_id.0).await?.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), term.rev)?;
        let wrong = |message: &str| Error::invalid(vec![FieldError::new("into", message)]);
        let into = db.get::<Term>(body.into).await?;
        let into = into.ok_or_else(|| wrong("must be a term of this site"))?;
        if into.id == term.id || into.taxonomy != term.taxonomy || into.language != term.language {
            return Err(wrong("must be another term of the same taxonomy and language"));
        }
        remove::merge(&app, &scope, &mut term, into.id).await?;
        let into = db.get::<Term>(into.id).await?.ok_or_else(Error::not_found)?;
        fetched(&db, into).await
    }

    /// Act on many terms
    ///
    /// Each has its own result; what fails for one is done to the others.
    #[oai(path = "/sites/:site_id/terms/bulk", method = "post", operation_id = "term_bulk")]
    async fn bulk(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<TermBulkIn>,
    ) -> Result<Json<Bulk>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let Json(body) = body;
        if body.action == TermAction::AssignClusters && body.clusters.is_none() {
            return Err(Error::invalid(vec![FieldError::new(
                "clusters",
                "must be given with this action",
            )]));
        }
        let mut bulk = Bulk::new();
        for id in distinct(&body.ids) {
            bulk.push(id, act(&app, &scope, id, &body).await);
        }
        Ok(Json(bulk))
    }
}

/// Acts on a term as it is now: the deletion of its parent a moment ago has changed it.
async fn act(app: &App, scope: &SiteScope<Write>, id: TermId, body: &TermBulkIn) -> Result<()> {
    if body.action == TermAction::Restore {
        return restored(app, scope, id).await.map(|_| ());
    }
    let db = app.db.site(scope);
    let mut term = db.get::<Term>(id).await?.ok_or_else(Error::not_found)?;
    if body.action == TermAction::Delete {
        return remove::delete(app, scope, &mut term).await;
    }
    let given = body.clusters.as_deref().unwrap_or_default();
    let before = term.clusters.clone();
    body.mode.unwrap_or_default().apply(&mut term.clusters, given);
    checked(&term)?;
    term.updated_at = app.db.clock().now();
    let added: Vec<_> = term
        .clusters
        .iter()
        .filter(|id| !before.contains(id))
        .copied()
        .collect();
    let mut tx = db.tx();
    require_clusters(&mut tx, &added, None);
    tx.replace(&mut term);
    tx.commit().await.map_err(taken)?;
    Ok(())
}

async fn restored(app: &App, scope: &SiteScope<Write>, id: TermId) -> Result<Term> {
    let db = app.db.site(scope);
    let term = db.get_deleted::<Term>(id, Deleted::Only).await?;
    let mut term = term.ok_or_else(Error::not_found)?;
    term.deleted_at = None;
    term.updated_at = app.db.clock().now();
    let mut tx = db.tx();
    tx.replace(&mut term);
    published::changed(app, scope, &mut tx).await?;
    tx.commit().await?;
    Ok(term)
}

fn checked(term: &Term) -> Result<()> {
    let mut check = Check::new();
    term.check(&mut check);
    check.finish()
}

async fn fetched<A: Access>(db: &SiteDb<'_, A>, term: Term) -> Result<Fetched<TermOut>> {
    let counts = counts(db, vec![term.id]).await?;
    let (rev, count) = (term.rev, counts.get(&term.id).copied().unwrap_or(0));
    Ok(Fetched::new(TermOut::from_row(term, count), rev))
}

/// Live content of each of these terms, in one query.
async fn counts<A: Access>(db: &SiteDb<'_, A>, ids: Vec<TermId>) -> Result<HashMap<TermId, i64>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut binds = Variables::new();
    binds.insert("ids", ids);
    let sql = "SELECT terms AS term, count() AS n FROM (SELECT terms FROM content WHERE site = $site \
               AND account = $account AND deleted_at IS NONE AND terms CONTAINSANY $ids SPLIT terms) \
               WHERE terms INSIDE $ids GROUP BY term;";
    let counted: Vec<Counted> = db.query(sql, binds, "counting content of terms").await?.rows(0)?;
    Ok(counted.into_iter().map(|c| (c.term, c.n)).collect())
}

fn taken(error: igny8_data::DbError) -> Error {
    match error {
        igny8_data::DbError::Duplicate { index } if index == "term_slug" => Error::duplicate(
            "slug",
            "The taxonomy has a term with this slug already, or a deleted one that can be restored with it; choose another.",
        ),
        error => refused(error),
    }
}
