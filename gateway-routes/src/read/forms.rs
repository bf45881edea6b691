//! The route language's large forms: the gateway, its roles, its routes, its lints.

use std::collections::HashMap;

use super::choices::{choice, list, list_of, only_item, unknown_word, word};
use super::expectations;
use super::form::{Faults, Form, Shape, wrong_type};
use super::policies::policy;
use super::scalars::{reason, text};
use super::tree::{Kind, Node};
use crate::fault::Fault;
use crate::route_file::{Access, Allow, Field, LintSetting, Methods, Policy, Rewrite, Role, Route, RouteFile, Who};
use crate::span::Spanned;
use crate::{Code, Level, Span, similar};

pub(super) const GATEWAY: Shape =
    Shape { name: "Gateway", fields: &["roles", "defaults", "routes", "lints", "expect", "coverage"] };
pub(super) const DEFAULTS: Shape = Shape {
    name: "Defaults",
    fields: &["rate_limit", "timeout", "timeouts", "max_body", "retry", "breaker", "max_concurrent", "upgrade"],
};
pub(super) const ROLE: Shape = Shape { name: "Role", fields: &["claim", "implies"] };
pub(super) const EVERYONE: Shape = Shape { name: "Everyone", fields: &["reason"] };
pub(super) const ROUTE: Shape = Shape {
    name: "Route",
    fields: &[
        "path_prefix",
        "methods",
        "service",
        "target",
        "rewrite",
        "required_role",
        "rate_limit",
        "timeout",
        "timeouts",
        "retry",
        "breaker",
        "max_concurrent",
        "upgrade",
        "debounce",
        "max_body",
        "summary",
        "allow",
    ],
};

/// The route file that the tree `node` of the text `source` writes.
pub(super) fn read_gateway(source: &str, node: &Node<'_>, faults: &mut Faults) -> Option<RouteFile> {
    let form = Form::open(&GATEWAY, node, faults)?;
    let mut file = RouteFile::default();
    if let Some(node) = form.node("roles") {
        read_roles(source, node, &mut file, faults);
    }
    if let Some(node) = form.node("defaults") {
        file.defaults = defaults(source, node, faults);
    }
    if let Field::Given(nodes) = form.required("routes", faults, |node, faults| list(node, "a list of routes", faults))
    {
        file.routes = nodes.iter().filter_map(|node| route(source, node, faults)).collect();
    }
    if let Some(node) = form.node("lints") {
        file.lints = lints(node, faults);
    }
    if let Some(node) = form.node("expect") {
        file.expect = expectations::read(source, node, faults);
    }
    if let Some(node) = form.node("coverage") {
        let full = choice(node, &[("Full", true), ("Off", false)], faults);
        file.full_coverage = full.filter(|full| *full).map(|_| node.span);
    }
    file.whole = faults.is_empty();
    Some(file)
}

/// The entries of a map.
fn entries<'n, 'a>(node: &'n Node<'a>, expected: &str, faults: &mut Faults) -> &'n [(Node<'a>, Node<'a>)] {
    match &node.kind {
        Kind::Map(entries) => return entries,
        Kind::Broken => {}
        _ => faults.push(wrong_type(node, expected).help("a map stands in curly brackets: `{ key: value }`")),
    }
    &[]
}

fn read_roles(source: &str, node: &Node<'_>, file: &mut RouteFile, faults: &mut Faults) {
    let mut first: HashMap<String, Span> = HashMap::new();
    file.roles_are_cut = node.is_cut || !matches!(node.kind, Kind::Map(_));
    for (key, value) in entries(node, "a map of roles", faults) {
        let Some(name) = word(key, "a role's name", faults) else {
            file.roles_are_cut = true;
            continue;
        };
        if let Some(first) = first.get(&name.value) {
            let message = format!("the role `{}` is declared twice", name.value);
            let fault = Fault::new(Code::DuplicateField, message, name.span, "declared again");
            faults.push(fault.and(*first, "declared first"));
            continue;
        }
        first.insert(name.value.clone(), name.span);
        match role(source, name.clone(), value, faults) {
            Some(role) => file.roles.push(role),
            None => drop(file.unread_roles.insert(name.value)),
        }
    }
}

