//! The real binary, as the supervisor starts it.

use std::io::{BufRead, BufReader, Lines};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};

/// The binary with the real routes.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coregateway"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command
}

/// What the binary says to these arguments.
pub(crate) fn output(arguments: &[&str]) -> Output {
    command().args(arguments).output().unwrap()
}

/// A running gateway of the real binary, which is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
    admin: Option<SocketAddr>,
    log: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts it with this configuration, in a folder that keeps the file, and waits until it listens.
    pub(crate) fn start(folder: &Path, configuration: &str) -> Self {
        Self::start_with(folder, configuration, &[])
    }

    /// As [`Process::start`], with these environment variables.
    pub(crate) fn start_with(folder: &Path, configuration: &str, variables: &[(&str, &Path)]) -> Self {
        let mut command = command();
        command.envs(variables.iter().copied());
        Self::spawn(command, folder, configuration)
    }

    /// Starts this executable with this configuration.
    pub(crate) fn start_executable(executable: &Path, folder: &Path, configuration: &str) -> Self {
        let mut command = Command::new(executable);
        command.stdin(Stdio::null());
        Self::spawn(command, folder, configuration)
    }

    fn spawn(mut command: Command, folder: &Path, configuration: &str) -> Self {
        let file = folder.join("coregateway.yaml");
        std::fs::write(&file, format!("version: 1\nlisten: 127.0.0.1:0\n{configuration}")).unwrap();
        let mut child = command.arg("--config-name").arg(&file).stdout(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap()).lines();
        let (mut address, mut admin) = (None, None);
        while address.is_none() {
            let line: serde_json::Value = serde_json::from_str(&log.next().unwrap().unwrap()).unwrap();
            let told = || line["address"].as_str().unwrap().parse().unwrap();
            match line["message"].as_str() {
                Some("operators may connect") => admin = Some(told()),
                Some("listening") => address = Some(told()),
                _ => {}
            }
        }
        Self { child, address: address.unwrap(), admin, log }
    }

    /// Where operators connect, if the configuration says so.
    pub(crate) fn admin(&self) -> SocketAddr {
        self.admin.unwrap()
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends SIGUSR2.
    pub(crate) fn take_over(&self) {
        self.signal("-USR2");
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Sends SIGHUP.
    pub(crate) fn hang_up(&self) {
        self.signal("-HUP");
    }

    /// The next line of its log that has this text in it.
    pub(crate) fn log_line(&mut self, text: &str) -> serde_json::Value {
        let line = self.log.by_ref().map_while(Result::ok).find(|line| line.contains(text)).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Sends a signal, as `kill` calls it.
    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill").arg(signal).arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
    }

    /// Waits for its end, and gives its status and what was left of its log.
    pub(crate) fn wait(mut self) -> (ExitStatus, Vec<String>) {
        let log = self.log.by_ref().map_while(Result::ok).collect();
        (self.child.wait().unwrap(), log)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
