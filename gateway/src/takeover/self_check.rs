//! An executable says whether it could take over, before anything is changed.

use std::io::Read as _;
use std::os::fd::AsRawFd as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::document::VARIABLE;
use super::estate::{Build, Estate};
use super::executable::Executable;
use super::fault::TakeOverError;

/// How long a self-check may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// How often it is looked whether the self-check has ended.
const STEP: Duration = Duration::from_millis(5);

/// How much of what a self-check says is passed on, in bytes.
const LONGEST_REASON: u64 = 4096;

impl Executable {
    /// Has the executable check whether it could take over, and gives what it says of itself.
    ///
    /// # Errors
    ///
    /// It could not, or does not say.
    pub(crate) fn check_itself(&self, draft: Estate) -> Result<Build, TakeOverError> {
        let passed = draft.pass_on().map_err(TakeOverError::Handover)?;
        let arguments = self.arguments.iter().skip_while(|argument| *argument == "run");
        let mut command = Command::new(&self.path);
        command.arg("self-check").args(arguments).env(VARIABLE, passed.as_raw_fd().to_string());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let path = || self.path.clone();
        let child = command.spawn().map_err(|source| TakeOverError::NotRunnable { path: path(), source })?;
        let (is_good, said) = outcome(child).ok_or_else(|| TakeOverError::TooSlow { path: path() })?;
        let failed = |reason: &str| TakeOverError::Failed { path: path(), reason: reason.trim().to_owned() };
        if !is_good {
            return Err(failed(&said));
        }
        serde_json::from_str(&said).map_err(|_| failed("it does not say what it is"))
    }
}

/// Waits for a child's end, for a while; gives whether it ended well, and what it said: of itself, or against it.
fn outcome(mut child: Child) -> Option<(bool, String)> {
    let start = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if start.elapsed() < TIME_LIMIT => std::thread::sleep(STEP),
            _ => {
                // What does not end by itself is ended; that it ended in between is no harm.
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    };
    let mut said = Vec::new();
    // It has ended, and a pipe takes more than is read here, so that nobody waits for anybody.
    let _ = if status.success() {
        child.stdout.take()?.take(LONGEST_REASON).read_to_end(&mut said)
    } else {
        child.stderr.take()?.take(LONGEST_REASON).read_to_end(&mut said)
    };
    Some((status.success(), String::from_utf8_lossy(&said).into_owned()))
}
