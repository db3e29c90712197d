//! Ours and the baseline in turn, so that what else the machine does meets both.

use std::time::{Duration, Instant};

use crate::Result;
use crate::statistics::Figure;

/// In how many rounds the questions are asked; the spread of a figure is the range of the rounds' medians.
pub(crate) const ROUNDS: usize = 5;

/// A round asks at least so many questions, however long they take.
const LEAST_IN_A_ROUND: usize = 4;

/// How long and how often is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// How many different questions there are.
    pub(crate) questions: usize,
    /// All are asked again until the slower side has taken so long.
    pub(crate) least: Duration,
    /// A side that takes longer leaves out the rest of each round's questions; the other leaves out the same ones.
    pub(crate) most: Duration,
    /// How long each side saves.
    pub(crate) saving: Duration,
    /// How often everything is loaded.
    pub(crate) loads: usize,
}

/// What was measured in turn.
#[derive(Debug)]
pub(crate) struct Pair<T> {
    /// Milliseconds.
    pub(crate) ours: Figure,
    /// Milliseconds.
    pub(crate) baseline: Figure,
    /// How many values each figure is made of.
    pub(crate) samples: usize,
    /// Each question that was asked, and our answer.
    pub(crate) answers: Vec<(usize, T)>,
}

/// Runs something and says how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(Duration, T)> {
    let start = Instant::now();
    let answer = work()?;
    Ok((start.elapsed(), answer))
}

/// Asks both sides the questions 0 to `questions`, round by round, ours first. Each side says itself what of its work counts.
/// A question of the last round is asked before, uncounted, so that nobody pays for the first touch.
pub(crate) fn alternate<T, B>(
    effort: &Effort,
    mut ours: impl FnMut(usize) -> Result<(Duration, T)>,
    mut baseline: impl FnMut(usize) -> Result<(Duration, B)>,
) -> Result<Pair<T>> {
    let last = effort.questions.saturating_sub(1);
    ours(last)?;
    baseline(last)?;
    once_or_more(effort, effort.least, ours, baseline)
}

/// As [`alternate`], each question once and none before: for what is different the second time.
pub(crate) fn alternate_once<T, B>(
    effort: &Effort,
    ours: impl FnMut(usize) -> Result<(Duration, T)>,
    baseline: impl FnMut(usize) -> Result<(Duration, B)>,
) -> Result<Pair<T>> {
    once_or_more(effort, Duration::ZERO, ours, baseline)
}

fn once_or_more<T, B>(
    effort: &Effort,
    least: Duration,
    mut ours: impl FnMut(usize) -> Result<(Duration, T)>,
    mut baseline: impl FnMut(usize) -> Result<(Duration, B)>,
) -> Result<Pair<T>> {
    let (mut our_rounds, mut their_rounds) = (vec![Vec::new(); ROUNDS], vec![Vec::new(); ROUNDS]);
    let (mut our_time, mut their_time) = (Duration::ZERO, Duration::ZERO);
    let mut answers = Vec::new();
    let a_round = effort.most / ROUNDS as u32;
    for pass in 0.. {
        for (round, (our_values, their_values)) in our_rounds.iter_mut().zip(&mut their_rounds).enumerate() {
            let first = round * effort.questions / ROUNDS;
            let end = (round + 1) * effort.questions / ROUNDS;
            let (mut spent, mut asked) = (Duration::ZERO, first..first);
            while asked.end < end && (asked.len() < LEAST_IN_A_ROUND || spent < a_round) {
                let (took, answer) = ours(asked.end)?;
                our_values.push(milliseconds(took));
                spent += took;
                if pass == 0 {
                    answers.push((asked.end, answer));
                }
                asked.end += 1;
            }
            our_time += spent;
            for question in asked {
                let (took, _) = baseline(question)?;
                their_values.push(milliseconds(took));
                their_time += took;
            }
        }
        if our_time.max(their_time) >= least {
            break;
        }
    }
    let samples = our_rounds.iter().map(Vec::len).sum();
    let (ours, baseline) = (Figure::of_rounds(&our_rounds), Figure::of_rounds(&their_rounds));
    Ok(Pair { ours, baseline, samples, answers })
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effort(questions: usize, least: u64, most: u64) -> Effort {
        let (least, most) = (Duration::from_millis(least), Duration::from_millis(most));
        Effort { questions, least, most, saving: Duration::ZERO, loads: 1 }
    }

    /// A side that takes so many milliseconds, without taking them.
    fn side(asked: &mut Vec<usize>, took: u64) -> impl FnMut(usize) -> Result<(Duration, usize)> {
        move |question| {
            asked.push(question);
            Ok((Duration::from_millis(took), question * 2))
        }
    }

    #[test]
    fn rounds_take_turns_and_answers_belong_to_their_questions() {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let pair = alternate(&effort(10, 0, 1_000), side(&mut ours, 3), side(&mut theirs, 6)).unwrap();
        assert_eq!((pair.ours, pair.baseline), (Figure::exact(3.0), Figure::exact(6.0)));
        assert_eq!(pair.answers, (0..10).map(|question| (question, question * 2)).collect::<Vec<_>>());
        assert_eq!(ours, [9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(ours, theirs);
        assert_eq!(pair.samples, 10);
    }

    #[test]
    fn fast_sides_are_asked_again_and_slow_ones_less() {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let pair = alternate(&effort(10, 61, 1_000), side(&mut ours, 3), side(&mut theirs, 6)).unwrap();
        assert_eq!((pair.samples, pair.answers.len()), (20, 10));
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let pair = alternate(&effort(100, 0, 10), side(&mut ours, 3), side(&mut theirs, 1)).unwrap();
        let questions: Vec<usize> = pair.answers.iter().map(|(question, _)| *question).collect();
        assert_eq!(&questions[..6], [0, 1, 2, 3, 20, 21]);
        assert_eq!((questions.len(), pair.samples, theirs.len()), (20, 20, 21));
    }

    #[test]
    fn once_is_once() {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let pair = alternate_once(&effort(5, 60, 1_000), side(&mut ours, 1), side(&mut theirs, 1)).unwrap();
        assert_eq!((pair.samples, ours.len(), theirs.len()), (5, 5, 5));
    }
}
