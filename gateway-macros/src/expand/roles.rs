//! `enum Role`, and matches over it that name every role: one that is added and forgotten does not compile.

use gateway_table::{Role, RoleSet};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::paths::table;

pub(super) fn expand(roles: &[Role]) -> TokenStream {
    let names: Vec<Ident> = roles.iter().map(ident).collect();
    let docs = roles.iter().map(|role| format!("`{}` in a token.", role.claim));
    let count = roles.len();
    let (name_arms, claim_arms, bit_arms, grant_arms) = arms(roles, &names);
    let (role_set, role_entry) = (table("RoleSet"), table("Role"));
    quote! {
        /// The roles of the route file.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Role { #(#[doc = #docs] #names),* }

        impl Role {
            /// Every role, in the order of the file.
            pub const ALL: [Role; #count] = [#(Role::#names),*];

            const TABLE: [#role_entry; #count] = [#(Role::#names.entry()),*];

            /// The role's name in the route file.
            pub const fn name(self) -> &'static str {
                match self { #name_arms }
            }

            /// The role's value in a token.
            pub const fn claim(self) -> &'static str {
                match self { #claim_arms }
            }

            /// What the role is good for: itself, and what it implies.
            pub const fn grants(self) -> #role_set {
                match self { #grant_arms }
            }

            /// The role alone.
            const fn bit(self) -> #role_set {
                match self { #bit_arms }
            }

            const fn entry(self) -> #role_entry {
                #role_entry {
                    name: ::std::borrow::Cow::Borrowed(self.name()),
                    claim: ::std::borrow::Cow::Borrowed(self.claim()),
                    grants: self.grants(),
                }
            }
        }

        /// The set of these roles.
        const fn any_of(roles: &[Role]) -> #role_set {
            let mut set = #role_set::EMPTY;
            let mut index = 0;
            while index < roles.len() {
                set = set.union(roles[index].bit());
                index += 1;
            }
            set
        }
    }
}

/// The arms of the matches: name, claim, bit, grants.
fn arms(roles: &[Role], names: &[Ident]) -> (TokenStream, TokenStream, TokenStream, TokenStream) {
    let shown = roles.iter().map(|role| &*role.name);
    let claims = roles.iter().map(|role| &*role.claim);
    let role_set = table("RoleSet");
    let bits = (0..roles.len()).map(|index| quote! { #role_set::single(#index) });
    let grants = roles.iter().map(|role| set(role.grants, names));
    (
        quote! { #(Role::#names => #shown),* },
        quote! { #(Role::#names => #claims),* },
        quote! { #(Role::#names => #bits),* },
        quote! { #(Role::#names => #grants),* },
    )
}

/// A set of roles, by name.
pub(super) fn set(set: RoleSet, names: &[Ident]) -> TokenStream {
    let members = set.iter().filter_map(|index| names.get(index));
    quote! { any_of(&[#(Role::#members),*]) }
}

/// The role's name as an identifier; raw where Rust has another use for the word, and with an underscore where it
/// has that even for the raw one.
pub(super) fn ident(role: &Role) -> Ident {
    let name = &*role.name;
    match name {
        "Self" | "self" | "super" | "crate" | "_" => Ident::new(&format!("{name}_"), Span::call_site()),
        _ => syn::parse_str(name).unwrap_or_else(|_| Ident::new_raw(name, Span::call_site())),
    }
}
