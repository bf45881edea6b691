//! Roles as bits: what a token carries, and what a route asks for.

use crate::Text;

/// A role as the route file declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name in the route file.
    pub name: Text,
    /// Its value in a token's roles claim.
    pub claim: Text,
    /// What a token with this value is good for: the role itself and every role it implies, directly or not.
    pub grants: RoleSet,
}

/// A set of roles; the *n*-th bit stands for the table's *n*-th role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RoleSet(u64);

impl RoleSet {
    /// No role.
    pub const EMPTY: RoleSet = RoleSet(0);
    /// How many roles a table can have.
    pub const CAPACITY: usize = 64;

    /// The set with these bits.
    pub const fn from_bits(bits: u64) -> RoleSet {
        RoleSet(bits)
    }

    /// The bits that [`RoleSet::from_bits`] takes.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The set of the `index`-th role alone; empty past [`RoleSet::CAPACITY`].
    pub const fn single(index: usize) -> RoleSet {
        if index < Self::CAPACITY { RoleSet(1 << index) } else { RoleSet(0) }
    }

    /// What either set has.
    #[must_use]
    pub const fn union(self, other: RoleSet) -> RoleSet {
        RoleSet(self.0 | other.0)
    }

    /// Whether the sets have a role in common.
    pub const fn intersects(self, other: RoleSet) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether the `index`-th role is in the set.
    pub const fn contains(self, index: usize) -> bool {
        self.intersects(Self::single(index))
    }

    /// Whether the set has no role.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The indices of the roles in the set, ascending.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..Self::CAPACITY).filter(move |index| self.contains(*index))
    }
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Anyone; no token is asked for.
    Everyone,
    /// Whoever has at least one of these roles; no request gets in when the set is empty.
    AnyOf(RoleSet),
}

impl Access {
    /// Whether a caller with these roles may call; `None` is a caller without a token.
    pub const fn admits(self, roles: Option<RoleSet>) -> bool {
        match (self, roles) {
            (Self::Everyone, _) => true,
            (Self::AnyOf(wanted), Some(roles)) => wanted.intersects(roles),
            (Self::AnyOf(_), None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_for_no_role_admits_nobody() {
        let nobody = Access::AnyOf(RoleSet::EMPTY);
        assert!(!nobody.admits(None));
        assert!(!nobody.admits(Some(RoleSet::from_bits(u64::MAX))));
    }

    #[test]
    fn one_common_role_is_enough() {
        let wanted = RoleSet::single(0).union(RoleSet::single(63));
        assert!(Access::AnyOf(wanted).admits(Some(RoleSet::single(63))));
        assert!(!Access::AnyOf(wanted).admits(Some(RoleSet::single(1))));
        assert_eq!(wanted.iter().collect::<Vec<_>>(), [0, 63]);
    }
}
