//! Whether a file reaches its own end. Structures are walked, nothing is unpacked, so a bomb costs nothing.

fn u32_be(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

/// Chunks up to the one that ends the picture, with at least one of pixels.
pub fn png(bytes: &[u8]) -> bool {
    let (mut at, mut pixels) = (8, false);
    while let Some(length) = u32_be(bytes, at) {
        let Some(kind) = bytes.get(at + 4..at + 8) else {
            return false;
        };
        let Some(end) = usize::try_from(length).ok().and_then(|n| n.checked_add(at + 12)) else {
            return false;
        };
        if end > bytes.len() {
            return false;
        }
        pixels |= kind == b"IDAT";
        if kind == b"IEND" {
            return pixels;
        }
        at = end;
    }
    false
}

/// A scan and, after it, the marker of the end. Cameras add data behind it, so it need not be last.
pub fn jpeg(bytes: &[u8]) -> bool {
    let scan = find(bytes, b"\xff\xda");
    scan.is_some_and(|at| find(&bytes[at..], b"\xff\xd9").is_some())
}

/// Blocks up to the trailer, with at least one picture.
pub fn gif(bytes: &[u8]) -> bool {
    let table = |flags: u8| {
        if flags & 0x80 == 0 {
            0
        } else {
            3usize << ((flags & 7) + 1)
        }
    };
    let Some(flags) = bytes.get(10) else { return false };
    let (mut at, mut pictures) = (13 + table(*flags), 0u32);
    loop {
        match bytes.get(at) {
            Some(0x3b) => return pictures > 0,
            Some(0x21) => at += 2,
            Some(0x2c) => {
                let Some(flags) = bytes.get(at + 9) else { return false };
                pictures += 1;
                // Descriptor, colours, size of the first code.
                at += 10 + table(*flags) + 1;
            }
            _ => return false,
        }
        loop {
            match bytes.get(at) {
                Some(0) => break,
                Some(length) => at += 1 + usize::from(*length),
                None => return false,
            }
        }
        at += 1;
    }
}

/// As long as its header says.
pub fn webp(bytes: &[u8]) -> bool {
    let length = bytes.get(4..8).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    length.is_some_and(|n| u64::from(n) + 8 <= bytes.len() as u64)
}

/// The marker of the end, in the last part of the file as readers look for it.
pub fn pdf(bytes: &[u8]) -> bool {
    find(&bytes[bytes.len().saturating_sub(2048)..], b"%%EOF").is_some()
}

/// Boxes of the MP4 family (also AVIF) that end where the file ends.
pub fn boxes(bytes: &[u8]) -> bool {
    let mut at = 0usize;
    while at < bytes.len() {
        let Some(short) = u32_be(bytes, at) else { return false };
        let length = match short {
            // To the end of the file.
            0 => return true,
            1 => match (u32_be(bytes, at + 8), u32_be(bytes, at + 12)) {
                (Some(high), Some(low)) => u64::from(high) << 32 | u64::from(low),
                _ => return false,
            },
            n => u64::from(n),
        };
        match usize::try_from(length)
            .ok()
            .filter(|n| *n >= 8)
            .and_then(|n| at.checked_add(n))
        {
            Some(end) if end <= bytes.len() => at = end,
            _ => return false,
        }
    }
    true
}

/// The largest size that an `ispe` property of an AVIF tells.
pub fn avif_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let head = &bytes[..bytes.len().min(64 << 10)];
    let sizes = head.windows(4).enumerate().filter(|(_, name)| *name == b"ispe");
    let sizes = sizes.filter_map(|(at, _)| Some((u32_be(head, at + 8)?, u32_be(head, at + 12)?)));
    sizes
        .filter(|(w, h)| *w > 0 && *h > 0)
        .max_by_key(|(w, h)| u64::from(*w) * u64::from(*h))
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|w| w == wanted)
}
