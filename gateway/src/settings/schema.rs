//! The JSON schema of the configuration, for editors: in, the catalogue of keys; out, what may stand where.
//!
//! It accepts whatever the reader accepts. It cannot say all that the reader refuses: how long a duration may be, or what goes
//! with what.

use serde_json::{Map, Value, json};

use super::catalogue::{KEYS, Key, Otherwise, Takes};

/// Text with an environment variable in it may stand for anything, and so may text that is encrypted.
const VARIABLE: &str = r"\$\{[A-Za-z_][A-Za-z0-9_]*\}|^-----BEGIN AGE ENCRYPTED FILE-----";

/// The schema (JSON Schema 2020-12), as its text.
pub(super) fn schema() -> String {
    let mut root = section("", "The run-time configuration of CoreGateway.");
    let tls = std::mem::replace(&mut root["properties"]["tls"], json!({ "$ref": "#/$defs/tls" }));
    root["properties"]["admin"]["properties"]["tls"] = json!({ "$ref": "#/$defs/tls" });
    root["$defs"] = json!({ "tls": tls });
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    for (path, sources) in [("jwks", &["url", "file", "inline"][..]), ("revocations", &["url", "file"])] {
        let exactly_one: Vec<Value> = sources.iter().map(|source| json!({ "required": [source] })).collect();
        root["properties"]["auth"]["properties"][path]["oneOf"] = exactly_one.into();
    }
    for path in ["identity", "passphrase"] {
        let exactly_one: Vec<Value> = ["file", "env", "fd"].map(|source| json!({ "required": [source] })).into();
        root["properties"]["secrets"]["properties"][path]["oneOf"] = exactly_one.into();
    }
    format!("{root:#}\n")
}

/// A section: its keys, no others, and which of them must be there.
fn section(path: &str, about: &str) -> Value {
    let mut properties = Map::new();
    let mut required: Vec<Value> = Vec::new();
    for (name, key) in keys_of(path) {
        if key.otherwise == Otherwise::Required {
            required.push(name.into());
        }
        properties.insert(name.to_owned(), property(key));
    }
    json!({
        "description": about, "type": "object", "properties": properties, "required": required,
        "additionalProperties": false,
    })
}

/// The keys that stand in a section, by their names there.
fn keys_of(path: &str) -> impl Iterator<Item = (&'static str, &'static Key)> {
    KEYS.iter().filter_map(move |key| {
        let name = if path.is_empty() { key.path } else { key.path.strip_prefix(path)?.strip_prefix('.')? };
        (!name.contains(['.', '['])).then_some((name, key))
    })
}

fn property(key: &Key) -> Value {
    let mut schema = match key.takes {
        Takes::Section => return section(key.path, key.about),
        Takes::Sections => json!({ "type": "array", "items": section(&format!("{}[]", key.path), "") }),
        Takes::Version => json!({ "const": 1 }),
        Takes::Text(example) => like(example),
        Takes::Path => text(),
        Takes::Url => matching("^[Hh][Tt][Tt][Pp][Ss]?://[^@\\s]+$"),
        Takes::Socket => matching(r"^([0-9]{1,3}(\.[0-9]{1,3}){3}|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$"),
        Takes::Truth => json!({ "type": "boolean" }),
        Takes::Number(least, most) => or_variable(&json!({ "type": "integer", "minimum": least, "maximum": most })),
        Takes::Part => json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1 }),
        Takes::Duration(..) => matching(r"^\s*[0-9]+ *(ms|s|m|h)\s*$"),
        Takes::Size(..) => matching(r"^\s*[0-9]+ *(B|KiB|MiB|GiB)\s*$"),
        Takes::Word(words) => word(words),
        Takes::Texts(least, example) => json!({ "type": "array", "items": like(example), "minItems": least }),
        Takes::Words(least, words) => json!({ "type": "array", "items": word(words), "minItems": least }),
        Takes::Services => {
            let address = matching(r"^([Hh][Tt][Tt][Pp][Ss]?|[Tt][Cc][Pp])://[^/?#@\s]+$");
            json!({ "type": "object", "additionalProperties": address })
        }
        Takes::Keys => {
            let keys = json!({ "type": "array", "minItems": 1 });
            json!({ "type": "object", "properties": { "keys": keys }, "required": ["keys"] })
        }
    };
    schema["description"] = key.description().into();
    schema
}

fn text() -> Value {
    json!({ "type": "string", "pattern": "\\S" })
}

fn like(example: &str) -> Value {
    let mut schema = text();
    schema["examples"] = json!([example]);
    schema
}

fn matching(pattern: &str) -> Value {
    json!({ "type": "string", "anyOf": [{ "pattern": pattern }, { "pattern": VARIABLE }] })
}

fn word(words: &[&str]) -> Value {
    let mut values: Vec<Value> = words.iter().map(|word| (*word).into()).collect();
    if words.contains(&"off") {
        // Some read a bare `off` so.
        values.push(false.into());
    }
    or_variable(&json!({ "enum": values }))
}

fn or_variable(schema: &Value) -> Value {
    json!({ "anyOf": [schema, { "type": "string", "pattern": VARIABLE }] })
}
