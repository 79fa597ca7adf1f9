//! `/auth`: register, log in, refresh, log out; `/account`.

use chrono::{DateTime, Utc};
use igny8_data::{AccountId, AccountStatus, AuditEvent, DbError, Manage, Own, Role, SessionId, UserId, Variables, Why};
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

use crate::api::rate_limit::Class;
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Error, Fetched, From, Result, Tag, etag};
use crate::app::App;
use crate::features::accounts::model::{Account, Session, User, check_email, check_password, email_key};
use crate::features::accounts::opening;
use crate::features::accounts::passwords;
use crate::features::accounts::sessions::{self, Ended, Tokens};

/// A person with a login.
#[derive(Debug, Object)]
#[oai(rename = "User", skip_serializing_if_is_none)]
pub struct UserOut {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub role: Role,
    /// Disabled users cannot log in.
    pub disabled: bool,
    pub last_login_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// A tenant.
#[derive(Debug, Object)]
#[oai(rename = "Account")]
pub struct AccountOut {
    pub id: AccountId,
    pub name: String,
    pub status: AccountStatus,
    pub plan: String,
    pub created_at: DateTime<Utc>,
}

/// Who is signed in.
#[derive(Debug, Object)]
pub struct Me {
    pub user: UserOut,
    pub account: AccountOut,
}

/// A session just opened.
#[derive(Debug, Object)]
pub struct LoginAnswer {
    pub tokens: Tokens,
    pub user: UserOut,
    pub account: AccountOut,
}

#[derive(Debug, Object)]
#[oai(deny_unknown_fields, example)]
pub struct Register {
    pub name: String,
    pub email: String,
    /// 10 to 200 characters.
    pub password: String,
}

impl poem_openapi::types::Example for Register {
    fn example() -> Self {
        Self {
            name: "North Pier".into(),
            email: "owner@example.com".into(),
            password: "a long enough password".into(),
        }
    }
}

#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct Login {
    pub email: String,
    pub password: String,
}

#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct Refresh {
    pub refresh_token: String,
}

#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct AccountPatch {
    pub name: Option<String>,
}

/// The password, so that a stolen access token cannot do this.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct Confirmed {
    pub password: String,
}

/// A login that is still open.
#[derive(Debug, Object)]
#[oai(rename = "Session", skip_serializing_if_is_none)]
pub struct SessionOut {
    pub id: SessionId,
    /// True for the session of this request.
    pub current: bool,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

#[derive(Debug, Object)]
pub struct SessionList {
    pub items: Vec<SessionOut>,
}

#[derive(ApiResponse)]
pub enum Registered {
    /// The account, its owner and their first session.
    #[oai(status = 201)]
    Created(Json<LoginAnswer>),
}

pub struct AuthApi;

#[OpenApi(tag = "Tag::Auth")]
impl AuthApi {
    /// Register an account
    ///
    /// Makes an account named after the user, with the user as its owner, and logs in. A mail address that has a user
    /// already is refused with 409; registrations are limited per address, so that the answer is no way to try many.
    #[oai(path = "/auth/register", method = "post", operation_id = "auth_register")]
    async fn register(&self, app: Data<&App>, from: From, body: Json<Register>) -> Result<Registered> {
        app.limits.anonymous(Class::SensitiveAuth, from.0.ip.as_deref(), "")?;
        if !app.config.auth.open_registration {
            return Err(Error::forbidden(
                "registration_closed",
                "This installation makes accounts by invitation only.",
            ));
        }
        let Json(body) = body;
        let mut check = Check::new();
        check.text("name", &body.name, 1, 120);
        check_email(&mut check, "email", &body.email);
        check_password(&mut check, "password", &body.password);
        check.finish()?;
        let password_hash = passwords::hash(&app.config.auth, body.password).await?;
        let now = app.db.clock().now();
        let id = app.db.ids().make();
        let mut tx = app.db.platform(Why::Registration).tx(id, None);
        let account = opening::open(&mut tx, &app, id, &body.name);
        let user = User {
            id: app.db.ids().make(),
            account: account.id,
            email: body.email.trim().to_owned(),
            email_key: email_key(&body.email),
            name: account.name.clone(),
            password_hash,
            role: Role::Owner,
            disabled: false,
            last_login_at: None,
            rev: 1,
            created_at: now,
            updated_at: now,
        };
        tx.create(user.clone())
            .audit(AuditEvent::new("account.registered", account.id, &from.0));
        tx.commit().await.map_err(email_taken)?;
        let tokens = sessions::open(&app, &user, &from.0, "user.logged_in").await?;
        let answer = LoginAnswer {
            tokens,
            user: UserOut::of(user),
            account: AccountOut::of(account),
        };
        Ok(Registered::Created(Json(answer)))
    }

