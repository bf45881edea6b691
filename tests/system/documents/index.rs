//! Readers find every page, and every link leads somewhere.

use std::path::{Path, PathBuf};

use super::page::codes;

/// The pages, as paths from the workspace's folder.
fn pages() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    let docs =
        entries.map(|name| Path::new("docs").join(name)).filter(|path| path.extension().is_some_and(|e| e == "md"));
    docs.chain(["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].map(PathBuf::from)).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where the links of a page lead, but for other sites.
fn links(page: &str) -> Vec<&str> {
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://")).collect()
}

/// A heading as links name it.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

fn has_heading(page: &str, wanted: &str) -> bool {
    page.lines().filter_map(|line| line.strip_prefix('#')).any(|line| anchor(line.trim_matches(['#', ' '])) == wanted)
}

#[test]
fn every_link_leads_to_a_file_and_to_a_heading_that_are_there() {
    for page in pages() {
        let text = std::fs::read_to_string(root().join(&page)).unwrap();
        for link in links(&text) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let folder = page.parent().unwrap();
            let target = root().join(if file.is_empty() { page.clone() } else { folder.join(file) });
            assert!(target.exists(), "{}: {link} leads nowhere", page.display());
            if !heading.is_empty() {
                let text = std::fs::read_to_string(&target).unwrap();
                assert!(has_heading(&text, heading), "{}: {link} has no such heading", page.display());
            }
        }
    }
}

#[test]
fn the_index_leads_to_every_page() {
    let index = include_str!("../../../docs/README.md");
    for page in pages().iter().filter_map(|page| page.strip_prefix("docs").ok()) {
        let is_there = links(index).iter().any(|link| link.split('#').next() == page.to_str());
        assert!(is_there || page == Path::new("README.md"), "{} is not in the index", page.display());
    }
}

#[test]
fn every_threat_is_followed_by_a_test_that_there_is() {
    let page = include_str!("../../../docs/security.md");
    let rows = super::page::rows(page, "## Threats");
    assert!(rows.len() >= 30);
    let tests = every_test();
    for row in rows {
        let [name] = codes(row[2])[..] else { panic!("{row:?} names no test") };
        assert!(tests.contains(&format!("fn {name}(")), "there is no test `{name}`");
    }
}

/// The text of all files of Rust in the workspace that have tests.
fn every_test() -> String {
    let members = std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> =
        members.filter(|path| path.is_dir() && !path.ends_with("target") && !path.ends_with(".git")).collect();
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let source = std::fs::read_to_string(path).unwrap();
                text += if source.contains("#[test]") || source.contains("::test") { &source } else { "" };
            }
        }
    }
    text
}
