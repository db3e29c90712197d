//! Ctrl-C during long work: the work ends between two steps, and says how far it came.

use std::future::Future;
use std::pin::{Pin, pin};

use futures_util::future::{Either, select};

use crate::failure::Failure;

/// Hears Ctrl-C from now on.
pub(crate) struct Interrupt(Pin<Box<dyn Future<Output = std::io::Result<()>>>>);

impl Interrupt {
    pub(crate) fn new() -> Self {
        Self(Box::pin(tokio::signal::ctrl_c()))
    }

    /// What the step answers; none if it was interrupted, which leaves each record old or new (WR-7).
    pub(crate) async fn or<T>(&mut self, step: impl Future<Output = Result<T, Failure>>) -> Result<Option<T>, Failure> {
        match select(self.0.as_mut(), pin!(step)).await {
            Either::Left((heard, _)) => match heard {
                Ok(()) => Ok(None),
                Err(error) => Err(Failure::Error(format!("signals cannot be listened to: {error}"))),
            },
            Either::Right((done, _)) => done.map(Some),
        }
    }
}
