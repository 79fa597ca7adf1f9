//! The index of one site, in a folder of its own.

use std::collections::HashMap;
use std::ops::Bound;
use std::path::Path;
use std::time::SystemTime;

use tantivy::collector::DocSetCollector;
use tantivy::directory::MmapDirectory;
use tantivy::directory::error::{LockError, OpenReadError};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, NoMergePolicy};
use tantivy::query::{RangeQuery, TermQuery};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions, Value as _,
};
use tantivy::{
    DocAddress, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, TantivyError, Term,
};

use crate::document::{Document, Reader};
use crate::query::primary;

/// Memory that texts are gathered in before they become files: the least that is possible, and enough for ten thousand words.
const GATHERED: usize = 15_000_000;
/// So many parts of a like size are joined.
const JOINED: usize = 6;
/// Parts of the index of this many texts are not joined to larger ones: joining them would take seconds.
const LARGEST_JOINED: usize = 5_000;
/// In front of the language of a text among its facts.
const LANGUAGE: &str = "language=";
/// More languages than these are not looked for in one query.
const MAX_LANGUAGES: usize = 12;

/// Why the index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Another process writes to it just now.
    #[error("another process is writing to the search index")]
    Busy,
    #[error("the search index: {0}")]
    Index(TantivyError),
    #[error("the search index's folder: {0}")]
    Folder(#[from] std::io::Error),
}

impl From<TantivyError> for SearchError {
    fn from(error: TantivyError) -> Self {
        match error {
            TantivyError::LockFailure(LockError::LockBusy, _) => Self::Busy,
            error => Self::Index(error),
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Fields {
    pub id: Field,
    pub rev: Field,
    pub facts: Field,
    pub title: Field,
    pub headings: Field,
    pub body: Field,
    pub text: Field,
    pub deleted: Field,
}

/// The two halves of an id, for what was found.
pub(crate) const HALVES: [&str; 2] = ["id_high", "id_low"];

/// An index that is open.
pub struct Index {
    pub(crate) fields: Fields,
    index: tantivy::Index,
    reader: IndexReader,
    halves: [Field; 2],
}

impl Index {
    /// Opens the index of a folder; makes an empty one where there is none, or none that this version can read.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn open(folder: &Path) -> Result<Self, SearchError> {
        match Self::open_or_make(folder) {
            Err(SearchError::Index(error)) if is_unreadable(&error) => {
                // It is made of rows that are still there.
                std::fs::remove_dir_all(folder)?;
                Self::open_or_make(folder)
            }
            opened => opened,
        }
    }

    fn open_or_make(folder: &Path) -> Result<Self, SearchError> {
        std::fs::create_dir_all(folder)?;
        let (schema, fields, halves) = schema();
        let directory = MmapDirectory::open(folder).map_err(TantivyError::from)?;
        let index = tantivy::Index::builder()
            .schema(schema)
            .settings(IndexSettings::default())
            .open_or_create(directory)?;
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(2)
            .try_into()?;
        Ok(Self {
            fields,
            index,
            reader,
            halves,
        })
    }

    /// When the index in a folder was last written to; none where there is no index.
    pub fn written_at(folder: &Path) -> Option<SystemTime> {
        std::fs::metadata(folder.join("meta.json")).ok()?.modified().ok()
    }

    /// What was noted with the last [`Index::write`].
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn note(&self) -> Result<Option<String>, SearchError> {
        Ok(self.index.load_metas()?.payload)
    }

    /// Whether it is in so many files that they are worth joining.
    pub fn is_scattered(&self) -> bool {
        self.searcher().segment_readers().len() >= JOINED
    }

    /// Looks at what another process wrote.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn reload(&self) -> Result<(), SearchError> {
        Ok(self.reader.reload()?)
    }

    /// Forgets everything.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn clear(&self) -> Result<(), SearchError> {
        let mut writer = self.writer()?;
        writer.delete_all_documents()?;
        writer.commit()?;
        self.reload()
    }

