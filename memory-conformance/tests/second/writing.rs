//! Puts and deletes: made distinct, cut to what the server takes at once, sent under their records' locks.

use memory_core::kit::batch::{last_wins, split};
use memory_core::{
    Batch, CollectionName, Delete, Deleted, Error, ErrorKind, Filter, Precondition, RecordKey, Result, Stored,
    Timestamp, View, Write, Written,
};

use super::bytes;
use super::collection::{Handle, PAGE};
use super::fault::{Fault, Faults};
use super::rows::{self, Rows, Upsert};

/// How many bytes of rows the server takes in at once; one larger row comes alone.
const SEND_BYTES: usize = 4 * 1024;

/// What became of one record of a put.
#[derive(Clone, Copy)]
enum Outcome {
    Written(u64),
    Lost,
    /// Others of the atomic batch lost.
    HeldBack,
}

/// A record to put, and when.
#[derive(Clone)]
struct Put {
    upsert: Upsert,
    precondition: Option<Precondition>,
}

/// What the batch as a whole has come to.
#[derive(Default)]
struct Tally {
    accepted: Vec<RecordKey>,
    lost: Vec<RecordKey>,
}

impl Tally {
    /// A failure of a call, with what had happened before it.
    fn failed(self, error: Error, keys: Vec<RecordKey>, conditional: bool) -> Error {
        let error = error.with_accepted(self.accepted).with_conflicting(self.lost);
        if error.kind() == ErrorKind::Unavailable {
            error.with_unknown(keys).with_open_outcome(conditional)
        } else {
            error
        }
    }

    fn done(self, faults: &Faults) -> Result<()> {
        if self.lost.is_empty() || faults.hit(Fault::ConflictSaidOk) {
            return Ok(());
        }
        let names: Vec<String> = self.lost.iter().map(ToString::to_string).collect();
        let message = format!("a condition does not hold for {}", names.join(", "));
        Err(Error::new(ErrorKind::Conflict, message).with_accepted(self.accepted).with_conflicting(self.lost))
    }
}

impl Handle {
    pub(super) async fn put_all(&self, now: Timestamp, writes: &[Write], batch: Batch) -> Result<Written> {
        let distinct = last_wins(writes, |write| &write.record.key);
        let mut kept = distinct.items.clone();
        if kept.len() < writes.len() && self.faults().hit(Fault::FirstWins) {
            for item in &mut kept {
                *item = writes.iter().find(|write| write.record.key == item.record.key).unwrap_or(*item);
            }
        }
        let analyser = self.spec.analyser();
        let puts: Vec<Put> = kept
            .into_iter()
            .map(|Write { record, precondition }| Put {
                upsert: Upsert::new(record, analyser.words(record.content.as_str())),
                precondition: precondition.clone(),
            })
            .collect();
        let runs = if batch.atomic { vec![puts] } else { split(puts, PAGE, SEND_BYTES, |put| put.upsert.row.len()) };
        let (mut tally, mut versions) = (Tally::default(), Vec::new());
        for run in runs {
            let keys: Vec<RecordKey> = run.iter().map(|put| put.upsert.key.clone()).collect();
            let conditional = run.iter().any(|put| put.precondition.is_some());
            let outcomes = match self.put_run(now, run, &keys, batch.atomic).await {
                Ok(outcomes) => outcomes,
                Err(error) => return Err(tally.failed(error, keys, conditional)),
            };
            for (key, outcome) in keys.into_iter().zip(outcomes) {
                versions.push(match outcome {
                    Outcome::Written(revision) => Some(rows::version(revision)).filter(|_| self.claims_versions()),
                    Outcome::Lost | Outcome::HeldBack => None,
                });
                match outcome {
                    Outcome::Written(_) => tally.accepted.push(key),
                    Outcome::Lost => tally.lost.push(key),
                    Outcome::HeldBack => {}
                }
            }
        }
        tally.done(self.faults())?;
        Ok(Written::new(distinct.answers(&versions)))
    }

