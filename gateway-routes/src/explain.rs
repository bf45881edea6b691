//! A page on every diagnostic: why it matters, a wrong example, a right one. `explain`, SARIF and `docs/faults.md` show the
//! same pages, and a test compiles their examples.

use std::fmt::Write;

use crate::Code;

/// The pages, by family. Each starts with a line `# CODE`; then why, and two code blocks, the wrong and the right one.
const PAGES: [&str; 10] = [
    include_str!("explain/00-text.md"),
    include_str!("explain/01-routes.md"),
    include_str!("explain/02-paths.md"),
    include_str!("explain/03-rewriting.md"),
    include_str!("explain/04-targets.md"),
    include_str!("explain/05-callers.md"),
    include_str!("explain/06-limits.md"),
    include_str!("explain/07-time.md"),
    include_str!("explain/08-fields.md"),
    include_str!("explain/09-expectations.md"),
];

/// A page on one diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The diagnostic.
    pub code: Code,
    /// Why it matters.
    pub why: &'static str,
    /// An example that raises it: routes, or a whole file.
    pub wrong: &'static str,
    /// The same, mended.
    pub right: &'static str,
}

/// The page on `code`.
pub fn page(code: Code) -> Page {
    let text = PAGES.iter().find_map(|pages| section(pages, code.name())).unwrap_or_default();
    let mut parts = text.split("```ron\n");
    let mut part = || parts.next().unwrap_or_default();
    let (why, wrong, right) = (part(), part(), part());
    let block = |text: &'static str| text.split("\n```").next().unwrap_or_default();
    Page { code, why: why.trim(), wrong: block(wrong), right: block(right) }
}

/// What stands behind the line `# name`, up to the next such line.
fn section(pages: &'static str, name: &str) -> Option<&'static str> {
    let start = pages.find(&format!("# {name}\n"))? + name.len() + 3;
    let rest = &pages[start..];
    Some(&rest[..rest.find("\n# CG").unwrap_or(rest.len())])
}

impl Page {
    /// The page for a terminal.
    pub fn plain(&self) -> String {
        let Page { code, why, wrong, right } = self;
        let level = code.level().name();
        let indented = |example: &str| format!("    {}", example.replace('\n', "\n    "));
        let (wrong, right) = (indented(wrong), indented(right));
        format!("{code} ({level}): {}\n\n{why}\n\nWrong:\n\n{wrong}\n\nRight:\n\n{right}\n", code.title())
    }

    /// The page in Markdown, without its heading.
    pub fn markdown(&self) -> String {
        let Page { why, wrong, right, .. } = self;
        format!("{why}\n\nWrong:\n\n```ron\n{wrong}\n```\n\nRight:\n\n```ron\n{right}\n```\n")
    }
}

/// Every page, in Markdown: `docs/faults.md`.
pub fn all() -> String {
    let mut text = String::from(
        "# What can be wrong in a route file\n\n\
         Every diagnostic has a code that never changes its meaning. An error keeps the file from building. A warning does not;\n\
         a route silences one with `allow: [(CODE, \"why\")]`, a file sets its level with `lints: { CODE: Allow | Warn | Deny }`.\n\
         `coregateway explain CODE` shows the same pages. An example that is no whole file stands in a list of routes, with the\n\
         roles `Admin` and `Viewer` declared.\n\n\
         | code | level | what is wrong |\n| --- | --- | --- |\n",
    );
    for code in Code::ALL {
        let level = code.level().name();
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "| [{code}](#{}) | {level} | {} |", code.name().to_lowercase(), code.title());
    }
    for code in Code::ALL {
        let _ = write!(text, "\n## {code}\n\n*{}: {}.* {}", code.level().name(), code.title(), page(*code).markdown());
    }
    text
}

/// The whole file that an example stands for.
#[cfg(test)]
pub(crate) fn whole(example: &str) -> String {
    if example.starts_with("Route(") || example.starts_with("//") {
        format!(
            "Gateway(\n  roles: {{ Admin: \"admin\", Viewer: \"viewer\" }},\n  routes: [\n{example}\n  ],\n  lints: {{ CG0402: Allow }},\n)"
        )
    } else {
        example.to_owned()
    }
}

#[cfg(test)]
mod tests;
