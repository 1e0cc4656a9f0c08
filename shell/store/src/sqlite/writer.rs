//! The one thread that writes: whatever waits while it commits goes together in the next commit.
//!
//! ```text
//! BEGIN IMMEDIATE
//!   SAVEPOINT job   the first   RELEASE job
//!   SAVEPOINT job   it fails    ROLLBACK TO job, RELEASE job     (the others do not notice)
//!   ...             up to MAX_BATCH
//! COMMIT            one flush to the disk for all
//! replies           only now
//! ```

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::failure::from_sqlite;
use crate::StoreError;

/// Jobs in one commit. More would make the first of them wait longer for the last; fewer would
/// flush the disk more often under load.
const MAX_BATCH: usize = 256;

/// Jobs that wait for the writer. Who comes later waits to enter, holding its own memory; more
/// would only lengthen the wait of a write that its caller has long given up.
const MAX_QUEUE: usize = 1024;

/// One write: what to do inside the transaction, then whom to tell how the commit went.
trait Job: Send {
    /// Does the work; whether to keep what it wrote.
    fn work(&mut self, connection: &Connection) -> bool;
    /// Replies; called once, after the commit succeeded or failed for the given reason.
    fn settle(self: Box<Self>, committed: Result<(), &str>);
}

struct Write<T, W> {
    work: Option<W>,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W> Job for Write<T, W>
where
    T: Send,
    W: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn work(&mut self, connection: &Connection) -> bool {
        self.result = self.work.take().map(|work| {
            // A panic is a fault of ours; it costs this write, not the writer.
            catch_unwind(AssertUnwindSafe(|| work(connection)))
                .unwrap_or_else(|panic| Err(StoreError::Unavailable(panic_text(&*panic))))
        });
        matches!(self.result, Some(Ok(_)))
    }

    fn settle(self: Box<Self>, committed: Result<(), &str>) {
        let answer = match (committed, self.result) {
            (Ok(()), Some(result)) => result,
            // Even a refusal may rest on a write of the same batch that did not happen.
            (Err(reason), _) => Err(StoreError::Unavailable(reason.to_owned())),
            (Ok(()), None) => Err(StoreError::Unavailable("the write was not tried".to_owned())),
        };
        // Whoever asked may have gone; the commit stands all the same.
        drop(self.reply.send(answer));
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the write panicked: {}", text.unwrap_or("for an unnamed reason"))
}

/// The handle of the writer thread. Dropping it finishes the queued jobs, then ends the thread.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread on a connection of its own; with `group_commits` it commits what waits
    /// together, otherwise each write alone.
    pub(super) fn start(connection: Connection, group_commits: bool) -> Result<Self, StoreError> {
        let max_batch = if group_commits { MAX_BATCH } else { 1 };
        let (jobs, queue) = mpsc::channel(MAX_QUEUE);
        let thread = std::thread::Builder::new()
            .name("curlew-writer".to_owned())
            .spawn(move || run(&connection, queue, max_batch))
            .map_err(|error| {
                StoreError::Unavailable(format!("cannot start the writer thread: {error}"))
            })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Queues `work` and waits until it is committed. A caller that stops waiting once the work
    /// is queued does not stop the work.
    pub(super) async fn write<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let stopped = || StoreError::Unavailable("the writer has stopped".to_owned());
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Write { work: Some(work), result: None, reply });
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.send(job).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

#[cfg(test)]
impl Writer {
    /// How many jobs could enter the queue without waiting.
    pub(super) fn room(&self) -> usize {
        self.jobs.as_ref().map_or(0, mpsc::Sender::capacity)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer thread panicked");
        }
    }
}

fn run(connection: &Connection, mut queue: mpsc::Receiver<Box<dyn Job>>, max_batch: usize) {
    while let Some(first) = queue.blocking_recv() {
        let mut batch = gather(first, &mut queue, max_batch);
        let committed = commit(connection, &mut batch);
        if let Err(reason) = &committed {
            tracing::error!(jobs = batch.len(), reason, "a batch of writes was not committed");
        }
        for job in batch {
            job.settle(committed.as_ref().map(|_| ()).map_err(String::as_str));
        }
    }
}

/// The first job and those that wait behind it, up to a full batch.
fn gather(
    first: Box<dyn Job>,
    queue: &mut mpsc::Receiver<Box<dyn Job>>,
    max_batch: usize,
) -> Vec<Box<dyn Job>> {
    let mut batch = vec![first];
    while batch.len() < max_batch {
        match queue.try_recv() {
            Ok(job) => batch.push(job),
            Err(_) => break,
        }
    }
    batch
}

/// Runs the jobs in one transaction; on an error nothing of it is in the database.
fn commit(connection: &Connection, batch: &mut [Box<dyn Job>]) -> Result<(), String> {
    let committed = transact(connection, batch);
    if committed.is_err() && !connection.is_autocommit() {
        // A COMMIT that failed leaves its transaction open; the next batch needs a fresh one.
        if let Err(error) = execute(connection, "ROLLBACK") {
            tracing::error!(error, "a failed batch of writes could not be rolled back");
        }
    }
    committed
}

fn transact(connection: &Connection, batch: &mut [Box<dyn Job>]) -> Result<(), String> {
    execute(connection, "BEGIN IMMEDIATE")?;
    for job in batch {
        execute(connection, "SAVEPOINT job")?;
        let keep = job.work(connection);
        if connection.is_autocommit() {
            // A full disk and its like roll back the whole transaction, earlier jobs too.
            return Err("the database rolled back the batch this write was in".to_owned());
        }
        if !keep {
            execute(connection, "ROLLBACK TO job")?;
        }
        execute(connection, "RELEASE job")?;
    }
    execute(connection, "COMMIT")
}

fn execute(connection: &Connection, sql: &'static str) -> Result<(), String> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute([]))
        .map(drop)
        .map_err(|error| format!("{sql} failed: {}", from_sqlite(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_ends_at_its_limit_and_leaves_the_rest_in_order() {
        let (jobs, mut queue) = mpsc::channel(MAX_QUEUE);
        let mut answers = Vec::new();
        for number in 0..MAX_BATCH + 44 {
            let (reply, answer) = oneshot::channel();
            let work = move |_: &Connection| Ok(number);
            let job: Box<dyn Job> = Box::new(Write { work: Some(work), result: None, reply });
            assert!(jobs.try_send(job).is_ok());
            answers.push(answer);
        }
        let connection = Connection::open_in_memory().unwrap();
        for expected in [MAX_BATCH, 44] {
            let first = queue.try_recv().unwrap();
            let mut batch = gather(first, &mut queue, MAX_BATCH);
            assert_eq!(batch.len(), expected);
            commit(&connection, &mut batch).unwrap();
            batch.into_iter().for_each(|job| job.settle(Ok(())));
        }
        for (number, mut answer) in answers.into_iter().enumerate() {
            assert_eq!(answer.try_recv().unwrap().unwrap(), number);
        }
    }
}
