//! What of ours a destination has: read for some documents together, written as it is learnt.

use igny8_data::queue::Lease;
use igny8_data::{Access, Db, DbError, SiteDb, Tx, Variables, Write};

use super::model::{Destination, DestinationId, Mapping};
use super::state;
use crate::publish::{Document, Known, KnownKind};

/// Look-ups in one query.
const TOGETHER: usize = 200;

/// What is known of the terms and files of some documents.
///
/// # Errors
/// When the database fails.
pub async fn of_documents<'d, A: Access>(
    db: &SiteDb<'_, A>,
    destination: DestinationId,
    documents: impl Iterator<Item = &'d Document>,
) -> Result<Known, DbError> {
    let mut keys = Vec::new();
    for document in documents {
        let steps = document.terms.iter().flat_map(|term| &term.path);
        keys.extend(steps.map(|step| (KnownKind::Term, step.id.clone())));
        keys.extend(document.files.iter().map(|file| (KnownKind::Media, file.hash.clone())));
    }
    keys.sort_unstable();
    keys.dedup();
    of(db, destination, &keys).await
}

/// What is known under some keys.
///
/// # Errors
/// When the database fails.
pub async fn of<A: Access>(
    db: &SiteDb<'_, A>,
    destination: DestinationId,
    keys: &[(KnownKind, String)],
) -> Result<Known, DbError> {
    let mut entries = Vec::new();
    for keys in keys.chunks(TOGETHER) {
        let (mut sql, mut binds) = (String::new(), Variables::new());
        binds.insert("destination", destination);
        for (n, (kind, ours)) in keys.iter().enumerate() {
            binds.insert(format!("kind{n}"), *kind);
            binds.insert(format!("ours{n}"), ours.clone());
            sql += &format!(
                "SELECT * FROM mapping WITH INDEX mapping_ours WHERE destination = $destination AND kind = $kind{n} \
                 AND ours = $ours{n} AND site = $site AND account = $account;"
            );
        }
        let mut answer = db.query(&sql, binds, "reading mappings").await?;
        for n in 0..keys.len() {
            entries.extend(answer.rows::<Mapping>(n)?.into_iter().map(Mapping::entry));
        }
    }
    Ok(Known::new(entries))
}

/// Forgets a term of ours, for a job that has the destination.
///
/// # Errors
/// When the database fails.
pub async fn forget_term(
    db: &SiteDb<'_, Write>,
    destination: DestinationId,
    lease: Lease,
    ours: String,
) -> Result<(), DbError> {
    let mut tx = db.tx();
    state::guard(&mut tx, destination, lease);
    let mut binds = Variables::new();
    binds.insert("forgotten_at", destination);
    binds.insert("forgotten_kind", KnownKind::Term);
    binds.insert("forgotten", ours);
    tx.statement(
        "DELETE mapping WHERE destination = $forgotten_at AND kind = $forgotten_kind AND ours = $forgotten \
         AND site = $site AND account = $account RETURN NONE",
        binds,
    );
    tx.commit().await.map(|_| ())
}

/// Adds what was learnt to a unit of work.
pub fn save(db: &Db, tx: &mut Tx<'_>, destination: &Destination, known: &mut Known) {
    for (n, ((kind, ours), entry)) in known.take_changes().into_iter().enumerate() {
        let row = Mapping {
            id: db.ids().make(),
            account: destination.account,
            site: destination.site,
            destination: destination.id,
            kind,
            ours: ours.clone(),
            external_id: entry.external_id.clone(),
            hash: entry.hash.clone(),
            their_hash: entry.their_hash.clone(),
            url: entry.url.clone(),
            taxonomy: entry.taxonomy.clone(),
            made: entry.made,
            rev: 1,
            updated_at: db.clock().now(),
        };
        let mut binds = Variables::new();
        let name = |part: &str| format!("map_{part}{n}");
        binds.insert(name("id"), row.id);
        binds.insert(name("destination"), destination.id);
        binds.insert(name("kind"), kind);
        binds.insert(name("ours"), ours);
        binds.insert(name("external"), entry.external_id);
        binds.insert(name("hash"), entry.hash);
        binds.insert(name("their_hash"), entry.their_hash);
        binds.insert(name("url"), entry.url);
        binds.insert(name("taxonomy"), entry.taxonomy);
        binds.insert(name("made"), entry.made);
        binds.insert(name("at"), row.updated_at);
        binds.insert(name("row"), row);
        let sql = format!(
            "LET $map_found{n} = (SELECT VALUE id FROM mapping WITH INDEX mapping_ours WHERE destination = $map_destination{n} \
             AND kind = $map_kind{n} AND ours = $map_ours{n} AND site = $site AND account = $account);\n\
             IF $map_found{n} = [] {{ CREATE $map_id{n} CONTENT $map_row{n} RETURN NONE }} ELSE {{ UPDATE $map_found{n} \
             SET external_id = $map_external{n}, hash = $map_hash{n}, their_hash = $map_their_hash{n}, url = $map_url{n}, \
             taxonomy = $map_taxonomy{n}, made = $map_made{n}, updated_at = $map_at{n}, rev += 1 RETURN NONE }}"
        );
        tx.statement(&sql, binds);
    }
}
