//! Which namespaces a call may see (SPEC 6).

use crate::error::{Error, Result};
use crate::names::Namespace;

/// One or more namespaces, each alone or with everything below it; or, by its own explicit name, all (SC-1). There is no
/// default. Kept without overlaps and in order, so two scopes that see the same are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// None means all.
    parts: Option<Vec<ScopePart>>,
}

/// One part of a scope.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(clippy::exhaustive_structs)]
pub struct ScopePart {
    /// The namespace.
    pub namespace: Namespace,
    /// Whether everything below it belongs to the part too.
    pub below: bool,
}

impl ScopePart {
    /// Whether the part holds this namespace. For `below` that is the same as: its key starts with the part's key, which
    /// is the half-open range of strings from `a/b/` to `a/b0`, for `0` follows `/` in ASCII.
    pub fn contains(&self, namespace: &Namespace) -> bool {
        if self.below { self.namespace.contains(namespace) } else { self.namespace == *namespace }
    }

    fn covers(&self, other: &ScopePart) -> bool {
        self.contains(&other.namespace) && (self.below || !other.below)
    }
}

impl Scope {
    /// Every namespace of the collection.
    pub fn all() -> Self {
        Self { parts: None }
    }

    /// This namespace alone.
    pub fn exact(namespace: Namespace) -> Self {
        Self { parts: Some(vec![ScopePart { namespace, below: false }]) }
    }

    /// This namespace and everything below it.
    pub fn subtree(namespace: Namespace) -> Self {
        Self { parts: Some(vec![ScopePart { namespace, below: true }]) }
    }

    /// What any of these scopes sees; what several see counts once.
    ///
    /// # Errors
    /// `InvalidArgument` for no scope at all.
    pub fn union(scopes: impl IntoIterator<Item = Scope>) -> Result<Self> {
        let mut all = Vec::new();
        for scope in scopes {
            match scope.parts {
                None => return Ok(Self::all()),
                Some(parts) => all.extend(parts),
            }
        }
        if all.is_empty() {
            return Err(Error::invalid("a scope has at least one part; all is asked for by its own name"));
        }
        // In this order a part can be covered only by one that was kept before it: of the same namespace the subtree
        // comes first, and a namespace comes before all below it.
        all.sort_by(|a, b| a.namespace.cmp(&b.namespace).then(b.below.cmp(&a.below)));
        let mut parts: Vec<ScopePart> = Vec::new();
        let mut last_subtree: Option<ScopePart> = None;
        for part in all {
            let covered = last_subtree.as_ref().is_some_and(|p| p.covers(&part)) || parts.last() == Some(&part);
            if !covered {
                if part.below {
                    last_subtree = Some(part.clone());
                }
                parts.push(part);
            }
        }
        Ok(Self { parts: Some(parts) })
    }

    /// The parts, by namespace key, without overlaps; `None` for all.
    pub fn parts(&self) -> Option<&[ScopePart]> {
        self.parts.as_deref()
    }

    /// Whether this namespace is in the scope.
    pub fn contains(&self, namespace: &Namespace) -> bool {
        self.parts.as_ref().is_none_or(|parts| parts.iter().any(|part| part.contains(namespace)))
    }

    /// Whether everything that the other scope sees is in this one.
    pub fn covers(&self, other: &Scope) -> bool {
        match (&self.parts, &other.parts) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(mine), Some(theirs)) => theirs.iter().all(|part| mine.iter().any(|p| p.covers(part))),
        }
    }

    /// The namespace that an id without one belongs to: that of the only part.
    pub fn home(&self) -> Option<&Namespace> {
        match self.parts.as_deref() {
            Some([part]) => Some(&part.namespace),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ns(path: &str) -> Namespace {
        Namespace::from_key(path).unwrap()
    }

    #[test]
    fn union_removes_overlaps_and_ignores_order() {
        let parts = [
            Scope::exact(ns("a/b/")),
            Scope::subtree(ns("a/")),
            Scope::exact(ns("a/")),
            Scope::exact(ns("ab/")),
            Scope::exact(ns("ab/")),
            Scope::subtree(ns("b/c/")),
            Scope::exact(ns("b/")),
        ];
        let union = Scope::union(parts.clone()).unwrap();
        assert_eq!(union, Scope::union(parts.into_iter().rev()).unwrap());
        let keys: Vec<_> = union.parts().unwrap().iter().map(|p| (p.namespace.key(), p.below)).collect();
        assert_eq!(keys, [("a/", true), ("ab/", false), ("b/", false), ("b/c/", true)]);
        assert!(Scope::union([]).is_err());
        assert_eq!(Scope::union([Scope::exact(ns("a/")), Scope::all()]).unwrap(), Scope::all());
    }

    #[test]
    fn covers_never_widens() {
        let a = Scope::subtree(ns("a/"));
        assert!(a.covers(&Scope::exact(ns("a/b/"))));
        assert!(!Scope::exact(ns("a/")).covers(&a));
        assert!(!a.covers(&Scope::subtree(ns("ab/"))));
        assert!(!a.covers(&Scope::all()));
        assert!(Scope::all().covers(&a));
    }
}
