//! The part of a request that the server decides: scope, expiry, and an id or a kind that every match has.

use std::collections::BTreeSet;

use memory_core::{Comparison, Filter, Leaf, RecordKey, Scope, TextField, TextTest, Timestamp, View};

use super::bytes::Head;
use super::fault::{Fault, Faults};
use super::rows::place;

#[derive(Clone)]
pub(super) struct Selection {
    /// Keys of namespaces, and whether what is below belongs too; `None` is everywhere.
    parts: Option<Vec<(Vec<u8>, bool)>>,
    /// If given, records that have expired by then are left out.
    pub(super) now: Option<Timestamp>,
    id: Option<String>,
    kind: Option<String>,
    /// Places.
    only: Option<BTreeSet<Vec<u8>>>,
}

impl Selection {
    pub(super) fn new(view: &View, filter: &Filter, only: Option<&[RecordKey]>, faults: &Faults) -> Self {
        Self {
            parts: parts(&view.scope),
            now: Some(view.now),
            id: pushed(filter, TextField::Id, faults),
            kind: pushed(filter, TextField::Kind, faults),
            only: only.map(|only| only.iter().map(place).collect()),
        }
    }

    /// All that the view sees.
    pub(super) fn of_view(&self) -> Self {
        Self { id: None, kind: None, only: None, ..self.clone() }
    }

    /// The same in every namespace.
    pub(super) fn everywhere(self) -> Self {
        Self { parts: None, ..self }
    }

    /// How all places begin that can be selected.
    pub(super) fn place_start(&self) -> Vec<u8> {
        self.id.as_ref().map(|id| [id.as_bytes(), &[0]].concat()).unwrap_or_default()
    }

    /// Whether a record at this place, with this head, is selected.
    pub(super) fn admits(&self, place: &[u8], head: &Head<'_>) -> bool {
        let end = place.iter().position(|byte| *byte == 0).unwrap_or(place.len());
        let (id, namespace) = (&place[..end], place.get(end + 1..).unwrap_or_default());
        let holds = |(key, below): &(Vec<u8>, bool)| {
            if *below { namespace.starts_with(key) } else { namespace == key.as_slice() }
        };
        self.parts.as_ref().is_none_or(|parts| parts.iter().any(holds))
            && self.now.is_none_or(|now| head.is_live(now))
            && self.id.as_ref().is_none_or(|wanted| wanted.as_bytes() == id)
            && self.kind.as_ref().is_none_or(|wanted| wanted == head.kind)
            && self.only.as_ref().is_none_or(|only| only.contains(place))
    }
}

fn parts(scope: &Scope) -> Option<Vec<(Vec<u8>, bool)>> {
    let parts = scope.parts()?.iter();
    Some(parts.map(|part| (part.namespace.key().as_bytes().to_vec(), part.below)).collect())
}

/// What this field of every match is, where the filter says so plainly. The rest of the filter is left to the core.
fn pushed(filter: &Filter, field: TextField, faults: &Faults) -> Option<String> {
    match filter {
        Filter::Leaf(Leaf::Text(asked, TextTest::Compare(Comparison::Eq(text)))) if *asked == field => {
            Some(text.clone())
        }
        Filter::And(all) => all.iter().find_map(|one| pushed(one, field, faults)),
        Filter::Or(any) => {
            let first = any.iter().find_map(|one| pushed(one, field, faults));
            first.filter(|_| any.len() == 1 || faults.hit(Fault::PushedThroughOr))
        }
        Filter::Not(_) | Filter::Leaf(_) => None,
    }
}
