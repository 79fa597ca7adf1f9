//! The terms of a plan: what is there and needed, edits, proposals, imports.

use igny8_builder::names::{Choice as _, TaxonomyKind};
use igny8_builder::taxonomy::edit::TermEdit;
use igny8_builder::taxonomy::import::{self, Options};
use igny8_builder::taxonomy::{self, Proposal, recommend};
use igny8_data::SiteId;
use poem::web::Data;
use poem::{Endpoint, Response};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::multipart::Upload;
use poem_openapi::{Enum, Multipart, Object, OpenApi};

use super::objects::PlanOut;
use super::{opened, shown};
use crate::api::{Caller, Error, Fetched, FieldError, From, Result, Tag, upload};
use crate::app::App;
use crate::features::builder::desk::{Depth, Desk, aside};
use crate::features::builder::model::SiteBlueprintId;
use crate::features::builder::terms;
use crate::features::builder::words::same;
use crate::features::taxonomy::Taxonomy;

/// Imported terms that an answer shows.
const SHOWN: usize = 200;
/// Clusters that an answer names.
const CLUSTERS: usize = 500;

/// The taxonomies of a plan.
#[derive(Debug, Object)]
#[oai(rename = "SiteBlueprintTaxonomy")]
pub struct TaxonomyOut {
    pub taxonomies: Vec<TaxonomyNeedOut>,
    /// Terms that the attached clusters ask for; accept them by their places.
    pub proposals: Vec<ProposalOut>,
    /// Attached clusters that no term is mapped to.
    pub clusters_without: Vec<String>,
}

/// A taxonomy of the plan's kind of site.
#[derive(Debug, Object)]
#[oai(rename = "TaxonomyNeed")]
pub struct TaxonomyNeedOut {
    pub taxonomy: Taxonomy,
    pub title: String,
    /// What it is good for.
    pub why: String,
    pub hierarchical: bool,
    /// There must be a term before pages are planned.
    pub required: bool,
    /// Terms that are there.
    pub terms: u64,
    pub proposed: u64,
}

/// A term that could be made, or mapped if it is there.
#[derive(Debug, Object)]
#[oai(rename = "TermProposal", skip_serializing_if_is_none)]
pub struct ProposalOut {
    /// Its place in the list.
    pub place: u32,
    pub taxonomy: Taxonomy,
    pub name: String,
    pub slug: String,
    /// Place of the one above it.
    pub parent: Option<u32>,
    /// Clusters it would be mapped to.
    pub clusters: Vec<String>,
    /// The term of that name, if it is there: only the mapping is new.
    pub existing: Option<String>,
}

/// What to do to a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "TermEditKind", rename_all = "snake_case")]
pub enum TermEditKind {
    /// A new term: `taxonomy`, `name`. `term` is any word by which later edits of the call name it.
    Add,
    /// `name` or `slug`; the old address leads to the new one.
    Rename,
    /// Below `parent`, or to the top.
    Nest,
    /// Into the term `into`: what is below it, its clusters, content and address go over.
    Merge,
    /// To the clusters of `add`, no more to those of `remove`.
    Map,
    /// Those below it move up; content loses it.
    Delete,
}

/// A change of the terms.
#[derive(Debug, Object)]
#[oai(rename = "TermEdit", deny_unknown_fields)]
pub struct TermEditIn {
    pub edit: TermEditKind,
    /// Id of the term.
    pub term: String,
    pub taxonomy: Option<Taxonomy>,
    pub name: Option<String>,
    /// Made from the name of a new term when absent.
    pub slug: Option<String>,
    pub parent: Option<String>,
    pub into: Option<String>,
    /// Clusters.
    #[oai(default)]
    pub add: Vec<String>,
    #[oai(default)]
    pub remove: Vec<String>,
}

/// Edits to make together: all or none.
#[derive(Debug, Object)]
#[oai(rename = "TermEdits", deny_unknown_fields)]
pub struct TermEditsIn {
    pub edits: Vec<TermEditIn>,
}

/// Which proposals to accept.
#[derive(Debug, Object)]
#[oai(rename = "TermProposalsAccept", deny_unknown_fields)]
pub struct AcceptIn {
    /// Places in the list of proposals, as it was read with this ETag; those above them come along. All when absent.
    pub proposals: Option<Vec<u32>>,
    /// Those of one taxonomy alone.
    pub taxonomy: Option<Taxonomy>,
}

