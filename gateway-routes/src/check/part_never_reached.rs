//! A limit on a part of the time that is as long as the whole: the whole ends first, always.

use std::time::Duration;

use super::Context;
use crate::fault::Fault;
use crate::query::diff::time;
use crate::route_file::Policy;
use crate::span::Spanned;
use crate::{Code, lower};

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    let defaults = &context.file.defaults;
    check_policy(defaults, &Policy::default(), &mut |fault| faults.push(fault));
    for (index, route) in context.routes() {
        check_policy(&route.policy, defaults, &mut |fault| faults.push(fault.of_route(index)));
    }
}

/// Looks at the parts that the policy sets itself: what it takes over was looked at where it stands.
fn check_policy(policy: &Policy, defaults: &Policy, tell: &mut dyn FnMut(Fault)) {
    let Some(timeouts) = policy.timeouts.given() else { return };
    let whole = lower::timeout(policy, defaults);
    if whole.is_zero() || policy.timeout.is_broken() || defaults.timeout.is_broken() {
        return;
    }
    for (name, part) in [("connect", &timeouts.connect), ("first_byte", &timeouts.first_byte)] {
        if let Some(part) = part.given().filter(|part| part.value >= whole) {
            let said = policy.timeout.given().or(defaults.timeout.given());
            tell(never_reached(name, part, said, whole));
        }
    }
}

fn never_reached(name: &str, part: &Spanned<Duration>, said: Option<&Spanned<Duration>>, whole: Duration) -> Fault {
    let label = format!("as long as all the time there is, {}, or longer", time(whole));
    let fault = Fault::new(Code::PartNeverReached, format!("this `{name}` is never reached"), part.span, label);
    let fault = match said {
        Some(said) => fault.and(said.span, "the whole request ends here"),
        None => fault.note(format!("a route without a `timeout` has {}", time(whole))),
    };
    fault.help(format!("make `{name}` shorter than `timeout`, or leave it out"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::{Code, Level};

    #[test]
    fn a_part_as_long_as_the_whole_is_never_reached() {
        let text = file(&[route("timeout: \"1s\", timeouts: Timeouts(connect: \"1s\", first_byte: \"999ms\")")]);
        let faults = faults(&text);
        assert_eq!((faults[0].code, faults[0].level, faults.len()), (Code::PartNeverReached, Level::Warning, 1));
        let marked: Vec<&str> = faults[0].labels.iter().map(|label| &text[label.span.start..label.span.end]).collect();
        assert_eq!(marked, ["\"1s\"", "\"1s\""]);
        assert!(faults[0].labels[0].span > faults[0].labels[1].span);
    }

    #[test]
    fn the_whole_may_stand_in_the_defaults_or_nowhere() {
        let own = "timeouts: (first_byte: \"3s\")";
        let text = file(&[route(own)]);
        assert_eq!(faults(&text)[0].notes, ["a route without a `timeout` has 2s"]);
        assert_eq!(codes(&text.replace("routes:", "defaults: (timeout: \"4s\"), routes:")), []);
        assert_eq!(codes("(routes: [], defaults: (timeouts: (connect: \"2s\")))"), [Code::PartNeverReached]);
    }

    #[test]
    fn what_the_defaults_are_faulty_in_is_told_once() {
        let text = file(&[route("timeout: \"1s\"")]);
        assert_eq!(codes(&text.replace("routes:", "defaults: (timeouts: (connect: \"1500ms\")), routes:")), []);
        assert_eq!(codes_of_route("timeout: 5, timeouts: (connect: \"9s\")"), [Code::BareNumber]);
        assert_eq!(codes_of_route("timeouts: (idle: \"9h\")"), []);
    }
}
