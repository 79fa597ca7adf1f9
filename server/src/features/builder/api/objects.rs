//! Plans as requests and answers show them.

use chrono::{DateTime, Utc};
use igny8_builder::names::Choice as _;
use igny8_builder::sitemap;
use igny8_builder::wizard::{Reason, Reopened, StepView};
use igny8_data::{SectorId, SiteId, SurrealValue};
use poem_openapi::{Enum, Object};

use crate::api::{Fetched, Result};
use crate::features::builder::desk::Desk;
use crate::features::builder::model::{PlanStatus, SiteBlueprint, SiteBlueprintId};
use crate::features::builder::words::same;
use crate::features::content::ContentId;
use crate::features::content::model::{ContentStructure, ContentType, Layout};
use crate::features::planner::ClusterRole;
use crate::features::planner::idea::IdeaId;
use crate::features::planner::model::choice;
use crate::features::sites::model::SiteType;
use crate::features::taxonomy::Taxonomy;
use crate::features::writer::TaskId;

choice!(
    /// A step of the wizard.
    WizardStep { BusinessDetails, Clusters, Taxonomy, Sitemap, Coverage, HandOff }
);
choice!(
    /// How far a plan is: the last of the steps that are complete without a gap before them.
    WizardState { Draft, BusinessDetails, ClustersReady, TaxonomiesReady, SitemapReady, CoverageValidated, HandedOff }
);
choice!(
    /// How a step is.
    WizardStatus {
        /// Its turn has not come.
        Pending,
        /// Its turn has come, and something is missing.
        InProgress,
        /// Its turn has come, and it can be completed.
        Ready,
        /// It was complete, and something it rests on is not there any more.
        Blocked,
        Complete,
    }
);
choice!(
    /// The template that shows a page.
    PlannedPageType {
        Home, About, Services, Products, Blog, Contact, Custom, Page, Post, Product, Service, Category, Tag, ProductCategory,
        ProductTag, ProductAttribute, ServiceCategory,
    }
);
choice!(
    /// What a planned page is in the data.
    PlannedEntity { Page, Post, Product, Service, Section, Term }
);
choice!(
    /// Where a menu stands.
    MenuPlace { Main, Footer }
);

/// A kind of site.
#[derive(Debug, Object)]
#[oai(rename = "Blueprint")]
pub struct KindOut {
    /// Its name in requests.
    pub key: String,
    pub version: u32,
    pub name: String,
    /// For whom it is.
    pub description: String,
    pub site_type: SiteType,
    /// The theme that sites of this kind begin with.
    pub theme: String,
    pub taxonomies: Vec<KindTaxonomyOut>,
    pub pages: Vec<KindPageOut>,
    /// What each step of the wizard is about, in order.
    pub steps: Vec<KindStepOut>,
}

/// A way of filing content.
#[derive(Debug, Object)]
#[oai(rename = "BlueprintTaxonomy")]
pub struct KindTaxonomyOut {
    pub taxonomy: Taxonomy,
    /// Heading of the list of its terms.
    pub title: String,
    /// Address below which its terms are.
    pub url: String,
    /// Terms may be below others.
    pub hierarchical: bool,
    /// There must be a term before pages are planned.
    pub required: bool,
    /// What it is good for.
    pub why: String,
}

/// A kind of page.
#[derive(Debug, Object)]
#[oai(rename = "BlueprintPage")]
pub struct KindPageOut {
    /// Its name in requests.
    pub key: String,
    pub page_type: PlannedPageType,
    pub name: String,
    /// What it is good for.
    pub why: String,
    /// Address, with `{slug}` where there are many.
    pub url: String,
    /// It cannot be taken out.
    pub required: bool,
    /// Parts it is built from.
    pub blocks: Vec<KindBlockOut>,
}

/// A part of a kind of page.
#[derive(Debug, Object)]
#[oai(rename = "BlueprintBlock")]
pub struct KindBlockOut {
    pub name: String,
    /// `hero`, `text`, `features` …
    pub block: String,
    pub variant: String,
    /// What it does for a reader.
    pub why: String,
    /// What to write.
    pub prompt: String,
}

/// What a step is about.
#[derive(Debug, Object)]
#[oai(rename = "BlueprintStep")]
pub struct KindStepOut {
    pub step: WizardStep,
    pub about: String,
}

