//! Bodies: every way in which one ends, and every fault in a chunk's frame.

use bytes::{Bytes, BytesMut};
use gateway_http1::{BodyFault, BodyLength, BodyReader, FieldFault, HeadLimits, Part};
use http::HeaderMap;

use super::LIMITS;

/// Reads all that can be read: the data, the trailers, and whether the end was met.
fn read(length: BodyLength, bytes: &[u8]) -> Result<(Vec<u8>, HeaderMap, bool), BodyFault> {
    read_rest(&mut BodyReader::new(length, LIMITS), &mut BytesMut::from(bytes))
}

fn read_rest(body: &mut BodyReader, buffer: &mut BytesMut) -> Result<(Vec<u8>, HeaderMap, bool), BodyFault> {
    let (mut data, mut trailers) = (Vec::new(), HeaderMap::new());
    loop {
        match body.read(buffer)? {
            Part::Data(part) => {
                assert!(!part.is_empty());
                data.extend_from_slice(&part);
            }
            Part::Trailers(fields) => trailers = fields,
            Part::End => return Ok((data, trailers, true)),
            Part::NeedsMore => return Ok((data, trailers, false)),
        }
    }
}

#[track_caller]
fn refused(bodies: &[&str], fault: impl Into<BodyFault> + Copy) {
    for body in bodies {
        let found = read(BodyLength::Chunked, body.as_bytes()).expect_err(body);
        assert_eq!(found, fault.into(), "{body:?}");
        assert!(found.status().is_client_error() && !found.to_string().is_empty());
    }
}

#[track_caller]
fn chunked(body: &str) -> (Vec<u8>, HeaderMap) {
    let (data, trailers, is_whole) = read(BodyLength::Chunked, body.as_bytes()).expect(body);
    assert!(is_whole, "{body:?}");
    (data, trailers)
}

#[test]
fn no_body_ends_at_once() {
    for length in [BodyLength::Empty, BodyLength::Exact(0)] {
        let mut body = BodyReader::new(length, LIMITS);
        assert!(body.is_at_end());
        assert_eq!((body.remaining(), body.at_eof()), (Some(0), Ok(())));
        assert_eq!(body.read(&mut BytesMut::from("next")), Ok(Part::End));
    }
}

#[test]
fn a_body_of_a_length_ends_after_so_many_bytes_and_the_next_message_stays() {
    let mut body = BodyReader::new(BodyLength::Exact(5), LIMITS);
    let mut buffer = BytesMut::from("he");
    assert_eq!(body.read(&mut buffer), Ok(Part::Data(Bytes::from("he"))));
    assert_eq!((body.read(&mut buffer), body.remaining(), body.is_at_end()), (Ok(Part::NeedsMore), Some(3), false));
    assert_eq!(body.at_eof(), Err(BodyFault::Truncated));
    buffer.extend_from_slice(b"lloGET");
    assert_eq!(body.read(&mut buffer), Ok(Part::Data(Bytes::from("llo"))));
    assert_eq!((body.read(&mut buffer), body.remaining(), body.at_eof()), (Ok(Part::End), Some(0), Ok(())));
    assert_eq!(&buffer[..], b"GET");
}

#[test]
fn a_body_until_close_ends_with_the_connection_alone() {
    let mut body = BodyReader::new(BodyLength::UntilClose, LIMITS);
    let mut buffer = BytesMut::from("0\r\n\r\n");
    assert_eq!(body.read(&mut buffer), Ok(Part::Data(Bytes::from("0\r\n\r\n"))));
    assert_eq!((body.read(&mut buffer), body.remaining()), (Ok(Part::NeedsMore), None));
    assert_eq!((body.at_eof(), body.is_at_end(), body.read(&mut buffer)), (Ok(()), true, Ok(Part::End)));
}

