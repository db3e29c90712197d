//! Order, ties, and the cut at k (VE-2).

use memory_core::{Metric, Namespace, Record, Scope};

use crate::cases::hits::{Found, names, nearest, scored, search, shuffled, vectors};
use crate::context::{Context, key, namespace};
use crate::{Failure, Outcome, cases, ensure_eq};

cases! {
    "VE-2": [
        equal_scores_are_cut_by_namespace_key_and_id,
        many_equal_scores_are_cut_by_id_at_every_k,
        cosines_that_differ_in_the_last_digits_are_cut_in_order,
        dots_that_differ_by_one_unit_in_the_last_place_are_cut_in_order,
        distances_that_differ_in_the_last_digits_are_cut_in_order,
        equal_scores_of_different_vectors_are_ties,
        zero_is_one_score_whatever_gives_it,
        negative_scores_are_matches_too,
        no_record_is_hit_twice,
    ],
}

async fn equal_scores_are_cut_by_namespace_key_and_id(context: Context) -> Outcome {
    // In the order of keys, which is neither that of segments nor that of UTF-16, nor the order of insertion.
    let expected: [(&[&str], &str); 12] = [
        (&["a!"], "z"),
        (&["a%"], "y"),
        (&["a/"], "x"),
        (&["a"], "10"),
        (&["a"], "9"),
        (&["a"], "B"),
        (&["a"], "a"),
        (&["a"], "é"),
        (&["a"], "\u{fffd}"),
        (&["a"], "\u{10000}"),
        (&["a", "b"], "0"),
        (&["a0"], "0"),
    ];
    for metric in Metric::ALL {
        let memory = context.database.create(&context.spec(metric.as_str(), metric)?, Scope::all()).await?;
        for at in shuffled(expected.len()) {
            let (segments, id) = expected[at];
            memory.put(Record::draft(id).namespace(Namespace::new(segments)?).embedding([0.5, 1.5, -2.0])).await?;
        }
        for k in [1, 2, 3, 5, 8, 10, 12, 100] {
            let response = search(&memory, &nearest([1.0, 2.0, 3.0])?.with_k(k)).await?;
            let found: Vec<_> =
                response.hits.iter().map(|hit| (hit.key.namespace.segments(), hit.key.id.as_str())).collect();
            let first: Vec<_> = expected
                .iter()
                .take(k)
                .map(|(segments, id)| (segments.iter().map(|s| (*s).to_owned()).collect(), *id))
                .collect();
            ensure_eq!(found, first, "{metric}: the first {k} of equal scores by (namespace key, id)");
        }
    }
    Ok(())
}

async fn many_equal_scores_are_cut_by_id_at_every_k(context: Context) -> Outcome {
    // Two nearer ones, three hundred equal ones, two farther ones.
    for metric in Metric::ALL {
        let memory = vectors(&context, metric.as_str(), metric).await?;
        let equal = shuffled(300).map(|at| Record::draft(format!("m{at:03}")).embedding([3.0, 4.0, 0.0]));
        memory.put_all(equal).await?;
        let others: [(&str, [f32; 3]); 4] =
            [("z1", [5.0, 0.0, 0.0]), ("z2", [5.0, 0.0, 0.0]), ("a1", [0.0, 0.0, 9.0]), ("a2", [0.0, 0.0, 9.0])];
        memory.put_all(others.map(|(id, vector)| Record::draft(id).embedding(vector))).await?;
        let mut expected = vec!["z1".to_owned(), "z2".to_owned()];
        expected.extend((0..300).map(|at| format!("m{at:03}")));
        expected.extend(["a1".to_owned(), "a2".to_owned()]);
        for k in [1, 2, 3, 10, 99, 100, 101, 150, 301, 302, 303, 304, 400] {
            let response = search(&memory, &nearest([5.0, 0.0, 0.0])?.with_k(k)).await?;
            ensure_eq!(
                names(&response.hits),
                expected[..k.min(304)],
                "{metric}: min(k, matches) for k {k}, ties by id"
            );
        }
    }
    Ok(())
}

