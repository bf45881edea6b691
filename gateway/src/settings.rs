//! The run-time configuration: what one plant's gateway does differently from another's, read from YAML.
//!
//! In: the name of a file. Out: [`Settings`], plain data in which every value is possible, or every fault of the file
//! with its place. What routes exist and who may call them is no matter of configuration; that is compiled.

mod address;
mod admin;
mod auth;
mod catalogue;
mod check;
mod compression;
mod cors;
mod effective;
mod environment;
mod fault;
mod file;
mod identity;
mod log;
mod node;
mod origins;
mod read;
mod response_headers;
mod schema;
mod secrets;
mod section;
mod show;
mod suggest;
mod telemetry;
#[cfg(test)]
mod tests;
mod tls;
mod units;
mod zeromq;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;

pub use address::{Address, HttpUrl};
pub use admin::{AdminSettings, RequiredRole};
pub use auth::{Algorithm, AuthSettings, InlineKeys, JwksSettings, KeySource, RevocationSettings, RevocationSource};
pub use compression::CompressionSettings;
pub use cors::{CorsOrigins, CorsSettings};
pub use effective::{Setting, Shown};
pub use fault::{FixedSetting, Place, Reason, SettingsError, SettingsFault};
pub use identity::{IdentitySettings, ServiceTokenSettings, TrustedService};
pub use log::{LogLevel, LogSettings, OutcomeLevels};
pub use origins::{Origin, Origins};
pub use response_headers::ResponseHeaderSettings;
pub use secrets::{EncryptedFile, EncryptedValue, SecretsSettings};
pub use telemetry::{TelemetryFormat, TelemetrySettings, TraceSettings};
pub use tls::{ClientCertificateSettings, PairSettings, TlsSettings, TlsVersion};
pub use zeromq::ZeroMqSettings;

/// The run-time configuration of a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The file that it comes from; `None` for the built-in defaults.
    pub file: Option<PathBuf>,
    /// Where each setting comes from.
    pub origins: Origins,
    /// `listen`: where clients connect, an IP address and a port (0: any free one). Default `127.0.0.1:8001`.
    pub listen: SocketAddr,
    /// `tls`: the gateway's own certificate; clear text without it, the default.
    pub tls: Option<TlsSettings>,
    /// `admin`: where operators connect; nowhere without it, the default.
    pub admin: Option<AdminSettings>,
    /// `auth`: whose tokens are believed; nobody's without it, the default.
    pub auth: Option<AuthSettings>,
    /// `identity`: what services learn of who is asking.
    pub identity: IdentitySettings,
    /// `services`: services that are elsewhere than the compiled routes say, in the order of the file.
    pub services: Vec<ServiceSettings>,
    /// `telemetry`: where metrics and logs are sent; nowhere without it, the default.
    pub telemetry: Option<TelemetrySettings>,
    /// `log`: what is written down, and where.
    pub log: LogSettings,
    /// `limits`: what clients may take up.
    pub limits: LimitSettings,
    /// `secrets`: what opens encrypted values and files.
    pub secrets: SecretsSettings,
    /// `trusted_proxies`: addresses or networks whose `X-Forwarded-For` is believed. Default: none.
    pub trusted_proxies: Vec<IpNet>,
    /// `cors`: which browser apps of other origins may call; none without it, the default.
    pub cors: Option<CorsSettings>,
    /// `response_headers`: what answers say of the way to the upstream. Default: nothing.
    pub response_headers: ResponseHeaderSettings,
    /// `compression`: which answers are compressed; none without it, the default.
    pub compression: Option<CompressionSettings>,
    /// `zeromq`: how services that speak ZeroMQ are spoken to.
    pub zeromq: ZeroMqSettings,
    /// `shutdown_grace`: how long requests may take to end after SIGTERM; 0s to 10m, default 4s.
    pub shutdown_grace: Duration,
    /// `threads`: how many threads serve, 0 to 1024; 0, the default, is one for each core.
    pub threads: u32,
}

