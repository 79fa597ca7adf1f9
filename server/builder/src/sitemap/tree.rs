//! The tree of a plan's pages: what is wrong with it, and its order.

use std::collections::HashMap;

use super::page::{MAX_DEPTH, PagePlan};

/// What is wrong with a page's place in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The page it stands below is not there, or it stands below none and is not the home page.
    Gone,
    /// It stands below itself.
    Circle,
    /// It is deeper than [`MAX_DEPTH`].
    Deep,
}

/// How deep something is in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Levels from the top, from 0; below a circle from there.
    At(usize),
    /// It is above itself.
    Circle,
}

/// Depths, by the place of what is above each. Each is walked over twice at most.
pub(crate) fn depths(parents: &[Option<usize>]) -> Vec<Depth> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        Unknown,
        OnTheWay,
        Known(Depth),
    }
    let mut states = vec![State::Unknown; parents.len()];
    for start in 0..parents.len() {
        let mut way: Vec<usize> = Vec::new();
        let mut at = Some(start);
        let mut depth = 0;
        while let Some(here) = at {
            match states[here] {
                State::Known(Depth::At(above)) => {
                    depth = above + 1;
                    break;
                }
                State::Known(Depth::Circle) => {
                    depth = 1;
                    break;
                }
                State::OnTheWay => {
                    // All from here on are above each other.
                    let circle = way.iter().position(|&on| on == here).unwrap_or_default();
                    for &on in &way[circle..] {
                        states[on] = State::Known(Depth::Circle);
                    }
                    way.truncate(circle);
                    depth = 1;
                    break;
                }
                State::Unknown => {
                    states[here] = State::OnTheWay;
                    way.push(here);
                    at = parents[here];
                }
            }
        }
        for &on in way.iter().rev() {
            states[on] = State::Known(Depth::At(depth));
            depth += 1;
        }
    }
    states
        .into_iter()
        .map(|state| match state {
            State::Known(depth) => depth,
            State::Unknown | State::OnTheWay => Depth::At(0),
        })
        .collect()
}

/// The place of each page by its key.
pub(crate) fn index(pages: &[PagePlan]) -> HashMap<&str, usize> {
    pages
        .iter()
        .enumerate()
        .map(|(at, page)| (page.key.as_str(), at))
        .collect()
}

pub(crate) fn parents(pages: &[PagePlan]) -> Vec<Option<usize>> {
    let index = index(pages);
    let above = |page: &PagePlan| index.get(page.parent.as_deref()?).copied();
    pages.iter().map(above).collect()
}

/// Whether a page is the one everything stands below.
pub(crate) fn is_home(page: &PagePlan) -> bool {
    page.slug.is_empty() && page.section == "/"
}

/// The pages whose place is wrong, in the order of the plan.
pub fn faults(pages: &[PagePlan]) -> Vec<(usize, Fault)> {
    let parents = parents(pages);
    let depths = depths(&parents);
    let fault = |at: usize| match depths[at] {
        Depth::Circle => Some(Fault::Circle),
        Depth::At(depth) if depth >= MAX_DEPTH => Some(Fault::Deep),
        Depth::At(_) if parents[at].is_none() && !is_home(&pages[at]) => Some(Fault::Gone),
        Depth::At(_) => None,
    };
    (0..pages.len()).filter_map(|at| Some((at, fault(at)?))).collect()
}

/// Puts pages whose place is wrong below the home page.
pub(super) fn mend(pages: &mut [PagePlan]) {
    let Some(top) = pages.iter_mut().find(|page| is_home(page)) else {
        return;
    };
    top.parent = None;
    let home = top.key.clone();
    for (at, fault) in faults(pages) {
        if fault != Fault::Deep {
            pages[at].parent = Some(home.clone());
        }
    }
    // Each page that would be too deep begins anew below the home page, and takes those below it along.
    for at in too_deep(&parents(pages), MAX_DEPTH, 1) {
        pages[at].parent = Some(home.clone());
    }
}

/// What has `limit` or more above it once what is too deep above it stands at level `top`: each of these is to begin anew there,
/// and takes those below it along. What stands in a circle is in no order and should not be given.
pub(crate) fn too_deep(parents: &[Option<usize>], limit: usize, top: usize) -> Vec<usize> {
    let mut out = Vec::new();
    let mut levels: Vec<Option<usize>> = vec![None; parents.len()];
    for start in 0..parents.len() {
        let mut way = vec![start];
        while let Some(above) = way
            .last()
            .and_then(|last| parents[*last])
            .filter(|above| levels[*above].is_none())
        {
            way.push(above);
        }
        while let Some(at) = way.pop() {
            if levels[at].is_some() {
                continue;
            }
            let level = parents[at].and_then(|above| levels[above]).map_or(0, |above| above + 1);
            if level >= limit {
                out.push(at);
            }
            levels[at] = Some(if level >= limit { top } else { level });
        }
    }
    out
}

/// Brings pages into the order of the tree and numbers those below each page. Pages with a place of their own (`fixed`) keep
/// it among the others, which stay in the order they come in.
pub(super) fn arrange(pages: &mut Vec<PagePlan>, fixed: impl Fn(&PagePlan) -> bool) {
    let parents = parents(pages);
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); pages.len()];
    let mut top: Vec<usize> = Vec::new();
    for (at, parent) in parents.iter().enumerate() {
        match parent {
            Some(parent) => below[*parent].push(at),
            None => top.push(at),
        }
    }
    for children in below.iter_mut().chain([&mut top]) {
        let (mut kept, others): (Vec<usize>, Vec<usize>) = children.drain(..).partition(|at| fixed(&pages[*at]));
        kept.sort_by(|a, b| (pages[*a].position, &pages[*a].key).cmp(&(pages[*b].position, &pages[*b].key)));
        *children = others;
        for at in kept {
            let place = (pages[at].position as usize).min(children.len());
            children.insert(place, at);
        }
    }
    let mut order: Vec<usize> = Vec::with_capacity(pages.len());
    let mut seen = vec![false; pages.len()];
    let mut open: Vec<usize> = top.iter().rev().copied().collect();
    while let Some(at) = open.pop() {
        seen[at] = true;
        order.push(at);
        for (place, &child) in below[at].iter().enumerate() {
            pages[child].position = u32::try_from(place).unwrap_or(u32::MAX);
        }
        open.extend(below[at].iter().rev());
    }
    for (place, &at) in top.iter().enumerate() {
        pages[at].position = u32::try_from(place).unwrap_or(u32::MAX);
    }
    // What stands in a circle has no way from the top; it is told elsewhere and must not be lost here.
    order.extend((0..pages.len()).filter(|at| !seen[*at]));
    let mut slots: Vec<Option<PagePlan>> = std::mem::take(pages).into_iter().map(Some).collect();
    *pages = order.into_iter().filter_map(|at| slots[at].take()).collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depths_of_trees_circles_and_what_hangs_on_them() {
        use Depth::{At, Circle};
        for (parents, expected) in [
            (vec![None, Some(0), Some(1)], vec![At(0), At(1), At(2)]),
            (vec![Some(1), Some(0), Some(0)], vec![Circle, Circle, At(1)]),
            (vec![Some(0)], vec![Circle]),
            (vec![Some(2), None, Some(1)], vec![At(2), At(0), At(1)]),
            (vec![], vec![]),
        ] {
            assert_eq!(depths(&parents), expected, "{parents:?}");
        }
        let chain: Vec<Option<usize>> = (0..100_000).map(|at: usize| at.checked_sub(1)).collect();
        assert_eq!(depths(&chain)[99_999], At(99_999));
    }
}