#[test]
fn data_is_handed_out_without_copying() {
    let mut buffer = BytesMut::from("5\r\nhello\r\n");
    let memory = buffer.as_ptr_range();
    let Ok(Part::Data(data)) = BodyReader::new(BodyLength::Chunked, LIMITS).read(&mut buffer) else {
        panic!("no data")
    };
    assert!(memory.contains(&data.as_ptr()));
}

#[test]
fn chunks_are_joined_and_the_next_message_stays() {
    let mut body = BodyReader::new(BodyLength::Chunked, LIMITS);
    let mut buffer = BytesMut::from("3\r\nabc\r\n0A\r\n0123456789\r\n000\r\n\r\nGET");
    assert_eq!(body.remaining(), None);
    let (data, trailers, is_whole) = read_rest(&mut body, &mut buffer).unwrap();
    assert_eq!((&data[..], trailers.is_empty(), is_whole), (&b"abc0123456789"[..], true, true));
    assert_eq!((&buffer[..], body.is_at_end(), body.at_eof()), (&b"GET"[..], true, Ok(())));
}

#[test]
fn a_chunked_body_without_its_end_is_truncated() {
    for bytes in [
        "",
        "3",
        "3\r\n",
        "3\r\na",
        "3\r\nabc",
        "3\r\nabc\r",
        "3\r\nabc\r\n",
        "3\r\nabc\r\n0\r\n",
        "0\r\na: b\r\n",
        "0\r\n\r",
    ] {
        let mut body = BodyReader::new(BodyLength::Chunked, LIMITS);
        let (.., is_whole) = read_rest(&mut body, &mut BytesMut::from(bytes)).expect(bytes);
        assert!(!is_whole && !body.is_at_end(), "{bytes:?}");
        assert_eq!(body.at_eof(), Err(BodyFault::Truncated), "{bytes:?}");
    }
}

#[test]
fn a_chunk_s_size_is_1_to_16_hexadecimal_digits() {
    refused(
        &[
            "\r\n",
            "+3\r\nabc",
            "-3\r\nabc",
            " 3\r\nabc",
            "\t3\r\nabc",
            ";a\r\n",
            "g\r\n",
            "0x3\r\nabc".split_at(1).1,
            "\u{663}\r\n",
        ],
        BodyFault::ChunkSize,
    );
    refused(&["00000000000000003\r\nabc", "10000000000000000\r\n"], BodyFault::ChunkSize);
    refused(&["3\nabc", "3\r\nabc\r\n0\n\r\n"], BodyFault::ChunkSize);
    refused(
        &["3\rabc\r\n", "0x3\r\nabc", "3 \r\nabc", "3 3\r\nabc", "3,\r\n", "3\0\r\n", "3g\r\n"],
        BodyFault::ChunkExtension,
    );
    assert_eq!(chunked("0000000000000003\r\nabc\r\n0\r\n\r\n").0, b"abc");
    assert_eq!(chunked(&format!("aF\r\n{}\r\n0\r\n\r\n", "x".repeat(0xaf))).0.len(), 0xaf);
    assert!(read(BodyLength::Chunked, b"ffffffffffffffff\r\nabc").is_ok());
}

#[test]
fn chunk_extensions_are_looked_at_and_forgotten() {
    assert_eq!(chunked("3;a\r\nabc\r\n0;b=c\r\n\r\n").0, b"abc");
    assert_eq!(chunked("3 \t; a = \"b;c\\\"\"\r\nabc\r\n0\r\n\r\n").0, b"abc");
    refused(&["3;a\0\r\nabc", "3;a\rb\r\nabc", "3;\u{7f}\r\n"], BodyFault::ChunkExtension);
    refused(&["3;a\nabc\r\n"], BodyFault::ChunkSize);
}

