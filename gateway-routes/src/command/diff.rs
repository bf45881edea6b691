//! `diff`: what changes in meaning from one route file to another, or from the table compiled in to a route file.

use std::path::Path;

use clap::Args;
use gateway_table::Table;

use super::{Format, UNUSABLE, compiled, terminal};
use crate::query::diff::{self, AccessChange, Difference};

/// What is compared, and how it is told.
#[derive(Debug, Args)]
pub struct DiffArguments {
    /// The route file before; or, with no other behind it, the one to compare with the table compiled in
    #[arg(value_name = "OLD")]
    first: std::path::PathBuf,
    /// The route file after
    #[arg(value_name = "NEW")]
    second: Option<std::path::PathBuf>,
    /// End with 1 only where callers gain access that NEW does not allow: `allow: [(CG0522, "why")]` in the route
    #[arg(long)]
    gate: bool,
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The reasons that routes give for letting in more callers, by index.
type Widened = Vec<(usize, String)>;

pub(super) fn run(arguments: &DiffArguments, compiled_in: Option<&Table>) -> u8 {
    let (difference, allowed) = match compared(arguments, compiled_in) {
        Ok(compared) => compared,
        Err(status) => return status,
    };
    let why = |gain: &AccessChange| why_allowed(gain, &allowed);
    terminal::data(&match arguments.format {
        Format::Human => diff::human(&difference, &why),
        Format::Json => diff::json(&difference, &why),
    });
    let refused = difference.gains.iter().any(|gain| why(gain).is_none()) || !difference.complete;
    u8::from(if arguments.gate { refused } else { !difference.is_empty() })
}

fn compared(arguments: &DiffArguments, compiled_in: Option<&Table>) -> Result<(Difference, Widened), u8> {
    let Some(second) = &arguments.second else {
        let Some(old) = compiled_in else { return Err(nothing_to_compare_with()) };
        let new = compiled(Some(&arguments.first)).ok_or(UNUSABLE)?;
        return Ok((diff::between(old, &new.0), new.1));
    };
    // Both files are read before either is given up, so that the faults of both are told.
    let both = [arguments.first.as_path(), second].map(|file: &Path| compiled(Some(file)));
    let [Some(old), Some(new)] = both else { return Err(UNUSABLE) };
    // A reason that stood there before was for an earlier change.
    let said_before = |reason: &String| old.1.iter().any(|(_, earlier)| earlier == reason);
    let allowed = new.1.into_iter().filter(|(_, reason)| !said_before(reason)).collect();
    Ok((diff::between(&old.0, &new.0), allowed))
}

fn nothing_to_compare_with() -> u8 {
    let message = "error: there is no table compiled in to compare with\nhelp: name two files: `diff OLD NEW`\n";
    terminal::message(message);
    UNUSABLE
}

/// Why a gain is wanted, when each route that brings it says so.
fn why_allowed(gain: &AccessChange, allowed: &Widened) -> Option<String> {
    let reason = |route: &usize| allowed.iter().find(|(allowed, _)| allowed == route).map(|(_, reason)| reason.clone());
    let reasons: Option<Vec<String>> = gain.routes.iter().map(reason).collect();
    reasons.filter(|reasons| !reasons.is_empty()).map(|reasons| reasons.join("; "))
}
