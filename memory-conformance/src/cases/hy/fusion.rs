//! How two legs become one order (HY-1). The numbers come from a second program, in Python.

use memory_core::{Filter, Fusion, Memory, Metric, Namespace, Record, Result, Scope, WordMatch};

use super::{NEAR_A, Row, both, put, rows_are, seen, trees};
use crate::cases::hits::{EXACT_TEXT, hybrid, names, search, shuffled};
use crate::context::{Context, namespace};
use crate::{Outcome, cases, ensure, ensure_eq};

cases! {
    "HY-1": [
        (fused_scores, EXACT_TEXT),
        (weights_move_the_order, EXACT_TEXT),
        (every_metric_is_fused, EXACT_TEXT),
        (a_record_that_holds_not_every_word_has_no_text_score, EXACT_TEXT),
        (a_missing_leg_rescales_nothing, EXACT_TEXT),
        a_missing_text_rescales_nothing,
        a_leg_of_weight_0_is_not_run,
        (a_text_leg_alone_stands_as_it_is, EXACT_TEXT),
        (reciprocal_ranks, EXACT_TEXT),
        (a_leg_whose_best_is_below_zero_adds_nothing, EXACT_TEXT),
        a_vector_leg_alone_keeps_its_order_below_zero,
        equal_scores_stand_by_key,
        (the_second_round_scores_what_one_leg_missed, EXACT_TEXT),
        legs_go_as_deep_as_a_hundred_or_ten_times_k,
        filter_and_scope_hold_in_both_rounds,
    ],
}

async fn fused_scores(context: Context) -> Outcome {
    let memory = trees(&context, Metric::Cosine).await?;
    let expected: [Row; 6] = [
        ("a", 1.0, seen(Some(1), 1.6144252949886657), seen(Some(1), 0.9950371900631851)),
        ("b", 0.5840356219312814, seen(Some(4), 0.7879545456821263), seen(Some(3), 0.6766252992068503)),
        ("c", 0.4906391171984257, None, seen(Some(2), 0.9764083370244065)),
        ("e", 0.3674495101517514, seen(Some(2), 1.186439567640364), seen(Some(5), -0.9561999542367677)),
        ("d", 0.2919553380660279, seen(Some(3), 0.9426801655615256), None),
        ("f", 0.14428039618375396, None, seen(Some(4), 0.2871287199997713)),
    ];
    let response = hybrid(&memory, &both("oak cedar", Some(NEAR_A))?).await?;
    rows_are(&response.hits, &expected, "half and half")?;
    let response = hybrid(&memory, &both("Cedar! OAK oak", Some(NEAR_A))?.with_k(3)).await?;
    rows_are(&response.hits, &expected[..3], "the best three")
}

async fn weights_move_the_order(context: Context) -> Outcome {
    let memory = trees(&context, Metric::Cosine).await?;
    let light: [Row; 6] = [
        ("a", 1.0, seen(Some(1), 1.6144252949886657), seen(Some(1), 0.9950371900631851)),
        ("c", 0.6868947640777959, None, seen(Some(2), 0.9764083370244065)),
        ("b", 0.6224213771642008, seen(Some(4), 0.7879545456821263), seen(Some(3), 0.6766252992068503)),
        ("e", 0.22046970609105085, seen(Some(2), 1.186439567640364), seen(Some(5), -0.9561999542367677)),
        ("f", 0.20199255465725555, None, seen(Some(4), 0.2871287199997713)),
        ("d", 0.17517320283961674, seen(Some(3), 0.9426801655615256), None),
    ];
    let heavy: [Row; 6] = [
        ("a", 1.0, seen(Some(1), 1.6144252949886657), seen(Some(1), 0.9950371900631851)),
        ("e", 0.5879192162428023, seen(Some(2), 1.186439567640364), seen(Some(5), -0.9561999542367677)),
        ("b", 0.5264569890819023, seen(Some(4), 0.7879545456821263), seen(Some(3), 0.6766252992068503)),
        ("d", 0.4671285409056447, seen(Some(3), 0.9426801655615256), None),
        ("c", 0.19625564687937022, None, seen(Some(2), 0.9764083370244065)),
        ("f", 0.05771215847350157, None, seen(Some(4), 0.2871287199997713)),
    ];
    for (weight, expected) in [(0.3, light), (0.8, heavy)] {
        let response = hybrid(&memory, &both("oak cedar", Some(NEAR_A))?.with_weight(weight)).await?;
        rows_are(&response.hits, &expected, &format!("a text leg of weight {weight}"))?;
    }
    Ok(())
}

