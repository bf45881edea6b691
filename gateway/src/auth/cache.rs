//! Tokens that were found good, so that none is checked twice: one cache for each thread, without locks.
//!
//! A token is found by its whole text, not by a digest of it: the comparison costs less than any digest that would make
//! it needless, and no two tokens can be taken for each other. Only good tokens get in, so that nobody without a key of
//! the issuer's can push one out.

use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;

use quick_cache::unsync::Cache;
use quick_cache::{Equivalent, Weighter};

use super::key_set::KnownKey;
use super::token::{LastHeader, Rules};
use super::trust::Trust;
use super::{Principal, TokenFault};
use crate::clock::UnixSeconds;

/// The tokens that one thread has found good.
pub struct TokenCache {
    entries: Cache<StoredToken, Entry, Weight>,
    /// Spares new tokens the reading of a header that is known.
    pub(super) last_header: LastHeader,
    /// What a token had to be to get in.
    rules: Option<Arc<Rules>>,
}

/// What is known of a good token.
struct Entry {
    principal: Rc<Principal>,
    /// The key that proved it.
    fingerprint: [u8; 32],
    /// The trust under which that key was found and the token not revoked.
    generation: Cell<u64>,
    /// The end of the key's grace period there.
    until: Cell<Option<UnixSeconds>>,
}

impl TokenCache {
    /// How large the cache gets if nothing else is said, in bytes: about one token for each user of a large plant.
    pub const DEFAULT_BYTES: u64 = 8 << 20;

    /// A cache that takes up about this many bytes at most.
    pub fn new(bytes: u64) -> Self {
        let usual = usize::try_from(bytes / 1024).unwrap_or(usize::MAX);
        Self { entries: Cache::with_weighter(usual, bytes, Weight), last_header: LastHeader::default(), rules: None }
    }

    /// How many tokens are kept.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no token is kept.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets all that was found good by other rules than these.
    pub(super) fn keep_to(&mut self, rules: &Arc<Rules>) {
        if self.rules.as_ref().is_none_or(|known| !Arc::ptr_eq(known, rules)) {
            self.entries.clear();
            self.last_header = LastHeader::default();
            self.rules = Some(Arc::clone(rules));
        }
    }

    /// The principal of a token that was found good, if the key that proved it is still believed; a fault if the token
    /// has been revoked since. What has changed since the token was seen last is looked at once.
    pub(super) fn find(
        &self,
        token: &[u8],
        trust: &Trust,
        now: UnixSeconds,
    ) -> Result<Option<&Rc<Principal>>, TokenFault> {
        let Some(entry) = self.entries.get(&Token(token)) else { return Ok(None) };
        if entry.generation.get() != trust.generation {
            let Some(known) = trust.keys.find(&entry.fingerprint, now) else { return Ok(None) };
            trust.revocations.check(&entry.principal)?;
            entry.until.set(known.until);
            entry.generation.set(trust.generation);
        }
        let believed = entry.until.get().is_none_or(|until| now < until);
        Ok(believed.then_some(&entry.principal))
    }

    pub(super) fn insert(&mut self, token: &[u8], principal: &Rc<Principal>, trust: &Trust, known: &KnownKey) {
        let entry = Entry {
            principal: Rc::clone(principal),
            fingerprint: known.key.fingerprint,
            generation: Cell::new(trust.generation),
            until: Cell::new(known.until),
        };
        self.entries.insert(StoredToken(token.into()), entry);
    }

    pub(super) fn remove(&mut self, token: &[u8]) {
        self.entries.remove(&Token(token));
    }
}

impl Default for TokenCache {
    fn default() -> Self {
        Self::new(Self::DEFAULT_BYTES)
    }
}

/// Counts what an entry takes up: the token's text, and what is known of it.
#[derive(Clone)]
struct Weight;

impl Weighter<StoredToken, Entry> for Weight {
    fn weight(&self, token: &StoredToken, entry: &Entry) -> u64 {
        let text = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        let principal = &entry.principal;
        let texts = text(&principal.subject) + text(&principal.token_id) + text(&principal.key_id);
        (token.0.len() + texts + size_of::<Entry>() + size_of::<Principal>() + size_of::<StoredToken>()) as u64
    }
}

#[derive(PartialEq, Eq)]
struct StoredToken(Box<[u8]>);

struct Token<'a>(&'a [u8]);

impl Hash for StoredToken {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Token(&self.0).hash(state);
    }
}

impl Hash for Token<'_> {
    /// The end of a signature is as good as random, so there is no need to read the rest. The hasher is keyed: nobody
    /// can aim at a slot; and only good tokens are stored, so nobody can fill one.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let tail = self.0.last_chunk::<32>().map_or(self.0, <[u8; 32]>::as_slice);
        state.write(tail);
    }
}

impl Equivalent<StoredToken> for Token<'_> {
    fn equivalent(&self, stored: &StoredToken) -> bool {
        *self.0 == *stored.0
    }
}
