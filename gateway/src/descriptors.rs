//! How many files and sockets the process may have open: as many as the system lets it, and a word at the start if that
//! is not enough for the connections that are configured.

use rustix::process::{Resource, getrlimit, setrlimit};

/// What is open beside connections: listeners, logs, the runtimes' own.
const OTHERS: u64 = 128;

/// Raises the soft limit to the hard one, and warns if it does not reach for `connections` clients, each of which may
/// have an upstream connection.
pub(crate) fn provide_for(connections: u32) {
    let limit = getrlimit(Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
    // Where the system does not let us, the old limit holds.
    let limit = if setrlimit(Resource::Nofile, raised).is_ok() { raised } else { limit };
    let wanted = 2 * u64::from(connections) + OTHERS;
    if let Some(most) = limit.current.filter(|most| *most < wanted) {
        tracing::warn!(
            most,
            wanted,
            "the system allows fewer open files than `limits.connections` may need: raise the limit (ulimit -n), or lower the setting"
        );
    }
}
