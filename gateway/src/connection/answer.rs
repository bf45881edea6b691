//! An answer on its way to a client of HTTP/1.1: its head, then its body as it comes and as the client takes it.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use gateway_http1::{
    Asker, BodyLength, CHUNK_END, Connection, ResponseParts, Sent, write_chunk_size, write_last_chunk, write_response,
};
use http::response::Parts;
use http::{Response, StatusCode};
use http_body::{Body as _, Frame};

use super::{ClientWire, linger, tunnel};
use crate::client::Client;
use crate::outlet::SHORT;
use crate::response_body::ResponseBody;
use crate::wire::Piece;
use crate::worker::Worker;

/// What the request and its client ask of the answer.
pub(super) struct Terms {
    pub(super) asker: Asker,
    pub(super) takes_trailers: bool,
    /// Whether the connection may take another request afterwards.
    pub(super) may_stay: bool,
}

/// Sends an answer; gives whether the connection can take another request.
pub(super) async fn send(
    worker: &Worker,
    wire: &ClientWire,
    client: &Rc<Client>,
    response: Response<ResponseBody>,
    terms: Terms,
) -> bool {
    let (parts, mut body) = response.into_parts();
    if parts.status == StatusCode::SWITCHING_PROTOCOLS {
        wire.write(|out| gateway_http1::write_informational(out, parts.status, &parts.headers));
        Box::pin(tunnel::run(wire, client, &mut body)).await;
        return false;
    }
    let is_over = client.watch.has_last_answer() || wire.has_ended() || body.must_close();
    let may_stay = terms.may_stay && !is_over && linger::can_forget(wire);
    let sent = write_head(worker, wire, &parts, &body, &terms, may_stay);
    worker.buffers.give_back_map(parts.headers);
    let is_whole = send_body(wire, &mut body, sent.body, terms.takes_trailers).await;
    let stays = sent.connection == Connection::KeepAlive;
    let is_whole = is_whole && poll_fn(|cx| wire.poll_send_last(cx, stays)).await.is_ok();
    // The exchange ends here, before anything is read of the next.
    drop(body);
    if !is_whole {
        return false;
    }
    if stays {
        return wire.is_body_at_end() || Box::pin(linger::forget(wire)).await;
    }
    if !wire.is_body_at_end() || wire.has_bytes() {
        Box::pin(linger::close(wire)).await;
    } else {
        let _ = poll_fn(|cx| wire.poll_shutdown(cx)).await;
    }
    false
}

fn write_head(
    worker: &Worker,
    wire: &ClientWire,
    parts: &Parts,
    body: &ResponseBody,
    terms: &Terms,
    may_stay: bool,
) -> Sent {
    let length = match body.size_hint().exact() {
        Some(0) => BodyLength::Empty,
        Some(length) => BodyLength::Exact(length),
        None => BodyLength::Chunked,
    };
    let mut sent = None;
    worker.with_date(|date| {
        let parts = ResponseParts {
            status: parts.status,
            headers: &parts.headers,
            body: length,
            connection: if may_stay { Connection::KeepAlive } else { Connection::Close },
            date: Some(date),
        };
        wire.write(|out| sent = Some(write_response(out, terms.asker, &parts)));
    });
    sent.expect("the head has been written")
}

/// Sends a body; gives whether it was sent whole. One that breaks off is cut off, so that nobody takes a part of it for
/// the whole.
async fn send_body(wire: &ClientWire, body: &mut ResponseBody, length: BodyLength, takes_trailers: bool) -> bool {
    let is_chunked = length == BodyLength::Chunked;
    while !length.is_empty() {
        let part = match poll_fn(|cx| poll_part(cx, wire, body)).await {
            Next::Part(part) => part,
            Next::Break => {
                // A client that has seen no answer at all may take the connection for an idle one, and ask again.
                let _ = poll_fn(|cx| wire.poll_send(cx, &mut Piece::default())).await;
                return false;
            }
            Next::Nothing => return false,
            Next::End => {
                if is_chunked {
                    wire.write(|out| write_last_chunk(out, None));
                }
                break;
            }
        };
        match part.into_data() {
            Ok(data) if !is_chunked && body.is_end_stream() && data.len() <= SHORT => {
                wire.write(|out| out.extend_from_slice(&data));
                break;
            }
            Ok(data) => {
                if !send_data(wire, body, data, is_chunked).await {
                    return false;
                }
                if !is_chunked && body.is_end_stream() {
                    break;
                }
            }
            Err(part) => {
                let trailers = part.into_trailers().ok().filter(|_| takes_trailers);
                if is_chunked {
                    wire.write(|out| write_last_chunk(out, trailers.as_ref()));
                }
                break;
            }
        }
    }
    body.ended();
    true
}

/// What comes next of a body.
enum Next {
    Part(Frame<Bytes>),
    End,
    /// It broke off.
    Break,
    /// Nobody is there to take it.
    Nothing,
}

fn poll_part(cx: &mut Context<'_>, wire: &ClientWire, body: &mut ResponseBody) -> Poll<Next> {
    if let Poll::Ready(part) = body.poll_part(cx) {
        return Poll::Ready(match part {
            Some(Ok(part)) => Next::Part(part),
            Some(Err(_)) => Next::Break,
            None => Next::End,
        });
    }
    // What is written so far does not wait for what comes.
    match wire.poll_send(cx, &mut Piece::default()) {
        Poll::Ready(Err(_)) => Poll::Ready(Next::Nothing),
        _ => wire.poll_gone(cx).map(|()| Next::Nothing),
    }
}

async fn send_data(wire: &ClientWire, body: &mut ResponseBody, data: Bytes, is_chunked: bool) -> bool {
    if data.is_empty() {
        return true;
    }
    if is_chunked {
        wire.write(|out| write_chunk_size(out, data.len()));
    }
    let mut piece = Piece { data, tail: if is_chunked { CHUNK_END } else { b"" } };
    let sent = poll_fn(|cx| {
        let sent = wire.poll_send(cx, &mut piece);
        if sent.is_pending() {
            // The client may take nothing until it has sent all of its request.
            body.poll_upload(cx);
        }
        sent
    });
    sent.await.is_ok()
}
