//! JSON objects in which no member stands twice, at any depth: two readers of a token must not read two things.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::TokenFault;

/// What the error of a repeated member says.
const REPEATED: &str = "repeated member";

/// Reads a JSON object.
pub(super) fn read_object(text: &[u8]) -> Result<Map<String, Value>, TokenFault> {
    let unique: Unique = serde_json::from_slice(text).map_err(|error| {
        let repeated = error.is_data() && error.to_string().starts_with(REPEATED);
        if repeated { TokenFault::DuplicateMember } else { TokenFault::Malformed }
    })?;
    match unique.0 {
        Value::Object(members) => Ok(members),
        _ => Err(TokenFault::Malformed),
    }
}

struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
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
        while let Some(Unique(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Unique(value))) = map.next_entry::<String, Unique>()? {
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
}
