//! A request's call of its upstream, owned: one that others wait for goes on when its own client has gone.

use std::rc::Rc;

use gateway_table::CanonicalPath;
use http::{HeaderValue, Request, Response, Uri};

use crate::access_log::{Exchange, Progress};
use crate::auth::Principal;
use crate::client::Client;
use crate::connection::Interim;
use crate::pipeline::limit::Admitted;
use crate::pipeline::{forward, pass_breaker, take_slot};
use crate::rejection::Rejection;
use crate::request_body::ClientBody;
use crate::response_body::ResponseBody;
use crate::trace_context::TraceContext;
use crate::worker::Worker;

/// Who asks, and what of the request is not in the request itself.
pub(in crate::pipeline) struct Caller {
    pub(super) worker: Rc<Worker>,
    client: Rc<Client>,
    host: Option<HeaderValue>,
    correlation_id: HeaderValue,
    trace: TraceContext,
    uri: Uri,
    pub(super) principal: Option<Rc<Principal>>,
    pub(super) interim: Interim,
    /// How far this request, and no other one, has got.
    pub(in crate::pipeline) progress: Rc<Progress>,
}

impl Caller {
    pub(in crate::pipeline) fn new(
        worker: &Rc<Worker>,
        client: &Rc<Client>,
        host: Option<HeaderValue>,
        interim: Interim,
        exchange: &Exchange,
    ) -> Self {
        Self {
            worker: Rc::clone(worker),
            client: Rc::clone(client),
            host,
            correlation_id: exchange.correlation_id.clone(),
            trace: exchange.trace,
            uri: exchange.uri.clone(),
            principal: exchange.principal.clone(),
            interim,
            progress: Rc::default(),
        }
    }

    /// Path and query of the request, the path canonical.
    pub(super) fn target(&self) -> Result<String, Rejection> {
        let path = self.path()?;
        Ok(self.uri.query().map_or_else(|| path.to_string(), |query| format!("{}?{query}", &*path)))
    }

    /// The stages that call the upstream, as for every other request.
    pub(super) async fn call(
        &self,
        admitted: Admitted,
        mut request: Request<ClientBody>,
    ) -> Result<Response<ResponseBody>, Rejection> {
        let path = self.path()?;
        let (upstream, _) = self.worker.upstream(admitted.matched.route);
        let seated = take_slot::take_slot(upstream, admitted)?;
        let passage = pass_breaker::pass_breaker(seated)?;
        let context = forward::Context {
            client: &self.client,
            host: self.host.clone(),
            correlation_id: &self.correlation_id,
            trace: self.trace,
            path: &path,
            principal: self.principal.as_ref(),
            progress: &self.progress,
            interim: self.interim.clone(),
        };
        forward::forward(&self.worker, passage, &mut request, context).await
    }

    fn path(&self) -> Result<CanonicalPath<'_>, Rejection> {
        CanonicalPath::new(self.uri.path()).map_err(Rejection::AmbiguousPath)
    }
}
