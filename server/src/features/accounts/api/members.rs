//! `/members`: who belongs to the account, in which role, with which sites.

use igny8_data::{AuditEvent, DbError, Manage, Role, Select, SiteId, Tx, UserId, Variables, grant::access_key};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::auth::UserOut;
use crate::api::patch::set;
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Error, Fetched, FieldError, From, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;
use crate::features::accounts::model::User;
use crate::features::accounts::sessions::{self, Ended};
use crate::features::billing::Limits;

/// What to change; absent fields stay.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct MemberPatch {
    pub name: Option<String>,
    /// Not above your own.
    pub role: Option<Role>,
    /// Disabled members are logged out at once and cannot log in.
    pub disabled: Option<bool>,
}

/// The sites that a member with the role editor or viewer may see.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct MemberSites {
    #[oai(validator(max_items = 1000))]
    pub sites: Vec<SiteId>,
}

const SORTS: &[SortField] = &[
    SortField::same("created_at"),
    SortField::same("name"),
    SortField::same("email"),
];

pub struct MembersApi;

#[OpenApi(tag = "Tag::Account")]
impl MembersApi {
    /// List members
    #[oai(path = "/members", method = "get", operation_id = "member_list")]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        /// `created_at`, `name` or `email`; `-` in front for descending.
        sort: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        /// Text in name or mail address.
        search: Query<Option<String>>,
        role: Query<Option<Role>>,
        /// Who may see this site, by role or by grant.
        site: Query<Option<SiteId>>,
    ) -> Result<Json<Page<UserOut>>> {
        let scope = caller.actor().account::<Manage>()?;
        let filter = format!("members|{}|{:?}|{:?}|{:?}", scope.account(), search.0, role.0, site.0);
        let page = PageRequest::new(
            &app.db,
            &filter,
            limit.0,
            sort.0.as_deref(),
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "created_at",
        )?;
        let mut select = Select::new().equals_some("role", role.0);
        if let Some(text) = search.0.as_deref().filter(|t| !t.is_empty()) {
            select = select.search(&["name", "email"], text);
        }
        let db = app.db.account(&scope);
        if let Some(site) = site.0 {
            let site = caller.actor().site::<Manage>(&app.db, site).await?;
            let mut binds = Variables::new();
            binds.insert("of_site", site.site());
            let sql = "SELECT VALUE user FROM site_access WHERE site = $of_site AND account = $account;";
            let granted: Vec<UserId> = db.query(sql, binds, "listing who may see a site").await?.rows(0)?;
            let everywhere: Vec<Role> = Role::ALL.into_iter().filter(|r| !r.needs_site_access()).collect();
            select = select.one_of_either(("role", everywhere), ("id", granted));
        }
        let list = page.list::<User>(&db, select).await?;
        Ok(Json(list.page(UserOut::of)))
    }

    /// Read a member
    #[oai(path = "/members/:user_id", method = "get", operation_id = "member_get")]
    async fn get(&self, caller: Caller, app: Data<&App>, user_id: Path<UserId>) -> Result<Fetched<UserOut>> {
        let scope = caller.actor().account::<Manage>()?;
        let user = app
            .db
            .account(&scope)
            .get::<User>(user_id.0)
            .await?
            .ok_or_else(Error::not_found)?;
        let rev = user.rev;
        Ok(Fetched::new(UserOut::of(user), rev))
    }

    /// Change a member
    ///
    /// A changed role and a disabled login take effect at once.
    #[oai(path = "/members/:user_id", method = "patch", operation_id = "member_update")]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        user_id: Path<UserId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<MemberPatch>,
    ) -> Result<Fetched<UserOut>> {
        let scope = caller.actor().account::<Manage>()?;
        let db = app.db.account(&scope);
        let mut user = db.get::<User>(user_id.0).await?.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), user.rev)?;
        below(&caller, user.role)?;
        let Json(patch) = body;
        if let Some(role) = patch.role.filter(|role| !caller.actor().role().may_assign(*role)) {
            let message = format!("you may not make anybody {}", role.name());
            return Err(Error::invalid(vec![FieldError::new("role", message)]));
        }
        let before = (user.role, user.disabled);
        set(&mut user.name, patch.name.map(|n| n.trim().to_owned()));
        set(&mut user.role, patch.role);
        set(&mut user.disabled, patch.disabled);
        user.updated_at = app.db.clock().now();
        Check::new().text("name", &user.name, 1, 120).finish()?;
        let limits = Limits::of(&app, caller.actor()).await?;
        let mut tx = db.tx();
        if before.1 && !user.disabled {
            limits.require_member(&mut tx);
        }
        tx.replace(&mut user);
        keep_an_owner(&mut tx);
        if user.disabled && !before.1 {
            sessions::revoke_in(&mut tx, Ended::AllOf(user.id, None), "disabled", user.updated_at);
        }
        let detail = serde_json::json!({ "role": [before.0, user.role], "disabled": [before.1, user.disabled] });
        tx.audit(AuditEvent::new("user.changed", user.id, &from.0).detail(detail));
        tx.commit()
            .await
            .map_err(|error| limits.refused(error).unwrap_or_else(last_owner))?;
        let rev = user.rev;
        Ok(Fetched::new(UserOut::of(user), rev))
    }

    /// Remove a member
    ///
    /// For good: the login, its sessions and grants. What they wrote stays.
    #[oai(path = "/members/:user_id", method = "delete", operation_id = "member_delete")]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        user_id: Path<UserId>,
        /// ETag of the version to remove.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let scope = caller.actor().account::<Manage>()?;
        let db = app.db.account(&scope);
        let user = db.get::<User>(user_id.0).await?.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), user.rev)?;
        below(&caller, user.role)?;
        let mut binds = Variables::new();
        binds.insert("gone", user.id);
        let mut tx = db.tx();
        tx.delete(user.id);
        for table in ["session", "site_access", "mailed_token"] {
            tx.statement(
                &format!("DELETE {table} WHERE user = $gone AND account = $account RETURN NONE"),
                binds.clone(),
            );
        }
        keep_an_owner(&mut tx);
        tx.audit(AuditEvent::new("user.removed", user.id, &from.0));
        tx.commit().await.map_err(last_owner)?;
        Ok(Done::Done)
    }

    /// Sites of a member
    #[oai(path = "/members/:user_id/sites", method = "get", operation_id = "member_sites_get")]
    async fn sites(&self, caller: Caller, app: Data<&App>, user_id: Path<UserId>) -> Result<Json<MemberSites>> {
        let scope = caller.actor().account::<Manage>()?;
        let db = app.db.account(&scope);
        db.get::<User>(user_id.0).await?.ok_or_else(Error::not_found)?;
        let mut binds = Variables::new();
        binds.insert("user", user_id.0);
        let sql = "SELECT VALUE site FROM site_access WHERE user = $user AND account = $account ORDER BY site;";
        let sites = db.query(sql, binds, "listing granted sites").await?.rows(0)?;
        Ok(Json(MemberSites { sites }))
    }

    /// Set the sites of a member
    #[oai(
        path = "/members/:user_id/sites",
        method = "put",
        operation_id = "member_sites_replace"
    )]
    async fn set_sites(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        user_id: Path<UserId>,
        body: Json<MemberSites>,
    ) -> Result<Json<MemberSites>> {
        let scope = caller.actor().account::<Manage>()?;
        let db = app.db.account(&scope);
        let user = db.get::<User>(user_id.0).await?.ok_or_else(Error::not_found)?;
        below(&caller, user.role)?;
        let mut sites = body.0.sites;
        sites.sort();
        sites.dedup();
        let mut binds = Variables::new();
        binds.insert("granted_user", user.id);
        let mut tx = db.tx();
        tx.statement(
            "DELETE site_access WHERE user = $granted_user AND account = $account RETURN NONE",
            binds,
        );
        grant(&mut tx, &app, user.id, &sites);
        tx.audit(AuditEvent::new("user.sites_changed", user.id, &from.0).detail(serde_json::json!({ "sites": sites })));
        tx.commit().await.map_err(unknown_site)?;
        Ok(Json(MemberSites { sites }))
    }
}

