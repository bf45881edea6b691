//! What the settings name and do not hold themselves: certificates and private keys, read and checked.
//!
//! In: settings that were read, and the table. Out: what can be served with, or every fault. The start, a reload and the
//! command `config` refuse the same things here.

use std::sync::Arc;

use gateway_table::Table;
use tokio_rustls::TlsAcceptor;

use crate::identity::ServiceSigner;
use crate::settings::{Reason, Settings, SettingsError, SettingsFault};
use crate::tls;

/// Certificates and private keys.
pub(crate) struct Materials {
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) admin_tls: Option<TlsAcceptor>,
    pub(crate) signer: Option<Arc<ServiceSigner>>,
}

impl Materials {
    /// Checks the settings against the table, and reads what they name.
    ///
    /// # Errors
    ///
    /// Tells everything that does not fit or cannot be used.
    pub(crate) fn read(settings: &Settings, table: &Table) -> Result<Self, SettingsError> {
        settings.check_against(table)?;
        let mut faults = Vec::new();
        let mut told = |key: &str, reason: Reason| {
            faults.push(SettingsFault { place: settings.origins.place_of(key), reason, help: None });
        };
        let acceptor = |settings| tls::acceptor(settings).map_err(|fault| Reason::Certificate(Box::new(fault)));
        let tls = settings.tls.as_ref().map(acceptor).transpose();
        let tls = tls.map_err(|reason| told("tls", reason));
        let admin_tls = settings.admin.as_ref().and_then(|admin| admin.tls.as_ref()).map(acceptor).transpose();
        let admin_tls = admin_tls.map_err(|reason| told("admin.tls", reason));
        let signer = settings.identity.token.as_ref().map(ServiceSigner::load).transpose();
        let signer = signer.map_err(|fault| told("identity.token.private_key", Reason::ServiceKey(Box::new(fault))));
        match (tls, admin_tls, signer) {
            (Ok(tls), Ok(admin_tls), Ok(signer)) => Ok(Self { tls, admin_tls, signer: signer.map(Arc::new) }),
            _ => Err(SettingsError { file: settings.file.clone(), faults }),
        }
    }
}
