//! `/sites/{site}/submissions`: what visitors sent by the forms of a site.
//!
//! Messages hold personal data, so viewers of a site do not see them.

use chrono::{DateTime, Utc};
use futures_util::stream;
use igny8_data::{Access, AuditEvent, Denied, Permission, Read, Select, SiteDb, SiteId, SiteScope, SurrealValue};
use igny8_data::{Variables, Write};
use poem::Body;
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};

use super::export::Export;
use super::model::{Entry, Submission, SubmissionId, SubmissionStatus};
use super::settings::FormSettings;
use crate::api::bulk::{Bulk, distinct};
use crate::api::csv::Csv;
use crate::api::response::Done;
use crate::api::{Caller, Error, Fetched, FieldError, From, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;
use crate::features::content::ContentId;
use crate::features::sites::Site;

/// What a visitor sent by a form.
#[derive(Debug, Object)]
#[oai(rename = "Submission", skip_serializing_if_is_none)]
pub struct SubmissionOut {
    pub id: SubmissionId,
    /// The page with the form; absent when it is gone.
    pub content: Option<ContentId>,
    /// What that page was called.
    pub page: String,
    pub language: String,
    pub status: SubmissionStatus,
    /// As they were filled in, in the order of the form.
    pub fields: Vec<Entry>,
    /// Where it can be answered.
    pub email: Option<String>,
    /// What was agreed to, in the words of the form.
    pub consent: Option<String>,
    /// Why it may be spam: `trap`, `early`, `no_token`, `worthless_token`, `foreign_page`, `link`, `links`, `many_links`,
    /// `link_in_name`, `markup`, `shouting`, `repeated`. Most messages have one or none.
    pub signs: Vec<String>,
    /// The same for all messages from one address on one day; absent a week later.
    pub sender: Option<String>,
    /// Whether mails about it were queued.
    pub mailed: bool,
    /// When it will be removed.
    pub expires_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What to change.
#[derive(Debug, Object)]
#[oai(rename = "SubmissionPatch", deny_unknown_fields)]
pub struct SubmissionPatch {
    pub status: SubmissionStatus,
}

/// What to do to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "SubmissionBulkAction", rename_all = "snake_case")]
pub enum Action {
    /// Remove for good.
    Delete,
    /// Set `status`.
    Status,
}

/// An action, and on what.
#[derive(Debug, Object)]
#[oai(rename = "SubmissionBulk", deny_unknown_fields)]
pub struct BulkIn {
    pub action: Action,
    #[oai(validator(min_items = 1, max_items = 200))]
    pub ids: Vec<SubmissionId>,
    pub status: Option<SubmissionStatus>,
}

/// A page whose form was used.
#[derive(Debug, Object)]
#[oai(rename = "SubmissionPage")]
pub struct PageOption {
    pub content: ContentId,
    /// What it was called.
    pub page: String,
}

/// Values that occur in a site's messages.
#[derive(Debug, Object)]
pub struct SubmissionFilterOptions {
    pub statuses: Vec<SubmissionStatus>,
    /// By name.
    pub pages: Vec<PageOption>,
}

/// Which messages of a site are meant: the same for the list and for the export.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Text in what was written.
    pub search: Option<String>,
    pub status: Option<SubmissionStatus>,
    pub content: Option<ContentId>,
    pub sender: Option<String>,
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

impl Filter {
    pub fn select(&self) -> Select {
        let mut select = Select::new()
            .equals_some("status", self.status)
            .equals_some("content", self.content)
            .equals_some("sender", self.sender.clone());
        if let Some(from) = self.from {
            select = select.compare("created_at", ">=", from);
        }
        if let Some(until) = self.until {
            select = select.compare("created_at", "<", until);
        }
        if let Some(text) = self.search.as_deref().filter(|text| !text.is_empty()) {
            select = select.search(&["text", "page"], text);
        }
        select
    }
}

const SORTS: &[SortField] = &[SortField::same("created_at")];

pub struct FormsApi;

#[OpenApi(tag = "Tag::Forms")]
impl FormsApi {
    /// List messages
    ///
    /// What visitors sent by the forms of the site, spam among it; for editors. What is done with messages is in the site's settings
    /// (`forms`).
    #[oai(
        path = "/sites/:site_id/submissions",
        method = "get",
        operation_id = "submission_list"
    )]
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
        /// `created_at`; `-` in front for descending, which is usual.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        /// Text in what was written.
        search: Query<Option<String>>,
        status: Query<Option<SubmissionStatus>>,
        /// The page with the form.
        content: Query<Option<ContentId>>,
        /// Those from the same address on the same day.
        sender: Query<Option<String>>,
        /// Sent then or later.
        from: Query<Option<DateTime<Utc>>>,
        /// Sent before.
        until: Query<Option<DateTime<Utc>>>,
    ) -> Result<Json<Page<SubmissionOut>>> {
        let scope = reading(&caller, &app, site_id.0).await?;
        let filter = Filter {
            search: search.0,
            status: status.0,
            content: content.0,
            sender: sender.0,
            from: from.0,
            until: until.0,
        };
        let page = PageRequest::new(
            &app.db,
            &format!("submissions|{}|{filter:?}", site_id.0),
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-created_at",
        )?;
        let list = page.list::<Submission>(&app.db.site(&scope), filter.select()).await?;
        Ok(Json(list.page(SubmissionOut::of)))
    }

    /// Values to filter messages by
    ///
    /// Only those that occur.
    #[oai(
        path = "/sites/:site_id/submissions/filter-options",
        method = "get",
        operation_id = "submission_filter_options"
    )]
    async fn filter_options(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
    ) -> Result<Json<SubmissionFilterOptions>> {
        let scope = reading(&caller, &app, site_id.0).await?;
        options(&app.db.site(&scope)).await.map(Json)
    }

    /// Export messages
    ///
    /// As CSV, by the filters of the list, the oldest first, with a column for each field that one of them has. Cells that a
    /// spreadsheet would run as a formula have an apostrophe before them.
    #[oai(
        path = "/sites/:site_id/submissions/export.csv",
        method = "get",
        operation_id = "submission_export"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn export(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Text in what was written.
        search: Query<Option<String>>,
        status: Query<Option<SubmissionStatus>>,
        /// The page with the form.
        content: Query<Option<ContentId>>,
        /// Those from the same address on the same day.
        sender: Query<Option<String>>,
        /// Sent then or later.
        from: Query<Option<DateTime<Utc>>>,
        /// Sent before.
        until: Query<Option<DateTime<Utc>>>,
    ) -> Result<Csv> {
        let scope = reading(&caller, &app, site_id.0).await?;
        let filter = Filter {
            search: search.0,
            status: status.0,
            content: content.0,
            sender: sender.0,
            from: from.0,
            until: until.0,
        };
        let mut export = Export::new(&app, scope, filter).await?;
        // The first part before the answer begins, so that a failing database is a 503 and not half a file.
        let first = export.next().await?;
        let parts = stream::try_unfold((first, export), |(part, mut export)| async move {
            let part = match part {
                Some(part) => Some(part),
                None => export
                    .next()
                    .await
                    .map_err(|error| std::io::Error::other(error.into_problem().detail))?,
            };
            Ok::<_, std::io::Error>(part.map(|part| (part, (None, export))))
        });
        Ok(Csv::new("messages.csv", Body::from_bytes_stream(parts)))
    }

    /// Act on many messages
    ///
    /// Each has its own result.
    #[oai(
        path = "/sites/:site_id/submissions/bulk",
        method = "post",
        operation_id = "submission_bulk"
    )]
    async fn bulk(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        body: Json<BulkIn>,
    ) -> Result<Json<Bulk>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let Json(body) = body;
        let status = match (body.action, body.status) {
            (Action::Delete, _) => None,
            (Action::Status, Some(status)) => Some(status),
            (Action::Status, None) => {
                let error = FieldError::new("status", "must be given for this action");
                return Err(Error::invalid(vec![error]));
            }
        };
        let db = app.db.site(&scope);
        let ids = distinct(&body.ids);
        let mut rows: Vec<Submission> = db.list(Select::new().one_of("id", ids.clone())).await?;
        let mut tx = db.tx();
        match status {
            Some(status) => {
                let settings = settings(&caller, &app, site_id.0).await?;
                let now = app.db.clock().now();
                rows.iter_mut().for_each(|row| row.set_status(status, &settings, now));
                tx.replace_all(&mut rows);
            }
            None => {
                for row in &rows {
                    tx.delete(row.id);
                }
                let gone: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
                tx.audit(
                    AuditEvent::new("submission.deleted", site_id.0, &from.0)
                        .detail(serde_json::json!({ "submissions": gone })),
                );
            }
        }
        if !rows.is_empty() {
            tx.commit().await?;
        }
        let mut bulk = Bulk::new();
        for id in ids {
            let there = rows.iter().any(|row| row.id == id);
            bulk.push(id, there.then_some(()).ok_or_else(Error::not_found));
        }
        Ok(Json(bulk))
    }

    /// Read a message
    #[oai(
        path = "/sites/:site_id/submissions/:submission_id",
        method = "get",
        operation_id = "submission_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        submission_id: Path<SubmissionId>,
    ) -> Result<Fetched<SubmissionOut>> {
        let scope = reading(&caller, &app, site_id.0).await?;
        let row = app.db.site(&scope).get::<Submission>(submission_id.0).await?;
        let row = row.ok_or_else(Error::not_found)?;
        let rev = row.rev;
        Ok(Fetched::new(SubmissionOut::of(row), rev))
    }

    /// Change a message
    ///
    /// Its status, with which goes how long it is kept.
    #[oai(
        path = "/sites/:site_id/submissions/:submission_id",
        method = "patch",
        operation_id = "submission_update"
    )]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        submission_id: Path<SubmissionId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<SubmissionPatch>,
    ) -> Result<Fetched<SubmissionOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let row = db.get::<Submission>(submission_id.0).await?;
        let mut row = row.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), row.rev)?;
        let settings = settings(&caller, &app, site_id.0).await?;
        row.set_status(body.0.status, &settings, app.db.clock().now());
        let mut tx = db.tx();
        tx.replace(&mut row);
        tx.commit().await?;
        let rev = row.rev;
        Ok(Fetched::new(SubmissionOut::of(row), rev))
    }

    /// Delete a message
    ///
    /// For good and at once, as whoever sent it may ask for.
    #[oai(
        path = "/sites/:site_id/submissions/:submission_id",
        method = "delete",
        operation_id = "submission_delete"
    )]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        submission_id: Path<SubmissionId>,
        /// ETag of the version to delete.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let row = db.get::<Submission>(submission_id.0).await?;
        let row = row.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), row.rev)?;
        let mut tx = db.tx();
        tx.delete(row.id)
            .audit(AuditEvent::new("submission.deleted", row.id, &from.0));
        tx.commit().await?;
        Ok(Done::Done)
    }
}

