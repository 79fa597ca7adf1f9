//! Create, read, list, change, delete and restore content.

use igny8_data::{DbError, Deleted, Read, SiteId, SurrealValue, Variables, Write};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::{Json, PlainText};
use poem_openapi::{ApiResponse, Object, OpenApi};

use super::filter::{Filter, ScoreFilter};
use super::objects::{ContentIn, ContentOut, ContentPatch, HighlightOut, SummaryOut};
use super::{for_write, waived_by, write_failed};
use crate::api::page::RELEVANCE;
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Created, Error, Fetched, From, Page, PageRequest, Result, SortField, Tag};
use crate::app::App;
use crate::features::content::model::{Content, ContentId, ContentStructure, ContentSummary, ContentType, Status};
use crate::features::content::rules::check_structure;
use crate::features::content::{Reason, publish, save, search};
use crate::features::folders::{self, FoldersError};
use crate::features::planner::ClusterId;
use crate::features::sites::language_of;
use crate::features::taxonomy::TermId;

const SORTS: &[SortField] = &[
    SortField::same("created_at"),
    SortField::same("updated_at"),
    SortField::same("title"),
    SortField::same("published_at"),
    SortField::same("score"),
];

/// With a search.
const SORTS_FOUND: &[SortField] = &[
    RELEVANCE,
    SortField::same("created_at"),
    SortField::same("updated_at"),
    SortField::same("title"),
    SortField::same("published_at"),
    SortField::same("score"),
];

