//! How the gateway is, as JSON: all of it, and what is new every second.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use gateway_table::{Access, RateLimit, Route};
use serde_json::{Map, Value, json};

use super::Admin;
use super::history::Point;
use crate::clock::Clock;
use crate::telemetry::{Cause, resident_bytes};
use crate::upstream::{BreakerState, Upstream};

/// Everything: the table as compiled, the last minutes, and what changes.
pub(super) fn whole(admin: &Admin) -> Value {
    let mut status = changing(admin);
    let (_, window) = admin.history.window();
    let table = admin.state.table;
    let mut routes: Vec<Value> = table.routes.iter().map(|route| as_compiled(admin, route)).collect();
    for (index, told) in routes.iter_mut().enumerate() {
        told["now"] = now(admin, index, &window);
    }
    let points = admin.history.points();
    let series = |value: fn(&Point) -> Value| points.iter().map(value).collect::<Vec<Value>>();
    status["routes"] = routes.into();
    status["history"] = json!({
        "step_seconds": super::body::STEP.as_secs(),
        "requests": series(|point| rounded(point.requests)),
        "errors": series(|point| rounded(point.errors)),
        "p50": series(|point| milliseconds(point.p50)),
        "p95": series(|point| milliseconds(point.p95)),
        "p99": series(|point| milliseconds(point.p99)),
    });
    status
}

/// What is new: as [`whole`], with the routes that have had requests lately, by their index, and the last second alone.
pub(super) fn event(admin: &Admin) -> Value {
    let mut status = changing(admin);
    let (_, window) = admin.history.window();
    let routes = admin.state.table.routes.iter().enumerate();
    let busy = routes.filter(|(index, _)| window.contains_key(&admin.telemetry.templates.of(Some(*index))));
    let busy: Map<String, Value> = busy.map(|(index, _)| (index.to_string(), now(admin, index, &window))).collect();
    let last = admin.history.last();
    status["routes_now"] = busy.into();
    status["second"] = json!({
        "requests": rounded(last.requests), "errors": rounded(last.errors), "p50": milliseconds(last.p50),
        "p95": milliseconds(last.p95), "p99": milliseconds(last.p99),
    });
    status
}

/// Whether clients should be sent here, why not, and how the upstreams are.
pub(super) fn readiness(admin: &Admin) -> Value {
    let state = &admin.state;
    let asks_for_tokens = state.table.routes.iter().any(|route| route.access != Access::Everyone);
    let lacks = state.verifier.lacks().filter(|_| asks_for_tokens || state.verifier.is_configured());
    let mut reasons = Vec::new();
    if state.is_draining() {
        reasons.push("draining");
    }
    reasons.extend(lacks.map(crate::auth::TokenFault::label));
    json!({ "ready": reasons.is_empty(), "reasons": reasons, "upstreams": upstreams(admin) })
}

fn changing(admin: &Admin) -> Value {
    let (state, telemetry) = (&admin.state, &admin.telemetry);
    let (all, _) = admin.history.window();
    let (current, retired) = state.verifier.key_counts();
    let age = state.verifier.key_age(Clock::default().now());
    let own = &telemetry.own;
    let mut readiness = readiness(admin);
    let seconds = |trouble: Option<Duration>| trouble.map(|trouble| trouble.as_secs());
    json!({
        "service": "coregateway",
        "version": env!("CARGO_PKG_VERSION"),
        "routes_digest": state.table.digest,
        "uptime_seconds": telemetry.uptime().as_secs(),
        "takeovers": telemetry.run.takeovers,
        "draining": state.is_draining(),
        "ready": readiness["ready"].take(),
        "reasons": readiness["reasons"].take(),
        "connections": state.connections(),
        "memory_bytes": resident_bytes(),
        "log": {
            "level": admin.threshold.get().map(crate::settings::LogLevel::name),
            "dropped": state.log.dropped(),
        },
        "requests": { "total": telemetry.ended(), "now": point(&all) },
        "rejections": rejections(admin),
        "upstreams": upstreams(admin),
        "keys": {
            "configured": state.verifier.is_configured(),
            "current": current,
            "retired": retired,
            "age_seconds": age.map(|age| age.as_secs()),
            "lacks": state.verifier.lacks().map(crate::auth::TokenFault::label),
        },
        "telemetry": {
            "configured": state.rules().telemetry.is_some(),
            "pushes": own.pushes.get(),
            "push_failures": own.push_failures.get(),
            "push_failing_seconds": seconds(own.push_trouble.lasts()),
            "logs_sent": own.logs_sent.get(),
            "logs_dropped": own.logs_dropped.get(),
            "log_backlog": own.log_backlog.get(),
            "log_failing_seconds": seconds(own.log_trouble.lasts()),
        },
    })
}

