//! Bodies of the admin listener's answers: what is all here, and events, which never end.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Interval;

use super::{Admin, guard, status};

/// How often operators' pages are told what is new.
pub(super) const STEP: Duration = Duration::from_secs(1);

/// The body of an answer.
pub(super) enum AdminBody {
    /// All here, and not yet sent.
    Whole(Option<Bytes>),
    /// One event a second, as of server-sent events, until whoever asked with these fields would be refused.
    Events { admin: Arc<Admin>, asked: HeaderMap, interval: Interval },
}

impl AdminBody {
    pub(super) fn events(admin: Arc<Admin>, asked: HeaderMap) -> Self {
        Self::Events { admin, asked, interval: tokio::time::interval(STEP) }
    }
}

impl Body for AdminBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Events { admin, asked, interval } => {
                ready!(interval.poll_tick(cx));
                if guard::check_role(admin, asked).is_err() {
                    return Poll::Ready(None);
                }
                let event = format!("event: status\ndata: {}\n\n", status::event(admin));
                Poll::Ready(Some(Ok(Frame::data(event.into()))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Events { .. } => SizeHint::default(),
        }
    }
}
