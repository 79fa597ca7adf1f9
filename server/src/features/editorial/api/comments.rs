//! Comments on content: list, write, change, resolve, delete.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use igny8_data::{Access, DbError, Manage, Read, Select, SiteDb, SiteId, UserId, Variables, Write};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use crate::api::patch::set;
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Created, Error, Fetched, FieldError, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;
use crate::features::content::ContentId;
use crate::features::editorial::comment::{self, Comment, CommentId};
use crate::features::editorial::{mails, people};
use crate::features::planner::rules::{self, require_live};

/// What somebody says about content.
#[derive(Debug, Object)]
#[oai(rename = "Comment", skip_serializing_if_is_none)]
pub struct CommentOut {
    pub id: CommentId,
    pub content: ContentId,
    /// The first comment of its thread; absent for the first itself.
    pub thread: Option<CommentId>,
    /// Id of the user or key that wrote it.
    pub author: String,
    /// What the author is called; absent when they left.
    pub author_name: Option<String>,
    pub text: String,
    /// The words of the content that it is about.
    pub quote: Option<String>,
    pub mentions: Vec<UserId>,
    /// Of first comments: the thread is done.
    pub resolved: bool,
    pub resolved_at: Option<DateTime<Utc>>,
    /// Id of the user or key that said so.
    pub resolved_by: Option<String>,
    /// When its text was changed.
    pub edited_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// A new comment.
#[derive(Debug, Object)]
#[oai(rename = "CommentCreate", deny_unknown_fields, example)]
pub struct CommentIn {
    pub content: ContentId,
    /// The first comment of the thread to answer in.
    pub thread: Option<CommentId>,
    /// Plain text.
    pub text: String,
    /// The words of the content that it is about; for first comments.
    pub quote: Option<String>,
    /// Who gets a mail about it: people who may see the site, at most 20.
    pub mentions: Option<Vec<UserId>>,
}

impl poem_openapi::types::Example for CommentIn {
    fn example() -> Self {
        Self {
            content: "cont_01jz8k3v5n6q7r8s9t0v1w2x3y".parse().expect("an id"),
            thread: None,
            text: "Is this still true for the new model?".into(),
            quote: Some("grinds 20 g in a minute".into()),
            mentions: Some(vec!["user_01jz8k3v5n6q7r8s9t0v1w2x3y".parse().expect("an id")]),
        }
    }
}

/// What to change.
#[derive(Debug, Object)]
#[oai(rename = "CommentPatch", deny_unknown_fields)]
pub struct CommentPatch {
    /// Only its author may.
    pub text: Option<String>,
    /// Only its author may; who is new in it gets a mail.
    pub mentions: Option<Vec<UserId>>,
    /// Whether the thread is done; of first comments.
    pub resolved: Option<bool>,
}

const SORTS: &[SortField] = &[SortField::same("created_at")];

pub struct CommentsApi;

#[OpenApi(tag = "Tag::Content")]
impl CommentsApi {
    /// List comments
    #[oai(path = "/sites/:site_id/comments", method = "get", operation_id = "comment_list")]
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
        /// The answers in a thread.
        thread: Query<Option<CommentId>>,
        /// First comments of threads that are done, or of those that are not.
        resolved: Query<Option<bool>>,
        author: Query<Option<String>>,
        /// Comments that mention somebody.
        mentioned: Query<Option<UserId>>,
    ) -> Result<Json<Page<CommentOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let mut select = Select::new()
            .equals_some("content", content.0)
            .equals_some("thread", thread.0)
            .equals_some("author", author.0);
        match resolved.0 {
            Some(true) => select = select.compare("resolved_at", ">", DateTime::<Utc>::UNIX_EPOCH),
            Some(false) => select = select.is_none("thread").is_none("resolved_at"),
            None => {}
        }
        if let Some(user) = mentioned.0 {
            select = select.compare("mentions", "CONTAINS", user);
        }
        let page = PageRequest::new(
            &app.db,
            &format!("comments|{}|{select:?}", site_id.0),
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "created_at",
        )?;
        let db = app.db.site(&scope);
        let list = page.list::<Comment>(&db, select).await?;
        let names = names(&caller, &app, &list.rows).await?;
        Ok(Json(list.page(|row| CommentOut::of(row, &names))))
    }

    /// Write a comment
    ///
    /// Who is mentioned gets a mail, and so does who began the thread.
    #[oai(path = "/sites/:site_id/comments", method = "post", operation_id = "comment_create")]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        body: Json<CommentIn>,
    ) -> Result<Created<CommentOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let Json(body) = body;
        let now = app.db.clock().now();
        let row = Comment {
            id: app.db.ids().make(),
            account: scope.account(),
            site: scope.site(),
            content: body.content,
            thread: body.thread,
            author: scope.actor().who().to_string(),
            text: body.text.trim().to_owned(),
            quote: body.quote.map(|quote| quote.trim().to_owned()),
            mentions: distinct(body.mentions.unwrap_or_default()),
            edited_at: None,
            resolved_at: None,
            resolved_by: None,
            rev: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        };
        let mut check = Check::new();
        row.check(&mut check);
        check.that(
            row.quote.is_none() || row.thread.is_none(),
            "quote",
            "belongs to the first comment of a thread",
        );
        check.finish()?;
        let first = match row.thread {
            Some(thread) => Some(first_of(&db, thread, row.content).await?),
            None => None,
        };
        let mut told = row.mentions.clone();
        told.extend(first.and_then(|first| first.author.parse::<UserId>().ok()));
        told.retain(|user| Some(*user) != scope.actor().user());
        let mut tx = db.tx();
        require_live(&mut tx, &[row.content]);
        comment::require_people(&mut tx, &row.mentions);
        let mut binds = Variables::new();
        binds.insert("commented", row.content);
        tx.require(
            &format!(
                "array::len((SELECT VALUE id FROM comment WHERE site = $site AND content = $commented \
                 AND account = $account AND deleted_at IS NONE LIMIT {most})) < {most}",
                most = comment::MOST
            ),
            binds,
            "too_many_comments",
        );
        tx.create(row.clone());
        mails::enqueue(&mut tx, row.id, &distinct(told));
        tx.commit().await.map_err(refused)?;
        let names = names(&caller, &app, std::slice::from_ref(&row)).await?;
        let path = format!("/sites/{}/comments/{}", row.site, row.id);
        Ok(Created::new(CommentOut::of(row, &names), 1, path))
    }

    /// Read a comment
    #[oai(
        path = "/sites/:site_id/comments/:comment_id",
        method = "get",
        operation_id = "comment_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        comment_id: Path<CommentId>,
    ) -> Result<Fetched<CommentOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let row = app.db.site(&scope).get::<Comment>(comment_id.0).await?;
        fetched(&caller, &app, row.ok_or_else(Error::not_found)?).await
    }

    /// Change or resolve a comment
    ///
    /// Its text is its author's; whether a thread is done may be said by everybody who may write.
    #[oai(
        path = "/sites/:site_id/comments/:comment_id",
        method = "patch",
        operation_id = "comment_update"
    )]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        comment_id: Path<CommentId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<CommentPatch>,
    ) -> Result<Fetched<CommentOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let row = db.get::<Comment>(comment_id.0).await?;
        let mut row = row.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), row.rev)?;
        let Json(patch) = body;
        let who = scope.actor().who().to_string();
        let now = app.db.clock().now();
        let before = row.clone();
        if patch.text.is_some() || patch.mentions.is_some() {
            if row.author != who {
                let message = "Only its author changes what a comment says. Answer it, or resolve it.";
                return Err(Error::forbidden("not_the_author", message));
            }
            set(&mut row.text, patch.text.map(|text| text.trim().to_owned()));
            set(&mut row.mentions, patch.mentions.map(distinct));
            if row.text != before.text {
                row.edited_at = Some(now);
            }
        }
        if let Some(resolved) = patch.resolved {
            if row.thread.is_some() {
                return Err(wrong("resolved", "can only be set for the first comment of a thread"));
            }
            if resolved != row.resolved_at.is_some() {
                (row.resolved_at, row.resolved_by) = if resolved { (Some(now), Some(who)) } else { (None, None) };
            }
        }
        let mut check = Check::new();
        row.check(&mut check);
        check.finish()?;
        row.updated_at = now;
        let mut told = row.mentions.clone();
        told.retain(|user| !before.mentions.contains(user) && Some(*user) != scope.actor().user());
        let mut tx = db.tx();
        comment::require_people(&mut tx, &told);
        tx.replace(&mut row);
        mails::enqueue(&mut tx, row.id, &told);
        tx.commit().await.map_err(refused)?;
        fetched(&caller, &app, row).await
    }

    /// Delete a comment
    ///
    /// With the first one its thread goes too. Its author may, and admins.
    #[oai(
        path = "/sites/:site_id/comments/:comment_id",
        method = "delete",
        operation_id = "comment_delete"
    )]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        comment_id: Path<CommentId>,
        /// ETag of the version to delete.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let row = db.get::<Comment>(comment_id.0).await?;
        let mut row = row.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), row.rev)?;
        if row.author != scope.actor().who().to_string() {
            let _ = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        }
        let now = app.db.clock().now();
        (row.deleted_at, row.updated_at) = (Some(now), now);
        let mut tx = db.tx();
        let mut binds = Variables::new();
        binds.insert("of_content", row.content);
        binds.insert("of_thread", row.id);
        binds.insert("deleted", now);
        tx.replace(&mut row);
        tx.statement(
            "UPDATE comment SET deleted_at = $deleted, updated_at = $deleted, rev += 1 WHERE site = $site \
             AND content = $of_content AND thread = $of_thread AND account = $account AND deleted_at IS NONE RETURN NONE",
            binds,
        );
        tx.commit().await.map_err(refused)?;
        Ok(Done::Done)
    }
}

