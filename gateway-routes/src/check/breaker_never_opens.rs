//! A breaker that waits for more failures than the limits let requests through; and routes of one service that disagree.

use std::collections::HashMap;

use gateway_table::{Breaker, RateLimit};

use super::Context;
use crate::fault::Fault;
use crate::query::diff::time;
use crate::route_file::{self, Breaking, Field, Route};
use crate::{Code, lower};

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    let mut of_service: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, route) in context.routes() {
        if let Some(service) = route.service.given() {
            of_service.entry(&service.value).or_default().push(index);
        }
    }
    for routes in of_service.values() {
        let mut told = |fault: Option<Fault>| faults.extend(fault);
        let first = routes.iter().find(|route| written(&context.file.routes[**route]).is_some());
        let Some(first) = first else { continue };
        for route in routes {
            told(never_opens(context, routes, *route).map(|fault| fault.of_route(*route)));
            told(differs(context, *first, *route).map(|fault| fault.of_route(*route)));
        }
    }
}

/// The breaker that the route itself writes, where nothing in it is faulty.
fn written(route: &Route) -> Option<&Breaking> {
    let Field::Given(route_file::Breaker::On(breaker)) = &route.policy.breaker else { return None };
    let is_whole = breaker.failures.given().is_some_and(|failures| failures.value > 0)
        && [&breaker.within, &breaker.open_for]
            .iter()
            .all(|time| time.given().is_some_and(|time| !time.value.is_zero()));
    is_whole.then_some(breaker)
}

fn effective(context: &Context<'_>, route: usize) -> Option<Breaker> {
    lower::breaker(&context.file.routes[route].policy, &context.file.defaults)
}

fn never_opens(context: &Context<'_>, of_service: &[usize], route: usize) -> Option<Fault> {
    let failures = written(&context.file.routes[route])?.failures.given()?;
    let breaker = effective(context, route)?;
    let mut most = 0u128;
    for route in of_service {
        let policy = &context.file.routes[*route].policy;
        let limit = lower::rate_limit(policy, &context.file.defaults)?;
        let tries = lower::retry(policy, &context.file.defaults).map_or(1, |retry| retry.attempts.get());
        most += requests(limit, breaker) * u128::from(tries);
    }
    if most >= u128::from(failures.value) {
        return None;
    }
    let service = &context.file.routes[route].service.given()?.value;
    let label = format!("at most {most} can fail within {}", time(breaker.within));
    let fault = Fault::new(Code::InertBreaker, "this breaker never opens", failures.span, label).warning();
    let note = format!(
        "the limits let through {most} tries to `{service}` within {}, retries among them",
        time(breaker.within)
    );
    Some(fault.note(note).help("count fewer failures, count longer, or write `breaker: Off`"))
}

/// How many requests a limit lets through within the breaker's window at most.
fn requests(limit: RateLimit, breaker: Breaker) -> u128 {
    let refilled = u128::from(limit.count.get()) * breaker.within.as_millis() / limit.unit.duration().as_millis();
    u128::from(limit.burst.get()) + refilled
}

fn differs(context: &Context<'_>, first: usize, route: usize) -> Option<Fault> {
    let routes = &context.file.routes;
    let (this, other) = (written(&routes[route])?, written(&routes[first])?);
    if effective(context, first) == effective(context, route) {
        return None;
    }
    let service = &routes[route].service.given()?.value;
    let message = format!("the routes of `{service}` set its breaker differently");
    let fault = Fault::new(Code::BreakersDiffer, message, this.failures.given()?.span, "set otherwise here")
        .and(other.failures.given()?.span, "set here");
    Some(fault.note("a service has one breaker, whichever route leads there").help("write the same in both"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::{Code, Level};

    const BREAKER: &str = "breaker: Breaker(failures: 50, within: \"10s\", open_for: \"5s\")";

    #[test]
    fn a_breaker_that_waits_for_more_than_passes_never_opens() {
        let limit = "rate_limit: RateLimit(count: 20, unit: Minute), retry: Off";
        let text = file(&[route(&format!("{limit}, {BREAKER}"))]);
        let faults = faults(&text);
        assert_eq!((faults[0].code, faults[0].level), (Code::InertBreaker, Level::Warning));
        assert_eq!(faults[0].labels[0].text, "at most 23 can fail within 10s");
        let allowed = text.replace("retry: Off", "retry: Off, allow: [(CG0707, \"x\")]");
        assert_eq!(codes(&allowed), []);
    }

    #[test]
    fn all_routes_of_the_service_count() {
        let small = format!("rate_limit: RateLimit(count: 20, unit: Minute), {BREAKER}");
        let other = route("path_prefix: \"/b\", target: \"http://s:1/b\", rate_limit: Unlimited(reason: \"x\")");
        assert_eq!(codes(&file(&[route(&small), other])), []);
        assert_eq!(codes_of_route(BREAKER), []);
    }

    #[test]
    fn one_service_has_one_breaker() {
        let other = route(&format!("path_prefix: \"/b\", target: \"http://s:1/b\", {}", BREAKER.replace("50", "5")));
        assert_eq!(codes(&file(&[route(BREAKER), other.clone()])), [Code::BreakersDiffer]);
        assert_eq!(codes(&file(&[route(&BREAKER.replace("50", "5")), other])), []);
    }
}
