//! The reader against ron, and against whatever a file may hold.

use proptest::prelude::*;

use super::is_well_formed;
use crate::check::testing::{codes, faults, file, fixed, marked, route};
use crate::{Code, Source, compile};

/// Whether ron holds `text` for well-formed.
fn ron_accepts(text: &str) -> bool {
    let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    options.from_str::<ron::Value>(text).is_ok()
}

/// Any RON value, written in every way that we could think of.
fn value() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        "[A-Za-z_][A-Za-z0-9_]{0,5}",
        "\"[a-zé/{} ,:()]{0,6}\"",
        r#""(\\n|\\"|\\u\{e9\}|x){0,3}""#,
        Just("r#\"a \"quoted\" b\"#".to_owned()),
        "[0-9]{1,4}",
        prop_oneof![Just("-1"), Just("1.5"), Just("0x1F"), Just("1_000"), Just("true"), Just("'x'"), Just("()")]
            .prop_map(str::to_owned),
        prop_oneof![Just("None"), Just("inf"), Just("b\"x\""), Just("1..5"), Just("r#raw"), Just("'\\''"), Just("7u8")]
            .prop_map(str::to_owned),
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        let items = proptest::collection::vec(inner.clone(), 0..4);
        let field = ("[a-z_][a-z0-9_]{0,4}", inner.clone());
        // Field names are kept apart, as ron's own map of them would.
        let fields = proptest::collection::vec(field, 1..4);
        let joined = |fields: Vec<(String, String)>| {
            let fields: Vec<String> =
                fields.into_iter().enumerate().map(|(n, (name, value))| format!("{name}{n} : {value}")).collect();
            fields.join(" , ")
        };
        prop_oneof![
            items.clone().prop_map(|items| format!("[{}]", items.join(","))),
            items.clone().prop_map(|items| format!("[\n{}, // end\n]", items.join(" /* a /* b */ */ ,\n"))),
            items.clone().prop_map(|items| format!("Tuple({})", items.join(", "))),
            items.prop_map(|items| format!("({})", items.join(", "))),
            fields.clone().prop_map(move |fields| format!("Name ( {} )", joined(fields))),
            fields.prop_map(move |fields| format!("({},)", joined(fields))),
            (inner.clone(), inner.clone()).prop_map(|(key, value)| format!("{{ {key} : {value} }}")),
            inner.prop_map(|inner| format!("Some({inner})")),
        ]
    })
}

/// A place in a text and what is done to it there.
fn mutation() -> impl Strategy<Value = (prop::sample::Index, usize, String)> {
    (any::<prop::sample::Index>(), 0_usize..4, "[\\[\\](){},:\"'/*#r=.\\\\a1 \n]{0,2}")
}

fn mutated(text: &str, mutations: &[(prop::sample::Index, usize, String)]) -> String {
    let mut text = text.to_owned();
    for (place, removed, inserted) in mutations {
        let start = text.floor_char_boundary(place.index(text.len() + 1));
        let end = text.ceil_char_boundary((start + removed).min(text.len()));
        text.replace_range(start..end, inserted);
    }
    text
}

const GOOD: &str = include_str!("../../tests/good.ron");

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn what_ron_writes_is_well_formed(text in value()) {
        prop_assert_eq!(is_well_formed(&text), ron_accepts(&text), "{}", text);
    }

    #[test]
    fn ron_agrees_about_every_slip(text in value(), slips in proptest::collection::vec(mutation(), 1..3)) {
        let text = mutated(&text, &slips);
        prop_assert_eq!(is_well_formed(&text), ron_accepts(&text), "{}", text);
    }

    #[test]
    fn ron_agrees_about_a_mutated_route_file(slips in proptest::collection::vec(mutation(), 1..3)) {
        let text = mutated(GOOD, &slips);
        prop_assert_eq!(is_well_formed(&text), ron_accepts(&text), "{}", text);
    }

    #[test]
    fn no_file_makes_the_compiler_panic(slips in proptest::collection::vec(mutation(), 1..6)) {
        let source = Source::new("routes.ron", mutated(GOOD, &slips));
        let compilation = compile(&source);
        prop_assert_eq!(compilation.table.is_none(), compilation.count(crate::Level::Error) > 0);
        crate::render::human(&source, &compilation.faults, crate::render::Style::PLAIN);
        prop_assert!(compilation.faults.is_sorted_by_key(crate::Fault::place));
    }

    #[test]
    fn no_text_makes_the_compiler_panic(text in "\\PC{0,60}") {
        let source = Source::new("routes.ron", text);
        crate::render::human(&source, &compile(&source).faults, crate::render::Style::PLAIN);
    }
}

#[test]
fn the_good_file_is_good() {
    assert_eq!(codes(GOOD), []);
}

#[test]
fn hostile_files_are_refused_quickly() {
    for hostile in [
        "(".repeat(10_000),
        "[".repeat(10_000),
        "{".repeat(10_000),
        "Some(".repeat(10_000),
        "a(".repeat(10_000),
        "/*".repeat(10_000),
        "r#".repeat(10_000),
        "\"\\\n".repeat(100_000),
        "\"\n\\\"".repeat(100_000),
        "'".repeat(100_000),
        "(x \"".repeat(10_000),
        "#![".repeat(10_000),
        "),".repeat(100_000),
        "[[],".repeat(100_000),
        "(routes: [\0])".to_owned(),
        format!("(routes: [{}])", "Route(),".repeat(2_000)),
        format!("(roles: {{ {} }}, routes: [])", "A: 1,".repeat(20_000)),
        file(&[route(&format!("path_prefix: \"/{}\"", "a/".repeat(2_500_000)))]),
        file(&[route(&format!("summary: \"{}", "x".repeat(5_000_000)))]),
    ] {
        let source = Source::new("routes.ron", hostile);
        let compilation = compile(&source);
        assert!(compilation.table.is_none());
        crate::render::human(&source, &compilation.faults[..1], crate::render::Style::PLAIN);
    }
}

