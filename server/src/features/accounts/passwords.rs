//! Password hashes: argon2id, off the request threads, few at a time.

use std::sync::LazyLock;

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;

use crate::api::error::{Error, Result};
use crate::config::Auth;

/// Hashes made at once. Each takes a core and its memory for tens of milliseconds; more at once would stall the rest.
static SLOTS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));

/// Whether a password fits, and whether its hash should be made again with today's cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub fits: bool,
    pub outdated: bool,
}

/// Hashes a password with the configured cost into a PHC string.
///
/// # Errors
/// 500 when the cost is impossible; the configuration is checked at the start.
pub async fn hash(auth: &Auth, password: String) -> Result<String> {
    let argon = argon(auth)?;
    off_thread(move || argon.hash_password(password.as_bytes()).map(|hash| hash.to_string()))
        .await?
        .map_err(Error::internal)
}

/// Checks a password against a stored hash. Without one (an unknown user) a hash is computed all the same, so that the
/// answer takes as long.
///
/// # Errors
/// 500 when the thread cannot run.
pub async fn verify(auth: &Auth, password: String, stored: Option<String>) -> Result<Verdict> {
    let argon = argon(auth)?;
    let wanted = format!("m={},t={},p=1", auth.argon2_memory_kib, auth.argon2_passes);
    off_thread(move || {
        let Some(stored) = stored.filter(|hash| !hash.is_empty()) else {
            let _ = argon.hash_password(password.as_bytes());
            return Verdict {
                fits: false,
                outdated: false,
            };
        };
        let fits = argon2::PasswordHash::new(&stored)
            .is_ok_and(|hash| argon.verify_password(password.as_bytes(), &hash).is_ok());
        Verdict {
            fits,
            outdated: !stored.contains(&wanted),
        }
    })
    .await
}

fn argon(auth: &Auth) -> Result<Argon2<'static>> {
    let params = Params::new(auth.argon2_memory_kib, auth.argon2_passes, 1, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let _slot = SLOTS.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[tokio::test]
    async fn a_password_fits_its_hash_only() {
        let mut auth = Config::defaults().auth;
        auth.argon2_memory_kib = 8;
        auth.argon2_passes = 1;
        let stored = hash(&auth, "correct horse".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
        let verdict =
            async |password: &str, stored: Option<String>| verify(&auth, password.into(), stored).await.unwrap();
        assert_eq!(
            verdict("correct horse", Some(stored.clone())).await,
            Verdict {
                fits: true,
                outdated: false
            }
        );
        assert!(!verdict("wrong horse", Some(stored.clone())).await.fits);
        assert!(!verdict("", None).await.fits);
        assert!(!verdict("x", Some("not a hash".into())).await.fits);
        auth.argon2_passes = 2;
        assert!(
            verify(&auth, "correct horse".into(), Some(stored))
                .await
                .unwrap()
                .outdated
        );
    }
}
