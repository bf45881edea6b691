//! The catalogue of keys says what the reader does; the page and the schema say what the catalogue says.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use super::*;
use crate::settings::auth::json_of;
use crate::settings::catalogue::{FIXED, KEYS, Key, Otherwise, Takes};

const PAGE: &str = include_str!("../../../../docs/configuration.md");
const SCHEMA: &str = include_str!("../../../../docs/coregateway.schema.json");

/// The keys that this build takes.
fn keys() -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(|key| cfg!(feature = "otlp") || !key.path.starts_with("telemetry.traces"))
}

/// The faults of a file.
fn faults(file: &Json) -> Vec<SettingsFault> {
    parse(&file.to_string()).err().map(|error| error.faults).unwrap_or_default()
}

/// A file with this value at this key, and all that must stand beside it.
fn file_with(path: &str, value: Json) -> Json {
    let mut file = section("");
    let mut at = &mut file;
    let mut known = String::new();
    let names: Vec<&str> = path.split('.').collect();
    for (depth, name) in names.iter().enumerate() {
        let bare = name.trim_end_matches("[]");
        known = if known.is_empty() { (*name).to_owned() } else { format!("{known}.{name}") };
        if depth + 1 == names.len() {
            at[bare] = value;
            return file;
        }
        at = &mut at[bare];
        if at.is_null() {
            *at = if name.ends_with("[]") { json!([section(&known)]) } else { section(&known) };
        }
        if name.ends_with("[]") {
            at = &mut at[0];
        }
    }
    file
}

/// A section with all that must be in it.
fn section(path: &str) -> Json {
    let required = KEYS.iter().filter(|key| key.otherwise == Otherwise::Required);
    let prefix = if path.is_empty() { String::new() } else { format!("{path}.") };
    let own = required.filter_map(|key| Some((key.path.strip_prefix(&prefix)?, key)));
    let own = own.filter(|(name, _)| !name.contains('.'));
    let mut entries: Map<String, Json> = own.map(|(name, key)| (name.to_owned(), sample(key))).collect();
    if ["auth.jwks", "auth.revocations"].contains(&path) {
        entries.insert("file".to_owned(), "keys.json".into());
    }
    entries.into()
}

fn sample(key: &Key) -> Json {
    match key.takes {
        Takes::Version => 1.into(),
        Takes::Section => section(key.path),
        Takes::Url => "http://a/b".into(),
        Takes::Texts(..) => json!(["http://a"]),
        _ => "some".into(),
    }
}

/// What is wrong with the value of this key, if anything is, and how to mend it.
fn said_of(key: &str, file: &Json) -> Option<(String, String)> {
    let fault = faults(file).into_iter().find(|fault| match &fault.reason {
        Reason::Invalid { key: of, .. } | Reason::WrongType { key: of, .. } => of == key,
        _ => false,
    })?;
    Some((fault.reason.to_string(), fault.help.unwrap_or_default().into_owned()))
}

#[test]
fn the_reader_knows_the_keys_of_the_catalogue_and_no_others() {
    let is_section = |key: &&'static Key| matches!(key.takes, Takes::Section | Takes::Sections);
    let sections = keys().filter(is_section).map(|key| match key.takes {
        Takes::Sections => format!("{}[]", key.path),
        _ => key.path.to_owned(),
    });
    for path in sections.chain([String::new()]) {
        let unknown = if path.is_empty() { "zzzzzzzz".to_owned() } else { format!("{path}.zzzzzzzz") };
        let faults = faults(&file_with(&unknown, 1.into()));
        let fault = faults.iter().find(|fault| matches!(fault.reason, Reason::UnknownKey(_))).expect(&path);
        let help = fault.help.as_deref().unwrap();
        let known: BTreeSet<&str> = help.split('`').skip(1).step_by(2).collect();
        let of = if path == "admin.tls" { "tls" } else { &path };
        let listed: BTreeSet<&str> = KEYS
            .iter()
            .filter_map(|key| match of {
                "" => Some(key.path),
                of => key.path.strip_prefix(of)?.strip_prefix('.'),
            })
            .filter(|name| !name.contains(['.', '[']))
            .collect();
        assert_eq!(known, listed, "{path}");
    }
}

#[test]
fn ranges_are_those_of_the_reader() {
    let mut ranges = 0;
    for key in KEYS {
        let (beyond, range) = match key.takes {
            Takes::Number(least, most) => (json!(4_000_000_000_u32), format!("it goes from {least} to {most}")),
            Takes::Duration(least, most) => ("99999h".into(), format!("it goes from {least} to {most}")),
            Takes::Size(least, most) => ("99999GiB".into(), format!("it goes from {least} to {most}")),
            _ => continue,
        };
        ranges += 1;
        let said = said_of(key.path, &file_with(key.path, beyond)).map(|(_, help)| help);
        assert_eq!(said, Some(range), "{}", key.path);
    }
    assert!(ranges > 20);
}

#[test]
fn defaults_are_those_of_the_reader() {
    for key in keys() {
        let Otherwise::Value(expected) = key.otherwise else { continue };
        let parent = key.path.rsplit_once('.').map_or("", |(parent, _)| parent);
        let file = if parent.is_empty() { section("") } else { file_with(parent, section(parent)) };
        let settings = parse(&file.to_string()).unwrap_or_else(|error| panic!("{}: {error}", key.path));
        let effective = settings.effective();
        let found = effective.iter().find(|setting| setting.key == key.path);
        let shown = match found.unwrap_or_else(|| panic!("{} is not in force", key.path)).value.visible() {
            Json::String(text) => text,
            Json::Array(items) => {
                let items: Vec<&str> = items.iter().map(|item| item.as_str().unwrap()).collect();
                format!("[{}]", items.join(", "))
            }
            other => other.to_string(),
        };
        assert_eq!(shown, expected, "{}", key.path);
    }
}

