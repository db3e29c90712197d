//! memoryctl as its users run it: a process, its arguments, its streams and its exit code.

#![allow(clippy::unwrap_used)]

mod choosing;
mod codes;
mod hostile;
mod moving;
mod searching;
mod tool;
mod verbs;
