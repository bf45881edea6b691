//! The check of a request's token: found again if it was checked before, else checked.

use std::rc::Rc;
use std::sync::Arc;

use arc_swap::ArcSwap;
use gateway_table::Table;
use http::HeaderMap;

use super::bearer::{credential, token68};
use super::key_set::KeySet;
use super::token::{self, Rules};
use super::{Principal, TokenCache, TokenFault};
use crate::clock::UnixSeconds;
use crate::settings::AuthSettings;

/// What all threads share to check tokens: the rules, and the keys as they are now.
pub struct Verifier {
    /// `None` where nobody's tokens are believed.
    rules: Option<Rules>,
    keys: ArcSwap<KeySet>,
    table: &'static Table,
}

impl Verifier {
    /// A verifier without keys, which believes nobody until some are [installed](Self::install).
    pub fn new(settings: Option<&AuthSettings>, table: &'static Table) -> Self {
        Self { rules: settings.map(Rules::from), keys: ArcSwap::from_pointee(KeySet::default()), table }
    }

    /// Replaces the keys.
    pub fn install(&self, keys: KeySet) {
        self.keys.store(Arc::new(keys));
    }

    /// The keys as they are now.
    pub fn keys(&self) -> Arc<KeySet> {
        self.keys.load_full()
    }

    /// Who is asking, by the token in `headers`. With a token that this thread has seen before, this takes no lock and
    /// allocates nothing.
    ///
    /// # Errors
    ///
    /// Says why the token is not believed. After [`TokenFault::UnknownKey`] or [`TokenFault::NoKeys`], fresh keys may
    /// change that.
    pub fn authenticate(
        &self,
        cache: &mut TokenCache,
        headers: &HeaderMap,
        now: UnixSeconds,
    ) -> Result<Rc<Principal>, TokenFault> {
        let credential = credential(headers)?;
        let Some(rules) = &self.rules else { return Err(TokenFault::NoKeys) };
        let keys = self.keys.load();
        if let Some(principal) = cache.find(credential, &keys, now) {
            let Err(fault) = token::check_times(principal, rules.leeway, now) else {
                return Ok(Rc::clone(principal));
            };
            // It will not become good again, but for a clock that is set back.
            cache.remove(credential);
            return Err(fault);
        }
        let (principal, known) = token::verify(token68(credential)?, rules, &keys, self.table, now)?;
        let principal = Rc::new(principal);
        cache.insert(credential, &principal, &keys, known);
        Ok(principal)
    }
}
