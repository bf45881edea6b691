//! The request methods that a route can list, and sets of them.

use std::fmt;

/// A request method that a route may list (RFC 9110 §9, RFC 5789 for PATCH). Any other is never routed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Method {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
    /// `OPTIONS`
    Options,
}

impl Method {
    /// Every method, in the order in which they are listed to people.
    pub const ALL: [Method; 7] =
        [Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete, Self::Options];

    /// The method of this exact name; method names are case-sensitive (RFC 9110 §9.1).
    pub fn from_name(name: &str) -> Option<Method> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    /// The name as it stands in a request line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of [`Method`]s; displayed as the value of an `Allow` field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct MethodSet(u8);

impl MethodSet {
    /// No method.
    pub const EMPTY: MethodSet = MethodSet(0);
    /// Every method of [`Method::ALL`].
    pub const ALL: MethodSet = MethodSet(0x7f);

    /// The set with these bits, bit *n* standing for the *n*-th of [`Method::ALL`].
    pub const fn from_bits(bits: u8) -> MethodSet {
        MethodSet(bits & Self::ALL.0)
    }

    /// The bits that [`MethodSet::from_bits`] takes.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// This set and `method`.
    #[must_use]
    pub const fn with(self, method: Method) -> MethodSet {
        MethodSet(self.0 | 1 << method as u8)
    }

    /// This set without `method`.
    #[must_use]
    pub const fn without(self, method: Method) -> MethodSet {
        MethodSet(self.0 & !(1 << method as u8))
    }

    /// Whether `method` is in the set.
    pub const fn contains(self, method: Method) -> bool {
        self.0 & (1 << method as u8) != 0
    }

    /// Whether the set has no method.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What both sets have.
    #[must_use]
    pub const fn intersection(self, other: MethodSet) -> MethodSet {
        MethodSet(self.0 & other.0)
    }

    /// What either set has.
    #[must_use]
    pub const fn union(self, other: MethodSet) -> MethodSet {
        MethodSet(self.0 | other.0)
    }

    /// The methods of the set, in the order of [`Method::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Method> {
        Method::ALL.into_iter().filter(move |method| self.contains(*method))
    }
}

impl FromIterator<Method> for MethodSet {
    fn from_iter<I: IntoIterator<Item = Method>>(methods: I) -> Self {
        methods.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl fmt::Display for MethodSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, method) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(method.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_displayed_as_an_allow_field() {
        let set: MethodSet = [Method::Post, Method::Get].into_iter().collect();
        assert_eq!(set.to_string(), "GET, POST");
        assert_eq!(MethodSet::EMPTY.to_string(), "");
    }

    #[test]
    fn all_is_every_method() {
        assert_eq!(Method::ALL.into_iter().collect::<MethodSet>(), MethodSet::ALL);
    }

    #[test]
    fn method_names_are_case_sensitive() {
        assert_eq!(Method::from_name("PATCH"), Some(Method::Patch));
        assert_eq!(Method::from_name("patch"), None);
    }
}
