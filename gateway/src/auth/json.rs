//! JSON objects in which no member stands twice, at any depth: two readers of a token must not read two things.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::TokenFault;

/// What the error of a repeated member says.
const REPEATED: &str = "repeated member";

/// Reads a JSON object of at most `most` values, at all depths together: what a stranger sends is not worth more work.
pub(super) fn read_object(text: &[u8], most: usize) -> Result<Map<String, Value>, TokenFault> {
    let left = Cell::new(most);
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = Unique(&left).deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    let value = value.map_err(|error| {
        let repeated = error.is_data() && error.to_string().starts_with(REPEATED);
        if repeated { TokenFault::DuplicateMember } else { TokenFault::Malformed }
    })?;
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(TokenFault::Malformed),
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

    fn read_object(text: &[u8]) -> Result<Map<String, Value>, TokenFault> {
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
