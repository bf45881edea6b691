//! Expectations: the route file's own unit tests, as written.

use super::choices::{list, only_item, unknown_word, word};
use super::form::{Faults, Form, Shape, wrong_type};
use super::scalars::text;
use super::tree::{Kind, Node};
use crate::route_file::{Caller, Expectation, Expected, Field};
use crate::span::Spanned;

pub(super) const EXPECT: Shape = Shape { name: "Expect", fields: &["request", "as", "outcome"] };
const OUTCOMES: [&str; 7] =
    ["Forward(\"…\")", "BuiltIn", "NotFound", "MethodNotAllowed", "Unauthorized", "Forbidden", "BadRequest"];

pub(super) fn read(source: &str, node: &Node<'_>, faults: &mut Faults) -> Vec<Expectation> {
    let items = list(node, "a list of expectations", faults).unwrap_or_default();
    items.iter().filter_map(|node| expectation(source, node, faults)).collect()
}

fn expectation(source: &str, node: &Node<'_>, faults: &mut Faults) -> Option<Expectation> {
    let form = Form::open(&EXPECT, node, faults)?;
    let request = form.required("request", faults, |node, faults| {
        text(source, node, "a request in quotes, as in `\"GET /path\"`", faults)
    });
    let caller = form.required("as", faults, caller);
    let outcome = form.required("outcome", faults, |node, faults| outcome(source, node, faults));
    match (request, caller, outcome) {
        (Field::Given(request), Field::Given(caller), Field::Given(outcome)) => {
            Some(Expectation { request, caller, outcome })
        }
        _ => None,
    }
}

fn caller(node: &Node<'_>, faults: &mut Faults) -> Option<Spanned<Caller>> {
    let role = word(node, "a role's name, or `Everyone`", faults)?;
    let value = if role.value == "Everyone" { Caller::Everyone } else { Caller::Role(role.value) };
    Some(Spanned { value, span: role.span })
}

fn outcome(source: &str, node: &Node<'_>, faults: &mut Faults) -> Option<Spanned<Expected>> {
    let value = match (&node.kind, node.name()) {
        (Kind::Name("BuiltIn"), _) => Expected::BuiltIn,
        (Kind::Name("NotFound"), _) => Expected::NotFound,
        (Kind::Name("MethodNotAllowed"), _) => Expected::MethodNotAllowed,
        (Kind::Name("Unauthorized"), _) => Expected::Unauthorized,
        (Kind::Name("Forbidden"), _) => Expected::Forbidden,
        (Kind::Name("BadRequest"), _) => Expected::BadRequest,
        (Kind::Tuple { .. } | Kind::Name(_), Some("Forward")) => {
            let url = only_item(node, "one URL, as in `Forward(\"http://…\")`", faults)?;
            Expected::Forward(text(source, url, "a URL in quotes", faults)?)
        }
        (Kind::Broken, _) => return None,
        (_, Some(name)) => {
            faults.push(unknown_word(name, node.head(), &OUTCOMES));
            return None;
        }
        _ => {
            faults.push(wrong_type(node, "an outcome"));
            return None;
        }
    };
    Some(Spanned { value, span: node.span })
}
