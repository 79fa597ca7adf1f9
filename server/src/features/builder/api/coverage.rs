//! What a plan leaves open: look, mend in one call, waive with a reason.

use std::collections::BTreeMap;

use igny8_builder::coverage::{Level, Mend, Place, Report, Rule, Violation, Waiver};
use igny8_builder::names::Choice as _;
use igny8_builder::taxonomy::edit::TermEdit;
use igny8_builder::wizard::Change;
use igny8_data::{SiteId, SiteScope, SurrealValue, Write};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::{ParseFromJSON as _, ToJSON as _};
use poem_openapi::{Enum, Object, OpenApi};
use serde_json::{Value, json};

use super::objects::PlanOut;
use super::{opened, saved, shown};
use crate::api::{Caller, Error, Fetched, FieldError, From, Result, Tag};
use crate::app::App;
use crate::features::builder::desk::{Depth, Desk, aside};
use crate::features::builder::model::{MAX_WAIVERS, SiteBlueprintId};
use crate::features::builder::{terms, words::same};

/// Violations that an answer shows.
const SHOWN: u32 = 200;
/// Violations that one call mends.
const MENDED: usize = 200;

crate::features::planner::model::choice!(
    /// A rule of a plan's coverage.
    CoverageRule {
        RequiredPage, RequiredTerms, HubPage, SupportingPages, KeywordTwice, PageKeyword, PageCluster, GoneNames, NeededTerm,
        ClusterTerm, TermPages, MenuTarget, HubLinks, PageLinks, TitleTwice, Address, Tree,
    }
);
crate::features::planner::model::choice!(
    /// How much a rule weighs.
    CoverageLevel {
        /// The plan is not handed off while it is broken, unless that is waived.
        Must,
        Should,
    }
);
crate::features::planner::model::choice!(
    /// What a violation is about.
    CoveragePlaceKind { Page, Cluster, Term, Taxonomy, Keyword, Title, Address, Menu }
);
crate::features::planner::model::choice!(
    /// How a violation is mended.
    CoverageMendKind {
        /// By edits of the pages, in one call.
        Edits,
        /// By terms that are made and mapped, in one call.
        MakeTerms,
        /// By mapping a term to a cluster, in one call.
        MapTerm,
        /// By a person.
        ByHand,
    }
);

/// Where a rule is broken. With the rule it names the violation: send it back as it is.
#[derive(Debug, Clone, Object)]
#[oai(rename = "CoveragePlace", deny_unknown_fields, skip_serializing_if_is_none)]
pub struct PlaceOut {
    pub of: CoveragePlaceKind,
    /// Key of a page.
    pub page: Option<String>,
    pub cluster: Option<String>,
    pub term: Option<String>,
    /// A taxonomy.
    pub kind: Option<String>,
    /// What a keyword and its variants have in common.
    pub variant: Option<String>,
    pub title: Option<String>,
    pub path: Option<String>,
    /// A menu.
    pub place: Option<String>,
}

/// A rule that the plan breaks somewhere.
#[derive(Debug, Object)]
#[oai(rename = "CoverageViolation")]
pub struct ViolationOut {
    pub rule: CoverageRule,
    pub level: CoverageLevel,
    pub place: PlaceOut,
    /// What is wrong.
    pub message: String,
    /// Why that matters.
    pub why: String,
    pub mend: MendOut,
}

/// How a violation is mended.
#[derive(Debug, Object)]
#[oai(rename = "CoverageMendOut")]
pub struct MendOut {
    pub by: CoverageMendKind,
    /// What would be done, or what to do by hand.
    pub what: Vec<String>,
}

/// A violation that may stay.
#[derive(Debug, Object)]
#[oai(rename = "CoverageWaived", skip_serializing_if_is_none)]
pub struct WaivedOut {
    pub rule: CoverageRule,
    pub place: PlaceOut,
    /// What is wrong; absent when it is mended or gone by now.
    pub message: Option<String>,
    pub reason: String,
    /// A user's or key's id.
    pub by: String,
    pub at: String,
}

/// What a look at the plan found.
#[derive(Debug, Object)]
#[oai(rename = "CoverageReport")]
pub struct ReportOut {
    /// Violations of level `must` that are not waived.
    pub open: u32,
    /// How often each rule is broken, waived ones not counted.
    pub counts: std::collections::HashMap<String, u32>,
    /// Those that must be mended first.
    pub violations: Vec<ViolationOut>,
    /// Violations that are counted and not shown.
    pub left_out: u64,
    pub waived: Vec<WaivedOut>,
    /// Waivers that silence nothing any more.
    pub idle: Vec<WaivedOut>,
}

