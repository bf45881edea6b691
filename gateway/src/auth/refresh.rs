//! Keeps the keys fresh: reads the issuer's key set at start and again and again, and once more when a request asks.
//!
//! Whatever goes wrong changes nothing: the last good keys stay. Every change of state is logged once, keys and tokens
//! never.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};
use tracing::{error, info, warn};

use super::fetch::{FetchFault, fetch};
use super::key_set::{KeySetFault, MAX_BYTES, ReadKeys};
use super::{KeySet, Verifier};
use crate::clock::Clock;
use crate::settings::{JwksSettings, KeySource};

/// How long after a refresh that requests have asked for they cannot ask for another.
pub(crate) const COOL_DOWN: Duration = Duration::from_secs(10);
/// How long a request waits for the refresh that it has asked for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// The wait after a first failure; it doubles with each further one.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// What a request asks when its token's key is unknown; every thread has one.
#[derive(Clone)]
pub(crate) struct RefreshHandle {
    shared: Arc<Shared>,
}

/// What reads the keys; to be run by the control thread.
pub(crate) struct KeyRefresh {
    settings: JwksSettings,
    verifier: Arc<Verifier>,
    clock: Clock,
    shared: Arc<Shared>,
    /// What was read last, so that the same is not read again.
    file_version: Option<FileVersion>,
    /// How often in a row the source has failed.
    failures: u32,
    /// What was said of the source last; `None` when it was fine.
    last_fault: Option<String>,
}

struct Shared {
    asked: Mutex<Asked>,
    wake: Notify,
    /// How many refreshes are done.
    done: watch::Sender<u64>,
}

