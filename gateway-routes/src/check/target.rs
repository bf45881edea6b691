//! The rules of a target; [`crate::target`] finds what breaks them.

use super::Context;
use crate::Code;
use crate::fault::Fault;
use crate::span::Text;
use crate::target::TargetFault;

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    for (index, route) in context.routes() {
        let Some(text) = route.target.given() else { continue };
        match &context.targets[index] {
            Some(Err(broken)) => faults.push(told(broken, text).of_route(index)),
            Some(Ok(_)) if text.value.ends_with('/') => faults.push(trailing_slash(text).of_route(index)),
            _ => {}
        }
    }
}

fn told(broken: &TargetFault, text: &Text) -> Fault {
    let place = text.part(broken.range.clone());
    let mut fault = Fault::new(Code::BadTarget, broken.message.as_str(), place, broken.label.as_str());
    if let Some(fixed) = &broken.fixed
        && text.first.is_some()
    {
        let help = if fixed.is_empty() { "leave it out" } else { "did you mean" };
        fault = fault.guess(help, place, fixed);
    }
    broken.help.into_iter().fold(fault, Fault::help)
}

fn trailing_slash(text: &Text) -> Fault {
    let length = text.value.len();
    let slash = text.part(length - 1..length);
    let fault = Fault::new(Code::TargetTrailingSlash, "a target does not end with `/`", slash, "makes no difference");
    if text.first.is_some() { fault.fix("leave it out", slash, "") } else { fault.help("leave it out") }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::{Code, Level};

    #[test]
    fn the_part_that_is_wrong_is_marked() {
        for (target, marks) in [
            ("htpp://x:1", "htpp"),
            ("http://x:0", "0"),
            ("http://x:70000", "70000"),
            ("http://u:p@x:1", "u:p@"),
            ("http://x:1/a?b", "?b"),
            ("http://x:1/a//b", "/a//b"),
            ("tcp://x", "x"),
            ("tcp://*:5555", "*"),
            ("x:1", "\"x:1\""),
        ] {
            let text = file(&[route(&format!("target: \"{target}\""))]);
            let faults = faults(&text);
            assert_eq!((faults[0].code, marked(&text, &faults[0])), (Code::BadTarget, marks), "{target}");
        }
    }

    #[test]
    fn a_trailing_slash_is_a_warning_with_a_fix() {
        for target in ["http://x:1/", "http://x:1/a/"] {
            let text = file(&[route(&format!("target: \"{target}\""))]);
            let faults = faults(&text);
            assert_eq!((faults[0].code, faults[0].level), (Code::TargetTrailingSlash, Level::Warning));
            assert_eq!(codes(&fixed(&text, &faults[0])), []);
        }
    }
}
