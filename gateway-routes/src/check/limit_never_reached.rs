//! A limit that no gateway can reach is none, and looks like one.

use super::Context;
use crate::Code;
use crate::fault::Fault;
use crate::route_file::{Field, Policy, RateLimit};

/// Requests a second; some ten times of what a machine forwards.
const MOST: u64 = 1_000_000;

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    faults.extend(fault(&context.file.defaults));
    for (index, route) in context.routes() {
        faults.extend(fault(&route.policy).map(|fault| fault.of_route(index)));
    }
}

fn fault(policy: &Policy) -> Option<Fault> {
    let Field::Given(RateLimit::Limited { count, unit, .. }) = &policy.rate_limit else { return None };
    let (count, unit) = (count.given()?, unit.given()?);
    let per_second = u64::from(count.value) / unit.duration().as_secs();
    if per_second <= MOST {
        return None;
    }
    let fault =
        Fault::new(Code::LimitNeverReached, "this limit is never reached", count.span, "more than can be forwarded")
            .note(format!("{} a {} are {per_second} a second", count.value, unit.name()));
    Some(fault.help("a route without a limit says why: `rate_limit: Unlimited(reason: \"…\")`"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    #[test]
    fn more_than_a_million_a_second_is_never_reached() {
        let limit = |count: u32, unit: &str| codes_of_route(&format!("rate_limit: (count: {count}, unit: {unit})"));
        assert_eq!(limit(1_000_000_000, "Minute"), [Code::LimitNeverReached]);
        assert_eq!(limit(1_000_001, "Second"), [Code::LimitNeverReached]);
        assert_eq!(limit(1_000_000, "Second"), []);
        assert_eq!(limit(1_000_000_000, "Hour"), []);
    }
}
