//! WordPress as a destination.
//!
//! WordPress has no idempotency keys, so everything is made in a way that finds itself again: a post begins as a draft whose slug is the
//! document's key, a file has the beginning of its hash in its slug, a term is known by name or slug to WordPress itself. What is
//! there is read before each write: only fields that differ are written, and nothing at all when none does.

pub mod blocks;
mod fields;
mod media;
mod origin;
mod settings;
mod terms;
pub mod texts;
mod writing;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use igny8_outgoing::Outgoing;
use igny8_wordpress::{
    Credentials, Discovered, Outcome, Post, PostFields, PostPart, PostType, Taxonomy, WordPress, WordPressError,
};

use super::document::{Above, Document, DocumentKind, DocumentTerm, Part};
use super::publisher::{
    Journal, Known, KnownKind, PublishError, Publisher, Receipt, RemoteAround, RemoteCopy, RemoteState,
};

pub use fields::{as_html, is_same_date, same_body, same_slug, same_text, status_name};
pub use origin::{former_source_key, origin_of, source_key};
pub use settings::{BodyForm, Imports, Sends, WordpressIn, WordpressOut, WordpressPatch, WordpressSettings};
pub use terms::{TermPart, edited_since_sent, has_lost_its_parent, mark_there, term_mark};
pub use writing::with_written;

/// How long a post that was read is taken for what is there.
const SOON: Duration = Duration::from_millis(500);
/// Terms of a taxonomy whose names are looked up, for people to compare.
const MOST_NAMES: usize = 50;

/// A connected WordPress site.
pub struct Wordpress {
    client: WordPress,
    discovered: Discovered,
    settings: WordpressSettings,
    /// Slugs of the taxonomies whose terms imports have brought here, whole.
    brought: BTreeSet<String>,
    /// Ids of files that were seen to be in the media library.
    seen_files: Mutex<HashSet<u64>>,
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
            brought: BTreeSet::new(),
            seen_files: Mutex::default(),
        }
    }

    /// Says of which taxonomies all terms were imported: of others, what posts have of them there stays.
    #[must_use]
    pub fn knowing(mut self, brought: BTreeSet<String>) -> Self {
        self.brought = brought;
        self
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

    /// Whether the site still shows posts of the type of something that is there.
    pub fn shows(&self, at: &Receipt) -> bool {
        self.type_of(at).is_ok()
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
            writing: None,
        }
    }

    /// What is there, for people; what it refers to is asked for, as far as there is an answer.
    async fn copy(&self, taxonomies: &[Taxonomy], post: &Post) -> RemoteCopy {
        let mut author = self
            .discovered
            .users
            .iter()
            .find(|user| user.id == post.author)
            .cloned();
        if author.is_none() && post.author != 0 {
            author = self.client.user(post.author).await.ok();
        }
        let image = match post.featured_media {
            0 => None,
            id => self.client.media_of(&[id]).await.ok().and_then(|mut found| found.pop()),
        };
        let mut terms = Vec::new();
        for taxonomy in taxonomies.iter().filter(|taxonomy| self.has_terms_to_compare(taxonomy)) {
            for id in post.terms(taxonomy).into_iter().take(MOST_NAMES) {
                let term = self.client.term(taxonomy, id).await;
                let name = term.map_or_else(|_| format!("#{id}"), |term| texts::plain(&term.name));
                terms.push((id, name));
            }
        }
        let named = Named {
            author: author.map(|user| user.name),
            image: image.map(|media| media.source_url),
            terms,
        };
        copy_of(post, taxonomies, named)
    }

    /// Whether the terms of a taxonomy are terms here.
    fn has_terms_to_compare(&self, taxonomy: &Taxonomy) -> bool {
        match self.settings.our_taxonomy(&taxonomy.slug) {
            Some(ours) => !matches!(ours, "cluster" | "sector"),
            None => self.brought.contains(&taxonomy.slug) && self.has_terms_of_ours(taxonomy),
        }
    }
}

/// Names of what a post refers to by numbers, as far as they are known.
#[derive(Debug, Default)]
pub struct Named {
    pub author: Option<String>,
    /// An address.
    pub image: Option<String>,
    /// With their numbers.
    pub terms: Vec<(u64, String)>,
}

