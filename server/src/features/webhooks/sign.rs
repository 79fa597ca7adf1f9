//! Signatures of the Standard Webhooks specification, version 1: HMAC-SHA256 over `id.timestamp.body`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as B64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// What secrets begin with.
const PREFIX: &str = "whsec_";

/// A new secret as its receiver keeps it.
pub fn secret(bytes: [u8; 32]) -> String {
    format!("{PREFIX}{}", B64.encode(bytes))
}

/// The value of `webhook-signature` for some secrets, each with its own signature; empty without a usable one.
pub fn signatures<'a>(secrets: impl Iterator<Item = &'a str>, id: &str, timestamp: i64, body: &str) -> String {
    let signed: Vec<String> = secrets
        .filter_map(|secret| signature(secret, id, timestamp, body))
        .collect();
    signed.join(" ")
}

fn signature(secret: &str, id: &str, timestamp: i64, body: &str) -> Option<String> {
    let key = B64.decode(secret.strip_prefix(PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
    for part in [id, ".", &timestamp.to_string(), ".", body] {
        mac.update(part.as_bytes());
    }
    Some(format!("v1,{}", B64.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector that the specification's own libraries are tested with.
    #[test]
    fn the_published_vector() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signed = |secrets: &[&str]| {
            signatures(
                secrets.iter().copied(),
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#,
            )
        };
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signed(&[secret]), expected);
        let both = signed(&[&super::secret([7; 32]), secret]);
        assert!(
            both.starts_with("v1,") && both.ends_with(&format!(" {expected}")),
            "{both}"
        );
        assert_eq!(signed(&["no secret", "whsec_%"]), "");
    }

    #[test]
    fn a_secret_has_32_bytes() {
        assert_eq!(
            B64.decode(secret([1; 32]).strip_prefix("whsec_").unwrap()).unwrap(),
            [1; 32]
        );
    }
}
