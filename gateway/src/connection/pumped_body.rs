//! The body of an answer on its way to a client of HTTP/2, whose library asks for parts only while the client takes them.
//! A task beside it goes on with the request's body meanwhile, and gives the upstream up for a client that takes nothing.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::mpsc::{Permit, Receiver, Sender, channel};
use tokio::time::timeout;

use crate::response_body::{ResponseBody, UpstreamBodyFault};

type Part = Result<Frame<Bytes>, UpstreamBodyFault>;

/// A body, as the HTTP/2 library asks for it.
pub(super) enum PumpedBody {
    /// One that nobody has to wait for.
    Whole(ResponseBody),
    /// One that a task brings, part by part; `None` is its end. If the task goes before that, the body is broken.
    Pumped(Receiver<Option<Part>>),
}

impl PumpedBody {
    /// The body, of which the client may take nothing for so long.
    pub(super) fn new(body: ResponseBody, patience: Duration) -> Self {
        if !body.is_streamed() {
            return Self::Whole(body);
        }
        let (sender, receiver) = channel(1);
        tokio::task::spawn_local(async move {
            // Whoever goes first, the client or the upstream: dropping the body ends the exchange.
            let _ = pump(body, sender, patience).await;
        });
        Self::Pumped(receiver)
    }
}

/// Brings the parts of `body` as they are taken; `None` if the client goes away, or takes nothing for too long.
async fn pump(mut body: ResponseBody, sender: Sender<Option<Part>>, patience: Duration) -> Option<()> {
    loop {
        let permit = timeout(patience, room(&mut body, &sender)).await.ok()??;
        let part = tokio::select! {
            part = poll_fn(|cx| body.poll_part(cx)) => part,
            () = sender.closed() => return None,
        };
        let is_last = !matches!(part, Some(Ok(_)));
        permit.send(part);
        if is_last {
            return Some(());
        }
    }
}

/// Waits until a part can be taken, while the request goes on: the client may take nothing until it has sent all.
async fn room<'a>(body: &mut ResponseBody, sender: &'a Sender<Option<Part>>) -> Option<Permit<'a, Option<Part>>> {
    let mut reserving = pin!(sender.reserve());
    poll_fn(|cx| {
        let reserved = reserving.as_mut().poll(cx);
        if reserved.is_pending() {
            body.poll_upload(cx);
        }
        reserved.map(Result::ok)
    })
    .await
}

impl Body for PumpedBody {
    type Data = Bytes;
    type Error = UpstreamBodyFault;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Part>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(cx),
            Self::Pumped(parts) => {
                Poll::Ready(ready!(parts.poll_recv(cx)).unwrap_or(Some(Err(UpstreamBodyFault::Stalled))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(body) if body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Pumped(_) => SizeHint::default(),
        }
    }
}