/// Three hundred vectors whose scores fall with their number, in the last digits alone; their ids rise against that.
/// Gives the scores in order.
async fn near_ties(
    context: &Context,
    metric: Metric,
    query: [f32; 3],
    second: fn(u16) -> f32,
) -> Result<Vec<f64>, Failure> {
    let memory = vectors(context, "a", metric).await?;
    let drafts =
        shuffled(300).map(|at| Record::draft(format!("r{:03}", 299 - at)).embedding([1.0, second(at as u16), 0.0]));
    memory.put_all(drafts).await?;
    let expected: Vec<String> = (0..300).map(|at| format!("r{:03}", 299 - at)).collect();
    for k in [1, 10, 120, 299] {
        let response = search(&memory, &nearest(query)?.with_k(k)).await?;
        ensure_eq!(names(&response.hits), expected[..k], "{metric}: the {k} best of scores that are nearly equal");
    }
    let response = search(&memory, &nearest(query)?.with_k(300)).await?;
    Ok(response.hits.iter().map(Found::number).collect())
}

async fn cosines_that_differ_in_the_last_digits_are_cut_in_order(context: Context) -> Outcome {
    let scores =
        near_ties(&context, Metric::Cosine, [1.0, 0.0, 0.0], |at| f32::from(at).sqrt() * 2f32.powi(-25)).await?;
    let some = [scores[0], scores[1], scores[2], scores[119], scores[120], scores[299]];
    let expected =
        [1.0, 0.9999999999999996, 0.9999999999999991, 0.9999999999999472, 0.9999999999999467, 0.9999999999998672];
    ensure_eq!(some, expected, "cosines that are the same in f32");
    Ok(())
}

async fn dots_that_differ_by_one_unit_in_the_last_place_are_cut_in_order(context: Context) -> Outcome {
    let query = [1.0, 2f32.powi(-29), 0.0];
    let scores = near_ties(&context, Metric::Dot, query, |at| f32::from(299 - at) * 2f32.powi(-23)).await?;
    // 1 + i / 2^52, which are neighbours among the numbers of f64.
    let expected: Vec<u64> = (0..300).map(|at| 0x3ff0_0000_0000_0000 + 299 - at).collect();
    ensure_eq!(
        scores.iter().map(|score| score.to_bits()).collect::<Vec<_>>(),
        expected,
        "the bits of the inner products"
    );
    Ok(())
}

async fn distances_that_differ_in_the_last_digits_are_cut_in_order(context: Context) -> Outcome {
    let scores = near_ties(&context, Metric::Euclidean, [0.0; 3], |at| f32::from(at).sqrt() * 2f32.powi(-25)).await?;
    let some = [scores[0], scores[1], scores[2], scores[119], scores[120], scores[299]];
    let expected =
        [0.5, 0.4999999999999999, 0.4999999999999998, 0.4999999999999868, 0.4999999999999867, 0.4999999999999668];
    ensure_eq!(some, expected, "distances that are the same in f32");
    Ok(())
}