async fn every_metric_is_fused(context: Context) -> Outcome {
    let dot: [Row; 6] = [
        ("a", 1.0, seen(Some(1), 1.6144252949886657), seen(Some(1), 1.0)),
        ("c", 0.6369999835193156, None, seen(Some(2), 0.9099999764561653)),
        ("b", 0.6224213885129255, seen(Some(4), 0.7879545456821263), seen(Some(3), 0.6800000262260437)),
        ("e", 0.22046970609105085, seen(Some(2), 1.186439567640364), seen(Some(5), -0.9799999994039535)),
        ("f", 0.20300000135600563, None, seen(Some(4), 0.2900000019371509)),
        ("d", 0.17517320283961674, seen(Some(3), 0.9426801655615256), None),
    ];
    let euclidean: [Row; 6] = [
        ("a", 1.0, seen(Some(1), 1.6144252949886657), seen(Some(1), 0.9090909078594082)),
        ("e", 0.5506302883679632, seen(Some(2), 1.186439567640364), seen(Some(5), 0.3330559599419379)),
        ("b", 0.5485379716431686, seen(Some(4), 0.7879545456821263), seen(Some(3), 0.5536406441930595)),
        ("c", 0.4494907970155171, None, seen(Some(2), 0.8172559934665707)),
        ("d", 0.2919553380660279, seen(Some(3), 0.9426801655615256), None),
        ("f", 0.2500000022577517, None, seen(Some(4), 0.45454545803470714)),
    ];
    for (metric, weight, expected) in [(Metric::Dot, 0.3, dot), (Metric::Euclidean, 0.5, euclidean)] {
        let memory = trees(&context, metric).await?;
        let response = hybrid(&memory, &both("oak cedar", Some(NEAR_A))?.with_weight(weight)).await?;
        rows_are(&response.hits, &expected, metric.as_str())?;
    }
    Ok(())
}

async fn a_record_that_holds_not_every_word_has_no_text_score(context: Context) -> Outcome {
    let memory = trees(&context, Metric::Cosine).await?;
    let expected: [Row; 5] = [
        ("a", 1.0, seen(Some(1), 1.6144252949886657), seen(Some(1), 0.9950371900631851)),
        ("c", 0.4906391171984257, None, seen(Some(2), 0.9764083370244065)),
        ("e", 0.3674495101517514, seen(Some(2), 1.186439567640364), seen(Some(5), -0.9561999542367677)),
        ("b", 0.34000000500678995, None, seen(Some(3), 0.6766252992068503)),
        ("f", 0.14428039618375396, None, seen(Some(4), 0.2871287199997713)),
    ];
    let request = both("oak cedar", Some(NEAR_A))?.with_matching(WordMatch::All);
    rows_are(
        &hybrid(&memory, &request).await?.hits,
        &expected,
        "every word is asked, in the second round as in the first",
    )
}

async fn a_missing_leg_rescales_nothing(context: Context) -> Outcome {
    let memory = trees(&context, Metric::Cosine).await?;
    let expected: [Row; 4] = [
        ("a", 0.3, seen(Some(1), 1.6144252949886657), None),
        ("e", 0.22046970609105085, seen(Some(2), 1.186439567640364), None),
        ("d", 0.17517320283961674, seen(Some(3), 0.9426801655615256), None),
        ("b", 0.14642137015469486, seen(Some(4), 0.7879545456821263), None),
    ];
    let response = hybrid(&memory, &both("oak cedar", None)?.with_weight(0.3)).await?;
    rows_are(&response.hits, &expected, "without a vector the best has the text leg's weight")
}