    async fn put_run(
        &self,
        now: Timestamp,
        mut run: Vec<Put>,
        keys: &[RecordKey],
        atomic: bool,
    ) -> Result<Vec<Outcome>> {
        let conditional = run.iter().any(|put| put.precondition.is_some());
        if conditional && self.faults().hit(Fault::LostUpdate) {
            let check = |rows: &Rows| {
                let hold = |put: &Put| holds(rows, self.spec.name(), now, put, self.faults());
                run.iter().map(hold).collect::<Result<Vec<bool>>>()
            };
            let hold = self.ask(check).await?;
            for (put, _) in run.iter_mut().zip(hold).filter(|(_, holds)| *holds) {
                put.precondition = None;
            }
        }
        if !conditional && self.faults().hit(Fault::TornPut) {
            let gone = keys.to_vec();
            let remove = move |rows: &mut Rows, name: &CollectionName| {
                gone.iter().try_for_each(|key| rows::remove_record(rows, name, key).map(drop))
            };
            self.send(keys, move |rows, spec, _| remove(rows, spec.name())).await?;
        }
        if self.faults().hit(Fault::AcknowledgedEarly) {
            let (spec, faults) = (self.spec.clone(), self.faults().clone());
            let outcomes = vec![Outcome::Written(0); run.len()];
            let land = move |rows: &mut Rows| drop(land_puts(rows, spec.name(), now, run, atomic, &faults));
            self.store.server.take_in(self.delay(), None, Box::new(land));
            return Ok(outcomes);
        }
        self.send(keys, move |rows, spec, faults| land_puts(rows, spec.name(), now, run, atomic, faults)).await
    }

    pub(super) async fn delete_all(&self, now: Timestamp, deletes: &[Delete]) -> Result<Deleted> {
        let distinct = last_wins(deletes, |delete| &delete.key);
        let items: Vec<Delete> = distinct.items.into_iter().cloned().collect();
        let (mut tally, mut count) = (Tally::default(), 0);
        for run in split(items, PAGE, usize::MAX, |_| 0) {
            let keys: Vec<RecordKey> = run.iter().map(|delete| delete.key.clone()).collect();
            let conditional = run.iter().any(|delete| delete.version.is_some());
            let sent = self.send(&keys, move |rows, spec, _| land_deletes(rows, spec.name(), now, &run)).await;
            match sent {
                Ok((live, lost)) => {
                    count += live;
                    tally.accepted.extend(keys.into_iter().filter(|key| !lost.contains(key)));
                    tally.lost.extend(lost);
                }
                Err(error) => return Err(tally.failed(error, keys, conditional)),
            }
        }
        tally.done(self.faults())?;
        Ok(Deleted::new(count))
    }

    /// Reads all that match, then deletes it: on a limit nothing has changed (RE-8).
    pub(super) async fn delete_matches(&self, view: &View, filter: &Filter) -> Result<Deleted> {
        // Expired records are deleted with the others (TT-2).
        let mut selection = self.selection(view, filter);
        selection.now = None;
        if self.faults().hit(Fault::DeleteWhereBeyondScope) {
            selection = selection.everywhere();
        }
        let mut found = Vec::new();
        let scanned = self.scan(&selection, &mut found, |record| filter.matches(record)).await;
        if let Err(limit) = scanned {
            if !found.is_empty() && self.faults().hit(Fault::DeletesDespiteLimit) {
                self.delete_found(view.now, found).await?;
            }
            return Err(limit);
        }
        self.delete_found(view.now, found).await
    }

