//! WordPress as a destination.
//!
//! WordPress has no idempotency keys, so everything is made in a way that finds itself again: a post begins as a draft whose slug is the
//! document's key, a file has the beginning of its hash in its slug, a term is known by name or slug to WordPress itself. What is
//! there is read before each write: only fields that differ are written, and nothing at all when none does.

pub mod blocks;
mod fields;
mod media;
mod settings;
mod terms;

use std::borrow::Cow;

use igny8_outgoing::Outgoing;
use igny8_wordpress::{
    Credentials, Discovered, Outcome, Post, PostFields, PostPart, PostType, Taxonomy, WordPress, WordPressError,
};

use super::document::{Document, DocumentKind, DocumentTerm, Part};
use super::publisher::{Known, PublishError, Publisher, Receipt, RemoteCopy, RemoteState};

pub use settings::{BodyForm, Imports, Sends, WordpressIn, WordpressOut, WordpressPatch, WordpressSettings};
pub use terms::{TermPart, term_mark};

/// A connected WordPress site.
pub struct Wordpress {
    client: WordPress,
    discovered: Discovered,
    settings: WordpressSettings,
}

/// The client of a destination; asks nothing.
///
/// # Errors
/// [`PublishError::Connection`] when the API was never found, or user and password cannot be sent.
pub fn client(outgoing: &Outgoing, settings: &WordpressSettings, password: &str) -> Result<WordPress, PublishError> {
    let Some(root) = settings.root.clone() else {
        let why = "The REST API of the WordPress site was not found yet: test the connection.";
        return Err(PublishError::Connection(why.into()));
    };
    let credentials = Credentials::new(settings.user.clone(), password.to_owned());
    WordPress::new(outgoing.clone(), root, &credentials).map_err(|error| failed(&error))
}

/// What an error of WordPress means for a document.
pub fn failed(error: &WordPressError) -> PublishError {
    let mut why = error.to_string();
    if let Some(first) = why.get(..1).map(str::to_uppercase) {
        why.replace_range(..1, &first);
    }
    why.push('.');
    match error.outcome() {
        _ if error.is_about_the_connection() => PublishError::Connection(why),
        Outcome::Retry { after } => PublishError::Retry { why, after },
        Outcome::Fail => PublishError::Fail(why),
        Outcome::Gone => PublishError::Gone,
    }
}

/// The name of a type of content in settings.
pub fn kind_name(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Post => "post",
        DocumentKind::Page => "page",
        DocumentKind::Product => "product",
        DocumentKind::Service => "service",
        DocumentKind::Taxonomy => "taxonomy",
    }
}

impl Wordpress {
    pub fn new(client: WordPress, discovered: Discovered, settings: WordpressSettings) -> Self {
        Self {
            client,
            discovered,
            settings,
        }
    }

    /// The type of post that a document becomes.
    fn type_for(&self, kind: DocumentKind) -> Result<&PostType, PublishError> {
        let slug = self.settings.post_type(kind_name(kind));
        let slug =
            slug.ok_or_else(|| PublishError::Fail("Content of this type does not go to this destination.".into()))?;
        self.discovered.post_type(slug).ok_or_else(|| {
            PublishError::Fail(format!(
                "The WordPress site has no post type `{slug}` that its REST API shows. Look again at what it has (discover), or \
                 choose another post type in the destination's settings."
            ))
        })
    }

    /// The type of something that is there already.
    fn type_of(&self, at: &Receipt) -> Result<&PostType, PublishError> {
        let mut all = self.discovered.types.iter().map(|found| &found.post_type);
        let found = all.find(|of| of.rest_base == at.kind || of.slug == at.kind);
        found.ok_or_else(|| {
            PublishError::Fail(format!(
                "The WordPress site does not show posts of the type `{}` any more. Look again at what it has (discover).",
                at.kind
            ))
        })
    }

    /// What posts of a type are called in receipts, as far as the site shows them.
    pub fn kind_of(&self, post_type: &str) -> Option<&str> {
        Some(self.discovered.post_type(post_type)?.rest_base.as_str())
    }

    fn receipt(of: &PostType, taxonomies: &[Taxonomy], post: &Post) -> Receipt {
        Receipt {
            id: post.id.to_string(),
            kind: of.rest_base.clone(),
            url: (!post.link.is_empty()).then(|| post.link.clone()),
            status: Some(post.status.clone()),
            notes: Vec::new(),
            remote: Some(RemoteState {
                hash: post.hash(taxonomies),
                modified: post.modified_gmt,
            }),
        }
    }

