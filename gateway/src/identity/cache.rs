//! The identity fields that a worker has made: one set for each principal and service, kept while they are fresh.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use gateway_table::{RoleSet, Table};
use quick_cache::Equivalent;
use quick_cache::unsync::Cache;

use super::IdentityFields;
use crate::clock::UnixSeconds;

/// How many identities are kept.
const CAPACITY: usize = 4096;
/// How long fields without a token are kept.
pub(super) const PLAIN_FIELDS_KEPT: Duration = Duration::from_hours(1);

/// Who asks which service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker<'a> {
    /// The service, by index into the table's.
    pub(super) service: u32,
    pub(super) roles: RoleSet,
    pub(super) subject: Option<&'a str>,
}

impl Asker<'_> {
    /// The roles as tokens call them, those that can stand in a list with commas.
    pub(super) fn role_claims(&self, table: &'static Table) -> Vec<&'static str> {
        let claims = self.roles.iter().filter_map(|index| table.roles.get(index)).map(|role| &*role.claim);
        claims.filter(|claim| !claim.contains(',')).collect()
    }
}

/// Identity fields by who asks which service.
pub(super) struct IdentityCache {
    entries: Cache<Stored, Entry>,
}

struct Entry {
    fields: IdentityFields,
    made_at: UnixSeconds,
    fresh_until: UnixSeconds,
}

#[derive(PartialEq, Eq)]
struct Stored {
    service: u32,
    roles: RoleSet,
    subject: Option<Box<str>>,
}

impl Default for IdentityCache {
    fn default() -> Self {
        Self { entries: Cache::new(CAPACITY) }
    }
}

impl IdentityCache {
    /// The fields, if they are still fresh.
    pub(super) fn find(&self, asker: &Asker<'_>, now: UnixSeconds) -> Option<&IdentityFields> {
        let entry = self.entries.get(asker)?;
        // What is to be sent must not have been made in the future, as it seems after a clock was set back.
        (entry.made_at <= now && now < entry.fresh_until).then_some(&entry.fields)
    }

    pub(super) fn insert(&mut self, asker: &Asker<'_>, fields: IdentityFields, now: UnixSeconds, good_for: Duration) {
        let stored = Stored { service: asker.service, roles: asker.roles, subject: asker.subject.map(Into::into) };
        let entry = Entry { fields, made_at: now, fresh_until: now.plus(good_for) };
        self.entries.insert(stored, entry);
    }
}

impl Stored {
    fn as_asker(&self) -> Asker<'_> {
        Asker { service: self.service, roles: self.roles, subject: self.subject.as_deref() }
    }
}

impl Hash for Stored {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_asker().hash(state);
    }
}

impl Hash for Asker<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.service, self.roles, self.subject).hash(state);
    }
}

impl Equivalent<Stored> for Asker<'_> {
    fn equivalent(&self, stored: &Stored) -> bool {
        let stored = stored.as_asker();
        (self.service, self.roles, self.subject) == (stored.service, stored.roles, stored.subject)
    }
}
