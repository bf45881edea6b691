//! The fuzzer's corpus, and inputs too large to keep there, as ordinary tests: nothing panics, hangs or takes much memory.

use std::path::Path;

use gateway_routes::{Level, Source, compile, fix, render};

/// What the fuzz target holds for every input.
fn holds(bytes: Vec<u8>) {
    let source = Source::new("routes.ron", bytes);
    let compilation = compile(&source);
    assert_eq!(compilation.table.is_none(), compilation.count(Level::Error) > 0);
    let shown = render::human(&source, &compilation.faults, render::Style::PLAIN);
    assert!(shown.len() < 1 << 20, "{} bytes are said about it", shown.len());
    render::sarif(&[render::Checked { source: &source, faults: &compilation.faults }]);
    let (once, _) = fix::mended(source);
    assert_eq!(fix::mended(once).1, 0);
}

#[test]
fn the_corpus_of_the_fuzzer_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/compile");
    let files = std::fs::read_dir(corpus).expect("the corpus is there");
    let count = files.map(|file| holds(std::fs::read(file.unwrap().path()).unwrap())).count();
    assert!(count >= 9, "{count}");
}

#[test]
fn large_and_strange_inputs_hold() {
    for bytes in [
        "[".repeat(10_000),
        "(".repeat(10_000) + &")".repeat(10_000),
        format!("(routes: [Route(path_prefix: \"{}\")])", "a".repeat(5 << 20)),
        format!("(roles: {{{}}}, routes: [])", "A: \"a\", ".repeat(20_000)),
        "(a: 1, ".repeat(5_000),
        "\"".repeat(100_001),
        ",".repeat(100_000),
        "/*".repeat(100_000),
    ] {
        holds(bytes.into_bytes());
    }
}
