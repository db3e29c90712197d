//! What can be broken in the second store, where a wrapper around a backend cannot reach.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::store::Profile;

/// A defect. Each is read at one expression of the store, and only where it changes what happens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An upsert leaves the old words in the text index.
    OldWordsKept,
    /// An upsert leaves the old time in the index of times.
    OldTimesKept,
    /// A conditional write is checked in one call and written in another.
    LostUpdate,
    /// A put removes the old record in one step and writes the new one in the next.
    TornPut,
    /// Records that lost a race are not reported.
    ConflictSaidOk,
    /// An atomic batch writes the records whose conditions hold.
    AtomicNotAtomic,
    /// Versions count from 1 for each record, and from 1 again after a delete.
    VersionReused,
    /// An expired record counts as present for "only if absent".
    ExpiredBlocksAbsent,
    /// Of a record that occurs twice in a batch the first wins.
    FirstWins,
    /// A write is acknowledged when it is sent, not when it is visible.
    AcknowledgedEarly,
    /// A later write does not wait for an earlier one to the same record.
    LocksNotHeld,
    /// A write through a handle from before the drop makes the collection anew.
    StaleHandleCreates,
    /// A drop leaves the records.
    DropLeavesRows,
    /// A drop of `a` takes the records of `ab` along.
    DropTakesNamesakes,
    /// `delete_where` does not keep to the scope.
    DeleteWhereBeyondScope,
    /// `delete_where` deletes a record that was changed after it was read.
    DeletesChanged,
    /// `delete_where` deletes what it read before it found that it may read no more.
    DeletesDespiteLimit,
    /// `purge_expired` does not keep to the scope.
    PurgeBeyondScope,
    /// A call that may read no more answers from what it has.
    PartialAnswer,
    /// `count` takes the server's word for the filter.
    CountNotRechecked,
    /// A cursor works in another scope.
    CursorIgnoresScope,
    /// A cursor works with another filter.
    CursorIgnoresFilter,
    /// A cursor works in the next collection of the same name.
    CursorOutlivesDrop,
    /// A page whose cursor's record is gone starts with the record before it.
    PageRepeats,
    /// A page whose cursor's record is gone skips the next record.
    PageSkipsUnderDeletes,
    /// The kind that one branch of an `Or` asks for is asked of all.
    PushedThroughOr,
    /// A search stops at the first k + skip candidates, though the server's scores are noisy.
    TieCutOnArrival,
    /// A search does not fetch more when candidates fall to the filter.
    NotRefilled,
    /// Hits show the server's score.
    ServerScoreShown,
    /// `min_score` is compared with the server's score.
    MinScoreOfServer,
    /// Text statistics count expired records.
    StatisticsCountExpired,
    /// Text statistics count other namespaces.
    StatisticsBeyondScope,
    /// A restart loses the record that was written last in the order of rows.
    RestartLosesRecord,
    /// A restart loses the text index.
    RestartLosesWords,
}

/// A fault, the rules of which at least one kills it, and the profile in which it shows.
pub(crate) const FAULTS: &[(Fault, &[&str], Profile)] = &[
    (Fault::OldWordsKept, &["WR-1"], Profile::Strong),
    (Fault::OldTimesKept, &["LI-2", "LI-3", "WR-1"], Profile::Strong),
    (Fault::LostUpdate, &["WR-5"], Profile::Strong),
    (Fault::TornPut, &["WR-7"], Profile::Strong),
    (Fault::ConflictSaidOk, &["WR-4", "WR-5"], Profile::Strong),
    (Fault::AtomicNotAtomic, &["WR-4"], Profile::Strong),
    (Fault::VersionReused, &["WR-5"], Profile::Strong),
    (Fault::ExpiredBlocksAbsent, &["WR-5", "TT-1"], Profile::Strong),
    (Fault::FirstWins, &["WR-3"], Profile::Weak),
    (Fault::AcknowledgedEarly, &["WR-2"], Profile::Weak),
    (Fault::LocksNotHeld, &["WR-7"], Profile::Weak),
    (Fault::StaleHandleCreates, &["CO-5"], Profile::Strong),
    (Fault::DropLeavesRows, &["CO-5"], Profile::Weak),
    (Fault::DropTakesNamesakes, &["CO-2"], Profile::Weak),
    (Fault::DeleteWhereBeyondScope, &["WR-6", "SC-2"], Profile::Weak),
    (Fault::DeletesChanged, &["WR-6"], Profile::Strong),
    (Fault::DeletesDespiteLimit, &["RE-8"], Profile::Weak),
    (Fault::PurgeBeyondScope, &["TT-2"], Profile::Weak),
    (Fault::PartialAnswer, &["RE-8"], Profile::Weak),
    (Fault::CountNotRechecked, &["LI-5"], Profile::Weak),
    (Fault::CursorIgnoresScope, &["LI-4", "SC-3"], Profile::Strong),
    (Fault::CursorIgnoresFilter, &["LI-4"], Profile::Strong),
    (Fault::CursorOutlivesDrop, &["LI-4"], Profile::Strong),
    (Fault::PageRepeats, &["LI-2"], Profile::Strong),
    (Fault::PageSkipsUnderDeletes, &["LI-2"], Profile::Strong),
    (Fault::PushedThroughOr, &["FI-4"], Profile::Weak),
    (Fault::TieCutOnArrival, &["VE-2"], Profile::Strong),
    (Fault::NotRefilled, &["VE-4"], Profile::Weak),
    (Fault::ServerScoreShown, &["VE-1"], Profile::Strong),
    (Fault::MinScoreOfServer, &["VE-3"], Profile::Strong),
    (Fault::StatisticsCountExpired, &["TT-1", "TX-4"], Profile::Strong),
    (Fault::StatisticsBeyondScope, &["SC-2", "TX-4"], Profile::Strong),
    (Fault::RestartLosesRecord, &["CD-2"], Profile::Strong),
    (Fault::RestartLosesWords, &["CD-3"], Profile::Strong),
];

/// The fault of one store, if it has one, and whether it has changed anything yet. Clones share that.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    chosen: Option<Fault>,
    applied: Arc<AtomicBool>,
}

impl Faults {
    pub(crate) fn with(fault: Fault) -> Self {
        Self { chosen: Some(fault), applied: Arc::default() }
    }

    /// Whether the fault has changed what the store did.
    pub(crate) fn applied(&self) -> bool {
        self.applied.load(Ordering::SeqCst)
    }

    /// Whether this is the fault that the store has.
    pub(super) fn chosen(&self, fault: Fault) -> bool {
        self.chosen == Some(fault)
    }

    /// Asked where the fault would change something: whether it does.
    pub(super) fn hit(&self, fault: Fault) -> bool {
        let hit = self.chosen(fault);
        if hit {
            self.applied.store(true, Ordering::SeqCst);
        }
        hit
    }
}
