//! Typed identifiers: `site_01j…` outside, `site:01j…` in the database, one Rust type per table.
//!
//! Mixing two kinds up does not compile, and a log line shows what an id stands for. Ids are ULIDs (sortable by the
//! time of creation), so a list ordered by id is ordered by creation.

use std::sync::Mutex;

use rand::{Rng, SeedableRng, rngs::StdRng};
pub use ulid::Ulid;

use crate::clock::Clock;

/// What every typed id can do; made by [`id_type!`](crate::id_type).
pub trait RecordKey: Copy + Eq + std::hash::Hash + std::fmt::Display + Send + Sync + 'static {
    /// The table the id is a key of.
    const TABLE: &'static str;
    fn from_ulid(ulid: Ulid) -> Self;
    fn ulid(self) -> Ulid;
    /// The record key as stored: 26 lower-case characters.
    fn key(self) -> String {
        self.ulid().to_string().to_ascii_lowercase()
    }
}

/// A text that is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id that starts with `{prefix}`")]
pub struct BadId {
    pub prefix: &'static str,
}

/// Parses the 26 characters of a ULID, lower case only, so that an id has one spelling.
#[doc(hidden)]
pub fn parse_key(text: &str) -> Option<Ulid> {
    let ulid = Ulid::from_string(&text.to_ascii_uppercase()).ok()?;
    (ulid.to_string().to_ascii_lowercase() == text).then_some(ulid)
}

/// Defines a typed id: `id_type!(/// Doc. SiteId, "site", "site_");`
///
/// The type converts to and from the database's record ids, JSON, path and query parameters.
#[macro_export]
macro_rules! id_type {
    ($(#[$meta:meta])* $name:ident, $table:literal, $prefix:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name($crate::ids::Ulid);

        impl $crate::ids::RecordKey for $name {
            const TABLE: &'static str = $table;
            fn from_ulid(ulid: $crate::ids::Ulid) -> Self {
                Self(ulid)
            }
            fn ulid(self) -> $crate::ids::Ulid {
                self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, concat!($prefix, "{}"), $crate::ids::RecordKey::key(*self))
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self, f)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::ids::BadId;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.strip_prefix($prefix)
                    .and_then($crate::ids::parse_key)
                    .map(Self)
                    .ok_or($crate::ids::BadId { prefix: $prefix })
            }
        }

        impl $crate::SurrealValue for $name {
            fn kind_of() -> $crate::surrealdb_types::Kind {
                $crate::surrealdb_types::Kind::Record(vec![$table.into()])
            }
            fn into_value(self) -> $crate::surrealdb_types::Value {
                $crate::surrealdb_types::Value::RecordId($crate::surrealdb_types::RecordId::new(
                    $table,
                    $crate::ids::RecordKey::key(self),
                ))
            }
            fn from_value(
                value: $crate::surrealdb_types::Value,
            ) -> Result<Self, $crate::surrealdb_types::Error> {
                if let $crate::surrealdb_types::Value::RecordId(record) = &value
                    && record.table.as_str() == $table
                    && let $crate::surrealdb_types::RecordIdKey::String(key) = &record.key
                    && let Some(ulid) = $crate::ids::parse_key(key)
                {
                    return Ok(Self(ulid));
                }
                Err($crate::surrealdb_types::Error::internal(
                    concat!("expected a record of ", $table).to_owned(),
                ))
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <::std::borrow::Cow<'de, str>>::deserialize(d)?;
                text.parse().map_err(::serde::de::Error::custom)
            }
        }

        impl $crate::poem_openapi::types::Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;
            fn name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn schema_ref() -> $crate::poem_openapi::registry::MetaSchemaRef {
                let mut schema = $crate::poem_openapi::registry::MetaSchema::new("string");
                schema.pattern = Some(concat!("^", $prefix, "[0-9a-hjkmnp-tv-z]{26}$").to_owned());
                schema.example = Some(concat!($prefix, "01jz8k3v5n6q7r8s9t0v1w2x3y").into());
                $crate::poem_openapi::registry::MetaSchemaRef::Inline(Box::new(schema))
            }
            fn as_raw_value(&self) -> Option<&Self::RawValueType> {
                Some(self)
            }
            fn raw_element_iter<'a>(
                &'a self,
            ) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
                Box::new(::std::iter::once(self))
            }
        }

        impl $crate::poem_openapi::types::ParseFromJSON for $name {
            fn parse_from_json(
                value: Option<::serde_json::Value>,
            ) -> $crate::poem_openapi::types::ParseResult<Self> {
                match value {
                    Some(::serde_json::Value::String(text)) => {
                        text.parse().map_err($crate::poem_openapi::types::ParseError::custom)
                    }
                    other => Err($crate::poem_openapi::types::ParseError::expected_type(
                        other.unwrap_or_default(),
                    )),
                }
            }
        }

        impl $crate::poem_openapi::types::ParseFromParameter for $name {
            fn parse_from_parameter(
                text: &str,
            ) -> $crate::poem_openapi::types::ParseResult<Self> {
                text.parse().map_err($crate::poem_openapi::types::ParseError::custom)
            }
        }

        impl $crate::poem_openapi::types::ToJSON for $name {
            fn to_json(&self) -> Option<::serde_json::Value> {
                Some(::serde_json::Value::String(self.to_string()))
            }
        }
    };
}

