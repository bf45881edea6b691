//! What the settings name and do not hold themselves: certificates and private keys, read and checked.
//!
//! In: settings that were read, and the table. Out: what can be served with, or every fault. The start, a reload and the
//! command `config` refuse the same things here.

use std::sync::Arc;

use gateway_table::Table;

use crate::clock::Clock;
use crate::identity::ServiceSigner;
use crate::secrets::Keyring;
use crate::settings::{Reason, Settings, SettingsError, SettingsFault, TlsSettings};
use crate::tls::{Files, TlsServer, is_readable_by_all};

/// Certificates and private keys.
pub(crate) struct Materials {
    pub(crate) tls: Option<Arc<TlsServer>>,
    pub(crate) admin_tls: Option<Arc<TlsServer>>,
    pub(crate) signer: Option<Arc<ServiceSigner>>,
    /// How the files of certificates looked when they were read.
    pub(crate) files: Files,
}

impl Materials {
    /// Checks the settings against the table, and reads what they name. Certificates that are those of `earlier` settings
    /// stay as they are, and with them what clients need to resume sessions.
    ///
    /// # Errors
    ///
    /// Tells everything that does not fit or cannot be used.
    pub(crate) fn read(
        settings: &Settings,
        table: &Table,
        earlier: Option<(&Settings, &Self)>,
    ) -> Result<Self, SettingsError> {
        settings.check_against(table)?;
        let files = Files::of(settings);
        let earlier = earlier.filter(|(_, materials)| materials.files == files);
        let keyring = &settings.secrets.keyring;
        let mut faults = Vec::new();
        let mut told = |key: &str, reason: Reason| {
            faults.push(SettingsFault { place: settings.origins.place_of(key), reason, help: None });
        };
        let known = earlier.map(|(settings, materials)| (settings.tls.as_ref(), materials.tls.as_ref()));
        let tls = serve(settings.tls.as_ref(), keyring, known).map_err(|reason| told("tls", reason));
        let known = earlier.map(|(settings, materials)| (admin_tls(settings), materials.admin_tls.as_ref()));
        let admin_tls = serve(admin_tls(settings), keyring, known).map_err(|reason| told("admin.tls", reason));
        let signer = settings.identity.token.as_ref().map(|token| ServiceSigner::load(token, keyring)).transpose();
        let signer = signer.map_err(|fault| told("identity.token.private_key", Reason::ServiceKey(Box::new(fault))));
        match (tls, admin_tls, signer) {
            (Ok(tls), Ok(admin_tls), Ok(signer)) => Ok(Self { tls, admin_tls, signer: signer.map(Arc::new), files }),
            _ => Err(SettingsError { file: settings.file.clone(), faults, log_file: settings.log.file.clone() }),
        }
    }

    /// What an operator should look at, although it can be served with.
    pub(crate) fn warnings(&self, settings: &Settings) -> Vec<String> {
        let now = Clock::default().now();
        let servers = [&self.tls, &self.admin_tls];
        let mut warnings: Vec<String> = servers.into_iter().flatten().flat_map(|tls| tls.warnings(now)).collect();
        if let Some(token) = settings.identity.token.as_ref().filter(|token| is_readable_by_all(&token.private_key)) {
            warnings.push(format!("{}: the private key can be read by everybody", token.private_key.display()));
        }
        let open = settings.secrets.keyring.open_to_all();
        warnings
            .extend(open.map(|source| format!("everybody on this machine can read what opens the secrets: {source}")));
        warnings
    }

    /// Logs the warnings.
    pub(crate) fn warn(&self, settings: &Settings) {
        for reason in self.warnings(settings) {
            tracing::warn!(reason, "something about the keys and certificates should be looked at");
        }
    }
}

fn admin_tls(settings: &Settings) -> Option<&TlsSettings> {
    settings.admin.as_ref()?.tls.as_ref()
}

/// What serves as these settings say: what did so earlier, if it did so by the same settings.
fn serve(
    settings: Option<&TlsSettings>,
    keyring: &Keyring,
    known: Option<(Option<&TlsSettings>, Option<&Arc<TlsServer>>)>,
) -> Result<Option<Arc<TlsServer>>, Reason> {
    let Some(wanted) = settings else { return Ok(None) };
    if let Some((_, Some(server))) = known.filter(|(earlier, _)| *earlier == settings) {
        return Ok(Some(Arc::clone(server)));
    }
    let server = TlsServer::read(wanted, keyring, Clock::default().now());
    server.map(|server| Some(Arc::new(server))).map_err(|fault| Reason::Certificate(Box::new(fault)))
}
