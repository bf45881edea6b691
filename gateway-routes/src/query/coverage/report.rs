//! Coverage, for people and for programs.

use gateway_table::Method;
use serde_json::{Value, json};

use super::{Gap, gaps, missing, unshown_roles};
use crate::Compilation;

/// The gaps of one file, for people; nothing for a file that does not build.
pub fn human(name: &str, compilation: &Compilation) -> String {
    let Some(table) = &compilation.table else { return String::new() };
    let gaps = gaps(table, &compilation.touched);
    let count = table.routes.len();
    let mut lines = vec![format!("{name}: the expectations cover {} of {count} routes", count - gaps.len())];
    for gap in &gaps {
        lines.push(format!("  {}: {}", table.routes[gap.route].path_prefix, missing(table, gap)));
        lines.extend(gap.example.iter().map(|example| format!("    {example}")));
    }
    let roles = unshown_roles(table, &compilation.touched);
    lines.extend(roles.iter().map(|role| format!("  no expectation is `as: {}`", table.roles[*role].name)));
    lines.join("\n") + "\n"
}

/// The gaps of all files that build, for programs.
pub fn json<'a>(compilations: impl Iterator<Item = (&'a str, &'a Compilation)>) -> Value {
    compilations.filter_map(|(name, compilation)| file_json(name, compilation)).collect()
}

fn file_json(name: &str, compilation: &Compilation) -> Option<Value> {
    let table = compilation.table.as_ref()?;
    let names = |roles: &[usize]| roles.iter().map(|role| &*table.roles[*role].name).collect::<Vec<_>>();
    let gap_json = |gap: &Gap| {
        json!({
            "path_prefix": table.routes[gap.route].path_prefix,
            "methods": gap.methods.iter().map(Method::name).collect::<Vec<_>>(),
            "roles": names(&gap.roles),
            "example": gap.example,
        })
    };
    let gaps = gaps(table, &compilation.touched);
    Some(json!({
        "file": name,
        "routes": table.routes.len(),
        "covered": table.routes.len() - gaps.len(),
        "gaps": gaps.iter().map(gap_json).collect::<Vec<_>>(),
        "roles": names(&unshown_roles(table, &compilation.touched)),
    }))
}
