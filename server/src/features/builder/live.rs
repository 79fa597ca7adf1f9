//! Plans and the live site: what a plan makes of a site's settings, going live, and following terms that are renamed later.
//!
//! Menus are stored whole. What visitors see of them is decided anew with each deployment: entries whose pages are not there yet
//! are left out ([`crate::features::publishing::snapshot`]), so a site goes live in parts as its content arrives.

use std::collections::{BTreeMap, HashMap};

use igny8_builder::blueprint::Blueprint;
use igny8_builder::names::{Choice as _, Entity, PageType, TaxonomyKind};
use igny8_builder::sitemap::menus::{Link, visible};
use igny8_builder::sitemap::{PagePlan, Sitemap};
use igny8_data::{
    Access, AccountScope, AuditEvent, CanWrite, DbError, JobRow, Manage, NewJob, Origin, SiteScope, Tx, Variables, Why,
    Write,
};
use igny8_renderer::site as out;
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::catalogue;
use super::desk::{Depth, Desk};
use super::model::{PlanStatus, SiteBlueprint, SiteBlueprintId};
use super::words::same;
use crate::api::{Error, Result};
use crate::app::App;
use crate::features::content::{Content, Reason, published, save};
use crate::features::sites::Site;
use crate::jobs::{JobContext, JobError, JobType};

/// The job that lets the live plan and the site's menus follow terms.
const FOLLOW: &str = "follow_plan";
/// Characters of an entry of a menu, as the site's settings take them.
const LABEL: usize = 80;
/// Redirects of one site, as its settings take them.
const REDIRECTS: usize = 5_000;
/// Times a site is read again because somebody else was faster.
const ATTEMPTS: usize = 5;

/// Makes the settings of a site those that its plan asks for. What the plan says nothing of stays: further menus and sections,
/// texts of sections, options of the theme that were chosen.
///
/// # Errors
/// When something is stored that this program does not know.
pub fn apply_to(site: &mut Site, kind: &Blueprint, sitemap: &Sitemap, keep_theme: bool) -> Result<()> {
    site.site_type = catalogue::site_type(kind.site_type);
    if !keep_theme {
        let own = site.theme_options.as_object().cloned().unwrap_or_default();
        let usual: Value = same(&kind.theme.options)?;
        let mut options = usual.as_object().cloned().unwrap_or_default();
        options.extend(own);
        site.theme_options = Value::Object(options);
        site.theme.clone_from(&kind.theme.name);
    }
    let mut menus: IndexMap<String, Vec<out::MenuItem>> =
        serde_json::from_value(site.menus.clone()).unwrap_or_default();
    for (place, links) in visible(sitemap, |_| true) {
        menus.insert(place.word().to_owned(), links.into_iter().map(entry).collect());
    }
    site.menus = json_of(&menus)?;

    let mut sections: Vec<out::Section> = site.sections.iter().map(same).collect::<Result<_>>()?;
    for page in sitemap.pages.iter().filter(|page| page.entity == Entity::Section) {
        let path = page.address();
        let old = sections.iter().position(|section| section.path == path);
        let new = section(page, old.map(|at| &sections[at]), &site.language);
        match old {
            Some(at) => sections[at] = new,
            None => sections.push(new),
        }
    }
    site.sections = sections.iter().map(json_of).collect::<Result<_>>()?;

    let mut taxonomies: Vec<out::Taxonomy> = site.taxonomies.iter().map(same).collect::<Result<_>>()?;
    for spec in &kind.taxonomies {
        let of: out::TaxonomyKind = same(&spec.kind)?;
        let old = taxonomies.iter().position(|taxonomy| taxonomy.kind == of);
        let new = out::Taxonomy {
            name: spec.name.clone(),
            title: spec.title.in_language(&site.language).to_owned(),
            kind: of,
            path: spec.url.clone(),
            terms: Vec::new(),
            per_page: old.and_then(|at| taxonomies[at].per_page),
            feed: old.is_none_or(|at| taxonomies[at].feed),
        };
        match old {
            Some(at) => taxonomies[at] = new,
            None => taxonomies.push(new),
        }
    }
    site.taxonomies = taxonomies.iter().map(json_of).collect::<Result<_>>()?;
    site.planned = true;
    Ok(())
}

fn entry(link: Link) -> out::MenuItem {
    out::MenuItem {
        label: link.label.chars().take(LABEL).collect(),
        url: link.url,
        children: link.below.into_iter().map(entry).collect(),
    }
}

fn section(page: &PagePlan, old: Option<&out::Section>, language: &str) -> out::Section {
    out::Section {
        path: page.address(),
        title: page.title.clone(),
        description: page.description.clone(),
        body: old.map_or_else(|| out::Body::Markdown(String::new()), |old| old.body.clone()),
        language: language.to_owned(),
        sort: match (old, page.page_type) {
            (Some(old), _) => old.sort,
            (None, PageType::Blog) => out::SectionSort::Date,
            (None, _) => out::SectionSort::Title,
        },
        per_page: old.and_then(|old| old.per_page),
        translation_key: old.and_then(|old| old.translation_key.clone()),
        render: old.is_none_or(|old| old.render),
        weight: old.and_then(|old| old.weight),
        extra: old.map(|old| old.extra.clone()).unwrap_or_default(),
    }
}

