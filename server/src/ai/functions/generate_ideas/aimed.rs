//! What the site's pages aim at, planned and written, and the terms whose archives have a text: no second page is planned for
//! either.

use std::collections::HashSet;

use igny8_data::{Access, DbError, SectorId, SiteDb, SurrealValue, Variables};

use crate::features::planner::model::KeywordId;
use crate::features::planner::text_key;
use crate::features::taxonomy::TermId;

/// Rows that can be meant.
const LIVE: &str = "WHERE site = $site AND account = $account AND deleted_at IS NONE";

/// Keywords that ideas, tasks and content of a site aim at.
pub(super) struct Aimed {
    /// Of the sector that was asked about.
    ids: HashSet<KeywordId>,
    /// Keys of texts: of content, and of what is planned in other sectors, where the same words are another row.
    keys: HashSet<String>,
}

impl Aimed {
    pub(super) fn has(&self, id: KeywordId, text: &str) -> bool {
        self.ids.contains(&id) || self.keys.contains(&text_key(text))
    }
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Planned {
    sector: SectorId,
    primary_keyword: Option<KeywordId>,
    secondary_keywords: Vec<KeywordId>,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Written {
    primary_keyword: Option<String>,
    secondary_keywords: Vec<String>,
}

/// What pages of the site aim at, as a sector's keywords are looked at: ideas, tasks that were not cancelled, and content,
/// whatever sector and cluster they are in.
///
/// # Errors
/// When the database fails.
pub(super) async fn of<A: Access>(db: &SiteDb<'_, A>, sector: SectorId) -> Result<Aimed, DbError> {
    let sql = format!(
        "SELECT sector, primary_keyword, secondary_keywords FROM idea {LIVE};\
         SELECT sector, primary_keyword, secondary_keywords FROM task {LIVE} AND status != 'cancelled';\
         SELECT primary_keyword, secondary_keywords FROM content {LIVE} \
         AND (primary_keyword IS NOT NONE OR !array::is_empty(secondary_keywords));"
    );
    let mut answer = db.query(&sql, Variables::new(), "reading what pages aim at").await?;
    let mut aimed = Aimed {
        ids: HashSet::new(),
        keys: HashSet::new(),
    };
    let mut elsewhere: HashSet<KeywordId> = HashSet::new();
    let mut planned: Vec<Planned> = answer.rows(0)?;
    planned.extend(answer.rows::<Planned>(1)?);
    for page in planned {
        let to = if page.sector == sector {
            &mut aimed.ids
        } else {
            &mut elsewhere
        };
        to.extend(page.primary_keyword);
        to.extend(page.secondary_keywords);
    }
    for page in answer.rows::<Written>(2)? {
        let texts = page.primary_keyword.iter().chain(&page.secondary_keywords);
        aimed.keys.extend(texts.map(|text| text_key(text)));
    }
    let elsewhere: Vec<KeywordId> = elsewhere.into_iter().collect();
    for ids in elsewhere.chunks(1_000) {
        let mut binds = Variables::new();
        binds.insert("ids", ids.to_vec());
        let sql = format!("SELECT VALUE text_key FROM $ids {LIVE} AND text_key IS NOT NONE;");
        let keys: Vec<String> = db.query(&sql, binds, "reading keywords").await?.rows(0)?;
        aimed.keys.extend(keys);
    }
    Ok(aimed)
}

/// An idea that is a text about a term: the term, or what it would be called.
#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct PlannedText {
    term: Option<TermId>,
    name: Option<String>,
}

/// Keys of the names of terms whose archives have a text, planned or written.
///
/// # Errors
/// When the database fails.
pub(super) async fn texts<A: Access>(db: &SiteDb<'_, A>) -> Result<HashSet<String>, DbError> {
    let about = "content_type = 'taxonomy'";
    let sql = format!(
        "SELECT terms[0] AS term, suggested_terms[0] AS name FROM idea {LIVE} AND {about};\
         SELECT VALUE terms[0] FROM task {LIVE} AND {about} AND status != 'cancelled' AND !array::is_empty(terms);\
         SELECT VALUE terms[0] FROM content {LIVE} AND {about} AND !array::is_empty(terms);"
    );
    let mut answer = db.query(&sql, Variables::new(), "reading texts of terms").await?;
    let mut keys: HashSet<String> = HashSet::new();
    let mut terms: HashSet<TermId> = HashSet::new();
    for idea in answer.rows::<PlannedText>(0)? {
        match idea.term {
            Some(term) => {
                terms.insert(term);
            }
            None => keys.extend(idea.name.as_deref().map(text_key)),
        }
    }
    terms.extend(answer.rows::<TermId>(1)?);
    terms.extend(answer.rows::<TermId>(2)?);
    let terms: Vec<TermId> = terms.into_iter().collect();
    for ids in terms.chunks(1_000) {
        let mut binds = Variables::new();
        binds.insert("ids", ids.to_vec());
        let sql = format!("SELECT VALUE name FROM $ids {LIVE};");
        let names: Vec<String> = db.query(&sql, binds, "reading terms").await?.rows(0)?;
        keys.extend(names.iter().map(|name| text_key(name)));
    }
    Ok(keys)
}
