//! Every way in which a credential fails, and what the log says of it.

/// Why a request's credential is not believed.
///
/// Clients are told no more than that it is not; the reason is for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenFault {
    /// No `Authorization` field, or one of another scheme than `Bearer`.
    Missing,
    /// More than one `Authorization` field.
    Repeated,
    /// An `Authorization` field that is too long to be looked at.
    TooLarge,
    /// No signed token in compact form, or members of the wrong kind in it.
    Malformed,
    /// A member stands twice in the header or the claims, so that two readers could read two things.
    DuplicateMember,
    /// The header asks for what is not understood: `crit`, or `b64` with `false`.
    UnsupportedHeader,
    /// The header's `typ` is that of something else than an access token.
    WrongType,
    /// The algorithm is not allowed, or is not the key's.
    WrongAlgorithm,
    /// There are no keys to check any token with.
    NoKeys,
    /// The key that the token names is not known.
    UnknownKey,
    /// The token names no key, and more than one fits.
    AmbiguousKey,
    /// The signature is not the key's.
    BadSignature,
    /// There is no `exp`.
    NoExpiry,
    /// It is past `exp`.
    Expired,
    /// It is before `nbf`.
    NotYetValid,
    /// `iat` is in the future.
    IssuedInFuture,
    /// `iss` is missing or not the configured one.
    WrongIssuer,
    /// `aud` is missing or does not hold the configured one.
    WrongAudience,
    /// It was issued too long ago, or does not say when.
    TooOld,
    /// It is on the revocation list.
    Revoked,
    /// There is a revocation list, which has not been read yet: the token may be on it.
    RevocationsUnknown,
}

/// What is to be read before a token can be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The issuer's keys, which may have changed.
    Keys,
    /// The revocation list.
    Revocations,
}

impl TokenFault {
    /// Every fault.
    pub const ALL: [Self; 21] = [
        Self::Missing,
        Self::Repeated,
        Self::TooLarge,
        Self::Malformed,
        Self::DuplicateMember,
        Self::UnsupportedHeader,
        Self::WrongType,
        Self::WrongAlgorithm,
        Self::NoKeys,
        Self::UnknownKey,
        Self::AmbiguousKey,
        Self::BadSignature,
        Self::NoExpiry,
        Self::Expired,
        Self::NotYetValid,
        Self::IssuedInFuture,
        Self::WrongIssuer,
        Self::WrongAudience,
        Self::TooOld,
        Self::Revoked,
        Self::RevocationsUnknown,
    ];

    /// What may make the same token good, if anything does.
    pub const fn remedy(self) -> Option<Remedy> {
        match self {
            Self::NoKeys | Self::UnknownKey => Some(Remedy::Keys),
            Self::RevocationsUnknown => Some(Remedy::Revocations),
            _ => None,
        }
    }

    /// The fault in one word, for metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Repeated => "repeated",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::DuplicateMember => "duplicate_member",
            Self::UnsupportedHeader => "unsupported_header",
            Self::WrongType => "wrong_type",
            Self::WrongAlgorithm => "wrong_algorithm",
            Self::NoKeys => "no_keys",
            Self::UnknownKey => "unknown_key",
            Self::AmbiguousKey => "ambiguous_key",
            Self::BadSignature => "bad_signature",
            Self::NoExpiry => "no_expiry",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::IssuedInFuture => "issued_in_future",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongAudience => "wrong_audience",
            Self::TooOld => "too_old",
            Self::Revoked => "revoked",
            Self::RevocationsUnknown => "revocations_unknown",
        }
    }

    /// The fault in a clause, for the log.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Missing => "there is no bearer token",
            Self::Repeated => "there is more than one Authorization field",
            Self::TooLarge => "the Authorization field is too long",
            Self::Malformed => "the token is malformed",
            Self::DuplicateMember => "the token has a member twice",
            Self::UnsupportedHeader => "the token's header asks for an extension that is not understood",
            Self::WrongType => "the token is of another type than an access token",
            Self::WrongAlgorithm => "the token's algorithm is not allowed for its key",
            Self::NoKeys => "there are no keys to check tokens with",
            Self::UnknownKey => "the token's key is not in the key set",
            Self::AmbiguousKey => "the token names no key and more than one fits",
            Self::BadSignature => "the token's signature is wrong",
            Self::NoExpiry => "the token never expires",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not valid yet",
            Self::IssuedInFuture => "the token was issued in the future",
            Self::WrongIssuer => "the token is of another issuer",
            Self::WrongAudience => "the token is for another audience",
            Self::TooOld => "the token was issued too long ago or does not say when",
            Self::Revoked => "the token has been revoked",
            Self::RevocationsUnknown => "the revocation list has not been read yet",
        }
    }
}
