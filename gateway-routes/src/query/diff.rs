//! What changes in meaning between two tables: who gains access to what, who loses it, and how else requests fare.
//!
//! The prefixes of both tables together tell paths apart; of every such set one path is looked at in both. What only the text
//! says (order, comments, summaries, names of parameters and of expectations) cannot be seen from there.

mod policy;
mod principals;
#[cfg(feature = "cli")]
mod report;
mod side;

use std::collections::{BTreeMap, HashSet};

use gateway_table::{CanonicalPath, Method, MethodSet, Table};

use super::witness;
use crate::prefix_tree::PrefixTree;
pub(crate) use policy::time;
use principals::Principal;
use side::Side;

#[cfg(feature = "cli")]
pub use report::{human, json};

/// What changes from one table to another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Who may call what they could not.
    pub gains: Vec<AccessChange>,
    /// Who may no longer call what they could.
    pub losses: Vec<AccessChange>,
    /// What else changes for those who may call before and after.
    pub changes: Vec<Change>,
    /// Whether every path was looked at; two tables can tell apart too many.
    pub complete: bool,
}

/// A change of who may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessChange {
    /// Who: a role, or `Everyone`.
    pub who: String,
    /// With which methods.
    pub methods: MethodSet,
    /// The prefix that owns the path: afterwards where access is gained, before where it is lost.
    pub path_prefix: String,
    /// A request that shows it.
    pub witness: String,
    /// The routes that answer it afterwards, by index; none where access is lost.
    pub routes: Vec<usize>,
}

/// A change of what becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The prefix that owns the path afterwards.
    pub path_prefix: String,
    /// With which methods.
    pub methods: MethodSet,
    /// What changes.
    pub field: &'static str,
    /// What it was.
    pub old: String,
    /// What it is.
    pub new: String,
    /// A request that shows it.
    pub witness: String,
}

impl Difference {
    /// Whether both tables mean the same.
    pub fn is_empty(&self) -> bool {
        self.gains.is_empty() && self.losses.is_empty() && self.changes.is_empty() && self.complete
    }
}

/// What changes from `old` to `new`.
pub fn between(old: &Table, new: &Table) -> Difference {
    let prefixes = old.routes.iter().chain(&*new.routes).map(|route| &*route.path_prefix);
    let tree = PrefixTree::new(prefixes);
    let mut comparison = Comparison::new(old, new, format!("/{}", witness::fresh_segment(&tree)));
    let complete = witness::each_path(&tree, &mut |path| comparison.look_at(path));
    Difference { complete, ..comparison.found }
}

/// A pair of routes that answer the same requests, before and after.
type Pair = (usize, usize);

struct Comparison<'a> {
    old: &'a Table,
    new: &'a Table,
    principals: Vec<Principal>,
    found: Difference,
    /// What a path is lengthened by to see where its rest goes.
    rest: String,
    /// Who is told already to gain (`true`) or lose what.
    told_access: HashSet<(bool, usize, String, u8)>,
    told_policy: HashSet<Pair>,
    told_target: HashSet<Pair>,
}

impl<'a> Comparison<'a> {
    fn new(old: &'a Table, new: &'a Table, rest: String) -> Self {
        Self {
            old,
            new,
            principals: principals::of_both(old, new),
            found: Difference::default(),
            rest,
            told_access: HashSet::new(),
            told_policy: HashSet::new(),
            told_target: HashSet::new(),
        }
    }

    fn look_at(&mut self, path: &str) {
        let Ok(path) = CanonicalPath::new(path) else { return };
        let sides = [Side::before(self.old, &path), Side::after(self.new, &path)];
        for principal in 0..self.principals.len() {
            self.compare_access(principal, &sides, &path);
        }
        let mut pairs: BTreeMap<Pair, MethodSet> = BTreeMap::new();
        for method in Method::ALL {
            if let (Some(before), Some(after)) = (sides[0].route(method), sides[1].route(method)) {
                let methods = pairs.entry((before, after)).or_default();
                *methods = methods.with(method);
            }
        }
        for (pair, methods) in pairs {
            self.compare_policy(pair, methods, &path);
            self.compare_target(pair, methods, &sides, &path);
        }
    }