    fn copy(&self, taxonomies: &[Taxonomy], post: &Post) -> RemoteCopy {
        let [seo_title, seo_description] = post.seo().map(|text| (!text.is_empty()).then(|| text.to_owned()));
        RemoteCopy {
            hash: post.hash(taxonomies),
            modified: post.modified_gmt,
            status: post.status.clone(),
            title: post.title.clone(),
            slug: post.slug.clone(),
            html: post.content.clone(),
            excerpt: post.excerpt.clone(),
            url: (!post.link.is_empty()).then(|| post.link.clone()),
            published_at: post.date_gmt,
            seo_title,
            seo_description,
            terms: Vec::new(),
        }
    }
}

/// The slug of a draft that holds the place of the document with a key.
pub fn place_slug_of(key: &str) -> String {
    format!("igny8-{}", key.replace('_', "-"))
}

/// The slug of a draft that holds the place of a document.
fn place_slug(document: &Document) -> String {
    place_slug_of(&document.key)
}

/// Whether the post is as we left it. One that we scheduled and that WordPress published when its time came was not edited.
fn is_as_left(post: &Post, taxonomies: &[Taxonomy], at: &Receipt, left: &RemoteState) -> bool {
    if post.hash(taxonomies) == left.hash {
        return true;
    }
    // Where there is no bin, what we took from visitors is a draft.
    let taken_back = at.status.as_deref() == Some("trash") && post.status == "draft";
    if taken_back && PostPart::changed(&left.hash, &post.hash(taxonomies)) == [PostPart::Status] {
        return true;
    }
    let became_due = at.status.as_deref() == Some("future") && post.status == "publish";
    became_due && {
        let mut before = post.clone();
        "future".clone_into(&mut before.status);
        before.hash(taxonomies) == left.hash
    }
}

/// Everything goes to a place that is new, whatever was changed.
fn whole<'a>(document: &'a Document, post: &Post) -> Cow<'a, Document> {
    if document.changed.is_none() || post.slug != place_slug(document) {
        return Cow::Borrowed(document);
    }
    Cow::Owned(Document {
        changed: None,
        ..document.clone()
    })
}

/// Whether parts were edited there that the document does not bring, so that they were not compared with it.
fn has_unseen_edits(document: &Document, before: &str, after: &str) -> bool {
    let part_of = |part: &PostPart| match part {
        PostPart::Title => Some(Part::Title),
        PostPart::Content => Some(Part::Body),
        PostPart::Excerpt => Some(Part::Excerpt),
        PostPart::Slug => Some(Part::Slug),
        PostPart::Status => Some(Part::Status),
        PostPart::Author => Some(Part::Author),
        PostPart::Image => Some(Part::Featured),
        PostPart::Terms => Some(Part::Terms),
        PostPart::Seo => Some(Part::Seo),
        PostPart::Meta => Some(Part::Meta),
        PostPart::Place | PostPart::Showing => None,
    };
    let edited = PostPart::changed(before, after);
    edited
        .iter()
        .any(|part| part_of(part).is_none_or(|part| !document.sends(part)))
}

impl Publisher for Wordpress {
    async fn check(&self) -> Result<(), PublishError> {
        self.client.check().await.map(|_| ()).map_err(|error| failed(&error))
    }

    async fn reserve(&self, document: &Document) -> Result<Receipt, PublishError> {
        let of = self.type_for(document.kind)?;
        let taxonomies = self.discovered.taxonomies_of(of);
        let slug = place_slug(document);
        let there = self.client.post_by_slug(of, &taxonomies, &slug).await;
        let post = match there.map_err(|error| failed(&error))? {
            Some(post) => post,
            None => {
                let draft = PostFields {
                    slug: Some(slug),
                    status: Some("draft".into()),
                    title: Some(fields::as_html(&document.title)),
                    ..PostFields::default()
                };
                self.client.create(of, &draft).await.map_err(|error| failed(&error))?
            }
        };
        Ok(Receipt {
            remote: None,
            ..Self::receipt(of, &taxonomies, &post)
        })
    }