/// What became of the terms.
#[derive(Debug, Object)]
#[oai(rename = "TermEditsDone")]
pub struct DoneOut {
    /// Ids of new terms, in the order of the edits.
    pub made: Vec<String>,
    pub changed: u32,
    pub merged: u32,
    pub deleted: u32,
    pub plan: PlanOut,
}

/// A file of terms.
#[derive(Debug, Multipart)]
#[oai(deny_unknown_fields)]
pub struct ImportForm {
    /// CSV: a table of terms, WordPress's categories and tags, or a shop's export of products.
    file: Upload,
}

/// What a file of terms holds, and what was made of it.
#[derive(Debug, Object)]
#[oai(rename = "TermImport", skip_serializing_if_is_none)]
pub struct ImportOut {
    pub dry_run: bool,
    pub rows: u64,
    pub columns: Vec<ColumnOut>,
    /// Terms that are new.
    pub new: u64,
    /// Terms that were there already.
    pub known: u64,
    /// The first of the terms, parents first.
    pub terms: Vec<ImportedOut>,
    /// What is wrong with rows; the others went in.
    pub problems: Vec<RowProblemOut>,
    pub more_problems: u64,
    pub plan: PlanOut,
}

/// What a column is used for.
#[derive(Debug, Object)]
#[oai(rename = "TermImportColumn", skip_serializing_if_is_none)]
pub struct ColumnOut {
    pub header: String,
    pub used_for: Option<String>,
}

/// A term of a file.
#[derive(Debug, Object)]
#[oai(rename = "ImportedTerm", skip_serializing_if_is_none)]
pub struct ImportedOut {
    pub taxonomy: Taxonomy,
    pub name: String,
    pub slug: String,
    /// Place of the one above it in the file's terms.
    pub parent: Option<u32>,
    pub line: u64,
    /// The term of the site that it is.
    pub existing: Option<String>,
}

/// Something wrong with a row.
#[derive(Debug, Object)]
#[oai(rename = "TermImportProblem")]
pub struct RowProblemOut {
    pub line: u64,
    /// Stable name, for programs.
    pub code: String,
    pub message: String,
}

fn bounded(inner: impl Endpoint) -> impl Endpoint<Output = Response> {
    upload::bounded(inner, |_| import::MAX_BYTES)
}

pub struct PlanTermsApi;

