//! What is in the bucket, kept beside it as an object of its own (gzip-packed JSON).

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read as _, Write as _};
use std::marker::PhantomData;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::client::{Created, Headers, Store};
use crate::error::StorageError;

/// Below the destination's prefix. Releases have no hidden files there.
pub const PATH: &str = ".igny8/manifest.json.gz";
/// The manifest of a site of a million files is smaller.
const LARGEST: u64 = 256 << 20;
/// Objects that a manifest names. The service may answer anything: millions of empty names would take many times the room of
/// their text.
const MOST: usize = 2_000_000;
const FORMAT: u32 = 1;
const HEADERS: Headers<'static> = Headers {
    content_type: "application/gzip",
    cache_control: "no-store",
    content_encoding: None,
    redirect: None,
};

/// Tells contents, with the headers they are given out with, from others: 128 bits of BLAKE3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Print(pub u128);

impl Serialize for Print {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:032x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Print {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        u128::from_str_radix(&text, 16)
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    format: u32,
    /// Whose files these are: a folder of a bucket has one site.
    pub owner: String,
    /// The release that is there whole; none before the first one is, and while one goes up.
    pub release: Option<String>,
    /// What visitors can get, by path. Without a print it may be anything, or nothing.
    #[serde(deserialize_with = "bounded")]
    pub objects: BTreeMap<String, Option<Print>>,
    /// What the release does not have any more and open pages may.
    #[serde(default, deserialize_with = "bounded")]
    pub gone: BTreeMap<String, Gone>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    pub print: Option<Print>,
    pub since: DateTime<Utc>,
}

fn bounded<'de, D: Deserializer<'de>, V: Deserialize<'de>>(deserializer: D) -> Result<BTreeMap<String, V>, D::Error> {
    deserializer.deserialize_map(Entries {
        most: MOST,
        of: PhantomData,
    })
}

/// Reads a map of at most so many entries.
struct Entries<V> {
    most: usize,
    of: PhantomData<V>,
}

impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
    type Value = BTreeMap<String, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} entries", self.most)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some((path, value)) = map.next_entry()? {
            if entries.len() == self.most {
                return Err(serde::de::Error::invalid_length(self.most + 1, &self));
            }
            entries.insert(path, value);
        }
        Ok(entries)
    }
}

impl Manifest {
    pub fn new(owner: &str) -> Self {
        Self {
            format: FORMAT,
            owner: owner.to_owned(),
            release: None,
            objects: BTreeMap::new(),
            gone: BTreeMap::new(),
        }
    }

    /// Reads the one in the bucket, if there is one.
    ///
    /// # Errors
    /// When it cannot be read, is no manifest, or another site's.
    pub(crate) async fn read(store: &Store, owner: &str) -> Result<Option<Self>, StorageError> {
        let Some(packed) = store.get(PATH).await? else {
            return Ok(None);
        };
        let manifest = tokio::task::spawn_blocking(move || unpack(&packed)).await;
        let manifest = manifest.map_err(std::io::Error::other)?.ok_or_else(|| {
            StorageError::Fail(format!(
                "The object `{}` in the bucket was not written by this version of IGNY8. Take another prefix, or remove that object with all that is beside it: then every file goes up again.",
                store.settings().key(PATH)
            ))
        })?;
        if manifest.owner != owner {
            return Err(StorageError::Fail(format!(
                "This place in the bucket belongs to another site. Take another prefix; if that site does not use it any more, remove what is there, with the object `{}`.",
                store.settings().key(PATH)
            )));
        }
        Ok(Some(manifest))
    }

    pub(crate) async fn write(&self, store: &Store) -> Result<(), StorageError> {
        store.put(PATH, self.pack()?, &HEADERS).await
    }

    /// Writes the first one of a place.
    pub(crate) async fn create(&self, store: &Store) -> Result<Created, StorageError> {
        store.create(PATH, self.pack()?, &HEADERS).await
    }

    fn pack(&self) -> std::io::Result<Bytes> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        serde_json::to_writer(&mut packer, self)?;
        packer.flush()?;
        Ok(packer.finish()?.into())
    }
}

fn unpack(packed: &[u8]) -> Option<Manifest> {
    let unpacked = flate2::read::GzDecoder::new(packed).take(LARGEST);
    let manifest: Manifest = serde_json::from_reader(std::io::BufReader::new(unpacked)).ok()?;
    (manifest.format == FORMAT).then_some(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_was_written_and_nothing_else_is() {
        let mut manifest = Manifest::new("site_1");
        manifest.release = Some("7".into());
        manifest.objects.insert("index.html".into(), Some(Print(1 << 100)));
        manifest.objects.insert("café/index.html".into(), None);
        let since = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        manifest.gone.insert("a.css".into(), Gone { print: None, since });
        let packed = manifest.pack().unwrap();
        assert_eq!(unpack(&packed).unwrap(), manifest);
        assert_eq!(unpack(&packed[..packed.len() - 20]), None);
        assert_eq!(unpack(b"<html>"), None);
        manifest.format = 2;
        assert_eq!(unpack(&manifest.pack().unwrap()), None);
    }

    #[test]
    fn names_no_more_than_so_many_objects() {
        let read = |most| {
            let mut json = serde_json::Deserializer::from_str(r#"{"a":null,"b":null}"#);
            let of = PhantomData::<Option<Print>>;
            json.deserialize_map(Entries { most, of })
        };
        assert_eq!(read(2).unwrap().len(), 2);
        assert!(read(1).is_err());
    }
}
