//! Reading and listing (SPEC 10).

use memory_core::{ListRequest, Memory, Order, Stored};

use crate::Failure;

pub(crate) mod changes;
pub(crate) mod counts;
pub(crate) mod cursors;
pub(crate) mod get;
pub(crate) mod orders;
pub(crate) mod pages;

/// Every order of a listing.
pub(crate) const ORDERS: [Order; 5] = [
    Order::Unspecified,
    Order::CreatedAscending,
    Order::CreatedDescending,
    Order::UpdatedAscending,
    Order::UpdatedDescending,
];

/// The first request of a listing in this order, with pages of this size.
fn listing(order: Order, limit: usize) -> ListRequest {
    ListRequest::new().with_order(order).with_limit(limit)
}

/// One page that has to come.
async fn page(memory: &Memory, request: &ListRequest) -> Result<memory_core::Page, Failure> {
    let page = memory.list(request).await.map_err(|error| Failure::assertion(format!("list failed: {error}")))?;
    if page.records.len() > request.limit {
        return Err(Failure::assertion(format!("a page of {} holds {}", request.limit, page.records.len())));
    }
    Ok(page)
}

/// All records of a listing, page by page; one that does not end fails.
async fn scan(memory: &Memory, request: ListRequest) -> Result<Vec<Stored>, Failure> {
    let mut records = Vec::new();
    let mut request = request;
    for _ in 0..1000 {
        let page = page(memory, &request).await?;
        records.extend(page.records);
        match page.cursor {
            None => return Ok(records),
            Some(cursor) => request = request.with_cursor(Some(cursor)),
        }
    }
    Err(Failure::assertion("the listing does not end"))
}

/// The keys of records as one reads them: `a/b/id`.
fn keys(records: &[Stored]) -> Vec<String> {
    records.iter().map(|stored| stored.record.key.to_string()).collect()
}