/// A service that is elsewhere than the compiled routes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSettings {
    /// Its name in the route file.
    pub name: String,
    /// Where it is.
    pub address: Address,
    /// Where the configuration says so.
    pub place: Place,
}

/// What clients may take up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSettings {
    /// `limits.connections`: how many connections may be open; 1 to 1000000, default 10000.
    pub connections: u32,
    /// `limits.header_bytes`: how long a request's head may be, in bytes; 8KiB to 1MiB, default 32KiB.
    pub header_bytes: u32,
    /// `limits.header_fields`: how many fields a request's head may have; 10 to 1000, default 100.
    pub header_fields: u32,
    /// `limits.header_timeout`: how long a request's head may take to come; 100ms to 5m, default 10s.
    pub header_timeout: Duration,
    /// `limits.idle_timeout`: how long a connection may be open between requests; 100ms to 1h, default 60s.
    pub idle_timeout: Duration,
    /// `limits.requests_per_connection`: how many requests a connection may bring; 1 to 1000000, default 10000.
    pub requests_per_connection: u32,
    /// `limits.body_rate`: how many bytes of a request's body must come in a second, on average, once 5 s are over; 0B,
    /// which switches it off, to 1GiB, default 240B.
    pub body_rate: u32,
}

/// The JSON schema of the configuration, for editors.
pub fn schema() -> String {
    schema::schema()
}

/// Whether a setting stays what it was at the start until a restart.
pub(crate) fn is_fixed(key: &str) -> bool {
    catalogue::FIXED.contains(&key)
}

impl Settings {
    /// Reads the configuration of this name, a path or the stem of a `.yaml` or `.yml` file in the working directory;
    /// the built-in defaults without a name.
    ///
    /// # Errors
    ///
    /// Tells everything that is wrong with the file.
    pub fn load(config_name: Option<&str>) -> Result<Self, SettingsError> {
        Self::load_with_identity(config_name, None)
    }

    /// As [`Settings::load`], with the file of the identity that opens what is encrypted, before whatever the configuration
    /// or the environment says of it.
    ///
    /// # Errors
    ///
    /// Tells everything that is wrong with the file.
    pub fn load_with_identity(config_name: Option<&str>, identity: Option<&Path>) -> Result<Self, SettingsError> {
        config_name.map_or_else(|| Ok(Self::default()), |name| file::load(name, identity))
    }

    /// Reads the same file again; what the command line has said still holds.
    ///
    /// # Errors
    ///
    /// Tells everything that is wrong with the file.
    pub fn load_again(&self) -> Result<Self, SettingsError> {
        let again = self
            .file
            .as_deref()
            .map_or_else(|| Ok(Self::default()), |file| file::load_file(file, self.secrets.given.as_deref()))?;
        let is_overridden = matches!(self.origins.of_key("listen"), Some(Origin::CommandLine(_)));
        Ok(if is_overridden { again.listening_at(self.listen) } else { again })
    }

    /// The same settings, with another address to listen at, which the command line has given.
    #[must_use]
    pub fn listening_at(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self.origins.override_by("listen", "--listen");
        self
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            file: None,
            origins: Origins::default(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8001)),
            tls: None,
            admin: None,
            auth: None,
            identity: IdentitySettings::default(),
            services: Vec::new(),
            telemetry: None,
            log: LogSettings::default(),
            limits: LimitSettings::default(),
            secrets: SecretsSettings::default(),
            trusted_proxies: Vec::new(),
            cors: None,
            response_headers: ResponseHeaderSettings::default(),
            compression: None,
            zeromq: ZeroMqSettings::default(),
            shutdown_grace: Duration::from_secs(4),
            threads: 0,
        }
    }
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            connections: 10_000,
            header_bytes: 32 * 1024,
            header_fields: 100,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_mins(1),
            requests_per_connection: 10_000,
            body_rate: 240,
        }
    }
}
