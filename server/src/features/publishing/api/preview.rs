//! `/sites/{site_id}/preview-links`: signed links to a site with its drafts.

use igny8_data::{AuditEvent, SiteId, Write};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use crate::api::validate::Check;
use crate::api::{Caller, From, Result, Tag};
use crate::app::App;
use crate::visitors::preview::{Link, PREFIX};

/// Hours a link can be good for: a month.
pub const MOST_HOURS: u32 = 24 * 31;

/// How long a preview is to be seen.
#[derive(Debug, Object)]
#[oai(rename = "PreviewLinkCreate", deny_unknown_fields)]
pub struct PreviewLinkIn {
    /// From 1 to 744. The link cannot be taken back before.
    #[oai(default = "three_days")]
    pub hours: u32,
}

fn three_days() -> u32 {
    72
}

/// A link that shows a site with its drafts to whoever has it.
#[derive(Debug, Object)]
#[oai(rename = "PreviewLink")]
pub struct PreviewLinkOut {
    /// The home page; paths of the site can be put behind it.
    pub url: String,
    pub expires_at: chrono::DateTime<chrono::Utc>,
}

pub struct PreviewApi;

#[OpenApi(tag = "Tag::Publishing")]
impl PreviewApi {
    /// Make a preview link
    ///
    /// Shows the site with everything that is not published yet, without signing in. Pages load again when something changes. Search
    /// engines are kept out.
    #[oai(
        path = "/sites/:site_id/preview-links",
        method = "post",
        operation_id = "preview_link_create"
    )]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        body: Json<PreviewLinkIn>,
    ) -> Result<Json<PreviewLinkOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let mut check = Check::new();
        check.that(
            (1..=MOST_HOURS).contains(&body.0.hours),
            "hours",
            "must be from 1 to 744",
        );
        check.finish()?;
        let link = Link {
            account: scope.account(),
            site: scope.site(),
            until: app.db.clock().now() + chrono::Duration::hours(i64::from(body.0.hours)),
            plan: None,
        };
        let mut tx = app.db.site(&scope).tx();
        tx.audit(AuditEvent::new("preview_link.created", scope.site(), &from.0));
        tx.commit().await?;
        Ok(Json(PreviewLinkOut {
            url: format!("{}{PREFIX}{}/", app.config.public_url(), link.token(app.db.keys())),
            expires_at: link.until,
        }))
    }
}