/// Which violations to mend.
#[derive(Debug, Object)]
#[oai(rename = "CoverageMend", deny_unknown_fields)]
pub struct MendIn {
    pub rule: CoverageRule,
    /// All of the rule that can be mended without a person when absent.
    pub place: Option<PlaceOut>,
}

/// What was mended.
#[derive(Debug, Object)]
#[oai(rename = "CoverageMended")]
pub struct MendedOut {
    pub mended: u32,
    /// Those that could not be, with why.
    pub left: Vec<String>,
    pub report: ReportOut,
    pub plan: PlanOut,
}

/// A gap that may stay.
#[derive(Debug, Object)]
#[oai(rename = "CoverageWaive", deny_unknown_fields)]
pub struct WaiveIn {
    pub rule: CoverageRule,
    pub place: PlaceOut,
    /// Why it may stay.
    pub reason: String,
}

/// A waiver to withdraw.
#[derive(Debug, Object)]
#[oai(rename = "CoverageWithdraw", deny_unknown_fields)]
pub struct WithdrawIn {
    pub rule: CoverageRule,
    pub place: PlaceOut,
}

pub struct PlanCoverageApi;

#[OpenApi(tag = "Tag::Builder")]
impl PlanCoverageApi {
    /// Look at a plan's coverage
    ///
    /// Every rule that is broken, where, why it matters and how to mend it.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/coverage",
        method = "get",
        operation_id = "site_blueprint_coverage_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
        /// Violations of one rule alone.
        rule: Query<Option<CoverageRule>>,
    ) -> Result<Fetched<ReportOut>> {
        let desk = shown(&app, &caller, site_id.0, blueprint_id.0, Depth::Keywords).await?;
        let (desk, report) = looked(desk).await?;
        let rule = rule.0.map(|rule| same(&rule)).transpose()?;
        Ok(Fetched::new(ReportOut::of(&desk, &report, rule)?, desk.row.rev))
    }

    /// Check a plan's coverage
    ///
    /// As looking at it, and keeps what was found, so that the step can be completed.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/coverage/check",
        method = "post",
        operation_id = "site_blueprint_coverage_check"
    )]
    async fn check(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
        /// ETag of the version to check.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Fetched<ReportOut>> {
        let at = (site_id.0, blueprint_id.0);
        let (scope, desk) = opened(&app, &caller, at, if_match.0.as_deref(), Depth::Keywords).await?;
        let (mut desk, report) = looked(desk).await?;
        desk.keep_report(&report);
        let detail = json!({ "open": report.open });
        saved(
            &app,
            &scope,
            &mut desk,
            ("site_blueprint.coverage_checked", detail),
            &from.0,
        )
        .await?;
        Ok(Fetched::new(ReportOut::of(&desk, &report, None)?, desk.row.rev))
    }

    /// Mend gaps of a plan
    ///
    /// One, or all of a rule that need no person: pages, links and terms are made as the report says.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/coverage/mend",
        method = "post",
        operation_id = "site_blueprint_coverage_mend"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn mend(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<MendIn>,
    ) -> Result<Fetched<MendedOut>> {
        let at = (site_id.0, blueprint_id.0);
        let (scope, desk) = opened(&app, &caller, at, if_match.0.as_deref(), Depth::Keywords).await?;
        let rule: Rule = same(&body.0.rule)?;
        let place = body.0.place.as_ref().map(PlaceOut::read).transpose()?;
        let (mut desk, report) = looked(desk).await?;
        let fits = |of: &&Violation| of.rule == rule && place.as_ref().is_none_or(|place| of.place == *place);
        let waived = report.waived.iter().map(|of| &of.violation);
        let all: Vec<&Violation> = match &place {
            // A gap that is waived can be mended all the same.
            Some(_) => report.violations.iter().chain(waived).filter(fits).collect(),
            None => report.violations.iter().filter(fits).take(MENDED).collect(),
        };
        if all.is_empty() {
            let message = "The plan does not break this rule there any more. Look at the coverage again.";
            return Err(Error::conflict("nothing_to_mend", message));
        }
        let (mut mended, mut left) = (0, Vec::new());
        let mut term_edits: Vec<TermEdit> = Vec::new();
        for violation in all {
            match &violation.mend {
                Mend::Edits { edits } => match desk.edit(edits) {
                    Ok(()) => mended += 1,
                    Err(error) => left.push(format!("{} {}", violation.message, error.into_problem().detail)),
                },
                Mend::MakeTerms { terms: proposals } => {
                    // Two gaps may ask for one term: what the first makes is looked for anew with the next call.
                    if term_edits.is_empty() {
                        term_edits = terms::of_proposals(&desk, proposals);
                        mended += 1;
                    } else {
                        left.push(format!("{} Mend it with another call.", violation.message));
                    }
                }
                Mend::MapTerm { term, cluster } => {
                    term_edits.push(TermEdit::Map {
                        term: term.clone(),
                        add: vec![cluster.clone()],
                        remove: Vec::new(),
                    });
                    mended += 1;
                }
                Mend::ByHand { what } => left.push(what.clone()),
            }
        }
        if mended == 0 {
            return Err(Error::rule("by_hand", left.join(" ")));
        }
        let detail = json!({ "rule": rule, "mended": mended });
        if term_edits.is_empty() {
            saved(&app, &scope, &mut desk, ("site_blueprint.mended", detail), &from.0).await?;
        } else {
            let audit = ("site_blueprint.mended", &from.0);
            terms::apply(&app, &scope, &mut desk, &term_edits, audit).await?;
        }
        let (desk, report) = kept(&app, &scope, desk).await?;
        let out = MendedOut {
            mended,
            left,
            report: ReportOut::of(&desk, &report, None)?,
            plan: PlanOut::of(&desk)?,
        };
        Ok(Fetched::new(out, desk.row.rev))
    }

    /// Waive a gap of a plan
    ///
    /// With a reason, which is kept with who gave it and when. It silences this rule at this place and nothing else.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/coverage/waivers",
        method = "post",
        operation_id = "site_blueprint_coverage_waive"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn waive(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<WaiveIn>,
    ) -> Result<Fetched<ReportOut>> {
        let at = (site_id.0, blueprint_id.0);
        let (scope, mut desk) = opened(&app, &caller, at, if_match.0.as_deref(), Depth::Keywords).await?;
        let waiver = Waiver {
            rule: same(&body.0.rule)?,
            place: body.0.place.read()?,
            reason: body.0.reason.trim().to_owned(),
        };
        if let Some(problem) = waiver.problem() {
            return Err(Error::invalid(vec![FieldError::new("reason", problem)]));
        }
        without(&mut desk, waiver.rule, &waiver.place);
        if desk.row.waivers.len() >= MAX_WAIVERS {
            let message = format!("A plan has at most {MAX_WAIVERS} waivers. Withdraw those that are idle.");
            return Err(Error::rule("too_many_waivers", message));
        }
        let mut kept = serde_json::to_value(&waiver).map_err(Error::internal)?;
        kept["by"] = json!(scope.actor().who().to_string());
        kept["at"] = json!(app.db.clock().now());
        // In the order in which the database gives keys back.
        kept.sort_all_objects();
        desk.row.waivers.push(kept);
        desk.changed(Change::Waived);
        let (mut desk, report) = looked(desk).await?;
        if !report
            .waived
            .iter()
            .any(|of| of.violation.rule == waiver.rule && of.violation.place == waiver.place)
        {
            let message = "The plan does not break this rule there: there is nothing to waive.";
            return Err(Error::conflict("nothing_to_waive", message));
        }
        desk.keep_report(&report);
        let detail = json!({ "rule": waiver.rule, "place": waiver.place, "reason": waiver.reason });
        saved(&app, &scope, &mut desk, ("site_blueprint.waived", detail), &from.0).await?;
        Ok(Fetched::new(ReportOut::of(&desk, &report, None)?, desk.row.rev))
    }

    /// Withdraw a waiver
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/coverage/waivers/withdraw",
        method = "post",
        operation_id = "site_blueprint_coverage_withdraw"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn withdraw(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<WithdrawIn>,
    ) -> Result<Fetched<ReportOut>> {
        let at = (site_id.0, blueprint_id.0);
        let (scope, mut desk) = opened(&app, &caller, at, if_match.0.as_deref(), Depth::Keywords).await?;
        let (rule, place): (Rule, Place) = (same(&body.0.rule)?, body.0.place.read()?);
        if !without(&mut desk, rule, &place) {
            return Err(Error::conflict(
                "no_waiver",
                "There is no waiver for this rule at this place.",
            ));
        }
        desk.changed(Change::WaiverWithdrawn);
        let (mut desk, report) = looked(desk).await?;
        desk.keep_report(&report);
        let detail = json!({ "rule": rule, "place": place });
        saved(
            &app,
            &scope,
            &mut desk,
            ("site_blueprint.waiver_withdrawn", detail),
            &from.0,
        )
        .await?;
        Ok(Fetched::new(ReportOut::of(&desk, &report, None)?, desk.row.rev))
    }
}

