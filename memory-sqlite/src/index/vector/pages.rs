//! Large pages for what scans read: rows that lie apart then cost one miss each and not two, for the processor finds their pages.
#![allow(unsafe_code, reason = "advice to the system about memory is a call of C")]

/// Asks for large pages where a column of this room is so large that it has some. Best before the column is filled; whether the
/// system follows changes nothing but time.
#[cfg(target_os = "linux")]
pub(super) fn advise<T>(column: &Vec<T>) {
    /// As on x86_64 and mostly on aarch64; a multiple of every smaller page.
    const PAGE: usize = 2 << 20;
    let start = column.as_ptr().addr();
    let (first, end) = (start.next_multiple_of(PAGE), start + column.capacity() * size_of::<T>());
    if end < first + PAGE {
        return;
    }
    let inside = column.as_ptr().wrapping_byte_add(first - start).cast_mut();
    // SAFETY: these are whole pages inside the memory that the column owns, and this advice leaves what is in them as it is.
    unsafe { libc::madvise(inside.cast(), (end - first) / PAGE * PAGE, libc::MADV_HUGEPAGE) };
}

/// Other systems decide by themselves.
#[cfg(not(target_os = "linux"))]
pub(super) fn advise<T>(_: &Vec<T>) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_changes_nothing() {
        let mut column: Vec<u64> = Vec::with_capacity(1 << 20);
        advise(&column);
        column.extend(0..1 << 20);
        advise(&column);
        assert!(column.iter().copied().eq(0..1 << 20));
        advise(&Vec::<u64>::new());
    }
}
