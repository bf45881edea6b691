//! A connection after its protocol was switched: bytes go both ways, and nobody looks at them.

use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, sleep_until};

use super::ClientWire;
use crate::client::Client;
use crate::response_body::ResponseBody;
use crate::wire::{Piece, Wire};

/// One direction of a tunnel.
#[derive(Default)]
struct Direction {
    piece: Piece,
    has_ended: bool,
    bytes: u64,
}

impl Direction {
    /// Moves what has come; ready when nothing more will.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&mut Context<'_>) -> Poll<io::Result<bytes::Bytes>>,
        mut give: impl FnMut(&mut Context<'_>, Option<&mut Piece>) -> Poll<io::Result<()>>,
    ) -> Poll<io::Result<()>> {
        while !self.has_ended {
            ready!(give(cx, Some(&mut self.piece)))?;
            let data = ready!(take(cx))?;
            if data.is_empty() {
                ready!(give(cx, None))?;
                self.has_ended = true;
            }
            self.bytes += data.len() as u64;
            self.piece.data = data;
        }
        Poll::Ready(Ok(()))
    }
}

/// Lets bytes through until both sides have ended, one of them breaks, or nothing has moved for too long. When the
/// gateway stops, it ends as soon as nothing is on its way.
pub(super) async fn run(wire: &ClientWire, client: &Rc<Client>, body: &mut ResponseBody) {
    let Some(mut tunnel) = body.take_tunnel() else { return };
    client.watch.set_portable(false);
    let (mut up, mut down) = (Direction::default(), Direction::default());
    loop {
        let moved = up.bytes + down.bytes;
        let silence = sleep_until(Instant::now() + tunnel.idle);
        let passing = poll_fn(|cx| poll_both(cx, wire, &mut tunnel.upstream, &mut up, &mut down, client, moved));
        let goes_on = tokio::select! {
            goes_on = passing => goes_on,
            () = silence => false,
        };
        if !goes_on {
            break;
        }
    }
    body.tunnelled(down.bytes);
}

/// Ready with whether it goes on: when something has moved, or when it is over.
fn poll_both(
    cx: &mut Context<'_>,
    wire: &ClientWire,
    upstream: &mut Wire,
    up: &mut Direction,
    down: &mut Direction,
    client: &Client,
    moved: u64,
) -> Poll<bool> {
    let sent = {
        let upstream = std::cell::RefCell::new(&mut *upstream);
        up.poll(
            cx,
            |cx| wire.poll_take(cx),
            |cx, piece| match piece {
                Some(piece) => upstream.borrow_mut().poll_send(cx, piece),
                None => upstream.borrow_mut().poll_shutdown(cx),
            },
        )
    };
    let received = down.poll(
        cx,
        |cx| upstream.poll_take(cx),
        |cx, piece| match piece {
            Some(piece) => wire.poll_send(cx, piece),
            None => wire.poll_shutdown(cx),
        },
    );
    match (sent, received) {
        (Poll::Ready(Err(_)), _) | (_, Poll::Ready(Err(_))) | (Poll::Ready(_), Poll::Ready(_)) => Poll::Ready(false),
        _ if up.bytes + down.bytes > moved => Poll::Ready(true),
        _ if client.watch.must_finish() && up.piece.is_empty() && down.piece.is_empty() => Poll::Ready(false),
        _ => Poll::Pending,
    }
}
