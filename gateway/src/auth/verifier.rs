//! The check of a request's token: found again if it was checked before, else checked.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use gateway_table::Table;
use http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::bearer::{credential, token68};
use super::key_set::{KeyRecord, KeySet};
use super::token::{self, Rules};
use super::trust::{Revocations, Trust};
use super::{Principal, RevocationList, TokenCache, TokenFault};
use crate::clock::UnixSeconds;
use crate::settings::AuthSettings;

/// What all threads share to check tokens: whom to believe as it is now.
pub struct Verifier {
    trust: ArcSwap<Trust>,
    table: &'static Table,
    /// When the keys were last confirmed, in seconds since 1970; 0 before that.
    confirmed_at: AtomicU64,
}

/// Whom a verifier believes, as it is handed over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TrustRecord {
    keys: Vec<KeyRecord>,
    /// In seconds since 1970.
    confirmed_at: u64,
    revocations: Option<serde_json::Value>,
}

impl Verifier {
    /// A verifier without keys, which believes nobody until some are [installed](Self::install); and if a revocation
    /// list is configured, not before that is [installed](Self::install_revocations) too.
    pub fn new(settings: Option<&AuthSettings>, table: &'static Table) -> Self {
        let is_awaited = settings.is_some_and(|settings| settings.revocations.is_some());
        let revocations = if is_awaited { Revocations::Awaited } else { Revocations::None };
        let rules = settings.map(|settings| Arc::new(Rules::from(settings)));
        let trust = Trust::new(rules, Arc::default(), revocations);
        Self { trust: ArcSwap::from_pointee(trust), table, confirmed_at: AtomicU64::new(0) }
    }

    /// Replaces everything at once: what a token must be, and the keys and the list where there are others.
    pub(super) fn replace(&self, settings: &AuthSettings, keys: Option<KeySet>, revocations: Option<Revocations>) {
        let known = self.trust.load();
        let keys = keys.map_or_else(|| Arc::clone(&known.keys), Arc::new);
        let revocations = revocations.unwrap_or_else(|| known.revocations.clone());
        self.trust.store(Arc::new(Trust::new(Some(Arc::new(Rules::from(settings))), keys, revocations)));
    }

    /// Believes nobody any more.
    pub(crate) fn believe_nobody(&self) {
        self.trust.store(Arc::new(Trust::new(None, Arc::default(), Revocations::None)));
    }

    /// Whether anybody's tokens are believed at all.
    pub(crate) fn is_configured(&self) -> bool {
        self.trust.load().rules.is_some()
    }

    /// Replaces the keys.
    pub fn install(&self, keys: KeySet) {
        let keys = Arc::new(keys);
        self.trust.rcu(|trust| trust.with_keys(Arc::clone(&keys)));
    }

    /// Replaces the revocation list.
    pub fn install_revocations(&self, list: RevocationList) {
        let list = Arc::new(list);
        self.trust.rcu(|trust| trust.with_revocations(Arc::clone(&list)));
    }

    /// The keys as they are now.
    pub fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.trust.load().keys)
    }

    /// How many keys the issuer's set holds, and how many are believed for a while longer.
    pub(crate) fn key_counts(&self) -> (usize, usize) {
        self.trust.load().keys.counts()
    }

    /// The keys have been read, whether they are new or not.
    pub(crate) fn keys_confirmed(&self, now: UnixSeconds) {
        self.confirmed_at.store(now.0, Ordering::Relaxed);
    }

    /// How long ago the keys were last read, if they ever were.
    pub(crate) fn key_age(&self, now: UnixSeconds) -> Option<Duration> {
        let at = self.confirmed_at.load(Ordering::Relaxed);
        (at > 0).then(|| Duration::from_secs(now.0.saturating_sub(at)))
    }

    /// The revocation list as it is now, if there is one that has been read.
    pub fn revocations(&self) -> Option<Arc<RevocationList>> {
        match &self.trust.load().revocations {
            Revocations::Known(list) => Some(Arc::clone(list)),
            Revocations::None | Revocations::Awaited => None,
        }
    }

    /// Why no token at all can be believed at the moment, if that is so: what readiness is asked for.
    pub fn lacks(&self) -> Option<TokenFault> {
        let trust = self.trust.load();
        if trust.rules.is_none() || trust.keys.is_empty() {
            return Some(TokenFault::NoKeys);
        }
        matches!(trust.revocations, Revocations::Awaited).then_some(TokenFault::RevocationsUnknown)
    }

    /// Who is asking, by the token in `headers`. With a token that this thread has seen before, this takes no lock and
    /// allocates nothing. A thread checks one token at a time, so that a token that comes many times at once is checked
    /// no more than once by each.
    ///
    /// # Errors
    ///
    /// Says why the token is not believed. If that has a [remedy](TokenFault::remedy), a later try may pass.
    pub fn authenticate(
        &self,
        cache: &mut TokenCache,
        headers: &HeaderMap,
        now: UnixSeconds,
    ) -> Result<Rc<Principal>, TokenFault> {
        let trust = self.trust.load();
        // Without rules nothing is looked at but whether there is a token at all.
        let max_bytes = trust.rules.as_ref().map_or(usize::MAX, |rules| rules.max_bytes);
        let credential = credential(headers, max_bytes)?;
        let Some(rules) = &trust.rules else { return Err(TokenFault::NoKeys) };
        cache.keep_to(rules);
        let known = cache.find(credential, &trust, now).and_then(|found| match found {
            Some(principal) => token::check_times(principal, rules, now).map(|()| Some(Rc::clone(principal))),
            None => Ok(None),
        });
        match known {
            Ok(Some(principal)) => return Ok(principal),
            Ok(None) => {}
            Err(fault) => {
                // It will not become good again, but for a clock that is set back.
                cache.remove(credential);
                return Err(fault);
            }
        }
        let (principal, known) =
            token::verify(token68(credential)?, rules, &trust.keys, self.table, now, &mut cache.last_header)?;
        trust.revocations.check(&principal)?;
        let principal = Rc::new(principal);
        cache.insert(credential, &principal, &trust, known);
        Ok(principal)
    }

    /// Whom it believes, for the gateway that comes next.
    pub(crate) fn record(&self) -> TrustRecord {
        TrustRecord {
            keys: self.keys().record(),
            confirmed_at: self.confirmed_at.load(Ordering::Relaxed),
            revocations: self.revocations().map(|list| list.to_json()),
        }
    }

    /// Believes whom the gateway before has believed, until it is told otherwise; nobody, where none are to be believed.
    pub(crate) fn resume(&self, record: &TrustRecord) {
        if !self.is_configured() {
            return;
        }
        self.install(KeySet::resumed(&record.keys));
        self.confirmed_at.store(record.confirmed_at, Ordering::Relaxed);
        let is_awaited = matches!(self.trust.load().revocations, Revocations::Awaited);
        let list = record.revocations.as_ref().filter(|_| is_awaited);
        if let Some(list) = list.and_then(|list| RevocationList::parse(list.to_string().as_bytes()).ok()) {
            self.install_revocations(list);
        }
    }

    /// The key id that the token in `headers` names, if it can be read.
    pub(crate) fn key_id(&self, headers: &HeaderMap) -> Option<String> {
        let trust = self.trust.load();
        let rules = trust.rules.as_ref()?;
        token::key_id(token68(credential(headers, rules.max_bytes).ok()?).ok()?, rules)
    }
}
