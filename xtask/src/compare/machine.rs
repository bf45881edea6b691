//! What the figures were taken on, and of which versions.

use std::path::Path;

use super::bench::Bench;
use super::tools::Tool;
use crate::failure::Failure;
use crate::program::{output, program};
use crate::workspace::read;

/// Some lines in Markdown.
pub(crate) fn facts(bench: &Bench) -> Result<String, Failure> {
    let cpu = model(&read(Path::new("/proc/cpuinfo"))?).unwrap_or("of unknown model").to_owned();
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

/// The processor's name.
fn model(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
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
    fn the_processor_and_our_version_are_named() {
        assert_eq!(model("processor\t: 0\nmodel name\t: AMD EPYC\nmodel name\t: other\n"), Some("AMD EPYC"));
        assert_eq!(
            ours("coregateway 0.1.0\nroutes sha256:7f (1 routes)\nprofile dist\n"),
            "coregateway 0.1.0, profile dist"
        );
    }
}
