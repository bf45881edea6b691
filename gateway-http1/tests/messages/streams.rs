//! Properties of whole connections: random bytes, near-messages, and messages written by this crate.

use gateway_http1::{BodyLength, write_chunk, write_last_chunk, write_request};
use http::{HeaderMap, Method, StatusCode, Version};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::oracle::{agrees_on_request, agrees_on_response};
use super::stream::{Message, ROOMY, Side, Start, Stream, holds};

/// What messages and attacks on them are made of.
const FRAGMENTS: &[&str] = &[
    "GET ",
    "POST ",
    "HEAD / HTTP/1.1\r\n",
    "OPTIONS * ",
    "CONNECT x:443 ",
    "/",
    "/a?b=c",
    "http://x/a",
    "/a ",
    " HTTP/1.1\r\n",
    " HTTP/1.0\r\n",
    " HTTP/1.7\r\n",
    "GET / HTTP/1.1\r\n",
    "POST /a HTTP/1.1\r\n",
    "PUT /a HTTP/1.0\r\n",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.0 404 \r\n",
    "HTTP/1.1 304\r\n",
    "HTTP/1.1 204 No\r\n",
    "HTTP/1.1 103 Hints\r\n",
    "Host: x\r\n",
    "Content-Length: 5\r\n",
    "Content-Length: 0\r\n",
    "content-length: 7",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: ",
    "chunked",
    "gzip",
    ", ",
    "Connection: close\r\n",
    "Connection: keep-alive\r\n",
    "Expect: 100-continue\r\n",
    "a: b\r\n",
    "a:b",
    "x-y: \t c \r\n",
    "\u{e9}",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    ":",
    "\0",
    "5\r\nhello\r\n",
    "3;x=y\r\n",
    "abc\r\n",
    "hello",
    "0\r\n\r\n",
    "0\r\n",
    "x-sum: 1\r\n\r\n",
    "a\r\n",
    "10\r\n",
];

/// A few whole messages, to be damaged.
const MESSAGES: &[&str] = &[
    "POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: a, b\r\n\r\nhello",
    "PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\nx-sum: 1\r\n\r\n",
    "GET http://x/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: a\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
];

fn fragments() -> impl Strategy<Value = Vec<u8>> {
    let fragment = prop_oneof![
        20 => select(FRAGMENTS).prop_map(|text| text.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 1..8),
    ];
    vec(fragment, 0..24).prop_map(|fragments| fragments.concat())
}

/// Whole messages in which a byte or two were replaced, removed or put in.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let damage = (any::<Index>(), prop_oneof![any::<u8>(), select(&b"\r\n\t :,;0\0"[..])], 0..3_u8);
    (vec(select(MESSAGES), 1..4), vec(damage, 0..3)).prop_map(|(messages, damages)| {
        let mut bytes = messages.concat().into_bytes();
        for (place, byte, kind) in damages {
            let place = place.index(bytes.len());
            match kind {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                _ => _ = bytes.remove(place),
            }
        }
        bytes
    })
}

fn holds_for_all(bytes: &[u8]) {
    for side in [Side::Client, Side::Upstream(Method::GET), Side::Upstream(Method::HEAD)] {
        holds(&side, bytes);
    }
    agrees_on_request(bytes);
    agrees_on_response(bytes);
}

fn fields() -> impl Strategy<Value = HeaderMap> {
    let field = ("[a-z][a-z0-9_.!~-]{0,12}", "[!-~]([ -~\t]{0,20}[!-~])?|");
    let is_plain =
        |name: &str| !["connection", "content-length", "transfer-encoding", "expect", "te", "via"].contains(&name);
    vec(field.prop_filter("no field of the frame", move |(name, _)| is_plain(name)), 0..10).prop_map(|fields| {
        fields.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect::<HeaderMap>()
    })
}

fn start() -> impl Strategy<Value = Start> {
    let method = select(vec![Method::GET, Method::POST, Method::DELETE, Method::OPTIONS]);
    let request = (method, "/[a-zA-Z0-9/_.~%-]{0,20}(\\?[a-z=&]{0,10})?");
    prop_oneof![
        request.prop_map(|(method, target)| Start::Request { method, target, expects_continue: false }),
        (200..600_u16).prop_map(|status| Start::Response { status: StatusCode::from_u16(status).unwrap() }),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    (start(), fields(), any::<bool>(), vec(any::<u8>(), 0..300), fields()).prop_map(
        |(start, headers, is_chunked, data, trailers)| {
            let bodiless = matches!(&start, Start::Response { status } if matches!(status.as_u16(), 204 | 304));
            let (length, data, trailers) = match (bodiless, is_chunked) {
                (true, _) => (BodyLength::Empty, Vec::new(), HeaderMap::new()),
                (false, true) => (BodyLength::Chunked, data, trailers),
                (false, false) => (BodyLength::Exact(data.len() as u64), data, HeaderMap::new()),
            };
            let version = Version::HTTP_11;
            Message { start, version, headers, length, is_persistent: true, data, trailers, is_whole: true }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_hold(bytes in vec(any::<u8>(), 0..200)) {
        holds_for_all(&bytes);
    }

    #[test]
    fn fragments_of_messages_hold(bytes in fragments()) {
        holds_for_all(&bytes);
    }

    #[test]
    fn damaged_messages_hold(bytes in damaged()) {
        holds_for_all(&bytes);
    }

    #[test]
    fn it_does_not_matter_where_the_bytes_are_cut(bytes in damaged(), cuts in vec(any::<Index>(), 0..6)) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]);
        let (cut, whole) = (Stream::of(&Side::Client, ROOMY, pieces), Stream::of(&Side::Client, ROOMY, [&bytes[..]]));
        prop_assert_eq!(cut.messages, whole.messages);
        prop_assert_eq!(cut.fault, whole.fault);
    }

    #[test]
    fn messages_are_read_as_they_were_written(message in message()) {
        let side = match &message.start {
            Start::Request { .. } => Side::Client,
            Start::Response { .. } => Side::Upstream(Method::GET),
        };
        let stream = Stream::of(&side, ROOMY, [&message.written()[..], &message.written()[..]]);
        prop_assert_eq!(stream.fault, None);
        let read: Vec<Message> = stream.messages.into_iter().map(Message::meaning).collect();
        prop_assert_eq!(read, [message.clone().meaning(), message.meaning()]);
    }

    #[test]
    fn chunks_are_joined_as_they_were_cut(chunks in vec(vec(any::<u8>(), 0..70), 0..6)) {
        let mut out = Vec::new();
        write_request(&mut out, &Method::POST, "/", &HeaderMap::new(), BodyLength::Chunked);
        for chunk in &chunks {
            write_chunk(&mut out, chunk);
        }
        write_last_chunk(&mut out, None);
        let stream = Stream::of(&Side::Client, ROOMY, out.chunks(3));
        prop_assert_eq!((stream.messages[0].is_whole, &stream.messages[0].data), (true, &chunks.concat()));
    }
}

#[test]
fn the_property_tests_meet_whole_messages_and_faults() {
    let wholes =
        |side, bytes: &str| holds(&side, bytes.as_bytes()).messages.iter().filter(|message| message.is_whole).count();
    for message in &MESSAGES[..3] {
        assert_eq!(wholes(Side::Client, message), 1, "{message}");
        assert!(holds(&Side::Upstream(Method::GET), message.as_bytes()).fault.is_some());
    }
    for message in &MESSAGES[3..] {
        assert!(wholes(Side::Upstream(Method::GET), message) > 0, "{message}");
        assert!(holds(&Side::Client, message.as_bytes()).fault.is_some());
    }
}
