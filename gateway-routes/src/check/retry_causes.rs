//! What makes a try fail: a status that a server can send, and that is no success.

use gateway_table::RetryCause;

use super::Context;
use crate::Code;
use crate::fault::Fault;
use crate::route_file::{Field, Retry, RetryCauses};

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    check_retry(&context.file.defaults.retry, |fault| faults.push(fault));
    for (index, route) in context.routes() {
        check_retry(&route.policy.retry, |fault| faults.push(fault.of_route(index)));
    }
}

fn check_retry(retry: &Field<Retry>, mut tell: impl FnMut(Fault)) {
    let Field::Given(Retry::On(retry)) = retry else { return };
    let Field::Given(RetryCauses { span, causes }) = &retry.on else { return };
    if causes.is_empty() {
        let fault = Fault::new(Code::BadRetryCause, "nothing makes a try fail", *span, "this list is empty");
        tell(fault.help("leave `on` out for connection failures, or write `retry: Off`"));
    }
    for cause in causes {
        let RetryCause::Status(status) = cause.value else { continue };
        let label = match status {
            200..=299 => "a success is no reason to try again",
            100..=599 => continue,
            _ => "expected 100 to 599",
        };
        let message = format!("a try cannot fail with status {status}");
        let fault = Fault::new(Code::BadRetryCause, message, cause.span, label);
        tell(fault.help("statuses that pass by themselves are 502, 503 and 504"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    fn codes_on(on: &str) -> Vec<Code> {
        codes_of_route(&format!("retry: Retry(attempts: 2, backoff: \"1ms\", on: [{on}])"))
    }

    #[test]
    fn impossible_statuses_and_successes_are_faults() {
        for status in ["999", "99", "0", "200", "204", "70000"] {
            assert_eq!(codes_on(&format!("Connect, Status({status})")), [Code::BadRetryCause], "{status}");
        }
        assert_eq!(codes_on(""), [Code::BadRetryCause]);
    }

    #[test]
    fn failures_are_fine() {
        assert_eq!(codes_on("Connect, Reset, Timeout, Status(503), Status(429)"), []);
    }

    #[test]
    fn other_words_are_told_with_the_ones_that_exist() {
        assert_eq!(codes_on("Conect"), [Code::UnknownWord]);
        assert_eq!(codes_on("503"), [Code::WrongType]);
        assert_eq!(codes_on("Status"), [Code::WrongType]);
    }
}
