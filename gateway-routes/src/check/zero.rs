//! Zero means everything in one gateway and nothing in the next; here it is always a fault, and switching off is said.

use std::time::Duration;

use super::Context;
use crate::Code;
use crate::fault::Fault;
use crate::route_file::{Breaker, Field, Policy, RateLimit, Retry, Timeouts};
use crate::span::Spanned;

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    check_policy(&context.file.defaults, &mut |fault| faults.push(fault));
    for (index, route) in context.routes() {
        let mut tell = |fault: Fault| faults.push(fault.of_route(index));
        check_policy(&route.policy, &mut tell);
        time(&route.debounce, "debounce", "leave `debounce` out to switch it off", &mut tell);
    }
}

fn check_policy(policy: &Policy, tell: &mut dyn FnMut(Fault)) {
    if let Field::Given(RateLimit::Limited { count, burst, .. }) = &policy.rate_limit {
        let help = "a route without a limit says so: `rate_limit: Unlimited(reason: \"…\")`";
        number(count, Code::ZeroLimit, "a limit of zero is ambiguous", help, tell);
        number(
            burst,
            Code::ZeroBurst,
            "a burst of zero lets no request in",
            "leave `burst` out for as many as `count`",
            tell,
        );
    }
    time(&policy.timeout, "timeout", "a caller waits some time at least; write a long one if it must be long", tell);
    if let Field::Given(Timeouts { connect, first_byte, idle }) = &policy.timeouts {
        let help = "leave it out where only the whole request has a limit";
        time(connect, "connect", help, tell);
        time(first_byte, "first_byte", help, tell);
        time(idle, "idle", "leave it out for the pause that the gateway allows everywhere", tell);
    }
    let message = "zero requests at once are none at all";
    number(&policy.max_concurrent, Code::ZeroLimit, message, "a route that nobody may call is left out", tell);
    if let Field::Given(Spanned { value: 0, span }) = policy.max_body {
        let fault = Fault::new(Code::ZeroBody, "a body limit of zero is ambiguous", span, "zero bytes");
        tell(fault.help("a route that takes no body lists `methods: [GET]`"));
    }
    check_retry(&policy.retry, tell);
    check_breaker(&policy.breaker, tell);
}

fn check_retry(retry: &Field<Retry>, tell: &mut dyn FnMut(Fault)) {
    let Field::Given(Retry::On(retry)) = retry else { return };
    let off = "switch retries off with `retry: Off`";
    let message = "`attempts` counts the first try, so it is 1 at least";
    number(&retry.attempts, Code::ZeroAttempts, message, off, tell);
    time(&retry.backoff, "backoff", off, tell);
    time(&retry.max_backoff, "max_backoff", "leave it out where there is no longest wait", tell);
    time(&retry.per_try, "per_try", "leave it out where only the whole request has a limit", tell);
}

fn check_breaker(breaker: &Field<Breaker>, tell: &mut dyn FnMut(Fault)) {
    let Field::Given(Breaker::On(breaker)) = breaker else { return };
    let off = "switch the breaker off with `breaker: Off`";
    number(&breaker.failures, Code::InertBreaker, "a breaker that opens after zero failures never closes", off, tell);
    number(&breaker.half_open, Code::InertBreaker, "a breaker without probes never closes again", off, tell);
    time(&breaker.within, "within", off, tell);
    time(&breaker.open_for, "open_for", off, tell);
}

fn number(field: &Field<Spanned<u32>>, code: Code, message: &str, help: &str, tell: &mut dyn FnMut(Fault)) {
    if let Field::Given(Spanned { value: 0, span }) = field {
        tell(Fault::new(code, message, *span, "zero").help(help));
    }
}

