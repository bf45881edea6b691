//! A route at or below a path that the gateway answers itself. A broader one is fine: there the gateway's own answer wins.

use gateway_table::BUILT_IN_PATHS;

use super::Context;
use crate::Code;
use crate::fault::Fault;
use crate::pattern::{Pattern, Segment};

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    for (index, route) in context.routes() {
        let (Some(pattern), Some(text)) = (context.pattern(index), route.path_prefix.given()) else { continue };
        if let Some(built_in) = BUILT_IN_PATHS.into_iter().find(|built_in| is_at_or_below(pattern, built_in)) {
            let message = format!("`{built_in}` is answered by the gateway itself");
            let fault =
                Fault::new(Code::BuiltInShadowed, message, text.span, "this route would hide it, or never be asked");
            faults.push(
                fault.of_route(index).help("choose another path; supervisors ask the gateway there whether it is well"),
            );
        }
    }
}

fn is_at_or_below(pattern: &Pattern, built_in: &str) -> bool {
    let mut segments = pattern.segments.iter();
    built_in[1..].split('/').all(|wanted| match segments.next() {
        Some(Segment::Literal(literal)) => literal == wanted,
        Some(Segment::Parameter(_)) | None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    #[test]
    fn at_and_below_is_a_fault() {
        for path in ["/healthcheck", "/healthcheck/deep", "/api/healthcheck"] {
            assert_eq!(codes_of_route(&format!("path_prefix: \"{path}\"")), [Code::BuiltInShadowed], "{path}");
        }
    }

    #[test]
    fn broader_and_beside_is_fine() {
        for path in ["/", "/api", "/healthchecks", "/{any}", "/api/{any}"] {
            assert_eq!(codes_of_route(&format!("path_prefix: \"{path}\"")), [], "{path}");
        }
    }
}