    /// Log in
    #[oai(path = "/auth/login", method = "post", operation_id = "auth_login")]
    async fn login(&self, app: Data<&App>, from: From, body: Json<Login>) -> Result<Json<LoginAnswer>> {
        let Json(body) = body;
        let key = email_key(&body.email);
        app.limits.anonymous(Class::Auth, from.0.ip.as_deref(), &key)?;
        let user = sessions::user_of(&app, &key).await?;
        let stored = user.as_ref().map(|u| u.password_hash.clone());
        // A password too long to be one is refused after the same work.
        let password: String = body.password.chars().take(201).collect();
        let verdict = passwords::verify(&app.config.auth, password.clone(), stored).await?;
        let wrong = || Error::wrong_credentials("wrong_credentials", "Mail address or password is wrong.");
        let Some(mut user) = user.filter(|u| verdict.fits && !u.disabled) else {
            tracing::info!(ip = from.0.ip, "login refused");
            return Err(wrong());
        };
        let account = account_of(&app, user.account).await?;
        if account.status == AccountStatus::Cancelled {
            return Err(wrong());
        }
        if verdict.outdated {
            user.password_hash = passwords::hash(&app.config.auth, password).await?;
            let mut tx = app.db.platform(Why::Authentication).tx(user.account, None);
            tx.replace(&mut user);
            tx.commit().await?;
        }
        let tokens = sessions::open(&app, &user, &from.0, "user.logged_in").await?;
        Ok(Json(LoginAnswer {
            tokens,
            user: UserOut::of(user),
            account: AccountOut::of(account),
        }))
    }

    /// Refresh the tokens
    ///
    /// A refresh token is for one use. Used a second time, more than ten seconds later, it ends the session: somebody
    /// else has it.
    #[oai(path = "/auth/refresh", method = "post", operation_id = "auth_refresh")]
    async fn refresh(&self, app: Data<&App>, from: From, body: Json<Refresh>) -> Result<Json<Tokens>> {
        app.limits.anonymous(Class::Auth, from.0.ip.as_deref(), "refresh")?;
        Ok(Json(sessions::refresh(&app, &body.refresh_token, &from.0).await?))
    }

    /// Log out
    ///
    /// Ends this session; its access token is worthless at once.
    #[oai(path = "/auth/logout", method = "post", operation_id = "auth_logout")]
    async fn logout(&self, caller: Caller, app: Data<&App>, from: From) -> Result<Done> {
        if let (Some(session), account) = (caller.actor().session(), caller.actor().account_id()) {
            let mut tx = app.db.platform(Why::Authentication).tx(account, None);
            sessions::revoke_in(&mut tx, Ended::One(session), "logged_out", app.db.clock().now());
            tx.audit(AuditEvent::new("user.logged_out", session, &from.0));
            tx.commit().await?;
        }
        Ok(Done::Done)
    }

    /// Log out everywhere
    #[oai(path = "/auth/logout-all", method = "post", operation_id = "auth_logout_all")]
    async fn logout_all(&self, caller: Caller, app: Data<&App>, from: From) -> Result<Done> {
        let user = person(&caller)?;
        let mut tx = app
            .db
            .platform(Why::Authentication)
            .tx(caller.actor().account_id(), None);
        sessions::revoke_in(&mut tx, Ended::AllOf(user, None), "logged_out", app.db.clock().now());
        tx.audit(AuditEvent::new("user.logged_out_everywhere", user, &from.0));
        tx.commit().await?;
        Ok(Done::Done)
    }

    /// Who am I
    #[oai(path = "/auth/me", method = "get", operation_id = "auth_me")]
    async fn me(&self, caller: Caller, app: Data<&App>) -> Result<Json<Me>> {
        let user = person(&caller)?;
        let scope = caller.actor().account::<igny8_data::Read>()?;
        let user = app
            .db
            .account(&scope)
            .get::<User>(user)
            .await?
            .ok_or_else(Error::not_found)?;
        let account = account_of(&app, user.account).await?;
        Ok(Json(Me {
            user: UserOut::of(user),
            account: AccountOut::of(account),
        }))
    }

    /// List my sessions
    #[oai(path = "/auth/sessions", method = "get", operation_id = "session_list")]
    async fn sessions(&self, caller: Caller, app: Data<&App>) -> Result<Json<SessionList>> {
        let user = person(&caller)?;
        let scope = caller.actor().account::<igny8_data::Read>()?;
        let select = igny8_data::Select::new()
            .equals("user", user)
            .is_none("revoked_at")
            .compare("expires_at", ">", app.db.clock().now())
            .limit(100);
        let current = caller.actor().session();
        let rows = app.db.account(&scope).list::<Session>(select).await?;
        let items = rows.into_iter().map(|s| SessionOut {
            current: current == Some(s.id),
            id: s.id,
            ip: s.ip,
            user_agent: s.user_agent,
            created_at: s.created_at,
            last_used_at: s.rotated_at,
            expires_at: s.expires_at,
        });
        Ok(Json(SessionList { items: items.collect() }))
    }

