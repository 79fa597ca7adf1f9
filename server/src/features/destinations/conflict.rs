//! What differs in a conflict, and telling of it.
//!
//! What was changed on which side is told by what is known of both since they agreed; what is the same in effect, as the
//! publisher and an import see it, is no difference.

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, Utc};
use igny8_data::{DbError, Read, SiteScope, Tx};
use igny8_wordpress::{Post, PostPart};

use super::document::{self, Maker};
use super::inbound::convert;
use super::mappings;
use super::model::{Destination, Publication};
use crate::app::App;
use crate::features::content::Content;
use crate::features::content::model::ContentType;
use crate::features::sites::Site;
use crate::features::webhooks::event::ConflictData;
use crate::features::webhooks::{self, Event};
use crate::publish::wordpress::{self, WordpressSettings, texts};
use crate::publish::{Document, DocumentStatus, Known, KnownKind, Part, RemoteCopy, TermStep};

/// A field in which the sides differ.
#[derive(Debug)]
pub struct Differing {
    pub field: &'static str,
    pub ours: String,
    /// Ours as it would go there, where that is another text.
    pub as_sent: Option<String>,
    pub theirs: String,
    pub changed_here: bool,
    pub changed_there: bool,
}

/// What ours would be there; `None` where that was not made.
#[derive(Debug, Default)]
pub struct AsSent {
    body: Option<String>,
    terms: Option<Vec<Named>>,
    /// The address of the picture it is shown with; empty for none.
    image: Option<String>,
}

/// A term by its name, with its id there where it has one.
#[derive(Debug, Clone)]
struct Named {
    id: Option<u64>,
    name: String,
}

impl AsSent {
    fn of(document: &Document, settings: &WordpressSettings, known: &Known, their_image: &str) -> Self {
        let terms = document.terms.iter();
        let terms = terms.filter(|term| !matches!(term.taxonomy.as_str(), "cluster" | "sector"));
        let picture = document.featured.as_ref().map(|hash| {
            let there = known.get(KnownKind::Media, hash).and_then(|entry| entry.url.clone());
            let here = document.files.iter().find(|file| file.hash == *hash);
            there.or_else(|| here.map(|file| file.path.clone())).unwrap_or_default()
        });
        Self {
            body: Some(wordpress::body_as_sent(document, settings, known)),
            terms: Some(terms.filter_map(|term| Some(named(term.path.last()?, known))).collect()),
            image: Some(picture.unwrap_or_else(|| their_image.to_owned())),
        }
    }
}

fn named(step: &TermStep, known: &Known) -> Named {
    let entry = known.get(KnownKind::Term, &step.id);
    Named {
        id: entry.and_then(|entry| entry.external_id.parse().ok()),
        name: step.name.clone(),
    }
}

/// Makes what would go there of a row.
///
/// # Errors
/// When the database fails.
pub async fn as_sent(
    app: &App,
    scope: &SiteScope<Read>,
    site: &Site,
    destination: &Destination,
    (ours, publication): (&Content, &Publication),
) -> Result<AsSent, DbError> {
    let Ok(maker) = Maker::new(app, app.db.site(scope), site, destination) else {
        return Ok(AsSent::default());
    };
    let rows = vec![(ours.clone(), publication.clone())];
    let Some((_, _, made)) = Box::pin(maker.documents(rows)).await?.pop() else {
        return Ok(AsSent::default());
    };
    let document = made.document;
    let db = app.db.site(scope);
    let known = mappings::of_documents(&db, destination.id, std::iter::once(&document)).await?;
    let settings = destination.settings::<WordpressSettings>().unwrap_or_default();
    let image = ours.extra.get("image").and_then(serde_json::Value::as_str);
    let image = image.unwrap_or_default().to_owned();
    let work = move || AsSent::of(&document, &settings, &known, &image);
    let made = tokio::task::spawn_blocking(work).await;
    made.map_err(|error| DbError::Internal {
        doing: "making what would be sent",
        message: error.to_string(),
    })
}

/// A field of both sides.
struct Compared {
    field: &'static str,
    /// The parts of ours that it is in, and the part of theirs.
    here: &'static [Part],
    there: PostPart,
    ours: String,
    as_sent: Option<String>,
    theirs: String,
    /// `None` where that cannot be told from the texts: it differs where it was changed.
    same: Option<bool>,
}

