//! Sections of the file and the fields in them: which keys there are, and what kind of value each takes.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::fault::{Place, Reason, SettingsFault};
use super::node::{ENCRYPTED, Key, Node, Value};
use super::secrets::EncryptedFile;
use super::suggest::suggest;
use super::units::{self, QuantityFault};

/// What was found so far beside the settings themselves.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) list: Vec<SettingsFault>,
    /// The files that are named and encrypted.
    pub(super) encrypted_files: Vec<EncryptedFile>,
}

impl Faults {
    pub(super) fn push(&mut self, fault: SettingsFault) {
        self.list.push(fault);
    }
}

/// A mapping all of whose keys are known and stand once.
pub(super) struct Section {
    /// The path of keys that leads here; empty for the whole file.
    path: String,
    place: Place,
    entries: Vec<(Key, Node)>,
}

/// A value, and the path of keys that leads to it.
pub(super) struct Field {
    pub(super) path: String,
    pub(super) node: Node,
}

impl Section {
    /// The whole file as a section.
    pub(super) fn root(node: Node, keys: &[&str], faults: &mut Faults) -> Option<Self> {
        Field { path: String::new(), node }.section(keys, faults)
    }

    /// The field of this key, if it is there.
    pub(super) fn take(&mut self, key: &str) -> Option<Field> {
        let index = self.entries.iter().position(|(entry, _)| entry.name == key)?;
        let (_, node) = self.entries.swap_remove(index);
        Some(Field { path: join(&self.path, key), node })
    }

    /// Whether the field of this key is there and has not been taken.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(entry, _)| entry.name == key)
    }

    /// The field of this key, which must be there.
    pub(super) fn require(&mut self, key: &str, help: &'static str, faults: &mut Faults) -> Option<Field> {
        let field = self.take(key);
        if field.is_none() {
            faults.push(SettingsFault {
                place: Some(self.place),
                reason: Reason::MissingKey(join(&self.path, key)),
                help: Some(help.into()),
            });
        }
        field
    }

    /// Every key with its field, for a section whose keys the author chooses.
    pub(super) fn into_fields(self) -> impl Iterator<Item = (Key, Field)> {
        let path = self.path;
        self.entries.into_iter().map(move |(key, node)| {
            let path = join(&path, &key.name);
            (key, Field { path, node })
        })
    }

    /// Every value that has not been taken, with the path of keys that leads to it.
    pub(super) fn values(&mut self) -> impl Iterator<Item = (String, &mut Node)> {
        let path = &self.path;
        self.entries.iter_mut().map(move |(key, node)| (join(path, &key.name), node))
    }

    /// Adds a fault of the section as a whole.
    pub(super) fn conflict(&self, reason: impl Into<Cow<'static, str>>, help: &'static str, faults: &mut Faults) {
        faults.push(SettingsFault {
            place: Some(self.place),
            reason: Reason::Conflict(reason.into()),
            help: Some(help.into()),
        });
    }
}

pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

impl Field {
    /// The place of the value.
    pub(super) const fn place(&self) -> Place {
        self.node.place
    }

    /// Adds the fault that the value is of the wrong kind.
    pub(super) fn wrong_type(&self, expected: &'static str, help: impl Into<Cow<'static, str>>, faults: &mut Faults) {
        if self.is_told() {
            return;
        }
        let reason = Reason::WrongType { key: self.name(), expected, found: self.node.value.kind() };
        faults.push(SettingsFault { place: Some(self.place()), reason, help: Some(help.into()) });
    }

    /// Adds the fault that the value is impossible.
    pub(super) fn invalid(
        &self,
        problem: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
        faults: &mut Faults,
    ) {
        if self.is_told() {
            return;
        }
        let reason = Reason::Invalid { key: self.name(), value: self.written(), problem: problem.into() };
        faults.push(SettingsFault { place: Some(self.place()), reason, help: Some(help.into()) });
    }

    /// Adds the fault that the value, a list or a section, `problem`.
    pub(super) fn conflict(&self, problem: &str, help: &'static str, faults: &mut Faults) {
        let reason = Reason::Conflict(format!("`{}` {problem}", self.name()).into());
        faults.push(SettingsFault { place: Some(self.place()), reason, help: Some(help.into()) });
    }

    /// Whether the fault is told already: what is encrypted still could not be opened.
    const fn is_told(&self) -> bool {
        matches!(self.node.value, Value::Encrypted(_))
    }

    pub(super) fn name(&self) -> String {
        if self.path.is_empty() { "the file".to_owned() } else { self.path.clone() }
    }

    /// The value as it is written in the file.
    fn written(&self) -> String {
        match &self.node.value {
            Value::Bool(value) => value.to_string(),
            Value::Integer(value) => value.to_string(),
            Value::Float(value) => value.to_string(),
            Value::Text(text) => {
                without_password(text.written.as_ref().unwrap_or(&text.value)).escape_debug().to_string()
            }
            Value::Encrypted(_) => ENCRYPTED.to_owned(),
            Value::Null | Value::Tagged | Value::List(_) | Value::Map(_) => self.node.value.kind().to_owned(),
        }
    }

    /// The value as a section with no other keys than `keys`.
    pub(super) fn section(self, keys: &[&str], faults: &mut Faults) -> Option<Section> {
        let section = self.open_section(faults)?;
        for (key, _) in section.entries.iter().filter(|(key, _)| !keys.contains(&key.name.as_str())) {
            let help = match suggest(&key.name, keys.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys here are `{}`", keys.join("`, `")),
            };
            let reason = Reason::UnknownKey(key.name.escape_debug().to_string());
            faults.push(SettingsFault { place: Some(key.place), reason, help: Some(help.into()) });
        }
        Some(section)
    }

