//! `check`: the compiler's diagnostics without a build.

use std::path::Path;

use super::{Format, UNUSABLE, read_source, terminal};
use crate::{Compilation, Level, Source, compile, render};

pub(super) fn run(file: Option<&Path>, format: Format) -> u8 {
    let Some(source) = read_source(file) else { return UNUSABLE };
    let compilation = compile(&source);
    match format {
        Format::Json => terminal::data(&format!("{}\n", render::json(&source, &compilation.faults))),
        Format::Human => {
            terminal::message(&render::human(&source, &compilation.faults, terminal::style()));
            terminal::message(&format!("{}\n", closing_line(&source, &compilation)));
        }
    }
    u8::from(compilation.table.is_none())
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
