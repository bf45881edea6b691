//! The matcher's data.

use gateway_table::{Edge, Node, Trie};
use proc_macro2::TokenStream;
use quote::quote;

use crate::paths::{array, list, table, text};

/// The nodes and the edges, each an item of its own, and the trie that borrows them.
pub(super) fn expand(trie: &Trie) -> (TokenStream, TokenStream) {
    let trie_type = table("Trie");
    let nodes = array("NODES", "Node", trie.nodes.iter().map(node));
    let edges = array("EDGES", "Edge", trie.edges.iter().map(edge));
    let labels = text(&trie.labels);
    let owners = list(trie.owners.iter());
    let borrowed = |name: &str| {
        let name = proc_macro2::Ident::new(name, proc_macro2::Span::call_site());
        quote! { ::std::borrow::Cow::Borrowed(&#name) }
    };
    let (node_list, edge_list) = (borrowed("NODES"), borrowed("EDGES"));
    let trie = quote! { #trie_type { nodes: #node_list, edges: #edge_list, labels: #labels, owners: #owners } };
    (quote! { #nodes #edges }, trie)
}

fn node(node: &Node) -> TokenStream {
    let node_type = table("Node");
    let Node { edges, places, parameter, owners: (first_owner, behind_owners) } = node;
    quote! {
        #node_type {
            edges: #edges,
            places: #places,
            parameter: #parameter,
            owners: (#first_owner, #behind_owners),
        }
    }
}

fn edge(edge: &Edge) -> TokenStream {
    let edge_type = table("Edge");
    let Edge { key, label: (start, len), node } = edge;
    quote! { #edge_type { key: #key, label: (#start, #len), node: #node } }
}
