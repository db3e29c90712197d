//! What is refused, and k and skip, in hybrid search (HY-1).

use memory_core::{Embedding, HybridRequest, Metric};

use super::{NEAR_A, both, trees};
use crate::cases::hits::{Found, hybrid};
use crate::context::Context;
use crate::{Outcome, Settings, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "HY-1": [k_and_skip, skip_and_k_count_against_a_tenth_of_the_limit, weights_and_vectors_are_checked],
}

async fn k_and_skip(context: Context) -> Outcome {
    let memory = trees(&context, Metric::Cosine).await?;
    let all = [("a", 1), ("c", 2), ("b", 3), ("f", 4), ("e", 5)];
    for (skip, k) in [(0, 0), (2, 0), (0, 1), (0, 5), (0, 99), (1, 2), (3, 1), (4, 9), (5, 1), (50, 10)] {
        let response = hybrid(&memory, &both("", Some(NEAR_A))?.with_k(k).with_skip(skip)).await?;
        let found: Vec<_> = response.hits.iter().map(|hit| (hit.id(), hit.place())).collect();
        ensure_eq!(found, all[skip.min(5)..(skip + k).min(5)], "skip {skip}, k {k}: hits, and ranks from before skip");
    }
    Ok(())
}

async fn skip_and_k_count_against_a_tenth_of_the_limit(context: Context) -> Outcome {
    let context = context.with_settings(&Settings { k: Some(100), ..Settings::default() }).await?;
    let memory = trees(&context, Metric::Cosine).await?;
    for (skip, k, count) in [(0, 10, 6), (4, 6, 2), (10, 0, 0)] {
        let response = hybrid(&memory, &both("oak cedar", Some(NEAR_A))?.with_k(k).with_skip(skip)).await?;
        ensure_eq!(response.hits.len(), count, "skip {skip}, k {k} at a tenth of a limit of 100");
    }
    let before = context.calls.count();
    for (skip, k) in [(0, 11), (5, 6), (11, 0), (0, 100), (usize::MAX, 1), (1, usize::MAX)] {
        for request in [both("oak", Some(NEAR_A))?, both("", None)?, both("oak", Some(NEAR_A))?.with_weight(0.0)] {
            let error = ensure_kind!(
                memory.hybrid(&request.with_k(k).with_skip(skip)).await,
                LimitExceeded,
                "skip {skip}, k {k}"
            );
            ensure!(error.to_string().contains("10"), "the error names the limit: {error}");
        }
    }
    ensure_eq!(context.calls.count(), before, "more is refused before any I/O");
    Ok(())
}

async fn weights_and_vectors_are_checked(context: Context) -> Outcome {
    let memory = trees(&context, Metric::Cosine).await?;
    let before = context.calls.count();
    for weight in [-0.1, -5e-324, 1.0000000000000002, 2.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let request = both("oak", Some(NEAR_A))?.with_weight(weight);
        ensure_kind!(memory.hybrid(&request).await, InvalidArgument, "a weight of {weight:?}");
        ensure_kind!(
            memory.hybrid(&request.with_k(usize::MAX)).await,
            InvalidArgument,
            "a weight of {weight:?}, before the limit"
        );
    }
    let short: Embedding = vec![1.0, 2.0].try_into()?;
    let zero: Embedding = vec![0.0, -0.0, 0.0].try_into()?;
    for embedding in [short, zero] {
        for weight in [0.0, 0.5, 1.0] {
            let request = HybridRequest::new("oak", embedding.clone()).with_weight(weight);
            ensure_kind!(memory.hybrid(&request).await, InvalidArgument, "a leg of weight {weight} is checked");
        }
    }
    ensure_eq!(context.calls.count(), before, "refused before any I/O");
    let zero = hybrid(&memory, &both("oak", Some(NEAR_A))?.with_weight(-0.0)).await?;
    ensure_eq!(zero.hits.len(), 5, "-0.0 is the weight 0");
    Ok(())
}
