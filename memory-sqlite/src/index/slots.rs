//! Sets of slots.

/// Which slots a search may find, or counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Slots {
    /// Every slot.
    All,
    /// These, ascending.
    Some(Vec<u32>),
}

/// Which slots have a record that a search sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Visible {
    /// Every slot but these, ascending: mostly few or none.
    AllBut(Vec<u32>),
    /// These, ascending.
    Some(Vec<u32>),
}

/// A set of slots, a bit each.
#[derive(Clone, Debug, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// These slots.
    pub(super) fn of(slots: &[u32]) -> Self {
        let mut bits = Self(vec![0; slots.last().map_or(0, |last| *last as usize / 64 + 1)]);
        slots.iter().for_each(|slot| bits.set(*slot));
        bits
    }

    pub(super) fn set(&mut self, slot: u32) {
        let word = slot as usize / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (slot % 64);
    }

    pub(super) fn has(&self, slot: u32) -> bool {
        self.0.get(slot as usize / 64).is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    /// How many bytes are held.
    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<u64>()
    }

    /// The slots, ascending.
    pub(super) fn slots(&self) -> Vec<u32> {
        let mut slots = Vec::with_capacity(self.0.iter().map(|word| word.count_ones() as usize).sum());
        for (at, word) in (0_u32..).zip(&self.0) {
            let mut rest = *word;
            while rest != 0 {
                slots.push(at * 64 + rest.trailing_zeros());
                rest &= rest - 1;
            }
        }
        slots
    }
}

/// Keeps of a column, which has `width` items for each slot, what belongs to these slots, which ascend.
pub(super) fn keep<T: Copy>(column: &mut Vec<T>, width: usize, slots: &[u32]) {
    let mut end = 0;
    for slot in slots {
        let start = *slot as usize * width;
        // A column may be shorter than others: what lies behind its end says nothing.
        if start + width > column.len() {
            break;
        }
        column.copy_within(start..start + width, end);
        end += width;
    }
    column.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_a_set() {
        let mut bits = Bits::of(&[0, 5, 63]);
        bits.set(200);
        bits.set(64);
        assert_eq!(bits.slots(), [0, 5, 63, 64, 200]);
        assert!(bits.has(64) && !bits.has(65) && !bits.has(9_999));
        assert_eq!(Bits::of(&[]).slots(), [] as [u32; 0]);
    }

    #[test]
    fn a_column_keeps_what_is_said() {
        let mut column = vec![0, 0, 1, 1, 2, 2, 3, 3];
        keep(&mut column, 2, &[1, 3]);
        assert_eq!(column, [1, 1, 3, 3]);
        keep(&mut column, 2, &[0, 1, 2]);
        assert_eq!(column, [1, 1, 3, 3]);
        keep(&mut column, 2, &[]);
        assert!(column.is_empty());
    }
}
