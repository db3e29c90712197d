//! Listings over a server whose filter lets too much through: raw pages are fetched and re-checked until a page is full.

use std::future::Future;

use crate::error::{Error, Result};
use crate::record::Record;
use crate::request::{ListRequest, Returns, Stored};

/// One raw page of a server, in the order of the listing.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::exhaustive_structs)]
pub struct RawPage {
    /// Records, each with the position after which the listing goes on behind it.
    pub records: Vec<(Vec<u8>, Stored)>,
    /// Whether there may be more behind the last of them. A server that knows no better says yes for a full page.
    pub more: bool,
}

/// A page of records that were kept, and the position after which the next one begins; `None` after the last.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(clippy::exhaustive_structs)]
pub struct FilledPage {
    /// At most as many as asked, cut to what was asked of each.
    pub records: Vec<Stored>,
    /// The bytes for [`CursorBinding::encode`](crate::kit::cursor::CursorBinding::encode).
    pub next: Option<Vec<u8>>,
}

/// Fetches raw pages from `start` on until the page is full, the listing has ended, or `read_limit` records were read: then the
/// page is shorter than asked, maybe empty, and the next one goes on (LI-2, RE-8).
///
/// `fetch(after, at_most)` answers the records behind a position (`None`: from the beginning), at most so many. `keep` says
/// which of them belong to the listing; a server that decides the whole filter answers true. A position names a place in the
/// order, not a record: it works also when its record is gone, so nothing is skipped or repeated under deletes.
///
/// # Errors
/// Those of `fetch`; `Internal` if it says that there is more and answers none, for then the listing would never end.
pub async fn fill<F, Fut>(
    request: &ListRequest,
    start: Option<Vec<u8>>,
    read_limit: Option<u64>,
    mut fetch: F,
    mut keep: impl FnMut(&Record) -> bool,
) -> Result<FilledPage>
where
    F: FnMut(Option<Vec<u8>>, usize) -> Fut,
    Fut: Future<Output = Result<RawPage>>,
{
    // A page must move on, so it reads one record at least.
    let mut may_read = read_limit.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX)).max(1);
    let mut page = FilledPage { records: Vec::new(), next: start };
    while may_read > 0 && page.records.len() < request.limit {
        let raw = fetch(page.next.clone(), may_read).await?;
        if raw.records.is_empty() && raw.more {
            return Err(Error::internal("the store says that a listing goes on and answers no records"));
        }
        let fetched = raw.records.len();
        may_read = may_read.saturating_sub(fetched);
        let mut used = 0;
        for (position, mut stored) in raw.records {
            if page.records.len() == request.limit {
                break;
            }
            used += 1;
            page.next = Some(position);
            if keep(&stored.record) {
                if request.returns != Returns::Embeddings {
                    stored.record.embedding = None;
                }
                page.records.push(stored);
            }
        }
        if used == fetched && !raw.more {
            page.next = None;
            break;
        }
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures_executor::block_on;

    use super::*;
    use crate::kit::fixture::stored;

    /// A server with the records `a` to `j`, every second of kind `odd`, in pages of three. `reads` counts records.
    async fn server(after: Option<Vec<u8>>, at_most: usize, reads: &Cell<usize>) -> Result<RawPage> {
        let all: Vec<_> = ('a'..='j').map(|id| id.to_string()).collect();
        let rest: Vec<_> = all
            .iter()
            .enumerate()
            .filter(|(_, id)| after.as_ref().is_none_or(|a| id.as_bytes() > a.as_slice()))
            .collect();
        let page: Vec<_> = rest.iter().take(at_most.min(3)).collect();
        reads.set(reads.get() + page.len());
        let record = |at: usize, id: &str| stored(id, if at % 2 == 1 { "odd" } else { "even" }, &[1.0]);
        Ok(RawPage {
            records: page.iter().map(|(at, id)| (id.as_bytes().to_vec(), record(*at, id))).collect(),
            more: rest.len() > page.len(),
        })
    }

    /// The ids of all pages, and how many records were read for each.
    fn pages(limit: usize, read_limit: Option<u64>, kind: &str) -> Vec<(String, usize)> {
        let request = ListRequest::new().with_limit(limit).with_returns(Returns::Records);
        let mut pages = Vec::new();
        let mut start = None;
        loop {
            let reads = Cell::new(0);
            let keep = |record: &Record| kind.is_empty() || record.kind.as_str() == kind;
            let page = block_on(fill(&request, start, read_limit, |after, n| server(after, n, &reads), keep)).unwrap();
            assert!(page.records.iter().all(|s| s.record.embedding.is_none()), "not asked for");
            pages.push((page.records.iter().map(|s| s.record.key.id.as_str()).collect(), reads.get()));
            start = page.next;
            if start.is_none() {
                return pages;
            }
        }
    }

    fn named(expected: &[(&str, usize)]) -> Vec<(String, usize)> {
        expected.iter().map(|(ids, reads)| ((*ids).to_owned(), *reads)).collect()
    }

    #[test]
    fn pages_are_full_and_end() {
        assert_eq!(pages(4, None, ""), named(&[("abcd", 6), ("efgh", 6), ("ij", 2)]));
        assert_eq!(pages(4, None, "odd"), named(&[("bdfh", 9), ("j", 2)]));
        assert_eq!(pages(100, None, "none"), named(&[("", 10)]));
        assert_eq!(pages(10, None, ""), named(&[("abcdefghij", 10)]));
    }

    #[test]
    fn the_read_limit_makes_pages_short() {
        assert_eq!(pages(4, Some(5), "odd"), named(&[("bd", 5), ("fhj", 5)]));
        assert_eq!(pages(9, Some(4), "none"), named(&[("", 4), ("", 4), ("", 2)]));
        assert_eq!(pages(9, Some(0), "odd").len(), 10);
    }

    #[test]
    fn embeddings_are_answered_if_asked() {
        let request = ListRequest::new().with_limit(1).with_returns(Returns::Embeddings);
        let reads = Cell::new(0);
        let page = block_on(fill(&request, None, None, |after, n| server(after, n, &reads), |_| true)).unwrap();
        assert_eq!(page.records, [stored("a", "even", &[1.0])]);
    }

    #[test]
    fn a_server_that_stands_still_is_a_defect() {
        let stuck = |_, _| async { Ok(RawPage { records: Vec::new(), more: true }) };
        let error = block_on(fill(&ListRequest::new(), None, None, stuck, |_| true)).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Internal);
    }
}
