//! Applications, for whoever administers the server.

use curlew_control::Ids;
use curlew_store::{AppRecord, Store, StoreError};

use crate::auth::hash_of;
use crate::token::access_token;

/// Adds an application; answers with it and its API token, which is not kept.
///
/// # Errors
/// If the store fails.
pub async fn create_app(
    store: &dyn Store,
    ids: &dyn Ids,
    name: &str,
    now_ms: i64,
) -> Result<(AppRecord, String), StoreError> {
    let token = access_token(ids);
    let app = AppRecord {
        app_id: app_id(&ids.secret()),
        name: name.to_owned(),
        token_required: false,
        api_token_hash: hash_of(token.as_bytes()),
        session_token_key: ids.secret().to_vec(),
        glare_answers: true,
        early_candidates: true,
        created_at_ms: now_ms,
    };
    store.create_app(app.clone()).await?;
    Ok((app, token))
}

/// Gives an application a new API token and ends the old one; `None` if there is no such
/// application.
///
/// # Errors
/// If the store fails.
pub async fn rotate_token(
    store: &dyn Store,
    ids: &dyn Ids,
    app_id: &str,
) -> Result<Option<String>, StoreError> {
    let token = access_token(ids);
    let found = store.set_api_token_hash(app_id, hash_of(token.as_bytes())).await?;
    Ok(found.then_some(token))
}

/// An upper-case UUID, as applications' ids are documented to look.
fn app_id(secret: &[u8; 32]) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&secret[..16]);
    let uuid = uuid::Builder::from_random_bytes(bytes).into_uuid();
    uuid.to_string().to_uppercase()
}
