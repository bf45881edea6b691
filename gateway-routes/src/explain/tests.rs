use super::*;
use crate::check::testing::codes;

/// Codes whose wrong example is no text that a page can show.
const NOT_SHOWN: [Code; 4] = [Code::EmptyFile, Code::NotUtf8, Code::AccessWidened, Code::TooDeep];

#[test]
fn every_wrong_example_raises_its_code() {
    for code in Code::ALL.iter().filter(|code| !NOT_SHOWN.contains(code)) {
        let found = codes(&whole(page(*code).wrong));
        assert!(found.contains(code), "{code}: {found:?} in\n{}", page(*code).wrong);
    }
}

#[test]
fn every_right_example_has_no_fault() {
    for code in Code::ALL {
        assert_eq!(codes(&whole(page(*code).right)), [], "{code}: {}", page(*code).right);
    }
}

#[test]
fn every_code_has_a_whole_page() {
    for code in Code::ALL {
        let page = page(*code);
        assert!(page.why.len() > 40 && !page.wrong.is_empty() && !page.right.is_empty(), "{code}: {page:?}");
    }
}

#[test]
fn the_published_pages_are_these() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/faults.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, all()).unwrap();
    }
    let published = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        published == all(),
        "docs/faults.md is not what the pages say; renew it with UPDATE_DOCS=1 cargo test -p gateway-routes"
    );
}
