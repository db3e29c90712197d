//! How many bytes this program holds on Rust's heap. SQLite, in C, has its own and is not counted.
#![allow(unsafe_code, reason = "an allocator is an unsafe trait; this one hands everything on to the system's")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

static HELD: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, which also adds up the sizes that were asked for.
#[derive(Debug)]
pub(crate) struct Counting;

/// How many bytes are held now.
pub(crate) fn held() -> usize {
    HELD.load(Ordering::Relaxed)
}

// SAFETY: every call goes to `System` with what came in, and its answer comes back; the counter allocates nothing.
unsafe impl GlobalAlloc for Counting {
    // SAFETY: the caller keeps the conditions of `GlobalAlloc`, which are those of `System`. So in all four.
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the layout is the caller's.
        unsafe { System.alloc(layout) }
    }

    // SAFETY: see `alloc`.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the layout is the caller's.
        unsafe { System.alloc_zeroed(layout) }
    }

    // SAFETY: see `alloc`.
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the pointer came from `System`, by way of one of the other three, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    // SAFETY: see `alloc`.
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        HELD.fetch_add(size, Ordering::Relaxed);
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as in `dealloc`; the size is the caller's.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Other tests of this program allocate meanwhile, so the block is far larger than theirs.
    const BLOCK: usize = 1 << 28;

    #[test]
    fn a_block_is_counted_while_it_is_held() {
        let before = held();
        let mut block: Vec<u8> = Vec::with_capacity(BLOCK);
        assert!(held() > before + BLOCK / 2);
        block.reserve_exact(2 * BLOCK);
        assert!(held() > before + BLOCK + BLOCK / 2);
        drop(block);
        assert!(held() < before + BLOCK / 2);
    }
}
