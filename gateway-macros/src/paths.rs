//! Every path that generated code names, and how values of its types are written there.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// An item of the crate that holds the table's types.
pub(crate) fn table(item: &str) -> TokenStream {
    let item = syn::Ident::new(item, proc_macro2::Span::call_site());
    quote! { ::gateway_table::#item }
}

/// A `Text`.
pub(crate) fn text(text: &str) -> TokenStream {
    quote! { ::std::borrow::Cow::Borrowed(#text) }
}

/// A `List`.
pub(crate) fn list(items: impl IntoIterator<Item = impl ToTokens>) -> TokenStream {
    let items = items.into_iter();
    quote! { ::std::borrow::Cow::Borrowed(&[#(#items),*]) }
}

/// A static array of the table's type `of`, as an item of its own.
pub(crate) fn array(name: &str, of: &str, items: impl IntoIterator<Item = impl ToTokens>) -> TokenStream {
    let name = syn::Ident::new(name, proc_macro2::Span::call_site());
    let items: Vec<_> = items.into_iter().collect();
    let (of, count) = (table(of), items.len());
    quote! { static #name: [#of; #count] = [#(#items),*]; }
}

/// An `Option`.
pub(crate) fn option(value: Option<impl ToTokens>) -> TokenStream {
    value.map_or_else(
        || quote! { ::core::option::Option::None },
        |value| quote! { ::core::option::Option::Some(#value) },
    )
}

/// A `Duration`; the route language counts in milliseconds.
pub(crate) fn duration(duration: std::time::Duration) -> TokenStream {
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    quote! { ::core::time::Duration::from_millis(#milliseconds) }
}

/// A `NonZeroU32`.
pub(crate) fn non_zero(number: std::num::NonZeroU32) -> TokenStream {
    let number = number.get();
    quote! { ::core::num::NonZeroU32::new(#number).unwrap() }
}
