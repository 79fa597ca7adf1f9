//! Where links lead.

/// Where a link leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// To a page of the same site.
    Internal,
    /// To another site.
    External,
    /// To a place on this page, a mail address, a telephone number.
    Other,
}

/// A link of the body.
#[derive(Debug, Clone)]
pub struct Link {
    /// As written, without white space around it.
    pub href: String,
    /// The text that is clicked.
    pub anchor: String,
    /// Where it leads.
    pub target: Target,
    /// Search engines are told not to follow it (`nofollow`, `ugc`, `sponsored`).
    pub nofollow: bool,
}

/// Where an address leads from a page of `host`; `www.` makes no other site.
pub(super) fn target(href: &str, host: &str) -> Target {
    let address = match href.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => {
            if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
                return Target::Other;
            }
            rest
        }
        _ => href,
    };
    if href.is_empty() || href.starts_with('#') {
        return Target::Other;
    }
    let Some(authority) = address.strip_prefix("//") else {
        return Target::Internal;
    };
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let found = authority.rsplit('@').next().unwrap_or_default();
    if bare(found).eq_ignore_ascii_case(bare(host)) {
        Target::Internal
    } else {
        Target::External
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

fn bare(host: &str) -> &str {
    let host = host.split(':').next().unwrap_or_default();
    match host.get(..4) {
        Some(www) if www.eq_ignore_ascii_case("www.") => &host[4..],
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_somewhere() {
        use Target::{External, Internal, Other};
        let cases = [
            ("/about/", Internal),
            ("about", Internal),
            ("?p=1", Internal),
            ("https://example.com/x", Internal),
            ("HTTP://WWW.Example.com:8080", Internal),
            ("//example.com", Internal),
            ("https://blog.example.com/", External),
            ("https://example.com.evil.org/", External),
            ("https://example.com@evil.org/", External),
            ("//other.org/", External),
            ("#top", Other),
            ("", Other),
            ("mailto:a@example.com", Other),
            ("tel:1", Other),
            ("javascript:void(0)", Other),
            ("/path:with/colon", Internal),
        ];
        for (href, expected) in cases {
            assert_eq!(target(href, "example.com"), expected, "{href}");
        }
    }
}
