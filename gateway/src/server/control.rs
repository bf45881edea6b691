//! The main thread while the gateway serves: it keeps keys and revocations fresh, obeys orders, and waits for the stop.

use std::sync::Arc;
use std::time::Duration;

use gateway_table::Table;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::auth::Verifier;
use crate::auth::refresh::{self, RefreshHandle, Upkeep};
use crate::clock::Clock;
use crate::log::LogSender;
use crate::orders::Order;
use crate::rules::Rules;
use crate::settings::{AuthSettings, Settings};
use crate::telemetry::Telemetry;

/// How much longer than the grace period the whole gateway waits for its workers, which keep to it themselves.
pub(super) const LAST_MOMENT: Duration = Duration::from_millis(200);

/// What the main thread has in its hands.
pub(super) struct Control {
    /// What is in force.
    pub(super) settings: Settings,
    pub(super) table: &'static Table,
    pub(super) rules: watch::Sender<Arc<Rules>>,
    pub(super) verifier: Arc<Verifier>,
    pub(super) upkeep: Option<Keeping>,
    pub(super) log: LogSender,
    pub(super) telemetry: Arc<Telemetry>,
    /// How many threads go by the rules.
    pub(super) workers: u32,
}

/// Keys and revocations being kept fresh, until it is dropped.
pub(super) struct Keeping(JoinHandle<()>);

impl Keeping {
    /// Begins with it on the current runtime.
    pub(super) fn begin(upkeep: Upkeep) -> Self {
        Self(tokio::spawn(upkeep.run()))
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What keeps keys and revocations fresh, and what asks it to; nothing where nobody's tokens are believed.
pub(super) fn keep_fresh(
    auth: Option<&AuthSettings>,
    verifier: &Arc<Verifier>,
) -> (Option<Keeping>, Option<RefreshHandle>) {
    let Some(auth) = auth else {
        tracing::warn!("no keys are configured: every route that asks for a role answers 401");
        return (None, None);
    };
    let (upkeep, handle) = refresh::prepare(auth, verifier, Clock::default());
    (Some(Keeping::begin(upkeep)), Some(handle))
}

impl Control {
    /// Obeys until the stop, then waits until the last worker has ended or the time is over.
    pub(super) async fn run(
        &mut self,
        mut orders: mpsc::Receiver<Order>,
        mut stop: watch::Receiver<bool>,
        mut all_ended: mpsc::Receiver<()>,
    ) {
        tokio::select! {
            () = self.obey(&mut orders) => {}
            _ = stop.wait_for(|must_stop| *must_stop) => {}
            _ = all_ended.recv() => {}
        }
        drop(orders);
        tracing::info!("stopping: no new connections, requests in flight may finish");
        // The last worker to end drops the last sender.
        let _ = tokio::time::timeout(self.settings.shutdown_grace + LAST_MOMENT, all_ended.recv()).await;
    }

    async fn obey(&mut self, orders: &mut mpsc::Receiver<Order>) {
        while let Some(order) = orders.recv().await {
            match order {
                Order::Reload(tell) => {
                    let reloaded = self.reload().await;
                    // Who has asked may have gone.
                    let _ = tell.send(reloaded);
                }
            }
        }
        std::future::pending().await
    }
}
