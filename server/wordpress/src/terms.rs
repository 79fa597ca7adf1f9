//! Terms of any taxonomy.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::client::{OBJECT, Sent};
use crate::lenient::List;
use crate::{Page, Taxonomy, WordPress, WordPressError, lenient};

/// A term as it is stored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Term {
    #[serde(deserialize_with = "lenient::number")]
    pub id: u64,
    /// With `&` and the like written as HTML entities, as WordPress stores them.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub slug: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub description: String,
    /// Id of the term above; 0 for none.
    #[serde(default, deserialize_with = "lenient::number")]
    pub parent: u64,
    /// How many published posts have it.
    #[serde(default, deserialize_with = "lenient::number")]
    pub count: u64,
    /// The address of its archive.
    #[serde(default, deserialize_with = "lenient::text")]
    pub link: String,
    #[serde(default, deserialize_with = "lenient::object")]
    pub meta: Map<String, Value>,
}

/// What to set on a term; `None` leaves as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TermFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Only for hierarchical taxonomies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<u64>,
}

impl WordPress {
    /// Terms of a taxonomy in the order of their ids, `limit` (1 to 100) of them. Parents may come after their children.
    ///
    /// # Errors
    /// [`WordPressError`].
    pub async fn terms(&self, of: &Taxonomy, offset: u64, limit: u8) -> Result<Page<Term>, WordPressError> {
        let parameters = [
            ("context", "edit"),
            ("orderby", "id"),
            ("order", "asc"),
            ("hide_empty", "false"),
            ("_fields", FIELDS),
        ];
        self.list(&of.route(), &parameters, (offset, limit), OBJECT).await
    }

    /// One term.
    ///
    /// # Errors
    /// [`WordPressError::Gone`] when it was deleted.
    pub async fn term(&self, of: &Taxonomy, id: u64) -> Result<Term, WordPressError> {
        let route = format!("{}/{id}", of.route());
        self.get(&route, &[("context", "edit"), ("_fields", FIELDS)], OBJECT)
            .await
    }

    /// The term of a taxonomy with a slug.
    ///
    /// # Errors
    /// [`WordPressError`].
    pub async fn term_by_slug(&self, of: &Taxonomy, slug: &str) -> Result<Option<Term>, WordPressError> {
        let parameters = [
            ("context", "edit"),
            ("hide_empty", "false"),
            ("slug", slug),
            ("_fields", FIELDS),
        ];
        let List(found) = self.get::<List<Term>>(&of.route(), &parameters, OBJECT).await?;
        Ok(found.into_iter().find(|term| term.slug == slug))
    }

    /// Makes a term, or answers the one that WordPress says is the same: of that name below the same parent, or of that
    /// slug. So it can be repeated. With whether it was made now.
    ///
    /// # Errors
    /// [`WordPressError`].
    pub async fn make_term(&self, of: &Taxonomy, fields: &TermFields) -> Result<(Term, bool), WordPressError> {
        match self.post(&of.route(), &[("context", "edit")], fields).await {
            Err(WordPressError::TermExists(id)) => Ok((self.term(of, id).await?, false)),
            made => Ok((made?, true)),
        }
    }

    /// Deletes a term for good: there is no bin for terms. Fine when it is gone.
    ///
    /// # Errors
    /// [`WordPressError`].
    pub async fn delete_term(&self, of: &Taxonomy, id: u64) -> Result<(), WordPressError> {
        // As for posts: some servers refuse DELETE itself.
        let route = format!("{}/{id}", of.route());
        let query = [("force", "true"), ("_method", "DELETE")];
        match self
            .send(Method::POST, &route, &query, Sent::Json(&json!({})), OBJECT)
            .await
        {
            Ok(_) | Err(WordPressError::Gone) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Changes what the fields name.
    ///
    /// # Errors
    /// [`WordPressError::Gone`] when it was deleted.
    pub async fn update_term(&self, of: &Taxonomy, id: u64, fields: &TermFields) -> Result<Term, WordPressError> {
        self.post(&format!("{}/{id}", of.route()), &[("context", "edit")], fields)
            .await
    }
}

const FIELDS: &str = "id,name,slug,description,parent,count,link,meta";
