//! The keys that tokens are checked with: an issuer's JWK set, and for a while the keys that it had before.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::TokenFault;
use super::jwk::{Jwk, Key, KeyFault};
use crate::clock::UnixSeconds;
use crate::settings::Algorithm;

/// The longest JWK set that is read, in bytes.
pub(super) const MAX_BYTES: usize = 1 << 20;
/// How many keys a set may have.
const MAX_KEYS: usize = 100;

/// The keys that tokens are checked with.
#[derive(Default)]
pub struct KeySet {
    keys: Vec<KnownKey>,
}

/// A key, and until when it is believed.
#[derive(Clone)]
pub(super) struct KnownKey {
    pub(super) key: Arc<Key>,
    /// The end of its grace period, if the issuer's set does not hold it any more.
    pub(super) until: Option<UnixSeconds>,
}

/// The usable keys of a JWK set, and the others.
pub(super) struct ReadKeys {
    pub(super) usable: Vec<Arc<Key>>,
    pub(super) skipped: Vec<SkippedKey>,
}

/// A key that is not used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SkippedKey {
    /// Its place in the set, from 0.
    pub(super) index: usize,
    pub(super) kid: Option<String>,
    pub(super) fault: KeyFault,
}

/// Why a JWK set as a whole is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetFault {
    /// It is longer than 1 MiB.
    #[error("the key set is longer than 1 MiB")]
    TooLarge,
    /// It is no JSON object with a list `keys`.
    #[error("the key set is no JSON object with a list `keys`")]
    NotAKeySet,
    /// It has more than 100 keys.
    #[error("the key set has more than 100 keys")]
    TooMany,
    /// It has no keys; as likely a mistake as an order to believe nobody.
    #[error("the key set is empty")]
    Empty,
    /// It has no key that can be used, the first one for this reason.
    #[error("the key set has no key that can be used: of the first, {0}")]
    NoUsableKey(#[source] KeyFault),
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<serde_json::Value>,
}

impl ReadKeys {
    /// Reads a JWK set. One key that cannot be used does no harm to the others.
    pub(super) fn parse(json: &[u8]) -> Result<Self, KeySetFault> {
        if json.len() > MAX_BYTES {
            return Err(KeySetFault::TooLarge);
        }
        let set: JwkSet = serde_json::from_slice(json).map_err(|_| KeySetFault::NotAKeySet)?;
        if set.keys.len() > MAX_KEYS {
            return Err(KeySetFault::TooMany);
        }
        let (mut usable, mut skipped) = (Vec::<Arc<Key>>::new(), Vec::new());
        for (index, value) in set.keys.into_iter().enumerate() {
            match read_key(value) {
                // A set may repeat a key; one is enough.
                Ok(key) if usable.iter().any(|known| known.fingerprint == key.fingerprint) => {}
                Ok(key) => usable.push(Arc::new(key)),
                Err((kid, fault)) => skipped.push(SkippedKey { index, kid, fault }),
            }
        }
        if usable.is_empty() {
            return Err(skipped.first().map_or(KeySetFault::Empty, |first| KeySetFault::NoUsableKey(first.fault)));
        }
        Ok(Self { usable, skipped })
    }
}

fn read_key(value: serde_json::Value) -> Result<Key, (Option<String>, KeyFault)> {
    let jwk: Jwk = serde_json::from_value(value).map_err(|_| (None, KeyFault::Unreadable))?;
    Key::new(&jwk).map_err(|fault| (jwk.kid, fault))
}

