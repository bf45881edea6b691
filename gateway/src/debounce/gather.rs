//! A body is held as a whole, if it is short enough and there is room; else nothing of it is lost.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;

use crate::budget::{Budget, Reserved};

/// A body that was to be held.
pub(crate) enum Gathered<B> {
    /// All of it is here.
    Whole(Held),
    /// It is longer than it may be, there is no room for it, or it has trailers: what has been read of it, and the rest.
    Longer(Replayed<B>),
}

/// A whole body, and the room that it takes.
#[derive(Debug)]
pub(crate) struct Held {
    /// The body.
    pub(crate) bytes: Bytes,
    pub(crate) room: Reserved,
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
///
/// The body breaks off.
pub(crate) async fn gather<B: Body<Data = Bytes> + Unpin>(
    mut body: B,
    limit: usize,
    budget: &Budget,
) -> Result<Gathered<B>, B::Error> {
    let mut read = Replayed { ahead: VecDeque::new(), length: 0, room: Some(budget.none()), rest: None };
    if body.size_hint().lower() > limit as u64 {
        return Ok(Gathered::Longer(Replayed { rest: Some(body), ..read }));
    }
    while let Some(frame) = body.frame().await {
        if !read.take(frame?, limit) {
            return Ok(Gathered::Longer(Replayed { rest: Some(body), ..read }));
        }
    }
    Ok(Gathered::Whole(read.whole(budget)))
}

/// What has been read of a body, and then the rest of it.
pub(crate) struct Replayed<B> {
    ahead: VecDeque<Frame<Bytes>>,
    /// How many bytes there are ahead.
    length: usize,
    /// The room that those take.
    room: Option<Reserved>,
    rest: Option<B>,
}

impl<B> Replayed<B> {
    /// What has not been read yet.
    pub(crate) fn rest_mut(&mut self) -> Option<&mut B> {
        self.rest.as_mut()
    }

    /// Adds what has been read; whether the body can still be held.
    fn take(&mut self, frame: Frame<Bytes>, limit: usize) -> bool {
        let bytes = frame.data_ref().map(Bytes::len);
        self.ahead.push_back(frame);
        let Some(bytes) = bytes else { return false };
        self.length += bytes;
        self.length <= limit && self.room.as_mut().is_some_and(|room| room.grow(bytes))
    }

    /// All that has been read, which is all there is.
    fn whole(mut self, budget: &Budget) -> Held {
        let room = self.room.take().unwrap_or_else(|| budget.none());
        let mut parts = self.ahead.into_iter().filter_map(|frame| frame.into_data().ok());
        let bytes = match (parts.next(), parts.next()) {
            (None, _) => Bytes::new(),
            (Some(only), None) => only,
            (Some(first), Some(second)) => {
                let mut whole = BytesMut::with_capacity(self.length);
                [first, second].into_iter().chain(parts).for_each(|part| whole.extend_from_slice(&part));
                whole.freeze()
            }
        };
        Held { bytes, room }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Replayed<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if let Some(frame) = self.ahead.pop_front() {
            self.length -= frame.data_ref().map_or(0, Bytes::len);
            return Poll::Ready(Some(Ok(frame)));
        }
        self.room = None;
        self.rest.as_mut().map_or(Poll::Ready(None), |rest| Pin::new(rest).poll_frame(cx))
    }

    fn is_end_stream(&self) -> bool {
        self.ahead.is_empty() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        let ahead = self.length as u64;
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(ahead));
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(ahead)) {
            hint.set_upper(upper);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// A body that comes in these parts and does not say how long it is.
    struct Parts(VecDeque<&'static str>);

    impl Body for Parts {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.pop_front().map(|part| Ok(Frame::data(Bytes::from_static(part.as_bytes())))))
        }
    }

    fn body(parts: &[&'static str]) -> Parts {
        Parts(parts.iter().copied().collect())
    }

    async fn read(body: impl Body<Data = Bytes, Error = Infallible> + Unpin) -> Bytes {
        body.collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn a_body_of_just_the_limit_is_whole_and_takes_its_room_until_it_is_dropped() {
        for parts in [&["abcd"][..], &["a", "bcd"], &["", "ab", "cd", ""]] {
            let budget = Budget::new(10);
            let Ok(Gathered::Whole(held)) = gather(body(parts), 4, &budget).await else { panic!("{parts:?}") };
            assert_eq!((&held.bytes[..], budget.left()), (&b"abcd"[..], 6));
            drop(held);
            assert_eq!(budget.left(), 10);
        }
    }

    #[tokio::test]
    async fn nothing_of_a_longer_body_is_lost() {
        for (limit, room) in [(3, 10), (0, 10), (10, 3), (10, 0)] {
            let budget = Budget::new(room);
            let Ok(Gathered::Longer(rest)) = gather(body(&["ab", "c", "de"]), limit, &budget).await else {
                panic!("{limit} {room}")
            };
            assert_eq!(&read(rest).await[..], b"abcde");
            assert_eq!(budget.left(), room);
        }
    }

    #[tokio::test]
    async fn a_body_that_says_it_is_too_long_is_not_begun() {
        let budget = Budget::new(10);
        let long = http_body_util::Full::new(Bytes::from_static(b"abcde"));
        let Ok(Gathered::Longer(rest)) = gather(long, 4, &budget).await else { panic!("held") };
        assert_eq!((rest.ahead.len(), rest.size_hint().exact()), (0, Some(5)));
    }
}
