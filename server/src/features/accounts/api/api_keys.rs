//! `/api-keys`: credentials for programs.

use chrono::{DateTime, Utc};
use igny8_data::identity::api_key_text;
use igny8_data::tokens::secret_text;
use igny8_data::{ApiKeyId, AuditEvent, Manage, Role, Select, SiteId, Variables};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

use super::members::unknown_site;
use crate::api::patch::set;
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Error, Fetched, From, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;
use crate::features::accounts::model::ApiKey;

/// A program's credential, without its secret.
#[derive(Debug, Object)]
#[oai(rename = "ApiKey", skip_serializing_if_is_none)]
pub struct ApiKeyOut {
    pub id: ApiKeyId,
    pub name: String,
    pub role: Role,
    /// The one site it reaches; all of the account's when absent.
    pub site: Option<SiteId>,
    /// Its last four characters, to recognise it.
    pub last_four: String,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Object)]
#[oai(rename = "ApiKeyCreate", deny_unknown_fields, example)]
pub struct ApiKeyIn {
    pub name: String,
    /// `admin`, `editor` or `viewer`, not above your own.
    pub role: Role,
    pub site: Option<SiteId>,
    pub expires_at: Option<DateTime<Utc>>,
}

impl poem_openapi::types::Example for ApiKeyIn {
    fn example() -> Self {
        Self {
            name: "Nightly export".into(),
            role: Role::Viewer,
            site: None,
            expires_at: None,
        }
    }
}

/// What to change; absent fields stay.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct ApiKeyPatch {
    pub name: Option<String>,
}

/// A new key and its secret.
#[derive(Debug, Object)]
pub struct NewApiKey {
    pub api_key: ApiKeyOut,
    /// Shown this once; send it as `Authorization: ApiKey …`.
    pub secret: String,
}

#[derive(ApiResponse)]
pub enum KeyMade {
    /// The key; its secret is not shown again.
    #[oai(status = 201)]
    Created(Json<NewApiKey>),
}

const SORTS: &[SortField] = &[SortField::same("created_at")];

pub struct ApiKeysApi;

#[OpenApi(tag = "Tag::Account")]
impl ApiKeysApi {
    /// List API keys
    #[oai(path = "/api-keys", method = "get", operation_id = "api_key_list")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        with_total: Query<Option<bool>>,
    ) -> Result<Json<Page<ApiKeyOut>>> {
        let scope = caller.actor().account::<Manage>()?;
        let filter = format!("api_keys|{}", scope.account());
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
        let db = app.db.account(&scope);
        let list = page.list::<ApiKey>(&db, Select::new()).await?;
        Ok(Json(list.page(ApiKeyOut::of)))
    }

    /// Make an API key
    #[oai(path = "/api-keys", method = "post", operation_id = "api_key_create")]
    async fn create(&self, caller: Caller, app: Data<&App>, from: From, body: Json<ApiKeyIn>) -> Result<KeyMade> {
        let scope = caller.actor().account::<Manage>()?;
        let Json(body) = body;
        let now = app.db.clock().now();
        let mut check = Check::new();
        check.text("name", &body.name, 1, 120);
        let known = matches!(body.role, Role::Admin | Role::Editor | Role::Viewer);
        check.that(
            known && body.role >= caller.actor().role(),
            "role",
            "must be admin, editor or viewer, not above yours",
        );
        check.that(
            body.expires_at.is_none_or(|at| at > now),
            "expires_at",
            "must be in the future",
        );
        check.finish()?;
        let secret = secret_text(app.db.ids().bytes());
        let key = ApiKey {
            id: app.db.ids().make(),
            account: scope.account(),
            site: body.site,
            name: body.name.trim().to_owned(),
            role: body.role,
            secret_hash: app.db.keys().hash_secret(&secret),
            last_four: secret[secret.len() - 4..].to_owned(),
            expires_at: body.expires_at,
            revoked_at: None,
            created_by: caller.actor().user(),
            rev: 1,
            created_at: now,
        };
        let mut tx = app.db.account(&scope).tx();
        if let Some(site) = key.site {
            let mut binds = Variables::new();
            binds.insert("of_site", site);
            tx.require(
                "(SELECT VALUE id FROM ONLY $of_site WHERE account = $account AND deleted_at IS NONE) IS NOT NONE",
                binds,
                "unknown_site",
            );
        }
        tx.create(key.clone())
            .audit(AuditEvent::new("api_key.created", key.id, &from.0));
        tx.commit().await.map_err(unknown_site)?;
        let secret = api_key_text(key.id, &secret);
        Ok(KeyMade::Created(Json(NewApiKey {
            api_key: ApiKeyOut::of(key),
            secret,
        })))
    }

    /// Read an API key
    #[oai(path = "/api-keys/:api_key_id", method = "get", operation_id = "api_key_get")]
    async fn get(&self, caller: Caller, app: Data<&App>, api_key_id: Path<ApiKeyId>) -> Result<Fetched<ApiKeyOut>> {
        let scope = caller.actor().account::<Manage>()?;
        let key = app.db.account(&scope).get::<ApiKey>(api_key_id.0).await?;
        let key = key.ok_or_else(Error::not_found)?;
        let rev = key.rev;
        Ok(Fetched::new(ApiKeyOut::of(key), rev))
    }

    /// Rename an API key
    ///
    /// What it may do cannot be changed: make a new key for that.
    #[oai(path = "/api-keys/:api_key_id", method = "patch", operation_id = "api_key_update")]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        api_key_id: Path<ApiKeyId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<ApiKeyPatch>,
    ) -> Result<Fetched<ApiKeyOut>> {
        let scope = caller.actor().account::<Manage>()?;
        let db = app.db.account(&scope);
        let mut key = db.get::<ApiKey>(api_key_id.0).await?.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), key.rev)?;
        set(&mut key.name, body.0.name.map(|name| name.trim().to_owned()));
        Check::new().text("name", &key.name, 1, 120).finish()?;
        let mut tx = db.tx();
        tx.replace(&mut key)
            .audit(AuditEvent::new("api_key.renamed", key.id, &from.0));
        tx.commit().await?;
        let rev = key.rev;
        Ok(Fetched::new(ApiKeyOut::of(key), rev))
    }

    /// Revoke an API key
    ///
    /// It stops working at once.
    #[oai(path = "/api-keys/:api_key_id", method = "delete", operation_id = "api_key_revoke")]
    async fn revoke(&self, caller: Caller, app: Data<&App>, from: From, api_key_id: Path<ApiKeyId>) -> Result<Done> {
        let scope = caller.actor().account::<Manage>()?;
        let db = app.db.account(&scope);
        let mut key = db.get::<ApiKey>(api_key_id.0).await?.ok_or_else(Error::not_found)?;
        key.revoked_at = Some(key.revoked_at.unwrap_or(app.db.clock().now()));
        let mut tx = db.tx();
        tx.replace(&mut key)
            .audit(AuditEvent::new("api_key.revoked", key.id, &from.0));
        tx.commit().await?;
        Ok(Done::Done)
    }
}

impl ApiKeyOut {
    fn of(k: ApiKey) -> Self {
        Self {
            id: k.id,
            name: k.name,
            role: k.role,
            site: k.site,
            last_four: k.last_four,
            expires_at: k.expires_at,
            revoked_at: k.revoked_at,
            created_at: k.created_at,
        }
    }
}
