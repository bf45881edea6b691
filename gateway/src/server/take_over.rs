//! Another executable takes over: in, an order; out, the executable once it has passed its self-check and the moment has come,
//! and at the very end all that it is left.

use tokio::task::spawn_blocking;

use super::control::Control;
use crate::listener::{HandingOver, Holding};
use crate::takeover::{Build, Estate, Executable, Listening, Parts, State, TakeOverError, wait_for_lull};

impl Control {
    /// The executable that is to take over, and what it says of itself. What came of the search is logged.
    pub(super) async fn find_successor(&self) -> Result<(Executable, Build), TakeOverError> {
        let found = self.check_successor().await;
        match &found {
            Ok((successor, build)) => tracing::warn!(
                executable = %successor.path.display(), version = build.version, routes_digest = build.routes_digest,
                "another executable takes over: it has passed its self-check"
            ),
            Err(error) => tracing::error!(reason = %error, "no other executable takes over: everything stays as it is"),
        }
        found
    }

    async fn check_successor(&self) -> Result<(Executable, Build), TakeOverError> {
        let successor = self.executable.as_ref().ok_or(TakeOverError::Unsupported)?.successor();
        let listening = |address| Listening { address, sockets: Vec::new() };
        let operators = self.operators.as_ref().map(|operators| listening(operators.address));
        let draft = self.estate(&successor, listening(self.address), operators);
        let checked = spawn_blocking(move || successor.check_itself(draft).map(|build| (successor, build)));
        checked.await.unwrap_or(Err(TakeOverError::Unsupported))
    }

    /// Waits until the gateway can be handed over without holding up anybody for long. Whoever cannot go along is told.
    pub(super) async fn wait_for_moment(&self) {
        self.handing_over.send_replace(HandingOver::Soon);
        wait_for_lull(&self.lasting, self.settings.tls.is_some()).await;
    }

    /// All that is left to the executable that takes over: what the workers held, and what CoreTelemetry has not got yet.
    pub(super) fn into_estate(mut self, held: Vec<Holding>, successor: &Executable, lines: Vec<Vec<u8>>) -> Estate {
        let operators = self.operators.take();
        let (mut sockets, mut parked) = (Vec::new(), Vec::new());
        for holding in held {
            sockets.push(holding.socket);
            parked.extend(holding.parked);
        }
        let mut estate = self.estate(successor, Listening { address: self.address, sockets }, operators);
        estate.parked = parked;
        estate.state.lines = lines.into_iter().filter_map(|line| String::from_utf8(line).ok()).collect();
        estate
    }

    fn estate(&self, successor: &Executable, clients: Listening, operators: Option<Listening>) -> Estate {
        let rules = self.rules.borrow();
        let parts = Parts {
            table: self.table,
            auth: self.settings.auth.as_ref(),
            verifier: &self.verifier,
            limiters: &self.limiters,
            upstreams: &rules.upstreams,
        };
        Estate {
            from: Build::own(self.table),
            executable: successor.path.clone(),
            clients: Some(clients),
            operators,
            parked: Vec::new(),
            state: State::of(&parts, &self.telemetry),
        }
    }
}