/// A post as people compare it with ours.
pub fn copy_of(post: &Post, taxonomies: &[Taxonomy], named: Named) -> RemoteCopy {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let [seo_title, seo_description] = post.seo().map(text);
    let numbered = |name: Option<String>, id: u64| match name {
        Some(name) => name,
        None if id == 0 => String::new(),
        None => format!("#{id}"),
    };
    let (term_ids, terms) = named.terms.into_iter().unzip();
    RemoteCopy {
        hash: post.hash(taxonomies),
        modified: post.modified_gmt,
        status: post.status.clone(),
        title: post.title.clone(),
        slug: post.slug.clone(),
        html: post.content.clone(),
        excerpt: post.excerpt.clone(),
        url: text(&post.link),
        published_at: post.date_gmt,
        seo_title,
        seo_description,
        terms,
        around: Some(RemoteAround {
            author: numbered(named.author, post.author),
            image: numbered(named.image, post.featured_media),
            parent: post.parent,
            order: post.menu_order,
            showing: texts::showing(post),
            terms: term_ids,
        }),
    }
}

/// The body of a document as it would go there, with the files that are known to be there.
pub fn body_as_sent(document: &Document, settings: &WordpressSettings, known: &Known) -> String {
    let mut placed = media::Placed::new();
    for file in &document.files {
        if let Some(entry) = known.get(KnownKind::Media, &file.hash) {
            placed.insert(file.path.clone(), entry.clone());
        }
    }
    fields::body(document, settings.body, &placed)
}

/// The slug of a draft that holds the place of the document with a key.
pub fn place_slug_of(key: &str) -> String {
    format!("igny8-{}", key.replace('_', "-"))
}

/// Characters of an id behind what says which kind it is.
const ID: usize = 26;

