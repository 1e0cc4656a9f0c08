//! Opens connections and sets on each what durability and waiting need.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::failure::from_sqlite;
use crate::StoreError;

/// How long a connection waits for another process, such as `curlew app create` beside a
/// running server, before it gives up. Longer would hold up every write behind it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The write-ahead log is cut back to this after a checkpoint; less would make the file system
/// allocate it again and again, more would only keep the disk.
const JOURNAL_SIZE_LIMIT: i64 = 64 * 1024 * 1024;

/// More than the store has statements, so none is ever compiled twice on a connection.
const CACHED_STATEMENTS: usize = 64;

/// The connection that writes; creates the file if there is none.
pub(super) fn writer(path: &Path) -> Result<Connection, StoreError> {
    create_private(path).map_err(|error| {
        StoreError::Unavailable(format!("cannot create {}: {error}", path.display()))
    })?;
    let connection = open(path)?;
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(from_sqlite)?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(StoreError::Unavailable(format!(
            "{} is on a file system without shared memory, which the write-ahead log needs",
            path.display()
        )));
    }
    connection
        .pragma_update_and_check(None, "journal_size_limit", JOURNAL_SIZE_LIMIT, |_| Ok(()))
        .map_err(from_sqlite)?;
    // With FULL the log is flushed to the disk before COMMIT returns: an answer means durable.
    connection.pragma_update(None, "synchronous", "FULL").map_err(from_sqlite)?;
    Ok(connection)
}

/// A connection that can only read; the writer has made the file and its log before.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = open(path)?;
    connection.pragma_update(None, "query_only", true).map_err(from_sqlite)?;
    Ok(connection)
}

fn open(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path).map_err(from_sqlite)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(from_sqlite)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(from_sqlite)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(connection)
}

/// Makes the file readable to its owner alone, as it holds the keys that sign session tokens;
/// SQLite gives its log the same mode. The folder is flushed so that the file's name is as
/// durable as its content.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(file) => file.sync_all()?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(error),
    }
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}
