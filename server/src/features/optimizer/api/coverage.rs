//! Which terms of its subject a text has, lacks and overdoes.

use igny8_data::{Access, DbError, Read, SiteDb, SiteId, SurrealValue, Variables};
use igny8_optimizer::coverage::{DEFAULT_TERMS, State, TermUse, Terms};
use igny8_optimizer::document::Document;
use igny8_text::Language;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};

use super::scores::of_row;
use crate::api::{Caller, Error, Result, Tag};
use crate::app::App;
use crate::features::content::model::BodyFormat;
use crate::features::content::{Content, ContentId};
use crate::features::optimizer::text;

/// Texts of the cluster, and of other subjects, that are read: each may have 2 MiB.
const SIBLINGS: usize = 12;
const OTHERS: usize = 12;
/// Keywords of the cluster, the most searched first.
const KEYWORDS: usize = 200;

/// How a text uses a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum TermState {
    Missing,
    /// Less often than texts on the subject do.
    Few,
    Good,
    /// Half again more often than nine of ten of them.
    Overused,
}

/// A term in a text.
#[derive(Debug, Object)]
#[oai(rename = "CoveredTerm")]
pub struct TermOut {
    pub text: String,
    /// All sum to 1.
    pub importance: f64,
    pub uses: u64,
    /// How often it should be used, ends included.
    pub min: u64,
    pub max: u64,
    pub state: TermState,
    /// It is a keyword of the cluster, or part of one.
    pub keyword: bool,
}

/// How much of its subject's terms a text has.
#[derive(Debug, Object)]
#[oai(rename = "TermCoverage", skip_serializing_if_is_none)]
pub struct CoverageOut {
    /// 0 to 100; absent where no terms are known.
    pub score: Option<u8>,
    /// The most important first, at most 60.
    pub terms: Vec<TermOut>,
    /// Texts of its cluster that the terms were learnt from.
    pub siblings: u64,
    /// Keywords of its cluster that they were learnt from.
    pub keywords: u64,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Body {
    body: String,
    body_format: BodyFormat,
}

/// What a subject is learnt from.
struct Subject {
    siblings: Vec<Body>,
    others: Vec<Body>,
    keywords: Vec<String>,
}

pub struct ScoreCoverageApi;

#[OpenApi(tag = "Tag::Optimizer")]
impl ScoreCoverageApi {
    /// Terms that content covers
    ///
    /// Learnt from the keywords and the other texts of its cluster, against texts on other subjects. 422 without a cluster.
    #[oai(
        path = "/sites/:site_id/content/:content_id/score/coverage",
        method = "get",
        operation_id = "content_score_coverage"
    )]
    async fn coverage(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        content_id: Path<ContentId>,
    ) -> Result<Json<CoverageOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let content = db.get::<Content>(content_id.0).await?.ok_or_else(Error::not_found)?;
        let subject = subject(&db, &content).await?.ok_or_else(|| {
            Error::rule(
                "no_cluster",
                "Choose the cluster it belongs to: its keywords and pages say which terms the subject has.",
            )
        })?;
        let row = of_row(&app, &db, content).await?;
        let out = text::computed(&app, move || {
            let language = Language::of(&row.language);
            let read = |text: &Body| {
                let html = text::html_of(&text.body, text.body_format);
                Document::read(&html, language, &row.host)
            };
            let siblings: Vec<Document> = subject.siblings.iter().map(read).collect();
            let others: Vec<Document> = subject.others.iter().map(read).collect();
            let keywords: Vec<&str> = subject.keywords.iter().map(String::as_str).collect();
            let terms = Terms::learn(
                &siblings.iter().collect::<Vec<_>>(),
                &keywords,
                &others.iter().collect::<Vec<_>>(),
                &row.language,
                DEFAULT_TERMS,
            );
            let found = terms.score(&Document::read(&row.html(), language, &row.host));
            CoverageOut {
                score: found.score,
                terms: found.terms.into_iter().map(TermOut::of).collect(),
                siblings: siblings.len() as u64,
                keywords: keywords.len() as u64,
            }
        });
        Ok(Json(out.await?))
    }
}

/// Other texts of its cluster and their keywords, and texts on other subjects; none without a cluster.
async fn subject<A: Access>(db: &SiteDb<'_, A>, content: &Content) -> Result<Option<Subject>, DbError> {
    let Some(cluster) = content.cluster else {
        return Ok(None);
    };
    let mut binds = Variables::new();
    binds.insert("cluster", cluster);
    binds.insert("language", content.language.clone());
    binds.insert("own", content.id);
    let sql = format!(
        "SELECT body, body_format FROM content WITH INDEX content_by_cluster WHERE site = $site AND cluster = $cluster \
         AND account = $account AND language = $language AND deleted_at IS NONE AND id != $own LIMIT {SIBLINGS};\
         SELECT body, body_format, updated_at FROM content WITH INDEX content_by_updated WHERE site = $site \
         AND account = $account AND language = $language AND deleted_at IS NONE AND cluster != $cluster \
         ORDER BY updated_at DESC LIMIT {OTHERS};\
         SELECT text, volume FROM keyword WITH INDEX keyword_by_cluster WHERE site = $site AND cluster = $cluster \
         AND account = $account AND deleted_at IS NONE ORDER BY volume DESC, text ASC LIMIT {KEYWORDS};"
    );
    let mut answer = db.query(&sql, binds, "reading what a subject says").await?;
    #[derive(SurrealValue)]
    #[surreal(crate = "surrealdb_types")]
    struct Keyword {
        text: String,
    }
    Ok(Some(Subject {
        siblings: answer.rows(0)?,
        others: answer.rows(1)?,
        keywords: answer.rows::<Keyword>(2)?.into_iter().map(|row| row.text).collect(),
    }))
}

impl TermOut {
    fn of(term: TermUse) -> Self {
        Self {
            text: term.text,
            importance: term.importance,
            uses: term.uses as u64,
            min: term.min as u64,
            max: term.max as u64,
            state: match term.state {
                State::Missing => TermState::Missing,
                State::Few => TermState::Few,
                State::Good => TermState::Good,
                State::Overused => TermState::Overused,
            },
            keyword: term.keyword,
        }
    }
}