/// The key of the document whose place a slug holds ([`place_slug_of`]), also where WordPress numbered it.
pub fn key_of_place(slug: &str) -> Option<String> {
    let (kind, rest) = slug.strip_prefix("igny8-")?.split_once('-')?;
    let (id, more) = rest.split_at_checked(ID)?;
    let all = |text: &str, fits: fn(u8) -> bool| !text.is_empty() && text.bytes().all(fits);
    let is_id = all(kind, |byte| byte.is_ascii_lowercase())
        && all(id, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let number = more.strip_prefix('-');
    let is_whole = more.is_empty() || number.is_some_and(|number| all(number, |byte| byte.is_ascii_digit()));
    (is_id && is_whole).then(|| format!("{kind}_{id}"))
}

/// The slug of a draft that holds the place of a document.
fn place_slug(document: &Document) -> String {
    place_slug_of(&document.key)
}

/// What is known to be there: what we left, and what was written by an attempt since whose answer was lost.
fn known_there(at: &Receipt, taxonomies: &[Taxonomy], post: &Post) -> Option<RemoteState> {
    let mut left = at.remote.clone()?;
    if let Some(writing) = &at.writing {
        left.hash = with_written(&left.hash, writing, &post.hash(taxonomies), post.modified_gmt);
    }
    Some(left)
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
fn has_unseen_edits(document: &Document, of: &PostType, before: &str, after: &str) -> bool {
    let place = document.place.as_ref().filter(|_| of.hierarchical);
    let is_placed = place.is_some_and(|place| place.above != Above::Unknown);
    let is_seen = |part: &PostPart| match part {
        PostPart::Title => document.sends(Part::Title),
        PostPart::Content => document.sends(Part::Body),
        PostPart::Excerpt => document.sends(Part::Excerpt),
        PostPart::Slug => document.sends(Part::Slug),
        PostPart::Status => document.sends(Part::Status),
        PostPart::Author => document.sends(Part::Author),
        PostPart::Image => document.sends(Part::Featured),
        PostPart::Terms => document.sends(Part::Terms),
        PostPart::Seo => document.sends(Part::Seo),
        PostPart::Meta => document.sends(Part::Meta),
        PostPart::Place => is_placed && document.sends(Part::Place) && document.sends(Part::Order),
        PostPart::Showing => false,
    };
    !PostPart::changed(before, after).iter().all(is_seen)
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

    async fn publish(
        &self,
        document: &Document,
        at: &Receipt,
        known: &mut Known,
        journal: &mut impl Journal,
    ) -> Result<Receipt, PublishError> {
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
        let begun = Instant::now();
        let mut notes = Vec::new();
        let mut fields = self.fields(document, &post, of, &taxonomies, known, &mut notes).await?;
        let mut post = post;
        if !fields.is_empty() && (begun.elapsed() > SOON || known.is_changed()) {
            // Files and terms took their time: what somebody saved meanwhile is not to be written over.
            let now = self.client.post_of(of, &taxonomies, id).await;
            let now = now.map_err(|error| failed(&error))?;
            if now != post {
                post = now;
                notes.clear();
                fields = self.fields(document, &post, of, &taxonomies, known, &mut notes).await?;
            }
        }
        if fetched_back {
            self.status(document, &post, &mut fields);
        }
        let left = known_there(at, &taxonomies, &post);
        let is_as_left = |left: &RemoteState| is_as_left(&post, &taxonomies, at, left);
        let was_edited = left.as_ref().is_some_and(|left| !is_as_left(left));
        // A slug that WordPress numbered once is numbered again: that is no edit of anybody's.
        if fields.is_empty() || (was_edited && fields::is_numbered_slug(&fields, &post)) {
            let mut receipt = Self::receipt(of, &taxonomies, &post);
            receipt.notes = notes;
            if let (Some(left), Some(now)) = (&left, &receipt.remote)
                && was_edited
                && has_unseen_edits(document, of, &left.hash, &now.hash)
            {
                receipt.remote = Some(left.clone());
            }
            return Ok(receipt);
        }
        if was_edited && !fetched_back {
            let copy = Box::pin(self.copy(&taxonomies, &post)).await;
            return Err(PublishError::Conflict(Box::new(copy)));
        }
        let there = left.map(|left| left.hash);
        if let Some(there) = &there {
            let writing = writing::mark(&post, &fields, &taxonomies);
            journal.about_to_write(there, &writing).await?;
        }
        self.keep_terms(&post, &taxonomies, &mut fields);
        let mut updated = self
            .client
            .update(of, id, &fields)
            .await
            .map_err(|error| failed(&error))?;
        // WordPress says nothing about a picture that it does not have any more: it was deleted there, and is sent again.
        let is_missing = |image: u64| image != updated.featured_media && document.featured.is_some();
        if fields.featured_media.is_some_and(is_missing) {
            let (image, note) = self.featured_again(document, known).await?;
            notes.extend(note);
            if let Some(there) = &there {
                fields.featured_media = Some(image);
                let writing = writing::mark(&post, &fields, &taxonomies);
                journal.about_to_write(there, &writing).await?;
            }
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

    async fn file(&self, term: &DocumentTerm, known: &mut Known) -> Result<Vec<String>, PublishError> {
        let entry = term.path.last().and_then(|step| known.get(KnownKind::Term, &step.id));
        let was_deleted = entry.is_some_and(|entry| entry.external_id.is_empty());
        let Some(slug) = self.taxonomy_of(term, known).filter(|_| !was_deleted) else {
            return Ok(Vec::new());
        };
        let mut notes = Vec::new();
        let mut all = self.discovered.taxonomies.iter().map(|found| &found.taxonomy);
        if let Some(of) = all.find(|of| of.slug == slug && self.has_terms_of_ours(of)) {
            self.term(of, term, known, &mut notes).await?;
        }
        Ok(notes)
    }

    async fn remove(&self, at: &Receipt) -> Result<(), PublishError> {
        let of = self.type_of(at)?;
        let Ok(id) = at.id.parse::<u64>() else {
            return Ok(());
        };
        if at.remote.is_some() {
            let taxonomies = self.discovered.taxonomies_of(of);
            let post = match self.client.post_of(of, &taxonomies, id).await {
                Ok(post) => post,
                Err(WordPressError::Gone) => return Ok(()),
                Err(error) => return Err(failed(&error)),
            };
            if post.status == "trash" {
                return Ok(());
            }
            let left = known_there(at, &taxonomies, &post);
            if left.is_some_and(|left| !is_as_left(&post, &taxonomies, at, &left)) {
                let copy = Box::pin(self.copy(&taxonomies, &post)).await;
                return Err(PublishError::Conflict(Box::new(copy)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_of_places_name_their_document() {
        let key = "pub_01jz8k3v5n6q7r8s9t0v1w2x3y";
        let slug = place_slug_of(key);
        for (slug, expected) in [
            (slug.clone(), Some(key)),
            (format!("{slug}-2"), Some(key)),
            (format!("{slug}-two"), None),
            (format!("{slug}x"), None),
            (slug[..slug.len() - 1].to_owned(), None),
            ("igny8-review".to_owned(), None),
            ("igny8".to_owned(), None),
            ("igny8-pub-é".repeat(9), None),
        ] {
            assert_eq!(key_of_place(&slug).as_deref(), expected, "{slug}");
        }
    }
}