    async fn publish(&self, document: &Document, at: &Receipt, known: &mut Known) -> Result<Receipt, PublishError> {
        let of = self.type_of(at)?;
        let taxonomies = self.discovered.taxonomies_of(of);
        let id: u64 = at.id.parse().map_err(|_| PublishError::Gone)?;
        let post = self
            .client
            .post_of(of, &taxonomies, id)
            .await
            .map_err(|error| failed(&error))?;
        // Where it was thrown away by us it comes back, where by them it stays away.
        let fetched_back = post.status == "trash";
        if fetched_back && at.status.as_deref() != Some("trash") {
            return Err(PublishError::Binned);
        }
        let sent = whole(document, &post);
        let document: &Document = &sent;
        let mut notes = Vec::new();
        let mut fields = self.fields(document, &post, of, &taxonomies, known, &mut notes).await?;
        if fetched_back {
            self.status(document, &post, &mut fields);
        }
        if fields.is_empty() {
            let mut receipt = Self::receipt(of, &taxonomies, &post);
            receipt.notes = notes;
            if let (Some(left), Some(now)) = (&at.remote, &receipt.remote)
                && !is_as_left(&post, &taxonomies, at, left)
                && has_unseen_edits(document, &left.hash, &now.hash)
            {
                receipt.remote = Some(left.clone());
            }
            return Ok(receipt);
        }
        if let Some(left) = &at.remote
            && !fetched_back
            && !is_as_left(&post, &taxonomies, at, left)
        {
            return Err(PublishError::Conflict(Box::new(self.copy(&taxonomies, &post))));
        }
        self.keep_terms(&post, &taxonomies, &mut fields);
        let mut updated = self
            .client
            .update(of, id, &fields)
            .await
            .map_err(|error| failed(&error))?;
        // WordPress says nothing about a picture that it does not have any more: it was deleted there, and is sent again.
        if fields
            .featured_media
            .is_some_and(|image| image != updated.featured_media)
        {
            let (image, note) = self.featured_again(document, known).await?;
            notes.extend(note);
            fields = PostFields {
                featured_media: Some(image),
                terms: std::mem::take(&mut fields.terms),
                ..PostFields::default()
            };
            updated = self
                .client
                .update(of, id, &fields)
                .await
                .map_err(|error| failed(&error))?;
        }
        let mut receipt = Self::receipt(of, &taxonomies, &updated);
        receipt.notes = notes;
        Ok(receipt)
    }

    async fn file(&self, term: &DocumentTerm, known: &mut Known) -> Result<(), PublishError> {
        let Some(slug) = self.settings.taxonomy(&term.taxonomy) else {
            return Ok(());
        };
        let all = self.discovered.taxonomies.iter().map(|found| &found.taxonomy);
        match all.into_iter().find(|of| of.slug == slug) {
            // What is to be told of it comes with the documents that have it.
            Some(of) => self.term(of, term, known, &mut Vec::new()).await.map(|_| ()),
            None => Ok(()),
        }
    }

    async fn remove(&self, at: &Receipt) -> Result<(), PublishError> {
        let of = self.type_of(at)?;
        let Ok(id) = at.id.parse::<u64>() else {
            return Ok(());
        };
        if let Some(left) = &at.remote {
            let taxonomies = self.discovered.taxonomies_of(of);
            let post = match self.client.post_of(of, &taxonomies, id).await {
                Ok(post) => post,
                Err(WordPressError::Gone) => return Ok(()),
                Err(error) => return Err(failed(&error)),
            };
            if post.status == "trash" {
                return Ok(());
            }
            if !is_as_left(&post, &taxonomies, at, left) {
                return Err(PublishError::Conflict(Box::new(self.copy(&taxonomies, &post))));
            }
        }
        match self.client.trash(of, id).await {
            Ok(()) => Ok(()),
            // A site without a bin: a draft is what comes nearest, and loses nothing.
            Err(WordPressError::Refused { code, .. }) if code == "rest_trash_not_supported" => {
                let draft = PostFields {
                    status: Some("draft".into()),
                    ..PostFields::default()
                };
                match self.client.update(of, id, &draft).await {
                    Ok(_) | Err(WordPressError::Gone) => Ok(()),
                    Err(error) => Err(failed(&error)),
                }
            }
            Err(error) => match failed(&error) {
                PublishError::Gone => Ok(()),
                error => Err(error),
            },
        }
    }
}