/// Takes a waiver away; false when there was none.
fn without(desk: &mut Desk, rule: Rule, place: &Place) -> bool {
    let before = desk.row.waivers.len();
    let (rule, place) = (json!(rule), json!(place));
    desk.row
        .waivers
        .retain(|of| (of.get("rule"), of.get("place").map(sorted)) != (Some(&rule), Some(sorted(&place))));
    desk.row.waivers.len() < before
}

fn sorted(value: &Value) -> Value {
    let mut value = value.clone();
    value.sort_all_objects();
    value
}

async fn looked(desk: Desk) -> Result<(Desk, Report)> {
    aside(move || {
        let report = desk.report();
        (desk, report)
    })
    .await
}

/// Looks again after a change and keeps what is found. A plan that somebody changed in between is not theirs to overwrite: then the
/// report is answered and not kept.
async fn kept(app: &App, scope: &SiteScope<Write>, desk: Desk) -> Result<(Desk, Report)> {
    let reopened = desk.reopened.clone();
    let fresh = Desk::open(app, &scope.reading(), desk.row.id, Depth::Keywords).await?;
    let (mut desk, report) = looked(fresh).await?;
    let before = desk.clone();
    desk.keep_report(&report);
    let mut tx = app.db.site(scope).tx();
    desk.save(&mut tx, app.db.clock().now());
    let mut desk = match tx.commit().await {
        Ok(_) => desk,
        Err(igny8_data::DbError::Stale) => before,
        Err(error) => return Err(error.into()),
    };
    if desk.reopened.is_empty() {
        desk.reopened = reopened;
    }
    Ok((desk, report))
}

