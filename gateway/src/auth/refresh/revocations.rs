//! The revocation list, kept fresh.

use std::sync::Arc;

use tracing::{error, info};

use super::{Kept, RefreshFault};
use crate::auth::revocation::MAX_BYTES;
use crate::auth::source::{Place, Source};
use crate::auth::{RevocationList, Verifier};
use crate::secrets::Keyring;
use crate::settings::{RevocationSettings, RevocationSource};

/// What a revocation list means: the tokens that `verifier` does not believe any more.
pub(super) struct Revocations {
    verifier: Arc<Verifier>,
}

pub(super) fn source(settings: &RevocationSettings, keyring: &Keyring) -> Source {
    let place = match &settings.source {
        RevocationSource::Url(url) => Place::Url(url.clone()),
        RevocationSource::File(path) => Place::File(path.clone(), keyring.clone()),
    };
    Source::new(place, MAX_BYTES, settings.refresh, settings.cache.clone())
}

impl Revocations {
    pub(super) fn new(verifier: &Arc<Verifier>) -> Self {
        Self { verifier: Arc::clone(verifier) }
    }
}

impl Kept for Revocations {
    const NAME: &'static str = "the revocation list";

    fn put_into_force(&self, document: &[u8]) -> Result<(), RefreshFault> {
        let list = RevocationList::parse(document)?;
        // The same list in other words need not make every known token be looked at again.
        if self.verifier.revocations().is_none_or(|known| *known != list) {
            info!(entries = list.len(), "the revocation list has changed");
            self.verifier.install_revocations(list);
        }
        Ok(())
    }

    fn tell_broken(&self, reason: &str) {
        if let Some(list) = self.verifier.revocations() {
            let entries = list.len();
            error!(%reason, entries, "the revocation list cannot be read, the last good one stays in force");
        } else {
            error!(%reason, "the revocation list cannot be read: every route that asks for a role answers 503");
        }
    }
}
