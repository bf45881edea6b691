//! `instructions`: how many instructions the gateway takes for what it does most, compared with what it took before.
//!
//! Callgrind counts them, so that the figures are those of the code and not of the machine's other work.

mod baseline;
mod builds;
mod callgrind;
mod comparison;
mod counts;
mod gateway;
mod neighbours;

use self::comparison::{Change, Comparison};
use crate::failure::Failure;
use crate::{processor, say};

/// Instructions for each operation, by the name of the workload.
type Figures = Vec<(&'static str, f64)>;

/// Counts, and compares with the baseline; makes a new one of the figures instead if they are `blessed`.
pub(crate) fn run(is_blessed: bool) -> Result<(), Failure> {
    let builds = builds::build()?;
    say("counting instructions");
    let mut figures = counts::count(&builds)?;
    figures.push(("request", gateway::count(&builds)?));
    if is_blessed {
        return baseline::write(&figures);
    }
    let (baseline, processor) = (baseline::read()?, processor::model());
    let comparison = Comparison::new(&baseline, &figures);
    print(&comparison.to_string());
    if baseline.processor != processor {
        say(&format!("the baseline is of another processor ({}; this is {processor}): not judged", baseline.processor));
        return Ok(());
    }
    judge(&comparison)
}

/// What rose is a fault; what fell, or is new, should be kept.
fn judge(comparison: &Comparison) -> Result<(), Failure> {
    let risen = comparison.names(Change::Rise);
    if !risen.is_empty() {
        return Err(Failure::MoreInstructions { workloads: risen });
    }
    let differing = [comparison.names(Change::Fall), comparison.names(Change::New)].concat();
    if !differing.is_empty() {
        say(&format!("{}: keep it so: `cargo xtask instructions --bless`", differing.join(", ")));
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the table is what was asked for")]
fn print(table: &str) {
    print!("{table}");
}

#[cfg(test)]
mod tests {
    use super::baseline::Baseline;
    use super::*;

    fn judged(now: f64) -> Result<(), Failure> {
        let instructions = [("token".to_owned(), 1000.0)].into();
        let baseline = Baseline { instructions, ..Baseline::default() };
        judge(&Comparison::new(&baseline, &vec![("token", now)]))
    }

    #[test]
    fn a_rise_of_more_than_three_percent_fails_and_says_what_to_do() {
        let told = judged(1031.0).expect_err("it has risen").to_string();
        assert!(told.contains("token") && told.contains("cargo xtask instructions --bless"), "{told}");
    }

    #[test]
    fn a_small_rise_and_any_fall_pass() {
        for now in [1029.0, 1000.0, 500.0] {
            assert!(judged(now).is_ok(), "{now}");
        }
    }
}
