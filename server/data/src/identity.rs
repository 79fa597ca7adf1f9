//! Who is asking: a verified credential becomes an [`Actor`]. The only maker of actors.

use chrono::{DateTime, Utc};
use poem_openapi::Enum;
use surrealdb_types::{SurrealValue, Variables};

use crate::connect::Db;
use crate::error::DbError;
use crate::ids::{AccountId, ApiKeyId, SessionId, SiteId, UserId};
use crate::platform::Why;
use crate::role::Role;

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, SurrealValue, serde::Serialize, serde::Deserialize)]
#[oai(rename_all = "snake_case")]
#[surreal(untagged, rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    Active,
    /// Can read, and nothing else.
    Suspended,
    Trial,
    /// Closed by its owner; nobody gets in.
    Cancelled,
}

/// Somebody (or something) acting inside one account.
#[derive(Debug, Clone)]
pub struct Actor {
    pub(crate) who: Who,
    pub(crate) account: AccountId,
    pub(crate) status: AccountStatus,
    pub(crate) role: Role,
    /// An API key may be tied to one site.
    pub(crate) only_site: Option<SiteId>,
}

/// The credential behind an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    User { user: UserId, session: Option<SessionId> },
    ApiKey(ApiKeyId),
    System(Why),
}

impl Actor {
    pub fn who(&self) -> Who {
        self.who
    }

    pub fn account_id(&self) -> AccountId {
        self.account
    }

    pub fn role(&self) -> Role {
        self.role
    }

    pub fn account_status(&self) -> AccountStatus {
        self.status
    }

    /// The person, if one is acting.
    pub fn user(&self) -> Option<UserId> {
        match self.who {
            Who::User { user, .. } => Some(user),
            _ => None,
        }
    }

    pub fn session(&self) -> Option<SessionId> {
        match self.who {
            Who::User { session, .. } => session,
            _ => None,
        }
    }

    /// True for a program's credential, which has wider rate limits.
    pub fn is_api_key(&self) -> bool {
        matches!(self.who, Who::ApiKey(_))
    }

    /// The site an API key is tied to, if any.
    pub fn only_site(&self) -> Option<SiteId> {
        self.only_site
    }
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User { user, .. } => user.fmt(f),
            Self::ApiKey(key) => key.fmt(f),
            Self::System(why) => write!(f, "system:{why:?}"),
        }
    }
}

/// Why a credential was not accepted. Callers get one answer for all of them; the reason is for the log.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    #[error("not a credential of this installation")]
    Malformed,
    #[error("ended, revoked or unknown")]
    NotValid,
    #[error("the user or the account is closed")]
    Closed,
    #[error(transparent)]
    Db(#[from] DbError),
}

#[derive(SurrealValue)]
struct UserState {
    account: AccountId,
    role: Role,
    disabled: bool,
    account_status: Option<AccountStatus>,
}

