//! `check`: the compiler's diagnostics without a build.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{DEFAULT_FILE, UNUSABLE, read_source, terminal, told};
use crate::query::coverage;
use crate::render::Checked;
use crate::{Compilation, Level, Source, compile, fix, render};

/// What is checked, and how it is told.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The route files, `-` for standard input [default: routes.ron]
    files: Vec<PathBuf>,
    /// For people, for programs, or for code scanning
    #[arg(long, value_enum, default_value_t)]
    format: CheckFormat,
    /// Make the edits that can be meant no other way; with `-` the mended file goes to standard output
    #[arg(long)]
    fix: bool,
    /// Tell which routes, methods and roles no expectation touches
    #[arg(long)]
    coverage: bool,
}

/// Whom the diagnostics are for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people
    #[default]
    Human,
    /// For programs; the form is stable
    Json,
    /// For code scanning: SARIF 2.1.0
    Sarif,
}

pub(super) fn run(arguments: &CheckArguments) -> u8 {
    let default = [PathBuf::from(DEFAULT_FILE)];
    let files = if arguments.files.is_empty() { &default[..] } else { &arguments.files };
    let mut status = 0;
    let mut checked = Vec::new();
    for file in files {
        let source = read_source(file);
        let source = if arguments.fix { source.and_then(|source| mended(file, source)) } else { source };
        let Some(source) = source else {
            status = UNUSABLE;
            continue;
        };
        let compilation = compile(&source);
        status = status.max(u8::from(compilation.table.is_none()));
        checked.push((source, compilation));
    }
    tell(arguments, &checked);
    status
}

fn tell(arguments: &CheckArguments, checked: &[(Source, Compilation)]) {
    let all: Vec<Checked<'_>> =
        checked.iter().map(|(source, compilation)| Checked { source, faults: &compilation.faults }).collect();
    // What is mended on standard input is itself what is asked for.
    let data = |text: String| {
        if arguments.fix && arguments.files.iter().any(|file| file == Path::new("-")) {
            terminal::message(&text);
        } else {
            terminal::data(&text);
        }
    };
    match arguments.format {
        CheckFormat::Json => {
            let compilations = checked.iter().map(|(source, compilation)| (source.name(), compilation));
            let coverage = arguments.coverage.then(|| coverage::json(compilations));
            data(format!("{}\n", render::json(&all, coverage)));
        }
        CheckFormat::Sarif => data(format!("{}\n", render::sarif(&all))),
        CheckFormat::Human => {
            for (source, compilation) in checked {
                told(source, compilation);
                if arguments.coverage {
                    data(coverage::human(source.name(), compilation));
                }
            }
        }
    }
}

/// The source after its sure fixes, written back to where it came from.
fn mended(file: &Path, source: Source) -> Option<Source> {
    let (mended, count) = fix::mended(source);
    if file == Path::new("-") {
        terminal::data(&String::from_utf8_lossy(mended.bytes()));
        return Some(mended);
    }
    if count == 0 {
        return Some(mended);
    }
    if let Err(error) = std::fs::write(file, mended.bytes()) {
        terminal::message(&format!("error: cannot write {}: {error}\n", file.display()));
        return None;
    }
    let fixes = if count == 1 { "1 fix".to_owned() } else { format!("{count} fixes") };
    terminal::message(&format!("{}: {fixes} made\n", file.display()));
    Some(mended)
}

/// What there is to say in the end.
pub(super) fn closing_line(source: &Source, compilation: &Compilation) -> String {
    let counted = |count: usize, what: &str| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{count} {what}s")),
    };
    let routes = compilation.table.as_ref().map(|table| table.routes.len());
    let routes = routes.map(|count| counted(count, "route").unwrap_or_else(|| "no routes".to_owned()));
    let errors = counted(compilation.count(Level::Error), "error");
    let warnings = counted(compilation.count(Level::Warning), "warning");
    let none = (errors.is_none() && warnings.is_none()).then(|| "no faults".to_owned());
    let parts: Vec<String> = [routes, errors, warnings, none].into_iter().flatten().collect();
    format!("{}: {}", source.name(), parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{file, route};

    fn closing(text: &str) -> String {
        let source = Source::new("routes.ron", text);
        closing_line(&source, &compile(&source))
    }

    #[test]
    fn the_closing_line_counts() {
        assert_eq!(closing(&file(&[route(""), route("path_prefix: \"/b\"")])), "routes.ron: 2 routes, no faults");
        assert_eq!(closing(&file(&[route(""), route("")])), "routes.ron: 1 error");
        assert_eq!(closing(""), "routes.ron: 1 error");
        let warned = file(&[route("target: \"http://s:1/\"")]);
        assert_eq!(closing(&warned), "routes.ron: 1 route, 1 warning");
    }
}
