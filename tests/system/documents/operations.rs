//! The page for operators has every log event and every exit status, and no others.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::page::{codes, rows};
use super::{OPERATIONS, ROUTES};
use crate::support::process::{Process, output};
use crate::support::upstream::Upstream;

/// The files of Rust in a folder and below it, but for tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: PathBuf| match path.is_dir() {
        _ if path.file_stem().is_some_and(|name| name == "tests") => Vec::new(),
        true => sources(&path),
        false => vec![path],
    };
    entries.flat_map(of).filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
}

/// The message of a logging macro: the text among its arguments that is no field's value, with `…` for what it is filled with.
fn message(arguments: &str) -> Option<String> {
    let mut rest = arguments;
    while let Some((before, after)) = rest.split_once('"') {
        let mut end = 0;
        while !after[end..].starts_with('"') {
            end += if after[end..].starts_with('\\') { 2 } else { after[end..].chars().next()?.len_utf8() };
        }
        if !before.trim_end().ends_with(['=', '(']) || before.trim().is_empty() {
            return Some(filled(&after[..end]));
        }
        rest = &after[end + 1..];
    }
    None
}

/// A message as people read it: places that are filled, and names in code, as `…`.
fn filled(text: &str) -> String {
    let mut shown = String::new();
    for (index, part) in text.split(['{', '}', '`']).enumerate() {
        shown += if index % 2 == 0 { part } else { "…" };
    }
    shown
}

/// The files of all crates of the gateway's.
fn crates() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap().map(|entry| entry.unwrap());
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("gateway"));
    ours.flat_map(|entry| sources(&entry.path().join("src"))).collect()
}

/// Level and message of every event that the gateway logs.
fn events() -> BTreeSet<(String, String)> {
    let mut events = BTreeSet::new();
    for file in crates() {
        let source = std::fs::read_to_string(&file).unwrap();
        let source = source.split("\nmod tests {").next().unwrap_or_default();
        for level in ["trace", "debug", "info", "warn", "error"] {
            for (at, call) in source.match_indices(&format!("{level}!(")) {
                if source[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_') {
                    continue;
                }
                let arguments = &source[at + call.len()..];
                let told = message(arguments).unwrap_or_else(|| panic!("no message in {}", file.display()));
                events.insert((level.to_owned(), told));
            }
        }
    }
    events
}

#[test]
fn the_message_of_an_event_is_found_among_its_fields() {
    assert_eq!(message(r#"index = 1, kid, "it is so");"#).unwrap(), "it is so");
    assert_eq!(message(r#"version = env!("V"), what = "w", "it is \"so\"");"#).unwrap(), "it is \\\"so\\\"");
    assert_eq!(message(r#""{} with `code`", NAME);"#).unwrap(), "… with …");
}

#[test]
fn every_log_event_is_on_the_page_with_its_level_and_no_other_is() {
    let events = events();
    assert!(events.len() >= 25, "{events:?}");
    let shown: BTreeSet<(String, String)> =
        rows(OPERATIONS, "## Log events").iter().map(|row| (row[1].to_owned(), codes(row[0]).concat())).collect();
    let missing: Vec<_> = events.difference(&shown).collect();
    assert!(missing.is_empty(), "docs/operations.md does not have {missing:#?}");
    let invented: Vec<_> = shown.difference(&events).collect();
    assert!(invented.is_empty(), "docs/operations.md alone has {invented:#?}");
}

#[test]
fn every_command_is_in_the_table_of_exit_statuses() {
    let help = String::from_utf8(output(&["--help"]).stdout).unwrap();
    let listed =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).map_while(|line| line.split_whitespace().next());
    let rows = rows(OPERATIONS, "## Exit statuses");
    let shown: Vec<&str> = rows.iter().flat_map(|row| codes(row[0])).collect();
    for command in listed.filter(|command| *command != "help") {
        assert!(shown.contains(&command), "`{command}` is not in the table");
    }
}

#[test]
fn every_exit_status_of_the_table_can_be_had_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Process::start(folder.path(), "");
    let faulty = folder.path().join("faulty.ron");
    std::fs::write(&faulty, "Gateway(routes: 1)").unwrap();
    let other = folder.path().join("other.ron");
    std::fs::write(&other, ROUTES.replacen("count: 200", "count: 201", 1)).unwrap();
    let (faulty, other, taken) = (faulty.to_str().unwrap(), other.to_str().unwrap(), serving.address().to_string());
    let (ours, missing, down) = ("routes.ron", "no-such-file.ron", Upstream::down().to_string());
    // `run` with status 0 is `sigterm_ends_it_with_status_0` of `lifecycle`.
    let had: &[(&[&str], i32)] = &[
        (&["run", "--listen", &taken], 1),
        (&["run", "--config-name", missing], 2),
        (&["config"], 0),
        (&["config", "--config-name", missing], 2),
        (&["self-check", "--listen", "127.0.0.1:0"], 0),
        (&["self-check", "--listen", &taken], 1),
        (&["self-check", "--config-name", missing], 2),
        (&["healthcheck", "--listen", &taken], 0),
        (&["healthcheck", "--listen", &down], 1),
        (&["healthcheck", "--config-name", missing], 2),
        (&["secrets", "keygen"], 0),
        (&["secrets", "decrypt"], 1),
        (&["secrets", "encrypt", "--recipient", "nobody"], 2),
        (&["check", ours], 0),
        (&["check", faulty], 1),
        (&["check", missing], 2),
        (&["diff", ours, ours], 0),
        (&["diff", ours, other], 1),
        (&["diff", ours, faulty], 2),
        (&["routes"], 0),
        (&["routes", missing], 2),
        (&["match", "GET", "/"], 0),
        (&["match", "GET", "/", faulty], 2),
        (&["matrix"], 0),
        (&["matrix", missing], 2),
        (&["explain", "CG0501"], 0),
        (&["explain", "CG9999"], 2),
        (&["version"], 0),
    ];
    for (arguments, status) in had {
        assert_eq!(output(arguments).status.code(), Some(*status), "{arguments:?}");
        assert!(is_in_the_table(arguments[0], *status), "{arguments:?}: {status} is not in the table");
    }
    for row in rows(OPERATIONS, "## Exit statuses") {
        for (command, status) in codes(row[0]).iter().flat_map(|command| (0..3).map(move |status| (*command, status))) {
            let tried = (command, status) == ("run", 0) || had.iter().any(|(a, s)| a[0] == command && *s == status);
            assert_eq!(tried, is_in_the_table(command, status), "{command}, {status}");
        }
    }
}

fn is_in_the_table(command: &str, status: i32) -> bool {
    let column = usize::try_from(status).unwrap() + 1;
    rows(OPERATIONS, "## Exit statuses").iter().any(|row| codes(row[0]).contains(&command) && !row[column].is_empty())
}
