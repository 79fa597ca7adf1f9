//! Roles and what each may do: one table, printed to `role_table.txt` for people.

use poem_openapi::Enum;
use surrealdb_types::SurrealValue;

/// What a member of an account is, strongest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Enum, SurrealValue, serde::Serialize, serde::Deserialize,
)]
#[oai(rename_all = "snake_case")]
#[surreal(untagged, rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Operates the installation.
    Developer,
    /// Everything in the account: users, billing, plan, sites, deletion of the account.
    Owner,
    /// As owner, except ownership transfer and deletion of the account.
    Admin,
    /// Creates and changes content on sites granted to them.
    Editor,
    /// Reads sites granted to them.
    Viewer,
    /// A background job of one account; cannot log in.
    SystemBot,
}

/// A kind of action, as the access markers of [`crate::scope`] name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Read rows of a site or of the account's shared data.
    Read,
    /// Create and change planner, content and publishing data.
    Write,
    /// Sites, users, API keys, settings.
    Manage,
    /// Ownership transfer, deletion of the account.
    Own,
    /// Cross-account endpoints of the installation.
    Operate,
}

impl Role {
    pub const ALL: [Self; 6] = [
        Self::Developer,
        Self::Owner,
        Self::Admin,
        Self::Editor,
        Self::Viewer,
        Self::SystemBot,
    ];

    /// Whether this role may do such a thing where it has access at all.
    pub fn allows(self, permission: Permission) -> bool {
        match permission {
            Permission::Read => true,
            Permission::Write => !matches!(self, Self::Viewer),
            Permission::Manage => matches!(self, Self::Developer | Self::Owner | Self::Admin),
            Permission::Own => matches!(self, Self::Developer | Self::Owner),
            Permission::Operate => matches!(self, Self::Developer),
        }
    }

    /// True when a SiteUserAccess row is needed to reach a site of the account.
    pub fn needs_site_access(self) -> bool {
        matches!(self, Self::Editor | Self::Viewer)
    }

    /// Roles a member of this role may give to others: their own and weaker ones, never one that cannot log in.
    pub fn may_assign(self, other: Self) -> bool {
        self.allows(Permission::Manage) && other >= self && !matches!(other, Self::SystemBot | Self::Developer)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Developer => "developer",
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Editor => "editor",
            Self::Viewer => "viewer",
            Self::SystemBot => "system_bot",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_for_people_is_current() {
        let mut text = format!("{:<12}", "");
        let columns = [
            Permission::Read,
            Permission::Write,
            Permission::Manage,
            Permission::Own,
            Permission::Operate,
        ];
        for permission in columns {
            text += &format!("{:<9}", format!("{permission:?}").to_lowercase());
        }
        text += "needs a site grant\n";
        for role in Role::ALL {
            text += &format!("{:<12}", role.name());
            for permission in columns {
                text += &format!("{:<9}", if role.allows(permission) { "yes" } else { "-" });
            }
            text += if role.needs_site_access() { "yes\n" } else { "-\n" };
        }
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/role_table.txt");
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::write(file, &text).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(file).unwrap(),
            text,
            "run the tests with UPDATE_GENERATED=1"
        );
    }

    #[test]
    fn nobody_assigns_above_themselves() {
        assert!(Role::Owner.may_assign(Role::Owner));
        assert!(!Role::Admin.may_assign(Role::Owner));
        assert!(Role::Admin.may_assign(Role::Admin));
        assert!(!Role::Editor.may_assign(Role::Viewer));
        assert!(!Role::Owner.may_assign(Role::SystemBot));
        assert!(!Role::Developer.may_assign(Role::Developer));
    }
}
