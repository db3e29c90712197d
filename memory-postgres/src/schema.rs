//! Names in the database, what makes a collection there, and what the backend publishes about itself.

use memory_core::{
    Bm25, Capabilities, ChangedWhileDeleting, CollectionName, Consistency, Facts, Limits, Place, Sharing,
};

/// The facts are the weakest ones until the suite has shown better ones; a switch is claimed when its cases are green.
pub(crate) fn capabilities(limits: Limits) -> Capabilities {
    let facts = Facts {
        place: Place::Server,
        durable: true,
        sharing: Sharing::OneHandle,
        consistency: Consistency::Waited,
        bm25: Bm25::Ordered,
        approximate: false,
        changed_while_deleting: ChangedWhileDeleting::MayBeDeleted,
    };
    Capabilities::new("postgres", facts).with_limits(limits)
}

/// Where a collection's records are: a name of ours, so that nobody else's is touched (CO-6).
pub(crate) fn table(name: &CollectionName) -> String {
    format!("memory_{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_named_after_its_collection() {
        assert_eq!(table(&CollectionName::new("notes").unwrap()), "memory_notes");
    }
}
