//! Terms there for terms of ours: made as needed, below their parents, and renamed with ours.

use igny8_wordpress::{Taxonomy, Term, TermFields, WordPress, WordPressError};
use percent_encoding::percent_decode_str;

use super::fields::{as_html, plain};
use super::{Wordpress, failed};
use crate::publish::document::{DocumentTerm, TermStep};
use crate::publish::publisher::{Entry, Known, KnownKind, PublishError};

/// A part of a term that is edited by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TermPart {
    Name,
    Slug,
    Description,
    Parent,
}

impl TermPart {
    pub const ALL: [Self; 4] = [Self::Name, Self::Slug, Self::Description, Self::Parent];

    /// The parts in which two marks ([`term_mark`]) differ; `None` when one of them is none.
    pub fn changed(before: &str, after: &str) -> Option<Vec<Self>> {
        let (before, after): (Vec<&str>, Vec<&str>) = (before.split('.').collect(), after.split('.').collect());
        if before.len() != Self::ALL.len() || after.len() != Self::ALL.len() {
            return None;
        }
        let differ = before.iter().zip(&after);
        let differ = differ.map(|(before, after)| hash_of(before) != hash_of(after));
        let parts = Self::ALL.into_iter().zip(differ);
        Some(parts.filter(|(_, differs)| *differs).map(|(part, _)| part).collect())
    }

    /// A mark with some parts of an earlier one.
    pub fn keep(mark: &str, earlier: &str, parts: &[Self]) -> String {
        if parts.is_empty() {
            return mark.to_owned();
        }
        let both = mark.split('.').zip(earlier.split('.')).zip(Self::ALL);
        let chosen = both.map(|((now, before), part)| if parts.contains(&part) { before } else { now });
        chosen.collect::<Vec<_>>().join(".")
    }
}

/// What stands in a mark between the hash of the parent and its id, which is not compared: marks that were kept before there was
/// this have none.
const PARENT: char = '~';

/// What a term says in a taxonomy there, as a hash of each part: so that what changed on one side can be told from what changed
/// on the other.
pub fn term_mark(of: &Taxonomy, fields: &TermFields) -> String {
    let part = |value: serde_json::Value| {
        let text = serde_json::json!([of.slug, value]).to_string();
        let mut hash = blake3::hash(text.as_bytes()).to_hex().to_string();
        hash.truncate(16);
        hash
    };
    TermPart::ALL
        .map(|one| match one {
            TermPart::Name => part(serde_json::json!(fields.name)),
            TermPart::Slug => part(serde_json::json!(fields.slug)),
            TermPart::Description => part(serde_json::json!(fields.description)),
            TermPart::Parent => {
                let hash = part(serde_json::json!(fields.parent));
                match fields.parent {
                    Some(id) => format!("{hash}{PARENT}{id}"),
                    None => hash,
                }
            }
        })
        .join(".")
}

/// What is compared of a part of a mark.
fn hash_of(part: &str) -> &str {
    part.split_once(PARENT).map_or(part, |(hash, _)| hash)
}

/// The id of what a term stands below by its mark; 0 for nothing, `None` where the mark does not say.
fn parent_in(mark: &str) -> Option<u64> {
    mark.split('.').next_back()?.split_once(PARENT)?.1.parse().ok()
}

/// Whether what a term stood below by its mark is not there any more: WordPress moves up by itself what is below a term that is
/// deleted, and nobody edited that.
///
/// # Errors
/// [`PublishError`], without `Conflict`, `Gone` and `Binned`.
pub async fn has_lost_its_parent(client: &WordPress, of: &Taxonomy, mark: &str) -> Result<bool, PublishError> {
    let Some(parent) = parent_in(mark).filter(|parent| *parent != 0) else {
        return Ok(false);
    };
    match client.term(of, parent).await {
        Ok(_) => Ok(false),
        Err(WordPressError::Gone) => Ok(true),
        Err(error) => Err(failed(&error)),
    }
}

/// What a term there says.
pub fn mark_there(of: &Taxonomy, there: &Term) -> String {
    let fields = TermFields {
        name: Some(there.name.clone()),
        slug: Some(there.slug.clone()),
        description: Some(there.description.clone()),
        parent: Some(there.parent),
    };
    term_mark(of, &fields)
}

