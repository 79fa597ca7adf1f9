//! Sessions: login makes one, refresh rotates its token, reuse of an old token ends it.

use chrono::{DateTime, Duration, Utc};
use igny8_data::tokens::{REFRESH_DAYS, RefreshToken};
use igny8_data::{AuditEvent, DbError, Origin, SessionId, SurrealValue, UserId, Variables, Why};
use poem_openapi::Object;

use super::model::{Session, User};
use crate::api::error::{Error, Result};
use crate::app::App;

/// A lost answer may be asked for again this long after the rotation; the same token comes back.
const GRACE: Duration = Duration::seconds(10);

/// What a client signs in with from now on.
#[derive(Debug, Object)]
pub struct Tokens {
    /// Send it as `Authorization: Bearer …`.
    pub access_token: String,
    pub access_expires_at: DateTime<Utc>,
    /// For one use at `/auth/refresh`.
    pub refresh_token: String,
    pub refresh_expires_at: DateTime<Utc>,
}

/// Opens a session for a user who has just proved to be one.
///
/// # Errors
/// When the database fails.
pub async fn open(app: &App, user: &User, origin: &Origin, action: &'static str) -> Result<Tokens> {
    let now = app.db.clock().now();
    let session = Session {
        id: app.db.ids().make(),
        account: user.account,
        user: user.id,
        generation: 0,
        rotated_at: now,
        expires_at: now + Duration::days(REFRESH_DAYS),
        revoked_at: None,
        revoked_why: None,
        ip: origin.ip.clone(),
        user_agent: origin.user_agent.clone(),
        rev: 1,
        created_at: now,
    };
    let mut binds = Variables::new();
    binds.insert("who", user.id);
    binds.insert("at", now);
    let mut tx = app.db.platform(Why::Authentication).tx(user.account, None);
    tx.create(session.clone());
    tx.statement(
        "UPDATE $who SET last_login_at = $at WHERE account = $account RETURN NONE",
        binds,
    );
    tx.audit(AuditEvent::new(action, user.id, origin));
    tx.commit().await?;
    Ok(tokens(app, &session, now))
}

/// Redeems a refresh token for the next one.
///
/// # Errors
/// 401 when it is not one of ours, has ended, or was redeemed before (which also ends its session).
pub async fn refresh(app: &App, text: &str, origin: &Origin) -> Result<Tokens> {
    let refused = || {
        Error::wrong_credentials(
            "refresh_refused",
            "This refresh token is no longer valid. Log in again.",
        )
    };
    let token = app.db.keys().read_refresh(text).ok_or_else(refused)?;
    let now = app.db.clock().now();
    let mut binds = Variables::new();
    binds.insert("sid", token.session);
    binds.insert("generation", i64::from(token.generation));
    binds.insert("now", now);
    binds.insert("ends", now + Duration::days(REFRESH_DAYS));
    // The write decides: of two requests with the same token one rotates, the other sees the next generation.
    let sql = "UPDATE ONLY $sid SET generation += 1, rotated_at = $now, expires_at = $ends, rev += 1 \
               WHERE generation = $generation AND revoked_at IS NONE AND expires_at > $now RETURN AFTER;";
    let platform = app.db.platform(Why::Authentication);
    let rotated: Option<Session> = platform.query(sql, binds, "rotating a session").await?.one(0)?;
    let session = match rotated {
        Some(session) => session,
        None => {
            let mut binds = Variables::new();
            binds.insert("sid", token.session);
            let found = platform
                .query("SELECT * FROM ONLY $sid;", binds, "reading a session")
                .await?
                .one::<Session>(0)?;
            let session = found.ok_or_else(refused)?;
            if session.revoked_at.is_some() || session.expires_at <= now {
                return Err(refused());
            }
            let previous = session.generation == i64::from(token.generation) + 1;
            if !previous || now - session.rotated_at > GRACE {
                revoke(app, &session, "refresh_token_reused", origin).await?;
                return Err(refused());
            }
            session
        }
    };
    // The user may have been closed since; a session of theirs opens nothing.
    app.db.actor_of_user(session.user).await.map_err(|_| refused())?;
    Ok(tokens(app, &session, now))
}

/// Ends a session, once.
///
/// # Errors
/// When the database fails.
pub async fn revoke(app: &App, session: &Session, why: &'static str, origin: &Origin) -> Result<()> {
    let mut tx = app.db.platform(Why::Authentication).tx(session.account, None);
    revoke_in(&mut tx, Ended::One(session.id), why, app.db.clock().now());
    tx.audit(AuditEvent::new("session.revoked", session.id, origin).detail(serde_json::json!({ "why": why })));
    tx.commit().await?;
    Ok(())
}

/// Which sessions end.
pub enum Ended {
    One(SessionId),
    /// All of a user's, but perhaps one.
    AllOf(UserId, Option<SessionId>),
}

/// Adds the end of sessions to a unit of work.
pub fn revoke_in(tx: &mut igny8_data::Tx<'_>, ended: Ended, why: &'static str, now: DateTime<Utc>) {
    let mut binds = Variables::new();
    binds.insert("revoked", now);
    binds.insert("revoked_why", why.to_owned());
    let sql = match ended {
        Ended::One(session) => {
            binds.insert("revoked_session", session);
            "UPDATE $revoked_session SET revoked_at = $revoked, revoked_why = $revoked_why, rev += 1 \
             WHERE account = $account AND revoked_at IS NONE RETURN NONE"
        }
        Ended::AllOf(user, but) => {
            binds.insert("revoked_user", user);
            binds.insert("kept", but.into_value());
            "UPDATE session SET revoked_at = $revoked, revoked_why = $revoked_why, rev += 1 \
             WHERE user = $revoked_user AND account = $account AND revoked_at IS NONE AND id != $kept RETURN NONE"
        }
    };
    tx.statement(sql, binds);
}

/// The user of a mail address.
///
/// # Errors
/// When the database fails.
pub async fn user_of(app: &App, email_key: &str) -> Result<Option<User>, DbError> {
    let mut binds = Variables::new();
    binds.insert("email_key", email_key.to_owned());
    let sql = "SELECT * FROM user WHERE email_key = $email_key LIMIT 1;";
    let users: Vec<User> = app
        .db
        .platform(Why::Authentication)
        .query(sql, binds, "finding a user")
        .await?
        .rows(0)?;
    Ok(users.into_iter().next())
}

fn tokens(app: &App, session: &Session, now: DateTime<Utc>) -> Tokens {
    let keys = app.db.keys();
    let (access_token, access_expires_at) = keys.sign_access(session.user, session.id, now);
    let generation = u32::try_from(session.generation).unwrap_or(u32::MAX);
    Tokens {
        access_token,
        access_expires_at,
        refresh_token: keys.refresh_token(RefreshToken {
            session: session.id,
            generation,
        }),
        refresh_expires_at: session.expires_at,
    }
}
