//! The backend kit: what every backend would otherwise write again. For implementers of [`Collection`](crate::Collection).
//!
//! | a backend needs | it takes |
//! |---|---|
//! | the k best of candidates that it has at hand | [`rank`]: [`Gate`](rank::Gate) and [`Top`](rank::Top) |
//! | exact text scores from the numbers of its text index | [`text`]: [`TextRanking`](text::TextRanking) |
//! | exact answers from a server whose scores or filters are not exact | [`refill`]: [`Refill`](refill::Refill) |
//! | full pages from a server whose filter is not exact | [`page`]: [`fill`](page::fill) |
//! | cursors that do not age and fit one listing alone | [`cursor`]: [`CursorBinding`](cursor::CursorBinding) |
//! | later writes to a record that wait for earlier ones | [`locks`]: [`RecordLocks`](locks::RecordLocks) |
//! | batches in which the last of equal keys wins, cut to a server's limits | [`batch`]: [`last_wins`](batch::last_wins), [`split`](batch::split) |
//!
//! Nothing here does I/O or needs a runtime: where the store is to be asked, the backend hands in a closure.

pub mod batch;
pub mod cursor;
pub mod locks;
pub mod page;
pub mod rank;
pub mod refill;
pub mod text;

#[cfg(test)]
mod fixture;
