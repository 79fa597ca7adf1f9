//! Object storage that speaks S3's protocol, as a destination of releases (`igny8-storage` does the work).

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::Arc;

use igny8_data::SiteId;
use igny8_outgoing::Outgoing;
use igny8_renderer::release::Release;
use igny8_storage::{Compression, Encoding, StorageError, Store};
use poem_openapi::{Enum, Object};
use url::Url;

use super::publisher::{Copied, PublishError, ReleaseFile, ReleaseOrder, ReleaseSource, ReleaseStore, Watch};
use crate::api::validate;
use crate::visitors::{Redirects, content_type, is_for_ever};

pub use igny8_storage::Settings as ObjectStorageSettings;

/// A place in a bucket, for one site.
pub struct ObjectStorage {
    store: Store,
    /// As the manifest in the bucket names it.
    owner: String,
}

impl ObjectStorage {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// [`PublishError::Connection`] when the settings lead nowhere they may lead.
    pub fn new(
        outgoing: &Outgoing,
        settings: ObjectStorageSettings,
        secret: &str,
        site: SiteId,
    ) -> Result<Self, PublishError> {
        let store = Store::new(settings, secret, outgoing).map_err(failed)?;
        let owner = site.to_string();
        Ok(Self { store, owner })
    }
}

impl ReleaseStore for ObjectStorage {
    async fn check(&self) -> Result<(), PublishError> {
        igny8_storage::check(&self.store, &self.owner).await.map_err(failed)?;
        Ok(())
    }

    async fn mirror(
        &self,
        order: &ReleaseOrder,
        source: Arc<dyn ReleaseSource>,
        watch: &impl Watch,
    ) -> Result<Copied, PublishError> {
        igny8_storage::mirror(&self.store, &self.owner, order, source, watch)
            .await
            .map_err(failed)
    }

    async fn empty(&self, watch: &impl Watch) -> Result<usize, PublishError> {
        igny8_storage::empty(&self.store, &self.owner, watch)
            .await
            .map_err(failed)
    }
}

fn failed(error: StorageError) -> PublishError {
    match error {
        StorageError::Retry { why, after } => PublishError::Retry { why, after },
        // Settings, rights, the bucket: each is mended by whoever set the destination up.
        StorageError::Fail(why) => PublishError::Connection(why),
        StorageError::Missing | StorageError::Stopped => PublishError::retry(error.to_string()),
        StorageError::Disk(error) => {
            tracing::warn!(%error, "a release cannot be read for a destination");
            PublishError::retry("The release cannot be read here; a newer one may have taken its place.")
        }
    }
}

/// Longest list of redirects that is read.
const REDIRECTS_MAX: u64 = 4 << 20;
/// Lists for other web servers, which mean nothing to object storage.
const FOR_SERVERS: [&str; 3] = ["_redirects", "redirects.nginx.conf", "redirects.caddy"];

/// A release of this server.
pub struct ReleaseOnDisk {
    /// The site's folder.
    pub folder: PathBuf,
    pub release: Release,
}

impl ReleaseOnDisk {
    /// Its files as a destination gets them. `base` is the path below which the site's address has its pages, without a slash at
    /// its end. Blocking.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn files(&self, base: &str) -> io::Result<Vec<ReleaseFile>> {
        let redirects = self.redirects()?;
        let files = self.release.files().filter(|(path, _)| !FOR_SERVERS.contains(path));
        let files = files.map(|(path, entry)| {
            let address = path.strip_suffix("index.html").unwrap_or(path);
            let leads = redirects.get(&format!("/{address}"));
            ReleaseFile {
                path: path.to_owned(),
                hash: entry.hash.0,
                bytes: entry.bytes,
                compressed: entry.compressed,
                immutable: is_for_ever(path),
                content_type: content_type(path),
                redirect: leads.map(|to| {
                    if to.starts_with('/') {
                        format!("{base}{to}")
                    } else {
                        to.to_owned()
                    }
                }),
            }
        });
        Ok(files.collect())
    }

    fn redirects(&self) -> io::Result<Redirects> {
        let mut text = String::new();
        if let Some(entry) = self.release.get("_redirects") {
            let file = std::fs::File::open(self.release.content(&self.folder, "_redirects", entry))?;
            file.take(REDIRECTS_MAX).read_to_string(&mut text)?;
        }
        Ok(Redirects::parse(&text))
    }
}

impl ReleaseSource for ReleaseOnDisk {
    fn open(&self, file: &ReleaseFile, encoding: Option<Encoding>) -> io::Result<Option<std::fs::File>> {
        let entry = self.release.get(&file.path).ok_or(io::ErrorKind::NotFound)?;
        let mut path = self.release.content(&self.folder, &file.path, entry).into_os_string();
        match encoding {
            None => return std::fs::File::open(path).map(Some),
            Some(Encoding::Gzip) => path.push(".gz"),
            Some(Encoding::Brotli) => path.push(".br"),
        }
        match std::fs::File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        }
    }
}

/// The form in which texts are stored; everybody gets the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum StorageCompression {
    /// As they are, for a delivery network in front that compresses by itself.
    None,
    /// Understood by everything that reads the web.
    Gzip,
    /// Smaller; some programs that are not browsers do not know it.
    Brotli,
}

impl From<StorageCompression> for Compression {
    fn from(compression: StorageCompression) -> Self {
        match compression {
            StorageCompression::None => Self::None,
            StorageCompression::Gzip => Self::Gzip,
            StorageCompression::Brotli => Self::Brotli,
        }
    }
}

