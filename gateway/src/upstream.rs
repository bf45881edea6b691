//! The services behind the gateway: where they are, the connections to them, and what goes wrong with those.

mod breaker;
mod call;
mod connect;
mod http1;
mod http2;
mod line;
mod pool;
mod retry_budget;
mod send;
mod slots;
mod upload;
#[cfg(feature = "zeromq")]
mod zeromq;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use gateway_http1::{HeadLimits, ResponseFault};
use gateway_table::{Scheme, Service, Table, Text};
#[cfg(feature = "zeromq")]
use gateway_zeromq::ReplyFault;
use http::HeaderValue;

#[cfg(feature = "zeromq")]
use crate::budget::Budget;
use crate::request_body::RequestBodyFault;
use crate::settings::{Address, Settings, ZeroMqSettings};
use crate::telemetry::Telemetry;

pub(crate) use breaker::{Breaker, BreakerRecord, BreakerState, Change};
pub(crate) use connect::{open, open_at, resolve};
pub(crate) use http1::Exchange;
pub(crate) use http2::Local;
pub(crate) use line::Line;
pub(crate) use pool::{Lease, Pool};
pub(crate) use send::{Answer, Outgoing, Protocol};
pub(crate) use slots::{Slot, Slots};

/// How large the head of an upstream's answer may be.
const HEAD_LIMITS: HeadLimits = HeadLimits { bytes: 64 * 1024, fields: 100 };

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
    pub(crate) breaker: Arc<Breaker>,
    /// How many requests it has at the moment.
    pub(crate) slots: Slots,
    /// What bodies of messages to it and from it are held in.
    #[cfg(feature = "zeromq")]
    held: Budget,
}

impl Upstream {
    /// The service as the settings have it; `None` if the table's address is none, which a checked table's always is. How
    /// it was at the same address before, it still is.
    pub(crate) fn new(service: &Service, settings: &Settings, earlier: Option<&Self>) -> Option<Self> {
        let moved = settings.services.iter().find(|moved| moved.name == service.name);
        let gets_authorization = settings.identity.authorization.iter().any(|trusted| trusted.name == service.name);
        let address = match moved.map(|moved| &moved.address) {
            Some(address) => address.clone(),
            None => Address::from_authority(service.scheme, &service.authority).ok()?,
        };
        let host = HeaderValue::from_str(&address.authority()).ok()?;
        let name = service.name.clone();
        let earlier = earlier.filter(|earlier| earlier.address == address);
        let (breaker, slots) =
            earlier.map(|earlier| (Arc::clone(&earlier.breaker), earlier.slots.clone())).unwrap_or_default();
        Some(Self {
            name,
            address,
            host,
            gets_authorization,
            breaker,
            slots,
            #[cfg(feature = "zeromq")]
            held: Budget::new(settings.zeromq.held_bytes),
        })
    }

    /// What a worker speaks to it by.
    #[cfg_attr(not(feature = "zeromq"), expect(unused_variables, reason = "HTTP needs nothing of all this"))]
    pub(crate) fn line(&self, table: &'static Table, settings: ZeroMqSettings, telemetry: &Arc<Telemetry>) -> Line {
        match self.address.scheme {
            Scheme::Http | Scheme::Https => Line::Http,
            #[cfg(feature = "zeromq")]
            Scheme::ZeroMq => {
                Line::ZeroMq(Box::new(zeromq::Dealers::new(self, table, settings, Arc::clone(telemetry))))
            }
            #[cfg(not(feature = "zeromq"))]
            Scheme::ZeroMq => Line::Unknown,
        }
    }
}

/// Why an upstream gave no answer that could be passed on.
#[derive(Debug)]
pub(crate) enum UpstreamFault {
    /// No connection came about.
    Unreachable(io::Error),
    /// No connection came about within its time.
    ConnectTooSlow(Duration),
    /// The connection broke before an answer.
    Reset(io::Error),
    /// There was no answer within the time of one try.
    TooSlow(Duration),
    /// What came back is not HTTP, or could be read in two ways.
    Malformed(ResponseFault),
    /// What came back is no answer to what was asked: a switch of protocols that nobody offered.
    Unasked,
    /// Interim answers came without end.
    TooManyInterim,
    /// The request's body ended early; its client is to blame.
    RequestBody(RequestBodyFault),
    /// What came back over ZeroMQ is no reply.
    #[cfg(feature = "zeromq")]
    MalformedReply(ReplyFault),
    /// Bodies of messages take all the room that there is for them.
    #[cfg(feature = "zeromq")]
    NoRoom,
    /// The upstream speaks ZeroMQ, and this build does not.
    #[cfg(not(feature = "zeromq"))]
    NoAdapter,
}

impl From<ResponseFault> for UpstreamFault {
    fn from(fault: ResponseFault) -> Self {
        Self::Malformed(fault)
    }
}

impl fmt::Display for UpstreamFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(error) => write!(f, "the upstream cannot be reached: {error}"),
            Self::ConnectTooSlow(limit) => write!(f, "the upstream took no connection within {limit:?}"),
            Self::Reset(error) => write!(f, "the upstream broke the connection: {error}"),
            Self::TooSlow(limit) => write!(f, "the upstream did not answer within {limit:?}"),
            Self::Malformed(fault) => write!(f, "the upstream's answer is not valid HTTP: {fault}"),
            Self::Unasked => f.write_str("the upstream switched to a protocol that it was not offered"),
            Self::TooManyInterim => f.write_str("the upstream sends interim answers without end"),
            Self::RequestBody(fault) => fault.fmt(f),
            #[cfg(feature = "zeromq")]
            Self::MalformedReply(fault) => write!(f, "the upstream's reply is not valid: {fault}"),
            #[cfg(feature = "zeromq")]
            Self::NoRoom => f.write_str("there is no room for the bodies of messages to and from the upstream"),
            #[cfg(not(feature = "zeromq"))]
            Self::NoAdapter => f.write_str("the upstream speaks ZeroMQ, which this build does not"),
        }
    }
}