fn json_of(value: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(Error::internal)
}

/// What became of a deployment of a plan.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// Pages with content that moved to other addresses; the old ones lead there.
    pub moved: u32,
    /// Pages that could not be moved, and why.
    pub not_moved: Vec<(String, String)>,
}

/// Makes a plan the one that the site follows.
///
/// # Errors
/// 422 while steps are open, 412 when somebody was faster.
pub async fn deploy(
    app: &App,
    account: &AccountScope<Manage>,
    scope: &SiteScope<Manage>,
    desk: &mut Desk,
    keep_theme: bool,
    origin: &Origin,
) -> Result<Deployed> {
    let now = app.db.clock().now();
    let before = live_id(app, scope).await?;
    let was: BTreeMap<String, String> = match before {
        None => BTreeMap::new(),
        Some(id) if id == desk.row.id => desk.pages.live.clone(),
        Some(id) => Desk::open(app, &scope.reading(), id, Depth::Names).await?.pages.live,
    };
    // First the content: what is interrupted here is done by the next call.
    let mut deployed = Deployed::default();
    let now_at: BTreeMap<String, String> = desk
        .pages
        .sitemap
        .pages
        .iter()
        .map(|page| (page.key.clone(), page.address()))
        .collect();
    for (key, old) in &was {
        let Some(page) = desk.page(key).filter(|page| page.address() != *old) else {
            continue;
        };
        let Some(content) = desk.made.get(key).and_then(|made| made.content) else {
            continue;
        };
        match move_content(app, scope, content, page, old).await {
            Ok(true) => deployed.moved += 1,
            Ok(false) => {}
            Err(error) => deployed.not_moved.push((key.clone(), error.into_problem().detail)),
        }
    }
    let mut redirects: HashMap<String, String> = HashMap::new();
    for (key, old) in &was {
        let gone = !now_at.values().any(|address| address == old);
        if let Some(page) = desk.page(key).filter(|page| page.entity == Entity::Section && gone) {
            redirects.insert(old.clone(), page.address());
        }
    }
    let db = app.db.account(account);
    let mut site = db.get::<Site>(scope.site()).await?.ok_or_else(Error::not_found)?;
    apply_to(&mut site, desk.kind, &desk.pages.sitemap, keep_theme)?;
    for (from, to) in redirects {
        if site.redirects.len() < REDIRECTS {
            site.redirects.push(json_of(&out::Redirect { from, to })?);
        }
    }
    site.updated_at = now;
    desk.site = site.clone();
    desk.pages.live = now_at;
    desk.settle_seen();
    desk.row.status = PlanStatus::Live;
    desk.row.live = Some(true);
    desk.row.deployed_at = Some(now);
    desk.row.deployed_rev = Some(desk.pages_rev());
    let mut tx = db.tx();
    if let Some(other) = before.filter(|id| *id != desk.row.id)
        && let Some(mut other) = app.db.site(scope).get::<SiteBlueprint>(other).await?
    {
        (other.status, other.live, other.updated_at) = (PlanStatus::Retired, None, now);
        tx.replace(&mut other);
    }
    desk.save(&mut tx, now);
    tx.replace(&mut site);
    published::changed(app, scope, &mut tx).await?;
    tx.audit(
        AuditEvent::new("site_blueprint.deployed", desk.row.id, origin)
            .detail(json!({ "version": desk.row.version, "pages": desk.row.pages })),
    );
    tx.commit().await.map_err(somebody_else_goes_live)?;
    Ok(deployed)
}

fn somebody_else_goes_live(error: DbError) -> Error {
    match error {
        DbError::Duplicate { index } if index == "site_blueprint_live" => Error::stale(None),
        error => error.into(),
    }
}

/// Brings a page's content to its new address. False when it is not at the old one: somebody moved it by hand.
async fn move_content(
    app: &App,
    scope: &SiteScope<Manage>,
    id: crate::features::content::ContentId,
    page: &PagePlan,
    old_address: &str,
) -> Result<bool> {
    let db = app.db.site(scope);
    for _ in 0..ATTEMPTS {
        let Some(old) = db.get::<Content>(id).await? else {
            return Ok(false);
        };
        if old.path != old_address {
            return Ok(false);
        }
        let mut new = old.clone();
        new.section.clone_from(&page.section);
        new.slug.clone_from(&page.slug);
        let language = crate::features::sites::language_of(&db).await?;
        save::keep_address(&old, &mut new, &language);
        let mut tx = db.tx();
        let who = scope.actor().who();
        save::change(&app.db, &mut tx, who, &old, &mut new, Reason::Edited);
        match tx.commit().await {
            Ok(_) => return Ok(true),
            Err(DbError::Stale) => {}
            Err(error) => return Err(save::refused(error)),
        }
    }
    Err(Error::unavailable("The content is being changed by others. Try again."))
}

