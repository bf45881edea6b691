//! Promises about the registry of codes as a whole.

use std::collections::BTreeSet;

use crate::check::testing::{codes, file, route};
use crate::{Code, Source, compile};

/// A file for every code that raises it, among others perhaps.
fn examples() -> Vec<(Code, String)> {
    let one = |fields: &str| file(&[route(fields)]);
    let two = |one: &str, other: &str| file(&[route(one), route(other)]);
    let roles = |roles: &str| one("").replace("Admin: \"admin\"", roles);
    let expect = |expect: &str| one("").replace("  routes:", &format!("  expect: [Expect({expect})], routes:"));
    let many: Vec<String> = (0..65).map(|n| format!("R{n}: \"{n}\"")).collect();
    vec![
        (Code::NotRon, "(routes: [;])".into()),
        (Code::EmptyFile, String::new()),
        (Code::TooDeep, "[".repeat(200)),
        (Code::Unclosed, "(routes: [}".into()),
        (Code::BadLiteral, one("summary: \"\\q\"")),
        (Code::DuplicateRoute, two("", "")),
        (Code::Overlap, two("", "methods: [GET]")),
        (Code::SamePattern, two("path_prefix: \"/{a}\"", "path_prefix: \"/{b}\"")),
        (Code::BuiltInShadowed, one("path_prefix: \"/healthcheck\"")),
        (Code::NoLeadingSlash, one("path_prefix: \"a\"")),
        (Code::QueryInPath, one("path_prefix: \"/a?b\"")),
        (Code::NotCanonical, one("path_prefix: \"//a\"")),
        (Code::IllegalInPath, one("path_prefix: \"/a b\"")),
        (Code::TrailingSlash, one("path_prefix: \"/a/\"")),
        (Code::BadMethod, one("methods: [get]")),
        (Code::Wildcard, one("path_prefix: \"/a/*\"")),
        (Code::BadParameter, one("path_prefix: \"/{}\"")),
        (Code::DuplicateParameter, one("path_prefix: \"/{a}/{a}\"")),
        (Code::PathTooLong, one(&format!("path_prefix: \"/{}\"", "a".repeat(2000)))),
        (Code::DuplicateMethod, one("methods: [GET, GET]")),
        (Code::ReplaceNotAbsolute, one("rewrite: Replace(\"x\")")),
        (Code::UnknownParameter, one("rewrite: Replace(\"/{x}\")")),
        (Code::ParameterUsedTwice, one("path_prefix: \"/{x}\", rewrite: Replace(\"/{x}/{x}\")")),
        (Code::ReplaceNotCanonical, one("rewrite: Replace(\"//x\")")),
        (Code::UnusedRole, roles("Admin: \"admin\", Other: \"other\"")),
        (Code::BadTarget, one("target: \"x\"")),
        (Code::SelfTarget, one("target: \"http://localhost:8001\"")),
        (Code::TargetTrailingSlash, one("target: \"http://s:1/\"")),
        (Code::ServiceTwoPlaces, two("", "path_prefix: \"/b\", target: \"http://t:1\"")),
        (Code::AddressTwoNames, two("", "path_prefix: \"/b\", service: \"t\"")),
        (Code::BadServiceName, one("service: \"\"")),
        (Code::AccessNotStated, "(routes: [(path_prefix: \"/\")])".into()),
        (Code::UnknownRole, one("required_role: Nobody")),
        (Code::ImpliesCircle, roles("Admin: (claim: \"a\", implies: [Admin])")),
        (Code::SensitivePublic, one("path_prefix: \"/admin\", required_role: Everyone(reason: \"x\")")),
        (Code::DuplicateClaim, roles("Admin: \"a\", Other: \"a\"")),
        (Code::NoRoles, one("required_role: AnyOf([])")),
        (Code::DuplicateRole, one("required_role: AnyOf([Admin, Admin])")),
        (Code::ReservedRole, roles("Admin: \"a\", Everyone: \"b\"")),
        (Code::EmptyClaim, roles("Admin: \"\"")),
        (Code::TooManyRoles, roles(&many.join(", "))),
        (Code::PublicWithoutReason, one("required_role: Everyone")),
        (Code::EveryoneInList, one("required_role: AnyOf([Everyone])")),
        (Code::ZeroLimit, one("rate_limit: (count: 0, unit: Hour)")),
        (Code::ZeroBurst, one("rate_limit: (count: 1, unit: Hour, burst: 0)")),
        (Code::UnlimitedWithoutReason, one("rate_limit: Unlimited")),
        (Code::ZeroDuration, one("timeout: \"0s\"")),
        (Code::BareNumber, one("timeout: 5")),
        (Code::BadRetryCause, one("retry: (attempts: 1, backoff: \"1s\", on: [Status(200)])")),
        (Code::InertBreaker, one("breaker: (failures: 0, within: \"1s\", open_for: \"1s\")")),
        (Code::BadUnit, one("timeout: \"5 parsecs\"")),
        (Code::QuantityTooLarge, one("timeout: \"99999999999999h\"")),
        (Code::ZeroAttempts, one("retry: (attempts: 0, backoff: \"1s\")")),
        (Code::ZeroBody, one("max_body: \"0B\"")),
        (Code::UnknownField, one("colour: \"red\"")),
        (Code::DuplicateField, one("timeout: \"1s\", timeout: \"1s\"")),
        (Code::UnusedAllow, one("allow: [(CG0505, \"x\")]")),
        (Code::MissingField, "(routes: [(path_prefix: \"/\")])".into()),
        (Code::WrongType, one("summary: 5")),
        (Code::WrongName, "Gate(routes: [])".into()),
        (Code::UnknownWord, one("rewrite: Drop")),
        (Code::EmptyReason, one("rate_limit: Unlimited(reason: \"\")")),
        (Code::UnknownCode, one("allow: [(CG9999, \"x\")]")),
        (Code::NotALint, one("allow: [(CG0101, \"x\")]")),
        (Code::OutOfRange, one("rate_limit: (count: -1, unit: Hour)")),
        (Code::BadExpectation, expect("request: \"/\", as: Admin, outcome: NotFound")),
        (Code::ExpectationFailed, expect("request: \"GET /a\", as: Admin, outcome: NotFound")),
    ]
}

#[test]
fn every_code_is_raised_by_its_example() {
    for (code, text) in examples() {
        assert!(codes(&text).contains(&code), "{code} is not raised by {text}: {:?}", codes(&text));
    }
}

#[test]
fn every_code_has_an_example() {
    let mut shown: BTreeSet<Code> = examples().into_iter().map(|(code, _)| code).collect();
    // Bytes that are not UTF-8 are no text.
    shown.insert(compile(&Source::new("x", b"\xff".as_slice())).faults[0].code);
    assert_eq!(shown, Code::ALL.iter().copied().collect());
}
