//! What the score is (VE-1). The numbers come from a second program, in Python.

use memory_core::{CollectionSpec, Metric, Record, Scope};

use crate::cases::hits::{nearest, scored, search, vectors};
use crate::context::{Context, namespace};
use crate::{Outcome, cases};

cases! {
    "VE-1": [
        cosine_literals,
        dot_literals,
        euclidean_literals,
        a_vector_scores_exactly_one_against_itself,
        sums_are_of_f64_in_order_from_plus_zero,
        the_shortest_and_the_longest_vectors_score,
        many_dimensions_are_summed_in_order,
    ],
}

const QUERY: [f32; 3] = [0.1, 0.2, -0.7];

/// Vectors of many lengths; `f` is twice `a`, `c` its opposite, `g` nearly `a`.
const STORED: [(&str, [f32; 3]); 7] = [
    ("a", [0.1, 0.2, -0.7]),
    ("b", [3.5, -1.25, 0.3]),
    ("c", [-0.1, -0.2, 0.7]),
    ("d", [1e-14, 2e-14, 0.0]),
    ("e", [1e14, 0.0, -1e14]),
    ("f", [0.2, 0.4, -1.4]),
    ("g", [0.1, 0.2, -0.69999]),
];

async fn literals(context: &Context, metric: Metric, expected: &[(&str, f64)]) -> Outcome {
    let memory = vectors(context, "a", metric).await?;
    memory.put_all(STORED.map(|(id, vector)| Record::draft(id).embedding(vector))).await?;
    let response = search(&memory, &nearest(QUERY)?).await?;
    scored(&response.hits, expected, &format!("{metric}, exact"))?;
    let response = search(&memory, &nearest(QUERY)?.with_k(3)).await?;
    scored(&response.hits, &expected[..3], &format!("{metric}, the best three"))
}

async fn cosine_literals(context: Context) -> Outcome {
    let expected = [
        ("a", 1.0),
        ("f", 1.0),
        ("g", 0.9999999999914031),
        ("e", 0.7698003597160926),
        ("d", 0.30429031854174593),
        ("b", -0.04014665559170876),
        ("c", -1.0),
    ];
    literals(&context, Metric::Cosine, &expected).await
}

async fn dot_literals(context: Context) -> Outcome {
    let expected = [
        ("e", 79999999258384.31),
        ("f", 1.0799999696016314),
        ("a", 0.5399999848008157),
        ("g", 0.5399929752947095),
        ("d", 4.999999986764155e-15),
        ("b", -0.11000000327825532),
        ("c", -0.5399999848008157),
    ];
    literals(&context, Metric::Dot, &expected).await
}

async fn euclidean_literals(context: Context) -> Outcome {
    let expected = [
        ("a", 1.0),
        ("g", 0.9999899865199485),
        ("d", 0.5764197364036368),
        ("f", 0.5764197364036344),
        ("c", 0.4049084910375446),
        ("b", 0.20707516192667155),
        ("e", 7.071067785219407e-15),
    ];
    literals(&context, Metric::Euclidean, &expected).await
}

async fn a_vector_scores_exactly_one_against_itself(context: Context) -> Outcome {
    let vectors_of_all_lengths: [[f32; 3]; 6] = [
        [0.1, 0.2, -0.7],
        [1e-14, 3e-15, 0.0],
        [1e14, -3e14, 7.0],
        [0.3, 0.3, 0.3],
        [1.0, 1e-7, 0.0],
        [-5.5, 2.25, 9.1],
    ];
    for metric in [Metric::Cosine, Metric::Euclidean] {
        let memory = vectors(&context, metric.as_str(), metric).await?;
        for vector in vectors_of_all_lengths {
            memory.put(Record::draft("self").embedding(vector)).await?;
            let response = search(&memory, &nearest(vector)?.with_min_score(1.0)).await?;
            scored(&response.hits, &[("self", 1.0)], &format!("{metric} of a vector with itself"))?;
        }
    }
    Ok(())
}

async fn sums_are_of_f64_in_order_from_plus_zero(context: Context) -> Outcome {
    // In f32 1e8 + 1 - 1e8 is 0. In the second search a sum that starts at -0.0 ends there.
    let memory = vectors(&context, "dot", Metric::Dot).await?;
    memory.put(Record::draft("a").embedding([1.0, 1.0, 1.0])).await?;
    let response = search(&memory, &nearest([1e8, 1.0, -1e8])?).await?;
    scored(&response.hits, &[("a", 1.0)], "what cancels leaves what was between")?;
    memory.put(Record::draft("a").embedding([0.0, -1.0, -2.0])).await?;
    let response = search(&memory, &nearest([-1.0, 0.0, 0.0])?).await?;
    scored(&response.hits, &[("a", 0.0)], "products that are all -0.0 add up to +0.0")?;
    let memory = vectors(&context, "cosine", Metric::Cosine).await?;
    memory.put(Record::draft("a").embedding([1.0, 1.0, 1.0])).await?;
    let response = search(&memory, &nearest([1e8, 1.0, -1e8])?).await?;
    scored(&response.hits, &[("a", 4.08248290463863e-9)], "the same cosine, of what cancels")
}

async fn the_shortest_and_the_longest_vectors_score(context: Context) -> Outcome {
    // In f32 the square of the one length times that of the other is 0 or infinite.
    for (metric, expected) in [
        (Metric::Cosine, [("short", 1.0), ("long", 0.31622776601683794), ("wide", -0.31622776601683794)]),
        (Metric::Dot, [("long", 0.99999998621999), ("short", 4.999999824516702e-28), ("wide", -0.99999998621999)]),
        (Metric::Euclidean, [("short", 1.0), ("long", 7.071067785219379e-15), ("wide", 7.071067785219379e-15)]),
    ] {
        let memory = vectors(&context, metric.as_str(), metric).await?;
        let stored: [(&str, [f32; 3]); 3] =
            [("long", [1e14, 0.0, -1e14]), ("short", [1e-14, 2e-14, 0.0]), ("wide", [-1e14, 0.0, 1e14])];
        memory.put_all(stored.map(|(id, vector)| Record::draft(id).embedding(vector))).await?;
        let response = search(&memory, &nearest([1e-14, 2e-14, 0.0])?).await?;
        scored(&response.hits, &expected, &format!("{metric} of lengths from 1e-14 to 1e14"))?;
    }
    Ok(())
}

async fn many_dimensions_are_summed_in_order(context: Context) -> Outcome {
    // Summed four or eight at a time, as fast code does, the first two come out different in their last digits.
    let query: Vec<f32> = (1..=384_u16).map(|i| 1.0 / f32::from(i)).collect();
    let stored: Vec<f32> = (0..384_u16).map(|i| f32::from(i * 7 % 11) - 4.9).collect();
    for (metric, expected) in [
        (Metric::Cosine, -0.03573376866003819),
        (Metric::Dot, -2.842570401878058),
        (Metric::Euclidean, 0.015839863920414383),
    ] {
        let spec = CollectionSpec::new(context.name(metric.as_str())?).with_vectors(384, metric)?;
        let memory = context.database.create(&spec, Scope::exact(namespace(["n"])?)).await?;
        memory.put(Record::draft("a").embedding(stored.clone())).await?;
        let response = search(&memory, &nearest(query.clone())?).await?;
        scored(&response.hits, &[("a", expected)], &format!("{metric} of 384 dimensions"))?;
    }
    Ok(())
}
