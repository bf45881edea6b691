//! The `tls` section, of clients and of operators: the gateway's own certificates, and those of its clients.

use std::path::{Path, PathBuf};

use super::read::path_of;
use super::section::{Faults, Field, Section};

/// The gateway's own certificates, and those of its clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// `tls.certificate` and `tls.private_key`: what serves whoever asks for no other.
    pub pair: PairSettings,
    /// `tls.by_name`: further ones, for clients that ask for a name of theirs. Default: none.
    pub by_name: Vec<PairSettings>,
    /// `tls.minimum`: the oldest version that clients may speak. Default `"1.3"`.
    pub minimum: TlsVersion,
    /// `tls.clients`: certificates of clients; none is asked for one without it, the default.
    pub clients: Option<ClientCertificateSettings>,
}

/// A certificate and its private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairSettings {
    /// `tls.certificate`: a PEM file with the certificate and what leads to its root.
    pub certificate: PathBuf,
    /// `tls.private_key`: a PEM file with its private key.
    pub private_key: PathBuf,
}

/// Which certificates of clients are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificateSettings {
    /// `tls.clients.issuers`: a PEM file with the certificates of those who may sign them.
    pub issuers: PathBuf,
    /// `tls.clients.required`: whether a client without one is refused. Default `true`.
    pub is_required: bool,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2
    V1_2,
    /// TLS 1.3
    V1_3,
}

/// Reads a `tls` section; `base` is the directory of the file.
pub(super) fn read(field: Field, base: &Path, faults: &mut Faults) -> Option<TlsSettings> {
    let mut section = field.section(&["certificate", "private_key", "minimum", "by_name", "clients"], faults)?;
    let pair = read_pair(&mut section, base, faults);
    let by_name = section.take("by_name").and_then(|field| field.list(faults)).unwrap_or_default();
    let by_name: Vec<Option<PairSettings>> = by_name
        .into_iter()
        .map(|field| read_pair(&mut field.section(&["certificate", "private_key"], faults)?, base, faults))
        .collect();
    let minimum = match section.take("minimum") {
        Some(field) => version_of(&field, faults),
        None => Some(TlsVersion::V1_3),
    };
    let clients = section.take("clients").map(|field| read_clients(field, base, faults));
    Some(TlsSettings {
        pair: pair?,
        by_name: by_name.into_iter().collect::<Option<_>>()?,
        minimum: minimum?,
        clients: clients.flatten(),
    })
}

fn read_pair(section: &mut Section, base: &Path, faults: &mut Faults) -> Option<PairSettings> {
    let certificate = section.require("certificate", "name the PEM file of the certificate", faults);
    let private_key = section.require("private_key", "name the PEM file of the private key", faults);
    let certificate = certificate.and_then(|field| path_of(&field, base, faults));
    let private_key = private_key.and_then(|field| path_of(&field, base, faults));
    Some(PairSettings { certificate: certificate?, private_key: private_key? })
}

fn read_clients(field: Field, base: &Path, faults: &mut Faults) -> Option<ClientCertificateSettings> {
    let mut section = field.section(&["issuers", "required"], faults)?;
    let issuers = section.require("issuers", "name the PEM file of those who sign clients' certificates", faults);
    let issuers = issuers.and_then(|field| path_of(&field, base, faults));
    let is_required = section.take("required").map_or(Some(true), |field| field.truth(faults));
    Some(ClientCertificateSettings { issuers: issuers?, is_required: is_required? })
}

fn version_of(field: &Field, faults: &mut Faults) -> Option<TlsVersion> {
    match field.text(faults)? {
        "1.2" => Some(TlsVersion::V1_2),
        "1.3" => Some(TlsVersion::V1_3),
        _ => {
            field.invalid("is no version of TLS that is served", "write \"1.2\" or \"1.3\"", faults);
            None
        }
    }
}
