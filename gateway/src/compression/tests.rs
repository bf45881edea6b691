//! What is compressed and what is not, and that nothing is lost.

use std::collections::VecDeque;
use std::io::Read as _;
use std::pin::Pin;

use bytes::Bytes;
use http::header::{ACCEPT_RANGES, VARY};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full};

use super::*;

const LONG: &str = "0123456789abcdefghijklmnopqrstuvwxyz0123456789";

fn compressor() -> Compressor {
    let types = ["application/json", "text/*", "image/svg+xml"].map(str::to_owned).to_vec();
    Compressor::new(&CompressionSettings { types, minimum: 40 })
}

fn fields(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

fn gzip() -> Accepted {
    Accepted::of(&Method::GET, &fields(&[("accept-encoding", "br, gzip;q=0.5")]))
}

fn answer(status: u16, body: &'static str, extra: &[(&'static str, &'static str)]) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    *response.headers_mut() = fields(&[("content-type", "application/json")]);
    response.headers_mut().extend(fields(extra));
    response
}

fn is_compressed<B: Body>(compressed: &Compressed<B>) -> bool {
    matches!(compressed, Compressed::Gzip(_))
}

fn unzip(bytes: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn a_long_answer_is_compressed_and_says_so() {
    let extra = [("etag", "\"v1\""), ("content-length", "46"), ("accept-ranges", "bytes"), ("vary", "origin")];
    let Compressed::Gzip(response) = compressor().compress(gzip(), answer(404, LONG, &extra)) else {
        panic!("it is as it was")
    };
    let (parts, body) = response.into_parts();
    assert_eq!((parts.status.as_u16(), &parts.headers[CONTENT_ENCODING]), (404, &HeaderValue::from_static("gzip")));
    assert_eq!(parts.headers[ETAG], "W/\"v1\"");
    assert!(!parts.headers.contains_key(CONTENT_LENGTH) && !parts.headers.contains_key(ACCEPT_RANGES));
    let vary: Vec<&HeaderValue> = parts.headers.get_all(VARY).iter().collect();
    assert_eq!(vary, ["origin", "accept-encoding"]);
    assert_eq!(unzip(&body.collect().await.unwrap().to_bytes()), LONG);
}

#[tokio::test]
async fn what_must_not_be_changed_is_left_alone() {
    for (status, body, extra) in [
        (200, "short", &[][..]),
        (206, LONG, &[]),
        (304, LONG, &[]),
        (200, LONG, &[("content-range", "bytes 0-45/99")]),
        (200, LONG, &[("content-encoding", "br")]),
        (200, LONG, &[("cache-control", "private, No-Transform")]),
        (200, LONG, &[("content-type", "text/event-stream; charset=utf-8")]),
        (200, LONG, &[("content-type", "application/grpc+json")]),
        (200, LONG, &[("content-type", "image/png")]),
        (200, LONG, &[("content-type", "application/json5")]),
        (200, LONG, &[("repr-digest", "sha-256=:x:")]),
    ] {
        let before = answer(status, body, extra);
        let headers = before.headers().clone();
        let Compressed::AsIs(after) = compressor().compress(gzip(), before) else { panic!("{status} {extra:?}") };
        assert_eq!((after.status().as_u16(), after.headers()), (status, &headers), "{extra:?}");
        assert_eq!(after.into_body().collect().await.unwrap().to_bytes(), body);
    }
}

#[tokio::test]
async fn media_types_are_read_as_they_are_meant() {
    for media_type in ["Text/HTML;charset=utf-8", "text/plain", "image/svg+xml ; x=y", "application/json"] {
        let response = answer(200, LONG, &[("content-type", media_type)]);
        assert!(is_compressed(&compressor().compress(gzip(), response)), "{media_type}");
    }
}

#[tokio::test]
async fn a_client_gets_only_what_it_accepts() {
    for (accepts, is_accepted) in [
        ("gzip", true),
        ("x-gzip", true),
        ("*", true),
        ("br", false),
        ("gzip;q=0", false),
        ("identity", false),
        ("identity;q=0, gzip;q=0", false),
        ("", false),
    ] {
        let accepted = Accepted::of(&Method::GET, &fields(&[("accept-encoding", accepts)]));
        let compressed = compressor().compress(accepted, answer(200, LONG, &[("etag", "\"v1\"")]));
        assert_eq!(is_compressed(&compressed), is_accepted, "{accepts}");
        if let Compressed::AsIs(response) = compressed {
            // A cache must not give this one to somebody who accepts more.
            let headers = response.headers();
            assert_eq!(
                (response.status().as_u16(), &headers[VARY], &headers[ETAG]),
                (200, &"accept-encoding".parse().unwrap(), &"\"v1\"".parse().unwrap())
            );
        }
    }
}

#[tokio::test]
async fn a_request_can_forbid_it_and_a_head_has_no_body() {
    let headers = fields(&[("accept-encoding", "gzip")]);
    let head = Accepted::of(&Method::HEAD, &headers);
    assert!(!is_compressed(&compressor().compress(head, answer(200, LONG, &[]))));
    let forbidding = fields(&[("accept-encoding", "gzip"), ("cache-control", "no-transform")]);
    let forbidding = Accepted::of(&Method::POST, &forbidding);
    assert!(!is_compressed(&compressor().compress(forbidding, answer(200, LONG, &[]))));
}

/// A body of which one part has come, and more may come later.
struct Slow(VecDeque<&'static str>);

impl Body for Slow {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let part = self.0.pop_front();
        part.map_or(Poll::Pending, |part| Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(part.as_bytes()))))))
    }
}

#[tokio::test]
async fn what_has_come_of_a_slow_answer_is_not_held_back() {
    let response = answer(200, "", &[]).map(|_| Slow(["", "first line\n"].into()));
    let Compressed::Gzip(response) = compressor().compress(gzip(), response) else { panic!("it is as it was") };
    let mut body = response.into_body();
    let mut come = Vec::new();
    while let Poll::Ready(Some(frame)) =
        Pin::new(&mut body).poll_frame(&mut Context::from_waker(std::task::Waker::noop()))
    {
        come.extend(frame.unwrap().into_data().unwrap());
    }
    let mut text = [0; 11];
    flate2::read::GzDecoder::new(&come[..]).read_exact(&mut text).unwrap();
    assert_eq!(&text, b"first line\n");
}
