//! Wrong about reading, listing and namespaces.

use memory_core::{ListRequest, NamespacesRequest, Order};

use super::wrapper::{Hook, Mutant};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "get answers in the order of keys",
        rule: "LI-1",
        hooks: &[Hook::Got(|mut got| {
            got.sort_by(|a, b| a.as_ref().map(|s| &s.record.key).cmp(&b.as_ref().map(|s| &s.record.key)));
            got
        })],
    },
    Mutant {
        name: "get leaves absent ones out",
        rule: "LI-1",
        hooks: &[Hook::Got(|mut got| {
            let asked = got.len();
            got.retain(Option::is_some);
            got.resize(asked, None);
            got
        })],
    },
    Mutant {
        name: "get answers an id once",
        rule: "LI-1",
        hooks: &[Hook::Got(|got| {
            let mut seen = std::collections::HashSet::new();
            got.into_iter().map(|stored| stored.filter(|s| seen.insert(s.record.key.clone()))).collect()
        })],
    },
    Mutant {
        name: "a full page has a cursor too few",
        rule: "LI-2",
        hooks: &[Hook::Listed(|request, mut page| {
            if page.records.len() == request.limit && request.cursor.is_some() {
                page.cursor = None;
            }
            page
        })],
    },
    Mutant {
        name: "a page is cut at twenty and the rest lost",
        rule: "LI-2",
        hooks: &[Hook::Listed(|_, mut page| {
            page.records.truncate(20);
            page
        })],
    },
    Mutant {
        name: "descending is ascending",
        rule: "LI-3",
        hooks: &[Hook::List(|request| {
            ordered(request, |order| match order {
                Order::CreatedDescending => Order::CreatedAscending,
                Order::UpdatedDescending => Order::UpdatedAscending,
                order => order,
            })
        })],
    },
    Mutant {
        name: "updated is created",
        rule: "LI-3",
        hooks: &[Hook::List(|request| {
            ordered(request, |order| match order {
                Order::UpdatedAscending => Order::CreatedAscending,
                Order::UpdatedDescending => Order::CreatedDescending,
                order => order,
            })
        })],
    },
    Mutant {
        name: "equal times stand by id alone",
        rule: "LI-3",
        hooks: &[Hook::Listed(|request, mut page| {
            if request.order == Order::CreatedAscending {
                page.records.sort_by(|a, b| {
                    (a.record.created_at, &a.record.key.id).cmp(&(b.record.created_at, &b.record.key.id))
                });
            }
            page
        })],
    },
    Mutant {
        name: "a cursor that is damaged starts anew",
        rule: "LI-4",
        hooks: &[Hook::List(|mut request| {
            request.cursor =
                request.cursor.filter(|cursor| cursor.as_str().len() > 16 && !cursor.as_str().contains('!'));
            request
        })],
    },
    Mutant { name: "count stops at ten", rule: "LI-5", hooks: &[Hook::Counted(|count| count.min(10))] },
    Mutant { name: "count ignores the filter", rule: "LI-5", hooks: &[Hook::Filter(|_| memory_core::Filter::all())] },
    Mutant {
        name: "namespaces are never cut",
        rule: "SC-4",
        hooks: &[Hook::Namespaces(|mut request| {
            request.depth = None;
            request
        })],
    },
    Mutant {
        name: "after is inclusive",
        rule: "SC-4",
        hooks: &[Hook::Named(|request: &NamespacesRequest, mut named| {
            if let Some(after) = &request.after {
                named.insert(0, after.clone());
                named.truncate(request.limit);
            }
            named
        })],
    },
    Mutant {
        name: "namespaces stand by segments",
        rule: "SC-4",
        hooks: &[Hook::Named(|_, mut named| {
            named.sort_by_key(memory_core::Namespace::segments);
            named
        })],
    },
    Mutant {
        name: "a cut namespace comes for each that it holds",
        rule: "SC-4",
        hooks: &[
            Hook::Namespaces(|mut request| {
                request.limit = usize::MAX;
                request
            }),
            Hook::Named(|request, mut named| {
                named.truncate(request.limit);
                if request.depth.is_some() && named.len() > 1 {
                    named.insert(1, named[0].clone());
                }
                named
            }),
        ],
    },
    Mutant {
        name: "a scope is widened by its cursor",
        rule: "SC-3",
        hooks: &[Hook::View(|view| memory_core::View::new(memory_core::Scope::all(), view.now))],
    },
];

fn ordered(mut request: ListRequest, f: fn(Order) -> Order) -> ListRequest {
    request.order = f(request.order);
    request
}