/// Adds grants to a unit of work, all for sites of its account or none.
pub(super) fn grant(tx: &mut Tx<'_>, app: &App, user: UserId, sites: &[SiteId]) {
    let now = app.db.clock().now();
    let mut binds = Variables::new();
    binds.insert("granted", sites.to_vec());
    binds.insert("granted_count", sites.len() as i64);
    tx.require(
        "count((SELECT VALUE id FROM site WHERE id INSIDE $granted AND account = $account AND deleted_at IS NONE)) = $granted_count",
        binds,
        "unknown_site",
    );
    let rows: Vec<(String, SiteId)> = sites.iter().map(|site| (access_key(user, *site), *site)).collect();
    let mut binds = Variables::new();
    binds.insert("grants", rows);
    binds.insert("grantee", user);
    binds.insert("granted_at", now);
    tx.statement(
        "FOR $grant IN $grants { UPSERT type::record('site_access', $grant[0]) CONTENT \
         { account: $account, user: $grantee, site: $grant[1], created_at: $granted_at } RETURN NONE }",
        binds,
    );
}

/// Refuses to touch somebody above the caller: an admin cannot demote an owner.
fn below(caller: &Caller, role: Role) -> Result<()> {
    if caller.actor().role() <= role {
        Ok(())
    } else {
        Err(Error::forbidden("role", "This member's role is above yours."))
    }
}

/// Adds the rule that an owner who can log in is left. The account's row is written too, so that two owners removing each
/// other at once collide.
fn keep_an_owner(tx: &mut Tx<'_>) {
    tx.statement(
        "UPDATE $account SET updated_at = time::now() RETURN NONE",
        Variables::new(),
    );
    tx.require(
        "array::len((SELECT VALUE id FROM user WHERE account = $account AND role = 'owner' AND disabled = false)) > 0",
        Variables::new(),
        "last_owner",
    );
}

fn last_owner(error: DbError) -> Error {
    match error {
        DbError::Refused(code) if code == "last_owner" => Error::rule(
            "last_owner",
            "The account needs an owner who can log in. Make somebody else an owner first.",
        ),
        error => error.into(),
    }
}

pub(super) fn unknown_site(error: DbError) -> Error {
    match error {
        DbError::Refused(code) if code == "unknown_site" => Error::not_found(),
        error => error.into(),
    }
}