impl Compared {
    fn new(field: &'static str, here: &'static [Part], there: PostPart, ours: &str, theirs: &str) -> Self {
        Self {
            field,
            here,
            there,
            ours: ours.to_owned(),
            as_sent: None,
            theirs: theirs.to_owned(),
            same: None,
        }
    }

    fn same(self, same: bool) -> Self {
        Self {
            same: Some(same),
            ..self
        }
    }
}

/// Fields that were changed on a side and differ, of a publication and its content, which would be `sent`.
pub fn differing(publication: &Publication, ours: &Content, sent: &AsSent, theirs: &RemoteCopy) -> Vec<Differing> {
    let before = publication.their_hash.as_deref();
    let there = PostPart::changed(before.unwrap_or_default(), &theirs.hash);
    let here = document::edited_here(ours, publication.sent_rev).unwrap_or_else(|| BTreeSet::from(Part::ALL));
    let lost_seo = before.is_some() && there.contains(&PostPart::Seo);
    let mut all = texts_of(ours, sent, theirs);
    all.extend(seo_of(ours, theirs, lost_seo));
    all.extend(state_of(ours, theirs));
    all.extend(around_of(ours, sent, theirs));
    let found = all.into_iter().filter_map(|one| {
        let changed_here = one.here.iter().any(|part| here.contains(part));
        let changed_there = there.contains(&one.there);
        let differs = (changed_here || changed_there) && one.same != Some(true);
        differs.then_some(Differing {
            field: one.field,
            ours: one.ours,
            as_sent: one.as_sent,
            theirs: one.theirs,
            changed_here,
            changed_there,
        })
    });
    found.collect()
}

fn texts_of(ours: &Content, sent: &AsSent, theirs: &RemoteCopy) -> Vec<Compared> {
    let is_same_html = |there: &str, here: &str| wordpress::same_text(there, &wordpress::as_html(here));
    let title = Compared::new("title", &[Part::Title], PostPart::Title, &ours.title, &theirs.title);
    let slug = Compared::new("slug", &[Part::Slug], PostPart::Slug, &ours.slug, &theirs.slug);
    let body = Compared::new("body", &[Part::Body], PostPart::Content, &ours.body, &theirs.html);
    let excerpt = &theirs.excerpt;
    let same_excerpt = texts::excerpt(excerpt) == ours.excerpt || is_same_html(excerpt, &ours.excerpt);
    let same_title = texts::title(&theirs.title) == ours.title || is_same_html(&theirs.title, &ours.title);
    vec![
        title.same(same_title),
        slug.same(wordpress::same_slug(&theirs.slug, &ours.slug)),
        Compared {
            same: sent.body.as_ref().map(|body| wordpress::same_body(&theirs.html, body)),
            as_sent: sent.body.clone().filter(|body| *body != ours.body),
            ..body
        },
        Compared::new("excerpt", &[Part::Excerpt], PostPart::Excerpt, &ours.excerpt, excerpt).same(same_excerpt),
    ]
}

/// Texts for search engines. Without any there, that is no difference unless some were taken away: a site may have no plugin for
/// them.
fn seo_of(ours: &Content, theirs: &RemoteCopy, were_lost: bool) -> [Compared; 2] {
    let compared = |field: &'static str, ours: &str, theirs: Option<&str>, as_imported: fn(&str) -> String| {
        let same = match theirs {
            Some(theirs) => theirs == ours || as_imported(theirs) == ours,
            None => ours.is_empty() || !were_lost,
        };
        Compared::new(field, &[Part::Seo], PostPart::Seo, ours, theirs.unwrap_or_default()).same(same)
    };
    let (title, description) = (theirs.seo_title.as_deref(), theirs.seo_description.as_deref());
    [
        compared("seo_title", &ours.seo_title, title, texts::seo_title),
        compared(
            "meta_description",
            &ours.meta_description,
            description,
            texts::seo_description,
        ),
    ]
}

/// Status and date.
fn state_of(ours: &Content, theirs: &RemoteCopy) -> [Compared; 2] {
    let status = document::status_of(ours);
    let is_deleted = ours.deleted_at.is_some();
    let name = if is_deleted {
        "trash"
    } else {
        wordpress::status_name(status)
    };
    let is_shown = |name: &str| matches!(name, "publish" | "private");
    let same = name == theirs.status || (is_shown(name) && is_shown(&theirs.status));
    let date = match status {
        DocumentStatus::Scheduled => ours.publish_at,
        DocumentStatus::Draft | DocumentStatus::Pending | DocumentStatus::Published => ours.published_at,
    };
    let there = theirs.published_at;
    let same_date = is_deleted || date.is_none_or(|date| wordpress::is_same_date(status, there, date));
    let (of, part) = (&[Part::Status], PostPart::Status);
    [
        Compared::new("status", of, part, name, &theirs.status).same(same),
        Compared::new("published_at", of, part, &written(date), &written(there)).same(same_date),
    ]
}

