//! Routes as an API has them, and requests for them.

/// The end of a resource's path, by turns.
const TAILS: [&str; 10] = [
    "",
    "/{id}",
    "/{id}/status",
    "/{id}/goals",
    "/{id}/goals/{goal}",
    "/search",
    "/export",
    "/{id}/log",
    "/new",
    "/{id}/plan",
];

/// Prefixes shaped like an API: resources, parameters, sub-resources.
pub(crate) fn prefixes(count: usize) -> Vec<String> {
    let prefix = |number: usize| {
        let (area, resource) = (number / 1000, number / 10 % 100);
        format!("/api/v1/area{area}/resource{resource}{}", TAILS[number % 10])
    };
    (0..count).map(prefix).collect()
}

/// A request for each prefix, in an order that no cache knows beforehand.
pub(crate) fn requests(prefixes: &[String]) -> Vec<String> {
    let mut paths: Vec<String> =
        prefixes.iter().map(|prefix| prefix.replace("{id}", "pump-7").replace("{goal}", "21")).collect();
    let mut state = 1usize;
    for last in (1..paths.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        paths.swap(last, (state >> 33) % (last + 1));
    }
    paths
}
