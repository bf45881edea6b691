//! Making the flat form of a trie.

use std::collections::BTreeMap;

use super::{Edge, Node, Segment, Trie};
use crate::Text;

const GAP: Edge = Edge { key: 0, label: (0, 0), node: 0 };

impl Trie {
    /// The trie of these prefixes; the *n*-th owns what the *n*-th route answers. A prefix is canonical, without a
    /// trailing slash, and its segments in braces match any one segment.
    ///
    /// # Panics
    ///
    /// With more than `u32::MAX` prefixes, or bytes of segments.
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
            branch.owners.push(position(route));
        }
        Flat::of(&root)
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
    /// The only literal that follows, where the branch is nothing but a way to it.
    fn only_literal(&self) -> Option<(&str, &Self)> {
        let is_way = self.owners.is_empty() && self.parameter.is_none() && self.literals.len() == 1;
        self.literals.first_key_value().filter(|_| is_way).map(|(label, child)| (*label, child))
    }
}

/// The flat form as far as it is made.
#[derive(Default)]
struct Flat<'b, 'a> {
    queue: Vec<&'b Branch<'a>>,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    labels: String,
    owners: Vec<u32>,
}

impl<'b, 'a> Flat<'b, 'a> {
    /// The flat form, nodes in breadth-first order.
    fn of(root: &'b Branch<'a>) -> Trie {
        let mut flat = Self { queue: vec![root], ..Self::default() };
        while let Some(&branch) = flat.queue.get(flat.nodes.len()) {
            flat.push(branch);
        }
        let Self { nodes, edges, labels, owners, .. } = flat;
        Trie { nodes: nodes.into(), edges: edges.into(), labels: Text::Owned(labels), owners: owners.into() }
    }

    fn push(&mut self, branch: &'b Branch<'a>) {
        let first_edge = position(self.edges.len());
        let count = position(branch.literals.len());
        // Half of the places are gaps, so that what is not there is soon found missing.
        let places = if count < 2 { count } else { (2 * count).next_power_of_two() };
        self.edges.resize(self.edges.len() + places as usize, GAP);
        for (label, child) in &branch.literals {
            let edge = self.edge(label, child);
            let mut place = if count < 2 { 0 } else { Segment::read(label.as_bytes(), 0).place(places) };
            while self.edges[(first_edge + place) as usize] != GAP {
                place = (place + 1) & (places - 1);
            }
            self.edges[(first_edge + place) as usize] = edge;
        }
        let parameter = branch.parameter.as_deref().map_or(0, |child| self.enqueue(child));
        let first_owner = position(self.owners.len());
        self.owners.extend_from_slice(&branch.owners);
        let owners = (first_owner, position(self.owners.len()));
        self.nodes.push(Node { edges: first_edge, places, parameter, owners });
    }

    /// The edge to `child`, or to the first branch behind it that is more than a way to another.
    fn edge(&mut self, label: &str, child: &'b Branch<'a>) -> Edge {
        let key = Segment::read(label.as_bytes(), 0).key;
        let start = self.labels.len();
        self.labels.push_str(label);
        let mut child = child;
        while let Some((next, behind)) = child.only_literal() {
            self.labels.push('/');
            self.labels.push_str(next);
            child = behind;
        }
        let label = (position(start), position(self.labels.len() - start));
        Edge { key, label, node: self.enqueue(child) }
    }

    fn enqueue(&mut self, branch: &'b Branch<'a>) -> u32 {
        self.queue.push(branch);
        position(self.queue.len() - 1)
    }
}

fn position(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than 2^32 nodes, edges, routes and bytes")
}
