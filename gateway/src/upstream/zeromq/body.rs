//! A request's body, held as a whole: a message says its length before it begins.

use std::future::poll_fn;

use crate::budget::Budget;
use crate::parts::Parts;
use crate::request_body::RequestBody;
use crate::upstream::UpstreamFault;

/// Reads a body to its end. Trailers have no place in a message and stay behind.
///
/// # Errors
///
/// It breaks off, or there is no room for it.
pub(super) async fn hold(body: &mut RequestBody, room: &Budget) -> Result<Parts, UpstreamFault> {
    let mut held = Parts::new(room.none());
    while let Some(frame) = poll_fn(|cx| body.poll_part(cx)).await {
        let frame = frame.map_err(UpstreamFault::RequestBody)?;
        if let Ok(part) = frame.into_data()
            && !held.push(part)
        {
            return Err(UpstreamFault::NoRoom);
        }
    }
    Ok(held)
}
