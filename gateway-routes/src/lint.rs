//! Lints: which warnings the file silences or raises, and which of its wishes come to nothing.

use std::collections::{HashMap, HashSet};

use crate::fault::Fault;
use crate::route_file::RouteFile;
use crate::{Code, Level};

/// Gives every warning the level that the file wants for it, and takes out what the file silences.
pub(crate) fn apply(file: &RouteFile, faults: &mut Vec<Fault>) {
    let mut used = HashSet::new();
    faults.retain(|fault| !is_allowed(file, fault, &mut used));
    if file.whole {
        faults.extend(unused(file, &used));
    }
    let levels: HashMap<Code, Option<Level>> =
        file.lints.iter().map(|setting| (setting.code.value, setting.level)).collect();
    faults.retain_mut(|fault| match levels.get(&fault.code).filter(|_| fault.level == Level::Warning) {
        None => true,
        Some(None) => false,
        Some(Some(level)) => {
            fault.level = *level;
            true
        }
    });
}

/// Whether the fault's own route allows it; notes which `allow` did so.
fn is_allowed(file: &RouteFile, fault: &Fault, used: &mut HashSet<(usize, usize)>) -> bool {
    let Some(route) = fault.route.filter(|_| fault.level == Level::Warning) else { return false };
    let allowing = file.routes[route].allow.iter().position(|allow| allow.code.value == fault.code);
    used.extend(allowing.map(|allow| (route, allow)));
    allowing.is_some()
}

/// What the routes say of letting in more callers than before. No check can know: a comparison with the file as it was asks.
pub(crate) fn widened(file: &RouteFile) -> Vec<(usize, String)> {
    let allows = file.routes.iter().enumerate().flat_map(|(route, written)| {
        written
            .allow
            .iter()
            .map(move |allow| (route, allow))
            .filter(|(_, allow)| allow.code.value == Code::AccessWidened)
    });
    allows.map(|(route, allow)| (route, allow.reason.value.clone())).collect()
}

fn unused(file: &RouteFile, used: &HashSet<(usize, usize)>) -> Vec<Fault> {
    let allows = file.routes.iter().enumerate().flat_map(|(route, written)| {
        written.allow.iter().enumerate().map(move |(index, allow)| ((route, index), allow))
    });
    let unused = allows.filter(|(place, allow)| !used.contains(place) && allow.code.value != Code::AccessWidened);
    unused
        .map(|((route, _), allow)| {
            let message = format!("this `allow` of {} silences nothing", allow.code.value);
            Fault::new(Code::UnusedAllow, message, allow.code.span, "not reported for this route")
                .and(allow.reason.span, "the reason it gives")
                .of_route(route)
                .help("remove it: an `allow` that is left behind would silence the next mistake")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::check::testing::*;
    use crate::{Code, Level};

    const PUBLIC: &str =
        "(routes: [(path_prefix: \"/a\", service: \"s\", target: \"http://s\", required_role: Everyone)])";

    #[test]
    fn the_file_chooses_the_level_of_a_lint() {
        assert_eq!(codes(&PUBLIC.replace("(routes", "(lints: { CG0520: Allow }, routes")), []);
        let denied = faults(&PUBLIC.replace("(routes", "(lints: { \"CG0520\": Deny }, routes"));
        assert_eq!((denied[0].code, denied[0].level), (Code::PublicWithoutReason, Level::Error));
        let warned = faults(&PUBLIC.replace("(routes", "(lints: { CG0520: Warn }, routes"));
        assert_eq!(warned[0].level, Level::Warning);
    }

    #[test]
    fn an_unused_allow_is_told() {
        assert_eq!(codes_of_route("allow: [(CG0520, \"x\")]"), [Code::UnusedAllow]);
        assert_eq!(codes(&PUBLIC.replace("Everyone", "Everyone, allow: [(CG0520, \"x\")]")), []);
    }

    #[test]
    fn codes_are_known_lints() {
        assert_eq!(codes_of_route("allow: [(CG9999, \"x\")]"), [Code::UnknownCode]);
        assert_eq!(codes_of_route("allow: [(CG0501, \"x\")]"), [Code::NotALint]);
        assert_eq!(codes_of_route("allow: [CG0520]"), [Code::WrongType]);
        let lints = |lints: &str| codes(&format!("(lints: {{ {lints} }}, routes: [])"));
        assert_eq!(lints("CG0501: Allow"), [Code::NotALint]);
        assert_eq!(lints("CG05200: Allow"), [Code::UnknownCode]);
        assert_eq!(lints("CG0520: Forbid"), [Code::UnknownWord]);
        assert_eq!(lints("CG0520: Warn, CG0520: Deny"), [Code::DuplicateField]);
    }
}
