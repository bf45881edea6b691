//! A page's tables and words in code.

/// The cells of each row of the first table after this heading, without its head.
pub(super) fn rows(page: &'static str, heading: &str) -> Vec<Vec<&'static str>> {
    let after = page.find(&format!("{heading}\n")).unwrap_or_else(|| panic!("there is no `{heading}`"));
    let lines = page[after..].lines().skip_while(|line| !line.starts_with('|'));
    let table = lines.take_while(|line| line.starts_with('|')).skip(2);
    table.map(|line| line.trim().trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// What stands between backticks.
pub(super) fn codes(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}