/// The parts that are another there than was sent, however WordPress stores that.
pub fn edited_since_sent(of: &Taxonomy, there: &Term, sent: &str) -> Vec<TermPart> {
    let as_text = TermFields {
        name: Some(plain(&there.name)),
        slug: Some(percent_decode_str(&there.slug).decode_utf8_lossy().into_owned()),
        description: Some(plain(&there.description)),
        parent: Some(there.parent).filter(|_| of.hierarchical),
    };
    let by_text = TermPart::changed(sent, &term_mark(of, &as_text)).unwrap_or_default();
    let mut edited = TermPart::changed(sent, &mark_there(of, there)).unwrap_or_default();
    edited.retain(|part| by_text.contains(part));
    edited
}

/// The parts that were edited there since they were last seen, or else since they were sent.
fn edited_there(of: &Taxonomy, there: &Term, sent: &str, seen: Option<&str>) -> Vec<TermPart> {
    let now = mark_there(of, there);
    seen.and_then(|seen| TermPart::changed(seen, &now))
        .unwrap_or_else(|| edited_since_sent(of, there, sent))
}

/// Tells of parts that were changed on both sides.
fn told(of: &Taxonomy, ours: &TermStep, there: &Term, parts: &[TermPart]) -> String {
    let all = parts.iter().map(|part| match part {
        TermPart::Name => format!("its name is “{}” there", plain(&there.name)),
        TermPart::Slug => format!("its slug is `{}` there", there.slug),
        TermPart::Description => "its description is another there".to_owned(),
        TermPart::Parent if there.parent == 0 => "it stands below no other one there".to_owned(),
        TermPart::Parent => "it stands below another one there".to_owned(),
    });
    format!(
        "“{}” ({}) was changed here and in WordPress: {}. Nothing was overwritten: make both the same, here or there.",
        ours.name,
        of.name,
        all.collect::<Vec<_>>().join(", ")
    )
}

/// The parts in which a term there is another than ours.
fn apart(there: &Term, ours: &TermFields) -> Vec<TermPart> {
    let same = |there: &str, ours: Option<&String>| ours.is_none_or(|ours| there == ours || there == as_html(ours));
    let is_same = |part: &TermPart| match part {
        TermPart::Name => same(&there.name, ours.name.as_ref()),
        TermPart::Slug => same(&there.slug, ours.slug.as_ref()),
        TermPart::Description => same(&there.description, ours.description.as_ref()),
        TermPart::Parent => ours.parent.is_none_or(|parent| parent == there.parent),
    };
    TermPart::ALL.into_iter().filter(|part| !is_same(part)).collect()
}

/// Some of the fields.
fn only(fields: &TermFields, parts: &[TermPart]) -> TermFields {
    let has = |part: TermPart| parts.contains(&part);
    TermFields {
        name: fields.name.clone().filter(|_| has(TermPart::Name)),
        slug: fields.slug.clone().filter(|_| has(TermPart::Slug)),
        description: fields.description.clone().filter(|_| has(TermPart::Description)),
        parent: fields.parent.filter(|_| has(TermPart::Parent)),
    }
}

/// A term that was brought there.
struct Brought {
    /// What is there by now.
    there: Term,
    /// But for its slug, which another one has.
    without_slug: bool,
    /// Whether it was made now, and not there already; `None` when it is the one that we know.
    made: Option<bool>,
    /// Parts that were edited there and that nothing here has taken.
    edited: Vec<TermPart>,
    /// Those of them that were changed here as well.
    both: Vec<TermPart>,
}

/// What is known of a term that is there.
struct Before {
    /// Of what was last sent of it.
    sent: Option<String>,
    /// Of what was there when it was last read.
    seen: Option<String>,
}

impl Before {
    /// What is known of it then, of ours with a mark.
    fn after(self, of: &Taxonomy, mark: &str, brought: &Brought) -> Self {
        let mut unsent = brought.both.clone();
        if brought.without_slug {
            unsent.push(TermPart::Slug);
        }
        let sent = if unsent.is_empty() {
            Some(mark.to_owned())
        } else {
            // Still to be sent, in case that becomes possible.
            let before = self.sent.filter(|sent| TermPart::changed(sent, mark).is_some());
            before.map(|before| TermPart::keep(mark, &before, &unsent))
        };
        let now = mark_there(of, &brought.there);
        let seen = if brought.edited.is_empty() {
            Some(now)
        } else {
            // An edit that is still to be seen.
            let before = self.seen.filter(|seen| TermPart::changed(seen, &now).is_some());
            before.map(|before| TermPart::keep(&now, &before, &brought.edited))
        };
        Self { sent, seen }
    }
}

