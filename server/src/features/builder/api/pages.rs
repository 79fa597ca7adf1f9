//! The pages of a plan: list, edit, compare, and the matrix of clusters and terms.

use igny8_builder::coverage::{CellState, matrix};
use igny8_builder::sitemap::edit::Edit;
use igny8_builder::sitemap::{Aim, Menu, MenuEntry, PagePlan, compare};
use igny8_builder::slugs::slug_of;
use igny8_data::{SiteId, SurrealValue};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use serde_json::json;

use super::objects::{
    ChangedPageOut, ComparisonOut, MenuOut, MovedPageOut, PageEditIn, PageEditKind, PageEditsIn, PageOut, PlanOut,
    PlannedMenuItem, PlannedPageType,
};
use super::{opened, part, saved, shown};
use crate::api::{Caller, Error, Fetched, FieldError, From, Page, Result, Tag};
use crate::app::App;
use crate::features::builder::desk::{Depth, Desk, aside};
use crate::features::builder::model::SiteBlueprintId;
use crate::features::builder::words::same;
use crate::features::taxonomy::Taxonomy;

/// Pages that an answer about a comparison names, of each sort.
const TOLD: usize = 2_000;

/// Clusters against terms.
#[derive(Debug, Object)]
#[oai(rename = "PlanMatrix", skip_serializing_if_is_none)]
pub struct MatrixOut {
    pub rows: Vec<MatrixRowOut>,
    /// The columns in which these rows have a cell.
    pub columns: Vec<MatrixColumnOut>,
    pub all_rows: u32,
    pub all_columns: u32,
    /// Holes of the whole: cells, and clusters without any.
    pub holes: u32,
    pub duplicates: u32,
    /// Cursor of the next rows; absent on the last part.
    pub next: Option<String>,
}

/// A cluster.
#[derive(Debug, Object)]
#[oai(rename = "PlanMatrixRow", skip_serializing_if_is_none)]
pub struct MatrixRowOut {
    pub cluster: String,
    pub name: String,
    pub pages: u32,
    /// Key of its hub page.
    pub hub: Option<String>,
    pub supporting: u32,
    /// Cells that hold something or should.
    pub cells: Vec<MatrixCellOut>,
}

/// A term.
#[derive(Debug, Object)]
#[oai(rename = "PlanMatrixColumn")]
pub struct MatrixColumnOut {
    pub term: String,
    pub name: String,
    pub taxonomy: Taxonomy,
    pub pages: u32,
}

crate::features::planner::model::choice!(
    /// How a cell of the matrix is.
    MatrixCellState {
        Covered,
        /// The term is mapped to the cluster, and there is no page.
        Hole,
        /// Two of the pages aim at one keyword, or are both hubs.
        Duplicate,
    }
);

/// The pages of a cluster that are filed under a term.
#[derive(Debug, Object)]
#[oai(rename = "PlanMatrixCell")]
pub struct MatrixCellOut {
    pub term: String,
    pub state: MatrixCellState,
    pub count: u32,
    /// Keys of the first of them.
    pub pages: Vec<String>,
}

/// The menus of a plan.
#[derive(Debug, Object)]
#[oai(rename = "PlannedMenus")]
pub struct MenusOut {
    pub menus: Vec<MenuOut>,
    /// What planning told: a stable name and what it is about.
    pub notes: Vec<serde_json::Value>,
}

pub struct PlanPagesApi;

