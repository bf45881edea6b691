//! The route file's own unit tests: what each expects is compared with what the table decides.

use gateway_table::{Method, Table};

use super::{Context, unknown_role};
use crate::fault::Fault;
use crate::query::coverage::Touch;
use crate::query::decide::{self, Decision, Outcome, Request};
use crate::route_file::{Caller, Expectation, Expected};
use crate::span::{Spanned, Text};
use crate::{Code, similar};

/// Checks every expectation; against the table only where there is one. Out: which routes their requests come to.
pub(crate) fn check(context: &Context<'_>, table: Option<&Table>, faults: &mut Vec<Fault>) -> Vec<Touch> {
    let (mut touched, mut tree) = (Vec::new(), None);
    for expectation in &context.file.expect {
        let request = request(&expectation.request).map_err(|fault| faults.push(*fault));
        let role = role(context, &expectation.caller).map_err(|fault| faults.extend(fault.map(|fault| *fault)));
        let (Ok((method, target)), Ok(role), Some(table)) = (request, role, table) else { continue };
        let request = Request { method, target, role };
        let decision = decide::decide(table, &request);
        if !is_met(&expectation.outcome.value, &decision) {
            let tree = tree.get_or_insert_with(|| decide::tree_of(table));
            faults.push(failed(expectation, &request, &decision, &decide::why_among(table, tree, &request)));
        }
        let method = Method::from_name(method);
        if let (Some(route), Some(method)) = (decision.route, method)
            && table.routes[route].methods.contains(method)
        {
            touched.push(Touch { route, method, role });
        }
    }
    touched
}

/// The method and the target of a request as written.
fn request(text: &Text) -> Result<(&str, &str), Box<Fault>> {
    let malformed = |message: String, label: &str| {
        let fault = Fault::new(Code::BadExpectation, message, text.span, label);
        Box::new(fault.help("write a method and a path: `\"GET /path\"`"))
    };
    let Some((method, target)) = text.value.split_once(' ') else {
        return Err(malformed(
            "this request has no method, or no path".into(),
            "expected a method, one space and a path",
        ));
    };
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') {
        let fault = malformed(format!("`{}` is no method", method.escape_debug()), "methods are written in capitals");
        let meant = similar::closest(method, Method::ALL.map(Method::name)).filter(|_| text.first.is_some());
        return Err(match meant {
            Some(meant) => Box::new(fault.guess("did you mean", text.part(0..method.len()), meant)),
            None => fault,
        });
    }
    if !target.starts_with('/') || target.contains(|byte: char| byte.is_ascii_whitespace()) {
        return Err(malformed(
            "the path of this request does not start with `/`, or has a space".into(),
            "malformed path",
        ));
    }
    Ok((method, target))
}

/// The role of the caller; nothing is told twice about one whose declaration could not be read.
fn role(context: &Context<'_>, caller: &Spanned<Caller>) -> Result<Option<usize>, Option<Box<Fault>>> {
    let Caller::Role(name) = &caller.value else { return Ok(None) };
    match context.roles.get(name.as_str()) {
        Some(role) => Ok(Some(*role)),
        None if context.file.may_declare(name) => Err(None),
        None => Err(Some(Box::new(unknown_role::fault(context, &Spanned { value: name.clone(), span: caller.span })))),
    }
}

fn outcome(expected: &Expected) -> Outcome {
    match expected {
        Expected::Forward(_) => Outcome::Forward,
        Expected::BuiltIn => Outcome::BuiltIn,
        Expected::NotFound => Outcome::NotFound,
        Expected::MethodNotAllowed => Outcome::MethodNotAllowed,
        Expected::Unauthorized => Outcome::Unauthorized,
        Expected::Forbidden => Outcome::Forbidden,
        Expected::BadRequest => Outcome::BadRequest,
    }
}

fn is_met(expected: &Expected, decision: &Decision) -> bool {
    let same_target = match expected {
        Expected::Forward(url) => decision.target.as_deref() == Some(url.value.as_str()),
        _ => true,
    };
    outcome(expected) == decision.outcome && same_target
}

fn failed(expectation: &Expectation, request: &Request<'_>, decision: &Decision, why: &[String]) -> Fault {
    let expected = match &expectation.outcome.value {
        Expected::Forward(url) => format!("Forward(\"{}\")", url.value.escape_debug()),
        other => outcome(other).name().to_owned(),
    };
    let found = match &decision.target {
        Some(url) => format!("Forward({url:?})"),
        None => decision.outcome.name().to_owned(),
    };
    let message = format!("`{} {}` does not end as expected", request.method, request.target.escape_debug());
    let fault = Fault::new(Code::ExpectationFailed, message, expectation.outcome.span, format!("found `{found}`"))
        .note(format!("expected `{expected}`"))
        .note(format!("found    `{found}`"));
    why.iter().fold(fault, |fault, why| fault.note(format!("because {why}")))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    fn codes_of(expect: &str) -> Vec<Code> {
        codes(
            &file(&[route("path_prefix: \"/a\", methods: [GET]")])
                .replace("  routes:", &format!("  expect: [Expect({expect})],\n  routes:")),
        )
    }

    #[test]
    fn what_is_met_is_silent() {
        for expect in [
            "request: \"GET /a/x?q=1\", as: Admin, outcome: Forward(\"http://s:1/x?q=1\")",
            "request: \"HEAD /a\", as: Admin, outcome: Forward(\"http://s:1/\")",
            "request: \"GET /a\", as: Everyone, outcome: Unauthorized",
            "request: \"POST /a\", as: Admin, outcome: MethodNotAllowed",
            "request: \"BREW /a\", as: Admin, outcome: MethodNotAllowed",
            "request: \"GET /b\", as: Admin, outcome: NotFound",
            "request: \"GET /a//b\", as: Admin, outcome: BadRequest",
            "request: \"GET /healthcheck\", as: Everyone, outcome: BuiltIn",
        ] {
            assert_eq!(codes_of(expect), [], "{expect}");
        }
    }

    #[test]
    fn what_is_not_met_says_why() {
        assert_eq!(codes_of("request: \"GET /a\", as: Admin, outcome: NotFound"), [Code::ExpectationFailed]);
        assert_eq!(
            codes_of("request: \"GET /a\", as: Admin, outcome: Forward(\"http://x\")"),
            [Code::ExpectationFailed]
        );
    }

    #[test]
    fn what_is_malformed_is_told() {
        for (expect, code) in [
            ("request: \"/a\", as: Admin, outcome: NotFound", Code::BadExpectation),
            ("request: \"get /a\", as: Admin, outcome: NotFound", Code::BadExpectation),
            ("request: \"GET a\", as: Admin, outcome: NotFound", Code::BadExpectation),
            ("request: \"GET /a b\", as: Admin, outcome: NotFound", Code::BadExpectation),
            ("request: \"GET /b\", as: Admim, outcome: NotFound", Code::UnknownRole),
            ("request: \"GET /b\", as: Admin, outcome: Lost", Code::UnknownWord),
            ("request: \"GET /b\", as: Admin", Code::MissingField),
        ] {
            assert_eq!(codes_of(expect), [code], "{expect}");
        }
    }
}
