//! Numbers and texts as bytes, little endian, for the file beside the database; all of it under one checksum at the end.

use std::fs::File;
use std::io::{BufReader, BufWriter, Error, ErrorKind, Read, Result, Write};

use xxhash_rust::xxh3::Xxh3;

/// Writes, and sums up what it writes.
pub(super) struct Out {
    file: BufWriter<File>,
    hash: Xxh3,
}

/// A number of a fixed size.
pub(super) trait Number: Copy {
    /// How many bytes it takes.
    const SIZE: usize;
    fn put(self, bytes: &mut [u8]);
    fn take(bytes: &[u8]) -> Self;
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Number for $number {
            const SIZE: usize = size_of::<Self>();

            fn put(self, bytes: &mut [u8]) {
                bytes.copy_from_slice(&self.to_le_bytes());
            }

            fn take(bytes: &[u8]) -> Self {
                bytes.try_into().map(Self::from_le_bytes).unwrap_or_default()
            }
        }
    )*};
}

numbers!(u8, u32, u64, i64, f32);

/// How many bytes are turned over at a time.
const BLOCK: usize = 1 << 16;

impl Out {
    pub(super) fn new(file: File) -> Self {
        Self { file: BufWriter::with_capacity(BLOCK, file), hash: Xxh3::new() }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.hash.update(bytes);
        self.file.write_all(bytes)
    }

    pub(super) fn number<T: Number>(&mut self, number: T) -> Result<()> {
        self.numbers_only(&[number])
    }

    /// How many there are, and they.
    pub(super) fn numbers<T: Number>(&mut self, numbers: &[T]) -> Result<()> {
        self.number(numbers.len() as u64)?;
        self.numbers_only(numbers)
    }

    fn numbers_only<T: Number>(&mut self, numbers: &[T]) -> Result<()> {
        let mut block = [0; BLOCK];
        for part in numbers.chunks(BLOCK / T::SIZE) {
            for (place, number) in block.chunks_exact_mut(T::SIZE).zip(part) {
                number.put(place);
            }
            self.bytes(block.get(..part.len() * T::SIZE).unwrap_or_default())?;
        }
        Ok(())
    }

    pub(super) fn text(&mut self, text: &str) -> Result<()> {
        self.numbers(text.as_bytes())
    }

    /// Writes the sum.
    pub(super) fn finish(mut self) -> Result<()> {
        let sum = self.hash.digest();
        self.file.write_all(&sum.to_le_bytes())?;
        self.file.flush()
    }
}

/// Reads what [`Out`] has written.
pub(super) struct In {
    file: BufReader<File>,
    hash: Xxh3,
    /// How many bytes there are before the sum: no more is believed of any length that is read.
    left: u64,
}

/// What is not as it was written.
pub(super) fn damaged() -> Error {
    Error::from(ErrorKind::InvalidData)
}

impl In {
    pub(super) fn new(file: File) -> Result<Self> {
        let left = file.metadata()?.len().checked_sub(8).ok_or_else(damaged)?;
        Ok(Self { file: BufReader::with_capacity(BLOCK, file), hash: Xxh3::new(), left })
    }

    /// So many bytes.
    pub(super) fn bytes(&mut self, count: usize) -> Result<Vec<u8>> {
        self.left = self.left.checked_sub(count as u64).ok_or_else(damaged)?;
        let mut bytes = vec![0; count];
        self.file.read_exact(&mut bytes)?;
        self.hash.update(&bytes);
        Ok(bytes)
    }

    pub(super) fn number<T: Number>(&mut self) -> Result<T> {
        Ok(T::take(&self.bytes(T::SIZE)?))
    }

    /// A number of things that take at least a byte each.
    pub(super) fn count(&mut self) -> Result<usize> {
        let count: u64 = self.number()?;
        if count > self.left {
            return Err(damaged());
        }
        usize::try_from(count).map_err(|_| damaged())
    }

    pub(super) fn numbers<T: Number>(&mut self) -> Result<Vec<T>> {
        let count = self.count()?;
        let bytes = self.bytes(count.checked_mul(T::SIZE).ok_or_else(damaged)?)?;
        Ok(bytes.chunks_exact(T::SIZE).map(T::take).collect())
    }

    /// As many numbers as are expected.
    pub(super) fn column<T: Number>(&mut self, count: usize) -> Result<Vec<T>> {
        let column = self.numbers()?;
        if column.len() == count { Ok(column) } else { Err(damaged()) }
    }

    pub(super) fn text(&mut self) -> Result<String> {
        String::from_utf8(self.numbers()?).map_err(|_| damaged())
    }

    /// Compares the sum: what was read counts from now on.
    pub(super) fn finish(mut self) -> Result<()> {
        let mut sum = [0; 8];
        self.file.read_exact(&mut sum)?;
        if self.left == 0 && sum == self.hash.digest().to_le_bytes() { Ok(()) } else { Err(damaged()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut out = Out::new(File::create(&path).unwrap());
        let many: Vec<i64> = (0..20_000).map(|n| n * -7).collect();
        out.number(5_u32).unwrap();
        out.numbers(&many).unwrap();
        out.text("Wort").unwrap();
        out.numbers(&[0.5_f32, f32::MIN]).unwrap();
        out.finish().unwrap();
        let read = || -> Result<()> {
            let mut input = In::new(File::open(&path)?)?;
            let (number, numbers, text) = (input.number::<u32>()?, input.numbers::<i64>()?, input.text()?);
            let floats: Vec<f32> = input.column(2)?;
            input.finish()?;
            assert_eq!((number, numbers, text, floats), (5, many.clone(), "Wort".to_owned(), vec![0.5, f32::MIN]));
            Ok(())
        };
        read().unwrap();
        let whole = std::fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(331).chain([0, 4, 11, whole.len() - 1]) {
            let mut harmed = whole.clone();
            harmed[at] ^= 0x10;
            std::fs::write(&path, &harmed).unwrap();
            assert!(read().is_err(), "a bit of byte {at}");
        }
        for end in [0, 7, 8, 100, whole.len() - 1] {
            std::fs::write(&path, &whole[..end]).unwrap();
            assert!(read().is_err(), "cut at {end}");
        }
    }
}
