//! `/auth/password`: change, and reset by mail.

use chrono::Duration;
use igny8_data::{AuditEvent, Origin, Variables, Why};
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

use super::auth::person;
use crate::api::rate_limit::Class;
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Error, FieldError, From, Result, Tag};
use crate::app::App;
use crate::features::accounts::mails::AccountMail;
use crate::features::accounts::model::{MailedToken, MailedTokenId, User, check_password, email_key};
use crate::features::accounts::passwords;
use crate::features::accounts::sessions::{self, Ended};

#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct PasswordChange {
    pub old_password: String,
    /// 10 to 200 characters.
    pub new_password: String,
}

#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct PasswordReset {
    pub email: String,
}

#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct PasswordResetConfirm {
    /// From the link in the mail.
    pub secret: String,
    /// 10 to 200 characters.
    pub new_password: String,
}

#[derive(ApiResponse)]
pub enum ResetAnswer {
    /// If the address has a user, a mail is on its way.
    #[oai(status = 202)]
    Accepted,
}

pub struct PasswordsApi;

#[OpenApi(tag = "Tag::Auth")]
impl PasswordsApi {
    /// Change my password
    ///
    /// Ends all other sessions.
    #[oai(path = "/auth/password", method = "post", operation_id = "password_change")]
    async fn change(&self, caller: Caller, app: Data<&App>, from: From, body: Json<PasswordChange>) -> Result<Done> {
        let mut user = confirm(&app, &caller, body.0.old_password, &from.0).await?;
        let mut check = Check::new();
        check_password(&mut check, "new_password", &body.0.new_password);
        check.finish()?;
        user.password_hash = passwords::hash(&app.config.auth, body.0.new_password).await?;
        store(
            &app,
            user,
            caller.actor().session(),
            "user.password_changed",
            None,
            &from.0,
        )
        .await?;
        Ok(Done::Done)
    }

    /// Ask for a new password
    ///
    /// Always the same answer: whether the address has a user is told in the mail alone.
    #[oai(
        path = "/auth/password-reset",
        method = "post",
        operation_id = "password_reset_request"
    )]
    async fn request(&self, app: Data<&App>, from: From, body: Json<PasswordReset>) -> Result<ResetAnswer> {
        let key = email_key(&body.email);
        app.limits.anonymous(Class::SensitiveAuth, from.0.ip.as_deref(), &key)?;
        // Everything that depends on the user happens after the answer.
        let (app, origin) = (app.0.clone(), from.0);
        tokio::spawn(async move {
            if let Err(error) = mail_reset(&app, &key, &origin).await {
                tracing::error!(?error, "password reset was not mailed");
            }
        });
        Ok(ResetAnswer::Accepted)
    }

    /// Set a new password with a mailed secret
    ///
    /// Ends all sessions of the user.
    #[oai(
        path = "/auth/password-reset/confirm",
        method = "post",
        operation_id = "password_reset_confirm"
    )]
    async fn reset(&self, app: Data<&App>, from: From, body: Json<PasswordResetConfirm>) -> Result<Done> {
        app.limits
            .anonymous(Class::SensitiveAuth, from.0.ip.as_deref(), "confirm")?;
        let Json(body) = body;
        let mut check = Check::new();
        check_password(&mut check, "new_password", &body.new_password);
        check.finish()?;
        let token = mailed(&app, &body.secret, "password_reset").await?;
        let mut binds = Variables::new();
        binds.insert("id", token.user);
        let platform = app.db.platform(Why::Authentication);
        let user: Option<User> = platform
            .query("SELECT * FROM ONLY $id;", binds, "finding a user")
            .await?
            .one(0)?;
        let mut user = user.filter(|u| !u.disabled).ok_or_else(used_up)?;
        user.password_hash = passwords::hash(&app.config.auth, body.new_password).await?;
        store(&app, user, None, "user.password_reset", Some(token.id), &from.0).await?;
        Ok(Done::Done)
    }
}

