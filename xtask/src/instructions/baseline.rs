//! What was counted when somebody last agreed to it: `xtask/instructions.json`, instructions by workload.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Figures;
use crate::failure::Failure;
use crate::{processor, say, workspace};

/// What was counted, and where: libraries choose their code by the processor, so that figures of another kind say little.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Baseline {
    pub(super) processor: String,
    /// Instructions for each operation, by workload.
    pub(super) instructions: BTreeMap<String, f64>,
}

/// Reads it; before it is written for the first time it is empty.
pub(super) fn read() -> Result<Baseline, Failure> {
    let path = path();
    if !path.exists() {
        return Ok(Baseline::default());
    }
    let text = workspace::read(&path)?;
    serde_json::from_str(&text).map_err(|source| Failure::Baseline { path, source })
}

/// Writes these figures in its place, each rounded to a whole instruction.
pub(super) fn write(figures: &Figures) -> Result<(), Failure> {
    let instructions = figures.iter().map(|(name, figure)| ((*name).to_owned(), figure.round())).collect();
    let baseline = Baseline { processor: processor::model(), instructions };
    let text = serde_json::to_string_pretty(&baseline).map_err(|source| Failure::Baseline { path: path(), source })?;
    workspace::write(&path(), text + "\n")?;
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
        let names: Vec<String> = read().expect("a baseline").instructions.into_keys().collect();
        assert_eq!(names, ["answer", "head", "match", "pipeline", "request", "token"]);
    }
}