id_type!(
    /// A tenant.
    AccountId, "account", "acct_"
);
id_type!(
    /// A person with a login.
    UserId, "user", "user_"
);
id_type!(SiteId, "site", "site_");
id_type!(SectorId, "sector", "sect_");
id_type!(
    /// One login of one user; the family of its refresh tokens.
    SessionId, "session", "sess_"
);
id_type!(ApiKeyId, "api_key", "key_");
id_type!(JobId, "job", "job_");
id_type!(AuditId, "audit_event", "audit_");

/// Makes ids from the application's clock and randomness, so that tests can fix both.
pub struct Ids {
    clock: Clock,
    rng: Mutex<StdRng>,
}

impl Ids {
    /// Ids no one can guess.
    pub fn random(clock: Clock) -> Self {
        Self {
            clock,
            rng: Mutex::new(StdRng::from_rng(&mut rand::rng())),
        }
    }

    /// The same ids at every run, for tests.
    pub fn seeded(clock: Clock, seed: u64) -> Self {
        Self {
            clock,
            rng: Mutex::new(StdRng::seed_from_u64(seed)),
        }
    }

    /// A new id of any kind.
    pub fn make<K: RecordKey>(&self) -> K {
        let millis = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(0);
        K::from_ulid(Ulid::from_parts(
            millis,
            u128::from(self.word()) << 64 | u128::from(self.word()),
        ))
    }

    /// `N` random bytes, for secrets and tokens.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng().fill_bytes(&mut bytes);
        bytes
    }

    fn word(&self) -> u64 {
        self.rng().next_u64()
    }

    fn rng(&self) -> std::sync::MutexGuard<'_, StdRng> {
        // A panic while holding the lock cannot leave a generator half-written.
        self.rng.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let ids = Ids::seeded(Clock::manual("2026-01-01T00:00:00Z"), 1);
        let site: SiteId = ids.make();
        let text = site.to_string();
        assert_eq!(text.parse::<SiteId>(), Ok(site));
        for wrong in [
            text.to_uppercase(),
            text.replace("site_", "user_"),
            format!("{text}0"),
            text[..text.len() - 1].to_owned(),
            String::new(),
            "site_".into(),
            "site_zzzzzzzzzzzzzzzzzzzzzzzzzz".into(),
        ] {
            assert!(wrong.parse::<SiteId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn ids_sort_by_time() {
        let clock = Clock::manual("2026-01-01T00:00:00Z");
        let ids = Ids::random(clock.clone());
        let first: UserId = ids.make();
        clock.advance(chrono::Duration::milliseconds(1));
        let second: UserId = ids.make();
        assert!(first.to_string() < second.to_string());
    }
}
