//! Promises about the registry of codes as a whole.

use std::collections::BTreeSet;

use crate::check::testing::{codes, file, route};
use crate::{Code, Source, compile, explain, fix, render};

/// A file for every code that raises it, among others perhaps: what the pages show, and what no page can.
fn examples() -> Vec<(Code, String)> {
    let shown = Code::ALL.iter().map(|code| (*code, explain::whole(explain::page(*code).wrong)));
    let is_shown = |code: &Code| ![Code::EmptyFile, Code::NotUtf8, Code::TooDeep, Code::AccessWidened].contains(code);
    let mut examples: Vec<(Code, String)> = shown.filter(|(code, _)| is_shown(code)).collect();
    examples.extend([
        (Code::EmptyFile, String::new()),
        (Code::TooDeep, "[".repeat(200)),
        (Code::InertBreaker, file(&[route("breaker: (failures: 9999, within: \"1s\", open_for: \"1s\")")])),
    ]);
    examples
}

#[test]
fn every_code_is_raised_by_its_example() {
    for (code, text) in examples() {
        assert!(codes(&text).contains(&code), "{code} is not raised by {text}: {:?}", codes(&text));
    }
}

#[test]
fn every_code_has_an_example() {
    let mut shown: BTreeSet<Code> = examples().into_iter().map(|(code, _)| code).collect();
    // Only a comparison of two files raises it; and bytes that are not UTF-8 are no text.
    shown.insert(Code::AccessWidened);
    shown.insert(compile(&Source::new("x", b"\xff".as_slice())).faults[0].code);
    assert_eq!(shown, Code::ALL.iter().copied().collect());
}

#[test]
fn what_is_said_about_every_code_is_a_promise() {
    for (code, text) in examples() {
        let source = Source::new("routes.ron", text);
        let faults: Vec<_> = compile(&source).faults.into_iter().filter(|fault| fault.code == code).take(1).collect();
        let human = |width| render::human(&source, &faults, render::Style { color: false, width });
        let json = render::json(&[render::Checked { source: &source, faults: &faults }], None);
        let level = faults[0].level.name();
        let told = format!("80 columns:\n{}120 columns:\n{}json:\n{json}", human(80), human(120));
        insta::assert_snapshot!(format!("{code}_{level}"), told);
    }
}

#[test]
fn mending_twice_is_mending_once() {
    for (code, text) in examples() {
        let (once, _) = fix::mended(Source::new("x", text));
        let (twice, count) = fix::mended(once.clone());
        assert_eq!((once.bytes(), count), (twice.bytes(), 0), "{code}");
    }
}
