//! The matcher: a trie of path segments as flat, static data, and the walk that finds the owners of a path.
//!
//! What is only a way to something else is one edge: `/api/v1` before its branches is compared at once. Where a node branches,
//! the next segment is looked up in the node's own part of one hash table, by a key made of its first and last eight bytes. So a
//! step costs about as much with a thousand branches as with two. Nothing is allocated, and no byte is read twice.

mod build;
mod segment;

use std::ops::Range;

use crate::{CanonicalPath, List, Text};
use segment::{Segment, end_of};

/// A trie over the segments of path prefixes. Node 0 is the root, the prefix `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trie {
    /// The nodes; edges and `parameter` point into this list.
    pub nodes: List<Node>,
    /// The edges of all nodes; those of one node are neighbours, with gaps between them where there are several.
    pub edges: List<Edge>,
    /// What edges are labelled with, one after the other.
    pub labels: Text,
    /// Routes by index into the table; those that own one path are neighbours, in the order of the file.
    pub owners: List<u32>,
}

/// A node: all prefixes that start with the same segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Where its edges start in [`Trie::edges`].
    pub edges: u32,
    /// How many places its edges have there: none, one, or a power of two.
    pub places: u32,
    /// The node behind a `{name}` segment; 0 where there is none, as no edge leads to the root.
    pub parameter: u32,
    /// Where the routes whose prefix ends here start in [`Trie::owners`], and where they end.
    pub owners: (u32, u32),
}

/// One or more literal segments that lead from one node to another; a gap leads to node 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The key of its first segment.
    pub key: u64,
    /// Where its segments, with the slashes between them, start in [`Trie::labels`], and how many bytes they are.
    pub label: (u32, u32),
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
    /// The prefix that owns `path`. Of those that match, compared segment by segment from the left, a literal beats a
    /// `{name}` at the first difference, and with no difference the longer prefix wins.
    pub fn find(&self, path: &CanonicalPath<'_>) -> Option<Found> {
        self.walk(0, path.as_bytes(), 0)
    }

    /// The owner among the prefixes that start with `node`, which takes `taken` bytes of `path`. It calls itself only where
    /// a literal and a parameter both fit, no deeper than the longest prefix, and visits no node twice.
    fn walk(&self, mut node: u32, path: &[u8], mut taken: usize) -> Option<Found> {
        let mut best = None;
        loop {
            let this = &self.nodes[node as usize];
            if this.owners.0 < this.owners.1 {
                best = Some((this.owners, taken));
            }
            // A slash alone behind the prefix is its own.
            if taken + 1 >= path.len() {
                break;
            }
            (node, taken) = match (self.literal(this, path, taken + 1), this.parameter) {
                (Some(behind), 0) => behind,
                (Some((child, behind)), parameter) => match self.walk(child, path, behind) {
                    Some(found) => return Some(found),
                    None => (parameter, end_of(path, taken + 1)),
                },
                (None, 0) => break,
                (None, parameter) => (parameter, end_of(path, taken + 1)),
            };
        }
        best.map(|((first, behind), prefix_len)| Found { owners: first as usize..behind as usize, prefix_len })
    }

    /// The node behind the literal segments that start at `at`, and where they end.
    fn literal(&self, node: &Node, path: &[u8], at: usize) -> Option<(u32, usize)> {
        match node.places {
            0 => None,
            1 => {
                let edge = &self.edges[node.edges as usize];
                self.is_on(edge, path, at).then(|| (edge.node, at + edge.label.1 as usize))
            }
            places => {
                let segment = Segment::read(path, at);
                let mut place = segment.place(places);
                loop {
                    let edge = &self.edges[(node.edges + place) as usize];
                    if edge.node == 0 {
                        return None;
                    }
                    // A short segment is its key.
                    let is_it = edge.key == segment.key
                        && (edge.label.1 as usize == segment.len && segment.is_short() || self.is_on(edge, path, at));
                    if is_it {
                        return Some((edge.node, at + edge.label.1 as usize));
                    }
                    place = (place + 1) & (places - 1);
                }
            }
        }
    }

    /// Whether the label of `edge` stands at `at`, in whole segments.
    fn is_on(&self, edge: &Edge, path: &[u8], at: usize) -> bool {
        let (start, len) = (edge.label.0 as usize, edge.label.1 as usize);
        let label = &self.labels.as_bytes()[start..start + len];
        path[at..].starts_with(label) && path.get(at + len).is_none_or(|next| *next == b'/')
    }
}

#[cfg(test)]
mod tests;
