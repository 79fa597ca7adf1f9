//! Which addresses the server may call on behalf of its users: those of the public internet, and nothing else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address belongs to somebody on the public internet. Addresses that only carry an IPv4 address inside
/// (mapped, compatible, NAT64, 6to4, Teredo) are refused whatever they carry: a direct one says the same without doubt.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let special = match ip.octets() {
        // This network; private; loopback; link-local, with the clouds' metadata services.
        [0 | 10 | 127, ..] | [169, 254, ..] | [172, 16..=31, ..] | [192, 168, ..]
        // Carrier-grade NAT.
        | [100, 64..=127, ..]
        // Protocol assignments; documentation; 6to4 relays.
        | [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] | [192, 88, 99, _]
        // Benchmarks.
        | [198, 18 | 19, ..]
        // Multicast, reserved, broadcast.
        | [224..=255, ..]
        // The host agent of Azure's machines, public by its number only.
        | [168, 63, 129, 16] => true,
        _ => false,
    };
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let special = match ip.segments() {
        // Protocol assignments (with Teredo and ORCHID); documentation; 6to4.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => true,
        // Global unicast is 2000::/3. Outside are loopback, mapped and compatible IPv4, NAT64, discard, segment routing,
        // unique-local, link-local, site-local and multicast.
        [first, ..] => first & 0xe000 != 0x2000,
    };
    !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_called() {
        for text in [
            // This network, loopback.
            "0.0.0.0",
            "0.1.2.3",
            "127.0.0.1",
            "127.255.255.254",
            "::",
            "::1",
            // Private.
            "10.0.0.1",
            "10.255.255.255",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            // Carrier-grade NAT, with Alibaba's metadata service.
            "100.64.0.1",
            "100.127.255.255",
            "100.100.100.200",
            // Link-local and metadata services: AWS, Google, Azure; Oracle; Azure's host; AWS over IPv6.
            "169.254.169.254",
            "169.254.0.1",
            "192.0.0.192",
            "168.63.129.16",
            "fd00:ec2::254",
            "fe80::1",
            "febf::1",
            // Site-local and unique-local.
            "fec0::1",
            "fc00::1",
            "fdff::1",
            // Multicast, reserved, broadcast.
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "ff02::1",
            "ff0e::1",
            // Documentation and benchmarks.
            "192.0.2.1",
            "198.51.100.7",
            "203.0.113.7",
            "198.18.0.1",
            "198.19.255.255",
            "2001:db8::1",
            "3fff::1",
            "3fff:fff::1",
            "2001:2::1",
            // IPv4 in IPv6: mapped, compatible, translated, NAT64 (both prefixes), 6to4 and its relays, Teredo, ISATAP.
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:0:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "192.88.99.1",
            "2001:0:7f00:1::1",
            "fe80::5efe:127.0.0.1",
            // Discard, ORCHID, segment routing, unassigned.
            "100::1",
            "2001:10::1",
            "2001:20::1",
            "5f00::1",
            "4000::1",
            "8000::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "126.0.0.1",
            "128.0.0.1",
            "168.63.129.17",
            "169.253.1.1",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2001:4860:4860::8888",
            "2606:4700:4700::1111",
            "2a00:1450:4001::1",
            "2001:200::1",
            "2003::1",
            "3ffe::1",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }
}
