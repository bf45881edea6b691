//! The `identity` section: what services learn of who is asking, and what of the client's own word reaches them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::HeaderName;
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};

use super::auth::{Algorithm, read_algorithm};
use super::fault::Place;
use super::read::path_of;
use super::section::{Faults, Field};

const LIFETIMES: std::ops::RangeInclusive<Duration> = Duration::from_secs(10)..=Duration::from_mins(15);

/// What services learn of who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentitySettings {
    /// `identity.token`: the gateway's own signed word, `X-Service-Auth`; none is sent without it, the default.
    pub token: Option<ServiceTokenSettings>,
    /// `identity.headers`: whether `X-Auth-Subject` and `X-Auth-Roles` are sent. Default `false`.
    pub headers: bool,
    /// `identity.authorization`: the services that get the client's own `Authorization`. Default `[coreauth]`.
    pub authorization: Vec<TrustedService>,
    /// `identity.drop`: fields that services could believe, beside the built-in ones; a client's never pass. Default: none.
    pub drop: Vec<HeaderName>,
}

/// A service that is trusted with clients' credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedService {
    /// Its name in the route file.
    pub name: String,
    /// Where the configuration says so; `None` for the default.
    pub place: Option<Place>,
}

/// How the gateway vouches for who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceTokenSettings {
    /// `identity.token.private_key`: a PEM file with the gateway's private key, PKCS#8; required.
    pub private_key: PathBuf,
    /// `identity.token.algorithm`: what it signs with. Default `ES256`.
    pub algorithm: Algorithm,
    /// `identity.token.lifetime`: how long a token is good for; 10s to 15m, default 1m. Half of it is left when it is sent.
    pub lifetime: Duration,
    /// `identity.token.issuer`: its `iss`. Default `coregateway`.
    pub issuer: String,
    /// `identity.token.correlation_id`: whether it names its request, which costs a signature for each. Default `false`.
    pub correlation_id: bool,
}

impl Default for IdentitySettings {
    fn default() -> Self {
        let authorization = vec![TrustedService { name: "coreauth".to_owned(), place: None }];
        Self { token: None, headers: false, authorization, drop: Vec::new() }
    }
}

/// Reads the `identity` section; `base` is the directory of the file.
pub(super) fn read(field: Field, base: &Path, faults: &mut Faults) -> IdentitySettings {
    let mut settings = IdentitySettings::default();
    let Some(mut section) = field.section(&["token", "headers", "authorization", "drop"], faults) else {
        return settings;
    };
    settings.token = section.take("token").and_then(|field| read_token(field, base, faults));
    settings.headers = section.take("headers").and_then(|field| field.truth(faults)).unwrap_or_default();
    if let Some(field) = section.take("authorization") {
        let items = field.list(faults).unwrap_or_default();
        let mut service =
            |field: &Field| Some(TrustedService { name: field.text(faults)?.to_owned(), place: Some(field.place()) });
        settings.authorization = items.iter().filter_map(&mut service).collect();
    }
    if let Some(field) = section.take("drop") {
        let items = field.list(faults).unwrap_or_default();
        settings.drop = items.iter().filter_map(|field| read_name(field, faults)).collect();
    }
    settings
}

fn read_token(field: Field, base: &Path, faults: &mut Faults) -> Option<ServiceTokenSettings> {
    let keys = ["private_key", "algorithm", "lifetime", "issuer", "correlation_id"];
    let mut section = field.section(&keys, faults)?;
    let private_key = section.require("private_key", "name the PEM file of the gateway's private key", faults);
    let private_key = private_key.and_then(|field| path_of(&field, base, faults));
    let algorithm = section.take("algorithm").map_or(Some(Algorithm::ES256), |field| read_algorithm(&field, faults));
    let lifetime =
        section.take("lifetime").map_or(Some(Duration::from_mins(1)), |field| field.duration(LIFETIMES, faults));
    let issuer = match section.take("issuer") {
        Some(field) => field.text(faults).map(str::to_owned),
        None => Some("coregateway".to_owned()),
    };
    let correlation_id = section.take("correlation_id").map_or(Some(false), |field| field.truth(faults));
    Some(ServiceTokenSettings {
        private_key: private_key?,
        algorithm: algorithm?,
        lifetime: lifetime?,
        issuer: issuer?,
        correlation_id: correlation_id?,
    })
}

fn read_name(field: &Field, faults: &mut Faults) -> Option<HeaderName> {
    let Ok(name) = HeaderName::from_bytes(field.text(faults)?.as_bytes()) else {
        field.invalid("is no name of a field", "write it like `X-Plant-User`", faults);
        return None;
    };
    if [AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING].contains(&name) {
        field.invalid("says more than who is asking", "leave it out: the gateway deals with it by itself", faults);
        return None;
    }
    Some(name)
}