#[derive(SurrealValue)]
struct KeyState {
    account: AccountId,
    account_status: Option<AccountStatus>,
    site: Option<SiteId>,
    role: Role,
    secret_hash: String,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl Db {
    /// The actor of an access token. Session, user and account are read afresh, so that logout, a changed role and a
    /// suspended account take effect at once.
    ///
    /// # Errors
    /// [`AuthError`], all of which a client sees as 401.
    pub async fn actor_of_access_token(&self, token: &str) -> Result<Actor, AuthError> {
        let now = self.clock().now();
        let claims = self.keys().read_access(token, now).ok_or(AuthError::Malformed)?;
        let mut binds = Variables::new();
        binds.insert("sid", claims.sid);
        binds.insert("user", claims.sub);
        binds.insert("now", now);
        let sql = "SELECT VALUE id FROM ONLY $sid WHERE user = $user AND revoked_at IS NONE AND expires_at > $now;\
                   SELECT account, role, disabled, account.status AS account_status FROM ONLY $user;";
        let mut answer = self.run(sql, binds, "checking an access token").await?;
        answer.one::<SessionId>(0)?.ok_or(AuthError::NotValid)?;
        let user: UserState = answer.one(1)?.ok_or(AuthError::NotValid)?;
        let who = Who::User {
            user: claims.sub,
            session: Some(claims.sid),
        };
        user.actor(who)
    }

    /// The actor of an API key: `igy_<id>_<secret>`.
    ///
    /// # Errors
    /// [`AuthError`], all of which a client sees as 401.
    pub async fn actor_of_api_key(&self, token: &str) -> Result<Actor, AuthError> {
        let (id, secret) = read_api_key(token).ok_or(AuthError::Malformed)?;
        let mut binds = Variables::new();
        binds.insert("key", id);
        let sql = "SELECT account, account.status AS account_status, site, role, secret_hash, expires_at, revoked_at \
                   FROM ONLY $key;";
        let mut answer = self.run(sql, binds, "checking an API key").await?;
        let key: Option<KeyState> = answer.one(0)?;
        // An unknown key costs the same hash as a known one.
        let hash = key.as_ref().map_or("", |k| k.secret_hash.as_str());
        let matches = self.keys().secret_matches(secret, hash);
        let key = key.filter(|_| matches).ok_or(AuthError::NotValid)?;
        let ended = key.expires_at.is_some_and(|at| at <= self.clock().now());
        if ended || key.revoked_at.is_some() {
            return Err(AuthError::NotValid);
        }
        let status = key.account_status.ok_or(AuthError::Closed)?;
        if status == AccountStatus::Cancelled {
            return Err(AuthError::Closed);
        }
        Ok(Actor {
            who: Who::ApiKey(id),
            account: key.account,
            status,
            role: key.role,
            only_site: key.site,
        })
    }

    /// A member acting through a background job: the rights they have now, not those they had when it was queued.
    ///
    /// # Errors
    /// [`AuthError`] when the member or the account is gone.
    pub async fn actor_of_user(&self, user: UserId) -> Result<Actor, AuthError> {
        let mut binds = Variables::new();
        binds.insert("user", user);
        let sql = "SELECT account, role, disabled, account.status AS account_status FROM ONLY $user;";
        let mut answer = self.run(sql, binds, "finding a user").await?;
        let state: UserState = answer.one(0)?.ok_or(AuthError::NotValid)?;
        state.actor(Who::User { user, session: None })
    }

    /// The installation itself, working inside one account; logged as such. Like everyone it must be granted each site.
    ///
    /// # Errors
    /// [`AuthError`] when the account is gone.
    pub async fn system_actor(&self, account: AccountId, why: Why) -> Result<Actor, AuthError> {
        let mut binds = Variables::new();
        binds.insert("account", account);
        let sql = "SELECT VALUE status FROM ONLY $account;";
        let status: Option<AccountStatus> = self.run(sql, binds, "finding an account").await?.one(0)?;
        let status = status.ok_or(AuthError::NotValid)?;
        Ok(Actor {
            who: Who::System(why),
            account,
            status,
            role: Role::SystemBot,
            only_site: None,
        })
    }
}

impl UserState {
    fn actor(self, who: Who) -> Result<Actor, AuthError> {
        let status = self.account_status.ok_or(AuthError::Closed)?;
        if self.disabled || status == AccountStatus::Cancelled || self.role == Role::SystemBot {
            return Err(AuthError::Closed);
        }
        Ok(Actor {
            who,
            account: self.account,
            status,
            role: self.role,
            only_site: None,
        })
    }
}

/// The text of an API key, shown once.
pub fn api_key_text(id: ApiKeyId, secret: &str) -> String {
    use crate::ids::RecordKey;
    format!("igy_{}_{secret}", id.key())
}

fn read_api_key(text: &str) -> Option<(ApiKeyId, &str)> {
    use crate::ids::RecordKey;
    let (id, secret) = text.strip_prefix("igy_")?.split_once('_')?;
    Some((ApiKeyId::from_ulid(crate::ids::parse_key(id)?), secret))
}