impl From<Compression> for StorageCompression {
    fn from(compression: Compression) -> Self {
        match compression {
            Compression::None => Self::None,
            Compression::Gzip => Self::Gzip,
            Compression::Brotli => Self::Brotli,
        }
    }
}

/// A place in a bucket.
#[derive(Debug, Object)]
#[oai(rename = "ObjectStorage", skip_serializing_if_is_none)]
pub struct ObjectStorageOut {
    /// Address of the service; Amazon's when absent.
    pub endpoint: Option<String>,
    pub region: String,
    pub bucket: String,
    pub access_key_id: String,
    pub prefix: String,
    pub path_style: bool,
    pub public_address: Option<String>,
    pub compression: StorageCompression,
    pub page_cache: String,
    pub asset_cache: String,
    pub redirect_headers: bool,
    pub keep_hours: u32,
}

impl From<&ObjectStorageSettings> for ObjectStorageOut {
    fn from(settings: &ObjectStorageSettings) -> Self {
        let text = |url: &Option<Url>| url.as_ref().map(ToString::to_string);
        Self {
            endpoint: text(&settings.endpoint),
            region: settings.region.clone(),
            bucket: settings.bucket.clone(),
            access_key_id: settings.access_key_id.clone(),
            prefix: settings.prefix.clone(),
            path_style: settings.path_style,
            public_address: text(&settings.public_address),
            compression: settings.compression.into(),
            page_cache: settings.page_cache.clone(),
            asset_cache: settings.asset_cache.clone(),
            redirect_headers: settings.redirect_headers,
            keep_hours: settings.keep_hours,
        }
    }
}

/// What to set or change of a place in a bucket; what is left out stays, or is as usual. Every set-up needs `bucket`,
/// `access_key_id` and `secret_access_key`.
#[derive(Debug, Default, Object)]
#[oai(rename = "ObjectStorageUpdate", deny_unknown_fields)]
pub struct ObjectStorageIn {
    /// Address of the service, without the bucket; empty for Amazon's. On another host, `secret_access_key` must be sent again.
    pub endpoint: Option<String>,
    /// `us-east-1` unless said otherwise; Cloudflare R2 has `auto`.
    pub region: Option<String>,
    pub bucket: Option<String>,
    pub access_key_id: Option<String>,
    /// Kept encrypted and never given out again.
    pub secret_access_key: Option<String>,
    /// Folder in the bucket that is this site's alone; empty for the whole bucket.
    pub prefix: Option<String>,
    /// Whether the bucket is the first part of the path (true unless said otherwise) or of the host.
    pub path_style: Option<bool>,
    /// Where visitors find the copy; empty when that is not known. Its path must be that of the site's own address.
    pub public_address: Option<String>,
    /// `gzip` unless said otherwise.
    pub compression: Option<StorageCompression>,
    /// `Cache-Control` of pages and of what else keeps its name; `public, max-age=0, must-revalidate` unless said otherwise.
    pub page_cache: Option<String>,
    /// `Cache-Control` of what has its hash in its name; `public, max-age=31536000, immutable` unless said otherwise.
    pub asset_cache: Option<String>,
    /// Old addresses answer with status 301 where the bucket's website endpoint knows `x-amz-website-redirect-location`. Other
    /// services may refuse it; without it a page leads on.
    pub redirect_headers: Option<bool>,
    /// Hours for which files stay that only pages of an earlier release need: 24 unless said otherwise, at most 744.
    pub keep_hours: Option<u32>,
}

impl ObjectStorageIn {
    /// Changes settings; answers what is wrong with them then, by field.
    pub fn apply(&self, settings: &mut ObjectStorageSettings) -> Vec<(&'static str, &'static str)> {
        let mut wrong = Vec::new();
        let mut address = |field, given: &Option<String>, set: &mut Option<Url>| {
            let Some(text) = given.as_deref().map(str::trim) else {
                return;
            };
            match validate::address(text) {
                _ if text.is_empty() => *set = None,
                Some(url) => *set = Some(url),
                None => wrong.push((
                    field,
                    "Give an address that begins with https://, without spaces and line breaks.",
                )),
            }
        };
        address("endpoint", &self.endpoint, &mut settings.endpoint);
        address("public_address", &self.public_address, &mut settings.public_address);
        let text = |given: &Option<String>, set: &mut String| {
            if let Some(text) = given {
                text.trim().clone_into(set);
            }
        };
        text(&self.region, &mut settings.region);
        text(&self.bucket, &mut settings.bucket);
        text(&self.access_key_id, &mut settings.access_key_id);
        text(&self.page_cache, &mut settings.page_cache);
        text(&self.asset_cache, &mut settings.asset_cache);
        if let Some(prefix) = &self.prefix {
            prefix.trim().trim_matches('/').clone_into(&mut settings.prefix);
            // The settings themselves refuse control characters; a prefix with spaces that is in use goes on working.
            if settings.prefix.contains(|c: char| c.is_whitespace() && !c.is_control()) {
                wrong.push(("prefix", "A prefix is a path such as `sites/blog`, without spaces."));
            }
        }
        if let Some(compression) = self.compression {
            settings.compression = compression.into();
        }
        settings.path_style = self.path_style.unwrap_or(settings.path_style);
        settings.redirect_headers = self.redirect_headers.unwrap_or(settings.redirect_headers);
        settings.keep_hours = self.keep_hours.unwrap_or(settings.keep_hours);
        wrong.extend(settings.problems());
        wrong
    }
}
