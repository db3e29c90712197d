//! The index for vectors: which one a table has, what makes it, and how a search uses it or keeps away from it.

use memory_core::{CollectionSpec, Metric, Result, VectorSpec};
use tokio_postgres::Row;

use crate::config::VectorIndex;
use crate::mapping::column;
use crate::query::{Statement, text};
use crate::schema::Table;

/// The greatest dimension that pgvector's indexes take, of four bytes and of two.
const MOST: usize = 2_000;
const MOST_HALF: usize = 4_000;

/// An index that a table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Index {
    pub(crate) is_hnsw: bool,
    pub(crate) is_half: bool,
}

/// The valid index of a table, if it has one: its method, and whether it is over an expression.
pub(crate) fn question(table: &Table) -> Statement {
    let sql = "SELECT am.amname::text, 0 = ANY(i.indkey::int2[]), c.relname::text FROM pg_index i \
               JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam \
               WHERE i.indrelid = to_regclass(?::text) AND am.amname IN ('hnsw', 'ivfflat') AND i.indisvalid";
    Statement::new(sql, vec![text(&table.records)])
}

impl Index {
    pub(crate) fn read(rows: &[Row]) -> Result<Option<Self>> {
        let read = |row| Ok(Self { is_hnsw: column::<&str>(row, 0)? == "hnsw", is_half: column(row, 1)? });
        rows.first().map(read).transpose()
    }

    /// What a search that uses it sets for its transaction: so many candidates in each step, and how many rows it may look at in
    /// all. A filter that lets few of them through leaves the answer short, and then the search is finished without the index:
    /// that costs less than going on here, and misses nothing.
    pub(crate) fn settings(self, n: usize) -> String {
        let step = (3 * n).clamp(150, 1_000);
        let most = (15 * n).max(450);
        if self.is_hnsw {
            format!(
                "BEGIN; SET LOCAL hnsw.iterative_scan = strict_order; SET LOCAL hnsw.ef_search = {step}; \
                 SET LOCAL hnsw.max_scan_tuples = {most}"
            )
        } else {
            "BEGIN; SET LOCAL ivfflat.iterative_scan = relaxed_order; SET LOCAL ivfflat.probes = 16".to_owned()
        }
    }

    /// The distance that it orders by; `?` is the query.
    pub(crate) fn distance(self, table: &Table, vectors: VectorSpec) -> String {
        let schema = &table.extension;
        let operator = operator(vectors.metric);
        if self.is_half {
            let half = format!("{schema}.halfvec({})", vectors.dimension);
            format!("(embedding::{half}) OPERATOR({schema}.{operator}) (?::{half})")
        } else {
            format!("embedding OPERATOR({schema}.{operator}) ?")
        }
    }
}

/// pgvector's operator for a distance; that of dot is the negated product.
pub(crate) fn operator(metric: Metric) -> &'static str {
    match metric {
        Metric::Cosine => "<=>",
        Metric::Dot => "<#>",
        Metric::Euclidean => "<->",
    }
}

/// What makes the index of a collection with so many embeddings; `None` where it gets none.
pub(crate) fn create(table: &Table, spec: &CollectionSpec, wanted: Wanted, embeddings: u64) -> Option<String> {
    let vectors = spec.vectors().filter(|_| embeddings >= wanted.from)?;
    let method = match wanted.index {
        VectorIndex::None => return None,
        VectorIndex::Hnsw => "hnsw",
        VectorIndex::IvfFlat => "ivfflat",
    };
    let (schema, records, dimension) = (&table.extension, &table.records, vectors.dimension);
    let kind = match vectors.metric {
        Metric::Cosine => "cosine",
        Metric::Dot => "ip",
        Metric::Euclidean => "l2",
    };
    let key = if wanted.half && dimension <= MOST_HALF {
        format!("(embedding::{schema}.halfvec({dimension})) {schema}.halfvec_{kind}_ops")
    } else if dimension <= MOST {
        format!("embedding {schema}.vector_{kind}_ops")
    } else {
        return None;
    };
    // pgvector's own advice for the number of lists.
    let lists = (embeddings / 1_000).clamp(10, 4_000);
    let options = if method == "hnsw" { String::new() } else { format!(" WITH (lists = {lists})") };
    Some(format!("CREATE INDEX ON {records} USING {method} ({key}){options}"))
}

/// What the configuration says of the index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) index: VectorIndex,
    pub(crate) half: bool,
    pub(crate) from: u64,
}

impl Wanted {
    /// The greatest dimension that gets an index; 0 where none does.
    pub(crate) fn most_dimension(self) -> i64 {
        match (self.index, self.half) {
            (VectorIndex::None, _) => 0,
            (_, false) => MOST as i64,
            (_, true) => MOST_HALF as i64,
        }
    }
}

#[cfg(test)]
mod tests {
    use memory_core::CollectionName;

    use super::*;

    #[test]
    fn an_index_is_made_where_it_is_wanted_and_can_be() {
        let table =
            Table { records: "m.\"a_1\"".into(), versions: "m.v".into(), extension: "public".into(), secured: false };
        let spec = |dimension| {
            CollectionSpec::new(CollectionName::new("a").unwrap()).with_vectors(dimension, Metric::Dot).unwrap()
        };
        let wanted = Wanted { index: VectorIndex::Hnsw, half: false, from: 10 };
        let made = |spec: &CollectionSpec, wanted, embeddings| create(&table, spec, wanted, embeddings);
        let expected = "CREATE INDEX ON m.\"a_1\" USING hnsw (embedding public.vector_ip_ops)";
        assert_eq!(made(&spec(2_000), wanted, 10).as_deref(), Some(expected));
        assert_eq!(made(&spec(2_000), wanted, 9), None);
        assert_eq!(made(&spec(2_001), wanted, 10), None);
        assert_eq!(made(&spec(3), Wanted { index: VectorIndex::None, ..wanted }, 10), None);
        let half = Wanted { index: VectorIndex::IvfFlat, half: true, from: 10 };
        let expected = "CREATE INDEX ON m.\"a_1\" USING ivfflat ((embedding::public.halfvec(4000)) \
                        public.halfvec_ip_ops) WITH (lists = 50)";
        assert_eq!(made(&spec(4_000), half, 50_000).as_deref(), Some(expected));
        assert_eq!(made(&CollectionSpec::new(CollectionName::new("a").unwrap()), wanted, 10), None);
    }
}
