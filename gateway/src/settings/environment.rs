//! `${NAME}` in a configuration's text, replaced by the environment variable of that name.
//!
//! `$${` stands for a literal `${`; a `$` before anything else is just itself. What a variable brings is not searched
//! for further variables.

use super::fault::{Reason, SettingsFault};
use super::node::{Node, Text, Value};
use super::section::Faults;

/// Where variables come from; the process's environment outside of tests.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Expands every text below `node`, and adds what cannot be expanded to `faults`.
pub(super) fn expand(node: &mut Node, variables: Variables<'_>, faults: &mut Faults) {
    match &mut node.value {
        Value::Text(text) => {
            if let Err(reason) = expand_text(text, variables) {
                faults.push(fault(node.place, reason));
            }
        }
        Value::List(nodes) => nodes.iter_mut().for_each(|node| expand(node, variables, faults)),
        Value::Map(entries) => entries.iter_mut().for_each(|(_, node)| expand(node, variables, faults)),
        // What was encrypted is text as it is, once it is opened.
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Encrypted(_) | Value::Tagged => {}
    }
}

fn fault(place: super::Place, reason: Reason) -> SettingsFault {
    let help = match reason {
        Reason::UnsetVariable(_) => "set it before the gateway starts, or write the value here",
        _ => "write `${NAME}`, or `$${` for a literal `${`",
    };
    SettingsFault { place: Some(place), reason, help: Some(help.into()) }
}

fn expand_text(text: &mut Text, variables: Variables<'_>) -> Result<(), Reason> {
    if !text.value.contains("${") {
        return Ok(());
    }
    let mut expanded = String::new();
    let mut rest = text.value.as_str();
    while let Some(start) = rest.find("${") {
        let (before, behind) = (&rest[..start], &rest[start + 2..]);
        if let Some(before) = before.strip_suffix('$') {
            expanded.push_str(before);
            expanded.push_str("${");
            rest = behind;
            continue;
        }
        expanded.push_str(before);
        let (name, behind) = behind.split_once('}').ok_or(Reason::BrokenVariable)?;
        if !is_name(name) {
            return Err(Reason::BrokenVariable);
        }
        expanded.push_str(&variables(name).ok_or_else(|| Reason::UnsetVariable(name.to_owned()))?);
        rest = behind;
    }
    expanded.push_str(rest);
    text.written = Some(std::mem::replace(&mut text.value, expanded));
    Ok(())
}

/// The variables that stand in a text as it is written.
pub(super) fn names_in(written: &str) -> impl Iterator<Item = &str> {
    let starts = written.match_indices("${").filter(|(at, _)| !written[..*at].ends_with('$'));
    starts.filter_map(|(at, _)| written[at + 2..].split('}').next())
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, String> {
        let mut text = Text { value: text.to_owned(), written: None };
        let variables = |name: &str| (name == "HOST").then(|| "plant-7".to_owned());
        expand_text(&mut text, &variables).map(|()| text.value.clone()).map_err(|reason| reason.to_string())
    }

    #[test]
    fn a_variable_is_replaced_wherever_it_stands() {
        assert_eq!(expanded("http://${HOST}:80/${HOST}"), Ok("http://plant-7:80/plant-7".into()));
    }

    #[test]
    fn a_doubled_dollar_makes_a_literal_one() {
        assert_eq!(expanded("$${HOST} $5 $"), Ok("${HOST} $5 $".into()));
    }

    #[test]
    fn an_unset_variable_is_named() {
        assert_eq!(expanded("${NOPE}"), Err("the environment variable `NOPE` is not set".into()));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["${", "${}", "${A", "${A-B}", "${9}", "${A:-b}"] {
            assert_eq!(expanded(text), Err("`${` is not followed by the name of a variable and `}`".into()), "{text}");
        }
    }
}
