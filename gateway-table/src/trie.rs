//! The matcher: a trie of path segments as flat, static data, and the walk that finds the owners of a path.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::{CanonicalPath, List, Text};

/// A trie over the segments of path prefixes. Node 0 is the root, the prefix `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trie {
    /// The nodes; edges and `parameter` point into this list.
    pub nodes: List<Node>,
    /// The edges of all nodes; those of one node are neighbours, sorted by label.
    pub edges: List<Edge>,
    /// Routes by index into the table; those that own one path are neighbours, in the order of the file.
    pub owners: List<u32>,
}

/// A node: all prefixes that start with the same segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Where its edges start in [`Trie::edges`], and where they end.
    pub edges: (u32, u32),
    /// The node behind a `{name}` segment; 0 where there is none, as no edge leads to the root.
    pub parameter: u32,
    /// Where the routes whose prefix ends here start in [`Trie::owners`], and where they end.
    pub owners: (u32, u32),
}

/// A literal segment that leads from one node to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The segment, in canonical form.
    pub label: Text,
    /// The node it leads to.
    pub node: u32,
}

/// The prefix that owns a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its routes: a range of [`Trie::owners`] that is not empty.
    pub owners: Range<usize>,
    /// How many bytes of the path the prefix takes; 0 for the prefix `/`.
    pub prefix_len: usize,
}

impl Trie {
    /// The trie of these prefixes; the *n*-th owns what the *n*-th route answers. A prefix is canonical, without a
    /// trailing slash, and its segments in braces match any one segment.
    ///
    /// # Panics
    ///
    /// With more than `u32::MAX` prefixes or segments.
    pub fn new<'a>(prefixes: impl IntoIterator<Item = &'a str>) -> Self {
        let mut root = Branch::default();
        for (route, prefix) in prefixes.into_iter().enumerate() {
            let mut branch = &mut root;
            for segment in prefix.split('/').filter(|segment| !segment.is_empty()) {
                branch = if segment.starts_with('{') {
                    branch.parameter.get_or_insert_default()
                } else {
                    branch.literals.entry(segment).or_default()
                };
            }
            branch.owners.push(u32::try_from(route).expect("fewer than 2^32 routes"));
        }
        root.flatten()
    }

    /// The prefix that owns `path`. Of those that match, compared segment by segment from the left, a literal beats a
    /// `{name}` at the first difference, and with no difference the longer prefix wins.
    pub fn find(&self, path: &CanonicalPath<'_>) -> Option<Found> {
        self.descend(0, path, 0)
    }

    /// The owner among the prefixes that start with `node`, which takes `taken` bytes of `path`. It recurses no deeper
    /// than the longest prefix, and visits no node twice.
    fn descend(&self, node: u32, path: &str, taken: usize) -> Option<Found> {
        let node = &self.nodes[node as usize];
        if let Some(rest) = path[taken..].strip_prefix('/').filter(|rest| !rest.is_empty()) {
            let length = rest.bytes().position(|byte| byte == b'/').unwrap_or(rest.len());
            let behind = taken + 1 + length;
            let literal = self.literal(node, &rest[..length]).and_then(|child| self.descend(child, path, behind));
            if literal.is_some() {
                return literal;
            }
            if node.parameter != 0
                && let Some(found) = self.descend(node.parameter, path, behind)
            {
                return Some(found);
            }
        }
        let owners = node.owners.0 as usize..node.owners.1 as usize;
        (!owners.is_empty()).then_some(Found { owners, prefix_len: taken })
    }

    /// The literal segments that follow `node`, with the node behind each; sorted.
    pub fn literals(&self, node: u32) -> impl Iterator<Item = (&str, u32)> {
        let (first, behind) = self.nodes[node as usize].edges;
        self.edges[first as usize..behind as usize].iter().map(|edge| (&*edge.label, edge.node))
    }

    /// The node behind a `{name}` that follows `node`.
    pub fn parameter(&self, node: u32) -> Option<u32> {
        Some(self.nodes[node as usize].parameter).filter(|parameter| *parameter != 0)
    }

    /// The node behind this literal segment that follows `node`.
    pub fn literal_child(&self, node: u32, segment: &str) -> Option<u32> {
        self.literal(&self.nodes[node as usize], segment)
    }

    /// The nodes behind `segment`, of any one in `nodes`.
    pub fn step<'a>(&'a self, nodes: &'a [u32], segment: &'a str) -> impl Iterator<Item = u32> + use<'a> {
        nodes.iter().flat_map(move |node| {
            let literal = self.literal(&self.nodes[*node as usize], segment);
            literal.into_iter().chain(self.parameter(*node))
        })
    }

    /// The routes whose prefix ends at `node`.
    pub fn owners_at(&self, node: u32) -> &[u32] {
        let (first, behind) = self.nodes[node as usize].owners;
        &self.owners[first as usize..behind as usize]
    }

    /// The child of `node` behind this literal segment.
    fn literal(&self, node: &Node, segment: &str) -> Option<u32> {
        let edges = &self.edges[node.edges.0 as usize..node.edges.1 as usize];
        let index = edges.binary_search_by(|edge| (*edge.label).cmp(segment)).ok()?;
        Some(edges[index].node)
    }
}

/// A node while the trie is built.
#[derive(Default)]
struct Branch<'a> {
    literals: BTreeMap<&'a str, Branch<'a>>,
    parameter: Option<Box<Branch<'a>>>,
    owners: Vec<u32>,
}

impl Branch<'_> {
    /// The flat form, nodes in breadth-first order.
    fn flatten(&self) -> Trie {
        let (mut nodes, mut edges, mut owners) = (Vec::new(), Vec::new(), Vec::new());
        let mut queue = vec![self];
        let mut next = 0;
        while let Some(&branch) = queue.get(next) {
            next += 1;
            let first_edge = position(edges.len());
            for (label, child) in &branch.literals {
                edges.push(Edge { label: Text::Owned((*label).to_owned()), node: position(queue.len()) });
                queue.push(child);
            }
            let parameter = branch.parameter.as_deref().map_or(0, |child| {
                queue.push(child);
                position(queue.len() - 1)
            });
            let first_owner = position(owners.len());
            owners.extend_from_slice(&branch.owners);
            nodes.push(Node {
                edges: (first_edge, position(edges.len())),
                parameter,
                owners: (first_owner, position(owners.len())),
            });
        }
        Trie { nodes: nodes.into(), edges: edges.into(), owners: owners.into() }
    }
}

fn position(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than 2^32 nodes and edges")
}

#[cfg(test)]
mod tests {
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

    proptest! {
        #[test]
        fn the_walk_agrees_with_the_rule_in_prose(
            prefixes in proptest::collection::vec("(/(a|b|c|\\{x\\})){1,4}|/", 0..12),
            path in "(/[abcd]){1,5}/?",
        ) {
            let found = owner(&prefixes.iter().map(String::as_str).collect::<Vec<_>>(), &path);
            prop_assert_eq!(found.map(|(route, _)| route as usize), naive_owner(&prefixes, &path));
        }
    }
}
