//! Who may see a site, by name.

use std::collections::HashMap;

use igny8_data::{Access, AccountScope, ApiKeyId, DbError, Role, SiteId, SurrealValue, UserId, Variables};

use crate::app::App;

/// Of a user of the account: whether they may see the site `$of_site`.
pub(super) const MAY_SEE: &str = "disabled = false AND (role INSIDE ['developer', 'owner', 'admin'] \
     OR id INSIDE (SELECT VALUE user FROM site_access WHERE site = $of_site AND account = $account))";

/// Somebody who may see a site.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct Person {
    pub id: UserId,
    pub name: String,
    pub role: Role,
}

/// People of a site that are listed at most.
pub const MOST: usize = 1_000;

/// Those who may see the site, by name.
///
/// # Errors
/// When the database fails.
pub async fn of_site<A: Access>(app: &App, scope: &AccountScope<A>, site: SiteId) -> Result<Vec<Person>, DbError> {
    let mut binds = Variables::new();
    binds.insert("of_site", site);
    let sql = format!(
        "SELECT id, name, role FROM user WHERE account = $account AND {MAY_SEE} ORDER BY name, id LIMIT {MOST};"
    );
    let db = app.db.account(scope);
    db.query(&sql, binds, "listing who may see a site").await?.rows(0)
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct UserName {
    id: UserId,
    name: String,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct KeyName {
    id: ApiKeyId,
    name: String,
}

/// What users and keys with these ids are called; those that are gone are not in it.
///
/// # Errors
/// When the database fails.
pub async fn names<'a, A: Access>(
    app: &App,
    scope: &AccountScope<A>,
    ids: impl Iterator<Item = &'a str>,
) -> Result<HashMap<String, String>, DbError> {
    let (mut users, mut keys): (Vec<UserId>, Vec<ApiKeyId>) = (Vec::new(), Vec::new());
    for id in ids {
        users.extend(id.parse::<UserId>());
        keys.extend(id.parse::<ApiKeyId>());
    }
    users.sort_unstable();
    users.dedup();
    keys.sort_unstable();
    keys.dedup();
    if users.is_empty() && keys.is_empty() {
        return Ok(HashMap::new());
    }
    let mut binds = Variables::new();
    binds.insert("users", users);
    binds.insert("keys", keys);
    let sql =
        "SELECT id, name FROM $users WHERE account = $account; SELECT id, name FROM $keys WHERE account = $account;";
    let mut answer = app.db.account(scope).query(sql, binds, "naming people").await?;
    let users = answer.rows::<UserName>(0)?.into_iter();
    let mut names: HashMap<String, String> = users.map(|user| (user.id.to_string(), user.name)).collect();
    let keys = answer.rows::<KeyName>(1)?.into_iter();
    names.extend(keys.map(|key| (key.id.to_string(), key.name)));
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_that_need_no_grant_are_named() {
        let named: Vec<String> = Role::ALL
            .into_iter()
            // Nobody is a user with the role of jobs.
            .filter(|role| !role.needs_site_access() && *role != Role::SystemBot)
            .map(|role| format!("'{}'", role.name()))
            .collect();
        assert!(MAY_SEE.contains(&format!("[{}]", named.join(", "))), "{named:?}");
    }
}