    /// The value as a section whose keys the author chooses.
    pub(super) fn open_section(self, faults: &mut Faults) -> Option<Section> {
        let Value::Map(_) = self.node.value else {
            self.wrong_type("a section", "write its keys below it, indented, or in braces", faults);
            return None;
        };
        let Node { place, value: Value::Map(entries) } = self.node else { return None };
        report_duplicates(&entries, faults);
        Some(Section { path: self.path, place, entries })
    }

    /// The value as a list.
    pub(super) fn list(self, faults: &mut Faults) -> Option<Vec<Field>> {
        let Value::List(_) = self.node.value else {
            self.wrong_type("a list", "write `[first, second]`", faults);
            return None;
        };
        let Value::List(nodes) = self.node.value else { return None };
        Some(nodes.into_iter().map(|node| Field { path: self.path.clone(), node }).collect())
    }

    /// The value as text that is not empty.
    pub(super) fn text(&self, faults: &mut Faults) -> Option<&str> {
        match &self.node.value {
            Value::Text(text) if text.value.trim().is_empty() => {
                self.invalid("is empty", "give it a value or leave the key out", faults);
                None
            }
            Value::Text(text) => Some(&text.value),
            Value::Null => {
                self.wrong_type("text", "give it a value or leave the key out", faults);
                None
            }
            Value::Bool(_) | Value::Integer(_) | Value::Float(_) => {
                self.wrong_type("text", "put it in quotes", faults);
                None
            }
            Value::Encrypted(_) | Value::Tagged => {
                self.wrong_type("text", "the one tag that there is, `!age`, is for text", faults);
                None
            }
            Value::List(_) | Value::Map(_) => {
                self.wrong_type("text", "it takes one value", faults);
                None
            }
        }
    }

    /// The value as a truth value.
    pub(super) fn truth(&self, faults: &mut Faults) -> Option<bool> {
        let Value::Bool(value) = self.node.value else {
            self.wrong_type("a truth value", "write `true` or `false`, without quotes", faults);
            return None;
        };
        Some(value)
    }

    /// The value as a whole number within `range`.
    pub(super) fn integer(&self, range: RangeInclusive<u32>, faults: &mut Faults) -> Option<u32> {
        let number = match &self.node.value {
            Value::Integer(number) => Some(*number),
            // A variable brings text, whatever it looks like.
            Value::Text(text) if text.written.is_some() => text.value.trim().parse().ok(),
            _ => None,
        };
        let Some(number) = number else {
            self.wrong_type("a whole number", "write it in digits, without quotes", faults);
            return None;
        };
        let value = u32::try_from(number).ok().filter(|number| range.contains(number));
        if value.is_none() {
            self.invalid("is out of range", format!("it goes from {} to {}", range.start(), range.end()), faults);
        }
        value
    }

    /// The value as a duration within `range`.
    pub(super) fn duration(&self, range: RangeInclusive<Duration>, faults: &mut Faults) -> Option<Duration> {
        let duration = self.quantity(units::duration, "a duration", "500ms`, `2s`, `5m` or `1h", faults)?;
        self.within(duration, &range, units::show_duration, faults)
    }

    /// The value as a number of bytes within `range`.
    pub(super) fn size(&self, range: RangeInclusive<u64>, faults: &mut Faults) -> Option<u64> {
        let size = self.quantity(units::size, "a size", "512B`, `32KiB`, `1MiB` or `2GiB", faults)?;
        self.within(size, &range, units::show_size, faults)
    }

    fn quantity<T>(
        &self,
        parse: fn(&str) -> Result<T, QuantityFault>,
        what: &'static str,
        examples: &'static str,
        faults: &mut Faults,
    ) -> Option<T> {
        let written = match &self.node.value {
            Value::Text(text) => Cow::Borrowed(text.value.trim()),
            Value::Integer(_) | Value::Float(_) => Cow::Owned(self.written()),
            _ => {
                self.wrong_type(what, format!("write it as `{examples}`"), faults);
                return None;
            }
        };
        let problem = match parse(&written) {
            Ok(quantity) => return Some(quantity),
            Err(QuantityFault::NoNumber) => "does not start with a whole number",
            Err(QuantityFault::NoUnit) => "has no unit",
            Err(QuantityFault::UnknownUnit) => "is not a whole number and a unit",
            Err(QuantityFault::TooLarge) => "is too large",
        };
        self.invalid(problem, format!("write {what} as `{examples}`"), faults);
        None
    }

    fn within<T: PartialOrd + Copy>(
        &self,
        value: T,
        range: &RangeInclusive<T>,
        show: fn(T) -> String,
        faults: &mut Faults,
    ) -> Option<T> {
        if range.contains(&value) {
            return Some(value);
        }
        let help = format!("it goes from {} to {}", show(*range.start()), show(*range.end()));
        self.invalid("is out of range", help, faults);
        None
    }
}

/// The text with what stands before the `@` of a URL left out: messages end up in logs.
fn without_password(text: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = text.split_once("://") else { return text.into() };
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://...@{host}").into(),
        None => text.into(),
    }
}

fn report_duplicates(entries: &[(Key, Node)], faults: &mut Faults) {
    for (index, (key, _)) in entries.iter().enumerate() {
        if let Some((first, _)) = entries[..index].iter().find(|(earlier, _)| earlier.name == key.name) {
            faults.push(SettingsFault {
                place: Some(key.place),
                reason: Reason::DuplicateKey { key: key.name.escape_debug().to_string(), first: first.place },
                help: Some("keep one of them".into()),
            });
        }
    }
}
