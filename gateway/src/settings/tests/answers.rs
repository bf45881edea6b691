//! What is done to answers: `cors`, `compression`, `response_headers`.

use super::*;

#[test]
fn an_origin_is_kept_as_a_browser_sends_it() {
    let settings = parse("version: 1\ncors: { origins: [\"HTTPS://CoreUI.local:443\", \"http://a:8080\"] }").unwrap();
    let origins = ["https://coreui.local", "http://a:8080"].map(|origin| origin.parse().unwrap());
    assert_eq!(settings.cors.unwrap().origins, CorsOrigins::These(origins.to_vec()));
}

#[test]
fn what_is_done_to_answers_is_configured() {
    let plain = parse("version: 1").unwrap();
    assert_eq!((plain.cors, plain.compression), (None, None));
    assert_eq!(plain.response_headers, ResponseHeaderSettings { proxy_status: false, server_timing: false });
    let text = "version: 1\ncors: { origins: [\"*\"], methods: [GET], headers: [], expose: [ETag], max_age: 0s }\n\
                response_headers: { server_timing: true }\ncompression: { types: [Text/HTML], minimum: 2KiB }\n\
                limits: { body_rate: 0B, requests_per_connection: 1, header_fields: 1000 }";
    let settings = parse(text).unwrap();
    let cors = settings.cors.unwrap();
    assert_eq!((cors.origins, cors.methods, cors.headers), (CorsOrigins::Any, vec![http::Method::GET], vec![]));
    assert_eq!((cors.expose, cors.max_age), (vec![http::header::ETAG], Duration::ZERO));
    assert!(settings.response_headers.server_timing);
    assert_eq!(settings.compression, Some(CompressionSettings { types: vec!["text/html".to_owned()], minimum: 2048 }));
    let limits = settings.limits;
    assert_eq!((limits.body_rate, limits.requests_per_connection, limits.header_fields), (0, 1, 1000));
    let text = "version: 1\nzeromq: { connections: 2, reply_bytes: 1MiB, held_bytes: 8MiB }";
    let zeromq = ZeroMqSettings { connections: 2, reply_bytes: 1 << 20, held_bytes: 8 << 20 };
    assert_eq!((plain.zeromq, parse(text).unwrap().zeromq), (ZeroMqSettings::default(), zeromq));
    let defaults = parse("version: 1\ncompression: {}").unwrap().compression.unwrap();
    assert_eq!((defaults.types.len(), defaults.minimum), (5, 1024));
}

#[test]
fn every_mistake_about_answers_is_told_with_its_place_its_reason_and_its_remedy() {
    let cases = [
        (
            "cors: { origins: [\"*\"], credentials: true }",
            "2:19: `cors.origins`: `*` would let every page act for whoever looks at it",
            "name the origins",
        ),
        (
            "cors: { origins: [\"http://a\", \"*\"] }",
            "2:31: `cors.origins`: `*` makes the others meaningless",
            "leave it out, or the others",
        ),
        (
            "cors: { origins: [\"http://a\"], methods: [get] }",
            "2:42: `cors.methods`: `get` is no method that a route answers",
            "choose from GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        ),
        (
            "cors: { origins: [\"http://a\"], methods: [] }",
            "2:41: `cors.methods` is empty",
            "name one at least, or leave the key out",
        ),
        (
            "cors: { origins: [\"http://a\"], headers: [\"*\"] }",
            "2:42: `cors.headers`: `*` does not mean all fields to a browser",
            "name the fields",
        ),
        (
            "cors: { origins: [\"http://a\"], expose: [\"X Y\"] }",
            "2:41: `cors.expose`: `X Y` is no name of a field",
            "write it like `X-Plant-User`",
        ),
        (
            "cors: { origins: [\"http://a\"], max_age: 25h }",
            "2:41: `cors.max_age`: `25h` is out of range",
            "it goes from 0s to 24h",
        ),
        (
            "response_headers: { server_timings: true }",
            "2:21: unknown key `server_timings`",
            "did you mean `server_timing`?",
        ),
        (
            "compression: { types: [json] }",
            "2:24: `compression.types`: `json` is no media type",
            "write `application/json` or `text/*`",
        ),
        (
            "compression: { types: [text/event-stream] }",
            "2:24: `compression.types`: `text/event-stream` is a stream, which compression would hold back",
            "leave it out",
        ),
        ("zeromq: { connections: 0 }", "2:24: `zeromq.connections`: `0` is out of range", "it goes from 1 to 64"),
        ("compression: { types: [] }", "2:23: `compression.types` is empty", "name one at least, or leave the key out"),
        (
            "compression: { minimum: 0B }",
            "2:25: `compression.minimum`: `0B` is out of range",
            "it goes from 1B to 1MiB",
        ),
    ];
    for (text, message, help) in cases {
        assert_refused(text, message, help);
    }
}
