//! Lists: `limit`, an opaque `cursor` bound to its tenant and filter, `sort` from an allow list, `total` when asked for.

use igny8_data::surrealdb_types::{Number, Value};
use std::collections::HashSet;

use igny8_data::{Db, Direction, Lists, Record, Select, SurrealValue};
use poem_openapi::Object;
use poem_openapi::types::{ParseFromJSON, ToJSON, Type};
use serde::{Deserialize, Serialize};

use super::error::{Error, FieldError, Result};

/// One page of a list.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Page<T: Type + ParseFromJSON + ToJSON> {
    pub items: Vec<T>,
    /// Cursor of the next page; absent on the last one.
    pub next: Option<String>,
    /// Number of all items, only with `with_total=true`.
    pub total: Option<u64>,
}

/// A field that a list may be sorted by: its name in the API and in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortField {
    pub name: &'static str,
    pub column: &'static str,
}

impl SortField {
    pub const fn same(name: &'static str) -> Self {
        Self { name, column: name }
    }
}

/// The paging part of a list request, checked.
pub struct PageRequest {
    limit: usize,
    sort: (SortField, Direction),
    with_total: bool,
    position: Option<Position>,
    purpose: Vec<u8>,
}

/// Sorts what a search found by how well it fits, the best first; only such lists have it.
pub const RELEVANCE: SortField = SortField::same("relevance");

/// Where the previous page ended: the last row's value in the sorting field and its id.
#[derive(Serialize, Deserialize)]
struct Position {
    value: Key,
    id: String,
}

/// A sorting value as it travels in a cursor. Times keep their full precision as text.
#[derive(Clone, Serialize, Deserialize)]
enum Key {
    Text(String),
    Int(i64),
    Float(f64),
    Time(chrono::DateTime<chrono::Utc>),
    None,
}

/// Rows that are read together to find those of a page among them.
const CHUNK: usize = 200;
/// As many rows are looked up by their ids; where more were found, they are dense enough to be met in the list's order.
const FEW: usize = 500;

pub const DEFAULT_LIMIT: u32 = 25;
pub const MAX_LIMIT: u32 = 200;

