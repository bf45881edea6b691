//! The files that certificates and keys are in: whether they have changed, and who may read them.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

#[cfg(unix)]
use crate::secrets::is_encrypted;
use crate::settings::Settings;

/// How the files looked at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Files(Vec<Option<(SystemTime, u64)>>);

impl Files {
    /// How the files of all certificates and keys look now.
    pub(crate) fn of(settings: &Settings) -> Self {
        Self(paths(settings).iter().map(|path| look(path)).collect())
    }
}

fn paths(settings: &Settings) -> Vec<PathBuf> {
    let sections = [settings.tls.as_ref(), settings.admin.as_ref().and_then(|admin| admin.tls.as_ref())];
    let mut paths = Vec::new();
    for tls in sections.into_iter().flatten() {
        for pair in std::iter::once(&tls.pair).chain(&tls.by_name) {
            paths.extend([pair.certificate.clone(), pair.private_key.clone()]);
        }
        paths.extend(tls.clients.as_ref().map(|clients| clients.issuers.clone()));
    }
    paths
}

/// When a file was written last, and how long it is.
fn look(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Whether a file can be read by whoever is on the machine.
pub(crate) fn is_readable_by_all(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // Whoever reads one that is encrypted knows nothing more.
        !is_encrypted(path) && std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}