/// Checks the password of whoever is signed in.
pub(super) async fn confirm(app: &App, caller: &Caller, password: String, origin: &Origin) -> Result<User> {
    let id = person(caller)?;
    app.limits
        .anonymous(Class::SensitiveAuth, origin.ip.as_deref(), &id.to_string())?;
    let scope = caller.actor().account::<igny8_data::Read>()?;
    let user = app
        .db
        .account(&scope)
        .get::<User>(id)
        .await?
        .ok_or_else(Error::not_found)?;
    let verdict = passwords::verify(&app.config.auth, password, Some(user.password_hash.clone())).await?;
    if verdict.fits {
        Ok(user)
    } else {
        Err(Error::invalid(vec![FieldError::new(
            "password",
            "is not your password",
        )]))
    }
}

/// Stores a user with a new password: other sessions end, open resets are used up.
async fn store(
    app: &App,
    mut user: User,
    keep: Option<igny8_data::SessionId>,
    action: &'static str,
    by: Option<MailedTokenId>,
    origin: &Origin,
) -> Result<()> {
    let now = app.db.clock().now();
    user.updated_at = now;
    let mut tx = app.db.platform(Why::Authentication).tx(user.account, None);
    if let Some(token) = by {
        let mut binds = Variables::new();
        binds.insert("mailed", token);
        tx.require(
            "(SELECT VALUE id FROM ONLY $mailed WHERE account = $account AND used_at IS NONE) IS NOT NONE",
            binds,
            "secret_used",
        );
    }
    let id = user.id;
    if by.is_some() {
        tx.enqueue(AccountMail::PasswordChanged { user: id, at: now }.job());
    }
    tx.replace(&mut user);
    sessions::revoke_in(&mut tx, Ended::AllOf(id, keep), "password_changed", now);
    let mut binds = Variables::new();
    binds.insert("reset_of", id);
    binds.insert("reset_at", now);
    tx.statement(
        "UPDATE mailed_token SET used_at = $reset_at WHERE user = $reset_of AND account = $account AND used_at IS NONE RETURN NONE",
        binds,
    );
    tx.audit(AuditEvent::new(action, id, origin));
    match tx.commit().await {
        Err(igny8_data::DbError::Refused(_)) => Err(used_up()),
        other => Ok(other.map(|_| ())?),
    }
}

async fn mail_reset(app: &App, key: &str, origin: &Origin) -> Result<()> {
    let Some(user) = sessions::user_of(app, key).await?.filter(|u| !u.disabled) else {
        return Ok(());
    };
    let minutes = app.config.auth.reset_minutes;
    let now = app.db.clock().now();
    let id: MailedTokenId = app.db.ids().make();
    let token = MailedToken {
        id,
        account: user.account,
        kind: "password_reset".into(),
        user: Some(user.id),
        email: user.email.clone(),
        email_key: user.email_key.clone(),
        name: user.name.clone(),
        role: None,
        sites: Vec::new(),
        invited_by: None,
        expires_at: now + Duration::minutes(minutes),
        used_at: None,
        rev: 1,
        created_at: now,
    };
    let mut tx = app.db.platform(Why::Authentication).tx(user.account, None);
    tx.create(token)
        .enqueue(AccountMail::Link { token: id, at: now }.job())
        .audit(AuditEvent::new("user.password_reset_requested", user.id, origin));
    tx.commit().await?;
    Ok(())
}

/// The open token of a mailed secret.
pub(super) async fn mailed(app: &App, secret: &str, kind: &str) -> Result<MailedToken> {
    let id = MailedToken::id_of_secret(app.db.keys(), secret).ok_or_else(used_up)?;
    let mut binds = Variables::new();
    binds.insert("id", id);
    let platform = app.db.platform(Why::Authentication);
    let token: Option<MailedToken> = platform
        .query("SELECT * FROM ONLY $id;", binds, "reading a mailed secret")
        .await?
        .one(0)?;
    let now = app.db.clock().now();
    token
        .filter(|t| t.kind == kind && t.used_at.is_none() && t.expires_at > now)
        .ok_or_else(used_up)
}

pub(super) fn used_up() -> Error {
    Error::rule(
        "secret_used",
        "This link is used up, too old or not one of ours. Ask for a new one.",
    )
}
