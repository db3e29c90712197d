#![doc = include_str!("../README.md")]

mod commented;
mod file;
mod percent;
mod registry;
mod show;
mod table;
mod target;
mod url;

pub use commented::NewProfile;
pub use file::{ConfigFile, EmbedderChoice, Placed, Profile};
pub use percent::percent_decoded;
pub use registry::Registry;
pub use show::masked;
pub use target::Target;
