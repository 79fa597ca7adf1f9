//! `/integrations`: services outside that the account uses.

mod objects;

use std::collections::BTreeMap;

use igny8_data::{AuditEvent, DbError, Manage, Read, Select};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::MaybeUndefined;

use super::model::{Integration, IntegrationId, IntegrationKind, Secrets};
use crate::ai::provider::Provider;
use crate::ai::provider::images::ImageProvider;
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Created, Error, Fetched, From, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;

pub use objects::{
    ChatSettingsIn, ChatSettingsOut, ChatSettingsPatch, ImageSettingsIn, ImageSettingsOut, ImageSettingsPatch,
    IntegrationIn, IntegrationOut, IntegrationPatch, TestOut, TestVerdict,
};

const SORTS: &[SortField] = &[SortField::same("created_at")];

pub struct IntegrationsApi;

#[OpenApi(tag = "Tag::Integrations")]
impl IntegrationsApi {
    /// List integrations
    #[oai(path = "/integrations", method = "get", operation_id = "integration_list")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        with_total: Query<Option<bool>>,
    ) -> Result<Json<Page<IntegrationOut>>> {
        let scope = caller.actor().account::<Read>()?;
        let filter = format!("integrations|{}", scope.account());
        let page = PageRequest::new(
            &app.db,
            &filter,
            limit.0,
            None,
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "created_at",
        )?;
        let db = app.db.account(&scope);
        let list = page.list::<Integration>(&db, Select::new()).await?;
        let manages = manages(&caller);
        Ok(Json(list.page(|row| IntegrationOut::of(&row, manages))))
    }

    /// Set up an integration
    ///
    /// An account has one chat provider and one provider of pictures at most. Without one, the AI functions that would ask it
    /// work locally.
    #[oai(path = "/integrations", method = "post", operation_id = "integration_create")]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        body: Json<IntegrationIn>,
    ) -> Result<Created<IntegrationOut>> {
        let scope = caller.actor().account::<Manage>()?;
        let Json(mut body) = body;
        let mut check = Check::new();
        check.text("name", &body.name, 1, 120);
        let settings = body.settings(&mut check);
        let secrets = Secrets {
            key: body.key,
            headers: lower_case(body.headers.unwrap_or_default()),
        };
        secrets.check(&mut check);
        if let Some(settings) = &settings {
            settings.check(&mut check, &app.outgoing);
        }
        check.finish()?;
        let settings = settings.ok_or_else(Error::not_found)?;
        let now = app.db.clock().now();
        let name = body.name.trim().to_owned();
        let mut row = Integration::new(app.db.ids().make(), scope.account(), name, &settings, now);
        row.enabled = body.enabled.unwrap_or(true);
        row.seal(app.db.keys(), app.db.ids().bytes(), &secrets);
        let detail = serde_json::json!({ "kind": row.kind, "host": settings.base_url().host_str() });
        let mut tx = app.db.account(&scope).tx();
        tx.create(row.clone())
            .audit(AuditEvent::new("integration.created", row.id, &from.0).detail(detail));
        tx.commit().await.map_err(one_of_a_kind)?;
        let path = format!("/integrations/{}", row.id);
        Ok(Created::new(IntegrationOut::of(&row, true), row.rev, path))
    }

    /// Read an integration
    ///
    /// Its key and the values of its extra headers are never given out.
    #[oai(
        path = "/integrations/:integration_id",
        method = "get",
        operation_id = "integration_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        integration_id: Path<IntegrationId>,
    ) -> Result<Fetched<IntegrationOut>> {
        let scope = caller.actor().account::<Read>()?;
        let row = app.db.account(&scope).get::<Integration>(integration_id.0).await?;
        let row = row.ok_or_else(Error::not_found)?;
        Ok(Fetched::new(IntegrationOut::of(&row, manages(&caller)), row.rev))
    }

    /// Change an integration
    ///
    /// When `base_url` moves to another host, `key` and `headers` must be sent again (or emptied): they are only sent
    /// to the host they were entered for.
    #[oai(
        path = "/integrations/:integration_id",
        method = "patch",
        operation_id = "integration_update"
    )]
    async fn update(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        integration_id: Path<IntegrationId>,
        /// ETag of the version the change is made to.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<IntegrationPatch>,
    ) -> Result<Fetched<IntegrationOut>> {
        let scope = caller.actor().account::<Manage>()?;
        let db = app.db.account(&scope);
        let mut row = found(db.get::<Integration>(integration_id.0).await?)?;
        etag::check(if_match.0.as_deref(), row.rev)?;
        let Json(body) = body;
        let mut check = Check::new();
        let mut changed = Vec::new();
        if let Some(name) = body.name {
            check.text("name", &name, 1, 120);
            row.name = name.trim().to_owned();
            changed.push("name");
        }
        if let Some(enabled) = body.enabled {
            row.enabled = enabled;
            changed.push("enabled");
        }
        let before = row.settings().map_err(Error::internal)?;
        let mut settings = before.clone();
        if objects::apply(&mut settings, body.chat, body.image, &mut check) {
            settings.check(&mut check, &app.outgoing);
            row.set(&settings);
            changed.push("settings");
        }
        // Secrets that cannot be read any more are replaced by what is sent now.
        let stored = row.secrets(app.db.keys()).unwrap_or_default();
        let mut secrets = stored.clone();
        if before.base_url().origin() != settings.base_url().origin() {
            let anew = "must be sent again (or null), since the address moves to another host";
            let missing = |stored: bool, undefined: bool| stored && undefined;
            check.that(!missing(stored.key.is_some(), body.key.is_undefined()), "key", anew);
            check.that(
                !missing(!stored.headers.is_empty(), body.headers.is_undefined()),
                "headers",
                anew,
            );
        }
        if !body.key.is_undefined() {
            crate::api::patch::set_or_clear(&mut secrets.key, body.key);
            changed.push("key");
        }
        match body.headers {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => secrets.headers.clear(),
            MaybeUndefined::Value(headers) => secrets.headers = lower_case(headers),
        }
        if secrets.headers != stored.headers {
            changed.push("headers");
        }
        secrets.check(&mut check);
        check.finish()?;
        if secrets != stored {
            row.seal(app.db.keys(), app.db.ids().bytes(), &secrets);
        }
        row.updated_at = app.db.clock().now();
        let detail = serde_json::json!({ "changed": changed, "host": settings.base_url().host_str() });
        let mut tx = db.tx();
        tx.replace(&mut row)
            .audit(AuditEvent::new("integration.changed", row.id, &from.0).detail(detail));
        tx.commit().await?;
        Ok(Fetched::new(IntegrationOut::of(&row, true), row.rev))
    }

    /// Remove an integration
    ///
    /// With its key, for good.
    #[oai(
        path = "/integrations/:integration_id",
        method = "delete",
        operation_id = "integration_delete"
    )]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        integration_id: Path<IntegrationId>,
        /// ETag of the version that is removed.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let scope = caller.actor().account::<Manage>()?;
        let db = app.db.account(&scope);
        let mut row = found(db.get::<Integration>(integration_id.0).await?)?;
        etag::check(if_match.0.as_deref(), row.rev)?;
        let detail = serde_json::json!({ "kind": row.kind, "name": row.name });
        let mut tx = db.tx();
        // Replaced first, so that a change made meanwhile is noticed.
        tx.replace(&mut row)
            .delete(row.id)
            .audit(AuditEvent::new("integration.deleted", row.id, &from.0).detail(detail));
        tx.commit().await?;
        Ok(Done::Done)
    }

    /// Test the connection
    ///
    /// Asks the provider something tiny, with the stored settings, also when the integration is not enabled. That costs a
    /// few of its tokens, or one picture of basic quality, and no credits.
    #[oai(
        path = "/integrations/:integration_id/test",
        method = "post",
        operation_id = "integration_test"
    )]
    async fn test(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        integration_id: Path<IntegrationId>,
    ) -> Result<Json<TestOut>> {
        let scope = caller.actor().account::<Manage>()?;
        app.limits.ai(caller.actor())?;
        let db = app.db.account(&scope);
        let row = found(db.get::<Integration>(integration_id.0).await?)?;
        let started = std::time::Instant::now();
        let tried = match row.kind {
            IntegrationKind::ChatProvider => match Provider::of(&app, &row) {
                Ok(provider) => provider.try_out(&app.stop).await,
                Err(error) => Err(error),
            },
            IntegrationKind::ImageProvider => match ImageProvider::of(&app, &row) {
                Ok(provider) => provider.try_out(app.db.ids().bytes(), &app.stop).await,
                Err(error) => Err(error),
            },
        };
        let verdict = TestOut::of(tried, started.elapsed());
        let detail = serde_json::json!({ "verdict": verdict.verdict.name() });
        let mut tx = db.tx();
        tx.audit(AuditEvent::new("integration.tested", row.id, &from.0).detail(detail));
        tx.commit().await?;
        Ok(Json(verdict))
    }
}

fn manages(caller: &Caller) -> bool {
    caller.actor().account::<Manage>().is_ok()
}

fn found(row: Option<Integration>) -> Result<Integration> {
    row.ok_or_else(Error::not_found)
}

fn one_of_a_kind(error: DbError) -> Error {
    match error {
        DbError::Duplicate { index } if index == "integration_slot" => Error::duplicate(
            "kind",
            "The account has an integration of this kind already: change or remove that one.",
        ),
        error => error.into(),
    }
}

fn lower_case(headers: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let lower = |(name, value): (String, String)| (name.to_ascii_lowercase(), value);
    headers.into_iter().map(lower).collect()
}