    /// End one of my sessions
    #[oai(
        path = "/auth/sessions/:session_id",
        method = "delete",
        operation_id = "session_revoke"
    )]
    async fn revoke(&self, caller: Caller, app: Data<&App>, from: From, session_id: Path<SessionId>) -> Result<Done> {
        let user = person(&caller)?;
        let scope = caller.actor().account::<igny8_data::Read>()?;
        let session = app
            .db
            .account(&scope)
            .get::<Session>(session_id.0)
            .await?
            .filter(|s| s.user == user);
        sessions::revoke(&app, &session.ok_or_else(Error::not_found)?, "revoked", &from.0).await?;
        Ok(Done::Done)
    }

    /// Read the account
    #[oai(path = "/account", method = "get", operation_id = "account_get")]
    async fn account(&self, caller: Caller, app: Data<&App>) -> Result<Fetched<AccountOut>> {
        let account = account_of(&app, caller.actor().account_id()).await?;
        let rev = account.rev;
        Ok(Fetched::new(AccountOut::of(account), rev))
    }

    /// Change the account
    #[oai(path = "/account", method = "patch", operation_id = "account_update")]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<AccountPatch>,
    ) -> Result<Fetched<AccountOut>> {
        let scope = caller.actor().account::<Manage>()?;
        let mut account = account_of(&app, scope.account()).await?;
        etag::check(if_match.0.as_deref(), account.rev)?;
        crate::api::patch::set(&mut account.name, body.0.name.map(|n| n.trim().to_owned()));
        Check::new().text("name", &account.name, 1, 120).finish()?;
        let mut binds = Variables::new();
        binds.insert("name", account.name.clone());
        binds.insert("rev", account.rev);
        binds.insert("now", app.db.clock().now());
        let mut tx = app.db.account(&scope).tx();
        tx.statement(
            "IF (UPDATE ONLY $account SET name = $name, updated_at = $now, rev += 1 WHERE rev = $rev RETURN VALUE rev) \
             IS NONE { THROW 'stale' }",
            binds,
        );
        tx.audit(AuditEvent::new("account.changed", account.id, &from.0));
        tx.commit().await?;
        account.rev += 1;
        let rev = account.rev;
        Ok(Fetched::new(AccountOut::of(account), rev))
    }

    /// Close the account
    ///
    /// Nobody gets in any more and its sites are no longer served. Needs the owner's password.
    #[oai(path = "/account", method = "delete", operation_id = "account_delete")]
    async fn close(&self, caller: Caller, app: Data<&App>, from: From, body: Json<Confirmed>) -> Result<Done> {
        let scope = caller.actor().account::<Own>()?;
        super::passwords::confirm(&app, &caller, body.0.password, &from.0).await?;
        let mut binds = Variables::new();
        binds.insert("now", app.db.clock().now());
        let mut tx = app.db.account(&scope).tx();
        tx.statement(
            "UPDATE $account SET status = 'cancelled', updated_at = $now, rev += 1 RETURN NONE",
            binds.clone(),
        );
        tx.statement(
            "UPDATE session SET revoked_at = $now, revoked_why = 'account_closed' \
             WHERE account = $account AND revoked_at IS NONE RETURN NONE",
            binds.clone(),
        );
        tx.statement(
            "UPDATE site SET deleted_at = $now, rev += 1 WHERE account = $account AND deleted_at IS NONE RETURN NONE",
            binds,
        );
        tx.audit(AuditEvent::new("account.closed", scope.account(), &from.0));
        tx.commit().await?;
        Ok(Done::Done)
    }
}

/// The person behind a request; an API key has no business with logins.
pub(super) fn person(caller: &Caller) -> Result<UserId> {
    caller
        .actor()
        .user()
        .ok_or_else(|| Error::forbidden("not_a_person", "This is for people who log in, not for API keys."))
}

pub(crate) async fn account_of(app: &App, id: AccountId) -> Result<Account> {
    let mut binds = Variables::new();
    binds.insert("id", id);
    let platform = app.db.platform(Why::Authentication);
    let account = platform
        .query("SELECT * FROM ONLY $id;", binds, "reading an account")
        .await?
        .one(0)?;
    account.ok_or_else(Error::not_found)
}

pub(super) fn email_taken(error: DbError) -> Error {
    match error {
        DbError::Duplicate { index } if index == "user_email" => Error::duplicate(
            "email",
            "This mail address has a user already. Log in, or reset the password.",
        ),
        error => error.into(),
    }
}

impl UserOut {
    pub(super) fn of(u: User) -> Self {
        Self {
            id: u.id,
            email: u.email,
            name: u.name,
            role: u.role,
            disabled: u.disabled,
            last_login_at: u.last_login_at,
            created_at: u.created_at,
        }
    }
}

impl AccountOut {
    pub(super) fn of(a: Account) -> Self {
        Self {
            id: a.id,
            name: a.name,
            status: a.status,
            plan: a.plan,
            created_at: a.created_at,
        }
    }
}
