//! What the program says on standard output: text for people, or one JSON document.

pub(crate) mod hits;
pub(crate) mod json;
pub(crate) mod snippet;
pub(crate) mod text;

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write};

use anstyle::Style;
use serde::Serialize;

use crate::failure::Failure;

/// Standard output, and in which form it is wanted.
pub(crate) struct Output {
    json: bool,
    colour: bool,
    terminal: bool,
    out: BufWriter<Stdout>,
}

impl Output {
    /// Colour is used on a terminal that has it, unless NO_COLOR is set.
    pub(crate) fn new(json: bool) -> Self {
        let stdout = io::stdout();
        let colour = anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
        Self { json, colour, terminal: stdout.is_terminal(), out: BufWriter::new(stdout) }
    }

    /// Whether one JSON document is wanted.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether a person is looking.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Writes the JSON document.
    pub(crate) fn json(&mut self, document: &impl Serialize) -> Result<(), Failure> {
        let text =
            serde_json::to_string(document).map_err(|error| Failure::Error(format!("no JSON was made: {error}")))?;
        self.line(text)
    }

    /// Writes one line.
    pub(crate) fn line(&mut self, text: impl Display) -> Result<(), Failure> {
        writeln!(self.out, "{text}").map_err(|error| Failure::stdout(&error))
    }

    /// The text in this style, where there is colour.
    pub(crate) fn styled(&self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// A word that was searched for: in colour, or between stars.
    pub(crate) fn marked(&self, word: &str) -> String {
        let style = Style::new().bold().fg_color(Some(anstyle::AnsiColor::Yellow.into()));
        if self.colour { self.styled(style, word) } else { format!("*{word}*") }
    }

    /// The stream itself, for bytes that are neither lines nor a document.
    pub(crate) fn stream(&mut self) -> &mut impl Write {
        &mut self.out
    }

    /// Hands on what is buffered.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(|error| Failure::stdout(&error))
    }
}
