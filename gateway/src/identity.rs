//! What a service learns of who is asking: the gateway's own signed word, and plain fields where they are wanted.
//!
//! In: the principal that a client's token has proved. Out: the fields of the upstream request that say so.

mod cache;
mod signer;

use std::cell::RefCell;
use std::sync::Arc;

use gateway_table::{RoleSet, Table};
use http::{HeaderName, HeaderValue};

use self::cache::{Asker, IdentityCache};
use crate::auth::Principal;
use crate::clock::UnixSeconds;

pub use self::signer::{ServiceKeyFault, ServiceSigner};

/// `X-Service-Auth`: the gateway's signed word on who is asking.
const SERVICE_AUTH: HeaderName = HeaderName::from_static("x-service-auth");
/// `X-Auth-Subject`: the `sub` of the client's token.
const AUTH_SUBJECT: HeaderName = HeaderName::from_static("x-auth-subject");
/// `X-Auth-Roles`: what the client's token is good for, with commas between.
const AUTH_ROLES: HeaderName = HeaderName::from_static("x-auth-roles");

/// How services learn who is asking; shared by all workers.
pub(crate) struct IdentityRules {
    pub(crate) signer: Option<Arc<ServiceSigner>>,
    /// Whether the plain fields are sent.
    pub(crate) has_plain_fields: bool,
}

/// The identities of a worker's clients, as services see them.
pub(crate) struct Identities {
    rules: Arc<IdentityRules>,
    table: &'static Table,
    cache: RefCell<IdentityCache>,
}

/// The fields that tell a service who is asking.
#[derive(Debug, Clone, Default)]
pub(crate) struct IdentityFields {
    service_auth: Option<HeaderValue>,
    subject: Option<HeaderValue>,
    roles: Option<HeaderValue>,
}

impl IdentityFields {
    /// Tells the fields, for a request of which the client's own do not cross.
    pub(crate) fn each_field(&self, mut tell: impl FnMut(&HeaderName, &HeaderValue)) {
        for (name, value) in
            [(SERVICE_AUTH, &self.service_auth), (AUTH_SUBJECT, &self.subject), (AUTH_ROLES, &self.roles)]
        {
            if let Some(value) = value {
                tell(&name, value);
            }
        }
    }
}

impl Identities {
    pub(crate) fn new(rules: Arc<IdentityRules>, table: &'static Table) -> Self {
        Self { rules, table, cache: RefCell::default() }
    }

    /// The fields for a request of `principal`, or of whoever, to `service`. A token that names its request is signed for
    /// it; any other is signed once for a principal and a service, and again when half of its life is over.
    pub(crate) fn fields(
        &self,
        service: u32,
        principal: Option<&Principal>,
        correlation_id: &HeaderValue,
        now: impl FnOnce() -> UnixSeconds,
    ) -> IdentityFields {
        if self.rules.signer.is_none() && !self.rules.has_plain_fields {
            return IdentityFields::default();
        }
        let now = now();
        let asker = Asker {
            service,
            roles: principal.map_or(RoleSet::EMPTY, |principal| principal.roles),
            subject: principal.and_then(|principal| principal.subject.as_deref()),
        };
        let known = self.cache.borrow().find(&asker, now).cloned();
        let mut fields = known.unwrap_or_else(|| self.make(&asker, principal.is_some(), now));
        if let Some(signer) = self.rules.signer.as_ref().filter(|signer| signer.binds_correlation_id()) {
            fields.service_auth = Some(signer.sign(&asker, self.table, correlation_id.to_str().ok(), now));
        }
        fields
    }

    fn make(&self, asker: &Asker<'_>, is_known: bool, now: UnixSeconds) -> IdentityFields {
        let signer = self.rules.signer.as_ref().filter(|signer| !signer.binds_correlation_id());
        let has_plain_fields = self.rules.has_plain_fields && is_known;
        let fields = IdentityFields {
            service_auth: signer.map(|signer| signer.sign(asker, self.table, None, now)),
            subject: asker.subject.filter(|_| has_plain_fields).and_then(plain),
            roles: if has_plain_fields { plain(&asker.role_claims(self.table).join(",")) } else { None },
        };
        let good_for = signer.map_or(cache::PLAIN_FIELDS_KEPT, |signer| signer.lifetime() / 2);
        self.cache.borrow_mut().insert(asker, fields.clone(), now, good_for);
        fields
    }
}

/// Text as the value of a field; none if it would not be the same text for the service.
fn plain(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(text).ok().filter(|_| text.is_ascii() && text.trim() == text)
}

#[cfg(test)]
mod tests;
