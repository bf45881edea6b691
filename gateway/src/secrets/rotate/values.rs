//! The encrypted values in a configuration's text, encrypted anew; nothing else of the text changes.

use super::{RotateError, Secret};
use crate::secrets::Recipients;
use crate::secrets::seal::{Form, seal};
use crate::settings::{EncryptedValue, Place, SecretsSettings};

const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const END: &str = "-----END AGE ENCRYPTED FILE-----";

/// The text with every encrypted value encrypted anew.
pub(super) fn anew(
    content: &Secret,
    settings: &SecretsSettings,
    recipients: &Recipients,
) -> Result<Secret, RotateError> {
    let text = content.expose_text().unwrap_or_default();
    // Places are counted behind a byte order mark.
    let mut text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
    let mut values: Vec<&EncryptedValue> = settings.values.iter().collect();
    values.sort_by_key(|value| value.place);
    // One that is used twice, by an alias, stands once.
    values.dedup_by_key(|value| value.place);
    // From the end, so that the places before stay right.
    for value in values.into_iter().rev() {
        text = replaced(&text, value, settings, recipients).ok_or_else(|| RotateError::Shape(value.key.clone()))?;
    }
    Ok(text.into())
}

/// The text with this value encrypted anew; `None` if it does not stand on lines of its own.
fn replaced(text: &str, value: &EncryptedValue, settings: &SecretsSettings, recipients: &Recipients) -> Option<String> {
    let start = offset_of(text, value.place)?;
    let start = start + text[start..].find(BEGIN).filter(|before| text[start..start + before].trim().is_empty())?;
    let end = start + text[start..].find(END)? + END.len();
    let indent = text[..start].rsplit('\n').next().filter(|indent| indent.trim().is_empty())?;
    let armor: String = text[start..end].lines().map(|line| line.trim().to_owned() + "\n").collect();
    let plain = settings.keyring.open(armor.as_bytes(), armor.len()).ok()?;
    let armor = String::from_utf8(seal(&plain, recipients, Form::Armored).ok()?).ok()?;
    let armor = armor.trim_end().replace('\n', &format!("\n{indent}"));
    Some([&text[..start], &armor, &text[end..]].concat())
}

/// Where this place is in the text, in bytes.
fn offset_of(text: &str, place: Place) -> Option<usize> {
    let line_break = |line: u64| text.match_indices('\n').nth(usize::try_from(line).ok()?).map(|(at, _)| at + 1);
    let line = if place.line == 1 { 0 } else { line_break(place.line - 2)? };
    let column = usize::try_from(place.column).ok()? - 1;
    text[line..].char_indices().nth(column).map(|(at, _)| line + at)
}