async fn equal_scores_of_different_vectors_are_ties(context: Context) -> Outcome {
    type Rows = [(&'static str, [f32; 3]); 5];
    let cases: [(Metric, [f32; 3], Rows, f64); 3] = [
        (
            Metric::Cosine,
            [1.0, 0.0, 0.0],
            [
                ("e", [3.0, 4.0, 0.0]),
                ("b", [3.0, 0.0, -4.0]),
                ("d", [6.0, 8.0, 0.0]),
                ("c", [0.75, -1.0, 0.0]),
                ("a", [0.375, 0.0, 0.5]),
            ],
            0.6,
        ),
        (
            Metric::Dot,
            [1.0, 1.0, 1.0],
            [
                ("e", [3.0, 0.0, 0.0]),
                ("b", [0.0, 3.0, 0.0]),
                ("d", [1.0, 1.0, 1.0]),
                ("c", [-1.0, 2.0, 2.0]),
                ("a", [-97.0, 50.0, 50.0]),
            ],
            3.0,
        ),
        (
            Metric::Euclidean,
            [1.0, 0.0, 0.0],
            [
                ("e", [4.0, 0.0, 0.0]),
                ("b", [1.0, -3.0, 0.0]),
                ("d", [1.0, 0.0, 3.0]),
                ("c", [-2.0, 0.0, 0.0]),
                ("a", [1.0, 3.0, 0.0]),
            ],
            0.25,
        ),
    ];
    for (metric, query, rows, score) in cases {
        let memory = vectors(&context, metric.as_str(), metric).await?;
        memory.put_all(rows.map(|(id, vector)| Record::draft(id).embedding(vector))).await?;
        let expected = [("a", score), ("b", score), ("c", score), ("d", score), ("e", score)];
        for k in 1..=5 {
            let response = search(&memory, &nearest(query)?.with_k(k)).await?;
            scored(&response.hits, &expected[..k], &format!("{metric}: vectors of one score, k {k}"))?;
        }
    }
    Ok(())
}

async fn zero_is_one_score_whatever_gives_it(context: Context) -> Outcome {
    let memory = vectors(&context, "a", Metric::Dot).await?;
    let stored: [(&str, [f32; 3]); 7] = [
        ("f", [1.0, 0.0, 0.0]),
        ("c", [1.0, -0.0, 0.0]),
        ("e", [-1.0, 0.0, -0.0]),
        ("b", [0.0, 0.0, 0.0]),
        ("d", [-0.0, -0.0, -0.0]),
        ("g", [0.0, 1e-14, 0.0]),
        ("a", [0.0, -1e-14, 0.0]),
    ];
    memory.put_all(stored.map(|(id, vector)| Record::draft(id).embedding(vector))).await?;
    let expected = [
        ("g", 9.9999998245167e-15),
        ("b", 0.0),
        ("c", 0.0),
        ("d", 0.0),
        ("e", 0.0),
        ("f", 0.0),
        ("a", -9.9999998245167e-15),
    ];
    for k in [1, 2, 4, 6, 7] {
        let response = search(&memory, &nearest([0.0, 1.0, 0.0])?.with_k(k)).await?;
        scored(&response.hits, &expected[..k], &format!("zeros of either sign are ties, k {k}"))?;
    }
    let response = search(&memory, &nearest([-0.0, 0.0, -0.0])?.with_k(3)).await?;
    scored(&response.hits, &[("a", 0.0), ("b", 0.0), ("c", 0.0)], "to the zero vector every inner product is zero")
}

async fn negative_scores_are_matches_too(context: Context) -> Outcome {
    let expected = [("d", -0.25), ("a", -1.0), ("c", -1.0), ("b", -300.0)];
    let memory = vectors(&context, "dot", Metric::Dot).await?;
    let stored: [(&str, [f32; 3]); 4] =
        [("a", [1.0, 5.0, 0.0]), ("b", [300.0, 0.0, 0.0]), ("c", [1.0, 0.0, 0.0]), ("d", [0.25, 0.0, 9.0])];
    memory.put_all(stored.map(|(id, vector)| Record::draft(id).embedding(vector))).await?;
    for k in [1, 2, 3, 10] {
        let response = search(&memory, &nearest([-1.0, 0.0, 0.0])?.with_k(k)).await?;
        scored(&response.hits, &expected[..k.min(4)], &format!("inner products below zero, k {k}"))?;
    }
    let memory = vectors(&context, "cosine", Metric::Cosine).await?;
    let stored: [(&str, [f32; 3]); 3] = [("a", [2.0, 0.0, 0.0]), ("b", [3.0, 4.0, 0.0]), ("c", [0.0, 1.0, 0.0])];
    memory.put_all(stored.map(|(id, vector)| Record::draft(id).embedding(vector))).await?;
    let response = search(&memory, &nearest([-1.0, 0.0, 0.0])?).await?;
    scored(&response.hits, &[("c", 0.0), ("b", -0.6), ("a", -1.0)], "cosines down to -1")
}

async fn no_record_is_hit_twice(context: Context) -> Outcome {
    let memory = vectors(&context, "a", Metric::Dot).await?;
    for score in [7.0, 3.0, 9.0, 5.0] {
        memory.put(Record::draft("again").embedding([score, 0.0, 0.0])).await?;
    }
    memory.put(Record::draft("again").namespace(namespace(["n", "x"])?).embedding([6.0, 0.0, 0.0])).await?;
    memory.put(Record::draft("once").embedding([5.5, 0.0, 0.0])).await?;
    let expected = [("again", 6.0), ("once", 5.5), ("again", 5.0)];
    let response = search(&memory, &nearest([1.0, 0.0, 0.0])?).await?;
    scored(&response.hits, &expected, "each record once, with its last vector; one id in two namespaces is two hits")?;
    ensure_eq!(response.hits[0].key, key(["n", "x"], "again")?, "the nearer one of that id");
    let twice = vec![key(["n"], "again")?, key(["n"], "once")?, key(["n"], "again")?];
    let response = search(&memory, &nearest([1.0, 0.0, 0.0])?.with_only(twice)).await?;
    scored(&response.hits, &[("once", 5.5), ("again", 5.0)], "a key that `only` names twice is hit once")
}
