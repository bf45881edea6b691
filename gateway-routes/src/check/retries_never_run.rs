//! Retries that have no time to run, with the arithmetic.

use std::time::Duration;

use gateway_table::{Retry, RetryCause};

use super::Context;
use crate::fault::Fault;
use crate::query::diff::time;
use crate::route_file::{self, Field, Policy, Retrying};
use crate::span::Spanned;
use crate::{Code, Span, lower};

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    let defaults = &context.file.defaults;
    check_policy(defaults, &Policy::default(), &mut |fault| faults.push(fault));
    for (index, route) in context.routes() {
        check_policy(&route.policy, defaults, &mut |fault| faults.push(fault.of_route(index)));
    }
}

/// Looks at a policy that says something about retries itself: what it takes over was looked at where it stands.
fn check_policy(policy: &Policy, defaults: &Policy, tell: &mut dyn FnMut(Fault)) {
    let Field::Given(route_file::Retry::On(written)) = &policy.retry else { return };
    let Some(retry) = lower::retry(policy, defaults).filter(|_| is_whole(written)) else { return };
    let timeout = lower::timeout(policy, defaults);
    if timeout.is_zero() {
        return;
    }
    if let Some((message, span, label, sum)) = never(&retry, written, timeout) {
        let fault = Fault::new(Code::RetriesNeverRun, message, span, label);
        let said = policy.timeout.given().or(defaults.timeout.given()).filter(|_| sum.is_some());
        let fault = said.iter().fold(fault, |fault, said| fault.and(said.span, "the whole request ends here"));
        let fault = sum.into_iter().fold(fault, Fault::note);
        tell(fault.help("give the request more time, the tries less, or write `retry: Off`"));
    }
    if let Some(longest) = written.max_backoff.given().filter(|longest| longest.value < retry.backoff) {
        let first = written.backoff.given().map_or(longest.span, |first| first.span);
        let message = "the longest wait is shorter than the first one";
        tell(Fault::new(Code::WaitNeverGrows, message, longest.span, "the longest").and(first, "the first"));
    }
}

/// Whether nothing in it is faulty by itself.
fn is_whole(retry: &Retrying) -> bool {
    let is_time = |field: &Field<Spanned<Duration>>| match field {
        Field::Given(time) => !time.value.is_zero(),
        Field::Absent => true,
        Field::Broken => false,
    };
    let on = !retry.on.is_broken() && retry.on.given().is_none_or(|on| !on.causes.is_empty());
    let times = [&retry.backoff, &retry.max_backoff, &retry.per_try].into_iter().all(is_time);
    on && times && retry.attempts.given().is_some_and(|attempts| attempts.value > 0)
}

/// What to say: the message, where, the label, the arithmetic.
type Said = (String, Span, String, Option<String>);

/// Why some retry never runs, if so: the plainest reason first.
fn never(retry: &Retry, written: &Retrying, timeout: Duration) -> Option<Said> {
    let (attempts, backoff) = (written.attempts.given()?, written.backoff.given()?);
    let per_try = written.per_try.given().filter(|per_try| per_try.value + retry.backoff >= timeout);
    if attempts.value == 1 {
        let label = "the first try is the only one";
        return Some(("retries can never run".into(), attempts.span, label.into(), None));
    }
    if retry.backoff >= timeout {
        let sum = format!("{} + {} > {}: no second try", "first try", time(retry.backoff), time(timeout));
        return Some((
            "retries can never run".into(),
            backoff.span,
            "the wait alone takes all the time".into(),
            Some(sum),
        ));
    }
    if let Some(per_try) = per_try {
        let second = per_try.value + retry.backoff;
        let label = format!("the second try would start at {}", time(second));
        let sum = format!(
            "{} + {} = {}, and {} is all there is",
            time(per_try.value),
            time(retry.backoff),
            time(second),
            time(timeout)
        );
        let message = "a try that takes its whole time is never followed by another";
        return Some((message.into(), per_try.span, label, Some(sum)));
    }
    if *retry.on == [RetryCause::Timeout] && retry.per_try.is_none() {
        let on = written.on.given()?;
        let label = "a try has no time of its own without `per_try`";
        return Some(("retries can never run".into(), on.span, label.into(), None));
    }
    too_many(retry, attempts, timeout)
}

/// Tries for which the waits alone leave no time.
fn too_many(retry: &Retry, attempts: &Spanned<u32>, timeout: Duration) -> Option<Said> {
    let mut waits: Vec<String> = Vec::new();
    let (mut sum, mut wait) = (Duration::ZERO, retry.backoff);
    for tries in 1..attempts.value {
        sum = sum.saturating_add(wait);
        waits.push(time(wait));
        if sum >= timeout {
            let label = format!("only {tries} of {} can ever start", attempts.value);
            let arithmetic =
                format!("{} = {} of waiting, and {} is all there is", waits.join(" + "), time(sum), time(timeout));
            return Some(("some retries can never run".into(), attempts.span, label, Some(arithmetic)));
        }
        let doubled = wait.saturating_mul(2);
        wait = retry.max_backoff.map_or(doubled, |longest| doubled.min(longest));
        // The waits grow to their longest at once; a sum of more terms than this says nothing to anybody.
        if waits.len() > 30 {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    fn notes(fields: &str) -> Vec<String> {
        let text = file(&[route(fields)]);
        let faults = faults(&text);
        assert!(faults.iter().all(|fault| fault.code == Code::RetriesNeverRun), "{faults:?}");
        faults.into_iter().flat_map(|fault| [fault.labels[0].text.clone()].into_iter().chain(fault.notes)).collect()
    }

    #[test]
    fn the_arithmetic_is_shown() {
        assert_eq!(
            notes("timeout: \"1s\", retry: Retry(attempts: 3, per_try: \"800ms\", backoff: \"200ms\")"),
            ["the second try would start at 1s", "800ms + 200ms = 1s, and 1s is all there is"]
        );
        assert_eq!(
            notes("timeout: \"1s\", retry: Retry(attempts: 9, backoff: \"200ms\")"),
            ["only 3 of 9 can ever start", "200ms + 400ms + 800ms = 1400ms of waiting, and 1s is all there is"]
        );
    }

    #[test]
    fn what_leaves_no_time_or_no_try_is_a_warning() {
        for fields in [
            "retry: Retry(attempts: 1, backoff: \"1ms\")",
            "retry: Retry(attempts: 2, backoff: \"2s\")",
            "retry: Retry(attempts: 2, backoff: \"1ms\", per_try: \"10s\")",
            "retry: Retry(attempts: 2, backoff: \"1ms\", on: [Timeout])",
        ] {
            assert_eq!(codes_of_route(fields), [Code::RetriesNeverRun], "{fields}");
        }
        let waits = "retry: Retry(attempts: 2, backoff: \"20ms\", max_backoff: \"10ms\")";
        assert_eq!(codes_of_route(waits), [Code::WaitNeverGrows]);
    }

    #[test]
    fn what_has_time_is_fine() {
        for fields in [
            "retry: Retry(attempts: 3, backoff: \"50ms\", per_try: \"500ms\", on: [Timeout, Status(503)])",
            "timeout: \"10ms\"",
            "timeout: \"9s\", retry: Retry(attempts: 1000000000, backoff: \"1ms\", max_backoff: \"1ms\")",
        ] {
            assert_eq!(codes_of_route(fields), [], "{fields}");
        }
    }
}