/// Brings the end of all messages of a site in line with changed settings.
pub fn keep_anew(tx: &mut igny8_data::Tx<'_>, site: SiteId, settings: &FormSettings) {
    let days = |days: i64| std::time::Duration::from_secs(u64::try_from(days).unwrap_or(1) * 24 * 60 * 60);
    let mut binds = Variables::new();
    binds.insert("of_messages", site);
    binds.insert("kept", days(settings.keep_days));
    binds.insert("kept_spam", days(settings.spam_days.min(settings.keep_days)));
    tx.account_statement(
        "UPDATE submission SET expires_at = created_at + (IF status = 'spam' THEN $kept_spam ELSE $kept END), rev += 1 \
         WHERE site = $of_messages AND account = $account RETURN NONE",
        binds,
    );
}

/// The site for who may see its messages.
async fn reading(caller: &Caller, app: &App, site: SiteId) -> Result<SiteScope<Read>> {
    let scope = caller.actor().site::<Read>(&app.db, site).await?;
    match caller.actor().role().allows(Permission::Write) {
        true => Ok(scope),
        false => Err(Denied::Role.into()),
    }
}

async fn settings(caller: &Caller, app: &App, site: SiteId) -> Result<FormSettings> {
    let account = caller.actor().account::<Read>()?;
    let site = app.db.account(&account).get::<Site>(site).await?;
    Ok(FormSettings::of(&site.ok_or_else(Error::not_found)?))
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Used {
    content: Option<ContentId>,
    page: String,
    status: SubmissionStatus,
}

async fn options<A: Access>(db: &SiteDb<'_, A>) -> Result<SubmissionFilterOptions> {
    let sql = "SELECT content, page, status FROM submission WHERE site = $site AND account = $account \
               GROUP BY content, page, status;";
    let mut answer = db.query(sql, Variables::new(), "listing what messages have").await?;
    let mut found = SubmissionFilterOptions {
        statuses: Vec::new(),
        pages: Vec::new(),
    };
    for used in answer.rows::<Used>(0)? {
        if !found.statuses.contains(&used.status) {
            found.statuses.push(used.status);
        }
        let Some(content) = used.content else { continue };
        if !found.pages.iter().any(|page| page.content == content) {
            let page = used.page;
            found.pages.push(PageOption { content, page });
        }
    }
    found.statuses.sort_by_key(|status| *status as u8);
    found
        .pages
        .sort_by(|a, b| (&a.page, a.content).cmp(&(&b.page, b.content)));
    Ok(found)
}

impl SubmissionOut {
    fn of(row: Submission) -> Self {
        Self {
            id: row.id,
            content: row.content,
            page: row.page,
            language: row.language,
            status: row.status,
            fields: row.fields,
            email: row.email,
            consent: row.consent,
            signs: row.signs,
            sender: row.sender,
            mailed: row.mailed,
            expires_at: row.expires_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
