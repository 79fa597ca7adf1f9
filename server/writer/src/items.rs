//! Two lists that were made of one, brought together item by item: the blocks of a page, its questions and answers.
//!
//! An item is the same one in two lists if nothing of it changed, else if it has the same anchor or name, else if it stands at the
//! same place between the same neighbours. Of each, what one side changed is taken; what both changed is brought together field by
//! field, texts by whoever calls, lists in it as this one. What is left contradicts, and is told with both sides.

use serde_json::{Map, Value};

/// Two lists brought together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Merged {
    /// From first to last.
    pub items: Vec<Item>,
    /// Both sides put the items in an order of their own; here they are in the caller's.
    pub both_reordered: bool,
}

/// An item of two lists.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// Both sides agree on it, or what they changed goes together.
    Agreed(Value),
    /// Both changed it, and not alike.
    Conflict(Box<Conflict>),
}

/// What two sides made of one item. A side that took it out, or never had it, has none.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// What it is called: its heading, its question, the beginning of its text.
    pub name: String,
    /// As it was when both began, with its place in the list.
    pub base: Option<(usize, Value)>,
    /// As the caller has it.
    pub mine: Option<(usize, Value)>,
    /// As it is stored now.
    pub theirs: Option<(usize, Value)>,
    /// With what goes together, and the caller's where it does not; none where one side took the item out.
    pub merged: Option<Value>,
    /// What both changed differently; empty where one side took the item out.
    pub fields: Vec<Field>,
}

/// A part of an item that both sides changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Names and places from 0, divided by full stops: `links.0.label`.
    pub path: String,
    /// As it was when both began; null where it was not there, as with the others.
    pub base: Value,
    /// As the caller has it.
    pub mine: Value,
    /// As it is stored now.
    pub theirs: Value,
}

/// Brings three versions of a text together: base, mine, theirs; none where they contradict.
pub type Texts<'a> = &'a dyn Fn(&str, &str, &str) -> Option<String>;

impl Merged {
    /// The list of both sides, if nothing in them contradicts.
    pub fn whole(&self) -> Option<Vec<Value>> {
        let items = self.items.iter().map(|item| match item {
            Item::Agreed(value) => Some(value.clone()),
            Item::Conflict(_) => None,
        });
        items.collect::<Option<Vec<Value>>>().filter(|_| !self.both_reordered)
    }
}

/// One item and where it is in the three lists.
#[derive(Debug, Clone, Copy, Default)]
struct Node {
    base: Option<usize>,
    mine: Option<usize>,
    theirs: Option<usize>,
}

/// Brings together what two sides made of `base`. Each item is compared with each: for lists of at most some hundred.
pub fn merge(base: &[Value], mine: &[Value], theirs: &[Value], texts: Texts<'_>) -> Merged {
    let (in_mine, in_theirs) = (same(base, mine, true), same(base, theirs, true));
    let mut nodes: Vec<Node> = (0..base.len())
        .map(|place| Node {
            base: Some(place),
            mine: in_mine[place],
            theirs: in_theirs[place],
        })
        .collect();
    // What both added may be the same again.
    let new = |list: &[Value], of_base: &[Option<usize>]| -> Vec<usize> {
        (0..list.len())
            .filter(|place| !of_base.contains(&Some(*place)))
            .collect()
    };
    let (new_mine, new_theirs) = (new(mine, &in_mine), new(theirs, &in_theirs));
    let pick = |list: &[Value], places: &[usize]| -> Vec<Value> { places.iter().map(|&at| list[at].clone()).collect() };
    let both = same(&pick(mine, &new_mine), &pick(theirs, &new_theirs), false);
    nodes.extend(new_mine.iter().zip(&both).map(|(&place, other)| Node {
        mine: Some(place),
        theirs: other.map(|other| new_theirs[other]),
        base: None,
    }));
    let alone = (0..new_theirs.len()).filter(|place| !both.contains(&Some(*place)));
    nodes.extend(alone.map(|place| Node {
        theirs: Some(new_theirs[place]),
        ..Node::default()
    }));

    let (mine_moved, theirs_moved) = (is_moved(&in_mine), is_moved(&in_theirs));
    let order = if mine_moved {
        woven(&nodes, |node| node.mine, |node| node.theirs)
    } else {
        woven(&nodes, |node| node.theirs, |node| node.mine)
    };
    let items = order.into_iter().filter_map(|node| {
        let at = |list: &[Value], place: Option<usize>| place.map(|place| (place, list[place].clone()));
        settle(at(base, node.base), at(mine, node.mine), at(theirs, node.theirs), texts)
    });
    let ordered_alike = || {
        let mut there: Vec<(usize, usize)> = nodes.iter().filter_map(|n| n.base.and(n.mine.zip(n.theirs))).collect();
        there.sort_unstable();
        there.is_sorted_by_key(|places| places.1)
    };
    Merged {
        items: items.collect(),
        both_reordered: mine_moved && theirs_moved && !ordered_alike(),
    }
}

