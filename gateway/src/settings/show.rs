//! The settings in force as people and programs read them: every default filled in, secrets hidden, and of each value where
//! it comes from.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::{Origin, Setting, Settings, Shown};

/// From which column on a line says where its value comes from.
const MARGIN: usize = 48;

impl Settings {
    /// The settings in force as a configuration file that says them all.
    pub fn to_yaml(&self) -> String {
        let mut text = "version: 1\n".to_owned();
        let mut open: Vec<String> = Vec::new();
        for setting in self.effective() {
            let mut sections: Vec<String> = setting.key.split('.').map(str::to_owned).collect();
            let name = sections.pop().unwrap_or_default();
            let shared = open.iter().zip(&sections).take_while(|(open, wanted)| open == wanted).count();
            for (depth, section) in sections.iter().enumerate().skip(shared) {
                // A text takes whatever is written to it.
                let _ = writeln!(text, "{}{}:", "  ".repeat(depth), scalar(section));
            }
            let depth = sections.len();
            let value = flow(&self.visible(&setting));
            let line = format!("{}{}: {value}", "  ".repeat(depth), scalar(&name));
            let _ = writeln!(text, "{line:MARGIN$}  # {}", self.origin(&setting.key));
            open = sections;
        }
        text
    }

    /// The same for programs: a list of keys, values and origins.
    pub fn to_json(&self) -> String {
        let settings: Vec<Value> = self
            .effective()
            .iter()
            .map(|setting| json!({ "key": setting.key, "value": self.visible(setting), "from": self.from(&setting.key) }))
            .collect();
        let file = self.file.as_deref().map(|file| file.display().to_string());
        format!("{:#}\n", json!({ "file": file, "settings": settings }))
    }

    /// What may be shown of a value: of a URL that a variable is part of, the variable's name alone.
    fn visible(&self, setting: &Setting) -> Value {
        match (&setting.value, self.origins.of_key(&setting.key)) {
            (Shown::Url(_), Some(Origin::File { written: Some(written), .. })) => Shown::Url(written.clone()).visible(),
            (value, _) => value.visible(),
        }
    }

    fn origin(&self, key: &str) -> String {
        let file = self.file.as_deref().and_then(Path::file_name).unwrap_or_default().display();
        match self.origins.of_key(key) {
            None => "default".to_owned(),
            Some(origin @ Origin::File { .. }) => format!("{file}:{origin}"),
            Some(origin) => origin.to_string(),
        }
    }

    fn from(&self, key: &str) -> Value {
        match self.origins.of_key(key) {
            None => json!({ "kind": "default" }),
            Some(Origin::CommandLine(option)) => json!({ "kind": "command_line", "option": option }),
            Some(origin @ Origin::File { place, .. }) => {
                let variables: Vec<&str> = origin.variables().collect();
                json!({ "kind": "file", "line": place.line, "column": place.column, "variables": variables })
            }
        }
    }
}

/// A value on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// Text as it stands in YAML: in quotes where it could be read as something else.
fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./:-".contains(&byte))
        && !text.ends_with(':')
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
    let is_quantity = text.starts_with(|first: char| first.is_ascii_digit())
        && text.ends_with(|last: char| last.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && !text.contains(['e', 'E', 'x', 'o']);
    if is_plain || is_quantity { text.to_owned() } else { Value::from(text).to_string() }
}
