//! Reading and writing posts of any type.

use chrono::{DateTime, SecondsFormat, Utc};
use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::client::{LIST, OBJECT, Sent};
use crate::lenient::List;
use crate::{Page, Post, PostFields, PostType, Taxonomy, WordPress, WordPressError, lenient};

/// Everything but autosaves: what people have made, and what they have thrown away.
const ANY_STATUS: &str = "any,trash";
/// Fields that posts may have, besides those of their taxonomies.
const FIELDS: &str = "id,type,status,slug,link,date_gmt,modified_gmt,title.raw,content.raw,excerpt.raw,author,featured_media,parent,\
menu_order,password,sticky,format,template,comment_status,meta";

/// Which posts of a type to read, always in the order of their ids. **That order is what makes reading in parts whole**: an
/// edit in between moves nothing, a new post comes last; only a deletion moves what follows, and shows in the total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostQuery {
    /// Changed after this moment, by the site's clock. A new post that carries an old date counts as changed then.
    pub modified_after: Option<DateTime<Utc>>,
    /// How many to leave out first. Go on by `limit`, not by as many as came.
    pub offset: u64,
    /// 1 to 100.
    pub limit: u8,
}

/// A post in a list of all of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Listed {
    #[serde(deserialize_with = "lenient::number")]
    pub id: u64,
    #[serde(default, deserialize_with = "lenient::text")]
    pub status: String,
    #[serde(default, deserialize_with = "lenient::time")]
    pub modified_gmt: Option<DateTime<Utc>>,
}

impl WordPress {
    /// Posts of a type in every status, trash included, with their whole texts. `taxonomies` are those whose terms come along.
    ///
    /// # Errors
    /// [`WordPressError`]; [`WordPressError::TooLarge`] when the texts are too long together: ask for fewer.
    pub async fn posts(
        &self,
        of: &PostType,
        taxonomies: &[Taxonomy],
        query: PostQuery,
    ) -> Result<Page<Post>, WordPressError> {
        self.some(of, &fields(taxonomies), query).await
    }

