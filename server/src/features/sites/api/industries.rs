//! `/industries`: the shared catalogue, and taking sectors from it.

use igny8_data::{AuditEvent, Manage, SiteId};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::sectors::{SectorOut, refused};
use crate::api::{Caller, Error, FieldError, From, Result, Tag};
use crate::app::App;
use crate::features::billing::Limits;
use crate::features::sites::catalogue::{INDUSTRIES, Industry, industry};
use crate::features::sites::model::Sector;

/// An industry of the catalogue.
#[derive(Debug, Object)]
#[oai(rename = "Industry")]
pub struct IndustryOut {
    pub slug: String,
    pub name: String,
    pub description: String,
    pub sectors: Vec<IndustrySectorOut>,
}

#[derive(Debug, Object)]
#[oai(rename = "IndustrySector", skip_serializing_if_is_none)]
pub struct IndustrySectorOut {
    pub slug: String,
    pub name: String,
    pub description: String,
    pub keyword_count: u64,
    /// Seed keywords; only when one industry is read.
    pub keywords: Option<Vec<SeedKeywordOut>>,
}

#[derive(Debug, Object)]
#[oai(rename = "SeedKeyword")]
pub struct SeedKeywordOut {
    pub text: String,
    /// Searches a month, an order of magnitude.
    pub volume: u32,
    /// 0 to 100.
    pub difficulty: u8,
    /// `informational`, `commercial`, `transactional` or `navigational`.
    pub intent: String,
}

/// All industries; the catalogue is small.
#[derive(Debug, Object)]
pub struct IndustryList {
    pub items: Vec<IndustryOut>,
}

/// Which sectors of an industry to take.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct TakeSectors {
    /// Slug of the industry.
    pub industry: String,
    /// Slugs of its sectors.
    #[oai(validator(min_items = 1, max_items = 20))]
    pub sectors: Vec<String>,
}

/// The sectors made.
#[derive(Debug, Object)]
pub struct SectorList {
    pub items: Vec<SectorOut>,
}

pub struct IndustriesApi;

#[OpenApi(tag = "Tag::Sites")]
impl IndustriesApi {
    /// List industries
    #[oai(path = "/industries", method = "get", operation_id = "industry_list")]
    async fn list(
        &self,
        caller: Caller,
        /// Text in the name of an industry or one of its sectors.
        search: Query<Option<String>>,
    ) -> Result<Json<IndustryList>> {
        let _ = caller;
        let text = search.0.unwrap_or_default().to_lowercase();
        let named = |name: &str| name.to_lowercase().contains(&text);
        let found = INDUSTRIES
            .iter()
            .filter(|i| named(&i.name) || i.sectors.iter().any(|s| named(&s.name)));
        Ok(Json(IndustryList {
            items: found.map(|i| IndustryOut::of(i, false)).collect(),
        }))
    }

    /// Read an industry with its seed keywords
    #[oai(path = "/industries/:industry", method = "get", operation_id = "industry_get")]
    async fn get(&self, caller: Caller, industry: Path<String>) -> Result<Json<IndustryOut>> {
        let _ = caller;
        let found = self::industry(&industry.0).ok_or_else(Error::not_found)?;
        Ok(Json(IndustryOut::of(found, true)))
    }

    /// Take sectors from the catalogue
    ///
    /// They become sectors of the site, all or none. A site that has no industry yet gets this one.
    #[oai(
        path = "/sites/:site_id/sectors/from-industry",
        method = "post",
        operation_id = "sector_take"
    )]
    async fn take(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        body: Json<TakeSectors>,
    ) -> Result<Json<SectorList>> {
        let scope = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        let wrong = |field: &str, message: String| Error::invalid(vec![FieldError::new(field, message)]);
        let found = industry(&body.industry)
            .ok_or_else(|| wrong("industry", format!("there is no industry `{}`", body.industry)))?;
        let now = app.db.clock().now();
        let mut sectors = Vec::new();
        for slug in &body.sectors {
            let sector = found.sectors.iter().find(|s| s.slug == *slug);
            let sector = sector.ok_or_else(|| wrong("sectors", format!("{} has no sector `{slug}`", found.name)))?;
            let mut row = Sector::new(
                app.db.ids().make(),
                &scope,
                sector.name.clone(),
                sector.slug.clone(),
                now,
            );
            row.description.clone_from(&sector.description);
            sectors.push(row);
        }
        let limits = Limits::of(&app, caller.actor()).await?;
        let mut tx = app.db.site(&scope).tx();
        for sector in &sectors {
            limits.require_sector(&mut tx);
            tx.create(sector.clone());
        }
        let mut binds = igny8_data::Variables::new();
        binds.insert("industry", found.slug.clone());
        tx.statement("UPDATE $site SET industry = industry ?? $industry RETURN NONE", binds);
        tx.audit(AuditEvent::new("sector.taken", found.slug.clone(), &from.0));
        tx.commit().await.map_err(|error| refused(&limits, error))?;
        Ok(Json(SectorList {
            items: sectors.into_iter().map(SectorOut::from_row).collect(),
        }))
    }
}

impl IndustryOut {
    fn of(industry: &Industry, with_keywords: bool) -> Self {
        let sectors = industry.sectors.iter().map(|s| IndustrySectorOut {
            slug: s.slug.clone(),
            name: s.name.clone(),
            description: s.description.clone(),
            keyword_count: s.keywords.len() as u64,
            keywords: with_keywords.then(|| {
                let keyword = |k: &crate::features::sites::catalogue::SeedKeyword| SeedKeywordOut {
                    text: k.text.clone(),
                    volume: k.volume,
                    difficulty: k.difficulty,
                    intent: k.intent.clone(),
                };
                s.keywords.iter().map(keyword).collect()
            }),
        });
        Self {
            slug: industry.slug.clone(),
            name: industry.name.clone(),
            description: industry.description.clone(),
            sectors: sectors.collect(),
        }
    }
}
