//! Keeping the terms of a taxonomy a tree: checks inside the unit of work.

use igny8_data::{Tx, Variables};

use super::model::{MAX_DEPTH, Term, TermId};

/// Writes a row of the site that all changes of its trees write: two at once collide and are made one after the other,
/// so that neither overlooks the other (A below B while B goes below A). The row must differ afterwards; an update that
/// changes nothing is not written and collides with nothing.
pub fn one_at_a_time(tx: &mut Tx<'_>) {
    tx.statement(
        "UPSERT type::record('tree_guard', record::id($site)) SET account = $account, site = $site, \
         changes = (changes ?? 0) + 1 RETURN NONE",
        Variables::new(),
    );
}

/// The parent must be a live term of the same site, taxonomy and language, not below the term itself, and not too deep.
pub fn require_parent(tx: &mut Tx<'_>, term: &Term) {
    let Some(parent) = term.parent else {
        return;
    };
    require_below(tx, term, term.id, parent);
}

/// `top` and everything below it must fit below `parent`, a term of the taxonomy and language of `kind`.
pub fn require_below(tx: &mut Tx<'_>, kind: &Term, top: TermId, parent: TermId) {
    one_at_a_time(tx);
    let mut binds = Variables::new();
    binds.insert("top", top);
    binds.insert("parent", parent);
    binds.insert("taxonomy", kind.taxonomy);
    binds.insert("language", kind.language.clone());
    tx.statement(
        "LET $up0 = (SELECT VALUE id FROM [$parent] WHERE account = $account AND site = $site AND taxonomy = $taxonomy \
         AND language = $language AND deleted_at IS NONE)",
        binds,
    );
    tx.require(
        "$site != NONE AND array::len($up0) = 1",
        Variables::new(),
        "unknown_parent",
    );
    // A loop cannot carry a variable on, so each level is a statement of its own.
    tx.statement(
        "LET $down0 = (SELECT VALUE id FROM [$top] WHERE site = $site)",
        Variables::new(),
    );
    let (mut above, mut below) = (vec!["$up0".to_owned()], Vec::new());
    for level in 1..=MAX_DEPTH {
        let over = level - 1;
        tx.statement(
            &format!("LET $up{level} = (SELECT VALUE parent FROM $up{over} WHERE site = $site AND parent IS NOT NONE)"),
            Variables::new(),
        );
        tx.statement(
            &format!(
                "LET $down{level} = IF array::is_empty($down{over}) {{ [] }} ELSE {{ (SELECT VALUE id FROM term \
                 WHERE site = $site AND parent INSIDE $down{over} AND deleted_at IS NONE) }}"
            ),
            Variables::new(),
        );
        above.push(format!("$up{level}"));
        below.push(format!("$down{level}"));
    }
    let above = above.join(", ");
    tx.require(
        &format!("$site != NONE AND !($top INSIDE array::flatten([{above}]))"),
        Variables::new(),
        "cycle",
    );
    let below = below.join(", ");
    tx.require(
        &format!(
            "$site != NONE AND array::len(array::filter([{above}, {below}], |$ids| !array::is_empty($ids))) + 1 <= {MAX_DEPTH}"
        ),
        Variables::new(),
        "too_deep",
    );
}
