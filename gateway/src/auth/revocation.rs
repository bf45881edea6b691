//! Which tokens are not believed any more, whatever their signature says: by name, by subject, by key, by age.
//!
//! In: the JSON text that `docs/revocations.md` describes. Out: a [`RevocationList`], or why the text is none. A text
//! that is only partly understood is refused whole: what it was meant to revoke would slip through.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::json::read_object;
use super::{Principal, TokenFault};
use crate::clock::UnixSeconds;

/// The longest list that is read, in bytes.
pub(super) const MAX_BYTES: usize = 4 << 20;

/// Which tokens are not believed any more.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RevocationList {
    /// By `jti`.
    tokens: HashSet<Box<str>>,
    /// By `sub`: those that were issued before the moment, or all where there is none.
    subjects: HashMap<Box<str>, Option<UnixSeconds>>,
    /// By `kid`.
    keys: HashSet<Box<str>>,
    /// Whosever they are.
    issued_before: Option<UnixSeconds>,
}

/// Why a text is no revocation list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RevocationFault {
    /// It is longer than 4 MiB.
    #[error("the revocation list is longer than 4 MiB")]
    TooLarge,
    /// It is no JSON object.
    #[error("the revocation list is no JSON object")]
    NotAnObject,
    /// A member stands twice, so that two readers could read two things.
    #[error("the revocation list has a member twice")]
    Repeated,
    /// A member that means nothing.
    #[error(
        "the revocation list has the unknown member `{0}`; it may have `tokens`, `subjects`, `keys`, `issued_before`"
    )]
    UnknownMember(String),
    /// A member of the wrong kind.
    #[error("in the revocation list, `{member}` must be {expected}")]
    WrongType {
        /// The member.
        member: &'static str,
        /// What it takes.
        expected: &'static str,
    },
}

impl RevocationList {
    /// Reads a list.
    ///
    /// # Errors
    ///
    /// Says why the text is none.
    pub fn parse(json: &[u8]) -> Result<Self, RevocationFault> {
        if json.len() > MAX_BYTES {
            return Err(RevocationFault::TooLarge);
        }
        let members = read_object(json, usize::MAX).map_err(|fault| match fault {
            TokenFault::DuplicateMember => RevocationFault::Repeated,
            _ => RevocationFault::NotAnObject,
        })?;
        let mut list = Self::default();
        for (name, value) in members.into_iter() {
            match &*name {
                "tokens" => list.tokens = names("tokens", value)?,
                "subjects" => list.subjects = subjects(value)?,
                "keys" => list.keys = names("keys", value)?,
                "issued_before" => list.issued_before = Some(moment(&value).ok_or(WRONG_MOMENT)?),
                _ => return Err(RevocationFault::UnknownMember(name.chars().take(40).collect())),
            }
        }
        Ok(list)
    }

    /// Whether this list revokes the token that proved `principal`.
    pub(super) fn revokes(&self, principal: &Principal) -> bool {
        let holds = |set: &HashSet<Box<str>>, name: &Option<Box<str>>| {
            !set.is_empty() && name.as_ref().is_some_and(|name| set.contains(name))
        };
        holds(&self.tokens, &principal.token_id)
            || holds(&self.keys, &principal.key_id)
            || is_older(principal, self.issued_before)
            || principal.subject.as_ref().and_then(|subject| self.subjects.get(subject)).is_some_and(|before| {
                // Without a moment, all of the subject's tokens are meant.
                before.is_none() || is_older(principal, *before)
            })
    }

    /// The list as [`Self::parse`] reads it.
    pub(super) fn to_json(&self) -> Value {
        let moment = |moment: &Option<UnixSeconds>| moment.map_or(Value::Null, |moment| moment.0.into());
        let subjects: serde_json::Map<String, Value> =
            self.subjects.iter().map(|(name, before)| (name.to_string(), moment(before))).collect();
        let mut json = serde_json::json!({ "tokens": self.tokens, "subjects": subjects, "keys": self.keys });
        if self.issued_before.is_some() {
            json["issued_before"] = moment(&self.issued_before);
        }
        json
    }

    /// How many entries it has.
    pub(super) fn len(&self) -> usize {
        self.tokens.len() + self.subjects.len() + self.keys.len() + usize::from(self.issued_before.is_some())
    }
}

/// Whether a token was issued before the moment; one that does not say when it was issued may have been.
fn is_older(principal: &Principal, before: Option<UnixSeconds>) -> bool {
    before.is_some_and(|before| principal.issued_at.is_none_or(|issued_at| issued_at < before))
}

const WRONG_MOMENT: RevocationFault =
    RevocationFault::WrongType { member: "issued_before", expected: "a whole number of seconds since 1970" };

