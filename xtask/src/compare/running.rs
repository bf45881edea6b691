//! A process on processors of its own, stopped by its id when it is dropped.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::CpuSet;

use super::cpus;
use super::no_figure::NoFigure;
use crate::failure::Failure;

/// How long a process may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(6);

/// A process that runs.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    started: Instant,
    log: PathBuf,
}

impl Running {
    /// Starts it on these processors. What it says goes to the file `log`.
    pub(crate) fn start(command: &mut Command, cpus: &CpuSet, log: &Path) -> Result<Self, Failure> {
        let out = File::create(log).map_err(Failure::file(log))?;
        let err = out.try_clone().map_err(Failure::file(log))?;
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        let program = command.get_program().to_string_lossy().into_owned();
        let start = || (Instant::now(), command.spawn());
        let (started, child) = cpus::on(cpus, start)?;
        Ok(Self { child: child.map_err(|source| Failure::Start { program, source })?, started, log: log.to_owned() })
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// When it was started.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Whether it is not there any more.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// What it has said.
    pub(crate) fn told(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Running {
    /// Stops it, and waits until it has written what it writes when it ends.
    pub(crate) fn stop(mut self) -> Result<(), NoFigure> {
        self.ask_to_end();
        match self.child.try_wait() {
            Ok(Some(status)) if status.success() => Ok(()),
            _ => Err(NoFigure::NoEnd { told: self.told() }),
        }
    }

    fn ask_to_end(&mut self) {
        if self.has_ended() {
            return;
        }
        // One that ends at this moment cannot be asked.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let deadline = Instant::now() + PATIENCE;
        while !self.has_ended() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.ask_to_end();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
