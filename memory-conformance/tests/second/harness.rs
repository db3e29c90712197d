//! The suite's harness of the second store.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use memory_conformance::{Harness, Settings, TestDatabase};
use memory_core::{Backend, CollectionName, Error, Limits, Result, Sharing};

use super::fault::{Fault, Faults};
use super::rows;
use super::server::Server;
use super::store::{Profile, SecondStore};

/// What stands where a foreign thing holds a name.
const FOREIGN: &[u8] = b"something else";

/// The second store in one of its forms, maybe broken.
#[derive(Clone, Debug)]
pub(crate) struct SecondHarness {
    pub(crate) profile: Profile,
    pub(crate) faults: Faults,
}

#[async_trait]
impl Harness for SecondHarness {
    fn name(&self) -> String {
        match self.profile {
            Profile::Strong => "second store, strong".to_owned(),
            Profile::Weak => "second store, weak".to_owned(),
        }
    }

    fn versions(&self) -> Vec<(String, String)> {
        vec![("second store".to_owned(), "1".to_owned())]
    }

    async fn database(&self, settings: &Settings) -> Result<Arc<dyn TestDatabase>> {
        let server = Arc::new(Server::default());
        let limits = settings.lower(self.profile.limits());
        let first = SecondStore::connect(Arc::clone(&server), self.profile, limits.clone(), self.faults.clone());
        Ok(Arc::new(SecondDatabase { harness: self.clone(), server, limits, first }))
    }
}

struct SecondDatabase {
    harness: SecondHarness,
    server: Arc<Server>,
    limits: Limits,
    first: SecondStore,
}

/// The profile alone (ER-2).
impl fmt::Debug for SecondDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SecondDatabase").field(&self.harness.profile).finish()
    }
}

#[async_trait]
impl TestDatabase for SecondDatabase {
    async fn connect(&self) -> Result<Arc<dyn Backend>> {
        if self.first.capabilities().facts.sharing == Sharing::OneHandle {
            return Ok(Arc::new(self.first.clone()));
        }
        let (profile, faults) = (self.harness.profile, self.harness.faults.clone());
        Ok(Arc::new(SecondStore::connect(Arc::clone(&self.server), profile, self.limits.clone(), faults)))
    }

    async fn restart(&self) -> Result<()> {
        if !self.first.capabilities().facts.durable {
            return Err(Error::unsupported("a restart empties this store"));
        }
        self.server.restart();
        let faults = &self.harness.faults;
        self.server
            .call(|rows| {
                if faults.chosen(Fault::RestartLosesRecord)
                    && let Some(last) = rows.keys().rfind(|row| row[0] == b'R').cloned()
                {
                    faults.hit(Fault::RestartLosesRecord);
                    rows.remove(&last);
                }
                if faults.chosen(Fault::RestartLosesWords) {
                    faults.hit(Fault::RestartLosesWords);
                    rows.retain(|row, _| row[0] != b'W');
                }
            })
            .await;
        Ok(())
    }

    async fn occupy(&self, name: &CollectionName) -> Result<()> {
        let row = rows::named(b'C', name);
        self.server.call(|rows| drop(rows.insert(row, FOREIGN.to_vec()))).await;
        Ok(())
    }

    async fn is_occupied(&self, name: &CollectionName) -> Result<bool> {
        let row = rows::named(b'C', name);
        Ok(self.server.call(|rows| rows.get(&row).is_some_and(|value| value == FOREIGN)).await)
    }
}
