//! The order of texts that every backend keeps, `bm25: ordered` included (TX-4).

use memory_core::{Language, Memory, Record, Result};

use crate::cases::hits::{by_text, names, shuffled, texts};
use crate::context::Context;
use crate::{Outcome, cases, ensure, ensure_eq};

cases! {
    "TX-4": [
        a_further_query_word_ranks_first,
        a_rarer_word_ranks_first,
        a_word_twice_as_often_ranks_first,
        a_text_half_as_long_ranks_first,
    ],
}

/// A collection of a hundred records that hold none of the cases' words, and these. Ids are such that ties would come
/// out the other way round.
async fn among_others(context: &Context, records: &[(&str, String)]) -> Result<Memory> {
    let memory = texts(context, "a", Language::None).await?;
    let others = shuffled(100).map(|at| Record::draft(format!("o{at:02}")).content(format!("leaf stem root bud {at}")));
    memory
        .put_all(others.chain(records.iter().map(|(id, content)| Record::draft(*id).content(content.as_str()))))
        .await?;
    Ok(memory)
}

async fn a_further_query_word_ranks_first(context: Context) -> Outcome {
    let records = [
        ("a", "oak leaf leaf leaf".to_owned()),
        ("b", "oak elm leaf leaf".to_owned()),
        ("c", "oak elm birch leaf".to_owned()),
        ("d", "oak elm birch cedar".to_owned()),
    ];
    let memory = among_others(&context, &records).await?;
    let response = by_text(&memory, "oak elm birch cedar").await?;
    ensure_eq!(names(&response.hits), ["d", "c", "b", "a"], "each holds one query word more than the next");
    Ok(())
}

async fn a_rarer_word_ranks_first(context: Context) -> Outcome {
    // Thirty hold the one word, three the other: in this scope, in the whole collection, and so in any part of it.
    let mut records = vec![("a", "common pad pad pad".to_owned()), ("b", "pad pad rare pad".to_owned())];
    let ids: Vec<String> = (0..31).map(|at| format!("x{at:02}")).collect();
    records.extend(ids[..29].iter().map(|id| (id.as_str(), "common pad pad pad pad pad pad pad".to_owned())));
    records.extend(ids[29..].iter().map(|id| (id.as_str(), "rare pad pad pad pad pad pad pad".to_owned())));
    let memory = among_others(&context, &records).await?;
    let response = by_text(&memory, "common rare").await?;
    let found = names(&response.hits);
    let place = |id: &str| found.iter().position(|found| *found == id);
    ensure_eq!(found.len(), 33, "all that hold either");
    ensure_eq!(place("b"), Some(0), "first the short one with the rare word");
    ensure!(place("x29").max(place("x30")) < place("x00"), "of the long ones those with the rare word");
    Ok(())
}

async fn a_word_twice_as_often_ranks_first(context: Context) -> Outcome {
    let times = |count: usize| format!("{}{}", "oak ".repeat(count), "pad ".repeat(16 - count));
    let records = [("a", times(1)), ("b", times(2)), ("c", times(4)), ("d", times(8)), ("e", times(16))];
    let memory = among_others(&context, &records).await?;
    let response = by_text(&memory, "oak").await?;
    ensure_eq!(names(&response.hits), ["e", "d", "c", "b", "a"], "each holds the word twice as often as the next");
    Ok(())
}

async fn a_text_half_as_long_ranks_first(context: Context) -> Outcome {
    let long = |count: usize| format!("oak {}", "pad ".repeat(count - 1));
    let records = [("a", long(64)), ("b", long(32)), ("c", long(16)), ("d", long(8)), ("e", long(4))];
    let memory = among_others(&context, &records).await?;
    let response = by_text(&memory, "oak").await?;
    ensure_eq!(names(&response.hits), ["e", "d", "c", "b", "a"], "each is half as long as the next");
    Ok(())
}
