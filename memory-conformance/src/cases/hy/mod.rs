//! Hybrid search (SPEC 9).

pub(crate) mod fusion;
pub(crate) mod mmr;
pub(crate) mod request;
pub(crate) mod response;

use memory_core::{Embedding, Exactness, HybridHit, HybridRequest, LegScore, Memory, Metric, Record, Result};

use crate::cases::hits::{scored, vectors};
use crate::context::Context;
use crate::{Outcome, ensure};

/// What a leg says of a hit: the rank, if the leg found it by itself, and the score.
type Seen = Option<(Option<u64>, f64)>;

/// A hit: id, fused score, what the text leg says, what the vector leg says.
type Row = (&'static str, f64, Seen, Seen);

const fn seen(rank: Option<u64>, score: f64) -> Seen {
    Some((rank, score))
}

/// The hits are these, in this order, to the bit, ranked from 1.
fn rows_are(hits: &[HybridHit], expected: &[Row], message: &str) -> Outcome {
    scored(hits, &expected.iter().map(|row| (row.0, row.1)).collect::<Vec<_>>(), message)?;
    let told = |leg: Option<LegScore>| leg.map(|leg| (leg.rank, leg.score.value().to_bits()));
    let wanted = |leg: Seen| leg.map(|(rank, score)| (rank, score.to_bits()));
    for (hit, (id, _, text, vector)) in hits.iter().zip(expected) {
        ensure!(told(hit.text) == wanted(*text), "{message}: the text leg says {text:?} of {id}, not {:?}", hit.text);
        ensure!(
            told(hit.vector) == wanted(*vector),
            "{message}: the vector leg says {vector:?} of {id}, not {:?}",
            hit.vector
        );
    }
    Ok(())
}

/// Texts and vectors of six records; `d` has no vector.
const TREES: [(&str, &str, Option<[f32; 3]>); 6] = [
    ("a", "cedar oak oak", Some([1.0, 0.0, 0.0])),
    ("b", "oak elm", Some([0.6, 0.8, 0.0])),
    ("c", "elm elm elm birch birch", Some([0.9, 0.1, 0.2])),
    ("d", "cedar", None),
    ("e", "birch oak cedar elm", Some([-1.0, 0.2, 0.0])),
    ("f", "pine pine", Some([0.2, 0.9, -0.4])),
];

/// The vector that cases look for among the [`TREES`].
const NEAR_A: [f32; 3] = [1.0, 0.1, 0.0];

/// A collection of these records.
async fn put(
    context: &Context,
    suffix: &str,
    metric: Metric,
    records: &[(&str, &str, Option<[f32; 3]>)],
) -> Result<Memory> {
    let memory = vectors(context, suffix, metric).await?;
    let drafts = records.iter().map(|(id, content, vector)| {
        let draft = Record::draft(*id).content(*content);
        match vector {
            Some(vector) => draft.embedding(*vector),
            None => draft,
        }
    });
    memory.put_all(drafts).await?;
    Ok(memory)
}

async fn trees(context: &Context, metric: Metric) -> Result<Memory> {
    put(context, metric.as_str(), metric, &TREES).await
}

/// A request whose vector leg is exact; "" leaves the text out.
fn both(text: &str, vector: Option<[f32; 3]>) -> Result<HybridRequest> {
    let embedding: Option<Embedding> = vector.map(TryInto::try_into).transpose()?;
    let text = (!text.is_empty()).then(|| text.to_owned());
    Ok(HybridRequest::of(text, embedding).with_exactness(Exactness::Exact))
}
