//! For each word the slots of the records that hold it and how often; for each record how many words it has.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::ops::Range;

use memory_core::Analyser;

use crate::index::bytes::{In, Out, damaged};
use crate::index::slots::keep;

/// So often or more: how often exactly is noted elsewhere, for it is rare.
const MANY: u8 = u8::MAX;

/// What a record's text is to the index.
#[derive(Debug)]
pub(in crate::index) struct Words {
    /// How many there are, with repeats.
    length: u32,
    /// Each with how often it stands there.
    counts: BTreeMap<String, u32>,
}

impl Words {
    pub(in crate::index) fn of(analyser: Analyser, text: &str) -> Self {
        let words = analyser.words(text);
        // A record holds less than four thousand million bytes.
        let length = words.len() as u32;
        let mut counts = BTreeMap::new();
        for word in words {
            *counts.entry(word).or_insert(0) += 1;
        }
        Self { length, counts }
    }
}

/// The records that hold one word, those that have gone among them.
#[derive(Debug, Default)]
pub(super) struct List {
    /// Ascending.
    pub(super) slots: Vec<u32>,
    /// How often each holds the word, [`MANY`] at the most.
    times: Vec<u8>,
}

impl List {
    /// The place of a slot, looked for from `from` on, which is then where the next greater one may be.
    pub(super) fn seek(&self, slot: u32, from: &mut usize) -> Option<usize> {
        let rest = self.slots.get(*from..).unwrap_or_default();
        // In growing steps first, for what is looked for is mostly near.
        let mut step = 1;
        while rest.get(step).is_some_and(|at| *at < slot) {
            step *= 2;
        }
        let near = rest.get(..rest.len().min(step + 1)).unwrap_or_default();
        *from += step / 2 + near.get(step / 2..).unwrap_or_default().partition_point(|at| *at < slot);
        self.slots.get(*from).filter(|at| **at == slot).map(|_| *from)
    }
}

/// The words of the records of a collection.
#[derive(Debug, Default)]
pub(in crate::index) struct Text {
    numbers: HashMap<Box<str>, u32>,
    lists: Vec<List>,
    /// By slot.
    lengths: Vec<u32>,
    /// Of lengths that are counted.
    total_length: u64,
    /// How often a slot holds a word, by the word's number, where that is [`MANY`] times or more.
    many: HashMap<(u32, u32), u32>,
    postings: usize,
    word_bytes: usize,
}

impl Text {
    /// How many bytes are held, nearly.
    pub(in crate::index) fn bytes(&self) -> usize {
        let lists = self.lists.len() * (size_of::<List>() + 40) + self.word_bytes;
        self.postings * 5 + self.lengths.len() * 4 + self.many.len() * 24 + lists
    }

    /// Notes the words of a slot, which had none. Where slots do not come in ascending order, [`Self::settle`] has to follow.
    pub(in crate::index) fn put(&mut self, slot: u32, words: Words) {
        let at = slot as usize;
        if at >= self.lengths.len() {
            self.lengths.resize(at + 1, 0);
        }
        self.lengths[at] = words.length;
        self.total_length += u64::from(words.length);
        self.postings += words.counts.len();
        for (word, times) in words.counts {
            let number = self.number(word);
            let list = &mut self.lists[number as usize];
            list.slots.push(slot);
            list.times.push(u8::try_from(times).unwrap_or(MANY));
            if times >= u32::from(MANY) {
                self.many.insert((number, slot), times);
            }
        }
    }

    fn number(&mut self, word: String) -> u32 {
        if let Some(number) = self.numbers.get(word.as_str()) {
            return *number;
        }
        // There are fewer words than bytes of memory, and those are fewer than 2^32 words take.
        let number = self.lists.len() as u32;
        self.word_bytes += word.len();
        self.numbers.insert(word.into_boxed_str(), number);
        self.lists.push(List::default());
        number
    }

    /// Brings the lists into order, and gives back the room that they have too much.
    pub(in crate::index) fn settle(&mut self) {
        for list in &mut self.lists {
            if !list.slots.is_sorted() {
                let mut both: Vec<(u32, u8)> = list.slots.iter().copied().zip(list.times.iter().copied()).collect();
                both.sort_unstable();
                (list.slots, list.times) = both.into_iter().unzip();
            }
            list.slots.shrink_to_fit();
            list.times.shrink_to_fit();
        }
    }

