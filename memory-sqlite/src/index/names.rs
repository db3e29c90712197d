//! Numbers for namespaces and kinds, which many records share.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;

use memory_core::Scope;

use super::bytes::{In, Out};

/// Numbers for names, from 0 in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<String, u32>);

impl Names {
    /// The name's number, a new one if it has none.
    pub(super) fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.0.get(name) {
            return *number;
        }
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.insert(name.to_owned(), next);
        next
    }

    /// The numbers from 0 for whose names this holds, as a table by number.
    pub(super) fn table(&self, holds: impl Fn(&str) -> bool) -> Vec<bool> {
        let mut table = vec![false; self.0.len()];
        self.0.iter().filter(|(name, _)| holds(name)).for_each(|(_, number)| table[*number as usize] = true);
        table
    }

    /// The names by number.
    pub(super) fn list(&self) -> Vec<&str> {
        let mut names = vec![""; self.0.len()];
        self.0.iter().for_each(|(name, number)| names[*number as usize] = name);
        names
    }

    /// Writes them for [`Self::read_from`].
    pub(super) fn write(&self, out: &mut Out) -> io::Result<()> {
        let names = self.list();
        out.number(names.len() as u64)?;
        names.iter().try_for_each(|name| out.text(name))
    }

    pub(super) fn read_from(input: &mut In) -> io::Result<Self> {
        let mut names = Self::default();
        for _ in 0..input.count()? {
            names.number(&input.text()?);
        }
        Ok(names)
    }

    /// How many names there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// How many bytes are held, nearly.
    pub(super) fn bytes(&self) -> usize {
        self.0.keys().map(|name| name.len() + 48).sum()
    }

    /// The numbers of the keys of a scope, which is not all.
    pub(super) fn scope(&self, scope: &Scope) -> Vec<u32> {
        let mut numbers = Vec::new();
        for part in scope.parts().unwrap_or_default() {
            let key = part.namespace.key();
            if part.below {
                let from = self.0.range::<str, _>((Bound::Included(key), Bound::Unbounded));
                numbers.extend(from.take_while(|(name, _)| name.starts_with(key)).map(|(_, number)| *number));
            } else {
                numbers.extend(self.0.get(key));
            }
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use memory_core::Namespace;

    use super::*;

    #[test]
    fn a_scope_is_a_set_of_numbers() {
        let mut names = Names::default();
        for name in ["a/", "a/b/", "a0/", "a/b/c/", "b/"] {
            names.number(name);
        }
        let ns = |key| Namespace::from_key(key).unwrap();
        let numbers = |scope| {
            let mut numbers = names.scope(&scope);
            numbers.sort_unstable();
            numbers
        };
        assert_eq!(numbers(Scope::subtree(ns("a/"))), [0, 1, 3]);
        assert_eq!(numbers(Scope::exact(ns("a/"))), [0]);
        assert_eq!(numbers(Scope::exact(ns("c/"))), [] as [u32; 0]);
        assert_eq!(numbers(Scope::union([Scope::subtree(ns("a/b/")), Scope::exact(ns("b/"))]).unwrap()), [1, 3, 4]);
        assert_eq!(names.table(|name| name.len() == 2), [true, false, false, false, true]);
        assert_eq!(names.list(), ["a/", "a/b/", "a0/", "a/b/c/", "b/"]);
    }
}