impl PageRequest {
    /// Checks `limit`, `sort` (`-` in front turns it round) and `cursor`. `scope` names the list, the tenant and every
    /// filter in use, so that a cursor of one list is refused by another.
    ///
    /// # Errors
    /// 422 naming the parameter.
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of a request, each from its own parameter"
    )]
    pub fn new(
        db: &Db,
        scope: &str,
        limit: Option<u32>,
        sort: Option<&str>,
        cursor: Option<&str>,
        with_total: Option<bool>,
        allowed: &'static [SortField],
        default_sort: &'static str,
    ) -> Result<Self> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 || limit > MAX_LIMIT {
            return Err(Error::invalid(vec![FieldError::new(
                "limit",
                format!("must be between 1 and {MAX_LIMIT}"),
            )]));
        }
        let sort = sort.unwrap_or(default_sort);
        let (name, direction) = match sort.strip_prefix('-') {
            Some(name) => (name, Direction::Descending),
            None => (sort, Direction::Ascending),
        };
        let Some(field) = allowed.iter().find(|f| f.name == name) else {
            let names: Vec<&str> = allowed.iter().map(|f| f.name).collect();
            let message = format!("must be one of {}, with `-` in front for descending", names.join(", "));
            return Err(Error::invalid(vec![FieldError::new("sort", message)]));
        };
        let purpose = format!("{scope}|{sort}").into_bytes();
        let position = match cursor {
            None => None,
            Some(text) => {
                let opened = db.keys().open_cursor(&purpose, text);
                let position = opened.and_then(|body| serde_json::from_slice(&body).ok());
                Some(position.ok_or_else(|| {
                    let message = "is not a cursor of this list with this filter and sort; start without one";
                    Error::invalid(vec![FieldError::new("cursor", message)])
                })?)
            }
        };
        Ok(Self {
            limit: limit as usize,
            sort: (*field, direction),
            with_total: with_total == Some(true),
            position,
            purpose,
        })
    }

    /// Reads the rows of this page, and counts all when that was asked for.
    ///
    /// # Errors
    /// 422 when the cursor's id is not of this list's kind; 500 when a row lacks the sorting field.
    pub async fn list<T: Record>(&self, db: &impl Lists<T>, select: Select) -> Result<Listed<T>>
    where
        T::Id: std::str::FromStr,
    {
        let total = match self.with_total {
            true => Some(db.total(select.clone()).await?),
            false => None,
        };
        // One more than the page holds, to know whether it is the last.
        let mut select = self.ordered(select).limit(self.limit + 1);
        if let Some((value, id)) = self.position::<T>()? {
            select = select.after(value.into_value(), id);
        }
        let rows = db.rows(select).await?;
        self.ended(db.db(), rows, total, |row| self.key(row))
    }

    /// As [`PageRequest::list`], of rows that something else than the database found, in the order in which it says how well they
    /// fit. Those that do not fulfil the select's conditions are left out; `all_do` says that all of them do.
    ///
    /// # Errors
    /// As [`PageRequest::list`].
    pub async fn found<T: Record>(
        &self,
        db: &impl Lists<T>,
        select: Select,
        found: &[T::Id],
        all_do: bool,
    ) -> Result<Listed<T>>
    where
        T::Id: std::str::FromStr + SurrealValue,
    {
        let mut total = self.with_total.then_some(found.len() as u64);
        if self.with_total && !all_do {
            let mut counted = 0;
            for ids in found.chunks(FEW) {
                counted += db.total(select.clone().among(ids)).await?;
            }
            total = Some(counted);
        }
        if self.sort.0 == RELEVANCE {
            return self.ranked(db, select, found, total).await;
        }
        let mut after = self.position::<T>()?.map(|(value, id)| (value.into_value(), id));
        if found.len() <= FEW {
            let mut select = self.ordered(select).among(found).limit(self.limit + 1);
            if let Some((value, id)) = after {
                select = select.after(value, id);
            }
            let rows = db.rows(select).await?;
            return self.ended(db.db(), rows, total, |row| self.key(row));
        }
        let found: HashSet<T::Id> = found.iter().copied().collect();
        let select = self.ordered(select).limit(CHUNK);
        let mut kept = Vec::new();
        loop {
            let mut chunk = select.clone();
            if let Some((value, id)) = after {
                chunk = chunk.after(value, id);
            }
            let rows = db.rows(chunk).await?;
            let is_last = rows.len() < CHUNK;
            after = rows.last().map(|last| (self.value(last), last.id()));
            kept.extend(rows.into_iter().filter(|row| found.contains(&row.id())));
            if is_last || kept.len() > self.limit {
                return self.ended(db.db(), kept, total, |row| self.key(row));
            }
        }
    }

    /// The page behind the row where the last one ended, wherever that stands by now: what is edited meanwhile moves every score
    /// a little.
    async fn ranked<T: Record>(
        &self,
        db: &impl Lists<T>,
        select: Select,
        found: &[T::Id],
        total: Option<u64>,
    ) -> Result<Listed<T>>
    where
        T::Id: std::str::FromStr + SurrealValue,
    {
        let start = match self.position::<T>()? {
            None => 0,
            Some((rank, last)) => match (found.iter().position(|id| *id == last), rank) {
                (Some(at), _) => at + 1,
                // It is not found any more: what stood behind it moved up.
                (None, Key::Int(rank)) => usize::try_from(rank).unwrap_or(0),
                (None, _) => 0,
            },
        };
        let mut rest = found.get(start..).unwrap_or_default();
        let mut kept: Vec<T> = Vec::new();
        // Mostly all of the first ones are what is asked for.
        let mut size = self.limit + 1;
        while kept.len() <= self.limit && !rest.is_empty() {
            let (ids, behind) = rest.split_at(size.min(rest.len()));
            let mut rows = db.rows(select.clone().among(ids)).await?;
            rows.sort_by_cached_key(|row| ids.iter().position(|id| *id == row.id()));
            kept.extend(rows);
            (rest, size) = (behind, CHUNK);
        }
        self.ended(db.db(), kept, total, |row| {
            let rank = found.iter().position(|id| *id == row.id()).unwrap_or(0);
            Ok(Key::Int(i64::try_from(rank).unwrap_or(i64::MAX)))
        })
    }

    fn ordered(&self, select: Select) -> Select {
        let (field, direction) = self.sort;
        select.order(field.column, direction)
    }

    /// Where the page begins.
    fn position<T: Record>(&self) -> Result<Option<(Key, T::Id)>>
    where
        T::Id: std::str::FromStr,
    {
        let Some(position) = &self.position else {
            return Ok(None);
        };
        let id = position.id.parse();
        let id = id.map_err(|_| Error::invalid(vec![FieldError::new("cursor", "is not a cursor of this list")]))?;
        Ok(Some((position.value.clone(), id)))
    }

    fn value<T: Record>(&self, row: &T) -> Value {
        match row.clone().into_value() {
            Value::Object(object) => object.get(self.sort.0.column).cloned().unwrap_or(Value::None),
            _ => Value::None,
        }
    }

    fn key<T: Record>(&self, row: &T) -> Result<Key> {
        Key::of(self.value(row)).ok_or_else(|| Error::internal("a list is sorted by a field that has no order"))
    }

    /// The page of rows of which there may be more than it holds.
    fn ended<T: Record>(
        &self,
        db: &Db,
        mut rows: Vec<T>,
        total: Option<u64>,
        key: impl FnOnce(&T) -> Result<Key>,
    ) -> Result<Listed<T>> {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next = match rows.last().filter(|_| more) {
            None => None,
            Some(last) => {
                let position = Position {
                    value: key(last)?,
                    id: last.id().to_string(),
                };
                let body = serde_json::to_vec(&position).map_err(Error::internal)?;
                Some(db.keys().seal_cursor(&self.purpose, &body))
            }
        };
        Ok(Listed { rows, next, total })
    }
}

/// The rows of a page, to be shown.
pub struct Listed<T> {
    pub rows: Vec<T>,
    next: Option<String>,
    total: Option<u64>,
}

impl<T> Listed<T> {
    /// The page, each row as clients see it.
    pub fn page<O: Type + ParseFromJSON + ToJSON>(self, out: impl FnMut(T) -> O) -> Page<O> {
        Page {
            items: self.rows.into_iter().map(out).collect(),
            next: self.next,
            total: self.total,
        }
    }
}

impl Key {
    fn of(value: Value) -> Option<Self> {
        Some(match value {
            Value::String(text) => Self::Text(text),
            Value::Number(Number::Int(n)) => Self::Int(n),
            Value::Number(Number::Float(n)) => Self::Float(n),
            Value::Datetime(at) => Self::Time(at.into()),
            Value::None | Value::Null => Self::None,
            _ => return None,
        })
    }

    fn into_value(self) -> Value {
        match self {
            Self::Text(text) => text.into_value(),
            Self::Int(n) => n.into_value(),
            Self::Float(n) => n.into_value(),
            Self::Time(at) => at.into_value(),
            Self::None => Value::None,
        }
    }
}
