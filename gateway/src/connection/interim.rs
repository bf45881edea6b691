//! Where interim answers (1xx, RFC 9110 §15.2) of an upstream go: to the client, where its protocol can pass them on.

use std::rc::Rc;

use http::{HeaderMap, StatusCode};

use super::ClientWire;

/// The way back to a client before its answer.
#[derive(Clone)]
pub(crate) struct Interim(Option<Rc<ClientWire>>);

impl Interim {
    /// To a client of HTTP/1.1.
    pub(super) fn to(wire: &Rc<ClientWire>) -> Self {
        Self(Some(Rc::clone(wire)))
    }

    /// Nowhere: the HTTP/2 server at hand has no way to send one, and who shares an answer is not alone with it.
    pub(crate) const fn nowhere() -> Self {
        Self(None)
    }

    /// Passes an interim answer on.
    pub(crate) fn pass(&self, status: StatusCode, headers: HeaderMap) {
        if let Some(wire) = &self.0 {
            wire.pass_interim(status, headers);
        }
    }
}
