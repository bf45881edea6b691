//! The services behind the gateway: where they are, the connections to them, and what goes wrong with those.

mod breaker;
mod call;
mod connect;
mod pool;
mod retry_budget;
mod send;

use std::fmt;
use std::io;
use std::time::Duration;

use gateway_table::{Service, Text};
use http::HeaderValue;

use crate::settings::{Address, Settings};

pub(crate) use breaker::{Breaker, Change};
pub(crate) use connect::{Stream, open, open_at, resolve};
pub(crate) use pool::{Lease, Pool};
pub(crate) use send::Answer;

/// A service as it is reached in this deployment.
#[derive(Debug)]
pub(crate) struct Upstream {
    /// Its name in the route file.
    pub(crate) name: Text,
    /// Where it is.
    pub(crate) address: Address,
    /// The `Host` of requests to it.
    pub(crate) host: HeaderValue,
    /// Whether it gets clients' own credentials.
    pub(crate) gets_authorization: bool,
    /// Keeps requests from it while it fails.
    pub(crate) breaker: Breaker,
}

impl Upstream {
    /// The service as the settings have it; `None` if the table's address is none, which a checked table's always is.
    pub(crate) fn new(service: &Service, settings: &Settings) -> Option<Self> {
        let moved = settings.services.iter().find(|moved| moved.name == service.name);
        let gets_authorization = settings.identity.authorization.iter().any(|trusted| trusted.name == service.name);
        let address = match moved.map(|moved| &moved.address) {
            Some(address) => address.clone(),
            None => Address::from_authority(service.scheme, &service.authority).ok()?,
        };
        let host = HeaderValue::from_str(&address.authority()).ok()?;
        Some(Self { name: service.name.clone(), address, host, gets_authorization, breaker: Breaker::default() })
    }
}

/// Why an upstream gave no answer that could be passed on.
#[derive(Debug)]
pub(crate) enum UpstreamFault {
    /// No connection came about.
    Unreachable(io::Error),
    /// The connection broke before an answer.
    Reset(hyper::Error),
    /// There was no answer within the time of one try.
    TooSlow(Duration),
    /// What came back is not HTTP, or not an answer to what was asked.
    Malformed,
    /// The upstream speaks ZeroMQ, and this build has no adapter for it.
    NoAdapter,
}

impl UpstreamFault {
    /// What an error of a connection's means for the request that was on it.
    pub(crate) fn of(error: hyper::Error) -> Self {
        if error.is_parse() { Self::Malformed } else { Self::Reset(error) }
    }
}

impl fmt::Display for UpstreamFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(error) => write!(f, "the upstream cannot be reached: {error}"),
            Self::Reset(error) => write!(f, "the upstream broke the connection: {error}"),
            Self::TooSlow(limit) => write!(f, "the upstream did not answer within {limit:?}"),
            Self::Malformed => f.write_str("the upstream's answer is not valid HTTP"),
            Self::NoAdapter => f.write_str("the upstream speaks ZeroMQ, for which this build has no adapter"),
        }
    }
}
