//! Places: where content is that documents link to or stand below, and what they wait for.

use std::collections::{BTreeSet, HashMap};

use igny8_data::{DbError, SurrealValue, Variables};
use igny8_renderer::address::Target;
use igny8_renderer::site::Page;

use super::super::model::{Publication, PublicationStatus};
use super::{Maker, Row, body};
use crate::features::content::model::ContentType;
use crate::features::content::rules::is_site_path;
use crate::features::content::{Content, ContentId};
use crate::features::media::Media;
use crate::publish::{Above, DocumentPlace, Part, html};

/// Addresses without content that are remembered of one body.
const MOST_PATHS: usize = 50;

impl Maker<'_> {
    /// Where content is that the bodies link to, or that the rows stand below.
    pub(super) async fn places(
        &self,
        bodies: &[(Page, body::Made)],
        rows: &[&Content],
    ) -> Result<HashMap<String, Place>, DbError> {
        let mut paths: BTreeSet<String> = rows.iter().filter_map(|content| self.section_of(content)).collect();
        for (page, body) in bodies {
            for address in html::addresses(&body.html) {
                if let Target::Site { path, .. } = self.address.target(&self.relative(&address), &page.path)
                    && !path.starts_with("/media/")
                {
                    paths.insert(path);
                }
            }
        }
        let (mut sql, mut binds) = (String::new(), Variables::new());
        for (n, path) in paths.iter().enumerate() {
            let (language, within) = self.in_language(path);
            binds.insert(format!("language{n}"), language);
            binds.insert(format!("path{n}"), within);
            sql += &format!(
                "SELECT VALUE id FROM content WITH INDEX content_path WHERE site = $site \
                 AND language = $language{n} AND path = $path{n} AND account = $account AND deleted_at IS NONE;"
            );
        }
        if paths.is_empty() {
            return Ok(HashMap::new());
        }
        let mut answer = self.db.query(&sql, binds, "looking for linked content").await?;
        let mut found: Vec<(String, ContentId)> = Vec::new();
        for (n, path) in paths.into_iter().enumerate() {
            found.extend(answer.rows::<ContentId>(n)?.pop().map(|linked| (path, linked)));
        }
        let (mut sql, mut binds) = (String::new(), Variables::new());
        binds.insert("destination", self.destination.id);
        for (n, (_, linked)) in found.iter().enumerate() {
            binds.insert(format!("content{n}"), *linked);
            sql += &format!(
                "SELECT external_id, external_type, external_url, status, sent_rev, their_hash \
                 FROM publication WITH INDEX publication_content \
                 WHERE destination = $destination AND content = $content{n} AND site = $site AND account = $account;"
            );
        }
        if found.is_empty() {
            return Ok(HashMap::new());
        }
        let mut answer = self
            .db
            .query(&sql, binds, "looking for addresses of linked content")
            .await?;
        let mut places = HashMap::new();
        for (n, (path, linked)) in found.into_iter().enumerate() {
            let there = answer.rows::<There>(n)?.pop().filter(There::is_written);
            let place = there.map_or_else(|| Place::unknown(linked), |there| there.place(linked));
            places.insert(path, place);
        }
        Ok(places)
    }

    /// Links in bodies begin with the path of the site's address; targets are told without it.
    fn relative(&self, address: &str) -> String {
        let base = self.address.base_path.as_str();
        match address.strip_prefix(base) {
            Some(rest) if !base.is_empty() && rest.starts_with('/') => rest.to_owned(),
            _ => address.to_owned(),
        }
    }

    /// The language of an address, and the path within it.
    fn in_language(&self, path: &str) -> (String, String) {
        let mut further = self.site.languages.iter().filter(|tag| **tag != self.site.language);
        let within = |tag: &&String| {
            let rest = path.strip_prefix('/')?.strip_prefix(tag.as_str())?;
            rest.starts_with('/').then(|| rest.to_owned())
        };
        let found = further.find_map(|tag| Some((tag.clone(), within(&tag)?)));
        found.unwrap_or_else(|| (self.site.language.clone(), path.to_owned()))
    }

    /// The address of a path within a language.
    pub fn site_path(&self, language: &str, path: &str) -> String {
        if language == self.site.language {
            path.to_owned()
        } else {
            format!("/{language}{path}")
        }
    }

    /// The address of what content stands below, if it stands below something. Posts do not, whatever their section.
    fn section_of(&self, content: &Content) -> Option<String> {
        let of = content.content_type;
        let is_top = content.section == "/" || content.section == of.default_section();
        (of != ContentType::Post && !is_top).then(|| self.site_path(&content.language, &content.section))
    }

    /// Where a row stands among others, and what of that is not there yet.
    pub(super) fn place(&self, row: &Row<'_>, places: &HashMap<String, Place>) -> (Option<DocumentPlace>, Missing) {
        let mut missing = Missing::default();
        if row.content.content_type == ContentType::Post {
            return (None, missing);
        }
        let above = self.section_of(row.content).map(|path| {
            let place = places.get(&path);
            let external = place
                .filter(|place| place.content != row.content.id)
                .and_then(|place| place.external.clone());
            missing.note(&path, place, external.is_some(), row);
            external.map_or(Above::Unknown, |(id, kind)| Above::Known { id, kind })
        });
        let place = DocumentPlace {
            above: above.unwrap_or(Above::Nothing),
            order: row.content.weight,
        };
        (Some(place), missing)
    }

    /// The body with addresses as they are there, the files it shows, and what it links to that is not there yet.
    pub(super) fn linked(
        &self,
        row: &Row<'_>,
        files: &HashMap<String, &Media>,
        places: &HashMap<String, Place>,
    ) -> (String, BTreeSet<String>, Missing) {
        let mut used: BTreeSet<String> = BTreeSet::new();
        let mut missing = Missing::default();
        let html = html::rewrite(row.html, |address| {
            let relative = self.relative(address);
            let Target::Site { path, suffix } = self.address.target(&relative, &row.page.path) else {
                return None;
            };
            if files.contains_key(&path) {
                used.insert(path.clone());
                return (address != path).then_some(path);
            }
            let place = places.get(&path);
            let url = place.and_then(|place| place.url.as_deref());
            // A foreign text speaks of its own site.
            if row.foreign {
                // What stands in it like that leads there already.
                return url
                    .filter(|url| path_of(url).as_deref() != Some(path.as_str()))
                    .map(|url| format!("{url}{suffix}"));
            }
            missing.note(&path, place, url.is_some(), row);
            Some(match url {
                Some(url) => format!("{url}{suffix}"),
                None => format!("{}{suffix}", self.address.absolute(&path)),
            })
        });
        (html, used, missing)
    }
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct There {
    external_id: Option<String>,
    external_type: Option<String>,
    external_url: Option<String>,
    status: PublicationStatus,
    sent_rev: Option<i64>,
    their_hash: Option<String>,
}

