//! From a table to the Rust that is that table.

mod roles;
mod routes;
mod trie;

use gateway_table::{Table, Trie};
use proc_macro2::TokenStream;
use quote::quote;

use crate::paths::{list, table as item, text};

/// `enum Role` and `static TABLE`.
pub(crate) fn table(table: &Table) -> TokenStream {
    let roles = roles::expand(&table.roles);
    let table_type = item("Table");
    let digest = text(&table.digest);
    let services = list(table.services.iter().map(routes::service));
    let (shared, routes) = routes::routes(table);
    let (steps, trie) = trie::expand(&table.trie);
    quote! {
        #roles

        #shared
        #routes
        #steps

        /// The compiled route file.
        pub static TABLE: #table_type = #table_type {
            digest: #digest,
            roles: ::std::borrow::Cow::Borrowed(&Role::TABLE),
            services: #services,
            routes: ::std::borrow::Cow::Borrowed(&ROUTES),
            trie: #trie,
        };
    }
}

/// What stands in for the table of a file that does not build.
pub(crate) fn empty() -> TokenStream {
    table(&Table {
        digest: "".into(),
        roles: [].as_slice().into(),
        services: [].as_slice().into(),
        routes: [].as_slice().into(),
        trie: Trie::new([]),
    })
}