    /// The revisions of those of some texts that are in the index.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn revisions(&self, ids: &[u128]) -> Result<HashMap<u128, i64>, SearchError> {
        let searcher = self.searcher();
        let mut out = HashMap::with_capacity(ids.len());
        for &id in ids {
            if let Some(at) = self.place(&searcher, id)? {
                let revs = searcher.segment_reader(at.segment_ord).fast_fields().i64("rev")?;
                out.extend(revs.first(at.doc_id).map(|rev| (id, rev)));
            }
        }
        Ok(out)
    }

    /// The text of a document without its title, paragraph by paragraph; none where the document is not in the index.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn text(&self, id: u128) -> Result<Option<String>, SearchError> {
        let searcher = self.searcher();
        let Some(at) = self.place(&searcher, id)? else {
            return Ok(None);
        };
        let document: TantivyDocument = searcher.doc(at)?;
        let text = document.get_first(self.fields.text);
        Ok(text.and_then(|value| value.as_str().map(str::to_owned)))
    }

    fn place(&self, searcher: &Searcher, id: u128) -> Result<Option<DocAddress>, SearchError> {
        let query = TermQuery::new(self.id_term(id), IndexRecordOption::Basic);
        Ok(searcher.search(&query, &DocSetCollector)?.into_iter().next())
    }

    /// Puts texts in, in place of what was there of them, takes out those deleted before a moment (seconds since 1970), and notes
    /// something. All of it or nothing. `join` makes few large files of many small ones, which takes a while.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(
        &self,
        documents: &[Document],
        deleted_before: i64,
        note: &str,
        join: bool,
    ) -> Result<(), SearchError> {
        let mut writer = self.writer()?;
        if join {
            let mut policy = LogMergePolicy::default();
            policy.set_min_num_segments(JOINED);
            policy.set_max_docs_before_merge(LARGEST_JOINED);
            policy.set_del_docs_ratio_before_merge(0.3);
            writer.set_merge_policy(Box::new(policy));
        }
        let before = Term::from_field_i64(self.fields.deleted, deleted_before);
        writer.delete_query(Box::new(RangeQuery::new(Bound::Unbounded, Bound::Excluded(before))))?;
        let mut readers: Vec<(String, Reader)> = Vec::new();
        for document in documents {
            writer.delete_term(self.id_term(document.id));
            let language = primary(&document.language);
            let at = match readers.iter().position(|(known, _)| *known == language) {
                Some(at) => at,
                None => {
                    readers.push((language.clone(), Reader::new(&language)));
                    readers.len() - 1
                }
            };
            writer.add_document(self.row(document, &language, &mut readers[at].1))?;
        }
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(note);
        commit.commit()?;
        self.reload()?;
        if join {
            writer.wait_merging_threads()?;
            self.reload()?;
        }
        Ok(())
    }

    fn row(&self, document: &Document, language: &str, reader: &mut Reader) -> TantivyDocument {
        let fields = self.fields;
        let mut row = TantivyDocument::new();
        row.add_text(fields.id, key(document.id));
        for (half, value) in self.halves.into_iter().zip(halves(document.id)) {
            row.add_u64(half, value);
        }
        row.add_i64(fields.rev, document.rev);
        row.add_text(fields.facts, format!("{LANGUAGE}{language}"));
        for fact in &document.facts {
            row.add_text(fields.facts, fact);
        }
        if let Some(deleted) = document.deleted {
            row.add_i64(fields.deleted, deleted);
        }
        row.add_pre_tokenized_text(fields.title, reader.read([document.title.as_str()]));
        row.add_pre_tokenized_text(
            fields.headings,
            reader.read(document.headings.iter().map(String::as_str)),
        );
        row.add_pre_tokenized_text(fields.body, reader.read(document.texts.iter().map(String::as_str)));
        let shown: Vec<&str> = document
            .headings
            .iter()
            .chain(&document.texts)
            .map(String::as_str)
            .collect();
        row.add_text(fields.text, shown.join("\n"));
        row
    }

    fn writer(&self) -> Result<IndexWriter, SearchError> {
        let options = IndexWriterOptions::builder()
            .memory_budget_per_thread(GATHERED)
            .num_worker_threads(1)
            .num_merge_threads(1)
            .build();
        let writer: IndexWriter = self.index.writer_with_options(options)?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        Ok(writer)
    }

    fn id_term(&self, id: u128) -> Term {
        Term::from_field_text(self.fields.id, &key(id))
    }

    pub(crate) fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    /// The languages that texts are in.
    pub(crate) fn languages(&self, searcher: &Searcher) -> Result<Vec<String>, SearchError> {
        let mut out: Vec<String> = Vec::new();
        for segment in searcher.segment_readers() {
            let facts = segment.inverted_index(self.fields.facts)?;
            let mut terms = facts
                .terms()
                .range()
                .ge(LANGUAGE)
                .lt("language>")
                .into_stream()
                .map_err(TantivyError::from)?;
            while terms.advance() {
                let language = String::from_utf8_lossy(&terms.key()[LANGUAGE.len()..]).into_owned();
                if !out.contains(&language) && out.len() < MAX_LANGUAGES {
                    out.push(language);
                }
            }
        }
        Ok(out)
    }
}

/// Whether files are there that no attempt will ever read: broken, or of another form.
fn is_unreadable(error: &TantivyError) -> bool {
    matches!(
        error,
        TantivyError::DataCorruption(_)
            | TantivyError::DeserializeError(_)
            | TantivyError::IncompatibleIndex(_)
            | TantivyError::SchemaError(_)
            | TantivyError::OpenReadError(OpenReadError::FileDoesNotExist(_) | OpenReadError::IncompatibleIndex(_))
    )
}

fn key(id: u128) -> String {
    format!("{id:032x}")
}

#[expect(clippy::cast_possible_truncation, reason = "the halves of the number")]
fn halves(id: u128) -> [u64; 2] {
    [(id >> 64) as u64, id as u64]
}

fn schema() -> (Schema, Fields, [Field; 2]) {
    let words = |lengths: bool| {
        TextOptions::default().set_indexing_options(
            TextFieldIndexing::default()
                .set_tokenizer("raw")
                .set_fieldnorms(lengths)
                .set_index_option(IndexRecordOption::WithFreqsAndPositions),
        )
    };
    let mut schema = Schema::builder();
    let fields = Fields {
        id: schema.add_text_field("id", STRING),
        rev: schema.add_i64_field("rev", FAST),
        facts: schema.add_text_field("facts", STRING),
        title: schema.add_text_field("title", words(true)),
        // Whether a text has many headings or few says nothing of it.
        headings: schema.add_text_field("headings", words(false)),
        body: schema.add_text_field("body", words(true)),
        text: schema.add_text_field("text", STORED),
        deleted: schema.add_i64_field("deleted", INDEXED),
    };
    let halves = HALVES.map(|half| schema.add_u64_field(half, FAST));
    (schema.build(), fields, halves)
}
