//! Words: values that are one of a few, and names that the file chooses.

use super::form::{Faults, wrong_type};
use super::tree::{Kind, Node};
use crate::fault::Fault;
use crate::span::Spanned;
use crate::{Code, Span, similar};

/// The fault of a word that is not among `known`.
pub(super) fn unknown_word(word: &str, span: Span, known: &[&str]) -> Fault {
    let message = format!("expected {}, found `{word}`", similar::listed(known.iter().copied()));
    let fault = Fault::new(Code::UnknownWord, message, span, "not one of them");
    match similar::closest(word, known.iter().copied()) {
        Some(similar) if similar.eq_ignore_ascii_case(word) => fault.fix("write", span, similar),
        Some(similar) => fault.guess("did you mean", span, similar),
        None => fault,
    }
}

/// The one of `choices` that is named here.
pub(super) fn choice<T: Copy>(node: &Node<'_>, choices: &[(&str, T)], faults: &mut Faults) -> Option<T> {
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    let word = match &node.kind {
        Kind::Name(word) => word,
        Kind::Broken => return None,
        Kind::Text(text) if names.contains(&&**text) => {
            let fault = wrong_type(node, &similar::listed(names));
            faults.push(fault.fix("write it without quotes", node.span, &**text));
            return None;
        }
        _ => {
            faults.push(wrong_type(node, &similar::listed(names)));
            return None;
        }
    };
    let found = choices.iter().find(|(name, _)| name == word).map(|(_, choice)| *choice);
    if found.is_none() {
        faults.push(unknown_word(word, node.span, &names));
    }
    found
}

/// A bare word that the file chooses: a role's name, a method. In quotes it is told what to do about them.
pub(super) fn word(node: &Node<'_>, expected: &str, faults: &mut Faults) -> Option<Spanned<String>> {
    match &node.kind {
        Kind::Name(word) => Some(Spanned { value: (*word).to_owned(), span: node.span }),
        Kind::Broken => None,
        Kind::Text(text) if is_word(text) => {
            faults.push(wrong_type(node, expected).fix("write it without quotes", node.span, &**text));
            None
        }
        _ => {
            faults.push(wrong_type(node, expected));
            None
        }
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The elements of a list.
pub(super) fn list<'n, 'a>(node: &'n Node<'a>, expected: &str, faults: &mut Faults) -> Option<&'n [Node<'a>]> {
    match &node.kind {
        Kind::List(items) => Some(items),
        Kind::Broken => None,
        _ => {
            let fault = wrong_type(node, expected);
            faults.push(fault.help("a list stands in square brackets: `[…]`"));
            None
        }
    }
}

/// A list of which every element could be read.
pub(super) fn list_of<'n, 'a, T>(
    node: &'n Node<'a>,
    expected: &str,
    faults: &mut Faults,
    mut read: impl FnMut(&'n Node<'a>, &mut Faults) -> Option<T>,
) -> Option<Vec<T>> {
    let items = list(node, expected, faults)?;
    let read: Vec<T> = items.iter().filter_map(|item| read(item, faults)).collect();
    (read.len() == items.len()).then_some(read)
}

/// The one value in a tuple like `Replace("…")`.
pub(super) fn only_item<'n, 'a>(node: &'n Node<'a>, expected: &str, faults: &mut Faults) -> Option<&'n Node<'a>> {
    match &node.kind {
        Kind::Tuple { items, .. } if items.len() == 1 => items.first(),
        Kind::Broken => None,
        _ => {
            faults.push(wrong_type(node, expected));
            None
        }
    }
}
