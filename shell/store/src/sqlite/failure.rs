//! What an SQLite error means in the words of [`StoreError`].

use rusqlite::{Error, ErrorCode, ffi};

use crate::StoreError;

/// Unique and foreign keys are the only constraints a caller can meet; the rest of the table
/// definitions can be broken only by ourselves or by a damaged file.
pub(super) fn from_sqlite(error: Error) -> StoreError {
    match &error {
        Error::SqliteFailure(cause, _) => match cause.code {
            ErrorCode::ConstraintViolation => match cause.extended_code {
                ffi::SQLITE_CONSTRAINT_UNIQUE
                | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                | ffi::SQLITE_CONSTRAINT_ROWID
                | ffi::SQLITE_CONSTRAINT_FOREIGNKEY => StoreError::Conflict,
                _ => StoreError::Corrupt(error.to_string()),
            },
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                StoreError::Corrupt(error.to_string())
            }
            _ => StoreError::Unavailable(error.to_string()),
        },
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => StoreError::Corrupt(error.to_string()),
        _ => StoreError::Unavailable(error.to_string()),
    }
}
