//! Texts, counts, times and sizes.

use std::time::Duration;

use super::form::{Faults, wrong_type};
use super::tree::{Kind, Node};
use crate::fault::Fault;
use crate::span::{Spanned, Text};
use crate::units::{self, QuantityFault};
use crate::{Code, Span};

/// The greatest count that a route file may have.
pub(super) const MAX_COUNT: u32 = 1_000_000_000;

/// A text; `source` tells whether its characters stand in the file as they are.
pub(super) fn text(source: &str, node: &Node<'_>, expected: &str, faults: &mut Faults) -> Option<Text> {
    match &node.kind {
        Kind::Text(value) => Some(Text {
            value: value.clone().into_owned(),
            span: node.span,
            first: (source.get(node.span.start + 1..node.span.end - 1) == Some(value)).then_some(node.span.start + 1),
        }),
        Kind::Broken => None,
        Kind::Name(word) => {
            let quoted = format!("\"{word}\"");
            faults.push(wrong_type(node, expected).fix("write it in quotes", node.span, quoted));
            None
        }
        _ => {
            faults.push(wrong_type(node, expected));
            None
        }
    }
}

/// A text that says why; it must say something.
pub(super) fn reason(source: &str, node: &Node<'_>, faults: &mut Faults) -> Option<Text> {
    let reason = text(source, node, "a reason in quotes", faults)?;
    if reason.value.trim().is_empty() {
        let fault = Fault::new(Code::EmptyReason, "this reason is empty", reason.span, "says nothing");
        faults.push(fault.help("say in a few words why: whoever reads the file next will ask"));
        return None;
    }
    Some(reason)
}

/// A whole number up to [`MAX_COUNT`].
pub(super) fn count(node: &Node<'_>, faults: &mut Faults) -> Option<Spanned<u32>> {
    match node.kind {
        Kind::Integer(number) if number <= MAX_COUNT.into() => {
            let value = u32::try_from(number).ok()?;
            Some(Spanned { value, span: node.span })
        }
        Kind::Integer(_) | Kind::Other("a number") => {
            faults.push(out_of_range(node.span));
            None
        }
        Kind::Broken => None,
        _ => {
            faults.push(wrong_type(node, "a whole number"));
            None
        }
    }
}

fn out_of_range(span: Span) -> Fault {
    let message = "this number is out of range".to_owned();
    Fault::new(Code::OutOfRange, message, span, format!("expected a whole number from 1 to {MAX_COUNT}"))
}

/// A time such as `"50ms"`.
pub(super) fn duration(source: &str, node: &Node<'_>, faults: &mut Faults) -> Option<Spanned<Duration>> {
    let value = quantity(source, node, &DURATION, units::duration, faults)?;
    Some(Spanned { value, span: node.span })
}

/// A size such as `"10MiB"`, in bytes.
pub(super) fn size(source: &str, node: &Node<'_>, faults: &mut Faults) -> Option<Spanned<u64>> {
    let value = quantity(source, node, &SIZE, units::size, faults)?;
    Some(Spanned { value, span: node.span })
}

/// What people call a quantity, and what its units are.
struct Quantity {
    name: &'static str,
    units: &'static str,
    /// The units that a bare number may have meant, most likely first.
    meant: [&'static str; 2],
}

const DURATION: Quantity = Quantity { name: "a time", units: "`ms`, `s`, `m` or `h`", meant: ["s", "ms"] };
const SIZE: Quantity = Quantity { name: "a size", units: "`B`, `KiB`, `MiB` or `GiB`", meant: ["MiB", "B"] };

fn quantity<T>(
    source: &str,
    node: &Node<'_>,
    kind: &Quantity,
    parse: impl FnOnce(&str) -> Result<T, QuantityFault>,
    faults: &mut Faults,
) -> Option<T> {
    if let Kind::Integer(_) | Kind::Other("a number") = node.kind {
        faults.push(bare_number(&source[node.span.start..node.span.end], node.span, kind));
        return None;
    }
    let written = text(source, node, &format!("{} in quotes, with its unit", kind.name), faults)?;
    parse(&written.value).map_err(|fault| faults.push(quantity_fault(&written, kind, fault))).ok()
}

fn bare_number(number: &str, span: Span, kind: &Quantity) -> Fault {
    let meant = kind.meant.map(|unit| format!("`\"{number}{unit}\"`"));
    Fault::new(Code::BareNumber, format!("`{number}` has no unit"), span, format!("{number} what?"))
        .help(format!("write {}", meant.join(" or ")))
}

fn quantity_fault(written: &Text, kind: &Quantity, fault: QuantityFault) -> Fault {
    let Text { value, span, .. } = written;
    match fault {
        QuantityFault::NoUnit => bare_number(value, *span, kind),
        QuantityFault::TooLarge => {
            Fault::new(Code::QuantityTooLarge, format!("`{value}` is too large"), *span, "more than can be counted")
        }
        QuantityFault::UnknownUnit(unit) => {
            let place = written.part(value.len() - unit.len()..value.len());
            let fault = Fault::new(
                Code::BadUnit,
                format!("`{unit}` is not a unit of {}", &kind.name[2..]),
                place,
                "unknown unit",
            );
            let fault = fault.help(format!("the units are {}", kind.units));
            match units::meant(&unit) {
                Some(meant) => fault.guess("did you mean", place, meant),
                None => fault,
            }
        }
        QuantityFault::NotANumber => {
            let message = format!("`{value}` is not {}", kind.name);
            Fault::new(Code::BadUnit, message, *span, "expected a whole number and a unit")
                .help(format!("write it like `\"2{}\"`; the units are {}", kind.meant[0], kind.units))
        }
    }
}
