//! A struct of the route language: its fields by name, and what is said when one is missing, doubled or unknown.

use super::tree::{self, Kind, Node};
use crate::fault::Fault;
use crate::route_file::Field;
use crate::{Code, Span, similar};

/// Where faults go while a file is read.
pub(super) type Faults = Vec<Fault>;

/// What a struct is called, and which fields it has.
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) fields: &'static [&'static str],
}

/// Fields that decide who may call, or how often: without them a route is more open than its author thinks.
const SECURITY_WORDS: [&str; 8] = ["role", "auth", "allow", "permission", "limit", "token", "public", "access"];

/// The fields of one struct.
pub(super) struct Form<'n, 'a> {
    shape: &'static Shape,
    /// Where the struct starts: its name, or its bracket.
    pub(super) place: Span,
    given: Vec<Option<&'n tree::Field<'a>>>,
    /// Whether its end was not found, so that no field can be called absent.
    is_cut: bool,
    /// Fields that a misspelt one most likely means: they are not missing, that is told already.
    misspelt: Vec<&'static str>,
}

impl<'n, 'a> Form<'n, 'a> {
    /// The fields of `node`, which must be a struct of this shape; its name may be left out.
    pub(super) fn open(shape: &'static Shape, node: &'n Node<'a>, faults: &mut Faults) -> Option<Self> {
        let fields: &[tree::Field<'a>] = match &node.kind {
            Kind::Struct { fields, .. } => fields,
            Kind::Tuple { items, .. } if items.is_empty() => &[],
            Kind::Broken => return None,
            _ if node.is_cut => return None,
            _ => {
                faults.push(wrong_type(node, &format!("`{}(…)`", shape.name)));
                return None;
            }
        };
        if let Some(name) = node.name().filter(|name| *name != shape.name) {
            faults.push(wrong_name(name, node.head(), shape.name));
        }
        let mut form = Self {
            shape,
            place: node.head(),
            given: vec![None; shape.fields.len()],
            is_cut: node.is_cut,
            misspelt: Vec::new(),
        };
        for field in fields {
            form.place_field(field, faults);
        }
        Some(form)
    }

    fn place_field(&mut self, field: &'n tree::Field<'a>, faults: &mut Faults) {
        let name = field.name.value;
        let Some(index) = self.shape.fields.iter().position(|known| *known == name) else {
            let meant = similar::closest(name, self.shape.fields.iter().copied());
            self.misspelt.extend(meant);
            faults.push(unknown_field(self.shape, name, meant, field.name.span));
            return;
        };
        match self.given[index] {
            None => self.given[index] = Some(field),
            Some(first) => {
                let message = format!("`{name}` is given twice");
                let fault = Fault::new(Code::DuplicateField, message, field.name.span, "given again");
                faults.push(fault.and(first.name.span, "given first").help("keep one of the two"));
            }
        }
    }

    /// The value of a field, unless it is absent.
    pub(super) fn node(&self, field: &str) -> Option<&'n Node<'a>> {
        let index = self.shape.fields.iter().position(|known| *known == field).expect("a field of the shape");
        self.given[index].map(|field| &field.value).filter(|node| node.kind != Kind::None)
    }

    /// A field that may be absent, read by `read`, which tells its own faults.
    pub(super) fn optional<T>(
        &self,
        field: &str,
        faults: &mut Faults,
        read: impl FnOnce(&'n Node<'a>, &mut Faults) -> Option<T>,
    ) -> Field<T> {
        match self.node(field) {
            None if self.is_cut || self.misspelt.contains(&field) => Field::Broken,
            None => Field::Absent,
            Some(node) => read(node, faults).map_or(Field::Broken, Field::Given),
        }
    }

    /// A field that must be there.
    pub(super) fn required<T>(
        &self,
        field: &str,
        faults: &mut Faults,
        read: impl FnOnce(&'n Node<'a>, &mut Faults) -> Option<T>,
    ) -> Field<T> {
        let value = self.optional(field, faults, read);
        if matches!(value, Field::Absent) {
            faults.push(missing_field(self.shape.name, field, self.place));
            return Field::Broken;
        }
        value
    }
}

fn missing_field(name: &str, field: &str, place: Span) -> Fault {
    let message = format!("`{name}` has no `{field}`");
    Fault::new(Code::MissingField, message, place, format!("`{field}` is missing here"))
        .help(format!("add `{field}: …`"))
}

fn unknown_field(shape: &Shape, name: &str, meant: Option<&str>, span: Span) -> Fault {
    let message = format!("`{}` has no field `{name}`", shape.name);
    let mut fault = Fault::new(Code::UnknownField, message, span, "unknown field");
    if let Some(meant) = meant {
        fault = fault.fix("a field with a similar name exists", span, meant);
    } else {
        let fields = similar::listed(shape.fields.iter().copied());
        fault = fault.help(format!("`{}` has the fields {}", shape.name, fields.replace(" or ", " and ")));
    }
    let words = [name.to_lowercase(), meant.unwrap_or_default().to_owned()];
    if SECURITY_WORDS.iter().any(|guard| words.iter().any(|word| word.contains(guard))) {
        fault = fault
            .note("this field looks as if it guards the route; left unread, the route would be open wider than meant");
    }
    fault
}

fn wrong_name(name: &str, span: Span, expected: &str) -> Fault {
    let message = format!("expected `{expected}`, found `{name}`");
    Fault::new(Code::WrongName, message, span, format!("not a `{expected}`")).fix("write", span, expected)
}

/// The fault of a value that is of another kind than what belongs here.
pub(super) fn wrong_type(node: &Node<'_>, expected: &str) -> Fault {
    let message = format!("expected {expected}, found {}", node.description());
    Fault::new(Code::WrongType, message, node.head(), format!("expected {expected}"))
}
