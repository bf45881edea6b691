//! A configuration file as a tree that remembers the place of every key and value.
//!
//! The tree is read first and understood afterwards, so that one mistake hides no other, as it would with a derived
//! `Deserialize`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, MergeKeyPolicy, MessageFormatter, Spanned, Tagged};
use zeroize::Zeroize;

use super::fault::{Place, Reason, SettingsFault};

/// The tag of a value that is encrypted.
pub(super) const ENCRYPTED: &str = "!age";

/// A value and where it stands.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// A key and where it stands.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) place: Place,
    pub(super) name: String,
}

/// A value of YAML's core schema.
#[derive(Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(Text),
    /// What age made of text, until it is opened.
    Encrypted(String),
    /// A value with a tag that means nothing here, or not for a value of its kind.
    Tagged,
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// Text, with the environment variables in it expanded; wiped when it is dropped, as it may have been encrypted.
pub(super) struct Text {
    pub(super) value: String,
    /// As it is written, where the value comes from a variable or was encrypted: messages must not show it.
    pub(super) written: Option<String>,
}

impl Value {
    /// The value with this tag.
    fn tagged(self, tag: Option<&str>) -> Self {
        match (tag, self) {
            (Some(ENCRYPTED), Self::Text(mut text)) => Self::Encrypted(std::mem::take(&mut text.value)),
            // YAML's own tags say what the parser has heeded already.
            (Some(tag), _) if tag != "!" && !tag.starts_with("tag:yaml.org,2002:") => Self::Tagged,
            (_, value) => value,
        }
    }

    /// What a person would call a value of this kind.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a truth value",
            Self::Integer(_) => "a number",
            Self::Float(_) => "a number with a fraction",
            Self::Text(_) => "text",
            Self::Encrypted(_) => "an encrypted value",
            Self::Tagged => "a value with a tag that means nothing here",
            Self::List(_) => "a list",
            Self::Map(_) => "a section",
        }
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.written.as_ref().unwrap_or(&self.value))
    }
}

/// The tree of `text`, a YAML document.
pub(super) fn parse(text: &str) -> Result<Node, SettingsFault> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: 32, max_nodes: 20_000, max_documents: 1 },
        // Both are told as faults of ours, beside the others.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        strict_booleans: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let message = serde_saphyr::UserMessageFormatter.format_message(error.without_snippet());
        let message = message.replace(char::is_control, " ");
        let place = error.location().map(place);
        // YAML takes the brace of a variable for its own where it stands in a mapping in braces.
        let line = place.and_then(|place| text.lines().nth(usize::try_from(place.line).ok()? - 1));
        let help = "inside braces, put a text with `${NAME}` in it in quotes";
        let help = line.is_some_and(|line| line.contains("${")).then(|| help.into());
        SettingsFault { place, reason: Reason::Syntax(message), help }
    })
}

fn place(location: serde_saphyr::Location) -> Place {
    // The parser has no place for an empty document.
    Place { line: location.line().max(1), column: location.column().max(1) }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Tagged<Value>>::deserialize(deserializer)?;
        let Tagged(value, tag) = spanned.value;
        Ok(Self { place: place(spanned.referenced), value: value.tagged(tag.as_deref()) })
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self { place: place(spanned.referenced), name: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(Text { value: value.to_owned(), written: None }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Value::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Value::Map(entries))
    }
}
