//! Signatures of webhooks, as <https://www.standardwebhooks.com> describes them: HMAC-SHA256 over id, time and body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// How a secret begins.
pub const PREFIX: &str = "whsec_";
/// How old a message may be, and how far ahead the sender's clock.
const WINDOW: TimeDelta = Duration::minutes(5);
/// Signatures of one message: a sender that changes its secret signs with both.
const MOST: usize = 5;

/// A secret of 32 random bytes, as it is shown.
pub fn secret(bytes: [u8; 32]) -> String {
    format!("{PREFIX}{}", STANDARD.encode(bytes))
}

/// Whether one of the signatures is the secret's and the message is of now. Compares in constant time.
pub fn is_valid(secret: &str, id: &str, timestamp: &str, body: &[u8], signatures: &str, now: DateTime<Utc>) -> bool {
    let Some(key) = secret.strip_prefix(PREFIX).and_then(|key| STANDARD.decode(key).ok()) else {
        return false;
    };
    let sent = timestamp
        .parse()
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    if key.is_empty() || sent.is_none_or(|sent| (now - sent).abs() > WINDOW) {
        return false;
    }
    let given = signatures
        .split(' ')
        .filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
    given.take(MOST).any(|given| {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else {
            return false;
        };
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac.verify_slice(&given).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_of_secret_message_and_time() {
        // The example of the specification's reference implementations.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let (id, time, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let now: DateTime<Utc> = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let valid = |secret: &str, id: &str, time: &str, body: &[u8], signature: &str, now| {
            is_valid(secret, id, time, body, signature, now)
        };
        assert!(valid(secret, id, time, body, signature, now));
        assert!(valid(
            secret,
            id,
            time,
            body,
            &format!("v1,AAAA v2,x {signature}"),
            now + Duration::minutes(5)
        ));
        for late in [Duration::minutes(6), Duration::minutes(-6)] {
            assert!(!valid(secret, id, time, body, signature, now + late));
        }
        assert!(!valid("whsec_AAAA", id, time, body, signature, now));
        assert!(!valid("", id, time, body, signature, now) && !valid("whsec_", id, time, body, signature, now));
        assert!(!valid(secret, "msg_other", time, body, signature, now));
        assert!(!valid(secret, id, "1614265331", body, signature, now));
        assert!(!valid(secret, id, "soon", body, signature, now));
        assert!(!valid(secret, id, time, b"{}", signature, now));
        assert!(!valid(secret, id, time, body, "", now) && !valid(secret, id, time, body, "v1,", now));
        let many = format!("{}{signature}", "v1,AAAA ".repeat(MOST));
        assert!(
            !valid(secret, id, time, body, &many, now),
            "a message has a few signatures, not any number"
        );
    }
}
