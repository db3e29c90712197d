use std::cell::RefCell;

use futures_executor::block_on;

use super::*;
use crate::error::ErrorKind;
use crate::kit::fixture::stored;
use crate::request::Query;

/// A candidate: id, the server's score, the exact one (`None`: no match).
type Row = (&'static str, f64, Option<f64>);

struct Answer {
    hits: String,
    complete: bool,
    /// How many candidates were asked for, fetch by fetch.
    asked: Vec<usize>,
}

fn request(k: usize) -> SearchRequest {
    SearchRequest::new(Query::vector(Embedding::new(vec![1.0]).unwrap())).with_k(k)
}

fn run(refill: &Refill<'_>, rows: &[Row]) -> Result<Answer> {
    let asked = RefCell::new(Vec::new());
    let fetch = async |n: usize| {
        asked.borrow_mut().push(n);
        let ranked = rows.iter().take(n).map(|row| (row.1, *row)).collect();
        Ok(Candidates { ranked, more: rows.len() > n })
    };
    let score = |(id, _, exact): Row| Ok(exact.map(|exact| (Score::new(exact), stored(id, "", &[]))));
    let response = block_on(refill.run(fetch, score))?;
    let hits = response.hits.iter().map(|hit| hit.key.id.as_str()).collect();
    Ok(Answer { hits, complete: response.complete, asked: asked.into_inner() })
}

fn exact(request: &SearchRequest, margin: Margin) -> Refill<'_> {
    Refill { request, margin, exact: true, read_limit: None }
}

/// `count` rows whose scores fall by 0.01 from 0.9 on and are exact.
fn steps(count: usize) -> Vec<Row> {
    const IDS: [&str; 40] = [
        "00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15", "16", "17",
        "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31", "32", "33", "34", "35",
        "36", "37", "38", "39",
    ];
    (0..count).map(|i| (IDS[i], 0.9 - 0.01 * i as f64, Some(0.9 - 0.01 * i as f64))).collect()
}

#[test]
fn it_stops_as_soon_as_nothing_can_change() {
    let answer = run(&exact(&request(2), Margin::Absolute(1e-3)), &steps(40)).unwrap();
    assert_eq!((answer.hits.as_str(), answer.complete, answer.asked), ("0001", true, vec![10]));
}

#[test]
fn a_wide_margin_fetches_on() {
    // After 10 candidates the last has 0.81, after 20 it has 0.71; the second best has 0.89.
    let answer = run(&exact(&request(2), Margin::Absolute(0.15)), &steps(40)).unwrap();
    assert_eq!((answer.hits.as_str(), answer.asked), ("0001", vec![10, 20]));
}

#[test]
fn the_exact_score_decides_and_not_the_servers() {
    let mut rows = steps(40);
    // The server has it at rank 16, below by less than its error.
    rows[15].2 = Some(0.95);
    let answer = run(&exact(&request(1), Margin::Absolute(0.23)), &rows).unwrap();
    assert_eq!((answer.hits.as_str(), answer.asked), ("15", vec![9, 18, 36]));
}

#[test]
fn a_tie_at_the_cut_is_not_cut_in_the_order_of_arrival() {
    let ids: Vec<Row> = steps(40).into_iter().rev().map(|(id, ..)| (id, 0.5, Some(0.5))).collect();
    let request = request(3);
    let answer = run(&exact(&request, Margin::Absolute(0.0)), &ids).unwrap();
    assert_eq!((answer.hits.as_str(), answer.asked), ("000102", vec![11, 22, 44]));
    let any = Refill { exact: false, ..exact(&request, Margin::Absolute(0.0)) };
    assert_eq!(run(&any, &ids).unwrap().hits, "293031", "approximate: three of those that came first");
}

#[test]
fn false_candidates_are_replaced() {
    let mut rows = steps(40);
    rows.iter_mut().take(38).for_each(|row| row.2 = None);
    let request = request(2);
    for exact_mode in [true, false] {
        let refill = Refill { exact: exact_mode, ..exact(&request, Margin::Absolute(1e-3)) };
        let answer = run(&refill, &rows).unwrap();
        assert_eq!((answer.hits.as_str(), answer.complete, answer.asked), ("3839", true, vec![10, 20, 40]));
    }
}

#[test]
fn min_score_ends_the_search() {
    let request = request(30).with_min_score(0.85);
    let answer = run(&exact(&request, Margin::Absolute(1e-3)), &steps(40)).unwrap();
    assert_eq!((answer.hits.as_str(), answer.asked), ("000102030405", vec![41]), "0.85 itself is in");
    let request = request.with_k(2).with_min_score(0.95);
    let answer = run(&exact(&request, Margin::Absolute(0.05)), &steps(40)).unwrap();
    assert_eq!((answer.hits.as_str(), answer.asked), ("", vec![10]));
}

#[test]
fn the_read_limit_at_n_and_one_more() {
    let mut rows = steps(20);
    rows.iter_mut().for_each(|row| row.2 = None);
    let request = request(2);
    let limited =
        |limit, exact| Refill { request: &request, margin: Margin::Absolute(0.0), exact, read_limit: Some(limit) };
    let answer = run(&limited(20, true), &rows).unwrap();
    assert_eq!((answer.hits.as_str(), answer.complete, answer.asked), ("", true, vec![10, 20]));
    let error = run(&limited(19, true), &rows).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert!(error.message().contains("read_records"), "{error}");
    let answer = run(&limited(19, false), &rows).unwrap();
    assert_eq!((answer.hits.as_str(), answer.complete, answer.asked), ("", false, vec![10, 19]));
}

#[test]
fn a_record_that_comes_twice_is_one_hit() {
    let rows = [("a", 0.9, Some(0.9)), ("a", 0.9, Some(0.9)), ("b", 0.1, Some(0.1))];
    assert_eq!(run(&exact(&request(5), Margin::Absolute(0.0)), &rows).unwrap().hits, "ab");
}

#[test]
fn no_k_asks_nothing_and_held_back_candidates_are_a_defect() {
    assert!(run(&exact(&request(0).with_skip(3), Margin::Absolute(0.0)), &steps(5)).unwrap().asked.is_empty());
    let request = request(1);
    let fetch = async |_| Ok(Candidates { ranked: vec![(0.5, ())], more: true });
    let response = block_on(exact(&request, Margin::Absolute(0.0)).run(fetch, |()| Ok(None)));
    assert_eq!(response.unwrap_err().kind(), ErrorKind::Internal);
}

#[test]
fn ceilings_are_those_of_the_contract() {
    let query = Embedding::new(vec![3.0, 4.0]).unwrap();
    let ceiling = |margin: Margin, score: f64| margin.ceiling(score).value();
    let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
    assert!(close(ceiling(Margin::vector(Metric::Cosine, &query, 9.0), 0.5), 0.50001));
    // 1e-5 times 5 times 10.
    assert!(close(ceiling(Margin::vector(Metric::Dot, &query, 10.0), -1.0), -0.9995));
    // The distance is 3 and may be 2.99997.
    assert!(close(ceiling(Margin::vector(Metric::Euclidean, &query, 0.0), -3.0), 1.0 / 3.99997));
    assert!(close(ceiling(Margin::text(), 2.0), 2.000_000_002));
    let long = Embedding::new(vec![1.0; 1000]).unwrap();
    assert!(close(ceiling(Margin::vector(Metric::Cosine, &long, 1.0), 0.5), 0.500_12));
    assert_eq!(ceiling(Margin::Distance(0.5), -0.0), 1.0);
}
