//! Images as stored, and their rules.

use chrono::{DateTime, Utc};
use igny8_data::{AccountId, CanWrite, SiteId, SiteScope, SurrealValue, id_type, record};
use poem_openapi::Enum;

use crate::api::validate::Check;
use crate::features::content::ContentId;
use crate::features::media::MediaId;
use crate::features::planner::model::choice;

id_type!(
    /// A picture of content, drawn or to be drawn.
    ImageId, "image", "img_"
);

choice!(ImageKind {
    /// At the head of the page, in lists and in shared links.
    Featured,
    /// In a section of the text.
    InArticle,
});
choice!(ImageStatus {
    /// There is a prompt and no file.
    Pending,
    Generated,
    /// It could not be drawn; `error` says why.
    Failed,
    /// The file is somebody's own.
    Uploaded,
});

/// Files that a picture remembers having had.
const EARLIER: usize = 10;

/// A picture as stored.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Image {
    pub id: ImageId,
    pub account: AccountId,
    pub site: SiteId,
    pub content: ContentId,
    pub kind: ImageKind,
    /// What is to be seen.
    pub prompt: String,
    /// For who cannot see it.
    pub alt: String,
    /// Id of the section it stands in ([`igny8_writer::sections`]); none for the featured one.
    pub section: Option<String>,
    /// Keeps a place from having two live images.
    place: Option<String>,
    pub status: ImageStatus,
    pub media: Option<MediaId>,
    /// Files it had before, the newest last: one of them may still stand in the text.
    #[surreal(default)]
    pub earlier: Vec<MediaId>,
    /// Why it failed.
    pub error: Option<String>,
    /// What drew it.
    pub model: Option<String>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

record!(Image, ImageId, site, soft_delete);

impl Image {
    /// A new one without a file. `section` is of those in the text; a featured one has none.
    pub fn new<A: CanWrite>(
        id: ImageId,
        scope: &SiteScope<A>,
        content: ContentId,
        section: Option<String>,
        now: DateTime<Utc>,
    ) -> Self {
        let kind = if section.is_some() {
            ImageKind::InArticle
        } else {
            ImageKind::Featured
        };
        let mut row = Self {
            id,
            account: scope.account(),
            site: scope.site(),
            content,
            kind,
            prompt: String::new(),
            alt: String::new(),
            section,
            place: None,
            status: ImageStatus::Pending,
            media: None,
            earlier: Vec::new(),
            error: None,
            model: None,
            rev: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        };
        row.take_place();
        row
    }

    fn take_place(&mut self) {
        let section = self
            .section
            .as_deref()
            .map_or("featured".to_owned(), |section| format!("in/{section}"));
        self.place = self.deleted_at.is_none().then(|| format!("{}/{section}", self.content));
    }

    /// Marks it as deleted.
    pub fn set_deleted(&mut self, now: DateTime<Utc>) {
        self.deleted_at = Some(now);
        self.take_place();
    }

    /// Gives it a file.
    pub fn set_file(&mut self, status: ImageStatus, media: MediaId, model: Option<String>) {
        self.earlier.extend(self.media);
        self.earlier.retain(|old| *old != media);
        let surplus = self.earlier.len().saturating_sub(EARLIER);
        self.earlier.drain(..surplus);
        (self.status, self.media, self.model, self.error) = (status, Some(media), model, None);
    }

    /// Checks what a request may have set, in the request's own field names.
    pub fn check(&self, check: &mut Check) {
        check
            .text("prompt", &self.prompt, 0, 3_000)
            .text("alt", &self.alt, 0, 1_000)
            .that(
                self.media.is_some() || !self.prompt.trim().is_empty(),
                "prompt",
                "must say what is to be seen, unless there is a file",
            );
        if let Some(section) = &self.section {
            check.that(section.chars().count() <= 400, "section", "must be the id of a section");
        }
    }
}
