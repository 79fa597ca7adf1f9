//! Seed keywords of the catalogue: listing them, and taking them into a sector.

use std::sync::Arc;

use igny8_data::{AuditEvent, Read, SectorId, SiteId, Write};
use igny8_planner::keyword_file::KeywordRow;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use crate::api::page::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::api::{Caller, Error, FieldError, From, Page, Result, Tag};
use crate::app::App;
use crate::features::planner::import;
use crate::features::planner::model::{Intent, text_key};
use crate::features::sites::catalogue::{INDUSTRIES, Industry, IndustrySector, SeedKeyword, industry};

/// A keyword of the catalogue.
#[derive(Debug, Object)]
#[oai(rename = "CatalogueKeyword")]
pub struct SeedOut {
    pub text: String,
    /// Slug of the industry.
    pub industry: String,
    /// Slug of the industry's sector.
    pub industry_sector: String,
    /// Searches a month, an order of magnitude.
    pub volume: i64,
    /// 0 to 100.
    pub difficulty: i64,
    pub intent: Intent,
}

/// Which seed keywords to take, and where to.
#[derive(Debug, Object)]
#[oai(rename = "TakeSeedKeywords", deny_unknown_fields)]
pub struct TakeIn {
    /// The sector of the site they go into.
    pub sector: SectorId,
    /// Slug of the industry.
    pub industry: String,
    /// Slug of the industry's sector; absent: all of the industry.
    pub industry_sector: Option<String>,
    /// Texts of the keywords to take; absent: all.
    #[oai(validator(min_items = 1, max_items = 1000))]
    pub keywords: Option<Vec<String>>,
}

/// What was taken.
#[derive(Debug, Object)]
#[oai(rename = "TakenSeedKeywords")]
pub struct Taken {
    pub added: u64,
    /// The sector had them already; these stay as they are.
    pub known: u64,
}

pub struct SeedsApi;