async fn a_missing_text_rescales_nothing(context: Context) -> Outcome {
    let memory = trees(&context, Metric::Cosine).await?;
    let expected: [Row; 5] = [
        ("a", 0.7, None, seen(Some(1), 0.9950371900631851)),
        ("c", 0.6868947640777959, None, seen(Some(2), 0.9764083370244065)),
        ("b", 0.4760000070095059, None, seen(Some(3), 0.6766252992068503)),
        ("f", 0.20199255465725555, None, seen(Some(4), 0.2871287199997713)),
        ("e", 0.0, None, seen(Some(5), -0.9561999542367677)),
    ];
    for text in ["", "?!", "zebra"] {
        let response = hybrid(&memory, &both(text, Some(NEAR_A))?.with_weight(0.3)).await?;
        rows_are(
            &response.hits,
            &expected,
            &format!("without a word that matches, {text:?}, the best has the vector leg's weight"),
        )?;
    }
    Ok(())
}

async fn a_leg_of_weight_0_is_not_run(context: Context) -> Outcome {
    let memory = trees(&context, Metric::Cosine).await?;
    let expected: [Row; 5] = [
        ("a", 1.0, None, seen(Some(1), 0.9950371900631851)),
        ("c", 0.9812782343968514, None, seen(Some(2), 0.9764083370244065)),
        ("b", 0.6800000100135799, None, seen(Some(3), 0.6766252992068503)),
        ("f", 0.2885607923675079, None, seen(Some(4), 0.2871287199997713)),
        ("e", 0.0, None, seen(Some(5), -0.9561999542367677)),
    ];
    for fusion in [Fusion::Scores, Fusion::Ranks] {
        let response = hybrid(&memory, &both("oak cedar", Some(NEAR_A))?.with_weight(0.0).with_fusion(fusion)).await?;
        ensure_eq!(names(&response.hits), ["a", "c", "b", "f", "e"], "{fusion:?}: the vector leg's order");
        ensure!(response.hits.iter().all(|hit| hit.text.is_none()), "{fusion:?}: no word from the text leg");
        let response = hybrid(&memory, &both("oak cedar", Some(NEAR_A))?.with_weight(1.0).with_fusion(fusion)).await?;
        ensure_eq!(response.hits.len(), 4, "{fusion:?}: what the text leg found");
        ensure!(response.hits.iter().all(|hit| hit.vector.is_none()), "{fusion:?}: no word from the vector leg");
    }
    let response = hybrid(&memory, &both("oak cedar", Some(NEAR_A))?.with_weight(0.0)).await?;
    rows_are(&response.hits, &expected, "the vector leg alone")
}

async fn a_text_leg_alone_stands_as_it_is(context: Context) -> Outcome {
    let memory = trees(&context, Metric::Cosine).await?;
    let expected: [Row; 4] = [
        ("a", 1.0, seen(Some(1), 1.6144252949886657), None),
        ("e", 0.7348990203035028, seen(Some(2), 1.186439567640364), None),
        ("d", 0.5839106761320558, seen(Some(3), 0.9426801655615256), None),
        ("b", 0.48807123384898293, seen(Some(4), 0.7879545456821263), None),
    ];
    let response = hybrid(&memory, &both("oak cedar", Some(NEAR_A))?.with_weight(1.0)).await?;
    rows_are(&response.hits, &expected, "the text leg alone")
}

