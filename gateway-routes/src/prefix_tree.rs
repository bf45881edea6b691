//! Prefixes as a tree of segments, for those who look at all of them: what the compiler compares and what the commands explain.
//! The running gateway walks [`gateway_table::Trie`], which is made for finding one.

use std::collections::BTreeMap;

/// The nodes; node 0 is the prefix `/`.
pub(crate) struct PrefixTree {
    nodes: Vec<Node>,
}

#[derive(Default)]
struct Node {
    literals: BTreeMap<String, u32>,
    parameter: Option<u32>,
    owners: Vec<u32>,
}

impl PrefixTree {
    /// The tree of these prefixes; the *n*-th is owner *n*.
    pub(crate) fn new<'a>(prefixes: impl IntoIterator<Item = &'a str>) -> Self {
        let mut tree = Self { nodes: vec![Node::default()] };
        for (owner, prefix) in prefixes.into_iter().enumerate() {
            let mut node = 0;
            for segment in prefix.split('/').filter(|segment| !segment.is_empty()) {
                node = tree.behind(node, segment);
            }
            tree.nodes[node as usize].owners.push(index(owner));
        }
        tree
    }

    /// The node behind a segment as written, made where there is none.
    fn behind(&mut self, node: u32, segment: &str) -> u32 {
        let is_parameter = segment.starts_with('{');
        let known = if is_parameter { self.parameter(node) } else { self.literal(node, segment) };
        known.unwrap_or_else(|| {
            let child = index(self.nodes.len());
            self.nodes.push(Node::default());
            let node = &mut self.nodes[node as usize];
            if is_parameter {
                node.parameter = Some(child);
            } else {
                node.literals.insert(segment.to_owned(), child);
            }
            child
        })
    }

    /// The literal segments of all nodes.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().flat_map(|node| node.literals.keys()).map(String::as_str)
    }

    /// The literal segments that follow `node`, with the node behind each; sorted.
    pub(crate) fn literals(&self, node: u32) -> impl Iterator<Item = (&str, u32)> {
        self.nodes[node as usize].literals.iter().map(|(label, child)| (label.as_str(), *child))
    }

    /// The node behind this literal segment that follows `node`.
    pub(crate) fn literal(&self, node: u32, segment: &str) -> Option<u32> {
        self.nodes[node as usize].literals.get(segment).copied()
    }

    /// The node behind a `{name}` that follows `node`.
    pub(crate) fn parameter(&self, node: u32) -> Option<u32> {
        self.nodes[node as usize].parameter
    }

    /// The nodes behind `segment`, of any one in `nodes`.
    pub(crate) fn step(&self, nodes: &[u32], segment: &str) -> Vec<u32> {
        let behind = |node: &u32| self.literal(*node, segment).into_iter().chain(self.parameter(*node));
        nodes.iter().flat_map(behind).collect()
    }

    /// Whose prefix ends at `node`.
    pub(crate) fn owners(&self, node: u32) -> &[u32] {
        &self.nodes[node as usize].owners
    }
}

fn index(index: usize) -> u32 {
    u32::try_from(index).expect("fewer nodes than bytes in a route file")
}
