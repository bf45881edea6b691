//! What one worker counts: in, the end of each of its exchanges; out, numbers that other threads read as they like.
//!
//! A request costs a few plain additions: no lock, no hash, no allocation but for a route's first answer of a kind.

use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use http::Method;

use super::bounds::{BYTES, NANOSECONDS};
use super::cell::{Counter, Distribution};
use super::labels::{
    AUTH_REASONS, AuthOutcome, Cause, METHODS, Templates, UpstreamError, auth_reason_of, method_index,
};
use super::tracer::{Span, Tracer};
use crate::clock;
use crate::cut::Cut;
use crate::rejection::Rejection;
use crate::trace_context::TraceContext;

/// How many statuses share a class: 404 is the fifth of the third class.
const CLASS: usize = 100;

/// What is told of an exchange at its end.
#[derive(Debug)]
pub(crate) struct Ended<'a> {
    /// The route that owns the path, if one does.
    pub(crate) route: Option<usize>,
    pub(crate) method: &'a Method,
    pub(crate) status: u16,
    pub(crate) started: Instant,
    pub(crate) elapsed: Duration,
    pub(crate) request_bytes: u64,
    pub(crate) response_bytes: u64,
    /// Whether a token was looked at and found good.
    pub(crate) is_authenticated: bool,
    /// How often the request was sent upstream.
    pub(crate) attempts: u32,
    /// Whether another request's call has brought the answer.
    pub(crate) is_debounced: bool,
    pub(crate) rejection: Option<&'a Rejection>,
    /// Why the answer did not reach its end, if it did not.
    pub(crate) cut: Option<Cut>,
    pub(crate) trace: &'a TraceContext,
}

/// The numbers of one worker.
#[derive(Debug)]
pub(crate) struct Block {
    /// How many exchanges have ended.
    pub(super) ended: Counter,
    /// By template and method.
    pub(super) series: Box<[OnceLock<Box<Series>>]>,
    pub(super) causes: [Early; Cause::ALL.len()],
    pub(super) auth_outcomes: [Counter; AuthOutcome::ALL.len()],
    pub(super) auth_reasons: [Counter; AUTH_REASONS],
    /// By template.
    pub(super) rate_limited: Box<[Counter]>,
    /// By template: answers that another request's call has brought.
    pub(super) debounced: Box<[Counter]>,
    pub(super) services: Box<[ServiceCounters]>,
}

/// What is counted of one method on one template.
#[derive(Debug, Default)]
pub(super) struct Series {
    statuses: [OnceLock<Box<[Counter; CLASS]>>; 5],
    pub(super) duration: Distribution<{ NANOSECONDS.len() + 1 }>,
    pub(super) request_size: Distribution<{ BYTES.len() + 1 }>,
    pub(super) response_size: Distribution<{ BYTES.len() + 1 }>,
}

/// What is counted of early ends for one cause, and the last of them.
#[derive(Debug, Default)]
pub(super) struct Early {
    pub(super) count: Counter,
    /// When the last one began, in milliseconds since the gateway started.
    pub(super) at: Counter,
    /// The template of the last one.
    pub(super) template: Counter,
}

/// What is counted of one service.
#[derive(Debug, Default)]
pub(super) struct ServiceCounters {
    pub(super) server_errors: Counter,
    pub(super) errors: [Counter; UpstreamError::ALL.len()],
    pub(super) retries: Counter,
    pub(super) refused_by_breaker: Counter,
}

impl Block {
    pub(super) fn new(templates: &Templates, services: usize) -> Self {
        Self {
            ended: Counter::default(),
            series: (0..templates.len() * METHODS).map(|_| OnceLock::new()).collect(),
            causes: Default::default(),
            auth_outcomes: Default::default(),
            auth_reasons: Default::default(),
            rate_limited: (0..templates.len()).map(|_| Counter::default()).collect(),
            debounced: (0..templates.len()).map(|_| Counter::default()).collect(),
            services: (0..services).map(|_| ServiceCounters::default()).collect(),
        }
    }
}

