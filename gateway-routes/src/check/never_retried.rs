//! Causes of retries that never count with the methods of the route: what is not safe to send twice is tried again only where
//! nothing of it was sent.

use gateway_table::{Method, MethodSet, RetryCause};

use super::Context;
use crate::Code;
use crate::fault::Fault;
use crate::route_file::{Field, Retry, RetryCauses};
use crate::span::Spanned;

/// What may be sent twice; the engine tries no other again once something was sent.
const RETRIED: [Method; 3] = [Method::Get, Method::Head, Method::Put];

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    for (index, route) in context.routes() {
        let Field::Given(Retry::On(retry)) = &route.policy.retry else { continue };
        let (Some(on), Some(methods)) = (retry.on.given(), context.methods[index]) else { continue };
        if !RETRIED.iter().any(|method| methods.contains(*method))
            && let Some(cause) = dead_cause(on)
        {
            faults.push(fault(cause, methods).of_route(index));
        }
    }
}

fn dead_cause(on: &RetryCauses) -> Option<&Spanned<RetryCause>> {
    on.causes.iter().find(|cause| cause.value != RetryCause::Connect)
}

fn fault(cause: &Spanned<RetryCause>, methods: MethodSet) -> Fault {
    let message = format!("{methods} is never sent twice, so this cause never leads to a retry");
    Fault::new(Code::NeverRetried, message, cause.span, "never counts here")
        .note("GET, HEAD and PUT are tried again; any other only where no connection came about")
        .help("leave it out, and keep `Connect`")
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    fn codes_of(methods: &str, on: &str) -> Vec<Code> {
        codes_of_route(&format!("methods: [{methods}], retry: Retry(attempts: 2, backoff: \"1ms\"{on})"))
    }

    #[test]
    fn a_post_is_tried_again_only_where_nothing_was_sent() {
        assert_eq!(codes_of("POST", ", on: [Connect, Status(503)]"), [Code::NeverRetried]);
        assert_eq!(codes_of("POST, DELETE", ", on: [Reset]"), [Code::NeverRetried]);
        assert_eq!(codes_of("POST", ", on: [Connect]"), []);
        assert_eq!(codes_of("POST", ""), []);
        assert_eq!(codes_of("POST, PUT", ", on: [Reset]"), []);
    }
}
