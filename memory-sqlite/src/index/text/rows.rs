//! A search without an index: the words of every record of the scope are looked for.

use memory_core::bm25::TextStatistics;
use memory_core::kit::rank::{Gate, Ranked, Top};
use memory_core::kit::text::{Occurrences, TextRanking};
use memory_core::{Hit, RecordKey, WordMatch};
use rusqlite::{Transaction, params_from_iter};

use crate::error::Failure;
use crate::index::search::Asked;
use crate::jobs::Target;
use crate::mapping::Row;
use crate::query::{Condition, live, scope};
use crate::schema::COLUMNS;

/// A record that may be found, as long as it holds the words.
struct Found {
    row: i64,
    key: RecordKey,
    occurrences: Occurrences,
}

/// The best of the records that the view sees and that pass the filter.
pub(in crate::index) fn from_rows(
    transaction: &Transaction<'_>,
    target: &Target,
    Asked { view, request }: Asked<'_>,
    words: &[String],
    matching: WordMatch,
) -> Result<Vec<Hit>, Failure> {
    let ranking = TextRanking::new(words, matching);
    let gate = Gate::new(view, request);
    let visible = Condition::all(vec![scope(&view.scope, &target.tables), live(view.now)]);
    let records = &target.tables.records;
    let sql = format!("SELECT {COLUMNS}, row FROM {records} WHERE {}", visible.sql);
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(visible.values))?;
    let (mut statistics, mut holding) = (TextStatistics::default(), vec![0; ranking.words().len()]);
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let number: i64 = row.get("row")?;
        let record = Row::checked(row, 0)?.record()?;
        let words = target.spec.analyser().words(record.content.as_str());
        let length = words.len() as u64;
        statistics.records += 1;
        statistics.total_length += length;
        let mut counts = vec![0; ranking.words().len()];
        for word in words {
            if let Ok(at) = ranking.words().binary_search(&word) {
                counts[at] += 1;
            }
        }
        holding.iter_mut().zip(&counts).for_each(|(holding, count)| *holding += u64::from(*count > 0));
        if counts.iter().any(|count| *count > 0) && gate.admits(&record) {
            let occurrences = Occurrences { length, counts };
            found.push(Found { row: number, key: record.key, occurrences });
        }
    }
    let ranking = ranking.counted(statistics, holding);
    let mut best = Top::new(request);
    for Found { row, key, occurrences } in found {
        if let Some(score) = ranking.score(&occurrences) {
            best.offer(score, key, row);
        }
    }
    let sql = format!("SELECT {COLUMNS} FROM {records} WHERE row = ?");
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut hits = Vec::new();
    for Ranked { score, rank, item: row, .. } in best.into_ranked() {
        let mut rows = statement.query([row])?;
        if let Some(row) = rows.next()? {
            hits.push(Hit::new(Row::checked(row, 0)?.stored()?, score, rank, request.returns));
        }
    }
    Ok(hits)
}
