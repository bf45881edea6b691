//! What a process has used, as `/proc` tells it: processor time and memory. Every peer is one process.

use std::path::Path;
use std::time::Duration;

use super::no_figure::NoFigure;
use crate::failure::Failure;
use crate::workspace::read;

/// Memory of a process, in KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Memory {
    /// What is in memory, shared pages included.
    pub(crate) resident: u64,
    /// The same with shared pages by its share in them.
    pub(crate) proportional: u64,
}

/// Its processor time so far, in user mode and in the kernel, of all its threads.
pub(crate) fn cpu_time(id: u32) -> Result<Duration, Failure> {
    let stat = read(Path::new(&format!("/proc/{id}/stat")))?;
    let ticks = ticks(&stat).ok_or(NoFigure::Proc { what: "stat" })?;
    Ok(Duration::from_secs(ticks) / u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100))
}

/// Its memory now.
pub(crate) fn memory(id: u32) -> Result<Memory, Failure> {
    let rollup = read(Path::new(&format!("/proc/{id}/smaps_rollup")))?;
    let field = |name| kib(&rollup, name).ok_or(NoFigure::Proc { what: "smaps_rollup" });
    Ok(Memory { resident: field("Rss:")?, proportional: field("Pss:")? })
}

/// The most memory that it has had at a time, in KiB.
pub(crate) fn peak_memory(id: u32) -> Result<u64, Failure> {
    let status = read(Path::new(&format!("/proc/{id}/status")))?;
    Ok(kib(&status, "VmHWM:").ok_or(NoFigure::Proc { what: "status" })?)
}

/// Fields 14 and 15 of `stat`, of which the second, a name in parentheses, may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

fn kib(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value.strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_behind_whatever_the_process_is_called() {
        let stat = "71 (a) 9 (b)) S 1 71 71 0 -1 4194560 190 0 0 0 250 17 8 9 20 0 4 0 5 6 7";
        assert_eq!(ticks(stat), Some(267));
        assert_eq!(ticks("71 (nginx) S 1"), None);
    }

    #[test]
    fn memory_is_read_by_the_name_of_its_line() {
        let rollup =
            "55d0-7ffc ---p 00000000 00:00 0  [rollup]\nRss:      10612 kB\nPss:       9001 kB\nPss_Dirty: 12 kB\n";
        assert_eq!((kib(rollup, "Rss:"), kib(rollup, "Pss:"), kib(rollup, "Swap:")), (Some(10_612), Some(9_001), None));
    }

    #[test]
    fn this_process_has_used_memory() {
        let id = std::process::id();
        let memory = memory(id).unwrap();
        assert!(memory.proportional <= memory.resident && peak_memory(id).unwrap() > 0);
        assert!(cpu_time(id).is_ok());
    }
}
