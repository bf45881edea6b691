//! A worker's state: what one thread has for itself, upstream connections, verified tokens, a log buffer; what it shares with
//! the others, which is all in [`Shared`]; and the rules that it goes by.
//!
//! Other rules make another worker of the same thread, which takes over whatever they do not touch. A request keeps the
//! worker with which it began, so that it ends under the rules under which it began.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use gateway_http1::HeadLimits;
use gateway_table::{Route, Scheme, Table};
use http::{HeaderMap, HeaderName};

use crate::access_log::AccessLog;
use crate::auth::{Principal, Remedy, TokenCache, TokenFault, Verifier};
use crate::buffers::Buffers;
use crate::clock::{Clock, Date, UnixSeconds};
use crate::compression::Compressor;
use crate::cors::Cors;
use crate::debounce::Debounce;
use crate::identity::Identities;
use crate::limiters::Limiters;
use crate::log::LogSender;
use crate::rejection::Rejection;
use crate::rules::Rules;
use crate::telemetry::Telemetry;
use crate::ticks::TickClock;
use crate::upstream::{Pool, Upstream};

/// What all workers share for as long as the gateway runs.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) table: &'static Table,
    pub(crate) limiters: Arc<Limiters>,
    pub(crate) debounce: Option<Arc<Debounce<Rejection>>>,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) connections: Arc<AtomicUsize>,
    /// How many requests have been under way for a while.
    pub(crate) lasting: Arc<AtomicUsize>,
    pub(crate) log: LogSender,
    pub(crate) telemetry: Arc<Telemetry>,
}

/// The state of one worker, under one set of rules.
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
    verifier: Arc<Verifier>,
    tokens: Rc<RefCell<TokenCache>>,
    telemetry: Arc<Telemetry>,
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
    pub(crate) fn new(shared: &Shared, rules: Arc<Rules>) -> Self {
        let ticks = Rc::new(TickClock::new());
        let buffers = Rc::new(Buffers::default());
        let recorder = shared.telemetry.recorder();
        let pool = |upstream: &Upstream| {
            let line = upstream.line(shared.table, rules.zeromq, &shared.telemetry);
            Rc::new(Pool::new(upstream.address.clone(), line, Rc::clone(&ticks), Rc::clone(&buffers)))
        };
        Self {
            table: shared.table,
            limiters: Arc::clone(&shared.limiters),
            debounce: shared.debounce.clone(),
            identities: Identities::new(Arc::clone(&rules.identity), shared.table),
            access_log: Rc::new(AccessLog::new(shared.log.clone(), rules.log, shared.table, recorder)),
            stall_limit: rules.limits.idle_timeout,
            verifier: Arc::clone(&shared.verifier),
            tokens: Rc::default(),
            telemetry: Arc::clone(&shared.telemetry),
            pools: rules.upstreams.iter().map(pool).collect(),
            upstreams: Arc::clone(&rules.upstreams),
            clock: Clock::default(),
            date: RefCell::default(),
            buffers,
            ticks,
            cors: rules.cors.as_ref().map(Cors::new),
            compressor: rules.compression.as_ref().map(Compressor::new),
            rules,
        }
    }

    /// The same worker under other rules. Connections to services that are where they were are used further.
    pub(crate) fn under(&self, rules: Arc<Rules>) -> Self {
        self.access_log.keep_to(rules.log);
        let pools = rules.upstreams.iter().zip(self.upstreams.iter().zip(&self.pools));
        let pools = pools.map(|(upstream, (earlier, known))| {
            let is_spoken_to_otherwise = upstream.address.scheme == Scheme::ZeroMq && rules.zeromq != self.rules.zeromq;
            if upstream.address == earlier.address && !is_spoken_to_otherwise {
                return Rc::clone(known);
            }
            known.retire();
            let line = upstream.line(self.table, rules.zeromq, &self.telemetry);
            Rc::new(Pool::new(upstream.address.clone(), line, Rc::clone(&self.ticks), Rc::clone(&self.buffers)))
        });
        Self {
            table: self.table,
            limiters: Arc::clone(&self.limiters),
            debounce: self.debounce.clone(),
            identities: Identities::new(Arc::clone(&rules.identity), self.table),
            access_log: Rc::clone(&self.access_log),
            stall_limit: rules.limits.idle_timeout,
            verifier: Arc::clone(&self.verifier),
            tokens: Rc::clone(&self.tokens),
            telemetry: Arc::clone(&self.telemetry),
            pools: pools.collect(),
            upstreams: Arc::clone(&rules.upstreams),
            clock: self.clock.clone(),
            date: RefCell::default(),
            buffers: Rc::clone(&self.buffers),
            ticks: Rc::clone(&self.ticks),
            cors: rules.cors.as_ref().map(Cors::new),
            compressor: rules.compression.as_ref().map(Compressor::new),
            rules,
        }
    }

    /// The bearer of the token in these fields.
    pub(crate) fn verify(&self, headers: &HeaderMap) -> Result<Rc<Principal>, TokenFault> {
        self.verifier.authenticate(&mut self.tokens.borrow_mut(), headers, self.now())
    }

    /// Has that read which a token of these fields could not be judged without; waits for it, but not for long.
    pub(crate) async fn remedy(&self, remedy: Remedy, headers: &HeaderMap) {
        if let Some(handle) = &self.rules.key_refresh {
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
            pool.tick();
        }
        if let Some(debounce) = &self.debounce {
            debounce.sweep(Instant::now());
        }
    }
}

/// A thread's worker as it is now.
pub(crate) struct Current(RefCell<Rc<Worker>>);

impl Current {
    pub(crate) fn new(worker: Worker) -> Self {
        Self(RefCell::new(Rc::new(worker)))
    }

    /// The worker for what begins now.
    pub(crate) fn get(&self) -> Rc<Worker> {
        Rc::clone(&self.0.borrow())
    }

    /// Puts another in its place, and gives the one that was there: it may be the last to know connections, which are closed
    /// when it is dropped.
    pub(crate) fn replace(&self, worker: Worker) -> Rc<Worker> {
        self.0.replace(Rc::new(worker))
    }
}
