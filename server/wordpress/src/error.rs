//! Why a WordPress did not do what it was asked, and whether trying again can help.

use std::time::Duration;

use igny8_outgoing::OutgoingError;

/// The status of a request that is larger than a web server takes.
pub(crate) const CONTENT_TOO_LARGE: u16 = 413;
/// How the codes of refused files begin. Those of too many bytes for PHP and of types that are not allowed have status 500.
pub(crate) const OF_UPLOADS: &str = "rest_upload_";

/// Why there is no result. The texts are for the user who connected the site: what is wrong and what to do about it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WordPressError {
    /// The site could not be reached or did not answer in time.
    #[error("the WordPress site cannot be reached: {0}")]
    Unreachable(OutgoingError),
    /// The address is one that is not called: not https, or in a private network.
    #[error("the address of the WordPress site cannot be used: {0}")]
    Address(OutgoingError),
    /// 429, or 503 with a time to come back at.
    #[error("the WordPress site asks to come back later (status {status})")]
    Busy { status: u16, after: Option<Duration> },
    /// 5xx: the server or a plugin failed.
    #[error("the WordPress site failed with status {status}{}", told(.message))]
    Server { status: u16, message: String },
    /// 401, user and password are not taken.
    #[error(
        "WordPress refuses the user name or the application password{}; make a new application password under Users → Profile and enter it here",
        told(.message)
    )]
    Credentials { message: String },
    /// WordPress did not log us in, and does not say why.
    #[error(
        "WordPress does not log this user in: the user name or the application password is wrong (make a new one under Users → Profile), or the web server drops the Authorization header"
    )]
    NotAuthenticated,
    /// Application passwords are switched off.
    #[error(
        "application passwords are switched off on this WordPress site; they need https, WordPress 5.6 or later, and no security plugin that forbids them"
    )]
    NoApplicationPasswords,
    /// 403 from WordPress itself.
    #[error("the WordPress user may not do this{}; an editor's or administrator's account is needed", told(.message))]
    Forbidden { code: String, message: String },
    /// 401, 403 or 406 with something other than WordPress's own answer: a firewall or a security plugin.
    #[error(
        "something in front of WordPress refuses requests to its REST API (status {status}); allow them in the firewall or security plugin"
    )]
    Firewalled { status: u16 },
    /// A page for people to log in came instead of data.
    #[error("a login page came instead of data; the REST API must be reachable without logging in on a page")]
    LoginPage,
    /// The site sends requests elsewhere.
    #[error("the WordPress site redirects to `{0}`; enter that address itself")]
    Redirected(String),
    /// The site sends requests to another page of its own. Plugins do so that let nobody in who has not logged in, and WordPress
    /// where the API has another address now.
    #[error(
        "the WordPress site redirects to another page of its own: either a login page, then the REST API must be reachable without logging in on a page; or its permalinks changed, then enter its address here again"
    )]
    RedirectedWithin,
    /// There is no REST API where one should be.
    #[error(
        "no WordPress REST API was found at `{0}`; is this the address of a WordPress site, and is its REST API switched on?"
    )]
    NotWordPress(String),
    /// The object is not there (any more).
    #[error("WordPress no longer has this")]
    Gone,
    /// The route is not there: an older WordPress, or the post type or taxonomy is not in the REST API.
    #[error(
        "this WordPress has no REST route for that; the post type or taxonomy may be missing or hidden from the REST API"
    )]
    NoRoute,
    /// There is such a term already; this is its id.
    #[error("there is such a term already (number {0})")]
    TermExists(u64),
    /// 400 and the like: WordPress does not take what was sent.
    #[error("WordPress does not accept this{} (code {code})", told(.message))]
    Refused { status: u16, code: String, message: String },
    /// The answer is longer than what was allowed for it, in bytes.
    #[error("the answer of the WordPress site is larger than {0} bytes")]
    TooLarge(usize),
    /// A success that cannot be read: broken JSON, or other JSON than WordPress's.
    #[error("the answer of the WordPress site cannot be read: {0}")]
    Garbled(String),
}

/// What to do after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The same again later may work; not before this time, when the site named one.
    Retry { after: Option<Duration> },
    /// It will not work until somebody changes something.
    Fail,
    /// What was asked about is not there any more.
    Gone,
}

impl WordPressError {
    /// The refusal of what is too large to be sent.
    pub(crate) fn too_large(message: &str) -> Self {
        Self::Refused {
            status: CONTENT_TOO_LARGE,
            code: "content_too_large".into(),
            message: message.into(),
        }
    }

    /// Whether WordPress, or the web server before it, does not take a file: its type, or its size.
    pub fn is_about_a_file(&self) -> bool {
        match self {
            Self::Refused { status, code, .. } => {
                *status == CONTENT_TOO_LARGE || code == "upload_error" || code.starts_with(OF_UPLOADS)
            }
            Self::TooLarge(_) => true,
            _ => false,
        }
    }

    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Unreachable(_) | Self::Server { .. } => Outcome::Retry { after: None },
            // Cut off in the middle, or a plugin that printed into the answer: both pass by themselves at times.
            Self::Garbled(_) => Outcome::Retry { after: None },
            Self::Busy { after, .. } => Outcome::Retry { after: *after },
            Self::Gone => Outcome::Gone,
            Self::Address(_)
            | Self::Credentials { .. }
            | Self::NotAuthenticated
            | Self::NoApplicationPasswords
            | Self::Forbidden { .. }
            | Self::Firewalled { .. }
            | Self::LoginPage
            | Self::Redirected(_)
            | Self::RedirectedWithin
            | Self::NotWordPress(_)
            | Self::NoRoute
            | Self::TermExists(_)
            | Self::Refused { .. }
            | Self::TooLarge(_) => Outcome::Fail,
        }
    }

    /// Whether it is the connection that is wrong, and not one request: nothing else will work either before somebody
    /// changes address, password or rights.
    pub fn is_about_the_connection(&self) -> bool {
        matches!(
            self,
            Self::Address(_)
                | Self::Credentials { .. }
                | Self::NotAuthenticated
                | Self::NoApplicationPasswords
                | Self::Firewalled { .. }
                | Self::LoginPage
                | Self::Redirected(_)
                | Self::RedirectedWithin
                | Self::NotWordPress(_)
        )
    }
}

impl From<OutgoingError> for WordPressError {
    fn from(error: OutgoingError) -> Self {
        match error {
            OutgoingError::Address(_) | OutgoingError::Blocked(_) => Self::Address(error),
            // Names fail for a while more often than they go for good.
            OutgoingError::NoSuchHost(_) | OutgoingError::Connect { .. } | OutgoingError::TimedOut(_) => {
                Self::Unreachable(error)
            }
            OutgoingError::TooLarge(bytes) => Self::TooLarge(bytes),
            OutgoingError::Redirected(to) => Self::Redirected(to.origin),
            OutgoingError::Broken(why) => Self::Garbled(why),
        }
    }
}

fn told(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(": {message}")
    }
}
