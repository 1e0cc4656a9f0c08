//! The data folder: made on first start, readable by its owner only.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::chance;

/// The folder and the names of what lies in it.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

/// Why the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be used: {cause}; set data_dir to a folder that you may write to")]
pub struct FolderError {
    path: String,
    #[source]
    cause: io::Error,
}

impl Folder {
    /// Makes the folder if there is none, and the operator secret in it.
    ///
    /// # Errors
    /// If the folder cannot be made or written to.
    pub fn prepare(path: &Path) -> Result<Self, FolderError> {
        let failed = |cause| FolderError { path: path.display().to_string(), cause };
        if !path.is_dir() {
            private_folder(path).map_err(failed)?;
        }
        let folder = Self(path.to_path_buf());
        let secret = folder.operator_secret();
        if !secret.exists() {
            write_private(&secret, &format!("{}\n", chance::secret_text())).map_err(failed)?;
        }
        Ok(folder)
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.0.join("curlew.db")
    }

    /// The secret of whoever runs the server.
    #[must_use]
    pub fn operator_secret(&self) -> PathBuf {
        self.0.join("operator-secret")
    }

    /// The self-signed certificate and its key.
    #[must_use]
    pub fn certificate(&self) -> (PathBuf, PathBuf) {
        (self.0.join("self-signed.cert.pem"), self.0.join("self-signed.key.pem"))
    }
}

#[cfg(unix)]
fn private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn private_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Writes a file that only its owner reads, whole or not at all.
///
/// # Errors
/// If it cannot be written.
pub fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let unfinished = PathBuf::from(name);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn folder_and_secret_are_private_and_the_secret_stays() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("deep/data");
        let folder = Folder::prepare(&path).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&folder.operator_secret())), (0o700, 0o600));
        let secret = std::fs::read_to_string(folder.operator_secret()).unwrap();
        assert_eq!(secret.trim().len(), 43);
        Folder::prepare(&path).unwrap();
        assert_eq!(std::fs::read_to_string(folder.operator_secret()).unwrap(), secret);
    }

    #[test]
    fn a_file_in_the_way_is_named_with_a_cure() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("data");
        std::fs::write(&path, "").unwrap();
        let said = Folder::prepare(&path).unwrap_err().to_string();
        assert!(said.contains("data_dir"), "{said}");
    }
}