#[OpenApi(tag = "Tag::Builder")]
impl PlanTermsApi {
    /// Read the terms a plan needs
    ///
    /// With proposals for the attached clusters. The terms themselves are the site's (`term_list`).
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/taxonomy",
        method = "get",
        operation_id = "site_blueprint_taxonomy_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
    ) -> Result<Fetched<TaxonomyOut>> {
        let desk = shown(&app, &caller, site_id.0, blueprint_id.0, Depth::Keywords).await?;
        let (desk, proposals) = proposed(desk).await?;
        let mapped: std::collections::HashSet<&str> = desk
            .terms
            .iter()
            .flat_map(|term| &term.clusters)
            .map(String::as_str)
            .collect();
        let without = desk.clusters.iter().filter(|of| !mapped.contains(of.id.as_str()));
        let taxonomies = desk.kind.taxonomies.iter().map(|spec| {
            Ok(TaxonomyNeedOut {
                taxonomy: same(&spec.kind)?,
                title: spec.title.in_language(&desk.site.language).to_owned(),
                why: spec.why.clone(),
                hierarchical: spec.hierarchical,
                required: spec.required,
                terms: desk.terms.iter().filter(|term| term.kind == spec.kind).count() as u64,
                proposed: proposals.iter().filter(|of| of.kind == spec.kind).count() as u64,
            })
        });
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let out = TaxonomyOut {
            taxonomies: taxonomies.collect::<Result<_>>()?,
            clusters_without: without.take(CLUSTERS).map(|of| of.id.clone()).collect(),
            proposals: proposals
                .iter()
                .enumerate()
                .map(|(at, of)| {
                    Ok(ProposalOut {
                        place: place(at),
                        taxonomy: same(&of.kind)?,
                        name: of.name.clone(),
                        slug: of.slug.clone(),
                        parent: of.parent.map(place),
                        clusters: of.clusters.clone(),
                        existing: of.existing.clone(),
                    })
                })
                .collect::<Result<_>>()?,
        };
        Ok(Fetched::new(out, desk.row.rev))
    }

    /// Edit the terms of a plan
    ///
    /// Define, rename, nest, merge, map and delete: all edits or none, each refusal with what to do. Old addresses lead to the new ones.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/taxonomy/edits",
        method = "post",
        operation_id = "site_blueprint_taxonomy_edit"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn edit(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<TermEditsIn>,
    ) -> Result<Fetched<DoneOut>> {
        let at = (site_id.0, blueprint_id.0);
        let (scope, mut desk) = opened(&app, &caller, at, if_match.0.as_deref(), Depth::Names).await?;
        let given = body.0.edits;
        if given.is_empty() || given.len() > terms::MAX_EDITS {
            let message = format!("must be 1 to {}", terms::MAX_EDITS);
            return Err(Error::invalid(vec![FieldError::new("edits", message)]));
        }
        let language = desk.site.language.clone();
        let edits: Vec<TermEdit> = given
            .into_iter()
            .enumerate()
            .map(|(at, edit)| edit.read(at, &language))
            .collect::<Result<_>>()?;
        let audit = ("site_blueprint.terms_edited", &from.0);
        let done = terms::apply(&app, &scope, &mut desk, &edits, audit).await?;
        answered(&app, &scope, desk, done).await
    }

    /// Accept proposed terms
    ///
    /// Makes and maps them.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/taxonomy/accept",
        method = "post",
        operation_id = "site_blueprint_taxonomy_accept"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn accept(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
        /// ETag of the version the proposals were read with.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<AcceptIn>,
    ) -> Result<Fetched<DoneOut>> {
        let at = (site_id.0, blueprint_id.0);
        let (scope, desk) = opened(&app, &caller, at, if_match.0.as_deref(), Depth::Keywords).await?;
        let (mut desk, proposals) = proposed(desk).await?;
        let kind: Option<TaxonomyKind> = body.0.taxonomy.map(|of| same(&of)).transpose()?;
        let wanted: Vec<usize> = match &body.0.proposals {
            None => (0..proposals.len()).collect(),
            Some(places) => {
                let places: Vec<usize> = places.iter().map(|place| *place as usize).collect();
                if let Some(beyond) = places.iter().find(|place| **place >= proposals.len()) {
                    let message = format!("there is no proposal {beyond}; read them again");
                    return Err(Error::invalid(vec![FieldError::new("proposals", message)]));
                }
                places
            }
        };
        let wanted: Vec<usize> = wanted
            .into_iter()
            .filter(|at| kind.is_none_or(|kind| proposals[*at].kind == kind))
            .collect();
        let chosen = recommend::with_parents(&proposals, &wanted);
        let edits = terms::of_proposals(&desk, &chosen);
        let audit = ("site_blueprint.terms_accepted", &from.0);
        let done = terms::apply(&app, &scope, &mut desk, &edits, audit).await?;
        answered(&app, &scope, desk, done).await
    }

    /// Import terms
    ///
    /// CSV: tables of terms, WordPress's categories and tags, a shop's exports of products with their categories and attributes. What
    /// a column holds is known by its header; a row that is wrong is reported with its line, the rest goes in, and a second import
    /// of the same file makes nothing new.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/taxonomy/import",
        method = "post",
        operation_id = "site_blueprint_taxonomy_import",
        transform = "bounded"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn import(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
        /// The taxonomy of terms for which the file names none.
        taxonomy: Query<Option<Taxonomy>>,
        /// Change nothing, only report what would be done.
        dry_run: Query<Option<bool>>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        form: ImportForm,
    ) -> Result<Fetched<ImportOut>> {
        let at = (site_id.0, blueprint_id.0);
        let (scope, mut desk) = opened(&app, &caller, at, if_match.0.as_deref(), Depth::Names).await?;
        let bytes = form.file.into_vec().await.map_err(Error::internal)?;
        let kind = taxonomy.0.map(|of| same(&of)).transpose()?;
        let (existing, language) = (desk.terms.clone(), desk.site.language.clone());
        let read = aside(move || {
            import::read(
                &bytes,
                &Options {
                    kind,
                    existing: &existing,
                    language: &language,
                },
            )
        })
        .await?;
        let mut read = read.map_err(|problem| Error::invalid(vec![FieldError::new("file", problem.to_string())]))?;
        let dry_run = dry_run.0.unwrap_or(false);
        let mut problems: Vec<RowProblemOut> = read
            .problems
            .iter()
            .map(|of| RowProblemOut {
                line: of.line,
                code: of.code.word().to_owned(),
                message: of.message.clone(),
            })
            .collect();
        leave_out(&desk, &mut read.terms, &mut problems);
        let new = read.terms.iter().filter(|term| term.existing.is_none()).count();
        if !dry_run && new > 0 {
            terms::import(&app, &scope, &mut desk, &read.terms, &from.0).await?;
        }
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let out = ImportOut {
            dry_run,
            rows: read.rows,
            columns: read
                .columns
                .iter()
                .map(|of| ColumnOut {
                    header: of.header.clone(),
                    used_for: of.used_for.map(str::to_owned),
                })
                .collect(),
            new: new as u64,
            known: (read.terms.len() - new) as u64,
            terms: read
                .terms
                .iter()
                .take(SHOWN)
                .map(|of| {
                    Ok(ImportedOut {
                        taxonomy: same(&of.kind)?,
                        name: of.name.clone(),
                        slug: of.slug.clone(),
                        parent: of.parent.map(place),
                        line: of.line,
                        existing: of.existing.clone(),
                    })
                })
                .collect::<Result<_>>()?,
            problems,
            more_problems: read.more_problems,
            plan: PlanOut::of(&desk)?,
        };
        Ok(Fetched::new(out, desk.row.rev))
    }
}

