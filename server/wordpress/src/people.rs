//! The site's users, and what the one may whose password we have.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::client::OBJECT;
use crate::{Page, WordPress, WordPressError, lenient};

/// Somebody who writes there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    #[serde(deserialize_with = "lenient::number")]
    pub id: u64,
    /// As it is shown to readers.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub slug: String,
}

/// Who we are there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Checked {
    #[serde(flatten)]
    pub user: User,
    #[serde(default, deserialize_with = "lenient::texts")]
    pub roles: Vec<String>,
    #[serde(default, deserialize_with = "lenient::flags")]
    capabilities: BTreeMap<String, bool>,
}

impl Checked {
    /// Whether the user has a capability, such as `publish_posts`.
    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.get(capability).copied().unwrap_or(false)
    }

    /// What the user lacks of what publishing and importing need; empty for editors and administrators.
    pub fn missing(&self) -> Vec<&'static str> {
        const NEEDED: [&str; 8] = [
            "edit_posts",
            "edit_others_posts",
            "publish_posts",
            "edit_pages",
            "publish_pages",
            "read_private_posts",
            "upload_files",
            "manage_categories",
        ];
        NEEDED.into_iter().filter(|capability| !self.can(capability)).collect()
    }
}

impl WordPress {
    /// Logs in: that the password is taken, and what its user may do.
    ///
    /// # Errors
    /// [`WordPressError`].
    pub async fn check(&self) -> Result<Checked, WordPressError> {
        let parameters = [("context", "edit"), ("_fields", "id,name,slug,roles,capabilities")];
        let checked = self.get("wp/v2/users/me", &parameters, OBJECT).await;
        if checked == Err(WordPressError::NotAuthenticated) && !self.site().await?.takes_application_passwords() {
            return Err(WordPressError::NoApplicationPasswords);
        }
        checked
    }

    /// One user.
    ///
    /// # Errors
    /// [`WordPressError::Gone`] when there is no such user any more.
    pub async fn user(&self, id: u64) -> Result<User, WordPressError> {
        self.get(&format!("wp/v2/users/{id}"), &[("_fields", "id,name,slug")], OBJECT)
            .await
    }

    /// Users in the order of their ids, `limit` (1 to 100) of them. Who may not list users sees those that published.
    ///
    /// # Errors
    /// [`WordPressError`].
    pub async fn users(&self, offset: u64, limit: u8) -> Result<Page<User>, WordPressError> {
        let parameters = [("orderby", "id"), ("order", "asc"), ("_fields", "id,name,slug")];
        self.list("wp/v2/users", &parameters, (offset, limit), OBJECT).await
    }
}
