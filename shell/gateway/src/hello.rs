//! Who a device is: the session key of its `hello`, looked up.

use aws_lc_rs::digest;
use curlew_base::{AppId, DeviceId, UserId};
use curlew_control::DeviceKey;
use curlew_store::{Store, UserRecord};
use curlew_wire::call::UserView;
use curlew_wire::close::CloseCode;
use curlew_wire::{DecodeError, PROTOCOL_VERSION, client};

/// What the first message came to.
pub(crate) enum First {
    /// A `hello` in a version that both sides speak.
    Hello(Box<client::Hello>),
    /// A `hello` in other versions only.
    OtherVersions,
    /// A request, by its id: nobody may ask before they said who they are.
    Request(u64),
    /// Any other message.
    Other,
    /// Not a message.
    Bad(DecodeError),
}

/// Sorts the first message.
pub(crate) fn sort_first(text: &str) -> First {
    match curlew_wire::decode_client(text) {
        Ok(client::ClientMessage::Hello(hello)) if hello.versions.contains(&PROTOCOL_VERSION) => {
            First::Hello(Box::new(hello))
        }
        Ok(client::ClientMessage::Hello(_)) => First::OtherVersions,
        Ok(client::ClientMessage::Request(request)) => First::Request(request.id),
        Ok(
            client::ClientMessage::Ack(_)
            | client::ClientMessage::Ping
            | client::ClientMessage::Pong,
        ) => First::Other,
        Err(DecodeError::Bad { id: Some(id), .. }) => First::Request(id),
        Err(error) => First::Bad(error),
    }
}

/// The digest under which the store keeps a session key.
pub(crate) fn key_hash(session_key: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, session_key.as_bytes()).as_ref().to_vec()
}

/// The device and the user of a session key.
pub(crate) async fn identify(
    store: &dyn Store,
    key_hash: &[u8],
) -> Result<(DeviceKey, UserView), CloseCode> {
    let failed = |error| {
        tracing::error!(%error, "a session could not be looked up");
        CloseCode::ServerFailed
    };
    let session = store.session_by_key_hash(key_hash).await.map_err(failed)?;
    let session = session.ok_or(CloseCode::NotAuthenticated)?;
    let user = store.user(&session.app_id, &session.user_id).await.map_err(failed)?;
    let user = user.filter(|user| user.is_active).ok_or(CloseCode::NotAuthenticated)?;
    let key = device_key(session.app_id, session.user_id, session.device_id);
    let view = view(user);
    key.zip(view).ok_or_else(|| {
        tracing::error!("the store holds a session or user that breaks the rules of ids");
        CloseCode::ServerFailed
    })
}

fn device_key(app: String, user: String, device: String) -> Option<DeviceKey> {
    Some(DeviceKey {
        app: AppId::new(app).ok()?,
        user: UserId::new(user).ok()?,
        device: DeviceId::new(device).ok()?,
    })
}

fn view(user: UserRecord) -> Option<UserView> {
    Some(UserView {
        user_id: UserId::new(user.user_id).ok()?,
        nickname: user.nickname,
        profile_url: user.profile_url,
        is_active: user.is_active,
        // What the API wrote is an object of strings; should it not be, the device does without.
        metadata: serde_json::from_str(&user.metadata_json).unwrap_or_default(),
    })
}
