//! The stages that every request passes before it is forwarded, alone: for those who measure what they cost.
//!
//! In: a request. Out: whether it would be forwarded; it is counted either way.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use gateway_table::{CanonicalPath, Table};
use http::{Request, StatusCode};
use tokio::sync::mpsc;

use super::limit::Admitted;
use super::{admit, identify, open_exchange};
use crate::access_log::Exchange;
use crate::auth::{KeySet, Verifier};
use crate::client::{Client, Watch};
use crate::limiters::Limiters;
use crate::log::{Log, Shipping};
use crate::materials::Materials;
use crate::rejection::Rejection;
use crate::request_body::ClientBody;
use crate::rules::Rules;
use crate::server::StartError;
use crate::settings::Settings;
use crate::telemetry::Telemetry;
use crate::ticks::TickClock;
use crate::worker::{Shared, Worker};

/// A worker without sockets, a client of it, and the client's request.
pub struct WarmPath {
    worker: Worker,
    client: Rc<Client>,
    request: Request<ClientBody>,
}

impl WarmPath {
    /// A worker that goes by these settings and believes these keys.
    ///
    /// # Errors
    ///
    /// The settings do not fit the table; see [`StartError`].
    pub fn new(
        settings: &Settings,
        table: &'static Table,
        keys: KeySet,
        request: Request<()>,
    ) -> Result<Self, StartError> {
        let materials = Materials::read(settings, table, None)?;
        let rules = Rules::new(settings, &materials, table, None, None)?;
        let telemetry = Arc::new(Telemetry::new(table).0);
        let verifier = Verifier::new(settings.auth.as_ref(), table);
        verifier.install(keys);
        let shipping = Shipping { queue: mpsc::channel(1).0, telemetry: Arc::clone(&telemetry) };
        let shared = Shared {
            table,
            limiters: Arc::new(Limiters::new(table)),
            debounce: None,
            verifier: Arc::new(verifier),
            connections: Arc::default(),
            lasting: Arc::default(),
            log: Log::open(&settings.log, None, shipping)?.sender(),
            telemetry,
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 50_000));
        let watch = Watch::new(Rc::new(TickClock::new()));
        let client = Rc::new(Client::new(address, "http", false, watch));
        let request = request.map(|()| ClientBody::Empty);
        Ok(Self { worker: Worker::new(&shared, Arc::new(rules)), client, request })
    }

    /// Takes the request as far as its route's limit, and counts it as answered with the status that this gives.
    pub fn admit(&self) -> StatusCode {
        let correlation_id = identify::correlation_id(self.request.headers(), || self.worker.now());
        let mut exchange = open_exchange(&self.worker, Rc::clone(&self.client), &self.request, correlation_id);
        let status = match self.pass(&mut exchange) {
            Ok(Admitted { .. }) => StatusCode::OK,
            Err(rejection) => {
                let status = rejection.status();
                exchange.rejection = Some(rejection);
                status
            }
        };
        exchange.status = status.as_u16();
        status
    }

    fn pass(&self, exchange: &mut Exchange) -> Result<Admitted, Rejection> {
        let path = CanonicalPath::new(self.request.uri().path()).map_err(Rejection::AmbiguousPath)?;
        let admitting = pin!(admit(&self.worker, &self.client, &self.request, &path, exchange));
        match admitting.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(admitted) => admitted?.ok_or(Rejection::NotFound),
            Poll::Pending => unreachable!("without a source of keys there is nothing to wait for"),
        }
    }
}
