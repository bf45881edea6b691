//! Whom to believe at this moment: what a token must be, the issuer's keys, and what has been revoked; read by all threads
//! and swapped as one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::key_set::KeySet;
use super::token::Rules;
use super::{Principal, RevocationList, TokenFault};

/// The number of the trust that is made next.
static NEXT_GENERATION: AtomicU64 = AtomicU64::new(1);

/// Whom to believe at this moment.
pub(super) struct Trust {
    /// Differs from that of any other trust: a token that was checked under another must be looked at again.
    pub(super) generation: u64,
    /// What a token must be; `None` where nobody's tokens are believed.
    pub(super) rules: Option<Arc<Rules>>,
    pub(super) keys: Arc<KeySet>,
    pub(super) revocations: Revocations,
}

/// What is known of revoked tokens.
#[derive(Clone)]
pub(super) enum Revocations {
    /// No list is configured.
    None,
    /// A list is configured, and has not been read since the start.
    Awaited,
    /// The last good list.
    Known(Arc<RevocationList>),
}

impl Trust {
    pub(super) fn new(rules: Option<Arc<Rules>>, keys: Arc<KeySet>, revocations: Revocations) -> Self {
        Self { generation: NEXT_GENERATION.fetch_add(1, Ordering::Relaxed), rules, keys, revocations }
    }

    /// The same with other keys.
    pub(super) fn with_keys(&self, keys: Arc<KeySet>) -> Self {
        Self::new(self.rules.clone(), keys, self.revocations.clone())
    }

    /// The same with another list.
    pub(super) fn with_revocations(&self, list: Arc<RevocationList>) -> Self {
        Self::new(self.rules.clone(), Arc::clone(&self.keys), Revocations::Known(list))
    }
}

impl Revocations {
    /// Whether the token that proved `principal` is still to be believed.
    pub(super) fn check(&self, principal: &Principal) -> Result<(), TokenFault> {
        match self {
            Self::Awaited => Err(TokenFault::RevocationsUnknown),
            Self::Known(list) if list.revokes(principal) => Err(TokenFault::Revoked),
            Self::None | Self::Known(_) => Ok(()),
        }
    }
}
