//! Operations on accounts and access.

mod api_keys;
mod audit;
mod auth;
mod invitations;
mod members;
mod ownership;
mod passwords;

pub(crate) use auth::account_of;

/// Every operation of this feature.
pub fn apis() -> impl poem_openapi::OpenApi + 'static {
    (
        auth::AuthApi,
        passwords::PasswordsApi,
        members::MembersApi,
        ownership::OwnershipApi,
        invitations::InvitationsApi,
        api_keys::ApiKeysApi,
        audit::AuditApi,
    )
}
