//! The read connections: a few, lent one at a time to a blocking thread.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connect;
use crate::StoreError;

/// How many reads run at once. More would only wait for the same disk and cost 2 MB of page
/// cache each; fewer would let one long list of users delay every log-in.
const READERS: usize = 4;

/// Read connections that see every committed write and none that is not.
pub(super) struct Readers {
    idle: Mutex<Vec<Connection>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    /// Opens the connections to a database that is already there.
    pub(super) fn open(path: &Path) -> Result<Arc<Self>, StoreError> {
        let idle = (0..READERS).map(|_| connect::reader(path)).collect::<Result<Vec<_>, _>>()?;
        let turns = Arc::new(Semaphore::new(idle.len()));
        Ok(Arc::new(Self { idle: Mutex::new(idle), turns }))
    }

    /// Runs `work` on a read connection, off the async threads.
    pub(super) async fn read<T, W>(self: &Arc<Self>, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let loan = self.lend().await?;
        tokio::task::spawn_blocking(move || work(loan.connection()?))
            .await
            .map_err(|stop| StoreError::Unavailable(format!("a read was given up: {stop}")))?
    }

    async fn lend(self: &Arc<Self>) -> Result<Loan, StoreError> {
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::Unavailable("the store is closed".to_owned()))?;
        let connection = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Ok(Loan { connection, home: Arc::clone(self), _turn: turn })
    }
}

/// A lent connection. It goes home on drop, before its turn ends and also after a panic, so
/// whoever gets a turn finds a connection.
struct Loan {
    connection: Option<Connection>,
    home: Arc<Readers>,
    _turn: OwnedSemaphorePermit,
}

impl Loan {
    fn connection(&self) -> Result<&Connection, StoreError> {
        self.connection
            .as_ref()
            .ok_or_else(|| StoreError::Unavailable("no read connection is left".to_owned()))
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        let connection = self.connection.take();
        self.home.idle.lock().unwrap_or_else(PoisonError::into_inner).extend(connection);
    }
}
