//! `/invitations`: asking somebody into the account by mail.

use chrono::{DateTime, Duration, Utc};
use igny8_data::{AccountDb, AuditEvent, Manage, Role, Select, SiteId, Variables, Why};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

use super::auth::{AccountOut, LoginAnswer, UserOut, account_of, email_taken, person};
use super::members::{grant, unknown_site};
use super::passwords::{mailed, used_up};
use crate::api::rate_limit::Class;
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Error, From, Page, PageRequest, Result, SortField, Tag};
use crate::app::App;
use crate::features::accounts::mails::AccountMail;
use crate::features::accounts::model::{MailedToken, MailedTokenId, User, check_email, check_password, email_key};
use crate::features::accounts::{passwords, sessions};
use crate::features::billing::Limits;

/// An invitation that was sent.
#[derive(Debug, Object)]
#[oai(rename = "Invitation", skip_serializing_if_is_none)]
pub struct InvitationOut {
    pub id: MailedTokenId,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub sites: Vec<SiteId>,
    pub expires_at: DateTime<Utc>,
    /// When it was accepted or taken back.
    pub used_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Object)]
#[oai(rename = "InvitationCreate", deny_unknown_fields, example)]
pub struct InvitationIn {
    pub email: String,
    pub name: String,
    /// Not above your own.
    pub role: Role,
    /// Sites an editor or viewer may see.
    #[oai(default, validator(max_items = 1000))]
    pub sites: Vec<SiteId>,
}

impl poem_openapi::types::Example for InvitationIn {
    fn example() -> Self {
        Self {
            email: "editor@example.com".into(),
            name: "New editor".into(),
            role: Role::Editor,
            sites: Vec::new(),
        }
    }
}

#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct InvitationAccept {
    /// From the link in the mail.
    pub secret: String,
    pub name: Option<String>,
    /// 10 to 200 characters.
    pub password: String,
}

#[derive(ApiResponse)]
pub enum Invited {
    /// The mail is on its way.
    #[oai(status = 201)]
    Created(Json<InvitationOut>),
}

const SORTS: &[SortField] = &[SortField::same("created_at")];

pub struct InvitationsApi;