#[test]
fn a_file_of_one_long_line_is_read_quickly() {
    let routes: Vec<String> = (0..20_000).map(|n| route(&format!("path_prefix: \"/r{n}\""))).collect();
    assert_eq!(codes(&file(&routes).replace('\n', " ")), []);
}

#[test]
fn a_long_text_is_read() {
    assert_eq!(codes(&file(&[route(&format!("summary: \"{}\"", "x".repeat(5_000_000)))])), []);
}

#[test]
fn what_editors_add_makes_no_difference() {
    assert_eq!(codes(&format!("\u{feff}{GOOD}")), []);
    assert_eq!(codes(&GOOD.replace('\n', "\r\n")), []);
    assert_eq!(codes(&format!("#![enable(implicit_some)]\n{GOOD}")), []);
    assert_eq!(codes(&GOOD.replace("\"2s\"", "Some(\"2s\")")), []);
    assert_eq!(codes(&GOOD.replace("Gateway(", "(").replace(" Route(", " (").replace("RateLimit(", "(")), []);
}

#[test]
fn empty_and_foreign_files_are_faults() {
    assert_eq!(codes(""), [Code::EmptyFile]);
    assert_eq!(codes(" // nothing\n"), [Code::EmptyFile]);
    assert_eq!(compile(&Source::new("x", b"(\xff)".as_slice())).faults[0].code, Code::NotUtf8);
    assert_eq!(codes("5"), [Code::WrongType]);
    assert_eq!(codes(&"(".repeat(200)), [Code::TooDeep]);
}

#[test]
fn one_slip_is_one_fault_and_hides_nothing() {
    let two = file(&[route("timeout: \"0s\""), route("path_prefix: \"/b\", debounce: \"0s\"")]);
    for (from, to, code) in [
        ("\"http://s:1\", ", "\"http://s:1\" ", Code::NotRon),
        ("service: ", "service ", Code::NotRon),
        ("service: ", "service = ", Code::NotRon),
        ("service: \"s\",", "service: ,", Code::NotRon),
        ("service: \"s\",", "service: \"\\q\",", Code::BadLiteral),
        ("roles: { Admin", "roles: ( Admin", Code::Unclosed),
        ("\"s\"", "5", Code::WrongType),
        ("Route(", "Rout(", Code::WrongName),
        ("service: \"s\"", "service: \"s\", service: \"s\"", Code::DuplicateField),
        ("service:", "servce:", Code::UnknownField),
        ("required_role: Admin", "requird_role: Admin", Code::UnknownField),
        ("service: \"s\",", "", Code::MissingField),
    ] {
        let text = two.replacen(from, to, 1);
        let codes = codes(&text);
        let zeros = codes.iter().filter(|code| **code == Code::ZeroDuration).count();
        assert_eq!(zeros, 2, "{from} -> {to}: {codes:?}");
        assert_eq!(codes.iter().filter(|found| **found == code).count(), 1, "{from} -> {to}: {codes:?}");
        assert!(codes.len() <= 4, "{from} -> {to}: {codes:?}");
    }
}

#[test]
fn a_missing_comma_is_told_where_it_belongs() {
    let text = file(&[route("")]).replacen("\"http://s:1\",", "\"http://s:1\"", 1);
    let faults = faults(&text);
    assert_eq!(fixed(&text, &faults[0]), file(&[route("")]));
}

#[test]
fn a_missing_quote_ends_on_its_line() {
    let text = file(&[route("")]).replacen("\"/a\", ", "\"/a,\n", 1);
    let faults = faults(&text);
    assert_eq!((faults[0].code, marked(&text, &faults[0])), (Code::BadLiteral, "\"/a"));
    assert_eq!(faults.len(), 1, "{faults:#?}");
}

#[test]
fn a_misspelt_field_that_guards_says_so() {
    let text = file(&[route("rate_limt: (count: 1, unit: Hour)")]);
    let fault = &faults(&text)[0];
    assert_eq!((fault.code, fault.notes.len()), (Code::UnknownField, 1));
    assert_eq!(codes(&fixed(&text, fault)), []);
}

#[test]
fn the_reference_names_every_field_of_every_struct_and_no_other() {
    use super::{expectations, forms, policies};
    let text = include_str!("../../../docs/route-language.md");
    for shape in [
        forms::GATEWAY,
        forms::DEFAULTS,
        forms::ROLE,
        forms::EVERYONE,
        forms::ROUTE,
        policies::RATE_LIMIT,
        policies::UNLIMITED,
        policies::RETRY,
        policies::BREAKER,
        expectations::EXPECT,
    ] {
        let section = text.split("\n## ").find(|section| section.starts_with(&format!("{}\n", shape.name)));
        let rows =
            section.unwrap_or_default().lines().filter(|line| line.starts_with("| `") || line.starts_with("| **`"));
        let fields: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
        assert_eq!(fields, shape.fields, "{}", shape.name);
    }
}
