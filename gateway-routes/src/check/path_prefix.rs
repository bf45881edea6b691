//! The rules of a path prefix; [`crate::pattern`] finds what breaks them.

use super::Context;
use crate::Code;
use crate::fault::Fault;
use crate::pattern::PatternFault;
use crate::span::Text;

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    for (index, route) in context.routes() {
        let (Some(Err(broken)), Some(text)) = (&context.patterns[index], route.path_prefix.given()) else { continue };
        faults.extend(broken.iter().map(|fault| told(fault, text).of_route(index)));
    }
}

fn told(fault: &PatternFault, text: &Text) -> Fault {
    let mut told = Fault::new(fault.code, fault.message.as_str(), text.part(fault.range.clone()), fault.label);
    if let Some(fixed) = &fault.fixed {
        told = told.fix("write", text.span, format!("{fixed:?}"));
        // Without its query the prefix matches more than was written.
        told = if fault.code == Code::QueryInPath { told.unsure() } else { told };
    }
    fault.help.into_iter().fold(told, Fault::help)
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    #[test]
    fn the_bytes_that_break_a_rule_are_marked() {
        for (path, code, marks) in [
            ("api", Code::NoLeadingSlash, "\"api\""),
            ("/a?b=c", Code::QueryInPath, "?b=c"),
            ("/x/../y", Code::NotCanonical, ".."),
            ("/x y", Code::IllegalInPath, " "),
            ("/x/", Code::TrailingSlash, "/"),
            ("/x/*", Code::Wildcard, "*"),
            ("/x/{}", Code::BadParameter, "{}"),
            ("/{x}/{x}", Code::DuplicateParameter, "{x}"),
        ] {
            let text = file(&[route(&format!("path_prefix: \"{path}\""))]);
            let faults = faults(&text);
            assert_eq!((faults[0].code, marked(&text, &faults[0])), (code, marks), "{path}");
        }
        assert_eq!(codes_of_route(&format!("path_prefix: \"/{}\"", "x".repeat(2000))), [Code::PathTooLong]);
    }

    #[test]
    fn an_escape_in_the_text_does_not_mislead_the_mark() {
        let text = file(&[route("path_prefix: \"/\\u{78} y\"")]);
        assert_eq!(marked(&text, &faults(&text)[0]), "\"/\\u{78} y\"");
    }

    #[test]
    fn the_fix_mends() {
        let text = file(&[route("path_prefix: \"/x/\"")]);
        assert_eq!(codes(&fixed(&text, &faults(&text)[0])), []);
    }
}
