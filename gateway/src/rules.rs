//! What a reload changes: all that the settings decide about requests, made from one file at a time, never changed, and
//! replaced as a whole.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

#[cfg(not(feature = "zeromq"))]
use gateway_table::Scheme;
use gateway_table::Table;
use http::HeaderName;
use ipnet::IpNet;
use tokio::sync::Semaphore;

use crate::access_log::LogRules;
use crate::auth::refresh::RefreshHandle;
use crate::disclosure::Disclosure;
use crate::identity::IdentityRules;
use crate::materials::Materials;
use crate::settings::{
    AdminSettings, CompressionSettings, CorsSettings, LimitSettings, Settings, TelemetrySettings, ZeroMqSettings,
};
use crate::telemetry::Telemetry;
use crate::tls::TlsServer;
use crate::upstream::Upstream;

/// What the settings say, as workers and operators go by it.
pub(crate) struct Rules {
    pub(crate) limits: LimitSettings,
    /// Where the services are, and how they are.
    pub(crate) upstreams: Arc<[Upstream]>,
    pub(crate) tls: Option<Arc<TlsServer>>,
    /// What services learn of who is asking.
    pub(crate) identity: Arc<IdentityRules>,
    /// What asks for keys or revocations that a token cannot be judged without.
    pub(crate) key_refresh: Option<RefreshHandle>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Fields of clients that never pass, beside the built-in ones.
    pub(crate) dropped_fields: Vec<HeaderName>,
    pub(crate) shutdown_grace: Duration,
    pub(crate) log: LogRules,
    /// What answers say of how they came about.
    pub(crate) disclosure: Disclosure,
    pub(crate) cors: Option<CorsSettings>,
    pub(crate) compression: Option<CompressionSettings>,
    /// How services that speak ZeroMQ are spoken to.
    pub(crate) zeromq: ZeroMqSettings,
    pub(crate) telemetry: Option<TelemetrySettings>,
    pub(crate) admin: Option<AdminRules>,
    /// Has a permit for each worker that goes by these rules.
    pub(crate) adopted: Semaphore,
}

/// What the settings say about the admin listener.
pub(crate) struct AdminRules {
    pub(crate) settings: AdminSettings,
    pub(crate) tls: Option<Arc<TlsServer>>,
}

impl Rules {
    /// The rules that these settings make. What `earlier` ones know of a service at the same address stays known.
    ///
    /// # Errors
    ///
    /// The table names an impossible address, which a checked one never does.
    pub(crate) fn new(
        settings: &Settings,
        materials: &Materials,
        table: &Table,
        key_refresh: Option<RefreshHandle>,
        earlier: Option<&Self>,
    ) -> io::Result<Self> {
        Ok(Self {
            limits: settings.limits,
            upstreams: upstreams(settings, table, earlier)?,
            tls: materials.tls.clone(),
            identity: Arc::new(IdentityRules {
                signer: materials.signer.clone(),
                has_plain_fields: settings.identity.headers,
            }),
            key_refresh,
            trusted_proxies: settings.trusted_proxies.clone(),
            dropped_fields: settings.identity.drop.clone(),
            shutdown_grace: settings.shutdown_grace,
            log: LogRules { levels: settings.log.levels, has_query: settings.log.query },
            disclosure: Disclosure::new(settings.response_headers),
            cors: settings.cors.clone(),
            compression: settings.compression.clone(),
            zeromq: settings.zeromq,
            telemetry: settings.telemetry.clone(),
            admin: settings
                .admin
                .as_ref()
                .map(|admin| AdminRules { settings: admin.clone(), tls: materials.admin_tls.clone() }),
            adopted: Semaphore::new(0),
        })
    }

    /// Whether what a client at this address says of those before it is believed.
    pub(crate) fn trusts(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        self.trusted_proxies.iter().any(|network| network.contains(&ip))
    }

    /// Has every change of a breaker told to `telemetry`.
    pub(crate) fn report_to(&self, telemetry: &Telemetry) {
        for upstream in self.upstreams.iter() {
            upstream.breaker.report_to(&telemetry.alarm);
        }
    }

    /// Has what is not part of a request's way go by these rules: how much is logged, sent and traced.
    pub(crate) fn tune(settings: &Settings, log: &crate::log::LogSender, telemetry: &Telemetry) {
        log.threshold.set(Some(settings.log.level));
        log.ships_from.set(settings.telemetry.as_ref().and_then(|telemetry| telemetry.log_level));
        let traces = settings.telemetry.as_ref().and_then(|telemetry| telemetry.traces.as_ref());
        telemetry.tracer.set_sample(traces.map_or(0.0, |traces| traces.sample));
    }
}

fn upstreams(settings: &Settings, table: &Table, earlier: Option<&Rules>) -> io::Result<Arc<[Upstream]>> {
    let earlier = |index: usize| earlier.map(|earlier| &earlier.upstreams[index]);
    let services = table.services.iter().enumerate();
    let upstreams: Option<Arc<[Upstream]>> =
        services.map(|(index, service)| Upstream::new(service, settings, earlier(index))).collect();
    let upstreams = upstreams.ok_or_else(|| io::Error::other("the compiled routes name an impossible address"))?;
    #[cfg(not(feature = "zeromq"))]
    for upstream in upstreams.iter().filter(|upstream| upstream.address.scheme == Scheme::ZeroMq) {
        tracing::warn!(upstream_service = &*upstream.name, "this build cannot speak ZeroMQ: its routes answer 502");
    }
    Ok(upstreams)
}
