//! The backends of this project: one line each. `cargo xtask new-backend` writes a line.

use std::sync::Arc;

use memory_core::connect::Connector;

/// One backend of this project.
#[derive(Debug)]
pub(crate) struct Row {
    /// The cargo feature of this crate that builds it in.
    pub(crate) feature: &'static str,
    /// The schemes that it answers to, known also where it is not built in.
    pub(crate) schemes: &'static [&'static str],
    /// `None` where it is not built in.
    pub(crate) connector: Option<Arc<dyn Connector>>,
}

macro_rules! row {
    ($feature:literal, $schemes:expr, $connector:expr) => {{
        #[cfg(feature = $feature)]
        let connector: Option<Arc<dyn Connector>> = Some(Arc::new($connector));
        #[cfg(not(feature = $feature))]
        let connector = None;
        Row { feature: $feature, schemes: &$schemes, connector }
    }};
}

/// All of them, by name.
pub(crate) fn rows() -> Vec<Row> {
    vec![
        row!("postgres", ["postgres", "postgresql"], memory_postgres::PostgresConnector),
        row!("reference", ["reference"], memory_reference::ReferenceConnector),
        row!("sqlite", ["sqlite"], memory_sqlite::SqliteConnector),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_its_connector_says() {
        for row in rows() {
            assert_eq!(row.feature, row.schemes[0]);
            if let Some(connector) = row.connector {
                assert_eq!(connector.schemes(), row.schemes);
            }
        }
    }
}
