//! JSON text, read strictly (RE-2) and written canonically (MO-1).

mod read;
mod record;
mod write;

pub(crate) use read::{MAX_LEVELS, read_first, read_text, too_deep};
pub(crate) use write::{write_object, write_string, write_value};
