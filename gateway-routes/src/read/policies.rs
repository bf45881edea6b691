//! Limits, times, retries and breakers: what `defaults` and routes have in common.

use gateway_table::{RateUnit, RetryCause};

use super::choices::{choice, list_of, only_item, unknown_word};
use super::form::{Faults, Form, Shape, wrong_type};
use super::scalars::{count, duration, reason, size, text};
use super::tree::{Kind, Node};
use crate::fault::Fault;
use crate::route_file::{
    Breaker, Breaking, Field, Policy, Protocols, RateLimit, Retry, RetryCauses, Retrying, Timeouts, Upgrade,
};
use crate::span::Spanned;
use crate::{Code, similar};

pub(super) const RATE_LIMIT: Shape = Shape { name: "RateLimit", fields: &["count", "unit", "burst"] };
pub(super) const UNLIMITED: Shape = Shape { name: "Unlimited", fields: &["reason"] };
pub(super) const RETRY: Shape =
    Shape { name: "Retry", fields: &["attempts", "backoff", "max_backoff", "per_try", "on"] };
pub(super) const BREAKER: Shape = Shape { name: "Breaker", fields: &["failures", "within", "open_for", "half_open"] };
pub(super) const TIMEOUTS: Shape = Shape { name: "Timeouts", fields: &["connect", "first_byte", "idle"] };
const UNITS: [(&str, RateUnit); 3] =
    [("Second", RateUnit::Second), ("Minute", RateUnit::Minute), ("Hour", RateUnit::Hour)];

/// The fields that a policy is made of; the struct that `form` is of has them all.
pub(super) fn policy(source: &str, form: &Form<'_, '_>, faults: &mut Faults) -> Policy {
    Policy {
        rate_limit: form.optional("rate_limit", faults, |node, faults| rate_limit(source, node, faults)),
        timeout: form.optional("timeout", faults, |node, faults| duration(source, node, faults)),
        timeouts: form.optional("timeouts", faults, |node, faults| timeouts(source, node, faults)),
        max_body: form.optional("max_body", faults, |node, faults| size(source, node, faults)),
        retry: form.optional("retry", faults, |node, faults| retry(source, node, faults)),
        breaker: form.optional("breaker", faults, |node, faults| breaker(source, node, faults)),
        max_concurrent: form.optional("max_concurrent", faults, count),
        upgrade: form.optional("upgrade", faults, |node, faults| upgrade(source, node, faults)),
    }
}

fn rate_limit(source: &str, node: &Node<'_>, faults: &mut Faults) -> Option<RateLimit> {
    match node.name() {
        Some("Unlimited") => return unlimited(source, node, faults),
        Some("Off") => {
            let fault = unknown_word("Off", node.head(), &["RateLimit(…)", "Unlimited(reason: \"…\")"]);
            faults.push(fault.help("a route without a limit says why: `Unlimited(reason: \"…\")`"));
            return None;
        }
        _ => {}
    }
    let form = Form::open(&RATE_LIMIT, node, faults)?;
    Some(RateLimit::Limited {
        count: form.required("count", faults, count),
        unit: form.required("unit", faults, |node, faults| choice(node, &UNITS, faults)),
        burst: form.optional("burst", faults, count),
    })
}

fn unlimited(source: &str, node: &Node<'_>, faults: &mut Faults) -> Option<RateLimit> {
    let bare = matches!(&node.kind, Kind::Name(_));
    let form = if bare { None } else { Some(Form::open(&UNLIMITED, node, faults)?) };
    let why =
        form.map_or(Field::Absent, |form| form.optional("reason", faults, |node, faults| reason(source, node, faults)));
    if matches!(why, Field::Absent) {
        let message = "`Unlimited` does not say why";
        let fault = Fault::new(Code::UnlimitedWithoutReason, message, node.head(), "a reason is missing");
        faults.push(fault.guess("write", node.span, "Unlimited(reason: \"…\")"));
    }
    Some(RateLimit::Unlimited)
}

fn retry(source: &str, node: &Node<'_>, faults: &mut Faults) -> Option<Retry> {
    if let Kind::Name(word) = node.kind {
        return off(word, node, "Retry(…)", faults).then_some(Retry::Off);
    }
    let form = Form::open(&RETRY, node, faults)?;
    let time = |node: &Node<'_>, faults: &mut Faults| duration(source, node, faults);
    Some(Retry::On(Box::new(Retrying {
        attempts: form.required("attempts", faults, count),
        backoff: form.required("backoff", faults, time),
        max_backoff: form.optional("max_backoff", faults, time),
        per_try: form.optional("per_try", faults, time),
        on: form.optional("on", faults, retry_causes),
    })))
}

