//! What the process is told by signals: to stop, to read its configuration again, to let another executable take over.

use std::io;

use crate::orders::Orders;
use crate::server::Stopper;
#[cfg(unix)]
use crate::takeover::unblock_signals;

/// Has signals obeyed on the current runtime: SIGTERM and SIGINT stop the gateway, SIGHUP has it read its configuration,
/// SIGUSR2 has another executable take over.
#[cfg(unix)]
pub(super) fn obey(stopper: Stopper, orders: Orders) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut second_user = signal(SignalKind::user_defined2())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stopper.stop();
    });
    let reload = orders.clone();
    tokio::spawn(async move {
        while hang_up.recv().await.is_some() {
            // What comes of it is in the log.
            reload.reload().await;
        }
    });
    tokio::spawn(async move {
        while second_user.recv().await.is_some() {
            orders.take_over().await;
        }
    });
    unblock_signals();
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
