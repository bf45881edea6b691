//! What the figures were taken on, and of which versions.

use std::path::Path;

use super::bench::Bench;
use super::tools::Tool;
use crate::failure::Failure;
use crate::processor;
use crate::program::{output, program};
use crate::workspace::read;

/// Some lines in Markdown.
pub(crate) fn facts(bench: &Bench) -> Result<String, Failure> {
    let cpu = processor::model();
    let kernel = read(Path::new("/proc/sys/kernel/osrelease"))?;
    let said = output(program(&bench.executable).arg("version"))?;
    let tools = [Tool::Nginx, Tool::Haproxy, Tool::Wrk].into_iter().filter_map(|tool| tool.version().ok());
    let programs: Vec<String> = std::iter::once(ours(&said)).chain(tools).collect();
    Ok(format!(
        "- processor: {cpu}, {} cores; Linux {}\n- {}\n- {} rounds of {} s; medians; the gateway on one core, load and origin on another\n",
        bench.cpus.count(),
        kernel.trim(),
        programs.join(" · "),
        bench.rounds,
        bench.seconds,
    ))
}

/// Version and profile out of what `coregateway version` says.
fn ours(said: &str) -> String {
    let wanted = said.lines().filter(|line| line.starts_with("coregateway") || line.starts_with("profile"));
    wanted.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_version_and_profile_are_named() {
        assert_eq!(
            ours("coregateway 0.1.0\nroutes sha256:7f (1 routes)\nprofile dist\n"),
            "coregateway 0.1.0, profile dist"
        );
    }
}
