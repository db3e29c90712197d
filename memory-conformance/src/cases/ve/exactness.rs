//! Exact equals brute force (VE-5).

use memory_core::{CollectionSpec, Exactness, Filter, Metric, Query, Record, Scope, SearchRequest};

use crate::cases::hits::{scored, search, shuffled};
use crate::context::{Context, namespace};
use crate::{Needs, Outcome, cases};

cases! {
    "VE-5": [
        exact_equals_brute_force,
        (any_is_exact_where_nothing_is_approximate, Needs::Fact("approximate search: no", |facts| !facts.approximate)),
    ],
}

type Best = [(&'static str, f64); 6];

/// The six best of five hundred vectors of sixteen dimensions, and of every tenth of them. The numbers come from a
/// second program, in Python.
const BEST: [(Metric, Best, Best); 3] = [
    (
        Metric::Cosine,
        [
            ("r200", 0.6769627802574768),
            ("r485", 0.6211930060184913),
            ("r422", 0.6125699378165232),
            ("r167", 0.6073360070033548),
            ("r114", 0.5775777401498433),
            ("r356", 0.57131306768813),
        ],
        [
            ("r200", 0.6769627802574768),
            ("r440", 0.43004825281046444),
            ("r060", 0.39024477866132035),
            ("r100", 0.3739524126278282),
            ("r480", 0.343744479148901),
            ("r230", 0.3205410236967769),
        ],
    ),
    (
        Metric::Dot,
        [
            ("r226", 249.45950835463827),
            ("r200", 242.96363681412367),
            ("r485", 241.8343310474429),
            ("r194", 207.89947369800848),
            ("r114", 206.3608639214026),
            ("r422", 202.52324463024524),
        ],
        [
            ("r200", 242.96363681412367),
            ("r100", 145.426320896373),
            ("r060", 137.3557751446333),
            ("r440", 134.7900291242786),
            ("r480", 124.33035944943458),
            ("r310", 102.51251505005257),
        ],
    ),
    (
        Metric::Euclidean,
        [
            ("r200", 0.061604455771334894),
            ("r167", 0.058481303415893506),
            ("r422", 0.05842998282809123),
            ("r485", 0.05489828208352348),
            ("r356", 0.054411203374149654),
            ("r114", 0.05440569805935804),
        ],
        [
            ("r200", 0.061604455771334894),
            ("r440", 0.04974266323566716),
            ("r230", 0.04897264496458405),
            ("r060", 0.04601566613317599),
            ("r020", 0.044390276086546894),
            ("r320", 0.044219981966921694),
        ],
    ),
];

async fn exact_equals_brute_force(context: Context) -> Outcome {
    equals_brute_force(&context, Exactness::Exact).await
}

async fn any_is_exact_where_nothing_is_approximate(context: Context) -> Outcome {
    equals_brute_force(&context, Exactness::Any).await
}

async fn equals_brute_force(context: &Context, exactness: Exactness) -> Outcome {
    for (metric, best, best_of_tenths) in BEST {
        let mut numbers = Numbers(2026);
        let query = numbers.vector();
        let stored: Vec<Vec<f32>> = (0..500).map(|_| numbers.vector()).collect();
        let spec = CollectionSpec::new(context.name(metric.as_str())?).with_vectors(16, metric)?;
        let memory = context.database.create(&spec, Scope::exact(namespace(["n"])?)).await?;
        let drafts = shuffled(500).map(|at| {
            let kind = if at % 10 == 0 { "tenth" } else { "" };
            Record::draft(format!("r{at:03}")).kind(kind).embedding(stored[at].clone())
        });
        memory.put_all(drafts).await?;
        let request = SearchRequest::new(Query::Vector { embedding: query.try_into()?, exactness }).with_k(6);
        let response = search(&memory, &request).await?;
        scored(&response.hits, &best, &format!("{metric}, {exactness:?}: the best of all"))?;
        let response = search(&memory, &request.with_filter(Filter::kind().eq("tenth"))).await?;
        scored(&response.hits, &best_of_tenths, &format!("{metric}, {exactness:?}: the best of every tenth"))?;
    }
    Ok(())
}

/// A linear congruential generator (the constants are Knuth's for MMIX), of which the upper 24 bits become a component
/// from -8 to 8.
struct Numbers(u64);

impl Numbers {
    fn vector(&mut self) -> Vec<f32> {
        (0..16).map(|_| self.component()).collect()
    }

    fn component(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 40) as f32 - 8_388_608.0) / 1_048_576.0
    }
}