#[OpenApi(tag = "Tag::Account")]
impl InvitationsApi {
    /// List invitations
    #[oai(path = "/invitations", method = "get", operation_id = "invitation_list")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        with_total: Query<Option<bool>>,
    ) -> Result<Json<Page<InvitationOut>>> {
        let scope = caller.actor().account::<Manage>()?;
        let filter = format!("invitations|{}", scope.account());
        let page = PageRequest::new(
            &app.db,
            &filter,
            limit.0,
            None,
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "-created_at",
        )?;
        let select = Select::new().equals("kind", "invitation".to_owned());
        let db = app.db.account(&scope);
        let list = page.list::<MailedToken>(&db, select).await?;
        Ok(Json(list.page(InvitationOut::of)))
    }

    /// Invite somebody
    #[oai(path = "/invitations", method = "post", operation_id = "invitation_create")]
    async fn create(&self, caller: Caller, app: Data<&App>, from: From, body: Json<InvitationIn>) -> Result<Invited> {
        let scope = caller.actor().account::<Manage>()?;
        let inviter = person(&caller)?;
        let Json(body) = body;
        let mut check = Check::new();
        check.text("name", &body.name, 1, 120);
        check_email(&mut check, "email", &body.email);
        let may = caller.actor().role().may_assign(body.role);
        check.that(may, "role", format!("you may not make anybody {}", body.role.name()));
        check.finish()?;
        let now = app.db.clock().now();
        let id: MailedTokenId = app.db.ids().make();
        let token = MailedToken {
            id,
            account: scope.account(),
            kind: "invitation".into(),
            user: None,
            email: body.email.trim().to_owned(),
            email_key: email_key(&body.email),
            name: body.name.trim().to_owned(),
            role: Some(body.role),
            sites: body.sites,
            invited_by: Some(inviter),
            expires_at: now + Duration::days(app.config.auth.invitation_days),
            used_at: None,
            rev: 1,
            created_at: now,
        };
        let mut binds = Variables::new();
        binds.insert("granted", token.sites.clone());
        binds.insert("granted_count", token.sites.len() as i64);
        let limits = Limits::of(&app, caller.actor()).await?;
        let mut tx = app.db.account(&scope).tx();
        limits.require_invitation(&mut tx, &app);
        tx.require(
            "count((SELECT VALUE id FROM site WHERE id INSIDE $granted AND account = $account AND deleted_at IS NONE)) = $granted_count",
            binds,
            "unknown_site",
        );
        tx.create(token.clone())
            .enqueue(AccountMail::Link { token: id, at: now }.job())
            .audit(AuditEvent::new("invitation.created", id, &from.0));
        tx.commit()
            .await
            .map_err(|error| limits.refused(error).unwrap_or_else(unknown_site))?;
        Ok(Invited::Created(Json(InvitationOut::of(token))))
    }

    /// Send an invitation again
    ///
    /// The same link, good for as long as a new one.
    #[oai(
        path = "/invitations/:invitation_id/resend",
        method = "post",
        operation_id = "invitation_resend"
    )]
    async fn resend(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        invitation_id: Path<MailedTokenId>,
    ) -> Result<Json<InvitationOut>> {
        let scope = caller.actor().account::<Manage>()?;
        let db = app.db.account(&scope);
        let mut token = invitation(&db, invitation_id.0).await?;
        if token.used_at.is_some() {
            return Err(Error::conflict(
                "invitation_used",
                "It was accepted or taken back. Make a new invitation.",
            ));
        }
        let may = token.role.is_some_and(|role| caller.actor().role().may_assign(role));
        if !may {
            return Err(Error::forbidden("role", "The invitation is for a role above yours."));
        }
        let now = app.db.clock().now();
        let limits = Limits::of(&app, caller.actor()).await?;
        let mut tx = db.tx();
        if token.expires_at <= now {
            limits.require_invitation(&mut tx, &app);
        }
        token.expires_at = now + Duration::days(app.config.auth.invitation_days);
        tx.replace(&mut token)
            .enqueue(
                AccountMail::Link {
                    token: token.id,
                    at: now,
                }
                .job(),
            )
            .audit(AuditEvent::new("invitation.resent", token.id, &from.0));
        tx.commit()
            .await
            .map_err(|error| limits.refused(error).unwrap_or_else(Error::from))?;
        Ok(Json(InvitationOut::of(token)))
    }

    /// Take an invitation back
    #[oai(
        path = "/invitations/:invitation_id",
        method = "delete",
        operation_id = "invitation_revoke"
    )]
    async fn revoke(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        invitation_id: Path<MailedTokenId>,
    ) -> Result<Done> {
        let scope = caller.actor().account::<Manage>()?;
        let db = app.db.account(&scope);
        let mut token = invitation(&db, invitation_id.0).await?;
        token.used_at = Some(token.used_at.unwrap_or(app.db.clock().now()));
        let mut tx = db.tx();
        tx.replace(&mut token)
            .audit(AuditEvent::new("invitation.revoked", token.id, &from.0));
        tx.commit().await?;
        Ok(Done::Done)
    }

    /// Accept an invitation
    ///
    /// Makes the user and logs in.
    #[oai(
        path = "/auth/invitations/accept",
        method = "post",
        operation_id = "invitation_accept"
    )]
    async fn accept(&self, app: Data<&App>, from: From, body: Json<InvitationAccept>) -> Result<Json<LoginAnswer>> {
        app.limits
            .anonymous(Class::SensitiveAuth, from.0.ip.as_deref(), "invitation")?;
        let Json(body) = body;
        let token = mailed(&app, &body.secret, "invitation").await?;
        let name = body.name.unwrap_or_else(|| token.name.clone());
        let mut check = Check::new();
        check.text("name", &name, 1, 120);
        check_password(&mut check, "password", &body.password);
        check.finish()?;
        let account = account_of(&app, token.account).await?;
        let role = token.role.ok_or_else(used_up)?;
        let now = app.db.clock().now();
        let user = User {
            id: app.db.ids().make(),
            account: token.account,
            email: token.email.clone(),
            email_key: token.email_key.clone(),
            name: name.trim().to_owned(),
            password_hash: passwords::hash(&app.config.auth, body.password).await?,
            role,
            disabled: false,
            last_login_at: None,
            rev: 1,
            created_at: now,
            updated_at: now,
        };
        let mut token = token;
        token.used_at = Some(now);
        let limits = Limits::of_account(&app, user.account).await?;
        let mut tx = app.db.platform(Why::Authentication).tx(user.account, None);
        limits.require_member(&mut tx);
        tx.replace(&mut token).create(user.clone());
        if role.needs_site_access() {
            // A site deleted since the invitation is left out rather than in the way.
            let mut binds = Variables::new();
            binds.insert("invited_sites", token.sites.clone());
            let sql =
                "SELECT VALUE id FROM site WHERE id INSIDE $invited_sites AND account = $of AND deleted_at IS NONE;";
            binds.insert("of", user.account);
            let platform = app.db.platform(Why::Authentication);
            let sites: Vec<SiteId> = platform.query(sql, binds, "checking invited sites").await?.rows(0)?;
            grant(&mut tx, &app, user.id, &sites);
        }
        tx.audit(AuditEvent::new("invitation.accepted", token.id, &from.0));
        tx.commit().await.map_err(|error| match error {
            igny8_data::DbError::Stale => used_up(),
            error => limits.refused(error).unwrap_or_else(email_taken),
        })?;
        let tokens = sessions::open(&app, &user, &from.0, "user.logged_in").await?;
        Ok(Json(LoginAnswer {
            tokens,
            user: UserOut::of(user),
            account: AccountOut::of(account),
        }))
    }
}

async fn invitation(db: &AccountDb<'_, Manage>, id: MailedTokenId) -> Result<MailedToken> {
    let token = db.get::<MailedToken>(id).await?;
    token.filter(|t| t.kind == "invitation").ok_or_else(Error::not_found)
}

impl InvitationOut {
    fn of(t: MailedToken) -> Self {
        Self {
            id: t.id,
            email: t.email,
            name: t.name,
            role: t.role.unwrap_or(Role::Viewer),
            sites: t.sites,
            expires_at: t.expires_at,
            used_at: t.used_at,
            created_at: t.created_at,
        }
    }
}
