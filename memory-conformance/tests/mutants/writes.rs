//! Wrong about writing and about time to live.

use memory_core::{Deleted, ErrorKind, Precondition, Switch, Timestamp, View, Written};

use super::wrapper::{Hook, Mutant};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "a put that changes only metadata is skipped",
        rule: "WR-1",
        hooks: &[Hook::Writes(|mut writes| {
            writes.retain(|w| {
                !(w.record.content.as_str().is_empty() && w.record.embedding.is_none() && w.record.tags.is_empty())
            });
            writes
        })],
    },
    Mutant {
        name: "a batch ends at a thousand",
        rule: "WR-3",
        hooks: &[Hook::Writes(|mut writes| {
            writes.truncate(1_000);
            writes
        })],
    },
    Mutant {
        name: "a doubled record gets two versions",
        rule: "WR-3",
        hooks: &[Hook::Written(|_, result| {
            result.map(|written| {
                let versions = written.versions.into_iter().enumerate();
                Written::new(
                    versions
                        .map(|(at, v)| v.map(|v| memory_core::Version::new(format!("{}-{at}", v.as_str()))))
                        .collect(),
                )
            })
        })],
    },
    Mutant {
        name: "an atomic batch is not",
        rule: "WR-4",
        hooks: &[Hook::Batch(|_| memory_core::Batch::independent())],
    },
    Mutant {
        name: "a partial batch is said to be done",
        rule: "WR-4",
        hooks: &[Hook::Written(|writes, result| match result {
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(Written::new(vec![None; writes.len()])),
            result => result,
        })],
    },
    Mutant {
        name: "a failed batch does not say what was accepted",
        rule: "WR-4",
        hooks: &[Hook::Error(|error| {
            let conflicting = error.conflicting().to_vec();
            memory_core::Error::new(error.kind(), error.message()).with_conflicting(conflicting)
        })],
    },
    Mutant {
        name: "conditions are ignored",
        rule: "WR-5",
        hooks: &[Hook::Writes(|mut writes| {
            writes.iter_mut().for_each(|write| write.precondition = None);
            writes
        })],
    },
    Mutant {
        name: "a version is only asked to be there",
        rule: "WR-5",
        hooks: &[Hook::Writes(|mut writes| {
            writes.iter_mut().for_each(|write| {
                write.precondition = write.precondition.take().filter(|p| *p == Precondition::Absent);
            });
            writes
        })],
    },
    Mutant {
        name: "deletes ignore their condition",
        rule: "WR-5",
        hooks: &[Hook::Deletes(|mut deletes| {
            deletes.iter_mut().for_each(|delete| delete.version = None);
            deletes
        })],
    },
    Mutant {
        name: "a conflict does not name the losers",
        rule: "WR-5",
        hooks: &[Hook::Error(|error| {
            let accepted = error.accepted().to_vec();
            memory_core::Error::new(error.kind(), error.message()).with_accepted(accepted)
        })],
    },
    Mutant {
        name: "delete counts what was asked",
        rule: "WR-6",
        hooks: &[Hook::Deleted(|asked, _| Deleted::new(asked.len() as u64))],
    },
    Mutant {
        name: "delete_where counts one too few",
        rule: "WR-6",
        hooks: &[Hook::DeletedWhere(|deleted| Deleted::new(deleted.count.saturating_sub(1)))],
    },
    Mutant {
        name: "an update resets the time of making",
        rule: "WR-8",
        hooks: &[Hook::Into(|mut r| {
            r.created_at = r.updated_at;
            r
        })],
    },
    Mutant {
        name: "claims conditional writes without versions",
        rule: "WR-8",
        hooks: &[
            Hook::Capabilities(|mut c| {
                c.switches.insert(Switch::ConditionalWrites);
                c
            }),
            Hook::Writes(|mut writes| {
                writes.iter_mut().for_each(|write| write.precondition = None);
                writes
            }),
            Hook::Into(|mut r| {
                r.tags = memory_core::Tags::default();
                r
            }),
        ],
    },
    Mutant {
        name: "a record lives through its last microsecond",
        rule: "TT-1",
        hooks: &[Hook::View(|v| earlier(v, 1)), Hook::Now(before)],
    },
    Mutant { name: "expired records are counted", rule: "TT-1", hooks: &[Hook::View(|v| earlier(v, 3_600_000_000))] },
    Mutant {
        name: "the backend has a clock of its own",
        rule: "TT-1",
        hooks: &[Hook::View(|v| View::new(v.scope, own())), Hook::Now(|_| own())],
    },
    Mutant {
        name: "the server's expiry is on",
        rule: "TT-2",
        hooks: &[Hook::Writes(|mut writes| {
            writes.retain(|write| write.record.expires_at.is_none_or(|at| at.micros() > crate::START));
            writes
        })],
    },
    Mutant { name: "purge says nothing was there", rule: "TT-2", hooks: &[Hook::Purged(|_| Deleted::new(0))] },
    Mutant {
        name: "one write in a batch is lost",
        rule: "CD-1",
        hooks: &[Hook::Writes(|mut writes| {
            if writes.first().is_some_and(|write| write.record.key.id.as_str().ends_with('7')) {
                writes.clear();
            }
            writes
        })],
    },
];

fn before(now: Timestamp) -> Timestamp {
    Timestamp::from_micros(now.micros() - 1).unwrap_or(now)
}

fn earlier(view: View, micros: i64) -> View {
    let now = Timestamp::from_micros(view.now.micros() - micros).unwrap_or(view.now);
    View::new(view.scope, now)
}

fn own() -> Timestamp {
    Timestamp::from_micros(crate::START).unwrap_or(Timestamp::MIN)
}
