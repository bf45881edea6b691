//! A debounce where an answer should not be shared: on what may safely be sent twice, and between callers that cannot be told
//! apart.

use gateway_table::Method;

use super::Context;
use crate::callers::{self, Callers};
use crate::fault::Fault;
use crate::{Code, Span};

/// Methods that only look (RFC 9110, 9.2.1).
const SAFE: [Method; 3] = [Method::Get, Method::Head, Method::Options];

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    for (index, route) in context.routes() {
        let Some(debounce) = route.debounce.given().filter(|debounce| !debounce.value.is_zero()) else { continue };
        let safe = context.methods[index].and_then(|methods| SAFE.into_iter().find(|method| methods.contains(*method)));
        let public = callers::of_route(context, route) == Some(Callers::Everyone);
        let place = route.required_role.given().filter(|_| public).map(|access| access.span);
        let listed = route.methods.given().map(|methods| methods.span);
        match (place, safe) {
            (Some(place), _) => faults.push(across_callers(debounce.span, place).of_route(index)),
            (None, Some(method)) => faults.push(on_safe(debounce.span, method, listed).of_route(index)),
            (None, None) => {}
        }
    }
}

fn across_callers(debounce: Span, access: Span) -> Fault {
    let message = "this debounce shares answers between callers";
    Fault::new(Code::SharedAnswers, message, debounce, "one answer for equal requests")
        .and(access, "without a token, callers cannot be told apart")
        .note("shared caches are forbidden the same (RFC 9111, 3.5)")
        .help("ask for a role, or leave `debounce` out")
        .help(format!("or say why it does no harm: `allow: [({}, \"…\")]`", Code::SharedAnswers))
}

fn on_safe(debounce: Span, method: Method, listed: Option<Span>) -> Fault {
    let message = format!("this debounce holds back {method}, which may be sent twice");
    let fault = Fault::new(Code::SharedAnswers, message, debounce, "answers may be as old as this");
    let fault = listed.into_iter().fold(fault, |fault, listed| fault.and(listed, format!("{method} is among them")));
    fault.help("give the methods that change something a route of their own: `methods: [POST]`")
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    #[test]
    fn a_debounce_is_for_what_changes_something() {
        assert_eq!(codes_of_route("debounce: \"2s\""), [Code::SharedAnswers]);
        assert_eq!(codes_of_route("debounce: \"2s\", methods: [GET, POST]"), [Code::SharedAnswers]);
        assert_eq!(codes_of_route("debounce: \"2s\", methods: [POST]"), []);
    }

    #[test]
    fn callers_without_a_token_share_nothing() {
        let public = "debounce: \"2s\", methods: [POST], required_role: Everyone(reason: \"x\")";
        let text = format!("(routes: [{}])", route(public));
        assert_eq!(codes(&text), [Code::SharedAnswers]);
    }
}