impl PlaceOut {
    fn of(place: &Place) -> Result<Self> {
        let json = serde_json::to_value(place).map_err(Error::internal)?;
        Self::parse_from_json(Some(json)).map_err(|error| Error::internal(error.into_message()))
    }

    fn read(&self) -> Result<Place> {
        let json = self.to_json().unwrap_or_default();
        serde_json::from_value(json).map_err(|error| {
            Error::invalid(vec![FieldError::new(
                "place",
                format!("is not what a report says: {error}"),
            )])
        })
    }
}

impl ReportOut {
    fn of(desk: &Desk, report: &Report, rule: Option<Rule>) -> Result<Self> {
        let violations: Vec<&Violation> = report
            .violations
            .iter()
            .filter(|of| rule.is_none_or(|rule| of.rule == rule))
            .collect();
        let told = |waiver: (Rule, &Place, &str), message: Option<String>| {
            let (rule, place, reason) = waiver;
            let (rule_json, place_json) = (json!(rule), sorted(&json!(place)));
            let kept = desk.row.waivers.iter().find(|of| {
                of.get("rule") == Some(&rule_json) && of.get("place").map(sorted).as_ref() == Some(&place_json)
            });
            let text = |key: &str| {
                let value = kept.and_then(|of| of.get(key)).and_then(Value::as_str);
                value.unwrap_or_default().to_owned()
            };
            Ok::<_, Error>(WaivedOut {
                rule: same(&rule)?,
                place: PlaceOut::of(place)?,
                message,
                reason: reason.to_owned(),
                by: text("by"),
                at: text("at"),
            })
        };
        let counts: BTreeMap<Rule, u32> = report.counts.clone();
        let shown = SHOWN as usize;
        Ok(Self {
            open: report.open,
            counts: counts
                .into_iter()
                .map(|(rule, n)| (rule.word().to_owned(), n))
                .collect(),
            left_out: u64::from(report.left_out) + violations.len().saturating_sub(shown) as u64,
            violations: violations
                .into_iter()
                .take(shown)
                .map(|of| ViolationOut::of(desk, of))
                .collect::<Result<_>>()?,
            waived: report
                .waived
                .iter()
                .map(|of| {
                    let waiver = (of.violation.rule, &of.violation.place, of.reason.as_str());
                    told(waiver, Some(of.violation.message.clone()))
                })
                .collect::<Result<_>>()?,
            idle: report
                .idle
                .iter()
                .map(|of| told((of.rule, &of.place, of.reason.as_str()), None))
                .collect::<Result<_>>()?,
        })
    }
}

