//! Taking ideas from a file.

use std::collections::{HashMap, HashSet};

use igny8_data::{SectorId, Select, SiteScope, SurrealValue, Variables, Write};

use super::api::{changed_idea, taken_idea};
use super::cluster_table::Sectors;
use super::idea::{Idea, IdeaId, IdeaStatus};
use super::idea_table::{read_outline, term_name};
use super::model::{Cluster, ClusterId, KeywordId, text_key};
use super::table::{CellProblem, Row, Table, TableReport, read_attributes};
use crate::api::Result;
use crate::api::validate::Check;
use crate::app::App;
use crate::features::sites::Sector;
use crate::features::taxonomy::{Term, TermId};

/// Ideas written by one transaction, keywords looked for by one query.
const BATCH: usize = 50;
const KEYS: usize = 200;

/// What a file's names stand for.
struct Known {
    sectors: Sectors,
    clusters: HashMap<(SectorId, String), ClusterId>,
    keywords: HashMap<(SectorId, String), KeywordId>,
    terms: HashMap<String, TermId>,
    language: String,
    ideas: HashMap<IdeaId, Idea>,
    by_target: HashMap<KeywordId, IdeaId>,
    by_title: HashMap<(SectorId, String), IdeaId>,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Key {
    id: KeywordId,
    text_key: String,
}

/// Takes ideas from a file. A row changes the idea of its id; without one, or with one of another site, the idea that aims
/// at its primary keyword or, when it has none, has its title; else it is a new idea.
///
/// # Errors
/// 422 when it is not such a table; when the database fails.
pub async fn import(
    app: &App,
    scope: &SiteScope<Write>,
    bytes: &[u8],
    sector: Option<SectorId>,
    dry_run: bool,
) -> Result<TableReport> {
    let table = Table::read(bytes, "title")?;
    let db = app.db.site(scope);
    let sectors = Sectors::new(db.list::<Sector>(Select::new()).await?, sector)?;
    let known = known(app, scope, &table, sectors).await?;
    let mut report = TableReport {
        dry_run,
        rows: table.row_count() as u64,
        ..TableReport::default()
    };
    let mut seen = HashSet::new();
    let mut new: Vec<(u64, Idea)> = Vec::new();
    for row in table.rows() {
        let (before, idea) = match read_row(app, scope, &row, &known) {
            Ok(read) => read,
            Err((field, message)) => {
                report.fail(row.line, field, message);
                continue;
            }
        };
        let mut check = Check::new();
        idea.check(&mut check);
        if let Err(error) = check.finish() {
            report.refuse(row.line, error)?;
            continue;
        }
        match before {
            Some(before) if !seen.insert(before.id) => report.fail(row.line, "title", "is in the file twice"),
            Some(before) if same(before, &idea) => report.unchanged += 1,
            Some(_) if dry_run => report.updated += 1,
            Some(before) => match changed_idea(app, scope, before, idea).await {
                Ok(_) => report.updated += 1,
                Err(error) => report.refuse(row.line, error)?,
            },
            None => new.push((row.line, idea)),
        }
    }
    if dry_run {
        report.created = new.len() as u64;
        return Ok(report);
    }
    for batch in new.chunks(BATCH) {
        match create(app, scope, batch).await {
            Ok(()) => report.created += batch.len() as u64,
            // One of them is refused: find out which.
            Err(_) => {
                for one in batch {
                    match create(app, scope, std::slice::from_ref(one)).await {
                        Ok(()) => report.created += 1,
                        Err(error) => report.refuse(one.0, error)?,
                    }
                }
            }
        }
    }
    Ok(report)
}

async fn create(app: &App, scope: &SiteScope<Write>, ideas: &[(u64, Idea)]) -> Result<()> {
    let mut tx = app.db.site(scope).tx();
    for (_, idea) in ideas {
        idea.require(&mut tx);
        tx.create(idea.clone());
    }
    tx.commit().await.map_err(taken_idea)?;
    Ok(())
}

async fn known(app: &App, scope: &SiteScope<Write>, table: &Table, sectors: Sectors) -> Result<Known> {
    let db = app.db.site(scope);
    let clusters = db.list::<Cluster>(Select::new()).await?;
    let terms = db.list::<Term>(Select::new()).await?;
    let ideas = db.list::<Idea>(Select::new()).await?;
    let mut keys: HashSet<(SectorId, String)> = HashSet::new();
    for row in table.rows() {
        let Ok(sector) = sectors.of(&row) else { continue };
        let texts = row.list("secondary_keywords").unwrap_or_default();
        let texts = texts.iter().map(String::as_str).chain(row.filled("primary_keyword"));
        keys.extend(texts.map(|text| (sector, text_key(text))));
    }
    let mut keywords = HashMap::new();
    let keys: Vec<(SectorId, String)> = keys.into_iter().collect();
    for some in keys.chunks(KEYS) {
        // A list of keys would not go by the index in SurrealDB 3.3; single ones do.
        let mut binds = Variables::new();
        let mut sql = String::new();
        for (n, (sector, key)) in some.iter().enumerate() {
            binds.insert(format!("of{n}"), *sector);
            binds.insert(format!("key{n}"), key.clone());
            sql += &format!(
                "SELECT id, text_key FROM keyword WHERE site = $site AND sector = $of{n} AND text_key = $key{n} \
                 AND account = $account;"
            );
        }
        let mut answer = db.query(&sql, binds, "looking for keywords").await?;
        for (n, (sector, _)) in some.iter().enumerate() {
            keywords.extend(
                answer
                    .rows::<Key>(n)?
                    .into_iter()
                    .map(|row| ((*sector, row.text_key), row.id)),
            );
        }
    }
    let language = crate::features::sites::language_of(&db).await?;
    Ok(Known {
        sectors,
        clusters: clusters
            .into_iter()
            .map(|cluster| ((cluster.sector, text_key(&cluster.name)), cluster.id))
            .collect(),
        keywords,
        terms: terms
            .into_iter()
            .map(|term| (term_name(term.taxonomy, &term.language, &term.slug), term.id))
            .collect(),
        language,
        by_target: ideas.iter().filter_map(|idea| Some((idea.target?, idea.id))).collect(),
        by_title: ideas
            .iter()
            .map(|idea| ((idea.sector, text_key(&idea.title)), idea.id))
            .collect(),
        ideas: ideas.into_iter().map(|idea| (idea.id, idea)).collect(),
    })
}

/// The idea as the row says it, and as it is stored.
fn read_row<'a>(
    app: &App,
    scope: &SiteScope<Write>,
    row: &Row<'_>,
    known: &'a Known,
) -> Result<(Option<&'a Idea>, Idea), CellProblem> {
    let title = row
        .filled("title")
        .ok_or_else(|| ("title", "must be given".to_owned()))?;
    let by_id = row
        .filled("id")
        .and_then(|id| id.parse().ok())
        .and_then(|id: IdeaId| known.ideas.get(&id));
    let sector = match (by_id, row.filled("sector")) {
        (Some(idea), None) => idea.sector,
        _ => known.sectors.of(row)?,
    };
    if by_id.is_some_and(|idea| idea.sector != sector) {
        return Err(("sector", "cannot be changed".to_owned()));
    }
    let keyword = |column: &'static str, text: &str| {
        let missing = || (column, format!("the sector has no keyword {text}"));
        known
            .keywords
            .get(&(sector, text_key(text)))
            .copied()
            .ok_or_else(missing)
    };
    let primary = row
        .filled("primary_keyword")
        .map(|text| keyword("primary_keyword", text))
        .transpose()?;
    let by_name = || match primary {
        Some(primary) => known.by_target.get(&primary),
        None => known.by_title.get(&(sector, text_key(title))),
    };
    let before = by_id.or_else(|| by_name().and_then(|id| known.ideas.get(id)));
    let mut idea = match before {
        Some(before) => before.clone(),
        None => Idea::new(app.db.ids().make(), scope, sector, title, app.db.clock().now()),
    };
    title.clone_into(&mut idea.title);
    if let Some(brief) = row.cell("brief") {
        brief.clone_into(&mut idea.brief);
    }
    if let Some(outline) = row.cell("outline") {
        idea.outline = read_outline(outline);
    }
    if row.cell("cluster").is_some() {
        idea.cluster = match row.filled("cluster") {
            None => None,
            Some(name) => {
                let missing = || ("cluster", format!("the sector has no cluster {name}"));
                Some(*known.clusters.get(&(sector, text_key(name))).ok_or_else(missing)?)
            }
        };
    }
    if row.cell("role").is_some() {
        idea.cluster_role = row.word("role")?;
    }
    idea.cluster_role = idea.cluster_role.filter(|_| idea.cluster.is_some());
    let given = row.word("content_type")?;
    idea.content_type = given.unwrap_or(idea.content_type);
    idea.content_structure = match row.word("content_structure")? {
        Some(structure) => structure,
        None if given.is_some() && before.is_none() => idea.content_type.default_structure(),
        None => idea.content_structure,
    };
    let secondary = match row.list("secondary_keywords") {
        Some(texts) => texts
            .iter()
            .map(|text| keyword("secondary_keywords", text))
            .collect::<Result<_, _>>()?,
        None => idea.secondary_keywords.clone(),
    };
    let primary = match row.cell("primary_keyword") {
        Some(_) => primary,
        None => idea.primary_keyword,
    };
    idea.set_keywords(primary, secondary);
    idea.word_count = row.number("word_count")?.unwrap_or(idea.word_count);
    if let Some(names) = row.list("terms") {
        let term = |name: &String| {
            let whole = || format!("{name}@{}", known.language);
            let missing = || {
                (
                    "terms",
                    format!("the site has no term {name}; name it as blog_category:slug"),
                )
            };
            let found = known.terms.get(name).or_else(|| known.terms.get(&whole()));
            found.copied().ok_or_else(missing)
        };
        idea.terms = names.iter().map(term).collect::<Result<_, _>>()?;
    }
    if let Some(names) = row.list("suggested_terms") {
        idea.suggested_terms = names;
    }
    if let Some(cell) = row.cell("attributes") {
        idea.attributes = read_attributes(cell)?;
    }
    idea.origin = row.word("origin")?.unwrap_or(idea.origin);
    idea.disabled = row.flag("disabled")?.unwrap_or(idea.disabled);
    match row.word::<IdeaStatus>("status")? {
        // Only a task makes an idea queued.
        Some(IdeaStatus::Queued) | None => {}
        Some(status) => idea.status = status,
    }
    Ok((before, idea))
}

/// Whether nothing differs that a file can say.
fn same(a: &Idea, b: &Idea) -> bool {
    let of = |idea: &Idea| {
        (
            (idea.title.clone(), idea.brief.clone(), idea.outline.clone()),
            (
                idea.cluster,
                idea.cluster_role,
                idea.content_type,
                idea.content_structure,
            ),
            (idea.primary_keyword, idea.secondary_keywords.clone(), idea.word_count),
            (
                idea.terms.clone(),
                idea.suggested_terms.clone(),
                idea.attributes.clone(),
            ),
            (idea.status, idea.origin, idea.disabled),
        )
    };
    of(a) == of(b)
}
