//! Whether a licence, as packages state it in SPDX identifiers, is one that deny.toml allows.

use std::iter::Peekable;

/// Whether `allowed` is enough for `expression`: every `AND` of it, one side of every `OR`.
pub(crate) fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let is_allowed = any(&mut words, allowed);
    is_allowed && words.next().is_none()
}

fn any<'a>(words: &mut Peekable<impl Iterator<Item = &'a str>>, allowed: &[String]) -> bool {
    let mut one = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        one |= all(words, allowed);
    }
    one
}

fn all<'a>(words: &mut Peekable<impl Iterator<Item = &'a str>>, allowed: &[String]) -> bool {
    let mut every = single(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        every &= single(words, allowed);
    }
    every
}

fn single<'a>(words: &mut Peekable<impl Iterator<Item = &'a str>>, allowed: &[String]) -> bool {
    let Some(word) = words.next() else { return false };
    if word == "(" {
        let grouped = any(words, allowed);
        return words.next_if_eq(&")").is_some() && grouped;
    }
    // An exception makes another licence of it.
    let name = if words.next_if_eq(&"WITH").is_some() {
        format!("{word} WITH {}", words.next().unwrap_or_default())
    } else {
        word.to_owned()
    };
    allowed.contains(&name)
}

/// The list `allow` of deny.toml's section about licences.
pub(crate) fn allowed_by(deny: &str) -> Vec<String> {
    let list = deny.split_once("[licenses]").and_then(|(_, section)| section.split_once("allow = ["));
    let items = list.and_then(|(_, rest)| rest.split_once(']')).map_or("", |(items, _)| items);
    items.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mit_and_isc(expression: &str) -> bool {
        is_allowed(expression, &["MIT".to_owned(), "ISC".to_owned()])
    }

    #[test]
    fn one_side_of_an_or_is_enough_and_both_of_an_and_are_needed() {
        assert!(mit_and_isc("MIT OR GPL-3.0") && mit_and_isc("GPL-3.0/MIT") && mit_and_isc("ISC AND MIT"));
        assert!(!mit_and_isc("MIT AND GPL-3.0") && !mit_and_isc("GPL-3.0") && !mit_and_isc(""));
        assert!(mit_and_isc("ISC AND (Apache-2.0 OR MIT)") && !mit_and_isc("ISC AND (Apache-2.0 OR GPL-3.0)"));
        assert!(mit_and_isc("GPL-3.0 AND Zlib OR MIT"), "AND binds more tightly");
    }

    #[test]
    fn an_exception_is_part_of_the_name() {
        assert!(!mit_and_isc("MIT WITH LLVM-exception") && mit_and_isc("MIT WITH LLVM-exception OR ISC"));
    }

    #[test]
    fn what_cannot_be_read_is_not_allowed() {
        assert!(!mit_and_isc("MIT ISC") && !mit_and_isc("(MIT") && !mit_and_isc("MIT)") && !mit_and_isc("OR MIT"));
    }

    #[test]
    fn the_list_is_the_one_of_the_section_about_licences() {
        let deny = "[bans]\nallow = [\"x\"]\n[licenses]\nallow = [\n    \"MIT\",\n    \"ISC\",\n]\n[sources]\n";
        assert_eq!(allowed_by(deny), ["MIT", "ISC"]);
    }
}
