//! The configuration read again while the gateway serves: in, the file as it is now; out, everything that it says in force,
//! or nothing of it.
//!
//! Whatever can fail comes first and changes nothing. What follows cannot fail.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::timeout;

use super::control::{Control, Keeping};
use crate::auth::refresh::{DocumentFault, Proposal, RefreshHandle};
use crate::clock::Clock;
#[cfg(unix)]
use crate::descriptors;
use crate::materials::Materials;
use crate::orders::Reloaded;
use crate::rules::Rules;
use crate::settings::{FixedSetting, Reason, Settings, SettingsError, SettingsFault, Shown, is_fixed};

/// How long the workers may take to go by other rules; each does so between two requests.
const ADOPTION: Duration = Duration::from_secs(2);

/// Why the configuration was not taken over. Everything is as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReloadError {
    /// The file is wrong, what it names cannot be used, or it changes what cannot change.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The table names an impossible address.
    #[error("{0}")]
    System(#[from] io::Error),
}

/// What becomes of keys and revocations.
enum Trust {
    /// They are read again, from where they were read before.
    Same,
    /// They are others, or kept in another way.
    Other(Box<Proposal>),
    /// Nobody's tokens are believed any more.
    Nobody,
}

impl Control {
    /// Takes over what the file says now, and logs what came of it.
    pub(super) async fn reload(&mut self) -> Reloaded {
        let reloaded = self.take_over().await;
        self.telemetry.is_refused.store(reloaded.is_err(), Ordering::Relaxed);
        match &reloaded {
            Ok(changed) if changed.is_empty() => tracing::info!("the configuration was read again: it says the same"),
            Ok(changed) => tracing::info!(changed = changed.join(", "), "the configuration was read again"),
            Err(error) => {
                tracing::error!(reason = %error, "the configuration was read again and refused: nothing has changed");
            }
        }
        reloaded
    }

    async fn take_over(&mut self) -> Reloaded {
        let settings = self.settings.load_again()?;
        let changed = changes(&self.settings, &settings);
        refuse_fixed(&self.settings, &settings, &changed)?;
        let materials = Materials::read(&settings, self.table, Some((&self.settings, &self.materials)))?;
        let trust = self.propose_trust(&settings).await?;
        let earlier = Arc::clone(&self.rules.borrow());
        let mut rules = Rules::new(&settings, &materials, self.table, None, Some(&earlier))?;

        rules.key_refresh = self.put_trust_into_force(trust, earlier.key_refresh.clone());
        rules.report_to(&self.telemetry);
        Rules::tune(&settings, &self.log, &self.telemetry);
        #[cfg(unix)]
        if settings.limits.connections != self.settings.limits.connections {
            descriptors::provide_for(settings.limits.connections);
        }
        materials.warn(&settings);
        (self.settings, self.materials) = (settings, materials);
        self.hand_out(Arc::new(rules)).await;
        Ok(changed)
    }

    async fn propose_trust(&self, settings: &Settings) -> Result<Trust, SettingsError> {
        let Some(auth) = &settings.auth else { return Ok(Trust::Nobody) };
        let keyring = &settings.secrets.keyring;
        if self.settings.auth.as_ref() == Some(auth) && self.settings.secrets.keyring == *keyring {
            return Ok(Trust::Same);
        }
        let proposal = Proposal::read(auth, keyring, self.settings.auth.as_ref()).await;
        proposal.map(|proposal| Trust::Other(Box::new(proposal))).map_err(|fault| document_fault(settings, fault))
    }

    fn put_trust_into_force(&mut self, trust: Trust, known: Option<RefreshHandle>) -> Option<RefreshHandle> {
        match trust {
            Trust::Same => {
                known.as_ref().inspect(|known| known.read_again());
                known
            }
            Trust::Other(proposal) => {
                // The old one must not bring its documents any more.
                self.upkeep = None;
                let (upkeep, handle) = proposal.put_into_force(&self.verifier, Clock::default());
                self.upkeep = Some(Keeping::begin(upkeep));
                Some(handle)
            }
            Trust::Nobody => {
                self.upkeep = None;
                self.verifier.believe_nobody();
                None
            }
        }
    }

    /// Hands the rules to all threads, and waits until the workers go by them, so that whoever has asked for the reload
    /// meets the new rules next.
    pub(super) async fn hand_out(&self, rules: Arc<Rules>) {
        self.rules.send_replace(Arc::clone(&rules));
        if timeout(ADOPTION, rules.adopted.acquire_many(self.workers)).await.is_err() {
            tracing::warn!("a worker thread is slow to go by the new configuration");
        }
    }
}

/// The keys whose values differ, in the order of the documentation.
fn changes(earlier: &Settings, later: &Settings) -> Vec<String> {
    let earlier = earlier.effective();
    let mut gone: BTreeMap<&str, &Shown> =
        earlier.iter().map(|setting| (setting.key.as_str(), &setting.value)).collect();
    let mut changed = Vec::new();
    for setting in later.effective() {
        if gone.remove(setting.key.as_str()) != Some(&setting.value) {
            changed.push(setting.key);
        }
    }
    changed.extend(gone.into_keys().map(str::to_owned));
    changed
}

fn refuse_fixed(earlier: &Settings, later: &Settings, changed: &[String]) -> Result<(), SettingsError> {
    let fixed = changed.iter().filter(|key| is_fixed(key));
    let faults: Vec<SettingsFault> = fixed
        .map(|key| SettingsFault {
            place: later.origins.place_of(key),
            reason: Reason::Fixed(Box::new(FixedSetting {
                key: key.clone(),
                from: shown(earlier, key),
                to: shown(later, key),
            })),
            help: Some("restart the gateway, or put the value back".into()),
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(SettingsError { file: later.file.clone(), faults, log_file: None }) }
}

fn shown(settings: &Settings, key: &str) -> String {
    let settings = settings.effective();
    let setting = settings.iter().find(|setting| setting.key == key);
    setting.map_or_else(|| "not set".to_owned(), |setting| format!("`{}`", super::plain(&setting.value.visible())))
}

fn document_fault(settings: &Settings, fault: DocumentFault) -> SettingsError {
    let place = settings.origins.place_of(fault.key);
    let fault = SettingsFault { place, reason: Reason::Document(Box::new(fault)), help: None };
    SettingsError { file: settings.file.clone(), faults: vec![fault], log_file: None }
}
