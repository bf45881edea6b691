//! A path that is called like something private, open to everyone.

use super::Context;
use crate::Code;
use crate::fault::Fault;
use crate::pattern::Segment;
use crate::route_file::Who;

/// Segments that name what an attacker tries first.
const SENSITIVE: [&str; 14] = [
    "actuator",
    "admin",
    "administration",
    "backup",
    "backups",
    "config",
    "configuration",
    "console",
    "debug",
    "internal",
    "management",
    "metrics",
    "private",
    "secrets",
];

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    for (index, route) in context.routes() {
        let (Some(pattern), Some(access)) = (context.pattern(index), route.required_role.given()) else { continue };
        let (Who::Everyone { .. }, Some(text)) = (&access.who, route.path_prefix.given()) else { continue };
        if let Some(word) = pattern.segments.iter().find_map(sensitive) {
            let message = format!("`{}` is open to everyone, and `{word}` sounds private", pattern.text);
            faults.push(
                Fault::new(Code::SensitivePublic, message, access.span, "anyone may call it")
                    .and(text.span, "a sensitive path")
                    .of_route(index)
                    .help("require a role")
                    .help(format!("or confirm it in the route: `allow: [({}, \"…\")]`", Code::SensitivePublic)),
            );
        }
    }
}

fn sensitive(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Literal(literal) if SENSITIVE.contains(&literal.to_ascii_lowercase().as_str()) => Some(literal),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    fn codes_of(path: &str, more: &str) -> Vec<Code> {
        let route = route(&format!("path_prefix: \"{path}\", required_role: Everyone(reason: \"x\"){more}"));
        codes(&format!("(routes: [{route}])"))
    }

    #[test]
    fn a_sensitive_public_path_is_a_warning() {
        for path in ["/admin", "/api/internal", "/Metrics/x"] {
            assert_eq!(codes_of(path, ""), [Code::SensitivePublic], "{path}");
        }
        assert_eq!(codes_of("/administrators", ""), []);
        assert_eq!(codes_of_route("path_prefix: \"/admin\""), []);
    }

    #[test]
    fn it_can_be_allowed_with_a_reason() {
        assert_eq!(codes_of("/admin", ", allow: [(CG0505, \"a login page\")]"), []);
        assert_eq!(codes_of("/admin", ", allow: [(\"CG0505\", \"a login page\")]"), []);
        assert_eq!(codes_of("/admin", ", allow: [(CG0505, \"\")]"), [Code::SensitivePublic, Code::EmptyReason]);
    }
}
