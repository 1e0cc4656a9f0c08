//! The first start, the later ones, and what the port answers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::house::House;

#[test]
fn the_first_start_makes_folder_application_and_secret_and_a_later_one_keeps_them() {
    let house = House::new();
    let first = house.serve(&[]);
    let app_id = first.told["appId"].as_str().unwrap().to_owned();
    assert_eq!(first.told["apiToken"].as_str().unwrap().len(), 40);
    let data = house.folder.path().join("data");
    assert!(data.join("curlew.db").exists() && data.join("operator-secret").exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode =
            |name: &str| std::fs::metadata(data.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(""), mode("operator-secret")), (0o700, 0o600));
    }
    drop(first);

    let later = house.serve(&[]);
    assert_eq!(later.told["appId"].as_str().unwrap(), app_id);
    assert!(later.told["apiToken"].is_null());
    assert!(house.told(&["app", "list"]).contains(&app_id));
}

#[test]
fn health_readiness_metrics_and_unknown_paths_answer() {
    let house = House::new();
    let server = house.serve(&[]);
    for path in ["/healthz", "/readyz", "/metrics"] {
        let (head, _) = server.get(path);
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
    }
    for path in ["/no-such-page", "/../Cargo.toml", "/%2e%2e/Cargo.toml", "/index.html.bak"] {
        let (head, _) = server.get(path);
        assert!(head.starts_with("HTTP/1.1 404"), "{path}: {head}");
    }
    let quiet = house.serve(&["--metrics", "off", "--group-commits", "off"]);
    assert!(quiet.get("/metrics").0.starts_with("HTTP/1.1 404"));
    assert!(quiet.get("/readyz").0.starts_with("HTTP/1.1 200"));
}

#[test]
fn the_front_page_carries_the_app_id_and_guards_or_says_how_to_build_it() {
    let house = House::new();
    let server = house.serve(&[]);
    let (head, body) = server.get("/");
    let head = head.to_ascii_lowercase();
    for line in [
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "content-security-policy: default-src 'self'",
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    assert!(!body.contains("{{APP_ID}}"), "{body}");
    if head.starts_with("http/1.1 200") {
        assert!(body.contains(server.told["appId"].as_str().unwrap()), "{body}");
        assert!(server.get("/sdk/SendBirdCall.min.js").0.contains("access-control-allow-origin"));
    } else {
        assert!(body.contains("cargo xtask run"), "{body}");
    }
}

#[test]
fn a_self_signed_port_speaks_tls_under_each_of_its_names_and_no_plain_http() {
    let house = House::new();
    let server = house.serve(&["--tls", "self-signed", "--tls-name", "desk.local"]);
    assert!(server.told["url"].as_str().unwrap().starts_with("https://127.0.0.1:"));
    let pem = house.folder.path().join("data/self-signed.cert.pem");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(pem).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let trust = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let trust = Arc::new(trust);
    let request = b"GET /healthz HTTP/1.1\r\nHost: curlew\r\nConnection: close\r\n\r\n";
    for name in ["localhost", "127.0.0.1", "desk.local"] {
        let name = name.try_into().unwrap();
        let mut tls = rustls::ClientConnection::new(Arc::clone(&trust), name).unwrap();
        let mut stream = TcpStream::connect(server.address()).unwrap();
        let mut secured = rustls::Stream::new(&mut tls, &mut stream);
        secured.write_all(request).unwrap();
        let mut answer = [0; 12];
        secured.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
    }
    let mut plain = TcpStream::connect(server.address()).unwrap();
    plain.write_all(request).unwrap();
    let mut answer = Vec::new();
    // The server may also reset the connection; what counts is that it says nothing in the clear.
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[test]
fn a_taken_port_is_said_with_its_cure() {
    let house = House::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = house.refused(&["serve", "--listen", &address]);
    assert!(said.contains(&address) && said.contains("set `listen`"), "{said}");
}
