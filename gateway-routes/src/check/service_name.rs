//! The name of a service: it stands in metrics, in logs and in the run-time configuration, so it is one plain word.

use super::Context;
use crate::Code;
use crate::fault::Fault;

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    for (index, route) in context.routes() {
        let Some(name) = route.service.given() else { continue };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if name.value.is_empty() || name.value.len() > 128 || !name.value.bytes().all(is_plain) {
            let message =
                if name.value.is_empty() { "this service has no name" } else { "this is no name for a service" };
            let fault =
                Fault::new(Code::BadServiceName, message, name.span, "expected letters, digits, `-`, `_` and `.`");
            faults.push(fault.of_route(index));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    #[test]
    fn a_service_name_is_one_plain_word() {
        for name in ["", " ", "core rl", "a/b"] {
            assert_eq!(codes_of_route(&format!("service: \"{name}\"")), [Code::BadServiceName], "{name}");
        }
        assert_eq!(codes_of_route("service: \"core-rl_2.x\""), []);
    }
}
