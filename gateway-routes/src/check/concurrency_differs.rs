//! Routes of one service that do not agree on how many requests it takes at once.

use std::collections::HashMap;

use super::Context;
use crate::Code;
use crate::fault::Fault;
use crate::route_file::Route;
use crate::span::Spanned;

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    let mut first_of: HashMap<&str, &Spanned<u32>> = HashMap::new();
    for (index, route) in context.routes() {
        let (Some(service), Some(this)) = (route.service.given(), written(route)) else { continue };
        let first = *first_of.entry(&service.value).or_insert(this);
        if first.value != this.value {
            faults.push(differs(&service.value, first, this).of_route(index));
        }
    }
}

/// What the route itself says; zero is a fault of its own.
fn written(route: &Route) -> Option<&Spanned<u32>> {
    route.policy.max_concurrent.given().filter(|number| number.value > 0)
}

fn differs(service: &str, first: &Spanned<u32>, this: &Spanned<u32>) -> Fault {
    let message = format!("the routes of `{service}` let in different numbers of requests at once");
    Fault::new(Code::ConcurrencyDiffers, message, this.span, "set otherwise here")
        .and(first.span, "set here")
        .note("the requests of all routes that lead to a service are counted together")
        .help("write the same in both")
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    fn codes_of(one: &str, other: &str) -> Vec<Code> {
        let other = route(&format!("path_prefix: \"/b\", target: \"http://s:1/b\"{other}"));
        codes(&file(&[route(one), other]))
    }

    #[test]
    fn one_service_counts_all_its_requests_together() {
        assert_eq!(codes_of("max_concurrent: 5", ", max_concurrent: 6"), [Code::ConcurrencyDiffers]);
        assert_eq!(codes_of("max_concurrent: 5", ", max_concurrent: 5"), []);
        assert_eq!(codes_of("max_concurrent: 5", ""), []);
        assert_eq!(codes_of("max_concurrent: 5", ", max_concurrent: 6, allow: [(CG0714, \"x\")]"), []);
    }

    #[test]
    fn another_service_has_a_count_of_its_own() {
        let other = route("path_prefix: \"/b\", service: \"t\", target: \"http://t:1\", max_concurrent: 6");
        assert_eq!(codes(&file(&[route("max_concurrent: 5"), other])), []);
    }
}