#[OpenApi(tag = "Tag::Builder")]
impl PlanPagesApi {
    /// List the pages of a plan
    ///
    /// In the order of the tree: each after the one it stands below.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/pages",
        method = "get",
        operation_id = "site_blueprint_page_list"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        /// Text in title or address.
        search: Query<Option<String>>,
        /// The page of this key alone.
        key: Query<Option<String>>,
        /// Pages directly below the one of this key.
        parent: Query<Option<String>>,
        cluster: Query<Option<String>>,
        /// Filed under this term, or its archive.
        term: Query<Option<String>>,
        page_type: Query<Option<PlannedPageType>>,
        /// Pages of which nothing was made yet.
        unassigned: Query<Option<bool>>,
        locked: Query<Option<bool>>,
    ) -> Result<Json<Page<PageOut>>> {
        let desk = shown(&app, &caller, site_id.0, blueprint_id.0, Depth::Names).await?;
        let text = search
            .0
            .as_deref()
            .map(str::to_lowercase)
            .filter(|text| !text.is_empty());
        let wanted_type = page_type
            .0
            .map(|of| same::<igny8_builder::names::PageType>(&of))
            .transpose()?;
        let fits = |page: &&PagePlan| {
            let made = desk.made.contains_key(&page.key);
            key.0.as_ref().is_none_or(|key| page.key == *key)
                && parent.0.as_ref().is_none_or(|key| page.parent.as_ref() == Some(key))
                && cluster.0.as_ref().is_none_or(|id| page.cluster.as_ref() == Some(id))
                && term
                    .0
                    .as_ref()
                    .is_none_or(|id| page.terms.contains(id) || page.term.as_ref() == Some(id))
                && wanted_type.is_none_or(|of| page.page_type == of)
                && unassigned.0.is_none_or(|wanted| wanted != made)
                && locked.0.is_none_or(|wanted| page.locked == wanted)
                && text.as_ref().is_none_or(|text| {
                    page.title.to_lowercase().contains(text) || page.address().contains(text.as_str())
                })
        };
        let found: Vec<&PagePlan> = desk.pages.sitemap.pages.iter().filter(fits).collect();
        let purpose = format!(
            "plan_pages|{}|{}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}|{:?}",
            desk.row.id,
            desk.pages_rev(),
            text,
            key.0,
            parent.0,
            cluster.0,
            term.0,
            page_type.0,
            unassigned.0,
            locked.0
        );
        let (range, next) = part(&app, &purpose, limit.0, cursor.0.as_deref(), found.len())?;
        let total = (with_total.0 == Some(true)).then_some(found.len() as u64);
        let items = found[range].iter().map(|page| PageOut::of(&desk, page));
        Ok(Json(Page {
            items: items.collect::<Result<_>>()?,
            next,
            total,
        }))
    }

    /// Read the menus of a plan
    ///
    /// And what planning told.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/menus",
        method = "get",
        operation_id = "site_blueprint_menus_get"
    )]
    async fn menus(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
    ) -> Result<Fetched<MenusOut>> {
        let desk = shown(&app, &caller, site_id.0, blueprint_id.0, Depth::Names).await?;
        let menu = |menu: &Menu| {
            Ok(MenuOut {
                place: same(&menu.place)?,
                locked: menu.locked,
                items: menu
                    .items
                    .iter()
                    .map(|entry| PlannedMenuItem {
                        page: entry.page.clone(),
                        label: entry.label.clone(),
                        below: entry.below.clone(),
                    })
                    .collect(),
            })
        };
        let out = MenusOut {
            menus: desk.pages.sitemap.menus.iter().map(menu).collect::<Result<_>>()?,
            notes: desk.pages.notes.clone(),
        };
        Ok(Fetched::new(out, desk.row.rev))
    }

    /// Edit the pages of a plan
    ///
    /// Add, delete, rename, move, lock, and more: all edits or none, each refusal with what to do. What is changed by hand is locked,
    /// so planning anew leaves it as it is.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/pages/edits",
        method = "post",
        operation_id = "site_blueprint_pages_edit"
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
        body: Json<PageEditsIn>,
    ) -> Result<Fetched<PlanOut>> {
        let aims = body
            .0
            .edits
            .iter()
            .any(|edit| edit.edit == PageEditKind::Aim || edit.primary.is_some());
        let depth = if aims { Depth::Keywords } else { Depth::Names };
        let at = (site_id.0, blueprint_id.0);
        let (scope, mut desk) = opened(&app, &caller, at, if_match.0.as_deref(), depth).await?;
        if body.0.edits.is_empty() {
            return Err(Error::invalid(vec![FieldError::new("edits", "must not be empty")]));
        }
        let given = body.0.edits.into_iter().enumerate();
        let edits: Vec<Edit> = given
            .map(|(at, edit)| edit.read(at, &app, &desk))
            .collect::<Result<_>>()?;
        let (mut desk, edits) = {
            // A large plan with many edits takes its time.
            let done = aside(move || {
                let result = desk.edit(&edits);
                (desk, edits, result)
            })
            .await?;
            done.2?;
            (done.0, done.1)
        };
        let names: Vec<&str> = edits.iter().take(50).map(Edit::page).collect();
        let detail = json!({ "edits": edits.len(), "pages": names });
        saved(
            &app,
            &scope,
            &mut desk,
            ("site_blueprint.pages_edited", detail),
            &from.0,
        )
        .await?;
        PlanOut::fetched(&desk)
    }

    /// Compare a plan
    ///
    /// With another plan of the site, or with what planning it anew would give.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/comparison",
        method = "get",
        operation_id = "site_blueprint_compare"
    )]
    async fn compare(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
        /// A plan of the site; what planning anew would give when absent.
        with: Query<Option<SiteBlueprintId>>,
    ) -> Result<Json<ComparisonOut>> {
        let desk = shown(&app, &caller, site_id.0, blueprint_id.0, Depth::Keywords).await?;
        let other = match with.0 {
            None => None,
            Some(id) => Some(shown(&app, &caller, site_id.0, id, Depth::Names).await?.pages.sitemap),
        };
        let changes = aside(move || {
            let other = other.unwrap_or_else(|| desk.planned().sitemap);
            compare(&desk.pages.sitemap, &other)
        })
        .await?;
        let some = |mut keys: Vec<String>| {
            keys.truncate(TOLD);
            keys
        };
        Ok(Json(ComparisonOut {
            added: some(changes.added),
            removed: some(changes.removed),
            changed: changes
                .changed
                .into_iter()
                .take(TOLD)
                .map(|(page, fields)| ChangedPageOut {
                    page,
                    fields: fields.into_iter().map(str::to_owned).collect(),
                })
                .collect(),
            moved: changes
                .moved
                .into_iter()
                .take(TOLD)
                .map(|(page, from, to)| MovedPageOut { page, from, to })
                .collect(),
            menus: changes.menus,
        }))
    }

    /// Read the matrix of a plan
    ///
    /// Clusters against terms, with the pages in each cell: holes and duplicates can be seen.
    #[oai(
        path = "/sites/:site_id/blueprints/:blueprint_id/matrix",
        method = "get",
        operation_id = "site_blueprint_matrix"
    )]
    async fn matrix(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        blueprint_id: Path<SiteBlueprintId>,
        /// Rows, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the part before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<MatrixOut>> {
        let desk = shown(&app, &caller, site_id.0, blueprint_id.0, Depth::Names).await?;
        let (id, rev, rows) = (desk.row.id, desk.pages_rev(), desk.clusters.len());
        let purpose = format!("plan_matrix|{id}|{rev}");
        let (range, next) = part(&app, &purpose, limit.0, cursor.0.as_deref(), rows)?;
        let page = aside(move || matrix(desk.input()).page(range.start, range.len())).await?;
        let cell = |cell: &igny8_builder::coverage::Cell| MatrixCellOut {
            term: cell.term.clone(),
            state: match cell.state {
                CellState::Covered => MatrixCellState::Covered,
                CellState::Hole => MatrixCellState::Hole,
                CellState::Duplicate => MatrixCellState::Duplicate,
            },
            count: cell.count,
            pages: cell.pages.clone(),
        };
        Ok(Json(MatrixOut {
            rows: page
                .rows
                .iter()
                .map(|row| MatrixRowOut {
                    cluster: row.cluster.clone(),
                    name: row.name.clone(),
                    pages: row.pages,
                    hub: row.hub.clone(),
                    supporting: row.supporting,
                    cells: row.cells.iter().map(cell).collect(),
                })
                .collect(),
            columns: page
                .columns
                .iter()
                .map(|column| {
                    Ok(MatrixColumnOut {
                        term: column.term.clone(),
                        name: column.name.clone(),
                        taxonomy: same(&column.kind)?,
                        pages: column.pages,
                    })
                })
                .collect::<Result<_>>()?,
            all_rows: page.all_rows,
            all_columns: page.all_columns,
            holes: page.holes,
            duplicates: page.duplicates,
            next,
        }))
    }
}