impl Series {
    /// Counts answers with a status; one that is none counts in the nearest class.
    pub(super) fn count_status(&self, status: u16, answers: u64) {
        let status = usize::from(status.clamp(100, 599));
        let class = self.statuses[status / CLASS - 1].get_or_init(|| Box::new([const { Counter::ZERO }; CLASS]));
        class[status % CLASS].add(answers);
    }

    /// The statuses that have been counted, and how often.
    pub(super) fn statuses(&self) -> impl Iterator<Item = (usize, u64)> {
        let classes = self.statuses.iter().enumerate().filter_map(|(index, class)| Some((index, class.get()?)));
        let all = classes.flat_map(|(index, class)| {
            class.iter().enumerate().map(move |(within, counter)| ((index + 1) * CLASS + within, counter.get()))
        });
        all.filter(|(_, count)| *count > 0)
    }
}

/// The one writer of a block.
#[derive(Debug)]
pub(crate) struct Recorder {
    block: Arc<Block>,
    templates: Arc<Templates>,
    /// When the gateway started.
    start: Instant,
    tracer: Tracer,
    /// It may be moved to another thread, and not be shared between two.
    not_shared: PhantomData<std::cell::Cell<()>>,
}

impl Recorder {
    pub(super) fn new(block: Arc<Block>, templates: Arc<Templates>, start: Instant, tracer: Tracer) -> Self {
        Self { block, templates, start, tracer, not_shared: PhantomData }
    }

    /// Whether the next request makes a span.
    pub(crate) fn samples(&self) -> bool {
        self.tracer.samples()
    }

    /// Counts an exchange, at its end.
    pub(crate) fn record(&self, ended: &Ended<'_>) {
        let is_asked = matches!(*ended.method, Method::GET | Method::HEAD);
        let is_built_in = is_asked && ended.route.is_none() && ended.rejection.is_none() && ended.status < 400;
        let template = if is_built_in { Templates::BUILT_IN } else { self.templates.of(ended.route) };
        self.trace(ended, template);
        let index = template * METHODS + method_index(ended.method);
        let series = self.block.series[index].get_or_init(Box::default);
        series.count_status(ended.status, 1);
        series.duration.observe(&NANOSECONDS, u64::try_from(ended.elapsed.as_nanos()).unwrap_or(u64::MAX));
        series.request_size.observe(&BYTES, ended.request_bytes);
        series.response_size.observe(&BYTES, ended.response_bytes);
        if ended.is_authenticated && !matches!(ended.rejection, Some(Rejection::Forbidden(_))) {
            self.block.auth_outcomes[AuthOutcome::Success as usize].add(1);
        }
        if ended.attempts > 1
            && let Some(service) = self.service(ended)
        {
            service.retries.add(u64::from(ended.attempts - 1));
        }
        if ended.is_debounced {
            self.block.debounced[template].add(1);
        }
        if let Some(rejection) = ended.rejection {
            self.record_rejection(rejection, ended, template);
        } else if let Some(cut) = ended.cut {
            self.record_cut(cut, ended, template);
        }
        self.block.ended.add(1);
    }

    fn trace(&self, ended: &Ended<'_>, template: usize) {
        let Some(ids) = ended.trace.span() else { return };
        self.tracer.send(Span {
            ids,
            end: clock::unix_nanos(),
            nanoseconds: u64::try_from(ended.elapsed.as_nanos()).unwrap_or(u64::MAX),
            method: ended.method.clone(),
            template: self.templates.name(template),
            status: ended.status,
            cause: ended.rejection.map(Cause::of).or(ended.cut.map(Cause::of_cut)).map(Cause::name),
        });
    }

