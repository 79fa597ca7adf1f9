//! Vectors of texts, kept for their account: what was embedded once is not asked and paid for again, by no later run and no
//! other attempt of a job, and a preview can use what a task has got.
//!
//! A vector is found again by a hash of its account, of who made it (address and model) and of its text. The text itself is not
//! stored here.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use igny8_data::surrealdb_types::Bytes;
use igny8_data::{
    Access, AccountId, DbError, JobId, Read, RecordKey as _, SiteScope, SurrealValue, Tx, Variables, id_type, ids::Ulid,
};

use super::provider::Provider;
use crate::app::App;
use crate::jobs::JobError;

id_type!(
    /// The vector of a text.
    VectorId, "ai_vector", "aivec_"
);

/// The vectors that one model makes for one account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Space {
    account: AccountId,
    /// Address and model: another server's model of the same name makes other vectors.
    made_by: String,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Row {
    id: VectorId,
    account: AccountId,
    vector: Bytes,
    created_at: DateTime<Utc>,
}

impl Space {
    pub fn of(account: AccountId, provider: &Provider) -> Self {
        Self {
            account,
            made_by: provider.embedder(),
        }
    }

    /// What a text's vector is kept by.
    pub fn id(&self, text: &str) -> VectorId {
        let mut hash = blake3::Hasher::new();
        for part in [self.account.key().as_str(), &self.made_by, text] {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.finalize().as_bytes()[..16]);
        VectorId::from_ulid(Ulid::from_bytes(bytes))
    }
}

/// The vectors that are kept of these.
///
/// # Errors
/// When the database fails.
pub async fn known<A: Access>(
    app: &App,
    scope: &SiteScope<A>,
    ids: &[VectorId],
) -> Result<HashMap<VectorId, Vec<f32>>, DbError> {
    /// Rows read at once by their ids: SurrealDB 3.3 takes time by the square of their number.
    const PAGE: usize = 500;
    // Whoever may read a site may read what its account's sites share; else nothing is known, and the vectors are asked for.
    let Ok(account) = scope.actor().account::<Read>() else {
        return Ok(HashMap::new());
    };
    let db = app.db.account(&account);
    let mut found = HashMap::new();
    for page in ids.chunks(PAGE) {
        let mut binds = Variables::new();
        binds.insert("ids", page.to_vec());
        let sql = "SELECT id, account, vector, created_at FROM $ids WHERE account = $account;";
        let mut answer = db.query(sql, binds, "reading vectors").await?;
        for row in answer.rows::<Row>(0)? {
            found.insert(row.id, unpacked(&row.vector.into_inner()));
        }
    }
    Ok(found)
}

/// New vectors of a job.
pub struct Found {
    rows: Vec<Row>,
    job: JobId,
    at: DateTime<Utc>,
}

impl Found {
    pub fn new(app: &App, job: JobId, space: &Space, texts: &[String], vectors: &[Vec<f32>]) -> Self {
        let at = app.db.clock().now();
        let row = |(text, vector): (&String, &Vec<f32>)| Row {
            id: space.id(text),
            account: space.account,
            vector: packed(vector).into(),
            created_at: at,
        };
        Self {
            rows: texts.iter().zip(vectors).map(row).collect(),
            job,
            at,
        }
    }

    /// Adds them to the unit of work that notes the call. It also says that the job got on, so that its patience begins anew.
    pub fn keep(self, tx: &mut Tx<'_>) {
        let mut binds = Variables::new();
        binds.insert("vector_rows", self.rows);
        binds.insert("vector_job", self.job);
        binds.insert("vector_at", self.at);
        // Another job may have asked for the same in this moment.
        tx.statement(
            "INSERT IGNORE INTO ai_vector $vector_rows RETURN NONE;\n\
             UPDATE $vector_job SET waits_since = $vector_at WHERE site = $site AND account = $account RETURN NONE",
            binds,
        );
    }
}

/// A vector as it is stored: the upper half of each number (bfloat16, rounded to even). It keeps three digits, which is
/// more than likeness needs.
pub fn packed(vector: &[f32]) -> Vec<u8> {
    let half = |number: &f32| {
        let bits = number.to_bits();
        let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1));
        let half = (rounded >> 16) as u16;
        half.to_le_bytes()
    };
    vector.iter().flat_map(half).collect()
}

/// The numbers of [`packed`].
pub fn unpacked(bytes: &[u8]) -> Vec<f32> {
    let number = |half: &[u8]| f32::from_bits(u32::from(u16::from_le_bytes([half[0], half[1]])) << 16);
    bytes.chunks_exact(2).map(number).collect()
}

/// Days that a vector is kept. A sector that is grouped every month asks four times a year.
const KEEP_DAYS: i64 = 90;

/// Removes old vectors.
///
/// # Errors
/// When the database fails; the next run goes on.
pub async fn purge(app: App) -> Result<u64, JobError> {
    super::transcript::purge_table(&app, "ai_vector", KEEP_DAYS).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_keep_three_digits() {
        let vector = [0.0_f32, 1.0, -1.0, 0.123_456, -0.000_123_456, 1.0e30, 65_280.0];
        let packed = packed(&vector);
        assert_eq!(packed.len(), vector.len() * 2);
        let again = unpacked(&packed);
        for (number, read) in vector.iter().zip(&again) {
            assert!((number - read).abs() <= number.abs() / 250.0, "{number} {read}");
        }
        assert_eq!(super::packed(&again), packed, "packed once, it stays");
    }

    #[test]
    fn vectors_are_told_apart_by_account_maker_and_text() {
        let space = |account: &str, made_by: &str| Space {
            account: account.parse().unwrap(),
            made_by: made_by.into(),
        };
        let (one, two) = ("acct_01jz8k3v5n6q7r8s9t0v1w2x3y", "acct_01jz8k3v5n6q7r8s9t0v1w2x3z");
        let id = space(one, "m").id("a");
        assert_eq!(space(one, "m").id("a"), id);
        for other in [
            space(two, "m").id("a"),
            space(one, "n").id("a"),
            space(one, "m").id("b"),
            space(one, "ma").id(""),
        ] {
            assert_ne!(other, id);
        }
    }
}
