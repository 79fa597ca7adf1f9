//! Terms there for terms of ours: made as needed, below their parents, and renamed with ours.

use igny8_wordpress::{Taxonomy, Term, TermFields, WordPressError};

use super::fields::as_html;
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
        let differ = before.iter().zip(&after).map(|(before, after)| before != after);
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
            TermPart::Parent => part(serde_json::json!(fields.parent)),
        })
        .join(".")
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
    id: u64,
    /// But for its slug, which another one has.
    without_slug: bool,
}

impl Brought {
    fn whole(id: u64) -> Self {
        Self {
            id,
            without_slug: false,
        }
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
            if self.settings.taxonomy(&term.taxonomy) == Some(of.slug.as_str()) {
                ids.extend(self.term(of, term, known, notes).await?);
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// The id of a term, after those above it.
    pub(super) async fn term(
        &self,
        of: &Taxonomy,
        term: &DocumentTerm,
        known: &mut Known,
        notes: &mut Vec<String>,
    ) -> Result<Option<u64>, PublishError> {
        let from = if of.hierarchical {
            0
        } else {
            term.path.len().saturating_sub(1)
        };
        let mut parent = None;
        for step in &term.path[from..] {
            parent = Some(self.step(of, step, parent, known, notes).await?);
        }
        Ok(parent)
    }

    async fn step(
        &self,
        of: &Taxonomy,
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
        let entry = known.get(KnownKind::Term, &step.id);
        let id = entry.and_then(|entry| entry.external_id.parse::<u64>().ok());
        let sent = entry.and_then(|entry| entry.hash.clone());
        let brought = match id {
            Some(id) if sent.as_ref() == Some(&mark) => return Ok(id),
            Some(id) => self.changed(of, id, &fields, sent.as_deref(), &mark).await?,
            None => Brought::whole(self.made(of, &fields).await?),
        };
        let hash = if brought.without_slug {
            notes.push(format!(
                "WordPress has another {} with the slug `{}`: “{}” keeps the slug it has there.",
                of.name, step.slug, step.name
            ));
            // Still to be sent, in case it becomes free.
            let before = sent.filter(|sent| TermPart::changed(sent, &mark).is_some());
            before.map(|before| TermPart::keep(&mark, &before, &[TermPart::Slug]))
        } else {
            Some(mark)
        };
        let id = brought.id;
        let entry = Entry {
            external_id: id.to_string(),
            hash,
            url: None,
        };
        known.learn(KnownKind::Term, &step.id, entry);
        Ok(id)
    }

    /// Writes what changed here since both sides agreed; what changed there stays. Where nothing is known of that, what is
    /// another there is written.
    async fn changed(
        &self,
        of: &Taxonomy,
        id: u64,
        fields: &TermFields,
        sent: Option<&str>,
        mark: &str,
    ) -> Result<Brought, PublishError> {
        let parts = match sent.and_then(|sent| TermPart::changed(sent, mark)) {
            Some(parts) => Ok(parts),
            None => self.client.term(of, id).await.map(|there| apart(&there, fields)),
        };
        let brought = match parts {
            Ok(parts) => self.updated(of, id, fields, parts).await,
            Err(error) => Err(error),
        };
        match brought {
            Err(WordPressError::Gone) => self.made(of, fields).await.map(Brought::whole),
            brought => brought.map_err(|error| failed(&error)),
        }
    }

    /// Writes some parts; without the slug where another term has it there.
    async fn updated(
        &self,
        of: &Taxonomy,
        id: u64,
        fields: &TermFields,
        mut parts: Vec<TermPart>,
    ) -> Result<Brought, WordPressError> {
        let mut without_slug = false;
        while !parts.is_empty() {
            match self.client.update_term(of, id, &only(fields, &parts)).await {
                Err(WordPressError::Refused { code, .. })
                    if code == "duplicate_term_slug" && parts.contains(&TermPart::Slug) =>
                {
                    without_slug = true;
                    parts.retain(|part| *part != TermPart::Slug);
                }
                updated => {
                    return updated.map(|term| Brought {
                        id: term.id,
                        without_slug,
                    });
                }
            }
        }
        Ok(Brought { id, without_slug })
    }

    /// A term of WordPress's own with the same name or slug is taken for ours, and left as it is.
    async fn made(&self, of: &Taxonomy, fields: &TermFields) -> Result<u64, PublishError> {
        let made = self.client.create_term(of, fields).await;
        Ok(made.map_err(|error| failed(&error))?.id)
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
        let kept = TermPart::keep(&mark("New", "new", 0), &before, &[TermPart::Slug]);
        assert_eq!(
            TermPart::changed(&before, &kept),
            Some(vec![TermPart::Name]),
            "the slug is the earlier one's"
        );
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