/// The first comment of a thread about the content.
async fn first_of<A: Access>(db: &SiteDb<'_, A>, thread: CommentId, about: ContentId) -> Result<Comment> {
    let first = db.get::<Comment>(thread).await?;
    first
        .filter(|first| first.content == about && first.thread.is_none())
        .ok_or_else(|| wrong("thread", "must be the first comment of a thread about this content"))
}

fn distinct(mut people: Vec<UserId>) -> Vec<UserId> {
    let mut seen = std::collections::HashSet::new();
    people.retain(|user| seen.insert(*user));
    people
}

fn wrong(field: &str, message: &str) -> Error {
    Error::invalid(vec![FieldError::new(field, message)])
}

fn refused(error: DbError) -> Error {
    match error {
        DbError::Refused(code) if code == "unknown_person" => wrong(
            "mentions",
            "must be people who may see the site; `GET /sites/{site_id}/people` lists them",
        ),
        DbError::Refused(code) if code == "too_many_comments" => Error::rule(
            "too_many_comments",
            format!("Content can have {} comments. Delete old threads first.", comment::MOST),
        ),
        error => rules::refused(error),
    }
}

async fn names(caller: &Caller, app: &App, rows: &[Comment]) -> Result<HashMap<String, String>> {
    let account = caller.actor().account::<Read>()?;
    Ok(people::names(app, &account, rows.iter().map(|row| row.author.as_str())).await?)
}

async fn fetched(caller: &Caller, app: &App, row: Comment) -> Result<Fetched<CommentOut>> {
    let names = names(caller, app, std::slice::from_ref(&row)).await?;
    let rev = row.rev;
    Ok(Fetched::new(CommentOut::of(row, &names), rev))
}

impl CommentOut {
    fn of(row: Comment, names: &HashMap<String, String>) -> Self {
        Self {
            id: row.id,
            content: row.content,
            thread: row.thread,
            author_name: names.get(&row.author).cloned(),
            author: row.author,
            text: row.text,
            quote: row.quote,
            mentions: row.mentions,
            resolved: row.resolved_at.is_some(),
            resolved_at: row.resolved_at,
            resolved_by: row.resolved_by,
            edited_at: row.edited_at,
            created_at: row.created_at,
        }
    }
}