fn role(source: &str, name: Spanned<String>, node: &Node<'_>, faults: &mut Faults) -> Option<Role> {
    if let Kind::Text(_) = node.kind {
        let claim = text(source, node, "the role's value in a token", faults)?;
        return Some(Role { name, claim, implies: Vec::new() });
    }
    if !matches!(node.kind, Kind::Struct { .. } | Kind::Tuple { .. } | Kind::Broken) {
        faults.push(wrong_type(node, "the role's value in a token, in quotes, or `Role(claim: \"…\", implies: […])`"));
        return None;
    }
    let form = Form::open(&ROLE, node, faults)?;
    let claim =
        form.required("claim", faults, |node, faults| text(source, node, "the role's value in a token", faults));
    let implies = form.optional("implies", faults, |node, faults| {
        list_of(node, "a list of roles", faults, |node, faults| word(node, "a role's name", faults))
    });
    let implies = if let Field::Given(implies) = implies { implies } else { Vec::new() };
    Some(Role { name, claim: claim.given()?.clone(), implies })
}

fn defaults(source: &str, node: &Node<'_>, faults: &mut Faults) -> Policy {
    Form::open(&DEFAULTS, node, faults).map(|form| policy(source, &form, faults)).unwrap_or_default()
}

fn route(source: &str, node: &Node<'_>, faults: &mut Faults) -> Option<Route> {
    let form = Form::open(&ROUTE, node, faults)?;
    let string =
        |expected: &'static str| move |node: &Node<'_>, faults: &mut Faults| text(source, node, expected, faults);
    let allow = form.optional("allow", faults, |node, faults| Some(allows(source, node, faults)));
    Some(Route {
        place: form.place,
        path_prefix: form.required("path_prefix", faults, string("a path in quotes")),
        methods: form.optional("methods", faults, methods),
        service: form.required("service", faults, string("a service's name in quotes")),
        target: form.required("target", faults, string("a URL in quotes")),
        rewrite: form.optional("rewrite", faults, |node, faults| rewrite(source, node, faults)),
        required_role: form.optional("required_role", faults, |node, faults| access(source, node, faults)),
        policy: policy(source, &form, faults),
        debounce: form.optional("debounce", faults, |node, faults| super::scalars::duration(source, node, faults)),
        summary: form.optional("summary", faults, string("a text")),
        allow: if let Field::Given(allow) = allow { allow } else { Vec::new() },
    })
}

fn methods(node: &Node<'_>, faults: &mut Faults) -> Option<Methods> {
    let names = list_of(node, "a list of methods", faults, |node, faults| word(node, "a method", faults))?;
    Some(Methods { span: node.span, names })
}

fn rewrite(source: &str, node: &Node<'_>, faults: &mut Faults) -> Option<Rewrite> {
    const EXPECTED: [&str; 3] = ["Strip", "Keep", "Replace(\"…\")"];
    match (&node.kind, node.name()) {
        (Kind::Name("Strip"), _) => Some(Rewrite::Strip),
        (Kind::Name("Keep"), _) => Some(Rewrite::Keep),
        (Kind::Tuple { .. }, Some("Replace")) => {
            let path = only_item(node, "one path, as in `Replace(\"/x\")`", faults)?;
            text(source, path, "a path in quotes", faults).map(Rewrite::Replace)
        }
        (_, Some(name)) => {
            faults.push(unknown_word(name, node.head(), &EXPECTED));
            None
        }
        (Kind::Broken, _) => None,
        _ => {
            faults.push(wrong_type(node, &similar::listed(EXPECTED)));
            None
        }
    }
}