    fn compare_access(&mut self, index: usize, sides: &[Side<'_>; 2], path: &str) {
        let (principal, everyone) = (&self.principals[index], &self.principals[0]);
        // What everyone gains, each role gains: it is told once.
        let [before, after] = [0, 1].map(|side| sides[side].admitted(principal));
        let [anybody_before, anybody_after] = [0, 1].map(|side| sides[side].admitted(everyone));
        let known = |anybody: MethodSet| if index == 0 { MethodSet::EMPTY } else { anybody };
        let gained = minus(minus(after, before), known(minus(anybody_after, anybody_before)));
        let lost = minus(minus(before, after), known(minus(anybody_before, anybody_after)));
        self.tell_access(true, index, gained, sides, path);
        self.tell_access(false, index, lost, sides, path);
    }

    fn tell_access(&mut self, gain: bool, principal: usize, methods: MethodSet, sides: &[Side<'_>; 2], path: &str) {
        let Some(first) = methods.iter().next() else { return };
        let side = &sides[usize::from(gain)];
        let deeper = if sides[0].prefix_len() > sides[1].prefix_len() { sides[0].prefix() } else { sides[1].prefix() };
        let key = |prefix: &str| (gain, principal, prefix.to_owned(), methods.bits());
        // Below a prefix of which it is told already, it is the same once more.
        if self.told_access.contains(&key(side.prefix())) || !self.told_access.insert(key(deeper)) {
            return;
        }
        let mut routes: Vec<usize> = methods.iter().filter(|_| gain).filter_map(|method| side.route(method)).collect();
        routes.dedup();
        let told = if gain { &mut self.found.gains } else { &mut self.found.losses };
        told.push(AccessChange {
            who: self.principals[principal].name.clone(),
            methods,
            path_prefix: deeper.to_owned(),
            witness: format!("{first} {path}"),
            routes,
        });
    }

    fn compare_policy(&mut self, pair: Pair, methods: MethodSet, path: &str) {
        if !self.told_policy.insert(pair) {
            return;
        }
        let (before, after) = (&self.old.routes[pair.0], &self.new.routes[pair.1]);
        for (field, show) in policy::FIELDS {
            let (old, new) = (show(self.old, before), show(self.new, after));
            if old != new {
                self.tell_change(field, pair, methods, (old, new), path);
            }
        }
    }

    fn compare_target(&mut self, pair: Pair, methods: MethodSet, sides: &[Side<'_>; 2], path: &CanonicalPath<'_>) {
        if self.told_target.contains(&pair) {
            return;
        }
        let (mut old, mut new) = (sides[0].upstream(pair.0, path), sides[1].upstream(pair.1, path));
        let longer = format!("{}{}", path.trim_end_matches('/'), self.rest);
        if let (true, Ok(longer)) = (old == new, CanonicalPath::new(&longer)) {
            let (before, after) = (Side::before(self.old, &longer), Side::after(self.new, &longer));
            // Where the rest belongs to other routes, that is another path's story.
            if before.prefix_len() == sides[0].prefix_len() && after.prefix_len() == sides[1].prefix_len() {
                (old, new) = (before.upstream(pair.0, &longer), after.upstream(pair.1, &longer));
            }
        }
        if old != new {
            self.told_target.insert(pair);
            self.tell_change("target", pair, methods, (old, new), path);
        }
    }

    fn tell_change(
        &mut self,
        field: &'static str,
        (_, after): Pair,
        methods: MethodSet,
        (old, new): (String, String),
        path: &str,
    ) {
        let Some(method) = methods.iter().next() else { return };
        let path_prefix = self.new.routes[after].path_prefix.to_string();
        let witness = format!("{method} {path}");
        self.found.changes.push(Change { path_prefix, methods, field, old, new, witness });
    }
}

fn minus(set: MethodSet, taken: MethodSet) -> MethodSet {
    set.iter().filter(|method| !taken.contains(*method)).collect()
}

#[cfg(test)]
mod tests;