async fn reciprocal_ranks(context: Context) -> Outcome {
    let memory = trees(&context, Metric::Cosine).await?;
    let half: [Row; 6] = [
        ("a", 0.01639344262295082, seen(Some(1), 1.6144252949886657), seen(Some(1), 0.9950371900631851)),
        ("e", 0.01575682382133995, seen(Some(2), 1.186439567640364), seen(Some(5), -0.9561999542367677)),
        ("b", 0.015749007936507936, seen(Some(4), 0.7879545456821263), seen(Some(3), 0.6766252992068503)),
        ("c", 0.008064516129032258, None, seen(Some(2), 0.9764083370244065)),
        ("d", 0.007936507936507936, seen(Some(3), 0.9426801655615256), None),
        ("f", 0.0078125, None, seen(Some(4), 0.2871287199997713)),
    ];
    let quarter: [Row; 6] = [
        ("a", 0.01639344262295082, seen(Some(1), 1.6144252949886657), seen(Some(1), 0.9950371900631851)),
        ("b", 0.015811011904761904, seen(Some(4), 0.7879545456821263), seen(Some(3), 0.6766252992068503)),
        ("e", 0.015570719602977668, seen(Some(2), 1.186439567640364), seen(Some(5), -0.9561999542367677)),
        ("c", 0.012096774193548387, None, seen(Some(2), 0.9764083370244065)),
        ("f", 0.01171875, None, seen(Some(4), 0.2871287199997713)),
        ("d", 0.003968253968253968, seen(Some(3), 0.9426801655615256), None),
    ];
    for (weight, expected) in [(0.5, half), (0.25, quarter)] {
        let request = both("oak cedar", Some(NEAR_A))?.with_weight(weight).with_fusion(Fusion::Ranks);
        rows_are(
            &hybrid(&memory, &request).await?.hits,
            &expected,
            &format!("weighted reciprocal rank, weight {weight}"),
        )?;
    }
    Ok(())
}

/// Four records whose inner products with [1, 0, 0] are below zero.
async fn below_zero(context: &Context) -> Result<Memory> {
    let records = [
        ("a", "oak", Some([-1.0, 0.0, 0.0])),
        ("b", "elm", Some([-0.5, 1.0, 0.0])),
        ("c", "oak elm", Some([-2.0, 0.0, 0.0])),
        ("d", "", Some([-0.25, 0.0, 1.0])),
    ];
    put(context, "below", Metric::Dot, &records).await
}

async fn a_leg_whose_best_is_below_zero_adds_nothing(context: Context) -> Outcome {
    let memory = below_zero(&context).await?;
    let expected: [Row; 4] = [
        ("a", 0.5, seen(Some(1), std::f64::consts::LN_2), seen(Some(3), -1.0)),
        ("c", 0.3548387096774194, seen(Some(2), 0.4919109023328644), seen(Some(4), -2.0)),
        ("b", 0.0, None, seen(Some(2), -0.5)),
        ("d", 0.0, None, seen(Some(1), -0.25)),
    ];
    let response = hybrid(&memory, &both("oak", Some([1.0, 0.0, 0.0]))?).await?;
    rows_are(&response.hits, &expected, "the text leg decides, then the keys")
}

async fn a_vector_leg_alone_keeps_its_order_below_zero(context: Context) -> Outcome {
    let memory = below_zero(&context).await?;
    let expected: [Row; 4] = [
        ("d", 0.0, None, seen(Some(1), -0.25)),
        ("b", 0.0, None, seen(Some(2), -0.5)),
        ("a", 0.0, None, seen(Some(3), -1.0)),
        ("c", 0.0, None, seen(Some(4), -2.0)),
    ];
    let response = hybrid(&memory, &both("oak", Some([1.0, 0.0, 0.0]))?.with_weight(0.0)).await?;
    rows_are(&response.hits, &expected, "the other leg has weight 0: the order stands, though all fused scores are 0")?;
    let expected: [Row; 4] = [
        ("a", 0.0, None, seen(Some(3), -1.0)),
        ("b", 0.0, None, seen(Some(2), -0.5)),
        ("c", 0.0, None, seen(Some(4), -2.0)),
        ("d", 0.0, None, seen(Some(1), -0.25)),
    ];
    let response = hybrid(&memory, &both("", Some([1.0, 0.0, 0.0]))?).await?;
    rows_are(&response.hits, &expected, "the other leg is only missing: equal scores stand by key")
}