/// For each item of `from` where it is in `to`. By place only what one list was made of the other.
fn same(from: &[Value], to: &[Value], by_place: bool) -> Vec<Option<usize>> {
    let mut found: Vec<Option<usize>> = vec![None; from.len()];
    let mut taken = vec![false; to.len()];
    for (place, item) in from.iter().enumerate() {
        let other = (0..to.len()).find(|&other| !taken[other] && to[other] == *item);
        if let Some(other) = other {
            (found[place], taken[other]) = (Some(other), true);
        }
    }
    for key in [anchor, called] {
        let keys: Vec<Option<(&str, &str)>> = to.iter().map(|item| Some((kind(item), key(item)?))).collect();
        for (place, item) in from
            .iter()
            .enumerate()
            .filter(|(place, _)| found[*place].is_none())
            .collect::<Vec<_>>()
        {
            let Some(wanted) = key(item).map(|key| (kind(item), key)) else {
                continue;
            };
            if let Some(other) = (0..to.len()).find(|&other| !taken[other] && keys[other] == Some(wanted)) {
                (found[place], taken[other]) = (Some(other), true);
            }
        }
    }
    if by_place {
        let fits = |place: usize, other: usize, taken: &[bool]| !taken[other] && kind(&from[place]) == kind(&to[other]);
        for place in 0..from.len() {
            let other = match place.checked_sub(1) {
                None => Some(0),
                Some(before) => found[before].map(|before| before + 1),
            };
            let other = other.filter(|&other| found[place].is_none() && other < to.len() && fits(place, other, &taken));
            if let Some(other) = other {
                (found[place], taken[other]) = (Some(other), true);
            }
        }
        for place in (0..from.len()).rev() {
            let behind = match found.get(place + 1) {
                None => Some(to.len()),
                Some(behind) => *behind,
            };
            let other = behind.and_then(|behind| behind.checked_sub(1));
            let other = other.filter(|&other| found[place].is_none() && fits(place, other, &taken));
            if let Some(other) = other {
                (found[place], taken[other]) = (Some(other), true);
            }
        }
    }
    found
}

fn kind(item: &Value) -> &str {
    item["type"].as_str().unwrap_or_default()
}

fn text<'a>(item: &'a Value, field: &str) -> Option<&'a str> {
    item[field].as_str().map(str::trim).filter(|text| !text.is_empty())
}

fn anchor(item: &Value) -> Option<&str> {
    text(item, "anchor")
}

/// The words that a person knows an item by.
fn called(item: &Value) -> Option<&str> {
    let fields = ["question", "heading", "label", "name", "url", "image"];
    fields.iter().find_map(|field| text(item, field))
}

/// Entries of a list in an item beyond which it is one value: whoever is asked compares each with each.
const MOST_ENTRIES: usize = 300;
/// Letters of an item's text that stand for a name.
const NAME: usize = 60;

fn name(item: &Value) -> String {
    let own = called(item).or_else(|| text(item, "text")).or_else(|| anchor(item));
    let own = own.unwrap_or_else(|| kind(item));
    match own.char_indices().nth(NAME) {
        Some((cut, _)) => format!("{}…", &own[..cut]),
        None => own.to_owned(),
    }
}

/// Whether items stand in another order than they did.
fn is_moved(places: &[Option<usize>]) -> bool {
    !places.iter().flatten().is_sorted()
}

/// The nodes in the order of one list; those only in the other follow what they follow there.
fn woven(nodes: &[Node], first: impl Fn(&Node) -> Option<usize>, second: impl Fn(&Node) -> Option<usize>) -> Vec<Node> {
    let ordered = |place: &dyn Fn(&Node) -> Option<usize>| -> Vec<usize> {
        let mut there: Vec<usize> = (0..nodes.len()).filter(|&node| place(&nodes[node]).is_some()).collect();
        there.sort_unstable_by_key(|&node| place(&nodes[node]));
        there
    };
    let mut order = ordered(&first);
    let mut at = 0;
    for node in ordered(&second) {
        match order.iter().position(|&other| other == node) {
            Some(place) => at = place + 1,
            None => {
                order.insert(at, node);
                at += 1;
            }
        }
    }
    order.into_iter().map(|node| nodes[node]).collect()
}