fn time(field: &Field<Spanned<Duration>>, name: &str, help: &str, tell: &mut dyn FnMut(Fault)) {
    if let Field::Given(Spanned { value: Duration::ZERO, span }) = field {
        tell(Fault::new(Code::ZeroDuration, format!("a `{name}` of zero is ambiguous"), *span, "zero").help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    #[test]
    fn zero_is_a_fault_everywhere() {
        for (field, code) in [
            ("rate_limit: RateLimit(count: 0, unit: Second)", Code::ZeroLimit),
            ("rate_limit: RateLimit(count: 1, unit: Second, burst: 0)", Code::ZeroBurst),
            ("timeout: \"0s\"", Code::ZeroDuration),
            ("timeouts: Timeouts(connect: \"0s\")", Code::ZeroDuration),
            ("timeouts: Timeouts(first_byte: \"0s\")", Code::ZeroDuration),
            ("timeouts: (idle: \"0s\")", Code::ZeroDuration),
            ("max_concurrent: 0", Code::ZeroLimit),
            ("debounce: \"0ms\"", Code::ZeroDuration),
            ("max_body: \"0B\"", Code::ZeroBody),
            ("retry: Retry(attempts: 0, backoff: \"1s\")", Code::ZeroAttempts),
            ("retry: Retry(attempts: 1, backoff: \"0s\")", Code::ZeroDuration),
            ("retry: Retry(attempts: 1, backoff: \"1s\", max_backoff: \"0s\")", Code::ZeroDuration),
            ("retry: Retry(attempts: 1, backoff: \"1s\", per_try: \"0s\")", Code::ZeroDuration),
            ("breaker: Breaker(failures: 0, within: \"1s\", open_for: \"1s\")", Code::InertBreaker),
            ("breaker: Breaker(failures: 1, within: \"0s\", open_for: \"1s\")", Code::ZeroDuration),
            ("breaker: Breaker(failures: 1, within: \"1s\", open_for: \"0s\")", Code::ZeroDuration),
            ("breaker: Breaker(failures: 1, within: \"1s\", open_for: \"1s\", half_open: 0)", Code::InertBreaker),
        ] {
            assert_eq!(codes_of_route(field), [code], "{field}");
            if !field.starts_with("debounce") {
                let defaults = format!("routes: [], defaults: Defaults({field})");
                assert_eq!(codes(&format!("({defaults})")), [code], "{field}");
            }
        }
    }

    #[test]
    fn a_number_has_its_unit_and_its_range() {
        for (field, code) in [
            ("timeout: 5000", Code::BareNumber),
            ("timeout: \"5000\"", Code::BareNumber),
            ("timeouts: Timeouts(connect: 500)", Code::BareNumber),
            ("timeouts: Timeouts(idle: \"5min\")", Code::BadUnit),
            ("timeouts: Timeouts(first: \"5s\")", Code::UnknownField),
            ("timeouts: \"5s\"", Code::WrongType),
            ("max_concurrent: -1", Code::OutOfRange),
            ("max_concurrent: \"5\"", Code::WrongType),
            ("max_body: 5", Code::BareNumber),
            ("timeout: \"5sec\"", Code::BadUnit),
            ("timeout: \"-5s\"", Code::BadUnit),
            ("timeout: \"1.5s\"", Code::BadUnit),
            ("max_body: \"1MB\"", Code::BadUnit),
            ("timeout: \"99999999999999999999h\"", Code::QuantityTooLarge),
            ("max_body: \"99999999999999999999GiB\"", Code::QuantityTooLarge),
            ("rate_limit: RateLimit(count: 1000000001, unit: Hour)", Code::OutOfRange),
            ("rate_limit: RateLimit(count: -1, unit: Hour)", Code::OutOfRange),
            ("rate_limit: RateLimit(count: 1.5, unit: Hour)", Code::OutOfRange),
            ("rate_limit: RateLimit(count: \"1\", unit: Hour)", Code::WrongType),
            ("rate_limit: RateLimit(count: 1, unit: Minutes)", Code::UnknownWord),
            ("rate_limit: RateLimit(count: 1)", Code::MissingField),
            ("rate_limit: Unlimited", Code::UnlimitedWithoutReason),
            ("rate_limit: Unlimited()", Code::UnlimitedWithoutReason),
            ("rate_limit: Unlimited(reason: \"\")", Code::EmptyReason),
            ("rate_limit: Off", Code::UnknownWord),
            ("retry: off", Code::UnknownWord),
            ("breaker: 5", Code::WrongType),
        ] {
            assert_eq!(codes_of_route(field), [code], "{field}");
        }
    }

    #[test]
    fn switching_off_is_said() {
        assert_eq!(codes_of_route("retry: Off, breaker: Off, rate_limit: Unlimited(reason: \"x\")"), []);
    }
}
