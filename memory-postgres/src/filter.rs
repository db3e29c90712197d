//! A filter to Postgres's own form, as far as that loses no match; the rest is left for the core to re-check. No I/O.

use memory_core::{Filter, Leaf};

/// A condition that the server decides, and what it leaves open.
pub(crate) struct Translated {
    /// A condition in Postgres's language, never stricter than the filter.
    pub(crate) pushed_down: Option<String>,
    /// What candidates are to be checked against again; `None` if the server decides everything.
    pub(crate) residue: Option<Filter>,
}

/// Translates a filter. So far nothing is pushed down, which is right and slow: every record is a candidate.
pub(crate) fn translate(filter: &Filter) -> Translated {
    let pushed_down = match filter {
        Filter::And(_) | Filter::Or(_) | Filter::Not(_) => None,
        Filter::Leaf(leaf) => match leaf {
            Leaf::Text(..) | Leaf::Time(..) | Leaf::Tags(..) | Leaf::Embedding(_) | Leaf::Metadata(..) => None,
        },
    };
    let everything = matches!(filter, Filter::And(parts) if parts.is_empty());
    Translated { pushed_down, residue: (!everything).then(|| filter.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_pushed_down_is_left_to_the_core() {
        let kind = Filter::kind().eq("fact");
        let translated = translate(&kind);
        assert_eq!((translated.pushed_down, translated.residue), (None, Some(kind)));
        assert_eq!(translate(&Filter::And(Vec::new())).residue, None);
    }
}
