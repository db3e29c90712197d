//! `--vector FILE|JSON`

use std::path::Path;

use memory_core::Embedding;

use crate::failure::Failure;
use crate::parse;

/// A JSON array, or the name of a file that holds one.
pub(super) fn read(argument: &str) -> Result<Embedding, Failure> {
    if argument.trim_start().starts_with('[') {
        return parse::embedding(argument).map_err(|error| Failure::Usage(format!("--vector: {}", error.message())));
    }
    let path = Path::new(argument);
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
    parse::embedding(&text).map_err(|error| Failure::Error(format!("{}: {}", path.display(), error.message())))
}