fn breaker(source: &str, node: &Node<'_>, faults: &mut Faults) -> Option<Breaker> {
    if let Kind::Name(word) = node.kind {
        return off(word, node, "Breaker(…)", faults).then_some(Breaker::Off);
    }
    let form = Form::open(&BREAKER, node, faults)?;
    Some(Breaker::On(Breaking {
        failures: form.required("failures", faults, count),
        within: form.required("within", faults, |node, faults| duration(source, node, faults)),
        open_for: form.required("open_for", faults, |node, faults| duration(source, node, faults)),
        half_open: form.optional("half_open", faults, count),
    }))
}

fn timeouts(source: &str, node: &Node<'_>, faults: &mut Faults) -> Option<Timeouts> {
    let form = Form::open(&TIMEOUTS, node, faults)?;
    let time = |node: &Node<'_>, faults: &mut Faults| duration(source, node, faults);
    Some(Timeouts {
        connect: form.optional("connect", faults, time),
        first_byte: form.optional("first_byte", faults, time),
        idle: form.optional("idle", faults, time),
    })
}

fn upgrade(source: &str, node: &Node<'_>, faults: &mut Faults) -> Option<Upgrade> {
    const EXPECTED: [&str; 2] = ["AnyOf([…])", "Off"];
    match (&node.kind, node.name()) {
        (Kind::Name("Off"), _) => Some(Upgrade::Off),
        (Kind::Tuple { .. }, Some("AnyOf")) => {
            let list = only_item(node, "one list of protocols, as in `AnyOf([\"websocket\"])`", faults)?;
            let protocol = |node: &Node<'_>, faults: &mut Faults| text(source, node, "a protocol in quotes", faults);
            let names = list_of(list, "a list of protocols", faults, protocol)?;
            Some(Upgrade::AnyOf(Protocols { span: node.head(), names }))
        }
        (Kind::Broken, _) => None,
        (_, Some(name)) => {
            faults.push(unknown_word(name, node.head(), &EXPECTED));
            None
        }
        _ => {
            faults.push(wrong_type(node, &similar::listed(EXPECTED)));
            None
        }
    }
}

/// Whether a bare word says `Off`, the only one that can stand for a struct.
fn off(word: &str, node: &Node<'_>, otherwise: &str, faults: &mut Faults) -> bool {
    if word != "Off" {
        faults.push(unknown_word(word, node.span, &[otherwise, "Off"]));
    }
    word == "Off"
}

fn retry_causes(node: &Node<'_>, faults: &mut Faults) -> Option<RetryCauses> {
    let causes = list_of(node, "a list of what makes a try fail", faults, retry_cause)?;
    Some(RetryCauses { span: node.head(), causes })
}

fn retry_cause(node: &Node<'_>, faults: &mut Faults) -> Option<Spanned<RetryCause>> {
    const CAUSES: [(&str, RetryCause); 3] =
        [("Connect", RetryCause::Connect), ("Reset", RetryCause::Reset), ("Timeout", RetryCause::Timeout)];
    let value = match (&node.kind, node.name()) {
        (Kind::Tuple { .. }, Some("Status")) => {
            let code = only_item(node, "one status code, as in `Status(503)`", faults)?;
            return retry_status(code, faults);
        }
        (Kind::Name("Status") | Kind::Integer(_), _) => {
            faults.push(wrong_type(node, "a cause").help("a status code is written `Status(503)`"));
            return None;
        }
        (Kind::Name(word), _) if !CAUSES.iter().any(|(name, _)| name == word) => {
            faults.push(unknown_word(word, node.span, &["Connect", "Reset", "Timeout", "Status(…)"]));
            return None;
        }
        _ => choice(node, &CAUSES, faults)?,
    };
    Some(Spanned { value, span: node.span })
}

/// A status code that a try may fail with. What is no status code is told; whether it is a failure is a check of its own.
fn retry_status(node: &Node<'_>, faults: &mut Faults) -> Option<Spanned<RetryCause>> {
    let Kind::Integer(code) = node.kind else {
        faults.push(wrong_type(node, "a status code"));
        return None;
    };
    let status = u16::try_from(code).unwrap_or(u16::MAX);
    Some(Spanned { value: RetryCause::Status(status), span: node.span })
}