/// What requests have asked for.
#[derive(Default)]
struct Asked {
    /// When a refresh was asked for last.
    at: Option<Instant>,
    /// A refresh is under way or about to be.
    pending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileVersion {
    modified: Option<SystemTime>,
    length: u64,
}

/// Why the keys could not be read.
#[derive(Debug, thiserror::Error)]
enum RefreshFault {
    #[error("the file cannot be read: {0}")]
    File(#[from] io::Error),
    #[error(transparent)]
    Fetch(#[from] FetchFault),
    #[error(transparent)]
    KeySet(#[from] KeySetFault),
}

/// Prepares to keep the keys of `verifier` fresh. Keys in a file or in the configuration are read here; those at a URL
/// when [`KeyRefresh::run`] runs, so that nothing waits for the issuer.
pub(crate) fn prepare(settings: JwksSettings, verifier: Arc<Verifier>, clock: Clock) -> (KeyRefresh, RefreshHandle) {
    let shared = Arc::new(Shared { asked: Mutex::default(), wake: Notify::new(), done: watch::Sender::new(0) });
    let handle = RefreshHandle { shared: Arc::clone(&shared) };
    let mut refresh =
        KeyRefresh { settings, verifier, clock, shared, file_version: None, failures: 0, last_fault: None };
    match refresh.read_local() {
        Some(outcome) => refresh.conclude(outcome),
        // The first fetch is due: whoever asks before it is done waits for it, and uses up no cool-down.
        None => handle.shared.begin(),
    }
    (refresh, handle)
}

impl RefreshHandle {
    /// Waits for the refresh under way, or asks for one and waits for that, but no longer than [`PATIENCE`]. Returns at
    /// once if one was asked for within the [`COOL_DOWN`].
    pub(crate) async fn refresh_once(&self) {
        let mut done = self.shared.done.subscribe();
        let before = *done.borrow_and_update();
        if self.shared.ask() {
            // Whether it came or not, the caller looks for its key again.
            drop(timeout(PATIENCE, done.wait_for(|done| *done > before)).await);
        }
    }
}

impl Shared {
    /// Whether there is a refresh to wait for; starts one if it is time.
    fn ask(&self) -> bool {
        let mut asked = self.lock();
        if asked.pending {
            return true;
        }
        let now = Instant::now();
        if asked.at.is_some_and(|at| now.duration_since(at) < COOL_DOWN) {
            return false;
        }
        *asked = Asked { at: Some(now), pending: true };
        self.wake.notify_one();
        true
    }

    fn begin(&self) {
        self.lock().pending = true;
    }

    fn end(&self) {
        self.lock().pending = false;
        self.done.send_modify(|done| *done += 1);
    }

    /// A panic elsewhere leaves nothing half done in it.
    fn lock(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyRefresh {
    /// Keeps the keys fresh until it is dropped.
    pub(crate) async fn run(mut self) {
        let mut wait = match self.settings.source {
            KeySource::Url(_) => Duration::ZERO,
            KeySource::File(_) | KeySource::Inline(_) => self.wait(),
        };
        loop {
            tokio::select! {
                // First the requests, so that what they ask for is not done twice when it is time for it anyway.
                biased;
                // Someone misses a key: even a file that looks the same is read again.
                () = self.shared.wake.notified() => self.file_version = None,
                () = tokio::time::sleep(wait) => {}
            }
            self.shared.begin();
            let outcome = match self.read_local() {
                Some(outcome) => outcome,
                None => self.read_remote().await,
            };
            self.conclude(outcome);
            self.shared.end();
            wait = self.wait();
        }
    }

    /// How long until the keys are read again.
    fn wait(&self) -> Duration {
        let Some(doublings) = self.failures.checked_sub(1) else { return self.settings.refresh };
        FIRST_RETRY.saturating_mul(1 << doublings.min(16)).min(self.settings.refresh)
    }

    /// The keys, if they are on this machine; nothing if they are the ones that were read last.
    fn read_local(&mut self) -> Option<Result<Option<ReadKeys>, RefreshFault>> {
        match &self.settings.source {
            KeySource::Url(_) => None,
            KeySource::Inline(keys) => Some(ReadKeys::parse(keys.0.as_bytes()).map(Some).map_err(Into::into)),
            KeySource::File(path) => Some(read_file(path, self.file_version).map(|read| {
                let (version, keys) = read?;
                self.file_version = Some(version);
                Some(keys)
            })),
        }
    }

    async fn read_remote(&self) -> Result<Option<ReadKeys>, RefreshFault> {
        let KeySource::Url(url) = &self.settings.source else { return Ok(None) };
        Ok(Some(ReadKeys::parse(&fetch(url, MAX_BYTES).await?)?))
    }

    /// Takes over what was read, and logs it where it is news.
    fn conclude(&mut self, outcome: Result<Option<ReadKeys>, RefreshFault>) {
        match outcome {
            Ok(read) => {
                if self.last_fault.take().is_some() {
                    info!("the key set can be read again");
                }
                self.failures = 0;
                self.install(read);
            }
            Err(fault) => {
                self.failures = self.failures.saturating_add(1);
                let fault = fault.to_string();
                if self.last_fault.as_ref() != Some(&fault) {
                    let (keys, _) = self.verifier.keys().counts();
                    error!(reason = %fault, keys, "the key set cannot be read, the keys stay as they are");
                }
                self.last_fault = Some(fault);
            }
        }
    }

    fn install(&self, read: Option<ReadKeys>) {
        let Some(ReadKeys { usable, skipped }) = read else { return };
        let now = self.clock.now();
        let known = self.verifier.keys();
        if known.is_the_same(&usable, now) {
            return;
        }
        let keys: KeySet = known.replaced(&usable, now, self.settings.grace);
        for skipped in &skipped {
            let kid = skipped.kid.as_deref().unwrap_or_default();
            warn!(index = skipped.index, kid, reason = %skipped.fault, "a key of the key set is not used");
        }
        let (current, retired) = keys.counts();
        info!(keys = current, retired, skipped = skipped.len(), "the key set has changed");
        self.verifier.install(keys);
    }
}

/// The key set in a file, unless it is of the version that is known.
fn read_file(path: &Path, known: Option<FileVersion>) -> Result<Option<(FileVersion, ReadKeys)>, RefreshFault> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let version = FileVersion { modified: metadata.modified().ok(), length: metadata.len() };
    if known == Some(version) {
        return Ok(None);
    }
    let mut json = Vec::new();
    // One byte more than allowed shows that there is too much.
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut json)?;
    Ok(Some((version, ReadKeys::parse(&json)?)))
}