    fn record_rejection(&self, rejection: &Rejection, ended: &Ended<'_>, template: usize) {
        self.record_cause(Cause::of(rejection), ended, template);
        if let Some(reason) = auth_reason_of(rejection) {
            let is_forbidden = matches!(rejection, Rejection::Forbidden(_));
            let outcome = if is_forbidden { AuthOutcome::Forbidden } else { AuthOutcome::Failure };
            self.block.auth_outcomes[outcome as usize].add(1);
            self.block.auth_reasons[reason].add(1);
        }
        if matches!(rejection, Rejection::RateLimited(_)) {
            self.block.rate_limited[template].add(1);
        }
        let Some(service) = self.service(ended) else { return };
        if let Some(error) = UpstreamError::of(rejection) {
            service.errors[error as usize].add(1);
        }
        match rejection {
            Rejection::UpstreamStatus(_) => service.server_errors.add(1),
            Rejection::BreakerOpen(_) => service.refused_by_breaker.add(1),
            _ => {}
        }
    }

    fn record_cut(&self, cut: Cut, ended: &Ended<'_>, template: usize) {
        self.record_cause(Cause::of_cut(cut), ended, template);
        if let Some((service, error)) = self.service(ended).zip(UpstreamError::of_cut(cut)) {
            service.errors[error as usize].add(1);
        }
    }

    fn service(&self, ended: &Ended<'_>) -> Option<&ServiceCounters> {
        Some(&self.block.services[self.templates.service(ended.route?)])
    }

    fn record_cause(&self, cause: Cause, ended: &Ended<'_>, template: usize) {
        let early = &self.block.causes[cause as usize];
        early.count.add(1);
        let at = ended.started.saturating_duration_since(self.start);
        early.at.set(u64::try_from(at.as_millis()).unwrap_or(u64::MAX));
        early.template.set(template as u64);
    }
}

#[cfg(test)]
mod tests {
    use gateway_table::{List, Table, Trie};

    use super::super::Telemetry;
    use super::*;

    fn telemetry() -> Telemetry {
        let (telemetry, _spans) = Telemetry::new(Box::leak(Box::new(Table {
            digest: "".into(),
            roles: List::default(),
            services: List::default(),
            routes: List::default(),
            trie: Trie::new([]),
        })));
        telemetry
    }

    fn ended<'a>(method: &'a Method, started: Instant, trace: &'a TraceContext) -> Ended<'a> {
        Ended {
            route: None,
            method,
            status: 404,
            started,
            elapsed: Duration::from_micros(120),
            request_bytes: 0,
            response_bytes: 200,
            is_authenticated: false,
            attempts: 1,
            is_debounced: false,
            rejection: Some(&Rejection::NotFound),
            cut: None,
            trace,
        }
    }

    #[test]
    fn workers_count_at_the_same_time_and_nothing_is_lost() {
        let telemetry = telemetry();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let recorder = telemetry.recorder();
                scope.spawn(move || {
                    let (trace, started) = (TraceContext::of(&http::HeaderMap::new(), false), Instant::now());
                    for _ in 0..1_000 {
                        recorder.record(&ended(&Method::GET, started, &trace));
                    }
                });
            }
        });
        let totals = telemetry.totals();
        assert_eq!((totals.ended, &totals.series[0].statuses), (4_000, &vec![(404, 4_000)]));
        assert_eq!(totals.series[0].duration.ranges.iter().sum::<u64>(), 4_000);
        assert_eq!(totals.series[0].response_size.sum, 800_000);
        assert_eq!(totals.causes[Cause::NotFound as usize].count, 4_000);
    }

    /// Run with `--ignored --nocapture` in a release build.
    #[test]
    #[ignore = "a measurement, not a check"]
    fn what_an_exchange_costs_to_count() {
        let (telemetry, trace, started) =
            (telemetry(), TraceContext::of(&http::HeaderMap::new(), false), Instant::now());
        let (recorder, times) = (telemetry.recorder(), 10_000_000_u32);
        for _ in 0..times {
            recorder.record(std::hint::black_box(&ended(&Method::GET, started, &trace)));
        }
        println!("count: {:?}", started.elapsed() / times);
        let started = Instant::now();
        for _ in 0..times {
            let trace = TraceContext::of(std::hint::black_box(&http::HeaderMap::new()), false);
            std::hint::black_box(trace.traceparent());
        }
        println!("begin a trace: {:?}", started.elapsed() / times);
    }
}
