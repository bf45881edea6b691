//! The issuer's key set, kept fresh.

use std::sync::Arc;
use std::time::Duration;

use tracing::{error, info, warn};

use super::{Kept, RefreshFault};
use crate::auth::Verifier;
use crate::auth::key_set::{MAX_BYTES, ReadKeys};
use crate::auth::source::{Place, Source};
use crate::clock::Clock;
use crate::secrets::Keyring;
use crate::settings::{JwksSettings, KeySource};

/// What a key set means: the keys that `verifier` checks tokens with.
pub(super) struct Keys {
    verifier: Arc<Verifier>,
    grace: Duration,
    clock: Clock,
}

pub(super) fn source(settings: &JwksSettings, keyring: &Keyring) -> Source {
    let place = match &settings.source {
        KeySource::Url(url) => Place::Url(url.clone()),
        KeySource::File(path) => Place::File(path.clone(), keyring.clone()),
        KeySource::Inline(keys) => Place::Text(keys.0.clone()),
    };
    Source::new(place, MAX_BYTES, settings.refresh, settings.cache.clone())
}

impl Keys {
    pub(super) fn new(settings: &JwksSettings, verifier: &Arc<Verifier>, clock: Clock) -> Self {
        Self { verifier: Arc::clone(verifier), grace: settings.grace, clock }
    }
}

impl Kept for Keys {
    const NAME: &'static str = "the key set";

    fn put_into_force(&self, document: &[u8]) -> Result<(), RefreshFault> {
        let ReadKeys { usable, skipped } = ReadKeys::parse(document)?;
        let now = self.clock.now();
        self.verifier.keys_confirmed(now);
        let known = self.verifier.keys();
        if known.is_the_same(&usable, now) {
            return Ok(());
        }
        let keys = known.replaced(&usable, now, self.grace);
        for skipped in &skipped {
            let kid = skipped.kid.as_deref().unwrap_or_default();
            warn!(index = skipped.index, kid, reason = %skipped.fault, "a key of the key set is not used");
        }
        let (current, retired) = keys.counts();
        info!(keys = current, retired, skipped = skipped.len(), "the key set has changed");
        self.verifier.install(keys);
        Ok(())
    }

    fn tell_broken(&self, reason: &str) {
        let (keys, _) = self.verifier.keys().counts();
        if keys == 0 {
            error!(%reason, "the key set cannot be read: every route that asks for a role answers 401");
        } else {
            error!(%reason, keys, "the key set cannot be read, the keys stay as they are");
        }
    }
}
