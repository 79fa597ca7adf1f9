//! Secrets of the installation and the tokens signed with them.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::ids::{RecordKey, SessionId, Ulid, UserId};

/// Life of an access token.
pub const ACCESS_MINUTES: i64 = 15;
/// Life of a refresh token, and so of a session nobody uses.
pub const REFRESH_DAYS: i64 = 7;

/// Signing keys derived from one secret of the installation (BLAKE3 key derivation, one context per use).
#[derive(Clone)]
pub struct Keys {
    access: [u8; 32],
    refresh: [u8; 32],
    cursor: [u8; 32],
    link: [u8; 32],
    seal: [u8; 32],
    /// Names this installation in tokens, so that one of another installation with a copied key is still refused.
    issuer: String,
}

/// What an access token says. Role and account state are read from the database at each use, so that taking them away
/// works at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    pub iss: String,
    pub aud: String,
    pub sub: UserId,
    pub sid: SessionId,
    /// Seconds since 1970.
    pub iat: i64,
    pub exp: i64,
}

const AUDIENCE: &str = "igny8";

/// A refresh token read back: the session and which of its tokens this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshToken {
    pub session: SessionId,
    /// 0 for the token of the login, one more at each rotation.
    pub generation: u32,
}

impl Keys {
    /// Derives the keys of an installation from its secret (at least 32 random bytes).
    pub fn derive(secret: &[u8], issuer: &str) -> Self {
        let key = |usage: &str| blake3::derive_key(&format!("IGNY8 2026 {usage}"), secret);
        Self {
            access: key("access token"),
            refresh: key("refresh token"),
            cursor: key("page cursor"),
            link: key("mailed link"),
            seal: key("sealed values"),
            issuer: issuer.to_owned(),
        }
    }

    /// An access token (JWT, HS256) and when it ends.
    pub fn sign_access(&self, user: UserId, session: SessionId, now: DateTime<Utc>) -> (String, DateTime<Utc>) {
        let ends = now + Duration::minutes(ACCESS_MINUTES);
        let claims = AccessClaims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.into(),
            sub: user,
            sid: session,
            iat: now.timestamp(),
            exp: ends.timestamp(),
        };
        let token = jsonwebtoken::encode(
            &jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256),
            &claims,
            &jsonwebtoken::EncodingKey::from_secret(&self.access),
        )
        .expect("claims are plain data and HMAC takes any key");
        (token, ends)
    }

    /// Reads an access token; `None` unless it is ours, unchanged, HS256 and not ended.
    pub fn read_access(&self, token: &str, now: DateTime<Utc>) -> Option<AccessClaims> {
        let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[AUDIENCE]);
        // Checked below against the application's clock; the library reads the system's.
        rules.validate_exp = false;
        let key = jsonwebtoken::DecodingKey::from_secret(&self.access);
        let claims = jsonwebtoken::decode::<AccessClaims>(token, &key, &rules).ok()?.claims;
        (claims.exp > now.timestamp() && claims.iat <= now.timestamp() + 5).then_some(claims)
    }

    /// The refresh token of a session's generation. Made from the keys alone, so that nothing of it is stored and the
    /// same generation gives the same token again.
    pub fn refresh_token(&self, token: RefreshToken) -> String {
        let mut bytes = Vec::with_capacity(52);
        bytes.extend_from_slice(&token.session.ulid().to_bytes());
        bytes.extend_from_slice(&token.generation.to_be_bytes());
        let mac = sign(&self.refresh, &[&bytes]);
        bytes.extend_from_slice(&mac);
        format!("igr_{}", B64.encode(bytes))
    }

    /// Reads a refresh token; `None` unless it is one of ours.
    pub fn read_refresh(&self, text: &str) -> Option<RefreshToken> {
        let bytes = B64.decode(text.strip_prefix("igr_")?).ok()?;
        let (body, mac) = bytes.split_at_checked(20)?;
        verify(&self.refresh, &[body], mac).then_some(())?;
        let (session, generation) = body.split_at(16);
        Some(RefreshToken {
            session: SessionId::from_ulid(Ulid::from_bytes(session.try_into().ok()?)),
            generation: u32::from_be_bytes(generation.try_into().ok()?),
        })
    }

    /// Seals a page cursor for one purpose (tenant, list and filters): it opens for that purpose only.
    pub fn seal_cursor(&self, purpose: &[u8], body: &[u8]) -> String {
        let mac = sign(&self.cursor, &[purpose, body]);
        B64.encode([&mac[..16], body].concat())
    }

    /// Opens a page cursor; `None` when it was changed or made for something else.
    pub fn open_cursor(&self, purpose: &[u8], text: &str) -> Option<Vec<u8>> {
        let bytes = B64.decode(text).ok()?;
        let (mac, body) = bytes.split_at_checked(16)?;
        use subtle::ConstantTimeEq;
        let wanted = sign(&self.cursor, &[purpose, body]);
        bool::from(wanted[..16].ct_eq(mac)).then(|| body.to_vec())
    }

    /// The secret of a mailed link, made from the key and the name of what it opens: nothing of it is stored, and a mail
    /// can be sent again.
    pub fn link_secret(&self, name: &str) -> String {
        B64.encode(sign(&self.link, &[name.as_bytes()]))
    }

    /// Whether `secret` is [`Keys::link_secret`] of `name`, in constant time.
    pub fn is_link_secret(&self, name: &str, secret: &str) -> bool {
        B64.decode(secret)
            .is_ok_and(|mac| verify(&self.link, &[name.as_bytes()], &mac))
    }

    /// Encrypts a value for the database, bound to its place (table, row, field): moved elsewhere it does not open.
    ///
    /// AES-256-GCM under a key of its own for each value, derived from a random salt, so that nonces cannot repeat.
    pub fn seal(&self, place: &str, plain: &[u8], salt: [u8; 32]) -> String {
        let mut bytes = plain.to_vec();
        self.sealing_key(&salt)
            .seal_in_place_append_tag(zero_nonce(), Aad::from(place.as_bytes()), &mut bytes)
            .expect("a value in memory is far below the cipher's bound");
        B64.encode([&salt[..], &bytes].concat())
    }

    /// Decrypts what [`Keys::seal`] made for the same place; `None` when it was changed, moved or made with another key.
    pub fn open_sealed(&self, place: &str, sealed: &str) -> Option<Vec<u8>> {
        let bytes = B64.decode(sealed).ok()?;
        let (salt, body) = bytes.split_at_checked(32)?;
        let mut body = body.to_vec();
        let plain = self
            .sealing_key(salt.try_into().ok()?)
            .open_in_place(zero_nonce(), Aad::from(place.as_bytes()), &mut body)
            .ok()?;
        Some(plain.to_vec())
    }

    fn sealing_key(&self, salt: &[u8; 32]) -> LessSafeKey {
        let key = blake3::keyed_hash(&self.seal, salt);
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_bytes()).expect("a hash has the length of the key"))
    }

    /// Hash under which a shown secret (API key) is stored.
    pub fn hash_secret(&self, secret: &str) -> String {
        blake3::keyed_hash(&self.link, secret.as_bytes()).to_hex().to_string()
    }

    /// Whether a secret belongs to a stored hash, in constant time.
    pub fn secret_matches(&self, secret: &str, stored: &str) -> bool {
        use subtle::ConstantTimeEq;
        bool::from(self.hash_secret(secret).as_bytes().ct_eq(stored.as_bytes()))
    }
}

