//! Certificates: from files, or one of our own for a local network.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use axum_server::tls_rustls::RustlsConfig;

use crate::config::{Tls, TlsMode};
use crate::folder::{Folder, write_private};

/// Why the port cannot be encrypted.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate or its key cannot be used.
    #[error("certificate {} with key {}: {cause}", cert.display(), key.display())]
    Files {
        /// The certificate.
        cert: PathBuf,
        /// Its key.
        key: PathBuf,
        /// Why not.
        #[source]
        cause: io::Error,
    },
    /// No certificate could be made.
    #[error("a self-signed certificate could not be made (check tls.names): {0}")]
    Make(#[from] rcgen::Error),
    /// It could not be kept.
    #[error("the self-signed certificate could not be kept: {0}")]
    Keep(#[from] io::Error),
}

/// What the listener needs; `None` without encryption.
///
/// # Errors
/// If the certificate cannot be read, made or used.
pub async fn listener(tls: &Tls, folder: &Folder) -> Result<Option<RustlsConfig>, TlsError> {
    let (cert, key) = match tls.mode {
        TlsMode::Off => return Ok(None),
        TlsMode::Files => (tls.cert.clone(), tls.key.clone()),
        TlsMode::SelfSigned => self_signed(&tls.names, folder)?,
    };
    match RustlsConfig::from_pem_file(&cert, &key).await {
        Ok(config) => Ok(Some(config)),
        Err(cause) => Err(TlsError::Files { cert, key, cause }),
    }
}

/// The kept certificate, or a new one if there is none or it is for other names.
fn self_signed(more: &[String], folder: &Folder) -> Result<(PathBuf, PathBuf), TlsError> {
    let (cert, key) = folder.certificate();
    let mut names = BTreeSet::from(["localhost".to_owned(), "127.0.0.1".to_owned()]);
    names.extend(more.iter().cloned());
    let names: Vec<String> = names.into_iter().collect();
    let kept_names = cert.with_extension("names");
    let wanted = names.join("\n");
    let same = std::fs::read_to_string(&kept_names).is_ok_and(|kept| kept == wanted);
    if !(same && both_exist(&cert, &key)) {
        let made = rcgen::generate_simple_self_signed(names)?;
        write_private(&key, &made.signing_key.serialize_pem())?;
        write_private(&cert, &made.cert.pem())?;
        // Written last: if we stop before, the next start makes the pair anew.
        write_private(&kept_names, &wanted)?;
    }
    Ok((cert, key))
}

fn both_exist(cert: &Path, key: &Path) -> bool {
    cert.exists() && key.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_self_signed_certificate_stays_until_its_names_change() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::prepare(place.path()).unwrap();
        let read = |names: &[String]| {
            let (cert, _) = self_signed(names, &folder).unwrap();
            std::fs::read_to_string(cert).unwrap()
        };
        let first = read(&[]);
        assert!(first.contains("BEGIN CERTIFICATE"));
        assert_eq!(read(&[]), first);
        assert_ne!(read(&["desk.local".to_owned()]), first);
    }
}
