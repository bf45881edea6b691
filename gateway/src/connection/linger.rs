//! The end of a connection whose client may still be sending: it is given time to read its answer. Closing at once would
//! reset the connection, and the reset can overtake the answer (RFC 9112 §9.6).

use std::future::poll_fn;
use std::time::Duration;

use tokio::time::timeout;

use super::ClientWire;

/// How long a client has to read its answer and to close.
const PATIENCE: Duration = Duration::from_secs(1);

/// How much of a request's body is read and forgotten for the sake of its connection, in bytes.
const MOST_FORGOTTEN: u64 = 64 * 1024;

/// Says that nothing more comes, then reads what the client still sends, for a moment.
pub(super) async fn close(wire: &ClientWire) {
    let closing = async {
        if poll_fn(|cx| wire.poll_shutdown(cx)).await.is_ok() {
            poll_fn(|cx| wire.poll_forget(cx)).await;
        }
    };
    // A client that takes longer is cut off.
    let _ = timeout(PATIENCE, closing).await;
}

/// Whether what is left of the request's body can be forgotten, so that the connection may stay. A client that still waits
/// to be told to send it may send it or not; nobody could tell what comes next.
pub(super) fn can_forget(wire: &ClientWire) -> bool {
    wire.is_body_at_end() || !wire.awaits_continue() && wire.body_left().is_none_or(|left| left <= MOST_FORGOTTEN)
}

/// Reads the rest of the request's body; gives whether it came to its end.
pub(super) async fn forget(wire: &ClientWire) -> bool {
    let mut left = MOST_FORGOTTEN;
    let forgetting = async {
        while let Some(part) = poll_fn(|cx| wire.poll_body(cx)).await {
            let length = part.ok().and_then(|part| Some(part.into_data().ok()?.len() as u64));
            match length.and_then(|length| left.checked_sub(length)) {
                Some(rest) => left = rest,
                None => return wire.is_body_at_end(),
            }
        }
        true
    };
    timeout(PATIENCE, forgetting).await.unwrap_or(false)
}
