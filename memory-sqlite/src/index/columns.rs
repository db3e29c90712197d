//! Columns of what filters ask of records: their tags, and the values at paths of metadata. A path gets one when the first filter asks
//! about it, and from then on a search knows of any value which records have it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use memory_core::{MetadataPath, Tags, Value};
use rusqlite::types::ValueRef;
use rusqlite::{Transaction, params_from_iter};

use super::records::Records;
use super::slots::keep;
use crate::error::{Failure, corrupt};
use crate::filter::json_path;
use crate::query::{Condition, among, text};
use crate::schema::Tables;

/// How many columns are kept.
const MOST: usize = 16;

/// A column with more different values than this is not kept: it is hardly smaller than the records.
const MOST_VALUES: usize = 1 << 16;

/// What a column is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Tags,
    Metadata(MetadataPath),
}

impl Field {
    /// Where it stands in a record's JSON, in SQLite's notation; `None` if that cannot be said there.
    fn path(&self) -> Option<String> {
        match self {
            Self::Tags => Some("$.tags".to_owned()),
            Self::Metadata(path) => json_path(path.keys()),
        }
    }
}

/// The values of one field.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// By slot: which of the values. It may lag behind the records.
    pub(super) numbers: Vec<u32>,
    /// The first is what is absent.
    values: Vec<Option<Value>>,
    /// The numbers of values by their JSON.
    known: HashMap<String, u32>,
}

impl Column {
    fn new() -> Self {
        Self { numbers: Vec::new(), values: vec![None], known: HashMap::new() }
    }

    /// For which numbers this holds.
    pub(super) fn table(&self, holds: impl Fn(Option<&Value>) -> bool) -> Vec<bool> {
        self.values.iter().map(|value| holds(value.as_ref())).collect()
    }

    fn bytes(&self) -> usize {
        self.numbers.capacity() * size_of::<u32>() + self.known.keys().map(|json| 3 * json.len() + 100).sum::<usize>()
    }

    fn number(&mut self, json: &str) -> Result<u32, Failure> {
        if let Some(number) = self.known.get(json) {
            return Ok(*number);
        }
        let damaged =
            |_| corrupt("the stored JSON of a record is damaged: the maintenance task verify names the record");
        // There are fewer values than u32 can count.
        let number = self.values.len() as u32;
        self.values.push(Some(Value::from_json(json).map_err(damaged)?));
        self.known.insert(json.to_owned(), number);
        Ok(number)
    }

    /// Catches up with the records. False if there are too many values.
    fn extend(
        &mut self,
        transaction: &Transaction<'_>,
        tables: &Tables,
        records: &Records,
        path: String,
    ) -> Result<bool, Failure> {
        let first = self.numbers.len();
        let new = records.rows.get(first..).unwrap_or_default();
        if new.is_empty() {
            return Ok(true);
        }
        self.numbers.reserve_exact(new.len() + new.len() / 8);
        self.numbers.resize(records.len(), 0);
        let asked = if records.are_few(new.len()) { among(new.to_vec()) } else { Condition::constant(true) };
        let sql = format!("SELECT row, record -> ? FROM {} WHERE {}", tables.records, asked.sql);
        let mut statement = transaction.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter([text(&path)].into_iter().chain(asked.values)))?;
        while let Some(row) = rows.next()? {
            let slot = records.slot(row.get(0)?).map(|slot| slot as usize).filter(|slot| *slot >= first);
            let json = match row.get_ref(1)? {
                ValueRef::Text(json) => std::str::from_utf8(json).ok(),
                _ => None,
            };
            if let (Some(slot), Some(json)) = (slot, json) {
                self.numbers[slot] = self.number(json)?;
                if self.values.len() > MOST_VALUES {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

/// The tags that a column of them has.
pub(super) fn tags(value: Option<&Value>) -> Tags {
    let Some(Value::Array(items)) = value else { return Tags::default() };
    let texts = items.iter().filter_map(|item| if let Value::String(tag) = item { Some(tag.as_str()) } else { None });
    // They were checked when the record was put.
    Tags::new(texts).unwrap_or_default()
}

/// The columns that were asked for last, the latest first; without values where there were too many.
#[derive(Debug, Default)]
pub(super) struct Columns(VecDeque<(Field, Option<Arc<Column>>)>);

impl Columns {
    /// How many bytes are held, nearly.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().filter_map(|(_, column)| column.as_ref()).map(|column| column.bytes()).sum()
    }

    /// Gives up all slots but these, which ascend.
    pub(super) fn compact(&mut self, kept: &[u32]) {
        for column in self.0.iter_mut().filter_map(|(_, column)| column.as_mut()) {
            keep(&mut Arc::make_mut(column).numbers, 1, kept);
        }
    }

    /// The column of a field, as the records are now; `None` if there can be none, or if there is none yet and none is to be made.
    pub(super) fn of(
        &mut self,
        transaction: &Transaction<'_>,
        tables: &Tables,
        records: &Records,
        field: &Field,
        make: bool,
    ) -> Result<Option<Arc<Column>>, Failure> {
        let Some(path) = field.path() else { return Ok(None) };
        let at = self.0.iter().position(|(known, _)| known == field);
        let mut column = match at.and_then(|at| self.0.remove(at)) {
            Some((_, column)) => column,
            None if !make => return Ok(None),
            None => Some(Arc::new(Column::new())),
        };
        if let Some(found) = &mut column
            && found.numbers.len() < records.len()
            && !Arc::make_mut(found).extend(transaction, tables, records, path)?
        {
            column = None;
        }
        self.0.truncate(MOST - 1);
        self.0.push_front((field.clone(), column.clone()));
        Ok(column)
    }
}
