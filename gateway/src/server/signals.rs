//! What the process is told by signals: to stop, and to read its configuration again.

use std::io;

use crate::orders::Orders;
use crate::server::Stopper;

/// Has signals obeyed on the current runtime: SIGTERM and SIGINT stop the gateway, SIGHUP has it read its configuration.
#[cfg(unix)]
pub(super) fn obey(stopper: Stopper, orders: Orders) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stopper.stop();
    });
    tokio::spawn(async move {
        while hang_up.recv().await.is_some() {
            // What comes of it is in the log.
            orders.reload().await;
        }
    });
    Ok(())
}

/// Has Ctrl-C stop the gateway.
#[cfg(not(unix))]
pub(super) fn obey(stopper: Stopper, _: Orders) -> io::Result<()> {
    tokio::spawn(async move {
        // Without Ctrl-C to wait for, only the end of the process stops it.
        if tokio::signal::ctrl_c().await.is_ok() {
            stopper.stop();
        }
    });
    Ok(())
}
