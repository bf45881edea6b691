//! JSON objects in which no member stands twice, at any depth: two readers of a token must not read two things.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::TokenFault;

/// What the error of a repeated member says.
const REPEATED: &str = "repeated member";

/// The members of an object. A list, and names as they stand in the text: there are few, and most are read once.
#[derive(Debug, PartialEq)]
pub(super) struct Members<'a>(Vec<(Cow<'a, str>, Value)>);

/// Reads a JSON object of at most `most` values, at all depths together: what a stranger sends is not worth more work.
pub(super) fn read_object(text: &[u8], most: usize) -> Result<Members<'_>, TokenFault> {
    let left = Cell::new(most.saturating_sub(1));
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let members = deserializer.deserialize_map(MembersVisitor(Unique(&left)));
    let members = members.and_then(|members| deserializer.end().map(|()| members)).map_err(|error| {
        let repeated = error.is_data() && error.to_string().starts_with(REPEATED);
        if repeated { TokenFault::DuplicateMember } else { TokenFault::Malformed }
    })?;
    if members.has_repeated() { Err(TokenFault::DuplicateMember) } else { Ok(members) }
}

impl<'a> Members<'a> {
    /// The member of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    pub(super) fn into_iter(self) -> impl Iterator<Item = (Cow<'a, str>, Value)> {
        self.0.into_iter()
    }

    fn has_repeated(&self) -> bool {
        let mut names: Vec<&str> = self.0.iter().map(|(name, _)| &**name).collect();
        names.sort_unstable();
        names.windows(2).any(|pair| pair[0] == pair[1])
    }
}

struct MembersVisitor<'a>(Unique<'a>);

impl<'de> Visitor<'de> for MembersVisitor<'_> {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::with_capacity(12);
        while let Some(name) = map.next_key_seed(Name)? {
            members.push((name, map.next_value_seed(self.0)?));
        }
        Ok(Members(members))
    }
}

/// Reads a name, which is copied only if it is written with escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(name.into())
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(name.to_owned().into())
    }
}

/// Reads a value, and counts down how many more there may be.
#[derive(Clone, Copy)]
struct Unique<'a>(&'a Cell<usize>);

impl<'de> DeserializeSeed<'de> for Unique<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.0.get().checked_sub(1).ok_or_else(|| D::Error::custom("too many values"))?;
        self.0.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(self)?;
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom(REPEATED));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_object(text: &[u8]) -> Result<Members<'_>, TokenFault> {
        super::read_object(text, usize::MAX)
    }

    #[test]
    fn a_member_may_stand_once_in_each_object() {
        assert!(read_object(br#"{"a":{"a":[1,-1,0.5,null,true,"x"]}}"#).is_ok());
    }

    #[test]
    fn a_repeated_member_is_refused_at_any_depth() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"a":[{"b":1,"b":2}]}"#] {
            assert_eq!(read_object(text.as_bytes()), Err(TokenFault::DuplicateMember), "{text}");
        }
    }

    #[test]
    fn what_is_no_object_is_malformed() {
        for text in ["", "[]", "1", "{", "{}x", "{\"a\":NaN}", "\u{feff}{}"] {
            assert_eq!(read_object(text.as_bytes()), Err(TokenFault::Malformed), "{text}");
        }
        assert_eq!(read_object(b"{\"a\":\"\xff\"}"), Err(TokenFault::Malformed));
        assert_eq!(read_object("[".repeat(5_000).as_bytes()), Err(TokenFault::Malformed));
    }

    #[test]
    fn an_object_of_more_values_than_allowed_is_malformed() {
        let text = br#"{"a":[1,2],"b":{"c":3}}"#;
        assert!(super::read_object(text, 6).is_ok());
        assert_eq!(super::read_object(text, 5), Err(TokenFault::Malformed));
    }
}