async fn equal_scores_stand_by_key(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    for segments in [&["a", "b"][..], &["a0"], &["a"], &["a/"], &["a!"]] {
        let drafts = ["é", "b", "B", "10", "9"].map(|id| Record::draft(id).content("oak").embedding([1.0, 2.0, 3.0]));
        let namespace = Namespace::new(segments)?;
        memory.put_all(drafts.map(|draft| draft.namespace(namespace.clone()))).await?;
    }
    for fusion in [Fusion::Scores, Fusion::Ranks] {
        let response = hybrid(&memory, &both("oak", Some([1.0, 0.0, 0.0]))?.with_k(12).with_fusion(fusion)).await?;
        let found: Vec<_> = response.hits.iter().map(|hit| (hit.key.namespace.key(), hit.key.id.as_str())).collect();
        let keys = ["a!/", "a%2F/", "a/"].into_iter().flat_map(|key| ["10", "9", "B", "b", "é"].map(|id| (key, id)));
        ensure_eq!(found, keys.take(12).collect::<Vec<_>>(), "{fusion:?}: equal scores by (namespace key, id)");
    }
    Ok(())
}

/// So many that only the text finds, as many that only the vector finds, and `x`, which is a little less good than
/// all of them in both; `y` is the nearest and poor in text, `z` best in text and far.
async fn wide(context: &Context, count: usize) -> Result<Memory> {
    let memory = put(
        context,
        &format!("wide{count}"),
        Metric::Cosine,
        &[
            ("x", "oak pad pad pad", Some([3.0, 1.4, 0.0])),
            ("y", "oak pad pad pad", Some([1.0, 0.0, 0.0])),
            ("z", "oak oak oak oak", Some([1.0, 3.0, 0.0])),
        ],
    )
    .await?;
    let texts = shuffled(count).map(|at| Record::draft(format!("t{at:03}")).content("oak oak pad pad"));
    let near =
        shuffled(count).map(|at| Record::draft(format!("v{at:03}")).embedding([1.0, (at + 1) as f32 / 1_000.0, 0.0]));
    memory.put_all(texts.chain(near)).await?;
    Ok(memory)
}

async fn the_second_round_scores_what_one_leg_missed(context: Context) -> Outcome {
    let memory = wide(&context, 100).await?;
    let request = both("oak", Some([1.0, 0.0, 0.0]))?;
    let hundred: [Row; 4] = [
        ("y", 0.7469993682880607, seen(None, 0.4856571799306709), seen(Some(1), 1.0)),
        ("z", 0.658113883008419, seen(Some(1), 0.9831142146166906), seen(None, 0.31622776601683794)),
        ("v000", 0.4999997500001637, None, seen(Some(2), 0.9999995000003274)),
        ("v001", 0.49999900000290504, None, seen(Some(3), 0.9999980000058101)),
    ];
    let deeper: [Row; 5] = [
        ("y", 0.7469993682880607, seen(Some(103), 0.4856571799306709), seen(Some(1), 1.0)),
        ("x", 0.7000909396655804, seen(Some(102), 0.4856571799306709), seen(Some(102), 0.9061831427550396)),
        ("z", 0.658113883008419, seen(Some(1), 0.9831142146166906), seen(Some(103), 0.31622776601683794)),
        ("v000", 0.4999997500001637, None, seen(Some(2), 0.9999995000003274)),
        ("v001", 0.49999900000290504, None, seen(Some(3), 0.9999980000058101)),
    ];
    let response = hybrid(&memory, &request.clone().with_k(10)).await?;
    rows_are(&response.hits[..4], &hundred, "k 10: what one leg missed among its hundred is scored, and has no rank")?;
    let response = hybrid(&memory, &request.clone().with_k(11)).await?;
    rows_are(&response.hits[..5], &deeper, "k 11: both legs found them")?;
    let hundred: [Row; 5] = [
        ("y", 0.00819672131147541, None, seen(Some(1), 1.0)),
        ("z", 0.00819672131147541, seen(Some(1), 0.9831142146166906), None),
        ("t000", 0.008064516129032258, seen(Some(2), 0.7328839998381812), None),
        ("v000", 0.008064516129032258, None, seen(Some(2), 0.9999995000003274)),
        ("t001", 0.007936507936507936, seen(Some(3), 0.7328839998381812), None),
    ];
    let deeper: [Row; 5] = [
        ("y", 0.011264205974052097, seen(Some(103), 0.4856571799306709), seen(Some(1), 1.0)),
        ("z", 0.011264205974052097, seen(Some(1), 0.9831142146166906), seen(Some(103), 0.31622776601683794)),
        ("t000", 0.008064516129032258, seen(Some(2), 0.7328839998381812), None),
        ("v000", 0.008064516129032258, None, seen(Some(2), 0.9999995000003274)),
        ("t001", 0.007936507936507936, seen(Some(3), 0.7328839998381812), None),
    ];
    let request = request.with_fusion(Fusion::Ranks);
    let response = hybrid(&memory, &request.clone().with_k(10)).await?;
    rows_are(&response.hits[..5], &hundred, "reciprocal rank, k 10: there is no second round")?;
    let response = hybrid(&memory, &request.with_k(11)).await?;
    rows_are(&response.hits[..5], &deeper, "reciprocal rank, k 11")
}