/// A plan of a site in a list.
#[derive(Debug, Object)]
#[oai(rename = "SiteBlueprintSummary", skip_serializing_if_is_none)]
pub struct SummaryOut {
    pub id: SiteBlueprintId,
    pub site: SiteId,
    pub name: String,
    /// Counts the plans of the site.
    pub version: i64,
    /// Key of its kind of site.
    pub blueprint: String,
    pub status: PlanStatus,
    pub state: WizardState,
    pub pages: i64,
    pub deployed_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A plan of a site, with its steps.
#[derive(Debug, Object)]
#[oai(rename = "SiteBlueprint", skip_serializing_if_is_none)]
pub struct PlanOut {
    pub id: SiteBlueprintId,
    pub site: SiteId,
    pub sector: Option<SectorId>,
    pub name: String,
    /// Counts the plans of the site.
    pub version: i64,
    /// Key of its kind of site.
    pub blueprint: String,
    pub status: PlanStatus,
    pub state: WizardState,
    /// The step whose turn it is; absent when all are complete.
    pub step: Option<WizardStep>,
    pub steps: Vec<StepOut>,
    /// What was re-opened by this request, or since the plan was saved last.
    pub reopened: Vec<ReopenedOut>,
    /// For whom the site is.
    pub audience: String,
    pub clusters: i64,
    pub pages: i64,
    /// Gaps that may stay.
    pub waivers: i64,
    /// The plan was changed since it went live.
    pub changed_since_live: bool,
    pub deployed_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A step as it is now.
#[derive(Debug, Object)]
#[oai(rename = "WizardStepOut")]
pub struct StepOut {
    pub step: WizardStep,
    pub status: WizardStatus,
    /// What it is about, as the blueprint says.
    pub about: String,
    /// What is missing.
    pub reasons: Vec<ReasonOut>,
    /// What re-opened it.
    pub reopened: Vec<ReopenedOut>,
}

/// Something that is missing.
#[derive(Debug, Object)]
#[oai(rename = "WizardReason", skip_serializing_if_is_none)]
pub struct ReasonOut {
    /// Stable name, for programs.
    pub code: String,
    pub message: String,
    /// What to do.
    pub mend: String,
    /// The step to do it in.
    pub at: WizardStep,
    pub count: u32,
    /// The taxonomy that it is about.
    pub taxonomy: Option<Taxonomy>,
}

/// A step that has to be done again.
#[derive(Debug, Object)]
#[oai(rename = "WizardReopened")]
pub struct ReopenedOut {
    pub step: WizardStep,
    /// What was changed: stable name, for programs.
    pub change: String,
    pub why: String,
}

/// What a new plan needs.
#[derive(Debug, Object)]
#[oai(rename = "SiteBlueprintCreate", deny_unknown_fields)]
pub struct PlanIn {
    /// Made from the kind of site when absent.
    pub name: Option<String>,
    /// Key of a kind of site; that of the site's type when absent.
    pub blueprint: Option<String>,
    /// The only active sector of the site when absent.
    pub sector: Option<SectorId>,
    /// For whom the site is.
    pub audience: Option<String>,
    /// A plan of this site to begin with, as its next version.
    pub copy_of: Option<SiteBlueprintId>,
}

/// What to change; absent fields stay.
#[derive(Debug, Object)]
#[oai(rename = "SiteBlueprintPatch", deny_unknown_fields)]
pub struct PlanPatch {
    pub name: Option<String>,
    pub audience: Option<String>,
    /// Another kind of site: steps that rest on it re-open.
    pub blueprint: Option<String>,
    /// Another sector: attached clusters of the one before are detached.
    pub sector: Option<SectorId>,
}

/// Which step to complete.
#[derive(Debug, Object)]
#[oai(rename = "SiteBlueprintAdvance", deny_unknown_fields)]
pub struct AdvanceIn {
    pub step: WizardStep,
}

/// A page of a plan.
#[derive(Debug, Object)]
#[oai(rename = "PlannedPage", skip_serializing_if_is_none)]
pub struct PageOut {
    /// The same whenever the plan is made, by what the page is for.
    pub key: String,
    /// The blueprint's kind of page.
    pub kind: String,
    pub page_type: PlannedPageType,
    pub entity: PlannedEntity,
    /// Absent for lists.
    pub content_type: Option<ContentType>,
    pub structure: Option<ContentStructure>,
    /// As the site when absent.
    pub layout: Option<Layout>,
    pub cluster: Option<String>,
    pub role: Option<ClusterRole>,
    /// The term whose archive it is.
    pub term: Option<String>,
    /// Terms it is filed under.
    pub terms: Vec<String>,
    pub title: String,
    /// Its name in menus.
    pub label: String,
    pub seo_title: String,
    pub description: String,
    /// Search engines are asked to stay away.
    pub hidden: bool,
    pub address: String,
    /// Key of the page it stands below.
    pub parent: Option<String>,
    /// Its place among those below the same page, from 0.
    pub position: u32,
    pub primary: Option<AimOut>,
    pub keywords: Vec<AimOut>,
    /// Searches a month for all of these.
    pub volume: u64,
    pub outline: Vec<OutlineOut>,
    pub words: u32,
    pub blocks: Vec<BlockOut>,
    /// Keys of the pages that its text should link to.
    pub links: Vec<String>,
    /// It cannot be taken out.
    pub required: bool,
    /// Planning anew leaves it as it is.
    pub locked: bool,
    /// What was made of it.
    pub idea: Option<IdeaId>,
    pub task: Option<TaskId>,
    pub content: Option<ContentId>,
}

/// A keyword that a page aims at.
#[derive(Debug, Object)]
#[oai(rename = "PlannedAim")]
pub struct AimOut {
    pub id: String,
    pub text: String,
}

/// A heading of a page's outline.
#[derive(Debug, Object)]
#[oai(rename = "PlannedHeading")]
pub struct OutlineOut {
    pub text: String,
    /// It belongs into the questions and answers.
    pub question: bool,
}

/// A part of a planned page.
#[derive(Debug, Object)]
#[oai(rename = "PlannedBlock", skip_serializing_if_is_none)]
pub struct BlockOut {
    /// Its anchor on the page, and its name when it is generated anew.
    pub anchor: String,
    /// `hero`, `text`, `features` …
    pub block: String,
    pub variant: String,
    pub name: String,
    /// What to write.
    pub prompt: String,
    /// Entries it should have.
    pub items: Option<u32>,
    /// Path of the section whose pages it shows.
    pub section: Option<String>,
    /// Keys of the pages that it leads to.
    pub links: Vec<String>,
}

/// What to do to a page of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "PageEditKind", rename_all = "snake_case")]
pub enum PageEditKind {
    /// A new page: `kind`, `title`, and what else is known.
    Add,
    Delete,
    /// `title`, `label` or `slug`.
    Rename,
    /// Below `parent`, at `position`.
    Move,
    Lock,
    Unlock,
    /// At `primary` and `keywords`.
    Aim,
    /// To `cluster` with `role`, or to none.
    Assign,
    /// Under the terms of `add`, no more under those of `remove`.
    File,
    /// To the pages of `add`, no more to those of `remove`.
    Link,
    /// `items` in the place of the menu at `place`.
    Menu,
    /// Out of the menu at `place`.
    Unlist,
}

/// A change of a plan. Whatever is changed by hand is locked.
#[derive(Debug, Object)]
#[oai(rename = "PageEdit", deny_unknown_fields)]
pub struct PageEditIn {
    pub edit: PageEditKind,
    /// Key of the page.
    pub page: Option<String>,
    /// The blueprint's kind of a new page.
    pub kind: Option<String>,
    pub title: Option<String>,
    /// Name in menus.
    pub label: Option<String>,
    /// Last part of the address; made from the title of a new page when absent.
    pub slug: Option<String>,
    /// Key of the page it shall stand below.
    pub parent: Option<String>,
    pub position: Option<u32>,
    pub cluster: Option<String>,
    pub role: Option<ClusterRole>,
    /// Id of the keyword it should be found by.
    pub primary: Option<String>,
    /// Ids of further keywords.
    pub keywords: Option<Vec<String>>,
    /// Terms or pages.
    #[oai(default)]
    pub add: Vec<String>,
    #[oai(default)]
    pub remove: Vec<String>,
    pub place: Option<MenuPlace>,
    pub items: Option<Vec<PlannedMenuItem>>,
}

/// An entry of a planned menu.
#[derive(Debug, Clone, Object, serde::Serialize, serde::Deserialize)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none)]
pub struct PlannedMenuItem {
    /// Key of the page it leads to.
    pub page: String,
    /// Other words than the page's own.
    pub label: Option<String>,
    /// Keys of pages that stand below it.
    #[oai(default)]
    pub below: Vec<String>,
}

/// A menu of a plan.
#[derive(Debug, Object)]
#[oai(rename = "PlannedMenu")]
pub struct MenuOut {
    pub place: MenuPlace,
    pub items: Vec<PlannedMenuItem>,
    /// Planning anew leaves it as it is.
    pub locked: bool,
}

/// Edits to make together: all or none.
#[derive(Debug, Object)]
#[oai(rename = "PageEdits", deny_unknown_fields)]
pub struct PageEditsIn {
    pub edits: Vec<PageEditIn>,
}

/// What is different between two plans.
#[derive(Debug, Object)]
#[oai(rename = "PlanComparison")]
pub struct ComparisonOut {
    /// Keys of new pages.
    pub added: Vec<String>,
    pub removed: Vec<String>,
    pub changed: Vec<ChangedPageOut>,
    /// Pages whose address is another; published ones lead to it once the plan is live.
    pub moved: Vec<MovedPageOut>,
    /// The menus differ.
    pub menus: bool,
}

/// A page that is there in both plans.
#[derive(Debug, Object)]
#[oai(rename = "ChangedPage")]
pub struct ChangedPageOut {
    pub page: String,
    /// What differs.
    pub fields: Vec<String>,
}

/// A page with another address.
#[derive(Debug, Object)]
#[oai(rename = "MovedPage")]
pub struct MovedPageOut {
    pub page: String,
    pub from: String,
    pub to: String,
}

impl SummaryOut {
    pub fn from_row(row: SiteBlueprint) -> Self {
        Self {
            // The words are the same; tests hold them against each other.
            state: same(&row.wizard().state()).unwrap_or(WizardState::Draft),
            id: row.id,
            site: row.site,
            name: row.name,
            version: row.version,
            blueprint: row.kind,
            status: row.status,
            pages: row.pages,
            deployed_at: row.deployed_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl PlanOut {
    pub fn of(desk: &Desk) -> Result<Self> {
        let row = &desk.row;
        let views = desk.steps();
        let about = |view: &StepView| about(desk, same(&view.step)?).map(str::to_owned);
        let mut wizard = desk.wizard.clone();
        // As it is now, whether or not that was saved.
        wizard.settle(&desk.facts());
        let steps: Vec<StepOut> = views
            .iter()
            .map(|view| {
                Ok(StepOut {
                    step: same(&view.step)?,
                    status: same(&view.status)?,
                    about: about(view)?,
                    reasons: view.reasons.iter().map(ReasonOut::of).collect::<Result<_>>()?,
                    reopened: view.reopened.iter().map(ReopenedOut::of).collect::<Result<_>>()?,
                })
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            id: row.id,
            site: row.site,
            sector: row.sector,
            name: row.name.clone(),
            version: row.version,
            blueprint: row.kind.clone(),
            status: row.status,
            state: same(&wizard.state())?,
            step: steps
                .iter()
                .find(|step| step.status != WizardStatus::Complete)
                .map(|step| step.step),
            steps,
            reopened: desk.reopened.iter().map(ReopenedOut::of).collect::<Result<_>>()?,
            audience: row.audience.clone(),
            clusters: i64::try_from(row.clusters.len()).unwrap_or(i64::MAX),
            pages: i64::try_from(desk.pages.sitemap.pages.len()).unwrap_or(i64::MAX),
            waivers: i64::try_from(row.waivers.len()).unwrap_or(i64::MAX),
            changed_since_live: desk.differs_from_live(),
            deployed_at: row.deployed_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }

    pub fn fetched(desk: &Desk) -> Result<Fetched<Self>> {
        Ok(Fetched::new(Self::of(desk)?, desk.row.rev))
    }
}

fn about(desk: &Desk, step: WizardStep) -> Result<&str> {
    let of = &desk.kind.steps;
    Ok(match step {
        WizardStep::BusinessDetails => &of.business_details,
        WizardStep::Clusters => &of.clusters,
        WizardStep::Taxonomy => &of.taxonomy,
        WizardStep::Sitemap => &of.sitemap,
        WizardStep::Coverage => &of.coverage,
        WizardStep::HandOff => &of.hand_off,
    })
}

impl ReasonOut {
    pub fn of(reason: &Reason) -> Result<Self> {
        Ok(Self {
            code: reason.code.word().to_owned(),
            message: reason.message.clone(),
            mend: reason.mend.clone(),
            at: same(&reason.at)?,
            count: reason.count,
            taxonomy: reason.taxonomy.map(|kind| same(&kind)).transpose()?,
        })
    }
}

impl ReopenedOut {
    pub fn of(reopened: &Reopened) -> Result<Self> {
        Ok(Self {
            step: same(&reopened.step)?,
            change: reopened.change.word().to_owned(),
            why: reopened.why.to_owned(),
        })
    }
}

impl AimOut {
    fn of(aim: &sitemap::Aim) -> Self {
        Self {
            id: aim.id.clone(),
            text: aim.text.clone(),
        }
    }
}

impl PageOut {
    pub fn of(desk: &Desk, page: &sitemap::PagePlan) -> Result<Self> {
        let made = desk.made.get(&page.key);
        let block = |(at, block): (usize, &sitemap::BlockPlan)| BlockOut {
            anchor: crate::features::builder::blocks::anchor(page, at),
            block: block.kind.word().to_owned(),
            variant: block.variant.clone(),
            name: block.name.clone(),
            prompt: block.prompt.clone(),
            items: block.items,
            section: block.section.clone(),
            links: block.links.clone(),
        };
        Ok(Self {
            key: page.key.clone(),
            kind: page.kind.clone(),
            page_type: same(&page.page_type)?,
            entity: same(&page.entity)?,
            content_type: page.content_type.map(|of| same(&of)).transpose()?,
            structure: page.structure.map(|of| same(&of)).transpose()?,
            layout: page.layout.map(|of| same(&of)).transpose()?,
            cluster: page.cluster.clone(),
            role: page.role.map(|of| same(&of)).transpose()?,
            term: page.term.clone(),
            terms: page.terms.clone(),
            title: page.title.clone(),
            label: page.label.clone(),
            seo_title: page.seo_title.clone(),
            description: page.description.clone(),
            hidden: page.hidden,
            address: page.address(),
            parent: page.parent.clone(),
            position: page.position,
            primary: page.primary.as_ref().map(AimOut::of),
            keywords: page.keywords.iter().map(AimOut::of).collect(),
            volume: page.volume,
            outline: page
                .outline
                .iter()
                .map(|heading| OutlineOut {
                    text: heading.text.clone(),
                    question: heading.question,
                })
                .collect(),
            words: page.words,
            blocks: page.blocks.iter().enumerate().map(block).collect(),
            links: page.links.clone(),
            required: page.required,
            locked: page.locked,
            idea: made.and_then(|made| made.idea),
            task: made.and_then(|made| made.task),
            content: made.and_then(|made| made.content),
        })
    }
}

#[cfg(test)]
mod tests {
    use igny8_builder::names::{self, Choice};
    use igny8_builder::wizard;
    use poem_openapi::types::ToJSON;
    use serde_json::json;

    use super::*;

    fn known<From: Choice + serde::Serialize, To: serde::de::DeserializeOwned + ToJSON>() {
        for &(value, word, _) in From::ALL {
            let to: To = same(&value).unwrap_or_else(|_| panic!("{}: {word}", From::NOUN));
            assert_eq!(to.to_json(), Some(json!(word)), "{}", From::NOUN);
        }
    }

    #[test]
    fn words_are_the_builders() {
        known::<wizard::Step, WizardStep>();
        known::<wizard::State, WizardState>();
        known::<wizard::Status, WizardStatus>();
        known::<names::PageType, PlannedPageType>();
        known::<names::Entity, PlannedEntity>();
        known::<names::MenuPlace, MenuPlace>();
    }
}