    /// The posts of a type with these ids, at most 100, in every status; those that are gone or hidden from the user are missing.
    ///
    /// # Errors
    /// As [`WordPress::posts`].
    pub async fn posts_with(
        &self,
        of: &PostType,
        taxonomies: &[Taxonomy],
        ids: &[u64],
    ) -> Result<Vec<Post>, WordPressError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let include: Vec<String> = ids.iter().take(100).map(u64::to_string).collect();
        let (include, fields) = (include.join(","), fields(taxonomies));
        let parameters = [
            ("context", "edit"),
            ("status", ANY_STATUS),
            ("orderby", "id"),
            ("order", "asc"),
            ("per_page", "100"),
            ("include", &include),
            ("_fields", &fields),
        ];
        let List(found) = self.get(&of.route(), &parameters, LIST).await?;
        Ok(found)
    }

    /// As [`WordPress::posts`], with ids, statuses and times alone: to find what is missing.
    ///
    /// # Errors
    /// [`WordPressError`].
    pub async fn listed(&self, of: &PostType, query: PostQuery) -> Result<Page<Listed>, WordPressError> {
        self.some(of, "id,status,modified_gmt", query).await
    }

    async fn some<T: serde::de::DeserializeOwned>(
        &self,
        of: &PostType,
        fields: &str,
        query: PostQuery,
    ) -> Result<Page<T>, WordPressError> {
        let after = query
            .modified_after
            .map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true));
        let mut parameters = vec![
            ("context", "edit"),
            ("status", ANY_STATUS),
            ("orderby", "id"),
            ("order", "asc"),
            ("_fields", fields),
        ];
        if let Some(after) = &after {
            parameters.push(("modified_after", after));
        }
        self.list(&of.route(), &parameters, (query.offset, query.limit), LIST)
            .await
    }

    /// One post, with what it has in the trash too.
    ///
    /// # Errors
    /// [`WordPressError::Gone`] when it was deleted for good.
    pub async fn post_of(&self, of: &PostType, taxonomies: &[Taxonomy], id: u64) -> Result<Post, WordPressError> {
        let route = format!("{}/{id}", of.route());
        let fields = fields(taxonomies);
        self.get(&route, &[("context", "edit"), ("_fields", &fields)], OBJECT)
            .await
    }

    /// The post of a type with a slug, in any status but trash.
    ///
    /// # Errors
    /// [`WordPressError`].
    pub async fn post_by_slug(
        &self,
        of: &PostType,
        taxonomies: &[Taxonomy],
        slug: &str,
    ) -> Result<Option<Post>, WordPressError> {
        let fields = fields(taxonomies);
        let parameters = [
            ("context", "edit"),
            ("status", "any"),
            ("slug", slug),
            ("_fields", &fields),
        ];
        let List(found) = self.get::<List<Post>>(&of.route(), &parameters, LIST).await?;
        Ok(found.into_iter().find(|post| post.slug == slug))
    }

    /// Makes a post. **Repeating it makes a second one.**
    ///
    /// # Errors
    /// [`WordPressError`]; after one with [`Outcome::Retry`](crate::Outcome) the post may be there.
    pub async fn create(&self, of: &PostType, fields: &PostFields) -> Result<Post, WordPressError> {
        self.post(&of.route(), &[("context", "edit")], fields).await
    }

    /// Changes what the fields name and answers the post as it is now.
    ///
    /// # Errors
    /// [`WordPressError::Gone`] when it was deleted for good.
    pub async fn update(&self, of: &PostType, id: u64, fields: &PostFields) -> Result<Post, WordPressError> {
        self.post(&format!("{}/{id}", of.route()), &[("context", "edit")], fields)
            .await
    }

    /// Whether any post of a type has a term, in whatever status, trash included.
    ///
    /// # Errors
    /// [`WordPressError`].
    pub async fn has_posts_with(&self, of: &PostType, taxonomy: &Taxonomy, id: u64) -> Result<bool, WordPressError> {
        let id = id.to_string();
        let query = [
            ("context", "edit"),
            ("status", ANY_STATUS),
            (taxonomy.rest_base.as_str(), id.as_str()),
            ("_fields", "id,status,modified_gmt"),
        ];
        let page: Page<Listed> = self.list(&of.route(), &query, (0, 1), OBJECT).await?;
        Ok(!page.items.is_empty())
    }

    /// Throws a post away, from where people can fetch it back. Fine when it is there already, or gone.
    ///
    /// # Errors
    /// [`WordPressError`]; [`WordPressError::Refused`] with `rest_trash_not_supported` where the trash is switched off.
    pub async fn trash(&self, of: &PostType, id: u64) -> Result<(), WordPressError> {
        self.remove(of, id, "false").await
    }

    /// Deletes a post for good. Fine when it is gone.
    ///
    /// # Errors
    /// [`WordPressError`].
    pub async fn delete(&self, of: &PostType, id: u64) -> Result<(), WordPressError> {
        self.remove(of, id, "true").await
    }

    async fn remove(&self, of: &PostType, id: u64, force: &str) -> Result<(), WordPressError> {
        // DELETE itself is refused by some servers; WordPress takes the method from this header's parameter as well.
        let route = format!("{}/{id}", of.route());
        let query = [("force", force), ("_method", "DELETE")];
        match self
            .send(Method::POST, &route, &query, Sent::Json(&json!({})), OBJECT)
            .await
        {
            Ok(_) | Err(WordPressError::Gone) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The fields to ask for: the terms of each taxonomy are a field of their own.
fn fields(taxonomies: &[Taxonomy]) -> String {
    let mut fields = FIELDS.to_owned();
    for taxonomy in taxonomies {
        fields.push(',');
        fields.push_str(&taxonomy.rest_base);
    }
    fields
}
