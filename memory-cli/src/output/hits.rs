//! Records and hits for people.

use anstyle::Style;
use memory_core::{Analyser, Hit, HybridHit, HybridResponse, Leg, LegScore, Record, SearchResponse};

use super::Output;
use super::snippet::snippet;
use super::text::{path, safe, safe_lines, when};
use crate::failure::Failure;

/// How many characters of a text stand under its line.
const WIDTH: usize = 160;

/// One record that a search of any kind found.
pub(crate) struct Found {
    pub(crate) record: Record,
    pub(crate) score: f64,
    pub(crate) rank: u64,
    pub(crate) text: Option<LegScore>,
    pub(crate) vector: Option<LegScore>,
}

/// What a search of any kind answered.
pub(crate) struct Answer {
    pub(crate) hits: Vec<Found>,
    /// What became of the text leg and of the vector leg of a hybrid search.
    pub(crate) legs: Option<(Leg, Leg)>,
    pub(crate) complete: bool,
}

impl From<SearchResponse> for Answer {
    fn from(response: SearchResponse) -> Self {
        let found = |Hit { record, score, rank, .. }: Hit| {
            record.map(|record| Found { record, score: score.value(), rank, text: None, vector: None })
        };
        Self { hits: response.hits.into_iter().filter_map(found).collect(), legs: None, complete: response.complete }
    }
}

impl From<HybridResponse> for Answer {
    fn from(response: HybridResponse) -> Self {
        let found = |HybridHit { record, score, rank, text, vector, .. }: HybridHit| {
            record.map(|record| Found { record, score: score.value(), rank, text, vector })
        };
        let legs = Some((response.text, response.vector));
        Self { hits: response.hits.into_iter().filter_map(found).collect(), legs, complete: response.complete }
    }
}

/// Writes one line and a snippet for each hit, the wanted words marked.
pub(crate) fn hits(out: &mut Output, hits: &[Found], analyser: Analyser, wanted: &[String]) -> Result<(), Failure> {
    for Found { record, score, rank, .. } in hits {
        let place = format!("{rank}. ");
        short(out, &place, record, Some(*score), analyser, wanted)?;
    }
    Ok(())
}

/// Writes one line and the beginning of the text for each record.
pub(crate) fn listed(out: &mut Output, record: &Record) -> Result<(), Failure> {
    short(out, "", record, None, Analyser::default(), &[])
}

fn short(
    out: &mut Output,
    place: &str,
    record: &Record,
    score: Option<f64>,
    analyser: Analyser,
    wanted: &[String],
) -> Result<(), Failure> {
    let faint = Style::new().dimmed();
    let mut line = vec![out.styled(Style::new().bold(), &safe(record.key.id.as_str()))];
    line.extend(score.map(|score| format!("{score:.4}")));
    let kind = safe(record.kind.as_str());
    line.extend((!kind.is_empty()).then(|| kind.into_owned()));
    line.push(out.styled(faint, &when(record.created_at)));
    line.push(out.styled(faint, &path(&record.key.namespace)));
    out.line(format!("{place}{}", line.join("  ")))?;
    let parts = snippet(record.content.as_str(), analyser, wanted, WIDTH);
    if parts.is_empty() {
        return Ok(());
    }
    let shown: String =
        parts.iter().map(|part| if part.marked { out.marked(&part.text) } else { part.text.clone() }).collect();
    out.line(format!("   {shown}"))
}

/// Writes every field of a record.
pub(crate) fn whole(out: &mut Output, record: &Record) -> Result<(), Failure> {
    let tags: Vec<_> = record.tags.iter().map(safe).collect();
    let fields = [
        ("id", Some(out.styled(Style::new().bold(), &safe(record.key.id.as_str())))),
        ("namespace", Some(path(&record.key.namespace))),
        ("kind", Some(safe(record.kind.as_str()).into_owned())),
        ("tags", Some(tags.join(", "))),
        ("metadata", (!record.metadata.is_empty()).then(|| safe(&record.metadata.to_json()).into_owned())),
        ("embedding", record.embedding.as_ref().map(|embedding| format!("{} components", embedding.dimension()))),
        ("created_at", Some(record.created_at.to_string())),
        ("updated_at", Some(record.updated_at.to_string())),
        ("expires_at", record.expires_at.map(|at| at.to_string())),
    ];
    for (name, value) in fields {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            out.line(format!("{name:<11} {value}"))?;
        }
    }
    if record.content.as_str().is_empty() {
        return Ok(());
    }
    out.line(format!("\n{}", safe_lines(record.content.as_str())))
}
