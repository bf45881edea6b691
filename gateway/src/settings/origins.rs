//! Where each setting comes from: a place in the file, an environment variable in it, the command line; else the default.

use std::collections::BTreeMap;
use std::fmt;

use super::environment::names_in;
use super::fault::Place;
use super::node::{Node, Value};

/// Where the settings of a file come from, by key. What is not in here is a default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origins(BTreeMap<String, Origin>);

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The configuration file.
    File {
        /// Where in it.
        place: Place,
        /// The value as it is written, where environment variables were expanded in it.
        written: Option<String>,
    },
    /// An option of the command line.
    CommandLine(&'static str),
}

impl Origins {
    /// The origins of all that the tree of a file says; its version is no setting.
    pub(super) fn of(root: &Node) -> Self {
        let mut origins = Self::default();
        origins.add("", root);
        origins.0.remove("version");
        origins
    }

    fn add(&mut self, path: &str, node: &Node) {
        if let Value::Map(entries) = &node.value {
            for (key, node) in entries {
                let path = if path.is_empty() { key.name.clone() } else { format!("{path}.{}", key.name) };
                let written = match &node.value {
                    Value::Text(text) => text.written.clone(),
                    _ => None,
                };
                self.0.insert(path.clone(), Origin::File { place: node.place, written });
                self.add(&path, node);
            }
        }
    }

    /// Says that a setting comes from this option.
    pub(super) fn override_by(&mut self, key: &str, option: &'static str) {
        self.0.insert(key.to_owned(), Origin::CommandLine(option));
    }

    /// Where the setting of this key comes from; `None` for a default.
    pub fn of_key(&self, key: &str) -> Option<&Origin> {
        self.0.get(key)
    }

    /// Where the file has this key, or the section that it would be in.
    pub fn place_of(&self, key: &str) -> Option<Place> {
        match self.0.get(key) {
            Some(Origin::File { place, .. }) => Some(*place),
            Some(Origin::CommandLine(_)) => None,
            None => self.place_of(key.rsplit_once('.')?.0),
        }
    }
}

impl Origin {
    /// The environment variables that are part of the value.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        let written = match self {
            Self::File { written, .. } => written.as_deref(),
            Self::CommandLine(_) => None,
        };
        written.into_iter().flat_map(names_in)
    }
}

/// As the end of `FILE:`, or by itself.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { place, .. } => {
                write!(f, "{}", place.line)?;
                self.variables().try_for_each(|name| write!(f, ", ${{{name}}}"))
            }
            Self::CommandLine(option) => f.write_str(option),
        }
    }
}