    /// Writes it for [`Self::read_from`].
    pub(in crate::index) fn write(&self, out: &mut Out) -> io::Result<()> {
        out.numbers(&self.lengths)?;
        out.number(self.numbers.len() as u64)?;
        for (word, number) in &self.numbers {
            let list = self.lists.get(*number as usize).ok_or_else(damaged)?;
            out.text(word)?;
            out.numbers(&list.slots)?;
            out.numbers(&list.times)?;
            let many: Vec<u32> =
                list.slots.iter().filter_map(|slot| self.many.get(&(*number, *slot)).copied()).collect();
            out.numbers(&many)?;
        }
        Ok(())
    }

    pub(in crate::index) fn read_from(input: &mut In, slots: usize) -> io::Result<Self> {
        let lengths: Vec<u32> = input.column(slots)?;
        let total_length = lengths.iter().map(|length| u64::from(*length)).sum();
        let mut text = Self { lengths, total_length, ..Self::default() };
        let words = input.count()?;
        text.numbers.reserve(words);
        text.lists.reserve_exact(words);
        for _ in 0..words {
            let number = text.number(input.text()?);
            let list = List { slots: input.numbers()?, times: input.numbers()? };
            let often = list.slots.iter().zip(&list.times).filter(|(_, times)| **times == MANY).map(|(slot, _)| *slot);
            let often: Vec<u32> = often.collect();
            let many = input.column(often.len())?;
            text.many.extend(often.into_iter().map(|slot| (number, slot)).zip(many));
            let ascends = list.slots.is_sorted() && list.slots.last().is_none_or(|last| (*last as usize) < slots);
            let place = text.lists.get_mut(number as usize).filter(|_| ascends && list.slots.len() == list.times.len());
            text.postings += list.slots.len();
            *place.ok_or_else(damaged)? = list;
        }
        Ok(text)
    }

    /// How many words the record in a slot has.
    pub(super) fn length(&self, slot: u32) -> u32 {
        self.lengths.get(slot as usize).copied().unwrap_or(0)
    }

    /// How many words the records in a range of slots have; shorter than the range where the last ones have none.
    pub(super) fn lengths(&self, range: Range<usize>) -> &[u32] {
        self.lengths.get(range.start..range.end.min(self.lengths.len())).unwrap_or_default()
    }

    /// How many words all slots have together, those of records that have gone among them.
    pub(super) fn total_length(&self) -> u64 {
        self.total_length
    }

    /// The number of a word and who holds it; `None` if nobody does.
    pub(super) fn list(&self, word: &str) -> Option<(u32, &List)> {
        let number = *self.numbers.get(word)?;
        Some((number, self.lists.get(number as usize)?))
    }

    /// The list of a word's number.
    pub(super) fn numbered(&self, number: u32) -> Option<&List> {
        self.lists.get(number as usize)
    }

    /// How often the record at a place of a word's list holds the word.
    pub(super) fn times(&self, number: u32, list: &List, at: usize) -> u64 {
        match (list.times.get(at), list.slots.get(at)) {
            (Some(&MANY), Some(slot)) => self.many.get(&(number, *slot)).copied().unwrap_or(u32::from(MANY)).into(),
            (Some(times), _) => u64::from(*times),
            (None, _) => 0,
        }
    }

