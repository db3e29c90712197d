//! What is counted rather than timed: bytes on the heap, bytes mapped from files, calls that wait for the disk.

pub(crate) mod heap;
pub(crate) mod mapped;
pub(crate) mod syncs;
