//! Sites, their sectors and settings.
//!
//! A site belongs to one account; its slug is unique across the installation, since it names a folder in sites-data. A
//! deleted site is invisible at once and removed for good after a while.

pub mod api;
pub mod catalogue;
pub mod domains;
pub mod model;

pub use model::{Sector, Site};

/// The default language of a site.
///
/// # Errors
/// When the database fails.
pub async fn language_of<A: igny8_data::Access>(db: &igny8_data::SiteDb<'_, A>) -> Result<String, igny8_data::DbError> {
    let sql = "SELECT VALUE language FROM ONLY $site WHERE account = $account;";
    let language = db
        .query(sql, igny8_data::Variables::new(), "reading a site's language")
        .await?
        .one::<String>(0)?;
    Ok(language.unwrap_or_else(|| "en".to_owned()))
}
