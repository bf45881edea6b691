//! One document from a neighbour's HTTP server: a plain GET, bounded in time and size, no redirects.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, HOST, USER_AGENT};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use crate::headers::members;
use crate::settings::HttpUrl;
use crate::upstream::open;

/// How long a fetch may take, the connection and the body included.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchFault {
    #[error("it did not come within 5 s")]
    TimedOut,
    #[error("the connection failed: {0}")]
    Connect(#[source] io::Error),
    #[error("the URL cannot be asked for: {0}")]
    Request(#[source] http::Error),
    #[error("the exchange failed: {0}")]
    Exchange(#[source] hyper::Error),
    #[error("the answer's status is {0}")]
    Status(StatusCode),
    #[error("the answer is too long")]
    TooLarge,
    #[error("the answer broke off")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A document, and how long its server says that it is good for.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) body: Bytes,
    pub(crate) max_age: Option<Duration>,
}

/// The body of a 200 answer to a GET of `url`, no longer than `limit` bytes.
pub(crate) async fn fetch(url: &HttpUrl, limit: usize) -> Result<Fetched, FetchFault> {
    timeout(TIME_LIMIT, exchange(url, limit)).await.unwrap_or(Err(FetchFault::TimedOut))
}

async fn exchange(url: &HttpUrl, limit: usize) -> Result<Fetched, FetchFault> {
    let address = &url.address;
    let stream = open(address).await.map_err(FetchFault::Connect)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(FetchFault::Exchange)?;
    // It ends when the answer is read or given up; what goes wrong in it shows in the answer.
    tokio::spawn(async move { drop(connection.await) });
    let response = sender.send_request(request(url)?).await.map_err(FetchFault::Exchange)?;
    if response.status() != StatusCode::OK {
        return Err(FetchFault::Status(response.status()));
    }
    let max_age = max_age(response.headers());
    match Limited::new(response.into_body(), limit).collect().await {
        Ok(body) => Ok(Fetched { body: body.to_bytes(), max_age }),
        Err(error) if error.is::<LengthLimitError>() => Err(FetchFault::TooLarge),
        Err(error) => Err(FetchFault::Body(error)),
    }
}

/// `max-age` of `Cache-Control` (RFC 9111 §5.2.2.1); where it stands twice, the shorter.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let ages = members(headers, &CACHE_CONTROL).filter_map(|directive| {
        let (name, age) = directive.split_once('=')?;
        let is_age = name.trim().eq_ignore_ascii_case("max-age");
        let age = age.trim().trim_matches('"').parse().ok()?;
        is_age.then(|| Duration::from_secs(age))
    });
    ages.min()
}

fn request(url: &HttpUrl) -> Result<Request<Empty<Bytes>>, FetchFault> {
    let address = &url.address;
    let authority = address.to_string();
    let authority = authority.trim_start_matches(address.scheme.name()).trim_start_matches("://");
    Request::get(url.path.as_str())
        .header(HOST, authority)
        .header(ACCEPT, "application/jwk-set+json, application/json")
        .header(USER_AGENT, "coregateway")
        .body(Empty::new())
        .map_err(FetchFault::Request)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::settings::Address;

    /// What comes of a fetch that is answered so, and what was asked.
    async fn answered(answer: &str) -> (Result<Fetched, FetchFault>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = Address { scheme: gateway_table::Scheme::Http, host: "127.0.0.1".into(), port };
        let url = HttpUrl { address, path: "/keys?v=1".into() };
        let server = async {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; 4096];
            let length = tcp.read(&mut asked).await.unwrap();
            tcp.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&asked[..length]).replace(&port.to_string(), "PORT")
        };
        tokio::join!(fetch(&url, 10), server)
    }

    #[tokio::test]
    async fn a_document_is_the_body_of_a_200_answer() {
        let (body, asked) = answered("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        assert_eq!(body.unwrap().body, "{}");
        assert!(asked.starts_with("GET /keys?v=1 HTTP/1.1\r\nhost: 127.0.0.1:PORT\r\n"), "{asked}");
    }

    #[tokio::test]
    async fn any_other_status_is_refused_redirects_too() {
        for status in [204, 302, 404, 500] {
            let answer = format!("HTTP/1.1 {status} x\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
            let (body, _) = answered(&answer).await;
            assert!(matches!(body, Err(FetchFault::Status(told)) if told.as_u16() == status), "{body:?}");
        }
    }

    #[tokio::test]
    async fn a_longer_answer_than_allowed_is_not_read() {
        let (body, _) = answered("HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n0123456789a").await;
        assert!(matches!(body, Err(FetchFault::TooLarge)), "{body:?}");
        let (body, _) = answered("HTTP/1.1 200 OK\r\n\r\n0123456789a").await;
        assert!(matches!(body, Err(FetchFault::TooLarge)), "{body:?}");
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_refused() {
        let (body, _) = answered("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{").await;
        assert!(matches!(body, Err(FetchFault::Body(_))), "{body:?}");
        let (body, _) = answered("rubbish").await;
        assert!(matches!(body, Err(FetchFault::Exchange(_))), "{body:?}");
    }

    #[tokio::test]
    async fn a_server_says_how_long_its_answer_is_good_for() {
        for (field, seconds) in [
            ("x: y", None),
            ("cache-control: no-store", None),
            ("cache-control: max-age=x", None),
            ("cache-control: s-maxage=7", None),
            ("cache-control: public, Max-Age = \"60\"", Some(60)),
            ("cache-control: max-age=60\r\ncache-control: max-age=30", Some(30)),
        ] {
            let answer = format!("HTTP/1.1 200 OK\r\n{field}\r\ncontent-length: 0\r\n\r\n");
            let (fetched, _) = answered(&answer).await;
            assert_eq!(fetched.unwrap().max_age, seconds.map(Duration::from_secs), "{field}");
        }
    }
}
