//! A worker's state: what one thread has for itself, upstream connections, verified tokens, a log buffer, and what it
//! shares with the others, which is all in [`Shared`].

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use gateway_http1::HeadLimits;
use gateway_table::{Route, Table};
use http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use tokio_rustls::TlsAcceptor;

use crate::access_log::{AccessLog, LogRules};
use crate::auth::refresh::RefreshHandle;
use crate::auth::{Principal, Remedy, TokenCache, TokenFault, Verifier};
use crate::buffers::Buffers;
use crate::clock::{Clock, Date, UnixSeconds};
use crate::compression::Compressor;
use crate::cors::Cors;
use crate::debounce::Debounce;
use crate::disclosure::Disclosure;
use crate::identity::{Identities, IdentityRules};
use crate::limiters::Limiters;
use crate::log::LogSender;
use crate::rejection::Rejection;
use crate::settings::{CompressionSettings, CorsSettings, LimitSettings};
use crate::telemetry::Telemetry;
use crate::ticks::TickClock;
use crate::upstream::{Pool, Upstream};

/// What all workers share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) table: &'static Table,
    pub(crate) upstreams: Arc<[Upstream]>,
    pub(crate) limiters: Arc<Limiters>,
    pub(crate) debounce: Option<Arc<Debounce<Rejection>>>,
    pub(crate) identity: Arc<IdentityRules>,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) key_refresh: Option<RefreshHandle>,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) connections: Arc<AtomicUsize>,
    pub(crate) log: LogSender,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) rules: Arc<Rules>,
}

/// What the settings say about connections.
pub(crate) struct Rules {
    pub(crate) limits: LimitSettings,
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Fields of clients that never pass, beside the built-in ones.
    pub(crate) dropped_fields: Vec<HeaderName>,
    pub(crate) shutdown_grace: Duration,
    pub(crate) log: LogRules,
    /// What answers say of how they came about.
    pub(crate) disclosure: Disclosure,
    pub(crate) cors: Option<CorsSettings>,
    pub(crate) compression: Option<CompressionSettings>,
}

/// The state of one worker.
pub(crate) struct Worker {
    pub(crate) table: &'static Table,
    pub(crate) limiters: Arc<Limiters>,
    /// The calls that equal requests share, where a route has such.
    pub(crate) debounce: Option<Arc<Debounce<Rejection>>>,
    /// What services learn of who is asking.
    pub(crate) identities: Identities,
    pub(crate) access_log: Rc<AccessLog>,
    /// How long an upstream may pause in the middle of an answer.
    pub(crate) stall_limit: Duration,
    key_refresh: Option<RefreshHandle>,
    verifier: Arc<Verifier>,
    tokens: RefCell<TokenCache>,
    upstreams: Arc<[Upstream]>,
    pools: Vec<Rc<Pool>>,
    clock: Clock,
    /// Memory for connections that are busy.
    pub(crate) buffers: Rc<Buffers>,
    date: RefCell<Date>,
    /// The coarse clock that time limits of connections go by.
    pub(crate) ticks: Rc<TickClock>,
    /// Which pages may call, where any of another origin may.
    pub(crate) cors: Option<Cors>,
    /// What compresses answers, where any are.
    pub(crate) compressor: Option<Compressor>,
    pub(crate) rules: Arc<Rules>,
}

impl Worker {
    pub(crate) fn new(shared: Shared) -> Self {
        let ticks = Rc::new(TickClock::new());
        let buffers = Rc::new(Buffers::default());
        let pool =
            |upstream: &Upstream| Rc::new(Pool::new(upstream.address.clone(), Rc::clone(&ticks), Rc::clone(&buffers)));
        Self {
            table: shared.table,
            limiters: shared.limiters,
            debounce: shared.debounce,
            identities: Identities::new(shared.identity, shared.table),
            key_refresh: shared.key_refresh,
            access_log: Rc::new(AccessLog::new(
                shared.log,
                shared.rules.log,
                shared.table,
                shared.telemetry.recorder(),
            )),
            stall_limit: shared.rules.limits.idle_timeout,
            verifier: shared.verifier,
            tokens: RefCell::default(),
            pools: shared.upstreams.iter().map(pool).collect(),
            upstreams: shared.upstreams,
            clock: Clock::default(),
            date: RefCell::default(),
            buffers,
            ticks,
            cors: shared.rules.cors.as_ref().map(Cors::new),
            compressor: shared.rules.compression.as_ref().map(Compressor::new),
            rules: shared.rules,
        }
    }

    /// The bearer of the token in these fields.
    pub(crate) fn verify(&self, headers: &HeaderMap) -> Result<Rc<Principal>, TokenFault> {
        self.verifier.authenticate(&mut self.tokens.borrow_mut(), headers, self.now())
    }

    /// Has that read which a token of these fields could not be judged without; waits for it, but not for long.
    pub(crate) async fn remedy(&self, remedy: Remedy, headers: &HeaderMap) {
        if let Some(handle) = &self.key_refresh {
            handle.refresh(remedy, self.verifier.key_id(headers).as_deref()).await;
        }
    }

    /// The time of day.
    pub(crate) fn now(&self) -> UnixSeconds {
        self.clock.now()
    }

    /// Fields of clients that never pass, beside the built-in ones.
    pub(crate) fn dropped_fields(&self) -> &[HeaderName] {
        &self.rules.dropped_fields
    }

    /// How large the head of a request may be.
    pub(crate) fn head_limits(&self) -> HeadLimits {
        let limits = &self.rules.limits;
        HeadLimits { bytes: limits.header_bytes as usize, fields: limits.header_fields as usize }
    }

    /// Shows the value of a `Date` field (RFC 9110 §6.6.1).
    pub(crate) fn with_date(&self, show: impl FnOnce(&[u8])) {
        let mut date = self.date.borrow_mut();
        date.advance(self.clock.now());
        show(date.text.as_bytes());
    }

    /// Where a route's service is, and this worker's connections to it.
    pub(crate) fn upstream(&self, route: &Route) -> (&Upstream, &Rc<Pool>) {
        let service = route.service as usize;
        (&self.upstreams[service], &self.pools[service])
    }

    /// Once a tick: the clock goes on, and upstream connections that were idle for too long are closed.
    pub(crate) fn tick(&self) {
        self.ticks.advance();
        for pool in &self.pools {
            pool.prune();
        }
        if let Some(debounce) = &self.debounce {
            debounce.sweep(Instant::now());
        }
    }
}
