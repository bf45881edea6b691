//! The registry of codes. A code is never reused: what it once meant it means for ever.
//!
//! Families: 00 the text, 01 routes against each other, 02 paths and methods, 03 rewriting, 04 targets and services, 05 who may
//! call, 06 limits on calls, 07 time, retries and breakers, 08 bodies, upgrades and what a transport cannot do, 09 fields and lints, 10 expectations.

use std::fmt;

use crate::Level;

macro_rules! codes {
    ($($variant:ident = $name:literal $level:ident $title:literal,)+) => {
        /// Which mistake a fault is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = concat!("`", $name, "`: ", $title)] $variant,)+
        }

        impl Code {
            /// Every code, in the order of their numbers.
            pub const ALL: &[Code] = &[$(Self::$variant,)+];

            /// The code as it is written.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// How bad the mistake is unless the file's `lints` say otherwise.
            pub const fn level(self) -> Level {
                match self { $(Self::$variant => Level::$level,)+ }
            }

            /// The mistake in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }
        }
    };
}

codes! {
    NotRon = "CG0001" Error "the text is not RON",
    EmptyFile = "CG0002" Error "the file is empty",
    NotUtf8 = "CG0003" Error "the file is not UTF-8",
    TooDeep = "CG0004" Error "brackets are nested too deep",
    Unclosed = "CG0005" Error "brackets do not match",
    BadLiteral = "CG0006" Error "a text or number is malformed",
    DuplicateRoute = "CG0101" Error "two routes answer the same requests",
    Unreachable = "CG0103" Error "no request is left for a route",
    Overlap = "CG0105" Error "a route without methods shares its path with another",
    SamePattern = "CG0106" Error "two paths differ in parameter names only",
    WeakerInside = "CG0107" Warning "a route is open to more callers than the one it sits in",
    NamespaceSwallowed = "CG0108" Warning "a catch-all takes what the routes of a namespace leave",
    BuiltInShadowed = "CG0109" Error "a route hides a path that the gateway answers itself",
    NoLeadingSlash = "CG0201" Error "a path does not start with a slash",
    QueryInPath = "CG0202" Error "a path has a query or a fragment",
    NotCanonical = "CG0203" Error "a path is not in canonical form",
    IllegalInPath = "CG0204" Error "a path has a character that no path can have",
    TrailingSlash = "CG0205" Error "a path ends with a slash",
    BadMethod = "CG0206" Error "a method that does not exist, or none at all",
    Wildcard = "CG0210" Error "a path has a wildcard",
    BadParameter = "CG0211" Error "a parameter of a path is malformed",
    DuplicateParameter = "CG0212" Error "a path has two parameters of one name",
    PathTooLong = "CG0213" Error "a path is too long",
    DuplicateMethod = "CG0214" Error "a method is listed twice",
    ReplaceNotAbsolute = "CG0302" Error "a replacement does not start with a slash",
    UnknownParameter = "CG0303" Error "a replacement uses a parameter that the path does not have",
    OtherWayIn = "CG0304" Warning "two routes with different callers lead to one upstream path",
    ParameterUsedTwice = "CG0310" Error "a replacement uses a parameter twice",
    ReplaceNotCanonical = "CG0311" Error "a replacement is not a canonical path",
    UnusedRole = "CG0402" Warning "a role is declared and never used",
    BadTarget = "CG0403" Error "a target is malformed",
    SelfTarget = "CG0404" Error "a target is the gateway itself",
    Cleartext = "CG0406" Warning "requests leave the plant in clear text",
    TargetTrailingSlash = "CG0410" Warning "a target ends with a slash",
    ServiceTwoPlaces = "CG0411" Error "a service has two addresses",
    AddressTwoNames = "CG0412" Warning "two services have one address",
    BadServiceName = "CG0413" Error "a service's name is malformed",
    PortAndScheme = "CG0414" Warning "a target's port belongs to another scheme",
    AccessNotStated = "CG0501" Error "a route does not say who may call it",
    UnknownRole = "CG0502" Error "a role is not declared",
    ImpliesCircle = "CG0504" Error "roles imply each other in a circle",
    SensitivePublic = "CG0505" Warning "a sensitive path is open to everyone",
    WritesWeaker = "CG0506" Warning "more callers may write than read",
    DuplicateClaim = "CG0514" Error "two roles have one value in the token",
    NoRoles = "CG0515" Error "a list of roles is empty",
    DuplicateRole = "CG0516" Error "a role is listed twice",
    ReservedRole = "CG0517" Error "a role has a name that is built in",
    EmptyClaim = "CG0518" Error "a role has no value in the token",
    TooManyRoles = "CG0519" Error "there are too many roles",
    PublicWithoutReason = "CG0520" Warning "a route is public and does not say why",
    EveryoneInList = "CG0521" Error "everyone stands in a list of roles",
    AccessWidened = "CG0522" Warning "a route lets in more callers than before",
    ZeroLimit = "CG0601" Error "a limit is zero",
    ZeroBurst = "CG0602" Error "a burst is zero",
    LimitNeverReached = "CG0603" Warning "a limit can never be reached",
    UnlimitedWithoutReason = "CG0607" Error "a route is unlimited and does not say why",
    ZeroDuration = "CG0701" Error "a time is zero",
    BareNumber = "CG0702" Error "a number has no unit",
    RetriesNeverRun = "CG0703" Warning "retries can never run",
    PartNeverReached = "CG0704" Warning "a part of the time is as long as the whole",
    NeverRetried = "CG0705" Warning "a cause never leads to a retry with these methods",
    BadRetryCause = "CG0706" Error "a retry waits for what never fails",
    InertBreaker = "CG0707" Error "a breaker can never open, or never closes",
    BadUnit = "CG0709" Error "a time or size is malformed",
    QuantityTooLarge = "CG0710" Error "a time or size is too large",
    ZeroAttempts = "CG0711" Error "a retry never tries",
    BreakersDiffer = "CG0712" Warning "routes of one service have different breakers",
    WaitNeverGrows = "CG0713" Warning "a longest wait is shorter than the first one",
    ConcurrencyDiffers = "CG0714" Warning "routes of one service let in different numbers of requests at once",
    SharedAnswers = "CG0801" Warning "a debounce where answers should not be shared",
    HttpOnly = "CG0803" Error "a ZeroMQ service is asked for what only HTTP has",
    ZeroBody = "CG0810" Error "a body limit is zero",
    SmugglingUpgrade = "CG0811" Error "an upgrade would carry requests past the gateway",
    BadProtocol = "CG0812" Error "a list of protocols is empty, or one in it is malformed or doubled",
    UpgradeWithoutGet = "CG0813" Warning "a route allows upgrades and no request that could ask for one",
    UnknownField = "CG0901" Error "a field does not exist",
    DuplicateField = "CG0902" Error "a field is given twice",
    UnusedAllow = "CG0908" Warning "an allow silences nothing",
    MissingField = "CG0910" Error "a field is missing",
    WrongType = "CG0911" Error "a value is of the wrong kind",
    WrongName = "CG0912" Error "a struct has the wrong name",
    UnknownWord = "CG0913" Error "a word is not among those that can stand here",
    EmptyReason = "CG0914" Error "a reason is empty",
    UnknownCode = "CG0916" Error "a code does not exist",
    NotALint = "CG0917" Error "an error cannot be silenced",
    OutOfRange = "CG0918" Error "a number is out of range",
    BadExpectation = "CG1001" Error "an expectation is malformed",
    ExpectationFailed = "CG1002" Error "an expectation is not met",
    NotCovered = "CG1003" Error "the expectations do not cover a route",
}

impl Code {
    /// The code that is written so.
    pub fn from_name(name: &str) -> Option<Code> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// Whether the file may set its level: warnings are lints, errors are not. A breaker can be wrong in both ways.
    pub fn is_lint(self) -> bool {
        self.level() == Level::Warning || self == Self::InertBreaker
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_each_is_used_once() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].name() < pair[1].name()));
    }

    #[test]
    fn a_code_is_found_by_its_name() {
        assert_eq!(Code::from_name("CG0501"), Some(Code::AccessNotStated));
        assert_eq!(Code::from_name("cg0501"), None);
    }
}
