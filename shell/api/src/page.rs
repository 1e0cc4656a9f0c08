//! Pages of lists: the limit, and the opaque place where the next page begins.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::ApiError;

const LIMIT_MAX: u32 = 100;
/// The documented page of the lists for back ends.
pub(crate) const LIMIT_DEFAULT: u32 = 10;

/// The number of rows asked for, or this one.
pub(crate) fn limit(text: Option<&str>, default: u32) -> Result<u32, ApiError> {
    let Some(text) = text else { return Ok(default) };
    match text.parse() {
        Ok(limit) if (1..=LIMIT_MAX).contains(&limit) => Ok(limit),
        _ => Err(ApiError::field("limit", format!("must be a number from 1 to {LIMIT_MAX}"))),
    }
}

/// Reads the place of an earlier answer's `next`; blank is the start.
pub(crate) fn read(field: &str, text: Option<&str>) -> Result<Option<(i64, String)>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let place = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let wrong = || ApiError::field(field, "must be the `next` of an earlier page");
    place.map(Some).ok_or_else(wrong)
}

/// Cuts one row more than a page holds to the page, and says where the next one begins.
pub(crate) fn cut<T>(rows: &mut Vec<T>, limit: u32, place: fn(&T) -> (i64, &str)) -> String {
    let limit = limit as usize;
    if rows.len() <= limit {
        return String::new();
    }
    rows.truncate(limit);
    let last = rows.last().map(|row| URL_SAFE_NO_PAD.encode(json(place(row))));
    last.unwrap_or_default()
}

fn json(place: (i64, &str)) -> String {
    serde_json::json!([place.0, place.1]).to_string()
}
