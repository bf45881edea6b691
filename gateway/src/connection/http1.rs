//! HTTP/1.1 with a client: its requests, one after the other, in one task with all that becomes of them.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use gateway_http1::{Asker, RequestFault, RequestHead};
use http::header::EXPECT;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};
use tokio::time::sleep;

use super::answer::{self, Terms};
use super::{ClientWire, Interim, linger};
use crate::buffers::Buffers;
use crate::client::Client;
use crate::headers::takes_trailers;
use crate::pipeline;
use crate::request_body::ClientBody;
use crate::response_body::ResponseBody;
use crate::wire::Piece;
use crate::worker::{Current, Worker};

/// How long the upstream has to say whether it wants a body before the gateway does.
const INVITED_AFTER: Duration = Duration::from_millis(300);

/// Serves a connection until either side has enough of it; gives it back if it is to be handed over.
pub(super) async fn serve(workers: Rc<Current>, wire: Rc<ClientWire>, client: Rc<Client>) -> Option<ClientWire> {
    let worker = workers.get();
    let (left, buffers) = (worker.rules.limits.requests_per_connection, Rc::clone(&worker.buffers));
    drop(worker);
    Connection { workers, buffers, wire, client, left }.serve().await
}

/// A connection, and what its requests share.
struct Connection {
    workers: Rc<Current>,
    buffers: Rc<Buffers>,
    wire: Rc<ClientWire>,
    client: Rc<Client>,
    /// How many requests it may still bring.
    left: u32,
}

/// What comes after a request.
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is what comes nearly always, and a box would be made for each"
)]
enum Next {
    /// The head of the next one is here.
    Request(RequestHead),
    /// No request has come.
    None(Without),
}

/// What becomes of a connection without a request.
enum Without {
    /// It waits: none has come for a while.
    Rest,
    /// There will be none: the client has ended the connection, or it is to end and no further request has begun.
    End,
    /// There will be none, and all is said.
    Nothing,
    /// It is handed over as it is.
    Park,
}

impl Connection {
    async fn serve(mut self) -> Option<ClientWire> {
        loop {
            let without = match poll_fn(|cx| self.poll_next(cx)).await {
                // A connection that waits for long has no use for the memory that this takes.
                Ok(Next::Request(head)) => Box::pin(self.answer_in_a_row(head)).await,
                Ok(Next::None(without)) => Ok(without),
                Err(fault) => Err(fault),
            };
            match without {
                Ok(Without::Rest) => {}
                // Nobody else holds it between two requests.
                Ok(Without::Park) => return Rc::into_inner(self.wire),
                Ok(Without::End) => {
                    // Over TLS a client is owed the word that this is the end, not a break.
                    let _ = poll_fn(|cx| self.wire.poll_shutdown(cx)).await;
                    return None;
                }
                Ok(Without::Nothing) => return None,
                Err(fault) => {
                    Box::pin(refuse(&self.workers.get(), &self.wire, &self.client, fault)).await;
                    return None;
                }
            }
        }
    }

    /// Answers a request and those that come soon after it, in memory that is theirs for so long; gives what comes then.
    async fn answer_in_a_row(&mut self, mut head: RequestHead) -> Result<Without, RequestFault> {
        loop {
            self.left = self.left.saturating_sub(1);
            self.client.watch.exchange_began();
            if !exchange(&self.workers.get(), &self.wire, &self.client, head, self.left == 0).await {
                return Ok(Without::Nothing);
            }
            let Some(_place) = self.buffers.take_place() else { return Ok(Without::Rest) };
            self.client.watch.expect_request();
            let next = poll_fn(|cx| match self.poll_next(cx) {
                Poll::Pending if !self.client.watch.expects_request() => Poll::Ready(Ok(Next::None(Without::Rest))),
                polled => polled,
            });
            match next.await? {
                Next::Request(next) => head = next,
                Next::None(without) => return Ok(without),
            }
        }
    }

