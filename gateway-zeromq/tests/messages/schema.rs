//! What is written and what is read are what the schema says, and the document shows it.

use gateway_zeromq::{Asker, ReplyHead, RequestHead, VERSION};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

const SCHEMA: &str = include_str!("../../../docs/zeromq.schema.json");
const DOCUMENT: &str = include_str!("../../../docs/zeromq.md");

/// Whether the schema takes this as what it calls so.
fn is_valid(of: &str, value: &Value) -> bool {
    let mut schema: Value = serde_json::from_str(SCHEMA).unwrap();
    schema["$ref"] = format!("#/$defs/{of}").into();
    jsonschema::validator_for(&schema).unwrap().is_valid(value)
}

fn written(principal: Option<Asker<'_>>) -> Value {
    let fields = [("host", "coreio:5555"), ("accept", "text/plain"), ("te", "trailers"), ("x-note", "\u{e9}")];
    let mut headers: HeaderMap = fields
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap()))
        .collect();
    headers.append("x-latin", HeaderValue::from_bytes(b"\xe9").unwrap());
    headers.append("accept", HeaderValue::from_static("text/html"));
    let head = RequestHead {
        version: VERSION,
        method: "PUT",
        path: "/valves/%22a%22",
        query: "fast=1",
        headers: &headers,
        correlation_id: "id-1",
        principal,
        deadline: 1_700_000_000_000,
    };
    let mut out = Vec::new();
    head.write(&mut out);
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn a_request_is_what_the_schema_says() {
    let known = written(Some(Asker { subject: Some("olga"), roles: &["operations"] }));
    for request in [written(None), written(Some(Asker { subject: None, roles: &[] })), known.clone()] {
        assert!(is_valid("request", &request), "{request}");
    }
    let mut changed = known;
    changed["principal"] = "olga".into();
    assert!(!is_valid("request", &changed));
}

#[test]
fn a_request_has_the_fields_that_are_not_about_the_connection_and_are_text() {
    let headers = written(None)["headers"].clone();
    assert_eq!(headers.to_string(), r#"[["accept","text/plain"],["accept","text/html"],["x-note","é"]]"#);
}

#[test]
fn a_reply_that_the_schema_takes_is_read_and_one_that_it_does_not_is_not() {
    for (reply, is_reply) in [
        (r#"{"version": 1, "status": 200}"#, true),
        (r#"{"version": 1, "status": 599, "headers": [["a", "b"], ["a", ""]], "later": 1}"#, true),
        (r#"{"version": 2, "status": 200}"#, false),
        (r#"{"version": 1}"#, false),
        (r#"{"version": 1, "status": 101}"#, false),
        (r#"{"version": 1, "status": 600}"#, false),
        (r#"{"version": 1, "status": "200"}"#, false),
        (r#"{"version": 1, "status": 200, "headers": {"a": "b"}}"#, false),
        (r#"{"version": 1, "status": 200, "headers": [["a"]]}"#, false),
        (r#"{"version": 1, "status": 200, "headers": [["a b", "c"]]}"#, false),
    ] {
        assert_eq!(is_valid("reply", &serde_json::from_str(reply).unwrap()), is_reply, "{reply}");
        assert_eq!(ReplyHead::read(reply.as_bytes()).is_ok(), is_reply, "{reply}");
    }
}

#[test]
fn the_examples_of_the_document_are_what_the_schema_says() {
    let blocks: Vec<&str> = DOCUMENT.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [request, reply] = blocks[..] else { panic!("a request and a reply are shown") };
    assert!(is_valid("request", &serde_json::from_str(request).unwrap()));
    assert!(is_valid("reply", &serde_json::from_str(reply).unwrap()));
    assert!(ReplyHead::read(reply.as_bytes()).is_ok());
}
