//! The known name that someone may have meant who wrote an unknown one.

/// The nearest of `known` names, unless it is so far off that it is a guess; the cut-off is rustc's.
pub(super) fn suggest<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let nearest = known.map(|name| (strsim::damerau_levenshtein(written, name), name)).min()?;
    (nearest.0 <= written.chars().count().max(3) / 3).then_some(nearest.1)
}
