//! What was counted when somebody last agreed to it: `xtask/instructions.json`, instructions by workload.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Figures;
use crate::failure::Failure;
use crate::say;
use crate::workspace;

/// Instructions for each operation, by workload.
pub(super) type Baseline = BTreeMap<String, f64>;

/// Reads it; before it is written for the first time it is empty.
pub(super) fn read() -> Result<Baseline, Failure> {
    let path = path();
    if !path.exists() {
        return Ok(Baseline::new());
    }
    let text = workspace::read(&path)?;
    serde_json::from_str(&text).map_err(|source| Failure::Baseline { path, source })
}

/// Writes these figures in its place, each rounded to a whole instruction.
pub(super) fn write(figures: &Figures) -> Result<(), Failure> {
    let rounded: Baseline = figures.iter().map(|(name, figure)| ((*name).to_owned(), figure.round())).collect();
    let lines: Vec<String> = rounded.iter().map(|(name, figure)| format!("  \"{name}\": {figure}")).collect();
    workspace::write(&path(), format!("{{\n{}\n}}\n", lines.join(",\n")))?;
    say(&format!("{} has the new figures: commit it with the change", path().display()));
    Ok(())
}

fn path() -> PathBuf {
    workspace::root().join("xtask/instructions.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_baseline_of_the_workspace_has_every_workload() {
        let names: Vec<String> = read().expect("a baseline").into_keys().collect();
        assert_eq!(names, ["answer", "head", "match", "pipeline", "request", "token"]);
    }
}