fn names(member: &'static str, value: Value) -> Result<HashSet<Box<str>>, RevocationFault> {
    let wrong = RevocationFault::WrongType { member, expected: "a list of texts that are not empty" };
    let Value::Array(list) = value else { return Err(wrong) };
    let name = |value| match value {
        Value::String(name) if !name.is_empty() => Some(name.into_boxed_str()),
        _ => None,
    };
    list.into_iter().map(name).collect::<Option<_>>().ok_or(wrong)
}

fn subjects(value: Value) -> Result<HashMap<Box<str>, Option<UnixSeconds>>, RevocationFault> {
    let expected = "an object whose members are whole numbers of seconds since 1970, or null";
    let wrong = RevocationFault::WrongType { member: "subjects", expected };
    let Value::Object(members) = value else { return Err(wrong) };
    let subject = |(name, value): (String, Value)| match value {
        Value::Null => Some((name.into_boxed_str(), None)),
        _ => Some((name.into_boxed_str(), Some(moment(&value)?))),
    };
    members.into_iter().map(subject).collect::<Option<_>>().ok_or(wrong)
}

fn moment(value: &Value) -> Option<UnixSeconds> {
    value.as_u64().map(UnixSeconds)
}

#[cfg(test)]
mod tests {
    use gateway_table::RoleSet;

    use super::*;

    fn principal() -> Principal {
        Principal {
            subject: Some("olga".into()),
            token_id: Some("t-1".into()),
            key_id: Some("k1".into()),
            roles: RoleSet::EMPTY,
            expires_at: UnixSeconds(900),
            not_before: None,
            issued_at: Some(UnixSeconds(100)),
        }
    }

    fn revokes(list: &str, principal: &Principal) -> bool {
        RevocationList::parse(list.as_bytes()).unwrap().revokes(principal)
    }

    #[test]
    fn a_token_is_revoked_by_its_name_its_subject_its_key_or_its_age() {
        for list in [
            r#"{"tokens":["t-0","t-1"]}"#,
            r#"{"subjects":{"olga":null}}"#,
            r#"{"subjects":{"ivan":7,"olga":101}}"#,
            r#"{"keys":["k1"]}"#,
            r#"{"issued_before":101}"#,
        ] {
            assert!(revokes(list, &principal()), "{list}");
        }
        for list in [
            "{}",
            r#"{"tokens":[],"subjects":{},"keys":[]}"#,
            r#"{"tokens":["t-2","olga","k1","T-1","t-1 "]}"#,
            r#"{"subjects":{"olga":100,"ivan":null,"t-1":null}}"#,
            r#"{"keys":["t-1","k"]}"#,
            r#"{"issued_before":100}"#,
        ] {
            assert!(!revokes(list, &principal()), "{list}");
        }
    }

    #[test]
    fn a_token_that_does_not_say_when_it_was_issued_counts_as_old() {
        let nameless = Principal { issued_at: None, token_id: None, key_id: None, ..principal() };
        assert!(revokes(r#"{"issued_before":1}"#, &nameless));
        assert!(revokes(r#"{"subjects":{"olga":1}}"#, &nameless));
        assert!(!revokes(r#"{"tokens":["t-1"],"keys":["k1"]}"#, &nameless));
    }

    #[test]
    fn a_list_that_is_not_understood_whole_is_refused() {
        let fault = |text: &str| RevocationList::parse(text.as_bytes()).unwrap_err();
        for text in ["", "[]", "null", "{", "{}x", "<html>", "\u{feff}{}"] {
            assert_eq!(fault(text), RevocationFault::NotAnObject, "{text}");
        }
        for text in [r#"{"keys":[],"keys":[]}"#, r#"{"subjects":{"a":1,"a":null}}"#] {
            assert_eq!(fault(text), RevocationFault::Repeated, "{text}");
        }
        assert_eq!(fault(r#"{"token":["t-1"]}"#), RevocationFault::UnknownMember("token".into()));
        for (text, wrong) in [
            (r#"{"tokens":"t-1"}"#, "tokens"),
            (r#"{"tokens":["t-1",2]}"#, "tokens"),
            (r#"{"tokens":[""]}"#, "tokens"),
            (r#"{"tokens":null}"#, "tokens"),
            (r#"{"keys":{"k1":null}}"#, "keys"),
            (r#"{"subjects":["olga"]}"#, "subjects"),
            (r#"{"subjects":{"olga":true}}"#, "subjects"),
            (r#"{"subjects":{"olga":"2026-11-23"}}"#, "subjects"),
            (r#"{"issued_before":1.5}"#, "issued_before"),
            (r#"{"issued_before":-1}"#, "issued_before"),
            (r#"{"issued_before":null}"#, "issued_before"),
        ] {
            let fault = fault(text);
            assert!(matches!(fault, RevocationFault::WrongType { member, .. } if member == wrong), "{text}: {fault}");
        }
        assert_eq!(fault(&" ".repeat(MAX_BYTES + 1)), RevocationFault::TooLarge);
    }
}
