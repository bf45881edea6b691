//! Did you mean: the known name that a misspelt one is closest to.

/// The name among `known` that is close enough to `word` to be meant. The cut-off is rustc's: a third of the word's length,
/// and letter case counts for nothing.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return None;
    }
    let limit = word.chars().count().max(3) / 3;
    let lower = word.to_lowercase();
    known
        .into_iter()
        .filter(|name| name.len() <= LONGEST)
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Names as a sentence lists them: `` `a`, `b` or `c` ``.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.pop() {
        Some(last) if !names.is_empty() => format!("{} or {last}", names.join(", ")),
        last => last.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cut_off_is_a_third_of_the_length() {
        assert_eq!(closest("operater", ["Operator", "Admin"]), Some("Operator"));
        assert_eq!(closest("requird_role", ["required_role"]), Some("required_role"));
        assert_eq!(closest("x", ["Admin"]), None);
        assert_eq!(closest("get", ["GET", "PUT"]), Some("GET"));
    }

    #[test]
    fn names_are_listed_as_a_sentence() {
        assert_eq!(listed(["a"]), "`a`");
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(listed([]), "");
    }
}