/// The plan that a site follows.
///
/// # Errors
/// When the database fails.
pub async fn live_id<A: Access>(app: &App, scope: &SiteScope<A>) -> Result<Option<SiteBlueprintId>, DbError> {
    let sql = "SELECT VALUE id FROM site_blueprint WHERE site = $site AND live = true AND account = $account \
               AND deleted_at IS NONE LIMIT 1;";
    let db = app.db.site(scope);
    let mut answer = db.query(sql, Variables::new(), "looking for the live plan").await?;
    Ok(answer.rows::<SiteBlueprintId>(0)?.pop())
}

/// Lets the live plan follow terms that are changed in this unit of work, if the site has one.
///
/// # Errors
/// When the database fails.
pub async fn terms_changed<A: CanWrite>(app: &App, scope: &SiteScope<A>, tx: &mut Tx<'_>) -> Result<(), DbError> {
    if live_id(app, scope).await?.is_some() {
        let key = format!("{FOLLOW}/{}", scope.site());
        tx.enqueue_for(scope, NewJob::new(FOLLOW, json!({})).key(key));
    }
    Ok(())
}

/// The job of [`terms_changed`].
pub fn job() -> JobType {
    JobType::new(FOLLOW, |app: App, job: JobRow, _context: JobContext| async move {
        let nothing = || Ok(json!({ "reason": "the site follows no plan" }));
        let (Some(site), Ok(actor)) = (job.site, app.db.system_actor(job.account, Why::Schedule).await) else {
            return nothing();
        };
        let scope = match actor.site::<Write>(&app.db, site).await {
            Ok(scope) => scope,
            Err(igny8_data::Denied::Db(error)) => return Err(error.into()),
            Err(_) => return nothing(),
        };
        for _ in 0..ATTEMPTS {
            let Some(id) = live_id(&app, &scope).await? else {
                return nothing();
            };
            match follow(&app, &scope, id).await {
                Ok(entries) => return Ok(json!({ "menu_entries": entries })),
                Err(Error::PreconditionFailed(_)) => {}
                Err(error) => return Err(JobError::Retry(error.into_problem().detail)),
            }
        }
        Err(JobError::Retry("The plan is being changed by others.".into()))
    })
}

/// Saves what catching up found, and renames and moves what menus say of terms.
async fn follow(app: &App, scope: &SiteScope<Write>, id: SiteBlueprintId) -> Result<usize> {
    let now = app.db.clock().now();
    let mut desk = Desk::open(app, &scope.reading(), id, Depth::Names).await?;
    let renamed = desk.renamed();
    let in_step = desk.follows_live();
    let addresses: HashMap<&str, &str> = desk
        .kind
        .taxonomies
        .iter()
        .map(|spec| (spec.kind.word(), spec.url.as_str()))
        .collect();
    let mut menus: IndexMap<String, Vec<out::MenuItem>> =
        serde_json::from_value(desk.site.menus.clone()).unwrap_or_default();
    let mut entries = 0;
    for (kind, before, after) in &renamed {
        let Some(base) = addresses.get(kind.as_str()) else {
            continue;
        };
        let (old, new) = (format!("{base}{}/", before.slug), format!("{base}{}/", after.slug));
        let items = menus.values_mut().flatten();
        let all = items.flat_map(|item| {
            let below = item.children.iter_mut().map(|child| (&mut child.label, &mut child.url));
            std::iter::once((&mut item.label, &mut item.url)).chain(below)
        });
        for (label, url) in all.filter(|(_, url)| **url == old) {
            url.clone_from(&new);
            // Words that somebody chose stay.
            if *label == before.name {
                label.clone_from(&after.name);
            }
            entries += 1;
        }
    }
    for (key, address) in &mut desk.pages.live {
        if let Some(page) = desk.pages.sitemap.page(key).filter(|page| page.term.is_some()) {
            *address = page.address();
        }
    }
    if in_step {
        desk.row.deployed_rev = Some(desk.pages_rev());
    }
    let mut tx = app.db.site(scope).tx();
    desk.save(&mut tx, now);
    if entries > 0 {
        let mut binds = Variables::new();
        binds.insert("menus", json_of(&menus)?);
        binds.insert("site_rev", desk.site.rev);
        binds.insert("site_at", now);
        tx.statement(
            "IF (UPDATE ONLY $site SET menus = $menus, rev += 1, updated_at = $site_at WHERE account = $account \
             AND rev = $site_rev RETURN VALUE rev) IS NONE { THROW 'stale' }",
            binds,
        );
        published::changed(app, scope, &mut tx).await?;
    }
    tx.commit().await?;
    Ok(entries)
}

/// The address of the archives of a taxonomy's terms.
pub fn archive_base(kind: &Blueprint, of: TaxonomyKind) -> Option<&str> {
    kind.taxonomy(of).map(|spec| spec.url.as_str())
}
