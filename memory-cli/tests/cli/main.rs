//! memoryctl as its users run it: a process, its arguments, its streams and its exit code.

#![allow(clippy::unwrap_used)]

mod benching;
mod choosing;
mod codes;
mod configuration;
mod embedding;
mod hostile;
mod interrupting;
mod moving;
mod searching;
mod service;
mod tool;
mod verbs;
