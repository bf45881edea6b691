//! `explain`: a page on a diagnostic.

use super::{UNUSABLE, terminal};
use crate::{Code, explain, similar};

pub(super) fn run(name: Option<&str>) -> u8 {
    let Some(name) = name else {
        let line = |code: &Code| format!("{code}  {:7}  {}\n", code.level().name(), code.title());
        terminal::data(&Code::ALL.iter().map(line).collect::<String>());
        return 0;
    };
    let Some(code) = Code::from_name(&name.to_ascii_uppercase()) else {
        terminal::message(&unknown(name));
        return UNUSABLE;
    };
    terminal::data(&explain::page(code).plain());
    0
}

fn unknown(name: &str) -> String {
    let similar = similar::closest(name, Code::ALL.iter().map(|code| code.name()));
    let help =
        similar.map_or("`explain` without a code lists them all".to_owned(), |code| format!("did you mean `{code}`?"));
    format!("error: there is no code `{}`\nhelp: {help}\n", name.escape_debug())
}
