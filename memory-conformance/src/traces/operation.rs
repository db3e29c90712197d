//! What a trace does, as plain data: it prints whole, as JSON, for there is nothing secret in it.

use serde::Serialize;

/// Which record: indices into the world's namespaces and ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub(super) struct Key {
    pub(super) namespace: usize,
    pub(super) id: usize,
}

/// Which namespaces.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Seen {
    All,
    Exact(usize),
    Subtree(usize),
    Both(usize, usize),
}

/// A record; numbers are indices into the world's tables, times are microseconds after the start.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Put {
    pub(super) key: Key,
    pub(super) kind: &'static str,
    pub(super) content: String,
    pub(super) embedding: Option<[f32; 2]>,
    pub(super) metadata: String,
    pub(super) tags: Vec<&'static str>,
    pub(super) created: i64,
    pub(super) updated: i64,
    pub(super) expires: Option<i64>,
    pub(super) condition: Condition,
}

/// What must hold of the stored record.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Condition {
    Nothing,
    Absent,
    /// The version seen so many writes or reads ago, where there is one; else as `Absent`.
    Seen(usize),
}

/// What a search looks for.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Find {
    Vector([f32; 2]),
    Text { text: String, all: bool },
}

/// The rest of a search.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Cut {
    pub(super) seen: Seen,
    pub(super) filter: String,
    pub(super) k: usize,
    pub(super) skip: usize,
}

/// A call whose answers are compared.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ask {
    Put { puts: Vec<Put>, atomic: bool },
    Update { key: Key, content: String },
    Delete { keys: Vec<Key>, condition: Condition },
    DeleteWhere { seen: Seen, filter: String },
    Clear { seen: Seen },
    Purge { seen: Seen },
    Get { keys: Vec<Key> },
    Search { find: Find, cut: Cut, min_score: Option<f64>, only: Option<Vec<Key>>, embeddings: bool },
    Mmr { find: Find, cut: Cut, lambda: f64 },
    Hybrid { text: String, vector: [f32; 2], cut: Cut, weight: f64, ranks: bool, min_fused: Option<f64> },
    List { seen: Seen, filter: String, order: usize, page: usize },
    Count { seen: Seen, filter: String },
    Namespaces { seen: Seen, depth: Option<usize>, after: Option<usize>, limit: usize },
}

/// One step of a trace.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Operation {
    Clock { offset: i64 },
    Recreate,
    Restart,
    Ask(Ask),
}

impl Operation {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Clock { .. } => "clock",
            Self::Recreate => "recreate",
            Self::Restart => "restart",
            Self::Ask(ask) => match ask {
                Ask::Put { .. } => "put",
                Ask::Update { .. } => "update",
                Ask::Delete { .. } => "delete",
                Ask::DeleteWhere { .. } => "delete_where",
                Ask::Clear { .. } => "clear",
                Ask::Purge { .. } => "purge",
                Ask::Get { .. } => "get",
                Ask::Search { .. } => "search",
                Ask::Mmr { .. } => "mmr",
                Ask::Hybrid { .. } => "hybrid",
                Ask::List { .. } => "list",
                Ask::Count { .. } => "count",
                Ask::Namespaces { .. } => "namespaces",
            },
        }
    }

    pub(super) fn is_read(&self) -> bool {
        matches!(self.name(), "get" | "search" | "mmr" | "hybrid" | "list" | "count" | "namespaces")
    }
}
