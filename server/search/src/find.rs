//! What is found, and in what order.
//!
//! Each word is scored by BM25 in title, headings and text, the better the place the higher; the best of its forms counts, and the
//! words' scores are added up. Statistics are those of the site's own index.

use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::ColumnValues;
use tantivy::query::{
    BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, FuzzyTermQuery, Occur, PhraseQuery, TermQuery,
};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader, Term};

use crate::index::{HALVES, Index, SearchError};
use crate::query::{Query, SpokenPart};

/// How much more a word says in the title, or in a heading, than in the text.
const TITLE: Score = 4.0;
const HEADING: Score = 2.0;
/// What a word says that only begins as what was typed: less than a whole one, however frequent that is.
const BEGUN: Score = 0.05;
/// What a word says that differs by a letter.
const NEAR: Score = 0.02;
/// What further places and forms of a word add to the best one.
const FURTHER: Score = 0.1;

/// A text that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    pub id: u128,
    pub score: f32,
}

type Clause = Box<dyn tantivy::query::Query>;

impl Index {
    /// The texts that have everything a query asks for and fulfil all conditions, the best first; of equals, the newest id first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn find(&self, query: &Query, facts: &[String]) -> Result<Vec<Hit>, SearchError> {
        if query.is_empty() {
            return Ok(Vec::new());
        }
        let searcher = self.searcher();
        let spoken = query.spoken(&self.languages(&searcher)?);
        let mut clauses: Vec<(Occur, Clause)> = Vec::new();
        for part in &spoken.parts {
            if part.exact.is_empty() {
                return Ok(Vec::new());
            }
            clauses.push((Occur::Must, self.clause(part)));
        }
        for fact in facts {
            let term = Term::from_field_text(self.fields.facts, fact);
            let has = TermQuery::new(term, IndexRecordOption::Basic);
            clauses.push((Occur::Must, Box::new(ConstScoreQuery::new(Box::new(has), 0.0))));
        }
        let mut hits = searcher.search(&BooleanQuery::new(clauses), &Everything)?;
        hits.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(b.id.cmp(&a.id)));
        Ok(hits)
    }

    /// As [`Index::find`]; where no text has the words themselves, those with words that differ by a letter. With the query that
    /// found them, for a [`crate::Marker`].
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn find_or_near(&self, query: Query, facts: &[String]) -> Result<(Vec<Hit>, Query), SearchError> {
        let hits = self.find(&query, facts)?;
        if hits.is_empty()
            && let Some(near) = query.near()
        {
            let hits = self.find(&near, facts)?;
            return Ok((hits, near));
        }
        Ok((hits, query))
    }

    fn clause(&self, part: &SpokenPart) -> Clause {
        let mut ways: Vec<Clause> = Vec::new();
        let fields = [
            (self.fields.title, TITLE),
            (self.fields.headings, HEADING),
            (self.fields.body, 1.0),
        ];
        for (field, weight) in fields {
            let mut way = |clause: Clause| ways.push(Box::new(BoostQuery::new(clause, weight)));
            let term = |word: &String| Term::from_field_text(field, word);
            let one = |word: &String| -> Clause { Box::new(TermQuery::new(term(word), IndexRecordOption::WithFreqs)) };
            for words in &part.exact {
                match words.as_slice() {
                    [word] => way(one(word)),
                    words => way(Box::new(PhraseQuery::new(words.iter().map(term).collect()))),
                }
            }
            for stem in &part.stems {
                way(one(stem));
            }
            for beginning in &part.begins {
                let begun = FuzzyTermQuery::new_prefix(term(beginning), 0, false);
                way(Box::new(BoostQuery::new(Box::new(begun), BEGUN)));
            }
            for word in part.near.iter().chain(&part.near_stems) {
                let near = FuzzyTermQuery::new(term(word), 1, true);
                way(Box::new(BoostQuery::new(Box::new(near), NEAR)));
            }
        }
        Box::new(DisjunctionMaxQuery::with_tie_breaker(ways, FURTHER))
    }
}

/// Gathers all that is found: a site has so many texts, and each takes 32 bytes.
struct Everything;

struct Segment {
    halves: [Arc<dyn ColumnValues<u64>>; 2],
    hits: Vec<Hit>,
}

impl Collector for Everything {
    type Fruit = Vec<Hit>;
    type Child = Segment;

    fn for_segment(&self, _: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<Segment> {
        let half = |name: &str| reader.fast_fields().column_first_or_default::<u64>(name);
        Ok(Segment {
            halves: [half(HALVES[0])?, half(HALVES[1])?],
            hits: Vec::new(),
        })
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(&self, segments: Vec<Vec<Hit>>) -> tantivy::Result<Vec<Hit>> {
        Ok(segments.concat())
    }
}

impl SegmentCollector for Segment {
    type Fruit = Vec<Hit>;

    fn collect(&mut self, doc: DocId, score: Score) {
        let [high, low] = [0, 1].map(|half| u128::from(self.halves[half].get_val(doc)));
        self.hits.push(Hit {
            id: high << 64 | low,
            score,
        });
    }

    fn harvest(self) -> Vec<Hit> {
        self.hits
    }
}
