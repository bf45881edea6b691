//! What only HTTP has, asked of a service that speaks ZeroMQ. What such a route takes over from the defaults is left out for it.

use gateway_table::Scheme;

use super::Context;
use crate::fault::Fault;
use crate::route_file::{Route, Upgrade};
use crate::{Code, Span};

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    for (index, route) in context.routes() {
        let Some(target) = context.target(index).filter(|target| target.scheme == Scheme::ZeroMq) else { continue };
        let scheme = route.target.given().map(|text| text.part(0..target.place.start)).unwrap_or_default();
        faults.extend(first_byte(route, scheme).map(|fault| fault.of_route(index)));
        faults.extend(upgrade(route, scheme).map(|fault| fault.of_route(index)));
    }
}

fn first_byte(route: &Route, scheme: Span) -> Option<Fault> {
    let first_byte = route.policy.timeouts.given()?.first_byte.given()?;
    let message = "a ZeroMQ reply has no first byte of its own";
    let fault = Fault::new(Code::HttpOnly, message, first_byte.span, "a ZeroMQ reply comes whole");
    Some(fault.and(scheme, "speaks ZeroMQ").help("`timeout` limits how long the reply may take"))
}

fn upgrade(route: &Route, scheme: Span) -> Option<Fault> {
    let Upgrade::AnyOf(protocols) = route.policy.upgrade.given()? else { return None };
    let message = "a ZeroMQ service cannot be asked for another protocol";
    let fault = Fault::new(Code::HttpOnly, message, protocols.span, "a message has no connection to switch");
    Some(fault.and(scheme, "speaks ZeroMQ").help("leave `upgrade` out, or give the service an `http://` target"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    #[test]
    fn a_zeromq_service_is_asked_for_nothing_that_only_http_has() {
        let zeromq = |fields: &str| codes_of_route(&format!("target: \"tcp://s:1\", {fields}"));
        assert_eq!(zeromq("upgrade: AnyOf([\"websocket\"])"), [Code::HttpOnly]);
        assert_eq!(zeromq("timeouts: (first_byte: \"1s\")"), [Code::HttpOnly]);
        assert_eq!(zeromq("upgrade: Off, timeouts: (connect: \"1s\", idle: \"1s\")"), []);
    }

    #[test]
    fn what_speaks_zeromq_is_shown() {
        let text = file(&[route("target: \"tcp://s:1\", timeouts: (first_byte: \"1s\")")]);
        let other = faults(&text)[0].labels[1].span;
        assert_eq!(&text[other.start..other.end], "tcp://");
    }
}
