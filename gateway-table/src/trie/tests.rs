use super::*;
use proptest::prelude::*;

/// The first route that owns `path`, and how much of it the prefix takes.
fn owner(prefixes: &[&str], path: &str) -> Option<(u32, usize)> {
    let trie = Trie::new(prefixes.iter().copied());
    let found = trie.find(&CanonicalPath::new(path).unwrap())?;
    Some((trie.owners[found.owners.start], found.prefix_len))
}

#[test]
fn a_prefix_matches_at_segment_borders_only() {
    let prefixes = ["/api/v1/agent"];
    assert_eq!(owner(&prefixes, "/api/v1/agent"), Some((0, 13)));
    assert_eq!(owner(&prefixes, "/api/v1/agent/"), Some((0, 13)));
    assert_eq!(owner(&prefixes, "/api/v1/agent/x/y"), Some((0, 13)));
    assert_eq!(owner(&prefixes, "/api/v1/agents"), None);
    assert_eq!(owner(&prefixes, "/api/v1"), None);
}

#[test]
fn a_literal_beats_a_parameter_at_the_first_difference() {
    assert_eq!(owner(&["/a/{x}/c", "/a/b"], "/a/b/c"), Some((1, 4)));
}

#[test]
fn a_parameter_answers_where_the_literal_leads_nowhere() {
    assert_eq!(owner(&["/a/{x}/c", "/a/b/d"], "/a/b/c"), Some((0, 6)));
}

#[test]
fn the_longer_prefix_wins() {
    assert_eq!(owner(&["/", "/a", "/a/{x}"], "/a/b"), Some((2, 4)));
    assert_eq!(owner(&["/", "/a", "/a/{x}"], "/a/"), Some((1, 2)));
    assert_eq!(owner(&["/", "/a", "/a/{x}"], "/b"), Some((0, 0)));
}

#[test]
fn routes_of_one_path_are_found_together_in_the_order_of_the_file() {
    let trie = Trie::new(["/a/{x}", "/b", "/a/{x}"]);
    let found = trie.find(&CanonicalPath::new("/a/1").unwrap()).unwrap();
    assert_eq!(trie.owners[found.owners], [0, 2]);
}

#[test]
fn an_empty_trie_owns_nothing() {
    assert_eq!(owner(&[], "/"), None);
}

/// The rule in prose, told another way: rank every prefix that matches, segment by segment.
fn naive_owner(prefixes: &[String], path: &str) -> Option<usize> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let matching = prefixes.iter().enumerate().filter_map(|(index, prefix)| {
        let pattern: Vec<&str> = prefix.split('/').filter(|segment| !segment.is_empty()).collect();
        let fits = pattern.len() <= segments.len()
            && pattern.iter().zip(&segments).all(|(want, have)| want.starts_with('{') || want == have);
        // A literal ranks 1, a parameter 0; a longer list of equal ranks is greater.
        let rank: Vec<u8> = pattern.iter().map(|segment| u8::from(!segment.starts_with('{'))).collect();
        fits.then_some((rank, std::cmp::Reverse(index)))
    });
    matching.max().map(|(_, std::cmp::Reverse(index))| index)
}

#[test]
fn prefixes_without_branches_are_one_edge() {
    let trie = Trie::new(["/api/v1/agent", "/api/v1/config"]);
    assert_eq!((trie.nodes.len(), &*trie.labels), (4, "api/v1agentconfig"));
}

#[test]
fn labels_longer_than_two_words_are_told_apart_by_their_middle() {
    let labels: Vec<String> = (0..20).map(|n| format!("/abcdefgh-{n:02}-ijklmnop")).collect();
    let prefixes: Vec<&str> = labels.iter().map(String::as_str).collect();
    for (n, label) in prefixes.iter().enumerate() {
        assert_eq!(owner(&prefixes, label), Some((u32::try_from(n).unwrap(), label.len())));
        assert_eq!(owner(&prefixes, &format!("{label}x")), None);
    }
}

proptest! {
    #[test]
    fn segments_of_any_length_are_found(
        prefixes in proptest::collection::vec("(/([ab]{1,20}|\\{x\\})){1,5}", 1..24),
        path in "(/[ab]{1,20}){1,6}/?",
    ) {
        let found = |path: &str| owner(&prefixes.iter().map(String::as_str).collect::<Vec<_>>(), path);
        let expected = |path: &str| naive_owner(&prefixes, path);
        prop_assert_eq!(found(&path).map(|(route, _)| route as usize), expected(&path));
        for prefix in &prefixes {
            let path = prefix.replace("{x}", "abcdefghi");
            prop_assert_eq!(found(&path).map(|(route, _)| route as usize), expected(&path));
        }
    }

    /// Where all routes are of one length, a prefix and a whole path are the same, and other routers know the answer.
    #[test]
    fn a_well_known_router_agrees(
        prefixes in proptest::collection::hash_set("(/(a|b|c|dddddddddd|\\{x\\})){3}", 1..30),
        path in "(/(a|b|c|d|dddddddddd)){3}",
    ) {
        let prefixes: Vec<String> = prefixes.into_iter().collect();
        let mut router = matchit::Router::new();
        for (index, prefix) in prefixes.iter().enumerate() {
            let mut names = ["{x}", "{y}", "{z}"].into_iter();
            let named = prefix.split("{x}").map(str::to_owned).reduce(|path, part| path + names.next().unwrap() + &part);
            router.insert(named.unwrap(), index).unwrap();
        }
        let found = owner(&prefixes.iter().map(String::as_str).collect::<Vec<_>>(), &path);
        prop_assert_eq!(found.map(|(route, _)| route as usize), router.at(&path).ok().map(|found| *found.value));
    }

    #[test]
    fn the_walk_agrees_with_the_rule_in_prose(
        prefixes in proptest::collection::vec("(/(a|b|c|\\{x\\})){1,4}|/", 0..12),
        path in "(/[abcd]){1,5}/?",
    ) {
        let found = owner(&prefixes.iter().map(String::as_str).collect::<Vec<_>>(), &path);
        prop_assert_eq!(found.map(|(route, _)| route as usize), naive_owner(&prefixes, &path));
    }
}