fn zero_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

/// A new secret for an API key: 256 bits as text.
pub fn secret_text(bytes: [u8; 32]) -> String {
    B64.encode(bytes)
}

fn sign(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    mac(key, parts).finalize().into_bytes().into()
}

fn verify(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> bool {
    mac(key, parts).verify_slice(tag).is_ok()
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        // The length in front keeps ("ab", "c") apart from ("a", "bc").
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::ids::Ids;

    fn world() -> (Keys, Clock, Ids) {
        let clock = Clock::manual("2026-01-01T00:00:00Z");
        (Keys::derive(&[7; 32], "test"), clock.clone(), Ids::seeded(clock, 1))
    }

    #[test]
    fn an_access_token_ends_and_cannot_be_forged() {
        let (keys, clock, ids) = world();
        let (token, ends) = keys.sign_access(ids.make(), ids.make(), clock.now());
        assert!(keys.read_access(&token, clock.now()).is_some());
        assert!(keys.read_access(&token, ends).is_none());
        assert!(
            Keys::derive(&[8; 32], "test")
                .read_access(&token, clock.now())
                .is_none()
        );
        assert!(
            Keys::derive(&[7; 32], "other")
                .read_access(&token, clock.now())
                .is_none()
        );
        let parts: Vec<&str> = token.split('.').collect();
        let none = B64.encode(r#"{"alg":"none","typ":"JWT"}"#);
        assert!(
            keys.read_access(&format!("{none}.{}.", parts[1]), clock.now())
                .is_none()
        );
        assert!(
            keys.read_access(&format!("{none}.{}.{}", parts[1], parts[2]), clock.now())
                .is_none()
        );
        clock.advance(Duration::seconds(-60));
        assert!(
            keys.read_access(&token, clock.now() - Duration::minutes(1)).is_none(),
            "from the future"
        );
    }

    #[test]
    fn every_changed_byte_of_a_refresh_token_breaks_it() {
        let (keys, _, ids) = world();
        let token = RefreshToken {
            session: ids.make(),
            generation: 3,
        };
        let text = keys.refresh_token(token);
        assert_eq!(keys.read_refresh(&text), Some(token));
        for at in 4..text.len() - 1 {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(keys.read_refresh(&changed), None, "byte {at}");
        }
        assert_eq!(keys.read_refresh("igr_"), None);
        assert_eq!(keys.read_refresh(""), None);
    }

    #[test]
    fn a_cursor_opens_for_its_purpose_only() {
        let (keys, ..) = world();
        let cursor = keys.seal_cursor(b"a|list", b"position");
        assert_eq!(keys.open_cursor(b"a|list", &cursor).as_deref(), Some(&b"position"[..]));
        assert_eq!(keys.open_cursor(b"b|list", &cursor), None);
        assert_eq!(keys.open_cursor(b"a|list", "AAAA"), None);
    }

    #[test]
    fn a_sealed_value_opens_in_its_place_only() {
        let (keys, _, ids) = world();
        let sealed = keys.seal("provider/1/key", b"hush", ids.bytes());
        assert!(!sealed.contains("hush"));
        assert_eq!(
            keys.open_sealed("provider/1/key", &sealed).as_deref(),
            Some(&b"hush"[..])
        );
        assert_eq!(keys.open_sealed("provider/2/key", &sealed), None);
        assert_eq!(
            Keys::derive(&[8; 32], "test").open_sealed("provider/1/key", &sealed),
            None
        );
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(keys.open_sealed("provider/1/key", &changed), None, "{at}");
        }
        assert_eq!(keys.open_sealed("provider/1/key", ""), None);
        let secret = keys.link_secret("mail_1");
        assert!(keys.is_link_secret("mail_1", &secret) && !keys.is_link_secret("mail_2", &secret));
    }
}
