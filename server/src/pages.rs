//! The SDK under `/sdk/` and the page at `/`, both inside the binary.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../sdk/js/dist"]
struct Sdk;

#[derive(RustEmbed)]
#[folder = "../examples/phone"]
struct Phone;

/// The place in the page where the first application's id goes.
const APP_ID_MARK: &str = "{{APP_ID}}";

/// Own scripts only; WebSockets to any host, because the page can be pointed at another server.
const POLICY: &str = "default-src 'self'; connect-src 'self' ws: wss:; \
    img-src 'self' data: https:; \
    media-src 'self' blob: mediastream:; style-src 'self' 'unsafe-inline'; object-src 'none'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const NOT_BUILT: &str = "The SDK is not part of this binary yet.\n\
    `cargo xtask run` in the repository builds it and starts the server with its page.\n";

/// The routes; the page speaks for this application.
pub fn router(app_id: String) -> Router {
    Router::new()
        .route("/", get(front))
        .route("/sdk/{*path}", get(sdk))
        .route("/{*path}", get(beside))
        .with_state(Arc::<str>::from(app_id))
        .layer(map_response(guarded))
}

async fn front(State(app_id): State<Arc<str>>) -> Response {
    let page = Phone::get("index.html").filter(|_| Sdk::iter().next().is_some());
    let Some(page) = page else {
        return (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT).into_response();
    };
    let text = String::from_utf8_lossy(&page.data).replace(APP_ID_MARK, &app_id);
    file_response("text/html; charset=utf-8", text.into_bytes().into())
}

async fn beside(Path(path): Path<String>) -> Response {
    const SERVED: [&str; 8] =
        [".js", ".mjs", ".css", ".svg", ".png", ".ico", ".mp3", ".webmanifest"];
    let file = SERVED.iter().any(|end| path.ends_with(end)).then(|| Phone::get(&path)).flatten();
    match file {
        Some(file) => served(file),
        None => (StatusCode::NOT_FOUND, "There is nothing here.\n").into_response(),
    }
}

async fn sdk(Path(path): Path<String>) -> Response {
    match Sdk::get(&path) {
        Some(file) => {
            let mut response = served(file);
            // A page of another origin may import the module.
            let any = HeaderValue::from_static("*");
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, any);
            response
        }
        None if Sdk::iter().next().is_none() => {
            (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT).into_response()
        }
        None => (StatusCode::NOT_FOUND, "The SDK has no such file.\n").into_response(),
    }
}

fn served(file: EmbeddedFile) -> Response {
    let kind = file.metadata.mimetype().to_owned();
    let text = kind.starts_with("text/") || kind == "application/javascript";
    let kind = if text { format!("{kind}; charset=utf-8") } else { kind };
    file_response(&kind, file.data)
}

fn file_response(kind: &str, data: Cow<'static, [u8]>) -> Response {
    let kind = HeaderValue::from_str(kind)
        .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"));
    // Asked for anew each time, so that page and SDK are always those of the running server.
    let cache = HeaderValue::from_static("no-cache");
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, cache)], data.into_owned()).into_response()
}

async fn guarded(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, HeaderValue); 3] = [
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    ];
    response.headers_mut().extend(HEADERS);
    response
}
