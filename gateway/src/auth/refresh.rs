//! Keeps documents fresh that say whom to believe: each is read at start and again and again, and once more when a
//! request asks.
//!
//! Whatever goes wrong changes nothing: the last good document stays. Every change of state is logged once.

mod asked;
mod keys;
mod proposal;
mod revocations;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tracing::warn;

use self::asked::Shared;
use self::keys::Keys;
use self::revocations::Revocations;
use super::key_set::KeySetFault;
use super::source::{Source, SourceFault};
use super::{Remedy, RevocationFault, Verifier};
use crate::clock::Clock;
use crate::secrets::Keyring;
use crate::settings::AuthSettings;

pub(crate) use self::proposal::{DocumentFault, Proposal, faults_of_files};

#[cfg(test)]
pub(super) use self::asked::{ABSENT_FOR, COOL_DOWN};

/// How long a request waits for the refresh that it has asked for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// The wait after a first failure; it doubles with each further one.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// What a request asks when its token cannot be judged yet; every thread has one.
#[derive(Clone)]
pub(crate) struct RefreshHandle {
    keys: Arc<Shared>,
    revocations: Option<Arc<Shared>>,
}

/// What reads the keys and the revocation list; to be run by the control thread.
pub(crate) struct Upkeep {
    keys: Refresh<Keys>,
    revocations: Option<Refresh<Revocations>>,
}

/// What keeps one document fresh.
struct Refresh<K> {
    source: Source,
    kept: K,
    shared: Arc<Shared>,
    /// Whether it has been read when it begins to run.
    is_read: bool,
    /// How often in a row the source has failed.
    failures: u32,
    /// What was said of the source last; `None` when it was fine.
    last_fault: Option<String>,
}

/// What a document means to the gateway.
trait Kept {
    /// What the log calls the document.
    const NAME: &'static str;
    /// Puts a document into force, and logs what is new.
    fn put_into_force(&self, document: &[u8]) -> Result<(), RefreshFault>;
    /// Logs that the document cannot be read, and what holds instead.
    fn tell_broken(&self, reason: &str);
}

/// Why a document could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum RefreshFault {
    #[error(transparent)]
    Source(#[from] SourceFault),
    #[error(transparent)]
    KeySet(#[from] KeySetFault),
    #[error(transparent)]
    Revocations(#[from] RevocationFault),
}

/// Prepares to keep fresh what `verifier` believes. What is on this machine is read here; what is at a URL when
/// [`Upkeep::run`] runs, so that nothing waits for the issuer.
pub(crate) fn prepare(
    settings: &AuthSettings,
    keyring: &Keyring,
    verifier: &Arc<Verifier>,
    clock: Clock,
) -> (Upkeep, RefreshHandle) {
    let keys = Refresh::new(keys::source(&settings.jwks, keyring), Keys::new(&settings.jwks, verifier, clock));
    let revocations = settings
        .revocations
        .as_ref()
        .map(|settings| Refresh::new(revocations::source(settings, keyring), Revocations::new(verifier)));
    let handle = RefreshHandle {
        keys: Arc::clone(&keys.shared),
        revocations: revocations.as_ref().map(|refresh| Arc::clone(&refresh.shared)),
    };
    (Upkeep { keys, revocations }, handle)
}

impl RefreshHandle {
    /// Has everything read again now.
    pub(crate) fn read_again(&self) {
        for shared in [Some(&self.keys), self.revocations.as_ref()].into_iter().flatten() {
            shared.wake.notify_one();
        }
    }

    /// Waits for the refresh under way, or asks for one and waits for that, but no longer than [`PATIENCE`]. Returns at
    /// once if requests have asked for one lately, or if `kid` was lately found to be missing.
    pub(crate) async fn refresh(&self, remedy: Remedy, kid: Option<&str>) {
        let shared = match remedy {
            Remedy::Keys => Some(&self.keys),
            Remedy::Revocations => self.revocations.as_ref(),
        };
        let Some(shared) = shared else { return };
        let mut done = shared.done.subscribe();
        let before = *done.borrow_and_update();
        if shared.ask(kid) {
            // Whether it came or not, the caller looks again.
            drop(timeout(PATIENCE, done.wait_for(|done| *done > before)).await);
        }
    }
}

impl Upkeep {
    /// Keeps everything fresh until it is dropped.
    pub(crate) async fn run(self) {
        let revocations = async {
            if let Some(refresh) = self.revocations {
                refresh.run().await;
            }
        };
        tokio::join!(self.keys.run(), revocations);
    }
}

impl<K: Kept> Refresh<K> {
    /// Reads what can be read without waiting.
    fn new(source: Source, kept: K) -> Self {
        let mut refresh = Self::of(source, kept);
        if refresh.source.is_local() {
            refresh.is_read = true;
            let read = refresh.source.read_local();
            refresh.conclude(read);
        } else {
            refresh.start_from_cache();
            // The first fetch is due: whoever asks before it is done waits for it, and uses up no cool-down.
            refresh.shared.begin();
        }
        refresh
    }

    /// What has not been read yet.
    fn of(source: Source, kept: K) -> Self {
        Self { source, kept, shared: Arc::default(), is_read: false, failures: 0, last_fault: None }
    }

    fn start_from_cache(&mut self) {
        let Some(cached) = self.source.read_cache() else { return };
        let taken = cached.map_err(|error| RefreshFault::Source(SourceFault::File(error.into())));
        if let Err(fault) = taken.and_then(|document| self.kept.put_into_force(&document)) {
            warn!(document = K::NAME, reason = %fault, "the cache file is not used");
        }
    }

    async fn run(mut self) {
        let mut wait = if self.is_read { self.wait() } else { Duration::ZERO };
        loop {
            tokio::select! {
                // First the requests, so that what they ask for is not done twice when it is time for it anyway.
                biased;
                () = self.shared.wake.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
            self.shared.begin();
            let read = self.source.read().await;
            self.conclude(read);
            self.shared.end(self.failures == 0);
            wait = self.wait();
        }
    }

    /// How long until the document is read again.
    fn wait(&self) -> Duration {
        let Some(doublings) = self.failures.checked_sub(1) else { return self.source.lifetime() };
        FIRST_RETRY.saturating_mul(1 << doublings.min(16)).min(self.source.refresh)
    }

    /// Takes over what was read, and logs it where it is news.
    fn conclude(&mut self, read: Result<Option<Vec<u8>>, SourceFault>) {
        match read.map_err(RefreshFault::Source).and_then(|document| self.take(document)) {
            Ok(()) => {
                if self.last_fault.take().is_some() {
                    tracing::info!("{} can be read again", K::NAME);
                }
                self.failures = 0;
            }
            Err(fault) => {
                self.failures = self.failures.saturating_add(1);
                let fault = fault.to_string();
                if self.last_fault.as_ref() != Some(&fault) {
                    self.kept.tell_broken(&fault);
                }
                self.last_fault = Some(fault);
            }
        }
    }

    fn take(&mut self, document: Option<Vec<u8>>) -> Result<(), RefreshFault> {
        let Some(document) = document else { return Ok(()) };
        self.kept.put_into_force(&document)?;
        self.remember(&document);
        Ok(())
    }

    /// Remembers a document that is in force.
    fn remember(&mut self, document: &[u8]) {
        if let Err(error) = self.source.accept(document) {
            warn!(document = K::NAME, %error, "the cache file cannot be written");
        }
    }
}
