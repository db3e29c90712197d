//! The least score (VE-3).

use memory_core::{Metric, Record};

use crate::cases::hits::{names, nearest, scored, search, shuffled, vectors};
use crate::context::Context;
use crate::{Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "VE-3": [
        min_score_is_inclusive,
        min_score_is_inclusive_below_zero,
        min_score_separates_neighbours,
        min_score_of_nothing_and_everything,
        min_score_that_is_not_a_number_is_refused,
    ],
}

const X: [f32; 3] = [1.0, 0.0, 0.0];

/// Five records of each score, so that the threshold stands inside a tie.
async fn min_score_is_inclusive(context: Context) -> Outcome {
    for (metric, query, stored, score, above) in [
        (Metric::Cosine, X, [3.0, 4.0, 0.0], 0.6, 0.6000000000000001),
        (Metric::Dot, [0.1, 0.2, -0.7], [3.0, 4.0, 0.0], 1.1000000163912773, 1.1000000163912775),
        (Metric::Euclidean, X, [1.0, 3.0, 0.0], 0.25, 0.25000000000000006),
    ] {
        let memory = vectors(&context, metric.as_str(), metric).await?;
        memory.put_all((0..5).map(|at| Record::draft(format!("r{at}")).embedding(stored))).await?;
        memory.put(Record::draft("low").embedding([-9.0, -9.0, 1.0])).await?;
        let expected = [("r0", score), ("r1", score), ("r2", score), ("r3", score), ("r4", score)];
        let response = search(&memory, &nearest(query)?.with_min_score(score)).await?;
        scored(&response.hits, &expected, &format!("{metric}: a score equal to min_score is enough"))?;
        let response = search(&memory, &nearest(query)?.with_min_score(score).with_k(2)).await?;
        scored(&response.hits, &expected[..2], &format!("{metric}: min_score and k"))?;
        let response = search(&memory, &nearest(query)?.with_min_score(above)).await?;
        ensure!(response.hits.is_empty(), "{metric}: the next number above the score is too much");
    }
    Ok(())
}

async fn min_score_is_inclusive_below_zero(context: Context) -> Outcome {
    for (metric, stored, expected) in [
        (
            Metric::Cosine,
            [[-3.0, 4.0, 0.0], [-1.0, 0.0, 0.0], [-4.0, 3.0, 0.0]],
            [("a", -0.6), ("c", -0.8), ("b", -1.0)],
        ),
        (
            Metric::Dot,
            [[-0.5, 4.0, 0.0], [-70.0, 0.0, 0.0], [-1.0, 3.0, 0.0]],
            [("a", -0.5), ("c", -1.0), ("b", -70.0)],
        ),
    ] {
        let memory = vectors(&context, metric.as_str(), metric).await?;
        memory
            .put_all(["a", "b", "c"].into_iter().zip(stored).map(|(id, vector)| Record::draft(id).embedding(vector)))
            .await?;
        for count in 1..=3 {
            let least = expected[count - 1].1;
            let response = search(&memory, &nearest(X)?.with_min_score(least)).await?;
            scored(&response.hits, &expected[..count], &format!("{metric}: at least {least}"))?;
        }
    }
    let memory = vectors(&context, "zero", Metric::Dot).await?;
    memory
        .put_all([
            Record::draft("zero").embedding([0.0, 1.0, 0.0]),
            Record::draft("less").embedding([-1e-14, 0.0, 0.0]),
        ])
        .await?;
    for zero in [0.0, -0.0] {
        let response = search(&memory, &nearest(X)?.with_min_score(zero)).await?;
        scored(&response.hits, &[("zero", 0.0)], &format!("at least {zero:?}: one zero equals the other"))?;
    }
    Ok(())
}

async fn min_score_separates_neighbours(context: Context) -> Outcome {
    // Scores 1 + i / 2^52: a server's own threshold, in f32 or with a margin, passes all or none.
    let memory = vectors(&context, "a", Metric::Dot).await?;
    let drafts =
        shuffled(200).map(|at| Record::draft(format!("r{at:03}")).embedding([1.0, at as f32 * 2f32.powi(-23), 0.0]));
    memory.put_all(drafts).await?;
    let query = [1.0, 2f32.powi(-29), 0.0];
    for count in [1, 7, 120] {
        let least = f64::from_bits(0x3ff0_0000_0000_0000 + 200 - count);
        let response = search(&memory, &nearest(query)?.with_min_score(least).with_k(200)).await?;
        let expected: Vec<String> = (200 - count..200).rev().map(|at| format!("r{at:03}")).collect();
        ensure_eq!(names(&response.hits), expected, "the {count} whose score is at least {least:?}");
    }
    Ok(())
}

async fn min_score_of_nothing_and_everything(context: Context) -> Outcome {
    let memory = vectors(&context, "a", Metric::Cosine).await?;
    memory
        .put_all([
            Record::draft("a").embedding(X),
            Record::draft("b").embedding([-1.0, 0.0, 0.0]),
            Record::draft("bare"),
        ])
        .await?;
    for (least, expected) in [
        (f64::NEG_INFINITY, &["a", "b"][..]),
        (-2.0, &["a", "b"]),
        (-1.0, &["a", "b"]),
        (-0.9999999999999999, &["a"]),
        (1.0, &["a"]),
        (1.0000000000000002, &[]),
        (f64::INFINITY, &[]),
    ] {
        let response = search(&memory, &nearest(X)?.with_min_score(least)).await?;
        ensure_eq!(names(&response.hits), expected, "cosines of at least {least:?}");
    }
    Ok(())
}

async fn min_score_that_is_not_a_number_is_refused(context: Context) -> Outcome {
    let memory = vectors(&context, "a", Metric::Cosine).await?;
    let before = context.calls.count();
    let result = memory.search(&nearest(X)?.with_min_score(f64::NAN)).await;
    ensure_kind!(result, InvalidArgument, "min_score NaN");
    ensure_eq!(context.calls.count(), before, "it is refused before any I/O");
    Ok(())
}