    async fn delete_found(&self, now: Timestamp, found: Vec<Stored>) -> Result<Deleted> {
        // Without the stronger fact a record that was changed since it was read may go too.
        let kept = self.claims_versions();
        let mut count = 0;
        for run in split(found, PAGE, usize::MAX, |_| 0) {
            let keys: Vec<RecordKey> = run.iter().map(|stored| stored.record.key.clone()).collect();
            let land = move |rows: &mut Rows, name: &CollectionName, faults: &Faults| {
                let mut live = 0;
                for Stored { record, version } in &run {
                    let Some(row) = rows::record_at(rows, name, &record.key) else {
                        continue;
                    };
                    let unchanged = Some(rows::version(bytes::head(row)?.revision)) == *version;
                    if unchanged || !kept || faults.hit(Fault::DeletesChanged) {
                        live += u64::from(remove_live(rows, name, &record.key, now)?);
                    }
                }
                Ok(live)
            };
            count += self.send(&keys, move |rows, spec, faults| land(rows, spec.name(), faults)).await?;
        }
        Ok(Deleted::new(count))
    }

    /// The server finds the expired ones by itself.
    pub(super) async fn purge(&self, view: &View) -> Result<Deleted> {
        let View { scope, now } = view.clone();
        let land = move |rows: &mut Rows, name: &CollectionName, faults: &Faults| {
            let mut gone = Vec::new();
            for (place, row) in rows::under(rows, &rows::named(b'R', name)) {
                let (key, head) = (rows::key_at(place)?, bytes::head(row)?);
                if !head.is_live(now) && (scope.contains(&key.namespace) || faults.hit(Fault::PurgeBeyondScope)) {
                    gone.push(key);
                }
            }
            for key in &gone {
                rows::remove_record(rows, name, key)?;
            }
            Ok(Deleted::new(gone.len() as u64))
        };
        self.send(&[], move |rows, spec, faults| land(rows, spec.name(), faults)).await
    }
}

fn land_puts(
    rows: &mut Rows,
    name: &CollectionName,
    now: Timestamp,
    run: Vec<Put>,
    atomic: bool,
    faults: &Faults,
) -> Result<Vec<Outcome>> {
    let hold = run.iter().map(|put| holds(rows, name, now, put, faults)).collect::<Result<Vec<bool>>>()?;
    let held_back = atomic && hold.contains(&false) && !faults.hit(Fault::AtomicNotAtomic);
    let land = |(put, holds): (Put, bool)| match (holds, held_back) {
        (false, _) => Ok(Outcome::Lost),
        (true, true) => Ok(Outcome::HeldBack),
        (true, false) => Ok(Outcome::Written(rows::write_record(rows, name, put.upsert, faults)?)),
    };
    run.into_iter().zip(hold).map(land).collect()
}

/// Whether a put's condition holds (WR-5).
fn holds(rows: &Rows, name: &CollectionName, now: Timestamp, put: &Put, faults: &Faults) -> Result<bool> {
    let Some(row) = rows::record_at(rows, name, &put.upsert.key) else {
        return Ok(!matches!(put.precondition, Some(Precondition::Version(_))));
    };
    let head = bytes::head(row)?;
    let live = head.is_live(now);
    Ok(match &put.precondition {
        None => true,
        Some(Precondition::Absent) => !live && !faults.hit(Fault::ExpiredBlocksAbsent),
        Some(Precondition::Version(version)) => live && rows::version(head.revision) == *version,
    })
}

/// How many live records went, and which conditions did not hold.
fn land_deletes(
    rows: &mut Rows,
    name: &CollectionName,
    now: Timestamp,
    run: &[Delete],
) -> Result<(u64, Vec<RecordKey>)> {
    let (mut live, mut lost) = (0, Vec::new());
    for Delete { key, version } in run {
        let head = rows::record_at(rows, name, key).map(bytes::head).transpose()?;
        let stored = head.filter(|head| head.is_live(now)).map(|head| rows::version(head.revision));
        if version.is_some() && stored != *version {
            lost.push(key.clone());
        } else {
            live += u64::from(remove_live(rows, name, key, now)?);
        }
    }
    Ok((live, lost))
}

/// Removes a record and answers whether it was live.
fn remove_live(rows: &mut Rows, name: &CollectionName, key: &RecordKey, now: Timestamp) -> Result<bool> {
    let removed = rows::remove_record(rows, name, key)?;
    let head = removed.as_deref().map(bytes::head).transpose()?;
    Ok(head.is_some_and(|head| head.is_live(now)))
}