#[test]
fn chunk_extensions_are_bounded_in_a_line_and_in_a_body() {
    let line = |length: usize| format!("3;{}\r\n", "a".repeat(length - 4));
    assert_eq!(chunked(&format!("{}abc\r\n0\r\n\r\n", line(256))).0, b"abc");
    refused(&[&line(257), &line(1000)], BodyFault::ChunkLineTooLong);
    let chunk = format!("{}abc\r\n", line(256));
    assert_eq!(chunked(&(chunk.repeat(64) + "0\r\n\r\n")).0.len(), 3 * 64);
    refused(&[&chunk.repeat(66)], BodyFault::ChunkLineTooLong);
}

#[test]
fn a_chunk_s_data_is_followed_by_cr_lf() {
    refused(
        &["3\r\nabcd\r\n", "3\r\nabc\n", "3\r\nabc\rx", "3\r\nabc0\r\n\r\n", "3\r\nab\r\n0\r\n\r\n"],
        BodyFault::ChunkEnd,
    );
}

#[test]
fn trailers_are_read_as_fields_are() {
    let (data, trailers) = chunked("3\r\nabc\r\n0\r\nX-Sum: 1\r\nx-sum: 2\r\nETag: \"a\"\r\n\r\n");
    assert_eq!((&data[..], trailers.len()), (&b"abc"[..], 3));
    assert_eq!(trailers["etag"], "\"a\"");
    refused(&["0\r\na: b\n\r\n", "0\r\n\n"], FieldFault::BareLineFeed);
    refused(&["0\r\na: b\rc\r\n\r\n"], FieldFault::BareCarriageReturn);
    refused(&["0\r\na: b\r\n c\r\n\r\n"], FieldFault::Folded);
    refused(&["0\r\na : b\r\n\r\n"], FieldFault::SpaceBeforeColon);
    refused(&["0\r\na\r\n\r\n"], FieldFault::NoColon);
    refused(&["0\r\n: a\r\n\r\n"], FieldFault::Name);
    refused(&["0\r\na: \0\r\n\r\n"], FieldFault::Value);
}

#[test]
fn fields_that_were_settled_in_the_head_are_dropped_from_the_trailers() {
    for name in [
        "Transfer-Encoding",
        "Content-Length",
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Upgrade",
        "Host",
        "Max-Forwards",
        "Expect",
        "Range",
        "If-Match",
        "Cache-Control",
        "Location",
        "Date",
        "X-Forwarded-For",
        "Forwarded",
        "Via",
        "Authorization",
        "Proxy-Authorization",
        "WWW-Authenticate",
        "Cookie",
        "Set-Cookie",
        "Content-Type",
        "Content-Encoding",
        "Content-Range",
        "Content-Location",
    ] {
        let (_, trailers) = chunked(&format!("0\r\n{name}: a\r\nx-kept: b\r\n\r\n"));
        assert!(trailers.len() == 1 && trailers["x-kept"] == "b", "{name}");
    }
    let mut body = BodyReader::new(BodyLength::Chunked, LIMITS);
    assert_eq!(body.read(&mut BytesMut::from("0\r\nHost: a\r\n\r\n")), Ok(Part::End));
}

#[test]
fn trailers_have_limits_of_their_own() {
    let read = |limits, bytes: &str| BodyReader::new(BodyLength::Chunked, limits).read(&mut BytesMut::from(bytes));
    let section = "a: b\r\nc: d\r\n\r\n";
    let limits = |bytes, fields| HeadLimits { bytes, fields };
    assert!(matches!(read(limits(section.len(), 2), &format!("0\r\n{section}")), Ok(Part::Trailers(_))));
    assert_eq!(read(limits(section.len() - 1, 2), &format!("0\r\n{section}")), Err(BodyFault::TrailersTooLong));
    assert_eq!(read(limits(99, 1), &format!("0\r\n{section}")), Err(FieldFault::TooMany.into()));
    assert_eq!(read(limits(2, 0), "0\r\n\r\n"), Ok(Part::End));
    assert_eq!(BodyFault::TrailersTooLong.status().as_u16(), 431);
}