async fn legs_go_as_deep_as_a_hundred_or_ten_times_k(context: Context) -> Outcome {
    let memory = wide(&context, 100).await?;
    let request = both("oak", Some([1.0, 0.0, 0.0]))?;
    for (skip, k, wanted) in [(0, 1, false), (0, 10, false), (4, 6, false), (0, 11, true), (1, 10, true)] {
        let response = hybrid(&memory, &request.clone().with_k(k).with_skip(skip).with_min_fused(0.4)).await?;
        let found = names(&response.hits).contains(&"x");
        ensure_eq!(found, wanted, "skip {skip}, k {k}: whether what is the hundred and first in both legs is a hit");
    }
    let memory = wide(&context, 60).await?;
    let response = hybrid(&memory, &request.with_k(3)).await?;
    let mut found = names(&response.hits);
    found.sort_unstable();
    ensure_eq!(found, ["x", "y", "z"], "k 3: what is beyond the sixtieth in both legs is among the best of all");
    Ok(())
}

async fn filter_and_scope_hold_in_both_rounds(context: Context) -> Outcome {
    let whole = context.collection("a").await?;
    for (segments, kind, count) in [(&["n"][..], "no", 120), (&["nn"], "yes", 120), (&["n", "x"], "yes", 3)] {
        let namespace = Namespace::new(segments)?;
        // The fewer, the farther and the longer.
        let content = if count == 3 { "oak pad pad pad pad pad pad pad" } else { "oak" };
        let drafts = shuffled(count).map(|at| {
            Record::draft(format!("r{at}")).kind(kind).content(content).embedding([
                1.0,
                if count == 3 { 2.0 } else { 0.1 },
                0.0,
            ])
        });
        whole.put_all(drafts.map(|draft| draft.namespace(namespace.clone()))).await?;
    }
    whole.put(Record::draft("text").kind("yes").content("oak").namespace(namespace(["n"])?)).await?;
    whole.put(Record::draft("vector").kind("yes").embedding([1.0, 0.0, 0.0]).namespace(namespace(["n"])?)).await?;
    let memory = whole.narrow(Scope::subtree(namespace(["n"])?))?;
    let request = both("oak", Some([1.0, 0.0, 0.0]))?.with_filter(Filter::kind().eq("yes")).with_k(10);
    for fusion in [Fusion::Scores, Fusion::Ranks] {
        let response = hybrid(&memory, &request.clone().with_fusion(fusion)).await?;
        let mut found = names(&response.hits);
        found.sort_unstable();
        ensure_eq!(
            found,
            ["r0", "r1", "r2", "text", "vector"],
            "{fusion:?}: what the scope holds and the filter passes"
        );
    }
    let text = search(&memory, &memory.text("oak").with_filter(Filter::kind().eq("yes"))).await?;
    ensure_eq!(text.hits.len(), 4, "as the legs by themselves");
    Ok(())
}