#[test]
fn words_are_those_of_the_reader() {
    for key in KEYS {
        let (words, is_list) = match key.takes {
            Takes::Word(words) => (words, false),
            Takes::Words(_, words) => (words, true),
            _ => continue,
        };
        let value = |word: &str| if is_list { json!([word]) } else { word.into() };
        // In a build without OTLP the word is known, and refused.
        for word in words.iter().filter(|word| **word != "otlp" || cfg!(feature = "otlp")) {
            assert_eq!(said_of(key.path, &file_with(key.path, value(word))), None, "{}: {word}", key.path);
        }
        let (_, help) = said_of(key.path, &file_with(key.path, value("zzz"))).expect(key.path);
        let offered = words.iter().filter(|word| help.contains(*word)).count();
        assert!(offered + 1 >= words.len(), "{}: {help}", key.path);
    }
}

#[test]
fn what_must_be_there_is_what_the_reader_misses() {
    for key in keys() {
        let parent = key.path.rsplit_once('.').map_or("", |(parent, _)| parent);
        if parent.is_empty() || key.path == "version" {
            continue;
        }
        let file =
            file_with(parent.trim_end_matches("[]"), if parent.ends_with("[]") { json!([{}]) } else { json!({}) });
        let missing = faults(&file).iter().any(|fault| match &fault.reason {
            Reason::MissingKey(missing) => *missing == key.path.replace("[]", ""),
            _ => false,
        });
        assert_eq!(missing, key.otherwise == Otherwise::Required, "{}", key.path);
    }
}

/// The rows of the page that the catalogue makes, under the headings that they stand under.
fn rows() -> Vec<String> {
    let mut rows = Vec::new();
    let mut last = None;
    let own_section = |key: &Key| key.path.split_once(['.', '[']).map(|(section, _)| section);
    let top = KEYS.iter().filter(|key| own_section(key).is_none() && !matches!(key.takes, Takes::Section));
    let nested = KEYS.iter().filter(|key| own_section(key).is_some() || matches!(key.takes, Takes::Section));
    for key in top.chain(nested) {
        let section = if matches!(key.takes, Takes::Section) && !key.path.contains('.') {
            rows.push(format!("## {}", key.path));
            last = None;
            continue;
        } else {
            own_section(key)
        };
        if last != Some(section) {
            rows.push("| key | what it says | where nothing says it |".to_owned());
            rows.push("| --- | --- | --- |".to_owned());
            last = Some(section);
        }
        let name = section.map_or(key.path, |section| &key.path[section.len() + 1..]);
        let (mark, otherwise) = match key.otherwise {
            Otherwise::Required => ("**", String::new()),
            Otherwise::Value("[]") => ("", "none".to_owned()),
            Otherwise::Value(value) => ("", format!("`{value}`")),
            Otherwise::Nothing(meaning) => ("", meaning.to_owned()),
        };
        rows.push(format!("| {mark}`{name}`{mark} | {} | {otherwise} |", key.whole()).replace("  |", " |"));
    }
    rows
}

#[test]
fn the_page_says_what_the_catalogue_says() {
    let is_of_a_table = |line: &&str| line.starts_with("| ");
    let headings: BTreeSet<String> = rows().into_iter().filter(|row| row.starts_with("## ")).collect();
    let page = PAGE.lines().filter(|line| is_of_a_table(line) || headings.contains(*line));
    let (page, rows) = (page.collect::<Vec<_>>().join("\n"), rows().join("\n"));
    assert!(page == rows, "docs/configuration.md should have these rows:\n{rows}");
    for key in FIXED {
        assert!(PAGE.contains(&format!("`{key}`")), "the page should say that `{key}` needs a restart");
    }
}

#[test]
fn the_schema_for_editors_is_what_the_catalogue_makes() {
    let made = schema();
    assert!(SCHEMA == made, "docs/coregateway.schema.json should be:\n{made}");
}

/// Holds the schema against what the reader has made of a file: it accepts what the reader accepts, and refuses unknown and
/// missing keys, wrong types and versions.
pub(super) fn compare(text: &str, read: &Result<Settings, SettingsError>) {
    static VALIDATOR: std::sync::LazyLock<jsonschema::Validator> =
        std::sync::LazyLock::new(|| jsonschema::validator_for(&serde_json::from_str(&schema()).unwrap()).unwrap());
    let Ok(node) = node::parse(text.trim_start_matches('\u{feff}')) else { return };
    let accepted = VALIDATOR.is_valid(&json_of(&node));
    match read {
        Ok(_) => assert!(accepted, "the schema refuses {text}: {:?}", VALIDATOR.validate(&json_of(&node)).err()),
        Err(error) => {
            let is_seen = |fault: &SettingsFault| {
                matches!(
                    fault.reason,
                    Reason::UnknownKey(_)
                        | Reason::MissingKey(_)
                        | Reason::WrongType { .. }
                        | Reason::UnknownVersion(_)
                )
            };
            assert!(!accepted || !error.faults.iter().any(is_seen), "the schema accepts {text}: {error}");
        }
    }
}
