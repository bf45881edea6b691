//! A target that is the gateway itself: requests would go round until something gives way. Where the gateway really listens
//! is known when it starts, and looked at again then; the default address is known here.

use super::Context;
use crate::Code;
use crate::fault::Fault;

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    for (index, route) in context.routes() {
        let (Some(target), Some(text)) = (context.target(index), route.target.given()) else { continue };
        if target.is_gateway_itself() {
            let message = "this target is the gateway itself";
            let fault =
                Fault::new(Code::SelfTarget, message, text.part(target.place.clone()), "the gateway's own address");
            faults.push(
                fault
                    .of_route(index)
                    .note("an intermediary must not forward a message to itself (RFC 9110, 7.6)")
                    .help("give the address of the service"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    #[test]
    fn the_gateways_own_address_is_no_target() {
        for target in ["http://localhost:8001/x", "http://[::1]:8001", "http://0.0.0.0:8001", "tcp://127.0.0.1:8001"] {
            assert_eq!(codes_of_route(&format!("target: \"{target}\"")), [Code::SelfTarget], "{target}");
        }
    }
}
