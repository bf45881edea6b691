//! The `compression` section: which answers are compressed for clients that accept it.

use super::node::Value;
use super::section::{Faults, Field};

const TYPES: [&str; 5] = ["application/json", "text/*", "application/javascript", "image/svg+xml", "application/xml"];

/// Which answers are compressed for clients that accept it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompressionSettings {
    /// `compression.types`: the media types, in lower case; `text/*` stands for all that start so. Default:
    /// application/json, text/*, application/javascript, image/svg+xml, application/xml.
    pub types: Vec<String>,
    /// `compression.minimum`: the shortest answer that is worth it, in bytes; 1B to 1MiB, default 1KiB.
    pub minimum: u32,
}

/// Reads the `compression` section.
pub(super) fn read(field: Field, faults: &mut Faults) -> Option<CompressionSettings> {
    let mut section = field.section(&["types", "minimum"], faults)?;
    let types = match section.take("types") {
        Some(field) => read_types(field, faults),
        None => Some(TYPES.map(str::to_owned).to_vec()),
    };
    let minimum = section.take("minimum").map_or(Some(1 << 10), |field| field.size(1..=1 << 20, faults));
    Some(CompressionSettings { types: types?, minimum: u32::try_from(minimum?).ok()? })
}

fn read_types(field: Field, faults: &mut Faults) -> Option<Vec<String>> {
    if matches!(&field.node.value, Value::List(items) if items.is_empty()) {
        field.conflict("is empty", "name one at least, or leave the key out", faults);
    }
    let items = field.list(faults)?;
    Some(items.iter().filter_map(|field| read_type(field, faults)).collect())
}

fn read_type(field: &Field, faults: &mut Faults) -> Option<String> {
    let text = field.text(faults)?.to_ascii_lowercase();
    let help = "write `application/json` or `text/*`";
    if !is_media_type(&text) {
        field.invalid("is no media type", help, faults);
        return None;
    }
    if text == "text/event-stream" || text.starts_with("application/grpc") {
        field.invalid("is a stream, which compression would hold back", "leave it out", faults);
        return None;
    }
    Some(text)
}

/// Whether it is a type and a subtype, or a type and `*` (RFC 9110, 8.3.1); parameters do not belong here.
fn is_media_type(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
    };
    text.split_once('/').is_some_and(|(of, sub)| is_word(of) && (sub == "*" || is_word(sub)))
}
