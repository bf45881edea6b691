//! A replacement: an absolute, canonical path that uses the parameters of the prefix, each at most once.

use gateway_table::CanonicalPath;

use super::Context;
use crate::fault::Fault;
use crate::pattern::Pattern;
use crate::replacement::{self, Part};
use crate::route_file::{Field, Rewrite};
use crate::span::Text;
use crate::{Code, similar};

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    for (index, route) in context.routes() {
        let Field::Given(Rewrite::Replace(text)) = &route.rewrite else { continue };
        let mut tell = |fault: Fault| faults.push(fault.of_route(index));
        if text.value.starts_with('/') {
            check_canonical(text, &mut tell);
        } else {
            tell(not_absolute(text));
        }
        if let Some(pattern) = context.pattern(index) {
            check_parameters(text, pattern, &mut tell);
        }
    }
}

fn not_absolute(text: &Text) -> Fault {
    let message = "a replacement does not start with `/`";
    Fault::new(Code::ReplaceNotAbsolute, message, text.span, "expected a path").fix(
        "write",
        text.span,
        format!("{:?}", format!("/{}", text.value)),
    )
}

/// The path must be canonical whatever its parameters match; a letter stands for that.
fn check_canonical(text: &Text, tell: &mut impl FnMut(Fault)) {
    let mut filled = String::new();
    for (part, place) in replacement::parts(&text.value) {
        match part {
            Part::Literal(literal) if literal.contains(['{', '}']) => {
                let fault =
                    Fault::new(Code::ReplaceNotCanonical, "this brace has no match", text.part(place), "a lone brace");
                return tell(fault.help("a parameter is a name in braces: `{name}`"));
            }
            Part::Literal(literal) => filled.push_str(literal),
            Part::Parameter(_) => filled.push('x'),
        }
    }
    match CanonicalPath::new(&filled) {
        Ok(canonical) if *canonical == *filled => {}
        Ok(canonical) => {
            let fault = Fault::new(
                Code::ReplaceNotCanonical,
                "this replacement is not in canonical form",
                text.span,
                "not canonical",
            );
            tell(fault.help(format!("canonical would be `{}`", &*canonical)));
        }
        Err(reason) => {
            let message = format!("this replacement {}", reason.reason());
            tell(Fault::new(Code::ReplaceNotCanonical, message, text.span, "ambiguous for the upstream"));
        }
    }
}

fn check_parameters(text: &Text, pattern: &Pattern, tell: &mut impl FnMut(Fault)) {
    let known: Vec<&str> = pattern.parameters().map(|(name, _)| name).collect();
    let mut used: Vec<&str> = Vec::new();
    for (part, place) in replacement::parts(&text.value) {
        let Part::Parameter(name) = part else { continue };
        let span = text.part(place);
        if !known.contains(&name) {
            tell(unknown(name, &known, pattern, text, span));
        } else if used.contains(&name) {
            let message = format!("the parameter `{name}` is used twice");
            tell(Fault::new(Code::ParameterUsedTwice, message, span, "used again"));
        } else {
            used.push(name);
        }
    }
}

fn unknown(name: &str, known: &[&str], pattern: &Pattern, text: &Text, span: crate::Span) -> Fault {
    let message = format!("`{}` has no parameter `{name}`", pattern.text);
    let fault = Fault::new(Code::UnknownParameter, message, span, "unknown parameter");
    match similar::closest(name, known.iter().copied()) {
        Some(similar) if text.first.is_some() => fault.guess("did you mean", span, format!("{{{similar}}}")),
        Some(similar) => fault.help(format!("did you mean `{{{similar}}}`")),
        None if known.is_empty() => fault.help("the path has no parameters; a segment in braces would be one"),
        None => fault.help(format!("the path has {}", similar::listed(known.iter().copied()))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    fn replaced(with: &str) -> String {
        file(&[route(&format!("path_prefix: \"/a/{{id}}\", rewrite: Replace(\"{with}\")"))])
    }

    #[test]
    fn parameters_are_known_and_used_once() {
        assert_eq!(codes(&replaced("/x/{id}/y")), []);
        assert_eq!(codes(&replaced("/v-{id}")), []);
        assert_eq!(codes(&replaced("/{id}/{id}")), [Code::ParameterUsedTwice]);
        assert_eq!(codes(&replaced("/{name}")), [Code::UnknownParameter]);
        let text = replaced("/{idd}");
        assert_eq!(marked(&text, &faults(&text)[0]), "{idd}");
        assert_eq!(codes(&fixed(&text, &faults(&text)[0])), []);
    }

    #[test]
    fn a_replacement_is_an_absolute_canonical_path() {
        assert_eq!(codes(&replaced("x")), [Code::ReplaceNotAbsolute]);
        assert_eq!(codes(&replaced("")), [Code::ReplaceNotAbsolute]);
        for with in ["//x", "/a/../b", "/a b", "/%61", "/a?b", "/{id", "/id}"] {
            assert_eq!(codes(&replaced(with)), [Code::ReplaceNotCanonical], "{with}");
        }
    }

    #[test]
    fn a_rewrite_is_one_of_three() {
        for (rewrite, code) in [
            ("Stripp", Code::UnknownWord),
            ("Replace", Code::UnknownWord),
            ("Replaced(\"/x\")", Code::UnknownWord),
            ("\"/x\"", Code::WrongType),
            ("Replace(1)", Code::WrongType),
            ("Replace(\"/x\", \"/y\")", Code::WrongType),
        ] {
            assert_eq!(codes_of_route(&format!("rewrite: {rewrite}")), [code], "{rewrite}");
        }
        assert_eq!(codes_of_route("rewrite: Keep"), []);
    }
}