impl Wordpress {
    /// Ids of a document's terms in a taxonomy, sorted.
    pub(super) async fn terms(
        &self,
        of: &Taxonomy,
        terms: &[DocumentTerm],
        known: &mut Known,
        notes: &mut Vec<String>,
    ) -> Result<Vec<u64>, PublishError> {
        let mut ids = Vec::with_capacity(terms.len());
        for term in terms {
            if self.taxonomy_of(term, known).as_deref() == Some(of.slug.as_str()) {
                ids.extend(self.term(of, term, known, notes).await?);
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// Slug of the taxonomy there that a term belongs in: that of the nearest on its path which is there, else the usual one.
    pub(super) fn taxonomy_of(&self, term: &DocumentTerm, known: &Known) -> Option<String> {
        let steps = term.path.iter().rev();
        let mut there = steps.filter_map(|step| known.get(KnownKind::Term, &step.id));
        let custom = there.next().and_then(|entry| entry.taxonomy.as_deref());
        custom
            .or_else(|| self.settings.taxonomy(&term.taxonomy))
            .map(str::to_owned)
    }

    /// The id of a term, after those above it in its taxonomy there.
    pub(super) async fn term(
        &self,
        of: &Taxonomy,
        term: &DocumentTerm,
        known: &mut Known,
        notes: &mut Vec<String>,
    ) -> Result<Option<u64>, PublishError> {
        let usual = self.settings.taxonomy(&term.taxonomy);
        let is_usual = usual == Some(of.slug.as_str());
        let from = if of.hierarchical {
            let elsewhere = term.path.iter().rposition(|step| {
                let entry = known.get(KnownKind::Term, &step.id);
                entry.is_some_and(|entry| entry.taxonomy.as_deref().or(usual) != Some(of.slug.as_str()))
            });
            elsewhere.map_or(0, |at| at + 1)
        } else {
            term.path.len().saturating_sub(1)
        };
        let mut parent = None;
        for step in &term.path[from..] {
            parent = Some(self.step((of, is_usual), step, parent, known, notes).await?);
        }
        Ok(parent)
    }

    async fn step(
        &self,
        (of, is_usual): (&Taxonomy, bool),
        step: &TermStep,
        parent: Option<u64>,
        known: &mut Known,
        notes: &mut Vec<String>,
    ) -> Result<u64, PublishError> {
        let fields = TermFields {
            name: Some(step.name.clone()),
            slug: Some(step.slug.clone()),
            description: Some(step.description.clone()),
            parent: parent.or(Some(0)).filter(|_| of.hierarchical),
        };
        let mark = term_mark(of, &fields);
        let entry = known.get(KnownKind::Term, &step.id).cloned().unwrap_or_default();
        let before = Before {
            sent: entry.hash,
            seen: entry.their_hash,
        };
        let brought = match entry.external_id.parse::<u64>().ok() {
            Some(id) if before.sent.as_ref() == Some(&mark) => return Ok(id),
            Some(id) => self.changed(of, id, &fields, &before, &mark).await?,
            None => self.made(of, &fields).await?,
        };
        if brought.without_slug {
            notes.push(format!(
                "WordPress has another {} with the slug `{}`: “{}” keeps the slug it has there.",
                of.name, step.slug, step.name
            ));
        }
        if !brought.both.is_empty() {
            notes.push(told(of, step, &brought.there, &brought.both));
        }
        let after = before.after(of, &mark, &brought);
        let id = brought.there.id;
        let entry = Entry {
            external_id: id.to_string(),
            hash: after.sent,
            their_hash: after.seen,
            url: entry.url,
            taxonomy: (!is_usual).then(|| of.slug.clone()),
            made: brought.made.unwrap_or(entry.made),
        };
        known.learn(KnownKind::Term, &step.id, entry);
        Ok(id)
    }

    /// Writes what changed here since both sides agreed; what changed there stays, also where both did. Where nothing is known of
    /// that, what is another there is written.
    async fn changed(
        &self,
        of: &Taxonomy,
        id: u64,
        fields: &TermFields,
        before: &Before,
        mark: &str,
    ) -> Result<Brought, PublishError> {
        let there = match self.client.term(of, id).await {
            Err(WordPressError::Gone) => return self.made(of, fields).await,
            there => there.map_err(|error| failed(&error))?,
        };
        let mut parts = apart(&there, fields);
        let (mut edited, mut both) = (Vec::new(), Vec::new());
        let sent = before.sent.as_deref();
        if let Some((sent, here)) = sent.and_then(|sent| Some((sent, TermPart::changed(sent, mark)?))) {
            edited = edited_there(of, &there, sent, before.seen.as_deref());
            // What says the same on both sides is no contradiction; nor is what WordPress moved up.
            edited.retain(|part| !here.contains(part) || parts.contains(part));
            if here.contains(&TermPart::Parent) && edited.contains(&TermPart::Parent) {
                let stood = before.seen.as_deref().filter(|seen| parent_in(seen).is_some());
                if has_lost_its_parent(&self.client, of, stood.unwrap_or(sent)).await? {
                    edited.retain(|part| *part != TermPart::Parent);
                }
            }
            both = here.into_iter().filter(|part| parts.contains(part)).collect();
            parts = both.iter().copied().filter(|part| !edited.contains(part)).collect();
            both.retain(|part| edited.contains(part));
        }
        let (after, without_slug) = match self.updated(of, id, fields, parts.clone()).await {
            Ok(updated) => updated,
            Err(WordPressError::Gone) => return self.made(of, fields).await,
            Err(error) => match self.arrived(of, id, fields, &parts).await {
                Some(there) => (Some(there), false),
                None => return Err(failed(&error)),
            },
        };
        Ok(Brought {
            there: after.unwrap_or(there),
            without_slug,
            made: None,
            edited,
            both,
        })
    }

    /// Writes some parts; without the slug where another term has it there. Answers the term, unless nothing was to be written,
    /// and whether it was without.
    async fn updated(
        &self,
        of: &Taxonomy,
        id: u64,
        fields: &TermFields,
        mut parts: Vec<TermPart>,
    ) -> Result<(Option<Term>, bool), WordPressError> {
        let mut without_slug = false;
        while !parts.is_empty() {
            match self.client.update_term(of, id, &only(fields, &parts)).await {
                Err(WordPressError::Refused { code, .. })
                    if code == "duplicate_term_slug" && parts.contains(&TermPart::Slug) =>
                {
                    without_slug = true;
                    parts.retain(|part| *part != TermPart::Slug);
                }
                updated => return updated.map(|term| (Some(term), without_slug)),
            }
        }
        Ok((None, without_slug))
    }

    /// The term, if parts of it are there as they were sent: where a write failed, the answer may be all that was lost. Found out
    /// later, it would look like an edit of theirs.
    async fn arrived(&self, of: &Taxonomy, id: u64, fields: &TermFields, parts: &[TermPart]) -> Option<Term> {
        let there = self.client.term(of, id).await.ok()?;
        let apart = apart(&there, fields);
        (!parts.iter().any(|part| apart.contains(part))).then_some(there)
    }

    /// A term of WordPress's own with the same name or slug is taken for ours, and left as it is.
    async fn made(&self, of: &Taxonomy, fields: &TermFields) -> Result<Brought, PublishError> {
        let made = self.client.make_term(of, fields).await;
        let (there, is_new) = made.map_err(|error| failed(&error))?;
        Ok(Brought {
            there,
            without_slug: false,
            made: Some(is_new),
            edited: Vec::new(),
            both: Vec::new(),
        })
    }

    /// Deletes a term of one of our taxonomies there, if it was made there for ours and no post has it, whatever its status. True
    /// when it is gone.
    ///
    /// # Errors
    /// [`PublishError`], without `Conflict`, `Gone` and `Binned`.
    pub async fn retire(&self, ours: &str, entry: &Entry) -> Result<bool, PublishError> {
        let slug = entry.taxonomy.as_deref().or_else(|| self.settings.taxonomy(ours));
        let mut all = self.discovered.taxonomies.iter().map(|found| &found.taxonomy);
        let of = all.find(|of| Some(of.slug.as_str()) == slug && self.has_terms_of_ours(of));
        let (Some(of), Ok(id), true) = (of, entry.external_id.parse::<u64>(), entry.made) else {
            return Ok(false);
        };
        match self.client.term(of, id).await {
            Err(WordPressError::Gone) => return Ok(true),
            Err(error) => return Err(failed(&error)),
            Ok(there) if there.count > 0 => return Ok(false),
            Ok(_) => {}
        }
        for found in &self.discovered.types {
            let has_it = found.post_type.taxonomies.contains(&of.slug);
            if !has_it {
                continue;
            }
            let is_used = self.client.has_posts_with(&found.post_type, of, id).await;
            if is_used.map_err(|error| failed(&error))? {
                return Ok(false);
            }
        }
        let deleted = self.client.delete_term(of, id).await;
        deleted.map(|()| true).map_err(|error| failed(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(name: &str, slug: &str, parent: u64) -> TermFields {
        TermFields {
            name: Some(name.into()),
            slug: Some(slug.into()),
            description: Some(String::new()),
            parent: Some(parent),
        }
    }

    #[test]
    fn marks_tell_which_part_changed() {
        let of = Taxonomy::categories();
        let mark = |name: &str, slug: &str, parent: u64| term_mark(&of, &fields(name, slug, parent));
        let before = mark("Europe", "europe", 0);
        for (after, expected) in [
            (mark("Europe", "europe", 0), Some(vec![])),
            (mark("Europa", "europe", 0), Some(vec![TermPart::Name])),
            (mark("Europa", "europa", 0), Some(vec![TermPart::Name, TermPart::Slug])),
            (mark("Europe", "europe", 3), Some(vec![TermPart::Parent])),
            ("x".repeat(64), None),
        ] {
            assert_eq!(TermPart::changed(&before, &after), expected);
        }
        assert_ne!(
            before,
            term_mark(&Taxonomy::tags(), &fields("Europe", "europe", 0)),
            "another taxonomy"
        );
        assert_eq!(TermPart::keep(&before, "", &[]), before);
        // One that was kept before it told the parent's id says the same.
        let (old, _) = before.split_once(PARENT).unwrap();
        assert_eq!(TermPart::changed(old, &before), Some(vec![]));
        assert_eq!((parent_in(old), parent_in(&before)), (None, Some(0)));
        assert_eq!(parent_in(&mark("Europe", "europe", 3)), Some(3));
        let kept = TermPart::keep(&mark("New", "new", 0), &before, &[TermPart::Slug]);
        assert_eq!(
            TermPart::changed(&before, &kept),
            Some(vec![TermPart::Name]),
            "the slug is the earlier one's"
        );
    }

    fn term(name: &str, slug: &str) -> Term {
        serde_json::from_value(serde_json::json!({ "id": 1, "name": name, "slug": slug })).unwrap()
    }

    #[test]
    fn edits_there_are_told_from_how_wordpress_stores_what_was_sent() {
        for of in [Taxonomy::categories(), Taxonomy::tags()] {
            let sent = TermFields {
                parent: Some(0).filter(|_| of.hierarchical),
                ..fields("A & B", "später", 0)
            };
            let sent = term_mark(&of, &sent);
            let stored = term("A &amp; B", "sp%c3%a4ter");
            let renamed = term("A &amp; C", "sp%c3%a4ter");
            assert_eq!(edited_there(&of, &stored, &sent, None), Vec::new());
            assert_eq!(edited_there(&of, &renamed, &sent, None), [TermPart::Name]);
            let seen = mark_there(&of, &renamed);
            assert_eq!(edited_there(&of, &renamed, &sent, Some(&seen)), Vec::new());
            assert_eq!(edited_there(&of, &stored, &sent, Some(&seen)), [TermPart::Name]);
        }
    }

    #[test]
    fn what_changed_on_both_sides_is_looked_at_again() {
        let of = Taxonomy::categories();
        let mark = |name: &str, slug: &str| term_mark(&of, &fields(name, slug, 0));
        let before = || Before {
            sent: Some(mark("Europe", "europe")),
            seen: Some(mark_there(&of, &term("Europe", "europe"))),
        };
        let brought = |both: &[TermPart], edited: &[TermPart]| Brought {
            there: term("Theirs", "ours"),
            without_slug: false,
            made: None,
            edited: edited.to_vec(),
            both: both.to_vec(),
        };
        let ours = mark("Ours", "ours");
        let after = before().after(&of, &ours, &brought(&[TermPart::Name], &[TermPart::Name]));
        assert_eq!(after.sent, Some(mark("Europe", "ours")));
        assert_eq!(after.seen, Some(mark_there(&of, &term("Europe", "ours"))));
        let after = before().after(&of, &ours, &brought(&[], &[]));
        assert_eq!(after.sent, Some(ours.clone()));
        assert_eq!(after.seen, Some(mark_there(&of, &term("Theirs", "ours"))));
        let unseen = Before { seen: None, ..before() };
        assert_eq!(unseen.after(&of, &ours, &brought(&[], &[TermPart::Name])).seen, None);
    }

    #[test]
    fn only_what_changed_is_written() {
        let all = fields("A & B", "a-b", 2);
        assert_eq!(
            only(&all, &[TermPart::Name]),
            TermFields {
                name: Some("A & B".into()),
                ..TermFields::default()
            }
        );
        let there: Term =
            serde_json::from_value(serde_json::json!({ "id": 1, "name": "A &amp; B", "slug": "a", "parent": 2 }))
                .unwrap();
        assert_eq!(apart(&there, &all), [TermPart::Slug]);
    }
}
