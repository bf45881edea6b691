//! A difference, for people and for programs. A gain of access comes first: it is what a reviewer must see.

use gateway_table::{Method, MethodSet};
use serde_json::{Value, json};

use super::{AccessChange, Change, Difference};

/// The difference as people read it; `allowed` says why a gain is wanted, where the new file says so.
pub fn human(difference: &Difference, allowed: &dyn Fn(&AccessChange) -> Option<String>) -> String {
    if difference.is_empty() {
        return "no change in meaning\n".into();
    }
    let gains = difference.gains.iter().map(|gain| {
        let why = allowed(gain).map(|why| format!("; allowed: {why}")).unwrap_or_default();
        format!("  + {}{why}", access(gain))
    });
    let losses = difference.losses.iter().map(|loss| format!("  - {}", access(loss)));
    let changes = difference.changes.iter().map(change);
    let mut lines = titled("gains access:", gains);
    lines.extend(titled("loses access:", losses));
    lines.extend(titled("changes:", changes));
    if !difference.complete {
        lines.push("note: the prefixes tell apart too many paths; not all of them were compared".into());
    }
    lines.join("\n") + "\n"
}

/// The lines under their title; nothing where there are none.
fn titled(title: &str, lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        lines.insert(0, title.to_owned());
    }
    lines
}

fn access(change: &AccessChange) -> String {
    let AccessChange { who, methods, path_prefix, witness, .. } = change;
    format!("{who}: {} {path_prefix} (as in {witness})", shown(*methods))
}

fn change(change: &Change) -> String {
    let Change { path_prefix, methods, field, old, new, .. } = change;
    format!("  ~ {} {path_prefix}: {field}: {old} -> {new}", shown(*methods))
}

fn shown(methods: MethodSet) -> String {
    if methods == MethodSet::ALL { "all methods of".into() } else { methods.to_string() }
}

/// The difference as programs read it; the form is stable.
pub fn json(difference: &Difference, allowed: &dyn Fn(&AccessChange) -> Option<String>) -> String {
    let gain = |gain: &AccessChange| {
        let mut report = access_json(gain);
        report["allowed"] = json!(allowed(gain));
        report
    };
    let report = json!({
        "same": difference.is_empty(),
        "complete": difference.complete,
        "gains": difference.gains.iter().map(gain).collect::<Vec<_>>(),
        "losses": difference.losses.iter().map(access_json).collect::<Vec<_>>(),
        "changes": difference.changes.iter().map(change_json).collect::<Vec<_>>(),
    });
    format!("{report:#}\n")
}

fn access_json(change: &AccessChange) -> Value {
    json!({
        "who": change.who,
        "methods": names(change.methods),
        "path_prefix": change.path_prefix,
        "witness": change.witness,
    })
}

fn change_json(change: &Change) -> Value {
    json!({
        "path_prefix": change.path_prefix,
        "methods": names(change.methods),
        "field": change.field,
        "old": change.old,
        "new": change.new,
        "witness": change.witness,
    })
}

fn names(methods: MethodSet) -> Vec<&'static str> {
    methods.iter().map(Method::name).collect()
}
