//! Compressed forms of texts, made once per content.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// Texts up to this length are not worth a second file.
pub(super) const MIN_BYTES: usize = 256;
const GZIP_LEVEL: u32 = 7;
const BROTLI_QUALITY: i32 = 6;

/// Gzip and brotli forms of `bytes`.
pub(super) fn both(bytes: &[u8]) -> std::io::Result<(Vec<u8>, Vec<u8>)> {
    let mut gzip = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::new(GZIP_LEVEL));
    gzip.write_all(bytes)?;
    let gzip = gzip.finish()?;
    let mut brotli = Vec::with_capacity(bytes.len() / 3);
    let params = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        size_hint: bytes.len(),
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &bytes[..], &mut brotli, &params)?;
    Ok((gzip, brotli))
}
