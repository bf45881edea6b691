//! The main thread while the gateway serves: it keeps keys and revocations fresh, obeys orders, and waits for the stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use gateway_table::Table;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::renewal::{LOOK, Renewal};

use crate::auth::Verifier;
use crate::auth::refresh::{self, RefreshHandle, Upkeep};
use crate::clock::Clock;
use crate::limiters::Limiters;
use crate::listener::{HandingOver, Holding};
use crate::log::LogSender;
use crate::materials::Materials;
use crate::orders::Order;
use crate::rules::Rules;
use crate::settings::Settings;
use crate::takeover::{Executable, Listening};
use crate::telemetry::Telemetry;

/// How much longer than the grace period the whole gateway waits for its workers, which keep to it themselves.
pub(super) const LAST_MOMENT: Duration = Duration::from_millis(200);

/// What the main thread has in its hands.
pub(super) struct Control {
    /// What is in force.
    pub(super) settings: Settings,
    pub(super) table: &'static Table,
    /// What the settings name, as it is in force.
    pub(super) materials: Materials,
    pub(super) renewal: Renewal,
    pub(super) rules: watch::Sender<Arc<Rules>>,
    pub(super) verifier: Arc<Verifier>,
    pub(super) upkeep: Option<Keeping>,
    pub(super) log: LogSender,
    pub(super) telemetry: Arc<Telemetry>,
    /// How many threads go by the rules.
    pub(super) workers: u32,
    pub(super) limiters: Arc<Limiters>,
    /// How many requests have been under way for a while.
    pub(super) lasting: Arc<AtomicUsize>,
    pub(super) handing_over: watch::Sender<HandingOver>,
    /// Where clients connect.
    pub(super) address: SocketAddr,
    pub(super) operators: Option<Listening>,
    /// The file that runs, if the gateway has its process to itself.
    pub(super) executable: Option<Executable>,
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
pub(super) fn keep_fresh(settings: &Settings, verifier: &Arc<Verifier>) -> (Option<Keeping>, Option<RefreshHandle>) {
    let Some(auth) = &settings.auth else {
        tracing::warn!("no keys are configured: every route that asks for a role answers 401");
        return (None, None);
    };
    let (upkeep, handle) = refresh::prepare(auth, &settings.secrets.keyring, verifier, Clock::default());
    (Some(Keeping::begin(upkeep)), Some(handle))
}

impl Control {
    /// Obeys until the stop, or until another executable is to take over; then waits until the last worker has ended or the
    /// time is over. Gives the one that takes over, and what it is left by the workers.
    pub(super) async fn run(
        &mut self,
        mut orders: mpsc::Receiver<Order>,
        mut stop: watch::Receiver<bool>,
        mut ends: mpsc::Receiver<Holding>,
    ) -> Option<(Executable, Vec<Holding>)> {
        let successor = tokio::select! {
            successor = self.obey(&mut orders) => Some(successor),
            _ = stop.wait_for(|must_stop| *must_stop) => None,
            _ = ends.recv() => None,
        };
        drop(orders);
        if successor.is_some() {
            tracing::info!("handing over: requests in flight finish, what comes waits for the other executable");
            self.handing_over.send_replace(HandingOver::Now);
        } else {
            tracing::info!("stopping: no new connections, requests in flight may finish");
        }
        let mut held = Vec::new();
        let all_ended = async {
            // The last worker to end drops the last sender.
            while let Some(holding) = ends.recv().await {
                held.push(holding);
            }
        };
        let _ = tokio::time::timeout(self.settings.shutdown_grace + LAST_MOMENT, all_ended).await;
        // Whoever wants the gateway to stop does not want another one.
        successor.filter(|_| !*stop.borrow()).map(|successor| (successor, held))
    }

    /// Obeys until another executable is to take over.
    async fn obey(&mut self, orders: &mut mpsc::Receiver<Order>) -> Executable {
        loop {
            let order = tokio::select! {
                order = orders.recv() => order,
                () = sleep(LOOK) => {
                    self.look_after_certificates().await;
                    continue;
                }
            };
            // Who has asked may have gone.
            match order {
                Some(Order::Reload(tell)) => drop(tell.send(self.reload().await)),
                Some(Order::TakeOver(tell)) => match self.find_successor().await {
                    Ok((successor, build)) => {
                        let _ = tell.send(Ok(build));
                        self.wait_for_moment().await;
                        return successor;
                    }
                    Err(error) => drop(tell.send(Err(error))),
                },
                // Nobody is left who could order anything.
                None => return std::future::pending().await,
            }
        }
    }
}
