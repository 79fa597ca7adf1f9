//! Kinds of sites.

use igny8_builder::blueprint::Blueprint;
use igny8_builder::names::Choice as _;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;

use super::objects::{KindBlockOut, KindOut, KindPageOut, KindStepOut, KindTaxonomyOut, WizardStep};
use crate::api::{Caller, Error, Page, Result, Tag};
use crate::features::builder::catalogue;
use crate::features::builder::words::same;

pub struct KindsApi;

#[OpenApi(tag = "Tag::Builder")]
impl KindsApi {
    /// List kinds of sites
    #[oai(path = "/blueprints", method = "get", operation_id = "blueprint_list")]
    async fn list(&self, _caller: Caller) -> Result<Json<Page<KindOut>>> {
        let items = catalogue::all().iter().map(KindOut::of).collect::<Result<_>>()?;
        Ok(Json(Page {
            items,
            next: None,
            total: None,
        }))
    }

    /// Read a kind of site
    #[oai(path = "/blueprints/:blueprint", method = "get", operation_id = "blueprint_get")]
    async fn get(
        &self,
        _caller: Caller,
        /// Its key: `blog`.
        blueprint: Path<String>,
    ) -> Result<Json<KindOut>> {
        let kind = catalogue::find(&blueprint.0).ok_or_else(Error::not_found)?;
        KindOut::of(kind).map(Json)
    }
}

impl KindOut {
    fn of(kind: &Blueprint) -> Result<Self> {
        let of = &kind.steps;
        Ok(Self {
            key: kind.key.clone(),
            version: kind.version,
            name: kind.name.clone(),
            description: kind.description.clone(),
            site_type: same(&kind.site_type)?,
            theme: kind.theme.name.clone(),
            taxonomies: kind
                .taxonomies
                .iter()
                .map(|spec| {
                    Ok(KindTaxonomyOut {
                        taxonomy: same(&spec.kind)?,
                        title: spec.title.in_language("en").to_owned(),
                        url: spec.url.clone(),
                        hierarchical: spec.hierarchical,
                        required: spec.required,
                        why: spec.why.clone(),
                    })
                })
                .collect::<Result<_>>()?,
            pages: kind
                .pages
                .iter()
                .map(|spec| {
                    Ok(KindPageOut {
                        key: spec.key.clone(),
                        page_type: same(&spec.kind)?,
                        name: spec.name.clone(),
                        why: spec.why.clone(),
                        url: spec.url.clone(),
                        required: spec.required,
                        blocks: spec
                            .blocks
                            .iter()
                            .map(|block| KindBlockOut {
                                name: block.name.clone(),
                                block: block.kind.word().to_owned(),
                                variant: block.variant.clone(),
                                why: block.why.clone(),
                                prompt: block.prompt.clone(),
                            })
                            .collect(),
                    })
                })
                .collect::<Result<_>>()?,
            steps: [
                (WizardStep::BusinessDetails, &of.business_details),
                (WizardStep::Clusters, &of.clusters),
                (WizardStep::Taxonomy, &of.taxonomy),
                (WizardStep::Sitemap, &of.sitemap),
                (WizardStep::Coverage, &of.coverage),
                (WizardStep::HandOff, &of.hand_off),
            ]
            .into_iter()
            .map(|(step, about)| KindStepOut {
                step,
                about: about.clone(),
            })
            .collect(),
        })
    }
}
