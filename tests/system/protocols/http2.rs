//! HTTP/2 with clients: the same routes, roles, limits and errors as in HTTP/1.1, many requests at a time.

use std::sync::Arc;

use http_body_util::BodyExt;
use rcgen::generate_simple_self_signed;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::support::client::status;
use crate::support::gateway::{Running, closed_route, open_route, route_file};
use crate::support::http2::{Answer, ask, beside, connect, empty, full, get, handshake, request};
use crate::support::upstream::Upstream;
use crate::support::{ISSUER, auth_section};

#[tokio::test]
async fn prior_knowledge_is_enough_in_clear_and_http_1_1_goes_on_beside_it() {
    let upstream = Upstream::saying("hello");
    let gateway = Running::in_front_of(upstream.address());
    let connection = connect(gateway.address()).await;
    assert_eq!(get(&connection, "/open/x?a=1").await.text(), "hello");
    assert_eq!(status(gateway.address(), "GET /open", ""), 200);
    let request = &upstream.requests()[0];
    assert!(request.starts_with("GET /base/x?a=1 HTTP/1.1\r\n"), "{request}");
    for field in ["x-forwarded-host: gateway.test\r\n", "via: 2.0 coregateway\r\n", "x-forwarded-for: 127.0.0.1\r\n"] {
        assert!(request.contains(field), "{field} is not in {request}");
    }
}

#[tokio::test]
async fn a_client_over_tls_chooses_http_2_by_alpn() {
    let folder = tempfile::tempdir().unwrap();
    let certified = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("a.crt"), folder.path().join("a.key"));
    std::fs::write(&certificate, certified.cert.pem()).unwrap();
    std::fs::write(&key, certified.signing_key.serialize_pem()).unwrap();
    let tls = format!("tls: {{ certificate: {}, private_key: {} }}\n", certificate.display(), key.display());
    let upstream = Upstream::saying("hello");
    let gateway = Running::start(&route_file(&open_route(upstream.address(), "")), &tls);

    let mut roots = RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let address = gateway.address();
    let connecting = async move {
        let tcp = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        handshake(stream).await
    };
    assert_eq!(get(&beside(connecting).await, "/open").await.text(), "hello");
    assert!(upstream.request().contains("x-forwarded-proto: https\r\n"), "{}", upstream.request());
}

#[tokio::test]
async fn roles_limits_and_errors_are_those_of_http_1_1() {
    let upstream = Upstream::saying("hello");
    let routes = [
        closed_route(upstream.address(), "methods: [GET]"),
        open_route(Upstream::down(), "max_body: \"4B\"")
            .replace("Unlimited(reason: \"test\")", "RateLimit(count: 3, unit: Hour)"),
    ];
    let gateway = Running::start(&route_file(&routes.concat()), &auth_section());
    let connection = connect(gateway.address()).await;
    let (operator, admin) = (ISSUER.token("tester", &["operations"]), ISSUER.token("tester", &["admin"]));
    let (operator, admin) = (format!("Bearer {operator}"), format!("Bearer {admin}"));
    for (method, path, authorization, body, expected) in [
        ("GET", "/closed", "", "", 401),
        ("GET", "/closed", &*admin, "", 403),
        ("GET", "/closed", &*operator, "", 200),
        ("POST", "/closed", &*operator, "", 405),
        ("GET", "/nowhere", "", "", 404),
        ("GET", "/a/../closed", "", "", 400),
        ("GET", "/open", "", "", 502),
        ("POST", "/open", "", "12345", 413),
        ("GET", "/open", "", "", 502),
        ("GET", "/open", "", "", 429),
        ("GET", "/healthcheck", "", "", 200),
    ] {
        let fields = [("authorization", authorization), ("x-correlation-id", "id-7")];
        let fields = if authorization.is_empty() { &fields[1..] } else { &fields[..] };
        let body = if body.is_empty() { empty() } else { full(body) };
        let answer = ask(&connection, request(method, path, fields, body)).await.unwrap();
        assert_eq!(answer.status, expected, "{method} {path}");
        assert_eq!(answer.headers["x-correlation-id"], "id-7");
        if expected != 200 {
            assert_eq!(answer.headers["content-type"], "application/problem+json");
        }
    }
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn a_client_that_reads_nothing_until_it_has_sent_all_can_send_all() {
    let (read, has_read) = std::sync::mpsc::channel();
    let upstream = Upstream::scripted(move |peer| {
        peer.head();
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 4194304\r\n\r\n");
        // More than the client takes unread, less than the sockets hold beside that.
        peer.write(vec![b'y'; 2_500_000]);
        peer.bytes(8 << 20);
        read.send(()).unwrap();
        peer.write(vec![b'y'; (4 << 20) - 2_500_000]);
    });
    let gateway = Running::in_front_of(upstream.address());
    let mut connection = connect(gateway.address()).await;
    let body = full(vec![b'x'; 8 << 20]);
    let answer = connection.send_request(request("PUT", "/open", &[], body)).await.unwrap();
    tokio::task::spawn_blocking(move || has_read.recv().unwrap()).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes().len(), 4 << 20);
}

