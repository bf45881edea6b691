//! The fuzzer's corpus as ordinary tests.

use std::path::Path;

use crate::oracle::holds;

#[test]
fn the_corpus_of_the_fuzzer_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/zeromq");
    let mut files = 0;
    for file in std::fs::read_dir(corpus).expect("the corpus is there") {
        holds(&std::fs::read(file.unwrap().path()).unwrap());
        files += 1;
    }
    assert!(files > 8, "{files} files");
}