    /// What comes next.
    fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Result<Next, RequestFault>> {
        let Self { buffers, wire, client, .. } = self;
        if ready!(wire.poll_unsent(cx)).is_err() {
            return Poll::Ready(Ok(Next::None(Without::End)));
        }
        if client.watch.must_park() && wire.is_due() {
            // After the end of the turn nobody else holds the stream.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if client.watch.must_park() {
            return Poll::Ready(Ok(Next::None(Without::Park)));
        }
        let mut spare = buffers.take_map();
        let polled = wire.poll_head(cx, &mut spare);
        buffers.give_back_map(spare);
        match polled {
            Poll::Pending if client.watch.must_finish() && !wire.has_bytes() => {
                Poll::Ready(Ok(Next::None(Without::End)))
            }
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(head)) => Poll::Ready(Ok(head.map_or(Next::None(Without::End), Next::Request))),
            Poll::Ready(Err(fault)) => Poll::Ready(Err(fault)),
        }
    }
}

/// Answers a request; gives whether the connection can take another.
async fn exchange(
    worker: &Rc<Worker>,
    wire: &Rc<ClientWire>,
    client: &Rc<Client>,
    head: RequestHead,
    is_last: bool,
) -> bool {
    let terms = Terms {
        asker: Asker { version: head.version, is_head: head.method == Method::HEAD },
        takes_trailers: takes_trailers(&head.headers),
        may_stay: head.is_persistent && !is_last && !client.is_surplus,
    };
    let body = if head.body.is_empty() { ClientBody::Empty } else { ClientBody::Http1(Rc::clone(wire)) };
    let response = {
        let mut request = request(head, body);
        let answering = pin!(pipeline::answer(Rc::clone(worker), Rc::clone(client), &mut request, Interim::to(wire)));
        while_there(wire, answering).await
    };
    match response {
        Some(response) => answer::send(worker, wire, client, response, terms).await,
        None => false,
    }
}

/// Tells the client what is wrong with its request. Nothing after it can be understood, so the connection ends.
async fn refuse(worker: &Rc<Worker>, wire: &ClientWire, client: &Rc<Client>, fault: RequestFault) {
    client.watch.exchange_began();
    let response = pipeline::refuse(worker, Rc::clone(client), fault);
    let asker = Asker { version: Version::HTTP_11, is_head: false };
    let terms = Terms { asker, takes_trailers: false, may_stay: false };
    answer::send(worker, wire, client, response, terms).await;
    linger::close(wire).await;
}

fn request(head: RequestHead, body: ClientBody) -> Request<ClientBody> {
    let mut request = Request::new(body);
    *request.method_mut() = head.method;
    *request.uri_mut() = head.target;
    *request.version_mut() = head.version;
    *request.headers_mut() = head.headers;
    if !head.expects_continue {
        // One that means nothing here must mean nothing upstream (RFC 9110 §10.1.1).
        request.headers_mut().remove(EXPECT);
    }
    request
}

/// The answer, unless the client goes away before; then nobody works for it any longer.
async fn while_there(
    wire: &ClientWire,
    mut answering: Pin<&mut impl Future<Output = Response<ResponseBody>>>,
) -> Option<Response<ResponseBody>> {
    // Upstreams that know of no expectation say nothing until the body comes.
    let mut invitation = wire.awaits_continue().then(|| Box::pin(sleep(INVITED_AFTER)));
    poll_fn(|cx| {
        if let Poll::Ready(response) = answering.as_mut().poll(cx) {
            return Poll::Ready(Some(response));
        }
        if invitation.as_mut().is_some_and(|timer| timer.as_mut().poll(cx).is_ready()) {
            invitation = None;
            wire.pass_interim(StatusCode::CONTINUE, HeaderMap::new());
        }
        match wire.poll_send(cx, &mut Piece::default()) {
            Poll::Ready(Err(_)) => Poll::Ready(None),
            _ => wire.poll_gone(cx).map(|()| None),
        }
    })
    .await
}
