//! `/account/owner`: handing the account over.

use igny8_data::{AuditEvent, Own, Role, UserId};
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::auth::UserOut;
use super::passwords::confirm;
use crate::api::{Caller, Error, From, Result, Tag};
use crate::app::App;
use crate::features::accounts::model::User;

#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct OwnershipTransfer {
    /// A member who can log in.
    pub user: UserId,
    /// Your own password.
    pub password: String,
}

pub struct OwnershipApi;

#[OpenApi(tag = "Tag::Account")]
impl OwnershipApi {
    /// Transfer ownership
    ///
    /// The member becomes the owner and you become an admin, both at once. Answers the new owner.
    #[oai(path = "/account/owner", method = "put", operation_id = "account_transfer_ownership")]
    async fn transfer(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        body: Json<OwnershipTransfer>,
    ) -> Result<Json<UserOut>> {
        let scope = caller.actor().account::<Own>()?;
        let db = app.db.account(&scope);
        let mut me = confirm(&app, &caller, body.0.password, &from.0).await?;
        let mut next = db.get::<User>(body.0.user).await?.ok_or_else(Error::not_found)?;
        if next.id == me.id {
            return Err(Error::rule("already_owner", "You are the owner already."));
        }
        if next.disabled {
            let detail = "This member cannot log in. Enable them first, or choose somebody else.";
            return Err(Error::rule("member_disabled", detail));
        }
        let now = app.db.clock().now();
        next.role = Role::Owner;
        me.role = Role::Admin;
        let mut tx = db.tx();
        for user in [&mut next, &mut me] {
            user.updated_at = now;
            tx.replace(user);
        }
        let detail = serde_json::json!({ "from": me.id, "to": next.id });
        tx.audit(AuditEvent::new("account.owner_changed", next.id, &from.0).detail(detail));
        tx.commit().await?;
        Ok(Json(UserOut::of(next)))
    }
}
