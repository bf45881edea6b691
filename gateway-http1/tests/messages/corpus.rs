//! The fuzzer's corpus as ordinary tests.

use std::path::Path;

use http::Method;

use super::oracle::{agrees_on_request, agrees_on_response};
use super::stream::{Side, holds};

#[test]
fn the_corpus_of_the_fuzzer_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/http1");
    let mut count = 0;
    for file in std::fs::read_dir(corpus).expect("the corpus is there") {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for side in [Side::Client, Side::Upstream(Method::GET), Side::Upstream(Method::HEAD)] {
            holds(&side, &bytes);
        }
        agrees_on_request(&bytes);
        agrees_on_response(&bytes);
        count += 1;
    }
    assert!(count >= 20, "{count}");
}
