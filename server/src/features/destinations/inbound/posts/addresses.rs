//! Addresses of imported content: as posts have them there, unless something else has them here.

use std::collections::HashSet;

use igny8_data::{DbError, Variables};
use igny8_wordpress::{Post, PostType};

use super::super::convert;
use super::super::source::Inbound;
use crate::features::content::save::{self, keep_address};
use crate::features::content::{Content, ContentId};
use crate::features::destinations::model::Publication;

/// Posts are listed among posts, wherever their address is.
pub(super) fn listed_in(row: &mut Content) {
    let usual = row.content_type.default_section();
    if usual != "/"
        && !row.section.starts_with(usual)
        && let Some(extra) = row.extra.as_object_mut()
    {
        extra.insert("section".into(), usual.into());
        row.extra.sort_all_objects();
    }
}

/// Follows a post to another address.
pub(super) async fn move_along(
    from: &Inbound<'_>,
    old: &Content,
    new: &mut Content,
    post: &Post,
    of: &PostType,
    taken: &mut HashSet<(String, String)>,
) -> Result<(), DbError> {
    let home = from.home();
    let place = convert::place(post, home.as_ref(), from.content_type(of), &old.language);
    if convert::has_path(post, home.as_ref()) {
        (new.section, new.slug, new.page_role) = (place.section, place.slug, place.role);
    } else if convert::known_slug(old) != Some(post.slug.as_str()) {
        new.slug = place.slug;
    } else {
        // Permalinks without paths say nothing of where it is to be.
        return Ok(());
    }
    if new.derive_path() != old.path {
        free(from, new, taken).await?;
        new.aliases.extend(place.alias);
        keep_address(old, new, &from.site.language);
    }
    listed_in(new);
    Ok(())
}

/// Whether content was moved here, and its post only followed: it stands where somebody put it, not where it was there before.
pub(super) fn is_moved_here(
    from: &Inbound<'_>,
    old: &Content,
    post: &Post,
    of: &PostType,
    publication: &Publication,
) -> bool {
    let Some(before) = old.source_url.as_ref() else {
        return false;
    };
    if publication.external_url.as_ref() != Some(&post.link) {
        return false;
    }
    let mut there = post.clone();
    there.link.clone_from(before);
    let place = convert::place(&there, from.home().as_ref(), from.content_type(of), &old.language);
    (&place.section, &place.slug) != (&old.section, &old.slug)
}

async fn is_free(from: &Inbound<'_>, row: &Content) -> Result<bool, DbError> {
    let mut binds = Variables::new();
    binds.insert("path", row.derive_path());
    binds.insert("language", row.language.clone());
    let sql = "SELECT VALUE id FROM content WITH INDEX content_path WHERE site = $site AND language = $language \
               AND path = $path AND account = $account;";
    let mut answer = from.db().query(sql, binds, "looking for a free address").await?;
    Ok(answer.rows::<ContentId>(0)?.iter().all(|id| *id == row.id))
}

/// Finds an address that nothing else has.
pub(super) async fn free(
    from: &Inbound<'_>,
    row: &mut Content,
    taken: &mut HashSet<(String, String)>,
) -> Result<(), DbError> {
    use crate::features::content::model::PageRole;
    let db = from.db();
    let key = |row: &Content| (row.language.clone(), row.derive_path());
    if !taken.contains(&key(row)) && is_free(from, row).await? {
        taken.insert(key(row));
        return Ok(());
    }
    // Another page has it, such as a home page that was made here.
    row.page_role = PageRole::Page;
    let wanted = row.slug.clone();
    row.slug = save::free_slug(&db, &row.section, &row.language, &wanted).await?;
    let mut n = 2;
    // A number that is free in the database may be taken by another post of the lot, and the other way round.
    while taken.contains(&key(row)) || !is_free(from, row).await? {
        row.slug = format!("{}-{n}", convert::cut(&wanted, 80).trim_matches('-'));
        n += 1;
    }
    taken.insert(key(row));
    Ok(())
}
