//! `/blueprints`: kinds of sites; `/sites/{site}/blueprints`: plans of a site and the steps of each.

mod clusters;
mod coverage;
mod going;
mod kinds;
mod objects;
mod pages;
mod plans;
mod taxonomy;

use igny8_data::{AuditEvent, Origin, Read, SiteId, SiteScope, Write};
use poem_openapi::OpenApi;
use serde_json::Value;

use super::desk::{Depth, Desk};
use super::model::SiteBlueprintId;
use crate::api::{Caller, Error, FieldError, Result, etag};
use crate::app::App;
use crate::features::planner::rules::refused;

pub fn apis() -> impl OpenApi + 'static {
    (
        kinds::KindsApi,
        plans::PlansApi,
        clusters::PlanClustersApi,
        taxonomy::PlanTermsApi,
        pages::PlanPagesApi,
        coverage::PlanCoverageApi,
        going::GoingApi,
    )
}

/// A plan to look at.
async fn shown(app: &App, caller: &Caller, site: SiteId, plan: SiteBlueprintId, depth: Depth) -> Result<Desk> {
    let scope = caller.actor().site::<Read>(&app.db, site).await?;
    Desk::open(app, &scope, plan, depth).await
}

/// A plan to change, at the version that the request names.
async fn opened(
    app: &App,
    caller: &Caller,
    (site, plan): (SiteId, SiteBlueprintId),
    if_match: Option<&str>,
    depth: Depth,
) -> Result<(SiteScope<Write>, Desk)> {
    let scope = caller.actor().site::<Write>(&app.db, site).await?;
    let desk = Desk::open(app, &scope.reading(), plan, depth).await?;
    etag::check(if_match, desk.row.rev)?;
    Ok((scope, desk))
}

/// Saves a plan with an entry of its history.
async fn saved(
    app: &App,
    scope: &SiteScope<Write>,
    desk: &mut Desk,
    (action, detail): (&'static str, Value),
    origin: &Origin,
) -> Result<()> {
    let mut tx = app.db.site(scope).tx();
    desk.save(&mut tx, app.db.clock().now());
    tx.audit(AuditEvent::new(action, desk.row.id, origin).detail(detail));
    tx.commit().await.map_err(refused)?;
    Ok(())
}

/// A part of a list that is in memory: which, and the cursor of the next one.
fn part(
    app: &App,
    purpose: &str,
    limit: Option<u32>,
    cursor: Option<&str>,
    length: usize,
) -> Result<(std::ops::Range<usize>, Option<String>)> {
    use crate::api::page::{DEFAULT_LIMIT, MAX_LIMIT};
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if limit == 0 || limit > MAX_LIMIT {
        let message = format!("must be between 1 and {MAX_LIMIT}");
        return Err(Error::invalid(vec![FieldError::new("limit", message)]));
    }
    let keys = app.db.keys();
    let from = match cursor {
        None => 0,
        Some(text) => {
            let opened = keys.open_cursor(purpose.as_bytes(), text);
            let place = opened.and_then(|body| String::from_utf8(body).ok()?.parse::<usize>().ok());
            place.ok_or_else(|| {
                let message =
                    "is not a cursor of this list with this filter, or the plan was changed; start without one";
                Error::invalid(vec![FieldError::new("cursor", message)])
            })?
        }
    };
    let to = (from + limit as usize).min(length);
    let next = (to < length).then(|| keys.seal_cursor(purpose.as_bytes(), to.to_string().as_bytes()));
    Ok((from.min(to)..to, next))
}