    /// Gives up all slots but these, which ascend.
    pub(in crate::index) fn compact(&mut self, kept: &[u32]) {
        let mut now = vec![u32::MAX; self.lengths.len()];
        for (new, old) in (0..).zip(kept) {
            if let Some(place) = now.get_mut(*old as usize) {
                *place = new;
            }
        }
        let moved = |slot: u32| now.get(slot as usize).copied().filter(|new| *new != u32::MAX);
        keep(&mut self.lengths, 1, kept);
        self.total_length = self.lengths.iter().map(|length| u64::from(*length)).sum();
        self.postings = 0;
        for list in &mut self.lists {
            let mut end = 0;
            for at in 0..list.slots.len() {
                if let Some(new) = moved(list.slots[at]) {
                    list.slots[end] = new;
                    list.times[end] = list.times[at];
                    end += 1;
                }
            }
            list.slots.truncate(end);
            list.times.truncate(end);
            self.postings += end;
        }
        let many = std::mem::take(&mut self.many);
        // Of a word that nobody holds any more nothing is left.
        let (mut lists, words) = (std::mem::take(&mut self.lists), std::mem::take(&mut self.numbers));
        let mut renumbered = vec![u32::MAX; lists.len()];
        self.word_bytes = 0;
        for (word, old) in words {
            let list = std::mem::take(&mut lists[old as usize]);
            if !list.slots.is_empty() {
                renumbered[old as usize] = self.lists.len() as u32;
                self.word_bytes += word.len();
                self.numbers.insert(word, self.lists.len() as u32);
                self.lists.push(list);
            }
        }
        let place = |(number, slot): (u32, u32)| Some((*renumbered.get(number as usize)?, moved(slot)?));
        self.many = many.into_iter().filter_map(|(at, times)| Some((place(at)?, times))).collect();
    }
}

#[cfg(test)]
pub(super) mod tests {
    use memory_core::Language;

    use super::*;

    pub(in crate::index) fn text(contents: &[&str]) -> Text {
        let mut text = Text::default();
        for (slot, content) in (0..).zip(contents) {
            text.put(slot, words(content));
        }
        text
    }

    pub(in crate::index) fn words(content: &str) -> Words {
        Words::of(Analyser::new(Language::None), content)
    }

    fn held(text: &Text, word: &str) -> Vec<(u32, u64)> {
        let Some((number, list)) = text.list(word) else { return Vec::new() };
        (0..list.slots.len()).map(|at| (list.slots[at], text.times(number, list, at))).collect()
    }

    #[test]
    fn words_are_counted_however_often_they_stand_there() {
        let often = "x ".repeat(300);
        let text = text(&["a b a", "", &format!("b {often}"), &"x ".repeat(254), &"x ".repeat(255)]);
        assert_eq!(held(&text, "a"), [(0, 2)]);
        assert_eq!(held(&text, "b"), [(0, 1), (2, 1)]);
        assert_eq!(held(&text, "x"), [(2, 300), (3, 254), (4, 255)]);
        assert_eq!(held(&text, "c"), []);
        assert_eq!((text.length(0), text.length(1), text.length(2), text.length(9)), (3, 0, 301, 0));
        assert_eq!(text.total_length(), 813);
    }

    #[test]
    fn a_slot_is_found_from_any_place_before_it() {
        let slots: Vec<u32> = (0..100).map(|n| n * 3).collect();
        let list = List { times: vec![1; 100], slots };
        for from in [0, 1, 5, 40] {
            for slot in (from as u32 * 3)..310 {
                let mut place = from;
                let expected = (slot % 3 == 0 && slot < 300).then_some(slot as usize / 3);
                assert_eq!(list.seek(slot, &mut place), expected, "{slot} from {from}");
                assert_eq!(place, (slot as usize).div_ceil(3).min(100), "{slot} from {from}");
            }
        }
        assert_eq!(List::default().seek(0, &mut 0), None);
    }

    #[test]
    fn slots_may_come_in_any_order_and_go() {
        let mut text = Text::default();
        for (slot, content) in [(2, "b a"), (0, "a"), (3, "a c c"), (1, "b")] {
            text.put(slot, words(content));
        }
        text.put(4, words(&"c ".repeat(400)));
        text.settle();
        assert_eq!(held(&text, "a"), [(0, 1), (2, 1), (3, 1)]);
        let before = text.bytes();
        text.compact(&[1, 3, 4]);
        assert_eq!((held(&text, "a"), held(&text, "b")), (vec![(1, 1)], vec![(0, 1)]));
        assert_eq!(held(&text, "c"), [(1, 2), (2, 400)]);
        assert_eq!((text.length(0), text.length(1), text.total_length()), (1, 3, 404));
        assert!(text.bytes() < before);
    }
}
