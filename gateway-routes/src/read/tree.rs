//! The tree of a route file: RON values with their places, before anything is known about their meaning.

use std::borrow::Cow;

use crate::span::Spanned;
use crate::{Span, similar};

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node<'a> {
    pub(super) span: Span,
    pub(super) kind: Kind<'a>,
    /// Whether its closing bracket was not found: what seems to be missing in it may only be unread.
    pub(super) is_cut: bool,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind<'a> {
    Text(Cow<'a, str>),
    /// A whole number that is not negative.
    Integer(u64),
    Bool(bool),
    /// A bare word.
    Name(&'a str),
    /// `None`: as if the field were not there.
    None,
    /// `Name(field: value, …)`.
    Struct {
        name: Option<Spanned<&'a str>>,
        fields: Vec<Field<'a>>,
    },
    /// `Name(value, …)`; empty brackets may as well be a struct's.
    Tuple {
        name: Option<Spanned<&'a str>>,
        items: Vec<Node<'a>>,
    },
    List(Vec<Node<'a>>),
    Map(Vec<(Node<'a>, Node<'a>)>),
    /// What RON has and a route file has no use for.
    Other(&'static str),
    /// What could not be read; the fault is told already.
    Broken,
}

/// A field of a struct.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field<'a> {
    pub(super) name: Spanned<&'a str>,
    pub(super) value: Node<'a>,
}

impl<'a> Node<'a> {
    pub(super) fn new(span: Span, kind: Kind<'a>) -> Self {
        Self { span, kind, is_cut: false }
    }

    /// The name in front of its brackets, or the word that it is.
    pub(super) fn name(&self) -> Option<&'a str> {
        match &self.kind {
            Kind::Name(name) => Some(name),
            Kind::Struct { name, .. } | Kind::Tuple { name, .. } => name.as_ref().map(|name| name.value),
            _ => None,
        }
    }

    /// Where to point at the value: at its name or its opening bracket where it has one, as it may be long.
    pub(super) fn head(&self) -> Span {
        match &self.kind {
            Kind::Struct { name, .. } | Kind::Tuple { name, .. } => {
                name.as_ref().map_or(self.span.head(), |name| name.span)
            }
            Kind::List(_) | Kind::Map(_) => self.span.head(),
            _ => self.span,
        }
    }

    /// What people call such a value.
    pub(super) fn description(&self) -> String {
        match &self.kind {
            Kind::Text(_) => "a text".into(),
            Kind::Integer(_) => "a number".into(),
            Kind::Bool(_) => "true or false".into(),
            Kind::Name(name) => format!("the word {}", similar::listed([*name])),
            Kind::None => "`None`".into(),
            Kind::Struct { name: Some(name), .. } | Kind::Tuple { name: Some(name), .. } => {
                format!("`{}(…)`", name.value)
            }
            Kind::Struct { .. } => "a struct".into(),
            Kind::Tuple { .. } => "a tuple".into(),
            Kind::List(_) => "a list".into(),
            Kind::Map(_) => "a map".into(),
            Kind::Other(what) => (*what).into(),
            Kind::Broken => "something unreadable".into(),
        }
    }
}