/// What becomes of an item; none where it is taken out.
fn settle(
    base: Option<(usize, Value)>,
    mine: Option<(usize, Value)>,
    theirs: Option<(usize, Value)>,
    texts: Texts<'_>,
) -> Option<Item> {
    let value = |side: &Option<(usize, Value)>| side.as_ref().map(|side| side.1.clone());
    let (b, m, t) = (value(&base), value(&mine), value(&theirs));
    let (merged, fields) = match (b, m, t) {
        (Some(_), None, None) | (None, None, None) => return None,
        (None, Some(only), None) | (None, None, Some(only)) => return Some(Item::Agreed(only)),
        (Some(old), Some(left), None) | (Some(old), None, Some(left)) => {
            if old == left {
                return None;
            }
            (None, Vec::new())
        }
        (old, Some(mine), Some(theirs)) => {
            let mut fields = Vec::new();
            let merged = value_of(&mut Vec::new(), old.as_ref(), &mine, &theirs, texts, &mut fields);
            if fields.is_empty() {
                return Some(Item::Agreed(merged));
            }
            (Some(merged), fields)
        }
    };
    let known = mine.as_ref().or(theirs.as_ref()).or(base.as_ref());
    Some(Item::Conflict(Box::new(Conflict {
        name: known.map(|side| name(&side.1)).unwrap_or_default(),
        base,
        mine,
        theirs,
        merged,
        fields,
    })))
}

/// A value of both sides; what contradicts is noted and stays as the caller has it.
fn value_of(
    path: &mut Vec<String>,
    base: Option<&Value>,
    mine: &Value,
    theirs: &Value,
    texts: Texts<'_>,
    fields: &mut Vec<Field>,
) -> Value {
    if mine == theirs || base == Some(theirs) {
        return mine.clone();
    }
    if base == Some(mine) {
        return theirs.clone();
    }
    match (mine, theirs) {
        (Value::Object(m), Value::Object(t)) => {
            let nothing = Map::new();
            let b = base.and_then(Value::as_object).unwrap_or(&nothing);
            let mut merged = Map::new();
            let later = t.keys().filter(|key| !m.contains_key(*key));
            for key in m.keys().chain(later) {
                path.push(key.clone());
                let value = match (b.get(key), m.get(key), t.get(key)) {
                    (old, Some(mine), Some(theirs)) => Some(value_of(path, old, mine, theirs, texts, fields)),
                    (None, left, None) | (None, None, left) => left.cloned(),
                    (Some(old), left, gone) => match left.or(gone) {
                        Some(left) if left != old => {
                            note(path, Some(old), m.get(key), t.get(key), fields);
                            m.get(key).cloned()
                        }
                        _ => None,
                    },
                };
                path.pop();
                if let Some(value) = value {
                    merged.insert(key.clone(), value);
                }
            }
            Value::Object(merged)
        }
        (Value::Array(m), Value::Array(t)) if are_entries(m) && are_entries(t) => {
            let b = base.and_then(Value::as_array).filter(|b| are_entries(b));
            let b = b.map_or(&[][..], Vec::as_slice);
            let list = merge(b, m, t, texts);
            if list.both_reordered {
                note(path, base, Some(mine), Some(theirs), fields);
                return mine.clone();
            }
            let mut merged = Vec::with_capacity(list.items.len());
            for item in list.items {
                match item {
                    Item::Agreed(value) => merged.push(value),
                    Item::Conflict(conflict) => {
                        path.push(merged.len().to_string());
                        let Conflict {
                            base,
                            mine,
                            theirs,
                            merged: both,
                            fields: own,
                            ..
                        } = *conflict;
                        if own.is_empty() {
                            let value = |side: &Option<(usize, Value)>| side.as_ref().map(|side| side.1.clone());
                            let (base, mine, theirs) = (value(&base), value(&mine), value(&theirs));
                            note(path, base.as_ref(), mine.as_ref(), theirs.as_ref(), fields);
                            merged.extend(mine);
                        } else {
                            fields.extend(own.into_iter().map(|field| Field {
                                path: format!("{}.{}", path.join("."), field.path),
                                ..field
                            }));
                            merged.extend(both);
                        }
                        path.pop();
                    }
                }
            }
            Value::Array(merged)
        }
        (Value::String(m), Value::String(t)) => {
            let b = base.and_then(Value::as_str).unwrap_or_default();
            match texts(b, m, t) {
                Some(text) => Value::String(text),
                None => {
                    note(path, base, Some(mine), Some(theirs), fields);
                    mine.clone()
                }
            }
        }
        _ => {
            note(path, base, Some(mine), Some(theirs), fields);
            mine.clone()
        }
    }
}

/// Whether a list can be brought together entry by entry.
fn are_entries(list: &[Value]) -> bool {
    list.len() <= MOST_ENTRIES && list.iter().all(Value::is_object)
}

fn note(path: &[String], base: Option<&Value>, mine: Option<&Value>, theirs: Option<&Value>, fields: &mut Vec<Field>) {
    let value = |side: Option<&Value>| side.cloned().unwrap_or_default();
    fields.push(Field {
        path: path.join("."),
        base: value(base),
        mine: value(mine),
        theirs: value(theirs),
    });
}

#[cfg(test)]
mod tests;