/// Takes terms out of a file that sites of the plan's kind have no taxonomy for.
fn leave_out(desk: &Desk, terms: &mut Vec<import::Imported>, problems: &mut Vec<RowProblemOut>) {
    let mut place: Vec<Option<usize>> = Vec::with_capacity(terms.len());
    let mut kept: Vec<import::Imported> = Vec::with_capacity(terms.len());
    for term in std::mem::take(terms) {
        if desk.kind.taxonomy(term.kind).is_none() {
            place.push(None);
            problems.push(RowProblemOut {
                line: term.line,
                code: "unknown_taxonomy".to_owned(),
                message: format!(
                    "“{}” is a {}, which sites of this kind do not have; it was left out.",
                    term.name,
                    term.kind.word().replace('_', " ")
                ),
            });
            continue;
        }
        place.push(Some(kept.len()));
        kept.push(import::Imported {
            parent: term.parent.and_then(|above| place.get(above).copied().flatten()),
            ..term
        });
    }
    *terms = kept;
}

/// The proposals for a plan; making them takes its time.
async fn proposed(desk: Desk) -> Result<(Desk, Vec<Proposal>)> {
    aside(move || {
        let proposals = recommend(desk.input());
        (desk, proposals)
    })
    .await
}

async fn answered(
    app: &App,
    scope: &igny8_data::SiteScope<igny8_data::Write>,
    desk: Desk,
    done: terms::Done,
) -> Result<Fetched<DoneOut>> {
    // Merging and deleting moved rows of their own.
    let reopened = desk.reopened.clone();
    let mut desk = match done.merged + done.deleted {
        0 => desk,
        _ => Desk::open(app, &scope.reading(), desk.row.id, Depth::Names).await?,
    };
    if desk.reopened.is_empty() {
        desk.reopened = reopened;
    }
    let out = DoneOut {
        made: done.made.iter().map(ToString::to_string).collect(),
        changed: done.changed,
        merged: done.merged,
        deleted: done.deleted,
        plan: PlanOut::of(&desk)?,
    };
    Ok(Fetched::new(out, desk.row.rev))
}

impl TermEditIn {
    fn read(self, at: usize, language: &str) -> Result<TermEdit> {
        let needs = |field: &str| {
            Error::invalid(vec![FieldError::new(
                format!("edits.{at}.{field}"),
                "must be given with this edit",
            )])
        };
        let term = self.term;
        Ok(match self.edit {
            TermEditKind::Add => {
                let name = self.name.ok_or_else(|| needs("name"))?.trim().to_owned();
                let taxonomy = self.taxonomy.ok_or_else(|| needs("taxonomy"))?;
                let slug = self.slug.unwrap_or_else(|| igny8_text::slug(&name, language));
                TermEdit::Add {
                    term: taxonomy::Term {
                        id: term,
                        kind: same(&taxonomy)?,
                        name,
                        slug,
                        parent: self.parent,
                        clusters: self.add,
                    },
                }
            }
            TermEditKind::Rename => {
                if self.name.is_none() && self.slug.is_none() {
                    return Err(needs("name"));
                }
                TermEdit::Rename {
                    term,
                    name: self.name,
                    slug: self.slug,
                }
            }
            TermEditKind::Nest => TermEdit::Nest {
                term,
                parent: self.parent,
            },
            TermEditKind::Merge => TermEdit::Merge {
                term,
                into: self.into.ok_or_else(|| needs("into"))?,
            },
            TermEditKind::Map => TermEdit::Map {
                term,
                add: self.add,
                remove: self.remove,
            },
            TermEditKind::Delete => TermEdit::Delete { term },
        })
    }
}
