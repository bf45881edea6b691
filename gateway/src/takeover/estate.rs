//! What one executable leaves to the next: what is known, and the sockets.
//!
//! The next may be older or newer. What it does not know it leaves out; what it misses it begins anew.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Instant;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gateway_table::Table;
use serde::{Deserialize, Serialize};

use crate::auth::{TrustRecord, Verifier};
use crate::connection::Parked;
use crate::limiters::{self, LimitRecord, Limiters};
use crate::settings::AuthSettings;
use crate::telemetry::{Telemetry, TelemetryRecord};
use crate::upstream::{BreakerRecord, Upstream};

/// What is left.
#[derive(Debug)]
pub(crate) struct Estate {
    /// Who leaves it.
    pub(crate) from: Build,
    /// Where that executable was found.
    pub(crate) executable: PathBuf,
    /// Where clients connect.
    pub(crate) clients: Option<Listening>,
    /// Where operators connect.
    pub(crate) operators: Option<Listening>,
    /// Clients' connections.
    pub(crate) parked: Vec<Parked>,
    pub(crate) state: State,
}

/// Sockets that listen at one address; none where an executable only checks itself.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    pub(crate) sockets: Vec<TcpListener>,
}

/// What an executable says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Build {
    pub(crate) version: String,
    pub(crate) routes_digest: String,
}

impl Build {
    /// What is to be said of this one.
    pub(crate) fn own(table: &Table) -> Self {
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), routes_digest: table.digest.to_string() }
    }
}

/// What is known.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    limits: Vec<LimitRecord>,
    /// By service: where it is, and its breaker.
    breakers: BTreeMap<String, (String, BreakerRecord)>,
    trust: Option<Trusted>,
    pub(crate) telemetry: TelemetryRecord,
    /// Lines that CoreTelemetry has not got yet.
    pub(crate) lines: Vec<String>,
}

/// Whom tokens are believed from.
#[derive(Debug, Serialize, Deserialize)]
struct Trusted {
    /// A digest of what the settings say of it: with other settings nobody is believed for what was.
    settings: String,
    record: TrustRecord,
}

/// The parts of a gateway whose state goes along.
pub(crate) struct Parts<'a> {
    pub(crate) table: &'static Table,
    pub(crate) auth: Option<&'a AuthSettings>,
    pub(crate) verifier: &'a Verifier,
    pub(crate) limiters: &'a Limiters,
    pub(crate) upstreams: &'a [Upstream],
}

impl State {
    /// What these parts, and what has been counted, stand at.
    pub(crate) fn of(parts: &Parts<'_>, telemetry: &Telemetry) -> Self {
        let now = Instant::now();
        let breaker = |upstream: &Upstream| {
            Some((upstream.name.to_string(), (upstream.address.to_string(), upstream.breaker.record(now)?)))
        };
        Self {
            limits: parts.limiters.record(&limiters::names(parts.table)),
            breakers: parts.upstreams.iter().filter_map(breaker).collect(),
            trust: parts.auth.map(|auth| Trusted { settings: digest_of(auth), record: parts.verifier.record() }),
            telemetry: telemetry.record(parts.table),
            lines: Vec::new(),
        }
    }

    /// Has a verifier believe whom the one before has, if the settings still say so.
    pub(crate) fn resume_trust(&self, auth: Option<&AuthSettings>, verifier: &Verifier) {
        if let (Some(auth), Some(trust)) = (auth, &self.trust)
            && digest_of(auth) == trust.settings
        {
            verifier.resume(&trust.record);
        }
    }

    /// Has limits, and the breakers of services that are where they were, go on from where they stood.
    pub(crate) fn resume_traffic(&self, table: &Table, limiters: &Limiters, upstreams: &[Upstream]) {
        limiters.resume(&limiters::names(table), &self.limits);
        let now = Instant::now();
        for upstream in upstreams {
            if let Some((address, record)) = self.breakers.get(&*upstream.name)
                && *address == upstream.address.to_string()
            {
                upstream.breaker.resume(record, now);
            }
        }
    }
}

/// A digest of whose tokens are believed, and by what.
fn digest_of(auth: &AuthSettings) -> String {
    let revocations = auth.revocations.as_ref().map(|revocations| &revocations.source);
    let text = format!("{:?}", (&auth.issuer, &auth.audience, &auth.jwks.source, revocations));
    STANDARD.encode(digest(&SHA256, text.as_bytes()))
}
