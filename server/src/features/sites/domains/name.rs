//! Names of hosts as people write them, brought to their one spelling.

use url::Host;

/// The name in lower case and punycode, without a final dot; or what is wrong with it.
///
/// # Errors
/// In words for whoever typed it.
pub fn parse(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.contains("://") || text.contains(['/', '@', ':', '?', '#', '%', '*']) {
        return Err("must be a host name alone, such as www.example.com, without a scheme, a port or a path".into());
    }
    let wrong = || "must be a host name such as www.example.com".to_owned();
    let name = match Host::parse(text.strip_suffix('.').unwrap_or(text)) {
        Ok(Host::Domain(name)) => name,
        Ok(Host::Ipv4(_) | Host::Ipv6(_)) => return Err("must be a name, not an IP address".into()),
        Err(_) => return Err(wrong()),
    };
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() > 253 || !name.contains('.') || !name.split('.').all(label) {
        return Err(wrong());
    }
    // Names that lead to the visitor's own machine or network, or to no host at all.
    for local in ["localhost", "local", "arpa", "onion", "invalid"] {
        if name.ends_with(&format!(".{local}")) {
            return Err("must be a name that visitors can reach".into());
        }
    }
    if psl::domain_str(&name).is_none() {
        return Err(format!(
            "is a public suffix, below which anybody can have a name: give yours, such as shop.{name}"
        ));
    }
    Ok(name)
}

/// The name that is proven for a name: `www.example.com` is part of `example.com`.
pub fn base(name: &str) -> &str {
    match name.strip_prefix("www.") {
        Some(base) if psl::domain_str(base).is_some() => base,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_spelling() {
        for (text, name) in [
            ("example.com", "example.com"),
            (" WWW.Example.COM. ", "www.example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("食狮.公司.cn", "xn--85x722f.xn--55qx5d.cn"),
            ("a.b.c.example.co.uk", "a.b.c.example.co.uk"),
            ("me.github.io", "me.github.io"),
            ("shop.lan", "shop.lan"),
            ("1and1.example", "1and1.example"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(name), "{text}");
        }
    }

    #[test]
    fn what_is_no_name_of_a_site_is_refused() {
        for text in [
            "",
            ".",
            "example",
            "localhost",
            "shop.localhost",
            "printer.local",
            "1.0.0.127.in-addr.arpa",
            "x.onion",
            "127.0.0.1",
            "127.1",
            "0x7f000001",
            "2130706433",
            "[::1]",
            "::1",
            "https://example.com",
            "example.com/",
            "example.com:8080",
            "user@example.com",
            "*.example.com",
            "a..example.com",
            "-a.example.com",
            "a-.example.com",
            "a_b.example.com",
            "a b.example.com",
            "a\0b.example.com",
            "com",
            "co.uk",
            "github.io",
            "公司.cn",
        ] {
            assert!(parse(text).is_err(), "{text}: {:?}", parse(text));
        }
        assert!(parse(&format!("{}.example.com", "a".repeat(64))).is_err());
        assert!(parse(&format!("{}example.com", "a.".repeat(130))).is_err());
    }

    #[test]
    fn www_is_proven_with_what_it_is_part_of() {
        for (name, proven) in [
            ("www.example.com", "example.com"),
            ("example.com", "example.com"),
            ("shop.example.com", "shop.example.com"),
            ("www.shop.example.com", "shop.example.com"),
            // Not part of what anybody can have a name in.
            ("www.co.uk", "www.co.uk"),
        ] {
            assert_eq!(base(name), proven);
        }
    }
}
