//! The scores of a site together.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use igny8_data::{Direction, JobId, Read, Select, SiteId, SurrealValue as _, Write};
use igny8_optimizer::CheckId;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;

use super::objects::{FailingCheck, OptimizerSummary, RescoreOut};
use crate::api::{Accepted, Caller, Result, Tag};
use crate::app::App;
use crate::features::content::ContentSummary;
use crate::features::optimizer::model::name_of;
use crate::features::optimizer::{ContentScore, GREEN, ORANGE, keep};

/// Kept scores that are read at once, and altogether.
const PAGE: usize = 1_000;
const MOST: usize = 50_000;

pub struct OptimizerApi;

#[OpenApi(tag = "Tag::Optimizer")]
impl OptimizerApi {
    /// Scores of a site
    ///
    /// How many pieces of content are good, which checks fail most often, and what is not scored yet.
    #[oai(
        path = "/sites/:site_id/optimizer",
        method = "get",
        operation_id = "optimizer_summary"
    )]
    async fn summary(&self, caller: Caller, app: Data<&App>, site_id: Path<SiteId>) -> Result<Json<OptimizerSummary>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let mut sums = Sums::default();
        // In the order of the index.
        let all = Select::new().order("content", Direction::Ascending).limit(PAGE);
        let mut page = all.clone();
        loop {
            let rows = db.list::<ContentScore>(page).await?;
            rows.iter().for_each(|row| sums.add(row));
            match rows.last() {
                Some(last) if rows.len() == PAGE && sums.rows() < MOST => {
                    page = all.clone().after(last.content.into_value(), last.id);
                }
                _ => break,
            }
        }
        let not_scored = db.count::<ContentSummary>(Select::new().is_none("score")).await?;
        Ok(Json(sums.summary(not_scored)))
    }

    /// Score all content anew
    ///
    /// As a background job. Scores follow changes, links and time by themselves; this is for those that an older program made.
    #[oai(
        path = "/sites/:site_id/optimizer/rescore",
        method = "post",
        operation_id = "optimizer_rescore"
    )]
    async fn rescore(&self, caller: Caller, app: Data<&App>, site_id: Path<SiteId>) -> Result<Accepted<RescoreOut>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let job: JobId = app.db.ids().make();
        let mut tx = app.db.site(&scope).tx();
        let anew = keep::anew(&mut tx, scope.site(), app.db.clock().now());
        tx.enqueue_as(job, anew);
        tx.commit().await?;
        Ok(Accepted::Accepted(Json(RescoreOut { job })))
    }
}

/// What is added up.
#[derive(Default)]
struct Sums {
    red: usize,
    orange: usize,
    green: usize,
    points: i64,
    /// By check: how often red, how often orange.
    failing: HashMap<String, (u64, u64)>,
    oldest_at: Option<DateTime<Utc>>,
}

impl Sums {
    fn rows(&self) -> usize {
        self.red + self.orange + self.green
    }

    fn add(&mut self, row: &ContentScore) {
        match row.score {
            GREEN.. => self.green += 1,
            ORANGE.. => self.orange += 1,
            _ => self.red += 1,
        }
        self.points += row.score;
        for check in &row.red {
            self.failing.entry(check.clone()).or_default().0 += 1;
        }
        for check in &row.orange {
            self.failing.entry(check.clone()).or_default().1 += 1;
        }
        self.oldest_at = Some(self.oldest_at.map_or(row.scored_at, |at| at.min(row.scored_at)));
    }

    #[expect(clippy::cast_precision_loss, reason = "sums of some thousand scores")]
    fn summary(self, not_scored: u64) -> OptimizerSummary {
        let rows = self.rows();
        // Those that this program knows, in its order where they fail as often.
        let known = CheckId::ALL.iter().filter_map(|&check| {
            let id = name_of(check);
            let &(red, orange) = self.failing.get(&id)?;
            Some(FailingCheck {
                id,
                group: check.group().into(),
                red,
                orange,
            })
        });
        let mut failing: Vec<FailingCheck> = known.collect();
        failing.sort_by_key(|check| std::cmp::Reverse((check.red + check.orange, check.red)));
        OptimizerSummary {
            red: self.red as u64,
            orange: self.orange as u64,
            green: self.green as u64,
            not_scored,
            mean: (rows > 0).then(|| (self.points as f64 * 10.0 / rows as f64).round() / 10.0),
            failing,
            oldest_at: self.oldest_at,
            cut_off: rows >= MOST,
        }
    }
}