/// Early ends by reason, the latest first.
fn rejections(admin: &Admin) -> Value {
    let totals = admin.telemetry.causes();
    let uptime = admin.telemetry.uptime();
    let mut told: Vec<(Duration, Value)> = Cause::ALL
        .iter()
        .zip(totals)
        .filter(|(_, early)| early.count > 0)
        .map(|(cause, early)| {
            let ago = uptime.saturating_sub(Duration::from_millis(early.at));
            let path = admin.telemetry.templates.name(early.template);
            let told = json!({
                "reason": cause.name(), "count": early.count, "last_seconds_ago": ago.as_secs(), "last_path_template": path,
            });
            (ago, told)
        })
        .collect();
    told.sort_by_key(|(ago, _)| *ago);
    told.into_iter().map(|(_, told)| told).collect()
}

fn upstreams(admin: &Admin) -> Value {
    let totals = admin.telemetry.services();
    let now = Instant::now();
    let known = admin.state.upstreams();
    let each = known.iter().zip(totals).map(|(upstream, totals)| {
        let (breaker, open_for) = breaker(upstream, now);
        json!({
            "service": upstream.name,
            "address": upstream.address.to_string(),
            "breaker": breaker,
            "open_for_seconds": open_for.map(|wait| wait.as_secs_f64().ceil()),
            "server_errors": totals.server_errors,
            "errors": totals.errors.iter().sum::<u64>(),
            "retries": totals.retries,
            "refused_by_breaker": totals.refused_by_breaker,
        })
    });
    each.collect()
}

fn breaker(upstream: &Upstream, now: Instant) -> (&'static str, Option<Duration>) {
    match upstream.breaker.state(now) {
        BreakerState::Closed => ("closed", None),
        BreakerState::Open(wait) => ("open", Some(wait)),
        BreakerState::HalfOpen => ("half_open", None),
    }
}

/// A route as the table has it.
fn as_compiled(admin: &Admin, route: &Route) -> Value {
    let table = admin.state.table;
    let service = table.service_of(route);
    let roles: Option<Vec<&str>> = match route.access {
        Access::Everyone => None,
        Access::AnyOf(wanted) => {
            let named = table.roles.iter().enumerate().filter(|(index, _)| wanted.contains(*index));
            Some(named.map(|(_, role)| &*role.name).collect())
        }
    };
    json!({
        "path_prefix": route.path_prefix,
        "methods": route.methods.to_string(),
        "roles": roles,
        "service": service.name,
        "target": format!("{}://{}{}", service.scheme.name(), service.authority, route.target_path),
        "limit": route.rate_limit.map(limit),
        "timeout_seconds": route.timeout.as_secs_f64(),
        "summary": route.summary,
    })
}

fn limit(limit: RateLimit) -> Value {
    json!({ "count": limit.count, "unit": limit.unit.name(), "burst": limit.burst })
}

/// A route's last seconds; what its prefix has had, if others share it.
fn now(admin: &Admin, route: usize, window: &HashMap<usize, Point>) -> Value {
    let template = admin.telemetry.templates.of(Some(route));
    let mut told = point(&window.get(&template).copied().unwrap_or_default());
    told["limit_remaining"] = admin.state.limiters.remaining(route).into();
    told
}

fn point(point: &Point) -> Value {
    json!({
        "per_second": rounded(point.requests), "errors_per_second": rounded(point.errors),
        "p50_ms": milliseconds(point.p50), "p95_ms": milliseconds(point.p95), "p99_ms": milliseconds(point.p99),
    })
}

fn rounded(number: f64) -> Value {
    ((number * 1_000.0).round() / 1_000.0).into()
}

fn milliseconds(seconds: Option<f64>) -> Value {
    seconds.map_or(Value::Null, |seconds| rounded(seconds * 1_000.0))
}