impl PageEditIn {
    fn read(self, at: usize, app: &App, desk: &Desk) -> Result<Edit> {
        let wrong =
            |field: &str, message: &str| Error::invalid(vec![FieldError::new(format!("edits.{at}.{field}"), message)]);
        let needs = |field: &str| wrong(field, "must be given with this edit");
        let page = |page: Option<String>| page.ok_or_else(|| needs("page"));
        let aim = |id: &String, field: &str| {
            let all = desk.clusters.iter().flat_map(|of| &of.keywords);
            let mut found = all.filter(|keyword| keyword.id == *id);
            let keyword = found
                .next()
                .ok_or_else(|| wrong(field, "must be keywords of attached clusters"))?;
            Ok::<_, Error>(Aim {
                id: keyword.id.clone(),
                text: keyword.text.clone(),
            })
        };
        if let Some(cluster) = &self.cluster
            && !desk.clusters.iter().any(|of| of.id == *cluster)
        {
            return Err(wrong("cluster", "must be a cluster that is attached to the plan"));
        }
        let terms_known = |ids: &[String]| ids.iter().all(|id| desk.terms.iter().any(|term| term.id == *id));
        Ok(match self.edit {
            PageEditKind::Add => {
                let kind = self.kind.as_deref().ok_or_else(|| needs("kind"))?;
                let spec = desk.kind.page(kind).ok_or_else(|| {
                    let keys: Vec<&str> = desk.kind.pages.iter().map(|spec| spec.key.as_str()).collect();
                    wrong("kind", &format!("must be one of {}", keys.join(", ")))
                })?;
                if spec.kind.entity() == igny8_builder::names::Entity::Term {
                    return Err(wrong("kind", "an archive comes with its term: make the term"));
                }
                let title = self.title.clone().ok_or_else(|| needs("title"))?.trim().to_owned();
                let slug = self
                    .slug
                    .clone()
                    .unwrap_or_else(|| slug_of(&title, &desk.site.language));
                let section = match spec.url.rsplit_once("{slug}") {
                    Some((section, _)) => section.to_owned(),
                    None => "/".to_owned(),
                };
                let key: igny8_data::JobId = app.db.ids().make();
                let primary = self.primary.as_ref().map(|id| aim(id, "primary")).transpose()?;
                if !terms_known(&self.add) {
                    return Err(wrong("add", "must be terms of this site"));
                }
                let content_type = spec.kind.entity().content_type();
                let structure =
                    content_type.map(|_| spec.structure.unwrap_or(igny8_builder::names::Structure::General));
                let role = match self.cluster {
                    Some(_) => Some(same(
                        &self.role.unwrap_or(crate::features::planner::ClusterRole::Supporting),
                    )?),
                    None => None,
                };
                Edit::Add {
                    page: Box::new(PagePlan {
                        // Its id is nothing but unique.
                        key: format!("own:{}", igny8_data::RecordKey::key(key)),
                        kind: spec.key.clone(),
                        page_type: spec.kind,
                        entity: spec.kind.entity(),
                        content_type: spec.kind.entity().content_type(),
                        structure,
                        layout: spec.layout,
                        cluster: self.cluster,
                        role,
                        term: None,
                        terms: self.add,
                        label: self.label.unwrap_or_else(|| title.clone()),
                        title,
                        seo_title: String::new(),
                        description: String::new(),
                        hidden: spec.seo.hidden,
                        section,
                        slug,
                        parent: self.parent,
                        position: 0,
                        primary,
                        keywords: Vec::new(),
                        volume: 0,
                        outline: Vec::new(),
                        words: spec.words.or(structure.map(|of| of.words(0))).unwrap_or(0),
                        blocks: Vec::new(),
                        links: Vec::new(),
                        required: false,
                        locked: true,
                    }),
                }
            }
            PageEditKind::Delete => Edit::Delete { page: page(self.page)? },
            PageEditKind::Rename => Edit::Rename {
                page: page(self.page)?,
                title: self.title,
                label: self.label,
                slug: self.slug,
            },
            PageEditKind::Move => Edit::Move {
                page: page(self.page)?,
                parent: self.parent,
                position: self.position,
            },
            PageEditKind::Lock => Edit::Lock { page: page(self.page)? },
            PageEditKind::Unlock => Edit::Unlock { page: page(self.page)? },
            PageEditKind::Aim => Edit::Aim {
                page: page(self.page)?,
                primary: self.primary.as_ref().map(|id| aim(id, "primary")).transpose()?,
                keywords: match &self.keywords {
                    Some(ids) => Some(ids.iter().map(|id| aim(id, "keywords")).collect::<Result<_>>()?),
                    None => None,
                },
            },
            PageEditKind::Assign => Edit::Assign {
                page: page(self.page)?,
                role: self.role.map(|role| same(&role)).transpose()?,
                cluster: self.cluster,
            },
            PageEditKind::File => {
                if !terms_known(&self.add) {
                    return Err(wrong("add", "must be terms of this site"));
                }
                Edit::File {
                    page: page(self.page)?,
                    add: self.add,
                    remove: self.remove,
                }
            }
            PageEditKind::Link => Edit::Link {
                page: page(self.page)?,
                add: self.add,
                remove: self.remove,
            },
            PageEditKind::Menu => Edit::Menu {
                menu: Menu {
                    place: same(&self.place.ok_or_else(|| needs("place"))?)?,
                    items: self
                        .items
                        .ok_or_else(|| needs("items"))?
                        .into_iter()
                        .map(|item| MenuEntry {
                            page: item.page,
                            label: item.label,
                            below: item.below,
                        })
                        .collect(),
                    locked: true,
                },
            },
            PageEditKind::Unlist => Edit::Unlist {
                place: same(&self.place.ok_or_else(|| needs("place"))?)?,
                page: page(self.page)?,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use igny8_builder::names::Choice;

    #[test]
    fn pages_that_are_added_have_an_address() {
        for kind in crate::features::builder::catalogue::all() {
            for spec in &kind.pages {
                let many = spec.url.contains("{slug}");
                assert!(
                    !many || spec.url.ends_with("{slug}/"),
                    "{}: {}",
                    spec.kind.word(),
                    spec.url
                );
            }
        }
    }
}