impl There {
    /// Whether it is there, and not only a place that is reserved for it: that has another address until it is written to.
    fn is_written(&self) -> bool {
        self.status != PublicationStatus::Removed && (self.sent_rev.is_some() || self.their_hash.is_some())
    }

    fn place(self, content: ContentId) -> Place {
        Place {
            content,
            url: self.external_url,
            external: self.external_id.zip(self.external_type),
        }
    }
}

/// Content that is named, and where it is there.
pub(super) struct Place {
    content: ContentId,
    url: Option<String>,
    /// Its id and what it is there.
    external: Option<(String, String)>,
}

impl Place {
    fn unknown(content: ContentId) -> Self {
        Self {
            content,
            url: None,
            external: None,
        }
    }
}

/// What a part of a document names and is not there yet.
#[derive(Default)]
pub(super) struct Missing {
    pub(super) contents: Vec<ContentId>,
    pub(super) paths: Vec<String>,
    /// Something that was waited for is there by now.
    pub(super) found: bool,
}

impl Missing {
    /// Takes down what is at an address.
    fn note(&mut self, path: &str, place: Option<&Place>, is_there: bool, row: &Row<'_>) {
        let before = row.publication;
        match place {
            Some(place) if place.content == row.content.id => {}
            Some(place) if is_there => {
                let was_missing = || before.waits_paths.iter().any(|waited| waited == path);
                self.found |= before.waits_for.contains(&place.content) || was_missing();
            }
            Some(place) => self.contents.push(place.content),
            None => {
                let is_new = self.paths.len() < MOST_PATHS && !self.paths.iter().any(|noted| noted == path);
                if is_new && is_page_path(path) {
                    self.paths.push(path.to_owned());
                }
            }
        }
    }

    /// What a part waits for: one that is not sent, only for what it waited for before. Where that is there now, the part is sent,
    /// though nothing of it changed.
    pub(super) fn settled(mut self, part: Part, changed: &mut Option<BTreeSet<Part>>, before: &Publication) -> Self {
        let Some(changed) = changed else {
            return self;
        };
        if self.found {
            changed.insert(part);
        }
        if !changed.contains(&part) {
            self.contents.retain(|id| before.waits_for.contains(id));
            self.paths.retain(|path| before.waits_paths.contains(path));
        }
        self
    }
}

/// Whether content can have an address: files end otherwise.
fn is_page_path(path: &str) -> bool {
    path == "/" || (path.ends_with('/') && is_site_path(path))
}

fn path_of(url: &str) -> Option<String> {
    url::Url::parse(url).ok().map(|url| url.path().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_content_can_have() {
        for (path, can) in [
            ("/", true),
            ("/blog/later/", true),
            ("/de/blog/später/", true),
            ("/blog/later", false),
            ("/files/a.pdf", false),
            ("/a b/", false),
            ("//a/", false),
        ] {
            assert_eq!(is_page_path(path), can, "{path}");
        }
    }
}