fn access(source: &str, node: &Node<'_>, faults: &mut Faults) -> Option<Access> {
    let span = node.head();
    let who = match (&node.kind, node.name()) {
        (Kind::Name("Everyone"), _) => Who::Everyone { reason: None },
        (Kind::Name(_) | Kind::Text(_), _) => Who::AnyOf(vec![word(node, "a role's name", faults)?]),
        (_, Some("Everyone")) => {
            let form = Form::open(&EVERYONE, node, faults)?;
            match form.optional("reason", faults, |node, faults| reason(source, node, faults)) {
                Field::Broken => return None,
                Field::Absent => Who::Everyone { reason: None },
                Field::Given(reason) => Who::Everyone { reason: Some(reason) },
            }
        }
        (Kind::Tuple { .. }, Some("AnyOf")) => {
            let roles = only_item(node, "one list of roles, as in `AnyOf([…])`", faults)?;
            Who::AnyOf(list_of(roles, "a list of roles", faults, |node, faults| word(node, "a role's name", faults))?)
        }
        (Kind::Broken, _) => return None,
        _ => {
            let expected = "a role, `AnyOf([…])` or `Everyone(reason: \"…\")`";
            faults.push(wrong_type(node, expected));
            return None;
        }
    };
    Some(Access { span, who })
}

fn allows(source: &str, node: &Node<'_>, faults: &mut Faults) -> Vec<Allow> {
    let items = list(node, "a list of codes with reasons", faults).unwrap_or_default();
    items.iter().filter_map(|node| allow(source, node, faults)).collect()
}

fn allow(source: &str, node: &Node<'_>, faults: &mut Faults) -> Option<Allow> {
    match &node.kind {
        Kind::Tuple { items, .. } if items.len() == 2 => {
            let code = lint(&items[0], faults);
            let reason = reason(source, &items[1], faults);
            Some(Allow { code: code?, reason: reason? })
        }
        Kind::Broken => None,
        _ => {
            faults.push(wrong_type(node, "a code and a reason, as in `(CG0505, \"…\")`"));
            None
        }
    }
}

fn lints(node: &Node<'_>, faults: &mut Faults) -> Vec<LintSetting> {
    const LEVELS: [(&str, Option<Level>); 3] =
        [("Allow", None), ("Warn", Some(Level::Warning)), ("Deny", Some(Level::Error))];
    let mut settings: Vec<LintSetting> = Vec::new();
    for (key, value) in entries(node, "a map of codes to levels", faults) {
        let (code, level) = (lint(key, faults), choice(value, &LEVELS, faults));
        let (Some(code), Some(level)) = (code, level) else { continue };
        if let Some(first) = settings.iter().find(|setting| setting.code.value == code.value) {
            let message = format!("the level of `{}` is given twice", code.value);
            let fault = Fault::new(Code::DuplicateField, message, code.span, "given again");
            faults.push(fault.and(first.code.span, "given first"));
        } else {
            settings.push(LintSetting { code, level });
        }
    }
    settings
}

/// A code, as a word or as a text, of a lint.
fn lint(node: &Node<'_>, faults: &mut Faults) -> Option<Spanned<Code>> {
    let name = match &node.kind {
        Kind::Name(name) => name,
        Kind::Text(name) => &**name,
        Kind::Broken => return None,
        _ => {
            faults.push(wrong_type(node, "a code such as `CG0505`"));
            return None;
        }
    };
    let Some(code) = Code::from_name(name) else {
        faults.push(unknown_code(name, node));
        return None;
    };
    if !code.is_lint() {
        let message = format!("`{code}` cannot be silenced: it is an error");
        let fault = Fault::new(Code::NotALint, message, node.span, format!("means: {}", code.title()));
        faults.push(fault.help("mend what it reports; only warnings have a level to choose"));
        return None;
    }
    Some(Spanned { value: code, span: node.span })
}

fn unknown_code(name: &str, node: &Node<'_>) -> Fault {
    let message = format!("there is no code `{name}`");
    let fault = Fault::new(Code::UnknownCode, message, node.span, "unknown code");
    let known = Code::ALL.iter().filter(|code| code.is_lint()).map(|code| code.name());
    match similar::closest(name, known) {
        Some(similar) if matches!(node.kind, Kind::Name(_)) => fault.guess("did you mean", node.span, similar),
        Some(similar) => fault.guess("did you mean", node.span, format!("\"{similar}\"")),
        None => fault.help("a code is `CG` and four digits; every diagnostic shows its own in brackets"),
    }
}