/// An upstream that answers each request with what it asked for: `/base/STATUS/LENGTH/ID`.
fn as_asked() -> Upstream {
    Upstream::scripted(|peer| {
        while let Some(request) = peer.request() {
            let path = request.split(' ').nth(1).unwrap();
            let parts: Vec<&str> = path.split('/').collect();
            let (status, length): (u16, usize) = (parts[2].parse().unwrap(), parts[3].parse().unwrap());
            let body: String = path.chars().cycle().take(length).collect();
            if status == 200 {
                peer.write(format!(
                    "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"
                ));
            } else {
                peer.write(format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n\r\n{body}"));
            }
        }
    })
}

#[tokio::test]
async fn many_requests_at_a_time_get_each_its_own_answer() {
    let upstream = as_asked();
    let gateway = Running::in_front_of(upstream.address());
    let connection = connect(gateway.address()).await;
    let asking: Vec<_> = (0..600_usize)
        .map(|n| {
            let connection = connection.clone();
            tokio::spawn(async move {
                let (status, length) = ([200, 201, 404][n % 3], n * n % 40_000 + 1);
                let path = format!("/{status}/{length}/{n}");
                let body = if n % 5 == 0 { full(vec![b'x'; n * 10]) } else { empty() };
                let answer = ask(&connection, request("PUT", &format!("/open{path}"), &[], body)).await.unwrap();
                let expected: String = format!("/base{path}").chars().cycle().take(length).collect();
                assert!(answer.status == status && answer.text() == expected, "{n}");
            })
        })
        .collect();
    for asked in asking {
        asked.await.unwrap();
    }
}

async fn ask_open(answer: &'static str, fields: &[(&str, &str)]) -> (Result<Answer, hyper::Error>, String) {
    let upstream = Upstream::scripted(move |peer| {
        peer.request();
        peer.write(answer);
    });
    let gateway = Running::in_front_of(upstream.address());
    let connection = connect(gateway.address()).await;
    let answered = ask(&connection, request("GET", "/open", fields, empty())).await;
    (answered, upstream.request())
}

#[tokio::test]
async fn trailers_of_an_upstream_of_http_1_1_reach_the_client() {
    let (answer, _) = ask_open(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 7\r\nContent-Length: 9\r\n\r\n",
        &[("te", "trailers")],
    )
    .await;
    let answer = answer.unwrap();
    let trailers = answer.trailers.unwrap();
    assert!(answer.body == "hi" && trailers["x-sum"] == "7" && trailers.len() == 1, "{trailers:?}");
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_no_shorter_answer() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
    ] {
        assert!(ask_open(answer, &[]).await.0.is_err(), "{answer}");
    }
}

#[tokio::test]
async fn cookies_in_several_fields_become_one_for_an_upstream_of_http_1_1() {
    let empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let (_, request) = ask_open(empty, &[("cookie", "a=1"), ("x-between", "0"), ("cookie", "b=2")]).await;
    let cookies: Vec<&str> = request.lines().filter(|line| line.starts_with("cookie:")).collect();
    assert_eq!(cookies, ["cookie: a=1; b=2"]);
}

#[tokio::test]
async fn fields_for_one_hop_do_not_cross() {
    let (answer, request) = ask_open(
        "HTTP/1.1 200 OK\r\nConnection: close, X-Hop\r\nKeep-Alive: 5\r\nX-Hop: 1\r\nContent-Length: 2\r\n\r\nhi",
        &[("te", "trailers"), ("x-service-auth", "me")],
    )
    .await;
    let answer = answer.unwrap();
    assert!(
        answer.text() == "hi" && !answer.headers.contains_key("x-hop") && !answer.headers.contains_key("keep-alive")
    );
    assert!(
        request.contains("te: trailers\r\nconnection: te\r\n")
            || request.contains("connection: te\r\nte: trailers\r\n"),
        "{request}"
    );
    assert!(!request.contains("x-service-auth"), "{request}");
}

#[tokio::test]
async fn a_head_has_the_length_and_no_body() {
    let upstream = Upstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    let gateway = Running::in_front_of(upstream.address());
    let connection = connect(gateway.address()).await;
    for _ in 0..3 {
        let answer = ask(&connection, request("HEAD", "/open", &[], empty())).await.unwrap();
        assert!(answer.headers["content-length"] == "1000" && answer.body.is_empty());
    }
}

#[tokio::test]
async fn a_request_that_its_client_gives_up_is_given_up_upstream_and_the_others_go_on() {
    let (upstream, has_come, is_gone) = Upstream::silent();
    let gateway = Running::with_routes(&open_route(upstream.address(), "timeout: \"1h\""));
    let connection = connect(gateway.address()).await;
    let abandoned = tokio::spawn({
        let connection = connection.clone();
        async move { ask(&connection, request("GET", "/open", &[], empty())).await.map(drop) }
    });
    tokio::task::spawn_blocking(move || has_come.recv().unwrap()).await.unwrap();
    abandoned.abort();
    tokio::task::spawn_blocking(move || is_gone.recv().unwrap()).await.unwrap();
    assert_eq!(get(&connection, "/healthcheck").await.status, 200);
}