impl KeySet {
    /// The keys of a JWK set, those that can be used.
    ///
    /// # Errors
    ///
    /// Says why the set as a whole cannot be used.
    pub fn parse(json: &[u8]) -> Result<Self, KeySetFault> {
        Ok(Self::default().replaced(&ReadKeys::parse(json)?.usable, UnixSeconds(0), Duration::ZERO))
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many keys the issuer's set holds, and how many are believed for a while longer.
    pub(super) fn counts(&self) -> (usize, usize) {
        let retired = self.keys.iter().filter(|known| known.until.is_some()).count();
        (self.keys.len() - retired, retired)
    }

    /// The set that believes `keys`, and for `grace` longer those of this set that are not among them.
    #[must_use]
    pub(super) fn replaced(&self, keys: &[Arc<Key>], now: UnixSeconds, grace: Duration) -> Self {
        let gone = self.keys.iter().filter(|old| !keys.iter().any(|key| key.fingerprint == old.key.fingerprint));
        let retired = gone
            .map(|old| KnownKey { key: Arc::clone(&old.key), until: Some(old.until.unwrap_or(now.plus(grace))) })
            .filter(|old| old.is_believed(now));
        let current = keys.iter().map(|key| KnownKey { key: Arc::clone(key), until: None });
        Self { keys: current.chain(retired).collect() }
    }

    /// Whether this set believes exactly `keys` already, and no key is waiting to be forgotten.
    pub(super) fn is_the_same(&self, keys: &[Arc<Key>], now: UnixSeconds) -> bool {
        let (current, _) = self.counts();
        let holds = |key: &Arc<Key>| {
            self.keys.iter().any(|known| known.until.is_none() && known.key.fingerprint == key.fingerprint)
        };
        current == keys.len() && keys.iter().all(holds) && self.keys.iter().all(|known| known.is_believed(now))
    }

    /// The key of this fingerprint, if it is still believed.
    pub(super) fn find(&self, fingerprint: &[u8; 32], now: UnixSeconds) -> Option<&KnownKey> {
        self.keys.iter().find(|known| known.key.fingerprint == *fingerprint && known.is_believed(now))
    }

    /// The keys to try for a token of this key id and algorithm, the issuer's present ones first; at least one.
    pub(super) fn candidates(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
        now: UnixSeconds,
    ) -> Result<Vec<&KnownKey>, TokenFault> {
        if self.is_empty() {
            return Err(TokenFault::NoKeys);
        }
        let named = |known: &&KnownKey| kid.is_none_or(|kid| known.key.kid.as_deref() == Some(kid));
        let mut named = self.keys.iter().filter(|known| known.is_believed(now)).filter(named).peekable();
        if named.peek().is_none() {
            return Err(TokenFault::UnknownKey);
        }
        let fitting: Vec<&KnownKey> = named.filter(|known| known.key.fits(algorithm)).collect();
        let current = fitting.iter().filter(|known| known.until.is_none()).count();
        match kid {
            // Without a name the token may mean the one key that fits, or the one that this has replaced.
            None if current > 1 => Err(TokenFault::AmbiguousKey),
            None if fitting.is_empty() => Err(TokenFault::UnknownKey),
            Some(_) if fitting.is_empty() => Err(TokenFault::WrongAlgorithm),
            _ => Ok(fitting),
        }
    }
}

/// A key as it is handed over to the gateway that comes next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeyRecord {
    jwk: Jwk,
    /// The end of its grace period, in seconds since 1970.
    until: Option<u64>,
}

impl KeySet {
    /// All keys, and until when each is believed.
    pub(super) fn record(&self) -> Vec<KeyRecord> {
        let record =
            |known: &KnownKey| KeyRecord { jwk: known.key.jwk.clone(), until: known.until.map(|until| until.0) };
        self.keys.iter().map(record).collect()
    }

    /// The set of these keys, but for those that this version does not take any more.
    pub(super) fn resumed(records: &[KeyRecord]) -> Self {
        let known = |record: &KeyRecord| {
            let key = Arc::new(Key::new(&record.jwk).ok()?);
            Some(KnownKey { key, until: record.until.map(UnixSeconds) })
        };
        Self { keys: records.iter().filter_map(known).collect() }
    }
}

impl KnownKey {
    fn is_believed(&self, now: UnixSeconds) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}