/// Values that occur in a site's content, for filters.
#[derive(Debug, Object)]
#[oai(rename = "ContentFilterOptions")]
pub struct FilterOptions {
    pub statuses: Vec<Status>,
    pub content_types: Vec<ContentType>,
    pub content_structures: Vec<ContentStructure>,
    pub languages: Vec<String>,
    pub authors: Vec<String>,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Group {
    status: Status,
    content_type: ContentType,
    content_structure: ContentStructure,
    language: String,
    author: Option<String>,
}

/// A Markdown file.
#[derive(ApiResponse)]
pub enum Markdown {
    /// The file.
    #[oai(status = 200, content_type = "text/markdown; charset=utf-8")]
    File(
        PlainText<String>,
        /// A name for it.
        #[oai(header = "Content-Disposition")]
        String,
    ),
}

pub struct ContentApi;

#[OpenApi(tag = "Tag::Content")]
impl ContentApi {
    /// List content
    ///
    /// With `search` the best come first, each with the place where the words were found. While the search index of a large site
    /// is made, the answer is 503 for some seconds.
    #[oai(path = "/sites/:site_id/content", method = "get", operation_id = "content_list")]
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
        /// `created_at`, `updated_at`, `title`, `published_at` or `score`; `-` in front for descending. With `search` also
        /// `relevance`, the best first, which is what such a list is sorted by unless asked otherwise.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        /// Words in title, headings or text, at most 500 characters and 32 words. All of them must be there, in any inflection and
        /// whatever their case and marks; words in double quotes side by side and as they are. The last word may be the beginning
        /// of one.
        search: Query<Option<String>>,
        status: Query<Option<Status>>,
        content_type: Query<Option<ContentType>>,
        content_structure: Query<Option<ContentStructure>>,
        cluster: Query<Option<ClusterId>>,
        /// Content in no cluster.
        unassigned_cluster: Query<Option<bool>>,
        term: Query<Option<TermId>>,
        /// Content without terms.
        unassigned_term: Query<Option<bool>>,
        language: Query<Option<String>>,
        author: Query<Option<String>>,
        /// Content with a publication or its end scheduled.
        scheduled: Query<Option<bool>>,
        /// The least score.
        score_min: Query<Option<u8>>,
        /// The highest score; content that is not scored has none.
        score_max: Query<Option<u8>>,
        /// `red` below 50, `orange` below 80, `green` from there, or `none`: not scored yet.
        light: Query<Option<ScoreFilter>>,
        /// Deleted content instead of the rest.
        deleted: Query<Option<bool>>,
    ) -> Result<Json<Page<SummaryOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let filter = Filter {
            status: status.0,
            content_type: content_type.0,
            content_structure: content_structure.0,
            cluster: cluster.0,
            unassigned_cluster: unassigned_cluster.0,
            term: term.0,
            unassigned_term: unassigned_term.0,
            language: language.0,
            author: author.0,
            scheduled: scheduled.0,
            score_min: score_min.0,
            score_max: score_max.0,
            light: light.0,
            search: search.0,
            deleted: deleted.0,
        };
        let searches = filter.searches();
        let page = PageRequest::new(
            &app.db,
            &format!("content|{}|{filter:?}", site_id.0),
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            if searches { SORTS_FOUND } else { SORTS },
            if searches { RELEVANCE.name } else { "-created_at" },
        )?;
        let db = app.db.site(&scope);
        let select = filter.select().columns(ContentSummary::COLUMNS);
        let Some(found) = filter.found(&app, &scope, filter.which()).await? else {
            let list = page.list::<ContentSummary>(&db, select).await?;
            return Ok(Json(list.page(SummaryOut::from_row)));
        };
        let list = page
            .found::<ContentSummary>(&db, select, &found.ids, !filter.is_more_than_facts())
            .await?;
        let mut highlights = search::highlights(&found, &list.rows).await?;
        Ok(Json(list.page(|row| {
            let highlight = highlights.remove(&row.id).map(HighlightOut::from);
            SummaryOut {
                highlight,
                ..SummaryOut::from_row(row)
            }
        })))
    }

    /// Values to filter content by
    ///
    /// Only those that occur.
    #[oai(
        path = "/sites/:site_id/content/filter-options",
        method = "get",
        operation_id = "content_filter_options"
    )]
    async fn filter_options(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
    ) -> Result<Json<FilterOptions>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let sql = "SELECT status, content_type, content_structure, language, author FROM content WHERE site = $site \
                   AND account = $account AND deleted_at IS NONE \
                   GROUP BY status, content_type, content_structure, language, author;";
        let groups: Vec<Group> = app
            .db
            .site(&scope)
            .query(sql, Variables::new(), "grouping content")
            .await?
            .rows(0)?;
        let mut options = FilterOptions {
            statuses: Vec::new(),
            content_types: Vec::new(),
            content_structures: Vec::new(),
            languages: Vec::new(),
            authors: Vec::new(),
        };
        for group in groups {
            add(&mut options.statuses, group.status);
            add(&mut options.content_types, group.content_type);
            add(&mut options.content_structures, group.content_structure);
            options.languages.push(group.language);
            options.authors.extend(group.author);
        }
        for texts in [&mut options.languages, &mut options.authors] {
            texts.sort_unstable();
            texts.dedup();
        }
        Ok(Json(options))
    }

    /// Create content
    #[oai(path = "/sites/:site_id/content", method = "post", operation_id = "content_create")]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<ContentIn>,
    ) -> Result<Created<ContentOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let Json(body) = body;
        let language = match &body.language {
            Some(language) => language.clone(),
            None => language_of(&db).await?,
        };
        let title = body.title.trim().to_owned();
        let (id, now) = (app.db.ids().make(), app.db.clock().now());
        let given = body.slug.clone();
        let slug = given.clone().unwrap_or_else(|| "to-be-made".to_owned());
        let mut content = Content::new(id, &scope, body.content_type, language, title, slug, now);
        body.into_patch().apply(&mut content);
        checked(None, &content)?;
        let mut attempts = 0;
        loop {
            if given.is_none() {
                let wanted = igny8_text::slug(&content.title, &content.language);
                content.slug = save::free_slug(&db, &content.section, &content.language, &wanted).await?;
            }
            let mut tx = db.tx();
            save::create(&app.db, &mut tx, caller.actor().who(), &mut content, Reason::Created);
            match tx.commit().await {
                Ok(_) => break,
                // Somebody took the free slug meanwhile.
                Err(DbError::Duplicate { index }) if given.is_none() && index == save::ADDRESS && attempts < 10 => {
                    attempts += 1;
                }
                Err(error) => return Err(publish::refused(&db, &content, error).await),
            }
        }
        let (rev, path) = (content.rev, format!("/sites/{}/content/{}", content.site, content.id));
        Ok(Created::new(ContentOut::from_row(content), rev, path))
    }

    /// Read content
    #[oai(
        path = "/sites/:site_id/content/:content_id",
        method = "get",
        operation_id = "content_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
    ) -> Result<Fetched<ContentOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let content = app.db.site(&scope).get::<Content>(content_id.0).await?;
        Ok(fetched(content.ok_or_else(Error::not_found)?))
    }

    /// Read content as a Markdown file
    ///
    /// With front matter, as folders are exported: an import of a folder with the file brings the piece back.
    #[oai(
        path = "/sites/:site_id/content/:content_id/markdown",
        method = "get",
        operation_id = "content_markdown"
    )]
    async fn markdown(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
    ) -> Result<Markdown> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let content = app.db.site(&scope).get::<Content>(content_id.0).await?;
        let page = folders::page(&app, &scope, content.ok_or_else(Error::not_found)?).await;
        let (name, text) = page.map_err(|error| match error {
            FoldersError::Db(error) => error.into(),
            FoldersError::Denied(error) => error.into(),
            error => Error::internal(error),
        })?;
        // Headers are plain ASCII; addresses need not be.
        let name = if name.is_ascii() {
            name
        } else {
            format!("{}.md", content_id.0)
        };
        Ok(Markdown::File(
            PlainText(text),
            format!("attachment; filename=\"{name}\""),
        ))
    }

    /// Change content
    ///
    /// A change of title or body makes a revision, and takes approved content back to review. A writer whose version is old gets
    /// 412; `errors` names the fields that were changed since, each with what is stored now unless it is long. A change that takes
    /// from published content what it needs (`content_readiness`) is refused; an admin may force it.
    #[oai(
        path = "/sites/:site_id/content/:content_id",
        method = "patch",
        operation_id = "content_update"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<ContentPatch>,
    ) -> Result<Fetched<ContentOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let old = for_write(&db, content_id.0, if_match.0.as_deref()).await?;
        let mut new = old.clone();
        let waived_by = waived_by(&caller, &app, site_id.0, body.force, &from).await?;
        body.0.apply(&mut new);
        checked(Some(&old), &new)?;
        let lost = publish::lost(&db, &[(&old, &new)]).await?.pop().unwrap_or_default();
        let moves = new.derive_path() != old.path || new.language != old.language;
        if moves || new.aliases != old.aliases {
            save::keep_address(&old, &mut new, &language_of(&db).await?);
        }
        let mut tx = db.tx();
        publish::keep_ready(&mut tx, new.id, lost, waived_by)?;
        if save::change(&app.db, &mut tx, caller.actor().who(), &old, &mut new, Reason::Edited)
            && let Err(error) = tx.commit().await
        {
            return Err(write_failed(&db, &new, old.rev, error).await);
        }
        Ok(fetched(new))
    }

    /// Delete content
    ///
    /// It disappears from its site with the next deployment, keeps its address, and can be restored until it is removed
    /// for good.
    #[oai(
        path = "/sites/:site_id/content/:content_id",
        method = "delete",
        operation_id = "content_delete"
    )]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
        /// ETag of the version to delete.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let old = for_write(&db, content_id.0, if_match.0.as_deref()).await?;
        let mut new = old.clone();
        new.deleted_at = Some(app.db.clock().now());
        let mut tx = db.tx();
        save::change(&app.db, &mut tx, caller.actor().who(), &old, &mut new, Reason::Edited);
        if let Err(error) = tx.commit().await {
            return Err(write_failed(&db, &new, old.rev, error).await);
        }
        Ok(Done::Done)
    }

    /// Restore deleted content
    ///
    /// Published content comes back published.
    #[oai(
        path = "/sites/:site_id/content/:content_id/restore",
        method = "post",
        operation_id = "content_restore"
    )]
    async fn restore(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
    ) -> Result<Fetched<ContentOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let old = db.get_deleted::<Content>(content_id.0, Deleted::Only).await?;
        let old = old.ok_or_else(Error::not_found)?;
        let mut new = old.clone();
        new.deleted_at = None;
        let mut tx = db.tx();
        save::change(&app.db, &mut tx, caller.actor().who(), &old, &mut new, Reason::Edited);
        if let Err(error) = tx.commit().await {
            return Err(write_failed(&db, &new, old.rev, error).await);
        }
        Ok(fetched(new))
    }
}

pub(super) fn fetched(content: Content) -> Fetched<ContentOut> {
    let rev = content.rev;
    Fetched::new(ContentOut::from_row(content), rev)
}

fn checked(old: Option<&Content>, new: &Content) -> Result<()> {
    let mut check = Check::new();
    new.check(&mut check);
    let kind = |content: &Content| (content.content_type, content.content_structure);
    if old.is_none_or(|old| kind(old) != kind(new)) {
        check_structure(&mut check, new.content_type, new.content_structure);
    }
    check.finish()
}

fn add<T: PartialEq>(values: &mut Vec<T>, value: T) {
    if !values.contains(&value) {
        values.push(value);
    }
}