/// What it refers to, and how it is shown there.
fn around_of(ours: &Content, sent: &AsSent, theirs: &RemoteCopy) -> Vec<Compared> {
    let known = theirs.around.as_ref();
    let around = known.cloned().unwrap_or_default();
    let author = ours.author.as_deref().unwrap_or_default();
    let image = sent.image.as_deref();
    let is_placed = ours.content_type != ContentType::Post;
    let below = if around.parent == 0 {
        "/".to_owned()
    } else {
        format!("#{}", around.parent)
    };
    let order = ours.weight.unwrap_or(0);
    let (place, their_place) = (
        format!("order: {order}\nbelow: {}", ours.section),
        format!("order: {}\nbelow: {below}", around.order),
    );
    let kept = ours.extra.get(convert::EXTRA).cloned().unwrap_or_default();
    let showing = serde_json::from_value::<Post>(kept).map_or_else(|_| String::new(), |kept| texts::showing(&kept));
    vec![
        terms_of(sent, theirs),
        Compared {
            same: known.map(|around| convert::cut(&around.author, 120) == author),
            ..Compared::new("author", &[Part::Author], PostPart::Author, author, &around.author)
        },
        Compared {
            same: known.and(image).map(|image| image == around.image),
            ..Compared::new(
                "featured_image",
                &[Part::Featured],
                PostPart::Image,
                image.unwrap_or_default(),
                &around.image,
            )
        },
        Compared::new(
            "place",
            if is_placed { &[Part::Place, Part::Order] } else { &[] },
            PostPart::Place,
            &place,
            &their_place,
        ),
        Compared::new("showing", &[], PostPart::Showing, &showing, &around.showing),
        Compared::new("meta", &[], PostPart::Meta, "", ""),
    ]
}

/// Terms by their ids there, as far as they have one, under the names that they have here: one that has another name there is the
/// same one.
fn terms_of(sent: &AsSent, theirs: &RemoteCopy) -> Compared {
    let ours = sent.terms.as_deref().unwrap_or_default();
    let around = theirs.around.as_ref();
    let ids = around.map(|around| around.terms.as_slice()).unwrap_or_default();
    // A copy that was kept before there were ids has names alone.
    let ids = if ids.len() == theirs.terms.len() { ids } else { &[] };
    let their_id = |n: usize| ids.get(n).copied();
    let (mut names, mut their_names) = (Vec::new(), Vec::new());
    for one in ours {
        let is_there = one.id.is_some_and(|id| ids.contains(&id));
        names.push((one.name.as_str(), one.id.filter(|_| is_there)));
    }
    for (n, name) in theirs.terms.iter().enumerate() {
        let same = ours.iter().find(|one| one.id.is_some() && one.id == their_id(n));
        let named = same.map_or((name.as_str(), None), |one| (one.name.as_str(), one.id));
        their_names.push(named);
    }
    for all in [&mut names, &mut their_names] {
        all.sort_unstable();
        all.dedup();
    }
    let same = around.and(sent.terms.as_ref()).map(|_| names == their_names);
    let lines = |all: &[(&str, Option<u64>)]| all.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("\n");
    Compared {
        same,
        ..Compared::new(
            "terms",
            &[Part::Terms],
            PostPart::Terms,
            &lines(&names),
            &lines(&their_names),
        )
    }
}

fn written(time: Option<DateTime<Utc>>) -> String {
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
        .unwrap_or_default()
}

/// Tells of a publication that becomes a conflict, in the unit of work that makes it one.
pub fn tell(tx: &mut Tx<'_>, publication: &Publication, ours: &Content, theirs: &RemoteCopy) {
    let fields = differing(publication, ours, &AsSent::default(), theirs);
    let data = ConflictData {
        site: publication.site,
        content: publication.content,
        destination: publication.destination.to_string(),
        external_id: publication.external_id.clone(),
        external_url: publication.external_url.clone(),
        fields: fields.into_iter().map(|one| one.field.to_owned()).collect(),
    };
    webhooks::emit(tx, &Event::SyncConflict(data));
}
