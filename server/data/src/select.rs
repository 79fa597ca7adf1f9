//! A list query as a value: which rows, in what order, how many, from where on.
//!
//! Field names are `&'static str`, so no text of a user's can become SurrealQL; values are always bound.

use surrealdb_types::{SurrealValue, Value, Variables};

/// Rows of one table that fulfil every condition.
#[derive(Debug, Clone, Default)]
pub struct Select {
    conditions: Vec<String>,
    binds: Variables,
    order: Option<(&'static str, Direction)>,
    after: Option<(Value, Value)>,
    limit: Option<usize>,
    deleted: Deleted,
    columns: Option<&'static [&'static str]>,
    among: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    #[default]
    Ascending,
    Descending,
}

/// Which rows of a table with soft delete are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Deleted {
    #[default]
    Without,
    Only,
    With,
}

impl Select {
    pub fn new() -> Self {
        Self::default()
    }

    /// Rows whose field has this value.
    pub fn equals(self, field: &'static str, value: impl SurrealValue) -> Self {
        self.compare(field, "=", value)
    }

    /// [`Select::equals`], unless there is nothing to compare with.
    pub fn equals_some(self, field: &'static str, value: Option<impl SurrealValue>) -> Self {
        match value {
            Some(value) => self.equals(field, value),
            None => self,
        }
    }

    /// Rows whose field compares so with a value; `operator` is one of `= != < <= > >= CONTAINS INSIDE CONTAINSANY`.
    pub fn compare(mut self, field: &'static str, operator: &'static str, value: impl SurrealValue) -> Self {
        let name = self.bind(value);
        self.conditions.push(format!("{field} {operator} ${name}"));
        self
    }

    /// Rows whose field is one of the values.
    pub fn one_of<T: SurrealValue>(self, field: &'static str, values: Vec<T>) -> Self {
        self.compare(field, "INSIDE", values)
    }

    /// Rows whose first field is one of the first values, or whose second field is one of the second.
    pub fn one_of_either<A: SurrealValue, B: SurrealValue>(
        mut self,
        (a, values_a): (&'static str, Vec<A>),
        (b, values_b): (&'static str, Vec<B>),
    ) -> Self {
        let (in_a, in_b) = (self.bind(values_a), self.bind(values_b));
        self.conditions
            .push(format!("({a} INSIDE ${in_a} OR {b} INSIDE ${in_b})"));
        self
    }

    /// Rows that have nothing in the field: the `unassigned` filters.
    pub fn is_none(mut self, field: &'static str) -> Self {
        self.conditions.push(format!("{field} IS NONE"));
        self
    }

    /// Rows with an empty list in the field.
    pub fn is_empty(mut self, field: &'static str) -> Self {
        self.conditions.push(format!("array::is_empty({field})"));
        self
    }

    /// Rows with the text in one of the fields, whatever its case.
    pub fn search(mut self, fields: &[&'static str], text: &str) -> Self {
        // Turkish has two letters i, whose capitals are others than elsewhere: here they are all one.
        let name = self.bind(text.to_lowercase().replace("i\u{307}", "i").replace('ı', "i"));
        let any: Vec<String> = fields
            .iter()
            .map(|field| {
                let lower = format!("string::lowercase({field} ?? '')");
                let folded = format!("string::replace(string::replace({lower}, 'i\u{307}', 'i'), 'ı', 'i')");
                format!("string::contains({folded}, ${name})")
            })
            .collect();
        self.conditions.push(format!("({})", any.join(" OR ")));
        self
    }

    /// Orders by a field, ties by id in the same direction. Without it rows come in the order of their ids.
    pub fn order(mut self, field: &'static str, direction: Direction) -> Self {
        self.order = Some((field, direction));
        self
    }

    /// Continues after the row with this value in the ordering field and this id.
    pub fn after(mut self, value: Value, id: impl SurrealValue) -> Self {
        self.after = Some((value, id.into_value()));
        self
    }

    pub fn limit(mut self, rows: usize) -> Self {
        self.limit = Some(rows);
        self
    }

    pub fn deleted(mut self, deleted: Deleted) -> Self {
        self.deleted = deleted;
        self
    }

    /// Reads these columns instead of all, for row types that are a part of a table's row.
    pub fn columns(mut self, columns: &'static [&'static str]) -> Self {
        self.columns = Some(columns);
        self
    }

    /// Looks at these rows only, by their ids. SurrealDB's work grows with the square of their number: some hundred at most.
    pub fn among<I: SurrealValue + Copy>(mut self, ids: &[I]) -> Self {
        self.among = Some(ids.to_vec().into_value());
        self
    }

    fn bind(&mut self, value: impl SurrealValue) -> String {
        let name = format!("s{}", self.binds.len());
        self.binds.insert(name.clone(), value);
        name
    }

    /// The conditions after the tenant's, each with ` AND ` in front.
    fn conditions(&mut self, soft_delete: bool) -> String {
        let mut text = String::new();
        if soft_delete {
            text += match self.deleted {
                Deleted::Without => " AND deleted_at IS NONE",
                Deleted::Only => " AND deleted_at IS NOT NONE",
                Deleted::With => "",
            };
        }
        for condition in &self.conditions {
            text += " AND ";
            text += condition;
        }
        if let Some((value, id)) = self.after.take() {
            let id = self.bind(id);
            match self.order {
                None => text += &format!(" AND id > ${id}"),
                Some((field, direction)) => {
                    let value = self.bind(value);
                    let op = if direction == Direction::Ascending { '>' } else { '<' };
                    // The first condition is the one the planner turns into a range of the index.
                    text += &format!(" AND {field} {op}= ${value} AND ({field} {op} ${value} OR id {op} ${id})");
                }
            }
        }
        text
    }

    /// Where rows come from: the table, or some rows of it.
    fn source(&mut self, table: &str) -> String {
        match self.among.take() {
            Some(ids) => format!("${}", self.bind(ids)),
            None => table.to_owned(),
        }
    }

    /// The whole SELECT for a table, given the tenant's condition.
    pub(crate) fn sql(mut self, table: &str, tenant: &str, soft_delete: bool) -> (String, Variables) {
        let conditions = self.conditions(soft_delete);
        let from = self.source(table);
        let order = match self.order {
            None => "id ASC".to_owned(),
            Some((field, Direction::Ascending)) => format!("{field} ASC, id ASC"),
            Some((field, Direction::Descending)) => format!("{field} DESC, id DESC"),
        };
        let limit = self.limit.map_or(String::new(), |rows| format!(" LIMIT {rows}"));
        let columns = self.columns.map_or_else(|| "*".to_owned(), |names| names.join(", "));
        (
            format!("SELECT {columns} FROM {from} WHERE {tenant}{conditions} ORDER BY {order}{limit};"),
            self.binds,
        )
    }

    /// The number of rows, ignoring order, start and limit.
    pub(crate) fn count_sql(mut self, table: &str, tenant: &str, soft_delete: bool) -> (String, Variables) {
        self.after = None;
        let conditions = self.conditions(soft_delete);
        let from = self.source(table);
        (
            format!("SELECT count() AS n FROM {from} WHERE {tenant}{conditions} GROUP ALL;"),
            self.binds,
        )
    }
}
