//! Lines with their numbers.

use std::io::{BufRead, Read as _};

use memory_core::{Error, Result};

/// The longest line, in bytes. A record of the greatest limit fits, all of it escaped, with its vector.
const LONGEST: u64 = 256 << 20;

/// One line as it stands in the file.
pub(crate) struct Line {
    /// Counted from 1.
    pub(crate) number: u64,
    /// With its line break, unless it is the last and has none.
    pub(crate) bytes: Vec<u8>,
}

impl Line {
    /// The text.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no UTF-8.
    pub(crate) fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.bytes)
            .map_err(|error| Error::invalid("the line is not UTF-8").at_offset(error.valid_up_to()))
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_blank(&self) -> bool {
        self.bytes.iter().all(u8::is_ascii_whitespace)
    }
}

/// Reads line by line.
pub(crate) struct Lines<R> {
    reader: R,
    read: u64,
}

impl<R: BufRead> Lines<R> {
    /// From here on.
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, read: 0 }
    }

    /// The next one, or none at the end.
    ///
    /// # Errors
    /// `InvalidArgument` for a line that is too long, and what stopped the reading.
    pub(crate) fn next(&mut self) -> Result<Option<Line>> {
        let mut bytes = Vec::new();
        let read = (&mut self.reader).take(LONGEST).read_until(b'\n', &mut bytes);
        read.map_err(|error| Error::invalid(format!("the input cannot be read: {error}")))?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.read += 1;
        if bytes.len() as u64 == LONGEST && bytes.last() != Some(&b'\n') {
            return Err(Error::limit("bytes of a line", LONGEST, LONGEST + 1));
        }
        Ok(Some(Line { number: self.read, bytes }))
    }

    /// How many lines were read.
    pub(crate) fn read(&self) -> u64 {
        self.read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_one_and_kept_whole() {
        let mut lines = Lines::new(&b"a\r\n\n\xff\nb"[..]);
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push((line.number, line.is_blank(), line.text().is_ok(), line.bytes));
        }
        let expected: [(u64, bool, bool, &[u8]); 4] =
            [(1, false, true, b"a\r\n"), (2, true, true, b"\n"), (3, false, false, b"\xff\n"), (4, false, true, b"b")];
        assert_eq!(found, expected.map(|(number, blank, text, bytes)| (number, blank, text, bytes.to_vec())));
        assert_eq!(lines.read(), 4);
    }
}