impl ViolationOut {
    fn of(desk: &Desk, of: &Violation) -> Result<Self> {
        Ok(Self {
            rule: same(&of.rule)?,
            level: match of.level {
                Level::Must => CoverageLevel::Must,
                Level::Should => CoverageLevel::Should,
            },
            place: PlaceOut::of(&of.place)?,
            message: of.message.clone(),
            why: of.why.clone(),
            mend: mend_out(desk, &of.mend),
        })
    }
}

fn mend_out(desk: &Desk, mend: &Mend) -> MendOut {
    use igny8_builder::sitemap::edit::Edit;
    let title = |key: &str| {
        desk.page(key)
            .map_or_else(|| key.to_owned(), |page| format!("“{}”", page.title))
    };
    let name = |id: &str| {
        desk.names()
            .get(id)
            .map_or_else(|| id.to_owned(), |name| format!("“{name}”"))
    };
    match mend {
        Mend::Edits { edits } => MendOut {
            by: CoverageMendKind::Edits,
            what: edits
                .iter()
                .take(20)
                .map(|edit| match edit {
                    Edit::Add { page } => format!("Add the page “{}” at {}.", page.title, page.address()),
                    Edit::Delete { page } => format!("Take out {}.", title(page)),
                    Edit::Rename { page, .. } => format!("Give {} another title or address.", title(page)),
                    Edit::Move { page, .. } => format!("Move {}.", title(page)),
                    Edit::Lock { page } => format!("Lock {}.", title(page)),
                    Edit::Unlock { page } => format!("Unlock {}.", title(page)),
                    Edit::Aim { page, .. } => format!("Let {} aim at another keyword.", title(page)),
                    Edit::Drop { page, .. } => format!("Let {} leave a keyword to others.", title(page)),
                    Edit::Assign { page, .. } => format!("Give {} to another cluster, or to none.", title(page)),
                    Edit::File { page, .. } => format!("File {} under other terms.", title(page)),
                    Edit::Link { page, .. } => format!("Let {} link to others.", title(page)),
                    Edit::Menu { .. } => "Change a menu.".to_owned(),
                    Edit::Unlist { page, .. } => format!("Take {} out of a menu.", title(page)),
                    Edit::TermRenamed { term, .. } => format!("Let the archive of {} follow its name.", name(term)),
                })
                .collect(),
        },
        Mend::MakeTerms { terms } => MendOut {
            by: CoverageMendKind::MakeTerms,
            what: terms
                .iter()
                .take(20)
                .map(|of| match &of.existing {
                    Some(term) => format!("Map {} to its clusters.", name(term)),
                    None => format!("Make the {} “{}”.", of.kind.word().replace('_', " "), of.name),
                })
                .collect(),
        },
        Mend::MapTerm { term, cluster } => MendOut {
            by: CoverageMendKind::MapTerm,
            what: vec![format!("Map {} to {}.", name(term), name(cluster))],
        },
        Mend::ByHand { what } => MendOut {
            by: CoverageMendKind::ByHand,
            what: vec![what.clone()],
        },
    }
}

#[cfg(test)]
mod tests {
    use igny8_builder::names::{MenuPlace, TaxonomyKind};

    use super::*;

    #[test]
    fn rules_and_places_are_the_builders() {
        for &(rule, word, _) in Rule::ALL {
            let known: CoverageRule = same(&rule).unwrap_or_else(|_| panic!("{word}"));
            assert_eq!(known.to_json(), Some(json!(word)));
        }
        let text = || "x".to_owned();
        for place in [
            Place::Page { page: text() },
            Place::Cluster { cluster: text() },
            Place::Term { term: text() },
            Place::Taxonomy {
                kind: TaxonomyKind::BlogTag,
            },
            Place::Keyword { variant: text() },
            Place::Title { title: text() },
            Place::Address { path: text() },
            Place::Menu {
                place: MenuPlace::Footer,
                page: text(),
            },
        ] {
            assert_eq!(PlaceOut::of(&place).unwrap().read().unwrap(), place);
        }
        let mut half = PlaceOut::of(&Place::Page { page: text() }).unwrap();
        half.page = None;
        assert!(half.read().is_err());
    }
}