#[OpenApi(tag = "Tag::Planner")]
impl SeedsApi {
    /// List seed keywords
    ///
    /// Of the shared catalogue, in its order; figures are orders of magnitude to plan with.
    #[oai(path = "/seed-keywords", method = "get", operation_id = "seed_keyword_list")]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        /// Text in the keyword.
        search: Query<Option<String>>,
        /// Slug of the industry.
        industry: Query<Option<String>>,
        /// Slug of the industry's sector.
        industry_sector: Query<Option<String>>,
        intent: Query<Option<Intent>>,
        min_volume: Query<Option<i64>>,
        max_volume: Query<Option<i64>>,
        max_difficulty: Query<Option<i64>>,
    ) -> Result<Json<Page<SeedOut>>> {
        caller.actor().account::<Read>()?;
        let limit = limit.0.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 || limit > MAX_LIMIT {
            let message = format!("must be between 1 and {MAX_LIMIT}");
            return Err(Error::invalid(vec![FieldError::new("limit", message)]));
        }
        let text = search.0.as_deref().map(text_key).unwrap_or_default();
        let of = |slug: &str, wanted: &Option<String>| wanted.as_deref().is_none_or(|wanted| wanted == slug);
        let found: Vec<SeedOut> = INDUSTRIES
            .iter()
            .filter(|i| of(&i.slug, &industry.0))
            .flat_map(|i| i.sectors.iter().map(move |s| (i, s)))
            .filter(|(_, s)| of(&s.slug, &industry_sector.0))
            .flat_map(|(i, s)| s.keywords.iter().map(move |k| SeedOut::of(i, s, k)))
            .filter(|k| text.is_empty() || text_key(&k.text).contains(&text))
            .filter(|k| intent.0.is_none_or(|intent| intent == k.intent))
            .filter(|k| min_volume.0.is_none_or(|least| k.volume >= least))
            .filter(|k| max_volume.0.is_none_or(|most| k.volume <= most))
            .filter(|k| max_difficulty.0.is_none_or(|most| k.difficulty <= most))
            .collect();
        let purpose = format!(
            "seeds|{text}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}",
            industry.0, industry_sector.0, intent.0, min_volume.0, max_volume.0, max_difficulty.0
        );
        let keys = app.db.keys();
        let start = match cursor.0 {
            None => 0,
            Some(cursor) => {
                let opened = keys.open_cursor(purpose.as_bytes(), &cursor);
                let start = opened.and_then(|body| String::from_utf8(body).ok()?.parse::<usize>().ok());
                start.ok_or_else(|| {
                    let message = "is not a cursor of this list with this filter; start without one";
                    Error::invalid(vec![FieldError::new("cursor", message)])
                })?
            }
        };
        let total = found.len();
        let end = start.saturating_add(limit as usize).min(total);
        let next = (end < total).then(|| keys.seal_cursor(purpose.as_bytes(), end.to_string().as_bytes()));
        Ok(Json(Page {
            items: found.into_iter().skip(start).take(limit as usize).collect(),
            next,
            total: (with_total.0 == Some(true)).then_some(total as u64),
        }))
    }

    /// Take seed keywords into a sector
    ///
    /// Those of an industry or of one of its sectors, all or chosen ones. What the sector has already stays.
    #[oai(
        path = "/sites/:site_id/keywords/add-to-workflow",
        method = "post",
        operation_id = "keyword_add_to_workflow"
    )]
    async fn take(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        body: Json<TakeIn>,
    ) -> Result<Json<Taken>> {
        let scope = caller.actor().site::<Write>(&app.db, site_id.0).await?;
        let Json(body) = body;
        let wrong = |field: &str, message: String| Error::invalid(vec![FieldError::new(field, message)]);
        let found = industry(&body.industry)
            .ok_or_else(|| wrong("industry", format!("there is no industry `{}`", body.industry)))?;
        let sectors: Vec<&IndustrySector> = match &body.industry_sector {
            None => found.sectors.iter().collect(),
            Some(slug) => match found.sectors.iter().find(|s| s.slug == *slug) {
                Some(sector) => vec![sector],
                None => {
                    let message = format!("{} has no sector `{slug}`", found.name);
                    return Err(wrong("industry_sector", message));
                }
            },
        };
        let mut seeds: Vec<(String, &SeedKeyword)> = Vec::new();
        for seed in sectors.iter().flat_map(|sector| &sector.keywords) {
            let key = text_key(&seed.text);
            // Two sectors of an industry may name one keyword.
            if !seeds.iter().any(|(other, _)| *other == key) {
                seeds.push((key, seed));
            }
        }
        if let Some(wanted) = &body.keywords {
            let wanted: Vec<String> = wanted.iter().map(|text| text_key(text)).collect();
            if let Some(n) = wanted.iter().position(|w| !seeds.iter().any(|(key, _)| key == w)) {
                let message = "is not among the seed keywords".to_owned();
                return Err(wrong(&format!("keywords.{n}"), message));
            }
            seeds.retain(|(key, _)| wanted.contains(key));
        }
        let rows = seeds.into_iter().map(|(_, seed)| row(seed)).collect();
        let scope = Arc::new(scope);
        let report = import::few(&app, Arc::clone(&scope), body.sector, rows).await?;
        let mut tx = app.db.site(&*scope).tx();
        let detail =
            serde_json::json!({ "industry": found.slug, "sector": body.industry_sector, "added": report.added });
        tx.audit(AuditEvent::new("keywords.taken", body.sector, &from.0).detail(detail));
        tx.commit().await?;
        Ok(Json(Taken {
            added: report.added,
            known: report.changed + report.unchanged,
        }))
    }
}

fn row(seed: &SeedKeyword) -> KeywordRow {
    use igny8_planner::keyword_file::Intent as FileIntent;
    KeywordRow {
        text: seed.text.clone(),
        // An order of magnitude: whatever a tool says is better.
        volume_range: Some(igny8_planner::keyword_file::VolumeRange {
            low: u64::from(seed.volume),
            high: Some(u64::from(seed.volume)),
        }),
        difficulty: Some(seed.difficulty.min(100)),
        intent: FileIntent::ALL.into_iter().find(|intent| intent.name() == seed.intent),
        ..KeywordRow::default()
    }
}

impl SeedOut {
    fn of(industry: &Industry, sector: &IndustrySector, seed: &SeedKeyword) -> Self {
        Self {
            text: seed.text.clone(),
            industry: industry.slug.clone(),
            industry_sector: sector.slug.clone(),
            volume: i64::from(seed.volume),
            difficulty: i64::from(seed.difficulty),
            intent: row(seed).intent.map_or(Intent::Informational, import::intent),
        }
    }
}
