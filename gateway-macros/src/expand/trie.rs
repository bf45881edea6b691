//! The matcher's data.

use gateway_table::{Edge, Node, Trie};
use proc_macro2::TokenStream;
use quote::quote;

use crate::paths::{list, table, text};

pub(super) fn expand(trie: &Trie) -> TokenStream {
    let trie_type = table("Trie");
    let nodes = list(trie.nodes.iter().map(node));
    let edges = list(trie.edges.iter().map(edge));
    let owners = list(trie.owners.iter());
    quote! { #trie_type { nodes: #nodes, edges: #edges, owners: #owners } }
}

fn node(node: &Node) -> TokenStream {
    let node_type = table("Node");
    let Node { edges: (first_edge, behind_edges), parameter, owners: (first_owner, behind_owners) } = node;
    quote! {
        #node_type {
            edges: (#first_edge, #behind_edges),
            parameter: #parameter,
            owners: (#first_owner, #behind_owners),
        }
    }
}

fn edge(edge: &Edge) -> TokenStream {
    let edge_type = table("Edge");
    let (label, node) = (text(&edge.label), edge.node);
    quote! { #edge_type { label: #label, node: #node } }
}
