//! A filter as a look at what the index knows of each slot.

use std::sync::{Arc, PoisonError};

use memory_core::{Comparison, Filter, Leaf, TextField, TimeField, Timestamp};
use rusqlite::Transaction;

use super::Index;
use super::columns::{Column, Field, tags};
use super::records::Records;
use crate::error::Failure;
use crate::schema::Tables;

/// A filter whose questions about values are answered: what is left is to look at the numbers of a slot.
#[derive(Debug)]
pub(super) enum Node<'f> {
    Table(Table),
    Time(TimeField, &'f Comparison<Timestamp>),
    Embedding(bool),
    And(Vec<Node<'f>>),
    Or(Vec<Node<'f>>),
    Not(Box<Node<'f>>),
}

/// For which numbers of one column something holds.
#[derive(Debug)]
pub(super) struct Table {
    source: Source,
    holds: Vec<bool>,
}

#[derive(Debug)]
enum Source {
    Kinds,
    Column(Arc<Column>),
}

impl Source {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Kinds, Self::Kinds) => true,
            (Self::Column(one), Self::Column(other)) => Arc::ptr_eq(one, other),
            (Self::Kinds, Self::Column(_)) | (Self::Column(_), Self::Kinds) => false,
        }
    }
}

impl Table {
    /// The numbers by slot.
    pub(super) fn column<'a>(&'a self, records: &'a Records) -> &'a [u32] {
        match &self.source {
            Source::Kinds => &records.kinds,
            Source::Column(column) => &column.numbers,
        }
    }

    /// The numbers for which it holds, ascending.
    pub(super) fn numbers(&self) -> Vec<u32> {
        (0..).zip(&self.holds).filter(|(_, holds)| **holds).map(|(number, _)| number).collect()
    }

    fn has(&self, records: &Records, slot: u32) -> bool {
        let number = self.column(records).get(slot as usize);
        number.and_then(|number| self.holds.get(*number as usize)).is_some_and(|holds| *holds)
    }
}

/// Where a filter's questions about values are answered.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) transaction: &'a Transaction<'a>,
    pub(super) tables: &'a Tables,
    pub(super) index: &'a Index,
    /// Whether a column may be made that is not there yet.
    pub(super) make: bool,
}

impl<'f> Node<'f> {
    /// The filter, if the index knows all that it asks about.
    pub(super) fn of(filter: &'f Filter, asking: Asking<'_>) -> Result<Option<Self>, Failure> {
        let all = |filters: &'f [Filter]| -> Result<Option<Vec<Self>>, Failure> {
            filters.iter().map(|filter| Self::of(filter, asking)).collect::<Result<_, _>>()
        };
        Ok(match filter {
            Filter::And(filters) => all(filters)?.map(|parts| Self::joined(parts, |a, b| a && b, Self::And)),
            Filter::Or(filters) => all(filters)?.map(|parts| Self::joined(parts, |a, b| a || b, Self::Or)),
            Filter::Not(filter) => Self::of(filter, asking)?.map(|node| match node {
                Self::Table(table) => {
                    Self::Table(Table { holds: table.holds.iter().map(|holds| !holds).collect(), ..table })
                }
                other => Self::Not(Box::new(other)),
            }),
            Filter::Leaf(leaf) => Self::of_leaf(leaf, asking)?,
        })
    }

    fn of_leaf(leaf: &'f Leaf, asking: Asking<'_>) -> Result<Option<Self>, Failure> {
        let column = |field: Field| {
            let mut columns = asking.index.columns.lock().unwrap_or_else(PoisonError::into_inner);
            columns.of(asking.transaction, asking.tables, &asking.index.records, &field, asking.make)
        };
        let table = |column: Option<Arc<Column>>, holds: &dyn Fn(&Column) -> Vec<bool>| {
            column.map(|column| Self::Table(Table { holds: holds(&column), source: Source::Column(column) }))
        };
        Ok(match leaf {
            Leaf::Text(TextField::Id | TextField::Content, _) => None,
            Leaf::Text(TextField::Kind, test) => {
                let holds = asking.index.records.kind_names.table(|kind| test.matches(kind));
                Some(Self::Table(Table { source: Source::Kinds, holds }))
            }
            Leaf::Time(field, test) => Some(Self::Time(*field, test)),
            Leaf::Embedding(wanted) => Some(Self::Embedding(*wanted)),
            Leaf::Tags(test) => table(column(Field::Tags)?, &|column| column.table(|value| test.matches(&tags(value)))),
            Leaf::Metadata(path, test) => {
                table(column(Field::Metadata(path.clone()))?, &|column| column.table(|value| test.matches(value)))
            }
        })
    }

    /// One table, where all parts are tables of the same column; else what joins the parts.
    fn joined(parts: Vec<Self>, join: fn(bool, bool) -> bool, else_join: fn(Vec<Self>) -> Self) -> Self {
        let of_first = |part: &Self| match (part, parts.first()) {
            (Self::Table(table), Some(Self::Table(first))) => table.source.is(&first.source),
            _ => false,
        };
        if !parts.iter().all(of_first) {
            return else_join(parts);
        }
        let tables =
            parts.into_iter().filter_map(|part| if let Self::Table(table) = part { Some(table) } else { None });
        let both = |one: Table, other: Table| {
            let holds = one.holds.iter().zip(other.holds).map(|(a, b)| join(*a, b)).collect();
            Table { holds, ..one }
        };
        tables.reduce(both).map_or_else(|| else_join(Vec::new()), Self::Table)
    }

    /// Whether the record in a slot matches.
    pub(super) fn has(&self, records: &Records, slot: u32) -> bool {
        let at = slot as usize;
        match self {
            Self::And(parts) => parts.iter().all(|part| part.has(records, slot)),
            Self::Or(parts) => parts.iter().any(|part| part.has(records, slot)),
            Self::Not(part) => !part.has(records, slot),
            Self::Table(table) => table.has(records, slot),
            Self::Embedding(wanted) => records.embedded.get(at) == Some(wanted),
            Self::Time(field, test) => {
                let micros = match field {
                    TimeField::CreatedAt => records.created.get(at).copied(),
                    TimeField::UpdatedAt => records.updated.get(at).copied(),
                    TimeField::ExpiresAt => records.expires_at(slot),
                };
                test.matches(micros.and_then(|micros| Timestamp::from_micros(micros).ok()).as_ref())
            }
        }
    }
}
