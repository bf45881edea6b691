//! How a service is spoken to. Whoever calls it does not know.

use std::rc::Rc;

use super::send::{Answer, Outgoing, send};
#[cfg(feature = "zeromq")]
use super::zeromq::Dealers;
use super::{Pool, UpstreamFault};
use crate::request_body::RequestBody;

/// What a worker speaks to one service by.
pub(crate) enum Line {
    /// HTTP, on the pool's connections.
    Http,
    /// ZeroMQ, on connections that many requests share.
    #[cfg(feature = "zeromq")]
    ZeroMq(Box<Dealers>),
    /// Something that this build does not speak.
    #[cfg(not(feature = "zeromq"))]
    Unknown,
}

impl Line {
    /// Tries a request once.
    pub(super) async fn send(
        pool: &Rc<Pool>,
        request: &Outgoing<'_>,
        body: &mut RequestBody,
        is_repeatable: bool,
    ) -> Result<Answer, UpstreamFault> {
        match &pool.line {
            Self::Http => send(pool, request, body, is_repeatable).await,
            #[cfg(feature = "zeromq")]
            Self::ZeroMq(dealers) => Box::pin(dealers.send(pool, request, body)).await,
            #[cfg(not(feature = "zeromq"))]
            Self::Unknown => Err(UpstreamFault::NoAdapter),
        }
    }
}
