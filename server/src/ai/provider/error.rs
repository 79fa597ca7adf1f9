//! How a call to a provider fails, sorted by what to do about it.

use std::time::Duration;

/// Why there is no answer. The texts may be shown to users: they hold no secrets.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ProviderError {
    /// Too many requests: wait.
    #[error("the provider takes no more requests for now")]
    RateLimited { retry_after: Option<Duration> },
    /// It has more to do than it can: wait.
    #[error("the provider is overloaded (status {status})")]
    Overloaded { status: u16, retry_after: Option<Duration> },
    /// It is down, slow or out of reach: try again.
    #[error("the provider cannot be reached: {0}")]
    Unavailable(String),
    /// It does not take the request: somebody must mend the settings or the bill.
    #[error("the provider did not accept the request: {0}")]
    NotAccepted(String),
    /// The model will not write this.
    #[error("the model refused: {0}")]
    Refused(String),
    /// The answer was cut off at its largest length.
    #[error("the answer was cut off")]
    Truncated { partial: String },
    /// What came back is not an answer in the provider's protocol.
    #[error("the provider's answer makes no sense: {0}")]
    Broken(String),
    /// The answer is larger than any sensible one.
    #[error("the provider's answer is too large")]
    TooLarge,
    /// The address is one that this server does not call.
    #[error("the provider's address is not allowed: {0}")]
    Blocked(String),
    /// The caller's stop was cancelled.
    #[error("stopped")]
    Cancelled,
}

impl ProviderError {
    /// Whether the same request may succeed later, without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::RateLimited { .. } | Self::Overloaded { .. } | Self::Unavailable(_) | Self::Broken(_)
        )
    }

    /// What the provider says about when to come back: it takes no more for now, whether it says how long or not.
    pub fn asks_to_wait(&self) -> Option<Option<Duration>> {
        match self {
            Self::RateLimited { retry_after } | Self::Overloaded { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }

    /// A stable name, for programs and the log.
    pub fn code(&self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable(_) | Self::Overloaded { .. } => "unavailable",
            Self::NotAccepted(_) => "not_accepted",
            Self::Refused(_) => "refused",
            Self::Truncated { .. } => "truncated",
            Self::Broken(_) => "broken",
            Self::TooLarge => "too_large",
            Self::Blocked(_) => "blocked",
            Self::Cancelled => "cancelled",
        }
    }

    /// What happened and what to do, for people.
    pub fn for_user(&self) -> String {
        match self {
            Self::RateLimited { retry_after: Some(wait) } => format!(
                "The AI provider takes no more requests for now. Try again in {} seconds, or raise your limit there.",
                wait.as_secs().max(1)
            ),
            Self::RateLimited { retry_after: None } => {
                "The AI provider takes no more requests for now. Try again in a minute, or raise your limit there.".into()
            }
            Self::Overloaded { status, .. } => {
                format!("The AI provider is overloaded: it answers with status {status}. Try again later.")
            }
            Self::Unavailable(why) if why.starts_with("it answers ") => {
                format!("The AI provider has a fault: {}. Try again later.", ended(why))
            }
            Self::Unavailable(why) => {
                format!("The AI provider cannot be reached: {}. Try again later; if it stays so, check its address in the integration's settings.", ended(why))
            }
            Self::NotAccepted(why) => {
                format!("The AI provider did not accept the request: {}. Check the integration's settings and your account there.", ended(why))
            }
            Self::Refused(why) => {
                format!("The model refused to answer: {}. Change the prompt or the brief, or choose another model.", ended(why))
            }
            Self::Truncated { .. } => {
                "The model's answer was cut off at its largest length. Ask for less at once, or choose a model that writes longer answers.".into()
            }
            Self::Broken(why) => {
                format!("The AI provider's answer could not be understood: {}. Try again; if it stays so, check that its address is that of an OpenAI-compatible API.", ended(why))
            }
            Self::TooLarge => {
                "The AI provider's answer was far too large and was not read. Check that its address is that of an OpenAI-compatible API.".into()
            }
            Self::Blocked(why) => {
                format!("This server does not call the AI provider's address: {}.", ended(why))
            }
            Self::Cancelled => "It was stopped.".into(),
        }
    }
}

/// Words of others, ready for a full stop.
fn ended(words: &str) -> &str {
    words.trim_end_matches(|c: char| c == '.' || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_once() {
        for (error, told) in [
            (
                ProviderError::Refused("I cannot help with that.".into()),
                "refused to answer: I cannot help with that. Change",
            ),
            (
                ProviderError::Unavailable("it answers with status 500".into()),
                "has a fault: it answers with status 500. Try",
            ),
            (
                ProviderError::Unavailable("no route to host".into()),
                "cannot be reached: no route to host. Try",
            ),
        ] {
            let words = error.for_user();
            assert!(words.contains(told), "{words}");
        }
    }
}
